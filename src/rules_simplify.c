/*
 * rules_simplify.c
 *		Make a predicate cheaper where NULL passes.
 *
 * Rules say "a IS NULL OR b IS NULL OR f(a, b)" to be read by people.  For
 * the quick answer only FALSE matters: where f is strict, f(a, b) alone gives
 * it for the same records, in half the steps.  The outcome that is reported
 * still comes from the predicate as it was written.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "rules.h"

/* Is the expression NULL whenever the column is? */
static bool
is_null_with(Node *expr, Var *column)
{
	List	   *args = NIL;
	Oid			funcid = InvalidOid;
	ListCell   *cell;

	if (IsA(expr, Var))
		return ((Var *) expr)->varattno == column->varattno;
	if (IsA(expr, RelabelType))
		return is_null_with((Node *) ((RelabelType *) expr)->arg, column);
	if (is_notclause(expr))
		return is_null_with(linitial(((BoolExpr *) expr)->args), column);
	if (IsA(expr, FuncExpr))
	{
		funcid = ((FuncExpr *) expr)->funcid;
		args = ((FuncExpr *) expr)->args;
	}
	else if (IsA(expr, OpExpr))
	{
		funcid = get_opcode(((OpExpr *) expr)->opno);
		args = ((OpExpr *) expr)->args;
	}
	if (args == NIL || !func_strict(funcid))
		return false;
	foreach(cell, args)
		if (is_null_with(lfirst(cell), column))
			return true;
	return false;
}

/* An arm "a IS NULL" is idle if another arm is NULL for the same records. */
static bool
is_idle_arm(Node *arm, List *arms)
{
	NullTest   *test = (NullTest *) arm;
	ListCell   *cell;

	if (!IsA(arm, NullTest) || test->nulltesttype != IS_NULL ||
		test->argisrow || !IsA(test->arg, Var))
		return false;
	foreach(cell, arms)
	{
		CHECK_FOR_INTERRUPTS();
		if (lfirst(cell) != arm &&
			is_null_with(lfirst(cell), (Var *) test->arg))
			return true;
	}
	return false;
}

static Expr *
simplify_or(BoolExpr *expr)
{
	List	   *kept = NIL;
	ListCell   *cell;

	foreach(cell, expr->args)
		if (!is_idle_arm(lfirst(cell), expr->args))
			kept = lappend(kept, TipSimplifyPassing(lfirst(cell)));
	return list_length(kept) == 1 ? linitial(kept) :
		makeBoolExpr(OR_EXPR, kept, -1);
}

static Expr *
simplify_and(BoolExpr *expr)
{
	List	   *arms = NIL;
	ListCell   *cell;

	foreach(cell, expr->args)
		arms = lappend(arms, TipSimplifyPassing(lfirst(cell)));
	return makeBoolExpr(AND_EXPR, arms, -1);
}

static bool
is_true(Node *expr)
{
	return IsA(expr, Const) && !((Const *) expr)->constisnull &&
		((Const *) expr)->consttype == BOOLOID &&
		DatumGetBool(((Const *) expr)->constvalue);
}

/*
 * TipSimplifyPassing
 *		An expression that is FALSE for the same records as the given one.
 */
Expr *
TipSimplifyPassing(Expr *expr)
{
	if (is_orclause(expr))
		return simplify_or((BoolExpr *) expr);
	if (is_andclause(expr))
		return simplify_and((BoolExpr *) expr);
	if (IsA(expr, BooleanTest) &&
		((BooleanTest *) expr)->booltesttype == IS_NOT_FALSE)
		return TipSimplifyPassing(((BooleanTest *) expr)->arg);
	if (IsA(expr, CoalesceExpr) &&
		list_length(((CoalesceExpr *) expr)->args) == 2 &&
		is_true(lsecond(((CoalesceExpr *) expr)->args)))
		return TipSimplifyPassing(linitial(((CoalesceExpr *) expr)->args));
	return expr;
}
