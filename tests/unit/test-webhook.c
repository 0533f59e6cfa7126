/* test-webhook.c - what an endpoint may ask for, through the delivery engine: logins and their
 * refusal, batches, pace, what is given up; and an administrator's trial. */
#include "hooks/out/deliver.h"
#include "hooks/out/trial.h"
#include "loopback.h"
#include "outbox_double.h"

#include <cJSON.h>
#include <stdio.h>

#define START (1790000000 * (gint64)CLOCK_SECOND)
#define REPLY(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"

struct fixture {
	struct store *store;
	struct loopback *server;
	struct config *config;
	struct config_endpoint *endpoint;
	struct deliver *deliver;
};

static struct config_endpoint *
add_endpoint(struct config *config, guint16 port)
{
	struct config_endpoint *e = g_new0(struct config_endpoint, 1);
	e->name = g_strdup("crm");
	e->url = g_strdup_printf("http://127.0.0.1:%u/hook", port);
	e->concurrency = 1;
	e->timeout_seconds = 5;
	e->batch_events = 10;
	e->batch_bytes = 100000;
	e->secrets = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(e->secrets, g_strdup("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
	e->events = g_ptr_array_new_with_free_func(g_free);
	e->headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(config->endpoints, e);
	return e;
}

static void
begin(struct fixture *f, loopback_script *script, gpointer data)
{
	clock_fix(START);
	f->store = outbox_new();
	f->server = loopback_start(0, script, data);
	f->config = config_default();
	f->endpoint = add_endpoint(f->config, f->server->port);
	f->deliver = NULL;
}

static void
launch(struct fixture *f)
{
	g_autoptr(GError) error = NULL;
	f->deliver = deliver_start(f->store, f->config, &error);
	g_assert_no_error(error);
}

static void
end(struct fixture *f)
{
	if (f->deliver)
		deliver_stop(f->deliver, 0);
	loopback_stop(f->server);
	config_unref(f->config);
	outbox_free(f->store);
	clock_fix(0);
}

static void
advance(struct fixture *f, gint64 milliseconds)
{
	clock_fix(clock_now() + milliseconds * 1000);
	deliver_wake(f->deliver);
}

static gboolean
all_delivered(struct store *store, G_GNUC_UNUSED gpointer data)
{
	for (guint i = 0; i < store->rows->len; i++)
		if (((struct row *)g_ptr_array_index(store->rows, i))->state != DELIVERY_DELIVERED)
			return FALSE;
	return TRUE;
}

static gboolean
is_parked(struct store *store, gpointer endpoint)
{
	return g_hash_table_contains(store->parked, endpoint);
}

static gboolean
has_results(struct store *store, gpointer data)
{
	return store->results >= GPOINTER_TO_UINT(data);
}

static struct loopback_request *
nth_request(struct fixture *f, guint i)
{
	pthread_mutex_lock(&f->server->lock);
	g_assert_cmpuint(i, <, f->server->requests->len);
	struct loopback_request *request = g_ptr_array_index(f->server->requests, i);
	pthread_mutex_unlock(&f->server->lock);
	return request;
}

static void
check_field(struct fixture *f, guint i, const char *name, const char *want)
{
	g_autofree char *got = loopback_field(nth_request(f, i), name);
	g_assert_cmpstr(got, ==, want);
}

static void
set(char **member, const char *value)
{
	g_free(*member);
	*member = g_strdup(value);
}

/* --- logins --- */

static void
script_statuses(struct loopback *server, const struct loopback_request *request,
		struct loopback_reply *reply)
{
	const char *const *replies = server->data;
	guint i = 0;
	while (i < request->number && replies[i + 1])
		i++;
	reply->bytes = replies[i];
}

/* A second chance after the pause, and then no more: the receiver would lock the account. */
static void
test_refused(void)
{
	static const char *const replies[] = { REPLY("401 No"), REPLY("401 No"), LOOPBACK_OK,
					       NULL };
	struct fixture f;
	begin(&f, script_statuses, (gpointer)replies);
	set(&f.endpoint->bearer, "wrong");
	for (guint lead = 1; lead <= 20; lead++)
		outbox_add(f.store, "crm", lead, 1);
	launch(&f);
	outbox_wait(f.store, has_results, GUINT_TO_POINTER(1));
	g_assert_cmpuint(loopback_count(f.server), ==, 1);
	advance(&f, 6000);
	outbox_wait(f.store, is_parked, (gpointer) "crm");
	pthread_mutex_lock(&f.store->lock);
	g_assert_cmpstr(g_hash_table_lookup(f.store->parked, "crm"), ==,
			"credentials refused: HTTP 401");
	pthread_mutex_unlock(&f.store->lock);
	for (guint i = 0; i < 5; i++) {
		advance(&f, 3600000);
		outbox_glance(f.store);
	}
	g_assert_cmpuint(loopback_count(f.server), ==, 2);
	check_field(&f, 1, "Authorization", "Bearer wrong");
	/* the same configuration changes nothing, another credential does */
	struct config *config = config_default();
	set(&add_endpoint(config, f.server->port)->bearer, "right");
	deliver_reconfigure(f.deliver, config);
	config_unref(config);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(loopback_count(f.server), ==, 22);
	check_field(&f, 2, "Authorization", "Bearer right");
	end(&f);
}

/* A program that starts anew leaves the endpoint parked until the credentials are others. */
static void
test_refused_over_restart(void)
{
	static const char *const replies[] = { REPLY("401 No"), REPLY("401 No"), LOOPBACK_OK,
					       NULL };
	struct fixture f;
	begin(&f, script_statuses, (gpointer)replies);
	set(&f.endpoint->basic, "user:wrong");
	outbox_add(f.store, "crm", 1, 1);
	launch(&f);
	outbox_wait(f.store, has_results, GUINT_TO_POINTER(1));
	advance(&f, 6000);
	outbox_wait(f.store, is_parked, (gpointer) "crm");
	deliver_stop(f.deliver, 0);
	launch(&f);
	advance(&f, 3600000);
	deliver_stop(f.deliver, G_USEC_PER_SEC / 10);
	g_assert_cmpuint(loopback_count(f.server), ==, 2);
	set(&f.endpoint->basic, "user:right");
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	end(&f);
}

/* One event that a filter before the receiver refuses doesn't stop the others. */
static void
script_forbid(G_GNUC_UNUSED struct loopback *server, const struct loopback_request *request,
	      struct loopback_reply *reply)
{
	if (strstr(request->body, "\"lead\":1,"))
		reply->bytes = REPLY("403 No");
}

static gboolean
others_delivered(struct store *store, gpointer data)
{
	guint count = 0;
	for (guint i = 0; i < store->rows->len; i++) {
		const struct row *row = g_ptr_array_index(store->rows, i);
		count += row->state == DELIVERY_DELIVERED;
	}
	return count >= GPOINTER_TO_UINT(data);
}

static void
test_one_forbidden(void)
{
	struct fixture f;
	begin(&f, script_forbid, NULL);
	set(&f.endpoint->bearer, "right");
	for (guint lead = 1; lead <= 10; lead++)
		outbox_add(f.store, "crm", lead, 1);
	launch(&f);
	outbox_wait(f.store, has_results, GUINT_TO_POINTER(1));
	advance(&f, 6000);
	outbox_wait(f.store, others_delivered, GUINT_TO_POINTER(9));
	pthread_mutex_lock(&f.store->lock);
	g_assert_cmpuint(g_hash_table_size(f.store->parked), ==, 0);
	pthread_mutex_unlock(&f.store->lock);
	end(&f);
}

/* Without credentials nothing can be refused for good. */
static void
test_no_login(void)
{
	static const char *const replies[] = { REPLY("401 No"), REPLY("401 No"), REPLY("403 No"),
					       LOOPBACK_OK, NULL };
	struct fixture f;
	begin(&f, script_statuses, (gpointer)replies);
	outbox_add(f.store, "crm", 1, 1);
	launch(&f);
	for (guint i = 1; i <= 3; i++) {
		outbox_wait(f.store, has_results, GUINT_TO_POINTER(i));
		advance(&f, 3600000);
	}
	outbox_wait(f.store, all_delivered, NULL);
	end(&f);
}

/* --- OAuth --- */

struct login {
	guint tokens, expired; /* given; the first so many are refused */
	gboolean wrong; /* the client's secret */
};

static void
script_login(struct loopback *server, const struct loopback_request *request,
	     struct loopback_reply *reply)
{
	static char bytes[200];
	struct login *login = server->data;
	if (g_str_has_prefix(request->head, "POST /token")) {
		g_autofree char *json = g_strdup_printf(
			"{\"access_token\":\"t%u\",\"expires_in\":3600}", ++login->tokens);
		g_snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
			   strlen(json), json);
		reply->bytes = login->wrong ? REPLY("401 No") : bytes;
		return;
	}
	g_autofree char *field = loopback_field(request, "Authorization");
	guint token = 0;
	if (!field || sscanf(field, "Bearer t%u", &token) != 1 || token <= login->expired)
		reply->bytes = REPLY("401 No");
}

static void
begin_oauth(struct fixture *f, struct login *login)
{
	begin(f, script_login, login);
	f->endpoint->concurrency = 4;
	f->endpoint->oauth_token_url =
		g_strdup_printf("http://127.0.0.1:%u/token", f->server->port);
	f->endpoint->oauth_client_id = g_strdup("id");
	f->endpoint->oauth_client_secret = g_strdup("secret");
	for (guint lead = 1; lead <= 40; lead++)
		outbox_add(f->store, "crm", lead, 1);
}

static void
test_oauth(void)
{
	struct login login = { 0 };
	struct fixture f;
	begin_oauth(&f, &login);
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(login.tokens, ==, 1);
	g_assert_cmpuint(loopback_count(f.server), ==, 41);
	end(&f);
}

/* The first token is refused: one new login for all, and no attempt is lost by it. */
static void
test_oauth_again(void)
{
	struct login login = { .expired = 1 };
	struct fixture f;
	begin_oauth(&f, &login);
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(login.tokens, ==, 2);
	for (guint i = 0; i < f.store->rows->len; i++)
		g_assert_cmpuint(((struct row *)g_ptr_array_index(f.store->rows, i))->attempts, ==,
				 1);
	end(&f);
}

static void
test_oauth_refused(void)
{
	static const struct {
		struct login login;
		const char *reason;
		guint tokens;
	} cases[] = {
		{ { .wrong = TRUE }, "credentials refused: token: HTTP 401", 1 },
		{ { .expired = 99 }, "credentials refused: HTTP 401", 2 },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct login login = cases[i].login;
		struct fixture f;
		begin_oauth(&f, &login);
		f.endpoint->concurrency = 1;
		launch(&f);
		outbox_wait(f.store, is_parked, (gpointer) "crm");
		pthread_mutex_lock(&f.store->lock);
		g_assert_cmpstr(g_hash_table_lookup(f.store->parked, "crm"), ==, cases[i].reason);
		pthread_mutex_unlock(&f.store->lock);
		g_assert_cmpuint(login.tokens, ==, cases[i].tokens);
		end(&f);
	}
}

/* --- batches --- */

struct batches {
	GHashTable *last; /* lead → n */
	guint events, requests, largest, singles;
	gboolean wrong;
	guint poison; /* lead whose event is refused, 0 none */
};

static gboolean
take_event(struct batches *batches, const cJSON *event)
{
	const cJSON *data = cJSON_GetObjectItem(cJSON_GetObjectItem(event, "data"), "data");
	guint lead = (guint)cJSON_GetNumberValue(cJSON_GetObjectItem(data, "lead"));
	guint n = (guint)cJSON_GetNumberValue(cJSON_GetObjectItem(data, "n"));
	guint last = GPOINTER_TO_UINT(g_hash_table_lookup(batches->last, GUINT_TO_POINTER(lead)));
	if (lead == batches->poison)
		return FALSE;
	if (n == last + 1)
		g_hash_table_insert(batches->last, GUINT_TO_POINTER(lead), GUINT_TO_POINTER(n));
	else if (n != last)
		batches->wrong = TRUE;
	return TRUE;
}

static gboolean
holds_poison(const struct batches *batches, const char *body)
{
	g_autofree char *poison = g_strdup_printf("\"lead\":%u,", batches->poison);
	return batches->poison && strstr(body, poison);
}

static void
script_batches(struct loopback *server, const struct loopback_request *request,
	       struct loopback_reply *reply)
{
	struct batches *batches = server->data;
	cJSON *array = cJSON_Parse(request->body);
	guint count = (guint)cJSON_GetArraySize(array);
	batches->requests++;
	batches->wrong |= !cJSON_IsArray(array) || !count;
	if (holds_poison(batches, request->body)) {
		batches->singles += count == 1;
		reply->bytes = REPLY("422 No");
		cJSON_Delete(array);
		return;
	}
	const cJSON *event;
	cJSON_ArrayForEach(event, array) take_event(batches, event);
	batches->events += count;
	batches->largest = MAX(batches->largest, count);
	cJSON_Delete(array);
}

static void
begin_batches(struct fixture *f, struct batches *batches, guint leads, guint each)
{
	memset(batches, 0, sizeof *batches);
	batches->last = g_hash_table_new(NULL, NULL);
	begin(f, script_batches, batches);
	set(&f->endpoint->cloudevents, "batch");
	f->endpoint->concurrency = 2;
	for (guint n = 1; n <= each; n++)
		for (guint lead = 1; lead <= leads; lead++)
			outbox_add(f->store, "crm", lead, n);
}

/* The figures as of now: the server's thread writes them under its lock. */
static struct batches
look_at(struct fixture *f, const struct batches *batches)
{
	pthread_mutex_lock(&f->server->lock);
	struct batches copy = *batches;
	pthread_mutex_unlock(&f->server->lock);
	return copy;
}

static void
test_batches(void)
{
	struct batches batches, seen;
	struct fixture f;
	begin_batches(&f, &batches, 100, 4);
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	seen = look_at(&f, &batches);
	g_assert_false(seen.wrong);
	g_assert_cmpuint(seen.events, ==, 400);
	g_assert_cmpuint(seen.largest, ==, 10);
	g_assert_cmpuint(seen.requests, <, 100);
	check_field(&f, 0, "Content-Type", "application/cloudevents-batch+json");
	end(&f);
	g_hash_table_unref(batches.last);
}

static void
test_batch_bytes(void)
{
	struct batches batches;
	struct fixture f;
	begin_batches(&f, &batches, 50, 1);
	f.endpoint->batch_bytes = 150; /* three bodies of about 48 bytes */
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(look_at(&f, &batches).largest, ==, 3);
	end(&f);
	g_hash_table_unref(batches.last);
}

/* One event the receiver doesn't take holds up those beside it once, not for ever. */
static void
test_batch_poison(void)
{
	struct batches batches;
	struct fixture f;
	begin_batches(&f, &batches, 30, 2);
	batches.poison = 7;
	launch(&f);
	for (gint64 patience = outbox_patience(); outbox_may_wait(patience);) {
		pthread_mutex_lock(&f.store->lock);
		gboolean done = others_delivered(f.store, GUINT_TO_POINTER(58));
		pthread_mutex_unlock(&f.store->lock);
		if (done && look_at(&f, &batches).singles)
			break;
		advance(&f, 331000);
		outbox_glance(f.store);
	}
	g_assert_false(look_at(&f, &batches).wrong);
	g_assert_cmpuint(look_at(&f, &batches).singles, >, 0);
	outbox_wait(f.store, others_delivered, GUINT_TO_POINTER(58));
	end(&f);
	g_hash_table_unref(batches.last);
}

/* --- pace and end --- */

static void
test_rate(void)
{
	struct fixture f;
	begin(&f, NULL, NULL);
	f.endpoint->rate = 10;
	f.endpoint->concurrency = 8;
	for (guint lead = 1; lead <= 45; lead++)
		outbox_add(f.store, "crm", lead, 1);
	launch(&f);
	for (guint seconds = 1; seconds <= 4; seconds++) {
		outbox_wait(f.store, others_delivered, GUINT_TO_POINTER(10 * seconds));
		for (guint i = 0; i < 5; i++)
			outbox_glance(f.store);
		g_assert_cmpuint(loopback_count(f.server), ==, 10 * seconds);
		for (guint i = 0; i < 10; i++) /* the engine needs to see time pass */
			advance(&f, 100);
	}
	outbox_wait(f.store, all_delivered, NULL);
	end(&f);
}

static const struct {
	const char *reply;
	guint give_up_days;
	gint64 age_days;
	enum delivery_state state;
} ends[] = {
	{ REPLY("413 Large"), 0, 0, DELIVERY_DEAD },
	{ REPLY("422 No"), 0, 900, DELIVERY_WAITING },
	{ REPLY("422 No"), 7, 6, DELIVERY_WAITING },
	{ REPLY("422 No"), 7, 8, DELIVERY_DEAD },
	{ REPLY("404 No"), 7, 6, DELIVERY_WAITING },
	{ "HTTP/1.1 503 Later\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n", 7, 8,
	  DELIVERY_WAITING }, /* an outage ends nothing */
	{ LOOPBACK_OK, 7, 8, DELIVERY_DELIVERED },
};

static void
test_given_up(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		const char *const replies[] = { ends[i].reply, LOOPBACK_OK, NULL };
		struct fixture f;
		begin(&f, script_statuses, (gpointer)replies);
		f.endpoint->give_up_days = ends[i].give_up_days;
		struct row *row = outbox_add(f.store, "crm", 1, 1);
		row->time = START - ends[i].age_days * CLOCK_DAY;
		launch(&f);
		outbox_wait(f.store, has_results, GUINT_TO_POINTER(1));
		pthread_mutex_lock(&f.store->lock);
		g_assert_cmpint(row->state, ==, ends[i].state);
		pthread_mutex_unlock(&f.store->lock);
		end(&f);
	}
}

