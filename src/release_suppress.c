/*
 * release_suppress.c
 *		Which cells to hide besides the small ones.
 *
 * Audit, cover, prune.  An audit asks the attacker, for each small cell, for a
 * whole table that agrees with everything published and differs there; a
 * table once found serves every cell that it changes.  Where there is none,
 * the attacker's tableau names the published cells that hold the small one:
 * one of them must be hidden, and the one that frees most at the least cost
 * is.  Pruning publishes again what turned out not to be needed.  Only the
 * last audit, made afresh, certifies.
 */
#include "postgres.h"

#include "common/int.h"
#include "miscadmin.h"

#include "release.h"

#define OUTSIDER	(-1)
/* Improving stops after so many attempts in vain, or so much work. */
#define MOST_IDLE		60
#define WORK_WORTH		((int64) 50 * 1000 * 1000)
#define MOST_WITNESSES	20000
/* Beyond so much work cells are hidden without much choosing. */
#define MOST_WORK		((int64) 30 * 1000 * 1000 * 1000)
/* Unknowns beyond which a last look through all windows would take long. */
#define MOST_WIDE		300
/* Memory of the windows that are open at a time. */
#define MOST_OPEN	((size_t) 96 * 1024 * 1024)

/* A table that the attacker cannot rule out, as changes of the true one. */
typedef struct Witness
{
	int			count;
	int		   *group;
	int		   *change;
	bool		dropped;		/* for now */
	bool		gone;			/* for ever, and dropped */
} Witness;

typedef struct IntList
{
	int			count;
	int			size;
	int		   *item;
} IntList;

/* A small cell that an attacker can pin down, and what holds it. */
typedef struct Leak
{
	int			target;
	int			insider[2];
	int			blockers;
	int		   *blocker;		/* groups */
} Leak;

typedef struct Work
{
	TipCube    *cube;
	const TipProtection *rule;
	TipAttack **attack;			/* of a window, NULL: closed */
	int		   *used;			/* when a window was last looked through */
	int			clock;
	size_t		open;			/* memory of the open ones */
	int64		spent;			/* work of those that were closed */
	bool		wide;			/* look through wider windows, too */
	bool		hasty;			/* past the work limit, and told so */
	uint64		random;
	double	   *price;			/* of a group, as this round sees it */
	Witness    *witness;
	int			witnesses;
	int			capacity;
	IntList    *touching;		/* of a group: witness, change, witness, ... */
	IntList    *within;			/* of a variable: groups that hold it */
	int		   *change;			/* scratch: of a group */
	bool	   *seen;			/* scratch: of a group, for ChangedGroups() */
	bool	   *due;			/* scratch: of a group, to be looked at */
	int		   *changed;		/* scratch: groups with a change */
	int		   *blocker;		/* scratch */
	int64	   *table;			/* scratch: one count per variable */
	Leak	   *leak;
	int			leaks;
	int			leak_size;
} Work;

static void
Append(IntList *list, int item)
{
	if (list->count == list->size)
	{
		list->size = Max(4, list->size * 2);
		list->item = list->item ?
			repalloc(list->item, sizeof(int) * list->size) :
			palloc(sizeof(int) * list->size);
	}
	list->item[list->count++] = item;
}

static int
CompareInts(const void *a, const void *b)
{
	int			left = *(const int *) a;
	int			right = *(const int *) b;

	return (left > right) - (left < right);
}

/* ---- witnesses ---- */

/* The groups that a table changes, in work->changed, and by how much. */
static int
ChangedGroups(Work *work)
{
	const TipCube *cube = work->cube;
	int			listed = 0;
	int			count = 0;

	for (int var = 0; var < cube->vars; var++)
	{
		int			by = (int) (work->table[var] - cube->truth[var]);

		for (int k = 0; by != 0 && k < work->within[var].count; k++)
		{
			int			g = work->within[var].item[k];

			if (!work->seen[g])
				work->changed[listed++] = g;
			work->seen[g] = true;
			if (pg_add_s32_overflow(work->change[g], by, &work->change[g]))
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("table is too large to be certified exactly"),
						 errhint("Use fewer or coarser dimensions.")));
		}
	}
	for (int k = 0; k < listed; k++)
	{
		int			g = work->changed[k];

		work->seen[g] = false;
		if (work->change[g] != 0)
			work->changed[count++] = g;
	}
	qsort(work->changed, count, sizeof(int), CompareInts);
	return count;
}

