/*
 * content.h - what the new text is about: questions, budget, authority, need, timeline, intent,
 * opt-out, vendor pitches, attachments by kind.  Pure; any thread.
 */
#ifndef LEADMILTER_CONTENT_H
#define LEADMILTER_CONTENT_H

#include <glib.h>

#include "mail/mail.h"
#include "mail/phrases.h"

struct content_hit {
	const char *name; /* "intent_price"; static or owned by the phrase database */
	char *evidence; /* the words that matched */
};

struct content {
	guint questions;
	guint words; /* of new text */
	gboolean budget, authority, need, timeline;
	gboolean opt_out, refusal, vendor_pitch, competitor;
	char *amount; /* the first amount with currency as written, or NULL */
	char *deadline; /* the first date or term as written, or NULL */
	GPtrArray *hits; /* struct content_hit *, one a phrase list that matched */
	GPtrArray *attachment_kinds; /* const char *: "brief", "price_list", "cv", "calendar",
					"contact", … */
	GHashTable *utm; /* char * → char *: utm_* of links in the new text */
};

/**
 * @param phrases  compiled, or NULL: then no phrase signals
 * @param new_text what reply_split() found
 * @param links    char *, from html_text, or NULL
 */
struct content *content_find(const struct phrases *phrases, const struct mail *mail,
			     const char *new_text, const GPtrArray *links);
void content_free(struct content *content);
typedef struct content content_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(content_owned, content_free)
/** TRUE when that phrase list matched. */
gboolean content_has(const struct content *content, const char *list);

#endif
