/* test-notify.c - mails to owners: their text from events of every kind, hostile ones too; how many
 * go in an hour; and the courier with a real SMTP server and an outbox in memory. */
#include "hooks/out/deliver.h"
#include "hooks/out/notify_mail.h"
#include "hooks/out/quota.h"
#include "outbox_double.h"
#include "smtp_server.h"

#include "mail/mail.h"

#define START (1795255200 * (gint64)CLOCK_SECOND) /* 2026-11-21T10:00:00Z */
#define MINUTE (60 * (gint64)CLOCK_SECOND)
#define HOUR (60 * MINUTE)

static GPtrArray *
list_of(const char *words)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) each = g_strsplit(words, " ", -1);
	for (char **word = each; *word; word++)
		if (**word)
			g_ptr_array_add(list, g_strdup(*word));
	return list;
}

static struct config_notify *
notify_new(const char *to, const char *url)
{
	struct config_notify *notify = g_new0(struct config_notify, 1);
	notify->from = g_strdup("Leads <leads@our.example>");
	notify->to = list_of(to);
	notify->url = g_strdup(url);
	notify->per_hour = 30;
	return notify;
}

static void
notify_free(struct config_notify *notify)
{
	g_free(notify->from);
	g_free(notify->sender);
	g_free(notify->url);
	g_ptr_array_unref(notify->to);
	g_free(notify);
}

/* --- the text --- */

static struct notify_event *
read_event(const char *name)
{
	g_autofree char *path = g_strdup_printf(TEST_DATA "/events/%s.json", name);
	g_autofree char *body = NULL;
	g_assert_true(g_file_get_contents(path, &body, NULL, NULL));
	struct notify_event *event = notify_event_new("evt_1", body);
	g_assert_nonnull(event);
	return event;
}

static char *
render(const struct config_notify *notify, struct notify_event *event)
{
	g_autoptr(GPtrArray) events = g_ptr_array_new();
	g_autoptr(GPtrArray) recipients = list_of("petra@our.example");
	g_ptr_array_add(events, event);
	return notify_mail(notify, "mx.our.example", recipients, events, START);
}

/* As a mail program sees it. */
static struct mail *
parse(const char *text)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(START);
	raw_mail_read(raw, text, strlen(text));
	return mail_parse(raw);
}

