/* fuzz-answer.c - what a receiver may send back, and what an administrator may call a secret or a
 * URL: Retry-After and its like, the kept excerpt, header fields of CloudEvents, the origin that is
 * logged. */
#include "base/clock.h"
#include "hooks/out/cloudevents.h"
#include "hooks/out/request.h"
#include "hooks/out/schedule.h"
#include "hooks/out/sign.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOW (1790000000 * (gint64)CLOCK_SECOND)

static void
require(gboolean holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	gint64 time = schedule_retry_after(text, NOW);
	require(time >= 0 && time <= NOW + CLOCK_DAY);
	time = schedule_reset(text, NOW);
	require(time >= 0 && time <= NOW + CLOCK_DAY);
	g_autofree char *encoded = cloudevents_encode(text);
	for (const char *p = encoded; *p; p++)
		require(*p > ' ' && *p < 0x7f && *p != '"');
	g_autofree char *excerpt = request_excerpt((const char *)data, size);
	require(!excerpt ||
		(strlen(excerpt) <= REQUEST_EXCERPT && g_utf8_validate(excerpt, -1, NULL)));
	g_autofree char *origin = request_origin(text);
	require(strlen(origin) <= size + strlen("(no URL)"));
	if (sign_secret_check(text, NULL)) {
		g_autoptr(GPtrArray) secrets = g_ptr_array_new();
		g_ptr_array_add(secrets, text);
		g_autofree char *signature = sign_webhook(secrets, "id", 1, text, strlen(text));
		gsize length = strlen(signature);
		require(length == strlen("v1,") + 44 || length == strlen("v1a,") + 88);
	}
	return 0;
}
