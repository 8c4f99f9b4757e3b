/*
 * rules_trigger.c
 *		The trigger that judges a record before it is stored.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "errors.h"
#include "rules.h"
#include "rules_case.h"

PG_FUNCTION_INFO_V1(tip_check_row);
PG_FUNCTION_INFO_V1(tip_rules_changed);

static void
refuse_protocol(const char *must)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("%s", must)));
}

static void
check_protocol(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		refuse_protocol("function \"check_row\" must be called as a trigger");
	if (!TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		refuse_protocol(
						"function \"check_row\" must be fired before, for each row");
	if (data->tg_trigger->tgnargs > 1)
		refuse_protocol(
						"function \"check_row\" takes one argument, the entity");
}

static const char *
entity_of(TriggerData *data)
{
	if (data->tg_trigger->tgnargs == 1)
		return data->tg_trigger->tgargs[0];
	return RelationGetRelationName(data->tg_relation);
}

/* The engine is found once per statement; it may be rebuilt between rows. */
static TipEngine *
engine_for(FunctionCallInfo fcinfo, TriggerData *data)
{
	TipEngine  *engine = fcinfo->flinfo->fn_extra;

	if (engine == NULL || !TipEngineIsCurrent(engine) ||
		engine->relid != RelationGetRelid(data->tg_relation))
	{
		engine = TipEngineFor(data->tg_relation, entity_of(data));
		fcinfo->flinfo->fn_extra = engine;
	}
	return engine;
}

/* Refuse the record, or keep what was found until the statement ends. */
static void
judge(TriggerData *data, TipEngine *engine, TupleTableSlot *slot,
	  bool is_update)
{
	List	   *findings = NIL;

	if (!TipRecordPasses(engine, slot))
	{
		findings = TipRecordFindings(engine, slot);
		if (TipAnyRefuses(findings))
			TipExcuseFindings(engine->home,
							  TipRecordKey(engine, slot), findings);
		if (TipAnyRefuses(findings))
			tip_report(data->tg_relation, NameStr(engine->entity), 1,
					   findings);
	}
	TipKeepFindings(data->tg_relation, engine, slot, findings, !is_update);
}

/* The record carries the number of the rule set that it was judged by. */
static HeapTuple
stamp(TriggerData *data, TipEngine *engine, TupleTableSlot *slot,
	  HeapTuple tuple)
{
	int			number;
	int			columns[1] = {engine->stamp};
	Datum		values[1];
	bool		isnull[1];

	if (!AttributeNumberIsValid(engine->stamp))
		return tuple;
	number = TipCurrentRuleset();
	values[0] = slot_getattr(slot, engine->stamp, isnull);
	if (!isnull[0] && DatumGetInt32(values[0]) == number)
		return tuple;
	values[0] = Int32GetDatum(number);
	isnull[0] = false;
	return heap_modify_tuple_by_cols(tuple,
									 RelationGetDescr(data->tg_relation),
									 1, columns, values, isnull);
}

static bool
key_changes(TupleTableSlot *before, TupleTableSlot *after, AttrNumber key)
{
	bool		nulls[2];
	Datum		keys[2];

	keys[0] = slot_getattr(before, key, &nulls[0]);
	keys[1] = slot_getattr(after, key, &nulls[1]);
	if (nulls[0] || nulls[1])
		return nulls[0] != nulls[1];
	return memcmp(DatumGetPointer(keys[0]), DatumGetPointer(keys[1]),
				  UUID_LEN) != 0;
}

static HeapTuple
check_row(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	bool		is_update;
	TupleTableSlot *slot;
	HeapTuple	tuple;
	TipEngine  *engine;

	check_protocol(fcinfo);
	is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	slot = is_update ? data->tg_newslot : data->tg_trigslot;
	tuple = is_update ? data->tg_newtuple : data->tg_trigtuple;
	if (TipTouchesCase(data))
		return tuple;
	engine = engine_for(fcinfo, data);
	if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
	{
		TipForgetFindings(data->tg_relation, engine, slot);
		return tuple;
	}
	judge(data, engine, slot, is_update);
	if (is_update && AttributeNumberIsValid(engine->key) &&
		key_changes(data->tg_trigslot, slot, engine->key))
		TipForgetFindings(data->tg_relation, engine, data->tg_trigslot);
	return stamp(data, engine, slot, tuple);
}

/*
 * tip_check_row
 *		Refuse a record that violates an error rule, naming all violations.
 */
Datum
tip_check_row(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	HeapTuple	tuple;

	TipHide(&veil);
	tuple = check_row(fcinfo);
	TipReveal(&veil);
	return PointerGetDatum(tuple);
}

/* Tell all sessions that the catalogue changed: a row change alone does not. */
Datum
tip_rules_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event))
		refuse_protocol(
						"function \"rules_changed\" must be called as an after trigger");
	CacheInvalidateRelcacheByRelid(RelationGetRelid(data->tg_relation));
	return PointerGetDatum(NULL);
}
