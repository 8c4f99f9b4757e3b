/*
 * release_audit.h
 *		An attack on a table that anybody published, in four steps: read it,
 *		turn it into unknowns and relations, narrow them, ask for extremes.
 *
 * An unknown is a finest cell: one leaf of every dimension.  A dimension of
 * which a person may have several values ("multi") has no leaves that add up:
 * there every node is an unknown of its own, at least its greatest part and
 * at most all its parts together.
 */
#ifndef TIP_RELEASE_AUDIT_H
#define TIP_RELEASE_AUDIT_H

#include "postgres.h"

#include "compat.h"
#include "funcapi.h"

#include "release_lp.h"

/* Beyond these an answer would not come in time. */
#define TIP_AUDIT_MAX_DIMS		8
#define TIP_AUDIT_MAX_CELLS		200000
#define TIP_AUDIT_MAX_VARS		100000
#define TIP_AUDIT_MAX_MEMBERS	10000000
#define TIP_AUDIT_MAX_COUNT		INT64CONST(1000000000)

typedef struct TipAuditDim
{
	int			nodes;			/* 0 is the total */
	bool		multi;
	int			places;			/* what tells unknowns apart */
	int		   *node;			/* of a place */
	int		   *covers;			/* number of places of a node */
	int		  **place;			/* which they are, ascending */
	int		   *children;		/* number of children of a node */
	int		  **child;
	const char **label;			/* of a node */
} TipAuditDim;

typedef enum TipAuditKind
{
	TIP_AUDIT_CELL,				/* a published cell is the sum of unknowns */
	TIP_AUDIT_PART,				/* a multi margin is at least this part */
	TIP_AUDIT_UNION				/* and at most all its parts together */
} TipAuditKind;

/* In a relation the first unknown is the margin. */
typedef struct TipAuditRow
{
	TipAuditKind kind;
	int			count;
	int		   *var;			/* ascending in a published cell */
	int64		low;
	int64		high;
	const int32 *node;			/* the cell or margin, for a message */
	bool		finest;			/* a cell of one unknown, known or not */
} TipAuditRow;

typedef struct TipAudit
{
	int			dims;
	TipAuditDim *dim;
	int64	   *stride;			/* of a dimension in the number of an unknown */
	int			cells;
	int			vars;
	int64	   *low;			/* of an unknown, as far as is plain to see */
	int64	   *high;
	bool	   *open;			/* nothing bounds it above but the cap */
	int64	   *truth;			/* of an unknown, -1: not told */
	int64		cap;			/* more than any published number explains */
	int			rows;			/* the first are the cells */
	TipAuditRow *row;
} TipAudit;

typedef struct TipAuditOptions
{
	bool		bounds;			/* exact bounds, not only: is it exact? */
	bool		unlisted;		/* attack finest cells that no row shows, too */
	int			insiders;		/* how many of the singles may combine */
	bool		certain;		/* singles are known, not only possible */
	int			singles;
	const int32 *single;		/* their cells */
} TipAuditOptions;

extern int	TipAuditCoefficient(const TipAuditRow *row, int k);
extern int32 *TipAuditPlaceNodes(const TipAudit *audit, int var);
pg_noreturn extern void TipAuditConflict(const TipAudit *audit,
										 const TipAuditRow *row,
										 const char *said);
pg_noreturn extern void TipAuditUntrue(void);
extern void TipAuditTruth(TipAudit *audit, const int64 *truth);
extern void TipAuditBuild(TipAudit *audit, const int32 *node,
						  const int64 *low, const int64 *high);
extern void TipAuditAttack(TipAudit *audit, const TipAuditOptions *options,
						   ReturnSetInfo *result);

#endif							/* TIP_RELEASE_AUDIT_H */
