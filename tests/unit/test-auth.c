/* test-auth.c - who may say something to the inbound hook, and how often. */
#include "hooks/in/auth.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/histogram.h"
#include "hooks/out/sign.h"

#include <gio/gio.h>
#include <string.h>

#define NOW (1800000000 * (gint64)CLOCK_SECOND)
#define OLD_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define NEW_SECRET "a plain secret of the website"
#define TOKEN "0123456789abcdef01234567"
#define BODY "{\"touches\":[]}"

static GPtrArray *
list(const char *one, const char *other)
{
	GPtrArray *array = g_ptr_array_new_with_free_func(g_free);

	if (one)
		g_ptr_array_add(array, g_strdup(one));
	if (other)
		g_ptr_array_add(array, g_strdup(other));
	return array;
}

static GPtrArray *
make_clients(void)
{
	static struct config_client website = { .name = "website" }, crm = { .name = "crm" };
	GPtrArray *clients = g_ptr_array_new();

	website.secrets = list(OLD_SECRET, NEW_SECRET);
	website.tokens = list(NULL, NULL);
	website.scopes = list("touches", "leads");
	website.networks = g_ptr_array_new_with_free_func(g_object_unref);
	crm.secrets = list(NULL, NULL);
	crm.tokens = list(TOKEN, NULL);
	crm.scopes = list("read", NULL);
	crm.networks = g_ptr_array_new_with_free_func(g_object_unref);
	g_ptr_array_add(crm.networks, g_inet_address_mask_new_from_string("192.0.2.0/24", NULL));
	g_ptr_array_add(clients, &website);
	g_ptr_array_add(clients, &crm);
	return clients;
}

static void
free_clients(GPtrArray *clients)
{
	for (guint i = 0; i < clients->len; i++) {
		struct config_client *client = clients->pdata[i];

		g_ptr_array_unref(client->secrets);
		g_ptr_array_unref(client->tokens);
		g_ptr_array_unref(client->scopes);
		g_ptr_array_unref(client->networks);
	}
	g_ptr_array_unref(clients);
}

static const struct {
	const char *name;
	const char *secret; /* signs, or NULL */
	int late; /* seconds between signing and now */
	const char *before, *after; /* around the signature */
	const char *authorization, *peer;
	const char *signed_body;
	const char *client, *says;
} requests[] = {
	{ "signed", OLD_SECRET, 0, "", "", NULL, "203.0.113.1", BODY, "website", NULL },
	{ "signed with the new secret", NEW_SECRET, 0, "", "", NULL, "local", BODY, "website",
	  NULL },
	{ "two signatures", NEW_SECRET, 0, "v1,AAAA ", "", NULL, "local", BODY, "website", NULL },
	{ "five minutes old", OLD_SECRET, 300, "", "", NULL, "local", BODY, "website", NULL },
	{ "older", OLD_SECRET, 301, "", "", NULL, "local", BODY, NULL, "five minutes" },
	{ "of the future", OLD_SECRET, -301, "", "", NULL, "local", BODY, NULL, "five minutes" },
	{ "another body", OLD_SECRET, 0, "", "", NULL, "local", "{}", NULL, "no client's" },
	{ "another's secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx", 0, "", "", NULL, "local",
	  BODY, NULL, "no client's" },
	{ "cut short", OLD_SECRET, 0, "", "=", NULL, "local", BODY, NULL, "no client's" },
	{ "token", NULL, 0, "", "", "Bearer " TOKEN, "192.0.2.7", BODY, "crm", NULL },
	{ "token, lower case", NULL, 0, "", "", "bearer " TOKEN, "192.0.2.7", BODY, "crm", NULL },
	{ "longer token", NULL, 0, "", "", "Bearer " TOKEN "x", "192.0.2.7", BODY, NULL,
	  "no client's" },
	{ "shorter token", NULL, 0, "", "", "Bearer 0123", "192.0.2.7", BODY, NULL, "no client's" },
	{ "no token", NULL, 0, "", "", "Bearer ", "192.0.2.7", BODY, NULL, "no client's" },
	{ "from elsewhere", NULL, 0, "", "", "Bearer " TOKEN, "203.0.113.1", BODY, NULL,
	  "may not come from 203.0.113.1" },
	{ "from nowhere", NULL, 0, "", "", "Bearer " TOKEN, "local", BODY, NULL, "local" },
	{ "other scheme", NULL, 0, "", "", "Basic Zm9vOmJhcg==", "local", BODY, NULL, "neither" },
	{ "nothing", NULL, 0, "", "", NULL, "local", BODY, NULL, "neither" },
};

