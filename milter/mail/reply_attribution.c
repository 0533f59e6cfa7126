/*
 * reply_attribution.c - the line that says who wrote what is quoted below.
 *
 * Language decides little here: an attribution shows a date, a time or an address, usually a
 * verb of writing, and ends with a colon.  Numbers make the date (a year with a day near it, or
 * d.m.y), so month names need no tables; the verbs do, in some fifty languages.  It may be
 * wrapped over several lines, so joins of up to JOIN_LINES lines are looked at.
 */
#include "mail/reply_line.h"

#include <stdlib.h>
#include <string.h>

#define JOIN_LINES 6
#define JOIN_BYTES 640
#define SHORTEST_VERB 5 /* bytes */

/* The last distinctive word of "X wrote", lower case, sorted by bytes. */
static const char *const verbs[] = {
	"aliandika", "ecrit",    "escreveu",  "escribio",   "escribiu",     "escribió",
	"escrigué",  "escrit",   "escriure",  "geschreven", "geschrieben",  "geskryf",
	"idatzi",    "isinulat", "kirjoitti", "kirjutas",   "kiteb",        "menulis",
	"napisal",   "napisala", "napisao",   "napisał",    "napisała",     "napsal",
	"napsala",   "napísal",  "napísala",  "parašė",     "pisze",        "rakstīja",
	"rašė",      "schreef",  "schrieb",   "schrieben",  "scris",        "scritto",
	"shkroi",    "skrev",    "skribis",   "skrifaði",   "sumulat",      "viết",
	"writes",    "wrote",    "yazdı",     "yozdi",      "ysgrifennodd", "écrit",
	"írta",      "έγραψε",   "жазды",     "написа",     "написав",      "написал",
	"написала",  "написао",  "напиша",    "напісаў",    "писал",        "писала",
	"пише",      "пишет",    "գրել",      "գրեց",       "כתב",          "כתבה",
	"كتب",       "كتبت",     "نوشت",      "लिखा",       "დაწერა",
};

/* Languages that put no spaces between words. */
static const char *const joined_verbs[] = {
	"写道",           "寫道", "写到",     "のメッセージ", "書きました",
	"書き込みました", "작성", "썼습니다", "เขียน",
};

/* Before "wrote" and without an address these make it prose. */
static const char *const pronouns[] = {
	"i",   "we", "you", "they", "he",   "she",  "who", "ich",
	"wir", "er", "sie", "yo",   "nous", "elle", "я",   "мы",
};

static gboolean
is_one_of(const char *word, gsize length, const char *const *words, gsize count)
{
	for (gsize i = 0; i < count; i++)
		if (strncmp(words[i], word, length) == 0 && words[i][length] == 0)
			return TRUE;
	return FALSE;
}

static int
compare_word(const void *key, const void *row)
{
	const char *word = key, *verb = *(const char *const *)row;
	int order = (guchar)*word - (guchar)*verb;

	return order ? order : strcmp(word, verb);
}

static gboolean
is_verb(const char *lower)
{
	return bsearch(lower, verbs, G_N_ELEMENTS(verbs), sizeof *verbs, compare_word) != NULL;
}

struct scan {
	guint found; /* enum reply_evidence */
	guint words;
	int year_word, day_word; /* where they stood, -1 */
	guint after_verb; /* letters seen since the last verb */
	char previous[16]; /* the last word, lower case */
};

static gboolean
is_word_byte(char c)
{
	return g_ascii_isalpha(c) || (c & 0x80);
}

/* A no-break space, a direction mark or CJK punctuation: between words though not ASCII.
 * @return its bytes, or 0 */
static gsize
foreign_separator(const char *p, const char *end)
{
	if (end - p >= 2 && p[0] == '\xc2' && (p[1] & 0x80) && (guchar)p[1] <= 0xbf)
		return 2;
	if (end - p >= 3 && p[0] == '\xe2' && (p[1] == '\x80' || p[1] == '\x81'))
		return 3;
	if (end - p >= 3 &&
	    ((p[0] == '\xe3' && p[1] == '\x80') || (p[0] == '\xef' && p[1] == '\xbc')))
		return 3;
	return 0;
}

