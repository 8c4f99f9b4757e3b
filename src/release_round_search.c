/*
 * release_round_search.c
 *		Units that add up: a search that narrows bounds and goes back.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "release_round.h"

#define MAX_BRANCHES	20000

typedef struct Change
{
	int			place;
	int64		low;
	int64		high;
} Change;

/* A branch that can be taken back, and the other side of it. */
typedef struct Branch
{
	int			at;				/* in the order */
	int			changes;		/* that were made before it */
	int64		low;
	int64		high;
} Branch;

typedef struct Search
{
	const TipRoundFrame *frame;
	int64	   *low;
	int64	   *high;
	Change	   *change;
	int			changes;
	int			room;
	Branch	   *branch;
	int			branches;
	int			branch_room;
	int		   *queue;			/* sums to look at, a ring */
	int			head;
	int			queued;
	bool	   *is_queued;
} Search;

static void
Enqueue(Search *search, int place)
{
	const TipRoundFrame *frame = search->frame;

	for (int i = frame->first_sum[place]; i < frame->first_sum[place + 1]; i++)
	{
		int			sum = frame->sums_of[i];

		if (search->is_queued[sum])
			continue;
		search->is_queued[sum] = true;
		search->queue[(search->head + search->queued++) % frame->sums] = sum;
	}
}

/* Narrow the bounds of a place; false if nothing is left. */
static bool
Narrow(Search *search, int place, int64 low, int64 high)
{
	Change	   *change;

	low = Max(low, search->low[place]);
	high = Min(high, search->high[place]);
	if (low > high)
		return false;
	if (low == search->low[place] && high == search->high[place])
		return true;
	if (search->changes == search->room)
	{
		search->room *= 2;
		search->change = repalloc(search->change,
								  sizeof(Change) * search->room);
	}
	change = &search->change[search->changes++];
	change->place = place;
	change->low = search->low[place];
	change->high = search->high[place];
	search->low[place] = low;
	search->high[place] = high;
	Enqueue(search, place);
	return true;
}

static bool
PropagateSum(Search *search, const TipRoundSum *sum)
{
	int64		low = 0;
	int64		high = 0;

	for (int k = 0; k < sum->count; k++)
	{
		low += search->low[sum->part[k]];
		high += search->high[sum->part[k]];
	}
	if (!Narrow(search, sum->whole, low, high))
		return false;
	for (int k = 0; k < sum->count; k++)
	{
		int			part = sum->part[k];
		int64		others_low = low - search->low[part];
		int64		others_high = high - search->high[part];
		int64		was_low = search->low[part];
		int64		was_high = search->high[part];

		if (!Narrow(search, part, search->low[sum->whole] - others_high,
					search->high[sum->whole] - others_low))
			return false;
		low += search->low[part] - was_low;
		high += search->high[part] - was_high;
	}
	return true;
}

static bool
Propagate(Search *search)
{
	bool		fits = true;

	while (search->queued > 0)
	{
		int			sum = search->queue[search->head];

		search->head = (search->head + 1) % search->frame->sums;
		search->queued--;
		search->is_queued[sum] = false;
		fits = fits && PropagateSum(search, &search->frame->sum[sum]);
	}
	return fits;
}

static void
TakeBack(Search *search, int changes)
{
	while (search->changes > changes)
	{
		const Change *change = &search->change[--search->changes];

		search->low[change->place] = change->low;
		search->high[change->place] = change->high;
	}
}

/* Towards what is preferred, and remember the other side. */
static bool
BranchOn(Search *search, int at, int place, int64 preferred)
{
	int64		low = search->low[place];
	int64		high = search->high[place];
	int64		value = Min(Max(preferred, low), high);
	Branch	   *branch;

	if (search->branches == search->branch_room)
	{
		search->branch_room *= 2;
		search->branch = repalloc(search->branch,
								  sizeof(Branch) * search->branch_room);
	}
	branch = &search->branch[search->branches++];
	branch->at = at;
	branch->changes = search->changes;
	if (value > low)
	{
		branch->low = low;
		branch->high = value - 1;
		return Narrow(search, place, value, high) && Propagate(search);
	}
	branch->low = value + 1;
	branch->high = high;
	return Narrow(search, place, low, value) && Propagate(search);
}

/* The other side of the last branch that has one; false if none has. */
static bool
GoBack(Search *search, const int *order, int *at)
{
	while (search->branches > 0)
	{
		Branch		branch = search->branch[--search->branches];

		TakeBack(search, branch.changes);
		*at = branch.at;
		if (Narrow(search, order[branch.at], branch.low, branch.high) &&
			Propagate(search))
			return true;
	}
	return false;
}

static Search *
SearchNew(const TipRoundFrame *frame, int steps)
{
	Search	   *search = palloc0(sizeof(Search));

	search->frame = frame;
	search->low = palloc(sizeof(int64) * frame->cells);
	search->high = palloc(sizeof(int64) * frame->cells);
	search->room = search->branch_room = 64;
	search->change = palloc(sizeof(Change) * search->room);
	search->branch = palloc(sizeof(Branch) * search->branch_room);
	search->queue = palloc(sizeof(int) * (frame->sums + 1));
	search->is_queued = palloc0(sizeof(bool) * (frame->sums + 1));
	for (int place = 0; place < frame->cells; place++)
	{
		int64		n = frame->grid->n[frame->cell[place]];

		search->low[place] = Max(n / frame->base - steps, 0);
		search->high[place] = (n + frame->base - 1) / frame->base + steps;
	}
	for (int place = 0; place < frame->cells; place++)
		Enqueue(search, place);
	return search;
}

static void
SearchFree(Search *search)
{
	pfree(search->low);
	pfree(search->high);
	pfree(search->change);
	pfree(search->branch);
	pfree(search->queue);
	pfree(search->is_queued);
	pfree(search);
}

bool
TipRoundSearch(const TipRoundFrame *frame, int steps, const int64 *preferred,
			   const int *order, int64 *units)
{
	Search	   *search = SearchNew(frame, steps);
	bool		fits = Propagate(search);
	int			tried = 0;

	for (int at = 0; fits && at < frame->cells;)
	{
		int			place = order[at];

		CHECK_FOR_INTERRUPTS();
		if (search->low[place] == search->high[place])
		{
			at++;
			continue;
		}
		if (++tried > frame->cells + MAX_BRANCHES)
			fits = false;
		else if (!BranchOn(search, at, place, preferred[place]))
			fits = GoBack(search, order, &at);
	}
	if (fits)
		memcpy(units, search->low, sizeof(int64) * frame->cells);
	SearchFree(search);
	return fits;
}
