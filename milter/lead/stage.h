/*
 * stage.h - how far a lead is: stage transitions as a pure function.
 *
 * interest, NQL, EQL, MQL, SAL, SQL, customer: mail and touches move a lead forward only.  Back,
 * to disqualified, goes it by an opt-out or a hard bounce of our own mail, and anywhere by what
 * the CRM or sales say (outcome.h).  Time moves a lead that was handed to sales to recycled where
 * the administrator wants that.  A customer stays one but for the CRM's word.  A disqualified or
 * recycled lead who writes again is reopened: its stage is found anew, as that of a new
 * lead would be; a recycled one comes back by touches, too, when its score is enough.
 */
#ifndef LEADMILTER_STAGE_H
#define LEADMILTER_STAGE_H

#include "lead/lead.h"

/* What BANT has been told, as bits. */
enum bant { BANT_BUDGET = 1, BANT_AUTHORITY = 2, BANT_NEED = 4, BANT_TIMELINE = 8, BANT_ALL = 15 };

enum stage_act {
	STAGE_ACT_WROTE, /* a human message of the person */
	STAGE_ACT_ANSWERED, /* a human message of ours to the person */
	STAGE_ACT_BOUNCED, /* our mail can't reach them */
	STAGE_ACT_OPTED_OUT,
	STAGE_ACT_TOUCHED, /* something of the person that did not come by mail */
	STAGE_ACT_TOLD, /* the CRM or sales say so: `told` */
	STAGE_ACT_AGED /* nothing happened for long */
};

struct stage_input {
	enum stage_act act;
	gboolean is_new;
	enum stage current; /* unless new */
	gboolean has_written; /* an inbound message came before this act */
	gboolean is_customer; /* imported customer */
	gboolean reachable; /* a person, not only an office, can be reached */
	gboolean unqualified; /* explicitly: unproven, somebody selling to us, disposable address */
	gboolean is_target; /* of a target account */
	guint bant; /* enum bant */
	double total, threshold;
	gboolean qualified; /* total reaches threshold */
	enum stage told; /* STAGE_ACT_TOLD: where to */
	const char *cause; /* STAGE_ACT_TOLD, STAGE_ACT_AGED: in words */
};

struct stage_result {
	enum stage stage;
	gboolean changed; /* `stage` differs from `current`, or the lead is new */
	gboolean reopened; /* it was disqualified or recycled and is in the funnel again */
	char *cause; /* when changed; caller frees */
};

void stage_decide(const struct stage_input *input, struct stage_result *ret);

/** Out of the funnel: disqualified or recycled. */
gboolean stage_is_closed(enum stage stage);

/** MQL or later, still in the funnel: handed to sales. */
gboolean stage_is_qualified(enum stage stage);

#endif
