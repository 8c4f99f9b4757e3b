/*
 * rules_noted.c
 *		Which cases has this transaction changed, and which are judged?
 *
 * The set must follow savepoints: a change that is rolled back leaves no case
 * behind, and a judgement that is rolled back (SET CONSTRAINTS inside a
 * savepoint) must be made again.  So every step is written to a journal with
 * its nesting level; rolling back undoes the journal's tail, releasing a
 * savepoint hands its steps to the parent.  Both touch only the steps of that
 * subtransaction, never the whole set.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "rules_case.h"

typedef struct NotedCase
{
	TipCaseKey	key;
	bool		is_judged;
} NotedCase;

typedef enum StepKind
{
	STEP_NOTED,
	STEP_NOTED_AGAIN,
	STEP_JUDGED
} StepKind;

typedef struct Step
{
	NotedCase  *noted;
	StepKind	kind;
	int			level;
} Step;

/* All of it lives in TopTransactionContext. */
static HTAB *cases = NULL;
static Step *journal = NULL;
static int	njournal = 0;
static int	journal_size = 0;
static int	first_pending = 0;	/* nothing before this step is pending */
static bool callbacks_registered = false;

static void
forget_all(void)
{
	cases = NULL;
	journal = NULL;
	njournal = journal_size = first_pending = 0;
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		forget_all();
}

static void
undo(Step *step)
{
	if (step->kind == STEP_NOTED)
		(void) hash_search(cases, &step->noted->key, HASH_REMOVE, NULL);
	else if (step->kind == STEP_JUDGED)
	{
		step->noted->is_judged = false;
		first_pending = 0;
	}
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId mine,
					  SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		while (njournal > 0 && journal[njournal - 1].level >= level)
			undo(&journal[--njournal]);
		first_pending = Min(first_pending, njournal);
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		for (int i = njournal; i > 0 && journal[i - 1].level >= level; i--)
			journal[i - 1].level = level - 1;
	}
}

static void
start(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(TipCaseKey);
	control.entrysize = sizeof(NotedCase);
	control.hcxt = TopTransactionContext;
	cases = hash_create("tip_module cases", 64, &control,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	journal_size = 64;
	journal = MemoryContextAlloc(TopTransactionContext,
								 sizeof(Step) * journal_size);
	if (callbacks_registered)
		return;
	RegisterXactCallback(on_transaction_end, NULL);
	RegisterSubXactCallback(on_subtransaction_end, NULL);
	callbacks_registered = true;
}

static void
add_step(NotedCase *noted, StepKind kind)
{
	if (njournal == journal_size)
	{
		journal_size *= 2;
		journal = repalloc_huge(journal, sizeof(Step) * journal_size);
	}
	journal[njournal].noted = noted;
	journal[njournal].kind = kind;
	journal[njournal++].level = GetCurrentTransactionNestLevel();
}

void
TipNoteCase(const TipCaseKey *key)
{
	NotedCase  *noted;
	bool		found;

	if (cases == NULL)
		start();
	noted = hash_search(cases, key, HASH_ENTER, &found);
	if (found && !noted->is_judged)
		return;
	noted->is_judged = false;
	add_step(noted, found ? STEP_NOTED_AGAIN : STEP_NOTED);
}

/* False only if the case was noted and has been judged since. */
bool
TipCaseIsPending(const TipCaseKey *key)
{
	NotedCase  *noted;

	if (cases == NULL)
		return true;
	noted = hash_search(cases, key, HASH_FIND, NULL);
	return noted == NULL || !noted->is_judged;
}

/*
 * TipTakePendingCases
 *		Mark all pending cases of a model as judged and return them.
 */
int
TipTakePendingCases(Oid schema, TipCaseKey **keys)
{
	int			before = njournal;
	int			count = 0;

	*keys = palloc_extended(sizeof(TipCaseKey) *
							Max(before - first_pending, 1), MCXT_ALLOC_HUGE);
	for (int i = first_pending; i < before; i++)
	{
		NotedCase  *noted = journal[i].noted;

		if (noted->is_judged || noted->key.schema != schema)
			continue;
		(*keys)[count++] = noted->key;
		noted->is_judged = true;
		add_step(noted, STEP_JUDGED);
	}
	return count;
}
