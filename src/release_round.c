/*
 * release_round.c
 *		Controlled rounding: draw, audit, draw again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "identity.h"
#include "release_round.h"

#define COLUMNS			6
#define MAX_ATTEMPTS	25
#define MAX_LABEL		1024

static void
RefuseNulls(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			TipGridRefuse("argument must not be null");
}

/* Trees, counts and tables are the first five arguments of either function. */
static TipGrid *
ReadGrid(FunctionCallInfo fcinfo, ArrayType *counts)
{
	TipGrid    *grid = palloc0(sizeof(TipGrid));

	TipGridTrees(grid, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	TipGridLeaves(grid);
	TipGridCounts(grid, PG_GETARG_ARRAYTYPE_P(2), counts);
	TipGridTables(grid, PG_GETARG_ARRAYTYPE_P(4));
	return grid;
}

static int64
ReadBase(int32 base)
{
	if (base < 2 || base > TIP_ROUND_MAX_BASE)
		TipGridRefuse("base of rounding must be between 2 and 1000");
	return base;
}

/* The base is a threshold, too: what is below it shall stay unknown. */
static int64
ReadThreshold(int32 threshold, int64 base)
{
	if (threshold < 1 || threshold > 1000)
		TipGridRefuse("threshold must be between 1 and 1000");
	return Max(threshold, base);
}

/* Counts of the leaves, given for the cells that nodes name. */
static int64 *
ReadTruth(const TipGrid *grid, ArrayType *nodes, const int64 *n)
{
	int64	   *truth = palloc0(sizeof(int64) * (grid->leaves + 1));
	int		   *leaf_of = palloc(sizeof(int) * grid->cells);
	int64		total = 0;
	int			count;
	int32	   *node = TipGridArray(nodes, INT4OID, "nodes", &count);

	memset(leaf_of, -1, sizeof(int) * grid->cells);
	for (int l = 0; l < grid->leaves; l++)
		leaf_of[grid->leaf_cell[l]] = l;
	for (int i = 0; i < count / grid->dims; i++)
	{
		int			cell = TipGridCell(grid, node + (size_t) i * grid->dims);

		if (leaf_of[cell] < 0)
			TipGridRefuse("counts are given for the finest cells only");
		if (n[i] < 0 || n[i] > PG_INT32_MAX || total > PG_INT32_MAX)
			TipGridRefuse("count is out of range");
		total += n[i];
		truth[leaf_of[cell]] += n[i];
	}
	pfree(leaf_of);
	return truth;
}

/* Rounded cells of the grid, -1 where none was published. */
static void
ReadRounded(const TipRoundFrame *frame, const int64 *rounded,
			TipRoundVersion *version)
{
	int64	   *n = palloc0(sizeof(int64) * frame->grid->cells);
	bool		fits = true;

	version->rounded = palloc(sizeof(int64) * (frame->cells + 1));

	for (int l = 0; l < frame->leaves; l++)
		for (int k = 0; k < frame->above_count[l]; k++)
			n[frame->above[l][k]] += version->truth[l];
	for (int p = 0; p < frame->cells; p++)
	{
		int64		a = rounded[frame->cell[p]];
		int64		reach = (version->steps + 1) * frame->base - 1;

		version->rounded[p] = a;
		fits &= a == -1 || (a >= 0 && a % frame->base == 0 &&
							a <= n[frame->cell[p]] + reach &&
							a >= n[frame->cell[p]] - reach);
	}
	pfree(n);
	if (!fits)
		TipGridRefuse("a version was not rounded from its counts");
}

/* Versions whose numbers are given one after the other; how many there are. */
static int
ReadVersions(const TipRoundFrame *frame, ArrayType *nodes, ArrayType *counts,
			 ArrayType *rounded, ArrayType *steps, TipRoundVersion *version)
{
	int			versions;
	int			nodes_count;
	int			counts_count;
	int			rounded_count;
	int32	   *step = TipGridArray(steps, INT4OID, "steps", &versions);
	int64	   *n = TipGridArray(counts, INT8OID, "counts", &counts_count);
	int64	   *a = TipGridArray(rounded, INT8OID, "rounded", &rounded_count);
	int			width;

	(void) TipGridArray(nodes, INT4OID, "nodes", &nodes_count);
	width = nodes_count / frame->grid->dims;
	if (versions >= TIP_ROUND_MAX_VERSIONS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many earlier versions of a rounded table"),
				 errhint("A table can be revised six times.")));
	if (nodes_count % frame->grid->dims != 0 ||
		(int64) width * versions != counts_count ||
		(int64) frame->grid->cells * versions != rounded_count)
		TipGridRefuse("versions do not agree with the table");
	for (int v = 0; v < versions; v++)
	{
		if (step[v] < 0 || step[v] > TIP_ROUND_MAX_STEPS)
			TipGridRefuse("steps of a version are out of range");
		version[v].steps = step[v];
		version[v].truth = ReadTruth(frame->grid, nodes,
									 n + (size_t) v * width);
		ReadRounded(frame, a + (size_t) v * frame->grid->cells, &version[v]);
	}
	return versions;
}

