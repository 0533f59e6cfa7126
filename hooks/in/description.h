/*
 * description.h - conf/api/openapi.json, the OpenAPI description of the inbound hook, as built into
 * the program: description and program can't be of two versions.
 */
#ifndef LEADMILTER_DESCRIPTION_H
#define LEADMILTER_DESCRIPTION_H

/** The whole text, NUL-terminated. */
extern const char description_text[];

#endif
