-- Properties of what is kept of a judgement.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SET client_min_messages = warning;
SET search_path = public;
SELECT * FROM no_plan();

SELECT tip.create_model('tap_found');
CREATE SCHEMA tap_f;
CREATE FUNCTION tap_f.key(n int) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN lpad(n::text, 32, '0')::uuid;
-- a warning: an identified victim without a country of exploitation, and more
CREATE FUNCTION tap_f.good(n int) RETURNS tap_found.victimization LANGUAGE sql
BEGIN ATOMIC
	SELECT jsonb_populate_record(NULL::tap_found.victimization, jsonb_build_object(
		'victimization_id', tap_f.key(n), 'victim_stage', 'identified', 'victim_status', 'identified',
		'acts', '{recruit}', 'means', '{fraud}', 'forms', '{labour}', 'status_decider', 'police',
		'identified_on', '2024-01-02'));
END;
CREATE FUNCTION tap_f.found(n int) RETURNS bigint LANGUAGE sql STABLE
RETURN (SELECT count(*) FROM tap_found.finding WHERE record = tap_f.key(n)::text);

-- ---- findings follow the rows ----
BEGIN;
INSERT INTO tap_found.victimization SELECT (tap_f.good(1)).*;
SAVEPOINT s;
INSERT INTO tap_found.victimization SELECT (tap_f.good(2)).*;
ROLLBACK TO s;
INSERT INTO tap_found.victimization SELECT (tap_f.good(3)).*;
COMMIT;
SELECT ok(tap_f.found(1) > 0 AND tap_f.found(3) > 0, 'findings of committed rows stay');
SELECT is(tap_f.found(2), 0::bigint, 'those of rows rolled back to a savepoint do not');

DO $$
BEGIN
	FOR i IN 10..14 LOOP
		BEGIN
			INSERT INTO tap_found.victimization SELECT (tap_f.good(i)).*;
			IF i % 2 = 0 THEN
				RAISE EXCEPTION 'no';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END $$;
SELECT is(ARRAY(SELECT n FROM generate_series(10, 14) AS n WHERE tap_f.found(n) > 0), '{11,13}',
	'and so it is with blocks that catch their errors');

INSERT INTO tap_found.victimization SELECT (tap_f.good(1)).* ON CONFLICT DO NOTHING;
INSERT INTO tap_found.victimization
	SELECT (g).* FROM (SELECT tap_f.good(1)) AS v(g)
	ON CONFLICT (victimization_id) DO UPDATE SET exploitation_country = 'TT', sector = 'A',
	exploited_from = '2023', event_id = NULL;
SELECT bag_eq($$SELECT rule FROM tap_found.finding WHERE record = tap_f.key(1)::text$$,
	$$SELECT rule FROM tip.check_table('tap_found.victimization') WHERE record = tap_f.key(1)::text$$,
	'ON CONFLICT DO UPDATE: the findings are those of the row that is stored');
SELECT is((SELECT count(*) FROM tap_found.finding AS f WHERE NOT EXISTS (
	SELECT FROM tap_found.victimization AS v WHERE v.victimization_id::text = f.record)), 0::bigint,
	'no finding is about a row that is not there');
UPDATE tap_found.victimization SET victimization_id = tap_f.key(99) WHERE victimization_id = tap_f.key(3);
SELECT ok(tap_f.found(3) = 0 AND tap_f.found(99) > 0, 'a changed key takes its findings along');
INSERT INTO tap_found.victim (victim_id, children_count) SELECT tap_f.key(n), 1 FROM generate_series(1, 5) AS n;
WITH w AS (INSERT INTO tap_found.victimization SELECT (tap_f.good(20)).* RETURNING 1),
     u AS (UPDATE tap_found.victimization SET sector = 'B' WHERE victimization_id = tap_f.key(99) RETURNING 1),
     d AS (DELETE FROM tap_found.victimization WHERE victimization_id = tap_f.key(1) RETURNING 1)
SELECT ok((SELECT count(*) FROM w, u, d) = 1, 'three writes in one statement');
SELECT ok(tap_f.found(20) > 0 AND tap_f.found(99) > 0 AND tap_f.found(1) = 0, 'leave what each of them found');
COPY tap_found.victimization (victimization_id, victim_stage, means) FROM stdin;
00000000-0000-0000-0000-000000000030	draft	{none_child,fraud}
\.
SELECT is((SELECT string_agg(rule, ',') FROM tap_found.finding WHERE record = tap_f.key(30)::text), 'P10', 'COPY finds, too');
DELETE FROM tap_found.victimization;
SELECT is((SELECT count(*) FROM tap_found.finding), 0::bigint, 'deleted rows leave no finding');

