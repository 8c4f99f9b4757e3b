/*
 * errors.h
 *		Errors that say what is wrong and repeat nothing.
 */
#ifndef TIP_ERRORS_H
#define TIP_ERRORS_H

#include "postgres.h"

#include "compat.h"

typedef struct TipVeil
{
	ErrorContextCallback callback;
	ErrorContextCallback *outer;
} TipVeil;

pg_noreturn extern void TipRethrowHidden(MemoryContext context);
extern void TipHide(TipVeil *veil);
extern void TipReveal(TipVeil *veil);

#endif							/* TIP_ERRORS_H */
