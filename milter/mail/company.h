/*
 * company.h - names of companies: legal forms of the world, and the words companies use.
 *
 * Pure; any thread.
 */
#ifndef LEADMILTER_COMPANY_H
#define LEADMILTER_COMPANY_H

#include <glib.h>

#include "mail/wordlist.h"

enum company_evidence {
	COMPANY_NONE,
	COMPANY_STATED, /* where a company stands: "Manager, X" */
	COMPANY_WORD, /* "Technologies" */
	COMPANY_DOMAIN, /* the sender's domain is called so */
	COMPANY_FORM, /* "Ltd", "GmbH", "ООО", "有限公司" */
	COMPANY_LABEL /* "Company: X" */
};

/**
 * What speaks for a line to be a company's name.
 * @param domain  registrable domain of the sender or its web site, or NULL
 * @param ret_end of the name in the line: after "Ltd"; the whole line else
 */
enum company_evidence company_judge(const char *line, gsize length, const struct words *words,
				    const char *domain, gsize *ret_end);

/** TRUE when a name is what a domain is called: "Weber Pumps Ltd", weber-pumps.co.uk. */
gboolean company_is_domain(const struct words *words, const char *domain);

#endif
