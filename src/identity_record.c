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
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

#include "compat.h"
#include "identity.h"
#include "identity_pseudonymize.h"
#include "identity_seal.h"
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

/* The tables of a model, and whom they belong to. */
typedef struct Store
{
	const char *schema;			/* quoted */
	const char *relation;		/* that values are sealed for */
	Oid			victim;
	Oid			owner;
	Oid			sealed_type;
	Oid			pseudonym_type;
} Store;

typedef struct Self
{
	Oid			user;
	int			security;
	int			level;
} Self;

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

/* ---- the tables ---- */

/* A view could run what its owner likes as whoever calls us. */
static Oid
find_table(const char *schema, const char *name)
{
	Oid			namespace = get_namespace_oid(schema, true);
	Oid			relid = InvalidOid;
	char		kind;

	if (OidIsValid(namespace))
		relid = get_relname_relid(name, namespace);
	kind = OidIsValid(relid) ? get_rel_relkind(relid) : 0;
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("schema \"%s\" has no table \"%s\"", schema, name),
				 errhint("Name a schema that tip.create_model() has made.")));
	return relid;
}

static Oid
owner_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static Oid
type_of(const char *name)
{
	Oid			namespace = get_namespace_oid("tip", false);

	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum(name),
						   ObjectIdGetDatum(namespace));
}

static void
find_store(Store *store, const char *schema)
{
	Oid			identity = find_table(schema, "identity");
	Oid			pseudonym = find_table(schema, "victim_pseudonym");

	store->schema = quote_identifier(schema);
	store->relation = psprintf("%s.identity", schema);
	store->victim = find_table(schema, "victim");
	store->owner = owner_of(identity);
	store->sealed_type = type_of("sealed");
	store->pseudonym_type = type_of("pseudonym");
	if (get_atttype(identity, get_attnum(identity, "value")) !=
		store->sealed_type || owner_of(pseudonym) != store->owner)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"identity\" of schema \"%s\" is not that of the model",
						schema),
				 errhint("Its column \"value\" is sealed, and \"victim_pseudonym\" has the same owner.")));
}

