/*
 * identity_keys_ring.c
 *		The text of a key ring: one line for each version,
 *		"version:status:created:64 hexadecimal digits".
 */
#include "postgres.h"

#include <openssl/crypto.h>

#include "compat.h"
#include "identity_keys.h"
#include "utils/datetime.h"

#define LINE_HINT \
	"Each line reads: 1:active:2026-01-31:<64 hexadecimal digits>."
#define FIELDS	4

static const char *const statuses[] = {
	[TIP_KEY_PENDING] = "pending",
	[TIP_KEY_ACTIVE] = "active",
	[TIP_KEY_RETIRED] = "retired",
	[TIP_KEY_DESTROYED] = "destroyed"
};

const char *
TipKeyStatusName(TipKeyStatus status)
{
	return statuses[status];
}

static TipComplaint
malformed(const char *message, const char *hint)
{
	return TipComplain(ERRCODE_CONFIG_FILE_ERROR, message, hint);
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

static TipComplaint
parse_key(const char *hex, TipRootKey *key)
{
	size_t		len = strlen(hex);

	if (key->status == TIP_KEY_DESTROYED)
		return len == 0 ? TIP_FINE :
			malformed("key ring has a destroyed version with a key",
					  "Leave nothing behind the last colon of a destroyed version.");
	if (len < 2 * TIP_KEY_BYTES)
		return malformed("key ring has a key that is too short", LINE_HINT);
	if (len > 2 * TIP_KEY_BYTES)
		return malformed("key ring has a key that is too long", LINE_HINT);
	for (int i = 0; i < TIP_KEY_BYTES; i++)
	{
		int			high = hex_value(hex[2 * i]);
		int			low = hex_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return malformed("key ring has a key that is not hexadecimal",
							 LINE_HINT);
		key->bytes[i] = high << 4 | low;
	}
	return TIP_FINE;
}

/* Digits alone, at most most_digits of them; -1 for anything else. */
static int
parse_number(const char *text, int most_digits)
{
	int			value = 0;
	int			n = 0;

	for (; text[n] >= '0' && text[n] <= '9' && n < most_digits; n++)
		value = value * 10 + text[n] - '0';
	return n == 0 || text[n] != '\0' ? -1 : value;
}

/* YYYY-MM-DD, a day of the calendar; cuts the text up */
static bool
parse_day(char *text, DateADT *day)
{
	int			ymd[3];
	int			again[3];
	int			julian;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	text[4] = text[7] = '\0';
	ymd[0] = parse_number(text, 4);
	ymd[1] = parse_number(text + 5, 2);
	ymd[2] = parse_number(text + 8, 2);
	if (ymd[0] < 1 || ymd[1] < 1 || ymd[2] < 1)
		return false;
	julian = date2j(ymd[0], ymd[1], ymd[2]);
	j2date(julian, &again[0], &again[1], &again[2]);
	*day = julian - POSTGRES_EPOCH_JDATE;
	return memcmp(ymd, again, sizeof(ymd)) == 0;
}

static bool
parse_status(const char *text, TipRootKey *key)
{
	for (int i = 0; i < lengthof(statuses); i++)
		if (strcmp(text, statuses[i]) == 0)
		{
			key->status = i;
			return true;
		}
	return false;
}

/* Cut a line at its colons; how many fields there are. */
static int
split(char *line, char **fields)
{
	int			n = 0;

	for (char *field = line; field != NULL; n++)
	{
		char	   *colon = strchr(field, ':');

		if (n < FIELDS)
			fields[n] = field;
		if (colon != NULL)
			*colon++ = '\0';
		field = colon;
	}
	return n;
}

static TipComplaint
parse_line(char *line, TipRootKey *key)
{
	char	   *fields[FIELDS];
	int			version;

	if (split(line, fields) != FIELDS)
		return malformed("key ring is malformed", LINE_HINT);
	version = parse_number(fields[0], 5);
	if (version < 1 || version > PG_UINT16_MAX)
		return malformed("key ring has a bad version",
						 "Versions are numbers from 1 to 65535.");
	key->version = version;
	if (!parse_status(fields[1], key))
		return malformed("key ring has an unknown status",
						 "A key is pending, active, retired or destroyed.");
	if (!parse_day(fields[2], &key->created))
		return malformed("key ring has a bad date",
						 "Write the day a key was made as 2026-01-31.");
	return parse_key(fields[3], key);
}

/* Is the last key of a ring at odds with one before it? */
static TipComplaint
check_last(const TipKeyRing *ring)
{
	const TipRootKey *last = &ring->keys[ring->count - 1];

	for (const TipRootKey *key = ring->keys; key < last; key++)
	{
		if (key->version == last->version)
			return malformed("key ring has a version twice",
							 "Give every key a version of its own.");
		if (key->status == TIP_KEY_ACTIVE && last->status == TIP_KEY_ACTIVE)
			return malformed("key ring has two active versions",
							 "Make one of them pending or retired.");
		if (key->status != TIP_KEY_DESTROYED &&
			last->status != TIP_KEY_DESTROYED &&
			CRYPTO_memcmp(key->bytes, last->bytes, TIP_KEY_BYTES) == 0)
			return malformed("key ring has one key under two versions",
							 "Draw a new key for every version.");
	}
	return TIP_FINE;
}

TipComplaint
TipParseRing(char *text, size_t len, TipKeyRing *ring)
{
	TipComplaint complaint = TIP_FINE;
	char	   *rest = NULL;

	if (strlen(text) != len)
		return malformed("key ring is not text", LINE_HINT);
	ring->count = 0;
	for (char *line = strtok_r(text, "\r\n", &rest);
		 line != NULL && complaint.message == NULL;
		 line = strtok_r(NULL, "\r\n", &rest))
	{
		if (*line == '#')
			continue;
		if (ring->count == TIP_MAX_KEYS)
			return TipComplain(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							   "key ring has too many versions",
							   "A key ring has at most 64 versions.");
		complaint = parse_line(line, &ring->keys[ring->count++]);
		if (complaint.message == NULL)
			complaint = check_last(ring);
	}
	if (complaint.message == NULL && ring->count == 0)
		return malformed("key ring has no key", LINE_HINT);
	return complaint;
}
