/*
 * load.c
 *		tip.load(): a batch is loaded as a whole, and accounted for.
 *
 * A batch is one pass over rows, in a subtransaction.  It is made again where
 * a rule at commit refuses cases of the batch, see load_case.c.  Then its line
 * is written to load_batch: rows read = stored + in quarantine.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "load.h"

PG_FUNCTION_INFO_V1(tip_load);

/* ---- may the caller? ---- */

/* Else every single row would be refused for lack of it. */
static void
check_insert(TipLoader *loader)
{
	Relation	rel = loader->record->rel;
	Oid			relid = RelationGetRelid(rel);

	if (pg_class_aclcheck(relid, GetUserId(), ACL_INSERT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_INSERT,
								  ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE,
					   RelationGetRelationName(rel));
}

static void
check_has_table(const char *schema, const char *name)
{
	if (!OidIsValid(get_relname_relid(name, get_namespace_oid(schema, false))))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("schema \"%s\" has no table \"%s\" for loads",
						schema, name),
				 errhint("Run tip.upgrade_model().")));
}

/* Rows that the caller may not see stay where they are: say so. */
void
TipWarnOfHiddenRows(Oid staging)
{
	if (check_enable_rls(staging, InvalidOid, true) == RLS_ENABLED)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("row-level security applies to the staging table"),
				 errhint("Rows that you may not see are not loaded.")));
}

/* ---- a loader ---- */

/* Qualified and quoted. */
char *
TipStagingName(Oid staging)
{
	char	   *name = get_rel_name(staging);
	char	   *schema;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("staging table does not exist")));
	schema = get_namespace_name(get_rel_namespace(staging));
	return quote_qualified_identifier(schema, name);
}

/* Everything about one batch lives in a context of its own. */
TipLoader *
TipMakeLoader(Oid staging, const char *entity, const char *schema)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "tip.load batch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	TipLoader  *loader = palloc0(sizeof(TipLoader));

	loader->context = context;
	loader->staging = staging;
	loader->staging_name = TipStagingName(staging);
	loader->schema = pstrdup(schema);
	loader->record = TipOpenRecord(schema, entity);
	loader->pass = AllocSetContextCreate(context, "tip.load pass",
										 ALLOCSET_DEFAULT_SIZES);
	loader->batch = DirectFunctionCall1(gen_random_uuid, (Datum) 0);
	loader->load = loader->batch;
	loader->number = 1;
	loader->started = TimestampTzGetDatum(GetCurrentTimestamp());
	check_insert(loader);
	check_has_table(schema, "quarantine");
	check_has_table(schema, "load_batch");
	MemoryContextSwitchTo(caller);
	return loader;
}

void
TipEndLoader(TipLoader *loader)
{
	TipCloseRecord(loader->record);
	MemoryContextDelete(loader->context);
}

/* ---- a pass ---- */

static void
begin_pass(TipLoader *loader)
{
	MemoryContextReset(loader->pass);
	MemoryContextSwitchTo(loader->pass);
	loader->rows = AllocSetContextCreate(loader->pass, "tip.load rows",
										 ALLOCSET_DEFAULT_SIZES);
	loader->source = NULL;
	loader->must_repeat = false;
	memset(&loader->counts, 0, sizeof(TipLoadCounts));
	TipShowProgress(loader);
}

static void
read_rows(TipLoader *loader)
{
	Portal		portal;

	portal = SPI_cursor_open_with_args(NULL, loader->query, loader->nargs,
									   loader->types, loader->args, NULL,
									   false, 0);
	for (;;)
	{
		SPITupleTable *table;
		uint64		count;

		SPI_cursor_fetch(portal, true, ROWS_PER_CHUNK);
		table = SPI_tuptable;
		count = SPI_processed;
		if (loader->source == NULL)
		{
			loader->source = CreateTupleDescCopy(table->tupdesc);
			TipMapColumns(loader);
		}
		if (count == 0)
			break;
		TipLoadChunk(loader, table, count);
		SPI_freetuptable(table);
		TipShowProgress(loader);
	}
	SPI_cursor_close(portal);
}

