/*
 * lead.h - the records of the domain: lead, touch, contribution, account, event; plain values.
 *
 * The store reads and writes them, decide.c makes and changes them, event.c shows them.  The
 * words are those of the domain: a lead is the contact data of one person who showed
 * interest, a touch one dated act of theirs, a contribution what one rule gave for one
 * touch.  Scores are never stored as truth: they are a function of the ledger
 * (touches with their contributions) and time; the columns that hold one are a cache for listing.
 */
#ifndef LEADMILTER_LEAD_H
#define LEADMILTER_LEAD_H

#include <glib.h>

enum stage {
	STAGE_INTEREST,
	STAGE_NQL,
	STAGE_EQL,
	STAGE_MQL,
	STAGE_SAL,
	STAGE_SQL,
	STAGE_CUSTOMER,
	STAGE_DISQUALIFIED,
	STAGE_RECYCLED,
	STAGE_COUNT
};

enum dimension { DIMENSION_FIT, DIMENSION_ENGAGEMENT, DIMENSION_QUALITY, DIMENSION_COUNT };
enum temperature { TEMPERATURE_COLD, TEMPERATURE_WARM, TEMPERATURE_HOT };

/*
 * What one rule (or touch from outside) gave for one act.  The ledger keeps the name, the card, the
 * value, the reason, the evidence and the time; what that is worth is said by today's
 * scorecard (score.h), which fills in the rest.
 */
struct contribution {
	char *rule; /* name of the rule, or of the touch */
	char *card; /* the scorecard it counts on; NULL: the first one */
	char *reason; /* for people, placeholders filled in */
	char *evidence; /* the words or header that matched, or NULL */
	gint64 time; /* when the touch happened; of several, the last */
	double value; /* times the rule's points: its `value` when it was given, 1 without; 0: what
			 was said of the person no longer holds */
	guint times; /* acts it stands for: more than one in the summary of early touches
			(summary.h) */
	gboolean is_raw; /* of an old ledger, which kept `raw` and no value */
	/* filled in by score_evaluate() from the card of today: */
	const char *group; /* or NULL; interned */
	enum dimension dimension;
	gboolean is_explicit;
	gboolean is_property; /* says what the person is: only the newest of its rule counts */
	double raw; /* points before decay and cap; 0 when the card has no such rule */
	double half_life_days; /* 0 none; -1 the card has no such rule */
	/* and as of a time: */
	double decayed; /* after decay */
	double points; /* after the group's cap or floor: what counts; they sum to the total */
};

struct summary;

struct touch {
	gint64 sequence; /* within the lead, from 1; 0 new */
	char *name; /* "mail", "reply", "form", "forward", "owner_reply", "bounce", or a configured
		       touch */
	char *direction; /* "inbound", "outbound", "outside" */
	gint64 time;
	char *message_key; /* or NULL */
	char *message_id; /* or NULL */
	char *subject; /* or NULL */
	char *mailbox; /* watched address, or NULL */
	char *author; /* normalised address of who acted, or NULL */
	char *origin; /* id of the lead it came from when that one was merged into this, "/" and its
		       * own origin when it had one; or NULL */
	char *note; /* or NULL */
	char *excerpt; /* capped new text, when configured; or NULL */
	gint64 latency; /* microseconds since the other side's last message, -1 none */
	gint64 working_latency; /* the same in working hours only, -1 none */
	GPtrArray *contributions; /* struct contribution * */
	struct summary
		*summary; /* it stands for all touches up to `sequence` (summary.h); or NULL */
};

/* What a lead is worth on one scorecard: a cache as of the lead's `updated`. */
struct lead_score {
	char *card;
	double total, fit, engagement, quality;
	char grade; /* 'A'..'D' */
	enum temperature temperature;
	gboolean qualified; /* total reaches the card's threshold */
};

struct lead {
	char *id; /* "ld_…" */
	gint64 created, updated;
	char *address; /* as last written */
	char *normalised; /* address_normalise(): unique among leads */
	GPtrArray *addresses; /* char *, other normalised addresses of the same person */
	char *name, *prefix, *first_name, *last_name, *title, *rank, *company, *country, *language;
	char *phone; /* E.164 of the best, or NULL */
	GPtrArray *phones; /* char *, E.164 */
	GPtrArray *urls;
	char *account; /* registrable domain, NULL for free-mail */
	char *scorecard; /* the leading one */
	enum stage stage;
	gint64 stage_since;
	char *stage_cause;
	char *owner; /* address, or NULL */
	char *owner_reason;
	char *source; /* first: mailbox source, "form:NAME" … */
	char *source_mailbox, *source_tag, *source_form, *source_campaign, *source_forwarder;
	char *source_referrer; /* the page that led to the form */
	gint64 first_inbound, last_inbound, first_response, last_outbound;
	guint inbound_count, outbound_count, touch_count;
	gboolean unverified; /* made by mail whose From is not backed by authentication */
	gboolean unreachable; /* hard bounce */
	gboolean opted_out;
	char *linked; /* id of the lead or customer this unverified candidate claims to be, or NULL
		       */
	GPtrArray *possible_duplicates; /* char * ids */
	GPtrArray *duplicate_reasons; /* char *, why each of them may be the same person */
	GPtrArray *apart; /* char * ids that were said to be other people */
	char *merged_into; /* id: this card is only a sign to another one; or NULL */
	char *customer; /* id in the CRM of the customer this lead became, or NULL */
	/* the next thing to be done by the owner */
	char *task; /* "reply" …, or NULL: nothing */
	gint64 task_due; /* 0 none */
	gint64 task_breached; /* when it was missed, 0 not */
	gint64 first_due; /* by when the first answer was wanted, 0 none was */
	gint64 owner_since; /* when the owner got it, 0 nobody or not known */
	/* time alone changes it next at `due`: a score passes a threshold, a task is missed, our
	 * mail stays without answer; 0 never */
	gint64 due;
	GPtrArray *scores; /* struct lead_score *, one per scorecard that applies */
	/* cache as of `updated`, on the leading scorecard: */
	double total, fit, engagement, quality;
	double completeness; /* 0..100 */
	char grade; /* 'A'..'D' */
	enum temperature temperature;
};

