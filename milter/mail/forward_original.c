/* forward_original.c - see forward_original.h. */
#include "mail/forward_original.h"

#include <string.h>

#include "base/limits.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/dates.h"

#define LABEL_BYTES 48
#define INLINE_LABELS 16 /* looked at on one line */

/* --- the sender --- */

static gboolean
is_local_byte(char c)
{
	return g_ascii_isalnum(c) || (c & 0x80) || (c && strchr(".!#$%&'+-/=?^_`{|}~", c));
}

static gboolean
is_domain_byte(char c)
{
	return g_ascii_isalnum(c) || (c & 0x80) || c == '.' || c == '-';
}

/* The first address of the text. @param ret_begin where it stands */
static char *
find_address(const char *text, const char *end, const char **ret_begin)
{
	const char *floor = text;
	for (const char *at = text; (at = memchr(at, '@', end - at)); floor = ++at) {
		const char *begin = at, *stop = at + 1;
		while (begin > floor && at - begin < LIMIT_ADDRESS && is_local_byte(begin[-1]))
			begin--;
		while (stop < end && stop - at < LIMIT_ADDRESS && is_domain_byte(*stop))
			stop++;
		while (stop > at && (stop[-1] == '.' || stop[-1] == '-'))
			stop--;
		while (begin < at && strchr("'.`", *begin))
			begin++;
		g_autofree char *address = g_strndup(begin, stop - begin);
		if (begin < at && g_utf8_validate(address, -1, NULL) && address_is_valid(address)) {
			*ret_begin = begin;
			return g_steal_pointer(&address);
		}
	}
	return NULL;
}

/* Quotes, brackets, marks of bold text and blanks on both sides. */
static gboolean
is_wrapping(gunichar c)
{
	return g_unichar_isspace(c) || (c < 0x80 && strchr("\"'<>[](){}*_,;:", c)) || c == 0xab ||
	       c == 0xbb || (c >= 0x2018 && c <= 0x201f) || c == 0xff1a || c == 0xfeff ||
	       c == 0x200b;
}

static char *
trim_name(const char *begin, const char *end)
{
	while (begin < end && is_wrapping(g_utf8_get_char(begin)))
		begin = g_utf8_next_char(begin);
	while (end > begin) {
		const char *last = g_utf8_find_prev_char(begin, end);
		if (!last || !is_wrapping(g_utf8_get_char(last)))
			break;
		end = last;
	}
	return begin < end ? g_utf8_substring(begin, 0,
					      MIN(g_utf8_strlen(begin, end - begin), LIMIT_NAME))
			   : NULL;
}

/* The part of the text before `end` that is a name: not "mailto:", no directory path. */
static char *
find_name(const char *begin, const char *end)
{
	const char *bracket = begin;
	while (bracket < end && *bracket != '<' && *bracket != '[')
		bracket++;
	if (bracket > begin)
		end = bracket;
	if (end - begin >= 7 && !g_ascii_strncasecmp(end - 7, "mailto:", 7))
		end -= 7;
	if (end > begin && *begin == '/')
		return NULL;
	return trim_name(begin, end);
}

/* "address (Name)" */
static char *
find_name_behind(const char *address_end, const char *end)
{
	const char *open = address_end;
	while (open < end && (*open == ' ' || *open == '>'))
		open++;
	const char *close = open < end && *open == '(' ? memchr(open, ')', end - open) : NULL;
	return close ? trim_name(open + 1, close) : NULL;
}

gboolean
forward_original_read_sender(struct forward *forward, const char *text, gsize length)
{
	const char *end = text + length, *begin = end;
	char *address = find_address(text, end, &begin);
	char *name = find_name(text, begin);
	if (!name && address)
		name = find_name_behind(begin + strlen(address), end);
	if (name && (strchr(name, '@') || (address && !g_ascii_strcasecmp(name, address))))
		g_clear_pointer(&name, g_free);
	if (!name && !address)
		return FALSE;
	g_free(forward->name);
	g_free(forward->address);
	forward->name = name;
	forward->address = address;
	return TRUE;
}

