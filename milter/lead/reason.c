/*
 * reason.c - reasons with placeholders, cut into pieces when compiled (reason.h).
 *
 * Placeholders are checked against the signal table once, so filling in can't fail.
 */
#include "lead/reason.h"

#include <string.h>

#include "base/error.h"

struct piece {
	char *text; /* before the signal */
	const struct signal *signal; /* or NULL at the end */
};

struct reason {
	GArray *pieces; /* struct piece */
};

static void
add_piece(struct reason *reason, GString *text, const struct signal *signal)
{
	struct piece piece = { g_strdup(text->str), signal };

	g_array_append_val(reason->pieces, piece);
	g_string_truncate(text, 0);
}

static const struct signal *
read_placeholder(const char *begin, gsize length, const char *text,
		 const struct expression_source *source, GError **error)
{
	g_autofree char *name = g_strndup(begin, length);
	const struct signal *signal = signals_find(name);
	const struct signal *nearest = signal != NULL ? NULL : signals_nearest(name);

	if (signal == NULL)
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "%s:%d:%d: unknown signal \"%.80s\" in the reason%s%s%s", source->file,
			    source->line,
			    source->column + (int)g_utf8_pointer_to_offset(text, begin), name,
			    nearest != NULL ? ": did you mean \""
					    : ", expected one of `leadctl signals`",
			    nearest != NULL ? signals_name(nearest) : "",
			    nearest != NULL ? "\"?" : "");
	return signal;
}

/* Read from `at`, which is at an opening brace. @return what follows, or NULL with an error. */
static const char *
read_brace(struct reason *reason, GString *plain, const char *at, const char *text,
	   const struct expression_source *source, GError **error)
{
	const char *closing = strchr(at, '}');
	const struct signal *signal;

	if (at[1] == '{') {
		g_string_append_c(plain, '{');
		return at + 2;
	}
	if (closing == NULL) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "%s:%d:%d: expected \"}\" after a placeholder in the reason",
			    source->file, source->line,
			    source->column + (int)g_utf8_pointer_to_offset(text, at));
		return NULL;
	}
	signal = read_placeholder(at + 1, closing - at - 1, text, source, error);
	if (signal == NULL)
		return NULL;
	add_piece(reason, plain, signal);
	return closing + 1;
}

struct reason *
reason_compile(const char *text, const struct expression_source *source, GError **error)
{
	struct reason *reason = g_new0(struct reason, 1);
	g_autoptr(GString) plain = g_string_new(NULL);
	const char *at = text;

	reason->pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
	while (*at != '\0') {
		if (*at != '{') {
			g_string_append_c(plain, *at++);
			continue;
		}
		at = read_brace(reason, plain, at, text, source, error);
		if (at == NULL) {
			reason_free(reason);
			return NULL;
		}
	}
	add_piece(reason, plain, NULL);
	return reason;
}

void
reason_free(struct reason *reason)
{
	if (reason == NULL)
		return;
	for (guint i = 0; i < reason->pieces->len; i++)
		g_free(g_array_index(reason->pieces, struct piece, i).text);
	g_array_unref(reason->pieces);
	g_free(reason);
}

char *
reason_fill(const struct reason *reason, const struct signal_input *input)
{
	GString *filled;

	if (reason->pieces->len == 1)
		return g_strdup(g_array_index(reason->pieces, struct piece, 0).text);
	filled = g_string_new(NULL);
	for (guint i = 0; i < reason->pieces->len; i++) {
		const struct piece *piece = &g_array_index(reason->pieces, struct piece, i);

		g_string_append(filled, piece->text);
		if (piece->signal != NULL) {
			g_autofree char *value = signals_format(piece->signal, input);

			g_string_append(filled, value);
		}
	}
	return g_string_free(filled, FALSE);
}
