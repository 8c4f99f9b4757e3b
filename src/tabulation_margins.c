/*
 * tabulation_margins.c
 *		Reading a tabulation: its cells and its margins.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"

#include "compat.h"
#include "tabulation.h"

PG_FUNCTION_INFO_V1(tip_tabulation_cells);
PG_FUNCTION_INFO_V1(tip_tabulation_margins);

static int
level_of(const TipCell *cell)
{
	int			level = 0;

	for (int i = 0; i < TIP_CELL_CODES; i++)
		level += cell->code[i] != 0;
	return level;
}

static void
put_entry(ReturnSetInfo *rsinfo, TipEntry *entry)
{
	Datum		values[6];
	bool		nulls[6] = {false};

	values[0] = PointerGetDatum(&entry->cell);
	values[1] = Int32GetDatum(level_of(&entry->cell));
	values[2] = Int64GetDatum(entry->n);
	values[3] = Int64GetDatum((int64) entry->key_sum);
	values[4] = Int64GetDatum(entry->measure);
	values[5] = Int64GetDatum(entry->contributors);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
put_entries(ReturnSetInfo *rsinfo, TipEntry *entries, uint32 count)
{
	for (uint32 i = 0; i < count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		put_entry(rsinfo, &entries[i]);
	}
}

/* cells(tabulation): its rows, in the order of their codes. */
Datum
tip_tabulation_cells(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	put_entries((ReturnSetInfo *) fcinfo->resultinfo, TipFlatEntries(flat),
				flat->count);
	return (Datum) 0;
}

/* ---- the margins ---- */

/* Everything that has been counted, found by cell. */
typedef struct Cube
{
	TipEntry   *entries;
	uint64		count;
	uint64		room;
	uint32	   *slots;			/* index + 1 of an entry, or 0 */
	uint64		mask;
} Cube;

static inline uint64
hash_cell(const TipCell *cell)
{
	return TipHashCell(cell);
}

static void
fill_slots(Cube *cube)
{
	memset(cube->slots, 0, (cube->mask + 1) * sizeof(uint32));
	for (uint64 i = 0; i < cube->count; i++)
	{
		uint64		at = hash_cell(&cube->entries[i].cell);

		while (cube->slots[at & cube->mask] != 0)
			at++;
		cube->slots[at & cube->mask] = i + 1;
	}
}

static void
make_room(Cube *cube, uint64 room)
{
	Size		bytes = room * sizeof(TipEntry) + 2 * room * sizeof(uint32);

	CHECK_FOR_INTERRUPTS();
	TipCheckMemory(bytes);
	if (room >= PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("tabulation has too many margins"),
				 errhint("Use fewer or coarser dimensions.")));
	cube->entries = cube->entries == NULL ?
		MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(TipEntry)) :
		repalloc_huge(cube->entries, room * sizeof(TipEntry));
	if (cube->slots != NULL)
		pfree(cube->slots);
	cube->slots = MemoryContextAllocHuge(CurrentMemoryContext,
										 2 * room * sizeof(uint32));
	cube->room = room;
	cube->mask = 2 * room - 1;
	fill_slots(cube);
}

static void
add_to_cube(Cube *cube, const TipEntry *more)
{
	uint64		at = hash_cell(&more->cell);

	for (;; at++)
	{
		uint32		found = cube->slots[at & cube->mask];

		if (found == 0)
			break;
		if (memcmp(&cube->entries[found - 1].cell, &more->cell,
				   sizeof(TipCell)) == 0)
		{
			TipAddSums(&cube->entries[found - 1], more);
			return;
		}
	}
	if (cube->count == cube->room)
	{
		make_room(cube, cube->room * 2);
		for (at = hash_cell(&more->cell); cube->slots[at & cube->mask]; at++)
			;
	}
	cube->slots[at & cube->mask] = cube->count + 1;
	cube->entries[cube->count++] = *more;
}

/*
 * Add what lies above the code of this position: the inner nodes of its
 * hierarchy, and the total.
 */
static void
add_above(Cube *cube, TipEntry entry, int position, const TipEdge *edges,
		  int count)
{
	uint16		code = TipCellCode(&entry.cell, position);

	while (code != 0)
	{
		const TipEdge *edge = TipFindEdge(edges, count, code);

		code = edge ? edge->parent : 0;
		entry.cell.code[position] = pg_hton16(code);
		add_to_cube(cube, &entry);
	}
}

/*
 * One dimension after the other: all that is there so far is added up over
 * this one.  So a margin comes from the margins next to it and not from the
 * finest cells.
 */
static void
add_dimension(Cube *cube, const TipFlat *flat, int dimension)
{
	int			position = TipPositionOf(flat->shape.used, dimension);
	const TipEdge *edges = TipDimensionEdges(flat, dimension);
	int			edge_count = TipDimensionAbout(flat, dimension)->edges;
	uint64		count = cube->count;
	TipEntry   *before = cube->entries;

	/* A code may have rows of its own and codes below it. */
	if (edge_count > 0)
	{
		before = MemoryContextAllocHuge(CurrentMemoryContext,
										count * sizeof(TipEntry));
		memcpy(before, cube->entries, count * sizeof(TipEntry));
	}
	for (uint64 i = 0; i < count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		add_above(cube, edge_count > 0 ? before[i] : cube->entries[i],
				  position, edges, edge_count);
	}
	if (edge_count > 0)
		pfree(before);
}

/*
 * margins(tabulation)
 *		Its cells and every margin of them, down to the total.
 */
Datum
tip_tabulation_margins(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	Cube		cube = {0};

	InitMaterializedSRF(fcinfo, 0);
	if (flat->shape.multi != 0 &&
		(flat->shape.flags & TIP_STORED_MARGINS) == 0)
		TipRefuseMulti();
	make_room(&cube, pg_nextpower2_64(Max(flat->count, 16) * UINT64CONST(4)));
	for (uint32 i = 0; i < flat->count; i++)
		add_to_cube(&cube, &TipFlatEntries(flat)[i]);
	for (int i = 0; i < TipDimensions(flat->shape.used); i++)
	{
		int			bit = 1 << TipPositionOf(flat->shape.used, i);

		if ((flat->shape.multi & bit) == 0)
			add_dimension(&cube, flat, i);
	}
	put_entries((ReturnSetInfo *) fcinfo->resultinfo, cube.entries,
				cube.count);
	return (Datum) 0;
}
