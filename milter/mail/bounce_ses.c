/* bounce_ses.c - see bounce_ses.h. */
#include "mail/bounce_ses.h"
#include "mail/bounce_reason.h"

#include <string.h>

/* The string behind "key": in a JSON text, RFC 8259 escapes undone as far as plain; or NULL. */
static char *
json_string(const char *json, const char *key)
{
	g_autofree char *quoted = g_strdup_printf("\"%s\"", key);
	const char *p = strstr(json, quoted);
	if (!p)
		return NULL;
	p += strlen(quoted);
	p += strspn(p, " \t\r\n:");
	if (*p != '"')
		return NULL;
	GString *value = g_string_new(NULL);
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		if ((guchar)*p >= ' ')
			g_string_append_c(value, *p);
	}
	return g_string_free(value, FALSE);
}

char *
bounce_ses_type(const struct mail *mail, const struct marks *marks)
{
	static const char *const types[] = { "Bounce", "Complaint", "Delivery", NULL };
	if (!marks_has(marks, MARK_SNS_MESSAGE))
		return NULL;
	g_autofree char *type = json_string(mail->text, "notificationType");
	if (!type)
		type = json_string(mail->text, "eventType");
	return type && g_strv_contains(types, type) ? g_steal_pointer(&type) : NULL;
}

struct bounce *
bounce_ses_read(const struct mail *mail)
{
	const char *json = mail->text;
	struct bounce *bounce = g_new0(struct bounce, 1);
	g_autofree char *type = json_string(json, "bounceType");
	bounce->class = !type                        ? BOUNCE_DELIVERED
			: !strcmp(type, "Permanent") ? BOUNCE_PERMANENT
						     : BOUNCE_TEMPORARY;
	const char *recipients = strstr(json, "Recipients\"");
	bounce->recipient = json_string(recipients ? recipients : json, "emailAddress");
	bounce->status = json_string(json, "status");
	bounce->diagnostic = json_string(json, "diagnosticCode");
	/* SES calls a content or policy refusal permanent, too. */
	enum bounce_reason reason =
		bounce->diagnostic
			? bounce_reason_of_text(bounce->diagnostic, strlen(bounce->diagnostic))
			: BOUNCE_REASON_NONE;
	if (bounce->class == BOUNCE_PERMANENT && reason && !bounce_reason_is_permanent(reason))
		bounce->class = BOUNCE_TEMPORARY;
	bounce->permanent = bounce->class == BOUNCE_PERMANENT;
	const char *headers = strstr(json, "commonHeaders");
	g_autofree char *id = headers ? json_string(headers, "messageId") : NULL;
	if (id && *id) {
		g_strdelimit(id, "<>", ' ');
		bounce->original_message_id = g_strdup(g_strstrip(id));
	}
	return bounce;
}
