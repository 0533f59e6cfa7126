/*
 * form.h - mail from a website's form or a marketplace, where the lead is in Reply-To or the body.
 *
 * Pure; any thread.
 */
#ifndef LEADMILTER_FORM_H
#define LEADMILTER_FORM_H

#include <glib.h>

#include "mail/html.h"
#include "mail/mail.h"

struct config;

/* A lead of the inbound hook says so, and the form's name, in raw_mail's daemon_name: that comes from
 * the MTA's configuration otherwise, never from mail. */
#define FORM_DAEMON "leadmilter-hook/"

struct form_field {
	char *label; /* as written */
	char *key; /* what it means: name, first_name, last_name, email, phone, company, title,
		      country, message, subject, url, or utm_source …; NULL unknown */
	char *value;
};

struct form {
	char *name; /* the profile's name, or "auto" */
	gboolean trusted; /* matched a profile pinned to sender, client or login */
	GPtrArray *fields; /* struct form_field * */
};

/** @return NULL when the message is no form; caller frees. */
struct form *form_detect(const struct config *config, const struct raw_mail *raw,
			 const struct mail *mail, const struct html_text *html);
void form_free(struct form *form);
typedef struct form form_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(form_owned, form_free)
/** The first value with that key, or NULL. */
const char *form_value(const struct form *form, const char *key);

#endif
