-- Properties of the check at commit: each changed case once, by the views that
-- read what changed, in whatever way the transaction gets there.
\set QUIET 1
-- statements fail here as a client's would; :SQLSTATE tells how
\set ON_ERROR_STOP 0
\pset format unaligned
\pset tuples_only true
SET client_min_messages = warning;
SET search_path = public;
SELECT * FROM no_plan();

SELECT tip.create_model('tap_case');
CREATE SCHEMA tap_c;
CREATE FUNCTION tap_c.key(n int) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN lpad(n::text, 32, '0')::uuid;
CREATE FUNCTION tap_c.step(n int, step tip.justice_step_kind) RETURNS void LANGUAGE sql AS $$
	INSERT INTO tap_case.justice_step (event_id, involvement_id, sequence, step, provenance)
	VALUES (tap_c.key(n), tap_c.key(n), 1, step, 'live')
$$;
INSERT INTO tap_case.event (event_id) SELECT tap_c.key(n) FROM generate_series(1, 9) AS n;
INSERT INTO tap_case.victim (victim_id) SELECT tap_c.key(n) FROM generate_series(1, 9) AS n;
INSERT INTO tap_case.victimization (victimization_id, event_id, victim_id)
	SELECT tap_c.key(n), tap_c.key(n), tap_c.key(n) FROM generate_series(1, 9) AS n;
INSERT INTO tap_case.involvement (involvement_id, event_id)
	SELECT tap_c.key(n), tap_c.key(n) FROM generate_series(1, 9) AS n;

-- ---- a view is asked if a table that it reads has changed ----
CREATE FUNCTION tap_c.nothing() RETURNS int LANGUAGE sql STABLE RETURN 1;
CREATE VIEW tap_case.inner_fact AS
	SELECT v.event_id, x.weekly_hours FROM tap_case.exploitation AS x
	JOIN tap_case.victimization AS v USING (victimization_id);
CREATE VIEW tap_case.outer_fact AS SELECT * FROM tap_case.inner_fact;
CREATE VIEW tap_case.any_fact AS SELECT event_id, tap_c.nothing() AS n FROM tap_case.event;
CREATE VIEW tap_case.victim_fact AS
	SELECT e.event_id, count(v.victimization_id) AS victims, coalesce(e.is_organized_group, false) AS is_empty
	FROM tap_case.event AS e LEFT JOIN tap_case.victimization AS v USING (event_id) GROUP BY e.event_id;
INSERT INTO tip.rule (id, entity, columns, severity, timing, predicate, message_en, valid_from) VALUES
	('LOCAL_OUTER', 'outer_fact', '{weekly_hours}', 'error', 'tx', 'weekly_hours < 99', 'too many hours', NULL),
	('LOCAL_ANY', 'any_fact', '{n}', 'error', 'tx', 'n = 1', 'no', NULL),
	('LOCAL_EMPTY', 'victim_fact', '{}', 'error', 'tx', 'victims > 0 OR is_empty', 'a case without victims', NULL),
	('LOCAL_LATER', 'inner_fact', '{}', 'error', 'tx', 'weekly_hours > 1000', 'not yet', '2199-01-01');
-- what was found before is replaced by what is found now: a planted finding
-- goes if the view is asked, and stays if it is not
CREATE FUNCTION tap_c.plant() RETURNS void LANGUAGE sql AS $$
	DELETE FROM tap_case.finding WHERE rule = 'PLANTED';
	INSERT INTO tap_case.finding (entity, record, rule)
	SELECT DISTINCT entity, tap_c.key(n)::text, 'PLANTED' FROM tip.rule, generate_series(1, 3) AS n
	WHERE timing = 'tx';
$$;
CREATE FUNCTION tap_c.asked() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(DISTINCT r.entity || n, ' ' ORDER BY r.entity || n), 'none')
	FROM tip.rule AS r, generate_series(1, 3) AS n
	WHERE r.timing = 'tx' AND (r.is_local OR r.entity = 'prosecution')
	  AND NOT EXISTS (SELECT FROM tap_case.finding AS f WHERE f.entity = r.entity
		AND f.record = tap_c.key(n)::text AND f.rule = 'PLANTED')
