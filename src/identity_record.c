/*
 * identity_record.c
 *		The table "identity" of a model: the one way in, and the one way out.
 *
 * Whoever may change a victim's record may say who the victim is, and reads
 * nothing of it again.  The tables are read and written as their owner, so
 * that no other role needs a privilege on them; the owner's triggers and
 * policies see sealed values only.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "access/detoast.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

#include "compat.h"
#include "dates.h"
#include "identity.h"
#include "identity_ledger.h"
#include "identity_pseudonymize.h"
#include "identity_seal.h"
#include "identity_store.h"
#include "rules.h"

#define SEAL_DOMAIN		"police"
#define MAX_VALUE		1000
#define MAX_WORD		63
#define MAX_DOMAINS		16
#define MAX_ROWS		1000

static const char *const kinds[] = {
	"person_name", "passport", "national_id", "phone", "birth_date", NULL
};
static const char *const name_types[] = {
	"legal", "birth", "married", "alias", "street", "stage", "religious",
	"on_false_document", "other", NULL
};

/* What tip.identify() is told, after it was looked at. */
typedef struct Entry
{
	pg_uuid_t	identity;
	pg_uuid_t	victim;
	char	   *kind;
	char	   *name_type;
	char	   *value;
	int			len;
	int			ndomains;
	const TipDomain *domains[MAX_DOMAINS];
	Datum		pseudonyms[MAX_DOMAINS];
} Entry;

/* With the caller's own rights: the lock needs those to change the record. */
static void
check_victim(const TipStore *store, const pg_uuid_t *victim)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(victim)};

	if (TipRun(psprintf("SELECT FROM %s.victim WHERE victim_id "
					 "OPERATOR(pg_catalog.=) $1 FOR KEY SHARE", store->schema),
			lengthof(types), types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no such victim"),
				 errhint("Record the victim first; a victim of another unit may not be seen.")));
}

/* ---- what is told ---- */

/* One of a list of words, which are named if it is none; NULL for NULL. */
static char *
get_word(FunctionCallInfo fcinfo, int arg, const char *const *words,
		 const char *message)
{
	StringInfoData all;
	char	   *word = NULL;

	if (PG_ARGISNULL(arg))
		return NULL;
	if (toast_raw_datum_size(PG_GETARG_DATUM(arg)) <= MAX_WORD + VARHDRSZ)
		word = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	initStringInfo(&all);
	for (int i = 0; words[i] != NULL; i++)
	{
		if (word != NULL && strcmp(words[i], word) == 0)
			return word;
		appendStringInfo(&all, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message), errhint("Say one of %s.", all.data)));
}

static pg_uuid_t
get_uuid(FunctionCallInfo fcinfo, int arg, const char *what)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s is missing", what),
				 errhint("Give its key.")));
	return *PG_GETARG_UUID_P(arg);
}

static char *
get_schema(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("schema is missing"),
				 errhint("Name a schema that tip.create_model() has made.")));
	return NameStr(*PG_GETARG_NAME(arg));
}

static void
get_value(FunctionCallInfo fcinfo, int arg, Entry *entry)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("value of an identifier is missing"),
				 errhint("What is not known has no row.")));
	if (toast_raw_datum_size(PG_GETARG_DATUM(arg)) > MAX_VALUE + VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("value of an identifier is too long"),
				 errhint("An identifier has at most %d bytes.", MAX_VALUE)));
	entry->value = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	entry->len = strlen(entry->value);
}

/* No rule of the catalogue can see it later. */
static void
check_birth(Datum birth)
{
	if (TipPartialPlaces(DatumGetInt32(birth)).from >
		TipDayPlaces(GetSQLCurrentDate()).to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("birth date is in the future"),
				 errhint("Give what is known of it: 1998, 1998-05 or 1998~.")));
}

/* A partial date is kept as we write it; the others as they are told. */
static void
check_value(Entry *entry)
{
	Oid			type = TipTypeOf("partial_date");
	Oid			input;
	Oid			ioparam;
	Oid			output;
	bool		is_varlena;
	Datum		birth;

	if (strcmp(entry->kind, "birth_date") != 0)
		return;
	getTypeInputInfo(type, &input, &ioparam);
	getTypeOutputInfo(type, &output, &is_varlena);
	birth = OidInputFunctionCall(input, entry->value, ioparam, -1);
	check_birth(birth);
	entry->value = OidOutputFunctionCall(output, birth);
	entry->len = strlen(entry->value);
}

static void
check_words(const Entry *entry)
{
	if (entry->kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("kind of an identifier is missing"),
				 errhint("Kinds are person_name, passport, national_id, phone and birth_date.")));
	if (entry->name_type != NULL && strcmp(entry->kind, "person_name") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("only a name has a type of name"),
				 errhint("Leave name_type NULL for other kinds.")));
}

