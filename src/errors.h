/*
 * errors.h
 *		Errors that say what is wrong and repeat nothing.
 */
#ifndef TIP_ERRORS_H
#define TIP_ERRORS_H

#include "postgres.h"

extern void TipRethrowHidden(MemoryContext context) pg_attribute_noreturn();

#endif							/* TIP_ERRORS_H */
