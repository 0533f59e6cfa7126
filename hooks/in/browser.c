/* browser.c - see browser.h. */
#include "hooks/in/browser.h"

#include <gio/gio.h>
#include <string.h>

#define COOKIE_MOST 8192
#define HOST_MOST 255
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* --- cookies --- */

/* The next "name=value" of a list. @return where the one after it begins */
static const char *
next_pair(const char *at, const char **ret_start, gsize *ret_length)
{
	at += strspn(at, "; \t");
	*ret_start = at;
	*ret_length = strcspn(at, ";");
	return at + *ret_length;
}

static gboolean
is_named(const char *pair, gsize length, const char *name)
{
	gsize known = strlen(name);

	return length > known && strncmp(pair, name, known) == 0 && pair[known] == '=';
}

char *
browser_cookie(const char *header, const char *name)
{
	const char *at = header, *pair, *value = NULL;
	gsize length, skipped = strlen(name) + 1, size = 0;

	if (!header || strnlen(header, COOKIE_MOST + 1) > COOKIE_MOST)
		return NULL;
	while (*at) {
		at = next_pair(at, &pair, &length);
		if (!is_named(pair, length, name))
			continue;
		if (value)
			return NULL;
		value = pair + skipped;
		size = length - skipped;
	}
	while (size > 0 && strchr(" \t", value[size - 1]))
		size--;
	if (size == 0 || strspn(value, BASE64URL) < size)
		return NULL;
	return g_strndup(value, size);
}

/* --- the host --- */

/* "[::1]:8025" → "::1", "Leads.Example:443" → "leads.example"; NULL when it is none. */
static char *
host_name(const char *host)
{
	gsize length = strnlen(host, HOST_MOST + 1);
	const char *end;

	if (length == 0 || length > HOST_MOST)
		return NULL;
	if (*host == '[') {
		end = strchr(host, ']');
		if (!end || (end[1] && end[1] != ':'))
			return NULL;
		host++;
	} else {
		end = host + strcspn(host, ":");
	}
	if (end == host)
		return NULL;
	length = strspn(*end == ']' ? end + 1 : end, ":");
	if (length > 1 || strspn(end + (*end == ']') + length, "0123456789") !=
				  strlen(end + (*end == ']') + length))
		return NULL;
	return g_ascii_strdown(host, end - host);
}

static gboolean
is_loopback(const char *name)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(name);

	return address ? g_inet_address_get_is_loopback(address) : !strcmp(name, "localhost");
}

/* Where it listens is named by an address; none of a unix socket and of "any". */
static gboolean
is_listen_address(const char *name, const char *listen)
{
	g_autofree char *own = NULL;
	g_autoptr(GInetAddress) address = NULL;

	if (!listen || g_str_has_prefix(listen, "unix:"))
		return FALSE;
	own = host_name(listen);
	address = own ? g_inet_address_new_from_string(own) : NULL;
	return address && !g_inet_address_get_is_any(address) && !strcmp(name, own);
}

gboolean
browser_host_allowed(const char *host, const struct config *config)
{
	g_autofree char *name = host ? host_name(host) : NULL;

	if (!name)
		return FALSE;
	if (is_loopback(name) || is_listen_address(name, config->hook_listen))
		return TRUE;
	for (guint i = 0; i < config->page_hosts->len; i++)
		if (!g_ascii_strcasecmp(config->page_hosts->pdata[i], name))
			return TRUE;
	return FALSE;
}

/* --- where it comes from --- */

gboolean
browser_is_same_origin(const char *origin, const char *fetch_site, const char *host)
{
	const char *rest;

	if ((!origin && !fetch_site) || !host || !*host)
		return FALSE;
	if (fetch_site && strcmp(fetch_site, "same-origin") != 0)
		return FALSE;
	if (!origin)
		return TRUE;
	rest = g_str_has_prefix(origin, "https://")  ? origin + 8
	       : g_str_has_prefix(origin, "http://") ? origin + 7
						     : NULL;
	return rest && !g_ascii_strcasecmp(rest, host);
}

gboolean
browser_is_json(const char *content_type)
{
	static const char json[] = "application/json";
	const char *rest;

	if (!content_type || g_ascii_strncasecmp(content_type, json, sizeof json - 1) != 0)
		return FALSE;
	rest = content_type + sizeof json - 1;
	return !*rest || strchr("; \t", *rest);
}

gboolean
browser_is_proxy(const char *peer, const struct config *config)
{
	g_autoptr(GInetAddress) address = NULL;

	if (!strcmp(peer, "local"))
		return TRUE;
	address = g_inet_address_new_from_string(peer);
	for (guint i = 0; address && i < config->page_proxies->len; i++)
		if (g_inet_address_mask_matches(config->page_proxies->pdata[i], address))
			return TRUE;
	return FALSE;
}

char *
browser_forwarded_for(const char *header)
{
	const char *last = header ? strrchr(header, ',') : NULL;
	g_autofree char *text = header ? g_strndup(last ? last + 1 : header, 64) : NULL;
	g_autoptr(GInetAddress) address = NULL;

	if (!text)
		return NULL;
	address = g_inet_address_new_from_string(g_strstrip(text));
	return address ? g_inet_address_to_string(address) : NULL;
}
