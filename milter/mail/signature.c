/*
 * signature.c - where the signature begins.
 *
 * In this order: the "-- " line of RFC 3676 and its broken forms; then, from the end upwards
 * over short lines only, the closing ("Kind regards,"), the author's name with what stands
 * below it, or a telephone's "Sent from my …".  A closing alone ("Thanks!") is no signature,
 * and neither is anything that would leave no text above it, except after a "-- " line.
 */
#include "mail/signature.h"
#include "mail/reply_line.h"

#include <string.h>

#include "mail/fold.h"
#include "mail/signature_words.h"

#define TAIL_LINES 16 /* with text, looked at from the end */
#define DELIMITED_LINES 24 /* with text, below a delimiter without the trailing space */
#define SHORT_LINE 72 /* bytes; longer ones are prose */
#define FOOTER_BYTES 2000
#define LINE_BYTES 400 /* of a line looked at for words */

struct line {
	const char *text; /* trimmed */
	guint length;
	gsize offset; /* of the untrimmed line */
	gboolean blank_above;
	gboolean exact_delimiter; /* "-- " with its space */
};

struct author {
	char *words; /* lower case words of name and local part, each between spaces */
};

/* --- lines --- */

static guint
count_words(const char *p, const char *end)
{
	guint words = 0;
	gboolean inside = FALSE;

	for (; p < end; p++) {
		gboolean space = *p == ' ' || *p == '\t';

		words += !space & !inside; /* a branch on each space can't be foreseen */
		inside = !space;
	}
	return words;
}

static const char *
skip_spaces(const char *p, const char *end)
{
	while (p < end) {
		if (*p == ' ' || *p == '\t' || *p == '\r')
			p++;
		else if (end - p >= 2 && p[0] == '\xc2' && p[1] == '\xa0')
			p += 2;
		else
			break;
	}
	return p;
}

static void
line_init(struct line *line, const char *text, const char *begin, const char *end)
{
	const char *p = skip_spaces(begin, end), *last = reply_line_trim(p, end);

	line->text = p;
	line->length = last - p;
	line->offset = begin - text;
	line->exact_delimiter = end - begin == 3 && memcmp(begin, "-- ", 3) == 0;
}

/* Counted when asked: few lines are. */
static guint
line_words(const struct line *line)
{
	return line->length < 200 ? count_words(line->text, line->text + line->length) : 100;
}

/* --- delimiters --- */

static gboolean
is_only(const struct line *line, char c)
{
	for (guint i = 0; i < line->length; i++)
		if (line->text[i] != c)
			return FALSE;
	return line->length > 0;
}

/* "-- ", "--", "---", "- -- " (PGP), a lone em dash, a line of underscores. */
static gboolean
is_delimiter(const struct line *line)
{
	if (line->length > 80 || line->length == 0)
		return FALSE;
	if (is_only(line, '-'))
		return line->length == 2 || line->length == 3;
	if (is_only(line, '_'))
		return line->length >= 5;
	if (line->length == 4 && memcmp(line->text, "- --", 4) == 0)
		return TRUE;
	return line->length == 3 && memcmp(line->text, "—", 3) == 0;
}

/* Would this line below a delimiter make it code, a list or a rule in running text? */
static gboolean
is_unlike_signature(const struct line *line)
{
	char last = line->text[line->length - 1];

	if (line->length > 2 && memcmp(line->text, "--", 2) == 0)
		return !is_only(line, '-');
	if (line->text[0] == '#' && line->length > 1 &&
	    (line->text[1] == '#' || line->text[1] == 'i'))
		return TRUE;
	return last == ';' || last == '{' || last == '}';
}

/* --- the author --- */

static void
author_add(GString *words, const char *from, const char *end)
{
	while (from < end) {
		const char *begin = from;

		while (from < end && (g_ascii_isalpha(*from) || (*from & 0x80)))
			from++;
		if (from - begin >= 2) {
			g_autofree char *lower = fold_lower(begin, from - begin);

			g_string_append(words, lower);
			g_string_append_c(words, ' ');
		}
		if (from < end)
			from++;
	}
}

