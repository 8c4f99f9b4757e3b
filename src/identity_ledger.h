/*
 * identity_ledger.h
 *		What is asked about people is counted and written down, for good.
 */
#ifndef TIP_IDENTITY_LEDGER_H
#define TIP_IDENTITY_LEDGER_H

#include "postgres.h"

/* Define the setting tip_module.actor. */
extern void TipLedgerInit(void);

/*
 * Charge n to this hour's budget of the login (session_user) for an action of
 * tip.budget, whatever becomes of the transaction; raises 53400 when it is
 * spent.  A superuser's login is exempt, though not code of others that runs
 * in its session: see TipIsExempt().  Cheap: allowances are drawn in
 * chunks that grow, so that a call nearly always counts down a variable.
 */
extern void TipSpend(const char *action, int64 n);

/*
 * Whether what is asked now is asked by a superuser.  ANALYZE, autovacuum and
 * REINDEX run expressions of a table's owner in a superuser's session.
 */
extern bool TipIsExempt(void);

#endif							/* TIP_IDENTITY_LEDGER_H */
