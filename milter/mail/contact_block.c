/* contact_block.c - see contact_block.h. */
#include "mail/contact_block.h"

#include <string.h>

#include "mail/fold.h"
#include "mail/name.h"
#include "mail/phone_scan.h"
#include "mail/signature.h"
#include "mail/signature_words.h"

#define LONGEST_LINE 160 /* bytes; longer ones are prose or a disclaimer */
#define TAIL_LONGEST 80
#define TAIL_LINES 16
#define ABOVE_LINES 4 /* of a signature told apart too late */

static const char *const trimmed[] = { " ",        "\t",          "*", "_", "|",
				       "·",        "•",           "-", "–", "—",
				       "\xc2\xa0", "=",           "~", ">", "\xe2\x80\x8b",
				       "\r",       "\xef\xbb\xbf" };

static gsize
trim_at(const char *text, gsize length, gboolean at_end)
{
	if (length == 0 || g_ascii_isalnum(text[at_end ? length - 1 : 0]))
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(trimmed); i++) {
		gsize n = strlen(trimmed[i]);

		if (length >= n && memcmp(at_end ? text + length - n : text, trimmed[i], n) == 0)
			return n;
	}
	return 0;
}

static struct contact_line
trim(const char *text, gsize length)
{
	gsize n;

	while ((n = trim_at(text, length, FALSE)) > 0) {
		text += n;
		length -= n;
	}
	while ((n = trim_at(text, length, TRUE)) > 0)
		length -= n;
	return (struct contact_line){ text, length };
}

/* "Sent from my …", "Kind regards,": nothing about anybody. */
static gboolean
is_program_line(const struct contact_line *line)
{
	g_autofree char *lower = fold_lower(line->text, line->length);
	gsize closing;

	if (signature_words_sent_from(lower))
		return TRUE;
	closing = signature_words_closing(lower);
	return closing > 0 && strspn(lower + closing, " ,.!:)") == strlen(lower + closing);
}

static void
add_line(struct contact_block *block, struct contact_line line)
{
	if (line.length == 0 || line.length > LONGEST_LINE || block->count == CONTACT_BLOCK_LINES)
		return;
	if (signature_is_boilerplate(line.text, line.length) || is_program_line(&line))
		return;
	block->line[block->count++] = line;
}

static void
read_lines(const char *text, struct contact_block *block)
{
	for (const char *p = text; *p && block->count < CONTACT_BLOCK_LINES;) {
		gsize n = strcspn(p, "\n");

		add_line(block, trim(p, n));
		p += n + (p[n] != '\0');
	}
}

/* "We need forty of them by May." */
static gboolean
is_prose(const struct contact_line *line)
{
	guint words = 0;
	char last = line->text[line->length - 1];

	for (guint i = 0; i < line->length; i++)
		words += line->text[i] == ' ';
	if (line->length > TAIL_LONGEST || last == '?' || last == '!' || last == ':')
		return TRUE;
	if (memchr(line->text, '@', line->length) || g_strstr_len(line->text, line->length, "://"))
		return words > 6;
	return words > 9 || (last == '.' && words > 4);
}

/* The line that ends before `end`, which follows a line end or is the text's; trimmed. */
static struct contact_line
line_before(const char *text, const char *end, const char **ret_begin)
{
	const char *last = end > text && end[-1] == '\n' ? end - 1 : end;
	const char *begin = last > text ? memrchr(text, '\n', last - text) : NULL;

	*ret_begin = begin ? begin + 1 : text;
	return trim(*ret_begin, last - *ret_begin);
}

static gboolean
is_author(const struct contact_line *line, const char *name)
{
	return name && name_looks_personal(line->text, line->length) &&
	       name_shares_word(line->text, line->length, name);
}

