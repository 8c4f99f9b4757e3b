/*
 * tabulation_io.c
 *		Text and binary forms of tip.tabulation.
 *
 * A state may come from another server, so nothing in it is believed: sizes
 * are checked before anything is allocated, cells must be sorted, of one shape
 * and made of codes.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "tabulation.h"

#define ENTRY_BYTES 40

PG_FUNCTION_INFO_V1(tip_tabulation_in);
PG_FUNCTION_INFO_V1(tip_tabulation_out);
PG_FUNCTION_INFO_V1(tip_tabulation_recv);
PG_FUNCTION_INFO_V1(tip_tabulation_send);

/*
 * version int2, used int1, flags int1, cells int4, list int1 * 8, bytes of the
 * names int4, the names; then for each cell its codes, count and two sums.
 */
static bytea *
encode(const TipFlat *flat)
{
	const TipEntry *entries = TipFlatEntries(flat);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, flat->version);
	pq_sendint8(&buf, flat->used);
	pq_sendint8(&buf, flat->flags);
	pq_sendint32(&buf, flat->count);
	pq_sendbytes(&buf, (const char *) flat->list, TIP_CELL_CODES);
	pq_sendint32(&buf, flat->names_size);
	pq_sendbytes(&buf, flat->data, flat->names_size);
	for (uint32 i = 0; i < flat->count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		pq_sendbytes(&buf, (const char *) &entries[i].cell, sizeof(TipCell));
		pq_sendint64(&buf, entries[i].n);
		pq_sendint64(&buf, entries[i].key_sum);
		pq_sendint64(&buf, entries[i].measure);
	}
	return pq_endtypsend(&buf);
}

static void
bad_binary(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid value of type %s", "tip.tabulation"),
			 errdetail("%s", what)));
}

/* The names are as many as the dimensions, valid text, and padded with NULs. */
static void
check_names(const TipShape *shape, const char *names, uint32 size)
{
	uint32		at = 0;

	if (size == 0)
		return;
	for (int i = 0; i < TipDimensions(shape->used); i++)
	{
		Size		len = strnlen(names + at, size - at);

		if (at + len >= size || len == 0 || len >= NAMEDATALEN ||
			!pg_verifymbstr(names + at, len, true))
			bad_binary("A name of a dimension is missing or malformed.");
		at += len + 1;
	}
	if (size != TYPEALIGN(8, at) || shape->used == 0)
		bad_binary("The names do not fit the dimensions.");
	for (; at < size; at++)
		if (names[at] != '\0')
			bad_binary("The names do not fit the dimensions.");
}

static void
decode_shape(StringInfo buf, TipShape *shape, int used)
{
	shape->used = used;
	pq_copymsgbytes(buf, (char *) shape->list, TIP_CELL_CODES);
	for (int i = 0; i < TIP_CELL_CODES; i++)
	{
		if ((used & (1 << i)) == 0 ? shape->list[i] != 0 :
			shape->list[i] != 0 && (shape->list[i] > TIP_MAX_LISTS ||
									TipListRowOf(shape->list[i]) == NULL))
			bad_binary("A dimension has no list that this version knows.");
	}
}

static void
decode_entry(StringInfo buf, const TipShape *shape, TipEntry *entry)
{
	TipShape	mine;

	pq_copymsgbytes(buf, (char *) &entry->cell, sizeof(TipCell));
	for (int i = 0; i < TIP_CELL_CODES; i++)
		if (!TipCellCodeIsValid(TipCellCode(&entry->cell, i)))
			bad_binary("A cell holds what is no code.");
	mine = TipShapeOfCell(&entry->cell);
	if (memcmp(&mine, shape, sizeof(TipShape)) != 0)
		bad_binary("A cell has other dimensions than the tabulation.");
	entry->n = pq_getmsgint64(buf);
	entry->key_sum = (uint64) pq_getmsgint64(buf);
	entry->measure = pq_getmsgint64(buf);
	if (entry->n < 1)
		bad_binary("A count is less than one.");
}

static TipFlat *
decode_header(StringInfo buf)
{
	TipShape	shape = {0};
	int			version = pq_getmsgint(buf, 2);
	int			used = pq_getmsgbyte(buf);
	int			flags = pq_getmsgbyte(buf);
	uint32		count = pq_getmsgint(buf, 4);
	uint32		names_size;

	if (version != TIP_TABULATION_VERSION || flags != 0)
		bad_binary("It was made by a version that is not known here.");
	decode_shape(buf, &shape, used);
	names_size = pq_getmsgint(buf, 4);
	if (count > TIP_MAX_CELLS || names_size > TIP_NAMES_MAX ||
		names_size % 8 != 0 || (count == 0 && (used != 0 || names_size > 0)) ||
		buf->len - buf->cursor != names_size + (int64) count * ENTRY_BYTES)
		bad_binary("Its length does not fit its number of cells.");
	check_names(&shape, buf->data + buf->cursor, names_size);
	return TipNewFlat(&shape, pq_getmsgbytes(buf, names_size), names_size,
					  count);
}

static TipFlat *
decode(StringInfo buf)
{
	TipFlat    *flat = decode_header(buf);
	TipEntry   *entries = TipFlatEntries(flat);
	TipShape	shape = {.used = flat->used};

	memcpy(shape.list, flat->list, sizeof(shape.list));
	for (uint32 i = 0; i < flat->count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		decode_entry(buf, &shape, &entries[i]);
		if (i > 0 && memcmp(&entries[i - 1].cell, &entries[i].cell,
							sizeof(TipCell)) >= 0)
			bad_binary("Its cells are not sorted.");
	}
	return flat;
}

Datum
tip_tabulation_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(encode(TipGetFlat(PG_GETARG_DATUM(0))));
}

Datum
tip_tabulation_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(decode((StringInfo) PG_GETARG_POINTER(0)));
}

/* The text form is the binary form in hexadecimal, whatever bytea_output. */
Datum
tip_tabulation_out(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = encode(TipGetFlat(PG_GETARG_DATUM(0)));
	Size		len = VARSIZE_ANY_EXHDR(bytes);
	char	   *text = palloc_extended(len * 2 + 3, MCXT_ALLOC_HUGE);

	text[0] = '\\';
	text[1] = 'x';
	hex_encode(VARDATA_ANY(bytes), len, text + 2);
	text[len * 2 + 2] = '\0';
	PG_RETURN_CSTRING(text);
}

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
						"tip.tabulation"),
				 errhint("Tabulations are made by tip.tabulate().")));
	initStringInfo(&buf);
	enlargeStringInfo(&buf, len / 2);
	buf.len = hex_decode(text + 2, len - 2, buf.data);
	PG_RETURN_POINTER(decode(&buf));
}
