/*
 * ids.h - message ids out of Message-ID, In-Reply-To and References fields, as broken as they
 * come: comma separated, folded inside, without brackets, cut off.  Linear; pure; any thread.
 */
#ifndef LEADMILTER_IDS_H
#define LEADMILTER_IDS_H

#include <glib.h>

/**
 * @param value one decoded field value, or NULL
 * @return char *, without <>, the last LIMIT_REFERENCES; never NULL; caller unrefs
 */
GPtrArray *ids_parse(const char *value);

#endif
