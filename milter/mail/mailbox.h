/*
 * mailbox.h - which watched mailbox a recipient is, and whether mail is ours going out.
 *
 * Pure functions of the configuration and the envelope; any thread.
 */
#ifndef LEADMILTER_MAILBOX_H
#define LEADMILTER_MAILBOX_H

#include "mail/facts.h"

/**
 * The first watched mailbox that a recipient matches, or NULL.
 * @param ret_tag its +tag (caller frees) or NULL; may be NULL
 */
const struct config_mailbox *mailbox_find(const struct config *config, const char *recipient,
					  char **ret_tag);

/** The entry is an address, a domain (parents count) or a glob; case is ignored. */
gboolean mailbox_entry_matches(const char *entry, const char *address);
/** Any entry of a list (char *) matches. */
gboolean mailbox_list_matches(const GPtrArray *entries, const char *address);

/** The client's address is in one of the networks (GInetAddressMask *). */
gboolean mailbox_client_matches(const GPtrArray *networks, const struct raw_mail *raw);

/** The client may submit as us: it logged in, or its address is in own_networks. */
gboolean mailbox_client_is_ours(const struct config *config, const struct raw_mail *raw);

#endif
