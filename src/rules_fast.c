/*
 * rules_fast.c
 *		Turn the predicates of an engine into a program of tests.
 *
 * A good record, and nearly all are good, is asked one question only: do all
 * total error rules pass?  Three-valued logic shrinks to jumps then.  Every
 * test knows where to go on true, false and NULL, so that AND, OR, NOT,
 * IS TRUE, COALESCE and CASE cost nothing when the program runs.
 *
 * An AND whose NULL is as good as FALSE is "all arms are true", one whose
 * NULL is as good as TRUE is "no arm is false"; OR is the mirror of it.  Where
 * the three outcomes differ (rare: IS UNKNOWN of an AND), both are asked.
 *
 * The program is made from its end: what comes after a test is known then.
 * Order, repetition and omission of tests cannot be observed, since all
 * functions of total predicates are immutable and never raise.  What is not
 * understood is left to core's executor, as one test; findings always are.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "rules_fast.h"

/* Some predicates double with each level of nesting: then there is none. */
#define MAX_STEPS 8192
#define MAX_VISITS 100000

#define STEP_PASS 0
#define STEP_FAIL 1

static uint16 compile(TipBuilder *builder, Node *node, TipTargets targets);

/* ---- steps ---- */

TipTargets
TipMakeTargets(uint16 yes, uint16 no, uint16 null)
{
	TipTargets	targets;

	targets.to[TIP_YES] = yes;
	targets.to[TIP_NO] = no;
	targets.to[TIP_NULL] = targets.to[TIP_UNKNOWN] = null;
	return targets;
}

static TipTargets
swap_targets(TipTargets targets)
{
	uint16		yes = targets.to[TIP_YES];

	targets.to[TIP_YES] = targets.to[TIP_NO];
	targets.to[TIP_NO] = yes;
	return targets;
}

/* Where a record goes of which this column is known to be NULL. */
static uint16
skip_null(TipBuilder *builder, int column, uint16 target)
{
	while (builder->steps[target].a == column)
	{
		TipStep    *step = &builder->steps[target];

		target = step->targets.to[step->op == TIP_OP_IS_NULL ?
								  TIP_YES : TIP_NULL];
	}
	return target;
}

/* 0 <= a AND a <= 120 is one test, if what follows is the same. */
static bool
merge_range(TipBuilder *builder, TipStep *step, TipTargets *targets)
{
	TipStep    *next = &builder->steps[targets->to[TIP_YES]];

	if (step->op != TIP_OP_RANGE || next->op != TIP_OP_RANGE ||
		next->a != step->a ||
		next->targets.to[TIP_NO] != targets->to[TIP_NO] ||
		next->targets.to[TIP_NULL] != targets->to[TIP_NULL])
		return false;
	step->u.range.low = Max(step->u.range.low, next->u.range.low);
	step->u.range.high = Min(step->u.range.high, next->u.range.high);
	targets->to[TIP_YES] = next->targets.to[TIP_YES];
	return true;
}

static void
note_column(TipBuilder *builder, int column)
{
	if (column >= 0)
		builder->columns = bms_add_member(builder->columns, column + 1);
}

/*
 * TipAddTest
 *		Put a step before those that there are; the result is its place.
 */
uint16
TipAddTest(TipBuilder *builder, TipStep *step, TipTargets targets)
{
	if (builder->nsteps >= MAX_STEPS)
	{
		builder->is_too_large = true;
		return STEP_FAIL;
	}
	if (step->a >= 0 && step->b < 0)
	{
		int			on_null = step->op == TIP_OP_IS_NULL ? TIP_YES : TIP_NULL;

		targets.to[on_null] = skip_null(builder, step->a,
										targets.to[on_null]);
	}
	while (merge_range(builder, step, &targets))
		;
	note_column(builder, step->a);
	note_column(builder, step->b);
	if (builder->nsteps == builder->size)
	{
		builder->size *= 2;
		builder->steps = repalloc(builder->steps,
								  sizeof(TipStep) * builder->size);
	}
	step->targets = targets;
	builder->steps[builder->nsteps] = *step;
	return builder->nsteps++;
}

/* ---- AND and OR ---- */

static Node *
strip_not(Node *node)
{
	while (is_notclause(node))
		node = linitial(((BoolExpr *) node)->args);
	return node;
}

static bool
all_strict(List *nodes, Bitmapset **columns)
{
	ListCell   *cell;

	foreach(cell, nodes)
		if (!TipIsStrictTest(lfirst(cell), columns))
			return false;
	return true;
}

