/*
 * rules_fast_leaf.c
 *		The test for one comparison, one question about a set, one call.
 *
 * Functions are known by their C symbols, as in rules_check.c: a name can be
 * taken by anybody.  Each test gives what the function gives, NULL included.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "codes_set.h"
#include "dates.h"
#include "rules_fast.h"

/* Sets are values of eight bytes that are passed as such. */
StaticAssertDecl(sizeof(Datum) == 8, "tip_module needs 64-bit values");

#define MAX_SPAN 65536			/* between the constants of one IN (...) */

/* A function or operator and what it is applied to. */
typedef struct Call
{
	Oid			funcid;
	Oid			collation;
	List	   *args;
	Node	   *node;
	const char *symbol;
} Call;

/* An argument that a test can read: a column or a constant, not NULL. */
typedef struct Operand
{
	bool		is_column;
	int			column;			/* from 0 */
	Datum		constant;
	uint8		shift;			/* bits of a Datum that are no value */
} Operand;

static uint16 add_call(TipBuilder *builder, Call *call, TipTargets targets,
					   Datum *result);

/* ---- reading the tree ---- */

static bool
read_call(Node *node, Call *call)
{
	call->node = node;
	if (IsA(node, FuncExpr))
	{
		call->funcid = ((FuncExpr *) node)->funcid;
		call->collation = ((FuncExpr *) node)->inputcollid;
		call->args = ((FuncExpr *) node)->args;
	}
	else if (IsA(node, OpExpr))
	{
		call->funcid = ((OpExpr *) node)->opfuncid;
		call->collation = ((OpExpr *) node)->inputcollid;
		call->args = ((OpExpr *) node)->args;
	}
	else
		return false;
	call->symbol = TipFunctionSymbol(call->funcid);
	return call->symbol != NULL;
}

static bool
is_symbol(Call *call, const char *symbol)
{
	return strcmp(call->symbol, symbol) == 0;
}

/* Casts that change no value: a whole number remains what it is. */
static Node *
strip_casts(Node *node)
{
	Call		call;

	for (;;)
	{
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (IsA(node, FuncExpr) && read_call(node, &call) &&
				 (is_symbol(&call, "i2toi4") || is_symbol(&call, "int28") ||
				  is_symbol(&call, "int48")))
			node = linitial(call.args);
		else
			return node;
	}
}

