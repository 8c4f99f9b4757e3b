/*
 * screening.c
 *		What the answers to the ILO/EC operational indicators come to.
 *
 * An indicator weighs strong, medium or weak in one of six dimensions; the
 * indicators that are present make a dimension positive or not; the positive
 * dimensions make the result.  The rule is that of the ILO and the European
 * Commission (Delphi survey, revised September 2009, WCMS_105023).  Where the
 * source leaves a choice, docs/screening.md says what was chosen and why.
 *
 * An indicator that is neither present nor absent has not been answered.  As
 * more signs never make a dimension negative again, and no two dimensions
 * share an indicator, every vector between the dimensions that are positive
 * now and those that still could become so is possible, and no other is.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "codes.h"

#define DIMENSIONS		6
#define NUMBERS			1024	/* of codes of one list, missing ones too */

/* Dimensions as bits: of those that are positive, for one. */
#define DECEPTION			(1 << 0)	/* D1 deceptive recruitment */
#define COERCION			(1 << 1)	/* D2 coercive recruitment */
#define VULNERABILITY		(1 << 2)	/* D3 recruitment by abuse of it */
#define EXPLOITATION		(1 << 3)	/* D4 exploitative conditions */
#define DEST_COERCION		(1 << 4)	/* D5 coercion at destination */
#define DEST_VULNERABILITY	(1 << 5)	/* D6 abuse of vulnerability there */
#define ALL_DIMENSIONS		((1 << DIMENSIONS) - 1)
#define RECRUITMENT			(DECEPTION | COERCION | VULNERABILITY)

/* Weights of the shipped sets, by the number of the indicator. */
typedef struct SetRow
{
	int8		dimension;		/* 1 to 6; 0: in no set */
	char		adult_labour;
	char		child_labour;
} SetRow;

static SetRow sets[NUMBERS];
static bool sets_are_read = false;

typedef struct Tally
{
	int			strong;
	int			medium;
	int			weak;
} Tally;

/* The answers to one screening, and what they come to. */
typedef struct Screening
{
	bool		is_child;
	bool		act_given;		/* whether an act took place was said */
	bool		act;
	bool		present[NUMBERS];
	bool		absent[NUMBERS];
	Tally		found[DIMENSIONS];	/* present */
	Tally		open[DIMENSIONS];	/* in the set and not answered */
	bool		is_answered;	/* one indicator of the set at least */
	int			positive;		/* dimensions that are */
	int			possible;		/* dimensions that are or could become so */
} Screening;

/* Number the shipped weights, once a session. */
static void
read_sets(void)
{
	int			count;
	const TipIndicatorRow *rows = TipIndicatorRows(&count);

	for (int i = 0; i < count && !sets_are_read; i++)
	{
		SetRow	   *row;
		TipCode		code;

		if (!TipCodeFind(TIP_LIST_INDICATOR, rows[i].code,
						 strlen(rows[i].code), &code))
			elog(ERROR, "indicator \"%s\" has no code", rows[i].code);
		row = &sets[TipCodeNumber(code)];
		row->dimension = rows[i].dimension;
		row->adult_labour = rows[i].adult_labour;
		row->child_labour = rows[i].child_labour;
	}
	sets_are_read = true;
}

/* 'S', 'M' or 'W'; '-' where the set of the profile lacks the indicator. */
static char
weight_of(const Screening *s, int number)
{
	if (sets[number].dimension == 0)
		return '-';
	return s->is_child ? sets[number].child_labour : sets[number].adult_labour;
}

static bool
is_code(TipCode code, int list, const char *text)
{
	TipCode		found;

	return TipCodeFind(list, text, strlen(text), &found) && found == code;
}

/* Note the profile, if there are weights for it. */
static void
read_profile(Screening *s, TipCode profile)
{
	s->is_child = is_code(profile, TIP_LIST_SCREENING_PROFILE, "child_labour");
	if (!s->is_child &&
		!is_code(profile, TIP_LIST_SCREENING_PROFILE, "adult_labour"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no weights for this screening profile"),
				 errdetail("The sets for sexual exploitation weigh differently and are not shipped; the eleven indicators of 2012 have no weights."),
				 errhint("Profiles that can be scored are adult_labour and child_labour, see tip.indicator_weight.")));
}

/*
 * Note which indicators an array of any shape holds, however often.  A null
 * is refused: it could be any indicator.
 */
static void
read_indicators(ArrayType *array, bool *seen)
{
	ArrayIterator it = array_create_iterator(array, 0, NULL);
	Datum		value;
	bool		isnull;

	while (array_iterate(it, &value, &isnull))
	{
		CHECK_FOR_INTERRUPTS();
		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("indicators must not contain nulls"),
					 errhint("Leave out answers that name no indicator.")));
		seen[TipCodeNumber(DatumGetTipCode(value))] = true;
	}
	array_free_iterator(it);
}

