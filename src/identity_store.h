/*
 * identity_store.h
 *		The tables of a model that say who a victim is.
 */
#ifndef TIP_IDENTITY_STORE_H
#define TIP_IDENTITY_STORE_H

#include "postgres.h"

/* The tables of a model, and whom they belong to. */
typedef struct TipStore
{
	const char *schema;			/* quoted */
	const char *relation;		/* that values are sealed for */
	Oid			victim;
	Oid			owner;
	Oid			sealed_type;
	Oid			pseudonym_type;
} TipStore;

typedef struct TipSelf
{
	Oid			user;
	int			security;
	int			level;
} TipSelf;

/* Raises where a schema has not the tables of the model. */
extern void TipFindStore(TipStore *store, const char *schema);

/* The tables are read and written as their owner, with a plain search path. */
extern void TipBecome(Oid owner, TipSelf *self);
extern void TipBecomeOwner(const TipStore *store, TipSelf *self);
extern void TipBeOneself(const TipSelf *self);

/* Run a statement, within SPI; how many rows. */
extern uint64 TipRun(const char *query, int nargs, Oid *types, Datum *values,
					 const char *nulls);

/*
 * Raises if a column of what TipRun() has read is not of the type that it is
 * taken for: a table of this name may be anybody's.  InvalidOid for one that is
 * read as text.
 */
extern void TipExpectTypes(const TipStore *store, int n, const Oid *types);

/* A column of what TipRun() has read; columns count from 1. */
extern Datum TipStoreColumn(int row, int column, bool *isnull);

/* A type of schema tip. */
extern Oid	TipTypeOf(const char *name);

#endif							/* TIP_IDENTITY_STORE_H */
