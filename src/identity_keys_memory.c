/*
 * identity_keys_memory.c
 *		OpenSSL's secure heap, locked in the process that uses it.
 *
 * Keys that the postmaster has read reach a backend by fork.  There the heap
 * is still left out of core dumps, but no longer locked.  Until a backend
 * locks it, it shares the pages with the postmaster, where they are.
 */
#include "postgres.h"

#include <sys/mman.h>

#include <openssl/crypto.h>

#include "identity_keys_memory.h"
#include "miscadmin.h"

#define SECURE_HEAP		65536
#define SECURE_BLOCK	64

static void *arena = NULL;
static bool is_locked = false;
static int	locked_by = 0;

/*
 * OpenSSL does not tell where its heap is, but a block as large as the heap
 * begins where the heap begins.  NULL if another library was here before us.
 */
static void *
find_arena(void)
{
	void	   *all;

	if (CRYPTO_secure_used() != 0)
		return NULL;
	all = OPENSSL_secure_malloc(SECURE_HEAP);
	OPENSSL_secure_free(all);
	return all;
}

static void
make_heap(void)
{
	if (CRYPTO_secure_malloc_initialized())
		return;
	is_locked = CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_BLOCK) == 1;
	locked_by = MyProcPid;
	if (CRYPTO_secure_malloc_initialized())
		arena = find_arena();
}

void *
TipSecureZalloc(size_t len)
{
	make_heap();
	return OPENSSL_secure_zalloc(len);
}

void
TipLockAgain(void)
{
	if (locked_by == MyProcPid)
		return;
	is_locked = arena != NULL && mlock(arena, SECURE_HEAP) == 0;
	locked_by = MyProcPid;
}

bool
TipIsLocked(void)
{
	return is_locked && locked_by == MyProcPid;
}
