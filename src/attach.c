/*
 * attach.c
 *		Judge the rows of a table that somebody else has made.
 *
 * tip.attach() makes a view in the shape of an entity over the table, and a
 * trigger whose arguments name it.  The mapping is the view: core lets it
 * follow renamed columns, dumps it, and keeps mapped columns from being
 * dropped.  The trigger computes the columns of the view from the row at hand
 * and has the engine of the view judge them.
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "rules.h"

#define MAX_WARNINGS 10			/* of one statement */

PG_FUNCTION_INFO_V1(tip_check_attached);
PG_FUNCTION_INFO_V1(tip_require_attachable);
PG_FUNCTION_INFO_V1(tip_attached_columns);
PG_FUNCTION_INFO_V1(tip_attached_table);
PG_FUNCTION_INFO_V1(tip_trigger_arguments);

typedef enum AttachMode
{
	MODE_OBSERVE,
	MODE_WARN,
	MODE_ENFORCE
} AttachMode;

typedef struct Attached
{
	Oid			trigger;		/* hash key */
	bool		is_valid;
	Oid			relid;			/* the table, or a part or child of it */
	Oid			view;
	char	   *entity;
	AttachMode	mode;
	DateADT		since;			/* DATEVAL_NOBEGIN: from always */
	MemoryContext context;
	TupleDesc	desc;			/* of the view */
	AttrNumber *plain;			/* per column: that of the row, or 0 */
	AttrNumber *source;			/* per column read: that of the row */
	ExprState **states;			/* per column: how it is computed, or NULL */
	ExprState  *where;			/* NULL: all rows */
	AttrNumber	unreadable;
	AttrNumber	recorded_on;
	AttrNumber	stages[3];
	ExprContext *econtext;
	TupleTableSlot *now;
	TupleTableSlot *before;
	TupleTableSlot *row_now;	/* of the trigger, while it runs */
	TupleTableSlot *row_before;
	TipEngine  *engine;
} Attached;

static HTAB *attachments = NULL;

/* ---- invalidation ---- */

static void
on_relation_change(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	Attached   *attached;

	hash_seq_init(&status, attachments);
	while ((attached = hash_seq_search(&status)) != NULL)
		if (!OidIsValid(relid) || attached->relid == relid ||
			attached->view == relid)
			attached->is_valid = false;
}

static void
on_object_change(Datum arg, int cacheid, uint32 hash)
{
	on_relation_change((Datum) 0, InvalidOid);
}

static void
start(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(Attached);
	attachments = hash_create("tip_module attachments", 16, &control,
							  HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, on_object_change, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, on_object_change, (Datum) 0);
}

/* ---- the view ---- */

/*
 * Functions of core that take anything may run what belongs to its type: a
 * cast to json, the check of a domain.  These only print it.
 */
static bool
takes_anything(Oid funcid)
{
	Oid		   *types;
	int			ntypes;

	if (funcid == F_CONCAT || funcid == F_CONCAT_WS ||
		funcid == F_TEXTANYCAT || funcid == F_ANYTEXTCAT)
		return false;
	(void) get_func_signature(funcid, &types, &ntypes);
	for (int i = 0; i < ntypes; i++)
		if (get_typtype(types[i]) == TYPTYPE_PSEUDO)
			return true;
	return get_func_rettype(funcid) == XMLOID;
}

/*
 * What tip.attach() writes is harmless, but the view may have been replaced
 * since, and its expressions run as whoever changes a row.
 */
static bool
is_strange_function(Oid funcid, void *context)
{
	Oid			extension = get_extension_oid("tip_module", true);
	char		volatility = func_volatile(funcid);

	if (volatility == PROVOLATILE_VOLATILE)
		return true;
	if (funcid < FirstUnpinnedObjectId)
		return volatility == PROVOLATILE_STABLE &&
			!IsA((Node *) context, CoerceViaIO) && takes_anything(funcid);
	return !OidIsValid(extension) ||
		getExtensionOfObject(ProcedureRelationId, funcid) != extension;
}

/* To make a value of somebody's type may run somebody's code. */
static bool
makes_strange_type(Node *node)
{
	Oid			type = exprType(node);
	Oid			element = get_element_type(type);

	if (IsA(node, Var) || IsA(node, Const) || type == VOIDOID)
		return false;
	return !TipTypeIsAllowed(type) || get_typtype(type) == TYPTYPE_DOMAIN ||
		(OidIsValid(element) && get_typtype(element) == TYPTYPE_DOMAIN);
}

