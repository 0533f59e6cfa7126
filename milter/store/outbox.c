/* outbox.c - see outbox.h.  Writing; reading is in outbox_read.c. */
#include "store/outbox.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "lead/event_filter.h"
#include "store/journal.h"
#include "store/people.h"
#include "store/record.h"

#define ENDPOINT_BITS 10
#define FIRST_DELIVERY(event) ((event) << ENDPOINT_BITS)
#define LAST_DELIVERY(event) (((event) << ENDPOINT_BITS) | ((1 << ENDPOINT_BITS) - 1))
#define RESPONSE_KEPT 512
#define ERROR_KEPT 512
#define PROBE_TIME \
	(60 * CLOCK_SECOND) /* within which somebody who asks a resting endpoint tells \
			     */

enum head { HEAD_NOT, HEAD_READY, HEAD_CLAIMED };

G_STATIC_ASSERT(LIMIT_ENDPOINTS < 1 << ENDPOINT_BITS);
/* The literals in queries.c. */
G_STATIC_ASSERT(DELIVERY_WAITING == 0 && DELIVERY_DELIVERED == 1 && DELIVERY_DEAD == 2);

/* --- endpoints --- */

struct wanted {
	char *name;
	GPtrArray *globs; /* GPatternSpec *; empty: every event */
	struct event_filter *filter; /* or NULL */
	gint64 number; /* 0 not looked up yet */
};

struct outbox_endpoints {
	GPtrArray *wanted;
};

static void
wanted_free(gpointer data)
{
	struct wanted *wanted = data;

	g_free(wanted->name);
	g_ptr_array_unref(wanted->globs);
	event_filter_free(wanted->filter);
	g_free(wanted);
}

/* One that can't be read was refused with the configuration; here it takes everything rather than
 * lose an event. */
static struct event_filter *
filter_of(const struct config *config, const struct config_endpoint *endpoint)
{
	struct expression_source source = { config->path, endpoint->line, 1 };
	g_autoptr(GError) error = NULL;
	struct event_filter *filter =
		endpoint->when ? event_filter_new(endpoint->when, &source, &error) : NULL;

	if (error)
		log_warning("endpoint %s: its condition can't be used, so it takes every event: %s",
			    endpoint->name, error->message);
	return filter;
}

struct outbox_endpoints *
outbox_endpoints_new(const struct config *config)
{
	struct outbox_endpoints *endpoints = g_new0(struct outbox_endpoints, 1);

	endpoints->wanted = g_ptr_array_new_with_free_func(wanted_free);
	for (guint i = 0; config && config->endpoints && i < config->endpoints->len; i++) {
		const struct config_endpoint *from = config->endpoints->pdata[i];
		struct wanted *wanted = g_new0(struct wanted, 1);

		wanted->name = g_strdup(from->name);
		wanted->globs = g_ptr_array_new_with_free_func((GDestroyNotify)g_pattern_spec_free);
		for (guint g = 0; from->events && g < from->events->len; g++)
			g_ptr_array_add(wanted->globs, g_pattern_spec_new(from->events->pdata[g]));
		wanted->filter = filter_of(config, from);
		g_ptr_array_add(endpoints->wanted, wanted);
	}
	return endpoints;
}

void
outbox_endpoints_free(struct outbox_endpoints *endpoints)
{
	if (!endpoints)
		return;
	g_ptr_array_unref(endpoints->wanted);
	g_free(endpoints);
}

void
outbox_endpoints_forget(struct outbox_endpoints *endpoints)
{
	for (guint i = 0; endpoints && i < endpoints->wanted->len; i++)
		((struct wanted *)endpoints->wanted->pdata[i])->number = 0;
}

struct found_endpoint {
	gint64 number; /* 0: none */
	gboolean parked;
	gint64 rest;
};

