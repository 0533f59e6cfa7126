/* test-stage.c - stage transitions. */
#include "lead/stage.h"

#include <glib.h>

#define WROTE STAGE_ACT_WROTE
#define ANSWERED STAGE_ACT_ANSWERED
#define BOUNCED STAGE_ACT_BOUNCED
#define OPTED_OUT STAGE_ACT_OPTED_OUT
#define TOUCHED STAGE_ACT_TOUCHED
#define TOLD STAGE_ACT_TOLD
#define AGED STAGE_ACT_AGED

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

	{ "a touch of somebody new",
	  { .act = TOUCHED, .is_new = TRUE, .reachable = TRUE, .total = 3, .threshold = 65 },
	  STAGE_EQL,
	  "responded" },
	{ "a touch of an office",
	  { .act = TOUCHED, .is_new = TRUE, .total = 3 },
	  STAGE_INTEREST,
	  "no reachable person" },
	{ "a touch is enough",
	  { .act = TOUCHED,
	    .current = STAGE_EQL,
	    .reachable = TRUE,
	    .qualified = TRUE,
	    .total = 66,
	    .threshold = 65 },
	  STAGE_MQL,
	  "score 66 reaches 65" },
	{ "a click from a target account is no human response",
	  { .act = TOUCHED,
	    .current = STAGE_EQL,
	    .reachable = TRUE,
	    .is_target = TRUE,
	    .bant = BANT_ALL,
	    .total = 10 },
	  STAGE_EQL,
	  NULL },
	{ "a touch of an unqualified one",
	  { .act = TOUCHED, .is_new = TRUE, .reachable = TRUE, .unqualified = TRUE },
	  STAGE_NQL,
	  "not qualified" },
	{ "a touch reopens nothing",
	  { .act = TOUCHED, .current = STAGE_DISQUALIFIED, .reachable = TRUE, .qualified = TRUE },
	  STAGE_DISQUALIFIED,
	  NULL },
	{ "a touch doesn't bring back what is recycled",
	  { .act = TOUCHED, .current = STAGE_RECYCLED, .reachable = TRUE, .total = 20 },
	  STAGE_RECYCLED,
	  NULL },
	{ "unless the score is enough",
	  { .act = TOUCHED,
	    .current = STAGE_RECYCLED,
	    .reachable = TRUE,
	    .qualified = TRUE,
	    .total = 65,
	    .threshold = 65 },
	  STAGE_MQL,
	  "score 65 reaches 65" },
	{ "and there is somebody to talk to",
	  { .act = TOUCHED, .current = STAGE_RECYCLED, .qualified = TRUE },
	  STAGE_RECYCLED,
	  NULL },

	{ "won",
	  { .act = TOLD, .current = STAGE_SQL, .told = STAGE_CUSTOMER, .cause = "won (crm)" },
	  STAGE_CUSTOMER,
	  "won (crm)" },
	{ "sent back by the CRM",
	  { .act = TOLD, .current = STAGE_SQL, .told = STAGE_EQL, .cause = "stage eql (crm)" },
	  STAGE_EQL,
	  "stage eql (crm)" },
	{ "no customer any more",
	  { .act = TOLD,
	    .current = STAGE_CUSTOMER,
	    .is_customer = TRUE,
	    .told = STAGE_DISQUALIFIED,
	    .cause = "lost: left us (crm)" },
	  STAGE_DISQUALIFIED,
	  "lost: left us (crm)" },
	{ "reopened by the CRM",
	  { .act = TOLD, .current = STAGE_DISQUALIFIED, .told = STAGE_SAL, .cause = "accepted" },
	  STAGE_SAL,
	  "accepted" },
	{ "told what is so",
	  { .act = TOLD, .current = STAGE_SAL, .told = STAGE_SAL, .cause = "accepted" },
	  STAGE_SAL,
	  NULL },

	{ "nothing for long",
	  { .act = AGED, .current = STAGE_SAL, .cause = "no touch for 180 days" },
	  STAGE_RECYCLED,
	  "no touch for 180 days" },
	{ "what was never handed to sales isn't handed back",
	  { .act = AGED, .current = STAGE_EQL, .cause = "no touch" },
	  STAGE_EQL,
	  NULL },
	{ "a customer doesn't age",
	  { .act = AGED, .current = STAGE_CUSTOMER, .cause = "no touch" },
	  STAGE_CUSTOMER,
	  NULL },
	{ "nor what is closed",
	  { .act = AGED, .current = STAGE_DISQUALIFIED, .cause = "no touch" },
	  STAGE_DISQUALIFIED,
	  NULL },
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

static struct stage_input
any_input(enum stage_act act, enum stage current, guint bits)
{
	return (struct stage_input){
		.act = act,
		.current = current,
		.has_written = bits & 1,
		.is_customer = bits >> 1 & 1,
		.reachable = bits >> 2 & 1,
		.unqualified = bits >> 3 & 1,
		.qualified = bits >> 4 & 1,
		.bant = bits >> 5 & 1 ? BANT_ALL : 0,
		.is_target = bits >> 6 & 1,
		.told = (enum stage)(bits >> 7 & 7),
		.cause = "why",
	};
}

/* Nothing but an opt-out, a bounce, the CRM's word or (to recycled only) age goes back. */
static void
check_direction(const struct stage_input *input, const struct stage_result *got)
{
	gboolean closed = stage_is_closed(input->current);

	g_assert_cmpint(got->changed, ==, got->cause != NULL);
	g_assert_cmpint(got->changed, ==, got->stage != input->current);
	if (!got->changed || input->act == STAGE_ACT_TOLD)
		return;
	if (got->stage == STAGE_DISQUALIFIED)
		g_assert_true(input->act == STAGE_ACT_BOUNCED || input->act == STAGE_ACT_OPTED_OUT);
	else if (got->stage == STAGE_RECYCLED)
		g_assert_cmpint(input->act, ==, STAGE_ACT_AGED);
	else if (!closed)
		g_assert_cmpint(got->stage, >, input->current);
	else
		g_assert_true(got->reopened &&
			      (input->act == STAGE_ACT_WROTE || input->act == STAGE_ACT_TOUCHED));
}

static void
test_only_forward(void)
{
	for (guint act = 0; act <= STAGE_ACT_AGED; act++) {
		for (guint current = 0; current < STAGE_COUNT; current++) {
			for (guint bits = 0; bits < 1024; bits++) {
				struct stage_input input =
					any_input((enum stage_act)act, (enum stage)current, bits);
				struct stage_result got;

				stage_decide(&input, &got);
				check_direction(&input, &got);
				g_free(got.cause);
			}
		}
	}
}

/* Long stories: whoever is in the funnel leaves it, or falls back, only by those who may. */
static void
test_random_stories(void)
{
	for (guint story = 0; story < 2000; story++) {
		enum stage stage = STAGE_INTEREST;

		for (guint step = 0; step < 40; step++) {
			struct stage_input input = any_input(
				(enum stage_act)g_test_rand_int_range(0, STAGE_ACT_AGED + 1), stage,
				(guint)g_test_rand_int_range(0, 1024));
			struct stage_result got;

			stage_decide(&input, &got);
			check_direction(&input, &got);
			stage = got.stage;
			g_free(got.cause);
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
	g_test_add_func("/stage/random-stories", test_random_stories);
	g_test_add_func("/stage/qualified", test_qualified);
	return g_test_run();
}
