/*
 * country.c - see country.h.
 *
 * Names in English, in the country's own language, and in German, French, Spanish, Romanian
 * and Russian where they differ; compared folded.
 */
#include "mail/country.h"

#include <string.h>

#define CODE(a, b) ((a) << 8 | (b))

static const struct wordlist_entry names[] = {
	{ CODE('A', 'D'), "andorra" },
	{ CODE('A', 'E'), "united arab emirates|uae|u.a.e.|emirates|оаэ|الإمارات" },
	{ CODE('A', 'L'), "albania|shqiperia" },
	{ CODE('A', 'M'), "armenia|армения" },
	{ CODE('A', 'R'), "argentina|аргентина" },
	{ CODE('A', 'T'), "austria|österreich|autriche|австрия" },
	{ CODE('A', 'U'), "australia|австралия" },
	{ CODE('A', 'Z'), "azerbaijan|azərbaycan|азербайджан" },
	{ CODE('B', 'A'), "bosnia and herzegovina|bosna i hercegovina" },
	{ CODE('B', 'D'), "bangladesh" },
	{ CODE('B', 'E'), "belgium|belgië|belgique|belgien|бельгия" },
	{ CODE('B', 'G'), "bulgaria|българия|болгария|bulgarien" },
	{ CODE('B', 'H'), "bahrain" },
	{ CODE('B', 'R'), "brazil|brasil|бразилия" },
	{ CODE('B', 'Y'), "belarus|беларусь|белоруссия" },
	{ CODE('C', 'A'), "canada|канада|kanada" },
	{ CODE('C', 'H'), "switzerland|schweiz|suisse|svizzera|швейцария|elveția" },
	{ CODE('C', 'L'), "chile|чили" },
	{ CODE('C', 'N'),
	  "china|pr china|p.r. china|p.r.c.|prc|китай|中国|中國|中华人民共和国|chine" },
	{ CODE('C', 'O'), "colombia|колумбия" },
	{ CODE('C', 'R'), "costa rica" },
	{ CODE('C', 'Y'), "cyprus|κύπρος|кипр|zypern|cipru" },
	{ CODE('C', 'Z'), "czech republic|czechia|česká republika|česko|чехия|tschechien" },
	{ CODE('D', 'E'), "germany|deutschland|allemagne|alemania|germania|германия" },
	{ CODE('D', 'K'), "denmark|danmark|дания|dänemark" },
	{ CODE('D', 'O'), "dominican republic|república dominicana" },
	{ CODE('E', 'C'), "ecuador" },
	{ CODE('E', 'E'), "estonia|eesti|эстония|estland" },
	{ CODE('E', 'G'), "egypt|египет|مصر" },
	{ CODE('E', 'S'), "spain|españa|espagne|spanien|spania|испания" },
	{ CODE('F', 'I'), "finland|suomi|финляндия|finnland" },
	{ CODE('F', 'R'), "france|frankreich|francia|franța|франция" },
	{ CODE('G', 'B'),
	  "united kingdom|uk|u.k.|great britain|england|scotland|wales|northern ireland|"
	  "gb|großbritannien|великобритания|англия|marea britanie|anglia" },
	{ CODE('G', 'E'), "georgia tbilisi|грузия|საქართველო" },
	{ CODE('G', 'R'), "greece|ελλάδα|hellas|griechenland|грeция|греция|grecia" },
	{ CODE('H', 'K'), "hong kong|hongkong|香港|гонконг" },
	{ CODE('H', 'R'), "croatia|hrvatska|хорватия|kroatien" },
	{ CODE('H', 'U'), "hungary|magyarország|венгрия|ungarn|ungaria" },
	{ CODE('I', 'D'), "indonesia|индонезия" },
	{ CODE('I', 'E'), "ireland|éire|irland|ирландия|irlanda" },
	{ CODE('I', 'L'), "israel|ישראל|израиль" },
	{ CODE('I', 'N'), "india|индия|भारत" },
	{ CODE('I', 'R'), "iran|иран" },
	{ CODE('I', 'S'), "iceland|ísland" },
	{ CODE('I', 'T'), "italy|italia|italien|italie|италия" },
	{ CODE('J', 'P'), "japan|日本|япония" },
	{ CODE('K', 'E'), "kenya" },
	{ CODE('K', 'G'), "kyrgyzstan|кыргызстан|киргизия" },
	{ CODE('K', 'R'), "south korea|republic of korea|korea|대한민국|한국|корея" },
	{ CODE('K', 'W'), "kuwait" },
	{ CODE('K', 'Z'), "kazakhstan|казахстан|қазақстан" },
	{ CODE('L', 'B'), "lebanon" },
	{ CODE('L', 'I'), "liechtenstein" },
	{ CODE('L', 'K'), "sri lanka" },
	{ CODE('L', 'T'), "lithuania|lietuva|литва|litauen" },
	{ CODE('L', 'U'), "luxembourg|luxemburg|люксембург" },
	{ CODE('L', 'V'), "latvia|latvija|латвия|lettland" },
	{ CODE('M', 'A'), "morocco|maroc|марокко" },
	{ CODE('M', 'C'), "monaco" },
	{ CODE('M', 'D'),
	  "moldova|republica moldova|r. moldova|молдова|молдавия|республика молдова" },
	{ CODE('M', 'E'), "montenegro|crna gora|черногория" },
	{ CODE('M', 'K'), "north macedonia|македонија" },
	{ CODE('M', 'T'), "malta" },
	{ CODE('M', 'X'), "mexico|méxico|мексика" },
	{ CODE('M', 'Y'), "malaysia|малайзия" },
	{ CODE('N', 'G'), "nigeria" },
	{ CODE('N', 'L'),
	  "netherlands|the netherlands|nederland|holland|niederlande|pays-bas|нидерланды|"
	  "olanda" },
	{ CODE('N', 'O'), "norway|norge|норвегия|norwegen" },
	{ CODE('N', 'Z'), "new zealand" },
	{ CODE('P', 'A'), "panama" },
	{ CODE('P', 'E'), "peru|perú" },
	{ CODE('P', 'H'), "philippines" },
	{ CODE('P', 'K'), "pakistan" },
	{ CODE('P', 'L'), "poland|polska|polen|polonia|польша" },
	{ CODE('P', 'T'), "portugal|португалия|portugalia" },
	{ CODE('Q', 'A'), "qatar" },
	{ CODE('R', 'O'), "romania|românia|румыния|rumänien|roumanie" },
	{ CODE('R', 'S'), "serbia|srbija|србија|сербия" },
	{ CODE('R', 'U'),
	  "russia|russian federation|россия|российская федерация|рф|rusia|russland" },
	{ CODE('S', 'A'), "saudi arabia|ksa|السعودية" },
	{ CODE('S', 'E'), "sweden|sverige|швеция|schweden|suedia" },
	{ CODE('S', 'G'), "singapore|新加坡|сингапур" },
	{ CODE('S', 'I'), "slovenia|slovenija|словения" },
	{ CODE('S', 'K'), "slovakia|slovensko|slovak republic|словакия|slowakei" },
	{ CODE('T', 'H'), "thailand|таиланд|ประเทศไทย" },
	{ CODE('T', 'N'), "tunisia|tunisie" },
	{ CODE('T', 'R'), "turkey|türkiye|turkiye|турция|türkei|turcia" },
	{ CODE('T', 'W'), "taiwan|taiwan roc|台灣|台湾|тайвань" },
	{ CODE('U', 'A'), "ukraine|україна|украина|ucraina" },
	{ CODE('U', 'S'), "united states|united states of america|usa|u.s.a.|us|u.s.|сша|美国|美國|"
			  "estados unidos|etats-unis|statele unite|sua|vereinigte staaten" },
	{ CODE('U', 'Y'), "uruguay" },
	{ CODE('U', 'Z'), "uzbekistan|узбекистан|oʻzbekiston" },
	{ CODE('V', 'E'), "venezuela" },
	{ CODE('V', 'N'), "vietnam|viet nam|việt nam|вьетнам" },
	{ CODE('Z', 'A'), "south africa|rsa|южная африка" },
	{ 0, NULL },
};

