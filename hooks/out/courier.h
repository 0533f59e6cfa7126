/*
 * courier.h - how deliveries of an endpoint are sent: the seam between the delivery engine and what
 * speaks to a receiver, the generic webhook (webhook.c) or a CRM's adapter.
 *
 * The engine decides when what goes (order per lead, concurrency, breaker, rate, schedule), a
 * courier what goes over the wire and what came of it.  It may make as many HTTP exchanges per
 * delivery as it needs.  A kind of courier is one struct of functions, listed in courier.c: the
 * first that takes an endpoint has it.
 *
 * A courier belongs to one endpoint of one configuration: a reload opens new ones, the old
 * ones are closed when their last attempt is over.  Everything runs on the delivery thread and
 * must not block; only check() is called from any thread.
 */
#ifndef LEADMILTER_COURIER_H
#define LEADMILTER_COURIER_H

#include "base/config.h"
#include "hooks/out/clerk.h"
#include "hooks/out/http.h"
#include "hooks/out/lane.h"

/* What a courier works with.  All outlive it. */
struct courier_context {
	const struct config *config;
	const struct config_endpoint *endpoint;
	/* ca_file, client certificate, proxy, time-out, ceiling and rate of the endpoint: for its
	 * requests.  With a rate, every request counts, and waits for its turn if need be. */
	const struct http_transport *transport;
	struct http *http;
	struct clerk *clerk; /* for clerk_work(): what must be written between two requests */
};

/** What came of an attempt; the texts in `answer` are taken over.  `generation` is not the
 *  courier's to set. */
typedef void courier_done(struct lane_answer *answer, gpointer data);

struct courier_kind {
	const char *name;
	gboolean alone; /* it counts what it sends: one host at a time */
	gboolean (*takes)(const struct config_endpoint *endpoint);
	/** Whether it could be opened: URL, secrets, files. @return FALSE with ERROR_CONFIG whose
	 *  message names neither a secret nor the endpoint */
	gboolean (*check)(const struct config *config, const struct config_endpoint *endpoint,
			  GError **error);
	/** @param context stays until close() @return what the functions below get as `self` */
	gpointer (*open)(const struct courier_context *context);
	void (*close)(gpointer self);
	/** How many deliveries one attempt takes, and of how many bytes of bodies together; NULL:
	 *  one. */
	guint (*batch)(gpointer self, gsize *ret_bytes);
	/**
	 * Begin an attempt.
	 * @param deliveries struct delivery *, of different leads, stay until the end; one unless
	 *        batch() says more; a courier may change their bodies
	 * @param done called exactly once, also from in here, but not after cancel()
	 * @return the attempt, for cancel(); it is no longer used after done()
	 */
	gpointer (*start)(gpointer self, const GPtrArray *deliveries, courier_done *done,
			  gpointer data);
	/** Stop without a further word: the program ends.  Work given to the clerk still calls its
	 *  done() after this, and before close(). */
	void (*cancel)(gpointer attempt);
};

/** The kind that has an endpoint.  Static. */
const struct courier_kind *courier_kind_of(const struct config_endpoint *endpoint);

struct courier;

/** Open. @param config is referenced for as long as needed @param endpoint one of its */
struct courier *courier_new(struct config *config, const struct config_endpoint *endpoint,
			    struct rate *rate, struct http *http, struct clerk *clerk);
struct courier *courier_ref(struct courier *courier);
void courier_unref(struct courier *courier);
guint courier_batch(const struct courier *courier, gsize *ret_bytes);
gpointer courier_start(struct courier *courier, const GPtrArray *deliveries, courier_done *done,
		       gpointer data);
void courier_cancel(struct courier *courier, gpointer attempt);

/** Fill a transport with an endpoint's settings, whose texts it points to. */
void courier_set_transport(struct http_transport *transport, const struct config_endpoint *endpoint,
			   struct rate *rate);

#endif
