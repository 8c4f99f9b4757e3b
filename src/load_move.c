/*
 * load_move.c
 *		tip.load_batches(): rows leave the staging table and are committed.
 *
 * Each transaction takes some rows out of the staging table, loads them and
 * commits, so that a crash or a cancel loses no more than the work of one
 * batch, whose rows are still in staging.  One loader at a time is at a staging
 * table: several take turns, batch by batch.  The lock is no hindrance to those
 * who add rows.
 *
 * A sweep goes through the table in the order of its blocks and does not look
 * again at what it has left behind; the load ends with a sweep that finds
 * nothing to move.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/itemptr.h"
#include "storage/lmgr.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "load.h"

/* The keys of a batch are kept in memory. */
#define MAX_BATCH_SIZE 1000000

PG_FUNCTION_INFO_V1(tip_load_batches);

typedef struct Mover
{
	Oid			staging;
	char	   *entity;
	char	   *schema;
	int			batch_size;
	pg_uuid_t	load;
	int			number;			/* of the last batch */
	TipLoadCounts counts;		/* of this call */
	double		rows_total;
} Mover;

/* ---- what can be moved ---- */

static void
refuse_staging(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("rows cannot be moved out of \"%s\"", get_rel_name(relid)),
			 errdetail("It is not a plain or partitioned table without rules."),
			 errhint("Use tip.load(), which leaves the staging relation as it is.")));
}

static void
check_movable(Oid relid)
{
	Relation	rel = table_open(relid, AccessShareLock);
	char		kind = rel->rd_rel->relkind;

	if ((kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE) ||
		rel->rd_rel->relhasrules || IsCatalogRelation(rel))
		refuse_staging(relid);
	table_close(rel, AccessShareLock);
}

/* The tables that hold the rows of a staging table. */
static List *
movable_tables(Oid staging, Relation entity)
{
	List	   *tables = NIL;
	List	   *targets = find_all_inheritors(RelationGetRelid(entity),
											  AccessShareLock, NULL);
	ListCell   *cell;

	foreach(cell, find_all_inheritors(staging, AccessShareLock, NULL))
	{
		Oid			relid = lfirst_oid(cell);

		check_movable(relid);
		if (list_member_oid(targets, relid))
			refuse_staging(relid);
		if (get_rel_relkind(relid) == RELKIND_RELATION)
			tables = lappend_oid(tables, relid);
	}
	return tables;
}

/* Before the lock: nobody locks what he may not empty. */
static void
check_rights(Oid staging)
{
	char	   *name = get_rel_name(staging);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("staging table does not exist")));
	if (pg_class_aclmask(staging, GetUserId(), ACL_SELECT | ACL_DELETE,
						 ACLMASK_ALL) != (ACL_SELECT | ACL_DELETE))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, name);
}

/* ---- one batch ---- */

/* A transaction of the procedure; whoever comes second waits here. */
static void
begin_batch(Mover *mover)
{
	check_rights(mover->staging);
	LockRelationOid(mover->staging, ShareUpdateExclusiveLock);
	check_rights(mover->staging);
	EnsurePortalSnapshotExists();
}

static TipLoader *
make_loader(Mover *mover)
{
	TipLoader  *loader = TipMakeLoader(mover->staging, mover->entity,
									   mover->schema);

	loader->moves_rows = true;
	loader->judges_cases = true;
	loader->load = UUIDPGetDatum(&mover->load);
	loader->number = mover->number + 1;
	loader->before = mover->counts;
	loader->rows_total = mover->rows_total;
	return loader;
}

