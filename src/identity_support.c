/*
 * identity_support.c
 *		Refuse to plan a comparison of pseudonyms of two domains.
 *
 * Such a comparison is never true, and a query that finds nothing looks like
 * an answer.  The functions that compare do not raise, because sorting,
 * hashing and unique indexes need them; the planner asks us before it uses
 * them: for operators through their support function, for lists and IS
 * DISTINCT FROM, which have none, when it estimates how many rows remain.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "compat.h"
#include "identity.h"
#include "identity_support.h"

/* Rows that one pseudonym is thought to have where there are no statistics. */
#define ROWS_OF_ONE		2.0

/* Core's estimators for one of our operators. */
typedef struct Estimators
{
	const char *name;
	PGFunction	restriction;
	PGFunction	join;
} Estimators;

static const Estimators estimators[] = {
	{"=", eqsel, eqjoinsel},
	{"<>", neqsel, neqjoinsel},
	{"<", scalarltsel, scalarltjoinsel},
	{"<=", scalarlesel, scalarlejoinsel},
	{">", scalargtsel, scalargtjoinsel},
	{">=", scalargesel, scalargejoinsel},
};

/* Functions that say in an argument which domain their result is of. */
static const struct
{
	const char *name;
	int			argument;
}			makers[] = {
	{"pseudonymize", 2},
	{"translate_pseudonym", 1},
};

/* The domain that all arms of UNION ALL are of, given the column of one. */
static int
domain_of_union(PlannerInfo *root, AppendRelInfo *arm, Var *var)
{
	Query	   *query = root->simple_rte_array[arm->parent_relid]->subquery;
	ListCell   *column;
	ListCell   *target;

	if (query == NULL)
		return 0;
	forboth(column, arm->translated_vars, target, query->targetList)
	{
		Var		   *of_arm = lfirst(column);

		if (of_arm != NULL && IsA(of_arm, Var) &&
			of_arm->varno == var->varno && of_arm->varattno == var->varattno)
			return Max(exprTypmod((Node *)
								  ((TargetEntry *) lfirst(target))->expr), 0);
	}
	return 0;
}

/*
 * A column of one arm of UNION ALL: the other arms may be of other domains, so
 * that what is asked of all of them is no mistake.
 */
static bool
is_arm_of_union(PlannerInfo *root, Var *var)
{
	Index		relid = var->varno;

	if (root == NULL || root->append_rel_array == NULL ||
		var->varlevelsup > 0 || IS_SPECIAL_VARNO(var->varno))
		return false;
	while (relid < root->simple_rel_array_size &&
		   root->append_rel_array[relid] != NULL)
	{
		AppendRelInfo *info = root->append_rel_array[relid];

		if (!OidIsValid(info->parent_reltype))
			return domain_of_union(root, info, var) == 0;
		relid = info->parent_relid;
	}
	return false;
}

static int
domain_of_constant(Const *constant)
{
	TipPseudonym *p = (TipPseudonym *) DatumGetPointer(constant->constvalue);

	if (constant->constisnull || constant->constbyval ||
		constant->constlen != sizeof(TipPseudonym))
		return 0;
	return TipGet16(p->domain);
}

/* tip.pseudonymize(kind, value, 'ngo'), which cannot be called to find out. */
static int
domain_of_call(FuncExpr *call)
{
	char	   *name = get_func_name(call->funcid);
	char	   *schema = get_namespace_name(get_func_namespace(call->funcid));

	if (name == NULL || schema == NULL || strcmp(schema, "tip") != 0)
		return 0;
	for (int i = 0; i < lengthof(makers); i++)
	{
		Const	   *argument;
		const TipDomain *domain;

		if (strcmp(name, makers[i].name) != 0 ||
			list_length(call->args) <= makers[i].argument)
			continue;
		argument = list_nth(call->args, makers[i].argument);
		if (!IsA(argument, Const) || argument->constisnull ||
			argument->consttype != TEXTOID)
			return 0;
		domain = TipDomainFind(TextDatumGetCString(argument->constvalue));
		return domain ? domain->number : 0;
	}
	return 0;
}

/* From the type modifier, also that of a DOMAIN (in SQL's sense). */
static int
domain_of_type(Node *node)
{
	int32		typmod = exprTypmod(node);

	if (typmod < 0)
		getBaseTypeAndTypmod(exprType(node), &typmod);
	return typmod > 0 ? typmod : 0;
}

int
TipDeclaredDomain(PlannerInfo *root, Node *node)
{
	Oid			type = getBaseType(exprType(node));
	int			number;

	for (;;)
	{
		if (getBaseType(exprType(node)) != type)
			return 0;
		if (IsA(node, Const))
			return domain_of_constant((Const *) node);
		if (IsA(node, Var) && is_arm_of_union(root, (Var *) node))
			return 0;
		if ((number = domain_of_type(node)) != 0)
			return number;
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (IsA(node, CoerceToDomain))
			node = (Node *) ((CoerceToDomain *) node)->arg;
		else if (IsA(node, PlaceHolderVar))
			node = (Node *) ((PlaceHolderVar *) node)->phexpr;
		else
			break;
	}
	return IsA(node, FuncExpr) ? domain_of_call((FuncExpr *) node) : 0;
}

