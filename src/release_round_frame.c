/*
 * release_round_frame.c
 *		The planned cells of a cube, and how they add up.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "release_round.h"

#define MAX_PARTS	1000000

static void
NumberPlaces(TipRoundFrame *frame)
{
	const TipGrid *grid = frame->grid;

	frame->cell = palloc(sizeof(int) * grid->cells);
	frame->place = palloc(sizeof(int) * grid->cells);
	for (int cell = 0; cell < grid->cells; cell++)
	{
		frame->place[cell] = grid->planned[cell] ? frame->cells : -1;
		if (grid->planned[cell])
			frame->cell[frame->cells++] = cell;
	}
}

/* Cells between one node and the next in a dimension. */
static int
Stride(const TipGrid *grid, int dim)
{
	int			stride = 1;

	for (int d = grid->dims - 1; d > dim; d--)
		stride *= grid->size[d];
	return stride;
}

/* The parts of a place in a dimension; none if they are not planned. */
static int
Parts(const TipRoundFrame *frame, int place, int dim, int *part)
{
	const TipGrid *grid = frame->grid;
	int			cell = frame->cell[place];
	int			node = TipGridNode(grid, cell, dim);
	int			stride = Stride(grid, dim);
	int			count = 0;

	for (int child = node + 1; child < grid->size[dim]; child++)
	{
		int			at = frame->place[cell + (child - node) * stride];

		if (grid->parent[dim][child] == node && at >= 0)
			part[count++] = at;
	}
	return count;
}

static void
AddSum(TipRoundFrame *frame, int whole, const int *part, int count)
{
	TipRoundSum *sum = &frame->sum[frame->sums++];

	sum->whole = whole;
	sum->count = count;
	sum->part = palloc(sizeof(int) * count);
	memcpy(sum->part, part, sizeof(int) * count);
}

static void
FindSums(TipRoundFrame *frame)
{
	const TipGrid *grid = frame->grid;
	int		   *part = palloc(sizeof(int) * grid->cells);
	int64		parts = 0;

	frame->sum = palloc(sizeof(TipRoundSum) *
						((size_t) frame->cells * grid->dims + 1));
	for (int place = 0; place < frame->cells; place++)
		for (int d = 0; d < grid->dims; d++)
		{
			int			count = Parts(frame, place, d, part);

			CHECK_FOR_INTERRUPTS();
			parts += count;
			if (parts > MAX_PARTS)
				TipGridTooLarge();
			if (count > 0)
				AddSum(frame, place, part, count);
		}
	pfree(part);
}

/* Of every place, the sums that it stands in. */
static void
IndexSums(TipRoundFrame *frame)
{
	int		   *next = palloc0(sizeof(int) * (frame->cells + 1));
	int			total = 0;

	for (int s = 0; s < frame->sums; s++)
	{
		next[frame->sum[s].whole]++;
		for (int k = 0; k < frame->sum[s].count; k++)
			next[frame->sum[s].part[k]]++;
	}
	frame->first_sum = palloc(sizeof(int) * (frame->cells + 1));
	for (int place = 0; place <= frame->cells; place++)
	{
		int			count = next[place];

		frame->first_sum[place] = next[place] = total;
		total += count;
	}
	frame->sums_of = palloc(sizeof(int) * (total + 1));
	for (int s = 0; s < frame->sums; s++)
	{
		frame->sums_of[next[frame->sum[s].whole]++] = s;
		for (int k = 0; k < frame->sum[s].count; k++)
			frame->sums_of[next[frame->sum[s].part[k]]++] = s;
	}
	pfree(next);
}

static void
FindAbove(TipRoundFrame *frame)
{
	const TipGrid *grid = frame->grid;
	int		   *above = palloc(sizeof(int) * grid->cells);

	frame->leaves = grid->leaves;
	frame->above = palloc(sizeof(int *) * grid->leaves);
	frame->above_count = palloc(sizeof(int) * grid->leaves);
	for (int l = 0; l < grid->leaves; l++)
	{
		int			count = 0;

		CHECK_FOR_INTERRUPTS();
		for (int cell = 0; cell < grid->cells; cell++)
			if (TipGridContains(grid, cell, grid->leaf_cell[l]))
				above[count++] = cell;
		frame->above_count[l] = count;
		frame->above[l] = palloc(sizeof(int) * count);
		memcpy(frame->above[l], above, sizeof(int) * count);
	}
	pfree(above);
}

TipRoundFrame *
TipRoundFrameNew(const TipGrid *grid, int64 base)
{
	TipRoundFrame *frame = palloc0(sizeof(TipRoundFrame));

	if (grid->leaves > TIP_ROUND_MAX_LEAVES)
		TipGridTooLarge();
	frame->grid = grid;
	frame->base = base;
	NumberPlaces(frame);
	FindSums(frame);
	IndexSums(frame);
	FindAbove(frame);
	return frame;
}
