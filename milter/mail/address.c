/*
 * address.c - see address.h.
 *
 * One pass over the field; nothing recurses, however deep comments nest or groups open (GMime's
 * reader overflows an 8 MiB stack on 90 KB of "a:a:a:").  Wrong syntax gives what a mail client
 * would show: semicolons between addresses, unquoted commas in names, missing brackets.
 */
#include "mail/address.h"
#include "base/limits.h"
#include "mail/charset.h"
#include "mail/domain.h"
#include "mail/encoded.h"

#include <string.h>

struct mail_address *
mail_address_new(const char *name, const char *address)
{
	struct mail_address *ret = g_new(struct mail_address, 1);
	ret->name = g_strdup(name);
	ret->address = g_strdup(address);
	return ret;
}

void
mail_address_free(struct mail_address *address)
{
	if (!address)
		return;
	g_free(address->name);
	g_free(address->address);
	g_free(address);
}

/* --- reading a list --- */

struct list {
	const char *p, *end;
	GPtrArray *addresses;
	gboolean no_quote, no_comment; /* no closing one follows any more */
	gboolean has_angle; /* <...> seen in this mailbox */
	GString *phrase; /* words and quoted strings, unquoted */
	GString *bare; /* the same with its quotes: an address when there is no <...> */
	GString *comment; /* the last comment */
	GString *angle; /* what stood in <...> */
	GString *before; /* the words before an unquoted comma: "Doe, Jane <...>" */
};

static void
list_clear_mailbox(struct list *list)
{
	g_string_truncate(list->phrase, 0);
	g_string_truncate(list->bare, 0);
	g_string_truncate(list->comment, 0);
	g_string_truncate(list->angle, 0);
	list->has_angle = FALSE;
}

