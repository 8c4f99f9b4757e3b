/*
 * rules.h
 *		A rule is a row: compile its text, evaluate it, report all findings.
 *
 * rules_author.c looks at a rule when it is written; rules_compile.c turns its
 * text into an expression, of which rules_check.c refuses what is not safe and
 * rules_simplify.c drops what does not matter.  rules_load.c reads the
 * catalogue, rules_ruleset.c its number, rules_engine.c keeps one compiled
 * engine per table and session, rules_fast.c (see rules_fast.h) answers quickly
 * whether a record passes, rules_eval.c finds out why not, rules_report.c is
 * the only place that raises an error about a record, rules_findings.c keeps
 * what refuses nothing.  rules_trigger.c, rules_json.c and rules_record.c (a
 * record not stored), rules_save.c and rules_table.c are what people call;
 * rules_mapped.c is about attached tables, rules_case.h about rules at commit.
 */
#ifndef TIP_RULES_H
#define TIP_RULES_H

#include "postgres.h"

#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "parser/parse_node.h"
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/rel.h"

#include "compat.h"

#define TIP_MESSAGE_LANGUAGES 3

typedef enum TipOutcome
{
	TIP_PASSED,
	TIP_FAILED,
	TIP_NOT_EVALUABLE,
	TIP_EXCUSED
} TipOutcome;

/*
 * One arm of a predicate that is an AND, or one argument of are_current(), to
 * name the columns at fault.
 */
typedef struct TipRulePart
{
	ExprState  *state;
	char	  **columns;
	int			ncolumns;
} TipRulePart;

typedef struct TipRule
{
	char	   *id;
	char	   *entity;
	bool		is_error;
	bool		null_passes;
	char	   *timing;
	char	   *predicate;
	char	   *condition;		/* when the rule applies, NULL for always */
	char	  **columns;
	int			ncolumns;
	char	   *message[TIP_MESSAGE_LANGUAGES];
	char	   *hint;
	bool		is_excused;
	DateADT		excused_until;	/* last day, DATEVAL_NOEND for ever */
	bool		is_total;
	ExprState  *state;			/* NULL where the text did not compile */
	List	   *parts;			/* of TipRulePart, if it has several */
	char	   *refusal;		/* why it did not compile */
	Bitmapset  *reads;			/* columns, as pull_varattnos() has them */
} TipRule;

/* rules_fast.h */
typedef struct TipProgram TipProgram;

/* Rules of one entity that apply under the same condition. */
typedef struct TipRuleGroup
{
	char	   *condition;
	Expr	   *condition_expr; /* the same, or NULL */
	ExprState  *applies;		/* NULL: always, unless broken */
	bool		is_broken;		/* the condition or a rule did not compile */
	Expr	   *all_expr;		/* AND of the total predicates, or NULL */
	ExprState  *all;			/* the same */
	List	   *rules;			/* of TipRule, all severities */
} TipRuleGroup;

typedef struct TipEngine
{
	Oid			relid;			/* hash key, with entity */
	NameData	entity;
	bool		is_valid;
	Oid			root;			/* the table that statements name */
	Oid			home;			/* schema of the tables for findings */
	NameData	label;			/* entity in those tables */
	AttrNumber	key;			/* surrogate key, or invalid */
	struct TipMapped *mapped;	/* for a view of another's table, or NULL */
	AttrNumber	stamp;			/* column that says the rule set, or invalid */
	int			nguarded;
	bool		uses_clock;		/* then the next three hold */
	DateADT		today;			/* compiled in */
	TimestampTz day_as_of;		/* transaction that looked at the clock */
	pg_tz	   *zone;
	MemoryContext context;
	ExprContext *econtext;
	ExprState  *is_draft;		/* TRUE: nothing refuses the record */
	List	   *groups;			/* of TipRuleGroup */
	List	   *idle;			/* of TipRule: about columns not mapped */
	TipProgram *program;		/* all of them, for the quick answer, or NULL */
} TipEngine;

/*
 * A view that shows rows of another table in the shape of an entity: some of
 * its columns are NULL because nothing is mapped to them.
 */
typedef struct TipMapped
{
	AttrNumber	unreadable;		/* text[]: columns whose value is none */
	Bitmapset  *missing;		/* columns that nothing is mapped to */
	char	  **names;			/* per column: that of the table, or NULL */
} TipMapped;

/* One finding about one record: what DETAIL and check_record() print. */
typedef struct TipFinding
{
	const TipRule *rule;
	TipOutcome	outcome;
	bool		refuses;
	const char *subject;		/* surrogate key of the record, or NULL */
} TipFinding;