static void
pass_attempt(void *arg)
{
	TipLoader  *loader = arg;

	read_rows(loader);
	TipEndPass(loader);
	SPI_freeplan(loader->insert);
	SPI_freeplan(loader->quarantine);
}

/* ---- accounting ---- */

static Datum
unknown_columns(TipLoader *loader)
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

static void
write_report(TipLoader *loader)
{
	Oid			types[] = {
		UUIDOID, UUIDOID, INT4OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID,
		INT8OID, INT8OID, INT4OID, TEXTARRAYOID
	};
	Datum		values[] = {
		loader->batch, loader->load, Int32GetDatum(loader->number),
		CStringGetTextDatum(loader->staging_name),
		CStringGetTextDatum(loader->record->entity), loader->started,
		Int64GetDatum(loader->counts.read),
		Int64GetDatum(loader->counts.stored),
		Int64GetDatum(loader->counts.quarantined),
		Int32GetDatum(TipCurrentRuleset()), unknown_columns(loader)
	};

	if (SPI_execute_with_args(psprintf("INSERT INTO %s.load_batch"
									   " (batch, load, number, staging, entity, started,"
									   " read, stored, quarantined, ruleset, unknown_columns)"
									   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
									   quote_identifier(loader->schema)),
							  lengthof(types), types, values, NULL, false,
							  0) != SPI_OK_INSERT || SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("the batch could not be entered in table \"load_batch\"")));
}

/* Rows are in one place each, or the batch is not. */
static void
check_counts(TipLoader *loader)
{
	TipLoadCounts *counts = &loader->counts;

	if (counts->read != counts->stored + counts->quarantined)
		elog(ERROR, "a batch does not add up: " INT64_FORMAT " read, "
			 INT64_FORMAT " stored, " INT64_FORMAT " quarantined",
			 counts->read, counts->stored, counts->quarantined);
}

/*
 * TipLoadBatch
 *		Load what the loader's query gives; SPI is connected.
 */
void
TipLoadBatch(TipLoader *loader)
{
	MemoryContext caller = CurrentMemoryContext;
	ErrorData  *error;

	TipLookAtCases(loader);
	for (;;)
	{
		begin_pass(loader);
		if (TipTry(pass_attempt, loader, &error))
			break;
		if (!loader->must_repeat)
			ReThrowError(error);
	}
	check_counts(loader);
	write_report(loader);
	MemoryContextSwitchTo(caller);
}

static Datum
make_answer(FunctionCallInfo fcinfo, TipLoader *loader)
{
	TupleDesc	desc;
	Datum		values[5];
	bool		nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = loader->batch;
	values[1] = Int64GetDatum(loader->counts.read);
	values[2] = Int64GetDatum(loader->counts.stored);
	values[3] = Int64GetDatum(loader->counts.quarantined);
	values[4] = unknown_columns(loader);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}

/*
 * tip_load(staging regclass, entity text, schema name, judge_cases bool)
 *		Store what is good, keep what is not, account for every row.
 *
 * The staging relation stays as it is.  Returns the batch and its counts.
 */
Datum
tip_load(PG_FUNCTION_ARGS)
{
	TipLoader  *loader;
	MemoryContext caller = CurrentMemoryContext;
	Datum		answer;

	SPI_connect();
	loader = TipMakeLoader(PG_GETARG_OID(0),
						   text_to_cstring(PG_GETARG_TEXT_PP(1)),
						   NameStr(*PG_GETARG_NAME(2)));
	loader->judges_cases = PG_GETARG_BOOL(3);
	loader->query = psprintf("SELECT * FROM %s", loader->staging_name);
	loader->rows_total = TipEstimateRows(loader->staging);
	TipWarnOfHiddenRows(loader->staging);
	TipLoadBatch(loader);
	TipEndProgress();
	MemoryContextSwitchTo(caller);
	answer = make_answer(fcinfo, loader);
	TipEndLoader(loader);
	SPI_finish();
	PG_RETURN_DATUM(answer);
}
