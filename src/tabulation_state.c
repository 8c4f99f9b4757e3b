/*
 * tabulation_state.c
 *		The table of counts, in memory and on disk.
 *
 * The aggregate state is an expanded object; flattening sorts the cells, so
 * that equal states are equal bytes whatever the order of rows, workers or
 * shards.
 */
#include "postgres.h"

#include "common/int.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "codes.h"
#include "tabulation.h"

#define TABLE_MAGIC 0x54495054

static int
entry_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(TipCell));
}

int
TipDimensions(uint8 used)
{
	return pg_number_of_ones[used];
}

/* ---- the expanded object ---- */

static Size
flat_size(ExpandedObjectHeader *hdr)
{
	TipTable   *table = (TipTable *) hdr;

	return TipFlatSize(table->names_size, table->used);
}

static void
fill_header(TipFlat *flat, const TipShape *shape, const char *names,
			uint32 names_size, uint32 count)
{
	SET_VARSIZE(flat, TipFlatSize(names_size, count));
	flat->version = TIP_TABULATION_VERSION;
	flat->used = shape->used;
	flat->flags = 0;
	flat->count = count;
	flat->names_size = names_size;
	memcpy(flat->list, shape->list, sizeof(flat->list));
	if (names_size > 0)
		memcpy(flat->data, names, names_size);
}

static void
flatten(ExpandedObjectHeader *hdr, void *result, Size size)
{
	TipTable   *table = (TipTable *) hdr;
	TipFlat    *flat = result;
	TipEntry   *to;

	fill_header(flat, &table->shape, table->names, table->names_size,
				table->used);
	to = TipFlatEntries(flat);
	for (uint32 i = 0; i < table->slots; i++)
		if (table->entries[i].n != 0)
			*to++ = table->entries[i];
	qsort(TipFlatEntries(flat), table->used, sizeof(TipEntry), entry_cmp);
}

static const ExpandedObjectMethods methods = {flat_size, flatten};

/* Room for a flat tabulation, its header filled in. */
TipFlat *
TipNewFlat(const TipShape *shape, const char *names, uint32 names_size,
		   uint32 count)
{
	TipFlat    *flat = palloc0(TipFlatSize(names_size, count));

	fill_header(flat, shape, names, names_size, count);
	return flat;
}

TipTable *
TipNewTable(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "tip.tabulation",
												  ALLOCSET_SMALL_SIZES);
	TipTable   *table = MemoryContextAllocZero(context, sizeof(TipTable));

	EOH_init_header(&table->hdr, &methods, context);
	table->magic = TABLE_MAGIC;
	table->slots = 16;
	table->entries = MemoryContextAllocZero(context, 16 * sizeof(TipEntry));
	return table;
}

/* The table that a datum is a read-write pointer to, or NULL. */
TipTable *
TipTableOf(Datum d)
{
	TipTable   *table;

	if (!VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(d)))
		return NULL;
	table = (TipTable *) DatumGetEOHP(d);
	return table->magic == TABLE_MAGIC ? table : NULL;
}

TipFlat *
TipGetFlat(Datum d)
{
	TipFlat    *flat = (TipFlat *) PG_DETOAST_DATUM(d);

	if (VARSIZE(flat) < TipFlatSize(0, 0) ||
		flat->version != TIP_TABULATION_VERSION || flat->flags != 0 ||
		flat->count > TIP_MAX_CELLS ||
		flat->names_size > TIP_NAMES_MAX || flat->names_size % 8 != 0 ||
		VARSIZE(flat) != TipFlatSize(flat->names_size, flat->count))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid stored value of type %s", "tip.tabulation")));
	return flat;
}

