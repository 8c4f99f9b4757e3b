/*
 * release.h
 *		What may be said aloud: suppression, and the attacker that proves it.
 *
 * A cube is a set of unknown counts ("variables", the finest cells that are
 * not public zeros) and of groups, each the sum of some of them.  Cells with
 * the same variables are one group: hiding one of two equal cells hides
 * nothing.
 */
#ifndef TIP_RELEASE_H
#define TIP_RELEASE_H

#include "postgres.h"

/* Beyond these an answer would not come in time; nothing is published. */
#define TIP_RELEASE_MAX_DIMS	8
#define TIP_RELEASE_MAX_CELLS	20000
#define TIP_RELEASE_MAX_VARS	600
#define TIP_RELEASE_MAX_GROUPS	4000
#define TIP_RELEASE_MAX_TABLEAU (16 * 1024 * 1024)
#define TIP_RELEASE_MAX_NODES	2000

/*
 * An exact linear program: every entry is an integer over the common
 * denominator det, so that no answer ever depends on rounding.
 */
typedef struct TipLp
{
	int			rows;
	int			cols;
	int			width;			/* cols + 1: the right-hand side is last */
	int64		det;
	int		   *basis;			/* column of each row, -1: artificial */
	int64	   *entry;			/* rows + 1 lines: the objective is last */
} TipLp;

#define TipLpAt(lp, i, j)	((lp)->entry[(size_t) (i) * (lp)->width + (j)])
#define TipLpRhs(lp, i)		TipLpAt(lp, i, (lp)->cols)

extern TipLp *TipLpNew(int rows, int cols);
extern void TipLpFree(TipLp *lp);
extern bool TipLpFeasible(TipLp *lp);
extern void TipLpSetObjective(TipLp *lp, const int64 *gain);
extern bool TipLpMaximize(TipLp *lp);
extern TipLp *TipLpBounded(const TipLp *lp, int row, int64 bound, bool upper);
extern bool TipLpRestore(TipLp *lp);

typedef struct TipGroup
{
	int64		n;
	int64		cost;
	int			count;
	int		   *members;		/* variables, ascending */
	bool		planned;		/* stands in a table of the plan */
	bool		small;			/* 0 < n < threshold */
	bool		hidden;
} TipGroup;

typedef struct TipCube
{
	int			vars;
	int			groups;
	TipGroup   *group;
	int		   *single;			/* group of a variable alone */
	int64	   *truth;
	int64		cap;			/* what the total is taken to be below */
} TipCube;

/* The attacker knows the rules, every published number, and one own cell. */
typedef struct TipAttack
{
	const TipCube *cube;
	int			pinned;			/* variable an insider knows, or -1 */
	int		   *column;			/* of a variable, -1: known */
	int64	   *low;
	TipLp	   *lp;
	bool		exhausted;		/* the last search ran out of nodes */
} TipAttack;

extern TipAttack *TipAttackOpen(const TipCube *cube, int pinned);
extern bool TipAttackExtreme(TipAttack *attack, const TipGroup *target,
							 bool highest, int64 *value, int64 *witness);
extern void TipAttackClose(TipAttack *attack);

typedef struct TipProtection
{
	int64		threshold;
	int64		width;			/* least distance of an attacker's bounds */
	bool		reach;			/* the upper bound must reach the threshold */
	bool		insiders;		/* audit against every single person, too */
} TipProtection;

extern void TipSuppress(TipCube *cube, const TipProtection *rule);

#endif							/* TIP_RELEASE_H */
