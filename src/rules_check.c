/*
 * rules_check.c
 *		What a rule's text may and may not contain.
 *
 * The text of a rule is code that runs with the rights of whoever inserts a
 * record, so its author must not be able to make it do anything but compute.
 * The check is made on every compilation, not when the row is written: rows
 * arrive by restore and by replication, where no trigger looks.
 *
 * It has two halves.  The raw half runs before the parser resolves anything,
 * because resolving a literal already calls the input function of its type,
 * and through a composite or an array over a domain that calls a user's
 * function.  The analysed half then looks at every function, operator, cast
 * and type that the parser chose.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "codes.h"
#include "rules.h"

/* IMMUTABLE in core, yet without a bound on time or memory, or not needed. */
static const char *const refused_functions[] = {
	"repeat", "lpad", "rpad", "generate_series", "array_fill", "power", "pow",
	"exp", "dexp", "dpow", "numeric_power", "numeric_exp", "numeric_fac",
	"factorial", "xmlcomment", "xmlexists", "xpath", "xpath_exists",
	"jsonb_path_exists", "jsonb_path_match", "jsonb_path_query_array",
	"jsonb_path_query_first", "jsonb_path_exists_opr", "jsonb_path_match_opr",
	"array_to_tsvector", "regexp_split_to_table", NULL
};

/* These compile a pattern: only a constant one is accepted, as argument 2. */
static const char *const pattern_functions[] = {
	"textregexeq", "textregexne", "texticregexeq", "texticregexne",
	"bpcharregexeq", "bpcharregexne", "bpcharicregexeq", "bpcharicregexne",
	"nameregexeq", "nameregexne", "nameicregexeq", "nameicregexne",
	"regexp_match", "regexp_matches", "regexp_replace", "regexp_like",
	"regexp_count", "regexp_instr", "regexp_substr",
	"regexp_split_to_array", "similar_to_escape", NULL
};

/*
 * Symbols of functions that cannot raise on any input, reviewed one by one.
 * Arithmetic is absent on purpose (it overflows), so are casts that narrow.
 * What compares texts needs a collation, see has_no_collation(); what compares
 * arrays is as good as the comparison of their elements.
 */
static const char *const total_symbols[] = {
	"booleq", "boolne", "boollt", "boolgt", "boolle", "boolge",
	"int2eq", "int2ne", "int2lt", "int2le", "int2gt", "int2ge",
	"int4eq", "int4ne", "int4lt", "int4le", "int4gt", "int4ge",
	"int8eq", "int8ne", "int8lt", "int8le", "int8gt", "int8ge",
	"int24eq", "int24ne", "int24lt", "int24le", "int24gt", "int24ge",
	"int42eq", "int42ne", "int42lt", "int42le", "int42gt", "int42ge",
	"int28eq", "int28ne", "int28lt", "int28le", "int28gt", "int28ge",
	"int82eq", "int82ne", "int82lt", "int82le", "int82gt", "int82ge",
	"int48eq", "int48ne", "int48lt", "int48le", "int48gt", "int48ge",
	"int84eq", "int84ne", "int84lt", "int84le", "int84gt", "int84ge",
	"numeric_eq", "numeric_ne", "numeric_lt", "numeric_le", "numeric_gt",
	"numeric_ge", "date_eq", "date_ne", "date_lt", "date_le", "date_gt",
	"date_ge", "timestamp_eq", "timestamp_ne", "timestamp_lt",
	"timestamp_le", "timestamp_gt", "timestamp_ge",
	"uuid_eq", "uuid_ne", "uuid_lt", "uuid_le", "uuid_gt", "uuid_ge",
	"texteq", "textne", "text_lt", "text_le", "text_gt", "text_ge",
	"bpchareq", "bpcharne", "i2toi4", "int28", "int48",
	"int2_numeric", "int4_numeric", "int8_numeric",
	"array_cardinality", "array_eq", "array_ne", "arrayoverlap",
	"arraycontains", "arraycontained", "array_length", "textlen",
	"range_contains_elem", "elem_contained_by_range", "range_lower",
	"range_upper", "range_empty", "range_eq", "range_ne",
	"tip_set_contains", "tip_set_contained", "tip_set_overlaps",
	"tip_set_has", "tip_code_member", "tip_set_union",
	"tip_set_intersection", "tip_set_difference", "tip_set_cardinality",
	"tip_set_is_missing", "tip_code_is_missing", "tip_code_in_branch",
	"tip_code_rank", "tip_array_is_mixed",
	"tip_array_is_unique", "tip_days_between", "tip_today",
	"tip_certainly_before", "tip_certainly_before_date",
	"tip_date_certainly_before", "tip_is_child", "tip_date_earliest",
	"tip_date_latest", "tip_least_days_between", "tip_are_current",
	"tip_may_identify", NULL
};

