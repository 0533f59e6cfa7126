/*
 * phone.h - telephone numbers as the numbering plans of the world have them.
 *
 * phone.cc is the only file that knows libphonenumber (and the only one in C++).  Pure, any thread.
 */
#ifndef LEADMILTER_PHONE_H
#define LEADMILTER_PHONE_H

#include <glib.h>

G_BEGIN_DECLS

struct phone_number {
	char e164[24]; /* "+40213112233" */
	char region[4]; /* "RO"; "" for numbers of no country */
	const char *kind; /* "mobile", "fixed", "fixed_or_mobile", "toll_free", … static */
};

/**
 * Read one number, with nothing but the number in it.
 * @param number ASCII digits, '+', and the usual separators
 * @param region ISO 3166 alpha-2 of a number without '+', or NULL
 * @return TRUE when it is valid in that region's numbering plan; `ret` is untouched otherwise
 */
gboolean phone_read(const char *number, const char *region, struct phone_number *ret);

G_END_DECLS

#endif
