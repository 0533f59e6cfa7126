/* histogram.c - see histogram.h. */
#include "base/histogram.h"

#define SECOND G_USEC_PER_SEC
#define MINUTE (60 * (gint64)SECOND)
#define HOUR (60 * MINUTE)

static const struct bound {
	gint64 microseconds;
	const char *seconds;
} BOUNDS[][HISTOGRAM_BUCKETS] = {
	[HISTOGRAM_MOMENTS] = { { 100, "0.0001" },
				{ 250, "0.00025" },
				{ 500, "0.0005" },
				{ 1000, "0.001" },
				{ 2500, "0.0025" },
				{ 5000, "0.005" },
				{ 10000, "0.01" },
				{ 25000, "0.025" },
				{ 50000, "0.05" },
				{ 100000, "0.1" },
				{ 250000, "0.25" },
				{ 500000, "0.5" },
				{ SECOND, "1" },
				{ 2500000, "2.5" },
				{ 5 * SECOND, "5" },
				{ 10 * SECOND, "10" } },
	[HISTOGRAM_DAYS] = { { 100000, "0.1" },
			     { 250000, "0.25" },
			     { 500000, "0.5" },
			     { SECOND, "1" },
			     { 2500000, "2.5" },
			     { 5 * SECOND, "5" },
			     { 10 * SECOND, "10" },
			     { 30 * SECOND, "30" },
			     { MINUTE, "60" },
			     { 5 * MINUTE, "300" },
			     { 30 * MINUTE, "1800" },
			     { 2 * HOUR, "7200" },
			     { 8 * HOUR, "28800" },
			     { 24 * HOUR, "86400" },
			     { 72 * HOUR, "259200" },
			     { 168 * HOUR, "604800" } },
};

void
histogram_add(struct histogram *histogram, gint64 microseconds)
{
	const struct bound *bounds = BOUNDS[histogram->scale];
	guint i = 0;

	microseconds = MAX(microseconds, 0);
	while (i < HISTOGRAM_BUCKETS && microseconds > bounds[i].microseconds)
		i++;
	g_atomic_pointer_add(&histogram->buckets[i], 1);
	g_atomic_pointer_add(&histogram->sum, microseconds);
}

void
histogram_write(struct histogram *histogram, GString *out, const char *name, const char *labels)
{
	const struct bound *bounds = BOUNDS[histogram->scale];
	const char *comma = *labels ? "," : "";
	gsize count = 0;

	for (guint i = 0; i < HISTOGRAM_BUCKETS; i++) {
		count += (gsize)g_atomic_pointer_get(&histogram->buckets[i]);
		g_string_append_printf(out, "%s_bucket{%s%sle=\"%s\"} %" G_GSIZE_FORMAT "\n", name,
				       labels, comma, bounds[i].seconds, count);
	}
	count += (gsize)g_atomic_pointer_get(&histogram->buckets[HISTOGRAM_BUCKETS]);
	g_string_append_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" G_GSIZE_FORMAT "\n", name,
			       labels, comma, count);
	g_string_append_printf(out, "%s_sum%s%s%s %.6f\n", name, *labels ? "{" : "", labels,
			       *labels ? "}" : "",
			       (double)(gsize)g_atomic_pointer_get(&histogram->sum) / 1e6);
	g_string_append_printf(out, "%s_count%s%s%s %" G_GSIZE_FORMAT "\n", name,
			       *labels ? "{" : "", labels, *labels ? "}" : "", count);
}