-- ---- many ----
INSERT INTO tap_found.victimization (victim_stage, means)
SELECT 'draft', '{none_child,fraud}' FROM generate_series(1, 25000);
SELECT is((SELECT count(*) FROM tap_found.finding WHERE rule = 'P10'), 25000::bigint,
	'25,000 findings of one statement, more than are collected at a time');
SELECT is((SELECT count(*) FROM tip.check_table('tap_found.victimization') WHERE rule = 'P10'), 25000::bigint,
	'and the audit finds them all again');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT is((SELECT count(*) FROM tip.check_table('tap_found.victimization') WHERE rule = 'P10'), 25000::bigint,
	'in parallel workers, too');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
TRUNCATE tap_found.victimization CASCADE;
SELECT is((SELECT count(*) FROM tap_found.finding WHERE entity = 'victimization'), 0::bigint, 'TRUNCATE forgets them');

-- ---- partitions ----
SELECT tip.create_model('tap_found_part', partition_by => 'year');
INSERT INTO tap_found_part.victimization (victimization_id, case_year, victim_stage, means)
VALUES (tap_f.key(1), 2024, 'draft', '{none_child,fraud}');
INSERT INTO tap_found_part.victimization_default (victimization_id, case_year, victim_stage, means)
VALUES (tap_f.key(2), 2025, 'draft', '{none_child,fraud}');
SELECT is(ARRAY(SELECT right(record, 1) FROM tap_found_part.finding ORDER BY record), '{1,2}',
	'a row straight into a partition has findings like one through the table');
UPDATE tap_found_part.victimization_default SET means = '{fraud}' WHERE victimization_id = tap_f.key(2);
SELECT is(ARRAY(SELECT right(record, 1) FROM tap_found_part.finding ORDER BY record), '{1}', 'and loses them like it');

-- ---- rights: nobody needs any on the findings, nobody forges them ----
CREATE ROLE tap_f_recorder;
SELECT tip.grant_recorder('tap_f_recorder', 'tap_found');
GRANT USAGE ON SCHEMA tap_f TO tap_f_recorder;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tap_f TO tap_f_recorder;
CREATE ROLE tap_f_writer;
GRANT USAGE ON SCHEMA tap_found TO tap_f_writer;
GRANT INSERT ON tap_found.victimization TO tap_f_writer;
SET ROLE tap_f_writer;
SELECT lives_ok($$INSERT INTO tap_found.victimization (victim_stage, means) VALUES ('draft', '{none_child,fraud}')$$,
	'whoever may only insert has findings written');
SELECT throws_ok('SELECT * FROM tap_found.finding', '42501', NULL, 'and may not read them');
SET ROLE tap_f_recorder;
SELECT is((SELECT count(*) FROM tap_found.finding), 1::bigint, 'a recorder reads findings');
SELECT throws_ok('DELETE FROM tap_found.finding', '42501', NULL, 'deletes none');
SELECT throws_ok('UPDATE tap_found.finding SET outcome = ''excused''', '42501', NULL, 'changes none');
SELECT throws_ok($$SELECT tip.excuse('P10', gen_random_uuid(), 'mine', NULL, 'tap_found')$$, '42501', NULL,
	'and excuses nothing');
SELECT lives_ok($$SELECT tip.save('victim', '{"children_count": 2}', 'tap_found')$$, 'saves');
SELECT lives_ok($$SELECT tip.check_table('tap_found.victim')$$, 'and audits');
RESET ROLE;

-- ---- an excuse ----
SELECT tip.excuse('A03', tap_f.key(40), 'birth certificate seen', '2199-01-01', 'tap_found');
SELECT lives_ok($$INSERT INTO tap_found.victimization (victimization_id, age_at_entry) VALUES (tap_f.key(40), 121)$$,
	'an excuse may come before the record');
SELECT is((SELECT outcome FROM tap_found.finding WHERE record = tap_f.key(40)::text AND rule = 'A03'), 'excused',
	'which keeps it as a finding');
