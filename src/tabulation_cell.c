/*
 * tabulation_cell.c
 *		tip.cell: up to eight codes in sixteen bytes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "codes.h"
#include "tabulation.h"

PG_FUNCTION_INFO_V1(tip_cell_in);
PG_FUNCTION_INFO_V1(tip_cell_out);
PG_FUNCTION_INFO_V1(tip_cell_recv);
PG_FUNCTION_INFO_V1(tip_cell_send);
PG_FUNCTION_INFO_V1(tip_cell_cmp);
PG_FUNCTION_INFO_V1(tip_cell_eq);
PG_FUNCTION_INFO_V1(tip_cell_ne);
PG_FUNCTION_INFO_V1(tip_cell_lt);
PG_FUNCTION_INFO_V1(tip_cell_le);
PG_FUNCTION_INFO_V1(tip_cell_gt);
PG_FUNCTION_INFO_V1(tip_cell_ge);
PG_FUNCTION_INFO_V1(tip_cell_hash);
PG_FUNCTION_INFO_V1(tip_cell_hash_extended);
PG_FUNCTION_INFO_V1(tip_cell_make);

static void
bad_text(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s", "tip.cell"),
			 errhint("Write up to eight of list:number, number or *, "
					 "as in (sex:1,*,12).")));
}

static int
list_by_name(const char *name, size_t len)
{
	for (int list = 1; list <= TIP_MAX_LISTS; list++)
	{
		const TipListRow *row = TipListRowOf(list);

		if (row && strlen(row->name) == len &&
			memcmp(row->name, name, len) == 0)
			return list;
	}
	bad_text();
	return 0;
}

bool
TipCellCodeIsValid(uint16 code)
{
	int			list = TipCodeList(code);

	if (TipCodeNumber(code) == TIP_NUMBER_ALL)
		return code == 0;
	return list == 0 || TipListRowOf(list) != NULL;
}

static const char *
parse_code(const char *at, uint16 *code)
{
	size_t		len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
	int			list = 0;
	int			number = 0;
	int			digits = 0;

	*code = 0;
	if (*at == '*')
		return at + 1;
	if (len > 0)
	{
		list = list_by_name(at, len);
		at += len;
		if (*at++ != ':')
			bad_text();
	}
	for (; *at >= '0' && *at <= '9' && digits < 5; at++, digits++)
		number = number * 10 + (*at - '0');
	if (digits == 0 || number < 1 || number > 1023)
		bad_text();
	*code = TipMakeCode(list, number);
	return at;
}

Datum
tip_cell_in(PG_FUNCTION_ARGS)
{
	const char *at = PG_GETARG_CSTRING(0);
	TipCell    *cell = palloc0(sizeof(TipCell));

	if (*at++ != '(')
		bad_text();
	for (int i = 0; *at != ')'; i++)
	{
		uint16		code;

		if (i == TIP_CELL_CODES || (i > 0 && *at++ != ','))
			bad_text();
		at = parse_code(at, &code);
		cell->code[i] = pg_hton16(code);
	}
	if (at[1] != '\0')
		bad_text();
	PG_RETURN_POINTER(cell);
}

Datum
tip_cell_out(PG_FUNCTION_ARGS)
{
	TipCell    *cell = PG_GETARG_TIPCELL(0);
	StringInfoData out;
	int			last = TIP_CELL_CODES;

	while (last > 0 && cell->code[last - 1] == 0)
		last--;
	initStringInfo(&out);
	appendStringInfoChar(&out, '(');
	for (int i = 0; i < last; i++)
	{
		uint16		code = TipCellCode(cell, i);
		const TipListRow *row = TipListRowOf(TipCodeList(code));

		if (i > 0)
			appendStringInfoChar(&out, ',');
		if (code == 0)
			appendStringInfoChar(&out, '*');
		else if (TipCodeList(code) != 0 && row)
			appendStringInfo(&out, "%s:%d", row->name, TipCodeNumber(code));
		else
			appendStringInfo(&out, "%d", TipCodeNumber(code));
	}
	appendStringInfoChar(&out, ')');
	PG_RETURN_CSTRING(out.data);
}

Datum
tip_cell_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	TipCell    *cell = palloc(sizeof(TipCell));

	pq_copymsgbytes(buf, (char *) cell, sizeof(TipCell));
	for (int i = 0; i < TIP_CELL_CODES; i++)
	{
		if (!TipCellCodeIsValid(TipCellCode(cell, i)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid code in binary value of type %s",
							"tip.cell")));
	}
	PG_RETURN_POINTER(cell);
}

Datum
tip_cell_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, (char *) PG_GETARG_TIPCELL(0), sizeof(TipCell));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

#define CELL_CMP(fcinfo) \
	memcmp(PG_GETARG_TIPCELL(0), PG_GETARG_TIPCELL(1), sizeof(TipCell))

Datum
tip_cell_cmp(PG_FUNCTION_ARGS)
{
	int			cmp = CELL_CMP(fcinfo);

	PG_RETURN_INT32((cmp > 0) - (cmp < 0));
}

Datum
tip_cell_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(CELL_CMP(fcinfo) == 0);
}

Datum
tip_cell_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(CELL_CMP(fcinfo) != 0);
}

Datum
tip_cell_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(CELL_CMP(fcinfo) < 0);
}

Datum
tip_cell_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(CELL_CMP(fcinfo) <= 0);
}

Datum
tip_cell_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(CELL_CMP(fcinfo) > 0);
}

Datum
tip_cell_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(CELL_CMP(fcinfo) >= 0);
}

Datum
tip_cell_hash(PG_FUNCTION_ARGS)
{
	return hash_any((unsigned char *) PG_GETARG_TIPCELL(0), sizeof(TipCell));
}

Datum
tip_cell_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_any_extended((unsigned char *) PG_GETARG_TIPCELL(0),
							 sizeof(TipCell), PG_GETARG_INT64(1));
}

/* What each argument of one call site is; looked up once. */
typedef struct CellSite
{
	int			nargs;
	Oid			types[TIP_CELL_CODES];
	int			lists[TIP_CELL_CODES];
} CellSite;