static void
add_to(Tally *tally, char weight)
{
	switch (weight)
	{
		case 'S':
			tally->strong++;
			break;
		case 'M':
			tally->medium++;
			break;
		case 'W':
			tally->weak++;
			break;
	}
}

/* The rule for one dimension, clause by clause as the source has it. */
static bool
is_positive(const Tally *t)
{
	return t->strong >= 2 ||
		(t->strong >= 1 && t->medium + t->weak >= 1) ||
		t->medium >= 3 ||
		(t->medium >= 2 && t->weak >= 1);
}

/* Count the answers, then see which dimensions they make positive. */
static void
score(Screening *s)
{
	for (int number = 0; number < NUMBERS; number++)
	{
		int			d = sets[number].dimension - 1;
		char		weight = weight_of(s, number);

		if (weight == '-')
			continue;
		if (s->present[number])
			add_to(&s->found[d], weight);
		else if (!s->absent[number])
			add_to(&s->open[d], weight);
		if (s->present[number] || s->absent[number])
			s->is_answered = true;
	}
	for (int d = 0; d < DIMENSIONS; d++)
	{
		Tally		most = s->found[d];

		most.strong += s->open[d].strong;
		most.medium += s->open[d].medium;
		most.weak += s->open[d].weak;
		if (is_positive(&s->found[d]))
			s->positive |= 1 << d;
		if (is_positive(&most))
			s->possible |= 1 << d;
	}
}

static int
tally_sum(const Tally *t)
{
	return t->strong + t->medium + t->weak;
}

/*
 * Did somebody recruit, transport, transfer, harbour or receive the person?
 * No indicator asks that.  It was said, or a sign of how the person was
 * recruited shows it: even one that is too weak to make its dimension positive.
 */
static bool
act_is_shown(const Screening *s)
{
	if (s->act_given && s->act)
		return true;
	for (int d = 0; d < 3; d++)
		if (tally_sum(&s->found[d]) > 0)
			return true;
	return false;
}

static bool
act_is_possible(const Screening *s)
{
	if (!s->act_given || act_is_shown(s))
		return true;
	for (int d = 0; d < 3; d++)
		if (tally_sum(&s->open[d]) > 0)
			return true;
	return false;
}

/* The rule for adults, letter by letter. */
static bool
is_coerced_victim(int positive)
{
	return (positive & EXPLOITATION) && (positive & DEST_COERCION) &&
		(positive & (DECEPTION | COERCION));
}

/*
 * The same, where abuse of vulnerability stands for the means: that in
 * recruitment for deception or coercion in recruitment, that at destination
 * for coercion at destination.
 */
static bool
is_adult_victim(int positive)
{
	return (positive & EXPLOITATION) &&
		(positive & (DEST_COERCION | DEST_VULNERABILITY)) &&
		(positive & RECRUITMENT);
}

/*
 * The result, a code of the list screening_result.  A child needs no means
 * (Palermo Protocol, art. 3(c)); the rule for adults does not ask for the
 * act.
 */
static const char *
outcome(bool is_child, int positive, bool act)
{
	if (!(positive & EXPLOITATION))
		return "not_indicated";
	if (is_child ? act : is_adult_victim(positive))
		return "trafficking_indicated";
	if (positive & (COERCION | DEST_COERCION))
		return "coerced_and_exploited";
	if (positive & DECEPTION)
		return "deceived_and_exploited";
	return "exploited_worker";
}

/*
 * Is the result the same whatever the answers still to come will be?
 *
 * This also tries what cannot be, a child's dimension of recruitment that
 * becomes positive and shows no act.  It does no harm: where that dimension is
 * open the act is, too, and with it every result but one without exploitation.
 */
static bool
is_settled(const Screening *s, const char *result)
{
	bool		shown = act_is_shown(s);
	bool		possible = act_is_possible(s);
	int			open = s->possible & ~s->positive;

	for (int more = 0; more <= ALL_DIMENSIONS; more++)
	{
		int			positive = s->positive | more;

		if ((more & ~open) != 0)
			continue;
		if (strcmp(result, outcome(s->is_child, positive, shown)) != 0 ||
			strcmp(result, outcome(s->is_child, positive, possible)) != 0)
			return false;
	}
	return true;
}

/* The codes of list indicator that a filter takes, as an array. */
static Datum
indicators_that(const Screening *s, bool (*filter) (const Screening *, int),
				Oid type)
{
	Datum		codes[NUMBERS];
	int			n = 0;

	for (int number = 0; number < NUMBERS; number++)
		if (filter(s, number))
			codes[n++] = TipCodeGetDatum(TipMakeCode(TIP_LIST_INDICATOR,
													 number));
	return PointerGetDatum(construct_array(codes, n, type, sizeof(int16),
										   true, TYPALIGN_SHORT));
}

static bool
is_unscored(const Screening *s, int number)
{
	return (s->present[number] || s->absent[number]) &&
		weight_of(s, number) == '-';
}

