/*
 * test-store-change.c - changes that no message makes: whom they find, that they are made once,
 * what they write, and owners' loads and turns across failures.
 */
#include "store_fixture.c"

#include "store/store_change.h"
#include "store/store_import.h"

#define HOUR ((gint64)3600 * CLOCK_SECOND)

/* --- a decision that says what it saw --- */

struct saw {
	guint candidates, touches, owners, calls;
	enum match match;
	gboolean is_duplicate;
	char *account, *lead, *previous;
	gint64 due;
	const char *owner; /* to give it to */
	gboolean fail; /* write what can't be written */
	enum stage stage;
	double credit;
};

static void
saw_clear(struct saw *saw)
{
	g_free(saw->account);
	g_free(saw->lead);
	g_free(saw->previous);
	saw->account = saw->lead = saw->previous = NULL;
}

static void
look(struct saw *saw, const struct known *known)
{
	const struct candidate *first = known->candidates->len ? known->candidates->pdata[0] : NULL;

	saw_clear(saw);
	saw->calls++;
	saw->candidates = known->candidates->len;
	saw->touches = known->touches->len;
	saw->owners = known->owners->len;
	saw->is_duplicate = known->is_duplicate;
	saw->previous = known->previous ? g_strdup(known->previous->id) : NULL;
	saw->match = first ? first->match : MATCHED_NOTHING;
	saw->lead = first ? g_strdup(first->lead->id) : NULL;
	saw->account = known->account ? g_strdup(known->account->domain) : NULL;
}

static struct decision *
decide(struct known *known, gint64 now, gpointer data)
{
	struct saw *saw = data;
	struct decision *decision;
	const struct candidate *first;
	struct credit *credit;

	look(saw, known);
	if (known->candidates->len == 0)
		return NULL;
	first = known->candidates->pdata[0];
	decision = g_new0(struct decision, 1);
	decision->action = ACTION_ATTACH;
	decision->reason = g_strdup("said so");
	decision->before = first->lead;
	decision->lead = lead_copy(first->lead);
	decision->lead->updated = now;
	decision->lead->due = saw->due;
	if (saw->stage)
		decision->lead->stage = saw->stage;
	if (saw->owner) {
		g_free(decision->lead->owner);
		decision->lead->owner = g_strdup(saw->owner);
	}
	decision->events = one_event("lead.updated", decision->lead, now);
	decision->credits = g_ptr_array_new_with_free_func((GDestroyNotify)credit_free);
	credit = g_new0(struct credit, 1);
	credit->pool = g_strdup("pool");
	credit->owner = g_strdup("anna@example.com");
	credit->credit = saw->credit;
	g_ptr_array_add(decision->credits, credit);
	return decision;
}

static gboolean
change(struct store *store, const struct store_whom *whom, struct saw *saw, GError **error)
{
	const struct store_decide callback = { decide, saw, NULL };

	return store_change(store, whom, &callback, HELP_NOW, FALSE, NULL, error);
}

/* --- whom --- */

static void
test_whom(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct message message = { .from = "ada@customer.example",
				   .account = "customer.example",
				   .phone = "+40213112233",
				   .key = "1",
				   .to = "sales@example.com" };
	g_autofree char *id = help_receive(fixture->store, &message);
	const struct {
		struct store_whom whom;
		guint candidates;
		enum match match;
		const char *account;
		gboolean found;
	} WANTED[] = {
		{ { .lead = id }, 1, MATCHED_TOKEN, "customer.example", TRUE },
		{ { .address = "Ada@Customer.Example" },
		  1,
		  MATCHED_LEAD_ADDRESS,
		  "customer.example",
		  TRUE },
		{ { .phone = "+40213112233" }, 1, MATCHED_PHONE, "customer.example", TRUE },
		{ { .address = "ada@customer.example", .phone = "+40213112233" },
		  1,
		  MATCHED_LEAD_ADDRESS,
		  "customer.example",
		  TRUE },
		{ { .address = "bob@other.example", .account = "other.example" },
		  0,
		  MATCHED_NOTHING,
		  "other.example",
		  TRUE },
		{ { .lead = "ld_nobody" }, 0, MATCHED_NOTHING, NULL, FALSE },
		{ { .address = "bob@other.example", .must_exist = TRUE },
		  0,
		  MATCHED_NOTHING,
		  NULL,
		  FALSE },
		{ { .customer = "C-1", .must_exist = TRUE }, 0, MATCHED_NOTHING, NULL, FALSE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++) {
		struct saw saw = { 0 };
		g_autoptr(GError) error = NULL;
		gboolean done = change(fixture->store, &WANTED[i].whom, &saw, &error);

		g_test_message("%u", i);
		g_assert_cmpint(done, ==, WANTED[i].found);
		if (!done)
			g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
		g_assert_cmpuint(saw.candidates, ==, WANTED[i].candidates);
		g_assert_cmpint(saw.match, ==, WANTED[i].match);
		g_assert_cmpstr(saw.account, ==, WANTED[i].account);
		if (WANTED[i].candidates)
			g_assert_cmpuint(saw.touches, ==, 1);
		saw_clear(&saw);
	}
}

static void
test_once(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct message message = { .from = "ada@customer.example", .key = "1" };
	g_autofree char *id = help_receive(fixture->store, &message);
	const struct store_whom whom = { .lead = id, .key = "touch:fair:1" };
	struct saw saw = { .owner = "anna@example.com" };
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) lead = NULL;

	g_assert_true(change(fixture->store, &whom, &saw, &error));
	g_assert_false(saw.is_duplicate);
	saw.owner = "bert@example.com";
	g_assert_true(change(fixture->store, &whom, &saw, &error));
	g_assert_true(saw.is_duplicate);
	g_assert_cmpstr(saw.previous, ==, id);
	lead = store_lead(fixture->store, id, &error);
	g_assert_cmpstr(lead->owner, ==, "anna@example.com");
	saw_clear(&saw);
}

