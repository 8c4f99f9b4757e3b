/*
 * identity_rotate.c
 *		From one version of the key to the next: what is sealed is opened, and
 *		pseudonyms and seals are made anew, a batch in each call.
 *
 * A batch locks identities, skipping those that others have locked, and then
 * looks once more, with a newer snapshot, at what they lack: another rotation
 * or a correction may have made it in between.  So values are opened here and
 * nowhere in SQL, and no identifier gets a pseudonym twice.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "compat.h"
#include "identity.h"
#include "identity_pseudonymize.h"
#include "identity_seal.h"
#include "identity_store.h"

#define MAX_BATCH	100000
#define SOURCE		", t.victim_id, t.kind, t.value"

/* What a batch is told, and what it has come to. */
typedef struct Batch
{
	TipStore	store;
	const TipDomain *domain;	/* NULL where seals are renewed */
	uint16		version;
	bool		has_after;
	pg_uuid_t	after;
	int			size;
	bool		waits;
	int			seen;
	pg_uuid_t	last;
	int			count;
	Datum	   *ids;
	Datum	   *victims;
	Datum	   *made;
} Batch;

static const TipDomain *
get_domain(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("domain is missing"),
				 errhint("Name a domain of tip.domain.")));
	return TipDomainOfText(PG_GETARG_TEXT_PP(arg));
}

static void
get_store(FunctionCallInfo fcinfo, int arg, TipStore *store)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("schema is missing"),
				 errhint("Name a schema that tip.create_model() has made.")));
	TipFindStore(store, NameStr(*PG_GETARG_NAME(arg)));
}

static uint16
get_version(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg) || PG_GETARG_INT32(arg) < 1 ||
		PG_GETARG_INT32(arg) > PG_UINT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key version is out of range"),
				 errhint("Versions are 1 to %d.", PG_UINT16_MAX)));
	return PG_GETARG_INT32(arg);
}

/* Arguments schema, after, size and waits, from one on. */
static void
get_batch(FunctionCallInfo fcinfo, int arg, Batch *batch)
{
	get_store(fcinfo, arg, &batch->store);
	batch->has_after = !PG_ARGISNULL(arg + 1);
	if (batch->has_after)
		batch->after = *PG_GETARG_UUID_P(arg + 1);
	batch->size = PG_ARGISNULL(arg + 2) ? 0 : PG_GETARG_INT32(arg + 2);
	batch->waits = !PG_ARGISNULL(arg + 3) && PG_GETARG_BOOL(arg + 3);
	if (batch->size < 1 || batch->size > MAX_BATCH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("size of a batch is out of range"),
				 errhint("A batch has 1 to %d rows.", MAX_BATCH)));
	/* A snapshot of the whole transaction would not see what others made. */
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("keys are not rotated at this isolation level"),
				 errhint("SET default_transaction_isolation = 'read committed'.")));
}

/*
 * The next rows are found by key, however wrong the statistics are.  Counts in
 * subqueries are not made into joins, which could read a whole table a batch.
 */
