/*
 * autoreply.c - see autoreply.h.
 */
#include "mail/autoreply.h"
#include "mail/absence.h"
#include "mail/bounce.h"
#include "mail/bulk.h"
#include "mail/fold.h"

#include <string.h>

/*
 * What Exchange, Outlook.com, Gmail, Notes, GroupWise, Zimbra and the large web mailers put in
 * front of the original subject by themselves, lower case.  A sign or the end must follow.
 */
static const char *const subjects[] = {
	"automatic reply",
	"automatic response",
	"automatic e-mail reply",
	"automated reply",
	"automated response",
	"automated email reply",
	"yahoo! auto response",
	"vacation message",
	"auto-antwort",
	"auto reply",
	"auto-reply",
	"autoreply",
	"auto response",
	"auto-response",
	"autoresponse",
	"autorespond",
	"autorespons",
	"auto responder",
	"autoresponder",
	"out of office autoreply",
	"out of office auto reply",
	"out of office auto-reply",
	"out of office reply",
	"out of office response",
	"vacation reply",
	"vacation response",
	"vacation autoreply",
	"automatische antwort",
	"automatische beantwortung",
	"automatische rückantwort",
	"automatische abwesenheitsnotiz",
	"automatisch generierte antwort",
	"automatische mitteilung",
	"automatische eingangsbestätigung",
	"abwesenheitsnotiz",
	"abwesenheitsnachricht",
	"abwesenheitsassistent",
	"abwesenheitsmeldung",
	"réponse automatique",
	"reponse automatique",
	"réponse automatisée",
	"message automatique",
	"message d'absence",
	"avis d'absence",
	"respuesta automática",
	"respuesta automatica",
	"respuesta automática de fuera de la oficina",
	"mensaje de ausencia",
	"resposta automàtica",
	"resposta automática",
	"resposta automatica",
	"risposta automatica",
	"automatisch antwoord",
	"automatisch bericht",
	"automatische reactie",
	"autosvar",
	"automatiskt svar",
	"automatisk svar",
	"frånvaromeddelande",
	"fraværsmelding",
	"fraværsmeddelelse",
	"automaattinen vastaus",
	"automaattivastaus",
	"poissaoloilmoitus",
	"automatyczna odpowiedź",
	"odpowiedź automatyczna",
	"automatická odpověď",
	"automaticka odpoved",
	"automatická odpoveď",
	"automatikus válasz",
	"răspuns automat",
	"raspuns automat",
	"автоматический ответ",
	"автоответ",
	"автоматическое сообщение",
	"автоматична відповідь",
	"автовідповідь",
	"автоматичен отговор",
	"аутоматски одговор",
	"automatski odgovor",
	"samodejni odgovor",
	"otomatik yanıt",
	"otomatik cevap",
	"αυτόματη απάντηση",
	"automātiska atbilde",
	"automatinis atsakymas",
	"automaatvastus",
	"自动答复",
	"自动回复",
	"自動回覆",
	"自動回复",
	"自動答覆",
	"自動応答",
	"自動返信",
	"不在通知",
	"자동 회신",
	"자동 응답",
	"자동회신",
	"자동응답",
	"תשובה אוטומטית",
	"מענה אוטומטי",
	"رد تلقائي",
	"پاسخ خودکار",
	"trả lời tự động",
	"ตอบกลับอัตโนมัติ",
	"การตอบกลับอัตโนมัติ",
	"balasan otomatis",
	"jawapan automatik",
	"स्वचालित उत्तर",
	"erantzun automatikoa",
};

/* The same of systems that use the words people use: the text must tell of an absence as well. */
static const char *const absence_subjects[] = {
	"out of office",
	"out of the office",
	"out-of-office",
	"out of office notification",
	"out of office message",
	"ooo",
	"away from my mail",
	"abwesenheit",
	"abwesend",
	"absence du bureau",
	"absent du bureau",
	"absente du bureau",
	"absent(e) du bureau",
	"fuera de la oficina",
	"fuera de oficina",
	"fora do escritório",
	"ausência do escritório",
	"ausência temporária",
	"fuori sede",
	"fuori ufficio",
	"afwezig",
	"afwezigheid",
	"afwezigheidsbericht",
	"frånvaro",
	"fravær",
	"ikke til stede",
	"poissa",
	"poza biurem",
	"nieobecność",
	"mimo kancelář",
	"mimo kancelárie",
	"házon kívül",
	"нет на месте",
	"отсутствие на рабочем месте",
	"ofis dışında",
	"εκτός γραφείου",
	"부재중",
	"부재 중",
};

