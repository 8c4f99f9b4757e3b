/*
 * release_audit_insider.c
 *		The same questions from within: one's own cell is known to be 1.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "release_audit_attack.h"

/* What singles know is remembered for pairs: a byte of each and target. */
#define MAX_ALONE	100000000

/* The unknown of a single's own cell; -1 if all know it, or it cannot be 1. */
static int
OwnUnknown(const AuditRun *attack, int single)
{
	const TipAuditRow *row =
		&attack->audit->row[attack->options->single[single]];
	int			var;

	if (row->count == 0)
		return -1;
	var = row->var[0];
	if (!TipAuditIsLive(attack, var) || attack->audit->low[var] > 1 ||
		attack->audit->high[var] < 1 ||
		attack->component[attack->root[var]].program == NULL)
		return -1;
	return var;
}

static bool
TableHasOwn(const AuditRun *attack, const int64 *table, const int *own,
			int insiders)
{
	for (int i = 0; i < insiders; i++)
		if (table[attack->local[own[i]]] != 1)
			return false;
	return true;
}

/* A table that fits the insiders: a kept one if possible. */
static const int64 *
TableOf(AuditRun *attack, AuditPart *c, const int *own, int insiders)
{
	int64		value;
	TipOutcome	outcome;

	for (int i = 0; i < c->kept; i++)
		if (TableHasOwn(attack, c->table[i], own, insiders))
			return c->table[i];
	outcome = TipProgramReach(c->program, attack->local[own[0]],
							  c->table[0][attack->local[own[0]]] < 1, 1,
							  &value, attack->point);
	if (outcome != TIP_SOLVED ||
		!TableHasOwn(attack, attack->point, own, insiders))
		return NULL;
	TipAuditKeep(c, attack->point);
	return attack->point;
}

static bool
IsOwn(const AuditShare *share, const int *own, int insiders)
{
	for (int k = 0; k < share->count; k++)
	{
		bool		mine = false;

		for (int i = 0; i < insiders; i++)
			mine |= own[i] == share->var[k];
		if (!mine)
			return false;
	}
	return true;
}

/* Shares that are of interest: not known to all, nor all the insiders' own. */
static bool
IsOthers(const AuditRun *attack, int s, const int *own, int insiders)
{
	return attack->share[s].wanted && !TipAuditIsExact(&attack->outsider, s) &&
		!IsOwn(&attack->share[s], own, insiders);
}

/* A program in which the insiders' cells are 1; NULL: it cannot be so. */
static TipProgram *
InsiderProgram(AuditRun *attack, AuditPart *c, const int *own, int insiders,
			   AuditView *view, bool *gave_up)
{
	const int64 *table = TableOf(attack, c, own, insiders);
	TipSystem	system = c->system;
	int			conflict;
	TipProgram *program;
	TipOutcome	outcome = TIP_SOLVED;

	system.low = palloc(sizeof(int64) * c->vars);
	system.high = palloc(sizeof(int64) * c->vars);
	memcpy(system.low, c->system.low, sizeof(int64) * c->vars);
	memcpy(system.high, c->system.high, sizeof(int64) * c->vars);
	for (int i = 0; i < insiders; i++)
		system.low[attack->local[own[i]]] =
			system.high[attack->local[own[i]]] = 1;
	program = TipProgramNew(&system, table);
	TipProgramLimit(program, TIP_AUDIT_PIVOTS, TIP_AUDIT_NODES);
	if (table != NULL)
		TipAuditWiden(attack, c, view, table);
	else
	{
		outcome = TipProgramStart(program, attack->point, &conflict);
		if (outcome == TIP_SOLVED)
		{
			TipAuditWiden(attack, c, view, attack->point);
			TipAuditKeep(c, attack->point);
		}
	}
	pfree(system.low);
	pfree(system.high);
	*gave_up = outcome == TIP_GAVE_UP;
	if (outcome == TIP_SOLVED)
		return program;
	TipProgramFree(program);
	return NULL;
}

static void
ForgetView(const AuditPart *c, AuditView *view)
{
	for (int i = 0; i < c->shares; i++)
	{
		int			s = c->share[i];

		view->low[s] = PG_INT64_MAX;
		view->high[s] = PG_INT64_MIN;
		view->low_sure[s] = view->high_sure[s] = false;
	}
}

