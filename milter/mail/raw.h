/*
 * raw.h - one transaction as the MTA told it, before anything is understood.
 *
 * The session (or leadctl, from a file) fills it within the ceilings of limits.h; the
 * parser and every classifier only read it.  Bytes are kept as they came: header values
 * still folded, without the final line end and without the one space after the colon;
 * the body with the line ends it had.  Nothing is guaranteed to be UTF-8.  A raw_mail has
 * one owner at a time and is not locked.  Filling it never fails: what is over a ceiling
 * is dropped and a flag says so.
 */
#ifndef LEADMILTER_RAW_H
#define LEADMILTER_RAW_H

#include <glib.h>

struct raw_header {
	char *name;
	char *value;
};

struct raw_mail {
	char *queue_id; /* NULL until known */
	char *client_address; /* IP address as text, "local" for a Unix peer, NULL unknown */
	char *client_name; /* host name the MTA gave, may be "[1.2.3.4]" */
	char *helo;
	char *auth_login; /* SASL login ({auth_authen}), NULL when not authenticated */
	char *daemon_name; /* {daemon_name}, NULL unknown */
	char *mail_from; /* without angle brackets; "" is the null sender; NULL unknown */
	GPtrArray *recipients; /* char *, without angle brackets */
	GPtrArray *headers; /* struct raw_header *, in the order of the message */
	GByteArray *body;
	guint64 body_bytes; /* seen of the body, may be more than is held */
	gint64 received; /* microseconds, when the transaction began */
	guint header_bytes; /* held */
	gboolean headers_truncated;
	gboolean body_truncated;
	gboolean recipients_truncated;
};

/** An empty transaction. @param received microseconds since the epoch. */
struct raw_mail *raw_mail_new(gint64 received);
void raw_mail_free(struct raw_mail *raw);
typedef struct raw_mail raw_mail_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(raw_mail_owned, raw_mail_free)

/** Forget sender, recipients, headers and body; keep the connection's facts. */
void raw_mail_reset(struct raw_mail *raw, gint64 received);

/** Remember the sender. @param address with or without angle brackets. */
void raw_mail_set_sender(struct raw_mail *raw, const char *address);
void raw_mail_add_recipient(struct raw_mail *raw, const char *address);
void raw_mail_add_header(struct raw_mail *raw, const char *name, const char *value);

/** @return FALSE once the ceiling is reached: more need not be sent. */
gboolean raw_mail_add_body(struct raw_mail *raw, const void *bytes, gsize length);

/** The first field of that name (case-insensitive), or NULL; owned by `raw`. */
const char *raw_mail_header(const struct raw_mail *raw, const char *name);

/**
 * Read a whole message (header block, empty line, body) such as a file holds.  A leading
 * mbox "From " line is dropped.  Without a sender so far, Return-Path stands for it.
 * Accepts LF, CRLF and lone CR line ends.  The envelope is left to the caller otherwise.
 */
void raw_mail_read(struct raw_mail *raw, const void *bytes, gsize length);

/** The header block and body as one RFC 5322 message, for the parser.  Caller frees. */
GByteArray *raw_mail_to_message(const struct raw_mail *raw);

/**
 * The key under which a message is known, equal for every try of the same delivery:
 * SHA-256 (hex) over Message-ID (Date, From and Subject where it is missing), sender,
 * sorted recipients and the held body, line ends aside.  Caller frees.
 */
char *raw_mail_key(const struct raw_mail *raw);

/** For the spool: everything held, as a serialised GVariant, and back.  from_bytes
 *  returns NULL with ERROR_SPOOL when the bytes are not such a thing. */
GBytes *raw_mail_to_bytes(const struct raw_mail *raw);
struct raw_mail *raw_mail_from_bytes(GBytes *bytes, GError **error);

#endif
