/*
 * escape.h - text made safe for the languages CRMs are asked in: pure functions of a string.
 *
 * What an adapter puts into a query comes from mail, so whoever writes to us chooses it.  Each
 * function gives what may stand inside the quotes of its language (they don't add the quotes);
 * control characters, which no address, name or Message-ID has, become spaces.  Any thread;
 * the caller frees.
 */
#ifndef LEADMILTER_ESCAPE_H
#define LEADMILTER_ESCAPE_H

#include <glib.h>

/** Salesforce SOQL, inside '…' (SOQL and SOSL Reference, "Quoted String Escape Sequences"). */
char *escape_soql(const char *text);
/** Request Tracker's TicketSQL, inside '…': a backslash takes the next character as it is. */
char *escape_ticketsql(const char *text);
/** A value for Odoo's and Tryton's =ilike and ilike that stands for itself: \ % _ */
char *escape_ilike(const char *text);
/** One part of a path or query: everything but RFC 3986 unreserved characters in percents. */
char *escape_uri(const char *text);
/** Text in HTML, inside and outside of attributes. */
char *escape_html(const char *text);

/** Without white space (Unicode's too) at both ends. */
char *escape_trim(const char *text);
/** At most `bytes` bytes and `characters` characters (0: any number), cut between characters. */
char *escape_cut(const char *text, gsize bytes, gsize characters);

#endif
