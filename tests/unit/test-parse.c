/* test-parse.c - whole messages: structure, shown text, attachments, reports, ceilings. */
#include "mail/mail.h"
#include "base/limits.h"
#include "cpu_time.h"

#include <string.h>

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=b\n\n"
#define PLAIN "--b\nContent-Type: text/plain\n\n"
#define HTML "--b\nContent-Type: text/html\n\n"
#define END "--b--\n"

static struct mail *
parse(const char *bytes, gsize length)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(0);
	raw_mail_read(raw, bytes, length);
	return mail_parse(raw);
}

struct shown_case {
	const char *name, *message, *text, *html; /* html NULL: none */
};

static const struct shown_case shown_cases[] = {
	{ "empty", "", "", NULL },
	{ "headers only", "Subject: a\n", "", NULL },
	{ "plain", "Subject: a\n\nhello\n", "hello\n", NULL },
	{ "CRLF", "Subject: a\r\n\r\nhello\r\nyou\r\n", "hello\nyou\n", NULL },
	{ "CR", "Subject: a\r\rhello\ryou\r", "hello\nyou\n", NULL },
	{ "no headers", "hello you\n", "hello you\n", NULL },
	{ "html", "Content-Type: text/html\n\n<p>hi", "", "<p>hi" },
	{ "alternative", ALTERNATIVE PLAIN "a\n" HTML "<p>a\n" END, "a", "<p>a" },
	{ "alternative, html first", ALTERNATIVE HTML "<p>a\n" PLAIN "a\n" END, "a", "<p>a" },
	{ "two plain alternatives", ALTERNATIVE PLAIN "a\n" PLAIN "b\n" END, "a", NULL },
	{ "two plain parts", MIXED PLAIN "a\n" PLAIN "b\n" END, "a\nb", NULL },
	{ "html with a footer", MIXED HTML "<p>a\n" PLAIN "b<\nc\n" END, "",
	  "<p>a\n<div>b&lt;<br>\nc</div>" },
	{ "attached text",
	  MIXED PLAIN "a\n"
		      "--b\nContent-Type: text/plain; name=x.txt\n\nb\n" END,
	  "a", NULL },
	{ "mixed in alternative",
	  ALTERNATIVE PLAIN
	  "a\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/html\n\n"
	  "<p>1\n--c\nContent-Type: text/html\n\n<p>2\n--c--\n" END,
	  "a", "<p>1\n<p>2" },
	{ "no closing delimiter", MIXED PLAIN "a\n", "a\n", NULL },
	{ "inner delimiter missing",
	  MIXED "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\na\n" PLAIN "b\n" END,
	  "a\nb", NULL },
	{ "preamble and epilogue", MIXED "pre\n" PLAIN "a\n" END "post\n", "a", NULL },
	{ "white space after the delimiter", MIXED "--b \t\n\na\n--b-- \n", "a", NULL },
	{ "delimiter as a prefix", MIXED "--b\n\na\n--bc\nb\n" END, "a\n--bc\nb", NULL },
	{ "no boundary parameter",
	  "Content-Type: multipart/mixed\n\n--x\nContent-Type: text/plain\n"
	  "\na\n--x--\n",
	  "a", NULL },
	{ "folded boundary",
	  "Content-Type: multipart/mixed; boundary=\"x\n y\"\n\n--x y\n\na\n--x y--", "a", NULL },
	{ "closing delimiter alone", MIXED "just text\n" END, "just text\n--b--\n", NULL },
	{ "space before the closing dashes", MIXED PLAIN "a\n--b  --\npost\n", "a", NULL },
	{ "no delimiter", MIXED "just text\n", "just text\n", NULL },
	{ "part without fields", MIXED "--b\n\na\n" END, "a", NULL },
	{ "part without empty line", MIXED "--b\nno field\na\n" END, "no field\na", NULL },
	{ "quoted-printable",
	  "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
	  "Quoted-Printable"
	  "\n\ngr=FC=\n=DF =ZZ=\n",
	  "grüß =ZZ", NULL },
	{ "base64",
	  "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
	  "Z3LD\nvMOfDQo=\n",
	  "grüß\n", NULL },
	{ "base64 with a footer in clear",
	  "Content-Transfer-Encoding: base64\n\naGVsbG8K\n\n_____\nThe list, example\n", "hello\n",
	  NULL },
	{ "base64 in two pieces", "Content-Transfer-Encoding: base64\n\nYQ==\nYg==\n", "ab", NULL },
	{ "flowed", "Content-Type: text/plain; format=flowed\n\none \ntwo\n> a \n> b\n",
	  "one two\n> a b\n", NULL },
	{ "uuencode is left", "Subject: a\n\nbegin 644 x\n#86)C\n`\nend\n",
	  "begin 644 x\n#86)C\n`\nend\n", NULL },
	{ "byte order mark", "Content-Type: text/plain; charset=utf-8\n\n\xEF\xBB\xBFhi", "hi",
	  NULL },
	{ "html's own charset", "Content-Type: text/html\n\n<meta charset=\"koi8-r\">\xF0", "",
	  "<meta charset=\"koi8-r\">П" },
	{ "broken type", "Content-Type: nonsense\n\nhi", "hi", NULL },
	{ "text type", "Content-Type: text\n\nhi", "hi", NULL },
	{ "missing semicolon", "Content-Type: text/plain charset=koi8-r\n\n\xF0", "П", NULL },
	{ "attachment on top", "Content-Disposition: attachment; filename=a.txt\n\nhi", "", NULL },
	{ "signed",
	  "Content-Type: multipart/signed; boundary=b; protocol=x/y\n\n" PLAIN
	  "a\n--b\nContent-Type: application/pgp-signature\n\nx\n" END,
	  "a", NULL },
	{ "amp",
	  ALTERNATIVE PLAIN "a\n--b\nContent-Type: text/x-amp-html\n\n<p>\n" HTML "<p>a\n" END, "a",
	  "<p>a" },
};

