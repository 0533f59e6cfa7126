/*
 * lua_receive.h - a vendor's own webhook in the words of the inbound hook, by an adapter in Lua.
 *
 * CRMs say what happened in words of their own and sign it each in its own way.  An adapter's
 *
 *     receive = function(request, hook) … return {outcomes = {…}, touches = {…}, …} end
 *
 * checks the request (hook.deny(reason) refuses it) and says it in the items of
 * POST /v1/touches, /v1/outcomes, /v1/customers and /v1/leads.  It runs once, in a state of its own
 * under the limits of every adapter, and reaches nothing outside.  Any thread.
 */
#ifndef LEADMILTER_LUA_RECEIVE_H
#define LEADMILTER_LUA_RECEIVE_H

#include "hooks/out/lua.h"

struct lua_inbound {
	const char *method, *path;
	const char *query; /* without "?", or NULL */
	const GPtrArray *headers; /* char *, "Name: value" each */
	const char *body; /* `length` bytes and a NUL */
	gsize length;
};

enum lua_receive_result {
	LUA_RECEIVED, /* *ret_json says what */
	LUA_REFUSED, /* not from whom it claims to be */
	LUA_UNREADABLE /* the adapter is wrong, or the request is nothing it knows */
};

/**
 * @param settings char * → char *: hook.config
 * @param now      microseconds
 * @param ret_json {"touches": [], …} as the adapter said it, unchecked; caller frees
 * @param ret_reason why not, for the log; caller frees
 */
enum lua_receive_result lua_receive(const struct lua_adapter *adapter, GHashTable *settings,
				    const struct lua_inbound *request, gint64 now, char **ret_json,
				    char **ret_reason);

#endif
