/*
 * language.c - scripts first, then the words every sentence has.
 *
 * A reply is often one line, where n-gram statistics guess wildly; the articles, pronouns and
 * prepositions of a language, and its greetings, are far more telling.  Each word of the tables
 * counts one for every language that has it; the language with most hits wins if it leads.
 */
#include "mail/language.h"

#include <stdlib.h>
#include <string.h>

#include "base/eight.h"

#define LANGUAGE_BYTES 1200
#define WORD_BYTES 32
#define CLEAR_LEAD 12 /* words */

struct language_words {
	const char *code;
	const char *words; /* lower case, separated by spaces */
};

static const struct language_words latin[] = {
	{ "en",
	  "the and to of is you that it for on with are this have be we your not can will our "
	  "would please thanks thank hello hi from but my was if what when there could about "
	  "regards dear i he she they do how all need send let know" },
	{ "de",
	  "der die das und ist nicht ich sie ein eine zu mit für auf den dem von wir es im "
	  "bitte danke hallo grüße auch dass haben sind wird kann noch uns ihr ihre ihnen aber "
	  "oder wie bei nach guten tag sehr geehrte vielen dank freundlichen wenn können werden "
	  "möchten" },
	{ "fr",
	  "le la les des et est une un pour que je vous nous pas dans en du au avec sur ce "
	  "bonjour merci votre notre il elle mais ou qui cordialement sont avez avons être très "
	  "bien c'est d'un j'ai à de ne vos" },
	{ "es",
	  "el la los las de y que en un una es por para con no se su lo como gracias hola del "
	  "al más pero está tengo me saludos usted buenos días nos hay muy nuestro quiero favor "
	  "estimado" },
	{ "it",
	  "il di che e la un una per non con sono del della le i gli ho grazie ciao buongiorno "
	  "saluti come ma più questo alla nel anche si mi lo da dei cordiali vorrei nostro è "
	  "gentile" },
	{ "pt",
	  "o a os as de e que do da em um uma para com não por se no na obrigado obrigada olá "
	  "você mais como mas está foi meu nosso bom dia são ao pela pelo gostaria muito isso "
	  "também cumprimentos" },
	{ "nl",
	  "de het een en van ik is dat niet je op te in met voor zijn wij hebben bedankt hallo "
	  "groet groeten u uw ons kan er maar ook aan om deze nog graag beste goed vriendelijke "
	  "wel naar heeft worden dit" },
	{ "sv",
	  "och det att i en är på jag som för inte med har vi du av den till hej tack kan ett "
	  "hälsningar om så men ni er från eller vill skulle mig oss vänliga ska" },
	{ "da",
	  "og det at i en er på jeg som for ikke med har vi du af den til hej tak kan et hilsen "
	  "om så men fra eller vil skal mig os venlig dig jeres hvad mvh kunne" },
	{ "no",
	  "og det at i en er på jeg som for ikke med har vi du av den til hei takk kan et hilsen "
	  "om så men fra eller vil skal meg oss vennlig deg hva også etter" },
	{ "fi",
	  "ja on ei että se hän oli ovat kiitos hei terveisin minä te me mutta kun niin jos myös "
	  "voi tämä olen voisitko ystävällisin olisi sekä onko hyvää päivää ole nyt" },
	{ "pl",
	  "i w nie na to jest się z że do o jak ale dla czy proszę dziękuję dzień dobry "
	  "pozdrawiam mam od po za tak co być państwa witam jestem może przez są był mnie oraz" },
	{ "cs",
	  "a je v se na že to s z do o by jsem ale pro jako dobrý den děkuji prosím pozdravem "
	  "jsme není už ne jak od po za tak ve být máme ještě nebo vás mám díky při" },
	{ "sk",
	  "a je v sa na že to s z do o by som ale pre ako dobrý deň ďakujem prosím pozdravom sme "
	  "nie už od po za tak vo byť máme ešte alebo vás mám pri čo" },
	{ "hu",
	  "a az és hogy nem is egy van ez meg de csak már ha köszönöm üdvözlettel kedves szia "
	  "volt el kell még vagy mint tisztelt önök nekem tud lenne szeretnék" },
	{ "ro",
	  "și de la în a nu pe cu o un este că se din pentru mai să am vă mulțumesc bună ziua "
	  "salut ne sunt dar ce va fi acest respect dumneavoastră si multumesc buna va rog "
	  "doresc sau" },
	{ "tr",
	  "ve bir bu için de da ne ile çok ben değil var mı teşekkürler merhaba gibi daha kadar "
	  "olarak selamlar sayın iyi en ama bize mi lütfen saygılarımla olan günler" },
	{ "hr",
	  "i je u na da se za su to ne od s sam ali kao hvala pozdrav dobar dan li smo bi što "
	  "nije molim ili može ako poštovani nas vas koji" },
	{ "sl",
	  "in je v na da se za so to ne od s sem ali kot hvala pozdrav dober dan smo bi kaj ni "
	  "prosim lahko če pa spoštovani lep bo vas" },
	{ "lt",
	  "ir yra kad į su iš tai ne ar aš bet ačiū labas sveiki pagarbiai jūs mes dėl už kaip "
	  "prašome turi dar apie" },
	{ "lv",
	  "un ir ka uz ar no tas nav es bet paldies labdien sveiki cieņu jūs mēs par kā lūdzu "
	  "vai arī jau" },
	{ "et",
	  "ja on ei et see ma aga tere tänan aitäh lugupidamisega kas meie teie või kui ka ning "
	  "palun oli mis" },
	{ "vi",
	  "là và của có không tôi bạn được cho với này xin chào cảm ơn trân trọng chúng một các "
	  "những để người" },
	{ "id",
	  "yang dan di untuk dengan ini itu dari tidak saya anda kami adalah akan terima kasih "
	  "salam pada bisa kepada mohon selamat ada juga" },
	{ "ca", "el la els les de i que en un una és per amb no gràcies hola del al més però està "
		"salutacions us bon dia molt són" },
};