/* Words of a subject that need a second hint: people use them too. */
static const char *const hinting_subjects[] = { "out of office",
						"out of the office",
						"on vacation",
						"on leave",
						"annual leave",
						"vacation",
						"holiday",
						"away",
						"absence",
						"im urlaub",
						"urlaub",
						"abwesen",
						"congé",
						"vacances",
						"vacaciones",
						"ausente",
						"ferie",
						"férias",
						"vakantie",
						"semester",
						"loma",
						"urlop",
						"dovolen",
						"szabadság",
						"concediu",
						"отпуск",
						"відпуст",
						"отсутств",
						"izin",
						"休暇",
						"不在",
						"休假",
						"출장",
						"maternity",
						"acknowledg",
						"received your",
						"we have received",
						"thank you for contacting",
						"eingangsbestätigung",
						"accusé de réception",
						NULL };

static gboolean
ends_a_prefix(const char *rest)
{
	static const char *const signs[] = {
		":", "：", "-", "–", "]", ")", "(", "=", "from ", NULL
	};
	rest += strspn(rest, " \t\"");
	if (!*rest)
		return TRUE;
	for (const char *const *sign = signs; *sign; sign++)
		if (g_str_has_prefix(rest, *sign))
			return TRUE;
	return FALSE;
}

static char *
lower_start(const char *text)
{
	g_autofree char *start = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, 400), 100));
	return fold_lower(start, -1);
}

static gboolean
begins_with_any(const char *lower, const char *const *prefixes, gsize count)
{
	lower += strspn(lower, " \t[(*\"<");
	for (gsize i = 0; i < count; i++) {
		gsize length = strlen(prefixes[i]);
		if (*lower == *prefixes[i] && !strncmp(lower, prefixes[i], length) &&
		    ends_a_prefix(lower + length))
			return TRUE;
	}
	return FALSE;
}

/* Notes: "Jane Doe is out of the office." or "... (returning 07/05/2026)", nothing behind. */
static gboolean
subject_is_notes(const char *lower)
{
	static const char words[] = " is out of the office";
	const char *found = strstr(lower, words);
	if (!found || found == lower || g_str_has_prefix(lower, "who "))
		return FALSE;
	/* "[list] Re: Jane Doe is ..." is talk about it; only Notes' own AUTO: may stand there. */
	const char *colon = memchr(lower, ':', found - lower);
	if (colon && (colon - lower < 4 || strncmp(colon - 4, "auto", 4)))
		return FALSE;
	const char *rest = found + strlen(words);
	return !strcmp(rest, ".") || g_str_has_prefix(rest, " (returning") ||
	       g_str_has_prefix(rest, ". (returning");
}

static gboolean
subject_hints(const char *lower)
{
	for (const char *const *word = hinting_subjects; *word; word++)
		if (strstr(lower, *word))
			return TRUE;
	return FALSE;
}

/* --- evidence, each a row of a table -------------------------------------------------- */

struct look {
	const struct auto_reply_question *question;
	char *subject; /* its beginning, lower case */
	gboolean null_sender;
	char *evidence;
};

static gboolean
mark_evidence(struct look *look, enum mark mark)
{
	look->evidence = marks_evidence(look->question->marks, mark);
	return TRUE;
}

static gboolean
says_auto_replied(struct look *look)
{
	if (!(look->question->marks->auto_submitted & AUTO_SUBMITTED_REPLIED))
		return FALSE;
	look->evidence = g_strdup("Auto-Submitted: auto-replied");
	return TRUE;
}

static gboolean
says_apple_vacation(struct look *look)
{
	return marks_contains(look->question->marks, MARK_APPLE_ACTION, "vacation") &&
	       mark_evidence(look, MARK_APPLE_ACTION);
}

/* Inbox rules answer in a person's name; a rule that forwards leaves a person's words. */
static gboolean
says_rules_agent(struct look *look)
{
	const struct marks *marks = look->question->marks;
	if (look->question->forward || (marks->auto_submitted & AUTO_SUBMITTED_FORWARDED))
		return FALSE;
	if (marks_contains(marks, MARK_GENERATED_MESSAGE_SOURCE, "mailbox rules agent"))
		return mark_evidence(look, MARK_GENERATED_MESSAGE_SOURCE);
	if (!marks_has(marks, MARK_INBOX_RULES_LOOP) ||
	    !marks_contains(marks, MARK_AUTO_RESPONSE_SUPPRESS, "all"))
		return FALSE;
	look->evidence =
		g_strdup("X-MS-Exchange-Inbox-Rules-Loop with X-Auto-Response-Suppress: All");
	return TRUE;
}

