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
#include "release_choice.h"
#include "release_grid.h"

#define CELL_COLUMNS	8
#define PROOF_COLUMNS	7
#define UNBOUNDED		(-1)

/* Mark finest cells that a published or otherwise known zero holds. */
static bool
UnderZero(const TipGrid *grid, const bool *known, const int *above, int count)
{
	for (int k = 0; k < count; k++)
		if (grid->n[above[k]] == 0 &&
			(grid->planned[above[k]] || known[above[k]]))
			return true;
	return false;
}

/* The variables of each cell, as lists in one array. */
typedef struct Members
{
	int		   *start;			/* of a cell; one more than cells */
	int		   *var;
} Members;

/* What is not a public zero is a variable. */
static void
NumberVariables(TipGrid *grid, TipCube *cube, const bool *known)
{
	int		   *above = palloc(sizeof(int) * TipGridMostAbove(grid));

	grid->var_of = palloc0(sizeof(int) * (grid->leaves + 1));
	for (int l = 0; l < grid->leaves; l++)
	{
		int			leaf = grid->leaf_cell[l];
		int			count = TipGridAbove(grid, leaf, above);

		CHECK_FOR_INTERRUPTS();
		grid->var_of[l] = -1;
		if (grid->n[leaf] != 0 || !UnderZero(grid, known, above, count))
			grid->var_of[l] = cube->vars++;
	}
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
	pfree(above);
}

static Members
ListMembers(const TipGrid *grid)
{
	Members		members;
	int		   *above = palloc(sizeof(int) * TipGridMostAbove(grid));
	int		   *filled = palloc0(sizeof(int) * (grid->cells + 1));

	members.start = palloc0(sizeof(int) * (grid->cells + 1));
	members.var = NULL;
	for (int pass = 0; pass < 2; pass++)
	{
		for (int l = 0; l < grid->leaves; l++)
		{
			int			count;

			if (grid->var_of[l] < 0)
				continue;
			count = TipGridAbove(grid, grid->leaf_cell[l], above);
			for (int k = 0; k < count; k++)
			{
				int			cell = above[k];

				if (pass == 0)
					members.start[cell + 1]++;
				else
					members.var[members.start[cell] + filled[cell]++] =
						grid->var_of[l];
			}
		}
		if (pass == 1)
			break;
		for (int cell = 0; cell < grid->cells; cell++)
			members.start[cell + 1] += members.start[cell];
		members.var = palloc(sizeof(int) * (members.start[grid->cells] + 1));
	}
	pfree(above);
	pfree(filled);
	return members;
}

/* Groups by hash of their variables: slots of an open-addressing table. */
typedef struct Finder
{
	uint32		mask;
	int		   *slot;			/* group, or -1 */
} Finder;

