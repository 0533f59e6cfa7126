/*
 * spool.c - see spool.h.
 *
 * A file is a head (magic, version, length, SHA-256 of the rest; big-endian numbers) and one
 * raw_mail_to_bytes().  It is called after the time in microseconds, as 16 hex digits, and the
 * message's key: names sort by time, within a process no time is used twice, and another process
 * could only come upon the same name with the same message.  A tmp file is removed once it
 * is old: a young one may belong to somebody writing now.
 *
 * Count and bytes are kept in memory, read from the directory when the spool is opened and before
 * each drain, because every put compares them with the ceiling.  The mutex guards them
 * and the last time used; files are written and read outside of it.
 *
 * A drain hands over several messages at once, so that they share a commit, and ends when
 * the store is away.  A single message that is refused while others are taken
 * is not the store's absence: it is tried again after the next one, and then moved to bad/,
 * so that it can't hold up all that came after it.
 */
#include "store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "mail/address.h"

#define SUFFIX ".mail"
#define TEMPORARY "tmp."
#define BAD "bad"
#define ID_FILE "host-id"
#define OLD_SECONDS 3600 /* a tmp file untouched for so long has no writer */
#define VERSION 1

static const char MAGIC[8] = "LMspool\n";

struct head {
	char magic[8];
	guint32 version;
	guint32 length;
	guint8 sum[32];
};
G_STATIC_ASSERT(sizeof(struct head) == 48);

struct puts {
	guint64 count;
	gint64 bytes;
};

struct spool {
	char *path;
	int directory;
	gint64 max_bytes;
	pthread_mutex_t mutex;
	guint count;
	gint64 bytes;
	struct puts begun, ended; /* ever */
	gint64 last_time; /* in a name of this process */
};

static gboolean
fail(const struct spool *spool, const char *what, const char *name, GError **error)
{
	int why = errno;

	g_set_error(error, LEADMILTER_ERROR, ERROR_SPOOL, "%s/%s: %s: %s", spool->path, name, what,
		    g_strerror(why));
	return FALSE;
}

/* --- the directory --- */

static gboolean
is_mail(const char *name)
{
	return name[0] != '.' && g_str_has_suffix(name, SUFFIX) &&
	       !g_str_has_prefix(name, TEMPORARY);
}

