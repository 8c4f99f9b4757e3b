/*
 * rules_author.c
 *		A rule is looked at when it is written, too.
 *
 * The engine checks every rule whenever it compiles it; that is what keeps
 * the data safe.  This trigger is for the author: a mistake is told at once,
 * with its position, and not at the next record of somebody else.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "rules.h"

PG_FUNCTION_INFO_V1(tip_author_rule);

typedef struct Draft
{
	HeapTuple	tuple;
	TupleDesc	desc;
	char	   *id;
	char	   *entity;
	char	   *predicate;
} Draft;

static char *
field(HeapTuple tuple, TupleDesc desc, const char *name)
{
	return SPI_getvalue(tuple, desc, SPI_fnumber(desc, name));
}

/* ---- whose rule ---- */

/* Ids like P01 and A03_VICTIM are those of shipped rules, now or later. */
static bool
is_reserved(const char *id)
{
	return id[0] >= 'A' && id[0] <= 'Z' &&
		isdigit((unsigned char) id[1]) && isdigit((unsigned char) id[2]) &&
		(id[3] == '\0' || id[3] == '_');
}

static void
refuse_shipped(const char *id)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("rule \"%s\" is shipped with tip_module and is not changed here",
					id),
			 errhint("Excuse it with a row in tip.rule_override, and add a local rule of your own.")));
}

static void
check_ownership(Draft *draft)
{
	char	   *is_local = field(draft->tuple, draft->desc, "is_local");

	if (is_local == NULL || is_local[0] != 't')
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a rule that is not shipped must be marked local"),
				 errdetail("Only local rules are dumped."),
				 errhint("Leave is_local at its default.")));
	if (is_reserved(draft->id))
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("rule id \"%s\" is reserved for shipped rules",
						draft->id),
				 errhint("Begin it with a word of your own, such as \"LOCAL_\".")));
}

/* ---- what it is about ---- */

/* A table or view of that name in any model, or InvalidOid. */
static Oid
find_entity(const char *entity, bool *has_model)
{
	static const char *const query =
		"WITH judged AS (SELECT c.oid, c.relname, c.relnamespace"
		" FROM pg_catalog.pg_class AS c"
		" JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = c.oid"
		" JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid"
		" WHERE p.proname = 'check_row'"
		" AND p.pronamespace = 'tip_impl'::pg_catalog.regnamespace)"
		" SELECT COALESCE((SELECT e.oid FROM pg_catalog.pg_class AS e"
		" WHERE e.relnamespace = j.relnamespace AND e.relname = $1"
		" AND e.relkind IN ('r', 'p', 'v')),"
		" (SELECT k.oid FROM judged AS k WHERE k.relname = $1 LIMIT 1))"
		" FROM judged AS j WHERE j.relname = 'event'"
		" ORDER BY 1 NULLS LAST LIMIT 1";
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(entity)};
	bool		isnull = true;
	Datum		relid = (Datum) 0;

	if (SPI_execute_with_args(query, 1, types, values, NULL, true, 0) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not look for the entity of a rule");
	*has_model = SPI_processed > 0;
	if (*has_model)
		relid = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
							  &isnull);
	return isnull ? InvalidOid : DatumGetObjectId(relid);
}

static void
check_columns(Draft *draft, Relation rel)
{
	bool		isnull;
	Datum		datum = SPI_getbinval(draft->tuple, draft->desc,
									  SPI_fnumber(draft->desc, "columns"),
									  &isnull);
	Datum	   *elements;
	bool	   *nulls;
	int			count = 0;

	if (!isnull)
		deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false,
						  TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = nulls[i] ? pstrdup("") :
			TextDatumGetCString(elements[i]);

		if (get_attnum(RelationGetRelid(rel), name) <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of entity \"%s\" does not exist",
							name, draft->entity),
					 errdetail("Rule \"%s\" names it in \"columns\".",
							   draft->id)));
	}
}

static void
check_stage(Draft *draft)
{
	char	   *track = field(draft->tuple, draft->desc, "track");
	char	   *stage = field(draft->tuple, draft->desc, "stage");

	if (track == NULL || stage == NULL ||
		TipLoadCondition(draft->entity, track, stage) != NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("entity \"%s\" has no stage \"%s\" of track \"%s\"",
					draft->entity, stage, track),
			 errhint("Stages are those of victimization (track victim) and event (track case).")));
}

