/*
 * rules_json.c
 *		tip.check_record(): a record as jsonb, its findings as rows; and
 *		tip.check_rules(): how the rules themselves compile.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "codes.h"
#include "errors.h"
#include "rules_record.h"

PG_FUNCTION_INFO_V1(tip_check_record);
PG_FUNCTION_INFO_V1(tip_check_rules);

/* ---- jsonb to the text that an input function takes ---- */

static char *
scalar_text(JsonbValue *value)
{
	Datum		datum;

	switch (value->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			datum = NumericGetDatum(value->val.numeric);
			return DatumGetCString(DirectFunctionCall1(numeric_out, datum));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvBinary:
			return JsonbToCString(NULL, value->val.binary.data,
								  value->val.binary.len);
		default:
			elog(ERROR, "unexpected jsonb value");
	}
	return NULL;
}

static void
append_element(StringInfo text, JsonbValue *value, bool is_set)
{
	char	   *element = scalar_text(value);

	if (text->len > 1)
		appendStringInfoChar(text, ',');
	if (element == NULL || is_set)
	{
		appendStringInfoString(text, element ? element : "NULL");
		return;
	}
	appendStringInfoChar(text, '"');
	for (const char *c = element; *c != '\0'; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfoChar(text, '\\');
		appendStringInfoChar(text, *c);
	}
	appendStringInfoChar(text, '"');
}

/* A JSON array becomes the literal of an array, or of a set of codes. */
static char *
array_text(JsonbContainer *container, bool is_set)
{
	StringInfoData text;
	uint32		count = JsonContainerSize(container);

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (uint32 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		append_element(&text, getIthJsonbValueFromContainer(container, i),
					   is_set);
	}
	appendStringInfoChar(&text, '}');
	return text.data;
}

static char *
value_text(JsonbValue *value, Oid type)
{
	bool		is_set = TipSetListByType(type) > 0;

	if (value->type == jbvNull)
		return NULL;
	if (type == JSONOID || type == JSONBOID)
		return JsonbToCString(NULL, &JsonbValueToJsonb(value)->root, -1);
	if (value->type == jbvBinary &&
		JsonContainerIsArray(value->val.binary.data) &&
		(is_set || OidIsValid(get_element_type(type))))
		return array_text(value->val.binary.data, is_set);
	return scalar_text(value);
}

/* ---- keys ---- */

/* A key that is no plain name is not repeated: it may be a value astray. */
static bool
is_plain_name(const char *key)
{
	return strlen(key) < NAMEDATALEN &&
		key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static const char *const key_messages[TIP_MESSAGE_LANGUAGES] = {
	"the record has a key that is no column of its entity",
	"el registro tiene una clave que no es columna de su entidad",
	"une clé de l'enregistrement n'est pas une colonne de son entité"
};

static TipFinding *
unknown_key(TipRecord *record, const char *key)
{
	const char *name = is_plain_name(key) ? key : "(not a column name)";

	return TipMakeFinding("KEY", record->entity, name,
						  key_messages,
						  "Keys are spelled like the columns of the entity's table.");
}

static int
column_of(TipRecord *record, const char *key)
{
	for (int i = 0; i < record->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(record->desc, i);

		if (!att->attisdropped && att->attgenerated == '\0' &&
			strcmp(NameStr(att->attname), key) == 0)
			return i;
	}
	return -1;
}

/* Fill the texts of a record; the result names the keys that have no column. */
List *
TipReadObject(TipRecord *record, Jsonb *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	List	   *findings = NIL;

	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("record must be a JSON object"),
				 errhint("Its keys are the columns of the entity.")));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *key;
		int			i;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		i = column_of(record, key);
		if (i < 0)
			findings = lappend(findings, unknown_key(record, key));
		else
		{
			record->given[i] = true;
			record->texts[i] =
				value_text(&value, TupleDescAttr(record->desc, i)->atttypid);
		}
	}
	return findings;
}

/* ---- rows ---- */

