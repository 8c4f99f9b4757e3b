/*
 * tabulation_about.c
 *		What a tabulation knows of its dimensions: names, the base of a bucket,
 *		the dictionary behind a number, the hierarchy of a code.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "tabulation.h"

/* ---- where things stand ---- */

static const TipAbout *
abouts(const char *about)
{
	return (const TipAbout *) about;
}

static const char *
strings(const char *about, int dimensions)
{
	return about + dimensions * sizeof(TipAbout);
}

/* The string with this number; a dimension has its name and a dictionary. */
static const char *
string_at(const TipFlat *flat, int number)
{
	const char *at = strings(flat->data, TipDimensions(flat->shape.used));

	while (number-- > 0)
		at += strlen(at) + 1;
	return at;
}

static const char *
string_or_null(const TipFlat *flat, int number)
{
	const char *string;

	if (flat->about_size == 0)
		return NULL;
	string = string_at(flat, number);
	return string[0] == '\0' ? NULL : string;
}

/* The name of a dimension, counted from 0, or NULL. */
const char *
TipDimensionName(const TipFlat *flat, int dimension)
{
	return string_or_null(flat, 2 * dimension);
}

/* The dictionary whose numbers a dimension holds, or NULL. */
const char *
TipDimensionDictionary(const TipFlat *flat, int dimension)
{
	return string_or_null(flat, 2 * dimension + 1);
}

const TipAbout *
TipDimensionAbout(const TipFlat *flat, int dimension)
{
	static const TipAbout nothing = {0};

	if (flat->about_size == 0)
		return &nothing;
	return &abouts(flat->data)[dimension];
}

/* The edges of a dimension, as many as its TipAbout says. */
const TipEdge *
TipDimensionEdges(const TipFlat *flat, int dimension)
{
	int			dimensions = TipDimensions(flat->shape.used);
	const TipEdge *edges;

	if (flat->about_size == 0)
		return NULL;
	edges = (const TipEdge *)
		(flat->data + TYPEALIGN(8, string_at(flat, 2 * dimensions) -
								flat->data));
	for (int i = 0; i < dimension; i++)
		edges += abouts(flat->data)[i].edges;
	return edges;
}

/* ---- checks of bytes that come from elsewhere ---- */

static bool
is_padding(const char *about, uint32 from, uint32 to)
{
	for (; from < to; from++)
		if (about[from] != '\0')
			return false;
	return true;
}

/* Passes over one string; false where it is missing or malformed. */
static bool
pass_string(const char *about, uint32 size, uint32 *at, bool *is_empty)
{
	Size		len = strnlen(about + *at, size - *at);

	if (*at + len >= size || len >= NAMEDATALEN ||
		!pg_verifymbstr(about + *at, len, true))
		return false;
	*is_empty = len == 0;
	*at += len + 1;
	return true;
}

static bool
strings_are_valid(const TipShape *shape, const char *about, uint32 size,
				  uint32 *at)
{
	int			named = 0;
	int			dimensions = TipDimensions(shape->used);

	for (int i = 0; i < dimensions; i++)
	{
		const TipAbout *my = &abouts(about)[i];
		int			list = shape->list[TipPositionOf(shape->used, i)];
		bool		no_name;
		bool		no_dictionary;

		if (!pass_string(about, size, at, &no_name) ||
			!pass_string(about, size, at, &no_dictionary))
			return false;
		named += !no_name;
		/* only a number without a list has a base or a dictionary */
		if ((list != 0 && (my->base != 0 || !no_dictionary)) ||
			(!no_dictionary && my->base != 0) ||
			no_dictionary != (my->high == 0) ||
			(no_dictionary && my->checksum != 0))
			return false;
	}
	return named == 0 || named == dimensions;
}

const TipEdge *
TipFindEdge(const TipEdge *edges, int count, uint16 child)
{
	int			low = 0;

	while (low < count)
	{
		int			middle = (low + count) / 2;

		if (edges[middle].child == child)
			return &edges[middle];
		if (edges[middle].child < child)
			low = middle + 1;
		else
			count = middle;
	}
	return NULL;
}

