/*
 * rules_case.c
 *		Cross-record rules, judged once per changed case at commit.
 *
 * "~tip_case_note" notes the case of every row that changes; the deferred
 * constraint trigger "~tip_case" judges all noted cases when its first event
 * fires, and its other events return at once.  A rule of timing tx is an
 * ordinary predicate over a view of the model that has one row per fact (such
 * as tip_data.prosecution), so it is compiled and checked like any other.
 *
 * Two transactions that change one case must not both believe in what they
 * see.  The cases are locked in the order of their keys, then read with a
 * snapshot taken after the locks: whoever comes second sees the first one's
 * change, at any isolation level.  At REPEATABLE READ and above the case is
 * also updated, so that the second one ends in 40001 rather than judge rows
 * which its own snapshot does not show.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "rules.h"
#include "rules_case.h"

#define MAX_CASES_IN_DETAIL 100

PG_FUNCTION_INFO_V1(tip_note_case);
PG_FUNCTION_INFO_V1(tip_check_case);

static bool check_runs = false;

/* True while we touch the case ourselves: no rule is asked about that. */
bool
TipCaseCheckRuns(void)
{
	return check_runs;
}

static void
refuse_protocol(const char *must)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("%s", must)));
}

static AttrNumber
case_column(TriggerData *data)
{
	const char *name;
	int			attno;

	if (data->tg_trigger->tgnargs != 1)
		refuse_protocol(
						"case triggers take one argument, the column of the case");
	name = data->tg_trigger->tgargs[0];
	attno = SPI_fnumber(RelationGetDescr(data->tg_relation), name);
	if (attno <= 0 ||
		TupleDescAttr(RelationGetDescr(data->tg_relation),
					  attno - 1)->atttypid != UUIDOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" is not a case key of type uuid",
						name, RelationGetRelationName(data->tg_relation))));
	return attno;
}

static pg_uuid_t *
case_of(TriggerData *data, HeapTuple tuple, AttrNumber attno)
{
	bool		isnull;
	Datum		datum;

	if (tuple == NULL)
		return NULL;
	datum = heap_getattr(tuple, attno, RelationGetDescr(data->tg_relation),
						 &isnull);
	return isnull ? NULL : DatumGetUUIDP(datum);
}

static void
note_tuple(TriggerData *data, HeapTuple tuple, AttrNumber attno)
{
	pg_uuid_t  *id = case_of(data, tuple, attno);

	if (id != NULL)
		TipNoteCase(RelationGetNamespace(data->tg_relation), id);
}

/*
 * tip_note_case
 *		Remember the case of a row, before the row changes.
 */
Datum
tip_note_case(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	AttrNumber	attno;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		refuse_protocol(
						"function \"note_case\" must be fired before, for each row");
	attno = case_column(data);
	note_tuple(data, data->tg_trigtuple, attno);
	note_tuple(data, data->tg_newtuple, attno);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ?
						   data->tg_newtuple : data->tg_trigtuple);
}

/* ---- the check ---- */

typedef struct CaseCheck
{
	Oid			schema;
	const char *schema_name;	/* quoted */
	Datum		ids;			/* uuid[] */
	List	   *findings;
	int			nrecords;		/* facts that are refused */
} CaseCheck;

static Datum
make_id_array(pg_uuid_t *ids, int count)
{
	Datum	   *elements = palloc_extended(sizeof(Datum) * count,
										   MCXT_ALLOC_HUGE);

	for (int i = 0; i < count; i++)
		elements[i] = UUIDPGetDatum(&ids[i]);
	return PointerGetDatum(construct_array(elements, count, UUIDOID, UUID_LEN,
										   false, TYPALIGN_CHAR));
}

static void
run(CaseCheck *check, const char *query, bool read_only, int expected)
{
	Oid			types[1] = {UUIDARRAYOID};
	SPIPlanPtr	plan = SPI_prepare(query, 1, types);
	int			result;

	if (plan == NULL)
		elog(ERROR, "could not prepare the case check");
	result = SPI_execute_plan(plan, &check->ids, NULL, read_only, 0);
	if (result != expected)
		elog(ERROR, "case check failed: %s",
			 SPI_result_code_string(result));
}

static void
lock_cases(CaseCheck *check)
{
	run(check,
		psprintf("SELECT 1 FROM %s.event WHERE event_id = ANY ($1)"
				 " ORDER BY event_id FOR NO KEY UPDATE", check->schema_name),
		false, SPI_OK_SELECT);
	if (!IsolationUsesXactSnapshot())
		return;
	run(check,
		psprintf("UPDATE %s.event SET check_serial = check_serial + 1"
				 " WHERE event_id = ANY ($1)",
				 check->schema_name),
		false, SPI_OK_UPDATE);
}

