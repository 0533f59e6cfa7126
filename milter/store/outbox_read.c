/* outbox_read.c - looking at the outbox; see outbox.h. */
#include "store/outbox.h"

#include "store/record.h"

void
delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	g_free(delivery->endpoint);
	g_free(delivery->event);
	g_free(delivery->type);
	g_free(delivery->lead);
	g_free(delivery->body);
	g_free(delivery->error);
	g_free(delivery->response);
	g_free(delivery);
}

void
endpoint_status_free(struct endpoint_status *status)
{
	if (!status)
		return;
	g_free(status->name);
	g_free(status->reason);
	g_free(status);
}

gint64
outbox_next(struct database *database, const char *endpoint, gint64 holder, GError **error)
{
	gint64 due;

	if (endpoint ? database_integer(database, QUERY_DELIVERY_NEXT, 0, &due, error, "si",
					endpoint, holder)
		     : database_integer(database, QUERY_DELIVERY_NEXT_ANY, 0, &due, error, ""))
		return due;
	return -1;
}

gboolean
outbox_resting(struct database *database, const char *endpoint, gint64 *ret_rest, GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_ENDPOINT_BY_NAME, error, "s", endpoint);
	int got = row ? database_next(database, row, error) : -1;

	*ret_rest = 0;
	if (got > 0) {
		*ret_rest = database_column(database, row, 1) ? G_MAXINT64
							      : database_column(database, row, 2);
		database_end(database, row);
	}
	return got >= 0;
}

static gboolean
append(struct database *database, struct driver_statement *row, GPtrArray *deliveries,
       GError **error)
{
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct delivery *delivery = g_new0(struct delivery, 1);

		record_read(&record_delivery, database->driver, row, 1, delivery);
		g_ptr_array_add(deliveries, delivery);
	}
	return got == 0;
}

struct delivery *
outbox_get(struct database *database, gint64 id, GError **error)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);

	if (!append(database, database_select(database, QUERY_DELIVERY, error, "i", id), found,
		    error) ||
	    found->len == 0)
		return NULL;
	return g_ptr_array_steal_index(found, 0);
}

static struct endpoint_status *
read_status(struct database *database, struct driver_statement *row)
{
	struct endpoint_status *status = g_new0(struct endpoint_status, 1);

	status->name = g_strdup(database_column_text(database, row, 1));
	status->parked_since = database_column(database, row, 2);
	status->parked = status->parked_since != 0;
	status->reason = g_strdup(database_column_text(database, row, 3));
	status->waiting = MAX(database_column(database, row, 4), 0);
	status->delivered = MAX(database_column(database, row, 5), 0);
	status->dead = MAX(database_column(database, row, 6), 0);
	status->oldest_waiting = database_column(database, row, 7);
	return status;
}

GPtrArray *
outbox_endpoint_status(struct database *database, GError **error)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)endpoint_status_free);
	struct driver_statement *row = database_select(database, QUERY_ENDPOINTS, error, "");
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0)
		g_ptr_array_add(list, read_status(database, row));
	if (got == 0)
		return list;
	g_ptr_array_unref(list);
	return NULL;
}

/* --- lists --- */

static int
newest_first(gconstpointer a, gconstpointer b)
{
	const struct delivery *one = *(struct delivery *const *)a;
	const struct delivery *other = *(struct delivery *const *)b;

	return (one->id < other->id) - (one->id > other->id);
}

/* Numbers of the endpoints of that name, or of all. */
static GArray *
endpoint_numbers(struct database *database, const char *name, GError **error)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(gint64));
	struct driver_statement *row = database_select(database, QUERY_ENDPOINTS, error, "");
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		gint64 number = database_column(database, row, 0);

		if (!name || !g_strcmp0(name, database_column_text(database, row, 1)))
			g_array_append_val(numbers, number);
	}
	if (got == 0)
		return numbers;
	g_array_unref(numbers);
	return NULL;
}

/* Waiting and dead ones have an index per endpoint: the newest of each, then of all. */
static gboolean
list_by_endpoint(struct database *database, enum query query, const char *endpoint, gint64 before,
		 guint most, GPtrArray *deliveries, GError **error)
{
	g_autoptr(GArray) numbers = endpoint_numbers(database, endpoint, error);

	for (guint i = 0; numbers && i < numbers->len; i++)
		if (!append(database,
			    database_select(database, query, error, "ini",
					    g_array_index(numbers, gint64, i), (int)most, before),
			    deliveries, error))
			return FALSE;
	g_ptr_array_sort(deliveries, newest_first);
	if (deliveries->len > most)
		g_ptr_array_set_size(deliveries, most);
	return numbers != NULL;
}

GPtrArray *
outbox_list(struct database *database, int state, const char *endpoint, const char *lead,
	    guint most, GError **error)
{
	return outbox_page(database, state, endpoint, lead, G_MAXINT64, most, error);
}

GPtrArray *
outbox_page(struct database *database, int state, const char *endpoint, const char *lead,
	    gint64 before, guint most, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);
	gboolean done;

	most = most ? MIN(most, G_MAXINT) : G_MAXINT;
	if (lead)
		done = append(database,
			      database_select(database, QUERY_DELIVERIES_OF_LEAD, error, "snnsi",
					      endpoint, state, (int)most, lead, before),
			      list, error);
	else if (state == DELIVERY_WAITING || state == DELIVERY_DEAD)
		done = list_by_endpoint(database,
					state == DELIVERY_DEAD ? QUERY_DELIVERIES_GIVEN_UP
							       : QUERY_DELIVERIES_WAITING,
					endpoint, before, most, list, error);
	else
		done = append(database,
			      database_select(database, QUERY_DELIVERIES, error, "snni", endpoint,
					      state, (int)most, before),
			      list, error);
	return done ? g_steal_pointer(&list) : NULL;
}