static void
test_shown(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(shown_cases); i++) {
		const struct shown_case *c = &shown_cases[i];
		g_autoptr(mail_owned) mail = parse(c->message, strlen(c->message));
		g_test_message("%s", c->name);
		g_assert_cmpstr(mail->text, ==, c->text);
		g_assert_cmpstr(mail->html, ==, c->html);
		g_assert_false(mail->truncated);
	}
}

struct attachment_case {
	const char *fields; /* of the second part */
	const char *want; /* type|file name|bytes|inline */
};

/* Each in a multipart/mixed after a text part, its body "YWJj" (abc in base64). */
static const struct attachment_case attachment_cases[] = {
	{ "Content-Type: application/pdf; name=a.pdf", "application/pdf|a.pdf|4|0" },
	{ "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64",
	  "application/pdf|a.pdf|3|0" },
	{ "Content-Type: APPLICATION/PDF\nContent-Disposition: attachment; filename=\"a b.pdf\"",
	  "application/pdf|a b.pdf|4|0" },
	{ "Content-Type: image/png\nContent-Disposition: inline", "image/png||4|1" },
	{ "Content-Type: application/pdf;\n name*0*=utf-8''R%C3%A9;\n name*1=f.pdf",
	  "application/pdf|Réf.pdf|4|0" },
	{ "Content-Type: application/pdf; name=\"=?utf-8?Q?R=C3=A9f=2Epdf?=\"",
	  "application/pdf|Réf.pdf|4|0" },
	{ "Content-Type: application/pdf; name=\"R\xE9"
	  "f.pdf\"",
	  "application/pdf|Réf.pdf|4|0" },
	{ "Content-Type: application/pdf; name=\"C:\\docs\\a.pdf\"", "application/pdf|a.pdf|4|0" },
	{ "Content-Type: application/pdf; name=\"../../a.pdf\"", "application/pdf|a.pdf|4|0" },
	{ "Content-Type: application/pdf; name='a.pdf'", "application/pdf|a.pdf|4|0" },
	{ "Content-Type: application/pkcs7-mime; name=smime.p7m",
	  "application/pkcs7-mime|smime.p7m|4|0" },
	{ "Content-Type: application/ms-tnef; name=winmail.dat",
	  "application/ms-tnef|winmail.dat|4|0" },
	{ "Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt",
	  "text/plain|a.txt|4|0" },
	{ "Content-Type: text/csv", "text/csv||4|0" },
	{ "Content-Type: message/rfc822; name=a.eml", "message/rfc822|a.eml|4|0" },
};

