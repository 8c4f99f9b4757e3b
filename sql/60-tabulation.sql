-- Tabulation: a cell is a value.

CREATE TYPE tip.cell;

CREATE FUNCTION tip_impl.cell_in(cstring) RETURNS tip.cell
AS 'MODULE_PATHNAME', 'tip_cell_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_in(cstring) IS 'input of tip.cell';

CREATE FUNCTION tip_impl.cell_out(tip.cell) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_cell_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_out(tip.cell) IS 'output of tip.cell';

CREATE FUNCTION tip_impl.cell_recv(internal) RETURNS tip.cell
AS 'MODULE_PATHNAME', 'tip_cell_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_recv(internal) IS 'binary input of tip.cell';

CREATE FUNCTION tip_impl.cell_send(tip.cell) RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_cell_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_send(tip.cell) IS 'binary output of tip.cell';

CREATE TYPE tip.cell (
	INPUT = tip_impl.cell_in,
	OUTPUT = tip_impl.cell_out,
	RECEIVE = tip_impl.cell_recv,
	SEND = tip_impl.cell_send,
	INTERNALLENGTH = 16,
	ALIGNMENT = double
);
COMMENT ON TYPE tip.cell IS
'up to eight codes, by position; prints raw codes, as in (sex:1,*,12)';

CREATE FUNCTION tip_impl.cell_lt(tip.cell, tip.cell) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_cell_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_lt(tip.cell, tip.cell) IS 'implementation of <';

CREATE FUNCTION tip_impl.cell_le(tip.cell, tip.cell) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_cell_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_le(tip.cell, tip.cell) IS 'implementation of <=';

CREATE FUNCTION tip_impl.cell_eq(tip.cell, tip.cell) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_cell_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_eq(tip.cell, tip.cell) IS 'implementation of =';

CREATE FUNCTION tip_impl.cell_ge(tip.cell, tip.cell) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_cell_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_ge(tip.cell, tip.cell) IS 'implementation of >=';

CREATE FUNCTION tip_impl.cell_gt(tip.cell, tip.cell) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_cell_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_gt(tip.cell, tip.cell) IS 'implementation of >';

CREATE FUNCTION tip_impl.cell_ne(tip.cell, tip.cell) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_cell_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_ne(tip.cell, tip.cell) IS 'implementation of <>';

CREATE FUNCTION tip_impl.cell_cmp(tip.cell, tip.cell) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_cell_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_cmp(tip.cell, tip.cell) IS 'order of cells: bytes, without meaning';

CREATE FUNCTION tip_impl.cell_hash(tip.cell) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_cell_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_hash(tip.cell) IS 'hash of a cell';

CREATE FUNCTION tip_impl.cell_hash_extended(tip.cell, int8) RETURNS int8
AS 'MODULE_PATHNAME', 'tip_cell_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.cell_hash_extended(tip.cell, int8) IS 'seeded hash of a cell';

CREATE OPERATOR pg_catalog.< (
	LEFTARG = tip.cell, RIGHTARG = tip.cell,
	FUNCTION = tip_impl.cell_lt,
	COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR pg_catalog.< (tip.cell, tip.cell) IS 'compare two cells, byte by byte';

CREATE OPERATOR pg_catalog.<= (
	LEFTARG = tip.cell, RIGHTARG = tip.cell,
	FUNCTION = tip_impl.cell_le,
	COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR pg_catalog.<= (tip.cell, tip.cell) IS 'compare two cells, byte by byte';

CREATE OPERATOR pg_catalog.= (
	LEFTARG = tip.cell, RIGHTARG = tip.cell,
	FUNCTION = tip_impl.cell_eq,
	COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel,
	HASHES, MERGES
);
COMMENT ON OPERATOR pg_catalog.= (tip.cell, tip.cell) IS 'compare two cells, byte by byte';

CREATE OPERATOR pg_catalog.>= (
	LEFTARG = tip.cell, RIGHTARG = tip.cell,
	FUNCTION = tip_impl.cell_ge,
	COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR pg_catalog.>= (tip.cell, tip.cell) IS 'compare two cells, byte by byte';

CREATE OPERATOR pg_catalog.> (
	LEFTARG = tip.cell, RIGHTARG = tip.cell,
	FUNCTION = tip_impl.cell_gt,
	COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR pg_catalog.> (tip.cell, tip.cell) IS 'compare two cells, byte by byte';

CREATE OPERATOR pg_catalog.<> (
	LEFTARG = tip.cell, RIGHTARG = tip.cell,
	FUNCTION = tip_impl.cell_ne,
	COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR pg_catalog.<> (tip.cell, tip.cell) IS 'compare two cells, byte by byte';

CREATE OPERATOR CLASS tip_impl.cell_ops DEFAULT FOR TYPE tip.cell USING btree AS
	OPERATOR 1 pg_catalog.<,
	OPERATOR 2 pg_catalog.<=,
	OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=,
	OPERATOR 5 pg_catalog.>,
	FUNCTION 1 tip_impl.cell_cmp(tip.cell, tip.cell);
CREATE OPERATOR CLASS tip_impl.cell_ops DEFAULT FOR TYPE tip.cell USING hash AS
	OPERATOR 1 pg_catalog.=,
	FUNCTION 1 tip_impl.cell_hash(tip.cell),
	FUNCTION 2 tip_impl.cell_hash_extended(tip.cell, int8);

CREATE FUNCTION tip.cell(VARIADIC "any") RETURNS tip.cell
AS 'MODULE_PATHNAME', 'tip_cell_make'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip.cell(VARIADIC "any") IS 'one to eight codes, booleans or integers from 1 to 1018; NULL becomes not recorded';
