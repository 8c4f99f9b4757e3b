/*
 * codes_set.c
 *		Sets of codes: eight bytes, one bit a code.
 *
 * Bits 0..53 are codes 1..54, bits 54..57 the four missing codes, bits 58..63
 * the list.  A missing code never stands beside a substantive one.
 */
#include "postgres.h"

#include "access/gin.h"
#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "codes_io.h"
#include "codes_set.h"
#include "compat.h"

static TipCode
bit_code(int list, int bit)
{
	return TipMakeCode(list, bit < TIP_SET_CODES ? bit + 1 :
					   TIP_NUMBER_UNKNOWN + bit - TIP_SET_CODES);
}

static TipSet
empty_set(int list)
{
	return (TipSet) list << 58;
}

static bool
is_mixed(TipSet set)
{
	return (set & TIP_SET_MISSING_MASK) != 0 && (set & TIP_SET_CODE_MASK) != 0;
}

/* X09 is the codebook's number of this rule; programs may look for it. */
static bool
refuse_mixed(int list, Node *escontext)
{
	TIP_RETURN_ERROR(escontext, false,
					 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					  errmsg("missing code beside a substantive code in set \"%s_set\"",
							 TipListRowOf(list)->name),
					  err_generic_string(PG_DIAG_CONSTRAINT_NAME, "X09"),
					  errhint("Leave out unknown, not_stated, not_applicable and withheld, or store one of them alone.")));
}

static bool
refuse_syntax(int list, Node *escontext)
{
	TIP_RETURN_ERROR(escontext, false,
					 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					  errmsg("malformed set of codes for \"%s_set\"",
							 TipListRowOf(list)->name),
					  errhint("Write codes between braces, with commas between them.")));
}

/* Add one member, given by its text, to a set that is being built. */
static bool
add_member(int list, const char *text, Node *escontext, TipSet *set)
{
	TipCode		code;
	int			bit;

	if (!TipCodeParse(list, text, escontext, &code))
		return false;
	bit = TipCodeBit(code);
	if (bit < 0)
		return refuse_syntax(list, escontext);
	*set |= UINT64CONST(1) << bit;
	return true;
}

/* Cut surrounding white space off, in place. */
static char *
trim(char *text)
{
	char	   *end;

	while (isspace((unsigned char) *text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char) end[-1]))
		*--end = '\0';
	return text;
}

/*
 * Parse "{a,b}"; a bare code is the set of that code alone, so that a client
 * can filter with one value.
 */
static bool
parse_set(int list, const char *text, Node *escontext, TipSet *result)
{
	char	   *copy = trim(pstrdup(text));
	int			len = strlen(copy);
	TipSet		set = empty_set(list);

	if (len > 0 && copy[0] != '{')
	{
		if (!add_member(list, copy, escontext, &set))
			return false;
		*result = set;
		return true;
	}
	if (len < 2 || copy[len - 1] != '}')
		return refuse_syntax(list, escontext);
	copy[len - 1] = '\0';
	copy = trim(copy + 1);
	while (*copy != '\0')
	{
		char	   *comma = strchr(copy, ',');

		if (comma != NULL)
			*comma = '\0';
		if (!add_member(list, trim(copy), escontext, &set))
			return false;
		if (comma == NULL)
			break;
		copy = comma + 1;
		if (*trim(copy) == '\0')
			return refuse_syntax(list, escontext);
	}
	if (is_mixed(set))
		return refuse_mixed(list, escontext);
	*result = set;
	return true;
}

/* The set that a text names, or a (soft) error. */
bool
TipSetParse(int list, const char *text, Node *escontext, TipSet *set)
{
	return parse_set(list, text, escontext, set);
}

static Datum
set_in(FunctionCallInfo fcinfo, int list)
{
	TipSet		set;

	if (!parse_set(list, PG_GETARG_CSTRING(0), TIP_ESCONTEXT(fcinfo), &set))
		return (Datum) 0;
	PG_RETURN_TIPSET(set);
}

static Datum
set_from_text(FunctionCallInfo fcinfo, int list)
{
	TipSet		set;

	parse_set(list, text_to_cstring(PG_GETARG_TEXT_PP(0)), NULL, &set);
	PG_RETURN_TIPSET(set);
}

/* Bits that this library has codes for. */
TipSet
TipSetKnownBits(int list)
{
	TipSet		known = TIP_SET_MISSING_MASK;

	for (int n = 1; n <= Min(TipListMaxNumber(list), TIP_SET_CODES); n++)
		if (TipCodeRowOf(TipMakeCode(list, n)) != NULL)
			known |= UINT64CONST(1) << (n - 1);
	return known;
}

