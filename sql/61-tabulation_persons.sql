-- Tabulation: counting persons, who may be in several cells.

CREATE TYPE tip.person_tabulation;
CREATE FUNCTION tip_impl.persons_in(cstring) RETURNS tip.person_tabulation
AS 'MODULE_PATHNAME', 'tip_persons_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.persons_in(cstring) IS
'refuses: a person tabulation is not read';
CREATE FUNCTION tip_impl.persons_out(tip.person_tabulation) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_persons_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.persons_out(tip.person_tabulation) IS
'refuses: a person tabulation is not shown, exported or dumped';
CREATE FUNCTION tip_impl.persons_recv(internal) RETURNS tip.person_tabulation
AS 'MODULE_PATHNAME', 'tip_persons_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.persons_recv(internal) IS
'refuses: a person tabulation is not read';
CREATE FUNCTION tip_impl.persons_send(tip.person_tabulation) RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_persons_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.persons_send(tip.person_tabulation) IS
'refuses: a person tabulation is not shown, exported or dumped';
CREATE TYPE tip.person_tabulation (
	INPUT = tip_impl.persons_in,
	OUTPUT = tip_impl.persons_out,
	RECEIVE = tip_impl.persons_recv,
	SEND = tip_impl.persons_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = external
);
COMMENT ON TYPE tip.person_tabulation IS
'which person, as a keyed hash, is in which cell; of use in the transaction that makes it, never shown, exported or dumped';

CREATE FUNCTION tip_impl.persons_add(tip.person_tabulation, tip.cell,
	tip.pseudonym)
RETURNS tip.person_tabulation
AS 'MODULE_PATHNAME', 'tip_persons_add_pseudonym'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.persons_add(tip.person_tabulation, tip.cell, tip.pseudonym) IS
'a row of tip.tabulate_persons';
CREATE FUNCTION tip_impl.persons_add(tip.person_tabulation, tip.cell, uuid)
RETURNS tip.person_tabulation
AS 'MODULE_PATHNAME', 'tip_persons_add_uuid'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.persons_add(tip.person_tabulation, tip.cell, uuid) IS
'a row of tip.tabulate_persons';
CREATE FUNCTION tip_impl.persons_add(tip.person_tabulation, tip.cell,
	tip.pseudonym, uuid)
RETURNS tip.person_tabulation
AS 'MODULE_PATHNAME', 'tip_persons_add_either'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.persons_add(tip.person_tabulation, tip.cell, tip.pseudonym, uuid) IS
'a row of tip.tabulate_persons';
CREATE FUNCTION tip_impl.records_add(tip.person_tabulation, tip.cell, uuid)
RETURNS tip.person_tabulation
AS 'MODULE_PATHNAME', 'tip_records_add_uuid'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.records_add(tip.person_tabulation, tip.cell, uuid) IS
'a row of tip.tabulate_records';
CREATE FUNCTION tip_impl.records_add(tip.person_tabulation, tip.cell, int8)
RETURNS tip.person_tabulation
AS 'MODULE_PATHNAME', 'tip_records_add_int8'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.records_add(tip.person_tabulation, tip.cell, int8) IS
'a row of tip.tabulate_records';
CREATE FUNCTION tip_impl.persons_combine(tip.person_tabulation,
	tip.person_tabulation)
RETURNS tip.person_tabulation
AS 'MODULE_PATHNAME', 'tip_persons_combine'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.persons_combine(tip.person_tabulation, tip.person_tabulation) IS
'the persons of both, in aggregates';

CREATE AGGREGATE tip.tabulate_persons(cell tip.cell, person tip.pseudonym) (
	SFUNC = tip_impl.persons_add, STYPE = tip.person_tabulation,
	COMBINEFUNC = tip_impl.persons_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.tabulate_persons(tip.cell, tip.pseudonym) IS
'which person is in which cell, by pseudonyms of one domain and key version; NULL is refused';
CREATE AGGREGATE tip.tabulate_persons(cell tip.cell, victim uuid) (
	SFUNC = tip_impl.persons_add, STYPE = tip.person_tabulation,
	COMBINEFUNC = tip_impl.persons_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.tabulate_persons(tip.cell, uuid) IS
'which person is in which cell, by the id of the victim; NULL is refused';
CREATE AGGREGATE tip.tabulate_persons(cell tip.cell, person tip.pseudonym, victim uuid) (
	SFUNC = tip_impl.persons_add, STYPE = tip.person_tabulation,
	COMBINEFUNC = tip_impl.persons_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.tabulate_persons(tip.cell, tip.pseudonym, uuid) IS
'which person is in which cell: by pseudonym or, of the unnamed, by the id of the victim';
CREATE AGGREGATE tip.tabulate_records(cell tip.cell, record uuid) (
	SFUNC = tip_impl.records_add, STYPE = tip.person_tabulation,
	COMBINEFUNC = tip_impl.persons_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.tabulate_records(tip.cell, uuid) IS
'which record is in which cell, where one may be in several; NULL is refused';
CREATE AGGREGATE tip.tabulate_records(cell tip.cell, record int8) (
	SFUNC = tip_impl.records_add, STYPE = tip.person_tabulation,
	COMBINEFUNC = tip_impl.persons_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.tabulate_records(tip.cell, int8) IS
'which record is in which cell, where one may be in several; NULL is refused';
CREATE AGGREGATE tip.merge(tip.person_tabulation) (
	SFUNC = tip_impl.persons_combine, STYPE = tip.person_tabulation,
	COMBINEFUNC = tip_impl.persons_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE tip.merge(tip.person_tabulation) IS
'the persons of all, within one transaction; who is in several counts once';

CREATE FUNCTION tip.count_persons(persons tip.person_tabulation,
	multi int4[] DEFAULT '{}')
RETURNS tip.tabulation
AS 'MODULE_PATHNAME', 'tip_persons_count'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.count_persons(tip.person_tabulation, int4[]) IS
'persons by cell; dimensions in which somebody has two codes, and those declared multi, keep their margins as counted';

-- Whoever executes these could make an aggregate of them.
REVOKE EXECUTE ON FUNCTION
	tip_impl.persons_add(tip.person_tabulation, tip.cell, tip.pseudonym),
	tip_impl.persons_add(tip.person_tabulation, tip.cell, uuid),
	tip_impl.persons_add(tip.person_tabulation, tip.cell, tip.pseudonym, uuid),
	tip_impl.records_add(tip.person_tabulation, tip.cell, uuid),
	tip_impl.records_add(tip.person_tabulation, tip.cell, int8),
	tip_impl.persons_combine(tip.person_tabulation, tip.person_tabulation)
FROM PUBLIC;
