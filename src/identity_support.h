/*
 * identity_support.h
 *		The domain that an expression of type tip.pseudonym is declared for.
 */
#ifndef TIP_IDENTITY_SUPPORT_H
#define TIP_IDENTITY_SUPPORT_H

#include "postgres.h"

#include "nodes/pathnodes.h"

/* Number of a domain, 0 where the expression does not say; root may be NULL. */
extern int	TipDeclaredDomain(PlannerInfo *root, Node *node);

#endif							/* TIP_IDENTITY_SUPPORT_H */
