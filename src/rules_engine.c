/*
 * rules_engine.c
 *		One compiled engine per table, entity and session.
 *
 * All total predicates are combined into one program of tests (see
 * rules_fast.c), so a good record costs one run; only when that says false are
 * the rules asked one by one.  Behind the program stand the same predicates
 * as core's expressions, one for each condition under which rules apply.
 *
 * An engine is marked stale by invalidation and rebuilt at the next record,
 * never inside the callback: catalogs cannot be read there.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/guc.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/syscache.h"

#include "rules.h"

typedef struct EngineKey
{
	Oid			relid;
	NameData	entity;
} EngineKey;

static HTAB *engines = NULL;
static Oid	catalog_relids[4];

/* ---- invalidation ---- */

static bool
is_remembered_catalog(Oid relid)
{
	for (int i = 0; i < lengthof(catalog_relids); i++)
		if (catalog_relids[i] == relid)
			return true;
	return false;
}

static void
mark_stale(Oid relid)
{
	bool		all = !OidIsValid(relid) || is_remembered_catalog(relid);
	HASH_SEQ_STATUS status;
	TipEngine  *engine;

	if (all)
		TipForgetRuleset();
	hash_seq_init(&status, engines);
	while ((engine = hash_seq_search(&status)) != NULL)
		if (all || engine->relid == relid)
			engine->is_valid = false;
}

static void
on_relation_change(Datum arg, Oid relid)
{
	mark_stale(relid);
}

static void
on_object_change(Datum arg, int cacheid, uint32 hash)
{
	mark_stale(InvalidOid);
}

static void
create_engines(void)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(EngineKey);
	control.entrysize = sizeof(TipEngine);
	engines = hash_create("tip_module rule engines", 32, &control,
						  HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, on_object_change, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, on_object_change, (Datum) 0);
	CacheRegisterSyscacheCallback(OPEROID, on_object_change, (Datum) 0);
}

static void
remember_catalogs(void)
{
	catalog_relids[0] = TipCatalogRelid("rule");
	catalog_relids[1] = TipCatalogRelid("rule_override");
	catalog_relids[2] = TipCatalogRelid("rule_stage");
	catalog_relids[3] = TipCatalogRelid("ruleset");
}

/* Be told from now on when the catalogue of rules changes. */
void
TipWatchCatalogs(void)
{
	if (engines == NULL)
		create_engines();
	(void) TipCatalogOwner();
	remember_catalogs();
}

/* ---- attempts that may fail ---- */

/* Errors that are about the server or the user's wish, not about a record. */
static bool
must_rethrow(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK):
		case ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES):
		case ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION):
		case ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR):
		case ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR):
			return true;
		default:
			return false;
	}
}

/*
 * TipTry
 *		Run something in a subtransaction; false and the error if it raised.
 */
bool
TipTry(TipAttempt attempt, void *arg, ErrorData **error)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile caught = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		attempt(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		caught = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (caught != NULL && must_rethrow(caught->sqlerrcode))
		ReThrowError(caught);
	*error = caught;
	return caught == NULL;
}

/* ---- building ---- */

typedef struct CompileTask
{
	TipEngine  *engine;
	Relation	rel;
	const char *text;
	TipRule    *rule;			/* NULL for a condition */
	Expr	   *expr;
	bool		is_total;
	ExprState  *state;
	List	   *parts;
} CompileTask;

/*
 * The columns that an expression reads; those of the day of are_current() are
 * not at fault.
 */
static TipRulePart *
make_part(Relation rel, Expr *expr)
{
	TipRulePart *part = palloc0(sizeof(TipRulePart));
	Node	   *read = (Node *) expr;
	Bitmapset  *attnos = NULL;
	int			member = -1;

	if (TipIsAreCurrent(read))
		read = lsecond(((FuncExpr *) expr)->args);
	pull_varattnos(read, 1, &attnos);
	part->state = ExecInitExpr(expr, NULL);
	part->columns = palloc0(sizeof(char *) * (bms_num_members(attnos) + 1));
	while ((member = bms_next_member(attnos, member)) >= 0)
	{
		int			attno = member + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel),
											  attno - 1);

		part->columns[part->ncolumns++] = pstrdup(NameStr(att->attname));
	}
	return part;
}

