/*
 * identity_pseudonymize.h
 *		Pseudonyms of identifiers, for the other files that make them.
 */
#ifndef TIP_IDENTITY_PSEUDONYMIZE_H
#define TIP_IDENTITY_PSEUDONYMIZE_H

#include "identity.h"

/*
 * Pseudonym of a value of a kind, in a domain whose pseudonyms stand for
 * persons, under one key version.  value needs no zero byte at its end.
 * Charges no budget.
 */
extern void TipMakePseudonym(const char *kind, const char *value, int len,
							 const TipDomain *domain, uint16 version,
							 TipPseudonym *out);

/*
 * What tip.pseudonymize does: under the newest key, charged to the budget,
 * whatever the policy of the domain; label is NULL but for a document.
 */
extern void TipNewPseudonym(text *kind, Datum value, const TipDomain *domain,
							text *label, TipPseudonym *out);

/* The domain that an argument names; raises 22023. */
extern const TipDomain *TipDomainOfText(text *name);

#endif							/* TIP_IDENTITY_PSEUDONYMIZE_H */
