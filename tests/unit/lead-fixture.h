/*
 * lead-fixture.h - facts, leads and what the store knows, made by hand for the tests of the lead
 * layer: no parser, no lists, no store.  One struct mail_sample says what a message is.
 */
#ifndef LEADMILTER_LEAD_FIXTURE_H
#define LEADMILTER_LEAD_FIXTURE_H

#include <string.h>

#include "base/clock.h"
#include "lead/decide.h"

#define FIXTURE_NOW (G_GINT64_CONSTANT(1763719200) * CLOCK_SECOND) /* 2025-11-21T10:00:00Z */
#define MINUTE (60 * (gint64)CLOCK_SECOND)

/* Only what differs from a plain mail of anna@kunde.example to sales@our.example. */
struct mail_sample {
	enum mail_kind kind;
	enum direction direction;
	const char *from, *name; /* "anna@kunde.example" unless set; "-" for none */
	const char *phone, *title, *company;
	const char *forwarded_by, *form;
	const char *to; /* watched mailbox, "-" for none */
	const char *subject, *text, *message_id, *answers;
	const char *bounced, *status; /* failed recipient */
	const char *login;
	gint64 time; /* FIXTURE_NOW unless set */
	gboolean spoofed, verified, freemail, role, trusted_form, seen;
	gboolean opt_out, vendor, budget, authority, need, timeline, temporary;
};

/* tests/data/lead/leadmilter.conf */
static inline struct config *
fixture_config(void)
{
	g_autoptr(GError) error = NULL;
	struct config *config = config_load(TEST_DATA "/lead/leadmilter.conf", &error);

	g_assert_no_error(error);
	return config;
}

static inline GPtrArray *
fixture_list(GDestroyNotify element)
{
	return g_ptr_array_new_with_free_func(element);
}

static inline struct mail *
fixture_mail(const struct mail_sample *sample)
{
	struct mail *mail = g_new0(struct mail, 1);
	GPtrArray **lists[] = { &mail->headers,      &mail->in_reply_to, &mail->references,
				&mail->from,         &mail->sender,      &mail->reply_to,
				&mail->to,           &mail->cc,          &mail->attachments,
				&mail->status_groups };

	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		*lists[i] = fixture_list(NULL);
	mail->message_id = g_strdup(sample->message_id ? sample->message_id : "1@kunde.example");
	if (sample->answers != NULL)
		g_ptr_array_add(mail->in_reply_to, (gpointer)sample->answers);
	mail->subject = g_strdup(sample->subject ? sample->subject : "Pumps");
	mail->date = sample->time ? sample->time : FIXTURE_NOW;
	mail->content_type = g_strdup("text/plain");
	mail->text = g_strdup(sample->text ? sample->text : "What do 20 pumps cost?");
	return mail;
}

static inline struct kind *
fixture_kind(const struct mail_sample *sample)
{
	struct kind *kind = g_new0(struct kind, 1);

	kind->kind = sample->kind;
	kind->confidence = 1;
	kind->evidence = g_strdup("the sample says so");
	if (sample->kind == KIND_BOUNCE) {
		kind->bounce = g_new0(struct bounce, 1);
		kind->bounce->recipient = g_strdup(sample->bounced);
		kind->bounce->status = g_strdup(sample->status ? sample->status : "5.1.1");
		kind->bounce->class = sample->temporary ? BOUNCE_TEMPORARY : BOUNCE_PERMANENT;
		kind->bounce->permanent = !sample->temporary;
	}
	return kind;
}

static inline const char *
fixture_from(const struct mail_sample *sample)
{
	if (sample->from == NULL)
		return "anna@kunde.example";
	return strcmp(sample->from, "-") == 0 ? NULL : sample->from;
}

/* The last two labels. */
static inline const char *
fixture_org_domain(const char *domain)
{
	const char *dot = strrchr(domain, '.');

	while (dot > domain && dot[-1] != '.')
		dot--;
	return dot;
}

static inline void
fixture_sender(const struct mail_sample *sample, const char *address, struct sender *sender)
{
	const char *at = address != NULL ? strchr(address, '@') : NULL;

	sender->address = g_strdup(address);
	sender->normalised = address != NULL ? g_ascii_strdown(address, -1) : NULL;
	sender->name = g_strdup(sample->name);
	if (at != NULL) {
		sender->domain = g_strdup(at + 1);
		sender->org_domain = g_strdup(fixture_org_domain(at + 1));
		sender->own = strcmp(sender->org_domain, "our.example") == 0;
		sender->partner = strcmp(sender->org_domain, "partner.example") == 0;
	}
	sender->freemail = sample->freemail;
	sender->role = sample->role;
	sender->verified = sample->verified;
	sender->spoofed = sample->spoofed;
	sender->auth.seen = sample->seen || sample->verified || sample->spoofed;
}

