/*
 * facts.c - puts together what the modules of this layer understand of one message.
 *
 * The order matters: authentication before the sender, the forward before the text (a forward
 * is no quote), text before kind, everything before the person.
 */
#include "mail/facts.h"
#include "base/limits.h"
#include "mail/address.h"
#include "mail/mailbox.h"
#include "mail/ids.h"
#include "mail/token.h"

#include <string.h>

struct analysis *
analysis_new(struct config *config, GError **error)
{
	g_autoptr(domain_lists_owned) domains = domain_lists_new(config, error);
	g_autoptr(phrases_owned) phrases = phrases_new();
	if (!domains)
		return NULL;
	for (guint i = 0; i < config->phrase_files->len; i++)
		if (!phrases_add_file(phrases, g_ptr_array_index(config->phrase_files, i), error))
			return NULL;
	if (!phrases_compile(phrases, error))
		return NULL;
	struct analysis *analysis = g_new0(struct analysis, 1);
	analysis->references = 1;
	analysis->config = config_ref(config);
	analysis->domains = g_steal_pointer(&domains);
	analysis->phrases = g_steal_pointer(&phrases);
	return analysis;
}

struct analysis *
analysis_ref(struct analysis *analysis)
{
	g_atomic_int_inc(&analysis->references);
	return analysis;
}

void
analysis_unref(struct analysis *analysis)
{
	if (!analysis || !g_atomic_int_dec_and_test(&analysis->references))
		return;
	domain_lists_free(analysis->domains);
	phrases_free(analysis->phrases);
	config_unref(analysis->config);
	g_free(analysis);
}

static gboolean
address_is_own(const struct analysis *analysis, const char *address)
{
	const char *domain = address ? address_domain(address) : NULL;
	return domain && domain_is_own(analysis->domains, domain);
}

gboolean
facts_interested(const struct analysis *analysis, const struct raw_mail *raw)
{
	gboolean all_own = TRUE;
	for (guint i = 0; i < raw->recipients->len; i++) {
		const char *recipient = g_ptr_array_index(raw->recipients, i);
		g_autofree char *bare = token_strip(analysis->config, recipient);
		if (mailbox_find(analysis->config, bare ? bare : recipient, NULL) ||
		    (bare &&
		     token_read(analysis->config, recipient, raw->received, NULL) == TOKEN_GOOD))
			return TRUE;
		all_own = all_own && address_is_own(analysis, recipient);
	}
	return !all_own && address_is_own(analysis, raw->mail_from) &&
	       mailbox_client_is_ours(analysis->config, raw);
}

gboolean
facts_may_answer(const struct analysis *analysis, const struct raw_mail *raw)
{
	if (!analysis->config->watch_conversations || mailbox_client_is_ours(analysis->config, raw))
		return FALSE;
	for (guint i = 0; i < raw->recipients->len; i++)
		if (address_is_own(analysis, g_ptr_array_index(raw->recipients, i)))
			return TRUE;
	return FALSE;
}

GPtrArray *
facts_answered_ids(const struct raw_mail *raw)
{
	static const char *const fields[] = { "In-Reply-To", "References",
					      "X-Microsoft-Original-Message-ID" };
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autoptr(GPtrArray) ids = ids_parse(raw_mail_header(raw, fields[i]));
		for (guint j = 0; j < ids->len; j++)
			g_ptr_array_add(all, g_strdup(ids->pdata[j]));
	}
	return all;
}

gboolean
facts_may_be_report(const struct raw_mail *raw)
{
	const char *type = raw_mail_header(raw, "Content-Type");
	return raw->mail_from && !*raw->mail_from && type &&
	       !g_ascii_strncasecmp(type + strspn(type, " \t"), "multipart/report", 16);
}

static enum direction
find_direction(const struct analysis *analysis, const struct raw_mail *raw, const struct mail *mail)
{
	const struct mail_address *author = mail_author(mail);
	gboolean own = raw->mail_from && *raw->mail_from
			       ? address_is_own(analysis, raw->mail_from)
			       : author && address_is_own(analysis, author->address);
	if (!own || !mailbox_client_is_ours(analysis->config, raw))
		return DIRECTION_INBOUND;
	for (guint i = 0; i < raw->recipients->len; i++)
		if (!address_is_own(analysis, g_ptr_array_index(raw->recipients, i)))
			return DIRECTION_OUTBOUND;
	return DIRECTION_INTERNAL;
}

