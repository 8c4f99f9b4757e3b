/*
 * identity_keys.c
 *		The key ring: read from a file or a command outside the database.
 *
 * A root key never enters SQL.  It lives in OpenSSL's secure heap, which is
 * locked and left out of core dumps where the system allows it.  With
 * shared_preload_libraries the postmaster reads the ring and backends inherit
 * it; without, each backend reads it at first use.
 */
#include "postgres.h"

#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "common/hashfn.h"
#include "compat.h"
#include "identity.h"
#include "identity_command.h"
#include "identity_crypto.h"
#include "identity_keys.h"
#include "identity_keys_check.h"
#include "identity_keys_memory.h"
#include "identity_keys_uses.h"
#include "miscadmin.h"
#include "storage/ipc.h"

#define MAX_LEAVES		32
#define MAX_FORGETTERS	8

#define KEY_SETTING (GUC_SUPERUSER_ONLY | GUC_NO_SHOW_ALL | \
					 GUC_DISALLOW_IN_AUTO_FILE | GUC_NOT_IN_SAMPLE)

typedef struct Leaf
{
	TipPurpose	purpose;
	char		domain[TIP_DOMAIN_NAME_MAX + 1];
	uint16		version;
	EVP_MAC_CTX *mac;
} Leaf;

/* A ring while it is read: all that must be wiped if that is given up. */
typedef struct Reading
{
	TipCommand	command;
	char	   *text;
	TipKeyRing *keys;
} Reading;

static char *key_file = NULL;
static char *key_command = NULL;
static int	key_command_timeout = 10000;

static TipKeyRing *ring = NULL;
static int	read_by = 0;			/* process that has read the ring */
static bool is_of_file = false;
static struct stat file_read;	/* the file as it was then */
static bool may_have_changed = false;

static Leaf leaves[MAX_LEAVES];
static int	leaf_count = 0;
static void (*forgetters[MAX_FORGETTERS]) (void);
static int	forgetter_count = 0;

/* Part of the derivation: never change one. */
static const char *const purposes[] = {
	[TIP_PSEUDONYM_LEAF] = "pseudonym",
	[TIP_SEAL_LEAF] = "seal",
	[TIP_LEDGER_LEAF] = "ledger",
	[TIP_VICTIM_CODE_LEAF] = "victim_code",
	[TIP_DATE_SHIFT_LEAF] = "date_shift",
	[TIP_FINGERPRINT_LEAF] = "fingerprint",
	[TIP_ROUND_LEAF] = "round",
	[TIP_RELEASE_LEAF] = "release",
	[TIP_CHOICE_LEAF] = "choice"
};

static void
forget_keys(void)
{
	for (int i = 0; i < leaf_count; i++)
		EVP_MAC_CTX_free(leaves[i].mac);
	leaf_count = 0;
	for (int i = 0; i < forgetter_count; i++)
		forgetters[i] ();
	OPENSSL_secure_clear_free(ring, sizeof(TipKeyRing));
	ring = NULL;
}

/*
 * A reload assigns every setting again.  A ring whose setting is as it was
 * stays, except that its file is looked at before the next use.  The old value
 * itself is not looked at: a parallel worker has freed it by now.
 */
static void
source_assigned(const char *newval, uint64 *seen)
{
	const char *value = newval ? newval : "";
	uint64		hash = hash_bytes_extended((const unsigned char *) value,
										   strlen(value), 0);

	if (hash != *seen)
		forget_keys();
	else
		may_have_changed = true;
	*seen = hash;
}

static void
key_file_assigned(const char *newval, void *extra)
{
	static uint64 seen = 0;

	source_assigned(newval, &seen);
}

static void
key_command_assigned(const char *newval, void *extra)
{
	static uint64 seen = 0;

	source_assigned(newval, &seen);
}

static bool
is_set(const char *setting)
{
	return setting != NULL && setting[0] != '\0';
}

static void
raise_complaint(const TipComplaint *complaint)
{
	if (complaint->saved_errno == 0)
		ereport(ERROR,
				(errcode(complaint->sqlstate),
				 errmsg("%s", complaint->message),
				 errhint("%s", complaint->hint)));
	errno = complaint->saved_errno;
	ereport(ERROR,
			(errcode(complaint->sqlstate),
			 errmsg("%s: %m", complaint->message),
			 errhint("%s", complaint->hint)));
}

