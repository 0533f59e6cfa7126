/*
 * writer.h - the one thread that writes: jobs in, one commit for all that wait, answers out.
 *
 * A batch is every waiting job, up to LIMIT_BATCH and a few milliseconds of work; what comes
 * while it runs may still join it.  A job's answer is given after the commit that holds
 * it, so a job that returned TRUE is on disk.  When one job fails by its own fault, the batch is
 * rolled back and run again without it, each job inside a savepoint: in the usual case savepoints
 * cost nothing.  So a job may run twice, and must start from the same values each time.
 * When the disk fails, every job of the batch gets that error and the next batch tries
 * afresh.  Checkpoints are made here, when there is nothing to do or the log has grown
 * long.  The wait for the queue is bounded by who waits: a job whose caller gave up is taken out.
 */
#ifndef LEADMILTER_WRITER_H
#define LEADMILTER_WRITER_H

#include "base/histogram.h"
#include "store/transaction.h"

struct writer;

struct writer_hooks {
	/** After a commit, with what was counted in it; must not block. */
	void (*committed)(const struct tally *tally, gpointer data);
	/** Note what a job will read (database_foresee()), before any of a batch is run; what `run`
	 *  and `job` are is the caller's business.  NULL: nobody knows. */
	void (*foresee)(struct transaction *transaction,
			gboolean (*run)(struct transaction *transaction, gpointer data,
					GError **error),
			gpointer job);
	/** After a rollback: rows the jobs made are gone. */
	void (*rolled_back)(gpointer data);
	/** Before a transaction; nothing of an earlier one is under way.  FALSE: there can't be
	 *  one now. Or NULL */
	gboolean (*starting)(gpointer data, GError **error);
	/** Before anything is written or the log is put into the file, and after: where several
	 *  processes share it, one at a time. NULL: nobody else does. */
	void (*enter)(gpointer data);
	void (*leave)(gpointer data);
	gpointer data;
	struct feed *feed; /* handed to every job, or NULL; the caller's */
	struct roster *roster; /* handed to every job, or NULL; the caller's */
	gboolean turns; /* a batch is a turn that other hosts wait for: it must be short */
	gint64 holder; /* not 0: others write to the store, too */
};

/** Start the thread. @param database belongs to it until writer_stop() */
struct writer *writer_start(struct database *database, const struct writer_hooks *hooks,
			    GError **error);
/** Finish waiting jobs, end the thread and free. */
void writer_stop(struct writer *writer);

/** Run a job and wait for its commit.  Any thread but the writer's. */
gboolean writer_run(struct writer *writer,
		    gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
		    gpointer data, GError **error);

/**
 * The same with an end of the wait.
 * @param abandon called once for `data` when this returned FALSE with ERROR_TIMEOUT, as soon as
 *        the job doesn't need it any more; in all other cases `data` stays the caller's
 * @param deadline of g_get_monotonic_time(), 0 none
 */
gboolean
writer_run_until(struct writer *writer,
		 gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
		 gpointer data, void (*abandon)(gpointer data), gint64 deadline, GError **error);

struct writer_task {
	gboolean (*run)(struct transaction *transaction, gpointer data, GError **error);
	gpointer data;
	void (*abandon)(gpointer data); /* as for writer_run_until() */
	GError *error; /* afterwards: NULL done, else the caller's to free */
};

/**
 * Several jobs, one after another in the queue, and wait for all of them.
 * @param queued called when they stand in the queue, before what anybody else adds later; under
 *        the queue's lock, so it must not call the writer; or NULL
 */
void writer_run_tasks(struct writer *writer, struct writer_task *tasks, guint count,
		      void (*queued)(gpointer data), gpointer data, gint64 deadline);

struct writer_stats {
	guint64 commits, jobs, failed_jobs, checkpoints, failed_checkpoints;
	guint queued;
	struct histogram committing, checkpointing;
};
void writer_stats(struct writer *writer, struct writer_stats *ret);

#endif
