/*
 * signals_mail.c - signals of the message itself: kind, sender, text, content, source.
 *
 * To add a signal, add a row; its name, type and meaning appear in `leadctl signals`, conditions
 * may use it, the test of the table checks it.  The derived values here are small pure functions of
 * the input; they must accept an input in which everything is missing.  Any thread.
 */
#include "lead/signals_table.h"

#include <string.h>

#include "base/clock.h"
#include "mail/address.h"

static const char *const DIRECTIONS[] = { "inbound", "outbound", "internal", NULL };
static const char *const KINDS[] = { "complaint", "bounce",      "challenge",  "auto_reply",
				     "calendar",  "list",        "newsletter", "notification",
				     "forward",   "human_reply", "human",      "empty",
				     NULL };
static const char *const AUTH_RESULTS[] = { "none",      "pass",      "fail",
					    "softfail",  "neutral",   "policy",
					    "temperror", "permerror", NULL };
static const char *const WEEKDAYS[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };
static const char *const BOUNCES[] = { "permanent", "temporary", "delayed", "delivered", NULL };
static const char *const RESPONSES[] = { "invitation", "accepted",  "declined",
					 "tentative",  "cancelled", NULL };

/* --- message --- */

static struct value
get_kind(const struct signal_input *input)
{
	return input->facts != NULL && input->facts->kind != NULL
		       ? choice(input->facts->kind->kind, KINDS)
		       : UNKNOWN;
}

/* That nothing marks it as made by a machine is no evidence of anything. */
static char *
kind_evidence(const struct signal_input *input)
{
	const struct kind *kind = input->facts != NULL ? input->facts->kind : NULL;

	return kind != NULL && kind->kind != KIND_HUMAN ? g_strdup(kind->evidence) : NULL;
}

static struct value
get_human(const struct signal_input *input)
{
	return input->facts != NULL && input->facts->kind != NULL
		       ? number(kind_is_human(input->facts->kind->kind))
		       : UNKNOWN;
}

static struct value
get_direction(const struct signal_input *input)
{
	return input->facts != NULL ? choice(input->facts->direction, DIRECTIONS) : UNKNOWN;
}

static struct value
get_bounce(const struct signal_input *input)
{
	const struct kind *kind = input->facts != NULL ? input->facts->kind : NULL;

	return kind != NULL && kind->bounce != NULL ? choice(kind->bounce->class, BOUNCES)
						    : UNKNOWN;
}

static char *
bounce_evidence(const struct signal_input *input)
{
	const struct kind *kind = input->facts != NULL ? input->facts->kind : NULL;
	const struct bounce *bounce = kind != NULL ? kind->bounce : NULL;

	if (bounce == NULL)
		return NULL;
	return g_strdup_printf("%s %s", bounce->status != NULL ? bounce->status : "",
			       bounce->diagnostic != NULL ? bounce->diagnostic : "");
}

static struct value
get_calendar(const struct signal_input *input)
{
	const struct kind *kind = input->facts != NULL ? input->facts->kind : NULL;

	return kind != NULL && kind->calendar != NULL
		       ? named_choice(kind->calendar->response, RESPONSES)
		       : UNKNOWN;
}

/* The sender's own clock when the Date field shows one. */
static gint64
local_seconds(const struct signal_input *input)
{
	const struct mail *mail = input->facts != NULL ? input->facts->mail : NULL;

	if (mail == NULL || mail->date <= 0)
		return -1;
	return mail->date / CLOCK_SECOND + mail->date_offset;
}

static struct value
get_hour(const struct signal_input *input)
{
	gint64 seconds = local_seconds(input);

	return seconds >= 0 ? number((double)(seconds % 86400 / 3600)) : UNKNOWN;
}

static struct value
get_weekday(const struct signal_input *input)
{
	gint64 seconds = local_seconds(input);

	/* The epoch was a Thursday. */
	return seconds >= 0 ? number((double)((seconds / 86400 + 3) % 7)) : UNKNOWN;
}

static struct value
array_length(const GPtrArray *array)
{
	return array != NULL ? number(array->len) : UNKNOWN;
}

