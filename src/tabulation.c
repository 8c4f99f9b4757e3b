/*
 * tabulation.c
 *		Tabulate, merge, name, roll up, and read a tabulation.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "tabulation.h"

PG_FUNCTION_INFO_V1(tip_tabulate_add);
PG_FUNCTION_INFO_V1(tip_tabulation_combine);
PG_FUNCTION_INFO_V1(tip_tabulation_plus);
PG_FUNCTION_INFO_V1(tip_tabulation_eq);
PG_FUNCTION_INFO_V1(tip_tabulation_ne);
PG_FUNCTION_INFO_V1(tip_tabulation_name);
PG_FUNCTION_INFO_V1(tip_tabulation_rollup);
PG_FUNCTION_INFO_V1(tip_tabulation_rollup_names);
PG_FUNCTION_INFO_V1(tip_tabulation_dimensions);
PG_FUNCTION_INFO_V1(tip_tabulation_cells);
PG_FUNCTION_INFO_V1(tip_tabulation_margins);

/* ---- aggregates ---- */

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function must be called as part of an aggregate")));
	return context;
}

static TipTable *
get_state(FunctionCallInfo fcinfo)
{
	MemoryContext context = aggregate_context(fcinfo);
	TipTable   *table = NULL;

	if (!PG_ARGISNULL(0))
		table = TipTableOf(PG_GETARG_DATUM(0));
	if (table != NULL)
		return table;
	table = TipNewTable(context);
	if (!PG_ARGISNULL(0))
		TipAddFlat(table, TipGetFlat(PG_GETARG_DATUM(0)));
	return table;
}

/*
 * tabulate(cell, record_key [, measure])
 *		Count a row; a NULL cell is no row, a NULL key or measure adds 0.
 */
Datum
tip_tabulate_add(PG_FUNCTION_ARGS)
{
	TipTable   *table = get_state(fcinfo);
	TipEntry	one = {.n = 1};

	if (PG_ARGISNULL(1))
		PG_RETURN_DATUM(EOHPGetRWDatum(&table->hdr));
	one.cell = *PG_GETARG_TIPCELL(1);
	if (!PG_ARGISNULL(2))
		one.key_sum = (uint64) PG_GETARG_INT64(2);
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		one.measure = PG_GETARG_INT64(3);
	TipAddEntry(table, &one);
	PG_RETURN_DATUM(EOHPGetRWDatum(&table->hdr));
}

Datum
tip_tabulation_combine(PG_FUNCTION_ARGS)
{
	TipTable   *table = get_state(fcinfo);

	if (!PG_ARGISNULL(1))
		TipAddFlat(table, TipGetFlat(PG_GETARG_DATUM(1)));
	PG_RETURN_DATUM(EOHPGetRWDatum(&table->hdr));
}

/* ---- operators ---- */

Datum
tip_tabulation_plus(PG_FUNCTION_ARGS)
{
	TipTable   *table = TipNewTable(CurrentMemoryContext);

	TipAddFlat(table, TipGetFlat(PG_GETARG_DATUM(0)));
	TipAddFlat(table, TipGetFlat(PG_GETARG_DATUM(1)));
	PG_RETURN_DATUM(EOHPGetRWDatum(&table->hdr));
}

static bool
is_equal(FunctionCallInfo fcinfo)
{
	TipFlat    *a = TipGetFlat(PG_GETARG_DATUM(0));
	TipFlat    *b = TipGetFlat(PG_GETARG_DATUM(1));

	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

Datum
tip_tabulation_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_equal(fcinfo));
}

Datum
tip_tabulation_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!is_equal(fcinfo));
}

/* ---- names ---- */

static void
shape_of(const TipFlat *flat, TipShape *shape)
{
	shape->used = flat->used;
	memcpy(shape->list, flat->list, sizeof(shape->list));
}

static void
refuse_names(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", why),
			 errhint("tip.dimensions() shows the dimensions of a tabulation.")));
}

static char **
text_elements(ArrayType *array, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	char	  **texts;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, count);
	texts = palloc(sizeof(char *) * (*count + 1));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			refuse_names("names of dimensions must not be null");
		texts[i] = TextDatumGetCString(elements[i]);
	}
	return texts;
}

