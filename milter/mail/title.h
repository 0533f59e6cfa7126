/*
 * title.h - job titles, and who decides, who advises, who uses.
 *
 * Pure; any thread.
 */
#ifndef LEADMILTER_TITLE_H
#define LEADMILTER_TITLE_H

#include <glib.h>

#include "mail/person.h"
#include "mail/wordlist.h"

/** RANK_UNKNOWN when the words hold no job title. @param line what `words` were split from */
enum title_rank title_rank_of_words(const char *line, gsize length, const struct words *words);
enum title_rank title_rank_of(const char *title);

/** TRUE when a word names a department or field of work ("Marketing"), which ends a title. */
gboolean title_is_field(const struct words *words);

#endif
