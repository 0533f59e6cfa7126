/* test-calendar.c - iTIP parts and what they say. */
#include "mail/calendar.h"

#include <string.h>

#define EVENT "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
#define END "END:VEVENT\r\nEND:VCALENDAR\r\n"
/* Central Europe, under a name no database knows. */
#define ZONE \
	"BEGIN:VTIMEZONE\r\nTZID:Our time\r\n" \
	"BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\n" \
	"TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n" \
	"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\n" \
	"TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n" \
	"END:VTIMEZONE\r\n"
/* The southern half: summer over the turn of the year, first Sundays. */
#define SOUTH \
	"BEGIN:VTIMEZONE\r\nTZID:South\r\n" \
	"BEGIN:STANDARD\r\nTZOFFSETTO:+1000\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4\r\n" \
	"END:STANDARD\r\nBEGIN:DAYLIGHT\r\nTZOFFSETTO:+1100\r\n" \
	"RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=10\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

static const struct {
	const char *name, *text, *parameter;
	const char *method, *response, *summary, *start;
} cases[] = {
	{ "utc", EVENT "BEGIN:VEVENT\r\nSUMMARY:Demo\r\nDTSTART:20261201T100000Z\r\n" END, NULL,
	  "REQUEST", "invitation", "Demo", "2026-12-01T10:00:00Z" },
	{ "winter", EVENT ZONE "BEGIN:VEVENT\r\nDTSTART;TZID=Our time:20261201T100000\r\n" END,
	  NULL, "REQUEST", "invitation", NULL, "2026-12-01T09:00:00Z" },
	{ "summer", EVENT ZONE "BEGIN:VEVENT\r\nDTSTART;TZID=\"Our time\":20260701T100000\r\n" END,
	  NULL, "REQUEST", "invitation", NULL, "2026-07-01T08:00:00Z" },
	{ "day-of-change",
	  EVENT ZONE "BEGIN:VEVENT\r\nDTSTART;TZID=Our time:20261025T100000\r\n" END, NULL,
	  "REQUEST", "invitation", NULL, "2026-10-25T09:00:00Z" },
	{ "southern-summer",
	  EVENT SOUTH "BEGIN:VEVENT\r\nDTSTART;TZID=South:20261201T100000\r\n" END, NULL, "REQUEST",
	  "invitation", NULL, "2026-11-30T23:00:00Z" },
	{ "southern-winter",
	  EVENT SOUTH "BEGIN:VEVENT\r\nDTSTART;TZID=South:20260701T100000\r\n" END, NULL, "REQUEST",
	  "invitation", NULL, "2026-07-01T00:00:00Z" },
	{ "all-day", EVENT "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261201\r\n" END, NULL, "REQUEST",
	  "invitation", NULL, "2026-12-01T00:00:00Z" },
	{ "parameter-wins", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n", "CANCEL", "CANCEL",
	  "cancelled", NULL, NULL },
	{ "accepted",
	  "BEGIN:VCALENDAR\nMETHOD:reply\nBEGIN:VEVENT\nATTENDEE;PARTSTAT=ACCEPTED;CN=\"A;PARTSTAT="
	  "X\":"
	  "mailto:a@b.example\nEND:VEVENT\n",
	  NULL, "REPLY", "accepted", NULL, NULL },
	{ "declined",
	  "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nATTENDEE;CN=\"x;PARTSTAT=ACCEPTED\";"
	  "PARTSTAT=declined:mailto:a@b.example\nEND:VEVENT\n",
	  NULL, "REPLY", "declined", NULL, NULL },
	{ "tentative",
	  "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nATTENDEE;PARTSTAT=TENTATIVE:mailto:a@b\n",
	  NULL, "REPLY", "tentative", NULL, NULL },
	{ "status-cancelled", EVENT "BEGIN:VEVENT\r\nSTATUS:CANCELLED\r\n" END, NULL, "REQUEST",
	  "cancelled", NULL, NULL },
	{ "folded-and-escaped",
	  EVENT "BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:Demo\\, with\r\n  all\\nof us\r\n" END, NULL,
	  "REQUEST", "invitation", "Demo, with all\nof us", NULL },
	{ "alarm-is-not-the-event",
	  EVENT
	  "BEGIN:VEVENT\r\nSUMMARY:Demo\r\nBEGIN:VALARM\r\nSUMMARY:Ring\r\nEND:VALARM\r\n" END,
	  NULL, "REQUEST", "invitation", "Demo", NULL },
	{ "first-event",
	  EVENT "BEGIN:VEVENT\r\nSUMMARY:One\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Two\r\n" END,
	  NULL, "REQUEST", "invitation", "One", NULL },
	{ "nonsense",
	  "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2026\nRRULE\n:::\nDTSTART;TZID=:"
	  "99999999T999999\n",
	  NULL, NULL, NULL, NULL, NULL },
};

static void
test_read(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct calendar *calendar = calendar_read(cases[i].text, cases[i].parameter);
		gint64 start = 0;
		if (cases[i].start) {
			g_autoptr(GDateTime) time =
				g_date_time_new_from_iso8601(cases[i].start, NULL);
			start = g_date_time_to_unix(time) * G_TIME_SPAN_SECOND;
		}
		g_test_message("%s", cases[i].name);
		g_assert_nonnull(calendar);
		g_assert_cmpstr(calendar->method, ==, cases[i].method);
		g_assert_cmpstr(calendar->response, ==, cases[i].response);
		g_assert_cmpstr(calendar->summary, ==, cases[i].summary);
		g_assert_cmpint(calendar->start, ==, start);
		calendar_free(calendar);
	}
}

static void
test_none(void)
{
	g_assert_null(calendar_read(NULL, NULL));
	g_assert_null(calendar_read("", "REQUEST"));
	g_assert_null(calendar_read("Dear all,\nthe meeting is off.\n", NULL));
	calendar_free(NULL);
}

static void
test_scheduling(void)
{
	static const struct {
		const char *method;
		gboolean scheduling;
	} rows[] = { { "REQUEST", TRUE }, { "REPLY", TRUE },    { "CANCEL", TRUE },
		     { "COUNTER", TRUE }, { "PUBLISH", FALSE }, { "X", FALSE },
		     { NULL, FALSE } };
	g_assert_false(calendar_is_scheduling(NULL));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct calendar calendar = { .method = (char *)rows[i].method };
		g_assert_cmpint(calendar_is_scheduling(&calendar), ==, rows[i].scheduling);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/calendar/read", test_read);
	g_test_add_func("/calendar/none", test_none);
	g_test_add_func("/calendar/scheduling", test_scheduling);
	return g_test_run();
}
