/* test-login.c - sessions of the page and failures to log in. */
#include "hooks/in/login.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"

#define SECOND ((gint64)CLOCK_SECOND)
#define START (1000 * SECOND)
#define IDLE (60 * SECOND)
#define LIFE (300 * SECOND)

static struct config_page_user anna = { .name = (char *)"anna",
					.token = (char *)"token-of-anna-0123456789",
					.role = (char *)"operator" };
static struct config_page_user vera = { .name = (char *)"vera",
					.token = (char *)"token-of-vera-0123456789",
					.role = (char *)"viewer" };

static GPtrArray *
users_of(struct config_page_user *one, struct config_page_user *other)
{
	GPtrArray *users = g_ptr_array_new();

	g_ptr_array_add(users, one);
	if (other)
		g_ptr_array_add(users, other);
	return users;
}

static void
test_tokens(void)
{
	g_autoptr(GPtrArray) users = users_of(&anna, &vera);

	g_assert_true(login_user(users, anna.token) == &anna);
	g_assert_true(login_user(users, vera.token) == &vera);
	g_assert_null(login_user(users, "token-of-anna-012345678"));
	g_assert_null(login_user(users, "token-of-anna-01234567890"));
	g_assert_null(login_user(users, ""));
}

static void
test_secrets(void)
{
	struct logins *logins = login_new();
	g_autoptr(GPtrArray) users = users_of(&anna, NULL);
	char first[LOGIN_TEXT], second[LOGIN_TEXT];
	struct login login, other;

	login_begin(logins, &anna, IDLE, LIFE, START, first, &login);
	login_begin(logins, &anna, IDLE, LIFE, START, second, &other);
	g_assert_cmpuint(strlen(first), ==, LOGIN_TEXT - 1);
	g_assert_cmpstr(first, !=, second);
	g_assert_cmpstr(first, !=, login.csrf);
	g_assert_cmpstr(login.csrf, !=, other.csrf);
	g_assert_cmpuint(login.serial, !=, other.serial);
	g_assert_true(login_csrf_fits(&login, login.csrf));
	g_assert_false(login_csrf_fits(&login, other.csrf));
	g_assert_false(login_csrf_fits(&login, NULL));
	g_assert_false(login_csrf_fits(&login, ""));
	g_assert_true(login_find(logins, first, users, START, &other));
	g_assert_cmpuint(other.serial, ==, login.serial);
	g_assert_cmpstr(other.csrf, ==, login.csrf);
	login_end(logins, first);
	g_assert_false(login_find(logins, first, users, START, &other));
	g_assert_true(login_find(logins, second, users, START, &other));
	g_assert_false(login_find(logins, NULL, users, START, &other));
	g_assert_cmpuint(login_count(logins), ==, 1);
	login_free(logins);
}

/* One session, looked for at a time after it began. */
static void
test_ends(void)
{
	static const struct {
		gint64 used, asked; /* seconds */
		gboolean found;
	} wants[] = {
		{ 0, 59, TRUE },
		{ 0, 60, FALSE },
		{ 50, 109, TRUE },
		{ 50, 110, FALSE },
	};
	g_autoptr(GPtrArray) users = users_of(&anna, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		struct logins *logins = login_new();
		char id[LOGIN_TEXT];
		struct login login;
		gint64 asked = START + wants[i].asked * SECOND;

		login_begin(logins, &anna, IDLE, LIFE, START, id, &login);
		g_assert_true(
			login_find(logins, id, users, START + wants[i].used * SECOND, &login));
		g_assert_cmpint(login_is_open(logins, login.serial, users, asked), ==,
				wants[i].found);
		g_assert_cmpint(login_find(logins, id, users, asked, &login), ==, wants[i].found);
		login_free(logins);
	}
}

static void
test_life(void)
{
	g_autoptr(GPtrArray) users = users_of(&anna, NULL);
	struct logins *logins = login_new();
	char id[LOGIN_TEXT];
	struct login login;

	login_begin(logins, &anna, IDLE, LIFE, START, id, &login);
	g_assert_cmpint(login.expires, ==, START + LIFE);
	for (gint64 at = START; at < START + LIFE; at += 50 * SECOND)
		g_assert_true(login_find(logins, id, users, at, &login));
	g_assert_false(login_find(logins, id, users, START + LIFE, &login));
	login_free(logins);
}

