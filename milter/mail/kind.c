/*
 * kind.c - see kind.h.
 *
 * The deciders stand in the order of the kinds, the first that has evidence wins; what no
 * decider claims is a person's.  Only challenges are asked for before bounces: some services
 * dress theirs as delivery reports.
 */
#include "mail/kind.h"
#include "mail/autoreply.h"
#include "mail/bounce.h"
#include "mail/bounce_ses.h"
#include "mail/bulk.h"
#include "mail/calendar.h"
#include "mail/marks.h"

#include <string.h>

/* What is asked, and the answer as it grows. */
struct decision {
	const struct raw_mail *raw;
	const struct mail *mail;
	const struct forward *forward;
	const struct reply_text *text;
	struct marks marks;
	struct kind *kind;
};

static gboolean
decide(struct decision *decision, enum mail_kind kind, double confidence, char *evidence)
{
	decision->kind->kind = kind;
	decision->kind->confidence = confidence;
	decision->kind->evidence = evidence;
	return TRUE;
}

/* Feedback loops that send the message alone, without the machine-readable part. */
static gboolean
subject_is_complaint(const char *subject)
{
	static const char *const starts[] = { "complaint about message from ",
					      "email feedback report for ip", "email abuse report",
					      "spam complaint", NULL };
	for (const char *const *start = starts; *start; start++)
		if (!g_ascii_strncasecmp(subject, *start, strlen(*start)))
			return TRUE;
	return FALSE;
}

/* RFC 5965; Hotmail's reports that have no such part; a client's one-click opt-out by mail. */
static gboolean
is_complaint(struct decision *decision)
{
	const struct mail *mail = decision->mail;
	const struct marks *marks = &decision->marks;
	g_autofree char *ses = bounce_ses_type(mail, marks);
	if (!g_strcmp0(ses, "Complaint"))
		return decide(decision, KIND_COMPLAINT, 0.98,
			      g_strdup("notificationType: Complaint"));
	if (mail->feedback || !g_strcmp0(mail->report_type, "feedback-report"))
		return decide(decision, KIND_COMPLAINT, 0.99,
			      g_strdup("multipart/report; report-type=feedback-report"));
	if (marks_has(marks, MARK_ORIGINAL_RECIPIENT) && decision->raw->mail_from &&
	    !g_ascii_strncasecmp(decision->raw->mail_from, "staff@", 6))
		return decide(decision, KIND_COMPLAINT, 0.95,
			      marks_evidence(marks, MARK_ORIGINAL_RECIPIENT));
	if (mail->embedded && subject_is_complaint(mail->subject))
		return decide(decision, KIND_COMPLAINT, 0.9,
			      g_strdup_printf("Subject: %s", mail->subject));
	if ((marks->auto_submitted & AUTO_SUBMITTED_REPLIED) &&
	    !g_ascii_strcasecmp(mail->subject, "unsubscribe"))
		return decide(decision, KIND_COMPLAINT, 0.9,
			      g_strdup("a mail program's request to unsubscribe"));
	return FALSE;
}

static gboolean
is_bounce(struct decision *decision)
{
	char *evidence = NULL;
	double confidence = 0;
	decision->kind->bounce = bounce_detect(decision->raw, decision->mail, &decision->marks,
					       &evidence, &confidence);
	return decision->kind->bounce && decide(decision, KIND_BOUNCE, confidence, evidence);
}

static gboolean
ask_auto_reply(struct decision *decision, enum mail_kind kind,
	       struct auto_reply *(*detect)(const struct auto_reply_question *, char **, double *))
{
	struct auto_reply_question question = { decision->raw, decision->mail, &decision->marks,
						decision->text, decision->forward };
	char *evidence = NULL;
	double confidence = 0;
	decision->kind->auto_reply = detect(&question, &evidence, &confidence);
	return decision->kind->auto_reply && decide(decision, kind, confidence, evidence);
}

static gboolean
is_challenge(struct decision *decision)
{
	return ask_auto_reply(decision, KIND_CHALLENGE, auto_reply_detect_challenge);
}

static gboolean
is_auto_reply(struct decision *decision)
{
	return ask_auto_reply(decision, KIND_AUTO_REPLY, auto_reply_detect);
}

static gboolean
is_calendar(struct decision *decision)
{
	const struct calendar *calendar = decision->kind->calendar;
	return calendar_is_scheduling(calendar) &&
	       decide(decision, KIND_CALENDAR, 0.95,
		      g_strdup_printf("text/calendar; method=%s", calendar->method));
}

static gboolean
ask_bulk(struct decision *decision, enum mail_kind kind,
	 char *(*detect)(const struct bulk_question *, double *))
{
	struct bulk_question question = { decision->raw, decision->mail, &decision->marks,
					  decision->text, decision->forward != NULL };
	double confidence = 0;
	char *evidence = detect(&question, &confidence);
	return evidence && decide(decision, kind, confidence, evidence);
}

