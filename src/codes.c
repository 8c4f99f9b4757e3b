/*
 * codes.c
 *		The compiled code lists: look-up by text, number and type.
 *
 * The rows come from code_lists.def.  At load they are indexed twice: by
 * (list, number), and by (list, text) in an open-addressing hash table, since
 * COPY looks up eight codes a row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "codes.h"

static const TipListRow list_rows[] = {
#define TIP_LIST(id, number, name, kind, title, source) \
	{(number), (name), (kind), (title), (source)},
#define TIP_CODE(list, number, rank, code, parent, en, es, fr, nl, ht, source)
#define TIP_RETIRED(list, number, day, note)
#include "code_lists.def"
#undef TIP_LIST
#undef TIP_CODE
#undef TIP_RETIRED
};

static const TipCodeRow code_rows[] = {
#define TIP_LIST(id, number, name, kind, title, source)
#define TIP_CODE(list, number, rank, code, parent, en, es, fr, nl, ht, source) \
	{(TIP_LIST_##list << 10) | (number), (rank), (code), (parent), \
		{(en), (es), (fr), (nl), (ht)}, (source)},
#define TIP_RETIRED(list, number, day, note)
#include "code_lists.def"
#undef TIP_LIST
#undef TIP_CODE
#undef TIP_RETIRED
};

static const TipRetiredRow retired_rows[] = {
#define TIP_LIST(id, number, name, kind, title, source)
#define TIP_CODE(list, number, rank, code, parent, en, es, fr, nl, ht, source)
#define TIP_RETIRED(list, number, day, note) \
	{(TIP_LIST_##list << 10) | (number), (day), (note)},
#include "code_lists.def"
#undef TIP_LIST
#undef TIP_CODE
#undef TIP_RETIRED
};

#define MISSING_SOURCE "tip_module"
static const TipCodeRow missing_rows[] = {
	{TIP_NUMBER_UNKNOWN, 1020, "unknown", "",
	{"unknown", "desconocido", "inconnu", "onbekend", "enkoni"},
	MISSING_SOURCE},
	{TIP_NUMBER_NOT_STATED, 1021, "not_stated", "",
		{"not stated", "no declarado", "non déclaré", "niet opgegeven",
	"pa deklare"}, MISSING_SOURCE},
	{TIP_NUMBER_NOT_APPLICABLE, 1022, "not_applicable", "",
		{"not applicable", "no aplicable", "sans objet",
	"niet van toepassing", "pa aplikab"}, MISSING_SOURCE},
	{TIP_NUMBER_WITHHELD, 1023, "withheld", "",
		{"withheld", "retenido", "non divulgué", "achtergehouden",
	"kenbe sekrè"}, MISSING_SOURCE},
};

static const TipListRow *lists[TIP_MAX_LISTS + 1];
static const TipCodeRow **by_number[TIP_MAX_LISTS + 1];
static int	max_number[TIP_MAX_LISTS + 1];

/* First day without the code, by number; NULL where a list has no such code. */
static DateADT *retired_on[TIP_MAX_LISTS + 1];

/* Half-full at most, a power of two: probes stay short. */
static const TipCodeRow **by_text;
static uint32 by_text_mask;

/* Which list a type OID belongs to; forgotten when pg_type changes. */
typedef struct TypeList
{
	Oid			typid;
	int			list;
	bool		is_set;
} TypeList;

static TypeList type_lists[256];
static int	type_lists_used = 0;

static inline uint32
text_slot(int list, const char *text, int len)
{
	return (hash_bytes((const unsigned char *) text, len) ^
			(uint32) list * 0x9E3779B1) & by_text_mask;
}

static void
forget_type_lists(Datum arg, int cacheid, uint32 hashvalue)
{
	type_lists_used = 0;
}

static void
index_code(const TipCodeRow *row)
{
	int			list = TipCodeList(row->code);
	int			number = TipCodeNumber(row->code);
	uint32		slot = text_slot(list, row->text, strlen(row->text));

	Assert(number >= 1 && number <= TIP_NUMBER_MAX);
	by_number[list][number] = row;
	while (by_text[slot] != NULL)
		slot = (slot + 1) & by_text_mask;
	by_text[slot] = row;
}