/* False where a way up has no end, or goes on for too long. */
bool
TipEdgesEnd(const TipEdge *edges, int count)
{
	for (int i = 0; i < count; i++)
	{
		const TipEdge *edge = &edges[i];

		for (int depth = 1; edge != NULL; depth++)
		{
			if (depth > TIP_MAX_DEPTH)
				return false;
			edge = TipFindEdge(edges, count, edge->parent);
		}
	}
	return true;
}

static bool
edges_are_valid(const TipEdge *edges, int count)
{
	for (int i = 0; i < count; i++)
		if (edges[i].child == 0 || edges[i].parent == 0 ||
			!TipCellCodeIsValid(edges[i].child) ||
			!TipCellCodeIsValid(edges[i].parent) ||
			(i > 0 && edges[i - 1].child >= edges[i].child))
			return false;
	return TipEdgesEnd(edges, count);
}

static bool
lists_are_known(const TipShape *shape)
{
	for (int i = 0; i < TIP_CELL_CODES; i++)
	{
		int			list = shape->list[i];

		if (list != 0 && ((shape->used & (1 << i)) == 0 ||
						  list > TIP_MAX_LISTS || TipListRowOf(list) == NULL))
			return false;
	}
	return true;
}

/* Why these bytes cannot be what is known of the dimensions, or NULL. */
const char *
TipAboutProblem(const TipShape *shape, const char *about, uint32 size)
{
	int			dimensions = TipDimensions(shape->used);
	uint32		at = dimensions * sizeof(TipAbout);
	uint32		strings_end;

	if ((shape->multi & ~shape->used) != 0 || shape->zero != 0 ||
		(shape->flags & ~TIP_KNOWN_FLAGS) != 0 ||
		(shape->multi == 0 && (shape->flags & TIP_STORED_MARGINS) != 0))
		return "It was made by a version that is not known here.";
	if (!lists_are_known(shape))
		return "A dimension has no list that this version knows.";
	if (size == 0)
		return NULL;
	if (dimensions == 0 || size > TIP_ABOUT_MAX || size < at ||
		!strings_are_valid(shape, about, size, &at))
		return "A name of a dimension is missing or malformed.";
	strings_end = at;
	at = TYPEALIGN(8, at);
	if (at > size || !is_padding(about, strings_end, at))
		return "What is said of the dimensions does not fit them.";
	for (int i = 0; i < dimensions; i++)
	{
		int			count = abouts(about)[i].edges;

		if (count > TIP_MAX_EDGES || at + count * sizeof(TipEdge) > size ||
			!edges_are_valid((const TipEdge *) (about + at), count))
			return "A hierarchy is malformed.";
		at += count * sizeof(TipEdge);
	}
	if (size != TYPEALIGN(8, at) || !is_padding(about, at, size))
		return "What is said of the dimensions does not fit them.";
	return NULL;
}

/* ---- making ---- */

static bool
says_nothing(const TipDraft *draft)
{
	static const TipAbout nothing = {0};

	for (int i = 0; i < draft->dimensions; i++)
		if (draft->name[i] != NULL ||
			memcmp(&draft->my[i], &nothing, sizeof(nothing)) != 0)
			return false;
	return true;
}

static char *
put_string(char *to, const char *string)
{
	if (string == NULL)
		string = "";
	strcpy(to, string);
	return to + strlen(string) + 1;
}

/* The bytes of "about"; NULL and a size of 0 where nothing is known. */
char *
TipPackAbout(const TipDraft *draft, uint32 *size)
{
	char	   *about;
	char	   *to;

	*size = 0;
	if (says_nothing(draft))
		return NULL;
	about = palloc0(TIP_ABOUT_MAX);
	memcpy(about, draft->my, draft->dimensions * sizeof(TipAbout));
	to = about + draft->dimensions * sizeof(TipAbout);
	for (int i = 0; i < draft->dimensions; i++)
	{
		to = put_string(to, draft->name[i]);
		to = put_string(to, draft->dictionary[i]);
	}
	to = about + TYPEALIGN(8, to - about);
	for (int i = 0; i < draft->dimensions; i++)
	{
		Size		bytes = draft->my[i].edges * sizeof(TipEdge);

		if (bytes > 0)
			memcpy(to, draft->edges[i], bytes);
		to += bytes;
	}
	*size = TYPEALIGN(8, to - about);
	return about;
}

