/*
 * release_audit_attack.c
 *		What an attacker learns: exact integer extremes of every sum.
 *
 * Unknowns that no relation ties together are separate problems.  A cell that
 * lies in several of them is known exactly if each of its shares is.  Every
 * table that a question brings up widens what is possible for all other
 * shares, so most questions need not be asked.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "release_audit.h"

#define BUCKETS			65536
#define MAX_KEPT		256		/* tables kept of one component, at most */
#define MAX_KEPT_SIZE	2000000
#define MAX_ALONE		100000000
#define AUDIT_COLUMNS	6

/* What one question may cost before its answer is "not proven". */
#define MAX_PIVOTS		100000
#define MAX_NODES		5000

/* A sum of unknowns of one component that is bounded, asked for, or both. */
typedef struct Share
{
	int			count;
	int		   *var;			/* ascending */
	int			next;			/* of the same hash */
	int			component;
	int			id;				/* in the program of its component */
	int64		low;			/* what is said of it */
	int64		high;
	bool		binding;		/* and the unknowns alone do not say so */
	bool		wanted;			/* some target asks for it */
	const TipAuditRow *row;		/* the cell that says so */
} Share;

/* What one attacker has found possible for each share. */
typedef struct View
{
	int64	   *low;
	int64	   *high;
	bool	   *low_sure;		/* nothing lower is possible */
	bool	   *high_sure;
} View;

typedef struct Component
{
	int			vars;
	int		   *var;
	int			shares;
	int		   *share;
	int			relations;
	int		   *relation;
	TipSystem	system;
	TipProgram *program;		/* NULL: not even a start was found */
	int			kept;
	int64	   *table[MAX_KEPT];
} Component;

typedef struct Target
{
	int			cell;			/* -1: a finest cell that no row shows */
	int			var;
	int64		known;			/* in its unknowns that are plain to see */
	bool		open;
	int			shares;
	int		   *share;
} Target;

typedef struct Attack
{
	TipAudit   *audit;
	const TipAuditOptions *options;
	ReturnSetInfo *result;
	int		   *root;			/* union-find, later the component */
	int		   *local;			/* number of an unknown in its component */
	int			components;
	Component  *component;
	int			shares;
	int			room;
	Share	   *share;
	int		   *bucket;
	int			targets;
	Target	   *target;
	View		outsider;
	int64	   *point;
} Attack;

static bool
IsLive(const Attack *attack, int var)
{
	return attack->audit->low[var] < attack->audit->high[var];
}

/* Unknowns tied together. */

static int
FindRoot(Attack *attack, int var)
{
	while (attack->root[var] != var)
	{
		attack->root[var] = attack->root[attack->root[var]];
		var = attack->root[var];
	}
	return var;
}

/* Can the unknowns, each within its own bounds, break the row? */
static bool
IsBinding(const Attack *attack, const TipAuditRow *row)
{
	int64		least = 0;
	int64		most = 0;
	int			live = 0;

	for (int k = 0; k < row->count; k++)
	{
		int64		low = attack->audit->low[row->var[k]];
		int64		high = attack->audit->high[row->var[k]];
		bool		plus = TipAuditCoefficient(row, k) > 0;

		live += low < high;
		least += plus ? low : -high;
		most += plus ? high : -low;
	}
	return live > 0 && (least < row->low || most > row->high);
}

static void
TieTogether(Attack *attack, bool *binding)
{
	TipAudit   *audit = attack->audit;

	attack->root = palloc(sizeof(int) * audit->vars);
	for (int v = 0; v < audit->vars; v++)
		attack->root[v] = v;
	for (int i = 0; i < audit->rows; i++)
	{
		const TipAuditRow *row = &audit->row[i];
		int			first = -1;

		CHECK_FOR_INTERRUPTS();
		binding[i] = IsBinding(attack, row);
		for (int k = 0; k < row->count && binding[i]; k++)
		{
			if (!IsLive(attack, row->var[k]))
				continue;
			if (first < 0)
				first = FindRoot(attack, row->var[k]);
			attack->root[FindRoot(attack, row->var[k])] = first;
		}
	}
}

