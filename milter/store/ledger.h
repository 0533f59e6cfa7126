/*
 * ledger.h - a lead's ledger, read fast.
 *
 * A decision reads its lead's whole ledger on the writer thread; with a tree of JSON nodes a
 * lead of fifty mails took most of a millisecond.  ledger_read() reads the form
 * contributions_to_json() writes and gives up on anything else.  Linear, bounded by its input;
 * pure.
 *
 * All but the newest touches are read as one summary (lead/summary.h), which has a row of its own
 * and is made again when the scorecards it was made with have changed.
 */
#ifndef LEADMILTER_LEDGER_H
#define LEADMILTER_LEDGER_H

#include "lead/lead.h"
#include "store/database.h"

struct scorecards;

/** @return struct contribution *, or NULL when it is of another form: then
 *  contributions_from_json() says what it is */
GPtrArray *ledger_read(const char *json);

/**
 * The ledger of a lead, oldest first, headed by the summary when there is one.  A summary that
 * has become too old is written anew: writer thread, in a transaction.
 * @param count      how many touches the lead has, about
 * @param scorecards NULL: every touch is read singly
 * @return struct touch *, or NULL with an error; caller unrefs
 */
GPtrArray *ledger_load(struct database *database, gint64 lead, guint count,
		       const struct scorecards *scorecards, GError **error);
/** Touches of the lead were taken away or changed: the summary is made again when needed. */
gboolean ledger_forget_summary(struct database *database, gint64 lead, GError **error);

#endif