static char *
author_words(const char *name, const char *address)
{
	GString *words = g_string_new(" ");
	const char *at = address ? strchr(address, '@') : NULL;

	if (name)
		author_add(words, name, name + MIN(strlen(name), 256));
	if (at)
		author_add(words, address, address + MIN(at - address, 64));
	return g_string_free(words, FALSE);
}

static gboolean
author_has(const char *author, const char *word, gsize length)
{
	g_autofree char *lower = NULL, *wanted = NULL;

	if (length < 2 || length > 64)
		return FALSE;
	lower = fold_lower(word, length);
	wanted = g_strconcat(" ", lower, " ", NULL);
	return strstr(author, wanted) != NULL;
}

/* --- what a line looks like --- */

static gsize
next_word(const char **p, const char *end)
{
	const char *begin;

	while (*p < end && strchr(" \t,.;:-/&+()'\"!*_~", **p))
		(*p)++;
	begin = *p;
	while (*p < end && !strchr(" \t,.;:/&+()\"!*_~", **p))
		(*p)++;
	return *p - begin;
}

static gboolean
is_capitalised(const char *word, gsize length)
{
	gunichar c = g_utf8_get_char_validated(word, length);

	return c < (gunichar)-2 && (g_unichar_isupper(c) || g_unichar_istitle(c) ||
				    (g_unichar_isalpha(c) && !g_unichar_islower(c)));
}

static gboolean
is_particle(const char *word, gsize length)
{
	static const char *const particles[] = { "and", "und", "et",  "y",   "e",  "i",   "van",
						 "von", "de",  "der", "den", "di", "da",  "dos",
						 "del", "la",  "le",  "el",  "al", "bin", "ibn",
						 "zu",  "of",  "the", "&" };

	for (gsize i = 0; i < G_N_ELEMENTS(particles); i++)
		if (strlen(particles[i]) == length && memcmp(word, particles[i], length) == 0)
			return TRUE;
	return FALSE;
}

static guint
count_digits(const char *p, const char *end)
{
	guint digits = 0;

	for (; p < end; p++)
		digits += g_ascii_isdigit(*p) != 0;
	return digits;
}

enum name_kind { NAME_NONE, NAME_LIKELY, NAME_AUTHOR };

/* One to five capitalised words and nothing else; or any of the author's own names. */
static enum name_kind
name_in(const char *p, const char *end, const char *author)
{
	enum name_kind kind = NAME_LIKELY;
	guint words = 0, authors = 0;
	gsize last = 0;

	if (end - p > 48 || end <= p || strchr("?!:", end[-1]))
		return NAME_NONE;
	while (p < end) {
		gsize length = next_word(&p, end);
		const char *word = p - length;

		if (length == 0)
			continue;
		if (memchr(word, '@', length) || count_digits(word, p) > 0)
			return NAME_NONE;
		if (author_has(author, word, length))
			authors++;
		else if (!is_capitalised(word, length) && !(words > 0 && is_particle(word, length)))
			kind = NAME_NONE;
		last = length;
		words++;
	}
	if (words == 0 || words > 5)
		return NAME_NONE;
	/* "In May." is a sentence, "J. R." are initials */
	if (kind == NAME_LIKELY && end[-1] == '.' && last > 2)
		kind = NAME_NONE;
	if (authors > 0 && words <= 4)
		return NAME_AUTHOR;
	return kind;
}

static gboolean
has_contact(const char *text, gsize length)
{
	const char *end = text + length;

	if (memchr(text, '@', length))
		return TRUE;
	for (const char *p = text; end - p >= 4; p++)
		if (g_ascii_strncasecmp(p, "www.", 4) == 0 ||
		    (*p == ':' && p[1] == '/' && p[2] == '/'))
			return TRUE;
	for (const char *p = text; p < end;) {
		const char *q = p;

		while (q < end && (g_ascii_isdigit(*q) || strchr(" ()+-./x", *q)))
			q++;
		if (count_digits(p, q) >= 7)
			return TRUE;
		p = q + 1;
	}
	return FALSE;
}

