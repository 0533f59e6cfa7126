/*
 * notify.c - see notify.h.
 *
 * An attempt takes all events that are due: they are sorted by whom they are for, and each
 * receiver gets what the hour allows (quota.h), as mails of one event or as a digest.  The mails go
 * one after another; each event then has the verdict of its own mail.  An event nobody is to
 * be told of is done.  What is said to the same people is one SMTP transaction, so that a retry
 * doubles nothing; a receiver the server doesn't know is left out.
 */
#include "hooks/out/notify.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "hooks/out/notify_mail.h"
#include "hooks/out/quota.h"
#include "hooks/out/request.h"

#include <string.h>

struct notify {
	const struct courier_context *context;
	struct quota *quota;
	char *url; /* with our name in it, which the server is told */
};

/* One mail to be sent, for some of the deliveries. */
struct letter {
	GPtrArray *recipients;
	char *text;
	GArray *deliveries; /* guint: which they are */
};

struct attempt {
	struct notify *notify;
	courier_done *done;
	gpointer data;
	GArray *each; /* struct lane_single: the verdicts so far */
	GPtrArray *letters; /* struct letter *, still to be sent */
	struct http_exchange *exchange;
	struct lane_answer answer;
};

/* --- what is to be sent --- */

static void
letter_free(gpointer data)
{
	struct letter *letter = data;
	g_ptr_array_unref(letter->recipients);
	g_array_unref(letter->deliveries);
	g_free(letter->text);
	g_free(letter);
}

/* The events for the same people. */
struct heap {
	GPtrArray *recipients;
	GPtrArray *events; /* struct notify_event * */
	GArray *deliveries; /* guint */
};

static void
heap_free(gpointer data)
{
	struct heap *heap = data;
	g_ptr_array_unref(heap->recipients);
	g_ptr_array_unref(heap->events);
	g_array_unref(heap->deliveries);
	g_free(heap);
}

static void
set_verdict(struct attempt *attempt, guint delivery, enum verdict verdict, gint64 not_before)
{
	g_array_index(attempt->each, struct lane_single, delivery) =
		(struct lane_single){ verdict, not_before };
}

static char *
name_of(const GPtrArray *recipients)
{
	GString *name = g_string_new(NULL);
	for (guint i = 0; i < recipients->len; i++)
		g_string_append_printf(name, "%s%s", i ? "," : "",
				       (char *)g_ptr_array_index(recipients, i));
	return g_string_free(name, FALSE);
}

static struct heap *
heap_of(GHashTable *heaps, GPtrArray *order, GPtrArray *recipients)
{
	char *name = name_of(recipients);
	struct heap *heap = g_hash_table_lookup(heaps, name);
	if (heap) {
		g_free(name);
		g_ptr_array_unref(recipients);
		return heap;
	}
	heap = g_new0(struct heap, 1);
	heap->recipients = recipients;
	heap->events = g_ptr_array_new_with_free_func((GDestroyNotify)notify_event_free);
	heap->deliveries = g_array_new(FALSE, FALSE, sizeof(guint));
	g_hash_table_insert(heaps, name, heap);
	g_ptr_array_add(order, name);
	return heap;
}

/* Which deliveries are for whom; what is for nobody is done. */
static void
sort_deliveries(struct attempt *attempt, const GPtrArray *deliveries, GHashTable *heaps,
		GPtrArray *order)
{
	const struct config_notify *config = attempt->notify->context->endpoint->notify;
	for (guint i = 0; i < deliveries->len; i++) {
		const struct delivery *delivery = g_ptr_array_index(deliveries, i);
		struct notify_event *event = notify_event_new(delivery->event, delivery->body);
		GPtrArray *recipients = event ? notify_recipients(config, event) : NULL;
		set_verdict(attempt, i, VERDICT_DELIVERED, 0);
		if (!recipients || !recipients->len) {
			g_clear_pointer(&recipients, g_ptr_array_unref);
			notify_event_free(event);
			continue;
		}
		struct heap *heap = heap_of(heaps, order, recipients);
		g_ptr_array_add(heap->events, event);
		g_array_append_val(heap->deliveries, i);
	}
}

