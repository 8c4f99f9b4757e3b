/*
 * dates.c
 *		Dates that are not known to the day, ages and age bands.
 *
 * A partial date is four bytes: year, month (0: not known), day (0: not
 * known) and the two qualifiers of EDTF level 1, uncertain and approximate.
 * As an integer it sorts by its earliest day, coarser first, so comparison
 * and hashing are core's own int4 functions.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "codes.h"
#include "compat.h"
#include "dates.h"

typedef int32 PartialDate;

#define UNCERTAIN	2
#define APPROXIMATE	1

#define PD_YEAR(d)		((d) >> 11)
#define PD_MONTH(d)		(((d) >> 7) & 15)
#define PD_DAY(d)		(((d) >> 2) & 31)
#define PD_FLAGS(d)		((d) & 3)
#define MakePartialDate(y, m, d, f) \
	((PartialDate) (((y) << 11) | ((m) << 7) | ((d) << 2) | (f)))

#define MAX_YEAR 9999
#define ADULT_AGE 18			/* Palermo Protocol, article 3(d) */

/* Last day of a month; month 0 stands for a year without one. */
static int
last_day(int year, int month)
{
	return day_tab[isleap(year) ? 1 : 0][month - 1];
}

static bool
is_valid(int year, int month, int day)
{
	if (year < 1 || year > MAX_YEAR || month < 0 || month > 12)
		return false;
	return day == 0 ||
		(month > 0 && day >= 1 && day <= last_day(year, month));
}

/* Read exactly n digits; -1 where there is something else. */
static int
digits(const char **text, int n)
{
	int			value = 0;

	for (int i = 0; i < n; i++)
	{
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + *(*text)++ - '0';
	}
	return value;
}

static bool
parse(const char *text, PartialDate *result)
{
	int			year = digits(&text, 4);
	int			month = 0;
	int			day = 0;
	int			flags = 0;

	if (year < 0)
		return false;
	if (*text == '-')
	{
		text++;
		if ((month = digits(&text, 2)) < 1)
			return false;
	}
	if (month > 0 && *text == '-')
	{
		text++;
		if ((day = digits(&text, 2)) < 1)
			return false;
	}
	switch (*text)
	{
		case '?':
			flags = UNCERTAIN;
			break;
		case '~':
			flags = APPROXIMATE;
			break;
		case '%':
			flags = UNCERTAIN | APPROXIMATE;
			break;
	}
	if (flags != 0)
		text++;
	if (*text != '\0' || !is_valid(year, month, day))
		return false;
	*result = MakePartialDate(year, month, day, flags);
	return true;
}

/* For those who must not raise: false if the text is no partial date. */
bool
TipParsePartialDate(const char *text, Datum *result)
{
	PartialDate date;

	if (!parse(text, &date))
		return false;
	*result = Int32GetDatum(date);
	return true;
}

PG_FUNCTION_INFO_V1(tip_partial_date_in);
Datum
tip_partial_date_in(PG_FUNCTION_ARGS)
{
	PartialDate date;

	/* The text is not repeated: a shifted column may put a name here. */
	if (!parse(PG_GETARG_CSTRING(0), &date))
		TIP_RETURN_ERROR(TIP_ESCONTEXT(fcinfo), (Datum) 0,
						 (errcode(ERRCODE_INVALID_DATETIME_FORMAT),
						  errmsg("invalid partial date"),
						  errhint("Write 1998, 1998-05 or 1998-05-17, with ? behind it if uncertain, ~ if approximate, %% if both.")));
	PG_RETURN_INT32(date);
}

/* Output never fails, whatever the bytes are. */
static char *
to_text(PartialDate date)
{
	static const char *const suffix[] = {"", "~", "?", "%"};
	const char *flag = suffix[PD_FLAGS(date)];

	if (PD_MONTH(date) == 0)
		return psprintf("%04d%s", PD_YEAR(date), flag);
	if (PD_DAY(date) == 0)
		return psprintf("%04d-%02d%s", PD_YEAR(date), PD_MONTH(date), flag);
	return psprintf("%04d-%02d-%02d%s", PD_YEAR(date), PD_MONTH(date),
					PD_DAY(date), flag);
}

