/*
 * company.c - see company.h.
 *
 * Legal forms that are also words or abbreviations of other things ("AS", "Co", "SE") count
 * only in capitals or with their dots, at the end (or, in Cyrillic, the beginning) of a name.
 */
#include "mail/company.h"

#include <string.h>

enum form { FORM_SURE = 1, FORM_CAPITALS, WORD_COMPANY };

static const struct wordlist_entry forms[] = {
	{ FORM_SURE,
	  "ltd|limited|llc|inc|incorporated|corp|corporation|plc|llp|pllc|gmbh|gesmbh|ohg|gbr|mbh|"
	  "kgaa|ggmbh|sarl|eurl|sasu|srl|srls|spa|slu|sau|eireli|ltda|lda|bvba|sprl|aps|oyj|asa|"
	  "ооо|оао|зао|пао|тоо|тов|прат|еоод|оод|оао|ип|фоп|чп|ood|eood|sro|s r "
	  "o|zrt|nyrt|kft|doo|d o o|sp z o o|"
	  "sp zoo|spzoo|sp k|spolka|pty|pte|pvt|sdn bhd|bhd|tbk|jsc|ojsc|cjsc|pjsc|fze|fzco|dmcc|"
	  "wll|uab|sdn|gmbh & co|& co kg|spol|ooo|oao|zao|s a|s l|n v|b v|a s|"
	  "limitada|anonim şirketi|san tic|a ş" },
	{ FORM_CAPITALS,
	  "co|sa|sas|snc|sl|bv|nv|ab|as|oy|ag|kg|se|ug|lp|kk|dd|ad|ao|ао|sia|ou|scs|sca|ehf|vof|"
	  "aş|şti|sti|gk|пп|дп|гк|нпо|sh p k|sj" },
	{ WORD_COMPANY,
	  "technologies|solutions|systems|group|holdings|holding|consulting|partners|industries|"
	  "enterprises|bank|university|labs|laboratories|studio|studios|networks|international|"
	  "associates|institute|foundation|company|agency|logistics|motors|pharma|bros|brothers|"
	  "& sons|and sons|& co|& company|hospital|ministry|college|ventures|capital|worldwide|"
	  "manufacturing|foods|airlines|hotels|insurance|school|council|federation|society|"
	  "gruppe|groupe|gruppo|grupo|grup|werke|universität|université|universidad|università|"
	  "universitatea|universidade|institut|verlag|stiftung|technik|maschinenbau|"
	  "группа|группа "
	  "компаний|компания|завод|банк|университет|холдинг|агентство|институт|фабрика|"
	  "торговый дом|фирма|студия" },
	{ 0, NULL },
};

static const struct wordlist_entry east_asian[] = {
	{ 1, "有限责任公司|股份有限公司|有限公司|集团公司|公司|株式会社|有限会社|合同会社|주식회사|"
	     "㈜|(주)|유한회사|企業|"
	     "集团|集團|大学|大學|银行|銀行|研究院|工厂" },
	{ 0, NULL },
};

static void *
make_list(void *entries)
{
	return wordlist_new(entries);
}

/* Capitals, or dots between letters. */
static gboolean
is_marked(const char *line, const struct word *word)
{
	gboolean lower = FALSE, upper = FALSE;

	for (const char *p = line + word->begin; p < line + word->end; p = g_utf8_next_char(p)) {
		lower |= g_unichar_islower(g_utf8_get_char(p));
		upper |= g_unichar_isupper(g_utf8_get_char(p));
	}
	return upper && (!lower || memchr(line + word->begin, '.', word->end - word->begin));
}

static gboolean
is_first_upper(const char *line, const struct word *word)
{
	gunichar c = g_utf8_get_char(line + word->begin);

	return g_unichar_isupper(c) || (c >= 0x530 && !g_unichar_islower(c));
}

static gboolean
has_upper(const char *line, const struct word *word)
{
	for (const char *p = line + word->begin; p < line + word->end; p = g_utf8_next_char(p))
		if (g_unichar_isupper(g_utf8_get_char(p)))
			return TRUE;
	return FALSE;
}

static gboolean
stands_as_form(enum form value, const char *line, const struct words *words, guint i, guint taken)
{
	const struct word *word = &words->word[i];

	if (words->count == taken)
		return FALSE;
	if (value == FORM_SURE)
		return i > 0 ? has_upper(line, word) || words->count <= 4 : is_marked(line, word);
	/* "Big Co", "Petrov ao" */
	if (strcmp(word->text, "co") == 0) /* CO is Colorado */
		return i + taken == words->count && line[word->begin] == 'C' &&
		       line[word->begin + 1] == 'o';
	return is_marked(line, word) &&
	       (i + taken == words->count || i == 0 || strchr(",&", line[word->end]) != NULL);
}

static gboolean
is_east_asian(const char *line, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if ((guchar)line[i] >= 0xe3)
			return TRUE;
	return FALSE;
}

/* A name: its words begin with capitals, but for "of", "and" and their like. */
static gboolean
is_capitalised(const char *line, const struct words *words)
{
	guint lower = 0;

	for (guint i = 0; i < words->count; i++)
		lower += !is_first_upper(line, &words->word[i]) &&
			 strlen(words->word[i].text) > 3 && !g_ascii_isdigit(*words->word[i].text);
	return lower == 0 && words->count > 0 && is_first_upper(line, &words->word[0]);
}

gboolean
company_is_domain(const struct words *words, const char *domain)
{
	char name[64] = "", label[64] = "";
	gsize n = 0;

	if (!domain || words->count == 0)
		return FALSE;
	for (const char *p = domain; *p && *p != '.' && n < sizeof label - 1; p++)
		if (*p != '-')
			label[n++] = g_ascii_tolower(*p);
	label[n] = '\0';
	for (guint i = 0; i < words->count && strlen(name) < sizeof name - WORDLIST_BYTES; i++)
		if (strcmp(words->word[i].text, "&") != 0)
			g_strlcat(name, words->word[i].text, sizeof name);
	if (n < 4 || strlen(name) < 4)
		return n >= 2 && strcmp(name, label) == 0;
	return strncmp(name, label, MIN(n, strlen(name))) == 0;
}

enum company_evidence
company_judge(const char *line, gsize length, const struct words *words, const char *domain,
	      gsize *ret_end)
{
	static GOnce once = G_ONCE_INIT;
	const struct wordlist *list = g_once(&once, make_list, (void *)forms);
	enum company_evidence found = COMPANY_NONE;
	guint taken;

	*ret_end = length;
	if (is_east_asian(line, length) && length <= 90 &&
	    wordlist_inside(east_asian, line, length, NULL))
		return COMPANY_FORM;
	for (guint i = 0; i < words->count; i += taken) {
		enum form value;

		taken = 1;
		value = wordlist_match(list, words, i, &taken);
		if (value == WORD_COMPANY && words->count > taken && found == COMPANY_NONE)
			found = COMPANY_WORD;
		if ((value != FORM_SURE && value != FORM_CAPITALS) ||
		    !stands_as_form(value, line, words, i, taken))
			continue;
		found = COMPANY_FORM;
		*ret_end = i > 0 ? words->word[i + taken - 1].end : length;
	}
	if (found == COMPANY_FORM)
		return words->count <= 12 ? found : COMPANY_NONE;
	if (words->count > 7 || !is_capitalised(line, words) || strchr("!?:", line[length - 1]))
		return COMPANY_NONE;
	return company_is_domain(words, domain) ? COMPANY_DOMAIN : found;
}