static void
add_letter(struct attempt *attempt, const struct heap *heap, guint first, guint count, gint64 now)
{
	const struct courier_context *context = attempt->notify->context;
	struct letter *letter = g_new0(struct letter, 1);
	g_autoptr(GPtrArray) events = g_ptr_array_new();
	letter->recipients = g_ptr_array_ref(heap->recipients);
	letter->deliveries = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = first; i < first + count; i++) {
		g_ptr_array_add(events, g_ptr_array_index(heap->events, i));
		g_array_append_val(letter->deliveries, g_array_index(heap->deliveries, guint, i));
	}
	letter->text = notify_mail(context->endpoint->notify, context->config->hostname,
				   letter->recipients, events, now);
	g_ptr_array_add(attempt->letters, letter);
}

static void
write_letters(struct attempt *attempt, const char *receiver, const struct heap *heap, gint64 now)
{
	gint64 oldest = now;
	for (guint i = 0; i < heap->events->len; i++)
		oldest = MIN(oldest, ((struct notify_event *)heap->events->pdata[i])->time);
	struct quota_turn turn =
		quota_take(attempt->notify->quota, receiver, heap->events->len, oldest, now);
	for (guint i = turn.count; i < heap->events->len; i++)
		set_verdict(attempt, g_array_index(heap->deliveries, guint, i), VERDICT_LATER,
			    turn.next);
	for (guint i = 0; !turn.together && i < turn.count; i++)
		add_letter(attempt, heap, i, 1, now);
	if (turn.together)
		add_letter(attempt, heap, 0, turn.count, now);
}

/* --- sending --- */

static void send_next(struct attempt *attempt);

static void
attempt_free(struct attempt *attempt)
{
	g_ptr_array_unref(attempt->letters);
	g_clear_pointer(&attempt->each, g_array_unref);
	g_free(attempt->answer.error);
	g_free(attempt->answer.response);
	g_free(attempt);
}

static void
end_attempt(struct attempt *attempt)
{
	struct lane_answer answer = attempt->answer;
	answer.each = g_steal_pointer(&attempt->each);
	attempt->answer.error = attempt->answer.response = NULL;
	attempt->done(&answer, attempt->data);
	attempt_free(attempt);
}

/* RFC 5321 section 4.2.1, 4954 section 6: what a reply says of this mail, and of all. */
static enum verdict
verdict_of(long status)
{
	if (status / 100 == 2)
		return VERDICT_DELIVERED;
	if (status == 530 || status == 534 || status == 535 || status == 538)
		return VERDICT_REFUSED;
	return status / 100 == 5 ? VERDICT_HOLD : VERDICT_RETRY;
}

/* The attempt speaks of the server: one mail that it took shows that it is well. */
static void
take_verdict(struct attempt *attempt, enum verdict verdict, const struct http_response *response)
{
	struct lane_answer *answer = &attempt->answer;
	gboolean success = verdict == VERDICT_DELIVERED;
	if (!success) {
		g_free(answer->error);
		answer->error = response->status ? g_strdup_printf("SMTP %ld", response->status)
						 : g_strdup(response->error);
	}
	if (answer->verdict == VERDICT_DELIVERED)
		return;
	answer->verdict = verdict;
	answer->status = success || verdict == VERDICT_HOLD ? response->status : 0;
	answer->unreachable = response->unreachable;
	g_free(answer->response);
	answer->response = request_excerpt(response->body, response->length);
}

/* The first letter is done with. */
static void
close_letter(struct attempt *attempt, enum verdict verdict)
{
	const struct letter *letter = g_ptr_array_index(attempt->letters, 0);
	for (guint i = 0; i < letter->deliveries->len; i++)
		set_verdict(attempt, g_array_index(letter->deliveries, guint, i), verdict, 0);
	if (verdict != VERDICT_DELIVERED) {
		g_autofree char *receiver = name_of(letter->recipients);
		quota_return(attempt->notify->quota, receiver);
	}
	g_ptr_array_remove_index(attempt->letters, 0);
}

