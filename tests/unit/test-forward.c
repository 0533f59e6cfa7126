/* test-forward.c - forwards of the mail clients, and replies that look like them. */
#include <string.h>

#include "base/limits.h"
#include "mail/facts.h"
#include "mail/forward.h"
#include "cpu_time.h"

/* A message from Bob to sales, read as it would come in. */
static struct mail *
read_mail(const char *fields, const char *subject, const char *body)
{
	g_autofree char *message = g_strdup_printf("From: Bob Own <bob@own.example>\n"
						   "To: sales@own.example\n"
						   "Subject: %s\n"
						   "Date: Wed, 06 Mar 2024 10:00:00 +0100\n"
						   "%s\n%s",
						   subject, fields, body);
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw_mail_read(raw, message, strlen(message));
	return mail_parse(raw);
}

static struct forward *
detect(const char *subject, const char *body)
{
	g_autoptr(mail_owned) mail = read_mail("Content-Type: text/plain; charset=utf-8\n"
					       "Content-Transfer-Encoding: 8bit\n",
					       subject, body);
	return forward_detect(mail);
}

#define BODY "\nHello,\n\nwe need 20 pumps.\nJane\n"
#define TEXT "Hello,\n\nwe need 20 pumps.\nJane"
#define OUTLOOK \
	"From: Jane Roe <jane@north.example>\nSent: Tuesday, March 5, 2024 9:14 AM\n" \
	"To: Bob <bob@own.example>\nSubject: Pumps\n"

struct want {
	const char *client, *subject, *body;
	const char *name, *original_subject, *note;
};

