/*
 * identity_keys.c
 *		The key ring: read once per session from a file outside the database.
 *
 * A root key never enters SQL.  It lives in OpenSSL's secure heap, which is
 * locked and left out of core dumps where the system allows it.  No error is
 * raised while a buffer holds key text: functions return the complaint, and
 * whoever owns the buffer wipes it before it raises.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "compat.h"
#include "identity.h"
#include "identity_crypto.h"
#include "miscadmin.h"

#define KEY_BYTES		32
#define MAX_KEYS		16
#define MAX_FILE_BYTES	4096
#define MAX_LEAVES		32
#define MAX_FORGETTERS	8
#define SECURE_HEAP		65536
#define SECURE_BLOCK	64

typedef struct RootKey
{
	uint16		version;
	unsigned char bytes[KEY_BYTES];
} RootKey;

typedef struct KeyRing
{
	int			count;
	RootKey		keys[MAX_KEYS];
} KeyRing;

typedef struct Leaf
{
	TipPurpose	purpose;
	char		domain[TIP_DOMAIN_NAME_MAX + 1];
	uint16		version;
	EVP_MAC_CTX *mac;
} Leaf;

/* What is wrong with a key file; message NULL: nothing. */
typedef struct Complaint
{
	int			sqlstate;
	const char *message;
	const char *hint;
	int			saved_errno;
} Complaint;

static char *key_file = NULL;
static KeyRing *ring = NULL;
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
	[TIP_FINGERPRINT_LEAF] = "fingerprint"
};

static void
forget_keys(void)
{
	for (int i = 0; i < leaf_count; i++)
		EVP_MAC_CTX_free(leaves[i].mac);
	leaf_count = 0;
	for (int i = 0; i < forgetter_count; i++)
		forgetters[i] ();
	OPENSSL_secure_clear_free(ring, sizeof(KeyRing));
	ring = NULL;
}

static void
key_file_changed(const char *newval, void *extra)
{
	forget_keys();
}

void
TipIdentityInit(void)
{
	DefineCustomStringVariable("tip_module.key_file",
							   "File with the keys of pseudonyms.",
							   "Empty: functions that need a key are refused.",
							   &key_file, "", PGC_SIGHUP,
							   GUC_SUPERUSER_ONLY | GUC_NO_SHOW_ALL |
							   GUC_DISALLOW_IN_AUTO_FILE,
							   NULL, key_file_changed, NULL);
}

static Complaint
complain(int sqlstate, const char *message, const char *hint)
{
	Complaint	complaint = {sqlstate, message, hint, 0};

	return complaint;
}

#define FINE complain(0, NULL, NULL)

static void
raise_complaint(const Complaint *complaint)
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

static bool
is_below_data_directory(const char *path)
{
	char		real[PATH_MAX];
	char		data[PATH_MAX];
	size_t		len;

	if (realpath(path, real) == NULL || realpath(DataDir, data) == NULL)
		return true;
	len = strlen(data);
	return strncmp(real, data, len) == 0 && real[len] == '/';
}

static bool
is_private(const struct stat *st)
{
	if (st->st_uid == geteuid())
		return (st->st_mode & (S_IRWXG | S_IRWXO | S_IXUSR)) == 0;
	return st->st_uid == 0 &&
		(st->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO | S_IXUSR)) == 0;
}

static Complaint
check_key_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return complain(ERRCODE_WRONG_OBJECT_TYPE,
						"key file is not a regular file",
						"Name the file itself, not a link or a device.");
	if (!is_private(&st))
		return complain(ERRCODE_INSUFFICIENT_PRIVILEGE,
						"key file has group or world access or a wrong owner",
						"The server's user must own it with mode 0600 or 0400, or root with mode 0640.");
	if (st.st_nlink != 1)
		return complain(ERRCODE_WRONG_OBJECT_TYPE,
						"key file has more than one hard link",
						"Remove the other names of the file.");
	if (st.st_size > MAX_FILE_BYTES)
		return complain(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						"key file is too large",
						"A key file has at most 4096 bytes.");
	return FINE;
}

