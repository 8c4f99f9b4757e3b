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

CREATE FUNCTION tip.bucket(value int4, base int4)
RETURNS int4
AS 'MODULE_PATHNAME', 'tip_bucket'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.bucket(int4, int4) IS
'the number that stands in a cell for a value such as a year: how far it is above a base, from 1 to 1018';

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
CREATE FUNCTION tip.name_dimensions(tabulation tip.tabulation, names text[],
	bases int4[])
RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_name_bases'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.name_dimensions(tip.tabulation, text[], int4[]) IS
'the same tabulation with a name for each dimension, and what the numbers of a tip.bucket() count from; 0 for all others';
CREATE FUNCTION tip.hierarchy(list text)
RETURNS tip.cell[]
AS 'MODULE_PATHNAME', 'tip_list_hierarchy'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.hierarchy(text) IS
'steps of the hierarchy of a list, as tip.use_hierarchy() takes them: each a code and the code above it';
CREATE FUNCTION tip.use_hierarchy(tabulation tip.tabulation, dimension text,
	steps tip.cell[])
RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_hierarchy'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.use_hierarchy(tip.tabulation, text, tip.cell[]) IS
'the same tabulation whose margins have the inner nodes of a hierarchy; each step is tip.cell(code, code above it)';
CREATE FUNCTION tip.coarsen(tabulation tip.tabulation, dimension text)
RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_coarsen'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.coarsen(tip.tabulation, text) IS
'a tabulation in which every code of a dimension has become the one above it in its hierarchy';
CREATE FUNCTION tip.codes(tabulation tip.tabulation, cell tip.cell)
RETURNS text[]
AS 'MODULE_PATHNAME', 'tip_tabulation_codes'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.codes(tip.tabulation, tip.cell) IS
'codes of a cell of a tabulation, * for all, a bucket with its base';
CREATE FUNCTION tip_impl.tabulation_dictionary(tip.tabulation, text, text,
	int4, int8)
RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_tabulation_dictionary'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.tabulation_dictionary(tip.tabulation, text, text, int4, int8) IS
'say which dictionary the numbers of a dimension are of, with its last number and its checksum';
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

CREATE FUNCTION tip_impl.dictionary_checksum(dictionary text, high int4)
RETURNS int8
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT ('x' || left(encode(sha256(convert_to(
           string_agg(d.number || ' ' || d.code, E'\n' ORDER BY d.number), 'UTF8')),
           'hex'), 16))::bit(64)::int8
  FROM dictionary AS d
 WHERE d.dictionary = dictionary_checksum.dictionary
   AND d.number <= dictionary_checksum.high
$$;
COMMENT ON FUNCTION tip_impl.dictionary_checksum(text, int4) IS
'half of a SHA-256 over the numbers and codes of a dictionary up to a number';

CREATE FUNCTION tip.use_dictionary(tabulation tip.tabulation, dimension text,
    dictionary text)
RETURNS tip.tabulation
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    known record;
    place int4;
    last int4;
BEGIN
    SELECT d.dictionary, d.high, d.checksum, d.dimension INTO known
      FROM dimensions(tabulation) AS d WHERE d.name = use_dictionary.dimension;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the tabulation has no dimension of that name'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Name its dimensions with tip.name_dimensions().';
    END IF;
    SELECT max(d.number) INTO last FROM dictionary AS d
     WHERE d.dictionary = use_dictionary.dictionary;
    IF last IS NULL THEN
        RAISE EXCEPTION 'dictionary is not registered'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Dictionaries are in tip.dictionary.';
    END IF;
    IF known.dictionary <> dictionary OR known.checksum IS DISTINCT FROM
       dictionary_checksum(known.dictionary, known.high) THEN
        RAISE EXCEPTION 'the dimension was counted with another dictionary'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'Its name, or one of its numbers and codes, was another.';
    END IF;
    IF EXISTS (SELECT FROM cells(rollup(tabulation, ARRAY[known.dimension])) AS c
                WHERE NOT EXISTS (SELECT FROM dictionary AS d
                                   WHERE d.dictionary = use_dictionary.dictionary
                                     AND d.number::text = (codes(c.cell, 1))[1])
                  AND NOT (codes(c.cell, 1))[1] = 'not_recorded') THEN
        RAISE EXCEPTION 'the dimension has a number that the dictionary lacks'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN tabulation_dictionary(tabulation, dimension, dictionary, last,
                                 dictionary_checksum(dictionary, last));
END
$$;
COMMENT ON FUNCTION tip.use_dictionary(tip.tabulation, text, text) IS
'the same tabulation, which says that a dimension has the numbers of a dictionary; two that differ in it do not merge';

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

