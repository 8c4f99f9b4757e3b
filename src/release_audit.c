/*
 * release_audit.c
 *		A published table as arguments: dimensions, cells, what is known.
 *
 * Nothing of the table is kept or logged.  An error names cells by their
 * codes, which the table itself published.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "release_audit.h"

static void
BadArgument(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message)));
}

static void *
PlainArray(FunctionCallInfo fcinfo, int argument, Oid type, int *count)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P_COPY(argument);

	if (ARR_NDIM(array) > 1 || ARR_HASNULL(array) ||
		ARR_ELEMTYPE(array) != type)
		BadArgument("argument must be a one-dimensional array without nulls");
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return ARR_DATA_PTR(array);
}

/* "(R01, _T, forced labour)", for a message */
static char *
CellName(const TipAudit *audit, const int32 *node)
{
	StringInfoData name;

	initStringInfo(&name);
	for (int d = 0; d < audit->dims; d++)
		appendStringInfo(&name, "%s%s", d == 0 ? "(" : ", ",
						 audit->dim[d].label[node[d]]);
	appendStringInfoChar(&name, ')');
	return name.data;
}

/* said: what is wrong with the cell, a phrase with the cell as subject. */
void
TipAuditConflict(const TipAudit *audit, const TipAuditRow *row,
				 const char *said)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("published table contradicts itself"),
			 errdetail("Cell %s %s.", CellName(audit, row->node), said),
			 errhint("If the table leaves out a category, such as \"unknown\", name it in argument parents, under the total.")));
	pg_unreachable();
}

void
TipAuditUntrue(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("true values contradict the published table")));
	pg_unreachable();
}

/*
 * The places of a node: its leaves, or the node itself where values overlap.
 * Children come after their parents, so that theirs are known before.
 */
static void
CoverNode(TipAuditDim *dim, int node, const bool *under)
{
	int			n = 0;

	dim->place[node] = palloc(sizeof(int) * (dim->places + 1));
	for (int p = 0; p < dim->places; p++)
		if (under[p])
			dim->place[node][n++] = p;
	dim->covers[node] = n;
	dim->place[node] = repalloc(dim->place[node], sizeof(int) * (n + 1));
}

static void
FindPlaces(TipAuditDim *dim)
{
	int		   *place_of = palloc(sizeof(int) * dim->nodes);
	bool	   *under;

	dim->node = palloc(sizeof(int) * dim->nodes);
	for (int node = 0; node < dim->nodes; node++)
	{
		place_of[node] = -1;
		if (!dim->multi && dim->children[node] > 0)
			continue;
		place_of[node] = dim->places;
		dim->node[dim->places++] = node;
	}
	if ((int64) dim->places * dim->nodes > TIP_AUDIT_MAX_MEMBERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("dimension has too many codes to be audited")));

	dim->covers = palloc0(sizeof(int) * dim->nodes);
	dim->place = palloc0(sizeof(int *) * dim->nodes);
	under = palloc(sizeof(bool) * (dim->places + 1));
	for (int node = dim->nodes - 1; node >= 0; node--)
	{
		CHECK_FOR_INTERRUPTS();
		memset(under, 0, sizeof(bool) * (dim->places + 1));
		if (place_of[node] >= 0)
			under[place_of[node]] = true;
		for (int c = 0; c < dim->children[node] && !dim->multi; c++)
		{
			int			child = dim->child[node][c];

			for (int k = 0; k < dim->covers[child]; k++)
				under[dim->place[child][k]] = true;
		}
		CoverNode(dim, node, under);
	}
}

/* links: dimension, child, parent; and again */
static void
ReadLinks(TipAudit *audit, const int32 *link, int count)
{
	for (int i = 0; i < count; i += 3)
	{
		if (link[i] < 0 || link[i] >= audit->dims ||
			link[i + 1] >= audit->dim[link[i]].nodes ||
			link[i + 2] < 0 || link[i + 2] >= link[i + 1])
			BadArgument("a parent must come before its children");
		audit->dim[link[i]].children[link[i + 2]]++;
	}
	for (int d = 0; d < audit->dims; d++)
	{
		TipAuditDim *dim = &audit->dim[d];

		dim->child = palloc0(sizeof(int *) * dim->nodes);
		for (int n = 0; n < dim->nodes; n++)
		{
			dim->child[n] = palloc(sizeof(int) * (dim->children[n] + 1));
			dim->children[n] = 0;
		}
	}
	for (int i = 0; i < count; i += 3)
	{
		TipAuditDim *dim = &audit->dim[link[i]];

		dim->child[link[i + 2]][dim->children[link[i + 2]]++] = link[i + 1];
	}
}

static void
ReadLabels(TipAudit *audit, ArrayType *labels, int nodes)
{
	Datum	   *string;
	bool	   *null;
	int			count;
	int			next = 0;

	deconstruct_array(labels, TEXTOID, -1, false, TYPALIGN_INT, &string, &null,
					  &count);
	if (count != nodes)
		BadArgument("labels do not agree with the dimensions");
	for (int d = 0; d < audit->dims; d++)
	{
		TipAuditDim *dim = &audit->dim[d];

		dim->label = palloc(sizeof(char *) * dim->nodes);
		for (int n = 0; n < dim->nodes; n++, next++)
			dim->label[n] = null[next] ? "?" :
				TextDatumGetCString(string[next]);
	}
}