static const struct want forwards[] = {
	{ "Gmail", "Fwd: Pumps",
	  "Take over, please.\n\n---------- Forwarded message ---------\n"
	  "From: Jane Roe <jane@north.example>\nDate: Tue, Mar 5, 2024 at 9:14 AM\n"
	  "Subject: Pumps\nTo: <bob@own.example>\n" BODY,
	  "Jane Roe", "Pumps", "Take over, please." },
	{ "Gmail, subject changed", "new customer",
	  "---------- Forwarded message ---------\nVon: Jane Roe <jane@north.example>\n"
	  "Date: Di., 5. März 2024 um 09:14 Uhr\nSubject: Pumps\nTo: <bob@own.example>\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Gmail, wrapped", "Fwd: Pumps",
	  "---------- Forwarded message ---------\nFrom: Jane Roe\n<jane@north.example>\n"
	  "Date: Tue, Mar 5, 2024 at 9:14 AM\nSubject: Pumps\nTo: <bob@own.example>\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Apple Mail", "Fwd: Pumps",
	  "Yours\n\n> Begin forwarded message:\n> \n> From: Jane Roe <jane@north.example>\n"
	  "> Subject: Pumps\n> Date: 5 March 2024 at 09:14:10 CET\n> To: bob@own.example\n> \n"
	  "> Hello,\n> \n> we need 20 pumps.\n> Jane\n",
	  "Jane Roe", "Pumps", "Yours" },
	{ "Apple Mail, Croatian", "Fwd: Pumps",
	  "Započni proslijeđenu poruku:\n\nŠalje: Jane Roe <jane@north.example>\n"
	  "Predmet: Pumps\nDatum: 5. ožujka 2024. 09:14\nPrima: bob@own.example\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Outlook", "FW: Pumps", "See below.\n\n________________________________\n" OUTLOOK BODY,
	  "Jane Roe", "Pumps", "See below." },
	{ "Outlook, plain text", "Fwd: Pumps",
	  "-----Original Message-----\nFrom: Jane Roe [mailto:jane@north.example] \n"
	  "Sent: Tuesday, March 5, 2024 9:14 AM\nTo: Bob\nSubject: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Outlook, bold labels", "WG: Pumps",
	  "FYI\n\n*Von:* Roe, Jane <jane@north.example> \n"
	  "*Gesendet:* Dienstag, 5. März 2024 09:14\n*An:* Bob <bob@own.example>\n"
	  "*Betreff:* Pumps\n" BODY,
	  "Roe, Jane", "Pumps", "FYI" },
	{ "Outlook, no-break spaces", "TR: Pumps",
	  "De\u00a0: Jane Roe <jane@north.example>\nEnvoyé\u00a0: mardi 5 mars 2024 09:14\n"
	  "À\u00a0: Bob <bob@own.example>\nObjet\u00a0: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Outlook, doubled links", "FW: Pumps",
	  "From: Jane Roe<mailto:jane@north.example> <jane@north.example<mailto:"
	  "jane@north.example>> on behalf of Help <help@north.example>\n"
	  "Sent: Tuesday, March 5, 2024 9:14 AM\nTo: Bob\nSubject: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Outlook, Norwegian", "VS: Pumps",
	  "Fra: Jane Roe <jane@north.example>\nSendt: tirsdag 5. mars 2024 09:14\n"
	  "Til: Bob <bob@own.example>\nEmne: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Outlook for Mac", "FW: Pumps",
	  "Yours\n\nOn 05/03/2024, 09:14, \"Jane Roe\" <jane@north.example> wrote:\n"
	  "\n    Hello,\n\n    we need 20 pumps.\n    Jane\n",
	  "Jane Roe", "Pumps", "Yours" },
	{ "Outlook for Mac, Dutch", "FW: Pumps",
	  "Op 05/03/2024 09:14 heeft Jane Roe <jane@north.example> geschreven:\n"
	  "\n    Hello,\n\n    we need 20 pumps.\n    Jane\n",
	  "Jane Roe", "Pumps", "" },
	{ "Thunderbird", "Fwd: Pumps",
	  "-------- Weitergeleitete Nachricht --------\nBetreff: \tPumps\n"
	  "Datum: \tTue, 5 Mar 2024 09:14:00 +0100\nVon: \tJane Roe <jane@north.example>\n"
	  "An: \tbob@own.example\n\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Yahoo", "Fw: Pumps",
	  "   ----- Forwarded Message ----- From: Jane Roe <jane@north.example>To: "
	  "\"bob@own.example\" <bob@own.example>Sent: Tuesday, March 5, 2024, 09:14:00 AM "
	  "GMT+1Subject: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Yahoo, Hungarian", "Fw: Pumps",
	  "   ----- Továbbított üzenet ----- Feladó: Jane Roe <jane@north.example>Címzett: "
	  "\"bob@own.example\" <bob@own.example>Elküldve: 2024. március 5. 09:14 CETTárgy: "
	  "Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "HubSpot", "Fwd: Pumps",
	  "Yours\n\n---------- Forwarded message ----------\nFrom: Jane Roe <jane@north.example>\n"
	  "Date: March 5, 2024 at 9:14 AM\nTo: bob@own.example\nSubject: Pumps\n\n"
	  "> Hello,\n> \n> we need 20 pumps.\n> Jane\n",
	  "Jane Roe", "Pumps", "Yours" },
	{ "MailMate", "Fwd: Pumps",
	  "Yours\n\nForwarded message:\n\n> From: Jane Roe <jane@north.example>\n"
	  "> To: bob@own.example\n> Subject: Pumps\n> Date: Tue, 5 Mar 2024 09:14:00 +0100\n>\n"
	  "> Hello,\n>\n> we need 20 pumps.\n> Jane\n",
	  "Jane Roe", "Pumps", "Yours" },
	{ "IONOS", "Fwd: Pumps",
	  "> ---------- Original Message ----------\n> From: Jane Roe <jane@north.example>\n"
	  "> To: bob@own.example\n> Date: 03/05/2024 9:14 AM CET\n> Subject: Pumps\n>  \n"
	  "> Hello,\n> \n> we need 20 pumps.\n> Jane\n",
	  "Jane Roe", "Pumps", "" },
	{ "Zoho", "Fwd: Pumps",
	  "============ Forwarded message ============\nFrom: Jane Roe <jane@north.example>\n"
	  "To: <bob@own.example>\nDate: Tue, 05 Mar 2024 09:14:00 +0100\nSubject: Pumps\n"
	  "============ Forwarded message ============\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Yandex", "Fwd: Pumps",
	  "Смотри\n\n-------- Пересылаемое сообщение --------\n"
	  "05.03.2024, 09:14, \"Jane Roe\" <jane@north.example>:\n" BODY
	  "\n-------- Завершение пересылаемого сообщения --------\n",
	  "Jane Roe", "Pumps", "Смотри" },
	{ "Mail.ru", "Fwd: Pumps",
	  "-------- Пересылаемое сообщение --------\nОт кого: Jane Roe <jane@north.example>\n"
	  "Кому: bob@own.example\nДата: Вторник, 5 марта 2024, 9:14 +03:00\nТема: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "GMX", "Fw: Pumps",
	  "Hi\n\nGesendet: Dienstag, 05. März 2024 um 09:14 Uhr\n"
	  "Von: \"Jane Roe\" <jane@north.example>\nAn: bob@own.example\nBetreff: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "Hi" },
	{ "Lotus Notes", "Fw: Pumps",
	  "----- Forwarded by Bob Own/OWN/DE on 05.03.2024 09:20 -----\n\n"
	  "From:\tJane Roe <jane@north.example>\nTo:\tBob Own/OWN/DE@OWN\n"
	  "Date:\t05.03.2024 09:14\nSubject:\tPumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Zimbra", "Fwd: Pumps",
	  "----- Forwarded Message -----\nFrom: \"Jane Roe\" <jane@north.example>\n"
	  "To: \"Bob\" <bob@own.example>\nSent: Tuesday, March 5, 2024 9:14:00 AM\n"
	  "Subject: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "Roundcube", "Fwd: Pumps",
	  "-------- Original Message --------\nSubject: Pumps\nDate: 2024-03-05 09:14\n"
	  "From: Jane Roe <jane@north.example>\nTo: bob@own.example\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "ProtonMail", "Fw: Pumps",
	  "------- Forwarded Message -------\nFrom: Jane Roe <jane@north.example>\n"
	  "Date: On Tuesday, March 5th, 2024 at 9:14 AM\nSubject: Pumps\n"
	  "To: bob@own.example <bob@own.example>\n\n"
	  "> Hello,\n> \n> we need 20 pumps.\n> Jane\n",
	  "Jane Roe", "Pumps", "" },
	{ "QQ", "Fw: Pumps",
	  "------------------ 原始邮件 ------------------\n"
	  "发件人: \"Jane Roe\" <jane@north.example>;\n"
	  "发送时间: 2024年3月5日(星期二) 上午9:14\n收件人: \"bob\"<bob@own.example>;\n"
	  "主题: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "NetEase", "Fw:Pumps",
	  "-------- 转发邮件信息 --------\n发件人：Jane Roe <jane@north.example>\n"
	  "发送日期：2024-03-05 09:14:00\n收件人：bob@own.example\n主题：Pumps\n" BODY,
	  "Jane Roe", "Pumps", "" },
	{ "mutt", "(fwd) Pumps",
	  "----- Forwarded message from Jane Roe <jane@north.example> -----\n\n"
	  "Date: Tue, 5 Mar 2024 09:14:00 +0100\nFrom: Jane Roe <jane@north.example>\n"
	  "To: bob@own.example\nSubject: Pumps\n" BODY "\n----- End forwarded message -----\n",
	  "Jane Roe", "Pumps", "" },
	{ "a forward of a forward", "FW: Pumps",
	  "Take over\n\nFrom: Jane Roe <jane@north.example>\n"
	  "Sent: Tuesday, March 5, 2024 9:14 AM\nTo: Bob <bob@own.example>\n"
	  "Subject: Pumps\n" BODY,
	  "Jane Roe", "Pumps", "Take over" },
	{ "sent on without a prefix", "new customer", "-----Original Message-----\n" OUTLOOK BODY,
	  "Jane Roe", "Pumps", "" },
	{ "labels of no known language", "Fwd: Pumps",
	  "--------- Forwarded message ----------\nXyzzy: Jane Roe <jane@north.example>\n"
	  "Plugh: 2024\nFrobnitz: bob@own.example\n" BODY,
	  "Jane Roe", "Pumps", "" },
};

static void
test_clients(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(forwards); i++) {
		const struct want *want = &forwards[i];
		g_autoptr(forward_owned) forward = detect(want->subject, want->body);
		g_test_message("%s", want->client);
		g_assert_nonnull(forward);
		g_assert_cmpstr(forward->by, ==, "bob@own.example");
		g_assert_cmpstr(forward->address, ==, "jane@north.example");
		g_assert_cmpstr(forward->name, ==, want->name);
		g_assert_cmpstr(forward->subject, ==, want->original_subject);
		g_assert_cmpstr(forward->note, ==, want->note);
		g_assert_true(g_str_has_prefix(g_strchug(forward->text), "Hello,"));
		g_assert_true(g_str_has_suffix(forward->text, "Jane"));
	}
}

