/*
 * identity_domain.c
 *		The rows of tip.domain, kept for the session.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "identity.h"
#include "rules.h"

static List *domains = NIL;		/* of TipDomain, in domain_context */
static MemoryContext domain_context = NULL;
static Oid	domain_relid = InvalidOid;
static bool is_current = false;

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

static void
read_row(Relation rel, HeapTuple tuple, void *context)
{
	MemoryContext outer = MemoryContextSwitchTo(domain_context);
	TipDomain  *domain = palloc0(sizeof(TipDomain));
	AttrNumber	id = get_attnum(RelationGetRelid(rel), "id");
	AttrNumber	local = get_attnum(RelationGetRelid(rel), "is_local");
	bool		isnull;
	char	   *name = TipFetchText(rel, tuple, "name");

	domain->number = DatumGetInt16(heap_getattr(tuple, id,
												RelationGetDescr(rel),
												&isnull));
	strlcpy(domain->name, name, sizeof(domain->name));
	domain->policy = policy_number(TipFetchText(rel, tuple, "policy"));
	domain->is_local = DatumGetBool(heap_getattr(tuple, local,
												 RelationGetDescr(rel),
												 &isnull));
	domains = lappend(domains, domain);
	MemoryContextSwitchTo(outer);
}

static void
read_domains(void)
{
	if (domain_context == NULL)
	{
		domain_context = AllocSetContextCreate(CacheMemoryContext,
											   "tip_module domains",
											   ALLOCSET_SMALL_SIZES);
		CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
	}
	domain_relid = TipCatalogRelid("domain");
	MemoryContextReset(domain_context);
	domains = NIL;
	is_current = true;
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

const TipDomain *
TipDomainByNumber(int16 number)
{
	ListCell   *lc;

	if (!is_current)
		read_domains();
	foreach(lc, domains)
	{
		TipDomain  *domain = lfirst(lc);

		if (domain->number == number)
			return domain;
	}
	return NULL;
}

const TipDomain *
TipDomainFind(const char *name)
{
	ListCell   *lc;

	if (!is_current)
		read_domains();
	foreach(lc, domains)
	{
		TipDomain  *domain = lfirst(lc);

		if (strcmp(domain->name, name) == 0)
			return domain;
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