static void
test_user_changes(void)
{
	struct config_page_user renewed = anna, promoted = vera;
	g_autoptr(GPtrArray) before = users_of(&anna, &vera);
	g_autoptr(GPtrArray) without = users_of(&vera, NULL);
	g_autoptr(GPtrArray) after = users_of(&renewed, &promoted);
	struct logins *logins = login_new();
	char id[LOGIN_TEXT], other[LOGIN_TEXT];
	struct login login;

	renewed.token = (char *)"another-token-of-anna-01";
	promoted.role = (char *)"operator";
	login_begin(logins, &anna, IDLE, LIFE, START, id, &login);
	g_assert_false(login_is_open(logins, login.serial, without, START));
	g_assert_true(login_is_open(logins, login.serial, before, START));
	g_assert_false(login_find(logins, id, after, START, &login));
	g_assert_false(login_find(logins, id, before, START, &login)); /* it has ended */
	login_begin(logins, &vera, IDLE, LIFE, START, other, &login);
	g_assert_true(login_find(logins, other, after, START, &login));
	g_assert_cmpstr(login.user->role, ==, "operator");
	login_free(logins);
}

static void
test_room(void)
{
	g_autoptr(GPtrArray) users = users_of(&anna, NULL);
	struct logins *logins = login_new();
	char first[LOGIN_TEXT], id[LOGIN_TEXT];
	struct login login;

	login_begin(logins, &anna, IDLE, LIFE, START, first, &login);
	for (guint i = 0; i < LIMIT_PAGE_SESSIONS; i++)
		login_begin(logins, &anna, IDLE, LIFE, START + 1, id, &login);
	g_assert_cmpuint(login_count(logins), ==, LIMIT_PAGE_SESSIONS);
	g_assert_false(login_find(logins, first, users, START + 1, &login));
	g_assert_true(login_find(logins, id, users, START + 1, &login));
	login_free(logins);
}

static void
test_failures(void)
{
	struct logins *logins = login_new();

	for (guint i = 0; i < 10; i++) {
		g_assert_cmpuint(login_wait(logins, "192.0.2.1", START + i), ==, 0);
		login_failed(logins, "192.0.2.1", START + i);
	}
	g_assert_cmpuint(login_wait(logins, "192.0.2.1", START + 10), >, 890);
	g_assert_cmpuint(login_wait(logins, "192.0.2.2", START + 10), ==, 0);
	g_assert_cmpuint(login_wait(logins, "192.0.2.1", START + 901 * SECOND), ==, 0);
	/* one IPv6 network is one peer */
	for (guint i = 0; i < 10; i++) {
		g_autofree char *peer = g_strdup_printf("2001:db8:1:2::%x", i + 1);

		login_failed(logins, peer, START);
	}
	g_assert_cmpuint(login_wait(logins, "2001:db8:1:2:3:4:5:6", START), >, 0);
	g_assert_cmpuint(login_wait(logins, "2001:db8:1:3::1", START), ==, 0);
	login_free(logins);
}

static void
test_failures_of_all(void)
{
	struct logins *logins = login_new();

	for (guint i = 0; i < 120; i++) {
		g_autofree char *peer = g_strdup_printf("192.0.2.%u", i);

		g_assert_cmpuint(login_wait(logins, "198.51.100.1", START), ==, 0);
		login_failed(logins, peer, START);
	}
	g_assert_cmpuint(login_wait(logins, "198.51.100.1", START), >, 0);
	g_assert_cmpuint(login_wait(logins, "198.51.100.1", START + 61 * SECOND), ==, 0);
	/* more peers than are counted singly */
	for (guint i = 0; i < LIMIT_PAGE_PEERS + 10; i++) {
		g_autofree char *peer = g_strdup_printf("10.%u.%u.1", i / 256 % 256, i % 256);

		login_failed(logins, peer, START + i * SECOND);
	}
	login_free(logins);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/login/tokens", test_tokens);
	g_test_add_func("/login/secrets", test_secrets);
	g_test_add_func("/login/ends", test_ends);
	g_test_add_func("/login/life", test_life);
	g_test_add_func("/login/user-changes", test_user_changes);
	g_test_add_func("/login/room", test_room);
	g_test_add_func("/login/failures", test_failures);
	g_test_add_func("/login/failures-of-all", test_failures_of_all);
	return g_test_run();
}
