/*
 * name.c - see name.h.
 *
 * Orders known: "First Last", "Last, First", "LAST First", family name first in Chinese,
 * Japanese and Korean script, and Russian "Last First Patronymic".  Particles ("van der")
 * belong to the family name.
 */
#include "mail/name.h"

#include <string.h>

#include "base/limits.h"
#include "mail/fold.h"
#include "mail/wordlist.h"

#define MOST_TOKENS 10

enum name_word { WORD_PREFIX = 1, WORD_SUFFIX, WORD_PARTICLE, WORD_IMPERSONAL };

static const struct wordlist_entry name_words[] = {
	{ WORD_PREFIX,
	  "mr|mister|mrs|ms|miss|mx|dr|prof|professor|sir|dame|lord|lady|rev|reverend|fr|hon|capt|"
	  "captain|col|gen|maj|sgt|lt|eng|engr|arch|herr|hr|frau|fr|dipl|dipl ing|ing|mag|med|jur|"
	  "rer|nat|phil|habil|m|mme|mlle|me|monsieur|madame|mademoiselle|maître|sr|sra|srta|señor|"
	  "señora|don|doña|lic|sig|sigra|sigra|dott|dottssa|dottoressa|avv|geom|rag|arq|dra|profa|"
	  "dl|dna|dnul|domnul|doamna|dhr|mevr|mw|drs|ir|mgr|inż|mudr|judr|phdr|rndr|pan|pani|bc|"
	  "г н|г жа|господин|госпожа|гн|гжа|д р|проф|пан|пані" },
	{ WORD_SUFFIX,
	  "jr|jnr|snr|ii|iii|iv|phd|dphil|md|do|dds|dvm|rn|esq|esquire|mba|emba|cpa|cfa|"
	  "pmp|msc|bsc|ma|ba|meng|beng|llb|llm|jd|pe|peng|cissp|csm|pmi acp|acca|fca|aca|fcca|"
	  "dba|edd|mph|mha|cism|cisa|frsa|obe|mbe|cbe|shrm cp|phr|sphr|ret|mbbs|frcs|aia|leed ap|"
	  "bsc hons|ph d|к т н|д т н" },
	{ WORD_PARTICLE,
	  "van|von|vom|zu|zum|zur|de|der|den|del|della|delle|dello|dei|degli|di|da|das|dos|do|du|"
	  "des|"
	  "la|le|las|los|lo|ter|ten|te|bin|ibn|binti|bint|al|el|af|av|y|e|san|santa|st|ben|bar|op|"
	  "in|'t|t|d|o|mac|mc|фон|де|ван|аль|ибн|оглы|кызы" },
	{ WORD_IMPERSONAL,
	  "team|sales|support|info|information|office|service|services|department|dept|desk|"
	  "helpdesk|newsletter|marketing|admin|administrator|administration|noreply|no reply|"
	  "reply|customer|customers|billing|accounts|accounting|hr|careers|jobs|notification|"
	  "notifications|alert|alerts|contact|orders|order|shop|store|webmaster|postmaster|"
	  "mailer daemon|daemon|system|server|user|anonymous|unknown|test|press|media|news|"
	  "procurement|purchasing|invoices|finance|management|reception|enquiries|inquiries|"
	  "hello|help|mail|email|account|website|web|online|official|group|company|club|"
	  "vertrieb|einkauf|verkauf|buchhaltung|kundenservice|kundendienst|redaktion|"
	  "sekretariat|zentrale|ventas|compras|atención|comercial|contacto|soporte|vendite|"
	  "acquisti|ufficio|segreteria|commerciale|amministrazione|service client|achats|"
	  "comptabilité|vendas|financeiro|atendimento|vânzări|achiziții|contabilitate|"
	  "secretariat|suport|birou|отдел|отдел продаж|продажи|закупки|бухгалтерия|поддержка|"
	  "служба|секретариат|администрация|приемная|команда|ltd|llc|inc|gmbh|corp|ооо|ag|srl|"
	  "sarl|plc|pty|bv|oy|"
	  "销售部|客服|采购部|市场部" },
	{ 0, NULL },
};

static void *
make_list(void *unused G_GNUC_UNUSED)
{
	return wordlist_new(name_words);
}

static guint
word_kind(const char *folded)
{
	static GOnce once = G_ONCE_INIT;

	return wordlist_value(g_once(&once, make_list, NULL), folded);
}

/* --- scripts --- */

