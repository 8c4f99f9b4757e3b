/*
 * extract.c
 *		Extracts for research: shifted dates, and queries that are measured.
 *
 * Every date of a subject moves by the same number of days, which is drawn
 * from a keyed digest of the subject.  A birth date moves only within its year
 * from 1 March to the end of February: as many leap days lie between it and
 * any later birthday as before, so that every age in completed years stays
 * what it was, on every day, and no child becomes an adult.
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/plancache.h"

#include "compat.h"
#include "errors.h"
#include "identity.h"
#include "identity_crypto.h"

#define SHIFT_FORMAT	1
#define MOST_DAYS		3660
#define DAYS_PER_WEEK	7
#define UUID_BYTES		16

/* In dates.c. */
extern Datum tip_date_earliest(PG_FUNCTION_ARGS);
extern Datum tip_partial_date_from_date(PG_FUNCTION_ARGS);

/* Who is shifted: the kind is part of what is digested. */
typedef struct Subject
{
	char		kind;			/* 'u' for a uuid, 'p' for a pseudonym */
	const unsigned char *bytes;
	size_t		len;
} Subject;

/* Multiples of step from 'from' to 'to', which hold zero. */
typedef struct Room
{
	int			from;
	int			to;
	int			step;
} Room;

/* Arguments of tip.shift_date(). */
enum
{
	ARG_VALUE,
	ARG_SUBJECT,
	ARG_DOMAIN,
	ARG_BORN,
	ARG_MOST_DAYS,
	ARG_WHOLE_WEEKS,
	ARG_KEY_VERSION
};

static Room
room_of(int most_days, bool whole_weeks)
{
	int			step = whole_weeks ? DAYS_PER_WEEK : 1;
	Room		room;

	if (most_days < step || most_days > MOST_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of days to shift by is out of range"),
				 errhint("It is from 1 to %d, and at least 7 with whole weeks.",
						 MOST_DAYS)));
	room.from = -most_days;
	room.to = most_days;
	room.step = step;
	return room;
}

/* Narrow to the year of a birth that begins with 1 March. */
static void
keep_ages(Room *room, DateADT born)
{
	int			year;
	int			month;
	int			day;
	int			first;
	int			last;

	if (DATE_NOT_FINITE(born))
		return;
	j2date(born + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (month < 3)
		year--;
	first = date2j(year, 3, 1) - POSTGRES_EPOCH_JDATE;
	last = date2j(year + 1, 3, 1) - POSTGRES_EPOCH_JDATE - 1;
	room->from = Max(room->from, first - born);
	room->to = Min(room->to, last - born);
}

/* Sixty-four bits of which only the key tells more. */
static uint64
draw(const Subject *subject, const char *domain, uint16 version)
{
	unsigned char header[] = {SHIFT_FORMAT, subject->kind};
	unsigned char digest[TIP_SHA256_BYTES];
	uint64		drawn = 0;
	EVP_MAC_CTX *mac = TipLeafMac(TIP_DATE_SHIFT_LEAF, domain, version);

	if (EVP_MAC_update(mac, header, sizeof(header)) != 1 ||
		EVP_MAC_update(mac, subject->bytes, subject->len) != 1 ||
		!TipMacFinish(mac, digest))
		TipRefuseCrypto();
	for (int i = 0; i < sizeof(drawn); i++)
		drawn = drawn << 8 | digest[i];
	OPENSSL_cleanse(digest, sizeof(digest));
	return drawn;
}

/* Of fewer than 2^13 numbers: the bias of the remainder is below 2^-51. */
static int
pick(const Room *room, uint64 drawn)
{
	int			from = room->from / room->step;
	int			to = room->to / room->step;

	return (from + (int) (drawn % (uint64) (to - from + 1))) * room->step;
}

static uint16
key_version(FunctionCallInfo fcinfo)
{
	int32		version;

	if (PG_ARGISNULL(ARG_KEY_VERSION))
		return TipActiveKey();
	version = PG_GETARG_INT32(ARG_KEY_VERSION);
	if (version < 1 || version > PG_UINT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("version of a key is out of range"),
				 errhint("Versions are 1 to 65535.")));
	return version;
}

/* Days that the dates of the subject move by; born may be infinite. */
static int
shift_by(FunctionCallInfo fcinfo, const Subject *subject, DateADT born)
{
	Room		room = room_of(PG_GETARG_INT32(ARG_MOST_DAYS),
							   PG_GETARG_BOOL(ARG_WHOLE_WEEKS));
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(ARG_DOMAIN));
	const TipDomain *domain = TipDomainByName(name);
	char		copy[TIP_DOMAIN_NAME_MAX + 1];

	strlcpy(copy, domain->name, sizeof(copy));
	keep_ages(&room, born);
	return pick(&room, draw(subject, copy, key_version(fcinfo)));
}

static bool
is_nothing(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(ARG_VALUE) || PG_ARGISNULL(ARG_SUBJECT) ||
		PG_ARGISNULL(ARG_DOMAIN) || PG_ARGISNULL(ARG_MOST_DAYS) ||
		PG_ARGISNULL(ARG_WHOLE_WEEKS);
}