static bool
is_filled_array(Node *node)
{
	Const	   *constant = (Const *) node;

	return IsA(node, Const) && !constant->constisnull &&
		ARR_NDIM(DatumGetArrayTypeP(constant->constvalue)) > 0;
}

/*
 * TipIsStrictTest
 *		Is the node NULL whenever one of these columns is?
 */
bool
TipIsStrictTest(Node *node, Bitmapset **columns)
{
	node = strip_not(node);
	if (IsA(node, Var))
	{
		*columns = bms_add_member(*columns, ((Var *) node)->varattno);
		return true;
	}
	if (IsA(node, Const))
		return !((Const *) node)->constisnull;
	if (IsA(node, RelabelType))
		return TipIsStrictTest((Node *) ((RelabelType *) node)->arg, columns);
	if (IsA(node, FuncExpr))
		return func_strict(((FuncExpr *) node)->funcid) &&
			all_strict(((FuncExpr *) node)->args, columns);
	if (IsA(node, OpExpr))
		return func_strict(((OpExpr *) node)->opfuncid) &&
			all_strict(((OpExpr *) node)->args, columns);
	if (IsA(node, ScalarArrayOpExpr))
	{
		ScalarArrayOpExpr *test = (ScalarArrayOpExpr *) node;

		/* that of an empty array is never NULL */
		return func_strict(test->opfuncid) &&
			is_filled_array(lsecond(test->args)) &&
			TipIsStrictTest(linitial(test->args), columns);
	}
	return false;
}

static bool
is_null_test(Node *node, NullTestType type, AttrNumber *column)
{
	NullTest   *test = (NullTest *) node;

	if (!IsA(node, NullTest) || test->nulltesttype != type ||
		test->argisrow || !IsA(test->arg, Var))
		return false;
	*column = ((Var *) test->arg)->varattno;
	return true;
}

/* The columns that decide the AND or OR by being NULL. */
static Bitmapset *
deciding_columns(List *arms, NullTestType type)
{
	Bitmapset  *columns = NULL;
	AttrNumber	column;
	ListCell   *cell;

	foreach(cell, arms)
		if (is_null_test(lfirst(cell), type, &column))
			columns = bms_add_member(columns, column);
	return columns;
}

/* A test of nothing but such columns can decide in their stead. */
static bool
can_decide(Node *arm, Bitmapset *deciding, Bitmapset **columns)
{
	*columns = NULL;
	return TipIsStrictTest(arm, columns) && *columns != NULL &&
		bms_is_subset(*columns, deciding);
}

static Bitmapset *
columns_seen_to(List *arms, Bitmapset *deciding)
{
	Bitmapset  *seen = NULL;
	Bitmapset  *columns;
	ListCell   *cell;

	foreach(cell, arms)
		if (can_decide(lfirst(cell), deciding, &columns))
			seen = bms_add_members(seen, columns);
	return seen;
}

/*
 * AND or OR: "deciding" is what one arm can bring about (yes for OR), and the
 * last arm leads to the other outcome.
 */
static uint16
compile_arms(TipBuilder *builder, List *arms, bool is_or, TipTargets targets)
{
	NullTestType type = is_or ? IS_NULL : IS_NOT_NULL;
	TipTruth	deciding = is_or ? TIP_YES : TIP_NO;
	TipTruth	passing = is_or ? TIP_NO : TIP_YES;
	uint16		decided = targets.to[deciding];
	uint16		next = targets.to[passing];
	bool		null_decides = targets.to[TIP_NULL] == decided;
	Bitmapset  *candidates = deciding_columns(arms, type);
	Bitmapset  *seen = columns_seen_to(arms, candidates);
	Bitmapset  *columns;
	AttrNumber	column;

	for (int i = list_length(arms); i > 0; i--)
	{
		Node	   *arm = list_nth(arms, i - 1);
		TipTargets	to = TipMakeTargets(next, next,
										null_decides ? decided : next);

		if (is_null_test(arm, type, &column) && bms_is_member(column, seen))
			continue;
		to.to[deciding] = decided;
		if (can_decide(arm, candidates, &columns))
			to.to[TIP_NULL] = decided;
		next = compile(builder, arm, to);
	}
	return next;
}

static uint16
compile_bool(TipBuilder *builder, BoolExpr *node, TipTargets targets)
{
	uint16		yes = targets.to[TIP_YES];
	uint16		no = targets.to[TIP_NO];
	uint16		null = targets.to[TIP_NULL];
	uint16		rest;

	if (node->boolop == NOT_EXPR)
		return compile(builder, linitial(node->args), swap_targets(targets));
	if (null == yes || null == no)
		return compile_arms(builder, node->args, node->boolop == OR_EXPR,
							targets);
	/* Is it true?  If not, is it false?  If not, it is NULL. */
	rest = compile(builder, (Node *) node, TipMakeTargets(null, no, null));
	return compile(builder, (Node *) node, TipMakeTargets(yes, rest, rest));
}