static bool
SeekInsider(AuditRun *attack, AuditPart *c, const int *own, int insiders,
			AuditView *view)
{
	bool		gave_up;
	TipProgram *program;

	ForgetView(c, view);
	program = InsiderProgram(attack, c, own, insiders, view, &gave_up);
	if (program == NULL && !gave_up && attack->options->certain)
		TipAuditUntrue();
	if (program == NULL)
		return gave_up;
	for (int i = 0; i < c->kept; i++)
		if (TableHasOwn(attack, c->table[i], own, insiders))
			TipAuditWiden(attack, c, view, c->table[i]);
	for (int i = 0; i < c->shares; i++)
	{
		int			s = c->share[i];

		CHECK_FOR_INTERRUPTS();
		if (!IsOthers(attack, s, own, insiders))
			continue;
		TipAuditSeek(attack, c, program, view, s, true, false);
		TipAuditSeek(attack, c, program, view, s, false, false);
	}
	TipProgramFree(program);
	return true;
}

/* The insiders' own cells, and what each of them knows alone. */
typedef struct Insiders
{
	int			count;
	int			single[2];
	int			own[2];
	int			component[2];
	bool	  **alone;			/* of a single and target; NULL: not needed */
} Insiders;

/* What one of two knows alone is not said again of both. */
static bool
KnowsAlone(const Insiders *insiders, int target)
{
	for (int i = 0; i < insiders->count && insiders->count > 1; i++)
		if (insiders->alone[insiders->single[i]][target])
			return true;
	return false;
}

/* What the insiders know of a target that is more than everybody knows. */
static void
ReportInsider(AuditRun *attack, int number, const AuditView *view,
			  const Insiders *insiders)
{
	const AuditTarget *target = &attack->target[number];
	const AuditView *all = &attack->outsider;
	int64		value = target->known;
	bool		news = false;
	bool		sure = true;

	for (int i = 0; i < target->shares; i++)
	{
		int			s = target->share[i];
		const AuditShare *share = &attack->share[s];
		bool		inside = share->component == insiders->component[0] ||
			share->component == insiders->component[insiders->count - 1];

		if (TipAuditIsExact(all, s))
			value += all->low[s];
		else if (inside && IsOwn(share, insiders->own, insiders->count))
			value += share->count;
		else if (inside && view->low[s] >= view->high[s])
		{
			news = true;
			sure &= TipAuditIsSure(view, s);
			value += sure ? view->low[s] : 0;
		}
		else
			return;
	}
	if (!news || KnowsAlone(insiders, number))
		return;
	if (insiders->count == 1 && insiders->alone != NULL)
		insiders->alone[insiders->single[0]][number] = true;
	TipAuditEmit(attack, target, sure ? value : -1, sure ? value : -1,
		 sure ? "exact" : "not proven", insiders->single, insiders->count);
}

static void
AttackFromInside(AuditRun *attack, AuditView *view, Insiders *insiders)
{
	int			at_once = insiders->count;

	for (int i = 0; i < insiders->count; i++)
	{
		insiders->own[i] = OwnUnknown(attack, insiders->single[i]);
		if (insiders->own[i] < 0)
			return;
		insiders->component[i] = attack->root[insiders->own[i]];
	}
	/* In separate problems each learns alone; a cell may lie in both. */
	if (insiders->component[0] != insiders->component[at_once - 1])
		at_once = 1;
	for (int i = 0; i < insiders->count; i += at_once)
		if (!SeekInsider(attack,
						 &attack->component[insiders->component[i]],
						 insiders->own + i, at_once, view))
			return;
	for (int t = 0; t < attack->targets; t++)
		ReportInsider(attack, t, view, insiders);
}

void
TipAuditFromWithin(AuditRun *attack)
{
	const TipAuditOptions *options = attack->options;
	AuditView		view = TipAuditNewView(attack->shares);
	Insiders	insiders = {0};
	int			singles = options->insiders > 0 ? options->singles : 0;

	if ((int64) singles * attack->targets > MAX_ALONE &&
		options->insiders > 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table is too large to be audited against pairs")));
	if (options->insiders > 1)
		insiders.alone = palloc(sizeof(bool *) * (singles + 1));
	for (int i = 0; i < singles; i++)
	{
		insiders.count = 1;
		insiders.single[0] = i;
		if (insiders.alone != NULL)
			insiders.alone[i] = palloc0(attack->targets + 1);
		AttackFromInside(attack, &view, &insiders);
	}
	for (int i = 0; i < singles && options->insiders > 1; i++)
		for (int j = i + 1; j < singles; j++)
		{
			CHECK_FOR_INTERRUPTS();
			insiders.count = 2;
			insiders.single[0] = i;
			insiders.single[1] = j;
			AttackFromInside(attack, &view, &insiders);
		}
}

