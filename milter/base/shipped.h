/*
 * shipped.h - the files that come with the program: lists, scorecards.
 *
 * They stand below share/leadmilter and belong to the program, whose next version brings newer
 * ones; what an administrator writes stands beside leadmilter.conf and is found first.  Any thread.
 */
#ifndef LEADMILTER_SHIPPED_H
#define LEADMILTER_SHIPPED_H

#include <glib.h>

/** The directory with lists/ and scorecards/: `beside` when it has lists of its own, else
 *  $LEADMILTER_CONF_DIR, else as installed, else the source tree's.
 *  @param beside a configuration file's directory, or NULL
 *  @return caller frees */
char *shipped_directory(const char *beside);

/** What a name in a configuration file means: that file, seen from `directory`; when there is none,
 *  the shipped one of that name ("lists/role.txt", "scorecards/shop.conf", "shop.conf").
 *  @return an absolute path, also when neither exists; caller frees */
char *shipped_path(const char *name, const char *directory);

#endif