static struct value
get_recipients(const struct signal_input *input)
{
	return input->facts != NULL ? array_length(input->facts->recipients) : UNKNOWN;
}

static guint
count_colleagues(const GPtrArray *addresses, const char *self, const char *domain)
{
	guint count = 0;
	gsize length = strlen(domain);

	for (guint i = 0; addresses != NULL && i < addresses->len; i++) {
		const struct mail_address *address = addresses->pdata[i];
		const char *host = address_domain(address->address);
		gsize host_length = host != NULL ? strlen(host) : 0;

		if (host_length < length ||
		    g_ascii_strcasecmp(host + host_length - length, domain) != 0)
			continue;
		if (host_length > length && host[host_length - length - 1] != '.')
			continue;
		count += self == NULL || g_ascii_strcasecmp(address->address, self) != 0;
	}
	return count;
}

static struct value
get_cc_colleagues(const struct signal_input *input)
{
	const struct facts *facts = input->facts;
	const struct sender *sender = facts != NULL ? &facts->person_sender : NULL;

	if (sender == NULL || facts->mail == NULL || sender->org_domain == NULL ||
	    sender->freemail || sender->own)
		return number(0);
	return number(count_colleagues(facts->mail->to, sender->address, sender->org_domain) +
		      count_colleagues(facts->mail->cc, sender->address, sender->org_domain));
}

/* --- sender --- */

static char *
domain_evidence(const struct signal_input *input)
{
	return input->facts != NULL ? g_strdup(input->facts->person_sender.domain) : NULL;
}

static char *
address_evidence(const struct signal_input *input)
{
	return input->facts != NULL ? g_strdup(input->facts->person_sender.address) : NULL;
}

static char *
auth_evidence(const struct signal_input *input)
{
	const struct sender *sender = input->facts != NULL ? &input->facts->sender : NULL;

	if (sender == NULL)
		return NULL;
	return g_strdup_printf("spf=%s dkim=%s dmarc=%s", AUTH_RESULTS[MIN(sender->auth.spf, 7u)],
			       AUTH_RESULTS[MIN(sender->auth.dkim, 7u)],
			       AUTH_RESULTS[MIN(sender->auth.dmarc, 7u)]);
}

static struct value
get_spf(const struct signal_input *input)
{
	return input->facts != NULL ? choice(input->facts->sender.auth.spf, AUTH_RESULTS) : UNKNOWN;
}

static struct value
get_dkim(const struct signal_input *input)
{
	return input->facts != NULL ? choice(input->facts->sender.auth.dkim, AUTH_RESULTS)
				    : UNKNOWN;
}

static struct value
get_dmarc(const struct signal_input *input)
{
	return input->facts != NULL ? choice(input->facts->sender.auth.dmarc, AUTH_RESULTS)
				    : UNKNOWN;
}

static struct value
get_auth_seen(const struct signal_input *input)
{
	return input->facts != NULL ? number(input->facts->sender.auth.seen) : UNKNOWN;
}

static struct value
get_tld(const struct signal_input *input)
{
	const char *domain = input->facts != NULL ? input->facts->person_sender.domain : NULL;
	const char *dot = domain != NULL ? strrchr(domain, '.') : NULL;

	return dot != NULL ? text(dot + 1) : UNKNOWN;
}

/* --- text and content --- */

static struct value
get_language(const struct signal_input *input)
{
	if (input->facts != NULL && input->facts->text != NULL &&
	    input->facts->text->language[0] != '\0')
		return text(input->facts->text->language);
	return input->lead != NULL ? text(input->lead->language) : UNKNOWN;
}

static struct value
get_bant(const struct signal_input *input)
{
	const struct content *content = content_of(input);

	return content != NULL ? number(!!content->budget + !!content->authority + !!content->need +
					!!content->timeline)
			       : UNKNOWN;
}

static const char *
hit_item(const struct signal_input *input, guint i)
{
	const struct content *content = content_of(input);

	if (content == NULL || content->hits == NULL || i >= content->hits->len)
		return NULL;
	return ((const struct content_hit *)content->hits->pdata[i])->name;
}

