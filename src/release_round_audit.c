/*
 * release_round_audit.c
 *		The attacker of rounded tables, who holds every version of them.
 *
 * Each published a says that its count lies between a - (steps + 1) base + 1
 * and a + (steps + 1) base - 1; counts are whole, none is negative, and they
 * add up.  The attacker also knows the exact total of every version, how many
 * people were added and taken out from one to the next, and perhaps one cell
 * that is her own.  A small count is fixed if all tables that fit give it the
 * same value, and so is a small difference of two versions.
 *
 * Most are shown not to be fixed by another table close by: one or two people
 * stand elsewhere, in some of the versions.  What is left is for an exact
 * program.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "release_round_audit.h"

#define MAX_LISTED		450		/* shifts that are tried in pairs */

/* Somebody stands in another leaf, in versions from first to last. */
typedef struct Shift
{
	int			from;			/* leaf or TIP_NOWHERE */
	int			to;
	int			first;
	int			last;
} Shift;

static int64 **
Rows(int count, int width)
{
	int64	  **row = palloc(sizeof(int64 *) * (count + 1));

	for (int i = 0; i < count; i++)
		row[i] = palloc0(sizeof(int64) * (width + 1));
	return row;
}

static bool **
Flags(int count, int width)
{
	bool	  **row = palloc(sizeof(bool *) * (count + 1));

	for (int i = 0; i < count; i++)
		row[i] = palloc0(sizeof(bool) * (width + 1));
	return row;
}

static int64
AddedSince(const TipRoundAuditor *auditor, int version)
{
	int64		added = 0;

	for (int l = 0; l < auditor->frame->leaves; l++)
		added += Max(auditor->x[version][l] - auditor->x[version - 1][l], 0);
	return added;
}

static void
SetBounds(TipRoundAuditor *auditor, int version)
{
	const TipRoundFrame *frame = auditor->frame;
	const TipRoundVersion *v = &auditor->version[version];

	for (int p = 0; p < frame->cells; p++)
	{
		int64		reach = (v->steps + 1) * frame->base - 1;
		bool		shown = v->rounded[p] >= 0;

		auditor->low[version][p] = shown ? Max(v->rounded[p] - reach, 0) : 0;
		auditor->high[version][p] = shown ? v->rounded[p] + reach :
			PG_INT64_MAX;
	}
}

static void
SetTruth(TipRoundAuditor *auditor, int version)
{
	const TipRoundFrame *frame = auditor->frame;

	for (int l = 0; l < frame->leaves; l++)
	{
		int64		count = auditor->version[version].truth[l];

		auditor->x[version][l] = count;
		for (int k = 0; k < frame->above_count[l]; k++)
			auditor->n[version][frame->above[l][k]] += count;
	}
	memcpy(auditor->y[version], auditor->n[version],
		   sizeof(int64) * frame->grid->cells);
}

/* Every version alone, and every two of them. */
static void
ListKinds(TipRoundAuditor *auditor)
{
	int			most = auditor->versions * (auditor->versions + 1) / 2;

	auditor->earlier = palloc(sizeof(int) * most);
	auditor->later = palloc(sizeof(int) * most);
	for (int v = 0; v < auditor->versions; v++)
		for (int u = TIP_NOWHERE; u < v; u++)
		{
			auditor->earlier[auditor->kinds] = u;
			auditor->later[auditor->kinds++] = v;
		}
	auditor->is_fixed = Flags(auditor->kinds, auditor->frame->grid->cells);
}

static TipRoundAuditor *
AuditorNew(const TipRoundFrame *frame, const TipRoundVersion *version,
		   int versions, int64 threshold)
{
	TipRoundAuditor *auditor = palloc0(sizeof(TipRoundAuditor));

	auditor->frame = frame;
	auditor->version = version;
	auditor->versions = versions;
	auditor->threshold = threshold;
	auditor->n = Rows(versions, frame->grid->cells);
	auditor->y = Rows(versions, frame->grid->cells);
	auditor->low = Rows(versions, frame->cells);
	auditor->high = Rows(versions, frame->cells);
	auditor->x = Rows(versions, frame->leaves);
	auditor->pinned = Flags(versions, frame->leaves);
	auditor->added = palloc0(sizeof(int64) * versions);
	for (int v = 0; v < versions; v++)
	{
		SetBounds(auditor, v);
		SetTruth(auditor, v);
		if (v > 0)
			auditor->added[v] = AddedSince(auditor, v);
	}
	ListKinds(auditor);
	return auditor;
}

int64
TipRoundValue(const TipRoundAuditor *auditor, int64 **table, int kind, int cell)
{
	int64		value = table[auditor->later[kind]][cell];

	if (auditor->earlier[kind] != TIP_NOWHERE)
		value -= table[auditor->earlier[kind]][cell];
	return value;
}

