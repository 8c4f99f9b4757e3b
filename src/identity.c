/*
 * identity.c
 *		Pseudonyms: a keyed digest that carries its domain and key version.
 *
 * Twenty bytes: format, policy, domain (2), key version (2), and the first
 * 14 bytes of HMAC-SHA-256.  Text: p1.<domain>.<version>.<28 hex digits>.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "compat.h"
#include "identity.h"

#define FORMAT			1
#define POLICY_PERSON	1

StaticAssertDecl(sizeof(TipPseudonym) == 20, "a pseudonym has twenty bytes");

#define GETARG_PSEUDONYM(n) ((TipPseudonym *) PG_GETARG_POINTER(n))

static bool
is_valid(const TipPseudonym *p)
{
	return p->format == FORMAT && p->policy == POLICY_PERSON &&
		TipGet16(p->domain) > 0 && TipGet16(p->domain) <= PG_INT16_MAX &&
		TipGet16(p->version) > 0;
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
parse(const char *text, TipPseudonym *p)
{
	int			domain;
	int			version;

	if (strncmp(text, "p1.", 3) != 0)
		return false;
	text += 3;
	if ((domain = parse_number(&text, PG_INT16_MAX)) == 0 ||
		(version = parse_number(&text, PG_UINT16_MAX)) == 0 ||
		strlen(text) != 2 * TIP_PSEUDONYM_MAC)
		return false;
	for (int i = 0; i < TIP_PSEUDONYM_MAC; i++)
	{
		int			high = hex_digit(text[2 * i]);
		int			low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p->mac[i] = high << 4 | low;
	}
	p->format = FORMAT;
	p->policy = POLICY_PERSON;
	TipPut16(p->domain, domain);
	TipPut16(p->version, version);
	return true;
}

PG_FUNCTION_INFO_V1(tip_pseudonym_in);
Datum
tip_pseudonym_in(PG_FUNCTION_ARGS)
{
	TipPseudonym  *p = palloc(sizeof(TipPseudonym));

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
	TipPseudonym  *p = GETARG_PSEUDONYM(0);
	char		hex[2 * TIP_PSEUDONYM_MAC + 1];

	hex_encode((char *) p->mac, TIP_PSEUDONYM_MAC, hex);
	hex[2 * TIP_PSEUDONYM_MAC] = '\0';
	PG_RETURN_CSTRING(psprintf("p%u.%u.%u.%s", p->format, TipGet16(p->domain),
							   TipGet16(p->version), hex));
}

PG_FUNCTION_INFO_V1(tip_pseudonym_recv);
Datum
tip_pseudonym_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	TipPseudonym  *p = palloc(sizeof(TipPseudonym));

	pq_copymsgbytes(buf, (char *) p, sizeof(TipPseudonym));
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