static void
remove_if_old(const struct spool *spool, const char *name)
{
	struct stat info;

	if (fstatat(spool->directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(info.st_mode) || info.st_mtime > time(NULL) - OLD_SECONDS)
		return;
	if (unlinkat(spool->directory, name, 0) == 0)
		log_notice("%s/%s: unfinished file removed", spool->path, name);
}

static DIR *
open_listing(const struct spool *spool, GError **error)
{
	int fd = openat(spool->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;

	if (listing)
		return listing;
	fail(spool, "cannot be listed", "", error);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What was put while the directory was read may not have been seen: it is counted even so, rather
 * once too often than not at all, for the next listing puts that right, and without a count nobody
 * makes one. */
static void
set_count(struct spool *spool, const GPtrArray *names, gint64 bytes, const struct puts *ended)
{
	pthread_mutex_lock(&spool->mutex);
	spool->count = names->len + (guint)(spool->begun.count - ended->count);
	spool->bytes = bytes + spool->begun.bytes - ended->bytes;
	pthread_mutex_unlock(&spool->mutex);
}

static struct puts
ended_puts(struct spool *spool)
{
	struct puts ended;

	pthread_mutex_lock(&spool->mutex);
	ended = spool->ended;
	pthread_mutex_unlock(&spool->mutex);
	return ended;
}

/* Names of waiting files in order, their bytes counted. */
static GPtrArray *
list_files(struct spool *spool, gboolean clean, GError **error)
{
	struct puts ended = ended_puts(spool);
	DIR *listing = open_listing(spool, error);
	GPtrArray *names;
	struct dirent *entry;
	gint64 bytes = 0;

	if (!listing)
		return NULL;
	names = g_ptr_array_new_with_free_func(g_free);
	while ((entry = readdir(listing))) {
		struct stat info;

		if (clean && g_str_has_prefix(entry->d_name, TEMPORARY))
			remove_if_old(spool, entry->d_name);
		if (!is_mail(entry->d_name))
			continue;
		if (fstatat(spool->directory, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
			bytes += info.st_size;
		g_ptr_array_add(names, g_strdup(entry->d_name));
	}
	closedir(listing);
	g_ptr_array_sort(names, by_name);
	set_count(spool, names, bytes, &ended);
	return names;
}

struct spool *
spool_open(const char *directory, gint64 max_bytes, GError **error)
{
	g_autoptr(spool_owned) spool = g_new0(struct spool, 1);
	g_autoptr(GPtrArray) names = NULL;

	spool->path = g_strdup(directory);
	spool->directory = -1;
	spool->max_bytes = max_bytes;
	pthread_mutex_init(&spool->mutex, NULL);
	if (g_mkdir_with_parents(directory, 0700) != 0) {
		fail(spool, "cannot be made", "", error);
		return NULL;
	}
	spool->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->directory < 0) {
		fail(spool, "cannot be opened", "", error);
		return NULL;
	}
	names = list_files(spool, TRUE, error);
	return names ? g_steal_pointer(&spool) : NULL;
}

void
spool_close(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->directory >= 0)
		close(spool->directory);
	pthread_mutex_destroy(&spool->mutex);
	g_free(spool->path);
	g_free(spool);
}

char *
spool_id(struct spool *spool, GError **error)
{
	g_autofree char *path = g_build_filename(spool->path, ID_FILE, NULL);
	char *id = NULL;

	if (g_file_get_contents(path, &id, NULL, NULL) && *g_strstrip(id))
		return id;
	g_free(id);
	id = g_uuid_string_random();
	if (g_file_set_contents(path, id, -1, error))
		return id;
	g_free(id);
	return NULL;
}

guint
spool_count(struct spool *spool, gint64 *ret_bytes)
{
	guint count;

	pthread_mutex_lock(&spool->mutex);
	count = spool->count;
	if (ret_bytes)
		*ret_bytes = spool->bytes;
	pthread_mutex_unlock(&spool->mutex);
	return count;
}

/* --- putting --- */

static void
make_head(const void *data, gsize size, struct head *ret)
{
	struct digest *digest = digest_new();

	memcpy(ret->magic, MAGIC, sizeof ret->magic);
	ret->version = GUINT32_TO_BE(VERSION);
	ret->length = GUINT32_TO_BE(size);
	digest_add(digest, data, size);
	digest_end(digest, ret->sum);
}

static gboolean
write_all(int fd, const void *data, gsize size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno != EINTR)
			return FALSE;
		if (written > 0) {
			at += written;
			size -= written;
		}
	}
	return TRUE;
}

static gboolean
write_file(struct spool *spool, const char *name, GBytes *bytes, GError **error)
{
	int fd = openat(spool->directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	gboolean written;
	struct head head;
	const void *data;
	gsize size;
	int why;

	if (fd < 0)
		return fail(spool, "cannot be made", name, error);
	data = g_bytes_get_data(bytes, &size);
	make_head(data, size, &head);
	written = write_all(fd, &head, sizeof head) && write_all(fd, data, size) && fsync(fd) == 0;
	why = errno;
	close(fd);
	errno = why;
	return written || fail(spool, "cannot be written", name, error);
}

/* Reserve room and a time.  @return 0 when there is no room */
static gint64
reserve(struct spool *spool, gint64 bytes)
{
	gint64 time = 0;

	pthread_mutex_lock(&spool->mutex);
	if (spool->max_bytes <= 0 || spool->bytes + bytes <= spool->max_bytes) {
		time = spool->last_time = MAX(clock_now(), spool->last_time + 1);
		spool->bytes += bytes;
		spool->count++;
		spool->begun.bytes += bytes;
		spool->begun.count++;
	}
	pthread_mutex_unlock(&spool->mutex);
	return time;
}

static void
release(struct spool *spool, gint64 bytes)
{
	pthread_mutex_lock(&spool->mutex);
	spool->bytes = MAX(spool->bytes - bytes, 0);
	spool->count -= spool->count > 0;
	pthread_mutex_unlock(&spool->mutex);
}

static void
end_put(struct spool *spool, gint64 bytes)
{
	pthread_mutex_lock(&spool->mutex);
	spool->ended.bytes += bytes;
	spool->ended.count++;
	pthread_mutex_unlock(&spool->mutex);
}

static gboolean
put_file(struct spool *spool, gint64 time, const char *key, GBytes *bytes, GError **error)
{
	g_autofree char *temporary = g_strdup_printf(TEMPORARY "%d.%016" G_GINT64_MODIFIER "x",
						     (int)getpid(), (guint64)time);
	g_autofree char *name =
		g_strdup_printf("%016" G_GINT64_MODIFIER "x-%.32s" SUFFIX, (guint64)time, key);

	if (!write_file(spool, temporary, bytes, error)) {
		unlinkat(spool->directory, temporary, 0);
		return FALSE;
	}
	if (renameat(spool->directory, temporary, spool->directory, name) != 0) {
		fail(spool, "cannot be renamed", temporary, error);
		unlinkat(spool->directory, temporary, 0);
		return FALSE;
	}
	return fsync(spool->directory) == 0 ||
	       fail(spool, "the directory cannot be synchronised", name, error);
}

gboolean
spool_put(struct spool *spool, const struct raw_mail *raw, GError **error)
{
	g_autoptr(GBytes) bytes = raw_mail_to_bytes(raw);
	g_autofree char *key = raw_mail_key(raw);
	gint64 size = g_bytes_get_size(bytes) + sizeof(struct head);
	gboolean done;
	gint64 time;

	if (size > LIMIT_SPOOL_FILE + (gint64)sizeof(struct head)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SPOOL,
			    "%s: a message of %" G_GINT64_FORMAT " bytes is too large", spool->path,
			    size);
		return FALSE;
	}
	time = reserve(spool, size);
	if (time == 0) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SPOOL,
			    "%s: full: %" G_GINT64_FORMAT " bytes are its ceiling", spool->path,
			    spool->max_bytes);
		return FALSE;
	}
	done = put_file(spool, time, key, bytes, error);
	end_put(spool, size);
	if (!done)
		release(spool, size);
	return done;
}

