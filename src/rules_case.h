/*
 * rules_case.h
 *		Cross-record rules, judged once per changed case at commit.
 *
 * rules_noted.c remembers which cases a transaction changed; rules_case.c
 * locks and judges them.
 */
#ifndef TIP_RULES_CASE_H
#define TIP_RULES_CASE_H

#include "postgres.h"

#include "utils/uuid.h"

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

/* Findings of one judgement; of those that refuse only some are kept. */
typedef struct TipCaseFindings
{
	List	   *refusing;
	List	   *other;
	int			nrefused;		/* facts that are refused */
	int			max_refused;	/* facts whose findings are kept */
} TipCaseFindings;

extern void TipNoteCase(const TipCaseKey *key);
extern bool TipCaseIsPending(const TipCaseKey *key);
extern int	TipTakePendingCases(Oid schema, TipCaseKey **keys);
extern bool TipCaseCheckRuns(void);
extern void TipJudgePendingCases(Oid schema, TipCaseFindings *findings);

#endif							/* TIP_RULES_CASE_H */
