/*
 * identity_keys_uses.h
 *		How often each key version was used.
 */
#ifndef TIP_IDENTITY_KEYS_USES_H
#define TIP_IDENTITY_KEYS_USES_H

#include "postgres.h"

/* Have the counts in shared memory; under shared_preload_libraries only. */
extern void TipUsesShare(void);

/*
 * Count one value made or opened.  TipLeafMac and TipLeafKey do so themselves:
 * this is for code that keeps a leaf of its own.
 */
extern void TipCountUse(uint16 version);

extern uint64 TipUses(uint16 version);

/* Since when: "server" or "session" */
extern const char *TipUsesScope(void);

#endif							/* TIP_IDENTITY_KEYS_USES_H */
