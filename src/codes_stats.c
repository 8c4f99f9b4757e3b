/*
 * codes_stats.c
 *		Statistics of sets of codes and what the planner makes of them.
 *
 * ANALYZE keeps the usual most common whole sets and, in an MCELEM slot, the
 * frequency of each code.  Few distinct sets occur in practice, so the common
 * sets answer most of a containment query exactly; the rest is estimated from
 * the codes as if they were independent.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "codes_set.h"

#define SET_BITS (TIP_SET_CODES + TIP_SET_MISSING)
#define DEFAULT_SET_SEL 0.05

typedef enum SetTest
{
	SET_CONTAINS,				/* column @> constant */
	SET_CONTAINED,				/* column <@ constant */
	SET_OVERLAPS				/* column && constant */
} SetTest;

/* What a pg_statistic row says about a set column. */
typedef struct SetStats
{
	AttStatsSlot mcv;
	double		mcv_total;
	double		null_frac;
	double		code_freq[SET_BITS];
} SetStats;

typedef struct SetAnalyzeExtra
{
	AnalyzeAttrComputeStatsFunc std_compute;
	void	   *std_extra;
} SetAnalyzeExtra;

static int
free_slot(VacAttrStats *stats)
{
	for (int i = 0; i < STATISTIC_NUM_SLOTS; i++)
		if (stats->stakind[i] == 0)
			return i;
	return -1;
}

/* Store the frequency of each code that occurs; layout as for arrays. */
static void
store_code_frequencies(VacAttrStats *stats, const int *count, int nonnull)
{
	int			slot = free_slot(stats);
	Datum	   *values;
	float4	   *numbers;
	int			n = 0;
	float4		least = 1;
	float4		most = 0;
	MemoryContext old;

	if (slot < 0 || nonnull == 0)
		return;
	old = MemoryContextSwitchTo(stats->anl_context);
	values = palloc(SET_BITS * sizeof(Datum));
	numbers = palloc((SET_BITS + 3) * sizeof(float4));
	for (int bit = 0; bit < SET_BITS; bit++)
		if (count[bit] > 0)
		{
			values[n] = Int16GetDatum(bit);
			numbers[n] = (float4) count[bit] / nonnull;
			least = Min(least, numbers[n]);
			most = Max(most, numbers[n]);
			n++;
		}
	numbers[n] = least;
	numbers[n + 1] = most;
	numbers[n + 2] = 0;			/* no null elements */
	stats->stakind[slot] = STATISTIC_KIND_MCELEM;
	stats->staop[slot] = lookup_type_cache(INT2OID,
											TYPECACHE_EQ_OPR)->eq_opr;
	stats->stacoll[slot] = InvalidOid;
	stats->stanumbers[slot] = numbers;
	stats->numnumbers[slot] = n + 3;
	stats->stavalues[slot] = values;
	stats->numvalues[slot] = n;
	stats->statypid[slot] = INT2OID;
	stats->statyplen[slot] = 2;
	stats->statypbyval[slot] = true;
	stats->statypalign[slot] = TYPALIGN_SHORT;
	MemoryContextSwitchTo(old);
}

static void
compute_set_stats(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch,
				  int samplerows, double totalrows)
{
	SetAnalyzeExtra *extra = (SetAnalyzeExtra *) stats->extra_data;
	int			count[SET_BITS] = {0};
	int			nonnull = 0;

	stats->extra_data = extra->std_extra;
	extra->std_compute(stats, fetch, samplerows, totalrows);
	stats->extra_data = extra;
	if (!stats->stats_valid)
		return;
	for (int row = 0; row < samplerows; row++)
	{
		bool		isnull;
		Datum		value = fetch(stats, row, &isnull);
		TipSet		bits;

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		nonnull++;
		for (bits = TipSetBits(DatumGetTipSet(value)); bits != 0;
			 bits &= bits - 1)
			count[pg_rightmost_one_pos64(bits)]++;
	}
	store_code_frequencies(stats, count, nonnull);
}

