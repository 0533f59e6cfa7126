/* test-facts.c - direction, interest, mailboxes and thread index of whole messages. */
#include "base/clock.h"
#include "mail/facts.h"
#include "mail/token.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static struct analysis *analysis;

/* A message and its envelope, as a transaction told them. */
struct sample {
	const char *label;
	const char *client, *login;
	const char *mail_from; /* NULL: unknown */
	const char *to; /* separated by a space */
	const char *text; /* header block and body */
};

static struct raw_mail *
make_raw(const struct sample *sample)
{
	struct raw_mail *raw = raw_mail_new(1);
	raw->client_address = g_strdup(sample->client);
	raw->auth_login = g_strdup(sample->login);
	if (sample->mail_from)
		raw_mail_set_sender(raw, sample->mail_from);
	g_auto(GStrv) recipients = g_strsplit(sample->to, " ", -1);
	for (char **each = recipients; *each; each++)
		if (**each)
			raw_mail_add_recipient(raw, *each);
	raw_mail_read(raw, sample->text, strlen(sample->text));
	return raw;
}

#define BUYER "From: Ada <ada@buyers.test>\nSubject: Offer\n\nPlease send an offer.\n"
#define OURS "From: Sam <sam@example.test>\nSubject: Re: Offer\n\nHere it is.\n"
#define FORM \
	"From: Website <www@example.test>\nSubject: Contact form\n\n" \
	"Name: Ada Smith\nE-Mail: ada@buyers.test\nMessage: Please send an offer.\n"
#define FORWARD \
	"From: Sam <sam@example.test>\nSubject: Fwd: Offer\n\nFor you.\n\n" \
	"---------- Forwarded message ---------\nFrom: Ada Smith <ada@buyers.test>\n" \
	"Date: Sat, 21 Nov 2026 at 10:00\nSubject: Offer\nTo: <sam@example.test>\n\n" \
	"Please send an offer.\n"

/* --- direction and interest --- */

static const struct {
	struct sample sample;
	enum direction direction;
	gboolean interested;
} cases[] = {
	{ { "to us", "192.0.2.7", NULL, "ada@buyers.test", "sales@example.test", BUYER },
	  DIRECTION_INBOUND,
	  TRUE },
	{ { "to somebody of us who isn't watched", "192.0.2.7", NULL, "ada@buyers.test",
	    "boss@example.test", BUYER },
	  DIRECTION_INBOUND,
	  FALSE },
	{ { "to one of several", "192.0.2.7", NULL, "ada@buyers.test",
	    "boss@example.test sales+fair@example.test", BUYER },
	  DIRECTION_INBOUND,
	  TRUE },
	{ { "no recipient", "192.0.2.7", NULL, "ada@buyers.test", "", BUYER },
	  DIRECTION_INBOUND,
	  FALSE },
	{ { "from us by login", "192.0.2.7", "sam", "sam@example.test", "ada@buyers.test", OURS },
	  DIRECTION_OUTBOUND,
	  TRUE },
	{ { "from us by our network", "10.1.2.3", NULL, "sam@example.test", "ada@buyers.test",
	    OURS },
	  DIRECTION_OUTBOUND,
	  TRUE },
	{ { "in our name from outside", "192.0.2.7", NULL, "sam@example.test", "sales@example.test",
	    OURS },
	  DIRECTION_INBOUND,
	  TRUE },
	{ { "in our name from outside to others", "192.0.2.7", NULL, "sam@example.test",
	    "ada@buyers.test", OURS },
	  DIRECTION_INBOUND,
	  FALSE },
	{ { "from a host of a domain of ours", "10.1.2.3", NULL, "sam@crm.example.test",
	    "ada@buyers.test", OURS },
	  DIRECTION_OUTBOUND,
	  TRUE },
	{ { "from us to one of us and a buyer", "10.1.2.3", NULL, "sam@example.test",
	    "boss@example.test ada@buyers.test", OURS },
	  DIRECTION_OUTBOUND,
	  TRUE },
	{ { "among us", "10.1.2.3", NULL, "sam@example.test", "boss@example.test", OURS },
	  DIRECTION_INTERNAL,
	  FALSE },
	{ { "among us, watched", "10.1.2.3", NULL, "sam@example.test", "sales@example.test", OURS },
	  DIRECTION_INTERNAL,
	  TRUE },
	{ { "a login of ours that writes for others", "192.0.2.7", "sam", "ada@buyers.test",
	    "bob@buyers.test", BUYER },
	  DIRECTION_INBOUND,
	  FALSE },
	{ { "a bounce of ours going out", "10.1.2.3", NULL, "", "ada@buyers.test", OURS },
	  DIRECTION_OUTBOUND,
	  FALSE },
	{ { "a bounce coming in", "192.0.2.7", NULL, "", "sales@example.test", BUYER },
	  DIRECTION_INBOUND,
	  TRUE },
	{ { "no envelope: the author counts", "10.1.2.3", NULL, NULL, "ada@buyers.test", OURS },
	  DIRECTION_OUTBOUND,
	  FALSE },
	{ { "a form of our website", "10.1.2.3", NULL, "www@example.test", "sales@example.test",
	    FORM },
	  DIRECTION_INBOUND,
	  TRUE },
	{ { "a colleague's forward", "10.1.2.3", NULL, "sam@example.test", "sales@example.test",
	    FORWARD },
	  DIRECTION_INBOUND,
	  TRUE },
	{ { "a forward to somebody who isn't watched", "10.1.2.3", NULL, "sam@example.test",
	    "boss@example.test", FORWARD },
	  DIRECTION_INTERNAL,
	  FALSE },
};