static Datum
columns_datum(const TipRule *rule)
{
	Datum	   *elements = palloc(sizeof(Datum) * (rule->ncolumns + 1));

	for (int i = 0; i < rule->ncolumns; i++)
		elements[i] = CStringGetTextDatum(rule->columns[i]);
	return PointerGetDatum(construct_array(elements, rule->ncolumns, TEXTOID,
										   -1, false, TYPALIGN_INT));
}

void
TipPutFinding(ReturnSetInfo *result, const TipFinding *finding)
{
	const TipRule *rule = finding->rule;
	Datum		values[6];
	bool		nulls[6] = {false};

	values[0] = CStringGetTextDatum(rule->id);
	values[1] = CStringGetTextDatum(rule->is_error ? "error" : "warning");
	values[2] = CStringGetTextDatum(TipOutcomeName(finding->outcome));
	values[3] = columns_datum(rule);
	values[4] = CStringGetTextDatum(TipRuleMessage(rule));
	nulls[5] = rule->hint == NULL;
	values[5] = nulls[5] ? (Datum) 0 : CStringGetTextDatum(TipRuleHint(rule));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * tip_check_record(entity text, record jsonb, schema name)
 *		What the trigger would say, for a record that is stored nowhere.
 */
Datum
tip_check_record(PG_FUNCTION_ARGS)
{
	char	   *entity = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Jsonb	   *object = PG_GETARG_JSONB_P(1);
	char	   *schema = NameStr(*PG_GETARG_NAME(2));
	TipRecord  *record;
	List	   *findings;
	ListCell   *cell;
	TipVeil		veil;

	InitMaterializedSRF(fcinfo, 0);
	TipHide(&veil);
	record = TipOpenRecord(schema, entity);
	findings = TipReadObject(record, object);
	findings = list_concat(findings, TipJudgeRecord(record));
	foreach(cell, findings)
		TipPutFinding((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	TipCloseRecord(record);
	TipReveal(&veil);
	return (Datum) 0;
}

/* Of a table that is attached: nothing is mapped to what the rule is about. */
static void
put_idle_rule(ReturnSetInfo *result, const TipRule *rule)
{
	Datum		values[3];
	bool		nulls[3] = {false, false, true};

	values[0] = CStringGetTextDatum(rule->id);
	values[1] = CStringGetTextDatum("unmapped");
	values[2] = (Datum) 0;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_rule(ReturnSetInfo *result, const TipRule *rule, const TipRuleGroup *group)
{
	bool		is_refused = rule->state == NULL ||
		(group->condition != NULL && group->applies == NULL);
	Datum		values[3];
	bool		nulls[3] = {false};

	values[0] = CStringGetTextDatum(rule->id);
	values[1] = CStringGetTextDatum(is_refused ? "refused" :
									rule->is_total ? "total" : "guarded");
	nulls[2] = !is_refused;
	values[2] = nulls[2] ? (Datum) 0 :
		CStringGetTextDatum(rule->refusal ? rule->refusal :
							"the condition of its stage does not compile");
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * tip_check_rules(entity text, schema name)
 *		Compile the rules of an entity and say what became of each.
 */
Datum
tip_check_rules(PG_FUNCTION_ARGS)
{
	char	   *entity = text_to_cstring(PG_GETARG_TEXT_PP(0));
	TipRecord  *record;
	TipEngine  *engine;
	ListCell   *cell;
	ListCell   *inner;

	InitMaterializedSRF(fcinfo, 0);
	record = TipOpenRecord(NameStr(*PG_GETARG_NAME(1)), entity);
	engine = TipEngineFor(record->rel, entity);
	foreach(cell, engine->groups)
		foreach(inner, ((TipRuleGroup *) lfirst(cell))->rules)
			put_rule((ReturnSetInfo *) fcinfo->resultinfo, lfirst(inner),
					 lfirst(cell));
	foreach(cell, engine->idle)
		put_idle_rule((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	TipCloseRecord(record);
	return (Datum) 0;
}
