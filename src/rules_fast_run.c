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

static inline TipTruth
in_range(int64 value, int64 low, int64 high)
{
	return truth_of(value >= low && value <= high);
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

static inline TipTruth
has_code(TipSet set, TipCode code)
{
	int			bit = TipCodeBit(code);

	return truth_of(bit >= 0 && (set >> bit & 1) != 0);
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

/* Fill in the columns and call. */
static TipTruth
call_function(const TipCall *call, const Datum *values, const bool *nulls)
{
	FunctionCallInfo fcinfo = call->fcinfo;
	Datum		result;

	for (int i = 0; i < call->ncolumns; i++)
	{
		int			column = call->columns[i].column;

		if (nulls[column])
			return TIP_NULL;
		fcinfo->args[call->columns[i].argument].value = values[column];
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

/* A test of columns of which none is NULL. */
static inline TipTruth
test_values(const TipStep *step, const Datum *values)
{
	switch (step->op)
	{
		case TIP_OP_BOOL:
			return truth_of(DatumGetBool(A));
		case TIP_OP_RANGE:
			return in_range(A_SIGNED, step->u.range.low, step->u.range.high);
		case TIP_OP_LESS:
			return truth_of(A_SIGNED < B_SIGNED);
		case TIP_OP_EQUAL:
			return truth_of(A_SIGNED == B_SIGNED);
		case TIP_OP_MEMBER:
			return is_member(A_SIGNED, step->u.members);
		case TIP_OP_ALL_BITS:
			return truth_of((~A & step->u.bits.mask) == 0);
		case TIP_OP_ANY_BITS:
			return truth_of((A & step->u.bits.mask) != 0);
		case TIP_OP_COUNT_BITS:
			return in_range(pg_popcount64(A & step->u.bits.mask),
							step->u.bits.low, step->u.bits.high);
		case TIP_OP_HAS_CODE:
			return has_code(DatumGetTipSet(A), DatumGetTipCode(B));
		case TIP_OP_MISSING:
			return truth_of(TipCodeIsMissing(DatumGetTipCode(A)));
		case TIP_OP_BEFORE:
			return is_before(TipQuickPlaces(DatumGetInt32(A)),
							 TipQuickPlaces(DatumGetInt32(B)));
		case TIP_OP_BEFORE_DAY:
			return is_before(TipQuickPlaces(DatumGetInt32(A)),
							 one_place(step->u.range.low));
		default:				/* TIP_OP_DAY_BEFORE */
			return is_before(one_place(step->u.range.low),
							 TipQuickPlaces(DatumGetInt32(A)));
	}
}

static bool
run(const TipProgram *program, TupleTableSlot *slot, ExprContext *econtext)
{
	const TipStep *step = program->steps + program->start;
	const Datum *values = slot->tts_values;
	const bool *nulls = slot->tts_isnull;
	TipTruth	truth;

	for (;;)
	{
		if (step->a >= 0)
		{
			if (step->op == TIP_OP_IS_NULL)
				truth = truth_of(nulls[step->a]);
			else if (nulls[step->a] || (step->b >= 0 && nulls[step->b]))
				truth = TIP_NULL;
			else
				truth = test_values(step, values);
		}
		else if (step->op == TIP_OP_EXPRESSION)
			truth = ask_executor(step->u.state, econtext);
		else if (step->op == TIP_OP_FEED || step->op == TIP_OP_CALL)
			truth = call_function(step->u.call, values, nulls);
		else
			return step->op == TIP_OP_PASS;
		step = program->steps + step->targets.to[truth];
	}
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
