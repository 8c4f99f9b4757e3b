/*
 * release_round.h
 *		Controlled rounding: every cell a multiple of the base, every margin
 *		the sum of its parts, drawn by a keyed function.
 *
 * A table is drawn in units of the base: a planned cell of n goes down to
 * n / base or up by one.  The attacker of a drawn table knows the rule, the
 * exact totals of every version, and one own cell.
 */
#ifndef TIP_RELEASE_ROUND_H
#define TIP_RELEASE_ROUND_H

#include "postgres.h"

#include "release_grid.h"

#define TIP_ROUND_MAX_BASE		1000
#define TIP_ROUND_MAX_STEPS		2
#define TIP_ROUND_MAX_VERSIONS	8
#define TIP_ROUND_MAX_LEAVES	1000

/* A margin and its parts in one dimension, as places of planned cells. */
typedef struct TipRoundSum
{
	int			whole;
	int			count;
	int		   *part;
} TipRoundSum;

/* The planned cells of a grid, numbered in the grid's order. */
typedef struct TipRoundFrame
{
	const TipGrid *grid;
	int64		base;
	int			cells;
	int		   *cell;			/* of the grid */
	int		   *place;			/* of each cell of the grid, -1: not planned */
	int			sums;
	TipRoundSum *sum;
	int		   *first_sum;		/* of a place, into sums_of; one more at end */
	int		   *sums_of;
	int			leaves;			/* of the grid */
	int		  **above;			/* of a leaf: cells of the grid it is part of */
	int		   *above_count;
} TipRoundFrame;

/* Where the random numbers of a draw come from. */
typedef struct TipRoundSource
{
	const char *label;			/* what is drawn */
	size_t		label_len;
	uint16		key_version;
	uint32		attempt;
} TipRoundSource;

/* One published version: true counts of the leaves, rounded planned cells. */
typedef struct TipRoundVersion
{
	int64	   *truth;			/* of each leaf */
	int64	   *rounded;		/* of each place, -1: not published */
	int			steps;			/* multiples a cell may be away, beyond one */
} TipRoundVersion;

/* release_round_frame.c */
extern TipRoundFrame *TipRoundFrameNew(const TipGrid *grid, int64 base);

/*
 * release_round_draw.c: numbers, one of each kind, item and repetition; the
 * walk, whose outcome is units that a search should prefer, in this order.
 */
extern uint64 TipRoundNumber(const TipRoundSource *source, char kind,
							 uint32 item, uint32 repetition);
extern void TipRoundWalk(const TipRoundFrame *frame,
						 const TipRoundSource *source, int64 *preferred,
						 int *order);

/*
 * release_round_search.c: units that add up, within steps of the adjacent
 * ones and as preferred where that can be; false if none were found.
 */
extern bool TipRoundSearch(const TipRoundFrame *frame, int steps,
						   const int64 *preferred, const int *order,
						   int64 *units);

/*
 * release_round_audit.c: is nobody found in these versions?  Strictly, a
 * person alone in a cell must not learn that she is.
 */
extern bool TipRoundIsSafe(const TipRoundFrame *frame,
						   const TipRoundVersion *version, int versions,
						   int64 threshold, bool is_strict);

#endif							/* TIP_RELEASE_ROUND_H */
