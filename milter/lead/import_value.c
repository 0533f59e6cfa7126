/* import_value.c - see import_value.h. */
#include "lead/import_value.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "lead/change.h"
#include "mail/address.h"
#include "mail/country.h"
#include "mail/domain.h"
#include "mail/phone.h"

static gboolean
wrong(const char *text, GError **error, const char *what)
{
	g_autofree char *shown = change_cut_text(text, LIMIT_SHOWN);

	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "\"%s\" is %s", shown, what);
	return FALSE;
}

static void
set_text(gpointer member, char *value)
{
	g_free(*(char **)member);
	*(char **)member = value;
}

/* --- text --- */

/* A line break in a cell must not become one of a header field or a log line. */
static char *
one_line(const char *text)
{
	GString *line = g_string_new(NULL);

	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_iscntrl(c) || g_unichar_isspace(c)) {
			if (line->len > 0 && line->str[line->len - 1] != ' ')
				g_string_append_c(line, ' ');
		} else {
			g_string_append_unichar(line, c);
		}
	}
	return g_strchomp(g_string_free(line, FALSE));
}

static gboolean
check_length(const char *text, GError **error)
{
	if (strlen(text) <= LIMIT_IMPORT_TEXT)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%zu bytes, expected at most %d",
		    strlen(text), LIMIT_IMPORT_TEXT);
	return FALSE;
}

gboolean
import_value_text(const char *text, const struct import_context *context, gpointer member,
		  GError **error)
{
	(void)context;
	if (!check_length(text, error))
		return FALSE;
	set_text(member, one_line(text));
	return TRUE;
}

gboolean
import_value_more(const char *text, const struct import_context *context, gpointer member,
		  GError **error)
{
	char *before = *(char **)member;
	g_autofree char *both =
		before != NULL ? g_strconcat(before, " ", text, NULL) : g_strdup(text);

	return import_value_text(both, context, member, error);
}

gboolean
import_value_id(const char *text, const struct import_context *context, gpointer member,
		GError **error)
{
	(void)context;
	if (!check_length(text, error))
		return FALSE;
	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_iscntrl(c) || g_unichar_isspace(c))
			return wrong(text, error, "no id, expected one without spaces");
	}
	set_text(member, g_strdup(text));
	return TRUE;
}

gboolean
import_value_address(const char *text, const struct import_context *context, gpointer member,
		     GError **error)
{
	static const char EXPECTED[] = "no address, expected name@example.com";
	g_autoptr(GPtrArray) list = NULL;
	const struct mail_address *only;

	(void)context;
	if (strlen(text) > LIMIT_IMPORT_TEXT)
		return wrong(text, error, EXPECTED);
	if (!strpbrk(text, "<>\" ,;:") && address_is_valid(text)) {
		set_text(member, g_strdup(text));
		return TRUE;
	}
	list = address_parse_list(text);
	if (list->len > 1)
		return wrong(text, error, "several addresses, expected one");
	only = list->len == 1 ? list->pdata[0] : NULL;
	if (only == NULL || only->address == NULL || !address_is_valid(only->address))
		return wrong(text, error, EXPECTED);
	set_text(member, g_strdup(only->address));
	return TRUE;
}

/* CRMs export the owner's name: a row is worth more than who has it there. */
static void
note_owner(const char *text, const struct import_context *context)
{
	g_autofree char *line = one_line(text);
	g_autofree char *shown = change_cut_text(line, LIMIT_SHOWN);
	g_autofree char *what = g_strdup_printf("owner: \"%s\" is neither an address nor the name "
						"of one owner; taken without owner",
						shown);

	if (context->note != NULL)
		context->note(what, context->data);
}

gboolean
import_value_owner(const char *text, const struct import_context *context, gpointer member,
		   GError **error)
{
	g_autofree char *name = NULL;
	char *address;

	if (strchr(text, '@') != NULL || strlen(text) > LIMIT_IMPORT_TEXT)
		return import_value_address(text, context, member, error);
	name = one_line(text);
	address = context->owner != NULL ? context->owner(name, context->data) : NULL;
	if (address != NULL)
		set_text(member, address);
	else
		note_owner(text, context);
	return TRUE;
}

gboolean
import_value_phone(const char *text, const struct import_context *context, gpointer member,
		   GError **error)
{
	struct phone_number number;

	if (strlen(text) <= 64 && phone_read(text, context->default_region, &number)) {
		set_text(member, g_strdup(number.e164));
		return TRUE;
	}
	return wrong(text, error, "no telephone number, expected one like +40 21 311 2233");
}

/* --- countries, domains, lists --- */

static const char *
country_code(const char *text)
{
	return country_of_name(text, strlen(text));
}