static const char us_states[] =
	" AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH "
	"NJ "
	"NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR ";

static GHashTable *
codes(void)
{
	static GHashTable *made;
	static gsize once;

	if (g_once_init_enter(&once)) {
		made = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
		for (const struct wordlist_entry *entry = names; entry->words; entry++)
			g_hash_table_insert(
				made, GUINT_TO_POINTER(entry->value),
				g_strdup_printf("%c%c", entry->value >> 8, entry->value & 0xff));
		g_once_init_leave(&once, 1);
	}
	return made;
}

static const char *
code_text(guint code)
{
	return code ? g_hash_table_lookup(codes(), GUINT_TO_POINTER(code)) : NULL;
}

static void *
make_list(void *unused G_GNUC_UNUSED)
{
	return wordlist_new(names);
}

const char *
country_of_name(const char *text, gsize length)
{
	static GOnce once = G_ONCE_INIT;
	const struct wordlist *list = g_once(&once, make_list, NULL);
	struct words words;
	guint taken = 0, value;

	words_split(text, length, &words);
	if (words.count == 0 || words.count > 4)
		return NULL;
	value = wordlist_match(list, &words, 0, &taken);
	if (value && taken == words.count)
		return code_text(value);
	if (words.count == 1 && length == 2 && g_ascii_isupper(text[0]) && g_ascii_isupper(text[1]))
		return code_text(CODE(text[0], text[1]));
	return NULL;
}

