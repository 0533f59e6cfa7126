/* fuzz-authres.c - a header block through authres_read(), trusting the id the seeds use. */
#include <stdint.h>

#include "mail/authres.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 64 * 1024)
		return 0;
	g_autoptr(GPtrArray) trusted = g_ptr_array_new();
	g_ptr_array_add(trusted, "mx.ours.example");
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw_mail_read(raw, data, size);
	struct authres auth;
	authres_read(raw, trusted, &auth);
	const char *domains[] = { auth.spf_domain, auth.dkim_domain, auth.dmarc_domain };
	for (guint i = 0; i < G_N_ELEMENTS(domains); i++)
		g_assert(!domains[i] || g_str_is_ascii(domains[i]));
	for (guint i = 1; i < auth.forged->len; i++)
		g_assert(g_array_index(auth.forged, guint, i - 1) <
			 g_array_index(auth.forged, guint, i));
	authres_clear(&auth);
	return 0;
}