/* Below a line of prose, what follows without an empty line is prose too, but for the name. */
static const char *
end_of_paragraph(const char *p, const char *name)
{
	while (*p) {
		gsize n = strcspn(p, "\n");
		struct contact_line line = trim(p, n);

		if (line.length == 0 || is_author(&line, name))
			break;
		p += n + (p[n] != '\0');
	}
	return p;
}

/* From the end upwards over short lines. */
static const char *
tail_of(const char *text, const char *name)
{
	const char *from = text + strlen(text), *begin;

	for (guint lines = 0; from > text && lines < TAIL_LINES; from = begin) {
		struct contact_line line = line_before(text, from, &begin);

		if (line.length > 0 && is_prose(&line))
			return end_of_paragraph(from, name);
		lines += line.length > 0;
	}
	return from;
}

/* "Ana Berg - 713-555-0142". */
static gboolean
is_name_and_number(const struct contact_line *line)
{
	guint n = 0;

	while (n < line->length && !g_ascii_isdigit(line->text[n]))
		n++;
	while (n > 0 && strchr(" -(+:,", line->text[n - 1]))
		n--;
	return n < line->length && memchr(line->text, ' ', n) && name_looks_personal(line->text, n);
}

static gboolean
has_number(const struct contact_block *block)
{
	struct phone_candidate candidate;

	for (guint i = 0; i < block->count; i++)
		if (phone_scan_worthwhile(block->line[i].text, block->line[i].length) &&
		    phone_scan(block->line[i].text, block->line[i].length, &candidate, 1) > 0)
			return TRUE;
	return FALSE;
}

/* Short lines are a signature when they name the author or show how to reach them. */
static gboolean
is_contact(const struct contact_block *block, const char *tail, const char *name)
{
	gboolean named = FALSE;

	for (guint i = 0; i < block->count; i++)
		named |= is_author(&block->line[i], name);
	if (block->count < 2)
		return block->count == 1 && is_name_and_number(&block->line[0]);
	return named || memchr(tail, '@', strlen(tail)) || has_number(block);
}

/* All of the text is a few short lines: the company above the name, the name above the rest. */
static gboolean
is_all_short(const char *text)
{
	const char *from = text + strlen(text), *begin;

	for (guint lines = 0; from > text; from = begin) {
		struct contact_line line = line_before(text, from, &begin);

		if (line.length == 0 || is_prose(&line) || ++lines > ABOVE_LINES)
			return FALSE;
	}
	return TRUE;
}

void
contact_block_find(const char *signature, const char *new_text, const char *name,
		   struct contact_block *ret)
{
	const char *tail;

	ret->count = 0;
	if (*signature && is_all_short(new_text))
		read_lines(new_text, ret);
	read_lines(signature, ret);
	if (ret->count > 0 || *new_text == '\0')
		return;
	tail = tail_of(new_text, name);
	read_lines(tail, ret);
	if (!is_contact(ret, tail, name))
		ret->count = 0;
}

static gsize
separator_at(const char *p, const char *end)
{
	static const char *const marks[] = { "|", "•", "·", "\t",   "¦", "   ",
					     "❘", "●", "◆", "／／", "┃" };

	if (g_ascii_isalnum(*p))
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		gsize n = strlen(marks[i]);

		if ((gsize)(end - p) >= n && memcmp(p, marks[i], n) == 0)
			return n;
	}
	return 0;
}

/* "Fax:   123" is one: a gap after a label parts nothing. */
static const char *
after_label(const char *p, const char *end)
{
	if (p[-1] == ':')
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
	return p;
}

gboolean
contact_line_next(const struct contact_line *line, guint *position, struct contact_line *ret)
{
	const char *end = line->text + line->length;

	while (*position < line->length) {
		const char *begin = line->text + *position, *p = begin;
		gsize n = 0;

		while (p < end && (n = separator_at(p, end)) == 0)
			p = after_label(p + 1, end);
		*position = p + n - line->text;
		*ret = trim(begin, p - begin);
		if (ret->length > 0)
			return TRUE;
	}
	return FALSE;
}
