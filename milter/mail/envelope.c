/* envelope.c - see envelope.h. */
#include "mail/envelope.h"

#include <string.h>

static const char *const FIELDS[] = { "X-Original-To", "Delivered-To", "Envelope-To",
				      "X-Envelope-To" };

/* Two fields that name one address are one recipient, as the milter saw it: the message's key
 * depends on that. */
static void
add(struct raw_mail *raw, const char *address)
{
	for (guint i = 0; i < raw->recipients->len; i++)
		if (!g_ascii_strcasecmp(g_ptr_array_index(raw->recipients, i), address))
			return;
	raw_mail_add_recipient(raw, address);
}

void
envelope_guess(struct raw_mail *raw, const struct mail *mail)
{
	const GPtrArray *const lists[] = { mail->to, mail->cc };

	for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
		const char *value = mail_header(mail, FIELDS[i]);

		if (value && strchr(value, '@'))
			add(raw, value);
	}
	for (guint l = 0; !raw->recipients->len && l < G_N_ELEMENTS(lists); l++)
		for (guint i = 0; i < lists[l]->len; i++) {
			const struct mail_address *address = g_ptr_array_index(lists[l], i);

			add(raw, address->address);
		}
}
