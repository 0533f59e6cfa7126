/*
 * postgres_sql.h - the store's SQL texts (SQLite's dialect) in PostgreSQL's words.
 *
 * Pure functions of a text, any thread; nothing here knows libpq.
 */
#ifndef LEADMILTER_POSTGRES_SQL_H
#define LEADMILTER_POSTGRES_SQL_H

#include <glib.h>

enum postgres_conflict { CONFLICT_FAILS, CONFLICT_REPLACES, CONFLICT_IGNORED };

struct postgres_sql {
	GString *text; /* translated, parameters as $n */
	gboolean gives_rows;
	guint parameters; /* the highest number */
	GPtrArray
		*tables; /* interned names behind FROM, JOIN, UPDATE and INTO; not behind a comma */
	/* of an INSERT only: */
	char *table;
	GPtrArray *columns; /* char * */
	gsize columns_at, values_at; /* in text, behind their "("; values_at 0: INSERT … SELECT */
	enum postgres_conflict conflict;
};

/** @return caller frees with postgres_sql_free() */
struct postgres_sql *postgres_sql_new(const char *text);
void postgres_sql_free(struct postgres_sql *sql);

/** What INSERT OR REPLACE and OR IGNORE mean, at the end of the text.
 *  @param keys columns of the table's primary key, char * */
void postgres_sql_resolve(struct postgres_sql *sql, const GPtrArray *keys);
/** Give an INSERT … VALUES one more column, whose value is a new parameter. */
void postgres_sql_number(struct postgres_sql *sql, const char *column);

/** Which table a CREATE INDEX is of; NULL: it is something else, or UNIQUE.  Caller frees. */
char *postgres_sql_indexed(const char *text);
/** Let rows of one key stand in the order of a column, as those of every index of SQLite do. */
void postgres_sql_order(struct postgres_sql *sql, const char *column);

/** Statements separated by ";", each one's text; caller unrefs. @return char * */
GPtrArray *postgres_sql_split(const char *texts);

#endif
