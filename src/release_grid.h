/*
 * release_grid.h
 *		A cube as SQL describes it: trees, and counts of their finest cells.
 */
#ifndef TIP_RELEASE_GRID_H
#define TIP_RELEASE_GRID_H

#include "postgres.h"

#include "compat.h"
#include "utils/array.h"

/* A cell is one node of each dimension's tree; node 0 is the total. */
typedef struct TipGrid
{
	int			dims;
	int		   *size;			/* nodes of a dimension */
	int		  **parent;
	bool	  **leaf;			/* of a dimension and node */
	int			cells;
	int			leaves;
	int		   *leaf_cell;		/* cell number of each leaf cell */
	int64	   *n;				/* of each cell */
	bool	   *planned;
	int		   *group_of;		/* of each cell, -1: public zero */
	int		   *var_of;			/* of each leaf, -1: public zero */
} TipGrid;

/* The node of a cell in a dimension; how many dimensions it names. */
extern int	TipGridNode(const TipGrid *grid, int cell, int dim);
extern int	TipGridLevel(const TipGrid *grid, int cell);

/* Is this finest cell a part of that cell? */
extern bool TipGridContains(const TipGrid *grid, int cell, int leaf);

/* The cells that hold a finest one, and how many those are at most. */
extern int	TipGridMostAbove(const TipGrid *grid);
extern int	TipGridAbove(const TipGrid *grid, int leaf, int *above);

/* Number of the cell that has these nodes, one of each dimension. */
extern int	TipGridCell(const TipGrid *grid, const int32 *node);

/* Read the arguments, in this order; each raises what is wrong with them. */
extern void TipGridTrees(TipGrid *grid, ArrayType *sizes, ArrayType *parents);
extern void TipGridLeaves(TipGrid *grid);
extern void TipGridCounts(TipGrid *grid, ArrayType *nodes, ArrayType *counts);
extern void TipGridTables(TipGrid *grid, ArrayType *tables);

/* A bound of all counts that tells nothing of these. */
extern int64 TipGridCap(const TipGrid *grid);

/* Elements of an array argument without nulls. */
extern void *TipGridArray(ArrayType *array, Oid type, const char *name,
						  int *count);
pg_noreturn extern void TipGridRefuse(const char *message);
pg_noreturn extern void TipGridTooLarge(void);

#endif							/* TIP_RELEASE_GRID_H */
