/*
 * reply_header_block.c - the header fields a client copies above an unmarked quote, and the
 * lines that announce one.
 *
 * Outlook and its kin write "From: … Sent: … To: … Subject: …" in the language of the program;
 * the order differs (Hotmail: Date first; Yahoo: Subject first).  A block needs a From label and
 * two more fields, or From and a date.
 */
#include "mail/fold.h"
#include "mail/reply_line.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_BYTES 48
#define BLOCK_LINES 24
#define CONTINUATION_LINES 3
#define SHORTEST_PHRASE 9 /* bytes of a separator's words */

struct label_row {
	enum reply_label label;
	const char *names; /* separated by '|', lower case */
};

static const struct label_row labels[] = {
	{ LABEL_FROM, "from|von|absender|de|expéditeur|remitente|da|mittente|od|nadawca|odesílatel|"
		      "odosielateľ|van|afzender|"
		      "fra|från|avsändare|lähettäjä|keneltä|feladó|de "
		      "la|expeditor|από|αποστολέας|от|отправитель|від|від кого|"
		      "от "
		      "кого|відправник|подател|шаље|šalje|pošiljatelj|kimden|gönderen|发件人|"
		      "寄件者|寄件人|發件人|差出人|"
		      "送信者|보낸 사람|보낸사람|보낸이|발신|từ|người "
		      "gửi|dari|daripada|จาก|מאת|من|از|प्रेषक|nuo|siuntėjas|no|sūtītājs|"
		      "saatja|kellelt|nork|remetent|nga|frá|送信元|寄件自|de parte de|gan|sender" },
	{ LABEL_DATE, "sent|date|sent on|gesendet|gesendet am|datum|envoyé|envoyé "
		      "le|enviado|enviado el|enviado em|fecha|"
		      "data|inviato|wysłano|wysłane|odesláno|odoslané|dátum|dňa|verzonden|sendt|"
		      "dato|skickat|lähetetty|päiväys|"
		      "päivämäärä|elküldve|küldve|küldés "
		      "dátuma|trimis|dată|στάλθηκε|ημερομηνία|отправлено|дата|надіслано|"
		      "дата и время|изпратено|gönderildi|gönderme "
		      "tarihi|tarih|发送时间|发送日期|日期|時間|时间|傳送時間|寄件日期|"
		      "已发送|送信日時|日時|日付|보낸 날짜|보낸날짜|날짜|보낸 시간|đã "
		      "gửi|ngày|gửi|gửi lúc|dikirim|tanggal|tarikh|ส่ง|"
		      "วันที่|ส่งเมื่อ|נשלח|תאריך|التاريخ|أرسلت|تم "
		      "الإرسال|تاریخ|दिनांक|poslano|poslato|išsiųsta|nosūtīts|saadetud|"
		      "kuupäev|bidalia|enviat|sendt den|dags|日付|gönderilen|відправлено|відіслано|"
		      "data e ora|päivä|tid|odeslané|надіслано о|date et heure" },
	{ LABEL_TO, "to|an|empfänger|à|a|destinataire|para|destinatario|destinatário|do|adresat|"
		    "odbiorca|komu|příjemce|"
		    "aan|til|till|vastaanottaja|kenelle|címzett|către|catre|destinatar|προς|кому|"
		    "до|получатель|отримувач|за|"
		    "prima|za|kime|alıcı|收件人|收件者|宛先|받는 사람|받는사람|수신|đến|tới|người "
		    "nhận|kepada|ถึง|אל|إلى|به|प्रति|kam|"
		    "gavėjas|saaja|nori|per a|til|pour|送信先|доставлено" },
	{ LABEL_CC, "cc|bcc|kopie|kopia|copie|copia|cópia|kopi|kópia|másolatot "
		    "kap|másolat|копия|копія|bilgi|抄送|副本|"
		    "참조|kopija|koopia|cci|kopio|copie à|copie a|dw|udw|ck|ccn|kópia|"
		    "másolat|kopi til|ск|cópia oculta|cc：" },
	{ LABEL_SUBJECT,
	  "subject|betreff|objet|sujet|asunto|oggetto|assunto|temat|předmět|predmet|onderwerp|emne|"
	  "ämne|"
	  "aihe|tárgy|subiect|θέμα|тема|主题|主旨|主題|标题|件名|제목|chủ đề|tiêu "
	  "đề|perihal|subjek|เรื่อง|נושא|"
	  "الموضوع|موضوع|विषय|konu|assumpte|gaia|teema|tēma|tema|относно|zadeva|efni|naslov|"
	  "predmet|titel|тема листа|заглавие" },
	{ LABEL_OTHER, "reply-to|reply to|antwort an|répondre à|responder a|risposta|rispondi "
		       "a|importance|wichtigkeit|"
		       "priority|priorität|attachments|attachment|anlagen|pièces jointes|pièce "
		       "jointe|allegati|adjuntos|"
		       "datos "
		       "adjuntos|anexos|bijlagen|załączniki|priloha|organization|organisation|"
		       "message-id|importancia|"
		       "importância|vedhæftede filer|bilagor|вложения|附件|添付ファイル" },
};

