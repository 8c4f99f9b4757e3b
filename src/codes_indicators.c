/*
 * codes_indicators.c
 *		Weights of the operational indicators, as rows.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "codes.h"

static const TipIndicatorRow indicator_rows[] = {
#define TIP_INDICATOR(code, dimension, adult_labour, child_labour) \
	{(code), (dimension), (adult_labour), (child_labour)},
#include "indicators.def"
#undef TIP_INDICATOR
};

/*
 * TipIndicatorRows
 *		The weights of all indicators that have one; count says how many.
 */
const TipIndicatorRow *
TipIndicatorRows(int *count)
{
	*count = lengthof(indicator_rows);
	return indicator_rows;
}

static const char *
weight_name(char weight)
{
	switch (weight)
	{
		case 'S':
			return "strong";
		case 'M':
			return "medium";
		case 'W':
			return "weak";
		default:
			return NULL;		/* not in the set of the profile */
	}
}

static void
put_weight(ReturnSetInfo *rsinfo, const TipIndicatorRow *row,
		   const char *profile, char weight)
{
	const char *name = weight_name(weight);
	Datum		values[4];
	bool		nulls[4] = {false};

	if (name == NULL)
		return;
	values[0] = CStringGetTextDatum(row->code);
	values[1] = Int32GetDatum(row->dimension);
	values[2] = CStringGetTextDatum(profile);
	values[3] = CStringGetTextDatum(name);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(tip_indicator_weights);

/*
 * tip_impl.indicator_weights() → one row an indicator and profile
 */
Datum
tip_indicator_weights(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(indicator_rows); i++)
	{
		const TipIndicatorRow *row = &indicator_rows[i];

		put_weight(rsinfo, row, "adult_labour", row->adult_labour);
		put_weight(rsinfo, row, "child_labour", row->child_labour);
	}
	return (Datum) 0;
}
