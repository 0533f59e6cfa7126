/*
 * form.c - mail from web forms: "Label: value" lines, two columns, labels above their values.
 *
 * A configured profile that matches sender, client or login says that a message is a form.  Any
 * other must look like one: a sender that is a machine or answers elsewhere (Reply-To), at least
 * three contact fields, an address of somebody who is neither sender nor recipient, and a name or
 * a message.  A signature has neither of the latter.
 */
#include "mail/form.h"

#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "mail/address.h"
#include "mail/authres.h"
#include "mail/form_fields.h"
#include "mail/form_labels.h"
#include "mail/mailbox.h"

#define CONTACT_FIELDS 3 /* that make an unknown message a form */

static const char *
find_value(const GPtrArray *fields, const char *key)
{
	const struct form_field *field = form_fields_find(fields, key);
	return field ? field->value : NULL;
}

/* --- what the fields mean together --- */

/* "a@b.example <mailto:a@b.example>" as its address; left as it is when there is none. */
static void
clean_email(struct form_field *field)
{
	g_autoptr(GPtrArray) list = address_parse_list(field->value);
	for (guint i = 0; i < list->len; i++) {
		const struct mail_address *found = g_ptr_array_index(list, i);
		if (!address_is_valid(found->address))
			continue;
		g_free(field->value);
		field->value = g_strdup(found->address);
		return;
	}
}

static void
set_key(struct form_field *field, const char *key)
{
	g_free(field->key);
	field->key = g_strdup(key);
}

/* "Vorname" beside "Name", "Nombre" beside "Apellidos": the plain word is the other half. */
static void
pair_names(GPtrArray *fields)
{
	struct form_field *name = form_fields_find(fields, "name");
	struct form_field *first = form_fields_find(fields, "first_name");
	struct form_field *last = form_fields_find(fields, "last_name");
	if (name && first && !last && !strchr(name->value, ' ')) {
		set_key(name, "last_name");
		last = name;
	} else if (name && last && !first && !strstr(name->value, last->value)) {
		set_key(name, "first_name");
		first = name;
	}
	if (!first || !last || form_fields_find(fields, "name"))
		return;
	g_autofree char *label = g_strconcat(first->label, " + ", last->label, NULL);
	g_autofree char *value = g_strconcat(first->value, " ", last->value, NULL);
	form_fields_add(fields, label, strlen(label), "name", value);
}

/* Reply-To's first address when it isn't the sender's. */
static const struct mail_address *
find_reply_to(const struct mail *mail)
{
	const struct mail_address *author = mail_author(mail);
	const struct mail_address *to =
		mail->reply_to->len ? g_ptr_array_index(mail->reply_to, 0) : NULL;
	if (!to || !address_is_valid(to->address) ||
	    (author && !g_ascii_strcasecmp(author->address, to->address)))
		return NULL;
	return to;
}

static void
add_reply_to(GPtrArray *fields, const struct mail_address *to)
{
	const struct form_field *email = form_fields_find(fields, "email");
	if (email && address_is_valid(email->value))
		return;
	form_fields_add(fields, "Reply-To", 8, "email", to->address);
	if (email) { /* not one: the first with the key counts */
		g_ptr_array_remove(fields, (gpointer)email);
	}
	if (to->name && !form_fields_find(fields, "name"))
		form_fields_add(fields, "Reply-To", 8, "name", to->name);
}

/* A telephone number that isn't one says nothing about the person. */
static void
check_phone(struct form_field *phone)
{
	guint digits = 0;
	for (const char *p = phone->value; *p; p++)
		digits += g_ascii_isdigit(*p);
	if (digits < 5)
		g_clear_pointer(&phone->key, g_free);
}

static void
complete(GPtrArray *fields, const struct mail *mail)
{
	struct form_field *email = form_fields_find(fields, "email");
	const struct mail_address *reply_to = find_reply_to(mail);
	struct form_field *phone = form_fields_find(fields, "phone");
	if (email)
		clean_email(email);
	if (phone)
		check_phone(phone);
	pair_names(fields);
	if (reply_to)
		add_reply_to(fields, reply_to);
}

/* --- configured profiles --- */

static gboolean
list_has(const GPtrArray *list, const char *value)
{
	for (guint i = 0; value && i < list->len; i++)
		if (!g_ascii_strcasecmp(g_ptr_array_index(list, i), value))
			return TRUE;
	return FALSE;
}

