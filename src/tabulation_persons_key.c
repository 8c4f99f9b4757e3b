/*
 * tabulation_persons_key.c
 *		The secret under which the persons of one transaction are hashed.
 *
 * Parallel workers must hash as their leader does, and have nothing of it but
 * what every session has.  So the secret is derived (HKDF-SHA-256) from one
 * that all processes of the server share and no SQL shows, and from what only
 * the processes of one transaction have in common: its leader, its number and
 * its start.  The shared one is drawn when the postmaster loads the library;
 * without shared_preload_libraries it is the random nonce of pg_control.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/proc.h"

#include "compat.h"
#include "identity_crypto.h"
#include "tabulation_persons.h"

#define NONCE_BYTES 32			/* MOCK_AUTH_NONCE_LEN */

static uint8 drawn[NONCE_BYTES];
static bool is_drawn = false;

void
TipPersonsInit(void)
{
#ifndef EXEC_BACKEND
	if (process_shared_preload_libraries_in_progress && !is_drawn)
		is_drawn = pg_strong_random(drawn, sizeof(drawn));
#endif
}

typedef struct KeyOf
{
	int64		started;
	int64		leader;
	int64		transaction;
} KeyOf;

static void
derive(TipPersonsKey *key, const KeyOf *of)
{
	static const char label[] = "tip.person_tabulation 1";
	unsigned char info[sizeof(label) + sizeof(KeyOf)];
	TipBytes	secret = {is_drawn ? drawn :
	(unsigned char *) GetMockAuthenticationNonce(), NONCE_BYTES};
	TipBytes	salt = {NULL, 0};
	TipBytes	about = {info, sizeof(info)};
	unsigned char out[sizeof(TipPersonsKey)];

	memcpy(info, label, sizeof(label));
	memcpy(info + sizeof(label), of, sizeof(KeyOf));
	if (!TipHkdf(secret, salt, about, out, sizeof(out)))
		TipRefuseCrypto();
	memcpy(key, out, sizeof(out));
	explicit_bzero(out, sizeof(out));
}

const TipPersonsKey *
TipGetPersonsKey(void)
{
	static TipPersonsKey key;
	static KeyOf known;
	PGPROC	   *leader = MyProc->lockGroupLeader ? MyProc->lockGroupLeader :
		MyProc;
	KeyOf		of = {GetCurrentTransactionStartTimestamp(), leader->pid,
	TIP_PROC_LXID(leader)};

	if (memcmp(&of, &known, sizeof(of)) != 0)
	{
		memset(&known, 0, sizeof(known));
		derive(&key, &of);
		known = of;
	}
	return &key;
}

/* ---- SipHash-2-4 (Aumasson and Bernstein, 2012) ---- */

#define ROTATE(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

static inline void
sip_round(uint64 v[4])
{
	v[0] += v[1];
	v[1] = ROTATE(v[1], 13) ^ v[0];
	v[0] = ROTATE(v[0], 32);
	v[2] += v[3];
	v[3] = ROTATE(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTATE(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTATE(v[1], 17) ^ v[2];
	v[2] = ROTATE(v[2], 32);
}

static inline void
sip_word(uint64 v[4], uint64 word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64
TipSipHash(const uint64 key[2], const uint64 word[3])
{
	uint64		v[4] = {
		key[0] ^ UINT64CONST(0x736f6d6570736575),
		key[1] ^ UINT64CONST(0x646f72616e646f6d),
		key[0] ^ UINT64CONST(0x6c7967656e657261),
		key[1] ^ UINT64CONST(0x7465646279746573)
	};

	for (int i = 0; i < 3; i++)
		sip_word(v, word[i]);
	sip_word(v, UINT64CONST(24) << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
