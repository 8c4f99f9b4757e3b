/*
 * attach_crosswalk.c
 *		The crosswalk in memory, for a trigger that asks it with every row.
 *
 * The same translation as tip.from_scheme(): a local row wins, then that of
 * the newest version; "narrower" is not sound in this direction.
 */
#include "postgres.h"

#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "attach.h"
#include "codes.h"
#include "rules.h"

typedef struct Translation
{
	char	   *theirs;
	char	   *ours;			/* NULL where there is none */
	char	   *version;
	bool		is_local;
} Translation;

struct TipCrosswalk
{
	char	   *scheme;
	char	   *variable;
	int			list;
	int			count;
	int			size;
	Translation *translations;	/* by theirs */
};

static MemoryContext context = NULL;
static List *crosswalks = NIL;
static uint64 generation = 1;	/* of the catalogue */
static uint64 kept_generation = 0;	/* of what the context holds */
static Oid	code_map = InvalidOid;

static void
on_relation_change(Datum arg, Oid relid)
{
	if (relid == code_map || !OidIsValid(relid))
		generation++;
}

static void
start(void)
{
	if (context == NULL)
	{
		context = AllocSetContextCreate(CacheMemoryContext,
										"tip_module crosswalk",
										ALLOCSET_DEFAULT_SIZES);
		CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
	}
	code_map = TipCatalogRelid("code_map");
	if (kept_generation == generation)
		return;
	MemoryContextReset(context);
	crosswalks = NIL;
	kept_generation = generation;
}

static bool
has_text(Relation rel, HeapTuple tuple, const char *column, const char *value)
{
	char	   *text = TipFetchText(rel, tuple, column);
	bool		result = text != NULL && strcmp(text, value) == 0;

	/* We are in the context of the crosswalk, which stays. */
	if (text != NULL)
		pfree(text);
	return result;
}

static void
add(TipCrosswalk *crosswalk, Relation rel, HeapTuple tuple)
{
	Translation *translation;

	if (crosswalk->count == crosswalk->size)
	{
		crosswalk->size = Max(16, crosswalk->size * 2);
		crosswalk->translations = crosswalk->translations == NULL ?
			palloc(sizeof(Translation) * crosswalk->size) :
			repalloc(crosswalk->translations,
					 sizeof(Translation) * crosswalk->size);
	}
	translation = &crosswalk->translations[crosswalk->count++];
	translation->theirs = TipFetchText(rel, tuple, "scheme_code");
	translation->ours = TipFetchText(rel, tuple, "code");
	translation->version = TipFetchText(rel, tuple, "scheme_version");
	translation->is_local = TipFetchBool(rel, tuple, "is_local");
}

static int
compare_translations(const void *a, const void *b)
{
	const Translation *x = a;
	const Translation *y = b;
	int			result = strcmp(x->theirs, y->theirs);

	if (result != 0)
		return result;
	if (x->is_local != y->is_local)
		return x->is_local ? -1 : 1;
	return strcmp(y->version, x->version);
}

/* By their code, each once: the one that counts comes first. */
static void
arrange(TipCrosswalk *crosswalk)
{
	int			kept = 0;

	if (crosswalk->count == 0)
		return;
	qsort(crosswalk->translations, crosswalk->count, sizeof(Translation),
		  compare_translations);
	for (int i = 1; i < crosswalk->count; i++)
		if (strcmp(crosswalk->translations[i].theirs,
				   crosswalk->translations[kept].theirs) != 0)
			crosswalk->translations[++kept] = crosswalk->translations[i];
	crosswalk->count = kept + 1;
}

static void
read_row(Relation rel, HeapTuple tuple, void *context)
{
	TipCrosswalk *crosswalk = context;

	if (has_text(rel, tuple, "scheme", crosswalk->scheme) &&
		has_text(rel, tuple, "variable", crosswalk->variable) &&
		has_text(rel, tuple, "list", TipListRowOf(crosswalk->list)->name) &&
		!has_text(rel, tuple, "relation", "narrower"))
		add(crosswalk, rel, tuple);
}

static TipCrosswalk *
find(const char *scheme, const char *variable, int list)
{
	ListCell   *cell;

	foreach(cell, crosswalks)
	{
		TipCrosswalk *crosswalk = lfirst(cell);

		if (crosswalk->list == list &&
			strcmp(crosswalk->scheme, scheme) == 0 &&
			strcmp(crosswalk->variable, variable) == 0)
			return crosswalk;
	}
	return NULL;
}

/*
 * TipCrosswalkFor
 *		The translations of a variable into a list; kept in the session.
 */
TipCrosswalk *
TipCrosswalkFor(const char *scheme, const char *variable, int list,
				uint64 *of_generation)
{
	TipCrosswalk *crosswalk;
	MemoryContext caller;

	start();
	*of_generation = kept_generation;
	crosswalk = find(scheme, variable, list);
	if (crosswalk != NULL)
		return crosswalk;
	caller = MemoryContextSwitchTo(context);
	crosswalk = palloc0(sizeof(TipCrosswalk));
	/* A change that arrives while we read makes a new generation. */
	crosswalk->scheme = pstrdup(scheme);
	crosswalk->variable = pstrdup(variable);
	crosswalk->list = list;
	TipScanCatalog("code_map", read_row, crosswalk);
	arrange(crosswalk);
	crosswalks = lappend(crosswalks, crosswalk);
	MemoryContextSwitchTo(caller);
	return crosswalk;
}

/*
 * Of the catalogue.  A crosswalk of another generation may have been freed:
 * whoever keeps a pointer keeps the generation beside it.
 */
uint64
TipCrosswalkGeneration(void)
{
	return generation;
}

static int
compare_with_theirs(const void *key, const void *translation)
{
	return strcmp(key, ((const Translation *) translation)->theirs);
}

/* Our code for theirs, or NULL. */
const char *
TipTranslate(const TipCrosswalk *crosswalk, const char *code)
{
	Translation *found;

	if (crosswalk->count == 0)
		return NULL;
	found = bsearch(code, crosswalk->translations, crosswalk->count,
					sizeof(Translation), compare_with_theirs);
	return found ? found->ours : NULL;
}