PG_FUNCTION_INFO_V1(tip_set_typanalyze);
Datum
tip_set_typanalyze(PG_FUNCTION_ARGS)
{
	VacAttrStats *stats = (VacAttrStats *) PG_GETARG_POINTER(0);
	SetAnalyzeExtra *extra;

	if (!std_typanalyze(stats))
		PG_RETURN_BOOL(false);
	extra = palloc(sizeof(SetAnalyzeExtra));
	extra->std_compute = stats->compute_stats;
	extra->std_extra = stats->extra_data;
	stats->compute_stats = compute_set_stats;
	stats->extra_data = extra;
	PG_RETURN_BOOL(true);
}

static bool
set_passes(SetTest test, TipSet column, TipSet constant)
{
	switch (test)
	{
		case SET_CONTAINS:
			return (column & constant) == constant;
		case SET_CONTAINED:
			return (column & constant) == column;
		case SET_OVERLAPS:
			return (column & constant) != 0;
	}
	return false;
}

/* Chance that a set outside the common ones passes, codes independent. */
static double
independent_chance(const SetStats *stats, SetTest test, TipSet constant)
{
	double		chance = 1;

	for (int bit = 0; bit < SET_BITS; bit++)
	{
		bool		in = (constant >> bit) & 1;

		if (test == SET_CONTAINS && in)
			chance *= stats->code_freq[bit];
		else if (test == SET_CONTAINED ? !in : test == SET_OVERLAPS && in)
			chance *= 1 - stats->code_freq[bit];
	}
	return test == SET_OVERLAPS ? 1 - chance : chance;
}

static bool
read_set_stats(VariableStatData *var, SetStats *stats)
{
	AttStatsSlot elems;

	memset(stats, 0, sizeof(SetStats));
	if (!HeapTupleIsValid(var->statsTuple))
		return false;
	stats->null_frac = ((Form_pg_statistic)
						GETSTRUCT(var->statsTuple))->stanullfrac;
	if (get_attstatsslot(&stats->mcv, var->statsTuple, STATISTIC_KIND_MCV,
						 InvalidOid,
						 ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS))
		for (int i = 0; i < stats->mcv.nvalues; i++)
			stats->mcv_total += stats->mcv.numbers[i];
	if (!get_attstatsslot(&elems, var->statsTuple, STATISTIC_KIND_MCELEM,
						  InvalidOid,
						  ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS))
		return stats->mcv.nvalues > 0;
	for (int i = 0; i < elems.nvalues; i++)
	{
		int			bit = DatumGetInt16(elems.values[i]);

		if (bit >= 0 && bit < SET_BITS)
			stats->code_freq[bit] = elems.numbers[i];
	}
	free_attstatsslot(&elems);
	return true;
}

static double
set_selectivity(const SetStats *stats, SetTest test, TipSet constant)
{
	double		passed = 0;
	double		rest = 1 - stats->null_frac - stats->mcv_total;

	constant = TipSetBits(constant);
	for (int i = 0; i < stats->mcv.nvalues; i++)
		if (set_passes(test, TipSetBits(DatumGetTipSet(stats->mcv.values[i])),
					   constant))
			passed += stats->mcv.numbers[i];
	if (rest > 0)
		passed += rest * independent_chance(stats, test, constant);
	CLAMP_PROBABILITY(passed);
	return passed;
}

/* The test that an operator makes of its left argument. */
static SetTest
operator_test(Oid opno)
{
	char	   *name = get_opname(opno);

	if (name != NULL && strcmp(name, "&&") == 0)
		return SET_OVERLAPS;
	return name != NULL && strcmp(name, "<@") == 0 ?
		SET_CONTAINED : SET_CONTAINS;
}