/* "Barry Smith - 713-555-1587", "BT   3-1587": a name, then a number. */
static enum name_kind
name_before_number(const struct line *line, const char *author)
{
	const char *p = line->text, *end = p + line->length;

	while (p < end && !g_ascii_isdigit(*p))
		p++;
	if (p == end || count_digits(p, end) < 4)
		return NAME_NONE;
	end = p;
	while (end > line->text && strchr(" \t-,:(+|#x", end[-1]))
		end--;
	return name_in(line->text, end, author);
}

/* "-roman", "- roman", "—Ryan", "~s", "//Jef". */
static enum name_kind
name_after_dash(const struct line *line, const char *author)
{
	const char *p = line->text, *end = p + line->length;
	gboolean spaced;
	enum name_kind kind;

	if (line->length > 40 || line_words(line) > 4)
		return NAME_NONE;
	while (p < end && strchr("-~/", *p))
		p++;
	while (end - p >= 3 && (memcmp(p, "—", 3) == 0 || memcmp(p, "–", 3) == 0))
		p += 3;
	if (p == line->text || p == end || p - line->text > 6)
		return NAME_NONE;
	spaced = *p == ' ';
	p = skip_spaces(p, end);
	kind = name_in(p, end, author);
	if (kind == NAME_NONE && !memchr(p, ' ', end - p) && end - p <= 15 && g_ascii_isalpha(*p) &&
	    g_ascii_isalpha(end[-1]))
		kind = NAME_LIKELY; /* "-roman" */
	return spaced && kind == NAME_LIKELY && !line->blank_above ? NAME_NONE : kind;
}

enum line_kind {
	KIND_UNKNOWN, /* not looked at so far */
	KIND_OTHER,
	KIND_CLOSING, /* "Thanks," */
	KIND_CLOSING_NAME, /* "Thanks, Bob" */
	KIND_NAME,
	KIND_AUTHOR,
	KIND_DASH_NAME,
	KIND_SENT_FROM,
	KIND_BOILERPLATE,
};

static enum line_kind
closing_kind(const struct line *line, const char *lower, gsize closing, const char *author)
{
	const char *p = line->text + MIN(closing, line->length), *end = line->text + line->length;
	enum name_kind name;

	while (p < end && strchr(" ,.;!-", *p))
		p++;
	if (p == end)
		return KIND_CLOSING;
	name = name_in(p, end, author);
	if (name == NAME_AUTHOR || (name == NAME_LIKELY && count_words(p, end) <= 3 &&
				    p > line->text && strchr(",.!- ", p[-1])))
		return KIND_CLOSING_NAME;
	/* "Thanks in advance," and the like */
	if (line_words(line) <= 6 && strchr(",", end[-1]))
		return KIND_CLOSING;
	return line_words(line) <= 4 && strlen(lower) < 40 && !strchr("?:", end[-1]) ? KIND_CLOSING
										     : KIND_OTHER;
}

/* "Your pal, Craig.": a short line that ends with the author's name after a comma. */
static gboolean
ends_with_author(const struct line *line, const char *author)
{
	const char *end = line->text + line->length, *p;

	while (end > line->text && (end[-1] == '.' || end[-1] == '!'))
		end--;
	for (p = end; p > line->text && p[-1] != ' ' && p[-1] != ','; p--)
		;
	if (p - line->text < 2 || line_words(line) > 5 || !author_has(author, p, end - p))
		return FALSE;
	return p[-1] == ',' || p[-2] == ',';
}

static enum line_kind
line_kind(const struct line *line, const char *author)
{
	g_autofree char *lower = fold_lower(line->text, MIN(line->length, LINE_BYTES));
	gsize length;
	enum name_kind name;

	if (line->length < 140 && signature_words_sent_from(lower))
		return KIND_SENT_FROM;
	if (line->length > SHORT_LINE)
		return signature_words_boilerplate(lower) ? KIND_BOILERPLATE : KIND_OTHER;
	length = signature_words_closing(lower);
	if (length > 0) {
		enum line_kind kind = closing_kind(line, lower, length, author);

		if (kind != KIND_OTHER)
			return kind;
	}
	if (ends_with_author(line, author))
		return KIND_CLOSING_NAME;
	if (name_after_dash(line, author) != NAME_NONE)
		return KIND_DASH_NAME;
	name = name_in(line->text, line->text + line->length, author);
	if (name == NAME_NONE)
		name = name_before_number(line, author);
	if (name == NAME_NONE && signature_words_boilerplate(lower))
		return KIND_BOILERPLATE;
	return name == NAME_AUTHOR ? KIND_AUTHOR : name == NAME_LIKELY ? KIND_NAME : KIND_OTHER;
}

