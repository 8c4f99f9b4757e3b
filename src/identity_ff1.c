/*
 * identity_ff1.c
 *		Format-preserving encryption FF1 (NIST SP 800-38G) over AES.
 *
 * Names follow the standard: a text is cut into A and B of u and v digits,
 * ten rounds add to one what AES makes of the other.  Lengths are computed in
 * whole numbers, never by a logarithm, which is off by one byte for some.
 */
#include "identity_ff1.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#define BLOCK			16
#define ROUNDS			10
#define MAX_HALF		(TIP_FF1_MAX_DIGITS / 2)
#define MAX_BYTES		(2 * MAX_HALF)	/* of the number of a half */
#define MAX_S			(MAX_BYTES + 2 * BLOCK)
#define LEAST_TEXTS		1000000 /* fewer can be tried out */

typedef struct Round
{
	EVP_CIPHER_CTX *aes;
	unsigned	radix;
	TipBytes	tweak;
	int			n;				/* digits of the text */
	int			b;				/* bytes of the number of a half */
	int			d;				/* bytes of what is added */
	unsigned char p[BLOCK];		/* AES of the standard's P */
} Round;

EVP_CIPHER_CTX *
TipFf1New(TipBytes key)
{
	const char *name = key.len == 16 ? "AES-128-ECB" :
		key.len == 24 ? "AES-192-ECB" : "AES-256-ECB";
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *aes = NULL;

	if (key.len != 16 && key.len != 24 && key.len != 32)
		return NULL;
	cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	if (cipher != NULL)
		aes = EVP_CIPHER_CTX_new();
	if (aes != NULL &&
		(EVP_EncryptInit_ex2(aes, cipher, key.data, NULL, NULL) != 1 ||
		 EVP_CIPHER_CTX_set_padding(aes, 0) != 1))
	{
		EVP_CIPHER_CTX_free(aes);
		aes = NULL;
	}
	EVP_CIPHER_free(cipher);
	ERR_clear_error();
	return aes;
}

static bool
encrypt_block(EVP_CIPHER_CTX *aes, unsigned char *block)
{
	int			len = 0;

	return EVP_EncryptUpdate(aes, block, &len, block, BLOCK) == 1 &&
		len == BLOCK;
}

/* bytes = bytes * factor + addend, big endian; what overflows is lost */
static void
multiply_add(unsigned char *bytes, int len, unsigned factor, unsigned addend)
{
	uint32_t	carry = addend;

	for (int i = len - 1; i >= 0; i--)
	{
		carry += bytes[i] * factor;
		bytes[i] = carry & 0xff;
		carry >>= 8;
	}
}

/* bytes = bytes / divisor; the remainder is returned */
static unsigned
divide(unsigned char *bytes, int len, unsigned divisor)
{
	uint32_t	rest = 0;

	for (int i = 0; i < len; i++)
	{
		rest = rest << 8 | bytes[i];
		bytes[i] = rest / divisor;
		rest %= divisor;
	}
	return rest;
}

/* The number that digits stand for, in len bytes */
static void
number_of(const uint16_t *digits, int n, unsigned radix, unsigned char *bytes,
		  int len)
{
	memset(bytes, 0, len);
	for (int i = 0; i < n; i++)
		multiply_add(bytes, len, radix, digits[i]);
}

/* Bytes of the largest number of n digits */
static int
bytes_of_digits(unsigned radix, int n)
{
	unsigned char bytes[MAX_BYTES];
	uint16_t	digits[MAX_HALF + 1];
	int			zeros = 0;

	for (int i = 0; i < n; i++)
		digits[i] = radix - 1;
	number_of(digits, n, radix, bytes, MAX_BYTES);
	while (bytes[zeros] == 0)
		zeros++;
	return MAX_BYTES - zeros;
}

static bool
is_allowed(unsigned radix, const uint16_t *digits, int len)
{
	uint64_t	texts = 1;

	if (radix < 2 || radix > TIP_FF1_MAX_RADIX || len < 2 ||
		len > TIP_FF1_MAX_DIGITS)
		return false;
	for (int i = 0; i < len && texts < LEAST_TEXTS; i++)
		texts *= radix;
	for (int i = 0; i < len; i++)
		if (digits[i] >= radix)
			return false;
	return texts >= LEAST_TEXTS;
}