static void
get_domains(FunctionCallInfo fcinfo, int arg, Entry *entry)
{
	Datum	   *names;
	bool	   *nulls;
	int			n;

	if (PG_ARGISNULL(arg))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(arg), TEXTOID, -1, false,
					  TYPALIGN_INT, &names, &nulls, &n);
	if (n > MAX_DOMAINS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many domains"),
				 errhint("An identifier has pseudonyms in at most %d domains.",
						 MAX_DOMAINS)));
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			entry->domains[entry->ndomains++] =
				TipDomainByName(TextDatumGetCString(names[i]));
}

/* ---- what is made of it ---- */

/* A date known to the year alone would match a whole class at school. */
static bool
has_pseudonym(const Entry *entry)
{
	return strcmp(entry->kind, "birth_date") != 0 ||
		(entry->len == 10 &&
		 strspn(entry->value, "0123456789-") == entry->len);
}

static void
make_pseudonyms(Entry *entry)
{
	if (!has_pseudonym(entry))
		entry->ndomains = 0;
	/* Whoever owns a schema of this shape could read guesses back from it. */
	if (entry->ndomains > 0)
		TipSpend("pseudonymize", entry->ndomains);
	for (int i = 0; i < entry->ndomains; i++)
	{
		TipPseudonym *p = palloc0(sizeof(TipPseudonym));

		TipMakePseudonym(entry->kind, entry->value, entry->len,
						 entry->domains[i], TipActiveKey(), p);
		entry->pseudonyms[i] = PointerGetDatum(p);
	}
}

static Datum
seal_value(const TipStore *store, Entry *entry)
{
	TipPlace	place = {store->relation, "value", &entry->identity};
	bytea	   *sealed = TipSeal(entry->value, entry->len,
								 TipDomainByName(SEAL_DOMAIN), &place);

	OPENSSL_cleanse(entry->value, entry->len);
	return PointerGetDatum(sealed);
}

static void
insert_pseudonyms(const TipStore *store, const Entry *entry)
{
	Oid			types[] = {UUIDOID, store->pseudonym_type, UUIDOID};

	for (int i = 0; i < entry->ndomains; i++)
	{
		Datum		values[] = {UUIDPGetDatum(&entry->victim),
			entry->pseudonyms[i], UUIDPGetDatum(&entry->identity)};

		TipRun(psprintf("INSERT INTO %s.victim_pseudonym "
					 "(victim_id, pseudonym, identity_id) VALUES ($1, $2, $3)",
					 store->schema), lengthof(types), types, values, NULL);
	}
}

static void
insert_identity(const TipStore *store, Entry *entry, Datum sealed)
{
	Oid			types[] = {UUIDOID, UUIDOID, TEXTOID, TEXTOID,
		store->sealed_type};
	Datum		values[] = {UUIDPGetDatum(&entry->identity),
		UUIDPGetDatum(&entry->victim), CStringGetTextDatum(entry->kind),
		entry->name_type ? CStringGetTextDatum(entry->name_type) : (Datum) 0,
	sealed};

	TipRun(psprintf("INSERT INTO %s.identity (identity_id, victim_id, kind, "
				 "name_type, value) VALUES ($1, $2, $3, $4, $5)",
				 store->schema), lengthof(types), types, values,
		entry->name_type ? NULL : "   n ");
}

PG_FUNCTION_INFO_V1(tip_identify);

/* tip.identify(victim, kind, value, name_type, schema, domains) → identity */
Datum
tip_identify(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *result = palloc(sizeof(pg_uuid_t));
	TipVeil		veil;
	TipStore		store;
	TipSelf		self;
	Entry		entry = {0};
	Datum		sealed;

	TipHide(&veil);
	entry.victim = get_uuid(fcinfo, 0, "victim");
	entry.kind = get_word(fcinfo, 1, kinds, "unknown kind of identifier");
	get_value(fcinfo, 2, &entry);
	entry.name_type = get_word(fcinfo, 3, name_types, "unknown type of name");
	TipFindStore(&store, get_schema(fcinfo, 4));
	get_domains(fcinfo, 5, &entry);
	check_words(&entry);
	SPI_connect();
	check_victim(&store, &entry.victim);
	check_value(&entry);
	entry.identity = *DatumGetUUIDP(DirectFunctionCall1(gen_random_uuid,
														(Datum) 0));
	make_pseudonyms(&entry);
	sealed = seal_value(&store, &entry);
	TipBecomeOwner(&store, &self);
	insert_identity(&store, &entry, sealed);
	insert_pseudonyms(&store, &entry);
	TipBeOneself(&self);
	SPI_finish();
	TipReveal(&veil);
	*result = entry.identity;
	PG_RETURN_UUID_P(result);
}

