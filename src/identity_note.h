/*
 * identity_note.h
 *		What the ledger is told, shared by the functions that tell it.
 */
#ifndef TIP_IDENTITY_NOTE_H
#define TIP_IDENTITY_NOTE_H

#include "postgres.h"

#include "utils/uuid.h"

#include "compat.h"
#include "identity.h"
#include "identity_apart.h"

#define TIP_MOST_VERSIONS 64

/* An entry of the ledger, as far as whoever asks decides it; NULL: nothing. */
typedef struct TipNote
{
	const char *action;
	const char *login;
	const char *actor;
	const TipPseudonym *pseudonym;
	const pg_uuid_t *victim;
	const char *purpose;
	const char *case_ref;
	const int64 *request;
} TipNote;

/* What the application claims (tip_module.actor), or NULL; session_user. */
extern const char *TipClaimedActor(void);
extern const char *TipLogin(void);

/* The type tip.pseudonym. */
extern Oid	TipPseudonymType(void);

/* Append in a transaction of its own; raises 53400 if the budget is spent. */
extern int64 TipNoteApart(TipApartTask task, const TipNote *note);

pg_noreturn extern void TipRefuseSpent(const char *action);

#endif							/* TIP_IDENTITY_NOTE_H */
