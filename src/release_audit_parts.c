/*
 * release_audit_parts.c
 *		Cut the unknowns of a published table into separate problems.
 *
 * Unknowns that no relation ties together have nothing to say of each other.
 * A cell that lies in several problems has a share in each, and shares that
 * are the same sum are one.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "release_audit_attack.h"

#define BUCKETS		65536

bool
TipAuditIsLive(const AuditRun *attack, int var)
{
	return attack->audit->low[var] < attack->audit->high[var];
}

/* Unknowns tied together. */

static int
FindRoot(AuditRun *attack, int var)
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
IsBinding(const AuditRun *attack, const TipAuditRow *row)
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
TieTogether(AuditRun *attack, bool *binding)
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
			if (!TipAuditIsLive(attack, row->var[k]))
				continue;
			if (first < 0)
				first = FindRoot(attack, row->var[k]);
			attack->root[FindRoot(attack, row->var[k])] = first;
		}
	}
}

static void
NumberComponents(AuditRun *attack)
{
	TipAudit   *audit = attack->audit;
	int		   *number = palloc(sizeof(int) * audit->vars);

	attack->local = palloc(sizeof(int) * audit->vars);
	for (int v = 0; v < audit->vars; v++)
		number[v] = -1;
	for (int v = 0; v < audit->vars; v++)
		if (TipAuditIsLive(attack, v) && number[FindRoot(attack, v)] < 0)
			number[FindRoot(attack, v)] = attack->components++;
	attack->component = palloc_extended(sizeof(AuditPart) *
										(attack->components + 1),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int v = 0; v < audit->vars; v++)
		number[v] = TipAuditIsLive(attack, v) ?
			number[FindRoot(attack, v)] : -1;
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
NewShare(AuditRun *attack, const int *var, int count, int bucket)
{
	AuditShare *share;
	int64		low = 0;
	int64		high = 0;

	if (attack->shares == attack->room)
	{
		attack->room *= 2;
		attack->share = repalloc_huge(attack->share,
									  sizeof(AuditShare) * attack->room);
	}
	share = &attack->share[attack->shares];
	memset(share, 0, sizeof(AuditShare));
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
ShareOf(AuditRun *attack, const int *var, int count)
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
BoundShare(AuditRun *attack, const TipAuditRow *row, int *live)
{
	TipAudit   *audit = attack->audit;
	int64		known = 0;
	int			count = 0;
	int			s;
	AuditShare *share;

	for (int k = 0; k < row->count; k++)
		if (TipAuditIsLive(attack, row->var[k]))
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
		TipAuditConflict(audit, row,
						 "has the same parts as another cell, which says otherwise");
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
FillTarget(AuditRun *attack, AuditTarget *target, const int *var, int count)
{
	TipAudit   *audit = attack->audit;
	Sorted	   *sorted = palloc(sizeof(Sorted) * (count + 1));
	int		   *run = palloc(sizeof(int) * (count + 1));
	int			live = 0;
	int			length = 0;

	for (int k = 0; k < count; k++)
	{
		if (!TipAuditIsLive(attack, var[k]))
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
AddUnlisted(AuditRun *attack)
{
	TipAudit   *audit = attack->audit;
	bool	   *skip = palloc0(sizeof(bool) * audit->vars);

	for (int i = 0; i < audit->cells; i++)
		if (audit->row[i].finest && audit->row[i].count == 1)
			skip[audit->row[i].var[0]] = true;
	for (int v = 0; v < audit->vars; v++)
	{
		AuditTarget *target = &attack->target[attack->targets];

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
ListShares(AuditRun *attack, const bool *binding)
{
	TipAudit   *audit = attack->audit;
	int		   *live = palloc(sizeof(int) * (audit->vars + 1));

	attack->room = 1024;
	attack->share = palloc(sizeof(AuditShare) * attack->room);
	attack->bucket = palloc(sizeof(int) * BUCKETS);
	for (int b = 0; b < BUCKETS; b++)
		attack->bucket[b] = -1;
	for (int i = 0; i < audit->cells; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (binding[i])
			BoundShare(attack, &audit->row[i], live);
	}

	attack->target = palloc_extended(sizeof(AuditTarget) *
									 (audit->cells + audit->vars + 1),
									 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < audit->cells; i++)
	{
		AuditTarget *target = &attack->target[attack->targets];

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
GatherRows(AuditRun *attack, const bool *binding)
{
	TipAudit   *audit = attack->audit;

	for (int pass = 0; pass < 2; pass++)
	{
		for (int s = 0; s < attack->shares; s++)
		{
			AuditPart  *c = &attack->component[attack->share[s].component];

			if (pass == 1)
				c->share[c->shares] = s;
			c->shares++;
		}
		for (int i = audit->cells; i < audit->rows; i++)
		{
			const TipAuditRow *row = &audit->row[i];
			int			k = 0;
			AuditPart  *c;

			if (!binding[i])
				continue;
			while (!TipAuditIsLive(attack, row->var[k]))
				k++;
			c = &attack->component[attack->root[row->var[k]]];
			if (pass == 1)
				c->relation[c->relations] = i;
			c->relations++;
		}
		for (int i = 0; i < attack->components && pass == 0; i++)
		{
			AuditPart  *c = &attack->component[i];

			c->share = palloc(sizeof(int) * (c->shares + 1));
			c->relation = palloc(sizeof(int) * (c->relations + 1));
			c->shares = c->relations = 0;
		}
	}
}

static void
FillShareRow(AuditRun *attack, AuditShare *share, TipSystem *system)
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
FillRelationRow(AuditRun *attack, const TipAuditRow *from, TipSystem *system)
{
	TipRow	   *row = &system->row[system->rows++];
	int		   *var = palloc(sizeof(int) * from->count);
	int		   *coef = palloc(sizeof(int) * from->count);
	int64		low = from->low;
	int			count = 0;

	for (int k = 0; k < from->count; k++)
	{
		int			sign = TipAuditCoefficient(from, k);

		if (!TipAuditIsLive(attack, from->var[k]))
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

/* Short rows first: the longer ones then follow from them, or nearly. */
static int
CompareShares(const void *a, const void *b, void *arg)
{
	const AuditShare *x = &((AuditRun *) arg)->share[*(const int *) a];
	const AuditShare *y = &((AuditRun *) arg)->share[*(const int *) b];

	if (x->binding != y->binding)
		return x->binding ? -1 : 1;
	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* A share of one unknown needs no row: its bounds are the unknown's. */
static void
FillSystem(AuditRun *attack, AuditPart *c)
{
	TipAudit   *audit = attack->audit;
	TipSystem  *system = &c->system;

	qsort_arg(c->share, c->shares, sizeof(int), CompareShares, attack);
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
		AuditShare *share = &attack->share[c->share[i]];

		CHECK_FOR_INTERRUPTS();
		if (share->count > 1 && share->binding)
			FillShareRow(attack, share, system);
		if (share->count > 1)
			continue;
		share->id = attack->local[share->var[0]];
		system->low[share->id] = share->low;
		system->high[share->id] = share->high;
	}
	c->first_relation = system->vars + system->rows;
	for (int i = 0; i < c->relations; i++)
		FillRelationRow(attack, &audit->row[c->relation[i]], system);
	c->binding = system->rows;
	for (int i = 0; i < c->shares; i++)
	{
		AuditShare *share = &attack->share[c->share[i]];

		if (share->count > 1 && !share->binding)
			FillShareRow(attack, share, system);
	}
}

/*
 * Which published cell is behind an id of a program?  Without one, no cell
 * is to blame alone: name any of those that cannot be true together.
 */
void
TipAuditBlame(const AuditRun *attack, const AuditPart *c, int id)
{
	TipAuditRow row = {0};
	const char *said =
		"cannot be met by whole numbers together with the other cells";
	int			relation = id - c->first_relation;

	for (int i = 0; i < c->shares; i++)
	{
		const AuditShare *share = &attack->share[c->share[i]];

		if (share->row != NULL && (share->id == id || id < 0))
			TipAuditConflict(attack->audit, share->row, said);
	}
	if (relation >= 0 && relation < c->relations)
		TipAuditConflict(attack->audit,
						 &attack->audit->row[c->relation[relation]], said);
	row.node = TipAuditPlaceNodes(attack->audit,
								  c->var[id >= 0 && id < c->vars ? id : 0]);
	TipAuditConflict(attack->audit, &row, said);
}

/* Everything up to the programs themselves. */
void
TipAuditPrepare(AuditRun *attack)
{
	TipAudit   *audit = attack->audit;
	bool	   *binding = palloc0(sizeof(bool) * (audit->rows + 1));

	attack->point = palloc(sizeof(int64) * (audit->vars + 1));
	TieTogether(attack, binding);
	NumberComponents(attack);
	ListShares(attack, binding);
	GatherRows(attack, binding);
	for (int c = 0; c < attack->components; c++)
		FillSystem(attack, &attack->component[c]);
}
