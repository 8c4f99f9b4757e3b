/*
 * load_row.c
 *		Good rows in, bad rows to quarantine, each row in one of the two.
 *
 * Rows are read in chunks.  A chunk's good rows are stored in one
 * subtransaction; if core refuses one of them (a key, a foreign key), the
 * chunk is stored again row by row, so that only the culprit is set aside.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "load.h"

#define STAGED "tip_staged_rows"

typedef struct StagedRow
{
	HeapTuple	tuple;			/* of the staging relation */
	int64		line;
	Datum	   *values;			/* of the mapped columns */
	bool	   *nulls;
} StagedRow;

typedef struct StoreTask
{
	TipLoader  *loader;
	List	   *rows;			/* of StagedRow */
	char	   *refusal;		/* by a rule at commit */
	bool		is_kept_out;
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

/* Which column of the source is which of the entity; the rest is unknown. */
static void
map_names(TipLoader *loader)
{
	int			natts = loader->source->natts;

	loader->target = palloc(sizeof(int) * (natts + 1));
	loader->columns = palloc(sizeof(int) * (natts + 1));
	loader->unknown = NIL;
	loader->ncolumns = 0;
	for (int i = 0; i < natts; i++)
	{
		char	   *name = SPI_fname(loader->source, i + 1);

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

/* The rows of a chunk, as a relation that only our own statements see. */
static void
register_staged(TipLoader *loader)
{
	MemoryContext caller = MemoryContextSwitchTo(loader->context);

	loader->staged = palloc0(sizeof(EphemeralNamedRelationData));
	loader->staged->md.name = STAGED;
	loader->staged->md.reliddesc = InvalidOid;
	loader->staged->md.enrtype = ENR_NAMED_TUPLESTORE;
	loader->staged->md.enrtuples = ROWS_PER_CHUNK;
	if (SPI_register_relation(loader->staged) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the staged rows");
	MemoryContextSwitchTo(caller);
}

static void
describe_staged(TipLoader *loader)
{
	TupleDesc	desc = CreateTemplateTupleDesc(loader->ncolumns);

	for (int i = 0; i < loader->ncolumns; i++)
	{
		Form_pg_attribute att = TupleDescAttr(loader->record->desc,
											  loader->columns[i]);

		TupleDescInitEntry(desc, i + 1, NameStr(att->attname), att->atttypid,
						   att->atttypmod, att->attndims);
		TupleDescInitEntryCollation(desc, i + 1, att->attcollation);
	}
	if (loader->staged == NULL)
		register_staged(loader);
	loader->staged->md.tupdesc = desc;
}

static void
prepare_insert(TipLoader *loader)
{
	StringInfoData names;

	describe_staged(loader);
	initStringInfo(&names);
	for (int i = 0; i < loader->ncolumns; i++)
	{
		Form_pg_attribute att = TupleDescAttr(loader->record->desc,
											  loader->columns[i]);

		appendStringInfo(&names, "%s%s", i > 0 ? "," : "",
						 quote_identifier(NameStr(att->attname)));
	}
	loader->insert =
		keep_plan(psprintf("INSERT INTO %s.%s (%s) SELECT %s FROM " STAGED,
						   quote_identifier(loader->schema),
						   quote_identifier(loader->record->entity),
						   names.data, names.data), 0, NULL);
}

static void
prepare_quarantine(TipLoader *loader)
{
	Oid			types[] = {UUIDOID, INT8OID, TEXTOID, TEXTOID, TEXTOID};

	loader->quarantine =
		keep_plan(psprintf("INSERT INTO %s.quarantine"
						   " (batch, line, entity, record, findings)"
						   " VALUES ($1, $2, $3, $4::pg_catalog.jsonb, $5::pg_catalog.jsonb)",
						   quote_identifier(loader->schema)),
				  lengthof(types), types);
}

/*
 * TipMapColumns
 *		Get ready for rows that look like loader->source.
 */
void
TipMapColumns(TipLoader *loader)
{
	map_names(loader);
	prepare_insert(loader);
	prepare_quarantine(loader);
	TipFindReference(loader);
}

/* ---- one row ---- */

static char *
row_json(TipLoader *loader, HeapTuple tuple)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < loader->source->natts; i++)
	{
		char	   *value = SPI_getvalue(tuple, loader->source, i + 1);

		if (i > 0)
			appendStringInfoChar(&json, ',');
		escape_json(&json, SPI_fname(loader->source, i + 1));
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
quarantine_row(TipLoader *loader, StagedRow *row, const char *findings)
{
	Datum		values[5];

	values[0] = loader->batch;
	values[1] = Int64GetDatum(row->line);
	values[2] = CStringGetTextDatum(loader->record->entity);
	values[3] = CStringGetTextDatum(row_json(loader, row->tuple));
	values[4] = CStringGetTextDatum(findings);
	if (SPI_execute_plan(loader->quarantine, values, NULL, false, 0) !=
		SPI_OK_INSERT || SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("a row could not be kept in quarantine"),
				 errhint("A trigger or rule on the quarantine table keeps rows out of it.")));
	loader->counts.quarantined++;
}

static void
take_values(TipLoader *loader, StagedRow *row)
{
	TupleTableSlot *slot = loader->record->slot;

	row->values = palloc(sizeof(Datum) * loader->ncolumns);
	row->nulls = palloc(sizeof(bool) * loader->ncolumns);
	for (int i = 0; i < loader->ncolumns; i++)
	{
		row->values[i] = slot->tts_values[loader->columns[i]];
		row->nulls[i] = slot->tts_isnull[loader->columns[i]];
	}
}

/* True if the row may be stored; otherwise it is in quarantine by now. */
static bool
judge_row(TipLoader *loader, StagedRow *row)
{
	List	   *findings;
	char	   *refusal;

	TipClearRecord(loader->record);
	for (int i = 0; i < loader->source->natts; i++)
		if (loader->target[i] >= 0)
			loader->record->texts[loader->target[i]] =
				SPI_getvalue(row->tuple, loader->source, i + 1);
	findings = TipJudgeRecord(loader->record);
	if (TipAnyRefuses(findings))
		refusal = TipFindingsJson(findings);
	else
		refusal = TipRefusalOf(loader, loader->record->slot);
	if (refusal != NULL)
	{
		quarantine_row(loader, row, refusal);
		return false;
	}
	take_values(loader, row);
	return true;
}

/* ---- storing ---- */

static void
fill_staged(TipLoader *loader, List *rows)
{
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	ListCell   *cell;

	foreach(cell, rows)
	{
		StagedRow  *row = lfirst(cell);

		tuplestore_putvalues(store, loader->staged->md.tupdesc, row->values,
							 row->nulls);
	}
	loader->staged->reldata = store;
}

/* One statement for all; a row that a trigger drops would be lost. */
static void
store_attempt(void *arg)
{
	StoreTask  *task = arg;
	TipLoader  *loader = task->loader;

	fill_staged(loader, task->rows);
	if (SPI_execute_plan(loader->insert, NULL, NULL, false, 0) !=
		SPI_OK_INSERT || SPI_processed != list_length(task->rows))
	{
		task->is_kept_out = true;
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("a trigger or rule kept rows out")));
	}
	tuplestore_end(loader->staged->reldata);
}

/* One row, and what waits for the commit. */
static void
store_and_judge(void *arg)
{
	StoreTask  *task = arg;

	TipDeferConstraints(task->loader);
	store_attempt(task);
	task->refusal = TipRefusalNow(task->loader);
	if (task->refusal != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("a rule at commit refuses the row")));
	TipCheckConstraints(task->loader);
}

