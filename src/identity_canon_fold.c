/*
 * identity_canon_fold.c
 *		Letters of canonical identifiers: marks, case, width, invisible signs.
 *
 * Neither Unicode tables of the server nor those of the operating system are
 * asked: they change with releases, and a pseudonym must not.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "compat.h"
#include "identity_canon.h"
#include "identity_canon_table.h"

typedef struct Range
{
	uint32		from;
	uint32		to;
} Range;

/* Marks and signs that nobody sees: they go. */
static const Range dropped[] = {
	{0x00AD, 0x00AD}, {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},
	{0x05BF, 0x05BF}, {0x05C1, 0x05C2}, {0x05C4, 0x05C5}, {0x05C7, 0x05C7},
	{0x0610, 0x061A}, {0x061C, 0x061C}, {0x0640, 0x0640}, {0x064B, 0x065F},
	{0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4}, {0x06E7, 0x06E8},
	{0x06EA, 0x06ED}, {0x180B, 0x180F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
	{0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F}, {0x20D0, 0x20FF},
	{0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFE70, 0xFE72}, {0xFE74, 0xFE74},
	{0xFE76, 0xFE7F}, {0xFEFF, 0xFEFF}
};

/* Written for the sign that a name has between O and Neil. */
static const Range apostrophes[] = {
	{0x00B4, 0x00B4}, {0x02B9, 0x02C1}, {0x02C8, 0x02C8}, {0x02CA, 0x02CB},
	{0x055A, 0x055A}, {0x05F3, 0x05F3}, {0x2018, 0x201B}, {0x2032, 0x2032},
	{0x2035, 0x2035}, {0xA78B, 0xA78C}
};

/* Signs between words, outside of the table. */
static const Range blanks[] = {
	{0x0085, 0x0085}, {0x060C, 0x060C}, {0x061B, 0x061B}, {0x0964, 0x0965},
	{0x1680, 0x1680}, {0x2000, 0x200A}, {0x2010, 0x2017}, {0x201C, 0x2029},
	{0x202F, 0x2031}, {0x2033, 0x2034}, {0x2036, 0x205F}, {0x2E00, 0x2E7F},
	{0x3000, 0x3003}, {0x3008, 0x3020}, {0x30FB, 0x30FB}, {0xFF5F, 0xFF65}
};

/* No part of a name: control, private use, specials, unused planes. */
static const Range refused[] = {
	{0x0000, 0x0008}, {0x000E, 0x001F}, {0x007F, 0x0084}, {0x0086, 0x009F},
	{0xD800, 0xF8FF}, {0xFDD0, 0xFDEF}, {0xFFF0, 0xFFFF}, {0x1FFFE, 0x1FFFF},
	{0x2FFFE, 0x2FFFF}, {0x3FFFE, 0x7FFFFFFF}
};

static bool
is_in(const Range *ranges, int n, uint32 c)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (c > ranges[middle].to)
			low = middle + 1;
		else if (c < ranges[middle].from)
			high = middle;
		else
			return true;
	}
	return false;
}

#define IS_IN(ranges, c) is_in(ranges, lengthof(ranges), c)

static const char *
replacement(uint32 c)
{
	int			low = 0;
	int			high = lengthof(canon_table);

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (c > canon_table[middle].from)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < lengthof(canon_table) && canon_table[low].from == c)
		return canon_table[low].to;
	return NULL;
}

/* One that is not in ASCII; n is the number of its bytes. */
static char *
fold_wide(const char *value, int n, char *to)
{
	uint32		c = utf8_to_unicode((const unsigned char *) value);
	const char *by = replacement(c);

	if (by != NULL)
	{
		n = strlen(by);
		memcpy(to, by, n);
		return to + n;
	}
	if (IS_IN(refused, c))
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("identifier holds a character that no identifier has"),
				 errhint("Control and private-use characters and signs of a failed conversion are refused.")));
	if (IS_IN(dropped, c))
		return to;
	if (IS_IN(apostrophes, c) || IS_IN(blanks, c))
	{
		*to++ = IS_IN(blanks, c) ? ' ' : '\'';
		return to;
	}
	/* The feminine sign abbreviates: M with it is written like Ma. */
	if (c == 0x00AA)
	{
		*to++ = 'a';
		*to++ = '.';
		return to;
	}
	memcpy(to, value, n);
	return to + n;
}

static char *
fold_ascii(unsigned char c, char *to)
{
	if (c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	else if (c == '`')
		c = '\'';
	else if (c <= ' ')
	{
		if (IS_IN(refused, c))
			(void) fold_wide((const char *) &c, 1, to);
		c = ' ';
	}
	else if (c == 0x7F)
		(void) fold_wide((const char *) &c, 1, to);
	*to++ = c;
	return to;
}

/*
 * TipCanonFold
 *		Fold letters; folded has room for twice TIP_CANON_INPUT.
 *
 * What a server holds should be valid, but a text can be forged.
 */
int
TipCanonFold(const char *value, int len, char *folded)
{
	const char *end = value + len;
	char	   *to = folded;

	while (value < end)
	{
		int			n;

		if (!IS_HIGHBIT_SET(*value))
		{
			to = fold_ascii(*value++, to);
			continue;
		}
		n = pg_utf_mblen((const unsigned char *) value);
		if (n > end - value ||
			!pg_utf8_islegal((const unsigned char *) value, n))
			ereport(ERROR,
					(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
					 errmsg("identifier is not valid UTF-8"),
					 errhint("Convert it from the encoding it was written in.")));
		to = fold_wide(value, n, to);
		value += n;
	}
	return to - folded;
}
