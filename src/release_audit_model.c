/*
 * release_audit_model.c
 *		From published cells to unknowns and relations, narrowed as far as
 *		looking at one relation at a time goes.
 *
 * A published zero makes all its parts zero, and most tables of small counts
 * are mostly zeros: what is left is small.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "release_audit.h"

/* Rounds of narrowing; it only saves work, so it need not reach its end. */
#define MAX_ROUNDS	60

int
TipAuditCoefficient(const TipAuditRow *row, int k)
{
	if (row->kind == TIP_AUDIT_CELL)
		return 1;
	return (k == 0) == (row->kind == TIP_AUDIT_PART) ? 1 : -1;
}

/* The finest cell that an unknown stands for, as a list of nodes. */
int32 *
TipAuditPlaceNodes(const TipAudit *audit, int var)
{
	int32	   *node = palloc(sizeof(int32) * audit->dims);

	for (int d = 0; d < audit->dims; d++)
		node[d] = audit->dim[d].node[var / audit->stride[d] %
									 audit->dim[d].places];
	return node;
}

static void
TooManyUnknowns(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("table has too many finest cells to be audited"),
			 errhint("Audit fewer dimensions together.")));
}

static void
CountUnknowns(TipAudit *audit)
{
	int64		vars = 1;

	audit->stride = palloc(sizeof(int64) * audit->dims);
	for (int d = audit->dims - 1; d >= 0; d--)
	{
		audit->stride[d] = vars;
		vars *= audit->dim[d].places;
		if (vars > TIP_AUDIT_MAX_VARS)
			TooManyUnknowns();
	}
	audit->vars = vars;
	audit->low = palloc0(sizeof(int64) * vars);
	audit->high = palloc(sizeof(int64) * vars);
	audit->open = palloc0(sizeof(bool) * vars);
	audit->truth = palloc(sizeof(int64) * vars);
	for (int v = 0; v < vars; v++)
	{
		audit->high[v] = TIP_UNBOUNDED;
		audit->truth[v] = -1;
	}
}

/* The unknowns of a cell are the product of what its nodes cover. */
static void
ListMembers(const TipAudit *audit, TipAuditRow *row, int64 *members)
{
	int64		count = 1;
	int			filled = 1;

	for (int d = 0; d < audit->dims; d++)
		count *= audit->dim[d].covers[row->node[d]];
	*members += count;
	if (*members > TIP_AUDIT_MAX_MEMBERS)
		TooManyUnknowns();

	row->count = count;
	row->finest = count == 1;
	row->var = palloc(sizeof(int) * count);
	row->var[0] = 0;
	for (int d = 0; d < audit->dims; d++)
	{
		const TipAuditDim *dim = &audit->dim[d];
		int			times = dim->covers[row->node[d]];

		/* backwards, so that what is still to be read is not overwritten */
		for (int i = filled * times - 1; i >= 0; i--)
			row->var[i] = row->var[i / times] +
				dim->place[row->node[d]][i % times] * audit->stride[d];
		filled *= times;
	}
}

static int64
CountRelations(const TipAudit *audit)
{
	int64		rows = 0;

	for (int d = 0; d < audit->dims; d++)
	{
		const TipAuditDim *dim = &audit->dim[d];

		for (int n = 0; n < dim->nodes && dim->multi; n++)
			if (dim->children[n] > 0)
				rows += (int64) (dim->children[n] + 1) *
					(audit->vars / dim->places);
	}
	if (rows > TIP_AUDIT_MAX_CELLS)
		TooManyUnknowns();
	return rows;
}

static void
AddRelation(TipAudit *audit, TipAuditKind kind, int margin, int parts)
{
	TipAuditRow *row = &audit->row[audit->rows++];

	row->kind = kind;
	row->count = parts + 1;
	row->var = palloc(sizeof(int) * row->count);
	row->var[0] = margin;
	row->low = 0;
	row->high = TIP_UNBOUNDED;
	row->node = TipAuditPlaceNodes(audit, margin);
}

