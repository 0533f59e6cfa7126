/* test-stage.c - stage transitions. */
#include "lead/stage.h"

#include <glib.h>

#define WROTE STAGE_ACT_WROTE
#define ANSWERED STAGE_ACT_ANSWERED
#define BOUNCED STAGE_ACT_BOUNCED
#define OPTED_OUT STAGE_ACT_OPTED_OUT

struct transition {
	const char *label;
	struct stage_input input;
	enum stage want;
	const char *cause; /* NULL: nothing changed */
};

static const struct transition TRANSITIONS[] = {
	{ "a first mail",
	  { .act = WROTE, .is_new = TRUE, .reachable = TRUE, .total = 20, .threshold = 65 },
	  STAGE_EQL,
	  "wrote" },
	{ "a first mail of an office",
	  { .act = WROTE, .is_new = TRUE, .total = 20, .threshold = 65 },
	  STAGE_INTEREST,
	  "no reachable person" },
	{ "the office gets a name",
	  { .act = WROTE, .current = STAGE_INTEREST, .reachable = TRUE },
	  STAGE_EQL,
	  "wrote" },
	{ "penalties outweigh",
	  { .act = WROTE, .is_new = TRUE, .reachable = TRUE, .total = -5, .threshold = 65 },
	  STAGE_NQL,
	  "score below zero" },
	{ "unproven or a vendor",
	  { .act = WROTE,
	    .is_new = TRUE,
	    .reachable = TRUE,
	    .unqualified = TRUE,
	    .is_target = TRUE,
	    .bant = BANT_ALL,
	    .qualified = TRUE },
	  STAGE_NQL,
	  "not qualified" },
	{ "the threshold is reached",
	  { .act = WROTE,
	    .is_new = TRUE,
	    .reachable = TRUE,
	    .qualified = TRUE,
	    .total = 65,
	    .threshold = 65 },
	  STAGE_MQL,
	  "score 65 reaches 65" },
	{ "a known lead reaches it",
	  { .act = WROTE,
	    .current = STAGE_EQL,
	    .reachable = TRUE,
	    .qualified = TRUE,
	    .total = 70.5,
	    .threshold = 65 },
	  STAGE_MQL,
	  "score 70.5 reaches 65" },
	{ "a target account, whatever the points",
	  { .act = WROTE, .is_new = TRUE, .reachable = TRUE, .is_target = TRUE, .total = 1 },
	  STAGE_MQL,
	  "target account" },
	{ "any human response of a target account",
	  { .act = WROTE, .is_new = TRUE, .is_target = TRUE },
	  STAGE_MQL,
	  "target account" },
	{ "three of four are not BANT",
	  { .act = WROTE, .is_new = TRUE, .reachable = TRUE, .bant = BANT_ALL & ~BANT_NEED },
	  STAGE_EQL,
	  "wrote" },
	{ "all of BANT",
	  { .act = WROTE, .current = STAGE_MQL, .reachable = TRUE, .bant = BANT_ALL },
	  STAGE_SQL,
	  "budget, authority, need and timeline known" },
	{ "an imported customer",
	  { .act = WROTE, .is_new = TRUE, .reachable = TRUE, .is_customer = TRUE },
	  STAGE_CUSTOMER,
	  "known customer" },
	{ "a lead that became a customer",
	  { .act = WROTE, .current = STAGE_SAL, .is_customer = TRUE },
	  STAGE_CUSTOMER,
	  "known customer" },
	{ "no way back by points",
	  { .act = WROTE, .current = STAGE_MQL, .reachable = TRUE, .total = 3 },
	  STAGE_MQL,
	  NULL },
	{ "no way back to interest", { .act = WROTE, .current = STAGE_EQL }, STAGE_EQL, NULL },
	{ "a customer stays one",
	  { .act = WROTE, .current = STAGE_CUSTOMER, .reachable = TRUE },
	  STAGE_CUSTOMER,
	  NULL },

	{ "answered",
	  { .act = ANSWERED, .current = STAGE_MQL, .has_written = TRUE },
	  STAGE_SAL,
	  "answered" },
	{ "answered below the threshold",
	  { .act = ANSWERED, .current = STAGE_EQL, .has_written = TRUE },
	  STAGE_SAL,
	  "answered" },
	{ "an office answered is still no lead",
	  { .act = ANSWERED, .current = STAGE_INTEREST, .has_written = TRUE },
	  STAGE_INTEREST,
	  NULL },
	{ "we wrote first", { .act = ANSWERED, .current = STAGE_EQL }, STAGE_EQL, NULL },
	{ "answered again",
	  { .act = ANSWERED, .current = STAGE_SQL, .has_written = TRUE },
	  STAGE_SQL,
	  NULL },
	{ "our answer reopens nothing",
	  { .act = ANSWERED, .current = STAGE_DISQUALIFIED, .has_written = TRUE },
	  STAGE_DISQUALIFIED,
	  NULL },
	{ "nor what is recycled",
	  { .act = ANSWERED, .current = STAGE_RECYCLED, .has_written = TRUE },
	  STAGE_RECYCLED,
	  NULL },

	{ "hard bounce",
	  { .act = BOUNCED, .current = STAGE_SAL },
	  STAGE_DISQUALIFIED,
	  "hard bounce" },
	{ "hard bounce of a customer",
	  { .act = BOUNCED, .current = STAGE_CUSTOMER },
	  STAGE_CUSTOMER,
	  NULL },
	{ "opt-out", { .act = OPTED_OUT, .current = STAGE_MQL }, STAGE_DISQUALIFIED, "opt-out" },
	{ "opt-out at first sight",
	  { .act = OPTED_OUT, .is_new = TRUE },
	  STAGE_DISQUALIFIED,
	  "opt-out" },
	{ "opt-out of a customer",
	  { .act = OPTED_OUT, .current = STAGE_CUSTOMER },
	  STAGE_CUSTOMER,
	  NULL },
	{ "opt-out twice",
	  { .act = OPTED_OUT, .current = STAGE_DISQUALIFIED },
	  STAGE_DISQUALIFIED,
	  NULL },
	{ "opt-out of a recycled lead",
	  { .act = OPTED_OUT, .current = STAGE_RECYCLED },
	  STAGE_DISQUALIFIED,
	  "opt-out" },

	{ "disqualified writes again",
	  { .act = WROTE, .current = STAGE_DISQUALIFIED, .reachable = TRUE },
	  STAGE_EQL,
	  "wrote" },
	{ "recycled writes again, with enough points",
	  { .act = WROTE,
	    .current = STAGE_RECYCLED,
	    .reachable = TRUE,
	    .qualified = TRUE,
	    .total = 80,
	    .threshold = 65 },
	  STAGE_MQL,
	  "score 80 reaches 65" },
};

