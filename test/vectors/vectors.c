/*
 * vectors.c
 *		Feed published vectors to the primitives that the extension links.
 *
 * vectors KIND FILE...: each file is CSV with a header; a row is valid unless
 * its column "result" says otherwise.  What a valid row says must come out,
 * in both directions, and what an invalid one says must be refused.  Prints a
 * line per file with the rows counted; exit status 1 if any row fails.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity_crypto.h"
#include "identity_ff1.h"
#ifdef HAVE_SIV
#include "identity_siv.h"
#endif

#define MAX_LINE	65536
#define MAX_FIELDS	16
#define MAX_BYTES	16384
#define MAX_PARTS	8
#define NO_DIGIT	UINT16_MAX

typedef enum Outcome
{
	AGREES, REFUSED, WRONG, APART
} Outcome;

typedef struct Row
{
	const char *names[MAX_FIELDS];
	const char *values[MAX_FIELDS];
	int			count;
} Row;

/* A column that may have one of two names; "" where it is missing. */
static const char *
field(const Row *row, const char *name, const char *other)
{
	for (int i = 0; i < row->count; i++)
		if (strcmp(row->names[i], name) == 0 ||
			(other != NULL && strcmp(row->names[i], other) == 0))
			return row->values[i];
	return "";
}

/* Cut a line of CSV into fields, in place. */
static int
split(char *line, const char **fields)
{
	int			n = 0;
	char	   *in = line;

	for (;;)
	{
		char	   *out = in;
		bool		quoted = *in == '"';
		bool		last;

		fields[n++] = out;
		in += quoted;
		while (*in != '\0' && (quoted || (*in != ',' && *in != '\n' && *in != '\r')))
		{
			if (quoted && *in == '"' && *++in != '"')
				quoted = false;
			else
				*out++ = *in++;
		}
		last = *in != ',' || n == MAX_FIELDS;
		in++;
		*out = '\0';
		if (last)
			return n;
	}
}

static TipBytes
bytes_of(const char *hex, unsigned char *buffer)
{
	size_t		len = strlen(hex) / 2;
	unsigned	byte;

	for (size_t i = 0; i < len; i++)
	{
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			abort();
		buffer[i] = byte;
	}
	return (TipBytes) {buffer, len};
}

static Outcome
judge(bool same)
{
	return same ? AGREES : WRONG;
}

static Outcome
check_hmac(const Row *row)
{
	unsigned char key[MAX_BYTES];
	unsigned char message[MAX_BYTES];
	unsigned char tag[MAX_BYTES];
	unsigned char made[TIP_SHA256_BYTES];
	TipBytes	k = bytes_of(field(row, "key_hex", NULL), key);
	TipBytes	m = bytes_of(field(row, "msg_hex", "data_hex"), message);
	TipBytes	t = bytes_of(field(row, "tag_hex", "hmac_sha256_hex"), tag);
	EVP_MAC_CTX *mac = TipMacNew(k);
	bool		ok = mac != NULL;

	/* twice: the second time with the context that is kept */
	for (int i = 0; i < 2 && ok; i++)
		ok = (i == 0 || TipMacRestart(mac)) &&
			EVP_MAC_update(mac, m.data, m.len) == 1 &&
			TipMacFinish(mac, made) && t.len > 0 &&
			t.len <= TIP_SHA256_BYTES && memcmp(made, tag, t.len) == 0;
	EVP_MAC_CTX_free(mac);
	return ok ? AGREES : REFUSED;
}

static Outcome
check_hkdf(const Row *row)
{
	unsigned char key[MAX_BYTES];
	unsigned char salt[MAX_BYTES];
	unsigned char info[MAX_BYTES];
	unsigned char want[MAX_BYTES];
	unsigned char made[MAX_BYTES];
	size_t		len = atoi(field(row, "size", "okm_bytes"));
	TipBytes	w = bytes_of(field(row, "okm_hex", NULL), want);

	if (!TipHkdf(bytes_of(field(row, "ikm_hex", NULL), key),
				 bytes_of(field(row, "salt_hex", NULL), salt),
				 bytes_of(field(row, "info_hex", NULL), info), made, len))
		return REFUSED;
	return judge(w.len == len && memcmp(made, want, len) == 0);
}

