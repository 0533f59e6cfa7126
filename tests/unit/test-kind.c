/* test-kind.c - messages and the kind they are, with the evidence. */
#include "kind-fixture.h"
#include "cpu_time.h"

/* What every message has; the field and body under test come behind it. */
#define PERSON \
	"Return-Path: <ann.lee@customer.example>\n" \
	"From: Ann Lee <ann.lee@customer.example>\n" \
	"To: sales@ours.example\n" \
	"Date: Sat, 21 Nov 2026 10:00:00 +0000\n" \
	"Message-ID: <1@customer.example>\n"
#define NULL_SENDER \
	"Return-Path: <>\n" \
	"From: Ann Lee <ann.lee@customer.example>\n" \
	"To: sales@ours.example\n" \
	"Date: Sat, 21 Nov 2026 10:00:00 +0000\n"
#define BODY "\n\nHello,\ndo you sell blue pumps, and what do they cost?\nAnn\n"

static const struct {
	const char *name, *message;
	enum mail_kind kind;
	const char *evidence; /* contained in it */
} cases[] = {
	{ "human", PERSON "Subject: Pumps" BODY, KIND_HUMAN, "" },
	/* RFC 3834 section 5 */
	{ "auto-replied", PERSON "Subject: x\nAuto-Submitted: auto-replied" BODY, KIND_AUTO_REPLY,
	  "Auto-Submitted" },
	{ "auto-replied-case", PERSON "Subject: x\nauto-submitted: Auto-Replied" BODY,
	  KIND_AUTO_REPLY, "auto-replied" },
	{ "auto-replied-comment",
	  PERSON "Subject: x\nAuto-Submitted: (a \\) (nested) one) auto-replied (vacation)" BODY,
	  KIND_AUTO_REPLY, "auto-replied" },
	{ "auto-replied-parameter",
	  PERSON "Subject: x\nAuto-Submitted: auto-replied; owner-email=\"a@b.example\"" BODY,
	  KIND_AUTO_REPLY, "auto-replied" },
	{ "auto-replied-second",
	  PERSON "Subject: x\nAuto-Submitted: no\nAuto-Submitted: auto-replied" BODY,
	  KIND_AUTO_REPLY, "auto-replied" },
	{ "auto-submitted-no", PERSON "Subject: x\nAuto-Submitted: no" BODY, KIND_HUMAN, "" },
	{ "auto-submitted-no-comment", PERSON "Subject: x\nAuto-Submitted: no (auto-replied)" BODY,
	  KIND_HUMAN, "" },
	{ "auto-forwarded", PERSON "Subject: x\nAuto-Submitted: auto-forwarded" BODY, KIND_HUMAN,
	  "" },
	{ "references-dont-help",
	  PERSON "Subject: Re: x\nIn-Reply-To: <9@ours.example>\nReferences: <9@ours.example>\n"
		 "Auto-Submitted: auto-replied" BODY,
	  KIND_AUTO_REPLY, "auto-replied" },
	/* Exchange */
	{ "suppress-alone", PERSON "Subject: x\nX-Auto-Response-Suppress: All" BODY, KIND_HUMAN,
	  "" },
	{ "suppress-and-loop",
	  PERSON "Subject: x\nX-Auto-Response-Suppress: All\n"
		 "X-MS-Exchange-Inbox-Rules-Loop: ann.lee@customer.example" BODY,
	  KIND_AUTO_REPLY, "Inbox-Rules-Loop" },
	{ "loop-without-all",
	  PERSON "Subject: x\nX-Auto-Response-Suppress: DR, OOF\n"
		 "X-MS-Exchange-Inbox-Rules-Loop: ann.lee@customer.example" BODY,
	  KIND_HUMAN, "" },
	{ "rules-agent",
	  PERSON "Subject: x\nAuto-Submitted: auto-generated\n"
		 "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent" BODY,
	  KIND_AUTO_REPLY, "Mailbox Rules Agent" },
	{ "german-subject", PERSON "Subject: Automatische Antwort: Ihr Angebot" BODY,
	  KIND_AUTO_REPLY, "automatische antwort" },
	{ "subject-in-brackets",
	  PERSON "Subject: =?utf-8?Q?[Automatyczna_odpowied=C5=BA]_Oferta?=" BODY, KIND_AUTO_REPLY,
	  "automatyczna" },
	{ "notes-subject",
	  PERSON "Subject: AUTO: Ann Lee is out of the office (returning 12/01/2026)" BODY,
	  KIND_AUTO_REPLY, "out of the office" },
	{ "absence-subject",
	  PERSON "Subject: Out of Office: Your offer\n\nI am out of the office until Monday.\n",
	  KIND_AUTO_REPLY, "out of office" },
	{ "person-announces-leave", PERSON "Subject: Out of office next week" BODY, KIND_HUMAN,
	  "" },
	{ "talk-about-absence",
	  PERSON "Subject: Re: Automatic reply: Your offer\nIn-Reply-To: <9@ours.example>" BODY,
	  KIND_HUMAN_REPLY, "In-Reply-To" },
	{ "talk-about-notes",
	  PERSON
	  "Subject: [pumps] Re: Ann Lee is out of the office.\nReferences: <9@x.example>" BODY,
	  KIND_HUMAN_REPLY, "References" },
	{ "apple", PERSON "Subject: x\nX-Apple-Action: VACATION" BODY, KIND_AUTO_REPLY, "Apple" },
	{ "x-autoreply", PERSON "Subject: x\nX-Autoreply: yes" BODY, KIND_AUTO_REPLY,
	  "X-Autoreply" },
	{ "x-autoreply-no", PERSON "Subject: x\nX-Autoreply: no" BODY, KIND_HUMAN, "" },
	{ "precedence-reply", PERSON "Subject: x\nPrecedence: auto_reply" BODY, KIND_AUTO_REPLY,
	  "Precedence" },
	{ "null-sender-answer",
	  NULL_SENDER "Subject: Re: offer\nIn-Reply-To: <9@ours.example>" BODY, KIND_AUTO_REPLY,
	  "null sender" },
	{ "read-receipt",
	  PERSON
	  "Subject: Read: offer\nMIME-Version: 1.0\n"
	  "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
	  "--b\nContent-Type: text/plain\n\nYour message was read.\n"
	  "--b\nContent-Type: message/disposition-notification\n\n"
	  "Final-Recipient: rfc822; ann.lee@customer.example\n"
	  "Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n",
	  KIND_AUTO_REPLY, "disposition-notification" },
	/* lists and newsletters */
	{ "precedence-bulk", PERSON "Subject: x\nPrecedence: bulk" BODY, KIND_LIST, "Precedence" },
	{ "precedence-junk", PERSON "Subject: x\nPrecedence: junk" BODY, KIND_LIST, "Precedence" },
	{ "list-id", PERSON "Subject: x\nList-Id: Pumps <pumps.lists.example>" BODY, KIND_LIST,
	  "List-Id" },
	{ "list-owner", PERSON "Subject: x\nSender: owner-pumps@lists.example" BODY, KIND_LIST,
	  "owner-pumps" },
	{ "list-envelope",
	  "Return-Path: <pumps-bounces@lists.example>\nFrom: Ann Lee <ann.lee@customer.example>\n"
	  "To: pumps@lists.example\nSubject: x" BODY,
	  KIND_LIST, "pumps-bounces" },
	{ "an-admin-in-person",
	  "Return-Path: <office-admin@customer.example>\n"
	  "From: Ann Lee <office-admin@customer.example>\nTo: sales@ours.example\nSubject: x" BODY,
	  KIND_HUMAN, "" },
	{ "one-click",
	  PERSON "Subject: x\nList-Unsubscribe: <https://m.example/u?1>\n"
		 "List-Unsubscribe-Post: List-Unsubscribe=One-Click\nList-Id: <c1.m.example>" BODY,
	  KIND_NEWSLETTER, "List-Unsubscribe-Post" },
	{ "newsletter-without-header",
	  "Return-Path: <bounce-1234567-890@news.shop.example>\n"
	  "From: \"Shop News\" <newsletter@shop.example>\nTo: sales@ours.example\n"
	  "Subject: Our weekly newsletter: 20% off garden hoses\n\n"
	  "Garden hoses, sprinklers and more, all week long, for friends of our shop. Come and "
	  "see!\n"
	  "http://shop.example/1 http://shop.example/2 http://shop.example/3 "
	  "http://shop.example/4\n"
	  "\nYou are receiving this because you subscribed at shop.example.\n"
	  "To unsubscribe click here: http://shop.example/u\n",
	  KIND_NEWSLETTER, "add up" },
	{ "person-opts-out",
	  PERSON "Subject: newsletter\n\nPlease unsubscribe me from your newsletter,\n"
		 "I no longer wish to receive it.\nAnn Lee\n",
	  KIND_HUMAN, "" },
	{ "person-about-subscriptions",
	  PERSON
	  "Subject: Subscription for our team\n\nHi,\nwe would like to subscribe to your service "
	  "for a team of twelve. How does your subscription work, who can update it, and could "
	  "you send your privacy policy and terms and conditions?\nBest regards\nAnn Lee\n",
	  KIND_HUMAN, "" },
	/* machines */
	{ "auto-generated",
	  "From: System <system@customer.example>\nTo: sales@ours.example\nSubject: x\n"
	  "Auto-Submitted: auto-generated" BODY,
	  KIND_NOTIFICATION, "auto-generated" },
	{ "auto-generated-as-person", PERSON "Subject: x\nAuto-Submitted: auto-generated" BODY,
	  KIND_AUTO_REPLY, "auto-generated" },
	{ "vacation-comment", PERSON "Subject: x\nAuto-Submitted: auto-generated (vacation)" BODY,
	  KIND_AUTO_REPLY, "auto-replied" },
	{ "ezmlm",
	  PERSON "Subject: x\nDelivered-To: me@x.example\n"
		 "Delivered-To: mailing list pumps@lists.example" BODY,
	  KIND_LIST, "mailing list" },
	{ "no-reply",
	  "From: Bank <no-reply@bank.example>\nTo: sales@ours.example\nSubject: Login" BODY,
	  KIND_NOTIFICATION, "no-reply" },
	{ "cron", PERSON "Subject: x\nX-Cron-Env: <SHELL=/bin/sh>" BODY, KIND_NOTIFICATION,
	  "Cron" },
	{ "dmarc-report",
	  PERSON "Subject: Report Domain: ours.example Submitter: mx.example Report-ID: <1>" BODY,
	  KIND_NOTIFICATION, "Report Domain" },
	{ "null-sender-else", NULL_SENDER "Subject: x" BODY, KIND_NOTIFICATION, "null sender" },
	/* complaints, challenges */
	{ "arf",
	  "From: <fbl@isp.example>\nTo: abuse@ours.example\nSubject: FW: offer\nMIME-Version: 1.0\n"
	  "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
	  "--b\nContent-Type: text/plain\n\nThis is an abuse report.\n"
	  "--b\nContent-Type: message/feedback-report\n\n"
	  "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n\n"
	  "--b\nContent-Type: message/rfc822\n\nSubject: offer\n\nHello\n--b--\n",
	  KIND_COMPLAINT, "feedback-report" },
	{ "automatic-unsubscribe",
	  PERSON "Subject: unsubscribe\nAuto-Submitted: auto-replied\n\n\n", KIND_COMPLAINT,
	  "unsubscribe" },
	{ "ses-complaint",
	  PERSON "Subject: AWS Notification Message\nX-Amz-Sns-Message-Id: 1\n\n"
		 "{\"notificationType\":\"Complaint\",\"complaint\":{}}\n",
	  KIND_COMPLAINT, "Complaint" },
	{ "challenge",
	  NULL_SENDER "Subject: Please confirm\nAuto-Submitted: auto-replied\n\n"
		      "I filter my mail. Please verify that you are a human: http://f.example/1\n",
	  KIND_CHALLENGE, "confirm" },
	/* calendars */
	{ "invitation",
	  PERSON "Subject: Demo\nMIME-Version: 1.0\nContent-Type: text/calendar; method=REQUEST\n\n"
		 "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Demo\n"
		 "DTSTART:20261201T100000Z\nEND:VEVENT\nEND:VCALENDAR\n",
	  KIND_CALENDAR, "REQUEST" },
	{ "published-event",
	  PERSON "Subject: Fair\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
		 "--b\nContent-Type: text/plain\n\nWill you be at the fair?\n"
		 "--b\nContent-Type: text/calendar; method=PUBLISH\n\n"
		 "BEGIN:VCALENDAR\nMETHOD:PUBLISH\nBEGIN:VEVENT\nSUMMARY:Fair\n"
		 "END:VEVENT\nEND:VCALENDAR\n--b--\n",
	  KIND_HUMAN, "" },
	/* reports and those who talk about them */
	{ "report",
	  "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: sales@ours.example\n"
	  "Subject: Undelivered Mail Returned to Sender\n\n"
	  "<bob@customer.example>: host mx.customer.example said: 550 5.1.1 User unknown\n",
	  KIND_BOUNCE, "null sender" },
	{ "report-quoted-by-person",
	  PERSON
	  "Subject: Re: Undelivered Mail Returned to Sender\nIn-Reply-To: <9@ours.example>\n\n"
	  "Strange, Bob's address is right. Try again?\n\n"
	  "> <bob@customer.example>: 550 5.1.1 User unknown\n",
	  KIND_HUMAN_REPLY, "In-Reply-To" },
	{ "postmaster-writes",
	  "From: Postmaster <postmaster@customer.example>\nTo: sales@ours.example\n"
	  "Subject: Spam filters" BODY,
	  KIND_NOTIFICATION, "postmaster" },
	{ "parcel",
	  PERSON "Subject: Unable to deliver your parcel\n\nOur driver could not deliver it, the "
		 "address does not exist. Please write to depot@customer.example.\n",
	  KIND_HUMAN, "" },
	{ "administrator-asks",
	  "From: System Administrator <it@customer.example>\nTo: sales@ours.example\n"
	  "Subject: Virus scanner\n\nOur licence expired. Bob's account is no longer in use, "
	  "please send a quote to me.\n",
	  KIND_HUMAN, "" },
	/* the rest */
	{ "reply-by-subject", PERSON "Subject: AW: Pumps" BODY, KIND_HUMAN_REPLY, "subject" },
	{ "empty", PERSON "Subject: x\n\n \n\n", KIND_EMPTY, "no text" },
	{ "attachment-only",
	  PERSON "Subject: x\nMIME-Version: 1.0\n"
		 "Content-Type: application/pdf; name=brief.pdf\n"
		 "Content-Disposition: attachment; filename=brief.pdf\n\nabc\n",
	  KIND_HUMAN, "" },
};