static bool
is_of_two_domains(PlannerInfo *root, List *args, int *left, int *right)
{
	if (list_length(args) != 2)
		return false;
	*left = TipDeclaredDomain(root, linitial(args));
	*right = *left != 0 ? TipDeclaredDomain(root, lsecond(args)) : 0;
	return *right != 0 && *left != *right;
}

static void
refuse_two_domains(PlannerInfo *root, List *args)
{
	int			left;
	int			right;

	if (!is_of_two_domains(root, args, &left, &right))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("pseudonyms of different domains are compared: %s, %s",
					TipDomainLabel(left), TipDomainLabel(right)),
			 errhint("Use tip.translate_pseudonym() to carry one over, or tip.in_domain() where a column holds several domains.")));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_support);

/* Support function of the functions that compare. */
Datum
tip_pseudonym_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
	{
		SupportRequestSimplify *simplify = (SupportRequestSimplify *) request;

		refuse_two_domains(simplify->root, simplify->fcall->args);
	}
	PG_RETURN_POINTER(NULL);
}

static const Estimators *
estimators_of(Oid operator)
{
	char	   *name = get_opname(operator);

	for (int i = 0; name != NULL && i < lengthof(estimators); i++)
		if (strcmp(estimators[i].name, name) == 0)
			return &estimators[i];
	elog(ERROR, "operator %u does not compare pseudonyms", operator);
}

/*
 * How many pseudonyms a column holds.  Core supposes 200 of a column that was
 * never analyzed, as ours are not, so that statistics repeat none.
 */
static double
distinct_values(VariableStatData *column)
{
	bool		is_default;
	double		n = get_variable_numdistinct(column, &is_default);

	if (is_default && column->rel != NULL && column->rel->tuples > 0)
		n = column->rel->tuples / ROWS_OF_ONE;
	return Max(n, 1.0);
}

/*
 * Selectivity of column = something.  Unlike core we do not compute a stable
 * expression to look for its value: that may be tip.pseudonymize(), which is
 * paid for.  Returns -1 if this is no such clause.
 */
static double
equal_to_column(PlannerInfo *root, Oid operator, Oid collation, List *args,
				int var_relid)
{
	VariableStatData left;
	VariableStatData right;
	VariableStatData *column;
	Node	   *other;
	double		result = -1;

	examine_variable(root, linitial(args), var_relid, &left);
	examine_variable(root, lsecond(args), var_relid, &right);
	column = left.rel != NULL ? &left : &right;
	other = left.rel != NULL ? lsecond(args) : linitial(args);
	if ((left.rel != NULL) != (right.rel != NULL))
	{
		if (IsA(other, Const) && ((Const *) other)->constisnull)
			result = 0;
		else if (!HeapTupleIsValid(column->statsTuple))
			result = 1.0 / distinct_values(column);
		else if (IsA(other, Const))
			result = var_eq_const(column, operator, collation,
								  ((Const *) other)->constvalue, false,
								  column == &left, false);
		else
			result = var_eq_non_const(column, operator, collation, other,
									  column == &left, false);
	}
	ReleaseVariableStats(left);
	ReleaseVariableStats(right);
	return result;
}

PG_FUNCTION_INFO_V1(tip_pseudonym_sel);

/* Restriction estimator of all six operators. */
Datum
tip_pseudonym_sel(PG_FUNCTION_ARGS)
{
	PlannerInfo *root = (PlannerInfo *) PG_GETARG_POINTER(0);
	Oid			operator = PG_GETARG_OID(1);
	List	   *args = (List *) PG_GETARG_POINTER(2);
	const Estimators *core = estimators_of(operator);
	double		equal = -1;

	refuse_two_domains(root, args);
	if (core->restriction == eqsel)
		equal = equal_to_column(root, operator, PG_GET_COLLATION(), args,
								PG_GETARG_INT32(3));
	else if (core->restriction == neqsel)
		equal = equal_to_column(root, get_negator(operator),
								PG_GET_COLLATION(), args, PG_GETARG_INT32(3));
	if (equal < 0)
		return DirectFunctionCall4Coll(core->restriction, PG_GET_COLLATION(),
									   PG_GETARG_DATUM(0), PG_GETARG_DATUM(1),
									   PG_GETARG_DATUM(2), PG_GETARG_DATUM(3));
	if (core->restriction == neqsel)
		equal = 1.0 - equal;
	CLAMP_PROBABILITY(equal);
	PG_RETURN_FLOAT8(equal);
}

