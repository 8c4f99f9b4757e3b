/*
 * rules_save.c
 *		tip.save(): store a record and say what was found, in one call.
 *
 * A record that the rules refuse, or a constraint of the table, is not stored
 * and raises nothing: the answer has no id, the transaction goes on and the
 * form is not lost.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "errors.h"
#include "rules_record.h"

PG_FUNCTION_INFO_V1(tip_save);

typedef struct Saver
{
	TipRecord  *record;
	int			key;			/* attribute of the surrogate key */
	char	   *table;			/* qualified and quoted */
	const char *key_name;		/* quoted */
	bool		exists;
	Datum		stored;			/* key of the record that was stored */
	bool		stored_isnull;
} Saver;

static void
find_key(Saver *saver)
{
	TipEngine  *engine = TipEngineFor(saver->record->rel,
									  saver->record->entity);

	if (!AttributeNumberIsValid(engine->key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("entity \"%s\" has no key column \"%s_id\" of type uuid",
						saver->record->entity, saver->record->entity)));
	saver->key = engine->key - 1;
	saver->key_name =
		quote_identifier(NameStr(TupleDescAttr(saver->record->desc,
											   saver->key)->attname));
}

typedef struct KeyTask
{
	char	   *text;
	Datum		key;
} KeyTask;

static void
read_key(void *arg)
{
	KeyTask    *task = arg;

	task->key = DirectFunctionCall1(uuid_in, CStringGetDatum(task->text));
}

/* The stored row stands in for what the record does not speak of. */
static bool
merge_stored(Saver *saver)
{
	TipRecord  *record = saver->record;
	Oid			types[] = {UUIDOID};
	KeyTask		task = {record->texts[saver->key], (Datum) 0};
	ErrorData  *error;

	/* A key that is none is a finding like any other. */
	if (task.text == NULL || !TipTry(read_key, &task, &error))
		return false;
	if (SPI_execute_with_args(psprintf("SELECT * FROM %s WHERE %s = $1"
									   " FOR NO KEY UPDATE",
									   saver->table, saver->key_name),
							  1, types, &task.key, NULL, false, 0) < 0)
		elog(ERROR, "could not look for the stored record");
	if (SPI_processed == 0)
		return false;
	for (int i = 0; i < record->desc->natts; i++)
		if (!record->given[i] && !TupleDescAttr(record->desc, i)->attisdropped)
			record->texts[i] = SPI_getvalue(SPI_tuptable->vals[0],
											SPI_tuptable->tupdesc, i + 1);
	return true;
}

/* Columns that were given, as "a, b" or as "$1, $2". */
static char *
list_given(Saver *saver, bool places)
{
	StringInfoData text;
	int			count = 0;

	initStringInfo(&text);
	for (int i = 0; i < saver->record->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(saver->record->desc, i);

		if (!saver->record->given[i])
			continue;
		if (count++ > 0)
			appendStringInfoString(&text, ", ");
		if (places)
			appendStringInfo(&text, "$%d", count);
		else
			appendStringInfoString(&text,
								   quote_identifier(NameStr(att->attname)));
	}
	return text.data;
}

static char *
store_query(Saver *saver, bool exists, int ngiven)
{
	if (exists)
		return psprintf("UPDATE %s SET (%s) = ROW(%s)"
						" WHERE %s = $%d RETURNING %s",
						saver->table, list_given(saver, false),
						list_given(saver, true), saver->key_name, ngiven + 1,
						saver->key_name);
	if (ngiven == 0)
		return psprintf("INSERT INTO %s DEFAULT VALUES RETURNING %s",
						saver->table, saver->key_name);
	return psprintf("INSERT INTO %s (%s) VALUES (%s) RETURNING %s",
					saver->table, list_given(saver, false),
					list_given(saver, true), saver->key_name);
}

static Datum
copy_uuid(Datum id)
{
	pg_uuid_t  *copy = SPI_palloc(sizeof(pg_uuid_t));

	*copy = *DatumGetUUIDP(id);
	return UUIDPGetDatum(copy);
}

static void
store_attempt(void *arg)
{
	Saver	   *saver = arg;
	bool		exists = saver->exists;
	TipRecord  *record = saver->record;
	int			natts = record->desc->natts;
	Oid		   *types = palloc(sizeof(Oid) * (natts + 1));
	Datum	   *values = palloc(sizeof(Datum) * (natts + 1));
	char	   *nulls = palloc(natts + 1);
	int			ngiven = 0;
	int			nargs;

	for (int i = 0; i < natts; i++)
	{
		if (!record->given[i])
			continue;
		types[ngiven] = TupleDescAttr(record->desc, i)->atttypid;
		values[ngiven] = record->slot->tts_values[i];
		nulls[ngiven++] = record->slot->tts_isnull[i] ? 'n' : ' ';
	}
	nargs = ngiven;
	if (exists)
	{
		types[nargs] = UUIDOID;
		values[nargs] = record->slot->tts_values[saver->key];
		nulls[nargs++] = ' ';
	}
	if (SPI_execute_with_args(store_query(saver, exists, ngiven), nargs, types,
							  values, nulls, false, 0) < 0)
		elog(ERROR, "could not store the record");
	if (SPI_processed == 1)
		saver->stored = SPI_getbinval(SPI_tuptable->vals[0],
									  SPI_tuptable->tupdesc, 1,
									  &saver->stored_isnull);
	if (!saver->stored_isnull)
		saver->stored = copy_uuid(saver->stored);
}

/*
 * What core refuses for its value (a constraint, a length) is a finding too:
 * core's own words hold the row.  What is wrong with the call is an error.
 */
static List *
store(Saver *saver)
{
	ErrorData  *error;

	saver->stored_isnull = true;
	if (TipTry(store_attempt, saver, &error))
		return NIL;
	saver->stored_isnull = true;
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION):
		case ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION):
			return list_make1(TipStoreFinding(saver->record, error));
		default:
			ReThrowError(error);
	}
}

static Datum
findings_datum(List *findings)
{
	Datum		json = CStringGetDatum(TipFindingsJson(findings));

	return SPI_datumTransfer(DirectFunctionCall1(jsonb_in, json), false, -1);
}

/*
 * tip_save(entity text, record jsonb, schema name)
 *		Insert, or update where the key is stored already: only what is given.
 */
Datum
tip_save(PG_FUNCTION_ARGS)
{
	char	   *schema = NameStr(*PG_GETARG_NAME(2));
	Saver		saver = {0};
	List	   *findings;
	TupleDesc	desc;
	Datum		values[2] = {(Datum) 0, (Datum) 0};
	bool		nulls[2] = {true, false};
	TipVeil		veil;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	TipHide(&veil);
	saver.record = TipOpenRecord(schema, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	saver.table = quote_qualified_identifier(schema, saver.record->entity);
	find_key(&saver);
	SPI_connect();
	findings = TipReadObject(saver.record, PG_GETARG_JSONB_P(1));
	saver.exists = merge_stored(&saver);
	findings = list_concat(findings, TipJudgeRecord(saver.record));
	saver.stored_isnull = true;
	if (!TipAnyRefuses(findings))
		findings = list_concat(store(&saver), findings);
	values[0] = saver.stored;
	nulls[0] = saver.stored_isnull;
	values[1] = findings_datum(findings);
	SPI_finish();
	TipCloseRecord(saver.record);
	TipReveal(&veil);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
