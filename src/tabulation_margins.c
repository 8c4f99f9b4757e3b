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

static void
add_to_cube(TipCells *cube, const TipEntry *more)
{
	TipEntry   *entry = TipFindCell(cube, &more->cell);

	if (entry == NULL)
		entry = TipNewCell(cube, &more->cell);
	TipAddSums(entry, more);
}

/*
 * Add what lies above the code of this position: the inner nodes of its
 * hierarchy, and the total.
 */
static void
add_above(TipCells *cube, TipEntry entry, int position, const TipEdge *edges,
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
add_dimension(TipCells *cube, const TipFlat *flat, int dimension)
{
	int			position = TipPositionOf(flat->shape.used, dimension);
	const TipEdge *edges = TipDimensionEdges(flat, dimension);
	int			edge_count = TipDimensionAbout(flat, dimension)->edges;
	uint32		count = cube->used;
	TipEntry   *before = cube->entries;

	/* A code may have rows of its own and codes below it. */
	if (edge_count > 0)
	{
		before = MemoryContextAllocHuge(CurrentMemoryContext,
										count * sizeof(TipEntry));
		memcpy(before, cube->entries, count * sizeof(TipEntry));
	}
	for (uint32 i = 0; i < count; i++)
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
	TipCells	cube;

	InitMaterializedSRF(fcinfo, 0);
	if (flat->shape.multi != 0 &&
		(flat->shape.flags & TIP_STORED_MARGINS) == 0)
		TipRefuseMulti();
	TipInitCells(&cube, CurrentMemoryContext, flat->count);
	for (uint32 i = 0; i < flat->count; i++)
		add_to_cube(&cube, &TipFlatEntries(flat)[i]);
	for (int i = 0; i < TipDimensions(flat->shape.used); i++)
	{
		int			bit = 1 << TipPositionOf(flat->shape.used, i);

		if ((flat->shape.multi & bit) == 0)
			add_dimension(&cube, flat, i);
	}
	put_entries((ReturnSetInfo *) fcinfo->resultinfo, cube.entries,
				cube.used);
	return (Datum) 0;
}