/* The set that a constant stands for: itself, or that of its one code. */
static bool
constant_set(Const *con, TipSet *set)
{
	int			number;

	if (TipSetListByType(con->consttype) != 0)
	{
		*set = DatumGetTipSet(con->constvalue);
		return true;
	}
	if (TipListByType(con->consttype) == 0)
		return false;
	number = TipCodeNumber(DatumGetTipCode(con->constvalue));
	if (number >= TIP_NUMBER_UNKNOWN)
		number = TIP_SET_CODES + 1 + number - TIP_NUMBER_UNKNOWN;
	if (number < 1 || number > SET_BITS)
		return false;
	*set = UINT64CONST(1) << (number - 1);
	return true;
}

PG_FUNCTION_INFO_V1(tip_set_sel);

/* restriction selectivity of @>, <@ and && */
Datum
tip_set_sel(PG_FUNCTION_ARGS)
{
	PlannerInfo *root = (PlannerInfo *) PG_GETARG_POINTER(0);
	SetTest		test = operator_test(PG_GETARG_OID(1));
	List	   *args = (List *) PG_GETARG_POINTER(2);
	VariableStatData var;
	Node	   *other;
	bool		var_left;
	SetStats	stats;
	TipSet		constant;
	double		result = DEFAULT_SET_SEL;

	if (!get_restriction_variable(root, args, PG_GETARG_INT32(3), &var,
								  &other, &var_left))
		PG_RETURN_FLOAT8(DEFAULT_SET_SEL);
	if (!var_left && test != SET_OVERLAPS)
		test = test == SET_CONTAINS ? SET_CONTAINED : SET_CONTAINS;
	if (IsA(other, Const) && ((Const *) other)->constisnull)
		result = 0;
	else if (IsA(other, Const) && constant_set((Const *) other, &constant) &&
			 TipSetListByType(var.vartype) != 0 &&
			 read_set_stats(&var, &stats))
	{
		result = set_selectivity(&stats, test, constant);
		free_attstatsslot(&stats.mcv);
	}
	ReleaseVariableStats(var);
	PG_RETURN_FLOAT8(result);
}

/* The chance that two sets drawn from two columns pass a test. */
static double
join_chance(const SetStats *left, const SetStats *right, SetTest test)
{
	double		chance = 0;
	double		rest = 1 - right->null_frac - right->mcv_total;

	for (int i = 0; i < right->mcv.nvalues; i++)
		chance += right->mcv.numbers[i] *
			set_selectivity(left, test, DatumGetTipSet(right->mcv.values[i]));
	if (rest > 0)
		chance += rest * DEFAULT_SET_SEL;
	CLAMP_PROBABILITY(chance);
	return chance;
}

PG_FUNCTION_INFO_V1(tip_set_joinsel);

/* join selectivity of @>, <@ and && */
Datum
tip_set_joinsel(PG_FUNCTION_ARGS)
{
	PlannerInfo *root = (PlannerInfo *) PG_GETARG_POINTER(0);
	SetTest		test = operator_test(PG_GETARG_OID(1));
	List	   *args = (List *) PG_GETARG_POINTER(2);
	SpecialJoinInfo *sjinfo = (SpecialJoinInfo *) PG_GETARG_POINTER(4);
	VariableStatData left;
	VariableStatData right;
	bool		reversed;
	SetStats	left_stats;
	SetStats	right_stats;
	double		result = DEFAULT_SET_SEL;

	get_join_variables(root, args, sjinfo, &left, &right, &reversed);
	if (TipSetListByType(left.vartype) != 0 &&
		TipSetListByType(right.vartype) != 0 &&
		read_set_stats(&left, &left_stats))
	{
		if (read_set_stats(&right, &right_stats))
		{
			result = join_chance(&left_stats, &right_stats, test);
			free_attstatsslot(&right_stats.mcv);
		}
		free_attstatsslot(&left_stats.mcv);
	}
	ReleaseVariableStats(left);
	ReleaseVariableStats(right);
	PG_RETURN_FLOAT8(result);
}