/* --- taking --- */

static gboolean
damaged(const struct spool *spool, const char *name, const char *what, GError **error)
{
	g_set_error(error, LEADMILTER_ERROR, ERROR_SPOOL, "%s/%s: %s", spool->path, name, what);
	return FALSE;
}

static gboolean
check_head(const struct spool *spool, const char *name, const char *data, gsize size,
	   GError **error)
{
	struct head head, expected;

	if (size < sizeof head)
		return damaged(spool, name, "too short", error);
	memcpy(&head, data, sizeof head);
	make_head(data + sizeof head, size - sizeof head, &expected);
	if (memcmp(head.magic, expected.magic, sizeof head.magic))
		return damaged(spool, name, "not a spool file", error);
	if (head.version != expected.version)
		return damaged(spool, name, "of another version", error);
	if (head.length != expected.length)
		return damaged(spool, name, "cut short or too long", error);
	return !memcmp(head.sum, expected.sum, sizeof head.sum) ||
	       damaged(spool, name, "wrong checksum", error);
}

/* The whole file; an I/O error is a failure in errno's words. */
static GByteArray *
read_file(const struct spool *spool, const char *name, GError **error)
{
	int fd = openat(spool->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	g_autoptr(GByteArray) content = g_byte_array_new();
	char buffer[65536];
	ssize_t length = -1;

	while (fd >= 0 && content->len <= LIMIT_SPOOL_FILE + sizeof(struct head) &&
	       ((length = read(fd, buffer, sizeof buffer)) > 0 || (length < 0 && errno == EINTR)))
		if (length > 0)
			g_byte_array_append(content, (const guint8 *)buffer, length);
	if (length < 0)
		fail(spool, "cannot be read", name, error);
	if (fd >= 0)
		close(fd);
	return length < 0 ? NULL : g_steal_pointer(&content);
}

static struct raw_mail *
parse_file(const struct spool *spool, const char *name, GByteArray *content, GError **error)
{
	const char *data = (const char *)content->data;
	g_autoptr(GBytes) bytes = NULL;
	struct raw_mail *raw;

	if (!check_head(spool, name, data, content->len, error))
		return NULL;
	bytes = g_bytes_new(data + sizeof(struct head), content->len - sizeof(struct head));
	raw = raw_mail_from_bytes(bytes, error);
	if (!raw)
		g_prefix_error(error, "%s/%s: ", spool->path, name);
	return raw;
}

static gint64
size_of(const struct spool *spool, const char *name)
{
	struct stat info;

	return fstatat(spool->directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 ? info.st_size : 0;
}

static void
move_aside(struct spool *spool, const char *name, const char *why)
{
	g_autofree char *to = g_build_filename(BAD, name, NULL);
	gint64 size = size_of(spool, name);

	if ((mkdirat(spool->directory, BAD, 0700) != 0 && errno != EEXIST) ||
	    renameat(spool->directory, name, spool->directory, to) != 0) {
		log_error("%s; could not be moved to %s/%s: %s", why, spool->path, to,
			  g_strerror(errno));
		return;
	}
	log_error("%s; moved to %s/%s", why, spool->path, to);
	release(spool, size);
}

struct drain {
	struct spool *spool;
	void (*take)(struct spool_item *items, guint count, gpointer data);
	gpointer data;
	GPtrArray *refused; /* char *, names: nothing was taken since */
	char *reason; /* of the last refusal */
	gint taken;
};

/* Some files that are handed over at once. */
struct lot {
	struct spool_item *items;
	GPtrArray *names; /* char *, of the items */
	gint64 *sizes;
};

static void
lot_init(struct lot *lot, guint most)
{
	lot->items = g_new0(struct spool_item, most);
	lot->names = g_ptr_array_new();
	lot->sizes = g_new0(gint64, most);
}

static void
lot_clear(struct lot *lot)
{
	for (guint i = 0; i < lot->names->len; i++) {
		raw_mail_free(lot->items[i].raw);
		g_free(lot->items[i].reason);
	}
	g_free(lot->items);
	g_free(lot->sizes);
	g_ptr_array_unref(lot->names);
}

/* A damaged file goes out of the way, one that can't be read stays. */
static void
add_file(struct spool *spool, struct lot *lot, char *name)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) content = read_file(spool, name, &error);
	struct raw_mail *raw;

	if (!content) {
		log_warning("%s; left where it is", error->message);
		return;
	}
	raw = parse_file(spool, name, content, &error);
	if (!raw) {
		move_aside(spool, name, error->message);
		return;
	}
	lot->sizes[lot->names->len] = content->len;
	lot->items[lot->names->len].raw = raw;
	g_ptr_array_add(lot->names, name);
}

