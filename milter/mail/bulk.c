/*
 * bulk.c - see bulk.h.
 *
 * The list fields are those of RFC 2369, 2919 and 8058 and of the list managers; Precedence is the
 * old Sendmail convention that RFC 3834 still mentions.  The words of newsletters are compiled
 * into one database at first use.
 */
#include "mail/bulk.h"
#include "mail/bounce.h"
#include "mail/phrases.h"

#include <string.h>

#define SCORE_NEWSLETTER 4.0
#define SCORE_FORM 1.0 /* of it at least by form, not by words */
#define SCORE_WORDS 5.0 /* of words that suffice alone, in a text of that length at least: */
#define LENGTH_WORDS 800
#define LENGTH_SHORT 500 /* "please unsubscribe me" is a person's */
#define TEXT_HEAD 600 /* bytes of the text looked at: its beginning and */
#define TEXT_TAIL 2500 /* its end */
#define HTML_LOOKED_AT (64 * 1024)
#define LOOKED_AT 256 /* of a subject, a name, an address */

gboolean
bulk_is_answer(const struct mail *mail)
{
	static const char *const prefixes[] = { "re:",   "re[",    "aw:",  "sv:",  "vs:",
						"antw:", "ответ:", "odp:", "回复", "答复",
						"res:",  "rif:",   NULL };
	if (mail->in_reply_to->len || mail->references->len)
		return TRUE;
	for (const char *const *prefix = prefixes; *prefix; prefix++)
		if (!g_ascii_strncasecmp(mail->subject, *prefix, strlen(*prefix)))
			return TRUE;
	return FALSE;
}

/* --- lists ----------------------------------------------------------------------------- */

/* "owner-list@", "list-bounces@", "list-admin@": who list managers say sent it. */
static gboolean
address_is_list_owner(const char *address)
{
	static const char *const prefixes[] = { "owner-", "bounce-", "bounces-", "sentto-", NULL };
	static const char *const suffixes[] = { "-owner",  "-bounce", "-bounces",
						"-admin",  "-errors", "-request",
						"-return", "-report", NULL };
	const char *at = strrchr(address, '@');
	gsize length = at ? (gsize)(at - address) : strlen(address);
	const char *plus = memchr(address, '+', length);
	if (plus)
		length = plus - address;
	for (const char *const *prefix = prefixes; *prefix; prefix++)
		if (!g_ascii_strncasecmp(address, *prefix, strlen(*prefix)))
			return TRUE;
	for (const char *const *suffix = suffixes; *suffix; suffix++) {
		gsize n = strlen(*suffix);
		if (length > n && !g_ascii_strncasecmp(address + length - n, *suffix, n))
			return TRUE;
	}
	return FALSE;
}

/* A list's owner isn't the author: office-admin@ may well write in person. */
static gboolean
is_list_owner_for(const struct mail *mail, const char *address)
{
	const struct mail_address *author = mail_author(mail);
	return address_is_list_owner(address) &&
	       (!author || g_ascii_strcasecmp(author->address, address));
}

/* List managers unsubscribe by mail to an address of their own making. */
static gboolean
unsubscribes_from_list(const struct marks *marks)
{
	static const char *const words[] = { "mailto:leave-",
					     "mailto:listserv@",
					     "mailto:majordomo@",
					     "mailto:sympa@",
					     "mailto:listmaster@",
					     "-request@",
					     "-leave@",
					     "-unsubscribe@",
					     "-off@",
					     "mailto:lists@",
					     NULL };
	for (const char *const *word = words; *word; word++)
		if (marks_contains(marks, MARK_LIST_UNSUBSCRIBE, *word))
			return TRUE;
	return FALSE;
}

static gboolean
is_campaign(const struct marks *marks)
{
	return marks_has(marks, MARK_CAMPAIGN) || marks_has(marks, MARK_LIST_ONE_CLICK) ||
	       (marks_has(marks, MARK_FEEDBACK_ID) && marks_has(marks, MARK_LIST_UNSUBSCRIBE));
}

