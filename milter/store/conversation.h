/*
 * conversation.h - by which keys a message is found again: hashes of 64 bits.
 *
 * A row is (hash of kind and text, tag, message).  The tag orders rows of one hash: for a
 * Message-ID it is the message's key, so that duplicate check and conversation look-up share a row;
 * else it is the negative time, so that the newest comes first.  Hashes are the first 64
 * bits of SHA-256, so nobody can aim at somebody else's; where the text is kept it is compared too.
 */
#ifndef LEADMILTER_CONVERSATION_H
#define LEADMILTER_CONVERSATION_H

#include "mail/facts.h"
#include "store/transaction.h"

enum conversation_kind {
	CONVERSATION_MESSAGE_ID = 'm',
	CONVERSATION_ALIAS = 'a', /* another Message-ID of a conversation: a provider's own */
	CONVERSATION_KEY = 'k', /* of a message without a Message-ID */
	CONVERSATION_THREAD = 't', /* Thread-Index */
	CONVERSATION_SUBJECT = 'j', /* subject and correspondent */
	CONVERSATION_OUTBOUND = 'o', /* address we wrote to */
	CONVERSATION_SENDER = 's' /* envelope sender who made a lead of somebody else */
};

/** @param more or NULL */
gint64 conversation_hash(enum conversation_kind kind, const char *text, const char *more);
/** The pair under which a message itself is known. */
void conversation_of_message(const struct facts *facts, gint64 *ret_hash, gint64 *ret_tag);

/** The same from a touch of it. @param id Message-ID, or NULL */
void conversation_of_ids(const char *id, const char *key, gint64 *ret_hash, gint64 *ret_tag);
/** The same for what is known by its key alone. */
void conversation_of_key(const char *key, gint64 *ret_hash, gint64 *ret_tag);

/* The rows of one message, kept in its row too so that they can be deleted. */
struct conversation_link {
	gint64 hash, tag;
};

/**
 * All rows to write for a message.
 * @param time   of the message
 * @param whole  it shall be found as part of a conversation, not only as a duplicate
 * @return struct conversation_link; caller unrefs
 */
GArray *conversation_links(const struct facts *facts, gint64 time, gboolean whole);
/** One more Message-ID by which the conversation is found. */
void conversation_add_alias(GArray *links, const char *id, gint64 time);
/** The one row of what is known by its key alone; caller unrefs. */
GArray *conversation_links_of_key(const char *key);
gboolean conversation_insert(struct database *database, const GArray *links, gint64 message,
			     GError **error);
/** @param links as stored: an array of struct conversation_link */
gboolean conversation_delete(struct database *database, const void *links, gsize size,
			     gint64 message, GError **error);

#endif
