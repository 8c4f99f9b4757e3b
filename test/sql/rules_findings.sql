-- Findings: what is kept of a judgement.
\set VERBOSITY terse
SELECT tip.create_model('found_data');
CREATE FUNCTION key_of(n int) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN lpad(n::text, 32, '0')::uuid;
CREATE VIEW found AS
	SELECT entity, right(record, 1) AS record, rule, severity, outcome, columns
	FROM found_data.finding ORDER BY entity, record, rule;

-- a record may be stored with something to be said about it
INSERT INTO found_data.event (event_id, jurisdiction, recorded_on, reported_on, reporting_entity_id)
VALUES (key_of(1), 'TT', '2024-01-01', '2024-01-01', NULL);
INSERT INTO found_data.victimization (victimization_id, event_id, victim_stage, victim_status, acts,
	means, forms, status_decider, identified_on)
VALUES (key_of(3), key_of(1), 'identified', 'identified', '{recruit}', '{fraud}', '{labour}', 'police', '2024-01-02');
TABLE found;

-- a draft is stored whatever it says, as long as every value is one of its type
INSERT INTO found_data.victimization (victimization_id, victim_stage, acts, means)
VALUES (key_of(4), 'draft', '{recruit}', '{none_child,fraud}');
TABLE found;
-- moving on has it judged again
UPDATE found_data.victimization SET victim_stage = 'screened' WHERE victimization_id = key_of(4);

-- an excuse names rule, record, reason and end
SELECT tip.excuse('P10', key_of(4), 'court file 12 says both', '2199-12-31', 'found_data');
TABLE found;
UPDATE found_data.victimization SET victim_stage = 'screened' WHERE victimization_id = key_of(4);
SELECT rule, outcome FROM tip.check_table('found_data.victimization') WHERE rule = 'P10';
SELECT tip.excuse('P10', key_of(4), 'file was corrected', current_date - 1, 'found_data');
TABLE found;
UPDATE found_data.victimization SET victim_stage = 'screened' WHERE victimization_id = key_of(4);
SELECT tip.excuse('NOSUCH', key_of(4), 'no', NULL, 'found_data');
SELECT tip.excuse('P10', key_of(4), ' ', NULL, 'found_data');
UPDATE found_data.excuse SET who = 'somebody else';
DELETE FROM found_data.excuse;
SELECT rule, reason, who = session_user AS by_me FROM found_data.excuse ORDER BY decided_on;

-- corrected: nothing is left to be said
UPDATE found_data.victimization SET means = '{fraud}', victim_stage = 'screened', exploitation_country = 'TT',
	event_id = key_of(1), exploited_from = '2023' WHERE victimization_id = key_of(4);
SELECT rule FROM found WHERE record = '4';

-- a case: warnings at commit, under the key of the event
INSERT INTO found_data.involvement (involvement_id, event_id, roles, relationship)
VALUES (key_of(5), key_of(1), '{recruiter}', 'stranger');
INSERT INTO found_data.justice_step (justice_step_id, event_id, involvement_id, sequence, step, stepped_on)
VALUES (key_of(6), key_of(1), key_of(5), 1, 'charged', '2024-02-02');
SELECT rule, outcome, columns FROM found WHERE entity = 'prosecution';
SELECT rule, severity, outcome FROM tip.check_case(key_of(1), 'found_data') WHERE rule LIKE 'J%';
SELECT rule, right(record, 1) AS event FROM tip.check_table('found_data.prosecution');

-- what is deleted is forgotten
DELETE FROM found_data.justice_step;
DELETE FROM found_data.victimization;
SELECT DISTINCT entity FROM found WHERE entity IN ('justice_step', 'victimization', 'prosecution');

-- save and answer in one call; what is refused raises nothing
SELECT findings FROM tip.save('victim', '{"sex": "female", "birth_year": 1990}', 'found_data');
SELECT id, findings FROM tip.save('victim', '{"sex": "femal", "birth_year": 1990, "shoe": 3}', 'found_data');
SELECT right(id::text, 1), findings
FROM tip.save('victim', jsonb_build_object('victim_id', key_of(7), 'sex', 'female', 'children_count', 2), 'found_data');
SELECT right(id::text, 1), findings
FROM tip.save('victim', jsonb_build_object('victim_id', key_of(7), 'children_count', 3), 'found_data');
SELECT id, findings->0->>'rule' AS rule
FROM tip.save('victim', jsonb_build_object('victim_id', key_of(7), 'children_count', -1), 'found_data');
SELECT sex, children_count FROM found_data.victim WHERE victim_id = key_of(7);
SELECT id, findings->0->>'rule' AS rule FROM tip.save('victim', '{"victim_id": "nobody"}', 'found_data');
SELECT tip.save('victim', '[]', 'found_data');
SELECT tip.save('nosuch', '{}', 'found_data');

-- each state of the catalogue has a number, and a record says by which it was judged
SELECT number, rules > 100 AS many, overrides, changed_by FROM tip.ruleset WHERE number = 1;
SELECT count(*) AS before FROM tip.ruleset \gset
INSERT INTO tip.rule (id, entity, severity, predicate, message_en)
VALUES ('LOCAL_FEW', 'victim', 'warning', 'children_count < 3', 'many children');
SELECT count(*) - :before AS new, max(number) = tip.current_ruleset() AS is_current FROM tip.ruleset;
UPDATE found_data.victim SET children_count = 4 WHERE victim_id = key_of(7);
SELECT checked_ruleset = tip.current_ruleset() AS judged_anew FROM found_data.victim WHERE victim_id = key_of(7);
SELECT rule, outcome FROM found WHERE entity = 'victim';
DELETE FROM tip.rule WHERE id = 'LOCAL_FEW';
SELECT count(*) - :before AS new, max(digest) FILTER (WHERE number = tip.current_ruleset())
	= max(digest) FILTER (WHERE number = tip.current_ruleset() - 2) AS is_as_before FROM tip.ruleset;

-- what cannot be checked
SELECT tip.check_table('found_data.quarantine');
SELECT tip.check_table(0);

\set VERBOSITY default
SET client_min_messages = error;
DROP VIEW found;
DROP FUNCTION key_of;
DROP SCHEMA found_data CASCADE;