static const struct language_words cyrillic[] = {
	{ "ru",
	  "и в не на что я с как это по но мы вы за для из у от так здравствуйте спасибо добрый "
	  "день пожалуйста уважением есть нет или ваш вас если когда все можно он она было" },
	{ "uk",
	  "і в не на що я з як це по але ми ви за для із у від так вітаю дякую добрий день будь "
	  "ласка повагою є ні або ваш вас якщо коли все можна він вона було та" },
	{ "bg",
	  "и в не на че аз с как това по но ние вие за от да се е са благодаря здравейте поздрави "
	  "моля ще ли си или ви до има съм" },
	{ "sr",
	  "и у не на да ја са како то по али ми ви за од је су се хвала поздрав молим или сам бити "
	  "што добар дан" },
	{ "mk",
	  "и во не на дека јас со како тоа по но ние вие за од да се е благодарам здраво поздрав "
	  "ве молам ќе или сум" },
	{ "be",
	  "і ў не на што я з як гэта па але мы вы за для ад так дзякуй дзень добры калі ласка ёсць "
	  "няма або" },
	{ "kk", "және мен бұл үшін бар жоқ емес сәлем рахмет біз сіз" },
};

static const struct language_words arabic[] = {
	{ "ar", "في من على إلى أن هذا هذه شكرا مرحبا التي الذي لا ما مع كان السلام عليكم تحياتي" },
	{ "fa", "در از به که این است را با برای می ما شما سلام ممنون تشکر احترام آن هم یک" },
	{ "ur", "میں ہے کے کی کو سے اور ہیں یہ نہیں آپ کا پر شکریہ" },
};

