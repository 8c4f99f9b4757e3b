/*
 * release.c
 *		From a cube of counts to cells that may be published.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "release.h"

#define CELL_COLUMNS	8
#define MAX_INCIDENCE	50000000

/* A cell is one node of each dimension's tree; node 0 is the total. */
typedef struct Grid
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
} Grid;

static int
NodeOf(const Grid *grid, int cell, int dim)
{
	for (int d = grid->dims - 1; d > dim; d--)
		cell /= grid->size[d];
	return cell % grid->size[dim];
}

static int
Level(const Grid *grid, int cell)
{
	int			level = 0;

	for (int d = 0; d < grid->dims; d++)
		level += NodeOf(grid, cell, d) != 0;
	return level;
}

static bool
IsUnder(const Grid *grid, int dim, int node, int ancestor)
{
	while (node != ancestor && node != 0)
		node = grid->parent[dim][node];
	return node == ancestor;
}

static bool
Contains(const Grid *grid, int cell, int leaf)
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

static void *
ArrayData(ArrayType *array, Oid type, const char *name, int *count)
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

static void
BadArgument(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message)));
}

static void
TooManyCells(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("table has too many cells to be certified exactly"),
			 errhint("Use fewer or coarser dimensions.")));
}

static void
ReadDimension(Grid *grid, int dim, const int32 *parent)
{
	int			size = grid->size[dim];

	grid->parent[dim] = palloc0(sizeof(int) * size);
	grid->leaf[dim] = palloc(sizeof(bool) * size);
	grid->leaf[dim][0] = size == 1;
	for (int node = 1; node < size; node++)
	{
		if (parent[node] < 0 || parent[node] >= node)
			BadArgument("a parent must come before its children");
		grid->parent[dim][node] = parent[node];
		grid->leaf[dim][node] = true;
		grid->leaf[dim][parent[node]] = false;
	}
}

static void
ReadTrees(Grid *grid, ArrayType *sizes, ArrayType *parents)
{
	int			nodes;
	int64		total = 0;
	int64		cells = 1;
	int32	   *size = ArrayData(sizes, INT4OID, "sizes", &grid->dims);
	int32	   *parent = ArrayData(parents, INT4OID, "parents", &nodes);

	if (grid->dims < 1 || grid->dims > TIP_RELEASE_MAX_DIMS)
		BadArgument("a table has between 1 and 8 dimensions");
	grid->size = palloc(sizeof(int) * grid->dims);
	grid->parent = palloc(sizeof(int *) * grid->dims);
	grid->leaf = palloc(sizeof(bool *) * grid->dims);
	for (int d = 0; d < grid->dims; d++)
	{
		grid->size[d] = size[d];
		if (size[d] < 1 || total + size[d] > nodes)
			BadArgument("sizes do not agree with parents");
		cells *= size[d];
		if (cells > TIP_RELEASE_MAX_CELLS)
			TooManyCells();
		ReadDimension(grid, d, parent + total);
		total += size[d];
	}
	if (total != nodes)
		BadArgument("sizes do not agree with parents");
	grid->cells = (int) cells;
}

static bool
IsLeafCell(const Grid *grid, int cell)
{
	for (int d = grid->dims - 1; d >= 0; d--)
	{
		if (!grid->leaf[d][cell % grid->size[d]])
			return false;
		cell /= grid->size[d];
	}
	return true;
}

static void
ListLeaves(Grid *grid)
{
	grid->leaf_cell = palloc(sizeof(int) * grid->cells);
	for (int cell = 0; cell < grid->cells; cell++)
		if (IsLeafCell(grid, cell))
			grid->leaf_cell[grid->leaves++] = cell;
	if ((int64) grid->leaves * grid->cells > MAX_INCIDENCE)
		TooManyCells();
}

static int
CellNumber(const Grid *grid, const int32 *node)
{
	int			cell = 0;

	for (int d = 0; d < grid->dims; d++)
	{
		if (node[d] < 0 || node[d] >= grid->size[d])
			BadArgument("cell names a node that its dimension does not have");
		cell = cell * grid->size[d] + node[d];
	}
	return cell;
}

