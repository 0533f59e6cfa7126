/*
 * raw.c - see raw.h.
 *
 * All that enters goes through raw_mail_set_sender(), _add_recipient(), _add_header() and
 * _add_body(), which hold the ceilings; reading a file or a spooled message is only a way of
 * calling them.
 */
#include "mail/raw.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "mail/fields.h"

#include <string.h>

#define MESSAGE_ID "Message-ID"

static void
raw_header_free(gpointer data)
{
	struct raw_header *header = data;
	g_free(header->name);
	g_free(header->value);
	g_free(header);
}

struct raw_mail *
raw_mail_new(gint64 received)
{
	struct raw_mail *raw = g_new0(struct raw_mail, 1);
	raw->recipients = g_ptr_array_new_with_free_func(g_free);
	raw->headers = g_ptr_array_new_with_free_func(raw_header_free);
	raw->body = g_byte_array_new();
	raw->received = received;
	return raw;
}

void
raw_mail_free(struct raw_mail *raw)
{
	if (!raw)
		return;
	g_free(raw->queue_id);
	g_free(raw->client_address);
	g_free(raw->client_name);
	g_free(raw->helo);
	g_free(raw->auth_login);
	g_free(raw->daemon_name);
	g_free(raw->mail_from);
	g_ptr_array_unref(raw->recipients);
	g_ptr_array_unref(raw->headers);
	g_byte_array_unref(raw->body);
	g_free(raw);
}

void
raw_mail_reset(struct raw_mail *raw, gint64 received)
{
	g_clear_pointer(&raw->queue_id, g_free);
	g_clear_pointer(&raw->mail_from, g_free);
	g_ptr_array_set_size(raw->recipients, 0);
	g_ptr_array_set_size(raw->headers, 0);
	/* a new array gives the memory of a large body back while the connection idles */
	g_byte_array_unref(raw->body);
	raw->body = g_byte_array_new();
	raw->body_bytes = 0;
	raw->header_bytes = 0;
	raw->received = received;
	raw->headers_truncated = raw->body_truncated = raw->recipients_truncated = FALSE;
}

/* A path of MAIL or RCPT without brackets and source route (RFC 5321 section 4.1.2). */
static char *
strip_path(const char *path)
{
	while (g_ascii_isspace(*path))
		path++;
	gsize length = strlen(path);
	if (*path == '<') {
		path++;
		const char *close = strchr(path, '>');
		length = close ? (gsize)(close - path) : length - 1;
	}
	const char *colon = *path == '@' ? memchr(path, ':', length) : NULL;
	if (colon) {
		length -= (gsize)(colon + 1 - path);
		path = colon + 1;
	}
	while (length && g_ascii_isspace(path[length - 1]))
		length--;
	return g_strndup(path, MIN(length, LIMIT_ADDRESS));
}

void
raw_mail_set_sender(struct raw_mail *raw, const char *address)
{
	g_free(raw->mail_from);
	raw->mail_from = strip_path(address);
}

void
raw_mail_add_recipient(struct raw_mail *raw, const char *address)
{
	if (raw->recipients->len < LIMIT_RECIPIENTS)
		g_ptr_array_add(raw->recipients, strip_path(address));
	else
		raw->recipients_truncated = TRUE;
}

void
raw_mail_add_header(struct raw_mail *raw, const char *name, const char *value)
{
	gsize name_length = strlen(name), value_length = strnlen(value, LIMIT_HEADER_VALUE + 1);
	if (value_length > LIMIT_HEADER_VALUE) {
		value_length = LIMIT_HEADER_VALUE;
		raw->headers_truncated = TRUE;
	}
	gsize bytes = name_length + value_length + 3; /* colon, space, line end */
	if (raw->headers->len >= LIMIT_HEADER_FIELDS ||
	    raw->header_bytes + bytes > LIMIT_HEADER_BLOCK) {
		raw->headers_truncated = TRUE;
		return;
	}
	struct raw_header *header = g_new(struct raw_header, 1);
	header->name = g_strndup(name, name_length);
	header->value = g_strndup(value, value_length);
	g_ptr_array_add(raw->headers, header);
	raw->header_bytes += (guint)bytes;
}

