/*
 * bounce_text.c - see bounce_text.h.
 *
 * A report is cut where the returned message begins, then split where a line begins with an
 * address: each such section is one recipient's.  The reason is that of the section of a dead
 * address if there is one, of the first section that gives any, else of the whole report.
 */
#include "mail/bounce_text.h"
#include "base/limits.h"

#include <string.h>

#define LONGEST_DIAGNOSTIC 500

struct section {
	const char *begin, *end;
	char *recipient;
	enum bounce_reason reason;
};

static const char *
line_end(const char *p)
{
	return p + strcspn(p, "\n");
}

static gboolean
starts_with(const char *line, const char *prefix)
{
	return !g_ascii_strncasecmp(line, prefix, strlen(prefix));
}

static gboolean
starts_with_any(const char *line, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (starts_with(line, *prefixes))
			return TRUE;
	return FALSE;
}

/* The line that announces the returned message, or its first header field. */
static gboolean
line_begins_returned(const char *line)
{
	static const char *const fields[] = { "Received: ",  "Received:from",   "Return-Path:",
					      "X-Received:", "DKIM-Signature:", NULL };
	static const char *const announcements[] = { "original message",
						     "below this line is a copy",
						     "below the next line is a copy",
						     "below is a copy",
						     "this is a copy of",
						     "the header of the original",
						     "returned message",
						     "message headers follow",
						     "message header follows",
						     "message text follows",
						     "unsent message",
						     "start of returned message",
						     "included is a copy",
						     "a copy of the original",
						     "copy of the original",
						     "copy of the message",
						     "copy of your message",
						     "here is a copy of",
						     "original mail",
						     "your message reads",
						     "the following is the original",
						     "headers of the original",
						     "original headers",
						     "mensaje original",
						     "message d'origine",
						     "ursprüngliche nachricht",
						     "исходное сообщение",
						     "messaggio originale",
						     "mensagem original",
						     "оригинал сообщения",
						     "原始邮件",
						     NULL };
	if (starts_with_any(line, fields))
		return TRUE;
	line += strspn(line, "-=|*_># \t");
	return starts_with_any(line, announcements);
}

static void
cut_report(struct bounce_text *text)
{
	const char *p = text->report;
	gboolean said = FALSE;
	for (guint lines = 0; *p && lines < LIMIT_LINES; lines++) {
		const char *line = p + strspn(p, " \t"), *end = line_end(p);
		if (said && line_begins_returned(line)) {
			text->returns_message = TRUE;
			break;
		}
		said = said || line < end;
		p = *end ? end + 1 : end;
	}
	text->report_length = p - text->report;
}

static gboolean
is_address(const char *token, gsize length)
{
	const char *at = memchr(token, '@', length);
	if (!at || at == token || length > LIMIT_ADDRESS)
		return FALSE;
	gsize domain = length - (at + 1 - token);
	return domain >= 3 && !memchr(at + 1, '@', domain) && memchr(at + 2, '.', domain - 1);
}

/* The next run of characters an address may have; FALSE at the end of the text. */
static gboolean
next_token(const char **p, const char *end, const char **ret_token, gsize *ret_length)
{
	static const char outside[] = " \t\r\n<>()[]{}\"'`:;,|*";
	while (*p < end && strchr(outside, **p))
		++*p;
	*ret_token = *p;
	while (*p < end && !strchr(outside, **p))
		++*p;
	*ret_length = *p - *ret_token;
	while (*ret_length && strchr(".?!", (*ret_token)[*ret_length - 1]))
		--*ret_length;
	return *p > *ret_token;
}

char *
bounce_text_find_address(const char *text, gsize length)
{
	const char *p = text, *end = text + length, *token;
	gsize token_length;
	while (next_token(&p, end, &token, &token_length))
		if (is_address(token, token_length))
			return g_strndup(token, token_length);
	return NULL;
}

static gboolean
is_among(const GPtrArray *addresses, const char *address)
{
	for (guint i = 0; i < addresses->len; i++) {
		const struct mail_address *one = addresses->pdata[i];
		if (!g_ascii_strcasecmp(one->address, address))
			return TRUE;
	}
	return FALSE;
}

