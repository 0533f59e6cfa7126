/*
 * postgres_url.h - where a PostgreSQL database is and as whom we go there, as its URL says.
 *
 * A password may stand in the URL, and may come back in the words of libpq or of the server: what
 * people read goes through postgres_url_clean() and is named by the label.  A value once it is
 * made: any thread.
 */
#ifndef LEADMILTER_POSTGRES_URL_H
#define LEADMILTER_POSTGRES_URL_H

#include <glib.h>
#include <libpq-fe.h>

struct postgres_url {
	char *text; /* as it is configured */
	char *label; /* without a password; NULL: the URL can't be read, so don't go there */
	char *user, *database; /* NULL: it isn't a URL at all */
	char *secret; /* the password in it, or NULL */
	char *passfile; /* the file with passwords that it names, or NULL */
};

/** @return never NULL; postgres_url_free() */
struct postgres_url *postgres_url_new(const char *text);
void postgres_url_free(struct postgres_url *url);

/** Why a URL has no label, and what to do; no part of a password.  Caller frees. */
char *postgres_url_problem(const struct postgres_url *url);

/** Connect, waiting for a moment a host.
 *  @param url one that has a label
 *  @return for PQfinish(); as libpq, a failure is its PQstatus() */
PGconn *postgres_url_connect(const struct postgres_url *url);

/** Words that people may read: no password, one line.  Caller frees. */
char *postgres_url_clean(const struct postgres_url *url, const char *words);
/** What to do about a failure that has no code, only words.
 *  @return what is put behind them, maybe nothing; caller frees */
char *postgres_url_advice(const struct postgres_url *url, const char *words);

#endif
