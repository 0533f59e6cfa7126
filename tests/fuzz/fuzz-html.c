/* fuzz-html.c - html_to_text(): valid UTF-8 out, one record a line, offsets that fit. */
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "mail/html.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > LIMIT_BODY)
		return 0;
	g_autoptr(html_text_owned) text = html_to_text((const char *)data, size);
	gsize length = strlen(text->text), offset = 0;

	g_assert(g_utf8_validate(text->text, length, NULL));
	g_assert(text->links->len <= LIMIT_URLS);
	for (guint i = 0; i < text->lines->len; i++) {
		const struct html_line *line = &g_array_index(text->lines, struct html_line, i);
		const char *newline;

		g_assert(line->offset == offset);
		newline = memchr(text->text + offset, '\n', length - offset);
		g_assert(newline);
		offset = newline + 1 - text->text;
	}
	g_assert(text->lines->len == 0 || offset == length);
	return 0;
}