static bool
is_strange(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, List))
		return expression_tree_walker(node, is_strange, context);
	if (IsA(node, SubLink) || IsA(node, Aggref) || IsA(node, WindowFunc) ||
		IsA(node, CoerceToDomain))
		return true;
	if (check_functions_in_node(node, is_strange_function, node))
		return true;
	if (!IsA(node, CaseWhen) && makes_strange_type(node))
		return true;
	return expression_tree_walker(node, is_strange, context);
}

static void
check_expression(Relation view, Node *expr)
{
	if (is_strange(expr, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("view \"%s\" of an attached table computes with more than functions of pg_catalog and tip_module that do not write",
						RelationGetRelationName(view)),
				 errhint("Name in only_where, and map, nothing that calls others, and make it anew with tip.attach().")));
}

/* As expressions over the row at hand, whose columns may be in other places. */
static ExprState *
prepare(Relation view, Relation rel, Query *query, Node *expr)
{
	RangeTblEntry *entry = TipMappedTable(query);
	RangeTblRef *ref = linitial_node(RangeTblRef, query->jointree->fromlist);

	expr = copyObject(expr);
	if (entry->relid != RelationGetRelid(rel))
	{
		Relation	base = table_open(entry->relid, AccessShareLock);
		bool		has_whole_row;
		AttrMap    *map = TIP_ATTRMAP_BY_NAME(RelationGetDescr(rel),
											  RelationGetDescr(base));

		expr = map_variable_attnos(expr, ref->rtindex, 0, map, InvalidOid,
								   &has_whole_row);
		table_close(base, AccessShareLock);
	}
	expr = TipReplaceGenerated(expr, rel);
	check_expression(view, expr);
	return ExecInitExpr(expression_planner((Expr *) expr), NULL);
}

static AttrNumber
plain_column(ExprState *state)
{
	Var		   *var = (Var *) state->expr;

	return var != NULL && IsA(var, Var) ? var->varattno : 0;
}

/* The column that a value is read from, where it is only one. */
static AttrNumber
source_column(ExprState *state)
{
	List	   *vars = pull_var_clause((Node *) state->expr, 0);

	return list_length(vars) == 1 ? ((Var *) linitial(vars))->varattno : 0;
}

static void
prepare_columns(Attached *attached, Relation view, Relation rel)
{
	Query	   *query = get_view_query(view);
	ListCell   *cell;

	attached->plain = palloc0(sizeof(AttrNumber) * attached->desc->natts);
	attached->source = palloc0(sizeof(AttrNumber) * attached->desc->natts);
	attached->states = palloc0(sizeof(ExprState *) * attached->desc->natts);
	foreach(cell, query->targetList)
	{
		TargetEntry *target = lfirst(cell);
		int			i = target->resno - 1;

		if (target->resjunk || IsA(target->expr, Const))
		{
			if (target->resjunk || ((Const *) target->expr)->constisnull)
				continue;
		}
		attached->states[i] = prepare(view, rel, query, (Node *) target->expr);
		attached->plain[i] = plain_column(attached->states[i]);
		attached->source[i] = source_column(attached->states[i]);
	}
	if (query->jointree->quals != NULL)
		attached->where = prepare(view, rel, query, query->jointree->quals);
}

static void
find_columns(Attached *attached)
{
	static const char *const stages[] = {
		"victim_stage", "victim_status", "case_stage"
	};

	attached->unreadable = get_attnum(attached->view, "tip_unreadable");
	/* A view that was changed may have none, or one of another type. */
	attached->recorded_on = get_attnum(attached->view, "recorded_on");
	if (attached->recorded_on > 0 &&
		get_atttype(attached->view, attached->recorded_on) != DATEOID)
		attached->recorded_on = InvalidAttrNumber;
	for (int i = 0; i < lengthof(stages); i++)
		attached->stages[i] = get_attnum(attached->view, stages[i]);
}

/* ---- what the trigger says ---- */

static void
refuse_protocol(const char *must)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("%s", must),
			 errhint("Attach tables with tip.attach().")));
}

static void
check_protocol(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		data->tg_trigger->tgnargs != 5)
		refuse_protocol("function \"check_attached\" must be fired before,"
						" for each row, with five arguments");
}

