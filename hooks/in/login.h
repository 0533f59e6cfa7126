/*
 * login.h - who is logged in to the page, and how often somebody may fail to.
 *
 * A session is known by 256 random bits that only the browser has: here is their SHA-256.  With it
 * goes a second secret that every change must bring along (cross-site requests can't).  It ends
 * when it is idle or old, when the user's token in the configuration is another one or the user is
 * gone, and with the daemon.  Role and owner are those of today's configuration.  Names and secrets
 * are compared in constant time.
 *
 * Failures are counted for each peer (an IPv6 network of 64 bits is one) and in all; over the limit
 * the right token is refused too, until enough of them are past the window.  Any thread.
 */
#ifndef LEADMILTER_LOGIN_H
#define LEADMILTER_LOGIN_H

#include "base/config.h"

#define LOGIN_TEXT 44 /* 32 bytes as base64url, and a NUL */
#define LOGIN_COOKIE "leadmilter_session"
#define LOGIN_COOKIE_SECURE "__Host-leadmilter_session"

struct logins;

struct login {
	guint64 serial; /* never used again */
	const struct config_page_user *user; /* of the list it was looked up in */
	char csrf[LOGIN_TEXT];
	gint64 expires; /* at the latest */
};

struct logins *login_new(void);
void login_free(struct logins *logins);

/** The user whose token it is, or NULL. @param users struct config_page_user * */
const struct config_page_user *login_user(const GPtrArray *users, const char *token);

/** Begin one; the longest idle one makes room when there are too many. */
void login_begin(struct logins *logins, const struct config_page_user *user, gint64 idle,
		 gint64 life, gint64 now, char ret_id[LOGIN_TEXT], struct login *ret);
/** @param id as the browser gave it, or NULL; a session that is found is no longer idle */
gboolean login_find(struct logins *logins, const char *id, const GPtrArray *users, gint64 now,
		    struct login *ret);
/** Is it still open?  Asking doesn't keep it from being idle. */
gboolean login_is_open(struct logins *logins, guint64 serial, const GPtrArray *users, gint64 now);
void login_end(struct logins *logins, const char *id);
guint login_count(struct logins *logins);

/** The secret a change brought along is the session's. @param given or NULL */
gboolean login_csrf_fits(const struct login *login, const char *given);

/** @return 0: may try, else seconds until it may */
guint login_wait(struct logins *logins, const char *peer, gint64 now);
void login_failed(struct logins *logins, const char *peer, gint64 now);

#endif