/* Fill the buffer from the one source that is named. */
static TipComplaint
read_source(Reading *reading, size_t *len)
{
	TipComplaint complaint;

	if (is_set(key_file))
		return TipReadKeyFile(key_file, reading->text, len, &file_read);
	complaint = TipCheckKeyCommand(key_command);
	if (complaint.message != NULL)
		return complaint;
	return TipRunCommand(&reading->command, key_command, key_command_timeout,
						 reading->text, len);
}

/* Wipes; keys stay if the caller has taken them. */
static void
end_reading(int code, Datum arg)
{
	Reading    *reading = (Reading *) DatumGetPointer(arg);

	TipEndCommand(&reading->command);
	OPENSSL_secure_clear_free(reading->text, TIP_RING_BYTES + 2);
	OPENSSL_secure_clear_free(reading->keys, sizeof(TipKeyRing));
	reading->text = NULL;
	reading->keys = NULL;
}

static TipComplaint
read_ring(Reading *reading)
{
	TipComplaint complaint;
	size_t		len = 0;

	complaint = read_source(reading, &len);
	if (complaint.message != NULL)
		return complaint;
	if (len > TIP_RING_BYTES)
		return TipComplain(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						   "key ring is too large",
						   "A key ring has at most 8192 bytes.");
	complaint = TipParseRing(reading->text, len, reading->keys);
	if (complaint.message == NULL)
	{
		ring = reading->keys;
		reading->keys = NULL;
		read_by = MyProcPid;
		is_of_file = is_set(key_file);
		may_have_changed = false;
	}
	return complaint;
}

static TipComplaint
load_ring(void)
{
	TipComplaint complaint;
	Reading		reading = {{0}};

	if (!is_set(key_file) && !is_set(key_command))
		return TipComplain(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						   "pseudonym key is not configured",
						   "Set tip_module.key_file or tip_module.key_command in postgresql.conf and reload.");
	if (is_set(key_file) && is_set(key_command))
		return TipComplain(ERRCODE_CONFIG_FILE_ERROR,
						   "both a key file and a key command are configured",
						   "Leave one of tip_module.key_file and tip_module.key_command empty.");
	reading.text = TipSecureZalloc(TIP_RING_BYTES + 2);
	reading.keys = TipSecureZalloc(sizeof(TipKeyRing));
	complaint = TipComplain(ERRCODE_OUT_OF_MEMORY, "out of memory",
							"Secure memory for keys is used up: open a new session.");

	/* A session that is cancelled or ended meanwhile wipes, too. */
	PG_ENSURE_ERROR_CLEANUP(end_reading, PointerGetDatum(&reading));
	{
		if (reading.text != NULL && reading.keys != NULL)
			complaint = read_ring(&reading);
	}
	PG_END_ENSURE_ERROR_CLEANUP(end_reading, PointerGetDatum(&reading));
	end_reading(0, PointerGetDatum(&reading));
	return complaint;
}

static bool
is_file_as_read(void)
{
	struct stat now;

	return key_file != NULL && lstat(key_file, &now) == 0 &&
		now.st_dev == file_read.st_dev && now.st_ino == file_read.st_ino &&
		now.st_size == file_read.st_size && now.st_mode == file_read.st_mode &&
		now.st_uid == file_read.st_uid &&
		memcmp(&now.st_mtim, &file_read.st_mtim, sizeof(now.st_mtim)) == 0 &&
		memcmp(&now.st_ctim, &file_read.st_ctim, sizeof(now.st_ctim)) == 0;
}

TipComplaint
TipTryKeyRing(const TipKeyRing **keys)
{
	TipComplaint complaint = TipCheckPrimitives();

	if (complaint.message != NULL)
		return complaint;
	if (ring != NULL && may_have_changed && is_of_file && !is_file_as_read())
		forget_keys();
	may_have_changed = false;
	if (ring == NULL)
		complaint = load_ring();
	TipLockAgain();
	*keys = ring;
	return complaint;
}