static inline struct person *
fixture_person(const struct mail_sample *sample)
{
	struct person *person = g_new0(struct person, 1);
	const char *address = fixture_from(sample);
	const char *space = sample->name != NULL ? strchr(sample->name, ' ') : NULL;

	person->address = g_strdup(address);
	person->normalised = address != NULL ? g_ascii_strdown(address, -1) : NULL;
	person->name = g_strdup(sample->name);
	if (space != NULL) {
		person->first_name = g_strndup(sample->name, (gsize)(space - sample->name));
		person->last_name = g_strdup(space + 1);
	}
	person->title = g_strdup(sample->title);
	person->company = g_strdup(sample->company);
	person->title_origin = sample->title != NULL ? FROM_SIGNATURE : FROM_NONE;
	person->company_origin = sample->company != NULL ? FROM_SIGNATURE : FROM_NONE;
	person->phones = fixture_list(NULL);
	person->urls = fixture_list(g_free);
	person->reachable = address != NULL && !sample->role;
	if (sample->phone != NULL) {
		struct phone *phone = g_new0(struct phone, 1);

		phone->raw = g_strdup(sample->phone);
		phone->e164 = g_strdup(sample->phone);
		phone->kind = g_strdup("mobile");
		g_ptr_array_add(person->phones, phone);
	}
	return person;
}

static inline struct content *
fixture_content(const struct mail_sample *sample)
{
	struct content *content = g_new0(struct content, 1);

	content->hits = fixture_list(NULL);
	content->attachment_kinds = fixture_list(NULL);
	content->utm = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	content->opt_out = sample->opt_out;
	content->vendor_pitch = sample->vendor;
	content->budget = sample->budget;
	content->authority = sample->authority;
	content->need = sample->need;
	content->timeline = sample->timeline;
	content->words = 5;
	return content;
}

static inline void
fixture_mailboxes(struct facts *facts, const struct mail_sample *sample)
{
	const char *to = sample->to ? sample->to : "sales@our.example";

	facts->mailboxes = fixture_list(NULL);
	facts->mailbox_addresses = fixture_list(g_free);
	facts->mailbox_tags = fixture_list(g_free);
	facts->recipients = fixture_list(g_free);
	if (strcmp(to, "-") == 0)
		return;
	g_ptr_array_add(facts->recipients, g_strdup(to));
	for (guint i = 0; i < facts->config->mailboxes->len; i++) {
		struct config_mailbox *mailbox = facts->config->mailboxes->pdata[i];

		if (strcmp(mailbox->address, to) != 0)
			continue;
		g_ptr_array_add(facts->mailboxes, mailbox);
		g_ptr_array_add(facts->mailbox_addresses, g_strdup(to));
		g_ptr_array_add(facts->mailbox_tags, NULL);
	}
}

static inline struct facts *
fixture_facts(struct config *config, const struct mail_sample *sample)
{
	struct facts *facts = g_new0(struct facts, 1);
	const char *text = sample->text ? sample->text : "What do 20 pumps cost?";

	facts->references = 1;
	facts->config = config_ref(config);
	facts->key = g_strconcat("key-", sample->message_id ? sample->message_id : "1", NULL);
	facts->received = sample->time ? sample->time : FIXTURE_NOW;
	facts->direction = sample->direction;
	facts->auth_login = g_strdup(sample->login);
	facts->mail = fixture_mail(sample);
	facts->kind = fixture_kind(sample);
	facts->text = g_new0(struct reply_text, 1);
	facts->text->new_text = g_strdup(text);
	facts->text->quoted = g_strdup("");
	facts->text->signature = g_strdup("");
	strcpy(facts->text->language, "en");
	fixture_mailboxes(facts, sample);
	if (sample->forwarded_by != NULL) {
		facts->forward = g_new0(struct forward, 1);
		facts->forward->by = g_strdup(sample->forwarded_by);
		facts->forward->text = g_strdup(text);
		facts->forward->note = g_strdup("");
	}
	if (sample->form != NULL) {
		facts->form = g_new0(struct form, 1);
		facts->form->name = g_strdup("auto");
		facts->form->trusted = sample->trusted_form;
		facts->form->fields = fixture_list(NULL);
	}
	fixture_sender(sample, fixture_from(sample), &facts->person_sender);
	fixture_sender(sample,
		       sample->forwarded_by ? sample->forwarded_by
		       : sample->form       ? sample->form
					    : fixture_from(sample),
		       &facts->sender);
	facts->mail_from = g_strdup(facts->sender.address);
	facts->person = fixture_person(sample);
	facts->content = fixture_content(sample);
	return facts;
}