/* Keep the table in work->table for every cell that it changes. */
static void
Remember(Work *work)
{
	int			count = ChangedGroups(work);
	Witness    *witness;

	if (work->witnesses == work->capacity)
	{
		work->capacity *= 2;
		work->witness = repalloc(work->witness,
								 sizeof(Witness) * work->capacity);
	}
	witness = &work->witness[work->witnesses];
	witness->count = count;
	witness->dropped = witness->gone = false;
	witness->group = palloc(sizeof(int) * (count + 1));
	witness->change = palloc(sizeof(int) * (count + 1));
	for (int k = 0; k < count; k++)
	{
		int			g = work->changed[k];

		witness->group[k] = g;
		witness->change[k] = work->change[g];
		work->change[g] = 0;
		Append(&work->touching[g], work->witnesses);
		Append(&work->touching[g], witness->change[k]);
	}
	work->witnesses++;
}

static int
ChangeIn(const Witness *witness, int g)
{
	const int  *found = bsearch(&g, witness->group, witness->count,
								sizeof(int), CompareInts);

	return found ? witness->change[found - witness->group] : 0;
}

/* Is a table possible for insiders, who know their own cells? */
static bool
FitsInsiders(const Work *work, const Witness *witness, const int *insider)
{
	for (int k = 0; k < 2; k++)
		if (insider[k] != OUTSIDER &&
			ChangeIn(witness, work->cube->single[insider[k]]) != 0)
			return false;
	return true;
}

static void
KnownRange(const Work *work, int g, const int *insider, int64 *low,
		   int64 *high)
{
	const IntList *touching = &work->touching[g];

	*low = *high = work->cube->group[g].n;
	for (int k = 0; k < touching->count; k += 2)
	{
		const Witness *witness = &work->witness[touching->item[k]];
		int64		value;

		if (witness->dropped || !FitsInsiders(work, witness, insider))
			continue;
		value = work->cube->group[g].n + touching->item[k + 1];
		*low = Min(*low, value);
		*high = Max(*high, value);
	}
}

static bool
WideEnough(const Work *work, const int *insider, int64 low, int64 high)
{
	if (insider[0] != OUTSIDER)
		return high > low;
	if (work->rule->reach && high < work->rule->threshold)
		return false;
	return high - low >= work->rule->width;
}

/* ---- the audit of one cell ---- */

static void
NoteLeak(Work *work, int g, const int *insider, int blockers)
{
	Leak	   *leak;

	if (work->leaks == work->leak_size)
	{
		work->leak_size *= 2;
		work->leak = repalloc(work->leak, sizeof(Leak) * work->leak_size);
	}
	leak = &work->leak[work->leaks++];
	leak->target = g;
	leak->insider[0] = insider[0];
	leak->insider[1] = insider[1];
	leak->blockers = blockers;
	leak->blocker = palloc(sizeof(int) * (blockers + 1));
	memcpy(leak->blocker, work->blocker, sizeof(int) * blockers);
}

/* Close the window that was not looked through for longest. */
static void
CloseOldest(Work *work)
{
	int			oldest = -1;

	for (int g = 0; g < work->cube->groups; g++)
		if (work->attack[g] != NULL &&
			(oldest < 0 || work->used[g] < work->used[oldest]))
			oldest = g;
	work->open -= TipAttackSize(work->attack[oldest]);
	work->spent += TipAttackWork(work->attack[oldest]);
	TipAttackClose(work->attack[oldest]);
	work->attack[oldest] = NULL;
}