/* Counts of the leaves, and by addition of every margin. */
static void
ReadCounts(Grid *grid, ArrayType *nodes, ArrayType *counts)
{
	int			node_count;
	int			count;
	int32	   *node = ArrayData(nodes, INT4OID, "nodes", &node_count);
	int64	   *n = ArrayData(counts, INT8OID, "counts", &count);
	int64		total = 0;

	if ((int64) count * grid->dims != node_count)
		BadArgument("nodes do not agree with counts");
	grid->n = palloc0(sizeof(int64) * grid->cells);
	for (int i = 0; i < count; i++)
	{
		int			cell = CellNumber(grid, node + (size_t) i * grid->dims);

		if (!IsLeafCell(grid, cell))
			BadArgument("counts are given for the finest cells only");
		if (n[i] < 0 || n[i] > PG_INT32_MAX || total > PG_INT32_MAX)
			BadArgument("count is out of range");
		total += n[i];
		grid->n[cell] += n[i];
	}
	for (int cell = 0; cell < grid->cells; cell++)
	{
		CHECK_FOR_INTERRUPTS();
		if (IsLeafCell(grid, cell))
			continue;
		for (int l = 0; l < grid->leaves; l++)
			if (grid->n[grid->leaf_cell[l]] != 0 &&
				Contains(grid, cell, grid->leaf_cell[l]))
				grid->n[cell] += grid->n[grid->leaf_cell[l]];
	}
}

/* A cell is planned if a table has all the dimensions that it names. */
static void
ReadTables(Grid *grid, ArrayType *tables)
{
	bool		has[1 << TIP_RELEASE_MAX_DIMS] = {0};
	int			count;
	int32	   *table = ArrayData(tables, INT4OID, "tables", &count);

	grid->planned = palloc0(sizeof(bool) * grid->cells);
	for (int t = 0; t < count; t++)
	{
		unsigned int mask = table[t];

		if (mask >= 1U << grid->dims)
			BadArgument("table names a dimension that does not exist");
		has[mask] = true;
	}
	for (int cell = 0; cell < grid->cells; cell++)
	{
		int			used = 0;

		CHECK_FOR_INTERRUPTS();
		for (int d = 0; d < grid->dims; d++)
			used |= (NodeOf(grid, cell, d) != 0) << d;
		for (int t = 0; t < (1 << grid->dims); t++)
			if (has[t] && (used & ~t) == 0)
				grid->planned[cell] = true;
	}
}

/* What is not a public zero is a variable. */
static void
NumberVariables(Grid *grid, TipCube *cube)
{
	grid->var_of = palloc0(sizeof(int) * (grid->leaves + 1));
	for (int cell = 0; cell < grid->cells; cell++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!grid->planned[cell] || grid->n[cell] != 0)
			continue;
		for (int l = 0; l < grid->leaves; l++)
			if (Contains(grid, cell, grid->leaf_cell[l]))
				grid->var_of[l] = -1;
	}
	for (int l = 0; l < grid->leaves; l++)
		if (grid->var_of[l] == 0)
			grid->var_of[l] = cube->vars++;
	if (cube->vars > TIP_RELEASE_MAX_VARS)
		TooManyCells();
	cube->truth = palloc0(sizeof(int64) * (cube->vars + 1));
	cube->single = palloc(sizeof(int) * (cube->vars + 1));
	for (int l = 0; l < grid->leaves; l++)
		if (grid->var_of[l] >= 0)
		{
			cube->truth[grid->var_of[l]] = grid->n[grid->leaf_cell[l]];
			cube->single[grid->var_of[l]] = -1;
		}
}

static int
FindGroup(const TipCube *cube, const uint64 *hash, uint64 mine,
		  const int *members, int count)
{
	for (int g = 0; g < cube->groups; g++)
		if (hash[g] == mine && cube->group[g].count == count &&
			memcmp(cube->group[g].members, members,
				   sizeof(int) * count) == 0)
			return g;
	return -1;
}

