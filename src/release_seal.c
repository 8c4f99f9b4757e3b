/*
 * release_seal.c
 *		The true counts behind a release, sealed until it is revised.
 *
 * Three bytes: format and key version (2); then the tag and the ciphertext of
 * AES-256-SIV under a leaf key of their own.  The header, the number of the
 * release and the digest of its certificate are associated data, so that the
 * counts open with their own release only.  The text is padded to a multiple
 * of 4096 bytes by 0x80 and zeros: how many cells are not zero does not show.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "access/detoast.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "errors.h"
#include "identity.h"
#include "identity_keys.h"
#include "identity_siv.h"

#define FORMAT		1
#define HEADER		3
#define PAD			4096
#define MAX_BODY	(16 * 1024 * 1024)
#define KEY_BYTES	64
#define OVERHEAD	(HEADER + TIP_SIV_TAG)
#define PLACE		"tip.release_secret"

/* What the counts are bound to, in the order of the format. */
typedef struct Binding
{
	uint8		number[4];
	bytea	   *digest;
} Binding;

static Binding
get_binding(FunctionCallInfo fcinfo)
{
	Binding		binding;
	uint32		release = PG_GETARG_INT32(1);

	for (int i = 0; i < 4; i++)
		binding.number[i] = release >> (24 - 8 * i) & 0xff;
	binding.digest = PG_GETARG_BYTEA_PP(2);
	return binding;
}

static void
associate(TipBytes ad[4], const uint8 *header, const Binding *binding)
{
	ad[0] = (TipBytes) {header, HEADER};
	ad[1] = (TipBytes) {(const unsigned char *) PLACE, strlen(PLACE)};
	ad[2] = (TipBytes) {binding->number, sizeof(binding->number)};
	ad[3] = (TipBytes) {
		(const unsigned char *) VARDATA_ANY(binding->digest),
		VARSIZE_ANY_EXHDR(binding->digest)
	};
}

/* One message a key: a release is rare. */
static bool
run_siv(bool open, uint16 version, const TipBytes *ad, int ads,
		const unsigned char *in, size_t len, unsigned char *out)
{
	unsigned char key[KEY_BYTES];
	bool		ok;

	TipLeafKey(TIP_RELEASE_LEAF, "", version, key, sizeof(key));
	ok = open ? TipSivOpen(key, sizeof(key), ad, ads, in, len, out) :
		TipSivSeal(key, sizeof(key), ad, ads, in, len, out);
	OPENSSL_cleanse(key, sizeof(key));
	return ok;
}

/* A padded copy; *padded says how long it is. */
static unsigned char *
pad(const char *utf8, size_t len, size_t *padded)
{
	unsigned char *copy;

	*padded = (len / PAD + 1) * PAD;
	copy = palloc0(*padded);
	memcpy(copy, utf8, len);
	copy[len] = 0x80;
	return copy;
}

PG_FUNCTION_INFO_V1(tip_seal_release);

/* seal_release(body, release, digest): NULL where no key is named */
Datum
tip_seal_release(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	Binding		binding = get_binding(fcinfo);
	text	   *body;
	char	   *utf8;
	unsigned char *padded;
	size_t		len;
	bytea	   *sealed;
	uint8	   *bytes;
	uint16		version;
	TipBytes	ad[4];
	bool		ok;

	if (!TipKeyIsNamed())
		PG_RETURN_NULL();
	TipHide(&veil);
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) > MAX_BODY)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("counts of a release are too many to be sealed"),
				 errhint("Use fewer or coarser dimensions.")));
	version = TipActiveKey();
	body = PG_GETARG_TEXT_PP(0);
	utf8 = pg_server_to_any(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body),
							PG_UTF8);
	padded = pad(utf8, utf8 == VARDATA_ANY(body) ?
				 VARSIZE_ANY_EXHDR(body) : strlen(utf8), &len);
	sealed = palloc(VARHDRSZ + OVERHEAD + len);
	SET_VARSIZE(sealed, VARHDRSZ + OVERHEAD + len);
	bytes = (uint8 *) VARDATA(sealed);
	bytes[0] = FORMAT;
	TipPut16(bytes + 1, version);
	associate(ad, bytes, &binding);
	ok = run_siv(false, version, ad, lengthof(ad), padded, len,
				 bytes + HEADER);
	OPENSSL_cleanse(padded, len);
	if (!ok)
		TipRefuseCrypto();
	TipReveal(&veil);
	PG_RETURN_BYTEA_P(sealed);
}

/* What a heap or a user holds is not trusted. */
static void
check_sealed(const uint8 *bytes, size_t len)
{
	if (len <= OVERHEAD || (len - OVERHEAD) % PAD != 0 ||
		bytes[0] != FORMAT || TipGet16(bytes + 1) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("sealed counts of a release are malformed"),
				 errhint("Restore them from a backup.")));
}

/* The text without its padding, in the server's encoding. */
static text *
unpad(unsigned char *padded, size_t len)
{
	char	   *server;
	text	   *body;

	while (len > 0 && padded[len - 1] == 0)
		len--;
	Assert(len > 0 && padded[len - 1] == 0x80);
	padded[len - 1] = '\0';
	server = pg_any_to_server((char *) padded, len - 1, PG_UTF8);
	body = cstring_to_text(server);
	OPENSSL_cleanse(server, strlen(server));
	return body;
}

PG_FUNCTION_INFO_V1(tip_open_release);

/* open_release(sealed, release, digest): the body */
Datum
tip_open_release(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	Binding		binding = get_binding(fcinfo);
	bytea	   *sealed;
	const uint8 *bytes;
	size_t		len;
	unsigned char *padded;
	TipBytes	ad[4];
	text	   *body;

	TipHide(&veil);
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) > 2 * MAX_BODY)
		check_sealed(NULL, 0);
	sealed = PG_GETARG_BYTEA_PP(0);
	bytes = (const uint8 *) VARDATA_ANY(sealed);
	len = VARSIZE_ANY_EXHDR(sealed);
	check_sealed(bytes, len);
	(void) TipRequireKeyRing();
	padded = palloc(len);
	associate(ad, bytes, &binding);
	if (!run_siv(true, TipGet16(bytes + 1), ad, lengthof(ad), bytes + HEADER,
				 len - HEADER, padded))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sealed counts do not open with this release"),
				 errhint("They were moved or edited, or were sealed under another key.")));
	body = unpad(padded, len - OVERHEAD);
	OPENSSL_cleanse(padded, len - OVERHEAD);
	TipReveal(&veil);
	PG_RETURN_TEXT_P(body);
}
