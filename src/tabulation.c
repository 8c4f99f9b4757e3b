/*
 * tabulation.c
 *		tip.tabulation: a sparse table of counts that merges.
 *
 * The aggregate state is an expanded object: an open-addressing table that
 * transitions change in place.  Flattening sorts the cells, so that equal
 * states are equal bytes whatever the order of rows, workers or shards.
 */
#include "postgres.h"

#include "common/int.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#include "codes.h"
#include "tabulation.h"

#define TABULATION_VERSION 1
#define TABULATION_MAGIC 0x54495054
#define MAX_CELLS (4 * 1024 * 1024)

typedef struct Entry
{
	TipCell		cell;
	int64		n;				/* 0: the slot is free */
	uint64		key_sum;		/* wraps: sum of record keys mod 2^64 */
	int64		measure;
} Entry;

typedef struct FlatTabulation
{
	int32		vl_len_;
	uint32		version;
	uint64		count;
	Entry		entries[FLEXIBLE_ARRAY_MEMBER];
} FlatTabulation;

typedef struct Tabulation
{
	ExpandedObjectHeader hdr;
	uint32		magic;
	uint32		slots;
	uint32		used;
	Entry	   *table;
} Tabulation;

#define FLAT_SIZE(n) (offsetof(FlatTabulation, entries) + (n) * sizeof(Entry))

PG_FUNCTION_INFO_V1(tip_tabulation_in);
PG_FUNCTION_INFO_V1(tip_tabulation_out);
PG_FUNCTION_INFO_V1(tip_tabulation_recv);
PG_FUNCTION_INFO_V1(tip_tabulation_send);
PG_FUNCTION_INFO_V1(tip_tabulation_eq);
PG_FUNCTION_INFO_V1(tip_tabulate_add);
PG_FUNCTION_INFO_V1(tip_tabulation_combine);
PG_FUNCTION_INFO_V1(tip_tabulation_cells);

static int
entry_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(TipCell));
}

static Size
flat_size(ExpandedObjectHeader *hdr)
{
	return FLAT_SIZE((Size) ((Tabulation *) hdr)->used);
}

static void
flatten(ExpandedObjectHeader *hdr, void *result, Size size)
{
	Tabulation *tab = (Tabulation *) hdr;
	FlatTabulation *flat = result;
	uint32		n = 0;

	SET_VARSIZE(flat, size);
	flat->version = TABULATION_VERSION;
	flat->count = tab->used;
	for (uint32 i = 0; i < tab->slots; i++)
	{
		if (tab->table[i].n != 0)
			flat->entries[n++] = tab->table[i];
	}
	qsort(flat->entries, n, sizeof(Entry), entry_cmp);
}

static const ExpandedObjectMethods methods = {flat_size, flatten};

static Tabulation *
new_tabulation(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "tip.tabulation",
												  ALLOCSET_SMALL_SIZES);
	Tabulation *tab = MemoryContextAllocZero(context, sizeof(Tabulation));

	EOH_init_header(&tab->hdr, &methods, context);
	tab->magic = TABULATION_MAGIC;
	tab->slots = 16;
	tab->table = MemoryContextAllocZero(context, 16 * sizeof(Entry));
	return tab;
}

static inline uint64
mix(uint64 h)
{
	h ^= h >> 32;
	h *= UINT64CONST(0xd6e8feb86659fd93);
	return h ^ (h >> 32);
}

static inline Entry *
find_slot(Tabulation *tab, const TipCell *cell)
{
	uint64		half[2];
	uint32		at;

	memcpy(half, cell, sizeof(half));
	at = mix(half[0] ^ mix(half[1] + UINT64CONST(0x9e3779b97f4a7c15)));
	for (;; at++)
	{
		Entry	   *entry = &tab->table[at & (tab->slots - 1)];

		if (entry->n == 0 || memcmp(&entry->cell, cell, sizeof(*cell)) == 0)
			return entry;
	}
}

static void
grow(Tabulation *tab)
{
	Entry	   *old = tab->table;
	uint32		slots = tab->slots;

	CHECK_FOR_INTERRUPTS();
	tab->table = MemoryContextAllocZero(tab->hdr.eoh_context,
										(Size) slots * 2 * sizeof(Entry));
	tab->slots = slots * 2;
	for (uint32 i = 0; i < slots; i++)
	{
		if (old[i].n != 0)
			*find_slot(tab, &old[i].cell) = old[i];
	}
	pfree(old);
}

