/*
 * bounce_reason.c - see bounce_reason.h.
 *
 * The phrases are what Sendmail, Postfix, Exim, qmail, Exchange, Domino, Courier and the large
 * providers are known to answer, shortened to the words that don't change.  They are compiled
 * into one database at the first report that needs it.  Ranks settle what several matches mean:
 * words that name the obstacle exactly, words that say the recipient doesn't exist, the
 * conditions of a moment, words that also appear in passing.
 */
#include "mail/bounce_reason.h"
#include "mail/phrases.h"

#include <string.h>

#define STATUS_LONGEST 12

enum rank { RANK_EXACT, RANK_ADDRESS, RANK_ADDRESS_BARE, RANK_CONDITION, RANK_PASSING, RANK_COUNT };

struct phrase_row {
	enum bounce_reason reason;
	enum rank rank;
	const char *const *phrases;
};

#define PHRASES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct phrase_row rows[] = {
	{ BOUNCE_REASON_USER_UNKNOWN, RANK_ADDRESS,
	  PHRASES("unknown or illegal user", "address invalid", "address not present in directory",
		  "badrcptto", "can't accept user", "destination addresses were unknown",
		  "email address could not be found", "e-mail address could not be found",
		  "invalid mailbox path", "not an active address", "mailbox invalid",
		  "mailbox not present", "nobody by that name here", "no existe dicha persona",
		  "no existe ese usuario", "not a valid recipient",
		  "not email addresses hosted here", "rcpt not exist",
		  "recipient address rejected: invalid", "recipient address rejected: unknown user",
		  "recipient is not accepted", "recipient is not local", "recipient no found",
		  "envelope recipient has been denied", "user's email name is not found",
		  "no one at this address", "no longer accepts mail", "badrecipientto",
		  "unknown e-mail address", "unknown email address", "user missing home directory",
		  "user not active", "unknown virtual user", "not our local user",
		  "no user by that name", "does not have an account here", "not hosted here",
		  "no local mailbox", "local user unknown",
		  "the email account that you tried to reach does not exist",
		  "verify that the email address", "may be misspelled", "alias not found",
		  "no aliases found", "unknown in virtual", "addressee not found",
		  "user account does not exist", "username not found",
		  "email address does not exist", "no mail-box", "is not a known user",
		  "unknown or illegal alias", "no such user", "no such person", "no such mailbox",
		  "no such recipient", "no such address", "no such account",
		  "no mailbox here by that name", "no mailbox by that name", "no valid recipient",
		  "no valid recipients", "recipnotfound", "recipientnotfound", "recipient unknown",
		  "unknown recipient", "invalid recipient", "invalid recipients", "invalid user",
		  "invalid user address", "invalid mailbox", "invalid final delivery userid",
		  "user not found", "user not known", "user not exist", "user doesn't exist",
		  "user does not exist", "not a valid user", "not a valid mailbox",
		  "not a known user", "not a local user", "addressee unknown", "address unknown",
		  "unknown address", "unknown local part", "unknown mailbox", "unknown account",
		  "account unknown", "recipient address unknown", "recipient does not exist",
		  "recipient doesn't exist", "recipient address does not exist",
		  "address does not exist", "address doesn't exist", "mailbox does not exist",
		  "mailbox doesn't exist", "mailbox not found", "account does not exist",
		  "account doesn't exist", "does not exist at the organization",
		  "that you tried to reach does not exist", "unrouteable address",
		  "unroutable address", "not listed in domino directory",
		  "not listed in public name & address book", "not listed in public",
		  "user not listed", "recipient name is not recognized", "is not recognized",
		  "address was not found", "address couldn't be found", "wasn't found at",
		  "couldn't be found", "no account by that name", "this user doesn't have a",
		  "there is no user by that name", "user is unknown", "user name not found",
		  "bad destination mailbox address", "bad address", "no longer valid",
		  "no longer available", "no longer in use", "user unknown in virtual alias table",
		  "user unknown in local recipient table", "user unknown in relay recipient table",
		  "mailbox unavailable or not local", "address possibly incorrect",
		  "email address is possibly incorrect", "email address is incorrect",
		  "account or domain may not exist", "recipient address rejected: access denied",
		  "failed recipient address", "no longer employed", "no longer works here",
		  "has left the company", "does not have a final email delivery point",
		  "no matches to nameserver query", "adresse destinataire invalide",
		  "destinataire invalide", "utilisateur inconnu", "destinataire inconnu",
		  "n'existe pas", "empfänger unbekannt", "unbekannter empfänger",
		  "benutzer unbekannt", "adresse existiert nicht", "wurde nicht gefunden",
		  "usuario desconocido", "el usuario no existe", "la dirección no existe",
		  "destinatario desconocido", "utente sconosciuto", "destinatario sconosciuto",
		  "usuário desconhecido", "destinatário desconhecido", "não existe",
		  "onbekende gebruiker", "gebruiker onbekend", "nieznany użytkownik",
		  "adres nie istnieje", "пользователь не найден", "нет такого пользователя",
		  "неизвестный пользователь", "адрес не существует", "не существует", "宛先不明",
		  "存在しません", "用户不存在", "收件人不存在", "收件人邮箱不存在", "邮箱不存在",
		  "地址不存在", "존재하지 않는") },
	{ BOUNCE_REASON_USER_UNSURE, RANK_ADDRESS_BARE,
	  PHRASES("user unknown", "unknown user", "all recipient addresses rejected",
		  "recipient not found", "invalid address") },
	{ BOUNCE_REASON_USER_UNSURE, RANK_PASSING, PHRASES("mailbox unavailable") },
	{ BOUNCE_REASON_USER_UNKNOWN, RANK_PASSING,
	  PHRASES("does not exist", "doesn't exist", "address rejected", "recipient rejected",
		  "recipient address rejected", "mailbox not available") },
	{ BOUNCE_REASON_HOST_UNKNOWN, RANK_ADDRESS,
	  PHRASES("host unknown", "domain must exist", "unknown domain name",
		  "recipient domain must exist", "host name is unknown", "domain unknown",
		  "nonexistent domain", "non-existent domain", "non existent domain",
		  "non-existent host", "dns domain does not exist", "domain name does not exist",
		  "unresolvable domain", "could not be resolved", "the domain could not be found",
		  "the domain couldn't be found", "unknown host", "unknown domain",
		  "host not found", "no such domain", "no such host", "domain does not exist",
		  "domain not found", "domain name not found", "domain doesn't exist",
		  "bad destination system address", "bad destination system",
		  "host or domain name not found", "unrouteable mail domain",
		  "illegal host/domain name", "invalid domain", "domain is not reachable",
		  "nxdomain", "couldn't find any host named", "couldn't find any host by that name",
		  "cannot find any host", "domain couldn't be found", "name or service not known",
		  "does not exist please check your spelling", "domaine inconnu",
		  "domain existiert nicht", "域名不存在") },
	{ BOUNCE_REASON_MOVED, RANK_ADDRESS,
	  PHRASES("not our user", "not our customer", "user not local", "no longer on server",
		  "has moved", "user moved", "mailbox has moved", "no forwarding address",
		  "has changed address", "address has changed") },
	{ BOUNCE_REASON_NO_MAIL, RANK_ADDRESS,
	  PHRASES("does not accept mail", "doesn't accept mail", "null mx", "nullmx",
		  "no mx found for domain", "doesn't receive email", "does not receive email",
		  "couldn't find a mail exchanger", "no mail exchanger", "no mail servers",
		  "host does not accept any mail", "mail receiving disabled",
		  "no mx record found for domain", "no mx record", "does not handle mail",
		  "domain does not accept mail", "smtp protocol returned a permanent error",
		  "all relevant mx records point to non-existent hosts",
		  "an mx or srv record indicated no smtp service", "does not accept email") },
	{ BOUNCE_REASON_MAILBOX_FULL, RANK_EXACT,
	  PHRASES("mailbox full", "full mailbox", "insufficient disk space",
		  "not enough disk space", "exceeding receiving limits",
		  "boite du destinataire pleine", "disc quota exceeded", "diskspace quota",
		  "does not have enough space", "exceeding its mailbox quota",
		  "mail file size exceeds", "mail quota exceeded",
		  "mailbox exceeded the local limit", "exceeded its disk space limit",
		  "mailbox over quota", "mailbox quota usage exceeded", "maildir over quota",
		  "over the allowed quota", "reached disk quota",
		  "would exceed maximum allowed storage", "space has been used up",
		  "too much mail data", "too many messages on the server", "is over disk quota",
		  "mailbox quota exceeded", "quota limit", "exceeded his quota",
		  "used up their quota", "message store is full", "mail box full",
		  "mail box is full", "postvak vol", "brievenbus vol", "inkorgen är full",
		  "innboksen er full", "postilaatikko on täynnä", "schránka je plná",
		  "cutia poștală este plină", "posta kutusu dolu", "mailbox is full",
		  "mailbox has exceeded", "mailfolder is full", "mail folder is full", "over quota",
		  "overquota", "quota exceeded", "quota violation", "exceeded quota",
		  "exceeded storage", "exceeding their quota", "out of quota", "quota full",
		  "quota would be exceeded", "disk quota exceeded", "quota has been exceeded",
		  "exceeded its quota", "exceeded the quota", "exceeded their quota",
		  "storage limit", "out of storage space", "insufficient storage space",
		  "mailbox size limit", "inbox is full", "user is overquota",
		  "account is over quota", "exceeds allotted quota", "exceeds the mailbox",
		  "is over the maximum quota", "not enough storage", "mailbox space",
		  "shutoffquotaexceeded", "exceeded the space limit", "postfach voll",
		  "postfach ist voll", "boîte aux lettres pleine", "boîte de réception est pleine",
		  "quota dépassé", "buzón lleno", "buzón está lleno", "casella piena",
		  "casella postale piena", "caixa de correio cheia", "caixa cheia",
		  "mailbox is vol", "postvak is vol", "skrzynka pełna", "przepełniona",
		  "почтовый ящик переполнен", "ящик переполнен", "メールボックスがいっぱい",
		  "容量オーバー", "邮箱已满", "邮箱空间不足", "信箱已滿", "용량 초과",
		  "용량이 초과") },
	{ BOUNCE_REASON_SUSPENDED, RANK_EXACT,
	  PHRASES("account has been disabled", "archived recipient", "destinataire archivee",
		  "inactive account", "extended inactivity", "deactivated mailbox",
		  "user is terminated", "mailbox currently suspended", "temporarily inactive",
		  "recipient suspend the service", "user disabled", "user suspended",
		  "account is deactivated", "has been deactivated", "account deactivated",
		  "account terminated", "is not accepting any mail", "has been suspended",
		  "mailbox is suspended", "address is disabled",
		  "email account that you tried to reach is inactive", "recipient preferences",
		  "blocked by the recipient", "restricted sms", "account disabled",
		  "mailbox disabled", "mailbox is disabled", "recipient disabled",
		  "disabled recipient", "account is disabled", "tried to reach is disabled",
		  "disabled or discontinued", "user is disabled", "mailbox is frozen",
		  "mailbox frozen", "account suspended", "account is suspended", "suspended",
		  "temporary locked", "temporarily locked", "temporarily disabled", "is inactive",
		  "inactive user", "account inactive", "account is blocked",
		  "recipient account is blocked", "mailbox is inactive", "account locked",
		  "account is locked", "on hold", "is receiving mail at a rate",
		  "currently suspended", "has not been collected",
		  "compte du destinataire est bloque") },
	{ BOUNCE_REASON_TOO_LARGE, RANK_EXACT,
	  PHRASES("message too large", "message too big", "too large for this recipient",
		  "message size exceeds", "size limit exceeded", "exceeds maximum message size",
		  "exceeded maximum message size", "exceeds size limit", "exceeds the size limit",
		  "recipsizelimit", "message is too large", "line limit exceeded",
		  "message length exceeds", "fixed maximum message size", "mail size limit",
		  "message file too big", "nachricht ist zu groß", "message trop volumineux",
		  "mensaje demasiado grande") },
	{ BOUNCE_REASON_SENDER, RANK_EXACT,
	  PHRASES("dmarc", "spf", "spf record", "spf check", "dkim", "sender policy framework",
		  "unauthenticated email", "unauthenticated senders", "authentication information",
		  "sender rejected", "sender address rejected", "as a relay", "insecure mail relay",
		  "not permitted to relay", "not allowed to relay", "not an open relay",
		  "not local host", "relay denied", "relaying mail", "send to a non-local",
		  "relaying is prohibited", "not permitted to relay through", "relay access",
		  "invalid sender", "unknown sender", "sender unknown", "sender denied",
		  "unable to verify sender", "sender verify", "sender's domain",
		  "sender email address", "invalid helo", "helo command rejected",
		  "not listed in reverse dns", "does not resolve", "fcrdns",
		  "cannot find your hostname", "cannot resolve your", "sender ip", "your ip",
		  "your mail server", "from your server", "authentication is required",
		  "authentication failed", "sender verification failed", "domain of sender address",
		  "sender domain", "sender verify failed", "sender verification",
		  "purported responsible address", "reverse dns", "ptr record", "ptr records",
		  "rdns", "rdns record", "ip name lookup failed", "unverifyable sending ips",
		  "blocklist", "blocklisted", "blocked using", "blacklisted by", "dnsbl", "rbl",
		  "spamhaus", "spamcop", "poor reputation", "low reputation", "bad reputation",
		  "reputation", "banned sending ip", "banned", "client host",
		  "client host rejected", "host network not allowed", "not allowed to send",
		  "not authorized to send", "is not authenticated", "authentication required",
		  "smtp authentication", "email address is not verified", "relay access denied",
		  "relaying denied", "relay not permitted", "no relaying", "unable to relay",
		  "not configured to relay", "we do not relay", "rcpthosts", "allowed rcpthosts",
		  "must authenticate", "blocked for abuse", "open relay", "user complaints",
		  "no access from mail server", "helo", "ehlo", "weren't sent",
		  "verify your identity", "temporarily deferred", "sender is not allowed",
		  "not permitted to send", "does not have permission to post", "permission to post",
		  "投稿する権限", "posting to the group", "not accepting connections",
		  "invalid domain name", "access restricted") },
	{ BOUNCE_REASON_CONTENT, RANK_EXACT,
	  PHRASES("message content rejected", "appears to be spam", "message looks like spam",
		  "message identified as spam", "high probability of spam", "rejected as spam",
		  "spam filter", "spam score", "spam-like", "spam or",
		  "mail appears to be unsolicited", "contains a virus", "infected with",
		  "denied content", "prohibited content", "content filter", "content restrictions",
		  "banned attachment", "executable attachment", "dangerous", "suspicious",
		  "bulk email", "content rejected", "message contained spam", "classified as spam",
		  "spam message", "considered spam", "scored as spam", "identified as spam",
		  "looks like spam", "detected as spam", "spam detected", "spam classification",
		  "spam content", "unsolicited", "unsolicited bulk", "ube", "uce", "virus",
		  "virus detected", "malware", "infected", "header error", "duplicate header",
		  "multiple addresses in from", "8-bit data", "media error", "attachment type",
		  "forbidden attachment", "uribl", "blacklisted url", "phishing",
		  "messages with multiple", "message was rejected due to", "improper use") },
	{ BOUNCE_REASON_CONTENT, RANK_PASSING, PHRASES("spam", "junk", "junk mail") },
	{ BOUNCE_REASON_POLICY, RANK_EXACT,
	  PHRASES("policy reasons", "policy violation", "local policy", "security policy",
		  "security policies", "administrative prohibition", "administratively prohibited",
		  "delivery not authorized", "not accepted for policy", "protocol violation",
		  "improper sequence of commands", "message not allowed", "prohibited by",
		  "email policy") },
	{ BOUNCE_REASON_POLICY, RANK_PASSING,
	  PHRASES("policy", "blocked", "blacklist", "blacklisted", "access denied", "not allowed",
		  "not permitted", "refused", "service refused", "service refuse",
		  "service refusé") },
	{ BOUNCE_REASON_RATE, RANK_EXACT,
	  PHRASES("too many recipients", "sending too fast", "too many errors", "sent too many",
		  "exceeded the rate", "exceeded the allowed", "try again later, throttled",
		  "messages per hour", "recipients per hour", "hourly limit", "daily limit",
		  "message rate", "frequency", "concurrent connections", "connections from your",
		  "too many connections", "too many messages", "rate limit", "rate limited",
		  "frequency limited", "sending rate", "throttled", "too many emails",
		  "daily quota", "sending quota", "relay quota", "sent to too many recipients",
		  "exceeded the maximum number", "sending limit", "too fast", "greylisted",
		  "greylisting", "graylisted") },
	{ BOUNCE_REASON_EXPIRED, RANK_CONDITION,
	  PHRASES("message expired", "envelope expired", "delivery expired",
		  "it has not been collected", "message timed out", "server did not respond",
		  "not reachable within the allowed", "could not be delivered for more than",
		  "cannot connect to remote server", "did not respond", "queue.expired", "expired",
		  "been in the queue too long", "connection timed out", "timed out", "timeout",
		  "time out", "retry timeout exceeded", "retry time not reached",
		  "failing for a long time", "cannot send message for",
		  "could not send message for", "delivery attempts will continue",
		  "will be retried", "will retry", "delivery time expired",
		  "has not yet been delivered", "warning message only", "this is a warning",
		  "delivery failed 20 attempts", "too long in the queue", "has been delayed",
		  "did not accept our requests to connect",
		  "recipient server unavailable or busy") },
	{ BOUNCE_REASON_NETWORK, RANK_CONDITION,
	  PHRASES("connection refused", "network is unreachable", "no route to host",
		  "lost connection", "connection lost", "connection dropped", "connection reset",
		  "unable to connect", "could not connect", "couldn't connect",
		  "wasn't able to establish an smtp connection", "hop count exceeded",
		  "too many hops", "routing loop", "mail loop", "loops back to myself",
		  "loop detected", "dns query failed", "temporary lookup failure",
		  "try again later and contact", "name server: host name lookup failure",
		  "tls required", "starttls", "tls handshake", "refused to accept your message",
		  "refused to talk to me") },
	{ BOUNCE_REASON_NETWORK, RANK_EXACT, PHRASES("dns error", "host not found, try again") },
	{ BOUNCE_REASON_SYSTEM, RANK_CONDITION,
	  PHRASES("internal system error", "internal server error", "insufficient disk space",
		  "insufficient system storage", "insufficient system resources", "no space left",
		  "service unavailable", "service currently unavailable", "transaction failed",
		  "local configuration error", "could not load drd", "unable to contact ldap",
		  "command died with status", "can't create", "cannot create output file",
		  "local delivery failed", "pipe to", "mailer error", "malformed address",
		  "service not available", "child process", "procmail",
		  "mail server is shutting down", "duplicated message-id") },
	{ BOUNCE_REASON_REPORT, RANK_PASSING,
	  PHRASES("could not be delivered", "couldn't be delivered", "can not be delivered",
		  "cannot be delivered", "can't be delivered", "was not delivered",
		  "wasn't delivered", "were not delivered", "not been delivered", "not delivered",
		  "did not reach the following", "did not reach some or all",
		  "delivery to the following", "delivery has failed", "delivery failed",
		  "failed delivery", "delivery failure", "delivery problems", "undeliverable",
		  "undelivered", "non-deliverable", "unable to deliver", "unable to be delivered",
		  "wasn't able to deliver", "not able to deliver", "failed to deliver",
		  "trouble delivering", "could not deliver", "permanent fatal errors",
		  "transient non-fatal errors", "transcript of session follows",
		  "following addresses had", "returned to sender", "mail delivery software",
		  "failed permanently", "delivery status notification", "permanent error",
		  "permanent failure", "failed addresses follow", "failed recipients",
		  "your message could not be", "your message was rejected", "returned message",
		  "has been rejected", "was rejected by", "attempting to deliver",
		  "konnte nicht zugestellt", "konnten nicht zugestellt", "nicht zugestellt",
		  "unzustellbar", "nicht zustellbar", "fehler bei der zustellung",
		  "n'a pas pu être remis", "n'a pas pu être délivré", "échec de la remise",
		  "n'a pas été remis", "impossible de remettre", "n'a pu être distribué",
		  "no se pudo entregar", "no pudo ser entregado", "no se ha podido entregar",
		  "no ha podido ser entregado", "error de entrega", "impossibile recapitare",
		  "non è stato recapitato", "mancato recapito", "impossibile consegnare",
		  "non è stato possibile consegnare", "não foi possível entregar",
		  "não pôde ser entregue", "não pode ser entregue", "falha na entrega",
		  "kon niet worden bezorgd", "niet worden afgeleverd", "onbestelbaar",
		  "kan niet worden bezorgd", "nie mogła zostać dostarczona", "nie można dostarczyć",
		  "nie została dostarczona", "nie udało się dostarczyć", "не может быть доставлено",
		  "не было доставлено", "не доставлено", "не удалось доставить", "не доставлена",
		  "не може бути доставлено", "не вдалося доставити", "nemohla být doručena",
		  "nepodařilo se doručit", "nebolo možné doručiť", "kunde inte levereras",
		  "kunne ikke leveres", "ei voitu toimittaa", "nem kézbesíthető",
		  "nem sikerült kézbesíteni", "teslim edilemedi", "nu a putut fi livrat",
		  "nu a putut fi trimis", "δεν ήταν δυνατή η παράδοση", "送信できませんでした",
		  "配信できませんでした", "配送できませんでした", "配信不能", "送信に失敗",
		  "无法送达", "退信", "投递失败", "无法投递", "未送达", "发送失败", "無法傳遞",
		  "無法送達", "배달하지 못했습니다", "전송하지 못했습니다", "전송 실패",
		  "반송되었습니다", "לא ניתן למסור", "تعذر تسليم") },
};

