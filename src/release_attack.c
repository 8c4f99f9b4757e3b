/*
 * release_attack.c
 *		The attacker: exact integer bounds of a hidden count.
 *
 * Known to the attacker: every published number and that totals add up, that
 * a hidden cell is at least 1 (zeros are published), and, for an insider, one
 * own cell.  A linear bound alone is no proof, so fractional optima are split
 * until the bound is one that whole persons can reach.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "release.h"

static bool
Known(const TipCube *cube, int pinned, int var)
{
	int			single = cube->single[var];

	if (var == pinned)
		return true;
	return single >= 0 && cube->group[single].planned &&
		!cube->group[single].hidden;
}

static int64
LeastCount(const TipCube *cube, int var)
{
	int			single = cube->single[var];

	return single >= 0 && cube->group[single].planned ? 1 : 0;
}

/*
 * Does a group say something that its variables do not?  *at_least is set
 * for a hidden group, of which only "not zero" is known.
 */
static bool
IsRelation(const TipAttack *attack, const TipGroup *group, bool *at_least)
{
	int			open = 0;

	*at_least = group->hidden;
	if (!group->planned || group->count < 2)
		return false;
	for (int k = 0; k < group->count; k++)
	{
		int			var = group->members[k];

		if (attack->column[var] >= 0)
			open++;
		if (!group->hidden)
			continue;
		if (attack->low[var] > 0 ||
			(attack->column[var] < 0 && attack->cube->truth[var] > 0))
			return false;
	}
	return open > 0;
}

static void
FillRelation(TipAttack *attack, const TipGroup *group, int row, int slack)
{
	const TipCube *cube = attack->cube;
	TipLp	   *lp = attack->lp;
	int64		rest = group->hidden ? 1 : group->n;

	for (int k = 0; k < group->count; k++)
	{
		int			var = group->members[k];

		if (attack->column[var] < 0)
			rest -= cube->truth[var];
		else
		{
			rest -= attack->low[var];
			TipLpAt(lp, row, attack->column[var]) = 1;
		}
	}
	if (slack >= 0)
		TipLpAt(lp, row, slack) = -1;
	TipLpRhs(lp, row) = rest;
}

/* Nothing public bounds the total: take a bound no attacker has, but finite. */
static void
FillCap(TipAttack *attack, int row, int slack)
{
	const TipCube *cube = attack->cube;
	int64		rest = cube->cap;

	for (int var = 0; var < cube->vars; var++)
	{
		if (attack->column[var] < 0)
			rest -= cube->truth[var];
		else
		{
			rest -= attack->low[var];
			TipLpAt(attack->lp, row, attack->column[var]) = 1;
		}
	}
	TipLpAt(attack->lp, row, slack) = 1;
	TipLpRhs(attack->lp, row) = rest;
	attack->lp->basis[row] = slack;
}

static void
BuildProgram(TipAttack *attack, int columns)
{
	const TipCube *cube = attack->cube;
	int			rows = 1;
	int			slacks = 1;
	int			row = 0;
	int			slack = columns;
	bool		at_least;

	for (int g = 0; g < cube->groups; g++)
		if (IsRelation(attack, &cube->group[g], &at_least))
		{
			rows++;
			slacks += at_least ? 1 : 0;
		}

	attack->lp = TipLpNew(rows, columns + slacks);
	for (int g = 0; g < cube->groups; g++)
		if (IsRelation(attack, &cube->group[g], &at_least))
			FillRelation(attack, &cube->group[g], row++,
						 at_least ? slack++ : -1);
	FillCap(attack, row, slack);
	if (!TipLpFeasible(attack->lp))
		elog(ERROR, "true table contradicts its own published cells");
}

