/* contact_block.c - see contact_block.h. */
#include "mail/contact_block.h"

#include <string.h>

#include "mail/name.h"
#include "mail/signature.h"
#include "mail/signature_words.h"

#define LONGEST_LINE 160 /* bytes; longer ones are prose or a disclaimer */
#define TAIL_LONGEST 80
#define TAIL_LINES 16

static const char *const trimmed[] = { " ",        "\t",          "*", "_", "|",
				       "·",        "•",           "-", "–", "—",
				       "\xc2\xa0", "=",           "~", ">", "\xe2\x80\x8b",
				       "\r",       "\xef\xbb\xbf" };

static gsize
trim_at(const char *text, gsize length, gboolean at_end)
{
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
	g_autofree char *lower = g_utf8_strdown(line->text, line->length);
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

/* From the end upwards over short lines. */
static const char *
tail_of(const char *text)
{
	const char *end = text + strlen(text), *from = end;

	for (guint lines = 0; from > text && lines < TAIL_LINES;) {
		const char *last = from[-1] == '\n' ? from - 1 : from;
		const char *begin = last > text ? memrchr(text, '\n', last - text) : NULL;
		struct contact_line line;

		begin = begin ? begin + 1 : text;
		line = trim(begin, last - begin);
		if (line.length > 0 && is_prose(&line))
			break;
		lines += line.length > 0;
		from = begin;
	}
	return from;
}

/* Short lines are a signature when they name the author or show how to reach them. */
static gboolean
is_contact(const struct contact_block *block, const char *tail, const char *name)
{
	gboolean named = FALSE;

	for (guint i = 0; i < block->count && name; i++)
		named |= name_looks_personal(block->line[i].text, block->line[i].length) &&
			 name_shares_word(block->line[i].text, block->line[i].length, name);
	return block->count >= 2 && (named || signature_has_contact(tail, strlen(tail)));
}

void
contact_block_find(const char *signature, const char *new_text, const char *name,
		   struct contact_block *ret)
{
	const char *tail;

	ret->count = 0;
	read_lines(signature, ret);
	if (ret->count > 0 || *new_text == '\0')
		return;
	tail = tail_of(new_text);
	read_lines(tail, ret);
	if (!is_contact(ret, tail, name))
		ret->count = 0;
}

static gsize
separator_at(const char *p, const char *end)
{
	static const char *const marks[] = { "|", "•", "·", "\t",   "¦", "   ",
					     "❘", "●", "◆", "／／", "┃" };

	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		gsize n = strlen(marks[i]);

		if ((gsize)(end - p) >= n && memcmp(p, marks[i], n) == 0)
			return n;
	}
	return 0;
}

gboolean
contact_line_next(const struct contact_line *line, guint *position, struct contact_line *ret)
{
	const char *end = line->text + line->length;

	while (*position < line->length) {
		const char *begin = line->text + *position, *p = begin;
		gsize n = 0;

		while (p < end && (n = separator_at(p, end)) == 0)
			p++;
		*position = p + n - line->text;
		*ret = trim(begin, p - begin);
		if (ret->length > 0)
			return TRUE;
	}
	return FALSE;
}