/* The database; the name of a list is the row's number. Kept for the life of the process. */
static void *
compile(void *unused G_GNUC_UNUSED)
{
	struct phrases *phrases = phrases_new();
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		char list[12];
		g_snprintf(list, sizeof list, "%u", i);
		for (const char *const *phrase = rows[i].phrases; *phrase; phrase++)
			phrases_add(phrases, list, *phrase);
	}
	g_autoptr(GError) error = NULL;
	if (!phrases_compile(phrases, &error)) {
		g_warning("the words of delivery reports: %s", error->message);
		g_clear_pointer(&phrases, phrases_free);
	}
	return phrases;
}

/* Servers and clients wrap lines anywhere: phrases are looked for in text with single spaces. */
static GArray *
scan(const char *text, gsize length)
{
	static GOnce once = G_ONCE_INIT;
	const struct phrases *phrases = g_once(&once, compile, NULL);
	g_autoptr(GString) flat = g_string_sized_new(length);
	gboolean blank = FALSE;
	for (gsize i = 0; i < length; i++) {
		if (g_ascii_isspace(text[i]) || text[i] == '\0') {
			blank = TRUE;
			continue;
		}
		if (blank && flat->len)
			g_string_append_c(flat, ' ');
		blank = FALSE;
		g_string_append_c(flat, text[i]);
	}
	return phrases ? phrases_scan(phrases, flat->str, flat->len)
		       : g_array_new(FALSE, FALSE, sizeof(struct phrase_match));
}

