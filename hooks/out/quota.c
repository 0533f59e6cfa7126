/* quota.c - see quota.h. */
#include "hooks/out/quota.h"
#include "base/clock.h"

#define HOUR (3600 * (gint64)CLOCK_SECOND)
#define STALE (10 * 60 * (gint64)CLOCK_SECOND) /* older than this was not told when it happened */
#define WINDOWS 1000 /* kept; past ones go when there are more */

struct window {
	gint64 begin;
	guint sent;
};

struct quota {
	guint per_hour;
	GHashTable *windows; /* receiver → struct window * */
};

struct quota *
quota_new(guint per_hour)
{
	struct quota *quota = g_new0(struct quota, 1);
	quota->per_hour = per_hour;
	quota->windows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return quota;
}

void
quota_free(struct quota *quota)
{
	g_hash_table_unref(quota->windows);
	g_free(quota);
}

/* A clock that was set back begins a new hour, too. */
static gboolean
is_past(const struct window *window, gint64 now)
{
	return now < window->begin || now - window->begin >= HOUR;
}

static gboolean
drop_past(G_GNUC_UNUSED gpointer receiver, gpointer window, gpointer now)
{
	return is_past(window, *(gint64 *)now);
}

static struct window *
window_of(struct quota *quota, const char *receiver, gint64 now)
{
	struct window *window = g_hash_table_lookup(quota->windows, receiver);
	if (!window) {
		if (g_hash_table_size(quota->windows) >= WINDOWS)
			g_hash_table_foreach_remove(quota->windows, drop_past, &now);
		window = g_new0(struct window, 1);
		window->begin = now;
		g_hash_table_insert(quota->windows, g_strdup(receiver), window);
	} else if (is_past(window, now))
		*window = (struct window){ .begin = now };
	return window;
}

struct quota_turn
quota_take(struct quota *quota, const char *receiver, guint count, gint64 oldest, gint64 now)
{
	struct window *window = window_of(quota, receiver, now);
	guint left = quota->per_hour > window->sent ? quota->per_hour - window->sent : 0;
	struct quota_turn turn = { .next = window->begin + HOUR };
	if (!quota->per_hour)
		left = count;
	turn.together = left && count > 1 && now - oldest > STALE;
	turn.count = turn.together ? count : MIN(count, left);
	window->sent += turn.together ? 1 : turn.count;
	return turn;
}

void
quota_return(struct quota *quota, const char *receiver)
{
	struct window *window = g_hash_table_lookup(quota->windows, receiver);
	if (window && window->sent)
		window->sent--;
}
