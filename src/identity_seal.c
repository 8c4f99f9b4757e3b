/*
 * identity_seal.c
 *		The type tip.sealed: a value that opens only with the key and only at
 *		the place that it was sealed for.
 *
 * Five bytes: format, domain (2), key version (2); then the tag and the
 * ciphertext of AES-256-SIV.  The header, the name of the domain, relation,
 * column and record are associated data, so that a value which was moved or
 * edited does not open.  What is sealed is UTF-8, padded to a multiple of 32
 * bytes by 0x80 and zeros, so that the length of a name does not show.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "access/detoast.h"
#include "common/base64.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "identity.h"
#include "identity_keys.h"
#include "identity_keys_uses.h"
#include "identity_seal.h"
#include "identity_siv.h"

#define FORMAT			1
#define HEADER			5
#define PAD				32
#define MAX_VALUE		1000
#define MAX_PADDED		1024
#define MAX_PLACE		200
#define KEY_BYTES		64
#define MAX_SIVS		16
#define OVERHEAD		(HEADER + TIP_SIV_TAG)
#define MAX_SEALED		(OVERHEAD + MAX_PADDED)
#define MAX_BASE64		2000

StaticAssertDecl(MAX_VALUE < MAX_PADDED && MAX_PADDED % PAD == 0,
				 "the longest value has room for its padding");

/* Setting a key costs more than sealing: contexts stay for the session. */
typedef struct SivLeaf
{
	char		domain[TIP_DOMAIN_NAME_MAX + 1];
	uint16		version;
	TipSiv		siv;
} SivLeaf;

static SivLeaf leaves[MAX_SIVS];
static int	leaf_count = 0;

static void
forget_leaves(void)
{
	while (leaf_count > 0)
		TipSivFree(&leaves[--leaf_count].siv);
}

static TipSiv *
new_leaf(const char *domain, uint16 version)
{
	unsigned char key[KEY_BYTES];
	TipSiv		siv;
	bool		ok;

	TipOnForget(forget_leaves);
	TipLeafKey(TIP_SEAL_LEAF, domain, version, key, sizeof(key));
	ok = TipSivInit(&siv, key, sizeof(key));
	OPENSSL_cleanse(key, sizeof(key));
	if (!ok)
		TipRefuseCrypto();
	if (leaf_count == MAX_SIVS)
		TipSivFree(&leaves[--leaf_count].siv);
	strlcpy(leaves[leaf_count].domain, domain, sizeof(leaves[0].domain));
	leaves[leaf_count].version = version;
	leaves[leaf_count].siv = siv;
	return &leaves[leaf_count++].siv;
}

static TipSiv *
leaf_for(const char *domain, uint16 version)
{
	/* first, since it may forget the leaves: a key may have been destroyed */
	(void) TipRequireKeyRing();
	for (int i = 0; i < leaf_count; i++)
		if (leaves[i].version == version &&
			strcmp(leaves[i].domain, domain) == 0)
		{
			TipCountUse(version);
			return &leaves[i].siv;
		}
	return new_leaf(domain, version);
}

/* ---- the type ---- */

static bool
is_valid(const uint8 *bytes, int len)
{
	return len > OVERHEAD && len <= MAX_SEALED &&
		(len - OVERHEAD) % PAD == 0 && bytes[0] == FORMAT &&
		TipGet16(bytes + 1) > 0 && TipGet16(bytes + 1) <= PG_INT16_MAX &&
		TipGet16(bytes + 3) > 0;
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

/* How many bytes of a sealed value the text stands for; 0: none. */
static int
parse(const char *text, uint8 *bytes)
{
	int			domain;
	int			version;
	int			len;
	char		again[MAX_BASE64 + 1];

	if (strncmp(text, "s1.", 3) != 0)
		return 0;
	text += 3;
	if ((domain = parse_number(&text, PG_INT16_MAX)) == 0 ||
		(version = parse_number(&text, PG_UINT16_MAX)) == 0 ||
		strlen(text) > MAX_BASE64)
		return 0;
	len = pg_b64_decode(text, strlen(text), (void *) (bytes + HEADER),
						MAX_SEALED - HEADER);
	bytes[0] = FORMAT;
	TipPut16(bytes + 1, domain);
	TipPut16(bytes + 3, version);
	if (len < 0 || !is_valid(bytes, len + HEADER))
		return 0;
	/* One value has one text: no space, no other spare bits. */
	if (pg_b64_encode((void *) (bytes + HEADER), len, again,
					  MAX_BASE64) != strlen(text) ||
		strncmp(again, text, strlen(text)) != 0)
		return 0;
	return len + HEADER;
}

static bytea *
make_bytea(const uint8 *bytes, int len)
{
	bytea	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), bytes, len);
	return result;
}

