/*
 * codes.h
 *		A coded value knows its list: 6 bits of list, 10 bits of number.
 */
#ifndef TIP_CODES_H
#define TIP_CODES_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/date.h"

typedef uint16 TipCode;
typedef uint64 TipSet;

#define TIP_NUMBER_ALL				0
#define TIP_NUMBER_MAX				1018
#define TIP_NUMBER_NOT_RECORDED		1019
#define TIP_NUMBER_UNKNOWN			1020
#define TIP_NUMBER_NOT_STATED		1021
#define TIP_NUMBER_NOT_APPLICABLE	1022
#define TIP_NUMBER_WITHHELD			1023

#define TIP_MAX_LISTS				63
#define TIP_SET_CODES				54
#define TIP_SET_MISSING				4

#define TipMakeCode(list, number)	((TipCode) (((list) << 10) | (number)))
#define TipCodeList(code)			((code) >> 10)
#define TipCodeNumber(code)			((code) & 1023)
#define TipCodeIsMissing(code)		(TipCodeNumber(code) > TIP_NUMBER_MAX)

typedef enum TipListKind
{
	SCALAR,
	SETTABLE
} TipListKind;

/* The lists by name: TIP_LIST_SEX and so on, values are stored on disk. */
typedef enum TipListId
{
	TIP_LIST_NONE = 0,
#define TIP_LIST(id, number, name, kind, title, source) \
	TIP_LIST_##id = (number),
#define TIP_CODE(list, number, rank, code, parent, en, es, fr, nl, ht, source)
#define TIP_RETIRED(list, number, day, note)
#include "code_lists.def"
#undef TIP_LIST
#undef TIP_CODE
#undef TIP_RETIRED
} TipListId;

typedef struct TipListRow
{
	int			list;
	const char *name;
	TipListKind kind;
	const char *title;
	const char *source;
} TipListRow;

/* An operational indicator and its weights, see indicators.def. */
typedef struct TipIndicatorRow
{
	const char *code;
	int			dimension;		/* 1 to 6 */
	char		adult_labour;	/* 'S', 'M', 'W' or '-' */
	char		child_labour;
} TipIndicatorRow;

#define TIP_LANGUAGES 5

typedef struct TipCodeRow
{
	TipCode		code;
	int			rank;
	const char *text;
	const char *parent;
	const char *labels[TIP_LANGUAGES];	/* en, es, fr, nl, ht */
	const char *source;
} TipCodeRow;

typedef struct TipRetiredRow
{
	TipCode		code;
	const char *day;			/* first day without it, YYYY-MM-DD */
	const char *note;			/* what to use instead */
} TipRetiredRow;

extern void TipCodesInit(void);
extern const TipListRow *TipListRowOf(int list);
extern const TipCodeRow *TipCodeRowOf(TipCode code);
extern int	TipListMaxNumber(int list);
extern bool TipCodeFind(int list, const char *text, int len, TipCode *code);
extern const char *TipCodeName(TipCode code);
extern char *TipCodeText(TipCode code);
extern char *TipNearestCodes(int list, const char *text);
extern const TipIndicatorRow *TipIndicatorRows(int *count);
extern int	TipListByType(Oid typid);
extern int	TipSetListByType(Oid typid);
extern const DateADT *TipListRetirements(int list);
extern TipSet TipSetKnownBits(int list);
extern bool TipTypeHasCodes(Oid typid);

#define DatumGetTipCode(d)		((TipCode) DatumGetUInt16(d))
#define TipCodeGetDatum(c)		Int16GetDatum((int16) (c))
#define PG_GETARG_TIPCODE(n)	DatumGetTipCode(PG_GETARG_DATUM(n))
#define PG_RETURN_TIPCODE(c)	return TipCodeGetDatum(c)

#define DatumGetTipSet(d)		((TipSet) DatumGetInt64(d))
#define TipSetGetDatum(s)		Int64GetDatum((int64) (s))
#define PG_GETARG_TIPSET(n)		DatumGetTipSet(PG_GETARG_DATUM(n))
#define PG_RETURN_TIPSET(s)		return TipSetGetDatum(s)
#define TipSetList(set)			((int) ((set) >> 58))

#endif							/* TIP_CODES_H */
