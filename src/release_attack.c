/*
 * release_attack.c
 *		The attacker: what a release says, as an integer program.
 *
 * Known to the attacker: every published number and that totals add up, that
 * a hidden cell is at least 1 (zeros are published), and, for insiders, their
 * own cells.
 *
 * An attack looks through a window: only some variables may differ from the
 * truth.  A table found through a window is possible for the whole cube; what
 * is not found may only need a larger window.  Within it all groups with the
 * same variables are one row, which is free only if all of them are hidden.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "release.h"

struct TipAttack
{
	TipProgram *program;
	int			vars;
	int		   *var;			/* of the cube, ascending */
	int			ids;			/* variables and rows */
	int64	   *truth;			/* of an id */
	int		   *first;			/* of an id: where its groups start */
	int		   *group;			/* groups, by id */
	int			pairs;
	int		   *pair;			/* group, id, group, id, ... by group */
	int			version;		/* of the cube that the bounds are of */
	int64	   *point;			/* scratch */
	int		   *blocker;		/* scratch */
};

/* ---- opening a window ---- */

/* A row in the making: a set of variables of the window. */
typedef struct Draft
{
	int			count;
	int		   *var;			/* numbers within the window */
	int			group;
	int			id;
} Draft;

static int
CompareSets(const void *a, const void *b)
{
	const Draft *left = a;
	const Draft *right = b;
	int			order;

	if (left->count != right->count)
		return left->count < right->count ? -1 : 1;
	order = memcmp(left->var, right->var, sizeof(int) * left->count);
	if (order != 0)
		return order;
	return left->group < right->group ? -1 : 1;
}

/* The part of each group that the window shows; returns how many have one. */
static int
DraftRows(const TipCube *cube, const int *place, Draft *draft)
{
	int			drafts = 0;

	for (int g = 0; g < cube->groups; g++)
	{
		const TipGroup *group = &cube->group[g];
		int			count = 0;

		if (!group->planned && !group->small && !group->known)
			continue;
		for (int k = 0; k < group->count; k++)
			count += place[group->members[k]] >= 0;
		if (count == 0)
			continue;
		draft[drafts].group = g;
		draft[drafts].count = count;
		draft[drafts].var = palloc(sizeof(int) * count);
		count = 0;
		for (int k = 0; k < group->count; k++)
			if (place[group->members[k]] >= 0)
				draft[drafts].var[count++] = place[group->members[k]];
		drafts++;
	}
	return drafts;
}

/* Give equal sets one id: that of the variable alone, or of a new row. */
static int
NumberRows(Draft *draft, int drafts, int vars, TipRow *row)
{
	int			rows = 0;

	qsort(draft, drafts, sizeof(Draft), CompareSets);
	for (int k = 0; k < drafts; k++)
	{
		if (draft[k].count == 1)
			draft[k].id = draft[k].var[0];
		else if (k > 0 && draft[k].count == draft[k - 1].count &&
				 memcmp(draft[k].var, draft[k - 1].var,
						sizeof(int) * draft[k].count) == 0)
			draft[k].id = draft[k - 1].id;
		else
		{
			row[rows].count = draft[k].count;
			row[rows].var = draft[k].var;
			row[rows].low = -TIP_UNBOUNDED;
			row[rows].high = TIP_UNBOUNDED;
			draft[k].id = vars + rows++;
		}
	}
	return rows;
}

static int
ComparePairs(const void *a, const void *b)
{
	int			left = *(const int *) a;
	int			right = *(const int *) b;

	return (left > right) - (left < right);
}

/* Which groups an id stands for, and which id a group has. */
static void
IndexGroups(TipAttack *attack, const Draft *draft, int drafts)
{
	int		   *filled = palloc0(sizeof(int) * (attack->ids + 1));

	attack->first = palloc0(sizeof(int) * (attack->ids + 2));
	attack->group = palloc(sizeof(int) * (drafts + 1));
	attack->pair = palloc(sizeof(int) * 2 * (drafts + 1));
	attack->pairs = drafts;
	for (int k = 0; k < drafts; k++)
		attack->first[draft[k].id + 1]++;
	for (int id = 0; id < attack->ids; id++)
		attack->first[id + 1] += attack->first[id];
	for (int k = 0; k < drafts; k++)
	{
		int			id = draft[k].id;

		attack->group[attack->first[id] + filled[id]++] = draft[k].group;
		attack->pair[2 * k] = draft[k].group;
		attack->pair[2 * k + 1] = id;
	}
	qsort(attack->pair, drafts, sizeof(int) * 2, ComparePairs);
	pfree(filled);
}

