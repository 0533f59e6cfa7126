/*
 * store.h - leads, touches, conversations, accounts and the outbox, on disk.
 *
 * One thread (the writer) owns the only connection that writes and checkpoints (SQLite's WAL-reset
 * bug, fixed in 3.51.3, needs a second one).  Work is handed to it as jobs; all waiting jobs run
 * in one transaction, are committed once (synchronous=FULL) and then answered: group commit.
 * A job that fails is rolled back alone; when the disk fails, all of the batch fail (writer.h).
 * SQL texts stand in queries.c, the SQLite driver in sqlite.c (the only file that includes
 * sqlite3.h) behind struct driver (driver.h), with a second, fault-injecting implementation for
 * tests (tests/unit/driver_fault.c).  Every function is safe from any thread unless it
 * says otherwise.
 */
#ifndef LEADMILTER_STORE_H
#define LEADMILTER_STORE_H

#include "base/histogram.h"
#include "lead/decide.h"
#include "lead/route.h"

struct store;

#define STORE_EVENT_TYPES 16

enum store_mode {
	STORE_WRITE, /* the daemon: takes the lock, migrates, starts the writer */
	STORE_SHARED, /* the same, beside other daemons of this machine that share it too */
	STORE_READ /* leadctl: reads only, never checkpoints */
};

/**
 * Open (and create or migrate) a store.
 * @param where "sqlite:/path", or a path
 * @return NULL with ERROR_STORE, ERROR_STORE_CORRUPT, ERROR_STORE_SCHEMA or ERROR_STORE_FULL
 */
struct store *store_open(const char *where, enum store_mode mode, GError **error);
/** Finish waiting jobs, close.  Never loses an answered job. */
void store_close(struct store *store);
typedef struct store store_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(store_owned, store_close)

/** What the session needs to answer the MTA. */
struct answer {
	enum action action;
	char *reason;
	char *lead, *owner; /* or NULL */
	double score;
	char grade; /* 0 when there is no lead */
	enum stage stage;
	char *match;
	char *kind; /* static */
	struct routing *routing; /* NULL: nothing */
};
void answer_clear(struct answer *answer);

/**
 * Look up, decide and write one message in the writer's transaction; wait for the commit.
 * Idempotent by facts->key.
 * @param deadline microseconds of g_get_monotonic_time() after which the wait ends with
 *        ERROR_TIMEOUT (the job may still be committed: the caller spools and the key
 *        makes that harmless); 0 waits for ever
 * @param shadow   events are written as already delivered (replay --shadow)
 */
gboolean store_message(struct store *store, struct facts *facts, struct scorecards *scorecards,
		       gint64 now, gint64 deadline, gboolean shadow, struct answer *ret,
		       GError **error);

/* One of several messages. */
struct store_letter {
	struct facts *facts;
	struct scorecards *scorecards;
	gint64 now;
	struct answer answer; /* afterwards; answer_clear() */
	GError *error; /* afterwards: NULL it is stored, else the caller's to free */
};

/**
 * The same for several messages, decided in this order.
 * @param queued when called, everything that is handed to the store later comes behind them; must
 *        not call the store; or NULL
 */
void store_messages(struct store *store, struct store_letter *letters, guint count,
		    void (*queued)(gpointer data), gpointer data, gint64 deadline);

/** Does the store take what is written?  Waits like store_message(), changes nothing. */
gboolean store_ping(struct store *store, gint64 deadline, GError **error);
/** How far the clock of the store's server is ahead of ours, in microseconds, exact to a second or
 * so; of a file 0.  @return FALSE with an error */
gboolean store_clock(struct store *store, gint64 *ret_ahead, GError **error);

/**
 * Is any of these Message-IDs that of a message in a recorded conversation, ours going out
 * among them?  A step into an index for each, on a connection of its own; the newest are asked
 * first.
 * @param ids char *, without <>
 * @param deadline as for store_message()
 * @param ret untouched on failure
 */
gboolean store_has_message(struct store *store, const GPtrArray *ids, gint64 deadline,
			   gboolean *ret, GError **error);

/* --- news --- */

enum store_news_kind {
	NEWS_LEAD_CREATED,
	NEWS_LEAD_CHANGED,
	NEWS_LEAD_MERGED, /* into another one */
	NEWS_LEAD_FORGOTTEN,
	NEWS_DELIVERY, /* `number` has another state */
	NEWS_ENDPOINT, /* `id` is parked, or takes deliveries again */
	NEWS_MANY /* too much to be told singly */
};
struct store_news {
	enum store_news_kind kind;
	char id[64];
	gint64 number;
};
/** Have it told what commits of this process changed. @param told called on the writer thread, must
 *  not block; NULL: no longer */
void store_on_news(struct store *store,
		   void (*told)(const struct store_news *news, guint count, gpointer data),
		   gpointer data);
/** How many commits other processes made that changed something, ever: what matters is whether it
 *  grows. @return -1 with an error */
