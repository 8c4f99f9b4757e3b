-- Identity: a name is sealed, a pseudonym stays.

CREATE TABLE tip.domain (
	id int2 PRIMARY KEY CHECK (id > 0),
	name text NOT NULL UNIQUE
		CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
	title text NOT NULL,
	is_local boolean NOT NULL DEFAULT true,
	members text[] NOT NULL DEFAULT '{}',
	purpose text,
	legal_basis text,
	policy text NOT NULL DEFAULT 'person'
		CHECK (policy IN ('person', 'document', 'event')),
	CHECK (NOT is_local OR id >= 100)
);
SELECT pg_catalog.pg_extension_config_dump('tip.domain', 'WHERE is_local');
COMMENT ON TABLE tip.domain IS
'groups of people and systems that may link a person; pseudonyms of two domains never match';
COMMENT ON COLUMN tip.domain.id IS 'number that a pseudonym carries; local domains begin at 100';
COMMENT ON COLUMN tip.domain.name IS 'name to call it by; part of the key derivation, so never renamed';
COMMENT ON COLUMN tip.domain.title IS 'who belongs to it, in a sentence';
COMMENT ON COLUMN tip.domain.is_local IS 'false for shipped rows';
COMMENT ON COLUMN tip.domain.members IS 'organisations and units that belong to it; grants are made apart';
COMMENT ON COLUMN tip.domain.purpose IS 'what its members link persons for';
COMMENT ON COLUMN tip.domain.legal_basis IS 'law or agreement that lets them';
COMMENT ON COLUMN tip.domain.policy IS
'what one pseudonym stands for: a person wherever met, a document, or a person within one event';
INSERT INTO tip.domain (id, name, title, is_local, members, purpose, legal_basis) VALUES
	(1, 'police', 'Police and anti-trafficking unit', false,
	 '{police,anti-trafficking unit,prosecution}',
	 'detect, investigate and prosecute trafficking; protect its victims',
	 'national law on trafficking and on criminal procedure'),
	(2, 'ngo', 'Shelters and service providers', false,
	 '{shelters,service providers,social services}',
	 'assist a victim without asking twice; refer with consent',
	 'consent of the victim; national referral agreement'),
	(3, 'observatory', 'Statistics on trafficking', false,
	 '{statistics office,national rapporteur}',
	 'count each person once; names nobody',
	 'statistics law; mandate of the national rapporteur');

-- What the key derivation and every stored pseudonym rest on stays.
CREATE FUNCTION tip_impl.domain_guard() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
BEGIN
	IF TG_OP = 'UPDATE' THEN
		IF (NEW.id, NEW.name, NEW.policy, NEW.is_local)
			IS NOT DISTINCT FROM (OLD.id, OLD.name, OLD.policy, OLD.is_local) THEN
			RETURN NEW;
		END IF;
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('number, name and policy of domain %s cannot be changed', OLD.name),
			HINT = 'They are part of how pseudonyms are derived: add another domain.';
	ELSIF TG_OP = 'TRUNCATE' OR NOT OLD.is_local THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = 'shipped domains cannot be deleted',
			HINT = 'Only local domains that no column is declared for can be.';
	ELSIF EXISTS (SELECT FROM pg_attribute AS a
		LEFT JOIN pg_type AS t ON t.oid = a.atttypid
		WHERE 'tip.pseudonym'::regtype IN (a.atttypid, t.typelem, t.typbasetype)
		AND greatest(a.atttypmod, t.typtypmod) = OLD.id AND NOT a.attisdropped) THEN
		RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist',
			MESSAGE = format('domain %s is what a column is declared for', OLD.name),
			HINT = 'See tip.check_domains().';
	END IF;
	RETURN OLD;
END $$;
CREATE TRIGGER domain_guard BEFORE UPDATE OR DELETE ON tip.domain
	FOR EACH ROW EXECUTE FUNCTION tip_impl.domain_guard();
CREATE TRIGGER domain_guard_all BEFORE TRUNCATE ON tip.domain
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.domain_guard();

-- Sessions keep the rows; tell them of a change, also one that is replicated.
CREATE TRIGGER "~tip_domain_changed" AFTER INSERT OR UPDATE OR DELETE ON tip.domain
	FOR EACH ROW EXECUTE FUNCTION tip_impl.rules_changed();
ALTER TABLE tip.domain ENABLE ALWAYS TRIGGER "~tip_domain_changed";

