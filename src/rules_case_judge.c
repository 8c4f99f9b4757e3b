/*
 * rules_case_judge.c
 *		Judge the facts of cases that are locked.
 *
 * One view after the other, and of its facts those of a slice of the cases
 * that have changed in a table which the view reads.  What is found and
 * refuses nothing is written chunk by chunk, so that memory depends on the
 * size of slices and chunks only.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "rules.h"
#include "rules_case.h"

/* A view while its facts are judged. */
typedef struct Judgement
{
	TipFactView *view;
	TipEngine  *engine;
	TupleTableSlot *slot;
	int			subject;		/* column that names the case */
	List	   *other;			/* findings not yet written, in the batch */
} Judgement;

/*
 * TipFactViews
 *		The views that rules at commit are about, and what they read.
 */
List *
TipFactViews(TipCaseCheck *check)
{
	List	   *views = NIL;
	ListCell   *cell;

	foreach(cell, TipCaseEntities())
	{
		TipFactView *view = palloc(sizeof(TipFactView));

		view->entity = lfirst(cell);
		view->relid = get_relname_relid(view->entity, check->schema);
		if (!OidIsValid(view->relid))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("cross-record rules need view \"%s\" in schema %s",
							view->entity, check->schema_name),
					 errhint("Run tip.upgrade_model().")));
		/* Replaced by nobody until we are through. */
		LockRelationOid(view->relid, AccessShareLock);
		view->tables = TipTablesRead(view->relid);
		views = lappend(views, view);
	}
	return views;
}

/* ---- findings ---- */

/* Rules may be narrowed to the columns at fault: those are copied, too. */
static TipFinding *
copy_finding(const TipFinding *finding)
{
	TipFinding *copy = palloc(sizeof(TipFinding));
	TipRule    *rule = palloc(sizeof(TipRule));
	Size		size = sizeof(char *) * finding->rule->ncolumns;

	*rule = *finding->rule;
	rule->columns = palloc(size + 1);
	if (size > 0)
		memcpy(rule->columns, finding->rule->columns, size);
	*copy = *finding;
	copy->rule = rule;
	copy->subject = finding->subject ? pstrdup(finding->subject) : NULL;
	return copy;
}

static void
keep(TipCaseCheck *check, List **kept, List *findings)
{
	MemoryContext batch = MemoryContextSwitchTo(check->caller);
	ListCell   *cell;

	foreach(cell, findings)
		*kept = lappend(*kept, copy_finding(lfirst(cell)));
	MemoryContextSwitchTo(batch);
}

/* What was found by this view's rules before is replaced. */
static void
forget_findings(TipCaseCheck *check, const char *entity, Datum ids)
{
	TipRunOnIds(psprintf("DELETE FROM %s.finding"
						 " WHERE record = ANY ($1::pg_catalog.text[])"
						 " AND entity = %s",
						 check->schema_name, quote_literal_cstr(entity)),
				ids);
}

/* The transaction will not commit if anything refuses: write nothing then. */
static void
flush(TipCaseCheck *check, Judgement *judgement)
{
	if (judgement->other != NIL && check->findings->nrefused == 0)
		TipAddCaseFindings(check->schema_name, judgement->view->entity,
						   judgement->other);
	judgement->other = NIL;
}

static void
add_findings(TipCaseCheck *check, Judgement *judgement, List *findings)
{
	TipCaseFindings *all = check->findings;

	if (TipAnyRefuses(findings))
	{
		if (all->nrefused++ < all->max_refused)
			keep(check, &all->refusing, findings);
	}
	else if (all->keeps_other)
		keep(check, &all->other, findings);
	else if (!check->is_dry)
		judgement->other = list_concat(judgement->other, findings);
}

/* ---- facts ---- */

