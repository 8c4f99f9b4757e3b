/*
 * rules_text.c
 *		Does a free text look as if it named a person?
 *
 * A regular expression could say it, but compiling and running one may fail
 * on a long text, and a shipped rule never fails.  This is one pass over the
 * bytes: those looked for are ASCII, which in no server encoding is part of
 * another character.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "compat.h"

#define PHONE_DIGITS	7		/* a local number */
#define PAPER_DIGITS	6		/* behind the letters of a passport */
#define MAX_GROUPS		3

/* Digits in groups, as people write telephone numbers and dates. */
typedef struct DigitRun
{
	int			digits;			/* in all */
	int			groups;
	int			group[MAX_GROUPS];	/* digits of the first groups */
} DigitRun;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* 2021-05-31, 31.05.2021, 31/5/2021 */
static bool
is_date(const DigitRun *run)
{
	if (run->groups != 3 || run->group[1] > 2)
		return false;
	return (run->group[0] == 4 && run->group[2] <= 2) ||
		(run->group[0] <= 2 && run->group[2] == 4);
}

/* Read a run of digits that begins at *at; leave *at behind it. */
static DigitRun
read_digits(const char *text, size_t len, size_t *at)
{
	DigitRun	run = {0};
	size_t		i = *at;

	while (i < len && is_digit(text[i]) && run.digits <= 64)
	{
		int			length = 0;

		for (; i < len && is_digit(text[i]) && length <= 64; i++)
			length++;
		if (run.groups < MAX_GROUPS)
			run.group[run.groups] = length;
		run.groups++;
		run.digits += length;
		*at = i;
		/* ") " and "-" join groups, ": " and ", " do not */
		for (int n = 0; n < 2 && i < len && strchr(" -./()", text[i]); n++)
			i++;
	}
	return run;
}

static bool
is_address(const char *text, size_t len, size_t at)
{
	return at > 0 && at + 1 < len && is_word(text[at - 1]) &&
		is_word(text[at + 1]);
}

PG_FUNCTION_INFO_V1(tip_may_identify);

/*
 * tip.may_identify(text) → true where it holds an e-mail address, a telephone
 * number (seven digits or more, also in groups, but no date) or the number of
 * a document (letters with six digits or more behind them).  False does not
 * say that no name is in it.
 */
Datum
tip_may_identify(PG_FUNCTION_ARGS)
{
	text	   *arg = PG_GETARG_TEXT_PP(0);
	const char *text = VARDATA_ANY(arg);
	size_t		len = VARSIZE_ANY_EXHDR(arg);
	size_t		i = 0;

	while (i < len)
	{
		bool		after_letter = i > 0 && is_word(text[i - 1]);
		DigitRun	run;

		CHECK_FOR_INTERRUPTS();
		if (text[i] == '@' && is_address(text, len, i))
			PG_RETURN_BOOL(true);
		if (!is_digit(text[i]))
		{
			i++;
			continue;
		}
		run = read_digits(text, len, &i);
		if (after_letter ? run.group[0] >= PAPER_DIGITS :
			run.digits >= PHONE_DIGITS && !is_date(&run))
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}
