/*
 * bounce.c - see bounce.h.
 */
#include "mail/bounce.h"
#include "base/limits.h"
#include "mail/bounce_reason.h"
#include "mail/bounce_ses.h"
#include "mail/bounce_text.h"
#include "mail/fold.h"

#include <string.h>

/* What hints at a report before its text is looked at. */
struct hints {
	gboolean report; /* multipart/report; report-type=delivery-status */
	gboolean null_sender;
	gboolean daemon; /* sent by a mail system */
	gboolean subject;
	gboolean answer; /* somebody's reply or forward */
};

gboolean
bounce_sender_is_null(const struct raw_mail *raw)
{
	/* Some stores write the null sender as the daemon's name without a domain. */
	return raw->mail_from && (!*raw->mail_from || !strcmp(raw->mail_from, "<>") ||
				  !g_ascii_strcasecmp(raw->mail_from, "mailer-daemon"));
}

/* The local part of a daemon, whichever way it is spelt: dots, dashes and underscores left out. */
static gboolean
local_part_is_daemon(const char *address)
{
	static const char *const names[] = { "mailerdaemon",
					     "maildaemon",
					     "postmaster",
					     "mdaemon",
					     "maildeliverysystem",
					     "maildeliverysubsystem",
					     "mailsystem",
					     "deliverysystem",
					     "mailerror",
					     "mailsubsystem",
					     "maildelivery",
					     "mailadmin",
					     "daemon",
					     "mailer",
					     "listserv",
					     "microsoftexchange",
					     NULL };
	char local[32];
	gsize n = 0;
	for (; *address && *address != '@' && n + 1 < sizeof local; address++)
		if (!strchr("-._", *address))
			local[n++] = g_ascii_tolower(*address);
	local[n] = '\0';
	for (const char *const *name = names; *name; name++)
		if (!strcmp(local, *name))
			return TRUE;
	return g_str_has_prefix(local, "microsoftexchange") ||
	       g_str_has_prefix(local, "mailerdaemon");
}

static gboolean
display_name_is_daemon(const char *name)
{
	static const char *const names[] = { "mail delivery sub",
					     "mail delivery sys",
					     "mail deliver system",
					     "mailer-daemon",
					     "mailer daemon",
					     "mail administrator",
					     "system administrator",
					     "delivery subsystem",
					     "postmaster",
					     "mail system",
					     "mail router",
					     "systemadministrator",
					     "administrateur système",
					     "microsoft outlook",
					     "microsoft exchange",
					     NULL };
	for (const char *const *one = names; name && *one; one++)
		if (!g_ascii_strncasecmp(name, *one, strlen(*one)))
			return TRUE;
	return FALSE;
}

static gboolean
sender_is_daemon(const struct mail *mail, gboolean null_sender)
{
	const struct mail_address *author = mail_author(mail);
	if (!author || !*author->address) {
		const char *from = mail_header(mail, "From");
		return null_sender || (from && display_name_is_daemon(from)) ||
		       (from && strstr(from, "<>"));
	}
	return local_part_is_daemon(author->address) || display_name_is_daemon(author->name);
}