/* The first good token counts: an answer has one. */
static void
take_token(struct facts *facts, const char *recipient)
{
	g_autofree char *lead = NULL;
	enum token_result result = token_read(facts->config, recipient, facts->received, &lead);
	if (result == TOKEN_FORGED || result == TOKEN_EXPIRED)
		facts->tokens_refused++;
	else if (lead && !facts->token_lead)
		facts->token_lead = g_steal_pointer(&lead);
}

static void
find_mailboxes(struct facts *facts, const struct raw_mail *raw)
{
	facts->mailboxes = g_ptr_array_new();
	facts->mailbox_addresses = g_ptr_array_new_with_free_func(g_free);
	facts->mailbox_tags = g_ptr_array_new_with_free_func(g_free);
	facts->recipients = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < raw->recipients->len; i++) {
		const char *recipient = g_ptr_array_index(raw->recipients, i);
		char *tag = NULL;
		g_autofree char *bare = token_strip(facts->config, recipient);
		const char *address = bare ? bare : recipient;
		const struct config_mailbox *mailbox = mailbox_find(facts->config, address, &tag);
		g_ptr_array_add(facts->recipients, g_strdup(recipient));
		if (bare)
			take_token(facts, recipient);
		if (!mailbox)
			continue;
		g_ptr_array_add(facts->mailboxes, (gpointer)mailbox);
		g_ptr_array_add(facts->mailbox_addresses, g_strdup(address));
		g_ptr_array_add(facts->mailbox_tags, tag);
	}
}

/* The conversation part of Exchange's Thread-Index: its first 22 bytes (MS-OXOMSG 2.2.1.3). */
static char *
find_thread_index(const struct mail *mail)
{
	const char *value = mail_header(mail, "Thread-Index");
	if (!value || strlen(value) > LIMIT_MESSAGE_ID)
		return NULL;
	gsize length = 0;
	g_autofree guchar *bytes = g_base64_decode(value, &length);
	return length >= 22 ? g_base64_encode(bytes, 22) : NULL;
}

static char *
find_original_id(const struct mail *mail)
{
	const char *value = mail_header(mail, "X-Microsoft-Original-Message-ID");
	g_autoptr(GPtrArray) ids = value ? ids_parse(value) : NULL;
	return ids && ids->len ? g_strdup(ids->pdata[0]) : NULL;
}

static const char *
person_address(const struct facts *facts, const char **ret_name)
{
	if (facts->forward) {
		*ret_name = facts->forward->name;
		return facts->forward->address;
	}
	const char *address = facts->form ? form_value(facts->form, "email") : NULL;
	if (address && address_is_valid(address)) {
		*ret_name = form_value(facts->form, "name");
		return address;
	}
	return NULL;
}

static void
find_senders(struct facts *facts, const struct analysis *analysis, struct authres *auth)
{
	const struct mail_address *author = mail_author(facts->mail);
	sender_classify(analysis->domains, author ? author->name : NULL,
			author ? author->address : NULL, auth, &facts->sender);
	facts->person_sender = facts->sender;
	const char *name = NULL, *address = person_address(facts, &name);
	facts->person_is_author = !address && !facts->forward;
	if (!facts->person_is_author) {
		struct authres none = { 0 };
		sender_classify(analysis->domains, name, address, &none, &facts->person_sender);
	}
}

/* Somebody else sends back what one of us wrote: it is about them, not about us. */
static gboolean
is_sent_back(const struct analysis *analysis, const struct facts *facts)
{
	const struct mail_address *author = mail_author(facts->mail);
	return facts->forward && address_is_own(analysis, facts->forward->address) &&
	       !address_is_own(analysis, author ? author->address : NULL);
}

