/*
 * rules_compile.c
 *		From the text of a rule to an expression that can be run.
 *
 * The parser's own machinery for CHECK constraints does the work and gives
 * core's own errors; what it would let through is refused in rules_check.c.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"

#include "rules.h"

static bool
is_bare_target(SelectStmt *select)
{
	ResTarget  *target;

	if (list_length(select->targetList) != 1 || select->op != SETOP_NONE ||
		select->distinctClause != NIL || select->intoClause != NULL ||
		select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL ||
		select->windowClause != NIL || select->valuesLists != NIL ||
		select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL ||
		select->withClause != NULL)
		return false;
	target = linitial_node(ResTarget, select->targetList);
	return target->name == NULL && target->indirection == NIL;
}

/* The grammar of PL/pgSQL expressions takes "a > 1 FROM x" as well. */
static Node *
parse_expression(const char *text)
{
	List	   *parsed = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select;

	select = castNode(SelectStmt, linitial_node(RawStmt, parsed)->stmt);
	if (!is_bare_target(select))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a rule must be one expression and nothing else"),
				 errhint("Leave out FROM, WHERE, ORDER BY, LIMIT and names for the result.")));
	return linitial_node(ResTarget, select->targetList)->val;
}

/*
 * A BEFORE trigger sees a generated column as NULL, so its expression stands
 * in for it.  Whoever owns the table wrote that expression: it is checked like
 * a rule, for it is about to be folded with the rights of our owner.
 */
static Node *
generated_expression(Relation rel, AttrNumber attno)
{
	Node	   *expr = build_column_default(rel, attno);

	TipCheckExpression(NULL, expr);
	return expr;
}

static Node *
replace_generated(Node *node, void *context)
{
	Relation	rel = (Relation) context;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;
		TupleDesc	desc = RelationGetDescr(rel);

		if (TupleDescAttr(desc, var->varattno - 1)->attgenerated != '\0')
			return generated_expression(rel, var->varattno);
	}
	return expression_tree_mutator(node, replace_generated, context);
}

/* For rows as a BEFORE trigger sees them. */
Node *
TipReplaceGenerated(Node *expr, Relation rel)
{
	return replace_generated(expr, rel);
}

/*
 * TipCompileText
 *		Analyse and check one expression; raise where it is not acceptable.
 *
 * Runs as the calling role: nothing here may need or use more rights.
 */
Expr *
TipCompileText(Relation rel, const char *text)
{
	Node	   *raw = parse_expression(text);
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item;
	Node	   *expr;

	pstate->p_sourcetext = text;
	TipCheckRawExpression(pstate, raw, rel);
	item = addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL,
										 false, true);
	addNSItemToQuery(pstate, item, true, true, true);
	expr = transformExpr(pstate, raw, EXPR_KIND_CHECK_CONSTRAINT);
	expr = coerce_to_boolean(pstate, expr, "rule");
	assign_expr_collations(pstate, expr);
	TipCheckExpression(pstate, expr);
	free_parsestate(pstate);
	return (Expr *) replace_generated(expr, rel);
}

/* Fold constants and inline: the caller may have raised its rights by now. */
Expr *
TipMakeRunnable(Expr *expr)
{
	return expression_planner(expr);
}
