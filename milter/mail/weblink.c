/* weblink.c - see weblink.h. */
#include "mail/weblink.h"

#include <string.h>

#include "base/limits.h"

#define LONGEST 500 /* bytes; longer ones are for machines */

static const char *const social[] = {
	"linkedin.com", "facebook.com", "twitter.com",   "x.com",      "instagram.com",
	"t.me",         "telegram.me",  "xing.com",      "github.com", "gitlab.com",
	"youtube.com",  "vk.com",       "wa.me",         "tiktok.com", "calendly.com",
	"behance.net",  "medium.com",   "pinterest.com", "weibo.com",  "ok.ru",
	"skype.com",    "fb.com",       "zalo.me"
};

/* Links that programs put under every message. */
static const char *const foreign[] = { "aka.ms",
				       "avast.com",
				       "avg.com",
				       "safelinks.protection",
				       "urldefense",
				       "mailtrack",
				       "groups.google",
				       "unsubscribe",
				       "get.adobe.com",
				       "yho.com",
				       "overview.mail.yahoo",
				       "onelink.me" };

static gboolean
is_end(char c)
{
	return c == '\0' || strchr(" \t\n<>\"|,;[](){}", c) != NULL;
}

static gboolean
ends_with_domain(const char *host, gsize length, const char *domain)
{
	gsize n = strlen(domain);

	return length >= n && g_ascii_strncasecmp(host + length - n, domain, n) == 0 &&
	       (length == n || host[length - n - 1] == '.');
}

static gboolean
is_host(const char *host, gsize length)
{
	gboolean dot = FALSE;

	if (length < 4 || length > 253 || !g_ascii_isalpha(host[length - 1]))
		return FALSE;
	for (gsize i = 0; i < length; i++) {
		if (host[i] == '.' && (i == 0 || host[i - 1] == '.'))
			return FALSE;
		dot |= host[i] == '.';
		if (!g_ascii_isalnum(host[i]) && host[i] != '.' && host[i] != '-' &&
		    !(host[i] & 0x80))
			return FALSE;
	}
	return dot;
}

static gboolean
is_known(const char *host, gsize length, const char *domain)
{
	if (domain && ends_with_domain(host, length, domain))
		return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(social); i++)
		if (ends_with_domain(host, length, social[i]))
			return TRUE;
	return FALSE;
}

static gboolean
is_foreign(const char *url)
{
	for (gsize i = 0; i < G_N_ELEMENTS(foreign); i++)
		if (strstr(url, foreign[i]))
			return TRUE;
	return FALSE;
}

static gboolean
is_link(const char *token, gsize length, const char *domain)
{
	const char *scheme = g_strstr_len(token, length, "://"), *host = token;
	gsize host_length;

	if (memchr(token, '@', length) && !g_strstr_len(token, length, "/@"))
		return FALSE;
	if (scheme)
		host = scheme + 3;
	host_length = strcspn(host, "/?#:");
	host_length = MIN(host_length, (gsize)(token + length - host));
	if (!is_host(host, host_length))
		return FALSE;
	if (scheme)
		return g_ascii_strncasecmp(token, "http", 4) == 0;
	return g_ascii_strncasecmp(host, "www.", 4) == 0 || is_known(host, host_length, domain);
}

static void
add(GPtrArray *urls, const char *token, gsize length)
{
	g_autofree char *url = g_strndup(token, length);

	for (guint i = 0; i < urls->len; i++)
		if (g_ascii_strcasecmp(urls->pdata[i], url) == 0)
			return;
	if (urls->len < LIMIT_URLS && !is_foreign(url))
		g_ptr_array_add(urls, g_steal_pointer(&url));
}

gboolean
weblink_find(const char *line, gsize length, const char *domain, GPtrArray *urls)
{
	const char *end = line + length;
	gboolean found = FALSE;

	for (const char *p = line; p < end;) {
		const char *begin = p;
		gsize n;

		while (p < end && !is_end(*p))
			p++;
		n = p - begin;
		while (n > 0 && strchr(".:!?'*_", begin[n - 1]))
			n--;
		/* "Web:www.example.com" */
		const char *colon = n > 0 ? memchr(begin, ':', n) : NULL;
		if (colon && begin + n - colon > 4 && colon[1] != '/') {
			n -= colon + 1 - begin;
			begin = colon + 1;
		}
		if (n >= 4 && n <= LONGEST && memchr(begin, '.', n) && is_link(begin, n, domain)) {
			add(urls, begin, n);
			found = TRUE;
		}
		p += p < end;
	}
	return found;
}

char *
weblink_host(const char *url)
{
	const char *scheme = strstr(url, "://"), *host = scheme ? scheme + 3 : url;
	gsize length = strcspn(host, "/?#:");

	if (length > 4 && g_ascii_strncasecmp(host, "www.", 4) == 0) {
		host += 4;
		length -= 4;
	}
	return is_host(host, length) ? g_ascii_strdown(host, length) : NULL;
}