static const char *const array_symbols[] = {
	"array_eq", "array_ne", "arrayoverlap", "arraycontains", "arraycontained",
	NULL
};

/* Where the walk through a rule's text is. */
typedef struct RuleText
{
	ParseState *pstate;
	Relation	rel;
	int			location;
} RuleText;

static bool
is_listed(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

static void
refuse(RuleText *text, const char *what, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 name == NULL ?
			 errmsg("a rule must not contain %s", what) :
			 errmsg("a rule must not contain %s \"%s\"", what, name),
			 errhint("A rule is one boolean expression over the columns of its record, with immutable functions of pg_catalog and tip_module."),
			 parser_errposition(text->pstate, text->location)));
}

static bool
is_ours(Oid classid, Oid objid)
{
	Oid			extension = get_extension_oid("tip_module", true);

	return OidIsValid(extension) &&
		getExtensionOfObject(classid, objid) == extension;
}

/*
 * A type is allowed if no code of a user runs for it: pinned base types and
 * their arrays, ours, and enums.  A column may have a domain over such a
 * type, because comparing it does not run the domain's check.
 */
bool
TipTypeIsAllowed(Oid type)
{
	Oid			element;
	char		typtype;

	type = getBaseType(type);
	element = get_element_type(type);
	if (OidIsValid(element))
		type = getBaseType(element);
	if (type == UNKNOWNOID)
		return true;
	typtype = get_typtype(type);
	if (type == XMLOID || typtype == TYPTYPE_PSEUDO ||
		typtype == TYPTYPE_COMPOSITE)
		return false;
	return typtype == TYPTYPE_ENUM || type < FirstUnpinnedObjectId ||
		is_ours(TypeRelationId, type);
}

/* ---- the raw half ---- */

/* Names are resolved in our own schemas only: refuse any other qualifier. */
static void
check_qualifier(RuleText *text, List *names)
{
	const char *schema;

	if (list_length(names) < 2)
		return;
	schema = strVal(linitial(names));
	if (list_length(names) > 2 ||
		(strcmp(schema, "pg_catalog") != 0 && strcmp(schema, "tip") != 0 &&
		 strcmp(schema, "tip_impl") != 0))
		refuse(text, "a name from schema", schema);
}

static void
check_type_name(RuleText *text, TypeName *name)
{
	Type		tuple;
	Oid			type;

	check_qualifier(text, name->names);
	tuple = LookupTypeName(NULL, name, NULL, true);
	if (tuple == NULL)
		return;					/* analysis will say so in core's words */
	type = typeTypeId(tuple);
	ReleaseSysCache(tuple);
	if (get_typtype(type) == TYPTYPE_DOMAIN || !TipTypeIsAllowed(type))
		refuse(text, "type", format_type_be(type));
}

static void
check_column(RuleText *text, ColumnRef *ref)
{
	AttrNumber	attno;
	Node	   *field = linitial(ref->fields);
	Relation	rel = text->rel;

	if (list_length(ref->fields) != 1 || !IsA(field, String))
		refuse(text, "a qualified or whole-row reference", NULL);
	attno = get_attnum(RelationGetRelid(rel), strVal(field));
	if (attno == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						strVal(field), RelationGetRelationName(rel)),
				 errhint("A rule sees the columns of its own entity."),
				 parser_errposition(text->pstate, text->location)));
	if (attno < 0)
		refuse(text, "system column", strVal(field));
	if (!TipTypeIsAllowed(get_atttype(RelationGetRelid(rel), attno)))
		refuse(text, "a column of user-defined type:", strVal(field));
}

/*
 * The literals that are a clock: the parser would freeze them.  They may stand
 * anywhere, as in '12:00 today' or '[2020-01-01,today]'.
 */
