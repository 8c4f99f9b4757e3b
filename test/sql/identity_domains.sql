-- Domains of pseudonyms: text form, declared columns, refused comparisons.
-- The pseudonyms are written out, so that no key is needed.
SET client_min_messages = warning;
\set p '''p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'''
\set q '''p1.1.1.ZZQDVK5VNACRGXV6AN2368GH7'''
\set n '''p1.2.1.008J4CT4ANK7F24SNAXWSQ8ZZ'''

-- the text form: one digest, other policies, domains and versions
SELECT t::tip.pseudonym::text = t AS same, tip.pseudonym_domain(t::tip.pseudonym) AS domain,
       tip.pseudonym_version(t::tip.pseudonym) AS version,
       encode(tip_impl.pseudonym_send(t::tip.pseudonym), 'hex') AS bytes
FROM unnest('{p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF,d1.1.1.008J4CT4ANK7F24SNAXWSQ8YT,
	e1.1.1.008J4CT4ANK7F24SNAXWSQ8JA,p1.2.258.008J4CT4ANK7F24SNAXWSQ8PA,
	p1.32767.65535.008J4CT4ANK7F24SNAXWSQ81H}'::text[]) AS t;
SELECT 'p1.1.1.008j4ct4ank7f24snaxwsq8af'::tip.pseudonym;
-- one symbol, a swap, another domain, version or policy, a spare bit
SELECT 'p1.1.1.008J4CT4ANK7F24SNAXWSQ9AF'::tip.pseudonym;
SELECT 'p1.1.1.00J84CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'p1.2.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'p1.1.2.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'd1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'q1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT ' p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;
SELECT 'p1.1.1.OO8J4CT4ANK7F24SNAXWSQ8AF'::tip.pseudonym;

-- a column is declared for a domain
CREATE SCHEMA domains;
SET search_path = domains;
CREATE TABLE police (id int, p tip.pseudonym('police'));
CREATE TABLE ngo (id int, p tip.pseudonym(2));
CREATE TABLE mixed (id int, p tip.pseudonym);
SELECT attrelid::regclass, format_type(atttypid, atttypmod), atttypmod FROM pg_attribute
WHERE attname = 'p' AND attrelid IN ('police'::regclass, 'ngo'::regclass, 'mixed'::regclass)
ORDER BY attrelid;
SELECT :p::tip.pseudonym('nobody');
SELECT :p::tip.pseudonym(0);
SELECT :p::tip.pseudonym(32768);
SELECT :p::tip.pseudonym('1x');
SELECT :p::tip.pseudonym(1, 2);
SELECT :n::tip.pseudonym(123);
INSERT INTO police VALUES (1, :p), (2, :q), (3, NULL);
INSERT INTO ngo VALUES (1, :n);
INSERT INTO mixed VALUES (1, :p), (2, :n);
INSERT INTO police VALUES (4, :n);
INSERT INTO police SELECT id, p FROM ngo;
UPDATE police SET p = m.p FROM mixed AS m WHERE m.id = 2;
SELECT p::tip.pseudonym('police') FROM mixed;
SELECT tip_impl.pseudonym_enforce(:n, 1, true);
\copy police from stdin
4	p1.2.1.008J4CT4ANK7F24SNAXWSQ8ZZ
\.
CREATE TABLE arrays (p tip.pseudonym('police')[]);
INSERT INTO arrays VALUES (ARRAY[:p, :n]::tip.pseudonym[]);
DROP TABLE arrays;
-- every way to join: refused whatever plan there is
CREATE PROCEDURE refused(query text) LANGUAGE plpgsql AS $$
DECLARE
	method text;
	answer text;
	times int := 0;
BEGIN
	FOREACH method IN ARRAY '{hashjoin,mergejoin,nestloop}'::text[] LOOP
		PERFORM set_config('enable_' || m, (m = method)::text, true)
		FROM unnest('{hashjoin,mergejoin,nestloop}'::text[]) AS m;
		BEGIN
			EXECUTE query;
			RAISE WARNING 'NOT refused (%): %', method, query;
		EXCEPTION WHEN datatype_mismatch THEN
			answer := SQLERRM;
			times := times + 1;
		END;
	END LOOP;
	RAISE WARNING '% times (%): %', times, split_part(answer, ': ', 2), query;