static const struct phrase_row *
row_of_match(const GArray *matches, guint i)
{
	return &rows[g_ascii_strtoull(g_array_index(matches, struct phrase_match, i).list, NULL,
				      10)];
}

static enum bounce_reason
reason_of_phrases(const char *text, gsize length, enum rank *ret_rank)
{
	enum bounce_reason best[RANK_COUNT] = { BOUNCE_REASON_NONE };
	g_autoptr(GArray) matches = scan(text, length);
	for (guint i = 0; i < matches->len; i++) {
		const struct phrase_row *row = row_of_match(matches, i);
		if (row->reason != BOUNCE_REASON_REPORT && !best[row->rank])
			best[row->rank] = row->reason;
	}
	for (guint rank = 0; rank < RANK_COUNT; rank++)
		if (best[rank]) {
			*ret_rank = rank;
			return best[rank];
		}
	return BOUNCE_REASON_NONE;
}

guint
bounce_text_is_report(const char *text, gsize length)
{
	guint most = 0;
	g_autoptr(GArray) matches = scan(text, length);
	for (guint i = 0; i < matches->len && most < 2; i++) {
		const struct phrase_row *row = row_of_match(matches, i);
		if (row->reason == BOUNCE_REASON_REPORT)
			most = 2;
		else if (row->rank == RANK_ADDRESS || row->rank == RANK_ADDRESS_BARE)
			most = 1;
	}
	return most;
}

