/*
 * rules_fast.h
 *		The quick answer: does a record pass all total error rules?
 *
 * rules_fast.c turns predicates into a program of tests, rules_fast_leaf.c
 * finds the test for one comparison or call, rules_fast_run.c runs it.
 */
#ifndef TIP_RULES_FAST_H
#define TIP_RULES_FAST_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "fmgr.h"
#include "nodes/bitmapset.h"
#include "nodes/primnodes.h"

#include "rules.h"

/*
 * What a test can say.  NULL because a column is NULL is told apart from a
 * NULL that a function gives for values: "a IS NULL OR f(a)" is one test then.
 */
typedef enum TipTruth
{
	TIP_NO,
	TIP_YES,
	TIP_NULL,
	TIP_UNKNOWN
} TipTruth;

/* Where to go from a test, by what it says. */
typedef struct TipTargets
{
	uint16		to[4];
} TipTargets;

typedef enum TipOp
{
	TIP_OP_PASS,				/* the end: nothing to say */
	TIP_OP_FAIL,				/* the end: ask the rules one by one */
	TIP_OP_IS_NULL,
	TIP_OP_BOOL,				/* a */
	TIP_OP_RANGE,				/* low <= a <= high */
	TIP_OP_LESS,				/* a < b */
	TIP_OP_EQUAL,				/* a = b */
	TIP_OP_MEMBER,				/* a is one of some constants */
	TIP_OP_ALL_BITS,			/* a has all bits of the mask */
	TIP_OP_ANY_BITS,			/* a has any of them */
	TIP_OP_COUNT_BITS,			/* low <= number of them in a <= high */
	TIP_OP_HAS_CODE,			/* the set a has the code b */
	TIP_OP_MISSING,				/* the code a stands for a missing value */
	TIP_OP_BEFORE,				/* partial dates: a is certainly before b */
	TIP_OP_BEFORE_DAY,			/* a is certainly before the place low */
	TIP_OP_DAY_BEFORE,			/* the place low is certainly before a */
	TIP_OP_CALL,				/* any other function */
	TIP_OP_EXPRESSION			/* what is not understood: core's executor */
} TipOp;

/* The constants of IN (...), a bit each from the least to the greatest. */
typedef struct TipMembers
{
	int64		least;
	uint64		span;			/* greatest less least */
	bool		has_null;
	uint64		words[FLEXIBLE_ARRAY_MEMBER];
} TipMembers;

/* An argument that comes with the record: a column, or what is made of some. */
typedef struct TipArgument
{
	int16		argument;
	int16		column;			/* from 0, or -1 */
	ExprState  *state;			/* else */
} TipArgument;

/* A function with its constants filled in, and what is to follow. */
typedef struct TipCall
{
	FunctionCallInfo fcinfo;
	FmgrInfo	function;
	Datum	   *result;			/* where another call takes it, or NULL */
	int			narguments;
	TipArgument arguments[FLEXIBLE_ARRAY_MEMBER];
} TipCall;

/* One test.  Columns count from 0, -1 is none. */
typedef struct TipStep
{
	uint8		op;
	uint8		a_shift;		/* bits of a Datum that are no value */
	uint8		b_shift;
	int16		a;
	int16		b;
	TipTargets	targets;
	union
	{
		struct
		{
			int64		low;
			int64		high;
		}			range;
		struct
		{
			uint64		mask;
			int32		low;
			int32		high;
		}			bits;
		TipMembers *members;
		TipCall    *call;
		ExprState  *state;
	}			u;
} TipStep;

struct TipProgram
{
	TipStep    *steps;
	int			start;
	int			nsteps;
	int			ncalls;
	int			nexpressions;
	Bitmapset  *columns;		/* attribute numbers that tests read */
	Oid		   *types;			/* what they were then, by column */
	AttrNumber	last_column;
	TupleDesc	known;			/* the last descriptor that fitted */
};

/* A program that is being made, from its end to its beginning. */
typedef struct TipBuilder
{
	TipStep    *steps;
	int			nsteps;
	int			size;
	int			nvisits;
	int			ncalls;
	int			nexpressions;
	Bitmapset  *columns;
	bool		is_too_large;
} TipBuilder;

/* rules_fast.c */
extern uint16 TipAddTest(TipBuilder *builder, TipStep *step,
						 TipTargets targets);
extern TipTargets TipMakeTargets(uint16 yes, uint16 no, uint16 null);
extern bool TipIsStrictTest(Node *node, Bitmapset **columns);

/* rules_fast_leaf.c */
extern uint16 TipCompileTest(TipBuilder *builder, Node *node,
							 TipTargets targets);
extern uint16 TipAddNullTest(TipBuilder *builder, int column,
							 TipTargets targets);

#endif							/* TIP_RULES_FAST_H */
