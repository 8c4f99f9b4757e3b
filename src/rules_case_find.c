/*
 * rules_case_find.c
 *		Which cases have changed, and lock them.
 *
 * Two transactions that change one case must not both believe in what they
 * see.  All cases are locked in the order of their keys before the first is
 * judged, then read with a snapshot taken after the locks: whoever comes
 * second sees the first one's change, at any isolation level.  At REPEATABLE
 * READ and above the case is also updated, so that the second one ends in
 * 40001 rather than judge rows which its own snapshot does not show.
 *
 * A row that names its case at second hand (a sentence, by its conviction)
 * may have been moved to another case by a transaction that we waited for, so
 * the cases are looked for again until none is new.  A person who has changed
 * may be joining a case that is not committed yet: whoever adds her there
 * holds a key share lock on her row, so we wait for that row alone.
 *
 * Queries are about a slice of keys at a time, and their results are read a
 * chunk at a time, so that memory does not grow with their number.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "rules.h"
#include "rules_case.h"

#define ROWS_A_CHUNK 1000

static bool is_touching = false;

/*
 * TipTouchesCase
 *		Is this our own update of the case, about which no rule is asked?
 *
 * A trigger that the update fires may do what it likes: that is no touch.
 */
bool
TipTouchesCase(TriggerData *data)
{
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	int			attno;
	bool		nulls[2];
	Datum		serials[2];

	if (!is_touching || !TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		return false;
	attno = SPI_fnumber(desc, "check_serial");
	if (attno <= 0 || TupleDescAttr(desc, attno - 1)->atttypid != INT8OID)
		return false;
	serials[0] = heap_getattr(data->tg_trigtuple, attno, desc, &nulls[0]);
	serials[1] = heap_getattr(data->tg_newtuple, attno, desc, &nulls[1]);
	return !nulls[1] && DatumGetInt64(serials[1]) ==
		(nulls[0] ? 1 : DatumGetInt64(serials[0]) + 1);
}

/* ---- queries about keys ---- */

static Datum
make_id_array(Datum *elements, int count)
{
	return PointerGetDatum(construct_array(elements, count, UUIDOID, UUID_LEN,
										   false, TYPALIGN_CHAR));
}

/*
 * TipNextSlice
 *		The next keys of those that have changed in any of these tables, as an
 *		array; no key is left if there are none in it.
 */
Datum
TipNextSlice(TipChanges *all, uint32 tables, int64 *next, int *count)
{
	int64		left = Min(all->count - *next, TIP_CASES_A_SLICE);
	Datum	   *elements = palloc(sizeof(Datum) * (left + 1));
	Datum		ids;

	*count = 0;
	for (; *next < all->count && *count < TIP_CASES_A_SLICE; (*next)++)
		if (all->changes[*next].tables & tables)
			elements[(*count)++] = UUIDPGetDatum(&all->changes[*next].id);
	ids = make_id_array(elements, *count);
	pfree(elements);
	return ids;
}

static void
run_on_ids(const char *query, Datum ids, Snapshot crosscheck)
{
	Oid			types[1] = {UUIDARRAYOID};
	SPIPlanPtr	plan = SPI_prepare_cursor(query, 1, types,
										  CURSOR_OPT_CUSTOM_PLAN);
	int			result;

	if (plan == NULL)
		elog(ERROR, "case check failed: %s",
			 SPI_result_code_string(SPI_result));
	result = SPI_execute_snapshot(plan, &ids, NULL, GetLatestSnapshot(),
								  crosscheck, false, true, 0);
	if (result < 0)
		elog(ERROR, "case check failed: %s", SPI_result_code_string(result));
	SPI_freetuptable(SPI_tuptable);
	SPI_freeplan(plan);
}

/* Run a statement on what is committed now, whatever the isolation level. */
void
TipRunOnIds(const char *query, Datum ids)
{
	run_on_ids(query, ids, InvalidSnapshot);
}

/*
 * TipReadByIds
 *		Read the answer to a query, as of now, a chunk at a time.
 */
void
TipReadByIds(TipCaseCheck *check, const char *query, Datum ids,
			 TipRowReader reader, void *arg)
{
	Oid			types[1] = {UUIDARRAYOID};
	Portal		portal;
	uint64		nrows;

	PushActiveSnapshot(GetLatestSnapshot());
	portal = SPI_cursor_open_with_args(NULL, query, 1, types, &ids, NULL,
									   true, CURSOR_OPT_NO_SCROLL);
	PopActiveSnapshot();
	do
	{
		SPITupleTable *rows;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, ROWS_A_CHUNK);
		rows = SPI_tuptable;
		nrows = SPI_processed;
		reader(check, rows, nrows, arg);
		SPI_freetuptable(rows);
	} while (nrows > 0);
	SPI_cursor_close(portal);
}

