/*
 * lists.c - see lists.h.
 *
 * Entries are kept as a sorted array of pointers and found by bisection: the disposable list has
 * over 100,000 lines, leadctl starts often, and reading a file that is sorted already (contrib/
 * update-lists writes it so) costs one pass over its bytes where a hash table has to be filled.
 * An entry is folded once when it comes in: ASCII lower case; a domain in its Unicode form becomes
 * its A-label; any other word is case-folded and composed (NFC).
 */
#include "mail/lists.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "mail/domain.h"

struct word_list {
	char *bytes; /* the file, lines ended by NUL and folded in place; NULL without a file */
	GStringChunk *folded; /* entries that could not be folded in place, and added ones */
	GPtrArray *entries; /* const char *, into one of these, in strcmp() order, each once */
};

#define DOMAIN_LENGTH 253 /* RFC 1035 section 2.3.4, as text */

struct word_list *
word_list_new(void)
{
	struct word_list *list = g_new0(struct word_list, 1);
	list->folded = g_string_chunk_new(256);
	list->entries = g_ptr_array_new();
	return list;
}

void
word_list_free(struct word_list *list)
{
	if (!list)
		return;
	g_free(list->bytes);
	g_string_chunk_free(list->folded);
	g_ptr_array_unref(list->entries);
	g_free(list);
}

static gboolean
is_ascii(const char *s)
{
	for (; *s; s++)
		if ((guchar)*s >= 0x80)
			return FALSE;
	return TRUE;
}

/* A word in the form entries are kept in.  NULL when it is not UTF-8. */
static char *
fold(const char *word)
{
	if (is_ascii(word))
		return g_ascii_strdown(word, -1);
	if (!g_utf8_validate(word, -1, NULL))
		return NULL;
	char *domain = strchr(word, '.') && !strchr(word, '@') ? domain_to_ascii(word) : NULL;
	if (domain)
		return domain;
	g_autofree char *folded = g_utf8_casefold(word, -1);
	return g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
}

/* Where `word` stands, or would have to be put in. */
static guint
position(const struct word_list *list, const char *word, gboolean *ret_found)
{
	guint low = 0, high = list->entries->len;
	while (low < high) {
		guint middle = low + (high - low) / 2;
		int order = strcmp(word, g_ptr_array_index(list->entries, middle));
		if (order == 0) {
			*ret_found = TRUE;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*ret_found = FALSE;
	return low;
}

void
word_list_add(struct word_list *list, const char *entry)
{
	g_autofree char *folded = fold(entry);
	if (!folded || !*folded)
		return;
	gboolean found;
	guint at = position(list, folded, &found);
	if (!found)
		g_ptr_array_insert(list->entries, at, g_string_chunk_insert(list->folded, folded));
}

guint
word_list_size(const struct word_list *list)
{
	return list->entries->len;
}

/* --- reading a file --- */

/* The entry of a line: without comment and surrounding space, folded; NULL when there is none. */
static const char *
read_line(struct word_list *list, char *line)
{
	char *end = line;
	gboolean ascii = TRUE;
	for (; *end && !(*end == '#' && (end == line || g_ascii_isspace(end[-1]))); end++) {
		ascii &= (guchar)*end < 0x80;
		if (*end >= 'A' && *end <= 'Z')
			*end |= 'a' ^ 'A';
	}
	*end = '\0';
	g_strstrip(line);
	if (ascii || !*line)
		return *line ? line : NULL;
	g_autofree char *folded = fold(line);
	return folded && *folded ? g_string_chunk_insert(list->folded, folded) : NULL;
}

static const char *
line_fault(const char *line, gsize length, guint number)
{
	if (number > LIMIT_LIST_LINES)
		return "too many lines";
	if (length > LIMIT_LIST_LINE)
		return "line too long";
	if (strlen(line) != length || !g_utf8_validate(line, length, NULL))
		return "not UTF-8 text";
	return NULL;
}

static gboolean
read_lines(struct word_list *list, const char *path, gsize length, GError **error)
{
	char *end = list->bytes + length;
	guint number = 1;
	for (char *line = list->bytes, *next; line < end; line = next, number++) {
		char *newline = memchr(line, '\n', end - line);
		next = newline ? newline + 1 : end;
		if (newline)
			*newline = '\0';
		const char *fault = line_fault(line, (newline ? newline : end) - line, number);
		const char *entry = fault ? NULL : read_line(list, line);
		if (entry && strpbrk(entry, " \t"))
			fault = "one entry a line, please";
		if (fault) {
			g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%u: %s", path,
				    number, fault);
			return FALSE;
		}
		if (entry)
			g_ptr_array_add(list->entries, (char *)entry);
	}
	return TRUE;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Bring the entries into order, unless they are, and drop what is there twice. */
static void
sort_entries(GPtrArray *entries)
{
	gboolean sorted = TRUE;
	for (guint i = 1; i < entries->len && sorted; i++)
		sorted = compare(&entries->pdata[i - 1], &entries->pdata[i]) < 0;
	if (sorted)
		return;
	g_ptr_array_sort(entries, compare);
	guint kept = 0;
	for (guint i = 0; i < entries->len; i++)
		if (kept == 0 || compare(&entries->pdata[kept - 1], &entries->pdata[i]))
			entries->pdata[kept++] = entries->pdata[i];
	g_ptr_array_set_size(entries, kept);
}

struct word_list *
word_list_load(const char *path, GError **error)
{
	g_autoptr(word_list_owned) list = word_list_new();
	g_autoptr(GError) cause = NULL;
	gsize length;
	if (!g_file_get_contents(path, &list->bytes, &length, &cause)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s: %s", path, cause->message);
		return NULL;
	}
	if (!read_lines(list, path, length, error))
		return NULL;
	sort_entries(list->entries);
	return g_steal_pointer(&list);
}

/* --- looking up --- */

static gboolean
is_folded(const char *s)
{
	for (; *s; s++)
		if ((guchar)*s >= 0x80 || g_ascii_isupper(*s))
			return FALSE;
	return TRUE;
}

gboolean
word_list_has(const struct word_list *list, const char *word)
{
	gboolean found = FALSE;
	if (is_folded(word)) {
		position(list, word, &found);
		return found;
	}
	g_autofree char *folded = fold(word);
	if (folded)
		position(list, folded, &found);
	return found;
}

static const char *
match_folded(const struct word_list *list, const char *domain)
{
	for (const char *rest = domain; rest; rest = strchr(rest, '.')) {
		rest += *rest == '.';
		gboolean found;
		guint at = position(list, rest, &found);
		if (found)
			return g_ptr_array_index(list->entries, at);
	}
	return NULL;
}

const char *
word_list_match_domain(const struct word_list *list, const char *domain)
{
	if (list->entries->len == 0 || !*domain)
		return NULL;
	if (is_folded(domain) && strlen(domain) <= DOMAIN_LENGTH)
		return match_folded(list, domain);
	g_autofree char *ascii = domain_to_ascii(domain);
	return ascii ? match_folded(list, ascii) : NULL;
}