gboolean
import_value_country(const char *text, const struct import_context *context, gpointer member,
		     GError **error)
{
	const char *code = country_code(text);

	(void)context;
	if (code == NULL)
		return wrong(text, error, "no country, expected a name or a code such as RO");
	set_text(member, g_strdup(code));
	return TRUE;
}

static gboolean
add_to_list(GPtrArray *list, char *value, GError **error)
{
	for (guint i = 0; i < list->len; i++) {
		if (strcmp(list->pdata[i], value) == 0) {
			g_free(value);
			return TRUE;
		}
	}
	g_ptr_array_add(list, value);
	if (list->len <= LIMIT_IMPORT_VALUES)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "more than %d values",
		    LIMIT_IMPORT_VALUES);
	return FALSE;
}

/* What each word of a list is; NULL when it is none. Caller frees. */
typedef char *read_word(const char *word, const struct import_context *context);

static gboolean
read_words(const char *text, const char *separators, read_word *read, const char *expected,
	   const struct import_context *context, gpointer member, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, separators, -1);

	for (char **word = words; *word != NULL; word++) {
		char *value;

		if (*g_strstrip(*word) == '\0')
			continue;
		value = read(*word, context);
		if (value == NULL)
			return wrong(*word, error, expected);
		if (!add_to_list(*(GPtrArray **)member, value, error))
			return FALSE;
	}
	return TRUE;
}

/* "https://www.example.com/about", "www.example.com" and "@example.com" are example.com. */
static char *
read_domain(const char *word, const struct import_context *context)
{
	const char *scheme = strstr(word, "://");
	const char *begin = scheme != NULL ? scheme + 3 : word;
	const char *at = strrchr(begin, '@');
	g_autofree char *host = NULL;
	g_autofree char *ascii = NULL;

	if (at != NULL)
		begin = at + 1;
	host = g_strndup(begin, strcspn(begin, "/:?#"));
	if (g_str_has_suffix(host, "."))
		host[strlen(host) - 1] = '\0';
	if (strchr(host, '.') == NULL || strlen(host) > 255)
		return NULL;
	ascii = domain_to_ascii(host);
	if (ascii == NULL || context->registrable == NULL)
		return g_steal_pointer(&ascii);
	return context->registrable(ascii, context->data);
}

gboolean
import_value_domains(const char *text, const struct import_context *context, gpointer member,
		     GError **error)
{
	return read_words(text, " ,;|\t\r\n", read_domain,
			  "no domain of an organisation, expected one like example.com", context,
			  member, error);
}

static char *
read_language(const char *word, const struct import_context *context)
{
	(void)context;
	if (!g_ascii_isalpha(word[0]) || !g_ascii_isalpha(word[1]) ||
	    (word[2] != '\0' && strchr("-_", word[2]) == NULL))
		return NULL;
	return g_ascii_strdown(word, 2); /* "de-AT" is German */
}

gboolean
import_value_languages(const char *text, const struct import_context *context, gpointer member,
		       GError **error)
{
	return read_words(text, " ,;|\t\r\n", read_language,
			  "no language, expected a code such as en", context, member, error);
}

static char *
read_country(const char *word, const struct import_context *context)
{
	(void)context;
	return g_strdup(country_code(word));
}

gboolean
import_value_countries(const char *text, const struct import_context *context, gpointer member,
		       GError **error)
{
	/* names have spaces: "DE AT" is tried as one name, then as two codes */
	const char *separators = strpbrk(text, ",;|") || country_code(text) ? ",;|" : " \t\r\n";

	return read_words(text, separators, read_country,
			  "no country, expected a name or a code such as RO", context, member,
			  error);
}

static char *
read_word_as_is(const char *word, const struct import_context *context)
{
	(void)context;
	return strlen(word) <= LIMIT_IMPORT_TEXT ? one_line(word) : NULL;
}

gboolean
import_value_words(const char *text, const struct import_context *context, gpointer member,
		   GError **error)
{
	return read_words(text, ",;|", read_word_as_is, "too long", context, member, error);
}

/* --- flags and numbers --- */

gboolean
import_value_flag(const char *text, const struct import_context *context, gpointer member,
		  GError **error)
{
	static const char *const words[][8] = {
		{ "no", "n", "false", "f", "0", "off", "-", NULL },
		{ "yes", "y", "true", "t", "1", "on", "x", NULL },
	};
	g_autofree char *lower = g_ascii_strdown(text, -1);

	(void)context;
	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_strv_contains(words[i], lower)) {
			*(gboolean *)member = (gboolean)i;
			return TRUE;
		}
	}
	return wrong(text, error, "neither yes nor no");
}

/* Digits with separators between groups of three, and one decimal mark: which is which shows in
 * what stands behind the last one. @return where it ends, NULL when it is none */