/* ---- which cases ---- */

/*
 * From rows to the cases they belong to: they name it, or the victim in it, or
 * they are a person who takes part in some.
 */
static char *
case_query(TipCaseCheck *check, Oid via)
{
	char	   *name = get_rel_name(via);
	const char *key = quote_identifier(psprintf("%s_id", name));
	const char *schema = check->schema_name;
	const char *table = quote_identifier(name);

	if (get_attnum(via, "event_id") == InvalidAttrNumber &&
		get_attnum(via, "victimization_id") != InvalidAttrNumber)
		return psprintf("SELECT r.%s, v.event_id FROM %s.%s AS r"
						" JOIN %s.victimization AS v USING (victimization_id)"
						" WHERE r.%s = ANY ($1) AND v.event_id IS NOT NULL",
						key, schema, table, schema, key);
	if (strcmp(name, "victim") == 0)
		table = "victimization";
	else if (strcmp(name, "perpetrator") == 0)
		table = "involvement";
	return psprintf("SELECT %s, event_id FROM %s.%s"
					" WHERE %s = ANY ($1) AND event_id IS NOT NULL",
					key, schema, table, key);
}

typedef struct Search
{
	TipChanges *rows;			/* where the change was noted */
	TipChanges *cases;
} Search;

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(((const TipChange *) a)->id.data,
				  ((const TipChange *) b)->id.data, UUID_LEN);
}

static const pg_uuid_t *
id_at(SPITupleTable *table, uint64 row, int column)
{
	bool		isnull;

	return DatumGetUUIDP(SPI_getbinval(table->vals[row], table->tupdesc,
									   column, &isnull));
}

/* The case has changed in the tables in which its row has. */
static void
read_cases(TipCaseCheck *check, SPITupleTable *table, uint64 nrows, void *arg)
{
	Search	   *search = arg;

	for (uint64 i = 0; i < nrows; i++)
	{
		TipChange	change = {*id_at(table, i, 1), 0};
		TipChange  *row = bsearch(&change, search->rows->changes,
								  search->rows->count, sizeof(TipChange),
								  compare_ids);

		if (row == NULL)
			continue;
		change.id = *id_at(table, i, 2);
		change.tables = row->tables;
		TipAddChange(search->cases, &change);
	}
}

static uint32
tables_of_interest(TipCaseCheck *check)
{
	uint32		tables = 0;
	ListCell   *cell;

	foreach(cell, check->views)
		tables |= ((TipFactView *) lfirst(cell))->tables;
	return tables;
}

/* Cases that are known by their own key. */
static void
add_own(TipChanges *rows, uint32 tables, TipChanges *cases)
{
	for (int64 i = 0; i < rows->count; i++)
		if (rows->changes[i].tables & tables)
			TipAddChange(cases, &rows->changes[i]);
}

static void
add_via(TipCaseCheck *check, TipChanges *rows, uint32 tables,
		TipChanges *cases)
{
	char	   *query;
	Search		search = {rows, cases};
	int64		next = 0;
	int			count;

	/* The table may be gone if no row of it was stored. */
	if (get_rel_name(rows->via) == NULL)
		return;
	query = case_query(check, rows->via);
	for (;;)
	{
		Datum		ids = TipNextSlice(rows, tables, &next, &count);

		if (count == 0)
			return;
		TipReadByIds(check, query, ids, read_cases, &search);
		pfree(DatumGetPointer(ids));
	}
}

static TipChanges *
find_cases(TipCaseCheck *check, List *noted)
{
	uint32		tables = tables_of_interest(check);
	TipChanges *cases = palloc0(sizeof(TipChanges));
	ListCell   *cell;

	foreach(cell, noted)
	{
		TipChanges *rows = lfirst(cell);

		if (OidIsValid(rows->via))
			add_via(check, rows, tables, cases);
		else
			add_own(rows, tables, cases);
	}
	TipSortChanges(cases);
	return cases;
}

static bool
some_at_second_hand(List *noted)
{
	ListCell   *cell;

	foreach(cell, noted)
		if (OidIsValid(((TipChanges *) lfirst(cell))->via))
			return true;
	return false;
}

/* ---- locks ---- */

/* Lock each slice, and perhaps touch it, before the next is locked. */
static void
for_each_slice(TipChanges *rows, uint32 tables, const char *lock,
			   const char *touch)
{
	int64		next = 0;
	int			count;

	for (;;)
	{
		Datum		ids = TipNextSlice(rows, tables, &next, &count);

		if (count == 0)
			return;
		CHECK_FOR_INTERRUPTS();
		run_on_ids(lock, ids, InvalidSnapshot);
		if (touch != NULL)
			run_on_ids(touch, ids, GetTransactionSnapshot());
		pfree(DatumGetPointer(ids));
	}
}