static void
run(const char *query, int nargs, Oid *types, Datum *values)
{
	if (SPI_execute_with_args(query, nargs, types, values, NULL, false,
							  0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not look at the rows");
}

/* Which rows are next, as an array of their places; false if there are none. */
static bool
pick_rows(Mover *mover, TipLoader *loader, Oid table, ItemPointer last)
{
	Oid			types[] = {INT8OID, TIDOID, OIDOID};
	Datum		values[] = {
		Int64GetDatum(mover->batch_size), PointerGetDatum(last),
		ObjectIdGetDatum(table)
	};
	MemoryContext caller = MemoryContextSwitchTo(loader->context);
	bool		isnull;

	run(psprintf("SELECT pg_catalog.array_agg(p.ctid),"
				 " pg_catalog.max(p.ctid) FROM"
				 " (SELECT s.ctid FROM %s AS s"
				 "  WHERE s.ctid OPERATOR(pg_catalog.>) $2"
				 "  AND s.tableoid OPERATOR(pg_catalog.=) $3 LIMIT $1) AS p",
				 loader->staging_name),
		lengthof(types), types, values);
	loader->args[0] = SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
	{
		Datum		place = SPI_getbinval(SPI_tuptable->vals[0],
										  SPI_tuptable->tupdesc, 2, &isnull);

		ItemPointerCopy((ItemPointer) DatumGetPointer(place), last);
		loader->args[0] = datumCopy(loader->args[0], false, -1);
		isnull = false;
	}
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(caller);
	return !isnull;
}

static void
take_rows(TipLoader *loader, Oid table)
{
	loader->types[0] = TIDARRAYOID;
	loader->types[1] = OIDOID;
	loader->args[1] = ObjectIdGetDatum(table);
	loader->nargs = 2;
	loader->query = psprintf("DELETE FROM %s AS s"
							 " WHERE s.ctid OPERATOR(pg_catalog.=) ANY ($1)"
							 " AND s.tableoid OPERATOR(pg_catalog.=) $2"
							 " RETURNING s.*", loader->staging_name);
}

static void
add_counts(Mover *mover, const TipLoadCounts *counts)
{
	mover->counts.read += counts->read;
	mover->counts.stored += counts->stored;
	mover->counts.quarantined += counts->quarantined;
}

/* False if no row of the table comes after the place "last". */
static bool
move_batch(Mover *mover, Oid table, ItemPointer last)
{
	TipLoader  *loader;
	bool		found;

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	begin_batch(mover);
	loader = make_loader(mover);
	TipShowProgress(loader);
	found = pick_rows(mover, loader, table, last);
	if (found)
	{
		take_rows(loader, table);
		TipLoadBatch(loader);
		add_counts(mover, &loader->counts);
		mover->number++;
	}
	TipEndLoader(loader);
	SPI_commit();
	SPI_finish();
	EnsurePortalSnapshotExists();
	return found;
}

/* ---- sweeps ---- */

static List *
tables_to_sweep(Mover *mover)
{
	TipLoader  *loader;
	List	   *tables;

	begin_batch(mover);
	loader = make_loader(mover);
	tables = movable_tables(mover->staging, loader->record->rel);
	TipEndLoader(loader);
	return tables;
}

/* True if rows were moved. */
static bool
sweep(Mover *mover)
{
	int64		before = mover->counts.read;
	ListCell   *cell;

	foreach(cell, tables_to_sweep(mover))
	{
		ItemPointerData last;

		ItemPointerSet(&last, 0, 0);
		while (move_batch(mover, lfirst_oid(cell), &last))
			CHECK_FOR_INTERRUPTS();
	}
	return mover->counts.read > before;
}

/* ---- the call ---- */

static int64
answer(void)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

/* A load that was broken off goes on with its next number. */
static int
last_number(Mover *mover)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(&mover->load)};
	int			number;

	SPI_connect();
	run(psprintf("SELECT COALESCE(pg_catalog.max(b.number), 0)::pg_catalog.int8"
				 " FROM %s.load_batch AS b"
				 " WHERE b.load OPERATOR(pg_catalog.=) $1",
				 quote_identifier(mover->schema)),
		lengthof(types), types, values);
	number = answer();
	SPI_finish();
	return number;
}

/* Others add rows, hold them, or keep them from being deleted. */
static void
warn_of_rows_left(Mover *mover)
{
	char	   *name = TipStagingName(mover->staging);
	int64		left;

	SPI_connect();
	run(psprintf("SELECT pg_catalog.count(*) FROM %s", name), 0, NULL, NULL);
	left = answer();
	SPI_finish();
	if (left > 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg_plural("%lld row is left in the staging table",
							   "%lld rows are left in the staging table",
							   left, (long long) left),
				 errhint("A trigger may keep rows from being deleted, or they were added meanwhile.")));
}

static void
report(Mover *mover)
{
	Datum		load = DirectFunctionCall1(uuid_out,
										   UUIDPGetDatum(&mover->load));

	ereport(NOTICE,
			(errmsg("%lld rows read, %lld stored, %lld in quarantine",
					(long long) mover->counts.read,
					(long long) mover->counts.stored,
					(long long) mover->counts.quarantined),
			 errdetail("Table load_batch has the batches of load %s.",
					   DatumGetCString(load))));
}

static void
check_call(FunctionCallInfo fcinfo)
{
	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("tip.load_batches() cannot run inside a transaction block"),
				 errhint("It commits every batch. tip.load() is part of your transaction.")));
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("arguments of tip.load_batches() must not be null")));
}

static void
read_arguments(FunctionCallInfo fcinfo, Mover *mover)
{
	mover->staging = PG_GETARG_OID(0);
	mover->entity = text_to_cstring(PG_GETARG_TEXT_PP(1));
	mover->batch_size = PG_GETARG_INT32(2);
	mover->schema = pstrdup(NameStr(*PG_GETARG_NAME(3)));
	mover->load = *PG_GETARG_UUID_P(4);
	if (mover->batch_size < 1 || mover->batch_size > MAX_BATCH_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch_size must be between 1 and %d",
						MAX_BATCH_SIZE)));
}

/*
 * tip_load_batches(staging regclass, entity text, batch_size int,
 *					schema name, load uuid)
 *		Move rows out of a staging table, and commit after each batch.
 */
Datum
tip_load_batches(PG_FUNCTION_ARGS)
{
	Mover		mover = {0};

	check_call(fcinfo);
	read_arguments(fcinfo, &mover);
	check_rights(mover.staging);
	TipWarnOfHiddenRows(mover.staging);
	(void) tables_to_sweep(&mover);
	mover.number = last_number(&mover);
	mover.rows_total = TipEstimateRows(mover.staging);
	while (sweep(&mover))
		CHECK_FOR_INTERRUPTS();
	TipEndProgress();
	warn_of_rows_left(&mover);
	report(&mover);
	PG_RETURN_VOID();
}
