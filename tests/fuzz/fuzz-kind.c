/* fuzz-kind.c - a whole message through parser, reply and kind; what is found must be text. */
#include <stdint.h>

#include "../unit/kind-fixture.h"
#include "mail/calendar.h"
#include "mail/dates.h"

static void
check_text(const char *text)
{
	g_assert(!text || g_utf8_validate(text, -1, NULL));
}

static void
check_kind(const struct kind *kind)
{
	g_assert(kind->kind < KIND_COUNT && kind->confidence > 0 && kind->confidence <= 1);
	check_text(kind->evidence);
	g_assert(kind->evidence && !kind->bounce == (kind->kind != KIND_BOUNCE));
	if (kind->bounce) {
		check_text(kind->bounce->recipient);
		check_text(kind->bounce->status);
		check_text(kind->bounce->diagnostic);
		check_text(kind->bounce->original_message_id);
	}
	if (kind->auto_reply) {
		check_text(kind->auto_reply->reason);
		check_text(kind->auto_reply->substitute_name);
		check_text(kind->auto_reply->substitute_address);
	}
	if (kind->calendar)
		check_text(kind->calendar->summary);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 64 * 1024)
		return 0;
	g_autoptr(message_owned) message = message_new((const char *)data, size);
	check_kind(message->kind);
	/* The same bytes as what only stands deep inside a message otherwise. */
	g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)size);
	struct calendar *calendar = calendar_read(text, NULL);
	calendar_free(calendar);
	g_autofree char *lower = g_utf8_strdown(text, -1);
	g_autoptr(GArray) dates = dates_find(lower, RECEIVED, size & 1);
	for (guint i = 0; i < dates->len; i++)
		g_assert(g_array_index(dates, struct date_found, i).end <= strlen(lower));
	return 0;
}
