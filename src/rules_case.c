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
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
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

#define MAX_FACTS_IN_DETAIL 100

PG_FUNCTION_INFO_V1(tip_note_case);
PG_FUNCTION_INFO_V1(tip_check_case);
PG_FUNCTION_INFO_V1(tip_check_case_now);

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

/* A partition may live in another schema than its model. */
static Oid
model_of(Relation rel)
{
	List	   *ancestors;

	if (!rel->rd_rel->relispartition)
		return RelationGetNamespace(rel);
	ancestors = get_partition_ancestors(RelationGetRelid(rel));
	return get_rel_namespace(llast_oid(ancestors));
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
	Oid			schema;
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
	table->schema = model_of(data->tg_relation);
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

/*
 * tip_note_case
 *		Remember the case of a row, before the row changes.
 */
Datum
tip_note_case(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	CaseTable  *table;
	TipCaseKey	key;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		refuse_protocol(
						"function \"note_case\" must be fired before, for each row");
	table = case_table(fcinfo, data);
	if (!check_runs && case_of(data, data->tg_trigtuple, table, &key))
		TipNoteCase(&key);
	if (!check_runs && case_of(data, data->tg_newtuple, table, &key))
		TipNoteCase(&key);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(data->tg_event) ?
						   data->tg_newtuple : data->tg_trigtuple);
}

/* ---- the check ---- */

typedef struct CaseCheck
{
	Oid			schema;
	const char *schema_name;	/* quoted */
	Datum		ids;			/* uuid[] */
	TipCaseFindings *findings;
} CaseCheck;

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

static Datum
make_id_array(pg_uuid_t *ids, int count)
{
	Datum	   *elements = palloc_extended(sizeof(Datum) * (count + 1),
										   MCXT_ALLOC_HUGE);

	for (int i = 0; i < count; i++)
		elements[i] = UUIDPGetDatum(&ids[i]);
	return PointerGetDatum(construct_array(elements, count, UUIDOID, UUID_LEN,
										   false, TYPALIGN_CHAR));
}

static void
run(const char *query, Datum ids, bool read_only, int expected)
{
	Oid			types[1] = {UUIDARRAYOID};
	int			result;

	result = SPI_execute_with_args(query, 1, types, &ids, NULL, read_only, 0);
	if (result != expected)
		elog(ERROR, "case check failed: %s",
			 SPI_result_code_string(result));
}

/* ---- which cases ---- */

typedef struct IdList
{
	pg_uuid_t  *ids;
	int			count;
	int			size;
} IdList;

static void
add_id(IdList *list, const pg_uuid_t *id)
{
	if (list->count == list->size)
	{
		list->size = Max(64, list->size * 2);
		list->ids = list->ids == NULL ?
			palloc(sizeof(pg_uuid_t) * list->size) :
			repalloc_huge(list->ids, sizeof(pg_uuid_t) * list->size);
	}
	list->ids[list->count++] = *id;
}

/*
 * From rows to the cases they belong to: they name it, or the victim in it, or
 * they are a person who takes part in some.
 */
static char *
case_query(CaseCheck *check, Oid via)
{
	char	   *name = get_rel_name(via);
	const char *key = quote_identifier(psprintf("%s_id", name));
	const char *schema = check->schema_name;
	const char *table = quote_identifier(name);

	if (get_attnum(via, "event_id") == InvalidAttrNumber &&
		get_attnum(via, "victimization_id") != InvalidAttrNumber)
		return psprintf("SELECT DISTINCT v.event_id FROM %s.%s AS r"
						" JOIN %s.victimization AS v USING (victimization_id)"
						" WHERE r.%s = ANY ($1) AND v.event_id IS NOT NULL",
						schema, table, schema, key);
	if (strcmp(name, "victim") == 0)
		table = "victimization";
	else if (strcmp(name, "perpetrator") == 0)
		table = "involvement";
	return psprintf("SELECT DISTINCT event_id FROM %s.%s"
					" WHERE %s = ANY ($1) AND event_id IS NOT NULL",
					schema, table, key);
}

