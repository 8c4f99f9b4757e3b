/*
 * release_attack.c
 *		The attacker: what a release says, as an integer program.
 *
 * Known to the attacker: every published number and that totals add up, that
 * a hidden cell is at least 1 (zeros are published), and, for an insider, one
 * own cell.
 */
#include "postgres.h"

#include "release.h"

/* What is known of a group, as bounds. */
static void
Knowledge(const TipCube *cube, const TipGroup *group, int64 *low, int64 *high)
{
	*low = 0;
	*high = cube->cap;
	if (group->known || (group->planned && !group->hidden))
		*low = *high = group->n;
	else if (group->planned)
		*low = 1;
}

/* Tell the attacker what has become of a group. */
void
TipAttackBound(TipProgram *attack, const TipCube *cube, int g)
{
	int64		low;
	int64		high;

	Knowledge(cube, &cube->group[g], &low, &high);
	TipProgramBound(attack, cube->group[g].id, low, high);
}

/*
 * Unknowns are the variables; rows the groups of several that are published,
 * hidden, or to be asked about.  The true table is where it starts from.
 */
TipProgram *
TipAttackOpen(TipCube *cube)
{
	TipSystem	system = {.vars = cube->vars};
	TipProgram *attack;

	system.low = palloc0(sizeof(int64) * (cube->vars + 1));
	system.high = palloc(sizeof(int64) * (cube->vars + 1));
	system.row = palloc0(sizeof(TipRow) * (cube->groups + 1));
	for (int var = 0; var < cube->vars; var++)
		system.high[var] = cube->cap;
	for (int g = 0; g < cube->groups; g++)
	{
		TipGroup   *group = &cube->group[g];
		TipRow	   *row = &system.row[system.rows];

		group->id = -1;
		if (group->count == 1)
		{
			group->id = group->members[0];
			Knowledge(cube, group, &system.low[group->id],
					  &system.high[group->id]);
			continue;
		}
		if (!group->planned && !group->small && !group->known)
			continue;
		group->id = cube->vars + system.rows++;
		row->count = group->count;
		row->var = group->members;
		Knowledge(cube, group, &row->low, &row->high);
	}
	attack = TipProgramNew(&system, cube->truth);
	pfree(system.low);
	pfree(system.high);
	pfree(system.row);
	return attack;
}