static void
NumberComponents(Attack *attack)
{
	TipAudit   *audit = attack->audit;
	int		   *number = palloc(sizeof(int) * audit->vars);

	attack->local = palloc(sizeof(int) * audit->vars);
	for (int v = 0; v < audit->vars; v++)
		number[v] = -1;
	for (int v = 0; v < audit->vars; v++)
		if (IsLive(attack, v) && number[FindRoot(attack, v)] < 0)
			number[FindRoot(attack, v)] = attack->components++;
	attack->component = palloc_extended(sizeof(Component) *
										(attack->components + 1),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int v = 0; v < audit->vars; v++)
		number[v] = IsLive(attack, v) ? number[FindRoot(attack, v)] : -1;
	attack->root = number;

	for (int v = 0; v < audit->vars; v++)
		if (number[v] >= 0)
			attack->local[v] = attack->component[number[v]].vars++;
	for (int c = 0; c < attack->components; c++)
		attack->component[c].var = palloc(sizeof(int) *
										  attack->component[c].vars);
	for (int v = 0; v < audit->vars; v++)
		if (number[v] >= 0)
			attack->component[number[v]].var[attack->local[v]] = v;
}

/* Shares, each once. */

static int
NewShare(Attack *attack, const int *var, int count, int bucket)
{
	Share	   *share;
	int64		low = 0;
	int64		high = 0;

	if (attack->shares == attack->room)
	{
		attack->room *= 2;
		attack->share = repalloc_huge(attack->share,
									  sizeof(Share) * attack->room);
	}
	share = &attack->share[attack->shares];
	memset(share, 0, sizeof(Share));
	share->count = count;
	share->var = palloc(sizeof(int) * count);
	memcpy(share->var, var, sizeof(int) * count);
	for (int k = 0; k < count; k++)
	{
		low += attack->audit->low[var[k]];
		high += attack->audit->high[var[k]];
	}
	share->low = low;
	share->high = high;
	share->component = attack->root[var[0]];
	share->next = attack->bucket[bucket];
	attack->bucket[bucket] = attack->shares;
	return attack->shares++;
}

static int
ShareOf(Attack *attack, const int *var, int count)
{
	int			bucket = hash_bytes((const unsigned char *) var,
									sizeof(int) * count) % BUCKETS;

	for (int s = attack->bucket[bucket]; s >= 0; s = attack->share[s].next)
		if (attack->share[s].count == count &&
			memcmp(attack->share[s].var, var, sizeof(int) * count) == 0)
			return s;
	return NewShare(attack, var, count, bucket);
}

/* What a binding cell says of its unknowns that are not plain to see. */
static void
BoundShare(Attack *attack, const TipAuditRow *row, int *live)
{
	TipAudit   *audit = attack->audit;
	int64		known = 0;
	int			count = 0;
	int			s;
	Share	   *share;

	for (int k = 0; k < row->count; k++)
		if (IsLive(attack, row->var[k]))
			live[count++] = row->var[k];
		else
			known += audit->low[row->var[k]];
	s = ShareOf(attack, live, count);
	share = &attack->share[s];
	if (row->low - known > share->low)
		share->low = row->low - known;
	if (row->high < TIP_UNBOUNDED && row->high - known < share->high)
		share->high = row->high - known;
	if (share->low > share->high)
		TipAuditConflict(audit, row, "has the same parts as another cell, which says otherwise");
	share->binding = true;
	share->row = row;
}

typedef struct Sorted
{
	int			component;
	int			var;
} Sorted;

static int
CompareSorted(const void *a, const void *b)
{
	const Sorted *x = a;
	const Sorted *y = b;

	if (x->component != y->component)
		return x->component < y->component ? -1 : 1;
	return x->var < y->var ? -1 : x->var > y->var;
}

