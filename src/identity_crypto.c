/*
 * identity_crypto.c
 *		HKDF and HMAC over OpenSSL 3, fetched once in each process.
 */
#include "identity_crypto.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

static EVP_MAC *hmac = NULL;
static EVP_KDF *hkdf = NULL;

/* OpenSSL takes no constant pointers, and reads only. */
static OSSL_PARAM
octets(const char *name, TipBytes bytes)
{
	return OSSL_PARAM_construct_octet_string(name, (void *) bytes.data,
											 bytes.len);
}

static OSSL_PARAM
sha256(const char *name)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *) "SHA256", 0);
}

static bool
fetch_hkdf(void)
{
	if (hkdf == NULL)
		hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	return hkdf != NULL;
}

bool
TipHkdf(TipBytes key, TipBytes salt, TipBytes info, unsigned char *out,
		size_t len)
{
	EVP_KDF_CTX *kdf;
	OSSL_PARAM	params[5];
	int			n = 0;
	bool		ok;

	if (!fetch_hkdf())
		return false;
	params[n++] = sha256(OSSL_KDF_PARAM_DIGEST);
	params[n++] = octets(OSSL_KDF_PARAM_KEY, key);
	if (salt.len > 0)
		params[n++] = octets(OSSL_KDF_PARAM_SALT, salt);
	params[n++] = octets(OSSL_KDF_PARAM_INFO, info);
	params[n] = OSSL_PARAM_construct_end();
	kdf = EVP_KDF_CTX_new(hkdf);
	ok = kdf != NULL && EVP_KDF_derive(kdf, out, len, params) == 1;
	EVP_KDF_CTX_free(kdf);
	ERR_clear_error();
	return ok;
}

EVP_MAC_CTX *
TipMacNew(TipBytes key)
{
	OSSL_PARAM	params[2];
	EVP_MAC_CTX *mac;

	if (hmac == NULL)
		hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (hmac == NULL)
		return NULL;
	params[0] = sha256(OSSL_MAC_PARAM_DIGEST);
	params[1] = OSSL_PARAM_construct_end();
	mac = EVP_MAC_CTX_new(hmac);
	if (mac != NULL && EVP_MAC_init(mac, key.data, key.len, params) == 1)
		return mac;
	EVP_MAC_CTX_free(mac);
	ERR_clear_error();
	return NULL;
}

bool
TipMacRestart(EVP_MAC_CTX *mac)
{
	return EVP_MAC_init(mac, NULL, 0, NULL) == 1;
}

bool
TipMacFinish(EVP_MAC_CTX *mac, unsigned char *out)
{
	size_t		len = 0;

	return EVP_MAC_final(mac, out, &len, TIP_SHA256_BYTES) == 1 &&
		len == TIP_SHA256_BYTES;
}
