/*
 * tabulation_dimensions.c
 *		Say what the dimensions of a tabulation are, and read it back.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "tabulation.h"

PG_FUNCTION_INFO_V1(tip_tabulation_name);
PG_FUNCTION_INFO_V1(tip_tabulation_name_bases);
PG_FUNCTION_INFO_V1(tip_tabulation_dictionary);
PG_FUNCTION_INFO_V1(tip_tabulation_hierarchy);
PG_FUNCTION_INFO_V1(tip_tabulation_coarsen);
PG_FUNCTION_INFO_V1(tip_tabulation_dimensions);
PG_FUNCTION_INFO_V1(tip_tabulation_is_additive);
PG_FUNCTION_INFO_V1(tip_tabulation_codes);
PG_FUNCTION_INFO_V1(tip_list_hierarchy);

/* ---- names ---- */

void
TipRefuseDimensions(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", why),
			 errhint("tip.dimensions() shows the dimensions of a tabulation.")));
}

char **
TipDimensionNames(ArrayType *array, int *count)
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
			TipRefuseDimensions("names of dimensions must not be null");
		texts[i] = TextDatumGetCString(elements[i]);
	}
	return texts;
}

static void
check_name(char **names, int i)
{
	if (names[i][0] == '\0' || strlen(names[i]) >= NAMEDATALEN)
		TipRefuseDimensions("a name of a dimension is empty or too long");
	for (int j = 0; j < i; j++)
		if (strcmp(names[i], names[j]) == 0)
			TipRefuseDimensions("names of dimensions must differ");
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

/* A dimension, counted from 0. */
int
TipDimensionByName(const TipFlat *flat, const char *name)
{
	for (int i = 0; i < TipDimensions(flat->shape.used); i++)
	{
		const char *mine = TipDimensionName(flat, i);

		if (mine != NULL && strcmp(mine, name) == 0)
			return i;
	}
	TipRefuseDimensions("the tabulation has no dimension of that name");
	return -1;
}

static int
dimension_of(const TipFlat *flat, const text *name)
{
	return TipDimensionByName(flat, text_to_cstring(name));
}

int
TipPosition(const TipFlat *flat, int dimension)
{
	int			position = TipPositionOf(flat->shape.used, dimension);

	if (position < 0)
		TipRefuseDimensions("the tabulation has no such dimension");
	return position;
}

static void
set_names(TipDraft *draft, ArrayType *array)
{
	int			count;
	char	  **names = TipDimensionNames(array, &count);

	if (count != draft->dimensions)
		TipRefuseDimensions("a tabulation needs one name for each dimension");
	for (int i = 0; i < count; i++)
	{
		check_name(names, i);
		draft->name[i] = names[i];
	}
}

/*
 * name_dimensions(tabulation, names text[])
 *		The same counts, with a name for each dimension.
 */
Datum
tip_tabulation_name(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	TipDraft	draft;

	TipUnpackAbout(flat, &draft);
	set_names(&draft, PG_GETARG_ARRAYTYPE_P(1));
	PG_RETURN_POINTER(with_about(flat, &draft));
}

static void
set_base(TipDraft *draft, const TipFlat *flat, int i, int32 base)
{
	int			list = flat->shape.list[TipPosition(flat, i)];

	if (base != 0 && (list != 0 || draft->dictionary[i] != NULL))
		TipRefuseDimensions("only a bucket counts from a base");
	draft->my[i].base = base;
}

/* name_dimensions(tabulation, names text[], bases int4[]) */
Datum
tip_tabulation_name_bases(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	TipDraft	draft;
	Datum	   *bases;
	bool	   *nulls;
	int			count;

	TipUnpackAbout(flat, &draft);
	set_names(&draft, PG_GETARG_ARRAYTYPE_P(1));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), INT4OID, sizeof(int32), true,
					  TYPALIGN_INT, &bases, &nulls, &count);
	if (count != draft.dimensions)
		TipRefuseDimensions("a tabulation needs one base for each dimension");
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			TipRefuseDimensions("bases of dimensions must not be null");
		set_base(&draft, flat, i, DatumGetInt32(bases[i]));
	}
	PG_RETURN_POINTER(with_about(flat, &draft));
}

/* ---- dictionaries ---- */

