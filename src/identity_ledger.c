/*
 * identity_ledger.c
 *		The ledger: what was asked about people, chained by HMAC.
 *
 * Each row's MAC covers the row and the MAC of the row before it, under a key
 * that the database does not hold.  Rows are numbered without a gap, hence
 * whoever appends holds a lock until the end of its transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "utils/xid8.h"

#include <openssl/crypto.h>

#include "compat.h"
#include "identity.h"
#include "identity_apart.h"
#include "identity_crypto.h"
#include "identity_ledger.h"
#include "identity_note.h"
#include "rules.h"

#define ACTOR_MAX		64
#define ACTION_MAX		63
#define REFERENCE_MAX	200
#define LOG_MAC_BYTES	8

/* Part of the MAC: another form of rows would have another name. */
#define FORMAT "tip/ledger/1"

PG_FUNCTION_INFO_V1(tip_ledger_write);
PG_FUNCTION_INFO_V1(tip_ledger_append);
PG_FUNCTION_INFO_V1(tip_ledger_append_apart);
PG_FUNCTION_INFO_V1(tip_ledger_check);

static char *actor = NULL;

/* A row; what is NULL there is NULL here. */
typedef struct Row
{
	int64		seq;
	TimestampTz at;
	uint64		xact;
	TipNote		note;
	int32		key_version;
	unsigned char previous[TIP_SHA256_BYTES];
	unsigned char mac[TIP_SHA256_BYTES];
} Row;

/* ---- who says so ---- */

static bool
check_actor(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL)
		return true;
	for (const char *c = *newval; *c != '\0'; c++)
		if ((unsigned char) *c < ' ' || *c == 0x7f)
		{
			GUC_check_errdetail("A claimed actor has no control characters.");
			return false;
		}
	if (strlen(*newval) > ACTOR_MAX)
	{
		GUC_check_errdetail("A claimed actor has at most 64 bytes.");
		return false;
	}
	return true;
}

void
TipLedgerInit(void)
{
	DefineCustomStringVariable("tip_module.actor",
							   "Whom the application asks for; a claim.",
							   NULL, &actor, "", PGC_USERSET, 0,
							   check_actor, NULL, NULL);
}

const char *
TipClaimedActor(void)
{
	return actor != NULL && actor[0] != '\0' ? actor : NULL;
}

const char *
TipLogin(void)
{
	return GetUserNameFromId(GetSessionUserId(), false);
}

/* ---- MAC ---- */

static void
put_length(StringInfo bytes, uint32 len)
{
	char		big[4] = {len >> 24, len >> 16, len >> 8, len};

	appendBinaryStringInfo(bytes, big, sizeof(big));
}

static void
put_bytes(StringInfo bytes, const void *data, size_t len)
{
	put_length(bytes, len);
	appendBinaryStringInfo(bytes, data, len);
}

static void
put_null(StringInfo bytes)
{
	put_length(bytes, PG_UINT32_MAX);
}

/* In UTF-8, so that a dump may be restored under another encoding. */
static void
put_text(StringInfo bytes, const char *text)
{
	char	   *utf8;

	if (text == NULL)
	{
		put_null(bytes);
		return;
	}
	utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);
	put_bytes(bytes, utf8, strlen(utf8));
}

static void
put_int64(StringInfo bytes, uint64 value)
{
	unsigned char big[8];

	for (int i = 0; i < 8; i++)
		big[i] = value >> (56 - 8 * i);
	put_bytes(bytes, big, sizeof(big));
}

/* Every field behind its length, so that no two rows have the same bytes. */
static void
canonical(const Row *row, StringInfo bytes)
{
	const TipNote *note = &row->note;

	initStringInfo(bytes);
	put_bytes(bytes, FORMAT, strlen(FORMAT));
	put_bytes(bytes, row->previous, TIP_SHA256_BYTES);
	put_int64(bytes, row->seq);
	put_int64(bytes, row->at);
	put_int64(bytes, row->xact);
	put_text(bytes, note->action);
	put_text(bytes, note->login);
	put_text(bytes, note->actor);
	if (note->pseudonym != NULL)
		put_bytes(bytes, note->pseudonym, sizeof(TipPseudonym));
	else
		put_null(bytes);
	if (note->victim != NULL)
		put_bytes(bytes, note->victim->data, UUID_LEN);
	else
		put_null(bytes);
	put_text(bytes, note->purpose);
	put_text(bytes, note->case_ref);
	if (note->request != NULL)
		put_int64(bytes, *note->request);
	else
		put_null(bytes);
	put_int64(bytes, row->key_version);
}

