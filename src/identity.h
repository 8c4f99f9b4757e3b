/*
 * identity.h
 *		The key ring outside the database, and what is made with its keys.
 */
#ifndef TIP_IDENTITY_H
#define TIP_IDENTITY_H

#include "postgres.h"

#include <openssl/evp.h>

#define TIP_DOMAIN_NAME_MAX 63
#define TIP_PSEUDONYM_MAC	14

/* What a leaf key is for: its name is part of the derivation. */
typedef enum TipPurpose
{
	TIP_PSEUDONYM_LEAF,
	TIP_SEAL_LEAF,
	TIP_LEDGER_LEAF,
	TIP_VICTIM_CODE_LEAF,
	TIP_DATE_SHIFT_LEAF,
	TIP_FINGERPRINT_LEAF,
	TIP_ROUND_LEAF,
	TIP_RELEASE_LEAF,
	TIP_CHOICE_LEAF
} TipPurpose;

/* The twenty bytes that a column of type tip.pseudonym holds. */
typedef struct TipPseudonym
{
	uint8		format;
	uint8		policy;
	uint8		domain[2];		/* big endian, like version */
	uint8		version[2];
	uint8		mac[TIP_PSEUDONYM_MAC];
} TipPseudonym;

/* What one pseudonym of a domain stands for: byte 1 of a pseudonym. */
#define TIP_POLICY_PERSON	1
#define TIP_POLICY_DOCUMENT	2
#define TIP_POLICY_EVENT	3

/* One row of tip.domain. */
typedef struct TipDomain
{
	int16		number;
	char		name[TIP_DOMAIN_NAME_MAX + 1];
	uint8		policy;
	bool		is_local;
} TipDomain;

/* Define the settings that name the key ring. */
extern void TipIdentityInit(void);

/* Version that new values are made with; raises without a key ring. */
extern uint16 TipActiveKey(void);

/* Versions that may be read, newest first; how many there are. */
extern int	TipReadableKeys(uint16 *versions, int most);

/*
 * HMAC-SHA-256 context under the leaf key of (purpose, domain, version), ready
 * for EVP_MAC_update.  It belongs to the session: do not free it, and take no
 * second one before the first is finished.
 */
extern EVP_MAC_CTX *TipLeafMac(TipPurpose purpose, const char *domain,
							   uint16 version);

/* Leaf key of len bytes; the caller wipes it, also before raising. */
extern void TipLeafKey(TipPurpose purpose, const char *domain, uint16 version,
					   unsigned char *leaf, size_t len);

/* Have a function called when the keys of this session are forgotten. */
extern void TipOnForget(void (*forget) (void));

/* Raise "a cryptographic function failed", without OpenSSL's own text. */
pg_noreturn extern void TipRefuseCrypto(void);

/* Rows of tip.domain, kept for the session until the table changes. */
extern const TipDomain *TipDomainByName(const char *name);	/* raises 22023 */
extern const TipDomain *TipDomainByNumber(int16 number);	/* or NULL */
extern const TipDomain *TipDomainFind(const char *name);	/* or NULL */

/* What to call a domain in a message: its name, else its number. */
extern char *TipDomainLabel(int number);

static inline void
TipPut16(uint8 *bytes, uint16 value)
{
	bytes[0] = value >> 8;
	bytes[1] = value & 0xff;
}

static inline uint16
TipGet16(const uint8 *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

#endif							/* TIP_IDENTITY_H */
