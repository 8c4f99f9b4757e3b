/*
 * identity.c
 *		Pseudonyms: a keyed digest that carries its domain and key version.
 *
 * Twenty bytes: format, policy, domain (2), key version (2), and the first
 * 14 bytes of HMAC-SHA-256.  Text: p1.<domain>.<version>.<28 hex digits>.
 */
#include "postgres.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "compat.h"
#include "identity.h"

#define FORMAT			1
#define POLICY_PERSON	1
#define CANON_VERSION	1
#define MAC_BYTES		14
#define DIGEST_BYTES	32

typedef struct Pseudonym
{
	uint8		format;
	uint8		policy;
	uint8		domain[2];
	uint8		version[2];
	uint8		mac[MAC_BYTES];
} Pseudonym;

StaticAssertDecl(sizeof(Pseudonym) == 20, "a pseudonym has twenty bytes");

#define GETARG_PSEUDONYM(n) ((Pseudonym *) PG_GETARG_POINTER(n))

static void
put16(uint8 *bytes, uint16 value)
{
	bytes[0] = value >> 8;
	bytes[1] = value & 0xff;
}

static uint16
get16(const uint8 *bytes)
{
	return bytes[0] << 8 | bytes[1];
}

static bool
is_valid(const Pseudonym *p)
{
	return p->format == FORMAT && p->policy == POLICY_PERSON &&
		get16(p->domain) > 0 && get16(p->domain) <= PG_INT16_MAX &&
		get16(p->version) > 0;
}

/* A number without leading zero and the dot behind it; 0: something else. */
static int
parse_number(const char **text, int most)
{
	int			value = 0;

	if (**text == '0')
		return 0;
	while (**text >= '0' && **text <= '9' && value <= most)
		value = value * 10 + *(*text)++ - '0';
	return value <= most && *(*text)++ == '.' ? value : 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
parse(const char *text, Pseudonym *p)
{
	int			domain;
	int			version;

	if (strncmp(text, "p1.", 3) != 0)
		return false;
	text += 3;
	if ((domain = parse_number(&text, PG_INT16_MAX)) == 0 ||
		(version = parse_number(&text, PG_UINT16_MAX)) == 0 ||
		strlen(text) != 2 * MAC_BYTES)
		return false;
	for (int i = 0; i < MAC_BYTES; i++)
	{
		int			high = hex_digit(text[2 * i]);
		int			low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p->mac[i] = high << 4 | low;
	}
	p->format = FORMAT;
	p->policy = POLICY_PERSON;
	put16(p->domain, domain);
	put16(p->version, version);
	return true;
}

PG_FUNCTION_INFO_V1(tip_pseudonym_in);
Datum
tip_pseudonym_in(PG_FUNCTION_ARGS)
{
	Pseudonym  *p = palloc(sizeof(Pseudonym));

	/* The text is not repeated: a shifted column may put a name here. */
	if (!parse(PG_GETARG_CSTRING(0), p))
		TIP_RETURN_ERROR(TIP_ESCONTEXT(fcinfo), (Datum) 0,
						 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						  errmsg("invalid pseudonym"),
						  errhint("A pseudonym reads p1.<domain>.<key version>.<28 hexadecimal digits>.")));
	PG_RETURN_POINTER(p);
}

PG_FUNCTION_INFO_V1(tip_pseudonym_out);
Datum
tip_pseudonym_out(PG_FUNCTION_ARGS)
{
	Pseudonym  *p = GETARG_PSEUDONYM(0);
	char		hex[2 * MAC_BYTES + 1];

	hex_encode((char *) p->mac, MAC_BYTES, hex);
	hex[2 * MAC_BYTES] = '\0';
	PG_RETURN_CSTRING(psprintf("p%u.%u.%u.%s", p->format, get16(p->domain),
							   get16(p->version), hex));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_recv);
Datum
tip_pseudonym_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	Pseudonym  *p = palloc(sizeof(Pseudonym));

	pq_copymsgbytes(buf, (char *) p, sizeof(Pseudonym));
	if (!is_valid(p))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary pseudonym"),
				 errhint("Send pseudonyms as text if in doubt.")));
	PG_RETURN_POINTER(p);
}

PG_FUNCTION_INFO_V1(tip_pseudonym_send);
Datum
tip_pseudonym_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, PG_GETARG_POINTER(0), sizeof(Pseudonym));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* A pseudonym is no secret, so that memcmp may order it. */
#define COMPARISON(name, op) \
PG_FUNCTION_INFO_V1(tip_pseudonym_##name); \
Datum \
tip_pseudonym_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(memcmp(GETARG_PSEUDONYM(0), GETARG_PSEUDONYM(1), \
						  sizeof(Pseudonym)) op 0); \
}

COMPARISON(eq, ==)
COMPARISON(ne, !=)
COMPARISON(lt, <)
COMPARISON(le, <=)
COMPARISON(gt, >)
COMPARISON(ge, >=)

PG_FUNCTION_INFO_V1(tip_pseudonym_cmp);
Datum
tip_pseudonym_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(memcmp(GETARG_PSEUDONYM(0), GETARG_PSEUDONYM(1),
						   sizeof(Pseudonym)));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_hash);
Datum
tip_pseudonym_hash(PG_FUNCTION_ARGS)
{
	return hash_any((unsigned char *) GETARG_PSEUDONYM(0), sizeof(Pseudonym));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_hash_extended);
Datum
tip_pseudonym_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_any_extended((unsigned char *) GETARG_PSEUDONYM(0),
							 sizeof(Pseudonym), PG_GETARG_INT64(1));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_domain);

/* tip.pseudonym_domain(pseudonym) → number of the domain in tip.domain */
Datum
tip_pseudonym_domain(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT16((int16) get16(GETARG_PSEUDONYM(0)->domain));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_version);

/* tip.pseudonym_version(pseudonym) → version of the key it was made with */
Datum
tip_pseudonym_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(get16(GETARG_PSEUDONYM(0)->version));
}

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
	Pseudonym  *p = palloc(sizeof(Pseudonym));
	unsigned char digest[DIGEST_BYTES];
	size_t		len = 0;
	uint16		version;
	EVP_MAC_CTX *mac;

	if (strlen(domain) > TIP_DOMAIN_NAME_MAX || number < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("domain is out of range"),
				 errhint("See tip.domain.")));
	version = TipKeyVersion();
	mac = TipDomainMac(domain, version);
	if (EVP_MAC_update(mac, header, sizeof(header)) != 1 ||
		!add_field(mac, PG_GETARG_TEXT_PP(0)) ||
		!add_field(mac, PG_GETARG_TEXT_PP(1)) ||
		EVP_MAC_final(mac, digest, &len, sizeof(digest)) != 1)
	{
		ERR_clear_error();
		ereport(ERROR,
				(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
				 errmsg("a cryptographic function failed")));
	}
	p->format = FORMAT;
	p->policy = POLICY_PERSON;
	put16(p->domain, number);
	put16(p->version, version);
	memcpy(p->mac, digest, MAC_BYTES);
	OPENSSL_cleanse(digest, sizeof(digest));
	PG_RETURN_POINTER(p);
}
