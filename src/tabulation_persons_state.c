/*
 * tabulation_persons_state.c
 *		The pairs of cell and hashed person, in memory and on their way.
 *
 * Whatever leaves the process, to another worker, a temporary file or a table,
 * is sealed (AES-256-GCM) under the secret of the transaction: nothing reads
 * it afterwards, and what was changed is noticed.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "tabulation_persons.h"

#define PERSONS_MAGIC	0x54495051
#define FLAT_VERSION	1
#define IV_BYTES		12
#define TAG_BYTES		16

/* On its way.  The version and the id of the key are authenticated. */
typedef struct Sealed
{
	int32		vl_len_;
	uint16		version;
	uint16		zero;
	uint8		key_id[TIP_PERSONS_KEY_ID];
	uint8		iv[IV_BYTES];
	uint8		tag[TAG_BYTES];
	uint32		zero2;
	uint8		data[FLEXIBLE_ARRAY_MEMBER];
} Sealed;

#define SEALED_HEADER	offsetof(Sealed, data)
#define SEALED_ABOUT(s)	((const uint8 *) &(s)->version)
#define SEALED_ABOUT_BYTES (4 + TIP_PERSONS_KEY_ID)

/* What is sealed: this, the cells, the persons. */
typedef struct Plain
{
	uint32		cells;
	uint32		count;
	TipPersonUnit unit;
} Plain;

#define PLAIN_SIZE(cells, count) \
	(sizeof(Plain) + (Size) (cells) * sizeof(TipCell) + \
	 (Size) (count) * sizeof(TipPerson))

/* ---- a set of cells ---- */

void
TipCellSetInit(TipCellSet *set, MemoryContext context, uint32 room)
{
	set->context = context;
	set->count = 0;
	set->room = room;
	set->slots = room * 2;
	set->cells = MemoryContextAlloc(context, room * sizeof(TipCell));
	set->slot = MemoryContextAllocZero(context, set->slots * sizeof(uint32));
}

void
TipCellSetReset(TipCellSet *set)
{
	set->count = 0;
	memset(set->slot, 0, set->slots * sizeof(uint32));
}

/* The slot that holds the number of a cell, or where it belongs. */
static inline uint32 *
find_slot(const TipCellSet *set, const TipCell *cell)
{
	uint32		at = TipHashCell(cell);

	for (;; at++)
	{
		uint32	   *slot = &set->slot[at & (set->slots - 1)];

		if (*slot == 0 ||
			memcmp(&set->cells[*slot - 1], cell, sizeof(*cell)) == 0)
			return slot;
	}
}

static void
grow_cells(TipCellSet *set)
{
	if (set->count >= TIP_MAX_CELLS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("tabulation has more than %d cells", TIP_MAX_CELLS),
				 errhint("Use fewer or coarser dimensions.")));
	CHECK_FOR_INTERRUPTS();
	TipCheckMemory((Size) set->room * 2 *
				   (sizeof(TipCell) + 2 * sizeof(uint32)));
	set->room *= 2;
	set->slots *= 2;
	set->cells = repalloc_huge(set->cells, set->room * sizeof(TipCell));
	pfree(set->slot);
	set->slot = MemoryContextAllocZero(set->context,
									   set->slots * sizeof(uint32));
	for (uint32 i = 0; i < set->count; i++)
		*find_slot(set, &set->cells[i]) = i + 1;
}

uint32
TipCellSetAdd(TipCellSet *set, const TipCell *cell)
{
	uint32	   *slot = find_slot(set, cell);

	if (*slot != 0)
		return *slot - 1;
	if (set->count == set->room)
	{
		grow_cells(set);
		slot = find_slot(set, cell);
	}
	set->cells[set->count] = *cell;
	*slot = ++set->count;
	return set->count - 1;
}

/* ---- sealing ---- */

static void
check_crypto(bool done, EVP_CIPHER_CTX *context)
{
	if (done)
		return;
	EVP_CIPHER_CTX_free(context);
	TipRefuseCrypto();
}

/* In place. */
static void
seal(Sealed *sealed, int len, const TipPersonsKey *key)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int			out;

	if (!pg_strong_random(sealed->iv, IV_BYTES))
		check_crypto(false, context);
	check_crypto(context != NULL &&
				 EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL,
									key->cipher, sealed->iv) &&
				 EVP_EncryptUpdate(context, NULL, &out, SEALED_ABOUT(sealed),
								   SEALED_ABOUT_BYTES) &&
				 EVP_EncryptUpdate(context, sealed->data, &out, sealed->data,
								   len) &&
				 EVP_EncryptFinal_ex(context, sealed->data + out, &out) &&
				 EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_BYTES,
									 sealed->tag), context);
	EVP_CIPHER_CTX_free(context);
}