static void
test_kinds(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(message_owned) message =
			message_new(cases[i].message, strlen(cases[i].message));
		const struct kind *kind = message->kind;
		if (kind->kind != cases[i].kind || !strstr(kind->evidence, cases[i].evidence))
			g_test_message("%s: %s (%s)", cases[i].name, kind_name(kind->kind),
				       kind->evidence);
		g_assert_cmpstr(kind_name(kind->kind), ==, kind_name(cases[i].kind));
		g_assert_nonnull(strstr(kind->evidence, cases[i].evidence));
		g_assert_cmpfloat(kind->confidence, >, 0);
		g_assert_cmpfloat(kind->confidence, <=, 1);
		g_assert_true(!kind->bounce == (kind->kind != KIND_BOUNCE));
	}
}

/* A person who forwards a report stays a person. */
static void
test_forwarded_report(void)
{
	static const char text[] = PERSON
		"Subject: Fwd: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
		"Content-Type: multipart/mixed; boundary=b\n\n"
		"--b\nContent-Type: text/plain\n\nCan you see why this came back?\n"
		"--b\nContent-Type: message/rfc822\n\n"
		"From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\n"
		"MIME-Version: 1.0\n"
		"Content-Type: multipart/report; report-type=delivery-status; boundary=c\n\n"
		"--c\nContent-Type: text/plain\n\nIt could not be delivered.\n"
		"--c\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
		"Final-Recipient: rfc822; bob@customer.example\nAction: failed\nStatus: 5.1.1\n\n"
		"--c--\n--b--\n";
	g_autoptr(message_owned) message = message_new(text, strlen(text));
	g_assert_true(kind_is_human(message->kind->kind));
	g_assert_null(message->kind->bounce);
}