/* The address with which a line begins, after a label of the kind "Recipient:". */
static char *
address_of_line(const struct mail *mail, const char *line, const char *end)
{
	static const char *const labels[] = { "recipient:",    "recipient address:",
					      "to:",           "address:",
					      "addressed to:", "final-recipient:",
					      "unknown user:", "undeliverable to",
					      "smtp:",         "rfc822;",
					      "pipe to",       NULL };
	const char *p = line + strspn(line, " \t>*<\"'[(-");
	if (g_ascii_isdigit(p[0]) && g_ascii_isdigit(p[1]) && g_ascii_isdigit(p[2]) && p[3] == ' ')
		p += 4 + strspn(p + 4, "<"); /* "550 <user@example.org>... User unknown" */
	for (const char *const *label = labels; *label; label++)
		if (starts_with(p, *label)) {
			p += strlen(*label);
			p += strspn(p, " \t<\"'[");
			if (starts_with(p, "smtp:") || starts_with(p, "rfc822;"))
				p += strcspn(p, ":;") + 1;
			break;
		}
	const char *token;
	gsize length;
	if (p >= end || !next_token(&p, end, &token, &length) || !is_address(token, length))
		return NULL;
	g_autofree char *address = g_strndup(token, length);
	/* The report is addressed to the sender, so that one isn't who failed. */
	return is_among(mail->to, address) || is_among(mail->from, address)
		       ? NULL
		       : g_steal_pointer(&address);
}

static void
section_clear(struct section *section)
{
	g_free(section->recipient);
}

static GArray *
split_sections(const struct mail *mail, const struct bounce_text *text)
{
	GArray *sections = g_array_new(FALSE, FALSE, sizeof(struct section));
	g_array_set_clear_func(sections, (GDestroyNotify)section_clear);
	const char *limit = text->report + text->report_length;
	for (const char *p = text->report; p < limit;) {
		const char *end = line_end(p);
		struct section *last =
			sections->len ? &g_array_index(sections, struct section, sections->len - 1)
				      : NULL;
		char *recipient =
			sections->len < LIMIT_DSN_RECIPIENTS ? address_of_line(mail, p, end) : NULL;
		if (recipient && last && !g_ascii_strcasecmp(last->recipient, recipient))
			g_clear_pointer(&recipient, g_free);
		if (recipient) {
			struct section section = { p, limit, recipient, BOUNCE_REASON_NONE };
			if (last)
				last->end = p;
			g_array_append_val(sections, section);
		}
		p = *end ? end + 1 : end;
	}
	return sections;
}

/* The words after the address, on one line. */
static char *
diagnostic_of(const struct section *section)
{
	const char *p = memmem(section->begin, section->end - section->begin, section->recipient,
			       strlen(section->recipient));
	p = p ? p + strlen(section->recipient) : section->begin;
	p += strspn(p, ">\"':;,.]) \t\r\n");
	if (p >= section->end)
		return NULL;
	gsize length = MIN((gsize)(section->end - p), LONGEST_DIAGNOSTIC);
	const char *paragraph = memmem(p, length, "\n\n", 2);
	g_autofree char *words = g_strndup(p, paragraph ? (gsize)(paragraph - p) : length);
	g_strdelimit(words, "\r\n\t", ' ');
	g_strstrip(words);
	return *words ? g_utf8_make_valid(words, -1) : NULL;
}

static const struct section *
choose_section(GArray *sections)
{
	struct section *first = NULL;
	for (guint i = 0; i < sections->len; i++) {
		struct section *section = &g_array_index(sections, struct section, i);
		section->reason =
			bounce_reason_of_text(section->begin, section->end - section->begin);
		if (bounce_reason_is_permanent(section->reason))
			return section;
		if (!first || (section->reason && !first->reason))
			first = section;
	}
	return first;
}

static const char *
find_word(const struct bounce_text *text, const char *from, const char *word)
{
	const char *found = strcasestr(from, word);
	return found && found < text->report + text->report_length ? found : NULL;
}

/*
 * A user who is unknown only once the message was transferred is one a filter hides.  Sendmail
 * pipelines, so an answer it prints below DATA may be that to RCPT; "Service unavailable" is its
 * own word for a refused DATA.
 */
