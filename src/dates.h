/*
 * dates.h
 *		Partial dates, for the other files that read or compare them.
 */
#ifndef TIP_DATES_H
#define TIP_DATES_H

#include "postgres.h"

#include "utils/date.h"

/* The places (see dates.c) of the first and the last day of a date. */
typedef struct TipPlaces
{
	int			from;
	int			to;
} TipPlaces;

extern bool TipParsePartialDate(const char *text, Datum *result);
extern TipPlaces TipPartialPlaces(int32 partial);
extern TipPlaces TipDayPlaces(DateADT day);

/* A date that is known to the day is its own place, but for two flags. */
static inline TipPlaces
TipQuickPlaces(int32 partial)
{
	TipPlaces	places = {partial >> 2, partial >> 2};

	if (((partial >> 2) & 31) == 0)
		places = TipPartialPlaces(partial);
	return places;
}

#endif							/* TIP_DATES_H */
