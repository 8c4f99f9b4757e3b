/*
 * tabulation.c
 *		Tabulate, merge, compare and roll up.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "tabulation.h"

PG_FUNCTION_INFO_V1(tip_tabulate_add);
PG_FUNCTION_INFO_V1(tip_tabulation_combine);
PG_FUNCTION_INFO_V1(tip_tabulation_plus);
PG_FUNCTION_INFO_V1(tip_tabulation_eq);
PG_FUNCTION_INFO_V1(tip_tabulation_ne);
PG_FUNCTION_INFO_V1(tip_tabulation_rollup);
PG_FUNCTION_INFO_V1(tip_tabulation_rollup_names);

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

/* ---- rollup ---- */

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
		from[i] = TipPosition(flat, keep[i]);
		for (int j = 0; j < i; j++)
			if (from[j] == from[i])
				TipRefuseDimensions("a dimension can be kept only once");
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
		TipRefuseDimensions("the tabulation has no such dimension");
	for (int i = 0; i < count; i++)
	{
		if (nulls[i] || DatumGetInt32(elements[i]) < 1 ||
			DatumGetInt32(elements[i]) > TIP_CELL_CODES)
			TipRefuseDimensions("the tabulation has no such dimension");
		keep[i] = DatumGetInt32(elements[i]) - 1;
	}
	PG_RETURN_DATUM(EOHPGetRWDatum(&rollup(flat, keep, count)->hdr));
}

/* rollup(tabulation, keep text[]): the same by name. */
Datum
tip_tabulation_rollup_names(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	int			count;
	char	  **names = TipDimensionNames(PG_GETARG_ARRAYTYPE_P(1), &count);
	int			keep[TIP_CELL_CODES];

	if (count > TipDimensions(flat->shape.used))
		TipRefuseDimensions("the tabulation has no such dimension");
	for (int i = 0; i < count; i++)
		keep[i] = TipDimensionByName(flat, names[i]);
	PG_RETURN_DATUM(EOHPGetRWDatum(&rollup(flat, keep, count)->hdr));
}