/* --- trial --- */

static const struct {
	const char *reply;
	gboolean delivered;
	long status;
	const char *error; /* begins so, or NULL */
} trials[] = {
	{ LOOPBACK_OK, TRUE, 200, NULL },
	{ REPLY("500 Oh"), FALSE, 500, "HTTP 500" },
	{ REPLY("401 No"), FALSE, 401, "HTTP 401" },
	{ NULL, FALSE, 0, "Empty reply" },
};

static void
test_trial(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(trials); i++) {
		const char *const replies[] = { trials[i].reply, NULL };
		struct fixture f;
		struct trial trial;
		g_autoptr(GError) error = NULL;
		begin(&f, script_statuses, (gpointer)replies);
		set(&f.endpoint->bearer, "hunter2");
		g_assert_true(trial_run(f.config, "crm", FALSE, &trial, &error));
		g_assert_no_error(error);
		g_assert_cmpint(trial.delivered, ==, trials[i].delivered);
		g_assert_cmpint(trial.status, ==, trials[i].status);
		g_assert_true(trials[i].error ? g_str_has_prefix(trial.error, trials[i].error)
					      : !trial.error);
		g_assert_cmpuint(loopback_count(f.server), ==, 1);
		check_field(&f, 0, "Authorization", "Bearer hunter2");
		g_assert_nonnull(strstr(nth_request(&f, 0)->body, "\"type\":\"leadmilter.test\""));
		trial_clear(&trial);
		end(&f);
	}
}

