/*
 * attach_read.c
 *		Read a value of another's table as one of the model, without raising.
 *
 * What cannot be read is NULL, and tip_impl.is_unreadable() says so: a trigger
 * must be able to go on and name it beside all that is wrong with the record.
 * Empty text is a value that is not recorded.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "attach.h"
#include "codes.h"
#include "codes_io.h"
#include "compat.h"
#include "dates.h"
#include "rules.h"

#define MAX_DIGITS	200
#define MAX_MEMBERS	1000

PG_FUNCTION_INFO_V1(tip_read_as);
PG_FUNCTION_INFO_V1(tip_is_unreadable);
PG_FUNCTION_INFO_V1(tip_can_read);

typedef enum ReadKind
{
	READ_NOTHING,
	READ_CODE,
	READ_SET,
	READ_CODES,					/* array of codes */
	READ_PARTIAL_DATE,
	READ_DATE,
	READ_BOOL,
	READ_INT,
	READ_NUMERIC,
	READ_UUID,
	READ_TEXT
} ReadKind;

typedef struct Reader
{
	Oid			from;
	Oid			to;
	Oid			element;		/* of an array of codes */
	ReadKind	kind;
	int			list;
	FmgrInfo	output;
	char	   *scheme;			/* or NULL: codes are spelled as ours */
	char	   *variable;
	TipCrosswalk *crosswalk;
	uint64		generation;		/* of the crosswalk */
} Reader;

/* ---- what can be read ---- */

static ReadKind
kind_of_core(Oid type)
{
	switch (type)
	{
		case DATEOID:
			return READ_DATE;
		case BOOLOID:
			return READ_BOOL;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return READ_INT;
		case NUMERICOID:
			return READ_NUMERIC;
		case UUIDOID:
			return READ_UUID;
		case TEXTOID:
			return READ_TEXT;
		default:
			return READ_NOTHING;
	}
}

static bool
is_partial_date(Oid type)
{
	Oid			function;
	Oid			ioparam;
	char	   *name;

	getTypeInputInfo(type, &function, &ioparam);
	name = get_func_name(function);
	return name != NULL && strcmp(name, "partial_date_in") == 0 &&
		TipTypeIsAllowed(type);
}

static void
find_kind(Reader *reader)
{
	Oid			element = get_element_type(reader->to);

	if ((reader->list = TipListByType(reader->to)) > 0)
		reader->kind = READ_CODE;
	else if ((reader->list = TipSetListByType(reader->to)) > 0)
		reader->kind = READ_SET;
	else if (OidIsValid(element) &&
			 (reader->list = TipListByType(element)) > 0)
	{
		reader->kind = READ_CODES;
		reader->element = element;
	}
	else if ((reader->kind = kind_of_core(reader->to)) == READ_NOTHING &&
			 is_partial_date(reader->to))
		reader->kind = READ_PARTIAL_DATE;
}

/* Output of these types cannot raise, and runs no code of a user. */
static bool
can_print(Oid type)
{
	char		category;
	bool		is_preferred;

	type = getBaseType(type);
	if (!TipTypeIsAllowed(type))
		return false;
	if (OidIsValid(get_element_type(type)))
		return can_print(get_element_type(type));
	get_type_category_preferred(type, &category, &is_preferred);
	return strchr("BDENST", category) != NULL || type == UUIDOID ||
		TipListByType(type) > 0 || TipSetListByType(type) > 0 ||
		is_partial_date(type);
}

/*
 * tip_can_read(from regtype, to regtype)
 *		Whether tip_read_as() reads a value of one type as one of the other.
 */
Datum
tip_can_read(PG_FUNCTION_ARGS)
{
	Reader		reader = {0};

	reader.to = PG_GETARG_OID(1);
	find_kind(&reader);
	PG_RETURN_BOOL(reader.kind != READ_NOTHING &&
				   can_print(PG_GETARG_OID(0)));
}

/* ---- texts ---- */

static char *
trim(char *text)
{
	char	   *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return text;
}

/* The day of a date or a time, as "2024-05-17"; NULL for infinity. */
static char *
day_text(Oid type, Datum value)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			zone;
	bool		is_good;

	if (type == DATEOID)
	{
		DateADT		date = DatumGetDateADT(value);

		is_good = !DATE_NOT_FINITE(date);
		if (is_good)
			j2date(date + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon,
				   &tm.tm_mday);
	}
	else
	{
		Timestamp	stamp = DatumGetTimestamp(value);

		is_good = !TIMESTAMP_NOT_FINITE(stamp) &&
			timestamp2tm(stamp, type == TIMESTAMPTZOID ? &zone : NULL, &tm,
						 &fsec, NULL, NULL) == 0;
	}
	if (!is_good || tm.tm_year < 1 || tm.tm_year > 9999)
		return NULL;
	return psprintf("%04d-%02d-%02d", tm.tm_year, tm.tm_mon, tm.tm_mday);
}

