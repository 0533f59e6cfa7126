/*
 * postgres_sql.h - the store's SQL texts (SQLite's dialect) in PostgreSQL's words.
 *
 * Pure functions of a text, any thread; nothing here knows libpq.
 */
#ifndef LEADMILTER_POSTGRES_SQL_H
#define LEADMILTER_POSTGRES_SQL_H

#include <glib.h>

/* A value as it is sent: text, or a number of 8 bytes, big end first. */
struct postgres_value {
	const char *bytes;
	gint32 length; /* -1 NULL */
};

enum postgres_only_kind {
	ONLY_ANY, /* it isn't said */
	ONLY_EQUAL, /* column=first */
	ONLY_TEXTS, /* column>=first<second, by bytes */
	ONLY_NUMBERS /* column>=first<=second */
};

/*
 * What a text says of itself, in a comment that it begins with:
 *   a SELECT   table.column=?1 (or >=?1<?2, or >=?1<=?2): of all new rows it sees those only;
 *              ;table.column behind it: its first column is that one, and rows of that table that
 * it didn't read may change without a difference to it a write    table.column=?1: it changes those
 * rows only
 */
struct postgres_only {
	const char *table; /* interned; NULL: it says nothing */
	char *column;
	enum postgres_only_kind kind;
	guint first, second; /* parameters */
	const char *rows_table; /* interned, or NULL */
	char *rows_column;
};

#define POSTGRES_BLOCKS 4 /* of 1, 2, 4 and 8 rows */

enum postgres_conflict { CONFLICT_FAILS, CONFLICT_REPLACES, CONFLICT_IGNORED };

struct postgres_sql {
	GString *text; /* translated, parameters as $n */
	gboolean gives_rows;
	guint parameters; /* the highest number */
	struct postgres_only only;
	/* interned names behind FROM, JOIN, UPDATE and INTO; not behind a comma */
	GPtrArray *tables;
	/* of an INSERT only: */
	char *table;
	GPtrArray *columns; /* char * */
	GArray *value_parameters; /* guint: of each column, 0: it isn't just a parameter */
	gsize columns_at, values_at; /* in text, behind their "("; values_at 0: INSERT … SELECT */
	gsize values_end; /* at their ")" */
	char *blocks[POSTGRES_BLOCKS]; /* made when needed */
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

/** The parameter that is a column's value in an INSERT, 0 none. */
guint postgres_sql_parameter(const struct postgres_sql *sql, const char *column);
/** May its rows be sent with others in one statement? @param keys as for resolve, before it */
gboolean postgres_sql_is_whole(const struct postgres_sql *sql, const GPtrArray *keys);
/** The text for 1 << block rows, whose parameters follow each other; the struct's. */
const char *postgres_sql_block(struct postgres_sql *sql, guint block);
gboolean postgres_sql_meets(enum postgres_only_kind kind, const struct postgres_value *value,
			    struct postgres_value first, struct postgres_value second);

/** Which table a CREATE INDEX is of; NULL: it is something else, or UNIQUE.  Caller frees. */
char *postgres_sql_indexed(const char *text);
/** Let rows of one key stand in the order of a column, as those of every index of SQLite do. */
void postgres_sql_order(struct postgres_sql *sql, const char *column);

/** Statements separated by ";", each one's text; caller unrefs. @return char * */
GPtrArray *postgres_sql_split(const char *texts);

#endif