/* Selectivity of column = column; -1 where core knows more. */
static double
equal_columns(PlannerInfo *root, List *args, SpecialJoinInfo *sjinfo)
{
	VariableStatData left;
	VariableStatData right;
	bool		is_reversed;
	double		result = -1;

	get_join_variables(root, args, sjinfo, &left, &right, &is_reversed);
	if (!HeapTupleIsValid(left.statsTuple) ||
		!HeapTupleIsValid(right.statsTuple))
		result = 1.0 / Max(distinct_values(&left), distinct_values(&right));
	ReleaseVariableStats(left);
	ReleaseVariableStats(right);
	return result;
}

PG_FUNCTION_INFO_V1(tip_pseudonym_joinsel);

/* Join estimator of all six operators. */
Datum
tip_pseudonym_joinsel(PG_FUNCTION_ARGS)
{
	PlannerInfo *root = (PlannerInfo *) PG_GETARG_POINTER(0);
	List	   *args = (List *) PG_GETARG_POINTER(2);
	SpecialJoinInfo *sjinfo = (SpecialJoinInfo *) PG_GETARG_POINTER(4);
	const Estimators *core = estimators_of(PG_GETARG_OID(1));
	double		equal = -1;

	refuse_two_domains(root, args);
	if (core->join == eqjoinsel && sjinfo->jointype != JOIN_SEMI &&
		sjinfo->jointype != JOIN_ANTI)
		equal = equal_columns(root, args, sjinfo);
	if (equal < 0)
		return DirectFunctionCall5Coll(core->join, PG_GET_COLLATION(),
									   PG_GETARG_DATUM(0), PG_GETARG_DATUM(1),
									   PG_GETARG_DATUM(2), PG_GETARG_DATUM(3),
									   PG_GETARG_DATUM(4));
	CLAMP_PROBABILITY(equal);
	PG_RETURN_FLOAT8(equal);
}

PG_FUNCTION_INFO_V1(tip_pseudonym_in_domain);

/* tip.in_domain(pseudonym, pseudonym) → equal; of two domains: not equal */
Datum
tip_pseudonym_in_domain(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(memcmp(PG_GETARG_POINTER(0), PG_GETARG_POINTER(1),
						  sizeof(TipPseudonym)) == 0);
}

/*
 * in_domain(p, c) where both are declared, of two domains: p IS NULL AND NULL,
 * which a WHERE clause takes as false before it reads a row.
 */
static Node *
never(FuncExpr *call)
{
	NullTest   *test;
	int			left;
	int			right;

	/* Of an arm of UNION ALL, too: this is no refusal. */
	if (!is_of_two_domains(NULL, call->args, &left, &right) ||
		contain_volatile_functions((Node *) call->args) ||
		!IsA(lsecond(call->args), Const))
		return NULL;
	test = makeNode(NullTest);
	test->arg = linitial(call->args);
	test->nulltesttype = IS_NULL;
	test->location = -1;
	return (Node *) makeBoolExpr(AND_EXPR,
								 list_make2(test, makeBoolConst(false, true)),
								 -1);
}

/* in_domain(key, constant) as key = constant, for an index on key. */
static List *
index_condition(SupportRequestIndexCondition *request)
{
	FuncExpr   *call = (FuncExpr *) request->node;
	Oid			type = request->index->opcintype[request->indexcol];
	int			strategy = request->index->relam == HASH_AM_OID ?
		HTEqualStrategyNumber : BTEqualStrategyNumber;
	Oid			operator = get_opfamily_member(request->opfamily, type, type,
											   strategy);
	Node	   *key;
	Node	   *other;
	int			left;
	int			right;

	if (!IsA(call, FuncExpr) || !OidIsValid(operator) ||
		is_of_two_domains(request->root, call->args, &left, &right))
		return NIL;
	key = list_nth(call->args, request->indexarg);
	other = list_nth(call->args, 1 - request->indexarg);
	if (!is_pseudo_constant_for_index(request->root, other, request->index))
		return NIL;
	request->lossy = false;
	return list_make1(make_opclause(operator, BOOLOID, false, (Expr *) key,
									(Expr *) other, InvalidOid,
									InvalidOid));
}

static Oid
equality(List *args)
{
	Oid			type = getBaseType(exprType(linitial(args)));

	return lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
}

PG_FUNCTION_INFO_V1(tip_in_domain_support);

/* Support function of tip.in_domain. */
Datum
tip_in_domain_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *result = NULL;

	if (IsA(request, SupportRequestSimplify))
		result = never(((SupportRequestSimplify *) request)->fcall);
	else if (IsA(request, SupportRequestIndexCondition))
		result = (Node *)
			index_condition((SupportRequestIndexCondition *) request);
	else if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *sel = (SupportRequestSelectivity *) request;

		if (sel->is_join)
			PG_RETURN_POINTER(NULL);
		sel->selectivity = equal_to_column(sel->root, equality(sel->args),
										   InvalidOid, sel->args,
										   sel->varRelid);
		if (sel->selectivity >= 0)
			result = request;
	}
	PG_RETURN_POINTER(result);
}