/*
 * dictionary(tabulation, dimension, dictionary, high, checksum)
 *		The numbers of a dimension are those of a dictionary, of which the
 *		caller has read the entries up to number high.
 */
Datum
tip_tabulation_dictionary(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	int			i = dimension_of(flat, PG_GETARG_TEXT_PP(1));
	char	   *dictionary = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int32		high = PG_GETARG_INT32(3);
	TipDraft	draft;

	TipUnpackAbout(flat, &draft);
	if (flat->shape.list[TipPosition(flat, i)] != 0 || draft.my[i].base != 0)
		TipRefuseDimensions("only plain numbers can be of a dictionary");
	if (dictionary[0] == '\0' || strlen(dictionary) >= NAMEDATALEN ||
		high < 1 || high > TIP_NUMBER_MAX)
		TipRefuseDimensions("a dictionary has no such name or number");
	draft.dictionary[i] = dictionary;
	draft.my[i].high = high;
	draft.my[i].checksum = PG_GETARG_INT64(4);
	PG_RETURN_POINTER(with_about(flat, &draft));
}

/* ---- hierarchies ---- */

static void
refuse_hierarchy(const char *why, uint16 code)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", why),
			 code == 0 ? 0 : errdetail("The code is %s.", TipCellText(code)),
			 errhint("A hierarchy is an array of tip.cell(code, code above it) "
					 "in which every code has one code above it.")));
}

static int
edge_cmp(const void *a, const void *b)
{
	const TipEdge *x = a;
	const TipEdge *y = b;

	if (x->child != y->child)
		return x->child < y->child ? -1 : 1;
	return (x->parent > y->parent) - (x->parent < y->parent);
}

static TipEdge
edge_of(const TipCell *cell)
{
	TipEdge		edge = {TipCellCode(cell, 0), TipCellCode(cell, 1)};

	for (int i = 2; i < TIP_CELL_CODES; i++)
		if (cell->code[i] != 0)
			refuse_hierarchy("a step of a hierarchy has three codes", 0);
	if (edge.child == 0 || edge.parent == 0)
		refuse_hierarchy("a step of a hierarchy lacks a code", 0);
	if (TipCodeIsMissing(edge.child) || TipCodeIsMissing(edge.parent))
		refuse_hierarchy("a missing value has no place in a hierarchy",
						 TipCodeIsMissing(edge.child) ? edge.child :
						 edge.parent);
	return edge;
}

static TipEdge *
edges_of(ArrayType *array, int *count)
{
	Datum	   *cells;
	bool	   *nulls;
	TipEdge    *edges;

	deconstruct_array(array, ARR_ELEMTYPE(array), sizeof(TipCell), false,
					  TYPALIGN_DOUBLE, &cells, &nulls, count);
	if (*count > TIP_MAX_EDGES)
		refuse_hierarchy("a hierarchy has too many codes", 0);
	edges = palloc(sizeof(TipEdge) * (*count + 1));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			refuse_hierarchy("a step of a hierarchy is null", 0);
		edges[i] = edge_of((TipCell *) DatumGetPointer(cells[i]));
	}
	qsort(edges, *count, sizeof(TipEdge), edge_cmp);
	return edges;
}

static void
check_tree(const TipEdge *edges, int count)
{
	for (int i = 1; i < count; i++)
		if (edges[i].child == edges[i - 1].child)
			refuse_hierarchy("a code of a hierarchy has two codes above it",
							 edges[i].child);
	if (!TipEdgesEnd(edges, count))
		refuse_hierarchy("a hierarchy is cyclic or deeper than 16 steps", 0);
}

static bool
is_parent(const TipEdge *edges, int count, uint16 code)
{
	for (int i = 0; i < count; i++)
		if (edges[i].parent == code)
			return true;
	return false;
}

/* A code must be able to occur in the dimension, or be above one that can. */
static void
check_codes(const TipEdge *edges, int count, int list)
{
	for (int i = 0; i < count; i++)
	{
		uint16		child = edges[i].child;

		if (TipCodeList(child) != list && !is_parent(edges, count, child))
			refuse_hierarchy("a code of a hierarchy is not of the dimension",
							 child);
		if (list != 0 && TipCodeList(child) == list &&
			TipCodeRowOf(child) == NULL)
			refuse_hierarchy("a code of a hierarchy is not known", child);
	}
}