static gboolean
says_auto_reply_field(struct look *look)
{
	const struct marks *marks = look->question->marks;
	const char *value = marks_value(marks, MARK_AUTO_REPLY);
	if (value && g_ascii_strcasecmp(value, "no") && g_ascii_strcasecmp(value, "false"))
		return mark_evidence(look, MARK_AUTO_REPLY);
	if (marks_contains(marks, MARK_AUTOGENERATED, "reply"))
		return mark_evidence(look, MARK_AUTOGENERATED);
	if (marks_contains(marks, MARK_MESSAGE_CLASS, "autorespond"))
		return mark_evidence(look, MARK_MESSAGE_CLASS);
	if (marks_contains(marks, MARK_PREFERENCE, "auto_reply"))
		return mark_evidence(look, MARK_PREFERENCE);
	if (marks_contains(marks, MARK_DELIVERED_TO, "autoresponder") &&
	    !strchr(marks_value(marks, MARK_DELIVERED_TO), '@'))
		return mark_evidence(look, MARK_DELIVERED_TO);
	return FALSE;
}

static gboolean
says_precedence(struct look *look)
{
	return look->question->marks->precedence_reply && mark_evidence(look, MARK_PRECEDENCE);
}

static gboolean
is_read_receipt(struct look *look)
{
	if (g_strcmp0(look->question->mail->report_type, "disposition-notification"))
		return FALSE;
	look->evidence = g_strdup("multipart/report; report-type=disposition-notification");
	return TRUE;
}

/* "Automatic reply: ...", "[Automatic reply] ...", "AUTO: X is out of the office (returning ...)"
 */
static gboolean
says_subject(struct look *look)
{
	const char *subject = look->subject, *text = look->question->text->new_text;
	if (!begins_with_any(subject, subjects, G_N_ELEMENTS(subjects)) &&
	    !subject_is_notes(subject) &&
	    !(begins_with_any(subject, absence_subjects, G_N_ELEMENTS(absence_subjects)) &&
	      strstr(subject, ": ") && (!*text || absence_is_told(text))))
		return FALSE;
	look->evidence = g_strdup_printf("Subject: %s", look->subject);
	return TRUE;
}

/* Something generated in a person's name; a machine that notifies has a name of its own. */
static gboolean
says_generated(struct look *look)
{
	const struct auto_reply_question *question = look->question;
	const struct marks *marks = question->marks;
	if (!(marks->auto_submitted & AUTO_SUBMITTED_GENERATED) ||
	    (marks->auto_submitted & AUTO_SUBMITTED_FORWARDED) || question->forward ||
	    question->mail->calendar || marks->precedence_list ||
	    bulk_author_is_machine(question->mail))
		return FALSE;
	static const enum mark others[] = {
		MARK_LIST_ID,  MARK_LIST_UNSUBSCRIBE, MARK_LIST_POST,
		MARK_CAMPAIGN, MARK_LIST_SOFTWARE,    MARK_TRACKER,
		MARK_CRON,     MARK_BULK_PROVIDER,    MARK_FEEDBACK_ID
	};
	for (guint i = 0; i < G_N_ELEMENTS(others); i++)
		if (marks_has(marks, others[i]))
			return FALSE;
	return mark_evidence(look, MARK_AUTO_SUBMITTED);
}

/* Subjects and texts people write too count with a machine's mark beside them. */
static gboolean
says_text_of_machine(struct look *look)
{
	const struct auto_reply_question *question = look->question;
	gboolean generated = (question->marks->auto_submitted & AUTO_SUBMITTED_GENERATED) != 0;
	gboolean suppresses =
		marks_contains(question->marks, MARK_AUTO_RESPONSE_SUPPRESS, "all") ||
		marks_contains(question->marks, MARK_AUTO_RESPONSE_SUPPRESS, "autoreply");
	gboolean machine = marks_has(question->marks, MARK_MACHINE_GENERATED) ||
			   marks_contains(question->marks, MARK_MAILER, "vacation") ||
			   marks_contains(question->marks, MARK_MAILER, "autorespond");
	if (!look->null_sender && !generated && !suppresses && !machine)
		return FALSE;
	gboolean reply = question->mail->in_reply_to->len || question->mail->references->len;
	if (!(look->null_sender && reply) && !machine && !subject_hints(look->subject) &&
	    !absence_is_told(question->text->new_text))
		return FALSE;
	look->evidence = g_strdup(look->null_sender ? "null sender and the words of an answer"
						    : "generated, with the words of an answer");
	return TRUE;
}

static const struct {
	gboolean (*says)(struct look *look);
	const char *reason;
	double confidence;
} evidences[] = {
	{ is_read_receipt, "read_receipt", 0.98 },
	{ says_auto_replied, "auto_replied", 0.98 },
	{ says_apple_vacation, "out_of_office", 0.99 },
	{ says_rules_agent, "auto_replied", 0.95 },
	{ says_auto_reply_field, "auto_replied", 0.95 },
	{ says_precedence, "auto_replied", 0.9 },
	{ says_subject, "auto_replied", 0.9 },
	{ says_text_of_machine, "auto_replied", 0.8 },
	{ says_generated, "auto_generated", 0.7 },
};

