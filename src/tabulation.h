/*
 * tabulation.h
 *		A cell is eight codes; a tabulation maps cells to counts and sums.
 *
 * tabulation_cell.c is the cell, tabulation_cells.c finds what is counted
 * by cell, tabulation_state.c is the table in memory and on disk,
 * tabulation_about.c what is known of its dimensions and
 * tabulation_dimensions.c what people say of them, tabulation_io.c its text
 * and binary forms, tabulation.c the aggregates and rollup,
 * tabulation_margins.c the margins, tabulation_count.c one cell alone.
 */
#ifndef TIP_TABULATION_H
#define TIP_TABULATION_H

#include "codes.h"
#include "compat.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/expandeddatum.h"

#define TIP_CELL_CODES 8

/* Stored big-endian, so that memcmp is the order of positions. */
typedef struct TipCell
{
	uint16		code[TIP_CELL_CODES];
} TipCell;

#define TipCellCode(cell, i)	pg_ntoh16((cell)->code[i])
#define PG_GETARG_TIPCELL(n)	((TipCell *) PG_GETARG_POINTER(n))

/* Version 1, without contributors and with names alone, is still read. */
#define TIP_TABULATION_VERSION	2
#define TIP_MAX_CELLS			(4 * 1024 * 1024)

/*
 * Cells with * at the positions of multi are stored and not added up: one
 * person, or one record, is in several of the cells below them.
 */
#define TIP_STORED_MARGINS		0x01
#define TIP_KNOWN_FLAGS			TIP_STORED_MARGINS

/*
 * The dimensions of a tabulation: which positions of a cell are used, by which
 * list (0 for a dictionary or a bucket), and at which of them one row may be
 * in several cells.  All cells of a state have one shape, so that a margin
 * never counts a row twice.
 */
typedef struct TipShape
{
	uint8		used;			/* a bit for each position */
	uint8		multi;			/* a subset of used */
	uint8		flags;
	uint8		zero;
	uint8		list[TIP_CELL_CODES];
} TipShape;

/* Additive: every margin is the sum of its cells. */
#define TipShapeIsAdditive(shape)	((shape)->multi == 0)

typedef struct TipEntry
{
	TipCell		cell;
	int64		n;				/* never 0 */
	uint64		key_sum;		/* wraps: sum of record keys mod 2^64 */
	int64		measure;
	int64		contributors;	/* rows whose measure is not NULL */
} TipEntry;

/*
 * What else is known of the dimensions ("about"), absent where nothing is.
 * One TipAbout for each dimension in the order of positions, then for each its
 * name and the name of its dictionary, each with its NUL and padded to eight
 * bytes, then the edges of each, sorted by child and padded likewise.  Equal
 * knowledge is equal bytes.
 */
typedef struct TipAbout
{
	int32		base;			/* a bucket: number 1 stands for base + 1 */
	uint16		high;			/* a dictionary: its last number when read */
	uint16		edges;			/* of its hierarchy */
	int64		checksum;		/* of the numbers and codes up to high */
} TipAbout;

/* One step up in a hierarchy; codes in host order. */
typedef struct TipEdge
{
	uint16		child;
	uint16		parent;
} TipEdge;

#define TIP_MAX_EDGES			2047
#define TIP_MAX_DEPTH			16
#define TIP_ABOUT_MAX \
	(TIP_CELL_CODES * (sizeof(TipAbout) + 2 * NAMEDATALEN + \
					   TIP_MAX_EDGES * sizeof(TipEdge)) + 16)

/* What goes into "about", before it is packed. */
typedef struct TipDraft
{
	int			dimensions;
	TipAbout	my[TIP_CELL_CODES];
	const char *name[TIP_CELL_CODES];
	const char *dictionary[TIP_CELL_CODES];
	const TipEdge *edges[TIP_CELL_CODES];
} TipDraft;

/*
 * On disk.  "About" stands between the header and the entries, which are
 * sorted by cell: equal states are equal bytes.
 */
typedef struct TipFlat
{
	int32		vl_len_;
	uint16		version;
	uint16		zero;
	uint32		count;
	uint32		about_size;		/* a multiple of eight */
	TipShape	shape;
	uint32		zero2;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} TipFlat;

#define TipFlatSize(about_size, count) \
	(offsetof(TipFlat, data) + (Size) (about_size) + \
	 (Size) (count) * sizeof(TipEntry))
#define TipFlatEntries(flat) ((TipEntry *) ((flat)->data + (flat)->about_size))

/* Entries found by their cell, see tabulation_cells.c. */
typedef struct TipCells
{
	TipEntry   *entries;
	uint32		used;
	uint32		room;
	uint32	   *slots;			/* number of an entry from 1, or 0: free */
	uint32		mask;			/* number of slots - 1 */
	MemoryContext context;
} TipCells;

/*
 * Rows wait until there are some, so that the entries of all of them are on
 * their way from memory before the first is changed.
 */
#define TIP_WAITING_ROWS 32

typedef struct TipRow
{
	TipCell		cell;
	uint64		key;
	int64		measure;
	uint32		hash;
	bool		contributes;
} TipRow;

#define TIP_TABLE_MAGIC 0x54495054