static int
FindGroup(TipCube *cube, Finder *finder, const int *members, int count)
{
	uint32		at = hash_bytes((const unsigned char *) members,
								sizeof(int) * count);
	TipGroup   *group;

	for (;; at++)
	{
		int			g = finder->slot[at & finder->mask];

		if (g < 0)
			break;
		if (cube->group[g].count == count &&
			memcmp(cube->group[g].members, members, sizeof(int) * count) == 0)
			return g;
	}
	if (cube->groups == TIP_RELEASE_MAX_GROUPS)
		TipGridTooLarge();
	finder->slot[at & finder->mask] = cube->groups;
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
GatherGroups(TipGrid *grid, TipCube *cube, const int64 *cost,
			 const TipChoice *choice, int64 threshold)
{
	Members		members = ListMembers(grid);
	Finder		finder;

	finder.mask = 4 * TIP_RELEASE_MAX_GROUPS - 1;
	StaticAssertStmt((TIP_RELEASE_MAX_GROUPS &
					  (TIP_RELEASE_MAX_GROUPS - 1)) == 0,
					 "a table of hashes must be a power of two");
	finder.slot = palloc(sizeof(int) * (finder.mask + 1));
	memset(finder.slot, -1, sizeof(int) * (finder.mask + 1));
	cube->group = palloc(sizeof(TipGroup) * TIP_RELEASE_MAX_GROUPS);
	grid->group_of = palloc(sizeof(int) * grid->cells);
	for (int cell = 0; cell < grid->cells; cell++)
	{
		int			count = members.start[cell + 1] - members.start[cell];
		TipGroup   *group;

		CHECK_FOR_INTERRUPTS();
		grid->group_of[cell] = -1;
		if (count == 0)
			continue;
		grid->group_of[cell] = FindGroup(cube, &finder, members.var +
										 members.start[cell], count);
		group = &cube->group[grid->group_of[cell]];
		group->small = group->n > 0 && group->n < threshold;
		if (grid->planned[cell])
		{
			group->planned = true;
			group->cost += CellCost(grid, cell, cost) * choice->factor[cell];
		}
	}
	cube->cap = TipGridCap(grid);
	pfree(finder.slot);
	pfree(members.start);
	pfree(members.var);
}

/* The cells of a flat list of nodes, as marks. */
static bool *
MarkCells(const TipGrid *grid, ArrayType *nodes, const char *name)
{
	bool	   *marks = palloc0(sizeof(bool) * grid->cells);
	int			count;
	int32	   *node = TipGridArray(nodes, INT4OID, name, &count);

	if (count % grid->dims != 0)
		TipGridRefuse("a list of cells does not agree with the dimensions");
	for (int i = 0; i < count; i += grid->dims)
		marks[TipGridCell(grid, node + i)] = true;
	return marks;
}

/*
 * What is public already cannot be hidden; what was hidden must stay so.
 * A cell that is both is taken as public.
 */
static void
MarkGroups(const TipGrid *grid, TipCube *cube, const bool *known,
		   const bool *kept)
{
	for (int cell = 0; cell < grid->cells; cell++)
	{
		int			g = grid->group_of[cell];

		if (g >= 0 && known[cell])
			cube->group[g].known = true;
		if (!kept[cell] || known[cell])
			continue;
		if (g < 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("a cell that must stay hidden is empty now"),
					 errhint("Publish a period that does not overlap.")));
		cube->group[g].kept = true;
	}
	for (int g = 0; g < cube->groups; g++)
		cube->group[g].kept = cube->group[g].kept && !cube->group[g].known;
}

/* The group of a cell that is one node up in a dimension, or in all. */
static int
GroupAbove(const TipGrid *grid, int cell, int only)
{
	int32		node[TIP_RELEASE_MAX_DIMS];

	for (int d = 0; d < grid->dims; d++)
	{
		node[d] = TipGridNode(grid, cell, d);
		if (only < 0 || only == d)
			node[d] = grid->parent[d][node[d]];
	}
	return grid->group_of[TipGridCell(grid, node)];
}

/* Take the smaller of two windows, if it is wider than the group itself. */
static void
Narrow(const TipCube *cube, int g, int above, int *window)
{
	if (above != g && cube->group[above].count < cube->group[*window].count)
		*window = above;
}

/*
 * A small cell is protected by moving people among its neighbours: the cells
 * under the parents of its nodes.  If that does not do, the window widens in
 * one dimension at a time.  A small cube is looked at as a whole.
 */
static void
OpenWindows(const TipGrid *grid, TipCube *cube)
{
	for (int g = 0; g < cube->groups; g++)
		cube->group[g].window = cube->group[g].wider = grid->group_of[0];
	if (cube->vars <= TIP_RELEASE_SMALL)
		return;
	for (int cell = 0; cell < grid->cells; cell++)
	{
		int			g = grid->group_of[cell];

		if (g < 0)
			continue;
		Narrow(cube, g, GroupAbove(grid, cell, -1), &cube->group[g].window);
		for (int d = 0; d < grid->dims; d++)
			Narrow(cube, g, GroupAbove(grid, cell, d),
				   &cube->group[g].wider);
	}
}