static void
test_attachment(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(attachment_cases); i++) {
		g_autofree char *message = g_strdup_printf(MIXED PLAIN "x\n--b\n%s\n\nYWJj\n" END,
							   attachment_cases[i].fields);
		g_autoptr(mail_owned) mail = parse(message, strlen(message));
		g_assert_cmpuint(mail->attachments->len, ==, 1);
		const struct mail_attachment *a = g_ptr_array_index(mail->attachments, 0);
		g_autofree char *got =
			g_strdup_printf("%s|%s|%" G_GUINT64_FORMAT "|%d", a->type,
					a->filename ? a->filename : "", a->bytes, a->is_inline);
		g_assert_cmpstr(got, ==, attachment_cases[i].want);
		g_assert_cmpstr(mail->text, ==, "x");
	}
}

static void
test_related(void)
{
	static const char message[] =
		"Content-Type: multipart/related; boundary=b\n\n" HTML "<img src=cid:i>\n"
		"--b\nContent-Type: image/png\nContent-ID: <i>\n\nx\n" END;
	g_autoptr(mail_owned) mail = parse(message, strlen(message));
	const struct mail_attachment *image = g_ptr_array_index(mail->attachments, 0);
	g_assert_true(image->is_inline);
}

static void
test_fields(void)
{
	static const char message[] =
		"Message-ID: <1@example.com>\nIn-Reply-To: <0@example.com>\n"
		"References: <a@x>,<b@x>\n <c@x>\nFrom: =?utf-8?Q?J=C3=A4ne?= <jane@example.com>\n"
		"Sender: <desk@example.com>\nReply-To: <r@example.com>\n"
		"To: a@example.net\nTo: b@example.net\nCc: c@example.net\n"
		"Subject: =?koi8-r?B?8NLJ18XU?= you\nDate: Sat, 21 Nov 2026 12:00:00 +0200\n"
		"X-Two: 1\nx-two: 2\nContent-Type: TEXT/Plain; charset=x\n\nhi\n";
	g_autoptr(mail_owned) mail = parse(message, strlen(message));
	g_assert_cmpstr(mail->message_id, ==, "1@example.com");
	g_assert_cmpstr(g_ptr_array_index(mail->in_reply_to, 0), ==, "0@example.com");
	g_assert_cmpuint(mail->references->len, ==, 3);
	g_assert_cmpstr(mail_author(mail)->name, ==, "Jäne");
	g_assert_cmpstr(mail_author(mail)->address, ==, "jane@example.com");
	g_assert_cmpuint(mail->sender->len + mail->reply_to->len + mail->cc->len, ==, 3);
	g_assert_cmpuint(mail->to->len, ==, 2);
	g_assert_cmpstr(mail->subject, ==, "Привет you");
	g_assert_cmpint(mail->date, ==, G_GINT64_CONSTANT(1795255200) * G_USEC_PER_SEC);
	g_assert_cmpint(mail->date_offset, ==, 7200);
	g_assert_cmpstr(mail->content_type, ==, "text/plain");
	g_assert_cmpstr(mail_header(mail, "X-TWO"), ==, "1");
	g_assert_cmpstr(mail_header_nth(mail, "X-Two", 1), ==, "2");
	g_assert_null(mail_header_nth(mail, "X-Two", 2));
	g_assert_null(mail_header(mail, "X-Three"));
}

static void
test_no_fields(void)
{
	g_autoptr(mail_owned) mail = parse("", 0);
	g_assert_null(mail->message_id);
	g_assert_null(mail_author(mail));
	g_assert_cmpstr(mail->subject, ==, "");
	g_assert_cmpint(mail->date, ==, 0);
	g_assert_cmpstr(mail->content_type, ==, "text/plain");
	g_assert_null(mail->report_type);
	g_assert_cmpstr(mail_shown_text(mail), ==, "");
}