char *
bulk_detect_list(const struct bulk_question *question, double *ret_confidence)
{
	static const enum mark sure[] = { MARK_LIST_POST, MARK_LIST_SOFTWARE, MARK_LIST_OTHER,
					  MARK_LIST_ID };
	const struct marks *marks = question->marks;
	const struct mail *mail = question->mail;
	gboolean campaign = is_campaign(marks);
	*ret_confidence = 0.95;
	for (guint i = 0; i < G_N_ELEMENTS(sure); i++)
		if (marks_has(marks, sure[i]) && !(campaign && sure[i] >= MARK_LIST_OTHER) &&
		    !(campaign && sure[i] == MARK_LIST_ID))
			return marks_evidence(marks, sure[i]);
	if (!campaign && unsubscribes_from_list(marks))
		return marks_evidence(marks, MARK_LIST_UNSUBSCRIBE);
	if (marks->precedence_list && !campaign)
		return marks_evidence(marks, MARK_PRECEDENCE);
	*ret_confidence = 0.85;
	const struct mail_address *sender = mail->sender->len ? mail->sender->pdata[0] : NULL;
	if (sender && is_list_owner_for(mail, sender->address))
		return g_strdup_printf("Sender: %s", sender->address);
	if (marks_has(marks, MARK_APPROVED_BY))
		return marks_evidence(marks, MARK_APPROVED_BY);
	if (question->raw->mail_from &&
	    g_ascii_strncasecmp(question->raw->mail_from, "bounce", 6) &&
	    strchr(question->raw->mail_from, '@') &&
	    is_list_owner_for(mail, question->raw->mail_from))
		return g_strdup_printf("envelope sender %s", question->raw->mail_from);
	return NULL;
}

/* --- newsletters ----------------------------------------------------------------------- */

