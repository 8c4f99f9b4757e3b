/*
 * identity_base32.c
 *		Symbols of codes that people read aloud, and two symbols that check
 *		them, without PostgreSQL.
 *
 * The check is the systematic Reed-Solomon code [n + 2, n, 3] over GF(32),
 * with x^5 + x^2 + 1 as the field's polynomial, a = x (the value 2) as its
 * primitive element, and (z + a)(z + a^2) = z^2 + 6 z + 8 as generator: the
 * first value is the coefficient of the highest power of z.
 */
#include "identity_base32.h"

#define FIELD_POLYNOMIAL	0x25
#define FIELD_BITS			5

const char	TipBase32Symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static char
folded(char symbol)
{
	if (symbol == 'I' || symbol == 'L')
		return '1';
	return symbol == 'O' ? '0' : symbol;
}

int
TipBase32Value(char symbol, bool fold)
{
	if (symbol >= 'a' && symbol <= 'z')
		symbol += 'A' - 'a';
	if (fold)
		symbol = folded(symbol);
	for (int i = 0; TipBase32Symbols[i] != '\0'; i++)
		if (TipBase32Symbols[i] == symbol)
			return i;
	return -1;
}

static unsigned
times(unsigned a, unsigned b)
{
	unsigned	product = 0;

	for (int bit = FIELD_BITS - 1; bit >= 0; bit--)
	{
		product <<= 1;
		if (product >> FIELD_BITS)
			product ^= FIELD_POLYNOMIAL;
		if (b >> bit & 1)
			product ^= a;
	}
	return product;
}

/* Remainder of the values, shifted by two places, by the generator. */
void
TipCheckSymbols(const uint8_t *values, int n, uint8_t check[2])
{
	unsigned	high = 0;
	unsigned	low = 0;

	for (int i = 0; i < n; i++)
	{
		unsigned	out = high ^ values[i];

		high = low ^ times(6, out);
		low = times(8, out);
	}
	check[0] = high;
	check[1] = low;
}
