/*
 * bounce_ses.h - Amazon SES reports bounces, complaints and deliveries by mail through SNS,
 * as one JSON object in the text (SES developer guide, "Amazon SNS notification contents").
 *
 * Only the few strings needed are looked up; linear, pure, any thread.
 */
#ifndef LEADMILTER_BOUNCE_SES_H
#define LEADMILTER_BOUNCE_SES_H

#include <glib.h>

#include "mail/kind.h"
#include "mail/mail.h"
#include "mail/marks.h"

/** "Bounce", "Complaint", "Delivery", or NULL when it is no such report.  Caller frees. */
char *bounce_ses_type(const struct mail *mail, const struct marks *marks);

/** The facts of a Bounce or Delivery.  Never NULL; caller frees. */
struct bounce *bounce_ses_read(const struct mail *mail);

#endif
