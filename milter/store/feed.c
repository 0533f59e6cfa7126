/* feed.c - see feed.h. */
#include "store/feed.h"

#include <pthread.h>

#include "base/limits.h"

struct feed {
	pthread_mutex_t mutex; /* for told, data and own */
	void (*told)(const struct store_news *news, guint count, gpointer data);
	gpointer data;
	gint64 own;
	GArray *news; /* the writer's thread's: of the open transaction */
	gboolean too_many;
};

struct feed *
feed_new(void)
{
	struct feed *feed = g_new0(struct feed, 1);

	pthread_mutex_init(&feed->mutex, NULL);
	feed->news = g_array_new(FALSE, TRUE, sizeof(struct store_news));
	return feed;
}

void
feed_free(struct feed *feed)
{
	if (!feed)
		return;
	pthread_mutex_destroy(&feed->mutex);
	g_array_unref(feed->news);
	g_free(feed);
}

void
feed_listen(struct feed *feed,
	    void (*told)(const struct store_news *news, guint count, gpointer data), gpointer data)
{
	pthread_mutex_lock(&feed->mutex);
	feed->told = told;
	feed->data = data;
	pthread_mutex_unlock(&feed->mutex);
}

static gboolean
is_told(struct feed *feed, int kind, const char *id, gint64 number)
{
	for (guint i = 0; i < feed->news->len; i++) {
		const struct store_news *news = &g_array_index(feed->news, struct store_news, i);

		if ((int)news->kind == kind && news->number == number &&
		    !g_strcmp0(news->id, id ? id : ""))
			return TRUE;
	}
	return FALSE;
}

void
feed_add(struct feed *feed, int kind, const char *id, gint64 number)
{
	struct store_news news = { .kind = kind, .number = number };

	if (!feed->told || feed->too_many || is_told(feed, kind, id, number))
		return;
	if (feed->news->len >= LIMIT_NEWS) {
		feed->too_many = TRUE;
		g_array_set_size(feed->news, 0);
		return;
	}
	g_strlcpy(news.id, id ? id : "", sizeof news.id);
	g_array_append_val(feed->news, news);
}

void
feed_rolled_back(struct feed *feed)
{
	feed->too_many |= feed->news->len > 0;
	g_array_set_size(feed->news, 0);
}

void
feed_committed(struct feed *feed, gboolean changed)
{
	const struct store_news all = { .kind = NEWS_MANY };

	pthread_mutex_lock(&feed->mutex);
	feed->own += changed;
	if (feed->told && feed->too_many)
		feed->told(&all, 1, feed->data);
	else if (feed->told && feed->news->len)
		feed->told((struct store_news *)feed->news->data, feed->news->len, feed->data);
	pthread_mutex_unlock(&feed->mutex);
	g_array_set_size(feed->news, 0);
	feed->too_many = FALSE;
}

gint64
feed_own_changes(struct feed *feed)
{
	gint64 own;

	pthread_mutex_lock(&feed->mutex);
	own = feed->own;
	pthread_mutex_unlock(&feed->mutex);
	return own;
}
