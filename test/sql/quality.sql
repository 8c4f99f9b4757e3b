-- Data quality: figures of a handful of records, which can be counted by hand.
\set VERBOSITY terse
\pset null -
SELECT tip.create_model('quality_data');
CREATE FUNCTION key_of(n int) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN lpad(n::text, 32, '0')::uuid;
CREATE VIEW quality AS
	SELECT agency_name, period, entity, dimension, element, records, drafts, failing, excused,
		not_evaluable, rate, median_shortest, median_longest, verdict
	FROM tip.data_quality('quality_data');

-- a model with nothing in it has no figures
TABLE quality;
SELECT * FROM tip.data_quality_summary('quality_data');

-- brought in past the triggers, as by a restore or a subscription
SET session_replication_role = replica;
INSERT INTO quality_data.reporting_entity (reporting_entity_id, name, organization_type, country) VALUES
	(key_of(1), 'Unit', 'law_enforcement', 'TT'), (key_of(2), 'Division', 'law_enforcement', NULL);
INSERT INTO quality_data.event (event_id, reporting_entity_id, jurisdiction, recorded_on, reported_on, prmis_ref, case_stage) VALUES
	(key_of(11), key_of(1), 'TT', '2024-02-10', '2024-02-01', 'P-1', 'recorded'),
	(key_of(12), key_of(1), 'TT', '2024-03-20', '2024-03', 'P-2', 'recorded'),
	(key_of(13), key_of(1), 'TT', '2024-08-01', '2024-01-01', 'P-1', 'recorded'),
	(key_of(14), key_of(2), 'TT', '2025-01-05', NULL, ' ', 'recorded'),
	(key_of(15), NULL, NULL, 'infinity', '2024', NULL, NULL);
INSERT INTO quality_data.victim (victim_id, sex, age_at_identification, birth_year, citizenship) VALUES
	(key_of(21), 'female', 30, NULL, '{VE}'), (key_of(22), 'unknown', NULL, 1990, '{ZZ}'),
	(key_of(23), NULL, NULL, NULL, '{}'), (key_of(24), 'male', 17, 2007, NULL), (key_of(25), NULL, NULL, NULL, NULL);
