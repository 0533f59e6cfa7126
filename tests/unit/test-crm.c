/*
 * test-crm.c - the courier for adapters on the real store and a real server: logins, refusals,
 * what is on disk when the program ends in the middle, and several at a time.
 */
#include "hooks/out/deliver.h"
#include "loopback.h"
#include "store_help.c"

#define START (1790000000 * (gint64)CLOCK_SECOND)
#define ANSWER(status, body) \
	"HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" body
#define LEADS 12

/* Creates with a token of a login, then notes; the created record's id is remembered. */
static const char ADAPTER[] =
	"return { name = 'trial', needs = {'key'}, deliver = function(event, crm)\n"
	"  local login = crm:login(function() return crm:post('/login', {key = "
	"crm.config.key}).json end)\n"
	"  crm.headers.Authorization = 'Bearer ' .. login.token\n"
	"  local id = crm:recall('record') or crm:once('create', nil, function()\n"
	"    return crm:post('/create', {}).json.id end)\n"
	"  crm:remember('record', id)\n"
	"  crm:once('note', nil, function() crm:post('/note/' .. id, {}) end)\n"
	"  return crm.done{id = id}\n"
	"end }\n";

struct fixture {
	struct scratch scratch;
	struct store *store;
	struct loopback *server;
	struct config *config;
	struct deliver *deliver;
	/* what the server has seen, and how it behaves; under its lock */
	guint logins, creates, notes;
	guint token; /* the one that is valid */
	gboolean refuses_login, hangs_on_note;
	gint delay_ms;
	char text[512];
};

static gboolean
has_token(struct fixture *f, const struct loopback_request *request)
{
	g_autofree char *field = loopback_field(request, "Authorization");
	g_autofree char *wanted = g_strdup_printf("Bearer t%u", f->token);

	return g_strcmp0(field, wanted) == 0;
}

static void
say(struct fixture *f, struct loopback_reply *reply, const char *body)
{
	g_snprintf(f->text, sizeof f->text, ANSWER("200 OK", "%s"), body);
	reply->bytes = f->text;
}

static void
serve(struct loopback *server, const struct loopback_request *request, struct loopback_reply *reply)
{
	struct fixture *f = server->data;
	char body[64];

	reply->delay_ms = f->delay_ms;
	reply->close = TRUE;
	if (g_str_has_prefix(request->head, "POST /login")) {
		f->logins++;
		g_snprintf(body, sizeof body, "{\"token\":\"t%u\"}", f->token);
		if (f->refuses_login)
			reply->bytes = ANSWER("401 No", "");
		else
			say(f, reply, body);
	} else if (!has_token(f, request)) {
		reply->bytes = ANSWER("401 No", "");
	} else if (g_str_has_prefix(request->head, "POST /create")) {
		g_snprintf(body, sizeof body, "{\"id\":%u}", ++f->creates);
		say(f, reply, body);
	} else {
		f->notes++;
		if (f->hangs_on_note)
			reply->bytes = LOOPBACK_HANG;
		else
			say(f, reply, "{}");
	}
}