static void
test_created(void)
{
	struct config_notify *notify =
		notify_new("owner", "https://crm.example/l/{lead.id}?o={lead.owner}");
	struct notify_event *event = read_event("lead.created");
	g_autofree char *text = render(notify, event);
	g_autoptr(mail_owned) mail = parse(text);
	static const char *const fields[][2] = {
		{ "From", "Leads <leads@our.example>" },
		{ "To", "petra@our.example" },
		{ "Subject", "New lead: Dr. Anna Schmidt, Kunde GmbH (66, B)" },
		{ "Date", "Sat, 21 Nov 2026 10:00:00 +0000" },
		{ "Message-ID", "<evt_1@mx.our.example>" },
		{ "In-Reply-To", "<1@kunde.example>" },
		{ "References", "<1@kunde.example>" },
		{ "Auto-Submitted", "auto-generated" },
		{ "X-Auto-Response-Suppress", "All" },
		{ "X-LeadMilter", "notification" },
		{ "Content-Type", "text/plain; charset=utf-8" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_assert_cmpstr(mail_header(mail, fields[i][0]), ==, fields[i][1]);
		g_assert_null(mail_header_nth(mail, fields[i][0], 1));
	}
	g_assert_cmpstr(mail->text, ==,
			"Dr. Anna Schmidt wrote to us and is a new lead.\n"
			"\n"
			"Name:     Dr. Anna Schmidt\n"
			"Company:  Head of Purchasing, Kunde GmbH\n"
			"Address:  Anna@kunde.example\n"
			"Phone:    +493012345678\n"
			"Subject:  Re: \"Pumps\" für Köln\n"
			"Stage:    mql\n"
			"Score:    66, grade B, hot\n"
			"Why:      +30  reason of budget\n"
			"          +22  reason of quick-reply\n"
			"          +20  reason of title\n"
			"          -5  reason of shared-address\n"
			"Owner:    petra@our.example (owner of the mailbox)\n"
			"To do:    reply by 2025-11-21 12:00 UTC\n"
			"Card:     https://crm.example/l/ld_01KAJT2K0000000000000000A1"
			"?o=petra%40our.example\n"
			"\n"
			"-- \n"
			"leadmilter at mx.our.example\n");
	notify_event_free(event);
	notify_free(notify);
}

/* Every sample event of the schemas makes a mail that names its person. */
static void
test_kinds(void)
{
	struct config_notify *notify = notify_new("owner", NULL);
	g_autoptr(GDir) directory = g_dir_open(TEST_DATA "/events", 0, NULL);
	guint count = 0;
	for (const char *name; (name = g_dir_read_name(directory)); count++) {
		g_autofree char *type = g_strndup(name, strlen(name) - strlen(".json"));
		struct notify_event *event = read_event(type);
		g_autofree char *text = render(notify, event);
		g_autoptr(mail_owned) mail = parse(text);
		g_test_message("%s: %s", type, mail->subject);
		g_assert_cmpstr(event->type, ==, type);
		g_assert_nonnull(strstr(mail->subject, event->name ? event->name : ""));
		g_assert_null(strstr(mail->subject, type));
		notify_event_free(event);
	}
	g_assert_cmpuint(count, >=, 9);
	notify_free(notify);
}

#define HOSTILE "Eve\\r\\nBcc: all@our.example\\r\\n\\r\\nBody"
static const char *const hostile_bodies[] = {
	"{\"type\":\"lead.created\",\"data\":{\"lead\":{\"id\":\"" HOSTILE "\"},\"person\":{"
	"\"name\":\"" HOSTILE "\",\"company\":\"" HOSTILE "\",\"address\":\"" HOSTILE "\"},"
	"\"message\":{\"subject\":\"" HOSTILE "\",\"message_id\":\"" HOSTILE "\"},"
	"\"owner\":{\"address\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\"},"
	"\"score\":{\"total\":1,\"grade\":\"" HOSTILE "\",\"contributions\":[{\"points\":5,"
	"\"reason\":\"" HOSTILE "\"}]}}}",
	"{\"type\":\"" HOSTILE "\",\"data\":{\"person\":{\"name\":\"\\u2028Bcc: x\\u0085.\"}}}",
	"{\"type\":\"lead.created\",\"data\":{\"person\":{\"name\":\"=?UTF-8?B?QmNjOiB4?=\"},"
	"\"message\":{\"message_id\":\"a@b> <c@d\"}}}",
	"{\"type\":\"lead.created\",\"data\":{\"person\":{\"name\":\"\\u202egnp.exe\"},"
	"\"message\":{\"message_id\":\"no at sign\"}}}",
	"{\"type\":\"lead.created\",\"data\":{\"person\":{\"name\":\".\"},\"message\":{\"subject\":"
	"\".\\n.\\n\"}}}",
	"{\"type\":\"lead.created\",\"data\":{\"person\":[],\"score\":{\"total\":\"x\","
	"\"contributions\":[{},{\"points\":\"5\"},7,{\"points\":1e300}]},\"owner\":7}}",
	"{\"type\":\"lead.created\",\"data\":{}}",
};

/* What strangers wrote ends no line and begins no field. */
static void
test_hostile(void)
{
	struct config_notify *notify = notify_new("owner", "https://crm.example/{lead.id}");
	for (guint i = 0; i < G_N_ELEMENTS(hostile_bodies); i++) {
		struct notify_event *event = notify_event_new("evt_1", hostile_bodies[i]);
		g_assert_nonnull(event);
		g_autofree char *text = render(notify, event);
		g_autoptr(mail_owned) mail = parse(text);
		g_autoptr(GPtrArray) recipients = notify_recipients(notify, event);
		g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
		g_test_message("%s", text);
		for (char **line = lines; *line; line++) {
			g_assert_cmpuint(strlen(*line), <=, 78);
			g_assert_null(strpbrk(*line, "\r\n"));
			g_assert_cmpint((*line)[0], !=, '.');
			for (const char *p = *line; *p; p++)
				g_assert_true((guchar)*p < 0x80);
		}
		g_assert_null(mail_header(mail, "Bcc"));
		g_assert_null(mail_header_nth(mail, "Subject", 1));
		g_assert_null(mail_header(mail, "In-Reply-To"));
		g_assert_cmpuint(recipients->len, ==, 0);
		g_assert_nonnull(strstr(mail->text, "leadmilter at mx.our.example"));
		g_assert_null(strstr(mail->text, "\nBcc:"));
		g_assert_null(strstr(mail->text, "\xe2\x80\xae"));
		notify_event_free(event);
	}
	notify_free(notify);
}

static void
test_no_events(void)
{
	static const char *const bodies[] = { "",
					      "{",
					      "[]",
					      "7",
					      "{}",
					      "{\"type\":\"x\"}",
					      "{\"type\":7,\"data\":{}}",
					      "{\"type\":\"x\",\"data\":[]}" };
	for (guint i = 0; i < G_N_ELEMENTS(bodies); i++)
		g_assert_null(notify_event_new("evt_1", bodies[i]));
	notify_event_free(NULL);
}

static void
test_long(void)
{
	struct config_notify *notify = notify_new("owner", NULL);
	g_autofree char *name = g_strnfill(5000, 'x');
	g_autofree char *body = g_strdup_printf("{\"type\":\"lead.created\",\"data\":{\"person\":{"
						"\"name\":\"ä%s\"}}}",
						name);
	struct notify_event *event = notify_event_new("evt_1", body);
	g_autofree char *text = render(notify, event);
	g_autoptr(mail_owned) mail = parse(text);
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	for (char **line = lines; *line; line++)
		g_assert_cmpuint(strlen(*line), <=, 78);
	g_assert_cmpuint(strlen(mail->subject), <, 300);
	g_assert_nonnull(strstr(mail->subject, "äxxx"));
	notify_event_free(event);
	notify_free(notify);
}

static const struct {
	const char *to, *owner, *want, *type;
} recipient_cases[] = {
	{ "owner", "Petra@our.example", "petra@our.example", "lead.created" },
	{ "owner", NULL, "", "lead.created" },
	{ "boss@our.example", NULL, "boss@our.example", "lead.created" },
	{ "owner boss@our.example", "petra@our.example", "boss@our.example,petra@our.example",
	  "lead.created" },
	{ "petra@our.example OWNER", "Petra@our.example", "petra@our.example", "lead.created" },
	{ "owner", "no address", "", "lead.created" },
	{ "owner", "p@our.example\r\nRCPT TO:<x@y.example>", "", "lead.created" },
	{ "owner", "ä@our.example", "", "lead.created" },
	{ "owner", NULL, "leads@our.example", "leadmilter.test" },
	{ "boss@our.example", NULL, "boss@our.example", "leadmilter.test" },
};

static void
test_recipients(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(recipient_cases); i++) {
		struct config_notify *notify = notify_new(recipient_cases[i].to, NULL);
		const struct notify_event event = { .type = (char *)recipient_cases[i].type,
						    .owner = (char *)recipient_cases[i].owner };
		g_autoptr(GPtrArray) recipients = notify_recipients(notify, &event);
		g_ptr_array_add(recipients, NULL);
		g_autofree char *got = g_strjoinv(",", (char **)recipients->pdata);
		g_assert_cmpstr(got, ==, recipient_cases[i].want);
		notify_free(notify);
	}
}

