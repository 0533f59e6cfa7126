/* ledger.c - see ledger.h. */
#include "store/ledger.h"

#include <math.h>
#include <string.h>

#define EXACT_DIGITS 15 /* a double holds so many decimal digits and their quotients exactly */
#define TIME_MOST 9007199254740992LL /* 2^53, as contributions_from_json() */

/* @return `at` after `text`, or NULL when it doesn't stand there */
static const char *
expect(const char *at, const char *text)
{
	gsize length = strlen(text);

	return at && !strncmp(at, text, length) ? at + length : NULL;
}

/* --- strings --- */

static const char *
read_escape(const char *at, GString *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name = *at ? strchr(names, *at) : NULL;
	gunichar character = 0;

	if (name) {
		g_string_append_c(out, values[name - names]);
		return at + 1;
	}
	if (*at++ != 'u')
		return NULL;
	for (guint i = 0; i < 4; i++, at++) {
		if (!g_ascii_isxdigit(*at))
			return NULL;
		character = character * 16 + g_ascii_xdigit_value(*at);
	}
	if (character == 0 || (character >= 0xd800 && character < 0xe000))
		return NULL;
	g_string_append_unichar(out, character);
	return at;
}

/* After the opening quote, from the first escape on. */
static const char *
read_escaped(const char *start, const char *at, char **ret)
{
	g_autoptr(GString) out = g_string_new_len(start, at - start);

	while (at && *at && *at != '"') {
		gsize plain = strcspn(at, "\"\\");

		g_string_append_len(out, at, plain);
		at += plain;
		if (*at == '\\')
			at = read_escape(at + 1, out);
	}
	if (!at || *at != '"')
		return NULL;
	g_free(*ret);
	*ret = g_strdup(out->str);
	return at + 1;
}

static const char *
read_string(const char *at, char **ret)
{
	const char *start = expect(at, "\"");
	gsize length = start ? strcspn(start, "\"\\") : 0;

	if (!start || !start[length])
		return NULL;
	if (start[length] == '\\')
		return read_escaped(start, start + length, ret);
	g_free(*ret);
	*ret = g_strndup(start, length);
	return start + length + 1;
}

/* --- numbers --- */

static const char *
read_digits(const char *at, gint64 *value, guint *count)
{
	for (; g_ascii_isdigit(*at); at++, (*count)++)
		if (*count < 18)
			*value = *value * 10 + (*at - '0');
	return at;
}

