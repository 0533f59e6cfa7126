/*
 * dates.c - see dates.h.
 *
 * One walk over the text: a number tries the forms that begin with a number, a word the
 * names of months, weekdays and the next day.  Names are rows of one table, a language a row,
 * months and weekdays in calendar order, spellings of one name separated by a space; they come from
 * the Unicode CLDR's calendar names with the inflected forms people write in dates.
 */
#include "mail/dates.h"
#include "base/limits.h"

#include <string.h>

#define DAY (24 * 3600 * G_TIME_SPAN_SECOND)
#define LONGEST_WORD 48
#define PAST_BELIEVED (60 * DAY)

static const char *const months[] = {
	"january jan,february feb,march mar,april apr,may,june jun,july jul,august aug,"
	"september sep sept,october oct,november nov,december dec",
	"januar jänner,februar feber,märz mär mrz,,mai,juni,juli,,,oktober okt,,dezember dez",
	"janvier janv,février fevrier févr fév,mars,avril avr,,juin,juillet juil,août aout,"
	"septembre,octobre,novembre,décembre decembre déc",
	"enero ene,febrero,marzo,abril abr,mayo,junio,julio,agosto ago,septiembre setiembre set,"
	"octubre,noviembre,diciembre dic",
	"gennaio gen,febbraio,,aprile,maggio mag,giugno giu,luglio lug,,settembre,ottobre ott,,"
	"dicembre",
	"janeiro,fevereiro fev,março marco,,maio,junho,julho,,setembro,outubro out,novembro,"
	"dezembro",
	"januari,februari,maart mrt,,mei,,,augustus,,,,",
	"ianuarie ian,februarie,martie,aprilie,,iunie iun,iulie iul,,septembrie,octombrie,"
	"noiembrie noi,decembrie",
	"января январь янв,февраля февраль фев февр,марта март мар,апреля апрель апр,мая май,"
	"июня июнь июн,июля июль июл,августа август авг,сентября сентябрь сент сен,"
	"октября октябрь окт,ноября ноябрь нояб ноя,декабря декабрь дек",
	"січня січень,лютого лютий,березня березень,квітня квітень,травня травень,"
	"червня червень,липня липень,серпня серпень,вересня вересень,жовтня жовтень,"
	"листопада листопад,грудня грудень",
	"януари,февруари,,април,,юни,юли,,септември,октомври,ноември,декември",
	"stycznia styczeń sty,lutego luty lut,marca marzec,kwietnia kwiecień kwi,maja maj,"
	"czerwca czerwiec cze,lipca lipiec lip,sierpnia sierpień sie,września wrzesień wrz,"
	"października październik paź,listopada listopad lis,grudnia grudzień gru",
	"ledna leden,února únor,března březen,dubna duben,května květen,června červen,"
	"července červenec,srpna srpen,září,října říjen,listopadu,prosince prosinec",
	"januára január,februára február,,apríla apríl,mája máj,júna jún,júla júl,augusta,"
	"septembra,októbra október,novembra,decembra",
	"siječnja,veljače,ožujka,travnja,svibnja,lipnja,srpnja,kolovoza,rujna,listopada,"
	"studenoga studenog,prosinca",
	"januarja,februarja,,aprila,,junija,julija,avgusta avgust,,oktobra,,",
	",,március márc,április,május,június,július,augusztus,szeptember szept,,,",
	"tammikuuta tammikuun,helmikuuta helmikuun,maaliskuuta maaliskuun,huhtikuuta huhtikuun,"
	"toukokuuta toukokuun,kesäkuuta kesäkuun,heinäkuuta heinäkuun,elokuuta elokuun,"
	"syyskuuta syyskuun,lokakuuta lokakuun,marraskuuta marraskuun,joulukuuta joulukuun",
	",,,,,,,augusti,,,,",
	",,marts,,,,,,,,,desember des",
	"ocak,şubat,mart,nisan,mayıs,haziran,temmuz,ağustos,eylül,ekim,kasım,aralık",
	"ιανουαρίου,φεβρουαρίου,μαρτίου,απριλίου,μαΐου μαίου,ιουνίου,ιουλίου,αυγούστου,"
	"σεπτεμβρίου,οκτωβρίου,νοεμβρίου,δεκεμβρίου",
	"ינואר בינואר,פברואר בפברואר,מרץ במרץ,אפריל באפריל,מאי במאי,יוני ביוני,יולי ביולי,"
	"אוגוסט באוגוסט,ספטמבר בספטמבר,אוקטובר באוקטובר,נובמבר בנובמבר,דצמבר בדצמבר",
	"يناير,فبراير,مارس,أبريل ابريل,مايو,يونيو,يوليو,أغسطس اغسطس,سبتمبر,أكتوبر اكتوبر,"
	"نوفمبر,ديسمبر",
	",,,,,,,agustus,,,,desember",
};