static AttachMode
mode_of(const char *name)
{
	static const char *const names[] = {"observe", "warn", "enforce"};

	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (AttachMode) i;
	refuse_protocol("mode of an attached table must be observe, warn or"
					" enforce");
	return MODE_OBSERVE;
}

static DateADT
since_of(const char *text)
{
	if (*text == '\0')
		return DATEVAL_NOBEGIN;
	return DatumGetDateADT(DirectFunctionCall1(date_in,
											   CStringGetDatum(text)));
}

/* Arguments: schema of the view, view, entity, mode, since. */
static Relation
open_view(char **args, Relation rel)
{
	Oid			schema = get_namespace_oid(args[0], true);
	Oid			relid = InvalidOid;
	Relation	view;

	if (OidIsValid(schema))
		relid = get_relname_relid(args[1], schema);
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("attached table has lost its view \"%s.%s\"", args[0],
						args[1]),
				 errhint("Use tip.detach(), and tip.attach() again.")));
	view = table_open(relid, AccessShareLock);
	if (!TipIsMapped(view))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s.%s\" is not the view of an attached table",
						args[0], args[1])));
	if (!TipShowsTable(get_view_query(view), RelationGetRelid(rel)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("view \"%s.%s\" does not show table \"%s\"", args[0],
						args[1], RelationGetRelationName(rel)),
				 errhint("Attach tables with tip.attach().")));
	return view;
}

static void
fill(Attached *attached, TriggerData *data)
{
	char	  **args = data->tg_trigger->tgargs;
	Relation	view = open_view(args, data->tg_relation);

	attached->view = RelationGetRelid(view);
	attached->entity = pstrdup(args[2]);
	attached->mode = mode_of(args[3]);
	attached->since = since_of(args[4]);
	attached->desc = CreateTupleDescCopy(RelationGetDescr(view));
	prepare_columns(attached, view, data->tg_relation);
	find_columns(attached);
	attached->econtext = CreateStandaloneExprContext();
	attached->now = MakeSingleTupleTableSlot(attached->desc, &TTSOpsVirtual);
	attached->before = MakeSingleTupleTableSlot(attached->desc,
												&TTSOpsVirtual);
	table_close(view, AccessShareLock);
}

static void
rebuild(Attached *attached, TriggerData *data)
{
	MemoryContext caller = CurrentMemoryContext;
	int			level;

	if (attached->context != NULL)
		MemoryContextDelete(attached->context);
	attached->context = AllocSetContextCreate(CacheMemoryContext,
											  "tip_module attachment",
											  ALLOCSET_SMALL_SIZES);
	attached->engine = NULL;
	attached->where = NULL;
	attached->relid = RelationGetRelid(data->tg_relation);
	/* A change that arrives meanwhile marks it stale again. */
	attached->is_valid = true;
	PG_TRY();
	{
		level = TipPinSettings();
		MemoryContextSwitchTo(attached->context);
		fill(attached, data);
		MemoryContextSwitchTo(caller);
		AtEOXact_GUC(true, level);
	}
	PG_CATCH();
	{
		attached->is_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

static Attached *
attached_for(TriggerData *data)
{
	Oid			trigger = data->tg_trigger->tgoid;
	Attached   *attached;
	bool		found;

	if (attachments == NULL)
		start();
	attached = hash_search(attachments, &trigger, HASH_ENTER, &found);
	if (!found)
	{
		attached->is_valid = false;
		attached->context = NULL;
		attached->view = InvalidOid;
	}
	if (!attached->is_valid ||
		attached->relid != RelationGetRelid(data->tg_relation))
		rebuild(attached, data);
	if (attached->engine == NULL || !TipEngineIsCurrent(attached->engine))
	{
		Relation	view = table_open(attached->view, AccessShareLock);

		attached->engine = TipEngineFor(view, attached->entity);
		table_close(view, AccessShareLock);
	}
	return attached;
}

/* ---- a row ---- */

static Datum
compute(Attached *attached, int i, TupleTableSlot *row, bool *isnull)
{
	if (attached->plain[i] > 0)
		return slot_getattr(row, attached->plain[i], isnull);
	if (attached->states[i] == NULL)
	{
		*isnull = true;
		return (Datum) 0;
	}
	attached->econtext->ecxt_scantuple = row;
	return ExecEvalExprSwitchContext(attached->states[i], attached->econtext,
									 isnull);
}

/* A value that is there and comes out as NULL may be one that is none. */
static bool
may_be_unreadable(Attached *attached, TupleTableSlot *row,
				  TupleTableSlot *slot)
{
	for (int i = 0; i < attached->desc->natts; i++)
		if (attached->source[i] > 0 && attached->plain[i] == 0 &&
			slot->tts_isnull[i] && !slot_attisnull(row, attached->source[i]))
			return true;
	return false;
}

/* The row as the view would show it. */
static void
project(Attached *attached, TupleTableSlot *row, TupleTableSlot *slot)
{
	int			last = attached->unreadable - 1;

	ExecClearTuple(slot);
	for (int i = 0; i < attached->desc->natts; i++)
		if (i != last)
			slot->tts_values[i] = compute(attached, i, row,
										  &slot->tts_isnull[i]);
	slot->tts_isnull[last] = true;
	slot->tts_values[last] = (Datum) 0;
	if (may_be_unreadable(attached, row, slot))
		slot->tts_values[last] = compute(attached, last, row,
										 &slot->tts_isnull[last]);
	ExecStoreVirtualTuple(slot);
}

/* Raise what was caught, unless it is about a value: that would be repeated. */
static void
rethrow_without_value(Attached *attached, MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	if (ERRCODE_TO_CATEGORY(error->sqlerrcode) !=
		ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION))
		PG_RE_THROW();
	FlushErrorState();
	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg("condition of view \"%s\" of an attached table fails for a row",
					get_rel_name(attached->view)),
			 errhint("Make it anew with tip.attach() and an only_where that cannot fail.")));
}

