/*
 * identity_domain.c
 *		The rows of tip.domain, kept for the session.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "identity.h"
#include "rules.h"

/* A row; it stays for the session, since its address is held across queries. */
typedef struct Known
{
	TipDomain	domain;
	bool		is_there;		/* in the table, when it was last read */
} Known;

static List *known = NIL;		/* of Known, in CacheMemoryContext */
static bool is_registered = false;
static Oid	domain_relid = InvalidOid;
static bool is_current = false;
static bool is_of_parallel = false; /* read with a snapshot that may be old */

static const char *const policies[] = {
	[TIP_POLICY_PERSON] = "person",
	[TIP_POLICY_DOCUMENT] = "document",
	[TIP_POLICY_EVENT] = "event",
};

static uint8
policy_number(const char *name)
{
	for (int i = 1; name != NULL && i < lengthof(policies); i++)
		if (strcmp(policies[i], name) == 0)
			return i;
	return TIP_POLICY_PERSON;
}

static void
on_relation_change(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == domain_relid)
		is_current = false;
}

/* The row of a number, a new one if it was never read. */
static Known *
known_row(int16 number)
{
	MemoryContext outer;
	ListCell   *lc;
	Known	   *row;

	foreach(lc, known)
	{
		row = lfirst(lc);
		if (row->domain.number == number)
			return row;
	}
	outer = MemoryContextSwitchTo(CacheMemoryContext);
	row = palloc0(sizeof(Known));
	row->domain.number = number;
	known = lappend(known, row);
	MemoryContextSwitchTo(outer);
	return row;
}

static void
read_row(Relation rel, HeapTuple tuple, void *context)
{
	AttrNumber	id = get_attnum(RelationGetRelid(rel), "id");
	AttrNumber	local = get_attnum(RelationGetRelid(rel), "is_local");
	bool		isnull;
	char	   *name = TipFetchText(rel, tuple, "name");
	char	   *policy = TipFetchText(rel, tuple, "policy");
	Datum		number = heap_getattr(tuple, id, RelationGetDescr(rel),
									  &isnull);
	Known	   *row = known_row(DatumGetInt16(number));

	strlcpy(row->domain.name, name, sizeof(row->domain.name));
	row->domain.policy = policy_number(policy);
	row->domain.is_local = DatumGetBool(heap_getattr(tuple, local,
													 RelationGetDescr(rel),
													 &isnull));
	row->is_there = true;
}

static void
read_domains(void)
{
	ListCell   *lc;

	if (!is_registered)
		CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
	is_registered = true;
	domain_relid = TipCatalogRelid("domain");
	foreach(lc, known)
		((Known *) lfirst(lc))->is_there = false;
	is_current = true;
	is_of_parallel = IsInParallelMode();
	PG_TRY();
	{
		TipScanCatalog("domain", read_row, NULL);
	}
	PG_CATCH();
	{
		is_current = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

static void
read_if_changed(void)
{
	if (!is_current || (is_of_parallel && !IsInParallelMode()))
		read_domains();
}

const TipDomain *
TipDomainByNumber(int16 number)
{
	ListCell   *lc;

	read_if_changed();
	foreach(lc, known)
	{
		Known	   *row = lfirst(lc);

		if (row->is_there && row->domain.number == number)
			return &row->domain;
	}
	return NULL;
}

const TipDomain *
TipDomainFind(const char *name)
{
	ListCell   *lc;

	read_if_changed();
	foreach(lc, known)
	{
		Known	   *row = lfirst(lc);

		if (row->is_there && strcmp(row->domain.name, name) == 0)
			return &row->domain;
	}
	return NULL;
}

const TipDomain *
TipDomainByName(const char *name)
{
	const TipDomain *domain = TipDomainFind(name);

	if (domain == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown domain of pseudonyms"),
				 errhint("See the table tip.domain.")));
	return domain;
}

char *
TipDomainLabel(int number)
{
	const TipDomain *domain = TipDomainByNumber(number);

	return domain ? pstrdup(domain->name) : psprintf("%d", number);
}