static const char *const weekdays[] = {
	"monday mon,tuesday tue tues,wednesday wed,thursday thu thurs,friday fri,saturday,sunday",
	"montag,dienstag,mittwoch,donnerstag,freitag,samstag sonnabend,sonntag",
	"lundi,mardi,mercredi,jeudi,vendredi,samedi,dimanche",
	"lunes,martes,miércoles miercoles,jueves,viernes,sábado,domingo",
	"lunedì lunedi,martedì martedi,mercoledì mercoledi,giovedì giovedi,venerdì venerdi,sabato,"
	"domenica",
	"segunda-feira,terça-feira,quarta-feira,quinta-feira,sexta-feira,,",
	"maandag,dinsdag,woensdag,donderdag,vrijdag,zaterdag,zondag",
	"luni,marți marti,miercuri,joi,vineri,sâmbătă,duminică",
	"понедельник понедельника,вторник вторника,среда среду среды,четверг четверга,"
	"пятница пятницу пятницы,суббота субботу субботы,воскресенье воскресенья",
	"понеділок понеділка,вівторок вівторка,середа середу,четвер "
	"четверга,пʼятниця,субота,неділя",
	"poniedziałek poniedziałku,wtorek wtorku,środa środę środy,czwartek czwartku,"
	"piątek piątku,sobota sobotę,niedziela niedzielę",
	"pondělí,úterý,středa středu,čtvrtek,pátek,sobotu,neděle",
	"pondelok,utorok,streda stredu,štvrtok,piatok,,nedeľa",
	"måndag,tisdag,onsdag,torsdag,fredag,lördag,söndag",
	"mandag,tirsdag,,,,lørdag,søndag",
	"maanantai maanantaina maanantaihin,tiistai tiistaina,keskiviikko keskiviikkona,"
	"torstai torstaina,perjantai perjantaina,lauantai,sunnuntai",
	"hétfő hétfőn,kedd kedden,szerda szerdán,csütörtök csütörtökön,péntek pénteken,,",
	"pazartesi,salı,çarşamba,perşembe,cuma,cumartesi,pazar",
	"δευτέρα,τρίτη,τετάρτη,πέμπτη,παρασκευή,σάββατο,κυριακή",
};

static const char *const next_day[] = {
	"tomorrow", "demain", "mañana",  "domani",   "amanhã", "mâine", "завтра", "jutro",
	"zítra",    "zajtra", "imorgon", "huomenna", "holnap", "yarın", "αύριο",
};

struct calendar_names {
	GHashTable *months; /* char * -> 1..12 */
	GHashTable *weekdays; /* char * -> 1 (Monday) .. 7 */
	GHashTable *next_days; /* a set */
};

static void
add_names(GHashTable *names, const char *language)
{
	g_auto(GStrv) fields = g_strsplit(language, ",", -1);
	for (guint i = 0; fields[i]; i++) {
		g_auto(GStrv) spellings = g_strsplit(fields[i], " ", -1);
		for (guint j = 0; spellings[j]; j++)
			if (*spellings[j] && !g_hash_table_contains(names, spellings[j]))
				g_hash_table_insert(names, g_strdup(spellings[j]),
						    GUINT_TO_POINTER(i + 1));
	}
}

