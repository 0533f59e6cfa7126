/*
 * fuzz-address.c - an address field and everything asked of each address in it.
 * Promised: no crash, valid UTF-8, at most LIMIT_ADDRESSES, a normal form that is its own.
 */
#include "base/limits.h"
#include "mail/address.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_address(const struct mail_address *address)
{
	g_assert(g_utf8_validate(address->address, -1, NULL));
	g_assert(!address->name || g_utf8_validate(address->name, -1, NULL));
	gboolean valid = address_is_valid(address->address);
	g_autofree char *tag = address_tag(address->address);
	g_assert(!tag || g_utf8_validate(tag, -1, NULL));
	g_autofree char *normal = address_normalise(address->address);
	if (!normal)
		return;
	g_assert(g_utf8_validate(normal, -1, NULL));
	g_autofree char *again = valid ? address_normalise(normal) : NULL;
	if (again && address_is_valid(normal) && !g_str_equal(normal, again))
		g_error("%s normalises to %s", normal, again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *value = g_strndup((const char *)data, size);
	g_autoptr(GPtrArray) addresses = address_parse_list(value);
	g_assert(addresses->len <= LIMIT_ADDRESSES);
	for (guint i = 0; i < addresses->len; i++)
		check_address(g_ptr_array_index(addresses, i));
	return 0;
}