static TipAttack *
Window(Work *work, int window)
{
	const TipGroup *group = &work->cube->group[window];

	work->used[window] = ++work->clock;
	if (work->attack[window] != NULL)
		return work->attack[window];
	work->attack[window] = TipAttackOpen(work->cube, group->members,
										 group->count);
	work->open += TipAttackSize(work->attack[window]);
	while (work->open > MOST_OPEN &&
		   work->open > TipAttackSize(work->attack[window]))
		CloseOldest(work);
	return work->attack[window];
}

/*
 * Search both ways for tables that leave the cell uncertain enough.  Where
 * there are none, the groups that hold it go to work->blocker; returns how
 * many, or -1 if the cell is safe.
 */
static int
SearchTables(Work *work, int g, int window, const int *insider)
{
	const TipGroup *group = &work->cube->group[g];
	TipAttack  *attack = Window(work, window);
	int64		width = insider[0] == OUTSIDER ? work->rule->width : 1;
	int			held = 0;
	int64		low;
	int64		high;

	KnownRange(work, g, insider, &low, &high);
	for (int side = 0; side < 2; side++)
	{
		int64		enough = side == 0 ? low + width : high - width;
		int64		value;
		TipOutcome	outcome;

		if (side == 0 && insider[0] == OUTSIDER && work->rule->reach)
			enough = Max(enough, work->rule->threshold);
		outcome = TipAttackReach(attack, work->cube, g, insider, side == 0,
								 enough, &value, work->table);
		if (outcome != TIP_SOLVED)
		{
			held += TipAttackBlockers(attack, work->cube, g,
									  work->blocker + held);
			if (width == 1 && !work->rule->reach)
				continue;
			TipAttackExtreme(attack, work->cube, g, insider, side == 0,
							 &value, work->table);
		}
		if (value == group->n)
			continue;
		Remember(work);
		low = Min(low, value);
		high = Max(high, value);
		if (WideEnough(work, insider, low, high))
			return -1;
	}
	return held;
}

/* Is a cell safe from an attacker?  If not, the leak is noted. */
static bool
Holds(Work *work, int g, const int *insider, bool note)
{
	int64		low;
	int64		high;
	int			held;

	KnownRange(work, g, insider, &low, &high);
	if (WideEnough(work, insider, low, high))
		return true;
	for (int window = work->cube->group[g].window;;
		 window = work->cube->group[window].wider)
	{
		held = SearchTables(work, g, window, insider);
		if (held < 0 || (held > 0 && !work->wide) ||
			window == work->cube->group[window].wider)
			break;
	}
	if (held < 0)
		return true;
	if (note)
		NoteLeak(work, g, insider, held);
	return false;
}

static bool
IsSingleton(const TipCube *cube, int var)
{
	return cube->truth[var] == 1 && cube->single[var] >= 0;
}

/* Insiders learn nothing about others from their own cells. */
static bool
IsOwn(const Work *work, int g, const int *insider)
{
	const TipGroup *group = &work->cube->group[g];

	for (int k = 0; k < group->count; k++)
		if (group->members[k] != insider[0] &&
			group->members[k] != insider[1])
			return false;
	return true;
}

/* The known table that changes a cell and the fewest others, or -1. */
static int
SmallestWitness(const Work *work, int g, const int *insider)
{
	const IntList *touching = &work->touching[g];
	int			best = -1;

	for (int k = 0; k < touching->count; k += 2)
	{
		int			w = touching->item[k];
		const Witness *witness = &work->witness[w];

		if (!witness->dropped && FitsInsiders(work, witness, insider) &&
			(best < 0 || witness->count < work->witness[best].count))
			best = w;
	}
	return best;
}

/*
 * Insiders matter to a cell only if every known table that changes the cell
 * changes theirs, too: so look at the singletons of one such table.
 */
