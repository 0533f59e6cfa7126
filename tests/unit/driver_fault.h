/*
 * driver_fault.h - a second driver for tests: SQLite, but it fails, or is slow, when told to.
 *
 * Faults may be changed while a store is open: they are read atomically.
 */
#ifndef LEADMILTER_DRIVER_FAULT_H
#define LEADMILTER_DRIVER_FAULT_H

#include "store/driver.h"

enum fault_kind { FAULT_NONE, FAULT_FULL, FAULT_CORRUPT, FAULT_BUSY };

struct driver_fault {
	struct driver driver; /* first: give its address to the store */
	int kind; /* enum fault_kind: what fails */
	int commits_before; /* so many commits still work; then each fails */
	int steps_before; /* so many steps still work (-1: steps never fail); then each fails */
	int commit_delay_ms; /* every commit takes so long */
	int commits; /* that worked */
};

/** Commits and steps work until told otherwise. */
void driver_fault_init(struct driver_fault *fault);
/** From now on commits (or, with `steps`, steps) fail that way after `before` more. */
void driver_fault_set(struct driver_fault *fault, enum fault_kind kind, gboolean steps, int before);
void driver_fault_clear(struct driver_fault *fault);

#endif