static void
check_literal(RuleText *text, A_Const *literal)
{
	static const char *const clocks[] = {
		"now", "today", "tomorrow", "yesterday", NULL
	};
	static const char *const letters = "abcdefghijklmnopqrstuvwxyz";
	char	   *word;

	if (literal->isnull || !IsA(&literal->val, String))
		return;
	word = pstrdup(strVal(&literal->val));
	for (char *c = word; *c != '\0'; c++)
		*c = pg_tolower((unsigned char) *c);
	for (word += strcspn(word, letters); *word != '\0';
		 word += strcspn(word, letters))
	{
		int			length = strspn(word, letters);
		char	   *alone = pnstrdup(word, length);

		if (is_listed(alone, clocks))
			refuse(text, "the literal", alone);
		pfree(alone);
		word += length;
	}
}

static void
check_call(RuleText *text, FuncCall *call)
{
	Type		tuple;

	check_qualifier(text, call->funcname);
	if (call->agg_order != NIL || call->agg_filter != NULL ||
		call->over != NULL || call->agg_within_group || call->agg_star ||
		call->agg_distinct || call->func_variadic)
		refuse(text, "an aggregate or variadic call", NULL);
	/* f('x') may be a cast to a type of that name */
	tuple = LookupTypeName(NULL, makeTypeNameFromNameList(call->funcname),
						   NULL, true);
	if (tuple != NULL)
	{
		ReleaseSysCache(tuple);
		check_type_name(text, makeTypeNameFromNameList(call->funcname));
	}
}

/*
 * Where a node of the grammar stands, or -1.  exprLocation() would look for
 * the leftmost token below it, without a look at the stack: a sum of a million
 * terms is a million nodes deep.
 */
static int
raw_location(Node *node)
{
	switch (nodeTag(node))
	{
		case T_ColumnRef:
			return ((ColumnRef *) node)->location;
		case T_A_Const:
			return ((A_Const *) node)->location;
		case T_FuncCall:
			return ((FuncCall *) node)->location;
		case T_TypeName:
			return ((TypeName *) node)->location;
		case T_A_Expr:
			return ((A_Expr *) node)->location;
		case T_CollateClause:
			return ((CollateClause *) node)->location;
		case T_SubLink:
			return ((SubLink *) node)->location;
		case T_ParamRef:
			return ((ParamRef *) node)->location;
		case T_RowExpr:
			return ((RowExpr *) node)->location;
		case T_SQLValueFunction:
			return ((SQLValueFunction *) node)->location;
		case T_XmlExpr:
			return ((XmlExpr *) node)->location;
		case T_XmlSerialize:
			return ((XmlSerialize *) node)->location;
		default:
			return -1;
	}
}

static bool
check_raw_walker(Node *node, void *context)
{
	RuleText   *text = context;

	if (node == NULL)
		return false;
	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (raw_location(node) >= 0)
		text->location = raw_location(node);
	switch (nodeTag(node))
	{
		case T_ColumnRef:
			check_column(text, (ColumnRef *) node);
			return false;
		case T_A_Const:
			check_literal(text, (A_Const *) node);
			return false;
		case T_FuncCall:
			check_call(text, (FuncCall *) node);
			break;
		case T_TypeName:
			check_type_name(text, (TypeName *) node);
			break;
		case T_A_Expr:
			check_qualifier(text, ((A_Expr *) node)->name);
			break;
		case T_CollateClause:
			check_qualifier(text, ((CollateClause *) node)->collname);
			break;
		case T_TypeCast:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_A_ArrayExpr:
		case T_A_Indirection:
		case T_A_Indices:
		case T_List:
		case T_String:
		case T_Integer:
			break;
		case T_SubLink:
			refuse(text, "a subquery", NULL);
			break;
		default:
			refuse(text, "this construct", NULL);
	}
	return raw_expression_tree_walker(node, check_raw_walker, context);
}

void
TipCheckRawExpression(ParseState *pstate, Node *raw, Relation rel)
{
	RuleText	text = {pstate, rel, -1};

	(void) check_raw_walker(raw, &text);
}

/* ---- the analysed half ---- */

static Form_pg_proc
fetch_function(Oid funcid, HeapTuple *tuple)
{
	*tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	if (!HeapTupleIsValid(*tuple))
		elog(ERROR, "cache lookup failed for function %u", funcid);
	return (Form_pg_proc) GETSTRUCT(*tuple);
}