static void
test_requests(void)
{
	GPtrArray *clients = make_clients();

	for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
		gint64 seconds = NOW / CLOCK_SECOND - requests[i].late;
		g_autofree char *timestamp = g_strdup_printf("%" G_GINT64_FORMAT, seconds);
		gpointer secret[] = { (gpointer)requests[i].secret };
		GPtrArray secrets = { secret, 1 };
		g_autofree char *signature =
			requests[i].secret
				? sign_webhook(&secrets, "msg_1", seconds, requests[i].signed_body,
					       strlen(requests[i].signed_body))
				: NULL;
		g_autofree char *field = signature ? g_strconcat(requests[i].before, signature,
								 requests[i].after, NULL)
						   : NULL;
		const struct auth_request request = {
			.id = "msg_1",
			.timestamp = timestamp,
			.signature = field,
			.authorization = requests[i].authorization,
			.peer = requests[i].peer,
			.body = BODY,
			.length = strlen(BODY),
		};
		g_autoptr(GError) error = NULL;
		const struct config_client *client = auth_identify(clients, &request, NOW, &error);

		g_test_message("%s", requests[i].name);
		g_assert_cmpstr(client ? client->name : NULL, ==, requests[i].client);
		if (!requests[i].client) {
			g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
			g_assert_nonnull(strstr(error->message, requests[i].says));
		}
	}
	free_clients(clients);
}

static void
test_incomplete(void)
{
	static const struct auth_request incomplete[] = {
		{ .signature = "v1,x", .timestamp = "1800000000", .peer = "local", .body = "" },
		{ .signature = "v1,x",
		  .id = "",
		  .timestamp = "1800000000",
		  .peer = "local",
		  .body = "" },
		{ .signature = "v1,x", .id = "msg_1", .peer = "local", .body = "" },
		{ .signature = "v1,x",
		  .id = "msg_1",
		  .timestamp = "soon",
		  .peer = "local",
		  .body = "" },
		{ .signature = "v1,x",
		  .id = "msg_1",
		  .timestamp = "-5",
		  .peer = "local",
		  .body = "" },
	};
	GPtrArray *clients = make_clients();

	for (guint i = 0; i < G_N_ELEMENTS(incomplete); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(auth_identify(clients, &incomplete[i], NOW, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
	}
	free_clients(clients);
}

static void
test_scopes(void)
{
	GPtrArray *clients = make_clients();

	g_assert_true(auth_allows(clients->pdata[0], "leads"));
	g_assert_false(auth_allows(clients->pdata[0], "read"));
	g_assert_false(auth_allows(clients->pdata[1], "rea"));
	free_clients(clients);
}

/* Twice the rate at once, then as fast as it fills. */
static void
test_rate(void)
{
	struct auth_bucket bucket = { 0 };
	gint64 now = 1000 * CLOCK_SECOND;
	guint taken = 0;

	while (auth_take(&bucket, 5, now) == 0)
		taken++;
	g_assert_cmpuint(taken, ==, 10);
	g_assert_cmpuint(auth_take(&bucket, 5, now), ==, 1);
	g_assert_cmpuint(auth_take(&bucket, 5, now + CLOCK_SECOND / 5), ==, 0);
	g_assert_cmpuint(auth_take(&bucket, 5, now + CLOCK_SECOND / 5), ==, 1);
	g_assert_cmpuint(auth_take(&bucket, 0, now), ==, 0);
}

static void
test_histogram(void)
{
	struct histogram histogram = { 0 };
	g_autoptr(GString) out = g_string_new(NULL);

	histogram_add(&histogram, -5);
	histogram_add(&histogram, 100);
	histogram_add(&histogram, 101);
	histogram_add(&histogram, 60 * CLOCK_SECOND);
	histogram_write(&histogram, out, "x_seconds", "");
	g_assert_nonnull(strstr(out->str, "x_seconds_bucket{le=\"0.0001\"} 2\n"));
	g_assert_nonnull(strstr(out->str, "x_seconds_bucket{le=\"0.00025\"} 3\n"));
	g_assert_nonnull(strstr(out->str, "x_seconds_bucket{le=\"10\"} 3\n"));
	g_assert_nonnull(strstr(out->str, "x_seconds_bucket{le=\"+Inf\"} 4\n"));
	g_assert_nonnull(strstr(out->str, "x_seconds_sum 60.000201\n"));
	g_assert_nonnull(strstr(out->str, "x_seconds_count 4\n"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/auth/requests", test_requests);
	g_test_add_func("/auth/incomplete", test_incomplete);
	g_test_add_func("/auth/scopes", test_scopes);
	g_test_add_func("/auth/rate", test_rate);
	g_test_add_func("/histogram", test_histogram);
	return g_test_run();
}
