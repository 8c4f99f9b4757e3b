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

typedef struct TipGroup
{
	int64		n;
	int64		cost;
	int			count;
	int		   *members;		/* variables, ascending */
	int			id;				/* in an integer program, -1: in none */
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

/* The attacker: all that a release says, as an integer program. */
extern TipProgram *TipAttackOpen(TipCube *cube);
extern void TipAttackBound(TipProgram *attack, const TipCube *cube, int g);

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
