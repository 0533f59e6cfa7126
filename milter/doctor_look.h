/*
 * doctor_look.h - looking at an installation for doctor.h: files, processes, the daemon, the MTA.
 *
 * Reads only: nothing is written, no mail is sent.  Everything is bounded in time.
 */
#ifndef LEADMILTER_DOCTOR_LOOK_H
#define LEADMILTER_DOCTOR_LOOK_H

#include "doctor.h"

struct doctor_options {
	const char *config_path; /* NULL: built-in defaults */
	const char *postfix; /* its configuration directory, NULL: postconf's own */
	const char *sendmail; /* sendmail.cf */
	gboolean no_network; /* no connection to another host: no database server, no probe */
	gboolean probe; /* try whether endpoints can be connected to */
	gboolean fast; /* the store's integrity isn't checked */
};

struct doctor_facts *doctor_look(const struct doctor_options *options);

/* --- parts --- */

/** A path and all above it.  Caller frees. */
struct doctor_path *doctor_look_path(const char *path);
/** A user by name or, when that is NULL, by number, with all groups. */
void doctor_look_user(const char *name, guint uid, struct doctor_user *ret);
/** Files the text of a configuration names as "file:PATH", those of holidays left out.
 *  @return char *, absolute; caller unrefs */
GPtrArray *doctor_look_secrets(const char *text, const char *directory);
/** passfile= in the URL of a store on a server. @return NULL: none; caller frees */
char *doctor_look_passfile(const char *store);

/* doctor_ask.c */
void doctor_ask_daemon(struct doctor_facts *facts);
void doctor_ask_socket(struct doctor_facts *facts);
void doctor_ask_store(struct doctor_facts *facts, const struct doctor_options *options);
void doctor_ask_endpoints(struct doctor_facts *facts);
/* doctor_postfix.c */
void doctor_ask_postfix(struct doctor_facts *facts, const char *directory);
void doctor_look_sendmail(struct doctor_facts *facts, const char *path);
/** What `postconf`, `postconf -M` and `postconf -P` print, into facts.  Pure. */
void doctor_postfix_read(struct doctor_postfix *postfix, const char *parameters,
			 const char *services, const char *overrides);

#endif