/* NULL: there is nothing that could be printed. */
static char *
print(Reader *reader, Datum value)
{
	Oid			type = getBaseType(reader->from);

	if (type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID)
		return day_text(type, value);
	return trim(OutputFunctionCall(&reader->output, value));
}

/* ---- codes ---- */

static const char *
our_name(Reader *reader, const char *text)
{
	if (reader->scheme == NULL)
		return text;
	if (reader->generation != TipCrosswalkGeneration())
		reader->crosswalk = TipCrosswalkFor(reader->scheme, reader->variable,
											reader->list,
											&reader->generation);
	return TipTranslate(reader->crosswalk, text);
}

static bool
read_code(Reader *reader, const char *text, Datum *result)
{
	TipSoftContext soft = TIP_SOFT_CONTEXT;
	const char *name = our_name(reader, text);
	TipCode		code;

	if (name == NULL)
		return false;
	if (!TipCodeFind(reader->list, name, strlen(name), &code) &&
		(name[0] != '#' ||
		 !TipCodeParse(reader->list, name, (Node *) &soft, &code)))
		return false;
	*result = TipCodeGetDatum(code);
	return true;
}

/*
 * Members stand between commas, semicolons or ends of lines, perhaps in
 * braces and quotes.  The result is the number of members, or -1.
 */
static int
split(char *text, char **members)
{
	int			count = 0;
	int			len = strlen(text);
	char	   *member;
	char	   *rest;

	if (len >= 2 && text[0] == '{' && text[len - 1] == '}')
	{
		text[len - 1] = '\0';
		text++;
	}
	for (member = strtok_r(text, ",;\n", &rest); member != NULL;
		 member = strtok_r(NULL, ",;\n", &rest))
	{
		member = trim(member);
		len = strlen(member);
		if (len >= 2 && member[0] == '"' && member[len - 1] == '"')
		{
			member[len - 1] = '\0';
			member++;
		}
		if (*member == '\0')
			continue;
		if (count == MAX_MEMBERS)
			return -1;
		members[count++] = member;
	}
	return count;
}

static bool
read_set(Reader *reader, char *text, Datum *result)
{
	TipSoftContext soft = TIP_SOFT_CONTEXT;
	char	  **members = palloc(sizeof(char *) * MAX_MEMBERS);
	int			count = split(text, members);
	StringInfoData literal;
	TipSet		set;

	if (count < 0)
		return false;
	initStringInfo(&literal);
	appendStringInfoChar(&literal, '{');
	for (int i = 0; i < count; i++)
	{
		Datum		code;

		if (!read_code(reader, members[i], &code))
			return false;
		appendStringInfo(&literal, "%s%s", i > 0 ? "," : "",
						 TipCodeText(DatumGetTipCode(code)));
	}
	appendStringInfoChar(&literal, '}');
	if (!TipSetParse(reader->list, literal.data, (Node *) &soft, &set))
		return false;
	*result = TipSetGetDatum(set);
	return true;
}

static bool
read_codes(Reader *reader, char *text, Datum *result)
{
	char	  **members = palloc(sizeof(char *) * MAX_MEMBERS);
	int			count = split(text, members);
	Datum	   *codes = palloc(sizeof(Datum) * MAX_MEMBERS);

	for (int i = 0; i < count; i++)
		if (!read_code(reader, members[i], &codes[i]))
			return false;
	if (count < 0)
		return false;
	*result = PointerGetDatum(construct_array(codes, count, reader->element,
											  2, true, TYPALIGN_SHORT));
	return true;
}

/* ---- types of core ---- */

static bool
read_date(const char *text, Datum *result)
{
	int			year;
	int			month;
	int			day;
	Datum		partial;

	if (strlen(text) != 10 || !TipParsePartialDate(text, &partial) ||
		sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3)
		return false;
	*result = DateADTGetDatum(date2j(year, month, day) - POSTGRES_EPOCH_JDATE);
	return true;
}

static bool
read_bool(const char *text, Datum *result)
{
	bool		value;

	if (!parse_bool(text, &value))
		return false;
	*result = BoolGetDatum(value);
	return true;
}

static bool
read_int(Oid type, const char *text, Datum *result)
{
	char	   *end;
	long long	value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0)
		return false;
	if (type == INT2OID)
		*result = Int16GetDatum((int16) value);
	else if (type == INT4OID)
		*result = Int32GetDatum((int32) value);
	else
		*result = Int64GetDatum(value);
	return type == INT8OID ||
		(type == INT4OID ? value >= PG_INT32_MIN && value <= PG_INT32_MAX :
		 value >= PG_INT16_MIN && value <= PG_INT16_MAX);
}