static void
compute_mac(const Row *row, unsigned char *out)
{
	StringInfoData bytes;
	EVP_MAC_CTX *mac;

	canonical(row, &bytes);
	mac = TipLeafMac(TIP_LEDGER_LEAF, "", row->key_version);
	if (EVP_MAC_update(mac, (unsigned char *) bytes.data, bytes.len) != 1 ||
		!TipMacFinish(mac, out))
		TipRefuseCrypto();
	pfree(bytes.data);
}

/* ---- appending ---- */

/*
 * Until the end of the transaction.  No SQL statement takes this lock, so that
 * nobody can hold it but by appending.
 */
static void
lock_head(void)
{
	LockDatabaseObject(RelationRelationId, TipCatalogRelid("ledger"), 1,
					   ExclusiveLock);
}

static void
copy_mac(Datum value, bool isnull, unsigned char *out)
{
	bytea	   *bytes = isnull ? NULL : DatumGetByteaPP(value);

	if (bytes == NULL || VARSIZE_ANY_EXHDR(bytes) != TIP_SHA256_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the head of the ledger has no MAC"),
				 errhint("Run tip.verify_ledger().")));
	memcpy(out, VARDATA_ANY(bytes), TIP_SHA256_BYTES);
}

/* The newest row, also for a transaction whose snapshot is older. */
static void
read_head(Row *row)
{
	bool		isnull;
	HeapTuple	tuple;
	TupleDesc	desc;

	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute("SELECT l.seq, l.mac FROM tip.ledger AS l"
					" ORDER BY l.seq DESC LIMIT 1", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the head of the ledger");
	PopActiveSnapshot();
	memset(row->previous, 0, TIP_SHA256_BYTES);
	row->seq = 1;
	if (SPI_processed == 0)
		return;
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	row->seq = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull)) + 1;
	copy_mac(SPI_getbinval(tuple, desc, 2, &isnull), isnull, row->previous);
}

static Datum
bytes_datum(const unsigned char *data)
{
	bytea	   *bytes = palloc(VARHDRSZ + TIP_SHA256_BYTES);

	SET_VARSIZE(bytes, VARHDRSZ + TIP_SHA256_BYTES);
	memcpy(VARDATA(bytes), data, TIP_SHA256_BYTES);
	return PointerGetDatum(bytes);
}

typedef struct Params
{
	int			n;
	Oid			types[14];
	Datum		values[14];
	char		nulls[14];
} Params;

static void
add_param(Params *params, Oid type, Datum value, bool isnull)
{
	params->types[params->n] = type;
	params->values[params->n] = value;
	params->nulls[params->n++] = isnull ? 'n' : ' ';
}

static void
add_text(Params *params, const char *text)
{
	add_param(params, TEXTOID,
			  text == NULL ? (Datum) 0 : CStringGetTextDatum(text),
			  text == NULL);
}

static const char insert_query[] =
"INSERT INTO tip.ledger (seq, at, xact, action, login, claimed_actor,"
" pseudonym, victim_id, purpose, case_ref, request, key_version, previous,"
" mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

static void
insert_row(const Row *row)
{
	Params		params = {0};
	const TipNote *note = &row->note;

	add_param(&params, INT8OID, Int64GetDatum(row->seq), false);
	add_param(&params, TIMESTAMPTZOID, TimestampTzGetDatum(row->at), false);
	add_param(&params, XID8OID, UInt64GetDatum(row->xact), false);
	add_text(&params, note->action);
	add_text(&params, note->login);
	add_text(&params, note->actor);
	add_param(&params, TipPseudonymType(), PointerGetDatum(note->pseudonym),
			  note->pseudonym == NULL);
	add_param(&params, UUIDOID, UUIDPGetDatum(note->victim),
			  note->victim == NULL);
	add_text(&params, note->purpose);
	add_text(&params, note->case_ref);
	add_param(&params, INT8OID,
			  note->request ? Int64GetDatum(*note->request) : (Datum) 0,
			  note->request == NULL);
	add_param(&params, INT4OID, Int32GetDatum(row->key_version), false);
	add_param(&params, BYTEAOID, bytes_datum(row->previous), false);
	add_param(&params, BYTEAOID, bytes_datum(row->mac), false);
	if (SPI_execute_with_args(insert_query, params.n, params.types,
							  params.values, params.nulls, false, 0) !=
		SPI_OK_INSERT)
		elog(ERROR, "could not append to the ledger");
}

