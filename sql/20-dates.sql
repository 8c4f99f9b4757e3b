-- Dates that are not known to the day, ages, age bands.
-- Source of the notation: Extended Date/Time Format, level 1 (ISO 8601-2).

CREATE TYPE tip.partial_date;
CREATE FUNCTION tip_impl.partial_date_in(cstring) RETURNS tip.partial_date
AS 'MODULE_PATHNAME', 'tip_partial_date_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_out(tip.partial_date) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_partial_date_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_recv(internal) RETURNS tip.partial_date
AS 'MODULE_PATHNAME', 'tip_partial_date_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_send(tip.partial_date) RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_partial_date_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE tip.partial_date (
	INPUT = tip_impl.partial_date_in,
	OUTPUT = tip_impl.partial_date_out,
	RECEIVE = tip_impl.partial_date_recv,
	SEND = tip_impl.partial_date_send,
	INTERNALLENGTH = 4,
	PASSEDBYVALUE,
	ALIGNMENT = int4
);
COMMENT ON TYPE tip.partial_date IS
'date known to the year, month or day, perhaps uncertain (?) or approximate (~)';

CREATE FUNCTION tip_impl.partial_date_from_text(text) RETURNS tip.partial_date
AS 'MODULE_PATHNAME', 'tip_partial_date_from_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_to_text(tip.partial_date) RETURNS text
AS 'MODULE_PATHNAME', 'tip_partial_date_to_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_from_date(date) RETURNS tip.partial_date
AS 'MODULE_PATHNAME', 'tip_partial_date_from_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE CAST (text AS tip.partial_date)
	WITH FUNCTION tip_impl.partial_date_from_text(text) AS ASSIGNMENT;
CREATE CAST (varchar AS tip.partial_date)
	WITH FUNCTION tip_impl.partial_date_from_text(text) AS ASSIGNMENT;
CREATE CAST (bpchar AS tip.partial_date)
	WITH INOUT AS ASSIGNMENT;
CREATE CAST (date AS tip.partial_date)
	WITH FUNCTION tip_impl.partial_date_from_date(date) AS ASSIGNMENT;
CREATE CAST (tip.partial_date AS text)
	WITH FUNCTION tip_impl.partial_date_to_text(tip.partial_date) AS ASSIGNMENT;

