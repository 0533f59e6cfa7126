/* test-store.c - messages become leads; who is found again, what is answered, what is refused. */
#include "store_help.c"

#include "driver_fault.c"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct store *
open_store(const struct scratch *scratch, enum store_mode mode)
{
	g_autoptr(GError) error = NULL;
	struct store *store = help_open(scratch->path, mode, &error);

	g_assert_no_error(error);
	return store;
}

static gboolean
try_send(struct store *store, const struct message *message, struct answer *ret, GError **error)
{
	g_autoptr(facts_owned) facts = help_facts(message);

	return store_message(store, facts, NULL, message->time ? message->time : HELP_NOW, 0, FALSE,
			     ret, error);
}

static void
send(struct store *store, const struct message *message, struct answer *ret)
{
	g_autoptr(GError) error = NULL;

	try_send(store, message, ret, &error);
	g_assert_no_error(error);
}

/* The answer's lead id; answer is cleared. */
static char *
lead_of(struct store *store, const struct message *message, enum action action, const char *match)
{
	struct answer answer = { 0 };
	char *lead;

	send(store, message, &answer);
	g_assert_cmpstr(action_name(answer.action), ==, action_name(action));
	g_assert_cmpstr(answer.match, ==, match);
	lead = g_strdup(answer.lead);
	answer_clear(&answer);
	return lead;
}

static struct store_stats
stats_of(struct store *store)
{
	struct store_stats stats;
	g_autoptr(GError) error = NULL;

	store_stats(store, &stats, &error);
	g_assert_no_error(error);
	return stats;
}

static const struct message ADA = {
	.from = "Ada@Example.ORG",
	.name = "Ada Byron",
	.id = "one@example.org",
	.to = "sales@example.com",
	.subject = "an offer",
	.account = "example.org",
};

/* --- create, attach, answer again --- */

