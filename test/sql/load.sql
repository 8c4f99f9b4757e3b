-- Loads: good rows in, bad rows aside, every row accounted for.
SET client_min_messages = warning;
SELECT tip.create_model('load_data') > 0 AS made;
RESET client_min_messages;

-- a batch: good rows in, bad rows aside, nothing lost
CREATE TABLE staging (line int, victim_stage text, acts text, means text,
    forms text, age_at_entry text, identified_on text, status_decider text, name text);
INSERT INTO staging
SELECT i, 'identified', '{recruit}',
       CASE WHEN i % 100 = 7 THEN NULL ELSE '{fraud}' END,
       CASE WHEN i % 250 = 3 THEN '{labor}' ELSE '{labour}' END, '30',
       CASE WHEN i = 600 THEN '2023-13' ELSE '2023' END, 'police', 'Ann ' || i
FROM generate_series(1, 1200) AS i;
SELECT read, stored, quarantined, read = stored + quarantined AS exact, unknown_columns
FROM tip.load('staging', 'victimization', 'load_data');
SELECT f->>'rule' AS rule, f->'columns' AS columns, f->>'outcome' AS outcome,
       count(*), min(q.record->>'line') AS first
FROM load_data.quarantine AS q, jsonb_array_elements(q.findings) AS f
WHERE f->>'severity' = 'error'
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT * FROM tip.load('staging', 'nothing', 'load_data');
SELECT * FROM tip.load('pg_class', 'victim', 'load_data');
-- core's own refusals are set aside too, without core's words
CREATE TABLE twice (victim_id text, prmis_ref text);
INSERT INTO twice SELECT '00000000-0000-0000-0000-00000000000' || (i % 3), 'Ann'
FROM generate_series(1, 5) AS i;
SELECT read, stored, quarantined FROM tip.load('twice', 'victim', 'load_data');
SELECT line, findings FROM load_data.quarantine WHERE entity = 'victim';

-- the report; a retired column of staging is no column
TRUNCATE staging;
ALTER TABLE staging DROP COLUMN line, DROP COLUMN name, ADD recorded_on date;
SELECT read, stored, quarantined, unknown_columns
FROM tip.load('staging', 'victimization', 'load_data');
INSERT INTO staging DEFAULT VALUES;
INSERT INTO staging (victim_stage, recorded_on) VALUES ('draft', '2024-02-03'), ('', NULL);
SET datestyle = 'SQL, DMY';
SELECT read, stored, quarantined, unknown_columns
FROM tip.load('staging', 'victimization', 'load_data');
RESET datestyle;
SELECT record, findings FROM load_data.quarantine ORDER BY loaded_on DESC LIMIT 1;
SELECT number, load = batch AS one_batch, staging, entity, who = session_user AS by_me, acting_as = current_user AS as_me,
       started <= finished AS in_time, read, stored, quarantined, ruleset = tip.current_ruleset() AS ruleset, unknown_columns
FROM load_data.load_batch ORDER BY finished;

-- in batches: rows leave staging
CREATE VIEW load_data.report AS
SELECT b.load, b.number, b.read, b.stored, b.quarantined,
       b.read = b.stored + b.quarantined
       AND b.quarantined = (SELECT count(*) FROM load_data.quarantine AS q WHERE q.batch = b.batch) AS exact
FROM load_data.load_batch AS b;
\set load '''00000000-0000-4000-8000-00000000000a'''
SET client_min_messages = warning;
TRUNCATE staging;
CALL tip.load_batches('staging', 'victimization', schema => 'load_data', load => :load);
SELECT count(*) FROM load_data.report WHERE load = :load;
INSERT INTO staging (victim_stage, age_at_entry)
SELECT 'draft', CASE WHEN i % 10 = 3 THEN 'x' ELSE '30' END FROM generate_series(1, 25) AS i;
CALL tip.load_batches('staging', 'victimization', 10, 'load_data', :load);
SELECT number, read, stored, quarantined, exact FROM load_data.report WHERE load = :load ORDER BY number;
SELECT count(*) FROM staging;
-- and go on where they were
INSERT INTO staging (victim_stage) VALUES ('draft');
CALL tip.load_batches('staging', 'victimization', schema => 'load_data', load => :load);
SELECT max(number), sum(read), bool_and(exact) FROM load_data.report WHERE load = :load;
-- what was set aside is corrected and loaded again
WITH again AS (
	DELETE FROM load_data.quarantine WHERE batch IN (SELECT batch FROM load_data.load_batch WHERE load = :load)
	RETURNING record || '{"age_at_entry": "30"}' AS record)
INSERT INTO staging SELECT r.* FROM again, jsonb_populate_record(NULL::staging, record) AS r;
RESET client_min_messages;
DO $$
BEGIN
	CALL tip.load_batches('staging', 'victimization', 10, 'load_data', '00000000-0000-4000-8000-00000000000b');
END
$$;