/* Rows of a table are judged one by one, facts of a case at commit. */
static void
check_timing(Draft *draft, Relation rel)
{
	char	   *timing = field(draft->tuple, draft->desc, "timing");
	bool		is_view = rel->rd_rel->relkind == RELKIND_VIEW;
	AttrNumber	attno = get_attnum(RelationGetRelid(rel), "event_id");

	if (timing == NULL)
		return;					/* NOT NULL will say so */
	if (strcmp(timing, "tx") != 0 && is_view)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("entity \"%s\" is a view of facts and is judged at commit",
						draft->entity),
				 errhint("Set \"timing\" to \"tx\".")));
	if (strcmp(timing, "tx") == 0 &&
		(!is_view || attno <= 0 ||
		 get_atttype(RelationGetRelid(rel), attno) != UUIDOID))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("entity \"%s\" cannot be judged at commit",
						draft->entity),
				 errdetail("It is no view with a column \"event_id\" of type uuid."),
				 errhint("Write the rule about a view of facts such as \"prosecution\", or leave \"timing\" at \"row\".")));
}

/* ---- the predicate ---- */

/* Core does not say what a rule should look like; what we refuse has a hint. */
static void
hint_at_form(int code)
{
	if (code == ERRCODE_SYNTAX_ERROR || code == ERRCODE_DATATYPE_MISMATCH ||
		code == ERRCODE_GROUPING_ERROR || code == ERRCODE_WINDOWING_ERROR)
		errhint("A rule is one boolean expression, as in a CHECK constraint.");
}

/* Show where in the predicate, as core does for a function's body. */
static void
point_into_predicate(void *arg)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) arg);
		hint_at_form(geterrcode());
	}
}

static bool
may_not_execute(Oid funcid, void *context)
{
	if (TIP_PROC_ACLCHECK(funcid, GetUserId()) == ACLCHECK_OK)
		return false;
	*(Oid *) context = funcid;
	return true;
}

static bool
find_forbidden(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, may_not_execute, context))
		return true;
	return expression_tree_walker(node, find_forbidden, context);
}

static void
check_predicate(Draft *draft, Relation rel)
{
	ErrorContextCallback callback = {error_context_stack,
	point_into_predicate, draft->predicate};
	int			level;
	Expr	   *expr;
	Oid			forbidden = InvalidOid;

	level = TipPinSettings();
	error_context_stack = &callback;
	expr = TipCompileText(rel, draft->predicate);
	error_context_stack = callback.previous;
	if (find_forbidden((Node *) expr, &forbidden))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function %s",
						get_func_name(forbidden)),
				 errdetail("The author of a rule must be allowed to execute what it calls.")));
	expr = TipMakeRunnable(expr);
	AtEOXact_GUC(true, level);
	if (!TipExpressionIsTotal((Node *) expr))
		ereport(NOTICE,
				(errmsg("rule \"%s\" is guarded: its predicate may raise an error",
						draft->id),
				 errdetail("Every record of \"%s\" costs a subtransaction from now on.",
						   draft->entity),
				 errhint("Comparisons, sets of codes and the functions of docs/rules.md are total; arithmetic and casts are not.")));
}

static void
check_draft(Draft *draft)
{
	bool		has_model;
	Oid			relid;
	Relation	rel;

	if (draft->id == NULL || draft->entity == NULL ||
		draft->predicate == NULL)
		return;					/* NOT NULL will say so */
	check_ownership(draft);
	relid = find_entity(draft->entity, &has_model);
	/* During a restore the model is still to come. */
	if (!has_model)
		return;
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("entity \"%s\" is no table or view of a model",
						draft->entity),
				 errhint("Entities are listed in tip.model_element; rules at commit are about views such as \"prosecution\".")));
	rel = table_open(relid, AccessShareLock);
	check_timing(draft, rel);
	check_columns(draft, rel);
	check_stage(draft);
	check_predicate(draft, rel);
	table_close(rel, AccessShareLock);
}

static void
refuse_protocol(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"author_rule\" must be fired before, for each row")));
}

static void
refuse_truncate(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("shipped rules are not deleted"),
			 errhint("Delete local rules: DELETE FROM tip.rule WHERE is_local.")));
}

/*
 * tip_author_rule
 *		Refuse a malformed rule while its author is still there.
 */
Datum
tip_author_rule(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	bool		is_update;
	Draft		draft;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event))
		refuse_protocol();
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		refuse_truncate();
	if (!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		refuse_protocol();
	is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	draft.tuple = is_update ? data->tg_newtuple : data->tg_trigtuple;
	if (creating_extension)
		return PointerGetDatum(draft.tuple);
	draft.desc = RelationGetDescr(data->tg_relation);
	if (!TRIGGER_FIRED_BY_INSERT(data->tg_event) &&
		field(data->tg_trigtuple, draft.desc, "is_local")[0] != 't')
		refuse_shipped(field(data->tg_trigtuple, draft.desc, "id"));
	if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		return PointerGetDatum(draft.tuple);
	SPI_connect();
	draft.id = field(draft.tuple, draft.desc, "id");
	draft.entity = field(draft.tuple, draft.desc, "entity");
	draft.predicate = field(draft.tuple, draft.desc, "predicate");
	check_draft(&draft);
	SPI_finish();
	return PointerGetDatum(draft.tuple);
}