/* Cut the unknowns of a target into a share of each component. */
static void
FillTarget(Attack *attack, Target *target, const int *var, int count)
{
	TipAudit   *audit = attack->audit;
	Sorted	   *sorted = palloc(sizeof(Sorted) * (count + 1));
	int		   *run = palloc(sizeof(int) * (count + 1));
	int			live = 0;
	int			length = 0;

	for (int k = 0; k < count; k++)
	{
		if (!IsLive(attack, var[k]))
		{
			target->known += audit->low[var[k]];
			continue;
		}
		target->open |= audit->open[var[k]];
		sorted[live].component = attack->root[var[k]];
		sorted[live++].var = var[k];
	}
	qsort(sorted, live, sizeof(Sorted), CompareSorted);
	target->share = palloc(sizeof(int) * (live + 1));
	for (int k = 0; k < live; k++)
	{
		run[length++] = sorted[k].var;
		if (k + 1 < live && sorted[k + 1].component == sorted[k].component)
			continue;
		target->share[target->shares] = ShareOf(attack, run, length);
		attack->share[target->share[target->shares++]].wanted = true;
		length = 0;
	}
	target->share = repalloc(target->share,
							 sizeof(int) * (target->shares + 1));
	pfree(sorted);
	pfree(run);
}

/* Finest cells that no row shows, if they are asked for. */
static void
AddUnlisted(Attack *attack)
{
	TipAudit   *audit = attack->audit;
	bool	   *skip = palloc0(sizeof(bool) * audit->vars);

	for (int i = 0; i < audit->cells; i++)
		if (audit->row[i].finest && audit->row[i].count == 1)
			skip[audit->row[i].var[0]] = true;
	for (int v = 0; v < audit->vars; v++)
	{
		Target	   *target = &attack->target[attack->targets];

		for (int d = 0; d < audit->dims; d++)
		{
			const TipAuditDim *dim = &audit->dim[d];
			int			node = dim->node[v / audit->stride[d] % dim->places];

			if (dim->children[node] > 0)
				skip[v] = true;
		}
		if (skip[v] || audit->high[v] == 0)
			continue;
		target->cell = -1;
		target->var = v;
		FillTarget(attack, target, &v, 1);
		attack->targets++;
	}
}

static void
ListShares(Attack *attack, const bool *binding)
{
	TipAudit   *audit = attack->audit;
	int		   *live = palloc(sizeof(int) * (audit->vars + 1));

	attack->room = 1024;
	attack->share = palloc(sizeof(Share) * attack->room);
	attack->bucket = palloc(sizeof(int) * BUCKETS);
	for (int b = 0; b < BUCKETS; b++)
		attack->bucket[b] = -1;
	for (int i = 0; i < audit->cells; i++)
		if (binding[i])
			BoundShare(attack, &audit->row[i], live);

	attack->target = palloc_extended(sizeof(Target) *
									 (audit->cells + audit->vars + 1),
									 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < audit->cells; i++)
	{
		Target	   *target = &attack->target[attack->targets];

		CHECK_FOR_INTERRUPTS();
		if (audit->row[i].low == audit->row[i].high)
			continue;
		target->cell = i;
		FillTarget(attack, target, audit->row[i].var, audit->row[i].count);
		attack->targets++;
	}
	if (attack->options->unlisted)
		AddUnlisted(attack);
}

/* One exact program per component. */