static void
test_create(void)
{
	struct scratch scratch;
	struct answer answer = { 0 };
	g_autoptr(GError) error = NULL;

	scratch_make(&scratch);
	struct store *store = open_store(&scratch, STORE_WRITE);
	send(store, &ADA, &answer);
	g_assert_cmpint(answer.action, ==, ACTION_CREATE);
	g_assert_cmpstr(answer.owner, ==, "owner@example.com");
	g_assert_cmpstr(answer.kind, ==, "human");
	g_assert_cmpfloat(answer.score, ==, 5);
	g_assert_cmpint(answer.grade, ==, 'B');
	g_assert_cmpint(answer.stage, ==, STAGE_EQL);

	g_autoptr(lead_owned) lead = store_lead(store, "ada@example.org", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(lead->id, ==, answer.lead);
	g_assert_cmpstr(lead->address, ==, "Ada@Example.ORG");
	g_assert_cmpstr(lead->name, ==, "Ada Byron");
	g_assert_cmpint(lead->stage, ==, STAGE_EQL);
	g_assert_cmpint(lead->last_inbound, ==, HELP_NOW);

	g_autoptr(GPtrArray) touches = store_touches(store, answer.lead, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(touches->len, ==, 1);
	const struct touch *touch = touches->pdata[0];
	g_assert_cmpint(touch->sequence, ==, 1);
	g_assert_cmpstr(touch->message_id, ==, "one@example.org");
	g_assert_cmpuint(touch->contributions->len, ==, 6);
	g_assert_cmpfloat(((struct contribution *)touch->contributions->pdata[0])->value, ==, 5);

	g_autoptr(GPtrArray) changes = store_stage_changes(store, answer.lead, &error);
	g_assert_cmpuint(changes->len, ==, 1);
	g_assert_cmpstr(((struct stage_change *)changes->pdata[0])->to, ==, "eql");
	g_assert_null(((struct stage_change *)changes->pdata[0])->from);
	answer_clear(&answer);
	store_close(store);
	scratch_remove(&scratch);
}

static void
test_again(void)
{
	struct scratch scratch;
	struct answer first = { 0 }, again = { 0 };
	struct message later = ADA;

	scratch_make(&scratch);
	struct store *store = open_store(&scratch, STORE_WRITE);
	send(store, &ADA, &first);
	later.id = "two@example.org";
	g_autofree char *same = lead_of(store, &later, ACTION_ATTACH, "address");
	g_assert_cmpstr(same, ==, first.lead);
	store_close(store);
	store = open_store(&scratch, STORE_WRITE);
	send(store, &ADA, &again);
	g_assert_cmpint(again.action, ==, ACTION_DUPLICATE);
	g_assert_cmpstr(again.lead, ==, first.lead);
	g_assert_cmpstr(again.owner, ==, first.owner);
	g_assert_cmpstr(again.kind, ==, first.kind);
	g_assert_cmpstr(again.match, ==, first.match);
	g_assert_cmpfloat(again.score, ==, first.score); /* as then, not 10 */
	g_assert_cmpint(again.grade, ==, first.grade);
	g_assert_cmpint(again.stage, ==, first.stage);
	g_assert_cmpuint(stats_of(store).messages, ==, 2);
	g_assert_cmpuint(stats_of(store).touches, ==, 2);
	g_assert_cmpuint(stats_of(store).leads, ==, 1);
	answer_clear(&first);
	answer_clear(&again);
	store_close(store);
	scratch_remove(&scratch);
}

/* One Message-ID in two different messages (other key) is no duplicate. */
static void
test_same_id_other_key(void)
{
	struct scratch scratch;
	struct message other = ADA;

	scratch_make(&scratch);
	struct store *store = open_store(&scratch, STORE_WRITE);
	g_autofree char *one = lead_of(store, &ADA, ACTION_CREATE, "nothing");
	other.key = "another";
	g_autofree char *two = lead_of(store, &other, ACTION_ATTACH, "address");
	g_assert_cmpstr(one, ==, two);
	store_close(store);
	scratch_remove(&scratch);
}

static void
test_nothing(void)
{
	struct scratch scratch;
	struct message newsletter = ADA;

	newsletter.kind = KIND_NEWSLETTER;
	scratch_make(&scratch);
	struct store *store = open_store(&scratch, STORE_WRITE);
	for (guint i = 0; i < 2; i++) {
		g_autofree char *lead = lead_of(store, &newsletter, ACTION_NONE, "nothing");
		g_assert_null(lead);
	}
	g_assert_cmpuint(stats_of(store).messages, ==, 0);
	store_close(store);
	scratch_remove(&scratch);
}

/* --- who is found --- */

static void
test_matches(void)
{
	static const struct message FIRST = {
		.from = "ada@example.org",
		.name = "Ada Byron",
		.id = "one@example.org",
		.to = "sales@example.com",
		.phone = "+40213112233",
		.account = "example.org",
		.thread_index = "AdABCDEFGHIJKLMNOPQRSTUVWXYZAA==",
	};
	static const struct {
		struct message message;
		enum action action;
		const char *match;
	} wants[] = {
		{ { .from = "ADA+x@example.org", .id = "a@t" }, ACTION_ATTACH, "address" },
		{ { .from = "else@home.example", .id = "b@t", .answers = "one@example.org" },
		  ACTION_ATTACH,
		  "references" },
		{ { .from = "else@home.example", .id = "c@t", .answers = "unknown@example.org" },
		  ACTION_CREATE,
		  "nothing" },
		{ { .from = "else2@home.example",
		    .id = "d@t",
		    .thread_index = "AdABCDEFGHIJKLMNOPQRSTUVWXYZAA==" },
		  ACTION_ATTACH,
		  "thread_index" },
		{ { .from = "else3@home.example", .id = "e@t", .phone = "+40213112233" },
		  ACTION_ATTACH,
		  "phone" },
		{ { .from = "a.byron@example.org",
		    .id = "f@t",
		    .name = "ADA BYRON",
		    .account = "example.org" },
		  ACTION_ATTACH,
		  "name" },
		{ { .from = "ada.byron@gmail.com", .id = "g@t", .name = "Ada Byron" },
		  ACTION_CREATE,
		  "nothing" },
		{ { .from = "bob@example.org",
		    .id = "h@t",
		    .name = "Bob",
		    .account = "example.org" },
		  ACTION_CREATE,
		  "nothing" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		struct scratch scratch;

		scratch_make(&scratch);
		struct store *store = open_store(&scratch, STORE_WRITE);
		g_autofree char *first = lead_of(store, &FIRST, ACTION_CREATE, "nothing");
		g_autofree char *found =
			lead_of(store, &wants[i].message, wants[i].action, wants[i].match);
		if (wants[i].action == ACTION_ATTACH)
			g_assert_cmpstr(found, ==, first);
		else
			g_assert_cmpstr(found, !=, first);
		store_close(store);
		scratch_remove(&scratch);
	}
}

/* What a decision was told, kept for the test to look at. */
static struct {
	gboolean we_wrote, bounce_is_ours;
	gint64 last_outbound;
	char *replied_to, *account_owner;
	guint people, active_people, sender_new_leads, candidates, touches;
	enum match match;
} seen;

static struct decision *
look_decide(const struct facts *facts, struct known *known, const struct scorecards *scorecards,
	    gint64 now)
{
	g_free(seen.replied_to);
	g_free(seen.account_owner);
	seen.we_wrote = known->we_wrote;
	seen.bounce_is_ours = known->bounce_is_ours;
	seen.last_outbound = known->last_outbound;
	seen.replied_to = g_strdup(known->replied_to);
	seen.account_owner = g_strdup(known->account_owner);
	seen.people = known->account ? known->account->people : 0;
	seen.active_people = known->account ? known->account->active_people : 0;
	seen.sender_new_leads = known->sender_new_leads;
	seen.candidates = known->candidates->len;
	seen.touches = known->touches->len;
	seen.match = known->candidates->len
			     ? ((struct candidate *)known->candidates->pdata[0])->match
			     : MATCHED_NOTHING;
	return help_decide(facts, known, scorecards, now);
}

static struct store *
open_looking(const struct scratch *scratch)
{
	const struct store_options options = { .decide = look_decide };
	g_autoptr(GError) error = NULL;
	struct store *store = store_open_with(scratch->path, STORE_WRITE, &options, &error);

	g_assert_no_error(error);
	return store;
}

static void
test_outbound(void)
{
	static const struct message ours = {
		.from = "owner@example.com",
		.id = "ours@example.com",
		.to = "ada@example.org",
		.subject = "your question",
		.direction = DIRECTION_OUTBOUND,
		.time = HELP_NOW - 60 * CLOCK_SECOND,
	};
	struct scratch scratch;
	struct message reply = ADA;
	struct answer answer = { 0 };

	scratch_make(&scratch);
	struct store *store = open_looking(&scratch);
	send(store, &ADA, &answer);
	answer_clear(&answer);
	g_assert_false(seen.we_wrote);
	send(store, &ours, &answer);
	answer_clear(&answer);
	g_assert_cmpuint(seen.candidates, ==, 1);
	g_assert_cmpint(seen.match, ==, MATCHED_LEAD_ADDRESS);
	g_assert_cmpuint(seen.touches, ==, 1);
	reply.id = "reply@example.org";
	reply.answers = "ours@example.com";
	send(store, &reply, &answer);
	answer_clear(&answer);
	g_assert_true(seen.we_wrote);
	g_assert_cmpint(seen.last_outbound, ==, ours.time);
	g_assert_cmpstr(seen.replied_to, ==, "owner@example.com");
	store_close(store);
	scratch_remove(&scratch);
}

/* An answer whose references were rewritten on its way is found by subject and correspondent,
 * within the window only. */
static void
test_subject(void)
{
	static const struct {
		gint64 days;
		const char *subject, *from;
		const char *replied_to;
	} wants[] = {
		{ 1, "your question", "ada@example.org", "owner@example.com" },
		{ 59, "your question", "ada@example.org", "owner@example.com" },
		{ 61, "your question", "ada@example.org", NULL },
		{ 1, "another thing", "ada@example.org", NULL },
		{ 1, "your question", "eve@example.org", NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		struct message ours = {
			.from = "owner@example.com",
			.id = "ours@example.com",
			.to = "ada@example.org",
			.subject = "your question",
			.direction = DIRECTION_OUTBOUND,
			.time = HELP_NOW - wants[i].days * CLOCK_DAY,
		};
		struct message reply = { .from = wants[i].from,
					 .id = "r@t",
					 .subject = wants[i].subject };
		struct scratch scratch;
		struct answer answer = { 0 };

		scratch_make(&scratch);
		struct store *store = open_looking(&scratch);
		send(store, &ours, &answer);
		answer_clear(&answer);
		send(store, &reply, &answer);
		answer_clear(&answer);
		g_assert_cmpstr(seen.replied_to, ==, wants[i].replied_to);
		store_close(store);
		scratch_remove(&scratch);
	}
}

static void
test_bounce(void)
{
	static const struct message ours = {
		.from = "owner@example.com",
		.id = "ours@example.com",
		.to = "ada@example.org",
		.direction = DIRECTION_OUTBOUND,
	};
	struct message dsn = { .from = "mailer-daemon@example.net",
			       .id = "dsn@t",
			       .kind = KIND_BOUNCE };
	struct scratch scratch;
	struct answer answer = { 0 };

	scratch_make(&scratch);
	struct store *store = open_looking(&scratch);
	send(store, &ADA, &answer);
	answer_clear(&answer);
	send(store, &ours, &answer);
	answer_clear(&answer);
	dsn.bounce = g_new0(struct bounce, 1);
	dsn.bounce->recipient = g_strdup("Ada@example.org");
	dsn.bounce->original_message_id = g_strdup("ours@example.com");
	send(store, &dsn, &answer);
	answer_clear(&answer);
	g_assert_true(seen.bounce_is_ours);
	g_assert_true(seen.we_wrote);
	g_assert_cmpuint(seen.candidates, ==, 1);
	g_assert_cmpint(seen.match, ==, MATCHED_LEAD_ADDRESS);
	store_close(store);
	scratch_remove(&scratch);
}

/* Our mail to two leads: both get their touch and event, in one message. */
static struct decision *
decide_both(const struct facts *facts, struct known *known, const struct scorecards *scorecards,
	    gint64 now)
{
	struct decision *first = help_decide(facts, known, scorecards, now);
	struct decision **at = &first;

	if (facts->direction != DIRECTION_OUTBOUND || known->is_duplicate)
		return first;
	for (guint i = 0; i < known->candidates->len; i++, at = &(*at)->next) {
		const struct candidate *candidate = known->candidates->pdata[i];

		if (i > 0)
			*at = help_decide(facts, known, scorecards, now);
		(*at)->lead = lead_copy(candidate->lead);
		(*at)->touch = make_touch(facts);
		g_ptr_array_unref((*at)->events);
		(*at)->events = one_event("lead.answered", (*at)->lead, now);
	}
	return first;
}

static void
test_two_leads(void)
{
	const struct store_options options = { .decide = decide_both };
	struct message eve = ADA, ours = { .from = "owner@example.com",
					   .id = "ours@example.com",
					   .to = "ada@example.org",
					   .direction = DIRECTION_OUTBOUND };
	struct scratch scratch;
	struct answer answer = { 0 };
	g_autoptr(GError) error = NULL;

	scratch_make(&scratch);
	struct store *store = store_open_with(scratch.path, STORE_WRITE, &options, &error);
	g_autofree char *one = lead_of(store, &ADA, ACTION_CREATE, "nothing");
	eve.from = "eve@example.org";
	eve.name = "Eve";
	eve.id = "eve@example.org";
	g_autofree char *two = lead_of(store, &eve, ACTION_CREATE, "nothing");
	g_autoptr(facts_owned) facts = help_facts(&ours);
	g_ptr_array_add(facts->recipients, g_strdup("Eve@example.org"));
	g_assert_true(store_message(store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error));
	g_assert_cmpstr(answer.lead, ==, one);
	answer_clear(&answer);
	g_autoptr(GPtrArray) touches = store_touches(store, two, &error);
	g_assert_cmpuint(touches->len, ==, 2);
	g_assert_cmpint(((struct touch *)touches->pdata[1])->sequence, ==, 2);
	g_assert_cmpuint(stats_of(store).touches, ==, 4);
	g_assert_cmpuint(stats_of(store).messages, ==, 3);
	store_close(store);
	scratch_remove(&scratch);
}

static void
test_account(void)
{
	struct scratch scratch;
	struct answer answer = { 0 };

	scratch_make(&scratch);
	struct store *store = open_looking(&scratch);
	for (guint i = 0; i < 3; i++) {
		g_autofree char *from = g_strdup_printf("p%u@example.org", i);
		struct message message = { .from = from,
					   .key = from,
					   .account = "example.org",
					   .time = HELP_NOW - (i == 0 ? 30 * CLOCK_DAY : 0) };

		send(store, &message, &answer);
		answer_clear(&answer);
	}
	send(store, &ADA, &answer);
	answer_clear(&answer);
	g_assert_cmpuint(seen.people, ==, 3);
	g_assert_cmpuint(seen.active_people, ==, 2);
	g_assert_cmpstr(seen.account_owner, ==, "owner@example.com");
	store_close(store);
	scratch_remove(&scratch);
}

/* A form's address makes one lead after another: counted, over a restart too, for two hours. */
static void
test_flood(void)
{
	struct scratch scratch;
	struct answer answer = { 0 };

	scratch_make(&scratch);
	struct store *store = open_looking(&scratch);
	for (guint i = 0; i < 5; i++) {
		g_autofree char *from = g_strdup_printf("p%u@example.org", i);
		struct message message = { .from = from,
					   .key = from,
					   .mail_from = "form@shop.example" };

		g_assert_cmpuint(i ? seen.sender_new_leads : 0, ==, i ? i - 1 : 0);
		send(store, &message, &answer);
		answer_clear(&answer);
	}
	store_close(store);
	store = open_looking(&scratch);
	struct message last = { .from = "x@example.org",
				.id = "x",
				.mail_from = "Form@shop.example",
				.time = HELP_NOW + 60 * CLOCK_SECOND };
	send(store, &last, &answer);
	answer_clear(&answer);
	g_assert_cmpuint(seen.sender_new_leads, ==, 5);
	struct message late = { .from = "y@example.org",
				.id = "y",
				.mail_from = "form@shop.example",
				.time = HELP_NOW + 130 * 60 * (gint64)CLOCK_SECOND };
	send(store, &late, &answer);
	answer_clear(&answer);
	g_assert_cmpuint(seen.sender_new_leads, ==, 0);
	struct message self = { .from = "self@example.org", .id = "z" };
	send(store, &self, &answer);
	answer_clear(&answer);
	g_assert_cmpuint(seen.sender_new_leads, ==, 0);
	store_close(store);
	scratch_remove(&scratch);
}

/* --- listing --- */

static void
test_lists(void)
{
	static const struct message people[] = {
		{ .from = "ada@one.example",
		  .name = "Ada Byron",
		  .key = "1",
		  .account = "one.example" },
		{ .from = "eve_x@two.example",
		  .name = "Eve 100%",
		  .key = "2",
		  .account = "two.example" },
		{ .from = "ivan@three.example",
		  .name = "Иван Петров",
		  .key = "3",
		  .account = "three.example" },
		{ .from = "evexx@two.example",
		  .name = "Evelyn",
		  .key = "4",
		  .account = "two.example" },
	};
	static const struct {
		struct lead_filter filter;
		guint count;
	} wants[] = {
		{ { .stage = -1 }, 4 },
		{ { .stage = -1, .most = 2 }, 2 },
		{ { .stage = -1, .most = 10, .skip = 3 }, 1 },
		{ { .stage = -1, .text = "ADA" }, 1 },
		{ { .stage = -1, .text = "пет" }, 1 },
		{ { .stage = -1, .text = "eve_x" }, 1 },
		{ { .stage = -1, .text = "100%" }, 1 },
		{ { .stage = -1, .text = "%" }, 1 },
		{ { .stage = -1, .text = "\\" }, 0 },
		{ { .stage = -1, .account = "two.example" }, 2 },
		{ { .stage = -1, .owner = "owner@example.com" }, 4 },
		{ { .stage = -1, .owner = "nobody@example.com" }, 0 },
		{ { .stage = -1, .scorecard = "default", .source = "sales" }, 4 },
		{ { .stage = STAGE_EQL }, 4 },
		{ { .stage = STAGE_MQL }, 0 },
		{ { .stage = -1, .since = HELP_NOW + 3 }, 2 },
	};
	struct scratch scratch;
	g_autoptr(GError) error = NULL;
	struct answer answer = { 0 };

	scratch_make(&scratch);
	struct store *store = open_store(&scratch, STORE_WRITE);
	for (guint i = 0; i < G_N_ELEMENTS(people); i++) {
		struct message message = people[i];

		message.time = HELP_NOW + 1 + i;
		send(store, &message, &answer);
		answer_clear(&answer);
	}
	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_autoptr(GPtrArray) leads = store_leads(store, &wants[i].filter, &error);

		g_assert_no_error(error);
		g_test_message("filter %u", i);
		g_assert_cmpuint(leads->len, ==, wants[i].count);
	}
	g_autoptr(GPtrArray) all = store_leads(store, &(struct lead_filter){ .stage = -1 }, &error);
	g_assert_cmpstr(((struct lead *)all->pdata[0])->address, ==, "evexx@two.example");
	g_assert_cmpuint(stats_of(store).leads_by_stage[STAGE_EQL], ==, 4);
	g_assert_null(store_lead(store, "ld_nobody", &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
	store_close(store);
	scratch_remove(&scratch);
}

static void
test_expire(void)
{
	struct scratch scratch;
	g_autoptr(config_owned) config = config_default();
	g_autoptr(GError) error = NULL;
	struct answer answer = { 0 };

	if (help_skip_server()) /* there history goes by whole partitions */
		return;
	scratch_make(&scratch);
	help_add_endpoint(config, "crm", "*");
	config->retention_days = 10;
	struct store *store = open_store(&scratch, STORE_WRITE);
	for (guint i = 0; i < 600; i++) { /* more than one step */
		g_autofree char *key = g_strdup_printf("k%u", i);
		struct message message = ADA;

		message.id = NULL;
		message.key = key;
		message.time = HELP_NOW - (i < 550 ? 20 : 1) * CLOCK_DAY;
		if (i == 549)
			store_set_endpoints(store, config); /* its event waits: must stay */
		send(store, &message, &answer);
		answer_clear(&answer);
	}
	g_assert_cmpint(store_expire(store, config, HELP_NOW, &error), ==, 550 + 549);
	g_assert_no_error(error);
	g_assert_cmpuint(stats_of(store).messages, ==, 50);
	g_assert_cmpuint(stats_of(store).touches, ==, 600);
	g_assert_cmpuint(stats_of(store).waiting, ==, 51);
	config->retention_days = 0;
	g_assert_cmpint(store_expire(store, config, HELP_NOW, &error), ==, 0);
	g_assert_true(store_check(store, &error));
	store_close(store);
	scratch_remove(&scratch);
}

/* --- opening --- */

static void
test_second_writer(void)
{
	struct scratch scratch;
	g_autoptr(GError) error = NULL;
	g_autofree char *pid = g_strdup_printf("%d", (int)getpid());

	if (help_skip_server())
		return;
	scratch_make(&scratch);
	struct store *store = open_store(&scratch, STORE_WRITE);
	g_assert_null(help_open(scratch.path, STORE_WRITE, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
	g_assert_nonnull(strstr(error->message, pid));
	store_close(store);
	store = open_store(&scratch, STORE_WRITE);
	store_close(store);
	scratch_remove(&scratch);
}

static void
test_reader(void)
{
	struct scratch scratch;
	g_autoptr(GError) error = NULL;
	struct answer answer = { 0 };
	struct stat info;

	if (help_skip_server())
		return;
	scratch_make(&scratch);
	g_assert_null(help_open(scratch.path, STORE_READ, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
	g_clear_error(&error);
	g_assert_false(g_file_test(scratch.path, G_FILE_TEST_EXISTS));
	struct store *store = open_store(&scratch, STORE_WRITE);
	send(store, &ADA, &answer);
	answer_clear(&answer);
	struct store *reader = open_store(&scratch, STORE_READ);
	g_assert_cmpuint(stats_of(reader).leads, ==, 1);
	g_assert_false(try_send(reader, &ADA, &answer, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
	g_autofree char *log = g_strconcat(scratch.path, "-wal", NULL);
	store_close(reader);
	g_assert_cmpint(stat(log, &info), ==, 0); /* the reader left the log alone */
	g_assert_cmpint(info.st_size, >, 0);
	store_close(store);
	g_assert_cmpint(stat(log, &info), !=, 0); /* the writer put all of it away */
	g_assert_cmpint(stat(scratch.path, &info), ==, 0);
	g_assert_cmpint(info.st_mode & 0777, ==, 0640);
	reader = open_store(&scratch, STORE_READ);
	g_assert_cmpuint(stats_of(reader).leads, ==, 1);
	store_close(reader);
	scratch_remove(&scratch);
}

static void
run_sql(const char *path, const char *text)
{
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(db, text, NULL, NULL, NULL), ==, SQLITE_OK);
	sqlite3_close(db);
}

static void
make_text(const char *path)
{
	g_autofree char *text = g_strnfill(8192, 'x');

	g_assert_true(g_file_set_contents(path, text, 8192, NULL));
}

static void
make_foreign(const char *path)
{
	run_sql(path, "CREATE TABLE song(title TEXT)");
}

static void
make_other_application(const char *path)
{
	run_sql(path, "PRAGMA application_id=77; CREATE TABLE song(title TEXT)");
}

static void
make_newer(const char *path)
{
	struct store *store = help_open(path, STORE_WRITE, NULL);

	store_close(store);
	run_sql(path, "PRAGMA user_version=1000");
}

/* As the end of a process leaves it: with its log. */
static void
make_damaged(const char *path)
{
	struct store *store = help_open(path, STORE_WRITE, NULL);
	g_autofree char *page = g_strnfill(4096, 'x');
	g_autofree char *log = g_strconcat(path, "-wal", NULL);
	int fd;

	store_close(store);
	fd = open(path, O_WRONLY);
	g_assert_cmpint(pwrite(fd, page, 4096, 4096), ==, 4096);
	close(fd);
	g_assert_true(g_file_set_contents(log, "left", 4, NULL));
}

/* Files that are refused, and are byte for byte the same afterwards. */
static void
test_refused_files(void)
{
	static const struct {
		void (*make)(const char *path);
		int code;
	} wants[] = {
		{ make_text, ERROR_STORE_CORRUPT },
		{ make_foreign, ERROR_STORE_CORRUPT },
		{ make_other_application, ERROR_STORE_CORRUPT },
		{ make_newer, ERROR_STORE_SCHEMA },
		{ make_damaged, ERROR_STORE_CORRUPT },
	};

	if (help_skip_server())
		return;
	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		struct scratch scratch;
		g_autoptr(GError) error = NULL;
		g_autofree char *before = NULL, *after = NULL;
		gsize size, size_after;

		scratch_make(&scratch);
		wants[i].make(scratch.path);
		g_assert_true(g_file_get_contents(scratch.path, &before, &size, NULL));
		g_assert_null(help_open(scratch.path, STORE_WRITE, &error));
		g_assert_error(error, LEADMILTER_ERROR, wants[i].code);
		g_assert_nonnull(strstr(error->message, scratch.path));
		g_assert_true(g_file_get_contents(scratch.path, &after, &size_after, NULL));
		g_assert_cmpmem(before, size, after, size_after);
		scratch_remove(&scratch);
	}
}

static void
test_no_directory(void)
{
	g_autoptr(GError) error = NULL;

	if (help_skip_server())
		return;
	g_assert_null(help_open("/nonexistent/leads.db", STORE_WRITE, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
}

/* --- failure --- */

static struct store *
open_faulty(const struct scratch *scratch, struct driver_fault *fault)
{
	struct store_options options = { .driver = &fault->driver, .decide = help_decide };
	g_autoptr(GError) error = NULL;
	struct store *store;

	driver_fault_init(fault);
	store = store_open_with(scratch->path, STORE_WRITE, &options, &error);
	g_assert_no_error(error);
	return store;
}

/* A step or a commit fails: the message is refused with the right code, nothing of it is there, and
 * once the fault is gone it is taken. */
static void
test_faults(void)
{
	static const struct {
		enum fault_kind kind;
		gboolean steps;
		int before, code;
	} wants[] = {
		{ FAULT_FULL, FALSE, 0, ERROR_STORE_FULL },
		{ FAULT_CORRUPT, FALSE, 0, ERROR_STORE_CORRUPT },
		{ FAULT_BUSY, FALSE, 0, ERROR_STORE },
		{ FAULT_FULL, TRUE, 0, ERROR_STORE_FULL },
		{ FAULT_FULL, TRUE, 5, ERROR_STORE_FULL },
		{ FAULT_FULL, TRUE, 10, ERROR_STORE_FULL },
		{ FAULT_CORRUPT, TRUE, 12, ERROR_STORE_CORRUPT },
		{ FAULT_BUSY, TRUE, 14, ERROR_STORE },
	};

	if (help_skip_server())
		return;
	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		struct scratch scratch;
		struct driver_fault fault;
		struct answer answer = { 0 };
		g_autoptr(GError) error = NULL;

		scratch_make(&scratch);
		struct store *store = open_faulty(&scratch, &fault);
		driver_fault_set(&fault, wants[i].kind, wants[i].steps, wants[i].before);
		g_assert_false(try_send(store, &ADA, &answer, &error));
		g_assert_error(error, LEADMILTER_ERROR, wants[i].code);
		g_assert_null(answer.lead);
		g_assert_cmpuint(stats_of(store).leads, ==, 0);
		driver_fault_clear(&fault);
		g_free(lead_of(store, &ADA, ACTION_CREATE, "nothing"));
		g_assert_cmpuint(stats_of(store).leads, ==, 1);
		g_assert_cmpuint(stats_of(store).touches, ==, 1);
		g_assert_cmpuint(stats_of(store).failed_jobs, ==, 1);
		store_close(store);
		scratch_remove(&scratch);
	}
}

/* Every step of a message in turn: never half of one. */
static void
test_every_step(void)
{
	struct scratch scratch;
	struct driver_fault fault;
	guint failed = 0;

	if (help_skip_server())
		return;
	scratch_make(&scratch);
	struct store *store = open_faulty(&scratch, &fault);
	for (int before = 0; before < 100; before++) {
		struct answer answer = { 0 };
		g_autoptr(GError) error = NULL;
		guint64 messages = stats_of(store).messages;

		driver_fault_set(&fault, FAULT_FULL, TRUE, before);
		if (try_send(store, &ADA, &answer, &error)) {
			answer_clear(&answer);
			break;
		}
		failed++;
		g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_FULL);
		g_assert_cmpuint(stats_of(store).messages, ==, messages);
		g_assert_cmpuint(stats_of(store).touches, ==, 0);
	}
	driver_fault_clear(&fault);
	g_assert_cmpuint(failed, >, 10);
	g_assert_cmpuint(stats_of(store).leads, ==, 1);
	store_close(store);
	scratch_remove(&scratch);
}

static void
test_deadline(void)
{
	struct scratch scratch;
	struct driver_fault fault;
	struct answer answer = { 0 };
	g_autoptr(GError) error = NULL;

	if (help_skip_server())
		return;
	scratch_make(&scratch);
	struct store *store = open_faulty(&scratch, &fault);
	__atomic_store_n(&fault.commit_delay_ms, 200, __ATOMIC_SEQ_CST);
	g_autoptr(facts_owned) facts = help_facts(&ADA);
	g_assert_false(store_message(store, facts, NULL, HELP_NOW, g_get_monotonic_time() + 20000,
				     FALSE, &answer, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_TIMEOUT);
	g_assert_null(answer.lead);
	/* the spool brings it again: what was committed after all is not done twice */
	__atomic_store_n(&fault.commit_delay_ms, 0, __ATOMIC_SEQ_CST);
	g_autofree char *lead = lead_of(store, &ADA, ACTION_DUPLICATE, "nothing");
	g_assert_nonnull(lead);
	g_assert_cmpuint(stats_of(store).leads, ==, 1);
	store_close(store);
	scratch_remove(&scratch);
}

static gint64
number_of_sql(const char *path, const char *text)
{
	sqlite3_stmt *row;
	sqlite3 *db;
	gint64 number;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_prepare_v2(db, text, -1, &row, NULL), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
	number = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	sqlite3_close(db);
	return number;
}

/* A page that only a message needs: opening finds nothing, the check and the message do. */
static void
test_damaged_while_open(void)
{
	struct scratch scratch;
	g_autoptr(GError) error = NULL;
	g_autofree char *junk = g_strnfill(65536, 'x');

	if (help_skip_server())
		return;
	scratch_make(&scratch);
	struct store *store = open_store(&scratch, STORE_WRITE);
	g_free(lead_of(store, &ADA, ACTION_CREATE, "nothing"));
	store_close(store);
	gint64 size = number_of_sql(scratch.path, "PRAGMA page_size");
	gint64 page = number_of_sql(scratch.path,
				    "SELECT rootpage FROM sqlite_schema WHERE name='conversation'");
	int fd = open(scratch.path, O_WRONLY);
	g_assert_cmpint(pwrite(fd, junk, size, (page - 1) * size), ==, size);
	close(fd);
	store = open_store(&scratch, STORE_WRITE); /* a clean end: not checked */
	g_assert_false(store_check(store, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_CORRUPT);
	g_clear_error(&error);
	struct answer answer = { 0 };
	struct message other = ADA;
	other.id = "two@example.org";
	g_assert_false(try_send(store, &other, &answer, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_CORRUPT);
	store_close(store);
	scratch_remove(&scratch);
}

/* A file that may not grow stands for a full disk. */
static void
test_full_disk(void)
{
	struct scratch scratch;
	struct rlimit before, small;
	g_autoptr(GError) error = NULL;
	struct answer answer = { 0 };

	if (help_skip_server())
		return;
	scratch_make(&scratch);
	signal(SIGXFSZ, SIG_IGN);
	struct store *store = open_store(&scratch, STORE_WRITE);
	g_free(lead_of(store, &ADA, ACTION_CREATE, "nothing"));
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 64 * 1024;
	setrlimit(RLIMIT_FSIZE, &small);
	gboolean done = TRUE;
	guint taken = 1;
	for (; done && taken < 500; taken += done) {
		g_autofree char *key = g_strdup_printf("k%u", taken);
		struct message message = { .from = key, .key = key };

		done = try_send(store, &message, &answer, &error);
		answer_clear(&answer);
	}
	setrlimit(RLIMIT_FSIZE, &before);
	g_assert_false(done);
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_FULL);
	g_assert_cmpuint(stats_of(store).messages, ==, taken);
	struct message after = { .from = "after@example.org", .id = "after@t" };
	g_free(lead_of(store, &after, ACTION_CREATE, "nothing"));
	store_close(store);
	store = open_store(&scratch, STORE_WRITE);
	g_clear_error(&error);
	g_assert_true(store_check(store, &error));
	g_assert_cmpuint(stats_of(store).messages, ==, taken + 1);
	store_close(store);
	scratch_remove(&scratch);
}

/* Writes messages until it is killed; says each one that was answered. */
static void
write_until_killed(const struct scratch *scratch, int fd)
{
	struct store *store = help_open(scratch->path, STORE_WRITE, NULL);

	for (guint i = 0;; i++) {
		g_autofree char *key = g_strdup_printf("k%u", i);
		g_autofree char *from = g_strdup_printf("p%u@example.org", i % 7);
		struct message message = { .from = from, .key = key };
		struct answer answer = { 0 };

		if (!store || !try_send(store, &message, &answer, NULL) ||
		    write(fd, &i, sizeof i) != sizeof i)
			_exit(1);
		answer_clear(&answer);
	}
}

/* What was answered is there after kill -9, once; what was not may be there or not. */
static void
test_killed(void)
{
	struct scratch scratch;
	guint answered = 0, last = 0;
	int ends[2], status;

	scratch_make(&scratch);
	for (guint round = 0; round < 3; round++) {
		g_assert_cmpint(pipe(ends), ==, 0);
		pid_t child = fork();
		if (child == 0)
			write_until_killed(&scratch, ends[1]);
		close(ends[1]);
		for (answered = 0; answered < 40 + round * 30;)
			answered += read(ends[0], &last, sizeof last) == sizeof last;
		kill(child, SIGKILL);
		g_assert_cmpint(waitpid(child, &status, 0), ==, child);
		while (read(ends[0], &last, sizeof last) == sizeof last)
			;
		close(ends[0]);
		struct store *store = open_store(&scratch, STORE_WRITE);
		for (guint i = 0; i <= last; i++) {
			g_autofree char *key = g_strdup_printf("k%u", i);
			struct message message = { .from = "x@example.org", .key = key };
			g_free(lead_of(store, &message, ACTION_DUPLICATE,
				       i < 7 ? "nothing" : "address"));
		}
		g_assert_cmpuint(stats_of(store).leads, ==, 7);
		g_assert_cmpuint(stats_of(store).messages, ==, stats_of(store).touches);
		g_assert_cmpuint(stats_of(store).messages, >, last);
		store_close(store);
	}
	scratch_remove(&scratch);
}

/* --- plans --- */

/* Queries that may walk through a table: small ones, and what only an administrator asks. */
static gboolean
may_scan(enum query query)
{
	static const enum query queries[] = {
		QUERY_ENDPOINTS,
		QUERY_DELIVERIES_WAITING,
		QUERY_DELIVERY_NEXT_ANY,
		QUERY_DELIVERIES,
		QUERY_DELIVERIES_OF_LEAD,
		QUERY_DELIVERIES_DEAD,
		QUERY_DELIVERY_RECOVER,
		QUERY_OWNERS,
		QUERY_CREDITS,
		QUERY_ACCOUNTS,
		QUERY_AUDIT_FORGET,
		QUERY_HOSTS_PAST,
		QUERY_HOST_GIVE,
		QUERY_LEASES_RENEW,
		QUERY_LEASES_GIVE,
		QUERY_DELIVERY_RECOVER_DEAD,
	};

	for (guint i = 0; i < G_N_ELEMENTS(queries); i++)
		if (queries[i] == query)
			return TRUE;
	return FALSE;
}

/* No look-up walks through a table or sorts one: its cost doesn't grow with the store. */
static void
test_plans(void)
{
	struct scratch scratch;
	sqlite3 *db;

	if (help_skip_server())
		return;
	scratch_make(&scratch);
	store_close(open_store(&scratch, STORE_WRITE));
	g_assert_cmpint(sqlite3_open(scratch.path, &db), ==, SQLITE_OK);
	for (int query = 0; query < QUERY_COUNT; query++) {
		g_autofree char *text = queries_text(query);
		g_autofree char *explain = g_strconcat("EXPLAIN QUERY PLAN ", text, NULL);
		sqlite3_stmt *row;

		g_assert_cmpint(sqlite3_prepare_v2(db, explain, -1, &row, NULL), ==, SQLITE_OK);
		while (sqlite3_step(row) == SQLITE_ROW) {
			const char *detail = (const char *)sqlite3_column_text(row, 3);
			gboolean walks = g_str_has_prefix(detail, "SCAN") &&
					 !g_str_has_prefix(detail, "SCAN (subquery") &&
					 !g_str_has_prefix(detail, "SCAN counted") &&
					 !strstr(detail, "CONSTANT ROWS");

			g_test_message("%s", detail);
			if (may_scan(query) || !(walks || strstr(detail, "TEMP B-TREE")))
				continue;
			g_test_message("%s", text);
			g_test_fail();
		}
		sqlite3_finalize(row);
	}
	sqlite3_close(db);
	scratch_remove(&scratch);
}

/* --- threads --- */

struct sending {
	struct store *store;
	guint thread;
};

static void *
send_many(void *data)
{
	const struct sending *sender = data;

	for (guint i = 0; i < 50; i++) {
		g_autofree char *key = g_strdup_printf("%u.%u", sender->thread, i);
		g_autofree char *from = g_strdup_printf("p%u@example.org", i);
		struct message message = { .from = from, .key = key };
		struct answer answer = { 0 };

		send(sender->store, &message, &answer);
		g_assert_nonnull(answer.lead);
		answer_clear(&answer);
	}
	return NULL;
}

static void *
read_many(void *data)
{
	for (guint i = 0; i < 20; i++) {
		g_autoptr(GPtrArray) leads =
			store_leads(data, &(struct lead_filter){ .stage = -1, .most = 5 }, NULL);

		g_assert_nonnull(leads);
		stats_of(data);
	}
	return NULL;
}

/* First mails of one person from many sessions at once make one lead. */
static void
test_threads(void)
{
	struct scratch scratch;
	struct sending senders[6];
	pthread_t threads[6], reader;

	scratch_make(&scratch);
	struct store *store = open_store(&scratch, STORE_WRITE);
	for (guint i = 0; i < 6; i++) {
		senders[i] = (struct sending){ store, i };
		pthread_create(&threads[i], NULL, send_many, &senders[i]);
	}
	pthread_create(&reader, NULL, read_many, store);
	for (guint i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	pthread_join(reader, NULL);
	g_assert_cmpuint(stats_of(store).leads, ==, 50);
	g_assert_cmpuint(stats_of(store).touches, ==, 300);
	g_assert_cmpuint(stats_of(store).messages, ==, 300);
	store_close(store);
	scratch_remove(&scratch);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/create", test_create);
	g_test_add_func("/store/again", test_again);
	g_test_add_func("/store/same-id-other-key", test_same_id_other_key);
	g_test_add_func("/store/nothing", test_nothing);
	g_test_add_func("/store/matches", test_matches);
	g_test_add_func("/store/outbound", test_outbound);
	g_test_add_func("/store/subject", test_subject);
	g_test_add_func("/store/bounce", test_bounce);
	g_test_add_func("/store/account", test_account);
	g_test_add_func("/store/flood", test_flood);
	g_test_add_func("/store/lists", test_lists);
	g_test_add_func("/store/expire", test_expire);
	g_test_add_func("/store/second-writer", test_second_writer);
	g_test_add_func("/store/reader", test_reader);
	g_test_add_func("/store/refused-files", test_refused_files);
	g_test_add_func("/store/no-directory", test_no_directory);
	g_test_add_func("/store/faults", test_faults);
	g_test_add_func("/store/every-step", test_every_step);
	g_test_add_func("/store/deadline", test_deadline);
	g_test_add_func("/store/damaged-while-open", test_damaged_while_open);
	g_test_add_func("/store/full-disk", test_full_disk);
	g_test_add_func("/store/killed", test_killed);
	g_test_add_func("/store/two-leads", test_two_leads);
	g_test_add_func("/store/plans", test_plans);
	g_test_add_func("/store/threads", test_threads);
	return g_test_run();
}