static const char *const kept_out_messages[TIP_MESSAGE_LANGUAGES] = {
	"a trigger or rule of the table kept the row out",
	"un trigger o una regla de la tabla no dejó entrar la fila",
	"un trigger ou une règle de la table a écarté la ligne"
};

/* What core said, without its words: they hold values. */
static char *
store_findings(TipLoader *loader, StoreTask *task, ErrorData *error)
{
	TipFinding *finding;

	if (task->is_kept_out)
		finding = TipMakeFinding("STORE", loader->record->entity, NULL,
								 kept_out_messages, NULL);
	else
		finding = TipStoreFinding(loader->record, error);
	return TipFindingsJson(list_make1(finding));
}

static void
store_row(TipLoader *loader, StagedRow *row)
{
	StoreTask	task = {loader, list_make1(row)};
	ErrorData  *error;

	if (TipTry(loader->one_by_one ? store_and_judge : store_attempt, &task,
			   &error))
		loader->counts.stored++;
	else
		quarantine_row(loader, row,
					   task.refusal ? task.refusal :
					   store_findings(loader, &task, error));
}

static void
store_rows(TipLoader *loader, List *rows)
{
	StoreTask	task = {loader, rows};
	ErrorData  *error;
	ListCell   *cell;

	if (rows == NIL)
		return;
	if (!loader->one_by_one && TipTry(store_attempt, &task, &error))
	{
		loader->counts.stored += list_length(rows);
		return;
	}
	foreach(cell, rows)
	{
		CHECK_FOR_INTERRUPTS();
		store_row(loader, lfirst(cell));
	}
}

/* ---- a chunk ---- */

/* Dates and numbers of a staging column that is no text read one way. */
static int
pin_output(void)
{
	int			level = NewGUCNestLevel();

	(void) set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("extra_float_digits", "3", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

static List *
judge_rows(TipLoader *loader, SPITupleTable *table, uint64 count)
{
	List	   *good = NIL;
	int			level = pin_output();

	for (uint64 i = 0; i < count; i++)
	{
		StagedRow  *row = palloc0(sizeof(StagedRow));

		CHECK_FOR_INTERRUPTS();
		row->tuple = table->vals[i];
		row->line = ++loader->counts.read;
		if (judge_row(loader, row))
			good = lappend(good, row);
	}
	AtEOXact_GUC(true, level);
	return good;
}

/*
 * TipLoadChunk
 *		Store some rows or keep them in quarantine.
 */
void
TipLoadChunk(TipLoader *loader, SPITupleTable *table, uint64 count)
{
	MemoryContext caller = MemoryContextSwitchTo(loader->rows);

	store_rows(loader, judge_rows(loader, table, count));
	MemoryContextSwitchTo(caller);
	ExecClearTuple(loader->record->slot);
	MemoryContextReset(loader->rows);
}