static void
remove_taken(struct spool *spool, const char *name, gint64 size)
{
	if (unlinkat(spool->directory, name, 0) != 0)
		log_error("%s/%s: taken, but not removed: %s", spool->path, name,
			  g_strerror(errno));
	release(spool, size);
}

/* @return TRUE unless nobody is there to take them */
static gboolean
take_lot(struct drain *drain, struct lot *lot, guint *ret_taken)
{
	gboolean away = FALSE;

	*ret_taken = 0;
	if (lot->names->len)
		drain->take(lot->items, lot->names->len, drain->data);
	for (guint i = 0; i < lot->names->len; i++) {
		struct spool_item *item = &lot->items[i];

		if (item->fate == SPOOL_TAKEN) {
			remove_taken(drain->spool, lot->names->pdata[i], lot->sizes[i]);
			(*ret_taken)++;
			continue;
		}
		away |= item->fate == SPOOL_AWAY;
		if (item->fate == SPOOL_REFUSED)
			g_ptr_array_add(drain->refused, lot->names->pdata[i]);
		g_free(drain->reason);
		drain->reason = g_strdup(item->reason ? item->reason : "refused");
	}
	drain->taken += *ret_taken;
	return !away;
}

/* Others are taken and these were refused before: once more, then out of the way. */
static gboolean
take_or_move_aside(struct drain *drain)
{
	g_autoptr(GPtrArray) again = g_steal_pointer(&drain->refused);
	gboolean there = TRUE;

	drain->refused = g_ptr_array_new();
	for (guint i = 0; i < again->len && there; i++) {
		g_autofree char *why = NULL;
		struct lot lot;
		guint taken;

		lot_init(&lot, 1);
		add_file(drain->spool, &lot, again->pdata[i]);
		there = take_lot(drain, &lot, &taken);
		lot_clear(&lot);
		if (!drain->refused->len)
			continue;
		why = g_strdup_printf("%s/%s: refused while others are taken: %s",
				      drain->spool->path, (char *)again->pdata[i], drain->reason);
		move_aside(drain->spool, again->pdata[i], why);
		g_ptr_array_set_size(drain->refused, 0);
	}
	return there;
}

