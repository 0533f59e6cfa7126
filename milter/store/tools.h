/*
 * tools.h - whole stores: copied, saved, put back, brought up to date, looked through.
 *
 * For leadctl: each opens what it needs by itself and closes it.  What writes wants nobody else to
 * write (the daemon stopped); what only reads reads one snapshot, beside a running daemon.
 */
#ifndef LEADMILTER_TOOLS_H
#define LEADMILTER_TOOLS_H

#include "store/copy.h"
#include "store/verify.h"

/** What a store is called, without the password of a URL.  Caller frees. */
char *tools_name(const char *where);

/**
 * Copy a store into an empty place, or go on with that (copy.h).  No daemon may write to either.
 * @param options `source` is filled in
 */
gboolean tools_copy(const char *from, const char *to, const struct copy_options *options,
		    struct copy_report *ret, GError **error);

struct tools_migration {
	int before, after;
	gint64 duration; /* microseconds */
};
/** Bring a store to this program's schema. @param dry_run do it and take it back */
gboolean tools_migrate(const char *where, gboolean dry_run, struct tools_migration *ret,
		       GError **error);

struct tools_backup {
	gint64 bytes, leads;
	int schema;
};
/**
 * Write a store, as it is now, into one SQLite file of its own (0600), beside a running daemon.
 * The file is there whole and on disk, or as it was before.
 */
gboolean tools_backup(const char *where, const char *file, const struct copy_options *options,
		      struct tools_backup *ret, GError **error);

struct tools_restored {
	char *aside; /* where what was there before is now, or NULL: nothing was */
	gint64 leads;
	int schema;
};
/** Put a backup in the place of a store; what is there stays beside it under another name.
 *  Nothing is touched unless the backup is sound and of a schema this program knows. */
gboolean tools_restore(const char *file, const char *where, const struct copy_options *options,
		       struct tools_restored *ret, GError **error);

/** Look through a store (verify.h). @param options `repair` needs the daemon stopped */
gboolean tools_verify(const char *where, const struct verify_options *options,
		      struct verify_report *ret, GError **error);

#endif
