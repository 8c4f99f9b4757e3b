/*
 * identity_code.c
 *		Victim codes: what is written on a file instead of a name.
 *
 * BB-7K3Q9-M2DXW-PX is a country, ten symbols and two check symbols that are
 * computed over the country's letters as well.  The first of the ten is the
 * version of the key, the other nine are FF1 of a serial number under it: codes
 * of two keys differ in that symbol, so that none is made twice, and no table
 * of codes is needed to know it.  A value is 60 bits: two letters of five
 * bits, ten symbols of five bits.  Core's int8 functions compare it.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/sequence.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include <openssl/crypto.h>

#include "codes.h"
#include "compat.h"
#include "identity.h"
#include "identity_base32.h"
#include "identity_ff1.h"
#include "identity_keys_uses.h"

#define LETTERS			2
#define SYMBOLS			10
#define CHECKS			2
#define ALL				(LETTERS + SYMBOLS + CHECKS)
#define BITS			5
#define SERIAL_SYMBOLS	(SYMBOLS - 1)
#define SERIAL_BITS		(BITS * SERIAL_SYMBOLS)
#define MAX_VERSION		31
#define NO_SYMBOL		-1
#define KEY_BYTES		32

/* Key of the country that codes were last made for in this session */
static EVP_CIPHER_CTX *aes = NULL;
static char aes_domain[LETTERS + 1];
static uint16 aes_version;

static bool
is_known_country(const uint8 *letters)
{
	char		text[LETTERS] = {'A' + letters[0], 'A' + letters[1]};
	TipCode		code;

	return letters[0] < 26 && letters[1] < 26 &&
		TipCodeFind(TIP_LIST_COUNTRY, text, LETTERS, &code);
}

static uint64
pack(const uint8 *values)
{
	uint64		code = 0;

	for (int i = 0; i < LETTERS + SYMBOLS; i++)
		code = code << BITS | values[i];
	return code;
}

static void
unpack(uint64 code, uint8 *values)
{
	for (int i = LETTERS + SYMBOLS - 1; i >= 0; i--, code >>= BITS)
		values[i] = code & ((1 << BITS) - 1);
	TipCheckSymbols(values, LETTERS + SYMBOLS, values + LETTERS + SYMBOLS);
}

static int
letter_value(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= 'A' && c <= 'Z' ? c - 'A' : NO_SYMBOL;
}

/*
 * The values of a text, NO_SYMBOL where a character is none; false where
 * their number is wrong.
 */
static bool
read_values(const char *text, int len, int *values)
{
	int			n = 0;

	for (int i = 0; i < len; i++)
	{
		if (text[i] == ' ' || text[i] == '-')
			continue;
		if (n == ALL)
			return false;
		values[n] = n < LETTERS ? letter_value(text[i]) :
			TipBase32Value(text[i], true);
		n++;
	}
	return n == ALL;
}

static bool
is_code(const uint8 *values)
{
	uint8_t		check[CHECKS];

	TipCheckSymbols(values, LETTERS + SYMBOLS, check);
	return memcmp(check, values + LETTERS + SYMBOLS, CHECKS) == 0 &&
		is_known_country(values);
}

static bool
parse(const char *text, int len, uint64 *code)
{
	int			read[ALL];
	uint8		values[ALL];

	if (!read_values(text, len, read))
		return false;
	for (int i = 0; i < ALL; i++)
	{
		if (read[i] == NO_SYMBOL)
			return false;
		values[i] = read[i];
	}
	*code = pack(values);
	return is_code(values);
}

/*
 * The code that differs from a text in one symbol.  There is at most one: any
 * two codes differ in three.  With a character that is no symbol, that is the
 * wrong one.
 */
