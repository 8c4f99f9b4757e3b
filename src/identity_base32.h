/*
 * identity_base32.h
 *		Symbols of codes that people read aloud, and two symbols that check
 *		them, without PostgreSQL.
 */
#ifndef TIP_IDENTITY_BASE32_H
#define TIP_IDENTITY_BASE32_H

#include <stdbool.h>
#include <stdint.h>

/* Symbols that two check symbols protect, themselves not counted. */
#define TIP_CHECKED_MAX		29

/* The 32 symbols in the order of their values: no I, L, O and U. */
extern const char TipBase32Symbols[];

/*
 * Value (0 to 31) of a symbol in upper or lower case; -1: no symbol.  With
 * fold, I and L are read as 1 and O as 0.
 */
extern int	TipBase32Value(char symbol, bool fold);

/*
 * The two values to put behind n values (n at most TIP_CHECKED_MAX), so that
 * any two wrong ones, a swap among them, no longer fit.
 */
extern void TipCheckSymbols(const uint8_t *values, int n, uint8_t check[2]);

#endif							/* TIP_IDENTITY_BASE32_H */