static void
test_dry_run(void)
{
	static const char *const wanted[] = { "POST http://127.0.0.1:",
					      "/…\n",
					      "webhook-id: evt_",
					      "webhook-signature: v1,",
					      "Authorization: (left out)\n",
					      "X-Api-Key: (left out)\n",
					      "ce-type: leadmilter.test\n",
					      "\"type\":\"leadmilter.test\"" };
	struct fixture f;
	struct trial trial;
	begin(&f, NULL, NULL);
	set(&f.endpoint->bearer, "hunter2");
	set(&f.endpoint->cloudevents, "binary");
	g_ptr_array_add(f.endpoint->headers, g_strdup("X-Api-Key: hunter2"));
	g_assert_true(trial_run(f.config, "crm", TRUE, &trial, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
		g_assert_nonnull(strstr(trial.request, wanted[i]));
	g_assert_null(strstr(trial.request, "hunter2"));
	g_assert_cmpuint(loopback_count(f.server), ==, 0);
	trial_clear(&trial);
	g_autoptr(GError) error = NULL;
	g_assert_false(trial_run(f.config, "none", FALSE, &trial, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
	end(&f);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/webhook/refused", test_refused);
	g_test_add_func("/webhook/refused-over-restart", test_refused_over_restart);
	g_test_add_func("/webhook/one-forbidden", test_one_forbidden);
	g_test_add_func("/webhook/no-login", test_no_login);
	g_test_add_func("/webhook/oauth", test_oauth);
	g_test_add_func("/webhook/oauth-again", test_oauth_again);
	g_test_add_func("/webhook/oauth-refused", test_oauth_refused);
	g_test_add_func("/webhook/batches", test_batches);
	g_test_add_func("/webhook/batch-bytes", test_batch_bytes);
	g_test_add_func("/webhook/batch-poison", test_batch_poison);
	g_test_add_func("/webhook/rate", test_rate);
	g_test_add_func("/webhook/given-up", test_given_up);
	g_test_add_func("/webhook/trial", test_trial);
	g_test_add_func("/webhook/dry-run", test_dry_run);
	return g_test_run();
}
