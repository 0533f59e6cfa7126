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

static const char *const prefixes[] = {
	"re",    "aw",    "antw", "antwort", "sv",   "vs",      "odp",  "res",     "ref",
	"rif",   "ris",   "r",    "rv",      "ynt",  "bls",     "atb",  "vá",      "απ",
	"σχετ",  "תגובה", "回复", "回覆",    "答复", "答覆",    "返信", "re-",     "отв",
	"ответ", "на",    "رد",   "fwd",     "fw",   "wg",      "tr",   "doorst",  "enc",
	"i",     "pd",    "fyi",  "пересл",  "转发", "轉寄",    "転送", "vb",      "továbbítás",
	"προωθ", "ilt",   "fs",   "vl",      "rép",  "räspuns", "răsp", "răspuns",
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
		gsize skip = prefix_length(p);
		if (skip)
			count++;
		else
			skip = tag_length(p);
		if (!skip || !p[skip])
			break;
		p += skip;
	}
	if (ret_prefixes)
		*ret_prefixes = count;
	g_autofree char *result = g_strdup(p);
	return g_strdup(g_strstrip(result));
}