/* Only what numeric_in() cannot refuse. */
static bool
read_numeric(const char *text, Datum *result)
{
	const char *digit = text + (*text == '-' || *text == '+' ? 1 : 0);
	size_t		whole = strspn(digit, "0123456789");
	const char *rest = digit + whole;

	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (whole == 0 || *rest != '\0' || rest - text > MAX_DIGITS)
		return false;
	*result = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								  ObjectIdGetDatum(InvalidOid),
								  Int32GetDatum(-1));
	return true;
}

static bool
read_uuid(const char *text, Datum *result)
{
	if (strlen(text) != 36)
		return false;
	for (int i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' :
			!isxdigit((unsigned char) text[i]))
			return false;
	*result = DirectFunctionCall1(uuid_in, CStringGetDatum(text));
	return true;
}

static bool
read_text(Reader *reader, char *text, Datum *result)
{
	switch (reader->kind)
	{
		case READ_CODE:
			return read_code(reader, text, result);
		case READ_SET:
			return read_set(reader, text, result);
		case READ_CODES:
			return read_codes(reader, text, result);
		case READ_PARTIAL_DATE:
			return TipParsePartialDate(text, result);
		case READ_DATE:
			return read_date(text, result);
		case READ_BOOL:
			return read_bool(text, result);
		case READ_INT:
			return read_int(reader->to, text, result);
		case READ_NUMERIC:
			return read_numeric(text, result);
		case READ_UUID:
			return read_uuid(text, result);
		case READ_TEXT:
			*result = CStringGetTextDatum(text);
			return true;
		case READ_NOTHING:
			break;
	}
	return false;
}

/* ---- the functions ---- */

static char *
constant_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		return NULL;
	if (!get_fn_expr_arg_stable(fcinfo->flinfo, n))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("scheme and variable must be constants")));
	return MemoryContextStrdup(fcinfo->flinfo->fn_mcxt,
							   text_to_cstring(PG_GETARG_TEXT_PP(n)));
}

static Reader *
make_reader(FunctionCallInfo fcinfo)
{
	Reader	   *reader = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
												sizeof(Reader));
	Oid			output;
	bool		is_varlena;

	reader->from = get_fn_expr_argtype(fcinfo->flinfo, 0);
	reader->to = get_fn_expr_argtype(fcinfo->flinfo, 3);
	if (!OidIsValid(reader->from) || !OidIsValid(reader->to))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_DATATYPE),
				 errmsg("could not determine the types of a value to be read")));
	find_kind(reader);
	if (reader->kind == READ_NOTHING || !can_print(reader->from))
		ereport(ERROR,
				(errcode(ERRCODE_CANNOT_COERCE),
				 errmsg("a value of type %s cannot be read as type %s",
						format_type_be(reader->from),
						format_type_be(reader->to))));
	getTypeOutputInfo(reader->from, &output, &is_varlena);
	fmgr_info_cxt(output, &reader->output, fcinfo->flinfo->fn_mcxt);
	reader->scheme = constant_argument(fcinfo, 1);
	reader->variable = constant_argument(fcinfo, 2);
	if (reader->variable == NULL)
		reader->scheme = NULL;
	fcinfo->flinfo->fn_extra = reader;
	return reader;
}

/* True: there is a result.  False: NULL, which says nothing or is no value. */
static bool
read_value(FunctionCallInfo fcinfo, Datum *result, bool *is_unreadable)
{
	Reader	   *reader = fcinfo->flinfo->fn_extra;
	char	   *text;

	*is_unreadable = false;
	if (PG_ARGISNULL(0))
		return false;
	if (reader == NULL)
		reader = make_reader(fcinfo);
	text = print(reader, PG_GETARG_DATUM(0));
	if (text != NULL && *text == '\0')
		return false;
	if (text != NULL && read_text(reader, text, result))
		return true;
	*is_unreadable = true;
	return false;
}

/*
 * tip_read_as(value "any", scheme text, variable text, kind anyelement)
 *		The value as one of the type of kind; NULL if it cannot be read.
 */
Datum
tip_read_as(PG_FUNCTION_ARGS)
{
	Datum		result;
	bool		is_unreadable;

	if (!read_value(fcinfo, &result, &is_unreadable))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

/*
 * tip_is_unreadable(value "any", scheme text, variable text, kind anyelement)
 *		True if there is a value and tip_read_as() gives NULL for it.
 */
Datum
tip_is_unreadable(PG_FUNCTION_ARGS)
{
	Datum		result;
	bool		is_unreadable;

	(void) read_value(fcinfo, &result, &is_unreadable);
	PG_RETURN_BOOL(is_unreadable);
}
