/*
 * rules_load.c
 *		Read the rule catalogue.
 *
 * The catalogue is scanned directly, not through SQL: the inserting role needs
 * no right on it, and no operator of a search_path can come in between.  The
 * latest snapshot is used, because an engine outlives the transaction that
 * compiled it: one built from an old snapshot would stay old.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "rules.h"

/* What the reader of tip.rule fills. */
typedef struct LoadContext
{
	const char *entity;
	bool		has_date;		/* the record has recorded_on */
	List	   *rules;
} LoadContext;

typedef struct StageContext
{
	const char *entity;
	const char *track;
	const char *stage;
	char	   *condition;
} StageContext;

static const char *const message_languages[TIP_MESSAGE_LANGUAGES] = {
	"en", "es", "fr"
};

static char *
catalog_schema(const char *name)
{
	return strcmp(name, "rule_stage") == 0 ? "tip_impl" : "tip";
}

Oid
TipCatalogRelid(const char *name)
{
	Oid			schema = get_namespace_oid(catalog_schema(name), true);

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

Oid
TipCatalogOwner(void)
{
	HeapTuple	tuple;
	Oid			owner;

	tuple = SearchSysCache1(RELOID,
							ObjectIdGetDatum(TipCatalogRelid("rule")));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("extension \"tip_module\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION tip_module.")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Every row of a catalogue of ours, whoever asks. */
void
TipScanCatalog(const char *name, TipCatalogReader reader, void *context)
{
	Relation	rel = table_open(TipCatalogRelid(name), AccessShareLock);
	Snapshot	snapshot;
	SysScanDesc scan;
	HeapTuple	tuple;

	/* A parallel query has one snapshot, and its leader compiled first. */
	snapshot = RegisterSnapshot(IsInParallelMode() ? GetActiveSnapshot() :
								GetLatestSnapshot());
	scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		reader(rel, tuple, context);
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
}

/* Columns are found by name, so that a later version may add some. */
static Datum
fetch(Relation rel, HeapTuple tuple, const char *column, bool *isnull)
{
	AttrNumber	attno = get_attnum(RelationGetRelid(rel), column);

	if (attno == InvalidAttrNumber)
		elog(ERROR, "catalog \"%s\" has no column \"%s\"",
			 RelationGetRelationName(rel), column);
	return heap_getattr(tuple, attno, RelationGetDescr(rel), isnull);
}

char *
TipFetchText(Relation rel, HeapTuple tuple, const char *column)
{
	bool		isnull;
	Datum		datum = fetch(rel, tuple, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(datum);
}

bool
TipFetchBool(Relation rel, HeapTuple tuple, const char *column)
{
	bool		isnull;
	Datum		datum = fetch(rel, tuple, column, &isnull);

	return !isnull && DatumGetBool(datum);
}

static void
fetch_columns(Relation rel, HeapTuple tuple, TipRule *rule)
{
	bool		isnull;
	Datum		datum = fetch(rel, tuple, "columns", &isnull);
	Datum	   *elements;
	bool	   *nulls;

	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, &rule->ncolumns);
	rule->columns = palloc0(sizeof(char *) * (rule->ncolumns + 1));
	for (int i = 0; i < rule->ncolumns; i++)
		rule->columns[i] = nulls[i] ? pstrdup("") :
			TextDatumGetCString(elements[i]);
}

/* The rule set of a record's own day: part of the condition, as text. */
static void
append_validity(StringInfo text, Relation rel, HeapTuple tuple, bool has_date)
{
	static const char *const columns[] = {"valid_from", "valid_to"};
	static const char *const operators[] = {">=", "<="};

	for (int i = 0; i < 2; i++)
	{
		bool		isnull;
		Datum		limit = fetch(rel, tuple, columns[i], &isnull);
		char	   *day;

		if (isnull)
			continue;
		/* The engine has pinned the date style to ISO. */
		day = DatumGetCString(DirectFunctionCall1(date_out, limit));
		appendStringInfo(text, "%s%s %s '%s'::date",
						 text->len > 0 ? " AND " : "",
						 has_date ? "COALESCE(recorded_on, tip.today())" :
						 "tip.today()", operators[i], day);
	}
}

static char *
build_condition(Relation rel, HeapTuple tuple, LoadContext *load)
{
	StringInfoData text;
	char	   *stage = TipFetchText(rel, tuple, "stage");
	char	   *track = TipFetchText(rel, tuple, "track");

	initStringInfo(&text);
	if (stage != NULL && track != NULL)
	{
		char	   *condition = TipLoadCondition(load->entity, track, stage);

		/* A stage that the entity does not have is never reached. */
		appendStringInfo(&text, "(%s)", condition ? condition : "false");
	}
	append_validity(&text, rel, tuple, load->has_date);
	return text.len > 0 ? text.data : NULL;
}

static void
read_rule(Relation rel, HeapTuple tuple, void *context)
{
	LoadContext *load = context;
	char	   *entity = TipFetchText(rel, tuple, "entity");
	TipRule    *rule;

	if (entity == NULL || strcmp(entity, load->entity) != 0)
		return;
	rule = palloc0(sizeof(TipRule));
	rule->entity = entity;
	rule->id = TipFetchText(rel, tuple, "id");
	rule->is_error = strcmp(TipFetchText(rel, tuple, "severity"), "error") == 0;
	rule->null_passes = TipFetchBool(rel, tuple, "null_passes");
	rule->timing = TipFetchText(rel, tuple, "timing");
	rule->predicate = TipFetchText(rel, tuple, "predicate");
	rule->hint = TipFetchText(rel, tuple, "hint");
	for (int i = 0; i < TIP_MESSAGE_LANGUAGES; i++)
		rule->message[i] = TipFetchText(rel, tuple,
									  psprintf("message_%s",
											   message_languages[i]));
	fetch_columns(rel, tuple, rule);
	rule->condition = build_condition(rel, tuple, load);
	load->rules = lappend(load->rules, rule);
}

/* Shipped rules are not edited: an override says who excuses them, and why. */
static void
read_override(Relation rel, HeapTuple tuple, void *context)
{
	LoadContext *load = context;
	char	   *id = TipFetchText(rel, tuple, "rule");
	bool		isnull;
	Datum		until = fetch(rel, tuple, "until", &isnull);
	DateADT		last = isnull ? DATEVAL_NOEND : DatumGetDateADT(until);
	ListCell   *cell;

	foreach(cell, load->rules)
	{
		TipRule    *rule = lfirst(cell);

		if (strcmp(rule->id, id) != 0)
			continue;
		if (!rule->is_excused || rule->excused_until < last)
			rule->excused_until = last;
		rule->is_excused = true;
	}
}

static int
compare_rules(const ListCell *a, const ListCell *b)
{
	return strcmp(((TipRule *) lfirst(a))->id, ((TipRule *) lfirst(b))->id);
}

/* All rules of an entity, by id; allocated in the current memory context. */
List *
TipLoadRules(Relation rel, const char *entity)
{
	LoadContext load = {entity, false, NIL};
	AttrNumber	attno = get_attnum(RelationGetRelid(rel), "recorded_on");

	load.has_date = attno > 0 &&
		get_atttype(RelationGetRelid(rel), attno) == DATEOID;
	TipScanCatalog("rule", read_rule, &load);
	TipScanCatalog("rule_override", read_override, &load);
	list_sort(load.rules, compare_rules);
	return load.rules;
}

static void
read_ruleset(Relation rel, HeapTuple tuple, void *context)
{
	int		   *newest = context;
	bool		isnull;
	Datum		number = fetch(rel, tuple, "number", &isnull);

	if (!isnull)
		*newest = Max(*newest, DatumGetInt32(number));
}

/* The number of the rule set that applies now. */
int
TipLoadRuleset(void)
{
	int			newest = 0;

	TipScanCatalog("ruleset", read_ruleset, &newest);
	return newest;
}

static void
read_stage(Relation rel, HeapTuple tuple, void *context)
{
	StageContext *wanted = context;

	if (strcmp(TipFetchText(rel, tuple, "entity"), wanted->entity) == 0 &&
		strcmp(TipFetchText(rel, tuple, "track"), wanted->track) == 0 &&
		strcmp(TipFetchText(rel, tuple, "stage"), wanted->stage) == 0)
		wanted->condition = TipFetchText(rel, tuple, "condition");
}

/* When a record of the entity has reached a stage, or NULL if it has none. */
char *
TipLoadCondition(const char *entity, const char *track, const char *stage)
{
	StageContext wanted = {entity, track, stage, NULL};

	TipScanCatalog("rule_stage", read_stage, &wanted);
	return wanted.condition;
}

static void
read_case_entity(Relation rel, HeapTuple tuple, void *context)
{
	List	  **entities = context;
	char	   *entity = TipFetchText(rel, tuple, "entity");
	ListCell   *cell;

	if (strcmp(TipFetchText(rel, tuple, "timing"), "tx") != 0)
		return;
	foreach(cell, *entities)
		if (strcmp(lfirst(cell), entity) == 0)
			return;
	*entities = lappend(*entities, entity);
}

/* The views of the model that cross-record rules are written over. */
List *
TipCaseEntities(void)
{
	List	   *entities = NIL;

	TipScanCatalog("rule", read_case_entity, &entities);
	return entities;
}
