/*
 * release_round_draw.c
 *		Which cells go up: a random walk, after Cox and Srinivasan.
 *
 * The walk starts at n / base, where everything adds up already, and moves
 * along directions that leave every cell that is a multiple where it is, to
 * either end with such chances that a cell is expected to stay where it was.
 * Each step makes one more cell a multiple.  In two dimensions all become
 * multiples, each with a chance to go up that is its fraction; in more, the
 * walk may end at a corner that is none, and a search does the rest.
 *
 * A number is of a finest cell, not of a step: a table that differs in one
 * person is drawn with the same numbers, and mostly alike.
 *
 * Fractions are integers over a fixed denominator.  They lose digits, which
 * moves a chance by less than 2^-16; whether the outcome adds up does not
 * depend on them.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "common/int.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "identity.h"
#include "identity_crypto.h"
#include "release_round.h"

#define FORMAT			1
#define SCALE			((int64) 1 << 32)	/* of one person */
#define CLOSE			((int64) 1 << 12)	/* is there */
#define MAX_SLOPE		256
#define MAX_INCIDENCE	16000000
#define MAX_WORK		INT64CONST(300000000)

typedef struct Walk
{
	const TipRoundFrame *frame;
	const TipRoundSource *source;
	int64		top;			/* base * SCALE: one unit */
	int64	   *at;				/* of a place, from 0 to top */
	bool	   *fixed;			/* of a place: at is 0 or top */
	int			moves;			/* leaves that may move on their own */
	int		   *leaf;			/* in the order in which they are tried */
	bool	   *dead;
	uint32	   *used;			/* numbers of a move so far */
	bool	   *has;			/* of a place and move: part of it? */
	int64		work;
} Walk;

/* Moves found independent so far: their shadow on the fixed places. */
typedef struct Pivots
{
	int			rows;
	int		   *row;			/* places that are fixed, and not dead */
	int			count;
	int		   *pivot;
	int64	  **shadow;
	int64	  **mix;			/* as a sum of moves */
} Pivots;

uint64
TipRoundNumber(const TipRoundSource *source, char kind, uint32 item,
			   uint32 repetition)
{
	uint32		numbers[] = {source->attempt, item, repetition};
	unsigned char message[2 + 4 * lengthof(numbers)] = {FORMAT, kind};
	unsigned char digest[TIP_SHA256_BYTES];
	uint64		drawn = 0;
	EVP_MAC_CTX *mac = TipLeafMac(TIP_ROUND_LEAF, "", source->key_version);

	for (int i = 0; i < lengthof(numbers); i++)
		for (int k = 0; k < 4; k++)
			message[2 + 4 * i + k] = numbers[i] >> (24 - 8 * k);
	if (EVP_MAC_update(mac, message, sizeof(message)) != 1 ||
		EVP_MAC_update(mac, (const unsigned char *) source->label,
					   source->label_len) != 1 ||
		!TipMacFinish(mac, digest))
		TipRefuseCrypto();
	for (int i = 0; i < sizeof(drawn); i++)
		drawn = drawn << 8 | digest[i];
	OPENSSL_cleanse(digest, sizeof(digest));
	return drawn;
}

typedef struct Ranked
{
	uint64		rank;
	int			item;
} Ranked;

static int
CompareRanks(const void *left, const void *right)
{
	const Ranked *a = left;
	const Ranked *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->item < b->item ? -1 : a->item > b->item;
}

/* Put items, which are cells of the grid or of the frame, in random order. */
static void
Shuffle(const TipRoundSource *source, char kind, int *item, int count)
{
	Ranked	   *ranked = palloc(sizeof(Ranked) * (count + 1));

	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ranked[i].rank = TipRoundNumber(source, kind, item[i], 0);
		ranked[i].item = item[i];
	}
	qsort(ranked, count, sizeof(Ranked), CompareRanks);
	for (int i = 0; i < count; i++)
		item[i] = ranked[i].item;
	pfree(ranked);
}

/*
 * Leaves enough to reach every table that adds up, and no more: those that
 * are the first category in all dimensions but ones that are planned together.
 */
static bool
IsMove(const TipGrid *grid, int leaf)
{
	int			cell = 0;

	for (int d = 0; d < grid->dims; d++)
	{
		int			node = TipGridNode(grid, grid->leaf_cell[leaf], d);
		int			first = 0;

		while (!grid->leaf[d][first])
			first++;
		cell = cell * grid->size[d] + (node == first ? 0 : node);
	}
	return grid->planned[cell];
}