static const char *
refine_reason(const char *reason, const struct look *look)
{
	if (strcmp(reason, "auto_replied"))
		return reason;
	static const char *const received[] = { "received your",
						"have received",
						"has been received",
						"ticket",
						"your request",
						"case number",
						"erhalten",
						"eingegangen",
						"avons bien reçu",
						"hemos recibido",
						"abbiamo ricevuto",
						"recebemos",
						"получили ваш",
						"получено",
						"已收到",
						"受け付け",
						"受付",
						NULL };
	const char *text = look->question->text->new_text;
	if (absence_is_told(look->subject) || absence_is_told(text))
		return "out_of_office";
	for (const char *const *word = received; *word; word++)
		if (strstr(look->subject, *word) || strcasestr(text, *word))
			return "acknowledgement";
	return reason;
}

struct auto_reply *
auto_reply_detect(const struct auto_reply_question *question, char **ret_evidence,
		  double *ret_confidence)
{
	g_autofree char *subject = lower_start(question->mail->subject);
	struct look look = { question, subject, bounce_sender_is_null(question->raw), NULL };
	for (guint i = 0; i < G_N_ELEMENTS(evidences); i++) {
		if (!evidences[i].says(&look))
			continue;
		struct auto_reply *reply = g_new0(struct auto_reply, 1);
		reply->reason = g_strdup(refine_reason(evidences[i].reason, &look));
		absence_read(question->mail, question->text->new_text, question->text->language,
			     question->raw->received, reply);
		*ret_evidence = look.evidence;
		*ret_confidence = evidences[i].confidence;
		return reply;
	}
	return NULL;
}

/* --- challenges ------------------------------------------------------------------------ */

static gboolean
author_is_challenger(const struct mail *mail)
{
	static const char *const domains[] = { "boxbe.com",       "spamarrest.com",
					       "mailblocks.com",  "bluebottle.com",
					       "choicemail.com",  "knowspam.net",
					       "mailinblack.com", "spamlion.com",
					       "sendio.com",      NULL };
	const struct mail_address *author = mail_author(mail);
	const char *at = author ? strrchr(author->address, '@') : NULL;
	for (const char *const *domain = domains; at && *domain; domain++)
		if (!g_ascii_strcasecmp(at + 1, *domain))
			return TRUE;
	return FALSE;
}

static gboolean
text_is_challenge(const char *text)
{
	static const char *const asks[] = {
		"confirm that you are a human",
		"verify that you are a human",
		"confirm you are human",
		"prove you are human",
		"confirm your email address so that",
		"to deliver your message, please",
		"your message will be delivered once",
		"awaiting your verification",
		"one-time verification",
		"one-time authentication",
		"reply to this message to confirm",
		"simply reply to this message, or",
		"please click on the link below to confirm your message",
		"confirm delivery of your message",
		"message is being held until",
		"has not yet been delivered. to release it",
		"um ihre nachricht zuzustellen",
		"pour que votre message soit remis",
		"para que su mensaje sea entregado",
		"подтвердите, что вы не робот",
		NULL
	};
	for (const char *const *ask = asks; *ask; ask++)
		if (strcasestr(text, *ask))
			return TRUE;
	return FALSE;
}

struct auto_reply *
auto_reply_detect_challenge(const struct auto_reply_question *question, char **ret_evidence,
			    double *ret_confidence)
{
	const struct mail *mail = question->mail;
	gboolean challenger = author_is_challenger(mail);
	if (marks_has(question->marks, MARK_CHALLENGE)) {
		*ret_evidence = marks_evidence(question->marks, MARK_CHALLENGE);
		*ret_confidence = 0.95;
	} else if (challenger && (mail->report_type || mail->in_reply_to->len ||
				  text_is_challenge(mail_shown_text(mail)) ||
				  !g_ascii_strncasecmp(mail->subject, "re:", 3))) {
		*ret_evidence = g_strdup("sent by a challenge-response service");
		*ret_confidence = 0.95;
	} else if ((bounce_sender_is_null(question->raw) || question->marks->auto_submitted) &&
		   !mail->report_type && text_is_challenge(mail_shown_text(mail))) {
		*ret_evidence = g_strdup("generated, and asks to confirm a message");
		*ret_confidence = 0.85;
	} else {
		return NULL;
	}
	struct auto_reply *reply = g_new0(struct auto_reply, 1);
	reply->reason = g_strdup("challenge");
	return reply;
}

void
auto_reply_free(struct auto_reply *reply)
{
	if (!reply)
		return;
	g_free(reply->reason);
	g_free(reply->substitute_name);
	g_free(reply->substitute_address);
	g_free(reply);
}
