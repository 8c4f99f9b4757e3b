-- Identity: victim codes, for what is read aloud and written on a file.

CREATE TYPE tip.victim_code;
CREATE FUNCTION tip_impl.victim_code_in(cstring) RETURNS tip.victim_code
AS 'MODULE_PATHNAME', 'tip_victim_code_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_out(tip.victim_code) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_victim_code_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_recv(internal) RETURNS tip.victim_code
AS 'MODULE_PATHNAME', 'tip_victim_code_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_send(tip.victim_code) RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_victim_code_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE tip.victim_code (
	INPUT = tip_impl.victim_code_in,
	OUTPUT = tip_impl.victim_code_out,
	RECEIVE = tip_impl.victim_code_recv,
	SEND = tip_impl.victim_code_send,
	LIKE = int8
);
COMMENT ON TYPE tip.victim_code IS
'country, ten symbols and two check symbols, such as BB-7K3Q9-M2DXW-PX; any two wrong characters are refused';

CREATE FUNCTION tip_impl.victim_code_from_text(text) RETURNS tip.victim_code
AS 'MODULE_PATHNAME', 'tip_victim_code_from_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_to_text(tip.victim_code) RETURNS text
AS 'MODULE_PATHNAME', 'tip_victim_code_to_text'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE CAST (text AS tip.victim_code)
	WITH FUNCTION tip_impl.victim_code_from_text(text) AS ASSIGNMENT;
CREATE CAST (varchar AS tip.victim_code)
	WITH FUNCTION tip_impl.victim_code_from_text(text) AS ASSIGNMENT;
CREATE CAST (tip.victim_code AS text)
	WITH FUNCTION tip_impl.victim_code_to_text(tip.victim_code) AS ASSIGNMENT;

-- A code is a number of eight bytes, in the order of its text.
CREATE FUNCTION tip_impl.victim_code_eq(tip.victim_code, tip.victim_code) RETURNS bool
AS 'int8eq' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_ne(tip.victim_code, tip.victim_code) RETURNS bool
AS 'int8ne' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_lt(tip.victim_code, tip.victim_code) RETURNS bool
AS 'int8lt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_le(tip.victim_code, tip.victim_code) RETURNS bool
AS 'int8le' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_gt(tip.victim_code, tip.victim_code) RETURNS bool
AS 'int8gt' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_ge(tip.victim_code, tip.victim_code) RETURNS bool
AS 'int8ge' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_cmp(tip.victim_code, tip.victim_code) RETURNS int4
AS 'btint8cmp' LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_hash(tip.victim_code) RETURNS int4
AS 'hashint8' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.victim_code_hash_extended(tip.victim_code, int8) RETURNS int8
AS 'hashint8extended' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR pg_catalog.= (
	LEFTARG = tip.victim_code, RIGHTARG = tip.victim_code, FUNCTION = tip_impl.victim_code_eq,
	COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR pg_catalog.<> (
	LEFTARG = tip.victim_code, RIGHTARG = tip.victim_code, FUNCTION = tip_impl.victim_code_ne,
	COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR pg_catalog.< (
	LEFTARG = tip.victim_code, RIGHTARG = tip.victim_code, FUNCTION = tip_impl.victim_code_lt,
	COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR pg_catalog.<= (
	LEFTARG = tip.victim_code, RIGHTARG = tip.victim_code, FUNCTION = tip_impl.victim_code_le,
	COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR pg_catalog.> (
	LEFTARG = tip.victim_code, RIGHTARG = tip.victim_code, FUNCTION = tip_impl.victim_code_gt,
	COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR pg_catalog.>= (
	LEFTARG = tip.victim_code, RIGHTARG = tip.victim_code, FUNCTION = tip_impl.victim_code_ge,
	COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR CLASS tip_impl.victim_code_ops DEFAULT FOR TYPE tip.victim_code
USING btree AS
	OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=, OPERATOR 5 pg_catalog.>,
	FUNCTION 1 tip_impl.victim_code_cmp(tip.victim_code, tip.victim_code),
	FUNCTION 4 (tip.victim_code, tip.victim_code) pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS tip_impl.victim_code_hash_ops DEFAULT FOR TYPE tip.victim_code
USING hash AS
	OPERATOR 1 pg_catalog.=,
	FUNCTION 1 tip_impl.victim_code_hash(tip.victim_code),
	FUNCTION 2 (tip.victim_code, tip.victim_code) tip_impl.victim_code_hash_extended(tip.victim_code, int8);

CREATE FUNCTION tip.victim_code_country(code tip.victim_code) RETURNS tip.country
AS 'MODULE_PATHNAME', 'tip_victim_code_country'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.victim_code_country(tip.victim_code) IS
'country that a victim code was made for';
CREATE FUNCTION tip.check_victim_code(value text) RETURNS boolean
AS 'MODULE_PATHNAME', 'tip_check_victim_code'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.check_victim_code(text) IS
'is this a victim code, in whatever case, with or without hyphens and spaces?';
CREATE FUNCTION tip.suggest_victim_code(value text) RETURNS tip.victim_code
AS 'MODULE_PATHNAME', 'tip_suggest_victim_code'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.suggest_victim_code(text) IS
'the victim code that differs from a text in at most one symbol, or NULL; ask whoever gave the code before using it';

-- A serial number is spent even if nothing comes of its code.
CREATE SEQUENCE tip_impl.victim_code_serial AS int8
	MINVALUE 1 MAXVALUE 35184372088831 NO CYCLE;	-- 32 to the power of 9
SELECT pg_catalog.pg_extension_config_dump('tip_impl.victim_code_serial', '');
COMMENT ON SEQUENCE tip_impl.victim_code_serial IS
'serial number of the victim code that was made last; never set it back';

CREATE FUNCTION tip.new_victim_code(country tip.country) RETURNS tip.victim_code
AS 'MODULE_PATHNAME', 'tip_new_victim_code'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.new_victim_code(tip.country) IS
'a victim code that was never made before, under the newest key; refused without a key';
REVOKE EXECUTE ON FUNCTION tip.new_victim_code(tip.country) FROM PUBLIC;

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl) VALUES
(510, 'identity', 'victim_code', 'table', $ddl$
CREATE TABLE %1$I.victim_code (
	code tip.victim_code PRIMARY KEY,
	victim_id uuid REFERENCES %1$I.victim ON DELETE CASCADE
);
CREATE INDEX ON %1$I.victim_code (victim_id);
COMMENT ON TABLE %1$I.victim_code IS
'Codes that stand for a victim where people speak or write';
COMMENT ON COLUMN %1$I.victim_code.code IS 'Code, from tip.new_victim_code()';
COMMENT ON COLUMN %1$I.victim_code.victim_id IS 'Victim; NULL while the code waits on a form';
$ddl$);
