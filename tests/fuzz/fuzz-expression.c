/* fuzz-expression.c - conditions from anybody: compiling says yes or names a place, evaluating
 * ends. */
#include <stdint.h>
#include <string.h>

#include "lead/expression.h"

static void
evaluate(const struct expression *expression, const struct expression_names *names)
{
	static const struct facts facts;
	const struct signal_input input = { .facts = &facts, .now = 1 };
	struct evaluation evaluation;

	expression_begin(&evaluation, names, &input);
	expression_test(expression, &evaluation);
	g_free(expression_evidence(expression, &evaluation));
	expression_end(&evaluation);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct expression_source source = { "fuzz.conf", 1, 1 };
	g_autofree char *text = g_strndup((const char *)bytes, length);
	struct expression_names *names = expression_names_new();
	g_autoptr(GError) error = NULL;
	struct expression *expression;

	/* Files are read where the condition says: not for a fuzzer. */
	if (strstr(text, "file") == NULL) {
		expression = expression_compile(text, &source, names, &error);
		g_assert_true((expression == NULL) == (error != NULL));
		if (expression != NULL)
			evaluate(expression, names);
		expression_free(expression);
		expression_free(expression_compile_number(text, &source, names, NULL));
	}
	expression_names_free(names);
	return 0;
}
