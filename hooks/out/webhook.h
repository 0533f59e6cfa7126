/*
 * webhook.h - the generic webhook: one signed request per event (Standard Webhooks 1.0), success by
 * status.  What goes over the wire is made in request.c.
 */
#ifndef LEADMILTER_WEBHOOK_H
#define LEADMILTER_WEBHOOK_H

#include "hooks/out/courier.h"

/** Takes every endpoint. */
extern const struct courier_kind webhook_courier;

#endif
