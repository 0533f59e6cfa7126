/*
 * token.h - what marks mail as belonging to a lead where nobody can write it but us: the signed
 * token in a Reply-To address, and the mark of mail that was routed.
 *
 *   anna+lm-TOKEN@example.com     TOKEN: 32 characters of base32 (RFC 4648, lower case), 160 bits:
 *     4 version, 14 day of issue (since 2020-01-01, until 2064), 62 the first 14 characters of the
 *     lead's id (its time and 20 random bits), 80 of HMAC-SHA256 under reply_token_secret over
 *     these and the address without the token.
 *
 * So a token can't be made up, changed, or moved to another mailbox, and says nothing but
 * when the lead was made.  The first secret signs, all of them verify: that is how one is replaced.
 * MTAs may change the case of a local part: it is read in either.  Comparing takes the same time
 * for every wrong token.  Pure functions of the configuration; any thread.
 */
#ifndef LEADMILTER_TOKEN_H
#define LEADMILTER_TOKEN_H

#include "base/config.h"

/** The address without its token, whether that is good or not; NULL when it has none.  Caller
 *  frees. */
char *token_strip(const struct config *config, const char *address);

enum token_result { TOKEN_NONE, TOKEN_GOOD, TOKEN_EXPIRED, TOKEN_FORGED };

/**
 * What token an address has.
 * @param ret_lead how the lead's id begins ("ld_" and 14 characters), when the token is good;
 *        caller frees; may be NULL
 */
enum token_result token_read(const struct config *config, const char *address, gint64 now,
			     char **ret_lead);

/**
 * The address a lead's answers shall come to.
 * @return caller frees; NULL when there can be none: no secret, no ASCII address, a token already,
 *         an id of another form, or more than 64 octets (RFC 5321 section 4.5.3.1.1)
 */
char *token_address(const struct config *config, const char *address, const char *lead, gint64 now);

/** What X-Lead-Routed says of a message; signed when there is a secret.  Caller frees. */
char *token_mark(const struct config *config, const char *message_id);
/** It was this site that wrote such a value for this message. */
gboolean token_mark_is_ours(const struct config *config, const char *mark, const char *message_id);

#endif
