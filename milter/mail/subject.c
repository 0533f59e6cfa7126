/*
 * subject.c - a subject without what clients and lists put in front of it.
 *
 * Reply and forward prefixes in the languages clients write them (RFC 5322 knows only "Re:";
 * the others are the localised defaults of Outlook, Lotus Notes and the web mailers), with a
 * count ("Re[2]:", "RE(3):", "Re^2:"), ASCII or full-width colon, and "[list]" tags.
 */
#include "base/limits.h"
#include "mail/encoded.h"
#include "mail/facts.h"
#include "mail/fold.h"

#include <string.h>

/* Grouped by language. */
static const char *const replies[] = {
	"re",    "re-", /* English */
	"aw",    "antwort", /* German */
	"antw", /* Dutch */
	"ref",   "réf",     "rép", /* French */
	"res", /* Portuguese */
	"r",     "rif",     "ris", /* Italian */
	"sv", /* Nordic */
	"atb", /* Latvian */
	"odp", /* Polish */
	"răsp",  "răspuns", /* Romanian */
	"vá", /* Hungarian */
	"отв",   "ответ",   "на",   "відп", /* Russian, Ukrainian */
	"απ",    "σχετ", /* Greek */
	"ynt",   "yan", /* Turkish */
	"תגובה", "השב", /* Hebrew */
	"رد", /* Arabic */
	"回复",  "回覆",    "答复", "答覆", /* Chinese */
	"返信", /* Japanese */
	"회신",  "답장", /* Korean */
	"bls", /* Indonesian */
};

/* The same; "i̇lt" is what "İLT" becomes in lower case. */
static const char *const forwards[] = {
	"fwd",
	"fw",
	"fyi", /* English */
	"wg",
	"wtr",
	"weitergeleitet", /* German */
	"doorst",
	"doorsturen",
	"doorgestuurd", /* Dutch */
	"tr",
	"transf", /* French */
	"rv",
	"reenv", /* Spanish */
	"enc",
	"encam",
	"reenc", /* Portuguese */
	"i",
	"inoltro", /* Italian */
	"vb",
	"vl",
	"fs",
	"videresend",
	"videresendt",
	"vidarebefordrat", /* Nordic */
	"yml", /* Welsh */
	"pd",
	"pdl", /* Polish */
	"přep",
	"přeposláno",
	"preposl", /* Czech, Slovak */
	"redir",
	"redirecționat", /* Romanian */
	"továbbítás",
	"továbbítva",
	"tovább", /* Hungarian */
	"posr",
	"prosl", /* Slovene, Croatian, Serbian */
	"pers",
	"pārs",
	"edasi", /* Lithuanian, Latvian, Estonian */
	"пересл",
	"пд",
	"препр", /* Russian, Ukrainian, Bulgarian */
	"πρθ",
	"προωθ", /* Greek */
	"ilt",
	"i̇lt",
	"ilet", /* Turkish */
	"הועבר", /* Hebrew */
	"إعادة توجيه", /* Arabic */
	"转发",
	"轉寄",
	"轉發", /* Chinese */
	"転送", /* Japanese */
	"전달", /* Korean */
	"trs", /* Indonesian */
};

/* "videresendt" in Danish and Norwegian, "vastaus" in Finnish. */
static const char *const either[] = { "vs" };

static const struct {
	enum subject_kind kind;
	const char *const *prefixes;
	gsize count;
} tables[] = {
	{ SUBJECT_REPLY, replies, G_N_ELEMENTS(replies) },
	{ SUBJECT_FORWARD, forwards, G_N_ELEMENTS(forwards) },
	{ SUBJECT_EITHER, either, G_N_ELEMENTS(either) },
};

/* Bytes of the count and colon behind a prefix, 0 when none follow. */
static gsize
colon_length(const char *text)
{
	const char *p = text + strspn(text, " .");
	if (*p == '[' || *p == '(' || *p == '^')
		p += strspn(p, "[(^0123456789])");
	while (*p == ' ')
		p++;
	if (*p == ':')
		return p + 1 - text;
	return g_str_has_prefix(p, "：") ? p + strlen("：") - text : 0;
}

