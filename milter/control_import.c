/*
 * control_import.c - rows of a table into the store: at most LIMIT_IMPORT_BATCH a request.
 *
 * {"command": "import", "kind": "accounts", "rows": [["example.com", "Example", …], …]}: cells
 * in the order of the kind's columns (lead/import.h), null for nothing.  Rows are checked here
 * whatever the sender did.  The answer counts rows created, updated and unchanged, and lists those
 * that were left out: "errors": [{"row": 0, "error": "…"}].  With "dry_run" they are checked as
 * far as that goes without writing.  What was left out of a row that was taken is told once for
 * each text: "notes": [{"row": 0, "note": "…"}].
 *
 * Touches and outcomes are decided one by one.  A commit each would cost most of the time, so
 * workers do them side by side and the store commits what waits together; what is about one
 * person goes to one worker and keeps its order.
 */
#include "control_command.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "lead/import.h"
#include "lead/owner.h"
#include "mail/address.h"
#include "store/store_change.h"
#include "store/store_import.h"

#include <string.h>

#define WORKERS 64
#define SOURCE "import"

struct import {
	struct runtime *runtime;
	struct generation *generation;
	enum import_kind kind;
	gboolean create, shadow;
	gint64 now;
	GPtrArray *records; /* of the rows that can be read */
	GArray *rows; /* guint: which row each of them is */
	pthread_mutex_t mutex; /* for what follows */
	guint created, updated, unchanged;
	cJSON *errors, *notes;
	GHashTable *noted; /* their texts */
	guint reading; /* the row */
	GHashTable *owner_names; /* text as written to address, "" for nobody's */
	GPtrArray *imported_owners; /* struct owner *, or NULL */
	struct owners *owners; /* made when the first name is looked up */
	GError *failure; /* the store's: nothing more is done */
};

static void
add_error(struct import *import, guint row, const char *what)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddNumberToObject(object, "row", row);
	cJSON_AddStringToObject(object, "error", what);
	cJSON_AddItemToArray(import->errors, object);
}

/* --- reading rows --- */

/* What a sender's address says of an organisation: nothing for addresses that anybody may have. */
static char *
organisation_domain(const char *host, gpointer data)
{
	const struct import *import = data;
	struct sender sender = { 0 };
	struct authres none = { 0 };
	g_autofree char *address = g_strconcat("x@", host, NULL);
	sender_classify(import->generation->analysis->domains, NULL, address, &none, &sender);
	char *domain = sender.freemail || sender.disposable || sender.relay
			       ? NULL
			       : g_strdup(sender.org_domain);
	sender_clear(&sender);
	return domain;
}

/* Without a store yet only those of the configuration are known. */
static struct owners *
know_owners(struct import *import)
{
	if (!import->owners) {
		if (import->runtime->store)
			import->imported_owners =
				store_owners(import->runtime->store, &import->failure);
		import->owners = owners_new(import->generation->config, import->imported_owners);
		import->owner_names =
			g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	}
	return import->owners;
}

/* A file names few people, many times. */
static char *
owner_address(const char *name, gpointer data)
{
	struct import *import = data;
	const struct owners *owners = know_owners(import);
	const char *address = g_hash_table_lookup(import->owner_names, name);
	if (!address) {
		const struct owner *owner = owners_find_name(owners, name);
		address = owner ? owner->address : "";
		g_hash_table_insert(import->owner_names, g_strdup(name), g_strdup(address));
	}
	return *address ? g_strdup(address) : NULL;
}

static void
add_note(const char *what, gpointer data)
{
	struct import *import = data;
	if (!g_hash_table_add(import->noted, g_strdup(what)))
		return;
	cJSON *object = cJSON_CreateObject();
	cJSON_AddNumberToObject(object, "row", import->reading);
	cJSON_AddStringToObject(object, "note", what);
	cJSON_AddItemToArray(import->notes, object);
}

