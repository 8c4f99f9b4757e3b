/*
 * identity_find.c
 *		Is this person known, and what is she called in another domain?
 *
 * Both questions are counted and written down, in a transaction of its own,
 * before they are answered.  Tables of a model are read with the rights of
 * their owner, never with those of the extension's: whoever made them may have
 * put code into them.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

#include "compat.h"
#include "errors.h"
#include "identity.h"
#include "identity_ledger.h"
#include "identity_note.h"
#include "identity_pseudonymize.h"
#include "identity_seal.h"
#include "identity_store.h"

#define FINDING_DOMAIN "police"

PG_FUNCTION_INFO_V1(tip_find_person);
PG_FUNCTION_INFO_V1(tip_translate_pseudonym);

/* ---- the model ---- */

typedef struct Model
{
	const char *schema;			/* as it stands in a query */
	Oid			owner;			/* of victim_pseudonym */
} Model;

static void
refuse_model(const char *schema, const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("table \"%s\" of schema \"%s\" is not that of a model",
					table, schema),
			 errhint("Use tip.create_model() or tip.upgrade_model().")));
}

/* A view or a foreign table would be told what is looked for. */
static void
check_kind(Oid relid, const char *schema, const char *table)
{
	char		kind = get_rel_relkind(relid);
	ListCell   *lc;

	if (kind == RELKIND_RELATION && !has_subclass(relid))
		return;
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		refuse_model(schema, table);
	foreach(lc, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		char		child = get_rel_relkind(lfirst_oid(lc));

		if (child != RELKIND_RELATION && child != RELKIND_PARTITIONED_TABLE)
			refuse_model(schema, table);
	}
}

static void
check_column(Oid relid, const char *column, Oid type, const char *schema,
			 const char *table)
{
	AttrNumber	attno = get_attnum(relid, column);

	if (attno <= 0 || get_atttype(relid, attno) != type)
		refuse_model(schema, table);
}

/* Lock a table until the end of the transaction and look at its columns. */
static Oid
open_table(const char *schema, const char *table, const char *column,
		   Oid type, const char *key)
{
	Oid			relid;

	relid = RangeVarGetRelid(makeRangeVar(pstrdup(schema), pstrdup(table), -1),
							 AccessShareLock, true);
	if (!OidIsValid(relid))
		refuse_model(schema, table);
	check_kind(relid, schema, table);
	check_column(relid, column, type, schema, table);
	check_column(relid, key, UUIDOID, schema, table);
	return relid;
}

static Oid
owner_of(Oid relid)
{
	Relation	rel = table_open(relid, NoLock);
	Oid			owner = rel->rd_rel->relowner;

	table_close(rel, NoLock);
	return owner;
}

static Oid
open_model(const char *schema, Model *model)
{
	Oid			relid = open_table(schema, "victim_pseudonym", "pseudonym",
								   TipPseudonymType(), "victim_id");

	model->schema = quote_identifier(schema);
	model->owner = owner_of(relid);
	return relid;
}

/* ---- asking ---- */

static uint64
ask(const char *query, int nargs, Oid *types, Datum *values)
{
	if (SPI_execute_with_args(query, nargs, types, values, NULL, true, 0) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not look into a catalogue or a model");
	return SPI_processed;
}

static Datum
answer(int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column,
						 isnull);
}

/* ---- what must hold before anything is asked ---- */

static void
check_purpose(const char *purpose, const char *schema)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(purpose),
	CStringGetTextDatum(schema)};
	bool		isnull;

	ask("SELECT EXISTS (SELECT FROM tip.purpose AS p WHERE p.name = $1),"
		" pg_catalog.has_schema_privilege(session_user, $2, 'USAGE')",
		2, types, values);
	if (!DatumGetBool(answer(1, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown purpose"),
				 errhint("See the table tip.purpose.")));
	if (!DatumGetBool(answer(2, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for schema of the model"),
				 errhint("The login needs USAGE on it.")));
}

static Datum
own_agency(void)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(TipLogin())};
	bool		isnull;
	Datum		agency;

	if (ask("SELECT a.agency FROM tip.agency_member AS a"
			" WHERE a.role_name = $1", 1, types, values) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the login belongs to no agency"),
				 errhint("Have the DBA name one with tip.set_agency().")));
	agency = SPI_datumTransfer(answer(1, &isnull), false, UUID_LEN);
	return agency;
}

static void
write_down(const char *action, const TipPseudonym *pseudonym,
		   const char *purpose, const char *case_ref)
{
	TipNote		note = {0};

	note.action = action;
	note.login = TipLogin();
	note.actor = TipClaimedActor();
	note.pseudonym = pseudonym;
	note.purpose = purpose;
	note.case_ref = case_ref;
	TipNoteApart(TipIsExempt() ? TIP_APART_NOTE :
				 TIP_APART_CHARGE_AND_NOTE, &note);
}

