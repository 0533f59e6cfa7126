/* test-raw.c - filling, reading, keying and spooling raw messages. */
#include "mail/raw.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define RECEIVED (G_GINT64_CONSTANT(1795248000) * G_USEC_PER_SEC)

struct read_case {
	const char *name, *bytes;
	const char *headers; /* "name=value" joined with "|" */
	const char *body;
	const char *sender; /* or NULL */
};

static const struct read_case read_cases[] = {
	{ "LF", "Subject: a\nTo: b\n\nbody\n", "Subject=a|To=b", "body\n", NULL },
	{ "CRLF", "Subject: a\r\nTo: b\r\n\r\nbody\r\n", "Subject=a|To=b", "body\r\n", NULL },
	{ "CR", "Subject: a\rTo: b\r\rbody\r", "Subject=a|To=b", "body\r", NULL },
	{ "CRCRLF", "Subject: a\r\r\nTo: b\r\r\n\r\r\nbody", "Subject=a|To=b", "body", NULL },
	{ "CR in a later value", "To: b\nSubject: a\rb\n\nx", "To=b|Subject=a\rb", "x", NULL },
	{ "folded", "Subject: a\n b\n\tc\nTo: d\n\nx", "Subject=a\n b\n\tc|To=d", "x", NULL },
	{ "no space", "Subject:a\nTo:  b\n\nx", "Subject=a|To= b", "x", NULL },
	{ "space before colon", "Subject : a\n\nx", "Subject=a", "x", NULL },
	{ "mbox", "From a@b Mon Jan  1\nSubject: a\n\nFrom here\n", "Subject=a", "From here\n",
	  NULL },
	{ "quoted mbox", ">From a@b Mon Jan  1\nSubject: a\n\nx", "Subject=a", "x", NULL },
	{ "no headers", "Hello,\nNote: this\n", "", "Hello,\nNote: this\n", NULL },
	{ "no body", "Subject: a\n", "Subject=a", "", NULL },
	{ "no line end", "Subject: a", "Subject=a", "", NULL },
	{ "only a body", "\nbody", "", "\nbody", NULL },
	{ "empty", "", "", "", NULL },
	{ "leading blank lines", "\n  \nSubject: a\n\nx", "Subject=a", "x", NULL },
	{ "byte order mark", "\xEF\xBB\xBFSubject: a\n\nx", "Subject=a", "x", NULL },
	{ "broken line", "Subject: a\nbroken here: x\n y\nTo: b\n\nx", "Subject=a|To=b", "x",
	  NULL },
	{ "no empty line", "Subject: a\nHello you\nbye\n", "Subject=a", "Hello you\nbye\n", NULL },
	{ "return path", "Return-Path: <a@b.example>\n\nx", "Return-Path=<a@b.example>", "x",
	  "a@b.example" },
	{ "null sender", "Return-Path: <>\n\nx", "Return-Path=<>", "x", "" },
};

static char *
join_headers(const struct raw_mail *raw)
{
	GString *ret = g_string_new(NULL);
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		g_string_append_printf(ret, "%s%s=%s", i ? "|" : "", header->name, header->value);
	}
	return g_string_free(ret, FALSE);
}

static void
test_read(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(read_cases); i++) {
		const struct read_case *c = &read_cases[i];
		g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
		g_test_message("%s", c->name);
		raw_mail_read(raw, c->bytes, strlen(c->bytes));
		g_autofree char *headers = join_headers(raw);
		g_assert_cmpstr(headers, ==, c->headers);
		g_assert_cmpmem(raw->body->data, raw->body->len, c->body, strlen(c->body));
		g_assert_cmpstr(raw->mail_from, ==, c->sender);
	}
}

static void
test_read_keeps_sender(void)
{
	static const char bytes[] = "Return-Path: <a@b.example>\n\n";
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	raw_mail_set_sender(raw, "<>");
	raw_mail_read(raw, bytes, strlen(bytes));
	g_assert_cmpstr(raw->mail_from, ==, "");
}

