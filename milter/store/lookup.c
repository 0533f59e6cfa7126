/*
 * lookup.c - see lookup.h.
 *
 * From the strongest evidence to the weakest: the conversation (In-Reply-To and References from
 * the newest, Thread-Index), the person's address, phones, subject with correspondent, name
 * within the account.  Each is one step into an index with a LIMIT, so the cost depends on the
 * message, not on the size of the store.  A new sender's mail costs about eight such steps.
 *
 * On a server each step would be a round trip, so a message is looked up more than once: first
 * nothing is found and every step only noted (database_foresee()), then they are all answered at
 * once.  What was found is noted in the same way, and only then is it all read.
 */
#include "store/lookup.h"

#include <string.h>

#include "lead/identity.h"
#include "mail/address.h"
#include "store/conversation.h"
#include "store/gather.h"
#include "store/keys.h"

struct lookup {
	struct gather gather;
	struct database *database;
	const struct facts *facts;
	gint64 now;
	struct known *known;
	gboolean has_new_ids; /* it answers messages that nobody knows */
	gboolean in_conversation; /* and yet belongs to a known one */
	gboolean foresees; /* what will be read is only noted */
	GError **error;
};

void
lookup_previous_clear(struct lookup_previous *previous)
{
	g_free(previous->match);
	g_free(previous->kind);
	g_free(previous->stage);
	g_free(previous->routes);
	memset(previous, 0, sizeof *previous);
}

/* --- foreseeing --- */

/* On a lookup of its own, so that nothing counts that is found meanwhile: it only says what else
 * will be read.  Once more is known than what each mail asks for, an owner's table say, that is not
 * asked again. */
static gboolean
note(const struct lookup *lookup, gboolean (*step)(struct lookup *lookup))
{
	struct transaction *transaction = lookup->gather.transaction;
	enum has_rows accounts = transaction->accounts;
	g_autoptr(known_owned) nothing = known_new();
	struct lookup first = {
		.database = lookup->database,
		.facts = lookup->facts,
		.now = lookup->now,
		.known = nothing,
		.foresees = TRUE,
		.error = lookup->error,
	};
	gboolean done = gather_begin(&first.gather, transaction, lookup->now,
				     lookup->gather.scorecards, nothing, lookup->error) &&
			step(&first);

	gather_end(&first.gather);
	transaction->accounts = accounts;
	return done;
}

static gboolean
foresee(const struct lookup *lookup, gboolean (*step)(struct lookup *lookup))
{
	gboolean done;

	if (!database_foresee(lookup->database, TRUE))
		return TRUE;
	done = note(lookup, step);
	database_foresee(lookup->database, FALSE);
	return done;
}

/* --- the conversation --- */

struct found_message {
	gint64 lead;
	gboolean is_ours; /* outbound */
	char *author;
};

/* The newest message under a hash, up to `tag`.  @return 1 found, 0 none, -1 failed */
static int
find_message(struct lookup *lookup, gint64 hash, gint64 tag, const char *message_id,
	     struct found_message *ret)
{
	struct database *database = lookup->database;
	struct driver_statement *row = database_select(database, QUERY_MESSAGES_OF_CONVERSATION,
						       lookup->error, "ii", hash, tag);
	int got = -1;

	while (row && (got = database_next(database, row, lookup->error)) > 0) {
		if (message_id && g_strcmp0(message_id, database_column_text(database, row, 4)))
			continue;
		ret->lead = database_column(database, row, 0);
		ret->is_ours = !g_strcmp0(database_column_text(database, row, 1), "outbound");
		ret->author = g_strdup(database_column_text(database, row, 2));
		if (ret->lead == 0 && !ret->is_ours)
			g_clear_pointer(&ret->author, g_free);
		database_end(database, row);
		return 1;
	}
	return got;
}

static gboolean
take_message(struct lookup *lookup, struct found_message *message, enum match match)
{
	struct known *known = lookup->known;

	lookup->in_conversation = TRUE;
	if (message->is_ours && !known->replied_to)
		known->replied_to = g_steal_pointer(&message->author);
	g_clear_pointer(&message->author, g_free);
	return gather_lead(&lookup->gather, message->lead, match);
}

/* @return 1 when the message is known, 0 when not, -1 failed */
static int
add_message_id(struct lookup *lookup, const char *id, gboolean *ret_is_ours)
{
	struct found_message message = { 0 };
	int got = find_message(lookup, conversation_hash(CONVERSATION_MESSAGE_ID, id, NULL),
			       G_MAXINT64, id, &message);

	if (got > 0 && ret_is_ours)
		*ret_is_ours = message.is_ours;
	if (got > 0 && !take_message(lookup, &message, MATCHED_REFERENCES))
		return -1;
	return got;
}