/* Only who is to choose needs a choice. */
static TipCube *
BuildCube(TipGrid *grid, FunctionCallInfo fcinfo, const TipProtection *rule,
		  bool chooses)
{
	TipCube    *cube = palloc0(sizeof(TipCube));
	TipChoice	choice;
	int			costs;
	int64	   *cost;
	bool	   *known;
	bool	   *kept;

	TipGridTrees(grid, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	TipGridLeaves(grid);
	TipGridCounts(grid, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3));
	TipGridTables(grid, PG_GETARG_ARRAYTYPE_P(4));
	known = MarkCells(grid, PG_GETARG_ARRAYTYPE_P(12), "known");
	kept = MarkCells(grid, PG_GETARG_ARRAYTYPE_P(13), "kept");
	cost = TipGridArray(PG_GETARG_ARRAYTYPE_P(5), INT8OID, "costs", &costs);
	if (costs != 4)
		TipGridRefuse("costs are of a total, one-way, two-way, leaf cell");
	for (int i = 0; i < 4; i++)
		if (cost[i] < 1 || cost[i] > 1000000)
			TipGridRefuse("cell cost must be between 1 and 1000000");
	NumberVariables(grid, cube, known);
	TipChoose(grid, rule, cost, chooses, &choice);
	cube->seed = choice.seed;
	GatherGroups(grid, cube, cost, &choice, rule->threshold);
	MarkGroups(grid, cube, known, kept);
	OpenWindows(grid, cube);
	return cube;
}

static void
ReadPattern(const TipGrid *grid, TipCube *cube, ArrayType *pattern)
{
	bool	   *marks = MarkCells(grid, pattern, "pattern");

	for (int cell = 0; cell < grid->cells; cell++)
	{
		if (!marks[cell])
			continue;
		if (grid->group_of[cell] < 0)
			TipGridRefuse("a zero cannot be hidden");
		cube->group[grid->group_of[cell]].hidden =
			!cube->group[grid->group_of[cell]].known;
	}
	pfree(marks);
}

/* Is a group no public number? */
static bool
IsSecret(const TipGroup *group)
{
	if (group->known)
		return false;
	return group->planned ? group->hidden : group->small;
}

/* The attacker's bounds of every cell that is no public number. */
static void
Bounds(TipCube *cube, int64 *low, int64 *high)
{
	const int	nobody[2] = {-1, -1};
	TipAttack  *attack = TipAttackAll(cube);
	int64	   *table = palloc(sizeof(int64) * (cube->vars + 1));

	for (int g = 0; g < cube->groups; g++)
	{
		const TipGroup *group = &cube->group[g];

		low[g] = high[g] = group->n;
		if (!IsSecret(group))
			continue;
		if (TipAttackExtreme(attack, cube, g, nobody, false, &low[g],
							 table) != TIP_SOLVED ||
			TipAttackExtreme(attack, cube, g, nobody, true, &high[g],
							 table) != TIP_SOLVED)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("attacker's bounds cannot be found exactly"),
					 errhint("Use fewer or coarser dimensions.")));
		/* What nothing published bounds would show the cap. */
		if (high[g] > cube->cap / 2)
			high[g] = UNBOUNDED;
	}
	TipAttackClose(attack);
	pfree(table);
}

static Datum
NodeArray(const TipGrid *grid, int cell)
{
	Datum		node[TIP_RELEASE_MAX_DIMS];

	for (int d = 0; d < grid->dims; d++)
		node[d] = Int32GetDatum(TipGridNode(grid, cell, d));
	return PointerGetDatum(construct_array(node, grid->dims, INT4OID, 4, true,
										   TYPALIGN_INT));
}