static void
take_response(const struct http_response *response, gpointer data)
{
	struct attempt *attempt = data;
	enum verdict verdict = verdict_of(response->status);
	attempt->exchange = NULL;
	take_verdict(attempt, verdict, response);
	close_letter(attempt, verdict);
	/* a server that is away, or refuses us, isn't asked for each of them */
	while ((verdict == VERDICT_RETRY || verdict == VERDICT_REFUSED) && attempt->letters->len)
		close_letter(attempt, VERDICT_RETRY);
	send_next(attempt);
}

static void
send_next(struct attempt *attempt)
{
	const struct courier_context *context = attempt->notify->context;
	const struct config_notify *config = context->endpoint->notify;
	if (!attempt->letters->len) {
		end_attempt(attempt);
		return;
	}
	const struct letter *letter = g_ptr_array_index(attempt->letters, 0);
	const struct http_mail mail = {
		.url = attempt->notify->url,
		.sender = config->sender ? config->sender : "",
		.recipients = letter->recipients,
		.text = letter->text,
		.length = strlen(letter->text),
		.transport = context->transport,
	};
	attempt->exchange = http_send_mail(context->http, &mail, take_response, attempt);
}

/* --- the courier --- */

static gboolean
takes(const struct config_endpoint *endpoint)
{
	return endpoint->notify != NULL;
}

static gboolean
check(G_GNUC_UNUSED const struct config *config, const struct config_endpoint *endpoint,
      GError **error)
{
	g_autofree char *problem = notify_check(endpoint->notify);
	if (!problem)
		return TRUE;
	g_set_error_literal(error, LEADMILTER_ERROR, ERROR_CONFIG, problem);
	return FALSE;
}

static gpointer
open_notify(const struct courier_context *context)
{
	struct notify *notify = g_new0(struct notify, 1);
	const char *host = strstr(context->endpoint->url, "://") + 3;
	notify->context = context;
	notify->quota = quota_new(context->endpoint->notify->per_hour);
	/* libcurl says the path in EHLO */
	notify->url = strchr(host, '/') ? g_strdup(context->endpoint->url)
					: g_strconcat(context->endpoint->url, "/",
						      context->config->hostname, NULL);
	return notify;
}

static void
close_notify(gpointer self)
{
	struct notify *notify = self;
	quota_free(notify->quota);
	g_free(notify->url);
	g_free(notify);
}

static guint
batch(G_GNUC_UNUSED gpointer self, G_GNUC_UNUSED gsize *ret_bytes)
{
	return LIMIT_NOTES;
}

static gpointer
start(gpointer self, const GPtrArray *deliveries, courier_done *done, gpointer data)
{
	struct attempt *attempt = g_new0(struct attempt, 1);
	g_autoptr(GHashTable) heaps =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, heap_free);
	g_autoptr(GPtrArray) order = g_ptr_array_new(); /* keys of heaps */
	gint64 now = clock_now();
	attempt->notify = self;
	attempt->done = done;
	attempt->data = data;
	attempt->answer.verdict = VERDICT_LATER; /* until there is something to say */
	attempt->each = g_array_sized_new(FALSE, TRUE, sizeof(struct lane_single), deliveries->len);
	g_array_set_size(attempt->each, deliveries->len);
	attempt->letters = g_ptr_array_new_with_free_func(letter_free);
	sort_deliveries(attempt, deliveries, heaps, order);
	for (guint i = 0; i < order->len; i++)
		write_letters(attempt, order->pdata[i], g_hash_table_lookup(heaps, order->pdata[i]),
			      now);
	send_next(attempt);
	return attempt;
}

static void
cancel(gpointer data)
{
	struct attempt *attempt = data;
	if (attempt->exchange)
		http_cancel(attempt->exchange);
	attempt_free(attempt);
}

const struct courier_kind notify_courier = {
	.name = "notify",
	.alone = TRUE,
	.takes = takes,
	.check = check,
	.open = open_notify,
	.close = close_notify,
	.batch = batch,
	.start = start,
	.cancel = cancel,
};