gboolean
raw_mail_add_body(struct raw_mail *raw, const void *bytes, gsize length)
{
	gsize room = LIMIT_BODY - raw->body->len;
	g_byte_array_append(raw->body, bytes, (guint)MIN(room, length));
	raw->body_bytes += length;
	if (length > room)
		raw->body_truncated = TRUE;
	return raw->body->len < LIMIT_BODY;
}

const char *
raw_mail_header(const struct raw_mail *raw, const char *name)
{
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		if (g_ascii_strcasecmp(header->name, name) == 0)
			return header->value;
	}
	return NULL;
}

/* --- reading a file --- */

static gboolean
is_mbox_from(const char *line, gsize length)
{
	return (length >= 5 && memcmp(line, "From ", 5) == 0) ||
	       (length >= 6 && memcmp(line, ">From ", 6) == 0);
}

static void
read_field(struct raw_mail *raw, const struct field *field)
{
	g_autofree char *name = g_strndup(field->name, field->name_length);
	g_autofree char *value = fields_dup_value(field, LIMIT_HEADER_VALUE + 1);
	raw_mail_add_header(raw, name, value);
}

/* What some programs put before the first field: a byte order mark, empty lines. */
static void
skip_leading(struct fields_reader *reader)
{
	struct fields_reader ahead = *reader;
	const char *line;
	gsize length;

	if (ahead.end - ahead.p >= 3 && memcmp(ahead.p, "\xEF\xBB\xBF", 3) == 0)
		ahead.p += 3;
	for (*reader = ahead; fields_next_line(&ahead, &line, &length); *reader = ahead)
		while (length)
			if (!g_ascii_isspace(line[--length]))
				return;
}

/*
 * A line that is no field begins the body, as in Postfix, unless it is an mbox "From " line or
 * the fields go on after it: then it is one broken by a program on the way.
 */
static gboolean
skip_broken(struct raw_mail *raw, struct fields_reader *reader)
{
	struct fields_reader ahead = *reader, next;
	struct field field;
	const char *line;
	gsize length;

	fields_next_line(&ahead, &line, &length);
	if (!is_mbox_from(line, length)) {
		fields_skip_folded(&ahead);
		next = ahead;
		if (!raw->headers->len || fields_next(&next, &field) != FIELDS_FIELD)
			return FALSE;
	}
	*reader = ahead;
	return TRUE;
}

static void
read_headers(struct raw_mail *raw, struct fields_reader *reader)
{
	struct field field;
	for (;;) {
		enum fields_line line = fields_next(reader, &field);
		if (line == FIELDS_FIELD)
			read_field(raw, &field);
		else if (line != FIELDS_OTHER || !skip_broken(raw, reader))
			return;
	}
}

void
raw_mail_read(struct raw_mail *raw, const void *bytes, gsize length)
{
	struct fields_reader reader;
	fields_init(&reader, length ? bytes : "", length);
	struct fields_reader whole = reader;
	skip_leading(&reader);
	read_headers(raw, &reader);
	if (!raw->headers->len)
		reader = whole;
	raw_mail_add_body(raw, reader.p, (gsize)(reader.end - reader.p));
	const char *return_path = raw_mail_header(raw, "Return-Path");
	if (!raw->mail_from && return_path)
		raw_mail_set_sender(raw, return_path);
}

GByteArray *
raw_mail_to_message(const struct raw_mail *raw)
{
	GByteArray *message = g_byte_array_sized_new(raw->header_bytes + raw->body->len + 1);
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		g_byte_array_append(message, (guint8 *)header->name, (guint)strlen(header->name));
		g_byte_array_append(message, (const guint8 *)": ", 2);
		g_byte_array_append(message, (guint8 *)header->value, (guint)strlen(header->value));
		g_byte_array_append(message, (const guint8 *)"\n", 1);
	}
	g_byte_array_append(message, (const guint8 *)"\n", 1);
	return g_byte_array_append(message, raw->body->data, raw->body->len);
}