/* The words of a footer or of a link on top; the name of a list is its weight in tenths. */
static const struct {
	const char *weight;
	const char *const *phrases;
} words[] = {
	{ "30", (const char *const[]){ "to unsubscribe",
				       "unsubscribe from",
				       "unsubscribe here",
				       "click here to unsubscribe",
				       "unsubscribe link",
				       "remove yourself from this list",
				       "to be removed from",
				       "removed from our mailing list",
				       "removed from this list",
				       "manage your subscription",
				       "manage your subscriptions",
				       "manage subscriptions",
				       "email preferences",
				       "e-mail preferences",
				       "subscription preferences",
				       "manage your preferences",
				       "manage preferences",
				       "update your preferences",
				       "change your subscription",
				       "you are receiving this",
				       "you're receiving this",
				       "you received this email because",
				       "you received this e-mail because",
				       "you received this message because",
				       "you have received this e-mail because",
				       "you have received this email because",
				       "this email was sent to",
				       "this e-mail was sent to",
				       "this newsletter was sent",
				       "you are subscribed",
				       "you're subscribed",
				       "currently subscribed",
				       "are on our mailing list",
				       "because you subscribed",
				       "because you signed up",
				       "because you registered",
				       "stop receiving",
				       "no longer wish to receive",
				       "do not wish to receive",
				       "don't wish to receive",
				       "don't want to receive",
				       "prefer not to receive",
				       "abbestellen",
				       "newsletter abbestellen",
				       "sie erhalten diese e-mail",
				       "sie erhalten diesen newsletter",
				       "vom newsletter abmelden",
				       "se désabonner",
				       "se désinscrire",
				       "vous désabonner",
				       "vous désinscrire",
				       "désabonnement",
				       "vous recevez cet e-mail",
				       "vous recevez ce message",
				       "darse de baja",
				       "cancelar suscripción",
				       "cancelar la suscripción",
				       "dejar de recibir",
				       "date de baja",
				       "annulla l'iscrizione",
				       "cancella l'iscrizione",
				       "cancellarti",
				       "disiscriviti",
				       "disiscrizione",
				       "ricevi questa email",
				       "cancelar inscrição",
				       "cancelar a inscrição",
				       "descadastrar",
				       "deixar de receber",
				       "afmelden voor",
				       "uitschrijven",
				       "u ontvangt deze",
				       "avregistrera",
				       "avprenumerera",
				       "meld deg av",
				       "peruuta tilaus",
				       "peruuttaa tilauk",
				       "wypisz się",
				       "wypisać się",
				       "rezygnacja z subskrypcji",
				       "odhlásit se z",
				       "odhlásiť sa z",
				       "leiratkozás",
				       "leiratkozom",
				       "dezabonare",
				       "dezabonați-vă",
				       "dezabonează-te",
				       "отписаться",
				       "отказаться от рассылки",
				       "вы получили это письмо",
				       "вы получили это сообщение",
				       "відписатися",
				       "abonelikten çık",
				       "abonelikten ayrıl",
				       "listeden çık",
				       "κατάργηση εγγραφής",
				       "配信停止",
				       "購読解除",
				       "メルマガ解除",
				       "退订",
				       "取消订阅",
				       "取消訂閱",
				       "수신거부",
				       "구독 취소",
				       "להסרה",
				       "إلغاء الاشتراك",
				       NULL } },
	{ "20", (const char *const[]){ "view in browser",
				       "view this email in your browser",
				       "view online",
				       "read online",
				       "web version",
				       "view it online",
				       "having trouble viewing",
				       "trouble viewing this",
				       "can't read this email",
				       "cannot read this",
				       "forward to a friend",
				       "forward this newsletter",
				       "add us to your address book",
				       "im browser ansehen",
				       "im browser anzeigen",
				       "online-version",
				       "version en ligne",
				       "voir dans le navigateur",
				       "ver en el navegador",
				       "versione online",
				       "visualizza nel browser",
				       "ver no navegador",
				       "online versie",
				       "bekijk online",
				       "открыть в браузере",
				       "unsubscribe",
				       "opt out",
				       "opt-out",
				       "newsletter",
				       "e-newsletter",
				       "newsletters",
				       "mailing list",
				       "subscribers",
				       "change your e-mail",
				       "update your profile",
				       "cancel your subscription",
				       "advertisement",
				       "sponsored by",
				       "advertise in",
				       "рассылка",
				       "рассылки",
				       NULL } },
	{ "10", (const char *const[]){ "all rights reserved",
				       "copyright",
				       "privacy policy",
				       "privacy statement",
				       "terms of use",
				       "terms and conditions",
				       "do not reply to this",
				       "please do not reply",
				       "automatically generated",
				       "trademarks",
				       "registered trademark",
				       "click here",
				       "special offer",
				       "buy now",
				       "order now",
				       "subscribe",
				       "to subscribe",
				       "subscription",
				       "your subscription",
				       "webmaster",
				       "editor",
				       "sponsor",
				       "sponsors",
				       "advertising",
				       "©",
				       NULL } },
};

static void *
compile(void *unused G_GNUC_UNUSED)
{
	struct phrases *phrases = phrases_new();
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		for (const char *const *phrase = words[i].phrases; *phrase; phrase++)
			phrases_add(phrases, words[i].weight, *phrase);
	g_autoptr(GError) error = NULL;
	if (!phrases_compile(phrases, &error)) {
		g_warning("the words of newsletters: %s", error->message);
		g_clear_pointer(&phrases, phrases_free);
	}
	return phrases;
}

/* Each weight once, however often its words come. */
static double
score_stretch(const char *text, gsize length, gboolean seen[G_N_ELEMENTS(words)])
{
	static GOnce once = G_ONCE_INIT;
	const struct phrases *phrases = g_once(&once, compile, NULL);
	double score = 0;
	if (!phrases || !length)
		return 0;
	g_autoptr(GArray) matches = phrases_scan(phrases, text, length);
	for (guint i = 0; i < matches->len; i++) {
		const char *weight = g_array_index(matches, struct phrase_match, i).list;
		guint row = weight[0] == '3' ? 0 : weight[0] == '2' ? 1 : 2;
		if (seen[row])
			continue;
		seen[row] = TRUE;
		score += (weight[0] - '0');
	}
	return score;
}

