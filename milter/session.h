/*
 * session.h - one connection of the MTA: collects what a message is, then answers.
 *
 * No libmilter here: filter.c calls these from its callbacks, tests call them directly.  A
 * session is used by one thread at a time (libmilter may move it between threads).  Nothing here
 * fails: every path ends in "accept".
 */
#ifndef LEADMILTER_SESSION_H
#define LEADMILTER_SESSION_H

#include "intake.h"

enum verdict_code {
	SESSION_CONTINUE,
	SESSION_ACCEPT, /* let the rest of the transaction go, we know enough */
	SESSION_SKIP /* no more of the body */
};

enum change_kind {
	CHANGE_ADD_FIELD, /* name, value */
	CHANGE_REPLACE_FIELD, /* name, the first of them, value */
	CHANGE_REMOVE_FIELD, /* name, occurrence */
	CHANGE_ADD_RECIPIENT, /* value */
	CHANGE_REMOVE_RECIPIENT, /* value: unless a recipient could not be added */
	CHANGE_QUARANTINE /* value: the reason */
};

/* What end-of-message asks of the MTA. */
struct mail_change {
	enum change_kind kind;
	char *name; /* of the field, or NULL */
	guint occurrence; /* from 1, else 0 */
	char *value; /* or NULL */
};

struct session;

/** @return NULL when max_sessions are open already: let the connection go. */
struct session *session_new(struct runtime *runtime);
void session_free(struct session *session);

void session_connect(struct session *session, const char *host, const char *address);
void session_helo(struct session *session, const char *helo);
/** MAIL: a new transaction under the present configuration. @param login NULL or SASL login */
void session_mail(struct session *session, const char *sender, const char *login,
		  const char *daemon_name);
void session_recipient(struct session *session, const char *recipient);
/** DATA: SESSION_ACCEPT when nothing of this transaction interests us. */
enum verdict_code session_data(struct session *session);
void session_header(struct session *session, const char *name, const char *value);
enum verdict_code session_body(struct session *session, const void *bytes, gsize length);
/**
 * End of message: understand, decide, commit.
 * @return struct mail_change *, in the order to be done: removals of one name from the last to the
 *         first, recipients added before any is removed; caller unrefs
 */
GPtrArray *session_end(struct session *session, const char *queue_id);
/** The MTA refused a change of ours: counted. */
void session_refused(struct session *session);

/** The transaction is over or was aborted. */
void session_reset(struct session *session);

#endif