static Node *
strip_labels(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/* How many upper bits of a Datum say nothing; false if it is a pointer. */
static bool
shift_of(Oid type, uint8 *shift)
{
	int16		length;
	bool		by_value;

	get_typlenbyval(type, &length, &by_value);
	*shift = by_value ? 64 - 8 * length : 0;
	return by_value;
}

static bool
read_operand(Node *node, Operand *operand)
{
	Const	   *constant;

	node = strip_casts(node);
	memset(operand, 0, sizeof(*operand));
	if (IsA(node, Var))
	{
		operand->is_column = true;
		operand->column = ((Var *) node)->varattno - 1;
		return shift_of(((Var *) node)->vartype, &operand->shift);
	}
	if (!IsA(node, Const))
		return false;
	constant = (Const *) node;
	operand->constant = constant->constvalue;
	return !constant->constisnull &&
		shift_of(constant->consttype, &operand->shift);
}

static int64
signed_value(Operand *operand)
{
	return (int64) (operand->constant << operand->shift) >> operand->shift;
}

/* Both arguments, the column first; is_turned if that is the second one. */
static bool
read_pair(Call *call, Operand *a, Operand *b, bool *is_turned)
{
	Operand		other;

	*is_turned = false;
	if (list_length(call->args) != 2 ||
		!read_operand(linitial(call->args), a) ||
		!read_operand(lsecond(call->args), b))
		return false;
	if (!a->is_column)
	{
		other = *a;
		*a = *b;
		*b = other;
		*is_turned = true;
	}
	return a->is_column;
}

/* ---- making steps ---- */

static TipStep
make_step(TipOp op, Operand *a, Operand *b)
{
	TipStep		step = {.op = op, .a = -1, .b = -1};

	if (a != NULL)
	{
		step.a = a->column;
		step.a_shift = a->shift;
	}
	if (b != NULL)
	{
		step.b = b->column;
		step.b_shift = b->shift;
	}
	return step;
}

static TipTargets
turn(TipTargets targets, bool is_negated)
{
	uint16		yes = targets.to[TIP_YES];

	if (is_negated)
	{
		targets.to[TIP_YES] = targets.to[TIP_NO];
		targets.to[TIP_NO] = yes;
	}
	return targets;
}

uint16
TipAddNullTest(TipBuilder *builder, int column, TipTargets targets)
{
	TipStep		step = {.op = TIP_OP_IS_NULL, .a = column, .b = -1};

	return TipAddTest(builder, &step, targets);
}

static void
note_columns(TipBuilder *builder, Node *node)
{
	Bitmapset  *columns = NULL;
	int			column = -1;

	pull_varattnos(node, 1, &columns);
	while ((column = bms_next_member(columns, column)) >= 0)
		builder->columns = bms_add_member(builder->columns, column +
										  FirstLowInvalidHeapAttributeNumber);
}

static uint16
add_expression(TipBuilder *builder, Node *node, TipTargets targets)
{
	TipStep		step = make_step(TIP_OP_EXPRESSION, NULL, NULL);
	Bitmapset  *columns = NULL;
	uint16		first;
	int			column = -1;

	step.u.state = ExecInitExpr((Expr *) node, NULL);
	builder->nexpressions++;
	note_columns(builder, node);
	first = TipAddTest(builder, &step, targets);
	if (targets.to[TIP_NULL] == targets.to[TIP_UNKNOWN])
		return first;
	/* The executor does not say why it gives NULL. */
	if (!TipIsStrictTest(node, &columns))
		elog(ERROR, "test of a rule is not strict");
	while ((column = bms_next_member(columns, column)) >= 0)
		first = TipAddNullTest(builder, column - 1,
							   TipMakeTargets(targets.to[TIP_NULL], first,
											  first));
	return first;
}

/* ---- comparisons of whole numbers, dates and codes ---- */

typedef enum Comparison
{
	IS_EQ,
	IS_NE,
	IS_LT,
	IS_LE,
	IS_GT,
	IS_GE
} Comparison;

/* int24le, date_eq: a prefix of those that compare as whole numbers do. */
static bool
find_comparison(const char *symbol, Comparison *comparison)
{
	static const char *const prefixes[] = {
		"bool", "int2", "int4", "int8", "int24", "int42", "int28", "int82",
		"int48", "int84", "date_", "timestamp_"
	};
	static const char *const suffixes[] = {"eq", "ne", "lt", "le", "gt", "ge"};
	int			length = strlen(symbol) - 2;
	int			suffix = 0;

	while (suffix < lengthof(suffixes) &&
		   (length < 0 || strcmp(symbol + length, suffixes[suffix]) != 0))
		suffix++;
	if (suffix == lengthof(suffixes))
		return false;
	*comparison = suffix;
	for (int i = 0; i < lengthof(prefixes); i++)
		if (strlen(prefixes[i]) == length &&
			strncmp(symbol, prefixes[i], length) == 0)
			return true;
	return false;
}

/* b > a for a < b */
static Comparison
mirror(Comparison comparison)
{
	static const Comparison mirrored[] = {
		IS_EQ, IS_NE, IS_GT, IS_GE, IS_LT, IS_LE
	};

	return mirrored[comparison];
}

/* The numbers that compare so with a constant; *is_negated: the others. */
static void
set_range(TipStep *step, Comparison comparison, int64 constant,
		  bool *is_negated)
{
	bool		has_low = comparison != IS_LE && comparison != IS_GT;
	bool		is_point = comparison == IS_EQ || comparison == IS_NE;

	/* a < c is the opposite of a >= c, so that no bound overflows */
	step->u.range.low = has_low ? constant : PG_INT64_MIN;
	step->u.range.high = is_point || !has_low ? constant : PG_INT64_MAX;
	*is_negated = comparison == IS_NE || comparison == IS_LT ||
		comparison == IS_GT;
}

static uint16
add_comparison(TipBuilder *builder, Comparison comparison, Operand *a,
			   Operand *b, TipTargets targets)
{
	TipStep		step;
	bool		is_negated;

	if (!b->is_column)
	{
		step = make_step(TIP_OP_RANGE, a, NULL);
		set_range(&step, comparison, signed_value(b), &is_negated);
	}
	else if (comparison == IS_EQ || comparison == IS_NE)
	{
		step = make_step(TIP_OP_EQUAL, a, b);
		is_negated = comparison == IS_NE;
	}
	else
	{
		bool		is_less = comparison == IS_LT ||
			comparison == IS_GE;

		step = is_less ? make_step(TIP_OP_LESS, a, b) :
			make_step(TIP_OP_LESS, b, a);
		is_negated = comparison == IS_GE || comparison == IS_LE;
	}
	return TipAddTest(builder, &step, turn(targets, is_negated));
}

/* ---- the number of codes in a set ---- */

/* cardinality(set), or that of the set less, or within, a constant set */
static bool
read_count(Node *node, Operand *set, uint64 *mask)
{
	Call		call;
	Operand		constant;
	bool		is_turned;

	node = strip_casts(node);
	if (!read_call(node, &call) || !is_symbol(&call, "tip_set_cardinality"))
		return false;
	*mask = TIP_SET_CODE_MASK;
	if (read_operand(linitial(call.args), set))
		return set->is_column;
	if (!read_call(strip_casts(linitial(call.args)), &call) ||
		!read_pair(&call, set, &constant, &is_turned) || constant.is_column)
		return false;
	if (is_symbol(&call, "tip_set_intersection"))
		*mask &= DatumGetTipSet(constant.constant);
	else if (is_symbol(&call, "tip_set_difference") && !is_turned)
		*mask &= ~DatumGetTipSet(constant.constant);
	else
		return false;
	return true;
}

static int32
clamp(int64 value)
{
	return Min(Max(value, -1), 64);
}

static uint16
add_count(TipBuilder *builder, Operand *set, uint64 mask,
		  Comparison comparison, int64 constant, TipTargets targets)
{
	TipStep		step = make_step(TIP_OP_COUNT_BITS, set, NULL);
	bool		is_negated;
	int64		low;
	int64		high;

	set_range(&step, comparison, constant, &is_negated);
	low = step.u.range.low;
	high = step.u.range.high;
	step.u.bits.mask = mask;
	step.u.bits.low = clamp(low);
	step.u.bits.high = clamp(high);
	if ((low == 1 && high >= 64) || (low <= 0 && high == 0))
	{
		step.op = TIP_OP_ANY_BITS;
		is_negated ^= high == 0;
	}
	return TipAddTest(builder, &step, turn(targets, is_negated));
}

static bool
compile_comparison(TipBuilder *builder, Call *call, TipTargets targets,
				   uint16 *first)
{
	Comparison	comparison;
	Operand		a;
	Operand		b;
	uint64		mask;
	bool		is_turned;

	if (!find_comparison(call->symbol, &comparison))
		return false;
	if (read_pair(call, &a, &b, &is_turned))
	{
		if (is_turned)
			comparison = mirror(comparison);
		*first = add_comparison(builder, comparison, &a, &b, targets);
		return true;
	}
	if (read_count(linitial(call->args), &a, &mask) &&
		read_operand(lsecond(call->args), &b) && !b.is_column)
	{
		*first = add_count(builder, &a, mask, comparison, signed_value(&b),
						   targets);
		return true;
	}
	return false;
}

/* ---- sets ---- */

static uint16
add_bits(TipBuilder *builder, TipOp op, Operand *set, uint64 mask,
		 TipTargets targets)
{
	TipStep		step = make_step(op, set, NULL);

	step.u.bits.mask = mask;
	return TipAddTest(builder, &step, targets);
}

/* A column that is a set, and a constant that is one or a code. */
static bool
compile_set_test(TipBuilder *builder, Call *call, TipTargets targets,
				 uint16 *first)
{
	bool		contains = is_symbol(call, "tip_set_contains");
	bool		contained = is_symbol(call, "tip_set_contained");
	bool		overlaps = is_symbol(call, "tip_set_overlaps");
	Operand		a;
	Operand		b;
	bool		is_turned;
	uint64		bits;

	if (!(contains || contained || overlaps) ||
		!read_pair(call, &a, &b, &is_turned) || b.is_column)
		return false;
	bits = TipSetBits(DatumGetTipSet(b.constant));
	if (overlaps)
		*first = add_bits(builder, TIP_OP_ANY_BITS, &a, bits, targets);
	else if (contains != is_turned)
		*first = add_bits(builder, TIP_OP_ALL_BITS, &a, bits, targets);
	else
		*first = add_bits(builder, TIP_OP_ANY_BITS, &a, TipSetBits(~bits),
						  turn(targets, true));
	return true;
}

static bool
compile_code_in_set(TipBuilder *builder, Call *call, TipTargets targets,
					uint16 *first)
{
	bool		has = is_symbol(call, "tip_set_has");
	Operand		set;
	Operand		code;
	TipStep		step;

	if ((!has && !is_symbol(call, "tip_code_member")) ||
		!read_operand(has ? linitial(call->args) : lsecond(call->args),
					  &set) ||
		!read_operand(has ? lsecond(call->args) : linitial(call->args),
					  &code) ||
		!set.is_column)
		return false;
	if (!code.is_column)
	{
		int			bit = TipCodeBit(DatumGetTipCode(code.constant));

		*first = add_bits(builder, TIP_OP_ANY_BITS, &set,
						  bit < 0 ? 0 : UINT64CONST(1) << bit, targets);
		return true;
	}
	step = make_step(TIP_OP_HAS_CODE, &set, &code);
	*first = TipAddTest(builder, &step, targets);
	return true;
}

static bool
compile_missing(TipBuilder *builder, Call *call, TipTargets targets,
				uint16 *first)
{
	bool		is_code = is_symbol(call, "tip_code_is_missing");
	Operand		a;

	if ((!is_code && !is_symbol(call, "tip_set_is_missing")) ||
		!read_operand(linitial(call->args), &a) || !a.is_column)
		return false;
	*first = add_bits(builder, is_code ? TIP_OP_MISSING : TIP_OP_ANY_BITS,
					  &a, TIP_SET_MISSING_MASK, targets);
	return true;
}

/* ---- partial dates ---- */

static bool
compile_before(TipBuilder *builder, Call *call, TipTargets targets,
			   uint16 *first)
{
	bool		day_first = is_symbol(call, "tip_date_certainly_before");
	bool		day_last = is_symbol(call, "tip_certainly_before_date");
	bool		is_plain = is_symbol(call, "tip_certainly_before");
	Operand		a;
	Operand		b;
	bool		is_turned;
	TipStep		step;

	if (!(day_first || day_last || is_plain) ||
		!read_pair(call, &a, &b, &is_turned))
		return false;
	if (b.is_column && is_plain)
		step = make_step(TIP_OP_BEFORE, &a, &b);
	else if (b.is_column || is_plain || is_turned != day_first)
		return false;
	else
	{
		step = make_step(day_first ? TIP_OP_DAY_BEFORE : TIP_OP_BEFORE_DAY,
						 &a, NULL);
		step.u.range.low =
			TipDayPlaces(DatumGetDateADT(b.constant)).from;
	}
	*first = TipAddTest(builder, &step, targets);
	return true;
}

/* ---- IN (...) ---- */

typedef struct Elements
{
	int			count;
	Datum	   *values;
	bool	   *nulls;
	uint8		shift;
} Elements;

static bool
read_elements(ScalarArrayOpExpr *test, Elements *elements)
{
	Const	   *constant = lsecond(test->args);
	ArrayType  *array;
	int16		length;
	bool		by_value;
	char		align;

	if (!IsA(constant, Const) || constant->constisnull)
		return false;
	array = DatumGetArrayTypeP(constant->constvalue);
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	if (!shift_of(ARR_ELEMTYPE(array), &elements->shift))
		return false;
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align,
					  &elements->values, &elements->nulls, &elements->count);
	return true;
}

