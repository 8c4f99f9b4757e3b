/*
 * rules_noted.c
 *		Which cases has this transaction changed, and which are judged?
 *
 * The set must follow savepoints: a change that is rolled back leaves no case
 * behind, and a judgement that is rolled back (SET CONSTRAINTS inside a
 * savepoint) must be made again.  So every step is written to a journal;
 * rolling back undoes the journal's tail, releasing a savepoint hands its tail
 * to the parent.  Both touch only the steps of that subtransaction, never the
 * whole set.
 *
 * A million cases in one transaction are to be expected of a bulk load, hence
 * the plain arrays: a case takes 24 bytes, 8 in each of the journal's two
 * steps (noted, judged) and 9 to 18 in the hash table; what is allocated is at
 * most twice that, because arrays grow by doubling.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "utils/memutils.h"

#include "rules_case.h"

/* Of what a key is the key: cases of a model, or rows of one of its tables. */
typedef struct KeyGroup
{
	Oid			schema;
	Oid			via;
} KeyGroup;

typedef struct Noted
{
	pg_uuid_t	id;
	uint32		pending;		/* tables changed since the last judgement */
	uint32		group;
} Noted;

/* What an entry was before; WAS_NOT: there was none. */
typedef struct Step
{
	uint32		noted;
	uint32		before;
} Step;

#define WAS_NOT PG_UINT32_MAX
#define MAX_NOTED ((int64) PG_UINT32_MAX - 1)

/* Where in the journal a nesting level begins. */
typedef struct Mark
{
	int			level;
	int64		first;
	int64		first_pending;	/* as it was then */
} Mark;

typedef struct HashEntry
{
	uint32		noted;
	char		status;
} HashEntry;

/* All of it lives in one context of the transaction. */
static MemoryContext context = NULL;
static struct noted_hash *hash = NULL;
static Noted *noted = NULL;
static int64 nnoted = 0;
static int64 noted_size = 0;
static Step *journal = NULL;
static int64 njournal = 0;
static int64 journal_size = 0;
static Mark *marks = NULL;
static int	nmarks = 0;
static int	marks_size = 0;
static KeyGroup *groups = NULL;
static int	ngroups = 0;
static int	groups_size = 0;
static Oid	tables[TIP_MAX_TABLE_BITS];
static int	ntables = 0;
static int64 npending = 0;
static int64 first_pending = 0; /* no step before it is about a pending case */
static bool callbacks_registered = false;

/* A key that is not in the table yet is looked up as the entry to come. */
#define SH_PREFIX noted
#define SH_ELEMENT_TYPE HashEntry
#define SH_KEY_TYPE uint32
#define SH_KEY noted
#define SH_HASH_KEY(tb, key) \
	(hash_bytes(noted[key].id.data, UUID_LEN) ^ noted[key].group)
#define SH_EQUAL(tb, a, b) \
	(noted[a].group == noted[b].group && \
	 memcmp(noted[a].id.data, noted[b].id.data, UUID_LEN) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static void
forget_all(void)
{
	context = NULL;
	hash = NULL;
	noted = NULL;
	journal = NULL;
	marks = NULL;
	groups = NULL;
	nnoted = noted_size = njournal = journal_size = 0;
	nmarks = marks_size = ngroups = groups_size = ntables = 0;
	npending = first_pending = 0;
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		forget_all();
}

/* ---- the journal ---- */

static void
set_pending(Noted *entry, uint32 pending)
{
	npending += (pending != 0) - (entry->pending != 0);
	entry->pending = pending;
}

/* Entries are made in the order of the journal, so the last one goes first. */
static void
undo(Step *step)
{
	if (step->before != WAS_NOT)
	{
		set_pending(&noted[step->noted], step->before);
		return;
	}
	Assert(step->noted == nnoted - 1);
	set_pending(&noted[step->noted], 0);
	(void) noted_delete(hash, step->noted);
	nnoted--;
}

static void
on_subtransaction_abort(int level)
{
	while (nmarks > 0 && marks[nmarks - 1].level >= level)
	{
		Mark	   *mark = &marks[--nmarks];

		while (njournal > mark->first)
			undo(&journal[--njournal]);
		first_pending = mark->first_pending;
	}
}

static void
on_subtransaction_commit(int level)
{
	if (nmarks == 0 || marks[nmarks - 1].level < level)
		return;
	if (nmarks > 1 && marks[nmarks - 2].level == level - 1)
		nmarks--;
	else
		marks[nmarks - 1].level = level - 1;
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		on_subtransaction_abort(GetCurrentTransactionNestLevel());
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		on_subtransaction_commit(GetCurrentTransactionNestLevel());
}

static void
start(void)
{
	context = AllocSetContextCreate(TopTransactionContext,
									"tip_module noted cases",
									ALLOCSET_DEFAULT_SIZES);
	hash = noted_create(context, 64, NULL);
	if (callbacks_registered)
		return;
	RegisterXactCallback(on_transaction_end, NULL);
	RegisterSubXactCallback(on_subtransaction_end, NULL);
	callbacks_registered = true;
}

/* Room for one more element; the size is only taken over if there is. */
static void *
make_room(void *array, int64 count, int64 *size, Size element)
{
	int64		new_size = Max(64, *size * 2);

	if (count < *size)
		return array;
	array = array == NULL ?
		MemoryContextAllocHuge(context, element * new_size) :
		repalloc_huge(array, element * new_size);
	*size = new_size;
	return array;
}

static void *
make_small_room(void *array, int count, int *size, Size element)
{
	int64		wide = *size;

	array = make_room(array, count, &wide, element);
	*size = (int) wide;
	return array;
}

static void
begin_level(void)
{
	int			level = GetCurrentTransactionNestLevel();

	if (nmarks > 0 && marks[nmarks - 1].level >= level)
		return;
	marks = make_small_room(marks, nmarks, &marks_size, sizeof(Mark));
	marks[nmarks].level = level;
	marks[nmarks].first = njournal;
	marks[nmarks++].first_pending = first_pending;
}

/* What can fail for want of memory is done before anything changes. */
static void
reserve_step(void)
{
	begin_level();
	journal = make_room(journal, njournal, &journal_size, sizeof(Step));
}

static void
add_step(uint32 number, uint32 before, uint32 after)
{
	journal[njournal].noted = number;
	journal[njournal++].before = before;
	set_pending(&noted[number], after);
}

/* ---- noting ---- */

static uint32
group_of(const TipCaseKey *key)
{
	for (int i = 0; i < ngroups; i++)
		if (groups[i].schema == key->schema && groups[i].via == key->via)
			return i;
	groups = make_small_room(groups, ngroups, &groups_size, sizeof(KeyGroup));
	groups[ngroups].schema = key->schema;
	groups[ngroups].via = key->via;
	return ngroups++;
}

static uint32
bit_of(Oid table)
{
	for (int i = 0; i < ntables; i++)
		if (tables[i] == table)
			return (uint32) 1 << i;
	if (ntables == TIP_MAX_TABLE_BITS)
		return TIP_OTHER_TABLES;
	tables[ntables] = table;
	return (uint32) 1 << ntables++;
}

/* Put a key where the next entry will be. */
static void
write_next(const TipCaseKey *key)
{
	if (context == NULL)
		start();
	if (nnoted >= MAX_NOTED)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many cases are changed in one transaction"),
				 errhint("Change them in several transactions.")));
	noted = make_room(noted, nnoted, &noted_size, sizeof(Noted));
	noted[nnoted].id = key->id;
	noted[nnoted].pending = 0;
	noted[nnoted].group = group_of(key);
}

