/*
 * release_choice.h
 *		A choice among patterns that nobody repeats without the key.
 */
#ifndef TIP_RELEASE_CHOICE_H
#define TIP_RELEASE_CHOICE_H

#include "postgres.h"

#include "release.h"
#include "release_grid.h"

/* A factor of 1 on the price of a cell. */
#define TIP_CHOICE_ONE	1024

typedef struct TipChoice
{
	uint64		seed;			/* never 0 */
	uint32	   *factor;			/* of each cell of the grid: 1 to 1.5 */
} TipChoice;

/* Without a key ring the choice is always the same one. */
extern void TipChoose(const TipGrid *grid, const TipProtection *rule,
					  const int64 *cost, bool keyed, TipChoice *choice);

#endif							/* TIP_RELEASE_CHOICE_H */
