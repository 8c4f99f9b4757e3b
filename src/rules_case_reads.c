/*
 * rules_case_reads.c
 *		Which tables does a view of facts read?
 *
 * A case is judged by the rules about a view only if it has changed in a table
 * that the view reads.  The tables are those that the view's definition
 * depends on, through other views as well.  A view that calls a function which
 * is not IMMUTABLE may read anything, and so does one of unknown kind.
 *
 * The answer is kept for the session and looked up again when one of the
 * relations or any function has changed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "rewrite/rewriteSupport.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "rules.h"
#include "rules_case.h"

typedef struct ViewReads
{
	Oid			view;			/* hash key */
	bool		is_valid;
	bool		reads_all;
	MemoryContext context;
	List	   *relids;			/* all relations, views and partitions too */
	List	   *tables;			/* tables, by the root of their partitions */
} ViewReads;

static HTAB *views = NULL;

/* ---- invalidation: nothing is freed or looked up here ---- */

static void
on_relation_change(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	ViewReads  *reads;

	hash_seq_init(&status, views);
	while ((reads = hash_seq_search(&status)) != NULL)
		if (!OidIsValid(relid) || list_member_oid(reads->relids, relid))
			reads->is_valid = false;
}

static void
on_object_change(Datum arg, int cacheid, uint32 hash)
{
	on_relation_change(arg, InvalidOid);
}

static void
create_views(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(ViewReads);
	views = hash_create("tip_module views of facts", 16, &control,
						HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, on_object_change, (Datum) 0);
	CacheRegisterSyscacheCallback(OPEROID, on_object_change, (Datum) 0);
}

/* ---- dependencies ---- */

static Oid
root_of(Oid relid)
{
	return get_rel_relispartition(relid) ?
		llast_oid(get_partition_ancestors(relid)) : relid;
}

/* A view is put on the list, which is worked off; a table is an answer. */
static void
add_relation(ViewReads *reads, Oid relid)
{
	char		kind = get_rel_relkind(relid);

	reads->relids = list_append_unique_oid(reads->relids, relid);
	if (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE)
		reads->tables = list_append_unique_oid(reads->tables,
											   root_of(relid));
	else if (kind != RELKIND_VIEW)
		reads->reads_all = true;
}

/* The clock is no table. */
static bool
may_read(Oid funcid)
{
	return func_volatile(funcid) != PROVOLATILE_IMMUTABLE &&
		!TipIsOurClock(funcid);
}

static void
add_dependency(ViewReads *reads, Form_pg_depend depend)
{
	if (depend->refclassid == RelationRelationId)
		add_relation(reads, depend->refobjid);
	else if (depend->refclassid == ProcedureRelationId)
		reads->reads_all |= may_read(depend->refobjid);
	else if (depend->refclassid == OperatorRelationId)
		reads->reads_all |= may_read(get_opcode(depend->refobjid));
}

static void
add_dependencies(ViewReads *reads, Oid rule)
{
	Relation	rel = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(RewriteRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rule));
	scan = systable_beginscan(rel, DependDependerIndexId, true, NULL,
							  lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		add_dependency(reads, (Form_pg_depend) GETSTRUCT(tuple));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static void
read_view(ViewReads *reads, Oid view)
{
	HeapTuple	tuple = SearchSysCache2(RULERELNAME, ObjectIdGetDatum(view),
										PointerGetDatum(ViewSelectRuleName));
	Oid			rule;

	if (!HeapTupleIsValid(tuple))
	{
		reads->reads_all = true;
		return;
	}
	rule = ((Form_pg_rewrite) GETSTRUCT(tuple))->oid;
	ReleaseSysCache(tuple);
	add_dependencies(reads, rule);
}

static void
fill(ViewReads *reads)
{
	reads->relids = reads->tables = NIL;
	reads->reads_all = false;
	add_relation(reads, reads->view);
	/* The list grows while it is worked off. */
	for (int i = 0; i < list_length(reads->relids); i++)
	{
		Oid			relid = list_nth_oid(reads->relids, i);

		if (get_rel_relkind(relid) == RELKIND_VIEW)
			read_view(reads, relid);
	}
}

static void
look_up(ViewReads *reads)
{
	MemoryContext caller = CurrentMemoryContext;

	if (reads->context == NULL)
		reads->context = AllocSetContextCreate(CacheMemoryContext,
											   "tip_module view of facts",
											   ALLOCSET_SMALL_SIZES);
	else
	{
		reads->relids = reads->tables = NIL;
		MemoryContextReset(reads->context);
	}
	/* A change that arrives while we read marks it stale again. */
	reads->is_valid = true;
	PG_TRY();
	{
		MemoryContextSwitchTo(reads->context);
		fill(reads);
		MemoryContextSwitchTo(caller);
	}
	PG_CATCH();
	{
		reads->is_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/*
 * TipTablesRead
 *		The tables that a view reads, as bits of what this transaction changed.
 */
uint32
TipTablesRead(Oid view)
{
	ViewReads  *reads;
	bool		found;
	Oid		   *tables;
	int			ntables;
	uint32		bits = TIP_OTHER_TABLES;

	if (views == NULL)
		create_views();
	reads = hash_search(views, &view, HASH_ENTER, &found);
	if (!found)
	{
		reads->is_valid = false;
		reads->context = NULL;
		reads->relids = reads->tables = NIL;
	}
	if (!reads->is_valid)
		look_up(reads);
	if (reads->reads_all)
		return PG_UINT32_MAX;
	ntables = TipNotedTables(&tables);
	for (int i = 0; i < ntables; i++)
		if (list_member_oid(reads->tables, tables[i]))
			bits |= (uint32) 1 << i;
	return bits;
}