/* Accounts are hot by the different people who wrote within this time, unless the option
 * account_heat says otherwise. */
#define ACCOUNT_HEAT_WINDOW (14 * 86400 * (gint64)G_USEC_PER_SEC)

struct account {
	char *domain; /* registrable; the first of several */
	GPtrArray *domains; /* char *, all of them when it was imported */
	char *company, *industry, *country, *owner;
	gint64 employees;
	double revenue;
	gboolean target, customer;
	gint64 created;
	guint people; /* leads known at it */
	guint active_people; /* distinct humans who wrote in the heat window */
};

/* One who sells. */
struct owner {
	char *address;
	char *name; /* or NULL */
	char *team; /* or NULL */
	guint capacity; /* open leads at most, 0 no limit */
	guint weight; /* share among others, 1 usual */
	GPtrArray *languages, *countries, *products; /* char *; empty: all */
	gint64 absent_from, absent_until; /* 0 not */
	char *substitute; /* address: who stands in while absent; or NULL */
	guint load; /* open leads owned now */
	gboolean imported; /* FALSE: the store knows only how many leads they own */
};

/* Somebody who bought, as the CRM knows them. */
struct customer {
	char *id; /* in the CRM, or NULL */
	char *address, *name, *phone; /* E.164 */
	char *company, *account; /* registrable domain, NULL where the address says nothing */
	char *owner; /* address */
	gint64 since; /* 0 unknown */
};

/* What the CRM or sales said became of a lead, kept to learn from. */
struct lead_outcome {
	char *what; /* "won", "lost" … (outcome.h); of "stage" the stage's name */
	char *reason, *source; /* or NULL */
	gint64 time; /* when it happened */
	char *snapshot; /* JSON: the lead's scores, grade, stage and points by rule at that time */
};

/* What is posted: one per type and change; exists exactly once per message and type. */
struct event {
	char *id; /* "evt_…": webhook-id of every attempt */
	char *type; /* "lead.created" … */
	char *lead; /* id: events of one lead are delivered in order */
	gint64 time;
	char *body; /* the JSON posted: {type, timestamp, data} */
	char *mailbox; /* watched address of its message, or NULL; not stored */
	gboolean has_text; /* data.message.text present (endpoints may refuse it) */
};

struct lead *lead_new(void);
struct lead *lead_copy(const struct lead *lead);
void lead_free(struct lead *lead);
typedef struct lead lead_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lead_owned, lead_free)

struct contribution *contribution_new(void);
void contribution_free(struct contribution *contribution);
struct touch *touch_new(void);
void touch_free(struct touch *touch);
typedef struct touch touch_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(touch_owned, touch_free)
struct account *account_new(void);
void account_free(struct account *account);
typedef struct account account_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(account_owned, account_free)
struct owner *owner_new(void);
void owner_free(struct owner *owner);
struct customer *customer_new(void);
void customer_free(struct customer *customer);
struct lead_score *lead_score_new(void);
struct lead_score *lead_score_copy(const struct lead_score *score);
void lead_score_free(struct lead_score *score);
/** Scores as one line of text, "card total fit engagement quality grade temperature qualified;…",
 *  and back (what can't be read is left out).  Caller frees. */
char *lead_scores_to_text(const GPtrArray *scores);
GPtrArray *lead_scores_from_text(const char *text);
/** The score on a card, or NULL. */
struct lead_score *lead_score_of(const struct lead *lead, const char *card);
void lead_outcome_free(struct lead_outcome *outcome);
void event_free(struct event *event);

/** Write a text of a record, if one is given: NULL and "" leave it as it is.
 *  @return TRUE when it is another one now */
gboolean lead_put_text(char **field, const char *value);
/** Add a text to a list of a record that doesn't have it, up to `most`.
 *  @return TRUE when it was added */
gboolean lead_add_text(GPtrArray *list, const char *value, guint most);

const char *stage_name(enum stage stage); /* "interest", "nql" … */
gboolean stage_from_name(const char *name, enum stage *ret_stage);
const char *dimension_name(enum dimension dimension);
const char *temperature_name(enum temperature temperature);

/** What the ledger keeps of contributions as one compact JSON text, and back (unknown keys ignored;
 *  bad text gives NULL with ERROR_STORE). */
char *contributions_to_json(const GPtrArray *contributions);
/** The same with what a summary of early touches has besides (summary.h). */
char *contributions_to_folded_json(const GPtrArray *contributions);
GPtrArray *contributions_from_json(const char *json, GError **error);

#endif