/* Say which case a finding is about: its key is a surrogate. */
static void
judge_fact(TipCaseCheck *check, Judgement *judgement)
{
	List	   *findings;
	char	   *subject;
	bool		isnull;
	Datum		id;
	ListCell   *cell;

	if (TipRecordPasses(judgement->engine, judgement->slot))
		return;
	findings = TipRecordFindings(judgement->engine, judgement->slot);
	id = slot_getattr(judgement->slot, judgement->subject, &isnull);
	subject = isnull ? NULL :
		DatumGetCString(DirectFunctionCall1(uuid_out, id));
	if (TipAnyRefuses(findings))
		TipExcuseFindings(check->schema, subject, findings);
	foreach(cell, findings)
		((TipFinding *) lfirst(cell))->subject = subject;
	add_findings(check, judgement, findings);
}

/* A chunk of facts; what they have to say is written before the next. */
static void
judge_facts(TipCaseCheck *check, SPITupleTable *facts, uint64 nfacts,
			void *arg)
{
	Judgement  *judgement = arg;
	MemoryContext caller = MemoryContextSwitchTo(check->batch);

	judgement->slot = MakeSingleTupleTableSlot(facts->tupdesc,
											   &TTSOpsHeapTuple);
	judgement->subject = SPI_fnumber(facts->tupdesc, "event_id");
	for (uint64 i = 0; i < nfacts; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(facts->vals[i], judgement->slot, false);
		judge_fact(check, judgement);
	}
	ExecDropSingleTupleTableSlot(judgement->slot);
	flush(check, judgement);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(check->batch);
}

/* Rules count columns as the relation does, also those that were dropped. */
static char *
facts_query(TipCaseCheck *check, Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	StringInfoData query;

	initStringInfo(&query);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		appendStringInfoString(&query, i == 0 ? "SELECT " : ", ");
		appendStringInfoString(&query, column->attisdropped ?
							   "NULL::pg_catalog.int4" :
							   quote_identifier(NameStr(column->attname)));
	}
	appendStringInfo(&query, " FROM %s.%s WHERE event_id = ANY ($1)",
					 check->schema_name,
					 quote_identifier(RelationGetRelationName(rel)));
	return query.data;
}

/* False where all rules are of another time, whatever the facts are. */
static bool
may_apply(TipRuleGroup *group, ExprContext *econtext)
{
	bool		isnull;
	Datum		datum;

	if (group->applies == NULL ||
		contain_var_clause((Node *) group->applies->expr))
		return true;
	datum = ExecEvalExprSwitchContext(group->applies, econtext, &isnull);
	return !isnull && DatumGetBool(datum);
}

static bool
some_may_apply(TipEngine *engine)
{
	ListCell   *cell;

	foreach(cell, engine->groups)
		if (may_apply(lfirst(cell), engine->econtext))
			return true;
	return false;
}

static void
judge_view(TipCaseCheck *check, TipFactView *view, TipChanges *cases)
{
	Relation	rel = table_open(view->relid, AccessShareLock);
	Judgement	judgement = {view, TipEngineFor(rel, view->entity)};
	char	   *query = facts_query(check, rel);
	bool		is_needed = some_may_apply(judgement.engine);
	int64		next = 0;
	int			count;

	for (;;)
	{
		Datum		ids = TipNextSlice(cases, view->tables, &next, &count);

		if (count == 0)
			break;
		if (!check->is_dry && check->findings->nrefused == 0)
			forget_findings(check, view->entity, ids);
		if (is_needed)
			TipReadByIds(check, query, ids, judge_facts, &judgement);
		pfree(DatumGetPointer(ids));
	}
	table_close(rel, AccessShareLock);
}

/*
 * TipJudgeCases
 *		Judge each case by the rules that its changes may bear on.
 */
void
TipJudgeCases(TipCaseCheck *check, TipChanges *cases)
{
	ListCell   *cell;

	check->batch = AllocSetContextCreate(check->context,
										 "tip_module facts",
										 ALLOCSET_DEFAULT_SIZES);
	foreach(cell, check->views)
		judge_view(check, lfirst(cell), cases);
}
