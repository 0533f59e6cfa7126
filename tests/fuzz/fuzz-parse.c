/*
 * fuzz-parse.c - a whole message from a file: read, parsed, spooled and read back.
 * Promised: no crash, every string valid UTF-8, lists within their ceilings.
 */
#include "base/limits.h"
#include "mail/mail.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	if (text && !g_utf8_validate(text, -1, NULL))
		g_error("not UTF-8");
}

static void
check_addresses(const GPtrArray *addresses)
{
	g_assert(addresses->len <= LIMIT_ADDRESSES);
	for (guint i = 0; i < addresses->len; i++) {
		const struct mail_address *address = g_ptr_array_index(addresses, i);
		g_assert(address->address && *address->address);
		check_text(address->address);
		check_text(address->name);
	}
}

static void
check_headers(const GPtrArray *headers)
{
	for (guint i = 0; i < headers->len; i++) {
		const struct mail_header *header = g_ptr_array_index(headers, i);
		check_text(header->name);
		check_text(header->value);
	}
}

static void
check_ids(const GPtrArray *ids)
{
	g_assert(ids->len <= LIMIT_REFERENCES);
	for (guint i = 0; i < ids->len; i++)
		check_text(g_ptr_array_index(ids, i));
}

static void
check_parts(const struct mail *mail)
{
	g_assert(mail->attachments->len <= LIMIT_ATTACHMENTS);
	for (guint i = 0; i < mail->attachments->len; i++) {
		const struct mail_attachment *attachment = g_ptr_array_index(mail->attachments, i);
		check_text(attachment->filename);
		check_text(attachment->type);
	}
	for (guint i = 0; i < mail->status_groups->len; i++) {
		const struct mail_status_group *group = g_ptr_array_index(mail->status_groups, i);
		check_headers(group->fields);
	}
	if (mail->feedback)
		check_headers(mail->feedback->fields);
}

static void
check_mail(const struct mail *mail)
{
	const char *const texts[] = { mail->message_id,  mail->subject,        mail->content_type,
				      mail->report_type, mail->text,           mail->html,
				      mail->calendar,    mail->calendar_method };
	const GPtrArray *const lists[] = { mail->from, mail->sender, mail->reply_to, mail->to,
					   mail->cc };
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		check_text(texts[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		check_addresses(lists[i]);
	check_headers(mail->headers);
	check_ids(mail->in_reply_to);
	check_ids(mail->references);
	check_parts(mail);
	g_assert(mail->text && mail->subject && mail_shown_text(mail));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw_mail_read(raw, data, size);
	g_autoptr(mail_owned) mail = mail_parse(raw);
	for (const struct mail *m = mail; m; m = m->embedded)
		check_mail(m);

	g_autoptr(GBytes) bytes = raw_mail_to_bytes(raw);
	g_autoptr(raw_mail_owned) back = raw_mail_from_bytes(bytes, NULL);
	g_autofree char *key = raw_mail_key(raw), *key_back = raw_mail_key(back);
	g_assert(g_str_equal(key, key_back));

	g_autoptr(GBytes) garbage = g_bytes_new(data, size);
	raw_mail_free(raw_mail_from_bytes(garbage, NULL));
	return 0;
}
