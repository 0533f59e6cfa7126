/*
 * address.h - address lists and addresses, read iteratively: RFC 5322 section 3.4 with the
 * obsolete forms, groups, comments and the breakage seen in the wild.  Pure; any thread.
 */
#ifndef LEADMILTER_ADDRESS_H
#define LEADMILTER_ADDRESS_H

#include <glib.h>

#include "mail/mail.h"

struct mail_address *mail_address_new(const char *name, const char *address);
void mail_address_free(struct mail_address *address);

/**
 * Read an address field's value: at most LIMIT_ADDRESSES mailboxes, groups flattened.
 * @param value unfolded or folded, RFC 2047 words allowed (decoded in names)
 * @return struct mail_address *, never NULL; caller unrefs (elements freed with it)
 */
GPtrArray *address_parse_list(const char *value);

/** TRUE for local@domain with a plausible domain (a dot or an address literal). */
gboolean address_is_valid(const char *address);

/** The part after the last @, or NULL; points into `address`. */
const char *address_domain(const char *address);

/**
 * The form two spellings of one mailbox share: lower case, domain as A-label, +tag
 * removed, and the provider's own rules (Gmail's dots, googlemail.com = gmail.com, …).
 * Never used for sending.  Caller frees; NULL when not an address.
 */
char *address_normalise(const char *address);

/** The +tag of an address, or NULL.  Caller frees. */
char *address_tag(const char *address);

#endif