static const struct {
	const char *from, *sender, *url, *to;
	const char *want; /* part of the complaint, or NULL */
} check_cases[] = {
	{ "leads@our.example", NULL, NULL, "owner", NULL },
	{ "Leads <leads@our.example>", "bounces@our.example",
	  "https://crm/{lead.id}/{lead.address}/{lead.owner}", "owner a@b.example", NULL },
	{ NULL, NULL, NULL, "owner", "expected from" },
	{ "nobody", NULL, NULL, "owner", "expected from" },
	{ "a@b.example, c@d.example", NULL, NULL, "owner", "expected from" },
	{ "a@b.example\r\nBcc: x@y.example", NULL, NULL, "owner", "expected from" },
	{ "Léads <a@b.example>", NULL, NULL, "owner", "expected from" },
	{ "a@b.example", "x", NULL, "owner", "sender = \"x\"" },
	{ "a@b.example", NULL, "https://crm/{lead}", "owner", "expected a URL" },
	{ "a@b.example", NULL, "https://crm/{lead.id", "owner", "expected a URL" },
	{ "a@b.example", NULL, "https://crm/a b", "owner", "expected a URL" },
	{ "a@b.example", NULL, NULL, "everybody", "to: \"everybody\"" },
};

static void
test_check(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(check_cases); i++) {
		struct config_notify *notify = notify_new(check_cases[i].to, check_cases[i].url);
		g_free(notify->from);
		notify->from = g_strdup(check_cases[i].from);
		notify->sender = g_strdup(check_cases[i].sender);
		g_autofree char *problem = notify_check(notify);
		g_test_message("%s", problem);
		g_assert_cmpint(problem != NULL, ==, check_cases[i].want != NULL);
		if (problem)
			g_assert_nonnull(strstr(problem, check_cases[i].want));
		notify_free(notify);
	}
}