PG_FUNCTION_INFO_V1(tip_partial_date_out);
Datum
tip_partial_date_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(to_text(PG_GETARG_INT32(0)));
}

PG_FUNCTION_INFO_V1(tip_partial_date_recv);
Datum
tip_partial_date_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	PartialDate date = (PartialDate) pq_getmsgint(buf, 4);

	if (date < 0 || !is_valid(PD_YEAR(date), PD_MONTH(date), PD_DAY(date)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary partial date"),
				 errhint("Send partial dates as text if in doubt.")));
	PG_RETURN_INT32(date);
}

PG_FUNCTION_INFO_V1(tip_partial_date_send);
Datum
tip_partial_date_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, PG_GETARG_INT32(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(tip_partial_date_from_text);
Datum
tip_partial_date_from_text(PG_FUNCTION_ARGS)
{
	char	   *str = text_to_cstring(PG_GETARG_TEXT_PP(0));

	return DirectFunctionCall1(tip_partial_date_in, CStringGetDatum(str));
}

PG_FUNCTION_INFO_V1(tip_partial_date_to_text);
Datum
tip_partial_date_to_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(to_text(PG_GETARG_INT32(0))));
}

PG_FUNCTION_INFO_V1(tip_partial_date_from_date);

/* date → partial date, known to the day */
Datum
tip_partial_date_from_date(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);
	int			year = 0;
	int			month = 0;
	int			day = 0;

	if (!DATE_NOT_FINITE(date))
		j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (!is_valid(year, month, day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("date out of range for a partial date"),
				 errhint("Years 1 to %d can be stored.", MAX_YEAR)));
	PG_RETURN_INT32(MakePartialDate(year, month, day, 0));
}