/* In memory: what transitions change in place. */
typedef struct TipTable
{
	ExpandedObjectHeader hdr;
	uint32		magic;
	TipShape	shape;			/* all zero until there is a cell */
	uint32		about_size;
	char	   *about;
	TipCells	cells;
	int			waiting;		/* rows that TipFlush() has still to count */
	TipRow		rows[TIP_WAITING_ROWS];
} TipTable;

/* A hint that memory will be read and written soon. */
#if defined(__GNUC__)
#define TipPrefetch(address) __builtin_prefetch(address, 1)
#else
#define TipPrefetch(address) ((void) 0)
#endif

/* The table that a datum is a read-write pointer to, or NULL. */
static inline TipTable *
TipTableOf(Datum d)
{
	TipTable   *table;

	if (!VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(d)))
		return NULL;
	table = (TipTable *) DatumGetEOHP(d);
	return table->magic == TIP_TABLE_MAGIC ? table : NULL;
}

static inline uint64
TipMix(uint64 h)
{
	h ^= h >> 32;
	h *= UINT64CONST(0xd6e8feb86659fd93);
	return h ^ (h >> 32);
}

static inline uint64
TipHashCell(const TipCell *cell)
{
	uint64		half[2];

	memcpy(half, cell, sizeof(half));
	return TipMix(half[0] ^ TipMix(half[1] + UINT64CONST(0x9e3779b97f4a7c15)));
}

/* The entry of a cell, or NULL. */
static inline TipEntry *
TipFindHashed(const TipCells *cells, const TipCell *cell, uint32 hash)
{
	for (uint32 at = hash;; at++)
	{
		uint32		number = cells->slots[at & cells->mask];
		TipEntry   *entry;

		if (number == 0)
			return NULL;
		entry = &cells->entries[number - 1];
		if (memcmp(&entry->cell, cell, sizeof(TipCell)) == 0)
			return entry;
	}
}

static inline TipEntry *
TipFindCell(const TipCells *cells, const TipCell *cell)
{
	return TipFindHashed(cells, cell, TipHashCell(cell));
}

/* tabulation_cell.c */
extern bool TipCellCodeIsValid(uint16 code);
extern char *TipCellText(uint16 code);

/* tabulation_cells.c */
extern void TipInitCells(TipCells *cells, MemoryContext context,
						 uint32 expected);
extern TipEntry *TipNewCell(TipCells *cells, const TipCell *cell);
extern void TipAddSums(TipEntry *entry, const TipEntry *more);
pg_noreturn extern void TipRefuseSum(void);

/* tabulation_state.c */
extern void TipTabulationInit(void);
extern bool TipMemoryAllows(Size bytes);
extern void TipCheckMemory(Size bytes);
extern TipShape TipShapeOfCell(const TipCell *cell);
extern bool TipCellFits(const TipShape *shape, const TipCell *cell);
extern int	TipDimensions(uint8 used);
extern int	TipPositionOf(uint8 used, int dimension);
extern TipTable *TipNewTable(MemoryContext parent);
extern void TipFlush(TipTable *table);
extern TipFlat *TipGetFlat(Datum d);
extern TipFlat *TipGetHeader(Datum d);
extern TipFlat *TipNewFlat(const TipShape *shape, const char *about,
						   uint32 about_size, uint32 count);
extern void TipSortEntries(TipEntry *entries, uint32 count);
extern void TipAddRow(TipTable *table, const TipCell *cell, uint64 key,
					  const Datum *measure);
extern void TipAddEntry(TipTable *table, const TipEntry *more);
extern void TipRefuseMulti(void);
extern void TipAddFlat(TipTable *table, const TipFlat *flat);

/* tabulation_about.c */
extern const char *TipAboutProblem(const TipShape *shape, const char *about,
								   uint32 size);
extern char *TipAboutOfNames(const TipShape *shape, const char *names,
							 uint32 size, uint32 *about_size);
extern char *TipPackAbout(const TipDraft *draft, uint32 *size);
extern void TipUnpackAbout(const TipFlat *flat, TipDraft *draft);
extern void TipAdoptAbout(TipTable *table, const TipFlat *flat,
						  bool is_first);
extern void TipSetAbout(TipTable *table, const TipDraft *draft);
extern void TipKeepAbout(TipTable *table, const TipFlat *flat,
						 const int *keep, int count);
extern const char *TipDimensionName(const TipFlat *flat, int dimension);
extern const char *TipDimensionDictionary(const TipFlat *flat, int dimension);
extern const TipAbout *TipDimensionAbout(const TipFlat *flat, int dimension);
extern const TipEdge *TipDimensionEdges(const TipFlat *flat, int dimension);
extern const TipEdge *TipFindEdge(const TipEdge *edges, int count,
								  uint16 child);
extern bool TipEdgesEnd(const TipEdge *edges, int count);

/* tabulation_dimensions.c */
extern void TipRefuseDimensions(const char *why);
extern char **TipDimensionNames(ArrayType *array, int *count);
extern int	TipDimensionByName(const TipFlat *flat, const char *name);
extern int	TipPosition(const TipFlat *flat, int dimension);

#endif							/* TIP_TABULATION_H */
