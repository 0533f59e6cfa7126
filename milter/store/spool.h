/*
 * spool.h - messages the store could not take in time, kept as files until it can.
 *
 * spool_put: write to "tmp.*", fsync, rename to "<time>-<key>.mail", fsync the directory.
 * A file is one raw_mail_to_bytes() with a magic, a version and a checksum before it.  A
 * damaged file is moved aside to "bad/" with a log line, never deleted, never retried for ever.
 * The directory has a ceiling in bytes.  Any thread; files are taken by one thread only.
 */
#ifndef LEADMILTER_SPOOL_H
#define LEADMILTER_SPOOL_H

#include "mail/raw.h"

struct spool;

/** Open a spool directory, making it (0700) when missing; removes old tmp files. */
struct spool *spool_open(const char *directory, gint64 max_bytes, GError **error);
void spool_close(struct spool *spool);
typedef struct spool spool_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(spool_owned, spool_close)

/** Durable when it returns TRUE. ERROR_SPOOL otherwise. */
gboolean spool_put(struct spool *spool, const struct raw_mail *raw, GError **error);

/** What this spool is known by, made when it is asked for the first time; caller frees. */
char *spool_id(struct spool *spool, GError **error);

/** Files waiting, and their bytes. */
guint spool_count(struct spool *spool, gint64 *ret_bytes);

/* One message on its way out. */
struct spool_item {
	struct raw_mail *raw;
	enum spool_fate {
		SPOOL_AWAY, /* there is nobody to take it */
		SPOOL_TAKEN, /* it may be removed */
		SPOOL_REFUSED /* this one alone */
	} fate;
	char *reason; /* why it was not taken, or NULL; freed with the item */
};

/**
 * Take messages in the order they came, several at a time: `take` says of each what became of
 * it, and the file of one that was taken is removed.  The run ends when nobody takes them; one that
 * is refused twice while others are taken is moved to "bad/".
 * @param together handed over at once, at most
 * @return messages taken, or -1 with ERROR_SPOOL
 */
gint spool_drain(struct spool *spool, guint together,
		 void (*take)(struct spool_item *items, guint count, gpointer data), gpointer data,
		 GError **error);

/**
 * Remove messages (those in bad/ too) that these addresses sent or got, or are the author of.
 * @param addresses char *, normalised
 */
gboolean spool_forget(struct spool *spool, const GPtrArray *addresses, guint *ret_count,
		      GError **error);

#endif