/* Read the whole file into a buffer of MAX_FILE_BYTES + 1. */
static Complaint
read_key_file(const char *path, char *buffer)
{
	Complaint	complaint;
	size_t		len = 0;
	ssize_t		got;
	int			fd;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
	{
		complaint = complain(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
							 "could not open key file",
							 "Check tip_module.key_file; symbolic links are refused.");
		complaint.saved_errno = errno;
		return complaint;
	}
	complaint = check_key_file(fd);
	while (complaint.message == NULL && len < MAX_FILE_BYTES &&
		   (got = read(fd, buffer + len, MAX_FILE_BYTES - len)) > 0)
		len += got;
	close(fd);
	buffer[len] = '\0';
	if (complaint.message == NULL && strlen(buffer) != len)
		return complain(ERRCODE_CONFIG_FILE_ERROR,
						"key file is not text",
						"Each line reads: version 1 <64 hexadecimal digits>.");
	return complaint;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "version N HEX", nothing behind it */
static bool
parse_line(const char *line, RootKey *key)
{
	static const char word[] = "version ";
	int			version = 0;

	if (strncmp(line, word, strlen(word)) != 0)
		return false;
	line += strlen(word);
	while (*line >= '0' && *line <= '9' && version <= PG_UINT16_MAX)
		version = version * 10 + *line++ - '0';
	if (version < 1 || version > PG_UINT16_MAX || *line++ != ' ')
		return false;
	for (int i = 0; i < KEY_BYTES; i++)
	{
		int			high = hex_value(line[2 * i]);
		int			low = high < 0 ? -1 : hex_value(line[2 * i + 1]);

		if (low < 0)
			return false;
		key->bytes[i] = high << 4 | low;
	}
	key->version = version;
	return line[2 * KEY_BYTES] == '\0';
}

static bool
has_version(const KeyRing *keys, uint16 version)
{
	for (int i = 0; i < keys->count; i++)
		if (keys->keys[i].version == version)
			return true;
	return false;
}

/* Fill an empty ring from the text of a file, which is cut into lines. */
static Complaint
parse_ring(char *text, KeyRing *keys)
{
	char	   *rest = NULL;

	for (char *line = strtok_r(text, "\r\n", &rest); line != NULL;
		 line = strtok_r(NULL, "\r\n", &rest))
	{
		RootKey    *key = &keys->keys[keys->count];

		if (*line == '#')
			continue;
		if (keys->count == MAX_KEYS)
			return complain(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							"key file has too many versions",
							"A key file has at most 16 versions.");
		if (!parse_line(line, key))
			return complain(ERRCODE_CONFIG_FILE_ERROR,
							"key file is malformed",
							"Each line reads: version 1 <64 hexadecimal digits>.");
		if (has_version(keys, key->version))
			return complain(ERRCODE_CONFIG_FILE_ERROR,
							"key file has a version twice",
							"Give every key a version of its own.");
		keys->count++;
	}
	if (keys->count == 0)
		return complain(ERRCODE_CONFIG_FILE_ERROR,
						"key file has no key",
						"Each line reads: version 1 <64 hexadecimal digits>.");
	return FINE;
}

static Complaint
load_ring(const char *path, KeyRing *keys)
{
	char		buffer[MAX_FILE_BYTES + 1];
	Complaint	complaint;

	complaint = read_key_file(path, buffer);
	if (complaint.message == NULL && is_below_data_directory(path))
		complaint = complain(ERRCODE_INSUFFICIENT_PRIVILEGE,
							 "key file is inside the data directory",
							 "Keep it where no base backup copies it.");
	if (complaint.message == NULL)
		complaint = parse_ring(buffer, keys);
	OPENSSL_cleanse(buffer, sizeof(buffer));
	return complaint;
}

/* The session's key ring, read at first use. */
static KeyRing *
key_ring(void)
{
	KeyRing    *keys;
	Complaint	complaint;

	if (ring != NULL)
		return ring;
	if (key_file == NULL || key_file[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pseudonym key is not configured"),
				 errhint("Set tip_module.key_file in postgresql.conf and reload.")));
	if (key_file[0] != '/')
		ereport(ERROR,
				(errcode(ERRCODE_CONFIG_FILE_ERROR),
				 errmsg("key file is not named by an absolute path"),
				 errhint("Begin tip_module.key_file with a slash.")));
	if (!CRYPTO_secure_malloc_initialized())
		CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_BLOCK);
	keys = OPENSSL_secure_zalloc(sizeof(KeyRing));
	if (keys == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	complaint = load_ring(key_file, keys);
	if (complaint.message != NULL)
	{
		OPENSSL_secure_clear_free(keys, sizeof(KeyRing));
		raise_complaint(&complaint);
	}
	ring = keys;
	return ring;
}

uint16
TipActiveKey(void)
{
	KeyRing    *keys = key_ring();
	uint16		version = 0;

	for (int i = 0; i < keys->count; i++)
		version = Max(version, keys->keys[i].version);
	return version;
}

int
TipReadableKeys(uint16 *versions, int most)
{
	KeyRing    *keys = key_ring();
	int			n = 0;

	for (int i = 0; i < keys->count && n < most; i++)
	{
		uint16		version = keys->keys[i].version;
		int			at = n++;

		for (; at > 0 && versions[at - 1] < version; at--)
			versions[at] = versions[at - 1];
		versions[at] = version;
	}
	return n;
}

static RootKey *
root_key(uint16 version)
{
	KeyRing    *keys = key_ring();

	for (int i = 0; i < keys->count; i++)
		if (keys->keys[i].version == version)
			return &keys->keys[i];
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("key version %u is not in the key file", version),
			 errhint("Keep old versions in the key file until nothing needs them.")));
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
derive(TipPurpose purpose, const char *domain, RootKey *root,
	   unsigned char *leaf, size_t len)
{
	unsigned char info[2 * (TIP_DOMAIN_NAME_MAX + 1)];
	char		version[2] = {root->version >> 8, root->version & 0xff};
	size_t		n = add_field(info, "tip/v1", 6);

	n += add_field(info + n, purposes[purpose], strlen(purposes[purpose]));
	n += add_field(info + n, domain, strlen(domain));
	n += add_field(info + n, version, sizeof(version));
	return TipHkdf((TipBytes) {root->bytes, KEY_BYTES},
				   (TipBytes) {NULL, 0}, (TipBytes) {info, n}, leaf, len);
}

static EVP_MAC_CTX *
new_mac(TipPurpose purpose, const char *domain, RootKey *root)
{
	unsigned char leaf[KEY_BYTES];
	EVP_MAC_CTX *mac = NULL;

	if (derive(purpose, domain, root, leaf, KEY_BYTES))
		mac = TipMacNew((TipBytes) {leaf, KEY_BYTES});
	OPENSSL_cleanse(leaf, sizeof(leaf));
	return mac;
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
	Leaf	   *leaf = find_leaf(purpose, domain, version);
	EVP_MAC_CTX *mac;

	if (leaf != NULL && ring != NULL)
	{
		if (!TipMacRestart(leaf->mac))
			TipRefuseCrypto();
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
