/* mailbox.c - see mailbox.h. */
#include "mail/mailbox.h"
#include "base/limits.h"
#include "mail/address.h"

#include <gio/gio.h>
#include <string.h>

/* "a+tag@b" as "a@b"; the tag apart. */
static char *
without_tag(const struct config *config, const char *address, char **ret_tag)
{
	char *lower = g_ascii_strdown(address, -1);
	char *at = strrchr(lower, '@');
	char *plus = config->recipient_delimiter && *lower
			     ? strpbrk(lower + 1, config->recipient_delimiter)
			     : NULL;
	if (!at || !plus || plus > at)
		return lower;
	*ret_tag = g_strndup(plus + 1, at - plus - 1);
	memmove(plus, at, strlen(at) + 1);
	return lower;
}

static gboolean
mailbox_matches(const struct config_mailbox *mailbox, const char *whole, const char *bare,
		const char *tag)
{
	if (mailbox->tag && (!tag || g_ascii_strcasecmp(mailbox->tag, tag)))
		return FALSE;
	const char *domain = address_domain(bare);
	switch (mailbox->match) {
	case MATCH_ADDRESS:
		return !strcmp(mailbox->address, bare) || !strcmp(mailbox->address, whole);
	case MATCH_DOMAIN:
		return domain && !strcmp(mailbox->address, domain);
	default:
		return g_pattern_match_simple(mailbox->address, bare) ||
		       g_pattern_match_simple(mailbox->address, whole);
	}
}

const struct config_mailbox *
mailbox_find(const struct config *config, const char *recipient, char **ret_tag)
{
	g_autofree char *tag = NULL;
	g_autofree char *whole = g_ascii_strdown(recipient, -1);
	g_autofree char *bare = without_tag(config, recipient, &tag);
	for (guint i = 0; i < config->mailboxes->len; i++) {
		const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, i);
		if (!mailbox_matches(mailbox, whole, bare, tag))
			continue;
		if (ret_tag)
			*ret_tag = g_steal_pointer(&tag);
		return mailbox;
	}
	return NULL;
}

gboolean
mailbox_entry_matches(const char *entry, const char *address)
{
	g_autofree char *pattern = g_ascii_strdown(entry, -1);
	g_autofree char *lower = g_ascii_strdown(address, -1);
	if (strpbrk(pattern, "*?"))
		return g_pattern_match_simple(pattern, lower);
	const char *domain = strrchr(lower, '@');
	if (strchr(pattern, '@') && pattern[0] != '@')
		return !strcmp(pattern, lower);
	const char *wanted = pattern[0] == '@' ? pattern + 1 : pattern;
	if (!domain)
		return FALSE;
	domain++;
	gsize have = strlen(domain), want = strlen(wanted);
	return have >= want && !strcmp(domain + have - want, wanted) &&
	       (have == want || domain[have - want - 1] == '.');
}

gboolean
mailbox_list_matches(const GPtrArray *entries, const char *address)
{
	for (guint i = 0; address && i < entries->len; i++)
		if (mailbox_entry_matches(g_ptr_array_index(entries, i), address))
			return TRUE;
	return FALSE;
}

gboolean
mailbox_client_matches(const GPtrArray *networks, const struct raw_mail *raw)
{
	if (!raw->client_address || !networks->len)
		return FALSE;
	g_autoptr(GInetAddress) client = g_inet_address_new_from_string(raw->client_address);
	for (guint i = 0; client && i < networks->len; i++)
		if (g_inet_address_mask_matches(g_ptr_array_index(networks, i), client))
			return TRUE;
	return FALSE;
}

gboolean
mailbox_client_is_ours(const struct config *config, const struct raw_mail *raw)
{
	if (raw->auth_login && *raw->auth_login)
		return TRUE;
	return mailbox_client_matches(config->own_networks, raw);
}
