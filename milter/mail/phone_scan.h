/*
 * phone_scan.h - where telephone numbers stand in a line, and what the words around them say.
 *
 * Cheap: nothing here asks the numbering plans.  Linear, pure, any thread.
 */
#ifndef LEADMILTER_PHONE_SCAN_H
#define LEADMILTER_PHONE_SCAN_H

#include <glib.h>

enum phone_label {
	LABEL_NONE,
	LABEL_PHONE, /* "Tel." */
	LABEL_MOBILE,
	LABEL_FIXED, /* "Office", "Direct" */
	LABEL_FAX,
	LABEL_TOLL_FREE,
	LABEL_SWITCHBOARD, /* "Main", "Zentrale" */
	LABEL_OTHER_PERSON, /* "Assistant" */
	LABEL_NO_PHONE /* "VAT", "IBAN" */
};

struct phone_candidate {
	char number[32]; /* digits, '+' and separators as ASCII */
	char extension[8]; /* "" when none */
	guint begin, end; /* in the line, with the extension */
	guint number_end; /* without it */
	guint digits;
	enum phone_label label;
	gboolean shaped; /* written like a number: "+", brackets, or groups between separators */
	gboolean switchboard; /* "089 1234-0" */
};

/** TRUE when the bytes hold enough digits for a number: the cheap look before the scan. */
gboolean phone_scan_worthwhile(const char *line, gsize length);

/** The candidates of a line. @return how many were written, at most `most` */
guint phone_scan(const char *line, gsize length, struct phone_candidate *ret, guint most);

#endif
