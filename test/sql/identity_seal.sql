-- Sealed values, and the table of identities.

CREATE FUNCTION pg_temp.has_test_key() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN tip.unseal(tip.seal('probe', 'police', 'r', 'c'), 'r', 'c') = 'probe';
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN false;
END
$$;
SELECT pg_temp.has_test_key() AS has_test_key \gset
\if :has_test_key
\else
\echo skipped: this server has not the key ring of the tests
\quit
\endif

-- a seal opens where it was made
SELECT tip.unseal(tip.seal('Ana María', 'police', 'tip_data.identity', 'value', r),
	'tip_data.identity', 'value', r) AS opened
FROM gen_random_uuid() AS r;
SELECT left(tip.seal('Ana María', 'police', 't', 'c')::text, 7) AS text_form,
       tip.sealed_version(tip.seal('Ana María', 'police', 't', 'c')) AS version,
       tip.seal(NULL, 'police', 't', 'c') IS NULL AS unknown,
       tip.unseal(NULL, 't', 'c') IS NULL AS nothing;
-- names of up to 31 bytes look alike
SELECT array_agg(DISTINCT length(tip_impl.sealed_send(tip.seal(repeat('x', n), 'police', 't', 'c')))) AS bytes
FROM generate_series(1, 31) AS n;
SELECT n, length(tip_impl.sealed_send(tip.seal(repeat('x', n), 'police', 't', 'c'))) AS bytes
FROM unnest('{31,32,63,64,1000}'::int[]) AS n;

-- and nowhere else
CREATE TABLE kept (id uuid PRIMARY KEY, value tip.sealed);
INSERT INTO kept SELECT id, tip.seal('Ana María', 'police', 'kept', 'value', id)
FROM unnest('{00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002}'::uuid[]) AS id;
SELECT tip.unseal(value, 'kept', 'value', id) FROM kept ORDER BY id;
UPDATE kept AS k SET value = o.value FROM kept AS o WHERE k.id <> o.id;
SELECT tip.unseal(value, 'kept', 'value', id) FROM kept ORDER BY id;
SELECT tip.unseal(value, 'kept', 'value') FROM kept ORDER BY id;
SELECT tip.unseal(tip.seal('a', 'police', 'ab', 'c'), 'a', 'bc');
SELECT tip.unseal(tip.seal('a', 'police', 't', 'c'), 't', 'd');
SELECT tip.unseal(regexp_replace(tip.seal('a', 'police', 't', 'c')::text, '^s1\.1\.', 's1.2.')::tip.sealed, 't', 'c');
SELECT tip.unseal(regexp_replace(tip.seal('a', 'police', 't', 'c')::text, '^s1\.1\.', 's1.99.')::tip.sealed, 't', 'c');
SELECT tip.unseal(regexp_replace(tip.seal('a', 'police', 't', 'c')::text, '^s1\.1\.1\.', 's1.1.9.')::tip.sealed, 't', 'c');

-- what is refused, without being repeated
SELECT 'Ana María'::tip.sealed;
SELECT ''::tip.sealed;
SELECT 's1.1.1.'::tip.sealed;
SELECT left(tip.seal('Ana', 'police', 't', 'c')::text, 40)::tip.sealed;
SELECT (tip.seal('Ana', 'police', 't', 'c')::text || 'AAAA')::tip.sealed;
SELECT (tip.seal('Ana', 'police', 't', 'c')::text || ' ')::tip.sealed;
SELECT ('s1.1.1.' || repeat('A', 100000))::tip.sealed;
SELECT tip.seal('', 'police', 't', 'c');
SELECT tip.seal(repeat('x', 1001), 'police', 't', 'c');
SELECT tip.seal(repeat('x', 1000000), 'police', 't', 'c');
SELECT tip.seal('Ana', 'nobody', 't', 'c');
SELECT tip.seal('Ana', NULL, 't', 'c');
SELECT tip.seal('Ana', 'police', '', 'c');
SELECT tip.seal('Ana', 'police', 't', repeat('c', 201));
SELECT count(DISTINCT value) FROM kept;

