/* test-bounce.c - delivery reports in the forms of many systems, and what is read from them. */
#include "kind-fixture.h"

#include "mail/bounce.h"
#include "mail/bounce_reason.h"
#include "cpu_time.h"

#define DAEMON "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\n"
#define TO "To: sales@ours.example\n"
#define REPORT \
	"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;" \
	" boundary=b\n\n--b\nContent-Type: text/plain\n\n"
#define STATUS "\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
#define RETURNED \
	"\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <7@ours.example>\n" \
	"From: sales@ours.example\nTo: bob@customer.example\nSubject: Offer\n\nDear Bob\n--b--\n"

static const struct {
	const char *name, *message;
	enum bounce_class class;
	const char *recipient, *status, *original;
} cases[] = {
	{ "rfc3464-unknown",
	  DAEMON TO "Subject: Undelivered Mail Returned to Sender\n" REPORT
		    "The mail system: could not be delivered.\n" STATUS
		    "Final-Recipient: rfc822; bob@customer.example\nAction: failed\nStatus: 5.1.1\n"
		    "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n" RETURNED,
	  BOUNCE_PERMANENT, "bob@customer.example", "5.1.1", "7@ours.example" },
	{ "original-recipient-first",
	  DAEMON TO "Subject: x\n" REPORT "x\n" STATUS
		    "Original-Recipient: rfc822;bob@customer.example\n"
		    "Final-Recipient: rfc822; b.b@inner.customer.example\nAction: failed\n"
		    "Status: 5.2.2\n" RETURNED,
	  BOUNCE_TEMPORARY, "bob@customer.example", "5.2.2", "7@ours.example" },
	{ "delayed",
	  DAEMON TO "Subject: Delayed Mail (still being retried)\n" REPORT "x\n" STATUS
		    "Final-Recipient: rfc822; bob@customer.example\nAction: delayed\n"
		    "Status: 4.4.1\n" RETURNED,
	  BOUNCE_DELAYED, "bob@customer.example", "4.4.1", "7@ours.example" },
	{ "delivered",
	  DAEMON TO "Subject: Successful Mail Delivery Report\n" REPORT "x\n" STATUS
		    "Final-Recipient: rfc822; bob@customer.example\nAction: relayed\n"
		    "Status: 2.1.5\n" RETURNED,
	  BOUNCE_DELIVERED, "bob@customer.example", "2.1.5", "7@ours.example" },
	{ "worst-of-several",
	  DAEMON TO
	  "Subject: x\n" REPORT "x\n" STATUS
	  "Final-Recipient: rfc822; amy@customer.example\nAction: delivered\nStatus: 2.0.0\n\n"
	  "Final-Recipient: rfc822; bob@customer.example\nAction: failed\nStatus: 5.1.1\n\n"
	  "Final-Recipient: rfc822; cid@customer.example\nAction: failed\nStatus: 5.2.2\n" RETURNED,
	  BOUNCE_PERMANENT, "bob@customer.example", "5.1.1", "7@ours.example" },
	{ "spam-refused",
	  DAEMON TO "Subject: x\n" REPORT "x\n" STATUS
		    "Final-Recipient: rfc822; bob@customer.example\nAction: failed\nStatus: 5.7.1\n"
		    "Diagnostic-Code: smtp; 554 5.7.1 rejected as spam\n" RETURNED,
	  BOUNCE_TEMPORARY, "bob@customer.example", "5.7.1", "7@ours.example" },
	{ "diagnostic-beats-status",
	  DAEMON TO "Subject: x\n" REPORT "x\n" STATUS
		    "Final-Recipient: rfc822; bob@customer.example\nAction: failed\nStatus: 5.1.1\n"
		    "Diagnostic-Code: smtp; 552 5.2.2 Mailbox is full\n" RETURNED,
	  BOUNCE_TEMPORARY, "bob@customer.example", "5.1.1", "7@ours.example" },
	{ "filter-after-data",
	  DAEMON TO
	  "Subject: x\n" REPORT
	  "<bob@customer.example>: 550 Unknown user (in reply to end of DATA command)\n" STATUS
	  "Final-Recipient: rfc822; bob@customer.example\nAction: failed\nStatus: 5.0.0\n"
	  "Diagnostic-Code: smtp; 550 Unknown user\n" RETURNED,
	  BOUNCE_TEMPORARY, "bob@customer.example", "5.0.0", "7@ours.example" },
	{ "qmail",
	  "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\n" TO
	  "Subject: failure notice\n\nHi. This is the qmail-send program.\n"
	  "I wasn't able to deliver your message to the following addresses.\n\n"
	  "<bob@customer.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
	  "--- Below this line is a copy of the message.\n\n"
	  "Return-Path: <sales@ours.example>\nMessage-ID: <7@ours.example>\nSubject: Offer\n\nHi\n",
	  BOUNCE_PERMANENT, "bob@customer.example", "5.1.1", "7@ours.example" },
	{ "exim-without-return-path",
	  "From: Mail Delivery System <Mailer-Daemon@mx.example>\n" TO
	  "X-Failed-Recipients: bob@customer.example\nAuto-Submitted: auto-replied\n"
	  "Subject: Mail delivery failed: returning message to sender\n\n"
	  "This message was created automatically by mail delivery software.\n\n"
	  "  bob@customer.example\n    host mx [192.0.2.1]: SMTP error after RCPT "
	  "TO:<bob@customer.example>:\n"
	  "    550 no such user\n\n------ This is a copy of the message ------\n\n"
	  "Message-ID: <7@ours.example>\n\nHi\n",
	  BOUNCE_PERMANENT, "bob@customer.example", NULL, "7@ours.example" },
	{ "exim-delayed",
	  "Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@mx.example>\n" TO
	  "Subject: Warning: message 1abc delayed 24 hours\n\n"
	  "A message that you sent has not yet been delivered to one recipient after 24 hours.\n\n"
	  "  bob@customer.example\n\nDelivery attempts will continue.\n",
	  BOUNCE_DELAYED, "bob@customer.example", NULL, NULL },
	{ "sections-of-recipients",
	  "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\n" TO "Subject: failure notice\n\n"
	  "<amy@customer.example>:\n552 5.2.2 over quota\n\n"
	  "<bob@customer.example>:\n550 5.1.1 no such user\n\n",
	  BOUNCE_PERMANENT, "bob@customer.example", "5.1.1", NULL },
	{ "notes",
	  "Return-Path: <>\nFrom: Postmaster@customer.example\n" TO
	  "Subject: DELIVERY FAILURE: User bob not listed in Domino Directory\n\n"
	  "Your message\n\n  Subject: Offer\n\nwas not delivered to:\n\n  bob@customer.example\n\n"
	  "because:\n\n  User bob not listed in Domino Directory\n",
	  BOUNCE_PERMANENT, "bob@customer.example", NULL, NULL },
	{ "unsure-text",
	  "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\n" TO "Subject: Delivery failure\n\n"
	  "bob@customer.example: unknown user\n",
	  BOUNCE_TEMPORARY, "bob@customer.example", NULL, NULL },
	{ "full-in-german",
	  "Return-Path: <>\nFrom: postmaster@customer.example\n" TO
	  "Subject: Unzustellbar: Angebot\n\nIhre Nachricht konnte nicht zugestellt werden:\n\n"
	  "bob@customer.example\nDas Postfach ist voll.\n",
	  BOUNCE_TEMPORARY, "bob@customer.example", NULL, NULL },
	{ "russian-words-and-null-sender",
	  "Return-Path: <>\nFrom: robot@customer.example\n" TO "Subject: mail\n"
	  "Content-Type: text/plain; charset=utf-8\n\nВаше письмо не было доставлено:\n\n"
	  "bob@customer.example\nпользователь не найден\n",
	  BOUNCE_PERMANENT, "bob@customer.example", NULL, NULL },
	{ "sendmail-transcript",
	  "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\n" TO
	  "Subject: Returned mail: see transcript\n\n"
	  "   ----- Transcript of session follows -----\n>>> RCPT To:<bob@customer.example>\n"
	  "<<< 550 <bob@customer.example>... User unknown\n"
	  "550 <bob@customer.example>... User unknown\n",
	  BOUNCE_PERMANENT, "bob@customer.example", NULL, NULL },
	{ "ses",
	  "From: no-reply@sns.example\n" TO
	  "Subject: AWS Notification Message\nX-Amz-Sns-Message-Id: 1\n\n"
	  "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"Permanent\","
	  "\"bouncedRecipients\":[{\"emailAddress\":\"bob@customer.example\",\"status\":\"5.1.1\","
	  "\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}]},\"mail\":{\"commonHeaders\":"
	  "{\"messageId\":\"<7@ours.example>\"}}}\n",
	  BOUNCE_PERMANENT, "bob@customer.example", "5.1.1", "7@ours.example" },
	{ "ses-delivery",
	  "From: no-reply@sns.example\n" TO "Subject: x\nX-Amz-Sns-Message-Id: 1\n\n"
	  "{\"notificationType\":\"Delivery\",\"mail\":{}}\n",
	  BOUNCE_DELIVERED, NULL, NULL, NULL },
	{ "from-nobody",
	  "Return-Path: <>\nFrom: <>\n" TO "Subject:\n\n"
	  "You wrote to bob@customer.example. There is no such mailbox.\n",
	  BOUNCE_PERMANENT, "bob@customer.example", NULL, NULL },
};

