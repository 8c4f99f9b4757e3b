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

/* A model is known by its schema, a case by its surrogate key. */
typedef struct TipCaseKey
{
	Oid			schema;
	pg_uuid_t	id;
} TipCaseKey;

extern void TipNoteCase(Oid schema, const pg_uuid_t *id);
extern bool TipCaseIsPending(Oid schema, const pg_uuid_t *id);
extern int	TipTakePendingCases(Oid schema, pg_uuid_t **ids);
extern bool TipCaseCheckRuns(void);

#endif							/* TIP_RULES_CASE_H */
