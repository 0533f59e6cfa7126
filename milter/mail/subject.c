/*
 * subject.c - a subject without what clients and lists put in front of it.
 *
 * Reply and forward prefixes in the languages clients write them (RFC 5322 knows only "Re:";
 * the others are the localised defaults of Outlook, Lotus Notes and the web mailers), with a
 * count ("Re[2]:", "RE(3):", "Re^2:"), ASCII or full-width colon, and "[list]" tags.
 */
#include "base/limits.h"
#include "mail/facts.h"

#include <string.h>

/* Grouped by language; "i̇lt" is what "İLT" becomes in lower case. */
static const char *const prefixes[] = {
	"re",    "fwd",        "fw",    "fyi",    "re-", /* English */
	"aw",    "antwort",    "wg", /* German */
	"antw",  "doorst", /* Dutch */
	"ref",   "réf",        "rép",   "tr", /* French */
	"rv", /* Spanish */
	"res",   "enc", /* Portuguese */
	"r",     "rif",        "ris",   "i", /* Italian */
	"sv",    "vs",         "vb",    "vl",     "fs", /* Nordic, Finnish, Icelandic */
	"atb",   "yml", /* Latvian, Welsh */
	"odp",   "pd", /* Polish */
	"răsp",  "răspuns", /* Romanian */
	"vá",    "továbbítás", /* Hungarian */
	"отв",   "ответ",      "на",    "пересл", /* Russian, Ukrainian */
	"απ",    "σχετ",       "πρθ",   "προωθ", /* Greek */
	"ynt",   "ilt",        "i̇lt", /* Turkish */
	"תגובה", "השב",        "הועבר", /* Hebrew */
	"رد", /* Arabic */
	"回复",  "回覆",       "答复",  "答覆",   "转发", "轉寄", "轉發", /* Chinese */
	"返信",  "転送", /* Japanese */
	"회신",  "답장",       "전달", /* Korean */
	"bls",   "trs", /* Indonesian */
};

/* Bytes of a prefix with its colon at `text` (already lower case), 0 when there is none. */
static gsize
prefix_length(const char *text)
{
	for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		gsize length = strlen(prefixes[i]);
		if (strncmp(text, prefixes[i], length))
			continue;
		const char *p = text + length;
		while (*p == ' ')
			p++;
		if (*p == '[' || *p == '(' || *p == '^')
			p += strspn(p, "[(^0123456789])");
		while (*p == ' ')
			p++;
		if (*p == ':')
			return p + 1 - text;
		if (g_str_has_prefix(p, "："))
			return p + strlen("：") - text;
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
	g_autofree char *lower = g_utf8_strdown(subject, -1);
	const char *p = lower;
	guint count = 0;
	for (;;) {
		p += strspn(p, " \t");
		gsize prefix = prefix_length(p), tag = prefix ? 0 : tag_length(p);
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
