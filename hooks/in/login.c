/* login.c - see login.h. */
#include "hooks/in/login.h"

#include <gio/gio.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"

#define WINDOW (15 * 60 * (gint64)CLOCK_SECOND) /* of a peer's failures */
#define PEER_FAILURES 10 /* in it */
#define WINDOW_OF_ALL (60 * (gint64)CLOCK_SECOND)
#define FAILURES_OF_ALL 120

struct entry {
	guint8 id[DIGEST_SIZE]; /* hash of what the browser has */
	guint8 mark[DIGEST_SIZE]; /* hash of the token it was begun with */
	char *user;
	char csrf[LOGIN_TEXT];
	guint64 serial;
	gint64 last, idle, expires;
};

/* Times of failures, the oldest written over. */
struct failures {
	gint64 times[PEER_FAILURES];
	guint next;
};

struct logins {
	pthread_mutex_t mutex;
	GHashTable *entries; /* id → struct entry * */
	GHashTable *peers; /* text → struct failures * */
	gint64 all[FAILURES_OF_ALL];
	guint next;
	guint64 serial;
};

/* --- secrets --- */

static void
hash(const char *text, guint8 ret[DIGEST_SIZE])
{
	struct digest *digest = digest_new();

	digest_add(digest, text, strlen(text));
	digest_end(digest, ret);
}