static void *
make_names(void *unused G_GNUC_UNUSED)
{
	struct calendar_names *names = g_new0(struct calendar_names, 1);
	names->months = g_hash_table_new(g_str_hash, g_str_equal);
	names->weekdays = g_hash_table_new(g_str_hash, g_str_equal);
	names->next_days = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < G_N_ELEMENTS(months); i++)
		add_names(names->months, months[i]);
	for (guint i = 0; i < G_N_ELEMENTS(weekdays); i++)
		add_names(names->weekdays, weekdays[i]);
	for (guint i = 0; i < G_N_ELEMENTS(next_day); i++)
		g_hash_table_add(names->next_days, (gpointer)next_day[i]);
	return names;
}

/* Kept for the life of the process. */
static const struct calendar_names *
calendar_names(void)
{
	static GOnce once = G_ONCE_INIT;
	return g_once(&once, make_names, NULL);
}

gint64
dates_day(gint year, gint month, gint day)
{
	if (year < 1971 || year > 2999 || month < 1 || month > 12 || day < 1 || day > 31 ||
	    !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
		return 0;
	GDate date, epoch;
	g_date_set_dmy((g_date_clear(&date, 1), &date), (GDateDay)day, (GDateMonth)month,
		       (GDateYear)year);
	g_date_set_dmy((g_date_clear(&epoch, 1), &epoch), 1, G_DATE_JANUARY, 1970);
	return (gint64)g_date_days_between(&epoch, &date) * DAY;
}

struct scanner {
	const char *text, *p;
	gint64 reference;
	gboolean month_first;
	const struct calendar_names *names;
	GArray *found;
};

static gint
reference_year(const struct scanner *scanner)
{
	g_autoptr(GDateTime) now =
		g_date_time_new_from_unix_utc(scanner->reference / G_TIME_SPAN_SECOND);
	return now ? g_date_time_get_year(now) : 1970;
}

/* @param year 0 when not written: the next such day. */
static gint64
resolve(const struct scanner *scanner, gint year, gint month, gint day)
{
	if (year > 0)
		return dates_day(year < 100 ? year + 2000 : year, month, day);
	year = reference_year(scanner);
	gint64 result = dates_day(year, month, day);
	if (!result || result < scanner->reference - PAST_BELIEVED)
		result = dates_day(year + 1, month, day);
	return result;
}

static gboolean
add(struct scanner *scanner, const char *begin, const char *end, gint64 day, gboolean relative)
{
	if (!day || scanner->found->len >= LIMIT_DATES)
		return FALSE;
	struct date_found found = { day, begin - scanner->text, end - scanner->text, relative };
	if (scanner->found->len) {
		/* "Monday, 5 July" is one date. */
		struct date_found *last =
			&g_array_index(scanner->found, struct date_found, scanner->found->len - 1);
		if (last->relative && found.begin - last->end < 12) {
			found.begin = last->begin;
			g_array_set_size(scanner->found, scanner->found->len - 1);
		}
	}
	g_array_append_val(scanner->found, found);
	scanner->p = end;
	return TRUE;
}

/* At most 4 digits; -1 when there is no number or a longer one. */
static gint
read_number(const char **p, guint *ret_digits)
{
	guint n = 0;
	gint value = 0;
	while (g_ascii_isdigit((*p)[n]) && n < 5)
		value = value * 10 + (*p)[n++] - '0';
	if (!n || n > 4)
		return -1;
	*p += n;
	if (ret_digits)
		*ret_digits = n;
	return value;
}

static const char *
skip_any(const char *p, const char *const *words)
{
	for (guint i = 0; words[i]; i++)
		if (g_str_has_prefix(p, words[i]))
			return p + strlen(words[i]);
	return p;
}

static const char *
skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	return p;
}

static gsize
word_length(const char *p)
{
	const char *end = p;
	for (;;) {
		gunichar c = g_utf8_get_char(end);
		if (!g_unichar_isalpha(c) && !g_unichar_ismark(c) && c != 0x2bc &&
		    !(c == '-' && end > p && g_ascii_isalpha(end[1])))
			return end - p;
		end = g_utf8_next_char(end);
	}
}