/* Subjects of reports, lower case, as the MTAs and the localised Exchange write them. */
static const char *const subjects[] = {
	"undeliverable",
	"undelivered",
	"undeliverable mail",
	"nondeliverable",
	"non-deliverable",
	"not delivered",
	"non delivery",
	"delivery status",
	"delivery failure",
	"delivery failed",
	"delivery has failed",
	"delivery report",
	"delivery error",
	"delivery problem",
	"delivery notification",
	"delivery delayed",
	"delayed mail",
	"delayed delivery",
	"failure notice",
	"failure delivery",
	"failed mail",
	"failed delivery",
	"failed to deliver",
	"mail failed",
	"mail failure",
	"mail delivery",
	"mail system error",
	"mail could not be delivered",
	"mail not delivered",
	"mail undeliverable",
	"mail returned",
	"mail error",
	"email delivery failure",
	"e-mail delivery failure",
	"email could not be delivered",
	"message could not be delivered",
	"message delivery",
	"message undeliverable",
	"message status - undeliverable",
	"message not delivered",
	"message you sent blocked",
	"your message could not be delivered",
	"your message to",
	"your mail could not be delivered",
	"your email could not be delivered",
	"returned mail",
	"returned message",
	"returned to sender",
	"return to sender",
	"returned email",
	"warning: could not send",
	"warning: message",
	"warning: returned",
	"unable to deliver",
	"could not deliver",
	"could not send message",
	"there was an error sending your mail",
	"user unknown",
	"unknown user",
	"address not found",
	"mailbox full",
	"loop alert",
	"notification d'état de remise",
	"unzustellbar",
	"nicht zustellbar",
	"nicht zugestellt",
	"ihre nachricht konnte nicht",
	"fehler bei der nachrichtenzustellung",
	"non remis",
	"non distribuable",
	"échec de la remise",
	"échec de remise",
	"message non distribué",
	"no se puede entregar",
	"no entregado",
	"error de entrega",
	"mensaje no entregado",
	"impossibile recapitare",
	"non recapitabile",
	"mancato recapito",
	"não é possível entregar",
	"não entregue",
	"falha na entrega",
	"não foi possível entregar",
	"onbestelbaar",
	"niet bezorgd",
	"kan inte leverera",
	"olevererbart",
	"kan ikke leveres",
	"kan ikke levere",
	"toimittaminen epäonnistui",
	"ei voi toimittaa",
	"niedostarczone",
	"nie można dostarczyć",
	"nie dostarczono",
	"nedoručitelné",
	"nedoručiteľné",
	"kézbesíthetetlen",
	"nem kézbesíthető",
	"nu se poate livra",
	"nelivrabil",
	"nelivrat",
	"недоставленное",
	"не доставлено",
	"не удалось доставить",
	"ваше сообщение не доставлено",
	"сообщение не доставлено",
	"не доставлено:",
	"недоставлено",
	"не вдається доставити",
	"teslim edilemedi",
	"teslim edilemeyen",
	"μη παραδοτέο",
	"δεν είναι δυνατή η παράδοση",
	"配信不能",
	"配信できません",
	"送信できませんでした",
	"未配信",
	"エラーメール",
	"未送达",
	"无法传递",
	"无法投递",
	"退信",
	"系统退信",
	"未传递",
	"未傳遞",
	"無法傳遞",
	"退件",
	"배달되지 않음",
	"배달할 수 없음",
	"반송",
	"לא ניתן למסור",
	"تعذر التسليم",
	"لم يتم التسليم",
	"không thể gửi",
	"ไม่สามารถส่ง",
};

/* "[list] " or "**" in front don't change what the subject says. */
static const char *
skip_subject_tag(const char *subject)
{
	subject += strspn(subject, " \t*\"");
	if (*subject == '[') {
		const char *end = strchr(subject, ']');
		if (end && end - subject < 64)
			subject = end + 1 + strspn(end + 1, " \t:");
	}
	return subject;
}

static gboolean
subject_is_report(const char *subject)
{
	subject = skip_subject_tag(subject);
	if (!*subject)
		return FALSE;
	g_autofree char *start = g_utf8_substring(subject, 0, MIN(g_utf8_strlen(subject, 200), 64));
	g_autofree char *lower = fold_lower(start, -1);
	for (guint i = 0; i < G_N_ELEMENTS(subjects); i++)
		if (*lower == *subjects[i] && g_str_has_prefix(lower, subjects[i]))
			return TRUE;
	return FALSE;
}

static gboolean
subject_is_answer(const char *subject)
{
	static const char *const prefixes[] = { "re:", "aw:", "fw:", "fwd:",  "wg:", "sv:",
						"tr:", "rv:", "vs:", "antw:", NULL };
	for (const char *const *prefix = prefixes; *prefix; prefix++)
		if (!g_ascii_strncasecmp(subject, *prefix, strlen(*prefix)))
			return TRUE;
	return FALSE;
}

static void
read_hints(struct hints *hints, const struct raw_mail *raw, const struct mail *mail)
{
	hints->report = !g_strcmp0(mail->report_type, "delivery-status") ||
			(!g_strcmp0(mail->content_type, "multipart/report") && !mail->report_type &&
			 mail->status_groups->len > 0);
	hints->null_sender = bounce_sender_is_null(raw);
	hints->daemon = sender_is_daemon(mail, hints->null_sender);
	hints->subject = subject_is_report(mail->subject);
	hints->answer = !hints->null_sender && !hints->daemon && subject_is_answer(mail->subject);
}

/* --- recognition ------------------------------------------------------------------- */