static void
GatherRows(Attack *attack, const bool *binding)
{
	TipAudit   *audit = attack->audit;

	for (int pass = 0; pass < 2; pass++)
	{
		for (int s = 0; s < attack->shares; s++)
		{
			Component  *c = &attack->component[attack->share[s].component];

			if (pass == 1)
				c->share[c->shares] = s;
			c->shares++;
		}
		for (int i = audit->cells; i < audit->rows; i++)
		{
			const TipAuditRow *row = &audit->row[i];
			int			k = 0;
			Component  *c;

			if (!binding[i])
				continue;
			while (!IsLive(attack, row->var[k]))
				k++;
			c = &attack->component[attack->root[row->var[k]]];
			if (pass == 1)
				c->relation[c->relations] = i;
			c->relations++;
		}
		for (int i = 0; i < attack->components && pass == 0; i++)
		{
			Component  *c = &attack->component[i];

			c->share = palloc(sizeof(int) * (c->shares + 1));
			c->relation = palloc(sizeof(int) * (c->relations + 1));
			c->shares = c->relations = 0;
		}
	}
}

static void
FillShareRow(Attack *attack, Share *share, TipSystem *system)
{
	TipRow	   *row = &system->row[system->rows];
	int		   *var = palloc(sizeof(int) * share->count);

	for (int k = 0; k < share->count; k++)
		var[k] = attack->local[share->var[k]];
	row->count = share->count;
	row->var = var;
	row->coef = NULL;
	row->low = share->binding ? share->low : -TIP_UNBOUNDED;
	row->high = share->binding ? share->high : TIP_UNBOUNDED;
	share->id = system->vars + system->rows++;
}

static void
FillRelationRow(Attack *attack, const TipAuditRow *from, TipSystem *system)
{
	TipRow	   *row = &system->row[system->rows++];
	int		   *var = palloc(sizeof(int) * from->count);
	int		   *coef = palloc(sizeof(int) * from->count);
	int64		low = from->low;
	int			count = 0;

	for (int k = 0; k < from->count; k++)
	{
		int			sign = TipAuditCoefficient(from, k);

		if (!IsLive(attack, from->var[k]))
		{
			low -= sign * attack->audit->low[from->var[k]];
			continue;
		}
		var[count] = attack->local[from->var[k]];
		coef[count++] = sign;
	}
	row->count = count;
	row->var = var;
	row->coef = coef;
	row->low = low;
	row->high = TIP_UNBOUNDED;
}

/* A share of one unknown needs no row: its bounds are the unknown's. */
static void
FillSystem(Attack *attack, Component *c)
{
	TipAudit   *audit = attack->audit;
	TipSystem  *system = &c->system;

	system->vars = c->vars;
	system->low = palloc(sizeof(int64) * c->vars);
	system->high = palloc(sizeof(int64) * c->vars);
	system->row = palloc(sizeof(TipRow) * (c->shares + c->relations + 1));
	for (int v = 0; v < c->vars; v++)
	{
		system->low[v] = audit->low[c->var[v]];
		system->high[v] = audit->high[c->var[v]];
	}
	for (int i = 0; i < c->shares; i++)
	{
		Share	   *share = &attack->share[c->share[i]];

		CHECK_FOR_INTERRUPTS();
		if (share->count > 1)
		{
			FillShareRow(attack, share, system);
			continue;
		}
		share->id = attack->local[share->var[0]];
		system->low[share->id] = share->low;
		system->high[share->id] = share->high;
	}
	for (int i = 0; i < c->relations; i++)
		FillRelationRow(attack, &audit->row[c->relation[i]], system);
}

/*
 * Which published cell is behind an id of a program?  Without one, no cell
 * is to blame alone: name any of those that cannot be true together.
 */
static void
Contradiction(const Attack *attack, const Component *c, int id)
{
	TipAuditRow row = {0};
	const char *said = "cannot be met by whole numbers together with the other cells";
	int			relation = id - (c->vars + c->system.rows - c->relations);

	for (int i = 0; i < c->shares; i++)
	{
		const Share *share = &attack->share[c->share[i]];

		if (share->row != NULL && (share->id == id || id < 0))
			TipAuditConflict(attack->audit, share->row, said);
	}
	if (relation >= 0)
		TipAuditConflict(attack->audit,
						 &attack->audit->row[c->relation[relation]], said);
	row.node = TipAuditPlaceNodes(attack->audit,
								  c->var[id >= 0 && id < c->vars ? id : 0]);
	TipAuditConflict(attack->audit, &row, said);
}

