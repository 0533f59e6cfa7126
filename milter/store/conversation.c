/* conversation.c - see conversation.h. */
#include "store/conversation.h"

#include <string.h>

#include "base/digest.h"
#include "base/limits.h"
#include "mail/address.h"

gint64
conversation_hash(enum conversation_kind kind, const char *text, const char *more)
{
	struct digest *digest = digest_new();
	const guint8 letter = kind;
	guint8 bytes[DIGEST_SIZE];
	gint64 hash;

	digest_add(digest, &letter, 1);
	digest_add(digest, text, strlen(text));
	if (more) {
		digest_add(digest, "", 1);
		digest_add(digest, more, strlen(more));
	}
	digest_end(digest, bytes);
	memcpy(&hash, bytes, sizeof hash);
	return hash;
}

/* A key is a SHA-256 in hex already. */
static gint64
key_tag(const char *key)
{
	char *end;
	g_autofree char *half = g_strndup(key, 16);
	guint64 tag = g_ascii_strtoull(half, &end, 16);

	if (end == half + 16)
		return (gint64)tag;
	return conversation_hash(CONVERSATION_KEY, key, "tag");
}

void
conversation_of_key(const char *key, gint64 *ret_hash, gint64 *ret_tag)
{
	*ret_hash = conversation_hash(CONVERSATION_KEY, key, NULL);
	*ret_tag = key_tag(key);
}

void
conversation_of_message(const struct facts *facts, gint64 *ret_hash, gint64 *ret_tag)
{
	conversation_of_ids(facts->mail ? facts->mail->message_id : NULL,
			    facts->key ? facts->key : "", ret_hash, ret_tag);
}

void
conversation_of_ids(const char *id, const char *key, gint64 *ret_hash, gint64 *ret_tag)
{
	*ret_hash = id && *id ? conversation_hash(CONVERSATION_MESSAGE_ID, id, NULL)
			      : conversation_hash(CONVERSATION_KEY, key, NULL);
	*ret_tag = key_tag(key);
}

static void
add_link(GArray *links, gint64 hash, gint64 tag)
{
	const struct conversation_link link = { hash, tag };

	g_array_append_val(links, link);
}

static void
add_recipients(GArray *links, const struct facts *facts, gint64 time)
{
	const GPtrArray *recipients = facts->recipients;
	const char *subject = facts->subject_normalised;

	for (guint i = 0; recipients && i < recipients->len && i < LIMIT_CONVERSATION_RECIPIENTS;
	     i++) {
		g_autofree char *address = address_normalise(recipients->pdata[i]);

		if (!address)
			continue;
		add_link(links, conversation_hash(CONVERSATION_OUTBOUND, address, NULL), -time);
		if (subject && *subject)
			add_link(links, conversation_hash(CONVERSATION_SUBJECT, subject, address),
				 -time);
	}
}

GArray *
conversation_links(const struct facts *facts, gint64 time, gboolean whole)
{
	GArray *links = g_array_new(FALSE, FALSE, sizeof(struct conversation_link));
	gint64 hash, tag;

	conversation_of_message(facts, &hash, &tag);
	add_link(links, hash, tag);
	if (!whole)
		return links;
	if (facts->thread_index && *facts->thread_index)
		add_link(links, conversation_hash(CONVERSATION_THREAD, facts->thread_index, NULL),
			 -time);
	if (facts->original_message_id)
		conversation_add_alias(links, facts->original_message_id, time);
	if (facts->direction == DIRECTION_OUTBOUND)
		add_recipients(links, facts, time);
	return links;
}

void
conversation_add_alias(GArray *links, const char *id, gint64 time)
{
	add_link(links, conversation_hash(CONVERSATION_ALIAS, id, NULL), -time);
}

GArray *
conversation_links_of_key(const char *key)
{
	GArray *links = g_array_new(FALSE, FALSE, sizeof(struct conversation_link));
	gint64 hash, tag;

	conversation_of_key(key, &hash, &tag);
	add_link(links, hash, tag);
	return links;
}

gboolean
conversation_insert(struct database *database, const GArray *links, gint64 message, GError **error)
{
	for (guint i = 0; i < links->len; i++) {
		const struct conversation_link *link =
			&g_array_index(links, struct conversation_link, i);

		if (!database_run(database, QUERY_CONVERSATION_INSERT, error, "iii", link->hash,
				  link->tag, message))
			return FALSE;
	}
	return TRUE;
}

gboolean
conversation_delete(struct database *database, const void *links, gsize size, gint64 message,
		    GError **error)
{
	for (gsize at = 0; at + sizeof(struct conversation_link) <= size;
	     at += sizeof(struct conversation_link)) {
		struct conversation_link link;

		memcpy(&link, (const char *)links + at, sizeof link);
		if (!database_run(database, QUERY_CONVERSATION_DELETE, error, "iii", link.hash,
				  link.tag, message))
			return FALSE;
	}
	return TRUE;
}