static DateADT
day_of(int year, int month, int day)
{
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

static DateADT
earliest(PartialDate date)
{
	return day_of(PD_YEAR(date), Max(PD_MONTH(date), 1),
					 Max(PD_DAY(date), 1));
}

static DateADT
latest(PartialDate date)
{
	int			year = PD_YEAR(date);
	int			month = PD_MONTH(date) > 0 ? PD_MONTH(date) : 12;

	return day_of(year, month, PD_DAY(date) > 0 ? PD_DAY(date) :
					 last_day(year, month));
}

PG_FUNCTION_INFO_V1(tip_date_earliest);
Datum
tip_date_earliest(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(earliest(PG_GETARG_INT32(0)));
}

PG_FUNCTION_INFO_V1(tip_date_latest);
Datum
tip_date_latest(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(latest(PG_GETARG_INT32(0)));
}

PG_FUNCTION_INFO_V1(tip_date_precision);

/* tip.date_precision(date) → year, month or day */
Datum
tip_date_precision(PG_FUNCTION_ARGS)
{
	PartialDate date = PG_GETARG_INT32(0);
	const char *name = PD_DAY(date) > 0 ? "day" :
		PD_MONTH(date) > 0 ? "month" : "year";

	PG_RETURN_TEXT_P(cstring_to_text(name));
}

PG_FUNCTION_INFO_V1(tip_date_qualifier);

/* tip.date_qualifier(date) → '', '?', '~' or '%' */
Datum
tip_date_qualifier(PG_FUNCTION_ARGS)
{
	static const char *const suffix[] = {"", "~", "?", "%"};

	PG_RETURN_TEXT_P(cstring_to_text(suffix[PD_FLAGS(PG_GETARG_INT32(0))]));
}

/* The days that an argument, a partial date or a date, may mean. */
typedef struct Span
{
	DateADT		from;
	DateADT		to;
} Span;

static Span
partial_span(PartialDate date)
{
	Span		span = {earliest(date), latest(date)};

	return span;
}

/*
 * Where only the order counts, days are numbered without regard to the length
 * of months: rules compare many dates, and a Julian day is dear.
 */
static int
place(int year, int month, int day)
{
	return (year * 16 + month) * 32 + day;
}

TipPlaces
TipPartialPlaces(PartialDate date)
{
	int			year = PD_YEAR(date);
	int			month = PD_MONTH(date);
	int			day = PD_DAY(date);
	int			last = month > 0 ? month : 12;
	TipPlaces	places;

	places.from = place(year, Max(month, 1), Max(day, 1));
	places.to = place(year, last, day > 0 ? day : last_day(year, last));
	return places;
}

/* A day before or after all that a partial date can say has one place. */
static int
date_place(DateADT date)
{
	int			year = date == DATEVAL_NOEND ? MAX_YEAR + 1 : 0;
	int			month = 1;
	int			day = 1;

	if (!DATE_NOT_FINITE(date))
		j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	year = Min(Max(year, 0), MAX_YEAR + 1);
	return place(year, month, day);
}

/* Most dates that are compared are today, again and again. */
TipPlaces
TipDayPlaces(DateADT date)
{
	static DateADT last_date = DATEVAL_NOBEGIN;
	static int	last_place = -1;
	TipPlaces	places;

	if (last_place < 0 || last_date != date)
	{
		last_place = date_place(date);
		last_date = date;
	}
	places.from = places.to = last_place;
	return places;
}

/* true, false, or NULL where the spans overlap */
static Datum
certainly_before(FunctionCallInfo fcinfo, TipPlaces a, TipPlaces b)
{
	if (a.to < b.from)
		PG_RETURN_BOOL(true);
	if (a.from >= b.to)
		PG_RETURN_BOOL(false);
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(tip_certainly_before);
Datum
tip_certainly_before(PG_FUNCTION_ARGS)
{
	return certainly_before(fcinfo, TipQuickPlaces(PG_GETARG_INT32(0)),
							TipQuickPlaces(PG_GETARG_INT32(1)));
}

PG_FUNCTION_INFO_V1(tip_certainly_before_date);
Datum
tip_certainly_before_date(PG_FUNCTION_ARGS)
{
	return certainly_before(fcinfo, TipQuickPlaces(PG_GETARG_INT32(0)),
							TipDayPlaces(PG_GETARG_DATEADT(1)));
}

PG_FUNCTION_INFO_V1(tip_date_certainly_before);
Datum
tip_date_certainly_before(PG_FUNCTION_ARGS)
{
	return certainly_before(fcinfo, TipDayPlaces(PG_GETARG_DATEADT(0)),
							TipQuickPlaces(PG_GETARG_INT32(1)));
}

/*
 * Completed years between two days.  Who is born on 29 February has a
 * birthday on 1 March of other years.
 */
static int
completed_years(DateADT birth, DateADT at)
{
	int			y1,
				m1,
				d1,
				y2,
				m2,
				d2;

	j2date(birth + POSTGRES_EPOCH_JDATE, &y1, &m1, &d1);
	j2date(at + POSTGRES_EPOCH_JDATE, &y2, &m2, &d2);
	return y2 - y1 - (m2 < m1 || (m2 == m1 && d2 < d1));
}

PG_FUNCTION_INFO_V1(tip_age_least);

/* least age in completed years; may be negative */
Datum
tip_age_least(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(completed_years(latest(PG_GETARG_INT32(0)),
									earliest(PG_GETARG_INT32(1))));
}

PG_FUNCTION_INFO_V1(tip_age_most);

/* greatest age in completed years; negative where born later */
Datum
tip_age_most(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(completed_years(earliest(PG_GETARG_INT32(0)),
									latest(PG_GETARG_INT32(1))));
}

PG_FUNCTION_INFO_V1(tip_is_child);

/* tip.is_child(birth, at) → NULL where the age may be on either side of 18 */
Datum
tip_is_child(PG_FUNCTION_ARGS)
{
	Span		birth = partial_span(PG_GETARG_INT32(0));
	Span		at = partial_span(PG_GETARG_INT32(1));

	if (completed_years(birth.to, at.from) >= ADULT_AGE)
		PG_RETURN_BOOL(false);
	if (completed_years(birth.from, at.to) < ADULT_AGE)
		PG_RETURN_BOOL(true);
	PG_RETURN_NULL();
}

static Datum
year_code(int year)
{
	TipCode		code;
	char		text[16];

	snprintf(text, sizeof(text), "%04d", year);
	if (!TipCodeFind(TIP_LIST_CALENDAR_YEAR, text, strlen(text), &code))
		code = TipMakeCode(TIP_LIST_CALENDAR_YEAR, TIP_NUMBER_NOT_APPLICABLE);
	return TipCodeGetDatum(code);
}

PG_FUNCTION_INFO_V1(tip_partial_date_year);
Datum
tip_partial_date_year(PG_FUNCTION_ARGS)
{
	return year_code(PD_YEAR(PG_GETARG_INT32(0)));
}

PG_FUNCTION_INFO_V1(tip_date_year);
Datum
tip_date_year(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(0);
	int			year = -1;
	int			month;
	int			day;

	if (!DATE_NOT_FINITE(date))
		j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return year_code(year < 0 ? 0 : year);
}

typedef struct AgeBand
{
	const char *scheme;
	const char *band;
	int			from;
	int			to;
} AgeBand;

static const AgeBand age_bands[] = {
#define TIP_AGE_BAND(scheme, band, from, to) {(scheme), (band), (from), (to)},
#include "age_bands.def"
#undef TIP_AGE_BAND
};

static void
refuse_scheme(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown scheme of age bands"),
			 errhint("Schemes are SDG, CTDC, CTU_TT, IP and YOUTH.")));
}