static void
read_row(struct import *import, guint row, const cJSON *cells)
{
	const struct import_context context = {
		.default_region = import->generation->config->default_region,
		.registrable = organisation_domain,
		.owner = owner_address,
		.note = add_note,
		.data = import,
	};
	const char *texts[IMPORT_MOST_COLUMNS] = { NULL };
	guint column = 0;
	const cJSON *cell;
	g_autoptr(GError) error = NULL;
	cJSON_ArrayForEach(cell, cells)
	{
		if (column < IMPORT_MOST_COLUMNS)
			texts[column++] = cJSON_GetStringValue(cell);
	}
	import->reading = row;
	gpointer record = import_read(import->kind, texts, &context, &error);
	if (record) {
		g_ptr_array_add(import->records, record);
		g_array_append_val(import->rows, row);
	} else
		add_error(import, row, error->message);
}

static gboolean
read_rows(struct import *import, const cJSON *request, GError **error)
{
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(request, "rows"), *cells;
	const char *kind = control_needed_text(request, "kind", error);
	guint row = 0;
	if (!kind)
		return FALSE;
	if (!import_kind_from_name(kind, &import->kind) || !cJSON_IsArray(rows) ||
	    cJSON_GetArraySize(rows) > LIMIT_IMPORT_BATCH) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
			    "import: expected a known kind and at most %d rows",
			    LIMIT_IMPORT_BATCH);
		return FALSE;
	}
	import->records = g_ptr_array_new_with_free_func(import_record_destroy(import->kind));
	cJSON_ArrayForEach(cells, rows)
	{
		read_row(import, row++, cells);
	}
	if (import->failure) {
		g_propagate_error(error, g_steal_pointer(&import->failure));
		return FALSE;
	}
	return TRUE;
}

/* --- what the CRM knows: all at once --- */

static gboolean
take_report(struct import *import, struct import_report *report, gboolean done)
{
	import->created += report->created;
	import->updated += report->updated;
	import->unchanged += report->unchanged;
	for (guint i = 0; report->conflicts && i < report->conflicts->len; i++) {
		/* "row N: what", N from 1 among the records */
		const char *text = g_ptr_array_index(report->conflicts, i);
		guint64 n = g_ascii_strtoull(text + strcspn(text, "0123456789"), NULL, 10);
		const char *what = strstr(text, ": ");
		if (n >= 1 && n <= import->rows->len)
			add_error(import, g_array_index(import->rows, guint, n - 1),
				  what ? what + 2 : text);
	}
	import_report_clear(report);
	return done;
}

/* The address of a customer says which account it is. */
static void
find_accounts(struct import *import)
{
	for (guint i = 0; i < import->records->len; i++) {
		struct customer *customer = g_ptr_array_index(import->records, i);
		const char *domain = customer->address ? address_domain(customer->address) : NULL;
		if (domain && !customer->account)
			customer->account = organisation_domain(domain, import);
	}
}

static gboolean
import_accounts(struct import *import, GError **error)
{
	struct import_report report = { 0 };
	gboolean done = store_import_accounts(import->runtime->store, import->records, import->now,
					      &report, error);
	return take_report(import, &report, done);
}

static gboolean
import_customers(struct import *import, GError **error)
{
	struct import_report report = { 0 };
	find_accounts(import);
	gboolean done = store_import_customers(import->runtime->store, import->records, import->now,
					       &report, error);
	return take_report(import, &report, done);
}

static gboolean
import_owners(struct import *import, GError **error)
{
	struct import_report report = { 0 };
	gboolean done = store_import_owners(import->runtime->store, import->records, import->now,
					    &report, error);
	return take_report(import, &report, done);
}

/* --- what happened: one by one, side by side --- */

/* A row without an id of its own is known again by what it says. */
static char *
outcome_id(const struct import_outcome *row)
{
	g_autofree char *time = g_strdup_printf("%" G_GINT64_FORMAT, row->time);
	const char *const parts[] = { row->lead,   row->address,  row->what, row->value,
				      row->reason, row->customer, time };
	GString *all = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		g_string_append_printf(all, "%s\n", parts[i] ? parts[i] : "");
	g_autofree char *digest =
		g_compute_checksum_for_string(G_CHECKSUM_SHA256, all->str, (gssize)all->len);
	g_string_free(all, TRUE);
	return g_strndup(digest, 32);
}