/* The name of a dimension, counted from 0, or NULL. */
const char *
TipDimensionName(const TipFlat *flat, int dimension)
{
	const char *name = flat->data;

	if (flat->names_size == 0)
		return NULL;
	while (dimension-- > 0)
		name += strlen(name) + 1;
	return name;
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

	while (strcmp(describe(a, i), describe(b, i)) == 0)
		i++;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("all cells of a tabulation must have the same dimensions"),
			 errdetail("Position %d holds %s in one cell and %s in another.",
					   i + 1, describe(a, i), describe(b, i)),
			 errhint("Tabulations of different dimensions are brought together by tip.rollup().")));
}

static void
fit_shape(TipTable *table, const TipShape *shape)
{
	if (table->used == 0)
		table->shape = *shape;
	else if (memcmp(&table->shape, shape, sizeof(TipShape)) != 0)
		refuse_shape(&table->shape, shape);
}

/* ---- adding ---- */

static inline uint64
mix(uint64 h)
{
	h ^= h >> 32;
	h *= UINT64CONST(0xd6e8feb86659fd93);
	return h ^ (h >> 32);
}

static inline TipEntry *
find_slot(TipTable *table, const TipCell *cell)
{
	uint64		half[2];
	uint32		at;

	memcpy(half, cell, sizeof(half));
	at = mix(half[0] ^ mix(half[1] + UINT64CONST(0x9e3779b97f4a7c15)));
	for (;; at++)
	{
		TipEntry   *entry = &table->entries[at & (table->slots - 1)];

		if (entry->n == 0 || memcmp(&entry->cell, cell, sizeof(*cell)) == 0)
			return entry;
	}
}

static void
grow(TipTable *table)
{
	TipEntry   *old = table->entries;
	uint32		slots = table->slots;

	CHECK_FOR_INTERRUPTS();
	table->entries = MemoryContextAllocExtended(table->hdr.eoh_context,
												(Size) slots * 2 *
												sizeof(TipEntry),
												MCXT_ALLOC_HUGE |
												MCXT_ALLOC_ZERO);
	table->slots = slots * 2;
	for (uint32 i = 0; i < slots; i++)
		if (old[i].n != 0)
			*find_slot(table, &old[i].cell) = old[i];
	pfree(old);
}

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
add_cell(TipTable *table, TipEntry *entry, const TipCell *cell)
{
	TipShape	shape = TipShapeOfCell(cell);

	fit_shape(table, &shape);
	if (table->used >= TIP_MAX_CELLS)
		refuse_size();
	if (table->used >= table->slots / 4 * 3)
	{
		grow(table);
		entry = find_slot(table, cell);
	}
	entry->cell = *cell;
	table->used++;
	return entry;
}

void
TipAddEntry(TipTable *table, const TipEntry *more)
{
	TipEntry   *entry = find_slot(table, &more->cell);

	if (unlikely(entry->n == 0))
		entry = add_cell(table, entry, &more->cell);
	entry->key_sum += more->key_sum;
	if (pg_add_s64_overflow(entry->n, more->n, &entry->n) ||
		pg_add_s64_overflow(entry->measure, more->measure, &entry->measure))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a sum of the tabulation is out of range")));
}

static void
adopt_names(TipTable *table, const TipFlat *flat)
{
	if (flat->names_size == 0)
		return;
	if (table->names_size == 0)
	{
		table->names = MemoryContextAlloc(table->hdr.eoh_context,
										  flat->names_size);
		memcpy(table->names, flat->data, flat->names_size);
		table->names_size = flat->names_size;
	}
	else if (table->names_size != flat->names_size ||
			 memcmp(table->names, flat->data, flat->names_size) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tabulations name their dimensions differently"),
				 errhint("Name them alike with tip.name_dimensions() before merging.")));
}

void
TipAddFlat(TipTable *table, const TipFlat *flat)
{
	const TipEntry *entries = TipFlatEntries(flat);

	for (uint32 i = 0; i < flat->count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		TipAddEntry(table, &entries[i]);
	}
	/* An empty tabulation has no dimensions to name. */
	if (flat->count > 0)
		adopt_names(table, flat);
}
