/* lua.c - see lua.h: targets, sessions, and the steps of a run. */
#include "hooks/out/lua.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "hooks/out/lua_private.h"

/* --- targets --- */

/* "stage.*" among the options takes stage.mql and its like. */
static gboolean
is_known(const struct lua_adapter *adapter, const char *name)
{
	for (guint i = 0; i < adapter->needs->len; i++)
		if (strcmp(adapter->needs->pdata[i], name) == 0)
			return TRUE;
	for (guint i = 0; i < adapter->options->len; i++) {
		const struct lua_setting *option = adapter->options->pdata[i];
		gsize length = strlen(option->name);

		if (strcmp(option->name, name) == 0)
			return TRUE;
		if (length > 2 && g_str_has_suffix(option->name, ".*") &&
		    strncmp(option->name, name, length - 1) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
add_setting(struct lua_target *target, const struct lua_adapter *adapter, const char *text,
	    GError **error)
{
	const char *equals = strchr(text, '=');
	g_autofree char *name = g_strndup(text, equals != NULL ? (gsize)(equals - text) : 0);

	g_strstrip(name);
	if (equals == NULL || !is_known(adapter, name)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    equals != NULL ? "adapter \"%s\" has no setting \"%s\""
					   : "adapter \"%s\": a setting is \"name=value\"%s",
			    adapter->name, name);
		return FALSE;
	}
	g_hash_table_replace(target->settings, g_steal_pointer(&name),
			     g_strstrip(g_strdup(equals + 1)));
	return TRUE;
}

static gboolean
add_settings(struct lua_target *target, const struct lua_adapter *adapter,
	     const GPtrArray *settings, GError **error)
{
	for (guint i = 0; i < adapter->options->len; i++) {
		const struct lua_setting *option = adapter->options->pdata[i];

		if (!g_str_has_suffix(option->name, ".*"))
			g_hash_table_replace(target->settings, g_strdup(option->name),
					     g_strdup(option->value));
	}
	for (guint i = 0; settings != NULL && i < settings->len; i++)
		if (!add_setting(target, adapter, settings->pdata[i], error))
			return FALSE;
	for (guint i = 0; i < adapter->needs->len; i++) {
		const char *name = adapter->needs->pdata[i];
		const char *value = g_hash_table_lookup(target->settings, name);

		if (value == NULL || *value == '\0') {
			g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "adapter \"%s\" needs the setting \"%s\"", adapter->name, name);
			return FALSE;
		}
	}
	return TRUE;
}

struct lua_target *
lua_target_new(const struct lua_adapter *adapter, const char *url, const GPtrArray *settings,
	       GError **error)
{
	struct lua_target *target = g_new0(struct lua_target, 1);
	gsize length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	target->references = 1;
	target->url = g_strndup(url, length);
	target->settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (add_settings(target, adapter, settings, error))
		return target;
	lua_target_unref(target);
	return NULL;
}

struct lua_target *
lua_target_ref(struct lua_target *target)
{
	g_atomic_int_inc(&target->references);
	return target;
}

void
lua_target_unref(struct lua_target *target)
{
	if (target == NULL || !g_atomic_int_dec_and_test(&target->references))
		return;
	g_free(target->url);
	g_hash_table_unref(target->settings);
	g_free(target);
}

/* --- sessions --- */

struct lua_session *
lua_session_new(void)
{
	return g_new0(struct lua_session, 1);
}

void
lua_session_forget(struct lua_session *session)
{
	g_clear_pointer(&session->value, g_free);
	g_clear_pointer(&session->denied, g_free);
	session->expires = 0;
}

void
lua_session_allow(struct lua_session *session)
{
	g_clear_pointer(&session->denied, g_free);
}

void
lua_session_free(struct lua_session *session)
{
	if (session == NULL)
		return;
	lua_session_forget(session);
	g_free(session);
}

/* --- runs --- */

struct lua_run *
lua_run_new(struct lua_adapter *adapter, struct lua_target *target, const struct lua_event *event,
	    struct journal *journal, struct lua_session *session)
{
	struct lua_run *run = g_new0(struct lua_run, 1);

	run->adapter = lua_adapter_ref(adapter);
	run->target = lua_target_ref(target);
	run->journal = journal;
	run->session = session;
	run->event_id = g_strdup(event->id);
	run->event_body = g_strdup(event->body);
	run->attempts = event->attempts;
	run->now = event->now;
	run->headers = g_ptr_array_new_with_free_func(g_free);
	run->body = g_string_new(NULL);
	return run;
}

static void
close_state(struct lua_run *run)
{
	if (run->state != NULL)
		lua_close(run->state);
	run->state = run->thread = NULL;
	g_clear_pointer(&run->json, cJSON_Delete);
	g_clear_pointer(&run->scratch, g_free);
	if (run->session->by == run)
		run->session->by = NULL;
	run->logging_in = FALSE;
}

void
lua_run_free(struct lua_run *run)
{
	if (run == NULL)
		return;
	close_state(run);
	lua_adapter_unref(run->adapter);
	lua_target_unref(run->target);
	g_free(run->event_id);
	g_free(run->event_body);
	g_free(run->url);
	g_free(run->reason);
	g_free(run->id);
	g_free(run->excerpt);
	g_ptr_array_unref(run->headers);
	g_string_free(run->body, TRUE);
	g_clear_pointer(&run->saves, g_ptr_array_unref);
	g_free(run);
}

/* Leave deliver, the event and crm on the thread's stack. */
static int
set_up(lua_State *state)
{
	struct lua_run *run = lua_touserdata(state, 1);

	run->thread = lua_newthread(state);
	lua_setfield(state, LUA_REGISTRYINDEX, "leadmilter.thread");
	lua_adapter_push(state, run->adapter);
	lua_getfield(state, -1, "deliver");
	if (!lua_value_parse(state, run->event_body, strlen(run->event_body), &run->json))
		return luaL_error(state, "the event is no JSON");
	lua_pushstring(state, run->event_id);
	lua_setfield(state, -2, "id");
	lua_crm_push(state, run);
	lua_xmove(state, run->thread, 3);
	return 0;
}

static int
start(struct lua_run *run)
{
	memset(&run->budget, 0, sizeof run->budget);
	run->signal = SIGNAL_NONE;
	run->state = lua_sandbox_new(&run->budget);
	if (run->state == NULL)
		return LUA_ERRMEM;
	lua_pushcfunction(run->state, set_up);
	lua_pushlightuserdata(run->state, run);
	return lua_pcall(run->state, 1, 0, 0);
}

static void
set_reason(struct lua_run *run, char *reason)
{
	g_free(run->reason);
	run->reason = reason;
}

/* deliver() came to its end. */
static void
end_well(struct lua_run *run)
{
	run->step.kind = LUA_DONE;
	if (!lua_istable(run->thread, -1))
		return;
	lua_pushliteral(run->thread, "id");
	lua_rawget(run->thread, -2);
	g_free(run->id);
	run->id = lua_isstring(run->thread, -1) ? g_strdup(lua_tostring(run->thread, -1)) : NULL;
}

/* The adapter is wrong. */
static void
end_badly(struct lua_run *run, lua_State *where)
{
	const char *what = where != NULL && lua_type(where, -1) == LUA_TSTRING
				   ? lua_tostring(where, -1)
				   : "raises an error that is no text";
	const char *exceeded = run->budget.exceeded;

	run->step.kind = exceeded != NULL ? LUA_EXHAUSTED : LUA_FAILED;
	run->step.status = 0;
	if (exceeded != NULL && strcmp(exceeded, "memory") == 0)
		set_reason(run, g_strdup_printf("%s.lua: needs more than %d MiB of memory",
						run->adapter->name, LIMIT_ADAPTER_MEMORY >> 20));
	else
		set_reason(run, g_utf8_make_valid(what, -1));
}

static void
end_denied(struct lua_run *run)
{
	run->step.kind = LUA_DENIED;
	run->step.is_final = run->signal == SIGNAL_DENIED || run->reauthed;
	g_free(run->session->denied);
	run->session->denied = g_strdup(run->reason ? run->reason : "refused");
}

/* @return TRUE when the run is to start again, with a new login */
static gboolean
begin_again(struct lua_run *run)
{
	struct lua_session *session = run->session;

	if (run->reauthed || run->used_generation == 0)
		return FALSE;
	if (session->generation == run->used_generation)
		g_clear_pointer(&session->value, g_free);
	run->reauthed = TRUE;
	run->used_generation = 0;
	return TRUE;
}

static gint64
later_of(const struct lua_run *run)
{
	double seconds = CLAMP(run->signal_after, 0.0, (double)LIMIT_ADAPTER_WAIT);

	return MAX(run->step.after, seconds > 0 ? run->now + (gint64)(seconds * 1e6) : 0);
}

/* deliver() was left by lua_crm_raise(). @return TRUE to start again */
static gboolean
end_by_signal(struct lua_run *run)
{
	switch (run->signal) {
	case SIGNAL_RETRY:
		run->step.kind = LUA_RETRY;
		run->step.after = later_of(run);
		return FALSE;
	case SIGNAL_HOLD:
		run->step.kind = LUA_HOLD;
		return FALSE;
	case SIGNAL_REAUTH:
		if (begin_again(run))
			return TRUE;
		/* fall through */
	default:
		end_denied(run);
		return FALSE;
	}
}

/* @return TRUE to go on at once */
static gboolean
advance(struct lua_run *run)
{
	int results, arguments = run->state == NULL ? 2 : 0;
	int status = run->state == NULL ? start(run) : LUA_OK;
	gboolean again = FALSE;

	if (status == LUA_OK) {
		status = lua_resume(run->thread, NULL, arguments, &results);
		if (status == LUA_YIELD) {
			lua_pop(run->thread, results);
			return FALSE;
		}
		if (status == LUA_OK)
			end_well(run);
		else if (run->signal != SIGNAL_NONE && run->budget.exceeded == NULL)
			again = end_by_signal(run);
		else
			end_badly(run, run->thread);
	} else {
		end_badly(run, run->state);
	}
	close_state(run);
	return again;
}

static void
tell(struct lua_run *run)
{
	struct lua_step *step = &run->step;

	if (journal_has_news(run->journal))
		run->saves = journal_take_news(run->journal);
	step->saves = run->saves;
	if (step->kind < LUA_DONE)
		return;
	step->id = run->id;
	step->reason = step->kind == LUA_DONE ? NULL : run->reason;
	step->response = step->kind == LUA_DONE ? NULL : run->excerpt;
}

const struct lua_step *
lua_run_next(struct lua_run *run, const struct lua_response *response, gint64 now)
{
	static const struct lua_response none = { .error = "no answer" };

	memset(&run->step, 0, sizeof run->step);
	g_clear_pointer(&run->saves, g_ptr_array_unref);
	run->response = response != NULL ? response : &none;
	run->now = now;
	while (advance(run))
		run->response = &none;
	run->response = NULL;
	tell(run);
	return &run->step;
}
