/*
 * contact.h - people of an account who were seen beside the one who wrote: in To or Cc.
 *
 * They said nothing, so they are no leads and nothing is credited to them; sales sees who else of
 * the company is in the conversation.
 */
#ifndef LEADMILTER_CONTACT_H
#define LEADMILTER_CONTACT_H

#include "lead/decide.h"
#include "store/store.h"
#include "store/transaction.h"

/** The people of the writer's account a message was also for. @param lead number of the writer's */
gboolean contact_record(struct database *database, const struct facts *facts,
			const struct known *known, gint64 lead, gint64 time, GError **error);

/** Those of a domain. @return struct contact *, at most LIMIT_CONTACTS_SHOWN; caller unrefs */
GPtrArray *contact_list(struct database *database, const char *domain, GError **error);

#endif