static CellSite *
cell_site(FmgrInfo *flinfo, int nargs)
{
	CellSite   *site;

	if (get_fn_expr_variadic(flinfo) || nargs > TIP_CELL_CODES)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_ARGUMENTS),
				 errmsg("a cell takes one to eight codes, not an array")));
	site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CellSite));
	site->nargs = nargs;
	for (int i = 0; i < nargs; i++)
	{
		Oid			type = get_fn_expr_argtype(flinfo, i);

		site->types[i] = type;
		site->lists[i] = TipListByType(type);
		if (site->lists[i] == 0 && type != INT2OID && type != INT4OID &&
			type != BOOLOID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("argument %d of a cell is not a code", i + 1),
					 errhint("Pass a scalar code type, boolean, or an "
							 "integer from 1 to 1018.")));
	}
	flinfo->fn_extra = site;
	return site;
}

static uint16
local_code(int64 number)
{
	if (number < 1 || number > TIP_NUMBER_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("local code of a cell is out of range"),
				 errhint("Local codes are integers from 1 to 1018.")));
	return (uint16) number;
}

/* bucket(value, base): the number of a bucket, such as a year after 2000. */
PG_FUNCTION_INFO_V1(tip_bucket);
Datum
tip_bucket(PG_FUNCTION_ARGS)
{
	int64		number = (int64) PG_GETARG_INT32(0) - PG_GETARG_INT32(1);

	PG_RETURN_INT32(local_code(number));
}

Datum
tip_cell_make(PG_FUNCTION_ARGS)
{
	CellSite   *site = fcinfo->flinfo->fn_extra;
	TipCell    *cell = palloc0(sizeof(TipCell));

	if (unlikely(site == NULL))
		site = cell_site(fcinfo->flinfo, PG_NARGS());
	for (int i = 0; i < site->nargs; i++)
	{
		Datum		arg = PG_GETARG_DATUM(i);
		uint16		code;

		if (PG_ARGISNULL(i))
			code = TipMakeCode(site->lists[i], TIP_NUMBER_NOT_RECORDED);
		else if (site->lists[i] != 0)
			code = DatumGetTipCode(arg);
		else if (site->types[i] == INT4OID)
			code = local_code(DatumGetInt32(arg));
		else if (site->types[i] == INT2OID)
			code = local_code(DatumGetInt16(arg));
		else
			code = DatumGetBool(arg) ? 2 : 1;
		cell->code[i] = pg_hton16(code);
	}
	PG_RETURN_POINTER(cell);
}

/* A code as people read it, * for all. */
char *
TipCellText(uint16 code)
{
	int			number = TipCodeNumber(code);

	if (code == 0)
		return pstrdup("*");
	if (number == TIP_NUMBER_NOT_RECORDED)
		return pstrdup("not_recorded");
	if (TipCodeList(code) != 0)
		return TipCodeText(code);
	return psprintf("%d", number);
}

/* codes(cell): its codes as people read them, * for all. */
PG_FUNCTION_INFO_V1(tip_cell_codes);
Datum
tip_cell_codes(PG_FUNCTION_ARGS)
{
	TipCell    *cell = PG_GETARG_TIPCELL(0);
	Datum		texts[TIP_CELL_CODES];
	int			count = PG_GETARG_INT32(1);

	if (count < 0 || count > TIP_CELL_CODES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of dimensions must be from 0 to %d",
						TIP_CELL_CODES)));
	if (count == 0)
		for (count = TIP_CELL_CODES; count > 0 && cell->code[count - 1] == 0;)
			count--;
	for (int i = 0; i < count; i++)
		texts[i] = CStringGetTextDatum(TipCellText(TipCellCode(cell, i)));
	PG_RETURN_ARRAYTYPE_P(construct_array(texts, count, TEXTOID, -1, false,
										  TYPALIGN_INT));
}