/* What a report needs of another kind of evidence, cheapest first. */
static double
recognise(const struct hints *hints, const struct mail *mail, const struct marks *marks,
	  char **ret_evidence)
{
	if (hints->report && (mail->status_groups->len || !hints->answer)) {
		*ret_evidence = g_strdup("multipart/report; report-type=delivery-status");
		return 0.99;
	}
	if (marks_has(marks, MARK_FAILED_RECIPIENTS) && !hints->answer) {
		*ret_evidence = marks_evidence(marks, MARK_FAILED_RECIPIENTS);
		return 0.98;
	}
	if (hints->answer || !(hints->null_sender || hints->daemon || hints->subject))
		return 0;
	if ((marks->auto_submitted & AUTO_SUBMITTED_REPLIED) && !hints->daemon && !hints->subject)
		return 0; /* a person's absence note has the null sender, too */
	if (mail->status_groups->len) {
		*ret_evidence = g_strdup("message/delivery-status part");
		return 0.98;
	}
	if (marks_has(marks, MARK_EXCHANGE_NDR)) {
		*ret_evidence = marks_evidence(marks, MARK_EXCHANGE_NDR);
		return 0.98;
	}
	if (hints->null_sender + hints->daemon + hints->subject >= 2 &&
	    (hints->subject || !(marks->auto_submitted & AUTO_SUBMITTED_REPLIED))) {
		*ret_evidence = g_strdup_printf(
			"%s, %s", hints->null_sender ? "null sender" : "mail daemon",
			hints->subject ? "subject of a delivery report" : "sent by a mail daemon");
		return 0.95;
	}
	g_autoptr(bounce_text_owned) text = bounce_text_read(mail);
	guint words = bounce_text_is_report(text->report, text->report_length);
	gboolean particulars = text->status || text->returns_message || mail->embedded;
	if (!hints->null_sender && !hints->daemon && !particulars)
		return 0; /* a parcel, too, may be undeliverable */
	particulars = particulars || text->recipient;
	if ((words > 1 && (hints->null_sender || particulars)) || (words && text->recipient)) {
		*ret_evidence = g_strdup("words of a delivery report");
		return 0.9;
	}
	if (hints->subject &&
	    (text->returns_message || (mail->embedded && !mail->in_reply_to->len))) {
		*ret_evidence = g_strdup("subject of a delivery report over a returned message");
		return 0.85;
	}
	return 0;
}

/* --- facts -------------------------------------------------------------------------- */

/* "rfc822; <user@example.org>" */
static char *
status_address(const char *field)
{
	if (!field)
		return NULL;
	const char *value = strchr(field, ';');
	value = value ? value + 1 : field;
	return bounce_text_find_address(value, strlen(value));
}

static enum bounce_class
class_of_action(const char *action, const char *status)
{
	static const struct {
		const char *action;
		enum bounce_class class;
	} actions[] = {
		{ "failed", BOUNCE_TEMPORARY },      { "expired", BOUNCE_TEMPORARY },
		{ "delayed", BOUNCE_DELAYED },       { "delivered", BOUNCE_DELIVERED },
		{ "relayed", BOUNCE_DELIVERED },     { "expanded", BOUNCE_DELIVERED },
		{ "deliverable", BOUNCE_DELIVERED },
	};
	for (guint i = 0; action && i < G_N_ELEMENTS(actions); i++)
		if (!g_ascii_strncasecmp(action, actions[i].action, strlen(actions[i].action)))
			return actions[i].class;
	return status && *status == '2' ? BOUNCE_DELIVERED : BOUNCE_TEMPORARY;
}

/* A code or name lookup that failed for now isn't a host that doesn't exist. */
static gboolean
is_permanent(enum bounce_reason reason, const char *status)
{
	if (!bounce_reason_is_permanent(reason))
		return FALSE;
	gboolean transient = status && *status == '4';
	return !transient || reason == BOUNCE_REASON_USER_UNKNOWN || reason == BOUNCE_REASON_MOVED;
}

/*
 * "User unknown" once the message was seen is the answer of a filter that hides its owner.
 * A report that tells neither the stage nor a code isn't sure enough to give an address up.
 */
static enum bounce_reason
settle_reason(enum bounce_reason reason, const struct bounce_text *text, gboolean structured)
{
	if (reason != BOUNCE_REASON_USER_UNSURE)
		return reason;
	if (text->after_data || (!structured && !text->at_recipient))
		return BOUNCE_REASON_FILTERED;
	return BOUNCE_REASON_USER_UNKNOWN;
}

static enum bounce_reason
reason_of_group(const char *status, const char *diagnostic, const struct bounce_text *text)
{
	enum bounce_reason reason =
		diagnostic ? bounce_reason_of_text(diagnostic, strlen(diagnostic)) : 0;
	if (!reason)
		reason = bounce_reason_of_status(status);
	if (!reason)
		reason = text->reason;
	return settle_reason(reason, text, TRUE);
}