PG_FUNCTION_INFO_V1(tip_age_band_of);

/*
 * tip.age_band(age, scheme) → band; not_applicable for an age that no band
 * of the scheme holds
 */
Datum
tip_age_band_of(PG_FUNCTION_ARGS)
{
	int32		age = PG_GETARG_INT32(0);
	char	   *scheme = text_to_cstring(PG_GETARG_TEXT_PP(1));
	TipCode		code = TipMakeCode(TIP_LIST_AGE_BAND,
								   TIP_NUMBER_NOT_APPLICABLE);
	bool		known = false;

	for (int i = 0; i < lengthof(age_bands); i++)
	{
		const AgeBand *band = &age_bands[i];

		if (strcmp(band->scheme, scheme) != 0)
			continue;
		known = true;
		if (age >= band->from && (age <= band->to || band->to < 0))
			TipCodeFind(TIP_LIST_AGE_BAND, band->band, strlen(band->band),
						&code);
	}
	if (!known)
		refuse_scheme();
	PG_RETURN_TIPCODE(code);
}

/* today(): the only clock of rules; CURRENT_DATE is no function of its own. */
PG_FUNCTION_INFO_V1(tip_today);
Datum
tip_today(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(GetSQLCurrentDate());
}

/*
 * days_between(a, b): the most days from a to b, negative if b lies before.
 * Years are four digits, so the difference always fits.
 */
PG_FUNCTION_INFO_V1(tip_days_between);
Datum
tip_days_between(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(latest(PG_GETARG_INT32(1)) -
					earliest(PG_GETARG_INT32(0)));
}

/*
 * least_days_between(a, day): the fewest days from a to a day, negative if the
 * day may lie before; NULL for infinity.
 */
PG_FUNCTION_INFO_V1(tip_least_days_between);
Datum
tip_least_days_between(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(1);

	if (DATE_NOT_FINITE(day))
		PG_RETURN_NULL();
	PG_RETURN_INT32(day - latest(PG_GETARG_INT32(0)));
}
