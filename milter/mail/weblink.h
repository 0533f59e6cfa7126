/*
 * weblink.h - web and social addresses in a line.
 *
 * Pure, linear, any thread.
 */
#ifndef LEADMILTER_WEBLINK_H
#define LEADMILTER_WEBLINK_H

#include <glib.h>

/**
 * Add what a line shows of web addresses to `urls`, each once, at most LIMIT_URLS.
 * @param domain the sender's registrable domain or NULL: "weber.example" alone is a link then
 * @return TRUE when the line held any
 */
gboolean weblink_find(const char *line, gsize length, const char *domain, GPtrArray *urls);

/** The host of an address with or without "https://", without "www.", or NULL; caller frees. */
char *weblink_host(const char *url);

#endif
