/*
 * lua_private.h - what the files of the Lua engine share.
 *
 * An error in Lua leaves C functions by longjmp.  So a C function called from Lua owns
 * nothing across a call that may raise: what it makes hangs on the run, which frees it at its next
 * step.
 */
#ifndef LEADMILTER_LUA_PRIVATE_H
#define LEADMILTER_LUA_PRIVATE_H

#include <cJSON.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "hooks/out/lua.h"

struct lua_chunk {
	char *name; /* "odoo", "lib" */
	char *path;
	gint64 changed; /* its file's time and size, as one saw them */
	gint64 size;
	GByteArray *code;
};

/* What a state may use, and has used. */
struct lua_budget {
	gsize memory, most_memory;
	gsize json; /* made of Lua's values, all together */
	guint64 instructions;
	gboolean unlimited; /* while C prepares a state */
	const char *exceeded; /* what ran out, NULL nothing */
};

struct lua_session {
	char *value; /* JSON, NULL not logged in */
	gint64 expires; /* 0 never */
	guint generation; /* counts logins */
	const struct lua_run *by; /* who is logging in */
	char *denied; /* why credentials were refused, or NULL */
};

enum lua_signal { SIGNAL_NONE, SIGNAL_RETRY, SIGNAL_HOLD, SIGNAL_REAUTH, SIGNAL_DENIED };

struct lua_run {
	struct lua_budget budget; /* first: the allocator's */
	struct lua_adapter *adapter;
	struct lua_target *target;
	struct journal *journal;
	struct lua_session *session;
	char *event_id, *event_body;
	guint attempts;
	gint64 now;

	lua_State *state, *thread; /* thread: NULL before the first step */
	gboolean logging_in, reauthed;
	guint used_generation; /* of the session's login, 0 none */
	guint requests;
	const char *method; /* of the last one; the state's */

	/* why deliver() was left by an error of ours */
	enum lua_signal signal;
	double signal_after; /* seconds, 0 none */

	struct lua_step step;
	/* what the step points at */
	char *url, *reason, *id, *excerpt;
	GPtrArray *headers;
	GString *body;
	GPtrArray *saves;
	cJSON *json; /* in the making */
	char *scratch; /* text in the making */
	const struct lua_response *response; /* while a step runs */
};

/* lua_adapter.c */

/** Run an adapter's file and push the table it returns.  May raise. */
void lua_adapter_push(lua_State *state, const struct lua_adapter *adapter);

/* lua_sandbox.c */

/** A state with what is safe of Lua's libraries. @param budget stays; NULL when memory is out */
lua_State *lua_sandbox_new(struct lua_budget *budget);
/** The budget of a state. */
struct lua_budget *lua_sandbox_budget(lua_State *state);

/* lua_value.c */

/** Push what a JSON text says; pushes nil and returns FALSE when it is none.  Integers a double
 *  can't hold become strings.  May raise. */
gboolean lua_value_parse(lua_State *state, const char *text, gsize length, cJSON **room);
/** The value at `index` as JSON, in *room.  Raises for what JSON can't say. */
void lua_value_read(lua_State *state, int index, cJSON **room);
/** Make the table at the top an array, whatever is in it. */
void lua_value_mark_array(lua_State *state);
/** JSON text with every integer of more than 15 digits in quotes.  Caller frees. */
char *lua_value_quote_integers(const char *text, gsize length);

/* lua_crm.c */

/** Push the table `crm` of a run.  May raise. */
void lua_crm_push(lua_State *state, struct lua_run *run);
/** The run of a function of `crm`: its first upvalue. */
struct lua_run *lua_crm_run(lua_State *state);
/** Hang a text on the run, in place of what was there.  @param value is taken */
void lua_crm_keep(char **place, char *value);
/** Leave deliver() for a reason; doesn't return. */
int lua_crm_raise(lua_State *state, struct lua_run *run, enum lua_signal signal, double after);

/* lua_request.c */

/** crm:get(path, options), crm:post(path, body, options); upvalues: run, method, takes a body */
int lua_request(lua_State *state);

#endif
