/* token.c - see token.h. */
#include "mail/token.h"
#include "base/clock.h"

#include <string.h>

#define SIGN "lm-"
#define PAYLOAD 10 /* bytes: version, day, key */
#define MAC 10
#define CHARACTERS 32 /* (PAYLOAD + MAC) * 8 / 5 */
#define VERSION 1
#define FIRST_DAY 18262 /* 2020-01-01 */
#define LAST_DAY ((1 << 14) - 1)
#define KEY_CHARACTERS 14 /* of a lead's id */
#define KEY_BITS 62
#define LEAD "ld_"
#define LOCAL_MOST 64 /* octets */
#define MARK_CHARACTERS 26

G_STATIC_ASSERT((PAYLOAD + MAC) * 8 == CHARACTERS * 5);

/* --- letters --- */

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void
encode(const guint8 *bytes, guint characters, char *ret)
{
	guint bits = 0, have = 0;
	for (guint i = 0; i < characters; i++) {
		if (have < 5) {
			bits = bits << 8 | *bytes++;
			have += 8;
		}
		have -= 5;
		ret[i] = base32[bits >> have & 31];
	}
	ret[characters] = '\0';
}

static gboolean
decode(const char *text, guint characters, guint8 *ret)
{
	guint bits = 0, have = 0;
	for (guint i = 0; i < characters; i++) {
		const char *at = text[i] ? strchr(base32, g_ascii_tolower(text[i])) : NULL;
		if (!at)
			return FALSE;
		bits = bits << 5 | (guint)(at - base32);
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		*ret++ = (guint8)(bits >> have);
	}
	return TRUE;
}

/* --- signing --- */

static void
sign(const char *secret, const char *purpose, const guint8 *payload, gsize length, const char *text,
     guint8 ret[32])
{
	gsize size = 32;
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)secret, strlen(secret));
	/* the purpose ends with its NUL, the payload has a fixed length */
	g_hmac_update(hmac, (const guchar *)purpose, (gssize)strlen(purpose) + 1);
	if (length)
		g_hmac_update(hmac, payload, (gssize)length);
	g_hmac_update(hmac, (const guchar *)text, (gssize)strlen(text));
	g_hmac_get_digest(hmac, ret, &size);
	g_hmac_unref(hmac);
}

static void
sign_token(const char *secret, const guint8 payload[PAYLOAD], const char *bare, guint8 ret[32])
{
	g_autofree char *lower = g_ascii_strdown(bare, -1);
	sign(secret, "leadmilter reply", payload, PAYLOAD, lower, ret);
}

static gboolean
same_bytes(const guint8 *one, const guint8 *other, gsize length)
{
	volatile guint8 different = 0;
	for (gsize i = 0; i < length; i++)
		different |= one[i] ^ other[i];
	return !different;
}

static gboolean
is_signed(const struct config *config, const guint8 *bytes, const char *bare)
{
	const GPtrArray *secrets = config->reply_token_secret;
	gboolean good = FALSE;
	for (guint i = 0; secrets && i < secrets->len; i++) {
		guint8 mac[32];
		sign_token(g_ptr_array_index(secrets, i), bytes, bare, mac);
		good |= same_bytes(mac, bytes + PAYLOAD, MAC);
	}
	return good;
}

/* --- the payload --- */

static guint64
read_bits(const guint8 *bytes)
{
	guint64 bits = 0;
	for (guint i = 2; i < PAYLOAD; i++)
		bits = bits << 8 | bytes[i];
	return bits;
}

/* The first characters of an id as a number; an id of a time after 2109 has none. */
static gboolean
read_key(const char *lead, guint64 *ret)
{
	if (!g_str_has_prefix(lead, LEAD) || strlen(lead) < strlen(LEAD) + KEY_CHARACTERS)
		return FALSE;
	const char *id = lead + strlen(LEAD);
	*ret = 0;
	for (guint i = 0; i < KEY_CHARACTERS; i++) {
		const char *at = strchr(crockford, id[i]);
		if (!at || (i == 0 && at != crockford) || (i == 1 && at - crockford > 3))
			return FALSE;
		*ret = *ret << 5 | (guint64)(at - crockford);
	}
	return TRUE;
}

static char *
write_key(guint64 key)
{
	char id[KEY_CHARACTERS + 1] = "";
	for (int i = KEY_CHARACTERS - 1; i >= 0; i--, key >>= 5)
		id[i] = crockford[key & 31];
	return g_strconcat(LEAD, id, NULL);
}

static gint64
day_of(gint64 now)
{
	return now / CLOCK_DAY - FIRST_DAY;
}

static void
write_payload(guint64 key, guint day, guint8 ret[PAYLOAD])
{
	guint head = VERSION << 12 | day >> 2;
	guint64 rest = (guint64)(day & 3) << KEY_BITS | key;
	ret[0] = (guint8)(head >> 8);
	ret[1] = (guint8)head;
	for (int i = PAYLOAD - 1; i >= 2; i--, rest >>= 8)
		ret[i] = (guint8)rest;
}

