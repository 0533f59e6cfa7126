/*
 * content.c - see content.h.
 *
 * The new text is folded once (fold.h); phrases and figures are looked for in the folded form and
 * shown as written.  Three kinds of phrase lists are helpers, whose names begin with '_' and which
 * are no hits of their own (conf/lists/phrases tells an administrator the same):
 *   _short_NAME  counts as NAME in a text of few words: "stop", "no thanks"
 *   _weak_NAME   counts as NAME when two different phrases of it are there
 *   _term        before, _term_behind right after a date or span, makes it a deadline
 */
#include "mail/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/eight.h"
#include "base/limits.h"
#include "mail/attachment.h"
#include "mail/figure.h"
#include "mail/fold.h"
#include "mail/utm.h"

#define SHORT_WORDS 6 /* a text of no more is what its one phrase says */
#define TERM_BEFORE 24 /* bytes before a date in which "by" is looked for */
#define TERM_GAP 6 /* bytes between the two: "by the 5th" */
#define TERM_BEHIND 24

struct finder {
	struct content *content;
	const char *text; /* as written */
	const struct phrases *phrases; /* or NULL */
	gint64 date; /* of the message, 0 unknown */
	struct fold_text folded;
	GArray *matches; /* struct phrase_match, in order of their end */
	const struct phrase_match *denial[16]; /* refusals and opt-outs among them */
	guint denials;
	const char *refusal, *opt_out; /* the names of these lists in the database */
};

/* --- hits --- */

static void
hit_free(struct content_hit *hit)
{
	g_free(hit->evidence);
	g_free(hit);
}

/* The words from begin to end, as one line. */
static char *
words_between(const char *text, gsize begin, gsize end)
{
	char *words = g_utf8_make_valid(text + begin, MIN(end - begin, LIMIT_EVIDENCE));
	char *out = words;
	for (const char *in = words; *in; in++) {
		char c = (guchar)*in < ' ' ? ' ' : *in;
		if (c != ' ' || (out > words && out[-1] != ' '))
			*out++ = c;
	}
	*out = '\0';
	return g_strchomp(words);
}

static void
add_hit(struct finder *finder, const char *name, const struct phrase_match *match)
{
	if (content_has(finder->content, name))
		return;
	struct content_hit *hit = g_new0(struct content_hit, 1);
	hit->name = name;
	hit->evidence = words_between(finder->text, match->begin, match->end);
	g_ptr_array_add(finder->content->hits, hit);
}

gboolean
content_has(const struct content *content, const char *list)
{
	for (guint i = 0; i < content->hits->len; i++) {
		const struct content_hit *hit = g_ptr_array_index(content->hits, i);
		if (!strcmp(hit->name, list))
			return TRUE;
	}
	return FALSE;
}

/* Words somebody quotes are not said by them: 'reply with "remove me" to unsubscribe'. */
static gboolean
is_in_quotes(const char *text, const struct phrase_match *match)
{
	return match->begin > 0 && strchr("\"'", text[match->begin - 1]) &&
	       text[match->begin - 1] == text[match->end];
}

/* The first match of this list was another phrase, before this one. */
static gboolean
is_second_phrase(const GArray *matches, guint index)
{
	const struct phrase_match *match = &g_array_index(matches, struct phrase_match, index);
	for (guint i = 0; i < index; i++) {
		const struct phrase_match *other = &g_array_index(matches, struct phrase_match, i);
		if (other->list == match->list)
			return other->phrase != match->phrase && other->end <= match->begin;
	}
	return FALSE;
}

/* A match that shares words with a refusal or an opt-out says the opposite: "we don't need". */
static gboolean
is_denied(const struct finder *finder, const struct phrase_match *match)
{
	if (match->list == finder->refusal || match->list == finder->opt_out)
		return FALSE;
	for (guint i = 0; i < finder->denials; i++) {
		const struct phrase_match *denial = finder->denial[i];
		if (match->begin < denial->end && denial->begin < match->end)
			return TRUE;
	}
	return FALSE;
}

