/*
 * release_grid.c
 *		Read a cube: trees, counts of the finest cells, tables.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"

#include "release.h"
#include "release_grid.h"

/* Pairs of a finest cell and a cell above it that are listed at most. */
#define MAX_INCIDENCE	20000000

int
TipGridNode(const TipGrid *grid, int cell, int dim)
{
	for (int d = grid->dims - 1; d > dim; d--)
		cell /= grid->size[d];
	return cell % grid->size[dim];
}

int
TipGridLevel(const TipGrid *grid, int cell)
{
	int			level = 0;

	for (int d = 0; d < grid->dims; d++)
		level += TipGridNode(grid, cell, d) != 0;
	return level;
}

static bool
IsUnder(const TipGrid *grid, int dim, int node, int ancestor)
{
	while (node != ancestor && node != 0)
		node = grid->parent[dim][node];
	return node == ancestor;
}

bool
TipGridContains(const TipGrid *grid, int cell, int leaf)
{
	for (int d = grid->dims - 1; d >= 0; d--)
	{
		int			node = cell % grid->size[d];

		if (node != 0 && !IsUnder(grid, d, leaf % grid->size[d], node))
			return false;
		cell /= grid->size[d];
		leaf /= grid->size[d];
	}
	return true;
}

/* How many cells at most hold one finest cell, itself among them. */
int
TipGridMostAbove(const TipGrid *grid)
{
	int64		most = 1;

	for (int d = 0; d < grid->dims; d++)
	{
		int			deepest = 1;

		for (int node = 1; node < grid->size[d]; node++)
		{
			int			depth = 2;

			for (int up = grid->parent[d][node]; up != 0;
				 up = grid->parent[d][up])
				depth++;
			deepest = Max(deepest, depth);
		}
		most *= deepest;
		if (most * grid->leaves > MAX_INCIDENCE)
			TipGridTooLarge();
	}
	return (int) most;
}

/* The cells that hold a finest cell, itself first; returns how many. */
int
TipGridAbove(const TipGrid *grid, int leaf, int *above)
{
	int			count = 1;
	int			rest = leaf;
	int			weight = 1;

	above[0] = leaf;
	for (int d = grid->dims - 1; d >= 0; d--)
	{
		int			own = rest % grid->size[d];
		int			before = count;

		for (int node = own; node != 0;)
		{
			node = grid->parent[d][node];
			for (int k = 0; k < before; k++)
				above[count++] = above[k] + (node - own) * weight;
		}
		rest /= grid->size[d];
		weight *= grid->size[d];
	}
	return count;
}

void *
TipGridArray(ArrayType *array, Oid type, const char *name, int *count)
{
	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array) ||
		ARR_ELEMTYPE(array) != type)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be a one-dimensional array without nulls",
						name)));
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return ARR_DATA_PTR(array);
}

void
TipGridRefuse(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message)));
}

void
TipGridTooLarge(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("table has too many cells to be certified exactly"),
			 errhint("Use fewer or coarser dimensions.")));
}

static void
ReadDimension(TipGrid *grid, int dim, const int32 *parent)
{
	int			size = grid->size[dim];

	grid->parent[dim] = palloc0(sizeof(int) * size);
	grid->leaf[dim] = palloc(sizeof(bool) * size);
	grid->leaf[dim][0] = size == 1;
	for (int node = 1; node < size; node++)
	{
		if (parent[node] < 0 || parent[node] >= node)
			TipGridRefuse("a parent must come before its children");
		grid->parent[dim][node] = parent[node];
		grid->leaf[dim][node] = true;
		grid->leaf[dim][parent[node]] = false;
	}
}

void
TipGridTrees(TipGrid *grid, ArrayType *sizes, ArrayType *parents)
{
	int			nodes;
	int64		total = 0;
	int64		cells = 1;
	int32	   *size = TipGridArray(sizes, INT4OID, "sizes", &grid->dims);
	int32	   *parent = TipGridArray(parents, INT4OID, "parents", &nodes);

	if (grid->dims < 1 || grid->dims > TIP_RELEASE_MAX_DIMS)
		TipGridRefuse("a table has between 1 and 8 dimensions");
	grid->size = palloc(sizeof(int) * grid->dims);
	grid->parent = palloc(sizeof(int *) * grid->dims);
	grid->leaf = palloc(sizeof(bool *) * grid->dims);
	for (int d = 0; d < grid->dims; d++)
	{
		grid->size[d] = size[d];
		if (size[d] < 1 || total + size[d] > nodes)
			TipGridRefuse("sizes do not agree with parents");
		cells *= size[d];
		if (cells > TIP_RELEASE_MAX_CELLS)
			TipGridTooLarge();
		ReadDimension(grid, d, parent + total);
		total += size[d];
	}
	if (total != nodes)
		TipGridRefuse("sizes do not agree with parents");
	grid->cells = (int) cells;
}