/* --- from the end upwards --- */

struct tail {
	struct line lines[TAIL_LINES + 1]; /* [0] is the last line with text */
	enum line_kind kinds[TAIL_LINES + 1]; /* asked of tail_kind() */
	const char *author;
	guint count;
	gboolean whole; /* the tail reaches the beginning of the text */
};

static void
tail_read(struct tail *tail, const char *text, gsize length)
{
	const char *end = text + length;
	gboolean blank = FALSE;

	while (end > text && tail->count <= TAIL_LINES) {
		const char *begin = memrchr(text, '\n', end - text);
		struct line line;

		begin = begin ? begin + 1 : text;
		line_init(&line, text, begin, end);
		if (line.length == 0)
			blank = TRUE;
		else {
			if (tail->count > 0)
				tail->lines[tail->count - 1].blank_above = blank;
			blank = FALSE;
			line.blank_above = FALSE;
			tail->lines[tail->count++] = line;
		}
		end = begin > text ? begin - 1 : text;
	}
	tail->whole = end <= text && tail->count <= TAIL_LINES;
}

/* A sentence, or most of one; not a heading In Capitals. */
static gboolean
ends_prose(const struct line *line)
{
	const char *end = line->text + line->length, *p = line->text;
	guint small = 0, words = 0;

	if (strchr(".!?:,;)", end[-1]))
		return TRUE;
	while (p < end) {
		gsize length = next_word(&p, end);

		words += length > 0;
		small += length > 0 && !is_capitalised(p - length, length);
	}
	return words >= 6 && small * 2 > words;
}

/* "x6721", "3-7060": an extension or a number on a line of its own. */
static gboolean
is_number_line(const struct line *line)
{
	for (guint i = 0; i < line->length; i++)
		if (!g_ascii_isdigit(line->text[i]) && !strchr(" ()+-./#xX", line->text[i]))
			return FALSE;
	return count_digits(line->text, line->text + line->length) >= 4;
}

/* Short and not a sentence: may stand below a name. */
static gboolean
may_belong(const struct line *line)
{
	if (line->length > SHORT_LINE)
		return FALSE;
	if (has_contact(line->text, line->length))
		return TRUE;
	return line_words(line) <= 8 &&
	       !(line_words(line) >= 4 && strchr(".?!;", line->text[line->length - 1]));
}

/* Is the name on line i believable as the top of the signature, nothing but it and what is
 * below known? */
static gboolean
name_begins(const struct tail *tail, guint i)
{
	const struct line *line = &tail->lines[i];
	const struct line *above = i + 1 < tail->count ? &tail->lines[i + 1] : NULL;
	guint contacts = 0;

	if (!above)
		return FALSE;
	for (guint k = 0; k <= i; k++)
		contacts += is_number_line(&tail->lines[k]) ||
			    has_contact(tail->lines[k].text, tail->lines[k].length);
	/* "Bob," begins a letter, and prose below a name is no signature */
	if (contacts == 0 && (line->text[line->length - 1] == ',' || i > 3))
		return FALSE;
	if (tail->kinds[i] == KIND_AUTHOR)
		return line->blank_above || i == 0 || contacts > 0;
	if (!line->blank_above || !ends_prose(above))
		return FALSE;
	/* "Hi Anna,", then one word: that is the message */
	if (tail->whole && i + 2 == tail->count && line_words(above) <= 3 &&
	    strchr(",:!", above->text[above->length - 1]))
		return FALSE;
	return i == 0 ? line_words(line) <= 3 : contacts > 0;
}

static enum line_kind
tail_kind(struct tail *tail, guint i)
{
	if (tail->kinds[i] == KIND_UNKNOWN)
		tail->kinds[i] = line_kind(&tail->lines[i], tail->author);
	return tail->kinds[i];
}

static guint
include_closing(struct tail *tail, guint i)
{
	if (i + 1 < tail->count && tail_kind(tail, i + 1) == KIND_CLOSING)
		return i + 1;
	return i;
}