static bool
IsOwnLeaf(const TipRoundAuditor *auditor, int cell)
{
	return auditor->insider != TIP_NOWHERE &&
		auditor->frame->grid->leaf_cell[auditor->insider] == cell;
}

/* What a person alone in a leaf knows without any table, given the total. */
static bool
KnowsAnyway(const TipRoundAuditor *auditor, int kind, int cell, int parts)
{
	const TipGrid *grid = auditor->frame->grid;
	int			own;

	if (auditor->insider == TIP_NOWHERE)
		return false;
	own = grid->leaf_cell[auditor->insider];
	if (!TipGridContains(grid, cell, own))
		return parts == auditor->frame->leaves - 1;
	return TipRoundValue(auditor, auditor->n, kind, cell) ==
		TipRoundValue(auditor, auditor->n, kind, own);
}

/* A cell that is all of the table is known with its total. */
static bool
IsTarget(const TipRoundAuditor *auditor, int kind, int cell, int parts)
{
	int64		value = TipRoundValue(auditor, auditor->n, kind, cell);
	bool		is_change = auditor->earlier[kind] != TIP_NOWHERE;

	if (value == 0 || value >= auditor->threshold ||
		value <= -auditor->threshold || IsOwnLeaf(auditor, cell))
		return false;
	if (parts == auditor->frame->leaves && (auditor->knows_total || is_change))
		return false;
	return !((is_change || !auditor->is_strict) &&
			 KnowsAnyway(auditor, kind, cell, parts));
}

static void
ListTargets(TipRoundAuditor *auditor)
{
	const TipRoundFrame *frame = auditor->frame;
	int		   *parts = palloc0(sizeof(int) * frame->grid->cells);

	for (int l = 0; l < frame->leaves; l++)
		for (int k = 0; k < frame->above_count[l]; k++)
			parts[frame->above[l][k]]++;
	auditor->left = 0;
	for (int kind = 0; kind < auditor->kinds; kind++)
		for (int cell = 0; cell < frame->grid->cells; cell++)
		{
			bool		fixed = IsTarget(auditor, kind, cell, parts[cell]);

			CHECK_FOR_INTERRUPTS();
			auditor->is_fixed[kind][cell] = fixed;
			auditor->left += fixed;
		}
	pfree(parts);
}

static void
Add(TipRoundAuditor *auditor, int version, int leaf, int64 people)
{
	const TipRoundFrame *frame = auditor->frame;

	if (leaf == TIP_NOWHERE)
		return;
	auditor->x[version][leaf] += people;
	for (int k = 0; k < frame->above_count[leaf]; k++)
		auditor->y[version][frame->above[leaf][k]] += people;
}

static void
Apply(TipRoundAuditor *auditor, const Shift *shift, int64 people)
{
	for (int v = shift->first; v <= shift->last; v++)
	{
		Add(auditor, v, shift->from, -people);
		Add(auditor, v, shift->to, people);
	}
}

static bool
LeafFits(const TipRoundAuditor *auditor, int version, int leaf)
{
	const TipRoundFrame *frame = auditor->frame;

	if (leaf == TIP_NOWHERE)
		return true;
	if (auditor->x[version][leaf] < 0 ||
		(auditor->pinned[version][leaf] &&
		 auditor->x[version][leaf] != auditor->version[version].truth[leaf]))
		return false;
	for (int k = 0; k < frame->above_count[leaf]; k++)
	{
		int			cell = frame->above[leaf][k];
		int			place = frame->place[cell];

		if (place >= 0 &&
			(auditor->y[version][cell] < auditor->low[version][place] ||
			 auditor->y[version][cell] > auditor->high[version][place]))
			return false;
	}
	return true;
}

/* Does the table fit, where a shift has touched it? */
static bool
Fits(const TipRoundAuditor *auditor, const Shift *shift)
{
	for (int v = shift->first; v <= shift->last; v++)
		if (!LeafFits(auditor, v, shift->from) ||
			!LeafFits(auditor, v, shift->to))
			return false;
	for (int v = Max(shift->first, 1);
		 v <= Min(shift->last + 1, auditor->versions - 1); v++)
		if ((v == shift->first || v == shift->last + 1) &&
			AddedSince(auditor, v) != auditor->added[v])
			return false;
	return true;
}

/* The table fits: where it differs from the truth, nothing is fixed. */
static void
Open(TipRoundAuditor *auditor, int leaf)
{
	const TipRoundFrame *frame = auditor->frame;

	for (int k = 0; leaf != TIP_NOWHERE && k < frame->above_count[leaf]; k++)
	{
		int			cell = frame->above[leaf][k];

		for (int kind = 0; kind < auditor->kinds; kind++)
			if (auditor->is_fixed[kind][cell] &&
				TipRoundValue(auditor, auditor->y, kind, cell) !=
				TipRoundValue(auditor, auditor->n, kind, cell))
			{
				auditor->is_fixed[kind][cell] = false;
				auditor->left--;
			}
	}
}

