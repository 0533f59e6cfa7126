/* page.c - see page.h. */
#include "hooks/in/page.h"

#include <stdlib.h>
#include <string.h>

#define APPLICATION "/app/"

/* Nothing but our own files, no code that stands in the page, nobody's frame.  Texts can't become
 * code by way of the document's functions either (Trusted Types). */
static const char POLICY[] =
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
	"img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
	"require-trusted-types-for 'script'";

static const char *const FIELDS[] = {
	POLICY,
	"Referrer-Policy: no-referrer",
	"X-Frame-Options: DENY",
	"Cross-Origin-Opener-Policy: same-origin",
	"Cross-Origin-Resource-Policy: same-origin",
	"Cross-Origin-Embedder-Policy: require-corp",
	"Permissions-Policy: accelerometer=(), camera=(), display-capture=(), geolocation=(), "
	"gyroscope=(), microphone=(), midi=(), payment=(), usb=(), interest-cohort=()",
};

static void
add_header(struct server_answer *answer, const char *header)
{
	if (!answer->headers)
		answer->headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(answer->headers, g_strdup(header));
}

void
page_add_headers(struct server_answer *answer, gboolean is_data)
{
	for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++)
		add_header(answer, FIELDS[i]);
	answer->may_be_kept = !is_data;
}

/* --- finding --- */

static int
by_path(const void *path, const void *file)
{
	return strcmp(path, ((const struct page_file *)file)->path);
}

static const struct page_file *
find_exactly(const char *path)
{
	return page_file_count
		       ? bsearch(path, page_files, page_file_count, sizeof *page_files, by_path)
		       : NULL;
}

const struct page_file *
page_file_find(const char *path)
{
	const struct page_file *file = find_exactly(path);

	if (!file && (g_str_has_prefix(path, APPLICATION) || !strcmp(path, "/app")))
		file = find_exactly("/");
	return file;
}

/* --- answering --- */

/* "gzip;q=0" says no; any other mention says yes. */
static gboolean
accepts(const char *field, const char *encoding)
{
	g_auto(GStrv) items = field ? g_strsplit(field, ",", 20) : NULL;

	for (guint i = 0; items && items[i]; i++) {
		char *weight = strchr(items[i], ';');

		if (weight)
			*weight++ = '\0';
		if (g_ascii_strcasecmp(g_strstrip(items[i]), encoding) != 0)
			continue;
		weight = weight ? strchr(weight, '=') : NULL;
		return !weight || g_ascii_strtod(weight + 1, NULL) > 0;
	}
	return FALSE;
}

static const struct page_bytes *
choose(const struct page_file *file, const char *accepted, const char **ret_encoding)
{
	if (file->brotli.data && accepts(accepted, "br")) {
		*ret_encoding = "br";
		return &file->brotli;
	}
	if (file->gzip.data && accepts(accepted, "gzip")) {
		*ret_encoding = "gzip";
		return &file->gzip;
	}
	*ret_encoding = NULL;
	return &file->plain;
}

static gboolean
is_known(const struct page_file *file, const char *tags)
{
	return tags && strnlen(tags, 4096) < 4096 && strstr(tags, file->etag);
}

static void
add_kept(const struct page_file *file, struct server_answer *ret)
{
	/* Encodings differ by bytes, not by content: the tag is a weak one. */
	g_autofree char *tag = g_strconcat("ETag: W/", file->etag, NULL);

	add_header(ret, tag);
	add_header(ret, "Vary: Accept-Encoding");
	add_header(ret, file->immutable ? "Cache-Control: public, max-age=31536000, immutable"
					: "Cache-Control: no-cache");
}

gboolean
page_answer(const struct server_call *call, struct server_answer *ret)
{
	gboolean reads = !strcmp(call->method, "GET") || !strcmp(call->method, "HEAD");
	const struct page_file *file = reads ? page_file_find(call->path) : NULL;
	const struct page_bytes *bytes;
	const char *encoding;

	if (!file)
		return FALSE;
	page_add_headers(ret, FALSE);
	add_kept(file, ret);
	ret->type = file->type;
	ret->status = 304;
	if (is_known(file, server_call_header(call, "If-None-Match")))
		return TRUE;
	bytes = choose(file, server_call_header(call, "Accept-Encoding"), &encoding);
	if (encoding) {
		g_autofree char *field = g_strconcat("Content-Encoding: ", encoding, NULL);

		add_header(ret, field);
	}
	ret->status = 200;
	ret->fixed = bytes->data;
	ret->length = bytes->size;
	return TRUE;
}