static guint
look_up(GHashTable *names, const char *p, gsize length)
{
	char word[LONGEST_WORD];
	if (!length || length >= sizeof word)
		return 0;
	memcpy(word, p, length);
	word[length] = '\0';
	return GPOINTER_TO_UINT(g_hash_table_lookup(names, word));
}

/* What stands between a day and its month, or a month and its year. */
static const char *
skip_connectors(const char *p)
{
	static const char *const connectors[] = { "of ", "de ", "del ", "d'", ",",
						  ".",   "' ",  "'",    NULL };
	for (guint i = 0; i < 3; i++) {
		p = skip_blanks(p);
		const char *next = skip_any(p, connectors);
		if (next == p)
			break;
		p = next;
	}
	return skip_blanks(p);
}

static const char *
skip_ordinal(const char *p)
{
	static const char *const ordinals[] = { "st ",  "nd ", "rd ", "th ",  "st,", "nd,",
						"rd,",  "th,", "er ", "ème ", "º ",  "° ",
						"-го ", "-e ", "e ",  NULL };
	const char *next = skip_any(p, ordinals);
	if (next > p)
		return next - 1;
	if (g_str_has_prefix(p, "st") || g_str_has_prefix(p, "nd") || g_str_has_prefix(p, "rd") ||
	    g_str_has_prefix(p, "th"))
		return g_ascii_isalpha(p[2]) ? p : p + 2;
	return p;
}

static const char *
skip_dash(const char *p)
{
	static const char *const dashes[] = { "-", "–", "—", NULL };
	const char *blank = skip_blanks(p), *next = skip_any(blank, dashes);
	return next > blank ? skip_blanks(next) : p;
}

/* A year after a complete day and month; 0 when none is written. */
static gint
read_year(const char **p)
{
	const char *q = skip_connectors(*p);
	guint digits = 0;
	gint year = read_number(&q, &digits);
	if (digits != 4 || year < 1971 || year > 2999)
		return 0;
	*p = q;
	return year;
}

/* 2026-07-05, 5.7.2026, 5/7/26, 7/5, 5.7. */
static gboolean
read_separated(struct scanner *scanner)
{
	const char *begin = scanner->p, *p = begin;
	guint digits1 = 0, digits2 = 0, digits3 = 0;
	gint first = read_number(&p, &digits1), third = 0;
	char separator = *p;
	if (first < 0 || !separator || !strchr("-/.", separator))
		return FALSE;
	p++;
	if (separator == '.' && *p == ' ' && g_ascii_isdigit(p[1]))
		p++;
	gint second = read_number(&p, &digits2);
	if (second < 0 || digits2 > 2)
		return FALSE;
	const char *two = p;
	if (*p == separator) {
		p++;
		if (separator == '.' && *p == ' ' && g_ascii_isdigit(p[1]))
			p++;
		third = read_number(&p, &digits3);
		if (third < 0)
			p = two + (separator == '.');
	}
	if (*p == ':' || *p == '%' || (digits1 > 2 && digits3 == 0) || g_ascii_isdigit(*p) ||
	    (*p == separator && g_ascii_isdigit(p[1])))
		return FALSE;
	if (digits1 == 4)
		return add(scanner, begin, p, dates_day(first, second, third), FALSE);
	if (digits3 && digits3 != 2 && digits3 != 4)
		return FALSE;
	if (third <= 0 && (separator == '-' || digits1 > 2))
		return FALSE;
	gboolean swapped = separator == '/' && (scanner->month_first ? first <= 12 : second > 12);
	return add(
		scanner, begin, p,
		resolve(scanner, MAX(third, 0), swapped ? first : second, swapped ? second : first),
		FALSE);
}

/* 2026年7月5日, 7月5日, and the same in Korean. */
static gboolean
read_cjk(struct scanner *scanner)
{
	static const char *const year_signs[] = { "年", "년", NULL };
	static const char *const month_signs[] = { "月", "월", NULL };
	static const char *const day_signs[] = { "日", "일", "号", NULL };
	const char *begin = scanner->p, *p = begin;
	gint number = read_number(&p, NULL), year = 0;
	const char *next = skip_any(p, year_signs);
	if (next > p) {
		year = number;
		p = skip_blanks(next);
		number = read_number(&p, NULL);
		next = skip_any(p, month_signs);
	} else {
		next = skip_any(p, month_signs);
	}
	if (next == p || number < 0)
		return FALSE;
	p = skip_blanks(next);
	gint day = read_number(&p, NULL);
	return day > 0 && add(scanner, begin, skip_any(p, day_signs),
			      resolve(scanner, year, number, day), FALSE);
}

