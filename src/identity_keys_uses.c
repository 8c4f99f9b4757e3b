/*
 * identity_keys_uses.c
 *		Use counts by key version: of the server since its start where the
 *		library is preloaded, of the session elsewhere.
 *
 * No lock: a version takes the first free slot by compare-and-exchange and
 * keeps it.
 */
#include "postgres.h"

#include "compat.h"
#include "identity_keys.h"
#include "identity_keys_uses.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#define SLOTS	(4 * TIP_MAX_KEYS)

typedef struct UseSlot
{
	pg_atomic_uint32 version;	/* 0: free */
	pg_atomic_uint64 uses;
} UseSlot;

static UseSlot of_session[SLOTS];
static UseSlot *slots = NULL;
static shmem_request_hook_type next_request = NULL;
static shmem_startup_hook_type next_startup = NULL;

static void
init_slots(UseSlot *these)
{
	for (int i = 0; i < SLOTS; i++)
	{
		pg_atomic_init_u32(&these[i].version, 0);
		pg_atomic_init_u64(&these[i].uses, 0);
	}
}

static void
request(void)
{
	if (next_request != NULL)
		next_request();
	RequestAddinShmemSpace(sizeof(of_session));
}

static void
startup(void)
{
	bool		found;

	if (next_startup != NULL)
		next_startup();
	slots = ShmemInitStruct("tip_module key uses", sizeof(of_session), &found);
	if (!found)
		init_slots(slots);
}

void
TipUsesShare(void)
{
	next_request = shmem_request_hook;
	shmem_request_hook = request;
	next_startup = shmem_startup_hook;
	shmem_startup_hook = startup;
}

/* The slot of a version, or a free one for it; NULL when there is none. */
static UseSlot *
find_slot(uint16 version, bool take)
{
	if (slots == NULL)
	{
		init_slots(of_session);
		slots = of_session;
	}
	for (int i = 0; i < SLOTS; i++)
	{
		uint32		there = pg_atomic_read_u32(&slots[i].version);

		if (there == 0 && !take)
			return NULL;
		if (there == 0 &&
			pg_atomic_compare_exchange_u32(&slots[i].version, &there, version))
			return &slots[i];
		if (there == version)
			return &slots[i];
	}
	return NULL;
}

void
TipCountUse(uint16 version)
{
	static uint16 last = 0;
	static UseSlot *slot = NULL;

	if (last != version)
	{
		slot = find_slot(version, true);
		last = version;
	}
	if (slot != NULL)
		pg_atomic_fetch_add_u64(&slot->uses, 1);
}

uint64
TipUses(uint16 version)
{
	UseSlot    *slot = find_slot(version, false);

	return slot == NULL ? 0 : pg_atomic_read_u64(&slot->uses);
}

const char *
TipUsesScope(void)
{
	return slots != NULL && slots != of_session ? "server" : "session";
}