static gboolean
equal(const void *one, const void *other, gsize size)
{
	const guint8 *a = one, *b = other;
	guint8 difference = 0;

	for (gsize i = 0; i < size; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

/* 256 bits nobody can guess; getrandom() of so few bytes is never cut short. */
static void
make_secret(char ret[LOGIN_TEXT])
{
	guint8 bytes[32];
	g_autofree char *text = NULL;

	while (getrandom(bytes, sizeof bytes, 0) != (gssize)sizeof bytes)
		;
	text = g_base64_encode(bytes, sizeof bytes);
	g_strdelimit(text, "+", '-');
	g_strdelimit(text, "/", '_');
	g_strlcpy(ret, text, LOGIN_TEXT); /* without its "=" */
}

/* Digests are compared, so that nothing tells how much was right. */
const struct config_page_user *
login_user(const GPtrArray *users, const char *token)
{
	const struct config_page_user *found = NULL;
	guint8 given[DIGEST_SIZE], known[DIGEST_SIZE];

	hash(token, given);
	for (guint i = 0; i < users->len; i++) {
		const struct config_page_user *user = users->pdata[i];

		hash(user->token, known);
		if (equal(given, known, DIGEST_SIZE))
			found = user;
	}
	return found;
}

gboolean
login_csrf_fits(const struct login *login, const char *given)
{
	return given && strlen(given) == LOGIN_TEXT - 1 &&
	       equal(login->csrf, given, LOGIN_TEXT - 1);
}

/* --- the table --- */

static guint
id_hash(gconstpointer id)
{
	guint value;

	memcpy(&value, id, sizeof value);
	return value;
}

static gboolean
id_equal(gconstpointer one, gconstpointer other)
{
	return equal(one, other, DIGEST_SIZE);
}

static void
entry_free(gpointer data)
{
	struct entry *entry = data;

	g_free(entry->user);
	g_free(entry);
}

struct logins *
login_new(void)
{
	struct logins *logins = g_new0(struct logins, 1);

	pthread_mutex_init(&logins->mutex, NULL);
	logins->entries = g_hash_table_new_full(id_hash, id_equal, NULL, entry_free);
	logins->peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return logins;
}

void
login_free(struct logins *logins)
{
	if (!logins)
		return;
	g_hash_table_unref(logins->entries);
	g_hash_table_unref(logins->peers);
	pthread_mutex_destroy(&logins->mutex);
	g_free(logins);
}

/* The user of a session, if it holds still. */
static const struct config_page_user *
user_of(const struct entry *entry, const GPtrArray *users, gint64 now)
{
	if (now >= entry->expires || now - entry->last >= entry->idle)
		return NULL;
	for (guint i = 0; i < users->len; i++) {
		const struct config_page_user *user = users->pdata[i];
		guint8 mark[DIGEST_SIZE];

		if (strcmp(user->name, entry->user) != 0)
			continue;
		hash(user->token, mark);
		return equal(mark, entry->mark, DIGEST_SIZE) ? user : NULL;
	}
	return NULL;
}

static gboolean
is_over(G_GNUC_UNUSED gpointer key, gpointer value, gpointer data)
{
	const struct entry *entry = value;
	gint64 now = *(gint64 *)data;

	return now >= entry->expires || now - entry->last >= entry->idle;
}

/* Under the lock. */
static void
make_room(struct logins *logins, gint64 now)
{
	struct entry *entry, *oldest = NULL;
	GHashTableIter iter;
	gpointer value;

	if (g_hash_table_size(logins->entries) < LIMIT_PAGE_SESSIONS)
		return;
	g_hash_table_foreach_remove(logins->entries, is_over, &now);
	g_hash_table_iter_init(&iter, logins->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		entry = value;
		if (!oldest || entry->last < oldest->last)
			oldest = entry;
	}
	if (oldest && g_hash_table_size(logins->entries) >= LIMIT_PAGE_SESSIONS)
		g_hash_table_remove(logins->entries, oldest->id);
}

static void
tell(const struct entry *entry, const struct config_page_user *user, struct login *ret)
{
	ret->serial = entry->serial;
	ret->user = user;
	ret->expires = entry->expires;
	memcpy(ret->csrf, entry->csrf, LOGIN_TEXT);
}

void
login_begin(struct logins *logins, const struct config_page_user *user, gint64 idle, gint64 life,
	    gint64 now, char ret_id[LOGIN_TEXT], struct login *ret)
{
	struct entry *entry = g_new0(struct entry, 1);

	make_secret(ret_id);
	make_secret(entry->csrf);
	hash(ret_id, entry->id);
	hash(user->token, entry->mark);
	entry->user = g_strdup(user->name);
	entry->last = now;
	entry->idle = idle;
	entry->expires = now + life;
	pthread_mutex_lock(&logins->mutex);
	make_room(logins, now);
	entry->serial = ++logins->serial;
	g_hash_table_insert(logins->entries, entry->id, entry);
	tell(entry, user, ret);
	pthread_mutex_unlock(&logins->mutex);
}

gboolean
login_find(struct logins *logins, const char *id, const GPtrArray *users, gint64 now,
	   struct login *ret)
{
	const struct config_page_user *user = NULL;
	guint8 key[DIGEST_SIZE];
	struct entry *entry;

	if (!id)
		return FALSE;
	hash(id, key);
	pthread_mutex_lock(&logins->mutex);
	entry = g_hash_table_lookup(logins->entries, key);
	user = entry ? user_of(entry, users, now) : NULL;
	if (user) {
		entry->last = MAX(entry->last, now);
		tell(entry, user, ret);
	} else if (entry) {
		g_hash_table_remove(logins->entries, key);
	}
	pthread_mutex_unlock(&logins->mutex);
	return user != NULL;
}

gboolean
login_is_open(struct logins *logins, guint64 serial, const GPtrArray *users, gint64 now)
{
	gboolean found = FALSE;
	GHashTableIter iter;
	gpointer value;

	pthread_mutex_lock(&logins->mutex);
	g_hash_table_iter_init(&iter, logins->entries);
	while (!found && g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct entry *entry = value;

		found = entry->serial == serial && user_of(entry, users, now);
	}
	pthread_mutex_unlock(&logins->mutex);
	return found;
}

void
login_end(struct logins *logins, const char *id)
{
	guint8 key[DIGEST_SIZE];

	if (!id)
		return;
	hash(id, key);
	pthread_mutex_lock(&logins->mutex);
	g_hash_table_remove(logins->entries, key);
	pthread_mutex_unlock(&logins->mutex);
}

guint
login_count(struct logins *logins)
{
	guint count;

	pthread_mutex_lock(&logins->mutex);
	count = g_hash_table_size(logins->entries);
	pthread_mutex_unlock(&logins->mutex);
	return count;
}

/* --- failures --- */

/* Whoever has one address of an IPv6 network has them all.  Caller frees. */
static char *
network_of(const char *peer)
{
	g_autoptr(GInetAddress) address = g_inet_address_new_from_string(peer);
	const guint8 *bytes = address ? g_inet_address_to_bytes(address) : NULL;

	if (!address || g_inet_address_get_family(address) != G_SOCKET_FAMILY_IPV6)
		return g_strdup(peer);
	return g_strdup_printf("%02x%02x%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
			       bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

/* @return until when all `count` times are within the window, or 0 */
static gint64
full_until(const gint64 *times, guint count, guint next, gint64 window, gint64 now)
{
	gint64 oldest = times[next % count]; /* written over next */

	return oldest && now - oldest < window ? oldest + window : 0;
}

guint
login_wait(struct logins *logins, const char *peer, gint64 now)
{
	g_autofree char *network = network_of(peer);
	const struct failures *failures;
	gint64 until;

	pthread_mutex_lock(&logins->mutex);
	until = full_until(logins->all, FAILURES_OF_ALL, logins->next, WINDOW_OF_ALL, now);
	failures = g_hash_table_lookup(logins->peers, network);
	if (failures)
		until = MAX(until, full_until(failures->times, PEER_FAILURES, failures->next,
					      WINDOW, now));
	pthread_mutex_unlock(&logins->mutex);
	return until > now ? (guint)((until - now) / CLOCK_SECOND + 1) : 0;
}

static gboolean
is_past(G_GNUC_UNUSED gpointer key, gpointer value, gpointer data)
{
	const struct failures *failures = value;
	guint last = (failures->next + PEER_FAILURES - 1) % PEER_FAILURES;

	return *(gint64 *)data - failures->times[last] >= WINDOW;
}

void
login_failed(struct logins *logins, const char *peer, gint64 now)
{
	g_autofree char *network = network_of(peer);
	struct failures *failures;

	pthread_mutex_lock(&logins->mutex);
	logins->all[logins->next] = now;
	logins->next = (logins->next + 1) % FAILURES_OF_ALL;
	if (g_hash_table_size(logins->peers) >= LIMIT_PAGE_PEERS)
		g_hash_table_foreach_remove(logins->peers, is_past, &now);
	failures = g_hash_table_lookup(logins->peers, network);
	/* Many peers in little time are for the limit of all. */
	if (!failures && g_hash_table_size(logins->peers) < LIMIT_PAGE_PEERS) {
		failures = g_new0(struct failures, 1);
		g_hash_table_insert(logins->peers, g_steal_pointer(&network), failures);
	}
	if (failures) {
		failures->times[failures->next] = now;
		failures->next = (failures->next + 1) % PEER_FAILURES;
	}
	pthread_mutex_unlock(&logins->mutex);
}