static void
scan_word(struct scan *scan, const char *word, gsize length)
{
	char lower[40];

	scan->words++;
	if (length >= sizeof lower) {
		scan->after_verb += length;
		scan->previous[0] = 0;
		return;
	}
	for (gsize i = 0; i < length; i++)
		lower[i] = g_ascii_tolower(word[i]);
	lower[length] = 0;
	if (is_verb(lower)) {
		scan->found |= EVIDENCE_VERB;
		if (is_one_of(scan->previous, strlen(scan->previous), pronouns,
			      G_N_ELEMENTS(pronouns)))
			scan->found |= EVIDENCE_PRONOUN;
		scan->after_verb = 0;
	} else {
		if ((scan->found & EVIDENCE_VERB) && scan->after_verb == 0 &&
		    is_one_of(lower, length, pronouns, G_N_ELEMENTS(pronouns)))
			scan->found |= EVIDENCE_PRONOUN;
		scan->after_verb += length;
	}
	g_strlcpy(scan->previous, lower, sizeof scan->previous);
}

/* A day and a year at most four words apart are a date. */
static void
scan_day_or_year(struct scan *scan, guint value, gsize digits)
{
	if (digits == 4 && value >= 1970 && value < 2100)
		scan->year_word = scan->words;
	else if (digits <= 2 && value >= 1 && value <= 31)
		scan->day_word = scan->words;
	else
		return;
	if (scan->year_word >= 0 && scan->day_word >= 0 &&
	    abs(scan->year_word - scan->day_word) <= 4)
		scan->found |= EVIDENCE_DATE;
}

static gsize
digits_at(const char *p, const char *end, guint *ret_value)
{
	const char *q = p;

	*ret_value = 0;
	while (q < end && g_ascii_isdigit(*q)) {
		if (q - p < 5)
			*ret_value = *ret_value * 10 + (*q - '0');
		q++;
	}
	return q - p;
}

/* "3.12.2016", "2016-12-03", "3/12/16". @return bytes, 0 when it is none. */
static gsize
numeric_date(const char *p, const char *end)
{
	guint a, b, c;
	gsize first = digits_at(p, end, &a), second, third;
	const char *q = p + first;
	char mark;

	if (q >= end || !strchr("./-", *q) || first > 4)
		return 0;
	mark = *q++;
	second = digits_at(q, end, &b);
	q += second;
	if (second == 0 || second > 2 || q >= end || *q != mark)
		return 0;
	third = digits_at(++q, end, &c);
	if (third == 0 || third > 4 || !(first == 4 || third == 4 || third == 2))
		return 0;
	return q + third - p;
}

/* "18:02", "20.42", "10h30". */
static gsize
clock_time(const char *p, const char *end)
{
	guint hour, minute;
	gsize first = digits_at(p, end, &hour), second;
	const char *q = p + first;

	if (first == 0 || first > 2 || hour > 24 || q >= end || !strchr(":.hH", *q))
		return 0;
	second = digits_at(q + 1, end, &minute);
	return second == 2 && minute < 60 ? first + 1 + second : 0;
}

static const char *
scan_number(struct scan *scan, const char *p, const char *end)
{
	guint value;
	gsize length;

	scan->words++;
	if (scan->words <= 6)
		scan->found |= EVIDENCE_EARLY;
	length = numeric_date(p, end);
	if (length > 0) {
		scan->found |= EVIDENCE_DATE;
		return p + length;
	}
	length = clock_time(p, end);
	if (length > 0) {
		scan->found |= EVIDENCE_TIME;
		return p + length;
	}
	length = digits_at(p, end, &value);
	scan_day_or_year(scan, value, length);
	return p + length;
}

static gboolean
is_address_byte(char c)
{
	return g_ascii_isalnum(c) || strchr("._-+=%'&/!#$*", c) || (c & 0x80);
}