/* Counting them has no row returned to us. */
static char *
lock_query(TipCaseCheck *check, const char *table, const char *strength)
{
	const char *key = quote_identifier(psprintf("%s_id", table));

	return psprintf("SELECT pg_catalog.count(*) FROM (SELECT FROM %s.%s"
					" WHERE %s = ANY ($1) ORDER BY %s FOR %s) AS locked",
					check->schema_name, quote_identifier(table), key, key,
					strength);
}

static void
lock_persons(TipCaseCheck *check, List *noted)
{
	uint32		tables = tables_of_interest(check);
	ListCell   *cell;

	foreach(cell, noted)
	{
		TipChanges *rows = lfirst(cell);
		char	   *name = OidIsValid(rows->via) ?
			get_rel_name(rows->via) : NULL;

		if (name != NULL && (strcmp(name, "victim") == 0 ||
							 strcmp(name, "perpetrator") == 0))
			for_each_slice(rows, tables, lock_query(check, name, "UPDATE"),
						   NULL);
	}
}

/* Our update fires "~tip_case" as well, which is to find nothing to do. */
static void
note_as_judged(TipCaseCheck *check, TipChanges *cases)
{
	TipCaseKey	key = {check->schema, InvalidOid};

	for (int64 i = 0; i < cases->count; i++)
	{
		key.id = cases->changes[i].id;
		TipNoteJudgedCase(&key);
	}
}

/*
 * A row that our own snapshot does not show is not updated: 40001.  That is
 * what the crosscheck is for, as in checks of foreign keys.
 */
static void
lock_and_touch(TipCaseCheck *check, TipChanges *cases)
{
	char	   *lock = lock_query(check, "event", "NO KEY UPDATE");
	char	   *touch;

	if (!IsolationUsesXactSnapshot())
	{
		for_each_slice(cases, PG_UINT32_MAX, lock, NULL);
		return;
	}
	touch = psprintf("UPDATE %s.event SET check_serial ="
					 " COALESCE(check_serial, 0) + 1"
					 " WHERE event_id = ANY ($1)", check->schema_name);
	note_as_judged(check, cases);
	for_each_slice(cases, PG_UINT32_MAX, lock, touch);
}

static void
lock_cases(TipCaseCheck *check, TipChanges *cases)
{
	bool		before = is_touching;

	is_touching = true;
	PG_TRY();
	{
		lock_and_touch(check, cases);
	}
	PG_FINALLY();
	{
		is_touching = before;
	}
	PG_END_TRY();
}

/* Those that are found and not yet known; both are sorted. */
static TipChanges *
new_cases(TipChanges *found, TipChanges *known)
{
	TipChanges *fresh = palloc0(sizeof(TipChanges));
	int64		k = 0;

	for (int64 i = 0; i < found->count; i++)
	{
		while (k < known->count &&
			   compare_ids(&known->changes[k], &found->changes[i]) < 0)
			k++;
		if (k == known->count ||
			compare_ids(&known->changes[k], &found->changes[i]) != 0)
			TipAddChange(fresh, &found->changes[i]);
	}
	return fresh;
}

static void
add_all(TipChanges *all, TipChanges *more)
{
	for (int64 i = 0; i < more->count; i++)
		TipAddChange(all, &more->changes[i]);
	TipSortChanges(all);
}

static void
free_changes(TipChanges *changes)
{
	if (changes->changes != NULL)
		pfree(changes->changes);
	pfree(changes);
}

/* Look again, until nobody has moved a row elsewhere. */
static void
follow_moves(TipCaseCheck *check, List *noted, TipChanges *cases)
{
	bool		is_stable = false;

	while (!is_stable)
	{
		TipChanges *found = find_cases(check, noted);
		TipChanges *fresh = new_cases(found, cases);

		CHECK_FOR_INTERRUPTS();
		lock_cases(check, fresh);
		add_all(cases, found);
		is_stable = fresh->count == 0;
		free_changes(found);
		free_changes(fresh);
	}
}

/*
 * TipFindAndLockCases
 *		The cases of all noted rows that matter to some view, locked.
 */
TipChanges *
TipFindAndLockCases(TipCaseCheck *check, List *noted)
{
	TipChanges *cases;

	lock_persons(check, noted);
	cases = find_cases(check, noted);
	lock_cases(check, cases);
	if (cases->count > 0 && some_at_second_hand(noted))
		follow_moves(check, noted, cases);
	return cases;
}
