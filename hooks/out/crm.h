/*
 * crm.h - the courier for endpoints with an adapter (lua.h): as many requests per delivery as the
 * adapter makes, each finished write on disk before the next request.
 *
 * An adapter's file is looked at again while it is in use: a changed one is taken for the next
 * delivery, a broken one is complained of and the one before stays.
 */
#ifndef LEADMILTER_CRM_H
#define LEADMILTER_CRM_H

#include "hooks/out/courier.h"

/** Takes endpoints with an adapter. */
extern const struct courier_kind crm_courier;

#endif