/* One recipient's group; NULL for the group of per-message fields. */
static struct bounce *
read_group(const struct mail_status_group *group, const struct bounce_text *text)
{
	const char *action = mail_status_field(group, "Action");
	const char *final = mail_status_field(group, "Final-Recipient");
	const char *original = mail_status_field(group, "Original-Recipient");
	const char *diagnostic = mail_status_field(group, "Diagnostic-Code");
	const char *status = mail_status_field(group, "Status");
	if (!action && !final && !original && !status)
		return NULL;
	struct bounce *bounce = g_new0(struct bounce, 1);
	bounce->recipient = status_address(original);
	if (!bounce->recipient)
		bounce->recipient = status_address(final);
	if (status)
		bounce->status = bounce_find_status(status, strlen(status));
	const char *words = diagnostic ? strchr(diagnostic, ';') : NULL;
	words = words ? words + 1 + strspn(words + 1, " \t") : diagnostic;
	bounce->diagnostic = g_strdup(words);
	bounce->class = class_of_action(action, bounce->status);
	enum bounce_reason reason = reason_of_group(bounce->status, words, text);
	if (bounce->class == BOUNCE_TEMPORARY && is_permanent(reason, bounce->status))
		bounce->class = BOUNCE_PERMANENT;
	return bounce;
}

/* The worst group speaks for the report: enum bounce_class is in that order. */
static struct bounce *
read_groups(const struct mail *mail, const struct bounce_text *text)
{
	struct bounce *worst = NULL;
	for (guint i = 0; i < mail->status_groups->len && i < LIMIT_DSN_RECIPIENTS; i++) {
		struct bounce *bounce = read_group(mail->status_groups->pdata[i], text);
		if (worst && bounce && bounce->class < worst->class)
			g_clear_pointer(&worst, bounce_free);
		if (worst)
			bounce_free(bounce);
		else
			worst = bounce;
	}
	return worst;
}

static struct bounce *
read_text(const struct bounce_text *text)
{
	struct bounce *bounce = g_new0(struct bounce, 1);
	enum bounce_reason reason = text->reason;
	reason = settle_reason(reason, text, FALSE);
	bounce->class = is_permanent(reason, text->status) ? BOUNCE_PERMANENT
			: text->delayed                    ? BOUNCE_DELAYED
							   : BOUNCE_TEMPORARY;
	return bounce;
}

/* What is still missing is taken from the text, the header and the returned message. */
static void
complete(struct bounce *bounce, const struct mail *mail, const struct marks *marks,
	 const struct bounce_text *text)
{
	const char *failed = marks_value(marks, MARK_FAILED_RECIPIENTS);
	if (!bounce->recipient && failed)
		bounce->recipient = bounce_text_find_address(failed, strlen(failed));
	if (!bounce->recipient)
		bounce->recipient = g_strdup(text->recipient);
	if (!bounce->recipient && mail->embedded && mail->embedded->to->len == 1) {
		const struct mail_address *to = mail->embedded->to->pdata[0];
		bounce->recipient = g_strdup(to->address);
	}
	if (!bounce->diagnostic)
		bounce->diagnostic = g_strdup(text->diagnostic);
	if (!bounce->status && bounce->diagnostic)
		bounce->status = bounce_find_status(bounce->diagnostic, strlen(bounce->diagnostic));
	if (!bounce->status)
		bounce->status = g_strdup(text->status);
	bounce->original_message_id =
		g_strdup(mail->embedded && mail->embedded->message_id ? mail->embedded->message_id
								      : text->original_message_id);
	bounce->permanent = bounce->class == BOUNCE_PERMANENT;
}

struct bounce *
bounce_detect(const struct raw_mail *raw, const struct mail *mail, const struct marks *marks,
	      char **ret_evidence, double *ret_confidence)
{
	g_autofree char *ses = bounce_ses_type(mail, marks);
	if (ses) {
		*ret_evidence = g_strdup_printf("notificationType: %s", ses);
		*ret_confidence = 0.98;
		return bounce_ses_read(mail);
	}
	struct hints hints;
	read_hints(&hints, raw, mail);
	char *evidence = NULL;
	double confidence = recognise(&hints, mail, marks, &evidence);
	if (confidence <= 0)
		return NULL;
	*ret_evidence = evidence;
	*ret_confidence = confidence;
	g_autoptr(bounce_text_owned) text = bounce_text_read(mail);
	struct bounce *bounce = read_groups(mail, text);
	if (!bounce)
		bounce = read_text(text);
	complete(bounce, mail, marks, text);
	return bounce;
}

void
bounce_free(struct bounce *bounce)
{
	if (!bounce)
		return;
	g_free(bounce->recipient);
	g_free(bounce->status);
	g_free(bounce->diagnostic);
	g_free(bounce->original_message_id);
	g_free(bounce);
}
