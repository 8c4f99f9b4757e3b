/*
 * tip_module.c
 *		Module magic and start-up.
 */
#include "postgres.h"

#include "fmgr.h"

#include "codes.h"
#include "compat.h"
#include "identity.h"
#include "identity_ledger.h"
#include "rules.h"
#include "tabulation.h"
#include "tabulation_persons.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

void
_PG_init(void)
{
	TipCodesInit();
	TipIdentityInit();
	TipLedgerInit();
	TipRulesInit();
	TipTabulationInit();
	TipPersonsInit();
	MarkGUCPrefixReserved("tip_module");
}
