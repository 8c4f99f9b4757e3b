/*
 * rules_eval.c
 *		Judge one record.
 *
 * An outcome is never a silent pass: NULL is "not evaluable" unless the rule
 * says that NULL passes; so is a guarded predicate that raised and a rule that
 * did not compile.  Only the latter two refuse a record (an error rule that
 * cannot work fails closed); data that are merely unknown do not.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/date.h"

#include "rules.h"

typedef struct GuardedTask
{
	TipEngine  *engine;
	List	   *findings;		/* of TipFinding, to be filled in */
} GuardedTask;

static bool
holds(ExprState *state, ExprContext *econtext)
{
	bool		isnull;
	Datum		datum;

	datum = ExecEvalExprSwitchContext(state, econtext, &isnull);
	return !isnull && DatumGetBool(datum);
}

static bool
group_applies(TipRuleGroup *group, ExprContext *econtext)
{
	return group->applies == NULL || holds(group->applies, econtext);
}

static TipOutcome
outcome_of(TipRule *rule, ExprContext *econtext)
{
	bool		isnull;
	Datum		datum;

	datum = ExecEvalExprSwitchContext(rule->state, econtext, &isnull);
	if (isnull)
		return rule->null_passes ? TIP_PASSED : TIP_NOT_EVALUABLE;
	return DatumGetBool(datum) ? TIP_PASSED : TIP_FAILED;
}

static bool
is_excused_today(const TipRule *rule)
{
	return rule->is_excused &&
		(rule->excused_until == DATEVAL_NOEND ||
		 rule->excused_until >= GetSQLCurrentDate());
}

/* The outcome is known: say whether it stands in the record's way. */
static void
settle(TipFinding *finding, TipOutcome outcome, bool is_defect)
{
	const TipRule *rule = finding->rule;

	finding->outcome = outcome;
	finding->refuses = rule->is_error &&
		(outcome == TIP_FAILED || (outcome == TIP_NOT_EVALUABLE && is_defect));
	if ((outcome == TIP_FAILED || is_defect) && is_excused_today(rule))
	{
		finding->outcome = TIP_EXCUSED;
		finding->refuses = false;
	}
}

/* ---- the columns at fault ---- */

/* Did this arm of the AND bring the outcome about? */
static bool
is_at_fault(TipRulePart *part, TipOutcome outcome, ExprContext *econtext)
{
	bool		isnull;
	Datum		datum;

	datum = ExecEvalExprSwitchContext(part->state, econtext, &isnull);
	if (outcome == TIP_NOT_EVALUABLE)
		return isnull;
	return !isnull && !DatumGetBool(datum);
}

static bool
has_column(char **columns, int ncolumns, const char *name)
{
	for (int i = 0; i < ncolumns; i++)
		if (strcmp(columns[i], name) == 0)
			return true;
	return false;
}

/* Keep the rule's own order: the column to correct first stands first. */
static const TipRule *
keep_columns(const TipRule *rule, char **columns, int ncolumns)
{
	TipRule    *narrow = palloc(sizeof(TipRule));

	*narrow = *rule;
	narrow->columns = palloc0(sizeof(char *) * (rule->ncolumns + 1));
	narrow->ncolumns = 0;
	for (int i = 0; i < rule->ncolumns; i++)
		if (has_column(columns, ncolumns, rule->columns[i]))
			narrow->columns[narrow->ncolumns++] = rule->columns[i];
	return narrow->ncolumns > 0 ? narrow : rule;
}

/*
 * A rule about five dates names the one that is wrong: where the predicate is
 * an AND, the finding is about the columns of the arms at fault.
 */
static const TipRule *
narrow_rule(const TipRule *rule, TipOutcome outcome, ExprContext *econtext)
{
	char	  **columns = palloc0(sizeof(char *) * (rule->ncolumns + 1));
	int			ncolumns = 0;
	ListCell   *cell;

	foreach(cell, rule->parts)
	{
		TipRulePart *part = lfirst(cell);

		if (!is_at_fault(part, outcome, econtext))
			continue;
		for (int i = 0; i < part->ncolumns; i++)
			if (ncolumns < rule->ncolumns &&
				has_column(rule->columns, rule->ncolumns, part->columns[i]) &&
				!has_column(columns, ncolumns, part->columns[i]))
				columns[ncolumns++] = part->columns[i];
	}
	return keep_columns(rule, columns, ncolumns);
}

static void
narrow(TipFinding *finding, ExprContext *econtext)
{
	const TipRule *rule = finding->rule;

	if (rule->parts != NIL && finding->outcome != TIP_PASSED)
		finding->rule = narrow_rule(rule,
									finding->outcome == TIP_EXCUSED ?
									TIP_FAILED : finding->outcome, econtext);
}

/* ---- guarded predicates ---- */

