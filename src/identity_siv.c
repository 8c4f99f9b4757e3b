/*
 * identity_siv.c
 *		AES-SIV (RFC 5297) from CMAC and CTR.
 */
#include "identity_siv.h"

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

#define BLOCK TIP_SIV_TAG

/* RFC 5297, 7: the plaintext is one more of 127 components. */
#define MAX_ADS 126

static EVP_MAC *cmac = NULL;

/* Parts of a message that are hashed as one. */
static bool
mac_of(TipSiv *siv, TipBytes first, TipBytes second, unsigned char *out)
{
	size_t		len = 0;

	return EVP_MAC_init(siv->mac, NULL, 0, NULL) == 1 &&
		EVP_MAC_update(siv->mac, first.data, first.len) == 1 &&
		(second.len == 0 ||
		 EVP_MAC_update(siv->mac, second.data, second.len) == 1) &&
		EVP_MAC_final(siv->mac, out, &len, BLOCK) == 1 && len == BLOCK;
}

/* Double in GF(2^128); the branch would tell the time of a secret bit. */
static void
double_block(unsigned char *block)
{
	unsigned char carry = block[0] >> 7;

	for (int i = 0; i < BLOCK - 1; i++)
		block[i] = block[i] << 1 | block[i + 1] >> 7;
	block[BLOCK - 1] = block[BLOCK - 1] << 1 ^ (0x87 & -carry);
}

static void
xor_block(unsigned char *to, const unsigned char *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] ^= from[i];
}

static bool
add_ad(TipSiv *siv, const TipBytes *ad, int ads, unsigned char *sum)
{
	unsigned char mac[BLOCK];

	memcpy(sum, siv->start, BLOCK);
	for (int i = 0; i < ads; i++)
	{
		if (!mac_of(siv, ad[i], (TipBytes) {NULL, 0}, mac))
			return false;
		double_block(sum);
		xor_block(sum, mac, BLOCK);
	}
	return true;
}

/* S2V of RFC 5297, 2.4 */
static bool
s2v(TipSiv *siv, const TipBytes *ad, int ads, TipBytes plain,
	unsigned char *tag)
{
	unsigned char last[BLOCK];
	TipBytes	head = {plain.data, 0};
	bool		ok;

	if (!add_ad(siv, ad, ads, last))
		return false;
	if (plain.len >= BLOCK)
	{
		head.len = plain.len - BLOCK;
		xor_block(last, plain.data + head.len, BLOCK);
	}
	else
	{
		double_block(last);
		xor_block(last, plain.data, plain.len);
		last[plain.len] ^= 0x80;
	}
	ok = head.len == 0 ?
		mac_of(siv, (TipBytes) {last, BLOCK}, (TipBytes) {NULL, 0}, tag) :
		mac_of(siv, head, (TipBytes) {last, BLOCK}, tag);
	OPENSSL_cleanse(last, sizeof(last));
	return ok;
}

/* CTR is its own inverse. */
static bool
crypt_bytes(TipSiv *siv, const unsigned char *tag, const unsigned char *in,
			size_t len, unsigned char *out)
{
	unsigned char counter[BLOCK];
	int			done = 0;

	memcpy(counter, tag, BLOCK);
	counter[8] &= 0x7f;
	counter[12] &= 0x7f;
	return EVP_EncryptInit_ex2(siv->ctr, NULL, NULL, counter, NULL) == 1 &&
		(len == 0 ||
		 (EVP_EncryptUpdate(siv->ctr, out, &done, in, (int) len) == 1 &&
		  done == (int) len));
}

static bool
is_accepted(const TipBytes *ad, int ads, size_t len)
{
	return ads >= 0 && ads <= MAX_ADS && (ads == 0 || ad != NULL) &&
		len <= INT_MAX - BLOCK;
}

bool
TipSivSealWith(TipSiv *siv, const TipBytes *ad, int ads,
			   const unsigned char *plain, size_t len, unsigned char *out)
{
	unsigned char tag[BLOCK];

	if (!is_accepted(ad, ads, len) ||
		!s2v(siv, ad, ads, (TipBytes) {plain, len}, tag) ||
		!crypt_bytes(siv, tag, plain, len, out + BLOCK))
	{
		ERR_clear_error();
		return false;
	}
	memcpy(out, tag, BLOCK);
	return true;
}

