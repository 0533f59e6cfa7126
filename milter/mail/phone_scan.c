/*
 * phone_scan.c - see phone_scan.h.
 *
 * A candidate is a run of digits and separators that no letter touches.  Dates, times, IP
 * addresses, amounts and what a label calls a tax or account number are none.
 */
#include "mail/phone_scan.h"

#include <string.h>

#include "base/eight.h"
#include "mail/wordlist.h"

#define LEAST_DIGITS 7
#define MOST_DIGITS 15 /* E.164 */
#define LABEL_BYTES 40 /* looked at before and after a number */

static const struct wordlist_entry label_words[] = {
	{ LABEL_PHONE,
	  "tel|telephone|telefon|telefono|teléfono|telefone|téléphone|telefoon|telefonic|"
	  "phone|ph|p|t|call|number|puhelin|puh|telf|tlf|tlfn|тел|телефон|т|τηλ|"
	  "tel nr|電話|电话|電話番号|联系电话|전화|טלפון|هاتف|telepon|điện thoại" },
	{ LABEL_MOBILE,
	  "mobile|mobil|mobiel|mobilni|mob|cell|cellphone|cellular|cel|celular|celulare|cellulare|"
	  "handy|natel|portable|gsm|m|c|h p|móvil|movil|telemóvel|telemovel|tlm|komórka|kom|"
	  "komorka|whatsapp|whats app|viber|telegram|signal|wechat|моб|мобильный|мобільний|"
	  "сот|сотовый|сотов|κιν|手机|手機|行動電話|携帯|携帯電話|휴대폰|휴대전화|נייד|جوال|"
	  "mobile phone|cell phone|cep|gsm no|mobitel|mobiltelefon" },
	{ LABEL_FIXED,
	  "office|direct|direct line|direct dial|d|o|w|work|home|desk|land line|landline|"
	  "ddi|did|fixe|fijo|fixo|fisso|fix|durchwahl|direkt|ligne directe|diretto|"
	  "directo|раб|рабочий|дом|bureau|kantoor|büro|dienstlich|privat|座机|直线|直通" },
	{ LABEL_FAX,
	  "fax|f|facsimile|telefax|fx|téléc|телефакс|факс|ф|传真|傳真|ファックス|팩스|פקס|فاكس|"
	  "télécopie|φαξ|faks" },
	{ LABEL_TOLL_FREE,
	  "toll free|tollfree|freephone|free call|freecall|numéro vert|numero verde|"
	  "free phone|бесплатно|бесплатный|免费电话" },
	{ LABEL_SWITCHBOARD,
	  "switchboard|main|main line|main office|main number|reception|front desk|head office|hq|"
	  "headquarters|zentrale|empfang|standard|accueil|centralino|centralita|centrala|central|"
	  "рецепшн|приемная|коммутатор|многоканальный|总机|總機|代表|hotline|support|helpdesk|"
	  "customer service|infoline|sales|service hotline|call center" },
	{ LABEL_OTHER_PERSON, "assistant|secretary|sekretariat|secretariat|secretaria|asistent|"
			      "assistante|assistentin|секретарь|ассистент|помощник|emergency|"
			      "notruf|notfall|out of hours|after hours" },
	{ LABEL_NO_PHONE,
	  "vat|iban|bic|swift|account|acct|konto|kto|blz|inn|инн|кпп|огрн|бик|р с|к "
	  "с|эдрпоу|єдрпоу|"
	  "ust|ustid|ust idnr|steuernummer|st nr|hrb|hra|siret|siren|rcs|tva|cui|cif|nif|nip|"
	  "regon|krs|piva|p iva|partita iva|cf|abn|acn|ein|tax|tax id|cnpj|cpf|ico|dič|ičo|kvk|"
	  "btw|cvr|reg|registration|company no|company number|license|licence|lic|order|invoice|"
	  "ticket|case|ref|reference|id|po|p o box|box|no|nr|isbn|issn|serial|sku|part|meeting|"
	  "passcode|pin|conference|icq|qq|zoom|税号|帐号|账号|订单|邮编|zip|plz|postcode|j|bank" },
	{ 0, NULL },
};

static const struct wordlist_entry extension_words[] = {
	{ 1, "x|ext|extn|extension|xtn|dw|durchwahl|poste|interno|int|доб|доп|вн|внутр|вн тел|"
	     "wew|inter|anexo|ramal|interior|linha|toestel|anknytning|klapka|dahili|分机|分機|转|"
	     "内線" },
	{ 0, NULL },
};

static void *
make_list(void *entries)
{
	return wordlist_new(entries);
}

