/*
 * rules_mapped.c
 *		Judge rows of another's table through a view in the shape of an entity.
 *
 * Such a view (tip.attach() makes it) has every column of the entity; those
 * that nothing is mapped to are NULL.  A rule must not demand what nobody can
 * give, so of a predicate that is an AND only the arms stay whose columns,
 * among those that the rule names, are mapped.  A value that could not be read
 * is NULL in the view and named in its column "tip_unreadable".
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "rules.h"
#include "rules_record.h"

#define UNREADABLE_COLUMN	"tip_unreadable"
#define RECORD_COLUMN		"tip_record"
#define ENTITY_COLUMN		"tip_entity"

static AttrNumber
column_of_type(Oid relid, const char *name, Oid type)
{
	AttrNumber	attno = get_attnum(relid, name);

	return attno > 0 && get_atttype(relid, attno) == type ? attno :
		InvalidAttrNumber;
}

bool
TipIsMapped(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);

	return rel->rd_rel->relkind == RELKIND_VIEW &&
		column_of_type(relid, UNREADABLE_COLUMN, TEXTARRAYOID) > 0 &&
		column_of_type(relid, RECORD_COLUMN, TEXTOID) > 0;
}

/* The entity whose shape the view has: a constant that it shows. */
char *
TipMappedEntity(Relation rel)
{
	ListCell   *cell;

	foreach(cell, get_view_query(rel)->targetList)
	{
		TargetEntry *target = lfirst(cell);
		Const	   *name = (Const *) target->expr;

		if (!target->resjunk && strcmp(target->resname, ENTITY_COLUMN) == 0 &&
			IsA(name, Const) && name->consttype == TEXTOID &&
			!name->constisnull)
			return TextDatumGetCString(name->constvalue);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
			 errmsg("view \"%s\" of an attached table does not name its entity",
					RelationGetRelationName(rel)),
			 errhint("Make it anew with tip.attach().")));
	return NULL;
}

/* The one table that the view shows. */
RangeTblEntry *
TipMappedTable(Query *query)
{
	RangeTblEntry *entry;
	RangeTblRef *ref = NULL;

	if (list_length(query->jointree->fromlist) == 1)
		ref = linitial(query->jointree->fromlist);
	if (ref == NULL || !IsA(ref, RangeTblRef))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("view of an attached table must show one table"),
				 errhint("Make it anew with tip.attach().")));
	entry = rt_fetch(ref->rtindex, query->rtable);
	if (entry->rtekind != RTE_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("view of an attached table must show a table"),
				 errhint("Make it anew with tip.attach().")));
	return entry;
}

/* The same, or invalid where it shows anything else: for who only looks. */
Oid
TipMappedRelid(Query *query)
{
	RangeTblRef *ref;
	RangeTblEntry *entry;

	if (list_length(query->jointree->fromlist) != 1)
		return InvalidOid;
	ref = linitial(query->jointree->fromlist);
	if (!IsA(ref, RangeTblRef))
		return InvalidOid;
	entry = rt_fetch(ref->rtindex, query->rtable);
	return entry->rtekind == RTE_RELATION ? entry->relid : InvalidOid;
}

static TargetEntry *
target_named(Query *query, const char *name)
{
	ListCell   *cell;

	foreach(cell, query->targetList)
	{
		TargetEntry *target = lfirst(cell);

		if (!target->resjunk && strcmp(target->resname, name) == 0)
			return target;
	}
	return NULL;
}

/*
 * The column of the table that a key is made of, after the name of the view
 * and a slash; invalid if it is made of several, or otherwise.
 */
AttrNumber
TipMappedKey(Relation view)
{
	TargetEntry *target = target_named(get_view_query(view), RECORD_COLUMN);
	char	   *prefix = psprintf("%s/", RelationGetRelationName(view));
	OpExpr	   *join = target ? (OpExpr *) target->expr : NULL;
	Const	   *start;
	List	   *vars;

	if (join == NULL || !IsA(join, OpExpr) || list_length(join->args) != 2)
		return InvalidAttrNumber;
	start = linitial(join->args);
	if (!IsA(start, Const) || start->consttype != TEXTOID ||
		start->constisnull ||
		strcmp(TextDatumGetCString(start->constvalue), prefix) != 0)
		return InvalidAttrNumber;
	vars = pull_var_clause(lsecond(join->args), PVC_RECURSE_AGGREGATES |
						   PVC_RECURSE_WINDOWFUNCS);
	return list_length(vars) == 1 ? ((Var *) linitial(vars))->varattno :
		InvalidAttrNumber;
}