/* Raw bytes in fields are in the charset of the text. */
static void
test_raw_fields(void)
{
	static const char message[] = "Subject: \xF0\xD2\xC9\nFrom: \xF0 <a@example.com>\n" MIXED
				      "--b\nContent-Type: text/plain; charset=koi8-r\n\n\xF0\n"
				      "--b\nContent-Type: x/y; name=\xF0.doc\n\n" END;
	g_autoptr(mail_owned) mail = parse(message, strlen(message));
	const struct mail_attachment *a = g_ptr_array_index(mail->attachments, 0);
	g_assert_cmpstr(mail->subject, ==, "При");
	g_assert_cmpstr(mail_author(mail)->name, ==, "П");
	g_assert_cmpstr(mail->text, ==, "П");
	g_assert_cmpstr(a->filename, ==, "П.doc");
}

static void
test_html_text(void)
{
	static const char message[] = ALTERNATIVE PLAIN " \xC2\xA0\n" HTML "<p>a\n" END;
	g_autoptr(mail_owned) mail = parse(message, strlen(message));
	g_assert_null(mail->html_text);
	mail_set_html_text(mail, "a");
	mail_set_html_text(mail, "b");
	g_assert_cmpstr(mail_shown_text(mail), ==, "b");
	g_free(mail->text);
	mail->text = g_strdup("text");
	g_assert_cmpstr(mail_shown_text(mail), ==, "text");
}

static void
test_delivery_status(void)
{
	static const char message[] =
		"Content-Type: multipart/report; report-type=\"Delivery-Status\"; "
		"boundary=b\n\n" PLAIN "failed\n--b\nContent-Type: message/delivery-status\n\n"
		"Reporting-MTA: dns; mx.example.net\n\n\nFinal-Recipient: rfc822; a@example.com\n"
		"Action: failed\nnonsense\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550\n no such "
		"user\n\n"
		"Final-Recipient: rfc822; b@example.com\n"
		"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1@x>\nSubject: s\n" END;
	g_autoptr(mail_owned) mail = parse(message, strlen(message));
	g_assert_cmpstr(mail->report_type, ==, "delivery-status");
	g_assert_cmpuint(mail->status_groups->len, ==, 3);
	const struct mail_status_group *group = g_ptr_array_index(mail->status_groups, 1);
	g_assert_cmpstr(mail_status_field(group, "status"), ==, "5.1.1");
	g_assert_cmpstr(mail_status_field(group, "Diagnostic-Code"), ==, "smtp; 550 no such user");
	g_assert_null(mail_status_field(group, "X"));
	g_assert_cmpstr(mail->embedded->message_id, ==, "1@x");
	g_assert_true(mail->embedded_is_report);
	g_assert_cmpuint(mail->attachments->len, ==, 0);
	g_assert_cmpstr(mail->text, ==, "failed");
}

static void
test_feedback(void)
{
	static const char message[] =
		"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
		"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n"
		"--b\nContent-Type: message/rfc822\n\nFrom: a@example.com\n\nbuy\n" END;
	g_autoptr(mail_owned) mail = parse(message, strlen(message));
	g_assert_nonnull(mail->feedback);
	g_assert_cmpstr(mail_status_field(mail->feedback, "feedback-type"), ==, "abuse");
	g_assert_cmpstr(mail_author(mail->embedded)->address, ==, "a@example.com");
}