static void
test_read_nul(void)
{
	static const char bytes[] = "Sub\0ject: x\nSubject: a\0b\n\nbo\0dy";
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	raw_mail_read(raw, bytes + 12, sizeof(bytes) - 13);
	g_assert_cmpstr(raw_mail_header(raw, "subject"), ==, "a b");
	g_assert_cmpmem(raw->body->data, raw->body->len, "bo\0dy", 5);
}

static const struct {
	const char *path, *want;
} path_cases[] = {
	{ "<a@b.example>", "a@b.example" },
	{ "a@b.example", "a@b.example" },
	{ "<>", "" },
	{ "", "" },
	{ " <a@b.example> SIZE=1", "a@b.example" },
	{ "<@x.example,@y.example:a@b.example>", "a@b.example" },
	{ "<a@b.example", "a@b.example" },
};

static void
test_path(void)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	for (gsize i = 0; i < G_N_ELEMENTS(path_cases); i++) {
		raw_mail_set_sender(raw, path_cases[i].path);
		raw_mail_add_recipient(raw, path_cases[i].path);
		g_assert_cmpstr(raw->mail_from, ==, path_cases[i].want);
		g_assert_cmpstr(g_ptr_array_index(raw->recipients, i), ==, path_cases[i].want);
	}
	g_autofree char *path = g_strnfill(5000, 'a');
	raw_mail_set_sender(raw, path);
	g_assert_cmpuint(strlen(raw->mail_from), ==, LIMIT_ADDRESS);
}

static void
test_header_ceilings(void)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	g_autofree char *value = g_strnfill(102400, 'v');
	raw_mail_add_header(raw, "X-Long", value);
	g_assert_cmpuint(strlen(raw_mail_header(raw, "x-long")), ==, LIMIT_HEADER_VALUE);
	g_assert_true(raw->headers_truncated);
	for (guint i = 0; i < 100; i++)
		raw_mail_add_header(raw, "X-Long", value);
	g_assert_cmpuint(raw->header_bytes, <=, LIMIT_HEADER_BLOCK);
	raw_mail_add_header(raw, value, "a name as long as can be");
	g_assert_cmpuint(raw->header_bytes, <=, LIMIT_HEADER_BLOCK);

	raw_mail_reset(raw, RECEIVED);
	g_assert_false(raw->headers_truncated);
	for (guint i = 0; i < LIMIT_HEADER_FIELDS + 5; i++)
		raw_mail_add_header(raw, "X", "y");
	g_assert_cmpuint(raw->headers->len, ==, LIMIT_HEADER_FIELDS);
	g_assert_true(raw->headers_truncated);
}

static void
test_megabyte_of_header(void)
{
	g_autoptr(GString) bytes = g_string_new("Subject: a\nX-Folded: b\n");
	while (bytes->len < 1024 * 1024)
		g_string_append(bytes, " folded line of some length\n");
	g_string_append(bytes, "To: c\n\nbody");
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	raw_mail_read(raw, bytes->str, bytes->len);
	g_assert_cmpstr(raw_mail_header(raw, "Subject"), ==, "a");
	g_assert_cmpstr(raw_mail_header(raw, "To"), ==, "c");
	g_assert_cmpuint(strlen(raw_mail_header(raw, "X-Folded")), ==, LIMIT_HEADER_VALUE);
	g_assert_cmpmem(raw->body->data, raw->body->len, "body", 4);
}

static void
test_body_ceiling(void)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	g_autofree char *chunk = g_strnfill(65535, 'x');
	guint chunks = 0;
	while (raw_mail_add_body(raw, chunk, 65535))
		chunks++;
	g_assert_cmpuint(chunks, ==, 4);
	g_assert_cmpuint(raw->body->len, ==, LIMIT_BODY);
	g_assert_cmpuint(raw->body_bytes, ==, 5 * 65535);
	g_assert_true(raw->body_truncated);
}

static void
test_recipient_ceiling(void)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	for (guint i = 0; i < LIMIT_RECIPIENTS; i++)
		raw_mail_add_recipient(raw, "a@b.example");
	g_assert_false(raw->recipients_truncated);
	raw_mail_add_recipient(raw, "c@d.example");
	g_assert_cmpuint(raw->recipients->len, ==, LIMIT_RECIPIENTS);
	g_assert_true(raw->recipients_truncated);
}