/* --- the key --- */

/* With its terminating NUL, so that no two lists of texts hash alike. */
static void
hash_text(struct digest *digest, const char *text)
{
	digest_add(digest, text ? text : "", text ? strlen(text) + 1 : 1);
}

static gint
compare_texts(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
hash_recipients(struct digest *digest, const GPtrArray *recipients)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_sized_new(recipients->len);
	for (guint i = 0; i < recipients->len; i++)
		g_ptr_array_add(sorted, g_ptr_array_index(recipients, i));
	g_ptr_array_sort(sorted, compare_texts);
	for (guint i = 0; i < sorted->len; i++)
		hash_text(digest, g_ptr_array_index(sorted, i));
}

/* The body as every copy of a mail has it: over SMTP, in a Maildir, in an mbox.  Line ends differ,
 * and so does what stands after the last one. */
static void
hash_body(struct digest *digest, const GByteArray *body)
{
	gsize left = body->len, length = 0;
	while (left && (body->data[left - 1] == '\r' || body->data[left - 1] == '\n'))
		left--;
	g_autofree guint8 *copy = g_malloc(left + 1);
	for (const guint8 *at = body->data; left;) {
		const guint8 *end = memchr(at, '\r', left);
		gsize piece = end ? (gsize)(end - at) : left;
		memcpy(copy + length, at, piece);
		length += piece;
		left -= piece + (end != NULL);
		at += piece + (end != NULL);
	}
	digest_add(digest, copy, length);
}

char *
raw_mail_key(const struct raw_mail *raw)
{
	struct digest *digest = digest_new();
	const char *id = raw_mail_header(raw, MESSAGE_ID);
	hash_text(digest, id);
	if (!id || !*id) {
		hash_text(digest, raw_mail_header(raw, "Date"));
		hash_text(digest, raw_mail_header(raw, "From"));
		hash_text(digest, raw_mail_header(raw, "Subject"));
	}
	hash_text(digest, raw->mail_from);
	hash_recipients(digest, raw->recipients);
	hash_text(digest, NULL);
	hash_body(digest, raw->body);
	return digest_end_hex(digest);
}

/* --- the spool's form --- */

/* Version, seven texts that may be missing, recipients, headers, body, numbers, flags.  Texts
 * are byte strings since nothing of a mail is sure to be UTF-8. */
#define SPOOL_TYPE "(umaymaymaymaymaymaymayaaya(ayay)ayttbbb)"
#define SPOOL_VERSION 1

static GVariant *
maybe_text(const char *text)
{
	return g_variant_new_maybe(G_VARIANT_TYPE_BYTESTRING,
				   text ? g_variant_new_bytestring(text) : NULL);
}

static GVariant *
pack_headers(const GPtrArray *headers)
{
	GVariantBuilder builder;
	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ayay)"));
	for (guint i = 0; i < headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(headers, i);
		g_variant_builder_add(&builder, "(^ay^ay)", header->name, header->value);
	}
	return g_variant_builder_end(&builder);
}

static GVariant *
pack(const struct raw_mail *raw)
{
	const char *texts[] = { raw->queue_id,   raw->client_address, raw->client_name, raw->helo,
				raw->auth_login, raw->daemon_name,    raw->mail_from };
	GVariantBuilder builder;
	g_variant_builder_init(&builder, G_VARIANT_TYPE(SPOOL_TYPE));
	g_variant_builder_add(&builder, "u", SPOOL_VERSION);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_variant_builder_add_value(&builder, maybe_text(texts[i]));
	g_variant_builder_add_value(&builder, g_variant_new_bytestring_array(
						      (const char *const *)raw->recipients->pdata,
						      raw->recipients->len));
	g_variant_builder_add_value(&builder, pack_headers(raw->headers));
	g_variant_builder_add_value(
		&builder,
		g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, raw->body->data, raw->body->len, 1));
	g_variant_builder_add(&builder, "t", raw->body_bytes);
	g_variant_builder_add(&builder, "t", (guint64)raw->received);
	g_variant_builder_add(&builder, "b", raw->headers_truncated);
	g_variant_builder_add(&builder, "b", raw->body_truncated);
	g_variant_builder_add(&builder, "b", raw->recipients_truncated);
	return g_variant_ref_sink(g_variant_builder_end(&builder));
}

