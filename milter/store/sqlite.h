/* sqlite.h - the SQLite driver (driver.h). */
#ifndef LEADMILTER_SQLITE_H
#define LEADMILTER_SQLITE_H

#include "store/driver.h"

extern const struct driver sqlite_driver;

#endif
