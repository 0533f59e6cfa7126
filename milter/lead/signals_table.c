/*
 * signals_table.c - the rows of the signal table, and the values that are derived, not stored.
 *
 * To add a signal, add a row; its name, type and meaning appear in `leadctl signals`, conditions
 * may use it, the test of the table checks it.  The derived ones here are small pure functions of
 * the input; they must accept an input in which everything is missing.  Any thread.
 */
#include "lead/signals_table.h"

#include <string.h>

#include "base/clock.h"
#include "lead/score.h"
#include "mail/address.h"

static const char *const DIRECTIONS[] = { "inbound", "outbound", "internal", NULL };
static const char *const KINDS[] = { "complaint", "bounce",      "challenge",  "auto_reply",
				     "calendar",  "list",        "newsletter", "notification",
				     "forward",   "human_reply", "human",      "empty",
				     NULL };
static const char *const RANKS[] = { "unknown", "user", "influencer", "decision_maker", NULL };
static const char *const STAGES[] = { "interest", "nql",      "eql",          "mql",      "sal",
				      "sql",      "customer", "disqualified", "recycled", NULL };
static const char *const GRADES[] = { "D", "C", "B", "A", NULL };
static const char *const TEMPERATURES[] = { "cold", "warm", "hot", NULL };
static const char *const AUTH_RESULTS[] = { "none",      "pass",      "fail",
					    "softfail",  "neutral",   "policy",
					    "temperror", "permerror", NULL };
static const char *const WEEKDAYS[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };
static const char *const MATCHES[] = { "nothing", "name",         "subject",    "phone",
				       "address", "thread_index", "references", NULL };
static const char *const BOUNCES[] = { "permanent", "temporary", "delayed", "delivered", NULL };
static const char *const RESPONSES[] = { "invitation", "accepted",  "declined",
					 "tentative",  "cancelled", NULL };

static struct value
number(double value)
{
	return (struct value){ .known = TRUE, .number = value };
}

static struct value
choice(guint value, const char *const *names)
{
	return (struct value){ .known = value < g_strv_length((char **)names), .number = value };
}

static struct value
named_choice(const char *name, const char *const *names)
{
	for (guint i = 0; name != NULL && names[i] != NULL; i++) {
		if (strcmp(name, names[i]) == 0)
			return number(i);
	}
	return (struct value){ .known = FALSE };
}

static struct value
text(const char *value)
{
	return (struct value){ .known = value != NULL && value[0] != '\0', .text = value };
}

static const struct value UNKNOWN = { .known = FALSE };

/* --- message --- */

static struct value
get_kind(const struct signal_input *input)
{
	return input->facts != NULL && input->facts->kind != NULL
		       ? choice(input->facts->kind->kind, KINDS)
		       : UNKNOWN;
}