static int64
element_value(Elements *elements, int i)
{
	return (int64) (elements->values[i] << elements->shift) >> elements->shift;
}

/* NULL if the constants lie too far apart for a bit each. */
static TipMembers *
make_members(Elements *elements)
{
	TipMembers *members;
	int64		least = PG_INT64_MAX;
	int64		greatest = PG_INT64_MIN;
	uint64		span;

	for (int i = 0; i < elements->count; i++)
		if (!elements->nulls[i])
		{
			least = Min(least, element_value(elements, i));
			greatest = Max(greatest, element_value(elements, i));
		}
	span = least <= greatest ? (uint64) greatest - (uint64) least : 0;
	if (span > MAX_SPAN)
		return NULL;
	members = palloc0(offsetof(TipMembers, words) +
					  sizeof(uint64) * (span / 64 + 1));
	members->least = least;
	members->span = span;
	for (int i = 0; i < elements->count; i++)
	{
		uint64		bit = (uint64) element_value(elements, i) - (uint64) least;

		if (elements->nulls[i])
			members->has_null = true;
		else
			members->words[bit / 64] |= UINT64CONST(1) << (bit % 64);
	}
	return members;
}

/* a = ANY (constants), or a <> ALL (constants), its opposite */
static bool
compile_member(TipBuilder *builder, ScalarArrayOpExpr *test,
			   TipTargets targets, uint16 *first)
{
	const char *symbol = TipFunctionSymbol(test->opfuncid);
	Comparison	comparison;
	Operand		a;
	Elements	elements;
	TipStep		step;

	if (symbol == NULL || !find_comparison(symbol, &comparison) ||
		comparison != (test->useOr ? IS_EQ : IS_NE) ||
		!read_operand(linitial(test->args), &a) || !a.is_column ||
		!read_elements(test, &elements))
		return false;
	targets = turn(targets, !test->useOr);
	if (elements.count == 0)
	{
		*first = targets.to[TIP_NO];
		return true;
	}
	step = make_step(TIP_OP_MEMBER, &a, NULL);
	step.u.members = make_members(&elements);
	if (step.u.members == NULL)
		return false;
	*first = TipAddTest(builder, &step, targets);
	return true;
}

