/*
 * rules_report.c
 *		The one place that raises an error about a record.
 *
 * The message counts, DETAIL lists, and nothing repeats a value: not the
 * message, not the context (COPY prints the line there), not the statement in
 * the log.  So the context stack is detached first.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "rules.h"

static int	message_language = 0;

static const struct config_enum_entry language_options[] = {
	{"en", 0, false},
	{"es", 1, false},
	{"fr", 2, false},
	{NULL, 0, false}
};

void
TipRulesInit(void)
{
	DefineCustomEnumVariable("tip_module.language",
							 "Language of the messages of rules.",
							 "A rule without a message in it speaks English.",
							 &message_language, 0, language_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);
}

const char *
TipOutcomeName(TipOutcome outcome)
{
	static const char *const names[] = {
		"passed", "failed", "not_evaluable", "excused"
	};

	return names[outcome];
}

static void
append_columns(StringInfo text, const TipRule *rule)
{
	for (int i = 0; i < rule->ncolumns; i++)
		appendStringInfo(text, "%s%s", i > 0 ? ", " : "", rule->columns[i]);
}

/* Messages may say {columns} and {entity}. */
static char *
fill_in(const char *message, const TipRule *rule)
{
	StringInfoData text;

	initStringInfo(&text);
	while (*message != '\0')
	{
		if (strncmp(message, "{columns}", 9) == 0)
		{
			append_columns(&text, rule);
			message += 9;
		}
		else if (strncmp(message, "{entity}", 8) == 0)
		{
			appendStringInfoString(&text, rule->entity);
			message += 8;
		}
		else
			appendStringInfoChar(&text, *message++);
	}
	return text.data;
}

const char *
TipRuleMessage(const TipRule *rule)
{
	const char *message = rule->message[message_language];

	if (rule->refusal != NULL)
		return psprintf("the rule does not compile: %s", rule->refusal);
	if (message == NULL)
		message = rule->message[0];
	return fill_in(message ? message : rule->id, rule);
}

/* What to do about a finding; NULL if the rule does not say. */
const char *
TipRuleHint(const TipRule *rule)
{
	return rule->hint ? fill_in(rule->hint, rule) : NULL;
}

static void
append_column_array(StringInfo json, const TipRule *rule)
{
	appendStringInfoChar(json, '[');
	for (int i = 0; i < rule->ncolumns; i++)
	{
		if (i > 0)
			appendStringInfoChar(json, ',');
		escape_json(json, rule->columns[i]);
	}
	appendStringInfoChar(json, ']');
}

static void
append_finding(StringInfo json, const TipFinding *finding)
{
	const TipRule *rule = finding->rule;

	appendStringInfoString(json, "{\"rule\":");
	escape_json(json, rule->id);
	appendStringInfo(json, ",\"severity\":\"%s\",\"outcome\":\"%s\"",
					 rule->is_error ? "error" : "warning",
					 TipOutcomeName(finding->outcome));
	appendStringInfoString(json, ",\"columns\":");
	append_column_array(json, rule);
	appendStringInfoString(json, ",\"message\":");
	escape_json(json, TipRuleMessage(rule));
	if (finding->subject != NULL)
	{
		appendStringInfoString(json, ",\"record\":");
		escape_json(json, finding->subject);
	}
	appendStringInfoChar(json, '}');
}

char *
TipFindingsJson(List *findings)
{
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(cell, findings)
	{
		if (json.len > 1)
			appendStringInfoChar(&json, ',');
		append_finding(&json, lfirst(cell));
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

/* How many findings refuse, and the first of them, which names the error. */
static int
count_refusing(List *findings, const TipRule **first)
{
	int			count = 0;
	ListCell   *cell;

	*first = NULL;
	foreach(cell, findings)
	{
		TipFinding *finding = lfirst(cell);

		if (!finding->refuses)
			continue;
		if (count++ == 0)
			*first = finding->rule;
	}
	return count;
}

static const char *
hint_for(const TipRule *first, int count)
{
	if (count == 1 && first->hint != NULL)
		return TipRuleHint(first);
	return
		"DETAIL names each rule and its columns; see tip.rule. tip.check_record() tells without storing.";
}

/*
 * TipWarn
 *		Say that a record is stored although it should not be.
 */
void
TipWarn(Relation rel, const char *entity, List *findings)
{
	ErrorContextCallback *context = error_context_stack;
	const TipRule *first;
	int			count = count_refusing(findings, &first);

	/* A warning has a context, too, and nothing in it can raise. */
	error_context_stack = NULL;
	ereport(WARNING,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg_plural("record of \"%s\" violates %d rule",
						   "record of \"%s\" violates %d rules",
						   count, entity, count),
			 errdetail_internal("%s", TipFindingsJson(findings)),
			 errtableconstraint(rel, first->id),
			 errhidestmt(true),
			 errhidecontext(true)));
	error_context_stack = context;
}

/*
 * tip_report
 *		Refuse one record, or some records of one transaction.
 */
void
tip_report(Relation rel, const char *entity, int nrecords, List *findings)
{
	const TipRule *first;
	int			count = count_refusing(findings, &first);

	error_context_stack = NULL;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 nrecords > 1 ?
			 errmsg("%d records of \"%s\" violate rules", nrecords, entity) :
			 errmsg_plural("record of \"%s\" violates %d rule",
						   "record of \"%s\" violates %d rules",
						   count, entity, count),
			 errdetail_internal("%s", TipFindingsJson(findings)),
			 errhint("%s", hint_for(first, count)),
			 errtableconstraint(rel, first->id),
			 first->ncolumns > 0 ?
			 err_generic_string(PG_DIAG_COLUMN_NAME,
								first->columns[0]) : 0,
			 errhidestmt(true),
			 errhidecontext(true)));
	pg_unreachable();
}