/* ---- corrections ---- */

/* Whose it is, and of what kind; locked until the transaction ends. */
static void
read_identity(const TipStore *store, Entry *entry)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(&entry->identity)};
	Oid			read[] = {UUIDOID, InvalidOid};
	bool		isnull[2] = {true, true};
	Datum		victim;
	TipSelf		self;

	TipBecomeOwner(store, &self);
	if (TipRun(psprintf("SELECT victim_id, kind FROM %s.identity "
					 "WHERE identity_id = $1 FOR UPDATE", store->schema),
			lengthof(types), types, values, NULL) > 0)
	{
		TipExpectTypes(store, lengthof(read), read);
		victim = TipStoreColumn(0, 1, &isnull[0]);
		entry->kind = SPI_getvalue(SPI_tuptable->vals[0],
								   SPI_tuptable->tupdesc, 2);
		isnull[1] = entry->kind == NULL;
		if (!isnull[0])
			entry->victim = *DatumGetUUIDP(victim);
	}
	TipBeOneself(&self);
	if (isnull[0] || isnull[1])
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no such identity"),
				 errhint("Give what tip.identify() returned.")));
}

/* The domains that the identifier has pseudonyms in already. */
static void
read_domains(const TipStore *store, Entry *entry)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(&entry->identity)};
	uint64		n = TipRun(psprintf("SELECT DISTINCT domain "
								 "FROM %s.victim_pseudonym WHERE identity_id = $1",
								 store->schema),
						lengthof(types), types, values, NULL);
	Oid			read[] = {INT2OID};

	TipExpectTypes(store, lengthof(read), read);
	for (uint64 i = 0; i < n && entry->ndomains < MAX_DOMAINS; i++)
	{
		bool		isnull;
		Datum		number = TipStoreColumn(i, 1, &isnull);
		const TipDomain *domain = isnull ? NULL :
			TipDomainByNumber(DatumGetInt16(number));

		if (domain != NULL)
			entry->domains[entry->ndomains++] = domain;
	}
	if (entry->ndomains == 0)
		entry->domains[entry->ndomains++] = TipDomainByName(SEAL_DOMAIN);
}

static void
replace_identity(const TipStore *store, Entry *entry, Datum sealed)
{
	Oid			types[] = {UUIDOID, store->sealed_type, TEXTOID};
	Datum		values[] = {UUIDPGetDatum(&entry->identity), sealed,
		entry->name_type ? CStringGetTextDatum(entry->name_type) : (Datum) 0};

	TipRun(psprintf("UPDATE %s.identity SET value = $2, "
				 "name_type = coalesce($3, name_type) WHERE identity_id = $1",
				 store->schema), lengthof(types), types, values,
		entry->name_type ? NULL : "  n");
	TipRun(psprintf("DELETE FROM %s.victim_pseudonym WHERE identity_id = $1",
				 store->schema), 1, types, values, NULL);
	insert_pseudonyms(store, entry);
}

PG_FUNCTION_INFO_V1(tip_correct_identity);

/* tip.correct_identity(identity, value, name_type, schema, domains) */
Datum
tip_correct_identity(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	TipStore		store;
	TipSelf		self;
	Entry		entry = {0};
	Datum		sealed;

	TipHide(&veil);
	entry.identity = get_uuid(fcinfo, 0, "identity");
	get_value(fcinfo, 1, &entry);
	entry.name_type = get_word(fcinfo, 2, name_types, "unknown type of name");
	TipFindStore(&store, get_schema(fcinfo, 3));
	get_domains(fcinfo, 4, &entry);
	SPI_connect();
	read_identity(&store, &entry);
	check_words(&entry);
	check_victim(&store, &entry.victim);
	check_value(&entry);
	TipBecomeOwner(&store, &self);
	if (PG_ARGISNULL(4))
		read_domains(&store, &entry);
	TipBeOneself(&self);
	make_pseudonyms(&entry);
	sealed = seal_value(&store, &entry);
	TipBecomeOwner(&store, &self);
	replace_identity(&store, &entry, sealed);
	TipBeOneself(&self);
	SPI_finish();
	TipReveal(&veil);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(tip_forget_identity);

/* tip.forget_identity(identity, schema): its pseudonyms go with it */
Datum
tip_forget_identity(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	TipStore		store;
	TipSelf		self;
	Entry		entry = {0};
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(&entry.identity)};

	TipHide(&veil);
	entry.identity = get_uuid(fcinfo, 0, "identity");
	TipFindStore(&store, get_schema(fcinfo, 1));
	SPI_connect();
	read_identity(&store, &entry);
	check_victim(&store, &entry.victim);
	TipBecomeOwner(&store, &self);
	TipRun(psprintf("DELETE FROM %s.identity WHERE identity_id = $1",
				 store.schema), lengthof(types), types, values, NULL);
	TipBeOneself(&self);
	SPI_finish();
	TipReveal(&veil);
	PG_RETURN_VOID();
}