/* What is possible gets wider with every table. */

static View
NewView(int shares)
{
	View		view;

	view.low = palloc(sizeof(int64) * (shares + 1));
	view.high = palloc(sizeof(int64) * (shares + 1));
	view.low_sure = palloc0(sizeof(bool) * (shares + 1));
	view.high_sure = palloc0(sizeof(bool) * (shares + 1));
	for (int s = 0; s < shares; s++)
	{
		view.low[s] = PG_INT64_MAX;
		view.high[s] = PG_INT64_MIN;
	}
	return view;
}

static void
Widen(const Attack *attack, const Component *c, View *view,
	  const int64 *table)
{
	for (int i = 0; i < c->shares; i++)
	{
		int			s = c->share[i];
		const Share *share = &attack->share[s];
		int64		sum = 0;

		if (!share->wanted)
			continue;
		for (int k = 0; k < share->count; k++)
			sum += table[attack->local[share->var[k]]];
		view->low[s] = Min(view->low[s], sum);
		view->high[s] = Max(view->high[s], sum);
	}
}

static void
Keep(Component *c, const int64 *table)
{
	if (c->kept >= MAX_KEPT || (int64) c->kept * c->vars > MAX_KEPT_SIZE)
		return;
	c->table[c->kept] = palloc(sizeof(int64) * c->vars);
	memcpy(c->table[c->kept++], table, sizeof(int64) * c->vars);
}

static bool
IsSure(const View *view, int s)
{
	return view->low_sure[s] && view->high_sure[s];
}

static bool
IsExact(const View *view, int s)
{
	return IsSure(view, s) && view->low[s] == view->high[s];
}

/*
 * One end of a share.  Where only "more than one value?" is asked, a second
 * value is enough.
 */
static void
SeekEnd(Attack *attack, Component *c, TipProgram *program, View *view, int s,
		bool highest, bool extreme, bool keep)
{
	const Share *share = &attack->share[s];
	int64		found = highest ? view->high[s] : view->low[s];
	bool	   *sure = highest ? &view->high_sure[s] : &view->low_sure[s];
	int64		value;
	TipOutcome	outcome;

	if (found == (highest ? share->high : share->low))
		*sure = true;
	if (*sure || (!extreme && view->low[s] < view->high[s]))
		return;
	if (extreme)
		outcome = TipProgramExtreme(program, share->id, highest, &value,
									attack->point);
	else
		outcome = TipProgramReach(program, share->id, highest,
								  highest ? found + 1 : found - 1, &value,
								  attack->point);
	if (outcome == (extreme ? TIP_SOLVED : TIP_IMPOSSIBLE))
		*sure = true;
	Widen(attack, c, view, attack->point);
	if (keep)
		Keep(c, attack->point);
}

static void
SeekOutsider(Attack *attack, Component *c)
{
	bool		extreme = attack->options->bounds;
	int			conflict = 0;
	TipOutcome	outcome;

	c->program = TipProgramNew(&c->system, NULL);
	TipProgramLimit(c->program, MAX_PIVOTS, MAX_NODES);
	outcome = TipProgramStart(c->program, attack->point, &conflict);
	if (outcome == TIP_IMPOSSIBLE)
		Contradiction(attack, c, conflict);
	if (outcome == TIP_GAVE_UP)
	{
		TipProgramFree(c->program);
		c->program = NULL;
		return;
	}
	Widen(attack, c, &attack->outsider, attack->point);
	Keep(c, attack->point);
	for (int i = 0; i < c->shares; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!attack->share[c->share[i]].wanted)
			continue;
		SeekEnd(attack, c, c->program, &attack->outsider, c->share[i], true,
				extreme, true);
		SeekEnd(attack, c, c->program, &attack->outsider, c->share[i], false,
				extreme, true);
	}
}

/* Answers. */

