/*
 * listener.h - the socket a server listens at: "HOST:PORT" ("[::1]:8080" for IPv6) or "unix:PATH".
 */
#ifndef LEADMILTER_LISTENER_H
#define LEADMILTER_LISTENER_H

#include <glib.h>
#include <sys/types.h>

/** Open it, nonblocking.  A socket file that nobody listens at any more is replaced.
 *  @param mode     of the socket file
 *  @param ret_path the socket file that was made, the caller's to remove and free; untouched
 *                  without one
 *  @return -1 with ERROR_SYSTEM; caller closes */
int listener_open(const char *where, mode_t mode, char **ret_path, GError **error);

#endif
