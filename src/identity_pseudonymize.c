/*
 * identity_pseudonymize.c
 *		Pseudonyms are made: HMAC-SHA-256 over a canonical identifier.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "utils/builtins.h"

#include "compat.h"
#include "identity.h"
#include "identity_crypto.h"

#define FORMAT			1
#define POLICY_PERSON	1
#define CANON_VERSION	1

/* Each field behind its length, so that "AB","C" never equals "A","BC". */
static bool
add_field(EVP_MAC_CTX *mac, const text *field)
{
	uint32		len = VARSIZE_ANY_EXHDR(field);
	unsigned char prefix[4] = {len >> 24, len >> 16, len >> 8, len};

	return EVP_MAC_update(mac, prefix, sizeof(prefix)) == 1 &&
		EVP_MAC_update(mac, (unsigned char *) VARDATA_ANY(field), len) == 1;
}

PG_FUNCTION_INFO_V1(tip_pseudonym_make);

/*
 * (kind, canonical value, domain name, domain number) → pseudonym under the
 * newest key
 */
Datum
tip_pseudonym_make(PG_FUNCTION_ARGS)
{
	static const unsigned char header[] = {FORMAT, CANON_VERSION};
	char	   *domain = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int16		number = PG_GETARG_INT16(3);
	TipPseudonym *p = palloc(sizeof(TipPseudonym));
	unsigned char digest[TIP_SHA256_BYTES];
	uint16		version;
	EVP_MAC_CTX *mac;

	if (strlen(domain) > TIP_DOMAIN_NAME_MAX || number < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("domain is out of range"),
				 errhint("See tip.domain.")));
	version = TipActiveKey();
	mac = TipLeafMac(TIP_PSEUDONYM_LEAF, domain, version);
	if (EVP_MAC_update(mac, header, sizeof(header)) != 1 ||
		!add_field(mac, PG_GETARG_TEXT_PP(0)) ||
		!add_field(mac, PG_GETARG_TEXT_PP(1)) ||
		!TipMacFinish(mac, digest))
		TipRefuseCrypto();
	p->format = FORMAT;
	p->policy = POLICY_PERSON;
	TipPut16(p->domain, number);
	TipPut16(p->version, version);
	memcpy(p->mac, digest, TIP_PSEUDONYM_MAC);
	OPENSSL_cleanse(digest, sizeof(digest));
	PG_RETURN_POINTER(p);
}