static bool
HoldsAgainst(Work *work, int g, int *insider, int depth, bool note)
{
	int			w = SmallestWitness(work, g, insider);
	bool		safe = true;

	for (int k = 0; w >= 0 && k < work->witness[w].count; k++)
	{
		int			other = work->witness[w].group[k];
		const TipGroup *group = &work->cube->group[other];
		bool		holds;

		if (!safe && !note)
			break;
		if (group->count != 1 || !IsSingleton(work->cube, group->members[0]))
			continue;
		insider[depth] = group->members[0];
		holds = IsOwn(work, g, insider) || Holds(work, g, insider, note);
		if (holds && depth == 0 && !IsOwn(work, g, insider) &&
			work->rule->insiders == TIP_SINGLETON_PAIRS)
			holds = HoldsAgainst(work, g, insider, 1, note);
		safe = safe && holds;
		insider[depth] = OUTSIDER;
	}
	return safe;
}

/* A small cell against every attacker of the policy. */
static bool
HoldsAgainstAll(Work *work, int g, bool note)
{
	int			insider[2] = {OUTSIDER, OUTSIDER};

	if (!Holds(work, g, insider, note))
		return false;
	return work->rule->insiders == TIP_NO_INSIDERS ||
		HoldsAgainst(work, g, insider, 0, note);
}

/* ---- covering leaks ---- */

static int64
WorkDone(const Work *work)
{
	int64		done = work->spent;

	for (int g = 0; g < work->cube->groups; g++)
		if (work->attack[g] != NULL)
			done += TipAttackWork(work->attack[g]);
	return done;
}

static uint64
NextRandom(Work *work)
{
	work->random ^= work->random << 13;
	work->random ^= work->random >> 7;
	work->random ^= work->random << 17;
	return work->random;
}

/* Prices are costs, off by a random part of up to noise percent. */
static void
SetPrices(Work *work, int noise)
{
	for (int g = 0; g < work->cube->groups; g++)
		work->price[g] = work->cube->group[g].cost *
			(100.0 + (noise ? (double) (NextRandom(work) % noise) : 0.0));
}

static void
SetHidden(Work *work, int g, bool hidden)
{
	work->cube->group[g].hidden = hidden;
	work->cube->version++;
}

/* The published cell that frees most small ones for its price, or -1. */
static int
BestBlocker(const Work *work, double *score)
{
	const TipCube *cube = work->cube;
	int			best = -1;

	memset(score, 0, sizeof(double) * cube->groups);
	for (int k = 0; k < work->leaks; k++)
		for (int b = 0; b < work->leak[k].blockers; b++)
			score[work->leak[k].blocker[b]] += 1;
	for (int g = 0; g < cube->groups; g++)
		if (score[g] > 0)
		{
			score[g] /= work->price[g];
			if (best < 0 || score[g] > score[best])
				best = g;
		}
	return best;
}

/* Where nothing is named: the cheapest published cell, near ones first. */
static int
Neighbour(const Work *work, int target)
{
	const TipCube *cube = work->cube;
	const TipGroup *group = &cube->group[target];
	int			best = -1;

	for (int k = 0; k < group->count; k++)
		for (int w = 0; w < work->within[group->members[k]].count; w++)
		{
			int			g = work->within[group->members[k]].item[w];
			const TipGroup *other = &cube->group[g];

			if (other->planned && !other->hidden && !other->known &&
				(best < 0 || other->cost < cube->group[best].cost))
				best = g;
		}
	for (int g = 0; best < 0 && g < cube->groups; g++)
		if (cube->group[g].planned && !cube->group[g].hidden &&
			!cube->group[g].known)
			best = g;
	return best;
}

/* Forget the leaks that a cell now hidden was part of, and look again. */
static void
LookAgain(Work *work, int hidden)
{
	IntList		again = {0};
	int			kept = 0;

	for (int k = 0; k < work->leaks; k++)
		for (int b = 0; b < work->leak[k].blockers; b++)
			if (work->leak[k].blocker[b] == hidden)
			{
				Append(&again, work->leak[k].target);
				break;
			}
	for (int k = 0; k < again.count; k++)
		work->due[again.item[k]] = true;
	for (int k = 0; k < work->leaks; k++)
	{
		if (work->due[work->leak[k].target])
			pfree(work->leak[k].blocker);
		else
			work->leak[kept++] = work->leak[k];
	}
	work->leaks = kept;
	for (int k = 0; k < again.count; k++)
	{
		int			g = again.item[k];

		if (!work->due[g])
			continue;
		work->due[g] = false;
		HoldsAgainstAll(work, g, true);
	}
	if (again.item)
		pfree(again.item);
}

