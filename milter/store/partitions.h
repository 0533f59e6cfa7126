/*
 * partitions.h - history of a store on a server, in parts that retention drops as a whole.
 *
 * Numbers of messages and events grow in the order of commits, so a range of numbers is a range of
 * time.  A part holds one block of 2^28 numbers: part 0 what was copied from a file and what came
 * first.  When the oldest row of the present part is older than an eighth of the retention (a day
 * at least), the next part is made and the numbers jump to its block, so that there are never
 * more than about ten: each lookup by conversation asks all of them.  conversation goes by its
 * message, delivery by its event.  With numbers of blocks an id of a delivery stays below 2^53
 * for ninety years of days: JSON's readers know no larger integers.  What fits nowhere stands
 * in the part "rest".
 */
#ifndef LEADMILTER_PARTITIONS_H
#define LEADMILTER_PARTITIONS_H

#include "store/database.h"

enum partitions_of { PARTITIONS_MESSAGES, PARTITIONS_EVENTS };

/** Statements that make the tables of a new store so, while they are empty. */
const char *partitions_text(void);

/**
 * Drop parts of which every row is past its retention and nothing is open, and make the next one
 * when it is time.  In a transaction of its own, and not if a reader is in its way for long.
 * @param database a connection nobody else uses
 * @param days     of retention, at least 1
 * @param ret_singly rows of before this time are to be deleted one by one; 0: none
 * @return rows dropped, or -1
 */
gint64 partitions_expire(struct database *database, enum partitions_of which, guint days,
			 gint64 now, gint64 *ret_singly, GError **error);

#endif