CREATE FUNCTION tip_impl.partial_date_eq(tip.partial_date, tip.partial_date) RETURNS bool
AS 'int4eq' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_ne(tip.partial_date, tip.partial_date) RETURNS bool
AS 'int4ne' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_lt(tip.partial_date, tip.partial_date) RETURNS bool
AS 'int4lt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_le(tip.partial_date, tip.partial_date) RETURNS bool
AS 'int4le' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_gt(tip.partial_date, tip.partial_date) RETURNS bool
AS 'int4gt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_ge(tip.partial_date, tip.partial_date) RETURNS bool
AS 'int4ge' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_cmp(tip.partial_date, tip.partial_date) RETURNS int4
AS 'btint4cmp' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_hash(tip.partial_date) RETURNS int4
AS 'hashint4' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.partial_date_hash_extended(tip.partial_date, int8) RETURNS int8
AS 'hashint4extended' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR pg_catalog.= (
	LEFTARG = tip.partial_date, RIGHTARG = tip.partial_date, FUNCTION = tip_impl.partial_date_eq,
	COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel,
	HASHES, MERGES
);
CREATE OPERATOR pg_catalog.<> (
	LEFTARG = tip.partial_date, RIGHTARG = tip.partial_date, FUNCTION = tip_impl.partial_date_ne,
	COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR pg_catalog.< (
	LEFTARG = tip.partial_date, RIGHTARG = tip.partial_date, FUNCTION = tip_impl.partial_date_lt,
	COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR pg_catalog.<= (
	LEFTARG = tip.partial_date, RIGHTARG = tip.partial_date, FUNCTION = tip_impl.partial_date_le,
	COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR pg_catalog.> (
	LEFTARG = tip.partial_date, RIGHTARG = tip.partial_date, FUNCTION = tip_impl.partial_date_gt,
	COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR pg_catalog.>= (
	LEFTARG = tip.partial_date, RIGHTARG = tip.partial_date, FUNCTION = tip_impl.partial_date_ge,
	COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR CLASS tip_impl.partial_date_ops DEFAULT FOR TYPE tip.partial_date
USING btree AS
	OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=, OPERATOR 5 pg_catalog.>,
	FUNCTION 1 tip_impl.partial_date_cmp(tip.partial_date, tip.partial_date),
	FUNCTION 2 (tip.partial_date, tip.partial_date) pg_catalog.btint4sortsupport(internal),
	FUNCTION 4 (tip.partial_date, tip.partial_date) pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS tip_impl.partial_date_hash_ops DEFAULT FOR TYPE tip.partial_date
USING hash AS
	OPERATOR 1 pg_catalog.=,
	FUNCTION 1 tip_impl.partial_date_hash(tip.partial_date),
	FUNCTION 2 (tip.partial_date, tip.partial_date) tip_impl.partial_date_hash_extended(tip.partial_date, int8);

CREATE FUNCTION tip.earliest(value tip.partial_date) RETURNS date
AS 'MODULE_PATHNAME', 'tip_date_earliest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.earliest(tip.partial_date) IS
'first day that a partial date may mean';
CREATE FUNCTION tip.latest(value tip.partial_date) RETURNS date
AS 'MODULE_PATHNAME', 'tip_date_latest'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.latest(tip.partial_date) IS
'last day that a partial date may mean';
CREATE FUNCTION tip.date_precision(value tip.partial_date) RETURNS text
AS 'MODULE_PATHNAME', 'tip_date_precision'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.date_precision(tip.partial_date) IS
'year, month or day';
CREATE FUNCTION tip.date_qualifier(value tip.partial_date) RETURNS text
AS 'MODULE_PATHNAME', 'tip_date_qualifier'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.date_qualifier(tip.partial_date) IS
'? uncertain, ~ approximate, % both, or nothing';
CREATE FUNCTION tip.certainly_before(a tip.partial_date, b tip.partial_date) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_certainly_before'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.certainly_before(tip.partial_date, tip.partial_date) IS
'true where every day of a is before every day of b, false where none is, NULL where nobody can tell';
CREATE FUNCTION tip.certainly_before(a tip.partial_date, b date) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_certainly_before_date'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.certainly_before(tip.partial_date, date) IS
'true where a is certainly before b, NULL where nobody can tell';
CREATE FUNCTION tip.certainly_before(a date, b tip.partial_date) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_date_certainly_before'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.certainly_before(date, tip.partial_date) IS
'true where a is certainly before b, NULL where nobody can tell';
CREATE FUNCTION tip.is_child(birth tip.partial_date, at tip.partial_date) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_is_child'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.is_child(tip.partial_date, tip.partial_date) IS
'true under 18 (Palermo Protocol 3(d)), false from 18, NULL where the age may be either';
CREATE FUNCTION tip.calendar_year(value tip.partial_date) RETURNS tip.calendar_year
AS 'MODULE_PATHNAME', 'tip_partial_date_year'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.calendar_year(tip.partial_date) IS
'calendar year as a code, so that it can be a dimension; not_applicable outside 1950 to 2149';
CREATE FUNCTION tip.calendar_year(value date) RETURNS tip.calendar_year
AS 'MODULE_PATHNAME', 'tip_date_year'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.calendar_year(date) IS
'calendar year as a code, so that it can be a dimension; not_applicable outside 1950 to 2149';
CREATE FUNCTION tip.age_band(age int4, scheme text) RETURNS tip.age_band
AS 'MODULE_PATHNAME', 'tip_age_band_of'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.age_band(int4, text) IS
'reporting band of an age in completed years; schemes SDG, CTDC, CTU_TT, IP, YOUTH';
CREATE FUNCTION tip_impl.age_least(tip.partial_date, tip.partial_date) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_age_least'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.age_most(tip.partial_date, tip.partial_date) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_age_most'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip.age_at(birth tip.partial_date, at tip.partial_date) RETURNS int4range
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN tip_impl.age_most(birth, at) < 0 THEN 'empty'::int4range
       ELSE int4range(greatest(tip_impl.age_least(birth, at), 0),
                      tip_impl.age_most(birth, at), '[]') END;
COMMENT ON FUNCTION tip.age_at(tip.partial_date, tip.partial_date) IS
'ages in completed years that someone may have had; empty where certainly not yet born';

CREATE FUNCTION tip.days_between(a tip.partial_date, b tip.partial_date) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_days_between'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.days_between(tip.partial_date, tip.partial_date) IS
'the most days that may lie between two dates: from the earliest day of the first to the latest of the second';

CREATE FUNCTION tip.least_days_between(a tip.partial_date, day date) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_least_days_between'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.least_days_between(tip.partial_date, date) IS
'the fewest days that may lie between a date and a day: from the latest day of the date; NULL for infinity';

CREATE FUNCTION tip.today() RETURNS date
AS 'MODULE_PATHNAME', 'tip_today'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.today() IS
'the date of the check: the only clock that a rule may read';