/* A day of the row file, which is ours: YYYY-MM-DD. */
static DateADT
read_day(const char *text)
{
	int			year;
	int			month;
	int			day;

	if (sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3)
		elog(ERROR, "malformed day of retirement in code_lists.def");
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

static void
index_retirement(const TipRetiredRow *row)
{
	int			list = TipCodeList(row->code);

	Assert(TipCodeRowOf(row->code) != NULL);
	if (retired_on[list] == NULL)
	{
		retired_on[list] = MemoryContextAlloc(TopMemoryContext,
											  (max_number[list] + 1) *
											  sizeof(DateADT));
		for (int n = 0; n <= max_number[list]; n++)
			retired_on[list][n] = DATEVAL_NOEND;
	}
	retired_on[list][TipCodeNumber(row->code)] = read_day(row->day);
}

/*
 * TipCodesInit
 *		Index the compiled rows; called once, when the library is loaded.
 */
void
TipCodesInit(void)
{
	uint32		slots = 64;
	MemoryContext top = TopMemoryContext;

	for (int i = 0; i < lengthof(list_rows); i++)
		lists[list_rows[i].list] = &list_rows[i];
	for (int i = 0; i < lengthof(code_rows); i++)
	{
		int			list = TipCodeList(code_rows[i].code);

		max_number[list] = Max(max_number[list],
							   TipCodeNumber(code_rows[i].code));
	}
	for (int i = 0; i < lengthof(list_rows); i++)
	{
		int			list = list_rows[i].list;

		by_number[list] = MemoryContextAllocZero(top,
												 (max_number[list] + 1) *
												 sizeof(TipCodeRow *));
	}
	while (slots < 2 * lengthof(code_rows))
		slots *= 2;
	by_text_mask = slots - 1;
	by_text = MemoryContextAllocZero(top, slots * sizeof(TipCodeRow *));
	for (int i = 0; i < lengthof(code_rows); i++)
		index_code(&code_rows[i]);
	for (int i = 0; i < lengthof(retired_rows); i++)
		index_retirement(&retired_rows[i]);

	CacheRegisterSyscacheCallback(TYPEOID, forget_type_lists, (Datum) 0);
}

/* The row of a list, or NULL where there is no such list. */
const TipListRow *
TipListRowOf(int list)
{
	return list >= 1 && list <= TIP_MAX_LISTS ? lists[list] : NULL;
}

int
TipListMaxNumber(int list)
{
	return TipListRowOf(list) ? max_number[list] : 0;
}

/*
 * TipListRetirements
 *		The first day without each code of a list, by number, infinity where it
 *		is in use; NULL where the list has no retired code.
 */
const DateADT *
TipListRetirements(int list)
{
	return TipListRowOf(list) ? retired_on[list] : NULL;
}

static const TipCodeRow *
missing_row(int number)
{
	return number >= TIP_NUMBER_UNKNOWN ?
		&missing_rows[number - TIP_NUMBER_UNKNOWN] : NULL;
}

/*
 * TipCodeRowOf
 *		The row of a code, or NULL where this library does not know it.
 *
 * The row of a missing code is shared by all lists: its list part is 0.
 */
const TipCodeRow *
TipCodeRowOf(TipCode code)
{
	int			list = TipCodeList(code);
	int			number = TipCodeNumber(code);

	if (TipListRowOf(list) == NULL)
		return NULL;
	if (number > TIP_NUMBER_MAX)
		return missing_row(number);
	return number <= max_number[list] ? by_number[list][number] : NULL;
}

/*
 * TipCodeFind
 *		Find a code of one list by its exact text (len bytes, not
 *		necessarily terminated).
 */
bool
TipCodeFind(int list, const char *text, int len, TipCode *code)
{
	for (uint32 slot = text_slot(list, text, len); by_text[slot] != NULL;
		 slot = (slot + 1) & by_text_mask)
	{
		const TipCodeRow *row = by_text[slot];

		if (TipCodeList(row->code) == list &&
			strncmp(row->text, text, len) == 0 && row->text[len] == '\0')
		{
			*code = row->code;
			return true;
		}
	}
	for (int i = 0; i < lengthof(missing_rows); i++)
	{
		const char *name = missing_rows[i].text;

		if (strncmp(name, text, len) == 0 && name[len] == '\0')
		{
			*code = TipMakeCode(list, missing_rows[i].code);
			return true;
		}
	}
	return false;
}

/* The text of a known code in static storage, else NULL. */
const char *
TipCodeName(TipCode code)
{
	const TipCodeRow *row = TipCodeRowOf(code);

	return row ? row->text : NULL;
}

/*
 * TipCodeText
 *		What the output function prints: the code, or #number where this
 *		library does not know it.  Never fails, so that a dump never does.
 */
char *
TipCodeText(TipCode code)
{
	const char *name = TipCodeName(code);

	return name ? pstrdup(name) : psprintf("#%d", TipCodeNumber(code));
}

/*
 * TipNearestCodes
 *		Up to three codes of a list, nearest in spelling first, as a phrase.
 *
 * The text itself is not repeated: a shifted CSV column puts a name there.
 */
char *
TipNearestCodes(int list, const char *text)
{
	const TipCodeRow *best[3] = {NULL, NULL, NULL};
	int			cost[3] = {INT_MAX, INT_MAX, INT_MAX};
	int			len = strlen(text);
	StringInfoData buf;

	if (len > 64)
		len = pg_mbcliplen(text, len, 64);
	for (int n = 1; n <= max_number[list]; n++)
	{
		const TipCodeRow *row = by_number[list][n];
		int			d;
		int			at = 3;

		if (row == NULL)
			continue;
		d = varstr_levenshtein(text, len, row->text, strlen(row->text),
							   1, 1, 1, false);
		while (at > 0 && d < cost[at - 1])
			at--;
		for (int i = 2; i > at; i--)
		{
			best[i] = best[i - 1];
			cost[i] = cost[i - 1];
		}
		if (at < 3)
		{
			best[at] = row;
			cost[at] = d;
		}
	}
	initStringInfo(&buf);
	for (int i = 0; i < 3 && best[i] != NULL; i++)
		appendStringInfo(&buf, "%s\"%s\"", i == 0 ? "" : ", ", best[i]->text);
	return buf.data;
}

static int
list_by_name(const char *name, int len)
{
	for (int i = 0; i < lengthof(list_rows); i++)
		if (strncmp(list_rows[i].name, name, len) == 0 &&
			list_rows[i].name[len] == '\0')
			return list_rows[i].list;
	return 0;
}

static TypeList
read_type_list(Oid typid)
{
	TypeList	result = {typid, 0, false};
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(typid));
	Form_pg_type type;
	char	   *schema;

	if (!HeapTupleIsValid(tuple))
		return result;
	type = (Form_pg_type) GETSTRUCT(tuple);
	schema = get_namespace_name(type->typnamespace);
	if (schema != NULL && strcmp(schema, "tip") == 0 &&
		type->typtype == TYPTYPE_BASE && type->typbyval)
	{
		const char *name = NameStr(type->typname);
		int			len = strlen(name);

		if (type->typlen == sizeof(TipSet) && len > 4 &&
			strcmp(name + len - 4, "_set") == 0)
		{
			result.list = list_by_name(name, len - 4);
			result.is_set = true;
		}
		else if (type->typlen == sizeof(TipCode))
			result.list = list_by_name(name, len);
	}
	ReleaseSysCache(tuple);
	return result;
}

