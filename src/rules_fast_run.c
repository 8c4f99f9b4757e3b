/*
 * rules_fast_run.c
 *		Run a program of tests over one record.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "codes_set.h"
#include "dates.h"
#include "rules_fast.h"

static inline TipTruth
truth_of(bool value)
{
	return value ? TIP_YES : TIP_NO;
}

/* The value of a column, whatever the upper bits of the Datum are. */
static inline int64
signed_value(Datum value, uint8 shift)
{
	return (int64) (value << shift) >> shift;
}

static inline bool
in_range(int64 value, int64 low, int64 high)
{
	return value >= low && value <= high;
}

static inline TipTruth
is_member(int64 value, const TipMembers *members)
{
	uint64		bit = (uint64) value - (uint64) members->least;

	if (bit <= members->span &&
		(members->words[bit / 64] >> (bit % 64) & 1) != 0)
		return TIP_YES;
	return members->has_null ? TIP_UNKNOWN : TIP_NO;
}

static inline bool
has_code(TipSet set, TipCode code)
{
	int			bit = TipCodeBit(code);

	return bit >= 0 && (set >> bit & 1) != 0;
}

static inline TipTruth
is_before(TipPlaces a, TipPlaces b)
{
	if (a.to < b.from)
		return TIP_YES;
	return a.from >= b.to ? TIP_NO : TIP_UNKNOWN;
}

static inline TipPlaces
one_place(int64 place)
{
	TipPlaces	places = {place, place};

	return places;
}

static inline TipTruth
certainly_before(const TipStep *step, const Datum *values, const bool *nulls)
{
	TipPlaces	a;

	if (nulls[step->a] || (step->op == TIP_OP_BEFORE && nulls[step->b]))
		return TIP_NULL;
	a = TipQuickPlaces(DatumGetInt32(values[step->a]));
	if (step->op == TIP_OP_BEFORE)
		return is_before(a, TipQuickPlaces(DatumGetInt32(values[step->b])));
	if (step->op == TIP_OP_BEFORE_DAY)
		return is_before(a, one_place(step->u.range.low));
	return is_before(one_place(step->u.range.low), a);
}

/* Fill in what comes with the record, and call. */
static TipTruth
call_function(const TipCall *call, const Datum *values, const bool *nulls,
			  ExprContext *econtext)
{
	FunctionCallInfo fcinfo = call->fcinfo;
	bool		is_strict = call->function.fn_strict;
	Datum		result;

	for (int i = 0; i < call->narguments; i++)
	{
		const TipArgument *argument = &call->arguments[i];
		NullableDatum *arg = &fcinfo->args[argument->argument];

		if (argument->column < 0)
		{
			arg->value = ExecEvalExpr(argument->state, econtext,
									  &arg->isnull);
			continue;
		}
		if (is_strict && nulls[argument->column])
			return TIP_NULL;
		arg->value = values[argument->column];
		arg->isnull = nulls[argument->column];
	}
	fcinfo->isnull = false;
	result = FunctionCallInvoke(fcinfo);
	if (fcinfo->isnull)
		return TIP_UNKNOWN;
	if (call->result == NULL)
		return truth_of(DatumGetBool(result));
	*call->result = result;
	return TIP_YES;
}

static TipTruth
ask_executor(ExprState *state, ExprContext *econtext)
{
	bool		isnull;
	Datum		result = ExecEvalExpr(state, econtext, &isnull);

	return isnull ? TIP_UNKNOWN : truth_of(DatumGetBool(result));
}

#define A			values[step->a]
#define B			values[step->b]
#define A_SIGNED	signed_value(A, step->a_shift)
#define B_SIGNED	signed_value(B, step->b_shift)

/*
 * What follows a test is chosen by jumps, not by an index: the processor then
 * guesses the next test, and need not wait for the value of this one.
 */
#define GO(test) \
	do { if (test) goto yes; goto no; } while (0)
#define GO_A(test) \
	do { if (nulls[step->a]) goto null; GO(test); } while (0)
#define GO_AB(test) \
	do { if (nulls[step->b]) goto null; GO_A(test); } while (0)
