/*
 * rules_findings.c
 *		Findings that refuse nothing are rows of the model's table "finding".
 *
 * The row trigger only collects; a statement trigger writes what a statement
 * found in one go, as the owner of the table.  A row that comes without such
 * a statement (straight into a partition) has its findings written at once.
 * What is collected follows savepoints like the rows it is about.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "errors.h"
#include "rules.h"

/* Memory is bounded by writing before the statement ends. */
#define MAX_COLLECTED 10000

PG_FUNCTION_INFO_V1(tip_findings_begin);
PG_FUNCTION_INFO_V1(tip_findings_end);

/* A finding, or with no rule: what was found before is out of date. */
typedef struct Collected
{
	int			level;			/* of subtransactions */
	Oid			root;
	Oid			home;			/* schema of the table "finding" */
	bool		is_mapped;		/* root is another's table */
	TransactionId inserted;		/* the new row's xmin, or invalid */
	char	   *entity;
	char	   *record;
	char	   *rule;
	bool		is_error;
	TipOutcome	outcome;
	char	   *columns;		/* as the text of an array */
} Collected;

typedef struct OpenStatement
{
	int			level;
	Oid			root;
} OpenStatement;

static MemoryContext context = NULL;	/* in TopTransactionContext */
static List *collected = NIL;	/* in that context */
static List *statements = NIL;	/* of OpenStatement, innermost last */
static bool callbacks_registered = false;

/* ---- transactions ---- */

static void
on_transaction_end(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PREPARE)
		return;
	context = NULL;
	collected = statements = NIL;
}

/* Both lists begin their elements with the level, in rising order. */
static List *
drop_level(List *list, int level)
{
	while (list != NIL && *(int *) llast(list) >= level)
		list = list_delete_last(list);
	return list;
}

static void
lower_level(List *list, int level)
{
	for (int i = list_length(list); i > 0; i--)
	{
		int		   *element = list_nth(list, i - 1);

		if (*element < level)
			break;
		*element = level - 1;
	}
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		collected = drop_level(collected, level);
		statements = drop_level(statements, level);
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		lower_level(collected, level);
		lower_level(statements, level);
	}
}

static void
start(void)
{
	if (context == NULL)
		context = AllocSetContextCreate(TopTransactionContext,
										"tip_module findings",
										ALLOCSET_DEFAULT_SIZES);
	if (callbacks_registered)
		return;
	RegisterXactCallback(on_transaction_end, NULL);
	RegisterSubXactCallback(on_subtransaction_end, NULL);
	callbacks_registered = true;
}

static bool
statement_is_open(Oid root)
{
	ListCell   *cell;

	foreach(cell, statements)
		if (((OpenStatement *) lfirst(cell))->root == root)
			return true;
	return false;
}

/* ---- arrays for one query ---- */

typedef struct Arrays
{
	int			count;
	int			size;
	Datum	   *record;
	Datum	   *rule;
	Datum	   *severity;
	Datum	   *outcome;
	Datum	   *columns;
	Datum	   *ordinal;
	Datum	   *inserted;
} Arrays;

static void
make_arrays(Arrays *arrays, int size)
{
	Datum	  **all[] = {
		&arrays->record, &arrays->rule, &arrays->severity, &arrays->outcome,
		&arrays->columns, &arrays->ordinal, &arrays->inserted
	};

	arrays->count = 0;
	arrays->size = size;
	for (int i = 0; i < lengthof(all); i++)
		*all[i] = palloc(sizeof(Datum) * (size + 1));
}

static void
add_row(Arrays *arrays, const char *record, const char *rule, bool is_error,
		TipOutcome outcome, const char *columns, int ordinal,
		TransactionId inserted)
{
	int			i = arrays->count++;

	Assert(i < arrays->size);
	arrays->record[i] = CStringGetTextDatum(record);
	arrays->rule[i] = CStringGetTextDatum(rule ? rule : "");
	arrays->severity[i] = CStringGetTextDatum(is_error ? "error" : "warning");
	arrays->outcome[i] = CStringGetTextDatum(TipOutcomeName(outcome));
	arrays->columns[i] = CStringGetTextDatum(columns ? columns : "{}");
	arrays->ordinal[i] = Int32GetDatum(ordinal);
	arrays->inserted[i] = TransactionIdGetDatum(inserted);
}

