/*
 * adapter.h - where adapters are found.
 *
 * An adapter NAME is the file NAME.lua in the user's own directory (adapter_directory), or else
 * in the installed one.  Any thread.
 */
#ifndef LEADMILTER_ADAPTER_H
#define LEADMILTER_ADAPTER_H

#include "base/config.h"
#include "hooks/out/lua.h"

/** The directories, the user's own first. @return char *, caller unrefs */
GPtrArray *adapter_directories(const struct config *config);
/** Paths of all adapters found, one a name, sorted by name. @return char *, caller unrefs */
GPtrArray *adapter_paths(const struct config *config);
/** @return NULL with ERROR_NOT_FOUND or, of a file that is wrong, ERROR_CONFIG */
struct lua_adapter *adapter_load(const struct config *config, const char *name, GError **error);

#endif