static void
FindLeaks(Work *work)
{
	for (int g = 0; g < work->cube->groups; g++)
		if (work->cube->group[g].small && !work->cube->group[g].known)
			HoldsAgainstAll(work, g, true);
}

/* Is the work limit passed?  If so, say once what that means. */
static bool
IsHasty(Work *work)
{
	if (!work->hasty && WorkDone(work) > MOST_WORK)
	{
		work->hasty = true;
		ereport(NOTICE,
				(errmsg("table is large: more cells are hidden than may be necessary"),
				 errhint("Use fewer or coarser dimensions.")));
	}
	return work->hasty;
}

/*
 * Past the work limit there is no time to choose: hide all that holds any
 * cell, and look at all of them again.
 */
static void
HideBlockers(Work *work)
{
	if (WorkDone(work) > 2 * MOST_WORK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table is too large to be certified in time"),
				 errhint("Use fewer or coarser dimensions.")));
	for (int k = 0; k < work->leaks; k++)
	{
		for (int b = 0; b < work->leak[k].blockers; b++)
			work->cube->group[work->leak[k].blocker[b]].hidden = true;
		pfree(work->leak[k].blocker);
	}
	work->leaks = 0;
	work->cube->version++;
	FindLeaks(work);
}

/* Hide one cell after another until no leak is left. */
static void
CoverLeaks(Work *work)
{
	double	   *score = palloc(sizeof(double) * (work->cube->groups + 1));

	while (work->leaks > 0)
	{
		int			g = BestBlocker(work, score);

		CHECK_FOR_INTERRUPTS();
		if (g >= 0 && IsHasty(work))
		{
			HideBlockers(work);
			continue;
		}
		if (g < 0)
		{
			g = Neighbour(work, work->leak[0].target);
			if (g < 0)
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("table cannot be protected"),
						 errhint("Use a longer period or fewer dimensions.")));
			work->leak[0].blocker[0] = g;
			work->leak[0].blockers = 1;
		}
		SetHidden(work, g, true);
		LookAgain(work, g);
	}
	pfree(score);
}

/* ---- pruning ---- */

/* Mark the tables that are not possible with a cell published. */
static void
DropTables(Work *work, int g)
{
	const IntList *touching = &work->touching[g];

	for (int k = 0; k < touching->count; k += 2)
		work->witness[touching->item[k]].dropped = true;
}

/* Settle it: the cell stays published, or the tables are possible again. */
static void
SettleTables(Work *work, int g, bool published)
{
	const IntList *touching = &work->touching[g];

	for (int k = 0; k < touching->count; k += 2)
	{
		Witness    *witness = &work->witness[touching->item[k]];

		if (published)
			witness->gone = true;
		witness->dropped = witness->gone;
	}
}

/* Do the small cells that relied on dropped tables hold without them? */
static bool
HoldWithout(Work *work, int g)
{
	int			tables = work->touching[g].count;
	IntList		small = {0};
	bool		safe = true;

	for (int k = 0; k < tables; k += 2)
	{
		const Witness *witness = &work->witness[work->touching[g].item[k]];

		for (int i = 0; i < witness->count; i++)
		{
			int			other = witness->group[i];

			if (work->cube->group[other].small &&
				!work->cube->group[other].known && !work->due[other])
			{
				work->due[other] = true;
				Append(&small, other);
			}
		}
	}
	for (int k = 0; k < small.count; k++)
		work->due[small.item[k]] = false;
	for (int k = 0; k < small.count && safe; k++)
		safe = HoldsAgainstAll(work, small.item[k], false);
	if (small.item)
		pfree(small.item);
	return safe;
}

