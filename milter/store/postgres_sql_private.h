/*
 * postgres_sql_private.h - what the files of postgres_sql.h share.
 *
 * postgres_sql.c translates a text, with the functions of postgres_sql_token.c; what it says of
 * itself is read by postgres_sql_only.c, the values of an INSERT by postgres_sql_insert.c.  Every
 * text ends with a NUL, and no function reads behind it.
 */
#ifndef LEADMILTER_POSTGRES_SQL_PRIVATE_H
#define LEADMILTER_POSTGRES_SQL_PRIVATE_H

#include "store/postgres_sql.h"

/* --- tokens (postgres_sql_token.c) --- */

/** May the byte stand in a word or a number? */
gboolean postgres_sql_is_word(char c);
/** Of the token at `at`, which isn't the end: a word, a parameter, white space, what stands in
 *  quotes (with them), or any other byte. */
gsize postgres_sql_token_length(const char *at);
const char *postgres_sql_skip_space(const char *at);
/** @param words one space between
 *  @return what follows them, or NULL when they don't come next (white space before them is) */
const char *postgres_sql_after_words(const char *at, const char *words);
/** Of the "(" at `at`.
 *  @param ret_commas how many stand in its own level
 *  @return its ")", or the end of the text */
const char *postgres_sql_matching(const char *at, guint *ret_commas);

/* --- what a text says of itself (postgres_sql_only.c) --- */

/** @param only zeroed; filled as far as the comment that the text begins with goes
 *  @return behind that comment */
const char *postgres_sql_read_only(const char *text, struct postgres_only *only);

/* --- the values of an INSERT (postgres_sql_insert.c) --- */

/** What stands between the commas of the list that `values_at` is in: sets value_parameters and
 *  values_end. */
void postgres_sql_read_values(struct postgres_sql *sql);

#endif