static gboolean
is_han(gunichar c)
{
	return (c >= 0x3400 && c <= 0x9fff) || (c >= 0x20000 && c <= 0x3ffff) || c == 0x3005;
}

static gboolean
is_hangul(gunichar c)
{
	return c >= 0xac00 && c <= 0xd7a3;
}

static gboolean
is_east_asian(gunichar c)
{
	return is_han(c) || is_hangul(c) || (c >= 0x3040 && c <= 0x30ff);
}

static gboolean
is_all_east_asian(const char *text)
{
	glong letters = 0;

	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (!is_east_asian(c) && c != ' ' && c != 0xb7 && c != 0x30fb)
			return FALSE;
		letters += is_east_asian(c);
	}
	return letters >= 2;
}

/* --- tokens --- */

struct token {
	char *text;
	char folded[WORDLIST_BYTES];
	guint kind;
};

struct tokens {
	struct token token[MOST_TOKENS];
	guint count;
};

static void
tokens_clear(struct tokens *tokens)
{
	for (guint i = 0; i < tokens->count; i++)
		g_free(tokens->token[i].text);
}

static void
token_add(struct tokens *tokens, const char *from, gsize length)
{
	struct token *token;
	struct words words;

	while (length > 0 && strchr(",;\"'`", from[length - 1]))
		length--;
	while (length > 0 && strchr("\"'`,;", *from)) {
		from++;
		length--;
	}
	words_split(from, length, &words);
	if (words.count == 0 || tokens->count == MOST_TOKENS)
		return;
	token = &tokens->token[tokens->count++];
	token->text = g_strndup(from, length);
	*token->folded = '\0';
	for (guint i = 0; i < words.count; i++) {
		if (i > 0)
			g_strlcat(token->folded, " ", sizeof token->folded);
		g_strlcat(token->folded, words.word[i].text, sizeof token->folded);
	}
	token->kind = word_kind(token->folded);
}

static void
tokens_read(const char *text, struct tokens *ret)
{
	ret->count = 0;
	for (const char *p = text; *p;) {
		gsize n = strcspn(p, " \t\n");

		if (n > 0)
			token_add(ret, p, n);
		p += n + (p[n] != '\0');
	}
}

static char *
tokens_join(const struct tokens *tokens, guint from, guint to)
{
	GString *s = from < to ? g_string_new(tokens->token[from].text) : NULL;

	for (guint i = from + 1; i < to; i++)
		g_string_append_printf(s, " %s", tokens->token[i].text);
	return s ? g_string_free(s, FALSE) : NULL;
}

/* --- cleaning --- */

static char *
strip_quotes(char *text)
{
	for (;;) {
		gsize n;

		g_strstrip(text);
		n = strlen(text);
		if (n >= 2 && (*text == '"' || *text == '\'') && text[n - 1] == *text) {
			text[n - 1] = '\0';
			memmove(text, text + 1, n - 1);
		} else
			return text;
	}
}

/* "Ana Berg (Acme)", "Ana Berg [Acme]": out of the name, an organisation unless a nickname. */
static void
cut_brackets(char *text, struct name_parts *ret)
{
	for (const char *pair = "()[]<>"; *pair; pair += 2) {
		char *open = strchr(text, pair[0]);
		char *close = open && open > text ? strchr(open, pair[1]) : NULL;

		if (!close)
			continue;
		*close = '\0';
		if (close[1] == '\0' && strlen(open + 1) > 1 && !strchr(open, '@') &&
		    !ret->organisation)
			ret->organisation = g_strstrip(g_strdup(open + 1));
		memmove(open, close + 1, strlen(close + 1) + 1);
		g_strstrip(text);
	}
}

/* "Ana Berg | Acme", "Ana Berg at Acme", "Ana Berg via Portal". */
static void
cut_tail(char *text, struct name_parts *ret)
{
	static const struct {
		const char *mark;
		gboolean organisation;
	} marks[] = { { " | ", TRUE },   { " @ ", TRUE },    { " at ", TRUE }, { " from ", TRUE },
		      { " bei ", TRUE }, { " via ", FALSE }, { " - ", TRUE },  { " – ", TRUE },
		      { " — ", TRUE },   { " / ", TRUE } };

	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		char *at = strstr(text, marks[i].mark);

		if (!at || at == text)
			continue;
		if (marks[i].organisation && !ret->organisation)
			ret->organisation = g_strstrip(g_strdup(at + strlen(marks[i].mark)));
		*at = '\0';
		g_strstrip(text);
	}
}