/* Say which case a finding is about: its key is a surrogate. */
static void
add_findings(CaseCheck *check, List *findings, HeapTuple tuple)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	char	   *subject = SPI_getvalue(tuple, desc,
									   SPI_fnumber(desc, "event_id"));
	ListCell   *cell;

	check->nrecords++;
	if (check->nrecords > MAX_CASES_IN_DETAIL)
		return;
	foreach(cell, findings)
		((TipFinding *) lfirst(cell))->subject = subject;
	check->findings = list_concat(check->findings, findings);
}

static void
judge_facts(CaseCheck *check, TipEngine *engine)
{
	TupleTableSlot *slot;

	slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		List	   *findings;

		CHECK_FOR_INTERRUPTS();
		ExecStoreHeapTuple(tuple, slot, false);
		if (TipRecordPasses(engine, slot))
			continue;
		findings = TipRecordFindings(engine, slot);
		if (TipAnyRefuses(findings))
			add_findings(check, findings, tuple);
	}
	ExecDropSingleTupleTableSlot(slot);
}

static void
judge_entity(CaseCheck *check, const char *entity)
{
	Oid			relid = get_relname_relid(entity, check->schema);
	Relation	rel;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("cross-record rules need view \"%s\" in schema %s",
						entity, check->schema_name),
				 errhint("Run tip.upgrade_model().")));
	rel = table_open(relid, AccessShareLock);
	PushActiveSnapshot(GetLatestSnapshot());
	run(check,
		psprintf("SELECT * FROM %s.%s WHERE event_id = ANY ($1)",
				 check->schema_name, quote_identifier(entity)),
		true, SPI_OK_SELECT);
	PopActiveSnapshot();
	judge_facts(check, TipEngineFor(rel, entity));
	table_close(rel, AccessShareLock);
}

static Oid
owner_of_cases(Oid schema)
{
	Oid			relid = get_relname_relid("event", schema);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("cross-record rules need table \"event\" in schema \"%s\"",
						get_namespace_name(schema))));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* As the owner of the model: the caller need not see or change the case. */
static void
judge_as_owner(CaseCheck *check)
{
	Oid			user;
	int			security;
	int			level = NewGUCNestLevel();
	ListCell   *cell;

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner_of_cases(check->schema),
						   security | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path",
							 "pg_catalog, tip, tip_impl, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	lock_cases(check);
	CommandCounterIncrement();
	foreach(cell, TipCaseEntities())
		judge_entity(check, lfirst(cell));
	AtEOXact_GUC(true, level);
	SetUserIdAndSecContext(user, security);
}

static void
judge_pending(TriggerData *data)
{
	CaseCheck	check = {0};
	pg_uuid_t  *ids;
	int			count;

	SPI_connect();
	check.schema = RelationGetNamespace(data->tg_relation);
	check.schema_name = quote_identifier(get_namespace_name(check.schema));
	count = TipTakePendingCases(check.schema, &ids);
	check.ids = make_id_array(ids, count);
	check_runs = true;
	PG_TRY();
	{
		judge_as_owner(&check);
	}
	PG_FINALLY();
	{
		check_runs = false;
	}
	PG_END_TRY();
	if (check.findings != NIL)
		tip_report(data->tg_relation,
				   RelationGetRelationName(data->tg_relation),
				   check.nrecords, check.findings);
	SPI_finish();
}

/*
 * tip_check_case
 *		Judge all cases that the transaction has changed so far.
 */
Datum
tip_check_case(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	HeapTuple	tuples[2];
	AttrNumber	attno;
	bool		is_pending = false;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		refuse_protocol(
						"function \"check_case\" must be fired after, for each row");
	attno = case_column(data);
	tuples[0] = data->tg_trigtuple;
	tuples[1] = data->tg_newtuple;
	for (int i = 0; i < lengthof(tuples); i++)
	{
		pg_uuid_t  *id = case_of(data, tuples[i], attno);

		if (id == NULL ||
			!TipCaseIsPending(RelationGetNamespace(data->tg_relation), id))
			continue;
		TipNoteCase(RelationGetNamespace(data->tg_relation), id);
		is_pending = true;
	}
	if (is_pending)
		judge_pending(data);
	return PointerGetDatum(NULL);
}