static const char *
scan_number(const char *text, double *ret)
{
	GString *digits = g_string_new(NULL);
	const char *p = text, *last = NULL;
	guint kinds = 0, after;
	gboolean ok;

	for (; g_ascii_isdigit(*p) || (strchr(".,' ", *p) && *p && g_ascii_isdigit(p[1])); p++) {
		if (!g_ascii_isdigit(*p)) {
			kinds += last == NULL || *last != *p;
			last = p;
		}
	}
	after = last != NULL ? (guint)(p - last) - 1 : 0;
	/* "1.234,5": the second kind is the mark; "1,234" groups, "12.5" and "1.2345" don't */
	if (last != NULL && kinds == 1 && after == 3 && *last != '\0' && last > text)
		last = NULL;
	for (const char *q = text; q < p; q++) {
		if (g_ascii_isdigit(*q))
			g_string_append_c(digits, *q);
		else if (q == last)
			g_string_append_c(digits, '.');
	}
	ok = digits->len > 0 && digits->len <= 24 && g_ascii_isdigit(*text);
	*ret = ok ? g_ascii_strtod(digits->str, NULL) : 0;
	g_string_free(digits, TRUE);
	return ok ? p : NULL;
}

static gboolean
scan_unit(const char **p, double *value)
{
	static const struct {
		const char *name;
		double factor;
	} units[] = {
		{ "k", 1e3 },  { "tsd", 1e3 }, { "thousand", 1e3 }, { "m", 1e6 },
		{ "mn", 1e6 }, { "mio", 1e6 }, { "mln", 1e6 },      { "million", 1e6 },
		{ "b", 1e9 },  { "bn", 1e9 },  { "mrd", 1e9 },      { "billion", 1e9 },
	};
	gsize length = 0;

	while (g_ascii_isalpha((*p)[length]))
		length++;
	for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
		if (strlen(units[i].name) == length &&
		    g_ascii_strncasecmp(*p, units[i].name, length) == 0) {
			*value *= units[i].factor;
			*p += length;
			return TRUE;
		}
	}
	return FALSE;
}

static const char *
skip_currency(const char *p)
{
	static const char *const marks[] = { "€", "$", "£", "¥", "₹" };

	while (*p == ' ')
		p++;
	for (guint i = 0; i < G_N_ELEMENTS(marks); i++) {
		if (g_str_has_prefix(p, marks[i]))
			p += strlen(marks[i]);
	}
	if (g_ascii_isupper(p[0]) && g_ascii_isupper(p[1]) && g_ascii_isupper(p[2]) &&
	    !g_ascii_isalpha(p[3]))
		p += 3;
	while (*p == ' ')
		p++;
	return p;
}

/* "EUR 12.5M", "51-200", "1,000+" */
static gboolean
scan_amount(const char *text, gboolean money, double *ret)
{
	double top = 0;
	const char *p = scan_number(money ? skip_currency(text) : text, ret);

	if (p == NULL)
		return FALSE;
	while (*p == ' ')
		p++;
	scan_unit(&p, ret);
	if (money)
		p = skip_currency(p);
	if (*p == '+')
		p++;
	if (*p == '-' || g_str_has_prefix(p, "–")) {
		const char *upper = p + (*p == '-' ? 1 : strlen("–"));

		p = scan_number(upper + strspn(upper, " "), &top);
		if (p != NULL)
			scan_unit(&p, &top);
	}
	return p != NULL && *p == '\0';
}

gboolean
import_value_amount(const char *text, const struct import_context *context, gpointer member,
		    GError **error)
{
	(void)context;
	if (scan_amount(text, TRUE, member))
		return TRUE;
	return wrong(text, error, "no amount, expected one like 12500000 or 12.5M");
}

gboolean
import_value_count(const char *text, const struct import_context *context, gpointer member,
		   GError **error)
{
	double value;

	(void)context;
	if (!scan_amount(text, FALSE, &value) || value > 1e12)
		return wrong(text, error, "no number, expected one like 250 or 51-200");
	*(gint64 *)member = (gint64)value;
	return TRUE;
}

gboolean
import_value_unsigned(const char *text, const struct import_context *context, gpointer member,
		      GError **error)
{
	guint64 value;

	(void)context;
	if (!g_ascii_string_to_unsigned(text, 10, 0, 1000000, &value, NULL))
		return wrong(text, error, "no number, expected 0 to 1000000");
	*(guint *)member = (guint)value;
	return TRUE;
}

gboolean
import_value_time(const char *text, const struct import_context *context, gpointer member,
		  GError **error)
{
	g_autoptr(GError) why = NULL;
	gint64 time = clock_parse(text, &why);

	(void)context;
	if (why != NULL)
		return wrong(text, error,
			     "no time, expected 2026-11-21, 2026-11-21T10:00:00Z or @SECONDS");
	if (time <= 0)
		return wrong(text, error, "before 1970");
	*(gint64 *)member = time;
	return TRUE;
}