/* --- due --- */

static void
test_due(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	const struct store_decide callback = { decide, &(struct saw){ 0 }, NULL };
	struct saw *saw = callback.data;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(store_next_due(fixture->store, &error), ==, 0);
	for (guint i = 0; i < 5; i++) {
		g_autofree char *from = g_strdup_printf("p%u@customer.example", i);
		struct message message = { .from = from, .key = from };
		g_autofree char *id = help_receive(fixture->store, &message);
		const struct store_whom whom = { .lead = id };

		saw->due = HELP_NOW + (i + 1) * HOUR;
		g_assert_true(change(fixture->store, &whom, saw, &error));
	}
	g_assert_cmpint(store_next_due(fixture->store, &error), ==, HELP_NOW + HOUR);
	saw->calls = 0;
	saw->due = 0;
	g_assert_cmpint(store_due(fixture->store, &callback, HELP_NOW, 10, FALSE, &error), ==, 0);
	g_assert_cmpint(store_due(fixture->store, &callback, HELP_NOW + 2 * HOUR, 1, FALSE, &error),
			==, 1);
	/* One that stays due doesn't keep the sweep going for ever. */
	saw->due = HELP_NOW;
	g_assert_cmpint(
		store_due(fixture->store, &callback, HELP_NOW + 2 * HOUR, 10, FALSE, &error), ==,
		1);
	g_assert_cmpint(
		store_due(fixture->store, &callback, HELP_NOW + 2 * HOUR, 10, FALSE, &error), ==,
		0);
	g_assert_cmpuint(saw->calls, ==, 2);
	g_assert_cmpint(store_next_due(fixture->store, &error), ==, HELP_NOW + 3 * HOUR);
	g_assert_no_error(error);
	saw_clear(saw);
}

/* --- owners --- */

static guint
load_of(struct store *store, const char *address)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) owners = store_owners(store, &error);

	g_assert_no_error(error);
	for (guint i = 0; i < owners->len; i++) {
		const struct owner *owner = owners->pdata[i];

		if (!strcmp(owner->address, address))
			return owner->load;
	}
	return 0;
}

static void
test_loads(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct {
		const char *owner;
		enum stage stage;
		guint anna, bert;
	} STEPS[] = {
		{ "anna@example.com", STAGE_EQL, 1, 0 },
		{ "bert@example.com", STAGE_EQL, 0, 1 },
		{ "bert@example.com", STAGE_DISQUALIFIED, 0, 0 },
		{ "anna@example.com", STAGE_DISQUALIFIED, 0, 0 },
		{ "anna@example.com", STAGE_MQL, 1, 0 },
		{ "anna@example.com", STAGE_CUSTOMER, 0, 0 },
		{ "anna@example.com", STAGE_RECYCLED, 0, 0 },
		{ "bert@example.com", STAGE_MQL, 0, 1 },
	};
	struct message message = { .from = "ada@customer.example", .key = "1" };
	g_autofree char *id = help_receive(fixture->store, &message);
	const struct store_whom whom = { .lead = id };
	g_autoptr(GError) error = NULL;

	g_assert_cmpuint(load_of(fixture->store, "owner@example.com"), ==, 1);
	for (guint i = 0; i < G_N_ELEMENTS(STEPS); i++) {
		struct saw saw = { .owner = STEPS[i].owner, .stage = STEPS[i].stage, .credit = i };

		g_test_message("%u", i);
		g_assert_true(change(fixture->store, &whom, &saw, &error));
		g_assert_cmpuint(load_of(fixture->store, "owner@example.com"), ==, 0);
		g_assert_cmpuint(load_of(fixture->store, "anna@example.com"), ==, STEPS[i].anna);
		g_assert_cmpuint(load_of(fixture->store, "bert@example.com"), ==, STEPS[i].bert);
		saw_clear(&saw);
	}
	/* What is in memory and what is in the file agree. */
	store_close(fixture->store);
	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(load_of(fixture->store, "bert@example.com"), ==, 1);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/store-change/" name, struct fixture, NULL, set_up, function, tear_down)
	ADD("whom", test_whom);
	ADD("once", test_once);
	ADD("due", test_due);
	ADD("loads", test_loads);
	return g_test_run();
}