/*
 * Does the view show this table, or a parent of it?  Whoever makes a trigger on
 * another table is not to speak in the name of this view.
 */
bool
TipShowsTable(Query *query, Oid relid)
{
	Oid			shown = TipMappedTable(query)->relid;

	return relid == shown ||
		(get_rel_relkind(shown) != RELKIND_VIEW &&
		 typeInheritsFrom(get_rel_type_id(relid), get_rel_type_id(shown)));
}

/* The column of the table that a column of the view is made of, or NULL. */
static char *
source_of(RangeTblEntry *entry, Expr *expr)
{
	Bitmapset  *attnos = NULL;
	List	   *vars = pull_var_clause((Node *) expr, 0);
	ListCell   *cell;
	int			attno;

	foreach(cell, vars)
		attnos = bms_add_member(attnos, ((Var *) lfirst(cell))->varattno);
	if (!bms_get_singleton_member(attnos, &attno))
		return NULL;
	return get_attname(entry->relid, attno, true);
}

void
TipLookAtMapped(TipEngine *engine, Relation rel)
{
	Query	   *query = get_view_query(rel);
	RangeTblEntry *entry = TipMappedTable(query);
	TipMapped  *mapped = palloc0(sizeof(TipMapped));
	ListCell   *cell;

	engine->mapped = mapped;
	engine->root = entry->relid;
	engine->home = RelationGetNamespace(rel);
	namestrcpy(&engine->label, RelationGetRelationName(rel));
	engine->key = column_of_type(engine->relid, RECORD_COLUMN, TEXTOID);
	engine->stamp = InvalidAttrNumber;
	mapped->unreadable = column_of_type(engine->relid, UNREADABLE_COLUMN,
										TEXTARRAYOID);
	mapped->names = palloc0(sizeof(char *) *
							(list_length(query->targetList) + 1));
	foreach(cell, query->targetList)
	{
		TargetEntry *target = lfirst(cell);
		char	   *name;

		if (target->resjunk || target->resno == mapped->unreadable)
			continue;
		if (IsA(target->expr, Const) && ((Const *) target->expr)->constisnull)
			mapped->missing = bms_add_member(mapped->missing, target->resno);
		name = source_of(entry, target->expr);
		mapped->names[target->resno] = name ? pstrdup(name) : NULL;
	}
}

/* ---- which part of a rule is in force ---- */

static bool
names_column(const TipRule *rule, const char *name)
{
	for (int i = 0; i < rule->ncolumns; i++)
		if (strcmp(rule->columns[i], name) == 0)
			return true;
	return false;
}

/* Columns of the rule that an arm reads, mapped and not. */
typedef struct ArmColumns
{
	TipEngine  *engine;
	Relation	rel;
	TipRule    *rule;
	bool		has_mapped;
	bool		has_missing;
} ArmColumns;

static void
see_column(ArmColumns *columns, AttrNumber attno)
{
	Oid			relid = RelationGetRelid(columns->rel);

	if (!names_column(columns->rule, get_attname(relid, attno, false)))
		return;
	if (bms_is_member(attno, columns->engine->mapped->missing))
		columns->has_missing = true;
	else
		columns->has_mapped = true;
}

static bool
see_columns(Node *node, void *context)
{
	ArmColumns *columns = context;
	bool		had_missing = columns->has_missing;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
		see_column(columns, ((Var *) node)->varattno);
	(void) expression_tree_walker(node, see_columns, context);
	/* are_current() asks of each column what it can, and of NULL nothing. */
	if (TipIsAreCurrent(node))
		columns->has_missing = had_missing;
	return false;
}

/* Of the columns the rule names, does the arm read some, all of them mapped? */
static bool
arm_is_mapped(TipEngine *engine, Relation rel, TipRule *rule, Node *arm)
{
	ArmColumns	columns = {engine, rel, rule, false, false};

	(void) see_columns(arm, &columns);
	return columns.has_mapped && !columns.has_missing;
}

