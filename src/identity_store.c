/*
 * identity_store.c
 *		The tables of a model that say who a victim is, reached as their
 *		owner.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/lockdefs.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "identity_store.h"

/*
 * A view could run what its owner likes as whoever calls us.  Locked until the
 * end of the transaction, so that it stays the table that we look at.
 */
static Oid
find_table(const char *schema, const char *name)
{
	Oid			relid;
	char		kind;

	relid = RangeVarGetRelid(makeRangeVar(pstrdup(schema), pstrdup(name), -1),
							 AccessShareLock, true);
	kind = OidIsValid(relid) ? get_rel_relkind(relid) : 0;
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("schema \"%s\" has no table \"%s\"", schema, name),
				 errhint("Name a schema that tip.create_model() has made.")));
	return relid;
}

static Oid
owner_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

Oid
TipTypeOf(const char *name)
{
	Oid			namespace = get_namespace_oid("tip", false);

	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum(name),
						   ObjectIdGetDatum(namespace));
}

void
TipFindStore(TipStore *store, const char *schema)
{
	Oid			identity = find_table(schema, "identity");
	Oid			pseudonym = find_table(schema, "victim_pseudonym");

	store->schema = quote_identifier(schema);
	store->relation = psprintf("%s.identity", schema);
	store->victim = find_table(schema, "victim");
	store->owner = owner_of(identity);
	store->sealed_type = TipTypeOf("sealed");
	store->pseudonym_type = TipTypeOf("pseudonym");
	/* it is compared as the caller: a type of hers may run her code */
	if (get_atttype(store->victim, get_attnum(store->victim, "victim_id")) !=
		UUIDOID)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"victim\" of schema \"%s\" is not that of the model",
						schema),
				 errhint("Its column \"victim_id\" is a uuid.")));
	if (get_atttype(identity, get_attnum(identity, "value")) !=
		store->sealed_type || owner_of(pseudonym) != store->owner)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table \"identity\" of schema \"%s\" is not that of the model",
						schema),
				 errhint("Its column \"value\" is sealed, and \"victim_pseudonym\" has the same owner.")));
}

static void
set_option(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * A policy hides nobody here, or a rotation would leave rows behind: the
 * owner's own are not asked, another's raise.
 */
void
TipBecome(Oid owner, TipSelf *self)
{
	self->level = NewGUCNestLevel();
	GetUserIdAndSecContext(&self->user, &self->security);
	SetUserIdAndSecContext(owner, self->security |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION |
						   SECURITY_NOFORCE_RLS);
	set_option("search_path", "pg_catalog, pg_temp");
	set_option("row_security", "off");
}

void
TipBecomeOwner(const TipStore *store, TipSelf *self)
{
	TipBecome(store->owner, self);
}

void
TipBeOneself(const TipSelf *self)
{
	AtEOXact_GUC(true, self->level);
	SetUserIdAndSecContext(self->user, self->security);
}

uint64
TipRun(const char *query, int nargs, Oid *types, Datum *values,
	   const char *nulls)
{
	int			result = SPI_execute_with_args(query, nargs, types, values,
											   nulls, false, 0);

	if (result < 0)
		elog(ERROR, "could not reach identities: %s",
			 SPI_result_code_string(result));
	return SPI_processed;
}

void
TipExpectTypes(const TipStore *store, int n, const Oid *types)
{
	for (int i = 0; i < n; i++)
		if (OidIsValid(types[i]) &&
			SPI_gettypeid(SPI_tuptable->tupdesc, i + 1) != types[i])
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("columns of schema %s are not those of the model",
							store->schema),
					 errhint("Name a schema that tip.create_model() has made.")));
}

Datum
TipStoreColumn(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
						 column, isnull);
}
