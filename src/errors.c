/*
 * errors.c
 *		Errors that say what is wrong and repeat nothing.
 *
 * A value that is refused may be a name in the wrong column.  Our message does
 * not hold it, but what core adds to every error does: COPY's context prints
 * the field, that of a bound parameter its value, that of PL/pgSQL the query,
 * and the log prints the statement.  All of this is taken off; where in COPY
 * the error occurred, and at which character of the statement, stays.
 */
#include "postgres.h"

#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "utils/memutils.h"

#include "compat.h"

/* The innermost COPY that is under way, or NULL. */
static CopyFromState
current_copy(void)
{
	for (ErrorContextCallback *callback = error_context_stack;
		 callback != NULL; callback = callback->previous)
		if (callback->callback == CopyFromErrorCallback)
			return callback->arg;
	return NULL;
}

static char *
copy_place(void)
{
	CopyFromState state = current_copy();
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
	error->context = copy_place();
	error->hide_stmt = true;
	error->internalquery = NULL;
	error->internalpos = 0;
	ReThrowError(error);
}
