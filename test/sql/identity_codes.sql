-- Victim codes: the type, what is refused, what is suggested.

-- one code in the ways people write it
SELECT code::tip.victim_code
FROM (VALUES (1, 'BB-1DJ31-4TTJ2-SF'), (2, 'bb1dj314ttj2sf'), (3, ' BB 1DJ3 14TT J2SF '),
	(4, 'BB-IDJ3L-4TTJ2-SF')) AS t(n, code) ORDER BY n;
SELECT tip.victim_code_country('BB-1DJ31-4TTJ2-SF');
SELECT 'BB-1DJ31-4TTJ2-SF'::text::tip.victim_code::text;

-- what is refused, without being repeated
SELECT 'BB-1DJ31-4TTJ2-SG'::tip.victim_code;
SELECT 'TT-1DJ31-4TTJ2-SF'::tip.victim_code;
SELECT 'Ana María Plantedname'::tip.victim_code;
SELECT 'Ana María Plantedname'::text::tip.victim_code;
SELECT ''::tip.victim_code;
SELECT NULL::tip.victim_code IS NULL AS unknown;
SELECT text, tip.check_victim_code(text)
FROM (VALUES (1, 'BB-1DJ31-4TTJ2-SF'), (2, 'BB-1DJ31-4TTJ2-S'), (3, 'BB-1DJ31-4TTJ2-SFF'),
	(4, 'BB-1DJ13-4TTJ2-SF'), (5, 'BB_1DJ31_4TTJ2_SF'), (6, 'QQ-1DJ31-4TTJ2-SF')) AS t(n, text) ORDER BY n;
-- a country that there is not, with the check symbols that it would have
SELECT 'QQ-00000-00000-2C'::tip.victim_code;

-- what is suggested, never silently
SELECT text, tip.suggest_victim_code(text)
FROM (VALUES (1, 'BB-1DJ31-4TTJ2-SG'), (2, 'BD-1DJ31-4TTJ2-SF'), (3, '8B-1DJ31-4TTJ2-SF'),
	(4, 'BB-1DJ31-4TUJ2-SF'), (5, 'BB-1DJ31-4TTJ2-SF'), (6, 'BB-1DJ31-4U*J2-SF'),
	(7, 'BB-1DJ31-4TTJ2-S'), (8, 'Ana')) AS t(n, text) ORDER BY n;

-- binary form
SELECT encode(tip_impl.victim_code_send('BB-1DJ31-4TTJ2-SF'), 'hex') AS sent;

-- The rest needs a key ring.
CREATE FUNCTION pg_temp.has_key() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN tip.new_victim_code('BB') IS NOT NULL;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN false;
END
$$;
SELECT pg_temp.has_key() AS has_key \gset
\if :has_key
\else
\echo skipped: this server has no key ring
\quit
\endif
SELECT count(*), count(DISTINCT code) AS codes, bool_and(code::text ~ '^HT-1') AS of_version_1,
       bool_and(tip.victim_code_country(code) = 'HT') AS of_country
FROM (SELECT tip.new_victim_code('HT') AS code FROM generate_series(1, 1000)) AS t;
SELECT tip.victim_code_country(tip.new_victim_code('ZZ'));
SELECT tip.new_victim_code(NULL) IS NULL AS no_country;
SELECT tip.new_victim_code('unknown');
BEGIN READ ONLY;
SELECT tip.new_victim_code('BB');
ROLLBACK;

-- order, indexes, hashing
CREATE TABLE coded AS SELECT tip.new_victim_code('BB') AS code FROM generate_series(1, 300);
CREATE UNIQUE INDEX ON coded (code);
CREATE INDEX ON coded USING hash (code);
SELECT count(*) AS joined FROM coded AS a JOIN coded AS b USING (code);
SELECT count(*) AS unordered
FROM (SELECT code, lag(code) OVER (ORDER BY code::text COLLATE "C") AS before FROM coded) AS t
WHERE NOT code > before;
DROP TABLE coded;

-- who may make codes: a role that was granted it needs no right on the sequence
CREATE ROLE regress_tip_coder;
SET ROLE regress_tip_coder;
SELECT tip.new_victim_code('BB');
SELECT tip.check_victim_code('BB-1DJ31-4TTJ2-SF');
SELECT nextval('tip_impl.victim_code_serial');
RESET ROLE;
GRANT EXECUTE ON FUNCTION tip.new_victim_code TO regress_tip_coder;
SET ROLE regress_tip_coder;
SELECT tip.new_victim_code('BB') IS NOT NULL AS made;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION tip.new_victim_code FROM regress_tip_coder;
DROP ROLE regress_tip_coder;

-- the table of a model
SELECT tip.create_model('tip_codes') > 0 AS made;
INSERT INTO tip_codes.victim (victim_id) VALUES ('00000000-0000-0000-0000-000000000001');
INSERT INTO tip_codes.victim_code (code, victim_id)
VALUES (tip.new_victim_code('BB'), '00000000-0000-0000-0000-000000000001'),
	(tip.new_victim_code('BB'), NULL);
SELECT count(victim_id), count(*) FROM tip_codes.victim_code;
DELETE FROM tip_codes.victim;
SELECT count(victim_id), count(*) FROM tip_codes.victim_code;
SET client_min_messages = warning;
DROP SCHEMA tip_codes CASCADE;