static const struct wordlist *
labels(void)
{
	static GOnce once = G_ONCE_INIT;

	return g_once(&once, make_list, (void *)label_words);
}

static const struct wordlist *
extensions(void)
{
	static GOnce once = G_ONCE_INIT;

	return g_once(&once, make_list, (void *)extension_words);
}

/* --- characters --- */

/* What people put into numbers, in more than one byte, and what it stands for. */
static const struct {
	const char *bytes;
	char stands_for;
} wide[] = {
	{ "\xc2\xa0", ' ' },
	{ "\xe2\x80\xaf", ' ' },
	{ "\xe2\x80\x89", ' ' },
	{ "‐", '-' },
	{ "‑", '-' },
	{ "‒", '-' },
	{ "–", '-' },
	{ "−", '-' },
	{ "＋", '+' },
	{ "（", '(' },
	{ "）", ')' },
	{ "－", '-' },
	{ "０", '0' },
	{ "１", '1' },
	{ "２", '2' },
	{ "３", '3' },
	{ "４", '4' },
	{ "５", '5' },
	{ "６", '6' },
	{ "７", '7' },
	{ "８", '8' },
	{ "９", '9' },
};

/* The next character of a number as ASCII, 0 when it belongs to none. */
static char
number_character(const char *p, const char *end, gsize *ret_bytes)
{
	*ret_bytes = 1;
	if (p >= end || *p == '\0')
		return 0;
	if (g_ascii_isdigit(*p) || strchr("+()-./ ", *p))
		return *p;
	if (!(*p & 0x80))
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(wide); i++) {
		gsize n = strlen(wide[i].bytes);

		if ((gsize)(end - p) >= n && memcmp(p, wide[i].bytes, n) == 0) {
			*ret_bytes = n;
			return wide[i].stands_for;
		}
	}
	return 0;
}

gboolean
phone_scan_worthwhile(const char *line, gsize length)
{
	guint digits = 0;

	for (gsize i = 0; i < length && digits < LEAST_DIGITS;) {
		guint64 eight = length - i >= 8 ? eight_read(line + i) : EIGHT_UPPER;

		if (!eight_wide(eight)) {
			digits += eight_count(eight_between(eight, '0', '9'));
			i += 8;
			continue;
		}
		digits += g_ascii_isdigit(line[i]) ||
			  (line[i] == '\xef' && length - i > 2 && line[i + 1] == '\xbc');
		i++;
	}
	return digits >= LEAST_DIGITS;
}

/* --- one candidate --- */

struct run {
	GString *number; /* ASCII */
	guint digits, spaces, separators;
	const char *end; /* after its last digit */
	gsize length; /* of number, to its last digit */
};

/* Does what is read so far end before this separator? */
static gboolean
ends_here(const struct run *run, char c, const char *p, const char *end)
{
	if (c == '+')
		return run->number->len > 0 && run->number->str[run->number->len - 1] != '(';
	if (c == '/') /* "021 311 22 33 / 0722 123 456" but "089/123456" */
		return run->digits >= LEAST_DIGITS + 1 || (end - p > 1 && p[1] == '+');
	return FALSE;
}

static void
run_read(struct run *run, const char *p, const char *end)
{
	while (p < end && run->number->len < sizeof((struct phone_candidate *)0)->number - 1) {
		gsize bytes;
		char c = number_character(p, end, &bytes);

		if (c == 0 || ends_here(run, c, p, end))
			return;
		run->spaces = c == ' ' ? run->spaces + 1 : 0;
		if (run->spaces > 2 || (c == '(' && run->digits >= LEAST_DIGITS + 2))
			return;
		p += bytes;
		g_string_append_c(run->number, c);
		if (!g_ascii_isdigit(c))
			continue;
		run->digits++;
		run->end = p;
		run->length = run->number->len;
	}
}

/* Letters that touch a number make it something else; scripts without spaces don't. */
static gboolean
is_letter(gunichar c)
{
	return c < 0x2e80 && g_unichar_isalnum(c);
}

static gboolean
is_letter_before(const char *line, const char *p)
{
	const char *q = p > line ? g_utf8_find_prev_char(line, p) : NULL;

	return q && is_letter(g_utf8_get_char(q));
}

static gboolean
is_letter_after(const char *p, const char *end)
{
	return p < end && *p != 'x' && *p != 'X' && is_letter(g_utf8_get_char(p));
}

