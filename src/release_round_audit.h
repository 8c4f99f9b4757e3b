/*
 * release_round_audit.h
 *		What the two halves of the attacker of rounded tables share.
 */
#ifndef TIP_RELEASE_ROUND_AUDIT_H
#define TIP_RELEASE_ROUND_AUDIT_H

#include "postgres.h"

#include "release_round.h"

#define TIP_NOWHERE		-1

typedef struct TipRoundAuditor
{
	const TipRoundFrame *frame;
	const TipRoundVersion *version;
	int			versions;
	int64		threshold;
	int64	  **n;				/* true counts: of a version and cell */
	int64	  **low;			/* of a version and place */
	int64	  **high;

	/* the table that is looked at, and how far it is from fitting */
	int64	  **x;				/* of a version and leaf */
	int64	  **y;				/* of a version and cell */
	bool	  **pinned;			/* of a version and leaf */
	int64	   *added;			/* true, of a version since the one before */
	int			insider;		/* leaf, or TIP_NOWHERE */
	bool		knows_total;
	bool		is_strict;

	/* targets: of a version (or two) and cell, not yet shown to be open */
	int			kinds;
	int		   *earlier;		/* of a kind: TIP_NOWHERE, or a version */
	int		   *later;
	bool	  **is_fixed;
	int64		left;
} TipRoundAuditor;

/* What a version, or the difference of two, counts in a cell. */
extern int64 TipRoundValue(const TipRoundAuditor *auditor, int64 **table,
						   int kind, int cell);

/* release_round_exact.c: prove that the targets that are left are open */
extern void TipRoundAskProgram(TipRoundAuditor *auditor);

#endif							/* TIP_RELEASE_ROUND_AUDIT_H */