static bool
suggest(const char *text, int len, uint64 *code)
{
	int			read[ALL];
	uint8		values[ALL];
	int			wrong = -1;

	if (parse(text, len, code))
		return true;
	if (!read_values(text, len, read))
		return false;
	for (int i = 0; i < ALL; i++)
	{
		if (read[i] == NO_SYMBOL && wrong >= 0)
			return false;
		if (read[i] == NO_SYMBOL)
			wrong = i;
		values[i] = Max(read[i], 0);
	}
	for (int i = wrong < 0 ? 0 : wrong; i < (wrong < 0 ? ALL : wrong + 1); i++)
	{
		uint8		was = values[i];

		for (int value = 0; value < 1 << BITS; value++)
		{
			values[i] = value;
			if (is_code(values))
			{
				*code = pack(values);
				return true;
			}
		}
		values[i] = was;
	}
	return false;
}

static void
write_code(uint64 code, char *text)
{
	uint8		values[ALL];
	char	   *out = text;

	unpack(code, values);
	for (int i = 0; i < ALL; i++)
	{
		if (i == LETTERS || i == LETTERS + SYMBOLS / 2 ||
			i == LETTERS + SYMBOLS)
			*out++ = '-';
		*out++ = i < LETTERS ? 'A' + values[i] : TipBase32Symbols[values[i]];
	}
	*out = '\0';
}

#define TEXT_BYTES (ALL + 3 + 1)

/* The text is not repeated: a shifted column may put a name here. */
static Datum
code_from(const char *text, int len, Node *escontext)
{
	uint64		code;

	if (!parse(text, len, &code))
		TIP_RETURN_ERROR(escontext, (Datum) 0,
						 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						  errmsg("invalid victim code"),
						  errhint("Read it again; tip.suggest_victim_code() names the code that differs in one symbol.")));
	return Int64GetDatum((int64) code);
}

PG_FUNCTION_INFO_V1(tip_victim_code_in);
Datum
tip_victim_code_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);

	return code_from(text, strlen(text), TIP_ESCONTEXT(fcinfo));
}

PG_FUNCTION_INFO_V1(tip_victim_code_out);
Datum
tip_victim_code_out(PG_FUNCTION_ARGS)
{
	char	   *text = palloc(TEXT_BYTES);

	write_code((uint64) PG_GETARG_INT64(0), text);
	PG_RETURN_CSTRING(text);
}

PG_FUNCTION_INFO_V1(tip_victim_code_recv);
Datum
tip_victim_code_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	uint64		code = (uint64) pq_getmsgint64(buf);
	uint8		values[ALL];

	unpack(code, values);
	if (code >> (BITS * (LETTERS + SYMBOLS)) != 0 || !is_known_country(values))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary victim code"),
				 errhint("Send victim codes as text if in doubt.")));
	PG_RETURN_INT64((int64) code);
}

PG_FUNCTION_INFO_V1(tip_victim_code_send);
Datum
tip_victim_code_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, PG_GETARG_INT64(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(tip_victim_code_from_text);
Datum
tip_victim_code_from_text(PG_FUNCTION_ARGS)
{
	text	   *txt = PG_GETARG_TEXT_PP(0);

	return code_from(VARDATA_ANY(txt), VARSIZE_ANY_EXHDR(txt), NULL);
}

PG_FUNCTION_INFO_V1(tip_victim_code_to_text);
Datum
tip_victim_code_to_text(PG_FUNCTION_ARGS)
{
	char		text[TEXT_BYTES];

	write_code((uint64) PG_GETARG_INT64(0), text);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

PG_FUNCTION_INFO_V1(tip_victim_code_country);

/* tip.victim_code_country(code) → the country that it was made for */
Datum
tip_victim_code_country(PG_FUNCTION_ARGS)
{
	char		text[TEXT_BYTES];
	TipCode		country;

	write_code((uint64) PG_GETARG_INT64(0), text);
	if (!TipCodeFind(TIP_LIST_COUNTRY, text, LETTERS, &country))
		PG_RETURN_NULL();
	PG_RETURN_TIPCODE(country);
}

PG_FUNCTION_INFO_V1(tip_check_victim_code);

/* tip.check_victim_code(text) → is it one? */
Datum
tip_check_victim_code(PG_FUNCTION_ARGS)
{
	text	   *txt = PG_GETARG_TEXT_PP(0);
	uint64		code;

	PG_RETURN_BOOL(parse(VARDATA_ANY(txt), VARSIZE_ANY_EXHDR(txt), &code));
}

PG_FUNCTION_INFO_V1(tip_suggest_victim_code);

/* tip.suggest_victim_code(text) → the code that differs in one symbol */
Datum
tip_suggest_victim_code(PG_FUNCTION_ARGS)
{
	text	   *txt = PG_GETARG_TEXT_PP(0);
	uint64		code;

	if (!suggest(VARDATA_ANY(txt), VARSIZE_ANY_EXHDR(txt), &code))
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) code);
}