/* "$ 1 200 000", "№ 123", "#12345", "USD". */
static gboolean
is_sign_before(const char *line, const char *p)
{
	static const char *const signs[] = { "$", "€", "£", "¥", "₽", "₴",
					     "#", "№", "=", "@", "_",   "%" };

	while (p > line && p[-1] == ' ')
		p--;
	for (gsize i = 0; i < G_N_ELEMENTS(signs); i++) {
		gsize n = strlen(signs[i]);

		if ((gsize)(p - line) >= n && memcmp(p - n, signs[i], n) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_unit_after(const char *p, const char *end)
{
	static const char *const units[] = { "%",   "€",   "$",  "£", "₽", "EUR", "USD", "RON",
					     "lei", "руб", "元", ":", "@",   "_",   "=" };

	while (p < end && *p == ' ')
		p++;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		gsize n = strlen(units[i]);

		if ((gsize)(end - p) >= n && memcmp(p, units[i], n) == 0)
			return TRUE;
	}
	return FALSE;
}

/* The groups of digits: "2026-11-21" is 4-2-2, "192.0.2.7" 3-1-1-1. */
static guint
groups_of(const char *number, guint *groups, guint most)
{
	guint n = 0;

	for (const char *p = number; *p; p++) {
		if (!g_ascii_isdigit(*p))
			continue;
		if (p == number || !g_ascii_isdigit(p[-1])) {
			if (n == most)
				return n + 1;
			groups[n++] = 0;
		}
		groups[n - 1]++;
	}
	return n;
}

/* 192.0.2.7, but not 021.311.22.33 */
static gboolean
is_dotted_quad(const char *number)
{
	for (const char *p = number; *p; p += *p == '.') {
		char *end;

		if (!g_ascii_isdigit(*p) || (*p == '0' && g_ascii_isdigit(p[1])) ||
		    g_ascii_strtoull(p, &end, 10) > 255 || (*end && *end != '.'))
			return FALSE;
		p = end;
	}
	return TRUE;
}

static gboolean
is_date_or_address(const char *number)
{
	guint g[8], n;

	if (strpbrk(number, "+("))
		return FALSE;
	n = groups_of(number, g, G_N_ELEMENTS(g));
	if (n == 3 &&
	    ((g[0] == 4 && g[1] <= 2 && g[2] <= 2) || (g[2] == 4 && g[0] <= 2 && g[1] <= 2)))
		return TRUE;
	if (n >= 4 && n <= 6 && g[0] == 4 && g[1] == 2 && g[2] == 2 && strchr("12", number[0]))
		return TRUE; /* a date with a time */
	if (n >= 4 && g[2] == 4 && g[0] <= 2 && g[1] <= 2)
		return TRUE;
	if (n == 4 && is_dotted_quad(number))
		return TRUE;
	if (n == 2 && g[0] == 4 && g[1] == 4 && strchr("12", *number) && strchr(number, '-'))
		return TRUE; /* "2019-2026" */
	return n == 2 && g[0] == 5 && g[1] == 4; /* ZIP+4 */
}

static gboolean
is_shaped(const char *number, guint digits)
{
	guint g[8], n = groups_of(number, g, G_N_ELEMENTS(g));

	if (*number == '+' || (*number == '(' && n > 1))
		return TRUE;
	if (n == 3 && g[0] == 3 && g[1] == 3 && g[2] == 4)
		return TRUE;
	if (n == 4 && g[0] == 1 && g[1] == 3 && g[2] == 3 && g[3] == 4)
		return *number == '1';
	return *number == '0' && digits >= 8 && digits <= 12;
}

/* --- words around --- */

static enum phone_label
label_in_words(const struct words *words, gboolean last_wins)
{
	enum phone_label found = LABEL_NONE;
	guint taken = 1;

	for (guint i = 0; i < words->count; i += taken) {
		guint value;

		taken = 1;
		value = wordlist_match(labels(), words, i, &taken);
		if (!value)
			continue;
		if (!last_wins)
			return value;
		/* "Mobile phone", "Tel. no." and "Tel/Fax" are what they first said */
		if (found != LABEL_NONE && found != LABEL_NO_PHONE &&
		    (value == LABEL_PHONE || value == LABEL_NO_PHONE ||
		     (value == LABEL_FAX && found == LABEL_PHONE)))
			continue;
		found = value;
	}
	return found;
}

static const char *
last_break(const char *from, const char *to)
{
	for (const char *p = to; p > from; p--)
		if (strchr("|;,\t", p[-1]) || (p - from >= 2 && memcmp(p - 2, "·", 2) == 0) ||
		    (p - from >= 3 && memcmp(p - 3, "•", 3) == 0))
			return p;
	return from;
}

static enum phone_label
label_before(const char *from, const char *to)
{
	const char *begin = to - from > LABEL_BYTES ? to - LABEL_BYTES : from;
	struct words words;

	while (begin < to && (*begin & 0xc0) == 0x80)
		begin++;
	while (to > begin && strchr(" ,;|\t", to[-1]))
		to--;
	begin = last_break(begin, to);
	words_split(begin, to - begin, &words);
	return label_in_words(&words, TRUE);
}

/* "(fax)", "cell", "- mobile": what stands right after a number and not before another. */
static enum phone_label
label_after(const char *p, const char *end)
{
	enum phone_label label;
	struct words words;
	const char *q;

	while (p < end && strchr(" -", *p))
		p++;
	if (p < end && *p == '(')
		q = memchr(p, ')', end - p);
	else
		for (q = p; q < end && !g_ascii_isdigit(*q) && !strchr("|;,\t+:(", *q);)
			q++;
	if (!q || q - p > LABEL_BYTES || (q < end && (g_ascii_isdigit(*q) || strchr("+:(", *q))))
		return LABEL_NONE;
	words_split(p, q - p, &words);
	if (words.count == 0 || words.count > 2)
		return LABEL_NONE;
	label = label_in_words(&words, FALSE);
	if (label == LABEL_NO_PHONE || (strlen(words.word[0].text) < 2 && *p != '('))
		return LABEL_NONE;
	return label;
}

/* "x104", "Ext. 104", "(доб. 12)", "分机 12". */
static const char *
read_extension(const char *p, const char *end, char *ret, gsize size)
{
	const char *word, *q = p;
	struct words words;
	gsize n = 0;

	while (q < end && strchr(" ,;(-", *q))
		q++;
	for (word = q; q < end && q - word < 24 && !g_ascii_isdigit(*q) && *q != '\n'; q++)
		;
	words_split(word, q - word, &words);
	if (words.count != 1 || !wordlist_value(extensions(), words.word[0].text))
		if (!(q - word == 1 && *word == '#'))
			return p;
	while (q < end && g_ascii_isdigit(*q) && n < size - 1)
		ret[n++] = *q++;
	ret[n] = '\0';
	if (n == 0 || (q < end && g_ascii_isdigit(*q))) {
		*ret = '\0';
		return p;
	}
	if (q < end && *q == ')')
		q++;
	return q;
}

static gboolean
candidate_read(const char *line, const char *from, const char *begin, const char *end,
	       struct phone_candidate *ret)
{
	g_autoptr(GString) number = g_string_sized_new(sizeof ret->number);
	struct run run = { .number = number, .end = begin + 1 };
	const char *after;

	run_read(&run, begin, end);
	if (*begin == '(' && !memchr(number->str, ')', run.length)) /* "(503.555.0142)" */
		return candidate_read(line, from, begin + 1, end, ret);
	g_string_truncate(number, run.length);
	ret->number_end = ret->end = run.end - line;
	if (run.digits < LEAST_DIGITS || run.digits > MOST_DIGITS + 2)
		return FALSE;
	if (is_letter_before(line, begin) || is_sign_before(line, begin) ||
	    is_letter_after(run.end, end) || is_unit_after(run.end, end) ||
	    is_date_or_address(number->str))
		return FALSE;
	g_strlcpy(ret->number, number->str, sizeof ret->number);
	ret->begin = begin - line;
	ret->digits = run.digits;
	*ret->extension = '\0';
	after = read_extension(run.end, end, ret->extension, sizeof ret->extension);
	ret->end = after - line;
	ret->label = label_after(after, end);
	if (ret->label == LABEL_NONE)
		ret->label = label_before(from, begin);
	ret->shaped = is_shaped(ret->number, ret->digits);
	ret->switchboard = g_str_has_suffix(ret->number, "-0") && !*ret->extension;
	return TRUE;
}

guint
phone_scan(const char *line, gsize length, struct phone_candidate *ret, guint most)
{
	const char *end = line + length, *from = line;
	guint found = 0;

	for (const char *p = line; p < end && found < most;) {
		gsize bytes;
		char c = number_character(p, end, &bytes);

		if (!g_ascii_isdigit(c) && c != '+' && c != '(') {
			p += bytes;
			continue;
		}
		if (candidate_read(line, from, p, end, &ret[found])) {
			from = p = line + ret[found].end;
			found++;
		} else if (c == '(' || c == '+')
			p += bytes;
		else
			p = MAX(p + bytes, line + ret[found].number_end);
	}
	return found;
}