static int
ComparePrices(const void *a, const void *b, void *arg)
{
	const double *price = arg;
	int			left = *(const int *) a;
	int			right = *(const int *) b;

	if (price[left] != price[right])
		return price[left] > price[right] ? -1 : 1;
	return left < right ? -1 : 1;
}

/* Publish again, dearest first, whatever the attacker cannot use. */
static void
Prune(Work *work)
{
	TipCube    *cube = work->cube;
	int		   *order = palloc(sizeof(int) * (cube->groups + 1));
	int			count = 0;

	for (int g = 0; g < cube->groups; g++)
		if (cube->group[g].planned && cube->group[g].hidden &&
			!cube->group[g].small && !cube->group[g].kept)
			order[count++] = g;
	qsort_arg(order, count, sizeof(int), ComparePrices, work->price);
	for (int k = 0; k < count && !IsHasty(work); k++)
	{
		int			g = order[k];

		SetHidden(work, g, false);
		DropTables(work, g);
		if (HoldWithout(work, g))
			SettleTables(work, g, true);
		else
		{
			SetHidden(work, g, true);
			SettleTables(work, g, false);
		}
	}
	pfree(order);
}

/* ---- all of it ---- */

static void
OpenWork(Work *work, TipCube *cube, const TipProtection *rule)
{
	memset(work, 0, sizeof(Work));
	work->random = cube->seed;
	work->cube = cube;
	work->rule = rule;
	work->capacity = work->leak_size = 64;
	work->witness = palloc(sizeof(Witness) * work->capacity);
	work->leak = palloc(sizeof(Leak) * work->leak_size);
	work->touching = palloc0(sizeof(IntList) * (cube->groups + 1));
	work->within = palloc0(sizeof(IntList) * (cube->vars + 1));
	work->change = palloc0(sizeof(int) * (cube->groups + 1));
	work->changed = palloc(sizeof(int) * (cube->groups + 1));
	work->seen = palloc0(sizeof(bool) * (cube->groups + 1));
	work->due = palloc0(sizeof(bool) * (cube->groups + 1));
	work->table = palloc(sizeof(int64) * (cube->vars + 1));
	for (int g = 0; g < cube->groups; g++)
		for (int k = 0; k < cube->group[g].count; k++)
			Append(&work->within[cube->group[g].members[k]], g);
	work->attack = palloc0(sizeof(TipAttack *) * (cube->groups + 1));
	work->price = palloc(sizeof(double) * (cube->groups + 1));
	work->used = palloc0(sizeof(int) * (cube->groups + 1));
	work->blocker = palloc(sizeof(int) * 4 * (cube->groups + 1));
}

static void
CloseWork(Work *work)
{
	for (int g = 0; g < work->cube->groups; g++)
		if (work->attack[g] != NULL)
			TipAttackClose(work->attack[g]);
}

/* Does a table agree with all that is published?  By addition alone. */
static bool
IsPossible(Work *work, const Witness *witness)
{
	for (int k = 0; k < witness->count; k++)
	{
		const TipGroup *group = &work->cube->group[witness->group[k]];

		if (group->planned || group->known)
		{
			if (!group->hidden || group->n + witness->change[k] < 1)
				return false;
		}
		else if (group->n + witness->change[k] < 0)
			return false;
	}
	return true;
}

/* The proof: every small cell has its tables, and each table is possible. */
static void
Certify(Work *work)
{
	TipCube    *cube = work->cube;
	bool		safe = true;

	for (int g = 0; g < cube->groups && safe; g++)
		if (cube->group[g].small && !cube->group[g].known)
			safe = HoldsAgainstAll(work, g, false);
	for (int w = 0; w < work->witnesses; w++)
		if (!work->witness[w].dropped)
			safe = safe && IsPossible(work, &work->witness[w]);
	if (!safe)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table cannot be certified"),
				 errhint("Use a longer period or fewer dimensions.")));
}

/* ---- improving ---- */