static gboolean
refused_after_data(const struct bounce_text *text)
{
	static const char *const words[] = { "end of data", "[DATA]", "SMTP command\nDATA",
					     "failed after I sent the message", NULL };
	for (const char *const *word = words; *word; word++)
		if (find_word(text, text->report, *word))
			return TRUE;
	const char *data = find_word(text, text->report, ">>> DATA");
	return data && find_word(text, data, "Service unavailable");
}

static gboolean
is_warning(const struct mail *mail, const struct bounce_text *text)
{
	static const char *const words[] = { "has been delayed",
					     "not yet been delivered",
					     "warning message only",
					     "this is a warning only",
					     "will be retried",
					     "still being retried",
					     "delivery attempts will continue",
					     "do not need to resend",
					     "is delayed for",
					     "message is delayed",
					     "will keep trying",
					     "will continue to try",
					     "only a temporary",
					     "wird weiterhin versucht",
					     "verzögert",
					     "sera retenté",
					     "a été retardé",
					     "se ha retrasado",
					     "ritardo",
					     "попытки доставки будут",
					     NULL };
	static const char *const subjects[] = { "delayed", "(delay)", "warning: could not send",
						"still being retried", NULL };
	for (const char *const *word = subjects; *word; word++)
		if (strcasestr(mail->subject, *word))
			return TRUE;
	for (const char *const *word = words; *word; word++)
		if (find_word(text, text->report, *word))
			return TRUE;
	return FALSE;
}

/* Where no line begins with an address: the first one that isn't of those who correspond. */
static char *
any_recipient(const struct mail *mail, const struct bounce_text *text)
{
	const char *p = text->report, *limit = text->report + text->report_length, *token;
	gsize length;
	guint tried = 0;
	while (tried < LIMIT_DSN_RECIPIENTS && next_token(&p, limit, &token, &length)) {
		if (!is_address(token, length))
			continue;
		tried++;
		g_autofree char *address = g_strndup(token, length);
		if (!is_among(mail->to, address) && !is_among(mail->from, address) &&
		    g_ascii_strncasecmp(address, "postmaster@", 11) &&
		    g_ascii_strncasecmp(address, "support@", 8))
			return g_steal_pointer(&address);
	}
	return NULL;
}

/* "Message-ID: <...>" below the report. */
static char *
original_message_id(const struct bounce_text *text)
{
	const char *p = text->report + text->report_length;
	for (guint lines = 0; *p && lines < LIMIT_LINES; lines++) {
		const char *end = line_end(p), *line = p + strspn(p, " \t>");
		if (starts_with(line, "message-id:")) {
			const char *open = memchr(line, '<', end - line);
			const char *close = open ? memchr(open, '>', end - open) : NULL;
			if (close && close - open - 1 <= LIMIT_MESSAGE_ID)
				return g_strndup(open + 1, close - open - 1);
		}
		p = *end ? end + 1 : end;
	}
	return NULL;
}

struct bounce_text *
bounce_text_read(const struct mail *mail)
{
	struct bounce_text *text = g_new0(struct bounce_text, 1);
	text->report = mail_shown_text(mail);
	cut_report(text);
	text->delayed = is_warning(mail, text);
	text->after_data = refused_after_data(text);
	text->at_recipient = find_word(text, text->report, "RCPT") ||
			     find_word(text, text->report, "does not like recipient");
	g_autoptr(GArray) sections = split_sections(mail, text);
	const struct section *section = choose_section(sections);
	if (section) {
		text->recipient = g_strdup(section->recipient);
		text->reason = section->reason;
		text->diagnostic = diagnostic_of(section);
		text->status = bounce_find_status(section->begin, section->end - section->begin);
	}
	if (!text->recipient)
		text->recipient = any_recipient(mail, text);
	if (!text->reason)
		text->reason = bounce_reason_of_text(text->report, text->report_length);
	if (!text->status)
		text->status = bounce_find_status(text->report, text->report_length);
	text->original_message_id = original_message_id(text);
	return text;
}

void
bounce_text_free(struct bounce_text *text)
{
	if (!text)
		return;
	g_free(text->recipient);
	g_free(text->diagnostic);
	g_free(text->status);
	g_free(text->original_message_id);
	g_free(text);
}
