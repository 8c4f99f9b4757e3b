/*
 * release_suppress.c
 *		Which cells to hide besides the small ones.
 *
 * Audit, repair, prune.  An audit asks the attacker for two whole tables per
 * small cell that agree with everything published and lie far enough apart;
 * a table once found serves every cell.  A repair moves the true table, at
 * the least cost of published cells that change, until the cell has moved
 * enough, and hides what changed.  Pruning publishes again what turned out
 * not to be needed.  Only the last audit, made afresh, certifies.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "release.h"

#define OUTSIDER	(-1)
#define NO_GROUP	(-1)

/* A table that the attacker cannot rule out, as the sums of all groups. */
typedef struct Witness
{
	int64	   *sum;
	bool		dropped;
} Witness;

typedef struct Work
{
	TipCube    *cube;
	const TipProtection *rule;
	Witness    *witness;
	int			witnesses;
	int			capacity;
	int		   *scenario;		/* variable that is known, or OUTSIDER */
	int			scenarios;
	int64	   *table;			/* scratch: one count per variable */
} Work;

static int64
SumOf(const TipGroup *group, const int64 *table)
{
	int64		sum = 0;

	for (int k = 0; k < group->count; k++)
		sum += table[group->members[k]];
	return sum;
}

/* Does a table agree with all that is published? */
static bool
Possible(const TipCube *cube, const int64 *sum)
{
	for (int g = 0; g < cube->groups; g++)
	{
		const TipGroup *group = &cube->group[g];

		if (!group->planned)
			continue;
		if (group->hidden ? sum[g] < 1 : sum[g] != group->n)
			return false;
	}
	return true;
}

static void
Remember(Work *work, const int64 *table)
{
	TipCube    *cube = work->cube;
	Witness    *witness;

	if (work->witnesses == work->capacity)
	{
		work->capacity *= 2;
		work->witness = repalloc(work->witness,
								 sizeof(Witness) * work->capacity);
	}
	witness = &work->witness[work->witnesses];
	witness->sum = palloc(sizeof(int64) * (cube->groups + 1));
	witness->dropped = false;
	for (int g = 0; g < cube->groups; g++)
		witness->sum[g] = SumOf(&cube->group[g], table);
	if (Possible(cube, witness->sum))
		work->witnesses++;
	else
		pfree(witness->sum);
}

/* What an insider knows: a single person is alone in the own finest cell. */
static bool
KnownSum(const Work *work, int scenario, const int64 *sum)
{
	return scenario == OUTSIDER ||
		sum[work->cube->single[scenario]] == work->cube->truth[scenario];
}

static bool
WideEnough(const Work *work, int scenario, int64 low, int64 high)
{
	if (scenario != OUTSIDER)
		return high > low;
	if (work->rule->reach && high < work->rule->threshold)
		return false;
	return high - low >= work->rule->width;
}

/* An insider learns nothing about others from the own cell under two names. */
static bool
IsTarget(const Work *work, int scenario, int g)
{
	const TipGroup *group = &work->cube->group[g];

	if (!group->small)
		return false;
	return scenario == OUTSIDER || group->count > 1 ||
		group->members[0] != scenario;
}

static void
KnownRange(const Work *work, int scenario, int g, int64 *low, int64 *high)
{
	*low = *high = work->cube->group[g].n;
	for (int w = 0; w < work->witnesses; w++)
	{
		const Witness *witness = &work->witness[w];

		if (witness->dropped || !KnownSum(work, scenario, witness->sum))
			continue;
		*low = Min(*low, witness->sum[g]);
		*high = Max(*high, witness->sum[g]);
	}
}

