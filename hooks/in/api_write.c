/*
 * api_write.c - what the hook is told: touches, outcomes, customers, leads of web forms.
 *
 * Each item of a request is a job of its own, so one that is refused holds up no other, and the
 * answer says of each what became of it.  When the store itself fails the whole request is answered
 * 503: sent again, what was taken before is a duplicate.
 */
#include "hooks/in/api_call.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "mail/address.h"
#include "mail/form.h"
#include "mail/phone.h"
#include "store/store_change.h"
#include "store/store_import.h"

/* --- results --- */

static cJSON *
add_result(cJSON *results, const char *status, const char *lead, const char *why)
{
	cJSON *result = cJSON_CreateObject();

	cJSON_AddStringToObject(result, "status", status);
	if (lead)
		cJSON_AddStringToObject(result, "lead", lead);
	else
		cJSON_AddNullToObject(result, "lead");
	if (why)
		cJSON_AddStringToObject(result, "error", why);
	if (results)
		cJSON_AddItemToArray(results, result);
	return result;
}

static const char *
status_of(const struct answer *answer)
{
	static const char *const NAMES[] = {
		[ACTION_NONE] = "refused",        [ACTION_CREATE] = "created",
		[ACTION_ATTACH] = "recorded",     [ACTION_OUTBOUND] = "recorded",
		[ACTION_DUPLICATE] = "duplicate",
	};

	return NAMES[answer->action];
}

static cJSON *
add_answer(cJSON *results, const struct answer *answer)
{
	return add_result(results, status_of(answer), answer->lead,
			  answer->action == ACTION_NONE ? answer->reason : NULL);
}

/* The item's own fault, not the store's. */
static gboolean
is_refusal(const GError *error)
{
	return error->domain == LEADMILTER_ERROR &&
	       (error->code == ERROR_INPUT || error->code == ERROR_NOT_FOUND);
}

/* What the sender calls this item, or the request and the place in it.  Caller frees. */
static char *
item_id(const struct api_call *call, const cJSON *item, guint place)
{
	const char *own = api_text(item, "id");

	if (own)
		return g_strdup(own);
	return call->id ? g_strdup_printf("%s/%u", call->id, place) : NULL;
}

/* Every item of a list through `take`, which fills in the answer or fails. */
static void
take_items(struct api_call *call, const char *list,
	   gboolean (*take)(struct api_call *call, const cJSON *item, const char *id,
			    struct answer *ret, GError **error))
{
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(call->body, list), *item;
	cJSON *value = cJSON_CreateObject();
	cJSON *results = cJSON_AddArrayToObject(value, "results");
	guint place = 0;

	cJSON_ArrayForEach(item, items)
	{
		g_autofree char *id = item_id(call, item, place++);
		g_autoptr(GError) error = NULL;
		struct answer answer = { 0 };

		if (take(call, item, id, &answer, &error)) {
			add_answer(results, &answer);
		} else if (is_refusal(error)) {
			add_result(results, "refused", NULL, error->message);
		} else {
			cJSON_Delete(value);
			api_answer_failure(call, error);
			return;
		}
		answer_clear(&answer);
	}
	call->host->changed(call->host->data);
	api_answer_json(call, 200, value);
}

/* --- touches --- */

static char *
read_phone(const struct api_call *call, const cJSON *item)
{
	const char *text = api_text(item, "phone");
	struct phone_number number;

	if (!text || !phone_read(text, call->view.config->default_region, &number))
		return NULL;
	return g_strdup(number.e164);
}

static gboolean
take_touch(struct api_call *call, const cJSON *item, const char *id, struct answer *ret,
	   GError **error)
{
	g_autofree char *phone = read_phone(call, item);
	const struct outside_touch touch = {
		.name = api_text(item, "touch"),
		.time = api_time(item, "time"),
		.note = api_text(item, "note"),
		.source = call->client->name,
		.id = id,
		.lead = api_text(item, "lead"),
		.address = api_text(item, "email"),
		.phone = phone,
		.person = api_text(item, "name"),
		.campaign = api_text(item, "campaign"),
		.create = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "create")),
	};

	if (api_text(item, "phone") && !phone) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "\"%s\" is no telephone number",
			    api_text(item, "phone"));
		return FALSE;
	}
	return store_touch(call->host->store, &touch, call->view.scorecards, call->now, FALSE, ret,
			   error);
}

void
api_post_touches(struct api_call *call)
{
	take_items(call, "touches", take_touch);
}

/* --- outcomes --- */

/* The CRM's own record is the surest but for our id: addresses change there.  Caller frees. */
static char *
whose(const struct api_call *call, const cJSON *item, GError **error)
{
	const char *record = api_text(item, "record"), *address = api_text(item, "email");
	const char *endpoint = call->client->endpoint;
	char *lead = g_strdup(api_text(item, "lead"));

	if (!lead && record && endpoint)
		lead = store_remembered_lead(call->host->store, endpoint, record,
					     address ? NULL : error);
	if (!lead && address)
		lead = g_strdup(address);
	if (!lead && !(record && endpoint))
		g_set_error_literal(error, LEADMILTER_ERROR, ERROR_INPUT,
				    record ? "the client names no endpoint whose record it could be"
					   : "neither lead nor email nor record says whose it is");
	return lead;
}