static Datum
shift_date(FunctionCallInfo fcinfo, const Subject *subject)
{
	DateADT		value = PG_GETARG_DATEADT(ARG_VALUE);
	DateADT		born = DATEVAL_NOEND;
	int			days;

	if (!PG_ARGISNULL(ARG_BORN))
		born = PG_GETARG_DATEADT(ARG_BORN);
	days = shift_by(fcinfo, subject, born);
	if (DATE_NOT_FINITE(value))
		PG_RETURN_DATEADT(value);
	/* Stored dates end far below what 32 bits hold: no overflow. */
	value += days;
	if (!IS_VALID_DATE(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("shifted date is out of range"),
				 errhint("Leave out dates that nobody can have lived.")));
	PG_RETURN_DATEADT(value);
}

static bool
is_known_to_day(int32 partial)
{
	return ((partial >> 2) & 31) != 0;
}

static DateADT
day_of(int32 partial)
{
	return DatumGetDateADT(DirectFunctionCall1(tip_date_earliest,
											   Int32GetDatum(partial)));
}

static Datum
shift_partial(FunctionCallInfo fcinfo, const Subject *subject)
{
	int32		value = PG_GETARG_INT32(ARG_VALUE);
	DateADT		born = DATEVAL_NOEND;
	Datum		shifted;

	/*
	 * A shifted year is no year.  And a birth date that is not known to the
	 * day cannot be published shifted, so that it narrows nothing.
	 */
	if (!is_known_to_day(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a date that is not known to the day cannot be shifted"),
				 errhint("Ask tip.date_precision() first, and publish tip.generalise_time() or an age band for the others."),
				 errhidestmt(true)));
	if (!PG_ARGISNULL(ARG_BORN) && is_known_to_day(PG_GETARG_INT32(ARG_BORN)))
		born = day_of(PG_GETARG_INT32(ARG_BORN));
	shifted = DateADTGetDatum(day_of(value) +
							  shift_by(fcinfo, subject, born));
	shifted = DirectFunctionCall1(tip_partial_date_from_date, shifted);
	/* The qualifiers stay. */
	PG_RETURN_INT32(DatumGetInt32(shifted) | (value & 3));
}

static Subject
uuid_subject(FunctionCallInfo fcinfo)
{
	Subject		subject = {'u', NULL, UUID_BYTES};

	subject.bytes = (unsigned char *) PG_GETARG_POINTER(ARG_SUBJECT);
	return subject;
}

static Subject
pseudonym_subject(FunctionCallInfo fcinfo)
{
	Subject		subject = {'p', NULL, sizeof(TipPseudonym)};

	subject.bytes = (unsigned char *) PG_GETARG_POINTER(ARG_SUBJECT);
	return subject;
}

/* tip.shift_date(value, subject, domain, born, most_days, whole_weeks, key) */
#define SHIFT(name, of, get_subject) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	Subject		subject; \
	TipVeil		veil; \
	Datum		result; \
 \
	if (is_nothing(fcinfo)) \
		PG_RETURN_NULL(); \
	TipHide(&veil); \
	subject = get_subject(fcinfo); \
	result = of(fcinfo, &subject); \
	TipReveal(&veil); \
	return result; \
}

SHIFT(tip_shift_date_uuid, shift_date, uuid_subject)
SHIFT(tip_shift_date_pseudonym, shift_date, pseudonym_subject)
SHIFT(tip_shift_partial_uuid, shift_partial, uuid_subject)
SHIFT(tip_shift_partial_pseudonym, shift_partial, pseudonym_subject)

/* The one SELECT that was prepared, or an error. */
static CachedPlanSource *
only_select(SPIPlanPtr plan)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);

	if (list_length(sources) == 1)
	{
		CachedPlanSource *source = linitial(sources);

		if (list_length(source->query_list) == 1)
		{
			Query	   *query = linitial_node(Query, source->query_list);

			if (query->commandType == CMD_SELECT && !query->hasModifyingCTE &&
				query->rowMarks == NIL)
				return source;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("what is measured must be a single SELECT that changes and locks nothing"),
			 errhint("For a table write TABLE schema.name, or cast its name to regclass.")));
}

static void
check_column(TupleDesc desc, const char *name)
{
	int			found = 0;

	for (int i = 0; i < desc->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			found++;
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" is not a column of what is measured",
						name),
				 errhint("Names are spelled as the result shows them, without quotation marks.")));
	if (found > 1)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("column \"%s\" stands more than once in what is measured",
						name),
				 errhint("Give each column a name of its own with AS.")));
}

static void
check_columns(TupleDesc desc, ArrayType *names)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls,
					  &n);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("name of a column is missing"),
					 errhint("List the names of columns, and nothing else.")));
		check_column(desc, TextDatumGetCString(values[i]));
	}
}

PG_FUNCTION_INFO_V1(tip_checked_select);

/*
 * (source, names) → the text of the one SELECT, fit to stand in parentheses
 *
 * It is parsed and analysed with the rights of the caller, and not executed.
 */
Datum
tip_checked_select(PG_FUNCTION_ARGS)
{
	char	   *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ArrayType  *names = PG_GETARG_ARRAYTYPE_P(1);
	CachedPlanSource *select;
	RawStmt    *raw;
	SPIPlanPtr	plan;
	int			start;
	int			len;
	text	   *result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(source, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s",
			 SPI_result_code_string(SPI_result));
	select = only_select(plan);
	check_columns(select->resultDesc, names);
	/* Without the semicolon, and what may stand behind it. */
	raw = select->raw_parse_tree;
	start = Max(raw->stmt_location, 0);
	len = raw->stmt_len > 0 ? raw->stmt_len : (int) strlen(source) - start;
	result = SPI_palloc(VARHDRSZ + len);
	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), source + start, len);
	SPI_finish();
	PG_RETURN_TEXT_P(result);
}