static void
test_reports(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(message_owned) message =
			message_new(cases[i].message, strlen(cases[i].message));
		const struct bounce *bounce = message->kind->bounce;
		g_test_message("%s: %s", cases[i].name, message->kind->evidence);
		g_assert_cmpint(message->kind->kind, ==, KIND_BOUNCE);
		g_assert_nonnull(bounce);
		g_assert_cmpint(bounce->class, ==, cases[i].class);
		g_assert_cmpint(bounce->permanent, ==, cases[i].class == BOUNCE_PERMANENT);
		g_assert_cmpstr(bounce->recipient, ==, cases[i].recipient);
		g_assert_cmpstr(bounce->status, ==, cases[i].status);
		g_assert_cmpstr(bounce->original_message_id, ==, cases[i].original);
	}
}

static void
test_reasons(void)
{
	static const struct {
		const char *words;
		enum bounce_reason reason;
	} rows[] = {
		{ "550 5.1.1 no such user", BOUNCE_REASON_USER_UNKNOWN },
		{ "550 5.1.1 User unknown", BOUNCE_REASON_USER_UNKNOWN },
		{ "550 User unknown", BOUNCE_REASON_USER_UNSURE },
		{ "550 NO\n   SUCH\tUSER", BOUNCE_REASON_USER_UNKNOWN },
		{ "550 5.1.0 Address rejected.", BOUNCE_REASON_USER_UNKNOWN },
		{ "550 5.4.1 [b@c.example]: Recipient address rejected: Access denied",
		  BOUNCE_REASON_USER_UNKNOWN },
		{ "Host or domain name not found. Name service error", BOUNCE_REASON_HOST_UNKNOWN },
		{ "551 not our customer", BOUNCE_REASON_MOVED },
		{ "556 5.1.10 The domain does not accept mail (nullMX)", BOUNCE_REASON_NO_MAIL },
		{ "552 5.2.2 mailbox full, user unknown to take more", BOUNCE_REASON_MAILBOX_FULL },
		{ "550 5.2.1 mailbox disabled", BOUNCE_REASON_SUSPENDED },
		{ "552 Message size exceeds fixed maximum message size", BOUNCE_REASON_TOO_LARGE },
		{ "550 5.7.26 fails DMARC", BOUNCE_REASON_SENDER },
		{ "554 5.7.1 Relay access denied", BOUNCE_REASON_SENDER },
		{ "550 classified as spam", BOUNCE_REASON_CONTENT },
		{ "452 too many recipients", BOUNCE_REASON_RATE },
		{ "550 5.7.1 denied", BOUNCE_REASON_POLICY },
		{ "421 lost connection", BOUNCE_REASON_NETWORK },
		{ "5.1.0 - Unknown address error 550-'5.7.1 Access denied'", BOUNCE_REASON_POLICY },
		{ "550 no", BOUNCE_REASON_NONE },
		{ "550 5.0.0 no", BOUNCE_REASON_NONE },
		{ "from 5.1.1.9: no", BOUNCE_REASON_NONE },
		{ "", BOUNCE_REASON_NONE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("%s", rows[i].words);
		g_assert_cmpint(bounce_reason_of_text(rows[i].words, strlen(rows[i].words)), ==,
				rows[i].reason);
	}
}

static void
test_status(void)
{
	static const struct {
		const char *text, *status;
		enum bounce_reason reason;
	} rows[] = {
		{ "5.1.1", "5.1.1", BOUNCE_REASON_USER_UNKNOWN },
		{ "550-5.1.1 first\n550 5.2.2 last", "5.2.2", BOUNCE_REASON_MAILBOX_FULL },
		{ "(#5.1.2)", "5.1.2", BOUNCE_REASON_HOST_UNKNOWN },
		{ "4.1.2 later", "4.1.2", BOUNCE_REASON_NETWORK },
		{ "5.1.351 remote", "5.1.351", BOUNCE_REASON_USER_UNKNOWN },
		{ "5.4.999", "5.4.999", BOUNCE_REASON_NETWORK },
		{ "5.6.0", "5.6.0", BOUNCE_REASON_CONTENT },
		{ "5.7.509", "5.7.509", BOUNCE_REASON_POLICY },
		{ "5.5.0", "5.5.0", BOUNCE_REASON_NONE },
		{ "5.1.1.1 4.3.2.1 15.1.1 5.1 5..1 3.1.1 5.1234.1", NULL, BOUNCE_REASON_NONE },
		{ "", NULL, BOUNCE_REASON_NONE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *status = bounce_find_status(rows[i].text, strlen(rows[i].text));
		g_assert_cmpstr(status, ==, rows[i].status);
		g_assert_cmpint(bounce_reason_of_status(status), ==, rows[i].reason);
	}
}

static void
test_null_sender(void)
{
	static const struct {
		const char *sender;
		gboolean null;
	} rows[] = { { "", TRUE },
		     { "<>", TRUE },
		     { "MAILER-DAEMON", TRUE },
		     { "mailer-daemon@mx.example", FALSE },
		     { "a@b.example", FALSE } };
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	g_assert_false(bounce_sender_is_null(raw)); /* unknown isn't null */
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		raw_mail_set_sender(raw, rows[i].sender);
		g_assert_cmpint(bounce_sender_is_null(raw), ==, rows[i].null);
	}
}

/* Ten times the text, about ten times the time: a report full of addresses and codes. */
static void
test_linear(void)
{
	gint64 took[2];
	for (guint round = 0; round < 2; round++) {
		GString *text = g_string_new(DAEMON TO "Subject: failure notice\n\n");
		for (guint i = 0; i < (round ? 1500 : 150); i++)
			g_string_append_printf(
				text, "<u%u@customer.example>:\n550 5.7.1 >>> DATA no (#4.4.1)\n",
				i);
		gint64 begin = cpu_time();
		g_autoptr(message_owned) message = message_new(text->str, text->len);
		took[round] = cpu_time() - begin;
		g_assert_cmpint(message->kind->kind, ==, KIND_BOUNCE);
		g_string_free(text, TRUE);
	}
	g_test_message("%" G_GINT64_FORMAT " us, %" G_GINT64_FORMAT " us", took[0], took[1]);
	g_assert_cmpint(took[1], <, 40 * MAX(took[0], 1000));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bounce/reports", test_reports);
	g_test_add_func("/bounce/reasons", test_reasons);
	g_test_add_func("/bounce/status", test_status);
	g_test_add_func("/bounce/null-sender", test_null_sender);
	g_test_add_func("/bounce/linear", test_linear);
	return g_test_run();
}