/* are_current(day, a, b) as are_current(day, a), are_current(day, b) */
static List *
split_codes(Expr *expr)
{
	FuncExpr   *call = (FuncExpr *) expr;
	List	   *calls = NIL;
	ListCell   *cell;

	if (!TipIsAreCurrent((Node *) expr))
		return list_make1(expr);
	for_each_from(cell, call->args, 1)
	{
		FuncExpr   *one = copyObject(call);

		one->args = list_make2(linitial(call->args), lfirst(cell));
		calls = lappend(calls, one);
	}
	return calls;
}

static List *
make_parts(Relation rel, Expr *expr)
{
	List	   *arms = NIL;
	List	   *parts = NIL;
	ListCell   *cell;

	if (is_andclause(expr))
		foreach(cell, ((BoolExpr *) expr)->args)
			arms = list_concat(arms, split_codes(lfirst(cell)));
	else
		arms = split_codes(expr);
	if (list_length(arms) < 2)
		return NIL;
	foreach(cell, arms)
		parts = lappend(parts, make_part(rel, lfirst(cell)));
	return parts;
}

/*
 * The clock is read when a rule is compiled, and the engine is rebuilt when
 * the day has changed: a rule about dates would ask for it with every record.
 */
static Node *
read_clock(Node *node, void *context)
{
	TipEngine  *engine = context;

	if (node == NULL)
		return NULL;
	if (IsA(node, FuncExpr) && ((FuncExpr *) node)->args == NIL &&
		TipIsOurClock(((FuncExpr *) node)->funcid))
	{
		engine->uses_clock = true;
		return (Node *) makeConst(DATEOID, -1, InvalidOid, sizeof(DateADT),
								  DateADTGetDatum(engine->today), false,
								  true);
	}
	return expression_tree_mutator(node, read_clock, context);
}

/*
 * Function permissions are checked when the expression is set up, and users
 * have no EXECUTE on the functions that only rules call.  By then the text is
 * known to hold nothing but immutable functions of core and ours.
 */
static void
compile_attempt(void *arg)
{
	CompileTask *task = arg;
	MemoryContext caller = MemoryContextSwitchTo(task->engine->context);
	Oid			user;
	int			security;

	task->expr = TipCompileText(task->rel, task->text);
	if (task->rule != NULL && task->engine->mapped != NULL)
		task->expr = TipKeepMapped(task->engine, task->rel, task->rule,
								   task->expr);
	if (task->expr == NULL)
	{
		MemoryContextSwitchTo(caller);
		return;
	}
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(TipCatalogOwner(),
						   security | SECURITY_LOCAL_USERID_CHANGE);
	task->expr = TipMakeRunnable(task->expr);
	/* Only now: a comparison with a text has become one of codes. */
	task->is_total = TipExpressionIsTotal((Node *) task->expr);
	task->expr = (Expr *) read_clock((Node *) task->expr, task->engine);
	task->state = ExecInitExpr(task->expr, NULL);
	task->parts = make_parts(task->rel, task->expr);
	SetUserIdAndSecContext(user, security);
	MemoryContextSwitchTo(caller);
}

/* The state of a text, or NULL and the reason why there is none. */
static bool
compile(TipEngine *engine, Relation rel, const char *text, TipRule *rule,
		CompileTask *task, char **refusal)
{
	ErrorData  *error;

	memset(task, 0, sizeof(*task));
	task->engine = engine;
	task->rel = rel;
	task->text = text;
	task->rule = rule;
	/* No subtransaction in a parallel query: its leader has compiled all. */
	if (IsInParallelMode())
	{
		compile_attempt(task);
		return true;
	}
	if (TipTry(compile_attempt, task, &error))
		return true;
	/* A column that came later is one that nothing is mapped to. */
	if (engine->mapped != NULL && rule != NULL &&
		error->sqlerrcode == ERRCODE_UNDEFINED_COLUMN)
	{
		task->expr = NULL;
		return true;
	}
	*refusal = MemoryContextStrdup(engine->context, error->message);
	return false;
}