/* Ask the attacker about one target; false if it is not protected. */
static bool
TargetHolds(Work *work, TipAttack **attack, int scenario, int g)
{
	const TipGroup *group = &work->cube->group[g];
	int64		low;
	int64		high;

	KnownRange(work, scenario, g, &low, &high);
	for (int side = 0; side < 2; side++)
	{
		int64		value = group->n;

		if (WideEnough(work, scenario, low, high))
			return true;
		if (*attack == NULL)
			*attack = TipAttackOpen(work->cube, scenario);
		memcpy(work->table, work->cube->truth,
			   sizeof(int64) * work->cube->vars);
		TipAttackExtreme(*attack, group, side == 0, &value, work->table);
		low = Min(low, value);
		high = Max(high, value);
		if (value != group->n)
			Remember(work, work->table);
	}
	return WideEnough(work, scenario, low, high);
}

/* The first target that an attacker can pin down, or NO_GROUP. */
static int
FindBroken(Work *work, int *scenario)
{
	for (int s = 0; s < work->scenarios; s++)
	{
		TipAttack  *attack = NULL;
		int			broken = NO_GROUP;

		*scenario = work->scenario[s];
		for (int g = 0; g < work->cube->groups && broken < 0; g++)
			if (IsTarget(work, *scenario, g) &&
				!TargetHolds(work, &attack, *scenario, g))
				broken = g;
		if (attack != NULL)
			TipAttackClose(attack);
		if (broken >= 0)
			return broken;
	}
	return NO_GROUP;
}

/*
 * The repair program.  Columns: up and down of each variable, up and down of
 * each published sum of several.  Rows: the sums, the limits of going down,
 * and the distance that the target must move.
 */
typedef struct Repair
{
	int			rows;
	int			columns;
	int		   *up;				/* column of a variable, -1: fixed */
	int		   *down;
	int		   *change;			/* first column of a group, -1: free */
	int64	   *gain;
} Repair;

static int64
MoveCost(const TipCube *cube, int var)
{
	int			single = cube->single[var];

	if (single < 0 || !cube->group[single].planned ||
		cube->group[single].hidden)
		return 0;
	return cube->group[single].cost;
}

static void
PlanColumns(const Work *work, Repair *repair, int scenario)
{
	const TipCube *cube = work->cube;

	repair->up = palloc(sizeof(int) * (cube->vars + 1));
	repair->down = palloc(sizeof(int) * (cube->vars + 1));
	repair->change = palloc(sizeof(int) * (cube->groups + 1));
	repair->rows = 1;
	repair->columns = 0;
	for (int var = 0; var < cube->vars; var++)
	{
		int			single = cube->single[var];
		int64		least = single >= 0 && cube->group[single].planned;

		repair->up[var] = var == scenario ? -1 : repair->columns++;
		repair->down[var] = -1;
		if (var == scenario || cube->truth[var] <= least)
			continue;
		repair->down[var] = repair->columns++;
		repair->columns++;		/* slack of its limit */
		repair->rows++;
	}
	for (int g = 0; g < cube->groups; g++)
	{
		const TipGroup *group = &cube->group[g];

		repair->change[g] = -1;
		if (!group->planned || group->hidden || group->count < 2)
			continue;
		repair->change[g] = repair->columns;
		repair->columns += 2;
		repair->rows++;
	}
}

static void
FillSum(const TipGroup *group, const Repair *repair, TipLp *lp, int row,
		int64 sign)
{
	for (int k = 0; k < group->count; k++)
	{
		int			var = group->members[k];

		if (repair->up[var] >= 0)
			TipLpAt(lp, row, repair->up[var]) = sign;
		if (repair->down[var] >= 0)
			TipLpAt(lp, row, repair->down[var]) = -sign;
	}
}

