/*
 * codes_io.c
 *		Input, output, casts and the text operators of the scalar code types.
 *
 * Comparison, hashing and sorting are core's own int2 functions: a code is a
 * two-byte integer of a constant list.  Every type has its own C symbol for
 * what makes a code out of something else, because a type OID passed as
 * typioparam is the caller's choice and can be forged.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "codes.h"
#include "codes_io.h"
#include "compat.h"

/* The list a foreign code belongs to, for the hint; 0 if it is no code. */
static pg_noinline int
list_that_has(const char *text)
{
	TipCode		code;

	for (int list = 1; list <= TIP_MAX_LISTS; list++)
		if (TipListRowOf(list) != NULL &&
			TipCodeFind(list, text, strlen(text), &code))
			return list;
	return 0;
}

/* Refuse a text without repeating it; say what would have been right. */
static bool
refuse_text(int list, const char *text, Node *escontext)
{
	const char *name = TipListRowOf(list)->name;
	int			other = list_that_has(text);

	if (other != 0)
		TIP_RETURN_ERROR(escontext, false,
						 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
						  errmsg("invalid code for list \"%s\"", name),
						  errdetail("The code belongs to list \"%s\".",
									TipListRowOf(other)->name),
						  errhint("Valid codes are listed in tip.code_list.")));
	TIP_RETURN_ERROR(escontext, false,
					 (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					  errmsg("invalid code for list \"%s\"", name),
					  errhint("The nearest valid codes are %s; all are listed in tip.code_list.",
							  TipNearestCodes(list, text))));
}

/*
 * "#217": a number that a newer library has dumped.  Only numbers that this
 * one does not know are taken, so that no known code has a second spelling.
 */
static bool
parse_newer_number(int list, const char *text, TipCode *code)
{
	char	   *end;
	long		number;

	if (text[0] != '#' || text[1] < '1' || text[1] > '9' || strlen(text) > 5)
		return false;
	number = strtol(text + 1, &end, 10);
	if (*end != '\0' || number <= TipListMaxNumber(list) ||
		number > TIP_NUMBER_MAX)
		return false;
	*code = TipMakeCode(list, number);
	return true;
}

/*
 * TipCodeParse
 *		The code that a text names in a list, or a (soft) error.
 */
bool
TipCodeParse(int list, const char *text, Node *escontext, TipCode *code)
{
	if (TipCodeFind(list, text, strlen(text), code) ||
		parse_newer_number(list, text, code))
		return true;
	return refuse_text(list, text, escontext);
}

/* The same for a varlena, without a copy where the code is known. */
TipCode
TipCodeFromText(int list, text *txt)
{
	TipCode		code;

	if (TipCodeFind(list, VARDATA_ANY(txt), VARSIZE_ANY_EXHDR(txt), &code))
		return code;
	TipCodeParse(list, text_to_cstring(txt), NULL, &code);
	return code;
}

static Datum
code_in(FunctionCallInfo fcinfo, int list)
{
	TipCode		code;

	if (!TipCodeParse(list, PG_GETARG_CSTRING(0), TIP_ESCONTEXT(fcinfo),
					  &code))
		return (Datum) 0;
	PG_RETURN_TIPCODE(code);
}

static Datum
code_recv(FunctionCallInfo fcinfo, int list)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	TipCode		code = (TipCode) pq_getmsgint(buf, 2);

	if (TipCodeList(code) != list || TipCodeRowOf(code) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary code for list \"%s\"",
						TipListRowOf(list)->name),
				 errhint("A code is sent as list number times 1024 plus code number; see tip.code_list.")));
	PG_RETURN_TIPCODE(code);
}

static Datum
code_from_text(FunctionCallInfo fcinfo, int list)
{
	PG_RETURN_TIPCODE(TipCodeFromText(list, PG_GETARG_TEXT_PP(0)));
}

static Datum
code_from_bpchar(FunctionCallInfo fcinfo, int list)
{
	char	   *blank_padded = TextDatumGetCString(PG_GETARG_DATUM(0));
	int			len = strlen(blank_padded);
	TipCode		code;

	while (len > 0 && blank_padded[len - 1] == ' ')
		blank_padded[--len] = '\0';
	TipCodeParse(list, blank_padded, NULL, &code);
	PG_RETURN_TIPCODE(code);
}

static inline int
compare_codes(TipCode a, TipCode b)
{
	return (a > b) - (a < b);
}