/* @return FALSE when it makes no sense to go on */
static gboolean
drain_lot(struct drain *drain, struct lot *lot)
{
	guint taken;

	if (!take_lot(drain, lot, &taken))
		return FALSE;
	if (taken && drain->refused->len)
		return take_or_move_aside(drain);
	return drain->refused->len < 2;
}

static void
drain_files(struct drain *drain, const GPtrArray *names, guint together)
{
	gboolean go_on = TRUE;

	for (guint i = 0; i < names->len && go_on;) {
		struct lot lot;

		lot_init(&lot, together);
		while (i < names->len && lot.names->len < together)
			add_file(drain->spool, &lot, names->pdata[i++]);
		go_on = drain_lot(drain, &lot);
		lot_clear(&lot);
	}
}

gint
spool_drain(struct spool *spool, guint together,
	    void (*take)(struct spool_item *items, guint count, gpointer data), gpointer data,
	    GError **error)
{
	struct drain drain = { .spool = spool, .take = take, .data = data };
	g_autoptr(GPtrArray) names = list_files(spool, FALSE, error);

	if (!names)
		return -1;
	drain.refused = g_ptr_array_new();
	drain_files(&drain, names, together);
	g_ptr_array_unref(drain.refused);
	g_free(drain.reason);
	return drain.taken;
}

/* --- forgetting --- */

static gboolean
is_one_of(const char *address, const GPtrArray *addresses)
{
	g_autofree char *normalised = address ? address_normalise(address) : NULL;

	return normalised && g_ptr_array_find_with_equal_func((GPtrArray *)addresses, normalised,
							      g_str_equal, NULL);
}

static gboolean
names_one(const struct raw_mail *raw, const char *field, const GPtrArray *addresses)
{
	const char *value = raw_mail_header(raw, field);
	g_autoptr(GPtrArray) list = value ? address_parse_list(value) : NULL;

	for (guint i = 0; list && i < list->len; i++)
		if (is_one_of(((struct mail_address *)list->pdata[i])->address, addresses))
			return TRUE;
	return FALSE;
}

static gboolean
is_theirs(const struct raw_mail *raw, const GPtrArray *addresses)
{
	static const char *const FIELDS[] = { "From", "Sender", "Reply-To" };

	for (guint i = 0; i < raw->recipients->len; i++)
		if (is_one_of(raw->recipients->pdata[i], addresses))
			return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++)
		if (names_one(raw, FIELDS[i], addresses))
			return TRUE;
	return is_one_of(raw->mail_from, addresses);
}

/* @param name within the directory. @return FALSE with an error: it couldn't be removed */
static gboolean
forget_file(struct spool *spool, const char *name, gboolean counted, const GPtrArray *addresses,
	    guint *count, GError **error)
{
	g_autoptr(GByteArray) content = read_file(spool, name, NULL);
	g_autoptr(raw_mail_owned) raw = content ? parse_file(spool, name, content, NULL) : NULL;

	if (!raw || !is_theirs(raw, addresses))
		return TRUE;
	if (unlinkat(spool->directory, name, 0) != 0 && errno != ENOENT)
		return fail(spool, "remove", name, error);
	if (counted)
		release(spool, content->len);
	(*count)++;
	return TRUE;
}

static gboolean
forget_bad(struct spool *spool, const GPtrArray *addresses, guint *count, GError **error)
{
	g_autofree char *path = g_build_filename(spool->path, BAD, NULL);
	GDir *directory = g_dir_open(path, 0, NULL);
	const char *name;
	gboolean done = TRUE;

	while (done && directory && (name = g_dir_read_name(directory))) {
		g_autofree char *place = g_build_filename(BAD, name, NULL);

		done = forget_file(spool, place, FALSE, addresses, count, error);
	}
	if (directory)
		g_dir_close(directory);
	return done;
}

gboolean
spool_forget(struct spool *spool, const GPtrArray *addresses, guint *ret_count, GError **error)
{
	g_autoptr(GPtrArray) names = list_files(spool, FALSE, error);

	*ret_count = 0;
	for (guint i = 0; names && i < names->len; i++)
		if (!forget_file(spool, names->pdata[i], TRUE, addresses, ret_count, error))
			return FALSE;
	return names && forget_bad(spool, addresses, ret_count, error);
}
