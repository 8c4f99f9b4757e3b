/*
 * identity_audit.c
 *		What mixes domains of pseudonyms: rows of tables, queries of views.
 *
 * Tables are scanned directly and queries are read, not planned or run:
 * nothing that another user has made runs with the rights of who audits.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "identity.h"
#include "identity_support.h"

#define DOMAINS			(PG_UINT16_MAX + 1)

/* The first pair of domains that a query compares. */
typedef struct Compared
{
	Oid			type;
	int			left;
	int			right;
} Compared;

static Oid
pseudonym_type(void)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum("pseudonym"),
						   ObjectIdGetDatum(get_namespace_oid("tip", false)));
}

/* A column of ours that the user may read all of. */
static void
check_column(Relation rel, AttrNumber attnum)
{
	Oid			relid = RelationGetRelid(rel);
	Form_pg_attribute att;

	if (!RELKIND_HAS_TABLE_AM(rel->rd_rel->relkind) || attnum < 1 ||
		attnum > RelationGetNumberOfAttributes(rel))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("no such column of a table")));
	att = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
	if (att->attisdropped || getBaseType(att->atttypid) != pseudonym_type())
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column is not of type tip.pseudonym")));
	if ((pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		 pg_attribute_aclcheck(relid, attnum, GetUserId(),
							   ACL_SELECT) != ACLCHECK_OK) ||
		check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for all rows of table \"%s\"",
						RelationGetRelationName(rel))));
}

static void
count_domains(Relation rel, AttrNumber attnum, int64 *counts)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, attnum, &isnull);
		TipPseudonym *p = (TipPseudonym *) DatumGetPointer(value);

		CHECK_FOR_INTERRUPTS();
		if (!isnull)
			counts[TipGet16(p->domain)]++;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

PG_FUNCTION_INFO_V1(tip_column_domains);

/* (relation, attribute number) → {domain, rows, domain, rows, ...} */
Datum
tip_column_domains(PG_FUNCTION_ARGS)
{
	Relation	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	AttrNumber	attnum = PG_GETARG_INT16(1);
	int64	   *counts = palloc0(DOMAINS * sizeof(int64));
	Datum	   *pairs = palloc(2 * DOMAINS * sizeof(Datum));
	int			n = 0;

	check_column(rel, attnum);
	count_domains(rel, attnum, counts);
	relation_close(rel, AccessShareLock);
	for (int i = 0; i < DOMAINS; i++)
		if (counts[i] > 0)
		{
			pairs[n++] = Int64GetDatum(i);
			pairs[n++] = Int64GetDatum(counts[i]);
		}
	PG_RETURN_ARRAYTYPE_P(construct_array(pairs, n, INT8OID, sizeof(int64),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static bool
are_two(Compared *compared, Node *left, Node *right)
{
	if (getBaseType(exprType(left)) != compared->type ||
		getBaseType(exprType(right)) != compared->type)
		return false;
	compared->left = TipDeclaredDomain(NULL, left);
	compared->right = TipDeclaredDomain(NULL, right);
	return compared->left != 0 && compared->right != 0 &&
		compared->left != compared->right;
}

static bool
lists_are_two(Compared *compared, List *left, List *right)
{
	ListCell   *l;
	ListCell   *r;

	forboth(l, left, r, right)
		if (are_two(compared, lfirst(l), lfirst(r)))
			return true;
	return false;
}

static bool
any_is_two(Compared *compared, Node *left, Node *array)
{
	ListCell   *lc;

	if (!IsA(array, ArrayExpr))
		return false;
	foreach(lc, ((ArrayExpr *) array)->elements)
		if (are_two(compared, left, lfirst(lc)))
			return true;
	return false;
}

/* INTERSECT and EXCEPT; UNION of several domains is a fair list of all. */
static bool
set_is_two(Compared *compared, Query *query, SetOperationStmt *set)
{
	Query	   *arms[2];
	Node	   *refs[2] = {set->larg, set->rarg};
	ListCell   *l;
	ListCell   *r;

	if (set->op == SETOP_UNION)
		return false;
	for (int i = 0; i < 2; i++)
	{
		if (!IsA(refs[i], RangeTblRef))
			return false;
		arms[i] = rt_fetch(((RangeTblRef *) refs[i])->rtindex,
						   query->rtable)->subquery;
	}
	forboth(l, arms[0]->targetList, r, arms[1]->targetList)
		if (are_two(compared, (Node *) ((TargetEntry *) lfirst(l))->expr,
					(Node *) ((TargetEntry *) lfirst(r))->expr))
			return true;
	return false;
}

static bool
find_compared(Node *node, void *context)
{
	Compared   *compared = context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		return (query->setOperations != NULL &&
				set_is_two(compared, query,
						   (SetOperationStmt *) query->setOperations)) ||
			query_tree_walker(query, find_compared, context, 0);
	}
	if (IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
	{
		List	   *args = ((OpExpr *) node)->args;

		if (list_length(args) == 2 &&
			are_two(compared, linitial(args), lsecond(args)))
			return true;
	}
	else if (IsA(node, ScalarArrayOpExpr))
	{
		List	   *args = ((ScalarArrayOpExpr *) node)->args;

		if (any_is_two(compared, linitial(args), lsecond(args)))
			return true;
	}
	else if (IsA(node, RowCompareExpr))
	{
		RowCompareExpr *row = (RowCompareExpr *) node;

		if (lists_are_two(compared, row->largs, (List *) row->rargs))
			return true;
	}
	return expression_tree_walker(node, find_compared, context);
}

PG_FUNCTION_INFO_V1(tip_compared_domains);

/* view → the two domains that its query compares, or NULL */
Datum
tip_compared_domains(PG_FUNCTION_ARGS)
{
	Relation	rel = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
	Compared	compared = {pseudonym_type()};
	bool		found = false;

	if (rel == NULL)
		PG_RETURN_NULL();
	for (int i = 0; rel->rd_rules != NULL && i < rel->rd_rules->numLocks; i++)
		if (find_compared((Node *) rel->rd_rules->rules[i]->actions, &compared))
			found = true;
	relation_close(rel, AccessShareLock);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s, %s",
											  TipDomainLabel(compared.left),
											  TipDomainLabel(compared.right))));
}
