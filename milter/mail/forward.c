/*
 * forward.c - see forward.h.
 *
 * Replies quote what forwards forward, in the same words.  What decides is the first head of a
 * quoted message in the text:
 *
 * - a line that says "forwarded" (forward_marks.c) with a sender below it: a forward,
 * - "-----Original Message-----" or a bare header block: a forward if the subject says so,
 * - "On … X wrote:": a forward if the subject says so and what follows is not marked as quoted
 *   (Outlook for Mac),
 * - whatever stands further down belongs to the message that was answered or forwarded.
 *
 * Of forwards in forwards the outermost is the one somebody decided to pass on.  A message
 * attached whole counts where nothing in the text does, unless a machine attached it.
 */
#include "mail/forward.h"

#include <string.h>

#include "base/limits.h"
#include "mail/facts.h"
#include "mail/forward_marks.h"
#include "mail/forward_original.h"
#include "mail/reply_line.h"

#define HEAD_DISTANCE 6 /* lines between a mark and what it announces */
#define HEAD_LINES 24 /* of a header block with unknown labels */

struct text {
	const struct mail *mail;
	const char *end;
	struct reply_line *lines;
	guint count;
	enum subject_kind subject;
	gint64 reference; /* when the forward was written */
};

/* Where the original's head stands. */
struct head {
	guint first; /* its first line: a mark, or that of the block */
	guint block, block_lines; /* header block, 0 lines when there is none */
	const char *rest; /* header block behind a mark on the same line, or NULL */
	guint body; /* the first line of the original's text */
};

/* --- lines --- */

static guint
count_lines(const char *p, const char *end)
{
	guint count = 0;
	for (; p < end && count < LIMIT_LINES; count++) {
		const char *newline = memchr(p, '\n', end - p);
		p = newline ? newline + 1 : end;
	}
	return count;
}

static void
text_read(struct text *text, const char *begin)
{
	text->end = begin + strlen(begin);
	text->count = count_lines(begin, text->end);
	text->lines = g_new0(struct reply_line, text->count + 1);
	for (guint i = 0; i < text->count; i++) {
		const char *newline = memchr(begin, '\n', text->end - begin);
		reply_line_read(&text->lines[i], begin, newline ? newline : text->end);
		begin = newline ? newline + 1 : text->end;
	}
}

static guint
skip_empty(const struct text *text, guint i)
{
	while (i < text->count && text->lines[i].text_length == 0)
		i++;
	return i;
}

/* Does any line name a forward, or announce a message?  Nothing is allocated for the many mails
 * without. */
static gboolean
has_mark(const char *begin, gboolean plain)
{
	const char *end = begin + strlen(begin), *rest;
	for (guint n = 0; begin < end && n < LIMIT_LINES; n++) {
		const char *newline = memchr(begin, '\n', end - begin);
		struct reply_line line = { 0 };
		reply_line_read(&line, begin, newline ? newline : end);
		if (forward_mark_kind(&line, &rest) != FORWARD_MARK_NONE ||
		    (plain && reply_separator_kind(&line) == SEPARATOR_ORIGINAL))
			return TRUE;
		begin = newline ? newline + 1 : end;
	}
	return FALSE;
}

/* --- heads --- */

static gboolean
has_address(const struct reply_line *line)
{
	return memchr(line->text, '@', line->text_length) != NULL;
}

/* Below a mark: labels nobody told us of, or an attribution; the first address is the sender's. */
static gboolean
find_unknown_head(const struct text *text, struct head *head, guint first)
{
	guint end = MIN(text->count, first + HEAD_LINES), last = first;
	if (first >= end || !has_address(&text->lines[first])) {
		for (guint i = first; i < MIN(end, first + HEAD_DISTANCE); i++) {
			if (!text->lines[i].text_length)
				break;
			if (has_address(&text->lines[i]))
				last = i;
		}
		if (last == first)
			return FALSE;
	}
	while (last < end && text->lines[last].text_length)
		last++;
	head->block = first;
	head->block_lines = last - first;
	head->body = last;
	return TRUE;
}

/* The header block below a mark, behind at most a few lines. */
static gboolean
find_announced_head(const struct text *text, struct head *head)
{
	guint first = skip_empty(text, head->first + 1);
	for (guint i = first; i < MIN(text->count, first + HEAD_DISTANCE); i++) {
		guint length = reply_header_block_length(text->lines, i, text->count);
		if (!length)
			continue;
		head->block = i;
		head->block_lines = length;
		head->body = i + length;
		return TRUE;
	}
	return find_unknown_head(text, head, first);
}

/* A line that says "forwarded" at `i`, with a sender. */
static gboolean
is_marked_head(const struct text *text, guint i, struct head *head)
{
	const char *rest = NULL;
	enum forward_mark mark = forward_mark_kind(&text->lines[i], &rest);
	if (mark == FORWARD_MARK_NONE)
		return FALSE;
	*head = (struct head){ .first = i, .body = i + 1 };
	if (rest && memchr(rest, '@', text->lines[i].text + text->lines[i].text_length - rest)) {
		head->rest = rest;
		return TRUE;
	}
	if (!find_announced_head(text, head))
		return FALSE;
	return mark == FORWARD_MARK_SEPARATOR ||
	       reply_header_block_length(text->lines, head->block, text->count) > 0;
}