/* ---- any other function ---- */

static bool
is_argument(Node *node)
{
	Call		call;
	ListCell   *cell;

	node = strip_labels(node);
	if (IsA(node, Var))
		return true;
	if (IsA(node, Const))
		return !((Const *) node)->constisnull;
	if (!read_call(node, &call) || !func_strict(call.funcid) ||
		list_length(call.args) > FUNC_MAX_ARGS)
		return false;
	foreach(cell, call.args)
		if (!is_argument(lfirst(cell)))
			return false;
	return true;
}

static TipCall *
make_call(Call *call, Datum *result)
{
	int			nargs = list_length(call->args);
	TipCall    *made = palloc0(offsetof(TipCall, arguments) +
							   sizeof(TipArgument) * (nargs + 1));

	fmgr_info(call->funcid, &made->function);
	fmgr_info_set_expr(call->node, &made->function);
	made->fcinfo = palloc0(SizeForFunctionCallInfo(nargs));
	InitFunctionCallInfoData(*made->fcinfo, &made->function, nargs,
							 call->collation, NULL, NULL);
	made->result = result;
	return made;
}

/* Arguments that are calls themselves come first, and feed this one. */
static uint16
add_feeds(TipBuilder *builder, Call *call, TipCall *made, uint16 first,
		  TipTargets targets)
{
	Call		inner;

	for (int i = 0; i < list_length(call->args); i++)
	{
		Node	   *arg = strip_labels(list_nth(call->args, i));

		if (!read_call(arg, &inner))
			continue;
		targets.to[TIP_YES] = targets.to[TIP_NO] = first;
		first = add_call(builder, &inner, targets,
						 &made->fcinfo->args[i].value);
	}
	return first;
}