static int64
PatternCost(const TipCube *cube)
{
	int64		cost = 0;

	for (int g = 0; g < cube->groups; g++)
		if (cube->group[g].hidden)
			cost += cube->group[g].cost;
	return cost;
}

static bool
IsSecondary(const TipGroup *group)
{
	return group->planned && group->hidden && !group->small && !group->kept;
}

/* Which known tables are possible under the present pattern? */
static void
JudgeTables(Work *work)
{
	for (int w = 0; w < work->witnesses; w++)
	{
		Witness    *witness = &work->witness[w];

		witness->gone = witness->dropped = !IsPossible(work, witness);
	}
}

static void
SavePattern(const TipCube *cube, bool *pattern)
{
	for (int g = 0; g < cube->groups; g++)
		pattern[g] = cube->group[g].hidden;
}

static void
RestorePattern(Work *work, const bool *pattern)
{
	for (int g = 0; g < work->cube->groups; g++)
		work->cube->group[g].hidden = pattern[g];
	work->cube->version++;
	JudgeTables(work);
}

/* Publish some of the secondary cells, then protect what that lays open. */
static void
Ruin(Work *work, int share)
{
	TipCube    *cube = work->cube;

	for (int g = 0; g < cube->groups; g++)
		if (IsSecondary(&cube->group[g]) &&
			NextRandom(work) % 100 < (uint64) share)
			cube->group[g].hidden = false;
	SetPrices(work, 300);
	cube->version++;
	JudgeTables(work);
	FindLeaks(work);
	CoverLeaks(work);
	Prune(work);
}

/* Ruin and repair as long as the work is worth it; keep the cheapest. */
static void
Improve(Work *work)
{
	bool	   *best = palloc(sizeof(bool) * (work->cube->groups + 1));
	int64		cost = PatternCost(work->cube);
	int			idle = 0;

	SavePattern(work->cube, best);
	while (idle < MOST_IDLE && WorkDone(work) < WORK_WORTH)
	{
		int64		mine;

		Ruin(work, 5 + NextRandom(work) % 25);
		mine = PatternCost(work->cube);
		idle = mine < cost ? 0 : idle + 1;
		if (mine <= cost)
		{
			cost = mine;
			SavePattern(work->cube, best);
		}
		else
			RestorePattern(work, best);
		if (work->witnesses > MOST_WITNESSES)
			break;
	}
	pfree(best);
}

/* Hide what must be hidden, until the attacker finds nothing. */
void
TipSuppress(TipCube *cube, const TipProtection *rule)
{
	Work		work;

	for (int g = 0; g < cube->groups; g++)
		cube->group[g].hidden = cube->group[g].planned &&
			(cube->group[g].small || cube->group[g].kept) &&
			!cube->group[g].known;
	OpenWork(&work, cube, rule);
	SetPrices(&work, 0);
	FindLeaks(&work);
	CoverLeaks(&work);
	Prune(&work);
	Improve(&work);
	work.wide = cube->vars <= MOST_WIDE;
	if (work.wide)
		Prune(&work);
	Certify(&work);
	CloseWork(&work);
}

/* ---- the certificate ---- */

#define NO_TABLE	(-1)
#define MOST_PROOFS	200000

/* The table of a witness, or the true one. */
static int64 *
TableOf(const Work *work, int w)
{
	const TipCube *cube = work->cube;
	int64	   *table = palloc(sizeof(int64) * (cube->vars + 1));

	memcpy(table, cube->truth, sizeof(int64) * cube->vars);
	for (int k = 0; w != NO_TABLE && k < work->witness[w].count; k++)
	{
		const TipGroup *group = &cube->group[work->witness[w].group[k]];

		if (group->count == 1)
			table[group->members[0]] += work->witness[w].change[k];
	}
	return table;
}

/* A possible table that is not the true one and leaves a cell as it is. */
static int
UnchangedIn(const Work *work, int g, const int *insider)
{
	for (int w = 0; w < work->witnesses; w++)
		if (!work->witness[w].dropped &&
			ChangeIn(&work->witness[w], g) == 0 &&
			FitsInsiders(work, &work->witness[w], insider))
			return w;
	return NO_TABLE;
}

