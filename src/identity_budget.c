/*
 * identity_budget.c
 *		How much a login may ask in an hour.
 *
 * What is drawn is committed apart, so that no ROLLBACK returns it.  A session
 * draws three times what it has drawn in this hour: a million calls need some
 * ten draws of a few milliseconds each.  What it leaves unused when it ends is
 * at most three times what it used, and a tenth of the budget.
 */
#include "postgres.h"

#include "access/xact.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "identity_apart.h"
#include "identity_ledger.h"
#include "identity_note.h"

#define MAX_ACTIONS		8
#define ACTION_BYTES	64

PG_FUNCTION_INFO_V1(tip_spend);

/* What this session still may do without asking. */
typedef struct Allowance
{
	char		action[ACTION_BYTES];
	Oid			login;
	TimestampTz until;			/* end of the hour it was drawn in */
	int64		left;
	int64		drawn;			/* in that hour */
} Allowance;

static Allowance allowances[MAX_ACTIONS];
static int	allowance_count = 0;

void
TipRefuseSpent(const char *action)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("hourly budget of %s is spent", action),
			 errhint("Wait for the next hour, or have the DBA raise it with tip.set_budget()."),
			 errhidestmt(true)));
}

bool
TipIsExempt(void)
{
	return GetSessionUserIsSuperuser() && !InSecurityRestrictedOperation() &&
		superuser_arg(GetUserId());
}

/* Who runs code of her own in a superuser's session pays for it herself. */
static Oid
payer(void)
{
	if (GetSessionUserIsSuperuser() && !superuser_arg(GetUserId()))
		return GetUserId();
	return GetSessionUserId();
}

static Allowance *
allowance_of(const char *action)
{
	for (int i = 0; i < allowance_count; i++)
		if (strcmp(allowances[i].action, action) == 0)
			return &allowances[i];
	if (allowance_count == MAX_ACTIONS)
		elog(ERROR, "too many actions with a budget");
	strlcpy(allowances[allowance_count].action, action, ACTION_BYTES);
	return &allowances[allowance_count++];
}

static void
start_hour(Allowance *allowance)
{
	TimestampTz now = GetCurrentTimestamp();

	allowance->login = payer();
	allowance->until = now - now % USECS_PER_HOUR + USECS_PER_HOUR;
	allowance->left = 0;
	allowance->drawn = 0;
}

static void
draw(Allowance *allowance, int64 n)
{
	char		need[32];
	char		want[32];
	char		answer[32];
	const char *args[4];

	snprintf(need, sizeof(need), INT64_FORMAT, n);
	snprintf(want, sizeof(want), INT64_FORMAT, Max(n, 3 * allowance->drawn));
	args[0] = GetUserNameFromId(allowance->login, false);
	args[1] = allowance->action;
	args[2] = need;
	args[3] = want;
	if (!TipApart(TIP_APART_DRAW, lengthof(args), args, answer, sizeof(answer)))
		TipRefuseSpent(allowance->action);
	allowance->left += strtoll(answer, NULL, 10);
	allowance->drawn += strtoll(answer, NULL, 10);
}

void
TipSpend(const char *action, int64 n)
{
	static Allowance *last = NULL;
	Allowance  *allowance = last;

	if (n <= 0 || TipIsExempt())
		return;
	if (allowance == NULL || strcmp(allowance->action, action) != 0)
		last = allowance = allowance_of(action);
	if (allowance->login != payer() ||
		allowance->until <= GetCurrentStatementStartTimestamp())
		start_hour(allowance);
	if (allowance->left < n)
		draw(allowance, n - allowance->left);
	allowance->left -= n;
}

/* spend(action text, n int8): for functions that are written in SQL */
Datum
tip_spend(PG_FUNCTION_ARGS)
{
	char		action[ACTION_BYTES];

	text_to_cstring_buffer(PG_GETARG_TEXT_PP(0), action, sizeof(action));
	TipSpend(action, PG_GETARG_INT64(1));
	PG_RETURN_VOID();
}