-- what ANALYZE keeps: no value
ANALYZE kept;
SELECT attname, most_common_vals IS NULL AND histogram_bounds IS NULL AS kept_nothing
FROM pg_stats WHERE tablename = 'kept' AND attname = 'value';
DROP TABLE kept;

-- the table of a model
SELECT tip.create_model('tip_seal') > 0 AS made;
CREATE ROLE regress_tip_desk;
CREATE ROLE regress_tip_other;
GRANT USAGE ON SCHEMA tip_seal TO regress_tip_desk, regress_tip_other;
GRANT SELECT, INSERT, UPDATE ON tip_seal.victim TO regress_tip_desk;
GRANT SELECT ON tip_seal.victim TO regress_tip_other;
GRANT EXECUTE ON FUNCTION tip.identify, tip.correct_identity, tip.forget_identity
	TO regress_tip_desk, regress_tip_other;
SET ROLE regress_tip_desk;
INSERT INTO tip_seal.victim (victim_id) VALUES ('00000000-0000-0000-0000-000000000001');
\set victim '''00000000-0000-0000-0000-000000000001'''
SELECT tip.identify(:victim, 'person_name', 'Ana María Pérez', 'legal', 'tip_seal') AS legal \gset
SELECT tip.identify(:victim, 'person_name', 'La Flaca', 'street', 'tip_seal', '{police,ngo}') IS NOT NULL AS made;
SELECT tip.identify(:victim, 'person_name', 'ana maria perez', 'on_false_document', 'tip_seal') IS NOT NULL AS made;
SELECT tip.identify(:victim, 'birth_date', '1998~', schema => 'tip_seal') IS NOT NULL AS made;
SELECT tip.identify(:victim, 'birth_date', '1998-05-17', schema => 'tip_seal') IS NOT NULL AS made;
SELECT tip.identify(:victim, 'passport', 'VE-1234567', schema => 'tip_seal', domains => NULL) IS NOT NULL AS made;
-- who records reads nothing again
SELECT count(*) FROM tip_seal.identity;
SELECT tip.unseal(NULL, 't', 'c');
-- what is refused
SELECT tip.identify(:victim, 'nickname', 'Ana', schema => 'tip_seal');
SELECT tip.identify(:victim, 'Ana María', 'person_name', schema => 'tip_seal');
SELECT tip.identify(:victim, 'person_name', 'Ana', 'Ana', 'tip_seal');
SELECT tip.identify(:victim, 'passport', 'X1', 'legal', 'tip_seal');
SELECT tip.identify(:victim, 'person_name', NULL, schema => 'tip_seal');
SELECT tip.identify(:victim, 'person_name', ' ', schema => 'tip_seal');
SELECT tip.identify(:victim, 'person_name', repeat('x', 1001), schema => 'tip_seal');
SELECT tip.identify(:victim, 'birth_date', 'Ana', schema => 'tip_seal');
SELECT tip.identify(:victim, 'birth_date', to_char(current_date + 1, 'YYYY-MM-DD'), schema => 'tip_seal');
SELECT tip.identify(:victim, 'birth_date', (extract(year FROM current_date) + 1)::text, schema => 'tip_seal');
SELECT tip.correct_identity(tip.identify(:victim, 'birth_date', to_char(current_date, 'YYYY-MM-DD'), schema => 'tip_seal'),
	'2999-01', schema => 'tip_seal');
SELECT tip.identify(:victim, 'person_name', 'Ana', schema => 'tip_nowhere');
SELECT tip.identify(:victim, 'person_name', 'Ana', schema => 'tip_seal', domains => '{nobody}');
SELECT tip.identify('00000000-0000-0000-0000-000000000009', 'person_name', 'Ana', schema => 'tip_seal');
SET ROLE regress_tip_other;
SELECT tip.identify(:victim, 'person_name', 'Ana', schema => 'tip_seal');
SELECT tip.correct_identity(:'legal', 'Eva', schema => 'tip_seal');
SELECT tip.forget_identity(:'legal', 'tip_seal');
RESET ROLE;

