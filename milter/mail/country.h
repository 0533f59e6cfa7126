/*
 * country.h - which country a postal address, a telephone number or a domain belongs to.
 *
 * Codes are ISO 3166-1 alpha-2, static.  Pure; any thread.
 */
#ifndef LEADMILTER_COUNTRY_H
#define LEADMILTER_COUNTRY_H

#include <glib.h>

#include "mail/wordlist.h"

/** Of a name in one of several languages or a code, alone in the text; NULL when unknown. */
const char *country_of_name(const char *text, gsize length);

/** Of a postal line: a country's name at its end, "CH-8001 Zürich", "IL 62704", "SW1A 1AA". */
const char *country_of_address(const char *line, gsize length);

/** Of a country's domain, NULL for generic ones and those sold as such (.io, .co, .me). */
const char *country_of_domain(const char *domain);

#endif
