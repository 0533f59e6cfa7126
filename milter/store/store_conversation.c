/* store_conversation.c - whether a message belongs to a conversation, asked before it is read. */
#include "store/private.h"

#include "store/conversation.h"

/* @return 1 it is known, 0 not, -1 failed */
static int
is_known(struct database *database, enum conversation_kind kind, const char *id, GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_MESSAGES_OF_CONVERSATION, error, "ii",
				conversation_hash(kind, id, NULL), G_MAXINT64);
	int got = row ? database_next(database, row, error) : -1;

	if (got > 0)
		database_end(database, row);
	return got;
}

gboolean
store_has_message(struct store *store, const GPtrArray *ids, gboolean *ret, GError **error)
{
	int got = 0;

	pthread_mutex_lock(&store->reading_mutex);
	for (guint i = ids->len; i > 0 && got == 0; i--) {
		const char *id = ids->pdata[i - 1];

		got = is_known(store->reading, CONVERSATION_MESSAGE_ID, id, error);
		if (got == 0)
			got = is_known(store->reading, CONVERSATION_ALIAS, id, error);
	}
	pthread_mutex_unlock(&store->reading_mutex);
	if (got < 0)
		return FALSE;
	*ret = got > 0;
	return TRUE;
}