GBytes *
raw_mail_to_bytes(const struct raw_mail *raw)
{
	g_autoptr(GVariant) packed = pack(raw);
	return g_variant_get_data_as_bytes(packed);
}

static void
unpack_texts(GVariant *packed, struct raw_mail *raw)
{
	char **texts[] = { &raw->queue_id,   &raw->client_address, &raw->client_name, &raw->helo,
			   &raw->auth_login, &raw->daemon_name,    &raw->mail_from };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GVariant) maybe = g_variant_get_child_value(packed, 1 + i);
		g_autoptr(GVariant) text = g_variant_get_maybe(maybe);
		if (text)
			*texts[i] = g_variant_dup_bytestring(text, NULL);
	}
}

static void
unpack_lists(GVariant *packed, struct raw_mail *raw)
{
	g_autoptr(GVariant) recipients = g_variant_get_child_value(packed, 8);
	g_autoptr(GVariant) headers = g_variant_get_child_value(packed, 9);
	g_autoptr(GVariant) body = g_variant_get_child_value(packed, 10);
	const char *name, *value;
	GVariantIter iter;

	g_variant_iter_init(&iter, recipients);
	while (g_variant_iter_next(&iter, "^&ay", &value))
		raw_mail_add_recipient(raw, value);
	g_variant_iter_init(&iter, headers);
	while (g_variant_iter_next(&iter, "(^&ay^&ay)", &name, &value))
		raw_mail_add_header(raw, name, value);
	gsize length;
	gconstpointer bytes = g_variant_get_fixed_array(body, &length, 1);
	raw_mail_add_body(raw, bytes, length);
}

static void
unpack_numbers(GVariant *packed, struct raw_mail *raw)
{
	guint64 received;
	gboolean headers_truncated, body_truncated, recipients_truncated;
	g_variant_get_child(packed, 11, "t", &raw->body_bytes);
	g_variant_get_child(packed, 12, "t", &received);
	g_variant_get_child(packed, 13, "b", &headers_truncated);
	g_variant_get_child(packed, 14, "b", &body_truncated);
	g_variant_get_child(packed, 15, "b", &recipients_truncated);
	raw->received = (gint64)received;
	raw->headers_truncated |= headers_truncated;
	raw->body_truncated |= body_truncated;
	raw->recipients_truncated |= recipients_truncated;
}

struct raw_mail *
raw_mail_from_bytes(GBytes *bytes, GError **error)
{
	guint version = 0;
	g_autoptr(GVariant) packed = NULL;
	/* only the normal form is read: in others parts may overlap and so grow without bound */
	if (g_bytes_get_size(bytes) <= LIMIT_SPOOL_FILE)
		packed = g_variant_ref_sink(
			g_variant_new_from_bytes(G_VARIANT_TYPE(SPOOL_TYPE), bytes, FALSE));
	if (packed && g_variant_is_normal_form(packed))
		g_variant_get_child(packed, 0, "u", &version);
	if (version != SPOOL_VERSION) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SPOOL,
			    "not a message of spool format %d", SPOOL_VERSION);
		return NULL;
	}
	struct raw_mail *raw = raw_mail_new(0);
	unpack_texts(packed, raw);
	unpack_lists(packed, raw);
	unpack_numbers(packed, raw);
	return raw;
}