static int
digits_of(const char *text, const char *alphabet, uint16_t *digits)
{
	int			n = 0;

	for (; *text != '\0'; text++)
	{
		const char *at = strchr(alphabet, *text);

		digits[n++] = at == NULL ? NO_DIGIT : at - alphabet;
	}
	return n;
}

/* The fast path must say the same wherever it applies. */
static bool
fast_agrees(EVP_CIPHER_CTX *aes, const uint16_t *plain,
			const uint16_t *sealed, int len)
{
	uint64_t	in = 0;
	uint64_t	want = 0;
	uint64_t	made;

	for (int i = 0; i < len; i++)
	{
		in = in << 5 | plain[i];
		want = want << 5 | sealed[i];
	}
	return TipFf1Base32(aes, TIP_FF1_ENCRYPT, len, in, &made) &&
		made == want &&
		TipFf1Base32(aes, TIP_FF1_DECRYPT, len, want, &made) && made == in;
}

static Outcome
check_ff1_with(EVP_CIPHER_CTX *aes, const Row *row, unsigned radix,
			   const char *alphabet)
{
	unsigned char tweak[MAX_BYTES];
	uint16_t	plain[MAX_BYTES];
	uint16_t	want[MAX_BYTES];
	uint16_t	made[MAX_BYTES];
	uint16_t	back[MAX_BYTES];
	TipBytes	t = bytes_of(field(row, "tweak_hex", NULL), tweak);
	int			len = digits_of(field(row, "plaintext", NULL), alphabet, plain);
	int			others = digits_of(field(row, "ciphertext", NULL), alphabet, want);
	uint64_t	texts = 1;

	if (!TipFf1(aes, TIP_FF1_ENCRYPT, radix, t, plain, len, made))
	{
		for (int i = 0; i < len && texts < 1000000; i++)
			texts *= radix;
		/* published before the least number of texts became a must */
		return texts < 1000000 && len >= 2 ? APART : REFUSED;
	}
	return judge(len == others && memcmp(made, want, 2 * len) == 0 &&
				 TipFf1(aes, TIP_FF1_DECRYPT, radix, t, want, len, back) &&
				 memcmp(back, plain, 2 * len) == 0 &&
				 (radix != 32 || t.len > 0 || len > TIP_FF1_FAST_DIGITS ||
				  fast_agrees(aes, plain, want, len)));
}

static Outcome
check_ff1(const Row *row)
{
	unsigned char key[MAX_BYTES];
	const char *alphabet = field(row, "alphabet", NULL);
	EVP_CIPHER_CTX *aes = TipFf1New(bytes_of(field(row, "key_hex", NULL), key));
	Outcome		outcome = REFUSED;

	if (*alphabet == '\0')
		alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
	if (aes != NULL)
		outcome = check_ff1_with(aes, row, atoi(field(row, "radix", NULL)),
								 alphabet);
	EVP_CIPHER_CTX_free(aes);
	return outcome;
}

#ifdef HAVE_SIV
/* "a|b": two strings; none at all where the column is empty */
static int
parts_of(const char *list, unsigned char *buffer, TipBytes *parts)
{
	int			n = 0;

	while (*list != '\0')
	{
		char		one[MAX_BYTES];
		size_t		len = strcspn(list, "|");

		memcpy(one, list, len);
		one[len] = '\0';
		parts[n] = bytes_of(one, buffer);
		buffer += parts[n++].len;
		list += len + (list[len] == '|');
	}
	return n;
}

static Outcome
check_siv(const Row *row)
{
	unsigned char key[MAX_BYTES];
	unsigned char ad[MAX_BYTES];
	unsigned char plain[MAX_BYTES];
	unsigned char sealed[2 * MAX_BYTES];
	unsigned char made[2 * MAX_BYTES];
	char		hex[2 * MAX_BYTES];
	TipBytes	parts[MAX_PARTS];
	TipBytes	k = bytes_of(field(row, "key_hex", NULL), key);
	TipBytes	p = bytes_of(field(row, "msg_hex", "plaintext_hex"), plain);
	TipBytes	s;
	int			n = parts_of(field(row, "aad_hex", "aad_hex_list"), ad, parts);
	bool		opened;

	/* one file always has one string of associated data, perhaps empty */
	if (n == 0 && *field(row, "comment", NULL) != '\0')
		parts[n++] = (TipBytes) {ad, 0};
	snprintf(hex, sizeof(hex), "%s%s", field(row, "tag_hex", NULL),
			 field(row, "ct_hex", "ciphertext_hex"));
	s = bytes_of(hex, sealed);
	opened = s.len >= 16 &&
		TipSivOpen(k.data, k.len, parts, n, s.data, s.len, made);
	if (p.len == 0 && s.len == 16 && !opened &&
		strcmp(field(row, "result", NULL), "invalid") != 0)
		return APART;			/* OpenSSL before 3.5 refuses it */
	if (!opened)
		return REFUSED;
	return judge(s.len == p.len + 16 && memcmp(made, plain, p.len) == 0 &&
				 TipSivSeal(k.data, k.len, parts, n, plain, p.len, made) &&
				 memcmp(made, sealed, s.len) == 0);
}
#endif