PG_FUNCTION_INFO_V1(tip_sealed_in);
Datum
tip_sealed_in(PG_FUNCTION_ARGS)
{
	uint8		bytes[MAX_SEALED + 1];
	int			len = parse(PG_GETARG_CSTRING(0), bytes);

	/* The text is not repeated: it may be a name that nobody sealed. */
	if (len == 0)
		TIP_RETURN_ERROR(TIP_ESCONTEXT(fcinfo), (Datum) 0,
						 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						  errmsg("invalid sealed value"),
						  errhint("Values are sealed by tip.seal().")));
	PG_RETURN_BYTEA_P(make_bytea(bytes, len));
}

/* What a heap or a user holds is looked at again. */
static const uint8 *
checked(const bytea *sealed, int *len)
{
	const uint8 *bytes = (const uint8 *) VARDATA_ANY(sealed);

	*len = VARSIZE_ANY_EXHDR(sealed);
	if (!is_valid(bytes, *len))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("sealed value is malformed"),
				 errhint("Restore it from a backup.")));
	return bytes;
}

/* Nothing that is too long is taken out of its toast table. */
static bytea *
get_sealed(FunctionCallInfo fcinfo, int arg)
{
	if (toast_raw_datum_size(PG_GETARG_DATUM(arg)) > MAX_SEALED + VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("sealed value is malformed"),
				 errhint("Restore it from a backup.")));
	return PG_GETARG_BYTEA_PP(arg);
}

PG_FUNCTION_INFO_V1(tip_sealed_out);
Datum
tip_sealed_out(PG_FUNCTION_ARGS)
{
	int			len;
	const uint8 *bytes = checked(get_sealed(fcinfo, 0), &len);
	char	   *base64 = palloc(MAX_BASE64 + 1);
	int			n = pg_b64_encode((const void *) (bytes + HEADER),
								  len - HEADER, base64, MAX_BASE64);

	base64[Max(n, 0)] = '\0';
	PG_RETURN_CSTRING(psprintf("s1.%u.%u.%s", TipGet16(bytes + 1),
							   TipGet16(bytes + 3), base64));
}

PG_FUNCTION_INFO_V1(tip_sealed_recv);
Datum
tip_sealed_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			len = buf->len - buf->cursor;
	const uint8 *bytes = (const uint8 *) buf->data + buf->cursor;

	if (!is_valid(bytes, len))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary sealed value"),
				 errhint("Send sealed values as text if in doubt.")));
	buf->cursor = buf->len;
	PG_RETURN_BYTEA_P(make_bytea(bytes, len));
}

PG_FUNCTION_INFO_V1(tip_sealed_send);
Datum
tip_sealed_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	int			len;
	const uint8 *bytes = checked(get_sealed(fcinfo, 0), &len);

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, (const char *) bytes, len);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* ---- sealing and opening ---- */

static TipBytes
bytes_of(const void *data, size_t len)
{
	return (TipBytes) {data, len};
}

/* The order is part of the format. */
static void
associate(TipBytes ad[5], const uint8 *header, const char *domain,
		  const TipPlace *place)
{
	ad[0] = bytes_of(header, HEADER);
	ad[1] = bytes_of(domain, strlen(domain));
	ad[2] = bytes_of(place->relation, strlen(place->relation));
	ad[3] = bytes_of(place->column, strlen(place->column));
	ad[4] = bytes_of(place->record == NULL ? NULL : place->record->data,
					 place->record == NULL ? 0 : UUID_LEN);
}

static void
check_length(size_t len)
{
	if (len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("nothing to seal"),
				 errhint("Store NULL where a value is not known.")));
	if (len > MAX_VALUE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("value to be sealed is too long"),
				 errhint("A sealed value has at most %d bytes.", MAX_VALUE)));
}

/* Fill padded, which has MAX_PADDED bytes; how many of them count. */
static size_t
pad(const char *utf8, size_t len, unsigned char *padded)
{
	size_t		n = (len / PAD + 1) * PAD;

	memcpy(padded, utf8, len);
	padded[len] = 0x80;
	memset(padded + len + 1, 0, n - len - 1);
	return n;
}

/* Length without the padding, which the tag has proved to be ours. */
static size_t
unpad(const unsigned char *padded, size_t n)
{
	while (n > 0 && padded[n - 1] == 0)
		n--;
	return n > 0 && padded[n - 1] == 0x80 ? n - 1 : 0;
}