/* ---- the other constructs ---- */

static uint16
compile_boolean_test(TipBuilder *builder, BooleanTest *test, TipTargets to)
{
	Node	   *arg = (Node *) test->arg;
	uint16		yes = to.to[TIP_YES];
	uint16		no = to.to[TIP_NO];

	switch (test->booltesttype)
	{
		case IS_TRUE:
			return compile(builder, arg, TipMakeTargets(yes, no, no));
		case IS_NOT_TRUE:
			return compile(builder, arg, TipMakeTargets(no, yes, yes));
		case IS_FALSE:
			return compile(builder, arg, TipMakeTargets(no, yes, no));
		case IS_NOT_FALSE:
			return compile(builder, arg, TipMakeTargets(yes, no, yes));
		case IS_UNKNOWN:
			return compile(builder, arg, TipMakeTargets(no, no, yes));
		case IS_NOT_UNKNOWN:
			return compile(builder, arg, TipMakeTargets(yes, yes, no));
	}
	return TipCompileTest(builder, (Node *) test, to);
}

static uint16
compile_null_test(TipBuilder *builder, NullTest *test, TipTargets to)
{
	if (test->nulltesttype == IS_NOT_NULL)
		to = swap_targets(to);
	if (!test->argisrow && IsA(test->arg, Var))
		return TipAddNullTest(builder, ((Var *) test->arg)->varattno - 1, to);
	if (exprType((Node *) test->arg) == BOOLOID)
		return compile(builder, (Node *) test->arg,
					   TipMakeTargets(to.to[TIP_NO], to.to[TIP_NO],
									  to.to[TIP_YES]));
	if (test->nulltesttype == IS_NOT_NULL)
		to = swap_targets(to);
	return TipCompileTest(builder, (Node *) test, to);
}

static uint16
compile_coalesce(TipBuilder *builder, CoalesceExpr *node, TipTargets targets)
{
	uint16		next = targets.to[TIP_NULL];

	for (int i = list_length(node->args); i > 0; i--)
		next = compile(builder, list_nth(node->args, i - 1),
					   TipMakeTargets(targets.to[TIP_YES],
									  targets.to[TIP_NO], next));
	return next;
}

static uint16
compile_case(TipBuilder *builder, CaseExpr *node, TipTargets targets)
{
	uint16		next = targets.to[TIP_NULL];

	if (node->defresult != NULL)
		next = compile(builder, (Node *) node->defresult, targets);
	for (int i = list_length(node->args); i > 0; i--)
	{
		CaseWhen   *when = list_nth(node->args, i - 1);
		uint16		result = compile(builder, (Node *) when->result, targets);

		next = compile(builder, (Node *) when->expr,
					   TipMakeTargets(result, next, next));
	}
	return next;
}

static uint16
compile_constant(Const *constant, TipTargets targets)
{
	if (constant->constisnull)
		return targets.to[TIP_UNKNOWN];
	return targets.to[DatumGetBool(constant->constvalue) ? TIP_YES : TIP_NO];
}

