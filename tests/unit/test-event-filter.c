/* test-event-filter.c - an endpoint's `when` over the event and its lead. */
#include "lead/event_filter.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>

#define NOW (1790000000 * (gint64)CLOCK_SECOND)

static struct lead *
sample_lead(void)
{
	struct lead *lead = lead_new();
	lead->stage = STAGE_MQL;
	lead->scorecard = g_strdup("machines");
	lead->source_mailbox = g_strdup("sales@example.com");
	lead->account = g_strdup("buyer.example");
	lead->owner = g_strdup("ann@example.com");
	lead->grade = 'B';
	lead->total = 70;
	lead->created = NOW - 3 * CLOCK_DAY;
	return lead;
}

static const struct {
	const char *when;
	gboolean want, without_lead;
} conditions[] = {
	{ "event.type == 'lead.created'", TRUE, TRUE },
	{ "event.type matches 'lead.*'", TRUE, TRUE },
	{ "event.type in ('lead.cooled', 'lead.created')", TRUE, TRUE },
	{ "event.type == 'lead.updated'", FALSE, FALSE },
	{ "event.mailbox == 'info@example.com'", TRUE, TRUE },
	{ "lead.scorecard == 'machines'", TRUE, FALSE },
	{ "lead.scorecard == 'spares'", FALSE, FALSE },
	{ "lead.stage >= 'mql'", TRUE, FALSE },
	{ "lead.stage >= 'sql'", FALSE, FALSE },
	{ "lead.mailbox == 'sales@example.com' and lead.grade >= 'B'", TRUE, FALSE },
	{ "lead.account in ('buyer.example')", TRUE, FALSE },
	{ "age(lead.created) < 7d", TRUE, FALSE },
	{ "has(lead.owner)", TRUE, FALSE },
	{ "not has(lead.owner)", FALSE, TRUE },
	{ "lead.total > 65 or lead.unverified", TRUE, FALSE },
};

static struct event_filter *
compile(const char *when, GError **error)
{
	struct expression_source source = { "test.conf", 7, 1 };
	return event_filter_new(when, &source, error);
}

static void
test_conditions(void)
{
	struct lead *lead = sample_lead();
	struct event event = { .type = (char *)"lead.created",
			       .mailbox = (char *)"info@example.com",
			       .time = NOW };
	for (guint i = 0; i < G_N_ELEMENTS(conditions); i++) {
		g_autoptr(GError) error = NULL;
		struct event_filter *filter = compile(conditions[i].when, &error);
		g_test_message("%s", conditions[i].when);
		g_assert_no_error(error);
		g_assert_cmpint(event_filter_takes(filter, &event, lead, NOW), ==,
				conditions[i].want);
		g_assert_cmpint(event_filter_takes(filter, &event, NULL, NOW), ==,
				conditions[i].without_lead);
		event_filter_free(filter);
	}
	lead_free(lead);
}

static const struct {
	const char *when, *want; /* part of the message */
} wrong[] = {
	{ "lead.stage >=", "test.conf:7:" },
	{ "sender.freemail", "test.conf:7: when: sender.freemail is not known of an event" },
	{ "lead.total > 3 and mail.subject matches 'x*'", "test.conf:7:" },
	{ "header('X-Test') == 'x'", "header() is not known of an event" },
	{ "count('reply') > 1", "the history of touches is not known of an event" },
	{ "has('reply')", "the history of touches is not known of an event" },
	{ "history.touches > 1", "history.touches is not known of an event" },
	{ "lead.scorcard == 'x'", "lead.scorecard" }, /* did you mean */
};

static void
test_wrong(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		g_test_message("%s", wrong[i].when);
		g_assert_null(compile(wrong[i].when, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_nonnull(strstr(error->message, wrong[i].want));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/event-filter/conditions", test_conditions);
	g_test_add_func("/event-filter/wrong", test_wrong);
	return g_test_run();
}