static const char *
start_of_character(const char *text, const char *p)
{
	while (p > text && ((guchar)*p & 0xc0) == 0x80)
		p--;
	return p;
}

/* The words most footers have, for a text that nothing else makes suspicious. */
static gboolean
has_footer_words(const char *text)
{
	static const char *const stems[] = { "nsubscri", "emoved from", "eceiving this",
					     "ailing list", "to receive" };
	gsize length = strlen(text);
	const char *tail = length > TEXT_TAIL ? text + length - TEXT_TAIL : text;
	for (guint i = 0; i < G_N_ELEMENTS(stems); i++)
		if (strstr(tail, stems[i]))
			return TRUE;
	return FALSE;
}

static double
score_text(const struct mail *mail)
{
	gboolean seen[G_N_ELEMENTS(words)] = { FALSE };
	const char *text = mail_shown_text(mail);
	gsize length = strlen(text);
	if (length < LENGTH_SHORT)
		return 0;
	if (length <= TEXT_HEAD + TEXT_TAIL)
		return score_stretch(text, length, seen);
	const char *head_end = start_of_character(text, text + TEXT_HEAD);
	const char *tail = start_of_character(text, text + length - TEXT_TAIL);
	return score_stretch(text, head_end - text, seen) +
	       score_stretch(tail, text + length - tail, seen);
}

static guint
count_of(const char *text, gsize length, const char *needle, guint most)
{
	guint count = 0;
	gsize n = strlen(needle);
	/* memmem() takes seven times as long */
	for (const char *p = text;
	     count < most && (p = strstr(p, needle)) && (gsize)(p - text) + n <= length; p += n)
		count++;
	return count;
}

/* Layout that people don't write: many links, many pictures. */
static double
score_layout(const struct mail *mail)
{
	double score = 0;
	if (mail->html) {
		gsize length = MIN(strlen(mail->html), HTML_LOOKED_AT);
		guint links = count_of(mail->html, length, "href=", 12) +
			      count_of(mail->html, length, "HREF=", 12);
		guint images = count_of(mail->html, length, "<img", 8) +
			       count_of(mail->html, length, "<IMG", 8);
		score += links >= 10 ? 2 : links >= 5 ? 1 : 0;
		score += images >= 4 ? 1 : 0;
		score += !*mail->text ? 0.5 : 0;
	} else {
		guint links = count_of(mail->text, strlen(mail->text), "http", 12);
		score += links >= 8 ? 2 : links >= 4 ? 1 : 0;
	}
	return score;
}

/* @param needles lower case */
static gboolean
contains_any(const char *text, const char *const *needles)
{
	char lower[LOOKED_AT];
	gsize length = 0;
	if (!text)
		return FALSE;
	for (; text[length] && length + 1 < sizeof lower; length++)
		lower[length] = g_ascii_tolower(text[length]);
	lower[length] = '\0';
	for (; *needles; needles++)
		if (strstr(lower, *needles))
			return TRUE;
	return FALSE;
}

/* Addresses made for one recipient or one mailing: long runs of digits, tags with '='. */
static gboolean
address_is_made(const char *address)
{
	guint digits = 0;
	for (const char *p = address; *p && *p != '@'; p++) {
		if (g_ascii_isdigit(*p))
			digits++;
		if (*p == '=' || *p == '#')
			return TRUE;
	}
	return digits >= 7;
}

