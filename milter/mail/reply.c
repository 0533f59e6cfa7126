/*
 * reply.c - new text, quoted text and signature of a message.
 *
 * Every line is looked at once, in order.  What is marked (">", HTML quote elements) is quoted;
 * attributions, header blocks and separators decide about what is not marked:
 *
 * - after an attribution the lines that are marked are the quote, and unmarked text after those
 *   is new (bottom-posted, interleaved); with no marked line after it the rest is the quote,
 * - after a header block or "-----Original Message-----" it is the same,
 * - but with no new text above, an unmarked quote is not believed: only the attribution or the
 *   header block goes.  A message that is one marked quote and names nobody is left whole.
 *
 * In plain text every quoted line carries its mark, so answers between them are taken out one by
 * one.  In HTML people type into the quoting element itself, and no mark tells their words from
 * the quoted ones: a quote that has sentences of the author both above and below it stays in
 * the new text.
 */
#include "mail/reply.h"

#include <string.h>

#include "base/limits.h"
#include "mail/language.h"
#include "mail/reply_line.h"
#include "mail/signature.h"

enum line_state {
	LINE_NEW,
	LINE_QUOTED,
	LINE_SIGNATURE, /* the markup says so */
};

struct split {
	const char *text;
	gsize length; /* of text; lines may cover less */
	struct reply_line *lines;
	guint8 *states; /* enum line_state */
	guint count;
	gsize covered; /* bytes the lines cover */
	gboolean has_new; /* unmarked text was met so far */
	gboolean is_html;
	gsize below; /* bytes of text below the quotes that stay in the new text */
};

/* --- lines --- */