/* The bytes from p on that could be of an address or a word; what ends them is at *ret_end. */
static gboolean
begins_address(const char *p, const char *end, const char **ret_end)
{
	while (p < end && *p != '@' && is_address_byte(*p))
		p++;
	*ret_end = p;
	return p < end && *p == '@';
}

/* An '@' with something address-like on both sides. @return the byte after it */
static const char *
scan_at(struct scan *scan, const char *begin, const char *p, const char *end)
{
	const char *left = p, *right = p + 1;

	while (left > begin && is_address_byte(left[-1]))
		left--;
	while (right < end &&
	       (g_ascii_isalnum(*right) || *right == '.' || *right == '-' || (*right & 0x80)))
		right++;
	if (left == p || right - p < 3)
		return p + 1;
	scan->words++;
	scan->found |= EVIDENCE_ADDRESS;
	while (left > begin && left[-1] == ' ')
		left--;
	if (left > begin &&
	    (strchr("<([", left[-1]) ||
	     (left - begin >= 7 && g_ascii_strncasecmp(left - 7, "mailto:", 7) == 0)))
		scan->found |= EVIDENCE_BRACKETED;
	return right;
}

static const char *
trim_marks(const char *begin, const char *end)
{
	for (;;) {
		if (end > begin && strchr(" \t*_-=", end[-1]))
			end--;
		else if (end - begin >= 3 && end[-3] == '\xe2' && end[-2] == '\x80')
			end -= 3; /* a direction mark */
		else
			return end;
	}
}

static void
scan_joined_verbs(struct scan *scan, const char *begin, const char *end)
{
	for (gsize i = 0; i < G_N_ELEMENTS(joined_verbs); i++)
		if (g_strstr_len(begin, end - begin, joined_verbs[i])) {
			scan->found |= EVIDENCE_VERB;
			scan->after_verb = 0;
		}
}

static guint
scan_dashes(const char *begin, const char *end)
{
	return end - begin > 8 && begin[0] == '-' && begin[1] == '-' && end[-1] == '-' &&
			       end[-2] == '-'
		       ? EVIDENCE_DASHES
		       : 0;
}

static guint
evidence_of(const char *begin, gsize length)
{
	struct scan scan = { .year_word = -1, .day_word = -1 };
	const char *end = begin + length, *p, *word;
	const char *run_end = begin; /* no address begins before it */
	gboolean foreign = FALSE;

	scan.found |= scan_dashes(begin, end);
	end = trim_marks(begin, end);
	for (p = begin; p < end;) {
		/* its digits are no date */
		if (p >= run_end && begins_address(p, end, &run_end))
			p = scan_at(&scan, begin, run_end, end);
		else if (g_ascii_isdigit(*p))
			p = scan_number(&scan, p, end);
		else if (is_word_byte(*p)) {
			word = p;
			while (p < end && is_word_byte(*p) && !foreign_separator(p, end)) {
				foreign |= (*p & 0x80) != 0;
				p++;
			}
			if (p > word)
				scan_word(&scan, word, p - word);
			p += foreign_separator(p, end);
		} else
			p++;
	}
	if (foreign)
		scan_joined_verbs(&scan, begin, end);
	if (scan.after_verb <= 4 && (scan.found & EVIDENCE_VERB))
		scan.found |= EVIDENCE_VERB_LAST;
	if (end > begin && end[-1] == ':')
		scan.found |= EVIDENCE_COLON;
	if (end - begin >= 3 && memcmp(end - 3, "：", 3) == 0)
		scan.found |= EVIDENCE_COLON;
	return scan.found;
}

enum belief { BELIEF_NONE, BELIEF_BEFORE_QUOTE, BELIEF_CERTAIN };