/* name → GINT_TO_POINTER(enum reply_label), made once. */
static GHashTable *
label_table(void)
{
	static gsize ready;
	static GHashTable *table;

	if (g_once_init_enter(&ready)) {
		table = g_hash_table_new(g_str_hash, g_str_equal);
		for (gsize i = 0; i < G_N_ELEMENTS(labels); i++) {
			char **names = g_strsplit(labels[i].names, "|", -1);

			for (char **n = names; *n; n++)
				if (g_hash_table_contains(table, *n))
					g_free(*n); /* languages share labels: the first counts */
				else
					g_hash_table_insert(table, *n,
							    GINT_TO_POINTER(labels[i].label));
			g_free(names); /* the names stay with the table, for good */
		}
		g_once_init_leave(&ready, 1);
	}
	return table;
}

static gboolean
is_label_blank(const char *p, gsize left, gsize *ret_length)
{
	if (left >= 1 && strchr(" \t*_", *p)) {
		*ret_length = 1;
		return TRUE;
	}
	if (left >= 2 && p[0] == '\xc2' && p[1] == '\xa0') {
		*ret_length = 2;
		return TRUE;
	}
	return FALSE;
}

enum reply_label
reply_label_lookup(const char *name, gsize length)
{
	char lower[LABEL_BYTES + 1];
	g_autofree char *folded = NULL;
	gboolean ascii = TRUE;
	gsize blank;

	while (length > 0 && is_label_blank(name, length, &blank)) {
		name += blank;
		length -= blank;
	}
	while (length > 0 && strchr(" \t*_", name[length - 1]))
		length--;
	if (length >= 2 && memcmp(name + length - 2, "\xc2\xa0", 2) == 0)
		length -= 2;
	if (length == 0 || length > LABEL_BYTES)
		return LABEL_NONE;
	for (gsize i = 0; i < length; i++) {
		ascii &= !(name[i] & 0x80);
		lower[i] = g_ascii_tolower(name[i]);
	}
	lower[length] = 0;
	if (!ascii) {
		if (!g_utf8_validate(lower, length, NULL))
			return LABEL_NONE;
		folded = g_utf8_strdown(lower, length);
	}
	return GPOINTER_TO_INT(g_hash_table_lookup(label_table(), folded ? folded : lower));
}

/* The colon of "Label:" within the first bytes, ASCII or full width, or NULL. */
static const char *
label_colon(const char *p, const char *end, gsize *ret_width)
{
	gsize most = MIN(end - p, LABEL_BYTES);
	const char *colon = memchr(p, ':', most);
	const char *limit = colon ? colon : p + most;

	for (const char *q = p; (q = memchr(q, '\xef', limit - q)); q++)
		if (end - q >= 3 && memcmp(q, "：", 3) == 0) {
			*ret_width = 3;
			return q;
		}
	*ret_width = 1;
	return colon;
}

enum reply_label
reply_line_label(const struct reply_line *line, const char **ret_value)
{
	gsize width;
	const char *colon = label_colon(line->text, line->text + line->text_length, &width);

	if (colon && ret_value)
		*ret_value = colon + width;
	return colon ? reply_label_lookup(line->text, colon - line->text) : LABEL_NONE;
}

/* Further labels on the same line: "From: a@b Date: …", as inline elements give. */
static guint
inline_labels(const struct reply_line *line)
{
	const char *end = line->text + line->text_length, *word = line->text;
	guint seen = 0;

	if (line->text_length > 400)
		return 0;
	for (const char *p = line->text; p < end; p++) {
		if (*p == ' ' || *p == '\t')
			word = p + 1;
		else if (*p == ':' && p > word && p - word < LABEL_BYTES &&
			 (p + 1 == end || p[1] != '/'))
			seen |= 1u << reply_label_lookup(word, p - word);
	}
	return seen & ~(1u << LABEL_NONE);
}

/* Which labels a line has, the first of them in the upper byte.  Looked up once. */
static guint
line_labels(struct reply_line *line)
{
	enum reply_label first;

	if (line->labels)
		return line->labels;
	first = reply_line_label(line, NULL);
	line->labels = 1u << LABEL_NONE;
	if (first != LABEL_NONE)
		line->labels |= first << 8 | 1u << first | inline_labels(line);
	return line->labels;
}