static void
FillProgram(TipAttack *attack, const TipCube *cube, Draft *draft, int drafts)
{
	TipSystem	system = {.vars = attack->vars};

	system.low = palloc0(sizeof(int64) * (attack->vars + 1));
	system.high = palloc(sizeof(int64) * (attack->vars + 1));
	system.row = palloc0(sizeof(TipRow) * (drafts + 1));
	system.rows = NumberRows(draft, drafts, attack->vars, system.row);
	attack->ids = attack->vars + system.rows;
	attack->truth = palloc0(sizeof(int64) * (attack->ids + 1));
	attack->point = palloc(sizeof(int64) * (attack->vars + 1));
	attack->blocker = palloc(sizeof(int) * (attack->ids + 1));
	for (int v = 0; v < attack->vars; v++)
	{
		attack->truth[v] = cube->truth[attack->var[v]];
		system.high[v] = cube->cap;
	}
	for (int r = 0; r < system.rows; r++)
		for (int k = 0; k < system.row[r].count; k++)
			attack->truth[attack->vars + r] +=
				attack->truth[system.row[r].var[k]];
	attack->program = TipProgramNew(&system, attack->truth);
	pfree(system.low);
	pfree(system.high);
	pfree(system.row);
}

/* Open a window on some variables of the cube, given in ascending order. */
TipAttack *
TipAttackOpen(const TipCube *cube, const int *vars, int count)
{
	TipAttack  *attack = palloc0(sizeof(TipAttack));
	int		   *place = palloc(sizeof(int) * (cube->vars + 1));
	Draft	   *draft = palloc(sizeof(Draft) * (cube->groups + 1));
	int			drafts;

	for (int var = 0; var < cube->vars; var++)
		place[var] = -1;
	for (int v = 0; v < count; v++)
		place[vars[v]] = v;
	attack->vars = count;
	attack->var = palloc(sizeof(int) * (count + 1));
	memcpy(attack->var, vars, sizeof(int) * count);
	drafts = DraftRows(cube, place, draft);
	FillProgram(attack, cube, draft, drafts);
	IndexGroups(attack, draft, drafts);
	attack->version = -1;
	for (int k = 0; k < drafts; k++)
		pfree(draft[k].var);
	pfree(draft);
	pfree(place);
	return attack;
}

TipAttack *
TipAttackAll(const TipCube *cube)
{
	int		   *vars = palloc(sizeof(int) * (cube->vars + 1));
	TipAttack  *attack;

	for (int var = 0; var < cube->vars; var++)
		vars[var] = var;
	attack = TipAttackOpen(cube, vars, cube->vars);
	pfree(vars);
	return attack;
}

void
TipAttackClose(TipAttack *attack)
{
	TipProgramFree(attack->program);
	pfree(attack->var);
	pfree(attack->truth);
	pfree(attack->first);
	pfree(attack->group);
	pfree(attack->pair);
	pfree(attack->point);
	pfree(attack->blocker);
	pfree(attack);
}

size_t
TipAttackSize(const TipAttack *attack)
{
	return sizeof(int32) * (size_t) (attack->ids - attack->vars + 1) *
		(attack->vars + 8);
}

int64
TipAttackWork(const TipAttack *attack)
{
	return TipProgramWork(attack->program);
}

/* ---- what is known ---- */

/*
 * Bounds of an id.  What lies outside the window does not move: a hidden
 * group must stay at 1 with it.
 */
static void
Know(TipAttack *attack, const TipCube *cube, int id)
{
	int64		truth = attack->truth[id];
	int64		low = id < attack->vars ? 0 : -TIP_UNBOUNDED;
	int64		high = id < attack->vars ? cube->cap : TIP_UNBOUNDED;

	for (int k = attack->first[id]; k < attack->first[id + 1]; k++)
	{
		const TipGroup *group = &cube->group[attack->group[k]];

		if (TipIsShown(group))
		{
			low = high = truth;
			break;
		}
		if (group->planned)
			low = Max(low, 1 - (group->n - truth));
	}
	TipProgramBound(attack->program, id, low, high);
}

