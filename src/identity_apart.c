/*
 * identity_apart.c
 *		A short transaction of its own, in a background worker.
 *
 * What counts a question or writes it down must stay when the caller rolls
 * back, catches the error or cancels the statement.  A dynamic background
 * worker connects to the same database, calls one function of tip_impl as the
 * extension's owner, commits and ends.  The caller waits for its end: whatever
 * was committed is committed when TipApart() returns.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "compat.h"
#include "identity_apart.h"
#include "rules.h"

#define MAX_ARGS		8
#define MAX_ARG_BYTES	4096
#define RETRY_MS		10		/* until a slot for a worker is free */
#define SLOT_MS			5000
#define WORKER_MS		15000	/* for the function */
#define WAIT_MS			30000	/* for all that the worker does */

/* What the two processes share. */
typedef struct Message
{
	Oid			database;
	TipApartTask task;
	int			nargs;
	bool		is_null[MAX_ARGS];
	int			offset[MAX_ARGS];
	char		args[MAX_ARG_BYTES];
	/* the answer */
	bool		is_done;
	bool		is_result_null;
	char		result[128];
	int			sqlstate;
	char		error[256];
	char		hint[256];
} Message;

static const char *const tasks[] = {
	[TIP_APART_DRAW] =
	"SELECT tip_impl.budget_draw($1, $2, $3::int8, $4::int8)::text",
	[TIP_APART_NOTE] =
	"SELECT tip_impl.ledger_write($1, $2, $3, $4::tip.pseudonym, $5::uuid, $6, $7, $8::int8)::text",
	[TIP_APART_CHARGE_AND_NOTE] =
	"SELECT tip_impl.charge_and_note($1, $2, $3, $4::tip.pseudonym, $5::uuid, $6, $7, $8::int8)::text"
};

/* What a database may have been given by ALTER DATABASE is not asked. */
static const char *const settings[][2] = {
	{"search_path", "pg_catalog, tip, tip_impl, pg_temp"},
	{"default_transaction_isolation", "read committed"},
	{"default_transaction_read_only", "off"},
	{"default_transaction_deferrable", "off"},
	{"session_replication_role", "origin"},
	{"row_security", "off"},
	{"lock_timeout", "5s"},
	{"idle_in_transaction_session_timeout", "0"},
	{"jit", "off"}
};

/* ---- in the worker ---- */

static void
read_args(const Message *message, Oid *types, Datum *values, char *nulls)
{
	for (int i = 0; i < message->nargs; i++)
	{
		types[i] = TEXTOID;
		nulls[i] = message->is_null[i] ? 'n' : ' ';
		values[i] = message->is_null[i] ? (Datum) 0 :
			CStringGetTextDatum(message->args + message->offset[i]);
	}
}

static void
call(Message *message)
{
	Oid			types[MAX_ARGS];
	Datum		values[MAX_ARGS];
	char		nulls[MAX_ARGS];
	char	   *answer;

	read_args(message, types, values, nulls);
	if (SPI_execute_with_args(tasks[message->task], message->nargs, types,
							  values, nulls, false, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "a function called apart returned no row");
	answer = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	message->is_result_null = answer == NULL;
	if (answer != NULL)
		strlcpy(message->result, answer, sizeof(message->result));
}

static void
run_task(Message *message)
{
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	enable_timeout_after(STATEMENT_TIMEOUT, WORKER_MS);
	SetUserIdAndSecContext(TipCatalogOwner(),
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	SPI_connect();
	call(message);
	SPI_finish();
	PopActiveSnapshot();
	disable_timeout(STATEMENT_TIMEOUT, false);
	CommitTransactionCommand();
	message->is_done = true;
}

/* Message and hint alone: detail and context may name a row. */
static void
keep_error(Message *message)
{
	ErrorData  *error;

	MemoryContextSwitchTo(TopMemoryContext);
	error = CopyErrorData();
	FlushErrorState();
	message->sqlstate = error->sqlerrcode;
	strlcpy(message->error, error->message ? error->message : "",
			sizeof(message->error));
	strlcpy(message->hint, error->hint ? error->hint : "",
			sizeof(message->hint));
}

void
TipApartMain(Datum arg)
{
	dsm_segment *segment;
	Message    *message;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	segment = dsm_attach(DatumGetUInt32(arg));
	if (segment == NULL)
		return;					/* the caller has given up */
	message = dsm_segment_address(segment);
	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET,
						PGC_S_OVERRIDE);
	BackgroundWorkerInitializeConnectionByOid(message->database, InvalidOid,
											  BGWORKER_BYPASS_ALLOWCONN);
	/* A database that commits in its own time does not do so here. */
	if (synchronous_commit == SYNCHRONOUS_COMMIT_OFF)
		SetConfigOption("synchronous_commit", "local", PGC_SUSET,
						PGC_S_OVERRIDE);
	pgstat_report_activity(STATE_RUNNING, "tip_module: budget and ledger");
	PG_TRY();
	{
		run_task(message);
	}
	PG_CATCH();
	{
		keep_error(message);
		AbortCurrentTransaction();
	}
	PG_END_TRY();
	dsm_detach(segment);
}

/* ---- in the caller ---- */

static void
write_args(Message *message, int nargs, const char *const *args)
{
	size_t		used = 0;

	message->nargs = nargs;
	for (int i = 0; i < nargs; i++)
	{
		size_t		len = args[i] == NULL ? 0 : strlen(args[i]) + 1;

		if (used + len > MAX_ARG_BYTES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too much text for one entry of the ledger"),
					 errhint("Give a case reference, not its file.")));
		message->is_null[i] = args[i] == NULL;
		message->offset[i] = used;
		if (args[i] != NULL)
			memcpy(message->args + used, args[i], len);
		used += len;
	}
}

