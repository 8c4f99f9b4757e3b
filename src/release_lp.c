/*
 * release_lp.c
 *		Simplex with exact integers.
 *
 * The tableau holds minors of the original integer matrix: after a pivot
 * every entry is divisible by the previous determinant.  It thus needs
 * neither fractions nor a tolerance, and what does not fit 64 bits is an
 * error, never a wrong answer.
 */
#include "postgres.h"

#include "common/int.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "release.h"

/* Degenerate pivots in a row after which the choice must not cycle. */
#define PATIENCE 40

static void
TooLarge(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("table is too large to be certified exactly"),
			 errhint("Use fewer or coarser dimensions.")));
}

static TipLp *
Allocate(int rows, int cols, int spare_rows)
{
	TipLp	   *lp = palloc(sizeof(TipLp));
	size_t		lines = (size_t) rows + spare_rows + 1;

	if (lines * ((size_t) cols + 1) > TIP_RELEASE_MAX_TABLEAU)
		TooLarge();
	lp->rows = rows;
	lp->cols = cols;
	lp->width = cols + 1;
	lp->det = 1;
	lp->basis = palloc(sizeof(int) * lines);
	lp->entry = palloc_extended(sizeof(int64) * lines * lp->width,
								MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (size_t i = 0; i < lines; i++)
		lp->basis[i] = -1;
	return lp;
}

TipLp *
TipLpNew(int rows, int cols)
{
	return Allocate(rows, cols, 0);
}

void
TipLpFree(TipLp *lp)
{
	pfree(lp->basis);
	pfree(lp->entry);
	pfree(lp);
}

/* (a * p - f * b) / det, which is exact by construction. */
static int64
Combine(int64 a, int64 p, int64 f, int64 b, int64 det)
{
	int64		left;
	int64		right;
	int64		sum;
	int128		wide;

	if (likely(!pg_mul_s64_overflow(a, p, &left) &&
			   !pg_mul_s64_overflow(f, b, &right) &&
			   !pg_sub_s64_overflow(left, right, &sum)))
		return det == 1 ? sum : sum / det;

	wide = ((int128) a * p - (int128) f * b) / det;
	if (wide > PG_INT64_MAX || wide < PG_INT64_MIN)
		TooLarge();
	return (int64) wide;
}

static void
Negate(TipLp *lp, int row)
{
	for (int j = 0; j < lp->width; j++)
		TipLpAt(lp, row, j) = -TipLpAt(lp, row, j);
}

static void
Pivot(TipLp *lp, int row, int col)
{
	int64		p;

	CHECK_FOR_INTERRUPTS();
	if (TipLpAt(lp, row, col) < 0)
		Negate(lp, row);
	p = TipLpAt(lp, row, col);

	for (int i = 0; i <= lp->rows; i++)
	{
		int64		f = TipLpAt(lp, i, col);

		if (i == row || (f == 0 && p == lp->det))
			continue;
		for (int j = 0; j < lp->width; j++)
		{
			int64		a = TipLpAt(lp, i, j);
			int64		b = TipLpAt(lp, row, j);

			if (a != 0 || (f != 0 && b != 0))
				TipLpAt(lp, i, j) = Combine(a, p, f, b, lp->det);
		}
	}
	lp->det = p;
	lp->basis[row] = col;
}

static int
EnteringColumn(const TipLp *lp, bool careful)
{
	int			best = -1;
	int64		least = 0;

	for (int j = 0; j < lp->cols; j++)
	{
		int64		gain = TipLpAt(lp, lp->rows, j);

		if (gain < least)
		{
			best = j;
			least = gain;
			if (careful)
				break;
		}
	}
	return best;
}

/* The tightest row; of equals an artificial one, else the lowest variable. */
static int
LeavingRow(const TipLp *lp, int col)
{
	int			best = -1;

	for (int i = 0; i < lp->rows; i++)
	{
		int128		mine;
		int128		other;

		if (TipLpAt(lp, i, col) <= 0)
			continue;
		if (best < 0)
		{
			best = i;
			continue;
		}
		mine = (int128) TipLpRhs(lp, i) * TipLpAt(lp, best, col);
		other = (int128) TipLpRhs(lp, best) * TipLpAt(lp, i, col);
		if (mine < other ||
			(mine == other && lp->basis[i] < lp->basis[best]))
			best = i;
	}
	return best;
}

/* From a feasible tableau to the greatest objective; false: unbounded. */
bool
TipLpMaximize(TipLp *lp)
{
	int			stuck = 0;

	for (;;)
	{
		int			col = EnteringColumn(lp, stuck > PATIENCE);
		int			row;

		if (col < 0)
			return true;
		row = LeavingRow(lp, col);
		if (row < 0)
			return false;
		stuck = TipLpRhs(lp, row) == 0 ? stuck + 1 : 0;
		Pivot(lp, row, col);
	}
}

/* Rows that say nothing new keep their artificial variable: drop them. */
static void
DropArtificial(TipLp *lp)
{
	int			kept = 0;

	for (int i = 0; i < lp->rows; i++)
	{
		for (int j = 0; j < lp->cols && lp->basis[i] < 0; j++)
			if (TipLpAt(lp, i, j) != 0)
				Pivot(lp, i, j);
		if (lp->basis[i] < 0)
			continue;
		if (kept < i)
		{
			memcpy(&TipLpAt(lp, kept, 0), &TipLpAt(lp, i, 0),
				   sizeof(int64) * lp->width);
			lp->basis[kept] = lp->basis[i];
		}
		kept++;
	}
	lp->rows = kept;
}

/* Find any feasible point of the rows; false if there is none. */
bool
TipLpFeasible(TipLp *lp)
{
	int64	   *objective;

	for (int i = 0; i < lp->rows; i++)
		if (TipLpRhs(lp, i) < 0)
		{
			Assert(lp->basis[i] < 0);
			Negate(lp, i);
		}
	objective = &TipLpAt(lp, lp->rows, 0);
	memset(objective, 0, sizeof(int64) * lp->width);
	for (int i = 0; i < lp->rows; i++)
		for (int j = 0; lp->basis[i] < 0 && j < lp->width; j++)
			objective[j] -= TipLpAt(lp, i, j);

	if (!TipLpMaximize(lp))
		elog(ERROR, "first phase of a linear program is unbounded");
	if (TipLpRhs(lp, lp->rows) < 0)
		return false;
	DropArtificial(lp);
	return true;
}

/* Price out the objective against the present basis. */
void
TipLpSetObjective(TipLp *lp, const int64 *gain)
{
	int64	   *objective = &TipLpAt(lp, lp->rows, 0);

	for (int j = 0; j < lp->width; j++)
	{
		int128		sum = 0;

		if (j < lp->cols)
			sum = -(int128) lp->det * gain[j];
		for (int i = 0; i < lp->rows; i++)
			if (gain[lp->basis[i]] != 0)
				sum += (int128) gain[lp->basis[i]] * TipLpAt(lp, i, j);
		if (sum > PG_INT64_MAX || sum < PG_INT64_MIN)
			TooLarge();
		objective[j] = (int64) sum;
	}
}

/*
 * A copy in which the basic variable of row is at most (upper) or at least
 * bound, by one more row and slack.  It is optimal but infeasible until
 * TipLpRestore().
 */
TipLp *
TipLpBounded(const TipLp *lp, int row, int64 bound, bool upper)
{
	TipLp	   *copy = Allocate(lp->rows + 1, lp->cols + 1, 0);
	int64		sign = upper ? -1 : 1;
	int64	   *added = &TipLpAt(copy, lp->rows, 0);
	int128		rhs;

	copy->det = lp->det;
	for (int i = 0; i <= lp->rows; i++)
	{
		int			to = i < lp->rows ? i : copy->rows;

		memcpy(&TipLpAt(copy, to, 0), &TipLpAt(lp, i, 0),
			   sizeof(int64) * lp->cols);
		TipLpRhs(copy, to) = TipLpRhs(lp, i);
		if (i < lp->rows)
			copy->basis[i] = lp->basis[i];
	}
	for (int j = 0; j < lp->cols; j++)
		added[j] = sign * TipLpAt(lp, row, j);
	added[lp->basis[row]] = 0;
	added[lp->cols] = lp->det;
	rhs = sign * ((int128) TipLpRhs(lp, row) - (int128) lp->det * bound);
	if (rhs > PG_INT64_MAX || rhs < PG_INT64_MIN)
		TooLarge();
	TipLpRhs(copy, lp->rows) = (int64) rhs;
	copy->basis[lp->rows] = lp->cols;
	return copy;
}

static int
InfeasibleRow(const TipLp *lp)
{
	int			best = -1;

	for (int i = 0; i < lp->rows; i++)
		if (TipLpRhs(lp, i) < 0 &&
			(best < 0 || lp->basis[i] < lp->basis[best]))
			best = i;
	return best;
}

static int
DualColumn(const TipLp *lp, int row)
{
	int			best = -1;

	for (int j = 0; j < lp->cols; j++)
	{
		if (TipLpAt(lp, row, j) >= 0)
			continue;
		if (best < 0 ||
			(int128) TipLpAt(lp, lp->rows, j) * -TipLpAt(lp, row, best) <
			(int128) TipLpAt(lp, lp->rows, best) * -TipLpAt(lp, row, j))
			best = j;
	}
	return best;
}

/* Dual simplex: back to a feasible optimum; false if there is none. */
bool
TipLpRestore(TipLp *lp)
{
	int			row;

	while ((row = InfeasibleRow(lp)) >= 0)
	{
		int			col = DualColumn(lp, row);

		if (col < 0)
			return false;
		Pivot(lp, row, col);
	}
	return true;
}