/* Subject and body of what is none. */
static const char *const others[][2] = {
	{ "RE: Pumps", "See below.\n\n________________________________\n" OUTLOOK BODY },
	{ "AW: Pumps", "-----Ursprüngliche Nachricht-----\n" OUTLOOK BODY },
	{ "RE: FW: Pumps", "Thanks\n\n" OUTLOOK BODY },
	{ "Pumps", "Thanks\n\n" OUTLOOK BODY },
	{ "回复: Pumps", "好的\n\n------------------ 原始邮件 ------------------\n"
			 "发件人: \"Jane Roe\" <jane@north.example>;\n发送时间: 2024年3月5日\n"
			 "收件人: \"bob\"<bob@own.example>;\n主题: Pumps\n" BODY },
	{ "VS: Pumput", "Kiitos\n\nLähettäjä: Jane Roe <jane@north.example>\n"
			"Lähetetty: tiistai 5. maaliskuuta 2024 9.14\n"
			"Vastaanottaja: Bob <bob@own.example>\nAihe: Pumput\n" BODY },
	{ "Fwd: Pumps", "Yes!\n\nOn 5 Mar 2024, at 09:14, Jane Roe <jane@north.example> wrote:\n"
			"> we need 20 pumps.\n" },
	{ "Re: Pumps", "Sure\n\nOn 05/03/2024, 09:14, \"Jane Roe\" <jane@north.example> wrote:\n"
		       "\n    Hello\n" },
	{ "Re: Pumps", "Yes!\n\nOn 5 Mar 2024, at 09:14, Jane Roe <jane@north.example> wrote:\n\n"
		       "> Begin forwarded message:\n>\n> From: Deep <deep@deep.example>\n"
		       "> Subject: Pumps\n> Date: 4 Mar 2024\n> To: Jane\n>\n> hello\n" },
	{ "Re: Pumps", "Thanks\n\n" OUTLOOK "\n---------- Forwarded message ---------\n"
		       "From: Deep <deep@deep.example>\nSubject: Pumps\nTo: Jane\n\nhello\n" },
	{ "Forwarding", "Hi,\n\nI forwarded this message:\nread it, a@b.example told me.\n" },
	{ "Pumps", "Please see the forwarded message below:\n\nThanks, bob@own.example\n" },
	{ "Fwd: Pumps", "I just wanted to say hello.\n" },
	{ "Fwd: Pumps", "" },
};

