/*
 * place.h - where an option stands in a configuration file, to the column, for messages.
 *
 * The parser of files tells lines only; a condition that spans lines is told by the line it
 * ends on.  This reads the file again, so it is for when there is something to say.  Any thread.
 */
#ifndef LEADMILTER_PLACE_H
#define LEADMILTER_PLACE_H

#include "lead/expression.h"

/**
 * @param file    NULL: nowhere
 * @param heading of the section, `rule "name"`; NULL: an option outside of sections
 * @param line    a line of the section at or after the heading, from 1
 * @param ret     the first character of the option's value; what can't be found is at `line`
 */
void place_find(const char *file, const char *heading, int line, const char *option,
		struct expression_source *ret);

#endif