const TipKeyRing *
TipRequireKeyRing(void)
{
	const TipKeyRing *keys;
	TipComplaint complaint;

	if (ring != NULL && !may_have_changed && TipIsReady())
		return ring;
	complaint = TipTryKeyRing(&keys);
	if (complaint.message != NULL)
		raise_complaint(&complaint);
	return keys;
}

bool
TipKeyIsNamed(void)
{
	return is_set(key_file) || is_set(key_command);
}

const char *
TipKeySource(void)
{
	if (ring != NULL && read_by != MyProcPid)
		return "read at server start";
	return is_of_file ? "read from the file" : "read from the command";
}

/* Once for all sessions; a failure is left for them to raise. */
static void
read_at_server_start(void)
{
	TipComplaint complaint;

	if (!TipKeyIsNamed())
		return;
	complaint = load_ring();
	if (complaint.message != NULL)
		ereport(WARNING,
				(errcode(complaint.sqlstate),
				 errmsg("tip_module has no keys: %s", complaint.message),
				 errdetail("The server starts; sessions try again when they need a key."),
				 errhint("%s", complaint.hint)));
}

static void
define_source(const char *name, const char *what, char **value,
			  GucStringAssignHook assigned)
{
	DefineCustomStringVariable(name, what,
							   "Empty: functions that need a key are refused.",
							   value, "", PGC_SIGHUP, KEY_SETTING, NULL,
							   assigned, NULL);
}

void
TipIdentityInit(void)
{
	define_source("tip_module.key_file", "File with the keys of pseudonyms.",
				  &key_file, key_file_assigned);
	define_source("tip_module.key_command",
				  "Shell command that prints the keys of pseudonyms.",
				  &key_command, key_command_assigned);
	DefineCustomIntVariable("tip_module.key_command_timeout",
							"Time after which a key command is killed.",
							NULL, &key_command_timeout, 10000, 100, 600000,
							PGC_SIGHUP, GUC_UNIT_MS | GUC_NO_SHOW_ALL |
							GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	if (process_shared_preload_libraries_in_progress)
	{
		TipUsesShare();
		read_at_server_start();
	}
}

uint16
TipActiveKey(void)
{
	const TipKeyRing *keys = TipRequireKeyRing();

	for (int i = 0; i < keys->count; i++)
		if (keys->keys[i].status == TIP_KEY_ACTIVE)
			return keys->keys[i].version;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("key ring has no active version"),
			 errhint("Give one version the status active; the others can be read, not made.")));
}

int
TipReadableKeys(uint16 *versions, int most)
{
	const TipKeyRing *keys = TipRequireKeyRing();
	int			n = 0;

	for (int i = 0; i < keys->count; i++)
	{
		uint16		version = keys->keys[i].version;
		int			at = n;

		if (keys->keys[i].status == TIP_KEY_DESTROYED)
			continue;
		for (; at > 0 && versions[at - 1] < version; at--)
			if (at < most)
				versions[at] = versions[at - 1];
		if (at < most)
			versions[at] = version;
		n = Min(n + 1, most);
	}
	return n;
}

static const TipRootKey *
root_key(uint16 version)
{
	const TipKeyRing *keys = TipRequireKeyRing();
	const TipRootKey *key = keys->keys;

	while (key < keys->keys + keys->count && key->version != version)
		key++;
	if (key == keys->keys + keys->count)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("key version %u is not in the key ring", version),
				 errhint("Keep old versions in the key ring until nothing needs them.")));
	if (key->status == TIP_KEY_DESTROYED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("key version %u has been destroyed", version),
				 errhint("What was made with it can no longer be matched or opened.")));
	return key;
}

/* OpenSSL's own error text may carry data: it is not shown. */
void
TipRefuseCrypto(void)
{
	ERR_clear_error();
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("a cryptographic function failed"),
			 errhint("Check that OpenSSL offers HMAC, HKDF and SHA-256.")));
}

static size_t
add_field(unsigned char *info, const char *field, size_t len)
{
	info[0] = len;
	memcpy(info + 1, field, len);
	return len + 1;
}