/* ---- the way out ---- */

static void
append_pair(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, ", \"%s\": ", name);
	if (value == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, value);
}

/* A seal that was edited opens as null and hides no other one. */
static void
append_row(StringInfo json, const TipStore *store, int row)
{
	HeapTuple	tuple = SPI_tuptable->vals[row];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		isnull;
	pg_uuid_t  *identity = DatumGetUUIDP(TipStoreColumn(row, 1, &isnull));
	TipPlace	place = {store->relation, "value", identity};
	Datum		sealed = TipStoreColumn(row, 5, &isnull);
	char	   *value = NULL;

	if (!isnull)
		value = TipTryUnseal(PG_DETOAST_DATUM_PACKED(sealed), &place);
	appendStringInfo(json, "%s{\"victim\": \"%s\"", row > 0 ? ", " : "",
					 SPI_getvalue(tuple, desc, 2));
	append_pair(json, "kind", SPI_getvalue(tuple, desc, 3));
	append_pair(json, "name_type", SPI_getvalue(tuple, desc, 4));
	append_pair(json, "value", value);
	appendStringInfoChar(json, '}');
	if (value != NULL)
		OPENSSL_cleanse(value, strlen(value));
}

static uint64
read_identities(const TipStore *store, Datum pseudonym, Datum victims)
{
	Oid			types[] = {store->pseudonym_type, get_array_type(UUIDOID)};
	Datum		values[] = {pseudonym, victims};
	Oid			read[] = {UUIDOID, InvalidOid, InvalidOid, InvalidOid,
	store->sealed_type};
	uint64		n;
	TipSelf		self;

	TipBecomeOwner(store, &self);
	n = TipRun(psprintf("SELECT identity_id, victim_id, kind, name_type, value "
					 "FROM %s.identity WHERE victim_id IN (SELECT victim_id "
					 "FROM %s.victim_pseudonym WHERE pseudonym = $1) "
					 "AND victim_id = ANY ($2) "
					 "ORDER BY victim_id, kind, name_type, recorded_on, identity_id LIMIT %d",
					 store->schema, store->schema, MAX_ROWS),
			lengthof(types), types, values, NULL);
	TipExpectTypes(store, lengthof(read), read);
	TipBeOneself(&self);
	return n;
}

PG_FUNCTION_INFO_V1(tip_identity_victims);

/* tip_impl.identity_victims(pseudonym, schema) → uuid[] */
Datum
tip_identity_victims(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	TipStore	store;
	TipSelf		self;
	Oid			read[] = {get_array_type(UUIDOID)};
	Datum		pseudonym = PG_GETARG_DATUM(0);
	Datum		result;
	bool		isnull;

	TipHide(&veil);
	TipFindStore(&store, get_schema(fcinfo, 1));
	SPI_connect();
	TipBecomeOwner(&store, &self);
	TipRun(psprintf("SELECT ARRAY(SELECT DISTINCT victim_id "
					"FROM %s.victim_pseudonym WHERE pseudonym = $1 "
					"ORDER BY victim_id LIMIT %d)", store.schema, MAX_ROWS),
		   1, &store.pseudonym_type, &pseudonym, NULL);
	TipExpectTypes(&store, lengthof(read), read);
	TipBeOneself(&self);
	result = SPI_datumTransfer(TipStoreColumn(0, 1, &isnull), false, -1);
	SPI_finish();
	TipReveal(&veil);
	PG_RETURN_DATUM(result);
}

PG_FUNCTION_INFO_V1(tip_identity_open);

/* tip_impl.identity_open(pseudonym, schema, victims uuid[]) → jsonb */
Datum
tip_identity_open(PG_FUNCTION_ARGS)
{
	MemoryContext outer = CurrentMemoryContext;
	TipVeil		veil;
	TipStore		store;
	StringInfoData json;
	uint64		n;
	Datum		result;

	TipHide(&veil);
	TipFindStore(&store, get_schema(fcinfo, 1));
	SPI_connect();
	n = read_identities(&store, PG_GETARG_DATUM(0), PG_GETARG_DATUM(2));
	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (uint64 i = 0; i < n; i++)
		append_row(&json, &store, i);
	appendStringInfoChar(&json, ']');
	MemoryContextSwitchTo(outer);
	result = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
	OPENSSL_cleanse(json.data, json.len);
	SPI_finish();
	TipReveal(&veil);
	PG_RETURN_DATUM(result);
}