/* "Berg, Ana" is "Ana Berg"; "Ana Berg, PhD" stays. */
static char *
turn_comma(char *text)
{
	char *comma = strchr(text, ',');
	struct words words;

	if (!comma || comma == text || comma[1] == '\0' || strchr(comma + 1, ','))
		return text;
	words_split(comma + 1, strlen(comma + 1), &words);
	if (words.count == 0 || words.count > 4 || word_kind(words.word[0].text) == WORD_SUFFIX)
		return text;
	*comma = '\0';
	char *turned = g_strdup_printf("%s %s", g_strstrip(comma + 1), g_strstrip(text));
	g_free(text);
	return turned;
}

/* --- orders --- */

static void
split_east_asian(const char *text, struct name_parts *ret)
{
	static const char *const compound[] = { "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛",
						"諸葛", "东方", "尉迟", "公孙", "慕容", "皇甫",
						"夏侯", "令狐", "남궁", "황보", "제갈", "선우" };
	const char *space = strpbrk(text, " "), *given;

	if (space) {
		ret->last = g_strndup(text, space - text);
		ret->first = g_strstrip(g_strdup(space + 1));
		return;
	}
	if (g_utf8_strlen(text, -1) > 4)
		return;
	given = g_utf8_next_char(text);
	for (gsize i = 0; i < G_N_ELEMENTS(compound); i++)
		if (g_str_has_prefix(text, compound[i]) && strlen(text) > strlen(compound[i]))
			given = text + strlen(compound[i]);
	ret->last = g_strndup(text, given - text);
	ret->first = g_strdup(given);
}

static gboolean
is_patronymic(const char *folded)
{
	static const char *const ends[] = { "ович",   "евич",  "ьич",   "овна",  "евна", "ична",
					    "инична", "ivich", "ovich", "evich", "ovna", "evna" };

	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(folded, ends[i]) && strlen(folded) > strlen(ends[i]) + 1)
			return TRUE;
	return FALSE;
}

static gboolean
is_upper(const char *text)
{
	glong letters = 0;

	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_islower(c))
			return FALSE;
		letters += g_unichar_isalpha(c);
	}
	return letters >= 3;
}

/* Where the family name begins among [from, to). */
static guint
family_begins(const struct tokens *tokens, guint from, guint to)
{
	for (guint i = from + 1; i + 1 < to; i++)
		if (tokens->token[i].kind == WORD_PARTICLE)
			return i;
	return to - 1;
}

static void
split_tokens(const struct tokens *tokens, guint from, guint to, struct name_parts *ret)
{
	guint family;

	if (to - from == 1) {
		ret->first = tokens_join(tokens, from, to);
		return;
	}
	if (to - from == 3 && is_patronymic(tokens->token[to - 1].folded)) {
		ret->last = tokens_join(tokens, from, from + 1);
		ret->first = tokens_join(tokens, from + 1, from + 2);
		return;
	}
	if (is_upper(tokens->token[from].text) && !is_upper(tokens->token[to - 1].text)) {
		ret->last = tokens_join(tokens, from, from + 1);
		ret->first = tokens_join(tokens, from + 1, to);
		return;
	}
	family = family_begins(tokens, from, to);
	ret->last = tokens_join(tokens, family, to);
	if (family - from == 2 && is_patronymic(tokens->token[from + 1].folded))
		family--;
	/* a middle initial is no part of the given name */
	while (family - from > 1 && g_utf8_strlen(tokens->token[family - 1].folded, -1) == 1)
		family--;
	ret->first = tokens_join(tokens, from, family);
}

static void
split_clean(const char *text, struct name_parts *ret)
{
	struct tokens tokens;
	guint from = 0, to;

	tokens_read(text, &tokens);
	to = tokens.count;
	while (from + 1 < to && tokens.token[from].kind == WORD_PREFIX)
		from++;
	while (to > from + 1 && (tokens.token[to - 1].kind == WORD_SUFFIX ||
				 (to > from + 2 && !strcmp(tokens.token[to - 1].folded, "sr"))))
		to--;
	ret->prefix = tokens_join(&tokens, 0, from);
	ret->suffix = tokens_join(&tokens, to, tokens.count);
	if (to > from)
		split_tokens(&tokens, from, to, ret);
	tokens_clear(&tokens);
}

/* "王伟先生", "김민수님". */
static void
cut_honorific(char *text)
{
	static const char *const ends[] = {
		"先生", "女士", "小姐", "老师", "経理", "님", "씨", "様"
	};

	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(text, ends[i]) && strlen(text) > strlen(ends[i]) + 3)
			text[strlen(text) - strlen(ends[i])] = '\0';
	g_strchomp(text);
}