-- a rule at commit refuses one case among many: its rows only are set aside
CREATE FUNCTION load_case(n int) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5('case' || n)::uuid;
INSERT INTO load_data.event (event_id) SELECT load_case(i) FROM generate_series(1, 1200) AS i;
INSERT INTO load_data.involvement (involvement_id, event_id) SELECT load_case(i), load_case(i) FROM generate_series(1, 1200) AS i;
CREATE TABLE steps AS
SELECT load_case(i)::text AS event_id, load_case(i)::text AS involvement_id, s.step, s.n::text AS sequence
FROM generate_series(1, 1200) AS i, (VALUES (1, 'charged'), (2, 'convicted')) AS s(n, step)
WHERE i NOT IN (7, 900) OR s.step <> 'charged'
ORDER BY i, s.n DESC;
SELECT read, stored, quarantined FROM tip.load('steps', 'justice_step', 'load_data');
SELECT line, findings FROM load_data.quarantine WHERE entity = 'justice_step' ORDER BY line;
-- without judging, COMMIT decides, once for all
TRUNCATE load_data.justice_step, load_data.sentence;
BEGIN;
SELECT read, stored, quarantined FROM tip.load('steps', 'justice_step', 'load_data', false);
ROLLBACK;
\set VERBOSITY sqlstate
SELECT read, stored, quarantined FROM tip.load('steps', 'justice_step', 'load_data', judge_cases => false);
\set VERBOSITY default
-- what the transaction did before is for COMMIT, and no reason to set rows aside
BEGIN;
INSERT INTO load_data.event (event_id) VALUES (load_case(2000));
INSERT INTO load_data.involvement (involvement_id, event_id) VALUES (load_case(2000), load_case(2000));
INSERT INTO load_data.justice_step (event_id, involvement_id, step) VALUES (load_case(2000), load_case(2000), 'convicted');
SELECT read, stored, quarantined FROM tip.load('steps', 'justice_step', 'load_data');
\set VERBOSITY sqlstate
COMMIT;
\set VERBOSITY default
-- in batches
CALL tip.load_batches('steps', 'justice_step', 100000, 'load_data', '00000000-0000-4000-8000-00000000000c');
SELECT number, read, stored, quarantined, exact FROM load_data.report WHERE load = '00000000-0000-4000-8000-00000000000c';

-- a staging table that does not say the case: judged row by row
INSERT INTO load_data.event (event_id) VALUES (load_case(3000));
INSERT INTO load_data.involvement (involvement_id, event_id) VALUES (load_case(3000), load_case(3000));
ALTER TABLE load_data.justice_step ALTER event_id SET DEFAULT load_case(3000);
INSERT INTO tip.rule_override (rule, why) VALUES ('J29', 'a default says the event');
CREATE TABLE vague AS SELECT load_case(3000)::text AS involvement_id, step, n, CASE step WHEN 'charged' THEN '1' END AS charge_count
FROM (VALUES (1, 'convicted'), (2, 'charged'), (3, 'convicted'), (4, 'acquitted')) AS v(n, step);
SELECT read, stored, quarantined FROM tip.load('vague', 'justice_step', 'load_data');
SELECT record, jsonb_path_query_array(findings, '$[*] ? (@.outcome == "failed" && @.severity == "error").rule') AS rules FROM load_data.quarantine WHERE record ? 'n' ORDER BY line;
SELECT step FROM load_data.justice_step WHERE event_id = load_case(3000) ORDER BY step;
ALTER TABLE load_data.justice_step ALTER event_id DROP DEFAULT;
DELETE FROM tip.rule_override WHERE rule = 'J29';

-- a constraint that waits for the commit
CREATE TABLE wait_staging (prmis_ref text, birth_year text);
UPDATE load_data.victim SET prmis_ref = NULL;
ALTER TABLE load_data.victim ADD CONSTRAINT one_ref UNIQUE (prmis_ref) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO wait_staging SELECT i % 4, 1990 FROM generate_series(1, 6) AS i;
CALL tip.load_batches('wait_staging', 'victim', 100, 'load_data', '00000000-0000-4000-8000-00000000000d');
SELECT q.line, q.findings->0->>'message' AS message FROM load_data.quarantine AS q JOIN load_data.load_batch USING (batch)
WHERE load = '00000000-0000-4000-8000-00000000000d' ORDER BY line;
ALTER TABLE load_data.victim DROP CONSTRAINT one_ref;

-- triggers that swallow rows lose none
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END) ->> 'birth_year' = '1991' THEN
		RETURN NULL;
	END IF;
	RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER swallow BEFORE INSERT ON load_data.victim FOR EACH ROW EXECUTE FUNCTION swallow();