SELECT throws_ok($$INSERT INTO tap_found.victimization (age_at_entry) VALUES (121)$$, '23514', NULL,
	'no other record is excused');
INSERT INTO tap_found.excuse (rule, record, reason, who, decided_on)
VALUES ('A03', 'x', 'y', 'somebody else', '2001-01-01');
SELECT is((SELECT who = session_user AND decided_on > '2002-01-01' FROM tap_found.excuse WHERE record = 'x'), true,
	'nor in another''s name');

-- ---- twelve mistakes, one error, one dry run ----
CREATE TABLE tap_f.dozen AS SELECT jsonb_build_object(
	'victim_stage', 'identified', 'age_at_entry', 30, 'age_at_identification', 20,
	'age_status_at_entry', 'minor', 'means', '{none_child,fraud}', 'sex_types', '{pornography}',
	'weekly_hours', 200, 'exploited_from', '2024', 'exploited_to', '2020', 'identified_on', '2019',
	'debt_amount', -1, 'recruited_on', '2199', 'exploitation_country', 'TT', 'exploitation_subdivision', 'BB-08') AS record;
CREATE FUNCTION tap_f.detail() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	names text := (SELECT string_agg(format('%I', k), ', ') FROM tap_f.dozen, jsonb_object_keys(record) AS k);
BEGIN
	EXECUTE format('INSERT INTO tap_found.victimization (%1$s)
		SELECT %1$s FROM jsonb_populate_record(NULL::tap_found.victimization, $1)', names)
	USING (SELECT record FROM tap_f.dozen);
	RETURN NULL;
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END $$;
CREATE TEMP TABLE of_trigger AS
	SELECT f->>'rule' AS rule, f->>'severity' AS severity, f->>'outcome' AS outcome, f->'columns' AS columns,
		f->>'message' AS message FROM jsonb_array_elements(tap_f.detail()) AS f;
CREATE TEMP TABLE of_dry_run AS
	SELECT rule, severity, outcome, to_jsonb(columns) AS columns, message
	FROM tip.check_record('victimization', (SELECT record FROM tap_f.dozen), 'tap_found');
SELECT cmp_ok((SELECT count(*) FROM of_trigger WHERE severity = 'error' AND outcome = 'failed'), '>=', 12::bigint,
	'a dozen mistakes in one error');
SELECT set_eq('TABLE of_trigger', 'TABLE of_dry_run', 'the same in the dry run, word for word');
SELECT is((SELECT jsonb_agg(x ORDER BY x->>'rule') FROM jsonb_array_elements(
	(SELECT findings FROM tip.save('victimization', (SELECT record FROM tap_f.dozen), 'tap_found'))) AS x),
	(SELECT jsonb_agg(x ORDER BY x->>'rule') FROM jsonb_array_elements(tap_f.detail()) AS x), 'and in the answer of save');

-- ---- ten thousand cases that fail ----
INSERT INTO tap_found.event (event_id) SELECT tap_f.key(n) FROM generate_series(1, 10000) AS n;
CREATE FUNCTION tap_f.fail_all() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	message text;
BEGIN
	INSERT INTO tap_found.justice_step (event_id, sequence, step, stepped_on)
		SELECT tap_f.key(n), 1, 'sentenced', '2020' FROM generate_series(1, 10000) AS n;
	SET CONSTRAINTS ALL IMMEDIATE;
	RETURN NULL;
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, message = MESSAGE_TEXT;
	RETURN length(detail) || ' ' || message;
END $$;
SELECT matches(tap_f.fail_all(), '^[0-9]{1,5} 10000 records', 'ten thousand failing cases are one short error');
SET session_replication_role = replica;
INSERT INTO tap_found.justice_step (event_id, sequence, step, stepped_on)
	SELECT tap_f.key(n), 1, 'sentenced', '2020' FROM generate_series(1, 10000) AS n;
RESET session_replication_role;
SELECT is((SELECT count(DISTINCT record) FROM tip.check_table('tap_found.prosecution') WHERE rule = 'J04'), 10000::bigint,
	'the whole list comes from check_table()');

DROP OWNED BY tap_f_recorder, tap_f_writer;
DROP ROLE tap_f_recorder, tap_f_writer;
DROP SCHEMA tap_found, tap_found_part, tap_f CASCADE;
SELECT * FROM finish();