static void
FindMoves(Walk *walk)
{
	const TipRoundFrame *frame = walk->frame;

	walk->leaf = palloc(sizeof(int) * (frame->leaves + 1));
	for (int l = 0; l < frame->leaves; l++)
		if (IsMove(frame->grid, l))
			walk->leaf[walk->moves++] = l;
	if ((int64) walk->moves * frame->cells > MAX_INCIDENCE)
		TipGridTooLarge();
	Shuffle(walk->source, 'm', walk->leaf, walk->moves);
	walk->dead = palloc0(sizeof(bool) * (walk->moves + 1));
	walk->used = palloc0(sizeof(uint32) * (walk->moves + 1));
	walk->has = palloc0((size_t) walk->moves * frame->cells + 1);
	for (int m = 0; m < walk->moves; m++)
		for (int k = 0; k < frame->above_count[walk->leaf[m]]; k++)
		{
			int			place = frame->place[frame->above[walk->leaf[m]][k]];

			if (place >= 0)
				walk->has[(size_t) place * walk->moves + m] = true;
		}
}

#define Has(walk, place, m) \
	((walk)->has[(size_t) (place) * (walk)->moves + (m)])

/* A place that is fixed and has one move left takes that move away. */
static void
BuryMoves(Walk *walk)
{
	bool		again = true;

	while (again)
	{
		again = false;
		walk->work += (int64) walk->frame->cells * walk->moves / 8;
		for (int p = 0; p < walk->frame->cells; p++)
		{
			int			alive = 0;
			int			last = 0;

			CHECK_FOR_INTERRUPTS();
			for (int m = 0; walk->fixed[p] && m < walk->moves; m++)
				if (Has(walk, p, m) && !walk->dead[m])
				{
					alive++;
					last = m;
				}
			if (alive == 1)
				walk->dead[last] = again = true;
		}
	}
}

static void
FindRows(const Walk *walk, Pivots *pivots)
{
	pivots->row = palloc(sizeof(int) * walk->frame->cells);
	for (int p = 0; p < walk->frame->cells; p++)
		for (int m = 0; walk->fixed[p] && m < walk->moves; m++)
			if (Has(walk, p, m) && !walk->dead[m])
			{
				pivots->row[pivots->rows++] = p;
				break;
			}
	pivots->pivot = palloc(sizeof(int) * (walk->moves + 1));
	pivots->shadow = palloc(sizeof(int64 *) * (walk->moves + 1));
	pivots->mix = palloc(sizeof(int64 *) * (walk->moves + 1));
}

static int64
Divisor(int64 a, int64 b)
{
	while (b != 0)
	{
		int64		rest = a % b;

		a = b;
		b = rest;
	}
	return a < 0 ? -a : a;
}

/* x := x * a - y * b; false if a number gets too large. */
static bool
Combine(int64 *x, int64 a, const int64 *y, int64 b, int count, int64 *divisor)
{
	for (int i = 0; i < count; i++)
	{
		int64		left;
		int64		right;

		if (pg_mul_s64_overflow(x[i], a, &left) ||
			pg_mul_s64_overflow(y[i], b, &right) ||
			pg_sub_s64_overflow(left, right, &x[i]) ||
			x[i] == PG_INT64_MIN)
			return false;
		*divisor = Divisor(*divisor, x[i]);
	}
	return true;
}

