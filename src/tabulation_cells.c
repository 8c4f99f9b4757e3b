/*
 * tabulation_cells.c
 *		Entries found by their cell.
 *
 * Entries stand in the order in which their cells first came, so that those
 * of frequent cells lie together and stay in the processor's cache; an
 * open-addressing table has their numbers.
 */
#include "postgres.h"

#include "common/int.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "tabulation.h"

static void
fill_slots(TipCells *cells)
{
	for (uint32 i = 0; i < cells->used; i++)
	{
		uint32		at = TipHashCell(&cells->entries[i].cell);

		while (cells->slots[at & cells->mask] != 0)
			at++;
		cells->slots[at & cells->mask] = i + 1;
	}
}

/* Room for this many entries, a power of two. */
static void
set_room(TipCells *cells, uint64 room)
{
	Size		bytes = room * sizeof(TipEntry);
	Size		slot_bytes = 2 * room * sizeof(uint32);

	CHECK_FOR_INTERRUPTS();
	TipCheckMemory(bytes + slot_bytes);
	if (room > UINT64CONST(1) << 30)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("tabulation has too many margins"),
				 errhint("Use fewer or coarser dimensions.")));
	if (cells->entries == NULL)
		cells->entries = MemoryContextAllocHuge(cells->context, bytes);
	else
		cells->entries = repalloc_huge(cells->entries, bytes);
	if (cells->slots != NULL)
		pfree(cells->slots);
	cells->slots = MemoryContextAllocExtended(cells->context, slot_bytes,
											  MCXT_ALLOC_HUGE |
											  MCXT_ALLOC_ZERO);
	cells->room = room;
	cells->mask = 2 * room - 1;
	fill_slots(cells);
}

void
TipInitCells(TipCells *cells, MemoryContext context, uint32 expected)
{
	memset(cells, 0, sizeof(*cells));
	cells->context = context;
	set_room(cells, pg_nextpower2_64(Max(expected, 16)));
}

/* An entry for a cell that is not there yet, all its sums 0. */
TipEntry *
TipNewCell(TipCells *cells, const TipCell *cell)
{
	TipEntry   *entry;
	uint32		at = TipHashCell(cell);

	if (cells->used == cells->room)
		set_room(cells, (uint64) cells->room * 2);
	while (cells->slots[at & cells->mask] != 0)
		at++;
	entry = &cells->entries[cells->used++];
	cells->slots[at & cells->mask] = cells->used;
	memset(entry, 0, sizeof(*entry));
	entry->cell = *cell;
	return entry;
}

void
TipRefuseSum(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a sum of the tabulation is out of range")));
}

void
TipAddSums(TipEntry *entry, const TipEntry *more)
{
	entry->key_sum += more->key_sum;
	if (pg_add_s64_overflow(entry->n, more->n, &entry->n) ||
		pg_add_s64_overflow(entry->measure, more->measure, &entry->measure) ||
		pg_add_s64_overflow(entry->contributors, more->contributors,
							&entry->contributors))
		TipRefuseSum();
}