CREATE TYPE tip.pseudonym;
CREATE FUNCTION tip_impl.pseudonym_in(cstring, oid, int4) RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonym_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_out(tip.pseudonym) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_pseudonym_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_recv(internal, oid, int4) RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonym_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_send(tip.pseudonym) RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_pseudonym_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_typmod_in(cstring[]) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_pseudonym_typmod_in'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_typmod_out(int4) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_pseudonym_typmod_out'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE TYPE tip.pseudonym (
	INPUT = tip_impl.pseudonym_in,
	OUTPUT = tip_impl.pseudonym_out,
	RECEIVE = tip_impl.pseudonym_recv,
	SEND = tip_impl.pseudonym_send,
	TYPMOD_IN = tip_impl.pseudonym_typmod_in,
	TYPMOD_OUT = tip_impl.pseudonym_typmod_out,
	INTERNALLENGTH = 20,
	ALIGNMENT = char
);
COMMENT ON TYPE tip.pseudonym IS
'keyed digest of an identifier that carries its domain and key version';

CREATE FUNCTION tip_impl.pseudonym_enforce(tip.pseudonym, int4, bool) RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonym_enforce'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE CAST (tip.pseudonym AS tip.pseudonym)
	WITH FUNCTION tip_impl.pseudonym_enforce(tip.pseudonym, int4, bool) AS IMPLICIT;

-- A comparison of two declared domains is refused when it is planned.
CREATE FUNCTION tip_impl.pseudonym_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'tip_pseudonym_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_sel(internal, oid, internal, int4) RETURNS float8
AS 'MODULE_PATHNAME', 'tip_pseudonym_sel'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.pseudonym_joinsel(internal, oid, internal, int2, internal) RETURNS float8
AS 'MODULE_PATHNAME', 'tip_pseudonym_joinsel'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