/* A number above others must not be counted itself: it would be two things. */
static void
check_numbers(const TipFlat *flat, int position, const TipEdge *edges,
			  int count)
{
	bool		above[1024] = {false};

	for (int i = 0; i < count; i++)
		if (TipCodeList(edges[i].parent) == 0)
			above[TipCodeNumber(edges[i].parent)] = true;
	for (uint32 i = 0; i < flat->count; i++)
	{
		const TipCell *cell = &TipFlatEntries(flat)[i].cell;
		uint16		code = TipCellCode(cell, position);

		if (above[TipCodeNumber(code)])
			refuse_hierarchy("a number above others occurs in the dimension",
							 code);
	}
}

/*
 * use_hierarchy(tabulation, dimension, steps cell[])
 *		The margins of a dimension have inner nodes.
 */
Datum
tip_tabulation_hierarchy(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	int			i = dimension_of(flat, PG_GETARG_TEXT_PP(1));
	int			position = TipPosition(flat, i);
	int			count;
	TipEdge    *edges = edges_of(PG_GETARG_ARRAYTYPE_P(2), &count);
	TipDraft	draft;

	if (flat->shape.multi & (1 << position))
		TipRefuseMulti();
	check_tree(edges, count);
	check_codes(edges, count, flat->shape.list[position]);
	if (flat->shape.list[position] == 0)
		check_numbers(flat, position, edges, count);
	TipUnpackAbout(flat, &draft);
	draft.my[i].edges = count;
	draft.edges[i] = edges;
	PG_RETURN_POINTER(with_about(flat, &draft));
}

/* The list of the parents, which has to be one. */
static int
list_above(const TipEdge *edges, int count, int list)
{
	int			above = -1;

	for (int i = 0; i < count; i++)
	{
		if (TipCodeList(edges[i].child) != list)
			continue;
		if (above >= 0 && above != TipCodeList(edges[i].parent))
			refuse_hierarchy("the codes above a dimension are of several lists",
							 edges[i].parent);
		above = TipCodeList(edges[i].parent);
	}
	if (above < 0)
		TipRefuseDimensions("the dimension has no hierarchy");
	return above;
}

/* One step up; what is missing stays so, and a root of the list remains. */
static uint16
step_up(uint16 code, const TipEdge *edges, int count, int list)
{
	const TipEdge *edge = TipFindEdge(edges, count, code);

	if (edge != NULL)
		return edge->parent;
	if (!TipCodeIsMissing(code) && TipCodeList(code) != list)
		refuse_hierarchy("a code of the dimension has no code above it", code);
	return TipMakeCode(list, TipCodeNumber(code));
}

static TipTable *
coarsen(const TipFlat *flat, int position, const TipEdge *edges, int count)
{
	TipTable   *table = TipNewTable(CurrentMemoryContext);
	int			list = list_above(edges, count, flat->shape.list[position]);

	table->shape = flat->shape;
	table->shape.list[position] = list;
	for (uint32 i = 0; i < flat->count; i++)
	{
		TipEntry	entry = TipFlatEntries(flat)[i];
		uint16		code = TipCellCode(&entry.cell, position);

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		code = step_up(code, edges, count, list);
		entry.cell.code[position] = pg_hton16(code);
		TipAddEntry(table, &entry);
	}
	return table;
}

/*
 * coarsen(tabulation, dimension)
 *		Every code of a dimension becomes the one above it.
 */
Datum
tip_tabulation_coarsen(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetFlat(PG_GETARG_DATUM(0));
	int			i = dimension_of(flat, PG_GETARG_TEXT_PP(1));
	TipTable   *table = coarsen(flat, TipPosition(flat, i),
								TipDimensionEdges(flat, i),
								TipDimensionAbout(flat, i)->edges);
	TipDraft	draft;

	/* the hierarchy stays: it says what the codes are made of */
	TipUnpackAbout(flat, &draft);
	TipSetAbout(table, &draft);
	PG_RETURN_DATUM(EOHPGetRWDatum(&table->hdr));
}

/* The code above a code in the lists that are compiled in, or 0. */
static uint16
compiled_parent(const TipCodeRow *row)
{
	int			list = TipCodeList(row->code);
	TipCode		parent;

	if (row->parent[0] == '\0')
		return 0;
	if (list == TIP_LIST_SUBDIVISION)
		list = TIP_LIST_COUNTRY;
	if (!TipCodeFind(list, row->parent, strlen(row->parent), &parent))
		return 0;
	return parent;
}

