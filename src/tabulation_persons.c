/*
 * tabulation_persons.c
 *		Tabulate persons, or records that are in several cells, and count.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "compat.h"
#include "tabulation_persons.h"

PG_FUNCTION_INFO_V1(tip_persons_in);
PG_FUNCTION_INFO_V1(tip_persons_out);
PG_FUNCTION_INFO_V1(tip_persons_recv);
PG_FUNCTION_INFO_V1(tip_persons_send);
PG_FUNCTION_INFO_V1(tip_persons_add_pseudonym);
PG_FUNCTION_INFO_V1(tip_persons_add_uuid);
PG_FUNCTION_INFO_V1(tip_persons_add_either);
PG_FUNCTION_INFO_V1(tip_records_add_uuid);
PG_FUNCTION_INFO_V1(tip_records_add_int8);
PG_FUNCTION_INFO_V1(tip_persons_combine);
PG_FUNCTION_INFO_V1(tip_persons_count);

/* ---- it has no form outside ---- */

static void
refuse_form(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a value of type %s is not read, shown or stored",
					"tip.person_tabulation"),
			 errhint("Count its persons with tip.count_persons().")));
}

Datum
tip_persons_in(PG_FUNCTION_ARGS)
{
	refuse_form();
	PG_RETURN_NULL();
}

Datum
tip_persons_out(PG_FUNCTION_ARGS)
{
	refuse_form();
	PG_RETURN_NULL();
}

Datum
tip_persons_recv(PG_FUNCTION_ARGS)
{
	refuse_form();
	PG_RETURN_NULL();
}

Datum
tip_persons_send(PG_FUNCTION_ARGS)
{
	refuse_form();
	PG_RETURN_NULL();
}

/* ---- aggregates ---- */

static TipPersons *
get_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	TipPersons *state = NULL;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function must be called as part of an aggregate")));
	if (!PG_ARGISNULL(0))
		state = TipPersonsOf(PG_GETARG_DATUM(0), true);
	if (state != NULL)
		return state;
	state = TipNewPersons(context);
	if (!PG_ARGISNULL(0))
		TipAddPersons(state, TipGetPersons(PG_GETARG_DATUM(0)));
	return state;
}

static void
add_one(TipPersons *state, const TipCell *cell, const TipPersonUnit *unit,
		const uint64 word[3])
{
	if (unlikely(memcmp(&state->unit, unit, sizeof(*unit)) != 0))
		TipJoinUnit(state, unit);
	TipAddPerson(state, cell, TipSipHash(TipGetPersonsKey()->hash, word));
}

static void
add_pseudonym(TipPersons *state, const TipCell *cell,
			  const TipPseudonym *pseudonym)
{
	TipPersonUnit unit = {TIP_UNIT_PERSON, 1};
	uint64		word[3] = {0, 0, UINT64CONST(1) << 32};

	if (pseudonym->policy != TIP_POLICY_PERSON)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pseudonym does not stand for a person"),
				 errhint("A pseudonym of a document or an event tells nobody apart.")));
	memcpy(unit.pseudonym, pseudonym, sizeof(unit.pseudonym));
	memcpy(word, pseudonym, sizeof(TipPseudonym));
	add_one(state, cell, &unit, word);
}

static void
add_uuid(TipPersons *state, const TipCell *cell, const pg_uuid_t *id,
		 uint8 kind)
{
	TipPersonUnit unit = {kind, 0};
	uint64		word[3] = {0, 0, UINT64CONST(2) << 32};

	memcpy(word, id->data, UUID_LEN);
	/* Unnamed beside named: she is in the state of those with pseudonyms. */
	if (state->unit.has_pseudonym && state->unit.kind == kind)
		unit = state->unit;
	add_one(state, cell, &unit, word);
}

static void
refuse_null(const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s to be counted must not be null", what),
			 errhint("%s", hint)));
}

#define PSEUDONYM_ARG(n) ((TipPseudonym *) PG_GETARG_POINTER(n))
#define RETURN_STATE(state) PG_RETURN_DATUM(EOHPGetRWDatum(&(state)->hdr))

