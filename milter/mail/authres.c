/*
 * authres.c - see authres.h.  RFC 8601 (grammar: section 2.2, trust: sections 5 and 7.1).
 *
 * Which fields count.  A field is a statement of ours only if its authserv-id is trusted and it
 * stands where only our own hosts write: above the first Received field (at milter time the
 * topmost Received is the previous hop's, so this is what earlier filters of this host put in),
 * and further down as long as every Received field passed so far was written "by" a trusted
 * host (a gateway in front of us).  The first Received of a stranger ends that, and so does the
 * first field an author writes (the field is a trace field, added at the top: section 2.1):
 * whatever is below came from outside, and what claims our id there is forged and reported for
 * removal.
 *
 * For each method the topmost field that reports it counts, so what a sender puts at the top
 * of its message can't displace what a filter here found.  A filter that checks a method should
 * still be in front of this one for each method relied on, and RFC 8601 section 5 has it remove
 * what claims its id.  Within a field the best DKIM and SPF result counts (a message may have
 * several signatures), aligned ones first, but of several DMARC results the worst.
 *
 * A field is read to its end or not at all: one that breaks the grammar says nothing.  Only
 * words the method has no name for ("action=none" of Exchange) are passed over.
 */
#include "mail/authres.h"

#include <string.h>

#include "mail/address.h"
#include "mail/domain.h"

static const struct {
	const char *name;
	enum auth_result result;
} results[] = {
	{ "none", AUTH_NONE },           { "pass", AUTH_PASS },
	{ "fail", AUTH_FAIL },           { "softfail", AUTH_SOFTFAIL },
	{ "neutral", AUTH_NEUTRAL },     { "policy", AUTH_POLICY },
	{ "temperror", AUTH_TEMPERROR }, { "permerror", AUTH_PERMERROR },
	{ "hardfail", AUTH_FAIL }, /* RFC 5451's word for an SPF fail */
};

const char *
auth_result_name(enum auth_result result)
{
	for (guint i = 0; i < G_N_ELEMENTS(results); i++)
		if (results[i].result == result)
			return results[i].name;
	return "none";
}

static enum auth_result
result_from_name(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(results); i++)
		if (!g_ascii_strcasecmp(results[i].name, name))
			return results[i].result;
	return AUTH_NONE;
}

/* --- lexical (RFC 5322 CFWS, RFC 2045 value) --- */

struct scan {
	const char *at;
	gboolean broken; /* the grammar was left: nothing more is to be had */
};

static void
skip_comment(struct scan *scan)
{
	guint depth = 0;
	do {
		if (*scan->at == '\\' && scan->at[1])
			scan->at++;
		else if (*scan->at == '(')
			depth++;
		else if (*scan->at == ')')
			depth--;
		scan->at++;
	} while (depth > 0 && *scan->at);
	scan->broken |= depth > 0;
}

static void
skip_blanks(struct scan *scan)
{
	while (g_ascii_isspace(*scan->at) || *scan->at == '(') {
		if (*scan->at == '(')
			skip_comment(scan);
		else
			scan->at++;
	}
}

static gboolean
accept(struct scan *scan, char c)
{
	skip_blanks(scan);
	if (scan->broken || *scan->at != c)
		return FALSE;
	scan->at++;
	return TRUE;
}

static void
read_quoted(struct scan *scan, GString *ret)
{
	for (scan->at++; *scan->at && *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\' && scan->at[1])
			scan->at++;
		g_string_append_c(ret, *scan->at);
	}
	scan->broken |= *scan->at != '"';
	scan->at += *scan->at == '"';
}

/* A value: token, quoted string, or the two joined as in an address; ends at `stop` characters. */
static gboolean
read_value(struct scan *scan, const char *stop, GString *ret)
{
	g_string_truncate(ret, 0);
	skip_blanks(scan);
	const char *begin = scan->at;
	while (!scan->broken && *scan->at && !strchr(stop, *scan->at)) {
		if (*scan->at == '"')
			read_quoted(scan, ret);
		else
			g_string_append_c(ret, *scan->at++);
	}
	return !scan->broken && scan->at > begin;
}

