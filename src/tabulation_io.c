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
#include "miscadmin.h"
#include "utils/builtins.h"

#include "tabulation.h"

/* version 1 has no contributors */
#define ENTRY_BYTES(version) ((version) == 1 ? 40 : 48)

PG_FUNCTION_INFO_V1(tip_tabulation_in);
PG_FUNCTION_INFO_V1(tip_tabulation_out);
PG_FUNCTION_INFO_V1(tip_tabulation_recv);
PG_FUNCTION_INFO_V1(tip_tabulation_send);

static void
put_about(StringInfo buf, const TipFlat *flat)
{
	int			dimensions = TipDimensions(flat->shape.used);
	const TipEdge *edges;
	int			count = 0;
	const char *strings;

	for (int i = 0; i < dimensions; i++)
	{
		const TipAbout *my = TipDimensionAbout(flat, i);

		pq_sendint32(buf, my->base);
		pq_sendint16(buf, my->high);
		pq_sendint16(buf, my->edges);
		pq_sendint64(buf, my->checksum);
		count += my->edges;
	}
	edges = TipDimensionEdges(flat, 0);
	strings = flat->data + dimensions * sizeof(TipAbout);
	pq_sendbytes(buf, strings, (const char *) edges - strings);
	for (int i = 0; i < count; i++)
	{
		pq_sendint16(buf, edges[i].child);
		pq_sendint16(buf, edges[i].parent);
	}
	for (int i = count * sizeof(TipEdge); i % 8 != 0; i++)
		pq_sendint8(buf, 0);
}

/*
 * version int2, used int1, flags int1, cells int4, list int1 * 8, multi int1,
 * three zeros, bytes of "about" int4, "about" as in memory but big-endian;
 * then for each cell its codes, count, two sums and contributors.
 */
static bytea *
encode(const TipFlat *flat)
{
	const TipEntry *entries = TipFlatEntries(flat);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, flat->version);
	pq_sendint8(&buf, flat->shape.used);
	pq_sendint8(&buf, flat->shape.flags);
	pq_sendint32(&buf, flat->count);
	pq_sendbytes(&buf, (const char *) flat->shape.list, TIP_CELL_CODES);
	pq_sendint32(&buf, (uint32) flat->shape.multi << 24);
	pq_sendint32(&buf, flat->about_size);
	if (flat->about_size > 0)
		put_about(&buf, flat);
	for (uint32 i = 0; i < flat->count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		pq_sendbytes(&buf, (const char *) &entries[i].cell, sizeof(TipCell));
		pq_sendint64(&buf, entries[i].n);
		pq_sendint64(&buf, entries[i].key_sum);
		pq_sendint64(&buf, entries[i].measure);
		pq_sendint64(&buf, entries[i].contributors);
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

static void
decode_entry(StringInfo buf, int version, const TipShape *shape,
			 TipEntry *entry)
{
	pq_copymsgbytes(buf, (char *) &entry->cell, sizeof(TipCell));
	for (int i = 0; i < TIP_CELL_CODES; i++)
		if (!TipCellCodeIsValid(TipCellCode(&entry->cell, i)))
			bad_binary("A cell holds what is no code.");
	if (!TipCellFits(shape, &entry->cell))
		bad_binary("A cell has other dimensions than the tabulation.");
	entry->n = pq_getmsgint64(buf);
	entry->key_sum = (uint64) pq_getmsgint64(buf);
	entry->measure = pq_getmsgint64(buf);
	if (version > 1)
		entry->contributors = pq_getmsgint64(buf);
	if (entry->n < 1)
		bad_binary("A count is less than one.");
	if (entry->contributors < 0 || entry->contributors > entry->n)
		bad_binary("A number of contributors is out of range.");
}

/* "About" in the byte order of this machine, where it is large enough. */
static char *
decode_about(StringInfo buf, const TipShape *shape, uint32 size)
{
	char	   *about = palloc0(size);
	TipAbout   *my = (TipAbout *) about;
	uint32		at = TipDimensions(shape->used) * sizeof(TipAbout);
	int			count = 0;
	TipEdge    *edges;

	if (size < at)
		bad_binary("A name of a dimension is missing or malformed.");
	memcpy(about, pq_getmsgbytes(buf, size), size);
	for (int i = 0; i < TipDimensions(shape->used); i++)
	{
		my[i].base = pg_ntoh32(my[i].base);
		my[i].high = pg_ntoh16(my[i].high);
		my[i].edges = pg_ntoh16(my[i].edges);
		my[i].checksum = pg_ntoh64(my[i].checksum);
		count += my[i].edges;
	}
	if (TYPEALIGN(8, count * sizeof(TipEdge)) > size - at)
		bad_binary("A hierarchy is malformed.");
	edges = (TipEdge *) (about + size - TYPEALIGN(8, count * sizeof(TipEdge)));
	for (int i = 0; i < count; i++)
	{
		edges[i].child = pg_ntoh16(edges[i].child);
		edges[i].parent = pg_ntoh16(edges[i].parent);
	}
	return about;
}

static TipFlat *
decode_header(StringInfo buf, int *version)
{
	TipShape	shape = {0};
	char	   *about = NULL;
	const char *problem;
	uint32		count;
	uint32		size;
	uint32		zeros = 0;

	*version = pq_getmsgint(buf, 2);
	shape.used = pq_getmsgbyte(buf);
	shape.flags = pq_getmsgbyte(buf);
	count = pq_getmsgint(buf, 4);
	if (*version < 1 || *version > TIP_TABULATION_VERSION ||
		(*version == 1 && shape.flags != 0))
		bad_binary("It was made by a version that is not known here.");
	pq_copymsgbytes(buf, (char *) shape.list, TIP_CELL_CODES);
	if (*version > 1)
		zeros = pq_getmsgint(buf, 4);
	shape.multi = zeros >> 24;
	size = pq_getmsgint(buf, 4);
	if (count > TIP_MAX_CELLS || size > TIP_ABOUT_MAX || size % 8 != 0 ||
		(count == 0 && (shape.used != 0 || size > 0)) ||
		(zeros & 0xffffff) != 0 || buf->len - buf->cursor !=
		size + (int64) count * ENTRY_BYTES(*version))
		bad_binary("Its length does not fit its number of cells.");
	if (*version > 1 && size > 0)
		about = decode_about(buf, &shape, size);
	else if (size > 0)
	{
		about = TipAboutOfNames(&shape, pq_getmsgbytes(buf, size), size,
								&size);
		if (about == NULL)
			bad_binary("A name of a dimension is missing or malformed.");
	}
	problem = TipAboutProblem(&shape, about, size);
	if (problem != NULL)
		bad_binary(problem);
	return TipNewFlat(&shape, about, size, count);
}

static TipFlat *
decode(StringInfo buf)
{
	int			version;
	TipFlat    *flat = decode_header(buf, &version);
	TipEntry   *entries = TipFlatEntries(flat);

	for (uint32 i = 0; i < flat->count; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		decode_entry(buf, version, &flat->shape, &entries[i]);
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
