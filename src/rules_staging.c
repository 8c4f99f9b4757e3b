/*
 * rules_staging.c
 *		tip.load(): good rows in, bad rows to quarantine, nothing lost.
 *
 * Rows are read in chunks.  A chunk's good rows are stored in one
 * subtransaction; if core refuses one of them (a key, a foreign key), the
 * chunk is stored again row by row, so that only the culprit is set aside.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "rules_record.h"

#define ROWS_PER_CHUNK 500

PG_FUNCTION_INFO_V1(tip_load);

typedef struct StagedRow
{
	HeapTuple	tuple;			/* of the staging table */
	int64		line;
	Datum	   *values;			/* of the mapped columns */
	char	   *nulls;
} StagedRow;

typedef struct Loader
{
	TipRecord  *record;
	const char *schema;
	TupleDesc	staging;
	int		   *target;			/* per staging column, or -1 */
	List	   *unknown;		/* names */
	int			ncolumns;		/* mapped columns */
	int		   *columns;		/* their attributes in the entity */
	SPIPlanPtr	insert;
	SPIPlanPtr	quarantine;
	Datum		batch;
	int64		nread;
	int64		nstored;
	int64		nquarantined;
	MemoryContext rows;			/* reset per chunk */
} Loader;

typedef struct StoreTask
{
	Loader	   *loader;
	List	   *rows;			/* of StagedRow */
} StoreTask;

/* ---- mapping ---- */

static int
entity_column(TipRecord *record, const char *name)
{
	for (int i = 0; i < record->desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(record->desc, i);

		if (!att->attisdropped && att->attgenerated == '\0' &&
			strcmp(NameStr(att->attname), name) == 0)
			return i;
	}
	return -1;
}

static void
map_columns(Loader *loader)
{
	int			natts = loader->staging->natts;

	loader->target = palloc(sizeof(int) * natts);
	loader->columns = palloc(sizeof(int) * natts);
	for (int i = 0; i < natts; i++)
	{
		char	   *name = SPI_fname(loader->staging, i + 1);

		loader->target[i] = entity_column(loader->record, name);
		if (loader->target[i] < 0)
			loader->unknown = lappend(loader->unknown, name);
		else
			loader->columns[loader->ncolumns++] = loader->target[i];
	}
	if (loader->ncolumns == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("staging table has no column of entity \"%s\"",
						loader->record->entity),
				 errhint("Name its columns like those of the entity.")));
}

static SPIPlanPtr
keep_plan(const char *query, int nargs, Oid *types)
{
	SPIPlanPtr	plan = SPI_prepare(query, nargs, types);

	if (plan == NULL)
		elog(ERROR, "could not prepare: %s",
			 SPI_result_code_string(SPI_result));
	return plan;
}

static void
prepare_insert(Loader *loader)
{
	StringInfoData names;
	StringInfoData places;
	Oid		   *types = palloc(sizeof(Oid) * loader->ncolumns);

	initStringInfo(&names);
	initStringInfo(&places);
	for (int i = 0; i < loader->ncolumns; i++)
	{
		Form_pg_attribute att = TupleDescAttr(loader->record->desc,
											  loader->columns[i]);

		appendStringInfo(&names, "%s%s", i > 0 ? "," : "",
						 quote_identifier(NameStr(att->attname)));
		appendStringInfo(&places, "%s$%d", i > 0 ? "," : "", i + 1);
		types[i] = att->atttypid;
	}
	loader->insert =
		keep_plan(psprintf("INSERT INTO %s.%s (%s) VALUES (%s)",
						   quote_identifier(loader->schema),
						   quote_identifier(loader->record->entity),
						   names.data, places.data),
				  loader->ncolumns, types);
}

static void
prepare_quarantine(Loader *loader)
{
	Oid			types[] = {UUIDOID, INT8OID, TEXTOID, TEXTOID, TEXTOID};

	loader->quarantine =
		keep_plan(psprintf("INSERT INTO %s.quarantine"
						   " (batch, line, entity, record, findings)"
						   " VALUES ($1, $2, $3, $4::pg_catalog.jsonb, $5::pg_catalog.jsonb)",
						   quote_identifier(loader->schema)),
				  lengthof(types), types);
}

/* ---- one row ---- */

static char *
row_json(Loader *loader, HeapTuple tuple)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < loader->staging->natts; i++)
	{
		char	   *value = SPI_getvalue(tuple, loader->staging, i + 1);

		if (i > 0)
			appendStringInfoChar(&json, ',');
		escape_json(&json, SPI_fname(loader->staging, i + 1));
		appendStringInfoChar(&json, ':');
		if (value == NULL)
			appendStringInfoString(&json, "null");
		else
			escape_json(&json, value);
	}
	appendStringInfoChar(&json, '}');
	return json.data;
}

static void
quarantine_row(Loader *loader, StagedRow *row, List *findings)
{
	Datum		values[5];

	values[0] = loader->batch;
	values[1] = Int64GetDatum(row->line);
	values[2] = CStringGetTextDatum(loader->record->entity);
	values[3] = CStringGetTextDatum(row_json(loader, row->tuple));
	values[4] = CStringGetTextDatum(TipFindingsJson(findings));
	if (SPI_execute_plan(loader->quarantine, values, NULL, false, 0) !=
		SPI_OK_INSERT)
		elog(ERROR, "could not keep a row in quarantine");
	loader->nquarantined++;
}

static void
take_values(Loader *loader, StagedRow *row)
{
	TupleTableSlot *slot = loader->record->slot;

	row->values = palloc(sizeof(Datum) * loader->ncolumns);
	row->nulls = palloc(loader->ncolumns);
	for (int i = 0; i < loader->ncolumns; i++)
	{
		row->values[i] = slot->tts_values[loader->columns[i]];
		row->nulls[i] = slot->tts_isnull[loader->columns[i]] ? 'n' : ' ';
	}
}