static TipLp *
BuildRepair(const Work *work, Repair *repair, int target, int64 distance)
{
	const TipCube *cube = work->cube;
	TipLp	   *lp = TipLpNew(repair->rows, repair->columns);
	int			row = 0;

	repair->gain = palloc0(sizeof(int64) * (repair->columns + 1));
	for (int var = 0; var < cube->vars; var++)
	{
		int			down = repair->down[var];
		int			single = cube->single[var];

		if (repair->up[var] >= 0)
			repair->gain[repair->up[var]] = -MoveCost(cube, var);
		if (down < 0)
			continue;
		repair->gain[down] = -MoveCost(cube, var);
		TipLpAt(lp, row, down) = 1;
		TipLpAt(lp, row, down + 1) = 1;
		TipLpRhs(lp, row) = cube->truth[var] -
			(single >= 0 && cube->group[single].planned ? 1 : 0);
		lp->basis[row++] = down + 1;
	}
	for (int g = 0; g < cube->groups; g++)
	{
		int			change = repair->change[g];

		if (change < 0)
			continue;
		FillSum(&cube->group[g], repair, lp, row, -1);
		TipLpAt(lp, row, change) = 1;
		TipLpAt(lp, row, change + 1) = -1;
		repair->gain[change] = -cube->group[g].cost;
		repair->gain[change + 1] = -cube->group[g].cost;
		lp->basis[row++] = change;
	}
	FillSum(&cube->group[target], repair, lp, row, distance > 0 ? 1 : -1);
	TipLpRhs(lp, row) = distance > 0 ? distance : -distance;
	return lp;
}

/* Hide each published group that the repair moves; count them. */
static int
HideMoved(TipCube *cube, const Repair *repair, const TipLp *lp)
{
	int			hidden = 0;
	bool	   *moves = palloc0(sizeof(bool) * (repair->columns + 1));

	for (int i = 0; i < lp->rows; i++)
		if (TipLpRhs(lp, i) != 0)
			moves[lp->basis[i]] = true;
	for (int g = 0; g < cube->groups; g++)
	{
		TipGroup   *group = &cube->group[g];
		int			up = repair->change[g];
		int			down = up + 1;

		if (!group->planned || group->hidden || group->count == 0)
			continue;
		if (group->count == 1)
		{
			up = repair->up[group->members[0]];
			down = repair->down[group->members[0]];
		}
		if ((up >= 0 && moves[up]) || (down > 0 && moves[down]))
		{
			group->hidden = true;
			hidden++;
		}
	}
	pfree(moves);
	return hidden;
}

/* Move the target by distance at least cost; false if it cannot move. */
static bool
SolveRepair(const Work *work, int scenario, int target, int64 distance,
			Repair *repair, TipLp **lp, int64 *cost)
{
	PlanColumns(work, repair, scenario);
	*lp = BuildRepair(work, repair, target, distance);
	if (!TipLpFeasible(*lp))
		return false;
	TipLpSetObjective(*lp, repair->gain);
	if (!TipLpMaximize(*lp))
		elog(ERROR, "cost of a repair is unbounded");
	*cost = -TipLpRhs(*lp, (*lp)->rows) / (*lp)->det;
	return true;
}

/* Where moving whole persons needs more: hide the cheapest cell at hand. */
static int
HideNeighbour(TipCube *cube, int target)
{
	TipGroup   *best = NULL;
	bool	   *near = palloc0(sizeof(bool) * (cube->vars + 1));

	for (int k = 0; k < cube->group[target].count; k++)
		near[cube->group[target].members[k]] = true;
	for (int pass = 0; pass < 2 && best == NULL; pass++)
		for (int g = 0; g < cube->groups; g++)
		{
			TipGroup   *group = &cube->group[g];
			bool		touches = pass == 1;

			if (!group->planned || group->hidden || group->count == 0)
				continue;
			for (int k = 0; k < group->count && !touches; k++)
				touches = near[group->members[k]];
			if (touches && (best == NULL || group->cost < best->cost))
				best = group;
		}
	pfree(near);
	if (best == NULL)
		return 0;
	best->hidden = true;
	return 1;
}