static double
score_sender(const struct bulk_question *question)
{
	static const char *const bulk_parts[] = {
		"newsletter", "news",      "bounce",     "mailing",      "noreply",
		"no-reply",   "no_reply",  "donotreply", "do_not_reply", "do-not-reply",
		"marketing",  "promo",     "offers",     "alerts",       "digest",
		"subscri",    "announce",  "notify",     "editor",       "updates",
		"mailer",     "webmaster", "campaign",   "daily",        "weekly",
		"deals",      NULL
	};
	static const char *const bulk_names[] = { "newsletter", "news",  "digest",   "weekly",
						  "daily",      "alert", "update",   "magazine",
						  "editor",     "deals", "shop",     "store",
						  "promotion",  "notif", "bulletin", "рассылка",
						  NULL };
	const struct mail_address *author = mail_author(question->mail);
	const char *mail_from = question->raw->mail_from;
	double score = 0;
	if (author && contains_any(author->address, bulk_parts))
		score += 2;
	if (author && address_is_made(author->address))
		score += 2;
	if (author && contains_any(author->name, bulk_names))
		score += 1.5;
	if (mail_from && *mail_from &&
	    (!author || g_ascii_strcasecmp(mail_from, author->address))) {
		score += address_is_made(mail_from) ? 2 : 0;
		score += contains_any(mail_from, bulk_parts) ? 1.5 : 0;
	}
	return score;
}

static double
score_subject(const char *subject)
{
	static const char *const strong[] = {
		"newsletter",    "digest",        "bulletin",  "weekly",   "daily",    "% off",
		"announcements", "sweepstake",    "headlines", "рассылка", "Рассылка", "rundbrief",
		"breaking news", "special offer", "this week", NULL
	};
	static const char *const weak[] = { "news",    "update",  "issue",    "edition", "vol.",
					    "webinar", "sale",    "save $",   "save up", "announc",
					    "release", "seminar", "register", "offer",   "alert",
					    "tips",    "deals",   "free ",    NULL };
	return (contains_any(subject, strong) ? 2 : 0) + (contains_any(subject, weak) ? 1 : 0);
}

static double
score_header(const struct marks *marks, const struct mail *mail)
{
	double score = 0;
	score += marks_has(marks, MARK_FEEDBACK_ID) ? 2 : 0;
	score += marks_has(marks, MARK_REPORT_ABUSE) ? 1.5 : 0;
	score += marks_has(marks, MARK_BULK_PROVIDER) ? 1 : 0;
	score += marks_has(marks, MARK_ERRORS_TO) ? 1.5 : 0;
	score += mail->to->len == 0 ? 1 : 0;
	return score;
}

/* Traces of a person at a mail program. */
/* Message-IDs of the web mailers: nobody sends newsletters from there. */
static gboolean
id_is_of_person(const char *id)
{
	static const char *const hosts[] = {
		"@mail.gmail.com",    "prod.outlook.com", "@mail.yahoo.com",
		"@icloud.com",        "@me.com",          "phx.gbl",
		"@email.android.com", "@webmail",         NULL
	};
	return contains_any(id, hosts);
}

static double
score_person(const struct marks *marks, const struct mail *mail)
{
	static const char *const programs[] = {
		"outlook",     "thunderbird", "mozilla",  "apple mail", "iphone",    "ipad",
		"eudora",      "mutt",        "pine",     "kmail",      "evolution", "the bat",
		"lotus notes", "becky",       "sylpheed", "mew",        "gnus",      "squirrelmail",
		"roundcube",   "zimbra",      "airmail",  "mailmate",   "android",   NULL
	};
	double score = 0;
	if (contains_any(marks_value(marks, MARK_MAILER), programs) ||
	    marks_has(marks, MARK_USER_AGENT))
		score += 1.5;
	if (id_is_of_person(mail->message_id) || marks_has(marks, MARK_THREAD_INDEX))
		score += 1.5;
	if (marks_has(marks, MARK_ORIGINATING_IP))
		score += 0.5;
	if (mail->attachments->len)
		score += 0.5;
	return score;
}