/* info = "tip/v1", purpose, domain, version, each behind its length */
static bool
derive(TipPurpose purpose, const char *domain, const TipRootKey *root,
	   unsigned char *leaf, size_t len)
{
	unsigned char info[2 * (TIP_DOMAIN_NAME_MAX + 1)];
	char		version[2] = {root->version >> 8, root->version & 0xff};
	size_t		n = add_field(info, "tip/v1", 6);

	n += add_field(info + n, purposes[purpose], strlen(purposes[purpose]));
	n += add_field(info + n, domain, strlen(domain));
	n += add_field(info + n, version, sizeof(version));
	return TipHkdf((TipBytes) {root->bytes, TIP_KEY_BYTES},
				   (TipBytes) {NULL, 0}, (TipBytes) {info, n}, leaf, len);
}

static EVP_MAC_CTX *
new_mac(TipPurpose purpose, const char *domain, const TipRootKey *root)
{
	unsigned char leaf[TIP_KEY_BYTES];
	EVP_MAC_CTX *mac = NULL;

	if (derive(purpose, domain, root, leaf, TIP_KEY_BYTES))
		mac = TipMacNew((TipBytes) {leaf, TIP_KEY_BYTES});
	OPENSSL_cleanse(leaf, sizeof(leaf));
	return mac;
}

/*
 * Not what we make for ourselves: entries of the ledger, fingerprints, draws
 * of a rounding, whose number would tell of the counts, and of a pattern.
 */
static void
count_use(TipPurpose purpose, uint16 version)
{
	if (purpose != TIP_LEDGER_LEAF && purpose != TIP_FINGERPRINT_LEAF &&
		purpose != TIP_ROUND_LEAF && purpose != TIP_CHOICE_LEAF)
		TipCountUse(version);
}

static Leaf *
find_leaf(TipPurpose purpose, const char *domain, uint16 version)
{
	for (int i = 0; i < leaf_count; i++)
		if (leaves[i].version == version && leaves[i].purpose == purpose &&
			strcmp(leaves[i].domain, domain) == 0)
			return &leaves[i];
	return NULL;
}

/* HKDF costs microseconds, so that leaves are kept for the session. */
EVP_MAC_CTX *
TipLeafMac(TipPurpose purpose, const char *domain, uint16 version)
{
	Leaf	   *leaf;
	EVP_MAC_CTX *mac;

	/* first, since it may forget the leaves */
	(void) TipRequireKeyRing();
	leaf = find_leaf(purpose, domain, version);
	if (leaf != NULL)
	{
		if (!TipMacRestart(leaf->mac))
			TipRefuseCrypto();
		count_use(purpose, version);
		return leaf->mac;
	}
	mac = new_mac(purpose, domain, root_key(version));
	if (mac == NULL)
		TipRefuseCrypto();
	if (leaf_count == MAX_LEAVES)
		EVP_MAC_CTX_free(leaves[--leaf_count].mac);
	leaf = &leaves[leaf_count++];
	leaf->mac = mac;
	leaf->purpose = purpose;
	leaf->version = version;
	strlcpy(leaf->domain, domain, sizeof(leaf->domain));
	count_use(purpose, version);
	return mac;
}

void
TipLeafKey(TipPurpose purpose, const char *domain, uint16 version,
		   unsigned char *leaf, size_t len)
{
	if (!derive(purpose, domain, root_key(version), leaf, len))
	{
		OPENSSL_cleanse(leaf, len);
		TipRefuseCrypto();
	}
	count_use(purpose, version);
}

/* HMAC of the word "fingerprint" under a leaf of its own, for no domain. */
bool
TipFingerprint(const TipRootKey *key, unsigned char *digest)
{
	static const unsigned char word[] = "fingerprint";
	EVP_MAC_CTX *mac = new_mac(TIP_FINGERPRINT_LEAF, "", key);
	bool		ok;

	ok = mac != NULL &&
		EVP_MAC_update(mac, word, sizeof(word) - 1) == 1 &&
		TipMacFinish(mac, digest);
	EVP_MAC_CTX_free(mac);
	return ok;
}

void
TipOnForget(void (*forget) (void))
{
	for (int i = 0; i < forgetter_count; i++)
		if (forgetters[i] == forget)
			return;
	if (forgetter_count == MAX_FORGETTERS)
		elog(ERROR, "too many caches of keys");
	forgetters[forgetter_count++] = forget;
}
