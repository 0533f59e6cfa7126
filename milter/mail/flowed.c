/* flowed.c - see flowed.h.  RFC 3676 sections 4.1 to 4.5. */
#include "mail/flowed.h"

#include <string.h>

struct line {
	guint quotes;
	const char *text; /* without quote marks and stuffing */
	gsize length;
	gboolean flowed; /* goes on in the next line */
};

static struct line
read_line(const char *text, gsize length)
{
	struct line line = { .text = text, .length = length };
	while (line.quotes < length && text[line.quotes] == '>')
		line.quotes++;
	line.text += line.quotes;
	line.length -= line.quotes;
	if (line.length && *line.text == ' ') {
		line.text++;
		line.length--;
	}
	gboolean signature = line.length == 3 && memcmp(line.text, "-- ", 3) == 0;
	line.flowed = line.length && line.text[line.length - 1] == ' ' && !signature;
	return line;
}

static void
begin_line(GString *out, const struct line *line)
{
	for (guint i = 0; i < line->quotes; i++)
		g_string_append_c(out, '>');
	if (line->quotes && line->length)
		g_string_append_c(out, ' ');
}

/* Only lines of one quote depth are joined (section 4.5), never into a signature's "-- ". */
static gboolean
continues(const struct line *before, const struct line *line)
{
	return before->flowed && before->quotes == line->quotes &&
	       !(line->length == 3 && memcmp(line->text, "-- ", 3) == 0);
}

void
flowed_append(GString *out, const char *text, gsize length, gboolean delsp)
{
	const char *end = text + length;
	struct line before = { 0 };
	gboolean first = TRUE;

	while (text < end) {
		const char *line_end = memchr(text, '\n', end - text);
		gsize n = (line_end ? line_end : end) - text;
		struct line line = read_line(text, n);
		if (!continues(&before, &line)) {
			if (!first)
				g_string_append_c(out, '\n');
			begin_line(out, &line);
		}
		g_string_append_len(out, line.text, line.length - (line.flowed && delsp));
		before = line;
		first = FALSE;
		text += n + 1;
	}
	if (!first && length && end[-1] == '\n')
		g_string_append_c(out, '\n');
}