static bool
is_wanted(Attached *attached, TupleTableSlot *row)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		isnull = true;
	volatile Datum datum = (Datum) 0;

	if (attached->where == NULL)
		return true;
	attached->econtext->ecxt_scantuple = row;
	PG_TRY();
	{
		datum = ExecEvalExprSwitchContext(attached->where, attached->econtext,
										  &isnull);
	}
	PG_CATCH();
	{
		rethrow_without_value(attached, caller);
	}
	PG_END_TRY();
	return !isnull && DatumGetBool(datum);
}

/* ---- what changed ---- */

/* Is column attno, from 1, not what it was? */
static bool
differs(TupleTableSlot *now, TupleTableSlot *before, AttrNumber attno)
{
	Form_pg_attribute att = TupleDescAttr(now->tts_tupleDescriptor, attno - 1);
	bool		nulls[2];
	Datum		values[2];

	values[0] = slot_getattr(now, attno, &nulls[0]);
	values[1] = slot_getattr(before, attno, &nulls[1]);
	if (nulls[0] || nulls[1])
		return nulls[0] != nulls[1];
	return !datum_image_eq(values[0], values[1], att->attbyval, att->attlen);
}

/* Two values that cannot be read look alike, so the row itself is asked. */
static bool
has_changed(Attached *attached, AttrNumber attno)
{
	AttrNumber	source = attached->source[attno - 1];

	if (source > 0)
		return differs(attached->row_now, attached->row_before, source);
	return differs(attached->now, attached->before, attno);
}

static bool
stage_has_changed(Attached *attached)
{
	for (int i = 0; i < lengthof(attached->stages); i++)
		if (attached->stages[i] > 0 &&
			has_changed(attached, attached->stages[i]))
			return true;
	return false;
}

/* An old mistake does not stand in the way of another correction. */
static void
forgive_unchanged(Attached *attached, List *findings)
{
	ListCell   *cell;

	if (stage_has_changed(attached))
		return;
	foreach(cell, findings)
	{
		TipFinding *finding = lfirst(cell);
		int			member = -1;
		bool		is_touched = false;

		while ((member = bms_next_member(finding->rule->reads, member)) >= 0)
			if (has_changed(attached, member +
							FirstLowInvalidHeapAttributeNumber))
				is_touched = true;
		/* A rule that does not compile reads nothing that we know of. */
		if (!is_touched && finding->rule->reads != NULL)
			finding->refuses = false;
	}
}

/* ---- judging ---- */

