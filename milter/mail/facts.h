/*
 * facts.h - everything that is understood of one message, by pure functions of its bytes.
 *
 * One struct facts per message, made by facts_new() on the session's thread and immutable
 * after that; reference counted, since the writer thread may still read it after a session gave up
 * waiting.
 */
#ifndef LEADMILTER_FACTS_H
#define LEADMILTER_FACTS_H

#include <glib.h>

#include "base/config.h"
#include "mail/content.h"
#include "mail/domain.h"
#include "mail/form.h"
#include "mail/forward.h"
#include "mail/kind.h"
#include "mail/mail.h"
#include "mail/person.h"
#include "mail/phrases.h"
#include "mail/reply.h"

/* What understanding needs besides the message: lists and databases, loaded with the configuration.
 */
struct analysis {
	int references; /* atomic */
	struct config *config;
	struct domain_lists *domains;
	struct phrases *phrases;
};

struct analysis *analysis_new(struct config *config, GError **error);
struct analysis *analysis_ref(struct analysis *analysis);
void analysis_unref(struct analysis *analysis);
typedef struct analysis analysis_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(analysis_owned, analysis_unref)

/* The header field of our own mails to owners. */
#define FACTS_NOTIFICATION "X-LeadMilter"

enum direction { DIRECTION_INBOUND, DIRECTION_OUTBOUND, DIRECTION_INTERNAL };

struct facts {
	int references; /* atomic */
	char *key; /* raw_mail_key() */
	char *queue_id;
	gint64 received;
	enum direction direction;
	GPtrArray *mailboxes; /* const struct config_mailbox *: those watched that were addressed */
	GPtrArray *mailbox_addresses; /* char *: the recipients that matched them (without a
					 token), same order */
	GPtrArray *mailbox_tags; /* char * or NULL, same order */
	GPtrArray *recipients; /* char *: the whole envelope */
	char *token_lead; /* how the id begins of the lead whose signed token a recipient has, or
			     NULL; without it in mailbox_addresses */
	guint tokens_refused; /* recipients with a token that is forged or expired */
	gboolean own_notification; /* one of our mails to an owner, or what says so */
	char *mail_from; /* "" null sender, NULL unknown */
	char *client_address;
	char *auth_login;
	char *thread_index; /* first 22 bytes of Thread-Index in base64, or NULL */
	char *original_message_id; /* X-Microsoft-Original-Message-ID: what Exchange put another
				      id over, or NULL */
	char *subject_normalised; /* without Re:, Fwd:, tags; lower case */
	guint reply_prefixes; /* how many were removed */
	struct mail *mail;
	struct html_text *html; /* or NULL */
	struct reply_text *text;
	struct forward *forward; /* or NULL */
	struct form *form; /* or NULL */
	struct kind *kind;
	struct sender sender; /* the author (From), whoever the person is */
	struct sender
		person_sender; /* of the person's address: forwarded, from a form, or sender */
	gboolean person_is_author; /* person_sender shares its strings with sender */
	struct person *person;
	struct content *content;
	struct config *config; /* mailboxes point into it */
};

/**
 * Understand a message.  Never NULL, never fails.  Any thread.
 * @param raw stays the caller's; nothing of it is kept
 */
struct facts *facts_new(const struct analysis *analysis, const struct raw_mail *raw);
/** The same for a message whose Authentication-Results were read already: moved out of `auth`. */
struct facts *facts_new_authenticated(const struct analysis *analysis, const struct raw_mail *raw,
				      struct authres *auth);
struct facts *facts_ref(struct facts *facts);
void facts_unref(struct facts *facts);
typedef struct facts facts_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(facts_owned, facts_unref)

const char *direction_name(enum direction direction);

/** What the session asks right after RCPT: would anything of this transaction interest us?
 *  Uses sender, login, client address and recipients only. */
gboolean facts_interested(const struct analysis *analysis, const struct raw_mail *raw);
/** Somebody else writes to people of ours: with watch_conversations it may belong to a conversation
 *  we know.  Asked when facts_interested() said no. */
gboolean facts_may_answer(const struct analysis *analysis, const struct raw_mail *raw);
/** Message-IDs it answers (char *, the last LIMIT_REFERENCES of each field, In-Reply-To first),
 *  from its header alone; caller unrefs. */
GPtrArray *facts_answered_ids(const struct raw_mail *raw);
/** A delivery report by sender and Content-Type: what it is about stands in its body. */
gboolean facts_may_be_report(const struct raw_mail *raw);

/* What the first prefix of a subject says. */
enum subject_kind { SUBJECT_PLAIN, SUBJECT_REPLY, SUBJECT_FORWARD, SUBJECT_EITHER };
enum subject_kind subject_get_kind(const char *subject);

/** Subject without reply and forward prefixes in many languages and list tags; caller frees. */
char *subject_normalise(const char *subject, guint *ret_prefixes);

/**
 * A Subject field's value with a tag before it; its own bytes stay as they are.
 * @param value as it came (encoded, folded), or NULL: there is no such field
 * @param tag   UTF-8 on one line
 * @return NULL when the tag is in it already, or more of the field than we hold; caller frees
 */
char *subject_add_tag(const char *value, const char *tag);

#endif
