/*
 * identity_seal.h
 *		Values that only the key opens, and only at their place.
 */
#ifndef TIP_IDENTITY_SEAL_H
#define TIP_IDENTITY_SEAL_H

#include "postgres.h"

#include "utils/uuid.h"

#include "identity.h"

/* Where a value is kept; it opens nowhere else. */
typedef struct TipPlace
{
	const char *relation;		/* as in tip_data.identity */
	const char *column;
	const pg_uuid_t *record;	/* or NULL */
} TipPlace;

/* Both raise where the value is refused or the key is missing. */
extern bytea *TipSeal(const char *value, int len, const TipDomain *domain,
					  const TipPlace *place);
extern char *TipUnseal(const bytea *sealed, const TipPlace *place);

/* NULL where the value does not open at this place. */
extern char *TipTryUnseal(const bytea *sealed, const TipPlace *place);

#endif							/* TIP_IDENTITY_SEAL_H */