/* Can this shift be a part of a table that fits? */
static bool
IsPossible(const TipRoundAuditor *auditor, const Shift *shift)
{
	if (shift->from == shift->to)
		return false;
	if (auditor->knows_total &&
		(shift->from == TIP_NOWHERE || shift->to == TIP_NOWHERE))
		return false;
	for (int v = shift->first; v <= shift->last; v++)
		if ((shift->from != TIP_NOWHERE && auditor->pinned[v][shift->from]) ||
			(shift->to != TIP_NOWHERE && auditor->pinned[v][shift->to]))
			return false;
	return true;
}

/* The next shift that is possible; false after the last. */
static bool
NextShift(const TipRoundAuditor *auditor, Shift *shift)
{
	do
	{
		if (++shift->last < auditor->versions)
			continue;
		shift->last = ++shift->first;
		if (shift->first < auditor->versions)
			continue;
		shift->first = shift->last = 0;
		if (++shift->to < auditor->frame->leaves)
			continue;
		shift->to = TIP_NOWHERE;
		if (++shift->from >= auditor->frame->leaves)
			return false;
	} while (!IsPossible(auditor, shift));
	return true;
}

static void
TryOne(TipRoundAuditor *auditor, const Shift *shift)
{
	Apply(auditor, shift, 1);
	if (Fits(auditor, shift))
	{
		Open(auditor, shift->from);
		Open(auditor, shift->to);
	}
	Apply(auditor, shift, -1);
}

static void
TryTwo(TipRoundAuditor *auditor, const Shift *shift, const Shift *other)
{
	Apply(auditor, shift, 1);
	Apply(auditor, other, 1);
	if (Fits(auditor, shift) && Fits(auditor, other))
	{
		Open(auditor, shift->from);
		Open(auditor, shift->to);
		Open(auditor, other->from);
		Open(auditor, other->to);
	}
	Apply(auditor, other, -1);
	Apply(auditor, shift, -1);
}

static void
LookCloseBy(TipRoundAuditor *auditor)
{
	Shift		shift = {TIP_NOWHERE, TIP_NOWHERE, 0, -1};
	Shift	   *list = palloc(sizeof(Shift) * MAX_LISTED);
	int			count = 0;

	while (auditor->left > 0 && NextShift(auditor, &shift))
	{
		CHECK_FOR_INTERRUPTS();
		TryOne(auditor, &shift);
		if (count < MAX_LISTED)
			list[count++] = shift;
	}
	for (int i = 0; count < MAX_LISTED && i < count; i++)
		for (int j = 0; auditor->left > 0 && j < i; j++)
		{
			CHECK_FOR_INTERRUPTS();
			TryTwo(auditor, &list[i], &list[j]);
		}
	pfree(list);
}

/* Against one who knows the totals, or none, and perhaps her own cell. */
static bool
Withstands(TipRoundAuditor *auditor, int insider, bool knows_total)
{
	bool		is_single = false;

	auditor->insider = insider;
	auditor->knows_total = knows_total;
	for (int v = 0; v < auditor->versions && insider != TIP_NOWHERE; v++)
	{
		/* who was not there before knows that, too */
		auditor->pinned[v][insider] = auditor->x[v][insider] <= 1;
		is_single |= auditor->x[v][insider] == 1;
	}
	if (insider == TIP_NOWHERE || is_single)
	{
		ListTargets(auditor);
		LookCloseBy(auditor);
		if (auditor->left > 0)
			TipRoundAskProgram(auditor);
	}
	for (int v = 0; v < auditor->versions && insider != TIP_NOWHERE; v++)
		auditor->pinned[v][insider] = false;
	return (insider != TIP_NOWHERE && !is_single) || auditor->left == 0;
}

bool
TipRoundIsSafe(const TipRoundFrame *frame, const TipRoundVersion *version,
			   int versions, int64 threshold, bool is_strict)
{
	MemoryContext audit = AllocSetContextCreate(CurrentMemoryContext,
												"rounding audit",
												ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(audit);
	TipRoundAuditor *auditor = AuditorNew(frame, version, versions,
										  threshold);
	bool		safe;

	auditor->is_strict = is_strict;
	safe = Withstands(auditor, TIP_NOWHERE, false) &&
		Withstands(auditor, TIP_NOWHERE, true);

	for (int l = 0; safe && l < frame->leaves; l++)
		safe = Withstands(auditor, l, true);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(audit);
	return safe;
}