/* Draw with one number of steps; false: nothing adds up. */
static bool
Draw(const TipRoundFrame *frame, const TipRoundSource *source, int steps,
	 int64 *rounded)
{
	int64	   *preferred = palloc(sizeof(int64) * (frame->cells + 1));
	int		   *order = palloc(sizeof(int) * (frame->cells + 1));
	bool		found;

	TipRoundWalk(frame, source, preferred, order);
	found = TipRoundSearch(frame, steps, preferred, order, rounded);
	for (int p = 0; found && p < frame->cells; p++)
		rounded[p] *= frame->base;
	pfree(preferred);
	pfree(order);
	return found;
}

/*
 * The first draw in which nobody is found.  If each of them tells somebody
 * that she is alone, as a very small table must, the first one that tells no
 * more than that; false if there is none.
 */
static bool
DrawSafely(const TipRoundFrame *frame, TipRoundSource *source,
		   TipRoundVersion *version, int versions, int64 threshold)
{
	TipRoundVersion *last = &version[versions - 1];
	int64	   *second_best = NULL;

	while (source->attempt < MAX_ATTEMPTS)
	{
		CHECK_FOR_INTERRUPTS();
		last->rounded = palloc(sizeof(int64) * (frame->cells + 1));
		if (!Draw(frame, source, last->steps, last->rounded))
		{
			if (last->steps == TIP_ROUND_MAX_STEPS)
				break;
			last->steps++;
			continue;
		}
		if (TipRoundIsSafe(frame, version, versions, threshold, true))
			return true;
		if (second_best == NULL &&
			TipRoundIsSafe(frame, version, versions, threshold, false))
			second_best = last->rounded;
		source->attempt++;
	}
	last->rounded = second_best;
	return second_best != NULL;
}

