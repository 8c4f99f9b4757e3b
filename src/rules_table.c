/*
 * rules_table.c
 *		Judge rows where they lie: what tip.check_table() runs.
 *
 * These take a whole row, so that the planner can spread a table over
 * workers; only rows with findings are looked at twice.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "rules_fast.h"

PG_FUNCTION_INFO_V1(tip_has_findings);
PG_FUNCTION_INFO_V1(tip_findings_of);
PG_FUNCTION_INFO_V1(tip_is_total);
PG_FUNCTION_INFO_V1(tip_quick_answer);

/* Kept from row to row of one query. */
typedef struct RowJudge
{
	Oid			type;
	Oid			relid;
	char	   *entity;
	TipEngine  *engine;
	TupleTableSlot *slot;
	HeapTupleData tuple;
} RowJudge;

static TipEngine *
engine_of(Oid relid, const char *entity)
{
	Relation	rel = table_open(relid, AccessShareLock);
	TipEngine  *engine = TipEngineFor(rel, entity);

	table_close(rel, AccessShareLock);
	return engine;
}

static void
prepare(RowJudge *judge, HeapTupleHeader row, text *entity)
{
	judge->type = HeapTupleHeaderGetTypeId(row);
	judge->relid = get_typ_typrelid(judge->type);
	judge->entity = text_to_cstring(entity);
	if (!OidIsValid(judge->relid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("row is not a row of a table")));
}

/* Engine and slot go together: both are about the table as it is now. */
static void
look_again(RowJudge *judge)
{
	TupleDesc	desc;

	judge->engine = engine_of(judge->relid, judge->entity);
	if (judge->slot != NULL)
		ExecDropSingleTupleTableSlot(judge->slot);
	desc = lookup_rowtype_tupdesc_copy(judge->type, -1);
	judge->slot = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
}

/* The slot points into the argument, which outlives the call. */
static RowJudge *
take_row(FunctionCallInfo fcinfo)
{
	RowJudge   *judge = fcinfo->flinfo->fn_extra;
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(0);
	MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

	if (judge == NULL || judge->type != HeapTupleHeaderGetTypeId(row))
	{
		judge = palloc0(sizeof(RowJudge));
		prepare(judge, row, PG_GETARG_TEXT_PP(1));
		fcinfo->flinfo->fn_extra = judge;
	}
	if (judge->engine == NULL || !TipEngineIsCurrent(judge->engine))
		look_again(judge);
	MemoryContextSwitchTo(caller);
	judge->tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&judge->tuple.t_self);
	judge->tuple.t_data = row;
	ExecStoreHeapTuple(&judge->tuple, judge->slot, false);
	return judge;
}

/*
 * tip_has_findings(row record, entity text)
 */
Datum
tip_has_findings(PG_FUNCTION_ARGS)
{
	RowJudge   *judge = take_row(fcinfo);

	PG_RETURN_BOOL(!TipRecordPasses(judge->engine, judge->slot));
}

/*
 * tip_findings_of(row record, entity text)
 */
Datum
tip_findings_of(PG_FUNCTION_ARGS)
{
	RowJudge   *judge;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	judge = take_row(fcinfo);
	foreach(cell, TipRecordFindings(judge->engine, judge->slot))
		TipPutFinding((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	return (Datum) 0;
}

static bool
group_is_total(TipRuleGroup *group)
{
	ListCell   *cell;

	foreach(cell, group->rules)
	{
		TipRule    *rule = lfirst(cell);

		if (rule->state == NULL || !rule->is_total)
			return false;
	}
	return group->condition == NULL || group->applies != NULL;
}

/*
 * tip_is_total(tbl regclass, entity text)
 *		True if judging a row cannot raise, so that workers may do it.
 */
Datum
tip_is_total(PG_FUNCTION_ARGS)
{
	char	   *entity = text_to_cstring(PG_GETARG_TEXT_PP(1));
	TipEngine  *engine = engine_of(PG_GETARG_OID(0), entity);
	ListCell   *cell;

	if (engine->groups == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no rule is about entity \"%s\"", entity),
				 errhint("Name the entity, or use a table or view of the model.")));
	foreach(cell, engine->groups)
		if (!group_is_total(lfirst(cell)))
			PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}

/*
 * tip_quick_answer(tbl regclass, entity text)
 *		How many tests the quick answer consists of, how many of them call a
 *		function, and how many core's executor answers; NULL if it answers all.
 */
Datum
tip_quick_answer(PG_FUNCTION_ARGS)
{
	TipEngine  *engine = engine_of(PG_GETARG_OID(0),
								   text_to_cstring(PG_GETARG_TEXT_PP(1)));
	TipProgram *program = engine->program;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (program == NULL)
		PG_RETURN_NULL();
	values[0] = Int32GetDatum(program->nsteps - 2);
	values[1] = Int32GetDatum(program->ncalls);
	values[2] = Int32GetDatum(program->nexpressions);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
