/*
 * dates.h
 *		Partial dates, for the other files that read them.
 */
#ifndef TIP_DATES_H
#define TIP_DATES_H

#include "postgres.h"

extern bool TipParsePartialDate(const char *text, Datum *result);

#endif							/* TIP_DATES_H */