CREATE VIEW opened AS
SELECT i.kind, i.name_type, tip.unseal(i.value, 'tip_seal.identity', 'value', i.identity_id) AS value,
       (SELECT array_agg(p.domain ORDER BY p.domain) FROM tip_seal.victim_pseudonym AS p
        WHERE p.identity_id = i.identity_id AND p.victim_id = i.victim_id) AS domains
FROM tip_seal.identity AS i;
SELECT * FROM opened ORDER BY kind, value COLLATE "C";
SELECT count(*) AS rows, count(DISTINCT pseudonym) AS pseudonyms FROM tip_seal.victim_pseudonym;
-- two names that are written differently and are one
SELECT count(*) FROM tip_seal.victim_pseudonym
WHERE pseudonym = tip.pseudonymize('person_name', 'ANA MARÍA PÉREZ', 'police');

-- a correction takes the pseudonyms along and changes no key
SET ROLE regress_tip_desk;
SELECT tip.correct_identity(:'legal', 'Ana Belén Pérez', schema => 'tip_seal');
SELECT tip.correct_identity('00000000-0000-0000-0000-000000000009', 'Eva', schema => 'tip_seal');
RESET ROLE;
SELECT * FROM opened WHERE kind = 'person_name' ORDER BY value COLLATE "C";
SELECT count(*) FILTER (WHERE pseudonym = tip.pseudonymize('person_name', 'Ana María Pérez', 'police')) AS before,
       count(*) FILTER (WHERE pseudonym = tip.pseudonymize('person_name', 'Ana Belén Pérez', 'police')) AS after,
       count(*) FILTER (WHERE identity_id = :'legal') AS of_the_key
FROM tip_seal.victim_pseudonym;
-- erasure
SET ROLE regress_tip_desk;
SELECT tip.forget_identity(:'legal', 'tip_seal');
SELECT tip.forget_identity(:'legal', 'tip_seal');
RESET ROLE;
SELECT count(*) AS names FROM opened WHERE kind = 'person_name';
SELECT count(*) AS left_over FROM tip_seal.victim_pseudonym WHERE identity_id = :'legal';

-- a trigger of the table's owner runs as its owner, and sees seals
CREATE ROLE regress_tip_owner;
ALTER TABLE tip_seal.identity OWNER TO regress_tip_owner;
ALTER TABLE tip_seal.victim_pseudonym OWNER TO regress_tip_owner;
ALTER TABLE tip_seal.victim OWNER TO regress_tip_owner;
GRANT USAGE, CREATE ON SCHEMA tip_seal TO regress_tip_owner;
SET ROLE regress_tip_owner;
CREATE FUNCTION tip_seal.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% sees %', current_user, left(NEW.value::text, 3);
	RETURN NEW;
END $$;
CREATE TRIGGER look BEFORE INSERT ON tip_seal.identity FOR EACH ROW EXECUTE FUNCTION tip_seal.look();
RESET ROLE;
SELECT tip.identify(:victim, 'phone', '+1 246 555 0100', schema => 'tip_seal') IS NOT NULL AS made;
-- a view in place of the table of victims is not asked
ALTER TABLE tip_seal.victim RENAME TO victims;
CREATE VIEW tip_seal.victim AS SELECT * FROM tip_seal.victims;
SELECT tip.identify(:victim, 'phone', '+1 246 555 0100', schema => 'tip_seal');
SET client_min_messages = warning;
DROP SCHEMA tip_seal CASCADE;
REVOKE EXECUTE ON FUNCTION tip.identify, tip.correct_identity, tip.forget_identity
	FROM regress_tip_desk, regress_tip_other;
DROP ROLE regress_tip_desk, regress_tip_other, regress_tip_owner;
