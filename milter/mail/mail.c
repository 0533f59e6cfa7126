/* mail.c - see mail.h: freeing and reading what parse.c made. */
#include "mail/mail.h"
#include "mail/address.h"

#include <string.h>

void
mail_free(struct mail *mail)
{
	/* embedded messages are a chain; followed without recursion */
	while (mail) {
		struct mail *embedded = mail->embedded;
		g_ptr_array_unref(mail->headers);
		g_free(mail->message_id);
		g_ptr_array_unref(mail->in_reply_to);
		g_ptr_array_unref(mail->references);
		g_ptr_array_unref(mail->from);
		g_ptr_array_unref(mail->sender);
		g_ptr_array_unref(mail->reply_to);
		g_ptr_array_unref(mail->to);
		g_ptr_array_unref(mail->cc);
		g_free(mail->subject);
		g_free(mail->content_type);
		g_free(mail->report_type);
		g_free(mail->text);
		g_free(mail->html);
		g_free(mail->html_text);
		g_ptr_array_unref(mail->attachments);
		g_ptr_array_unref(mail->status_groups);
		if (mail->feedback)
			g_ptr_array_unref(mail->feedback->fields);
		g_free(mail->feedback);
		g_free(mail->calendar);
		g_free(mail->calendar_method);
		g_free(mail);
		mail = embedded;
	}
}

static const char *
find_field(const GPtrArray *fields, const char *name, guint n)
{
	for (guint i = 0; i < fields->len; i++) {
		const struct mail_header *field = g_ptr_array_index(fields, i);
		if (g_ascii_strcasecmp(field->name, name) == 0 && n-- == 0)
			return field->value;
	}
	return NULL;
}

const char *
mail_header(const struct mail *mail, const char *name)
{
	return find_field(mail->headers, name, 0);
}

const char *
mail_header_nth(const struct mail *mail, const char *name, guint n)
{
	return find_field(mail->headers, name, n);
}

const char *
mail_status_field(const struct mail_status_group *group, const char *name)
{
	return find_field(group->fields, name, 0);
}

/* NBSP and zero-width characters alone are no text either. */
static gboolean
is_blank(const char *text)
{
	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);
		if (!g_unichar_isspace(c) && !g_unichar_iszerowidth(c))
			return FALSE;
	}
	return TRUE;
}

const char *
mail_shown_text(const struct mail *mail)
{
	if (!is_blank(mail->text) || !mail->html_text)
		return mail->text;
	return mail->html_text;
}

void
mail_set_html_text(struct mail *mail, const char *text)
{
	g_free(mail->html_text);
	mail->html_text = g_strdup(text);
}

const struct mail_address *
mail_author(const struct mail *mail)
{
	return mail->from->len ? g_ptr_array_index(mail->from, 0) : NULL;
}
