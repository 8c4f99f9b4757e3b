/*
 * tabulation_count.c
 *		tip.count_state: the counts of one cell, for plain GROUP BY.
 *
 * Forty bytes of fixed length, so that no row of a group allocates.
 */
#include "postgres.h"

#include "common/int.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "tabulation.h"

PG_FUNCTION_INFO_V1(tip_count_in);
PG_FUNCTION_INFO_V1(tip_count_out);
PG_FUNCTION_INFO_V1(tip_count_recv);
PG_FUNCTION_INFO_V1(tip_count_send);
PG_FUNCTION_INFO_V1(tip_count_add);
PG_FUNCTION_INFO_V1(tip_count_combine);
PG_FUNCTION_INFO_V1(tip_count_plus);
PG_FUNCTION_INFO_V1(tip_count_eq);
PG_FUNCTION_INFO_V1(tip_count_ne);
PG_FUNCTION_INFO_V1(tip_count_n);
PG_FUNCTION_INFO_V1(tip_count_key_sum);
PG_FUNCTION_INFO_V1(tip_count_measure_sum);
PG_FUNCTION_INFO_V1(tip_count_contributors);

#define COUNT_VERSION 1

typedef struct CountState
{
	uint16		version;
	uint16		zero[3];
	int64		n;
	uint64		key_sum;		/* wraps, as in a tabulation */
	int64		measure;
	int64		contributors;
} CountState;

StaticAssertDecl(sizeof(CountState) == 40, "tip.count_state is 40 bytes");

#define PG_GETARG_COUNT(n) get_count(PG_GETARG_POINTER(n))

static CountState *
get_count(Pointer p)
{
	CountState *state = (CountState *) p;

	if (state->version != COUNT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid stored value of type %s",
						"tip.count_state")));
	return state;
}

/* Why this cannot be a state, or NULL. */
static const char *
problem_of(const CountState *state)
{
	if (state->version != COUNT_VERSION)
		return "It was made by a version that is not known here.";
	if (state->n < 0)
		return "A count is less than zero.";
	if (state->contributors < 0 || state->contributors > state->n)
		return "A number of contributors is out of range.";
	return NULL;
}

/* ---- text and binary ---- */

static const char *
parse_int64(const char *at, int64 *value, char end)
{
	char	   *stop;

	errno = 0;
	*value = strtoll(at, &stop, 10);
	if (stop == at || errno != 0 || *stop != end ||
		isspace((unsigned char) *at))
		return NULL;
	return stop + 1;
}

Datum
tip_count_in(PG_FUNCTION_ARGS)
{
	const char *at = PG_GETARG_CSTRING(0);
	CountState *state = palloc0(sizeof(CountState));
	int64		value[5] = {0};

	at = *at == '(' ? at + 1 : NULL;
	for (int i = 0; i < 5 && at != NULL; i++)
		at = parse_int64(at, &value[i], i < 4 ? ',' : ')');
	if (at == NULL || *at != '\0' || value[0] != COUNT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s",
						"tip.count_state"),
				 errhint("Counts are made by tip.count_cells().")));
	state->version = value[0];
	state->n = value[1];
	state->key_sum = value[2];
	state->measure = value[3];
	state->contributors = value[4];
	if (problem_of(state) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid value of type %s", "tip.count_state"),
				 errdetail("%s", problem_of(state))));
	PG_RETURN_POINTER(state);
}

/* (version,n,key sum,measure sum,contributors) */
Datum
tip_count_out(PG_FUNCTION_ARGS)
{
	CountState *state = PG_GETARG_COUNT(0);

	PG_RETURN_CSTRING(psprintf("(%d," INT64_FORMAT "," INT64_FORMAT ","
							   INT64_FORMAT "," INT64_FORMAT ")",
							   state->version, state->n,
							   (int64) state->key_sum, state->measure,
							   state->contributors));
}

Datum
tip_count_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	CountState *state = palloc0(sizeof(CountState));

	state->version = pq_getmsgint(buf, 2);
	state->n = pq_getmsgint64(buf);
	state->key_sum = pq_getmsgint64(buf);
	state->measure = pq_getmsgint64(buf);
	state->contributors = pq_getmsgint64(buf);
	if (problem_of(state) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid value of type %s", "tip.count_state"),
				 errdetail("%s", problem_of(state))));
	PG_RETURN_POINTER(state);
}

Datum
tip_count_send(PG_FUNCTION_ARGS)
{
	CountState *state = PG_GETARG_COUNT(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, state->version);
	pq_sendint64(&buf, state->n);
	pq_sendint64(&buf, state->key_sum);
	pq_sendint64(&buf, state->measure);
	pq_sendint64(&buf, state->contributors);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* ---- adding ---- */

static void
add(CountState *to, const CountState *more)
{
	to->key_sum += more->key_sum;
	if (pg_add_s64_overflow(to->n, more->n, &to->n) ||
		pg_add_s64_overflow(to->measure, more->measure, &to->measure) ||
		pg_add_s64_overflow(to->contributors, more->contributors,
							&to->contributors))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a sum of the count is out of range")));
}

/* The state of an aggregate, which may be changed in place. */
static CountState *
get_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	CountState *state;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function must be called as part of an aggregate")));
	if (!PG_ARGISNULL(0))
		return PG_GETARG_COUNT(0);
	state = MemoryContextAllocZero(context, sizeof(CountState));
	state->version = COUNT_VERSION;
	return state;
}

/*
 * count_cells(record_key [, measure])
 *		Every row counts; a NULL key or measure adds 0, and a row without a
 *		measure does not contribute.
 */
Datum
tip_count_add(PG_FUNCTION_ARGS)
{
	CountState *state = get_state(fcinfo);
	CountState	one = {.n = 1};

	if (!PG_ARGISNULL(1))
		one.key_sum = (uint64) PG_GETARG_INT64(1);
	if (PG_NARGS() > 2 && !PG_ARGISNULL(2))
	{
		one.measure = PG_GETARG_INT64(2);
		one.contributors = 1;
	}
	add(state, &one);
	PG_RETURN_POINTER(state);
}

Datum
tip_count_combine(PG_FUNCTION_ARGS)
{
	CountState *state;

	if (PG_ARGISNULL(1) && PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = get_state(fcinfo);
	if (!PG_ARGISNULL(1))
		add(state, PG_GETARG_COUNT(1));
	PG_RETURN_POINTER(state);
}

Datum
tip_count_plus(PG_FUNCTION_ARGS)
{
	CountState *sum = palloc(sizeof(CountState));

	*sum = *PG_GETARG_COUNT(0);
	add(sum, PG_GETARG_COUNT(1));
	PG_RETURN_POINTER(sum);
}

Datum
tip_count_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(memcmp(PG_GETARG_COUNT(0), PG_GETARG_COUNT(1),
						  sizeof(CountState)) == 0);
}

Datum
tip_count_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(memcmp(PG_GETARG_COUNT(0), PG_GETARG_COUNT(1),
						  sizeof(CountState)) != 0);
}

/* ---- reading ---- */

Datum
tip_count_n(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_COUNT(0)->n);
}

Datum
tip_count_key_sum(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) PG_GETARG_COUNT(0)->key_sum);
}

Datum
tip_count_measure_sum(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_COUNT(0)->measure);
}

Datum
tip_count_contributors(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_COUNT(0)->contributors);
}
