/*
 * bounce.h - delivery reports: RFC 3464, and the many that are only text.
 *
 * Recognised by its form (multipart/report), by the daemon that sent it, by the null sender, by
 * what its subject and text say.  The facts come from the machine-readable part
 * where there is one, from the text above the returned message otherwise.  A person's mail that
 * carries or quotes a report is no report.  Pure, linear, any thread.
 */
#ifndef LEADMILTER_BOUNCE_H
#define LEADMILTER_BOUNCE_H

#include <glib.h>

#include "mail/marks.h"
#include "mail/kind.h"
#include "mail/mail.h"

/** TRUE when the transaction is known to come from nobody: MAIL FROM:<>, or its stand-ins. */
gboolean bounce_sender_is_null(const struct raw_mail *raw);

/**
 * @param ret_evidence   what it was recognised by; set only when there is a bounce; caller frees
 * @param ret_confidence likewise
 * @return NULL when it is no delivery report; caller frees
 */
struct bounce *bounce_detect(const struct raw_mail *raw, const struct mail *mail,
			     const struct marks *marks, char **ret_evidence,
			     double *ret_confidence);
void bounce_free(struct bounce *bounce);
typedef struct bounce bounce_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(bounce_owned, bounce_free)

#endif