static bool
is_our_clock(Oid funcid, Form_pg_proc form)
{
	return form->pronargs == 0 &&
		strcmp(NameStr(form->proname), "today") == 0 &&
		is_ours(ProcedureRelationId, funcid);
}

/* tip.today(), the one function of a rule that is not immutable */
bool
TipIsOurClock(Oid funcid)
{
	HeapTuple	tuple;
	bool		result = is_our_clock(funcid, fetch_function(funcid, &tuple));

	ReleaseSysCache(tuple);
	return result;
}

static bool
check_function(Oid funcid, void *context)
{
	RuleText   *text = context;
	HeapTuple	tuple;
	Form_pg_proc form = fetch_function(funcid, &tuple);
	char	   *name = pstrdup(NameStr(form->proname));

	if (funcid >= FirstUnpinnedObjectId &&
		!is_ours(ProcedureRelationId, funcid))
		refuse(text,
			   "a function that is neither pg_catalog's nor tip_module's:",
			   name);
	if (form->provolatile != PROVOLATILE_IMMUTABLE &&
		!is_our_clock(funcid, form))
		refuse(text, "a function that is not immutable:", name);
	if (form->proretset || is_listed(name, refused_functions))
		refuse(text, "function", name);
	ReleaseSysCache(tuple);
	return false;
}

/* The substring() of positions takes none, that of two texts does. */
static bool
takes_pattern(const char *name, List *args)
{
	return is_listed(name, pattern_functions) ||
		(strcmp(name, "substring") == 0 && list_length(args) > 1 &&
		 exprType(lsecond(args)) == TEXTOID);
}

/* A pattern must be there when the rule is compiled, not come with the row. */
static void
check_pattern(RuleText *text, Oid funcid, List *args)
{
	char	   *name = get_func_name(funcid);

	if (name == NULL || !takes_pattern(name, args))
		return;
	if (list_length(args) < 2 || !IsA(lsecond(args), Const))
		refuse(text, "a pattern that is not a constant, in", name);
}

static void
check_patterns_in(RuleText *text, Node *node)
{
	if (IsA(node, FuncExpr))
		check_pattern(text, ((FuncExpr *) node)->funcid,
					  ((FuncExpr *) node)->args);
	else if (IsA(node, OpExpr))
		check_pattern(text, get_opcode(((OpExpr *) node)->opno),
					  ((OpExpr *) node)->args);
	else if (IsA(node, ScalarArrayOpExpr))
		check_pattern(text, get_opcode(((ScalarArrayOpExpr *) node)->opno),
					  ((ScalarArrayOpExpr *) node)->args);
}

/* tip.are_current(), which takes arguments of any type */
bool
TipIsAreCurrent(Node *node)
{
	char	   *name;

	if (!IsA(node, FuncExpr))
		return false;
	name = get_func_name(((FuncExpr *) node)->funcid);
	return name != NULL && strcmp(name, "are_current") == 0 &&
		is_ours(ProcedureRelationId, ((FuncExpr *) node)->funcid);
}

/* It would refuse a wrong type with every record; here it is refused once. */
static void
check_codes_in(RuleText *text, Node *node)
{
	ListCell   *cell;

	if (!TipIsAreCurrent(node))
		return;
	for_each_from(cell, ((FuncExpr *) node)->args, 1)
		if (!TipTypeHasCodes(exprType(lfirst(cell))))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("are_current() takes codes, not %s",
							format_type_be(exprType(lfirst(cell)))),
					 errhint("Name columns that hold a code, a set of codes or an array of codes."),
					 parser_errposition(text->pstate,
										exprLocation(lfirst(cell)))));
}

static void
check_node_kind(RuleText *text, Node *node)
{
	switch (nodeTag(node))
	{
		case T_Var:
			if (((Var *) node)->varattno <= 0)
				refuse(text, "a system column or the whole row", NULL);
			break;
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_RelabelType:
		case T_CaseExpr:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_ArrayExpr:
		case T_MinMaxExpr:
		case T_SubscriptingRef:
		case T_ArrayCoerceExpr:
		case T_CollateExpr:
			break;
		case T_CoerceViaIO:
			refuse(text, "a cast through text", NULL);
			break;
		case T_CoerceToDomain:
			refuse(text, "a cast to a domain", NULL);
			break;
		default:
			refuse(text, "this construct", NULL);
	}
}

