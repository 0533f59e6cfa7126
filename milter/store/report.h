/*
 * report.h - the rows of a report (lead/report.h), read from the store.
 *
 * Leads are read by their numbers, a range at a time, each as it is at that moment: a
 * lead that moves meanwhile is counted once, as it was or as it is.  Nobody else who reads waits
 * longer than for one range.
 */
#ifndef LEADMILTER_STORE_REPORT_H
#define LEADMILTER_STORE_REPORT_H

#include "lead/report.h"
#include "store/store.h"

/** Read all that a new report asks for, and finish it. @param config names owners, or NULL */
gboolean store_report(struct store *store, struct report *report, const struct config *config,
		      GError **error);

#endif
