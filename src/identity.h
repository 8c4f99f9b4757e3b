/*
 * identity.h
 *		The key ring outside the database, and pseudonyms made with it.
 */
#ifndef TIP_IDENTITY_H
#define TIP_IDENTITY_H

#include <openssl/evp.h>

#define TIP_DOMAIN_NAME_MAX 63

/* Define the setting that names the key file. */
extern void TipIdentityInit(void);

/* Version that new pseudonyms are made with; raises without a key ring. */
extern uint16 TipKeyVersion(void);

/*
 * Keyed HMAC-SHA-256 context of a domain, ready for EVP_MAC_update.  It
 * belongs to the session: do not free it.
 */
extern EVP_MAC_CTX *TipDomainMac(const char *domain, uint16 version);

#endif							/* TIP_IDENTITY_H */