static Datum
text_array(Datum *elements, int count)
{
	return PointerGetDatum(construct_array(elements, count, TEXTOID, -1,
										   false, TYPALIGN_INT));
}

static Datum
int_array(Datum *elements, int count)
{
	return PointerGetDatum(construct_array(elements, count, INT4OID, 4, true,
										   TYPALIGN_INT));
}

static Datum
xid_array(Datum *elements, int count)
{
	return PointerGetDatum(construct_array(elements, count, XIDOID, 4, true,
										   TYPALIGN_INT));
}

/* The columns of a rule, as the text of an array of plain names. */
static char *
columns_text(const TipRule *rule)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (int i = 0; i < rule->ncolumns; i++)
	{
		appendStringInfoString(&text, i > 0 ? ",\"" : "\"");
		for (const char *c = rule->columns[i]; *c != '\0'; c++)
		{
			if (*c == '"' || *c == '\\')
				appendStringInfoChar(&text, '\\');
			appendStringInfoChar(&text, *c);
		}
		appendStringInfoChar(&text, '"');
	}
	appendStringInfoChar(&text, '}');
	return text.data;
}

/* ---- writing ---- */

typedef struct AsOwner
{
	Oid			user;
	int			security;
	int			level;
} AsOwner;

static Oid
finding_owner(const char *schema, const char *table)
{
	Oid			namespace = get_namespace_oid(schema, true);
	Oid			relid = InvalidOid;
	HeapTuple	tuple;
	Oid			owner;

	if (OidIsValid(namespace))
		relid = get_relname_relid(table, namespace);
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("schema \"%s\" has no table \"%s\" for what rules find",
						schema, table),
				 errhint("Run tip.upgrade_model().")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* The caller need not see or change what is found. */
static void
become_owner(AsOwner *before, const char *schema, const char *table)
{
	Oid			owner = finding_owner(schema, table);

	before->level = NewGUCNestLevel();
	GetUserIdAndSecContext(&before->user, &before->security);
	SetUserIdAndSecContext(owner,
						   before->security | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static void
be_oneself(AsOwner *before)
{
	AtEOXact_GUC(true, before->level);
	SetUserIdAndSecContext(before->user, before->security);
}

static void
run(const char *query, int nargs, Oid *types, Datum *values, bool read_only)
{
	int			result = SPI_execute_with_args(query, nargs, types, values,
											   NULL, read_only, 0);

	if (result < 0)
		elog(ERROR, "could not write findings: %s",
			 SPI_result_code_string(result));
}

static void
delete_rows(const char *schema, Datum entities, Datum records)
{
	Oid			types[] = {TEXTARRAYOID, TEXTARRAYOID};
	Datum		values[] = {entities, records};

	run(psprintf("DELETE FROM %s.finding WHERE record = ANY ($2)"
				 " AND entity = ANY ($1)", schema),
		lengthof(types), types, values, false);
}

/*
 * Findings about rows that did not get in (ON CONFLICT) are dropped, and so
 * are those that a later judgement of the same record replaced.
 */
static void
insert_rows(const char *schema, const char *entity, Arrays *rows,
			Arrays *cleared, const char *exists)
{
	Oid			types[] = {
		TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
		TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID, INT4ARRAYOID, INT4OID,
		get_array_type(XIDOID)
	};
	Datum		values[lengthof(types)];

	values[0] = CStringGetTextDatum(entity);
	values[1] = text_array(rows->record, rows->count);
	values[2] = text_array(rows->rule, rows->count);
	values[3] = text_array(rows->severity, rows->count);
	values[4] = text_array(rows->outcome, rows->count);
	values[5] = text_array(rows->columns, rows->count);
	values[6] = int_array(rows->ordinal, rows->count);
	values[7] = text_array(cleared->record, cleared->count);
	values[8] = int_array(cleared->ordinal, cleared->count);
	values[9] = Int32GetDatum(TipCurrentRuleset());
	values[10] = xid_array(rows->inserted, rows->count);
	run(psprintf("INSERT INTO %s.finding"
				 " (entity, record, rule, severity, outcome, columns, ruleset)"
				 " SELECT $1, u.record, u.rule, u.severity,"
				 " CASE WHEN u.outcome = 'failed' AND (SELECT x.until IS NULL OR x.until >= current_date"
				 "  FROM %s.excuse AS x WHERE x.record = u.record AND x.rule = u.rule"
				 "  ORDER BY x.decided_on DESC LIMIT 1) THEN 'excused' ELSE u.outcome END,"
				 " u.columns::text[], $10"
				 " FROM unnest($2, $3, $4, $5, $6, $7, $11)"
				 " AS u(record, rule, severity, outcome, columns, ordinal, inserted)"
				 " WHERE NOT EXISTS (SELECT FROM unnest($8, $9) AS c(record, ordinal)"
				 "  WHERE c.record = u.record AND c.ordinal > u.ordinal)%s"
				 " ON CONFLICT DO NOTHING",
				 schema, schema, exists),
		lengthof(types), types, values, false);
}

/*
 * The type of the column that a key in a view is made of, and its name.  The
 * view knows: the primary key may be another one by now.  A domain is taken for
 * what it is made of: its checks are not to run as the owner, and neither is an
 * operator of somebody else.
 */
static Oid
key_column_of(const Collected *item, char **name)
{
	Oid			relid = get_relname_relid(item->entity, item->home);
	AttrNumber	attno = InvalidAttrNumber;
	Relation	view;
	Oid			type;

	if (OidIsValid(relid))
	{
		view = table_open(relid, AccessShareLock);
		attno = TipIsMapped(view) ? TipMappedKey(view) : InvalidAttrNumber;
		table_close(view, AccessShareLock);
	}
	if (attno <= 0)
		return InvalidOid;
	type = getBaseType(get_atttype(item->root, attno));
	*name = get_attname(item->root, attno, false);
	if (lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr >=
		FirstUnpinnedObjectId)
		return InvalidOid;
	return type;
}

/*
 * The record is a row of its table by now, and a new one is the row that was
 * judged, not an older one with the same key that stood in its way.
 */
static char *
exists_clause(const Collected *item)
{
	char	   *key = psprintf("%s_id", item->entity);
	char	   *schema = get_namespace_name(item->home);

	if (item->is_mapped)
		return "";
	return psprintf(" AND EXISTS (SELECT FROM %s.%s AS r"
					" WHERE r.%s = u.record::uuid"
					" AND (u.inserted = '0'::xid OR r.xmin = u.inserted))",
					quote_identifier(schema),
					quote_identifier(get_rel_name(item->root)),
					quote_identifier(key));
}

/* Keep the rows about records that SPI has just returned the keys of. */
static void
keep_returned(Arrays *rows)
{
	int			kept = 0;

	for (int i = 0; i < rows->count; i++)
	{
		bool		isnull;
		Datum		datum = SPI_getbinval(SPI_tuptable->vals[i],
										  SPI_tuptable->tupdesc, 1, &isnull);

		if (!DatumGetBool(datum))
			continue;
		rows->record[kept] = rows->record[i];
		rows->rule[kept] = rows->rule[i];
		rows->severity[kept] = rows->severity[i];
		rows->outcome[kept] = rows->outcome[i];
		rows->columns[kept] = rows->columns[i];
		rows->inserted[kept] = rows->inserted[i];
		rows->ordinal[kept++] = rows->ordinal[i];
	}
	rows->count = kept;
}

/*
 * A row of another's table may not have got in either: whoever owns it looks
 * for the key, which follows the name of the view.  A key of several columns
 * is not looked for.  Types are named so that char is not char(1).
 */
static void
drop_missing(const Collected *item, Arrays *rows)
{
	char	   *schema = get_namespace_name(get_rel_namespace(item->root));
	char	   *table = get_rel_name(item->root);
	char	   *key;
	Oid			type = key_column_of(item, &key);
	Oid			types[] = {TEXTARRAYOID, XIDARRAYOID};
	Datum		values[lengthof(types)];
	AsOwner		before;

	if (!OidIsValid(type))
		return;
	values[0] = text_array(rows->record, rows->count);
	values[1] = xid_array(rows->inserted, rows->count);
	become_owner(&before, schema, table);
	run(psprintf("SELECT EXISTS (SELECT FROM %s.%s AS r"
				 " WHERE r.%s = substr(u.record, %d)::%s"
				 " AND (u.inserted = '0'::xid OR r.xmin = u.inserted))"
				 " FROM unnest($1, $2) WITH ORDINALITY AS u(record, inserted, n)"
				 " ORDER BY n",
				 quote_identifier(schema), quote_identifier(table),
				 quote_identifier(key), pg_mbstrlen(item->entity) + 2,
				 format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN |
									  FORMAT_TYPE_FORCE_QUALIFY)),
		lengthof(types), types, values, false);
	keep_returned(rows);
	be_oneself(&before);
}

static void
write_arrays(const Collected *item, Arrays *rows, Arrays *cleared,
			 bool must_exist)
{
	char	   *name = get_namespace_name(item->home);
	const char *schema = quote_identifier(name);
	Datum		entities[1];
	AsOwner		before;

	entities[0] = CStringGetTextDatum(item->entity);
	SPI_connect();
	if (must_exist && item->is_mapped && rows->count > 0)
		drop_missing(item, rows);
	become_owner(&before, name, "finding");
	if (cleared->count > 0)
		delete_rows(schema, text_array(entities, 1),
					text_array(cleared->record, cleared->count));
	if (rows->count > 0)
		insert_rows(schema, item->entity, rows, cleared,
					must_exist ? exists_clause(item) : "");
	be_oneself(&before);
	SPI_finish();
}

static void
free_item(Collected *item)
{
	pfree(item->record);
	if (item->rule != NULL)
	{
		pfree(item->rule);
		pfree(item->columns);
	}
	pfree(item);
}

static bool
has_same_place(const Collected *a, const Collected *b)
{
	return a->root == b->root && a->home == b->home &&
		strcmp(a->entity, b->entity) == 0;
}

/* Write what was collected where this one belongs, and keep the rest. */
static void
flush(const Collected *like, bool must_exist)
{
	Arrays		rows;
	Arrays		cleared;
	Collected	place = *like;
	List	   *rest = NIL;
	int			ordinal = 0;
	MemoryContext caller = CurrentMemoryContext;
	ListCell   *cell;

	make_arrays(&rows, list_length(collected));
	make_arrays(&cleared, list_length(collected));
	place.entity = pstrdup(like->entity);
	foreach(cell, collected)
	{
		Collected  *item = lfirst(cell);

		if (!has_same_place(item, &place))
		{
			MemoryContextSwitchTo(context);
			rest = lappend(rest, item);
			MemoryContextSwitchTo(caller);
			continue;
		}
		add_row(item->rule ? &rows : &cleared, item->record, item->rule,
				item->is_error, item->outcome, item->columns, ordinal++,
				item->inserted);
		free_item(item);
	}
	list_free(collected);
	collected = rest;
	if (rest == NIL)
		MemoryContextReset(context);
	write_arrays(&place, &rows, &cleared, must_exist);
}

/* Write what was collected about a table, whatever it is called there. */
static void
flush_table(Oid root, bool must_exist)
{
	ListCell   *cell;

	for (;;)
	{
		Collected  *found = NULL;

		foreach(cell, collected)
			if (((Collected *) lfirst(cell))->root == root)
				found = lfirst(cell);
		if (found == NULL)
			return;
		flush(found, must_exist);
	}
}

/*
 * Write what was collected about earlier records of one kind.  The present one
 * is not stored yet, and another attachment of its table may have judged it.
 */
static void
flush_like(TipEngine *engine)
{
	Collected	like = {.root = engine->root,.home = engine->home};
	ListCell   *cell;

	like.entity = NameStr(engine->label);
	foreach(cell, collected)
		if (has_same_place(lfirst(cell), &like))
		{
			flush(lfirst(cell), true);
			return;
		}
}

/* ---- collecting ---- */

static void
collect(TipEngine *engine, const char *record, const TipFinding *finding,
		TransactionId inserted)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	Collected  *item = palloc0(sizeof(Collected));

	item->level = GetCurrentTransactionNestLevel();
	item->root = engine->root;
	item->home = engine->home;
	item->is_mapped = engine->mapped != NULL;
	item->entity = NameStr(engine->label);
	item->inserted = inserted;
	item->record = pstrdup(record);
	if (finding != NULL)
	{
		item->rule = pstrdup(finding->rule->id);
		item->is_error = finding->rule->is_error;
		item->outcome = finding->outcome;
		item->columns = columns_text(finding->rule);
	}
	collected = lappend(collected, item);
	MemoryContextSwitchTo(caller);
}

/* The surrogate key of a record as text, or NULL. */
char *
TipRecordKey(TipEngine *engine, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		key;

	if (!AttributeNumberIsValid(engine->key))
		return NULL;
	key = slot_getattr(slot, engine->key, &isnull);
	if (isnull)
		return NULL;
	if (engine->mapped != NULL)
		return TextDatumGetCString(key);
	return DatumGetCString(DirectFunctionCall1(uuid_out, key));
}

/*
 * TipMakeRoom
 *		Write what was collected, if it is much; true if something was written.
 *
 * A trigger on the findings may do anything, so for another's table, which it
 * may change, this comes before its row is judged.
 */
bool
TipMakeRoom(TipEngine *engine)
{
	if (list_length(collected) < MAX_COLLECTED)
		return false;
	flush_like(engine);
	return true;
}

static void
collect_all(TipEngine *engine, const char *record, List *findings, bool clear)
{
	TransactionId inserted = clear ? InvalidTransactionId :
		GetCurrentTransactionId();
	ListCell   *cell;

	start();
	if (engine->mapped == NULL)
		(void) TipMakeRoom(engine);
	if (clear)
		collect(engine, record, NULL, inserted);
	foreach(cell, findings)
		collect(engine, record, lfirst(cell), inserted);
	if (!statement_is_open(engine->root))
		flush_table(engine->root, false);
}

/*
 * TipKeepFindings
 *		A record is stored with these findings; they replace the earlier ones.
 */
void
TipKeepFindings(Relation rel, TipEngine *engine, TupleTableSlot *slot,
				List *findings, bool is_new)
{
	char	   *record;

	if (findings == NIL && is_new)
		return;
	record = TipRecordKey(engine, slot);
	if (record != NULL)
		collect_all(engine, record, findings, !is_new);
}

void
TipForgetFindings(Relation rel, TipEngine *engine, TupleTableSlot *slot)
{
	char	   *record = TipRecordKey(engine, slot);

	if (record != NULL)
		collect_all(engine, record, NIL, true);
}

void
TipForgetRecord(TipEngine *engine, const char *record)
{
	collect_all(engine, record, NIL, true);
}

/* ---- of cases ---- */

/*
 * TipAddCaseFindings
 *		Keep what was found about some cases; runs as the model's owner.
 */
void
TipAddCaseFindings(const char *schema, const char *entity, List *findings)
{
	Arrays		none;
	Arrays		rows;
	ListCell   *cell;

	make_arrays(&none, 0);
	make_arrays(&rows, list_length(findings));
	foreach(cell, findings)
	{
		TipFinding *finding = lfirst(cell);

		add_row(&rows, finding->subject, finding->rule->id,
				finding->rule->is_error, finding->outcome,
				columns_text(finding->rule), 0, InvalidTransactionId);
	}
	insert_rows(schema, entity, &rows, &none, "");
}

/* ---- excuses ---- */

static void
apply_excuse(List *findings, const char *rule)
{
	ListCell   *cell;

	foreach(cell, findings)
	{
		TipFinding *finding = lfirst(cell);

		if (strcmp(finding->rule->id, rule) != 0 ||
			(finding->outcome != TIP_FAILED && !finding->refuses))
			continue;
		finding->outcome = TIP_EXCUSED;
		finding->refuses = false;
	}
}

/*
 * TipExcuseFindings
 *		Whoever may decide it has excused this record from some rules.
 */
void
TipExcuseFindings(Oid schema, const char *record, List *findings)
{
	char	   *name = get_namespace_name(schema);
	Oid			types[] = {TEXTOID};
	Datum		values[1];
	AsOwner		before;

	if (record == NULL || findings == NIL ||
		!OidIsValid(get_relname_relid("excuse", schema)))
		return;
	values[0] = CStringGetTextDatum(record);
	SPI_connect();
	become_owner(&before, name, "excuse");
	run(psprintf("SELECT rule FROM (SELECT DISTINCT ON (rule) rule, until"
				 " FROM %s.excuse WHERE record = $1"
				 " ORDER BY rule, decided_on DESC) AS x"
				 " WHERE until IS NULL OR until >= current_date",
				 quote_identifier(name)),
		lengthof(types), types, values, false);
	for (uint64 i = 0; i < SPI_processed; i++)
		apply_excuse(findings,
					 SPI_getvalue(SPI_tuptable->vals[i],
								  SPI_tuptable->tupdesc, 1));
	be_oneself(&before);
	SPI_finish();
}

/* ---- statements ---- */

static TriggerData *
statement_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function must be fired as a trigger for each statement")));
	return data;
}