static Datum
NodeArray(const TipAudit *audit, const int32 *node)
{
	Datum	   *code = palloc(sizeof(Datum) * audit->dims);

	for (int d = 0; d < audit->dims; d++)
		code[d] = Int32GetDatum(node[d]);
	return PointerGetDatum(construct_array(code, audit->dims, INT4OID, 4,
										   true, TYPALIGN_INT));
}

static void
Emit(Attack *attack, const Target *target, int64 low, int64 high,
	 const char *status, const int *insider, int insiders)
{
	TipAudit   *audit = attack->audit;
	Datum		values[AUDIT_COLUMNS] = {0};
	bool		nulls[AUDIT_COLUMNS] = {0};
	Datum		own[2];

	nulls[0] = target->cell < 0;
	values[0] = Int32GetDatum(target->cell);
	values[1] = NodeArray(audit, target->cell < 0 ?
						  TipAuditPlaceNodes(audit, target->var) :
						  audit->row[target->cell].node);
	values[2] = Int64GetDatum(low);
	nulls[2] = low < 0;
	values[3] = Int64GetDatum(high);
	nulls[3] = high < 0;
	values[4] = CStringGetTextDatum(status);
	for (int i = 0; i < insiders; i++)
		own[i] = Int32GetDatum(attack->options->single[insider[i]]);
	nulls[5] = insiders == 0;
	if (insiders > 0)
		values[5] = PointerGetDatum(construct_array(own, insiders, INT4OID, 4,
													true, TYPALIGN_INT));
	tuplestore_putvalues(attack->result->setResult, attack->result->setDesc,
						 values, nulls);
}

static void
ReportOutsider(Attack *attack, const Target *target)
{
	const View *view = &attack->outsider;
	int64		low = target->known;
	int64		high = target->known;
	bool		low_sure = true;
	bool		high_sure = true;
	bool		wide = false;

	for (int i = 0; i < target->shares; i++)
	{
		int			s = target->share[i];

		low_sure &= view->low_sure[s];
		high_sure &= view->high_sure[s];
		wide |= view->low[s] < view->high[s];
		if (low_sure)
			low += view->low[s];
		if (high_sure)
			high += view->high[s];
	}
	if (target->open && high >= attack->audit->cap)
		high = -1;
	Emit(attack, target, low_sure ? low : -1, high_sure ? high : -1,
		 wide ? "protected" : low_sure && high_sure ? "exact" : "not proven",
		 NULL, 0);
}

/* Insiders: the same questions, with one's own cell known to be 1. */

static int
OwnUnknown(const Attack *attack, int single)
{
	const TipAuditRow *row =
		&attack->audit->row[attack->options->single[single]];
	int			var;

	if (row->count == 0)
		return -1;
	var = row->var[0];
	if (!IsLive(attack, var) || attack->audit->low[var] > 1 ||
		attack->audit->high[var] < 1 ||
		attack->component[attack->root[var]].program == NULL)
		return -1;
	return var;
}

static bool
TableHasOwn(const Attack *attack, const int64 *table, const int *own,
			int insiders)
{
	for (int i = 0; i < insiders; i++)
		if (table[attack->local[own[i]]] != 1)
			return false;
	return true;
}

/* A table that fits the insiders: a kept one if possible. */
static const int64 *
TableOf(Attack *attack, Component *c, const int *own, int insiders)
{
	int64		value;
	TipOutcome	outcome;

	for (int i = 0; i < c->kept; i++)
		if (TableHasOwn(attack, c->table[i], own, insiders))
			return c->table[i];
	outcome = TipProgramReach(c->program, attack->local[own[0]],
							  c->table[0][attack->local[own[0]]] < 1, 1,
							  &value, attack->point);
	if (outcome != TIP_SOLVED ||
		!TableHasOwn(attack, attack->point, own, insiders))
		return NULL;
	Keep(c, attack->point);
	return attack->point;
}