static char *
needed_text(FunctionCallInfo fcinfo, int n, const char *what)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", what),
				 errhint("State what is looked for, and why.")));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static char *
schema_arg(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("schema must not be null"),
				 errhint("The schema of the model is tip_data by default.")));
	return pstrdup(NameStr(*PG_GETARG_NAME(n)));
}

/* ---- find_person ---- */

/*
 * Pseudonyms of a value under every key that may be read, newest first; the
 * question itself is what is charged.
 */
static List *
pseudonyms_of(const char *kind, const char *value)
{
	const TipDomain *domain = TipDomainByName(FINDING_DOMAIN);
	uint16		versions[TIP_MOST_VERSIONS];
	int			n = TipReadableKeys(versions, TIP_MOST_VERSIONS);
	List	   *found = NIL;

	for (int i = 0; i < n; i++)
	{
		TipPseudonym *p = palloc(sizeof(TipPseudonym));

		TipMakePseudonym(kind, value, strlen(value), domain, versions[i], p);
		found = lappend(found, p);
	}
	return found;
}

/* A victim is of an agency that has reported an event of hers. */
static char *
finding_query(const Model *model)
{
	return psprintf("SELECT p.victim_id, EXISTS (SELECT"
					" FROM %1$s.victimization AS v JOIN %1$s.event AS e"
					" ON e.event_id = v.event_id"
					" WHERE v.victim_id = p.victim_id"
					" AND e.reporting_entity_id = $2)"
					" FROM %1$s.victim_pseudonym AS p"
					" WHERE p.pseudonym = $1",
					model->schema);
}

typedef struct Found
{
	List	   *own;			/* of pg_uuid_t */
	bool		is_elsewhere;
} Found;

static void
add_found(Found *found, HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	pg_uuid_t  *victim = DatumGetUUIDP(SPI_getbinval(tuple, desc, 1, &isnull));
	Datum		copy;
	ListCell   *lc;

	if (!DatumGetBool(SPI_getbinval(tuple, desc, 2, &isnull)))
	{
		found->is_elsewhere = true;
		return;
	}
	foreach(lc, found->own)
		if (memcmp(lfirst(lc), victim, UUID_LEN) == 0)
			return;
	copy = SPI_datumTransfer(UUIDPGetDatum(victim), false, UUID_LEN);
	found->own = lappend(found->own, DatumGetPointer(copy));
}