/* Length of an RFC 3463 code at `p`, 0 when there is none; not a piece of an IP address. */
static gsize
status_length(const char *text, const char *p, const char *end)
{
	if ((*p != '2' && *p != '4' && *p != '5') || end - p < 5 || p[1] != '.')
		return 0;
	if (p > text && (g_ascii_isalnum(p[-1]) || p[-1] == '.'))
		return 0;
	const char *q = p + 2;
	guint subject = 0, detail = 0;
	while (q < end && g_ascii_isdigit(*q))
		q++, subject++;
	if (q == end || *q != '.' || !subject || subject > 3)
		return 0;
	for (q++; q < end && g_ascii_isdigit(*q); q++)
		detail++;
	if (!detail || detail > 3 || (q + 1 < end && *q == '.' && g_ascii_isdigit(q[1])))
		return 0;
	return q - p;
}

char *
bounce_find_status(const char *text, gsize length)
{
	const char *end = text + length, *last = NULL;
	gsize last_length = 0;
	for (const char *p = text; p < end; p++) {
		gsize found = status_length(text, p, end);
		if (!found)
			continue;
		last = p;
		last_length = found;
		p += found - 1;
	}
	return last ? g_strndup(last, last_length) : NULL;
}

enum bounce_reason
bounce_reason_of_status(const char *status)
{
	/* RFC 3463, RFC 5248's registry, RFC 7372, RFC 7505; Exchange's three digits. */
	static const struct {
		const char *code; /* after the class */
		enum bounce_reason reason;
	} codes[] = {
		{ ".1.0", BOUNCE_REASON_USER_UNKNOWN },   { ".1.1", BOUNCE_REASON_USER_UNKNOWN },
		{ ".1.2", BOUNCE_REASON_HOST_UNKNOWN },   { ".1.3", BOUNCE_REASON_USER_UNKNOWN },
		{ ".1.4", BOUNCE_REASON_FILTERED },       { ".1.6", BOUNCE_REASON_MOVED },
		{ ".1.7", BOUNCE_REASON_SENDER },         { ".1.8", BOUNCE_REASON_SENDER },
		{ ".1.9", BOUNCE_REASON_SYSTEM },         { ".1.10", BOUNCE_REASON_USER_UNKNOWN },
		{ ".1.20", BOUNCE_REASON_USER_UNKNOWN },  { ".1.351", BOUNCE_REASON_USER_UNKNOWN },
		{ ".2.0", BOUNCE_REASON_FILTERED },       { ".2.1", BOUNCE_REASON_SUSPENDED },
		{ ".2.2", BOUNCE_REASON_MAILBOX_FULL },   { ".2.3", BOUNCE_REASON_TOO_LARGE },
		{ ".2.4", BOUNCE_REASON_FILTERED },       { ".3.0", BOUNCE_REASON_SYSTEM },
		{ ".3.1", BOUNCE_REASON_SYSTEM },         { ".3.2", BOUNCE_REASON_SYSTEM },
		{ ".3.3", BOUNCE_REASON_SYSTEM },         { ".3.4", BOUNCE_REASON_TOO_LARGE },
		{ ".3.5", BOUNCE_REASON_SYSTEM },         { ".4.1", BOUNCE_REASON_EXPIRED },
		{ ".4.2", BOUNCE_REASON_NETWORK },        { ".4.3", BOUNCE_REASON_SYSTEM },
		{ ".4.4", BOUNCE_REASON_HOST_UNKNOWN },   { ".4.5", BOUNCE_REASON_SYSTEM },
		{ ".4.6", BOUNCE_REASON_NETWORK },        { ".4.7", BOUNCE_REASON_EXPIRED },
		{ ".4.8", BOUNCE_REASON_NETWORK },        { ".5.3", BOUNCE_REASON_RATE },
		{ ".4.310", BOUNCE_REASON_HOST_UNKNOWN }, { ".1.90", BOUNCE_REASON_RATE },
		{ ".2.121", BOUNCE_REASON_RATE },         { ".2.122", BOUNCE_REASON_RATE },
	};
	if (!status || !*status)
		return BOUNCE_REASON_NONE;
	for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
		if (!strcmp(status + 1, codes[i].code)) {
			/* 4.4.4 is a name server that doesn't answer, not a name that isn't. */
			if (*status == '4' && codes[i].reason == BOUNCE_REASON_HOST_UNKNOWN)
				return BOUNCE_REASON_NETWORK;
			return codes[i].reason;
		}
	switch (status[1] == '.' ? status[2] : '\0') {
	case '4':
		return BOUNCE_REASON_NETWORK;
	case '6':
		return BOUNCE_REASON_CONTENT;
	case '7':
		return BOUNCE_REASON_POLICY;
	default:
		return BOUNCE_REASON_NONE;
	}
}

