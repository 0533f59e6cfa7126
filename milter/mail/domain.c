/*
 * domain.c - see domain.h.  The only file that knows libpsl.
 *
 * A relay alias (a forwarding address that hides the real one) is neither free-mail nor
 * disposable, whatever other lists say of its domain; a disposable domain isn't called free-mail as
 * well; and the administrator's own and partner domains are none of the three.  So the flags don't
 * add up to several penalties for one fact.
 *
 * Registrable domains follow the public suffix list with its private section ("x.github.io" is
 * an organisation of its own), except that a host which is itself a private suffix belongs
 * to its owner: mail from @github.io is from the domain github.io.
 */
#include "mail/domain.h"

#include <string.h>

#include <libpsl.h>

#include "base/config.h"
#include "base/error.h"
#include "mail/address.h"

struct domain_lists {
	struct word_list *freemail, *disposable, *relay, *role, *isp;
	struct word_list *own, *partner;
	psl_ctx_t *suffixes;
};

#define ROLE_LENGTH 64 /* RFC 5321: of a local part */
#define ROLE_SUFFIX 3 /* "info-de", "sales.usa": a country or language at most */

/* --- loading --- */

static gboolean
load(struct word_list **list, const char *path, GError **error)
{
	*list = path ? word_list_load(path, error) : word_list_new();
	return *list != NULL;
}

static struct word_list *
from_config(const GPtrArray *domains)
{
	struct word_list *list = word_list_new();
	for (guint i = 0; domains && i < domains->len; i++)
		word_list_add(list, g_ptr_array_index(domains, i));
	return list;
}

struct domain_lists *
domain_lists_new(const struct config *config, GError **error)
{
	g_autoptr(domain_lists_owned) lists = g_new0(struct domain_lists, 1);
	if (!load(&lists->freemail, config->freemail_list, error) ||
	    !load(&lists->disposable, config->disposable_list, error) ||
	    !load(&lists->relay, config->relay_list, error) ||
	    !load(&lists->role, config->role_list, error) ||
	    !load(&lists->isp, config->isp_list, error))
		return NULL;
	lists->own = from_config(config->own_domains);
	lists->partner = from_config(config->partner_domains);
	lists->suffixes = psl_latest(NULL); /* the system's if newer than the library's own */
	if (!lists->suffixes) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "no public suffix list: install the package publicsuffix");
		return NULL;
	}
	return g_steal_pointer(&lists);
}

void
domain_lists_free(struct domain_lists *lists)
{
	if (!lists)
		return;
	word_list_free(lists->freemail);
	word_list_free(lists->disposable);
	word_list_free(lists->relay);
	word_list_free(lists->role);
	word_list_free(lists->isp);
	word_list_free(lists->own);
	word_list_free(lists->partner);
	psl_free(lists->suffixes);
	g_free(lists);
}

/* --- registrable domain --- */

/* Of a host that is a suffix itself: the name right below the registry, or NULL for a registry's
 * own suffix. */
static const char *
below_registry(const psl_ctx_t *suffixes, const char *host)
{
	if (psl_is_public_suffix2(suffixes, host, PSL_TYPE_ICANN))
		return NULL;
	for (const char *parent = strchr(host, '.'); parent; parent = strchr(parent, '.')) {
		parent++;
		if (psl_is_public_suffix2(suffixes, parent, PSL_TYPE_ICANN))
			return host;
		host = parent;
	}
	return NULL;
}

/* Points into `ascii`, which is an A-label; NULL if none. */
static const char *
registrable(const struct domain_lists *lists, const char *ascii)
{
	const char *found = psl_registrable_domain(lists->suffixes, ascii);
	return found ? found : below_registry(lists->suffixes, ascii);
}

char *
domain_registrable(const struct domain_lists *lists, const char *host)
{
	g_autofree char *ascii = domain_to_ascii(host);
	return ascii ? g_strdup(registrable(lists, ascii)) : NULL;
}

gboolean
domain_is_own(const struct domain_lists *lists, const char *domain)
{
	return word_list_match_domain(lists->own, domain) != NULL;
}

/* --- role accounts --- */

/* The local part as role.txt writes it: without +tag, lower case, '-' for every separator, no
 * number at the end.  FALSE when nothing is left or it is too long to be a role. */
static gboolean
role_form(const char *address, GString *ret)
{
	const char *at = strrchr(address, '@');
	gsize length = at ? (gsize)(at - address) : strlen(address);
	const char *plus = memchr(address, '+', length);
	if (plus && plus > address)
		length = plus - address;
	if (length > ROLE_LENGTH)
		return FALSE;
	for (gsize i = 0; i < length; i++) {
		char c = address[i];
		if (c != '"')
			g_string_append_c(ret, c == '.' || c == '_' ? '-' : g_ascii_tolower(c));
	}
	while (ret->len > 0 && strchr("0123456789-", ret->str[ret->len - 1]))
		g_string_truncate(ret, ret->len - 1);
	return ret->len > 0;
}