/* True if the row may be stored; otherwise it is in quarantine by now. */
static bool
judge_row(Loader *loader, StagedRow *row)
{
	List	   *findings;

	TipClearRecord(loader->record);
	for (int i = 0; i < loader->staging->natts; i++)
		if (loader->target[i] >= 0)
			loader->record->texts[loader->target[i]] =
				SPI_getvalue(row->tuple, loader->staging, i + 1);
	findings = TipJudgeRecord(loader->record);
	if (TipAnyRefuses(findings))
	{
		quarantine_row(loader, row, findings);
		return false;
	}
	take_values(loader, row);
	return true;
}

/* ---- storing ---- */

static void
store_attempt(void *arg)
{
	StoreTask  *task = arg;
	ListCell   *cell;

	foreach(cell, task->rows)
	{
		StagedRow  *row = lfirst(cell);
		int			result;

		result = SPI_execute_plan(task->loader->insert, row->values,
								  row->nulls, false, 0);
		if (result != SPI_OK_INSERT)
			elog(ERROR, "could not store: %s", SPI_result_code_string(result));
	}
}

/* What core said, without its words: they hold values. */
static List *
store_findings(Loader *loader, ErrorData *error)
{
	char	   *message;

	message = psprintf("the row could not be stored: SQLSTATE %s%s%s",
					   unpack_sql_state(error->sqlerrcode),
					   error->constraint_name ? ", constraint " : "",
					   error->constraint_name ? error->constraint_name : "");
	return list_make1(TipMakeFinding("STORE", loader->record->entity,
									 error->column_name, message, NULL));
}

static void
store_rows(Loader *loader, List *rows)
{
	StoreTask	task = {loader, rows};
	ErrorData  *error;
	ListCell   *cell;

	if (rows == NIL)
		return;
	if (TipTry(store_attempt, &task, &error))
	{
		loader->nstored += list_length(rows);
		return;
	}
	foreach(cell, rows)
	{
		CHECK_FOR_INTERRUPTS();
		task.rows = list_make1(lfirst(cell));
		if (TipTry(store_attempt, &task, &error))
			loader->nstored++;
		else
			quarantine_row(loader, lfirst(cell), store_findings(loader, error));
	}
}

static void
load_chunk(Loader *loader, SPITupleTable *table, uint64 count)
{
	MemoryContext caller = MemoryContextSwitchTo(loader->rows);
	List	   *good = NIL;

	for (uint64 i = 0; i < count; i++)
	{
		StagedRow  *row = palloc0(sizeof(StagedRow));

		CHECK_FOR_INTERRUPTS();
		row->tuple = table->vals[i];
		row->line = ++loader->nread;
		if (judge_row(loader, row))
			good = lappend(good, row);
	}
	store_rows(loader, good);
	MemoryContextSwitchTo(caller);
	ExecClearTuple(loader->record->slot);
	MemoryContextReset(loader->rows);
}

static char *
staging_name(Oid staging)
{
	char	   *schema = get_namespace_name(get_rel_namespace(staging));

	return quote_qualified_identifier(schema, get_rel_name(staging));
}

static void
load_all(Loader *loader, Oid staging)
{
	char	   *name = staging_name(staging);
	Portal		portal;

	portal = SPI_cursor_open_with_args(NULL, psprintf("SELECT * FROM %s", name),
									   0, NULL, NULL, NULL, false, 0);
	for (;;)
	{
		SPITupleTable *table;
		uint64		count;

		SPI_cursor_fetch(portal, true, ROWS_PER_CHUNK);
		table = SPI_tuptable;
		count = SPI_processed;
		if (loader->staging == NULL)
		{
			loader->staging = CreateTupleDescCopy(table->tupdesc);
			map_columns(loader);
			prepare_insert(loader);
			prepare_quarantine(loader);
		}
		if (count == 0)
			break;
		load_chunk(loader, table, count);
		SPI_freetuptable(table);
	}
	SPI_cursor_close(portal);
}

static Datum
unknown_datum(Loader *loader)
{
	int			nnames = list_length(loader->unknown);
	Datum	   *names = palloc(sizeof(Datum) * (nnames + 1));
	int			count = 0;
	ListCell   *cell;

	foreach(cell, loader->unknown)
		names[count++] = CStringGetTextDatum(lfirst(cell));
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/*
 * tip_load(staging regclass, entity text, schema name)
 *		Move what is good, keep what is not, account for every row.
 */
Datum
tip_load(PG_FUNCTION_ARGS)
{
	Oid			staging = PG_GETARG_OID(0);
	char	   *entity = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Loader		loader = {0};
	TupleDesc	desc;
	Datum		values[5];
	bool		nulls[5] = {false};
	MemoryContext caller = CurrentMemoryContext;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (get_rel_name(staging) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("staging table does not exist")));
	loader.schema = NameStr(*PG_GETARG_NAME(2));
	loader.batch = DirectFunctionCall1(gen_random_uuid, (Datum) 0);
	loader.record = TipOpenRecord(loader.schema, entity);
	SPI_connect();
	loader.rows = AllocSetContextCreate(CurrentMemoryContext, "tip.load rows",
										ALLOCSET_DEFAULT_SIZES);
	load_all(&loader, staging);
	MemoryContextSwitchTo(caller);
	values[0] = loader.batch;
	values[1] = Int64GetDatum(loader.nread);
	values[2] = Int64GetDatum(loader.nstored);
	values[3] = Int64GetDatum(loader.nquarantined);
	values[4] = unknown_datum(&loader);
	SPI_finish();
	TipCloseRecord(loader.record);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
