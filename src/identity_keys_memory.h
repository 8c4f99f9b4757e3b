/*
 * identity_keys_memory.h
 *		Memory that is not swapped and not dumped.
 */
#ifndef TIP_IDENTITY_KEYS_MEMORY_H
#define TIP_IDENTITY_KEYS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed; NULL if there is none left.  Free with OPENSSL_secure_clear_free. */
extern void *TipSecureZalloc(size_t len);

/* Lock again what fork has unlocked; once in each process. */
extern void TipLockAgain(void);

/* Is the memory of keys locked in this process? */
extern bool TipIsLocked(void);

#endif							/* TIP_IDENTITY_KEYS_MEMORY_H */
