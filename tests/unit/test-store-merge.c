/*
 * test-store-merge.c - two cards become one and one becomes two: ids, addresses, ledgers, messages
 * and figures follow, and what was done can be undone.
 */
#include "store_site.c"

#include "store/store_change.h"
#include "store/store_import.h"

static char *
receive(struct fixture *fixture, const char *from, const char *key, const char *answers,
	gint64 time)
{
	struct message message = { .from = from,
				   .account = strchr(from, '@') + 1,
				   .key = key,
				   .answers = answers,
				   .time = time };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;
	char *lead;

	store_message(fixture->store, facts, NULL, time, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	lead = g_steal_pointer(&answer.lead);
	answer_clear(&answer);
	return lead;
}

static void
check_id(struct fixture *fixture, const char *name, const char *wanted)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) lead = store_lead(fixture->store, name, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(lead->id, ==, wanted);
}

/* The ledger as "key@author" in order. */
static char *
ledger(struct fixture *fixture, const char *lead)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) touches = store_touches(fixture->store, lead, &error);
	GString *text = g_string_new(NULL);

	g_assert_no_error(error);
	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];

		g_assert_cmpint(touch->sequence, ==, i + 1);
		g_string_append_printf(text, "%s%c%s", i ? " " : "", touch->author[0],
				       touch->origin ? "'" : "");
	}
	return g_string_free(text, FALSE);
}

static void
check_ledger(struct fixture *fixture, const char *lead, const char *wanted)
{
	g_autofree char *got = ledger(fixture, lead);

	g_assert_cmpstr(got, ==, wanted);
}

static void
merge(struct fixture *fixture, const char *lead, const char *other)
{
	g_autoptr(GError) error = NULL;
	struct answer answer;

	store_merge(fixture->store, lead, other, fixture->site.scorecards, HELP_NOW + CLOCK_DAY,
		    &answer, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(answer.lead, ==, lead);
	answer_clear(&answer);
}

static char *
divide_at(struct fixture *fixture, const char *lead, const char *what, const char *domain,
	  gboolean done)
{
	g_autoptr(GError) error = NULL;
	struct answer answer = { 0 };
	char *made;

	g_assert_cmpint(store_split(fixture->store, lead, what, domain, fixture->site.scorecards,
				    HELP_NOW + CLOCK_DAY, &answer, &error),
			==, done);
	if (!done)
		g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
	made = g_steal_pointer(&answer.lead);
	answer_clear(&answer);
	return made;
}

static char *
divide(struct fixture *fixture, const char *lead, const char *what, gboolean done)
{
	return divide_at(fixture, lead, what, NULL, done);
}

static guint64
count_leads(struct fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) leads = NULL;
	const struct lead_filter filter = { .stage = -1 };
	struct store_stats stats;

	g_assert_true(store_stats(fixture->store, &stats, &error));
	leads = store_leads(fixture->store, &filter, &error);
	g_assert_cmpuint(leads->len, ==, stats.leads);
	return stats.leads;
}

static void
test_merge(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *ada = receive(fixture, "ada@one.example", "1", NULL, HELP_NOW);
	g_autofree char *bob = receive(fixture, "bob@two.example", "2", NULL, HELP_NOW + 10);
	g_autofree char *again = receive(fixture, "ada@one.example", "3", NULL, HELP_NOW + 20);
	g_autofree char *reply = NULL, *by_address = NULL, *back = NULL;
	g_autoptr(lead_owned) lead = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpstr(ada, ==, again);
	merge(fixture, ada, bob);
	check_id(fixture, bob, ada);
	check_id(fixture, "bob@two.example", ada);
	check_ledger(fixture, ada, "a b' a");
	g_assert_cmpuint(count_leads(fixture), ==, 1);
	lead = store_lead(fixture->store, ada, &error);
	g_assert_cmpuint(lead->touch_count, ==, 3);
	g_assert_cmpstr(lead->addresses->pdata[0], ==, "bob@two.example");
	/* A reply to what the other one wrote, and a mail from its address, come to the card. */
	reply = receive(fixture, "carol@three.example", "4", "2@test", HELP_NOW + 30);
	g_assert_cmpstr(reply, ==, ada);
	by_address = receive(fixture, "bob@two.example", "5", NULL, HELP_NOW + 40);
	g_assert_cmpstr(by_address, ==, ada);
	check_ledger(fixture, ada, "a b' a c b");
	/* And back: what was written from its address since goes with it. */
	back = divide(fixture, ada, bob, TRUE);
	g_assert_cmpstr(back, ==, bob);
	check_ledger(fixture, ada, "a a c");
	check_ledger(fixture, bob, "b b");
	check_id(fixture, bob, bob);
	check_id(fixture, "bob@two.example", bob);
	check_id(fixture, "ada@one.example", ada);
	g_assert_cmpuint(count_leads(fixture), ==, 2);
	g_clear_pointer(&reply, g_free);
	reply = receive(fixture, "dave@four.example", "6", "5@test", HELP_NOW + 50);
	g_assert_cmpstr(reply, ==, bob);
}