/* The name on the left of "=": "dkim", "dkim/1", "header.d"; blanks may stand around its parts. */
static gboolean
read_key(struct scan *scan, GString *ret)
{
	g_string_truncate(ret, 0);
	for (;;) {
		skip_blanks(scan);
		const char *begin = scan->at;
		while (g_ascii_isalnum(*scan->at) || (*scan->at && strchr("-_", *scan->at)))
			scan->at++;
		if (scan->broken || scan->at == begin)
			return FALSE;
		g_string_append_len(ret, begin, scan->at - begin);
		skip_blanks(scan);
		if (*scan->at != '.' && *scan->at != '/')
			return !scan->broken;
		g_string_append_c(ret, *scan->at++);
	}
}

/* --- one field --- */

enum method { METHOD_SPF, METHOD_DKIM, METHOD_DMARC, METHOD_COUNT, METHOD_OTHER = METHOD_COUNT };

static const char *const methods[METHOD_COUNT] = { "spf", "dkim", "dmarc" };

/* What a property says about the domain that was checked; a higher rank is preferred. */
static const struct {
	enum method method;
	const char *property;
	guint rank;
} properties[] = {
	{ METHOD_SPF, "smtp.mailfrom", 3 }, { METHOD_SPF, "smtp.mail", 2 },
	{ METHOD_SPF, "smtp.helo", 1 },     { METHOD_DKIM, "header.d", 2 },
	{ METHOD_DKIM, "header.i", 1 },     { METHOD_DMARC, "header.from", 2 },
	{ METHOD_DMARC, "header.d", 1 },
};

/* One method's verdict. */
struct verdict {
	gboolean seen;
	enum auth_result result;
	char *domain; /* A-label or NULL */
	guint property_rank;
	guint labels; /* of the domain, from the right, shared with the author's */
};

/* What reading needs to know of the message. */
struct reader {
	const GPtrArray *trusted;
	char *author; /* From's domain, A-label, or NULL */
	guint authors; /* number of From fields */
	gboolean null_sender;
	GString *key, *value; /* scratch */
	struct verdict found[METHOD_COUNT]; /* of the fields so far */
};

static void
verdict_clear(struct verdict *verdict)
{
	g_free(verdict->domain);
	memset(verdict, 0, sizeof *verdict);
}

/* Labels two names share, from the right: an aligned domain always shares more with the
 * author's than one that isn't, since only the first shares the registrable domain. */
static guint
shared_labels(const char *a, const char *b)
{
	if (!a || !b)
		return 0;
	gsize i = strlen(a), j = strlen(b);
	guint labels = 0;
	while (i > 0 && j > 0 && a[i - 1] == b[j - 1]) {
		i--;
		j--;
		labels += a[i] == '.';
	}
	gboolean whole = (i == 0 || a[i - 1] == '.') && (j == 0 || b[j - 1] == '.');
	return labels + (whole && (i == 0 || j == 0));
}

static enum method
method_from_name(const char *name)
{
	gsize length = strcspn(name, "/"); /* "spf/1": with the method's version */
	for (guint i = 0; i < METHOD_COUNT; i++)
		if (strlen(methods[i]) == length && !g_ascii_strncasecmp(methods[i], name, length))
			return i;
	return METHOD_OTHER;
}

/* The domain in a property's value: of an address, or the value itself. */
static char *
value_domain(char *value)
{
	value[strcspn(value, ">")] = '\0';
	char *at = strrchr(value, '@');
	return domain_to_ascii(at ? at + 1 : value + (*value == '<'));
}