static gboolean
find_endpoint(struct database *database, const char *name, struct found_endpoint *ret,
	      GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_ENDPOINT_BY_NAME, error, "s", name);
	int got = row ? database_next(database, row, error) : -1;

	memset(ret, 0, sizeof *ret);
	if (got <= 0)
		return got == 0;
	ret->number = database_column(database, row, 0);
	ret->parked = database_column(database, row, 1) != 0;
	ret->rest = database_column(database, row, 2);
	database_end(database, row);
	return TRUE;
}

static gboolean
resolve(struct transaction *transaction, struct wanted *wanted, GError **error)
{
	struct found_endpoint found;

	if (!database_run(transaction->database, QUERY_ENDPOINT_INSERT, error, "s", wanted->name) ||
	    !find_endpoint(transaction->database, wanted->name, &found, error))
		return FALSE;
	wanted->number = found.number;
	if (wanted->number >= 1 && wanted->number <= LIMIT_ENDPOINTS)
		return TRUE;
	wanted->number = 0;
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
		    "endpoint %s: more than %d endpoints were named in this store", wanted->name,
		    LIMIT_ENDPOINTS);
	return FALSE;
}

gboolean
outbox_endpoints_resolve(struct transaction *transaction, struct outbox_endpoints *endpoints,
			 GError **error)
{
	for (guint i = 0; endpoints && i < endpoints->wanted->len; i++) {
		struct wanted *wanted = endpoints->wanted->pdata[i];

		if (wanted->number == 0 && !resolve(transaction, wanted, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
wants_type(const struct wanted *wanted, const char *type)
{
	for (guint i = 0; i < wanted->globs->len; i++)
		if (g_pattern_spec_match_string(wanted->globs->pdata[i], type))
			return TRUE;
	return wanted->globs->len == 0;
}

/* An event and, once a filter asks for it, the card it is about. */
struct subject {
	const struct event *event;
	gint64 number; /* of the lead, 0 none */
	struct person_row *row;
};

static gboolean
read_subject(struct transaction *transaction, struct subject *subject, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (subject->row || subject->number == 0)
		return TRUE;
	subject->row = people_by_number(transaction->database, subject->number, &failure);
	if (!failure)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}

/* @return 1, 0 or -1 with an error */
static int
wants(struct transaction *transaction, const struct wanted *wanted, struct subject *subject,
      GError **error)
{
	const struct event *event = subject->event;

	if (!wants_type(wanted, event->type))
		return 0;
	if (!wanted->filter)
		return 1;
	if (!read_subject(transaction, subject, error))
		return -1;
	return event_filter_takes(wanted->filter, event, subject->row ? subject->row->lead : NULL,
				  event->time);
}

gboolean
outbox_park(struct transaction *transaction, const char *endpoint, gint64 since, const char *reason,
	    const char *mark, GError **error)
{
	if (!database_run(transaction->database, QUERY_ENDPOINT_PARK, error, "siss", endpoint,
			  since, reason, mark))
		return FALSE;
	transaction_tell(transaction, NEWS_ENDPOINT, endpoint, 0);
	if (transaction->database->driver->changes(transaction->database->connection) > 0)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "endpoint %s: not known", endpoint);
	return FALSE;
}

gint
outbox_unlatch(struct transaction *transaction, const char *endpoint, const char *mark,
	       GError **error)
{
	struct database *database = transaction->database;

	if (!database_run(database, QUERY_ENDPOINT_UNLATCH, error, "ss", endpoint, mark))
		return -1;
	return database->driver->changes(database->connection);
}

/* --- adding --- */

static gboolean
first_waiting(struct database *database, gint64 endpoint, gint64 lead, gint64 *ret_id,
	      GError **error)
{
	return database_integer(database, QUERY_DELIVERY_FIRST, 0, ret_id, error, "ii", endpoint,
				lead);
}

static gboolean
is_known_to_wait(const struct transaction *transaction, gint64 endpoint, gint64 lead)
{
	const struct at_endpoints *waiting = &transaction->events_wait;

	return lead != 0 && waiting->lead == lead && waiting->at[endpoint / 8] & 1 << endpoint % 8;
}

static void
note_waiting(struct transaction *transaction, gint64 endpoint, gint64 lead)
{
	struct at_endpoints *waiting = &transaction->events_wait;

	if (waiting->lead == lead)
		waiting->at[endpoint / 8] |= 1 << endpoint % 8;
}

gboolean
outbox_foresee(struct database *database, const struct outbox_endpoints *endpoints, gint64 lead,
	       GError **error)
{
	gint64 nothing;

	for (guint i = 0; endpoints && i < endpoints->wanted->len; i++) {
		const struct wanted *wanted = endpoints->wanted->pdata[i];

		if (wanted->number &&
		    !first_waiting(database, wanted->number, lead, &nothing, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
add_delivery(struct transaction *transaction, gint64 endpoint, gint64 event, gint64 lead,
	     gint64 time, gboolean is_first, gboolean shadow, GError **error)
{
	int state = shadow ? DELIVERY_DELIVERED : DELIVERY_WAITING;
	gint64 first = is_known_to_wait(transaction, endpoint, lead);

	if (!shadow && !is_first && !first &&
	    !first_waiting(transaction->database, endpoint, lead, &first, error))
		return FALSE;
	transaction_count(transaction, endpoint, state, 1);
	transaction->tally.deliveries_added |= !shadow;
	if (!shadow)
		note_waiting(transaction, endpoint, lead);
	return database_run(transaction->database, QUERY_DELIVERY_INSERT, error, "iiinnis",
			    FIRST_DELIVERY(event) | endpoint, endpoint, lead, state,
			    shadow || first ? HEAD_NOT : HEAD_READY, time,
			    shadow ? "shadow" : NULL);
}

static gboolean
add_deliveries(struct transaction *transaction, const struct outbox_endpoints *endpoints,
	       gint64 number, struct subject *subject, gboolean is_first, gboolean shadow,
	       GError **error)
{
	for (guint i = 0; endpoints && i < endpoints->wanted->len; i++) {
		const struct wanted *wanted = endpoints->wanted->pdata[i];
		int wanted_here = wants(transaction, wanted, subject, error);

		if (wanted_here < 0)
			return FALSE;
		if (wanted_here &&
		    !add_delivery(transaction, wanted->number, number, subject->number,
				  subject->event->time, is_first, shadow, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
outbox_add(struct transaction *transaction, struct outbox_endpoints *endpoints,
	   const struct event *event, gint64 lead, gboolean is_first, gboolean shadow,
	   GError **error)
{
	struct database *database = transaction->database;
	struct subject subject = { event, lead, NULL };
	gboolean added;

	if (!outbox_endpoints_resolve(transaction, endpoints, error) ||
	    !database_run(database, QUERY_EVENT_INSERT, error, "ssiins", event->id, event->type,
			  lead, event->time, event->has_text, event->body))
		return FALSE;
	added = add_deliveries(transaction, endpoints,
			       database->driver->last_row(database->connection), &subject, is_first,
			       shadow, error);
	people_row_free(subject.row);
	if (added && !shadow)
		transaction_count_event(transaction, event->type);
	return added;
}

/* --- claiming --- */

static GPtrArray *
read_due(const struct transaction *transaction, gint64 endpoint, guint most,
	 const struct outbox_claim *claim, GError **error)
{
	struct database *database = transaction->database;
	GPtrArray *deliveries = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);
	struct driver_statement *row =
		database_select(database, QUERY_DELIVERY_DUE, error, "iini", endpoint, claim->now,
				(int)MIN(most, G_MAXINT), transaction->holder);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct delivery *delivery = g_new0(struct delivery, 1);

		record_read(&record_delivery, database->driver, row, 1, delivery);
		g_ptr_array_add(deliveries, delivery);
	}
	if (got == 0)
		return deliveries;
	g_ptr_array_unref(deliveries);
	return NULL;
}

GPtrArray *
outbox_claim(struct transaction *transaction, const struct outbox_claim *claim, GError **error)
{
	struct database *database = transaction->database;
	g_autoptr(GPtrArray) deliveries = NULL;
	struct found_endpoint found;

	if (!find_endpoint(database, claim->endpoint, &found, error))
		return NULL;
	if (found.number == 0 || found.parked || found.rest > claim->now)
		return g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);
	deliveries =
		read_due(transaction, found.number, found.rest ? 1 : claim->most, claim, error);
	if (deliveries && deliveries->len && found.rest &&
	    !outbox_rest(transaction, claim->endpoint, claim->now + PROBE_TIME, error))
		return NULL;
	for (guint i = 0; deliveries && i < deliveries->len; i++) {
		struct delivery *delivery = deliveries->pdata[i];

		delivery->attempts++;
		delivery->next = claim->next(delivery->attempts, claim->now, claim->data);
		if (!database_run(database, QUERY_DELIVERY_CLAIM, error, "inii", delivery->id,
				  (int)delivery->attempts, delivery->next, transaction->holder))
			return NULL;
	}
	return g_steal_pointer(&deliveries);
}

gint
outbox_hurry(struct transaction *transaction, const char *endpoint, gint64 now, GError **error)
{
	struct database *database = transaction->database;
	struct found_endpoint found;

	if (!find_endpoint(database, endpoint, &found, error) ||
	    (found.rest && !outbox_rest(transaction, endpoint, 0, error)) ||
	    !database_run(database, QUERY_DELIVERY_HURRY, error, "ii", found.number, now))
		return -1;
	return database->driver->changes(database->connection);
}

gboolean
outbox_rest(struct transaction *transaction, const char *endpoint, gint64 until, GError **error)
{
	return database_run(transaction->database, QUERY_ENDPOINT_REST, error, "si", endpoint,
			    until);
}

gboolean
outbox_recover_dead(struct transaction *transaction, GError **error)
{
	if (!database_run(transaction->database, QUERY_DELIVERY_RECOVER_DEAD, error, ""))
		return FALSE;
	transaction->tally.deliveries_added |=
		transaction->database->driver->changes(transaction->database->connection) > 0;
	return TRUE;
}

gboolean
outbox_recover(struct transaction *transaction, GError **error)
{
	return database_run(transaction->database, QUERY_DELIVERY_RECOVER, error, "");
}

/* --- settling --- */

/* Where a delivery stands in its queue. */
struct place {
	gint64 id, endpoint, lead;
	int state, head;
	guint attempts;
	gint64 holder; /* who claimed it last */
};

/* @return 1 found, 0 not, -1 failed */
static int
find_place(struct database *database, gint64 id, struct place *ret, GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_DELIVERY_PLACE, error, "i", id);
	int got = row ? database_next(database, row, error) : -1;

	if (got <= 0)
		return got;
	*ret = (struct place){
		.id = id,
		.endpoint = database_column(database, row, 0),
		.lead = database_column(database, row, 1),
		.state = database_column(database, row, 2),
		.head = database_column(database, row, 3),
		.attempts = database_column(database, row, 4),
		.holder = database_column(database, row, 5),
	};
	database_end(database, row);
	return 1;
}

/* The oldest waiting one of the lead becomes the head, if there is one. */
static gboolean
hand_on(struct database *database, const struct place *place, GError **error)
{
	gint64 first;

	if (!first_waiting(database, place->endpoint, place->lead, &first, error))
		return FALSE;
	return first == 0 || database_run(database, QUERY_DELIVERY_PROMOTE, error, "i", first);
}

static void
count_move(struct transaction *transaction, const struct place *place, int state)
{
	transaction_count(transaction, place->endpoint, place->state, -1);
	transaction_count(transaction, place->endpoint, state, 1);
}

static gboolean
give_back(struct transaction *transaction, const struct place *place,
	  const struct delivery_result *result, GError **error)
{
	return database_run(transaction->database, QUERY_DELIVERY_GIVE_BACK, error, "iiin",
			    place->id, result->next, (gint64)place->attempts - 1,
			    place->head ? HEAD_READY : HEAD_NOT);
}

/* At most `most` bytes, cut between characters; caller frees. */
static char *
shorten(const char *text, gsize most)
{
	g_autofree char *valid = text ? g_utf8_make_valid(text, strnlen(text, most + 4)) : NULL;
	gsize length = valid ? strlen(valid) : 0;

	if (length > most)
		*g_utf8_find_prev_char(valid, valid + most + 1) = '\0';
	return g_steal_pointer(&valid);
}

/* Of a delivery that was settled or dropped while it was under way, or that another host claimed
 * from one that was taken for dead, only this is news: that the receiver has it.  One that nobody
 * claimed yet is another one: a failover of the database lost ours, and its number was given again.
 */
static gboolean
counts(const struct transaction *transaction, const struct place *place,
       const struct delivery_result *result)
{
	gboolean is_ours = place->holder == transaction->holder;

	if (result->state == DELIVERY_DELIVERED && !result->unsent)
		return is_ours || place->attempts > 0;
	return is_ours && place->state == DELIVERY_WAITING;
}

gboolean
outbox_settle(struct transaction *transaction, const struct delivery_result *result, GError **error)
{
	struct database *database = transaction->database;
	g_autofree char *words = shorten(result->error, ERROR_KEPT);
	g_autofree char *response = shorten(result->response, RESPONSE_KEPT);
	gboolean waits = result->state == DELIVERY_WAITING;
	struct place place;
	int got = find_place(database, result->id, &place, error);

	if (got <= 0)
		return got == 0;
	if (!counts(transaction, &place, result))
		return TRUE;
	if (result->unsent)
		return give_back(transaction, &place, result, error);
	count_move(transaction, &place, result->state);
	transaction_tell(transaction, NEWS_DELIVERY, NULL, result->id);
	if (!database_run(database, QUERY_DELIVERY_SETTLE, error, "inninss", place.id,
			  (int)result->state, waits && place.head ? HEAD_READY : HEAD_NOT,
			  result->next, result->status, words, response))
		return FALSE;
	return waits || !place.head || hand_on(database, &place, error);
}

/* --- by hand --- */

static gboolean
retry(struct transaction *transaction, const struct place *place, gint64 now, GError **error)
{
	struct database *database = transaction->database;
	gint64 first;

	count_move(transaction, place, DELIVERY_WAITING);
	transaction_tell(transaction, NEWS_DELIVERY, NULL, place->id);
	transaction->tally.deliveries_added = TRUE;
	if (!database_run(database, QUERY_DELIVERY_RETRY, error, "iii", place->id, now,
			  (gint64)(place->head == HEAD_CLAIMED ? HEAD_READY : place->head)) ||
	    !first_waiting(database, place->endpoint, place->lead, &first, error))
		return FALSE;
	return database_run(database, QUERY_DELIVERY_DEMOTE, error, "iii", place->endpoint,
			    place->lead, first) &&
	       database_run(database, QUERY_DELIVERY_PROMOTE, error, "i", first);
}

gint
outbox_retry(struct transaction *transaction, gint64 id, gint64 now, GError **error)
{
	struct place place;
	int got = find_place(transaction->database, id, &place, error);

	if (got <= 0)
		return got;
	return retry(transaction, &place, now, error) ? 1 : -1;
}

gint
outbox_retry_dead(struct transaction *transaction, gint64 now, GError **error)
{
	struct database *database = transaction->database;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct driver_statement *row = database_select(database, QUERY_DELIVERIES_DEAD, error, "");
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		gint64 id = database_column(database, row, 0);

		g_array_append_val(ids, id);
	}
	for (guint i = 0; got == 0 && i < ids->len; i++)
		if (outbox_retry(transaction, g_array_index(ids, gint64, i), now, error) < 0)
			return -1;
	return got < 0 ? -1 : (gint)ids->len;
}

gint
outbox_drop(struct transaction *transaction, gint64 id, GError **error)
{
	struct database *database = transaction->database;
	struct place place;
	int got = find_place(database, id, &place, error);

	if (got <= 0 || place.state == DELIVERY_DROPPED)
		return got < 0 ? -1 : 0;
	count_move(transaction, &place, DELIVERY_DROPPED);
	transaction_tell(transaction, NEWS_DELIVERY, NULL, id);
	if (!database_run(database, QUERY_DELIVERY_DROP, error, "in", id, (int)DELIVERY_DROPPED))
		return -1;
	return !place.head || hand_on(database, &place, error) ? 1 : -1;
}

/* --- retention --- */

static gboolean
is_open(struct database *database, gint64 event, gint64 *ret_open, GError **error)
{
	return database_integer(database, QUERY_EVENT_OPEN, 0, ret_open, error, "ii",
				FIRST_DELIVERY(event), LAST_DELIVERY(event));
}

static gboolean
uncount_deliveries(struct transaction *transaction, gint64 event, GError **error)
{
	struct database *database = transaction->database;
	struct driver_statement *row = database_select(database, QUERY_EVENT_STATES, error, "ii",
						       FIRST_DELIVERY(event), LAST_DELIVERY(event));
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0)
		transaction_count(transaction, database_column(database, row, 0),
				  database_column(database, row, 1), -1);
	return got == 0;
}

static gboolean
delete_event(struct transaction *transaction, gint64 event, GError **error)
{
	struct database *database = transaction->database;

	return uncount_deliveries(transaction, event, error) &&
	       journal_delete_deliveries(database, FIRST_DELIVERY(event), LAST_DELIVERY(event),
					 error) &&
	       database_run(database, QUERY_EVENT_DELIVERIES_DELETE, error, "ii",
			    FIRST_DELIVERY(event), LAST_DELIVERY(event)) &&
	       database_run(database, QUERY_EVENT_DELETE, error, "i", event);
}

gint
outbox_delete_events(struct transaction *transaction, gint64 lead, GError **error)
{
	struct database *database = transaction->database;
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct driver_statement *row =
		database_select(database, QUERY_EVENTS_OF_LEAD, error, "i", lead);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		gint64 number = database_column(database, row, 0);

		g_array_append_val(events, number);
	}
	for (guint i = 0; got == 0 && i < events->len; i++)
		if (!delete_event(transaction, g_array_index(events, gint64, i), error))
			return -1;
	return got < 0 ? -1 : (gint)events->len;
}

static GArray *
old_events(struct database *database, gint64 *after, gint64 before, gboolean *ret_more,
	   GError **error)
{
	GArray *events = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct driver_statement *row =
		database_select(database, QUERY_EVENTS_OLDEST, error, "i", *after);
	guint seen = 0;
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		if (database_column(database, row, 1) >= before)
			break;
		*after = database_column(database, row, 0);
		g_array_append_val(events, *after);
		seen++;
	}
	if (got > 0)
		database_end(database, row);
	*ret_more = got == 0 && seen == LIMIT_BATCH;
	if (got >= 0)
		return events;
	g_array_unref(events);
	return NULL;
}

gint
outbox_expire(struct transaction *transaction, gint64 *after, gint64 before, gboolean *ret_more,
	      GError **error)
{
	struct database *database = transaction->database;
	g_autoptr(GArray) events = old_events(database, after, before, ret_more, error);
	gint deleted = 0;

	for (guint i = 0; events && i < events->len; i++) {
		gint64 event = g_array_index(events, gint64, i), open;

		if (!is_open(database, event, &open, error))
			return -1;
		if (open)
			continue;
		if (!delete_event(transaction, event, error))
			return -1;
		deleted++;
	}
	return events ? deleted : -1;
}