static bool
unseal(const Sealed *sealed, int len, const TipPersonsKey *key, uint8 *plain)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8		tag[TAG_BYTES];
	int			out = 0;
	bool		is_whole;

	memcpy(tag, sealed->tag, TAG_BYTES);
	check_crypto(context != NULL &&
				 EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL,
									key->cipher, sealed->iv) &&
				 EVP_DecryptUpdate(context, NULL, &out, SEALED_ABOUT(sealed),
								   SEALED_ABOUT_BYTES) &&
				 EVP_DecryptUpdate(context, plain, &out, sealed->data, len) &&
				 EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_BYTES,
									 tag), context);
	is_whole = EVP_DecryptFinal_ex(context, plain + out, &out) > 0;
	EVP_CIPHER_CTX_free(context);
	return is_whole;
}

/* ---- the expanded object ---- */

static Size
flat_size(ExpandedObjectHeader *hdr)
{
	TipPersons *state = (TipPersons *) hdr;
	Size		size = SEALED_HEADER + PLAIN_SIZE(state->cells.count,
												  state->count);

	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("person tabulation is too large to be passed on"),
				 errhint("Count fewer persons at a time, or set max_parallel_workers_per_gather to 0.")));
	return size;
}

/* A variable of a procedure may outlive the transaction that made it. */
static void
check_key(const uint8 *id)
{
	if (memcmp(id, TipGetPersonsKey()->id, TIP_PERSONS_KEY_ID) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("person tabulation was made by another transaction"),
				 errhint("Count its persons in the query that makes it.")));
}

static void
flatten(ExpandedObjectHeader *hdr, void *result, Size size)
{
	TipPersons *state = (TipPersons *) hdr;
	Sealed	   *sealed = result;
	Plain		plain = {state->cells.count, state->count, state->unit};
	uint8	   *to = sealed->data;

	check_key(state->key_id);
	memset(sealed, 0, SEALED_HEADER);
	SET_VARSIZE(sealed, size);
	sealed->version = FLAT_VERSION;
	memcpy(sealed->key_id, state->key_id, TIP_PERSONS_KEY_ID);
	memcpy(to, &plain, sizeof(Plain));
	to += sizeof(Plain);
	memcpy(to, state->cells.cells, plain.cells * sizeof(TipCell));
	to += plain.cells * sizeof(TipCell);
	memcpy(to, state->persons, (Size) plain.count * sizeof(TipPerson));
	seal(sealed, size - SEALED_HEADER, TipGetPersonsKey());
}

static const ExpandedObjectMethods methods = {flat_size, flatten};

static TipPersons *
new_persons(MemoryContext parent, uint32 cells, uint32 room)
{
	MemoryContext context = AllocSetContextCreate(parent,
												  "tip.person_tabulation",
												  ALLOCSET_SMALL_SIZES);
	TipPersons *state = MemoryContextAllocZero(context, sizeof(TipPersons));

	EOH_init_header(&state->hdr, &methods, context);
	state->magic = PERSONS_MAGIC;
	memcpy(state->key_id, TipGetPersonsKey()->id, TIP_PERSONS_KEY_ID);
	TipCellSetInit(&state->cells, context, cells);
	state->room = room;
	state->persons = MemoryContextAllocExtended(context, (Size) room *
												sizeof(TipPerson),
												MCXT_ALLOC_HUGE);
	return state;
}

TipPersons *
TipNewPersons(MemoryContext parent)
{
	return new_persons(parent, 16, 16);
}

/* The state that a datum points to, or NULL. */
TipPersons *
TipPersonsOf(Datum d, bool writable)
{
	TipPersons *state;

	if (writable ? !VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(d)) :
		!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(d)))
		return NULL;
	state = (TipPersons *) DatumGetEOHP(d);
	return state->magic == PERSONS_MAGIC ? state : NULL;
}

static void
bad_value(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid stored value of type %s",
					"tip.person_tabulation")));
}

/* What was sealed here and is whole needs no further check but its sizes. */
static TipPersons *
open_plain(const uint8 *from, Size size)
{
	Plain		plain;
	TipPersons *state;

	memcpy(&plain, from, sizeof(Plain));
	from += sizeof(Plain);
	if (plain.cells > TIP_MAX_CELLS ||
		size != PLAIN_SIZE(plain.cells, plain.count))
		bad_value();
	state = new_persons(CurrentMemoryContext, 16, Max(plain.count, 16));
	state->unit = plain.unit;
	for (uint32 i = 0; i < plain.cells; i++)
	{
		TipCell		cell;

		memcpy(&cell, from + i * sizeof(TipCell), sizeof(TipCell));
		if (TipCellSetAdd(&state->cells, &cell) != i)
			bad_value();
		state->shape = TipShapeOfCell(&cell);
	}
	from += plain.cells * sizeof(TipCell);
	memcpy(state->persons, from, (Size) plain.count * sizeof(TipPerson));
	state->count = plain.count;
	for (uint32 i = 0; i < plain.count; i++)
		if (state->persons[i].cell >= plain.cells)
			bad_value();
	return state;
}