static void
take_property(const struct reader *reader, enum method method, struct verdict *verdict)
{
	for (guint i = 0; i < G_N_ELEMENTS(properties); i++) {
		if (properties[i].method != method ||
		    g_ascii_strcasecmp(properties[i].property, reader->key->str) ||
		    properties[i].rank <= verdict->property_rank)
			continue;
		/* RFC 7489 section 3.1.2: HELO stands for the sender only when there is none */
		if (!strcmp(properties[i].property, "smtp.helo") && !reader->null_sender)
			continue;
		g_autofree char *domain = value_domain(reader->value->str);
		if (!domain)
			continue;
		g_free(verdict->domain);
		verdict->domain = g_steal_pointer(&domain);
		verdict->property_rank = properties[i].rank;
	}
}

/* Whether a later verdict of the same field is to be taken instead of the one so far. */
static gboolean
is_preferred(enum method method, const struct verdict *now, const struct verdict *later)
{
	if (!now->seen)
		return TRUE;
	if (method == METHOD_DMARC)
		return now->result == AUTH_PASS && later->result != AUTH_PASS;
	if (now->result != AUTH_PASS)
		return later->result == AUTH_PASS ||
		       (now->result == AUTH_NONE && later->result != AUTH_NONE);
	return later->result == AUTH_PASS && later->labels > now->labels;
}

static void
keep_verdict(struct verdict *kept, enum method method, struct verdict *verdict)
{
	if (is_preferred(method, kept, verdict)) {
		verdict_clear(kept);
		*kept = *verdict;
	} else {
		verdict_clear(verdict);
	}
}

/* One statement, from the method to the next ';'.  FALSE when the grammar is left. */
static gboolean
read_statement(struct reader *reader, struct scan *scan, struct verdict *field)
{
	struct verdict verdict = { .seen = TRUE };
	skip_blanks(scan);
	if (!*scan->at)
		return !scan->broken; /* a ';' at the end */
	if (!read_key(scan, reader->key))
		return FALSE;
	if (!accept(scan, '='))
		return !g_ascii_strcasecmp(reader->key->str, "none");
	enum method method = method_from_name(reader->key->str);
	gboolean whole = read_value(scan, " \t\r\n;(", reader->value);
	verdict.result = result_from_name(reader->value->str);
	for (skip_blanks(scan); whole && *scan->at && *scan->at != ';'; skip_blanks(scan)) {
		whole = read_key(scan, reader->key) && accept(scan, '=') &&
			read_value(scan, " \t\r\n;(", reader->value);
		if (whole && method != METHOD_OTHER)
			take_property(reader, method, &verdict);
	}
	if (!whole || scan->broken || method == METHOD_OTHER) {
		verdict_clear(&verdict);
		return whole && !scan->broken;
	}
	verdict.labels = shared_labels(verdict.domain, reader->author);
	keep_verdict(&field[method], method, &verdict);
	return TRUE;
}

/* The authserv-id and version at the head of a field; FALSE when there is none. */
static gboolean
read_id(struct reader *reader, struct scan *scan)
{
	if (!read_value(scan, " \t\r\n;(=", reader->value))
		return FALSE;
	skip_blanks(scan);
	while (g_ascii_isdigit(*scan->at))
		scan->at++;
	skip_blanks(scan);
	return !scan->broken && (*scan->at == ';' || *scan->at == '\0');
}

static gboolean
is_trusted(const GPtrArray *trusted, const char *id)
{
	for (guint i = 0; i < trusted->len; i++)
		if (!g_ascii_strcasecmp(g_ptr_array_index(trusted, i), id))
			return TRUE;
	return FALSE;
}

/* A DMARC pass must say for which From it is when there are several. */
static void
doubt_several_authors(const struct reader *reader, struct verdict *dmarc)
{
	if (reader->authors > 1 && dmarc->result == AUTH_PASS && !dmarc->domain)
		dmarc->result = AUTH_NONE;
}

/* Read the statements of a trusted field; a method that a field above reported is left alone. */
static void
read_statements(struct reader *reader, struct scan *scan)
{
	struct verdict field[METHOD_COUNT] = { 0 };
	gboolean whole = TRUE;
	while (whole && accept(scan, ';'))
		whole = read_statement(reader, scan, field);
	whole = whole && !scan->broken && !*scan->at;
	for (guint i = 0; i < METHOD_COUNT; i++) {
		if (!whole || !field[i].seen || reader->found[i].seen)
			verdict_clear(&field[i]);
		else
			reader->found[i] = field[i];
	}
}