static bool
IsLeafCell(const TipGrid *grid, int cell)
{
	for (int d = grid->dims - 1; d >= 0; d--)
	{
		if (!grid->leaf[d][cell % grid->size[d]])
			return false;
		cell /= grid->size[d];
	}
	return true;
}

void
TipGridLeaves(TipGrid *grid)
{
	grid->leaf_cell = palloc(sizeof(int) * grid->cells);
	for (int cell = 0; cell < grid->cells; cell++)
		if (IsLeafCell(grid, cell))
			grid->leaf_cell[grid->leaves++] = cell;
}

int
TipGridCell(const TipGrid *grid, const int32 *node)
{
	int			cell = 0;

	for (int d = 0; d < grid->dims; d++)
	{
		if (node[d] < 0 || node[d] >= grid->size[d])
			TipGridRefuse("cell names a node that its dimension does not have");
		cell = cell * grid->size[d] + node[d];
	}
	return cell;
}

/* Counts of the leaves, and by addition of every margin. */
void
TipGridCounts(TipGrid *grid, ArrayType *nodes, ArrayType *counts)
{
	int			node_count;
	int			count;
	int32	   *node = TipGridArray(nodes, INT4OID, "nodes", &node_count);
	int64	   *n = TipGridArray(counts, INT8OID, "counts", &count);
	int64		total = 0;
	int		   *above;

	if ((int64) count * grid->dims != node_count)
		TipGridRefuse("nodes do not agree with counts");
	grid->n = palloc0(sizeof(int64) * grid->cells);
	for (int i = 0; i < count; i++)
	{
		int			cell = TipGridCell(grid, node + (size_t) i * grid->dims);

		if (!IsLeafCell(grid, cell))
			TipGridRefuse("counts are given for the finest cells only");
		if (n[i] < 0 || n[i] > PG_INT32_MAX || total > PG_INT32_MAX)
			TipGridRefuse("count is out of range");
		total += n[i];
		grid->n[cell] += n[i];
	}
	above = palloc(sizeof(int) * TipGridMostAbove(grid));
	for (int l = 0; l < grid->leaves; l++)
	{
		int			leaf = grid->leaf_cell[l];
		int			cells;

		CHECK_FOR_INTERRUPTS();
		if (grid->n[leaf] == 0)
			continue;
		cells = TipGridAbove(grid, leaf, above);
		for (int k = 0; k < cells; k++)
			if (above[k] != leaf)
				grid->n[above[k]] += grid->n[leaf];
	}
	pfree(above);
}

/*
 * What a count is taken to be below.  It must not tell a total that is hidden:
 * one number will do for all but the largest tables.
 */
int64
TipGridCap(const TipGrid *grid)
{
	if (grid->n[0] <= 500 * 1000)
		return 1000 * 1000;
	if (grid->n[0] > 1000 * 1000 * 1000)
		TipGridRefuse("count is out of range");
	return 2000 * 1000 * 1000;
}

/* A cell is planned if a table has all the dimensions that it names. */
void
TipGridTables(TipGrid *grid, ArrayType *tables)
{
	bool		has[1 << TIP_RELEASE_MAX_DIMS] = {0};
	int			count;
	int32	   *table = TipGridArray(tables, INT4OID, "tables", &count);

	grid->planned = palloc0(sizeof(bool) * grid->cells);
	for (int t = 0; t < count; t++)
	{
		unsigned int mask = table[t];

		if (mask >= 1U << grid->dims)
			TipGridRefuse("table names a dimension that does not exist");
		has[mask] = true;
	}
	for (int cell = 0; cell < grid->cells; cell++)
	{
		int			used = 0;

		CHECK_FOR_INTERRUPTS();
		for (int d = 0; d < grid->dims; d++)
			used |= (TipGridNode(grid, cell, d) != 0) << d;
		for (int t = 0; t < (1 << grid->dims); t++)
			if (has[t] && (used & ~t) == 0)
				grid->planned[cell] = true;
	}
}
