/*
 * receive.c - see receive.h.
 *
 * Whatever changes anything leaves a message row, so that a second try of the MTA finds its
 * answer; what changes nothing (a newsletter, a bounce of nobody) leaves none, and costs no write.
 */
#include "store/receive.h"

#include <string.h>

#include "store/apply.h"
#include "lead/identity.h"
#include "store/census.h"
#include "store/contact.h"
#include "store/conversation.h"
#include "store/lookup.h"

void
answer_clear(struct answer *answer)
{
	g_free(answer->reason);
	g_free(answer->lead);
	g_free(answer->owner);
	g_free(answer->match);
	route_free(answer->routing);
	memset(answer, 0, sizeof *answer);
}

/* --- writing --- */

/* What is written beside the decision. */
struct written {
	const struct known *known;
	const struct routing *routing;
	gboolean teaches_ids; /* struct lookup_previous */
};

static const char *
author_of(const struct facts *facts)
{
	const struct mail_address *author = facts->mail ? mail_author(facts->mail) : NULL;

	return author ? author->address : facts->mail_from;
}

/* Ids a provider wrote over those of our mails; not what somebody may have made up. */
static void
learn_ids(GArray *links, const struct facts *facts, gint64 time)
{
	const GPtrArray *lists[] = { facts->mail->in_reply_to, facts->mail->references };
	guint left = LIMIT_LEARNED_IDS;

	for (guint list = 0; list < G_N_ELEMENTS(lists); list++)
		for (guint i = lists[list] ? lists[list]->len : 0; i > 0 && left > 0; i--, left--)
			conversation_add_alias(links, lists[list]->pdata[i - 1], time);
}

static GArray *
links_of(const struct receive *receive, const struct decision *decision, gboolean teaches_ids,
	 gint64 time)
{
	const struct facts *facts = receive->facts;
	GArray *links = conversation_links(facts, time, decision->record_message);
	struct conversation_link flood = { 0, -receive->now };

	if (decision->action == ACTION_CREATE && lookup_flood_hash(facts, &flood.hash))
		g_array_append_val(links, flood);
	if (teaches_ids && decision->lead && identity_proof(facts) >= PROOF_ACCEPTED)
		learn_ids(links, facts, time);
	return links;
}

static gboolean
write_message(struct transaction *transaction, const struct receive *receive,
	      const struct decision *decision, const struct written *written, gint64 lead,
	      GError **error)
{
	struct database *database = transaction->database;
	const struct facts *facts = receive->facts;
	gint64 time = facts->received ? facts->received : receive->now;
	g_autoptr(GArray) links = links_of(receive, decision, written->teaches_ids, time);
	const struct lead *state = decision->lead;
	const char *mailbox = facts->mailbox_addresses && facts->mailbox_addresses->len
				      ? facts->mailbox_addresses->pdata[0]
				      : NULL;
	char grade[2] = { state ? state->grade : 0, 0 };
	g_autofree char *routes = route_to_text(written->routing);

	if (!database_run(database, QUERY_MESSAGE_INSERT, error, "siisissssrssbs",
			  facts->mail ? facts->mail->message_id : NULL, time, receive->now,
			  direction_name(facts->direction), lead, mailbox, author_of(facts),
			  facts->kind ? kind_name(facts->kind->kind) : NULL,
			  match_name(decision->match), state ? state->total : 0.0, grade,
			  state ? stage_name(state->stage) : NULL, (const void *)links->data,
			  (gsize)(links->len * sizeof(struct conversation_link)), routes))
		return FALSE;
	transaction->tally.messages++;
	return conversation_insert(database, links,
				   database->driver->last_row(database->connection), error);
}

static gboolean
write_decision(struct transaction *transaction, const struct receive *receive,
	       const struct decision *decision, const struct written *written, GError **error)
{
	gboolean changes;
	gint64 lead;

	if (!apply_decision(transaction, receive->endpoints, decision, receive->shadow, &lead,
			    &changes, error))
		return FALSE;
	if (receive->facts->direction == DIRECTION_INBOUND &&
	    !contact_record(transaction->database, receive->facts, written->known, lead,
			    receive->now, error))
		return FALSE;
	return (!changes && !decision->record_message) ||
	       write_message(transaction, receive, decision, written, lead, error);
}

/* --- answering --- */

static const char *
static_kind(const char *name)
{
	for (int i = 0; name && i < KIND_COUNT; i++)
		if (!strcmp(name, kind_name(i)))
			return kind_name(i);
	return "";
}

