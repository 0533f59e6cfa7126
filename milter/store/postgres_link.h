/*
 * postgres_link.h - one connection to a PostgreSQL server: statements go out in a pipeline, and
 * nothing waits for longer than its limit.
 *
 * What is queued is on its way when finish returns; until then it may stand in a buffer.  The
 * first failure of what was queued is told by the next finish, whatever was queued after it has no
 * effect.  A server that doesn't answer in time, a broken connection or one that has become
 * read-only cost the connection: the next postgres_link_ready() makes a new one, with pauses that
 * grow while that fails.  Not libpq's PQcancel(): it waits for the server without an end.  The
 * server has the same limit (statement_timeout) and ends what nobody waits for any more by itself.
 *
 * One thread at a time.  Passwords stand in no message.
 */
#ifndef LEADMILTER_POSTGRES_LINK_H
#define LEADMILTER_POSTGRES_LINK_H

#include <libpq-fe.h>

#include "store/driver.h"

struct postgres_link;

/** @param writable it sends what changes something
 *  @return never NULL; not connected yet */
struct postgres_link *postgres_link_new(const char *url, gboolean writable);
void postgres_link_free(struct postgres_link *link);

/** What people may read of where it goes: no password.  The link's. */
const char *postgres_link_label(const struct postgres_link *link);
/** @param milliseconds of a wait for answers; 0 is an hour */
void postgres_link_set_limit(struct postgres_link *link, guint milliseconds);

/** There is a connection, now or made anew. @return FALSE with an error when there can't be */
gboolean postgres_link_ready(struct postgres_link *link, GError **error);
gboolean postgres_link_is_open(const struct postgres_link *link);
/** Grows with each new connection: what the server knew of an old one is gone. */
guint postgres_link_generation(const struct postgres_link *link);
/** A pooler stands between, which may give each transaction another server process. */
gboolean postgres_link_is_pooled(const struct postgres_link *link);

/* A statement and its parameters; its rows come in binary format.  All of it is the caller's, and
 * may go once the call is queued. */
struct postgres_call {
	const char *text;
	const char *name; /* prepared under this name first, when it isn't yet; NULL: not kept */
	guint count; /* of parameters, and of what follows */
	const Oid *types;
	const char *const *values; /* NULL is SQL's NULL */
	const int *lengths; /* of what goes in binary format */
	const int *formats; /* 1 binary, 0 a text that ends with a NUL */
};
/** Nothing is done without a connection: the next finish says so.
 *  @param ret gets the rows with the next finish, so it must stay; NULL: nobody wants them.  The
 *  caller sets it to NULL before and clears it, whatever finish says */
void postgres_link_queue(struct postgres_link *link, const struct postgres_call *call,
			 PGresult **ret);
/** Text without parameters or rows.
 *  @param name as in struct postgres_call */
void postgres_link_queue_text(struct postgres_link *link, const char *text, const char *name);

/** Wait for all that was queued.
 *  @param whole the pipeline ends here: outside of a transaction and at its end
 *  @return FALSE with the first failure of what was queued, which is told once */
gboolean postgres_link_finish(struct postgres_link *link, gboolean whole, GError **error);
/** Put what is queued on its way, without waiting. */
void postgres_link_send(struct postgres_link *link);
/** Nothing is on its way. */
gboolean postgres_link_is_idle(const struct postgres_link *link);
/** Wait without telling a failure, which the next finish does. */
void postgres_link_catch_up(struct postgres_link *link);
/** TRUE: neither side minds how long it takes from here, the server to the end of the transaction,
 *  this side until FALSE. */
void postgres_link_be_patient(struct postgres_link *link, gboolean patient);
/** How many rows the last statement changed that gives none. */
gint64 postgres_link_changes(const struct postgres_link *link);
/** Was that one a COMMIT which did commit?  The server answers ROLLBACK to one that didn't. */
gboolean postgres_link_was_committed(const struct postgres_link *link);
/** Whose the last failure was. */
enum driver_blame postgres_link_blame(const struct postgres_link *link);
/** For one transaction, through a pooler, which keeps nothing else: first thing in it. */
void postgres_link_queue_settings(struct postgres_link *link);
/** Close the connection, if there is one; what was queued is lost. */
void postgres_link_drop(struct postgres_link *link);

#endif