static bool
check_walker(Node *node, void *context)
{
	RuleText   *text = context;

	if (node == NULL)
		return false;
	CHECK_FOR_INTERRUPTS();
	if (!IsA(node, List) && !IsA(node, CaseWhen))
	{
		if (exprLocation(node) >= 0)
			text->location = exprLocation(node);
		check_node_kind(text, node);
		check_patterns_in(text, node);
		check_codes_in(text, node);
		(void) check_functions_in_node(node, check_function, text);
		if (!TipTypeIsAllowed(exprType(node)))
			refuse(text, "type", format_type_be(exprType(node)));
	}
	return expression_tree_walker(node, check_walker, context);
}

void
TipCheckExpression(ParseState *pstate, Node *expr)
{
	RuleText	text = {pstate, NULL, -1};

	(void) check_walker(expr, &text);
}

/* ---- total or guarded ---- */

/* The C symbol of a function of core or ours, or NULL for any other. */
const char *
TipFunctionSymbol(Oid funcid)
{
	HeapTuple	tuple;
	Form_pg_proc form = fetch_function(funcid, &tuple);
	bool		isnull;
	Datum		source;
	char	   *symbol = NULL;

	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	if (!isnull &&
		(form->prolang == INTERNALlanguageId || form->prolang == ClanguageId) &&
		(funcid < FirstUnpinnedObjectId ||
		 is_ours(ProcedureRelationId, funcid)))
		symbol = TextDatumGetCString(source);
	ReleaseSysCache(tuple);
	return symbol;
}

static bool
is_total_symbol(Oid funcid, const char *const *list)
{
	const char *symbol = TipFunctionSymbol(funcid);

	return symbol != NULL && is_listed(symbol, list);
}

static List *
arguments_of(Node *node)
{
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			return ((FuncExpr *) node)->args;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			return ((OpExpr *) node)->args;
		case T_ScalarArrayOpExpr:
			return ((ScalarArrayOpExpr *) node)->args;
		default:
			return NIL;
	}
}

/* Arrays of json or point have no equality: comparing them raises. */
static bool
elements_compare(Oid type)
{
	Oid			element = get_base_element_type(type);
	TypeCacheEntry *entry;

	if (!OidIsValid(element))
		return false;
	entry = lookup_type_cache(element, TYPECACHE_EQ_OPR_FINFO);
	return OidIsValid(entry->eq_opr_finfo.fn_oid) &&
		is_total_symbol(entry->eq_opr_finfo.fn_oid, total_symbols);
}

static bool
is_partial_function(Oid funcid, void *context)
{
	List	   *args = arguments_of(context);

	if (!is_total_symbol(funcid, total_symbols))
		return true;
	return is_total_symbol(funcid, array_symbols) &&
		!elements_compare(exprType(linitial(args)));
}

/* Columns of different collations: core raises when it compares them. */
static bool
has_no_collation(Node *node)
{
	ListCell   *cell;

	if (OidIsValid(exprInputCollation(node)))
		return false;
	foreach(cell, arguments_of(node))
		if (type_is_collatable(exprType(lfirst(cell))))
			return true;
	return false;
}

/* Kinds of nodes that raise by themselves, or that we do not know. */
static bool
is_partial_node(Node *node)
{
	Oid			type;

	switch (nodeTag(node))
	{
		case T_ArrayExpr:
			/* arrays within may differ in length */
			return ((ArrayExpr *) node)->multidims;
		case T_SubscriptingRef:
			/* of an array, not of jsonb */
			type = ((SubscriptingRef *) node)->refcontainertype;
			return !OidIsValid(get_element_type(type));
		case T_List:
		case T_Var:
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_RelabelType:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
			return false;
		default:
			return true;
	}
}

static bool
is_partial_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (is_partial_node(node) || has_no_collation(node) ||
		check_functions_in_node(node, is_partial_function, node))
		return true;
	return expression_tree_walker(node, is_partial_walker, context);
}

/* True if no input can make the expression raise. */
bool
TipExpressionIsTotal(Node *expr)
{
	return !is_partial_walker(expr, NULL);
}
