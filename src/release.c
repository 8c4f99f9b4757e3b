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
#include "release_grid.h"

#define CELL_COLUMNS	8

/* What is not a public zero is a variable. */
static void
NumberVariables(TipGrid *grid, TipCube *cube)
{
	grid->var_of = palloc0(sizeof(int) * (grid->leaves + 1));
	for (int cell = 0; cell < grid->cells; cell++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!grid->planned[cell] || grid->n[cell] != 0)
			continue;
		for (int l = 0; l < grid->leaves; l++)
			if (TipGridContains(grid, cell, grid->leaf_cell[l]))
				grid->var_of[l] = -1;
	}
	for (int l = 0; l < grid->leaves; l++)
		if (grid->var_of[l] == 0)
			grid->var_of[l] = cube->vars++;
	if (cube->vars > TIP_RELEASE_MAX_VARS)
		TipGridTooLarge();
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
		TipGridTooLarge();
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
CellCost(const TipGrid *grid, int cell, const int64 *cost)
{
	int64		digits = 0;

	for (int64 n = grid->n[cell]; n > 0 && digits < 7; n >>= 1)
		digits++;
	return cost[Min(TipGridLevel(grid, cell), 3)] * 8 + digits;
}

static void
GatherGroups(TipGrid *grid, TipCube *cube, const int64 *cost, int64 threshold)
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
				TipGridContains(grid, cell, grid->leaf_cell[l]))
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
BuildCube(TipGrid *grid, FunctionCallInfo fcinfo)
{
	TipCube    *cube = palloc0(sizeof(TipCube));
	int			costs;
	int64	   *cost;

	TipGridTrees(grid, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	TipGridLeaves(grid);
	TipGridCounts(grid, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3));
	TipGridTables(grid, PG_GETARG_ARRAYTYPE_P(4));
	cost = TipGridArray(PG_GETARG_ARRAYTYPE_P(5), INT8OID, "costs", &costs);
	if (costs != 4)
		TipGridRefuse("costs are of a total, one-way, two-way, leaf cell");
	for (int i = 0; i < 4; i++)
		if (cost[i] < 1 || cost[i] > 1000000)
			TipGridRefuse("cell cost must be between 1 and 1000000");
	NumberVariables(grid, cube);
	GatherGroups(grid, cube, cost, PG_GETARG_INT32(6));
	return cube;
}

static void
ReadPattern(const TipGrid *grid, TipCube *cube, ArrayType *pattern)
{
	int			count;
	int32	   *node = TipGridArray(pattern, INT4OID, "pattern", &count);

	if (count % grid->dims != 0)
		TipGridRefuse("pattern does not agree with the dimensions");
	for (int i = 0; i < count; i += grid->dims)
	{
		int			cell = TipGridCell(grid, node + i);

		if (grid->group_of[cell] < 0)
			TipGridRefuse("a zero cannot be hidden");
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
EmitCells(const TipGrid *grid, const TipCube *cube, const int64 *low,
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
			node[d] = Int32GetDatum(TipGridNode(grid, cell, d));
		values[0] = PointerGetDatum(construct_array(node, grid->dims, INT4OID,
													4, true, TYPALIGN_INT));
		values[1] = Int64GetDatum(grid->n[cell]);
		values[2] = Int32GetDatum(TipGridLevel(grid, cell));
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
	TipGrid		grid = {0};
	TipCube    *cube;
	TipProtection rule;
	int64	   *low = NULL;
	int64	   *high = NULL;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && i != 10)
			TipGridRefuse("argument must not be null");
	rule.threshold = PG_GETARG_INT32(6);
	rule.width = PG_GETARG_INT32(7);
	rule.reach = PG_GETARG_BOOL(8);
	rule.insiders = PG_GETARG_BOOL(9);
	if (rule.threshold < 1 || rule.threshold > 1000)
		TipGridRefuse("threshold must be between 1 and 1000");
	if (rule.width < 1 || rule.width > 1000)
		TipGridRefuse("width must be between 1 and 1000");

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