static const struct language_words devanagari[] = {
	{ "hi", "है के में की को से और यह नहीं हैं का पर मैं धन्यवाद नमस्ते आप" },
	{ "mr", "आहे आणि मी हे नाही आहेत तर धन्यवाद नमस्कार आपण" },
	{ "ne", "छ र को मा हो यो छैन धन्यवाद नमस्ते तपाईं" },
};

enum script {
	SCRIPT_LATIN,
	SCRIPT_CYRILLIC,
	SCRIPT_ARABIC,
	SCRIPT_DEVANAGARI,
	SCRIPT_HAN,
	SCRIPT_KANA,
	SCRIPT_HANGUL,
	SCRIPT_HEBREW,
	SCRIPT_GREEK,
	SCRIPT_THAI,
	SCRIPT_ARMENIAN,
	SCRIPT_GEORGIAN,
	SCRIPT_BENGALI,
	SCRIPT_TAMIL,
	SCRIPT_COUNT,
};

struct script_range {
	gunichar first, last;
	enum script script;
};

static const struct script_range ranges[] = {
	{ 'A', 'Z', SCRIPT_LATIN },        { 'a', 'z', SCRIPT_LATIN },
	{ 0xc0, 0x24f, SCRIPT_LATIN },     { 0x370, 0x3ff, SCRIPT_GREEK },
	{ 0x400, 0x52f, SCRIPT_CYRILLIC }, { 0x530, 0x58f, SCRIPT_ARMENIAN },
	{ 0x590, 0x5ff, SCRIPT_HEBREW },   { 0x600, 0x6ff, SCRIPT_ARABIC },
	{ 0x750, 0x77f, SCRIPT_ARABIC },   { 0x900, 0x97f, SCRIPT_DEVANAGARI },
	{ 0x980, 0x9ff, SCRIPT_BENGALI },  { 0xb80, 0xbff, SCRIPT_TAMIL },
	{ 0xe00, 0xe7f, SCRIPT_THAI },     { 0x10a0, 0x10ff, SCRIPT_GEORGIAN },
	{ 0x1e00, 0x1eff, SCRIPT_LATIN },  { 0x3040, 0x30ff, SCRIPT_KANA },
	{ 0x3400, 0x9fff, SCRIPT_HAN },    { 0xac00, 0xd7a3, SCRIPT_HANGUL },
	{ 0xf900, 0xfaff, SCRIPT_HAN },
};

/* The language of a script only one of them (that we know) uses. */
static const char *const script_language[SCRIPT_COUNT] = {
	[SCRIPT_HAN] = "zh",      [SCRIPT_KANA] = "ja",     [SCRIPT_HANGUL] = "ko",
	[SCRIPT_HEBREW] = "he",   [SCRIPT_GREEK] = "el",    [SCRIPT_THAI] = "th",
	[SCRIPT_ARMENIAN] = "hy", [SCRIPT_GEORGIAN] = "ka", [SCRIPT_BENGALI] = "bn",
	[SCRIPT_TAMIL] = "ta",
};

struct word_slot {
	const char *word; /* NULL: free */
	guint32 hash;
	guint32 mask; /* of the languages that have it */
};

/* Open addressing, with room left: most words of a text are in no table. */
struct word_table {
	struct word_slot *slots;
	guint32 last; /* of the slots, a power of two less one */
	const struct language_words *languages;
	guint count;
};

#define HASH_BEGIN 2166136261u /* FNV-1a */

static guint32
hash_byte(guint32 hash, char byte)
{
	return (hash ^ (guchar)byte) * 16777619u;
}

static guint32
hash_word(const char *word)
{
	guint32 hash = HASH_BEGIN;

	while (*word)
		hash = hash_byte(hash, *word++);
	return hash;
}

/* Where the word is, or would be. */
static struct word_slot *
find_slot(const struct word_table *table, const char *word, guint32 hash)
{
	guint32 i = (hash ^ hash >> 15) & table->last;

	while (table->slots[i].word &&
	       (table->slots[i].hash != hash || strcmp(table->slots[i].word, word) != 0))
		i = (i + 1) & table->last;
	return &table->slots[i];
}