static void
test_direction(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(raw_mail_owned) raw = make_raw(&cases[i].sample);
		if (!cases[i].sample.mail_from)
			g_clear_pointer(&raw->mail_from, g_free);
		g_autoptr(facts_owned) facts = facts_new(analysis, raw);
		g_test_message("%s", cases[i].sample.label);
		g_assert_cmpstr(direction_name(facts->direction), ==,
				direction_name(cases[i].direction));
		g_assert_cmpint(facts_interested(analysis, raw), ==, cases[i].interested);
	}
}

/* --- who the person is --- */

static const struct {
	struct sample sample;
	const char *sender, *person;
	gboolean is_author;
} person_cases[] = {
	{ { "the author", "192.0.2.7", NULL, "ada@buyers.test", "sales@example.test", BUYER },
	  "ada@buyers.test",
	  "ada@buyers.test",
	  TRUE },
	{ { "who filled in the form", "10.1.2.3", NULL, "www@example.test", "sales@example.test",
	    FORM },
	  "www@example.test",
	  "ada@buyers.test",
	  FALSE },
	{ { "who wrote to the colleague", "10.1.2.3", NULL, "sam@example.test",
	    "sales@example.test", FORWARD },
	  "sam@example.test",
	  "ada@buyers.test",
	  FALSE },
	{ { "nobody", "192.0.2.7", NULL, "", "sales@example.test", "Subject: x\n\ny\n" },
	  NULL,
	  NULL,
	  TRUE },
};

static void
test_person(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(person_cases); i++) {
		g_autoptr(raw_mail_owned) raw = make_raw(&person_cases[i].sample);
		g_autoptr(facts_owned) facts = facts_new(analysis, raw);
		g_test_message("%s", person_cases[i].sample.label);
		g_assert_cmpstr(facts->sender.address, ==, person_cases[i].sender);
		g_assert_cmpstr(facts->person_sender.address, ==, person_cases[i].person);
		g_assert_cmpint(facts->person_is_author, ==, person_cases[i].is_author);
		/* only the author's own address is vouched for by the mail */
		if (!person_cases[i].is_author)
			g_assert_false(facts->person_sender.verified);
	}
}