static void
test_others(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autoptr(forward_owned) forward = detect(others[i][0], others[i][1]);
		g_test_message("%s: %s", others[i][0], others[i][1]);
		g_assert_null(forward);
	}
}

/* From line → name, address. */
static const char *const senders[][3] = {
	{ "Jane Roe <jane@north.example>", "Jane Roe", "jane@north.example" },
	{ "\"Roe, Jane\" <jane@north.example>", "Roe, Jane", "jane@north.example" },
	{ "jane@north.example", NULL, "jane@north.example" },
	{ "<jane@north.example>", NULL, "jane@north.example" },
	{ "jane@north.example <jane@north.example>", NULL, "jane@north.example" },
	{ "jane@north.example (Jane Roe)", "Jane Roe", "jane@north.example" },
	{ "Jane Roe (jane@north.example)", "Jane Roe", "jane@north.example" },
	{ "Jane Roe [mailto:jane@north.example]", "Jane Roe", "jane@north.example" },
	{ "Jane Roe mailto:jane@north.example", "Jane Roe", "jane@north.example" },
	{ "*Jane Roe* <jane@north.example>", "Jane Roe", "jane@north.example" },
	{ "« Jane Roe » <jane@north.example>", "Jane Roe", "jane@north.example" },
	{ "'Jane Roe' via Sales <jane@north.example>", "Jane Roe' via Sales",
	  "jane@north.example" },
	{ "Jane Roe", "Jane Roe", NULL },
	{ "Jane Roe [/O=NORTH/OU=X/CN=JANE]", "Jane Roe", NULL },
};