/* Random texts of all lengths that the fast path takes; 0: all agree */
static int
check_fast(long rows)
{
	unsigned char key[32];
	uint64_t	state = 88172645463325252;
	EVP_CIPHER_CTX *aes = NULL;

	for (long i = 0; i < rows; i++)
	{
		int			len = 4 + i % 7;
		uint16_t	plain[TIP_FF1_FAST_DIGITS];
		uint16_t	sealed[TIP_FF1_FAST_DIGITS];

		for (int j = 0; j < 32 + len; j++)
		{
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			if (j < 32)
				key[j] = state >> 24;
			else
				plain[j - 32] = state >> 24 & 31;
		}
		EVP_CIPHER_CTX_free(aes);
		aes = TipFf1New((TipBytes) {key, 16 + 8 * (i % 3)});
		if (!TipFf1(aes, TIP_FF1_ENCRYPT, 32, (TipBytes) {NULL, 0}, plain,
					len, sealed) || !fast_agrees(aes, plain, sealed, len))
			return 1;
	}
	EVP_CIPHER_CTX_free(aes);
	printf("fast path: %ld random texts agree\n", rows);
	return 0;
}

static int
check_file(Outcome (*check) (const Row *), const char *path)
{
	static char header[MAX_LINE];
	static char line[MAX_LINE];
	const char *base = strrchr(path, '/');
	FILE	   *file = fopen(path, "r");
	Row			row;
	int			valid = 0;
	int			invalid = 0;
	int			apart = 0;
	int			failed = 0;

	if (file == NULL || fgets(header, MAX_LINE, file) == NULL)
		return 1;
	row.count = split(header, row.names);
	for (int n = 2; fgets(line, MAX_LINE, file) != NULL; n++)
	{
		int			count = split(line, row.values);
		bool		bad = strcmp(field(&row, "result", NULL), "invalid") == 0;
		Outcome		outcome = count == row.count ? check(&row) : WRONG;

		if (outcome == APART && !bad)
			apart++;
		else if (outcome == (bad ? REFUSED : AGREES) ||
				 (bad && outcome == APART))
			bad ? invalid++ : valid++;
		else
		{
			failed++;
			printf("%s: line %d fails\n", path, n);
		}
	}
	fclose(file);
	printf("%s: %d rows: %d valid agree, %d invalid refused, %d apart, %d failed\n",
		   base == NULL ? path : base + 1, valid + invalid + apart + failed,
		   valid, invalid, apart, failed);
	return failed > 0;
}

int
main(int argc, char **argv)
{
	static const struct
	{
		const char *name;
		Outcome		(*check) (const Row *);
	}			kinds[] = {
		{"hmac", check_hmac}, {"hkdf", check_hkdf}, {"ff1", check_ff1},
#ifdef HAVE_SIV
		{"siv", check_siv},
#endif
	};
	int			status = 0;

	if (argc == 3 && strcmp(argv[1], "fast") == 0)
		return check_fast(atol(argv[2]));
	if (argc == 2 && strcmp(argv[1], "known") == 0)
		return !TipFf1KnownAnswer();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		if (argc < 3 || strcmp(argv[1], kinds[i].name) != 0)
			continue;
		for (int j = 2; j < argc; j++)
			status |= check_file(kinds[i].check, argv[j]);
		return status;
	}
	fprintf(stderr, "usage: vectors hmac|hkdf|ff1|siv FILE... | fast ROWS | known\n");
	return 2;
}
