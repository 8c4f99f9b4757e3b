/*
 * identity_ff1.h
 *		Format-preserving encryption FF1 (NIST SP 800-38G) over OpenSSL,
 *		without PostgreSQL, so that a test program can feed it published
 *		vectors.
 *
 * A text is a row of digits, each below the radix.  Functions return false
 * where the standard refuses the input or OpenSSL fails.
 */
#ifndef TIP_IDENTITY_FF1_H
#define TIP_IDENTITY_FF1_H

#include <stdint.h>

#include "identity_crypto.h"

#define TIP_FF1_MAX_DIGITS	512
#define TIP_FF1_MAX_RADIX	65536

/* Radix 32 with at most so many digits fits the fast path. */
#define TIP_FF1_FAST_DIGITS 10

typedef enum TipFf1Direction
{
	TIP_FF1_ENCRYPT,
	TIP_FF1_DECRYPT
} TipFf1Direction;

/* AES key of 16, 24 or 32 bytes; NULL on failure. */
extern EVP_CIPHER_CTX *TipFf1New(TipBytes key);

/* Any radix and length that the standard allows, up to the limits above. */
extern bool TipFf1(EVP_CIPHER_CTX *aes, TipFf1Direction direction,
				   unsigned radix, TipBytes tweak, const uint16_t *digits,
				   int len, uint16_t *out);

/*
 * The same for len digits (4 to TIP_FF1_FAST_DIGITS) of radix 32 that are the
 * bits of a value, the first digit on top, without a tweak.
 */
extern bool TipFf1Base32(EVP_CIPHER_CTX *aes, TipFf1Direction direction,
						 int len, uint64_t value, uint64_t *out);

/* Does this build give the values that are published for FF1? */
extern bool TipFf1KnownAnswer(void);

#endif							/* TIP_IDENTITY_FF1_H */