static void
test_senders(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(senders); i++) {
		g_autofree char *body = g_strdup_printf("---- Forwarded message ----\nFrom: %s\n"
							"Sent: March 5, 2024\nTo: a@b.example\n"
							"Subject: Pumps\n\nHello",
							senders[i][0]);
		g_autoptr(forward_owned) forward = detect("Fwd: Pumps", body);
		g_test_message("%s", senders[i][0]);
		g_assert_nonnull(forward);
		g_assert_cmpstr(forward->name, ==, senders[i][1]);
		g_assert_cmpstr(forward->address, ==, senders[i][2]);
		g_assert_cmpstr(forward->text, ==, "Hello");
	}
}

/* Date line → seconds. */
static void
test_dates(void)
{
	static const struct {
		const char *text;
		gint64 seconds;
	} wants[] = {
		{ "Tue, 5 Mar 2024 09:14:00 +0100", 1709626440 },
		{ "Tuesday, March 5, 2024 9:14 PM", 1709673240 },
		{ "Dienstag, 5. März 2024 09:14", 1709630040 },
		{ "5 марта 2024, 9:14", 1709630040 },
		{ "2024年3月5日 9:14", 1709630040 },
		{ "mardi 5 mars 2024 à 09:14", 1709630040 },
		{ "one of these days", 0 },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_autofree char *body = g_strdup_printf("---- Forwarded message ----\n"
							"From: Jane <jane@north.example>\n"
							"Date: %s\nTo: a@b.example\n\nHello",
							wants[i].text);
		g_autoptr(forward_owned) forward = detect("Fwd: Pumps", body);
		g_test_message("%s", wants[i].text);
		g_assert_nonnull(forward);
		g_assert_cmpint(forward->date / G_USEC_PER_SEC, ==, wants[i].seconds);
	}
}

#define ATTACHED(type, original) \
	"--x\nContent-Type: text/plain\n\nFor you.\n--x\nContent-Type: " type "\n\n" original \
	"\n--x--\n"
#define ORIGINAL \
	"From: Jane Roe <jane@north.example>\nTo: bob@own.example\nSubject: Pumps\n" \
	"Date: Tue, 5 Mar 2024 09:14:00 +0100\n\nwe need 20 pumps.\n"

static void
test_attached(void)
{
	g_autoptr(mail_owned) mail =
		read_mail("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n",
			  "for you", ATTACHED("message/rfc822", ORIGINAL));
	g_autoptr(forward_owned) forward = forward_detect(mail);
	g_assert_nonnull(forward);
	g_assert_cmpstr(forward->name, ==, "Jane Roe");
	g_assert_cmpstr(forward->address, ==, "jane@north.example");
	g_assert_cmpstr(forward->subject, ==, "Pumps");
	g_assert_cmpstr(g_strchomp(forward->text), ==, "we need 20 pumps.");
	g_assert_cmpstr(g_strchomp(forward->note), ==, "For you.");
	g_assert_cmpint(forward->date / G_USEC_PER_SEC, ==, 1709626440);
}

static void
test_attached_by_machines(void)
{
	g_autoptr(mail_owned) report =
		read_mail("MIME-Version: 1.0\nContent-Type: multipart/report; boundary=x; "
			  "report-type=delivery-status\n",
			  "failed", ATTACHED("message/rfc822", ORIGINAL));
	g_assert_null(forward_detect(report));
	g_autoptr(mail_owned) reply =
		read_mail("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n",
			  "Re: Pumps", ATTACHED("message/rfc822", ORIGINAL));
	g_assert_null(forward_detect(reply));
	g_autoptr(mail_owned) nobody =
		read_mail("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n", "hi",
			  ATTACHED("message/rfc822", "Subject: none\n\nhello"));
	g_assert_null(forward_detect(nobody));
}

