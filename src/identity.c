/*
 * identity.c
 *		Pseudonyms: a keyed digest that carries its domain and key version.
 *
 * Twenty bytes: format, policy, domain (2), key version (2), and the first
 * 14 bytes of HMAC-SHA-256.  Text: p1.<domain>.<version>.<25 symbols>, where p
 * is d for a document and e for an event, 23 symbols are the digest and two
 * check them together with policy, domain and version.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "identity.h"
#include "identity_base32.h"

#define FORMAT			1
#define MAC_SYMBOLS		23
#define SYMBOLS			(MAC_SYMBOLS + 2)
#define SPARE_BITS		(MAC_SYMBOLS * 5 - TIP_PSEUDONYM_MAC * 8)
#define CHECKED			(MAC_SYMBOLS + 6)

StaticAssertDecl(sizeof(TipPseudonym) == 20, "a pseudonym has twenty bytes");
StaticAssertDecl(SPARE_BITS == 3, "the last symbol has three bits to spare");
StaticAssertDecl(CHECKED <= TIP_CHECKED_MAX, "the check symbols cover it all");

#define GETARG_PSEUDONYM(n) ((TipPseudonym *) PG_GETARG_POINTER(n))

/* The first letter of the text, by policy. */
static const char policy_letters[] = " pde";

static bool
is_valid(const TipPseudonym *p)
{
	return p->format == FORMAT &&
		p->policy >= TIP_POLICY_PERSON && p->policy <= TIP_POLICY_EVENT &&
		TipGet16(p->domain) > 0 && TipGet16(p->domain) <= PG_INT16_MAX &&
		TipGet16(p->version) > 0;
}

/* The digest as symbols, the bits that the last one has to spare are zero. */
static void
mac_to_symbols(const uint8 *mac, uint8 *symbols)
{
	for (int i = 0; i < MAC_SYMBOLS; i++)
	{
		int			byte = i * 5 / 8;
		uint16		pair = mac[byte] << 8;

		if (byte + 1 < TIP_PSEUDONYM_MAC)
			pair |= mac[byte + 1];
		symbols[i] = pair >> (11 - i * 5 % 8) & 31;
	}
}

/* False where a spare bit is set. */
static bool
symbols_to_mac(const uint8 *symbols, uint8 *mac)
{
	uint32		bits = 0;
	int			n = 0;

	for (int i = 0; i < MAC_SYMBOLS; i++)
	{
		bits = bits << 5 | symbols[i];
		n += 5;
		if (n >= 8)
		{
			n -= 8;
			*mac++ = bits >> n;
		}
	}
	return (bits & ((1 << SPARE_BITS) - 1)) == 0;
}

/*
 * Put the two check symbols behind the others.  Policy and the highest bit of
 * the version take the place of the spare bits, so that all fits into one word
 * of the code, and a small domain or version is one symbol of it.
 */
static void
put_check_symbols(const TipPseudonym *p, uint8 *symbols)
{
	int			domain = TipGet16(p->domain);
	int			version = TipGet16(p->version);
	uint8		word[CHECKED] = {
		domain >> 10, domain >> 5 & 31, domain & 31,
		version >> 10 & 31, version >> 5 & 31, version & 31
	};

	memcpy(word + CHECKED - MAC_SYMBOLS, symbols, MAC_SYMBOLS);
	word[CHECKED - 1] |= p->policy << 1 | version >> 15;
	TipCheckSymbols(word, CHECKED, symbols + MAC_SYMBOLS);
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

/* Symbols of either case; I, L and O are refused, this text is copied. */
static bool
parse_symbols(const char *text, TipPseudonym *p)
{
	uint8		symbols[SYMBOLS];
	uint8		checked[SYMBOLS];

	if (strlen(text) != SYMBOLS)
		return false;
	for (int i = 0; i < SYMBOLS; i++)
	{
		int			value = TipBase32Value(text[i], false);

		if (value < 0)
			return false;
		symbols[i] = value;
	}
	if (!symbols_to_mac(symbols, p->mac))
		return false;
	memcpy(checked, symbols, MAC_SYMBOLS);
	put_check_symbols(p, checked);
	return memcmp(checked, symbols, SYMBOLS) == 0;
}

static bool
parse(const char *text, TipPseudonym *p)
{
	const char *letter = text[0] == '\0' || text[0] == ' ' ? NULL :
		strchr(policy_letters, text[0]);
	int			domain;
	int			version;

	if (letter == NULL || strncmp(text + 1, "1.", 2) != 0)
		return false;
	text += 3;
	if ((domain = parse_number(&text, PG_INT16_MAX)) == 0 ||
		(version = parse_number(&text, PG_UINT16_MAX)) == 0)
		return false;
	p->format = FORMAT;
	p->policy = letter - policy_letters;
	TipPut16(p->domain, domain);
	TipPut16(p->version, version);
	return parse_symbols(text, p);
}

/* A type modifier is the number of a domain, or none. */
static bool
fits(const TipPseudonym *p, int32 typmod)
{
	return typmod <= 0 || TipGet16(p->domain) == typmod;
}

static void
refuse_domain(const TipPseudonym *p, int32 typmod, Node *escontext)
{
	TIP_RETURN_ERROR(escontext,,
					 (errcode(ERRCODE_DATA_EXCEPTION),
					  errmsg("pseudonym belongs to domain %s, not to domain %s",
							 TipDomainLabel(TipGet16(p->domain)),
							 TipDomainLabel(typmod)),
					  errhint("Use tip.translate_pseudonym() to carry a pseudonym over.")));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_in);
Datum
tip_pseudonym_in(PG_FUNCTION_ARGS)
{
	int32		typmod = PG_GETARG_INT32(2);
	TipPseudonym *p = palloc(sizeof(TipPseudonym));

	/* The text is not repeated: a shifted column may put a name here. */
	if (!parse(PG_GETARG_CSTRING(0), p))
		TIP_RETURN_ERROR(TIP_ESCONTEXT(fcinfo), (Datum) 0,
						 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						  errmsg("invalid pseudonym"),
						  errhint("A pseudonym reads p1.<domain>.<key version>.<25 symbols>, the last two of which check the rest.")));
	if (!fits(p, typmod))
	{
		refuse_domain(p, typmod, TIP_ESCONTEXT(fcinfo));
		return (Datum) 0;
	}
	PG_RETURN_POINTER(p);
}

