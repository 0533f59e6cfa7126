/*
 * absence.c - see absence.h.
 *
 * A date counts for what stands before it in its sentence: "back on" beats "until" beats
 * nothing beats "from".  The substitute is the first address, not the absent person's own, that
 * follows a word of referring, with the name in front of it.
 */
#include "mail/absence.h"
#include "base/limits.h"
#include "mail/bounce_text.h"
#include "mail/dates.h"
#include "mail/fold.h"

#include <string.h>

#define CUE_REACH 60 /* bytes in front of a date */
#define MOST_ADDRESSES 8 /* tried for a substitute */

/* How much the words in front of a date say that it is the day of return. */
enum cue { CUE_FROM, CUE_NONE, CUE_UNTIL, CUE_RETURN };

static const struct {
	enum cue cue;
	const char *word; /* lower case; a blank on either side where words end */
} cues[] = {
	{ CUE_RETURN, "return" },
	{ CUE_RETURN, "back " },
	{ CUE_RETURN, "back:" },
	{ CUE_RETURN, "available again" },
	{ CUE_RETURN, "in the office again" },
	{ CUE_RETURN, "wieder" },
	{ CUE_RETURN, "zurück" },
	{ CUE_RETURN, "retour" },
	{ CUE_RETURN, "reviens" },
	{ CUE_RETURN, "reviendrai" },
	{ CUE_RETURN, "regres" },
	{ CUE_RETURN, "vuelvo" },
	{ CUE_RETURN, "volveré" },
	{ CUE_RETURN, "reincorpor" },
	{ CUE_RETURN, "rientr" },
	{ CUE_RETURN, "ritorn" },
	{ CUE_RETURN, "terug" },
	{ CUE_RETURN, "voltarei" },
	{ CUE_RETURN, "retorn" },
	{ CUE_RETURN, "wracam" },
	{ CUE_RETURN, "wrócę" },
	{ CUE_RETURN, "powr" },
	{ CUE_RETURN, "вернусь" },
	{ CUE_RETURN, "возвращ" },
	{ CUE_RETURN, "выйду" },
	{ CUE_RETURN, "выхожу" },
	{ CUE_RETURN, "повернусь" },
	{ CUE_RETURN, "tilbage" },
	{ CUE_RETURN, "tillbaka" },
	{ CUE_RETURN, "tilbake" },
	{ CUE_RETURN, "palaan" },
	{ CUE_RETURN, "takaisin" },
	{ CUE_RETURN, "vrátím" },
	{ CUE_RETURN, "vrátim" },
	{ CUE_RETURN, "zpět" },
	{ CUE_RETURN, "revin" },
	{ CUE_RETURN, "întor" },
	{ CUE_RETURN, "visszatér" },
	{ CUE_RETURN, "επιστρ" },
	{ CUE_RETURN, "döne" },
	{ CUE_RETURN, "dönüş" },
	{ CUE_RETURN, "返回" },
	{ CUE_RETURN, "回来" },
	{ CUE_RETURN, "回來" },
	{ CUE_RETURN, "恢复" },
	{ CUE_RETURN, "אחזור" },
	{ CUE_RETURN, "سأعود" },
	{ CUE_UNTIL, "until" },
	{ CUE_UNTIL, "till " },
	{ CUE_UNTIL, "through" },
	{ CUE_UNTIL, " to " },
	{ CUE_UNTIL, "thru" },
	{ CUE_UNTIL, "bis " },
	{ CUE_UNTIL, "jusqu" },
	{ CUE_UNTIL, " au " },
	{ CUE_UNTIL, "hasta" },
	{ CUE_UNTIL, " al " },
	{ CUE_UNTIL, "fino a" },
	{ CUE_UNTIL, "sino a" },
	{ CUE_UNTIL, "tot " },
	{ CUE_UNTIL, "t/m" },
	{ CUE_UNTIL, "até" },
	{ CUE_UNTIL, " a " },
	{ CUE_UNTIL, " do " },
	{ CUE_UNTIL, "до " },
	{ CUE_UNTIL, " по " },
	{ CUE_UNTIL, " til " },
	{ CUE_UNTIL, "till och med" },
	{ CUE_UNTIL, "t.o.m" },
	{ CUE_UNTIL, "indtil" },
	{ CUE_UNTIL, "asti" },
	{ CUE_UNTIL, "până" },
	{ CUE_UNTIL, "pana " },
	{ CUE_UNTIL, "έως" },
	{ CUE_UNTIL, "μέχρι" },
	{ CUE_UNTIL, "至" },
	{ CUE_UNTIL, "到" },
	{ CUE_UNTIL, "～" },
	{ CUE_UNTIL, "~" },
	{ CUE_UNTIL, "から" },
	{ CUE_UNTIL, "부터" },
	{ CUE_UNTIL, "עד" },
	{ CUE_UNTIL, "حتى" },
	{ CUE_FROM, "from" },
	{ CUE_FROM, "since" },
	{ CUE_FROM, "starting" },
	{ CUE_FROM, "vom " },
	{ CUE_FROM, "seit" },
	{ CUE_FROM, " du " },
	{ CUE_FROM, "depuis" },
	{ CUE_FROM, "desde" },
	{ CUE_FROM, " del " },
	{ CUE_FROM, "dal " },
	{ CUE_FROM, "vanaf" },
	{ CUE_FROM, "van " },
	{ CUE_FROM, " od " },
	{ CUE_FROM, " с " },
	{ CUE_FROM, " від " },
	{ CUE_FROM, "från" },
	{ CUE_FROM, " fra " },
	{ CUE_FROM, "din " },
	{ CUE_FROM, "από" },
	{ CUE_FROM, "自" },
	{ CUE_FROM, "从" },
};