static bool
IsOwn(const Share *share, const int *own, int insiders)
{
	for (int k = 0; k < share->count; k++)
	{
		bool		mine = false;

		for (int i = 0; i < insiders; i++)
			mine |= own[i] == share->var[k];
		if (!mine)
			return false;
	}
	return true;
}

/* Shares that are of interest: not known to all, nor all the insiders' own. */
static bool
IsOthers(const Attack *attack, int s, const int *own, int insiders)
{
	return attack->share[s].wanted && !IsExact(&attack->outsider, s) &&
		!IsOwn(&attack->share[s], own, insiders);
}

/* A program in which the insiders' cells are 1; NULL: it cannot be so. */
static TipProgram *
InsiderProgram(Attack *attack, Component *c, const int *own, int insiders,
			   View *view, bool *gave_up)
{
	const int64 *table = TableOf(attack, c, own, insiders);
	TipSystem	system = c->system;
	int			conflict;
	TipProgram *program;
	TipOutcome	outcome = TIP_SOLVED;

	system.low = palloc(sizeof(int64) * c->vars);
	system.high = palloc(sizeof(int64) * c->vars);
	memcpy(system.low, c->system.low, sizeof(int64) * c->vars);
	memcpy(system.high, c->system.high, sizeof(int64) * c->vars);
	for (int i = 0; i < insiders; i++)
		system.low[attack->local[own[i]]] =
			system.high[attack->local[own[i]]] = 1;
	program = TipProgramNew(&system, table);
	TipProgramLimit(program, MAX_PIVOTS, MAX_NODES);
	if (table != NULL)
		Widen(attack, c, view, table);
	else
	{
		outcome = TipProgramStart(program, attack->point, &conflict);
		if (outcome == TIP_SOLVED)
		{
			Widen(attack, c, view, attack->point);
			Keep(c, attack->point);
		}
	}
	pfree(system.low);
	pfree(system.high);
	*gave_up = outcome == TIP_GAVE_UP;
	if (outcome == TIP_SOLVED)
		return program;
	TipProgramFree(program);
	return NULL;
}

static void
ForgetView(const Component *c, View *view)
{
	for (int i = 0; i < c->shares; i++)
	{
		int			s = c->share[i];

		view->low[s] = PG_INT64_MAX;
		view->high[s] = PG_INT64_MIN;
		view->low_sure[s] = view->high_sure[s] = false;
	}
}

static bool
SeekInsider(Attack *attack, Component *c, const int *own, int insiders,
			View *view)
{
	bool		gave_up;
	TipProgram *program;

	ForgetView(c, view);
	program = InsiderProgram(attack, c, own, insiders, view, &gave_up);
	if (program == NULL && !gave_up && attack->options->certain)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("true values contradict the published table")));
	if (program == NULL)
		return gave_up;
	for (int i = 0; i < c->kept; i++)
		if (TableHasOwn(attack, c->table[i], own, insiders))
			Widen(attack, c, view, c->table[i]);
	for (int i = 0; i < c->shares; i++)
	{
		int			s = c->share[i];

		CHECK_FOR_INTERRUPTS();
		if (!IsOthers(attack, s, own, insiders))
			continue;
		SeekEnd(attack, c, program, view, s, true, false, true);
		SeekEnd(attack, c, program, view, s, false, false, true);
	}
	TipProgramFree(program);
	return true;
}

/* The insiders' own cells, and what each of them knows alone. */
typedef struct Insiders
{
	int			count;
	int			single[2];
	int			own[2];
	int			component[2];
	bool	  **alone;			/* of a single and target; NULL: not needed */
} Insiders;

/* What one of two knows alone is not said again of both. */
static bool
KnowsAlone(const Insiders *insiders, int target)
{
	for (int i = 0; i < insiders->count && insiders->count > 1; i++)
		if (insiders->alone[insiders->single[i]][target])
			return true;
	return false;
}