static bool
is_contradictory(const Screening *s, int number)
{
	return s->present[number] && s->absent[number];
}

/* The code of a dimension: D1 to D6. */
static TipCode
dimension_code(int d)
{
	char		text[] = {'D', '1' + d, '\0'};
	TipCode		code;

	if (!TipCodeFind(TIP_LIST_INDICATOR, text, 2, &code))
		elog(ERROR, "dimension %d has no code", d + 1);
	return code;
}

static Datum
positive_dimensions(const Screening *s, Oid type)
{
	Datum		codes[DIMENSIONS];
	int			n = 0;

	for (int d = 0; d < DIMENSIONS; d++)
		if (s->positive & (1 << d))
			codes[n++] = TipCodeGetDatum(dimension_code(d));
	return PointerGetDatum(construct_array(codes, n, type, sizeof(int16),
										   true, TYPALIGN_SHORT));
}

/*
 * What the arguments come to: indicators present, profile, indicators absent.
 * NULL where nothing was asked: no indicators, or no profile.
 */
static Screening *
read_screening(FunctionCallInfo fcinfo, Oid *type)
{
	Screening  *s;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return NULL;
	read_sets();
	s = palloc0(sizeof(Screening));
	read_profile(s, PG_GETARG_TIPCODE(1));
	*type = ARR_ELEMTYPE(PG_GETARG_ARRAYTYPE_P(0));
	read_indicators(PG_GETARG_ARRAYTYPE_P(0), s->present);
	if (!PG_ARGISNULL(2))
		read_indicators(PG_GETARG_ARRAYTYPE_P(2), s->absent);
	score(s);
	return s;
}

PG_FUNCTION_INFO_V1(tip_screen);

/*
 * tip.screen(present, profile, absent, act)
 *		→ result, positive, by_vulnerability, act_shown, is_settled,
 *		not_scored, contradictory
 *
 * All null without indicators or profile; result null where no indicator of
 * the set was answered.  Errors: 22023 for a profile without weights, 22004
 * for a null among the indicators.
 */
Datum
tip_screen(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[7];
	bool		nulls[7] = {false};
	Oid			type = InvalidOid;
	Screening  *s = read_screening(fcinfo, &type);
	const char *result;
	TipCode		code;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (s == NULL)
		PG_RETURN_NULL();
	s->act_given = !PG_ARGISNULL(3);
	s->act = s->act_given && PG_GETARG_BOOL(3);
	result = outcome(s->is_child, s->positive, act_is_shown(s));
	if (!TipCodeFind(TIP_LIST_SCREENING_RESULT, result, strlen(result), &code))
		elog(ERROR, "result \"%s\" has no code", result);

	values[0] = TipCodeGetDatum(code);
	nulls[0] = !s->is_answered;
	values[1] = positive_dimensions(s, type);
	values[2] = BoolGetDatum(!s->is_child && is_adult_victim(s->positive) &&
							 !is_coerced_victim(s->positive));
	values[3] = BoolGetDatum(act_is_shown(s));
	values[4] = BoolGetDatum(s->is_answered && is_settled(s, result));
	values[5] = indicators_that(s, is_unscored, type);
	values[6] = indicators_that(s, is_contradictory, type);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

/* Write one dimension into the columns that tip_screen_dimensions returns. */
static void
put_dimension(ReturnSetInfo *rsinfo, const Screening *s, int d, Oid type)
{
	const Tally *found = &s->found[d];
	Datum		values[7];
	bool		nulls[7] = {false};
	Datum		counted[NUMBERS];
	int			n = 0;

	for (int number = 0; number < NUMBERS; number++)
		if (s->present[number] && sets[number].dimension == d + 1 &&
			weight_of(s, number) != '-')
			counted[n++] = TipCodeGetDatum(TipMakeCode(TIP_LIST_INDICATOR,
													   number));
	values[0] = TipCodeGetDatum(dimension_code(d));
	values[1] = Int32GetDatum(found->strong);
	values[2] = Int32GetDatum(found->medium);
	values[3] = Int32GetDatum(found->weak);
	values[4] = BoolGetDatum((s->positive & (1 << d)) != 0);
	values[5] = PointerGetDatum(construct_array(counted, n, type,
												sizeof(int16), true,
												TYPALIGN_SHORT));
	values[6] = Int32GetDatum(tally_sum(&s->open[d]));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(tip_screen_dimensions);

/*
 * tip.screen_dimensions(present, profile, absent) → six rows, D1 to D6:
 *		dimension, strong, medium, weak, is_positive, counted, unanswered
 *
 * No rows without indicators or profile.  Errors as of tip.screen().
 */
Datum
tip_screen_dimensions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			type = InvalidOid;
	Screening  *s;

	InitMaterializedSRF(fcinfo, 0);
	s = read_screening(fcinfo, &type);
	for (int d = 0; s != NULL && d < DIMENSIONS; d++)
		put_dimension(rsinfo, s, d, type);
	return (Datum) 0;
}