static void
add_entry(Tabulation *tab, const Entry *more)
{
	Entry	   *entry = find_slot(tab, &more->cell);

	if (unlikely(entry->n == 0))
	{
		if (tab->used >= MAX_CELLS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("tabulation has too many cells"),
					 errhint("Use fewer or coarser dimensions.")));
		if (tab->used >= tab->slots / 4 * 3)
		{
			grow(tab);
			entry = find_slot(tab, &more->cell);
		}
		entry->cell = more->cell;
		tab->used++;
	}
	entry->key_sum += more->key_sum;
	if (pg_add_s64_overflow(entry->n, more->n, &entry->n) ||
		pg_add_s64_overflow(entry->measure, more->measure, &entry->measure))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("tabulation overflows")));
}

static void
add_flat(Tabulation *tab, const FlatTabulation *flat)
{
	for (uint64 i = 0; i < flat->count; i++)
		add_entry(tab, &flat->entries[i]);
}

static FlatTabulation *
get_flat(Datum d)
{
	FlatTabulation *flat = (FlatTabulation *) PG_DETOAST_DATUM(d);

	if (VARSIZE(flat) < FLAT_SIZE(0) ||
		flat->version != TABULATION_VERSION || flat->count > MAX_CELLS ||
		VARSIZE(flat) != FLAT_SIZE(flat->count))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid stored value of type %s", "tip.tabulation")));
	return flat;
}

static Tabulation *
get_state(FunctionCallInfo fcinfo, MemoryContext context)
{
	Datum		d = PG_GETARG_DATUM(0);
	Tabulation *tab;

	if (!PG_ARGISNULL(0) && VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(d)))
	{
		tab = (Tabulation *) DatumGetEOHP(d);
		if (tab->magic == TABULATION_MAGIC)
			return tab;
	}
	tab = new_tabulation(context);
	if (!PG_ARGISNULL(0))
		add_flat(tab, get_flat(d));
	return tab;
}

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function must be called as part of an aggregate")));
	return context;
}

Datum
tip_tabulate_add(PG_FUNCTION_ARGS)
{
	Tabulation *tab = get_state(fcinfo, aggregate_context(fcinfo));
	Entry		one = {.n = 1};

	if (PG_ARGISNULL(1))
		PG_RETURN_DATUM(EOHPGetRWDatum(&tab->hdr));
	one.cell = *PG_GETARG_TIPCELL(1);
	if (!PG_ARGISNULL(2))
		one.key_sum = (uint64) PG_GETARG_INT64(2);
	if (PG_NARGS() > 3 && !PG_ARGISNULL(3))
		one.measure = PG_GETARG_INT64(3);
	add_entry(tab, &one);
	PG_RETURN_DATUM(EOHPGetRWDatum(&tab->hdr));
}

Datum
tip_tabulation_combine(PG_FUNCTION_ARGS)
{
	Tabulation *tab = get_state(fcinfo, aggregate_context(fcinfo));

	if (!PG_ARGISNULL(1))
		add_flat(tab, get_flat(PG_GETARG_DATUM(1)));
	PG_RETURN_DATUM(EOHPGetRWDatum(&tab->hdr));
}

static bytea *
encode(const FlatTabulation *flat)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, TABULATION_VERSION);
	pq_sendint32(&buf, (uint32) flat->count);
	for (uint64 i = 0; i < flat->count; i++)
	{
		const Entry *entry = &flat->entries[i];

		pq_sendbytes(&buf, (const char *) &entry->cell, sizeof(TipCell));
		pq_sendint64(&buf, entry->n);
		pq_sendint64(&buf, entry->key_sum);
		pq_sendint64(&buf, entry->measure);
	}
	return pq_endtypsend(&buf);
}

static void
bad_binary(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid value of type %s", "tip.tabulation")));
}

static void
decode_entry(StringInfo buf, Entry *entry)
{
	pq_copymsgbytes(buf, (char *) &entry->cell, sizeof(TipCell));
	for (int i = 0; i < TIP_CELL_CODES; i++)
	{
		uint16		code = TipCellCode(&entry->cell, i);

		if (TipCodeNumber(code) == 0 ? code != 0 :
			TipCodeList(code) != 0 && !TipListRowOf(TipCodeList(code)))
			bad_binary();
	}
	entry->n = pq_getmsgint64(buf);
	entry->key_sum = (uint64) pq_getmsgint64(buf);
	entry->measure = pq_getmsgint64(buf);
	if (entry->n < 1)
		bad_binary();
}