static void
become_owner(const TipStore *store, TipSelf *self)
{
	static const char *const off[] = {
		"enable_hashjoin", "enable_mergejoin", "enable_seqscan",
		"enable_bitmapscan", "jit"
	};

	TipBecomeOwner(store, self);
	for (int i = 0; i < lengthof(off); i++)
		(void) set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Lock the next rows of a table; first and second are $3 and $4 of the
 * condition.
 */
static void
read_batch(Batch *batch, const char *columns, const char *table,
		   const char *key, const char *condition, int32 first, int32 second)
{
	Oid			types[] = {UUIDOID, INT4OID, INT4OID, INT4OID};
	Datum		values[] = {UUIDPGetDatum(&batch->after),
		Int32GetDatum(batch->size), Int32GetDatum(first),
	Int32GetDatum(second)};

	const char *from = batch->has_after ? psprintf("t.%s > $1", key) :
		"$1 IS NULL";

	batch->seen = TipRun(psprintf("SELECT t.%s%s FROM %s.%s AS t "
								  "WHERE %s AND %s "
								  "ORDER BY t.%s LIMIT $2 FOR UPDATE%s",
								  key, columns, batch->store.schema, table,
								  from, condition, key,
								  batch->waits ? "" : " SKIP LOCKED"),
						 lengthof(types), types, values,
						 batch->has_after ? NULL : "n   ");
	if (batch->seen > 0)
	{
		Oid			read[] = {UUIDOID};
		bool		isnull;

		TipExpectTypes(&batch->store, lengthof(read), read);
		batch->last = *DatumGetUUIDP(TipStoreColumn(batch->seen - 1, 1,
													&isnull));
	}
}

static void
room_for(Batch *batch)
{
	batch->ids = palloc(sizeof(Datum) * (batch->seen + 1));
	batch->victims = palloc(sizeof(Datum) * (batch->seen + 1));
	batch->made = palloc(sizeof(Datum) * (batch->seen + 1));
}

static Datum
as_array(Datum *elements, int n, Oid type)
{
	int16		len;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(type, &len, &by_value, &align);
	return PointerGetDatum(construct_array(elements, n, type, len, by_value,
										   align));
}

/* A new pseudonym or, without a domain, a new seal. */
static Datum
make_anew(const Batch *batch, const char *kind, const char *value,
		  const bytea *sealed, const TipPlace *place)
{
	TipPseudonym *p;
	int			len = strlen(value);
	uint16		number;

	if (batch->domain != NULL)
	{
		p = palloc0(sizeof(TipPseudonym));
		TipMakePseudonym(kind, value, len, batch->domain, batch->version, p);
		return PointerGetDatum(p);
	}
	/* it has been opened, so the header is what it was sealed with */
	number = TipGet16((const uint8 *) VARDATA_ANY(sealed) + 1);
	return PointerGetDatum(TipSeal(value, len, TipDomainByNumber(number),
								   place));
}

/* Open the rows that were read; what does not open stays as it is. */
static void
make_batch(Batch *batch)
{
	SPITupleTable *rows = SPI_tuptable;
	Oid			read[] = {UUIDOID, UUIDOID, TEXTOID,
	batch->store.sealed_type};

	TipExpectTypes(&batch->store, lengthof(read), read);
	room_for(batch);
	for (int i = 0; i < batch->seen; i++)
	{
		bool		isnull[4];
		Datum		column[4];
		TipPlace	place = {batch->store.relation, "value", NULL};
		bytea	   *sealed;
		char	   *value;

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < 4; j++)
			column[j] = SPI_getbinval(rows->vals[i], rows->tupdesc, j + 1,
									  &isnull[j]);
		if (isnull[1] || isnull[2] || isnull[3])
			continue;
		place.record = DatumGetUUIDP(column[0]);
		sealed = (bytea *) PG_DETOAST_DATUM_PACKED(column[3]);
		value = TipTryUnseal(sealed, &place);
		if (value == NULL)
			continue;
		batch->ids[batch->count] = column[0];
		batch->victims[batch->count] = column[1];
		batch->made[batch->count++] =
			make_anew(batch, TextDatumGetCString(column[2]), value, sealed,
					  &place);
		OPENSSL_cleanse(value, strlen(value));
		pfree(value);
	}
}

/* Beside the old ones, for those that still lack one; how many. */
static uint64
insert_pseudonyms(const Batch *batch)
{
	Oid			types[] = {get_array_type(UUIDOID),
		get_array_type(batch->store.pseudonym_type), get_array_type(UUIDOID),
	INT2OID, INT4OID};
	Datum		values[] = {
		as_array(batch->victims, batch->count, UUIDOID),
		as_array(batch->made, batch->count, batch->store.pseudonym_type),
		as_array(batch->ids, batch->count, UUIDOID),
		Int16GetDatum(batch->domain->number), Int32GetDatum(batch->version)
	};

	return TipRun(psprintf("INSERT INTO %s.victim_pseudonym "
						   "(victim_id, pseudonym, identity_id) "
						   "SELECT n.victim, n.p, n.id "
						   "FROM unnest($1, $2, $3) AS n (victim, p, id) "
						   "WHERE (SELECT count(*) "
						   "FROM %s.victim_pseudonym AS o "
						   "WHERE o.identity_id = n.id AND o.domain = $4 "
						   "AND o.key_version = $5) = 0",
						   batch->store.schema, batch->store.schema),
				  lengthof(types), types, values, NULL);
}