/* What is given must match; of client and login one is enough. */
static gboolean
profile_matches(const struct config_form *profile, const struct raw_mail *raw,
		const struct mail *mail)
{
	const struct mail_address *author = mail_author(mail);
	if (profile->senders->len &&
	    !mailbox_list_matches(profile->senders, author ? author->address : NULL) &&
	    !mailbox_list_matches(profile->senders, raw->mail_from))
		return FALSE;
	if (!profile->clients->len && !profile->logins->len)
		return profile->senders->len > 0;
	return mailbox_client_matches(profile->clients, raw) ||
	       list_has(profile->logins, raw->auth_login);
}

static const struct config_form *
find_profile(const struct config *config, const struct raw_mail *raw, const struct mail *mail)
{
	for (guint i = 0; i < config->forms->len; i++) {
		const struct config_form *profile = g_ptr_array_index(config->forms, i);
		if (profile_matches(profile, raw, mail))
			return profile;
	}
	return NULL;
}

/* normalised label → key, of "label=key". */
static GHashTable *
profile_labels(const struct config_form *profile)
{
	GHashTable *labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (guint i = 0; i < profile->fields->len; i++) {
		const char *field = g_ptr_array_index(profile->fields, i);
		const char *equals = strrchr(field, '=');
		char *label = equals ? form_label_normalise(field, equals - field) : NULL;
		if (label)
			g_hash_table_insert(labels, label, g_strstrip(g_strdup(equals + 1)));
	}
	return labels;
}

static gboolean
has_contact(const GPtrArray *fields)
{
	static const char *const keys[] = { "email", "phone", "name", "message" };
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
		if (find_value(fields, keys[i]))
			return TRUE;
	return FALSE;
}

/* --- messages no profile knows --- */