/* At once, so that not even a crash before the commit takes it away. */
static void
log_row(const Row *row)
{
	char		mac[2 * LOG_MAC_BYTES + 1];
	char		request[32] = "none";

	hex_encode((const char *) row->mac, LOG_MAC_BYTES, mac);
	mac[2 * LOG_MAC_BYTES] = '\0';
	if (row->note.request != NULL)
		snprintf(request, sizeof(request), INT64_FORMAT, *row->note.request);
	ereport(LOG_SERVER_ONLY,
			(errmsg("tip_module ledger: seq %lld, action %s, login %s, request %s, mac %s",
					(long long) row->seq, row->note.action, row->note.login,
					request, mac),
			 errhidestmt(true), errhidecontext(true)));
}

static void
check_note(const TipNote *note)
{
	if (note->action == NULL || note->login == NULL ||
		strlen(note->action) > ACTION_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an entry of the ledger needs an action and a login"),
				 errhint("An action has at most 63 bytes.")));
	if ((note->purpose && strlen(note->purpose) > REFERENCE_MAX) ||
		(note->case_ref && strlen(note->case_ref) > REFERENCE_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("purpose or case reference is too long for the ledger"),
				 errhint("Give at most 200 bytes, and no name.")));
}

static int64
append(const TipNote *note)
{
	int			level = NewGUCNestLevel();
	Row			row;

	check_note(note);
	(void) set_config_option("search_path",
							 "pg_catalog, tip, tip_impl, pg_temp",
							 PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	row.note = *note;
	row.key_version = TipActiveKey();
	lock_head();
	SPI_connect();
	read_head(&row);
	row.at = GetCurrentTimestamp();
	row.xact = U64FromFullTransactionId(GetTopFullTransactionId());
	compute_mac(&row, row.mac);
	insert_row(&row);
	log_row(&row);
	SPI_finish();
	AtEOXact_GUC(true, level);
	return row.seq;
}

/* ---- what SQL calls ---- */

static char *
text_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* pseudonym, victim, purpose, case_ref, request */
static void
read_note(FunctionCallInfo fcinfo, int n, TipNote *note, int64 *request)
{
	note->pseudonym = PG_ARGISNULL(n) ? NULL :
		(TipPseudonym *) PG_GETARG_POINTER(n);
	note->victim = PG_ARGISNULL(n + 1) ? NULL : PG_GETARG_UUID_P(n + 1);
	note->purpose = text_arg(fcinfo, n + 2);
	note->case_ref = text_arg(fcinfo, n + 3);
	note->request = NULL;
	if (!PG_ARGISNULL(n + 4))
	{
		*request = PG_GETARG_INT64(n + 4);
		note->request = request;
	}
}

/* For a worker, which is told who asks. */
Datum
tip_ledger_write(PG_FUNCTION_ARGS)
{
	TipNote		note;
	int64		request;

	note.login = text_arg(fcinfo, 0);
	note.actor = text_arg(fcinfo, 1);
	note.action = text_arg(fcinfo, 2);
	read_note(fcinfo, 3, &note, &request);
	PG_RETURN_INT64(append(&note));
}

static void
read_own_note(FunctionCallInfo fcinfo, TipNote *note, int64 *request)
{
	note->login = TipLogin();
	note->actor = TipClaimedActor();
	note->action = text_arg(fcinfo, 0);
	read_note(fcinfo, 1, note, request);
	check_note(note);
}

Datum
tip_ledger_append(PG_FUNCTION_ARGS)
{
	TipNote		note;
	int64		request;

	read_own_note(fcinfo, &note, &request);
	PG_RETURN_INT64(append(&note));
}

Datum
tip_ledger_append_apart(PG_FUNCTION_ARGS)
{
	TipNote		note;
	int64		request;

	read_own_note(fcinfo, &note, &request);
	PG_RETURN_INT64(TipNoteApart(TIP_APART_NOTE, &note));
}

/* ---- appending apart ---- */

Oid
TipPseudonymType(void)
{
	Oid			schema = get_namespace_oid("tip", false);

	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum("pseudonym"),
						   ObjectIdGetDatum(schema));
}

static char *
pseudonym_text(const TipPseudonym *pseudonym)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(TipPseudonymType(), &output, &is_varlena);
	return OidOutputFunctionCall(output, PointerGetDatum(pseudonym));
}