END $$;
\set VERBOSITY terse
CALL refused('SELECT FROM police JOIN ngo ON police.p = ngo.p');
CALL refused('SELECT FROM police JOIN ngo USING (p)');
CALL refused('SELECT FROM (SELECT p FROM police) AS a NATURAL JOIN (SELECT p FROM ngo) AS b');
CALL refused('SELECT FROM police LEFT JOIN ngo USING (p)');
CALL refused('SELECT FROM police RIGHT JOIN ngo USING (p)');
CALL refused('SELECT FROM police FULL JOIN ngo USING (p)');
CALL refused('SELECT FROM police, LATERAL (SELECT FROM ngo WHERE ngo.p = police.p) AS l');
CALL refused('SELECT FROM police, ngo WHERE police.p <> ngo.p');
CALL refused('SELECT FROM police, ngo WHERE police.p < ngo.p');
CALL refused('SELECT FROM police, ngo WHERE police.p <= ngo.p AND police.p >= ngo.p');
CALL refused('SELECT FROM police, ngo WHERE ngo.p > police.p');
CALL refused('SELECT FROM police WHERE p IN (SELECT p FROM ngo)');
CALL refused('SELECT FROM police WHERE p NOT IN (SELECT p FROM ngo)');
CALL refused('SELECT FROM police WHERE p = ANY (SELECT p FROM ngo)');
CALL refused('SELECT FROM police WHERE p <> ALL (SELECT p FROM ngo)');
CALL refused('SELECT FROM police WHERE EXISTS (SELECT FROM ngo WHERE ngo.p = police.p)');
CALL refused('SELECT FROM police WHERE NOT EXISTS (SELECT FROM ngo WHERE ngo.p = police.p)');
CALL refused('SELECT FROM police WHERE p = (SELECT p FROM ngo LIMIT 1)');
CALL refused('WITH n AS MATERIALIZED (SELECT p FROM ngo) SELECT FROM police JOIN n USING (p)');
CALL refused('SELECT FROM police JOIN (SELECT p FROM ngo GROUP BY p) AS n USING (p)');
CALL refused('SELECT FROM police, ngo WHERE coalesce(police.p, police.p) = ngo.p');
CALL refused('SELECT FROM police, ngo WHERE (police.id, police.p) = (ngo.id, ngo.p)');
CALL refused('SELECT FROM police, ngo WHERE (police.p, police.id) < (ngo.p, ngo.id)');
CALL refused('SELECT CASE police.p WHEN ngo.p THEN 1 END FROM police, ngo');
CALL refused('SELECT police.p = ngo.p FROM police, ngo');
CALL refused('SELECT FROM police, ngo WHERE police.p = ngo.p AND false');
CALL refused('SELECT FROM police, ngo WHERE police.p IS DISTINCT FROM ngo.p');
CALL refused('SELECT FROM police, ngo WHERE police.p IS NOT DISTINCT FROM ngo.p');
CALL refused('SELECT FROM police, ngo WHERE police.p = ANY (ARRAY[ngo.p, ngo.p])');
CALL refused('MERGE INTO police USING ngo ON police.p = ngo.p WHEN MATCHED THEN DELETE');
CALL refused('DELETE FROM police USING ngo WHERE police.p = ngo.p');
-- a constant says its domain itself
CALL refused(format('SELECT FROM police WHERE p = %L', :n));
CALL refused(format('SELECT FROM police WHERE %L < p', :n));
CALL refused(format('SELECT FROM police WHERE p IN (%L, %L)', :p, :n));
CALL refused(format('SELECT FROM police WHERE p NOT IN (%L, %L)', :p, :n));
CALL refused(format('SELECT FROM police WHERE p = ANY (''{%s,%s}'')', :p, :n));
CALL refused(format('SELECT FROM police WHERE p IS DISTINCT FROM %L', :n));
CALL refused(format('SELECT FROM police JOIN ngo ON police.p = %L::tip.pseudonym AND police.p = ngo.p', :p));
-- also through a DOMAIN, a view, an index, a partition
CREATE DOMAIN police_token AS tip.pseudonym('police');
CREATE TABLE by_domain (p police_token);
CREATE VIEW of_ngo AS SELECT p AS known_as FROM ngo WHERE id > 0;
CREATE INDEX ON police (p);
CREATE TABLE parted (id int, p tip.pseudonym('police')) PARTITION BY HASH (p);
CREATE TABLE part_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted VALUES (1, :p), (2, :q);
CALL refused('SELECT FROM by_domain JOIN ngo USING (p)');
CALL refused('SELECT FROM police JOIN of_ngo ON p = known_as');
CALL refused('SELECT FROM parted JOIN ngo USING (p)');
CALL refused(format('SELECT FROM parted WHERE p = %L', :n));
CALL refused(format('SELECT FROM parted WHERE p IN (%L, %L)', :p, :n));
SET enable_seqscan = off;
SET enable_bitmapscan = off;
CALL refused('SELECT FROM police JOIN ngo USING (p)');
CALL refused(format('SELECT FROM police WHERE p = %L', :n));
EXPLAIN (COSTS OFF) SELECT id FROM police WHERE p = :p;
RESET enable_bitmapscan;
RESET enable_seqscan;
EXPLAIN (COSTS OFF) SELECT id FROM parted WHERE p = :p;
-- arms of UNION ALL that are of one domain
CREATE VIEW all_police AS SELECT id, p FROM police UNION ALL SELECT id, p FROM parted;
CALL refused('SELECT FROM all_police JOIN ngo USING (p)');
CALL refused(format('SELECT FROM all_police WHERE p = %L', :n));
CALL refused(format('SELECT FROM all_police WHERE p IN (%L, %L)', :p, :n));
-- the call says which domain its result is of; it is not made
CALL refused($$SELECT FROM police WHERE p = tip.pseudonymize('passport', '1', 'ngo')$$);

