/*
 * codes_set.h
 *		Layout of a set of codes, shared with its statistics.
 */
#ifndef TIP_CODES_SET_H
#define TIP_CODES_SET_H

#include "codes.h"

#define TIP_SET_CODE_MASK		((UINT64CONST(1) << TIP_SET_CODES) - 1)
#define TIP_SET_MISSING_MASK	(UINT64CONST(15) << TIP_SET_CODES)
#define TipSetBits(set) \
	((set) & (TIP_SET_CODE_MASK | TIP_SET_MISSING_MASK))

/* strategies of the GIN operator class */
#define TIP_SET_CONTAINS_STRATEGY	1
#define TIP_SET_OVERLAPS_STRATEGY	2
#define TIP_SET_CONTAINED_STRATEGY	3
#define TIP_SET_HAS_STRATEGY		5

/* The bit of a code in a set of its list, or -1 where a set has no room. */
static inline int
TipCodeBit(TipCode code)
{
	int			number = TipCodeNumber(code);

	if (number >= TIP_NUMBER_UNKNOWN)
		return TIP_SET_CODES + number - TIP_NUMBER_UNKNOWN;
	return number >= 1 && number <= TIP_SET_CODES ? number - 1 : -1;
}

extern char *TipSetText(TipSet set);

#endif							/* TIP_CODES_SET_H */