static void
find_denials(struct finder *finder)
{
	for (guint i = 0; i < finder->matches->len; i++) {
		const struct phrase_match *match =
			&g_array_index(finder->matches, struct phrase_match, i);
		gboolean refusal = !strcmp(match->list, "refusal");
		if (refusal)
			finder->refusal = match->list;
		else if (!strcmp(match->list, "opt_out"))
			finder->opt_out = match->list;
		else
			continue;
		if (finder->denials < G_N_ELEMENTS(finder->denial))
			finder->denial[finder->denials++] = match;
	}
}

/* In a text of few words also the words that mean something only there. */
static void
add_short_hits(struct finder *finder)
{
	static const char prefix[] = "_short_";
	if (!finder->phrases || finder->content->words > SHORT_WORDS)
		return;
	g_autoptr(GArray) matches =
		phrases_scan_part(finder->phrases, &finder->folded, 0, finder->folded.length);
	for (guint i = 0; i < matches->len; i++) {
		const struct phrase_match *match = &g_array_index(matches, struct phrase_match, i);
		if (g_str_has_prefix(match->list, prefix) && !is_in_quotes(finder->text, match) &&
		    !is_denied(finder, match))
			add_hit(finder, match->list + strlen(prefix), match);
	}
}

static void
add_hits(struct finder *finder)
{
	for (guint i = 0; i < finder->matches->len; i++) {
		const struct phrase_match *match =
			&g_array_index(finder->matches, struct phrase_match, i);
		if (match->list[0] != '_' && !is_in_quotes(finder->text, match) &&
		    !is_denied(finder, match))
			add_hit(finder, match->list, match);
	}
}

static void
add_weak_hits(struct finder *finder)
{
	static const char prefix[] = "_weak_";
	for (guint i = 1; i < finder->matches->len; i++) {
		const struct phrase_match *match =
			&g_array_index(finder->matches, struct phrase_match, i);
		if (g_str_has_prefix(match->list, prefix) &&
		    !content_has(finder->content, match->list + strlen(prefix)) &&
		    is_second_phrase(finder->matches, i))
			add_hit(finder, match->list + strlen(prefix), match);
	}
}

/* --- words and questions --- */

/* Whether a wide character belongs to a word; those of scripts without spaces are one each. */
static gboolean
wide_in_word(const char *p, guint *ret_words)
{
	guchar lead = *p;
	if (lead >= 0xc3 && lead < 0xd5) /* Latin, Greek, Cyrillic, Armenian */
		return TRUE;
	if (lead >= 0xe4 && lead <= 0xe9) { /* Han */
		++*ret_words;
		return FALSE;
	}
	gunichar c = g_utf8_get_char(p);
	if (c >= 0xac00 && c <= 0xd7a3) /* Hangul */
		return TRUE;
	return fold_is_word(c);
}

enum byte_class { BYTE_OTHER, BYTE_WORD, BYTE_JOINER, BYTE_WIDE };

static const guint8 byte_class[256] = {
	['a' ... 'z'] = BYTE_WORD, ['0' ... '9'] = BYTE_WORD,   ['\''] = BYTE_JOINER,
	['-'] = BYTE_JOINER,       [0x80 ... 0xff] = BYTE_WIDE,
};

struct word_count {
	guint words;
	guint inside; /* 1: the last character belongs to a word */
};

/* Eight bytes at once, ASCII without a joiner; FALSE: they are not. */
static gboolean
count_plain(const guchar *p, struct word_count *count)
{
	guint64 bytes = eight_read((const char *)p);
	if (eight_wide(bytes) || eight_between(bytes, '\'', '\'') | eight_between(bytes, '-', '-'))
		return FALSE;
	guint64 letters = eight_between(bytes, 'a', 'z') | eight_between(bytes, '0', '9');
	guint64 begins = letters & ~(letters << 8 | (guint64)count->inside << 7);
	count->words += eight_count(begins);
	count->inside = letters >> 63;
	return TRUE;
}

