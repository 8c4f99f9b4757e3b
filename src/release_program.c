/*
 * release_program.c
 *		A plain implementation of release_lp.h on top of TipLp.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "release.h"
#include "release_lp.h"

struct TipProgram
{
	int			vars;
	int64	   *low;
	int			rows;
	TipRow	   *row;
	TipLp	   *lp;
	bool		ok;
	int			nodes;
	bool		found;
	int64		best;
	int64	   *point;
	int64		enough;
	bool		gave;
};

TipProgram *
TipProgramNew(const TipSystem *s, const int64 *point)
{
	TipProgram *p = palloc0(sizeof(TipProgram));
	int			rows = 0;
	int			r = 0;
	int			slack = s->vars;

	p->vars = s->vars;
	p->low = palloc(sizeof(int64) * s->vars);
	memcpy(p->low, s->low, sizeof(int64) * s->vars);
	p->rows = s->rows;
	p->row = s->row;
	p->point = palloc(sizeof(int64) * s->vars);
	rows = s->vars;
	for (int i = 0; i < s->rows; i++)
	{
		if (s->row[i].low == s->row[i].high)
			rows++;
		else
		{
			rows += s->row[i].low > -TIP_UNBOUNDED;
			rows += s->row[i].high < TIP_UNBOUNDED;
		}
	}
	p->lp = TipLpNew(rows, s->vars + rows);
	for (int v = 0; v < s->vars; v++)
	{
		if (s->low[v] > s->high[v])
			return p;
		TipLpAt(p->lp, r, v) = 1;
		TipLpAt(p->lp, r, slack) = 1;
		TipLpRhs(p->lp, r) = s->high[v] - s->low[v];
		p->lp->basis[r++] = slack++;
	}
	for (int i = 0; i < s->rows; i++)
	{
		const TipRow *row = &s->row[i];
		bool		equal = row->low == row->high;

		for (int side = 0; side < 2; side++)
		{
			int64		rhs = side ? row->high : row->low;

			if (side == 0 && (equal || row->low <= -TIP_UNBOUNDED))
				continue;
			if (side == 1 && row->high >= TIP_UNBOUNDED)
				continue;
			for (int k = 0; k < row->count; k++)
			{
				int			c = row->coef ? row->coef[k] : 1;

				TipLpAt(p->lp, r, row->var[k]) = c;
				rhs -= c * s->low[row->var[k]];
			}
			if (!equal)
				TipLpAt(p->lp, r, slack++) = side ? 1 : -1;
			TipLpRhs(p->lp, r++) = rhs;
		}
	}
	p->ok = TipLpFeasible(p->lp);
	return p;
}

void
TipProgramFree(TipProgram *p)
{
	TipLpFree(p->lp);
	pfree(p->low);
	pfree(p->point);
	pfree(p);
}

static int64
Floor(int64 a, int64 b)
{
	return a / b - (a % b != 0 && a < 0 ? 1 : 0);
}

static void
Dive(TipProgram *p, const TipLp *lp)
{
	int64		bound = Floor(TipLpRhs(lp, lp->rows), lp->det);
	int			row = -1;

	if (p->found && (bound <= p->best || p->best >= p->enough))
		return;
	if (++p->nodes > 20000)
	{
		p->gave = true;
		return;
	}
	for (int i = 0; i < lp->rows && row < 0; i++)
		if (TipLpRhs(lp, i) % lp->det != 0)
			row = i;
	if (row < 0)
	{
		p->found = true;
		p->best = bound;
		memcpy(p->point, p->low, sizeof(int64) * p->vars);
		for (int i = 0; i < lp->rows; i++)
			if (lp->basis[i] < p->vars)
				p->point[lp->basis[i]] += TipLpRhs(lp, i) / lp->det;
		return;
	}
	for (int side = 0; side < 2; side++)
	{
		int64		at = Floor(TipLpRhs(lp, row), lp->det) + side;
		TipLp	   *child = TipLpBounded(lp, row, at, side == 0);

		if (TipLpRestore(child))
			Dive(p, child);
		TipLpFree(child);
	}
}

TipOutcome
TipProgramReach(TipProgram *p, int id, bool highest, int64 enough,
				int64 *value, int64 *point)
{
	int64	   *gain = palloc0(sizeof(int64) * (p->lp->cols + 1));
	int64		fixed = 0;

	if (!p->ok)
		return TIP_IMPOSSIBLE;
	if (id < p->vars)
	{
		gain[id] = highest ? 1 : -1;
		fixed = p->low[id];
	}
	else
		for (int k = 0; k < p->row[id - p->vars].count; k++)
		{
			const TipRow *row = &p->row[id - p->vars];

			gain[row->var[k]] = (highest ? 1 : -1) *
				(row->coef ? row->coef[k] : 1);
			fixed += p->low[row->var[k]] * (row->coef ? row->coef[k] : 1);
		}
	TipLpSetObjective(p->lp, gain);
	if (!TipLpMaximize(p->lp))
		elog(ERROR, "unbounded");
	p->found = p->gave = false;
	p->nodes = 0;
	p->enough = highest ? enough - fixed : fixed - enough;
	Dive(p, p->lp);
	if (p->found)
	{
		*value = fixed + (highest ? p->best : -p->best);
		memcpy(point, p->point, sizeof(int64) * p->vars);
	}
	return p->gave ? TIP_GAVE_UP : p->found ? TIP_SOLVED : TIP_IMPOSSIBLE;
}

TipOutcome
TipProgramExtreme(TipProgram *p, int id, bool highest, int64 *value,
				  int64 *point)
{
	return TipProgramReach(p, id, highest,
						   highest ? TIP_UNBOUNDED * 1000 : -TIP_UNBOUNDED * 1000,
						   value, point);
}

TipOutcome
TipProgramStart(TipProgram *p, int64 *point, int *conflict)
{
	int64		value;

	*conflict = p->vars;
	return TipProgramReach(p, 0, true, -TIP_UNBOUNDED * 1000, &value, point);
}
