/*
 * signals_people.c - signals of the person, the conversation, the account and the history.
 *
 * To add a signal, add a row; its name, type and meaning appear in `leadctl signals`, conditions
 * may use it, the test of the table checks it.  The derived values here are small pure functions of
 * the input; they must accept an input in which everything is missing.  Any thread.
 */
#include "lead/signals_table.h"

#include "lead/score.h"
#include "lead/summary.h"
#include "mail/lists.h"

static const char *const RANKS[] = { "unknown", "user", "influencer", "decision_maker", NULL };
static const char *const STAGES[] = { "interest", "nql",      "eql",          "mql",      "sal",
				      "sql",      "customer", "disqualified", "recycled", NULL };
static const char *const GRADES[] = { "D", "C", "B", "A", NULL };
static const char *const TEMPERATURES[] = { "cold", "warm", "hot", NULL };
static const char *const MATCHES[] = { "nothing", "name",         "subject",    "phone",
				       "address", "thread_index", "references", NULL };

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
get_working_latency(const struct signal_input *input)
{
	const struct known *known = input->known;

	return known != NULL && known->working_latency > 0 ? number((double)known->working_latency)
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

/* Their first words answered ours.  What came before the card, or was summed up, isn't seen. */
static struct value
get_we_began(const struct signal_input *input)
{
	for (guint i = 0; input->touches != NULL && i < input->touches->len; i++) {
		const struct touch *touch = input->touches->pdata[i];

		if (touch->sequence > i + 1)
			return UNKNOWN;
		if (g_strcmp0(touch->direction, "outbound") == 0)
			return number(1);
		if (g_strcmp0(touch->direction, "inbound") == 0)
			return number(touch->latency >= 0);
	}
	return number(input->known != NULL && input->known->we_wrote);
}

/* Mails of ours since their last one. */
static struct value
get_unanswered(const struct signal_input *input)
{
	guint count = 0;

	for (guint i = input->touches != NULL ? input->touches->len : 0; i > 0; i--) {
		const struct touch *touch = input->touches->pdata[i - 1];

		if (g_strcmp0(touch->direction, "inbound") == 0)
			break;
		count += g_strcmp0(touch->direction, "outbound") == 0;
	}
	return number(count);
}

static struct value
get_silent_for(const struct signal_input *input)
{
	gint64 last = input->lead != NULL ? input->lead->last_inbound : 0;
	gint64 written = input->facts != NULL ? input->facts->received : 0;

	if (written <= 0)
		written = input->now;
	return last > 0 && written >= last ? number((double)(written - last)) : UNKNOWN;
}

/* --- account --- */

static struct value
get_account_known(const struct signal_input *input)
{
	return number(input->known != NULL && input->known->account != NULL);
}

/* Somebody new of an organisation we know people of. */
static struct value
get_account_joined(const struct signal_input *input)
{
	const struct account *account = input->known != NULL ? input->known->account : NULL;
	guint others = account != NULL ? account->people : 0;

	if (input->lead != NULL) /* one of them is this one */
		return number(input->lead->inbound_count == 0 && others > 1);
	return number(others > 0);
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

/* What stands for early touches at the head of the ledger, or NULL. */
static const struct summary *
summary_of(const struct signal_input *input)
{
	const struct touch *first = touch_at(input, 0);

	return first != NULL ? first->summary : NULL;
}

static struct value
get_touches(const struct signal_input *input)
{
	const struct summary *summary = summary_of(input);

	if (input->touches == NULL)
		return number(0);
	return number(summary != NULL ? (double)input->touches->len - 1 + summary->count
				      : input->touches->len);
}

static const char *
touch_name_item(const struct signal_input *input, guint i)
{
	const struct summary *summary = summary_of(input);
	guint early = summary != NULL ? summary->names->len : 0;
	const struct touch *touch;

	if (i < early)
		return ((const struct summary_name *)summary->names->pdata[i])->name;
	touch = touch_at(input, i - early + (summary != NULL));
	if (touch == NULL)
		return NULL;
	return touch->name != NULL ? touch->name : "";
}

static struct value
get_first_touch(const struct signal_input *input)
{
	const struct summary *summary = summary_of(input);
	gint64 first = summary != NULL ? summary->first : 0;
	const struct touch *touch;

	for (guint i = summary != NULL; (touch = touch_at(input, i)) != NULL; i++) {
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

/* clang-format off */
const struct signal signals_people_rows[] = {
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
	DERIVED("person.customer", BOOLEAN, get_customer, account_evidence, "the person or the account is a customer"),

	DERIVED("reply.latency", DURATION, get_latency, NULL, "time since our last mail to the person"),
	DERIVED("reply.working_latency", DURATION, get_working_latency, NULL, "working time an answer to our mail took"),
	DERIVED("reply.depth", NUMBER, get_depth, NULL, "messages of the thread before this one"),
	DERIVED("reply.to_us", BOOLEAN, get_reply_to_us, NULL, "answers a message of ours"),
	FIELD("reply.to", TEXT, KNOWN, TEXT, known, replied_to, "our person whose message it answers"),

	FLAG("conversation.we_wrote", KNOWN, known, we_wrote, NULL, "we have written to the person"),
	FIELD("conversation.last_outbound", TIME, KNOWN, INTEGER, known, last_outbound, "our last mail to the person"),
	CHOICE("conversation.match", get_match, NULL, MATCHES, 0, "how the card was found, in order of strength"),
	DERIVED("conversation.messages", NUMBER, get_messages, NULL, "messages of both directions before this one"),
	DERIVED("conversation.we_began", BOOLEAN, get_we_began, NULL, "their first mail answered one of ours"),
	DERIVED("conversation.unanswered", NUMBER, get_unanswered, NULL, "our mails since their last one"),
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
	DERIVED("account.joined", BOOLEAN, get_account_joined, NULL, "first mail of another person of a known account"),
	FIELD("account.active_people", NUMBER, ACCOUNT, COUNT, account, active_people, "different people of it who wrote of late"),

	CHOICE("lead.stage", get_stage, NULL, STAGES, 0, "the card's stage before this message"),
	CHOICE("lead.grade", get_grade, NULL, GRADES, 0, "its grade, from low to high"),
	CHOICE("lead.temperature", get_temperature, NULL, TEMPERATURES, 0, "its temperature"),
	FIELD("lead.total", NUMBER, LEAD, REAL, lead, total, "its score when last written"),
	FIELD("lead.owner", TEXT, LEAD, TEXT, lead, owner, "its salesperson"),
	FIELD("lead.source", TEXT, LEAD, TEXT, lead, source, "where it first came from"),
	FIELD("lead.campaign", TEXT, LEAD, TEXT, lead, source_campaign, "the campaign it came from"),
	FIELD("lead.referrer", TEXT, LEAD, TEXT, lead, source_referrer, "the page that led to its first form"),
	FIELD("lead.created", TIME, LEAD, INTEGER, lead, created, "when the card was made"),
	FIELD("lead.last_inbound", TIME, LEAD, INTEGER, lead, last_inbound, "their last mail before this one"),
	DERIVED("lead.silent_for", DURATION, get_silent_for, NULL, "time since their last mail before this one"),
	FIELD("lead.last_outbound", TIME, LEAD, INTEGER, lead, last_outbound, "our last mail"),
	FIELD("lead.inbound", NUMBER, LEAD, COUNT, lead, inbound_count, "mails they wrote before this one"),
	FIELD("lead.outbound", NUMBER, LEAD, COUNT, lead, outbound_count, "mails we wrote"),
	FIELD("lead.scorecard", TEXT, LEAD, TEXT, lead, scorecard, "its leading scorecard"),
	FIELD("lead.mailbox", TEXT, LEAD, TEXT, lead, source_mailbox, "the mailbox it first wrote to"),
	{ "lead.account", VALUE_TEXT, RECORD_LEAD, FIELD_TEXT, OFFSET(lead, account), 0, NULL, NULL, NULL, NULL, SIGNAL_DOMAIN, "registrable domain of its organisation" },
	FIELD("lead.company", TEXT, LEAD, TEXT, lead, company, "its company"),
	FIELD("lead.country", TEXT, LEAD, TEXT, lead, country, "its country, ISO 3166 alpha-2"),
	FIELD("lead.language", TEXT, LEAD, TEXT, lead, language, "the language it writes"),
	FIELD("lead.completeness", NUMBER, LEAD, REAL, lead, completeness, "of its key fields known, 0 to 100"),
	FLAG("lead.unverified", LEAD, lead, unverified, NULL, "made by mail whose From nothing backs"),
	FLAG("lead.unreachable", LEAD, lead, unreachable, NULL, "a mail to it bounced for good"),
	FLAG("lead.opted_out", LEAD, lead, opted_out, NULL, "wants no mail"),

	FIELD("event.type", TEXT, EVENT, TEXT, event, type, "in an endpoint's `when`: type of the event"),
	FIELD("event.mailbox", TEXT, EVENT, TEXT, event, mailbox, "in an endpoint's `when`: the mailbox of its message"),

	DERIVED("history.touches", NUMBER, get_touches, NULL, "touches in the ledger before this one"),
	ITEMS("history.names", touch_name_item, 0, "names of the touches in the ledger"),
	DERIVED("history.first_touch", TIME, get_first_touch, NULL, "the first touch"),
	DERIVED("history.last_touch", TIME, get_last_touch, NULL, "the last touch"),
};
/* clang-format on */

const guint signals_people_count = G_N_ELEMENTS(signals_people_rows);
