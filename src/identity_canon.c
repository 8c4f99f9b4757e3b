/*
 * identity_canon.c
 *		Canonical identifiers: part of the cryptography of pseudonyms.
 *
 * Two spellings that become the same bytes here are one person to the digest.
 * A change of any rule needs a new TIP_CANON_VERSION.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "dates.h"
#include "identity_canon.h"

#define MAX_PHONE_DIGITS	20

static const char *const kind_names[] = {
	"person_name", "birth_date", "passport", "national_id", "phone",
	"composite"
};

/*
 * Area codes of the Caribbean in the North American plan: ten digits that
 * begin with one are a number there.  Frozen, like the letters.
 */
static const char area_codes[] =
	"242 246 264 268 284 340 345 441 473 649 658 664 721 758 767 784 787 809 "
	"829 849 868 869 876 939";

TipKind
TipKindByName(const char *name, int len)
{
	for (int i = 0; i < lengthof(kind_names); i++)
		if (strlen(kind_names[i]) == len &&
			memcmp(kind_names[i], name, len) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown kind of identifier"),
			 errhint("Kinds are person_name, birth_date, passport, national_id, phone and composite.")));
}

const char *
TipKindName(TipKind kind)
{
	return kind_names[kind];
}

void
TipRefuseLength(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
			 errmsg("identifier is too long"),
			 errhint("At most %d bytes of one identifier can be used.",
					 TIP_CANON_INPUT)));
}

void
TipCanonAppend(TipCanonical *out, const char *bytes, int len)
{
	if (out->len + len > TIP_CANON_MAX)
		TipRefuseLength();
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

/* Numbers of documents: letters and digits; 0 and O stay what they are. */
static void
canon_number(const char *folded, int len, TipCanonical *out)
{
	for (int i = 0; i < len; i++)
	{
		unsigned char c = folded[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c >= 0x80)
			out->bytes[out->len++] = c;
	}
}

static void
refuse_phone(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid telephone number"),
			 errhint("Write digits, spaces, punctuation and a leading +, without an extension.")));
}

/* Digits of a number; whether a plus sign is before them. */
static int
phone_digits(const char *folded, int len, char *digits, bool *has_plus)
{
	int			n = 0;

	*has_plus = false;
	for (int i = 0; i < len; i++)
	{
		unsigned char c = folded[i];

		if (c >= '0' && c <= '9')
		{
			if (n == MAX_PHONE_DIGITS)
				refuse_phone();
			digits[n++] = c;
		}
		else if ((c >= 'a' && c <= 'z') || c >= 0x80 ||
				 (c == '+' && (n > 0 || *has_plus)))
			refuse_phone();
		else if (c == '+')
			*has_plus = true;
	}
	return n;
}

/* NXX NXX XXXX of the North American plan, where N is 2 to 9 */
static bool
is_american(const char *digits)
{
	return digits[0] >= '2' && digits[3] >= '2';
}

static bool
is_caribbean(const char *digits)
{
	if (!is_american(digits))
		return false;
	for (const char *code = area_codes; *code != '\0'; code += 4)
	{
		if (memcmp(code, digits, 3) == 0)
			return true;
		if (code[3] == '\0')
			break;
	}
	return false;
}

/* With + and country code if that can be told, else the digits alone. */
static void
canon_phone(const char *folded, int len, TipCanonical *out)
{
	char		buffer[MAX_PHONE_DIGITS];
	char	   *digits = buffer;
	bool		has_plus;
	int			n = phone_digits(folded, len, digits, &has_plus);

	if (n == 0)
		return;
	if (has_plus)
		TipCanonAppend(out, "+", 1);
	else if (n >= 12 && memcmp(digits, "011", 3) == 0)
	{
		TipCanonAppend(out, "+", 1);
		digits += 3;
		n -= 3;
	}
	else if (n > 2 && memcmp(digits, "00", 2) == 0)
	{
		TipCanonAppend(out, "+", 1);
		digits += 2;
		n -= 2;
	}
	else if (n == 11 && digits[0] == '1' && is_american(digits + 1))
		TipCanonAppend(out, "+", 1);
	else if (n == 10 && is_caribbean(digits))
		TipCanonAppend(out, "+1", 2);
	TipCanonAppend(out, digits, n);
}

