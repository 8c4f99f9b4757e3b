/*
 * tabulation_state.c
 *		The table of counts, in memory and on disk.
 *
 * The aggregate state is an expanded object; flattening sorts the cells, so
 * that equal states are equal bytes whatever the order of rows, workers or
 * shards.
 */
#include "postgres.h"

#include <limits.h>

#include "common/int.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "codes.h"
#include "compat.h"
#include "tabulation.h"

/* A tabulation of version 1, as tables hold it from before. */
typedef struct OldFlat
{
	int32		vl_len_;
	uint16		version;
	uint8		used;
	uint8		flags;
	uint32		count;
	uint32		names_size;
	uint8		list[TIP_CELL_CODES];
	char		data[FLEXIBLE_ARRAY_MEMBER];
} OldFlat;

typedef struct OldEntry
{
	TipCell		cell;
	int64		n;
	uint64		key_sum;
	int64		measure;
} OldEntry;

#define OldFlatSize(names_size, count) \
	(offsetof(OldFlat, data) + (Size) (names_size) + \
	 (Size) (count) * sizeof(OldEntry))

/* What a tabulation may take in memory, in kB; a limit, never a result. */
static int	tabulation_memory = 256 * 1024;

void
TipTabulationInit(void)
{
	DefineCustomIntVariable("tip_module.tabulation_memory",
							"Sets the maximum memory that one tabulation may take.",
							"A tabulation that needs more is an error, "
							"never another result.",
							&tabulation_memory, 256 * 1024, 64,
							MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
}

bool
TipMemoryAllows(Size bytes)
{
	return bytes <= (Size) tabulation_memory * 1024;
}

/* Called only where something grows. */
void
TipCheckMemory(Size bytes)
{
	if (!TipMemoryAllows(bytes))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("tabulation needs more memory than \"%s\" allows",
						"tip_module.tabulation_memory"),
				 errhint("Use fewer or coarser dimensions, or raise the limit.")));
}

static int
entry_cmp(const void *a, const void *b)
{
	CHECK_FOR_INTERRUPTS();
	return memcmp(a, b, sizeof(TipCell));
}

void
TipSortEntries(TipEntry *entries, uint32 count)
{
	qsort(entries, count, sizeof(TipEntry), entry_cmp);
}

int
TipDimensions(uint8 used)
{
	return pg_number_of_ones[used];
}

/* The position in a cell of a dimension, both counted from 0; -1: none. */
int
TipPositionOf(uint8 used, int dimension)
{
	for (int i = 0; i < TIP_CELL_CODES; i++)
		if ((used & (1 << i)) != 0 && dimension-- == 0)
			return i;
	return -1;
}

/* ---- the expanded object ---- */

static Size
flat_size(ExpandedObjectHeader *hdr)
{
	TipTable   *table = (TipTable *) hdr;

	TipFlush(table);
	return TipFlatSize(table->about_size, table->cells.used);
}

static void
fill_header(TipFlat *flat, const TipShape *shape, const char *about,
			uint32 about_size, uint32 count)
{
	memset(flat, 0, offsetof(TipFlat, data));
	SET_VARSIZE(flat, TipFlatSize(about_size, count));
	flat->version = TIP_TABULATION_VERSION;
	flat->shape = *shape;
	flat->count = count;
	flat->about_size = about_size;
	if (about_size > 0)
		memcpy(flat->data, about, about_size);
}

static void
flatten(ExpandedObjectHeader *hdr, void *result, Size size)
{
	TipTable   *table = (TipTable *) hdr;
	TipFlat    *flat = result;

	fill_header(flat, &table->shape, table->about, table->about_size,
				table->cells.used);
	memcpy(TipFlatEntries(flat), table->cells.entries,
		   table->cells.used * sizeof(TipEntry));
	TipSortEntries(TipFlatEntries(flat), table->cells.used);
}

static const ExpandedObjectMethods methods = {flat_size, flatten};

/* Room for a flat tabulation, its header filled in. */
TipFlat *
TipNewFlat(const TipShape *shape, const char *about, uint32 about_size,
		   uint32 count)
{
	TipFlat    *flat = palloc0(TipFlatSize(about_size, count));

	fill_header(flat, shape, about, about_size, count);
	return flat;
}

TipTable *
TipNewTable(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "tip.tabulation",
												  ALLOCSET_SMALL_SIZES);
	TipTable   *table = MemoryContextAllocZero(context, sizeof(TipTable));

	EOH_init_header(&table->hdr, &methods, context);
	table->magic = TIP_TABLE_MAGIC;
	TipInitCells(&table->cells, context, 16);
	return table;
}