/* A header block at `i`, or below a separator there. */
static gboolean
is_block_head(const struct text *text, guint i, struct head *head)
{
	enum reply_separator separator = reply_separator_kind(&text->lines[i]);
	guint block = i, length;
	if (separator != SEPARATOR_NONE)
		block = skip_empty(text, i + 1);
	length = block < text->count ? reply_header_block_length(text->lines, block, text->count)
				     : 0;
	if (!length)
		return FALSE;
	*head = (struct head){
		.first = i, .block = block, .block_lines = length, .body = block + length
	};
	return TRUE;
}

/* An attribution that ends at `i`. */
static gboolean
is_attribution_head(const struct text *text, guint i, guint floor, struct head *head)
{
	gboolean certain = FALSE;
	int first = reply_attribution_find(text->lines, floor, i, &certain);
	if (first < 0)
		return FALSE;
	*head = (struct head){
		.first = first, .block = first, .block_lines = i + 1 - first, .body = i + 1
	};
	return TRUE;
}

static gboolean
list_has(const GPtrArray *list, const char *address)
{
	for (guint i = 0; i < list->len; i++) {
		const struct mail_address *entry = g_ptr_array_index(list, i);
		if (!g_ascii_strcasecmp(entry->address, address))
			return TRUE;
	}
	return FALSE;
}

/* Nothing calls the message a reply, and it goes to others than the one quoted: sent on. */
static gboolean
is_sent_on(const struct text *text, const struct head *head)
{
	const struct mail *mail = text->mail;
	struct forward *quoted = g_new0(struct forward, 1);
	gboolean sent_on = FALSE;
	if (!mail->in_reply_to->len && !mail->references->len) {
		forward_original_read_block(quoted, text->lines + head->block, head->block_lines,
					    text->reference);
		sent_on = quoted->address && quoted->subject &&
			  !list_has(mail->to, quoted->address) &&
			  !list_has(mail->cc, quoted->address) &&
			  !list_has(mail->from, quoted->address);
	}
	forward_free(quoted);
	return sent_on;
}

/* Danish and Norwegian forwards say "VS:" as Finnish replies do; the block tells. */
static gboolean
subject_says_forward(const struct text *text, const struct head *head)
{
	if (text->subject != SUBJECT_EITHER)
		return text->subject == SUBJECT_FORWARD;
	for (guint i = head->block; i < head->block + head->block_lines; i++)
		if (!g_ascii_strncasecmp(text->lines[i].text, "fra:", 4))
			return TRUE;
	return FALSE;
}

/* The text below an attribution carries no quote marks though the attribution is the author's. */
static gboolean
is_unmarked_below(const struct text *text, const struct head *head)
{
	guint next = skip_empty(text, head->body);
	gboolean has_sender = FALSE;
	for (guint i = head->block; i < head->body; i++)
		has_sender = has_sender || has_address(&text->lines[i]);
	return has_sender && next < text->count &&
	       text->lines[next].depth <= text->lines[head->first].depth;
}

/* The first head of a quoted message. @return whether it is a forward's */
static gboolean
find_head(const struct text *text, struct head *head)
{
	guint floor = 0;
	for (guint i = 0; i < text->count; i++) {
		const struct reply_line *line = &text->lines[i];
		if (!line->text_length)
			continue;
		if (is_marked_head(text, i, head))
			return text->subject != SUBJECT_REPLY || line->depth == 0;
		if (is_block_head(text, i, head))
			return subject_says_forward(text, head) ||
			       (text->subject == SUBJECT_PLAIN && is_sent_on(text, head));
		if (is_attribution_head(text, i, floor, head))
			return subject_says_forward(text, head) && is_unmarked_below(text, head);
		if (line->depth)
			floor = i + 1;
	}
	return FALSE;
}

/* --- the result --- */

static char *
trim(GString *text)
{
	char *begin = text->str;
	for (char *p = begin; *p && g_ascii_isspace(*p); p++)
		if (*p == '\n')
			begin = p + 1;
	char *result = g_strdup(begin);
	g_string_free(text, TRUE);
	return g_strchomp(result);
}

/* Lines as they are, without one level of quote marks when the first carries one. */
static char *
collect(const struct text *text, guint first, guint end, gboolean unquote)
{
	GString *out = g_string_new(NULL);
	for (guint i = first; i < end; i++) {
		const struct reply_line *line = &text->lines[i];
		const char *p = line->begin, *stop = p + line->length;
		const char *mark = unquote && line->depth ? memchr(p, '>', line->length) : NULL;
		if (mark)
			p = mark + 1 + (mark + 1 < stop && mark[1] == ' ');
		g_string_append_len(out, p, stop - p);
		g_string_append_c(out, '\n');
	}
	if (end == text->count && end > 0) {
		const struct reply_line *last = &text->lines[end - 1];
		const char *rest = last->begin + last->length;
		g_string_append(out, rest); /* beyond LIMIT_LINES */
	}
	return trim(out);
}

