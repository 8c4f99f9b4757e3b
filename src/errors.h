/*
 * errors.h
 *		Errors that say what is wrong and repeat nothing.
 */
#ifndef TIP_ERRORS_H
#define TIP_ERRORS_H

#include "postgres.h"

pg_noreturn extern void TipRethrowHidden(MemoryContext context);

#endif							/* TIP_ERRORS_H */