/* What follows the date in languages that put it there. */
static const struct {
	enum cue cue;
	const char *word;
} trailing_cues[] = {
	{ CUE_UNTIL, "まで" },
	{ CUE_UNTIL, "까지" },
	{ CUE_UNTIL, "-ig" },
	{ CUE_UNTIL, "-ja" },
	{ CUE_UNTIL, " saakka" },
	{ CUE_UNTIL, " asti" },
	{ CUE_RETURN, " tarihinde dön" },
	{ CUE_UNTIL, " tarihine kadar" },
	{ CUE_UNTIL, "'e kadar" },
	{ CUE_FROM, "から" },
	{ CUE_FROM, "부터" },
	{ CUE_RETURN, "に戻" },
	{ CUE_RETURN, "に復帰" },
	{ CUE_RETURN, "に出社" },
	{ CUE_RETURN, "より通常" },
	{ CUE_RETURN, "에 복귀" },
	{ CUE_RETURN, "回来" },
	{ CUE_RETURN, "返回" },
};

static const char *const absent_words[] = {
	"out of office",
	"out of the office",
	"out-of-office",
	"away from the office",
	"away from my desk",
	"away from my mail",
	"not in the office",
	"on vacation",
	"on holiday",
	"on leave",
	"annual leave",
	"maternity leave",
	"paternity leave",
	"parental leave",
	"sick leave",
	"currently away",
	"currently traveling",
	"currently travelling",
	"will be traveling",
	"will be travelling",
	"limited access to e",
	"no access to e",
	"intermittent access to e",
	"i am away",
	"i'm away",
	"i'll be away",
	"i will be away",
	"will be out of",
	"currently unavailable",
	"returning to the office",
	"upon my return",
	"when i return",
	"nicht im büro",
	"nicht im haus",
	"außer haus",
	"ausser haus",
	"abwesend",
	"abwesenheit",
	"im urlaub",
	"in urlaub",
	"nicht erreichbar",
	"in elternzeit",
	"mutterschutz",
	"nicht am platz",
	"absent du bureau",
	"absente du bureau",
	"actuellement absent",
	"suis absent",
	"serai absent",
	"en congé",
	"en vacances",
	"de retour le",
	"pendant mon absence",
	"en mon absence",
	"durant mon absence",
	"fuera de la oficina",
	"fuera de oficina",
	"de vacaciones",
	"estoy ausente",
	"estaré ausente",
	"estoy fuera",
	"fuori sede",
	"fuori ufficio",
	"in ferie",
	"sono assente",
	"sarò assente",
	"fora do escritório",
	"de férias",
	"em férias",
	"estou ausente",
	"estarei ausente",
	"afwezig",
	"niet op kantoor",
	"met vakantie",
	"op vakantie",
	"met verlof",
	"buiten kantoor",
	"på semester",
	"inte på kontoret",
	"föräldraledig",
	"på ferie",
	"ikke på kontoret",
	"ikke til stede",
	"på kursus",
	"lomalla",
	"poissa",
	"vuosiloma",
	"poza biurem",
	"na urlopie",
	"nieobecn",
	"przebywam na",
	"mimo kancelář",
	"na dovolené",
	"na dovolenke",
	"nepřítom",
	"szabadságon",
	"házon kívül",
	"nem vagyok az irodában",
	"în concediu",
	"in concediu",
	"nu sunt la birou",
	"в отпуске",
	"нет на месте",
	"отсутств",
	"в командировке",
	"вне офиса",
	"у відпустці",
	"відсутн",
	"izindeyim",
	"izinde",
	"ofis dışında",
	"yıllık izin",
	"εκτός γραφείου",
	"σε άδεια",
	"δικαιολογημένη απουσία",
	"休暇",
	"不在",
	"夏季休業",
	"外出",
	"休假",
	"出差",
	"不在办公室",
	"外出し",
	"휴가",
	"부재",
	"출장",
	"בחופשה",
	"מחוץ למשרד",
	"إجازة",
	"خارج المكتب",
};

