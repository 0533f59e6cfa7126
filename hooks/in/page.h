/*
 * page.h - the page's files as built into the program, and how they are answered.
 *
 * The table is generated from the bundle (hooks/page) when the program is built; a program built
 * without one has an empty table and serves no page.  "/" is the page itself, and so is every path
 * below /app/ that names no file: the page finds its way in it.  Files whose name holds a hash of
 * their content never change (`immutable`); the others are asked for again with their tag.
 * Every answer carries the policy that keeps a browser from running or loading anything else
 * (page_add_headers()).  Pure; any thread.
 */
#ifndef LEADMILTER_PAGE_H
#define LEADMILTER_PAGE_H

#include "hooks/in/server.h"

struct page_bytes {
	const void *data; /* NULL: not in this encoding */
	gsize size;
};

struct page_file {
	const char *path; /* "/", "/assets/app-5f3a.js" … as it is asked for */
	const char *type; /* Content-Type, "text/html; charset=utf-8" … */
	const char *etag; /* with its quotes */
	gboolean immutable;
	struct page_bytes plain, gzip, brotli; /* plain is always there */
};

/* Generated: sorted by path (strcmp). */
extern const struct page_file page_files[];
extern const guint page_file_count;

/** The file a path is answered with, or NULL. */
const struct page_file *page_file_find(const char *path);

/** Answer GET or HEAD of a page's path. @return FALSE when it is none of the page's */
gboolean page_answer(const struct server_call *call, struct server_answer *ret);

/** The fields every answer of the hook has: content policy, no sniffing, no framing …
 *  @param is_data TRUE: what must not be kept (Cache-Control: no-store) */
void page_add_headers(struct server_answer *answer, gboolean is_data);

#endif