static struct raw_mail *
sample(void)
{
	struct raw_mail *raw = raw_mail_new(RECEIVED);
	raw->queue_id = g_strdup("4XYZ");
	raw->client_address = g_strdup("192.0.2.1");
	raw->auth_login = NULL;
	raw->helo = g_strdup("h\xE9lo");
	raw_mail_set_sender(raw, "<jane@example.com>");
	raw_mail_add_recipient(raw, "b@example.net");
	raw_mail_add_recipient(raw, "a@example.net");
	raw_mail_add_header(raw, "Message-ID", "<1@example.com>");
	raw_mail_add_header(raw, "Subject", "gr\xFC\xDF");
	raw_mail_add_body(raw, "bo\0dy\r\n", 7);
	return raw;
}

static void
test_reset(void)
{
	g_autoptr(raw_mail_owned) raw = sample();
	raw_mail_reset(raw, RECEIVED + 1);
	g_assert_null(raw->queue_id);
	g_assert_null(raw->mail_from);
	g_assert_cmpstr(raw->client_address, ==, "192.0.2.1");
	g_assert_cmpuint(raw->recipients->len + raw->headers->len + raw->body->len, ==, 0);
	g_assert_cmpint(raw->received, ==, RECEIVED + 1);
}

static void
test_to_message(void)
{
	g_autoptr(raw_mail_owned) raw = sample();
	g_autoptr(GByteArray) message = raw_mail_to_message(raw);
	static const char want[] = "Message-ID: <1@example.com>\nSubject: gr\xFC\xDF\n\nbo\0dy\r\n";
	g_assert_cmpmem(message->data, message->len, want, sizeof(want) - 1);
}

/* What changes the key and what doesn't. */
static void
test_key(void)
{
	g_autoptr(raw_mail_owned) first = sample();
	g_autoptr(raw_mail_owned) again = sample();
	g_autofree char *key = raw_mail_key(first);
	g_assert_cmpuint(strlen(key), ==, 64);

	g_free(again->queue_id);
	again->queue_id = g_strdup("other");
	raw_mail_add_header(again, "Received", "from elsewhere");
	void *swap = again->recipients->pdata[0];
	again->recipients->pdata[0] = again->recipients->pdata[1];
	again->recipients->pdata[1] = swap;
	g_autofree char *same = raw_mail_key(again);
	g_assert_cmpstr(key, ==, same);

	raw_mail_add_recipient(again, "c@example.net");
	g_autofree char *recipient = raw_mail_key(again);
	g_assert_cmpstr(key, !=, recipient);
	raw_mail_set_sender(again, "<>");
	g_autofree char *sender = raw_mail_key(again);
	g_assert_cmpstr(recipient, !=, sender);
	raw_mail_add_body(again, "x", 1);
	g_autofree char *body = raw_mail_key(again);
	g_assert_cmpstr(sender, !=, body);
}

static void
test_key_without_id(void)
{
	static const char *const names[] = { "Date", "From", "Subject" };
	g_autofree char *before = NULL;
	g_autoptr(raw_mail_owned) raw = raw_mail_new(RECEIVED);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		raw_mail_add_header(raw, names[i], "x");
		g_autofree char *key = raw_mail_key(raw);
		g_assert_cmpstr(key, !=, before);
		g_free(before);
		before = g_steal_pointer(&key);
	}
}

static void
assert_same(const struct raw_mail *a, const struct raw_mail *b)
{
	g_autofree char *headers_a = join_headers(a), *headers_b = join_headers(b);
	g_assert_cmpstr(headers_a, ==, headers_b);
	g_assert_cmpstr(a->queue_id, ==, b->queue_id);
	g_assert_cmpstr(a->client_address, ==, b->client_address);
	g_assert_cmpstr(a->client_name, ==, b->client_name);
	g_assert_cmpstr(a->helo, ==, b->helo);
	g_assert_cmpstr(a->auth_login, ==, b->auth_login);
	g_assert_cmpstr(a->daemon_name, ==, b->daemon_name);
	g_assert_cmpstr(a->mail_from, ==, b->mail_from);
	g_assert_cmpuint(a->recipients->len, ==, b->recipients->len);
	for (guint i = 0; i < a->recipients->len; i++)
		g_assert_cmpstr(g_ptr_array_index(a->recipients, i), ==,
				g_ptr_array_index(b->recipients, i));
	g_assert_cmpmem(a->body->data, a->body->len, b->body->data, b->body->len);
	g_assert_cmpuint(a->body_bytes, ==, b->body_bytes);
	g_assert_cmpint(a->received, ==, b->received);
	g_assert_cmpuint(a->header_bytes, ==, b->header_bytes);
	g_assert_cmpint(a->headers_truncated, ==, b->headers_truncated);
	g_assert_cmpint(a->body_truncated, ==, b->body_truncated);
	g_assert_cmpint(a->recipients_truncated, ==, b->recipients_truncated);
}

