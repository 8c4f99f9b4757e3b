/*
 * tabulation.h
 *		A cell is eight codes; a tabulation maps cells to counts and sums.
 *
 * tabulation_cell.c is the cell, tabulation_state.c the table in memory and
 * on disk, tabulation_io.c its text and binary forms, tabulation.c what people
 * call.
 */
#ifndef TIP_TABULATION_H
#define TIP_TABULATION_H

#include "codes.h"
#include "port/pg_bswap.h"
#include "utils/expandeddatum.h"

#define TIP_CELL_CODES 8

/* Stored big-endian, so that memcmp is the order of positions. */
typedef struct TipCell
{
	uint16		code[TIP_CELL_CODES];
} TipCell;

#define TipCellCode(cell, i)	pg_ntoh16((cell)->code[i])
#define PG_GETARG_TIPCELL(n)	((TipCell *) PG_GETARG_POINTER(n))

#define TIP_TABULATION_VERSION	1
#define TIP_MAX_CELLS			(4 * 1024 * 1024)
#define TIP_NAMES_MAX			(TIP_CELL_CODES * NAMEDATALEN)

/*
 * The dimensions of a tabulation: which positions of a cell are used, by which
 * list (0 for a dictionary or a bucket).  All cells of a state have one shape,
 * so that a margin never counts a row twice.
 */
typedef struct TipShape
{
	uint8		used;			/* a bit for each position */
	uint8		list[TIP_CELL_CODES];
} TipShape;

typedef struct TipEntry
{
	TipCell		cell;
	int64		n;				/* 0: the slot is free */
	uint64		key_sum;		/* wraps: sum of record keys mod 2^64 */
	int64		measure;
} TipEntry;

/*
 * On disk.  The names of the dimensions, each with its NUL and padded to eight
 * bytes, stand between the header and the entries, which are sorted by cell:
 * equal states are equal bytes.
 */
typedef struct TipFlat
{
	int32		vl_len_;
	uint16		version;
	uint8		used;
	uint8		flags;			/* none defined yet: 0 */
	uint32		count;
	uint32		names_size;
	uint8		list[TIP_CELL_CODES];
	char		data[FLEXIBLE_ARRAY_MEMBER];
} TipFlat;

#define TipFlatSize(names_size, count) \
	(offsetof(TipFlat, data) + (Size) (names_size) + \
	 (Size) (count) * sizeof(TipEntry))
#define TipFlatEntries(flat) ((TipEntry *) ((flat)->data + (flat)->names_size))

/* In memory: an open-addressing table that transitions change in place. */
typedef struct TipTable
{
	ExpandedObjectHeader hdr;
	uint32		magic;
	TipShape	shape;			/* of no meaning while used is 0 */
	uint32		slots;
	uint32		used;
	uint32		names_size;
	char	   *names;
	TipEntry   *entries;
} TipTable;

/* tabulation_cell.c */
extern bool TipCellCodeIsValid(uint16 code);

/* tabulation_state.c */
extern TipShape TipShapeOfCell(const TipCell *cell);
extern int	TipDimensions(uint8 used);
extern TipTable *TipNewTable(MemoryContext parent);
extern TipTable *TipTableOf(Datum d);
extern TipFlat *TipGetFlat(Datum d);
extern TipFlat *TipNewFlat(const TipShape *shape, const char *names,
						   uint32 names_size, uint32 count);
extern void TipAddEntry(TipTable *table, const TipEntry *more);
extern void TipAddFlat(TipTable *table, const TipFlat *flat);
extern const char *TipDimensionName(const TipFlat *flat, int dimension);

#endif							/* TIP_TABULATION_H */
