/*
 * tabulation_persons.h
 *		Which person is in which cell, for the length of one transaction.
 *
 * tabulation_persons.c is what people call, tabulation_persons_state.c the
 * state in memory and on its way between processes,
 * tabulation_persons_key.c the secret of a transaction, and
 * tabulation_persons_count.c turns a state into counts.
 */
#ifndef TIP_TABULATION_PERSONS_H
#define TIP_TABULATION_PERSONS_H

#include "identity.h"
#include "tabulation.h"

/* ---- the secret of a transaction ---- */

#define TIP_PERSONS_KEY_ID 8

typedef struct TipPersonsKey
{
	uint64		hash[2];		/* of SipHash-2-4 */
	uint8		cipher[32];		/* of AES-256-GCM */
	uint8		id[TIP_PERSONS_KEY_ID];
} TipPersonsKey;

extern void TipPersonsInit(void);
extern const TipPersonsKey *TipGetPersonsKey(void);

/* SipHash-2-4 of three words. */
extern uint64 TipSipHash(const uint64 key[2], const uint64 word[3]);

/* ---- a set of cells, numbered as they came ---- */

typedef struct TipCellSet
{
	MemoryContext context;
	TipCell    *cells;
	uint32		count;
	uint32		room;			/* of cells */
	uint32		slots;			/* a power of two */
	uint32	   *slot;			/* number of a cell + 1, or 0 */
} TipCellSet;

extern void TipCellSetInit(TipCellSet *set, MemoryContext context,
						   uint32 room);
extern uint32 TipCellSetAdd(TipCellSet *set, const TipCell *cell);
extern void TipCellSetReset(TipCellSet *set);

/* ---- the state ---- */

/* Twelve bytes, so that two million of them fit in 24 MB. */
typedef struct TipPerson
{
	uint32		high;			/* of the hash of the person */
	uint32		low;
	uint32		cell;			/* number in the set of cells */
} TipPerson;

/* What is counted; the unit of all rows of a state is one. */
typedef struct TipPersonUnit
{
	uint8		kind;			/* 0 until there is a row */
	uint8		has_pseudonym;
	uint8		pseudonym[6];	/* what all pseudonyms of it begin with */
} TipPersonUnit;

#define TIP_UNIT_PERSON		1
#define TIP_UNIT_RECORD		2

typedef struct TipPersons
{
	ExpandedObjectHeader hdr;
	uint32		magic;
	TipPersonUnit unit;
	TipShape	shape;			/* of no meaning while there is no cell */
	uint8		key_id[TIP_PERSONS_KEY_ID];
	TipCellSet	cells;
	TipPerson  *persons;
	uint32		count;
	uint32		room;
} TipPersons;

extern TipPersons *TipNewPersons(MemoryContext parent);
extern TipPersons *TipPersonsOf(Datum d, bool writable);
extern TipPersons *TipGetPersons(Datum d);
extern void TipJoinUnit(TipPersons *state, const TipPersonUnit *unit);
extern void TipAddPerson(TipPersons *state, const TipCell *cell, uint64 hash);
extern void TipAddPersons(TipPersons *state, const TipPersons *more);

/* Sort by person and cell, and keep each pair once. */
extern void TipSortPersons(TipPersons *state);

/* ---- counts ---- */

extern TipFlat *TipCountPersons(TipPersons *state, uint8 multi);

#endif							/* TIP_TABULATION_PERSONS_H */