PG_FUNCTION_INFO_V1(tip_pseudonym_out);
Datum
tip_pseudonym_out(PG_FUNCTION_ARGS)
{
	TipPseudonym *p = GETARG_PSEUDONYM(0);
	uint8		values[SYMBOLS];
	char		symbols[SYMBOLS + 1];

	mac_to_symbols(p->mac, values);
	put_check_symbols(p, values);
	for (int i = 0; i < SYMBOLS; i++)
		symbols[i] = TipBase32Symbols[values[i]];
	symbols[SYMBOLS] = '\0';
	PG_RETURN_CSTRING(psprintf("%c%u.%u.%u.%s", policy_letters[p->policy & 3],
							   p->format, TipGet16(p->domain),
							   TipGet16(p->version), symbols));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_recv);
Datum
tip_pseudonym_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int32		typmod = PG_GETARG_INT32(2);
	TipPseudonym *p = palloc(sizeof(TipPseudonym));

	pq_copymsgbytes(buf, (char *) p, sizeof(TipPseudonym));
	if (!is_valid(p))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary pseudonym"),
				 errhint("Send pseudonyms as text if in doubt.")));
	if (!fits(p, typmod))
		refuse_domain(p, typmod, NULL);
	PG_RETURN_POINTER(p);
}

PG_FUNCTION_INFO_V1(tip_pseudonym_enforce);

/* (pseudonym, type modifier, explicit): the cast to a declared domain */
Datum
tip_pseudonym_enforce(PG_FUNCTION_ARGS)
{
	TipPseudonym *p = GETARG_PSEUDONYM(0);

	if (!fits(p, PG_GETARG_INT32(1)))
		refuse_domain(p, PG_GETARG_INT32(1), NULL);
	PG_RETURN_POINTER(p);
}

PG_FUNCTION_INFO_V1(tip_pseudonym_typmod_in);

/*
 * A name of tip.domain, or a number, which need not be there: a dump creates
 * tables before it fills tip.domain.
 */
Datum
tip_pseudonym_typmod_in(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *words;
	int			n;
	char	   *word;
	int			number = 0;

	deconstruct_array(array, CSTRINGOID, -2, false, TYPALIGN_CHAR,
					  &words, NULL, &n);
	if (n != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a pseudonym is declared for one domain")));
	word = DatumGetCString(words[0]);
	if (*word < '0' || *word > '9')
		PG_RETURN_INT32(TipDomainByName(word)->number);
	while (*word >= '0' && *word <= '9' && number <= PG_INT16_MAX)
		number = number * 10 + *word++ - '0';
	if (*word != '\0' || number < 1 || number > PG_INT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of a domain must be between 1 and %d",
						PG_INT16_MAX)));
	PG_RETURN_INT32(number);
}

PG_FUNCTION_INFO_V1(tip_pseudonym_typmod_out);

/* The name of a shipped domain, which is known wherever a dump is restored. */
Datum
tip_pseudonym_typmod_out(PG_FUNCTION_ARGS)
{
	int32		typmod = PG_GETARG_INT32(0);
	const TipDomain *domain = typmod > 0 && typmod <= PG_INT16_MAX ?
		TipDomainByNumber(typmod) : NULL;

	if (domain != NULL && !domain->is_local)
		PG_RETURN_CSTRING(psprintf("('%s')", domain->name));
	PG_RETURN_CSTRING(psprintf("(%d)", typmod));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_send);
Datum
tip_pseudonym_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, PG_GETARG_POINTER(0), sizeof(TipPseudonym));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* A pseudonym is no secret, so that memcmp may order it. */
#define COMPARISON(name, op) \
PG_FUNCTION_INFO_V1(tip_pseudonym_##name); \
Datum \
tip_pseudonym_##name(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_BOOL(memcmp(GETARG_PSEUDONYM(0), GETARG_PSEUDONYM(1), \
						  sizeof(TipPseudonym)) op 0); \
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
						   sizeof(TipPseudonym)));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_hash);
Datum
tip_pseudonym_hash(PG_FUNCTION_ARGS)
{
	return hash_any((unsigned char *) GETARG_PSEUDONYM(0),
					sizeof(TipPseudonym));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_hash_extended);
Datum
tip_pseudonym_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_any_extended((unsigned char *) GETARG_PSEUDONYM(0),
							 sizeof(TipPseudonym), PG_GETARG_INT64(1));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_domain);

/* tip.pseudonym_domain(pseudonym) → number of the domain in tip.domain */
Datum
tip_pseudonym_domain(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT16((int16) TipGet16(GETARG_PSEUDONYM(0)->domain));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_version);

/* tip.pseudonym_version(pseudonym) → version of the key it was made with */
Datum
tip_pseudonym_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(TipGet16(GETARG_PSEUDONYM(0)->version));
}
