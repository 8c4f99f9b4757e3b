/*
 * identity_keys.h
 *		Inside of the key ring: its text, its sources and its memory.
 *
 * No function declared here raises while a buffer holds key text: each returns
 * its complaint, and whoever owns the buffer wipes it before it raises.
 */
#ifndef TIP_IDENTITY_KEYS_H
#define TIP_IDENTITY_KEYS_H

#include "postgres.h"

#include <sys/stat.h>

#include "datatype/timestamp.h"
#include "identity.h"
#include "utils/date.h"

#define TIP_KEY_BYTES	32
#define TIP_MAX_KEYS	64
#define TIP_RING_BYTES	8192

typedef enum TipKeyStatus
{
	TIP_KEY_PENDING,
	TIP_KEY_ACTIVE,
	TIP_KEY_RETIRED,
	TIP_KEY_DESTROYED
} TipKeyStatus;

typedef struct TipRootKey
{
	uint16		version;
	uint8		status;
	DateADT		created;
	unsigned char bytes[TIP_KEY_BYTES];
} TipRootKey;

typedef struct TipKeyRing
{
	int			count;
	TipRootKey	keys[TIP_MAX_KEYS];
} TipKeyRing;

/* What is wrong; message NULL: nothing. */
typedef struct TipComplaint
{
	int			sqlstate;
	const char *message;
	const char *hint;
	int			saved_errno;
} TipComplaint;

static inline TipComplaint
TipComplain(int sqlstate, const char *message, const char *hint)
{
	TipComplaint complaint = {sqlstate, message, hint, 0};

	return complaint;
}

#define TIP_FINE TipComplain(0, NULL, NULL)

/* identity_keys_ring.c: text of len bytes, which is cut up, into a ring */
extern TipComplaint TipParseRing(char *text, size_t len, TipKeyRing *ring);
extern const char *TipKeyStatusName(TipKeyStatus status);

/*
 * identity_keys_file.c: a buffer of TIP_RING_BYTES + 1 is filled, and may be
 * full, which is too much
 */
extern TipComplaint TipReadKeyFile(const char *path, char *text, size_t *len,
								   struct stat *st);
extern TipComplaint TipCheckKeyCommand(const char *command);

/*
 * identity_keys.c: the ring of this process, read if it is not there; the
 * second raises without one
 */
extern TipComplaint TipTryKeyRing(const TipKeyRing **ring);
extern const TipKeyRing *TipRequireKeyRing(void);
extern bool TipKeyIsNamed(void);
extern const char *TipKeySource(void);
extern bool TipFingerprint(const TipRootKey *key, unsigned char *digest);

#endif							/* TIP_IDENTITY_KEYS_H */
