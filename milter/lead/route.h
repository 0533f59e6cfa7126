/*
 * route.h - where mail of a lead goes: further recipients, header fields, a tag, quarantine.
 *
 * The rules are the `route` sections of the configuration, compiled with the conditions of a
 * scorecard.  route_decide() is a pure function of the message, what the store knows and the
 * decision about the lead; it runs with the decision, and costs nothing where no rule is
 * configured.  A rule's condition sees the lead as this message left it (stage, score, owner) and
 * counts of mails as they were before.  Rules apply to mail that comes in for a watched mailbox, in
 * their order; of mail no person wrote only rules apply whose condition asks for its kind.
 *
 * Nothing can loop or leak: a recipient is added only within own_domains and route_domains, never
 * one that is watched itself; mail that was routed here before (X-Lead-Routed) gets no other
 * recipients.  The original recipient goes only where another one was added.
 *
 * Immutable after it was made; any thread.
 */
#ifndef LEADMILTER_ROUTE_H
#define LEADMILTER_ROUTE_H

#include "lead/decide.h"
#include "lead/expression.h"

struct route_rules;

/**
 * Compile the configuration's rules.
 * @param names, targets of the scorecards; must outlive the rules
 * @return NULL with ERROR_CONFIG "file:line: …".  Caller frees.
 */
struct route_rules *route_rules_new(struct config *config, struct expression_names *names,
				    const struct word_list *targets, GError **error);
void route_rules_free(struct route_rules *rules);

enum route_action {
	ROUTE_RECIPIENTS = 1, /* adds some */
	ROUTE_REPLACEMENT = 2, /* takes some away */
	ROUTE_QUARANTINE = 4
};
/** What any rule may ask of the MTA, as bits. */
guint route_rules_actions(const struct route_rules *rules);
/** Names of the fields that rules add: only they may (char *). */
const GPtrArray *route_rules_fields(const struct route_rules *rules);

struct route_field {
	char *name, *value;
};

/* Says that mail was given other recipients here. */
#define ROUTE_MARK "X-Lead-Routed"

struct routing {
	GPtrArray *rules; /* char *, names of those that apply, in order */
	GPtrArray *add; /* char *, recipients */
	GPtrArray *remove; /* char *, recipients as the envelope has them: once all of `add` are in
			    */
	GPtrArray *fields; /* struct route_field * */
	char *subject_tag; /* of the first rule that has one, as the next; or NULL */
	char *quarantine;
	char *mark; /* X-Lead-Routed, when the recipients change or did so before; or NULL */
	char *reply_lead; /* our mail to one lead: whose token its Reply-To may have; or NULL */
	GPtrArray *refused; /* char *, recipients that rules asked for and must not be added */
};

struct route_input {
	const struct facts *facts;
	const struct known *known;
	const struct lead *lead; /* after this message, or NULL */
	const struct lead *before; /* or NULL: it is new */
	const GPtrArray *touches; /* before this message, or NULL */
	gboolean only_lead; /* no other lead is concerned */
	gboolean is_again; /* decided before: as then */
	const char *then; /* route_to_text() of then, or NULL: nothing */
	gint64 now;
};

/** @return NULL: nothing is to be done; caller frees */
struct routing *route_decide(const struct route_rules *rules, const struct route_input *input);
void route_free(struct routing *routing);

/** What has to be remembered so that a second try of the MTA is answered alike; NULL nothing. */
char *route_to_text(const struct routing *routing);

#endif