static const char *
skip_blank(const char *p, const char *end)
{
	for (;;) {
		if (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		else if (end - p >= 2 && p[0] == '\xc2' && p[1] == '\xa0')
			p += 2;
		else if (end - p >= 3 &&
			 (memcmp(p, "\xe2\x80\x8b", 3) == 0 || memcmp(p, "\xef\xbb\xbf", 3) == 0))
			p += 3;
		else
			return p;
	}
}

const char *
reply_line_trim(const char *begin, const char *end)
{
	for (;;) {
		if (end > begin && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
			end--;
		else if (end - begin >= 2 && end[-2] == '\xc2' && end[-1] == '\xa0')
			end -= 2;
		else
			return end;
	}
}

void
reply_line_read(struct reply_line *line, const char *begin, const char *end)
{
	const char *p = skip_blank(begin, end);

	line->begin = begin;
	line->length = end - begin;
	while (p < end && (*p == '>' || (end - p >= 3 && memcmp(p, "＞", 3) == 0))) {
		line->depth++;
		p = skip_blank(p + (*p == '>' ? 1 : 3), end);
	}
	line->text = p;
	line->text_length = reply_line_trim(p, end) - p;
}

static guint
count_lines(const char *text, const char *end)
{
	guint count = 0;

	while (count < LIMIT_LINES && text < end) {
		const char *newline = memchr(text, '\n', end - text);

		count++;
		text = newline ? newline + 1 : end;
	}
	return count;
}

static void
split_read_lines(struct split *split, const struct html_text *html)
{
	const char *p = split->text, *end = p + split->length;

	split->count = count_lines(p, end);
	split->lines = g_new0(struct reply_line, split->count + 1);
	split->states = g_new0(guint8, split->count + 1);
	for (guint i = 0; i < split->count; i++) {
		const char *newline = memchr(p, '\n', end - p);
		const char *line_end = newline ? newline : end;
		struct reply_line *line = &split->lines[i];

		reply_line_read(line, p, line_end);
		if (html && i < html->lines->len) {
			struct html_line *from = &g_array_index(html->lines, struct html_line, i);

			line->mark = from->mark;
			line->quote_depth = from->quote_depth;
		}
		p = newline ? newline + 1 : end;
	}
	split->covered = p - split->text;
}

static gboolean
is_blank(const struct split *split, guint index)
{
	return split->lines[index].text_length == 0;
}

static gboolean
is_marked(const struct split *split, guint index)
{
	return split->lines[index].depth > 0 || split->lines[index].mark == HTML_MARK_QUOTE;
}

/* The next line with text, or count. */
static guint
next_text(const struct split *split, guint index)
{
	while (index < split->count && is_blank(split, index))
		index++;
	return index;
}

static void
set_state(struct split *split, guint first, guint end, enum line_state state)
{
	for (guint i = first; i < end; i++)
		split->states[i] = state;
}

/* --- other marks than '>' --- */

/* "| text" (old Gmail) or "AB> text" (SuperCite): only believed in runs. */
static gboolean
has_odd_mark(const struct reply_line *line)
{
	guint i = 0;

	if (line->depth > 0 || line->text_length == 0)
		return FALSE;
	if (line->begin[0] == '|') /* but a line of a box ends with one as well */
		return line->text_length == 1 ||
		       (line->begin[1] == ' ' && line->text[line->text_length - 1] != '|');
	while (i < line->text_length && i < 4 && g_ascii_isupper(line->text[i]))
		i++;
	return i > 0 && i < line->text_length && line->text[i] == '>';
}

static void
mark_odd_runs(struct split *split)
{
	guint run = 0;

	for (guint i = 0; i <= split->count; i++) {
		if (i < split->count && has_odd_mark(&split->lines[i])) {
			run++;
			continue;
		}
		for (guint k = i - run; run >= 2 && k < i; k++)
			split->lines[k].depth = 1;
		run = 0;
	}
}

/* A quoted line that a mailer broke in two: the rest stands unmarked between marked lines. */
static gboolean
is_torn_off(const struct split *split, guint i)
{
	const struct reply_line *line = &split->lines[i], *above, *below;
	char last, first;

	if (i == 0 || i + 1 >= split->count || line->text_length == 0)
		return FALSE;
	above = line - 1;
	below = line + 1;
	if (above->depth == 0 || below->depth == 0)
		return FALSE;
	if (line->text[line->text_length - 1] == '>')
		return TRUE;
	if (above->text_length == 0)
		return FALSE;
	if (!memchr(line->text, ' ', line->text_length) &&
	    memchr(line->text, '/', line->text_length))
		return TRUE;
	last = above->text[above->text_length - 1];
	first = line->text[0];
	if (strchr(".?!:", last) || g_ascii_isupper(first))
		return FALSE;
	return above->length >= 60 || memchr(line->text, '=', line->text_length);
}

/* --- the quotes --- */

static gboolean
has_new_above(const struct split *split, guint index)
{
	return split->has_new && index > 0;
}

/* Where the quote that begins with the header block at `index` really begins: at a rule, an
 * announcement or an "Original Message" above it. */
static guint
block_begin(const struct split *split, guint index)
{
	guint i = index;

	while (i > 0 && is_blank(split, i - 1))
		i--;
	if (i > 0 && !is_marked(split, i - 1) &&
	    reply_separator_kind(&split->lines[i - 1]) != SEPARATOR_NONE)
		return i - 1;
	return index;
}

static guint
cut_rest(struct split *split, guint first)
{
	set_state(split, first, split->count, LINE_QUOTED);
	return split->count;
}

/* The blockquote (of the plain kind) that begins at or after `index` belongs to an attribution. */
static guint
quote_plain_blockquote(struct split *split, guint index)
{
	guint depth;

	index = next_text(split, index);
	if (index >= split->count || split->lines[index].quote_depth == 0)
		return index;
	depth = split->lines[index].quote_depth;
	while (index < split->count &&
	       (split->lines[index].quote_depth >= depth || is_blank(split, index)))
		split->states[index++] = LINE_QUOTED;
	return index;
}

/* An attribution from `first` to `last`. @return where to go on. */
static guint
take_attribution(struct split *split, guint first, guint last)
{
	guint next = next_text(split, last + 1);
	const struct reply_line *line = &split->lines[last];

	set_state(split, first, last + 1, LINE_QUOTED);
	if (line->quote_depth > 0 && !is_marked(split, last))
		return quote_plain_blockquote(split, last);
	if (next >= split->count)
		return split->count;
	if (is_marked(split, next))
		return last + 1;
	if (split->lines[next].quote_depth > line->quote_depth)
		return quote_plain_blockquote(split, last + 1);
	if (has_new_above(split, first))
		return cut_rest(split, first);
	return last + 1;
}

/* Is what follows marked, so that the rest needs no guessing? */
static gboolean
marked_after(const struct split *split, guint index)
{
	guint next = next_text(split, index);

	return next < split->count && split->lines[next].depth > 0;
}

/* A header block of `length` lines at `index`. */
static guint
take_header_block(struct split *split, guint index, guint length)
{
	guint begin = block_begin(split, index), end = index + length;

	if (has_new_above(split, begin) && !marked_after(split, end))
		return cut_rest(split, begin);
	set_state(split, begin, end, LINE_QUOTED);
	return end;
}

/* "-----Original Message-----", with or without a header block below. */
static guint
take_original(struct split *split, guint index)
{
	guint next = next_text(split, index + 1);
	guint end = next;

	if (next < split->count)
		end += reply_header_block_length(split->lines, next, split->count);
	if (!marked_after(split, end))
		return cut_rest(split, index);
	set_state(split, index, end, LINE_QUOTED);
	return end;
}

static guint
take_separator(struct split *split, guint index, enum reply_separator kind)
{
	guint next = next_text(split, index + 1);

	if (kind == SEPARATOR_ORIGINAL)
		return take_original(split, index);
	if (kind == SEPARATOR_REPLY_ABOVE)
		return cut_rest(split, index);
	if (kind == SEPARATOR_ANNOUNCED && next < split->count) {
		if (!is_marked(split, next))
			return cut_rest(split, index);
		set_state(split, index, next, LINE_QUOTED);
		return next;
	}
	return index;
}

/* Outlook's own mark of a quote's head, whatever language its labels are in. */
static guint
take_marked_header(struct split *split, guint index)
{
	guint end = index;

	while (end < split->count && split->lines[end].mark == HTML_MARK_HEADER)
		end++;
	return take_header_block(split, index, end - index);
}

/* "> wrote:", what is left of an attribution whose address was torn off: no quote mark. */
static gboolean
is_torn_verb(const struct reply_line *line)
{
	return line->depth == 1 && line->text_length > 2 && line->text_length < 16 &&
	       line->text[line->text_length - 1] == ':';
}

static gboolean
is_believable(const struct split *split, guint last, gboolean certain)
{
	guint next;

	if (certain)
		return TRUE;
	next = next_text(split, last + 1);
	if (next < split->count && is_torn_verb(&split->lines[next]))
		return FALSE;
	return next < split->count &&
	       (is_marked(split, next) ||
		split->lines[next].quote_depth > split->lines[last].quote_depth);
}

/* Look at an unmarked line. @return the next line to look at. */
static guint
look_at(struct split *split, guint i, guint unlooked)
{
	const struct reply_line *line = &split->lines[i];
	enum reply_separator separator = reply_separator_kind(line);
	gboolean certain = FALSE;
	guint length, next;
	int first;

	if (separator != SEPARATOR_NONE && separator != SEPARATOR_RULE) {
		next = take_separator(split, i, separator);
		if (next > i)
			return next;
	}
	if (line->mark == HTML_MARK_HEADER)
		return take_marked_header(split, i);
	length = reply_header_block_length(split->lines, i, split->count);
	if (length > 0)
		return take_header_block(split, i, length);
	first = reply_attribution_find(split->lines, unlooked, i, &certain);
	if (first >= 0 && is_believable(split, i, certain))
		return take_attribution(split, first, i);
	return i + 1;
}

static void
find_quotes(struct split *split)
{
	guint unlooked = 0; /* first line an attribution may reach back to */
	guint next;

	for (guint i = 0; i < split->count; i = next) {
		next = i + 1;
		if (is_blank(split, i) && !is_marked(split, i))
			continue;
		if (is_marked(split, i) && !is_torn_verb(&split->lines[i])) {
			split->states[i] = LINE_QUOTED;
			unlooked = next;
			if (reply_separator_kind(&split->lines[i]) == SEPARATOR_REPLY_ABOVE)
				next = cut_rest(split, i);
			continue;
		}
		if (split->lines[i].mark == HTML_MARK_SIGNATURE) {
			split->states[i] = LINE_SIGNATURE;
			continue;
		}
		next = look_at(split, i, unlooked);
		if (split->states[i] == LINE_QUOTED || next > i + 1)
			unlooked = next;
		else if (is_marked(split, i) || is_torn_off(split, i))
			split->states[i] = LINE_QUOTED;
		else
			split->has_new = TRUE;
	}
}

/* Is the message one marked quote that begins with no attribution or header block? */
static gboolean
is_bare_quote(const struct split *split)
{
	guint first = next_text(split, 0);
	gboolean certain;

	for (guint i = 0; i < split->count; i++)
		if (!is_blank(split, i) && !is_marked(split, i))
			return FALSE;
	if (first >= split->count ||
	    reply_header_block_length(split->lines, first, split->count) > 0 ||
	    reply_separator_kind(&split->lines[first]) == SEPARATOR_REPLY_ABOVE)
		return FALSE;
	for (guint i = first; i < split->count && i < first + 4; i++)
		if (reply_attribution_find(split->lines, first, i, &certain) >= 0)
			return FALSE;
	return TRUE;
}

/* --- answers between the quotes of HTML --- */

static gboolean
is_sentence(const struct reply_line *line)
{
	guint spaces = 0;

	for (guint i = 0; i < line->text_length; i++)
		spaces += line->text[i] == ' ';
	return spaces >= 7 || (spaces >= 4 && strchr(".?!", line->text[line->text_length - 1]));
}

static gboolean
is_delimiter(const struct reply_line *line)
{
	return line->text_length == 2 && line->text[0] == '-' && line->text[1] == '-';
}

/* The "-- " above a marked signature belongs to it. */
static void
take_delimiters(struct split *split)
{
	for (guint i = 0; i < split->count; i++)
		if (split->states[i] == LINE_NEW && is_delimiter(&split->lines[i])) {
			guint next = next_text(split, i + 1);

			if (next < split->count && split->states[next] == LINE_SIGNATURE)
				set_state(split, i, next, LINE_SIGNATURE);
		}
}

static void
keep_answered_quotes(struct split *split)
{
	guint first = split->count, last = 0;
	gboolean quoted = FALSE;

	for (guint i = 0; i < split->count; i++) {
		const struct reply_line *line = &split->lines[i];

		if (is_blank(split, i))
			continue;
		if (split->states[i] == LINE_QUOTED)
			quoted |= first < split->count && line->quote_depth > 0;
		else if (split->states[i] != LINE_NEW)
			continue;
		else if (is_delimiter(line))
			break;
		else if (first == split->count)
			first = i;
		else if (quoted && is_sentence(line) &&
			 !signature_is_boilerplate(line->text, line->text_length))
			last = i;
	}
	if (last <= first)
		return;
	set_state(split, first, last + 1, LINE_NEW);
	split->below = split->text + split->covered - split->lines[last].begin;
}

/* --- the result --- */

static char *
strip_blank_lines(GString *text)
{
	const char *begin, *end = text->str + text->len, *p;
	char *stripped;

	begin = text->str;
	while (p = skip_blank(begin, end), p < end && (*p == '\n' || p > begin))
		begin = *p == '\n' ? p + 1 : p;
	while (end > begin && (end[-1] == '\n' || reply_line_trim(begin, end) < end))
		end = end[-1] == '\n' ? end - 1 : reply_line_trim(begin, end);
	stripped = g_strndup(begin, end - begin);
	g_string_free(text, TRUE);
	return stripped;
}

static char *
collect(const struct split *split, enum line_state state)
{
	GString *out = g_string_sized_new(256);
	const char *rest = split->text + split->covered;
	enum line_state previous = LINE_NEW, last = LINE_NEW;

	for (guint i = 0; i < split->count; i++) {
		const struct reply_line *line = &split->lines[i];
		enum line_state of = split->states[i];

		/* an empty line goes with what stands above it */
		if (is_blank(split, i) && of == LINE_NEW && previous != LINE_NEW)
			of = previous;
		if (of == state)
			g_string_append_len(out, line->begin, line->length + 1);
		else if (previous == state && out->len > 1 && out->str[out->len - 2] != '\n')
			g_string_append_c(out, '\n');
		previous = of;
		last = of;
	}
	/* a last line without line end was counted one too long */
	if (out->len > 0 && out->str[out->len - 1] == 0)
		g_string_truncate(out, out->len - 1);
	if (last == state && split->covered < split->length)
		g_string_append(out, rest);
	return strip_blank_lines(out);
}

/* The signature's text without its "-- " line. */
static char *
signature_text(const char *text)
{
	const char *line_end = strchr(text, '\n');
	const char *p = skip_blank(text, line_end ? line_end : text + strlen(text));

	if (strncmp(p, "--", 2) == 0 &&
	    skip_blank(p + 2, p + strlen(p)) == (line_end ? line_end : p + strlen(p)))
		text = line_end ? line_end + 1 : "";
	return strip_blank_lines(g_string_new(text));
}

static void
take_signature(const struct mail *mail, struct reply_text *result, const struct split *split)
{
	const struct mail_address *author = mail_author(mail);
	gsize length = strlen(result->new_text);
	gsize begin = signature_begin(result->new_text, length, author ? author->name : NULL,
				      author ? author->address : NULL);
	char *found;

	/* never from inside a quote that stays */
	if (begin >= length || (split->below > 0 && begin + split->below < length))
		return;
	found = signature_text(result->new_text + begin);
	/* mail clients mark the signatures of HTML mail: without marks and without any contact
	 * in it, a closing is part of what was written */
	if (split->is_html && !signature_has_contact(found, strlen(found))) {
		g_free(found);
		return;
	}
	if (*result->signature) {
		char *both = g_strconcat(found, "\n", result->signature, NULL);

		g_free(found);
		g_free(result->signature);
		found = both;
	} else
		g_free(result->signature);
	result->signature = found;
	result->new_text[begin] = 0;
	g_strchomp(result->new_text);
}

struct reply_text *
reply_split(const struct mail *mail, const struct html_text *html)
{
	struct reply_text *result = g_new0(struct reply_text, 1);
	struct split split = { .text = mail_shown_text(mail) };
	g_autofree char *marked = NULL;

	split.is_html = html && (!mail->text || !*mail->text);
	if (split.is_html)
		split.text = html->text;
	split.length = strlen(split.text);
	split_read_lines(&split, split.is_html ? html : NULL);
	mark_odd_runs(&split);
	if (!is_bare_quote(&split))
		find_quotes(&split);
	if (split.is_html) {
		take_delimiters(&split);
		keep_answered_quotes(&split);
	}
	result->new_text = collect(&split, LINE_NEW);
	result->quoted = collect(&split, LINE_QUOTED);
	marked = collect(&split, LINE_SIGNATURE);
	result->signature = signature_text(marked);
	result->truncated = mail->truncated || (split.is_html && html->truncated);
	take_signature(mail, result, &split);
	language_detect(result->new_text, strlen(result->new_text), result->language);
	g_free(split.lines);
	g_free(split.states);
	return result;
}

void
reply_text_free(struct reply_text *text)
{
	if (!text)
		return;
	g_free(text->new_text);
	g_free(text->quoted);
	g_free(text->signature);
	g_free(text);
}