static void
table_add(struct word_table *table, char *word, guint32 language)
{
	guint32 hash = hash_word(word);
	struct word_slot *slot = find_slot(table, word, hash);

	slot->mask |= language;
	slot->hash = hash;
	if (slot->word)
		g_free(word);
	else
		slot->word = word;
}

/* Made once and kept for good. */
static struct word_table
table_new(const struct language_words *languages, guint count)
{
	struct word_table table = { .languages = languages, .count = count, .last = 1 };
	gsize words = 0;

	for (guint i = 0; i < count; i++)
		words += strlen(languages[i].words) / 2 + 1;
	while (table.last < words)
		table.last = table.last * 2 + 1;
	table.slots = g_new0(struct word_slot, table.last + 1);
	for (guint i = 0; i < count; i++) {
		char **list = g_strsplit(languages[i].words, " ", -1);

		for (char **w = list; *w; w++)
			table_add(&table, *w, 1u << i);
		g_free(list);
	}
	return table;
}

static const struct word_table *
table_for(enum script script)
{
	static struct word_table tables[SCRIPT_COUNT];
	static gsize ready;

	if (g_once_init_enter(&ready)) {
		tables[SCRIPT_LATIN] = table_new(latin, G_N_ELEMENTS(latin));
		tables[SCRIPT_CYRILLIC] = table_new(cyrillic, G_N_ELEMENTS(cyrillic));
		tables[SCRIPT_ARABIC] = table_new(arabic, G_N_ELEMENTS(arabic));
		tables[SCRIPT_DEVANAGARI] = table_new(devanagari, G_N_ELEMENTS(devanagari));
		g_once_init_leave(&ready, 1);
	}
	return &tables[script];
}

