/*
 * lock.h - who may write to a store that is a file: PATH.lock, held with flock(2), so that it is
 * gone with its process.
 *
 * The file says the process id of who has it alone, for people.  The caller closes descriptors.
 */
#ifndef LEADMILTER_LOCK_H
#define LEADMILTER_LOCK_H

#include <glib.h>

/** Make an empty file (mode 0640) for whom its directory belongs to, whoever runs this.
 *  @return its descriptor, or -1 with errno: EEXIST when anything has that name */
int lock_new_file(const char *path);

/** Open (and make) the file `path` with a suffix. @return its descriptor, or -1 with an error */
int lock_file(const char *path, const char *suffix, GError **error);

/**
 * Take PATH.lock.
 * @param shared    together with others who want it so
 * @param ret_lock  a descriptor to close, also on failure when it isn't -1
 * @param ret_alone nobody else has it
 * @return FALSE with an error that names who has it
 */
gboolean lock_take(const char *path, gboolean shared, int *ret_lock, gboolean *ret_alone,
		   GError **error);

#endif
