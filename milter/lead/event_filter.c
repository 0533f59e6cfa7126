/* event_filter.c - see event_filter.h. */
#include "lead/event_filter.h"

#include "base/error.h"

struct event_filter {
	struct expression_names *names;
	struct expression *condition;
};

static gboolean
is_of_events(const struct signal *signal)
{
	const char *name = signals_name(signal);

	return g_str_has_prefix(name, "event.") || g_str_has_prefix(name, "lead.");
}

struct event_filter *
event_filter_new(const char *when, const struct expression_source *source, GError **error)
{
	struct event_filter *filter = g_new0(struct event_filter, 1);
	const char *other;

	filter->names = expression_names_new();
	filter->condition = expression_compile(when, source, filter->names, error);
	other = filter->condition ? expression_asks_beyond(filter->condition, is_of_events) : NULL;
	if (other)
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "%s:%d: when: %s is not known of an event; expected signals of event.* "
			    "and lead.*",
			    source->file, source->line, other);
	if (filter->condition && !other)
		return filter;
	event_filter_free(filter);
	return NULL;
}

void
event_filter_free(struct event_filter *filter)
{
	if (!filter)
		return;
	expression_free(filter->condition);
	expression_names_free(filter->names);
	g_free(filter);
}

gboolean
event_filter_takes(const struct event_filter *filter, const struct event *event,
		   const struct lead *lead, gint64 now)
{
	struct signal_input input = { .event = event, .lead = lead, .now = now };
	struct evaluation evaluation;
	gboolean takes;

	expression_begin(&evaluation, filter->names, &input);
	takes = expression_test(filter->condition, &evaluation);
	expression_end(&evaluation);
	return takes;
}