static const char *const referring_words[] = {
	"contact",       "reach out",
	"write to",      "e-mail",
	"email",         "urgent",
	"get in touch",  "refer to",
	"assist",        "colleague",
	"in my absence", "kontakt",
	"wenden",        "vertret",
	"dringend",      "schreiben sie",
	"kolleg",        "adresse",
	"s'adresser",    "joindre",
	"urgence",       "collègue",
	"contactar",     "diríjase",
	"dirigirse",     "póngase en contacto",
	"urgente",       "escrib",
	"contatt",       "rivolg",
	"scriv",         "collega",
	"contato",       "contacte",
	"dirij",         "neem",
	"dringende",     "kontakta",
	"brådskande",    "kollega",
	"kontaktieren",  "henvend",
	"ota yhteyttä",  "yhteys",
	"kiire",         "skontaktuj",
	"pilnych",       "proszę",
	"kontaktujte",   "obraťte",
	"naléhav",       "keress",
	"forduljon",     "sürgős",
	"contactați",    "contactati",
	"adresați",      "urgenț",
	"обращ",         "свяж",
	"срочн",         "пишите",
	"замеща",        "зверт",
	"терміново",     "iletişim",
	"acil",          "başvur",
	"επικοινων",     "连系",
	"联系",          "聯繫",
	"聯絡",          "连络",
	"連絡",          "緊急",
	"お急ぎ",        "代わり",
	"문의",          "연락",
	"긴급",          "לפנות",
	"الاتصال",       "التواصل",
};

static char *
normalise(const char *text)
{
	gsize length = strlen(text);
	const char *end = text + MIN(length, LIMIT_ABSENCE_NOTE);
	while (end > text && ((guchar)*end & 0xc0) == 0x80)
		end--;
	g_autofree char *plain = g_utf8_normalize(text, end - text, G_NORMALIZE_NFKC);
	return fold_lower(plain ? plain : "", -1);
}

gboolean
absence_is_told(const char *text)
{
	g_autofree char *lower = normalise(text);
	for (guint i = 0; i < G_N_ELEMENTS(absent_words); i++)
		if (strstr(lower, absent_words[i]))
			return TRUE;
	return FALSE;
}

/* --- until -------------------------------------------------------------------------- */

static gboolean
ends_sentence(const char *p)
{
	return (*p == '.' && (p[1] == ' ' || p[1] == '\n') && !g_ascii_isdigit(p[-1])) ||
	       *p == '!' || *p == '?' || g_str_has_prefix(p, "。") || !strncmp(p, "\n\n", 2);
}

/* The stretch in front of a date that belongs to it: its sentence, at most CUE_REACH. */
static const char *
reach_back(const char *text, const char *date)
{
	const char *p = date;
	while (p > text + 1 && date - p < CUE_REACH && !ends_sentence(p - 1))
		p--;
	while (((guchar)*p & 0xc0) == 0x80)
		p++;
	return p;
}