static void
become_owner(const Store *store, Self *self)
{
	self->level = NewGUCNestLevel();
	GetUserIdAndSecContext(&self->user, &self->security);
	SetUserIdAndSecContext(store->owner, self->security |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static void
be_oneself(const Self *self)
{
	AtEOXact_GUC(true, self->level);
	SetUserIdAndSecContext(self->user, self->security);
}

static uint64
run(const char *query, int nargs, Oid *types, Datum *values,
	const char *nulls)
{
	int			result = SPI_execute_with_args(query, nargs, types, values,
											   nulls, false, 0);

	if (result < 0)
		elog(ERROR, "could not reach identities: %s",
			 SPI_result_code_string(result));
	return SPI_processed;
}

/* With the caller's own rights: the lock needs those to change the record. */
static void
check_victim(const Store *store, const pg_uuid_t *victim)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(victim)};

	if (run(psprintf("SELECT FROM %s.victim WHERE victim_id "
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

/* A partial date is kept as we write it; the others as they are told. */
static void
check_value(Entry *entry)
{
	Oid			type = type_of("partial_date");
	Oid			input;
	Oid			ioparam;
	Oid			output;
	bool		is_varlena;

	if (strcmp(entry->kind, "birth_date") != 0)
		return;
	getTypeInputInfo(type, &input, &ioparam);
	getTypeOutputInfo(type, &output, &is_varlena);
	entry->value = OidOutputFunctionCall(output,
										 OidInputFunctionCall(input,
															  entry->value,
															  ioparam, -1));
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
	for (int i = 0; i < entry->ndomains; i++)
	{
		TipPseudonym *p = palloc0(sizeof(TipPseudonym));

		/* No budget: whoever records a victim learns nothing. */
		TipMakePseudonym(entry->kind, entry->value, entry->len,
						 entry->domains[i], TipActiveKey(), p);
		entry->pseudonyms[i] = PointerGetDatum(p);
	}
}

static Datum
seal_value(const Store *store, Entry *entry)
{
	TipPlace	place = {store->relation, "value", &entry->identity};
	bytea	   *sealed = TipSeal(entry->value, entry->len,
								 TipDomainByName(SEAL_DOMAIN), &place);

	OPENSSL_cleanse(entry->value, entry->len);
	return PointerGetDatum(sealed);
}

static void
insert_pseudonyms(const Store *store, const Entry *entry)
{
	Oid			types[] = {UUIDOID, store->pseudonym_type, UUIDOID};

	for (int i = 0; i < entry->ndomains; i++)
	{
		Datum		values[] = {UUIDPGetDatum(&entry->victim),
			entry->pseudonyms[i], UUIDPGetDatum(&entry->identity)};

		run(psprintf("INSERT INTO %s.victim_pseudonym "
					 "(victim_id, pseudonym, identity_id) VALUES ($1, $2, $3)",
					 store->schema), lengthof(types), types, values, NULL);
	}
}

static void
insert_identity(const Store *store, Entry *entry, Datum sealed)
{
	Oid			types[] = {UUIDOID, UUIDOID, TEXTOID, TEXTOID,
		store->sealed_type};
	Datum		values[] = {UUIDPGetDatum(&entry->identity),
		UUIDPGetDatum(&entry->victim), CStringGetTextDatum(entry->kind),
		entry->name_type ? CStringGetTextDatum(entry->name_type) : (Datum) 0,
	sealed};

	run(psprintf("INSERT INTO %s.identity (identity_id, victim_id, kind, "
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
	Store		store;
	Self		self;
	Entry		entry = {0};
	Datum		sealed;

	TipHide(&veil);
	entry.victim = get_uuid(fcinfo, 0, "victim");
	entry.kind = get_word(fcinfo, 1, kinds, "unknown kind of identifier");
	get_value(fcinfo, 2, &entry);
	entry.name_type = get_word(fcinfo, 3, name_types, "unknown type of name");
	find_store(&store, get_schema(fcinfo, 4));
	get_domains(fcinfo, 5, &entry);
	check_words(&entry);
	SPI_connect();
	check_victim(&store, &entry.victim);
	check_value(&entry);
	entry.identity = *DatumGetUUIDP(DirectFunctionCall1(gen_random_uuid,
														(Datum) 0));
	make_pseudonyms(&entry);
	sealed = seal_value(&store, &entry);
	become_owner(&store, &self);
	insert_identity(&store, &entry, sealed);
	insert_pseudonyms(&store, &entry);
	be_oneself(&self);
	SPI_finish();
	TipReveal(&veil);
	*result = entry.identity;
	PG_RETURN_UUID_P(result);
}

/* ---- corrections ---- */

static Datum
column_of(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}

/* Whose it is, and of what kind; locked until the transaction ends. */
static void
read_identity(const Store *store, Entry *entry)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(&entry->identity)};
	bool		isnull[2] = {true, true};
	Datum		victim;
	Self		self;

	become_owner(store, &self);
	if (run(psprintf("SELECT victim_id, kind FROM %s.identity "
					 "WHERE identity_id = $1 FOR UPDATE", store->schema),
			lengthof(types), types, values, NULL) > 0)
	{
		victim = column_of(0, 1, &isnull[0]);
		entry->kind = SPI_getvalue(SPI_tuptable->vals[0],
								   SPI_tuptable->tupdesc, 2);
		isnull[1] = entry->kind == NULL;
		if (!isnull[0])
			entry->victim = *DatumGetUUIDP(victim);
	}
	be_oneself(&self);
	if (isnull[0] || isnull[1])
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no such identity"),
				 errhint("Give what tip.identify() returned.")));
}

/* The domains that the identifier has pseudonyms in already. */
static void
read_domains(const Store *store, Entry *entry)
{
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(&entry->identity)};
	uint64		n = run(psprintf("SELECT DISTINCT domain "
								 "FROM %s.victim_pseudonym WHERE identity_id = $1",
								 store->schema),
						lengthof(types), types, values, NULL);

	for (uint64 i = 0; i < n && entry->ndomains < MAX_DOMAINS; i++)
	{
		bool		isnull;
		Datum		number = column_of(i, 1, &isnull);
		const TipDomain *domain = isnull ? NULL :
			TipDomainByNumber(DatumGetInt16(number));

		if (domain != NULL)
			entry->domains[entry->ndomains++] = domain;
	}
	if (entry->ndomains == 0)
		entry->domains[entry->ndomains++] = TipDomainByName(SEAL_DOMAIN);
}

static void
replace_identity(const Store *store, Entry *entry, Datum sealed)
{
	Oid			types[] = {UUIDOID, store->sealed_type, TEXTOID};
	Datum		values[] = {UUIDPGetDatum(&entry->identity), sealed,
		entry->name_type ? CStringGetTextDatum(entry->name_type) : (Datum) 0};

	run(psprintf("UPDATE %s.identity SET value = $2, "
				 "name_type = coalesce($3, name_type) WHERE identity_id = $1",
				 store->schema), lengthof(types), types, values,
		entry->name_type ? NULL : "  n");
	run(psprintf("DELETE FROM %s.victim_pseudonym WHERE identity_id = $1",
				 store->schema), 1, types, values, NULL);
	insert_pseudonyms(store, entry);
}

PG_FUNCTION_INFO_V1(tip_correct_identity);

/* tip.correct_identity(identity, value, name_type, schema, domains) */
Datum
tip_correct_identity(PG_FUNCTION_ARGS)
{
	TipVeil		veil;
	Store		store;
	Self		self;
	Entry		entry = {0};
	Datum		sealed;

	TipHide(&veil);
	entry.identity = get_uuid(fcinfo, 0, "identity");
	get_value(fcinfo, 1, &entry);
	entry.name_type = get_word(fcinfo, 2, name_types, "unknown type of name");
	find_store(&store, get_schema(fcinfo, 3));
	get_domains(fcinfo, 4, &entry);
	SPI_connect();
	read_identity(&store, &entry);
	check_words(&entry);
	check_victim(&store, &entry.victim);
	check_value(&entry);
	become_owner(&store, &self);
	if (PG_ARGISNULL(4))
		read_domains(&store, &entry);
	be_oneself(&self);
	make_pseudonyms(&entry);
	sealed = seal_value(&store, &entry);
	become_owner(&store, &self);
	replace_identity(&store, &entry, sealed);
	be_oneself(&self);
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
	Store		store;
	Self		self;
	Entry		entry = {0};
	Oid			types[] = {UUIDOID};
	Datum		values[] = {UUIDPGetDatum(&entry.identity)};

	TipHide(&veil);
	entry.identity = get_uuid(fcinfo, 0, "identity");
	find_store(&store, get_schema(fcinfo, 1));
	SPI_connect();
	read_identity(&store, &entry);
	check_victim(&store, &entry.victim);
	become_owner(&store, &self);
	run(psprintf("DELETE FROM %s.identity WHERE identity_id = $1",
				 store.schema), lengthof(types), types, values, NULL);
	be_oneself(&self);
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
append_row(StringInfo json, const Store *store, int row)
{
	HeapTuple	tuple = SPI_tuptable->vals[row];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		isnull;
	pg_uuid_t  *identity = DatumGetUUIDP(column_of(row, 1, &isnull));
	TipPlace	place = {store->relation, "value", identity};
	Datum		sealed = column_of(row, 5, &isnull);
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
read_identities(const Store *store, Datum pseudonym)
{
	Oid			types[] = {store->pseudonym_type};
	uint64		n;
	Self		self;

	become_owner(store, &self);
	n = run(psprintf("SELECT identity_id, victim_id, kind, name_type, value "
					 "FROM %s.identity WHERE victim_id IN (SELECT victim_id "
					 "FROM %s.victim_pseudonym WHERE pseudonym = $1) "
					 "ORDER BY victim_id, kind, recorded_on, identity_id LIMIT %d",
					 store->schema, store->schema, MAX_ROWS),
			lengthof(types), types, &pseudonym, NULL);
	be_oneself(&self);
	return n;
}

PG_FUNCTION_INFO_V1(tip_identity_open);

/* tip_impl.identity_open(pseudonym, schema) → jsonb */
Datum
tip_identity_open(PG_FUNCTION_ARGS)
{
	MemoryContext outer = CurrentMemoryContext;
	TipVeil		veil;
	Store		store;
	StringInfoData json;
	uint64		n;
	Datum		result;

	TipHide(&veil);
	find_store(&store, get_schema(fcinfo, 1));
	SPI_connect();
	n = read_identities(&store, PG_GETARG_DATUM(0));
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
