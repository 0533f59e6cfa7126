/*
 * show.h - the values of JSON documents for people and scripts, alike in inspect and leadctl.
 */
#ifndef LEADMILTER_SHOW_H
#define LEADMILTER_SHOW_H

#include <cJSON.h>
#include <glib.h>

/** A text, or null. */
void show_add_text(cJSON *object, const char *key, const char *text);
/** RFC 3339 in UTC, or null for 0. */
void show_add_time(cJSON *object, const char *key, gint64 time);
/** Points with the two decimals that a reader can use. */
void show_add_points(cJSON *object, const char *key, double points);

#endif
