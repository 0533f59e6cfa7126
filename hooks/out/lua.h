/*
 * lua.h - CRM adapters in Lua 5.4 as step machines: no network, no disk and no clock in here.
 *
 * An adapter is a Lua file that returns {name, needs, options, deliver = function(event, crm)}.
 * lua_run_next() runs `deliver` until it needs something from outside: an HTTP exchange, something
 * put on disk, another event's login.  The host does that and calls again with the answer, until
 * the step says what became of the event.  leadmilter-adapters(7) is the adapter's side of it.
 *
 * Every run has a Lua state of its own, made from code compiled when the adapter was loaded: no
 * event sees another's data, and what an adapter breaks is gone with its run.  A state has no io,
 * os, package, debug, load, coroutine or pcall; memory, instructions, the cost of patterns, the
 * number of requests and where they go are bounded (limits.h).  A run is for one thread at a
 * time, adapters and targets for any.  liblua is known to lua*.c only.
 */
#ifndef LEADMILTER_LUA_H
#define LEADMILTER_LUA_H

#include "hooks/out/journal.h"

/* --- the file --- */

struct lua_setting {
	char *name, *value;
};

struct lua_adapter {
	int references; /* atomic */
	char *name, *path;
	char *title; /* what it talks to, or NULL */
	char *tested; /* "a real system", "its documentation", or NULL */
	gboolean delivers; /* it has a function `deliver`: lua_run_new() */
	gboolean receives; /* it has a function `receive`: lua_receive() */
	GPtrArray *needs; /* char *: settings that must be given */
	GPtrArray *options; /* struct lua_setting *: settings with what stands for them */
	GPtrArray *chunks; /* the code: its own, then what it requires */
};

/**
 * Read and compile an adapter and what it requires.
 * @param directories char *, where `require` looks after the adapter's own directory; NULL none
 * @return NULL with ERROR_CONFIG "file:line: what is wrong"
 */
struct lua_adapter *lua_adapter_load(const char *path, const GPtrArray *directories,
				     GError **error);
struct lua_adapter *lua_adapter_ref(struct lua_adapter *adapter);
void lua_adapter_unref(struct lua_adapter *adapter);
typedef struct lua_adapter lua_adapter_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lua_adapter_owned, lua_adapter_unref)

/** Whether a file it was made of is newer or gone. */
gboolean lua_adapter_is_stale(const struct lua_adapter *adapter);

/* --- where it delivers to --- */

struct lua_target {
	int references; /* atomic */
	char *url; /* without "/" at its end */
	GHashTable *settings; /* char * → char *, the options' defaults included */
};

/** @param settings "name=value" each. @return NULL with ERROR_CONFIG naming what is missing */
struct lua_target *lua_target_new(const struct lua_adapter *adapter, const char *url,
				  const GPtrArray *settings, GError **error);
struct lua_target *lua_target_ref(struct lua_target *target);
void lua_target_unref(struct lua_target *target);
typedef struct lua_target lua_target_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lua_target_owned, lua_target_unref)

/* What the runs for one endpoint share: the result of logging in.  One logs in, the others wait
 * for it; refused credentials are refused to all until the host forgets it.  The host's
 * thread. */
struct lua_session;
struct lua_session *lua_session_new(void);
void lua_session_free(struct lua_session *session);
void lua_session_forget(struct lua_session *session);
/** Credentials that were refused may be tried again; a login that is good stays. */
void lua_session_allow(struct lua_session *session);

/* --- an event's run --- */

enum lua_step_kind {
	LUA_REQUEST, /* send `request`, come back with its answer */
	LUA_SAVE, /* put `saves` on disk, come back without one */
	LUA_WAIT, /* come back without an answer when another run has made a step */
	/* the end: */
	LUA_DONE, /* it is there, as `id` */
	LUA_RETRY, /* not now: the endpoint can't take it before `after` */
	LUA_HOLD, /* the endpoint refuses this event */
	LUA_DENIED, /* the endpoint refuses our credentials, a new login included */
	LUA_FAILED, /* the adapter is wrong; `reason` says where */
	LUA_EXHAUSTED /* the same, stopped for what it used */
};

struct lua_request {
	const char *method, *url;
	const GPtrArray *headers; /* char *, "Name: value" */
	const char *body; /* or NULL */
	gsize length;
};

struct lua_response {
	long status; /* 0: none came */
	const GPtrArray *headers; /* char *, "Name: value", or NULL */
	const char *body;
	gsize length;
	gint64 retry_after; /* time not to ask before, 0 none */
	const char *error; /* why there is none */
};

/* All of it belongs to the run and stays until its next step. */
struct lua_step {
	enum lua_step_kind kind;
	struct lua_request request;
	const GPtrArray *saves; /* struct journal_entry *: to be on disk before anything else is
				   done, whatever the kind; NULL nothing */
	const char *id; /* or NULL */
	const char *reason;
	gint64 after; /* time, 0 no matter */
	long status; /* that led to the end, 0 none */
	gboolean is_final; /* DENIED: of a login, or right after one: don't ask again */
	const char *response; /* excerpt of the answer that led to it, or NULL */
};

struct lua_event {
	const char *id; /* the event's */
	const char *body; /* {type, timestamp, data} */
	guint attempts; /* made, this one included */
	gint64 now;
};

struct lua_run;
/** @param journal, @param session outlive the run */
struct lua_run *lua_run_new(struct lua_adapter *adapter, struct lua_target *target,
			    const struct lua_event *event, struct journal *journal,
			    struct lua_session *session);
void lua_run_free(struct lua_run *run);
typedef struct lua_run lua_run_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lua_run_owned, lua_run_free)

/** @param response the answer when the last step was a REQUEST, else NULL; not kept */
const struct lua_step *lua_run_next(struct lua_run *run, const struct lua_response *response,
				    gint64 now);

#endif