static char *
kind_evidence(const struct signal_input *input)
{
	return input->facts != NULL && input->facts->kind != NULL
		       ? g_strdup(input->facts->kind->evidence)
		       : NULL;
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

static const struct content *
content_of(const struct signal_input *input)
{
	return input->facts != NULL ? input->facts->content : NULL;
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

/* --- person --- */

static const struct person *
person_of(const struct signal_input *input)
{
	return input->facts != NULL ? input->facts->person : NULL;
}

static const struct phone *
phone_at(const struct signal_input *input, guint i)
{
	const struct person *person = person_of(input);

	if (person == NULL || person->phones == NULL || i >= person->phones->len)
		return NULL;
	return person->phones->pdata[i];
}

static const char *
phone_item(const struct signal_input *input, guint i)
{
	const struct phone *phone = phone_at(input, i);

	if (phone != NULL)
		return phone->e164 != NULL ? phone->e164 : phone->raw;
	/* Without one in this mail, those of the card. */
	if (phone_at(input, 0) != NULL || input->lead == NULL || input->lead->phones == NULL)
		return NULL;
	return i < input->lead->phones->len ? input->lead->phones->pdata[i] : NULL;
}

static const char *
phone_kind_item(const struct signal_input *input, guint i)
{
	const struct phone *phone = phone_at(input, i);

	if (phone == NULL)
		return NULL;
	return phone->kind != NULL ? phone->kind : "";
}

static struct value
get_phone(const struct signal_input *input)
{
	const struct phone *phone;

	for (guint i = 0; (phone = phone_at(input, i)) != NULL; i++) {
		if (phone->e164 != NULL)
			return text(phone->e164);
	}
	return input->lead != NULL ? text(input->lead->phone) : UNKNOWN;
}

static struct value
get_phone_region(const struct signal_input *input)
{
	const struct phone *phone;

	for (guint i = 0; (phone = phone_at(input, i)) != NULL; i++) {
		if (phone->region != NULL)
			return text(phone->region);
	}
	return UNKNOWN;
}

static struct value
get_title_rank(const struct signal_input *input)
{
	const struct person *person = person_of(input);

	if (person != NULL && person->rank != RANK_UNKNOWN)
		return choice(person->rank, RANKS);
	return input->lead != NULL ? named_choice(input->lead->rank, RANKS) : UNKNOWN;
}

static char *
title_evidence(const struct signal_input *input)
{
	const struct person *person = person_of(input);

	if (person != NULL && person->title != NULL)
		return g_strdup(person->title);
	return input->lead != NULL ? g_strdup(input->lead->title) : NULL;
}

static char *
name_evidence(const struct signal_input *input)
{
	return person_of(input) != NULL ? g_strdup(person_of(input)->name) : NULL;
}

static char *
company_evidence(const struct signal_input *input)
{
	return person_of(input) != NULL ? g_strdup(person_of(input)->company) : NULL;
}

static const char *
either(const char *here, const char *there)
{
	return here != NULL && here[0] != '\0' ? here : there;
}

static struct value
get_completeness(const struct signal_input *input)
{
	static const struct lead NO_LEAD;
	static const struct person NO_PERSON;
	const struct lead *lead = input->lead != NULL ? input->lead : &NO_LEAD;
	const struct person *person = person_of(input) != NULL ? person_of(input) : &NO_PERSON;
	const struct content *content = content_of(input);
	struct score_fields fields = {
		.name = either(person->name, lead->name),
		.first_name = either(person->first_name, lead->first_name),
		.last_name = either(person->last_name, lead->last_name),
		.address = either(person->address, lead->address),
		.phone = get_phone(input).text,
		.company = either(person->company, lead->company),
		.title = either(person->title, lead->title),
		.country = either(person->country, lead->country),
		.need = (content != NULL && content->need) || score_need_is_known(input->touches),
	};

	return number(score_completeness(&fields));
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

/* --- conversation --- */

static struct value
get_latency(const struct signal_input *input)
{
	const struct known *known = input->known;
	gint64 written = input->facts != NULL ? input->facts->received : 0;

	if (known == NULL || known->last_outbound <= 0)
		return UNKNOWN;
	if (written <= 0)
		written = input->now;
	return written >= known->last_outbound ? number((double)(written - known->last_outbound))
					       : UNKNOWN;
}

static struct value
get_depth(const struct signal_input *input)
{
	const struct mail *mail = input->facts != NULL ? input->facts->mail : NULL;

	if (mail == NULL)
		return UNKNOWN;
	if (mail->references != NULL && mail->references->len > 0)
		return number(mail->references->len);
	return number(mail->in_reply_to != NULL && mail->in_reply_to->len > 0);
}

static struct value
get_reply_to_us(const struct signal_input *input)
{
	return number(input->known != NULL && input->known->replied_to != NULL);
}

static struct value
get_match(const struct signal_input *input)
{
	const GPtrArray *candidates = input->known != NULL ? input->known->candidates : NULL;
	const struct candidate *candidate =
		candidates != NULL && candidates->len > 0 ? candidates->pdata[0] : NULL;

	return candidate != NULL ? choice(candidate->match, MATCHES) : number(0);
}

static struct value
get_messages(const struct signal_input *input)
{
	return number(input->lead != NULL
			      ? (double)input->lead->inbound_count + input->lead->outbound_count
			      : 0);
}

static struct value
get_returning(const struct signal_input *input)
{
	return number(input->lead != NULL && input->lead->inbound_count > 0);
}

/* --- account --- */

static struct value
get_account_known(const struct signal_input *input)
{
	return number(input->known != NULL && input->known->account != NULL);
}

static struct value
get_account_domain(const struct signal_input *input)
{
	const struct sender *sender = input->facts != NULL ? &input->facts->person_sender : NULL;

	if (input->known != NULL && input->known->account != NULL)
		return text(input->known->account->domain);
	if (sender != NULL && sender->org_domain != NULL && !sender->freemail &&
	    !sender->disposable && !sender->relay && !sender->isp)
		return text(sender->org_domain);
	return input->lead != NULL ? text(input->lead->account) : UNKNOWN;
}

static struct value
get_account_target(const struct signal_input *input)
{
	const char *domain = get_account_domain(input).text;

	if (input->known != NULL && input->known->account != NULL && input->known->account->target)
		return number(1);
	return number(domain != NULL && input->targets != NULL &&
		      word_list_match_domain(input->targets, domain) != NULL);
}

static char *
account_evidence(const struct signal_input *input)
{
	return g_strdup(get_account_domain(input).text);
}

static struct value
get_customer(const struct signal_input *input)
{
	const struct known *known = input->known;

	return number(known != NULL &&
		      (known->is_customer || (known->account != NULL && known->account->customer)));
}

static struct value
get_revenue(const struct signal_input *input)
{
	const struct account *account = input->known != NULL ? input->known->account : NULL;

	return account != NULL && account->revenue > 0 ? number(account->revenue) : UNKNOWN;
}

static struct value
get_account_owner(const struct signal_input *input)
{
	const struct known *known = input->known;

	if (known == NULL)
		return UNKNOWN;
	return text(known->account != NULL && known->account->owner != NULL ? known->account->owner
									    : known->account_owner);
}

/* --- card and history --- */

static struct value
get_stage(const struct signal_input *input)
{
	return input->lead != NULL ? choice(input->lead->stage, STAGES) : UNKNOWN;
}

static struct value
get_temperature(const struct signal_input *input)
{
	return input->lead != NULL ? choice(input->lead->temperature, TEMPERATURES) : UNKNOWN;
}

static struct value
get_grade(const struct signal_input *input)
{
	return input->lead != NULL && input->lead->grade >= 'A' && input->lead->grade <= 'D'
		       ? number('D' - input->lead->grade)
		       : UNKNOWN;
}

static const struct touch *
touch_at(const struct signal_input *input, guint i)
{
	return input->touches != NULL && i < input->touches->len ? input->touches->pdata[i] : NULL;
}

static struct value
get_touches(const struct signal_input *input)
{
	return number(input->touches != NULL ? input->touches->len : 0);
}

static const char *
touch_name_item(const struct signal_input *input, guint i)
{
	const struct touch *touch = touch_at(input, i);

	if (touch == NULL)
		return NULL;
	return touch->name != NULL ? touch->name : "";
}

static struct value
get_first_touch(const struct signal_input *input)
{
	gint64 first = 0;
	const struct touch *touch;

	for (guint i = 0; (touch = touch_at(input, i)) != NULL; i++) {
		if (first == 0 || touch->time < first)
			first = touch->time;
	}
	return first != 0 ? number((double)first) : UNKNOWN;
}

static struct value
get_last_touch(const struct signal_input *input)
{
	gint64 last = 0;
	const struct touch *touch;

	for (guint i = 0; (touch = touch_at(input, i)) != NULL; i++)
		last = MAX(last, touch->time);
	return last != 0 ? number((double)last) : UNKNOWN;
}

/* --- the rows --- */

#define OFFSET(record, member) G_STRUCT_OFFSET(struct record, member)
/* clang-format off */
#define FIELD(name, type, RECORD, FIELD, record, member, doc) \
	{ name, VALUE_##type, RECORD_##RECORD, FIELD_##FIELD, OFFSET(record, member), \
	  0, NULL, NULL, NULL, NULL, 0, doc }
#define FLAG(name, RECORD, record, member, evidence, doc) \
	{ name, VALUE_BOOLEAN, RECORD_##RECORD, FIELD_FLAG, OFFSET(record, member), \
	  0, NULL, NULL, evidence, NULL, 0, doc }
#define DOMAIN(name, RECORD, record, member, doc) \
	{ name, VALUE_TEXT, RECORD_##RECORD, FIELD_TEXT, OFFSET(record, member), \
	  0, NULL, NULL, NULL, NULL, SIGNAL_DOMAIN, doc }
#define PERSON(name, member, lead_member, doc) \
	{ name, VALUE_TEXT, RECORD_PERSON, FIELD_TEXT, OFFSET(person, member), \
	  OFFSET(lead, lead_member), NULL, NULL, NULL, NULL, 0, doc }
#define DERIVED(name, type, get, evidence, doc) \
	{ name, VALUE_##type, RECORD_NONE, FIELD_NONE, 0, 0, get, NULL, evidence, NULL, 0, doc }
#define CHOICE(name, get, evidence, choices, flags, doc) \
	{ name, VALUE_CHOICE, RECORD_NONE, FIELD_NONE, 0, 0, get, NULL, evidence, choices, flags, doc }
#define ITEMS(name, item, flags, doc) \
	{ name, VALUE_LIST, RECORD_NONE, FIELD_NONE, 0, 0, NULL, item, NULL, NULL, flags, doc }
#define STRINGS(name, RECORD, record, member, doc) \
	{ name, VALUE_LIST, RECORD_##RECORD, FIELD_STRINGS, OFFSET(record, member), \
	  0, NULL, NULL, NULL, NULL, 0, doc }

const struct signal signals_rows[] = {
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

	PERSON("person.name", name, name, "whole name, of the mail or else of the card, as all of person.*"),
	PERSON("person.first_name", first_name, first_name, "given name"),
	PERSON("person.last_name", last_name, last_name, "family name"),
	PERSON("person.title", title, title, "job title as written"),
	CHOICE("person.title_rank", get_title_rank, title_evidence, RANKS, 0, "what the title lets them do"),
	PERSON("person.company", company, company, "company"),
	PERSON("person.country", country, country, "country, ISO 3166 alpha-2"),
	DERIVED("person.phone", TEXT, get_phone, NULL, "the first valid phone, E.164"),
	DERIVED("person.phone_region", TEXT, get_phone_region, NULL, "country of the phone's prefix, ISO 3166 alpha-2"),
	ITEMS("person.phones", phone_item, 0, "all phones"),
	ITEMS("person.phone_kinds", phone_kind_item, 0, "mobile, fixed, toll_free, voip, fax …"),
	STRINGS("person.urls", PERSON, person, urls, "web and social addresses"),
	DERIVED("person.completeness", NUMBER, get_completeness, NULL, "of the key fields known, 0 to 100"),
	FLAG("person.implausible_name", PERSON, person, implausible_name, name_evidence, "a name without any vowel in a script that writes them"),
	FLAG("person.company_is_isp", PERSON, person, company_is_isp, company_evidence, "the company's name is an internet provider's"),
	FLAG("person.reachable", PERSON, person, reachable, NULL, "more than a role address or a switchboard"),
	DERIVED("person.customer", BOOLEAN, get_customer, address_evidence, "the person or the account is a customer"),

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

	DERIVED("reply.latency", DURATION, get_latency, NULL, "time since our last mail to the person"),
	DERIVED("reply.depth", NUMBER, get_depth, NULL, "messages of the thread before this one"),
	DERIVED("reply.to_us", BOOLEAN, get_reply_to_us, NULL, "answers a message of ours"),
	FIELD("reply.to", TEXT, KNOWN, TEXT, known, replied_to, "our person whose message it answers"),
	FLAG("conversation.we_wrote", KNOWN, known, we_wrote, NULL, "we have written to the person"),
	FIELD("conversation.last_outbound", TIME, KNOWN, INTEGER, known, last_outbound, "our last mail to the person"),
	CHOICE("conversation.match", get_match, NULL, MATCHES, 0, "how the card was found, in order of strength"),
	DERIVED("conversation.messages", NUMBER, get_messages, NULL, "messages of both directions before this one"),
	DERIVED("conversation.returning", BOOLEAN, get_returning, NULL, "the person wrote before"),
	FIELD("conversation.flood", NUMBER, KNOWN, COUNT, known, sender_new_leads, "leads the envelope sender made of late"),

	DERIVED("account.known", BOOLEAN, get_account_known, account_evidence, "the organisation is known"),
	{ "account.domain", VALUE_TEXT, RECORD_NONE, FIELD_NONE, 0, 0, get_account_domain, NULL, NULL, NULL, SIGNAL_DOMAIN, "its registrable domain" },
	DERIVED("account.target", BOOLEAN, get_account_target, account_evidence, "on the list of target accounts"),
	FLAG("account.customer", ACCOUNT, account, customer, account_evidence, "an imported customer"),
	FIELD("account.company", TEXT, ACCOUNT, TEXT, account, company, "imported name"),
	FIELD("account.industry", TEXT, ACCOUNT, TEXT, account, industry, "imported industry"),
	FIELD("account.country", TEXT, ACCOUNT, TEXT, account, country, "imported country, ISO 3166 alpha-2"),
	FIELD("account.employees", NUMBER, ACCOUNT, INTEGER, account, employees, "imported head count"),
	DERIVED("account.revenue", NUMBER, get_revenue, NULL, "imported revenue"),
	DERIVED("account.owner", TEXT, get_account_owner, NULL, "salesperson of the account"),
	FIELD("account.created", TIME, ACCOUNT, INTEGER, account, created, "when first seen"),
	FIELD("account.people", NUMBER, ACCOUNT, COUNT, account, people, "leads known at it"),
	FIELD("account.active_people", NUMBER, ACCOUNT, COUNT, account, active_people, "different people of it who wrote of late"),

	CHOICE("lead.stage", get_stage, NULL, STAGES, 0, "the card's stage before this message"),
	CHOICE("lead.grade", get_grade, NULL, GRADES, 0, "its grade, from low to high"),
	CHOICE("lead.temperature", get_temperature, NULL, TEMPERATURES, 0, "its temperature"),
	FIELD("lead.total", NUMBER, LEAD, REAL, lead, total, "its score when last written"),
	FIELD("lead.owner", TEXT, LEAD, TEXT, lead, owner, "its salesperson"),
	FIELD("lead.source", TEXT, LEAD, TEXT, lead, source, "where it first came from"),
	FIELD("lead.campaign", TEXT, LEAD, TEXT, lead, source_campaign, "the campaign it came from"),
	FIELD("lead.created", TIME, LEAD, INTEGER, lead, created, "when the card was made"),
	FIELD("lead.last_inbound", TIME, LEAD, INTEGER, lead, last_inbound, "their last mail before this one"),
	FIELD("lead.last_outbound", TIME, LEAD, INTEGER, lead, last_outbound, "our last mail"),
	FIELD("lead.inbound", NUMBER, LEAD, COUNT, lead, inbound_count, "mails they wrote before this one"),
	FIELD("lead.outbound", NUMBER, LEAD, COUNT, lead, outbound_count, "mails we wrote"),
	FLAG("lead.unverified", LEAD, lead, unverified, NULL, "made by mail whose From nothing backs"),
	FLAG("lead.unreachable", LEAD, lead, unreachable, NULL, "a mail to it bounced for good"),
	FLAG("lead.opted_out", LEAD, lead, opted_out, NULL, "wants no mail"),
	DERIVED("history.touches", NUMBER, get_touches, NULL, "touches in the ledger before this one"),
	ITEMS("history.names", touch_name_item, 0, "names of the touches in the ledger"),
	DERIVED("history.first_touch", TIME, get_first_touch, NULL, "the first touch"),
	DERIVED("history.last_touch", TIME, get_last_touch, NULL, "the last touch"),
};
/* clang-format on */

const guint signals_row_count = G_N_ELEMENTS(signals_rows);