/* Nobody can correct a column that is not there. */
static void
forget_missing_columns(TipEngine *engine, Relation rel, TipRule *rule)
{
	int			kept = 0;

	for (int i = 0; i < rule->ncolumns; i++)
		if (!bms_is_member(get_attnum(RelationGetRelid(rel), rule->columns[i]),
						   engine->mapped->missing))
			rule->columns[kept++] = rule->columns[i];
	rule->ncolumns = kept;
}

/*
 * TipKeepMapped
 *		The part of a predicate that can be asked, or NULL.
 */
Expr *
TipKeepMapped(TipEngine *engine, Relation rel, TipRule *rule, Expr *expr)
{
	List	   *arms = is_andclause(expr) ? ((BoolExpr *) expr)->args :
		list_make1(expr);
	List	   *kept = NIL;
	ListCell   *cell;

	foreach(cell, arms)
		if (arm_is_mapped(engine, rel, rule, lfirst(cell)))
			kept = lappend(kept, lfirst(cell));
	forget_missing_columns(engine, rel, rule);
	return kept == NIL ? NULL : make_ands_explicit(kept);
}

/* ---- what could not be read ---- */

static ArrayType *
unreadable_columns(TipEngine *engine, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		datum = slot_getattr(slot, engine->mapped->unreadable, &isnull);
	ArrayType  *array;

	if (isnull)
		return NULL;
	array = DatumGetArrayTypeP(datum);
	if (ARR_NDIM(array) == 0 || ARR_ELEMTYPE(array) != TEXTOID)
		return NULL;
	return array;
}

bool
TipAllReadable(TipEngine *engine, TupleTableSlot *slot)
{
	return unreadable_columns(engine, slot) == NULL;
}

static const char *const unread_messages[TIP_MESSAGE_LANGUAGES] = {
	"no value of its type, nor translated to one: {columns}",
	"ningún valor de su tipo, ni traducido a uno: {columns}",
	"aucune valeur de son type, ni traduite en une : {columns}"
};

/* One finding about all columns that could not be read. */
static TipFinding *
type_finding(TipEngine *engine, ArrayType *array)
{
	TipFinding *finding;
	TipRule    *rule;
	Datum	   *names;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls,
					  &count);
	finding = TipMakeFinding("TYPE", NameStr(engine->entity), NULL,
							 unread_messages,
							 "Correct the value, or add a local row to tip.code_map.");
	rule = (TipRule *) finding->rule;
	rule->columns = palloc0(sizeof(char *) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		char	   *column = nulls[i] ? "" : TextDatumGetCString(names[i]);
		AttrNumber	attno = get_attnum(engine->relid, column);

		if (attno <= 0)
			continue;
		rule->columns[rule->ncolumns++] = column;
		rule->reads = bms_add_member(rule->reads, attno -
									 FirstLowInvalidHeapAttributeNumber);
	}
	return finding;
}

/* Whoever reads the finding knows the columns of the table. */
static void
name_as_in_table(TipEngine *engine, TipFinding *finding)
{
	TipRule    *rule = palloc(sizeof(TipRule));

	*rule = *finding->rule;
	rule->columns = palloc0(sizeof(char *) * (rule->ncolumns + 1));
	for (int i = 0; i < rule->ncolumns; i++)
	{
		char	   *name = finding->rule->columns[i];
		AttrNumber	attno = get_attnum(engine->relid, name);

		if (attno > 0 && engine->mapped->names[attno] != NULL)
			name = engine->mapped->names[attno];
		rule->columns[i] = name;
	}
	finding->rule = rule;
}

/*
 * TipMappedFindings
 *		Add what could not be read, and speak of the columns of the table.
 */
List *
TipMappedFindings(TipEngine *engine, TupleTableSlot *slot, List *findings)
{
	ArrayType  *array = unreadable_columns(engine, slot);
	ListCell   *cell;

	if (array != NULL)
	{
		List	   *types = list_make1(type_finding(engine, array));

		TipMaskUnreadable(findings, types);
		findings = list_concat(types, findings);
	}
	foreach(cell, findings)
		name_as_in_table(engine, lfirst(cell));
	return findings;
}