static void
test_names(void)
{
	for (guint i = 0; i < KIND_COUNT; i++)
		g_assert_nonnull(kind_name(i));
	g_assert_cmpstr(kind_name(KIND_COUNT), ==, "human");
	static const enum mail_kind human[] = { KIND_HUMAN, KIND_HUMAN_REPLY, KIND_FORWARD,
						KIND_CALENDAR };
	guint count = 0;
	for (guint i = 0; i < KIND_COUNT; i++)
		count += kind_is_human(i);
	g_assert_cmpuint(count, ==, G_N_ELEMENTS(human));
	for (guint i = 0; i < G_N_ELEMENTS(human); i++)
		g_assert_true(kind_is_human(human[i]));
}

/* A form a machine sent was filled in by a person; a bounce stays a bounce. */
static void
test_form(void)
{
	static const char notice[] = "From: Site <noreply@site.example>\nTo: sales@ours.example\n"
				     "Subject: Contact form\n\nName: Ann Lee\nPhone: 123\n";
	static const char generated[] = PERSON "Subject: x\nAuto-Submitted: auto-generated" BODY;
	static const char reply[] = PERSON "Subject: x\nAuto-Submitted: auto-replied" BODY;
	static const char campaign[] = PERSON "Subject: x\nX-Campaign: 7" BODY;
	static const struct {
		const char *message;
		gboolean trusted;
		enum mail_kind kind;
	} rows[] = {
		{ notice, FALSE, KIND_HUMAN },    { generated, FALSE, KIND_HUMAN },
		{ reply, TRUE, KIND_AUTO_REPLY }, { campaign, FALSE, KIND_NEWSLETTER },
		{ campaign, TRUE, KIND_HUMAN },
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(message_owned) message =
			message_new(rows[i].message, strlen(rows[i].message));
		struct form form = { .name = "contact", .trusted = rows[i].trusted };
		kind_take_form(message->kind, &form);
		g_assert_cmpint(message->kind->kind, ==, rows[i].kind);
		if (rows[i].kind == KIND_HUMAN) {
			g_assert_cmpstr(message->kind->evidence, ==, "web form \"contact\"");
			g_assert_null(message->kind->auto_reply);
		}
	}
}

