/*
 * forward_marks.c - see forward_marks.h.
 *
 * Clients differ in dashes and in the words around it, but all name the forwarding itself; so a
 * line between dashes, or a short one that ends with a colon, is a mark when it holds the stem of
 * "to forward" in any of some forty languages.
 */
#include "mail/forward_marks.h"

#include <string.h>

#include "mail/fold.h"

#define MARK_BYTES 120 /* of the words of a mark */
#define LINE_BYTES 2048 /* a separator with a header block behind it */

static const char *const stems[] = {
	"forward",     "weitergeleitet", "weiterleitung",  "transfer",
	"transmis",    "reexpedi",       "reenviad",       "reenviat",
	"encaminhad",  "inoltrat",       "doorgestuur",    "doorgezonden",
	"videresend",  "videresent",     "vidarebefordra", "vidarebefordrad",
	"valitetty",   "valitettava",    "edelleenlahet",  "przekaz",
	"przeslan",    "preposlan",      "preposilan",     "tovabbit",
	"redirection", "пересыла",       "переслан",       "перенаправл",
	"переадрес",   "пренасоч",       "препрат",        "прослеђен",
	"proslijed",   "prosleden",      "posredovan",     "iletilen",
	"iletilmis",   "yonlendiril",    "προωθη",         "persiust",
	"persiunc",    "parsutit",       "edasta",         "birbidal",
	"aframsend",   "framsent",       "anfonwyd",       "שהועבר",
	"הועבר",       "מועבר",          "توجيه",          "معاد",
	"محول",        "بازارسال",       "هدایت",          "转发",
	"轉寄",        "轉發",           "转寄",           "転送",
	"전달",        "chuyen tiep",    "terusan",        "diteruskan",
	"dimajukan",   "ส่งต่อ",           "अग्रेषित",
};

/* In a mark these say that the forwarded message ends here. */
static const char *const endings[] = {
	"end ",    "end of ", "ende ",       "fin ",    "fin du ", "fine ",   "fim ",
	"koniec ", "конец ",  "завершение ", "кінець ", "конец",   "sfarsit", "结束",
};

/* @return whether the words name a forward; in *ret_end whether its end */
static gboolean
has_stem(const char *words, gsize length, gboolean *ret_end)
{
	struct fold_text folded;
	gboolean found = FALSE;
	fold_text(words, length, &folded);
	for (gsize i = 0; !found && i < G_N_ELEMENTS(stems); i++)
		found = strstr(folded.bytes, stems[i]) != NULL;
	*ret_end = FALSE;
	for (gsize i = 0; found && i < G_N_ELEMENTS(endings); i++)
		*ret_end |= g_str_has_prefix(folded.bytes + strspn(folded.bytes, " "), endings[i]);
	fold_text_clear(&folded);
	return found;
}

/* Bytes of the dash at `p`, 0 when there is none. */
static gsize
dash_length(const char *p, const char *end)
{
	if (p < end && *p && strchr("-_=*~#+", *p))
		return 1;
	if (end - p >= 3 && (!memcmp(p, "—", 3) || !memcmp(p, "–", 3) || !memcmp(p, "─", 3)))
		return 3;
	return 0;
}

static const char *
skip_dashes(const char *p, const char *end, guint *ret_count)
{
	gsize length;
	for (*ret_count = 0; (length = dash_length(p, end)); p += length)
		++*ret_count;
	return p;
}

/* Where the next two dashes in a row begin, or `end`. */
static const char *
find_dashes(const char *p, const char *end)
{
	for (; p < end; p++) {
		gsize length = dash_length(p, end);
		if (length == 3 || (length && dash_length(p + 1, end)))
			return p;
	}
	return end;
}

static enum forward_mark
separator_kind(const char *begin, const char *end, const char **ret_rest)
{
	guint before, after;
	gboolean is_end;
	const char *words = skip_dashes(begin, end, &before);
	const char *words_end = find_dashes(words, end);
	const char *rest = skip_dashes(words_end, end, &after);
	if (before < 2 || !after || words_end - words > MARK_BYTES || words == words_end ||
	    !has_stem(words, words_end - words, &is_end) || is_end)
		return FORWARD_MARK_NONE;
	while (rest < end && (*rest == ' ' || *rest == '\t'))
		rest++;
	*ret_rest = rest < end ? rest : NULL;
	return FORWARD_MARK_SEPARATOR;
}

static gboolean
ends_with_colon(const char *begin, const char *end)
{
	while (end > begin && strchr("*_ ", end[-1]))
		end--;
	return end > begin && (end[-1] == ':' || (end - begin >= 3 && !memcmp(end - 3, "：", 3)));
}

enum forward_mark
forward_mark_kind(const struct reply_line *line, const char **ret_rest)
{
	const char *begin = line->text, *end = begin + line->text_length;
	gboolean is_end;
	if (line->text_length < 6 || line->text_length > LINE_BYTES)
		return FORWARD_MARK_NONE;
	if (dash_length(begin, end) && *begin != '*')
		return separator_kind(begin, end, ret_rest);
	*ret_rest = NULL;
	return line->text_length <= MARK_BYTES && ends_with_colon(begin, end) &&
			       has_stem(begin, line->text_length, &is_end) && !is_end
		       ? FORWARD_MARK_ANNOUNCED
		       : FORWARD_MARK_NONE;
}

gboolean
forward_mark_is_end(const struct reply_line *line)
{
	const char *begin = line->text, *end = begin + line->text_length;
	guint dashes;
	gboolean is_end;
	const char *words = skip_dashes(begin, end, &dashes);
	if (dashes < 2 || line->text_length > MARK_BYTES)
		return FALSE;
	return words == end ? dashes >= 8 : has_stem(words, end - words, &is_end);
}
