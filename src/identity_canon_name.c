/*
 * identity_canon_name.c
 *		Words of a person's name, in no order.
 *
 * One recorder writes the surname first, another last, and of two surnames one
 * may be missing; so words are sorted.  What belongs to the word behind it is
 * joined to it before: else Jean Saint-Pierre were Pierre Saint-Jean.
 */
#include "postgres.h"

#include "compat.h"
#include "identity_canon.h"

#define MAX_WORDS	(TIP_CANON_INPUT + 1)

typedef struct Word
{
	const char *text;
	uint16		len;
	bool		is_last;		/* nothing of this part of the name follows */
} Word;

typedef struct Spelling
{
	const char *written;
	const char *meant;
	bool		needs_dot;		/* else it is a name of its own */
} Spelling;

static const Spelling aliases[] = {
	{"st", "saint", false},
	{"ste", "saint", false},
	{"sainte", "saint", false},
	{"jn", "jean", false},
	{"bte", "baptiste", false},
	{"ma", "maria", true}
};

static bool
is_word(const Word *word, const char *text)
{
	return strlen(text) == word->len &&
		memcmp(word->text, text, word->len) == 0;
}

static void
expand(Word *word, bool has_dot)
{
	if (word->len < 2 || word->len > 6)
		return;
	for (int i = 0; i < lengthof(aliases); i++)
		if ((has_dot || !aliases[i].needs_dot) &&
			is_word(word, aliases[i].written))
		{
			word->text = aliases[i].meant;
			word->len = strlen(aliases[i].meant);
			return;
		}
}

static bool
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/*
 * Read one word, leaving out apostrophes, and return what is behind it.  The
 * words are written to *room.  "O' Neil" is one word.
 */
static const char *
read_word(const char *c, const char *end, char **room, Word *word)
{
	char	   *start = *room;

	for (; c < end; c++)
	{
		if (is_letter(*c))
			*(*room)++ = *c;
		else if (*c != '\'')
			break;
		else if (*room - start == 1)
			while (c + 1 < end && c[1] == ' ')
				c++;
	}
	word->text = start;
	word->len = *room - start;
	return c;
}

/* Cut into words; how many. */
static int
read_words(const char *folded, int len, char *room, Word *words)
{
	const char *end = folded + len;
	const char *c = folded;
	int			n = 0;

	while (c < end)
	{
		Word	   *word = &words[n];

		if (!is_letter(*c))
		{
			if (*c == ',' && n > 0)
				words[n - 1].is_last = true;
			c++;
			continue;
		}
		c = read_word(c, end, &room, word);
		expand(word, c < end && *c == '.');
		word->is_last = false;
		n++;
	}
	if (n > 0)
		words[n - 1].is_last = true;
	return n;
}

/* Whether a word goes with the one behind it, which there must be. */
static bool
takes_next(const Word *word)
{
	if (word->is_last)
		return false;
	/* else "Saint E." would be read as Sainte the next time */
	if (is_word(word, "saint"))
		return word[1].len > 1;
	return is_word(word, "mc");
}

/* Write words that belong together as one, into the room; how many remain. */
static int
join_words(Word *words, int n, TipCanonical *room)
{
	int			kept = 0;
	bool		has_saint = false;

	for (int i = 0; i < n; i++)
	{
		Word		word = {room->bytes + room->len, 0, false};

		TipCanonAppend(room, words[i].text, words[i].len);
		for (; takes_next(&words[i]); i++)
			TipCanonAppend(room, words[i + 1].text, words[i + 1].len);
		word.len = room->bytes + room->len - word.text;
		if (is_word(&word, "mc") || (has_saint && is_word(&word, "saint")))
			continue;
		has_saint |= is_word(&word, "saint");
		words[kept++] = word;
	}
	return kept;
}

/* Bytewise; a saint without a name stays last, where it takes none. */
static int
compare_words(const Word *a, const Word *b)
{
	int			diff = is_word(a, "saint") - is_word(b, "saint");

	if (diff == 0)
		diff = memcmp(a->text, b->text, Min(a->len, b->len));
	return diff != 0 ? diff : a->len - b->len;
}

static void
sort_words(Word *words, int n)
{
	for (int i = 1; i < n; i++)
	{
		Word		word = words[i];
		int			at = i;

		for (; at > 0 && compare_words(&words[at - 1], &word) > 0; at--)
			words[at] = words[at - 1];
		words[at] = word;
	}
}

void
TipCanonName(const char *folded, int len, TipCanonical *out)
{
	Word		words[MAX_WORDS];
	char		letters[2 * TIP_CANON_INPUT];
	TipCanonical joined;
	int			n = read_words(folded, len, letters, words);

	joined.len = 0;
	n = join_words(words, n, &joined);
	sort_words(words, n);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			TipCanonAppend(out, " ", 1);
		TipCanonAppend(out, words[i].text, words[i].len);
	}
}