/* Some clients close the head, most the message, with a line like the first. */
static char *
collect_body(const struct text *text, const struct head *head)
{
	const char *rest;
	guint first = skip_empty(text, head->body), end = text->count;
	if (first < end && forward_mark_kind(&text->lines[first], &rest) == FORWARD_MARK_SEPARATOR)
		first = skip_empty(text, first + 1);
	gboolean unquote = first < end && text->lines[first].depth > 0;
	guint last = end;
	while (last > first && !text->lines[last - 1].text_length)
		last--;
	if (last > first && forward_mark_is_end(&text->lines[last - 1]))
		end = last - 1;
	return collect(text, first, end, unquote);
}

static struct forward *
forward_new(const struct mail *mail)
{
	struct forward *forward = g_new0(struct forward, 1);
	const struct mail_address *author = mail_author(mail);
	forward->by = author ? g_strdup(author->address) : NULL;
	return forward;
}

/* An attribution, or lines with labels nobody told us of: the first address. */
static void
read_unlabelled(struct forward *forward, const struct text *text, const struct head *head)
{
	const struct reply_line *first = &text->lines[head->block];
	const struct reply_line *last = first + head->block_lines - 1;
	const char *end = last->text + last->text_length;
	forward->date = forward_original_read_date(first->text, end - first->text, text->reference);
	forward_original_read_attribution(forward, first->text, end - first->text);
}

/* A head without a subject: the forward's own, without "Fwd:". */
static char *
subject_behind_prefix(const char *subject)
{
	gsize ascii = strcspn(subject, ":");
	const char *wide = strstr(subject, "：");
	const char *p = wide && (gsize)(wide - subject) < ascii
				? wide + strlen("：")
				: subject + ascii + (subject[ascii] != 0);
	p += strspn(p, " \t");
	return *p ? g_strdup(p) : NULL;
}

static struct forward *
read_forward(const struct mail *mail, const struct text *text, const struct head *head)
{
	struct forward *forward = forward_new(mail);
	const struct reply_line *line = &text->lines[head->first];
	if (head->rest)
		forward_original_read_inline(forward, head->rest,
					     line->text + line->text_length - head->rest,
					     text->reference);
	else
		forward_original_read_block(forward, text->lines + head->block, head->block_lines,
					    text->reference);
	if (!head->rest && !forward->name && !forward->address)
		read_unlabelled(forward, text, head);
	if (!forward->subject && text->subject == SUBJECT_FORWARD && *mail->subject != '[')
		forward->subject = subject_behind_prefix(mail->subject);
	forward->note = collect(text, 0, head->first, FALSE);
	forward->text = collect_body(text, head);
	return forward;
}

static struct forward *
detect_inline(const struct mail *mail)
{
	const char *shown = mail_shown_text(mail);
	struct text text = { .mail = mail,
			     .subject = subject_get_kind(mail->subject),
			     .reference = mail->date };
	struct head head;
	struct forward *forward = NULL;
	if (text.subject != SUBJECT_FORWARD && text.subject != SUBJECT_EITHER &&
	    !has_mark(shown, text.subject == SUBJECT_PLAIN))
		return NULL;
	text_read(&text, shown);
	if (find_head(&text, &head))
		forward = read_forward(mail, &text, &head);
	g_free(text.lines);
	return forward;
}

/* Daemons attach what they could not deliver. */
static gboolean
is_from_daemon(const struct mail *mail)
{
	static const char *const names[] = { "mailer-daemon", "postmaster", "mdaemon" };
	const struct mail_address *author = mail_author(mail);
	for (gsize i = 0; author && i < G_N_ELEMENTS(names); i++)
		if (!g_ascii_strncasecmp(author->address, names[i], strlen(names[i])))
			return TRUE;
	return !author;
}

static struct forward *
detect_attached(const struct mail *mail)
{
	const struct mail *original = mail->embedded;
	const struct mail_address *author = original ? mail_author(original) : NULL;
	if (!author || mail->embedded_is_report || mail->report_type || mail->feedback ||
	    is_from_daemon(mail) || subject_get_kind(mail->subject) == SUBJECT_REPLY)
		return NULL;
	struct forward *forward = forward_new(mail);
	forward->name = g_strdup(author->name);
	forward->address = g_strdup(author->address);
	forward->date = original->date;
	forward->subject = *original->subject ? g_strdup(original->subject) : NULL;
	forward->text = g_strdup(mail_shown_text(original));
	forward->note = g_strdup(mail_shown_text(mail));
	return forward;
}

struct forward *
forward_detect(const struct mail *mail)
{
	struct forward *forward = detect_inline(mail);
	return forward ? forward : detect_attached(mail);
}

void
forward_free(struct forward *forward)
{
	if (!forward)
		return;
	g_free(forward->by);
	g_free(forward->name);
	g_free(forward->address);
	g_free(forward->subject);
	g_free(forward->text);
	g_free(forward->note);
	g_free(forward);
}