static void
refuse_stored(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid stored value of type %s", "tip.tabulation")));
}

/*
 * Version 1 did not count who contributes to a measure: 0 says that nobody is
 * known to, which no threshold takes for enough.
 */
static TipFlat *
from_version_1(const OldFlat *old)
{
	TipShape	shape = {.used = old->used};
	const OldEntry *from;
	TipEntry   *to;
	TipFlat    *flat;
	char	   *about;
	uint32		about_size;

	if (old->flags != 0 || old->count > TIP_MAX_CELLS ||
		old->names_size > TIP_ABOUT_MAX || old->names_size % 8 != 0 ||
		VARSIZE(old) != OldFlatSize(old->names_size, old->count))
		refuse_stored();
	memcpy(shape.list, old->list, sizeof(shape.list));
	about = TipAboutOfNames(&shape, old->data, old->names_size, &about_size);
	if (about == NULL && old->names_size > 0)
		refuse_stored();
	flat = TipNewFlat(&shape, about, about_size, old->count);
	from = (const OldEntry *) (old->data + old->names_size);
	to = TipFlatEntries(flat);
	for (uint32 i = 0; i < old->count; i++)
		to[i] = (TipEntry)
	{
		.cell = from[i].cell, .n = from[i].n, .key_sum = from[i].key_sum,
			.measure = from[i].measure
	};
	return flat;
}

TipFlat *
TipGetFlat(Datum d)
{
	TipFlat    *flat = (TipFlat *) PG_DETOAST_DATUM(d);

	if (VARSIZE(flat) >= OldFlatSize(0, 0) && flat->version == 1)
		return from_version_1((OldFlat *) flat);
	if (VARSIZE(flat) < TipFlatSize(0, 0) ||
		flat->version != TIP_TABULATION_VERSION ||
		flat->count > TIP_MAX_CELLS ||
		flat->about_size > TIP_ABOUT_MAX || flat->about_size % 8 != 0 ||
		VARSIZE(flat) != TipFlatSize(flat->about_size, flat->count) ||
		TipAboutProblem(&flat->shape, flat->data, flat->about_size) != NULL)
		refuse_stored();
	return flat;
}

/*
 * The same without its cells, for what asks about dimensions only: a toasted
 * value is not read to its end, a table in memory not sorted.
 */
TipFlat *
TipGetHeader(Datum d)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(d);
	TipTable   *table;
	TipFlat    *head;

	if (VARATT_IS_EXTERNAL_EXPANDED(value))
	{
		table = (TipTable *) DatumGetEOHP(d);
		if (table->magic == TIP_TABLE_MAGIC)
		{
			TipFlush(table);
			return TipNewFlat(&table->shape, table->about,
							  table->about_size, 0);
		}
	}
	else if (VARATT_IS_EXTENDED(value))
	{
		Size		bytes = TipFlatSize(TIP_ABOUT_MAX, 0) - VARHDRSZ;

		head = (TipFlat *) pg_detoast_datum_slice(value, 0, bytes);
		if (VARSIZE(head) >= TipFlatSize(0, 0) &&
			head->version == TIP_TABULATION_VERSION &&
			head->about_size <= VARSIZE(head) - TipFlatSize(0, 0))
		{
			head = TipNewFlat(&head->shape, head->data, head->about_size, 0);
			if (TipAboutProblem(&head->shape, head->data,
								head->about_size) != NULL)
				refuse_stored();
			return head;
		}
	}
	return TipGetFlat(d);
}

/* ---- shapes ---- */

TipShape
TipShapeOfCell(const TipCell *cell)
{
	TipShape	shape = {0};

	for (int i = 0; i < TIP_CELL_CODES; i++)
	{
		uint16		code = TipCellCode(cell, i);

		if (code == 0)
			continue;
		shape.used |= 1 << i;
		shape.list[i] = TipCodeList(code);
	}
	return shape;
}

/* A stored margin has * where one row may be in several cells. */
bool
TipCellFits(const TipShape *shape, const TipCell *cell)
{
	uint8		may_miss = 0;

	if (shape->flags & TIP_STORED_MARGINS)
		may_miss = shape->multi;
	for (int i = 0; i < TIP_CELL_CODES; i++)
	{
		uint16		code = TipCellCode(cell, i);
		int			bit = 1 << i;

		if (code == 0 ? (shape->used & ~may_miss & bit) != 0 :
			(shape->used & bit) == 0 || TipCodeList(code) != shape->list[i])
			return false;
	}
	return true;
}