/* btree support for the text side: texts are ordered as the codes they name */
static Datum
code_cmp_texts(FunctionCallInfo fcinfo, int list)
{
	TipCode		a = TipCodeFromText(list, PG_GETARG_TEXT_PP(0));
	TipCode		b = TipCodeFromText(list, PG_GETARG_TEXT_PP(1));

	PG_RETURN_INT32(compare_codes(a, b));
}

/* One entry point a type; the list is a constant of the symbol. */
#define ENTRY(verb, name, list) \
	PG_FUNCTION_INFO_V1(tip_##name##_##verb); \
	Datum tip_##name##_##verb(PG_FUNCTION_ARGS) \
	{ return code_##verb(fcinfo, TIP_LIST_##list); }

#define TIP_LIST(id, number, name, kind, title, source) \
	ENTRY(in, id, id) \
	ENTRY(recv, id, id) \
	ENTRY(from_text, id, id) \
	ENTRY(from_bpchar, id, id) \
	ENTRY(cmp_texts, id, id)
#define TIP_CODE(list, number, rank, code, parent, en, es, fr, nl, ht, source)
#define TIP_RETIRED(list, number, day, note)
#include "code_lists.def"
#undef TIP_LIST
#undef TIP_CODE
#undef TIP_RETIRED

PG_FUNCTION_INFO_V1(tip_code_out);
Datum
tip_code_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TipCodeText(PG_GETARG_TIPCODE(0)));
}

PG_FUNCTION_INFO_V1(tip_code_send);
Datum
tip_code_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, PG_GETARG_TIPCODE(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(tip_code_to_text);
Datum
tip_code_to_text(PG_FUNCTION_ARGS)
{
	TipCode		code = PG_GETARG_TIPCODE(0);
	const char *name = TipCodeName(code);

	PG_RETURN_TEXT_P(cstring_to_text(name ? name : TipCodeText(code)));
}

PG_FUNCTION_INFO_V1(tip_code_to_int4);
Datum
tip_code_to_int4(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(TipCodeNumber(PG_GETARG_TIPCODE(0)));
}

/* Comparison of a code with a text that names one of the same list. */
static inline int
cmp_text(FunctionCallInfo fcinfo, int code_arg)
{
	TipCode		code = PG_GETARG_TIPCODE(code_arg);

	return compare_codes(code,
						 TipCodeFromText(TipCodeList(code),
										 PG_GETARG_TEXT_PP(1 - code_arg)));
}

#define TEXT_OPERATOR(name, op) \
	PG_FUNCTION_INFO_V1(tip_code_##name##_text); \
	Datum tip_code_##name##_text(PG_FUNCTION_ARGS) \
	{ PG_RETURN_BOOL(cmp_text(fcinfo, 0) op 0); } \
	PG_FUNCTION_INFO_V1(tip_text_##name##_code); \
	Datum tip_text_##name##_code(PG_FUNCTION_ARGS) \
	{ PG_RETURN_BOOL(0 op cmp_text(fcinfo, 1)); }

TEXT_OPERATOR(eq, ==)
TEXT_OPERATOR(ne, !=)
TEXT_OPERATOR(lt, <)
TEXT_OPERATOR(le, <=)
TEXT_OPERATOR(gt, >)
TEXT_OPERATOR(ge, >=)

PG_FUNCTION_INFO_V1(tip_code_cmp_text);
Datum
tip_code_cmp_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(cmp_text(fcinfo, 0));
}

PG_FUNCTION_INFO_V1(tip_text_cmp_code);
Datum
tip_text_cmp_code(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(-cmp_text(fcinfo, 1));
}

/* The operator that one of the functions above stands behind. */
static const char *
operator_of(Oid funcid)
{
	static const char *const names[][3] = {
		{"code_eq_text", "text_eq_code", "="},
		{"code_ne_text", "text_ne_code", "<>"},
		{"code_lt_text", "text_lt_code", "<"},
		{"code_le_text", "text_le_code", "<="},
		{"code_gt_text", "text_gt_code", ">"},
		{"code_ge_text", "text_ge_code", ">="}
	};
	char	   *name = get_func_name(funcid);

	for (int i = 0; name != NULL && i < lengthof(names); i++)
		if (strcmp(name, names[i][0]) == 0 || strcmp(name, names[i][1]) == 0)
			return names[i][2];
	return NULL;
}

/*
 * Rewrite "code op text" to "code op text::code", so that the text is looked
 * up once and any index on the code serves.
 */
static Node *
rewrite_text_operator(PlannerInfo *root, FuncExpr *call)
{
	Node	   *left = linitial(call->args);
	Node	   *right = lsecond(call->args);
	bool		code_left = TipListByType(exprType(left)) != 0;
	Oid			type = exprType(code_left ? left : right);
	Node	   *cast;
	const char *name = operator_of(call->funcid);
	Oid			castfunc;
	Oid			opno;

	if (name == NULL || TipListByType(type) == 0 ||
		find_coercion_pathway(type, TEXTOID, COERCION_ASSIGNMENT,
							  &castfunc) != COERCION_PATH_FUNC)
		return NULL;
	opno = OpernameGetOprid(list_make2(makeString("pg_catalog"),
									   makeString(pstrdup(name))),
							type, type);
	if (!OidIsValid(opno))
		return NULL;
	cast = (Node *) makeFuncExpr(castfunc, type,
								 list_make1(code_left ? right : left),
								 InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CAST);
	/* What is returned here is not simplified again: fold a constant now. */
	cast = eval_const_expressions(root, cast);
	return (Node *) make_opclause(opno, BOOLOID, false,
								  (Expr *) (code_left ? left : cast),
								  (Expr *) (code_left ? cast : right),
								  InvalidOid, InvalidOid);
}

PG_FUNCTION_INFO_V1(tip_text_operator_support);

/* planner support of the operators between a code and a text */
Datum
tip_text_operator_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *result = NULL;

	if (IsA(request, SupportRequestSimplify))
	{
		SupportRequestSimplify *simplify = (SupportRequestSimplify *) request;

		result = rewrite_text_operator(simplify->root, simplify->fcall);
	}
	PG_RETURN_POINTER(result);
}

PG_FUNCTION_INFO_V1(tip_code_rank);

/* tip.rank(code) → place of the code when a list is read by people */
Datum
tip_code_rank(PG_FUNCTION_ARGS)
{
	TipCode		code = PG_GETARG_TIPCODE(0);
	const TipCodeRow *row = TipCodeRowOf(code);

	PG_RETURN_INT32(row ? row->rank : TipCodeNumber(code));
}

static int
language_index(const char *language)
{
	static const char *const names[TIP_LANGUAGES] =
	{"en", "es", "fr", "nl", "ht"};

	for (int i = 0; i < TIP_LANGUAGES; i++)
		if (strcmp(names[i], language) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("language is not supported"),
			 errhint("Supported languages are en, es, fr, nl and ht.")));
	return 0;					/* keep compiler quiet */
}