/* --- the sender in an attribution --- */

static gboolean
is_particle(const char *word, gsize length)
{
	static const char *const words[] = { "van", "von", "vom", "zu",  "der", "den", "de", "del",
					     "da",  "das", "do",  "dos", "di",  "du",  "la", "le",
					     "el",  "al",  "bin", "ibn", "ten", "ter", "af", "av" };
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strlen(words[i]) == length && !strncmp(words[i], word, length))
			return TRUE;
	return FALSE;
}

/* Of the words before an address: no number, no end of a phrase, not of the sentence around. */
static gboolean
is_name_word(const char *word, gsize length)
{
	static const char *const others[] = { "AM", "PM", "Uhr", "On", "Am", "Le", "El", "Op" };
	for (gsize i = 0; i < length; i++)
		if (g_ascii_isdigit(word[i]) || strchr(",;:)>", word[i]))
			return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		if (strlen(others[i]) == length && !strncmp(others[i], word, length))
			return FALSE;
	gunichar first = g_utf8_get_char(word);
	return !g_unichar_islower(first) || is_particle(word, length);
}

/* The last quoted string before `end`, or the run of capitalised words there. */
static char *
find_attributed_name(const char *begin, const char *end)
{
	while (end > begin && strchr(" <([\t", end[-1]))
		end--;
	if (end > begin && end[-1] == '"') {
		const char *open = g_strrstr_len(begin, end - 1 - begin, "\"");
		return open ? trim_name(open, end) : NULL;
	}
	const char *name = end;
	for (const char *p = end; p > begin;) {
		const char *word_end = p;
		while (p > begin && !strchr(" \t\n", p[-1]))
			p--;
		if (p < word_end && !is_name_word(p, word_end - p))
			break;
		name = p;
		while (p > begin && strchr(" \t\n", p[-1]))
			p--;
	}
	return trim_name(name, end);
}

gboolean
forward_original_read_attribution(struct forward *forward, const char *text, gsize length)
{
	const char *end = text + length, *begin;
	char *address = find_address(text, end, &begin);
	if (!address)
		return FALSE;
	g_free(forward->name);
	g_free(forward->address);
	forward->address = address;
	forward->name = find_attributed_name(text, begin);
	return TRUE;
}

/* --- the date --- */

/* Microseconds of the first "hh:mm" or "hh.mm" with "Uhr"-less neighbours, -1 when none. */
static gint64
time_of_day(const char *text)
{
	for (const char *p = text; (p = strchr(p, ':')); p++) {
		if (p == text || !g_ascii_isdigit(p[-1]) || !g_ascii_isdigit(p[1]) ||
		    !g_ascii_isdigit(p[2]))
			continue;
		gint64 hour = p[-1] - '0', minute = (p[1] - '0') * 10 + p[2] - '0';
		if (p - text >= 2 && g_ascii_isdigit(p[-2]))
			hour += (p[-2] - '0') * 10;
		const char *after = p + 3 + strspn(p + 3, ":0123456789 ");
		if (!strncmp(after, "pm", 2) && hour < 12)
			hour += 12;
		else if (!strncmp(after, "am", 2) && hour == 12)
			hour = 0;
		if (hour < 24 && minute < 60)
			return (hour * 60 + minute) * 60 * G_USEC_PER_SEC;
	}
	return 0;
}

gint64
forward_original_read_date(const char *text, gsize length, gint64 reference)
{
	g_autofree char *value = g_strndup(text, MIN(length, LIMIT_SHOWN));
	int offset = 0;
	gint64 date = date_parse(g_strstrip(value), &offset);
	if (date)
		return date;
	g_autofree char *valid = g_utf8_make_valid(value, -1);
	g_autofree char *plain = g_utf8_normalize(valid, -1, G_NORMALIZE_NFKC);
	g_autofree char *lower = plain ? g_utf8_strdown(plain, -1) : g_strdup("");
	g_autoptr(GArray) found = dates_find(lower, reference, FALSE);
	for (guint i = 0; i < found->len; i++) {
		const struct date_found *day = &g_array_index(found, struct date_found, i);
		if (!day->relative)
			return day->day + time_of_day(lower);
	}
	return 0;
}