static void
test_transitions(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(TRANSITIONS); i++) {
		const struct transition *t = &TRANSITIONS[i];
		struct stage_result got;

		g_test_message("%s", t->label);
		stage_decide(&t->input, &got);
		g_assert_cmpstr(stage_name(got.stage), ==, stage_name(t->want));
		g_assert_cmpstr(got.cause, ==, t->cause);
		g_assert_cmpint(got.changed, ==, t->cause != NULL);
		g_assert_cmpint(got.reopened, ==,
				t->cause != NULL && t->input.current >= STAGE_DISQUALIFIED &&
					t->want < STAGE_DISQUALIFIED);
		g_free(got.cause);
	}
}

/* Whatever is put in, nothing but an opt-out or a bounce goes back. */
static void
test_only_forward(void)
{
	for (guint act = 0; act <= STAGE_ACT_OPTED_OUT; act++) {
		for (guint current = 0; current <= STAGE_CUSTOMER; current++) {
			for (guint bits = 0; bits < 64; bits++) {
				const struct stage_input input = {
					.act = (enum stage_act)act,
					.current = (enum stage)current,
					.has_written = bits & 1,
					.is_customer = bits >> 1 & 1,
					.reachable = bits >> 2 & 1,
					.unqualified = bits >> 3 & 1,
					.qualified = bits >> 4 & 1,
					.bant = bits >> 5 & 1 ? BANT_ALL : 0,
				};
				struct stage_result got;

				stage_decide(&input, &got);
				g_free(got.cause);
				if (got.stage != STAGE_DISQUALIFIED)
					g_assert_cmpint(got.stage, >=, current);
				else
					g_assert_cmpint(act, >=, STAGE_ACT_BOUNCED);
				g_assert_false(got.reopened);
			}
		}
	}
}

static void
test_qualified(void)
{
	static const gboolean WANT[STAGE_COUNT] = {
		[STAGE_MQL] = TRUE, [STAGE_SAL] = TRUE, [STAGE_SQL] = TRUE, [STAGE_CUSTOMER] = TRUE
	};

	for (guint i = 0; i < STAGE_COUNT; i++)
		g_assert_cmpint(stage_is_qualified((enum stage)i), ==, WANT[i]);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stage/transitions", test_transitions);
	g_test_add_func("/stage/only-forward", test_only_forward);
	g_test_add_func("/stage/qualified", test_qualified);
	return g_test_run();
}