/* Three into one, and back in the other order. */
static void
test_chain(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *ada = receive(fixture, "ada@one.example", "1", NULL, HELP_NOW);
	g_autofree char *bob = receive(fixture, "bob@two.example", "2", NULL, HELP_NOW + 10);
	g_autofree char *carol = receive(fixture, "carol@three.example", "3", NULL, HELP_NOW + 5);
	g_autofree char *one = NULL, *two = NULL, *three = NULL, *none = NULL;

	merge(fixture, bob, carol);
	merge(fixture, ada, bob);
	check_id(fixture, carol, ada);
	check_ledger(fixture, ada, "a c' b'");
	none = divide(fixture, ada, carol, FALSE); /* it is part of the other */
	one = divide(fixture, ada, bob, TRUE);
	check_ledger(fixture, bob, "c' b");
	check_id(fixture, carol, bob);
	check_id(fixture, "carol@three.example", bob);
	two = divide(fixture, bob, carol, TRUE);
	check_ledger(fixture, bob, "b");
	check_ledger(fixture, carol, "c");
	check_ledger(fixture, ada, "a");
	three = divide(fixture, bob, carol, FALSE);
	g_assert_cmpuint(count_leads(fixture), ==, 3);
}

static void
test_address(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *ada = receive(fixture, "ada@one.example", "1", NULL, HELP_NOW);
	g_autofree char *bob = receive(fixture, "bob@one.example", "2", "1@test", HELP_NOW + 1);
	g_autofree char *eve = receive(fixture, "eve@one.example", "3", NULL, HELP_NOW + 2);
	g_autofree char *made = NULL, *nothing = NULL, *all = NULL, *reply = NULL;
	g_autoptr(lead_owned) lead = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpstr(ada, ==, bob);
	g_assert_cmpstr(ada, !=, eve);
	nothing = divide(fixture, ada, "nobody@one.example", FALSE);
	all = divide(fixture, eve, "eve@one.example", FALSE);
	made = divide(fixture, ada, "bob@one.example", TRUE);
	check_id(fixture, "bob@one.example", made);
	check_ledger(fixture, ada, "a");
	check_ledger(fixture, made, "b");
	reply = receive(fixture, "x@nine.example", "4", "2@test", HELP_NOW + 5);
	g_assert_cmpstr(reply, ==, made);
	lead = store_lead(fixture->store, made, &error);
	g_assert_cmpstr(lead->apart->pdata[0], ==, ada);
	g_assert_cmpuint(lead->inbound_count, ==, 1);
}

static char *
receive_named(struct fixture *fixture, const char *from, const char *name, const char *phone,
	      const char *key)
{
	struct message message = { .from = from,
				   .name = name,
				   .phone = phone,
				   .account = strchr(from, '@') + 1,
				   .key = key,
				   .time = HELP_NOW };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;
	char *lead;

	store_message(fixture->store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	lead = g_steal_pointer(&answer.lead);
	answer_clear(&answer);
	return lead;
}

static void
import_account(struct fixture *fixture, const char *domain, const char *second)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
	struct account *account = account_new();
	struct import_report report = { 0 };
	g_autoptr(GError) error = NULL;

	account->domain = g_strdup(domain);
	g_ptr_array_add(account->domains, g_strdup(domain));
	g_ptr_array_add(account->domains, g_strdup(second));
	g_ptr_array_add(rows, account);
	store_import_accounts(fixture->store, rows, HELP_NOW, &report, &error);
	g_assert_no_error(error);
	import_report_clear(&report);
}