$$;
SELECT tap_c.plant();
INSERT INTO tap_case.referral (victimization_id) VALUES (tap_c.key(1));
SELECT is(tap_c.asked(), 'any_fact1', 'a table that no view reads concerns those alone that may read anything');
SELECT tap_c.plant();
SELECT tap_c.step(2, 'arrested');
SELECT is(tap_c.asked(), 'any_fact2 prosecution2', 'a step of justice concerns the view of prosecutions');
SELECT tap_c.plant();
INSERT INTO tap_case.exploitation (victimization_id, form, weekly_hours) VALUES (tap_c.key(3), 'labour', 40);
SELECT is(tap_c.asked(), 'any_fact3 inner_fact3 outer_fact3', 'a view is read through another one');
SELECT tap_c.plant();
BEGIN;
SELECT tap_c.step(1, 'arrested');
UPDATE tap_case.exploitation SET weekly_hours = 50;
UPDATE tap_case.victim SET children_count = 1 WHERE victim_id = tap_c.key(2);
COMMIT;
SELECT is(tap_c.asked(), 'any_fact1 any_fact2 any_fact3 inner_fact3 outer_fact3 prosecution1',
	'each case by the views that its own changes concern');
SELECT tap_c.plant();
UPDATE tap_case.event SET is_cyber_related = true WHERE event_id = tap_c.key(1);
SELECT is(tap_c.asked(), 'any_fact1 prosecution1 victim_fact1', 'the event concerns those that read it');
CREATE OR REPLACE VIEW tap_case.inner_fact AS
	SELECT v.event_id, 1::int2 AS weekly_hours FROM tap_case.referral AS x
	JOIN tap_case.victimization AS v USING (victimization_id);
SELECT tap_c.plant();
INSERT INTO tap_case.exploitation (victimization_id, form, weekly_hours) VALUES (tap_c.key(3), 'labour', 120);
INSERT INTO tap_case.referral (victimization_id) VALUES (tap_c.key(1));
SELECT is(tap_c.asked(), 'any_fact1 any_fact3 inner_fact1 outer_fact1', 'a view that is replaced reads what it reads now');
CREATE OR REPLACE FUNCTION tap_c.nothing() RETURNS int LANGUAGE sql IMMUTABLE RETURN 1;
SELECT tap_c.plant();
INSERT INTO tap_case.movement (victimization_id) VALUES (tap_c.key(1));
SELECT is(tap_c.asked(), 'none', 'nor has a function that is immutable any table');

-- ---- in whatever way the rows come and go ----
INSERT INTO tap_case.victimization (event_id, victim_id) VALUES (tap_c.key(4), NULL);
DELETE FROM tap_case.victimization WHERE victimization_id = tap_c.key(4);
SELECT is(:'SQLSTATE'::text, '00000', 'another victim is left');
DELETE FROM tap_case.victimization WHERE event_id = tap_c.key(4);
SELECT is(:'SQLSTATE'::text, '23514', 'a case of its last victim');
UPDATE tap_case.victimization SET event_id = tap_c.key(5) WHERE event_id = tap_c.key(4);
SELECT is(:'SQLSTATE'::text, '23514', 'who is moved to another case');
UPDATE tap_case.victimization SET event_id = NULL WHERE event_id = tap_c.key(4);
SELECT is(:'SQLSTATE'::text, '23514', 'or to none');
INSERT INTO tap_case.event (event_id) VALUES (tap_c.key(10));
SELECT is(:'SQLSTATE'::text, '23514', 'a new case without any');
BEGIN;
INSERT INTO tap_case.victimization (victimization_id) VALUES (tap_c.key(10));
INSERT INTO tap_case.event (event_id) VALUES (tap_c.key(10));
UPDATE tap_case.victimization SET event_id = tap_c.key(10) WHERE victimization_id = tap_c.key(10);
COMMIT;
SELECT is(:'SQLSTATE'::text, '00000', 'a case that is put together in any order');
ALTER TABLE tap_case.victimization DROP CONSTRAINT victimization_victim_id_fkey,
	ADD FOREIGN KEY (victim_id) REFERENCES tap_case.victim ON DELETE CASCADE;
DELETE FROM tap_case.victim WHERE victim_id = tap_c.key(6);
SELECT is(:'SQLSTATE'::text, '23514', 'what ON DELETE CASCADE removes is judged');
ALTER TABLE tap_case.victimization DROP CONSTRAINT victimization_event_id_fkey,
	ADD CONSTRAINT victimization_event_id_fkey FOREIGN KEY (event_id) REFERENCES tap_case.event ON DELETE SET NULL;