static inline void
fixture_sender_free(struct sender *sender)
{
	g_free(sender->address);
	g_free(sender->normalised);
	g_free(sender->name);
	g_free(sender->domain);
	g_free(sender->org_domain);
}

static inline void
fixture_person_free(struct person *person)
{
	char *strings[] = { person->address,    person->normalised, person->name,
			    person->first_name, person->last_name,  person->title,
			    person->company };

	for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	for (guint i = 0; i < person->phones->len; i++) {
		struct phone *phone = person->phones->pdata[i];

		g_free(phone->raw);
		g_free(phone->e164);
		g_free(phone->kind);
		g_free(phone);
	}
	g_ptr_array_unref(person->phones);
	g_ptr_array_unref(person->urls);
	g_free(person);
}

static inline void
fixture_mail_free(struct mail *mail)
{
	GPtrArray *lists[] = { mail->headers,     mail->in_reply_to,  mail->references, mail->from,
			       mail->sender,      mail->reply_to,     mail->to,         mail->cc,
			       mail->attachments, mail->status_groups };

	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		g_ptr_array_unref(lists[i]);
	g_free(mail->message_id);
	g_free(mail->subject);
	g_free(mail->content_type);
	g_free(mail->text);
	g_free(mail);
}

static inline void
fixture_content_free(struct content *content)
{
	g_ptr_array_unref(content->hits);
	g_ptr_array_unref(content->attachment_kinds);
	g_hash_table_unref(content->utm);
	g_free(content);
}

static inline void
fixture_facts_free(struct facts *facts)
{
	if (facts->forward != NULL) {
		g_free(facts->forward->by);
		g_free(facts->forward->text);
		g_free(facts->forward->note);
		g_free(facts->forward);
	}
	if (facts->form != NULL) {
		g_free(facts->form->name);
		g_ptr_array_unref(facts->form->fields);
		g_free(facts->form);
	}
	if (facts->kind->bounce != NULL) {
		g_free(facts->kind->bounce->recipient);
		g_free(facts->kind->bounce->status);
		g_free(facts->kind->bounce);
	}
	g_free(facts->kind->evidence);
	g_free(facts->kind);
	g_free(facts->text->new_text);
	g_free(facts->text->quoted);
	g_free(facts->text->signature);
	g_free(facts->text);
	g_ptr_array_unref(facts->mailboxes);
	g_ptr_array_unref(facts->mailbox_addresses);
	g_ptr_array_unref(facts->mailbox_tags);
	g_ptr_array_unref(facts->recipients);
	fixture_sender_free(&facts->sender);
	fixture_sender_free(&facts->person_sender);
	fixture_person_free(facts->person);
	fixture_mail_free(facts->mail);
	fixture_content_free(facts->content);
	g_free(facts->key);
	g_free(facts->mail_from);
	g_free(facts->auth_login);
	config_unref(facts->config);
	g_free(facts);
}
typedef struct facts fixture_facts_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fixture_facts_owned, fixture_facts_free)

static inline struct lead *
fixture_lead(const char *id, const char *address, const char *name)
{
	struct lead *lead = lead_new();
	const char *at = address != NULL ? strchr(address, '@') : NULL;

	lead->id = g_strdup(id);
	lead->created = lead->updated = FIXTURE_NOW - CLOCK_DAY;
	lead->address = g_strdup(address);
	lead->normalised = address != NULL ? g_ascii_strdown(address, -1) : NULL;
	lead->name = g_strdup(name);
	lead->account = at != NULL && strcmp(at + 1, "gmail.com") != 0 ? g_strdup(at + 1) : NULL;
	lead->scorecard = g_strdup("test");
	lead->stage = STAGE_EQL;
	lead->first_inbound = lead->last_inbound = FIXTURE_NOW - CLOCK_DAY;
	lead->inbound_count = lead->touch_count = 1;
	return lead;
}

/* `lead` goes to `known`. */
static inline struct candidate *
fixture_candidate(struct known *known, struct lead *lead, enum match match)
{
	struct candidate *candidate = g_new0(struct candidate, 1);

	candidate->lead = lead;
	candidate->match = match;
	if (known->candidates->len > 0)
		candidate->touches = fixture_list((GDestroyNotify)touch_free);
	g_ptr_array_add(known->candidates, candidate);
	return candidate;
}

#endif