static int
AddGroup(TipCube *cube, uint64 *hash, uint64 mine, const int *members,
		 int count)
{
	TipGroup   *group;

	if (cube->groups == TIP_RELEASE_MAX_GROUPS)
		TooManyCells();
	hash[cube->groups] = mine;
	group = &cube->group[cube->groups];
	memset(group, 0, sizeof(TipGroup));
	group->count = count;
	group->members = palloc(sizeof(int) * count);
	memcpy(group->members, members, sizeof(int) * count);
	for (int k = 0; k < count; k++)
		group->n += cube->truth[members[k]];
	if (count == 1)
		cube->single[members[0]] = cube->groups;
	return cube->groups++;
}

/* Level first; of one level a larger count is dearer, but only a little. */
static int64
CellCost(const Grid *grid, int cell, const int64 *cost)
{
	int64		digits = 0;

	for (int64 n = grid->n[cell]; n > 0 && digits < 7; n >>= 1)
		digits++;
	return cost[Min(Level(grid, cell), 3)] * 8 + digits;
}

static void
GatherGroups(Grid *grid, TipCube *cube, const int64 *cost, int64 threshold)
{
	uint64	   *hash = palloc(sizeof(uint64) * TIP_RELEASE_MAX_GROUPS);
	int		   *members = palloc(sizeof(int) * (cube->vars + 1));

	cube->group = palloc(sizeof(TipGroup) * TIP_RELEASE_MAX_GROUPS);
	grid->group_of = palloc(sizeof(int) * grid->cells);
	for (int cell = 0; cell < grid->cells; cell++)
	{
		int			count = 0;
		int			g;
		uint64		mine;

		CHECK_FOR_INTERRUPTS();
		for (int l = 0; l < grid->leaves; l++)
			if (grid->var_of[l] >= 0 &&
				Contains(grid, cell, grid->leaf_cell[l]))
				members[count++] = grid->var_of[l];
		grid->group_of[cell] = -1;
		if (count == 0)
			continue;
		mine = hash_bytes_extended((unsigned char *) members,
								   sizeof(int) * count, 0);
		g = FindGroup(cube, hash, mine, members, count);
		if (g < 0)
			g = AddGroup(cube, hash, mine, members, count);
		grid->group_of[cell] = g;
		cube->group[g].small = cube->group[g].n > 0 &&
			cube->group[g].n < threshold;
		if (grid->planned[cell])
		{
			cube->group[g].planned = true;
			cube->group[g].cost += CellCost(grid, cell, cost);
		}
	}
	cube->cap = 2 * grid->n[0] + 10 * threshold;
}

static TipCube *
BuildCube(Grid *grid, FunctionCallInfo fcinfo)
{
	TipCube    *cube = palloc0(sizeof(TipCube));
	int			costs;
	int64	   *cost;

	ReadTrees(grid, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	ListLeaves(grid);
	ReadCounts(grid, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3));
	ReadTables(grid, PG_GETARG_ARRAYTYPE_P(4));
	cost = ArrayData(PG_GETARG_ARRAYTYPE_P(5), INT8OID, "costs", &costs);
	if (costs != 4)
		BadArgument("costs are of a total, one-way, two-way, leaf cell");
	for (int i = 0; i < 4; i++)
		if (cost[i] < 1 || cost[i] > 1000000)
			BadArgument("cell cost must be between 1 and 1000000");
	NumberVariables(grid, cube);
	GatherGroups(grid, cube, cost, PG_GETARG_INT32(6));
	return cube;
}

static void
ReadPattern(const Grid *grid, TipCube *cube, ArrayType *pattern)
{
	int			count;
	int32	   *node = ArrayData(pattern, INT4OID, "pattern", &count);

	if (count % grid->dims != 0)
		BadArgument("pattern does not agree with the dimensions");
	for (int i = 0; i < count; i += grid->dims)
	{
		int			cell = CellNumber(grid, node + i);

		if (grid->group_of[cell] < 0)
			BadArgument("a zero cannot be hidden");
		cube->group[grid->group_of[cell]].hidden = true;
	}
}