/* The words of the first phrase list whose name begins so. */
static char *
hit_evidence(const struct signal_input *input, const char *list)
{
	const struct content *content = content_of(input);

	for (guint i = 0; content != NULL && content->hits != NULL && i < content->hits->len; i++) {
		const struct content_hit *hit = content->hits->pdata[i];

		if (g_str_has_prefix(hit->name, list))
			return g_strdup(hit->evidence);
	}
	return NULL;
}

static char *
budget_evidence(const struct signal_input *input)
{
	const struct content *content = content_of(input);

	return content != NULL && content->amount != NULL ? g_strdup(content->amount)
							  : hit_evidence(input, "budget");
}

static char *
timeline_evidence(const struct signal_input *input)
{
	const struct content *content = content_of(input);

	return content != NULL && content->deadline != NULL ? g_strdup(content->deadline)
							    : hit_evidence(input, "timeline");
}

static char *
authority_evidence(const struct signal_input *input)
{
	return hit_evidence(input, "authority");
}

static char *
need_evidence(const struct signal_input *input)
{
	return hit_evidence(input, "need");
}

static char *
opt_out_evidence(const struct signal_input *input)
{
	return hit_evidence(input, "opt_out");
}

static char *
refusal_evidence(const struct signal_input *input)
{
	return hit_evidence(input, "refusal");
}

static char *
vendor_evidence(const struct signal_input *input)
{
	return hit_evidence(input, "vendor");
}

static char *
competitor_evidence(const struct signal_input *input)
{
	return hit_evidence(input, "competitor");
}

/* --- attachments --- */

static const struct mail_attachment *
attachment_at(const struct signal_input *input, guint i)
{
	const struct mail *mail = input->facts != NULL ? input->facts->mail : NULL;

	if (mail == NULL || mail->attachments == NULL || i >= mail->attachments->len)
		return NULL;
	return mail->attachments->pdata[i];
}

static const char *
attachment_name(const struct signal_input *input, guint i)
{
	const struct mail_attachment *attachment = attachment_at(input, i);

	if (attachment == NULL)
		return NULL;
	return attachment->filename != NULL ? attachment->filename : "";
}

static const char *
attachment_type(const struct signal_input *input, guint i)
{
	const struct mail_attachment *attachment = attachment_at(input, i);

	if (attachment == NULL)
		return NULL;
	return attachment->type != NULL ? attachment->type : "";
}

static struct value
get_attachment_count(const struct signal_input *input)
{
	guint count = 0;
	const struct mail_attachment *attachment;

	/* Pictures of a signature are no attachments to anybody who reads. */
	for (guint i = 0; (attachment = attachment_at(input, i)) != NULL; i++)
		count += !attachment->is_inline;
	return number(count);
}

/* --- form, forward, source --- */

static struct value
get_form_present(const struct signal_input *input)
{
	return number(input->facts != NULL && input->facts->form != NULL);
}

static struct value
get_forward_present(const struct signal_input *input)
{
	return number(input->facts != NULL && input->facts->forward != NULL);
}

static const char *
first_string(const GPtrArray *strings)
{
	return strings != NULL && strings->len > 0 ? strings->pdata[0] : NULL;
}

static struct value
get_mailbox(const struct signal_input *input)
{
	return input->facts != NULL ? text(first_string(input->facts->mailbox_addresses)) : UNKNOWN;
}

static struct value
get_tag(const struct signal_input *input)
{
	return input->facts != NULL ? text(first_string(input->facts->mailbox_tags)) : UNKNOWN;
}

static struct value
get_source_name(const struct signal_input *input)
{
	const GPtrArray *mailboxes = input->facts != NULL ? input->facts->mailboxes : NULL;
	const struct config_mailbox *mailbox =
		mailboxes != NULL && mailboxes->len > 0 ? mailboxes->pdata[0] : NULL;

	return mailbox != NULL ? text(either(mailbox->source, mailbox->address)) : UNKNOWN;
}

/* --- the rows --- */

