/*
 * identity_siv.h
 *		AES-SIV (RFC 5297) over OpenSSL, without PostgreSQL.
 *
 * It is put together from CMAC and CTR: OpenSSL's own AES-SIV skips empty
 * associated data, refuses empty plaintext before 3.5, and can be used for one
 * message only before its key is set again.  A sealed text is the tag followed
 * by the ciphertext.  Each function returns false where OpenSSL fails, the
 * input is refused, or a sealed text does not open.
 */
#ifndef TIP_IDENTITY_SIV_H
#define TIP_IDENTITY_SIV_H

#include "identity_crypto.h"

#define TIP_SIV_TAG 16

/* Contexts of one key, for many messages. */
typedef struct TipSiv
{
	EVP_MAC_CTX *mac;
	EVP_CIPHER_CTX *ctr;
	unsigned char start[TIP_SIV_TAG];	/* CMAC of a block of zeros */
} TipSiv;

/* key_len is 32, 48 or 64; nothing is held where it fails. */
extern bool TipSivInit(TipSiv *siv, const unsigned char *key, size_t key_len);
extern void TipSivFree(TipSiv *siv);

/* out has len + TIP_SIV_TAG bytes; associated data in the order of S2V. */
extern bool TipSivSealWith(TipSiv *siv, const TipBytes *ad, int ads,
						   const unsigned char *plain, size_t len,
						   unsigned char *out);

/* plain has len - TIP_SIV_TAG bytes, which are wiped where it fails. */
extern bool TipSivOpenWith(TipSiv *siv, const TipBytes *ad, int ads,
						   const unsigned char *sealed, size_t len,
						   unsigned char *plain);

/* The same with a key for one message. */
extern bool TipSivSeal(const unsigned char *key, size_t key_len,
					   const TipBytes *ad, int ads,
					   const unsigned char *plain, size_t len,
					   unsigned char *out);
extern bool TipSivOpen(const unsigned char *key, size_t key_len,
					   const TipBytes *ad, int ads,
					   const unsigned char *sealed, size_t len,
					   unsigned char *plain);

#endif							/* TIP_IDENTITY_SIV_H */