/* Whoever was merged and is divided off by address is who they were, where their address is. */
static void
test_address_merged(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct {
		const char *domain, *account;
	} CASES[] = {
		{ "two0.example", "two0.example" },
		{ "second.example", "primary.example" },
		{ NULL, NULL },
	};

	import_account(fixture, "primary.example", "second.example");
	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autofree char *ann = g_strdup_printf("ann@one%u.example", i);
		g_autofree char *tom = g_strdup_printf("tom@two%u.example", i);
		g_autofree char *zoe = g_strdup_printf("zoe@three%u.example", i);
		g_autofree char *phone = g_strdup_printf("+4021311223%u", i);
		g_autofree char *one = receive_named(fixture, ann, "Ann Berg", NULL, ann);
		g_autofree char *two = receive_named(fixture, tom, "Tom Split", phone, tom);
		g_autofree char *top = receive_named(fixture, zoe, "Zoe Top", NULL, zoe);
		g_autofree char *made = NULL;
		g_autoptr(lead_owned) lead = NULL;
		g_autoptr(GError) error = NULL;

		merge(fixture, one, two);
		if (i == 1) /* by way of a third */
			merge(fixture, top, one);
		made = divide_at(fixture, i == 1 ? top : one, tom, CASES[i].domain, TRUE);
		lead = store_lead(fixture->store, made, &error);
		g_assert_no_error(error);
		g_assert_cmpstr(lead->normalised, ==, tom);
		g_assert_cmpstr(lead->account, ==, CASES[i].account);
		g_assert_cmpstr(lead->name, ==, "Tom Split");
		g_assert_cmpuint(lead->phones->len, ==, 1);
		g_assert_cmpstr(lead->phones->pdata[0], ==, phone);
		check_ledger(fixture, made, "t'");
	}
}

static void
test_refused(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *ada = receive(fixture, "ada@one.example", "1", NULL, HELP_NOW);
	static const struct {
		const char *lead, *other;
		int code;
	} WANTED[] = {
		{ "ada@one.example", "Ada@One.Example", ERROR_INPUT },
		{ "ada@one.example", "nobody@one.example", ERROR_NOT_FOUND },
		{ "ld_nobody", "ada@one.example", ERROR_NOT_FOUND },
	};

	for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_false(store_merge(fixture->store, WANTED[i].lead, WANTED[i].other,
					   fixture->site.scorecards, HELP_NOW, NULL, &error));
		g_assert_error(error, LEADMILTER_ERROR, WANTED[i].code);
	}
	check_ledger(fixture, ada, "a");
}

static void
test_events(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *ada = receive(fixture, "ada@one.example", "1", NULL, HELP_NOW);
	g_autofree char *bob = receive(fixture, "bob@two.example", "2", NULL, HELP_NOW + 10);
	g_autofree char *other = g_strdup_printf("\"other\":{\"id\":\"%s\"", bob);
	g_autofree char *back = NULL;
	g_autoptr(GPtrArray) list = NULL, of_bob = NULL;
	g_autoptr(GError) error = NULL;
	const struct delivery *delivery;

	merge(fixture, ada, bob);
	back = divide(fixture, ada, bob, TRUE);
	list = store_outbox_list(fixture->store, -1, NULL, ada, 10, &error);
	g_assert_cmpuint(list->len, ==, 3);
	delivery = list->pdata[1];
	g_assert_cmpstr(delivery->type, ==, "lead.merged");
	g_assert_nonnull(strstr(delivery->body, other));
	delivery = list->pdata[0];
	g_assert_cmpstr(delivery->type, ==, "lead.split");
	of_bob = store_outbox_list(fixture->store, -1, NULL, bob, 10, &error);
	g_assert_cmpuint(of_bob->len, ==, 2);
	g_assert_cmpstr(((struct delivery *)of_bob->pdata[0])->type, ==, "lead.updated");
}

static void
test_apart(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *ada = receive(fixture, "ada@one.example", "1", NULL, HELP_NOW);
	g_autofree char *bob = receive(fixture, "bob@two.example", "2", NULL, HELP_NOW);
	g_autoptr(lead_owned) lead = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_true(store_keep_apart(fixture->store, ada, "bob@two.example", &error));
	g_assert_true(store_keep_apart(fixture->store, ada, bob, &error));
	lead = store_lead(fixture->store, bob, &error);
	g_assert_cmpuint(lead->apart->len, ==, 1);
	g_assert_cmpstr(lead->apart->pdata[0], ==, ada);
	g_assert_false(store_keep_apart(fixture->store, ada, ada, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/store-merge/" name, struct fixture, NULL, set_up, function, tear_down)
	ADD("merge", test_merge);
	ADD("chain", test_chain);
	ADD("address", test_address);
	ADD("address-merged", test_address_merged);
	ADD("refused", test_refused);
	ADD("events", test_events);
	ADD("apart", test_apart);
	return g_test_run();
}