/* 5 July 2026, 5th of July, 5. Juli, 5-16 July, ngày 5 tháng 7. */
static gboolean
read_day_month(struct scanner *scanner)
{
	const char *begin = scanner->p, *p = begin;
	guint digits = 0;
	gint day = read_number(&p, &digits);
	if (day < 1 || digits > 2)
		return FALSE;
	p = skip_connectors(skip_ordinal(p));
	gsize length = word_length(p);
	gint month = look_up(scanner->names->months, p, length);
	p += length;
	if (!month && g_str_has_prefix(p - length, "tháng ")) {
		p = skip_blanks(p);
		month = read_number(&p, NULL);
	}
	if (month < 1)
		return FALSE;
	gint year = read_year(&p);
	return add(scanner, begin, p, resolve(scanner, year, month, day), FALSE);
}

/* July 5, July 5th 2026, July 5 - 16, július 5. */
static gboolean
read_month_day(struct scanner *scanner, gint month, const char *after)
{
	const char *begin = scanner->p, *p = skip_connectors(after);
	guint digits = 0;
	gint day = read_number(&p, &digits);
	if (day < 1 || digits > 2 || *p == ':')
		return FALSE;
	p = skip_ordinal(p);
	const char *range = skip_dash(p);
	if (range > p) {
		gint last = read_number(&range, &digits);
		if (last > day && digits <= 2 && *range != ':') {
			day = last;
			p = skip_ordinal(range);
		}
	}
	gint year = read_year(&p);
	return add(scanner, begin, p, resolve(scanner, year, month, day), FALSE);
}

static gint64
next_weekday(const struct scanner *scanner, gint weekday)
{
	gint64 today = scanner->reference / DAY;
	gint now = (gint)((today + 3) % 7) + 1; /* 1970-01-01 was a Thursday */
	return (today + (weekday - now + 6) % 7 + 1) * DAY;
}

static gboolean
read_number_forms(struct scanner *scanner)
{
	return read_separated(scanner) || read_cjk(scanner) || read_day_month(scanner);
}

static gboolean
read_word_forms(struct scanner *scanner, gsize length)
{
	const char *p = scanner->p;
	gint month = look_up(scanner->names->months, p, length);
	if (month && read_month_day(scanner, month, p + length))
		return TRUE;
	gint weekday = length > 3 ? look_up(scanner->names->weekdays, p, length) : 0;
	if (weekday)
		return add(scanner, p, p + length, next_weekday(scanner, weekday), TRUE);
	if (length > 4 && look_up(scanner->names->next_days, p, length))
		return add(scanner, p, p + length, (scanner->reference / DAY + 1) * DAY, TRUE);
	return FALSE;
}

/* A number with its decimals: of version 2.4.1 no part is a date. */
static const char *
skip_figures(const char *p)
{
	do
		p += strspn(p, "0123456789");
	while ((*p == '.' || *p == ':') && g_ascii_isdigit(p[1]) && p++);
	return p;
}

GArray *
dates_find(const char *text, gint64 reference, gboolean month_first)
{
	struct scanner scanner = { .text = text,
				   .p = text,
				   .reference = reference,
				   .month_first = month_first,
				   .names = calendar_names(),
				   .found = g_array_new(FALSE, FALSE, sizeof(struct date_found)) };
	while (*scanner.p && scanner.found->len < LIMIT_DATES) {
		const char *p = scanner.p;
		gsize length;
		if (g_ascii_isdigit(*p)) {
			if (!read_number_forms(&scanner))
				scanner.p = skip_figures(p);
		} else if ((length = word_length(p)) > 0) {
			if (!read_word_forms(&scanner, length))
				scanner.p += length;
		} else {
			scanner.p = g_utf8_next_char(p);
		}
	}
	return scanner.found;
}
