/*
 * trial.h - one request to an endpoint, by the administrator's order: does it work, and what would
 * be sent?
 *
 * An event of type leadmilter.test goes the way of every other (signature, login, CloudEvents), but
 * not through the outbox: no attempt is counted and nothing is tried again.  Blocks for at most
 * the endpoint's time-out, twice that where it logs in first.  Any thread.
 */
#ifndef LEADMILTER_TRIAL_H
#define LEADMILTER_TRIAL_H

#include "base/config.h"

struct trial {
	gboolean delivered;
	long status; /* of the answer, 0 none */
	char *error; /* why it isn't delivered, or NULL */
	char *response; /* begin of the answer, or NULL */
	gint64 duration; /* microseconds */
	char *request; /* dry run: what would be sent, credentials left out; else NULL */
};

/**
 * @param dry_run send nothing
 * @return FALSE with ERROR_NOT_FOUND (no such endpoint), ERROR_CONFIG (it can't be used), or
 *         ERROR_INPUT (an adapter, which would put the event into its CRM)
 */
gboolean trial_run(struct config *config, const char *endpoint, gboolean dry_run, struct trial *ret,
		   GError **error);
void trial_clear(struct trial *trial);

#endif
