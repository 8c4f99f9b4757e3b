-- Privileges: what PUBLIC, an analyst and a recorder may and may not do.

-- in schema tip PUBLIC executes nothing that could read a table
SELECT p.oid::regprocedure AS not_for_public
FROM pg_proc AS p
WHERE p.pronamespace = 'tip'::regnamespace
  AND p.proname IN ('create_model', 'upgrade_model', 'preview', 'preview_loss',
      'publish', 'verify_release', 'sdg_16_2_2', 'grant_recorder',
      'grant_analyst', 'load', 'check_record', 'data_quality',
      'data_quality_summary')
  AND has_function_privilege('public', p.oid, 'EXECUTE');

SELECT tip.create_model('secret_data') > 0 AS made;
CREATE ROLE regress_tip_analyst;
CREATE ROLE regress_tip_recorder;
SELECT tip.grant_analyst('regress_tip_analyst');
SELECT tip.grant_recorder('regress_tip_recorder', 'secret_data');

\set VERBOSITY terse
SET ROLE regress_tip_analyst;
SELECT count(*) >= 0 AS reads_releases FROM tip.published_cell;
SELECT count(*) FROM tip.release_cell;
SELECT tip.label('female'::tip.sex);
SELECT count(*) FROM tip.release_certificate;
SELECT count(*) FROM tip.release_log;
SELECT count(*) FROM secret_data.victim;
SELECT count(*) FROM tip.sdg_16_2_2('secret_data');
SELECT count(*) FROM tip.preview('annual', 2020, 2020, 'secret_data');
SELECT tip.publish('annual', 2020, 2020, 'secret_data');
SELECT tip.grant_recorder('regress_tip_analyst', 'secret_data');
SELECT count(*) FROM tip.data_quality('secret_data');
RESET ROLE;

SET ROLE regress_tip_recorder;
INSERT INTO secret_data.victim (sex) VALUES ('female');
SELECT count(*) FROM secret_data.victim;
DELETE FROM secret_data.victim;
SELECT rule FROM tip.check_record('victim', '{"birth_year": 5}', 'secret_data');
CREATE TEMP TABLE incoming AS SELECT '1990' AS birth_year UNION ALL SELECT '5';
SELECT read, stored, quarantined FROM tip.load('incoming', 'victim', 'secret_data');
SELECT entity, records, failing FROM tip.data_quality('secret_data') WHERE verdict IS NOT NULL;
INSERT INTO tip.rule_override (rule, why) VALUES ('A03_VICTIM', 'because');
SELECT count(*) FROM tip.release_cell;
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA secret_data CASCADE;
DROP OWNED BY regress_tip_analyst, regress_tip_recorder;
DROP ROLE regress_tip_analyst, regress_tip_recorder;
