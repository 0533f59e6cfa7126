/* fuzz-notify.c - any text as an event's body: the mail made of it has the lines we wrote and no
 * others, all of them short and ASCII. */
#include "hooks/out/notify_mail.h"

#include <string.h>

#include "base/clock.h"

static const struct config_notify *
site(void)
{
	static struct config_notify notify;
	if (!notify.to) {
		notify.from = (char *)"leads@example.test";
		notify.url = (char *)"https://crm.example.test/{lead.id}/{lead.address}";
		notify.to = g_ptr_array_new();
		g_ptr_array_add(notify.to, (gpointer) "owner");
	}
	return &notify;
}

static void
check_mail(const char *text)
{
	static const char *const fields[] = { "From",
					      "To",
					      "Subject",
					      "Date",
					      "Message-ID",
					      "In-Reply-To",
					      "References",
					      "X-LeadMilter",
					      "Auto-Submitted",
					      "X-Auto-Response-Suppress",
					      "MIME-Version",
					      "Content-Type",
					      "Content-Transfer-Encoding" };
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	gboolean head = TRUE;
	for (char **line = lines; *line; line++) {
		gboolean known = **line == ' ' || !head || !**line;
		head = head && **line;
		for (const char *p = *line; *p; p++)
			g_assert_true((guchar)*p >= ' ' && (guchar)*p < 0x7f);
		g_assert_true(**line != '.');
		for (guint i = 0; i < G_N_ELEMENTS(fields) && !known; i++)
			known = g_str_has_prefix(*line, fields[i]) &&
				(*line)[strlen(fields[i])] == ':';
		g_assert_true(known);
	}
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	const struct config_notify *notify = site();
	g_autofree char *body = g_strndup((const char *)data, size);
	struct notify_event *event = notify_event_new("evt_1", body);
	if (!event)
		return 0;
	g_autoptr(GPtrArray) recipients = notify_recipients(notify, event);
	g_autoptr(GPtrArray) events = g_ptr_array_new();
	if (!recipients->len)
		g_ptr_array_add(recipients, g_strdup("petra@example.test"));
	for (guint count = 1; count <= 2; count++) {
		g_ptr_array_add(events, event);
		g_autofree char *text =
			notify_mail(notify, "mx.example.test", recipients, events, CLOCK_DAY);
		check_mail(text);
	}
	notify_event_free(event);
	return 0;
}
