/*
 * errors.c
 *		Errors that say what is wrong and repeat nothing.
 *
 * A value that is refused may be a name in the wrong column.  Our message does
 * not hold it, but what core adds to every error does: COPY's context prints
 * the field, that of a bound parameter its value, that of PL/pgSQL the query,
 * and the log prints the statement.  All of this is taken off; where in COPY
 * the error occurred, and at which character of the statement, stays.
 *
 * An input function catches the error and raises it again.  What handles whole
 * records puts a veil over them instead: it costs nothing until there is an
 * error, and it covers notices and what core raises below it, too.
 */
#include "postgres.h"

#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(tip_refuse);

/* The innermost COPY that is under way, or NULL. */
static CopyFromState
current_copy(ErrorContextCallback *callback)
{
	for (; callback != NULL; callback = callback->previous)
		if (callback->callback == CopyFromErrorCallback)
			return callback->arg;
	return NULL;
}

static char *
copy_place(ErrorContextCallback *stack)
{
	CopyFromState state = current_copy(stack);
	char	   *place;

	if (state == NULL || state->cur_relname == NULL)
		return NULL;
	place = psprintf("COPY %s, line " UINT64_FORMAT, state->cur_relname,
					 state->cur_lineno);
	if (state->cur_attname != NULL)
		place = psprintf("%s, column %s", place, state->cur_attname);
	return place;
}

/*
 * TipRethrowHidden
 *		Raise the error that has just been caught, without what core added.
 *
 * context is where to keep it, not ErrorContext.
 */
void
TipRethrowHidden(MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	error->context = copy_place(error_context_stack);
	error->hide_stmt = true;
	error->internalquery = NULL;
	error->internalpos = 0;
	ReThrowError(error);
}

/* Runs inside ereport(): nothing that lies outside of the veil is asked. */
static void
hide_rest(void *arg)
{
	TipVeil    *veil = arg;
	char	   *place = copy_place(veil->outer);

	if (place != NULL)
		errcontext("%s", place);
	(void) errhidestmt(true);
	veil->callback.previous = NULL;
}

/*
 * TipHide
 *		Until TipReveal() no error says what record we are working on.
 *
 * An error that leaves the function lifts the veil by itself.
 */
void
TipHide(TipVeil *veil)
{
	veil->outer = error_context_stack;
	veil->callback.previous = veil->outer;
	veil->callback.callback = hide_rest;
	veil->callback.arg = veil;
	error_context_stack = &veil->callback;
}

void
TipReveal(TipVeil *veil)
{
	error_context_stack = veil->outer;
}

/*
 * tip_refuse(sqlstate text, message text, hint text)
 *		RAISE for functions that are given words about a person: neither the
 *		statement nor a context goes with the error.
 */
Datum
tip_refuse(PG_FUNCTION_ARGS)
{
	char	   *state = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *message = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *hint = text_to_cstring(PG_GETARG_TEXT_PP(2));

	if (strlen(state) != 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("SQLSTATE must have five characters"),
				 errhidestmt(true)));
	error_context_stack = NULL;
	ereport(ERROR,
			(errcode(MAKE_SQLSTATE(state[0], state[1], state[2], state[3],
								   state[4])),
			 errmsg_internal("%s", message),
			 hint[0] != '\0' ? errhint("%s", hint) : 0,
			 errhidestmt(true)));
	PG_RETURN_VOID();
}