static FlatTabulation *
decode(StringInfo buf)
{
	FlatTabulation *flat;
	uint32		version = pq_getmsgint(buf, 4);
	uint32		count = pq_getmsgint(buf, 4);

	if (version != TABULATION_VERSION || count > MAX_CELLS ||
		buf->len - buf->cursor != (int64) count * 40)
		bad_binary();
	flat = palloc0(FLAT_SIZE(count));
	SET_VARSIZE(flat, FLAT_SIZE(count));
	flat->version = version;
	flat->count = count;
	for (uint32 i = 0; i < count; i++)
	{
		decode_entry(buf, &flat->entries[i]);
		if (i > 0 && entry_cmp(&flat->entries[i - 1], &flat->entries[i]) >= 0)
			bad_binary();
	}
	return flat;
}

Datum
tip_tabulation_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(encode(get_flat(PG_GETARG_DATUM(0))));
}

Datum
tip_tabulation_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(decode((StringInfo) PG_GETARG_POINTER(0)));
}

Datum
tip_tabulation_out(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = encode(get_flat(PG_GETARG_DATUM(0)));

	return DirectFunctionCall1(byteaout, PointerGetDatum(bytes));
}

/* The text form is the binary form in hexadecimal. */
Datum
tip_tabulation_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	size_t		len = strlen(text);
	StringInfoData buf;

	if (len < 2 || text[0] != '\\' || text[1] != 'x' || len % 2 != 0 ||
		strspn(text + 2, "0123456789abcdef") != len - 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s",
						"tip.tabulation")));
	initStringInfo(&buf);
	enlargeStringInfo(&buf, len / 2);
	buf.len = hex_decode(text + 2, len - 2, buf.data);
	PG_RETURN_POINTER(decode(&buf));
}

Datum
tip_tabulation_eq(PG_FUNCTION_ARGS)
{
	FlatTabulation *a = get_flat(PG_GETARG_DATUM(0));
	FlatTabulation *b = get_flat(PG_GETARG_DATUM(1));

	PG_RETURN_BOOL(VARSIZE(a) == VARSIZE(b) &&
				   memcmp(a, b, VARSIZE(a)) == 0);
}

/* Roll up over the dimensions that mask leaves out. */
static Tabulation *
project(const FlatTabulation *flat, int mask)
{
	Tabulation *tab = new_tabulation(CurrentMemoryContext);

	for (uint64 i = 0; i < flat->count; i++)
	{
		Entry		entry = flat->entries[i];

		for (int d = 0; d < TIP_CELL_CODES; d++)
		{
			if ((mask & (1 << d)) == 0)
				entry.cell.code[d] = 0;
		}
		add_entry(tab, &entry);
	}
	return tab;
}

static void
put_rows(ReturnSetInfo *rsinfo, const Tabulation *tab)
{
	for (uint32 i = 0; i < tab->slots; i++)
	{
		Entry	   *entry = &tab->table[i];
		Datum		values[4] = {PointerGetDatum(&entry->cell),
			Int64GetDatum(entry->n), Int64GetDatum((int64) entry->key_sum),
		Int64GetDatum(entry->measure)};
		bool		nulls[4] = {false};

		if (entry->n != 0)
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc,
								 values, nulls);
	}
}

/* The second argument: also every margin. */
Datum
tip_tabulation_cells(PG_FUNCTION_ARGS)
{
	FlatTabulation *flat = get_flat(PG_GETARG_DATUM(0));
	bool		margins = PG_GETARG_BOOL(1);
	int			used = 0;

	InitMaterializedSRF(fcinfo, 0);
	for (uint64 i = 0; i < flat->count; i++)
	{
		for (int d = 0; d < TIP_CELL_CODES; d++)
		{
			if (flat->entries[i].cell.code[d] != 0)
				used |= 1 << d;
		}
	}
	for (int mask = used;; mask = (mask - 1) & used)
	{
		Tabulation *tab = project(flat, mask);

		CHECK_FOR_INTERRUPTS();
		put_rows((ReturnSetInfo *) fcinfo->resultinfo, tab);
		DeleteExpandedObject(EOHPGetRWDatum(&tab->hdr));
		if (mask == 0 || !margins)
			break;
	}
	return (Datum) 0;
}