/* --- how many --- */

static const struct {
	const char *label, *receiver;
	guint count;
	gint64 age, after; /* of the oldest; since the step before */
	guint want;
	gboolean together;
	gint64 next; /* from the first step on, 0: not asked */
} quota_steps[] = {
	{ "the first", "petra", 1, 0, 0, 1, FALSE, 0 },
	{ "a burst: what the hour allows", "petra", 5, 0, MINUTE, 2, FALSE, HOUR },
	{ "none any more", "petra", 1, 0, MINUTE, 0, FALSE, HOUR },
	{ "somebody else's hour is their own", "paul", 2, 0, 0, 2, FALSE, 0 },
	{ "old ones wait, too", "petra", 4, 20 * MINUTE, 20 * MINUTE, 0, FALSE, HOUR },
	{ "then they come together", "petra", 4, 58 * MINUTE, 38 * MINUTE, 4, TRUE, 0 },
	{ "which is one of three", "petra", 3, 0, MINUTE, 2, FALSE, 2 * HOUR },
	{ "a single old one is told as ever", "petra", 1, HOUR, HOUR, 1, FALSE, 0 },
	{ "a clock set back", "petra", 1, 0, -5 * HOUR, 1, FALSE, 0 },
};

static void
test_quota(void)
{
	struct quota *quota = quota_new(3);
	gint64 now = START;
	for (guint i = 0; i < G_N_ELEMENTS(quota_steps); i++) {
		now += quota_steps[i].after;
		struct quota_turn turn =
			quota_take(quota, quota_steps[i].receiver, quota_steps[i].count,
				   now - quota_steps[i].age, now);
		g_test_message("%s: %u", quota_steps[i].label, turn.count);
		g_assert_cmpuint(turn.count, ==, quota_steps[i].want);
		g_assert_cmpint(turn.together, ==, quota_steps[i].together);
		if (quota_steps[i].next)
			g_assert_cmpint(turn.next, ==, START + quota_steps[i].next);
	}
	quota_free(quota);
	quota = quota_new(0);
	for (guint i = 0; i < 3000; i++) {
		g_autofree char *receiver = g_strdup_printf("r%u", i);
		g_assert_cmpuint(quota_take(quota, receiver, 50, START, START).count, ==, 50);
		g_assert_cmpuint(quota_take(quota, "all", 50, START, START).count, ==, 50);
	}
	quota_free(quota);
}

/* --- the courier --- */

struct fixture {
	struct store *store;
	struct smtp_server *server;
	struct config *config;
	struct deliver *deliver;
};

static void
begin(struct fixture *f, const char *to, guint per_hour)
{
	struct config_endpoint *e = g_new0(struct config_endpoint, 1);
	g_autoptr(GError) error = NULL;
	clock_fix(START);
	f->store = outbox_new();
	f->server = smtp_start();
	f->config = config_default();
	g_free(f->config->hostname);
	f->config->hostname = g_strdup("mx.our.example");
	e->name = g_strdup("owners");
	e->url = g_strdup_printf("smtp://127.0.0.1:%u", f->server->port);
	e->concurrency = 1;
	e->timeout_seconds = 5;
	e->secrets = list_of("");
	e->events = list_of("");
	e->headers = list_of("");
	e->notify = notify_new(to, NULL);
	e->notify->events = list_of("");
	e->notify->per_hour = per_hour;
	g_ptr_array_add(f->config->endpoints, e);
	f->deliver = deliver_start(f->store, f->config, &error);
	g_assert_no_error(error);
}

static void
end(struct fixture *f)
{
	deliver_stop(f->deliver, 0);
	smtp_stop(f->server);
	config_unref(f->config);
	outbox_free(f->store);
	clock_fix(0);
}