BEGIN;
DELETE FROM tap_case.victimization WHERE event_id = tap_c.key(10);
DELETE FROM tap_case.event WHERE event_id = tap_c.key(10);
COMMIT;
SELECT is(:'SQLSTATE'::text, '00000', 'a case that is gone has nothing to say');
MERGE INTO tap_case.victimization AS v USING (SELECT tap_c.key(7) AS k) AS s ON v.event_id = s.k
	WHEN MATCHED THEN DELETE;
SELECT is(:'SQLSTATE'::text, '23514', 'MERGE');
COPY tap_case.justice_step (event_id, involvement_id, sequence, step) FROM stdin;
00000000-0000-0000-0000-000000000007	00000000-0000-0000-0000-000000000007	1	convicted
\.
SELECT is((SELECT count(*) FROM tap_case.justice_step WHERE event_id = tap_c.key(7)), 0::bigint, 'COPY');
INSERT INTO tap_case.event (event_id) VALUES (tap_c.key(8)) ON CONFLICT DO NOTHING;
SELECT is(:'SQLSTATE'::text, '00000', 'ON CONFLICT DO NOTHING');
INSERT INTO tap_case.victimization (victimization_id, event_id) VALUES (tap_c.key(8), tap_c.key(8))
	ON CONFLICT (victimization_id) DO UPDATE SET event_id = tap_c.key(9);
SELECT is(:'SQLSTATE'::text, '23514', 'ON CONFLICT DO UPDATE');

-- ---- two-phase commit ----
BEGIN;
SELECT tap_c.step(7, 'convicted');
PREPARE TRANSACTION 'tap_bad';
SELECT is(:'SQLSTATE'::text, '23514', 'a case that breaks a rule is not prepared');
BEGIN;
SELECT tap_c.step(7, 'convicted');
SELECT tap_c.step(7, 'charged');
PREPARE TRANSACTION 'tap_good';
SELECT is(:'SQLSTATE'::text, '00000', 'one that keeps them is');
COMMIT PREPARED 'tap_good';
SELECT is((SELECT count(*) FROM tap_case.justice_step WHERE event_id = tap_c.key(7)), 2::bigint, 'and committed');

-- ---- a user's own deferred triggers ----
CREATE FUNCTION tap_c.uncharge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM tap_case.justice_step WHERE event_id = NEW.event_id AND step = 'charged';
	RETURN NULL;
END $$;
CREATE FUNCTION tap_c.charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tap_c.step(8, 'charged');
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER a_first AFTER INSERT ON tap_case.justice_step DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (NEW.step = 'convicted') EXECUTE FUNCTION tap_c.uncharge();
BEGIN;
SELECT tap_c.step(8, 'charged');
SELECT tap_c.step(8, 'convicted');
COMMIT;
SELECT is(:'SQLSTATE'::text, '23514', 'a deferred trigger that fires before ours');
DROP TRIGGER a_first ON tap_case.justice_step;
CREATE CONSTRAINT TRIGGER "~~last" AFTER INSERT ON tap_case.justice_step DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (NEW.step = 'convicted') EXECUTE FUNCTION tap_c.uncharge();
BEGIN;
SELECT tap_c.step(8, 'charged');
SELECT tap_c.step(8, 'convicted');
COMMIT;
SELECT is(:'SQLSTATE'::text, '23514', 'and one that undoes after our check what it has seen');
DROP TRIGGER "~~last" ON tap_case.justice_step;
CREATE CONSTRAINT TRIGGER a_first AFTER INSERT ON tap_case.justice_step DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (NEW.step = 'convicted') EXECUTE FUNCTION tap_c.charge();
SELECT tap_c.step(8, 'convicted');
SELECT is(:'SQLSTATE'::text, '00000', 'one that completes the case in time');
DROP TRIGGER a_first ON tap_case.justice_step;

-- ---- at REPEATABLE READ the case is touched, once, and nobody is asked ----
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO tap_case.referral (victimization_id) VALUES (tap_c.key(9));
INSERT INTO tap_case.movement (victimization_id) VALUES (tap_c.key(9));
COMMIT;
SELECT is((SELECT check_serial FROM tap_case.event WHERE event_id = tap_c.key(9)), 1::bigint,
	'a case that is changed at second hand is touched once');
