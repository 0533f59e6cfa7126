/* notify.h - the courier that tells owners by mail, through an SMTP server: the local MTA. */
#ifndef LEADMILTER_NOTIFY_H
#define LEADMILTER_NOTIFY_H

#include "hooks/out/courier.h"

extern const struct courier_kind notify_courier;

#endif