static guint
payload_day(const guint8 *bytes)
{
	return (guint)(bytes[0] & 15) << 10 | (guint)bytes[1] << 2 | bytes[2] >> 6;
}

/* --- addresses --- */

/* Where the delimiter before a token stands, or NULL. */
static const char *
find_token(const struct config *config, const char *address)
{
	const char *at = strrchr(address, '@');
	gsize tail = CHARACTERS + strlen(SIGN) + 1;
	if (!at || !config->recipient_delimiter || (gsize)(at - address) <= tail)
		return NULL;
	const char *begin = at - tail;
	return strchr(config->recipient_delimiter, *begin) &&
			       !g_ascii_strncasecmp(begin + 1, SIGN, strlen(SIGN))
		       ? begin
		       : NULL;
}

static char *
without_token(const char *address, const char *begin)
{
	return g_strdup_printf("%.*s%s", (int)(begin - address), address, strrchr(address, '@'));
}

char *
token_strip(const struct config *config, const char *address)
{
	const char *begin = find_token(config, address);
	return begin ? without_token(address, begin) : NULL;
}

enum token_result
token_read(const struct config *config, const char *address, gint64 now, char **ret_lead)
{
	const char *begin = find_token(config, address);
	guint8 bytes[PAYLOAD + MAC];
	if (ret_lead)
		*ret_lead = NULL;
	if (!begin)
		return TOKEN_NONE;
	g_autofree char *bare = without_token(address, begin);
	if (!decode(begin + 1 + strlen(SIGN), CHARACTERS, bytes) || bytes[0] >> 4 != VERSION ||
	    !is_signed(config, bytes, bare))
		return TOKEN_FORGED;
	if (config->reply_token_days && day_of(now) - payload_day(bytes) > config->reply_token_days)
		return TOKEN_EXPIRED;
	if (ret_lead)
		*ret_lead = write_key(read_bits(bytes) & ((G_GUINT64_CONSTANT(1) << KEY_BITS) - 1));
	return TOKEN_GOOD;
}

static gboolean
is_plain(const char *address)
{
	for (const char *p = address; *p; p++)
		if ((guchar)*p <= ' ' || (guchar)*p >= 0x7f || strchr("\"\\(),:;<>[]", *p))
			return FALSE;
	return TRUE;
}

char *
token_address(const struct config *config, const char *address, const char *lead, gint64 now)
{
	const char *at = strrchr(address, '@');
	gsize added = 1 + strlen(SIGN) + CHARACTERS;
	gint64 day = day_of(now);
	guint64 key;
	if (!config->reply_token_secret || !config->reply_token_secret->len || !at ||
	    at == address || (gsize)(at - address) + added > LOCAL_MOST || !is_plain(address) ||
	    !config->recipient_delimiter || find_token(config, address) || day < 0 ||
	    day > LAST_DAY || !read_key(lead, &key))
		return NULL;
	guint8 bytes[PAYLOAD + 32];
	char text[CHARACTERS + 1];
	write_payload(key, (guint)day, bytes);
	sign_token(g_ptr_array_index(config->reply_token_secret, 0), bytes, address,
		   bytes + PAYLOAD);
	encode(bytes, CHARACTERS, text);
	return g_strdup_printf("%.*s%c" SIGN "%s%s", (int)(at - address), address,
			       config->recipient_delimiter[0], text, at);
}

/* --- routed mail --- */

static char *
mark_under(const char *secret, const char *message_id)
{
	guint8 mac[32];
	char text[MARK_CHARACTERS + 1];
	sign(secret, "leadmilter routed", NULL, 0, message_id, mac);
	encode(mac, MARK_CHARACTERS, text);
	return g_strconcat("s=", text, NULL);
}

char *
token_mark(const struct config *config, const char *message_id)
{
	const GPtrArray *secrets = config->reply_token_secret;
	if (secrets && secrets->len && message_id)
		return mark_under(g_ptr_array_index(secrets, 0), message_id);
	return g_strconcat("by=", config->hostname ? config->hostname : "localhost", NULL);
}

gboolean
token_mark_is_ours(const struct config *config, const char *mark, const char *message_id)
{
	const GPtrArray *secrets = config->reply_token_secret;
	gboolean ours = FALSE;
	if (!secrets || !secrets->len || !message_id) {
		g_autofree char *wanted = token_mark(config, NULL);
		return !g_ascii_strcasecmp(mark, wanted);
	}
	for (guint i = 0; i < secrets->len; i++) {
		g_autofree char *wanted = mark_under(g_ptr_array_index(secrets, i), message_id);
		gsize length = strlen(wanted);
		ours |= strlen(mark) == length &&
			same_bytes((const guint8 *)mark, (const guint8 *)wanted, length);
	}
	return ours;
}
