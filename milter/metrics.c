/*
 * metrics.c - see metrics.h: what the daemon counted itself, the store and the outbox.
 *
 * What is looked at for the figures alone (the process, disks, lists) stands in metrics_host.c.
 * Every metric is explained in leadmilter(8); a test holds both together.
 */
#include "metrics.h"

#include "base/clock.h"
#include "base/exposition.h"
#include "hooks/out/figures.h"
#include "intake.h"
#include "metrics_host.h"
#include "store/spool_look.h"

static double
count_of(gsize *counter)
{
	return (double)(gsize)g_atomic_pointer_get(counter);
}

static double
seconds(gint64 time)
{
	return (double)time / CLOCK_SECOND;
}

static double
age(gint64 time, gint64 now)
{
	return time ? seconds(MAX(now - time, 0)) : 0;
}

/* --- mail --- */

static void
write_decisions(struct counters *counters, GString *out)
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

	exposition_head(out, "leadmilter_messages_total", "counter",
			"Messages by what was decided.");
	for (guint i = 0; i < G_N_ELEMENTS(decisions); i++)
		exposition_labelled(out, "leadmilter_messages_total", "decision", decisions[i].name,
				    count_of(decisions[i].count));
	exposition_head(out, "leadmilter_message_kinds_total", "counter",
			"Messages by their kind.");
	for (int kind = 0; kind < KIND_COUNT; kind++)
		exposition_labelled(out, "leadmilter_message_kinds_total", "kind", kind_name(kind),
				    count_of(&counters->kinds[kind]));
}

static void
write_tokens(struct counters *counters, GString *out)
{
	const struct {
		const char *name;
		gsize *count;
	} results[] = {
		{ "written", &counters->reply_tokens },
		{ "matched", &counters->tokens_matched },
		{ "refused", &counters->tokens_refused },
	};

	exposition_head(out, "leadmilter_reply_tokens_total", "counter",
			"Tokens in Reply-To by what was done with them.");
	for (guint i = 0; i < G_N_ELEMENTS(results); i++)
		exposition_labelled(out, "leadmilter_reply_tokens_total", "result", results[i].name,
				    count_of(results[i].count));
}

