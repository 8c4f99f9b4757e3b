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

CREATE TYPE tip.tabulation;
CREATE FUNCTION tip_impl.tabulation_in(cstring) RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.tabulation_out(tip.tabulation) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_tabulation_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.tabulation_recv(internal) RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.tabulation_send(tip.tabulation) RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_tabulation_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE tip.tabulation (
	INPUT = tip_impl.tabulation_in,
	OUTPUT = tip_impl.tabulation_out,
	RECEIVE = tip_impl.tabulation_recv,
	SEND = tip_impl.tabulation_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE tip.tabulation IS
'table of counts, sums of record keys and sums of a measure, by cell';

CREATE FUNCTION tip_impl.tabulation_eq(tip.tabulation, tip.tabulation)
RETURNS bool AS 'MODULE_PATHNAME', 'tip_tabulation_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.tabulation_ne(tip.tabulation, tip.tabulation)
RETURNS bool AS 'MODULE_PATHNAME', 'tip_tabulation_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.tabulation_plus(tip.tabulation, tip.tabulation)
RETURNS tip.tabulation AS 'MODULE_PATHNAME', 'tip_tabulation_plus'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR pg_catalog.= (
	LEFTARG = tip.tabulation, RIGHTARG = tip.tabulation,
	FUNCTION = tip_impl.tabulation_eq, COMMUTATOR = OPERATOR(pg_catalog.=),
	NEGATOR = OPERATOR(pg_catalog.<>)
);
COMMENT ON OPERATOR pg_catalog.= (tip.tabulation, tip.tabulation) IS
'same dimensions, names and cells, with the same counts and sums';
CREATE OPERATOR pg_catalog.<> (
	LEFTARG = tip.tabulation, RIGHTARG = tip.tabulation,
	FUNCTION = tip_impl.tabulation_ne, COMMUTATOR = OPERATOR(pg_catalog.<>),
	NEGATOR = OPERATOR(pg_catalog.=)
);
COMMENT ON OPERATOR pg_catalog.<> (tip.tabulation, tip.tabulation) IS
'not the same tabulation';
CREATE OPERATOR pg_catalog.+ (
	LEFTARG = tip.tabulation, RIGHTARG = tip.tabulation,
	FUNCTION = tip_impl.tabulation_plus, COMMUTATOR = OPERATOR(pg_catalog.+)
);
COMMENT ON OPERATOR pg_catalog.+ (tip.tabulation, tip.tabulation) IS
'add two tabulations of the same dimensions, cell by cell';

CREATE FUNCTION tip_impl.tabulate_add(tip.tabulation, tip.cell, int8)
RETURNS tip.tabulation AS 'MODULE_PATHNAME', 'tip_tabulate_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION tip_impl.tabulate_add(tip.tabulation, tip.cell, int8, int8)
RETURNS tip.tabulation AS 'MODULE_PATHNAME', 'tip_tabulate_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION tip_impl.tabulation_combine(tip.tabulation, tip.tabulation)
RETURNS tip.tabulation AS 'MODULE_PATHNAME', 'tip_tabulation_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE tip.tabulate(tip.cell, int8) (
	SFUNC = tip_impl.tabulate_add, STYPE = tip.tabulation,
	COMBINEFUNC = tip_impl.tabulation_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.tabulate(tip.cell, int8) IS
'count rows by cell and add up their record keys, modulo 2^64';
CREATE AGGREGATE tip.tabulate(tip.cell, int8, int8) (
	SFUNC = tip_impl.tabulate_add, STYPE = tip.tabulation,
	COMBINEFUNC = tip_impl.tabulation_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.tabulate(tip.cell, int8, int8) IS
'count rows by cell and add up their record keys and a measure';
CREATE AGGREGATE tip.merge(tip.tabulation) (
	SFUNC = tip_impl.tabulation_combine, STYPE = tip.tabulation,
	COMBINEFUNC = tip_impl.tabulation_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.merge(tip.tabulation) IS
'add tabulations up, cell by cell';

CREATE FUNCTION tip.cells(tabulation tip.tabulation)
RETURNS TABLE (cell tip.cell, level int4, n int8, key_sum int8, measure_sum int8,
	contributors int8)
AS 'MODULE_PATHNAME', 'tip_tabulation_cells'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.cells(tip.tabulation) IS
'the cells of a tabulation, in the order of their codes; level is the number of dimensions';
CREATE FUNCTION tip.margins(tabulation tip.tabulation)
RETURNS TABLE (cell tip.cell, level int4, n int8, key_sum int8, measure_sum int8,
	contributors int8)
AS 'MODULE_PATHNAME', 'tip_tabulation_margins'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.margins(tip.tabulation) IS
'the cells of a tabulation and all their margins; * in a cell is all, level the number of dimensions that are not *';

CREATE FUNCTION tip.codes(cell tip.cell, dimensions int4 DEFAULT 0)
RETURNS text[]
AS 'MODULE_PATHNAME', 'tip_cell_codes'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.codes(tip.cell, int4) IS
'codes of a cell by position, * for all; as many as there are dimensions, or up to the last that is not *';

CREATE FUNCTION tip.name_dimensions(tabulation tip.tabulation, names text[])
RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_name'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.name_dimensions(tip.tabulation, text[]) IS
'the same tabulation with a name for each dimension; two dimensions may be of one list';
CREATE FUNCTION tip.dimensions(tabulation tip.tabulation)
RETURNS TABLE (dimension int4, name text, list text, codes int8, base int4,
	dictionary text, high int4, checksum int8, edges int4, is_multi bool)
AS 'MODULE_PATHNAME', 'tip_tabulation_dimensions'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.dimensions(tip.tabulation) IS
'dimensions of a tabulation: number, name, list (empty for a bucket or dictionary), how many codes occur, what a bucket counts from, the dictionary with its last number and checksum, steps of its hierarchy, whether one row may be in several cells';
CREATE FUNCTION tip.is_additive(tabulation tip.tabulation) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_tabulation_is_additive'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.is_additive(tip.tabulation) IS
'whether every margin is the sum of its cells; false where one person or record may be in several of them';
CREATE FUNCTION tip.rollup(tabulation tip.tabulation, keep int4[])
RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_rollup'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.rollup(tip.tabulation, int4[]) IS
'keep these dimensions, by number from 1 and in this order, and add up over the others';
CREATE FUNCTION tip.rollup(tabulation tip.tabulation, keep text[])
RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_rollup_names'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.rollup(tip.tabulation, text[]) IS
'keep these dimensions, by name and in this order, and add up over the others';