INSERT INTO quality_data.victimization (victimization_id, event_id, victim_id, victim_stage, victim_status,
	status_decider, identified_on, acts, means, forms, sector, sex_types, age_at_entry, exploited_from) VALUES
	-- right
	(key_of(31), key_of(11), key_of(21), 'referred', 'identified', 'police', '2024-02-15', '{recruit}', '{fraud}', '{labour}', 'A', NULL, 29, '2024-01'),
	-- nobody is 130 years old
	(key_of(32), key_of(12), key_of(22), 'identified', 'identified', 'police', '2024-03-10', '{recruit}', '{fraud}', '{sex}', NULL, NULL, 130, '2024-01'),
	-- two means that exclude each other, but excused
	(key_of(33), key_of(13), key_of(23), 'screened', NULL, NULL, NULL, '{recruit}', '{none_child,fraud}', '{labour}', NULL, NULL, NULL, NULL),
	-- identified before the exploitation began, or after: nobody knows
	(key_of(34), key_of(14), key_of(24), 'identified', 'identified', 'police', '2025-01', '{recruit}', '{fraud}', '{labour}', NULL, NULL, 17, '2025'),
	-- a draft may say anything
	(key_of(35), key_of(11), key_of(25), 'draft', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 131, NULL),
	-- of no event
	(key_of(36), NULL, NULL, 'screened', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 132, NULL),
	-- the first victim again
	(key_of(37), key_of(11), key_of(21), 'screened', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO quality_data.referral (victimization_id, to_entity_id, referred_on) VALUES
	(key_of(31), key_of(2), '2024-02-20'), (key_of(31), key_of(2), '2024-03'), (key_of(34), key_of(2), NULL);
-- sentenced without a conviction
INSERT INTO quality_data.justice_step (event_id, sequence, step, stepped_on) VALUES (key_of(13), 1, 'sentenced', '2024-09-01');
RESET session_replication_role;
SELECT tip.excuse('P10', key_of(33), 'court file 12 says both', '2199-12-31', 'quality_data');

-- one screen: how good are the cases of each agency?
SELECT agency_name, period, cases, failing, excused, not_evaluable, drafts, error_rate,
	unexcused_rate, missing_rate, late_rate, duplicates, verdict
FROM tip.data_quality_summary('quality_data');

-- validity of each entity, and the rules that say something
SELECT agency_name, period, entity, element, records, drafts, failing, excused, not_evaluable, rate, verdict
FROM quality WHERE dimension = 'validity';
-- excused by the case as well, the rate is the same
SELECT tip.excuse('J04', key_of(13), 'convicted abroad', NULL, 'quality_data');
SELECT entity, element, records, failing, excused, rate, verdict FROM quality
WHERE dimension = 'validity' AND agency_name = 'Unit' AND entity IN ('case', 'prosecution');
-- a rule that is suspended excuses everybody
INSERT INTO tip.rule_override (rule, why, until) VALUES ('A03', 'old census', '2199-12-31');
SELECT agency_name, period, failing, excused, rate FROM quality WHERE element = 'A03';
DELETE FROM tip.rule_override WHERE rule = 'A03';

SELECT agency_name, period, entity, element, records, failing, not_evaluable, rate
FROM quality WHERE dimension = 'completeness' AND (records <> failing OR entity = 'event')
	AND entity IN ('event', 'victim', 'victimization', 'reporting_entity');
SELECT agency_name, period, element, records, failing, not_evaluable, rate, median_shortest, median_longest
FROM quality WHERE dimension = 'timeliness';
SELECT agency_name, period, entity, element, records, failing, rate
FROM quality WHERE dimension = 'uniqueness';

-- other periods, other limits
SELECT agency_name, period, cases, verdict FROM tip.data_quality_summary('quality_data', by => 'quarter');
SELECT agency_name, period, cases, verdict FROM tip.data_quality_summary('quality_data', by => 'month', threshold => 0.7);
SELECT agency_name, period, cases FROM tip.data_quality_summary('quality_data', recorded => '[2024-03-01,2024-12-31]');
SELECT element, failing, not_evaluable FROM tip.data_quality('quality_data', within_days => 10)
WHERE dimension = 'timeliness' AND agency_name = 'Unit' AND failing > 0;

-- what the minimum set says is data, and may be wrong
INSERT INTO tip.minimum_element (entity, column_name, standard) VALUES
	('victim', 'shoe_size', 'local'), ('attic', 'dust', 'local'), ('event', 'local_ref', 'local');
INSERT INTO tip.minimum_element (entity, column_name, standard, track, stage) VALUES
	('event', 'hotspot', 'local', 'case', 'dreamt');
SELECT agency_name, period, entity, dimension, element, records, failing, verdict
FROM quality WHERE records IS NULL OR element = 'local_ref';
DELETE FROM tip.minimum_element WHERE is_local;
-- a table and a rule of one's own count like those of the model
CREATE TABLE quality_data.attic (attic_id uuid PRIMARY KEY, event_id uuid, dust int);
INSERT INTO tip.rule (id, entity, severity, predicate, message_en)
VALUES ('LOCAL_DUST', 'attic', 'error', 'dust < 3', 'dust');
INSERT INTO quality_data.attic VALUES (key_of(91), key_of(11), 1), (key_of(92), key_of(11), 3), (key_of(93), NULL, 3);
SELECT agency_name, period, entity, element, records, failing, rate, verdict FROM quality
WHERE entity IN ('attic', 'case') AND dimension = 'validity' AND agency_name IS DISTINCT FROM 'Division';
DROP TABLE quality_data.attic;
SELECT entity, dimension, element, records, verdict FROM quality WHERE records IS NULL;
DELETE FROM tip.rule WHERE id = 'LOCAL_DUST';

SELECT tip.data_quality('nowhere');
SELECT tip.data_quality('quality_data', by => 'decade');
SELECT tip.data_quality('quality_data', threshold => 4);
SELECT tip.data_quality_summary('quality_data', within_days => -1);

\set VERBOSITY default
SET client_min_messages = error;
DROP VIEW quality;
DROP FUNCTION key_of;
DROP SCHEMA quality_data CASCADE;
