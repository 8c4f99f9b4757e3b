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

#include "release_lp.h"

/* Beyond these an answer would not come in time; nothing is published. */
#define TIP_RELEASE_MAX_DIMS	8
#define TIP_RELEASE_MAX_CELLS	40000
#define TIP_RELEASE_MAX_VARS	4000
#define TIP_RELEASE_MAX_GROUPS	16384
/* Unknowns up to which there is but one window. */
#define TIP_RELEASE_SMALL		60

typedef struct TipGroup
{
	int64		n;
	int64		cost;
	int			count;
	int		   *members;		/* variables, ascending */
	int			window;			/* group of what may move to protect it */
	int			wider;			/* as a window: the next one, or itself */
	bool		planned;		/* stands in a table of the plan */
	bool		small;			/* 0 < n < threshold */
	bool		hidden;
	bool		known;			/* public elsewhere: cannot be hidden */
	bool		kept;			/* hidden elsewhere: must stay so */
} TipGroup;

typedef struct TipCube
{
	int			vars;
	int			groups;
	TipGroup   *group;
	int		   *single;			/* group of a variable alone */
	int64	   *truth;
	int64		cap;			/* what the total is taken to be below */
	uint64		seed;			/* of the choice of a pattern */
	int			version;		/* changes with what is hidden */
} TipCube;

typedef enum TipInsiders
{
	TIP_NO_INSIDERS,
	TIP_EACH_SINGLETON,			/* each person who is alone in a cell */
	TIP_SINGLETON_PAIRS			/* any two of them together */
} TipInsiders;

typedef struct TipProtection
{
	int64		threshold;
	int64		width;			/* least distance of an attacker's bounds */
	bool		reach;			/* the upper bound must reach the threshold */
	TipInsiders insiders;
} TipProtection;

/* Is a group a public number? */
#define TipIsShown(group) \
	((group)->known || ((group)->planned && !(group)->hidden))

typedef struct TipAttack TipAttack;

/* An attack on all variables of the cube, or through a window on some. */
extern TipAttack *TipAttackAll(const TipCube *cube);
extern TipAttack *TipAttackOpen(const TipCube *cube, const int *vars,
								int count);
extern void TipAttackClose(TipAttack *attack);
extern size_t TipAttackSize(const TipAttack *attack);
extern int64 TipAttackWork(const TipAttack *attack);
extern TipOutcome TipAttackReach(TipAttack *attack, const TipCube *cube,
								 int g, const int *insider, bool highest,
								 int64 enough, int64 *value, int64 *table);
extern TipOutcome TipAttackExtreme(TipAttack *attack, const TipCube *cube,
								   int g, const int *insider, bool highest,
								   int64 *value, int64 *table);
extern int	TipAttackBlockers(TipAttack *attack, const TipCube *cube, int g,
							  int *blocker);

extern void TipSuppress(TipCube *cube, const TipProtection *rule);

/* Two tables that differ in a cell, for an attacker who knows one cell. */
typedef struct TipProof
{
	int			insider;		/* a variable, -1: nobody */
	int			low;			/* numbers of tables */
	int			high;
	int			next;			/* of the same group, -1: none */
} TipProof;

typedef struct TipCertificate
{
	int			tables;
	int64	  **table;			/* counts of the variables */
	int			proofs;
	TipProof   *proof;
	int		   *first;			/* of a group, -1: none */
} TipCertificate;

/* Prove that the groups that are hidden are hidden well, or raise 54000. */
extern TipCertificate *TipCertify(TipCube *cube, const TipProtection *rule);

#endif							/* TIP_RELEASE_H */
