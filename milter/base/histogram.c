/* histogram.c - see histogram.h. */
#include "base/histogram.h"

static const struct {
	gint64 microseconds;
	const char *seconds;
} BOUNDS[HISTOGRAM_BUCKETS] = {
	{ 100, "0.0001" },  { 250, "0.00025" }, { 500, "0.0005" },  { 1000, "0.001" },
	{ 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },  { 25000, "0.025" },
	{ 50000, "0.05" },  { 100000, "0.1" },  { 250000, "0.25" }, { 500000, "0.5" },
	{ 1000000, "1" },   { 2500000, "2.5" }, { 5000000, "5" },   { 10000000, "10" },
};

void
histogram_add(struct histogram *histogram, gint64 microseconds)
{
	guint i = 0;

	microseconds = MAX(microseconds, 0);
	while (i < HISTOGRAM_BUCKETS && microseconds > BOUNDS[i].microseconds)
		i++;
	g_atomic_pointer_add(&histogram->buckets[i], 1);
	g_atomic_pointer_add(&histogram->sum, microseconds);
}

void
histogram_write(struct histogram *histogram, GString *out, const char *name,
		const char *labels)
{
	const char *comma = *labels ? "," : "";
	gsize count = 0;

	for (guint i = 0; i < HISTOGRAM_BUCKETS; i++) {
		count += (gsize)g_atomic_pointer_get(&histogram->buckets[i]);
		g_string_append_printf(out, "%s_bucket{%s%sle=\"%s\"} %" G_GSIZE_FORMAT "\n", name,
				       labels, comma, BOUNDS[i].seconds, count);
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