/* The two tables that are furthest apart in a cell; the true one if need be. */
static void
FurthestApart(const Work *work, int g, const int *insider, int *low,
			  int *high)
{
	const IntList *touching = &work->touching[g];
	int			least = 0;
	int			most = 0;

	*low = *high = NO_TABLE;
	for (int k = 0; k < touching->count; k += 2)
	{
		int			w = touching->item[k];
		int			by = touching->item[k + 1];

		if (work->witness[w].dropped ||
			!FitsInsiders(work, &work->witness[w], insider))
			continue;
		if (by < least)
		{
			least = by;
			*low = w;
		}
		if (by > most)
		{
			most = by;
			*high = w;
		}
	}
	if (*low == NO_TABLE)
		*low = UnchangedIn(work, g, insider);
	if (*high == NO_TABLE)
		*high = UnchangedIn(work, g, insider);
}

/* The number in the certificate of a witness; it is listed once. */
static int
ListTable(const Work *work, TipCertificate *proof, int *number, int w)
{
	if (number[w + 1] < 0)
	{
		number[w + 1] = proof->tables;
		proof->table[proof->tables++] = TableOf(work, w);
	}
	return number[w + 1];
}

static void
AddProof(const Work *work, TipCertificate *proof, int *number, int g,
		 const int *insider)
{
	TipProof   *mine;
	int			low;
	int			high;

	if (proof->proofs == MOST_PROOFS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("certificate of the table would be too large"),
				 errhint("Use fewer or coarser dimensions.")));
	FurthestApart(work, g, insider, &low, &high);
	if (low == high)
		return;
	mine = &proof->proof[proof->proofs];
	mine->insider = insider[0];
	mine->low = ListTable(work, proof, number, low);
	mine->high = ListTable(work, proof, number, high);
	mine->next = proof->first[g];
	proof->first[g] = proof->proofs++;
}

/* Look for a second table where only secondary cells would lack one. */
static void
SearchSecondary(Work *work)
{
	int			nobody[2] = {OUTSIDER, OUTSIDER};

	for (int g = 0; g < work->cube->groups; g++)
		if (work->cube->group[g].hidden && !work->cube->group[g].small)
			Holds(work, g, nobody, false);
}

static void
AddProofs(Work *work, TipCertificate *proof, int *number, int g)
{
	const TipCube *cube = work->cube;
	int			insider[2] = {OUTSIDER, OUTSIDER};

	if (!cube->group[g].hidden && !cube->group[g].small)
		return;
	if (cube->group[g].known)
		return;
	AddProof(work, proof, number, g, insider);
	if (work->rule->insiders == TIP_NO_INSIDERS || !cube->group[g].small)
		return;
	for (int var = 0; var < cube->vars; var++)
	{
		if (!IsSingleton(cube, var))
			continue;
		insider[0] = var;
		if (!IsOwn(work, g, insider))
			AddProof(work, proof, number, g, insider);
	}
}

TipCertificate *
TipCertify(TipCube *cube, const TipProtection *rule)
{
	TipCertificate *proof = palloc0(sizeof(TipCertificate));
	Work		work;
	int		   *number;

	OpenWork(&work, cube, rule);
	SearchSecondary(&work);
	Certify(&work);
	number = palloc(sizeof(int) * (work.witnesses + 2));
	memset(number, -1, sizeof(int) * (work.witnesses + 2));
	proof->table = palloc(sizeof(int64 *) * (work.witnesses + 2));
	proof->proof = palloc_extended(sizeof(TipProof) * MOST_PROOFS,
								   MCXT_ALLOC_HUGE);
	proof->first = palloc(sizeof(int) * (cube->groups + 1));
	for (int g = 0; g < cube->groups; g++)
	{
		proof->first[g] = -1;
		AddProofs(&work, proof, number, g);
	}
	CloseWork(&work);
	return proof;
}