static int
list_of_name(const char *name)
{
	for (int list = 1; list <= TIP_MAX_LISTS; list++)
	{
		const TipListRow *row = TipListRowOf(list);

		if (row && strcmp(row->name, name) == 0)
			return list;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("list does not exist"),
			 errhint("tip.list has the lists.")));
	return 0;
}

/* hierarchy(list): its steps, as use_hierarchy() takes them. */
Datum
tip_list_hierarchy(PG_FUNCTION_ARGS)
{
	int			list = list_of_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Datum	   *steps = palloc(sizeof(Datum) * (TIP_NUMBER_MAX + 1));
	int			count = 0;
	Oid			array = get_func_rettype(fcinfo->flinfo->fn_oid);

	for (int number = 1; number <= TipListMaxNumber(list); number++)
	{
		const TipCodeRow *row = TipCodeRowOf(TipMakeCode(list, number));
		uint16		parent = row ? compiled_parent(row) : 0;
		TipCell    *cell;

		if (parent == 0)
			continue;
		cell = palloc0(sizeof(TipCell));
		cell->code[0] = pg_hton16(row->code);
		cell->code[1] = pg_hton16(parent);
		steps[count++] = PointerGetDatum(cell);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(steps, count,
										  get_element_type(array),
										  sizeof(TipCell), false,
										  TYPALIGN_DOUBLE));
}

/* ---- reading ---- */

static int64
count_codes(const TipFlat *flat, int position)
{
	const TipEntry *entries = TipFlatEntries(flat);
	Bitmapset  *seen = NULL;

	for (uint32 i = 0; i < flat->count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (entries[i].cell.code[position] != 0)
			seen = bms_add_member(seen,
								  TipCodeNumber(TipCellCode(&entries[i].cell,
															position)));
	}
	return bms_num_members(seen);
}

static void
put_dimension(ReturnSetInfo *rsinfo, const TipFlat *flat, int i)
{
	int			position = TipPosition(flat, i);
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
	TipFlat    *flat = TipGetHeader(PG_GETARG_DATUM(0));

	PG_RETURN_BOOL(TipShapeIsAdditive(&flat->shape));
}

/* ---- codes as people read them ---- */

/* A number above others is shown by the first and the last below it. */
static char *
bucket_text(const TipFlat *flat, int i, uint16 code)
{
	const TipEdge *edges = TipDimensionEdges(flat, i);
	int			count = TipDimensionAbout(flat, i)->edges;
	int64		base = TipDimensionAbout(flat, i)->base;
	int			first = 0;
	int			last = 0;

	for (int e = 0; e < count; e++)
	{
		const TipEdge *edge = &edges[e];

		if (is_parent(edges, count, edge->child))
			continue;
		while (edge != NULL && edge->parent != code)
			edge = TipFindEdge(edges, count, edge->parent);
		if (edge == NULL)
			continue;
		last = edges[e].child;
		first = first == 0 ? last : first;
	}
	if (first == 0)
		return psprintf(INT64_FORMAT, base + TipCodeNumber(code));
	return psprintf(INT64_FORMAT "-" INT64_FORMAT, base + first, base + last);
}

/*
 * codes(tabulation, cell)
 *		The codes of a cell, a bucket with its base.
 */
Datum
tip_tabulation_codes(PG_FUNCTION_ARGS)
{
	TipFlat    *flat = TipGetHeader(PG_GETARG_DATUM(0));
	TipCell    *cell = PG_GETARG_TIPCELL(1);
	Datum		texts[TIP_CELL_CODES];
	int			count = TipDimensions(flat->shape.used);

	for (int i = 0; i < count; i++)
	{
		int			position = TipPosition(flat, i);
		uint16		code = TipCellCode(cell, position);
		bool		is_bucket = code != 0 && TipCodeList(code) == 0 &&
			!TipCodeIsMissing(code) && TipDimensionAbout(flat, i)->base != 0;

		texts[i] = CStringGetTextDatum(is_bucket ?
									   bucket_text(flat, i, code) :
									   TipCellText(code));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(texts, count, TEXTOID, -1, false,
										  TYPALIGN_INT));
}