/* The topmost line of the signature that ends the text, or -1. */
static int
tail_find(struct tail *tail)
{
	int found = -1;
	guint names = 0;

	for (guint i = 0; i < tail->count; i++) {
		enum line_kind kind = tail_kind(tail, i);

		switch (kind) {
		case KIND_SENT_FROM:
		case KIND_BOILERPLATE:
			if (found == (int)i - 1)
				found = i;
			break;
		case KIND_CLOSING_NAME:
		case KIND_DASH_NAME:
			return i;
		case KIND_CLOSING: /* without a name below it is part of the text */
			return names > 0 ? (int)i : found;
		case KIND_AUTHOR:
		case KIND_NAME:
			names++;
			if (include_closing(tail, i) != i)
				return i + 1;
			if (name_begins(tail, i))
				found = i;
			break;
		case KIND_OTHER:
		case KIND_UNKNOWN:
			break;
		}
		if (kind == KIND_OTHER && !may_belong(&tail->lines[i]))
			break;
	}
	return found;
}

/* --- delimiters, from the top --- */

/* The first delimiter line below which everything looks like a signature, or `length`. */
static gsize
find_delimiter(const char *text, gsize length)
{
	const char *end = text + length, *p = end;
	gsize found = length;
	guint below = 0;
	gboolean plausible = TRUE;

	while (p > text && below <= DELIMITED_LINES) {
		const char *begin = memrchr(text, '\n', p - text);
		struct line line;

		begin = begin ? begin + 1 : text;
		line_init(&line, text, begin, p);
		if (is_delimiter(&line)) {
			if (!plausible && !line.exact_delimiter)
				break;
			if (below == 0) { /* decoration at the very end */
				p = begin > text ? begin - 1 : text;
				continue;
			}
			if (line.text[0] == '-' || line.text[0] == '_' || below <= 4)
				found = line.offset;
		} else if (line.length > 0) {
			below++;
			plausible &= !is_unlike_signature(&line);
		}
		p = begin > text ? begin - 1 : text;
	}
	return found;
}

/* Do mailing lists and gateways write what stands from `begin` on? */
static gboolean
is_footer(const char *text, gsize begin, gsize length)
{
	static const char *const footers[] = { "mailing list", "listinfo", "unsubscribe",
					       "google groups", "virus" };
	g_autofree char *lower = fold_lower(text + begin, MIN(length - begin, FOOTER_BYTES));

	for (gsize i = 0; i < G_N_ELEMENTS(footers); i++)
		if (strstr(lower, footers[i]))
			return TRUE;
	return FALSE;
}

static gsize
find_closing(const char *text, gsize length, const char *author_name, const char *author_address)
{
	struct tail tail = { .count = 0 };
	g_autofree char *author = NULL;
	int top;

	tail_read(&tail, text, length);
	if (tail.count == 0)
		return length;
	author = author_words(author_name, author_address);
	tail.author = author;
	top = tail_find(&tail);
	if (top < 0 ||
	    (tail.whole && top == (int)tail.count - 1 && tail.kinds[top] != KIND_SENT_FROM))
		return length;
	return tail.lines[top].offset;
}

gsize
signature_begin(const char *text, gsize length, const char *author_name, const char *author_address)
{
	gsize delimiter = find_delimiter(text, length);

	if (delimiter < length && !is_footer(text, delimiter, length))
		return delimiter;
	/* a list's footer stands below the author's own signature */
	return find_closing(text, delimiter, author_name, author_address);
}

gboolean
signature_is_boilerplate(const char *line, gsize length)
{
	g_autofree char *lower = fold_lower(line, MIN(length, LINE_BYTES));

	return signature_words_boilerplate(lower);
}

gboolean
signature_has_contact(const char *text, gsize length)
{
	const char *p = text, *end = text + length;

	while (p < end) {
		const char *newline = memchr(p, '\n', end - p);
		struct line line;

		line_init(&line, text, p, newline ? newline : end);
		if (line.length > 0 && line.length <= SHORT_LINE &&
		    has_contact(line.text, line.length))
			return TRUE;
		p = newline ? newline + 1 : end;
	}
	return FALSE;
}
