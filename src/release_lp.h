/*
 * release_lp.h
 *		Exact integer programs over bounded unknowns: the attacker's tool.
 *
 * A system is a set of integer unknowns, each between two bounds, and of rows,
 * each a sum of unknowns with small integer coefficients, between two bounds
 * of its own.  What a table publishes becomes the bounds: equal ones for a
 * number, [1, cap] for a hidden cell, [a - b + 1, a + b - 1] for a rounded one.
 */
#ifndef TIP_RELEASE_LP_H
#define TIP_RELEASE_LP_H

#include "postgres.h"

/* No bound on a row; an unknown needs two finite ones. */
#define TIP_UNBOUNDED	((int64) 1 << 40)

typedef struct TipRow
{
	int			count;
	const int  *var;			/* each at most once */
	const int  *coef;			/* NULL: all 1 */
	int64		low;
	int64		high;
} TipRow;

typedef struct TipSystem
{
	int			vars;
	int64	   *low;
	int64	   *high;
	int			rows;
	TipRow	   *row;
} TipSystem;

typedef enum TipOutcome
{
	TIP_SOLVED,					/* proven */
	TIP_IMPOSSIBLE,				/* proven: nothing satisfies the system */
	TIP_GAVE_UP					/* the work limit came first */
} TipOutcome;

typedef struct TipProgram TipProgram;

/*
 * Take over a system (it is copied).  point is a table that satisfies it, or
 * NULL: then TipProgramStart() must find one first.
 */
extern TipProgram *TipProgramNew(const TipSystem *system, const int64 *point);
extern void TipProgramFree(TipProgram *program);

/* Pivots that one question may cost, and nodes of its search for integers. */
extern void TipProgramLimit(TipProgram *program, int64 pivots, int nodes);

/*
 * Find integers that satisfy everything; *point (vars long) is filled in.  If
 * there are none, *conflict is an id whose bounds contradict the others.
 */
extern TipOutcome TipProgramStart(TipProgram *program, int64 *point,
								  int *conflict);

/*
 * The greatest or least integer value of an id (an unknown, or vars + number
 * of a row) and a table that reaches it.  When it gives up, value and point
 * are the best found: possible, but perhaps not extreme.
 */
extern TipOutcome TipProgramExtreme(TipProgram *program, int id, bool highest,
									int64 *value, int64 *point);

/*
 * A table in which id is at least (or at most) enough: TIP_IMPOSSIBLE is a
 * proof that there is none.
 */
extern TipOutcome TipProgramReach(TipProgram *program, int id, bool highest,
								  int64 enough, int64 *value, int64 *point);

/* Other bounds for an id; the point that the program starts from must fit. */
extern void TipProgramBound(TipProgram *program, int id, int64 low,
							int64 high);

/* Back to the point that every question starts from. */
extern void TipProgramReset(TipProgram *program);

/* Entries of the tableau looked at so far: what the work has cost. */
extern int64 TipProgramWork(const TipProgram *program);

/* What holds an id that TipProgramReach() could not move: fixed ids. */
extern int	TipProgramBlockers(const TipProgram *program, int id,
							   int *blockers);

#endif							/* TIP_RELEASE_LP_H */
