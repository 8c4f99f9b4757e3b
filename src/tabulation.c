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
PG_FUNCTION_INFO_V1(tip_tabulation_is_additive);

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
new_state(FunctionCallInfo fcinfo)
{
	TipTable   *table = TipNewTable(aggregate_context(fcinfo));

	if (!PG_ARGISNULL(0))
		TipAddFlat(table, TipGetFlat(PG_GETARG_DATUM(0)));
	return table;
}

/* A read-write pointer may be changed in place, whoever hands it in. */
static inline TipTable *
get_state(FunctionCallInfo fcinfo)
{
	TipTable   *table = NULL;

	if (likely(!PG_ARGISNULL(0)))
		table = TipTableOf(PG_GETARG_DATUM(0));
	if (unlikely(table == NULL))
		table = new_state(fcinfo);
	return table;
}

/*
 * tabulate(cell, record_key [, measure])
 *		Count a row; a NULL cell is no row, a NULL key adds 0, a NULL measure
 *		adds 0 and does not contribute.
 */
Datum
tip_tabulate_add(PG_FUNCTION_ARGS)
{
	TipTable   *table = get_state(fcinfo);
	TipEntry	one = {.n = 1};

	if (unlikely(PG_ARGISNULL(1)))
		PG_RETURN_DATUM(EOHPGetRWDatum(&table->hdr));
	one.cell = *PG_GETARG_TIPCELL(1);
	if (likely(!PG_ARGISNULL(2)))
		one.key_sum = (uint64) PG_GETARG_INT64(2);
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
	{
		one.measure = PG_GETARG_INT64(3);
		one.contributors = 1;
	}
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

static TipFlat *
with_about(const TipFlat *flat, const TipDraft *draft)
{
	uint32		size;
	char	   *about = TipPackAbout(draft, &size);
	TipFlat    *result = TipNewFlat(&flat->shape, about, size, flat->count);

	memcpy(TipFlatEntries(result), TipFlatEntries(flat),
		   flat->count * sizeof(TipEntry));
	return result;
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
	TipDraft	draft;

	if (count != TipDimensions(flat->shape.used))
		refuse_names("a tabulation needs one name for each dimension");
	TipUnpackAbout(flat, &draft);
	for (int i = 0; i < count; i++)
	{
		check_name(names, i);
		draft.name[i] = names[i];
	}
	PG_RETURN_POINTER(with_about(flat, &draft));
}

/* ---- rollup ---- */

static int
position_of(const TipFlat *flat, int dimension)
{
	int			position = TipPositionOf(flat->shape.used, dimension);

	if (position < 0)
		refuse_names("the tabulation has no such dimension");
	return position;
}

/* Whether the cell is a stored margin over all of these positions. */
static bool
is_all(const TipCell *cell, uint8 positions)
{
	for (int i = 0; i < TIP_CELL_CODES; i++)
		if ((positions & (1 << i)) != 0 && cell->code[i] != 0)
			return false;
	return true;
}

/* Where dimensions come from, and what they are then. */
static uint8
rolled_shape(const TipFlat *flat, const int *keep, int count, int *from,
			 TipShape *shape)
{
	uint8		dropped = flat->shape.multi;

	shape->flags = flat->shape.flags;
	for (int i = 0; i < count; i++)
	{
		from[i] = position_of(flat, keep[i]);
		for (int j = 0; j < i; j++)
			if (from[j] == from[i])
				refuse_names("a dimension can be kept only once");
		shape->used |= 1 << i;
		shape->list[i] = flat->shape.list[from[i]];
		if (flat->shape.multi & (1 << from[i]))
			shape->multi |= 1 << i;
		dropped &= ~(1 << from[i]);
	}
	if (shape->multi == 0)
		shape->flags &= ~TIP_STORED_MARGINS;
	return dropped;
}

/*
 * Keep these dimensions, in this order.  Over the others add up, or, where one
 * row may be in several cells, take the margin that is stored.
 */
static TipTable *
rollup(const TipFlat *flat, const int *keep, int count)
{
	TipTable   *table = TipNewTable(CurrentMemoryContext);
	const TipEntry *entries = TipFlatEntries(flat);
	int			from[TIP_CELL_CODES];
	uint8		dropped = rolled_shape(flat, keep, count, from, &table->shape);

	if (dropped != 0 && (flat->shape.flags & TIP_STORED_MARGINS) == 0)
		TipRefuseMulti();
	for (uint32 i = 0; i < flat->count; i++)
	{
		TipEntry	entry = entries[i];

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (!is_all(&entry.cell, dropped))
			continue;
		memset(&entry.cell, 0, sizeof(TipCell));
		for (int d = 0; d < count; d++)
			entry.cell.code[d] = entries[i].cell.code[from[d]];
		TipAddEntry(table, &entry);
	}
	if (table->used > 0)
		TipKeepAbout(table, flat, keep, count);
	else
		memset(&table->shape, 0, sizeof(TipShape));
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
	if (count > TipDimensions(flat->shape.used))
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
	for (int i = 0; i < TipDimensions(flat->shape.used); i++)
	{
		const char *mine = TipDimensionName(flat, i);

		if (mine != NULL && strcmp(mine, name) == 0)
			return i;
	}
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

	if (count > TipDimensions(flat->shape.used))
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
		if (entries[i].cell.code[position] != 0)
			seen = bms_add_member(seen,
								  TipCodeNumber(TipCellCode(&entries[i].cell,
															position)));
	return bms_num_members(seen);
}

static void
put_dimension(ReturnSetInfo *rsinfo, const TipFlat *flat, int i)
{
	int			position = position_of(flat, i);
	int			list = flat->shape.list[position];
	const char *name = TipDimensionName(flat, i);
	const char *dictionary = TipDimensionDictionary(flat, i);
	const TipAbout *my = TipDimensionAbout(flat, i);
	Datum		values[10];
	bool		nulls[10] = {false};

	values[0] = Int32GetDatum(i + 1);
	values[1] = CStringGetTextDatum(name ? name : "");
	values[2] = CStringGetTextDatum(list ? TipListRowOf(list)->name : "");
	values[3] = Int64GetDatum(count_codes(flat, position));
	values[4] = Int32GetDatum(my->base);
	values[5] = CStringGetTextDatum(dictionary ? dictionary : "");
	values[6] = Int32GetDatum(my->high);
	values[7] = Int64GetDatum(my->checksum);
	values[8] = Int32GetDatum(my->edges);
	values[9] = BoolGetDatum((flat->shape.multi & (1 << position)) != 0);
	nulls[1] = name == NULL;
	nulls[2] = list == 0;
	nulls[5] = nulls[6] = nulls[7] = dictionary == NULL;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* dimensions(tabulation): what is known of each, and its distinct codes. */
Datum
tip_tabulation_dimensions(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < TipDimensions(flat->shape.used); i++)
		put_dimension((ReturnSetInfo *) fcinfo->resultinfo, flat, i);
	return (Datum) 0;
}

/* is_additive(tabulation): whether every margin is the sum of its cells. */
Datum
tip_tabulation_is_additive(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TipShapeIsAdditive(&TipGetFlat(PG_GETARG_DATUM(0))->shape));
}
