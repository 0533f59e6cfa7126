/* form.c - see form.h. */
#include "mail/form.h"

#include <string.h>

struct form *
form_detect(const struct config *config, const struct raw_mail *raw, const struct mail *mail,
	    const struct html_text *html)
{
	(void)config;
	(void)raw;
	(void)mail;
	(void)html;
	return NULL;
}

void
form_free(struct form *form)
{
	if (!form)
		return;
	g_free(form->name);
	g_ptr_array_unref(form->fields);
	g_free(form);
}

const char *
form_value(const struct form *form, const char *key)
{
	for (guint i = 0; i < form->fields->len; i++) {
		const struct form_field *field = g_ptr_array_index(form->fields, i);
		if (field->key && !strcmp(field->key, key))
			return field->value;
	}
	return NULL;
}
