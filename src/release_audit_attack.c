/*
 * release_audit_attack.c
 *		What an attacker learns: exact integer extremes of every share.
 *
 * Every table that a question brings up widens what is possible for all other
 * shares of the problem, so most questions need not be asked.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "release_audit_attack.h"

#define MAX_KEPT		256		/* tables of one component, at most */
#define MAX_KEPT_SIZE	2000000
#define AUDIT_COLUMNS	6

/* What is possible gets wider with every table. */

AuditView
TipAuditNewView(int shares)
{
	AuditView	view;

	view.low = palloc(sizeof(int64) * (shares + 1));
	view.high = palloc(sizeof(int64) * (shares + 1));
	view.low_sure = palloc0(sizeof(bool) * (shares + 1));
	view.high_sure = palloc0(sizeof(bool) * (shares + 1));
	for (int s = 0; s < shares; s++)
	{
		view.low[s] = PG_INT64_MAX;
		view.high[s] = PG_INT64_MIN;
	}
	return view;
}

void
TipAuditWiden(const AuditRun *attack, const AuditPart *c, AuditView *view,
	  const int64 *table)
{
	for (int i = 0; i < c->shares; i++)
	{
		int			s = c->share[i];
		const AuditShare *share = &attack->share[s];
		int64		sum = 0;

		if (!share->wanted)
			continue;
		for (int k = 0; k < share->count; k++)
			sum += table[attack->local[share->var[k]]];
		view->low[s] = Min(view->low[s], sum);
		view->high[s] = Max(view->high[s], sum);
	}
}

void
TipAuditKeep(AuditPart *c, const int64 *table)
{
	if (c->kept >= MAX_KEPT ||
		(int64) c->kept * c->vars > MAX_KEPT_SIZE)
		return;
	if (c->table == NULL)
		c->table = palloc(sizeof(int64 *) * MAX_KEPT);
	c->table[c->kept] = palloc(sizeof(int64) * c->vars);
	memcpy(c->table[c->kept++], table, sizeof(int64) * c->vars);
}

bool
TipAuditIsSure(const AuditView *view, int s)
{
	return view->low_sure[s] && view->high_sure[s];
}

bool
TipAuditIsExact(const AuditView *view, int s)
{
	return TipAuditIsSure(view, s) && view->low[s] == view->high[s];
}

/*
 * One end of a share.  Where only "more than one value?" is asked, a second
 * value is enough.
 */
void
TipAuditSeek(AuditRun *attack, AuditPart *c, TipProgram *program,
			 AuditView *view, int s, bool highest, bool extreme)
{
	const AuditShare *share = &attack->share[s];
	int64		found = highest ? view->high[s] : view->low[s];
	bool	   *sure = highest ? &view->high_sure[s] : &view->low_sure[s];
	int64		value;
	TipOutcome	outcome;

	if (found == (highest ? share->high : share->low))
		*sure = true;
	if (*sure || (!extreme && view->low[s] < view->high[s]))
		return;
	if (extreme)
		outcome = TipProgramExtreme(program, share->id, highest, &value,
									attack->point);
	else
		outcome = TipProgramReach(program, share->id, highest,
								  highest ? found + 1 : found - 1, &value,
								  attack->point);
	if (outcome == (extreme ? TIP_SOLVED : TIP_IMPOSSIBLE))
		*sure = true;
	TipAuditWiden(attack, c, view, attack->point);
	TipAuditKeep(c, attack->point);
}

/* Does a table satisfy what binds in a component? */
static bool
Fits(const AuditPart *c, const int64 *table)
{
	const TipSystem *system = &c->system;

	for (int v = 0; v < system->vars; v++)
		if (table[v] < system->low[v] || table[v] > system->high[v])
			return false;
	for (int i = 0; i < c->binding; i++)
	{
		const TipRow *row = &system->row[i];
		int64		sum = 0;

		for (int k = 0; k < row->count; k++)
			sum += table[row->var[k]] * (row->coef ? row->coef[k] : 1);
		if (sum < row->low || sum > row->high)
			return false;
	}
	return true;
}

/* The true table, if the caller told it, saves looking for one. */
static bool
IsTold(AuditRun *attack, const AuditPart *c)
{
	for (int v = 0; v < c->vars; v++)
	{
		attack->point[v] = attack->audit->truth[c->var[v]];
		if (attack->point[v] < 0)
			return false;
	}
	if (!Fits(c, attack->point))
		TipAuditUntrue();
	return true;
}