static Datum
set_recv(FunctionCallInfo fcinfo, int list)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	TipSet		set = (TipSet) pq_getmsgint64(buf);

	if (TipSetList(set) != list ||
		(TipSetBits(set) & ~TipSetKnownBits(list)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary set for \"%s_set\"",
						TipListRowOf(list)->name),
				 errhint("Only numbers in tip.code_list are accepted in binary form.")));
	if (is_mixed(set))
		refuse_mixed(list, NULL);
	PG_RETURN_TIPSET(set);
}

/* text[] or code[] → set */
static Datum
set_from_array(FunctionCallInfo fcinfo, int list)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Oid			type = ARR_ELEMTYPE(array);
	TipSet		set = empty_set(list);
	ArrayIterator it = array_create_iterator(array, 0, NULL);
	Datum		value;
	bool		isnull;

	while (array_iterate(it, &value, &isnull))
	{
		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("set of codes must not contain nulls"),
					 errhint("Use the code unknown or not_stated alone.")));
		if (type == TEXTOID || type == VARCHAROID)
			add_member(list, TextDatumGetCString(value), NULL, &set);
		else if (TipListByType(type) == list &&
				 TipCodeBit(DatumGetTipCode(value)) >= 0)
			set |= UINT64CONST(1) << TipCodeBit(DatumGetTipCode(value));
		else
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("array elements are no codes of list \"%s\"",
							TipListRowOf(list)->name)));
	}
	array_free_iterator(it);
	if (is_mixed(set))
		refuse_mixed(list, NULL);
	PG_RETURN_TIPSET(set);
}

#define SCALAR_LIST(id)
#define SETTABLE_LIST(id) \
	ENTRY(in, id) \
	ENTRY(recv, id) \
	ENTRY(from_text, id) \
	ENTRY(from_array, id)
#define ENTRY(verb, id) \
	PG_FUNCTION_INFO_V1(tip_##id##_set_##verb); \
	Datum tip_##id##_set_##verb(PG_FUNCTION_ARGS) \
	{ return set_##verb(fcinfo, TIP_LIST_##id); }
#define TIP_LIST(id, number, name, kind, title, source) kind##_LIST(id)
#define TIP_CODE(list, number, rank, code, parent, en, es, fr, nl, ht, source)
#define TIP_RETIRED(list, number, day, note)
#include "code_lists.def"
#undef TIP_LIST
#undef TIP_CODE
#undef TIP_RETIRED

/*
 * Output is in order of rank, not of number, so that a code added later
 * stands where people look for it; 54 codes at most are sorted by insertion.
 */
static int
members_by_rank(TipSet set, TipCode *members)
{
	int			n = 0;
	TipSet		bits = TipSetBits(set);

	while (bits != 0)
	{
		TipCode		code = bit_code(TipSetList(set),
									pg_rightmost_one_pos64(bits));
		const TipCodeRow *row = TipCodeRowOf(code);
		int			rank = row ? row->rank : TIP_NUMBER_MAX;
		int			at = n++;

		bits &= bits - 1;
		for (; at > 0; at--)
		{
			const TipCodeRow *before = TipCodeRowOf(members[at - 1]);

			if ((before ? before->rank : TIP_NUMBER_MAX) <= rank)
				break;
			members[at] = members[at - 1];
		}
		members[at] = code;
	}
	return n;
}

char *
TipSetText(TipSet set)
{
	TipCode		members[64];
	int			n = members_by_rank(set, members);
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '{');
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoChar(&buf, ',');
		appendStringInfoString(&buf, TipCodeText(members[i]));
	}
	appendStringInfoChar(&buf, '}');
	return buf.data;
}

PG_FUNCTION_INFO_V1(tip_set_out);
Datum
tip_set_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TipSetText(PG_GETARG_TIPSET(0)));
}

PG_FUNCTION_INFO_V1(tip_set_send);
Datum
tip_set_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, PG_GETARG_TIPSET(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(tip_set_to_text);
Datum
tip_set_to_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(TipSetText(PG_GETARG_TIPSET(0))));
}

