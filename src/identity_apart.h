/*
 * identity_apart.h
 *		A short transaction of its own, which the caller's ROLLBACK leaves be.
 */
#ifndef TIP_IDENTITY_APART_H
#define TIP_IDENTITY_APART_H

#include "postgres.h"

/* Each is one call of a function of tip_impl, see tasks[]. */
typedef enum TipApartTask
{
	TIP_APART_DRAW,				/* login, action, need, want */
	TIP_APART_NOTE,				/* login, actor, action, pseudonym, victim,
								 * purpose, case_ref, request */
	TIP_APART_CHARGE_AND_NOTE	/* the same */
} TipApartTask;

/*
 * Run a task in a transaction of its own and return once it is committed, with
 * its answer in result; false for NULL.  An argument may be NULL.  What fails
 * there is raised here.
 */
extern bool TipApart(TipApartTask task, int nargs, const char *const *args,
					 char *result, size_t len);

extern PGDLLEXPORT void TipApartMain(Datum arg);

#endif							/* TIP_IDENTITY_APART_H */