static void
forget_key(void)
{
	EVP_CIPHER_CTX_free(aes);
	aes = NULL;
}

/* AES under the leaf of a country, kept until another one is asked for */
static EVP_CIPHER_CTX *
country_key(const char *domain, uint16 version)
{
	unsigned char leaf[KEY_BYTES];

	if (aes != NULL && aes_version == version &&
		strcmp(aes_domain, domain) == 0)
	{
		TipCountUse(version);
		return aes;
	}
	TipOnForget(forget_key);
	forget_key();
	TipLeafKey(TIP_VICTIM_CODE_LEAF, domain, version, leaf, KEY_BYTES);
	aes = TipFf1New((TipBytes) {leaf, KEY_BYTES});
	OPENSSL_cleanse(leaf, KEY_BYTES);
	if (aes == NULL)
		TipRefuseCrypto();
	aes_version = version;
	strlcpy(aes_domain, domain, sizeof(aes_domain));
	return aes;
}

static uint16
code_version(void)
{
	uint16		version = TipActiveKey();

	if (version > MAX_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("key version %u is too high for victim codes",
						version),
				 errhint("Victim codes are made with key versions 1 to %d.",
						 MAX_VERSION)));
	return version;
}

/* Codes reach clients before their transaction ends: none is given twice. */
static uint64
next_serial(void)
{
	Oid			relid = get_relname_relid("victim_code_serial",
										  get_namespace_oid("tip_impl",
															false));
	int64		serial;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("sequence tip_impl.victim_code_serial does not exist"),
				 errhint("Create the extension again.")));
	serial = nextval_internal(relid, false);
	if (serial < 0 || serial >> SERIAL_BITS != 0)
		ereport(ERROR,
				(errcode(ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED),
				 errmsg("victim codes are used up"),
				 errhint("Check tip_impl.victim_code_serial.")));
	return (uint64) serial;
}

PG_FUNCTION_INFO_V1(tip_new_victim_code);

/* tip.new_victim_code(country) → a code that was never given before */
Datum
tip_new_victim_code(PG_FUNCTION_ARGS)
{
	const char *country = TipCodeName(PG_GETARG_TIPCODE(0));
	char		domain[LETTERS + 1] = "";
	uint16		version;
	EVP_CIPHER_CTX *key;
	uint64		serial;

	if (country == NULL || strlen(country) != LETTERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a victim code needs a country"),
				 errhint("Use \"ZZ\" where the country is not known.")));
	for (int i = 0; i < LETTERS; i++)
		domain[i] = pg_ascii_tolower(country[i]);
	version = code_version();
	key = country_key(domain, version);
	serial = next_serial();
	if (!TipFf1Base32(key, TIP_FF1_ENCRYPT, SERIAL_SYMBOLS, serial, &serial))
		TipRefuseCrypto();
	for (int i = LETTERS - 1; i >= 0; i--)
		serial |= (uint64) (country[i] - 'A') <<
			(BITS * (SYMBOLS + LETTERS - 1 - i));
	PG_RETURN_INT64((int64) (serial | (uint64) version << SERIAL_BITS));
}
