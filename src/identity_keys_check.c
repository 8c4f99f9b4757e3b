/*
 * identity_keys_check.c
 *		Known answers, and settings of the server that may give names away.
 */
#include "postgres.h"

#include <stdio.h>
#include <sys/resource.h>

#include "fmgr.h"
#include "funcapi.h"

#include "compat.h"
#include "identity_crypto.h"
#include "identity_ff1.h"
#include "identity_keys.h"
#include "identity_keys_check.h"
#include "identity_keys_memory.h"
#include "identity_keys_uses.h"
#include "identity_siv.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#define BYTES(string) {(const unsigned char *) (string), sizeof(string) - 1}

typedef struct MacAnswer
{
	TipBytes	key;
	TipBytes	message;
	const char *mac;
} MacAnswer;

/* RFC 4231, cases 1 and 2 */
static const MacAnswer rfc4231[] = {
	{
		BYTES("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			  "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
		BYTES("Hi There"),
		"\xb0\x34\x4c\x61\xd8\xdb\x38\x53\x5c\xa8\xaf\xce\xaf\x0b\xf1\x2b"
		"\x88\x1d\xc2\x00\xc9\x83\x3d\xa7\x26\xe9\x37\x6c\x2e\x32\xcf\xf7"
	},
	{
		BYTES("Jefe"),
		BYTES("what do ya want for nothing?"),
		"\x5b\xdc\xc1\x46\xbf\x60\x75\x4e\x6a\x04\x24\x26\x08\x95\x75\xc7"
		"\x5a\x00\x3f\x08\x9d\x27\x39\x83\x9d\xec\x58\xb9\x64\xec\x38\x43"
	}
};

static bool
gives(EVP_MAC_CTX *mac, const MacAnswer *answer)
{
	unsigned char digest[TIP_SHA256_BYTES];

	return EVP_MAC_update(mac, answer->message.data,
						  answer->message.len) == 1 &&
		TipMacFinish(mac, digest) &&
		memcmp(digest, answer->mac, TIP_SHA256_BYTES) == 0;
}

/* Twice by one context, as values are made. */
static bool
check_mac(const MacAnswer *answer)
{
	EVP_MAC_CTX *mac = TipMacNew(answer->key);
	bool		ok;

	ok = mac != NULL && gives(mac, answer) && TipMacRestart(mac) &&
		gives(mac, answer);
	EVP_MAC_CTX_free(mac);
	return ok;
}

static bool
hmac_case_1(void)
{
	return check_mac(&rfc4231[0]);
}

static bool
hmac_case_2(void)
{
	return check_mac(&rfc4231[1]);
}

static bool
check_hkdf(TipBytes salt, TipBytes info, const char *expected)
{
	static const unsigned char key[] =
		"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b";
	unsigned char out[42];

	return TipHkdf((TipBytes) {key, 22}, salt, info, out, sizeof(out)) &&
		memcmp(out, expected, sizeof(out)) == 0;
}

static bool
hkdf_case_1(void)
{
	TipBytes	salt = BYTES("\x00\x01\x02\x03\x04\x05\x06\x07"
							 "\x08\x09\x0a\x0b\x0c");
	TipBytes	info = BYTES("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9");

	return check_hkdf(salt, info,
					  "\x3c\xb2\x5f\x25\xfa\xac\xd5\x7a\x90\x43\x4f\x64\xd0\x36"
					  "\x2f\x2a\x2d\x2d\x0a\x90\xcf\x1a\x5a\x4c\x5d\xb0\x2d\x56"
					  "\xec\xc4\xc5\xbf\x34\x00\x72\x08\xd5\xb8\x87\x18\x58\x65");
}

static bool
hkdf_case_3(void)
{
	TipBytes	none = {NULL, 0};

	return check_hkdf(none, none,
					  "\x8d\xa4\xe7\x75\xa5\x63\xc1\x8f\x71\x5f\x80\x2a\x06\x3c"
					  "\x5a\x31\xb8\xa1\x1f\x5c\x5e\xe1\x87\x9e\xc3\x45\x4e\x5f"
					  "\x3c\x73\x8d\x2d\x9d\x20\x13\x95\xfa\xa4\xb6\x1a\x96\xc8");
}

static bool
siv_case_1(void)
{
	static const unsigned char key[] =
		"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4\xf3\xf2\xf1\xf0"
		"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff";
	static const unsigned char ad[] =
		"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
		"\x20\x21\x22\x23\x24\x25\x26\x27";
	static const unsigned char plain[] =
		"\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee";
	static const unsigned char want[] =
		"\x85\x63\x2d\x07\xc6\xe8\xf3\x7f\x95\x0a\xcd\x32\x0a\x2e\xcc\x93"
		"\x40\xc0\x2b\x96\x90\xc4\xdc\x04\xda\xef\x7f\x6a\xfe\x5c";
	TipBytes	bytes = {ad, sizeof(ad) - 1};
	unsigned char sealed[sizeof(want) - 1];
	unsigned char opened[sizeof(plain) - 1];

	return TipSivSeal(key, sizeof(key) - 1, &bytes, 1, plain, sizeof(opened),
					  sealed) &&
		memcmp(sealed, want, sizeof(sealed)) == 0 &&
		TipSivOpen(key, sizeof(key) - 1, &bytes, 1, sealed, sizeof(sealed),
				   opened) &&
		memcmp(opened, plain, sizeof(opened)) == 0;
}

/* Add here what else this library computes. */
static const TipKnownAnswer answers[] = {
	{"HMAC-SHA-256, RFC 4231 case 1", hmac_case_1},
	{"HMAC-SHA-256, RFC 4231 case 2", hmac_case_2},
	{"HKDF-SHA-256, RFC 5869 case 1", hkdf_case_1},
	{"HKDF-SHA-256, RFC 5869 case 3", hkdf_case_3},
	{"AES-SIV, RFC 5297 A.1", siv_case_1},
	{"FF1, SP 800-38G sample 9", TipFf1KnownAnswer}
};

static int	checked_by = 0;

TipComplaint
TipCheckPrimitives(void)
{
	if (checked_by == MyProcPid)
		return TIP_FINE;
	if (!hmac_case_1() || !hmac_case_2())
		return TipComplain(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
						   "HMAC-SHA-256 of this server gives wrong values",
						   "Replace the OpenSSL library; tip.selfcheck() tells what else is wrong.");
	checked_by = MyProcPid;
	return TIP_FINE;
}

bool
TipIsReady(void)
{
	return checked_by == MyProcPid;
}

static void
put(ReturnSetInfo *result, const char *check, const char *status,
	const char *detail)
{
	Datum		values[3];
	bool		nulls[3] = {false, false, detail == NULL};

	values[0] = CStringGetTextDatum(check);
	values[1] = CStringGetTextDatum(status);
	values[2] = detail == NULL ? (Datum) 0 : CStringGetTextDatum(detail);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_answers(ReturnSetInfo *result)
{
	for (int i = 0; i < lengthof(answers); i++)
	{
		bool		ok = answers[i].check();

		put(result, answers[i].name, ok ? "ok" : "failed",
			ok ? NULL : "this server computes something else");
	}
}

static void
put_warning(ReturnSetInfo *result, const char *check, bool risky,
			const char *why)
{
	put(result, check, risky ? "warning" : "ok", risky ? why : NULL);
}

/* A setting and the value at which it shows nothing of a statement. */
typedef struct SafeSetting
{
	const char *name;
	const char *safe;
	const char *also_safe;
	const char *why;
} SafeSetting;

static const SafeSetting settings[] = {
	{"log_statement", "none", NULL,
		"statements are logged with their literals"},
	{"log_min_duration_statement", "-1", NULL,
		"slow statements are logged with their literals"},
	{"log_min_duration_sample", "-1", NULL,
		"sampled statements are logged with their literals"},
	{"log_transaction_sample_rate", "0", NULL,
		"sampled transactions are logged with their literals"},
	{"log_min_error_statement", "fatal", "panic",
		"a failing statement is logged with its literals"},
	{"log_parameter_max_length", "0", NULL,
		"a logged statement brings its parameters: set it to 0"},
	{"log_parameter_max_length_on_error", "0", NULL,
		"a failing statement is logged with its parameters"},
	{"debug_print_parse", "off", NULL,
		"parse trees are logged with their literals"},
	{"debug_print_rewritten", "off", NULL,
		"parse trees are logged with their literals"},
	{"debug_print_plan", "off", NULL,
		"plans are logged with their literals"},
	{"track_activities", "off", NULL,
		"running statements are shown to pg_read_all_stats and the same role"}
};

static void
put_settings(ReturnSetInfo *result)
{
	for (int i = 0; i < lengthof(settings); i++)
	{
		const SafeSetting *it = &settings[i];
		const char *value = GetConfigOption(it->name, true, false);
		bool		safe = value == NULL || strcmp(value, it->safe) == 0 ||
			(it->also_safe != NULL && strcmp(value, it->also_safe) == 0);

		put_warning(result, it->name, !safe, it->why);
	}
}

/* A library is known by a setting that it brings. */
static void
put_libraries(ReturnSetInfo *result)
{
	const char *explain;

	explain = GetConfigOption("auto_explain.log_min_duration", true, false);
	put_warning(result, "auto_explain",
				explain != NULL && strcmp(explain, "-1") != 0,
				"plans are logged with their literals");
	put_warning(result, "pg_stat_statements",
				GetConfigOption("pg_stat_statements.max", true, false) != NULL,
				"it keeps utility statements with their literals");
}

/* Below the heading of /proc/swaps is a line for each swap space. */
static bool
has_swap(void)
{
	char		line[512];
	int			lines = 0;
	FILE	   *file = fopen("/proc/swaps", "re");

	if (file == NULL)
		return false;
	while (lines < 2 && fgets(line, sizeof(line), file) != NULL)
		lines++;
	fclose(file);
	return lines > 1;
}

static void
put_memory(ReturnSetInfo *result, bool has_ring)
{
	struct rlimit limit;

	put_warning(result, "core limit",
				getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0,
				"a crash may write names to a core file: set LimitCORE=0");
	put_warning(result, "locked memory", has_ring && !TipIsLocked(),
				"keys may be swapped: raise LimitMEMLOCK");
	put_warning(result, "swap", has_swap(),
				"names in the server's memory may be swapped");
}

/* The message as it would be raised: it repeats nothing of the ring. */
static bool
put_ring(ReturnSetInfo *result)
{
	const TipKeyRing *ring = NULL;
	TipComplaint complaint = TipTryKeyRing(&ring);
	int			active = 0;

	if (complaint.message != NULL)
		put(result, "key ring", TipKeyIsNamed() ? "failed" : "warning",
			complaint.message);
	else
	{
		for (int i = 0; i < ring->count; i++)
			active += ring->keys[i].status == TIP_KEY_ACTIVE;
		put(result, "key ring", active == 1 ? "ok" : "warning",
			active == 1 ? TipKeySource() : "no version is active");
	}
	return complaint.message == NULL;
}

PG_FUNCTION_INFO_V1(tip_selfcheck);

/* → (check, status, detail) */
Datum
tip_selfcheck(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		has_ring;

	InitMaterializedSRF(fcinfo, 0);
	put_answers(result);
	has_ring = put_ring(result);
	put_memory(result, has_ring);
	put_settings(result);
	put_libraries(result);
	return (Datum) 0;
}

/* Newest version first: a ring is in no order. */
static const TipRootKey *
next_older(const TipKeyRing *ring, uint32 than)
{
	const TipRootKey *found = NULL;

	for (int i = 0; i < ring->count; i++)
	{
		const TipRootKey *key = &ring->keys[i];

		if (key->version < than &&
			(found == NULL || key->version > found->version))
			found = key;
	}
	return found;
}

static void
put_key(ReturnSetInfo *result, const TipRootKey *key)
{
	unsigned char digest[TIP_SHA256_BYTES];
	char		fingerprint[9];
	Datum		values[7];
	bool		nulls[7] = {false};

	nulls[3] = key->status == TIP_KEY_DESTROYED;
	if (!nulls[3] && !TipFingerprint(key, digest))
		TipRefuseCrypto();
	if (!nulls[3])
	{
		snprintf(fingerprint, sizeof(fingerprint), "%02x%02x%02x%02x",
				 digest[0], digest[1], digest[2], digest[3]);
		values[3] = CStringGetTextDatum(fingerprint);
	}
	values[0] = Int32GetDatum(key->version);
	values[1] = CStringGetTextDatum(TipKeyStatusName(key->status));
	values[2] = DateADTGetDatum(key->created);
	values[4] = Int64GetDatum(TipUses(key->version));
	values[5] = CStringGetTextDatum(TipUsesScope());
	values[6] = BoolGetDatum(TipIsLocked());
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(tip_key_status);

/* → (version, status, created, fingerprint, uses, counted, is_locked) */
Datum
tip_key_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const TipKeyRing *ring;
	const TipRootKey *key;

	InitMaterializedSRF(fcinfo, 0);
	ring = TipRequireKeyRing();
	for (key = next_older(ring, PG_UINT32_MAX); key != NULL;
		 key = next_older(ring, key->version))
		put_key(result, key);
	return (Datum) 0;
}
