/*
 * rules_case.h
 *		Cross-record rules, judged once per changed case at commit.
 *
 * rules_noted.c remembers which cases a transaction changed, and in which
 * tables; rules_case_reads.c knows which tables a view of facts reads;
 * rules_case_find.c finds and locks the cases; rules_case_judge.c judges their
 * facts; rules_case.c holds the triggers that have all this done.
 */
#ifndef TIP_RULES_CASE_H
#define TIP_RULES_CASE_H

#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/uuid.h"

/* How many cases one query is about: what bounds memory and repeats a scan. */
#define TIP_CASES_A_SLICE 50000

/*
 * A model is known by its schema, a case by its surrogate key, or by that of a
 * row of the table "via" that belongs to it.
 */
typedef struct TipCaseKey
{
	Oid			schema;
	Oid			via;			/* InvalidOid: the case itself */
	pg_uuid_t	id;
} TipCaseKey;

/*
 * Tables in which a case has changed, one bit for each table that the
 * transaction changed so far; this bit stands for all that have none.
 */
#define TIP_MAX_TABLE_BITS 30
#define TIP_OTHER_TABLES ((uint32) 1 << TIP_MAX_TABLE_BITS)

typedef struct TipChange
{
	pg_uuid_t	id;
	uint32		tables;
} TipChange;

/* Changes by rising id, one for each id. */
typedef struct TipChanges
{
	Oid			via;			/* of what the ids are keys, as above */
	TipChange  *changes;
	int64		count;
	int64		size;
} TipChanges;

/* Findings of one judgement; of those that refuse only some are kept. */
typedef struct TipCaseFindings
{
	List	   *refusing;
	List	   *other;			/* only if they are kept */
	int			nrefused;		/* facts that are refused */
	int			max_refused;	/* facts whose findings are kept */
	bool		keeps_other;	/* in memory, rather than in the table */
} TipCaseFindings;

typedef struct TipCaseCheck
{
	Oid			schema;
	const char *schema_name;	/* quoted */
	bool		is_dry;			/* lock and store nothing */
	List	   *views;			/* of TipFactView */
	TipCaseFindings *findings;
	MemoryContext caller;		/* of findings that outlive the check */
	MemoryContext context;		/* of what lives as long as the check */
	MemoryContext batch;		/* of findings not yet written */
} TipCaseCheck;

/* A view of the model that has one row for each fact. */
typedef struct TipFactView
{
	char	   *entity;
	Oid			relid;
	uint32		tables;			/* whose changes matter to it */
} TipFactView;

typedef void (*TipRowReader) (TipCaseCheck *check, SPITupleTable *rows,
							  uint64 nrows, void *arg);

/* rules_noted.c */
extern void TipNoteCase(const TipCaseKey *key, Oid table);
extern void TipNoteJudgedCase(const TipCaseKey *key);
extern bool TipCaseIsPending(const TipCaseKey *key);
extern List *TipTakePendingCases(Oid schema);
extern int	TipNotedTables(Oid **tables);
extern void TipAddChange(TipChanges *all, const TipChange *change);
extern void TipSortChanges(TipChanges *all);

/* rules_case_reads.c */
extern uint32 TipTablesRead(Oid view);

/* rules_case_find.c */
extern void TipRunOnIds(const char *query, Datum ids);
extern void TipReadByIds(TipCaseCheck *check, const char *query, Datum ids,
						 TipRowReader reader, void *arg);
extern Datum TipNextSlice(TipChanges *all, uint32 tables, int64 *next,
						  int *count);
extern TipChanges *TipFindAndLockCases(TipCaseCheck *check, List *noted);
extern bool TipTouchesCase(TriggerData *data);

/* rules_case_judge.c */
extern List *TipFactViews(TipCaseCheck *check);
extern void TipJudgeCases(TipCaseCheck *check, TipChanges *cases);

/* rules_case.c */
extern void TipJudgePendingCases(Oid schema, TipCaseFindings *findings);

#endif							/* TIP_RULES_CASE_H */
