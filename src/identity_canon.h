/*
 * identity_canon.h
 *		One spelling for identifiers that are written in many.
 */
#ifndef TIP_IDENTITY_CANON_H
#define TIP_IDENTITY_CANON_H

#include "postgres.h"

/* Under every digest: whoever changes a spelling rule counts it up. */
#define TIP_CANON_VERSION	1

#define TIP_CANON_INPUT		1000	/* bytes of an identifier, at most */
#define TIP_CANON_MAX		4096	/* bytes of its canonical form */

/* In the order in which the parts of a composite identifier go. */
typedef enum TipKind
{
	TIP_PERSON_NAME,
	TIP_BIRTH_DATE,
	TIP_PASSPORT,
	TIP_NATIONAL_ID,
	TIP_PHONE,
	TIP_COMPOSITE
} TipKind;

#define TIP_PART_KINDS		TIP_COMPOSITE

typedef struct TipCanonPart
{
	TipKind		kind;
	int			offset;
	int			len;
} TipCanonPart;

/* Filled by TipCanonicalize; of a composite, one part for each kind. */
typedef struct TipCanonical
{
	TipKind		kind;
	int			count;
	int			len;			/* of bytes */
	TipCanonPart parts[TIP_PART_KINDS];
	char		bytes[TIP_CANON_MAX];
} TipCanonical;

/* Raises 22023 for an unknown kind. */
extern TipKind TipKindByName(const char *name, int len);
extern const char *TipKindName(TipKind kind);

/*
 * Raises for what is too long, empty or no such identifier, repeating
 * nothing; whoever calls it has a veil (errors.h) around it.
 */
extern void TipCanonicalize(TipKind kind, const char *value, int len,
							TipCanonical *out);

/* In identity_canon_fold.c: letters; returns the length of what it writes. */
extern int	TipCanonFold(const char *value, int len, char *folded);

/* In identity_canon_name.c: words; appends them to out->bytes. */
extern void TipCanonName(const char *folded, int len, TipCanonical *out);

/* Raises when the canonical form would grow too long. */
extern void TipCanonAppend(TipCanonical *out, const char *bytes, int len);

pg_noreturn extern void TipRefuseLength(void);

#endif							/* TIP_IDENTITY_CANON_H */
