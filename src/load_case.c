/*
 * load_case.c
 *		Rules at commit are asked before there is a commit.
 *
 * A batch is loaded in a pass, which is a subtransaction.  At its end the
 * cases that it changed are judged.  If some are refused the pass is given up
 * and made again, without the rows that belong to them: those go to quarantine
 * with the findings about their case.  Where a row does not say to which case
 * it belongs, the batch is stored row by row and judged after each.
 *
 * Cases that are refused for what the transaction had changed before the load,
 * and that no row of the load belongs to, are left for COMMIT to refuse.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "load.h"
#include "rules_case.h"

/* More are found when the pass is made again. */
#define MAX_FACTS_A_PASS 10000

/* A row says it belongs to a case by one of these columns; first match. */
typedef struct Route
{
	const char *column;
	const char *query;			/* NULL: it is the case; %1$s is the schema */
} Route;

static const Route routes[] = {
	{"event_id", NULL},
	{"victimization_id",
		"SELECT v.victimization_id, v.event_id FROM %1$s.victimization AS v"
		" WHERE v.event_id OPERATOR(pg_catalog.=) ANY ($1)"},
	{"screening_id",
		"SELECT s.screening_id, v.event_id FROM %1$s.screening AS s"
		" JOIN %1$s.victimization AS v"
		" ON v.victimization_id OPERATOR(pg_catalog.=) s.victimization_id"
		" WHERE v.event_id OPERATOR(pg_catalog.=) ANY ($1)"},
	{"justice_step_id",
		"SELECT j.justice_step_id, j.event_id FROM %1$s.justice_step AS j"
		" WHERE j.event_id OPERATOR(pg_catalog.=) ANY ($1)"}
};

typedef struct RefusedCase
{
	pg_uuid_t	id;				/* hash key: the case, or what refers to it */
	List	   *findings;		/* of one judgement */
	char	   *json;
} RefusedCase;

typedef struct JudgeTask
{
	TipLoader  *loader;
	bool		is_refused;
	int			nnew;			/* references that were not known before */
} JudgeTask;

static HTAB *
make_cases(const char *name, MemoryContext context)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(pg_uuid_t);
	control.entrysize = sizeof(RefusedCase);
	control.hcxt = context;
	return hash_create(name, 64, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static const Route *
route_of(TipLoader *loader)
{
	TupleDesc	desc = loader->record->desc;

	for (int i = 0; i < lengthof(routes); i++)
		for (int j = 0; j < desc->natts; j++)
		{
			Form_pg_attribute att = TupleDescAttr(desc, j);

			if (!att->attisdropped && att->atttypid == UUIDOID &&
				strcmp(NameStr(att->attname), routes[i].column) == 0)
				return &routes[i];
		}
	return NULL;
}

/* By which column a staged row says to which case it belongs, if by any. */
void
TipFindReference(TipLoader *loader)
{
	const Route *route = route_of(loader);

	loader->reference = -1;
	if (route == NULL)
		return;
	for (int i = 0; i < loader->ncolumns; i++)
		if (strcmp(NameStr(TupleDescAttr(loader->record->desc,
										 loader->columns[i])->attname),
				   route->column) == 0)
			loader->reference = loader->columns[i];
}

/* The findings because of which a row may not be stored, or NULL. */
char *
TipRefusalOf(TipLoader *loader, TupleTableSlot *slot)
{
	RefusedCase *refused;

	if (loader->refused == NULL || loader->reference < 0 ||
		slot->tts_isnull[loader->reference])
		return NULL;
	refused = hash_search(loader->refused,
						  DatumGetUUIDP(slot->tts_values[loader->reference]),
						  HASH_FIND, NULL);
	return refused ? refused->json : NULL;
}

/* ---- remembering what is refused ---- */

/* One list of findings for each case. */
static HTAB *
by_case(List *findings)
{
	HTAB	   *cases = make_cases("tip.load cases", CurrentMemoryContext);
	ListCell   *cell;

	foreach(cell, findings)
	{
		TipFinding *finding = lfirst(cell);
		RefusedCase *refused;
		Datum		id;
		bool		found;

		id = DirectFunctionCall1(uuid_in, CStringGetDatum(finding->subject));
		refused = hash_search(cases, DatumGetUUIDP(id), HASH_ENTER, &found);
		if (!found)
			refused->findings = NIL;
		refused->findings = lappend(refused->findings, finding);
	}
	return cases;
}

static void
remember(JudgeTask *task, const pg_uuid_t *reference, RefusedCase *which)
{
	TipLoader  *loader = task->loader;
	RefusedCase *refused;
	bool		found;

	if (loader->refused == NULL)
		loader->refused = make_cases("tip.load refused",
									 loader->context);
	refused = hash_search(loader->refused, reference, HASH_ENTER, &found);
	if (found)
		return;
	refused->json = MemoryContextStrdup(loader->context,
										TipFindingsJson(which->findings));
	task->nnew++;
}

static Datum
case_ids(HTAB *cases)
{
	Datum	   *ids = palloc(sizeof(Datum) * (hash_get_num_entries(cases) + 1));
	int			count = 0;
	HASH_SEQ_STATUS status;
	RefusedCase *refused;

	hash_seq_init(&status, cases);
	while ((refused = hash_seq_search(&status)) != NULL)
		ids[count++] = UUIDPGetDatum(&refused->id);
	return PointerGetDatum(construct_array(ids, count, UUIDOID, UUID_LEN,
										   false, TYPALIGN_CHAR));
}

typedef struct ReferTask
{
	JudgeTask  *judge;
	HTAB	   *cases;
	const char *query;
} ReferTask;

/* What refers to the cases, as far as the caller may see it. */
static void
find_references(void *arg)
{
	ReferTask  *task = arg;
	Oid			types[] = {UUIDARRAYOID};
	Datum		values[] = {case_ids(task->cases)};
	const char *schema = quote_identifier(task->judge->loader->schema);

	if (SPI_execute_with_args(psprintf(task->query, schema), 1, types, values,
							  NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not look for the rows of a case");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		bool		isnull;
		Datum		reference = SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1,
											  &isnull);
		Datum		id = SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2,
									   &isnull);
		RefusedCase *refused = hash_search(task->cases, DatumGetUUIDP(id),
										   HASH_FIND, NULL);

		if (refused != NULL)
			remember(task->judge, DatumGetUUIDP(reference), refused);
	}
	SPI_freetuptable(SPI_tuptable);
}