static bool
FindTable(AuditRun *attack, AuditPart *c)
{
	TipSystem	start = c->system;
	TipProgram *program;
	TipOutcome	outcome;
	int			conflict;

	/* Rows that only ask cost time and are no help in finding a table. */
	start.rows = c->binding;
	program = TipProgramNew(&start, NULL);
	TipProgramLimit(program, TIP_AUDIT_PIVOTS, TIP_AUDIT_NODES);
	outcome = TipProgramStart(program, attack->point, &conflict);
	TipProgramFree(program);
	if (outcome == TIP_IMPOSSIBLE)
		TipAuditBlame(attack, c, conflict);
	return outcome == TIP_SOLVED;
}

static void
SeekOutsider(AuditRun *attack, AuditPart *c)
{
	AuditView  *view = &attack->outsider;
	bool		extreme = attack->options->bounds;

	if (!IsTold(attack, c) && !FindTable(attack, c))
		return;
	c->program = TipProgramNew(&c->system, attack->point);
	TipProgramLimit(c->program, TIP_AUDIT_PIVOTS, TIP_AUDIT_NODES);
	TipAuditWiden(attack, c, view, attack->point);
	TipAuditKeep(c, attack->point);
	for (int i = 0; i < c->shares; i++)
	{
		int			s = c->share[i];

		CHECK_FOR_INTERRUPTS();
		if (!attack->share[s].wanted)
			continue;
		TipAuditSeek(attack, c, c->program, view, s, true, extreme);
		TipAuditSeek(attack, c, c->program, view, s, false, extreme);
	}
	if (attack->options->insiders > 0)
		return;
	TipProgramFree(c->program);
	c->program = NULL;
}

/* Answers. */

static Datum
NodeArray(const TipAudit *audit, const int32 *node)
{
	Datum	   *code = palloc(sizeof(Datum) * audit->dims);

	for (int d = 0; d < audit->dims; d++)
		code[d] = Int32GetDatum(node[d]);
	return PointerGetDatum(construct_array(code, audit->dims, INT4OID, 4,
										   true, TYPALIGN_INT));
}

void
TipAuditEmit(AuditRun *attack, const AuditTarget *target, int64 low, int64 high,
	 const char *status, const int *insider, int insiders)
{
	TipAudit   *audit = attack->audit;
	Datum		values[AUDIT_COLUMNS] = {0};
	bool		nulls[AUDIT_COLUMNS] = {0};
	Datum		own[2];

	nulls[0] = target->cell < 0;
	values[0] = Int32GetDatum(target->cell);
	values[1] = NodeArray(audit, target->cell < 0 ?
						  TipAuditPlaceNodes(audit, target->var) :
						  audit->row[target->cell].node);
	values[2] = Int64GetDatum(low);
	nulls[2] = low < 0;
	values[3] = Int64GetDatum(high);
	nulls[3] = high < 0;
	values[4] = CStringGetTextDatum(status);
	for (int i = 0; i < insiders; i++)
		own[i] = Int32GetDatum(attack->options->single[insider[i]]);
	nulls[5] = insiders == 0;
	if (insiders > 0)
		values[5] = PointerGetDatum(construct_array(own, insiders, INT4OID, 4,
													true, TYPALIGN_INT));
	tuplestore_putvalues(attack->result->setResult, attack->result->setDesc,
						 values, nulls);
}

static void
ReportOutsider(AuditRun *attack, const AuditTarget *target)
{
	const AuditView *view = &attack->outsider;
	int64		low = target->known;
	int64		high = target->known;
	bool		low_sure = true;
	bool		high_sure = true;
	bool		wide = false;

	for (int i = 0; i < target->shares; i++)
	{
		int			s = target->share[i];

		low_sure &= view->low_sure[s];
		high_sure &= view->high_sure[s];
		wide |= view->low[s] < view->high[s];
		if (low_sure)
			low += view->low[s];
		if (high_sure)
			high += view->high[s];
	}
	if (target->open && high >= attack->audit->cap)
		high = -1;
	TipAuditEmit(attack, target, low_sure ? low : -1, high_sure ? high : -1,
		 wide ? "protected" : low_sure && high_sure ? "exact" : "not proven",
		 NULL, 0);
}

void
TipAuditAttack(TipAudit *audit, const TipAuditOptions *options,
			   ReturnSetInfo *result)
{
	AuditRun	attack = {0};

	attack.audit = audit;
	attack.options = options;
	attack.result = result;
	TipAuditPrepare(&attack);
	attack.outsider = TipAuditNewView(attack.shares);
	for (int c = 0; c < attack.components; c++)
		SeekOutsider(&attack, &attack.component[c]);
	for (int t = 0; t < attack.targets; t++)
		ReportOutsider(&attack, &attack.target[t]);
	TipAuditFromWithin(&attack);
}