/* --- mailboxes --- */

static const struct {
	const char *to;
	const char *mailboxes, *addresses, *tags; /* separated by a space, "-" for no tag */
} mailbox_cases[] = {
	{ "sales@example.test", "sales@example.test", "sales@example.test", "-" },
	{ "Sales+Fair@Example.test", "sales@example.test", "Sales+Fair@Example.test", "fair" },
	{ "boss@example.test info@example.org sales+a@example.test",
	  "example.org sales@example.test", "info@example.org sales+a@example.test", "- a" },
	{ "boss@example.test", "", "", "" },
};

static char *
joined(const GPtrArray *texts)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < texts->len; i++) {
		const char *each = g_ptr_array_index(texts, i);
		g_string_append_printf(text, "%s%s", i ? " " : "", each ? each : "-");
	}
	return g_string_free(text, FALSE);
}

static void
test_mailboxes(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(mailbox_cases); i++) {
		const struct sample sample = {
			"", "192.0.2.7", NULL, "ada@buyers.test", mailbox_cases[i].to, BUYER
		};
		g_autoptr(raw_mail_owned) raw = make_raw(&sample);
		g_autoptr(facts_owned) facts = facts_new(analysis, raw);
		g_autoptr(GPtrArray) names = g_ptr_array_new();
		for (guint j = 0; j < facts->mailboxes->len; j++)
			g_ptr_array_add(
				names, ((struct config_mailbox *)facts->mailboxes->pdata[j])->name);
		g_autofree char *mailboxes = joined(names);
		g_autofree char *addresses = joined(facts->mailbox_addresses);
		g_autofree char *tags = joined(facts->mailbox_tags);
		g_autofree char *recipients = joined(facts->recipients);
		g_assert_cmpstr(mailboxes, ==, mailbox_cases[i].mailboxes);
		g_assert_cmpstr(addresses, ==, mailbox_cases[i].addresses);
		g_assert_cmpstr(tags, ==, mailbox_cases[i].tags);
		g_assert_cmpstr(recipients, ==, mailbox_cases[i].to);
	}
}

/* --- tokens --- */

static const struct {
	const char *label, *address; /* that the token is made for */
	int age; /* days */
	const char *change; /* characters put over the token's last ones, or NULL */
	gboolean interested;
	const char *mailbox, *tag; /* watched, or NULL */
	gboolean has_lead;
	guint refused;
} token_cases[] = {
	{ "of a watched mailbox", "sales@example.test", 0, NULL, TRUE, "sales@example.test", NULL,
	  TRUE, 0 },
	{ "with a tag of its own", "sales+fair@example.test", 0, NULL, TRUE,
	  "sales+fair@example.test", "fair", TRUE, 0 },
	{ "of a colleague's", "anna@example.test", 0, NULL, TRUE, NULL, NULL, TRUE, 0 },
	{ "forged, of a colleague's", "anna@example.test", 0, "aaaa", FALSE, NULL, NULL, FALSE, 1 },
	{ "forged, of a watched one", "sales@example.test", 0, "aaaa", TRUE, "sales@example.test",
	  NULL, FALSE, 1 },
	{ "expired", "sales@example.test", 31, NULL, TRUE, "sales@example.test", NULL, FALSE, 1 },
	{ "expired, of a colleague's", "anna@example.test", 31, NULL, FALSE, NULL, NULL, FALSE, 1 },
};

