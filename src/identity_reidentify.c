/*
 * identity_reidentify.c
 *		What SQL cannot ask when a person is named again: in which session and
 *		transaction it runs.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat.h"

PG_FUNCTION_INFO_V1(tip_refuse_transaction);

/* tip_impl.refuse_transaction(): what is read is written down first */
Datum
tip_refuse_transaction(PG_FUNCTION_ARGS)
{
	if (IsTransactionBlock() || IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("tip.reidentify() cannot run inside a transaction block"),
				 errhint("CALL it alone and with autocommit: it commits the ledger before it opens a seal.")));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(tip_session_mark);

/* tip_impl.session_mark() → what no other session has, nor had */
Datum
tip_session_mark(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%d." INT64_FORMAT, MyProcPid,
											  (int64) MyStartTimestamp)));
}

/* A rollback does not bring it back: a seal opens once for a ledger row. */
static int64 expected_request = 0;

PG_FUNCTION_INFO_V1(tip_expect_opening);

/* tip_impl.expect_opening(request): the last thing that the first half does */
Datum
tip_expect_opening(PG_FUNCTION_ARGS)
{
	expected_request = PG_GETARG_INT64(0);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(tip_take_opening);

/*
 * tip_impl.take_opening(request) → whether this session may open it now
 *		What it has committed outlives a crash, whatever it has set
 *		synchronous_commit to.
 */
Datum
tip_take_opening(PG_FUNCTION_ARGS)
{
	bool		is_expected = expected_request == PG_GETARG_INT64(0);

	expected_request = 0;
	if (is_expected && !XLogRecPtrIsInvalid(XactLastCommitEnd))
		XLogFlush(XactLastCommitEnd);
	PG_RETURN_BOOL(is_expected);
}