/* One character; without a branch on each letter, which a processor can't foresee. */
static const guchar *
count_character(const guchar *p, struct word_count *count)
{
	guint class = byte_class[*p], now;
	if (class == BYTE_WIDE)
		now = wide_in_word((const char *)p, &count->words);
	else
		now = (class == BYTE_WORD) |
		      ((class == BYTE_JOINER) & count->inside & (byte_class[p[1]] == BYTE_WORD));
	count->words += now & ~count->inside;
	count->inside = now;
	return p + (class == BYTE_WIDE ? g_utf8_skip[*p] : 1);
}

static guint
count_words(const struct fold_text *folded)
{
	const guchar *p = (const guchar *)folded->bytes, *end = p + folded->length;
	struct word_count count = { 0, 0 };
	while (p < end) {
		if (end - p >= 8 && count_plain(p, &count)) {
			p += 8;
			continue;
		}
		for (const guchar *stop = p + MIN(end - p, 8); p < stop;)
			p = count_character(p, &count);
	}
	return count.words;
}

/* Question marks that end a question: not those inside a link, a row of them once. */
static guint
count_questions(const struct fold_text *folded)
{
	guint questions = 0;
	for (const char *p = folded->bytes; (p = strchr(p, '?')); p++)
		questions += !g_ascii_isalnum(p[1]) && !strchr("?=&/%", p[1] ? p[1] : 'x');
	for (const char *p = folded->bytes; (p = strstr(p, "؟")); p += 2)
		questions++;
	return questions;
}

/* --- figures --- */

static gboolean
ends_sentence(const char *text, gsize begin, gsize end)
{
	for (gsize i = begin; i < end; i++)
		if (strchr("!?;\n", text[i]) || (text[i] == '.' && text[i + 1] == ' '))
			return TRUE;
	return FALSE;
}

/* Whether the words around a date make it a term; if so the term's ends as written. */
static gboolean
find_term(const struct finder *finder, const struct figure *figure, gsize *ret_begin,
	  gsize *ret_end)
{
	const struct fold_text *folded = &finder->folded;
	gsize from = figure->begin > TERM_BEFORE ? figure->begin - TERM_BEFORE : 0;
	g_autoptr(GArray) matches =
		phrases_scan_part(finder->phrases, folded, from, figure->end + TERM_BEHIND);
	for (guint i = matches->len; i > 0; i--) {
		const struct phrase_match *match =
			&g_array_index(matches, struct phrase_match, i - 1);
		gsize begin = folded->origin[figure->begin], end = folded->origin[figure->end];
		if (match->begin >= end && !strcmp(match->list, "_term_behind") &&
		    !ends_sentence(finder->text, end, match->begin)) {
			*ret_begin = begin;
			*ret_end = match->end;
			return TRUE;
		}
		if (match->end <= begin && begin - match->end <= TERM_GAP &&
		    !strcmp(match->list, "_term") &&
		    !ends_sentence(finder->text, match->end, begin)) {
			*ret_begin = match->begin;
			*ret_end = end;
			return TRUE;
		}
	}
	return FALSE;
}

/* A date of a year before the message's own is no term but a story. */
static gboolean
is_past(const struct finder *finder, const struct figure *figure)
{
	if (!finder->date)
		return FALSE;
	int now = 1970 + finder->date / (CLOCK_DAY * 1461 / 4);
	for (gsize i = figure->begin, run = 0; i < figure->end; i++) {
		run = g_ascii_isdigit(finder->folded.bytes[i]) ? run + 1 : 0;
		if (run == 4)
			return atoi(finder->folded.bytes + i - 3) < now;
	}
	return FALSE;
}

