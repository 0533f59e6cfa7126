/*
 * part.h - one MIME part: its fields, parameters and decoded content.
 *
 * part.c is the only file that knows GMime.  A part points into the message's bytes, which must
 * outlive it.  Pure; any thread.
 */
#ifndef LEADMILTER_PART_H
#define LEADMILTER_PART_H

#include <glib.h>

#include "mail/raw.h"

/* A stretch of the message. */
struct span {
	const char *bytes; /* never NULL */
	gsize length;
};

struct part {
	char *type; /* "text/plain", lower case, never NULL once read */
	char *disposition; /* lower case, or NULL */
	gpointer type_params, disposition_params; /* GMimeParamList *, or NULL */
	int encoding; /* GMimeContentEncoding */
	gboolean has_id; /* a Content-ID */
	const char *charset; /* of raw 8-bit bytes in the fields, or NULL */
	struct span body;
};

/**
 * Read a part's fields; what follows them is its body.  Never fails.
 * @param type_default for a part that doesn't say
 * @param charset      of raw 8-bit bytes in them that aren't UTF-8, or NULL
 */
void part_read(struct part *part, struct span span, const char *type_default, const char *charset);
/** The whole message as a part. */
void part_read_top(struct part *part, const struct raw_mail *raw);
void part_clear(struct part *part);
typedef struct part part_owned;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(part_owned, part_clear)

/** Parameters of Content-Type and Content-Disposition, decoded (RFC 2231), or NULL. */
const char *part_type_param(const struct part *part, const char *name);
const char *part_disposition_param(const struct part *part, const char *name);
gboolean part_is_disposition(const struct part *part, const char *disposition);
gboolean part_has_name(const struct part *part);
/** The file name without directories, at most LIMIT_FILENAME bytes, or NULL.  Caller frees. */
char *part_get_filename(const struct part *part);

/** The body without transfer encoding. @param ret_buffer NULL or what the caller must free */
struct span part_decode(const struct part *part, char **ret_buffer);
/** The length part_decode() would give, cheaper. */
gsize part_get_size(const struct part *part);
/** A text part's content as UTF-8 without NUL, LF line ends.  Caller frees. */
GString *part_get_text(const struct part *part);

#endif
