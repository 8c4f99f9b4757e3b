-- Pseudonyms: the type, the function, what is refused.

-- The values below are those of the key of make test; another server has
-- another key or none.
CREATE FUNCTION pg_temp.has_test_key() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN tip.pseudonymize('passport', 'probe', 'police') = 'p1.1.1.MTKDG3YN08YJD71RXMJK0QRFX';
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

-- the same person in one spelling or another, and in two domains
SELECT tip.pseudonymize('person_name', 'Ana  María', 'police') AS police,
       tip.pseudonymize('person_name', 'Ana  María', 'ngo') AS ngo;
SELECT tip.pseudonymize('person_name', a, 'police') = tip.pseudonymize('person_name', b, 'police') AS same, what
FROM (VALUES (1, 'ANA MARÍA', ' ana maria ', 'case, mark, space'),
	(2, 'Jean-Pierre', 'Jean Pierre', 'hyphen'),
	(3, U&'O\2019Neil', 'ONeil', 'apostrophe'),
	(4, U&'Jos\00E9', U&'Jose\0301', 'composed'),
	(5, 'Ana', 'Anna', 'another name')) AS t(n, a, b, what) ORDER BY n;
SELECT tip.pseudonymize('passport', 'ab-12 34', 'police') = tip.pseudonymize('passport', 'AB1234', 'police') AS passport,
       tip.pseudonymize('passport', '1234', 'police') = tip.pseudonymize('national_id', '1234', 'police') AS kinds,
       tip.pseudonymize('passport', NULL, 'police') IS NULL AS unknown;
SELECT tip.pseudonym_domain(p), tip.pseudonym_version(p)
FROM tip.pseudonymize('phone', '+1 246 555 0100', 'observatory') AS p;

-- what is refused, without being repeated
SELECT tip.pseudonymize('person_name', 'Ana', 'nobody');
SELECT tip.pseudonymize('nickname', 'Ana', 'police');
SELECT tip.pseudonymize('person_name', ' ', 'police');
SELECT 'Ana'::tip.pseudonym;
SELECT ''::tip.pseudonym;
SELECT 'p1.0.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'p1.1.65536.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'p1.01.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'p1.1.1.008J4CT4ANK7F24SNAXWSQ8A'::tip.pseudonym;
SELECT 'P1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF0'::tip.pseudonym;
SELECT 'p2.1.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;

-- order, indexes, hashing, binary form
CREATE TABLE known (id int, p tip.pseudonym);
INSERT INTO known SELECT i, tip.pseudonymize('passport', i::text, 'police')
FROM generate_series(1, 300) AS i;
CREATE UNIQUE INDEX ON known (p);
CREATE INDEX ON known USING hash (p);
SELECT count(*) AS joined FROM known AS a JOIN known AS b USING (p);
SELECT count(DISTINCT p) AS persons, min(tip.pseudonym_version(p)) FROM known;
SELECT count(*) AS unordered
FROM (SELECT p, lag(p) OVER (ORDER BY p) AS q FROM known) AS t WHERE NOT p > q;
SELECT 'p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym AS p,
       encode(tip_impl.pseudonym_send('p1.2.258.008J4CT4ANK7F24SNAXWSQ8PA'), 'hex') AS sent;
DROP TABLE known;

-- who may not call it, and what is not shown
CREATE ROLE regress_tip_nobody;
SET ROLE regress_tip_nobody;
SELECT tip.pseudonymize('person_name', 'Ana', 'police');
SELECT tip_impl.pseudonymize_with('person_name', 'ana', 'police', 1);
SET tip_module.key_file = '/etc/passwd';
RESET ROLE;
SET tip_module.key_file = '/etc/passwd';
SET tip_module.unknown = 'x';
SELECT count(*) AS shown FROM pg_settings WHERE name LIKE 'tip\_module.key%';
DROP ROLE regress_tip_nobody;

-- the table of a model
SELECT tip.create_model('tip_identity') > 0 AS made;
INSERT INTO tip_identity.victim (victim_id) VALUES ('00000000-0000-0000-0000-000000000001');
INSERT INTO tip_identity.victim_pseudonym (victim_id, pseudonym)
SELECT '00000000-0000-0000-0000-000000000001', tip.pseudonymize('person_name', 'Ana', 'ngo');
ANALYZE tip_identity.victim_pseudonym;
SELECT domain, key_version FROM tip_identity.victim_pseudonym;
SELECT count(*) AS statistics FROM pg_stats
WHERE tablename = 'victim_pseudonym' AND attname = 'pseudonym';
SET client_min_messages = warning;
DROP SCHEMA tip_identity CASCADE;