static void
ReadDimensions(TipAudit *audit, FunctionCallInfo fcinfo)
{
	int			multis;
	int			links;
	int64		nodes = 0;
	int32	   *size = PlainArray(fcinfo, 0, INT4OID, &audit->dims);
	bool	   *multi = PlainArray(fcinfo, 1, BOOLOID, &multis);
	int32	   *link = PlainArray(fcinfo, 2, INT4OID, &links);

	if (audit->dims < 1 || audit->dims > TIP_AUDIT_MAX_DIMS)
		BadArgument("a table has between 1 and 8 dimensions");
	if (multis != audit->dims || links % 3 != 0)
		BadArgument("arguments do not agree with the dimensions");
	audit->dim = palloc0(sizeof(TipAuditDim) * audit->dims);
	for (int d = 0; d < audit->dims; d++)
	{
		if (size[d] < 1 || size[d] > TIP_AUDIT_MAX_CELLS)
			BadArgument("a dimension has between 1 and 200000 codes");
		audit->dim[d].nodes = size[d];
		audit->dim[d].multi = multi[d];
		audit->dim[d].children = palloc0(sizeof(int) * size[d]);
		nodes += size[d];
	}
	ReadLinks(audit, link, links);
	ReadLabels(audit, PG_GETARG_ARRAYTYPE_P(3), nodes);
	for (int d = 0; d < audit->dims; d++)
		FindPlaces(&audit->dim[d]);
}

static void
ReadCells(TipAudit *audit, FunctionCallInfo fcinfo)
{
	int			nodes;
	int			lows;
	int			highs;
	int			truths;
	int32	   *node = PlainArray(fcinfo, 4, INT4OID, &nodes);
	int64	   *low = PlainArray(fcinfo, 5, INT8OID, &lows);
	int64	   *high = PlainArray(fcinfo, 6, INT8OID, &highs);
	int64	   *truth = PlainArray(fcinfo, 7, INT8OID, &truths);

	if (lows > TIP_AUDIT_MAX_CELLS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table has too many cells to be audited")));
	if (nodes != (int64) lows * audit->dims || highs != lows)
		BadArgument("cells do not agree with the dimensions");
	audit->cells = lows;
	for (int i = 0; i < nodes; i++)
		if (node[i] < 0 || node[i] >= audit->dim[i % audit->dims].nodes)
			BadArgument("a cell names a code that does not exist");
	for (int i = 0; i < lows; i++)
	{
		if (high[i] < 0)
			high[i] = TIP_UNBOUNDED;
		if (low[i] < 0 || low[i] > TIP_AUDIT_MAX_COUNT || high[i] < low[i] ||
			(high[i] > TIP_AUDIT_MAX_COUNT && high[i] != TIP_UNBOUNDED))
			BadArgument("bounds of a cell are out of range");
	}
	TipAuditBuild(audit, node, low, high);
	if (truths != lows && truths != 0)
		BadArgument("true values do not agree with the cells");
	if (truths > 0)
		TipAuditTruth(audit, truth);
}

static void
ReadOptions(const TipAudit *audit, TipAuditOptions *options,
			FunctionCallInfo fcinfo)
{
	options->single = PlainArray(fcinfo, 8, INT4OID, &options->singles);
	options->certain = PG_GETARG_BOOL(9);
	options->insiders = PG_GETARG_INT32(10);
	options->bounds = PG_GETARG_BOOL(11);
	options->unlisted = PG_GETARG_BOOL(12);
	if (options->insiders < 0 || options->insiders > 2)
		BadArgument("at most two insiders can combine");
	for (int i = 0; i < options->singles; i++)
	{
		int			cell = options->single[i];

		if (cell < 0 || cell >= audit->cells || !audit->row[cell].finest)
			BadArgument("an insider's own cell must be a finest cell");
	}
}

PG_FUNCTION_INFO_V1(tip_audit_cells);

/*
 * audit_cells(sizes, multi, links, labels, nodes, lows, highs, truths,
 * singles, certain, insiders, bounds, unlisted): what an attacker learns of
 * each cell that is not published exactly.
 */
Datum
tip_audit_cells(PG_FUNCTION_ARGS)
{
	TipAudit	audit = {0};
	TipAuditOptions options = {0};
	TipVeil		veil;

	InitMaterializedSRF(fcinfo, 0);
	TipHide(&veil);
	ReadDimensions(&audit, fcinfo);
	ReadCells(&audit, fcinfo);
	ReadOptions(&audit, &options, fcinfo);
	TipAuditAttack(&audit, &options, (ReturnSetInfo *) fcinfo->resultinfo);
	TipReveal(&veil);
	return (Datum) 0;
}