gint64 store_foreign_changes(struct store *store, GError **error);

/* --- audit --- */

struct store_audit {
	gint64 id, time;
	char *who, *role, *peer, *action, *target, *detail; /* or NULL */
	int status; /* of HTTP, or 0: not known how it ended */
};
void store_audit_free(struct store_audit *entry);
/** Write down who is about to do what. @return its id, or 0 with an error */
gint64 store_audit_write(struct store *store, const struct store_audit *entry, GError **error);
/** How it ended. */
gboolean store_audit_end(struct store *store, gint64 id, int status, GError **error);
/** Newest first. @param before id, 0 any @param who, action or NULL
 *  @return struct store_audit *, or NULL; caller unrefs */
GPtrArray *store_audit_list(struct store *store, const char *who, const char *action, gint64 before,
			    guint most, GError **error);

/* --- outbox --- */

enum delivery_state { DELIVERY_WAITING, DELIVERY_DELIVERED, DELIVERY_DEAD, DELIVERY_DROPPED };

struct delivery {
	gint64 id;
	char *endpoint;
	char *event; /* event id */
	char *type;
	char *lead;
	char *body; /* JSON */
	gint64 time; /* of the event */
	guint attempts; /* made, this one included when claimed */
	gint64 next; /* when due */
	enum delivery_state state;
	int status; /* last HTTP status, 0 none */
	char *error; /* last, or NULL */
	char *response; /* first 512 bytes of the last answer, or NULL */
};
void delivery_free(struct delivery *delivery);

/** The endpoints events are written for from now on: names and event globs of the configuration. */
void store_set_endpoints(struct store *store, const struct config *config);

/** Called (on the writer thread, must not block) after a commit that added deliveries. */
void store_on_delivery(struct store *store, void (*wake)(gpointer data), gpointer data);

/**
 * Claim deliveries due for an endpoint: at most one per lead and only a lead's first waiting one,
 * the longest due first.  Attempt count and the time of the next try (were this one to
 * vanish in a crash) are written before this returns.  A parked endpoint gives none.
 * @param next when to hand it out again after `attempts` tries (this one included) unless it is
 *        settled before; called on the writer thread, must not block
 * @return struct delivery *, or NULL with an error; caller unrefs
 */
GPtrArray *store_outbox_claim(struct store *store, const char *endpoint, gint64 now, guint most,
			      gint64 (*next)(guint attempts, gint64 now, gpointer data),
			      gpointer data, GError **error);

struct delivery_result {
	gint64 id;
	enum delivery_state state; /* WAITING: try again at `next` */
	gint64 next;
	int status;
	const char *error, *response; /* or NULL */
	gboolean unsent; /* given back untried: the attempt is not counted, status, error and
			    response stay as they were */
};
/** Write results of tries, all in one transaction. */
gboolean store_outbox_settle(struct store *store, const struct delivery_result *results,
			     guint count, GError **error);
/** Every waiting delivery of an endpoint that answers again becomes due at `now`, if it is not
 *  due before. @return how many, or -1 */
gint store_outbox_hurry(struct store *store, const char *endpoint, gint64 now, GError **error);
/** When an endpoint's (NULL: any) next claimable delivery is due: the first waiting one of each
 *  lead counts, parked endpoints don't. @return 0 when none waits, or -1 with an error */
gint64 store_outbox_next(struct store *store, const char *endpoint, GError **error);
/** For `outbox list|show`: filter by state (-1 any), endpoint and lead (NULL any), newest first. */
GPtrArray *store_outbox_list(struct store *store, int state, const char *endpoint, const char *lead,
			     guint most, GError **error);
struct delivery *store_outbox_get(struct store *store, gint64 id, GError **error);
/** Due now, whatever the state (retry), or given up by the administrator (drop).
 *  @return how many, or -1 */
gint store_outbox_retry(struct store *store, gint64 id /* 0: all dead */, gint64 now,
			GError **error);
gint store_outbox_drop(struct store *store, gint64 id, GError **error);

/** An endpoint that answered 410, refused our credentials or was stopped by hand takes no
 *  deliveries until resumed. @param mark of the credentials refused, or NULL */
gboolean store_endpoint_park(struct store *store, const char *endpoint, const char *reason,
			     const char *mark, gint64 now, GError **error);
/** Resume it if it was parked with another mark: its credentials changed. @return how many, -1 */
gint store_endpoint_unlatch(struct store *store, const char *endpoint, const char *mark,
			    GError **error);
gboolean store_endpoint_resume(struct store *store, const char *endpoint, GError **error);

struct endpoint_status {
	char *name;
	gboolean parked;
	char *reason; /* or NULL */
	gint64 parked_since;
	guint64 waiting, delivered, dead;
	gint64 oldest_waiting; /* time of the event, 0 none */
};
GPtrArray *store_endpoint_status(struct store *store, GError **error);
void endpoint_status_free(struct endpoint_status *status);

/* --- beside other hosts --- */

