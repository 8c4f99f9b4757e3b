/*
 * tabulation_persons_count.c
 *		How many persons are in each cell, and in each margin.
 *
 * A person counts once in a margin, in however many of its cells she is.  All
 * margins come out of one pass over the persons:
 *
 * Count each person in each of her cells and add the cells up, and a margin is
 * too large by one for every cell of hers below it but the first.  Two cells
 * are below the same margins as the cell that keeps what they agree in is.  So
 * a person with two cells takes one from that cell, before anything is added
 * up.  With more cells, what a cell shares with any of those before it is the
 * union of such sets of margins, and inclusion and exclusion says how much to
 * take from where.
 *
 * Only margins over dimensions in which somebody has two codes are counted
 * ("multi"): over the others they are sums.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "compat.h"
#include "tabulation_persons.h"

/* Who is in more cells than this is counted margin by margin. */
#define MANY_CELLS 32

/* ---- sorting ---- */

#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)
#define FEW 16

static inline int
person_cmp(const TipPerson *a, const TipPerson *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return (a->cell > b->cell) - (a->cell < b->cell);
}

#define ST_SORT sort_run
#define ST_ELEMENT_TYPE TipPerson
#define ST_COMPARE(a, b) person_cmp(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
scatter(const TipPerson *from, TipPerson *to, uint32 count, int shift)
{
	uint32		start[DIGITS] = {0};
	uint32		sum = 0;

	for (uint32 i = 0; i < count; i++)
		start[(from[i].high >> shift) & (DIGITS - 1)]++;
	for (int d = 0; d < DIGITS; d++)
	{
		uint32		here = start[d];

		start[d] = sum;
		sum += here;
	}
	for (uint32 i = 0; i < count; i++)
		to[start[(from[i].high >> shift) & (DIGITS - 1)]++] = from[i];
}

static void
sort_few(TipPerson *persons, uint32 count)
{
	for (uint32 i = 1; i < count; i++)
	{
		TipPerson	person = persons[i];
		uint32		j = i;

		for (; j > 0 && person_cmp(&persons[j - 1], &person) > 0; j--)
			persons[j] = persons[j - 1];
		persons[j] = person;
	}
}

/* Two digits of the hash are in order; put each run of them in full order. */
static void
sort_runs(TipPerson *persons, uint32 count)
{
	uint32		end;

	for (uint32 i = 0; i < count; i = end)
	{
		uint32		top = persons[i].high >> (32 - 2 * DIGIT_BITS);

		for (end = i + 1; end < count; end++)
			if (persons[end].high >> (32 - 2 * DIGIT_BITS) != top)
				break;
		if (end - i <= FEW)
			sort_few(persons + i, end - i);
		else
			sort_run(persons + i, end - i);
	}
}

static uint32
keep_once(TipPerson *persons, uint32 count)
{
	uint32		kept = 0;

	for (uint32 i = 0; i < count; i++)
		if (kept == 0 || person_cmp(&persons[kept - 1], &persons[i]) != 0)
			persons[kept++] = persons[i];
	return kept;
}

void
TipSortPersons(TipPersons *state)
{
	if (state->count <= DIGITS)
		sort_run(state->persons, state->count);
	else
	{
		TipPerson  *other = palloc_extended((Size) state->count *
											sizeof(TipPerson),
											MCXT_ALLOC_HUGE);

		scatter(state->persons, other, state->count, 32 - 2 * DIGIT_BITS);
		CHECK_FOR_INTERRUPTS();
		scatter(other, state->persons, state->count, 32 - DIGIT_BITS);
		pfree(other);
		sort_runs(state->persons, state->count);
	}
	CHECK_FOR_INTERRUPTS();
	state->count = keep_once(state->persons, state->count);
}

/* ---- the margins ---- */

typedef struct Cube
{
	uint8		used;
	uint8		multi;
	const TipCell *cells;		/* of the state */
	TipCell		keep[256];		/* for each mask, what it keeps of a cell */
	TipCellSet	nodes;			/* cells and margins */
	int64	   *value;			/* of each node, to be added up */
	int64	   *whole;			/* of each node, not to be added up */
	uint32		room;
	TipCellSet	mine;			/* nodes of a person in many cells */
} Cube;