CREATE FUNCTION tip_impl.pseudonym_eq(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
SUPPORT tip_impl.pseudonym_support;
CREATE FUNCTION tip_impl.pseudonym_ne(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
SUPPORT tip_impl.pseudonym_support;
CREATE FUNCTION tip_impl.pseudonym_lt(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
SUPPORT tip_impl.pseudonym_support;
CREATE FUNCTION tip_impl.pseudonym_le(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
SUPPORT tip_impl.pseudonym_support;
CREATE FUNCTION tip_impl.pseudonym_gt(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
SUPPORT tip_impl.pseudonym_support;
CREATE FUNCTION tip_impl.pseudonym_ge(tip.pseudonym, tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
SUPPORT tip_impl.pseudonym_support;
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
	RESTRICT = tip_impl.pseudonym_sel, JOIN = tip_impl.pseudonym_joinsel, HASHES, MERGES
);
CREATE OPERATOR pg_catalog.<> (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_ne,
	COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=),
	RESTRICT = tip_impl.pseudonym_sel, JOIN = tip_impl.pseudonym_joinsel
);
CREATE OPERATOR pg_catalog.< (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_lt,
	COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=),
	RESTRICT = tip_impl.pseudonym_sel, JOIN = tip_impl.pseudonym_joinsel
);
CREATE OPERATOR pg_catalog.<= (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_le,
	COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>),
	RESTRICT = tip_impl.pseudonym_sel, JOIN = tip_impl.pseudonym_joinsel
);
CREATE OPERATOR pg_catalog.> (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_gt,
	COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=),
	RESTRICT = tip_impl.pseudonym_sel, JOIN = tip_impl.pseudonym_joinsel
);
CREATE OPERATOR pg_catalog.>= (
	LEFTARG = tip.pseudonym, RIGHTARG = tip.pseudonym, FUNCTION = tip_impl.pseudonym_ge,
	COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<),
	RESTRICT = tip_impl.pseudonym_sel, JOIN = tip_impl.pseudonym_joinsel
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

CREATE FUNCTION tip_impl.in_domain_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'tip_in_domain_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip.in_domain(value tip.pseudonym, constant tip.pseudonym) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_pseudonym_in_domain'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
SUPPORT tip_impl.in_domain_support;
COMMENT ON FUNCTION tip.in_domain(tip.pseudonym, tip.pseudonym) IS
'whether a pseudonym equals a constant; false, not refused, where the domains differ';

-- The audit reads tables without the planner, so that no function, policy or
-- index of theirs runs as the caller, and views as they are stored.
CREATE FUNCTION tip_impl.column_domains(relation oid, attnum int2) RETURNS int8[]
AS 'MODULE_PATHNAME', 'tip_column_domains'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
CREATE FUNCTION tip_impl.compared_domains(view oid) RETURNS text
AS 'MODULE_PATHNAME', 'tip_compared_domains'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

CREATE FUNCTION tip_impl.domain_columns()
RETURNS TABLE (relation oid, attnum int2, column_name name, declared int4, kind "char", readable bool)
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
	SELECT c.oid, a.attnum, a.attname,
		CASE WHEN t.oid = 'tip.pseudonym'::regtype THEN a.atttypmod ELSE t.typtypmod END,
		c.relkind, c.relkind IN ('r', 'm') AND a.attgenerated <> 'v'
			AND has_column_privilege(c.oid, a.attnum, 'SELECT') AND NOT row_security_active(c.oid)
	FROM pg_attribute AS a
	JOIN pg_class AS c ON c.oid = a.attrelid
	JOIN pg_type AS t ON t.oid = a.atttypid
	WHERE c.relkind IN ('r', 'm', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
	AND 'tip.pseudonym'::regtype IN (t.oid, t.typbasetype)
	AND NOT pg_is_other_temp_schema(c.relnamespace)
$$;

CREATE FUNCTION tip.check_domains()
RETURNS TABLE (relation regclass, column_name name, finding text, domains text, rows bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	col record;
	held int8[];
BEGIN
	FOR col IN SELECT c.*, c.relation::regclass AS rel, p.relname = 'victim_pseudonym' AS of_model,
			p.relispartition AS is_part
		FROM domain_columns() AS c JOIN pg_class AS p ON p.oid = c.relation
		ORDER BY c.relation::regclass::text, c.attnum LOOP
		IF col.declared < 0 AND NOT col.of_model AND NOT col.is_part THEN
			RETURN QUERY VALUES (col.rel, col.column_name, 'undeclared', NULL::text, NULL::bigint);
		END IF;
		CONTINUE WHEN col.kind = 'p';
		IF NOT col.readable THEN
			RETURN QUERY VALUES (col.rel, col.column_name, 'not_readable', NULL::text, NULL::bigint);
			CONTINUE;
		END IF;
		held := column_domains(col.relation, col.attnum);
		RETURN QUERY
			WITH h AS (SELECT held[i] AS id, coalesce(d.name, held[i]::text) AS label,
					held[i + 1] AS n, d.id IS NOT NULL AS known
				FROM generate_series(1, cardinality(held), 2) AS i
				LEFT JOIN domain AS d ON d.id = held[i])
			SELECT col.rel, col.column_name, f.finding, f.domains, f.n
			FROM (SELECT 1, 'other_domain', string_agg(h.label, ', ' ORDER BY h.id), sum(h.n)::bigint
					FROM h WHERE col.declared > 0 AND h.id <> col.declared
				UNION ALL
				SELECT 2, 'several_domains', string_agg(h.label, ', ' ORDER BY h.id), sum(h.n)::bigint
					FROM h WHERE col.declared < 0 AND NOT col.of_model HAVING count(*) > 1
				UNION ALL
				SELECT 3, 'unknown_domain', string_agg(h.label, ', ' ORDER BY h.id), sum(h.n)::bigint
					FROM h WHERE NOT h.known) AS f(ordinal, finding, domains, n)
			WHERE f.n IS NOT NULL ORDER BY f.ordinal;
	END LOOP;
	RETURN QUERY
		SELECT k.conrelid::regclass, a.column_name, 'foreign_key',
			(SELECT string_agg(coalesce(d.name, v.id::text), ', ' ORDER BY v.n)
			FROM (VALUES (1, a.declared), (2, b.declared)) AS v(n, id)
			LEFT JOIN domain AS d ON d.id = v.id), NULL::bigint
		FROM pg_constraint AS k,
			LATERAL unnest(k.conkey, k.confkey) AS u(here, there)
			JOIN domain_columns() AS a ON a.attnum = u.here
			JOIN domain_columns() AS b ON b.attnum = u.there
		WHERE k.contype = 'f' AND a.relation = k.conrelid AND b.relation = k.confrelid
		AND a.declared > 0 AND b.declared > 0 AND a.declared <> b.declared
		ORDER BY k.conrelid::regclass::text, 2;
	RETURN QUERY
		SELECT v.oid::regclass, NULL::name, 'compared', compared_domains(v.oid), NULL::bigint
		FROM pg_class AS v WHERE v.relkind IN ('v', 'm') AND compared_domains(v.oid) IS NOT NULL
		ORDER BY v.oid::regclass::text;
END $$;
COMMENT ON FUNCTION tip.check_domains() IS
'columns, rows, foreign keys and views where domains of pseudonyms are mixed or not declared';

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