bytea *
TipSeal(const char *value, int len, const TipDomain *domain,
		const TipPlace *place)
{
	uint16		version = TipActiveKey();
	TipSiv	   *siv = leaf_for(domain->name, version);
	char	   *utf8 = pg_server_to_any(value, len, PG_UTF8);
	size_t		n = utf8 == value ? len : strlen(utf8);
	unsigned char padded[MAX_PADDED];
	uint8		sealed[MAX_SEALED];
	TipBytes	ad[5];
	bool		ok;

	check_length(n);
	sealed[0] = FORMAT;
	TipPut16(sealed + 1, domain->number);
	TipPut16(sealed + 3, version);
	associate(ad, sealed, domain->name, place);
	len = pad(utf8, n, padded);
	ok = TipSivSealWith(siv, ad, lengthof(ad), padded, len, sealed + HEADER);
	OPENSSL_cleanse(padded, len);
	if (utf8 != value)
		OPENSSL_cleanse(utf8, n);
	if (!ok)
		TipRefuseCrypto();
	return make_bytea(sealed, OVERHEAD + len);
}

/* A null-terminated copy in the server's encoding. */
static char *
to_server(unsigned char *padded, size_t len)
{
	char	   *utf8 = palloc(len + 1);
	char	   *text;

	memcpy(utf8, padded, len);
	utf8[len] = '\0';
	OPENSSL_cleanse(padded, len);
	text = pg_any_to_server(utf8, len, PG_UTF8);
	if (text != utf8)
		OPENSSL_cleanse(utf8, len);
	return text;
}

char *
TipTryUnseal(const bytea *sealed, const TipPlace *place)
{
	int			len;
	const uint8 *bytes = checked(sealed, &len);
	const TipDomain *domain = TipDomainByNumber(TipGet16(bytes + 1));
	unsigned char padded[MAX_PADDED];
	TipBytes	ad[5];

	if (domain == NULL)
		return NULL;
	associate(ad, bytes, domain->name, place);
	if (!TipSivOpenWith(leaf_for(domain->name, TipGet16(bytes + 3)), ad,
						lengthof(ad), bytes + HEADER, len - HEADER, padded))
		return NULL;
	return to_server(padded, unpad(padded, len - OVERHEAD));
}

char *
TipUnseal(const bytea *sealed, const TipPlace *place)
{
	char	   *value = TipTryUnseal(sealed, place);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sealed value does not open here"),
				 errhint("It was moved or edited, or was sealed under another key.")));
	return value;
}

/* ---- functions ---- */

/* Text that names a place or a domain. */
static char *
get_name(FunctionCallInfo fcinfo, int arg, const char *what)
{
	char	   *name;

	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of a sealed value is missing", what),
				 errhint("Name the domain, the table and the column that it belongs to.")));
	if (toast_raw_datum_size(PG_GETARG_DATUM(arg)) > MAX_PLACE + VARHDRSZ ||
		*(name = text_to_cstring(PG_GETARG_TEXT_PP(arg))) == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a sealed value is empty or too long", what),
				 errhint("Name the domain, the table and the column that it belongs to.")));
	return name;
}

/* relation, column and record are the last three arguments */
static TipPlace
get_place(FunctionCallInfo fcinfo, int arg)
{
	TipPlace	place;

	place.relation = get_name(fcinfo, arg, "relation");
	place.column = get_name(fcinfo, arg + 1, "column");
	place.record = PG_ARGISNULL(arg + 2) ? NULL : PG_GETARG_UUID_P(arg + 2);
	return place;
}

PG_FUNCTION_INFO_V1(tip_seal);

/* tip.seal(value, domain, relation, column_name, record) → tip.sealed */
Datum
tip_seal(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	TipPlace	place;
	const TipDomain *domain;
	text	   *value;
	bytea	   *sealed;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	TipHide(&veil);
	domain = TipDomainByName(get_name(fcinfo, 1, "domain"));
	place = get_place(fcinfo, 2);
	check_length(toast_raw_datum_size(PG_GETARG_DATUM(0)) - VARHDRSZ);
	value = PG_GETARG_TEXT_PP(0);
	sealed = TipSeal(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), domain,
					 &place);
	TipReveal(&veil);
	PG_RETURN_BYTEA_P(sealed);
}

PG_FUNCTION_INFO_V1(tip_unseal);

/* tip.unseal(sealed, relation, column_name, record) → text */
Datum
tip_unseal(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	TipPlace	place;
	char	   *value;
	text	   *result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	TipHide(&veil);
	place = get_place(fcinfo, 1);
	value = TipUnseal(get_sealed(fcinfo, 0), &place);
	result = cstring_to_text(value);
	OPENSSL_cleanse(value, strlen(value));
	TipReveal(&veil);
	PG_RETURN_TEXT_P(result);
}

PG_FUNCTION_INFO_V1(tip_sealed_version);

/* tip.sealed_version(sealed) → version of the key it was sealed with */
Datum
tip_sealed_version(PG_FUNCTION_ARGS)
{
	int			len;
	const uint8 *bytes = checked(get_sealed(fcinfo, 0), &len);

	PG_RETURN_INT32(TipGet16(bytes + 3));
}
