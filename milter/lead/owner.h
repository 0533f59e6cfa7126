/*
 * owner.h - everybody who may own a lead: configured, imported, or both.
 *
 * An imported owner wins over the `owner` section of the same address, except in what the import
 * left empty (weight 0, capacity 0, no team, no absence …).  Addresses are compared without regard
 * to case.  Loads come with known->owners, for whoever owns leads; an address that is only
 * loaded is nobody's candidate.
 *
 * Somebody is absent from `absent_from` (or always) until before `absent_until`; an absence with a
 * beginning and without an end means they have left.  Pure; any thread.
 */
#ifndef LEADMILTER_OWNER_H
#define LEADMILTER_OWNER_H

#include "base/config.h"
#include "lead/lead.h"

enum presence { PRESENT, ABSENT, LEFT };

struct owners;

/** @param config, imported (struct owner *, or NULL) stay until owners_free() */
struct owners *owners_new(const struct config *config, const GPtrArray *imported);
void owners_free(struct owners *owners);
typedef struct owners owners_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(owners_owned, owners_free)

/** By address, or NULL.  Who is only loaded, named by an assignment rule or stands in is found,
 *  too. */
const struct owner *owners_find(const struct owners *owners, const char *address);
/** In the order of their addresses, those only loaded left out; NULL past the end. */
const struct owner *owners_nth(const struct owners *owners, guint i);

/** The only one of that whole name, without regard to case; NULL: nobody, or several. */
const struct owner *owners_find_name(const struct owners *owners, const char *name);
enum presence owner_presence(const struct owner *owner, gint64 time);
/** May own one more open lead. */
gboolean owner_has_room(const struct owner *owner);
/** Who stands in for somebody not present: named by them, present, or by the next in turn; NULL
 *  when nobody is. */
const struct owner *owners_stand_in(const struct owners *owners, const struct owner *owner,
				    gint64 time);
/** "absent until 2026-08-01; olga@example.com stands in", or NULL when they are present.
 *  Caller frees. */
char *owners_notice(const struct owners *owners, const char *address, gint64 time);

#endif
