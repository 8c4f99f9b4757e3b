/*
 * release_audit_attack.h
 *		What the parts of the attack on a published table share.
 */
#ifndef TIP_RELEASE_AUDIT_ATTACK_H
#define TIP_RELEASE_AUDIT_ATTACK_H

#include "postgres.h"

#include "release_audit.h"

/* What one question may cost before its answer is "not proven". */
#define TIP_AUDIT_PIVOTS	100000
#define TIP_AUDIT_NODES		5000

/* A sum of unknowns of one component that is bounded, asked for, or both. */
typedef struct AuditShare
{
	int			count;
	int		   *var;			/* ascending */
	int			next;			/* of the same hash */
	int			component;
	int			id;				/* in the program of its component */
	int64		low;			/* what is said of it */
	int64		high;
	bool		binding;		/* and the unknowns alone do not say so */
	bool		wanted;			/* some target asks for it */
	const TipAuditRow *row;		/* the cell that says so */
} AuditShare;

/* What one attacker has found possible for each share. */
typedef struct AuditView
{
	int64	   *low;
	int64	   *high;
	bool	   *low_sure;		/* nothing lower is possible */
	bool	   *high_sure;
} AuditView;

typedef struct AuditPart
{
	int			vars;
	int		   *var;
	int			shares;
	int		   *share;
	int			relations;
	int		   *relation;
	TipSystem	system;			/* first the rows that bind */
	int			binding;		/* how many these are */
	int			first_relation; /* id */
	TipProgram *program;		/* NULL: not even a start was found */
	int			kept;
	int64	  **table;			/* that fit: a sample */
} AuditPart;

typedef struct AuditTarget
{
	int			cell;			/* -1: a finest cell that no row shows */
	int			var;
	int64		known;			/* in its unknowns that are plain to see */
	bool		open;
	int			shares;
	int		   *share;
} AuditTarget;

typedef struct AuditRun
{
	TipAudit   *audit;
	const TipAuditOptions *options;
	ReturnSetInfo *result;
	int		   *root;			/* union-find, later the component */
	int		   *local;			/* number of an unknown in its component */
	int			components;
	AuditPart  *component;
	int			shares;
	int			room;
	AuditShare *share;
	int		   *bucket;
	int			targets;
	AuditTarget *target;
	AuditView		outsider;
	int64	   *point;
} AuditRun;

extern bool TipAuditIsLive(const AuditRun *attack, int var);
extern void TipAuditPrepare(AuditRun *attack);
pg_noreturn extern void TipAuditBlame(const AuditRun *attack,
									  const AuditPart *c, int id);
extern AuditView TipAuditNewView(int shares);
extern void TipAuditWiden(const AuditRun *attack, const AuditPart *c,
						  AuditView *view, const int64 *table);
extern void TipAuditKeep(AuditPart *c, const int64 *table);
extern bool TipAuditIsSure(const AuditView *view, int s);
extern bool TipAuditIsExact(const AuditView *view, int s);
extern void TipAuditSeek(AuditRun *attack, AuditPart *c, TipProgram *program,
						 AuditView *view, int s, bool highest, bool extreme);
extern void TipAuditEmit(AuditRun *attack, const AuditTarget *target,
						 int64 low, int64 high, const char *status,
						 const int *insider, int insiders);
extern void TipAuditFromWithin(AuditRun *attack);

#endif							/* TIP_RELEASE_AUDIT_ATTACK_H */