PG_FUNCTION_INFO_V1(tip_code_label);

/*
 * tip.label(code, language) → label, in English where the language has none
 */
Datum
tip_code_label(PG_FUNCTION_ARGS)
{
	TipCode		code = PG_GETARG_TIPCODE(0);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	int			language = language_index(name);
	const TipCodeRow *row = TipCodeRowOf(code);
	const char *label;

	if (row == NULL)
		PG_RETURN_TEXT_P(cstring_to_text(TipCodeText(code)));
	label = row->labels[language];
	PG_RETURN_TEXT_P(cstring_to_text(label[0] != '\0' ? label :
									 row->labels[0]));
}

PG_FUNCTION_INFO_V1(tip_code_in_branch);

/*
 * tip.in_branch(code, parent) → true where code is parent or lies below it
 *
 * The parent of a subdivision is a country; any other parent is a code of the
 * same list.
 */
Datum
tip_code_in_branch(PG_FUNCTION_ARGS)
{
	TipCode		code = PG_GETARG_TIPCODE(0);
	TipCode		target = PG_GETARG_TIPCODE(1);
	int			list = TipCodeList(code);
	const TipCodeRow *wanted = TipCodeRowOf(target);

	if (code == target)
		PG_RETURN_BOOL(true);
	if (wanted == NULL || TipCodeIsMissing(target))
		PG_RETURN_BOOL(false);
	/* A list is at most this deep; a cycle of parents must not hang. */
	for (int depth = 0; depth < 8; depth++)
	{
		const TipCodeRow *row = TipCodeRowOf(code);

		if (row == NULL || row->parent[0] == '\0')
			break;
		if (strcmp(row->parent, wanted->text) == 0)
			PG_RETURN_BOOL(true);
		if (!TipCodeFind(list, row->parent, strlen(row->parent), &code))
			break;
	}
	PG_RETURN_BOOL(false);
}