/* The closing quote, a backslash hiding the character after it; or NULL. */
static const char *
find_close(const char *p, const char *end, char close)
{
	for (; p < end && *p != close; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p : NULL;
}

static void
read_quoted(struct list *list)
{
	const char *close = list->no_quote ? NULL : find_close(list->p + 1, list->end, '"');
	if (!close) {
		list->no_quote = TRUE;
		list->p++;
		return;
	}
	g_string_append_len(list->bare, list->p, close + 1 - list->p);
	for (const char *p = list->p + 1; p < close; p++) {
		if (*p == '\\' && p + 1 < close)
			p++;
		g_string_append_c(list->phrase, *p);
	}
	list->p = close + 1;
}

/* A counter instead of recursion; parentheses deeper than the ceiling are left out. */
static void
read_comment(struct list *list)
{
	guint depth = 0;
	const char *p = list->p;
	g_string_truncate(list->comment, 0);
	for (; p < list->end && !list->no_comment; p++) {
		if (*p == '\\' && p + 1 < list->end) {
			p++;
		} else if (*p == '(') {
			if (depth++ == 0)
				continue;
		} else if (*p == ')' && --depth == 0) {
			g_string_append_c(list->phrase, ' ');
			list->p = p + 1;
			return;
		}
		if (depth <= LIMIT_ADDRESS_NESTING)
			g_string_append_c(list->comment, *p);
	}
	g_string_truncate(list->comment, 0);
	list->no_comment = TRUE;
	list->p++;
}

/* The end of what stands in <...>; quotes hide brackets, as long as they are closed. */
static const char *
find_angle_end(struct list *list, const char *start)
{
	const char *p = start, *close;
	for (; p < list->end && *p != '>' && *p != '<'; p++) {
		if (*p == ',' && *start != '@') /* commas belong to source routes */
			break;
		if (*p != '"' || list->no_quote)
			continue;
		close = find_close(p + 1, list->end, '"');
		list->no_quote = !close;
		p = close ? close : p;
	}
	return p;
}

/* <...>; without the closing bracket up to the next comma. */
static void
read_angle(struct list *list)
{
	const char *start = list->p + 1, *end = find_angle_end(list, start);
	gboolean useful = memchr(start, '@', (gsize)(end - start)) != NULL;
	if (!list->angle->len || useful) {
		g_string_truncate(list->angle, 0);
		g_string_append_len(list->angle, start, end - start);
	}
	list->has_angle = TRUE;
	list->p = end < list->end && *end == '>' ? end + 1 : end;
}

/* --- one mailbox --- */

/* White space runs become one space; none at the ends. */
static void
tidy(GString *text)
{
	gsize to = 0;
	for (gsize i = 0; i < text->len; i++) {
		char c = g_ascii_isspace(text->str[i]) ? ' ' : text->str[i];
		if (c != ' ' || (to && text->str[to - 1] != ' '))
			text->str[to++] = c;
	}
	if (to && text->str[to - 1] == ' ')
		to--;
	g_string_truncate(text, to);
}

/* The name as shown, or NULL: decoded, without the quotes people put around it. */
static char *
make_name(const char *phrase, const char *address)
{
	g_autoptr(GString) name = g_string_new(NULL);
	g_autofree char *decoded = encoded_decode(phrase, NULL);
	g_string_assign(name, decoded);
	tidy(name);
	while (name->len >= 2 && strchr("'\"", name->str[0]) &&
	       name->str[name->len - 1] == name->str[0]) {
		g_string_truncate(name, name->len - 1);
		g_string_erase(name, 0, 1);
		tidy(name);
	}
	g_string_truncate(name, charset_cut(name->str, name->len, LIMIT_HEADER_VALUE));
	if (!name->len || g_ascii_strcasecmp(name->str, address) == 0)
		return NULL;
	return g_string_free(g_steal_pointer(&name), FALSE);
}

/* White space and comments that mean nothing in an address: around its dots and its @. */
static void
join_address(GString *text)
{
	gsize to = 0;
	guint depth = 0;
	for (gsize i = 0; i < text->len; i++) {
		char c = text->str[i];
		char before = to ? text->str[to - 1] : 0, after = text->str[i + 1];
		if (c == '(' && strchr(text->str + i, ')'))
			depth++;
		if (!depth && (c != ' ' || (!strchr(" @.", before) && !strchr(" @.", after))))
			text->str[to++] = c;
		if (c == ')' && depth)
			depth--;
	}
	g_string_truncate(text, to);
}

/* Without source route, "mailto:", stray quotes and words around it. */
static char *
make_address(const char *written)
{
	g_autofree char *decoded = encoded_decode(written, NULL);
	g_autoptr(GString) address = g_string_new(decoded);
	tidy(address);
	if (!strchr(address->str, '"'))
		join_address(address);
	const char *p = address->str;
	p += strspn(p, " '<");
	if (*p == '@' && strchr(p, ':'))
		p = strchr(p, ':') + 1;
	if (g_ascii_strncasecmp(p, "mailto:", 7) == 0)
		p += 7;
	const char *space = *p == '"' ? NULL : strrchr(p, ' ');
	if (space && strchr(space, '@'))
		p = space + 1;
	else if (space && !strchr(p, '@')) /* "Undisclosed recipients" */
		return g_strdup("");
	gsize length = space && p != space + 1 ? strcspn(p, " ") : strlen(p);
	while (length && strchr("'>.;, ", p[length - 1]))
		length--;
	return g_strndup(p, length);
}

static void
add(struct list *list, const char *phrase, const char *written)
{
	g_autofree char *address = make_address(written);
	gsize length = strlen(address);
	if (strspn(address, "@.-_\\\"") == length || length > LIMIT_ADDRESS ||
	    list->addresses->len >= LIMIT_ADDRESSES)
		return;
	struct mail_address *ret = g_new(struct mail_address, 1);
	ret->name = make_name(phrase, address);
	ret->address = g_steal_pointer(&address);
	g_ptr_array_add(list->addresses, ret);
}

/* Name <address>, with the name also as a comment or cut off by an unquoted comma. */
static void
end_angle(struct list *list)
{
	if (list->before->len) {
		g_string_append(list->before, ", ");
		g_string_prepend(list->phrase, list->before->str);
	}
	tidy(list->phrase);
	const char *name = list->phrase->len ? list->phrase->str : list->comment->str;
	if (!list->angle->len && !strchr(list->phrase->str, ' ')) { /* "MAILER-DAEMON <>" */
		add(list, list->comment->str, list->phrase->str);
		return;
	}
	add(list, name, list->angle->str);
}

/* "jane . doe @ example.com" is one address, "Jane jane@example.com" a name and one. */
static void
end_bare(struct list *list)
{
	join_address(list->bare);
	char *bare = list->bare->str, *space = *bare == '"' ? NULL : strrchr(bare, ' ');
	if (!space) {
		add(list, list->comment->str, bare);
	} else if (strchr(space, '@')) {
		*space = '\0';
		add(list, bare, space + 1);
	} else { /* words after the address, or around it */
		char *at = strchr(bare, '@'), *after = at ? strchr(at, ' ') : NULL;
		if (!after)
			return;
		*after = '\0';
		add(list, after + 1, strrchr(bare, ' ') ? strrchr(bare, ' ') + 1 : bare);
	}
}

/* At a comma, semicolon or the end. */
static void
end_mailbox(struct list *list, gboolean more)
{
	tidy(list->bare);
	gboolean named = list->bare->len && strchr(list->bare->str, ' ');
	if (list->has_angle) {
		end_angle(list);
	} else if (strchr(list->bare->str, '@') || (list->bare->len && !more && !named)) {
		end_bare(list);
	} else if (list->bare->len && more) {
		tidy(list->phrase);
		g_string_assign(list->before, list->phrase->str);
		list_clear_mailbox(list);
		return;
	}
	g_string_truncate(list->before, 0);
	list_clear_mailbox(list);
}

/* Text outside of quotes, comments and brackets; encoded words may hold any special. */
static void
read_text(struct list *list)
{
	gsize n = list->p[0] == '=' ? encoded_word_length(list->p, list->end - list->p) : 0;
	if (!n && *list->p == '\\' && list->p + 1 < list->end)
		list->p++;
	n = n ? n : 1;
	g_string_append_len(list->phrase, list->p, n);
	g_string_append_len(list->bare, list->p, n);
	list->p += n;
}

static void
read_special(struct list *list)
{
	switch (*list->p) {
	case '"':
		read_quoted(list);
		break;
	case '(':
		read_comment(list);
		break;
	case '<':
		read_angle(list);
		break;
	case ',':
	case ';':
		end_mailbox(list, *list->p == ',');
		list->p++;
		break;
	case ':': /* what came before was a group's name, or "mailto" */
		list_clear_mailbox(list);
		list->p++;
		break;
	case '>': /* of a bracket already read */
		list->p++;
		break;
	default:
		read_text(list);
	}
}

static void
free_element(gpointer address)
{
	mail_address_free(address);
}

GPtrArray *
address_parse_list(const char *value)
{
	struct list list = { .addresses = g_ptr_array_new_with_free_func(free_element) };
	if (!value || !*value)
		return list.addresses;
	g_autofree char *utf8 = charset_to_utf8(value, strlen(value), NULL);
	list.p = utf8;
	list.end = utf8 + strlen(utf8);
	list.phrase = g_string_new(NULL);
	list.bare = g_string_new(NULL);
	list.comment = g_string_new(NULL);
	list.angle = g_string_new(NULL);
	list.before = g_string_new(NULL);
	while (list.p < list.end && list.addresses->len < LIMIT_ADDRESSES)
		read_special(&list);
	end_mailbox(&list, FALSE);
	g_string_free(list.phrase, TRUE);
	g_string_free(list.bare, TRUE);
	g_string_free(list.comment, TRUE);
	g_string_free(list.angle, TRUE);
	g_string_free(list.before, TRUE);
	return list.addresses;
}

/* --- one address --- */

const char *
address_domain(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;
	return at && at[1] ? at + 1 : NULL;
}

static gboolean
is_plausible_domain(const char *domain)
{
	gsize label = 0;
	guint dots = 0;
	if (*domain == '[')
		return strlen(domain) > 4 && domain[strlen(domain) - 1] == ']';
	for (const char *p = domain; *p; p++) {
		if (*p == '.') {
			if (!label || p[-1] == '-')
				return FALSE;
			dots++;
			label = 0;
		} else if (g_ascii_isalnum(*p) || (guchar)*p >= 0x80 || *p == '_' ||
			   (*p == '-' && label)) {
			label++;
		} else {
			return FALSE;
		}
		/* 63 octets as an A-label; a U-label may take more bytes */
		if (label > 63 * 4)
			return FALSE;
	}
	return dots && label && strlen(domain) <= 255;
}

gboolean
address_is_valid(const char *address)
{
	const char *domain = address_domain(address);
	if (!domain)
		return FALSE;
	gsize local = (gsize)(domain - 1 - address);
	/* no ceiling of 64: reply addresses with tokens in them are longer */
	if (!local || strlen(address) > LIMIT_ADDRESS)
		return FALSE;
	gboolean quoted = address[0] == '"' && local > 2 && address[local - 1] == '"';
	for (gsize i = 0; i < local && !quoted; i++)
		if ((guchar)address[i] <= ' ' || strchr("()<>,;:\\\"[]@\x7f", address[i]))
			return FALSE;
	return is_plausible_domain(domain);
}

/* What providers do with local parts, from their own help pages. */
struct provider {
	const char *domain;
	const char *canonical;
	const char *ignored; /* characters that mean nothing in a local part */
	char tag; /* begins a tag besides '+' */
};

static const struct provider providers[] = {
	{ "gmail.com", "gmail.com", ".", 0 },
	{ "googlemail.com", "gmail.com", ".", 0 },
	{ "me.com", "icloud.com", "", 0 },
	{ "mac.com", "icloud.com", "", 0 },
	{ "protonmail.com", "proton.me", ".-_", 0 },
	{ "protonmail.ch", "proton.me", ".-_", 0 },
	{ "pm.me", "proton.me", ".-_", 0 },
	{ "proton.me", "proton.me", ".-_", 0 },
	{ "yandex.ru", "yandex.ru", "", 0 },
	{ "ya.ru", "yandex.ru", "", 0 },
	{ "yandex.com", "yandex.ru", "", 0 },
	{ "yandex.by", "yandex.ru", "", 0 },
	{ "yandex.kz", "yandex.ru", "", 0 },
	{ "yandex.ua", "yandex.ru", "", 0 },
	{ "yahoo.com", "yahoo.com", "", '-' },
	{ "ymail.com", "ymail.com", "", '-' },
	{ "rocketmail.com", "rocketmail.com", "", '-' },
};

static const struct provider *
find_provider(const char *domain)
{
	for (gsize i = 0; i < G_N_ELEMENTS(providers); i++)
		if (strcmp(providers[i].domain, domain) == 0)
			return &providers[i];
	return NULL;
}

static char *
normalise_domain(const char *domain)
{
	char *ascii = domain_to_ascii(domain);
	if (ascii)
		return ascii;
	/* A capital letter may be all that kept it from being a name. */
	char *lower = g_utf8_strdown(domain, -1);
	ascii = domain_to_ascii(lower);
	if (ascii) {
		g_free(lower);
		return ascii;
	}
	gsize length = strlen(lower);
	if (length && lower[length - 1] == '.')
		lower[length - 1] = '\0';
	return lower;
}

/* Where the tag's separator is, or NULL; a local part never begins with its tag. */
static const char *
find_tag(const char *local, gsize length, char other)
{
	for (gsize i = 1; i < length; i++)
		if (local[i] == '+' || (other && local[i] == other))
			return local + i;
	return NULL;
}

char *
address_normalise(const char *address)
{
	const char *domain = address_domain(address);
	if (!domain || domain == address + 1)
		return NULL;
	g_autofree char *host = normalise_domain(domain);
	const struct provider *provider = find_provider(host);
	gsize length = (gsize)(domain - 1 - address);
	const char *tag = find_tag(address, length, provider ? provider->tag : 0);
	g_autofree char *local = g_utf8_strdown(address, tag ? tag - address : (gssize)length);
	GString *ret = g_string_new(NULL);
	for (const char *p = local; *p; p++)
		if (!provider || !strchr(provider->ignored, *p))
			g_string_append_c(ret, *p);
	g_string_append_c(ret, '@');
	g_string_append(ret, provider ? provider->canonical : host);
	return g_string_free(ret, FALSE);
}

char *
address_tag(const char *address)
{
	const char *domain = address_domain(address);
	if (!domain)
		return NULL;
	const char *tag = find_tag(address, (gsize)(domain - 1 - address), 0);
	return tag ? g_strndup(tag + 1, (gsize)(domain - 2 - tag)) : NULL;
}