/*
 * tip_findings_begin
 *		From here on the findings of this table wait for the statement's end.
 */
Datum
tip_findings_begin(PG_FUNCTION_ARGS)
{
	TriggerData *data = statement_trigger(fcinfo);
	MemoryContext caller;
	OpenStatement *statement;

	start();
	caller = MemoryContextSwitchTo(TopTransactionContext);
	statement = palloc(sizeof(OpenStatement));
	statement->level = GetCurrentTransactionNestLevel();
	statement->root = RelationGetRelid(data->tg_relation);
	statements = lappend(statements, statement);
	MemoryContextSwitchTo(caller);
	return PointerGetDatum(NULL);
}

static void
close_statement(Oid root)
{
	for (int i = list_length(statements); i > 0; i--)
	{
		OpenStatement *statement = list_nth(statements, i - 1);

		if (statement->root != root)
			continue;
		statements = list_delete_nth_cell(statements, i - 1);
		return;
	}
}

/* Is it the view of this very table, not of a parent or of somebody else's? */
static bool
names_its_view(TriggerData *data)
{
	char	  **args = data->tg_trigger->tgargs;
	Oid			schema = get_namespace_oid(args[0], true);
	Oid			relid = InvalidOid;
	Relation	view;
	bool		result;

	if (OidIsValid(schema))
		relid = get_relname_relid(args[1], schema);
	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_VIEW)
		return false;
	view = table_open(relid, AccessShareLock);
	result = TipIsMapped(view) &&
		TipMappedRelid(get_view_query(view)) ==
		RelationGetRelid(data->tg_relation);
	table_close(view, AccessShareLock);
	return result;
}

