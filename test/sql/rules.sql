-- Rules: what a developer sees.

SELECT tip.create_model('rules_data') > 0 AS made;

-- all violations at once, in a form a program can read
CREATE FUNCTION fields_of_error(statement text, OUT field text, OUT value text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    s text; c text; t text; n text; r text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS s = RETURNED_SQLSTATE, c = CONSTRAINT_NAME,
        t = TABLE_NAME, n = COLUMN_NAME, r = PG_EXCEPTION_CONTEXT;
    RETURN QUERY VALUES ('sqlstate', s), ('constraint', c), ('table', t),
        ('column', n), ('context', r);
END $$;
\set SHOW_CONTEXT always
INSERT INTO rules_data.victimization (victim_stage, age_at_entry, sex_types,
    exploited_from, exploited_to, identified_on, sector)
VALUES ('identified', 130, '{prostitution}', '2020', '2199', '1998-05', 'A');
SELECT * FROM fields_of_error($$INSERT INTO rules_data.victimization
    (victim_stage, age_at_entry) VALUES ('identified', 130)$$);

-- one violation has its own hint
INSERT INTO rules_data.victimization (victim_stage, acts, means, forms,
    age_at_entry, identified_on, status_decider)
VALUES ('identified', '{recruit}', '{none_child}', '{sex}', 16, '2023-05', 'police'),
       ('identified', '{recruit}', '{none_child}', '{sex}', NULL, '2023-05', 'police');
INSERT INTO rules_data.victimization (victim_stage, acts, means, forms,
    age_at_entry, identified_on, status_decider)
VALUES ('identified', '{recruit}', NULL, '{labour}', 34, '2023-05', 'police');

-- a draft is stored with everything that is missing in it
INSERT INTO rules_data.victimization (victimization_id, victim_stage, age_at_entry)
VALUES ('00000000-0000-0000-0000-000000000001', 'draft', 200);
-- and judged when it moves on
UPDATE rules_data.victimization SET victim_stage = 'screened';
UPDATE rules_data.victimization SET victim_stage = 'screened', age_at_entry = 20;
UPDATE rules_data.victimization SET victim_stage = 'identified';

-- in the user's language
SET tip_module.language = 'es';
UPDATE rules_data.victimization SET victim_stage = 'identified';
SET tip_module.language = 'fr';
UPDATE rules_data.victimization SET victim_stage = 'identified';
SELECT rule, message FROM tip.check_record('victim', '{"children_count": "many", "chidren": 1}', 'rules_data');
SET tip_module.language = 'es';
SELECT rule, message FROM tip.check_record('victim', '{"children_count": "many", "chidren": 1}', 'rules_data');
SET tip_module.language = 'de';
RESET tip_module.language;

-- the same answer without storing
SELECT rule, severity, outcome, columns, message
FROM tip.check_record('victimization',
    '{"victim_stage": "identified", "acts": ["recruit", "unknown"],
      "means": "Jane Doe", "age_at_entry": 12, "age_at_identification": 11,
      "forms": ["labour"], "status_decider": "police", "identified_on": "2020",
      "surname": "Doe", "Jane Doe": 1}', 'rules_data');
SELECT * FROM tip.check_record('victimization', '[]', 'rules_data');
SELECT * FROM tip.check_record('nothing', '{}', 'rules_data');
SELECT * FROM tip.check_record('victimization', '{}', 'nowhere');

-- partial dates: only what certainly lies ahead
SELECT d AS recruited_on, r.outcome
FROM (VALUES ('1998'), ('2199'), ('2199-01~')) AS v(d)
LEFT JOIN LATERAL tip.check_record('victimization',
    jsonb_build_object('recruited_on', d), 'rules_data') AS r ON r.rule = 'D10'
ORDER BY d;

-- a rule is a row
INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
VALUES ('LOCAL1', 'victim', '{children_count}', 'error',
        'children_count BETWEEN 0 AND 20', 'children out of range');
INSERT INTO rules_data.victim (children_count) VALUES (21);
INSERT INTO tip.rule_override (rule, why, until)
VALUES ('LOCAL1', 'census of large families', '2199-12-31');
INSERT INTO rules_data.victim (children_count) VALUES (21);
SELECT rule, outcome FROM tip.check_record('victim', '{"children_count": 21}', 'rules_data');
DELETE FROM tip.rule_override;
UPDATE tip.rule SET severity = 'warning' WHERE id = 'LOCAL1';
INSERT INTO rules_data.victim (children_count) VALUES (21);
SELECT rule, severity, outcome
FROM tip.check_record('victim', '{"children_count": 21}', 'rules_data');

-- a predicate that can raise is guarded; the culprit is named, not fatal
UPDATE tip.rule SET severity = 'error',
    predicate = '100 / children_count > 4' WHERE id = 'LOCAL1';
SELECT state, count(*) FROM tip.check_rules('victim', 'rules_data') GROUP BY state ORDER BY state;
INSERT INTO rules_data.victim (children_count, age_at_identification) VALUES (0, 300);
INSERT INTO rules_data.victim (children_count) VALUES (5);

-- what is no expression over the record does not compile, and fails closed,
-- even where it came by replication and no trigger looked
CREATE FUNCTION try_rule(text, OUT state text, OUT reason text) LANGUAGE plpgsql
SET session_replication_role = replica AS $$
BEGIN
    UPDATE tip.rule SET predicate = $1 WHERE id = 'LOCAL1';
    SELECT c.state, c.reason INTO state, reason
    FROM tip.check_rules('victim', 'rules_data') AS c WHERE c.rule = 'LOCAL1';
END $$;
SELECT p AS predicate, r.state, r.reason
FROM unnest(ARRAY[
    'children_count > (SELECT 1)', 'count(*) > 0', 'now() > ''2020-01-01''',
    '1 FROM pg_authid', 'true; DROP TABLE tip.rule', 'victim.sex = ''male''',
    'nosuch > 1', 'xmin = ''1''', 'pg_sleep(1) IS NULL', 'children_count',
    'try_rule(''x'') IS NULL', 'public.try_rule(''x'') IS NULL',
    '''today''::date > ''2020-01-01''', 'repeat(''x'', children_count) = ''x''',
    'row_number() OVER () > 1', 'prmis_ref ~ prmis_ref', 'prmis_ref ~ ''^[A-Z]''',
    'children_count > $1', 'vulnerabilities @> ''poverty''', 'true']) WITH ORDINALITY AS v(p, n)
CROSS JOIN LATERAL try_rule(p) AS r ORDER BY n;
SELECT try_rule('nosuch > 1');
INSERT INTO rules_data.victim (children_count) VALUES (1);
DELETE FROM tip.rule WHERE is_local;
INSERT INTO rules_data.victim (children_count) VALUES (1);

-- an author is told at once, and where
CREATE FUNCTION write_rule(predicate text, entity text DEFAULT 'victim', id text DEFAULT 'LOCAL2',
    columns text[] DEFAULT '{}', stage text DEFAULT NULL, is_local bool DEFAULT true)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO tip.rule (id, entity, columns, severity, track, stage, predicate, message_en, is_local)
    VALUES (id, entity, columns, 'error', CASE WHEN stage IS NOT NULL THEN 'victim' END, stage,
            predicate, 'no', is_local);
$$;
\set SHOW_CONTEXT never
SELECT write_rule('sex <>');
SELECT write_rule('sex <> ''female'' AND nosuch > 1');
SELECT write_rule('birth_year');
SELECT write_rule('birth_year > random()');
SELECT write_rule('EXISTS (SELECT 1)');
SELECT write_rule('sex <> ''femal''');
SELECT write_rule('birth_year > ''x''');
SELECT write_rule('true', columns => '{nosuch}');
SELECT write_rule('true', entity => 'nosuch');
SELECT write_rule('true', stage => 'identified');
SELECT write_rule('true', id => 'P01');
SELECT write_rule('true', id => 'P99_LOCAL');
SELECT write_rule('true', is_local => false);
UPDATE tip.rule SET severity = 'warning' WHERE id = 'P01';
DELETE FROM tip.rule WHERE id = 'P01';
SELECT write_rule('birth_year + 1 > 1900');
DELETE FROM tip.rule WHERE id = 'LOCAL2';
DROP FUNCTION write_rule;
\unset SHOW_CONTEXT

-- across records, at commit, whatever the order of the statements
INSERT INTO rules_data.event (event_id)
VALUES ('00000000-0000-0000-0000-0000000000e1'),
       ('00000000-0000-0000-0000-0000000000e2');
INSERT INTO rules_data.involvement (involvement_id, event_id)
VALUES ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000e1'),
       ('00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000e2');
CREATE FUNCTION add_step(step tip.justice_step_kind, n text DEFAULT '1',
    provenance tip.provenance DEFAULT 'live') RETURNS void
LANGUAGE sql AS $$
    INSERT INTO rules_data.justice_step (event_id, involvement_id, step, provenance)
    VALUES (('00000000-0000-0000-0000-0000000000e' || n)::uuid,
            ('00000000-0000-0000-0000-0000000000b' || n)::uuid, step, provenance)
$$;
BEGIN;
SELECT add_step('convicted');
SELECT add_step('charged');
COMMIT;
SELECT add_step('convicted', '2');
DELETE FROM rules_data.justice_step WHERE step = 'charged';
UPDATE rules_data.justice_step SET step = 'trial' WHERE step = 'charged';
SELECT count(*) AS steps FROM rules_data.justice_step;
-- an archive may know the conviction alone
SELECT add_step('convicted', '2', 'archive');
DELETE FROM rules_data.justice_step WHERE event_id = '00000000-0000-0000-0000-0000000000e2';
-- savepoints: what is rolled back is not judged, and judged again after
BEGIN;
SAVEPOINT a;
SELECT add_step('convicted', '2');
ROLLBACK TO a;
COMMIT;
BEGIN;
SELECT add_step('convicted', '2');
SAVEPOINT a;
SELECT add_step('charged', '2');
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK TO a;
COMMIT;
BEGIN;
SELECT add_step('charged', '2');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT add_step('convicted', '2');
COMMIT;
BEGIN;
SELECT add_step('trial', '1');
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE rules_data.justice_step SET step = 'trial' WHERE step = 'charged';
COMMIT;

-- protocol
CREATE TABLE t (a int);
CREATE TRIGGER wrong AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row();
INSERT INTO t VALUES (1);
DROP TRIGGER wrong ON t;
CREATE TRIGGER wrong BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tip_impl.note_case('a');
INSERT INTO t VALUES (1);
SELECT tip_impl.check_row();

DROP TABLE t;
DROP FUNCTION fields_of_error, try_rule, add_step;
\set VERBOSITY terse
DROP SCHEMA rules_data CASCADE;
