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
	ONLY_ANY, /* a column without a condition */
	ONLY_EQUAL, /* column=first */
	ONLY_TEXTS, /* column>=first and <second, by bytes */
	ONLY_NUMBERS /* column>=first and <=second */
};

/*
 * What a text says of itself, in a comment that it begins with.
 *
 * A SELECT names a column and a condition:
 *   "table.column=?1", "table.column>=?1<?2" (texts) or "table.column>=?1<=?2" (numbers).
 * Rows that are inserted change its result only if they are of that table and meet the condition.
 * ";table.column" may follow: the first column of its result is that one, and what is written to
 * rows of that table which it didn't read makes no difference to it.
 *
 * An UPDATE or DELETE says "table.column=?1": it changes no other rows.
 */
struct postgres_only {
	const char *table; /* interned; NULL: it says nothing */
	char *column;
	enum postgres_only_kind kind;
	guint first, second; /* numbers of parameters */
	const char *rows_table; /* interned, or NULL */
	char *rows_column;
};

#define POSTGRES_BLOCKS 4 /* of 1, 2, 4 and 8 rows */

/* INSERT, INSERT OR REPLACE, INSERT OR IGNORE. */
enum postgres_conflict { CONFLICT_FAILS, CONFLICT_REPLACES, CONFLICT_IGNORED };

/* A text and what was read of it.  Places in it are byte offsets, which stay right while
 * postgres_sql_number() and postgres_sql_resolve() change it. */
struct postgres_sql {
	GString *text; /* translated, parameters as $n */
	gboolean gives_rows;
	guint parameters; /* the highest number of one; they count from 1 */
	struct postgres_only only;
	GPtrArray *tables; /* interned names behind FROM, JOIN, UPDATE and INTO, not a comma */
	/* of an INSERT only: */
	char *table;
	GPtrArray *columns; /* char * */
	GArray *value_parameters; /* guint: of each column, 0: it isn't just a parameter */
	gsize columns_at, values_at; /* in text, behind their "("; values_at 0: INSERT … SELECT */
	gsize values_end; /* at their ")" */
	char *blocks[POSTGRES_BLOCKS]; /* its text for 1 << i rows, made when needed */
	enum postgres_conflict conflict;
};

/** Translate a text of ours: it is taken to be valid, and what no rule knows is copied.
 *  @return caller frees with postgres_sql_free() */
struct postgres_sql *postgres_sql_new(const char *text);
void postgres_sql_free(struct postgres_sql *sql);

/** Append what INSERT OR REPLACE and OR IGNORE mean to the text, once.
 *  @param keys columns of the table's primary key, char * */
void postgres_sql_resolve(struct postgres_sql *sql, const GPtrArray *keys);
/** Give an INSERT … VALUES one more column, whose value is a new parameter, the highest one. Before
 *  postgres_sql_resolve() and postgres_sql_block(). */
void postgres_sql_number(struct postgres_sql *sql, const char *column);

/** The parameter that is a column's value in an INSERT, 0 none. */
guint postgres_sql_parameter(const struct postgres_sql *sql, const char *column);
/** Is the text an INSERT of one row of VALUES alone, so that several may go in one statement?  One
 *  that replaces must give the whole primary key.  Before postgres_sql_resolve().
 *  @param keys as there */
gboolean postgres_sql_is_whole(const struct postgres_sql *sql, const GPtrArray *keys);
/** The text for 1 << block rows: the parameters of each follow those of the row before.
 *  @param block below POSTGRES_BLOCKS
 *  @return the struct's */
const char *postgres_sql_block(struct postgres_sql *sql, guint block);
/** Does a column's value meet a condition?  NULL meets none.
 *  @param second of ONLY_TEXTS and ONLY_NUMBERS */
gboolean postgres_sql_meets(enum postgres_only_kind kind, const struct postgres_value *value,
			    struct postgres_value first, struct postgres_value second);

/** Which table a CREATE INDEX is of; NULL: it is something else, or UNIQUE.  Caller frees. */
char *postgres_sql_indexed(const char *text);
/** Append a column to those of a CREATE INDEX, when it isn't there: SQLite's indexes have rows of
 *  one key in the order of their numbers. */
void postgres_sql_order(struct postgres_sql *sql, const char *column);

/** Statements separated by ";", each one's text; caller unrefs. @return char * */
GPtrArray *postgres_sql_split(const char *texts);

#endif