static uint64
update_seals(const Batch *batch)
{
	Oid			types[] = {get_array_type(UUIDOID),
	get_array_type(batch->store.sealed_type)};
	Datum		values[] = {
		as_array(batch->ids, batch->count, UUIDOID),
		as_array(batch->made, batch->count, batch->store.sealed_type)
	};

	return TipRun(psprintf("UPDATE %s.identity AS i SET value = n.value "
						   "FROM unnest($1, $2) AS n (id, value) "
						   "WHERE i.identity_id = n.id", batch->store.schema),
				  lengthof(types), types, values, NULL);
}

static uint64
delete_pseudonyms(const Batch *batch)
{
	Oid			types[] = {get_array_type(UUIDOID)};
	Datum		values[] = {as_array(batch->ids, batch->count, UUIDOID)};

	return TipRun(psprintf("DELETE FROM %s.victim_pseudonym "
						   "WHERE victim_pseudonym_id = ANY ($1)",
						   batch->store.schema),
				  lengthof(types), types, values, NULL);
}

/* (last, done, left): last is NULL where no row was found. */
static Datum
result_of(FunctionCallInfo fcinfo, const Batch *batch, uint64 done)
{
	TupleDesc	desc;
	pg_uuid_t  *last = palloc(sizeof(pg_uuid_t));
	bool		nulls[] = {batch->seen == 0, false, false};
	Datum		values[3];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	*last = batch->last;
	values[0] = UUIDPGetDatum(last);
	values[1] = Int32GetDatum((int32) done);
	values[2] = Int32GetDatum(batch->seen - batch->count);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values,
											 nulls));
}

PG_FUNCTION_INFO_V1(tip_rotate_batch);

/*
 * tip_impl.rotate_batch(domain, version, schema, after, size, waits)
 *		→ (last, done, unopened)
 */
Datum
tip_rotate_batch(PG_FUNCTION_ARGS)
{
	MemoryContext outer = CurrentMemoryContext;
	Batch		batch = {0};
	uint64		done = 0;
	TipSelf		self;
	TipVeil		veil;

	TipHide(&veil);
	batch.domain = get_domain(fcinfo, 0);
	batch.version = get_version(fcinfo, 1);
	get_batch(fcinfo, 2, &batch);
	SPI_connect();
	become_owner(&batch.store, &self);
	read_batch(&batch, SOURCE, "identity",
			   "identity_id",
			   psprintf("(SELECT count(*) > 0 AND "
						"count(*) FILTER (WHERE o.key_version = $4) = 0 "
						"FROM %s.victim_pseudonym AS o "
						"WHERE o.identity_id = t.identity_id "
						"AND o.domain = $3)", batch.store.schema),
			   batch.domain->number, batch.version);
	make_batch(&batch);
	if (batch.count > 0)
		done = insert_pseudonyms(&batch);
	TipBeOneself(&self);
	SPI_finish();
	TipReveal(&veil);
	MemoryContextSwitchTo(outer);
	return result_of(fcinfo, &batch, done);
}

PG_FUNCTION_INFO_V1(tip_reseal_batch);

/* tip_impl.reseal_batch(schema, after, size, waits) → as above */
Datum
tip_reseal_batch(PG_FUNCTION_ARGS)
{
	MemoryContext outer = CurrentMemoryContext;
	Batch		batch = {0};
	uint64		done = 0;
	TipSelf		self;
	TipVeil		veil;

	TipHide(&veil);
	get_batch(fcinfo, 0, &batch);
	batch.version = TipActiveKey();
	SPI_connect();
	become_owner(&batch.store, &self);
	read_batch(&batch, SOURCE, "identity",
			   "identity_id",
			   "tip.sealed_version(t.value) <> $3 AND $4 IS NOT NULL",
			   batch.version, 0);
	make_batch(&batch);
	if (batch.count > 0)
		done = update_seals(&batch);
	TipBeOneself(&self);
	SPI_finish();
	TipReveal(&veil);
	MemoryContextSwitchTo(outer);
	return result_of(fcinfo, &batch, done);
}

