/*
 * identity_row.c
 *		Pseudonyms are made while a row is written: who may write the row
 *		need not be able to make one.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "identity.h"
#include "identity_pseudonymize.h"

extern Datum tip_partial_date_from_date(PG_FUNCTION_ARGS);
extern Datum tip_partial_date_to_text(PG_FUNCTION_ARGS);

/* The arguments that CREATE TRIGGER gives, and the row at hand. */
typedef struct Row
{
	TriggerData *trigger;
	HeapTuple	now;
	TupleDesc	desc;
	const char *kind;
	const char *domain;
	int			source;			/* attribute numbers */
	int			target;
	bool		clears;			/* the source is set to NULL */
} Row;

static void
check_call(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"pseudonymize_row\" must be called before insert or update for each row"),
				 errhint("CREATE TRIGGER ... BEFORE INSERT OR UPDATE ... FOR EACH ROW.")));
}

static void
check_arguments(Trigger *trigger)
{
	int			n = trigger->tgnargs;

	if (n != 4 && (n != 5 || strcmp(trigger->tgargs[4], "clear") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("arguments of trigger \"%s\" are not understood",
						trigger->tgname),
				 errhint("Give kind, source column, target column, domain, and 'clear' if the source is not to be kept.")));
}

static int
find_column(Row *row, const char *name)
{
	int			number = SPI_fnumber(row->desc, name);

	if (number < 1 || TupleDescAttr(row->desc, number - 1)->attgenerated)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("trigger \"%s\" names a column that the table does not have, or that is generated",
						row->trigger->tg_trigger->tgname),
				 errhint("Give kind, source column, target column, domain.")));
	return number;
}

static void
refuse_type(Row *row, const char *which)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("%s column of trigger \"%s\" has the wrong type", which,
					row->trigger->tg_trigger->tgname),
			 errhint("The source is a text, date or tip.partial_date, the target a tip.pseudonym.")));
}

/* A type of schema tip. */
static bool
is_own_type(Oid type, const char *name)
{
	Oid			schema = get_namespace_oid("tip", true);

	return type == GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
								   PointerGetDatum(name),
								   ObjectIdGetDatum(schema));
}

/* What a source may be; a domain over one of them as well. */
static bool
is_source_type(Oid type)
{
	type = getBaseType(type);
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID ||
		type == JSONOID || type == DATEOID || is_own_type(type, "partial_date");
}

static Row
read_row(TriggerData *data)
{
	Row			row = {data};
	char	  **arguments = data->tg_trigger->tgargs;

	check_arguments(data->tg_trigger);
	row.now = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ?
		data->tg_newtuple : data->tg_trigtuple;
	row.desc = RelationGetDescr(data->tg_relation);
	row.kind = arguments[0];
	row.source = find_column(&row, arguments[1]);
	row.target = find_column(&row, arguments[2]);
	row.domain = arguments[3];
	row.clears = data->tg_trigger->tgnargs == 5;
	if (!is_own_type(SPI_gettypeid(row.desc, row.target), "pseudonym"))
		refuse_type(&row, "target");
	if (!is_source_type(SPI_gettypeid(row.desc, row.source)))
		refuse_type(&row, "source");
	return row;
}

/* The value as text, in a form that no setting changes. */
static Datum
as_text(Row *row, Datum value)
{
	Oid			type = getBaseType(SPI_gettypeid(row->desc, row->source));

	if (type == DATEOID)
		value = DirectFunctionCall1(tip_partial_date_from_date, value);
	else if (!is_own_type(type, "partial_date"))
		return value;
	return DirectFunctionCall1(tip_partial_date_to_text, value);
}

/* An update of other columns makes no new pseudonym. */
static bool
is_unchanged(Row *row, Datum value)
{
	Form_pg_attribute column = TupleDescAttr(row->desc, row->source - 1);
	bool		was_null;
	Datum		before;

	if (!TRIGGER_FIRED_BY_UPDATE(row->trigger->tg_event))
		return false;
	(void) heap_getattr(row->trigger->tg_trigtuple, row->target, row->desc,
						&was_null);
	if (was_null)
		return false;
	before = heap_getattr(row->trigger->tg_trigtuple, row->source, row->desc,
						  &was_null);
	return !was_null && datum_image_eq(before, value, column->attbyval,
									   column->attlen);
}

/* A column may be declared for a domain: a trigger gets past the cast. */
static const TipDomain *
target_domain(Row *row)
{
	const TipDomain *domain = TipDomainOfText(cstring_to_text(row->domain));
	int32		typmod = TupleDescAttr(row->desc, row->target - 1)->atttypmod;

	if (typmod > 0 && typmod != domain->number)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("pseudonym belongs to domain %s, not to domain %s",
						domain->name, TipDomainLabel(typmod)),
				 errhint("Give the trigger the domain that the column is declared for.")));
	return domain;
}

static HeapTuple
fill(Row *row, Datum value)
{
	int			columns[] = {row->target, row->source};
	TipPseudonym *p = palloc(sizeof(TipPseudonym));
	Datum		values[] = {PointerGetDatum(p), (Datum) 0};
	bool		nulls[] = {false, true};

	TipNewPseudonym(cstring_to_text(row->kind), as_text(row, value),
					target_domain(row), NULL, p);
	return heap_modify_tuple_by_cols(row->now, row->desc,
									 row->clears ? 2 : 1, columns, values,
									 nulls);
}

/* Without a source there is no person, unless the source has been cleared. */
static HeapTuple
empty(Row *row)
{
	Datum		value = (Datum) 0;
	bool		isnull = true;

	if (row->clears)
		return row->now;
	return heap_modify_tuple_by_cols(row->now, row->desc, 1, &row->target,
									 &value, &isnull);
}

PG_FUNCTION_INFO_V1(tip_pseudonymize_row);

/* tip.pseudonymize_row(kind, source, target, domain [, 'clear']) */
Datum
tip_pseudonymize_row(PG_FUNCTION_ARGS)
{
	HeapTuple	result;
	Datum		value;
	bool		isnull;
	TipVeil		veil;
	Row			row;

	check_call(fcinfo);
	TipHide(&veil);
	row = read_row((TriggerData *) fcinfo->context);
	value = heap_getattr(row.now, row.source, row.desc, &isnull);
	if (isnull)
		result = empty(&row);
	else if (!row.clears && is_unchanged(&row, value))
		result = row.now;
	else
		result = fill(&row, value);
	TipReveal(&veil);
	return PointerGetDatum(result);
}