typedef void (*TipAttempt) (void *arg);
typedef void (*TipCatalogReader) (Relation rel, HeapTuple tuple, void *context);

/* rules_findings.c */
extern void TipKeepFindings(Relation rel, TipEngine *engine,
							TupleTableSlot *slot, List *findings,
							bool is_new);
extern void TipForgetFindings(Relation rel, TipEngine *engine,
							  TupleTableSlot *slot);
extern void TipForgetRecord(TipEngine *engine, const char *record);
extern bool TipMakeRoom(TipEngine *engine);
extern void TipAddCaseFindings(const char *schema, const char *entity,
							   List *findings);
extern void TipExcuseFindings(Oid schema, const char *record,
							  List *findings);
extern char *TipRecordKey(TipEngine *engine, TupleTableSlot *slot);

/* rules_mapped.c */
extern bool TipIsMapped(Relation rel);
extern char *TipMappedEntity(Relation rel);
extern void TipLookAtMapped(TipEngine *engine, Relation rel);
extern Expr *TipKeepMapped(TipEngine *engine, Relation rel, TipRule *rule,
						   Expr *expr);
extern bool TipAllReadable(TipEngine *engine, TupleTableSlot *slot);
extern List *TipMappedFindings(TipEngine *engine, TupleTableSlot *slot,
							   List *findings);
extern RangeTblEntry *TipMappedTable(Query *query);
extern Oid	TipMappedRelid(Query *query);
extern AttrNumber TipMappedKey(Relation view);
extern bool TipShowsTable(Query *query, Oid relid);

/* rules_ruleset.c */
extern int	TipCurrentRuleset(void);
extern void TipForgetRuleset(void);

/* rules_compile.c */
extern Expr *TipCompileText(Relation rel, const char *text);
extern Node *TipReplaceGenerated(Node *expr, Relation rel);
extern Expr *TipMakeRunnable(Expr *expr);

/* rules_simplify.c */
extern Expr *TipSimplifyPassing(Expr *expr);

/* rules_check.c */
extern void TipCheckRawExpression(ParseState *pstate, Node *raw,
								  Relation rel);
extern bool TipIsOurClock(Oid funcid);
extern bool TipIsAreCurrent(Node *node);
extern void TipCheckExpression(ParseState *pstate, Node *expr);
extern bool TipExpressionIsTotal(Node *expr);
extern const char *TipFunctionSymbol(Oid funcid);
extern bool TipTypeIsAllowed(Oid type);

/* rules_fast.c and rules_fast_run.c */
extern TipProgram *TipMakeProgram(List *groups, TupleDesc desc);
extern bool TipProgramFits(TipProgram *program, TupleTableSlot *slot);
extern bool TipRunProgram(const TipProgram *program, TupleTableSlot *slot,
						  ExprContext *econtext);

/* rules_load.c */
extern Oid	TipCatalogRelid(const char *name);
extern Oid	TipCatalogOwner(void);
extern void TipScanCatalog(const char *name, TipCatalogReader reader,
						   void *context);
extern char *TipFetchText(Relation rel, HeapTuple tuple, const char *column);
extern bool TipFetchBool(Relation rel, HeapTuple tuple, const char *column);
extern List *TipCaseEntities(void);
extern List *TipLoadRules(Relation rel, const char *entity);
extern int	TipLoadRuleset(void);
extern char *TipLoadCondition(const char *entity, const char *track,
							  const char *stage);

/* rules_engine.c */
extern TipEngine *TipEngineFor(Relation rel, const char *entity);
extern bool TipEngineIsCurrent(TipEngine *engine);
extern void TipWatchCatalogs(void);
extern int	TipPinSettings(void);
extern bool TipTry(TipAttempt attempt, void *arg, ErrorData **error);

/* rules_eval.c */
extern bool TipRecordPasses(TipEngine *engine, TupleTableSlot *slot);
extern List *TipRecordFindings(TipEngine *engine, TupleTableSlot *slot);
extern bool TipAnyRefuses(List *findings);

/* rules_report.c */
extern const char *TipOutcomeName(TipOutcome outcome);
extern const char *TipRuleMessage(const TipRule *rule);
extern const char *TipRuleHint(const TipRule *rule);
extern char *TipFindingsJson(List *findings);
extern void TipWarn(Relation rel, const char *entity, List *findings);
pg_noreturn extern void tip_report(Relation rel, const char *entity,
								   int nrecords, List *findings);
extern void TipRulesInit(void);

/* rules_json.c */
extern void TipPutFinding(ReturnSetInfo *result, const TipFinding *finding);

#endif							/* TIP_RULES_H */