TipAttack *
TipAttackOpen(const TipCube *cube, int pinned)
{
	TipAttack  *attack = palloc0(sizeof(TipAttack));
	int			columns = 0;

	attack->cube = cube;
	attack->pinned = pinned;
	attack->column = palloc(sizeof(int) * (cube->vars + 1));
	attack->low = palloc0(sizeof(int64) * (cube->vars + 1));
	for (int var = 0; var < cube->vars; var++)
	{
		attack->column[var] = -1;
		if (Known(cube, pinned, var))
			continue;
		attack->column[var] = columns++;
		attack->low[var] = LeastCount(cube, var);
	}
	BuildProgram(attack, columns);
	return attack;
}

void
TipAttackClose(TipAttack *attack)
{
	TipLpFree(attack->lp);
	pfree(attack->column);
	pfree(attack->low);
	pfree(attack);
}

typedef struct Search
{
	int			nodes;
	bool		exhausted;
	bool		found;
	int64		best;
	int64	   *point;			/* of the columns */
	int			columns;
} Search;

static int
FractionalRow(const TipLp *lp)
{
	for (int i = 0; i < lp->rows; i++)
		if (TipLpRhs(lp, i) % lp->det != 0)
			return i;
	return -1;
}

static int64
FloorDiv(int64 a, int64 b)
{
	int64		quotient = a / b;

	return quotient - (a % b != 0 && a < 0 ? 1 : 0);
}

/* Branch and bound from an optimal tableau. */
static void
Descend(Search *search, const TipLp *lp)
{
	int64		bound = FloorDiv(TipLpRhs(lp, lp->rows), lp->det);
	int			row;

	check_stack_depth();
	if (search->found && bound <= search->best)
		return;
	if (++search->nodes > TIP_RELEASE_MAX_NODES)
	{
		search->exhausted = true;
		return;
	}

	row = FractionalRow(lp);
	if (row < 0)
	{
		search->found = true;
		search->best = bound;
		memset(search->point, 0, sizeof(int64) * (search->columns + 1));
		for (int i = 0; i < lp->rows; i++)
			if (lp->basis[i] < search->columns)
				search->point[lp->basis[i]] = TipLpRhs(lp, i) / lp->det;
		return;
	}
	for (int side = 0; side < 2; side++)
	{
		int64		at = FloorDiv(TipLpRhs(lp, row), lp->det) + side;
		TipLp	   *child = TipLpBounded(lp, row, at, side == 0);

		if (TipLpRestore(child))
			Descend(search, child);
		TipLpFree(child);
	}
}

/*
 * The greatest (or least) count that the attacker must allow for a group, and
 * a whole table that shows it.  False if the search gave up: then nothing is
 * known but that *value, if a table was found, is possible.
 */
bool
TipAttackExtreme(TipAttack *attack, const TipGroup *target, bool highest,
				 int64 *value, int64 *witness)
{
	const TipCube *cube = attack->cube;
	TipLp	   *lp = attack->lp;
	int64	   *gain = palloc0(sizeof(int64) * (lp->cols + 1));
	int64		fixed = 0;
	Search		search = {0};

	for (int k = 0; k < target->count; k++)
	{
		int			var = target->members[k];

		if (attack->column[var] >= 0)
			gain[attack->column[var]] = highest ? 1 : -1;
		fixed += attack->column[var] >= 0 ? attack->low[var] :
			cube->truth[var];
	}
	TipLpSetObjective(lp, gain);
	pfree(gain);
	if (!TipLpMaximize(lp))
		elog(ERROR, "count of a capped table is unbounded");

	search.columns = lp->cols;
	search.point = palloc0(sizeof(int64) * (lp->cols + 1));
	Descend(&search, lp);
	attack->exhausted = search.exhausted;
	if (search.found)
	{
		*value = fixed + (highest ? search.best : -search.best);
		for (int var = 0; var < cube->vars; var++)
			witness[var] = attack->column[var] < 0 ? cube->truth[var] :
				attack->low[var] + search.point[attack->column[var]];
	}
	pfree(search.point);
	return search.found && !search.exhausted;
}