/* The same for an id that a provider wrote over a message's own. */
static int
add_alias(struct lookup *lookup, const char *id, G_GNUC_UNUSED gboolean *ret_is_ours)
{
	struct found_message message = { 0 };
	int got = find_message(lookup, conversation_hash(CONVERSATION_ALIAS, id, NULL), G_MAXINT64,
			       NULL, &message);

	if (got > 0 && !take_message(lookup, &message, MATCHED_REFERENCES))
		return -1;
	return got;
}

/* From the newest id on; the first that is known says whose conversation it is. */
static int
add_ids(struct lookup *lookup, const GPtrArray *ids,
	int (*add)(struct lookup *lookup, const char *id, gboolean *ret_is_ours))
{
	guint count = ids ? MIN(ids->len, LIMIT_REFERENCES) : 0;

	for (guint i = 0; i < count; i++) {
		int got = add(lookup, ids->pdata[ids->len - 1 - i], NULL);

		if (got != 0)
			return got;
	}
	return 0;
}

static gboolean
has_ids(const GPtrArray *ids)
{
	return ids && ids->len > 0;
}

/* What the newest ids don't say. */
static int
add_older_ids(struct lookup *lookup)
{
	const struct mail *mail = lookup->facts->mail;
	int got = add_ids(lookup, mail->references, add_message_id);

	if (got == 0)
		got = add_ids(lookup, mail->in_reply_to, add_alias);
	if (got == 0)
		got = add_ids(lookup, mail->references, add_alias);
	return got;
}

static gboolean
note_older_ids(struct lookup *lookup)
{
	return add_older_ids(lookup) >= 0;
}

/* Mostly the newest id is known; the others are foreseen when it isn't. */
static int
look_at_ids(struct lookup *lookup)
{
	int got = add_ids(lookup, lookup->facts->mail->in_reply_to, add_message_id);

	if (got != 0 || lookup->foresees)
		return got;
	return foresee(lookup, note_older_ids) ? add_older_ids(lookup) : -1;
}

static gboolean
add_references(struct lookup *lookup)
{
	const struct mail *mail = lookup->facts->mail;
	const char *original = lookup->facts->original_message_id;
	int got = look_at_ids(lookup);

	lookup->has_new_ids = got == 0 && (has_ids(mail->in_reply_to) || has_ids(mail->references));
	if (got == 0 && original)
		got = add_message_id(lookup, original, NULL);
	return got >= 0;
}

static gboolean
add_thread(struct lookup *lookup)
{
	const char *index = lookup->facts->thread_index;
	struct found_message message = { 0 };
	int got;

	if (!index || !*index)
		return TRUE;
	got = find_message(lookup, conversation_hash(CONVERSATION_THREAD, index, NULL), G_MAXINT64,
			   NULL, &message);
	return got == 0 || (got > 0 && take_message(lookup, &message, MATCHED_THREAD_INDEX));
}

static gboolean
add_subject(struct lookup *lookup)
{
	const struct facts *facts = lookup->facts;
	const char *subject = facts->subject_normalised;
	const char *correspondent = facts->person ? facts->person->normalised : NULL;
	struct found_message message = { 0 };
	guint days = facts->config ? facts->config->conversation_days : 0;
	int got;

	if (!subject || !*subject || !correspondent || days == 0)
		return TRUE;
	got = find_message(lookup, conversation_hash(CONVERSATION_SUBJECT, subject, correspondent),
			   days * (gint64)86400 * G_USEC_PER_SEC - lookup->now, NULL, &message);
	return got == 0 || (got > 0 && take_message(lookup, &message, MATCHED_SUBJECT));
}

/* The lead whose token the answer came to.  An id's beginning that two leads share says nothing. */
static gboolean
add_token(struct lookup *lookup)
{
	const char *begin = lookup->facts->token_lead;
	g_autofree char *end = begin ? g_strconcat(begin, "~", NULL) : NULL;
	struct database *database = lookup->database;
	struct driver_statement *row;
	gint64 number = 0;
	guint count = 0;
	int got = -1;

	if (!begin)
		return TRUE;
	row = database_select(database, QUERY_LEADS_BY_TOKEN, lookup->error, "ss", begin, end);
	for (; row && (got = database_next(database, row, lookup->error)) > 0; count++)
		number = database_column(database, row, 0);
	lookup->in_conversation = count == 1;
	return got == 0 && (count != 1 || gather_lead(&lookup->gather, number, MATCHED_TOKEN));
}

