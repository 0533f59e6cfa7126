/* store_conversation.c - whether a message belongs to a conversation, asked before it is read. */
#include "store/private.h"

#include "base/error.h"
#include "store/conversation.h"

/* What is asked outlives whoever asked, when the answer comes too late. */
struct question {
	GPtrArray *ids; /* char * */
	gboolean known;
};

static void
question_free(gpointer data)
{
	struct question *question = data;

	g_ptr_array_unref(question->ids);
	g_free(question);
}

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

static gboolean
ask(struct database *database, gpointer data, GError **error)
{
	struct question *question = data;
	int got = 0;

	for (guint i = question->ids->len; i > 0 && got == 0; i--) {
		const char *id = question->ids->pdata[i - 1];

		got = is_known(database, CONVERSATION_MESSAGE_ID, id, error);
		if (got == 0)
			got = is_known(database, CONVERSATION_ALIAS, id, error);
	}
	question->known = got > 0;
	return got >= 0;
}

static struct question *
question_new(const GPtrArray *ids)
{
	struct question *question = g_new0(struct question, 1);

	question->ids = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < ids->len; i++)
		g_ptr_array_add(question->ids, g_strdup(ids->pdata[i]));
	return question;
}

gboolean
store_has_message(struct store *store, const GPtrArray *ids, gint64 deadline, gboolean *ret,
		  GError **error)
{
	struct question *question;
	GError *failure = NULL;

	if (!store->asker)
		return store_run(store, NULL, NULL, error);
	question = question_new(ids);
	if (asker_ask(store->asker, ask, question, question_free, deadline, &failure))
		*ret = question->known;
	if (!g_error_matches(failure, LEADMILTER_ERROR, ERROR_TIMEOUT))
		question_free(question);
	if (!failure)
		return TRUE;
	g_propagate_error(error, failure);
	return FALSE;
}