static gboolean
is_block(guint seen)
{
	guint more = ((seen >> LABEL_DATE) & 1) * 2 + ((seen >> LABEL_TO) & 1) +
		     ((seen >> LABEL_SUBJECT) & 1) + ((seen >> LABEL_CC) & 1);

	return (seen & (1u << LABEL_FROM)) && more >= 2;
}

/* The next line with text at the same quote depth, looking over at most one empty line. */
static guint
next_text(const struct reply_line *lines, guint index, guint count)
{
	guint next = index + 1;

	if (next < count && lines[next].text_length == 0)
		next++;
	return next < count && lines[next].text_length > 0 ? next : count;
}

guint
reply_header_block_length(struct reply_line *lines, guint index, guint count)
{
	guint found = line_labels(&lines[index]), seen = found & 0xff;
	enum reply_label label = found >> 8;
	guint last = index, unlabelled = 0, next;

	if (label == LABEL_NONE || label == LABEL_OTHER || label == LABEL_CC)
		return 0;
	for (guint i = index; (next = next_text(lines, i, count)) < count; i = next) {
		if (next - index > BLOCK_LINES)
			break;
		found = line_labels(&lines[next]);
		label = found >> 8;
		if (label != LABEL_NONE) {
			if (label == LABEL_FROM && (seen & (1u << LABEL_FROM)))
				break;
			seen |= found & 0xff;
			last = next;
			unlabelled = 0;
		} else if (next > i + 1 || ++unlabelled > CONTINUATION_LINES)
			break;
	}
	return is_block(seen) ? last - index + 1 : 0;
}

/* --- separators --- */

static const char *const original_phrases[] = {
	"original message",
	"reply message",
	"original email",
	"original mail",
	"forwarded message",
	"forwarded email",
	"forwarded by",
	"original appointment",
	"ursprüngliche nachricht",
	"originalnachricht",
	"weitergeleitete nachricht",
	"ursprünglicher termin",
	"original-nachricht",
	"message d'origine",
	"message d’origine",
	"message original",
	"message transféré",
	"message transmis",
	"mensaje original",
	"mensaje reenviado",
	"messaggio originale",
	"messaggio inoltrato",
	"messaggio originario",
	"mensagem original",
	"mensagem encaminhada",
	"oorspronkelijk bericht",
	"origineel bericht",
	"doorgestuurd bericht",
	"oprindelig meddelelse",
	"oprindelig besked",
	"videresendt meddelelse",
	"opprinnelig melding",
	"videresendt melding",
	"ursprungligt meddelande",
	"originalmeddelande",
	"vidarebefordrat meddelande",
	"alkuperäinen viesti",
	"välitetty viesti",
	"oryginalna wiadomość",
	"wiadomość oryginalna",
	"wiadomość przekazana",
	"původní zpráva",
	"původní e-mail",
	"přeposlaná zpráva",
	"pôvodná správa",
	"preposlaná správa",
	"eredeti üzenet",
	"továbbított üzenet",
	"továbbított levél",
	"mesaj original",
	"mesajul original",
	"mesaj redirecționat",
	"исходное сообщение",
	"пересылаемое сообщение",
	"пересланное сообщение",
	"оригинальное сообщение",
	"оригінальне повідомлення",
	"переслане повідомлення",
	"вихідне повідомлення",
	"оригинално съобщение",
	"препратено съобщение",
	"izvorna poruka",
	"originalna poruka",
	"proslijeđena poruka",
	"prosleđena poruka",
	"izvirno sporočilo",
	"posredovano sporočilo",
	"orijinal mesaj",
	"özgün ileti",
	"orijinal ileti",
	"yönlendirilmiş ileti",
	"iletilmiş mesaj",
	"αρχικό μήνυμα",
	"προωθημένο μήνυμα",
	"originali žinutė",
	"sākotnējais ziņojums",
	"algne sõnum",
	"originaalkiri",
	"missatge original",
	"missatge reenviat",
	"jatorrizko mezua",
	"הודעה מקורית",
	"הודעה שהועברה",
	"الرسالة الأصلية",
	"رسالة معاد توجيهها",
	"پیام اصلی",
	"原始邮件",
	"原邮件",
	"邮件原件",
	"原始郵件",
	"轉寄的郵件",
	"转发邮件信息",
	"转发的邮件",
	"回复的原邮件",
	"元のメッセージ",
	"転送されたメッセージ",
	"転送メッセージ",
	"original messages",
	"원본 메시지",
	"원본 메일",
	"전달된 메시지",
	"전달된 메일",
	"tin nhắn gốc",
	"thư gốc",
	"thư đã chuyển tiếp",
	"pesan asli",
	"pesan terusan",
	"mesej asal",
	"ข้อความต้นฉบับ",
	"ข้อความที่ส่งต่อ",
	"मूल संदेश",
};

