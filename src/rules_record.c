/*
 * rules_record.c
 *		Judge a record that is not stored: texts in, findings out.
 *
 * Here a value that is no value of its type is a finding like any other, so
 * that one answer names all mistakes.  The rejected text is not repeated.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tupdesc.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "catalog/dependency.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "rules_record.h"

typedef struct CoerceTask
{
	TipRecord  *record;
	int			from;
	int			to;				/* attributes from .. to - 1 */
} CoerceTask;

static Relation
open_entity(const char *schema, const char *entity)
{
	Oid			namespace = get_namespace_oid(schema, true);
	Oid			relid = InvalidOid;

	if (OidIsValid(namespace))
		relid = get_relname_relid(entity, namespace);
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("entity \"%s\" has no table in schema \"%s\"",
						entity, schema),
				 errhint("Entities are the tables that tip.create_model() makes.")));
	return table_open(relid, AccessShareLock);
}

TipRecord *
TipOpenRecord(const char *schema, const char *entity)
{
	TipRecord  *record = palloc0(sizeof(TipRecord));
	int			natts;

	record->rel = open_entity(schema, entity);
	record->desc = RelationGetDescr(record->rel);
	record->entity = pstrdup(entity);
	natts = record->desc->natts;
	record->input = palloc0(sizeof(FmgrInfo) * natts);
	record->ioparam = palloc0(sizeof(Oid) * natts);
	record->texts = palloc0(sizeof(char *) * natts);
	record->given = palloc0(sizeof(bool) * natts);
	for (int i = 0; i < natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(record->desc, i);
		Oid			function;

		if (att->attisdropped)
			continue;
		getTypeInputInfo(att->atttypid, &function, &record->ioparam[i]);
		fmgr_info(function, &record->input[i]);
	}
	record->slot = MakeSingleTupleTableSlot(record->desc, &TTSOpsVirtual);
	return record;
}

void
TipCloseRecord(TipRecord *record)
{
	ExecDropSingleTupleTableSlot(record->slot);
	table_close(record->rel, AccessShareLock);
}

void
TipClearRecord(TipRecord *record)
{
	ExecClearTuple(record->slot);
	memset(record->texts, 0, sizeof(char *) * record->desc->natts);
}

/* A finding of ours, about no rule of the catalogue; one message a language. */
TipFinding *
TipMakeFinding(const char *id, const char *entity, const char *column,
			   const char *const *messages, const char *hint)
{
	TipFinding *finding = palloc0(sizeof(TipFinding));
	TipRule    *rule = palloc0(sizeof(TipRule));

	rule->id = pstrdup(id);
	rule->entity = pstrdup(entity);
	rule->is_error = true;
	for (int i = 0; i < TIP_MESSAGE_LANGUAGES; i++)
		rule->message[i] = pstrdup(messages[i]);
	rule->hint = hint ? pstrdup(hint) : NULL;
	if (column != NULL)
	{
		rule->columns = palloc(sizeof(char *));
		rule->columns[0] = pstrdup(column);
		rule->ncolumns = 1;
	}
	finding->rule = rule;
	finding->outcome = TIP_FAILED;
	finding->refuses = true;
	return finding;
}

static void
coerce_attempt(void *arg)
{
	CoerceTask *task = arg;
	TipRecord  *record = task->record;
	TupleTableSlot *slot = record->slot;

	for (int i = task->from; i < task->to; i++)
	{
		slot->tts_isnull[i] = true;
		slot->tts_values[i] = (Datum) 0;
		if (record->texts[i] == NULL)
			continue;
		slot->tts_values[i] =
			InputFunctionCall(&record->input[i], record->texts[i],
							  record->ioparam[i],
							  TupleDescAttr(record->desc, i)->atttypmod);
		slot->tts_isnull[i] = false;
	}
}

/* The hints of our own types name codes; core's words may hold the value. */
static const char *
safe_hint(Oid type, const ErrorData *error)
{
	Oid			extension = get_extension_oid("tip_module", true);

	if (OidIsValid(extension) &&
		getExtensionOfObject(TypeRelationId, type) == extension)
		return error->hint;
	return NULL;
}

