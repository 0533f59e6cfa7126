/*
 * lane.h - one endpoint's lane from the outbox to the network: what is claimed, what may go now,
 * and what an answer means for the delivery and for those behind it.
 *
 * Knows the breaker, the schedule and the clerk, but nothing of the network: deliver.c takes
 * deliveries out, sends them and brings back answers.  So much is claimed ahead as the endpoint
 * takes in a tenth of a second; what then doesn't get on its way within seconds is given
 * back uncounted.  The delivery thread's alone.
 */
#ifndef LEADMILTER_LANE_H
#define LEADMILTER_LANE_H

#include "base/config.h"
#include "hooks/out/breaker.h"
#include "hooks/out/clerk.h"
#include "hooks/out/rate.h"
#include "hooks/out/schedule.h"

struct courier;
struct figures;

struct lane {
	const struct config_endpoint *endpoint; /* of the configuration in force */
	char *name;
	char *mark; /* request_mark() of the endpoint */
	struct clerk *clerk;
	struct courier *courier; /* deliver.c's */
	struct figures *figures; /* deliver.c's */
	struct breaker breaker;
	struct rate rate; /* taken from by whoever sends a request */
	guint batch; /* deliveries of one attempt at most */
	gsize batch_bytes; /* of their bodies, 0: any */
	GQueue claimed; /* struct delivery *, to be sent */
	gint64 claimed_at; /* monotonic: when the last ones came in */
	guint in_flight; /* attempts */
	guint on_the_way; /* deliveries in them */
	guint unsettled; /* results not on disk yet */
	guint orders; /* claim, hurry and park orders not answered yet */
	gboolean claiming, parking;
	gboolean shared; /* others deliver to the endpoint, too */
	gboolean alone; /* but only one at a time */
	gboolean told; /* the others know that it rests */
	gboolean retired; /* no longer configured: goes when nothing is left in it */
	gint64 look_at; /* when a claim may find something; G_MAXINT64: only when woken */
	gint64 news_at; /* monotonic: look then, since events came; 0 none did */
	guint ahead; /* how many to claim beyond the window */
	guint finished; /* since the last claim was ordered */
	gint64 ordered_at; /* monotonic */
};

/* What came of one of several deliveries. */
struct lane_single {
	enum verdict verdict; /* not BY_STATUS */
	gint64 not_before; /* of LATER */
};

/* What came of an attempt. */
struct lane_answer {
	enum verdict verdict; /* BY_STATUS unless the courier knows better */
	long status; /* of the last answer, 0 none */
	gboolean unreachable; /* no connection, name or TLS: it says nothing about the event */
	gint64 retry_after; /* time, 0 none */
	guint generation; /* lane_generation() when it was sent */
	GArray *each; /* struct lane_single, one a delivery, or NULL: all alike; the others speak of
			 the endpoint then; taken over */
	char *error; /* why it failed, for people, or NULL: the status says it; taken over */
	char *response; /* excerpt, or NULL; taken over */
};

struct lane *lane_new(const struct config_endpoint *endpoint, struct clerk *clerk);
void lane_free(struct lane *lane);
/** Neither the network nor the clerk knows it any more. */
gboolean lane_is_empty(const struct lane *lane);

/** New configuration for the same endpoint.  A changed receiver or credential makes everything
 *  due at once, and ends a parking for refused credentials. @param endpoint NULL: no longer
 *  configured */
void lane_configure(struct lane *lane, const struct config_endpoint *endpoint);
/** The administrator says: try now, whatever happened. */
void lane_resume(struct lane *lane);

/** Look at the outbox at the next lane_claim(). */
void lane_wake(struct lane *lane);
/** A commit brought events: look soon, but in a burst of mail not at every commit. */
void lane_news(struct lane *lane);
/** How long until the next look that news asked for, microseconds; -1 none did. */
gint64 lane_rest(const struct lane *lane);
/** Order a claim if there is room and something may be due; give back what waited too long. */
void lane_claim(struct lane *lane, gint64 now);
/** An answer of the clerk's to this lane. */
void lane_clerk_answer(struct lane *lane, struct clerk_answer *answer, gint64 now);
/** A result of this lane is on disk. */
void lane_settled(struct lane *lane);

/** What to send now in one attempt, or NULL.  It is in flight until lane_finish().
 *  @return struct delivery *, at least one, of different leads */
GPtrArray *lane_take(struct lane *lane, gint64 now);
guint lane_generation(const struct lane *lane);
/** What came of it.  Unrefs the deliveries. @return TRUE when they were delivered */
gboolean lane_finish(struct lane *lane, GPtrArray *deliveries, struct lane_answer *answer,
		     gint64 now);
/** Deliveries whose answer isn't waited for: an attempt that says nothing.  Unrefs them. */
void lane_abandon(struct lane *lane, GPtrArray *deliveries, gint64 now);
/** Everything claimed and not sent goes back to the outbox, uncounted. */
void lane_give_back(struct lane *lane, gint64 now);

/** When lane_claim() or lane_take() has something to do again; G_MAXINT64 never. */
gint64 lane_next(const struct lane *lane);

#endif
