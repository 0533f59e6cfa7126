/*
 * api_try.c - a message to try out: what it is, who wrote it, what it scores and why, by the
 * functions of `leadctl score`.  Nothing of it is kept.
 */
#include "hooks/in/api_call.h"

#include <string.h>

#include "lead/alone.h"
#include "lead/inspect.h"
#include "mail/envelope.h"

/* Without an envelope the header says to whom it went; what says nothing came to the first mailbox.
 */
static void
address(struct api_call *call, struct raw_mail *raw)
{
	const cJSON *given = cJSON_GetObjectItemCaseSensitive(call->body, "rcpt"), *each;
	const GPtrArray *mailboxes = call->view.config->mailboxes;

	cJSON_ArrayForEach(each, given)
	{
		raw_mail_add_recipient(raw, cJSON_GetStringValue(each));
	}
	if (!raw->recipients->len) {
		g_autoptr(mail_owned) mail = mail_parse(raw);

		envelope_guess(raw, mail);
	}
	for (guint i = 0; !raw->recipients->len && i < mailboxes->len; i++) {
		const struct config_mailbox *mailbox = mailboxes->pdata[i];

		if (mailbox->match == MATCH_ADDRESS)
			raw_mail_add_recipient(raw, mailbox->address);
	}
}

static void
answer(struct api_call *call, const struct facts *facts, const char *card)
{
	g_autofree char *json = NULL;
	struct alone alone;

	alone_score(call->view.scorecards, card, facts, call->now, &alone);
	json = inspect_to_json(facts, "try", &alone.score);
	alone_clear(&alone);
	call->answer->status = 200;
	call->answer->length = strlen(json);
	call->answer->body = g_steal_pointer(&json);
}

void
api_try_message(struct api_call *call)
{
	const char *text = api_text(call->body, "message"),
		   *card = api_text(call->body, "scorecard");
	const char *sender = api_text(call->body, "mail_from");
	g_autoptr(raw_mail_owned) raw = NULL;
	g_autoptr(facts_owned) facts = NULL;

	if (card && !scorecards_card(call->view.scorecards, card)) {
		api_answer_error(call, 422, "invalid", "scorecard: there is none of that name",
				 NULL);
		return;
	}
	raw = raw_mail_new(call->now);
	raw_mail_read(raw, text, strlen(text));
	if (sender)
		raw_mail_set_sender(raw, sender);
	address(call, raw);
	facts = facts_new(call->view.analysis, raw);
	answer(call, facts, card);
}