static char *
bounded(const char *shown)
{
	gsize n = strlen(shown);

	if (n > LIMIT_NAME) {
		n = LIMIT_NAME;
		while (n > 0 && (shown[n] & 0xc0) == 0x80)
			n--;
	}
	return g_strndup(shown, n);
}

void
name_split(const char *shown, struct name_parts *ret)
{
	char *text;

	memset(ret, 0, sizeof *ret);
	if (!shown)
		return;
	text = strip_quotes(bounded(shown));
	cut_brackets(text, ret);
	cut_tail(text, ret);
	text = turn_comma(strip_quotes(text));
	if (is_all_east_asian(text)) {
		cut_honorific(text);
		split_east_asian(text, ret);
	} else
		split_clean(text, ret);
	if (*text)
		ret->whole = text;
	else
		g_free(text);
}

void
name_parts_clear(struct name_parts *parts)
{
	g_free(parts->whole);
	g_free(parts->prefix);
	g_free(parts->first);
	g_free(parts->last);
	g_free(parts->suffix);
	g_free(parts->organisation);
	memset(parts, 0, sizeof *parts);
}

/* --- judgements --- */

static gboolean
is_vowel(const char *p)
{
	static const char vowels[] = "aeiouyаеиоуыэюяіїєөүαεηιουω";

	return g_utf8_strchr(vowels, sizeof vowels - 1, g_utf8_get_char(p)) != NULL;
}

gboolean
name_is_implausible(const char *name)
{
	struct fold_text folded;
	gboolean vowel = FALSE, other = FALSE;
	guint letters = 0, run = 0;

	if (!name)
		return FALSE;
	fold_text(name, strlen(name), &folded);
	for (const char *p = folded.bytes; *p && !vowel; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (!g_unichar_isalpha(c)) {
			run = 0;
			continue;
		}
		vowel = is_vowel(p);
		other |= c >= 0x530;
		letters += ++run == 2 ? 2 : run > 2; /* initials are no words */
	}
	fold_text_clear(&folded);
	return letters >= 2 && !vowel && !other;
}

gboolean
name_is_impersonal(const char *name)
{
	struct words words;

	if (strchr(name, '@') || strstr(name, "://"))
		return TRUE;
	words_split(name, strlen(name), &words);
	for (guint i = 0; i < words.count; i++)
		if (word_kind(words.word[i].text) == WORD_IMPERSONAL)
			return TRUE;
	return words.count == 0;
}

static gboolean
is_name_character(gunichar c)
{
	return g_unichar_isalpha(c) || g_unichar_ismark(c) || c == '.' || c == '-' || c == '\'' ||
	       c == 0x2019 || c == ',' || c == ' ' || c == 0xb7 || c == 0x30fb;
}

gboolean
name_looks_personal(const char *text, gsize length)
{
	g_autofree char *copy = g_strndup(text, MIN(length, LIMIT_NAME));
	struct tokens tokens;
	guint bad = 0, capital = 0;

	if (length > 60 || !g_utf8_validate(copy, -1, NULL))
		return FALSE;
	for (const char *p = copy; *p; p = g_utf8_next_char(p))
		if (!is_name_character(g_utf8_get_char(p)))
			return FALSE;
	if (is_all_east_asian(copy))
		return g_utf8_strlen(copy, -1) <= 8;
	tokens_read(copy, &tokens);
	for (guint i = 0; i < tokens.count; i++) {
		gboolean upper = g_unichar_isupper(g_utf8_get_char(tokens.token[i].text)) ||
				 g_utf8_get_char(tokens.token[i].text) >= 0x530;

		capital += upper;
		bad += (!upper && !tokens.token[i].kind) || tokens.token[i].kind == WORD_IMPERSONAL;
	}
	guint count = tokens.count;
	tokens_clear(&tokens);
	return count >= 1 && count <= 6 && bad == 0 && capital >= 1;
}

gboolean
name_shares_word(const char *text, gsize length, const char *name)
{
	struct words one, other;

	words_split(text, length, &one);
	words_split(name, strlen(name), &other);
	for (guint i = 0; i < one.count; i++)
		for (guint k = 0; k < other.count; k++)
			if (strlen(one.word[i].text) >= 2 &&
			    word_kind(one.word[i].text) != WORD_PARTICLE &&
			    strcmp(one.word[i].text, other.word[k].text) == 0)
				return TRUE;
	return FALSE;
}