static enum script
script_of(gunichar c)
{
	for (gsize i = 0; i < G_N_ELEMENTS(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].script;
	return SCRIPT_COUNT;
}

enum byte_class { CLASS_WORD = 1, CLASS_SPACE = 2, CLASS_LINK = 4 };

static const guint8 byte_class[256] = {
	['a' ... 'z'] = CLASS_WORD,   ['A' ... 'Z'] = CLASS_WORD, ['\''] = CLASS_WORD,
	[0x80 ... 0xff] = CLASS_WORD, [' '] = CLASS_SPACE,        ['\t'] = CLASS_SPACE,
	['\n'] = CLASS_SPACE,         ['\f'] = CLASS_SPACE,       ['\r'] = CLASS_SPACE,
	['@'] = CLASS_LINK,           ['/'] = CLASS_LINK,         ['_'] = CLASS_LINK,
};

static inline guint
class_of(char byte)
{
	return byte_class[(guchar)byte];
}

/* A word token, links and addresses left out. @return the byte after it. */
static const char *
word_end(const char *p, const char *end, gboolean *ret_is_link)
{
	guint classes = 0;

	for (; p < end && class_of(*p) != CLASS_SPACE; p++)
		classes |= class_of(*p);
	*ret_is_link = (classes & CLASS_LINK) != 0;
	return p;
}

/* Letters of eight bytes of ASCII. */
static guint
count_letters(guint64 eight)
{
	return eight_count(eight_between(eight | EIGHT_OF(0x20), 'a', 'z'));
}

static void
count_scripts(const char *p, const char *end, guint counts[SCRIPT_COUNT])
{
	while (p < end) {
		gunichar c;
		enum script script;

		if (end - p >= 8 && !eight_wide(eight_read(p))) {
			counts[SCRIPT_LATIN] += count_letters(eight_read(p));
			p += 8;
			continue;
		}
		if (!(*p & 0x80)) {
			counts[SCRIPT_LATIN] += g_ascii_isalpha(*p);
			p++;
			continue;
		}
		c = g_utf8_get_char_validated(p, end - p);
		if (c >= (gunichar)-2) {
			p++;
			continue;
		}
		script = script_of(c);
		if (script < SCRIPT_COUNT)
			counts[script]++;
		p = g_utf8_next_char(p);
	}
}

static enum script
dominant_script(const guint counts[SCRIPT_COUNT])
{
	enum script best = SCRIPT_LATIN;

	/* a word of Japanese is mostly Han with some kana */
	if (counts[SCRIPT_KANA] * 10 > counts[SCRIPT_HAN] &&
	    (counts[SCRIPT_KANA] + counts[SCRIPT_HAN]) * 3 > counts[SCRIPT_LATIN])
		return SCRIPT_KANA;
	for (guint i = 1; i < SCRIPT_COUNT; i++) {
		/* names and brands are Latin everywhere, and a Han character is a word */
		guint weight = i == SCRIPT_HAN || i == SCRIPT_HANGUL ? 4 : 2;

		if (counts[i] * weight > counts[best] * (best == SCRIPT_LATIN ? 1 : weight))
			best = i;
	}
	return best;
}

static void
count_word(const struct word_table *table, const char *word, gsize length, guint hits[])
{
	char lower[WORD_BYTES];
	g_autofree char *folded = NULL;
	guint32 hash = HASH_BEGIN, mask;
	char bits = 0;

	if (length == 0 || length >= sizeof lower)
		return;
	for (gsize i = 0; i < length; i++) {
		char c = word[i];

		lower[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		bits |= c;
		hash = hash_byte(hash, lower[i]);
	}
	lower[length] = 0;
	if (bits & 0x80) {
		folded = g_utf8_strdown(lower, length);
		hash = hash_word(folded);
	}
	for (mask = find_slot(table, folded ? folded : lower, hash)->mask; mask; mask &= mask - 1)
		hits[__builtin_ctz(mask)]++;
}

static void
count_words(const struct word_table *table, const char *p, const char *end, guint hits[])
{
	while (p < end) {
		gboolean is_link;
		const char *next, *word;

		while (p < end && class_of(*p) == CLASS_SPACE)
			p++;
		next = word_end(p, end, &is_link);
		for (word = p; !is_link && p <= next; p++)
			if (p == next || class_of(*p) != CLASS_WORD) {
				count_word(table, word, p - word, hits);
				word = p + 1;
			}
		p = next;
	}
}

/* @return by how much it leads */
static guint
best_of(const guint hits[], guint count, guint *ret_best)
{
	guint best = 0, second = 0;

	for (guint i = 1; i < count; i++)
		if (hits[i] > hits[best])
			best = i;
	for (guint i = 0; i < count; i++)
		if (i != best)
			second = MAX(second, hits[i]);
	*ret_best = best;
	return hits[best] - second;
}

/* When half of the text has a clear leader, the other half isn't asked. */
static const char *
most_hits(const struct word_table *table, const char *text, gsize length)
{
	guint hits[32] = { 0 }, best = 0, lead;
	gsize half = length / 2;

	while (half > 0 && !g_ascii_isspace(text[half]))
		half--;
	count_words(table, text, text + half, hits);
	lead = best_of(hits, table->count, &best);
	if (lead < CLEAR_LEAD) {
		count_words(table, text + half, text + length, hits);
		lead = best_of(hits, table->count, &best);
	}
	return lead > 0 ? table->languages[best].code : "";
}

void
language_detect(const char *text, gsize length, char ret_code[4])
{
	guint counts[SCRIPT_COUNT] = { 0 };
	enum script script;
	const char *code;

	length = MIN(length, LANGUAGE_BYTES);
	while (length > 0 && (text[length] & 0xc0) == 0x80)
		length--;
	count_scripts(text, text + length, counts);
	script = dominant_script(counts);
	code = script_language[script];
	if (!code)
		code = most_hits(table_for(script), text, length);
	if (!*code && script == SCRIPT_ARABIC)
		code = "ar";
	g_strlcpy(ret_code, code, 4);
}