static void
EmitCells(const TipGrid *grid, const TipCube *cube, const int64 *low,
		  const int64 *high, ReturnSetInfo *result)
{
	for (int cell = 0; cell < grid->cells; cell++)
	{
		Datum		values[CELL_COLUMNS];
		bool		nulls[CELL_COLUMNS] = {0};
		int			g = grid->group_of[cell];
		const TipGroup *group = g < 0 ? NULL : &cube->group[g];

		values[0] = NodeArray(grid, cell);
		values[1] = Int64GetDatum(grid->n[cell]);
		values[2] = Int32GetDatum(TipGridLevel(grid, cell));
		values[3] = BoolGetDatum(grid->planned[cell]);
		values[4] = BoolGetDatum(group != NULL && group->small);
		values[5] = BoolGetDatum(group != NULL && group->hidden);
		nulls[6] = nulls[7] = group == NULL || !IsSecret(group) ||
			low == NULL;
		if (!nulls[6])
		{
			values[6] = Int64GetDatum(low[g]);
			values[7] = Int64GetDatum(high[g]);
			nulls[7] = high[g] == UNBOUNDED;
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
}

static void
ReadRule(FunctionCallInfo fcinfo, TipProtection *rule)
{
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && i != 10)
			TipGridRefuse("argument must not be null");
	rule->threshold = PG_GETARG_INT32(6);
	rule->width = PG_GETARG_INT32(7);
	rule->reach = PG_GETARG_BOOL(8);
	if (rule->threshold < 1 || rule->threshold > 1000)
		TipGridRefuse("threshold must be between 1 and 1000");
	if (rule->width < 1 || rule->width > 1000)
		TipGridRefuse("width must be between 1 and 1000");
	if (PG_GETARG_INT32(9) < TIP_NO_INSIDERS ||
		PG_GETARG_INT32(9) > TIP_SINGLETON_PAIRS)
		TipGridRefuse("insiders must be 0, 1 or 2");
	rule->insiders = (TipInsiders) PG_GETARG_INT32(9);
}

PG_FUNCTION_INFO_V1(tip_protect_cells);

/*
 * protect_cells(sizes, parents, nodes, counts, tables, costs, threshold,
 * width, reach, insiders, pattern, bounds, known, kept): every cell of the
 * cube with its fate.  With a pattern nothing is chosen, and no key needed:
 * the attacker judges the pattern.
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
	ReadRule(fcinfo, &rule);
	cube = BuildCube(&grid, fcinfo, &rule, PG_ARGISNULL(10));
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

/* The witnesses: whole tables over the finest cells. */
static void
EmitTables(const TipGrid *grid, const TipCertificate *proof,
		   ReturnSetInfo *result)
{
	for (int t = 0; t < proof->tables; t++)
		for (int l = 0; l < grid->leaves; l++)
		{
			Datum		values[PROOF_COLUMNS] = {0};
			bool		nulls[PROOF_COLUMNS] = {0};
			int			var = grid->var_of[l];

			if (var < 0 || proof->table[t][var] == 0)
				continue;
			values[0] = CStringGetTextDatum("table");
			values[1] = Int32GetDatum(t + 1);
			values[2] = NodeArray(grid, grid->leaf_cell[l]);
			values[3] = Int64GetDatum(proof->table[t][var]);
			nulls[4] = nulls[5] = nulls[6] = true;
			tuplestore_putvalues(result->setResult, result->setDesc, values,
								 nulls);
		}
}

/* For each cell and attacker: two witnesses that differ there. */
static void
EmitProofs(const TipGrid *grid, const TipCertificate *proof,
		   ReturnSetInfo *result)
{
	int		   *leaf_of = palloc0(sizeof(int) * (grid->leaves + 1));

	for (int l = 0; l < grid->leaves; l++)
		if (grid->var_of[l] >= 0)
			leaf_of[grid->var_of[l]] = grid->leaf_cell[l];
	for (int cell = 0; cell < grid->cells; cell++)
	{
		int			g = grid->group_of[cell];

		for (int k = g < 0 ? -1 : proof->first[g]; k >= 0;
			 k = proof->proof[k].next)
		{
			const TipProof *mine = &proof->proof[k];
			Datum		values[PROOF_COLUMNS] = {0};
			bool		nulls[PROOF_COLUMNS] = {0};

			values[0] = CStringGetTextDatum("target");
			nulls[1] = nulls[3] = true;
			values[2] = NodeArray(grid, cell);
			values[4] = Int32GetDatum(mine->low + 1);
			values[5] = Int32GetDatum(mine->high + 1);
			nulls[6] = mine->insider < 0;
			if (!nulls[6])
				values[6] = NodeArray(grid, leaf_of[mine->insider]);
			tuplestore_putvalues(result->setResult, result->setDesc, values,
								 nulls);
		}
	}
	pfree(leaf_of);
}

PG_FUNCTION_INFO_V1(tip_certify_cells);

/*
 * certify_cells(arguments of protect_cells): for a pattern, tables that show
 * that nobody can tell, or an error where somebody can.
 */
Datum
tip_certify_cells(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TipGrid		grid = {0};
	TipCube    *cube;
	TipProtection rule;
	TipCertificate *proof;

	InitMaterializedSRF(fcinfo, 0);
	ReadRule(fcinfo, &rule);
	cube = BuildCube(&grid, fcinfo, &rule, false);
	if (PG_ARGISNULL(10))
		TipGridRefuse("argument must not be null");
	ReadPattern(&grid, cube, PG_GETARG_ARRAYTYPE_P(10));
	proof = TipCertify(cube, &rule);
	EmitTables(&grid, proof, result);
	EmitProofs(&grid, proof, result);
	return (Datum) 0;
}
