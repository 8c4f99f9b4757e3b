-- Properties of loads: every row is stored or in quarantine, once.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SET client_min_messages = warning;
SET search_path = public;
SELECT * FROM no_plan();

SELECT tip.create_model('tap_load');
CREATE SCHEMA tap_l;
-- chance that is the same on every server
CREATE FUNCTION tap_l.chance(seed int, i int, what text) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN ('x' || substr(md5(seed || '/' || i || '/' || what), 1, 7))::bit(28)::int / 268435456.0::float8;
CREATE FUNCTION tap_l.bad(seed int, i int, what text, of_ten int) RETURNS bool LANGUAGE sql IMMUTABLE
RETURN tap_l.chance(seed, i, what) * 100 < of_ten;

-- Rows of which we know whether they are good: a bad value of a type, a value
-- that a rule refuses, a key that is taken, nothing at all.
CREATE FUNCTION tap_l.stage(name text, seed int, n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE tap_l.%1$I AS
		SELECT i, md5(''victim'' || $1 || ''/'' || CASE WHEN tap_l.bad($1, i, ''key'', 3) AND i > 1
				THEN i / 2 ELSE i END)::uuid::text AS victim_id,
			CASE WHEN tap_l.bad($1, i, ''type'', 3) THEN ''Ann'' ELSE ''female'' END AS sex,
			CASE WHEN tap_l.bad($1, i, ''rule'', 3) THEN ''5''
			     WHEN tap_l.bad($1, i, ''null'', 20) THEN NULL ELSE ''1990'' END AS birth_year,
			NULL AS nothing
		FROM generate_series(1, $2) AS i', name) USING seed, n;
END
$$;
-- what must be stored: of each key the first good row
CREATE FUNCTION tap_l.good(name text) RETURNS TABLE (victim_id uuid) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT DISTINCT s.victim_id::uuid FROM tap_l.%I AS s
		WHERE sex = ''female'' AND birth_year IS DISTINCT FROM ''5''', name);
END
$$;
CREATE FUNCTION tap_l.is_exact(load uuid) RETURNS bool LANGUAGE sql STABLE
RETURN (SELECT bool_and(b.read = b.stored + b.quarantined AND b.quarantined =
		(SELECT count(*) FROM tap_load.quarantine AS q WHERE q.batch = b.batch))
	FROM tap_load.load_batch AS b WHERE b.load = is_exact.load);

-- ---- the function: five seeds ----
DO $$
DECLARE
	answer record;
BEGIN
	FOR seed IN 1..5 LOOP
		PERFORM tap_l.stage('s' || seed, seed, 1300);
		answer := tip.load(('tap_l.s' || seed)::regclass, 'victim', 'tap_load');
	END LOOP;
END
$$;
SELECT is(sum(read), 6500::numeric, 'all rows are read') FROM tap_load.load_batch;
SELECT ok(bool_and(tap_l.is_exact(load)), 'each load adds up') FROM tap_load.load_batch;
SELECT ok(bool_and(quarantined BETWEEN 80 AND 200), 'there was something to set aside')
FROM tap_load.load_batch;
SELECT set_eq('SELECT victim_id FROM tap_load.victim',
	$$SELECT g.* FROM generate_series(1, 5) AS i, tap_l.good('s' || i) AS g$$,
	'what is good is stored, and nothing else');
SELECT is_empty($$
	SELECT s.i FROM tap_l.s3 AS s
	WHERE (SELECT count(*) FROM tap_load.quarantine AS q JOIN tap_load.load_batch AS b USING (batch)
	       WHERE b.staging = 'tap_l.s3' AND (q.record->>'i')::int = s.i
	         AND jsonb_populate_record(NULL::tap_l.s3, q.record) = s)
	   + (SELECT count(*) FROM tap_load.victim AS v WHERE v.victim_id = s.victim_id::uuid) < 1$$,
	'no row of staging is in neither place, and those set aside are as they came');
SELECT ok(bool_and(jsonb_array_length(findings) > 0), 'each row set aside has a reason')
FROM tap_load.quarantine;
SELECT is_empty($$SELECT FROM tap_load.quarantine WHERE findings::text ~ 'Ann'$$,
	'and no reason repeats a value');
SELECT is((SELECT count(*) FROM tap_l.s1), 1300::bigint, 'staging is as it was');

-- ---- a hundred thousand rows ----
TRUNCATE tap_load.victim CASCADE;
SELECT tap_l.stage('many', 6, 100000);
CREATE TABLE tap_l.copy AS SELECT * FROM tap_l.many;
CALL tip.load_batches('tap_l.many', 'victim', 7001, 'tap_load', md5('many')::uuid);
SELECT is(sum(read), 100000::numeric, 'in batches, each row leaves staging once')
FROM tap_load.load_batch WHERE load = md5('many')::uuid;
SELECT is(count(*), 15::bigint, 'no batch is greater than it may be')
FROM tap_load.load_batch WHERE load = md5('many')::uuid AND read <= 7001;
SELECT ok(tap_l.is_exact(md5('many')::uuid), 'each batch adds up');
SELECT is((SELECT count(*) FROM tap_l.many), 0::bigint, 'staging is empty');
SELECT is((SELECT count(*) FROM tap_load.victim), (SELECT sum(stored)::bigint
	FROM tap_load.load_batch WHERE load = md5('many')::uuid), 'what is said to be stored is');
SELECT set_eq('SELECT victim_id FROM tap_load.victim', $$SELECT tap_l.good('copy')$$,
	'what is good is stored, and nothing else');

-- ---- rows set aside come back as they came ----
SELECT set_eq($$
	SELECT r.* FROM tap_load.quarantine AS q JOIN tap_load.load_batch AS b USING (batch),
	     jsonb_populate_record(NULL::tap_l.copy, q.record) AS r WHERE b.load = md5('many')::uuid
	EXCEPT ALL SELECT * FROM tap_l.copy$$, 'SELECT * FROM tap_l.copy LIMIT 0',
	'a record in quarantine is a row of staging');

-- ---- cases: those that are refused, and no others, whatever the order ----
INSERT INTO tap_load.event (event_id) SELECT md5('case' || i)::uuid FROM generate_series(1, 3000) AS i;
INSERT INTO tap_load.involvement (involvement_id, event_id)
SELECT md5('case' || i)::uuid, md5('case' || i)::uuid FROM generate_series(1, 3000) AS i;
CREATE TABLE tap_l.steps AS
SELECT md5('case' || i)::uuid AS event_id, md5('case' || i)::uuid AS involvement_id, s.step
FROM generate_series(1, 3000) AS i, (VALUES ('charged'), ('convicted')) AS s(step)
WHERE NOT (step = 'charged' AND tap_l.bad(7, i, 'case', 5))
ORDER BY tap_l.chance(7, i, step);
CREATE TABLE tap_l.all_steps AS SELECT * FROM tap_l.steps;
CALL tip.load_batches('tap_l.steps', 'justice_step', 1000000, 'tap_load', md5('steps')::uuid);
SELECT ok(tap_l.is_exact(md5('steps')::uuid), 'a batch with refused cases adds up');
SELECT set_eq($$SELECT event_id FROM tap_load.justice_step GROUP BY event_id$$,
	$$SELECT event_id FROM tap_l.all_steps WHERE step = 'charged'$$, 'cases that are in order are stored');
SELECT set_eq($$SELECT (record->>'event_id')::uuid FROM tap_load.quarantine WHERE entity = 'justice_step'$$,
	$$SELECT event_id FROM tap_l.all_steps EXCEPT SELECT event_id FROM tap_l.all_steps WHERE step = 'charged'$$,
	'rows of the others are in quarantine');
SELECT is_empty($$
	SELECT record FROM tap_load.quarantine WHERE entity = 'justice_step'
	  AND (findings->0->>'rule' <> 'J01' OR findings->0->>'record' <> record->>'event_id')$$,
	'each with what was found about its own case');

-- rows that say their case through another row
CREATE VIEW tap_load.tap_facts WITH (security_invoker = true) AS
SELECT v.event_id, count(*) AS n FROM tap_load.screening AS s
JOIN tap_load.victimization AS v USING (victimization_id) GROUP BY v.event_id;
INSERT INTO tip.rule (id, entity, columns, severity, timing, predicate, message_en)
VALUES ('TAP_LOAD', 'tap_facts', '{n}', 'error', 'tx', 'n <= 1', 'one screening for each event');
INSERT INTO tap_load.victimization (victimization_id, event_id, victim_stage)
SELECT md5('case' || i)::uuid, md5('case' || i)::uuid, 'draft' FROM generate_series(1, 10) AS i;
CREATE TABLE tap_l.screened AS SELECT md5('case' || i)::uuid AS victimization_id
FROM unnest('{1,2,3,4,2,5}'::int[]) AS i;
SELECT is(l.stored || '/' || l.quarantined, '4/2', 'both screenings of one event are set aside')
FROM tip.load('tap_l.screened', 'screening', 'tap_load') AS l;

-- by one who may not see the table between
CREATE ROLE regress_tap_loader;
GRANT USAGE ON SCHEMA tap_load, tap_l TO regress_tap_loader;
GRANT SELECT ON tap_l.screened TO regress_tap_loader;
GRANT INSERT ON tap_load.screening, tap_load.quarantine, tap_load.load_batch TO regress_tap_loader;
GRANT EXECUTE ON FUNCTION tip.load(regclass, text, name, bool) TO regress_tap_loader;
DELETE FROM tap_load.screening;
SET ROLE regress_tap_loader;
SELECT is(l.stored || '/' || l.quarantined, '5/1', 'row by row: the second of them')
FROM tip.load('tap_l.screened', 'screening', 'tap_load') AS l;
RESET ROLE;
SELECT ok(tap_l.is_exact(load), 'and that adds up too') FROM tap_load.load_batch
WHERE acting_as = 'regress_tap_loader';

-- ---- memory does not grow with the rows ----
CREATE FUNCTION tap_l.held() RETURNS numeric LANGUAGE sql
RETURN (SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name LIKE 'tip.load%');
SELECT is(tap_l.held(), NULL::numeric, 'nothing of a load is kept');

DELETE FROM tip.rule WHERE id = 'TAP_LOAD';
DROP OWNED BY regress_tap_loader;
DROP ROLE regress_tap_loader;
DROP SCHEMA tap_load, tap_l CASCADE;
SELECT * FROM finish();