/* Is the row one of those that are refused? */
static bool
is_recent(Attached *attached, bool is_update)
{
	bool		isnull = true;
	Datum		day = (Datum) 0;

	if (attached->since == DATEVAL_NOBEGIN)
		return true;
	if (attached->recorded_on > 0)
		day = slot_getattr(attached->now, attached->recorded_on, &isnull);
	/* A row without a day is new when it comes, and old when it changes. */
	return isnull ? !is_update : DatumGetDateADT(day) >= attached->since;
}

static void
refuse_nothing(List *findings)
{
	ListCell   *cell;

	foreach(cell, findings)
		((TipFinding *) lfirst(cell))->refuses = false;
}

static void
warn(Attached *attached, Relation rel, List *findings)
{
	static TimestampTz statement = 0;
	static int	nwarnings = 0;

	if (statement != GetCurrentStatementStartTimestamp())
		nwarnings = 0;
	statement = GetCurrentStatementStartTimestamp();
	if (nwarnings++ < MAX_WARNINGS)
		TipWarn(rel, attached->entity, findings);
}

static void
decide(Attached *attached, Relation rel, List *findings, bool is_update)
{
	if (TipAnyRefuses(findings))
		TipExcuseFindings(attached->engine->home,
						  TipRecordKey(attached->engine, attached->now),
						  findings);
	if (attached->mode == MODE_ENFORCE && !is_recent(attached, is_update))
		refuse_nothing(findings);
	if (attached->mode == MODE_ENFORCE && is_update)
		forgive_unchanged(attached, findings);
	if (!TipAnyRefuses(findings))
		return;
	if (attached->mode == MODE_ENFORCE)
		tip_report(rel, attached->entity, 1, findings);
	if (attached->mode == MODE_WARN)
		warn(attached, rel, findings);
	refuse_nothing(findings);
}

static void
judge(Attached *attached, Relation rel, bool is_update)
{
	TipEngine  *engine = attached->engine;
	List	   *findings = NIL;

	if (!TipRecordPasses(engine, attached->now))
	{
		findings = TipRecordFindings(engine, attached->now);
		decide(attached, rel, findings, is_update);
	}
	TipKeepFindings(rel, engine, attached->now, findings, !is_update);
}

/*
 * Judge what the row becomes, and forget what it was.  Once findings are kept
 * the slots may hold another row: a trigger on the findings may write here.
 */
static void
take_row(Attached *attached, TriggerData *data, TupleTableSlot *before,
		 TupleTableSlot *now)
{
	bool		was = before != NULL && is_wanted(attached, before);
	bool		is = now != NULL && is_wanted(attached, now);
	char	   *gone = NULL;
	char	   *key;

	attached->row_now = now;
	attached->row_before = before;
	if (was)
	{
		project(attached, before, attached->before);
		gone = TipRecordKey(attached->engine, attached->before);
	}
	if (is)
	{
		project(attached, now, attached->now);
		key = TipRecordKey(attached->engine, attached->now);
		if (gone != NULL && (key == NULL || strcmp(key, gone) == 0))
			gone = NULL;
		judge(attached, data->tg_relation, was);
	}
	if (gone != NULL)
		TipForgetRecord(attached->engine, gone);
}

static HeapTuple
check_attached(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Attached   *attached;

	check_protocol(fcinfo);
	attached = attached_for(data);
	if (TipMakeRoom(attached->engine))
		attached = attached_for(data);
	ResetExprContext(attached->econtext);
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		take_row(attached, data, data->tg_trigslot, data->tg_newslot);
	else if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		take_row(attached, data, data->tg_trigslot, NULL);
	else
		take_row(attached, data, NULL, data->tg_trigslot);
	return TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple :
		data->tg_trigtuple;
}

/*
 * tip_check_attached
 *		Judge a row of an attached table before it is stored.
 */
Datum
tip_check_attached(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	HeapTuple	tuple;

	TipHide(&veil);
	tuple = check_attached(fcinfo);
	TipReveal(&veil);
	return PointerGetDatum(tuple);
}

/*
 * tip_require_attachable(view regclass)
 *		Raise what the trigger would raise about the view with every row.
 */
Datum
tip_require_attachable(PG_FUNCTION_ARGS)
{
	Relation	view = table_open(PG_GETARG_OID(0), AccessShareLock);
	Attached	attached = {0};
	Relation	rel;

	if (!TipIsMapped(view))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" is not the view of an attached table",
						RelationGetRelationName(view))));
	attached.desc = RelationGetDescr(view);
	rel = table_open(TipMappedTable(get_view_query(view))->relid,
					 AccessShareLock);
	prepare_columns(&attached, view, rel);
	table_close(rel, AccessShareLock);
	table_close(view, AccessShareLock);
	PG_RETURN_VOID();
}

