/* place.c - see place.h. */
#include "lead/place.h"

#include <string.h>

/* `option = "` in a line. @return the character after the quote, or NULL */
static const char *
find_option(const char *line, const char *option)
{
	for (const char *at = strstr(line, option); at != NULL; at = strstr(at + 1, option)) {
		const char *after = at + strlen(option);

		if (at > line && (g_ascii_isalnum(at[-1]) || strchr("_-\"'#", at[-1]) != NULL))
			continue;
		after += strspn(after, " \t");
		if (*after != '=')
			continue;
		after += 1 + strspn(after + 1, " \t");
		return after + (*after == '"' || *after == '\'');
	}
	return NULL;
}

static int
find_heading(char **lines, int count, const char *heading, int line)
{
	for (int at = MIN(line, count); heading != NULL && at >= 1; at--) {
		if (strstr(lines[at - 1], heading) != NULL)
			return at;
	}
	return heading != NULL ? MAX(line, 1) : 1;
}

void
place_find(const char *file, const char *heading, int line, const char *option,
	   struct expression_source *ret)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	int count;

	*ret = (struct expression_source){ file != NULL ? file : "scorecard", MAX(line, 1), 1 };
	if (file == NULL || !g_file_get_contents(file, &text, NULL, NULL))
		return;
	lines = g_strsplit(text, "\n", -1);
	count = (int)g_strv_length(lines);
	for (int at = find_heading(lines, count, heading, line); at <= count; at++) {
		const char *begin = find_option(lines[at - 1], option);

		if (begin != NULL) {
			ret->line = at;
			ret->column = (int)g_utf8_strlen(lines[at - 1], begin - lines[at - 1]) + 1;
			return;
		}
	}
}