char *
bulk_detect_newsletter(const struct bulk_question *question, double *ret_confidence)
{
	const struct marks *marks = question->marks;
	const struct mail *mail = question->mail;
	static const enum mark sure[] = { MARK_LIST_ONE_CLICK, MARK_LIST_UNSUBSCRIBE,
					  MARK_CAMPAIGN };
	*ret_confidence = 0.95;
	for (guint i = 0; i < G_N_ELEMENTS(sure); i++)
		if (marks_has(marks, sure[i]))
			return marks_evidence(marks, sure[i]);
	if (bulk_is_answer(mail) || question->forward)
		return NULL;
	double person = score_person(marks, mail);
	double form = score_header(marks, mail) + score_sender(question) +
		      score_subject(mail->subject) + score_layout(mail) - person;
	if (form < SCORE_FORM && (person > 0 || *question->text->quoted ||
				  strlen(mail_shown_text(mail)) < LENGTH_WORDS ||
				  !has_footer_words(mail_shown_text(mail))))
		return NULL;
	double text = score_text(mail), score = form + text;
	if (score < SCORE_NEWSLETTER || (form < SCORE_FORM && text < SCORE_WORDS))
		return NULL;
	*ret_confidence = MIN(0.9, 0.5 + score / 20);
	return g_strdup_printf("hints of a newsletter add up to %.1f", score);
}

/* --- notifications --------------------------------------------------------------------- */

static gboolean
local_part_is_machine(const char *address)
{
	static const char *const names[] = { "noreply",
					     "donotreply",
					     "dontreply",
					     "notification",
					     "notifications",
					     "notify",
					     "alert",
					     "alerts",
					     "nobody",
					     "root",
					     "daemon",
					     "mailer",
					     "cron",
					     "jenkins",
					     "nagios",
					     "monitoring",
					     "automailer",
					     "autoconfirm",
					     "mailerdaemon",
					     "postmaster",
					     "robot",
					     "bot",
					     "system",
					     "wwwrun",
					     "wwwdata",
					     "apache",
					     "bounce",
					     "bounces",
					     NULL };
	char local[64];
	gsize n = 0;
	for (; *address && *address != '@' && *address != '+' && n + 1 < sizeof local; address++)
		if (!strchr("-._", *address))
			local[n++] = g_ascii_tolower(*address);
	local[n] = '\0';
	return g_strv_contains(names, local) || strstr(local, "noreply") ||
	       strstr(local, "donotreply");
}

gboolean
bulk_author_is_machine(const struct mail *mail)
{
	const struct mail_address *author = mail_author(mail);
	return author && local_part_is_machine(author->address);
}

/* DMARC and TLS reports: RFC 7489 section 7.2.1.1, RFC 8460 section 3. */
static gboolean
subject_is_machine(const char *subject)
{
	return (!g_ascii_strncasecmp(subject, "report domain:", 14) &&
		strcasestr(subject, "report-id:")) ||
	       !g_ascii_strncasecmp(subject, "cron <", 6);
}

char *
bulk_detect_notification(const struct bulk_question *question, double *ret_confidence)
{
	const struct marks *marks = question->marks;
	const struct mail_address *author = mail_author(question->mail);
	const guint generated =
		AUTO_SUBMITTED_GENERATED | AUTO_SUBMITTED_NOTIFIED | AUTO_SUBMITTED_OTHER;
	*ret_confidence = 0.9;
	if ((marks->auto_submitted & generated) && !question->forward &&
	    !(marks->auto_submitted & AUTO_SUBMITTED_FORWARDED))
		return marks_evidence(marks, MARK_AUTO_SUBMITTED);
	if (marks_has(marks, MARK_CRON))
		return marks_evidence(marks, MARK_CRON);
	if (marks_has(marks, MARK_TRACKER))
		return marks_evidence(marks, MARK_TRACKER);
	if (subject_is_machine(question->mail->subject))
		return g_strdup_printf("Subject: %.60s", question->mail->subject);
	*ret_confidence = 0.8;
	if (bulk_author_is_machine(question->mail))
		return g_strdup_printf("From: %s", author->address);
	if (bounce_sender_is_null(question->raw))
		return g_strdup("null sender");
	return NULL;
}
