/* metrics.c - see metrics.h. */
#include "metrics.h"

#include "base/clock.h"

static void
head(GString *out, const char *name, const char *type, const char *help)
{
	g_string_append_printf(out, "# HELP leadmilter_%s %s\n# TYPE leadmilter_%s %s\n", name,
			       help, name, type);
}

static void
value(GString *out, const char *name, const char *labels, double number)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append_printf(out, "leadmilter_%s%s%s%s %s\n", name, *labels ? "{" : "", labels,
			       *labels ? "}" : "", g_ascii_dtostr(text, sizeof text, number));
}

static void
single(GString *out, const char *name, const char *type, const char *help, double number)
{
	head(out, name, type, help);
	value(out, name, "", number);
}

static double
count_of(gsize *counter)
{
	return (double)(gsize)g_atomic_pointer_get(counter);
}

static void
labelled(GString *out, const char *name, const char *label, const char *text, double number)
{
	g_autoptr(GString) labels = g_string_new(label);

	g_string_append(labels, "=\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(labels, '\\');
		g_string_append_c(labels, *text == '\n' ? ' ' : *text);
	}
	g_string_append_c(labels, '"');
	value(out, name, labels->str, number);
}

/* --- mail --- */

static void
write_messages(struct counters *counters, GString *out)
{
	const struct {
		const char *name;
		gsize *count;
	} decisions[] = {
		{ "ignored", &counters->ignored },         { "created", &counters->created },
		{ "attached", &counters->attached },       { "outbound", &counters->outbound },
		{ "duplicate", &counters->duplicates },    { "spooled", &counters->spooled },
		{ "unprocessed", &counters->unprocessed },
	};

	head(out, "messages_total", "counter", "Messages by what was decided.");
	for (guint i = 0; i < G_N_ELEMENTS(decisions); i++)
		labelled(out, "messages_total", "decision", decisions[i].name,
			 count_of(decisions[i].count));
	head(out, "message_kinds_total", "counter", "Messages by their kind.");
	for (int kind = 0; kind < KIND_COUNT; kind++)
		labelled(out, "message_kinds_total", "kind", kind_name(kind),
			 count_of(&counters->kinds[kind]));
	single(out, "sessions", "gauge", "Connections of the MTA open now.",
	       g_atomic_int_get(&counters->sessions));
	single(out, "sessions_refused_total", "counter", "Connections over max_sessions.",
	       count_of(&counters->refused_sessions));
}

static void
write_times(struct counters *counters, GString *out)
{
	head(out, "analysis_seconds", "histogram", "Time to understand a message.");
	histogram_write(&counters->analysis, out, "leadmilter_analysis_seconds", "");
	head(out, "store_seconds", "histogram",
	     "Time from a message's job to its commit, waiting included.");
	histogram_write(&counters->storing, out, "leadmilter_store_seconds", "");
	head(out, "message_seconds", "histogram",
	     "Time a message waited at its end for our answer.");
	histogram_write(&counters->answering, out, "leadmilter_message_seconds", "");
}

/* --- store and outbox --- */

static void
write_store(struct runtime *runtime, GString *out)
{
	struct store_stats stats;

	if (outage_is_on(runtime->outage) || !store_stats(runtime->store, &stats, NULL))
		return;
	head(out, "leads", "gauge", "Leads by stage.");
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		labelled(out, "leads", "stage", stage_name(stage),
			 (double)stats.leads_by_stage[stage]);
	single(out, "touches", "gauge", "Touches in the ledgers.", (double)stats.touches);
	single(out, "store_bytes", "gauge", "Size of the store on disk.", (double)stats.bytes);
	single(out, "store_queue", "gauge", "Jobs waiting for the writer.", stats.queued);
	single(out, "store_commits_total", "counter", "Transactions committed.",
	       (double)stats.commits);
	single(out, "store_jobs_total", "counter", "Jobs done.", (double)stats.jobs);
	single(out, "store_failed_jobs_total", "counter", "Jobs that failed.",
	       (double)stats.failed_jobs);
}

static void
write_outage(struct runtime *runtime, GString *out)
{
	struct outage_status status;

	outage_status(runtime->outage, &status);
	single(out, "store_away", "gauge", "1 while messages go straight to the spool.",
	       status.since != 0);
	single(out, "store_outages_total", "counter", "Times the store was away.", status.count);
}

static void
write_spool(struct runtime *runtime, GString *out)
{
	gint64 bytes = 0;

	if (!runtime->spool)
		return;
	single(out, "spool_messages", "gauge", "Messages waiting in the spool.",
	       spool_count(runtime->spool, &bytes));
	single(out, "spool_bytes", "gauge", "Size of the spool.", (double)bytes);
}

static void
write_outbox(struct runtime *runtime, GString *out)
{
	g_autoptr(GPtrArray) endpoints =
		outage_is_on(runtime->outage) ? NULL : store_endpoint_status(runtime->store, NULL);
	gint64 now = clock_now();
	static const struct {
		const char *name, *type, *help;
	} METRICS[] = {
		{ "outbox_waiting", "gauge", "Deliveries waiting by endpoint." },
		{ "outbox_dead", "gauge", "Deliveries given up by endpoint." },
		{ "outbox_delivered_total", "counter", "Deliveries done by endpoint." },
		{ "outbox_oldest_seconds", "gauge", "Age of the oldest waiting event." },
		{ "endpoint_parked", "gauge", "1 while an endpoint takes nothing." },
	};

	for (guint i = 0; endpoints && i < G_N_ELEMENTS(METRICS); i++) {
		head(out, METRICS[i].name, METRICS[i].type, METRICS[i].help);
		for (guint j = 0; j < endpoints->len; j++) {
			const struct endpoint_status *status = endpoints->pdata[j];
			const double values[] = {
				(double)status->waiting,
				(double)status->dead,
				(double)status->delivered,
				status->oldest_waiting
					? (double)(now - status->oldest_waiting) / CLOCK_SECOND
					: 0,
				status->parked,
			};

			labelled(out, METRICS[i].name, "endpoint", status->name, values[i]);
		}
	}
}

static void
write_deliveries(struct runtime *runtime, GString *out)
{
	struct deliver_stats stats;

	if (!runtime->deliver)
		return;
	deliver_stats(runtime->deliver, &stats);
	head(out, "delivery_attempts_total", "counter", "Requests to endpoints by result.");
	labelled(out, "delivery_attempts_total", "result", "delivered", (double)stats.delivered);
	labelled(out, "delivery_attempts_total", "result", "failed", (double)stats.failed);
	single(out, "deliveries_in_flight", "gauge", "Requests under way.", stats.in_flight);
}

void
metrics_write(struct runtime *runtime, GString *out)
{
	head(out, "info", "gauge", "The version running.");
	labelled(out, "info", "version", LEADMILTER_VERSION, 1);
	single(out, "start_time_seconds", "gauge", "When the program started.",
	       (double)runtime->started / CLOCK_SECOND);
	write_messages(&runtime->counters, out);
	write_times(&runtime->counters, out);
	write_store(runtime, out);
	write_outage(runtime, out);
	write_spool(runtime, out);
	write_outbox(runtime, out);
	write_deliveries(runtime, out);
	head(out, "reloads_total", "counter", "Readings of the configuration by result.");
	labelled(out, "reloads_total", "result", "taken", count_of(&runtime->counters.reloads));
	labelled(out, "reloads_total", "result", "refused",
		 count_of(&runtime->counters.reload_failures));
}
