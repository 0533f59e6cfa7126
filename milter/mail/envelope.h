/*
 * envelope.h - the recipients of a message that comes without its envelope.
 */
#ifndef LEADMILTER_ENVELOPE_H
#define LEADMILTER_ENVELOPE_H

#include "mail/mail.h"

/** What the delivering agent wrote, else To and Cc, stands for the recipients. */
void envelope_guess(struct raw_mail *raw, const struct mail *mail);

#endif