/* Local parts websites send from.  Long ones anywhere in it, short ones as a word. */
static gboolean
is_machine_address(const char *address)
{
	static const char *const parts[] = {
		"noreply",    "no-reply",  "no_reply", "no.reply", "donotreply",   "do-not-reply",
		"wordpress",  "website",   "webform",  "web-form", "contactform",  "contact-form",
		"webmaster",  "mailer",    "form",     "forms",    "kontaktform",  "formular",
		"formulaire", "www-data",  "apache",   "nobody",   "notification", "notifications",
		"notify",     "web",       "www",      "site",     "leads",        "lead",
		"enquiry",    "enquiries", "inquiry",  "robot",    "bot",          "system",
	};
	const char *at = strrchr(address, '@');
	if (!at || at - address > 64)
		return FALSE;
	g_autofree char *local = g_ascii_strdown(address, at - address);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		const char *found = strstr(local, parts[i]);
		gsize length = strlen(parts[i]);
		if (found && (length >= 7 || ((found == local || !g_ascii_isalpha(found[-1])) &&
					      !g_ascii_isalpha(found[length]))))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_recipient(const struct raw_mail *raw, const struct mail *mail, const char *address)
{
	if (list_has(raw->recipients, address))
		return TRUE;
	for (guint i = 0; i < mail->to->len; i++) {
		const struct mail_address *to = g_ptr_array_index(mail->to, i);
		if (!g_ascii_strcasecmp(to->address, address))
			return TRUE;
	}
	return FALSE;
}

/* The sender's domain is ours or the recipient's: our own website. */
static gboolean
is_from_home(const struct config *config, const struct raw_mail *raw, const char *address)
{
	const char *domain = address_domain(address);
	if (!domain)
		return FALSE;
	if (mailbox_list_matches(config->own_domains, address))
		return TRUE;
	for (guint i = 0; i < raw->recipients->len; i++) {
		const char *to = address_domain(g_ptr_array_index(raw->recipients, i));
		if (to && !g_ascii_strcasecmp(to, domain))
			return TRUE;
	}
	return FALSE;
}

/* Cheap: asked of every message before its text is looked at. */
static gboolean
may_be_form(const struct config *config, const struct raw_mail *raw, const struct mail *mail)
{
	const struct mail_address *author = mail_author(mail);
	if (mail->in_reply_to->len || mail->report_type || mail_header(mail, "List-Id") ||
	    (raw->mail_from && !*raw->mail_from))
		return FALSE;
	return find_reply_to(mail) || (author && (is_machine_address(author->address) ||
						  is_from_home(config, raw, author->address)));
}

static guint
count_contact_fields(const GPtrArray *fields)
{
	static const char *const keys[] = { "name",    "email",   "phone",   "company", "title",
					    "country", "message", "subject", "url" };
	guint count = 0;
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
		count += find_value(fields, keys[i]) != NULL;
	return count;
}

/* The text itself gives the address that answers go to. */
static gboolean
names_reply_to(const struct mail *mail, GPtrArray *fields)
{
	const struct mail_address *reply_to = find_reply_to(mail);
	const struct form_field *email = form_fields_find(fields, "email");
	return reply_to && email && strcmp(email->label, "Reply-To") &&
	       !g_ascii_strcasecmp(reply_to->address, email->value);
}

static gboolean
looks_like_form(const struct config *config, const struct raw_mail *raw, const struct mail *mail,
		GPtrArray *fields)
{
	const struct mail_address *author = mail_author(mail);
	const char *email = find_value(fields, "email");
	const char *name = find_value(fields, "name");
	const char *message = find_value(fields, "message");
	if (!email || !address_is_valid(email) || is_recipient(raw, mail, email) ||
	    count_contact_fields(fields) < CONTACT_FIELDS)
		return FALSE;
	if (author && !g_ascii_strcasecmp(author->address, email))
		return FALSE;
	if (author && is_machine_address(author->address))
		return name || message;
	if (!is_from_home(config, raw, author ? author->address : "") &&
	    !names_reply_to(mail, fields))
		return FALSE;
	return name && (message || find_value(fields, "phone") || find_value(fields, "company"));
}

/* --- together --- */

static struct form *
form_new(const char *name, gboolean trusted, GPtrArray *fields)
{
	struct form *form = g_new0(struct form, 1);
	form->name = g_strdup(name);
	form->trusted = trusted;
	form->fields = fields;
	return form;
}

static GPtrArray *
read_fields(const struct mail *mail, const char *text, GHashTable *own_labels)
{
	GPtrArray *fields = form_fields_read(text, own_labels);
	complete(fields, mail);
	return fields;
}

/* Anybody can write a sender's address: without client or login the domain's owner must back it. */
static gboolean
is_pinned(const struct config *config, const struct config_form *profile,
	  const struct raw_mail *raw)
{
	if (profile->clients->len || profile->logins->len || mailbox_client_is_ours(config, raw))
		return TRUE;
	struct authres auth = { 0 };
	authres_read(raw, config->trusted_authserv_ids, &auth);
	gboolean backed = auth.dmarc == AUTH_PASS;
	authres_clear(&auth);
	return backed;
}

static struct form *
detect_profile(const struct config *config, const struct config_form *profile,
	       const struct raw_mail *raw, const struct mail *mail, const char *text)
{
	g_autoptr(GHashTable) labels = profile_labels(profile);
	g_autoptr(GPtrArray) fields = read_fields(mail, text, labels);
	if (!has_contact(fields))
		return NULL;
	return form_new(profile->name, is_pinned(config, profile, raw), g_steal_pointer(&fields));
}

static struct form *
detect_auto(const struct config *config, const struct raw_mail *raw, const struct mail *mail,
	    const char *text)
{
	g_autoptr(GPtrArray) fields = read_fields(mail, text, NULL);
	return looks_like_form(config, raw, mail, fields)
		       ? form_new("auto", FALSE, g_steal_pointer(&fields))
		       : NULL;
}

/* The client that brought it proved itself. */
static struct form *
detect_hook(const struct config *config, const char *name, const struct mail *mail,
	    const char *text)
{
	g_autoptr(GHashTable) labels = NULL;
	g_autoptr(GPtrArray) fields = NULL;
	for (guint i = 0; i < config->forms->len && !labels; i++) {
		const struct config_form *profile = g_ptr_array_index(config->forms, i);
		if (!strcmp(profile->name, name))
			labels = profile_labels(profile);
	}
	fields = read_fields(mail, text, labels);
	return has_contact(fields) ? form_new(name, TRUE, g_steal_pointer(&fields)) : NULL;
}

struct form *
form_detect(const struct config *config, const struct raw_mail *raw, const struct mail *mail,
	    const struct html_text *html)
{
	if (raw->daemon_name && g_str_has_prefix(raw->daemon_name, FORM_DAEMON))
		return detect_hook(config, raw->daemon_name + strlen(FORM_DAEMON), mail,
				   mail_shown_text(mail));
	const struct config_form *profile = find_profile(config, raw, mail);
	if (!profile && !may_be_form(config, raw, mail))
		return NULL;
	const char *shown = mail_shown_text(mail);
	const char *texts[] = { shown, html && html->text != shown ? html->text : NULL };
	for (gsize i = 0; i < G_N_ELEMENTS(texts) && texts[i]; i++) {
		struct form *form = profile ? detect_profile(config, profile, raw, mail, texts[i])
					    : detect_auto(config, raw, mail, texts[i]);
		if (form)
			return form;
	}
	return NULL;
}

void
form_free(struct form *form)
{
	if (!form)
		return;
	g_free(form->name);
	g_ptr_array_unref(form->fields);
	g_free(form);
}

const char *
form_value(const struct form *form, const char *key)
{
	return find_value(form->fields, key);
}
