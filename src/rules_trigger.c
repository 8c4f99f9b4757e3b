/*
 * rules_trigger.c
 *		The trigger that judges a record before it is stored.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/rel.h"

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
		!TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event))
		refuse_protocol(
						"function \"check_row\" must be fired before insert or update for each row");
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

	if (engine == NULL || !engine->is_valid ||
		engine->relid != RelationGetRelid(data->tg_relation))
	{
		engine = TipEngineFor(data->tg_relation, entity_of(data));
		fcinfo->flinfo->fn_extra = engine;
	}
	return engine;
}

/*
 * tip_check_row
 *		Refuse a record that violates an error rule, naming all violations.
 */
Datum
tip_check_row(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	bool		is_update;
	TupleTableSlot *slot;
	TipEngine  *engine;
	List	   *findings;

	check_protocol(fcinfo);
	is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	slot = is_update ? data->tg_newslot : data->tg_trigslot;
	if (!TipCaseCheckRuns())
	{
		engine = engine_for(fcinfo, data);
		if (!TipRecordPasses(engine, slot))
		{
			findings = TipRecordFindings(engine, slot);
			if (TipAnyRefuses(findings))
				tip_report(data->tg_relation, NameStr(engine->entity), 1,
						   findings);
		}
	}
	return PointerGetDatum(is_update ? data->tg_newtuple : data->tg_trigtuple);
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