CREATE FUNCTION tap_c.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM tap_case.victimization WHERE event_id = NEW.event_id;
	RETURN NULL;
END $$;
CREATE TRIGGER meddle AFTER UPDATE OF check_serial ON tap_case.event FOR EACH ROW EXECUTE FUNCTION tap_c.meddle();
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE tap_case.event SET is_cyber_related = true WHERE event_id = tap_c.key(2);
COMMIT;
SELECT is(:'SQLSTATE'::text, '23514', 'a trigger that our touch fires has its changes judged');
DROP TRIGGER meddle ON tap_case.event;

-- ---- rights ----
CREATE ROLE tap_c_writer;
GRANT USAGE ON SCHEMA tap_case, tap_c TO tap_c_writer;
GRANT INSERT ON tap_case.justice_step TO tap_c_writer;
ALTER TABLE tap_case.event ENABLE ROW LEVEL SECURITY;
ALTER TABLE tap_case.event FORCE ROW LEVEL SECURITY;
ALTER TABLE tap_case.justice_step FORCE ROW LEVEL SECURITY;
ALTER TABLE tap_case.justice_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON tap_case.justice_step FOR INSERT WITH CHECK (true);
CREATE ROLE tap_c_owner;
GRANT CREATE, USAGE ON SCHEMA tap_case TO tap_c_owner;
SELECT format('ALTER %s tap_case.%I OWNER TO tap_c_owner', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relname)
FROM pg_class WHERE relnamespace = 'tap_case'::regnamespace AND relkind IN ('r', 'v')
\gexec
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA tip TO tap_c_owner;
GRANT SELECT ON tip.statute TO tap_c_owner;
GRANT USAGE ON SCHEMA tap_c TO tap_c_owner;
SET ROLE tap_c_writer;
INSERT INTO tap_case.justice_step (event_id, involvement_id, sequence, step)
VALUES (tap_c.key(9), tap_c.key(9), 1, 'convicted');
SELECT is(:'SQLSTATE'::text, '23514', 'whoever sees no case, by right or by policy, is judged by what is there');
RESET ROLE;
ALTER TABLE tap_case.justice_step OWNER TO CURRENT_USER;
GRANT SELECT ON tap_case.justice_step TO tap_c_owner;
SET ROLE tap_c_writer;
INSERT INTO tap_case.justice_step (event_id, involvement_id, sequence, step)
VALUES (tap_c.key(9), tap_c.key(9), 1, 'convicted');
SELECT is(:'SQLSTATE'::text, '42501', 'a policy that would hide facts from the check fails closed');
RESET ROLE;

-- ---- any sequence of savepoints: no broken case is ever committed ----
SELECT tip.create_model('tap_random');
CREATE FUNCTION tap_c.random_steps(seed float8, n int) RETURNS TABLE (statement text) LANGUAGE plpgsql AS $$
DECLARE
	depth int;