/* --- header blocks --- */

static void
take_field(struct forward *forward, enum reply_label label, const char *value, gsize length,
	   gint64 reference)
{
	gsize marks = MIN(strspn(value, " \t*_"), length);
	value += marks;
	length -= marks;
	if (label == LABEL_FROM && !forward->address && !forward->name)
		forward_original_read_sender(forward, value, length);
	else if (label == LABEL_DATE && !forward->date)
		forward->date = forward_original_read_date(value, length, reference);
	else if (label == LABEL_SUBJECT && !forward->subject) {
		g_autofree char *subject = g_strndup(value, MIN(length, LIMIT_SUBJECT));
		g_strstrip(g_strdelimit(subject, "\t\n", ' '));
		forward->subject = g_utf8_make_valid(subject, -1);
	}
}

/* The field a line begins with; a wrapped one goes on in the next lines. */
static gsize
value_length(const struct reply_line *lines, guint count, const char *value)
{
	const char *end = lines[0].text + lines[0].text_length;
	for (guint i = 1; i < count; i++) {
		const struct reply_line *line = &lines[i];
		if (!line->text_length || reply_line_label(line, NULL) != LABEL_NONE)
			break;
		end = line->text + line->text_length;
	}
	return end - value;
}

void
forward_original_read_block(struct forward *forward, const struct reply_line *lines, guint count,
			    gint64 reference)
{
	for (guint i = 0; i < count; i++) {
		const char *value = NULL;
		enum reply_label label = reply_line_label(&lines[i], &value);
		if (label != LABEL_NONE)
			take_field(forward, label, value, value_length(lines + i, count - i, value),
				   reference);
	}
}

/* The label that ends at a colon, glued to the value before it: the longest there is. */
static enum reply_label
label_before(const char *floor, const char *colon, const char **ret_begin)
{
	const char *begin = colon - floor > LABEL_BYTES ? colon - LABEL_BYTES : floor;
	while (colon > begin && colon[-1] == ' ')
		colon--;
	for (; begin < colon; begin++) {
		if ((*begin & 0xc0) == 0x80 || *begin == ' ')
			continue;
		enum reply_label label = reply_label_lookup(begin, colon - begin);
		if (label != LABEL_NONE && label != LABEL_OTHER) {
			*ret_begin = begin;
			return label;
		}
	}
	return LABEL_NONE;
}

static const char *
next_colon(const char *p, const char *end, gsize *ret_width)
{
	for (; p < end; p++) {
		*ret_width = *p == ':' ? 1 : end - p >= 3 && !memcmp(p, "：", 3) ? 3 : 0;
		if (*ret_width)
			return p;
	}
	return NULL;
}

void
forward_original_read_inline(struct forward *forward, const char *text, gsize length,
			     gint64 reference)
{
	const char *end = text + length, *p = text, *value = text, *begin, *colon;
	enum reply_label open = LABEL_NONE, label;
	gsize width;
	for (guint n = 0; n < INLINE_LABELS && open != LABEL_SUBJECT; n++) {
		colon = next_colon(p, end, &width);
		if (!colon)
			break;
		p = colon + width;
		label = label_before(value, colon, &begin);
		if (label == LABEL_NONE)
			continue;
		if (open != LABEL_NONE)
			take_field(forward, open, value, begin - value, reference);
		open = label;
		value = p;
	}
	if (open != LABEL_NONE)
		take_field(forward, open, value, end - value, reference);
	if (!forward->address) /* labels of a language not known: the sender comes first */
		forward_original_read_sender(forward, text, length);
}