static const char *const mixed_messages[TIP_MESSAGE_LANGUAGES] = {
	"a missing code stands beside a substantive code",
	"un código de valor ausente junto a un código con contenido",
	"un code de valeur manquante à côté d'un code de contenu"
};

static const char *const type_messages[TIP_MESSAGE_LANGUAGES] = {
	"the value is not of type",
	"el valor no es del tipo",
	"la valeur n'est pas du type"
};

static const char *const store_messages[TIP_MESSAGE_LANGUAGES] = {
	"the row could not be stored: SQLSTATE",
	"no se pudo guardar la fila: SQLSTATE",
	"la ligne n'a pas pu être enregistrée : SQLSTATE"
};

/* The same messages with a word at their end, where it stands in all three. */
static const char *const *
append_word(const char *const *messages, const char *word)
{
	const char **result = palloc(sizeof(char *) * TIP_MESSAGE_LANGUAGES);

	for (int i = 0; i < TIP_MESSAGE_LANGUAGES; i++)
		result[i] = psprintf("%s %s", messages[i], word);
	return result;
}

static TipFinding *
type_finding(TipRecord *record, int i, const ErrorData *error)
{
	Form_pg_attribute att = TupleDescAttr(record->desc, i);

	/* Only the input of a set knows that its members do not go together. */
	if (error->constraint_name != NULL &&
		strcmp(error->constraint_name, "X09") == 0)
		return TipMakeFinding("X09", record->entity, NameStr(att->attname),
							  mixed_messages,
							  safe_hint(att->atttypid, error));
	return TipMakeFinding("TYPE", record->entity, NameStr(att->attname),
						  append_word(type_messages,
									  format_type_be(att->atttypid)),
						  safe_hint(att->atttypid, error));
}

/* What core said when it did not store a record, without its words. */
TipFinding *
TipStoreFinding(TipRecord *record, const ErrorData *error)
{
	char	   *state;

	state = psprintf("%s%s%s", unpack_sql_state(error->sqlerrcode),
					 error->constraint_name ? ", constraint " : "",
					 error->constraint_name ? error->constraint_name : "");
	return TipMakeFinding("STORE", record->entity, error->column_name,
						  append_word(store_messages, state), NULL);
}

/* One subtransaction for a good record; one per column for a bad one. */
static List *
coerce_record(TipRecord *record)
{
	CoerceTask	task = {record, 0, record->desc->natts};
	List	   *findings = NIL;
	ErrorData  *error;

	if (TipTry(coerce_attempt, &task, &error))
		return NIL;
	for (int i = 0; i < record->desc->natts; i++)
	{
		task.from = i;
		task.to = i + 1;
		if (TipTry(coerce_attempt, &task, &error))
			continue;
		record->slot->tts_isnull[i] = true;
		findings = lappend(findings, type_finding(record, i, error));
	}
	return findings;
}

static bool
shares_column(const TipRule *a, const TipRule *b)
{
	for (int i = 0; i < a->ncolumns; i++)
		for (int j = 0; j < b->ncolumns; j++)
			if (strcmp(a->columns[i], b->columns[j]) == 0)
				return true;
	return false;
}

/* A rule about a column that has no value of its type could not be judged. */
void
TipMaskUnreadable(List *findings, List *types)
{
	ListCell   *cell;
	ListCell   *other;

	foreach(cell, findings)
	{
		TipFinding *finding = lfirst(cell);

		foreach(other, types)
		{
			TipFinding *type = lfirst(other);

			if (!shares_column(finding->rule, type->rule))
				continue;
			finding->outcome = TIP_NOT_EVALUABLE;
			finding->refuses = false;
		}
	}
}

/*
 * TipJudgeRecord
 *		Findings about the texts of a record; its slot holds the values.
 */
List *
TipJudgeRecord(TipRecord *record)
{
	TipEngine  *engine = TipEngineFor(record->rel, record->entity);
	List	   *types;
	List	   *findings;

	ExecClearTuple(record->slot);
	types = coerce_record(record);
	ExecStoreVirtualTuple(record->slot);
	findings = TipRecordFindings(engine, record->slot);
	if (TipAnyRefuses(findings))
		TipExcuseFindings(RelationGetNamespace(record->rel),
						  TipRecordKey(engine, record->slot), findings);
	TipMaskUnreadable(findings, types);
	return list_concat(types, findings);
}
