/* exposition.c - see exposition.h. */
#include "base/exposition.h"

void
exposition_head(GString *out, const char *name, const char *type, const char *help)
{
	g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void
exposition_value(GString *out, const char *name, const char *labels, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append_printf(out, "%s%s%s%s %s\n", name, *labels ? "{" : "", labels,
			       *labels ? "}" : "", g_ascii_dtostr(text, sizeof text, value));
}

void
exposition_single(GString *out, const char *name, const char *type, const char *help, double value)
{
	exposition_head(out, name, type, help);
	exposition_value(out, name, "", value);
}

char *
exposition_label(const char *label, const char *text)
{
	GString *labels = g_string_new(label);

	g_string_append(labels, "=\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(labels, '\\');
		g_string_append_c(labels, *text == '\n' ? ' ' : *text);
	}
	g_string_append_c(labels, '"');
	return g_string_free(labels, FALSE);
}

void
exposition_labelled(GString *out, const char *name, const char *label, const char *text,
		    double value)
{
	g_autofree char *labels = exposition_label(label, text);

	exposition_value(out, name, labels, value);
}
