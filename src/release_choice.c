/*
 * release_choice.c
 *		A choice among patterns that nobody repeats without the key.
 *
 * Who knows how cells are chosen could choose for every table that agrees
 * with a release, and keep the tables from which the same cells come.  So
 * prices are off by up to one half, and the search begins, at random: by
 * HMAC of what is asked under a key of its own.  What is asked is public, and
 * no count is part of it: the same question always has the same answer, and
 * the numbers tell nothing of the table.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "miscadmin.h"

#include "compat.h"
#include "identity.h"
#include "identity_crypto.h"
#include "identity_keys.h"
#include "release_choice.h"

#define FORMAT			1
#define SEED			UINT64CONST(0x9e3779b97f4a7c15)
#define PER_DIGEST		(TIP_SHA256_BYTES / 4)

/* What is asked, as one digest. */
typedef struct Question
{
	uint16		key_version;
	unsigned char digest[TIP_SHA256_BYTES];
} Question;

static void
AddNumber(EVP_MAC_CTX *mac, int64 number)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint64) number >> (56 - 8 * i) & 0xff;
	if (EVP_MAC_update(mac, bytes, sizeof(bytes)) != 1)
		TipRefuseCrypto();
}

static void
Finish(EVP_MAC_CTX *mac, unsigned char *digest)
{
	if (!TipMacFinish(mac, digest))
		TipRefuseCrypto();
}

/* The trees, what is planned, and the policy; nothing about people. */
static void
Digest(const TipGrid *grid, const TipProtection *rule, const int64 *cost,
	   Question *question)
{
	EVP_MAC_CTX *mac = TipLeafMac(TIP_CHOICE_LEAF, "", question->key_version);
	int64		policy[] = {rule->threshold, rule->width, rule->reach,
	rule->insiders, cost[0], cost[1], cost[2], cost[3]};

	AddNumber(mac, FORMAT);
	AddNumber(mac, grid->dims);
	for (int d = 0; d < grid->dims; d++)
	{
		AddNumber(mac, grid->size[d]);
		for (int node = 0; node < grid->size[d]; node++)
			AddNumber(mac, grid->parent[d][node]);
	}
	for (int cell = 0; cell < grid->cells; cell++)
		AddNumber(mac, grid->planned[cell]);
	for (int i = 0; i < lengthof(policy); i++)
		AddNumber(mac, policy[i]);
	Finish(mac, question->digest);
}

/* Numbers of a block, from the key and the question alone. */
static void
Draw(const Question *question, int64 block, uint32 *number)
{
	unsigned char digest[TIP_SHA256_BYTES];
	EVP_MAC_CTX *mac = TipLeafMac(TIP_CHOICE_LEAF, "", question->key_version);

	if (EVP_MAC_update(mac, question->digest, sizeof(question->digest)) != 1)
		TipRefuseCrypto();
	AddNumber(mac, block);
	Finish(mac, digest);
	for (int i = 0; i < PER_DIGEST; i++)
		number[i] = (uint32) digest[4 * i] << 24 | digest[4 * i + 1] << 16 |
			digest[4 * i + 2] << 8 | digest[4 * i + 3];
	OPENSSL_cleanse(digest, sizeof(digest));
}

void
TipChoose(const TipGrid *grid, const TipProtection *rule, const int64 *cost,
		  bool keyed, TipChoice *choice)
{
	Question	question;
	uint32		number[PER_DIGEST];

	choice->seed = SEED;
	choice->factor = palloc(sizeof(uint32) * grid->cells);
	for (int cell = 0; cell < grid->cells; cell++)
		choice->factor[cell] = TIP_CHOICE_ONE;
	if (!keyed || !TipKeyIsNamed())
		return;
	question.key_version = TipActiveKey();
	Digest(grid, rule, cost, &question);
	for (int cell = 0; cell < grid->cells; cell++)
	{
		CHECK_FOR_INTERRUPTS();
		if (cell % PER_DIGEST == 0)
			Draw(&question, cell / PER_DIGEST, number);
		choice->factor[cell] += number[cell % PER_DIGEST] %
			(TIP_CHOICE_ONE / 2);
	}
	Draw(&question, -1, number);
	choice->seed = (uint64) number[0] << 32 | number[1];
	if (choice->seed == 0)
		choice->seed = SEED;
	OPENSSL_cleanse(number, sizeof(number));
}
