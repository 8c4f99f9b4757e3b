/*
 * rules_ruleset.c
 *		The number of the rule set that applies now.
 *
 * It is asked for with every record, so it is kept until the catalogue
 * changes, in this session or another.
 */
#include "postgres.h"

#include "fmgr.h"

#include "rules.h"

PG_FUNCTION_INFO_V1(tip_current_ruleset);

static int	number = 0;
static bool is_known = false;

void
TipForgetRuleset(void)
{
	is_known = false;
}

int
TipCurrentRuleset(void)
{
	if (is_known)
		return number;
	TipWatchCatalogs();
	/* A change that arrives while we read makes it unknown again. */
	is_known = true;
	PG_TRY();
	{
		number = TipLoadRuleset();
	}
	PG_CATCH();
	{
		is_known = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
	return number;
}

/*
 * tip_current_ruleset()
 *		Number of the newest row of tip.ruleset.
 */
Datum
tip_current_ruleset(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(TipCurrentRuleset());
}