-- the whole message
\set VERBOSITY default
SELECT count(*) FROM police JOIN ngo USING (p);
SELECT count(*) FROM police WHERE p = :n;

-- foreign keys
ALTER TABLE police ADD UNIQUE (p);
ALTER TABLE ngo ADD FOREIGN KEY (p) REFERENCES police (p);
CREATE TABLE refers (p tip.pseudonym('ngo') REFERENCES police (p));
INSERT INTO refers VALUES (:n);

-- PL/pgSQL: variables keep their domain
CREATE FUNCTION find(t text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	wanted tip.pseudonym('ngo') := t;
BEGIN
	RETURN (SELECT count(*) FROM police WHERE p = wanted);
END $$;
\set SHOW_CONTEXT never
SELECT find(:n);
SELECT find(:p);
\set SHOW_CONTEXT errors

-- prepared statements: planned for the value it is refused; a general plan
-- knows no domain and finds nothing
PREPARE look(tip.pseudonym) AS SELECT count(*) FROM police WHERE p = $1;
EXECUTE look(:p);
EXECUTE look(:n);
SET plan_cache_mode = force_generic_plan;
EXECUTE look(:n);
RESET plan_cache_mode;

-- not refused: one domain, or a column that may hold several
SELECT count(*) FROM police AS a JOIN police AS b USING (p);
SELECT count(*) FROM police JOIN mixed USING (p);
SELECT count(*) FROM mixed WHERE p IN (:p, :n);
SELECT count(*) FROM police WHERE p IN (:p, :q);
CREATE VIEW everyone AS SELECT id, p FROM police UNION ALL SELECT id, p FROM ngo;
SELECT count(*) FROM everyone WHERE p = :p;
SELECT count(*) FROM everyone WHERE p IN (:p, :n);
SELECT count(*) FROM everyone JOIN police USING (p);
SELECT count(*) FROM everyone WHERE tip.in_domain(p, :p);
SELECT count(*) FROM everyone WHERE tip.in_domain(p, :n);

-- an arm that is a query of its own is asked as if it stood alone
CREATE VIEW persons AS SELECT p FROM police UNION SELECT p FROM ngo;
SELECT count(*) FROM persons WHERE p = :p;
SELECT count(*) FROM persons WHERE tip.in_domain(p, :p);
EXPLAIN (COSTS OFF) SELECT FROM ngo WHERE tip.in_domain(p, :p);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT FROM police WHERE tip.in_domain(p, :p);
RESET enable_seqscan;
SELECT tip.in_domain(:p, :p), tip.in_domain(:p, :q), tip.in_domain(:p, :n), tip.in_domain(:p, NULL);

-- what no planner sees
SELECT count(*) FROM police WHERE p = ANY (ARRAY(SELECT p FROM ngo));
SELECT count(*) FROM (SELECT p FROM police INTERSECT SELECT p FROM ngo) AS t;
SELECT :p::tip.pseudonym = :n::tip.pseudonym AS of_constants;
SELECT count(*) FROM (SELECT NULLIF(a.p, b.p) FROM police AS a, ngo AS b) AS t;

-- order, hashing and uniqueness are of all domains
SELECT p FROM mixed ORDER BY p;
SELECT p, count(*) FROM everyone GROUP BY p ORDER BY p;
CREATE UNIQUE INDEX ON mixed (p);

-- a domain stays what it is
UPDATE tip.domain SET name = 'polizei' WHERE id = 1;
UPDATE tip.domain SET policy = 'event' WHERE id = 1;
DELETE FROM tip.domain WHERE id = 3;
TRUNCATE tip.domain;
BEGIN;
UPDATE tip.domain SET members = '{unit 7}' WHERE id = 1;
INSERT INTO tip.domain (id, name, title) VALUES (100, 'border', 'Border guard'),
	(101, 'court', 'Courts');
DELETE FROM tip.domain WHERE id = 101;
CREATE TABLE border (p tip.pseudonym('border'));
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = 'border'::regclass AND attname = 'p';
INSERT INTO border VALUES (:p);
ROLLBACK;
BEGIN;
INSERT INTO tip.domain (id, name, title) VALUES (100, 'border', 'Border guard');
CREATE TABLE border (p tip.pseudonym('border'));
DELETE FROM tip.domain WHERE id = 100;
ROLLBACK;
SELECT format_type('tip.pseudonym'::regtype, 100);

-- the audit: rows that came without a check, views, foreign keys
CREATE VIEW pairs AS SELECT a.id FROM police AS a JOIN ngo AS b USING (p);
CREATE VIEW both_know AS SELECT p FROM police INTERSECT SELECT p FROM ngo;
CREATE VIEW listed AS SELECT id FROM police WHERE p IN (SELECT p FROM ngo);
CREATE VIEW fine AS SELECT a.id FROM police AS a JOIN mixed AS b USING (p);
CREATE TABLE restored (p tip.pseudonym('ngo'), q tip.pseudonym);
INSERT INTO restored VALUES (:n, 'p1.100.1.008J4CT4ANK7F24SNAXWSQ8H3');
UPDATE pg_attribute SET atttypmod = 1 WHERE attrelid = 'restored'::regclass AND attname = 'p';
SELECT * FROM tip.check_domains() WHERE relation::text !~ '^pg_temp|\.';
CREATE ROLE regress_tip_auditor;
GRANT USAGE ON SCHEMA domains TO regress_tip_auditor;
GRANT EXECUTE ON FUNCTION tip.check_domains() TO regress_tip_auditor;
GRANT SELECT ON police, tip.domain TO regress_tip_auditor;
GRANT SELECT (p) ON mixed TO regress_tip_auditor;
ALTER TABLE police ENABLE ROW LEVEL SECURITY;
SET ROLE regress_tip_auditor;
SELECT * FROM tip.check_domains() WHERE relation IN ('police'::regclass, 'mixed'::regclass, 'ngo'::regclass);
SELECT tip_impl.column_domains('domains.ngo'::regclass, 2::int2);
SELECT tip_impl.column_domains('domains.police'::regclass, 2::int2);
SELECT tip_impl.column_domains('domains.mixed'::regclass, 1::int2);
SELECT tip_impl.column_domains('domains.mixed'::regclass, 99::int2);
SELECT tip_impl.column_domains('domains.everyone'::regclass, 1::int2);
SELECT tip_impl.compared_domains('domains.pairs'::regclass), tip_impl.compared_domains(0);
RESET ROLE;
UPDATE pg_attribute SET atttypmod = 2 WHERE attrelid = 'restored'::regclass AND attname = 'p';
DROP SCHEMA domains CASCADE;
DROP OWNED BY regress_tip_auditor;
DROP ROLE regress_tip_auditor;