static enum belief
belief_in(guint found)
{
	gboolean dated = found & (EVIDENCE_DATE | EVIDENCE_TIME);
	gboolean ends = found & (EVIDENCE_COLON | EVIDENCE_VERB_LAST);

	if (found & EVIDENCE_VERB) {
		if (!ends)
			return BELIEF_NONE;
		if ((found & EVIDENCE_ADDRESS) && (dated || (found & EVIDENCE_VERB_LAST)))
			return BELIEF_CERTAIN;
		if (found & EVIDENCE_PRONOUN)
			return BELIEF_NONE;
		if (dated && (found & EVIDENCE_EARLY))
			return BELIEF_CERTAIN;
		if ((found & EVIDENCE_DASHES) && (found & EVIDENCE_VERB_LAST))
			return BELIEF_CERTAIN;
		return (found & EVIDENCE_VERB_LAST) && (found & EVIDENCE_COLON)
			       ? BELIEF_BEFORE_QUOTE
			       : BELIEF_NONE;
	}
	if (!(found & EVIDENCE_BRACKETED) || !(found & EVIDENCE_EARLY) || !dated)
		return BELIEF_NONE;
	return found & EVIDENCE_COLON ? BELIEF_CERTAIN : BELIEF_BEFORE_QUOTE;
}

/* Is the line's last word, or all of a CJK line, about writing? */
static gboolean
ends_with_verb(const char *begin, const char *end)
{
	const char *word = end;
	char lower[40];
	gsize length;

	while (word > begin && is_word_byte(word[-1]))
		word--;
	length = end - word;
	if (length == 0 || length >= sizeof lower)
		return FALSE;
	for (gsize i = 0; i < length; i++)
		lower[i] = g_ascii_tolower(word[i]);
	lower[length] = 0;
	if (length >= SHORTEST_VERB && is_verb(lower))
		return TRUE;
	for (gsize i = 0; (end[-1] & 0x80) && i < G_N_ELEMENTS(joined_verbs); i++)
		if (g_str_has_suffix(lower, joined_verbs[i]))
			return TRUE;
	return FALSE;
}

/* Could an attribution end here at all?  Cheap; most lines say no. */
static gboolean
may_end_attribution(const struct reply_line *line)
{
	const char *end = trim_marks(line->text, line->text + line->text_length);
	gsize length = end - line->text;

	if (length < 3 || line->text_length > JOIN_BYTES)
		return FALSE;
	if (strchr(":>)]", end[-1]) || memcmp(end - 3, "：", 3) == 0)
		return TRUE;
	return ends_with_verb(line->text, end);
}

static void
join_before(GString *join, const struct reply_line *line)
{
	if (join->len > 0)
		g_string_prepend_c(join, ' ');
	g_string_prepend_len(join, line->text, line->text_length);
}

/* May the attribution go on above this line?  Over an empty line only when an address was torn
 * off: some clients put "<", the address and ">" on lines of their own. */
static gboolean
goes_on_above(const struct reply_line *lines, guint index, guint first)
{
	if (index <= first || lines[index].depth != lines[index - 1].depth)
		return index > first && lines[index].depth == 1 && lines[index].text_length < 16 &&
		       lines[index - 1].text_length > 0;
	if (lines[index - 1].text_length > 0)
		return TRUE;
	return lines[index].text_length > 0 && lines[index].text[0] == '<';
}

int
reply_attribution_find(const struct reply_line *lines, guint first, guint last,
		       gboolean *ret_certain)
{
	g_autoptr(GString) join = NULL;
	int best = -1;
	enum belief belief;
	guint found;

	if (!may_end_attribution(&lines[last]))
		return -1;
	join = g_string_sized_new(JOIN_BYTES);
	for (guint i = last, n = 0; n < JOIN_LINES; n++) {
		join_before(join, &lines[i]);
		if (join->len > JOIN_BYTES)
			break;
		if (lines[i].text_length > 0) {
			found = evidence_of(join->str, join->len);
			belief = belief_in(found);
			/* a line that brings the date is where it began; further up is prose */
			if (belief != BELIEF_NONE) {
				best = i;
				*ret_certain = belief == BELIEF_CERTAIN;
				if (found & EVIDENCE_EARLY)
					break;
			}
		}
		if (!goes_on_above(lines, i, first))
			break;
		i--;
	}
	return best;
}
