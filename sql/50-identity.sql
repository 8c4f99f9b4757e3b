-- Identity: a name is sealed, a pseudonym stays.

CREATE TABLE tip.domain (
	id int2 PRIMARY KEY CHECK (id > 0),
	name text NOT NULL UNIQUE
		CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
	title text NOT NULL,
	is_local boolean NOT NULL DEFAULT true
);
SELECT pg_catalog.pg_extension_config_dump('tip.domain', 'WHERE is_local');
COMMENT ON TABLE tip.domain IS
'groups of people and systems that may link a person; pseudonyms of two domains never match';
COMMENT ON COLUMN tip.domain.id IS 'number that a pseudonym carries; local domains begin at 100';
COMMENT ON COLUMN tip.domain.name IS 'name to call it by; part of the key derivation, so never renamed';
COMMENT ON COLUMN tip.domain.title IS 'who belongs to it, in a sentence';
COMMENT ON COLUMN tip.domain.is_local IS 'false for shipped rows';
INSERT INTO tip.domain (id, name, title, is_local) VALUES
	(1, 'police', 'Police and anti-trafficking unit', false),
	(2, 'ngo', 'Shelters and service providers', false),
	(3, 'observatory', 'Statistics on trafficking', false);

-- Sessions keep the rows; tell them of a change, also one that is replicated.
CREATE TRIGGER "~tip_domain_changed" AFTER INSERT OR UPDATE OR DELETE ON tip.domain
	FOR EACH ROW EXECUTE FUNCTION tip_impl.rules_changed();
ALTER TABLE tip.domain ENABLE ALWAYS TRIGGER "~tip_domain_changed";

CREATE TYPE tip.pseudonym;
CREATE FUNCTION tip_impl.pseudonym_in(cstring) RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonym_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_out(tip.pseudonym) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_pseudonym_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_recv(internal) RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonym_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_send(tip.pseudonym) RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_pseudonym_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE tip.pseudonym (
	INPUT = tip_impl.pseudonym_in,
	OUTPUT = tip_impl.pseudonym_out,
	RECEIVE = tip_impl.pseudonym_recv,
	SEND = tip_impl.pseudonym_send,
	INTERNALLENGTH = 20,
	ALIGNMENT = char
);
COMMENT ON TYPE tip.pseudonym IS
'keyed digest of an identifier that carries its domain and key version';

CREATE FUNCTION tip_impl.pseudonym_eq(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_ne(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_lt(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_le(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_gt(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_ge(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_cmp(tip.pseudonym, tip.pseudonym) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_pseudonym_cmp'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_hash(tip.pseudonym) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_pseudonym_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_hash_extended(tip.pseudonym, int8) RETURNS int8
AS 'MODULE_PATHNAME', 'tip_pseudonym_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR pg_catalog.= (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_eq,
	COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR pg_catalog.<> (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_ne,
	COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR pg_catalog.< (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_lt,
	COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR pg_catalog.<= (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_le,
	COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR pg_catalog.> (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_gt,
	COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR pg_catalog.>= (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_ge,
	COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR CLASS tip_impl.pseudonym_ops DEFAULT FOR TYPE tip.pseudonym
USING btree AS
	OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=,
	OPERATOR 4 pg_catalog.>=, OPERATOR 5 pg_catalog.>,
	FUNCTION 1 tip_impl.pseudonym_cmp(tip.pseudonym, tip.pseudonym),
	FUNCTION 4 (tip.pseudonym, tip.pseudonym) pg_catalog.btequalimage(oid);
CREATE OPERATOR CLASS tip_impl.pseudonym_hash_ops DEFAULT FOR TYPE tip.pseudonym
USING hash AS
	OPERATOR 1 pg_catalog.=,
	FUNCTION 1 tip_impl.pseudonym_hash(tip.pseudonym),
	FUNCTION 2 (tip.pseudonym, tip.pseudonym) tip_impl.pseudonym_hash_extended(tip.pseudonym, int8);

CREATE FUNCTION tip.pseudonym_domain(value tip.pseudonym) RETURNS int2
AS 'MODULE_PATHNAME', 'tip_pseudonym_domain'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.pseudonym_domain(tip.pseudonym) IS
'number of the domain of a pseudonym, as in tip.domain';
CREATE FUNCTION tip.pseudonym_version(value tip.pseudonym) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_pseudonym_version'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.pseudonym_version(tip.pseudonym) IS
'version of the key that a pseudonym was made with';

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl) VALUES
(500, 'identity', 'victim_pseudonym', 'table', $ddl$
CREATE TABLE %1$I.victim_pseudonym (
	victim_pseudonym_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	victim_id uuid NOT NULL REFERENCES %1$I.victim ON DELETE CASCADE,
	identity_id uuid REFERENCES %1$I.identity ON DELETE CASCADE,
	domain int2 GENERATED ALWAYS AS (tip.pseudonym_domain(pseudonym)) STORED,
	key_version int4 GENERATED ALWAYS AS (tip.pseudonym_version(pseudonym)) STORED,
	pseudonym tip.pseudonym NOT NULL
);
ALTER TABLE %1$I.victim_pseudonym ALTER pseudonym SET STATISTICS 0;
CREATE INDEX ON %1$I.victim_pseudonym (pseudonym);
CREATE INDEX ON %1$I.victim_pseudonym (victim_id);
CREATE INDEX ON %1$I.victim_pseudonym (identity_id);
COMMENT ON TABLE %1$I.victim_pseudonym IS
'Pseudonyms of a victim; an unnamed victim has none';
COMMENT ON COLUMN %1$I.victim_pseudonym.victim_pseudonym_id IS 'Key; two names of a victim may have one pseudonym';
COMMENT ON COLUMN %1$I.victim_pseudonym.victim_id IS 'Victim';
COMMENT ON COLUMN %1$I.victim_pseudonym.identity_id IS 'Identity that it was made from, if that is kept';
COMMENT ON COLUMN %1$I.victim_pseudonym.domain IS 'Number of the domain, as in tip.domain';
COMMENT ON COLUMN %1$I.victim_pseudonym.key_version IS 'Version of the key';
COMMENT ON COLUMN %1$I.victim_pseudonym.pseudonym IS 'Pseudonym; no statistics are kept on it';
$ddl$);