/* To the precision that is known; the first of January is the year alone. */
static void
canon_date(const char *folded, int len, TipCanonical *out)
{
	char		text[16];
	Datum		date;

	while (len > 0 && folded[0] == ' ')
	{
		folded++;
		len--;
	}
	while (len > 0 && folded[len - 1] == ' ')
		len--;
	if (len == 0)
		return;
	memcpy(text, folded, Min(len, sizeof(text) - 1));
	text[Min(len, sizeof(text) - 1)] = '\0';
	if (len >= sizeof(text) || !TipParsePartialDate(text, &date))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("invalid birth date"),
				 errhint("Write 1998, 1998-05 or 1998-05-17, with ? behind it if uncertain, ~ if approximate.")));
	text[strspn(text, "0123456789-")] = '\0';
	if (strcmp(text + 4, "-01-01") == 0)
		text[4] = '\0';
	TipCanonAppend(out, text, strlen(text));
}

static void
canon_part(TipKind kind, const char *value, int len, TipCanonical *out)
{
	TipCanonPart part = {kind, out->len, 0};
	char		folded[2 * TIP_CANON_INPUT];
	int			n;

	if (len > TIP_CANON_INPUT)
		TipRefuseLength();
	n = TipCanonFold(value, len, folded);
	if (kind == TIP_PERSON_NAME)
		TipCanonName(folded, n, out);
	else if (kind == TIP_BIRTH_DATE)
		canon_date(folded, n, out);
	else if (kind == TIP_PHONE)
		canon_phone(folded, n, out);
	else
		canon_number(folded, n, out);
	part.len = out->len - part.offset;
	if (part.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("nothing is left of the identifier to make a pseudonym from"),
				 errhint("Store NULL where an identifier is not known.")));
	out->parts[out->count++] = part;
}

static void
refuse_composite(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid composite identifier"),
			 errhint("Write a JSON object of at least two kinds, each with a text, such as {\"person_name\": ..., \"birth_date\": ...}.")));
}

/* The JSON parser's own message shows what it could not read: replace it. */
static Jsonb *
read_json(const char *value, int len)
{
	char	   *text = pnstrdup(value, len);
	MemoryContext context = CurrentMemoryContext;
	Datum		result = (Datum) 0;
	bool		failed = false;

	if (!pg_verify_mbstr(PG_UTF8, value, len, true))
		refuse_composite();
	PG_TRY();
	{
		result = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
		failed = true;
	}
	PG_END_TRY();
	if (failed)
		refuse_composite();
	return DatumGetJsonbP(result);
}

static void
canon_composite(const char *value, int len, TipCanonical *out)
{
	Jsonb	   *object = read_json(value, len);
	int			used = 0;

	if (!JB_ROOT_IS_OBJECT(object) || JB_ROOT_COUNT(object) < 2)
		refuse_composite();
	for (TipKind kind = 0; kind < TIP_PART_KINDS; kind++)
	{
		JsonbValue	found;

		if (getKeyJsonValueFromContainer(&object->root, kind_names[kind],
										 strlen(kind_names[kind]),
										 &found) == NULL)
			continue;
		if (found.type != jbvString)
			refuse_composite();
		canon_part(kind, found.val.string.val, found.val.string.len, out);
		used++;
	}
	if (used != JB_ROOT_COUNT(object))
		refuse_composite();
	pfree(object);
}

void
TipCanonicalize(TipKind kind, const char *value, int len, TipCanonical *out)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("identifiers need a database in encoding UTF8"),
				 errhint("Create the database with ENCODING 'UTF8'.")));
	if (len > TIP_CANON_INPUT)
		TipRefuseLength();
	out->kind = kind;
	out->count = 0;
	out->len = 0;
	if (kind == TIP_COMPOSITE)
		canon_composite(value, len, out);
	else
		canon_part(kind, value, len, out);
}
