/* figures.c - see figures.h. */
#include "hooks/out/figures.h"

#include "store/store.h"

struct figures *
figures_new(const char *endpoint)
{
	struct figures *figures = g_new0(struct figures, 1);

	figures->endpoint = g_strdup(endpoint);
	figures->latency.scale = HISTOGRAM_DAYS;
	return figures;
}

void
figures_free(struct figures *figures)
{
	g_free(figures->endpoint);
	g_free(figures);
}

static const struct {
	const char *name;
} RESULTS[] = {
	[RESULT_DELIVERED] = { "delivered" },       [RESULT_POSTPONED] = { "postponed" },
	[RESULT_UNREACHABLE] = { "unreachable" },   [RESULT_THROTTLED] = { "throttled" },
	[RESULT_UNAUTHORISED] = { "unauthorised" }, [RESULT_CLIENT_ERROR] = { "client_error" },
	[RESULT_SERVER_ERROR] = { "server_error" }, [RESULT_ADAPTER_ERROR] = { "adapter_error" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(RESULTS) == RESULT_COUNT);

const char *
figures_result_name(enum figures_result result)
{
	return RESULTS[result].name;
}

static enum figures_result
result_of_failure(enum verdict verdict, const struct lane_answer *answer)
{
	if (answer->unreachable || (verdict == VERDICT_BY_STATUS && !answer->status))
		return RESULT_UNREACHABLE;
	if (verdict == VERDICT_REFUSED || answer->status == 401)
		return RESULT_UNAUTHORISED;
	if (answer->status == 429)
		return RESULT_THROTTLED;
	if (answer->status >= 500)
		return RESULT_SERVER_ERROR;
	return answer->status >= 300 ? RESULT_CLIENT_ERROR : RESULT_ADAPTER_ERROR;
}

enum figures_result
figures_result_of(const struct lane_answer *answer, guint place)
{
	enum verdict verdict =
		answer->each && place < answer->each->len
			? g_array_index(answer->each, struct lane_single, place).verdict
			: answer->verdict;

	if (verdict == VERDICT_LATER)
		return RESULT_POSTPONED;
	if (verdict == VERDICT_DELIVERED ||
	    (verdict == VERDICT_BY_STATUS && answer->status / 100 == 2))
		return RESULT_DELIVERED;
	return result_of_failure(verdict, answer);
}

void
figures_count(struct figures *figures, const GPtrArray *deliveries,
	      const struct lane_answer *answer, gint64 took, gint64 now)
{
	histogram_add(&figures->attempt, took);
	for (guint i = 0; i < deliveries->len; i++) {
		const struct delivery *delivery = g_ptr_array_index(deliveries, i);
		enum figures_result result = figures_result_of(answer, i);

		g_atomic_pointer_add(&figures->results[result], 1);
		if (result == RESULT_DELIVERED)
			histogram_add(&figures->latency, now - delivery->time);
	}
}