static void
check_name(char **names, int i)
{
	if (names[i][0] == '\0' || strlen(names[i]) >= NAMEDATALEN)
		refuse_names("a name of a dimension is empty or too long");
	for (int j = 0; j < i; j++)
		if (strcmp(names[i], names[j]) == 0)
			refuse_names("names of dimensions must differ");
}

/* Returns the bytes that stand between header and entries. */
static char *
pack_names(char **names, int count, uint32 *size)
{
	char	   *packed = palloc0(TIP_NAMES_MAX);
	uint32		at = 0;

	for (int i = 0; i < count; i++)
	{
		check_name(names, i);
		strcpy(packed + at, names[i]);
		at += strlen(names[i]) + 1;
	}
	*size = TYPEALIGN(8, at);
	return packed;
}

/*
 * name_dimensions(tabulation, names text[])
 *		The same counts, with a name for each dimension.
 */
Datum
tip_tabulation_name(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	int			count;
	char	  **names = text_elements(PG_GETARG_ARRAYTYPE_P(1), &count);
	uint32		size;
	char	   *packed;
	TipShape	shape;
	TipFlat    *result;

	if (count != TipDimensions(flat->used))
		refuse_names("a tabulation needs one name for each dimension");
	packed = pack_names(names, count, &size);
	shape_of(flat, &shape);
	result = TipNewFlat(&shape, packed, size, flat->count);
	memcpy(TipFlatEntries(result), TipFlatEntries(flat),
		   flat->count * sizeof(TipEntry));
	PG_RETURN_POINTER(result);
}

/* ---- rollup ---- */

/* The position in a cell of a dimension, both counted from 0. */
static int
position_of(uint8 used, int dimension)
{
	for (int i = 0; i < TIP_CELL_CODES; i++)
		if ((used & (1 << i)) != 0 && dimension-- == 0)
			return i;
	refuse_names("the tabulation has no such dimension");
	return -1;
}

static void
keep_names(TipTable *table, const TipFlat *flat, const int *keep, int count)
{
	char	   *names[TIP_CELL_CODES];

	if (flat->names_size == 0 || count == 0)
		return;
	for (int i = 0; i < count; i++)
		names[i] = pstrdup(TipDimensionName(flat, keep[i]));
	table->names = pack_names(names, count, &table->names_size);
}

/* Keep these dimensions, in this order; add up over the others. */
static TipTable *
rollup(const TipFlat *flat, const int *keep, int count)
{
	TipTable   *table = TipNewTable(CurrentMemoryContext);
	const TipEntry *entries = TipFlatEntries(flat);
	int			from[TIP_CELL_CODES];

	for (int i = 0; i < count; i++)
	{
		from[i] = position_of(flat->used, keep[i]);
		for (int j = 0; j < i; j++)
			if (from[j] == from[i])
				refuse_names("a dimension can be kept only once");
	}
	for (uint32 i = 0; i < flat->count; i++)
	{
		TipEntry	entry = entries[i];

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		memset(&entry.cell, 0, sizeof(TipCell));
		for (int d = 0; d < count; d++)
			entry.cell.code[d] = entries[i].cell.code[from[d]];
		TipAddEntry(table, &entry);
	}
	keep_names(table, flat, keep, count);
	return table;
}

/*
 * rollup(tabulation, keep int[])
 *		Fewer dimensions: those whose numbers are given, counted from 1.
 */
Datum
tip_tabulation_rollup(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	int			keep[TIP_CELL_CODES];

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INT4OID, sizeof(int32), true,
					  TYPALIGN_INT, &elements, &nulls, &count);
	if (count > TipDimensions(flat->used))
		refuse_names("the tabulation has no such dimension");
	for (int i = 0; i < count; i++)
	{
		if (nulls[i] || DatumGetInt32(elements[i]) < 1 ||
			DatumGetInt32(elements[i]) > TIP_CELL_CODES)
			refuse_names("the tabulation has no such dimension");
		keep[i] = DatumGetInt32(elements[i]) - 1;
	}
	PG_RETURN_DATUM(EOHPGetRWDatum(&rollup(flat, keep, count)->hdr));
}