static void
cube_init(Cube *cube, const TipPersons *state)
{
	uint32		room = pg_nextpower2_32(Max(state->cells.count, 16));

	cube->used = state->shape.used;
	cube->cells = state->cells.cells;
	for (int mask = 0; mask < 256; mask++)
		for (int i = 0; i < TIP_CELL_CODES; i++)
			cube->keep[mask].code[i] = mask & (1 << i) ? 0xffff : 0;
	TipCellSetInit(&cube->nodes, CurrentMemoryContext, room);
	cube->room = room;
	cube->value = palloc_extended((Size) room * sizeof(int64),
								  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	cube->whole = palloc_extended((Size) room * sizeof(int64),
								  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	TipCellSetInit(&cube->mine, CurrentMemoryContext, 16);
	for (uint32 i = 0; i < state->cells.count; i++)
		(void) TipCellSetAdd(&cube->nodes, &cube->cells[i]);
}

static int64 *
wider(int64 *values, uint32 old, uint32 room)
{
	values = repalloc_huge(values, (Size) room * sizeof(int64));
	memset(values + old, 0, (Size) (room - old) * sizeof(int64));
	return values;
}

static uint32
add_node(Cube *cube, const TipCell *cell)
{
	uint32		node = TipCellSetAdd(&cube->nodes, cell);

	if (unlikely(node >= cube->room))
	{
		TipCheckMemory((Size) cube->room * 2 *
					   (2 * sizeof(int64) + sizeof(TipCell) +
						2 * sizeof(uint32)));
		cube->value = wider(cube->value, cube->room, cube->room * 2);
		cube->whole = wider(cube->whole, cube->room, cube->room * 2);
		cube->room *= 2;
	}
	return node;
}

static inline TipCell
project(const Cube *cube, const TipCell *cell, int mask)
{
	uint64		half[2];
	uint64		keep[2];
	TipCell		result;

	memcpy(half, cell, sizeof(half));
	memcpy(keep, &cube->keep[mask], sizeof(keep));
	half[0] &= keep[0];
	half[1] &= keep[1];
	memcpy(&result, half, sizeof(half));
	return result;
}

static inline uint32
node_of(Cube *cube, uint32 cell, int mask)
{
	TipCell		node = project(cube, &cube->cells[cell], mask);

	return add_node(cube, &node);
}

/* A function, since finding the node may move the values. */
static inline void
add_value(Cube *cube, uint32 node, int64 more)
{
	cube->value[node] += more;
}

/* The positions at which two cells of the state have the same code. */
static inline int
agreement(const Cube *cube, uint32 a, uint32 b)
{
	const TipCell *x = &cube->cells[a];
	const TipCell *y = &cube->cells[b];
	int			mask = 0;

	for (int i = 0; i < TIP_CELL_CODES; i++)
		mask |= (x->code[i] == y->code[i]) << i;
	return mask & cube->used;
}

/*
 * A set of masks that holds every part of each of its members, as a sum: a
 * mask is in it so many times as the coefficients of those that include it
 * add up to, once or not at all.
 */
typedef struct Downset
{
	int			count;
	uint8		mask[256];
	int32		coefficient[256];	/* by mask */
	bool		is_listed[256];
} Downset;

static void
downset_clear(Downset *set)
{
	for (int i = 0; i < set->count; i++)
	{
		set->coefficient[set->mask[i]] = 0;
		set->is_listed[set->mask[i]] = false;
	}
	set->count = 0;
}

static void
downset_term(Downset *set, int mask, int32 coefficient)
{
	if (!set->is_listed[mask])
	{
		set->is_listed[mask] = true;
		set->mask[set->count++] = mask;
	}
	set->coefficient[mask] += coefficient;
}

/* Add a mask and its parts: f or g is f + g - f and g. */
static void
downset_add(Downset *set, int mask)
{
	int32		old[256];
	int			count = set->count;
	int32		times = 0;

	for (int i = 0; i < count; i++)
	{
		old[i] = set->coefficient[set->mask[i]];
		if ((mask & ~set->mask[i]) == 0)
			times += old[i];
	}
	if (times > 0)
		return;
	for (int i = 0; i < count; i++)
		if (old[i] != 0)
			downset_term(set, set->mask[i] & mask, -old[i]);
	downset_term(set, mask, 1);
}

/* Who is in a few cells: take away what is counted twice. */
static void
count_few(Cube *cube, Downset *shared, const TipPerson *cells, int count)
{
	for (int j = 0; j < count; j++)
	{
		cube->value[cells[j].cell]++;
		for (int i = 0; i < j; i++)
			downset_add(shared, agreement(cube, cells[i].cell,
										  cells[j].cell));
		for (int i = 0; i < shared->count; i++)
		{
			int			mask = shared->mask[i];

			if (shared->coefficient[mask] != 0)
				add_value(cube, node_of(cube, cells[j].cell, mask),
						  -shared->coefficient[mask]);
		}
		downset_clear(shared);
	}
}

/* The commonest of these. */
static inline void
count_two(Cube *cube, uint32 a, uint32 b)
{
	cube->value[a]++;
	cube->value[b]++;
	add_value(cube, node_of(cube, a, agreement(cube, a, b)), -1);
}

/* Who is in many cells: count her once in each margin of any of them. */
static void
count_many(Cube *cube, const TipPerson *cells, uint32 count)
{
	TipCellSetReset(&cube->mine);
	for (uint32 i = 0; i < count; i++)
	{
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		for (int mask = cube->multi;; mask = (mask - 1) & cube->multi)
		{
			TipCell		node = project(cube, &cube->cells[cells[i].cell],
									   mask | (cube->used & ~cube->multi));

			(void) TipCellSetAdd(&cube->mine, &node);
			if (mask == 0)
				break;
		}
	}
	for (uint32 i = 0; i < cube->mine.count; i++)
	{
		uint32		node = add_node(cube, &cube->mine.cells[i]);

		cube->whole[node]++;
	}
}

static inline uint32
end_of_person(const TipPersons *state, uint32 start)
{
	const TipPerson *first = &state->persons[start];
	uint32		end = start + 1;

	while (end < state->count && state->persons[end].high == first->high &&
		   state->persons[end].low == first->low)
		end++;
	return end;
}

static void
count_all(Cube *cube, const TipPersons *state)
{
	Downset    *shared = palloc0(sizeof(Downset));
	uint32		end;

	for (uint32 i = 0; i < state->count; i = end)
	{
		const TipPerson *person = &state->persons[i];

		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		end = end_of_person(state, i);
		if (end - i == 1)
			cube->value[person->cell]++;
		else if (end - i == 2)
			count_two(cube, person[0].cell, person[1].cell);
		else if (end - i <= MANY_CELLS)
			count_few(cube, shared, person, end - i);
		else
			count_many(cube, person, end - i);
	}
	pfree(shared);
}

/* The dimensions in which somebody has two codes. */
static uint8
find_multi(const Cube *cube, const TipPersons *state)
{
	int			multi = 0;
	uint32		end;

	for (uint32 i = 0; i < state->count && multi != cube->used; i = end)
	{
		end = end_of_person(state, i);
		for (uint32 j = i + 1; j < end; j++)
			multi |= cube->used & ~agreement(cube, state->persons[i].cell,
											 state->persons[j].cell);
	}
	return multi;
}

/* Add up over one dimension after the other. */
static void
add_up(Cube *cube)
{
	for (int d = 0; d < TIP_CELL_CODES; d++)
	{
		uint32		count = cube->nodes.count;

		if ((cube->multi & (1 << d)) == 0)
			continue;
		for (uint32 i = 0; i < count; i++)
		{
			TipCell		above = cube->nodes.cells[i];

			if (i % 65536 == 0)
				CHECK_FOR_INTERRUPTS();
			if (above.code[d] == 0)
				continue;
			above.code[d] = 0;
			add_value(cube, add_node(cube, &above), cube->value[i]);
		}
	}
}

static TipFlat *
flat_of(const Cube *cube, TipShape shape)
{
	TipFlat    *flat;
	TipEntry   *entry;

	shape.multi = cube->multi;
	shape.flags = cube->multi ? TIP_STORED_MARGINS : 0;
	flat = TipNewFlat(&shape, NULL, 0, cube->nodes.count);
	entry = TipFlatEntries(flat);
	for (uint32 i = 0; i < cube->nodes.count; i++)
	{
		entry[i].cell = cube->nodes.cells[i];
		entry[i].n = cube->value[i] + cube->whole[i];
		if (entry[i].n < 1)
			elog(ERROR, "a margin of persons is less than one");
	}
	TipSortEntries(entry, cube->nodes.count);
	return flat;
}

TipFlat *
TipCountPersons(TipPersons *state, uint8 multi)
{
	Cube	   *cube = palloc0(sizeof(Cube));

	TipSortPersons(state);
	cube_init(cube, state);
	cube->multi = multi | find_multi(cube, state);
	count_all(cube, state);
	add_up(cube);
	return flat_of(cube, state->shape);
}
