/*
 * load.h
 *		From a staging table into an entity: stored, or kept in quarantine.
 *
 * load.c holds tip.load() and what a batch is, load_row.c judges and stores
 * rows, load_case.c asks the rules at commit before there is a commit,
 * load_move.c has tip.load_batches(), load_progress.c says how far a load is.
 */
#ifndef TIP_LOAD_H
#define TIP_LOAD_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "executor/spi.h"
#include "utils/hsearch.h"
#include "utils/queryenvironment.h"

#include "rules_record.h"

#define ROWS_PER_CHUNK 500

typedef struct TipLoadCounts
{
	int64		read;
	int64		stored;
	int64		quarantined;
} TipLoadCounts;

/* One batch: what one transaction stores, or one call of tip.load(). */
typedef struct TipLoader
{
	MemoryContext context;		/* of the batch; this struct is in it */
	const char *schema;
	Oid			staging;
	char	   *staging_name;	/* qualified and quoted */
	TipRecord  *record;
	bool		moves_rows;		/* out of staging, and commits */
	bool		judges_cases;

	/* where the rows come from; args as for SPI_cursor_open_with_args() */
	char	   *query;
	int			nargs;
	Oid			types[2];
	Datum		args[2];

	/* of one pass over the rows */
	MemoryContext pass;			/* reset for each */
	MemoryContext rows;			/* reset for each chunk, in pass */
	TupleDesc	source;
	int		   *target;			/* per staging column, or -1 */
	List	   *unknown;		/* names */
	int			ncolumns;		/* mapped columns */
	int		   *columns;		/* their attributes in the entity */
	EphemeralNamedRelation staged;	/* in context */
	SPIPlanPtr	insert;
	SPIPlanPtr	quarantine;
	TipLoadCounts counts;

	/* cases that a rule at commit refuses, see load_case.c */
	HTAB	   *refused;		/* by what a row of the entity refers to */
	int			reference;		/* attribute of the entity, or -1 */
	bool		must_repeat;	/* why the pass was given up */
	bool		one_by_one;		/* judge the cases after every row */
	bool		refused_before; /* by what the transaction had changed */

	/* identity and accounting */
	Datum		batch;
	Datum		load;
	int			number;			/* of the batch in the load */
	Datum		started;
	TipLoadCounts before;		/* of earlier batches of this call */
	double		rows_total;		/* estimate, or negative */
} TipLoader;

/* load.c */
extern void TipLoadBatch(TipLoader *loader);
extern TipLoader *TipMakeLoader(Oid staging, const char *entity,
								const char *schema);
extern void TipEndLoader(TipLoader *loader);
extern char *TipStagingName(Oid staging);
extern void TipWarnOfHiddenRows(Oid staging);

/* load_row.c */
extern void TipMapColumns(TipLoader *loader);
extern void TipLoadChunk(TipLoader *loader, SPITupleTable *table,
						 uint64 count);

/* load_case.c */
extern void TipLookAtCases(TipLoader *loader);
extern void TipFindReference(TipLoader *loader);
extern char *TipRefusalOf(TipLoader *loader, TupleTableSlot *slot);
extern char *TipRefusalNow(TipLoader *loader);
extern void TipDeferConstraints(TipLoader *loader);
extern void TipCheckConstraints(TipLoader *loader);
extern void TipEndPass(TipLoader *loader);

/* load_progress.c */
extern double TipEstimateRows(Oid relid);
extern void TipShowProgress(TipLoader *loader);
extern void TipEndProgress(void);

#endif							/* TIP_LOAD_H */