static void
test_tokens(void)
{
	const gint64 now = G_GINT64_CONSTANT(1795255200) * CLOCK_SECOND;
	for (guint i = 0; i < G_N_ELEMENTS(token_cases); i++) {
		g_autofree char *to = token_address(analysis->config, token_cases[i].address,
						    "ld_01KAK3Z7A0QWERTYUPASDFGHJK",
						    now - token_cases[i].age * CLOCK_DAY);
		const char *change = token_cases[i].change;
		if (change)
			memcpy(strchr(to, '@') - strlen(change), change, strlen(change));
		const struct sample sample = {
			"", "192.0.2.7", NULL, "ada@buyers.test", to, BUYER
		};
		g_autoptr(raw_mail_owned) raw = make_raw(&sample);
		raw->received = now;
		g_autoptr(facts_owned) facts = facts_new(analysis, raw);
		g_test_message("%s", token_cases[i].label);
		g_assert_cmpint(facts_interested(analysis, raw), ==, token_cases[i].interested);
		g_assert_cmpuint(facts->mailboxes->len, ==, token_cases[i].mailbox != NULL);
		if (token_cases[i].mailbox) {
			g_assert_cmpstr(facts->mailbox_addresses->pdata[0], ==,
					token_cases[i].mailbox);
			g_assert_cmpstr(facts->mailbox_tags->pdata[0], ==, token_cases[i].tag);
		}
		g_assert_cmpstr(facts->recipients->pdata[0], ==, to);
		g_assert_cmpstr(facts->token_lead, ==,
				token_cases[i].has_lead ? "ld_01KAK3Z7A0QWER" : NULL);
		g_assert_cmpuint(facts->tokens_refused, ==, token_cases[i].refused);
	}
}

/* Its lines look like those of a form, and it is an answer to the lead's mail. */
static void
test_notification(void)
{
	const struct sample sample = {
		"",
		"192.0.2.7",
		NULL,
		"",
		"sales@example.test",
		"From: Leads <leads@example.test>\nSubject: New lead: Ada\n"
		"In-Reply-To: <1@buyers.test>\n"
		"X-LeadMilter: notification\nAuto-Submitted: auto-generated\n\n"
		"Ada wrote to us.\n\nName: Ada Smith\nCompany: Buyers Ltd\nAddress: "
		"ada@buyers.test\n"
		"Phone: +44 20 7946 0123\n"
	};
	g_autoptr(raw_mail_owned) raw = make_raw(&sample);
	g_autoptr(facts_owned) facts = facts_new(analysis, raw);
	g_assert_true(facts->own_notification);
	g_assert_null(facts->form);
	g_assert_false(kind_is_human(facts->kind->kind));
}

/* --- conversation --- */

static const struct {
	const char *value, *want;
} thread_cases[] = {
	/* the 22 bytes of a first mail, and a reply's 27, whose first 22 are the same */
	{ "AQHVAAECAwQFBgcICQoLDA0ODxAREg==", "AQHVAAECAwQFBgcICQoLDA0ODxAREg==" },
	{ "AQHVAAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "AQHVAAECAwQFBgcICQoLDA0ODxAREg==" },
	{ "AQHVAAECAwQFBgcICQoLDA0O\n DxAREhMUFRYX", "AQHVAAECAwQFBgcICQoLDA0ODxAREg==" },
	{ "AQHVAAECAwQFBgcICQoL", NULL },
	{ "!!!", NULL },
	{ "", NULL },
	{ NULL, NULL },
};

static void
test_thread_index(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(thread_cases); i++) {
		g_autofree char *field =
			thread_cases[i].value
				? g_strdup_printf("Thread-Index: %s\n", thread_cases[i].value)
				: g_strdup("");
		g_autofree char *text = g_strconcat(field, BUYER, NULL);
		const struct sample sample = {
			"", NULL, NULL, "ada@buyers.test", "sales@example.test", text
		};
		g_autoptr(raw_mail_owned) raw = make_raw(&sample);
		g_autoptr(facts_owned) facts = facts_new(analysis, raw);
		g_assert_cmpstr(facts->thread_index, ==, thread_cases[i].want);
	}
	g_autofree char *endless = g_strnfill(4000, 'A');
	g_autofree char *text = g_strdup_printf("Thread-Index: %s\n%s", endless, BUYER);
	const struct sample sample = { "", NULL, NULL, "a@b.test", "sales@example.test", text };
	g_autoptr(raw_mail_owned) raw = make_raw(&sample);
	g_autoptr(facts_owned) facts = facts_new(analysis, raw);
	g_assert_null(facts->thread_index);
}