/* --- the person --- */

static gboolean
add_phones(struct lookup *lookup)
{
	const GPtrArray *phones = lookup->facts->person ? lookup->facts->person->phones : NULL;

	for (guint i = 0; phones && i < phones->len && i < LIMIT_PHONES; i++) {
		const struct phone *phone = phones->pdata[i];

		if (phone->e164 && !gather_key(&lookup->gather, phone->e164, MATCHED_PHONE))
			return FALSE;
	}
	return TRUE;
}

static gboolean
add_name(struct lookup *lookup)
{
	const struct facts *facts = lookup->facts;
	const char *account = identity_account_of(facts, lookup->known);
	g_autofree char *name = keys_fold_name(facts->person ? facts->person->name : NULL);
	g_autofree char *key = keys_of_name(account, name);

	return !key || gather_key(&lookup->gather, key, MATCHED_NAME);
}

static gboolean
add_person_address(struct lookup *lookup)
{
	const char *address = lookup->facts->person ? lookup->facts->person->normalised : NULL;
	g_autofree char *unverified = NULL;

	if (!address)
		return TRUE;
	if (!gather_address(&lookup->gather, address))
		return FALSE;
	if (identity_proof(lookup->facts) >= PROOF_ACCEPTED)
		return TRUE;
	unverified = g_strconcat(DECIDE_UNVERIFIED, address, NULL);
	return gather_address(&lookup->gather, unverified);
}

gboolean
lookup_flood_hash(const struct facts *facts, gint64 *ret_hash)
{
	g_autofree char *sender =
		facts->mail_from && *facts->mail_from ? address_normalise(facts->mail_from) : NULL;

	if (!sender || (facts->person && !g_strcmp0(sender, facts->person->normalised)))
		return FALSE;
	*ret_hash = conversation_hash(CONVERSATION_SENDER, sender, NULL);
	return TRUE;
}

static gboolean
know_flood(struct lookup *lookup)
{
	const struct config *config = lookup->facts->config;
	gint64 hash, count = 0;

	if (config && lookup_flood_hash(lookup->facts, &hash) &&
	    !database_integer(lookup->database, QUERY_CONVERSATION_COUNT, 0, &count, lookup->error,
			      "ii", hash, config->flood_window - lookup->now))
		return FALSE;
	lookup->known->sender_new_leads = count;
	return TRUE;
}

/* --- by kind of message --- */

/* Of the candidates, who is this address: a customer? */
static void
know_customer(struct lookup *lookup)
{
	const char *address = lookup->facts->person ? lookup->facts->person->normalised : NULL;
	const GPtrArray *candidates = lookup->known->candidates;

	for (guint i = 0; i < candidates->len; i++) {
		const struct lead *lead = ((struct candidate *)candidates->pdata[i])->lead;

		if (lead->stage == STAGE_CUSTOMER && identity_has_address(lead, address))
			lookup->known->is_customer = TRUE;
	}
}

static gboolean
look_inbound(struct lookup *lookup)
{
	const struct person *person = lookup->facts->person;

	return add_token(lookup) && add_references(lookup) && add_thread(lookup) &&
	       add_person_address(lookup) && add_phones(lookup) && add_subject(lookup) &&
	       gather_account(&lookup->gather, identity_account(&lookup->facts->person_sender)) &&
	       add_name(lookup) &&
	       gather_outbound(&lookup->gather, person ? person->normalised : NULL) &&
	       know_flood(lookup);
}

static gboolean
look_bounce(struct lookup *lookup)
{
	const struct bounce *bounce = lookup->facts->kind->bounce;
	g_autofree char *recipient =
		bounce->recipient ? address_normalise(bounce->recipient) : NULL;

	if (bounce->original_message_id &&
	    add_message_id(lookup, bounce->original_message_id, &lookup->known->bounce_is_ours) < 0)
		return FALSE;
	return gather_address(&lookup->gather, recipient) &&
	       gather_outbound(&lookup->gather, recipient);
}

static gboolean
add_mail_addresses(struct lookup *lookup, const GPtrArray *addresses)
{
	for (guint i = 0; addresses && i < addresses->len && i < LIMIT_CONVERSATION_RECIPIENTS;
	     i++) {
		const struct mail_address *address = addresses->pdata[i];

		if (!gather_written_address(&lookup->gather, address->address))
			return FALSE;
	}
	return TRUE;
}

