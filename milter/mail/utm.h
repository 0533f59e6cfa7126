/*
 * utm.h - campaign parameters (utm_source, utm_campaign, …) of links.  Pure; any thread.
 */
#ifndef LEADMILTER_UTM_H
#define LEADMILTER_UTM_H

#include <glib.h>

/**
 * @param text  may hold links; UTF-8
 * @param links char *, further links, or NULL
 * @return char * → char *, decoded, the first value of each name; never NULL, caller unrefs
 */
GHashTable *utm_find(const char *text, const GPtrArray *links);

#endif
