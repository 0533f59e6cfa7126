/* fuzz-list.c - bytes as a list file; its own lines and names made of them are looked up. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mail/domain.h"
#include "mail/lists.h"

static void
look_up(const struct word_list *list, const char *text)
{
	word_list_has(list, text);
	const char *entry = word_list_match_domain(list, text);
	g_assert(!entry || word_list_has(list, entry));
	g_autofree char *ascii = domain_to_ascii(text);
	g_autofree char *unicode = domain_to_unicode(ascii ? ascii : text);
	g_assert(g_utf8_validate(unicode, -1, NULL));
	g_autofree char *again = ascii ? domain_to_ascii(ascii) : NULL;
	g_assert(!ascii || !g_strcmp0(ascii, again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *path = NULL;
	int fd = memfd_create("list", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autoptr(GError) error = NULL;
	g_autoptr(word_list_owned) list = word_list_load(path, &error);
	close(fd);
	g_assert(!list == !!error);
	if (!list)
		list = word_list_new();
	g_autofree char *text = g_strndup((const char *)data, size);
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		look_up(list, line);
		word_list_add(list, line);
	}
	return 0;
}