/* Only a strict function is fed by another, so that NULL ends the matter. */
static void
fill_argument(TipBuilder *builder, TipCall *made, int i, Node *node)
{
	TipArgument *argument = &made->arguments[made->narguments];
	NullableDatum *arg = &made->fcinfo->args[i];
	bool		is_strict = made->function.fn_strict;

	node = strip_labels(node);
	argument->argument = i;
	argument->column = -1;
	if (IsA(node, Const))
	{
		arg->value = ((Const *) node)->constvalue;
		arg->isnull = ((Const *) node)->constisnull;
		return;
	}
	if (is_strict && !IsA(node, Var))
		return;
	if (IsA(node, Var))
		argument->column = ((Var *) node)->varattno - 1;
	else
		argument->state = ExecInitExpr((Expr *) node, NULL);
	note_columns(builder, node);
	made->narguments++;
}

static uint16
add_call(TipBuilder *builder, Call *call, TipTargets targets, Datum *result)
{
	TipStep		step = make_step(TIP_OP_CALL, NULL, NULL);
	TipCall    *made = make_call(call, result);
	uint16		first;

	for (int i = 0; i < list_length(call->args); i++)
		fill_argument(builder, made, i, list_nth(call->args, i));
	step.u.call = made;
	builder->ncalls++;
	first = TipAddTest(builder, &step, targets);
	return made->function.fn_strict ?
		add_feeds(builder, call, made, first, targets) : first;
}

/* ---- which of them ---- */

/*
 * TipCompileTest
 *		The test for a node that is no AND, OR, NOT and the like.
 */
uint16
TipCompileTest(TipBuilder *builder, Node *node, TipTargets targets)
{
	Call		call;
	uint16		first;

	if (IsA(node, Var))
	{
		Operand		a = {true, ((Var *) node)->varattno - 1};
		TipStep		step = make_step(TIP_OP_BOOL, &a, NULL);

		return TipAddTest(builder, &step, targets);
	}
	if (IsA(node, ScalarArrayOpExpr) &&
		compile_member(builder, (ScalarArrayOpExpr *) node, targets, &first))
		return first;
	if (!read_call(node, &call))
		return add_expression(builder, node, targets);
	if (func_strict(call.funcid))
	{
		if (compile_comparison(builder, &call, targets, &first) ||
			compile_set_test(builder, &call, targets, &first) ||
			compile_code_in_set(builder, &call, targets, &first) ||
			compile_missing(builder, &call, targets, &first) ||
			compile_before(builder, &call, targets, &first))
			return first;
		if (!is_argument(node))
			return add_expression(builder, node, targets);
	}
	return add_call(builder, &call, targets, NULL);
}