static void
test_spool(void)
{
	g_autoptr(raw_mail_owned) raw = sample();
	raw->body_truncated = raw->headers_truncated = raw->recipients_truncated = TRUE;
	raw->body_bytes = 999999;
	g_autoptr(GBytes) bytes = raw_mail_to_bytes(raw);
	g_autoptr(GError) error = NULL;
	g_autoptr(raw_mail_owned) back = raw_mail_from_bytes(bytes, &error);
	g_assert_no_error(error);
	assert_same(raw, back);
}

static void
test_spool_empty(void)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(0);
	g_autoptr(GBytes) bytes = raw_mail_to_bytes(raw);
	g_autoptr(raw_mail_owned) back = raw_mail_from_bytes(bytes, NULL);
	g_assert_nonnull(back);
	assert_same(raw, back);
}

/* A damaged file is an error or a message within the ceilings, never more. */
static void
test_spool_damaged(void)
{
	g_autoptr(raw_mail_owned) raw = sample();
	g_autoptr(GBytes) bytes = raw_mail_to_bytes(raw);
	gsize length;
	const guint8 *data = g_bytes_get_data(bytes, &length);
	for (gsize i = 0; i < length; i++) {
		g_autofree guint8 *copy = g_memdup2(data, length);
		copy[i] ^= 0x55;
		g_autoptr(GBytes) cut = g_bytes_new(data, i);
		g_autoptr(GBytes) changed = g_bytes_new(copy, length);
		g_autoptr(GError) error = NULL;
		g_autoptr(raw_mail_owned) none = raw_mail_from_bytes(cut, &error);
		g_assert_true(none || error->code == ERROR_SPOOL);
		g_autoptr(raw_mail_owned) other = raw_mail_from_bytes(changed, NULL);
		g_assert_true(!other || other->body->len <= LIMIT_BODY);
	}
}

static void
test_spool_garbage(void)
{
	g_autofree guint8 *zeros = g_malloc0(LIMIT_SPOOL_FILE + 1);
	static const gsize lengths[] = { 0, 1, 100, LIMIT_SPOOL_FILE, LIMIT_SPOOL_FILE + 1 };
	for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autoptr(GBytes) bytes = g_bytes_new(zeros, lengths[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(raw_mail_owned) raw = raw_mail_from_bytes(bytes, &error);
		g_assert_null(raw);
		g_assert_error(error, LEADMILTER_ERROR, ERROR_SPOOL);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/raw/read", test_read);
	g_test_add_func("/raw/read-keeps-sender", test_read_keeps_sender);
	g_test_add_func("/raw/read-nul", test_read_nul);
	g_test_add_func("/raw/path", test_path);
	g_test_add_func("/raw/header-ceilings", test_header_ceilings);
	g_test_add_func("/raw/megabyte-of-header", test_megabyte_of_header);
	g_test_add_func("/raw/body-ceiling", test_body_ceiling);
	g_test_add_func("/raw/recipient-ceiling", test_recipient_ceiling);
	g_test_add_func("/raw/reset", test_reset);
	g_test_add_func("/raw/to-message", test_to_message);
	g_test_add_func("/raw/key", test_key);
	g_test_add_func("/raw/key-without-id", test_key_without_id);
	g_test_add_func("/raw/spool", test_spool);
	g_test_add_func("/raw/spool-empty", test_spool_empty);
	g_test_add_func("/raw/spool-damaged", test_spool_damaged);
	g_test_add_func("/raw/spool-garbage", test_spool_garbage);
	return g_test_run();
}
