/*
 * secret.h - secrets that stand outside the configuration: in a file, the environment or among
 * systemd's credentials.  Read at every load and reload.
 *
 * No message made here holds more of a secret than the words that say where it stands.
 */
#ifndef LEADMILTER_SECRET_H
#define LEADMILTER_SECRET_H

#include <glib.h>

/**
 * What an option's value stands for: itself, or the content of "file:PATH", "env:NAME",
 * "credential:NAME" (a file below $CREDENTIALS_DIRECTORY, or the daemon's unit's), blanks around it
 * removed.  A file that others than its owner and group may read, or its group may write, is warned
 * of.
 * @param directory relative paths stand against it
 * @return NULL with ERROR_CONFIG; caller frees
 */
char *secret_read(const char *value, const char *directory, GError **error);

/** The same for a header field "Name: value", whose value may stand elsewhere. */
char *secret_read_field(const char *field, const char *directory, GError **error);
/** The same for "name=value". */
char *secret_read_setting(const char *setting, const char *directory, GError **error);

/** Whether a value names such a place. */
gboolean secret_is_elsewhere(const char *value);
/** What is put for a secret that nobody needs to know, where one has to be.  Caller frees. */
char *secret_stand_in(const char *value);

#endif