PG_FUNCTION_INFO_V1(tip_set_to_text_array);
Datum
tip_set_to_text_array(PG_FUNCTION_ARGS)
{
	TipCode		members[64];
	int			n = members_by_rank(PG_GETARG_TIPSET(0), members);
	Datum		texts[64];

	for (int i = 0; i < n; i++)
		texts[i] = CStringGetTextDatum(TipCodeText(members[i]));
	PG_RETURN_ARRAYTYPE_P(construct_array(texts, n, TEXTOID, -1, false,
										  TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(tip_set_to_array);

/* set → code[] */
Datum
tip_set_to_array(PG_FUNCTION_ARGS)
{
	TipCode		members[64];
	int			n = members_by_rank(PG_GETARG_TIPSET(0), members);
	Datum		codes[64];
	Oid			element;

	element = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	for (int i = 0; i < n; i++)
		codes[i] = TipCodeGetDatum(members[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(codes, n, element, 2, true,
										  TYPALIGN_SHORT));
}

PG_FUNCTION_INFO_V1(tip_set_each);

/* tip.each(set) → its codes, one a row */
Datum
tip_set_each(PG_FUNCTION_ARGS)
{
	FuncCallContext *funcctx;
	TipCode    *members;

	if (SRF_IS_FIRSTCALL())
	{
		funcctx = SRF_FIRSTCALL_INIT();
		members = MemoryContextAlloc(funcctx->multi_call_memory_ctx,
									 64 * sizeof(TipCode));
		funcctx->max_calls = members_by_rank(PG_GETARG_TIPSET(0), members);
		funcctx->user_fctx = members;
	}
	funcctx = SRF_PERCALL_SETUP();
	members = funcctx->user_fctx;
	if (funcctx->call_cntr < funcctx->max_calls)
	{
		TipCode		code = members[funcctx->call_cntr];

		SRF_RETURN_NEXT(funcctx, TipCodeGetDatum(code));
	}
	SRF_RETURN_DONE(funcctx);
}

PG_FUNCTION_INFO_V1(tip_set_cardinality);
Datum
tip_set_cardinality(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(pg_popcount64(PG_GETARG_TIPSET(0) & TIP_SET_CODE_MASK));
}

PG_FUNCTION_INFO_V1(tip_set_is_missing);

/* tip.is_missing(set) → true where it holds a missing code */
Datum
tip_set_is_missing(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL((PG_GETARG_TIPSET(0) & TIP_SET_MISSING_MASK) != 0);
}

PG_FUNCTION_INFO_V1(tip_code_is_missing);

/* tip.is_missing(code) → true for unknown, not_stated and the like */
Datum
tip_code_is_missing(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TipCodeIsMissing(PG_GETARG_TIPCODE(0)));
}

PG_FUNCTION_INFO_V1(tip_set_contains);
Datum
tip_set_contains(PG_FUNCTION_ARGS)
{
	TipSet		bits = TipSetBits(PG_GETARG_TIPSET(1));

	PG_RETURN_BOOL((PG_GETARG_TIPSET(0) & bits) == bits);
}

PG_FUNCTION_INFO_V1(tip_set_contained);
Datum
tip_set_contained(PG_FUNCTION_ARGS)
{
	TipSet		bits = TipSetBits(PG_GETARG_TIPSET(0));

	PG_RETURN_BOOL((PG_GETARG_TIPSET(1) & bits) == bits);
}

PG_FUNCTION_INFO_V1(tip_set_overlaps);
Datum
tip_set_overlaps(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TipSetBits(PG_GETARG_TIPSET(0) &
							  PG_GETARG_TIPSET(1)) != 0);
}

static bool
has_member(TipSet set, TipCode code)
{
	int			bit = TipCodeBit(code);

	return bit >= 0 && (set & (UINT64CONST(1) << bit)) != 0;
}

PG_FUNCTION_INFO_V1(tip_set_has);
Datum
tip_set_has(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(has_member(PG_GETARG_TIPSET(0), PG_GETARG_TIPCODE(1)));
}

PG_FUNCTION_INFO_V1(tip_code_member);
Datum
tip_code_member(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(has_member(PG_GETARG_TIPSET(1), PG_GETARG_TIPCODE(0)));
}

PG_FUNCTION_INFO_V1(tip_set_union);

/* A substantive code outweighs a missing one, so the union is never mixed. */
Datum
tip_set_union(PG_FUNCTION_ARGS)
{
	TipSet		set = PG_GETARG_TIPSET(0) | PG_GETARG_TIPSET(1);

	if (is_mixed(set))
		set &= ~TIP_SET_MISSING_MASK;
	PG_RETURN_TIPSET(set);
}

PG_FUNCTION_INFO_V1(tip_set_intersection);
Datum
tip_set_intersection(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIPSET(PG_GETARG_TIPSET(0) & PG_GETARG_TIPSET(1));
}

PG_FUNCTION_INFO_V1(tip_set_difference);
Datum
tip_set_difference(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIPSET(PG_GETARG_TIPSET(0) &
					 ~TipSetBits(PG_GETARG_TIPSET(1)));
}

/* GIN: the keys of a set are the numbers of its bits. */
static Datum *
set_keys(TipSet set, int32 *nkeys)
{
	TipSet		bits = TipSetBits(set);
	Datum	   *keys = palloc(64 * sizeof(Datum));

	*nkeys = 0;
	for (; bits != 0; bits &= bits - 1)
		keys[(*nkeys)++] = Int16GetDatum(pg_rightmost_one_pos64(bits));
	return keys;
}

PG_FUNCTION_INFO_V1(tip_set_extract_value);
Datum
tip_set_extract_value(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(set_keys(PG_GETARG_TIPSET(0),
							   (int32 *) PG_GETARG_POINTER(1)));
}

PG_FUNCTION_INFO_V1(tip_set_extract_query);
Datum
tip_set_extract_query(PG_FUNCTION_ARGS)
{
	int32	   *nkeys = (int32 *) PG_GETARG_POINTER(1);
	StrategyNumber strategy = PG_GETARG_UINT16(2);
	int32	   *mode = (int32 *) PG_GETARG_POINTER(6);
	TipSet		set;

	if (strategy == TIP_SET_HAS_STRATEGY)
	{
		int			bit = TipCodeBit(PG_GETARG_TIPCODE(0));

		set = bit >= 0 ? UINT64CONST(1) << bit : 0;
	}
	else
		set = PG_GETARG_TIPSET(0);
	/* Every set contains the empty one, and it is contained in every set. */
	if (strategy == TIP_SET_CONTAINED_STRATEGY ||
		(strategy == TIP_SET_CONTAINS_STRATEGY && TipSetBits(set) == 0))
		*mode = GIN_SEARCH_MODE_ALL;
	PG_RETURN_POINTER(set_keys(set, nkeys));
}

PG_FUNCTION_INFO_V1(tip_set_consistent);
Datum
tip_set_consistent(PG_FUNCTION_ARGS)
{
	bool	   *check = (bool *) PG_GETARG_POINTER(0);
	StrategyNumber strategy = PG_GETARG_UINT16(1);
	int32		nkeys = PG_GETARG_INT32(3);
	bool	   *recheck = (bool *) PG_GETARG_POINTER(5);
	int			present = 0;

	for (int i = 0; i < nkeys; i++)
		present += check[i];
	*recheck = strategy == TIP_SET_CONTAINED_STRATEGY;
	if (strategy == TIP_SET_CONTAINED_STRATEGY)
		PG_RETURN_BOOL(true);
	if (strategy == TIP_SET_OVERLAPS_STRATEGY)
		PG_RETURN_BOOL(present > 0);
	PG_RETURN_BOOL(present == nkeys);
}

/*
 * tip_array_is_mixed(country[])
 *		The same for an array, whose type cannot refuse it: is a missing code,
 *		or ZZ for an unknown country, beside a substantive one?
 */
PG_FUNCTION_INFO_V1(tip_array_is_mixed);
Datum
tip_array_is_mixed(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	ArrayIterator it = array_create_iterator(array, 0, NULL);
	bool		has_missing = false;
	bool		has_code = false;
	Datum		value;
	bool		isnull;

	while (array_iterate(it, &value, &isnull))
	{
		TipCode		code = DatumGetTipCode(value);
		const char *name = isnull ? NULL : TipCodeName(code);

		CHECK_FOR_INTERRUPTS();
		if (isnull || TipCodeIsMissing(code) ||
			(name != NULL && strcmp(name, "ZZ") == 0))
			has_missing = true;
		else
			has_code = true;
	}
	PG_RETURN_BOOL(has_missing && has_code);
}

/*
 * tip_array_is_unique(country[])
 *		Does no country stand there twice?  Quadratic, so long arrays, which no
 *		person has, are not looked at: NULL.
 */
PG_FUNCTION_INFO_V1(tip_array_is_unique);
Datum
tip_array_is_unique(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *codes;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, ARR_ELEMTYPE(array), sizeof(int16), true,
					  TYPALIGN_SHORT, &codes, &nulls, &count);
	if (count > 1000)
		PG_RETURN_NULL();
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++)
			if (!nulls[i] && !nulls[j] && codes[i] == codes[j])
				PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}