static void
test_subject(void)
{
	const struct sample sample = { "",  "10.1.2.3", NULL, "sam@example.test", "ada@buyers.test",
				       OURS };
	g_autoptr(raw_mail_owned) raw = make_raw(&sample);
	g_autoptr(facts_owned) facts = facts_new(analysis, raw);
	g_assert_cmpstr(facts->subject_normalised, ==, "offer");
	g_assert_cmpuint(facts->reply_prefixes, ==, 1);
}

/* Nothing of the transaction is kept, and the last reference frees. */
static void
test_ownership(void)
{
	struct raw_mail *raw = make_raw(&cases[0].sample);
	raw->queue_id = g_strdup("4ABC");
	struct facts *facts = facts_new(analysis, raw);
	g_autofree char *key = raw_mail_key(raw);
	raw_mail_free(raw);
	struct facts *again = facts_ref(facts);
	g_assert_true(again == facts);
	facts_unref(facts);
	g_assert_cmpstr(again->key, ==, key);
	g_assert_cmpstr(again->queue_id, ==, "4ABC");
	g_assert_cmpstr(again->mail_from, ==, "ada@buyers.test");
	g_assert_cmpstr(again->client_address, ==, "192.0.2.7");
	g_assert_cmpint(again->received, ==, 1);
	facts_unref(again);
	facts_unref(NULL);
}

/* --- what analysis_new() refuses --- */

static void
test_analysis_errors(void)
{
	struct config *config = config_default();
	g_ptr_array_add(config->phrase_files, g_strdup("/nowhere.phrases"));
	g_autoptr(GError) error = NULL;
	g_assert_null(analysis_new(config, &error));
	g_assert_nonnull(strstr(error->message, "/nowhere.phrases"));
	config_unref(config);
	g_clear_error(&error);
	config = config_default();
	g_free(config->freemail_list);
	config->freemail_list = g_strdup("/nowhere.txt");
	g_assert_null(analysis_new(config, &error));
	g_assert_nonnull(strstr(error->message, "/nowhere.txt"));
	config_unref(config);
	analysis_unref(NULL);
}

static struct analysis *
load_analysis(void)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) error = NULL;
	int fd = g_file_open_tmp("leadmilter-XXXXXX.conf", &path, &error);
	g_assert_no_error(error);
	close(fd);
	g_assert_true(g_file_set_contents(
		path,
		"mailbox \"sales@example.test\" {\n}\nmailbox \"example.org\" {\n}\n"
		"own_domains = {\"example.test\"}\nown_networks = {\"10.0.0.0/8\"}\n"
		"reply_token_secret = {\"0123456789abcdef\"}\nreply_token_days = 30\n"
		"form \"contact\" {\n\tsenders = {\"www@example.test\"}\n}\n",
		-1, NULL));
	g_autoptr(config_owned) config = config_load(path, &error);
	g_remove(path);
	g_assert_no_error(error);
	struct analysis *made = analysis_new(config, &error);
	g_assert_no_error(error);
	return made;
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_setenv("LEADMILTER_CONF_DIR", TEST_CONF, TRUE);
	analysis = load_analysis();
	g_test_add_func("/facts/direction", test_direction);
	g_test_add_func("/facts/person", test_person);
	g_test_add_func("/facts/mailboxes", test_mailboxes);
	g_test_add_func("/facts/tokens", test_tokens);
	g_test_add_func("/facts/notification", test_notification);
	g_test_add_func("/facts/thread-index", test_thread_index);
	g_test_add_func("/facts/subject", test_subject);
	g_test_add_func("/facts/ownership", test_ownership);
	g_test_add_func("/facts/analysis-errors", test_analysis_errors);
	int code = g_test_run();
	analysis_unref(analysis);
	return code;
}