static bool
same_condition(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

static TipRuleGroup *
group_of(TipEngine *engine, Relation rel, const char *condition)
{
	TipRuleGroup *group;
	ListCell   *cell;
	CompileTask task;
	char	   *refusal;

	foreach(cell, engine->groups)
	{
		group = lfirst(cell);
		if (same_condition(group->condition, condition))
			return group;
	}
	group = palloc0(sizeof(TipRuleGroup));
	group->condition = condition ? pstrdup(condition) : NULL;
	if (condition != NULL)
	{
		/* A condition is asked outside of any subtransaction. */
		if (compile(engine, rel, condition, NULL, &task, &refusal) &&
			task.is_total)
		{
			group->applies = task.state;
			group->condition_expr = task.expr;
		}
		else
			group->is_broken = true;
	}
	engine->groups = lappend(engine->groups, group);
	return group;
}

/* NULL passes an AND: where it is to be reported it must not. */
static Expr *
make_qual(const TipRule *rule, Expr *expr)
{
	BooleanTest *test;

	if (rule->null_passes)
		return TipSimplifyPassing(expr);
	test = makeNode(BooleanTest);
	test->arg = expr;
	test->booltesttype = IS_TRUE;
	test->location = -1;
	return (Expr *) test;
}

static void
add_rule(TipEngine *engine, Relation rel, TipRule *rule, List **quals)
{
	TipRuleGroup *group;
	CompileTask task;
	bool		is_good = compile(engine, rel, rule->predicate, rule, &task,
								  &rule->refusal);

	if (is_good && task.expr == NULL)
	{
		engine->idle = lappend(engine->idle, rule);
		return;
	}
	group = group_of(engine, rel, rule->condition);
	group->rules = lappend(group->rules, rule);
	if (!is_good)
	{
		group->is_broken = true;
		return;
	}
	pull_varattnos((Node *) task.expr, 1, &rule->reads);
	rule->state = task.state;
	rule->is_total = task.is_total;
	if (!rule->is_total)
	{
		engine->nguarded++;
		return;
	}
	rule->parts = task.parts;
	*quals = lappend(*quals, list_make2(group, make_qual(rule, task.expr)));
}

/* Combine the total predicates of each group into one expression. */
static void
combine_group(TipRuleGroup *group, List *quals)
{
	List	   *mine = NIL;
	ListCell   *cell;

	foreach(cell, quals)
	{
		List	   *pair = lfirst(cell);

		if (linitial(pair) == group)
			mine = lappend(mine, lsecond(pair));
	}
	if (mine == NIL)
		return;
	group->all_expr = make_ands_explicit(mine);
	group->all = ExecInitExpr(group->all_expr, NULL);
}

static void
combine_all(TipEngine *engine, Relation rel, List *quals)
{
	Oid			user;
	int			security;
	ListCell   *cell;

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(TipCatalogOwner(),
						   security | SECURITY_LOCAL_USERID_CHANGE);
	foreach(cell, engine->groups)
		combine_group(lfirst(cell), quals);
	engine->program = TipMakeProgram(engine->groups, RelationGetDescr(rel));
	SetUserIdAndSecContext(user, security);
}

static void
find_draft(TipEngine *engine, Relation rel)
{
	char	   *condition;
	CompileTask task;
	char	   *refusal;

	condition = TipLoadCondition(NameStr(engine->entity), "victim", "draft");
	if (condition != NULL &&
		compile(engine, rel, condition, NULL, &task, &refusal) &&
		task.is_total)
		engine->is_draft = task.state;
}

/*
 * Names and literals of a rule mean the same in every session, whatever the
 * session's search_path, date style and way of reading strings are.
 */
int
TipPinSettings(void)
{
	static const char *const pinned[][2] = {
		{"search_path", "pg_catalog, tip, tip_impl, pg_temp"},
		{"datestyle", "ISO, YMD"},
		{"intervalstyle", "postgres"},
		{"timezone", "UTC"},
		{"lc_monetary", "C"},
		{"standard_conforming_strings", "on"},
		{"backslash_quote", "safe_encoding"},
		{"transform_null_equals", "off"},
		{"array_nulls", "on"}
	};
	int			level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(pinned); i++)
		(void) set_config_option(pinned[i][0], pinned[i][1],
								 PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/* The column of that name, if it is of that type. */
static AttrNumber
column_of_type(Relation rel, const char *name, Oid type)
{
	AttrNumber	attno = get_attnum(RelationGetRelid(rel), name);

	if (attno > 0 && get_atttype(RelationGetRelid(rel), attno) == type)
		return attno;
	return InvalidAttrNumber;
}

static void
look_at_table(TipEngine *engine, Relation rel)
{
	char	   *key = psprintf("%s_id", NameStr(engine->entity));

	engine->root = engine->relid;
	if (rel->rd_rel->relispartition)
		engine->root = llast_oid(get_partition_ancestors(engine->relid));
	engine->home = get_rel_namespace(engine->root);
	engine->label = engine->entity;
	engine->key = column_of_type(rel, key, UUIDOID);
	engine->stamp = column_of_type(rel, "checked_ruleset", INT4OID);
	engine->mapped = NULL;
	if (TipIsMapped(rel))
		TipLookAtMapped(engine, rel);
}

static void
fill(TipEngine *engine, Relation rel)
{
	List	   *quals = NIL;
	ListCell   *cell;

	look_at_table(engine, rel);
	engine->groups = engine->idle = NIL;
	engine->program = NULL;
	engine->nguarded = 0;
	engine->is_draft = NULL;
	engine->econtext = CreateStandaloneExprContext();
	find_draft(engine, rel);
	foreach(cell, TipLoadRules(rel, NameStr(engine->entity)))
		add_rule(engine, rel, lfirst(cell), &quals);
	combine_all(engine, rel, quals);
}

/* Which day it is where the session is: ask before settings are pinned. */
static void
look_at_clock(TipEngine *engine)
{
	engine->uses_clock = false;
	engine->today = GetSQLCurrentDate();
	engine->day_as_of = GetCurrentTransactionStartTimestamp();
	engine->zone = session_timezone;
}

static void
rebuild(TipEngine *engine, Relation rel)
{
	MemoryContext caller = CurrentMemoryContext;
	int			level;

	TipWatchCatalogs();
	look_at_clock(engine);
	if (engine->context != NULL)
		MemoryContextDelete(engine->context);
	engine->context = AllocSetContextCreate(CacheMemoryContext,
											"tip_module rules",
											ALLOCSET_DEFAULT_SIZES);
	/* A change that arrives while we read marks the engine stale again. */
	engine->is_valid = true;
	PG_TRY();
	{
		level = TipPinSettings();
		MemoryContextSwitchTo(engine->context);
		fill(engine, rel);
		MemoryContextSwitchTo(caller);
		AtEOXact_GUC(true, level);
	}
	PG_CATCH();
	{
		engine->is_valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* Is it still the day on which the rules were compiled? */
static bool
is_same_day(TipEngine *engine)
{
	if (!engine->uses_clock)
		return true;
	if (engine->day_as_of == GetCurrentTransactionStartTimestamp() &&
		engine->zone == session_timezone)
		return true;
	if (engine->today != GetSQLCurrentDate())
		return false;
	engine->day_as_of = GetCurrentTransactionStartTimestamp();
	engine->zone = session_timezone;
	return true;
}

/* False: ask TipEngineFor() again. */
bool
TipEngineIsCurrent(TipEngine *engine)
{
	return engine->is_valid && is_same_day(engine);
}

/* Entries are never removed, so that callers may keep the pointer. */
TipEngine *
TipEngineFor(Relation rel, const char *entity)
{
	EngineKey	key;
	TipEngine  *engine;
	bool		found;

	if (engines == NULL)
		create_engines();
	if (strcmp(entity, RelationGetRelationName(rel)) == 0 && TipIsMapped(rel))
		entity = TipMappedEntity(rel);
	memset(&key, 0, sizeof(key));
	key.relid = RelationGetRelid(rel);
	namestrcpy(&key.entity, entity);
	engine = hash_search(engines, &key, HASH_ENTER, &found);
	if (!found)
	{
		engine->is_valid = false;
		engine->uses_clock = false;
		engine->context = NULL;
	}
	if (!TipEngineIsCurrent(engine))
		rebuild(engine, rel);
	return engine;
}