INSERT INTO wait_staging SELECT NULL, 1990 + i FROM generate_series(0, 2) AS i;
SELECT read, stored, quarantined FROM tip.load('wait_staging', 'victim', 'load_data');
SELECT findings->0->>'message' AS message FROM load_data.quarantine ORDER BY loaded_on DESC LIMIT 1;
CREATE TRIGGER swallow BEFORE DELETE ON wait_staging FOR EACH ROW EXECUTE FUNCTION swallow();
CALL tip.load_batches('wait_staging', 'victim', 1, 'load_data', '00000000-0000-4000-8000-00000000000e');
SELECT * FROM wait_staging;
DROP TRIGGER swallow ON load_data.victim;
CREATE FUNCTION swallow_all() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER swallow BEFORE INSERT ON load_data.quarantine FOR EACH ROW EXECUTE FUNCTION swallow_all();
UPDATE wait_staging SET birth_year = '5';
SELECT * FROM tip.load('wait_staging', 'victim', 'load_data');
DROP TRIGGER swallow ON load_data.quarantine;

-- staging of other kinds
CREATE VIEW as_view AS SELECT '1990'::text AS birth_year, ARRAY['FR'] AS citizenship;
SELECT read, stored, quarantined FROM tip.load('as_view', 'victim', 'load_data');
CALL tip.load_batches('as_view', 'victim', schema => 'load_data');
CREATE TEMP TABLE parted (birth_year int, sex text) PARTITION BY LIST (sex);
CREATE TEMP TABLE parted_f PARTITION OF parted FOR VALUES IN ('female');
CREATE TEMP TABLE parted_r PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT 1990, CASE WHEN i % 3 = 0 THEN 'male' ELSE 'female' END FROM generate_series(1, 30) AS i;
CALL tip.load_batches('parted', 'victim', 8, 'load_data', '00000000-0000-4000-8000-00000000000f');
SELECT number, read, stored, exact FROM load_data.report WHERE load = '00000000-0000-4000-8000-00000000000f' ORDER BY number;
SELECT count(*) FROM parted;
CREATE RULE aside AS ON DELETE TO parted_r DO INSTEAD NOTHING;
CALL tip.load_batches('parted', 'victim', 8, 'load_data');

-- what cannot be
CALL tip.load_batches('load_data.victim', 'victim', 8, 'load_data');
CALL tip.load_batches('pg_class', 'victim', 8, 'load_data');
CALL tip.load_batches('staging', 'victimization', 0, 'load_data');
CALL tip.load_batches('staging', 'victimization', NULL);
CALL tip.load_batches('staging', 'nothing', 8, 'load_data');
CALL tip.load_batches('staging', 'victimization', 8, 'no_such');
CALL tip.load_batches('0', 'victimization', 8, 'load_data');
SELECT tip.load('0', 'victimization', 'load_data');
BEGIN;
CALL tip.load_batches('staging', 'victimization', 8, 'load_data');
ROLLBACK;
ALTER TABLE load_data.load_batch RENAME TO old_batch;
SELECT tip.load('staging', 'victimization', 'load_data');
ALTER TABLE load_data.old_batch RENAME TO load_batch;

-- the caller's rights
CREATE ROLE regress_tip_loader;
GRANT CREATE ON SCHEMA public TO regress_tip_loader;
SELECT tip.grant_recorder('regress_tip_loader', 'load_data');
SET ROLE regress_tip_loader;
SELECT tip.load('wait_staging', 'victim', 'load_data');
CALL tip.load_batches('wait_staging', 'victim', 8, 'load_data');
RESET ROLE;
GRANT SELECT ON wait_staging TO regress_tip_loader;
SET ROLE regress_tip_loader;
SELECT read, stored, quarantined FROM tip.load('wait_staging', 'victim', 'load_data');
CALL tip.load_batches('wait_staging', 'victim', 8, 'load_data');
UPDATE load_data.load_batch SET stored = 0;
SELECT count(*) FROM tip.load_progress;
CREATE TABLE own_staging AS SELECT '1990' AS birth_year FROM generate_series(1, 3);
CALL tip.load_batches('own_staging', 'victim', 2, 'load_data', '00000000-0000-4000-8000-000000000010');
SELECT number, read, stored, exact, who <> acting_as AS acting FROM load_data.load_batch JOIN load_data.report USING (load, number, read, stored)
WHERE load = '00000000-0000-4000-8000-000000000010' ORDER BY number;
RESET ROLE;
REVOKE INSERT ON load_data.victim FROM regress_tip_loader;
SET ROLE regress_tip_loader;
SELECT tip.load('own_staging', 'victim', 'load_data');
RESET ROLE;
-- rows that one may not see are not loaded, and one is told
ALTER TABLE wait_staging ENABLE ROW LEVEL SECURITY;
GRANT INSERT ON load_data.victim TO regress_tip_loader;
CREATE POLICY blank ON wait_staging USING (birth_year IS NULL);
SET ROLE regress_tip_loader;
SELECT read, stored, quarantined FROM tip.load('wait_staging', 'victim', 'load_data');
RESET ROLE;

-- but for the load whose rows were taken out of quarantine
SELECT bool_and(exact) AS exact FROM load_data.report WHERE load <> :load;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP OWNED BY regress_tip_loader;
DROP ROLE regress_tip_loader;
DROP VIEW as_view;
DROP TABLE parted, staging, twice, steps, vague, wait_staging;
DROP SCHEMA load_data CASCADE;
DROP FUNCTION load_case, swallow, swallow_all;