/* Take the moves that are pivots out of a new one; false: give up. */
static bool
Reduce(Walk *walk, const Pivots *pivots, int64 *shadow, int64 *mix)
{
	for (int k = 0; k < pivots->count; k++)
	{
		int64		mine = shadow[pivots->pivot[k]];
		int64		theirs = pivots->shadow[k][pivots->pivot[k]];
		int64		divisor = 0;

		if (mine == 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		walk->work += pivots->rows + walk->moves;
		if (walk->work > MAX_WORK ||
			!Combine(shadow, theirs, pivots->shadow[k], mine, pivots->rows,
					 &divisor) ||
			!Combine(mix, theirs, pivots->mix[k], mine, walk->moves,
					 &divisor))
			return false;
		for (int i = 0; divisor > 1 && i < pivots->rows; i++)
			shadow[i] /= divisor;
		for (int i = 0; divisor > 1 && i < walk->moves; i++)
			mix[i] /= divisor;
	}
	return true;
}

/*
 * The first move that is a sum of earlier ones where places are fixed: with
 * them it is a direction.  -1: there is none, or it costs too much.
 */
static int
FindDirection(Walk *walk, int64 *direction)
{
	Pivots		pivots = {0};

	FindRows(walk, &pivots);
	for (int m = 0; m < walk->moves; m++)
	{
		int64	   *shadow;
		int64	   *mix;
		int			pivot = 0;

		if (walk->dead[m])
			continue;
		shadow = palloc(sizeof(int64) * (pivots.rows + 1));
		mix = palloc0(sizeof(int64) * walk->moves);
		mix[m] = 1;
		for (int i = 0; i < pivots.rows; i++)
			shadow[i] = Has(walk, pivots.row[i], m);
		if (!Reduce(walk, &pivots, shadow, mix))
			return -1;
		while (pivot < pivots.rows && shadow[pivot] == 0)
			pivot++;
		if (pivot == pivots.rows)
		{
			memcpy(direction, mix, sizeof(int64) * walk->moves);
			return m;
		}
		pivots.pivot[pivots.count] = pivot;
		pivots.shadow[pivots.count] = shadow;
		pivots.mix[pivots.count++] = mix;
	}
	return -1;
}

/* How a place changes in a direction; false if that is too steep to follow. */
static bool
FindSlopes(const Walk *walk, const int64 *direction, int *slope)
{
	for (int p = 0; p < walk->frame->cells; p++)
	{
		int64		sum = 0;

		CHECK_FOR_INTERRUPTS();
		for (int m = 0; m < walk->moves; m++)
		{
			if (direction[m] < -MAX_SLOPE || direction[m] > MAX_SLOPE)
				return false;
			if (Has(walk, p, m))
				sum += direction[m];
		}
		if (sum < -MAX_SLOPE || sum > MAX_SLOPE)
			return false;
		slope[p] = walk->fixed[p] ? 0 : (int) sum;
	}
	return true;
}

static bool
Move(Walk *walk, int move, const int *slope)
{
	int64		up = PG_INT64_MAX;
	int64		down = PG_INT64_MAX;
	uint64		drawn;
	int64		step;

	for (int p = 0; p < walk->frame->cells; p++)
	{
		int64		steep = slope[p] < 0 ? -slope[p] : slope[p];
		int64		rise = walk->top - walk->at[p];

		if (steep == 0)
			continue;
		up = Min(up, (slope[p] > 0 ? rise : walk->at[p]) / steep);
		down = Min(down, (slope[p] > 0 ? walk->at[p] : rise) / steep);
	}
	if (up == PG_INT64_MAX || up + down == 0)
		return false;
	drawn = TipRoundNumber(walk->source, 'w', walk->leaf[move],
						   walk->used[move]++);
	step = drawn % (uint64) (up + down) < (uint64) down ? up : -down;
	for (int p = 0; p < walk->frame->cells; p++)
	{
		walk->at[p] += slope[p] * step;
		if (slope[p] != 0 && walk->at[p] < CLOSE)
			walk->at[p] = 0;
		if (slope[p] != 0 && walk->top - walk->at[p] < CLOSE)
			walk->at[p] = walk->top;
		walk->fixed[p] = walk->at[p] == 0 || walk->at[p] == walk->top;
	}
	return true;
}

static void
Start(Walk *walk)
{
	const TipRoundFrame *frame = walk->frame;

	walk->top = frame->base * SCALE;
	walk->at = palloc(sizeof(int64) * frame->cells);
	walk->fixed = palloc(sizeof(bool) * frame->cells);
	for (int p = 0; p < frame->cells; p++)
	{
		walk->at[p] = frame->grid->n[frame->cell[p]] % frame->base * SCALE;
		walk->fixed[p] = walk->at[p] == 0;
	}
	FindMoves(walk);
}

/* What the search should prefer: fixed places first, the rest by chance. */
static void
Prefer(const Walk *walk, int64 *preferred, int *order)
{
	const TipRoundFrame *frame = walk->frame;
	int			count = 0;

	for (int p = 0; p < frame->cells; p++)
	{
		preferred[p] = frame->grid->n[frame->cell[p]] / frame->base;
		if (!walk->fixed[p])
			preferred[p] += TipRoundNumber(walk->source, 'c',
										   frame->cell[p], 0) %
				(uint64) walk->top < (uint64) walk->at[p];
		else if (walk->at[p] == walk->top)
			preferred[p]++;
	}
	for (int p = 0; p < frame->cells; p++)
		if (walk->fixed[p])
			order[count++] = p;
	for (int p = 0; p < frame->cells; p++)
		if (!walk->fixed[p])
			order[count++] = p;
}

void
TipRoundWalk(const TipRoundFrame *frame, const TipRoundSource *source,
			 int64 *preferred, int *order)
{
	MemoryContext walking = AllocSetContextCreate(CurrentMemoryContext,
												  "rounding walk",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(walking);
	MemoryContext step = AllocSetContextCreate(walking, "rounding step",
											   ALLOCSET_DEFAULT_SIZES);
	Walk		walk = {.frame = frame, .source = source};
	int64	   *direction;
	int		   *slope;
	int			move;

	Start(&walk);
	direction = palloc(sizeof(int64) * (walk.moves + 1));
	slope = palloc(sizeof(int) * frame->cells);
	do
	{
		BuryMoves(&walk);
		MemoryContextReset(step);
		MemoryContextSwitchTo(step);
		move = FindDirection(&walk, direction);
		MemoryContextSwitchTo(walking);
	} while (move >= 0 && FindSlopes(&walk, direction, slope) &&
			 Move(&walk, move, slope));
	Prefer(&walk, preferred, order);
	MemoryContextSwitchTo(before);
	MemoryContextDelete(walking);
}