/* tabulate_persons(cell, pseudonym); a NULL cell is no row, as elsewhere. */
Datum
tip_persons_add_pseudonym(PG_FUNCTION_ARGS)
{
	TipPersons *state = get_state(fcinfo);

	if (PG_ARGISNULL(1))
		RETURN_STATE(state);
	if (PG_ARGISNULL(2))
		refuse_null("a person",
					"Pass the victim's id as third argument: who has no pseudonym is counted by it.");
	add_pseudonym(state, PG_GETARG_TIPCELL(1), PSEUDONYM_ARG(2));
	RETURN_STATE(state);
}

/* tabulate_persons(cell, victim) */
Datum
tip_persons_add_uuid(PG_FUNCTION_ARGS)
{
	TipPersons *state = get_state(fcinfo);

	if (PG_ARGISNULL(1))
		RETURN_STATE(state);
	if (PG_ARGISNULL(2))
		refuse_null("a person", "Leave such rows out with FILTER, and say so.");
	add_uuid(state, PG_GETARG_TIPCELL(1), PG_GETARG_UUID_P(2),
			 TIP_UNIT_PERSON);
	RETURN_STATE(state);
}

/* tabulate_persons(cell, pseudonym, victim): by the first that is known. */
Datum
tip_persons_add_either(PG_FUNCTION_ARGS)
{
	TipPersons *state = get_state(fcinfo);

	if (PG_ARGISNULL(1))
		RETURN_STATE(state);
	if (!PG_ARGISNULL(2))
		add_pseudonym(state, PG_GETARG_TIPCELL(1), PSEUDONYM_ARG(2));
	else if (!PG_ARGISNULL(3))
		add_uuid(state, PG_GETARG_TIPCELL(1), PG_GETARG_UUID_P(3),
				 TIP_UNIT_PERSON);
	else
		refuse_null("a person", "Leave such rows out with FILTER, and say so.");
	RETURN_STATE(state);
}

/* tabulate_records(cell, uuid) */
Datum
tip_records_add_uuid(PG_FUNCTION_ARGS)
{
	TipPersons *state = get_state(fcinfo);

	if (PG_ARGISNULL(1))
		RETURN_STATE(state);
	if (PG_ARGISNULL(2))
		refuse_null("a record", "Leave such rows out with FILTER, and say so.");
	add_uuid(state, PG_GETARG_TIPCELL(1), PG_GETARG_UUID_P(2),
			 TIP_UNIT_RECORD);
	RETURN_STATE(state);
}

/* tabulate_records(cell, int8) */
Datum
tip_records_add_int8(PG_FUNCTION_ARGS)
{
	TipPersons *state = get_state(fcinfo);
	TipPersonUnit unit = {TIP_UNIT_RECORD, 0};
	uint64		word[3] = {0, 0, UINT64CONST(3) << 32};

	if (PG_ARGISNULL(1))
		RETURN_STATE(state);
	if (PG_ARGISNULL(2))
		refuse_null("a record", "Leave such rows out with FILTER, and say so.");
	word[0] = (uint64) PG_GETARG_INT64(2);
	add_one(state, PG_GETARG_TIPCELL(1), &unit, word);
	RETURN_STATE(state);
}

Datum
tip_persons_combine(PG_FUNCTION_ARGS)
{
	TipPersons *state = get_state(fcinfo);

	if (!PG_ARGISNULL(1))
		TipAddPersons(state, TipGetPersons(PG_GETARG_DATUM(1)));
	RETURN_STATE(state);
}

/* ---- counting ---- */

/* The positions of dimensions that are given by number from 1. */
static uint8
positions(ArrayType *array, uint8 used)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	uint8		mask = 0;

	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT,
					  &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i] || DatumGetInt32(elements[i]) < 1 ||
			DatumGetInt32(elements[i]) > TipDimensions(used))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the tabulation has no such dimension")));
		mask |= 1 << TipPositionOf(used, DatumGetInt32(elements[i]) - 1);
	}
	return mask;
}

/*
 * count_persons(person_tabulation, multi int[])
 *		Persons by cell, and in every margin over the dimensions in which
 *		somebody, or by declaration, has several codes.
 */
Datum
tip_persons_count(PG_FUNCTION_ARGS)
{
	TipPersons *state = TipGetPersons(PG_GETARG_DATUM(0));
	uint8		used = state->cells.count > 0 ? state->shape.used : 0;
	uint8		multi = positions(PG_GETARG_ARRAYTYPE_P(1), used);

	PG_RETURN_POINTER(TipCountPersons(state, multi));
}