static void
begin(struct fixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;

	memset(f, 0, sizeof *f);
	f->token = 1;
	clock_fix(START);
	scratch_make(&f->scratch);
	path = g_build_filename(f->scratch.directory, "trial.lua", NULL);
	g_assert_true(g_file_set_contents(path, ADAPTER, -1, NULL));
	f->store = help_open(f->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	f->server = loopback_start(0, serve, f);
	f->config = config_default();
	g_free(f->config->adapter_directory);
	f->config->adapter_directory = g_strdup(f->scratch.directory);
	help_add_endpoint(f->config, "crm", "*");
	struct config_endpoint *e = g_ptr_array_index(f->config->endpoints, 0);
	g_free(e->url);
	e->url = g_strdup_printf("http://127.0.0.1:%u", f->server->port);
	e->adapter = g_strdup("trial");
	if (!e->settings)
		e->settings = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(e->settings, g_strdup("key=right"));
	e->concurrency = 8;
	e->timeout_seconds = 5;
	store_set_endpoints(f->store, f->config);
}

static void
launch(struct fixture *f)
{
	g_autoptr(GError) error = NULL;

	f->deliver = deliver_start(f->store, f->config, &error);
	g_assert_no_error(error);
	store_on_delivery(f->store, deliver_wake, f->deliver);
}

static void
halt(struct fixture *f)
{
	store_on_delivery(f->store, NULL, NULL);
	deliver_stop(f->deliver, 0);
	f->deliver = NULL;
}

static void
end(struct fixture *f)
{
	if (f->deliver)
		halt(f);
	loopback_stop(f->server);
	store_close(f->store);
	config_unref(f->config);
	scratch_remove(&f->scratch);
	clock_fix(0);
}

static void
receive_mails(struct fixture *f, guint from, guint to, guint number)
{
	for (guint sender = from; sender <= to; sender++) {
		g_autofree char *address =
			g_strdup_printf("p%u@customer%u.example", sender, sender);
		g_autofree char *id = g_strdup_printf("%u.%u@mail.example", sender, number);
		struct message message = {
			.from = address, .name = "A Person", .id = id, .to = "sales@example.com"
		};
		g_autoptr(facts_owned) facts = help_facts(&message);
		g_autoptr(GError) error = NULL;
		struct answer answer;

		store_message(f->store, facts, NULL, clock_now(), 0, FALSE, &answer, &error);
		g_assert_no_error(error);
		answer_clear(&answer);
	}
}

static void
wait_for_delivered(struct fixture *f, guint64 count)
{
	gint64 until = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	struct store_stats stats;

	while (store_stats(f->store, &stats, NULL) && stats.delivered < count) {
		g_assert_cmpint(g_get_monotonic_time(), <, until);
		g_usleep(1000);
	}
}

static void
expect_seen(struct fixture *f, guint logins, guint creates, guint notes)
{
	pthread_mutex_lock(&f->server->lock);
	g_assert_cmpuint(f->logins, ==, logins);
	g_assert_cmpuint(f->creates, ==, creates);
	g_assert_cmpuint(f->notes, ==, notes);
	pthread_mutex_unlock(&f->server->lock);
}

/* All log in at once: one does; when the token has expired, one does again. */
static void
test_login(void)
{
	struct fixture f;

	begin(&f);
	f.delay_ms = 5;
	receive_mails(&f, 1, LEADS, 1);
	launch(&f);
	wait_for_delivered(&f, LEADS);
	expect_seen(&f, 1, LEADS, LEADS);
	pthread_mutex_lock(&f.server->lock);
	f.token = 2;
	pthread_mutex_unlock(&f.server->lock);
	receive_mails(&f, 1, LEADS, 2);
	wait_for_delivered(&f, 2 * LEADS);
	expect_seen(&f, 2, LEADS, 2 * LEADS);
	end(&f);
}

static gboolean
is_parked(struct fixture *f)
{
	g_autoptr(GPtrArray) list = store_endpoint_status(f->store, NULL);
	const struct endpoint_status *status = list->pdata[0];

	return status->parked;
}

/* A wrong password is tried once, however many deliveries wait, and again when told to. */
static void
test_refused(void)
{
	gint64 until = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
	struct fixture f;

	begin(&f);
	f.refuses_login = TRUE;
	receive_mails(&f, 1, LEADS, 1);
	launch(&f);
	while (!is_parked(&f)) {
		g_assert_cmpint(g_get_monotonic_time(), <, until);
		g_usleep(1000);
	}
	expect_seen(&f, 1, 0, 0);
	pthread_mutex_lock(&f.server->lock);
	f.refuses_login = FALSE;
	pthread_mutex_unlock(&f.server->lock);
	g_assert_true(store_endpoint_resume(f.store, "crm", NULL));
	deliver_resume(f.deliver, "crm");
	wait_for_delivered(&f, LEADS);
	expect_seen(&f, 2, LEADS, LEADS);
	end(&f);
}

/* The program ends while notes are under way: what was created isn't created again. */
static void
test_stopped(void)
{
	gint64 until = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
	struct fixture f;
	guint notes;

	begin(&f);
	f.hangs_on_note = TRUE;
	receive_mails(&f, 1, 4, 1);
	launch(&f);
	do {
		g_assert_cmpint(g_get_monotonic_time(), <, until);
		g_usleep(1000);
		pthread_mutex_lock(&f.server->lock);
		notes = f.notes;
		pthread_mutex_unlock(&f.server->lock);
	} while (notes < 4);
	halt(&f);
	pthread_mutex_lock(&f.server->lock);
	f.hangs_on_note = FALSE;
	pthread_mutex_unlock(&f.server->lock);
	clock_fix(clock_now() + 3600 * (gint64)CLOCK_SECOND);
	launch(&f);
	wait_for_delivered(&f, 4);
	expect_seen(&f, 2, 4, 8);
	end(&f);
}

/* Ends at any moment, many times over. */
static void
test_stopped_anywhere(void)
{
	struct fixture f;

	begin(&f);
	receive_mails(&f, 1, LEADS, 1);
	for (guint i = 0; i < 20; i++) {
		launch(&f);
		g_usleep(i * 1500);
		halt(&f);
		clock_fix(clock_now() + 86400 * (gint64)CLOCK_SECOND);
	}
	launch(&f);
	wait_for_delivered(&f, LEADS);
	/* a create whose answer was cut off is asked for again: this adapter doesn't look first */
	pthread_mutex_lock(&f.server->lock);
	g_assert_cmpuint(f.creates, >=, LEADS);
	g_assert_cmpuint(f.creates, <, LEADS * 3);
	pthread_mutex_unlock(&f.server->lock);
	end(&f);
}

/* A CRM that takes its time is asked by as many as the endpoint allows. */
static void
test_concurrency(void)
{
	gint64 began;
	struct fixture f;

	begin(&f);
	f.delay_ms = 50;
	receive_mails(&f, 1, 32, 1);
	began = g_get_monotonic_time();
	launch(&f);
	wait_for_delivered(&f, 32);
	/* three requests a lead, eight leads at a time: 32 / 8 * 2 + 1 times 50 ms at best */
	g_test_message("32 leads in %d ms", (int)((g_get_monotonic_time() - began) / 1000));
	g_assert_cmpuint(f.server->most_open, ==, 8);
	end(&f);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/crm/login", test_login);
	g_test_add_func("/crm/refused", test_refused);
	g_test_add_func("/crm/stopped", test_stopped);
	g_test_add_func("/crm/stopped-anywhere", test_stopped_anywhere);
	g_test_add_func("/crm/concurrency", test_concurrency);
	return g_test_run();
}