/* A person of several values is in several parts: they do not add up. */
static void
RelateParts(TipAudit *audit, int d, int margin)
{
	const TipAuditDim *dim = &audit->dim[d];
	int			node = margin / audit->stride[d] % dim->places;
	int			children = dim->children[node];
	TipAuditRow *all;

	if (children == 0)
		return;
	AddRelation(audit, TIP_AUDIT_UNION, margin, children);
	all = &audit->row[audit->rows - 1];
	for (int c = 0; c < children; c++)
	{
		int			part = margin +
			(dim->child[node][c] - node) * audit->stride[d];

		all->var[c + 1] = part;
		AddRelation(audit, TIP_AUDIT_PART, margin, 1);
		audit->row[audit->rows - 1].var[1] = part;
	}
}

/* (sum of coefficient times bound), and how many bounds are missing */
typedef struct Activity
{
	int64		least;
	int64		most;
	int			no_least;
	int			no_most;
} Activity;

static Activity
Measure(const TipAudit *audit, const TipAuditRow *row)
{
	Activity	sum = {0};

	for (int k = 0; k < row->count; k++)
	{
		bool		plus = TipAuditCoefficient(row, k) > 0;
		int64		low = audit->low[row->var[k]];
		int64		high = audit->high[row->var[k]];

		if (high < TIP_UNBOUNDED)
		{
			sum.most += plus ? high : 0;
			sum.least -= plus ? 0 : high;
		}
		else if (plus)
			sum.no_most++;
		else
			sum.no_least++;
		sum.least += plus ? low : 0;
		sum.most -= plus ? 0 : low;
	}
	return sum;
}

static void
CheckRelation(const TipAudit *audit, const TipAuditRow *row, Activity sum)
{
	bool		exact = row->low == row->high;
	bool		over = sum.no_least == 0 && sum.least > row->high;

	if (!over && (sum.no_most > 0 || sum.most >= row->low))
		return;
	if (row->kind == TIP_AUDIT_PART)
		TipAuditConflict(audit, row, "is less than one of its parts");
	if (row->kind == TIP_AUDIT_UNION)
		TipAuditConflict(audit, row, "is more than its parts together");
	if (over)
		TipAuditConflict(audit, row,
						 psprintf(
								  "is %s " INT64_FORMAT ", but the other cells make it at least " INT64_FORMAT,
								  exact ? "shown as" : "at most", row->high,
								  sum.least));
	TipAuditConflict(audit, row,
					 psprintf(
							  "is %s " INT64_FORMAT ", but the other cells allow at most " INT64_FORMAT,
							  exact ? "shown as" : "at least", row->low,
							  sum.most));
}

/* What one unknown may be, given the rest of one relation. */
static bool
NarrowOne(TipAudit *audit, const TipAuditRow *row, int k, const Activity *sum)
{
	int			var = row->var[k];
	bool		plus = TipAuditCoefficient(row, k) > 0;
	int64		low = audit->low[var];
	int64		high = audit->high[var];
	bool		endless = high >= TIP_UNBOUNDED;
	int64		new_low = low;
	int64		new_high = high;

	if (row->high < TIP_UNBOUNDED &&
		sum->no_least - (endless && !plus) == 0)
	{
		int64		room = row->high - sum->least +
			(plus ? low : endless ? 0 : -high);

		if (plus)
			new_high = Min(new_high, room);
		else
			new_low = Max(new_low, -room);
	}
	if (row->low > -TIP_UNBOUNDED && sum->no_most - (endless && plus) == 0)
	{
		int64		need = row->low - sum->most +
			(plus ? (endless ? 0 : high) : -low);

		if (plus)
			new_low = Max(new_low, need);
		else
			new_high = Min(new_high, -need);
	}
	audit->low[var] = new_low;
	audit->high[var] = new_high;
	return new_low > low || new_high < high;
}

static bool
NarrowRow(TipAudit *audit, const TipAuditRow *row)
{
	bool		changed = false;
	Activity	sum = Measure(audit, row);

	CheckRelation(audit, row, sum);
	for (int k = 0; k < row->count; k++)
	{
		/* The sum stays a bound while other unknowns get narrower. */
		if (NarrowOne(audit, row, k, &sum))
			changed = true;
	}
	return changed;
}