static void
guarded_attempt(void *arg)
{
	GuardedTask *task = arg;
	ListCell   *cell;

	foreach(cell, task->findings)
	{
		TipFinding *finding = lfirst(cell);

		settle(finding,
			   outcome_of((TipRule *) finding->rule, task->engine->econtext),
			   false);
	}
}

/*
 * All guarded predicates share one subtransaction; only if one of them raises
 * is each asked in its own, to name the culprit.
 */
static void
judge_guarded(TipEngine *engine, List *findings)
{
	GuardedTask task = {engine, findings};
	ErrorData  *error;
	ListCell   *cell;

	if (findings == NIL || TipTry(guarded_attempt, &task, &error))
		return;
	foreach(cell, findings)
	{
		task.findings = list_make1(lfirst(cell));
		if (!TipTry(guarded_attempt, &task, &error))
			settle(lfirst(cell), TIP_NOT_EVALUABLE, true);
	}
}

/* ---- the quick answer ---- */

/* The same as the program of the engine, where that was not made. */
static bool
groups_pass(TipEngine *engine)
{
	ExprContext *econtext = engine->econtext;
	ListCell   *cell;

	foreach(cell, engine->groups)
	{
		TipRuleGroup *group = lfirst(cell);

		if (!group_applies(group, econtext))
			continue;
		if (group->is_broken)
			return false;
		if (group->all != NULL && !ExecCheck(group->all, econtext))
			return false;
	}
	return true;
}

/* The record is the scan tuple of the engine's context by now. */
static bool
total_rules_pass(TipEngine *engine, TupleTableSlot *slot)
{
	if (engine->program != NULL && TipProgramFits(engine->program, slot))
		return TipRunProgram(engine->program, slot, engine->econtext);
	return groups_pass(engine);
}

/*
 * TipRecordPasses
 *		True if there is nothing to say; false means: ask for findings.
 */
bool
TipRecordPasses(TipEngine *engine, TupleTableSlot *slot)
{
	ExprContext *econtext = engine->econtext;

	if (engine->nguarded > 0)
		return false;
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	if (engine->mapped != NULL && !TipAllReadable(engine, slot))
		return false;
	return total_rules_pass(engine, slot);
}

/* ---- all findings ---- */

static void
judge_group(TipEngine *engine, TipRuleGroup *group, bool total_pass,
			List **findings, List **guarded)
{
	ListCell   *cell;

	foreach(cell, group->rules)
	{
		TipRule    *rule = lfirst(cell);
		TipFinding *finding;

		if (total_pass && rule->is_total)
			continue;
		finding = palloc0(sizeof(TipFinding));
		finding->rule = rule;
		*findings = lappend(*findings, finding);
		if (rule->state == NULL ||
			(group->condition != NULL && group->applies == NULL))
			settle(finding, TIP_NOT_EVALUABLE, true);
		else if (rule->is_total)
		{
			settle(finding, outcome_of(rule, engine->econtext), false);
			narrow(finding, engine->econtext);
		}
		else
			*guarded = lappend(*guarded, finding);
	}
}

static int
compare_findings(const ListCell *a, const ListCell *b)
{
	return strcmp(((TipFinding *) lfirst(a))->rule->id,
				  ((TipFinding *) lfirst(b))->rule->id);
}

/* Drop what passed; a draft is judged, and nothing refuses it. */
static List *
keep_findings(List *all, bool is_draft)
{
	List	   *kept = NIL;
	ListCell   *cell;

	foreach(cell, all)
	{
		TipFinding *finding = lfirst(cell);

		if (is_draft)
			finding->refuses = false;
		if (finding->outcome != TIP_PASSED)
			kept = lappend(kept, finding);
	}
	list_sort(kept, compare_findings);
	return kept;
}

/*
 * TipRecordFindings
 *		Everything there is to say about a record, by rule id.
 */
List *
TipRecordFindings(TipEngine *engine, TupleTableSlot *slot)
{
	ExprContext *econtext = engine->econtext;
	List	   *findings = NIL;
	List	   *guarded = NIL;
	bool		total_pass;
	bool		is_draft;
	ListCell   *cell;

	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	/* Without a guarded rule nobody comes here who has not asked. */
	total_pass = engine->nguarded > 0 && total_rules_pass(engine, slot);
	is_draft = engine->is_draft != NULL && holds(engine->is_draft, econtext);
	foreach(cell, engine->groups)
	{
		TipRuleGroup *group = lfirst(cell);

		if (group_applies(group, econtext))
			judge_group(engine, group, total_pass, &findings, &guarded);
	}
	judge_guarded(engine, guarded);
	findings = keep_findings(findings, is_draft);
	if (engine->mapped != NULL)
		findings = TipMappedFindings(engine, slot, findings);
	return findings;
}

bool
TipAnyRefuses(List *findings)
{
	ListCell   *cell;

	foreach(cell, findings)
		if (((TipFinding *) lfirst(cell))->refuses)
			return true;
	return false;
}