static gboolean
do_outcome(struct import *import, gpointer record, struct answer *answer, GError **error)
{
	const struct import_outcome *row = record;
	g_autofree char *id = row->id ? g_strdup(row->id) : outcome_id(row);
	const struct outcome outcome = { .what = row->what,
					 .value = row->value,
					 .reason = row->reason,
					 .source = SOURCE,
					 .id = id,
					 .customer = row->customer,
					 .time = row->time };
	const char *lead = row->lead ? row->lead : row->address ? row->address : row->customer;
	return store_outcome(import->runtime->store, lead, &outcome, import->generation->scorecards,
			     import->now, import->shadow, answer, error);
}

static gboolean
do_touch(struct import *import, gpointer record, struct answer *answer, GError **error)
{
	const struct import_touch *row = record;
	struct sender sender = { 0 };
	struct authres none = { 0 };
	sender_classify(import->generation->analysis->domains, row->person, row->address, &none,
			&sender);
	const struct outside_touch touch = { .name = row->touch,
					     .time = row->time,
					     .note = row->note,
					     .source = SOURCE,
					     .id = row->id,
					     .address = row->address,
					     .phone = row->phone,
					     .person = row->person,
					     .campaign = row->campaign,
					     .sender = row->address ? &sender : NULL,
					     .create = import->create };
	gboolean done = store_touch(import->runtime->store, &touch, import->generation->scorecards,
				    import->now, import->shadow, answer, error);
	sender_clear(&sender);
	return done;
}

static const char *
person_of(const struct import *import, gconstpointer record)
{
	const struct import_touch *touch = record;
	const struct import_outcome *outcome = record;
	if (import->kind == IMPORT_TOUCHES)
		return touch->address ? touch->address : touch->phone;
	return outcome->lead      ? outcome->lead
	       : outcome->address ? outcome->address
				  : outcome->customer;
}