/* Sleep, or wake when the worker starts or stops; raises when cancelled. */
static void
doze(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static BackgroundWorkerHandle *
start_worker(dsm_segment *segment)
{
	BackgroundWorkerHandle *handle = NULL;
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "$libdir/tip_module", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "TipApartMain", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "tip_module budget and ledger", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "tip_module", BGW_MAXLEN);
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = MyProcPid;
	for (int waited = 0; waited <= SLOT_MS; waited += RETRY_MS)
	{
		if (RegisterDynamicBackgroundWorker(&worker, &handle))
			return handle;
		doze(RETRY_MS);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("no background worker is free to count or write down what is asked"),
			 errhint("Raise max_worker_processes and restart the server.")));
}

static void
wait_for_end(BackgroundWorkerHandle *handle)
{
	TimestampTz end = GetCurrentTimestamp() + INT64CONST(1000) * WAIT_MS;
	pid_t		pid;

	while (GetBackgroundWorkerPid(handle, &pid) != BGWH_STOPPED)
	{
		if (GetCurrentTimestamp() > end)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("the background worker that writes the ledger did not end in time"),
					 errhint("Does a transaction hold locks on catalogs of the database?")));
		doze(1000);
	}
}

/* A caller that is cancelled takes its worker with it. */
static void
wait_for_worker(BackgroundWorkerHandle *handle)
{
	PG_TRY();
	{
		wait_for_end(handle);
	}
	PG_CATCH();
	{
		TerminateBackgroundWorker(handle);
		PG_RE_THROW();
	}
	PG_END_TRY();
	pfree(handle);
}

static void
raise_failure(const Message *message)
{
	int			sqlstate = message->sqlstate;
	char	   *error = pstrdup(message->error);
	char	   *hint = pstrdup(message->hint);

	if (sqlstate == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("the background worker that writes the ledger ended early"),
				 errhint("See the server log.")));
	if (sqlstate == ERRCODE_LOCK_NOT_AVAILABLE)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the budget or the ledger is locked by another transaction"),
				 errhint("End transactions, your own too, that have written to the ledger.")));
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg_internal("%s", error),
			 hint[0] != '\0' ? errhint("%s", hint) : 0));
}

bool
TipApart(TipApartTask task, int nargs, const char *const *args,
		 char *result, size_t len)
{
	dsm_segment *segment;
	Message    *message;
	bool		is_null;

	Assert(nargs <= MAX_ARGS);
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("what is asked about people cannot be counted or written down during recovery"),
				 errhint("Ask the primary server.")));
	segment = dsm_create(sizeof(Message), 0);
	message = dsm_segment_address(segment);
	memset(message, 0, sizeof(Message));
	message->database = MyDatabaseId;
	message->task = task;
	write_args(message, nargs, args);
	wait_for_worker(start_worker(segment));
	if (!message->is_done)
		raise_failure(message);
	is_null = message->is_result_null;
	strlcpy(result, message->result, len);
	dsm_detach(segment);
	return !is_null;
}
