/*
 * idn.c - host names in both their forms: domain_to_ascii() and domain_to_unicode() of domain.h.
 *
 * The only file that knows libidn2 (IDNA 2008 with the UTS 46 mapping, RFC 5890 to 5892).  Nearly
 * every name is plain ASCII and never reaches the library.  Pure; any thread.
 */
#include "mail/domain.h"

#include <string.h>

#include <idn2.h>

#define NAME_LENGTH 253 /* RFC 1035 section 2.3.4, as text */
#define LABEL_LENGTH 63
#define INPUT_LENGTH 1024 /* of a U-label form; nothing longer could become a name */

/* Letters, digits, hyphen, and the underscore that real names have. */
static gboolean
is_host_character(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_';
}

/* A name of ASCII labels; the last is not all digits, so no address passes for a name. */
static gboolean
is_ascii_name(const char *name, gsize length)
{
	gsize label = 0;
	gboolean letters = FALSE;
	if (length == 0 || length > NAME_LENGTH)
		return FALSE;
	for (gsize i = 0; i < length; i++) {
		if (name[i] == '.') {
			if (label == 0)
				return FALSE;
			label = 0;
			letters = FALSE;
		} else if (!is_host_character(name[i]) || ++label > LABEL_LENGTH) {
			return FALSE;
		} else {
			letters |= !g_ascii_isdigit(name[i]);
		}
	}
	return label > 0 && letters;
}

static gboolean
has_high_byte(const char *s, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if ((guchar)s[i] >= 0x80)
			return TRUE;
	return FALSE;
}

static char *
encode(const char *host, gsize length)
{
	if (length > INPUT_LENGTH || !g_utf8_validate(host, length, NULL))
		return NULL;
	g_autofree char *name = g_strndup(host, length);
	char *ascii = NULL;
	int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
	if (idn2_to_ascii_8z(name, &ascii, flags) != IDN2_OK)
		return NULL;
	gsize n = strlen(ascii);
	n -= n > 0 && ascii[n - 1] == '.'; /* a full stop of another script ended it */
	char *result = is_ascii_name(ascii, n) ? g_ascii_strdown(ascii, n) : NULL;
	idn2_free(ascii);
	return result;
}

char *
domain_to_ascii(const char *host)
{
	gsize length = strlen(host);
	if (length > 0 && host[length - 1] == '.')
		length--;
	if (has_high_byte(host, length))
		return encode(host, length);
	return is_ascii_name(host, length) ? g_ascii_strdown(host, length) : NULL;
}

/* What may be shown to people: no control, format or unassigned characters. */
static gboolean
is_showable(const char *name)
{
	for (const char *p = name; *p; p = g_utf8_next_char(p))
		if (!g_unichar_isgraph(g_utf8_get_char(p)))
			return FALSE;
	return TRUE;
}

char *
domain_to_unicode(const char *host)
{
	char *unicode = NULL;
	if (strlen(host) <= INPUT_LENGTH && g_utf8_validate(host, -1, NULL) &&
	    strcasestr(host, "xn--") &&
	    idn2_to_unicode_8z8z(host, &unicode, IDN2_NONTRANSITIONAL) == IDN2_OK) {
		char *result = g_utf8_validate(unicode, -1, NULL) && is_showable(unicode)
				       ? g_strdup(unicode)
				       : NULL;
		idn2_free(unicode);
		if (result)
			return result;
	}
	return g_utf8_make_valid(host, -1);
}
