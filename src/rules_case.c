/*
 * rules_case.c
 *		Cross-record rules, judged once per changed case at commit.
 *
 * "~tip_case_note" notes the case of every row that changes; the deferred
 * constraint trigger "~tip_case" judges all noted cases when its first event
 * fires, and its other events return at once.  A rule of timing tx is an
 * ordinary predicate over a view of the model that has one row per fact (such
 * as tip_data.prosecution), so it is compiled and checked like any other.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "rules.h"
#include "rules_case.h"

#define MAX_FACTS_IN_DETAIL 100

PG_FUNCTION_INFO_V1(tip_note_case);
PG_FUNCTION_INFO_V1(tip_check_case);
PG_FUNCTION_INFO_V1(tip_check_case_now);

static void
refuse_protocol(const char *must)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("%s", must)));
}

/* The column that names the case, or a row that belongs to it. */
static AttrNumber
case_column(TriggerData *data)
{
	const char *name;
	int			attno;

	if (data->tg_trigger->tgnargs < 1 || data->tg_trigger->tgnargs > 2)
		refuse_protocol(
						"case triggers take the column of the case, and the table it refers to");
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

static Oid
root_of(Relation rel)
{
	return rel->rd_rel->relispartition ?
		llast_oid(get_partition_ancestors(RelationGetRelid(rel))) :
		RelationGetRelid(rel);
}

static Oid
via_of(TriggerData *data, Oid schema)
{
	const char *name;
	Oid			relid;

	if (data->tg_trigger->tgnargs < 2)
		return InvalidOid;
	name = data->tg_trigger->tgargs[1];
	relid = get_relname_relid(name, schema);
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("case trigger refers to table \"%s\", which does not exist",
						name)));
	return relid;
}

/* What a trigger needs to know of its table, looked up once a statement. */
typedef struct CaseTable
{
	AttrNumber	attno;
	Oid			root;			/* of its partitions */
	Oid			schema;			/* a partition may live in another one */
	Oid			via;
} CaseTable;

static CaseTable *
case_table(FunctionCallInfo fcinfo, TriggerData *data)
{
	CaseTable  *table = fcinfo->flinfo->fn_extra;

	if (table != NULL)
		return table;
	table = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(CaseTable));
	table->attno = case_column(data);
	table->root = root_of(data->tg_relation);
	table->schema = get_rel_namespace(table->root);
	table->via = via_of(data, table->schema);
	fcinfo->flinfo->fn_extra = table;
	return table;
}

static bool
case_of(TriggerData *data, HeapTuple tuple, CaseTable *table,
		TipCaseKey *key)
{
	bool		isnull;
	Datum		datum;

	if (tuple == NULL)
		return false;
	datum = heap_getattr(tuple, table->attno,
						 RelationGetDescr(data->tg_relation), &isnull);
	if (isnull)
		return false;
	memset(key, 0, sizeof(*key));
	key->schema = table->schema;
	key->via = table->via;
	key->id = *DatumGetUUIDP(datum);
	return true;
}

static HeapTuple
note_case(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	CaseTable  *table;
	TipCaseKey	key;
	HeapTuple	result;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		refuse_protocol(
						"function \"note_case\" must be fired before, for each row");
	table = case_table(fcinfo, data);
	result = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ?
		data->tg_newtuple : data->tg_trigtuple;
	if (TipTouchesCase(data))
		return result;
	if (case_of(data, data->tg_trigtuple, table, &key))
		TipNoteCase(&key, table->root);
	if (case_of(data, data->tg_newtuple, table, &key))
		TipNoteCase(&key, table->root);
	return result;
}

/*
 * tip_note_case
 *		Remember the case of a row, before the row changes.
 */
Datum
tip_note_case(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	HeapTuple	result;

	TipHide(&veil);
	result = note_case(fcinfo);
	TipReveal(&veil);
	return PointerGetDatum(result);
}

/* ---- the check ---- */

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

/*
 * What the check needs is of the connection, to which calls of SPI return, and
 * what it finds is the caller's.
 */
