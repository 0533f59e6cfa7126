/* courier.c - see courier.h. */
#include "hooks/out/courier.h"
#include "hooks/out/crm.h"
#include "hooks/out/notify.h"
#include "hooks/out/webhook.h"

/* The last one takes every endpoint. */
static const struct courier_kind *const kinds[] = { &notify_courier, &crm_courier,
						    &webhook_courier };

struct courier {
	guint references;
	const struct courier_kind *kind;
	struct config *config;
	struct http_transport transport;
	struct courier_context context;
	gpointer self;
};

const struct courier_kind *
courier_kind_of(const struct config_endpoint *endpoint)
{
	guint i = 0;
	while (i + 1 < G_N_ELEMENTS(kinds) && !kinds[i]->takes(endpoint))
		i++;
	return kinds[i];
}

void
courier_set_transport(struct http_transport *transport, const struct config_endpoint *endpoint,
		      struct rate *rate)
{
	*transport = (struct http_transport){
		.ca_file = endpoint->ca_file,
		.client_cert = endpoint->client_cert,
		.client_key = endpoint->client_key,
		.proxy = endpoint->proxy,
		.timeout_seconds = endpoint->timeout_seconds,
		.rate = rate,
	};
}

struct courier *
courier_new(struct config *config, const struct config_endpoint *endpoint, struct rate *rate,
	    struct http *http, struct clerk *clerk)
{
	struct courier *courier = g_new0(struct courier, 1);
	courier->references = 1;
	courier->kind = courier_kind_of(endpoint);
	courier->config = config_ref(config);
	courier_set_transport(&courier->transport, endpoint, rate);
	courier->context =
		(struct courier_context){ config, endpoint, &courier->transport, http, clerk };
	courier->self = courier->kind->open(&courier->context);
	return courier;
}

struct courier *
courier_ref(struct courier *courier)
{
	courier->references++;
	return courier;
}

void
courier_unref(struct courier *courier)
{
	if (!courier || --courier->references)
		return;
	courier->kind->close(courier->self);
	config_unref(courier->config);
	g_free(courier);
}

guint
courier_batch(const struct courier *courier, gsize *ret_bytes)
{
	*ret_bytes = 0;
	return courier->kind->batch ? courier->kind->batch(courier->self, ret_bytes) : 1;
}

gpointer
courier_start(struct courier *courier, const GPtrArray *deliveries, courier_done *done,
	      gpointer data)
{
	return courier->kind->start(courier->self, deliveries, done, data);
}

void
courier_cancel(struct courier *courier, gpointer attempt)
{
	courier->kind->cancel(attempt);
}
