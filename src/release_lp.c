/*
 * release_lp.c
 *		Exact integer programs over bounded unknowns.
 *
 * Unknowns and row sums are variables alike ("ids").  A tableau writes each
 * basic one as a combination of the others; pivots exchange them.  Each line
 * of the tableau has integers over a denominator of its own, which is nearly
 * always 1 for tables of counts, so that there is neither a tolerance nor a
 * rounded answer.  What does not fit is an error, never a wrong answer.
 *
 * Bounds are not in the tableau: to tighten one, as the search for integers
 * does, is to drive a variable to it, and to relax it again costs nothing.
 */
#include "postgres.h"

#include "common/int.h"
#include "miscadmin.h"

#include "release_lp.h"

/* Degenerate pivots in a row after which the choice must not cycle. */
#define PATIENCE		30
/* Columns to look at before settling for one that cannot move. */
#define TRIES			8
/* A line whose entries may be larger is measured again. */
#define ENTRY_CAREFUL	(1 << 24)
/* A fraction whose entries may be larger is reduced. */
#define ENTRY_LARGE		(1 << 12)
#define MAX_ENTRIES		((size_t) 48 * 1024 * 1024)

struct TipProgram
{
	int			vars;
	int			ids;
	int			rows;
	int			cols;
	int			stride;
	int32	   *entry;			/* rows lines of stride */
	int32	   *denom;
	int32	   *bulk;			/* no entry of the line is larger */
	int64	   *num;			/* value of a basic id, times denom */
	int		   *basic;			/* id of a line */
	int		   *nonbasic;		/* id of a column */
	int64	   *at;				/* value of a column */
	int		   *place;			/* of an id: line, or ~column; GONE */
	int64	   *low;
	int64	   *high;
	bool	   *relaxed;		/* bounds not yet in force */
	int64	   *base;			/* values to start from */
	bool		has_base;
	int		   *touched;		/* scratch: lines that a column changes */
	int		   *support;		/* scratch: columns of a line */
	int64		work;			/* entries looked at */
	int64		pivots;
	int64		pivot_limit;
	int64		pivot_stop;
	int			node_limit;
};

#define GONE	PG_INT32_MAX
#define LINE(p, i)	((p)->entry + (size_t) (i) * (p)->stride)

static void
TooLarge(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("table is too large to be certified exactly"),
			 errhint("Use fewer or coarser dimensions.")));
}

static int64
Times(int64 a, int64 b)
{
	int64		result;

	if (unlikely(pg_mul_s64_overflow(a, b, &result)))
		TooLarge();
	return result;
}

static int64
Plus(int64 a, int64 b)
{
	int64		result;

	if (unlikely(pg_add_s64_overflow(a, b, &result)))
		TooLarge();
	return result;
}

/* ---- making ---- */

static void
FillLine(TipProgram *program, int i, const TipRow *row)
{
	int32	   *line = LINE(program, i);
	int64		bulk = 1;

	for (int k = 0; k < row->count; k++)
	{
		int			coef = row->coef ? row->coef[k] : 1;

		line[row->var[k]] = coef;
		bulk = Max(bulk, coef < 0 ? -(int64) coef : coef);
	}
	if (bulk > ENTRY_CAREFUL)
		TooLarge();
	program->bulk[i] = (int32) bulk;
	program->denom[i] = 1;
	program->basic[i] = program->vars + i;
	program->place[program->vars + i] = i;
	program->low[program->vars + i] = row->low;
	program->high[program->vars + i] = row->high;
}

static int64
RowSum(const TipRow *row, const int64 *point)
{
	int64		sum = 0;

	for (int k = 0; k < row->count; k++)
		sum = Plus(sum, Times(row->coef ? row->coef[k] : 1,
							  point[row->var[k]]));
	return sum;
}

