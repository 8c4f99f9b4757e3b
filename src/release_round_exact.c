/*
 * release_round_exact.c
 *		The attacker of rounded tables as an integer program.
 *
 * Unknowns are the leaves of every version and, between a version and the one
 * before, who was added to a leaf and who was taken out of it.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "release.h"
#include "release_lp.h"
#include "release_round_audit.h"

#define MAX_ROWS	4000

/* A program while it is written. */
typedef struct Draft
{
	const TipRoundAuditor *auditor;
	TipSystem	system;
	int64	   *point;			/* the truth */
	int			room;
} Draft;

static int
LeafVar(const Draft *draft, int version, int leaf)
{
	return version * draft->auditor->frame->leaves + leaf;
}

/* Who was added in a version, or taken out. */
static int
ChangeVar(const Draft *draft, int version, int leaf, bool added)
{
	int			leaves = draft->auditor->frame->leaves;

	return (draft->auditor->versions + 2 * (version - 1) + !added) * leaves +
		leaf;
}

/* A row with room for as many terms, and none yet. */
static TipRow *
AddRow(Draft *draft, int64 low, int64 high, int room)
{
	TipRow	   *row;

	if (draft->system.rows == MAX_ROWS)
		TipGridTooLarge();
	if (draft->system.rows == draft->room)
	{
		draft->room *= 2;
		draft->system.row = repalloc(draft->system.row,
									 sizeof(TipRow) * draft->room);
	}
	row = &draft->system.row[draft->system.rows++];
	row->count = 0;
	row->var = palloc(sizeof(int) * room);
	row->coef = palloc(sizeof(int) * room);
	row->low = low;
	row->high = high;
	return row;
}

static void
AddTerm(TipRow *row, int var, int coef)
{
	((int *) row->var)[row->count] = var;
	((int *) row->coef)[row->count++] = coef;
}

static void
AddLeaves(const Draft *draft, TipRow *row, int version, int cell, int coef)
{
	const TipRoundFrame *frame = draft->auditor->frame;

	for (int l = 0; l < frame->leaves; l++)
		if (TipGridContains(frame->grid, cell, frame->grid->leaf_cell[l]))
			AddTerm(row, LeafVar(draft, version, l), coef);
}

static void
SetVar(Draft *draft, int var, int64 truth, int64 high)
{
	draft->system.low[var] = 0;
	draft->system.high[var] = high;
	draft->point[var] = truth;
}

static void
AddVersion(Draft *draft, int v, int64 cap)
{
	const TipRoundAuditor *auditor = draft->auditor;
	const TipRoundFrame *frame = auditor->frame;
	int64		total = 0;

	for (int l = 0; l < frame->leaves; l++)
	{
		int			var = LeafVar(draft, v, l);
		int64		truth = auditor->version[v].truth[l];

		SetVar(draft, var, truth, cap);
		if (auditor->pinned[v][l])
			draft->system.low[var] = draft->system.high[var] = truth;
		total += truth;
	}
	for (int p = 0; p < frame->cells; p++)
		if (auditor->version[v].rounded[p] >= 0)
			AddLeaves(draft, AddRow(draft, auditor->low[v][p],
									auditor->high[v][p], frame->leaves),
					  v, frame->cell[p], 1);
	if (auditor->knows_total)
		AddLeaves(draft, AddRow(draft, total, total, frame->leaves), v, 0, 1);
}

/* As many were added as were; each leaf is what it was, and they. */
static void
AddChange(Draft *draft, int v, int64 cap)
{
	const TipRoundAuditor *auditor = draft->auditor;
	int			leaves = auditor->frame->leaves;
	TipRow	   *row;

	for (int l = 0; l < leaves; l++)
	{
		int64		change = auditor->version[v].truth[l] -
			auditor->version[v - 1].truth[l];

		SetVar(draft, ChangeVar(draft, v, l, true), Max(change, 0), cap);
		SetVar(draft, ChangeVar(draft, v, l, false), Max(-change, 0), cap);
		row = AddRow(draft, 0, 0, 4);
		AddTerm(row, LeafVar(draft, v, l), 1);
		AddTerm(row, LeafVar(draft, v - 1, l), -1);
		AddTerm(row, ChangeVar(draft, v, l, true), -1);
		AddTerm(row, ChangeVar(draft, v, l, false), 1);
	}
	row = AddRow(draft, auditor->added[v], auditor->added[v], leaves);
	for (int l = 0; l < leaves; l++)
		AddTerm(row, ChangeVar(draft, v, l, true), 1);
}

/* A row of its own for each target; they begin after the others. */
static void
AddTargets(Draft *draft)
{
	const TipRoundAuditor *auditor = draft->auditor;

	for (int kind = 0; kind < auditor->kinds; kind++)
		for (int cell = 0; cell < auditor->frame->grid->cells; cell++)
		{
			TipRow	   *row;

			if (!auditor->is_fixed[kind][cell])
				continue;
			row = AddRow(draft, -TIP_UNBOUNDED, TIP_UNBOUNDED,
						 2 * auditor->frame->leaves);
			AddLeaves(draft, row, auditor->later[kind], cell, 1);
			if (auditor->earlier[kind] != TIP_NOWHERE)
				AddLeaves(draft, row, auditor->earlier[kind], cell, -1);
		}
}

static TipProgram *
WriteProgram(const TipRoundAuditor *auditor, int *first_target)
{
	Draft		draft = {.auditor = auditor, .room = 64};
	int64		cap = 0;

	draft.system.vars = (3 * auditor->versions - 2) * auditor->frame->leaves;
	draft.system.low = palloc(sizeof(int64) * draft.system.vars);
	draft.system.high = palloc(sizeof(int64) * draft.system.vars);
	draft.point = palloc(sizeof(int64) * draft.system.vars);
	draft.system.row = palloc(sizeof(TipRow) * draft.room);
	for (int v = 0; v < auditor->versions; v++)
		for (int l = 0; l < auditor->frame->leaves; l++)
			cap += auditor->version[v].truth[l];
	cap += 4 * TIP_ROUND_MAX_STEPS * auditor->frame->base;
	for (int v = 0; v < auditor->versions; v++)
		AddVersion(&draft, v, cap);
	for (int v = 1; v < auditor->versions; v++)
		AddChange(&draft, v, cap);
	*first_target = draft.system.vars + draft.system.rows;
	AddTargets(&draft);
	return TipProgramNew(&draft.system, draft.point);
}

/* Is there a table in which a target is something else? */
static bool
IsOpen(TipProgram *program, int id, int64 truth, int64 *point)
{
	int64		value;

	return TipProgramReach(program, id, true, truth + 1, &value,
						   point) == TIP_SOLVED ||
		TipProgramReach(program, id, false, truth - 1, &value,
						point) == TIP_SOLVED;
}

/* The first one that is not proven ends it: the draw is thrown away. */
void
TipRoundAskProgram(TipRoundAuditor *auditor)
{
	int			id;
	TipProgram *program = WriteProgram(auditor, &id);
	int64	   *point = palloc(sizeof(int64) * (3 * auditor->versions - 2) *
							   auditor->frame->leaves);
	bool		open = true;

	for (int kind = 0; open && kind < auditor->kinds; kind++)
		for (int cell = 0; open && cell < auditor->frame->grid->cells; cell++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!auditor->is_fixed[kind][cell])
				continue;
			open = IsOpen(program, id++,
						  TipRoundValue(auditor, auditor->n, kind, cell),
						  point);
			auditor->is_fixed[kind][cell] = !open;
			auditor->left -= open;
		}
	pfree(point);
	TipProgramFree(program);
}