void
TipUnpackAbout(const TipFlat *flat, TipDraft *draft)
{
	memset(draft, 0, sizeof(*draft));
	draft->dimensions = TipDimensions(flat->shape.used);
	for (int i = 0; i < draft->dimensions; i++)
	{
		draft->my[i] = *TipDimensionAbout(flat, i);
		draft->name[i] = TipDimensionName(flat, i);
		draft->dictionary[i] = TipDimensionDictionary(flat, i);
		draft->edges[i] = TipDimensionEdges(flat, i);
	}
}

/* The names of a tabulation of version 1; NULL where they are no names. */
char *
TipAboutOfNames(const TipShape *shape, const char *names, uint32 size,
				uint32 *about_size)
{
	TipDraft	draft = {.dimensions = TipDimensions(shape->used)};
	uint32		at = 0;
	bool		is_empty;

	*about_size = 0;
	if (size == 0 || draft.dimensions == 0)
		return NULL;
	for (int i = 0; i < draft.dimensions; i++)
	{
		draft.name[i] = names + at;
		if (!pass_string(names, size, &at, &is_empty) || is_empty)
			return NULL;
	}
	if (size != TYPEALIGN(8, at) || !is_padding(names, at, size))
		return NULL;
	return TipPackAbout(&draft, about_size);
}

static bool
same_string(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
refuse_about(int dimension, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("tabulations differ in what they say of their dimensions"),
			 errdetail("Dimension %d differs in its %s.", dimension + 1, what),
			 errhint("tip.dimensions() shows the dimensions of a tabulation.")));
}

/* A name that one side lacks is taken over; anything else has to be equal. */
static void
compare(const TipDraft *a, const TipDraft *b)
{
	for (int i = 0; i < a->dimensions; i++)
	{
		if (a->name[i] && b->name[i] && !same_string(a->name[i], b->name[i]))
			refuse_about(i, "name");
		if (a->my[i].base != b->my[i].base)
			refuse_about(i, "base");
		if (!same_string(a->dictionary[i], b->dictionary[i]) ||
			a->my[i].high != b->my[i].high ||
			a->my[i].checksum != b->my[i].checksum)
			refuse_about(i, "dictionary");
		if (a->my[i].edges != b->my[i].edges ||
			(a->my[i].edges > 0 &&
			 memcmp(a->edges[i], b->edges[i],
					a->my[i].edges * sizeof(TipEdge)) != 0))
			refuse_about(i, "hierarchy");
	}
}

static void
set_about(TipTable *table, const char *about, uint32 size)
{
	table->about = NULL;
	table->about_size = size;
	if (size == 0)
		return;
	table->about = MemoryContextAlloc(table->hdr.eoh_context, size);
	memcpy(table->about, about, size);
}

/* is_first: the table had no cell before those of flat. */
void
TipAdoptAbout(TipTable *table, const TipFlat *flat, bool is_first)
{
	TipFlat    *mine;
	TipDraft	a;
	TipDraft	b;

	if (table->about_size == flat->about_size &&
		(flat->about_size == 0 ||
		 memcmp(table->about, flat->data, flat->about_size) == 0))
		return;
	if (is_first)
	{
		set_about(table, flat->data, flat->about_size);
		return;
	}
	mine = TipNewFlat(&table->shape, table->about, table->about_size, 0);
	TipUnpackAbout(mine, &a);
	TipUnpackAbout(flat, &b);
	compare(&a, &b);
	if (a.dimensions > 0 && a.name[0] == NULL)
		set_about(table, flat->data, flat->about_size);
	pfree(mine);
}

void
TipSetAbout(TipTable *table, const TipDraft *draft)
{
	uint32		size;
	char	   *about = TipPackAbout(draft, &size);

	set_about(table, about, size);
}

/* The table takes over these dimensions of flat, in this order. */
void
TipKeepAbout(TipTable *table, const TipFlat *flat, const int *keep, int count)
{
	TipDraft	all;
	TipDraft	kept = {.dimensions = count};

	TipUnpackAbout(flat, &all);
	for (int i = 0; i < count; i++)
	{
		kept.my[i] = all.my[keep[i]];
		kept.name[i] = all.name[keep[i]];
		kept.dictionary[i] = all.dictionary[keep[i]];
		kept.edges[i] = all.edges[keep[i]];
	}
	TipSetAbout(table, &kept);
}