static void
add_cases_of(CaseCheck *check, Oid via, IdList *rows, IdList *cases)
{
	run(case_query(check, via), make_id_array(rows->ids, rows->count), false,
		SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		id = SPI_getbinval(SPI_tuptable->vals[i],
									   SPI_tuptable->tupdesc, 1, &isnull);

		add_id(cases, DatumGetUUIDP(id));
	}
	SPI_freetuptable(SPI_tuptable);
}

static Datum
sorted_ids(IdList *cases)
{
	int			unique = 0;

	qsort(cases->ids, cases->count, sizeof(pg_uuid_t), compare_ids);
	for (int i = 0; i < cases->count; i++)
		if (i == 0 || compare_ids(&cases->ids[i], &cases->ids[i - 1]) != 0)
			cases->ids[unique++] = cases->ids[i];
	cases->count = unique;
	return make_id_array(cases->ids, cases->count);
}

static int
compare_keys(const void *a, const void *b)
{
	const TipCaseKey *x = a;
	const TipCaseKey *y = b;

	if (x->via != y->via)
		return x->via < y->via ? -1 : 1;
	return compare_ids(&x->id, &y->id);
}

/* The cases of all noted keys, as the owner sees them. */
static Datum
find_cases(CaseCheck *check, TipCaseKey *keys, int nkeys)
{
	IdList		cases = {0};

	qsort(keys, nkeys, sizeof(TipCaseKey), compare_keys);
	for (int i = 0; i < nkeys;)
	{
		IdList		rows = {0};
		Oid			via = keys[i].via;

		for (; i < nkeys && keys[i].via == via; i++)
			add_id(OidIsValid(via) ? &rows : &cases, &keys[i].id);
		if (OidIsValid(via))
			add_cases_of(check, via, &rows, &cases);
	}
	return sorted_ids(&cases);
}

static void
lock_cases(CaseCheck *check)
{
	run(psprintf("SELECT 1 FROM %s.event WHERE event_id = ANY ($1)"
				 " ORDER BY event_id FOR NO KEY UPDATE", check->schema_name),
		check->ids, false, SPI_OK_SELECT);
	SPI_freetuptable(SPI_tuptable);
	if (!IsolationUsesXactSnapshot())
		return;
	run(psprintf("UPDATE %s.event SET check_serial = check_serial + 1"
				 " WHERE event_id = ANY ($1)", check->schema_name),
		check->ids, false, SPI_OK_UPDATE);
}

/* ---- judging ---- */

/* Say which case a finding is about: its key is a surrogate. */
static void
add_findings(TipCaseFindings *all, List *findings, char *subject)
{
	ListCell   *cell;

	foreach(cell, findings)
		((TipFinding *) lfirst(cell))->subject = subject;
	if (!TipAnyRefuses(findings))
		all->other = list_concat(all->other, findings);
	else if (all->nrefused++ < all->max_refused)
		all->refusing = list_concat(all->refusing, findings);
}

static void
judge_fact(CaseCheck *check, TipEngine *engine, TupleTableSlot *slot,
		   HeapTuple tuple)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	List	   *findings;
	char	   *subject;

	ExecStoreHeapTuple(tuple, slot, false);
	if (TipRecordPasses(engine, slot))
		return;
	findings = TipRecordFindings(engine, slot);
	subject = SPI_getvalue(tuple, desc, SPI_fnumber(desc, "event_id"));
	if (TipAnyRefuses(findings))
		TipExcuseFindings(check->schema, subject, findings);
	add_findings(check->findings, findings, subject);
}