static gboolean
take_outcome(struct api_call *call, const cJSON *item, const char *id, struct answer *ret,
	     GError **error)
{
	g_autofree char *lead = whose(call, item, error);
	const struct outcome outcome = {
		.what = api_text(item, "outcome"),
		.value = api_text(item, "value"),
		.reason = api_text(item, "reason"),
		.source = call->client->name,
		.id = id,
		.customer = api_text(item, "customer"),
		.time = api_time(item, "time"),
	};

	if (!lead)
		return FALSE;
	if (strcmp(outcome.what, "merged") == 0) {
		if (outcome.value)
			return store_merge(call->host->store, outcome.value, lead,
					   call->view.scorecards, call->now, ret, error);
		g_set_error_literal(error, LEADMILTER_ERROR, ERROR_INPUT,
				    "\"merged\" needs the lead it became as value");
		return FALSE;
	}
	return store_outcome(call->host->store, lead, &outcome, call->view.scorecards, call->now,
			     FALSE, ret, error);
}

void
api_post_outcomes(struct api_call *call)
{
	take_items(call, "outcomes", take_outcome);
}

/* --- customers --- */

static struct customer *
read_customer(const struct api_call *call, const cJSON *item)
{
	struct customer *customer = customer_new();

	customer->id = g_strdup(api_text(item, "id"));
	customer->address = g_strdup(api_text(item, "email"));
	customer->name = g_strdup(api_text(item, "name"));
	customer->phone = read_phone(call, item);
	customer->company = g_strdup(api_text(item, "company"));
	customer->owner = g_strdup(api_text(item, "owner"));
	customer->since = api_time(item, "since");
	return customer;
}

static void
add_import(cJSON *results, const struct import_report *report)
{
	if (report->conflicts && report->conflicts->len > 0)
		add_result(results, "refused", NULL, report->conflicts->pdata[0]);
	else
		add_result(results,
			   report->created   ? "created"
			   : report->updated ? "updated"
					     : "unchanged",
			   NULL, NULL);
}

void
api_post_customers(struct api_call *call)
{
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(call->body, "customers"), *item;
	cJSON *value = cJSON_CreateObject();
	cJSON *results = cJSON_AddArrayToObject(value, "results");

	cJSON_ArrayForEach(item, items)
	{
		g_autoptr(GPtrArray) rows =
			g_ptr_array_new_with_free_func((GDestroyNotify)customer_free);
		struct import_report report = { 0 };
		g_autoptr(GError) error = NULL;
		gboolean done;

		g_ptr_array_add(rows, read_customer(call, item));
		done = store_import_customers(call->host->store, rows, call->now, &report, &error);
		if (done)
			add_import(results, &report);
		import_report_clear(&report);
		if (!done) {
			cJSON_Delete(value);
			api_answer_failure(call, error);
			return;
		}
	}
	call->host->changed(call->host->data);
	api_answer_json(call, 200, value);
}

/* --- a lead of a web form --- */

/* One line: a value can't become another field. */
static void
put_field(GString *body, const char *label, const char *value)
{
	if (!value)
		return;
	g_string_append_printf(body, "%s: ", label);
	for (; *value; value++)
		g_string_append_c(body, (guchar)*value < ' ' || *value == 0x7f ? ' ' : *value);
	g_string_append(body, "\r\n");
}

/* Labels that the form reader knows (form_labels.c). */
static void
put_fields(GString *body, const cJSON *lead)
{
	static const struct {
		const char *key, *label;
	} FIELDS[] = {
		{ "name", "Name" },           { "first_name", "First name" },
		{ "last_name", "Last name" }, { "email", "Email" },
		{ "phone", "Phone" },         { "company", "Company" },
		{ "title", "Job title" },     { "country", "Country" },
		{ "url", "Website" },         { "referrer", "Referrer" },
	};
	const cJSON *member;

	for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++)
		put_field(body, FIELDS[i].label, api_text(lead, FIELDS[i].key));
	cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(lead, "utm"))
	{
		g_autofree char *label = g_strconcat("utm_", member->string, NULL);

		put_field(body, g_strdelimit(label, ":\r\n", '_'), cJSON_GetStringValue(member));
	}
	cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(lead, "fields"))
	{
		g_autofree char *label = g_strdup(member->string);

		put_field(body, g_strdelimit(label, ":\r\n", '_'), cJSON_GetStringValue(member));
	}
	/* The last: it goes on to the end. */
	if (api_text(lead, "message"))
		g_string_append_printf(body, "Message: %s\r\n", api_text(lead, "message"));
}