/* The state itself, or what it is when opened. */
TipPersons *
TipGetPersons(Datum d)
{
	TipPersons *state = TipPersonsOf(d, false);
	Sealed	   *sealed;
	Size		size;
	uint8	   *plain;

	if (state != NULL)
	{
		check_key(state->key_id);
		return state;
	}
	sealed = (Sealed *) PG_DETOAST_DATUM(d);
	if (VARSIZE(sealed) < SEALED_HEADER + sizeof(Plain) ||
		sealed->version != FLAT_VERSION)
		bad_value();
	check_key(sealed->key_id);
	size = VARSIZE(sealed) - SEALED_HEADER;
	plain = palloc_extended(size, MCXT_ALLOC_HUGE);
	if (!unseal(sealed, size, TipGetPersonsKey(), plain))
		bad_value();
	state = open_plain(plain, size);
	pfree(plain);
	return state;
}

/* ---- adding ---- */

/* Of two units of a state one may have no pseudonym, but none is another. */
void
TipJoinUnit(TipPersons *state, const TipPersonUnit *unit)
{
	TipPersonUnit *own = &state->unit;

	if (own->kind == 0)
		*own = *unit;
	else if (own->kind != unit->kind)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("persons and records are not counted together")));
	else if (unit->has_pseudonym && !own->has_pseudonym)
		*own = *unit;
	else if (unit->has_pseudonym &&
			 memcmp(own->pseudonym, unit->pseudonym,
					sizeof(own->pseudonym)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pseudonyms of two domains or key versions are not counted together"),
				 errdetail("One person would be counted twice."),
				 errhint("Count by the victim's id, or finish the rotation first.")));
}

static void
refuse_shape(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("all cells of a tabulation must have the same dimensions")));
}

static uint32
add_cell(TipPersons *state, const TipCell *cell)
{
	uint32		before = state->cells.count;
	uint32		number = TipCellSetAdd(&state->cells, cell);

	if (unlikely(number == before))
	{
		TipShape	shape = TipShapeOfCell(cell);

		if (before == 0)
			state->shape = shape;
		else if (memcmp(&state->shape, &shape, sizeof(shape)) != 0)
			refuse_shape();
	}
	return number;
}

static Size
size_with(const TipPersons *state, Size room)
{
	/* Sorting needs the room a second time. */
	return 2 * room * sizeof(TipPerson) + state->cells.room *
		(sizeof(TipCell) + 2 * sizeof(uint32));
}

/* Where there is no more room to have, each pair is kept once. */
static void
grow_persons(TipPersons *state)
{
	Size		room = (Size) state->room * 2;

	CHECK_FOR_INTERRUPTS();
	if (!TipMemoryAllows(size_with(state, room)))
	{
		TipSortPersons(state);
		if (state->count <= state->room / 4 * 3)
			return;
	}
	TipCheckMemory(size_with(state, room));
	if (room > PG_UINT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("person tabulation has too many persons")));
	state->persons = repalloc_huge(state->persons, room * sizeof(TipPerson));
	state->room = room;
}

static inline void
add_person(TipPersons *state, TipPerson person)
{
	if (unlikely(state->count == state->room))
		grow_persons(state);
	state->persons[state->count++] = person;
}

void
TipAddPerson(TipPersons *state, const TipCell *cell, uint64 hash)
{
	TipPerson	person = {hash >> 32, (uint32) hash, add_cell(state, cell)};

	add_person(state, person);
}

/* more is of the same transaction, so that its hashes are alike. */
void
TipAddPersons(TipPersons *state, const TipPersons *more)
{
	uint32	   *number;

	if (more->count == 0)
		return;
	TipJoinUnit(state, &more->unit);
	number = palloc_extended(more->cells.count * sizeof(uint32),
							 MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < more->cells.count; i++)
		number[i] = add_cell(state, &more->cells.cells[i]);
	for (uint32 i = 0; i < more->count; i++)
	{
		TipPerson	person = more->persons[i];

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		person.cell = number[person.cell];
		add_person(state, person);
	}
	pfree(number);
}