/*
 * After TRUNCATE nothing is left to be found.  The trigger of another's table
 * names the schema of the findings, and the view.
 */
static void
forget_table(TriggerData *data)
{
	char	  **args = data->tg_trigger->tgargs;
	bool		is_mapped = data->tg_trigger->tgnargs == 2;
	Oid			schema = RelationGetNamespace(data->tg_relation);
	char	   *name = is_mapped ? args[0] : get_namespace_name(schema);
	char	   *entity = is_mapped ? args[1] :
		RelationGetRelationName(data->tg_relation);
	Oid			types[] = {TEXTOID};
	Datum		values[1];
	AsOwner		before;

	if (is_mapped && !names_its_view(data))
		return;
	values[0] = CStringGetTextDatum(entity);
	SPI_connect();
	become_owner(&before, name, "finding");
	run(psprintf("DELETE FROM %s.finding WHERE entity = $1",
				 quote_identifier(name)),
		lengthof(types), types, values, false);
	be_oneself(&before);
	SPI_finish();
}

/*
 * tip_findings_end
 *		Write what the statement found.
 *
 * Within another statement about the same table it waits for that one's end: a
 * savepoint between them may take back what is written here.
 */
Datum
tip_findings_end(PG_FUNCTION_ARGS)
{
	TriggerData *data = statement_trigger(fcinfo);
	Oid			root = RelationGetRelid(data->tg_relation);
	TipVeil		veil;

	TipHide(&veil);
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		forget_table(data);
	else
	{
		close_statement(root);
		if (collected != NIL && !statement_is_open(root))
			flush_table(root, true);
	}
	TipReveal(&veil);
	return PointerGetDatum(NULL);
}