static int
dimension_by_name(const TipFlat *flat, const char *name)
{
	if (flat->names_size > 0)
		for (int i = 0; i < TipDimensions(flat->used); i++)
			if (strcmp(TipDimensionName(flat, i), name) == 0)
				return i;
	refuse_names("the tabulation has no dimension of that name");
	return -1;
}

/* rollup(tabulation, keep text[]): the same by name. */
Datum
tip_tabulation_rollup_names(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	int			count;
	char	  **names = text_elements(PG_GETARG_ARRAYTYPE_P(1), &count);
	int			keep[TIP_CELL_CODES];

	if (count > TipDimensions(flat->used))
		refuse_names("the tabulation has no such dimension");
	for (int i = 0; i < count; i++)
		keep[i] = dimension_by_name(flat, names[i]);
	PG_RETURN_DATUM(EOHPGetRWDatum(&rollup(flat, keep, count)->hdr));
}

/* ---- reading ---- */

static int64
count_codes(const TipFlat *flat, int position)
{
	const TipEntry *entries = TipFlatEntries(flat);
	Bitmapset  *seen = NULL;

	for (uint32 i = 0; i < flat->count; i++)
		seen = bms_add_member(seen,
							  TipCodeNumber(TipCellCode(&entries[i].cell,
														position)));
	return bms_num_members(seen);
}

/* dimensions(tabulation): number, name, list and distinct codes of each. */
Datum
tip_tabulation_dimensions(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < TipDimensions(flat->used); i++)
	{
		int			position = position_of(flat->used, i);
		int			list = flat->list[position];
		const char *name = TipDimensionName(flat, i);
		Datum		values[4];
		bool		nulls[4] = {false, name == NULL, list == 0, false};

		values[0] = Int32GetDatum(i + 1);
		values[1] = name ? CStringGetTextDatum(name) : (Datum) 0;
		values[2] = list ? CStringGetTextDatum(TipListRowOf(list)->name) :
			(Datum) 0;
		values[3] = Int64GetDatum(count_codes(flat, position));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

static void
put_entry(ReturnSetInfo *rsinfo, TipEntry *entry, int level)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = PointerGetDatum(&entry->cell);
	values[1] = Int32GetDatum(level);
	values[2] = Int64GetDatum(entry->n);
	values[3] = Int64GetDatum((int64) entry->key_sum);
	values[4] = Int64GetDatum(entry->measure);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* cells(tabulation): its rows, in the order of their codes. */
Datum
tip_tabulation_cells(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	int			level = TipDimensions(flat->used);

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < flat->count; i++)
		put_entry((ReturnSetInfo *) fcinfo->resultinfo,
				  &TipFlatEntries(flat)[i], level);
	return (Datum) 0;
}

/* Add up over the positions that mask leaves out; they stay, as *. */
static TipTable *
project(const TipFlat *flat, int mask)
{
	TipTable   *table = TipNewTable(CurrentMemoryContext);

	for (uint32 i = 0; i < flat->count; i++)
	{
		TipEntry	entry = TipFlatEntries(flat)[i];

		for (int d = 0; d < TIP_CELL_CODES; d++)
			if ((mask & (1 << d)) == 0)
				entry.cell.code[d] = 0;
		TipAddEntry(table, &entry);
	}
	return table;
}

static void
put_table(ReturnSetInfo *rsinfo, TipTable *table, int level)
{
	for (uint32 i = 0; i < table->slots; i++)
		if (table->entries[i].n != 0)
			put_entry(rsinfo, &table->entries[i], level);
}

/*
 * margins(tabulation)
 *		Its cells and every margin of them, down to the total.
 */
Datum
tip_tabulation_margins(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	for (int mask = flat->used;; mask = (mask - 1) & flat->used)
	{
		TipTable   *table = project(flat, mask);

		CHECK_FOR_INTERRUPTS();
		put_table((ReturnSetInfo *) fcinfo->resultinfo, table,
				  TipDimensions(mask));
		DeleteExpandedObject(EOHPGetRWDatum(&table->hdr));
		if (mask == 0)
			break;
	}
	return (Datum) 0;
}