/*
 * TipNoteCase
 *		A row of this table, which belongs to this case, is about to change.
 */
void
TipNoteCase(const TipCaseKey *key, Oid table)
{
	uint32		bit = bit_of(table);
	HashEntry  *entry;
	uint32		before;
	bool		found;

	write_next(key);
	reserve_step();
	entry = noted_insert(hash, (uint32) nnoted, &found);
	if (!found)
	{
		add_step((uint32) nnoted, WAS_NOT, bit);
		nnoted++;
		return;
	}
	before = noted[entry->noted].pending;
	if ((before & bit) == 0)
		add_step(entry->noted, before, before | bit);
}

/*
 * TipNoteJudgedCase
 *		This case is judged even if none of its own changes was noted.
 */
void
TipNoteJudgedCase(const TipCaseKey *key)
{
	bool		found;

	write_next(key);
	reserve_step();
	(void) noted_insert(hash, (uint32) nnoted, &found);
	if (!found)
		add_step((uint32) nnoted++, WAS_NOT, 0);
}

/* False only if the case was noted and has been judged since. */
bool
TipCaseIsPending(const TipCaseKey *key)
{
	HashEntry  *entry;

	write_next(key);
	entry = noted_lookup(hash, (uint32) nnoted);
	return entry == NULL || noted[entry->noted].pending != 0;
}

/* The tables that the bits stand for. */
int
TipNotedTables(Oid **list)
{
	*list = tables;
	return ntables;
}

/* ---- taking ---- */

static int
compare_changes(const void *a, const void *b)
{
	return memcmp(((const TipChange *) a)->id.data,
				  ((const TipChange *) b)->id.data, UUID_LEN);
}

void
TipAddChange(TipChanges *all, const TipChange *change)
{
	if (all->count == all->size)
	{
		all->size = Max(64, all->size * 2);
		all->changes = all->changes == NULL ?
			palloc(sizeof(TipChange) * all->size) :
			repalloc_huge(all->changes, sizeof(TipChange) * all->size);
	}
	all->changes[all->count++] = *change;
}

/* By rising id, each once, with the tables of all its changes. */
void
TipSortChanges(TipChanges *all)
{
	int64		unique = 0;

	if (all->count == 0)
		return;
	qsort(all->changes, all->count, sizeof(TipChange), compare_changes);
	for (int64 i = 1; i < all->count; i++)
	{
		if (compare_changes(&all->changes[i], &all->changes[unique]) == 0)
			all->changes[unique].tables |= all->changes[i].tables;
		else
			all->changes[++unique] = all->changes[i];
	}
	all->count = unique + 1;
}

static TipChanges *
changes_via(List **all, Oid via)
{
	ListCell   *cell;
	TipChanges *changes;

	foreach(cell, *all)
		if (((TipChanges *) lfirst(cell))->via == via)
			return lfirst(cell);
	changes = palloc0(sizeof(TipChanges));
	changes->via = via;
	*all = lappend(*all, changes);
	return changes;
}

static void
take(uint32 number, List **all)
{
	TipChange	change = {noted[number].id, noted[number].pending};

	TipAddChange(changes_via(all, groups[noted[number].group].via), &change);
	reserve_step();
	add_step(number, noted[number].pending, 0);
}

/*
 * TipTakePendingCases
 *		Mark all pending cases of a model as judged and return them, a list of
 *		TipChanges.
 */
List *
TipTakePendingCases(Oid schema)
{
	int64		before = njournal;
	List	   *all = NIL;
	ListCell   *cell;

	for (int64 i = first_pending; i < before; i++)
	{
		uint32		number = journal[i].noted;

		if (noted[number].pending != 0 &&
			groups[noted[number].group].schema == schema)
			take(number, &all);
	}
	if (npending == 0)
		first_pending = njournal;
	foreach(cell, all)
		TipSortChanges(lfirst(cell));
	return all;
}