BEGIN
	PERFORM setseed(seed);
	FOR i IN 1 .. n LOOP
		depth := 0;
		statement := 'BEGIN';
		RETURN NEXT;
		FOR j IN 1 .. 3 + floor(random() * 10) LOOP
			CASE floor(random() * 9)::int
			WHEN 0, 1, 2 THEN
				statement := format('INSERT INTO tap_random.justice_step (event_id, involvement_id, sequence, step, provenance)
					VALUES (tap_c.key(%1$s), tap_c.key(%1$s), 1, %2$L, ''live'')', 1 + floor(random() * 3),
					(ARRAY['charged', 'convicted'])[1 + floor(random() * 2)]);
			WHEN 3 THEN
				statement := format('DELETE FROM tap_random.justice_step WHERE event_id = tap_c.key(%s) AND step = %L',
					1 + floor(random() * 3), (ARRAY['charged', 'convicted'])[1 + floor(random() * 2)]);
			WHEN 4 THEN
				depth := depth + 1;
				statement := 'SAVEPOINT s' || depth;
			WHEN 5 THEN
				CONTINUE WHEN depth = 0;
				statement := 'ROLLBACK TO s' || 1 + floor(random() * depth);
			WHEN 6 THEN
				CONTINUE WHEN depth = 0;
				statement := 'RELEASE s' || depth;
				depth := depth - 1;
			WHEN 7 THEN
				statement := 'SET CONSTRAINTS ALL ' || (ARRAY['IMMEDIATE', 'DEFERRED'])[1 + floor(random() * 2)];
			ELSE
				statement := format('UPDATE tap_random.justice_step SET event_id = tap_c.key(%1$s), involvement_id = tap_c.key(%1$s)
					WHERE event_id = tap_c.key(%2$s)', 1 + floor(random() * 3), 1 + floor(random() * 3));
			END CASE;
			RETURN NEXT;
		END LOOP;
		statement := 'INSERT INTO tap_c.outcome VALUES (' || i || ')';
		RETURN NEXT;
		statement := 'COMMIT';
		RETURN NEXT;
		statement := 'INSERT INTO tap_c.broken SELECT ' || i ||
			' FROM tap_random.prosecution WHERE has_conviction AND NOT has_charge';
		RETURN NEXT;
	END LOOP;
END $$;
CREATE TABLE tap_c.outcome (n int);
CREATE TABLE tap_c.broken (n int);
DELETE FROM tip.rule WHERE id LIKE 'LOCAL%';
INSERT INTO tap_random.event (event_id) SELECT tap_c.key(n) FROM generate_series(1, 3) AS n;
INSERT INTO tap_random.involvement (involvement_id, event_id) SELECT tap_c.key(n), tap_c.key(n) FROM generate_series(1, 3) AS n;
SET client_min_messages = error;
SELECT statement FROM tap_c.random_steps(0.3, 300)
\gexec
SET client_min_messages = warning;
SELECT ok(count(*) BETWEEN 50 AND 250, 'of 300 random transactions some are committed and some are not: ' || count(*))
FROM tap_c.outcome;
SELECT is((SELECT count(*) FROM tap_c.broken), 0::bigint, 'and none leaves a broken case');

-- ---- more cases than one query is about ----
TRUNCATE tap_random.event CASCADE;
SET session_replication_role = replica;
INSERT INTO tap_random.event (event_id) SELECT tap_c.key(n) FROM generate_series(1, 60000) AS n;
RESET session_replication_role;
INSERT INTO tap_random.justice_step (event_id, sequence, step, provenance)
	SELECT tap_c.key(n), 1, 'charged', 'live' FROM generate_series(60000, 1, -1) AS n;
SELECT is((SELECT count(DISTINCT record) FROM tap_random.finding WHERE entity = 'prosecution' AND rule = 'J02'),
	60000::bigint, 'sixty thousand cases, each with a finding');
DELETE FROM tap_random.justice_step;
SELECT is((SELECT count(*) FROM tap_random.finding WHERE entity = 'prosecution'), 0::bigint, 'and without');

-- ---- two models, one of them in partitions ----
SELECT tip.create_model('tap_parts', partition_by => 'country');
INSERT INTO tap_parts.event (event_id, jurisdiction) VALUES (tap_c.key(1), 'TT');
INSERT INTO tap_parts.involvement (involvement_id, event_id, jurisdiction) VALUES (tap_c.key(1), tap_c.key(1), 'TT');
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO tap_random.justice_step (event_id, sequence, step) VALUES (tap_c.key(1), 1, 'charged');
INSERT INTO tap_parts.justice_step (event_id, involvement_id, jurisdiction, sequence, step)
VALUES (tap_c.key(1), tap_c.key(1), 'TT', 1, 'charged');
COMMIT;
SELECT is((SELECT check_serial FROM tap_parts.event) || ' ' ||
	(SELECT check_serial FROM tap_random.event WHERE event_id = tap_c.key(1)), '1 1', 'two models in one transaction');
BEGIN;
INSERT INTO tap_random.justice_step (event_id, sequence, step) VALUES (tap_c.key(1), 2, 'convicted');
INSERT INTO tap_parts.justice_step (event_id, involvement_id, jurisdiction, sequence, step)
VALUES (tap_c.key(1), NULL, 'TT', 1, 'convicted');
COMMIT;
SELECT is(:'SQLSTATE'::text, '23514', 'each of which is judged');

DROP OWNED BY tap_c_writer, tap_c_owner CASCADE;
DROP ROLE tap_c_writer, tap_c_owner;
DROP SCHEMA tap_case, tap_random, tap_parts, tap_c CASCADE;
SELECT * FROM finish();