CREATE TYPE tip.count_state;
CREATE FUNCTION tip_impl.count_in(cstring)
RETURNS tip.count_state
AS 'MODULE_PATHNAME', 'tip_count_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_in(cstring) IS
'input of tip.count_state';
CREATE FUNCTION tip_impl.count_out(tip.count_state)
RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_count_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_out(tip.count_state) IS
'output of tip.count_state';
CREATE FUNCTION tip_impl.count_recv(internal)
RETURNS tip.count_state
AS 'MODULE_PATHNAME', 'tip_count_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_recv(internal) IS
'binary input of tip.count_state';
CREATE FUNCTION tip_impl.count_send(tip.count_state)
RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_count_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_send(tip.count_state) IS
'binary output of tip.count_state';
CREATE TYPE tip.count_state (
	INPUT = tip_impl.count_in,
	OUTPUT = tip_impl.count_out,
	RECEIVE = tip_impl.count_recv,
	SEND = tip_impl.count_send,
	INTERNALLENGTH = 40,
	ALIGNMENT = double
);
COMMENT ON TYPE tip.count_state IS
'counts of one cell: rows, sum of record keys, sum of a measure and how many rows contribute to it';

CREATE FUNCTION tip_impl.count_eq(tip.count_state, tip.count_state)
RETURNS bool
AS 'MODULE_PATHNAME', 'tip_count_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_eq(tip.count_state, tip.count_state) IS
'implementation of =';
CREATE FUNCTION tip_impl.count_ne(tip.count_state, tip.count_state)
RETURNS bool
AS 'MODULE_PATHNAME', 'tip_count_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_ne(tip.count_state, tip.count_state) IS
'implementation of <>';
CREATE FUNCTION tip_impl.count_plus(tip.count_state, tip.count_state)
RETURNS tip.count_state
AS 'MODULE_PATHNAME', 'tip_count_plus'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_plus(tip.count_state, tip.count_state) IS
'implementation of +';
CREATE FUNCTION tip_impl.count_add(tip.count_state, int8)
RETURNS tip.count_state
AS 'MODULE_PATHNAME', 'tip_count_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_add(tip.count_state, int8) IS
'transition of tip.count_cells';
CREATE FUNCTION tip_impl.count_add(tip.count_state, int8, int8)
RETURNS tip.count_state
AS 'MODULE_PATHNAME', 'tip_count_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_add(tip.count_state, int8, int8) IS
'transition of tip.count_cells with a measure';
CREATE FUNCTION tip_impl.count_combine(tip.count_state, tip.count_state)
RETURNS tip.count_state
AS 'MODULE_PATHNAME', 'tip_count_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.count_combine(tip.count_state, tip.count_state) IS
'transition of tip.merge, and what brings workers together';
CREATE OPERATOR pg_catalog.= (
	LEFTARG = tip.count_state, RIGHTARG = tip.count_state,
	FUNCTION = tip_impl.count_eq, COMMUTATOR = OPERATOR(pg_catalog.=),
	NEGATOR = OPERATOR(pg_catalog.<>)
);
COMMENT ON OPERATOR pg_catalog.= (tip.count_state, tip.count_state) IS
'same counts and sums';
CREATE OPERATOR pg_catalog.<> (
	LEFTARG = tip.count_state, RIGHTARG = tip.count_state,
	FUNCTION = tip_impl.count_ne, COMMUTATOR = OPERATOR(pg_catalog.<>),
	NEGATOR = OPERATOR(pg_catalog.=)
);
COMMENT ON OPERATOR pg_catalog.<> (tip.count_state, tip.count_state) IS
'not the same counts';
CREATE OPERATOR pg_catalog.+ (
	LEFTARG = tip.count_state, RIGHTARG = tip.count_state,
	FUNCTION = tip_impl.count_plus, COMMUTATOR = OPERATOR(pg_catalog.+)
);
COMMENT ON OPERATOR pg_catalog.+ (tip.count_state, tip.count_state) IS
'add two counts up';
CREATE AGGREGATE tip.count_cells(int8) (
	SFUNC = tip_impl.count_add, STYPE = tip.count_state,
	COMBINEFUNC = tip_impl.count_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.count_cells(int8) IS
'count rows and add up their record keys, modulo 2^64';
CREATE AGGREGATE tip.count_cells(int8, int8) (
	SFUNC = tip_impl.count_add, STYPE = tip.count_state,
	COMBINEFUNC = tip_impl.count_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.count_cells(int8, int8) IS
'count rows and add up their record keys and a measure';
CREATE AGGREGATE tip.merge(tip.count_state) (
	SFUNC = tip_impl.count_combine, STYPE = tip.count_state,
	COMBINEFUNC = tip_impl.count_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.merge(tip.count_state) IS
'add counts up';
CREATE FUNCTION tip.n(state tip.count_state)
RETURNS int8
AS 'MODULE_PATHNAME', 'tip_count_n'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.n(tip.count_state) IS
'rows that were counted';
CREATE FUNCTION tip.key_sum(state tip.count_state)
RETURNS int8
AS 'MODULE_PATHNAME', 'tip_count_key_sum'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.key_sum(tip.count_state) IS
'sum of the record keys, modulo 2^64';
CREATE FUNCTION tip.measure_sum(state tip.count_state)
RETURNS int8
AS 'MODULE_PATHNAME', 'tip_count_measure_sum'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.measure_sum(tip.count_state) IS
'sum of the measure';
CREATE FUNCTION tip.contributors(state tip.count_state)
RETURNS int8
AS 'MODULE_PATHNAME', 'tip_count_contributors'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.contributors(tip.count_state) IS
'rows whose measure is not NULL';
