/*
 * bare.c
 *		The primitives alone, in a loop: what keyed functions are measured
 *		against.  Built by run_bench.sh, not a part of the extension.
 *
 * Each function does n operations and returns how many milliseconds they took.
 */
#include "postgres.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "fmgr.h"
#include "portability/instr_time.h"

PG_MODULE_MAGIC;

#define WORDS 1024

/* Strings of 13 bytes, as in the table of the benchmark. */
static void
make_words(char words[WORDS][16])
{
	for (int i = 0; i < WORDS; i++)
		snprintf(words[i], 16, "Ana %09x", i * 2654435761u);
}

static double
since(instr_time start)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return INSTR_TIME_GET_MILLISEC(now);
}

static void
require(bool ok)
{
	if (!ok)
		elog(ERROR, "OpenSSL failed");
}

PG_FUNCTION_INFO_V1(bare_mac);

/* HMAC-SHA-256 of short strings, context keyed once */
Datum
bare_mac(PG_FUNCTION_ARGS)
{
	int			n = PG_GETARG_INT32(0);
	unsigned char key[32] = {1};
	unsigned char out[32];
	size_t		len;
	char		words[WORDS][16];
	OSSL_PARAM	params[2] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
		OSSL_PARAM_construct_end()
	};
	EVP_MAC    *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
	instr_time	start;
	double		ms;

	make_words(words);
	require(EVP_MAC_init(mac, key, sizeof(key), params) == 1);
	INSTR_TIME_SET_CURRENT(start);
	for (int i = 0; i < n; i++)
		require(EVP_MAC_init(mac, NULL, 0, NULL) == 1 &&
				EVP_MAC_update(mac, (unsigned char *) words[i % WORDS], 13) == 1 &&
				EVP_MAC_final(mac, out, &len, sizeof(out)) == 1);
	ms = since(start);
	EVP_MAC_CTX_free(mac);
	EVP_MAC_free(hmac);
	PG_RETURN_FLOAT8(ms);
}

PG_FUNCTION_INFO_V1(bare_siv);

/*
 * AES-256-SIV of 32 bytes with three associated data, context reused and
 * keyed again: what the cipher needs to begin a new message.
 */
Datum
bare_siv(PG_FUNCTION_ARGS)
{
	int			n = PG_GETARG_INT32(0);
	unsigned char key[64] = {1};
	unsigned char plain[32] = {2};
	unsigned char sealed[32];
	int			len;
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
	EVP_CIPHER_CTX *siv = EVP_CIPHER_CTX_new();
	instr_time	start;
	double		ms;

	INSTR_TIME_SET_CURRENT(start);
	for (int i = 0; i < n; i++)
	{
		memcpy(plain, &i, sizeof(i));
		require(EVP_EncryptInit_ex2(siv, cipher, key, NULL, NULL) == 1);
		for (int part = 0; part < 3; part++)
			require(EVP_EncryptUpdate(siv, NULL, &len, (unsigned char *)
									  "tip_data.identity", 17) == 1);
		require(EVP_EncryptUpdate(siv, sealed, &len, plain, 32) == 1 &&
				EVP_EncryptFinal_ex(siv, sealed, &len) == 1);
	}
	ms = since(start);
	EVP_CIPHER_CTX_free(siv);
	EVP_CIPHER_free(cipher);
	PG_RETURN_FLOAT8(ms);
}