static const char *
read_number(const char *at, double *ret)
{
	static const double powers[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
					 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	gboolean negative = *at == '-';
	guint digits = 0, whole;
	gint64 value = 0;
	const char *end = read_digits(at + negative, &value, &digits);

	whole = digits;
	if (digits == 0)
		return NULL;
	if (*end == '.')
		end = read_digits(end + 1, &value, &digits);
	if (digits <= EXACT_DIGITS && *end != 'e' && *end != 'E') {
		*ret = (negative ? -(double)value : (double)value) / powers[digits - whole];
		return end;
	}
	*ret = g_ascii_strtod(at, (char **)&end);
	return isfinite(*ret) ? end : NULL;
}

static const char *
read_time(const char *at, gint64 *ret)
{
	guint digits = 0;
	gint64 value = 0;
	const char *end = read_digits(at, &value, &digits);

	if (digits == 0 || digits > 18 || strchr(".eE", *end ? *end : ' '))
		return NULL;
	*ret = MIN(value, TIME_MOST);
	return end;
}

/* --- members --- */

/* Once told, now said by the scorecard. */
static const char *
skip_string(const char *at)
{
	g_autofree char *skipped = NULL;

	return read_string(at, &skipped);
}

static const char *
skip_number(const char *at)
{
	double skipped;

	return read_number(at, &skipped);
}

static const char *
read_half_life(const char *at, double *ret)
{
	const char *end = read_number(at, ret);

	*ret = MAX(*ret, -1.0);
	return end;
}

static const char *
read_raw(const char *at, struct contribution *c)
{
	const char *end = read_number(at, &c->raw);

	c->is_raw = TRUE;
	c->value = c->raw != 0;
	return end;
}

static const char *
read_card(const char *at, char **ret)
{
	const char *end = expect(at, "null");

	if (!end)
		return read_string(at, ret);
	g_clear_pointer(ret, g_free);
	return end;
}

static const char *
read_times(const char *at, guint *ret)
{
	double times = 0;
	const char *end = read_number(at, &times);

	*ret = (guint)CLAMP(times, 1.0, 1e9);
	return end;
}

static const char *
read_true(const char *at, gboolean *ret)
{
	*ret = TRUE;
	return expect(at, "true");
}

static const char *
read_one(const char *at, gboolean *ret)
{
	*ret = TRUE;
	return expect(at, "1");
}

static const char *
read_letter(char key, const char *at, struct contribution *c)
{
	gboolean skipped;

	switch (key) {
	case 'r':
		return read_string(at, &c->rule);
	case 'c':
		return read_card(at, &c->card);
	case 'w':
		return read_string(at, &c->reason);
	case 'e':
		return read_string(at, &c->evidence);
	case 'v':
		return read_number(at, &c->value);
	case 't':
		return read_time(at, &c->time);
	case 'k':
		return read_times(at, &c->times);
	case 'h':
		return read_half_life(at, &c->half_life_days);
	case 'p':
		return read_one(at, &c->is_property);
	case 'n':
		return read_raw(at, c);
	case 'g':
		return skip_string(at);
	case 'd':
		return skip_number(at);
	case 'x':
		return read_one(at, &skipped);
	default:
		return NULL;
	}
}

static const char *
read_value(const char *key, gsize length, const char *at, struct contribution *c)
{
	gboolean skipped;

	if (length == 1)
		return read_letter(*key, at, c);
#define IS(name) (length == sizeof(name) - 1 && !memcmp(key, name, length))
	if (IS("rule"))
		return read_string(at, &c->rule);
	if (IS("reason"))
		return read_string(at, &c->reason);
	if (IS("evidence"))
		return read_string(at, &c->evidence);
	if (IS("property"))
		return read_true(at, &c->is_property);
	if (IS("raw"))
		return read_raw(at, c);
	if (IS("half_life"))
		return read_half_life(at, &c->half_life_days);
	if (IS("time"))
		return read_time(at, &c->time);
	if (IS("group") || IS("dimension"))
		return skip_string(at);
	if (IS("explicit"))
		return read_true(at, &skipped);
	return NULL;
#undef IS
}

static const char *
read_member(const char *at, struct contribution *contribution)
{
	const char *key = expect(at, "\"");
	gsize length = key ? strcspn(key, "\"\\") : 0;
	const char *value = key ? expect(key + length, "\":") : NULL;

	return value ? read_value(key, length, value, contribution) : NULL;
}

static const char *
read_contribution(const char *at, struct contribution *contribution)
{
	at = expect(at, "{");
	do
		at = at ? read_member(at, contribution) : NULL;
	while (at && *at == ',' && at++);
	if (!contribution->rule)
		return NULL;
	return expect(at, "}");
}

GPtrArray *
ledger_read(const char *json)
{
	g_autoptr(GPtrArray) contributions =
		g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);
	const char *at = expect(json, "[");
	const struct contribution *before = NULL;

	if (at && !strcmp(at, "]"))
		return g_steal_pointer(&contributions);
	while (at) {
		struct contribution *contribution = contribution_new();

		g_ptr_array_add(contributions, contribution);
		if (before) {
			contribution->time = before->time;
			contribution->card = g_strdup(before->card);
		}
		at = read_contribution(at, contribution);
		before = contribution;
		if (at && !strcmp(at, "]"))
			return g_steal_pointer(&contributions);
		at = expect(at, ",");
	}
	return NULL;
}