/* As then; only the owner is today's, since the lead may have been given to somebody else. */
static void
answer_again(const struct decision *decision, const struct known *known,
	     const struct lookup_previous *previous, struct answer *ret)
{
	*ret = (struct answer){
		.action = ACTION_DUPLICATE,
		.reason = g_strdup(decision->reason),
		.match = g_strdup(previous->match),
		.kind = (char *)static_kind(previous->kind),
		.score = previous->score,
		.grade = previous->grade,
	};
	stage_from_name(previous->stage, &ret->stage);
	if (!known->previous)
		return;
	ret->lead = g_strdup(known->previous->id);
	ret->owner = g_strdup(known->previous->owner);
}

static struct routing *
route_message(const struct receive *receive, const struct known *known,
	      const struct decision *decision, const struct lookup_previous *previous)
{
	const struct route_rules *rules =
		receive->scorecards ? scorecards_routes(receive->scorecards) : NULL;
	const struct route_input input = {
		.facts = receive->facts,
		.known = known,
		.lead = decision->lead,
		.before = decision->before,
		.touches = known->touches,
		.only_lead = decision->next == NULL,
		.is_again = known->is_duplicate,
		.then = previous->routes,
		.now = receive->now,
	};

	return rules ? route_decide(rules, &input) : NULL;
}

static struct decision *
decide(struct transaction *transaction, const struct receive *receive, struct known *known,
       GError **error)
{
	const struct facts *facts = receive->facts;
	struct decision *decision =
		receive->decide(facts, known, receive->scorecards, receive->now);

	return apply_respect(transaction, decision,
			     facts->received ? facts->received : receive->now, error);
}

gboolean
receive_message(struct transaction *transaction, const struct receive *receive, struct answer *ret,
		GError **error)
{
	const struct kind *kind = receive->facts->kind;
	struct lookup_previous previous = { 0 };
	g_autoptr(known_owned) known = lookup_known(
		transaction, receive->facts, receive->scorecards, receive->now, &previous, error);
	g_autoptr(decision_owned) decision =
		known ? decide(transaction, receive, known, error) : NULL;
	struct routing *routing =
		decision ? route_message(receive, known, decision, &previous) : NULL;
	gboolean done = decision != NULL;

	if (done && known->is_duplicate)
		answer_again(decision, known, &previous, ret);
	else if (done) {
		const struct written written = { known, routing, previous.teaches_ids };

		done = census_count(transaction, receive->facts, receive->scorecards, receive->now,
				    error) &&
		       write_decision(transaction, receive, decision, &written, error);
		if (done)
			apply_answer(decision, kind ? kind_name(kind->kind) : NULL, ret);
	}
	if (done)
		ret->routing = g_steal_pointer(&routing);
	route_free(routing);
	lookup_previous_clear(&previous);
	return done;
}

/* --- retention --- */

struct old_message {
	gint64 number;
	GBytes *links;
};

static void
old_message_clear(gpointer message)
{
	g_bytes_unref(((struct old_message *)message)->links);
}

static GArray *
old_messages(struct database *database, gint64 after, gint64 before, gboolean *ret_more,
	     GError **error)
{
	GArray *messages = g_array_new(FALSE, FALSE, sizeof(struct old_message));
	struct driver_statement *row =
		database_select(database, QUERY_MESSAGES_OLDEST, error, "i", after);
	int got = -1;

	g_array_set_clear_func(messages, old_message_clear);
	while (row && (got = database_next(database, row, error)) > 0) {
		struct old_message message = { .number = database_column(database, row, 0) };
		const void *links;
		gsize size;

		if (database_column(database, row, 1) >= before)
			break;
		links = database->driver->column_blob(row, 2, &size);
		message.links = g_bytes_new(links, size);
		g_array_append_val(messages, message);
	}
	if (got > 0)
		database_end(database, row);
	*ret_more = got == 0 && messages->len == LIMIT_BATCH;
	if (got >= 0)
		return messages;
	g_array_unref(messages);
	return NULL;
}

gint
receive_expire(struct transaction *transaction, gint64 *after, gint64 before, gboolean *ret_more,
	       GError **error)
{
	struct database *database = transaction->database;
	g_autoptr(GArray) messages = old_messages(database, *after, before, ret_more, error);

	for (guint i = 0; messages && i < messages->len; i++) {
		const struct old_message *message = &g_array_index(messages, struct old_message, i);
		gsize size;
		const void *links = g_bytes_get_data(message->links, &size);

		if (!conversation_delete(database, links, size, message->number, error) ||
		    !database_run(database, QUERY_MESSAGE_DELETE, error, "i", message->number))
			return -1;
		*after = message->number;
		transaction->tally.messages--;
	}
	return messages ? (gint)messages->len : -1;
}
