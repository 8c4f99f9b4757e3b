/*
 * identity_pseudonymize.c
 *		Pseudonyms are made: HMAC-SHA-256 over a canonical identifier.
 *
 * The message: format, version of the canonical form, and fields, each behind
 * its length in four bytes, so that "AB","C" never equals "A","BC".  Fields are
 * the kind and the value; of a composite the kind, and then kind and value of
 * each part; at the end the label of a document where there is one.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "access/detoast.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "identity.h"
#include "identity_canon.h"
#include "identity_crypto.h"
#include "identity_ledger.h"
#include "identity_pseudonymize.h"

#define FORMAT			1
#define LABEL_MAX		200
#define KEYS_MAX		64
#define FIELDS_MAX		(2 * TIP_PART_KINDS + 2)
#define MESSAGE_MAX		(2 + FIELDS_MAX * (4 + 16) + TIP_CANON_MAX + LABEL_MAX)

typedef struct Message
{
	int			len;
	unsigned char bytes[MESSAGE_MAX];
} Message;

static void
add_field(Message *message, const char *field, int len)
{
	unsigned char *to = message->bytes + message->len;

	to[0] = len >> 24;
	to[1] = len >> 16;
	to[2] = len >> 8;
	to[3] = len;
	memcpy(to + 4, field, len);
	message->len += 4 + len;
}

static void
add_kind(Message *message, TipKind kind)
{
	const char *name = TipKindName(kind);

	add_field(message, name, strlen(name));
}

static void
write_message(const TipCanonical *canonical, text *label, Message *message)
{
	message->bytes[0] = FORMAT;
	message->bytes[1] = TIP_CANON_VERSION;
	message->len = 2;
	if (canonical->kind == TIP_COMPOSITE)
		add_kind(message, TIP_COMPOSITE);
	for (int i = 0; i < canonical->count; i++)
	{
		const TipCanonPart *part = &canonical->parts[i];

		add_kind(message, part->kind);
		add_field(message, canonical->bytes + part->offset, part->len);
	}
	if (label != NULL)
		add_field(message, VARDATA_ANY(label), VARSIZE_ANY_EXHDR(label));
}

static void
digest(const TipCanonical *canonical, text *label, const TipDomain *domain,
	   uint16 version, TipPseudonym *out)
{
	Message		message;
	unsigned char bytes[TIP_SHA256_BYTES];
	EVP_MAC_CTX *mac;

	write_message(canonical, label, &message);
	mac = TipLeafMac(TIP_PSEUDONYM_LEAF, domain->name, version);
	if (EVP_MAC_update(mac, message.bytes, message.len) != 1 ||
		!TipMacFinish(mac, bytes))
		TipRefuseCrypto();
	memcpy(out->mac, bytes, TIP_PSEUDONYM_MAC);
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void
write_header(uint8 policy, const TipDomain *domain, uint16 version,
			 TipPseudonym *out)
{
	out->format = FORMAT;
	out->policy = policy;
	TipPut16(out->domain, domain->number);
	TipPut16(out->version, version);
}

/* For what has to find a person again. */
static void
require_person(const TipDomain *domain)
{
	if (domain->policy != TIP_POLICY_PERSON)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pseudonyms of this domain do not stand for persons"),
				 errhint("See the column policy of tip.domain.")));
}

/* A label is needed where one document has pseudonyms of its own. */
static void
check_label(const TipDomain *domain, text *label)
{
	bool		is_needed = domain->policy == TIP_POLICY_DOCUMENT;

	if (is_needed && label == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pseudonyms of this domain need the label of a document"),
				 errhint("Call tip.pseudonymize_document(kind, value, domain, document).")));
	if (!is_needed && label != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pseudonyms of this domain take no label of a document"),
				 errhint("See the column policy of tip.domain.")));
	if (label != NULL && (VARSIZE_ANY_EXHDR(label) == 0 ||
						  VARSIZE_ANY_EXHDR(label) > LABEL_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label of a document is empty or too long"),
				 errhint("At most %d bytes can be used.", LABEL_MAX)));
}

const TipDomain *
TipDomainOfText(text *name)
{
	char		buffer[TIP_DOMAIN_NAME_MAX + 1] = "";
	int			len = VARSIZE_ANY_EXHDR(name);

	/* One that is too long is as unknown as none. */
	if (len <= TIP_DOMAIN_NAME_MAX)
	{
		memcpy(buffer, VARDATA_ANY(name), len);
		buffer[len] = '\0';
	}
	return TipDomainByName(buffer);
}

/* The size is known before a long value is read. */
static void
read_canonical(text *kind, Datum value, TipCanonical *canonical)
{
	TipKind		number = TipKindByName(VARDATA_ANY(kind),
									   VARSIZE_ANY_EXHDR(kind));
	text	   *read;

	if (toast_raw_datum_size(value) - VARHDRSZ > TIP_CANON_INPUT)
		TipRefuseLength();
	read = DatumGetTextPP(value);
	TipCanonicalize(number, VARDATA_ANY(read), VARSIZE_ANY_EXHDR(read),
					canonical);
}