static gboolean
is_list(struct decision *decision)
{
	return ask_bulk(decision, KIND_LIST, bulk_detect_list);
}

static gboolean
is_newsletter(struct decision *decision)
{
	return ask_bulk(decision, KIND_NEWSLETTER, bulk_detect_newsletter);
}

static gboolean
is_notification(struct decision *decision)
{
	return ask_bulk(decision, KIND_NOTIFICATION, bulk_detect_notification);
}

static gboolean
is_empty(struct decision *decision)
{
	const struct mail *mail = decision->mail;
	const char *text = mail_shown_text(mail);
	return !text[strspn(text, " \t\r\n")] && !mail->attachments->len && !mail->embedded &&
	       decide(decision, KIND_EMPTY, 0.9, g_strdup("no text and no attachment"));
}

static gboolean
is_forward(struct decision *decision)
{
	return decision->forward &&
	       decide(decision, KIND_FORWARD, 0.9, g_strdup("a forwarded message"));
}

static gboolean
is_human_reply(struct decision *decision)
{
	const struct mail *mail = decision->mail;
	if (mail->in_reply_to->len)
		return decide(decision, KIND_HUMAN_REPLY, 0.9, g_strdup("In-Reply-To"));
	if (mail->references->len)
		return decide(decision, KIND_HUMAN_REPLY, 0.9, g_strdup("References"));
	if (bulk_is_answer(mail))
		return decide(decision, KIND_HUMAN_REPLY, 0.8, g_strdup("subject of a reply"));
	return *decision->text->quoted &&
	       decide(decision, KIND_HUMAN_REPLY, 0.7, g_strdup("quotes a message"));
}

static gboolean
is_human(struct decision *decision)
{
	return decide(decision, KIND_HUMAN, 0.7, g_strdup("nothing says otherwise"));
}

struct kind *
kind_classify(const struct raw_mail *raw, const struct mail *mail, const struct forward *forward,
	      const struct reply_text *text)
{
	static gboolean (*const deciders[])(struct decision *) = {
		is_complaint,  is_challenge,    is_bounce, is_auto_reply, is_calendar,    is_list,
		is_newsletter, is_notification, is_empty,  is_forward,    is_human_reply, is_human,
	};
	struct decision decision = { .raw = raw,
				     .mail = mail,
				     .forward = forward,
				     .text = text,
				     .kind = g_new0(struct kind, 1) };
	marks_read(&decision.marks, mail);
	decision.kind->calendar = calendar_read(mail->calendar, mail->calendar_method);
	for (guint i = 0; !deciders[i](&decision);)
		i++;
	return decision.kind;
}

void
kind_free(struct kind *kind)
{
	if (!kind)
		return;
	g_free(kind->evidence);
	bounce_free(kind->bounce);
	auto_reply_free(kind->auto_reply);
	calendar_free(kind->calendar);
	g_free(kind);
}

void
kind_take_form(struct kind *kind, const struct form *form)
{
	gboolean generated = kind->kind == KIND_AUTO_REPLY &&
			     !strcmp(kind->auto_reply->reason, "auto_generated");
	gboolean newsletter = kind->kind == KIND_NEWSLETTER && form->trusted;
	if (kind->kind != KIND_NOTIFICATION && kind->kind != KIND_EMPTY && !generated &&
	    !newsletter)
		return;
	g_clear_pointer(&kind->auto_reply, auto_reply_free);
	g_free(kind->evidence);
	kind->evidence = g_strdup_printf("web form \"%s\"", form->name);
	kind->kind = KIND_HUMAN;
	kind->confidence = 0.8;
}

const char *
kind_name(enum mail_kind kind)
{
	static const char *const names[KIND_COUNT] = {
		[KIND_COMPLAINT] = "complaint",   [KIND_BOUNCE] = "bounce",
		[KIND_CHALLENGE] = "challenge",   [KIND_AUTO_REPLY] = "auto_reply",
		[KIND_CALENDAR] = "calendar",     [KIND_LIST] = "list",
		[KIND_NEWSLETTER] = "newsletter", [KIND_NOTIFICATION] = "notification",
		[KIND_FORWARD] = "forward",       [KIND_HUMAN_REPLY] = "human_reply",
		[KIND_HUMAN] = "human",           [KIND_EMPTY] = "empty",
	};
	return kind < KIND_COUNT ? names[kind] : "human";
}

gboolean
kind_is_human(enum mail_kind kind)
{
	return kind == KIND_HUMAN || kind == KIND_HUMAN_REPLY || kind == KIND_FORWARD ||
	       kind == KIND_CALENDAR;
}