/* IronPort wraps what the server said: "5.1.0 - Unknown address error 550-'5.7.1 denied'". */
static const char *
inner_words(const char *text, gsize *length)
{
	static const char *const wrappers[] = { " error ", " problem ", NULL };
	for (const char *const *wrapper = wrappers; *wrapper; wrapper++) {
		gsize n = strlen(*wrapper);
		const char *p = memmem(text, *length, *wrapper, n);
		if (!p || (gsize)(p + n + 5 - text) >= *length || !g_ascii_isdigit(p[n]) ||
		    strncmp(p + n + 3, "-'", 2))
			continue;
		*length -= p + n + 5 - text;
		return p + n + 5;
	}
	return text;
}

enum bounce_reason
bounce_reason_of_text(const char *text, gsize length)
{
	text = inner_words(text, &length);
	enum rank rank = RANK_COUNT;
	enum bounce_reason phrase = reason_of_phrases(text, length, &rank);
	g_autofree char *status = bounce_find_status(text, length);
	enum bounce_reason code = bounce_reason_of_status(status);
	/* "550 5.1.1 ... User unknown" leaves no doubt. */
	if (phrase == BOUNCE_REASON_USER_UNSURE && code == BOUNCE_REASON_USER_UNKNOWN)
		return code;
	if (phrase && rank != RANK_PASSING)
		return phrase;
	return code ? code : phrase;
}

gboolean
bounce_reason_is_permanent(enum bounce_reason reason)
{
	return reason == BOUNCE_REASON_USER_UNKNOWN || reason == BOUNCE_REASON_HOST_UNKNOWN ||
	       reason == BOUNCE_REASON_MOVED || reason == BOUNCE_REASON_NO_MAIL;
}
