/*
 * identity_keys_check.h
 *		Known answers: does this process compute what the standards say?
 */
#ifndef TIP_IDENTITY_KEYS_CHECK_H
#define TIP_IDENTITY_KEYS_CHECK_H

#include "identity_keys.h"

/* One known answer: true if the function gives it. */
typedef struct TipKnownAnswer
{
	const char *name;
	bool		(*check) (void);
} TipKnownAnswer;

/* HMAC as it is used, once in each process, before the first key. */
extern TipComplaint TipCheckPrimitives(void);

/* Has this process done so, and locked its keys? */
extern bool TipIsReady(void);

#endif							/* TIP_IDENTITY_KEYS_CHECK_H */