/* ---- how it is mapped ---- */

typedef struct Mapping
{
	char	   *column;
	char	   *scheme;
	char	   *variable;
} Mapping;

/* Whatever else is in the expression, these are what tip.attach() was given. */
static bool
find_mapping(Node *node, void *context)
{
	Mapping    *mapping = ((void **) context)[0];
	RangeTblEntry *entry = ((void **) context)[1];

	if (node == NULL)
		return false;
	if (IsA(node, Var))
		mapping->column = get_attname(entry->relid, ((Var *) node)->varattno,
									  false);
	if (IsA(node, FuncExpr) && list_length(((FuncExpr *) node)->args) == 4)
	{
		Const	   *scheme = lsecond(((FuncExpr *) node)->args);
		Const	   *variable = lthird(((FuncExpr *) node)->args);

		if (IsA(scheme, Const) && !scheme->constisnull &&
			IsA(variable, Const) && !variable->constisnull)
		{
			mapping->scheme = TextDatumGetCString(scheme->constvalue);
			mapping->variable = TextDatumGetCString(variable->constvalue);
		}
	}
	return expression_tree_walker(node, find_mapping, context);
}

static void
put_mapping(ReturnSetInfo *result, TargetEntry *target, RangeTblEntry *entry)
{
	Mapping		mapping = {0};
	void	   *context[] = {&mapping, entry};
	Datum		values[4];
	bool		nulls[4] = {false};

	if (target->resjunk || strncmp(target->resname, "tip_", 4) == 0)
		return;
	(void) find_mapping((Node *) target->expr, context);
	if (mapping.column == NULL && IsA(target->expr, Const) &&
		((Const *) target->expr)->constisnull)
		return;
	values[0] = CStringGetTextDatum(target->resname);
	nulls[1] = mapping.column == NULL;
	values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(mapping.column);
	nulls[2] = nulls[3] = mapping.scheme == NULL;
	values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(mapping.scheme);
	values[3] = nulls[3] ? (Datum) 0 : CStringGetTextDatum(mapping.variable);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * tip_attached_columns(view regclass)
 *		Column of the entity, column of the table, scheme and variable.
 */
Datum
tip_attached_columns(PG_FUNCTION_ARGS)
{
	Relation	view = table_open(PG_GETARG_OID(0), AccessShareLock);
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	if (TipIsMapped(view) && OidIsValid(TipMappedRelid(get_view_query(view))))
	{
		Query	   *query = get_view_query(view);
		RangeTblEntry *entry = TipMappedTable(query);

		foreach(cell, query->targetList)
			put_mapping((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell),
						entry);
	}
	table_close(view, AccessShareLock);
	return (Datum) 0;
}

/*
 * tip_attached_table(view regclass)
 *		The table that a view of an attached table shows; NULL for any other.
 */
Datum
tip_attached_table(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Relation	view;
	Oid			table = InvalidOid;

	if (get_rel_name(relid) == NULL)
		PG_RETURN_NULL();
	view = table_open(relid, AccessShareLock);
	if (TipIsMapped(view))
		table = TipMappedRelid(get_view_query(view));
	table_close(view, AccessShareLock);
	if (!OidIsValid(table))
		PG_RETURN_NULL();
	PG_RETURN_OID(table);
}

/*
 * tip_trigger_arguments(pg_trigger.tgargs bytea)
 *		The arguments of a trigger: each ends in a zero byte.
 */
Datum
tip_trigger_arguments(PG_FUNCTION_ARGS)
{
	bytea	   *args = PG_GETARG_BYTEA_PP(0);
	char	   *next = VARDATA_ANY(args);
	char	   *end = next + VARSIZE_ANY_EXHDR(args);
	Datum	   *elements = palloc(sizeof(Datum) * (end - next + 1));
	int			count = 0;

	while (next < end)
	{
		int			len = strnlen(next, end - next);

		elements[count++] = PointerGetDatum(cstring_to_text_with_len(next,
																	 len));
		next += len + 1;
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, count, TEXTOID, -1, false,
										  TYPALIGN_INT));
}
