/*
 * rules_record.h
 *		A record that is not stored yet: texts by column, coerced and judged.
 */
#ifndef TIP_RULES_RECORD_H
#define TIP_RULES_RECORD_H

#include "utils/jsonb.h"

#include "rules.h"

typedef struct TipRecord
{
	Relation	rel;
	TupleDesc	desc;
	const char *entity;
	FmgrInfo   *input;			/* per attribute */
	Oid		   *ioparam;
	bool	   *given;			/* columns that the record speaks of */
	char	  **texts;			/* per attribute; NULL is null */
	TupleTableSlot *slot;
} TipRecord;

/* rules_json.c */
extern List *TipReadObject(TipRecord *record, Jsonb *object);

/* rules_record.c */
extern TipRecord *TipOpenRecord(const char *schema, const char *entity);
extern void TipCloseRecord(TipRecord *record);
extern void TipClearRecord(TipRecord *record);
extern List *TipJudgeRecord(TipRecord *record);
extern void TipMaskUnreadable(List *findings, List *types);
extern TipFinding *TipMakeFinding(const char *id, const char *entity,
								  const char *column,
								  const char *const *messages,
								  const char *hint);
extern TipFinding *TipStoreFinding(TipRecord *record,
								   const ErrorData *error);

#endif							/* TIP_RULES_RECORD_H */