static void
find_text(struct facts *facts, const struct analysis *analysis)
{
	struct mail *mail = facts->mail;
	if (mail->html) {
		facts->html = html_to_text(mail->html, strlen(mail->html));
		mail_set_html_text(mail, facts->html->text);
	}
	facts->forward = forward_detect(mail);
	if (is_sent_back(analysis, facts))
		g_clear_pointer(&facts->forward, forward_free);
	facts->text = reply_split(mail, facts->html);
}

static void
find_person(struct facts *facts, const struct analysis *analysis)
{
	facts->person = person_find(&(struct person_input){
		.mail = facts->mail,
		.sender = &facts->person_sender,
		.text = facts->text,
		.forward = facts->forward,
		.form = facts->form,
		.default_region = analysis->config->default_region,
	});
}

struct facts *
facts_new(const struct analysis *analysis, const struct raw_mail *raw)
{
	struct authres auth = { 0 };
	authres_read(raw, analysis->config->trusted_authserv_ids, &auth);
	return facts_new_authenticated(analysis, raw, &auth);
}

struct facts *
facts_new_authenticated(const struct analysis *analysis, const struct raw_mail *raw,
			struct authres *auth)
{
	struct facts *facts = g_new0(struct facts, 1);
	facts->references = 1;
	facts->config = config_ref(analysis->config);
	facts->key = raw_mail_key(raw);
	facts->queue_id = g_strdup(raw->queue_id);
	facts->received = raw->received;
	facts->mail_from = g_strdup(raw->mail_from);
	facts->client_address = g_strdup(raw->client_address);
	facts->auth_login = g_strdup(raw->auth_login);
	find_mailboxes(facts, raw);
	facts->mail = mail_parse(raw);
	facts->thread_index = find_thread_index(facts->mail);
	facts->original_message_id = find_original_id(facts->mail);
	facts->subject_normalised = subject_normalise(facts->mail->subject, &facts->reply_prefixes);
	find_text(facts, analysis);
	facts->own_notification = mail_header(facts->mail, FACTS_NOTIFICATION) != NULL;
	if (!facts->own_notification) /* whose lines look like those of a form */
		facts->form = form_detect(analysis->config, raw, facts->mail, facts->html);
	find_senders(facts, analysis, auth);
	*auth = (struct authres){ 0 };
	facts->direction = find_direction(analysis, raw, facts->mail);
	if ((facts->form || facts->forward) && facts->mailboxes->len)
		facts->direction =
			DIRECTION_INBOUND; /* our website's form, a colleague's forward */
	facts->kind = kind_classify(raw, facts->mail, facts->forward, facts->text);
	if (facts->form)
		kind_take_form(facts->kind, facts->form);
	find_person(facts, analysis);
	facts->content = content_find(analysis->phrases, facts->mail,
				      facts->forward ? facts->forward->text : facts->text->new_text,
				      facts->html ? facts->html->links : NULL);
	return facts;
}

struct facts *
facts_ref(struct facts *facts)
{
	g_atomic_int_inc(&facts->references);
	return facts;
}

void
facts_unref(struct facts *facts)
{
	if (!facts || !g_atomic_int_dec_and_test(&facts->references))
		return;
	g_free(facts->key);
	g_free(facts->queue_id);
	g_free(facts->mail_from);
	g_free(facts->client_address);
	g_free(facts->auth_login);
	g_free(facts->thread_index);
	g_free(facts->original_message_id);
	g_free(facts->token_lead);
	g_free(facts->subject_normalised);
	g_ptr_array_unref(facts->mailboxes);
	g_ptr_array_unref(facts->mailbox_addresses);
	g_ptr_array_unref(facts->mailbox_tags);
	g_ptr_array_unref(facts->recipients);
	if (!facts->person_is_author)
		sender_clear(&facts->person_sender);
	sender_clear(&facts->sender);
	person_free(facts->person);
	content_free(facts->content);
	kind_free(facts->kind);
	form_free(facts->form);
	forward_free(facts->forward);
	reply_text_free(facts->text);
	html_text_free(facts->html);
	mail_free(facts->mail);
	config_unref(facts->config);
	g_free(facts);
}

const char *
direction_name(enum direction direction)
{
	static const char *const names[] = { "inbound", "outbound", "internal" };
	return names[direction];
}