static void
EmitCells(const TipRoundFrame *frame, const TipRoundVersion *version,
		  ReturnSetInfo *result)
{
	const TipGrid *grid = frame->grid;
	Datum	   *node = palloc(sizeof(Datum) * grid->dims);

	for (int cell = 0; cell < grid->cells; cell++)
	{
		Datum		values[COLUMNS];
		bool		nulls[COLUMNS] = {0};
		int			place = frame->place[cell];

		for (int d = 0; d < grid->dims; d++)
			node[d] = Int32GetDatum(TipGridNode(grid, cell, d));
		values[0] = PointerGetDatum(construct_array(node, grid->dims, INT4OID,
													4, true, TYPALIGN_INT));
		values[1] = Int64GetDatum(grid->n[cell]);
		values[2] = Int32GetDatum(TipGridLevel(grid, cell));
		values[3] = BoolGetDatum(place >= 0);
		values[5] = Int32GetDatum(version->steps);
		nulls[4] = place < 0;
		if (!nulls[4])
			values[4] = Int64GetDatum(version->rounded[place]);
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
}

static void
ReadLabel(TipRoundSource *source, text *label)
{
	source->label = VARDATA_ANY(label);
	source->label_len = VARSIZE_ANY_EXHDR(label);
	if (source->label_len == 0 || source->label_len > MAX_LABEL)
		TipGridRefuse("label of a rounding has between 1 and 1024 bytes");
	source->key_version = TipActiveKey();
	source->attempt = 0;
}

PG_FUNCTION_INFO_V1(tip_round_cells);

/*
 * round_cells(sizes, parents, nodes, counts, tables, base, threshold, label,
 * earlier_counts, earlier_rounded, earlier_steps): every cell of the cube,
 * rounded.  Earlier versions give the counts of the same nodes and what was
 * published of every cell in the order of the result, -1 if nothing was.
 */
Datum
tip_round_cells(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TipRoundVersion version[TIP_ROUND_MAX_VERSIONS] = {0};
	TipRoundSource source;
	TipRoundFrame *frame;
	ArrayType  *counts;
	int64		threshold;
	int			earlier;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	RefuseNulls(fcinfo);
	counts = PG_GETARG_ARRAYTYPE_P(3);
	frame = TipRoundFrameNew(ReadGrid(fcinfo, counts),
							 ReadBase(PG_GETARG_INT32(5)));
	threshold = ReadThreshold(PG_GETARG_INT32(6), frame->base);
	ReadLabel(&source, PG_GETARG_TEXT_PP(7));
	earlier = ReadVersions(frame, PG_GETARG_ARRAYTYPE_P(2),
						   PG_GETARG_ARRAYTYPE_P(8), PG_GETARG_ARRAYTYPE_P(9),
						   PG_GETARG_ARRAYTYPE_P(10), version);
	version[earlier].truth = ReadTruth(frame->grid, PG_GETARG_ARRAYTYPE_P(2),
									   TipGridArray(counts, INT8OID, "counts",
													&n));
	if (!DrawSafely(frame, &source, version, earlier + 1, threshold))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table cannot be rounded so that nobody is found in it"),
				 errhint("Use fewer or coarser dimensions, a longer period or a larger base.")));
	if (version[earlier].steps > 0)
		ereport(NOTICE,
				(errmsg("some cells are rounded to a multiple that is not adjacent"),
				 errdetail("A count may be away from its cell by less than %d times the base.",
						   version[earlier].steps + 1)));
	EmitCells(frame, &version[earlier], result);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(tip_rounding_is_safe);

/*
 * rounding_is_safe(sizes, parents, nodes, counts, tables, base, threshold,
 * rounded, steps, is_strict): is nobody found in these versions?
 */
Datum
tip_rounding_is_safe(PG_FUNCTION_ARGS)
{
	TipRoundVersion version[TIP_ROUND_MAX_VERSIONS] = {0};
	TipRoundFrame *frame;
	ArrayType  *none = construct_empty_array(INT8OID);
	ArrayType  *nowhere = construct_empty_array(INT4OID);
	TipGrid    *grid = palloc0(sizeof(TipGrid));
	int			versions;

	TipGridTrees(grid, PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
	TipGridLeaves(grid);
	TipGridCounts(grid, nowhere, none);
	TipGridTables(grid, PG_GETARG_ARRAYTYPE_P(4));
	frame = TipRoundFrameNew(grid, ReadBase(PG_GETARG_INT32(5)));
	versions = ReadVersions(frame, PG_GETARG_ARRAYTYPE_P(2),
							PG_GETARG_ARRAYTYPE_P(3),
							PG_GETARG_ARRAYTYPE_P(7),
							PG_GETARG_ARRAYTYPE_P(8), version);
	if (versions == 0)
		TipGridRefuse("no version of a rounded table is given");
	PG_RETURN_BOOL(TipRoundIsSafe(frame, version, versions,
								  ReadThreshold(PG_GETARG_INT32(6),
												frame->base),
								  PG_GETARG_BOOL(9)));
}