/* The cue nearest to the date, a return anywhere in the sentence before all others. */
static enum cue
cue_before(const char *begin, const char *date)
{
	enum cue nearest = CUE_NONE;
	const char *where = NULL;
	g_autofree char *front = g_strdup_printf(" %.*s", (int)(date - begin), begin);
	g_strdelimit(front, "\n\t", ' ');
	for (guint i = 0; i < G_N_ELEMENTS(cues); i++) {
		const char *found = g_strrstr(front, cues[i].word);
		if (!found)
			continue;
		if (cues[i].cue == CUE_RETURN)
			return CUE_RETURN;
		if (!where || found > where) {
			where = found;
			nearest = cues[i].cue;
		}
	}
	return nearest;
}

static enum cue
cue_of_date(const char *text, const struct date_found *date, const char *after_last)
{
	const char *end = text + date->end;
	for (guint i = 0; i < G_N_ELEMENTS(trailing_cues); i++)
		if (g_str_has_prefix(end, trailing_cues[i].word))
			return trailing_cues[i].cue;
	const char *begin = reach_back(text, text + date->begin);
	return cue_before(MAX(begin, after_last), text + date->begin);
}

/* Only a writer near UTC-4 to UTC-10 puts the month first. */
static gboolean
writes_month_first(const struct mail *mail, const char *language)
{
	return !strcmp(language, "en") && mail->date_offset <= -4 * 3600 &&
	       mail->date_offset >= -10 * 3600;
}

static gint64
find_until(const struct mail *mail, const char *lower, const char *language, gint64 received)
{
	gint64 reference =
		mail->date ? mail->date + mail->date_offset * G_TIME_SPAN_SECOND : received;
	g_autoptr(GArray) dates = dates_find(lower, reference, writes_month_first(mail, language));
	enum cue best = CUE_FROM;
	gint64 until = 0;
	const char *after_last = lower;
	for (guint i = 0; i < dates->len; i++) {
		const struct date_found *date = &g_array_index(dates, struct date_found, i);
		enum cue cue = cue_of_date(lower, date, after_last);
		after_last = lower + date->end;
		gboolean past = date->day < reference - 2 * G_TIME_SPAN_DAY;
		if (cue == CUE_FROM || past || (cue == CUE_NONE && date->relative))
			continue;
		if (cue > best || (cue == best && date->day > until && cue != CUE_RETURN)) {
			best = cue;
			until = date->day;
		}
	}
	return until;
}

/* X-Apple-Criteria: {kind=VACATION,startDate=...,endDate=2026-12-05T14:59:59Z} */
static gint64
apple_end_date(const struct mail *mail)
{
	const char *criteria = mail_header(mail, "X-Apple-Criteria");
	const char *end = criteria ? strstr(criteria, "endDate=") : NULL;
	if (!end)
		return 0;
	g_autofree char *text = g_strndup(end + strlen("endDate="), 20);
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
	return time ? g_date_time_to_unix(time) * G_TIME_SPAN_SECOND : 0;
}

/* --- the substitute ---------------------------------------------------------------------- */

static gboolean
is_own(const struct mail *mail, const char *address)
{
	const GPtrArray *lists[] = { mail->from, mail->sender, mail->to, mail->cc };
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		for (guint j = 0; j < lists[i]->len; j++) {
			const struct mail_address *one = lists[i]->pdata[j];
			if (!g_ascii_strcasecmp(one->address, address))
				return TRUE;
		}
	return FALSE;
}

static gboolean
refers(const char *begin, const char *end)
{
	g_autofree char *stretch = g_strndup(begin, end - begin);
	g_autofree char *lower = fold_lower(stretch, -1);
	for (guint i = 0; i < G_N_ELEMENTS(referring_words); i++)
		if (strstr(lower, referring_words[i]))
			return TRUE;
	return FALSE;
}

