/* error.c - the one error domain; see error.h. */
#include "base/error.h"

G_DEFINE_QUARK(leadmilter - error - quark, leadmilter_error)