/* An ordinary person's mail costs next to nothing. */
static void
test_speed(void)
{
	GString *text = g_string_new(PERSON "Subject: Pumps\n");
	for (guint i = 0; i < 30; i++)
		g_string_append_printf(text, "X-Filler-%u: some value of a field\n", i);
	g_string_append(text, BODY);
	while (text->len < 5000)
		g_string_append(text, "We need them by March, for the new plant in Graz.\n");
	g_autoptr(message_owned) message = message_new(text->str, text->len);
	g_assert_cmpint(message->kind->kind, ==, KIND_HUMAN);
	enum { ROUNDS = 2000 };
	gint64 begin = cpu_time();
	for (guint i = 0; i < ROUNDS; i++)
		kind_free(kind_classify(message->raw, message->mail, message->forward,
					message->text));
	gint64 each = (cpu_time() - begin) * 1000 / ROUNDS;
	g_test_message("%" G_GINT64_FORMAT " ns each", each);
	g_string_free(text, TRUE);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/kind/cases", test_kinds);
	g_test_add_func("/kind/forwarded-report", test_forwarded_report);
	g_test_add_func("/kind/names", test_names);
	g_test_add_func("/kind/form", test_form);
	g_test_add_func("/kind/speed", test_speed);
	return g_test_run();
}