/* --- the message --- */

/* The host that wrote a Received field: RFC 5321 section 4.4, "from X by HOST". */
static gboolean
received_by_trusted(struct reader *reader, const char *field)
{
	struct scan scan = { field, FALSE };
	gboolean from = FALSE;
	while (read_value(&scan, " \t\r\n;(", reader->value)) {
		const char *word = reader->value->str;
		if (!g_ascii_strcasecmp(word, "from") && !from) {
			from = TRUE;
			if (!read_value(&scan, " \t\r\n;(", reader->value))
				return FALSE;
		} else if (!g_ascii_strcasecmp(word, "by")) {
			return read_value(&scan, " \t\r\n;(", reader->value) &&
			       is_trusted(reader->trusted, reader->value->str);
		}
	}
	return FALSE;
}

static void
read_author(const struct raw_mail *raw, struct reader *reader)
{
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		reader->authors += !g_ascii_strcasecmp(header->name, "From");
	}
	const char *from = raw_mail_header(raw, "From");
	g_autoptr(GPtrArray) list = from ? address_parse_list(from) : NULL;
	if (!list || list->len == 0)
		return;
	const struct mail_address *first = g_ptr_array_index(list, 0);
	const char *domain = address_domain(first->address);
	reader->author = domain ? domain_to_ascii(domain) : NULL;
}

/* Fields of the author, not of the way the message took. */
static gboolean
is_authors(const char *name)
{
	static const char *const fields[] = { "From", "Date", "Subject", "To", "Message-ID" };
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		if (!g_ascii_strcasecmp(fields[i], name))
			return TRUE;
	return FALSE;
}

static void
read_fields(const struct raw_mail *raw, struct reader *reader, struct authres *ret)
{
	gboolean inside = TRUE; /* where only our own hosts have written */
	guint occurrence = 0;
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		if (!g_ascii_strcasecmp(header->name, "Received"))
			inside = inside && received_by_trusted(reader, header->value);
		inside = inside && !is_authors(header->name);
		if (g_ascii_strcasecmp(header->name, "Authentication-Results"))
			continue;
		occurrence++;
		struct scan scan = { header->value, FALSE };
		if (!read_id(reader, &scan) || !is_trusted(reader->trusted, reader->value->str))
			continue;
		if (inside) {
			ret->seen = TRUE;
			read_statements(reader, &scan);
		} else {
			g_array_append_val(ret->forged, occurrence);
		}
	}
}

void
authres_read(const struct raw_mail *raw, const GPtrArray *trusted, struct authres *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->forged = g_array_new(FALSE, FALSE, sizeof(guint));
	if (!trusted || trusted->len == 0 || !raw_mail_header(raw, "Authentication-Results"))
		return;
	struct reader reader = { .trusted = trusted,
				 .null_sender = raw->mail_from && !*raw->mail_from,
				 .key = g_string_new(NULL),
				 .value = g_string_new(NULL) };
	read_author(raw, &reader);
	read_fields(raw, &reader, ret);
	struct verdict *found = reader.found;
	doubt_several_authors(&reader, &found[METHOD_DMARC]);
	ret->spf = found[METHOD_SPF].result;
	ret->dkim = found[METHOD_DKIM].result;
	ret->dmarc = found[METHOD_DMARC].result;
	ret->spf_domain = found[METHOD_SPF].domain;
	ret->dkim_domain = found[METHOD_DKIM].domain;
	ret->dmarc_domain = found[METHOD_DMARC].domain;
	g_free(reader.author);
	g_string_free(reader.key, TRUE);
	g_string_free(reader.value, TRUE);
}

void
authres_clear(struct authres *authres)
{
	g_free(authres->spf_domain);
	g_free(authres->dkim_domain);
	g_free(authres->dmarc_domain);
	if (authres->forged)
		g_array_unref(authres->forged);
	memset(authres, 0, sizeof *authres);
}