static void
add_event(struct fixture *f, guint lead, const char *owner)
{
	g_autofree char *time = clock_format(clock_now());
	g_autofree char *person = owner ? g_strdup_printf("{\"address\":\"%s\"}", owner) : NULL;
	struct row *row = outbox_add(f->store, "owners", lead, 1);
	pthread_mutex_lock(&f->store->lock);
	g_free(row->body);
	row->body = g_strdup_printf("{\"type\":\"lead.created\",\"timestamp\":\"%s\",\"data\":{"
				    "\"lead\":{\"id\":\"ld_%u\"},\"person\":{\"name\":\"Lead "
				    "%u\"},\"owner\":%s}}",
				    time, lead, lead, person ? person : "null");
	pthread_mutex_unlock(&f->store->lock);
}

static void
advance(struct fixture *f, gint64 by)
{
	clock_fix(clock_now() + by);
	deliver_wake(f->deliver);
}

static guint
count_state(struct store *store, enum delivery_state state)
{
	guint count = 0;
	for (guint i = 0; i < store->rows->len; i++)
		count += ((struct row *)g_ptr_array_index(store->rows, i))->state == state;
	return count;
}

static gboolean
delivered(struct store *store, gpointer want)
{
	return count_state(store, DELIVERY_DELIVERED) == GPOINTER_TO_UINT(want);
}

static gboolean
given_back(struct store *store, gpointer want)
{
	return store->given_back >= GPOINTER_TO_UINT(want);
}

static gboolean
first_tried(struct store *store, G_GNUC_UNUSED gpointer data)
{
	return ((struct row *)g_ptr_array_index(store->rows, 0))->settled > 0;
}

/* Let time go on in steps until so many are delivered: the engine looks when it looks. */
static void
pass_time(struct fixture *f, gint64 step, guint want)
{
	for (gint64 patience = outbox_patience(); outbox_may_wait(patience);) {
		pthread_mutex_lock(&f->store->lock);
		gboolean done = delivered(f->store, GUINT_TO_POINTER(want));
		pthread_mutex_unlock(&f->store->lock);
		if (done)
			return;
		advance(f, step);
		outbox_glance(f->store);
	}
	g_error("%u were not delivered however late", want);
}

static char *
mails_text(struct fixture *f)
{
	GString *out = g_string_new(NULL);
	pthread_mutex_lock(&f->server->lock);
	for (guint i = 0; i < f->server->mails->len; i++) {
		const struct smtp_mail *sent = g_ptr_array_index(f->server->mails, i);
		g_autoptr(mail_owned) mail = parse(sent->text);
		g_ptr_array_add(sent->to, NULL);
		g_autofree char *to = g_strjoinv(",", (char **)sent->to->pdata);
		g_ptr_array_remove_index(sent->to, sent->to->len - 1);
		g_string_append_printf(out, "%s<%s>%s:%s", i ? "; " : "", sent->from, to,
				       mail->subject);
	}
	pthread_mutex_unlock(&f->server->lock);
	return g_string_free(out, FALSE);
}

static void
test_courier(void)
{
	struct fixture f;
	begin(&f, "owner boss@our.example", 30);
	add_event(&f, 1, "petra@our.example");
	add_event(&f, 2, NULL);
	deliver_wake(f.deliver);
	outbox_wait(f.store, delivered, GUINT_TO_POINTER(2));
	g_autofree char *text = mails_text(&f);
	g_assert_cmpstr(text, ==,
			"<>boss@our.example,petra@our.example:New lead: Lead 1; "
			"<>boss@our.example:New lead: Lead 2");
	g_assert_cmpstr(((struct smtp_mail *)f.server->mails->pdata[0])->helo, ==,
			"mx.our.example");
	g_assert_cmpuint(f.server->connections, ==, 1);
	end(&f);
}

/* What is to be told to nobody is done. */
static void
test_nobody(void)
{
	struct fixture f;
	begin(&f, "owner", 30);
	add_event(&f, 1, NULL);
	outbox_add(f.store, "owners", 2, 1); /* whose body has no owner */
	deliver_wake(f.deliver);
	outbox_wait(f.store, delivered, GUINT_TO_POINTER(2));
	g_assert_cmpuint(f.server->connections, ==, 0);
	end(&f);
}