static TypeList
type_list(Oid typid)
{
	TypeList	found;

	for (int i = 0; i < type_lists_used; i++)
		if (type_lists[i].typid == typid)
			return type_lists[i];
	found = read_type_list(typid);
	if (type_lists_used == lengthof(type_lists))
		type_lists_used = 0;
	type_lists[type_lists_used++] = found;
	return found;
}

/* The list of a scalar code type, or 0 for any other type. */
int
TipListByType(Oid typid)
{
	TypeList	found = type_list(typid);

	return found.is_set ? 0 : found.list;
}

/* The list of a set type, or 0 for any other type. */
int
TipSetListByType(Oid typid)
{
	TypeList	found = type_list(typid);

	return found.is_set ? found.list : 0;
}

static const TipRetiredRow *
retirement_of(const TipCodeRow *row)
{
	for (int i = 0; i < lengthof(retired_rows); i++)
		if (retired_rows[i].code == row->code)
			return &retired_rows[i];
	return NULL;
}

static void
put_code_row(ReturnSetInfo *rsinfo, const TipListRow *list,
			 const TipCodeRow *row)
{
	Datum		values[15];
	bool		nulls[15] = {false};
	int			col = 0;
	const TipRetiredRow *retired = retirement_of(row);

	values[col++] = CStringGetTextDatum(list->name);
	values[col++] = Int32GetDatum(list->list);
	values[col++] = BoolGetDatum(list->kind == SETTABLE);
	values[col++] = Int32GetDatum(TipCodeNumber(row->code));
	values[col++] = CStringGetTextDatum(row->text);
	nulls[col] = row->parent[0] == '\0';
	values[col++] = CStringGetTextDatum(row->parent);
	values[col++] = Int32GetDatum(row->rank);
	for (int i = 0; i < TIP_LANGUAGES; i++)
	{
		nulls[col] = row->labels[i][0] == '\0';
		values[col++] = CStringGetTextDatum(row->labels[i]);
	}
	values[col++] = CStringGetTextDatum(row->source);
	nulls[col] = nulls[col + 1] = retired == NULL;
	if (retired != NULL)
	{
		values[col] = DateADTGetDatum(read_day(retired->day));
		values[col + 1] = CStringGetTextDatum(retired->note);
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(tip_code_lists);

/*
 * tip_impl.code_lists() → one row a code, missing codes included
 */
Datum
tip_code_lists(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(list_rows); i++)
	{
		int			list = list_rows[i].list;

		for (int n = 1; n <= max_number[list]; n++)
			if (by_number[list][n] != NULL)
				put_code_row(rsinfo, &list_rows[i], by_number[list][n]);
		for (int m = 0; m < lengthof(missing_rows); m++)
			put_code_row(rsinfo, &list_rows[i], &missing_rows[m]);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(tip_list_titles);

/*
 * tip_impl.list_titles() → one row a list: name, number, title, source
 */
Datum
tip_list_titles(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(list_rows); i++)
	{
		const TipListRow *list = &list_rows[i];
		Datum		values[5];
		bool		nulls[5] = {false};

		values[0] = CStringGetTextDatum(list->name);
		values[1] = Int32GetDatum(list->list);
		values[2] = BoolGetDatum(list->kind == SETTABLE);
		values[3] = CStringGetTextDatum(list->title);
		values[4] = CStringGetTextDatum(list->source);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc,
							 values, nulls);
	}
	return (Datum) 0;
}
