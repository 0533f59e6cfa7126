/*
 * tables.h - what tables a store has, with their columns and keys, read from the texts that make
 * them (schema.c), so that a new table or column is copied and checked without a line more.
 *
 * Pure; any thread.
 */
#ifndef LEADMILTER_TABLES_H
#define LEADMILTER_TABLES_H

#include <glib.h>

enum table_type { TABLE_INTEGER, TABLE_REAL, TABLE_TEXT, TABLE_BLOB };

struct table_column {
	char *name;
	enum table_type type;
};

struct table {
	char *name;
	GPtrArray *columns; /* struct table_column * */
	GArray *key; /* guint: which of them are the primary key, in its order */
};

/** Tables of a schema version, in the order they are made. @return struct table *; caller unrefs */
GPtrArray *tables_of_version(int version);
/** "a, b, c": all columns. */
char *table_columns(const struct table *table);
/** The same of the key. */
char *table_key(const struct table *table);

#endif