static void
write_counters(struct counters *counters, GString *out)
{
	const struct {
		const char *name, *help;
		gsize *count;
	} rows[] = {
		{ "leadmilter_connections_total", "Connections the MTA opened.",
		  &counters->connections },
		{ "leadmilter_sessions_refused_total", "Connections over max_sessions.",
		  &counters->refused_sessions },
		{ "leadmilter_messages_routed_total", "Messages that a route section changed.",
		  &counters->routed },
		{ "leadmilter_routes_refused_total",
		  "Recipients of routes that are watched, or in no domain of ours.",
		  &counters->routes_refused },
		{ "leadmilter_changes_refused_total", "Changes of messages the MTA refused.",
		  &counters->changes_refused },
		{ "leadmilter_store_deadlines_missed_total",
		  "Messages the store had no answer for within store_deadline_ms.",
		  &counters->deadlines_missed },
		{ "leadmilter_spool_taken_total", "Messages taken from the spool into the store.",
		  &counters->spool_taken },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		exposition_single(out, rows[i].name, "counter", rows[i].help,
				  count_of(rows[i].count));
}

static void
write_sessions(struct runtime *runtime, GString *out)
{
	g_autoptr(generation_owned) generation = runtime_generation(runtime);

	exposition_single(out, "leadmilter_sessions", "gauge", "Connections of the MTA open now.",
			  g_atomic_int_get(&runtime->counters.sessions));
	exposition_single(out, "leadmilter_sessions_limit", "gauge", "max_sessions.",
			  generation->config->max_sessions);
}

static void
write_histogram(struct histogram *histogram, GString *out, const char *name, const char *help)
{
	exposition_head(out, name, "histogram", help);
	histogram_write(histogram, out, name, "");
}

static void
write_times(struct counters *counters, GString *out)
{
	write_histogram(&counters->analysis, out, "leadmilter_analysis_seconds",
			"Time to understand a message.");
	write_histogram(&counters->storing, out, "leadmilter_store_seconds",
			"Time from a message's job to its commit, waiting included.");
	write_histogram(&counters->answering, out, "leadmilter_message_seconds",
			"Time a message waited at its end for our answer.");
}

/* --- store --- */

static void
write_leads(const struct store_stats *stats, GString *out)
{
	exposition_head(out, "leadmilter_leads", "gauge", "Leads by stage.");
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		exposition_labelled(out, "leadmilter_leads", "stage", stage_name(stage),
				    (double)stats->leads_by_stage[stage]);
	exposition_single(out, "leadmilter_leads_unowned", "gauge",
			  "Leads in the funnel that nobody owns.", (double)stats->unowned);
	exposition_single(out, "leadmilter_touches", "gauge", "Touches in the ledgers.",
			  (double)stats->touches);
	exposition_head(out, "leadmilter_events_total", "counter",
			"Events written since the start, by type.");
	for (guint i = 0; i < STORE_EVENT_TYPES; i++)
		if (store_event_type(i))
			exposition_labelled(out, "leadmilter_events_total", "type",
					    store_event_type(i), (double)stats->events[i]);
}

static void
write_writer(struct store_stats *stats, GString *out)
{
	const struct {
		const char *name, *type, *help;
		double value;
	} rows[] = {
		{ "leadmilter_store_bytes", "gauge", "Size of the store on disk, log included.",
		  (double)stats->bytes },
		{ "leadmilter_store_log_bytes", "gauge",
		  "Size of the write-ahead log of an SQLite store.", (double)stats->log_bytes },
		{ "leadmilter_store_queue", "gauge", "Jobs waiting for the writer.",
		  stats->queued },
		{ "leadmilter_store_commits_total", "counter", "Transactions committed.",
		  (double)stats->commits },
		{ "leadmilter_store_jobs_total", "counter", "Jobs done.", (double)stats->jobs },
		{ "leadmilter_store_failed_jobs_total", "counter", "Jobs that failed.",
		  (double)stats->failed_jobs },
		{ "leadmilter_store_failed_checkpoints_total", "counter",
		  "Checkpoints that failed.", (double)stats->failed_checkpoints },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		exposition_single(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
	write_histogram(&stats->committing, out, "leadmilter_store_commit_seconds",
			"Time of a commit.");
	write_histogram(&stats->checkpointing, out, "leadmilter_store_checkpoint_seconds",
			"Time of a checkpoint.");
}

static void
write_outage(struct runtime *runtime, GString *out)
{
	struct outage_status status;

	outage_status(runtime->outage, &status);
	exposition_single(out, "leadmilter_store_resting", "gauge",
			  "1 while messages go straight to the spool, after a failure.",
			  status.since != 0);
	exposition_single(out, "leadmilter_store_outages_total", "counter",
			  "Times the store was away.", status.count);
}

static void
write_store(struct runtime *runtime, GString *out)
{
	struct store_stats stats;
	gboolean read = !outage_is_on(runtime->outage) && store_stats(runtime->store, &stats, NULL);

	exposition_single(out, "leadmilter_store_up", "gauge",
			  "1 while the store can be read; its figures are missing else.", read);
	write_outage(runtime, out);
	if (!read)
		return;
	write_leads(&stats, out);
	write_writer(&stats, out);
}

static void
write_spool(struct runtime *runtime, GString *out)
{
	struct spool_look look;

	if (!runtime->spool || !spool_look(runtime->first->spool_directory, &look, NULL))
		return;
	exposition_single(out, "leadmilter_spool_messages", "gauge",
			  "Messages waiting in the spool.", look.files);
	exposition_single(out, "leadmilter_spool_bytes", "gauge", "Size of the spool.",
			  (double)look.bytes);
	exposition_single(out, "leadmilter_spool_limit_bytes", "gauge", "spool_max_bytes.",
			  (double)runtime->first->spool_max_bytes);
	exposition_single(out, "leadmilter_spool_oldest_seconds", "gauge",
			  "Age of the oldest message in the spool.", age(look.oldest, clock_now()));
	exposition_single(out, "leadmilter_spool_bad_messages", "gauge",
			  "Damaged messages that were moved aside.", look.bad);
}

/* --- outbox --- */

static void
write_outbox(struct runtime *runtime, GString *out)
{
	g_autoptr(GPtrArray) endpoints =
		outage_is_on(runtime->outage) ? NULL : store_endpoint_status(runtime->store, NULL);
	gint64 now = clock_now();
	static const struct {
		const char *name, *type, *help;
	} METRICS[] = {
		{ "leadmilter_outbox_waiting", "gauge", "Deliveries waiting by endpoint." },
		{ "leadmilter_outbox_dead", "gauge", "Deliveries given up by endpoint." },
		{ "leadmilter_outbox_delivered_total", "counter", "Deliveries done by endpoint." },
		{ "leadmilter_outbox_oldest_seconds", "gauge", "Age of the oldest waiting event." },
		{ "leadmilter_endpoint_parked", "gauge", "1 while an endpoint takes nothing." },
	};

	for (guint i = 0; endpoints && i < G_N_ELEMENTS(METRICS); i++) {
		exposition_head(out, METRICS[i].name, METRICS[i].type, METRICS[i].help);
		for (guint j = 0; j < endpoints->len; j++) {
			const struct endpoint_status *status = endpoints->pdata[j];
			const double values[] = {
				(double)status->waiting,
				(double)status->dead,
				(double)status->delivered,
				age(status->oldest_waiting, now),
				status->parked,
			};

			exposition_labelled(out, METRICS[i].name, "endpoint", status->name,
					    values[i]);
		}
	}
}

static void
write_results(const GPtrArray *endpoints, GString *out)
{
	exposition_head(out, "leadmilter_delivery_results_total", "counter",
			"Deliveries tried, by what came of it.");
	for (guint i = 0; i < endpoints->len; i++) {
		struct figures *figures = endpoints->pdata[i];
		g_autofree char *endpoint = exposition_label("endpoint", figures->endpoint);

		for (int result = 0; result < RESULT_COUNT; result++) {
			g_autofree char *labels = g_strdup_printf("%s,result=\"%s\"", endpoint,
								  figures_result_name(result));

			exposition_value(out, "leadmilter_delivery_results_total", labels,
					 count_of(&figures->results[result]));
		}
	}
}

static void
write_delivery_times(const GPtrArray *endpoints, GString *out, gboolean whole)
{
	const char *name =
		whole ? "leadmilter_delivery_latency_seconds" : "leadmilter_attempt_seconds";

	exposition_head(out, name, "histogram",
			whole ? "Time from an event to its delivery."
			      : "Time of an attempt to deliver.");
	for (guint i = 0; i < endpoints->len; i++) {
		struct figures *figures = endpoints->pdata[i];
		g_autofree char *endpoint = exposition_label("endpoint", figures->endpoint);

		histogram_write(whole ? &figures->latency : &figures->attempt, out, name, endpoint);
	}
}

static void
write_deliveries(struct runtime *runtime, GString *out)
{
	struct deliver_stats stats;
	g_autoptr(GPtrArray) endpoints = NULL;

	if (!runtime->deliver)
		return;
	deliver_stats(runtime->deliver, &stats);
	endpoints = deliver_figures(runtime->deliver);
	exposition_single(out, "leadmilter_deliveries_in_flight", "gauge", "Requests under way.",
			  stats.in_flight);
	exposition_head(
		out, "leadmilter_endpoint_resting", "gauge",
		"1 while an endpoint fails and only one delivery tries again now and then.");
	for (guint i = 0; i < endpoints->len; i++) {
		struct figures *figures = endpoints->pdata[i];

		exposition_labelled(out, "leadmilter_endpoint_resting", "endpoint",
				    figures->endpoint, g_atomic_int_get(&figures->resting));
	}
	write_results(endpoints, out);
	write_delivery_times(endpoints, out, FALSE);
	write_delivery_times(endpoints, out, TRUE);
}

/* --- the daemon --- */

static void
write_reloads(struct runtime *runtime, GString *out)
{
	g_autoptr(GPtrArray) waiting = runtime_restart_needed(runtime);
	struct counters *counters = &runtime->counters;
	gboolean failed = FALSE;
	gint64 reloaded = runtime_reloaded(runtime, &failed);

	exposition_head(out, "leadmilter_reloads_total", "counter",
			"Readings of the configuration by result.");
	exposition_labelled(out, "leadmilter_reloads_total", "result", "taken",
			    count_of(&counters->reloads));
	exposition_labelled(out, "leadmilter_reloads_total", "result", "refused",
			    count_of(&counters->reload_failures));
	exposition_single(out, "leadmilter_config_last_reload_success_timestamp_seconds", "gauge",
			  "When the configuration in force was read.", seconds(reloaded));
	exposition_single(out, "leadmilter_config_last_reload_successful", "gauge",
			  "0 when the last reading was refused.", !failed);
	exposition_single(out, "leadmilter_config_restart_needed", "gauge",
			  "Options that were changed and take effect at the next start.",
			  waiting->len);
}

static void
write_build(struct runtime *runtime, GString *out)
{
	exposition_head(out, "leadmilter_build_info", "gauge", "The version running.");
	exposition_labelled(out, "leadmilter_build_info", "version", LEADMILTER_VERSION, 1);
	exposition_single(out, "leadmilter_start_time_seconds", "gauge",
			  "When the program started.", seconds(runtime->started));
}

void
metrics_write(struct runtime *runtime, GString *out)
{
	g_autoptr(generation_owned) generation = runtime_generation(runtime);

	write_build(runtime, out);
	write_decisions(&runtime->counters, out);
	write_counters(&runtime->counters, out);
	write_tokens(&runtime->counters, out);
	write_sessions(runtime, out);
	write_times(&runtime->counters, out);
	write_store(runtime, out);
	write_spool(runtime, out);
	write_outbox(runtime, out);
	write_deliveries(runtime, out);
	write_reloads(runtime, out);
	metrics_host_write(runtime->first, generation->config, out);
}