static gboolean
look_outbound(struct lookup *lookup)
{
	const struct facts *facts = lookup->facts;

	for (guint i = 0;
	     facts->recipients && i < facts->recipients->len && i < LIMIT_CONVERSATION_RECIPIENTS;
	     i++)
		if (!gather_written_address(&lookup->gather, facts->recipients->pdata[i]))
			return FALSE;
	return add_mail_addresses(lookup, facts->mail->to) &&
	       add_mail_addresses(lookup, facts->mail->cc) && add_references(lookup) &&
	       add_thread(lookup);
}

static gboolean
look(struct lookup *lookup)
{
	const struct facts *facts = lookup->facts;
	gboolean done;

	if (facts->kind && facts->kind->kind == KIND_BOUNCE && facts->kind->bounce)
		done = look_bounce(lookup);
	else if (facts->direction == DIRECTION_OUTBOUND)
		done = look_outbound(lookup);
	else
		done = look_inbound(lookup);
	know_customer(lookup);
	return done && gather_ledgers(&lookup->gather);
}

/* --- duplicates --- */

/* @return 1 decided before, 0 not, -1 failed */
static int
find_previous(struct lookup *lookup, struct lookup_previous *ret)
{
	struct database *database = lookup->database;
	struct driver_statement *row;
	const char *grade;
	gint64 hash, tag;
	int got;

	conversation_of_message(lookup->facts, &hash, &tag);
	row = database_select(database, QUERY_MESSAGE_BY_KEY, lookup->error, "ii", hash, tag);
	got = row ? database_next(database, row, lookup->error) : -1;
	if (got <= 0)
		return got;
	grade = database_column_text(database, row, 4);
	*ret = (struct lookup_previous){
		.lead = database_column(database, row, 0),
		.kind = g_strdup(database_column_text(database, row, 1)),
		.match = g_strdup(database_column_text(database, row, 2)),
		.score = database_column_real(database, row, 3),
		.grade = grade ? grade[0] : 0,
		.stage = g_strdup(database_column_text(database, row, 5)),
		.routes = g_strdup(database_column_text(database, row, 6)),
	};
	database_end(database, row);
	return 1;
}

static gboolean
know_previous(struct lookup *lookup, const struct lookup_previous *previous)
{
	GError *error = NULL;
	struct person_row *row;

	lookup->known->is_duplicate = TRUE;
	if (previous->lead == 0)
		return TRUE;
	row = people_by_number(lookup->database, previous->lead, &error);
	if (row)
		lookup->known->previous = g_steal_pointer(&row->lead);
	people_row_free(row);
	if (error)
		g_propagate_error(lookup->error, error);
	return error == NULL;
}

static gboolean
note_all(struct lookup *lookup)
{
	struct lookup_previous ignored = { 0 };
	gboolean done = find_previous(lookup, &ignored) >= 0 && look(lookup);

	lookup_previous_clear(&ignored);
	return done;
}

static gboolean
look_or_answer(struct lookup *lookup, struct lookup_previous *ret_previous)
{
	gboolean ready = lookup->gather.transaction->is_foreseen || foresee(lookup, note_all);
	int duplicate = ready ? find_previous(lookup, ret_previous) : -1;

	if (duplicate < 0)
		return FALSE;
	return duplicate ? know_previous(lookup, ret_previous) : look(lookup);
}

struct known *
lookup_known(struct transaction *transaction, const struct facts *facts,
	     const struct scorecards *scorecards, gint64 now, struct lookup_previous *ret_previous,
	     GError **error)
{
	g_autoptr(known_owned) known = known_new();
	struct lookup lookup = {
		.database = transaction->database,
		.facts = facts,
		.now = now,
		.known = known,
		.error = error,
	};
	gboolean done = gather_begin(&lookup.gather, transaction, now, scorecards, known, error) &&
			look_or_answer(&lookup, ret_previous);

	gather_end(&lookup.gather);
	ret_previous->teaches_ids = lookup.has_new_ids && lookup.in_conversation;
	return done ? g_steal_pointer(&known) : NULL;
}

/* A failure is told by what reads next. */
void
lookup_foresee(struct transaction *transaction, const struct facts *facts,
	       const struct scorecards *scorecards, gint64 now)
{
	g_autoptr(known_owned) known = known_new();
	struct lookup lookup = {
		.database = transaction->database,
		.facts = facts,
		.now = now,
		.known = known,
	};

	if (gather_begin(&lookup.gather, transaction, now, scorecards, known, NULL))
		foresee(&lookup, note_all);
	gather_end(&lookup.gather);
}