/* "IL 62704" at the end of a line. */
static const char *
of_states(const char *line, gsize length)
{
	const char *end = line + length, *p = end;

	while (p > line && (g_ascii_isdigit(p[-1]) || p[-1] == '-'))
		p--;
	if (end - p != 5 && end - p != 10)
		return NULL;
	while (p > line && (p[-1] == ' ' || p[-1] == '\t' || p[-1] == ',' || p[-1] == '.'))
		p--;
	if (p - line < 3 || g_ascii_isalpha(p[-3]))
		return NULL;
	char state[] = { ' ', p[-2], p[-1], ' ', '\0' };
	return strstr(us_states, state) ? "US" : NULL;
}

/* "M5V 2T6": letter and digit in turn. */
static const char *
of_canada(const char *line, gsize length)
{
	const char *p = line + length - 7;

	if (length < 7 || (length > 7 && p[-1] != ' ' && p[-1] != ','))
		return NULL;
	return g_ascii_isupper(p[0]) && g_ascii_isdigit(p[1]) && g_ascii_isupper(p[2]) &&
			       p[3] == ' ' && g_ascii_isdigit(p[4]) && g_ascii_isupper(p[5]) &&
			       g_ascii_isdigit(p[6])
		       ? "CA"
		       : NULL;
}

/* "SW1A 1AA", "M1 4BT" at the end of a line. */
static const char *
of_britain(const char *line, gsize length)
{
	const char *end = line + length;
	gsize outward = 0;

	if (length < 6 || !g_ascii_isdigit(end[-3]) || !g_ascii_isupper(end[-2]) ||
	    !g_ascii_isupper(end[-1]) || end[-4] != ' ')
		return NULL;
	while (outward + 4 < length && g_ascii_isalnum(end[-5 - (gssize)outward]))
		outward++;
	if (outward < 2 || outward > 4 || !g_ascii_isupper(end[-4 - (gssize)outward]))
		return NULL;
	return memchr(end - 4 - outward, ' ', outward) ? NULL : "GB";
}

/* "CH-8001 Zürich", "MD-2012": the code of a country before the postcode. */
static const char *
of_prefix(const char *line, gsize length)
{
	static const struct {
		const char *prefix, *code;
	} prefixes[] = { { "D-", "DE" },  { "A-", "AT" },  { "CH-", "CH" }, { "F-", "FR" },
			 { "I-", "IT" },  { "MD-", "MD" }, { "RO-", "RO" }, { "L-", "LU" },
			 { "B-", "BE" },  { "NL-", "NL" }, { "DK-", "DK" }, { "SE-", "SE" },
			 { "DE-", "DE" }, { "AT-", "AT" }, { "CZ-", "CZ" }, { "PL-", "PL" },
			 { "LT-", "LT" }, { "LV-", "LV" }, { "FI-", "FI" }, { "HR-", "HR" },
			 { "HU-", "HU" }, { "SI-", "SI" }, { "SK-", "SK" }, { "BG-", "BG" } };

	for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		gsize n = strlen(prefixes[i].prefix);
		const char *at = g_strstr_len(line, length, prefixes[i].prefix);

		if (at && (at == line || strchr(" ,", at[-1])) &&
		    line + length - at > (gssize)n + 3 && g_ascii_isdigit(at[n]) &&
		    g_ascii_isdigit(at[n + 1]) && g_ascii_isdigit(at[n + 2]) &&
		    g_ascii_isdigit(at[n + 3]))
			return prefixes[i].code;
	}
	return NULL;
}

const char *
country_of_address(const char *line, gsize length)
{
	const char *end = line + length, *last, *found;

	while (length > 0 && strchr(" .,;", line[length - 1]))
		length--;
	end = line + length;
	for (last = end; last > line && !strchr(",;|", last[-1]); last--)
		;
	while (last < end && *last == ' ')
		last++;
	found = country_of_name(last, end - last);
	if (!found)
		found = of_states(line, length);
	if (!found)
		found = of_canada(line, length);
	if (!found)
		found = of_britain(line, length);
	return found ? found : of_prefix(line, length);
}

const char *
country_of_domain(const char *domain)
{
	static const char generic[] = " CO IO AI ME TV CC WS FM TO LY GG LA AD ";
	const char *dot = domain ? strrchr(domain, '.') : NULL;

	if (!dot || dot == domain)
		return NULL;
	if (g_ascii_strcasecmp(dot, ".xn--p1ai") == 0 || g_ascii_strcasecmp(dot, ".su") == 0)
		return "RU";
	if (g_ascii_strcasecmp(dot, ".uk") == 0)
		return "GB";
	if (strlen(dot) != 3)
		return NULL;
	char code[] = { ' ', g_ascii_toupper(dot[1]), g_ascii_toupper(dot[2]), ' ', '\0' };
	return strstr(generic, code) ? NULL : code_text(CODE(code[1], code[2]));
}