/* Nobody's fault but the row's. */
static gboolean
is_about_row(const GError *error)
{
	return g_error_matches(error, LEADMILTER_ERROR, ERROR_INPUT) ||
	       g_error_matches(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
}

static void
count_answer(struct import *import, guint row, const struct answer *answer)
{
	import->created += answer->action == ACTION_CREATE;
	import->updated += answer->action == ACTION_ATTACH || answer->action == ACTION_OUTBOUND;
	import->unchanged += answer->action == ACTION_DUPLICATE;
	if (answer->action == ACTION_NONE)
		add_error(import, row, answer->reason ? answer->reason : "refused");
}

static void
do_one(struct import *import, guint i)
{
	struct answer answer = { 0 };
	g_autoptr(GError) error = NULL;
	gpointer record = g_ptr_array_index(import->records, i);
	guint row = g_array_index(import->rows, guint, i);
	gboolean done = import->kind == IMPORT_TOUCHES
				? do_touch(import, record, &answer, &error)
				: do_outcome(import, record, &answer, &error);
	pthread_mutex_lock(&import->mutex);
	if (done)
		count_answer(import, row, &answer);
	else if (is_about_row(error))
		add_error(import, row, error->message);
	else if (!import->failure)
		import->failure = g_steal_pointer(&error);
	pthread_mutex_unlock(&import->mutex);
	answer_clear(&answer);
}

static gboolean
has_failed(struct import *import)
{
	pthread_mutex_lock(&import->mutex);
	gboolean failed = import->failure != NULL;
	pthread_mutex_unlock(&import->mutex);
	return failed;
}

static void
work(gpointer data, gpointer user_data)
{
	struct import *import = user_data;
	guint share = GPOINTER_TO_UINT(data) - 1;
	for (guint i = 0; i < import->records->len && !has_failed(import); i++) {
		g_autofree char *person = g_ascii_strdown(
			person_of(import, g_ptr_array_index(import->records, i)), -1);
		if (g_str_hash(person) % WORKERS == share)
			do_one(import, i);
	}
}

static gboolean
import_acts(struct import *import, GError **error)
{
	GThreadPool *pool = g_thread_pool_new(work, import, WORKERS, FALSE, error);
	if (!pool)
		return FALSE;
	for (guint share = 0; share < WORKERS; share++)
		g_thread_pool_push(pool, GUINT_TO_POINTER(share + 1), NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
	gboolean failed = import->failure != NULL;
	if (failed)
		g_propagate_error(error, g_steal_pointer(&import->failure));
	return !failed;
}

/* --- only looking --- */

static gboolean
check_known(const struct import *import, const char *lead, GError **error)
{
	g_autoptr(lead_owned) found = NULL;
	if (!import->runtime->store || !lead)
		return TRUE;
	found = store_lead(import->runtime->store, lead, error);
	return found != NULL;
}

static gboolean
check_touch(const struct import *import, const struct import_touch *row, GError **error)
{
	const struct outside_touch touch = { .name = row->touch,
					     .time = row->time,
					     .id = row->id,
					     .address = row->address,
					     .phone = row->phone };
	return outside_check(&touch, import->generation->scorecards, import->now, error) &&
	       (import->create || check_known(import, row->address, error));
}

static gboolean
check_outcome(const struct import *import, const struct import_outcome *row, GError **error)
{
	const struct outcome outcome = { .what = row->what,
					 .value = row->value,
					 .time = row->time };
	return outcome_check(&outcome, import->now, error) &&
	       check_known(import, row->lead ? row->lead : row->address, error);
}

static gboolean
check_rows(struct import *import, GError **error)
{
	for (guint i = 0; i < import->records->len; i++) {
		const void *record = g_ptr_array_index(import->records, i);
		g_autoptr(GError) why = NULL;
		gboolean good = import->kind == IMPORT_TOUCHES ? check_touch(import, record, &why)
				: import->kind == IMPORT_OUTCOMES
					? check_outcome(import, record, &why)
					: TRUE;
		if (good)
			continue;
		if (!is_about_row(why)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return FALSE;
		}
		add_error(import, g_array_index(import->rows, guint, i), why->message);
	}
	return TRUE;
}

/* --- the command --- */

static gboolean
write_rows(struct import *import, GError **error)
{
	static gboolean (*const writers[IMPORT_KIND_COUNT])(struct import * import,
							    GError * *error) = {
		[IMPORT_ACCOUNTS] = import_accounts, [IMPORT_CUSTOMERS] = import_customers,
		[IMPORT_OWNERS] = import_owners,     [IMPORT_TOUCHES] = import_acts,
		[IMPORT_OUTCOMES] = import_acts,
	};
	return !import->records->len || writers[import->kind](import, error);
}

static void
import_clear(struct import *import)
{
	if (import->records)
		g_ptr_array_unref(import->records);
	g_array_unref(import->rows);
	cJSON_Delete(import->errors);
	cJSON_Delete(import->notes);
	g_hash_table_unref(import->noted);
	g_clear_pointer(&import->owner_names, g_hash_table_unref);
	owners_free(import->owners);
	g_clear_pointer(&import->imported_owners, g_ptr_array_unref);
	g_clear_error(&import->failure);
	generation_unref(import->generation);
	pthread_mutex_destroy(&import->mutex);
}

static cJSON *
do_import(struct runtime *runtime, const cJSON *request, GError **error)
{
	struct import import = { .runtime = runtime,
				 .generation = runtime_generation(runtime),
				 .create = control_flag(request, "create"),
				 .shadow = control_flag(request, "shadow"),
				 .now = control_now(request),
				 .rows = g_array_new(FALSE, FALSE, sizeof(guint)),
				 .errors = cJSON_CreateArray(),
				 .notes = cJSON_CreateArray(),
				 .noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
								NULL) };
	cJSON *reply = NULL;
	pthread_mutex_init(&import.mutex, NULL);
	if (read_rows(&import, request, error) &&
	    (control_flag(request, "dry_run") ? check_rows(&import, error)
					      : write_rows(&import, error))) {
		reply = control_success();
		cJSON_AddNumberToObject(reply, "created", import.created);
		cJSON_AddNumberToObject(reply, "updated", import.updated);
		cJSON_AddNumberToObject(reply, "unchanged", import.unchanged);
		cJSON_AddItemToObject(reply, "errors", g_steal_pointer(&import.errors));
		cJSON_AddItemToObject(reply, "notes", g_steal_pointer(&import.notes));
	}
	import_clear(&import);
	return reply;
}

const struct control_command control_import_commands[] = {
	{ "import", do_import },
	{ NULL, NULL },
};
