/*
 * parse-files.c - parse the messages of the files named and print what was found, or with -t the
 * time each took.  For measuring against a corpus.
 */
#include "mail/mail.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 200

static void
print_addresses(const char *name, const GPtrArray *addresses)
{
	for (guint i = 0; i < addresses->len; i++) {
		const struct mail_address *address = g_ptr_array_index(addresses, i);
		printf("%s: [%s] <%s>\n", name, address->name ? address->name : "",
		       address->address);
	}
}

static void
print_ids(const char *name, const GPtrArray *ids)
{
	for (guint i = 0; i < ids->len; i++)
		printf("%s: %s\n", name, (const char *)g_ptr_array_index(ids, i));
}

static void
print_text(const char *name, const char *text)
{
	if (text)
		printf("%s: %zu bytes\n%.1500s\n", name, strlen(text), text);
}

static void
print_status(const struct mail_status_group *group)
{
	printf("status group\n");
	for (guint i = 0; i < group->fields->len; i++) {
		const struct mail_header *field = g_ptr_array_index(group->fields, i);
		printf("  %s: %s\n", field->name, field->value);
	}
}

static void
print_mail(const struct mail *mail)
{
	printf("type: %s report: %s headers: %u truncated: %d\n", mail->content_type,
	       mail->report_type ? mail->report_type : "-", mail->headers->len, mail->truncated);
	printf("id: %s\nsubject: %s\ndate: %" G_GINT64_FORMAT " %+d\n",
	       mail->message_id ? mail->message_id : "-", mail->subject,
	       mail->date / G_USEC_PER_SEC, mail->date_offset);
	print_ids("in-reply-to", mail->in_reply_to);
	print_ids("references", mail->references);
	print_addresses("from", mail->from);
	print_addresses("sender", mail->sender);
	print_addresses("reply-to", mail->reply_to);
	print_addresses("to", mail->to);
	print_addresses("cc", mail->cc);
	for (guint i = 0; i < mail->attachments->len; i++) {
		const struct mail_attachment *a = g_ptr_array_index(mail->attachments, i);
		printf("attachment: %s [%s] %" G_GUINT64_FORMAT "%s\n", a->type,
		       a->filename ? a->filename : "", a->bytes, a->is_inline ? " inline" : "");
	}
	for (guint i = 0; i < mail->status_groups->len; i++)
		print_status(g_ptr_array_index(mail->status_groups, i));
	if (mail->feedback)
		print_status(mail->feedback);
	print_text("text", mail->text);
	print_text("html", mail->html);
	if (mail->calendar)
		print_text(mail->calendar_method ? mail->calendar_method : "calendar",
			   mail->calendar);
	if (mail->embedded) {
		printf("--- embedded%s\n", mail->embedded_is_report ? " in report" : "");
		print_mail(mail->embedded);
	}
}

static void
time_file(const char *path, const char *bytes, gsize length)
{
	gint64 begin = g_get_monotonic_time();
	for (guint i = 0; i < ROUNDS; i++) {
		g_autoptr(raw_mail_owned) raw = raw_mail_new(0);
		raw_mail_read(raw, bytes, length);
		g_autoptr(mail_owned) mail = mail_parse(raw);
		g_assert_nonnull(mail);
	}
	printf("%8.1f us %8zu bytes %s\n", (double)(g_get_monotonic_time() - begin) / ROUNDS,
	       length, path);
}

static void
print_file(const char *path, const char *bytes, gsize length)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(0);
	raw_mail_read(raw, bytes, length);
	g_autoptr(mail_owned) mail = mail_parse(raw);
	printf("===== %s\n", path);
	print_mail(mail);
}

int
main(int argc, char **argv)
{
	gboolean timing = argc > 1 && strcmp(argv[1], "-t") == 0;
	for (int i = timing ? 2 : 1; i < argc; i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *bytes = NULL;
		gsize length;
		if (!g_file_get_contents(argv[i], &bytes, &length, &error)) {
			fprintf(stderr, "%s\n", error->message);
			return 1;
		}
		(timing ? time_file : print_file)(argv[i], bytes, length);
	}
	return 0;
}