/* The block P that all rounds begin with: AES of radix and lengths. */
static bool
begin(Round *round)
{
	unsigned char *p = round->p;

	memset(p, 0, BLOCK);
	p[0] = 1;
	p[1] = 2;
	p[2] = 1;
	p[3] = round->radix >> 16;
	p[4] = round->radix >> 8;
	p[5] = round->radix;
	p[6] = ROUNDS;
	p[7] = round->n / 2;
	p[10] = round->n >> 8;
	p[11] = round->n;
	p[12] = round->tweak.len >> 24;
	p[13] = round->tweak.len >> 16;
	p[14] = round->tweak.len >> 8;
	p[15] = round->tweak.len;
	return encrypt_block(round->aes, p);
}

/* Chain bytes into a block that has taken *at of the next sixteen. */
static bool
chain(const Round *round, unsigned char *block, int *at,
	  const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		block[(*at)++] ^= bytes[i];
		if (*at < BLOCK)
			continue;
		if (!encrypt_block(round->aes, block))
			return false;
		*at = 0;
	}
	return true;
}

/* S: the d bytes that AES makes of tweak, round and the number in b bytes */
static bool
make_s(const Round *round, int i, const unsigned char *number,
	   unsigned char *s)
{
	static const unsigned char zeros[BLOCK] = {0};
	unsigned char r[BLOCK];
	unsigned char turn = i;
	size_t		used = (round->tweak.len + round->b + 1) % BLOCK;
	int			at = 0;

	memcpy(r, round->p, BLOCK);
	if (!chain(round, r, &at, round->tweak.data, round->tweak.len) ||
		!chain(round, r, &at, zeros, (BLOCK - used) % BLOCK) ||
		!chain(round, r, &at, &turn, 1) ||
		!chain(round, r, &at, number, round->b))
		return false;
	memcpy(s, r, BLOCK);
	for (int j = 1; j * BLOCK < round->d; j++)
	{
		unsigned char *block = s + j * BLOCK;

		memcpy(block, r, BLOCK);
		block[BLOCK - 2] ^= j >> 8;
		block[BLOCK - 1] ^= j;
		if (!encrypt_block(round->aes, block))
			return false;
	}
	return true;
}

/* to = to + y or to - y, in m digits; y is used up */
static void
add_number(uint16_t *to, int m, unsigned radix, unsigned char *y, int d,
		   TipFf1Direction direction)
{
	unsigned	carry = 0;

	for (int i = m - 1; i >= 0; i--)
	{
		unsigned	digit = divide(y, d, radix) + carry;

		if (direction == TIP_FF1_DECRYPT)
		{
			carry = digit > to[i];
			to[i] = to[i] + (carry ? radix : 0) - digit;
			continue;
		}
		digit += to[i];
		carry = digit >= radix;
		to[i] = carry ? digit - radix : digit;
	}
}

/* Round i changes A if i is even, else B: halves are not swapped here. */
static bool
run_round(const Round *round, int i, uint16_t *text,
		  TipFf1Direction direction)
{
	int			u = round->n / 2;
	int			v = round->n - u;
	uint16_t   *a = text;
	uint16_t   *b = text + u;
	unsigned char number[MAX_BYTES];
	unsigned char s[MAX_S];
	bool		is_even = i % 2 == 0;
	bool		ok;

	number_of(is_even ? b : a, is_even ? v : u, round->radix, number,
			  round->b);
	ok = make_s(round, i, number, s);
	if (ok)
		add_number(is_even ? a : b, is_even ? u : v, round->radix, s,
				   round->d, direction);
	OPENSSL_cleanse(number, sizeof(number));
	OPENSSL_cleanse(s, sizeof(s));
	return ok;
}

bool
TipFf1(EVP_CIPHER_CTX *aes, TipFf1Direction direction, unsigned radix,
	   TipBytes tweak, const uint16_t *digits, int len, uint16_t *out)
{
	Round		round = {.aes = aes, .radix = radix, .tweak = tweak, .n = len};

	if (!is_allowed(radix, digits, len) || tweak.len > UINT32_MAX)
		return false;
	round.b = bytes_of_digits(radix, len - len / 2);
	round.d = (round.b + 3) / 4 * 4 + 4;
	if (!begin(&round))
		return false;
	memmove(out, digits, len * sizeof(uint16_t));
	for (int i = 0; i < ROUNDS; i++)
	{
		int			turn = direction == TIP_FF1_ENCRYPT ? i : ROUNDS - 1 - i;

		if (!run_round(&round, turn, out, direction))
			return false;
	}
	return true;
}