/* The attacker's bounds of every hidden cell. */
static void
Bounds(const TipCube *cube, int64 *low, int64 *high)
{
	TipAttack  *attack = NULL;
	int64	   *table = palloc(sizeof(int64) * (cube->vars + 1));

	for (int g = 0; g < cube->groups; g++)
	{
		const TipGroup *group = &cube->group[g];

		low[g] = high[g] = group->n;
		if (group->planned ? !group->hidden : !group->small)
			continue;
		if (attack == NULL)
			attack = TipAttackOpen(cube, -1);
		if (!TipAttackExtreme(attack, group, false, &low[g], table) ||
			!TipAttackExtreme(attack, group, true, &high[g], table))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("attacker's bounds cannot be found exactly"),
					 errhint("Use fewer or coarser dimensions.")));
	}
	if (attack != NULL)
		TipAttackClose(attack);
}

static void
EmitCells(const Grid *grid, const TipCube *cube, const int64 *low,
		  const int64 *high, ReturnSetInfo *result)
{
	Datum	   *node = palloc(sizeof(Datum) * grid->dims);

	for (int cell = 0; cell < grid->cells; cell++)
	{
		Datum		values[CELL_COLUMNS];
		bool		nulls[CELL_COLUMNS] = {0};
		int			g = grid->group_of[cell];
		const TipGroup *group = g < 0 ? NULL : &cube->group[g];
		bool		shown = group == NULL ||
			(group->planned ? !group->hidden : !group->small);

		for (int d = 0; d < grid->dims; d++)
			node[d] = Int32GetDatum(NodeOf(grid, cell, d));
		values[0] = PointerGetDatum(construct_array(node, grid->dims, INT4OID,
													4, true, TYPALIGN_INT));
		values[1] = Int64GetDatum(grid->n[cell]);
		values[2] = Int32GetDatum(Level(grid, cell));
		values[3] = BoolGetDatum(grid->planned[cell]);
		values[4] = BoolGetDatum(group != NULL && group->small);
		values[5] = BoolGetDatum(group != NULL && group->hidden);
		nulls[6] = nulls[7] = shown || low == NULL;
		if (!nulls[6])
		{
			values[6] = Int64GetDatum(low[g]);
			values[7] = Int64GetDatum(high[g]);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
}

PG_FUNCTION_INFO_V1(tip_protect_cells);

/*
 * protect_cells(sizes, parents, nodes, counts, tables, costs, threshold,
 * width, reach, insiders, pattern, bounds): every cell of the cube with its
 * fate.  With a pattern nothing is chosen: the attacker judges the pattern.
 */
Datum
tip_protect_cells(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Grid		grid = {0};
	TipCube    *cube;
	TipProtection rule;
	int64	   *low = NULL;
	int64	   *high = NULL;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && i != 10)
			BadArgument("argument must not be null");
	rule.threshold = PG_GETARG_INT32(6);
	rule.width = PG_GETARG_INT32(7);
	rule.reach = PG_GETARG_BOOL(8);
	rule.insiders = PG_GETARG_BOOL(9);
	if (rule.threshold < 1 || rule.threshold > 1000)
		BadArgument("threshold must be between 1 and 1000");
	if (rule.width < 1 || rule.width > 1000)
		BadArgument("width must be between 1 and 1000");

	cube = BuildCube(&grid, fcinfo);
	if (PG_ARGISNULL(10))
		TipSuppress(cube, &rule);
	else
		ReadPattern(&grid, cube, PG_GETARG_ARRAYTYPE_P(10));
	if (PG_GETARG_BOOL(11))
	{
		low = palloc(sizeof(int64) * (cube->groups + 1));
		high = palloc(sizeof(int64) * (cube->groups + 1));
		Bounds(cube, low, high);
	}
	EmitCells(&grid, cube, low, high, result);
	return (Datum) 0;
}
