/*
 * language.h - the language a short text is written in.
 *
 * Pure, linear, any thread.  In doubt it says nothing.
 */
#ifndef LEADMILTER_LANGUAGE_H
#define LEADMILTER_LANGUAGE_H

#include <glib.h>

/**
 * @param text UTF-8; its beginning decides
 * @param ret_code set to the ISO 639-1 code ("en", "zh"), "" when unknown
 */
void language_detect(const char *text, gsize length, char ret_code[4]);

#endif
