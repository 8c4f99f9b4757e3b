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
 * spent.  A superuser's login is exempt.  Cheap: allowances are drawn in
 * chunks that grow, so that a call nearly always counts down a variable.
 */
extern void TipSpend(const char *action, int64 n);

#endif							/* TIP_IDENTITY_LEDGER_H */