void
TipMakePseudonym(const char *kind, const char *value, int len,
				 const TipDomain *domain, uint16 version, TipPseudonym *out)
{
	TipCanonical canonical;
	TipVeil		veil;

	TipHide(&veil);
	require_person(domain);
	TipCanonicalize(TipKindByName(kind, strlen(kind)), value, len, &canonical);
	write_header(TIP_POLICY_PERSON, domain, version, out);
	digest(&canonical, NULL, domain, version, out);
	TipReveal(&veil);
}

void
TipNewPseudonym(text *kind, Datum value, const TipDomain *domain, text *label,
				TipPseudonym *out)
{
	uint16		version = TipActiveKey();
	uint8		policy = domain->policy;
	TipCanonical canonical;

	check_label(domain, label);
	read_canonical(kind, value, &canonical);
	TipSpend("pseudonymize", 1);
	write_header(policy, domain, version, out);
	if (policy != TIP_POLICY_EVENT)
		digest(&canonical, label, domain, version, out);
	else if (!pg_strong_random(out->mac, sizeof(out->mac)))
		TipRefuseCrypto();
}

PG_FUNCTION_INFO_V1(tip_pseudonymize);

/* tip.pseudonymize(kind, value, domain), and _document with a label more */
Datum
tip_pseudonymize(PG_FUNCTION_ARGS)
{
	TipPseudonym *p = palloc(sizeof(TipPseudonym));
	text	   *label = NULL;
	TipVeil		veil;

	TipHide(&veil);
	if (PG_NARGS() > 3)
		label = PG_GETARG_TEXT_PP(3);
	TipNewPseudonym(PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1),
					TipDomainOfText(PG_GETARG_TEXT_PP(2)), label, p);
	TipReveal(&veil);
	PG_RETURN_POINTER(p);
}

PG_FUNCTION_INFO_V1(tip_pseudonymize_with);

/* tip_impl.pseudonymize_with(kind, value, domain, version int4) */
Datum
tip_pseudonymize_with(PG_FUNCTION_ARGS)
{
	TipPseudonym *p = palloc(sizeof(TipPseudonym));
	int32		version = PG_GETARG_INT32(3);
	const TipDomain *domain;
	TipCanonical canonical;
	TipVeil		veil;

	TipHide(&veil);
	if (version < 1 || version > PG_UINT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key version is out of range"),
				 errhint("Versions are 1 to %d.", PG_UINT16_MAX)));
	domain = TipDomainOfText(PG_GETARG_TEXT_PP(2));
	require_person(domain);
	read_canonical(PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1), &canonical);
	write_header(TIP_POLICY_PERSON, domain, version, p);
	digest(&canonical, NULL, domain, version, p);
	TipReveal(&veil);
	PG_RETURN_POINTER(p);
}

/* One under each key that may be read; how many. */
static int
make_all(text *kind, Datum value, text *name, TipPseudonym *all)
{
	uint16		versions[KEYS_MAX];
	const TipDomain *domain;
	int			n;
	TipCanonical canonical;
	TipVeil		veil;

	TipHide(&veil);
	domain = TipDomainOfText(name);
	n = TipReadableKeys(versions, KEYS_MAX);
	require_person(domain);
	read_canonical(kind, value, &canonical);
	TipSpend("pseudonymize", 1);
	for (int i = 0; i < n; i++)
	{
		write_header(TIP_POLICY_PERSON, domain, versions[i], &all[i]);
		digest(&canonical, NULL, domain, versions[i], &all[i]);
	}
	TipReveal(&veil);
	return n;
}

PG_FUNCTION_INFO_V1(tip_pseudonyms_all);

/* tip.pseudonyms_all(kind, value, domain) → one for each readable key */
Datum
tip_pseudonyms_all(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	TipPseudonym *all;
	Datum		next;

	if (SRF_IS_FIRSTCALL())
	{
		call = SRF_FIRSTCALL_INIT();
		all = MemoryContextAlloc(call->multi_call_memory_ctx,
								 KEYS_MAX * sizeof(TipPseudonym));
		call->user_fctx = all;
		call->max_calls = make_all(PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1),
								   PG_GETARG_TEXT_PP(2), all);
	}
	call = SRF_PERCALL_SETUP();
	all = call->user_fctx;
	if (call->call_cntr >= call->max_calls)
		SRF_RETURN_DONE(call);
	/* the macro counts before it looks at the value */
	next = PointerGetDatum(&all[call->call_cntr]);
	SRF_RETURN_NEXT(call, next);
}

/* Kinds and values as a JSON object: canonical values need no escapes. */
static text *
composite_text(const TipCanonical *canonical)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int i = 0; i < canonical->count; i++)
	{
		const TipCanonPart *part = &canonical->parts[i];

		appendStringInfo(&json, "%s\"%s\": \"%.*s\"", i == 0 ? "{" : ", ",
						 TipKindName(part->kind), part->len,
						 canonical->bytes + part->offset);
	}
	appendStringInfoChar(&json, '}');
	return cstring_to_text_with_len(json.data, json.len);
}

PG_FUNCTION_INFO_V1(tip_canonical);

/* tip_impl.canonical(kind, value): what the digest is made of */
Datum
tip_canonical(PG_FUNCTION_ARGS)
{
	TipCanonical canonical;
	TipVeil		veil;

	TipHide(&veil);
	read_canonical(PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1), &canonical);
	TipReveal(&veil);
	if (canonical.kind == TIP_COMPOSITE)
		PG_RETURN_TEXT_P(composite_text(&canonical));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(canonical.bytes, canonical.len));
}