/*
 * TipNoteApart
 *		Append in a transaction of its own; number of the row.
 */
int64
TipNoteApart(TipApartTask task, const TipNote *note)
{
	char		request[32];
	char		answer[32];
	const char *args[8];

	args[0] = note->login;
	args[1] = note->actor;
	args[2] = note->action;
	args[3] = note->pseudonym == NULL ? NULL :
		pseudonym_text(note->pseudonym);
	args[4] = note->victim == NULL ? NULL :
		DatumGetCString(DirectFunctionCall1(uuid_out,
											UUIDPGetDatum(note->victim)));
	args[5] = note->purpose;
	args[6] = note->case_ref;
	args[7] = note->request == NULL ? NULL : request;
	if (note->request != NULL)
		snprintf(request, sizeof(request), INT64_FORMAT, *note->request);
	if (!TipApart(task, lengthof(args), args, answer, sizeof(answer)))
		TipRefuseSpent(note->action);
	return strtoll(answer, NULL, 10);
}

/* ---- verifying ---- */

static Datum
field(HeapTupleHeader tuple, const char *name, bool *isnull)
{
	return GetAttributeByName(tuple, name, isnull);
}

static char *
text_field(HeapTupleHeader tuple, const char *name)
{
	bool		isnull;
	Datum		value = field(tuple, name, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* False: not even the form of a row that was appended. */
static bool
bytes_field(HeapTupleHeader tuple, const char *name, unsigned char *out)
{
	bool		isnull;
	Datum		value = field(tuple, name, &isnull);
	bytea	   *bytes = isnull ? NULL : DatumGetByteaPP(value);

	if (bytes == NULL || VARSIZE_ANY_EXHDR(bytes) != TIP_SHA256_BYTES)
		return false;
	memcpy(out, VARDATA_ANY(bytes), TIP_SHA256_BYTES);
	return true;
}

static void
note_of_row(HeapTupleHeader tuple, TipNote *note, int64 *request)
{
	bool		isnull;
	Datum		value;

	note->action = text_field(tuple, "action");
	note->login = text_field(tuple, "login");
	note->actor = text_field(tuple, "claimed_actor");
	note->purpose = text_field(tuple, "purpose");
	note->case_ref = text_field(tuple, "case_ref");
	value = field(tuple, "pseudonym", &isnull);
	note->pseudonym = isnull ? NULL : (TipPseudonym *) DatumGetPointer(value);
	value = field(tuple, "victim_id", &isnull);
	note->victim = isnull ? NULL : DatumGetUUIDP(value);
	value = field(tuple, "request", &isnull);
	*request = isnull ? 0 : DatumGetInt64(value);
	note->request = isnull ? NULL : request;
}

static bool
row_of(HeapTupleHeader tuple, Row *row, int64 *request)
{
	bool		isnull;

	row->seq = DatumGetInt64(field(tuple, "seq", &isnull));
	row->at = DatumGetTimestampTz(field(tuple, "at", &isnull));
	row->xact = DatumGetUInt64(field(tuple, "xact", &isnull));
	row->key_version = DatumGetInt32(field(tuple, "key_version", &isnull));
	note_of_row(tuple, &row->note, request);
	return bytes_field(tuple, "previous", row->previous) &&
		bytes_field(tuple, "mac", row->mac);
}

static bool
is_readable(int32 version)
{
	uint16		versions[TIP_MOST_VERSIONS];
	int			n = TipReadableKeys(versions, TIP_MOST_VERSIONS);

	for (int i = 0; i < n; i++)
		if (versions[i] == version)
			return true;
	return false;
}

/* Nothing if the row is as it was appended; never the MAC it should have. */
Datum
tip_ledger_check(PG_FUNCTION_ARGS)
{
	HeapTupleHeader tuple = PG_GETARG_HEAPTUPLEHEADER(0);
	unsigned char mac[TIP_SHA256_BYTES];
	int64		request;
	Row			row;
	bool		is_whole = row_of(tuple, &row, &request);

	if (!is_readable(row.key_version))
		PG_RETURN_TEXT_P(cstring_to_text("not_verifiable"));
	if (is_whole)
		compute_mac(&row, mac);
	if (!is_whole || CRYPTO_memcmp(mac, row.mac, TIP_SHA256_BYTES) != 0)
		PG_RETURN_TEXT_P(cstring_to_text("edited"));
	PG_RETURN_NULL();
}
