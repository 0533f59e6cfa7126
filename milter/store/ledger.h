/*
 * ledger.h - contributions read from a touch's row, fast.
 *
 * A decision reads its lead's whole ledger on the writer thread; with a tree of JSON nodes a
 * lead of fifty mails took most of a millisecond.  This reads the form contributions_to_json()
 * writes and gives up on anything else.  Linear, bounded by its input; pure.
 */
#ifndef LEADMILTER_LEDGER_H
#define LEADMILTER_LEDGER_H

#include "lead/lead.h"

/** @return struct contribution *, or NULL when it is of another form: then
 *  contributions_from_json() says what it is */
GPtrArray *ledger_read(const char *json);

#endif
