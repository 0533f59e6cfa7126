/*
 * lists.h - sets of words, domains and addresses from files, one entry a line, '#' comments.
 *
 * Immutable after loading; any thread.  Domains are kept as A-labels in lower case and
 * matched by walking up the labels: "mail.example.com" is found by "example.com".
 */
#ifndef LEADMILTER_LISTS_H
#define LEADMILTER_LISTS_H

#include <glib.h>

struct word_list;

/** @return NULL with ERROR_CONFIG naming file:line.  Caller frees. */
struct word_list *word_list_load(const char *path, GError **error);
struct word_list *word_list_new(void);
void word_list_add(struct word_list *list, const char *entry);
void word_list_free(struct word_list *list);
typedef struct word_list word_list_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(word_list_owned, word_list_free)

guint word_list_size(const struct word_list *list);
/** Exact entry, compared case-insensitively. */
gboolean word_list_has(const struct word_list *list, const char *word);
/** `domain` or a parent of it is listed. @return the entry that matched, or NULL. */
const char *word_list_match_domain(const struct word_list *list, const char *domain);

#endif