static void
test_digest(void)
{
	struct fixture f;
	begin(&f, "owner", 2);
	for (guint i = 1; i <= 5; i++)
		add_event(&f, i, "petra@our.example");
	add_event(&f, 6, "paul@our.example");
	deliver_wake(f.deliver);
	outbox_wait(f.store, given_back, GUINT_TO_POINTER(3));
	outbox_wait(f.store, delivered, GUINT_TO_POINTER(3));
	pthread_mutex_lock(&f.store->lock);
	for (guint i = 0; i < f.store->rows->len; i++) {
		const struct row *row = g_ptr_array_index(f.store->rows, i);
		g_assert_cmpuint(row->attempts, ==, row->state == DELIVERY_DELIVERED ? 1 : 0);
		if (row->state != DELIVERY_DELIVERED)
			g_assert_cmpint(row->next, ==, START + HOUR);
	}
	pthread_mutex_unlock(&f.store->lock);
	advance(&f, 59 * MINUTE);
	pass_time(&f, MINUTE, 6);
	g_autofree char *text = mails_text(&f);
	g_assert_cmpstr(text, ==,
			"<>petra@our.example:New lead: Lead 1; "
			"<>petra@our.example:New lead: Lead 2; "
			"<>paul@our.example:New lead: Lead 6; "
			"<>petra@our.example:3 notes on your leads");
	const struct smtp_mail *digest = f.server->mails->pdata[3];
	for (guint i = 3; i <= 5; i++) {
		g_autofree char *name = g_strdup_printf("Lead %u wrote to us", i);
		g_assert_nonnull(strstr(digest->text, name));
	}
	end(&f);
}

static const struct {
	const char *label, *refused, *answer;
	guint want; /* delivered of two */
	const char *error; /* of the first, else */
} refusal_cases[] = {
	{ "all is well", NULL, NULL, 2, NULL },
	{ "one of two is unknown", "boss@our.example", NULL, 2, NULL },
	{ "the only one is", "petra@our.example", NULL, 1, "SMTP 550" },
	{ "not now", NULL, "451 4.3.0 later\r\n", 0, "SMTP 451" },
	{ "not this", NULL, "554 5.7.1 no\r\n", 0, "SMTP 554" },
};

static gboolean
failed_so(struct store *store, gpointer error)
{
	const struct row *first = g_ptr_array_index(store->rows, 0);

	return g_strcmp0(first->error, error) == 0;
}

static void
test_refusals(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(refusal_cases); i++) {
		struct fixture f;
		gboolean single = !g_strcmp0(refusal_cases[i].refused, "petra@our.example");
		begin(&f, single ? "owner" : "owner boss@our.example", 30);
		g_test_message("%s", refusal_cases[i].label);
		f.server->refused = refusal_cases[i].refused;
		f.server->answer = refusal_cases[i].answer;
		add_event(&f, 1, "petra@our.example");
		add_event(&f, 2, "paul@our.example");
		deliver_wake(f.deliver);
		outbox_wait(f.store, first_tried, NULL);
		outbox_wait(f.store, delivered, GUINT_TO_POINTER(refusal_cases[i].want));
		if (refusal_cases[i].error)
			outbox_wait(f.store, failed_so, (gpointer)refusal_cases[i].error);
		pthread_mutex_lock(&f.store->lock);
		g_assert_false(g_hash_table_contains(f.store->parked, "owners"));
		pthread_mutex_unlock(&f.store->lock);
		/* it goes when the server is well */
		pthread_mutex_lock(&f.server->lock);
		f.server->refused = f.server->answer = NULL;
		pthread_mutex_unlock(&f.server->lock);
		deliver_resume(f.deliver, NULL);
		/* What was under way then comes back later: time goes on. */
		pass_time(&f, 10 * G_USEC_PER_SEC, 2);
		end(&f);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/notify/created", test_created);
	g_test_add_func("/notify/kinds", test_kinds);
	g_test_add_func("/notify/hostile", test_hostile);
	g_test_add_func("/notify/no-events", test_no_events);
	g_test_add_func("/notify/long", test_long);
	g_test_add_func("/notify/recipients", test_recipients);
	g_test_add_func("/notify/check", test_check);
	g_test_add_func("/notify/quota", test_quota);
	g_test_add_func("/notify/courier", test_courier);
	g_test_add_func("/notify/nobody", test_nobody);
	g_test_add_func("/notify/digest", test_digest);
	g_test_add_func("/notify/refusals", test_refusals);
	return g_test_run();
}