static bool
TellsNothing(const TipAuditRow *row)
{
	return row->kind == TIP_AUDIT_CELL && row->low <= 0 &&
		row->high >= TIP_UNBOUNDED;
}

/* Zeros first: they shorten everything that comes after. */
static void
Narrow(TipAudit *audit)
{
	bool		changed = true;

	for (int i = 0; i < audit->cells; i++)
	{
		const TipAuditRow *row = &audit->row[i];

		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < row->count && row->high == 0; k++)
			audit->high[row->var[k]] = 0;
	}
	for (int round = 0; changed && round < MAX_ROUNDS; round++)
	{
		changed = false;
		for (int i = 0; i < audit->rows; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!TellsNothing(&audit->row[i]) &&
				NarrowRow(audit, &audit->row[i]))
				changed = true;
		}
	}
}

/* However far the narrowing came, no relation is broken already. */
static void
CheckAll(const TipAudit *audit)
{
	for (int i = 0; i < audit->rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		CheckRelation(audit, &audit->row[i], Measure(audit, &audit->row[i]));
	}
}

/* Drop what is known from the lists, so that later steps are short. */
static void
DropZeros(TipAudit *audit)
{
	for (int i = 0; i < audit->cells; i++)
	{
		TipAuditRow *row = &audit->row[i];
		int			kept = 0;

		for (int k = 0; k < row->count; k++)
			if (audit->high[row->var[k]] > 0)
				row->var[kept++] = row->var[k];
		row->count = kept;
	}
}

/*
 * What no published number bounds gets a bound that no attacker has, but
 * above all that the numbers explain: an answer there means "no limit".
 */
static void
Cap(TipAudit *audit)
{
	audit->cap = 0;
	for (int i = 0; i < audit->cells; i++)
	{
		audit->cap = Max(audit->cap, audit->row[i].low);
		if (audit->row[i].high < TIP_UNBOUNDED)
			audit->cap = Max(audit->cap, audit->row[i].high);
	}
	audit->cap = 2 * audit->cap + 10;
	for (int v = 0; v < audit->vars; v++)
		if (audit->high[v] >= TIP_UNBOUNDED)
		{
			audit->open[v] = true;
			audit->high[v] = Max(audit->cap, audit->low[v]);
		}
}

void
TipAuditBuild(TipAudit *audit, const int32 *node, const int64 *low,
			  const int64 *high)
{
	int64		members = 0;

	CountUnknowns(audit);
	audit->row = palloc_extended(sizeof(TipAuditRow) *
								 (audit->cells + CountRelations(audit) + 1),
								 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < audit->cells; i++)
	{
		TipAuditRow *row = &audit->row[audit->rows++];

		CHECK_FOR_INTERRUPTS();
		row->kind = TIP_AUDIT_CELL;
		row->node = node + (int64) i * audit->dims;
		row->low = low[i];
		row->high = high[i];
		ListMembers(audit, row, &members);
	}
	for (int d = 0; d < audit->dims; d++)
		for (int v = 0; v < audit->vars && audit->dim[d].multi; v++)
		{
			CHECK_FOR_INTERRUPTS();
			RelateParts(audit, d, v);
		}
	Narrow(audit);
	CheckAll(audit);
	DropZeros(audit);
	Cap(audit);
}

/* What is told of finest cells, -1: nothing. */
void
TipAuditTruth(TipAudit *audit, const int64 *truth)
{
	for (int i = 0; i < audit->cells; i++)
	{
		const TipAuditRow *row = &audit->row[i];

		if (!row->finest || truth[i] < 0)
			continue;
		if (row->count == 0 && truth[i] > 0)
			TipAuditUntrue();
		if (row->count == 0)
			continue;
		audit->truth[row->var[0]] = truth[i];
		if (truth[i] < audit->low[row->var[0]] ||
			truth[i] > audit->high[row->var[0]])
			TipAuditUntrue();
	}
}
