/*
 * person_lines.h - reads the lines of a signature into a person.
 *
 * Inner header of person*.c.
 */
#ifndef LEADMILTER_PERSON_LINES_H
#define LEADMILTER_PERSON_LINES_H

#include "mail/contact_block.h"
#include "mail/person.h"

/* What numbers and names are judged by. */
struct person_context {
	const char *domain; /* registrable domain of the person's own address, or NULL */
	const char *regions[4]; /* for numbers without '+', the most plausible first; NULL ends */
	const char *name; /* as known so far, or NULL */
};

/** Everything but the name, which goes to `ret_name` when a line shows one (caller frees). */
void person_lines_read(const struct contact_block *block, const struct person_context *context,
		       struct person *person, char **ret_name);

/** Numbers that the new text itself gives as the writer's: "call me at …". */
void person_lines_read_prose(const char *text, const struct person_context *context,
			     struct person *person);

/** One number, as a form states it. */
void person_add_phone(struct person *person, const struct person_context *context,
		      const char *text);

#endif