/* clang-format off */
const struct signal signals_mail_rows[] = {
	CHOICE("message.kind", get_kind, kind_evidence, KINDS, SIGNAL_KIND, "of which kind it is"),
	DERIVED("message.human", BOOLEAN, get_human, kind_evidence, "an act of a person: human, human_reply, forward, calendar"),
	FIELD("message.confidence", NUMBER, KIND, REAL, kind, confidence, "how sure the kind is, 0 to 1"),
	CHOICE("message.direction", get_direction, NULL, DIRECTIONS, SIGNAL_KIND, "to us, from us or among us"),
	CHOICE("message.bounce", get_bounce, bounce_evidence, BOUNCES, SIGNAL_KIND, "what a delivery report says"),
	CHOICE("message.calendar", get_calendar, NULL, RESPONSES, 0, "what its calendar part is"),
	FIELD("message.subject", TEXT, MAIL, TEXT, mail, subject, "the subject as written"),
	FIELD("message.topic", TEXT, FACTS, TEXT, facts, subject_normalised, "the subject without Re:, Fwd: and list tags, in lower case"),
	FIELD("message.replies", NUMBER, FACTS, COUNT, facts, reply_prefixes, "reply and forward prefixes of the subject"),
	FIELD("message.date", TIME, MAIL, INTEGER, mail, date, "its Date field"),
	FIELD("message.received", TIME, FACTS, INTEGER, facts, received, "when the transaction began"),
	DERIVED("message.hour", NUMBER, get_hour, NULL, "hour of the Date field on the sender's clock, 0 to 23"),
	CHOICE("message.weekday", get_weekday, NULL, WEEKDAYS, 0, "weekday of the Date field on the sender's clock"),
	DERIVED("message.recipients", NUMBER, get_recipients, NULL, "recipients of the envelope"),
	DERIVED("message.colleagues", NUMBER, get_cc_colleagues, NULL, "other people of the sender's organisation in To and Cc"),
	FLAG("message.truncated", MAIL, mail, truncated, NULL, "something shown was over a ceiling"),
	FIELD("message.client", TEXT, FACTS, TEXT, facts, client_address, "IP address of the client that brought it"),

	FIELD("sender.address", TEXT, SENDER, TEXT, sender, normalised, "the address the person is reached at, normalised (the original sender's of a forward, the form's of a form)"),
	DOMAIN("sender.domain", SENDER, sender, domain, "its host part"),
	DOMAIN("sender.org_domain", SENDER, sender, org_domain, "its registrable domain"),
	DERIVED("sender.tld", TEXT, get_tld, NULL, "its top-level domain"),
	FLAG("sender.freemail", SENDER, sender, freemail, domain_evidence, "at a free-mail provider"),
	FLAG("sender.disposable", SENDER, sender, disposable, domain_evidence, "at a provider of throw-away addresses"),
	FLAG("sender.role", SENDER, sender, role, address_evidence, "a role address: info@, office@"),
	FLAG("sender.relay", SENDER, sender, relay, domain_evidence, "a relay alias that hides the address"),
	FLAG("sender.isp", SENDER, sender, isp, domain_evidence, "at an internet provider"),
	FLAG("sender.own", SENDER, sender, own, domain_evidence, "at one of our own domains"),
	FLAG("sender.partner", SENDER, sender, partner, domain_evidence, "at a partner's domain"),
	FLAG("sender.verified", AUTHOR, sender, verified, auth_evidence, "the From domain is backed by DMARC, aligned DKIM or SPF"),
	FLAG("sender.spoofed", AUTHOR, sender, spoofed, auth_evidence, "DMARC says fail"),
	FIELD("author.address", TEXT, AUTHOR, TEXT, sender, normalised, "the address of the From field, normalised"),
	DOMAIN("author.domain", AUTHOR, sender, domain, "its host part"),
	FLAG("author.own", AUTHOR, sender, own, NULL, "From one of our own domains"),
	DERIVED("auth.seen", BOOLEAN, get_auth_seen, auth_evidence, "a trusted Authentication-Results field was there"),
	CHOICE("auth.spf", get_spf, auth_evidence, AUTH_RESULTS, 0, "result of SPF"),
	CHOICE("auth.dkim", get_dkim, auth_evidence, AUTH_RESULTS, 0, "result of DKIM"),
	CHOICE("auth.dmarc", get_dmarc, auth_evidence, AUTH_RESULTS, 0, "result of DMARC"),

	{ "text.new", VALUE_TEXT, RECORD_TEXT, FIELD_TEXT, OFFSET(reply_text, new_text), 0, NULL, NULL, NULL, NULL, SIGNAL_NEW_TEXT, "what was newly written" },
	FIELD("text.quoted", TEXT, TEXT, TEXT, reply_text, quoted, "what was quoted"),
	FIELD("text.signature", TEXT, TEXT, TEXT, reply_text, signature, "the signature"),
	DERIVED("text.language", TEXT, get_language, NULL, "language of the new text, ISO 639-1, or the person's"),
	FIELD("text.words", NUMBER, CONTENT, COUNT, content, words, "words of new text"),
	FIELD("content.questions", NUMBER, CONTENT, COUNT, content, questions, "questions asked"),
	FLAG("content.budget", CONTENT, content, budget, budget_evidence, "speaks of money to spend"),
	FLAG("content.authority", CONTENT, content, authority, authority_evidence, "speaks of who decides"),
	FLAG("content.need", CONTENT, content, need, need_evidence, "says what is needed"),
	FLAG("content.timeline", CONTENT, content, timeline, timeline_evidence, "says by when"),
	DERIVED("content.bant", NUMBER, get_bant, NULL, "how many of budget, authority, need, timeline"),
	FIELD("content.amount", TEXT, CONTENT, TEXT, content, amount, "the first amount of money as written"),
	FIELD("content.deadline", TEXT, CONTENT, TEXT, content, deadline, "the first date or term as written"),
	FLAG("content.opt_out", CONTENT, content, opt_out, opt_out_evidence, "wants no more mail"),
	FLAG("content.refusal", CONTENT, content, refusal, refusal_evidence, "is not interested"),
	FLAG("content.vendor_pitch", CONTENT, content, vendor_pitch, vendor_evidence, "wants to sell to us"),
	FLAG("content.competitor", CONTENT, content, competitor, competitor_evidence, "names a competitor"),
	ITEMS("content.hits", hit_item, SIGNAL_PHRASES, "names of the phrase lists found in the new text"),

	STRINGS("attachment.kinds", CONTENT, content, attachment_kinds, "kinds of attachments: brief, price_list, cv, calendar, contact …"),
	ITEMS("attachment.names", attachment_name, 0, "file names of attachments"),
	ITEMS("attachment.types", attachment_type, 0, "MIME types of attachments"),
	DERIVED("attachment.count", NUMBER, get_attachment_count, NULL, "attachments, pictures in the text left out"),

	DERIVED("form.present", BOOLEAN, get_form_present, NULL, "the mail is a filled form"),
	FIELD("form.name", TEXT, FORM, TEXT, form, name, "the form's profile, or auto"),
	FLAG("form.trusted", FORM, form, trusted, NULL, "the profile is pinned to a sender, client or login"),
	DERIVED("forward.present", BOOLEAN, get_forward_present, NULL, "the mail is a forward"),
	FIELD("forward.by", TEXT, FORWARD, TEXT, forward, by, "address of who forwarded"),
	FIELD("forward.note", TEXT, FORWARD, TEXT, forward, note, "what the forwarder wrote on top"),
	DERIVED("source.mailbox", TEXT, get_mailbox, NULL, "the watched address it went to"),
	STRINGS("source.mailboxes", FACTS, facts, mailbox_addresses, "all watched addresses it went to"),
	DERIVED("source.name", TEXT, get_source_name, NULL, "the mailbox's configured source"),
	DERIVED("source.tag", TEXT, get_tag, NULL, "the +tag of the mailbox"),
};
/* clang-format on */

const guint signals_mail_count = G_N_ELEMENTS(signals_mail_rows);