static Node *
strip_label(Node *node)
{
	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

static bool
is_value(Node *node)
{
	return IsA(node, Var) ||
		(IsA(node, Const) && !((Const *) node)->constisnull);
}

/*
 * IS DISTINCT FROM: equality, but for NULL.  NULL differs from a constant; of
 * two columns both must be asked.
 */
static uint16
compile_distinct(TipBuilder *builder, DistinctExpr *node, TipTargets targets)
{
	OpExpr	   *equal = makeNode(OpExpr);
	uint16		yes = targets.to[TIP_YES];
	uint16		no = targets.to[TIP_NO];
	uint16		on_null = yes;
	Node	   *a = strip_label(linitial(node->args));
	Node	   *b = strip_label(lsecond(node->args));

	if (!is_value(a) || !is_value(b) || !func_strict(node->opfuncid))
		return TipCompileTest(builder, (Node *) node, targets);
	memcpy(equal, node, sizeof(OpExpr));
	equal->xpr.type = T_OpExpr;
	if (IsA(a, Var) && IsA(b, Var))
	{
		uint16		both = TipAddNullTest(builder, ((Var *) b)->varattno - 1,
										  TipMakeTargets(no, yes, yes));

		on_null = TipAddNullTest(builder, ((Var *) a)->varattno - 1,
								 TipMakeTargets(both, yes, yes));
	}
	return compile(builder, (Node *) equal, TipMakeTargets(no, yes, on_null));
}

static bool
is_settled(TipTargets targets)
{
	return targets.to[TIP_YES] == targets.to[TIP_NO] &&
		targets.to[TIP_YES] == targets.to[TIP_NULL] &&
		targets.to[TIP_YES] == targets.to[TIP_UNKNOWN];
}

/* The first step of a program that asks for the node and goes on from there. */
static uint16
compile(TipBuilder *builder, Node *node, TipTargets targets)
{
	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (++builder->nvisits > MAX_VISITS)
		builder->is_too_large = true;
	if (builder->is_too_large || is_settled(targets))
		return targets.to[TIP_NO];
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			return compile_bool(builder, (BoolExpr *) node, targets);
		case T_BooleanTest:
			return compile_boolean_test(builder, (BooleanTest *) node,
										targets);
		case T_NullTest:
			return compile_null_test(builder, (NullTest *) node, targets);
		case T_CoalesceExpr:
			return compile_coalesce(builder, (CoalesceExpr *) node, targets);
		case T_CaseExpr:
			if (((CaseExpr *) node)->arg != NULL)
				break;
			return compile_case(builder, (CaseExpr *) node, targets);
		case T_Const:
			return compile_constant((Const *) node, targets);
		case T_DistinctExpr:
			return compile_distinct(builder, (DistinctExpr *) node, targets);
		case T_RelabelType:
			return compile(builder, strip_label(node), targets);
		default:
			break;
	}
	return TipCompileTest(builder, node, targets);
}

/* ---- the program ---- */

static void
add_end(TipBuilder *builder, TipOp op)
{
	TipStep		step = {.op = op, .a = -1, .b = -1};

	builder->steps[builder->nsteps++] = step;
}

static uint16
compile_group(TipBuilder *builder, TipRuleGroup *group, uint16 next)
{
	uint16		first = next;

	if (group->condition != NULL && group->condition_expr == NULL)
		return STEP_FAIL;		/* a condition that did not compile */
	if (group->is_broken)
		first = STEP_FAIL;
	else if (group->all_expr != NULL)
		first = compile(builder, (Node *) group->all_expr,
						TipMakeTargets(next, STEP_FAIL, next));
	if (group->condition_expr == NULL)
		return first;
	return compile(builder, (Node *) group->condition_expr,
				   TipMakeTargets(first, next, next));
}

/* Turn the steps round, so that most jumps go forward by little. */
static TipStep *
reverse(TipBuilder *builder)
{
	int			last = builder->nsteps - 1;
	TipStep    *steps = palloc(sizeof(TipStep) * builder->nsteps);

	for (int i = 0; i <= last; i++)
	{
		steps[last - i] = builder->steps[i];
		for (int truth = 0; truth < 4; truth++)
			steps[last - i].targets.to[truth] =
				last - builder->steps[i].targets.to[truth];
	}
	return steps;
}

/* The program knows what the columns are that it reads without asking. */
static void
remember_types(TipProgram *program, TupleDesc desc)
{
	int			attno = -1;

	program->types = palloc0(sizeof(Oid) * (desc->natts + 1));
	while ((attno = bms_next_member(program->columns, attno)) >= 0)
	{
		program->types[attno] = TupleDescAttr(desc, attno - 1)->atttypid;
		program->last_column = attno;
	}
}

static TipProgram *
make_program(TipBuilder *builder, uint16 first, TupleDesc desc)
{
	TipProgram *program = palloc0(sizeof(TipProgram));

	program->steps = reverse(builder);
	program->start = builder->nsteps - 1 - first;
	program->nsteps = builder->nsteps;
	program->ncalls = builder->ncalls;
	program->nexpressions = builder->nexpressions;
	program->columns = builder->columns;
	remember_types(program, desc);
	pfree(builder->steps);
	return program;
}

/*
 * TipMakeProgram
 *		One program for all groups of an engine, or NULL if it would be too
 *		large.  Made in the current memory context and by the owner of the
 *		catalogue, as the states of expressions are: a user need not have
 *		EXECUTE on what only rules call.
 */
TipProgram *
TipMakeProgram(List *groups, TupleDesc desc)
{
	TipBuilder	builder = {.size = 64};
	uint16		first = STEP_PASS;

	builder.steps = palloc(sizeof(TipStep) * builder.size);
	add_end(&builder, TIP_OP_PASS);
	add_end(&builder, TIP_OP_FAIL);
	for (int i = list_length(groups); i > 0; i--)
		first = compile_group(&builder, list_nth(groups, i - 1), first);
	if (builder.is_too_large)
		return NULL;
	return make_program(&builder, first, desc);
}
