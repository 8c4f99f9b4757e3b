/*
 * load_progress.c
 *		How far a load is, for other sessions to see while it runs.
 *
 * The server has slots for the progress of its own commands.  A load is a kind
 * of COPY FROM and says so: pg_stat_progress_copy shows it.  Slots that COPY
 * does not use hold the rest, for the view tip.load_progress, which knows our
 * rows by a number.  Every subtransaction that fails ends the report, so each
 * one begins anew where it must.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/progress.h"
#include "optimizer/plancat.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "load.h"

/* Of ours; sql/44-load.sql counts them from 1. */
#define SLOT_STARTED	13
#define SLOT_BATCH		14
#define SLOT_READ		15
#define SLOT_TOTAL		16
#define SLOT_ENTITY		17
#define SLOT_MAGIC		19

#define LOAD_MAGIC		INT64CONST(0x7469706c6f6164)

static double
estimate_table(Oid relid)
{
	Relation	rel = table_open(relid, AccessShareLock);
	BlockNumber pages;
	double		tuples = 0;
	double		visible;

	if (rel->rd_rel->relkind == RELKIND_RELATION ||
		rel->rd_rel->relkind == RELKIND_MATVIEW)
		estimate_rel_size(rel, NULL, &pages, &tuples, &visible);
	table_close(rel, AccessShareLock);
	return tuples;
}

/* Rows of a staging relation, roughly; negative where nothing is known. */
double
TipEstimateRows(Oid relid)
{
	char		kind = get_rel_relkind(relid);
	double		total = 0;
	ListCell   *cell;

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE &&
		kind != RELKIND_MATVIEW)
		return -1;
	foreach(cell, find_all_inheritors(relid, AccessShareLock, NULL))
		total += estimate_table(lfirst_oid(cell));
	return total;
}

static bool
is_shown(Oid staging)
{
	return MyBEEntry != NULL &&
		MyBEEntry->st_progress_command == PROGRESS_COMMAND_COPY &&
		MyBEEntry->st_progress_command_target == staging;
}

void
TipShowProgress(TipLoader *loader)
{
	static const int slots[] = {
		PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE,
		PROGRESS_COPY_TUPLES_PROCESSED, PROGRESS_COPY_TUPLES_EXCLUDED,
		SLOT_STARTED, SLOT_BATCH, SLOT_READ, SLOT_TOTAL, SLOT_ENTITY,
		SLOT_MAGIC
	};
	int64		values[] = {
		PROGRESS_COPY_COMMAND_FROM, PROGRESS_COPY_TYPE_CALLBACK,
		loader->before.stored + loader->counts.stored,
		loader->before.quarantined + loader->counts.quarantined,
		DatumGetTimestampTz(loader->started), loader->number,
		loader->before.read + loader->counts.read,
		(int64) loader->rows_total, RelationGetRelid(loader->record->rel),
		LOAD_MAGIC
	};

	StaticAssertStmt(lengthof(slots) == lengthof(values),
					 "every slot has a value");
	if (!is_shown(loader->staging))
		pgstat_progress_start_command(PROGRESS_COMMAND_COPY, loader->staging);
	pgstat_progress_update_multi_param(lengthof(slots), slots, values);
}

/* An error ends it too. */
void
TipEndProgress(void)
{
	pgstat_progress_end_command();
}