/* What the insiders know of a target that is more than everybody knows. */
static void
ReportInsider(Attack *attack, int number, const View *view,
			  const Insiders *insiders)
{
	const Target *target = &attack->target[number];
	const View *all = &attack->outsider;
	int64		value = target->known;
	bool		news = false;
	bool		sure = true;

	for (int i = 0; i < target->shares; i++)
	{
		int			s = target->share[i];
		const Share *share = &attack->share[s];
		bool		inside = share->component == insiders->component[0] ||
			share->component == insiders->component[insiders->count - 1];

		if (IsExact(all, s))
			value += all->low[s];
		else if (inside && IsOwn(share, insiders->own, insiders->count))
			value += share->count;
		else if (inside && view->low[s] >= view->high[s])
		{
			news = true;
			sure &= IsSure(view, s);
			value += sure ? view->low[s] : 0;
		}
		else
			return;
	}
	if (!news || KnowsAlone(insiders, number))
		return;
	if (insiders->count == 1 && insiders->alone != NULL)
		insiders->alone[insiders->single[0]][number] = true;
	Emit(attack, target, sure ? value : -1, sure ? value : -1,
		 sure ? "exact" : "not proven", insiders->single, insiders->count);
}

static void
AttackFromInside(Attack *attack, View *view, Insiders *insiders)
{
	int			at_once = insiders->count;

	for (int i = 0; i < insiders->count; i++)
	{
		insiders->own[i] = OwnUnknown(attack, insiders->single[i]);
		if (insiders->own[i] < 0)
			return;
		insiders->component[i] = attack->root[insiders->own[i]];
	}
	/* In separate problems each learns alone; a cell may lie in both. */
	if (insiders->component[0] != insiders->component[at_once - 1])
		at_once = 1;
	for (int i = 0; i < insiders->count; i += at_once)
		if (!SeekInsider(attack,
						 &attack->component[insiders->component[i]],
						 insiders->own + i, at_once, view))
			return;
	for (int t = 0; t < attack->targets; t++)
		ReportInsider(attack, t, view, insiders);
}

static void
AttackFromWithin(Attack *attack)
{
	const TipAuditOptions *options = attack->options;
	View		view = NewView(attack->shares);
	Insiders	insiders = {0};
	int			singles = options->insiders > 0 ? options->singles : 0;

	if ((int64) singles * attack->targets > MAX_ALONE &&
		options->insiders > 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table is too large to be audited against pairs")));
	if (options->insiders > 1)
		insiders.alone = palloc(sizeof(bool *) * (singles + 1));
	for (int i = 0; i < singles; i++)
	{
		insiders.count = 1;
		insiders.single[0] = i;
		if (insiders.alone != NULL)
			insiders.alone[i] = palloc0(attack->targets + 1);
		AttackFromInside(attack, &view, &insiders);
	}
	for (int i = 0; i < singles && options->insiders > 1; i++)
		for (int j = i + 1; j < singles; j++)
		{
			CHECK_FOR_INTERRUPTS();
			insiders.count = 2;
			insiders.single[0] = i;
			insiders.single[1] = j;
			AttackFromInside(attack, &view, &insiders);
		}
}

void
TipAuditAttack(TipAudit *audit, const TipAuditOptions *options,
			   ReturnSetInfo *result)
{
	Attack		attack = {0};
	bool	   *binding = palloc0(sizeof(bool) * (audit->rows + 1));

	attack.audit = audit;
	attack.options = options;
	attack.result = result;
	attack.point = palloc(sizeof(int64) * (audit->vars + 1));
	TieTogether(&attack, binding);
	NumberComponents(&attack);
	ListShares(&attack, binding);
	GatherRows(&attack, binding);
	attack.outsider = NewView(attack.shares);
	for (int c = 0; c < attack.components; c++)
	{
		FillSystem(&attack, &attack.component[c]);
		SeekOutsider(&attack, &attack.component[c]);
	}
	for (int t = 0; t < attack.targets; t++)
		ReportOutsider(&attack, &attack.target[t]);
	AttackFromWithin(&attack);
}