PG_FUNCTION_INFO_V1(tip_retire_batch);

/*
 * tip_impl.retire_batch(domain, version, newer, schema, after, size, waits)
 *		→ as above.  Of one identity, the old pseudonym goes where the newer
 *		one is.
 */
Datum
tip_retire_batch(PG_FUNCTION_ARGS)
{
	MemoryContext outer = CurrentMemoryContext;
	Batch		batch = {0};
	uint64		done = 0;
	uint16		newer;
	TipSelf		self;

	batch.domain = get_domain(fcinfo, 0);
	batch.version = get_version(fcinfo, 1);
	newer = get_version(fcinfo, 2);
	get_batch(fcinfo, 3, &batch);
	SPI_connect();
	become_owner(&batch.store, &self);
	read_batch(&batch, "", "victim_pseudonym", "victim_pseudonym_id",
			   psprintf("t.domain = %d AND t.key_version = $3 AND "
						"(SELECT count(*) > 0 FROM %s.victim_pseudonym AS o "
						"WHERE o.identity_id = t.identity_id "
						"AND o.domain = t.domain AND o.key_version = $4)",
						batch.domain->number, batch.store.schema),
			   batch.version, newer);
	room_for(&batch);
	for (; batch.count < batch.seen; batch.count++)
	{
		bool		isnull;

		batch.ids[batch.count] = TipStoreColumn(batch.count, 1, &isnull);
	}
	if (batch.count > 0)
		done = delete_pseudonyms(&batch);
	TipBeOneself(&self);
	SPI_finish();
	MemoryContextSwitchTo(outer);
	return result_of(fcinfo, &batch, done);
}

/* Counts of what is left to do, as the columns of tip.rotation_state(). */
#define STATE \
	"SELECT (SELECT count(*) FROM (SELECT FROM %1$s.victim_pseudonym AS o " \
	"WHERE o.domain = $1 AND o.identity_id IS NOT NULL " \
	"GROUP BY o.identity_id HAVING bool_and(o.key_version <> $2)) AS t), " \
	"(SELECT array_agg(DISTINCT o.key_version) " \
	"FROM %1$s.victim_pseudonym AS o WHERE o.domain = $1), " \
	"(SELECT count(*) FROM %1$s.victim_pseudonym AS o WHERE o.domain = $1 " \
	"AND o.identity_id IS NULL AND o.key_version <> $2), " \
	"(SELECT count(*) FROM %1$s.identity AS i " \
	"WHERE tip.sealed_version(i.value) <> $2)"

PG_FUNCTION_INFO_V1(tip_rotation_state);

/* tip.rotation_state(domain, schema) → (active, remaining, versions, ...) */
Datum
tip_rotation_state(PG_FUNCTION_ARGS)
{
	MemoryContext outer = CurrentMemoryContext;
	const TipDomain *domain = get_domain(fcinfo, 0);
	uint16		active = TipActiveKey();
	Oid			types[] = {INT2OID, INT4OID};
	Oid			read[] = {INT8OID, INT4ARRAYOID, INT8OID, INT8OID};
	Datum		args[] = {Int16GetDatum(domain->number), Int32GetDatum(active)};
	Datum		values[5] = {Int32GetDatum(active)};
	bool		nulls[5] = {false};
	TipStore	store;
	TipSelf		self;
	TupleDesc	desc;

	get_store(fcinfo, 1, &store);
	SPI_connect();
	TipBecomeOwner(&store, &self);
	TipRun(psprintf(STATE, store.schema), lengthof(types), types, args, NULL);
	TipExpectTypes(&store, lengthof(read), read);
	TipBeOneself(&self);
	for (int i = 1; i < 5; i++)
	{
		values[i] = TipStoreColumn(0, i, &nulls[i]);
		if (i == 2 && !nulls[i])
		{
			MemoryContext inner = MemoryContextSwitchTo(outer);

			values[i] = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[i]));
			MemoryContextSwitchTo(inner);
		}
	}
	SPI_finish();
	MemoryContextSwitchTo(outer);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}