/* The number of a half fits four bytes, so that a round is one block. */
static bool
run_fast_round(const Round *round, int i, uint32_t from, uint32_t *y)
{
	unsigned char r[BLOCK];

	memcpy(r, round->p, BLOCK);
	r[BLOCK - 1 - round->b] ^= i;
	for (int byte = 0; byte < round->b; byte++)
		r[BLOCK - 1 - byte] ^= from >> (8 * byte);
	if (!encrypt_block(round->aes, r))
		return false;
	*y = (uint32_t) r[4] << 24 | r[5] << 16 | r[6] << 8 | r[7];
	return true;
}

bool
TipFf1Base32(EVP_CIPHER_CTX *aes, TipFf1Direction direction, int len,
			 uint64_t value, uint64_t *out)
{
	Round		round = {.aes = aes, .radix = 32, .n = len};
	int			u = len / 2;
	int			v = len - u;
	uint32_t	mask[2] = {(UINT32_C(1) << 5 * u) - 1,
	(UINT32_C(1) << 5 * v) - 1};
	uint32_t	half[2];

	if (len < 4 || len > TIP_FF1_FAST_DIGITS || value >> 5 * len != 0)
		return false;
	round.b = (5 * v + 7) / 8;
	if (!begin(&round))
		return false;
	half[0] = value >> 5 * v;
	half[1] = value & mask[1];
	for (int i = 0; i < ROUNDS; i++)
	{
		int			turn = direction == TIP_FF1_ENCRYPT ? i : ROUNDS - 1 - i;
		int			to = turn % 2;
		uint32_t	y;

		if (!run_fast_round(&round, turn, half[1 - to], &y))
			return false;
		half[to] += direction == TIP_FF1_ENCRYPT ? y : -y;
		half[to] &= mask[to];
	}
	*out = (uint64_t) half[0] << 5 * v | half[1];
	return true;
}

/* NIST's sample 9: AES-256, radix 36, tweak and 19 digits */
static bool
check_sample(EVP_CIPHER_CTX *aes)
{
	static const unsigned char tweak[] = {
		0x37, 0x37, 0x37, 0x37, 0x70, 0x71, 0x72, 0x73, 0x37, 0x37, 0x37
	};
	static const char symbols[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	static const char want[] = "xs8a0azh2avyalyzuwd";
	uint16_t	plain[sizeof(want) - 1];
	uint16_t	text[sizeof(want) - 1];
	int			len = sizeof(want) - 1;

	for (int i = 0; i < len; i++)
		plain[i] = i;
	if (!TipFf1(aes, TIP_FF1_ENCRYPT, 36, (TipBytes) {tweak, sizeof(tweak)},
				plain, len, text))
		return false;
	for (int i = 0; i < len; i++)
		if (symbols[text[i]] != want[i])
			return false;
	return TipFf1(aes, TIP_FF1_DECRYPT, 36, (TipBytes) {tweak, sizeof(tweak)},
				  text, len, text) &&
		memcmp(text, plain, sizeof(plain)) == 0;
}

/* The path that codes take gives what the general one gives, and back. */
static bool
check_fast_path(EVP_CIPHER_CTX *aes)
{
	uint16_t	digits[9] = {1, 2, 3, 4, 5, 6, 7, 8, 31};
	uint64_t	value = 0;
	uint64_t	made;
	uint64_t	back;

	for (int i = 0; i < 9; i++)
		value = value << 5 | digits[i];
	if (!TipFf1Base32(aes, TIP_FF1_ENCRYPT, 9, value, &made) ||
		!TipFf1Base32(aes, TIP_FF1_DECRYPT, 9, made, &back) ||
		!TipFf1(aes, TIP_FF1_ENCRYPT, 32, (TipBytes) {NULL, 0}, digits, 9,
				digits))
		return false;
	for (int i = 8; i >= 0; i--, made >>= 5)
		if (digits[i] != (made & 31))
			return false;
	return back == value;
}

bool
TipFf1KnownAnswer(void)
{
	static const unsigned char key[32] = {
		0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
		0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
		0xef, 0x43, 0x59, 0xd8, 0xd5, 0x80, 0xaa, 0x4f,
		0x7f, 0x03, 0x6d, 0x6f, 0x04, 0xfc, 0x6a, 0x94
	};
	EVP_CIPHER_CTX *aes = TipFf1New((TipBytes) {key, sizeof(key)});
	bool		ok = aes != NULL && check_sample(aes) && check_fast_path(aes);

	EVP_CIPHER_CTX_free(aes);
	return ok;
}