static const char *const announcements[] = {
	"begin forwarded message",
	"anfang der weitergeleiteten nachricht",
	"début du message réexpédié",
	"début du message transféré",
	"inicio del mensaje reenviado",
	"início da mensagem encaminhada",
	"início da mensagem reencaminhada",
	"inizio messaggio inoltrato",
	"begin doorgestuurd bericht",
	"vidarebefordrat brev",
	"vidarebefordrat mail",
	"videresendt besked",
	"start på videresendt besked",
	"videresendt e-post",
	"begynnelse på videresendt melding",
	"rozpoczęcie przekazywanej wiadomości",
	"początek przekazywanej wiadomości",
	"začátek přeposílané zprávy",
	"začátek přeposlané zprávy",
	"začiatok preposlanej správy",
	"továbbított levél kezdete",
	"mesaj redirecționat",
	"începe mesajul redirecționat",
	"начало переадресованного сообщения",
	"початок листа, що пересилається",
	"välitetty viesti alkaa",
	"iletilen ileti başlangıcı",
	"έναρξη προωθημένου μηνύματος",
	"započni proslijeđenu poruku",
	"下面是被转发的邮件",
	"開始轉寄郵件內容",
	"以下是轉寄的信件",
	"転送されたメッセージ",
	"전달된 메시지 시작",
	"bắt đầu thư được chuyển tiếp",
};

static const char *const reply_above_phrases[] = {
	"reply above this line",
	"reply above the line",
	"reply above the dotted line",
	"type your reply above",
	"write your reply above",
	"respond above this line",
	"write above this line",
	"oberhalb dieser zeile antworten",
	"antworten sie oberhalb dieser",
	"antworten sie über dieser",
	"ihre antwort über dieser",
	"antwort oberhalb dieser",
	"au-dessus de cette ligne",
	"au dessus de cette ligne",
	"encima de esta línea",
	"arriba de esta línea",
	"acima desta linha",
	"sopra questa riga",
	"sopra questa linea",
	"boven deze lijn",
	"boven deze regel",
	"ovanför denna rad",
	"over denne linje",
	"powyżej tej linii",
	"nad tímto řádkem",
	"выше этой строки",
	"выше этой линии",
	"вище цього рядка",
	"请在此行上方回复",
	"この行より上に",
};

static gboolean
text_has_any(const char *text, const char *const *phrases, gsize count)
{
	for (gsize i = 0; i < count; i++)
		if (strstr(text, phrases[i]))
			return TRUE;
	return FALSE;
}

static gboolean
text_is_any(const char *text, const char *const *phrases, gsize count)
{
	for (gsize i = 0; i < count; i++)
		if (strcmp(text, phrases[i]) == 0)
			return TRUE;
	return FALSE;
}

/* Bytes of dashes, underscores and the like in front. */
static gsize
rule_prefix(const char *p, const char *end)
{
	const char *begin = p;

	while (p < end) {
		if (strchr("-_=*~#+", *p))
			p++;
		else if (end - p >= 3 && (memcmp(p, "—", 3) == 0 || memcmp(p, "–", 3) == 0 ||
					  memcmp(p, "─", 3) == 0))
			p += 3;
		else
			break;
	}
	return p - begin;
}

static char *
lower_inner(const char *begin, const char *end)
{
	while (begin < end && strchr(" \t", *begin))
		begin++;
	while (end > begin && strchr("-_=*~#+ \t:", end[-1]))
		end--;
	return fold_lower(begin, end - begin);
}

enum reply_separator
reply_separator_kind(const struct reply_line *line)
{
	const char *begin = line->text, *end = begin + line->text_length;
	g_autofree char *inner = NULL;
	gsize dashes;

	if (line->text_length < 3 || line->text_length > 200)
		return SEPARATOR_NONE;
	dashes = rule_prefix(begin, end);
	if (dashes == line->text_length)
		return dashes >= 8 ? SEPARATOR_RULE : SEPARATOR_NONE;
	if (dashes < 2) {
		if (end[-1] != ':' && (line->text_length < 3 || memcmp(end - 3, "：", 3) != 0))
			return SEPARATOR_NONE;
		inner = lower_inner(begin + dashes, end);
		return text_is_any(inner, announcements, G_N_ELEMENTS(announcements))
			       ? SEPARATOR_ANNOUNCED
			       : SEPARATOR_NONE;
	}
	if (line->text_length - dashes < SHORTEST_PHRASE)
		return SEPARATOR_NONE;
	inner = lower_inner(begin + dashes, end);
	if (text_has_any(inner, reply_above_phrases, G_N_ELEMENTS(reply_above_phrases)))
		return SEPARATOR_REPLY_ABOVE;
	if (strlen(inner) < 60 &&
	    text_has_any(inner, original_phrases, G_N_ELEMENTS(original_phrases)))
		return SEPARATOR_ORIGINAL;
	return SEPARATOR_NONE;
}