/* "head-*" and "*-tail" entries: words that make a role wherever they stand at an end. */
static gboolean
role_by_end(const struct word_list *role, const char *local)
{
	char pattern[ROLE_LENGTH + 3];
	for (const char *dash = strchr(local, '-'); dash; dash = strchr(dash + 1, '-')) {
		g_snprintf(pattern, sizeof pattern, "%.*s-*", (int)(dash - local), local);
		if (word_list_has(role, pattern))
			return TRUE;
		g_snprintf(pattern, sizeof pattern, "*%s", dash);
		if (word_list_has(role, pattern))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_role(const struct word_list *role, const char *address)
{
	g_autoptr(GString) local = g_string_sized_new(ROLE_LENGTH);
	if (word_list_size(role) == 0 || !role_form(address, local))
		return FALSE;
	if (word_list_has(role, local->str) || role_by_end(role, local->str))
		return TRUE;
	char *dash = strrchr(local->str, '-');
	if (!dash || dash == local->str || strlen(dash + 1) > ROLE_SUFFIX)
		return FALSE;
	*dash = '\0';
	return word_list_has(role, local->str);
}

/* --- authentication --- */

/* RFC 7489 section 3.1: relaxed alignment, the same registrable domain. */
static gboolean
is_aligned(const struct domain_lists *lists, const char *domain, const char *org_domain)
{
	if (!domain || !org_domain)
		return FALSE;
	g_autofree char *org = domain_registrable(lists, domain);
	return org && !strcmp(org, org_domain);
}

/* A DMARC pass counts for the From domain it was given for.  Without one (no policy, or no
 * verdict for now) the two mechanisms behind it stand in. */
static gboolean
is_verified(const struct domain_lists *lists, const struct sender *sender)
{
	const struct authres *auth = &sender->auth;
	switch (auth->dmarc) {
	case AUTH_PASS:
		return sender->domain &&
		       (!auth->dmarc_domain ||
			is_aligned(lists, auth->dmarc_domain, sender->org_domain));
	case AUTH_NONE:
	case AUTH_TEMPERROR:
	case AUTH_PERMERROR:
		return (auth->dkim == AUTH_PASS &&
			is_aligned(lists, auth->dkim_domain, sender->org_domain)) ||
		       (auth->spf == AUTH_PASS &&
			is_aligned(lists, auth->spf_domain, sender->org_domain));
	default:
		return FALSE;
	}
}

/* --- the sender --- */

static void
classify_domain(const struct domain_lists *lists, struct sender *sender)
{
	const char *domain = sender->domain;
	sender->own = domain_is_own(lists, domain);
	sender->partner = word_list_match_domain(lists->partner, domain) != NULL;
	sender->isp = word_list_match_domain(lists->isp, domain) != NULL;
	if (sender->own || sender->partner)
		return;
	sender->relay = word_list_match_domain(lists->relay, domain) != NULL;
	sender->disposable = !sender->relay && word_list_match_domain(lists->disposable, domain);
	sender->freemail = !sender->relay && !sender->disposable &&
			   word_list_match_domain(lists->freemail, domain);
}

void
sender_classify(const struct domain_lists *lists, const char *name, const char *address,
		struct authres *auth, struct sender *ret)
{
	memset(ret, 0, sizeof *ret);
	if (auth) {
		ret->auth = *auth;
		memset(auth, 0, sizeof *auth);
	}
	ret->name = name && *name ? g_strdup(name) : NULL;
	ret->spoofed = ret->auth.dmarc == AUTH_FAIL;
	if (!address)
		return;
	ret->address = g_strdup(address);
	ret->normalised = address_normalise(address);
	ret->role = is_role(lists->role, address);
	const char *at = strrchr(address, '@');
	ret->domain = at ? domain_to_ascii(at + 1) : NULL;
	if (!ret->domain)
		return;
	ret->domain_unicode = domain_to_unicode(ret->domain);
	ret->org_domain = g_strdup(registrable(lists, ret->domain));
	classify_domain(lists, ret);
	ret->verified = is_verified(lists, ret);
}

void
sender_clear(struct sender *sender)
{
	g_free(sender->address);
	g_free(sender->normalised);
	g_free(sender->name);
	g_free(sender->domain);
	g_free(sender->domain_unicode);
	g_free(sender->org_domain);
	authres_clear(&sender->auth);
	memset(sender, 0, sizeof *sender);
}