static void
find_figures(struct finder *finder)
{
	struct content *content = finder->content;
	struct figure figure;
	gsize at = 0, begin, end;
	for (guint i = 0; i < LIMIT_FIGURES && !(content->amount && content->deadline) &&
			  figure_next(&finder->folded, finder->text, &at, &figure);
	     i++) {
		if (figure.kind == FIGURE_AMOUNT) {
			begin = finder->folded.origin[figure.begin];
			end = finder->folded.origin[figure.end];
			if (!content->amount)
				content->amount = words_between(finder->text, begin, end);
		} else if (finder->phrases && !content->deadline && !is_past(finder, &figure) &&
			   find_term(finder, &figure, &begin, &end)) {
			content->deadline = words_between(finder->text, begin, end);
		}
	}
}

/* --- all together --- */

/* Without a date, the words of a timeline ("as soon as possible") are the term. */
static void
term_from_phrases(struct content *content)
{
	for (guint i = 0; i < content->hits->len && !content->deadline; i++) {
		const struct content_hit *hit = g_ptr_array_index(content->hits, i);
		if (!strcmp(hit->name, "timeline"))
			content->deadline = g_strdup(hit->evidence);
	}
}

/* Weak signs of a pitch are outweighed by words only a buyer has. */
static gboolean
is_pitch(const struct finder *finder)
{
	static const char *const buying[] = { "intent_price", "intent_rfp", "intent_demo", "need" };
	if (!content_has(finder->content, "vendor_pitch"))
		return FALSE;
	for (guint i = 0; i < finder->matches->len; i++) {
		const struct phrase_match *match =
			&g_array_index(finder->matches, struct phrase_match, i);
		if (!strcmp(match->list, "vendor_pitch"))
			return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(buying); i++)
		if (content_has(finder->content, buying[i]))
			return FALSE;
	return TRUE;
}

static void
drop_hit(GPtrArray *hits, const char *name)
{
	for (guint i = hits->len; i > 0; i--) {
		const struct content_hit *hit = g_ptr_array_index(hits, i - 1);
		if (!strcmp(hit->name, name))
			g_ptr_array_remove_index(hits, i - 1);
	}
}

static void
set_flags(struct finder *finder)
{
	struct content *content = finder->content;
	content->vendor_pitch = is_pitch(finder);
	if (!content->vendor_pitch)
		drop_hit(content->hits, "vendor_pitch");
	content->opt_out = content_has(content, "opt_out");
	content->refusal = content_has(content, "refusal");
	content->competitor = content_has(content, "competitor");
	if (content->questions == 0)
		content->questions = content_has(content, "question");
	if (content->vendor_pitch) /* the budget and needs in it are not the sender's */
		return;
	content->budget = content->amount || content_has(content, "budget");
	content->authority = content_has(content, "authority");
	content->need = content_has(content, "need");
	content->timeline = content->deadline != NULL;
}

struct content *
content_find(const struct phrases *phrases, const struct mail *mail, const char *new_text,
	     const GPtrArray *links)
{
	struct content *content = g_new0(struct content, 1);
	content->hits = g_ptr_array_new_with_free_func((GDestroyNotify)hit_free);
	content->attachment_kinds = attachment_kinds(mail->attachments);
	content->utm = utm_find(new_text, links);
	struct finder finder = {
		.content = content, .text = new_text, .phrases = phrases, .date = mail->date
	};
	fold_text(new_text, strnlen(new_text, LIMIT_TEXT), &finder.folded);
	finder.matches = phrases ? phrases_scan_folded(phrases, &finder.folded)
				 : g_array_new(FALSE, FALSE, sizeof(struct phrase_match));
	content->words = count_words(&finder.folded);
	content->questions = count_questions(&finder.folded);
	find_denials(&finder);
	add_hits(&finder);
	add_short_hits(&finder);
	add_weak_hits(&finder);
	find_figures(&finder);
	term_from_phrases(content);
	set_flags(&finder);
	g_array_unref(finder.matches);
	fold_text_clear(&finder.folded);
	return content;
}

void
content_free(struct content *content)
{
	if (!content)
		return;
	g_free(content->amount);
	g_free(content->deadline);
	g_ptr_array_unref(content->hits);
	g_ptr_array_unref(content->attachment_kinds);
	g_hash_table_unref(content->utm);
	g_free(content);
}