bool
TipSivOpenWith(TipSiv *siv, const TipBytes *ad, int ads,
			   const unsigned char *sealed, size_t len, unsigned char *plain)
{
	unsigned char tag[BLOCK];

	if (len < BLOCK || !is_accepted(ad, ads, len - BLOCK))
		return false;
	if (crypt_bytes(siv, sealed, sealed + BLOCK, len - BLOCK, plain) &&
		s2v(siv, ad, ads, (TipBytes) {plain, len - BLOCK}, tag) &&
		CRYPTO_memcmp(tag, sealed, BLOCK) == 0)
		return true;
	OPENSSL_cleanse(plain, len - BLOCK);
	ERR_clear_error();
	return false;
}

static bool
init_mac(TipSiv *siv, const char *cipher, const unsigned char *key, size_t len)
{
	OSSL_PARAM	params[2];

	/* OpenSSL takes no constant pointers, and reads only. */
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER,
												 (char *) cipher, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (cmac == NULL)
		cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	siv->mac = cmac == NULL ? NULL : EVP_MAC_CTX_new(cmac);
	return siv->mac != NULL &&
		EVP_MAC_init(siv->mac, key, len, params) == 1;
}

/* The context keeps the cipher that was fetched. */
static bool
init_ctr(TipSiv *siv, const char *name, const unsigned char *key)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	bool		ok;

	siv->ctr = EVP_CIPHER_CTX_new();
	ok = cipher != NULL && siv->ctr != NULL &&
		EVP_EncryptInit_ex2(siv->ctr, cipher, key, NULL, NULL) == 1;
	EVP_CIPHER_free(cipher);
	return ok;
}

/* The first half of the key is for S2V, the second for CTR. */
bool
TipSivInit(TipSiv *siv, const unsigned char *key, size_t key_len)
{
	static const char *const names[][2] = {
		{"AES-128-CBC", "AES-128-CTR"},
		{"AES-192-CBC", "AES-192-CTR"},
		{"AES-256-CBC", "AES-256-CTR"}
	};
	static const unsigned char zeros[BLOCK] = {0};
	size_t		half = key_len / 2;
	int			n = (int) (half / 8) - 2;

	siv->mac = NULL;
	siv->ctr = NULL;
	if (key_len != 32 && key_len != 48 && key_len != 64)
		return false;
	if (init_mac(siv, names[n][0], key, half) &&
		init_ctr(siv, names[n][1], key + half) &&
		mac_of(siv, (TipBytes) {zeros, BLOCK}, (TipBytes) {NULL, 0},
			   siv->start))
		return true;
	TipSivFree(siv);
	ERR_clear_error();
	return false;
}

void
TipSivFree(TipSiv *siv)
{
	EVP_MAC_CTX_free(siv->mac);
	EVP_CIPHER_CTX_free(siv->ctr);
	siv->mac = NULL;
	siv->ctr = NULL;
	OPENSSL_cleanse(siv->start, sizeof(siv->start));
}

bool
TipSivSeal(const unsigned char *key, size_t key_len, const TipBytes *ad,
		   int ads, const unsigned char *plain, size_t len,
		   unsigned char *out)
{
	TipSiv		siv;
	bool		ok;

	if (!TipSivInit(&siv, key, key_len))
		return false;
	ok = TipSivSealWith(&siv, ad, ads, plain, len, out);
	TipSivFree(&siv);
	return ok;
}

bool
TipSivOpen(const unsigned char *key, size_t key_len, const TipBytes *ad,
		   int ads, const unsigned char *sealed, size_t len,
		   unsigned char *plain)
{
	TipSiv		siv;
	bool		ok;

	if (!TipSivInit(&siv, key, key_len))
		return false;
	ok = TipSivOpenWith(&siv, ad, ads, sealed, len, plain);
	TipSivFree(&siv);
	return ok;
}
