/*
 * codes_current.c
 *		Is a code known, and was it in use on a day?
 *
 * A standard gives codes up: ISO 3166-1 had AN until the Netherlands Antilles
 * ended.  The code stays in the list and in old records; rules X08 ask this
 * function about new ones.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "codes.h"
#include "codes_set.h"
#include "compat.h"

typedef enum CodesKind
{
	ONE_CODE,
	SET_OF_CODES,
	ARRAY_OF_CODES
} CodesKind;

/* What is known of an argument before there is a record. */
typedef struct CodesArg
{
	CodesKind	kind;
	int			list;
	TipSet		known;			/* bits of a set that have codes */
	const DateADT *retired;		/* by number, or NULL */
} CodesArg;

typedef struct CodesArgs
{
	int			count;
	CodesArg	args[FLEXIBLE_ARRAY_MEMBER];
} CodesArgs;

/* What a type is made of; false where it holds no codes of ours. */
static bool
describe_type(Oid typid, CodesArg *arg)
{
	Oid			type = getBaseType(typid);
	Oid			element = get_element_type(type);

	arg->kind = ONE_CODE;
	arg->list = TipListByType(type);
	if (arg->list == 0 && (arg->list = TipSetListByType(type)) != 0)
		arg->kind = SET_OF_CODES;
	else if (arg->list == 0 && OidIsValid(element))
	{
		arg->kind = ARRAY_OF_CODES;
		arg->list = TipListByType(getBaseType(element));
	}
	if (arg->list == 0)
		return false;
	arg->known = TipSetKnownBits(arg->list);
	arg->retired = TipListRetirements(arg->list);
	return true;
}

/*
 * TipTypeHasCodes
 *		Is this a code, a set of codes or an array of codes, as
 *		tip.are_current() takes them?
 */
bool
TipTypeHasCodes(Oid typid)
{
	CodesArg	arg;

	return OidIsValid(typid) && describe_type(typid, &arg);
}

static bool
is_retired(const CodesArg *arg, int number, DateADT at)
{
	DateADT		day = arg->retired[number];

	return day != DATEVAL_NOEND && at >= day;
}

static bool
code_is_current(const CodesArg *arg, TipCode code, DateADT at)
{
	if (TipCodeList(code) != arg->list || TipCodeRowOf(code) == NULL)
		return false;
	return arg->retired == NULL || TipCodeIsMissing(code) ||
		!is_retired(arg, TipCodeNumber(code), at);
}

static bool
set_is_current(const CodesArg *arg, TipSet set, DateADT at)
{
	TipSet		bits = TipSetBits(set);

	if (TipSetList(set) != arg->list || (bits & ~arg->known) != 0)
		return false;
	if (arg->retired == NULL)
		return true;
	for (bits &= TIP_SET_CODE_MASK; bits != 0; bits &= bits - 1)
		if (is_retired(arg, pg_rightmost_one_pos64(bits) + 1, at))
			return false;
	return true;
}

/* NULL elements are skipped; the data of the others lie side by side. */
static bool
array_is_current(const CodesArg *arg, ArrayType *array, DateADT at)
{
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const bits8 *present = ARR_NULLBITMAP(array);
	const TipCode *code = (const TipCode *) ARR_DATA_PTR(array);

	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (present != NULL && (present[i / 8] & (1 << (i % 8))) == 0)
			continue;
		if (!code_is_current(arg, *code++, at))
			return false;
	}
	return true;
}

static bool
arg_is_current(const CodesArg *arg, Datum value, DateADT at)
{
	switch (arg->kind)
	{
		case ONE_CODE:
			return code_is_current(arg, DatumGetTipCode(value), at);
		case SET_OF_CODES:
			return set_is_current(arg, DatumGetTipSet(value), at);
		case ARRAY_OF_CODES:
			return array_is_current(arg, DatumGetArrayTypeP(value), at);
	}
	return false;
}

/* Look at the types once: they are those of the call, not of the record. */
static CodesArgs *
describe_args(FunctionCallInfo fcinfo)
{
	int			count = PG_NARGS() - 1;
	CodesArgs  *args = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
										  offsetof(CodesArgs, args) +
										  count * sizeof(CodesArg));

	args->count = count;
	for (int i = 0; i < count; i++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, i + 1);

		if (!OidIsValid(type) || !describe_type(type, &args->args[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("argument %d of are_current() is no code, set of codes or array of codes",
							i + 2),
					 errhint("Cast it to one of the types of schema tip, such as tip.country.")));
	}
	fcinfo->flinfo->fn_extra = args;
	return args;
}

PG_FUNCTION_INFO_V1(tip_are_current);

/*
 * tip.are_current(at date, VARIADIC codes) → bool
 *
 * True where each code is one that this library knows (a number that a newer
 * version has dumped, such as #217, is not) and not retired on that day.
 * NULL codes are ignored; NULL where the day is NULL.  A code is retired from
 * the day on which its standard withdrew it (ISO 3166-3 for countries).
 */
Datum
tip_are_current(PG_FUNCTION_ARGS)
{
	CodesArgs  *args = fcinfo->flinfo->fn_extra;
	DateADT		at;

	if (args == NULL)
		args = describe_args(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	at = PG_GETARG_DATEADT(0);
	for (int i = 0; i < args->count; i++)
		if (!PG_ARGISNULL(i + 1) &&
			!arg_is_current(&args->args[i], PG_GETARG_DATUM(i + 1), at))
			PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}
