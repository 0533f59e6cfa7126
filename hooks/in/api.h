/*
 * api.h - the inbound hook's requests: who may ask, what a body must look like, what is done.
 *
 * conf/api/openapi.json is the one description: bodies are checked against its schemas, it is what
 * GET /v1/openapi.json answers, and every operation in it has a function here or the program does
 * not start.  Nothing counts twice: touches and outcomes carry ids (the sender's, or else the
 * webhook-id and the place in the request), and the store knows what it has taken.
 *
 * The daemon lends what it needs (struct api_host): hooks know nothing of the layer above.
 * Every function of the host is called on any of the server's threads.
 */
#ifndef LEADMILTER_API_H
#define LEADMILTER_API_H

#include "hooks/in/server.h"
#include "hooks/in/vendors.h"
#include "mail/facts.h"
#include "mail/raw.h"
#include "store/store.h"

/* One reading of the configuration, held while a request is handled. */
struct api_view {
	struct config *config;
	struct scorecards *scorecards;
	const struct analysis *analysis;
	struct vendors *vendors;
	gpointer generation; /* the host's */
};

struct api_host {
	struct store *store;
	void (*acquire)(struct api_view *ret, gpointer data);
	void (*release)(struct api_view *view, gpointer data);
	/** Take a message as if it had come by mail; kept in the spool when the store can't.
	 *  @return TRUE when it is safe; ret->reason is NULL when it waits in the spool */
	gboolean (*submit)(const struct raw_mail *raw, struct answer *ret, gpointer data);
	/** Figures in Prometheus' text format, those of the hook itself left out. */
	void (*metrics)(GString *out, gpointer data);
	/** @return NULL when mail and events can be taken, else why not.  Caller frees. */
	char *(*unready)(gpointer data);
	/** Something was written: look at time and outbox. */
	void (*changed)(gpointer data);
	/** Deliveries may go on now, whatever happened before. @param endpoint NULL: all */
	void (*resume)(const char *endpoint, gpointer data);
	/** The account an address belongs to, or NULL.  Caller frees. */
	char *(*organisation)(const struct api_view *view, const char *address, gpointer data);
	gpointer data;
};

struct api;

/** @param openapi text of the description
 *  @return NULL with ERROR_CONFIG when description and program don't fit */
struct api *api_new(const struct api_host *host, const char *openapi, GError **error);
void api_free(struct api *api);
/** What goes on beside requests (streams, the search index), while the server runs. */
gboolean api_start(struct api *api, struct server *server, GError **error);
/** Before the server stops. */
void api_stop(struct api *api);

/** Answer one request.  Fits server_start(). */
void api_handle(const struct server_call *call, struct server_answer *ret, gpointer api);

/** The hook's own figures in Prometheus' text format. */
void api_metrics(struct api *api, GString *out);

#endif