/* Bytes of a prefix with its colon at `text` (already lower case), 0 when there is none. */
static gsize
prefix_length(const char *text, enum subject_kind *ret_kind)
{
	for (guint t = 0; t < G_N_ELEMENTS(tables); t++)
		for (guint i = 0; i < tables[t].count; i++) {
			const char *prefix = tables[t].prefixes[i];
			if (*text != *prefix) /* most of them */
				continue;
			gsize length = strlen(prefix);
			if (strncmp(text, prefix, length))
				continue;
			gsize colon = colon_length(text + length);
			*ret_kind = tables[t].kind;
			if (colon)
				return length + colon;
		}
	return 0;
}

/* "[list-name] " in front: no longer than a list's tag would be. */
static gsize
tag_length(const char *text)
{
	if (*text != '[')
		return 0;
	const char *end = strchr(text, ']');
	return end && end - text < 64 ? (gsize)(end + 1 - text) : 0;
}

char *
subject_normalise(const char *subject, guint *ret_prefixes)
{
	g_autofree char *lower = fold_lower(subject, -1);
	const char *p = lower;
	enum subject_kind kind;
	guint count = 0;
	for (;;) {
		p += strspn(p, " \t");
		gsize prefix = prefix_length(p, &kind), tag = prefix ? 0 : tag_length(p);
		count += prefix > 0;
		/* a tag that would leave nothing is the subject */
		if (!prefix && (!tag || !p[tag]))
			break;
		p += prefix + tag;
	}
	if (ret_prefixes)
		*ret_prefixes = count;
	g_autofree char *result = g_strdup(p);
	return g_strdup(g_strstrip(result));
}

enum subject_kind
subject_get_kind(const char *subject)
{
	g_autofree char *lower = fold_lower(subject, -1);
	const char *p = lower;
	enum subject_kind kind;
	gsize length;
	if (g_str_has_prefix(lower, "[fwd:") || g_str_has_suffix(lower, "(fwd)"))
		return SUBJECT_FORWARD; /* Mozilla, Pine */
	for (p += strspn(p, " \t"); (length = tag_length(p)); p += strspn(p, " \t"))
		p += length;
	return prefix_length(p, &kind) ? kind : SUBJECT_PLAIN;
}

/* --- tags --- */

#define WORD_BYTES 45 /* of text in an encoded word of 75 characters */

static gboolean
is_ascii(const char *text)
{
	for (; *text; text++)
		if ((guchar)*text >= 0x80)
			return FALSE;
	return TRUE;
}

/* RFC 2047 section 2: words of whole characters, none above 75 octets. */
static char *
encoded(const char *text)
{
	GString *out = g_string_new(NULL);
	while (*text) {
		const char *end = text + MIN(strlen(text), WORD_BYTES);
		while (end > text && ((guchar)*end & 0xc0) == 0x80)
			end--;
		g_autofree char *base64 = g_base64_encode((const guchar *)text, end - text);
		g_string_append_printf(out, "%s=?UTF-8?B?%s?=", out->len ? " " : "", base64);
		text = end;
	}
	return g_string_free(out, FALSE);
}

/* As people read it, or as we wrote it into what can't be read. */
static gboolean
has_tag(const char *value, const char *tag)
{
	g_autofree char *text = encoded_decode(value, NULL);
	g_autofree char *folded = g_utf8_casefold(text, -1);
	g_autofree char *wanted = g_utf8_casefold(tag, -1);
	g_autofree char *spaced = g_strconcat(tag, " ", NULL);
	g_autofree char *alone = encoded(tag);
	g_autofree char *followed = encoded(spaced);
	return strstr(folded, wanted) || strstr(value, tag) || strstr(value, alone) ||
	       strstr(value, followed);
}

char *
subject_add_tag(const char *value, const char *tag)
{
	if (value && (strlen(value) >= LIMIT_HEADER_VALUE || has_tag(value, tag)))
		return NULL;
	const char *rest = value ? value + strspn(value, " \t") : "";
	GString *out = g_string_new(NULL);
	if (is_ascii(tag) || (!is_ascii(rest) && g_utf8_validate(rest, -1, NULL)))
		g_string_append(out, tag);
	else {
		/* the space between two encoded words isn't shown */
		g_autofree char *spaced = g_strconcat(tag, " ", NULL);
		g_autofree char *words = encoded(g_str_has_prefix(rest, "=?") ? spaced : tag);
		g_string_append(out, words);
	}
	if (*rest)
		g_string_append_printf(out, " %s", rest);
	return g_string_free(out, FALSE);
}