static void
remember_cases(JudgeTask *task, List *findings)
{
	const Route *route = route_of(task->loader);
	HTAB	   *cases = by_case(findings);
	ReferTask	refer = {task, cases, route ? route->query : NULL};
	HASH_SEQ_STATUS status;
	RefusedCase *refused;
	ErrorData  *error;

	if (task->loader->reference < 0)
		return;
	if (refer.query != NULL)
	{
		/* Who may not see them has the batch stored row by row. */
		(void) TipTry(find_references, &refer, &error);
		return;
	}
	hash_seq_init(&status, cases);
	while ((refused = hash_seq_search(&status)) != NULL)
		remember(task, &refused->id, refused);
}

/* ---- judging ---- */

/* Nobody reads this: it takes back a subtransaction. */
static void
give_up(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("a rule at commit refuses rows of the load")));
}

static void
judge(TipLoader *loader, TipCaseFindings *findings)
{
	TipJudgePendingCases(get_namespace_oid(loader->schema, false), findings);
}

static void
judge_attempt(void *arg)
{
	JudgeTask  *task = arg;
	TipCaseFindings findings = {NIL, NIL, 0, MAX_FACTS_A_PASS};

	judge(task->loader, &findings);
	if (findings.nrefused == 0)
		return;
	task->is_refused = true;
	remember_cases(task, findings.refusing);
	give_up();
}

/* Always given up: what is judged here is judged again. */
static void
look_attempt(void *arg)
{
	JudgeTask  *task = arg;
	TipCaseFindings findings = {NIL, NIL, 0, 0};

	judge(task->loader, &findings);
	task->is_refused = findings.nrefused > 0;
	give_up();
}

/*
 * TipLookAtCases
 *		Does what the transaction has changed so far refuse to be committed?
 */
void
TipLookAtCases(TipLoader *loader)
{
	JudgeTask	task = {loader, false, 0};
	ErrorData  *error;

	if (!loader->judges_cases || loader->moves_rows)
		return;
	(void) TipTry(look_attempt, &task, &error);
	loader->refused_before = task.is_refused;
}

/*
 * TipRefusalNow
 *		Judge the case of a row that has just been stored; findings or NULL.
 */
char *
TipRefusalNow(TipLoader *loader)
{
	TipCaseFindings findings = {NIL, NIL, 0, 100};

	if (!loader->judges_cases)
		return NULL;
	judge(loader, &findings);
	return findings.nrefused > 0 ? TipFindingsJson(findings.refusing) : NULL;
}

/* ---- constraints of others that wait for the commit ---- */

static void
set_constraints(const char *command)
{
	if (SPI_execute(command, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not set constraints");
}

/* A call that does not commit leaves its caller's constraints alone. */
void
TipDeferConstraints(TipLoader *loader)
{
	if (loader->moves_rows)
		set_constraints("SET CONSTRAINTS ALL DEFERRED");
}

void
TipCheckConstraints(TipLoader *loader)
{
	if (loader->moves_rows)
		set_constraints("SET CONSTRAINTS ALL IMMEDIATE");
}

static void
constraints_attempt(void *arg)
{
	TipCheckConstraints(arg);
}

/* ---- the end of a pass ---- */

static void
repeat_pass(TipLoader *loader)
{
	loader->must_repeat = true;
	give_up();
}

static void
repeat_one_by_one(TipLoader *loader)
{
	loader->one_by_one = true;
	repeat_pass(loader);
}

static void
judge_pass(TipLoader *loader)
{
	JudgeTask	task = {loader, false, 0};
	ErrorData  *error;

	if (!loader->judges_cases || TipTry(judge_attempt, &task, &error))
		return;
	if (!task.is_refused)
		ReThrowError(error);
	if (task.nnew > 0)
		repeat_pass(loader);
	if (!loader->one_by_one && !loader->refused_before)
		repeat_one_by_one(loader);
}

/*
 * TipEndPass
 *		Raise if the pass has to be made again, with must_repeat set.
 */
void
TipEndPass(TipLoader *loader)
{
	ErrorData  *error;

	judge_pass(loader);
	if (TipTry(constraints_attempt, loader, &error))
		return;
	if (loader->one_by_one)
		ReThrowError(error);
	repeat_one_by_one(loader);
}