static void
look_for(const Model *model, List *pseudonyms, Datum agency, Found *found)
{
	char	   *query = finding_query(model);
	Oid			types[] = {TipPseudonymType(), UUIDOID};
	TipSelf		self;
	ListCell   *lc;

	TipBecome(model->owner, &self);
	PushActiveSnapshot(GetLatestSnapshot());
	foreach(lc, pseudonyms)
	{
		Datum		values[] = {PointerGetDatum(lfirst(lc)), agency};
		uint64		n = ask(query, 2, types, values);

		for (uint64 i = 0; i < n; i++)
			add_found(found, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
	}
	PopActiveSnapshot();
	TipBeOneself(&self);
}

static void
put_answer(ReturnSetInfo *result, const pg_uuid_t *victim, const char *text)
{
	Datum		values[2] = {UUIDPGetDatum(victim), CStringGetTextDatum(text)};
	bool		nulls[2] = {victim == NULL, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
find(const char *kind, const char *value, const char *purpose,
	 const char *schema, Found *found)
{
	Model		model;
	List	   *pseudonyms;
	Datum		agency;

	check_purpose(purpose, schema);
	agency = own_agency();
	open_model(schema, &model);
	(void) open_table(schema, "victimization", "victim_id", UUIDOID,
					  "event_id");
	(void) open_table(schema, "event", "reporting_entity_id", UUIDOID,
					  "event_id");
	pseudonyms = pseudonyms_of(kind, value);
	if (pseudonyms == NIL)
		return;
	write_down("find_person", linitial(pseudonyms), purpose, NULL);
	look_for(&model, pseudonyms, agency, found);
}

/*
 * find_person(kind text, value text, purpose text, schema name)
 *		Victims of the caller's own agency, and whether another unit knows.
 */
Datum
tip_find_person(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TipVeil		veil;
	Found		found = {NIL, false};
	ListCell   *lc;
	char	   *args[3];

	TipHide(&veil);
	args[0] = needed_text(fcinfo, 0, "kind");
	args[1] = needed_text(fcinfo, 1, "value");
	args[2] = needed_text(fcinfo, 2, "purpose");
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	find(args[0], args[1], args[2], schema_arg(fcinfo, 3), &found);
	foreach(lc, found.own)
		put_answer(result, lfirst(lc), "known to your unit");
	if (found.is_elsewhere)
		put_answer(result, NULL, "known to another unit: ask");
	SPI_finish();
	TipReveal(&veil);
	return (Datum) 0;
}

/* ---- translate_pseudonym ---- */

/* The pseudonym of the same identifier that is stored in the other domain. */
static TipPseudonym *
stored_translation(const Model *model, const TipPseudonym *pseudonym,
				   int16 domain)
{
	Oid			types[] = {TipPseudonymType(), INT2OID};
	Datum		values[] = {PointerGetDatum(pseudonym), Int16GetDatum(domain)};
	TipPseudonym *found = NULL;
	TipSelf		self;
	bool		isnull;
	char	   *query;

	query = psprintf("SELECT q.pseudonym FROM %1$s.victim_pseudonym AS p"
					 " JOIN %1$s.victim_pseudonym AS q"
					 " ON q.victim_id = p.victim_id"
					 " AND q.identity_id = p.identity_id"
					 " WHERE p.pseudonym = $1 AND q.domain = $2"
					 " ORDER BY q.key_version DESC, q.pseudonym LIMIT 1",
					 model->schema);
	TipBecome(model->owner, &self);
	PushActiveSnapshot(GetLatestSnapshot());
	if (ask(query, 2, types, values) == 1)
		found = (TipPseudonym *)
			DatumGetPointer(SPI_datumTransfer(answer(1, &isnull), false,
											  sizeof(TipPseudonym)));
	PopActiveSnapshot();
	TipBeOneself(&self);
	return found;
}

/* Open what a pseudonym was made from; make another, under the newest key. */
static TipPseudonym *
open_and_make(const TipStore *store, const TipDomain *domain)
{
	TipPseudonym *made = palloc(sizeof(TipPseudonym));
	bool		isnull;
	TipPlace	place = {store->relation, "value", NULL};
	Oid			read[] = {UUIDOID, InvalidOid, store->sealed_type};
	char	   *kind;
	char	   *value;
	Datum		sealed;

	TipExpectTypes(store, lengthof(read), read);
	place.record = DatumGetUUIDP(TipStoreColumn(0, 1, &isnull));
	kind = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	sealed = TipStoreColumn(0, 3, &isnull);
	if (kind == NULL || isnull)
		return NULL;
	value = TipUnseal(PG_DETOAST_DATUM_PACKED(sealed), &place);
	TipMakePseudonym(kind, value, strlen(value), domain, TipActiveKey(),
					 made);
	OPENSSL_cleanse(value, strlen(value));
	return made;
}

static TipPseudonym *
unsealed_translation(const char *schema, const TipPseudonym *pseudonym,
					 const TipDomain *domain)
{
	TipStore	store;
	TipSelf		self;
	Datum		value = PointerGetDatum(pseudonym);
	uint64		n;

	TipFindStore(&store, schema);
	TipBecomeOwner(&store, &self);
	n = TipRun(psprintf("SELECT i.identity_id, i.kind, i.value"
						" FROM %1$s.victim_pseudonym AS p"
						" JOIN %1$s.identity AS i"
						" ON i.identity_id = p.identity_id"
						" AND i.victim_id = p.victim_id"
						" WHERE p.pseudonym = $1"
						" ORDER BY i.identity_id LIMIT 1", store.schema),
			   1, &store.pseudonym_type, &value, NULL);
	TipBeOneself(&self);
	return n == 0 ? NULL : open_and_make(&store, domain);
}

static TipPseudonym *
translation_of(const TipPseudonym *pseudonym, const char *to_domain,
		  const char *purpose, const char *case_ref, const char *schema)
{
	const TipDomain *domain = TipDomainByName(to_domain);
	TipPseudonym *found;
	Model		model;
	Oid			relid;

	check_purpose(purpose, schema);
	relid = open_model(schema, &model);
	check_column(relid, "identity_id", UUIDOID, schema, "victim_pseudonym");
	write_down("translate", pseudonym, purpose, case_ref);
	found = stored_translation(&model, pseudonym, domain->number);
	return found != NULL ? found :
		unsealed_translation(schema, pseudonym, domain);
}

/*
 * translate_pseudonym(pseudonym, to_domain text, purpose text, case_ref text,
 *		schema name)
 */
Datum
tip_translate_pseudonym(PG_FUNCTION_ARGS)
{
	TipPseudonym *result = palloc(sizeof(TipPseudonym));
	TipPseudonym *found;
	TipVeil		veil;
	char	   *to_domain,
			   *purpose,
			   *case_ref;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	TipHide(&veil);
	to_domain = needed_text(fcinfo, 1, "domain");
	purpose = needed_text(fcinfo, 2, "purpose");
	case_ref = needed_text(fcinfo, 3, "case reference");
	SPI_connect();
	found = translation_of((TipPseudonym *) PG_GETARG_POINTER(0), to_domain,
						   purpose, case_ref, schema_arg(fcinfo, 4));
	if (found != NULL)
		memcpy(result, found, sizeof(TipPseudonym));
	else
		result = NULL;
	SPI_finish();
	TipReveal(&veil);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(result);
}