static void
test_html(void)
{
	g_autoptr(mail_owned) mail = read_mail("Content-Type: text/html\n", "FW: Pumps", "");
	mail_set_html_text(mail, "Yours\n\nFrom: Jane Roe <jane@north.example>\n"
				 "Sent: Tuesday, March 5, 2024 9:14 AM\nTo: Bob\nSubject: Pumps\n"
				 "\nwe need 20 pumps.\n");
	g_autoptr(forward_owned) forward = forward_detect(mail);
	g_assert_nonnull(forward);
	g_assert_cmpstr(forward->address, ==, "jane@north.example");
	g_assert_cmpstr(forward->text, ==, "we need 20 pumps.");
	g_assert_cmpstr(forward->note, ==, "Yours");
}

/* Ten times the text takes about ten times as long. */
static void
test_linear(void)
{
	static const char *const lines[] = {
		"---- forwarded ----\n",
		"forwarded:\n",
		"From: a@b\n",
		"> On 1.1.2024 a@b wrote:\n",
		"-------- forward @@@@@@@ : : : ---\n",
		"a:b:c:d:e:f@g:h:\n",
	};
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		gint64 spent[2];
		for (int k = 0; k < 2; k++) {
			GString *body = g_string_new(NULL);
			while (body->len < (k ? 100000 : 10000))
				g_string_append(body, lines[i]);
			g_autofree char *text = g_string_free(body, FALSE);
			struct mail mail = { .text = text,
					     .subject = (char *)"Fwd: x",
					     .from = g_ptr_array_new(),
					     .to = g_ptr_array_new(),
					     .cc = g_ptr_array_new(),
					     .in_reply_to = g_ptr_array_new(),
					     .references = g_ptr_array_new() };
			gint64 start = cpu_time();
			forward_free(forward_detect(&mail));
			spent[k] = cpu_time() - start;
			g_ptr_array_unref(mail.from);
			g_ptr_array_unref(mail.to);
			g_ptr_array_unref(mail.cc);
			g_ptr_array_unref(mail.in_reply_to);
			g_ptr_array_unref(mail.references);
		}
		g_test_message("%s: %d us, %d us", lines[i], (int)spent[0], (int)spent[1]);
		g_assert_cmpint(spent[1], <, 30 * spent[0] + 100000);
	}
}

static void
test_subject_kind(void)
{
	static const struct {
		const char *subject;
		enum subject_kind kind;
	} wants[] = {
		{ "Fwd: x", SUBJECT_FORWARD },
		{ "FW：x", SUBJECT_FORWARD },
		{ "[list] WG: x", SUBJECT_FORWARD },
		{ "[Fwd: x]", SUBJECT_FORWARD },
		{ "x (fwd)", SUBJECT_FORWARD },
		{ "Redir.: x", SUBJECT_FORWARD },
		{ "İLT: x", SUBJECT_FORWARD },
		{ "转发: x", SUBJECT_FORWARD },
		{ "Re: Fwd: x", SUBJECT_REPLY },
		{ "AW[2]: x", SUBJECT_REPLY },
		{ "VS: x", SUBJECT_EITHER },
		{ "forward: x", SUBJECT_PLAIN },
		{ "", SUBJECT_PLAIN },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_test_message("%s", wants[i].subject);
		g_assert_cmpint(subject_get_kind(wants[i].subject), ==, wants[i].kind);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/forward/clients", test_clients);
	g_test_add_func("/forward/others", test_others);
	g_test_add_func("/forward/senders", test_senders);
	g_test_add_func("/forward/dates", test_dates);
	g_test_add_func("/forward/attached", test_attached);
	g_test_add_func("/forward/attached-by-machines", test_attached_by_machines);
	g_test_add_func("/forward/html", test_html);
	g_test_add_func("/forward/linear", test_linear);
	g_test_add_func("/forward/subject-kind", test_subject_kind);
	return g_test_run();
}