static char *
encode_word(const char *text)
{
	g_autofree char *base64 = g_base64_encode((const guchar *)text, strlen(text));

	return g_strdup_printf("=?UTF-8?B?%s?=", base64);
}

static char *
author_field(const cJSON *lead)
{
	const char *name = api_text(lead, "name"), *address = api_text(lead, "email");
	g_autofree char *word = name ? encode_word(name) : NULL;

	return word ? g_strdup_printf("%s <%s>", word, address) : g_strdup(address);
}

static const char *
mailbox_of(const struct api_call *call)
{
	const char *named = api_text(call->body, "mailbox");
	const GPtrArray *mailboxes = call->view.config->mailboxes;

	for (guint i = 0; !named && i < mailboxes->len; i++) {
		const struct config_mailbox *mailbox = mailboxes->pdata[i];

		if (mailbox->match == MATCH_ADDRESS)
			named = mailbox->address;
	}
	return named;
}

static void
add_headers(const struct api_call *call, struct raw_mail *raw, const char *id)
{
	const char *subject = api_text(call->body, "subject");
	const char *form = api_text(call->body, "form");
	g_autofree char *author = author_field(call->body);
	g_autofree char *title =
		subject ? g_strdup(subject) : g_strdup_printf("Form %s", form ? form : "");
	g_autofree char *word = encode_word(g_strstrip(title));
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, id, -1);
	g_autofree char *message_id =
		g_strdup_printf("<%.32s@%s>", digest, call->view.config->hostname);

	raw_mail_add_header(raw, "From", author);
	raw_mail_add_header(raw, "To", raw->recipients->pdata[0]);
	raw_mail_add_header(raw, "Subject", word);
	raw_mail_add_header(raw, "Message-ID", message_id);
	raw_mail_add_header(raw, "MIME-Version", "1.0");
	raw_mail_add_header(raw, "Content-Type", "text/plain; charset=utf-8");
}

static struct raw_mail *
make_mail(const struct api_call *call, const char *mailbox)
{
	gint64 time = api_time(call->body, "time");
	struct raw_mail *raw = raw_mail_new(time ? MIN(time, call->now) : call->now);
	const char *form = api_text(call->body, "form");
	g_autofree char *own = item_id(call, call->body, call->place);
	g_autofree char *random = own ? NULL : clock_new_id("", call->now);
	g_autofree char *id = g_strdup_printf("%s/%s", call->client->name, own ? own : random);
	g_autoptr(GString) body = g_string_new(NULL);

	put_fields(body, call->body);
	raw->daemon_name = g_strconcat(FORM_DAEMON, form ? form : call->client->name, NULL);
	raw_mail_set_sender(raw, api_text(call->body, "email"));
	raw_mail_add_recipient(raw, mailbox);
	add_headers(call, raw, id);
	raw_mail_add_body(raw, body->str, body->len);
	return raw;
}

/* @return what became of it, or NULL with the status and reason of the whole request */
static cJSON *
take_lead(struct api_call *call, guint *ret_status, const char **ret_reason)
{
	const char *mailbox = mailbox_of(call);
	g_autoptr(raw_mail_owned) raw = mailbox ? make_mail(call, mailbox) : NULL;
	struct answer answer = { 0 };
	cJSON *result = NULL;

	*ret_status = 200;
	if (!raw) {
		*ret_status = 422;
		*ret_reason = "no watched mailbox to count it for";
	} else if (!call->host->submit(raw, &answer, call->host->data)) {
		*ret_status = 503;
		*ret_reason = "the store can't take it now";
	} else if (!answer.reason) {
		*ret_status = 202; /* in the spool */
		result = add_result(NULL, "recorded", NULL, NULL);
	} else {
		*ret_status = answer.action == ACTION_NONE ? 422 : 200;
		result = add_answer(NULL, &answer);
	}
	answer_clear(&answer);
	return result;
}

void
api_post_lead(struct api_call *call)
{
	const char *reason = NULL;
	guint status;
	cJSON *result = take_lead(call, &status, &reason);

	if (result)
		api_answer_json(call, status, result);
	else
		api_answer_error(call, status, status == 503 ? "unavailable" : "invalid", reason,
				 NULL);
}

void
api_post_leads(struct api_call *call)
{
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(call->body, "leads"), *item;
	cJSON *value = cJSON_CreateObject();
	cJSON *results = cJSON_AddArrayToObject(value, "results");
	guint place = 0;

	cJSON_ArrayForEach(item, items)
	{
		const char *reason = NULL;
		struct api_call one = *call;
		guint status;
		cJSON *result;

		one.body = item;
		one.place = place++;
		result = take_lead(&one, &status, &reason);
		if (!result) {
			cJSON_Delete(value);
			api_answer_error(call, status, "unavailable", reason, NULL);
			return;
		}
		cJSON_AddItemToArray(results, result);
	}
	api_answer_json(call, 200, value);
}