static void
Allocate(TipProgram *program, const TipSystem *system)
{
	size_t		lines = (size_t) system->rows + 1;
	size_t		ids = (size_t) system->vars + system->rows + 1;

	program->vars = program->cols = system->vars;
	program->rows = system->rows;
	program->ids = system->vars + system->rows;
	program->stride = (system->vars + 7) / 8 * 8;
	if (lines * ((size_t) program->stride + 1) > MAX_ENTRIES)
		TooLarge();
	program->entry = palloc_extended(sizeof(int32) * lines *
									 (program->stride + 1),
									 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	program->denom = palloc(sizeof(int32) * lines);
	program->bulk = palloc(sizeof(int32) * lines);
	program->num = palloc0(sizeof(int64) * lines);
	program->basic = palloc(sizeof(int) * lines);
	program->touched = palloc(sizeof(int) * lines);
	program->nonbasic = palloc(sizeof(int) * ids);
	program->support = palloc(sizeof(int) * ids);
	program->at = palloc0(sizeof(int64) * ids);
	program->place = palloc(sizeof(int) * ids);
	program->low = palloc(sizeof(int64) * ids);
	program->high = palloc(sizeof(int64) * ids);
	program->base = palloc0(sizeof(int64) * ids);
	program->relaxed = palloc0(sizeof(bool) * ids);
}

TipProgram *
TipProgramNew(const TipSystem *system, const int64 *point)
{
	TipProgram *program = palloc0(sizeof(TipProgram));

	Allocate(program, system);
	for (int var = 0; var < system->vars; var++)
	{
		program->nonbasic[var] = var;
		program->place[var] = ~var;
		program->low[var] = system->low[var];
		program->high[var] = system->high[var];
		program->base[var] = point ? point[var] : system->low[var];
	}
	for (int i = 0; i < system->rows; i++)
	{
		FillLine(program, i, &system->row[i]);
		program->base[system->vars + i] =
			RowSum(&system->row[i], program->base);
	}
	program->has_base = point != NULL;
	TipProgramLimit(program, 20000, 200);
	TipProgramReset(program);
	return program;
}

void
TipProgramFree(TipProgram *program)
{
	pfree(program->entry);
	pfree(program->denom);
	pfree(program->bulk);
	pfree(program->num);
	pfree(program->basic);
	pfree(program->touched);
	pfree(program->nonbasic);
	pfree(program->support);
	pfree(program->at);
	pfree(program->place);
	pfree(program->low);
	pfree(program->high);
	pfree(program->base);
	pfree(program->relaxed);
	pfree(program);
}

void
TipProgramLimit(TipProgram *program, int64 pivots, int nodes)
{
	program->pivot_limit = pivots;
	program->node_limit = nodes;
}

int64
TipProgramWork(const TipProgram *program)
{
	return program->work;
}

void
TipProgramBound(TipProgram *program, int id, int64 low, int64 high)
{
	program->low[id] = low;
	program->high[id] = high;
}

/* Back to the table that it started from; the tableau stays. */
void
TipProgramReset(TipProgram *program)
{
	for (int j = 0; j < program->cols; j++)
		program->at[j] = program->base[program->nonbasic[j]];
	for (int i = 0; i < program->rows; i++)
		program->num[i] = Times(program->base[program->basic[i]],
								program->denom[i]);
}

/* ---- pivots ---- */

static int64
Gcd(int64 a, int64 b)
{
	while (b != 0)
	{
		int64		rest = a % b;

		a = b;
		b = rest;
	}
	return a < 0 ? -a : a;
}

static void
Measure(TipProgram *program, int i)
{
	const int32 *line = LINE(program, i);
	int32		bulk = 1;

	for (int j = 0; j < program->cols; j++)
	{
		int32		size = line[j] < 0 ? -line[j] : line[j];

		bulk = Max(bulk, size);
	}
	program->bulk[i] = bulk;
}

/* Divide a line by what all of it has in common. */
static void
Reduce(TipProgram *program, int i)
{
	int32	   *line = LINE(program, i);
	int64		common = Gcd(program->denom[i], program->num[i]);

	for (int j = 0; j < program->cols && common > 1; j++)
		if (line[j] != 0)
			common = Gcd(common, line[j]);
	if (common <= 1)
		return;
	for (int j = 0; j < program->cols; j++)
		line[j] /= (int32) common;
	program->denom[i] /= (int32) common;
	program->num[i] /= common;
	Measure(program, i);
}

/* line i := (line i * scale + factor * pivot line) / ..., the careful way */
static void
CombineWide(TipProgram *program, int i, int row, int col, int64 scale,
			int64 factor)
{
	int32	   *line = LINE(program, i);
	const int32 *pivot = LINE(program, row);
	int64		denom = Times(program->denom[i], scale);

	line[col] = 0;
	for (int j = 0; j < program->cols; j++)
	{
		int64		sum = Plus(Times(line[j], scale),
							   Times(factor, pivot[j]));

		if (sum > PG_INT32_MAX || sum < -PG_INT32_MAX)
			TooLarge();
		line[j] = (int32) sum;
	}
	if (denom > PG_INT32_MAX)
		TooLarge();
	program->denom[i] = (int32) denom;
	Measure(program, i);
	Reduce(program, i);
}

/* line i += factor * pivot line, where nothing can overflow */
static void
CombineNarrow(TipProgram *program, int i, int row, int col, int32 factor,
			  int support)
{
	int32	   *line = LINE(program, i);
	const int32 *pivot = LINE(program, row);

	line[col] = 0;
	if (support * 4 < program->cols)
		for (int k = 0; k < support; k++)
			line[program->support[k]] += factor * pivot[program->support[k]];
	else if (factor == 1)
		for (int j = 0; j < program->cols; j++)
			line[j] += pivot[j];
	else if (factor == -1)
		for (int j = 0; j < program->cols; j++)
			line[j] -= pivot[j];
	else
		for (int j = 0; j < program->cols; j++)
			line[j] += factor * pivot[j];
}

static void
Combine(TipProgram *program, int i, int row, int col, int support)
{
	int32		factor = LINE(program, i)[col];
	int32		scale = program->denom[row];
	int64		bulk = program->bulk[i] +
		(int64) (factor < 0 ? -(int64) factor : factor) * program->bulk[row];

	if (scale == 1 && bulk >= ENTRY_CAREFUL)
	{
		Measure(program, i);
		Measure(program, row);
		bulk = program->bulk[i] +
			(int64) (factor < 0 ? -(int64) factor : factor) *
			program->bulk[row];
	}
	if (scale != 1 || bulk >= ENTRY_CAREFUL)
		CombineWide(program, i, row, col, scale, factor);
	else
	{
		CombineNarrow(program, i, row, col, factor, support);
		program->bulk[i] = (int32) bulk;
		if (program->denom[i] != 1 && bulk > ENTRY_LARGE)
			Reduce(program, i);
	}
}

/* Solve the pivot line for the entering id; returns its columns. */
static int
TurnLine(TipProgram *program, int row, int col)
{
	int32	   *line = LINE(program, row);
	int32		pivot = line[col];
	int32		sign = pivot < 0 ? -1 : 1;
	int			support = 0;

	line[col] = -program->denom[row];
	for (int j = 0; j < program->cols; j++)
		line[j] *= -sign;
	program->denom[row] = sign * pivot;
	program->bulk[row] = Max(program->bulk[row], line[col] < 0 ? -line[col] :
							 line[col]);
	Reduce(program, row);
	for (int j = 0; j < program->cols; j++)
		if (line[j] != 0)
			program->support[support++] = j;
	return support;
}

/*
 * Exchange the id of a line, which goes to the value goal, for the id of a
 * column.  All lines that the column touches move along.
 */
static void
Pivot(TipProgram *program, int row, int col, int64 goal)
{
	int			leaving = program->basic[row];
	int			entering = program->nonbasic[col];
	int32		pivot = LINE(program, row)[col];
	int32		scale = pivot < 0 ? -pivot : pivot;
	int64		step = Plus(Times(goal, program->denom[row]),
							-program->num[row]);
	int64		shift;
	int			touched = 0;
	int			support;

	CHECK_FOR_INTERRUPTS();
	program->pivots++;
	if (pivot < 0)
		step = -step;
	for (int i = 0; i < program->rows; i++)
		if (LINE(program, i)[col] != 0 && i != row)
			program->touched[touched++] = i;

	/* The new line's value is over scale before TurnLine() reduces it. */
	program->num[row] = Plus(Times(program->at[col], scale), step);
	support = TurnLine(program, row, col);
	program->work += program->rows + (int64) touched * program->cols;
	shift = Plus(program->num[row],
				 -Times(program->at[col], program->denom[row]));
	for (int k = 0; k < touched; k++)
	{
		int			i = program->touched[k];

		program->num[i] = Plus(Times(program->num[i], program->denom[row]),
							   Times(LINE(program, i)[col], shift));
		Combine(program, i, row, col, support);
	}
	program->at[col] = goal;
	program->basic[row] = entering;
	program->nonbasic[col] = leaving;
	program->place[entering] = row;
	program->place[leaving] = ~col;
}

/* ---- moving ---- */

/* The furthest that a column can go, as a fraction, and what stops it. */
typedef struct Step
{
	int64		up;				/* of the fraction, not negative */
	int64		down;			/* positive; 0: nothing stops it */
	int			line;			/* that is at its bound then, or -1: the
								 * column itself */
	int64		goal;			/* bound of what stops it */
} Step;

static void
Consider(Step *step, int64 up, int64 down, int line, int64 goal,
		 const TipProgram *program)
{
	if (step->down != 0)
	{
		int128		mine = (int128) up * step->down;
		int128		best = (int128) step->up * down;

		if (mine > best)
			return;
		if (mine == best && (step->line < 0 ||
							 (line >= 0 && program->basic[line] >
							  program->basic[step->line])))
			return;
	}
	step->up = up;
	step->down = down;
	step->line = line;
	step->goal = goal;
}

/* How far can a column go up (or down) with every bound in force? */
static Step
Measured(const TipProgram *program, int col, int dir)
{
	Step		step = {0};
	int			id = program->nonbasic[col];
	const int32 *entry = program->entry + col;

	if (!program->relaxed[id])
	{
		int64		goal = dir > 0 ? program->high[id] : program->low[id];

		if (goal < TIP_UNBOUNDED && goal > -TIP_UNBOUNDED)
			Consider(&step, dir * (goal - program->at[col]), 1, -1, goal,
					 program);
	}
	for (int i = 0; i < program->rows; i++, entry += program->stride)
	{
		int64		rate = (int64) *entry * dir;
		int64		goal;
		int64		room;

		if (rate == 0 || program->relaxed[program->basic[i]])
			continue;
		goal = rate > 0 ? program->high[program->basic[i]] :
			program->low[program->basic[i]];
		if (goal >= TIP_UNBOUNDED || goal <= -TIP_UNBOUNDED)
			continue;
		room = Plus(Times(goal, program->denom[i]), -program->num[i]);
		Consider(&step, rate > 0 ? room : -room, rate > 0 ? rate : -rate, i,
				 goal, program);
		if (step.up == 0 && step.line == -1)
			break;
	}
	return step;
}

/* Move a column without a pivot; by must be a whole number. */
static void
Shift(TipProgram *program, int col, int64 by)
{
	program->at[col] = Plus(program->at[col], by);
	for (int i = 0; i < program->rows; i++)
	{
		int32		entry = LINE(program, i)[col];

		if (entry != 0)
			program->num[i] = Plus(program->num[i], Times(entry, by));
	}
}

/* Which way would a column have to go to move id in a direction; 0: none. */
static int
Wanted(const TipProgram *program, int id, int dir, int col)
{
	int			place = program->place[id];
	int			way;

	if (place < 0)
		way = ~place == col ? dir : 0;
	else
	{
		int32		entry = LINE(program, place)[col];

		way = entry > 0 ? dir : entry < 0 ? -dir : 0;
	}
	if (way == 0)
		return 0;
	id = program->nonbasic[col];
	if (program->relaxed[id])
		return way;
	if (way > 0 ? program->at[col] >= program->high[id] :
		program->at[col] <= program->low[id])
		return 0;
	return way;
}

/*
 * A column that moves id in a direction: preferably one that can move at
 * once; if the search might cycle, the one with the least id.  -1: optimal.
 */
static int
Choose(TipProgram *program, int id, int dir, bool careful, Step *step,
	   int *way)
{
	int			best = -1;
	int			tries = careful ? 1 : TRIES;
	int			least = -1;

	for (int j = 0; j < program->cols && tries > 0; j++)
	{
		int			mine = Wanted(program, id, dir, j);
		Step		measured;

		if (mine == 0)
			continue;
		if (careful)
		{
			if (least < 0 || program->nonbasic[j] < program->nonbasic[least])
			{
				least = j;
				*way = mine;
			}
			continue;
		}
		tries--;
		program->work += program->rows;
		measured = Measured(program, j, mine);
		if (best < 0 || measured.down == 0 || measured.up > 0)
		{
			best = j;
			*step = measured;
			*way = mine;
			if (measured.down == 0 || measured.up > 0)
				break;
		}
	}
	if (careful && least >= 0)
		*step = Measured(program, least, *way);
	return careful ? least : best;
}

typedef enum Moved
{
	AT_GOAL,					/* id has reached its bound */
	AT_OPTIMUM,					/* nothing moves id further */
	TOO_MUCH					/* the work limit came first */
} Moved;

/* Has id reached the bound that stops it? */
static bool
Reached(const TipProgram *program, int id, int dir, int64 goal)
{
	int			place = program->place[id];
	int64		value = place < 0 ? program->at[~place] : program->num[place];
	int64		denom = place < 0 ? 1 : program->denom[place];

	return dir > 0 ? value >= Times(goal, denom) :
		value <= Times(goal, denom);
}

/*
 * Move id as far as it goes, or to goal, which may lie beyond its bounds if
 * these are relaxed.
 */
static Moved
Move(TipProgram *program, int id, int dir, int64 goal)
{
	int			stuck = 0;

	while (!Reached(program, id, dir, goal))
	{
		Step		step = {0};
		int			way = 0;
		int			col;
		int			place;

		if (program->pivots >= program->pivot_stop)
			return TOO_MUCH;
		col = Choose(program, id, dir, stuck > PATIENCE, &step, &way);
		if (col < 0)
			return AT_OPTIMUM;

		/* id itself stops at the goal */
		place = program->place[id];
		if (place >= 0)
		{
			int64		rate = (int64) LINE(program, place)[col] * way * dir;
			int64		room = Plus(Times(goal, program->denom[place]),
									-program->num[place]) * dir;

			Consider(&step, room, rate, place, goal, program);
		}
		else
			Consider(&step, (goal - program->at[col]) * dir, 1, -1, goal,
					 program);
		if (step.down == 0)
			elog(ERROR, "an unknown of an integer program is not bounded");
		stuck = step.up == 0 ? stuck + 1 : 0;
		if (step.up % step.down == 0 && step.up != 0 &&
			(step.line < 0 || step.line == place))
			Shift(program, col, way * (step.up / step.down));
		else if (step.line < 0)
			Shift(program, col, way * (step.up / step.down));
		else
			Pivot(program, step.line, col, step.goal);
	}
	return AT_GOAL;
}

/* ---- the search for integers ---- */

typedef struct Search
{
	int			id;				/* what is to be extreme, or -1 */
	int			dir;
	int			nodes;
	bool		gave_up;
	bool		found;
	int64		best;
	int64	   *point;
} Search;

static int64
FloorDiv(int64 a, int64 b)
{
	int64		quotient = a / b;

	return quotient - (a % b != 0 && a < 0 ? 1 : 0);
}

static int
FractionalLine(const TipProgram *program)
{
	for (int i = 0; i < program->rows; i++)
		if (program->denom[i] != 1 && program->basic[i] < program->vars &&
			program->num[i] % program->denom[i] != 0)
			return i;
	return -1;
}

static void
ReadPoint(const TipProgram *program, int64 *point)
{
	for (int var = 0; var < program->vars; var++)
	{
		int			place = program->place[var];

		if (place == GONE)
			point[var] = program->base[var];
		else if (place < 0)
			point[var] = program->at[~place];
		else
			point[var] = program->num[place] / program->denom[place];
	}
}

/* The value of an id in the present point, rounded away from dir. */
static int64
BoundOf(const TipProgram *program, int id, int dir)
{
	int			place = program->place[id];

	if (place < 0)
		return program->at[~place];
	return dir * FloorDiv(dir * program->num[place], program->denom[place]);
}

/* Bring id within its bounds again, the others keeping theirs. */
static Moved
Drive(TipProgram *program, int id)
{
	Moved		moved = AT_GOAL;

	program->relaxed[id] = true;
	if (!Reached(program, id, 1, program->low[id]))
		moved = Move(program, id, 1, program->low[id]);
	else if (!Reached(program, id, -1, program->high[id]))
		moved = Move(program, id, -1, program->high[id]);
	program->relaxed[id] = false;
	return moved;
}

static void Descend(TipProgram *program, Search *search);

static void
Branch(TipProgram *program, Search *search, int id, int64 low, int64 high)
{
	int64		old_low = program->low[id];
	int64		old_high = program->high[id];
	Moved		moved;

	if (search->gave_up || (search->found && search->id < 0))
		return;
	program->low[id] = Max(old_low, low);
	program->high[id] = Min(old_high, high);
	if (program->low[id] <= program->high[id])
	{
		moved = Drive(program, id);
		if (moved == TOO_MUCH)
			search->gave_up = true;
		else if (moved == AT_GOAL)
			Descend(program, search);
	}
	program->low[id] = old_low;
	program->high[id] = old_high;
}

static void
Descend(TipProgram *program, Search *search)
{
	int			line;
	int			id;
	int64		floor;

	check_stack_depth();
	if (++search->nodes > program->node_limit)
		search->gave_up = true;
	if (search->gave_up)
		return;
	if (search->id >= 0)
	{
		int64		goal = search->dir > 0 ? program->high[search->id] :
			program->low[search->id];
		int64		bound;

		if (Move(program, search->id, search->dir, goal) == TOO_MUCH)
			search->gave_up = true;
		if (search->gave_up)
			return;
		bound = search->dir * BoundOf(program, search->id, search->dir);
		if (search->found && bound <= search->dir * search->best)
			return;
	}
	line = FractionalLine(program);
	if (line < 0)
	{
		search->found = true;
		if (search->id >= 0)
			search->best = BoundOf(program, search->id, search->dir);
		ReadPoint(program, search->point);
		return;
	}
	id = program->basic[line];
	floor = FloorDiv(program->num[line], program->denom[line]);
	Branch(program, search, id, -TIP_UNBOUNDED, floor);
	Branch(program, search, id, floor + 1, TIP_UNBOUNDED);
}

/* ---- what is asked ---- */

static void
Adopt(TipProgram *program)
{
	/* Sums of rows that are not unknowns follow from the tableau. */
	for (int j = 0; j < program->cols; j++)
		program->base[program->nonbasic[j]] = program->at[j];
	for (int i = 0; i < program->rows; i++)
		program->base[program->basic[i]] =
			program->num[i] / program->denom[i];
	program->has_base = true;
}

TipOutcome
TipProgramStart(TipProgram *program, int64 *point, int *conflict)
{
	Search		search = {.id = -1,.point = point};

	program->pivot_stop = program->pivots + program->pivot_limit;
	*conflict = -1;
	for (int id = 0; id < program->ids; id++)
		program->relaxed[id] = id >= program->vars;
	for (int id = 0; id < program->vars; id++)
		if (program->low[id] > program->high[id])
		{
			*conflict = id;
			return TIP_IMPOSSIBLE;
		}
	for (int id = program->vars; id < program->ids; id++)
	{
		Moved		moved = Drive(program, id);

		if (moved == TOO_MUCH)
			return TIP_GAVE_UP;
		if (moved == AT_OPTIMUM)
		{
			*conflict = id;
			return TIP_IMPOSSIBLE;
		}
	}
	Descend(program, &search);
	if (search.found)
	{
		Adopt(program);
		return TIP_SOLVED;
	}
	return search.gave_up ? TIP_GAVE_UP : TIP_IMPOSSIBLE;
}

static void
CheckBase(const TipProgram *program)
{
	if (!program->has_base)
		elog(ERROR, "an integer program has no point to start from");
}

TipOutcome
TipProgramExtreme(TipProgram *program, int id, bool highest, int64 *value,
				  int64 *point)
{
	Search		search = {.id = id,.dir = highest ? 1 : -1,.point = point};

	CheckBase(program);
	program->pivot_stop = program->pivots + program->pivot_limit;
	TipProgramReset(program);
	search.found = true;
	search.best = program->base[id];
	memcpy(point, program->base, sizeof(int64) * program->vars);
	Descend(program, &search);
	*value = search.best;
	TipProgramReset(program);
	return search.gave_up ? TIP_GAVE_UP : TIP_SOLVED;
}

TipOutcome
TipProgramReach(TipProgram *program, int id, bool highest, int64 enough,
				int64 *value, int64 *point)
{
	Search		search = {.id = -1,.point = point};
	int64		old_low = program->low[id];
	int64		old_high = program->high[id];
	TipOutcome	outcome = TIP_GAVE_UP;
	Moved		moved;

	CheckBase(program);
	program->pivot_stop = program->pivots + program->pivot_limit;
	TipProgramReset(program);
	if (highest)
		program->low[id] = Max(old_low, enough);
	else
		program->high[id] = Min(old_high, enough);
	moved = program->low[id] > program->high[id] ? AT_OPTIMUM :
		Drive(program, id);
	if (moved == AT_GOAL)
	{
		Descend(program, &search);
		if (search.found)
		{
			*value = BoundOf(program, id, 1);
			outcome = TIP_SOLVED;
		}
		else
			outcome = search.gave_up ? TIP_GAVE_UP : TIP_IMPOSSIBLE;
	}
	else if (moved == AT_OPTIMUM)
		outcome = TIP_IMPOSSIBLE;
	program->low[id] = old_low;
	program->high[id] = old_high;
	if (outcome != TIP_SOLVED)
	{
		*value = program->base[id];
		memcpy(point, program->base, sizeof(int64) * program->vars);
	}
	return outcome;
}

/*
 * After TipProgramReach() found that id cannot move: the fixed ids that hold
 * it, of which one at least must be given up.
 */
int
TipProgramBlockers(const TipProgram *program, int id, int *blockers)
{
	int			place = program->place[id];
	int			count = 0;

	if (place < 0)
		return 0;
	for (int j = 0; j < program->cols; j++)
	{
		int			other = program->nonbasic[j];

		if (LINE(program, place)[j] != 0 &&
			program->low[other] == program->high[other])
			blockers[count++] = other;
	}
	return count;
}