static void
Refresh(TipAttack *attack, const TipCube *cube)
{
	if (attack->version == cube->version)
		return;
	for (int id = 0; id < attack->ids; id++)
		Know(attack, cube, id);
	attack->version = cube->version;
}

static int
IdOf(const TipAttack *attack, int g)
{
	const int  *found = bsearch(&g, attack->pair, attack->pairs,
								sizeof(int) * 2, ComparePairs);

	if (found == NULL)
		elog(ERROR, "a cell is not within the window of its attack");
	return found[1];
}

static int
PlaceOf(const TipAttack *attack, int var)
{
	const int  *found = bsearch(&var, attack->var, attack->vars, sizeof(int),
								ComparePairs);

	return found ? (int) (found - attack->var) : -1;
}

/* Insiders know their own cells: pin these, or let them go again. */
static void
SetInsiders(TipAttack *attack, const TipCube *cube, const int *insider,
			bool pinned)
{
	for (int k = 0; k < 2; k++)
	{
		int			v = insider[k] < 0 ? -1 : PlaceOf(attack, insider[k]);

		if (v < 0)
			continue;
		if (pinned)
			TipProgramBound(attack->program, v, attack->truth[v],
							attack->truth[v]);
		else
			Know(attack, cube, v);
	}
}

/*
 * A whole table in which a group is at least (or at most) enough, for all that
 * insiders (two variables, -1 for nobody) can tell.
 */
TipOutcome
TipAttackReach(TipAttack *attack, const TipCube *cube, int g,
			   const int *insider, bool highest, int64 enough, int64 *value,
			   int64 *table)
{
	int			id = IdOf(attack, g);
	int64		outside = cube->group[g].n - attack->truth[id];
	TipOutcome	outcome;

	Refresh(attack, cube);
	SetInsiders(attack, cube, insider, true);
	outcome = TipProgramReach(attack->program, id, highest, enough - outside,
							  value, attack->point);
	SetInsiders(attack, cube, insider, false);
	*value += outside;
	memcpy(table, cube->truth, sizeof(int64) * cube->vars);
	for (int v = 0; v < attack->vars; v++)
		table[attack->var[v]] = attack->point[v];
	return outcome;
}

/* The greatest or least count of a group that insiders must allow for. */
TipOutcome
TipAttackExtreme(TipAttack *attack, const TipCube *cube, int g,
				 const int *insider, bool highest, int64 *value, int64 *table)
{
	int			id = IdOf(attack, g);
	TipOutcome	outcome;

	Refresh(attack, cube);
	SetInsiders(attack, cube, insider, true);
	outcome = TipProgramExtreme(attack->program, id, highest, value,
								attack->point);
	SetInsiders(attack, cube, insider, false);
	*value += cube->group[g].n - attack->truth[id];
	memcpy(table, cube->truth, sizeof(int64) * cube->vars);
	for (int v = 0; v < attack->vars; v++)
		table[attack->var[v]] = attack->point[v];
	return outcome;
}

/*
 * After TipAttackReach() found none: groups that hold this one and could be
 * hidden.  Where several are one row, hiding one alone would free nothing:
 * they are left out unless there is nothing else.
 */
int
TipAttackBlockers(TipAttack *attack, const TipCube *cube, int g, int *blocker)
{
	int			ids = TipProgramBlockers(attack->program, IdOf(attack, g),
										 attack->blocker);
	int			count = 0;

	for (int most = 1; most < PG_INT32_MAX && count == 0;
		 most = most == 1 ? 2 : PG_INT32_MAX)
		for (int k = 0; k < ids; k++)
		{
			int			id = attack->blocker[k];
			int			shown = 0;
			bool		fast = false;

			for (int i = attack->first[id]; i < attack->first[id + 1]; i++)
			{
				const TipGroup *group = &cube->group[attack->group[i]];

				shown += TipIsShown(group);
				fast = fast || group->known;
			}
			if (fast || (most == 1 && shown > 1))
				continue;
			for (int i = attack->first[id]; i < attack->first[id + 1]; i++)
				if (TipIsShown(&cube->group[attack->group[i]]))
					blocker[count++] = attack->group[i];
		}
	return count;
}