static void
judge_facts(CaseCheck *check, TipEngine *engine)
{
	SPITupleTable *facts = SPI_tuptable;
	uint64		nfacts = SPI_processed;
	TupleTableSlot *slot;

	slot = MakeSingleTupleTableSlot(facts->tupdesc, &TTSOpsHeapTuple);
	for (uint64 i = 0; i < nfacts; i++)
	{
		CHECK_FOR_INTERRUPTS();
		SPI_tuptable = facts;
		judge_fact(check, engine, slot, facts->vals[i]);
	}
	ExecDropSingleTupleTableSlot(slot);
	SPI_freetuptable(facts);
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
	run(psprintf("SELECT * FROM %s.%s WHERE event_id = ANY ($1)",
				 check->schema_name, quote_identifier(entity)),
		check->ids, true, SPI_OK_SELECT);
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

static void
judge(CaseCheck *check)
{
	ListCell   *cell;

	foreach(cell, TipCaseEntities())
		judge_entity(check, lfirst(cell));
}

/* As the owner of the model: the caller need not see or change the case. */
static void
judge_as_owner(CaseCheck *check, TipCaseKey *keys, int nkeys)
{
	Oid			user;
	int			security;
	int			level = NewGUCNestLevel();

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner_of_cases(check->schema),
						   security | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path",
							 "pg_catalog, tip, tip_impl, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	check->ids = find_cases(check, keys, nkeys);
	lock_cases(check);
	CommandCounterIncrement();
	judge(check);
	if (check->findings->nrefused == 0)
		TipStoreCaseFindings(check->schema_name, check->ids,
							 check->findings->other);
	AtEOXact_GUC(true, level);
	SetUserIdAndSecContext(user, security);
}

/*
 * TipJudgePendingCases
 *		Judge what the transaction has changed so far; SPI is connected.
 */
void
TipJudgePendingCases(Oid schema, TipCaseFindings *findings)
{
	CaseCheck	check = {0};
	TipCaseKey *keys;
	int			nkeys = TipTakePendingCases(schema, &keys);

	if (nkeys == 0)
		return;
	check.schema = schema;
	check.schema_name = quote_identifier(get_namespace_name(schema));
	check.findings = findings;
	check_runs = true;
	PG_TRY();
	{
		judge_as_owner(&check, keys, nkeys);
	}
	PG_FINALLY();
	{
		check_runs = false;
	}
	PG_END_TRY();
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
	CaseTable  *table;
	TipCaseKey	key;
	bool		is_pending = false;
	TipCaseFindings findings = {NIL, NIL, 0, MAX_FACTS_IN_DETAIL};

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		refuse_protocol(
						"function \"check_case\" must be fired after, for each row");
	table = case_table(fcinfo, data);
	tuples[0] = data->tg_trigtuple;
	tuples[1] = data->tg_newtuple;
	for (int i = 0; i < lengthof(tuples); i++)
	{
		if (!case_of(data, tuples[i], table, &key) || !TipCaseIsPending(&key))
			continue;
		TipNoteCase(&key);
		is_pending = true;
	}
	if (!is_pending)
		return PointerGetDatum(NULL);
	SPI_connect();
	TipJudgePendingCases(table->schema, &findings);
	if (findings.nrefused > 0)
		tip_report(data->tg_relation,
				   RelationGetRelationName(data->tg_relation),
				   findings.nrefused, findings.refusing);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/*
 * tip_check_case_now(event_id uuid, schema name)
 *		Findings about one case as its rows are now, as the caller sees them.
 */
Datum
tip_check_case_now(PG_FUNCTION_ARGS)
{
	char	   *schema = NameStr(*PG_GETARG_NAME(1));
	TipCaseFindings findings = {NIL, NIL, 0, INT_MAX};
	CaseCheck	check = {0};
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	check.schema = get_namespace_oid(schema, false);
	check.schema_name = quote_identifier(schema);
	check.findings = &findings;
	(void) owner_of_cases(check.schema);
	SPI_connect();
	check.ids = make_id_array(PG_GETARG_UUID_P(0), 1);
	judge(&check);
	foreach(cell, list_concat(findings.refusing, findings.other))
		TipPutFinding((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	SPI_finish();
	return (Datum) 0;
}
