/*
 * figure.h - amounts of money, dates and spans of time in folded text, in many notations.
 *
 * "$5,000", "5 тыс. руб.", "EUR 5.000,-", "10k usd", "20 de mii de lei", "5万元";
 * "15.03.2027", "5th of March", "March 5, 2027", "2027年3月5日", "Q3 2027"; "2 weeks", "3 Monate".
 * Nothing is computed: they are evidence, shown as written.  Hand-written, linear, pure, any
 * thread.
 */
#ifndef LEADMILTER_FIGURE_H
#define LEADMILTER_FIGURE_H

#include <glib.h>

#include "mail/fold.h"

enum figure_kind { FIGURE_AMOUNT, FIGURE_DATE, FIGURE_SPAN };

struct figure {
	enum figure_kind kind;
	gsize begin, end; /* bytes of the folded text */
};

/**
 * The next figure from *at on; *at moves behind it.
 * @param original the text that was folded: codes like "TRY" count in capitals only
 * @return FALSE when there is no more
 */
gboolean figure_next(const struct fold_text *text, const char *original, gsize *at,
		     struct figure *ret);

#endif