static void
open_check(TipCaseCheck *check, Oid schema, TipCaseFindings *findings)
{
	memset(check, 0, sizeof(*check));
	check->caller = CurrentMemoryContext;
	SPI_connect();
	check->context = CurrentMemoryContext;
	check->schema = schema;
	check->schema_name = quote_identifier(get_namespace_name(schema));
	check->findings = findings;
}

/*
 * As the owner of the model: the caller need not see or change the case.  No
 * policy may hide a fact: the owner's own are not asked, another's raise.
 */
static void
judge_as_owner(TipCaseCheck *check)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog, tip, tip_impl, pg_temp"},
		{"row_security", "off"},
		/* Thousands of cases look dear, and are not: compiling takes longer. */
		{"jit", "off"}
	};
	Oid			user;
	int			security;
	int			level = NewGUCNestLevel();
	List	   *noted;

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner_of_cases(check->schema),
						   security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1],
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	CommandCounterIncrement();
	noted = TipTakePendingCases(check->schema);
	if (noted != NIL)
	{
		check->views = TipFactViews(check);
		TipJudgeCases(check, TipFindAndLockCases(check, noted));
	}
	AtEOXact_GUC(true, level);
	SetUserIdAndSecContext(user, security);
}

/*
 * TipJudgePendingCases
 *		Judge what the transaction has changed so far.
 */
void
TipJudgePendingCases(Oid schema, TipCaseFindings *findings)
{
	TipCaseCheck check;

	open_check(&check, schema, findings);
	judge_as_owner(&check);
	SPI_finish();
}

/* The row that fired us is pending unless its case has been judged since. */
static bool
is_pending(TriggerData *data, CaseTable *table)
{
	HeapTuple	tuples[2] = {data->tg_trigtuple, data->tg_newtuple};
	bool		result = false;
	TipCaseKey	key;

	for (int i = 0; i < lengthof(tuples); i++)
	{
		if (!case_of(data, tuples[i], table, &key) || !TipCaseIsPending(&key))
			continue;
		TipNoteCase(&key, table->root);
		result = true;
	}
	return result;
}

static void
check_case(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	CaseTable  *table;
	TipCaseFindings findings = {NIL, NIL, 0, MAX_FACTS_IN_DETAIL};

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		refuse_protocol(
						"function \"check_case\" must be fired after, for each row");
	table = case_table(fcinfo, data);
	if (!is_pending(data, table))
		return;
	TipJudgePendingCases(table->schema, &findings);
	if (findings.nrefused > 0)
		tip_report(data->tg_relation,
				   RelationGetRelationName(data->tg_relation),
				   findings.nrefused, findings.refusing);
}

/*
 * tip_check_case
 *		Judge all cases that the transaction has changed so far.
 */
Datum
tip_check_case(PG_FUNCTION_ARGS)
{
	TipVeil		veil;

	TipHide(&veil);
	check_case(fcinfo);
	TipReveal(&veil);
	return PointerGetDatum(NULL);
}

/*
 * tip_check_case_now(event_id uuid, schema name)
 *		Findings about one case as its rows are now, as the caller sees them.
 */
Datum
tip_check_case_now(PG_FUNCTION_ARGS)
{
	Oid			schema = get_namespace_oid(NameStr(*PG_GETARG_NAME(1)), false);
	TipCaseFindings findings = {NIL, NIL, 0, INT_MAX, true};
	TipChange	change = {*PG_GETARG_UUID_P(0), PG_UINT32_MAX};
	TipChanges	cases = {InvalidOid, &change, 1, 1};
	TipCaseCheck check;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	(void) owner_of_cases(schema);
	open_check(&check, schema, &findings);
	check.is_dry = true;
	check.views = TipFactViews(&check);
	TipJudgeCases(&check, &cases);
	foreach(cell, list_concat(findings.refusing, findings.other))
		TipPutFinding((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	SPI_finish();
	return (Datum) 0;
}