static const char *
describe(const TipShape *shape, int position)
{
	if ((shape->used & (1 << position)) == 0)
		return "*";
	if (shape->list[position] == 0)
		return "a number";
	return TipListRowOf(shape->list[position])->name;
}

static void
refuse_shape(const TipShape *a, const TipShape *b)
{
	int			i = 0;

	while (i < TIP_CELL_CODES - 1 &&
		   strcmp(describe(a, i), describe(b, i)) == 0)
		i++;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("all cells of a tabulation must have the same dimensions"),
			 errdetail("Position %d holds %s in one cell and %s in another.",
					   i + 1, describe(a, i), describe(b, i)),
			 errhint("Tabulations of different dimensions are brought together by tip.rollup().")));
}

static void
fit_shape(TipTable *table, const TipCell *cell)
{
	TipShape	shape;

	if (table->cells.used == 0 && table->shape.used == 0)
		table->shape = TipShapeOfCell(cell);
	else if (!TipCellFits(&table->shape, cell))
	{
		shape = TipShapeOfCell(cell);
		refuse_shape(&table->shape, &shape);
	}
}

/* ---- adding ---- */

static void
refuse_size(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("tabulation has more than %d cells", TIP_MAX_CELLS),
			 errhint("Use fewer or coarser dimensions.")));
}

/* Only a cell that is new can have another shape, so old ones stay cheap. */
static TipEntry *
add_cell(TipTable *table, const TipCell *cell)
{
	fit_shape(table, cell);
	if (table->cells.used >= TIP_MAX_CELLS)
		refuse_size();
	return TipNewCell(&table->cells, cell);
}

void
TipAddEntry(TipTable *table, const TipEntry *more)
{
	TipEntry   *entry = TipFindCell(&table->cells, &more->cell);

	if (unlikely(entry == NULL))
		entry = add_cell(table, &more->cell);
	TipAddSums(entry, more);
}

static void
count_row(TipTable *table, const TipRow *row)
{
	TipEntry   *entry = TipFindHashed(&table->cells, &row->cell, row->hash);

	if (unlikely(entry == NULL))
		entry = add_cell(table, &row->cell);
	entry->key_sum += row->key;
	entry->contributors += row->contributes;
	if (pg_add_s64_overflow(entry->n, 1, &entry->n) ||
		pg_add_s64_overflow(entry->measure, row->measure, &entry->measure))
		TipRefuseSum();
}

/* Count the rows that wait; whoever reads the table does this first. */
void
TipFlush(TipTable *table)
{
	int			waiting = table->waiting;

	table->waiting = 0;
	for (int i = 0; i < waiting; i++)
	{
		uint32		at = table->rows[i].hash & table->cells.mask;
		uint32		number = table->cells.slots[at];

		/* a guess: the slot may be another's */
		if (number != 0)
			TipPrefetch(&table->cells.entries[number - 1]);
	}
	for (int i = 0; i < waiting; i++)
		count_row(table, &table->rows[i]);
}

/* One row; measure is NULL where it is, else an int8. */
void
TipAddRow(TipTable *table, const TipCell *cell, uint64 key,
		  const Datum *measure)
{
	TipRow	   *row;

	if (table->waiting == TIP_WAITING_ROWS)
		TipFlush(table);
	row = &table->rows[table->waiting++];
	row->cell = *cell;
	row->key = key;
	row->measure = measure == NULL ? 0 : DatumGetInt64(*measure);
	row->contributes = measure != NULL;
	row->hash = TipHashCell(cell);
	TipPrefetch(&table->cells.slots[row->hash & table->cells.mask]);
}

void
TipRefuseMulti(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("tabulation is not additive"),
			 errdetail("One person or record may be in several of its cells."),
			 errhint("Count the persons or records of all parts together.")));
}

void
TipAddFlat(TipTable *table, const TipFlat *flat)
{
	const TipEntry *entries = TipFlatEntries(flat);
	bool		is_first;

	TipFlush(table);
	is_first = table->cells.used == 0;
	if (!TipShapeIsAdditive(&flat->shape))
		TipRefuseMulti();
	for (uint32 i = 0; i < flat->count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		TipAddEntry(table, &entries[i]);
	}
	/* An empty tabulation has no dimensions to know of. */
	if (flat->count > 0)
		TipAdoptAbout(table, flat, is_first);
}
