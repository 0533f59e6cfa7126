/*
 * vendors.h - the adapters of a configuration's clients, for vendors' own webhooks.
 *
 * Each is compiled when the configuration is loaded, and again when its file has changed since; so
 * a request costs a run in a fresh state (lua_receive.h), not a compilation.  Any thread.
 */
#ifndef LEADMILTER_VENDORS_H
#define LEADMILTER_VENDORS_H

#include "hooks/out/lua_receive.h"

struct vendors;

/** @param config outlives it
 *  @return NULL with ERROR_CONFIG "file:line: client NAME: …" when an adapter can't be used */
struct vendors *vendors_load(const struct config *config, GError **error);
void vendors_free(struct vendors *vendors);
typedef struct vendors vendors_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vendors_owned, vendors_free)

/** What the adapter of a client says of a request.
 *  @param client of that configuration, one with an adapter
 *  @return as of lua_receive(); LUA_UNREADABLE too when its changed file can't be used */
enum lua_receive_result vendors_receive(struct vendors *vendors, const struct config_client *client,
					const struct lua_inbound *request, gint64 now,
					char **ret_json, char **ret_reason);

#endif
