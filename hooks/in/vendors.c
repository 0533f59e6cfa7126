/* vendors.c - see vendors.h. */
#include "hooks/in/vendors.h"

#include <pthread.h>

#include "base/error.h"
#include "hooks/out/adapter.h"

struct vendor {
	pthread_mutex_t mutex; /* for what follows: a changed file takes their place */
	struct lua_adapter *adapter;
	struct lua_target *target;
};

struct vendors {
	const struct config *config;
	GHashTable *of; /* struct config_client * → struct vendor * */
};

static gboolean
load(const struct config *config, const struct config_client *client,
     struct lua_adapter **ret_adapter, struct lua_target **ret_target, GError **error)
{
	g_autoptr(lua_adapter_owned) adapter = adapter_load(config, client->adapter, error);
	struct lua_target *target;

	if (!adapter)
		return FALSE;
	if (!adapter->receives) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "adapter \"%s\" has no function receive", client->adapter);
		return FALSE;
	}
	target = lua_target_new(adapter, "", client->settings, error);
	if (!target)
		return FALSE;
	*ret_adapter = g_steal_pointer(&adapter);
	*ret_target = target;
	return TRUE;
}

/* --- all of a configuration --- */

static void
vendor_free(gpointer data)
{
	struct vendor *vendor = data;

	pthread_mutex_destroy(&vendor->mutex);
	lua_adapter_unref(vendor->adapter);
	lua_target_unref(vendor->target);
	g_free(vendor);
}

static gboolean
add(struct vendors *vendors, const struct config_client *client, GError **error)
{
	struct lua_adapter *adapter;
	struct lua_target *target;
	struct vendor *vendor;
	g_autoptr(GError) why = NULL;

	if (!load(vendors->config, client, &adapter, &target, &why)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d: client \"%s\": %s",
			    vendors->config->path, client->line, client->name, why->message);
		return FALSE;
	}
	vendor = g_new0(struct vendor, 1);
	pthread_mutex_init(&vendor->mutex, NULL);
	vendor->adapter = adapter;
	vendor->target = target;
	g_hash_table_insert(vendors->of, (gpointer)client, vendor);
	return TRUE;
}

struct vendors *
vendors_load(const struct config *config, GError **error)
{
	g_autoptr(vendors_owned) vendors = g_new0(struct vendors, 1);

	vendors->config = config;
	vendors->of = g_hash_table_new_full(NULL, NULL, NULL, vendor_free);
	for (guint i = 0; i < config->clients->len; i++) {
		const struct config_client *client = config->clients->pdata[i];

		if (client->adapter && !add(vendors, client, error))
			return NULL;
	}
	return g_steal_pointer(&vendors);
}

void
vendors_free(struct vendors *vendors)
{
	if (!vendors)
		return;
	g_hash_table_unref(vendors->of);
	g_free(vendors);
}

/* --- one request --- */

/* As the file is now.  What was lent stays as it is while another thread runs it. */
static gboolean
borrow(const struct vendors *vendors, const struct config_client *client,
       struct lua_adapter **ret_adapter, struct lua_target **ret_target, GError **error)
{
	struct vendor *vendor = g_hash_table_lookup(vendors->of, client);
	struct lua_adapter *adapter;
	struct lua_target *target;
	gboolean done = TRUE;

	pthread_mutex_lock(&vendor->mutex);
	if (lua_adapter_is_stale(vendor->adapter)) {
		done = load(vendors->config, client, &adapter, &target, error);
		if (done) {
			lua_adapter_unref(vendor->adapter);
			lua_target_unref(vendor->target);
			vendor->adapter = adapter;
			vendor->target = target;
		}
	}
	if (done) {
		*ret_adapter = lua_adapter_ref(vendor->adapter);
		*ret_target = lua_target_ref(vendor->target);
	}
	pthread_mutex_unlock(&vendor->mutex);
	return done;
}

enum lua_receive_result
vendors_receive(struct vendors *vendors, const struct config_client *client,
		const struct lua_inbound *request, gint64 now, char **ret_json, char **ret_reason)
{
	g_autoptr(lua_adapter_owned) adapter = NULL;
	g_autoptr(lua_target_owned) target = NULL;
	g_autoptr(GError) error = NULL;

	if (borrow(vendors, client, &adapter, &target, &error))
		return lua_receive(adapter, target->settings, request, now, ret_json, ret_reason);
	*ret_reason = g_strdup(error->message);
	return LUA_UNREADABLE;
}