#define GO_BY(truth) \
	switch (truth) \
	{ \
		case TIP_YES: goto yes; \
		case TIP_NO: goto no; \
		case TIP_NULL: goto null; \
		default: goto unknown; \
	}

static bool
run(const TipProgram *program, TupleTableSlot *slot, ExprContext *econtext)
{
	const TipStep *steps = program->steps;
	const TipStep *step = steps + program->start;
	const Datum *values = slot->tts_values;
	const bool *nulls = slot->tts_isnull;

again:
	switch (step->op)
	{
		case TIP_OP_PASS:
		case TIP_OP_FAIL:
			return step->op == TIP_OP_PASS;
		case TIP_OP_IS_NULL:
			GO(nulls[step->a]);
		case TIP_OP_BOOL:
			GO_A(DatumGetBool(A));
		case TIP_OP_RANGE:
			GO_A(in_range(A_SIGNED, step->u.range.low, step->u.range.high));
		case TIP_OP_LESS:
			GO_AB(A_SIGNED < B_SIGNED);
		case TIP_OP_EQUAL:
			GO_AB(A_SIGNED == B_SIGNED);
		case TIP_OP_MEMBER:
			GO_BY(nulls[step->a] ? TIP_NULL :
				  is_member(A_SIGNED, step->u.members));
		case TIP_OP_ALL_BITS:
			GO_A((~A & step->u.bits.mask) == 0);
		case TIP_OP_ANY_BITS:
			GO_A((A & step->u.bits.mask) != 0);
		case TIP_OP_COUNT_BITS:
			GO_A(in_range(pg_popcount64(A & step->u.bits.mask),
						  step->u.bits.low, step->u.bits.high));
		case TIP_OP_HAS_CODE:
			GO_AB(has_code(DatumGetTipSet(A), DatumGetTipCode(B)));
		case TIP_OP_MISSING:
			GO_A(TipCodeIsMissing(DatumGetTipCode(A)));
		case TIP_OP_BEFORE:
		case TIP_OP_BEFORE_DAY:
		case TIP_OP_DAY_BEFORE:
			GO_BY(certainly_before(step, values, nulls));
		case TIP_OP_CALL:
			GO_BY(call_function(step->u.call, values, nulls, econtext));
		default:				/* TIP_OP_EXPRESSION */
			GO_BY(ask_executor(step->u.state, econtext));
	}
yes:
	step = steps + step->targets.to[TIP_YES];
	goto again;
no:
	step = steps + step->targets.to[TIP_NO];
	goto again;
null:
	step = steps + step->targets.to[TIP_NULL];
	goto again;
unknown:
	step = steps + step->targets.to[TIP_UNKNOWN];
	goto again;
}

/* The record is read by position: is it a record of what was compiled? */
static bool
fits(const TipProgram *program, TupleDesc desc)
{
	int			attno = -1;

	while ((attno = bms_next_member(program->columns, attno)) >= 0)
	{
		if (attno > desc->natts ||
			TupleDescAttr(desc, attno - 1)->attisdropped ||
			TupleDescAttr(desc, attno - 1)->atttypid != program->types[attno])
			return false;
	}
	return true;
}

/*
 * TipProgramFits
 *		False for a record whose table has changed under it.  A descriptor is
 *		looked at once: a program is made anew when its table changes.
 */
bool
TipProgramFits(TipProgram *program, TupleTableSlot *slot)
{
	if (program->known == slot->tts_tupleDescriptor)
		return true;
	if (!fits(program, slot->tts_tupleDescriptor))
		return false;
	program->known = slot->tts_tupleDescriptor;
	return true;
}

/*
 * TipRunProgram
 *		Does the record pass?  Runs in the memory of the record.
 */
bool
TipRunProgram(const TipProgram *program, TupleTableSlot *slot,
			  ExprContext *econtext)
{
	MemoryContext caller;
	bool		passes;

	slot_getsomeattrs(slot, program->last_column);
	caller = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	passes = run(program, slot, econtext);
	MemoryContextSwitchTo(caller);
	return passes;
}