static void
RepairTarget(Work *work, int scenario, int target)
{
	TipCube    *cube = work->cube;
	const TipProtection *rule = work->rule;
	int64		up = scenario == OUTSIDER ? rule->width : 1;
	int64		cheapest = PG_INT64_MAX;
	Repair		best = {0};
	TipLp	   *best_lp = NULL;
	MemoryContext old;
	MemoryContext mine;
	int			hidden = 0;

	if (scenario == OUTSIDER && rule->reach)
		up = Max(up, rule->threshold - cube->group[target].n);
	mine = AllocSetContextCreate(CurrentMemoryContext, "tip repair",
								 ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(mine);
	for (int side = 0; side < 2; side++)
	{
		Repair		repair = {0};
		TipLp	   *lp;
		int64		cost;

		if (side == 1 && (scenario != OUTSIDER || !rule->reach))
			up = -up;
		else if (side == 1)
			break;
		if (SolveRepair(work, scenario, target, up, &repair, &lp, &cost) &&
			cost < cheapest)
		{
			cheapest = cost;
			best = repair;
			best_lp = lp;
		}
	}
	if (best_lp != NULL)
		hidden = HideMoved(cube, &best, best_lp);
	if (hidden == 0)
		hidden = HideNeighbour(cube, target);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(mine);
	if (hidden == 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table cannot be protected"),
				 errhint("Use a longer period or fewer dimensions.")));
}

static void
RepairAll(Work *work)
{
	int			scenario;
	int			broken;

	while ((broken = FindBroken(work, &scenario)) >= 0)
		RepairTarget(work, scenario, broken);
}

static void
DropImpossible(Work *work, int g)
{
	for (int w = 0; w < work->witnesses; w++)
		work->witness[w].dropped =
			work->witness[w].sum[g] != work->cube->group[g].n;
}

static void
ForgetDropped(Work *work, bool really)
{
	int			kept = 0;

	for (int w = 0; w < work->witnesses; w++)
	{
		if (really && work->witness[w].dropped)
			pfree(work->witness[w].sum);
		else
		{
			work->witness[kept] = work->witness[w];
			work->witness[kept++].dropped = false;
		}
	}
	work->witnesses = kept;
}

/* Publish again, dearest first, whatever the attacker cannot use. */
static void
Prune(Work *work)
{
	TipCube    *cube = work->cube;
	bool	   *tried = palloc0(sizeof(bool) * (cube->groups + 1));

	for (;;)
	{
		int			dearest = NO_GROUP;
		int			scenario;
		bool		safe;

		for (int g = 0; g < cube->groups; g++)
			if (cube->group[g].planned && cube->group[g].hidden &&
				!cube->group[g].small && !tried[g] &&
				(dearest < 0 || cube->group[g].cost >
				 cube->group[dearest].cost))
				dearest = g;
		if (dearest < 0)
			break;
		tried[dearest] = true;
		cube->group[dearest].hidden = false;
		DropImpossible(work, dearest);
		safe = FindBroken(work, &scenario) < 0;
		if (!safe)
			cube->group[dearest].hidden = true;
		ForgetDropped(work, safe);
	}
	pfree(tried);
}

static void
ListScenarios(Work *work)
{
	const TipCube *cube = work->cube;

	work->scenario = palloc(sizeof(int) * (cube->vars + 1));
	work->scenario[work->scenarios++] = OUTSIDER;
	for (int var = 0; work->rule->insiders && var < cube->vars; var++)
		if (cube->truth[var] == 1 && cube->single[var] >= 0)
			work->scenario[work->scenarios++] = var;
}

/* Hide what must be hidden, until a fresh attacker finds nothing. */
void
TipSuppress(TipCube *cube, const TipProtection *rule)
{
	Work		work = {0};
	int			scenario;

	work.cube = cube;
	work.rule = rule;
	work.capacity = 64;
	work.witness = palloc(sizeof(Witness) * work.capacity);
	work.table = palloc(sizeof(int64) * (cube->vars + 1));
	ListScenarios(&work);

	for (int g = 0; g < cube->groups; g++)
		cube->group[g].hidden = cube->group[g].planned && cube->group[g].small;
	RepairAll(&work);
	Prune(&work);

	work.witnesses = 0;
	if (FindBroken(&work, &scenario) >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table cannot be certified"),
				 errhint("Use a longer period or fewer dimensions.")));
}