static void
test_calendar(void)
{
	static const struct {
		const char *type, *method;
	} cases[] = {
		{ "text/calendar; method=request", "REQUEST" },
		{ "text/calendar", "REPLY" },
		{ "application/ics", "REPLY" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *message = g_strdup_printf(
			ALTERNATIVE PLAIN
			"a\n--b\nContent-Type: %s\n\nBEGIN:VCALENDAR\r\nMETHOD:reply"
			"\r\n" END,
			cases[i].type);
		g_autoptr(mail_owned) mail = parse(message, strlen(message));
		g_assert_cmpstr(mail->calendar, ==, "BEGIN:VCALENDAR\nMETHOD:reply");
		g_assert_cmpstr(mail->calendar_method, ==, cases[i].method);
		g_assert_cmpuint(mail->attachments->len, ==, 0);
	}
}

static void
test_embedded(void)
{
	static const char message[] =
		MIXED PLAIN "see below\n--b\nContent-Type: message/rfc822\n"
			    "Content-Transfer-Encoding: base64\n\n"
			    /* From: a@example.com, Content-Type: text/html, <p>hi */
			    "RnJvbTogYUBleGFtcGxlLmNvbQpDb250ZW50LVR5cGU6IHRleHQvaHRtbAoKPHA+aGk=\n"
			    "--b\nContent-Type: message/rfc822\n\nSubject: second\n\nx\n" END;
	g_autoptr(mail_owned) mail = parse(message, strlen(message));
	g_assert_cmpstr(mail->text, ==, "see below");
	g_assert_cmpstr(mail_author(mail->embedded)->address, ==, "a@example.com");
	g_assert_cmpstr(mail->embedded->html, ==, "<p>hi");
	g_assert_false(mail->embedded_is_report);
	g_assert_cmpuint(mail->attachments->len, ==, 2);
}

/* --- ceilings --- */

static void
test_nesting(void)
{
	g_autoptr(GString) message = g_string_new(NULL);
	for (guint i = 0; i < 5000; i++)
		g_string_append_printf(
			message, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
	g_autoptr(mail_owned) mail = parse(message->str, message->len);
	g_assert_true(mail->truncated);
}

static void
test_embedded_nesting(void)
{
	g_autoptr(GString) message = g_string_new(NULL);
	for (guint i = 0; i < 8000; i++)
		g_string_append(message, "Content-Type: message/rfc822\n\n");
	g_autoptr(mail_owned) mail = parse(message->str, message->len);
	guint depth = 0;
	for (const struct mail *m = mail; m; m = m->embedded)
		depth++;
	g_assert_cmpuint(depth, ==, LIMIT_NESTING + 1);
}

static void
test_many_parts(void)
{
	g_autoptr(GString) message = g_string_new(MIXED);
	while (message->len < LIMIT_BODY)
		g_string_append(message, "--b\n\nx\n");
	g_autoptr(mail_owned) mail = parse(message->str, message->len);
	g_assert_cmpuint(strlen(mail->text), ==, 2 * LIMIT_PARTS - 1);
	g_assert_true(mail->truncated);
}

static void
test_long_text(void)
{
	g_autoptr(GString) message = g_string_new("Subject: a\n\n");
	while (message->len < 2 * LIMIT_BODY)
		g_string_append(message, "\xC3\xBC");
	g_autoptr(mail_owned) mail = parse(message->str, message->len);
	g_assert_cmpuint(strlen(mail->text), ==, LIMIT_TEXT);
	g_assert_true(g_utf8_validate(mail->text, -1, NULL));
	g_assert_true(mail->truncated);
}

/* A body cut in an attachment loses nothing that is shown. */
static void
test_cut_attachment(void)
{
	g_autoptr(GString) message = g_string_new(MIXED PLAIN "a\n--b\nContent-Type: x/y\n\n");
	while (message->len < 2 * LIMIT_BODY)
		g_string_append(message, "attached\n");
	g_autoptr(mail_owned) mail = parse(message->str, message->len);
	g_assert_cmpstr(mail->text, ==, "a");
	g_assert_false(mail->truncated);
}

static void
test_long_fields(void)
{
	g_autofree char *long_text = g_strnfill(3 * LIMIT_HEADER_VALUE, 'x');
	g_autofree char *message = g_strdup_printf("Subject: %s\nContent-Type: x/y; name=%s\n\n",
						   long_text, long_text);
	g_autoptr(mail_owned) mail = parse(message, strlen(message));
	const struct mail_attachment *a = g_ptr_array_index(mail->attachments, 0);
	g_assert_cmpuint(strlen(mail->subject), ==, LIMIT_SUBJECT);
	g_assert_cmpuint(strlen(a->filename), ==, LIMIT_FILENAME);
}

/* What overflows GMime's stack or loops in it, whole and inside an embedded message. */
static void
test_hostile(void)
{
	static const char *const heads[] = {
		"From: ",
		"To: ",
		"Subject: ",
		"References: ",
		"Content-Type: multipart/mixed; boundary=",
		"Content-Type: x/y; ",
		"Date: ",
		"X: \nContent-Type: message/rfc822\n\nFrom: ",
		MIXED "--b\nContent-Type: message/rfc822\n\nTo: ",
		"Content-Disposition: ",
		MIXED,
		"Content-Type: text/html\n\n",
		"Content-Type: message/delivery-status\n\n",
		"Content-Transfer-Encoding: base64\n\n",
		"Content-Type: text/plain; format=flowed\n\n",
	};
	static const char *const units[] = {
		"a:",       "(",      "<",     "\"",
		"a*0=b;",   "=?a?Q?", "--b\n", "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
		"a: b\n\n", "\n ",    "> ",    " \n",
		"=",        "\r",     "\xC3"
	};
	for (gsize i = 0; i < G_N_ELEMENTS(heads) * G_N_ELEMENTS(units); i++) {
		g_autoptr(GString) message = g_string_new(heads[i / G_N_ELEMENTS(units)]);
		while (message->len < 90 * 1024)
			g_string_append(message, units[i % G_N_ELEMENTS(units)]);
		gint64 begin = cpu_time();
		g_autoptr(mail_owned) mail = parse(message->str, message->len);
		gint64 took = cpu_time() - begin;
		g_assert_nonnull(mail);
		if (took > 20000)
			g_test_message("%.40s... %.10s: %" G_GINT64_FORMAT " us", message->str,
				       units[i % G_N_ELEMENTS(units)], took);
		g_assert_cmpint(took, <, G_USEC_PER_SEC);
	}
}

/* First uses of the charset tables and of GMime meet. */
static gpointer
parse_often(gpointer unused)
{
	static const char *const charsets[] = { "koi8-r", "windows-1251", "gb18030", "iso-8859-7",
						"utf-8",  "iso-2022-jp",  "cp866",   "x" };
	for (guint i = 0; i < 400; i++) {
		g_autofree char *message = g_strdup_printf(
			"From: =?%s?Q?=C1?= <a@example.com>\n" MIXED
			"--b\nContent-Type: text/plain; charset=%s; name*=%s''%%C1\n\nA \xC1\n" END,
			charsets[i % 8], charsets[i % 8], charsets[i % 8]);
		g_autoptr(mail_owned) mail = parse(message, strlen(message));
		g_assert_true(g_utf8_validate(mail->text, -1, NULL) && mail->text[0]);
	}
	return unused;
}

static void
test_threads(void)
{
	GThread *threads[8];
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("parse", parse_often, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
		g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/parse/shown", test_shown);
	g_test_add_func("/parse/attachment", test_attachment);
	g_test_add_func("/parse/related", test_related);
	g_test_add_func("/parse/fields", test_fields);
	g_test_add_func("/parse/no-fields", test_no_fields);
	g_test_add_func("/parse/raw-fields", test_raw_fields);
	g_test_add_func("/parse/html-text", test_html_text);
	g_test_add_func("/parse/delivery-status", test_delivery_status);
	g_test_add_func("/parse/feedback", test_feedback);
	g_test_add_func("/parse/calendar", test_calendar);
	g_test_add_func("/parse/embedded", test_embedded);
	g_test_add_func("/parse/nesting", test_nesting);
	g_test_add_func("/parse/embedded-nesting", test_embedded_nesting);
	g_test_add_func("/parse/many-parts", test_many_parts);
	g_test_add_func("/parse/long-text", test_long_text);
	g_test_add_func("/parse/cut-attachment", test_cut_attachment);
	g_test_add_func("/parse/long-fields", test_long_fields);
	g_test_add_func("/parse/threads", test_threads);
	g_test_add_func("/parse/hostile", test_hostile);
	return g_test_run();
}