/** Do others write to it too? */
gboolean store_is_shared(const struct store *store);
/** Is it a server's?  Then it may be away without anybody here being at fault. */
gboolean store_is_remote(const struct store *store);
/** FALSE: a server that nobody has reached since we started.  What is asked of it fails. */
gboolean store_is_ready(const struct store *store);
/** Who we are among them, before anything else.
 *  @param id kept over restarts
 *  @param name for people */
void store_set_host(struct store *store, const char *id, const char *name);
/** We live: to be called every few seconds.  What dead hosts claimed goes back. */
gboolean store_keep(struct store *store, GError **error);
/** A clean end: others need not wait until we are taken for dead. */
gboolean store_leave(struct store *store, GError **error);
/**
 * Is it for us to do what only one host does at a time?  Whoever has it keeps it until
 * store_leave() or its death.  TRUE when nobody else is there, FALSE when the store is away.
 */
gboolean store_holds(struct store *store, const char *name);

struct store_outlook {
	gint64 next; /* as store_outbox_next() */
	gint64 rest; /* nobody asks the endpoint before, 0: it answers; G_MAXINT64: it is parked */
};
/** What there is to claim, without claiming. */
gboolean store_outbox_look(struct store *store, const char *endpoint, struct store_outlook *ret,
			   GError **error);
/** An endpoint does not answer: no host asks before `until`, and then one does, with one delivery,
 *  until store_outbox_hurry() says that it answers. */
gboolean store_endpoint_rest(struct store *store, const char *endpoint, gint64 until,
			     GError **error);

/* --- what an adapter did for a delivery, and what it remembers of the lead --- */

struct journal_entry {
	gboolean of_lead; /* remembered of the delivery's lead at its endpoint */
	char *key;
	char *value; /* JSON; NULL: forget it (of_lead only) */
};
void journal_entry_free(struct journal_entry *entry);

/** Everything kept for a delivery and for its lead. @return struct journal_entry *, or NULL */
GPtrArray *store_journal(struct store *store, gint64 delivery, GError **error);
/** The lead an adapter remembers a CRM's record of.
 *  @param record its id, as text @return the lead's id, or NULL with ERROR_NOT_FOUND; caller frees
 */
char *store_remembered_lead(struct store *store, const char *endpoint, const char *record,
			    GError **error);
/** Keep these (struct journal_entry *); a delivery that is gone keeps nothing of its lead. */
gboolean store_journal_add(struct store *store, gint64 delivery, const GPtrArray *entries,
			   GError **error);

/* --- reading (any mode) --- */

struct lead_filter {
	const char *text; /* part of name, address or company; NULL any */
	const char *owner, *account, *scorecard, *source; /* NULL any */
	int stage; /* -1 any */
	gint64 since; /* updated at or after, 0 any */
	guint most, skip;
};
GPtrArray *store_leads(struct store *store, const struct lead_filter *filter, GError **error);
/** By id, by a merged lead's old id, or by address. NULL with ERROR_NOT_FOUND. */
struct lead *store_lead(struct store *store, const char *id_or_address, GError **error);
GPtrArray *store_touches(struct store *store, const char *lead, GError **error);

/* Somebody of an account who was seen in To or Cc of a lead's mail, and said nothing. */
struct contact {
	char *address; /* as written */
	char *name; /* or NULL */
	char *lead; /* id of the lead in whose mail first, NULL when that was forgotten */
	gint64 first_seen, last_seen;
	guint mails;
};
void contact_free(struct contact *contact);
/** Contacts of a registrable domain, by address. @return struct contact *; caller unrefs */
GPtrArray *store_contacts(struct store *store, const char *domain, GError **error);

struct stage_change {
	gint64 time;
	char *from, *to; /* stage names */
	char *cause;
};
GPtrArray *store_stage_changes(struct store *store, const char *lead, GError **error);
void stage_change_free(struct stage_change *change);

struct store_stats {
	guint64 leads, touches, messages, waiting, delivered, dead;
	guint64 leads_by_stage[STAGE_COUNT];
	guint64 unowned; /* leads in the funnel that nobody owns */
	gint64 bytes; /* on disk, WAL included */
	gint64 log_bytes; /* the WAL alone */
	int schema;
	guint64 commits, jobs, failed_jobs; /* of this process, as all that follows */
	guint64 checkpoints, failed_checkpoints;
	guint queued; /* jobs waiting now */
	struct histogram committing, checkpointing;
	guint64 events[STORE_EVENT_TYPES]; /* written, by store_event_type() */
};
/** A type of event that is counted, or NULL. */
const char *store_event_type(guint i);

gboolean store_stats(struct store *store, struct store_stats *ret, GError **error);

/** Quick integrity check. @return TRUE when sound, else FALSE with ERROR_STORE_CORRUPT. */
gboolean store_check(struct store *store, GError **error);

/** Delete what is past its retention. @return rows removed, or -1. */
gint64 store_expire(struct store *store, const struct config *config, gint64 now, GError **error);

#endif