/* A word of a name: a capital first (or a script without case), letters behind it. */
static gboolean
is_name_word(const char *begin, const char *end)
{
	if (begin == end)
		return FALSE;
	gunichar first = g_utf8_get_char(begin);
	if (!g_unichar_isalpha(first) || g_unichar_islower(first))
		return FALSE;
	for (const char *p = begin; p < end; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (!g_unichar_isalpha(c) && !g_unichar_ismark(c) &&
		    !strchr("-'.", (int)MIN(c, 127u)) && c != 0x2019)
			return FALSE;
	}
	return TRUE;
}

static gboolean
is_title(const char *word)
{
	static const char *const titles[] = {
		"Herr",     "Herrn", "Frau",   "Mr",    "Mr.",     "Mrs",      "Mrs.",   "Ms",
		"Ms.",      "Miss",  "Please", "Bitte", "Contact", "Email",    "E-Mail", "Mail",
		"Mme",      "Sr",    "Sr.",    "Sra.",  "M.",      "Monsieur", "Madame", "Kollegin",
		"Kollegen", "Or",    "And",    "Und",   "To",      NULL
	};
	return g_strv_contains(titles, word);
}

/*
 * The name right in front of an address: up to three capitalised words, with what is usual
 * between them ("at", "unter", "(", "<", "via") left out.
 */
static char *
name_before(const char *begin, const char *address)
{
	static const char *const between[] = { "at",    "unter",  "via", "on",    "by", "under",
					       "à",     "en",     "su",  "op",    "på", "mail",
					       "email", "e-mail", "per", "using", "по", "na",
					       "or",    "tel",    NULL };
	g_autofree char *stretch = g_strndup(begin, address - begin);
	g_strdelimit(stretch, "<>()[]\t\n,;:\"/|*", ' ');
	g_auto(GStrv) words = g_strsplit(stretch, " ", -1);
	g_autoptr(GPtrArray) name = g_ptr_array_new();
	for (guint i = g_strv_length(words); i-- > 0 && name->len < 3;) {
		const char *word = words[i];
		if (!*word || (!name->len && g_strv_contains(between, word)))
			continue;
		if (is_title(word) || !is_name_word(word, word + strlen(word)))
			break;
		g_ptr_array_insert(name, 0, (gpointer)word);
	}
	if (!name->len)
		return NULL;
	g_ptr_array_add(name, NULL);
	return g_strjoinv(" ", (char **)name->pdata);
}

static void
find_substitute(const struct mail *mail, const char *text, struct auto_reply *reply)
{
	const char *limit = text + MIN(strlen(text), LIMIT_ABSENCE_NOTE);
	guint tried = 0;
	for (const char *at = memchr(text, '@', limit - text); at && tried < MOST_ADDRESSES;
	     at = memchr(at + 1, '@', limit - at - 1), tried++) {
		const char *begin = at, *end = at + 1;
		while (begin > text && (g_ascii_isalnum(begin[-1]) || strchr(".+-_", begin[-1])))
			begin--;
		while (end < limit && (g_ascii_isalnum(*end) || *end == '.' || *end == '-'))
			end++;
		g_autofree char *address = bounce_text_find_address(begin, end - begin);
		if (!address || is_own(mail, address))
			continue;
		const char *sentence = begin;
		while (sentence > text && begin - sentence < 3 * CUE_REACH &&
		       strncmp(sentence, "\n\n", 2))
			sentence--;
		while (sentence < begin && ((guchar)*sentence & 0xc0) == 0x80)
			sentence++;
		if (!refers(sentence, begin))
			continue;
		const char *line = MAX(sentence, begin - MIN(begin - text, 80));
		while (line < begin && ((guchar)*line & 0xc0) == 0x80)
			line++;
		reply->substitute_name = name_before(line, begin);
		reply->substitute_address = g_steal_pointer(&address);
		return;
	}
}

void
absence_read(const struct mail *mail, const char *text, const char *language, gint64 received,
	     struct auto_reply *reply)
{
	/* Notes writes the day of return into the subject. */
	g_autofree char *all = g_strdup_printf("%s\n\n%s", mail->subject, text);
	g_autofree char *lower = normalise(all);
	reply->until = apple_end_date(mail);
	if (!reply->until && absence_is_told(all))
		reply->until = find_until(mail, lower, language, received);
	find_substitute(mail, text, reply);
}
