-- Attach: rules on a table that a police records system has already.
\set VERBOSITY terse
SELECT tip.create_model('attach_data');
INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, code, relation, note) VALUES
	('PRMIS', '1', 'person.sex', 'M', 'sex', 'male', 'exact', NULL),
	('PRMIS', '1', 'person.sex', 'F', 'sex', 'female', 'exact', NULL),
	('PRMIS', '1', 'person.sex', '-', 'sex', NULL, 'unmapped', 'a dash is a slip of the form');
CREATE SCHEMA prmis;
CREATE TABLE prmis.person (
	id serial PRIMARY KEY, role text, full_name text, sx char(1), age int, nations varchar(60),
	children text, entered timestamptz DEFAULT '2026-01-15 10:00+00', phone text);
ALTER TABLE prmis.person DROP COLUMN full_name;
INSERT INTO prmis.person (role, sx, age, nations, entered)
VALUES ('V', 'X', 300, 'Venezuela', '2019-05-05 10:00+00'), ('S', 'X', 300, 'none', '2019-05-05 10:00+00');

-- what is wrong with a mapping is said
SELECT tip.attach('prmis.person', 'victim');
SELECT tip.attach('prmis.person', 'nobody', '{"sex": "sx"}');
SELECT tip.attach('prmis.person', 'victim', '{"sexx": "sx"}');
SELECT tip.attach('prmis.person', 'victim', '{"sex": "gender"}');
SELECT tip.attach('prmis.person', 'victim', '{"sex": "full_name"}');
SELECT tip.attach('prmis.person', 'victim', '{"sex": 3}');
SELECT tip.attach('prmis.person', 'victim', '[]');
SELECT tip.attach('prmis.person', 'victim', '{"sex": {"column": "sx", "scheme": "PRMIS"}}');
SELECT tip.attach('prmis.person', 'victim', '{"sex": {"column": "sx", "scheme": "PRMIS", "variable": "nothing"}}');
SELECT tip.attach('prmis.person', 'victim', '{"sex": "sx"}', mode => 'refuse');
SELECT tip.attach('prmis.person', 'victim', '{"sex": "sx"}', since => '2020-01-01');
SELECT tip.attach('prmis.person', 'victim', '{"sex": "sx"}', schema => 'prmis');
SELECT tip.attach('prmis.person', 'victim', '{"sex": "sx"}', only_where => 'nothing > 3', schema => 'attach_data');
SELECT tip.attach('tip.attachment', 'victim', '{"sex": "sx"}', schema => 'attach_data');

-- observe: nothing is refused, everything is found
SELECT tip.attach('prmis.person', 'victim', '{
	"sex": {"column": "sx", "scheme": "PRMIS", "variable": "person.sex"},
	"age_at_identification": "age", "citizenship": "nations",
	"children_count": "children", "recorded_on": "entered",
	"provenance": {"value": "live"}}', only_where => 'role = ''V''', schema => 'attach_data');
SELECT tbl, view, entity, mode, since, schema, is_enabled FROM tip.attachment;
SELECT key, value FROM tip.attachment, jsonb_each(mapping) ORDER BY key;
SELECT rule, state FROM tip.check_rules('person_as_victim', 'attach_data') ORDER BY rule;
INSERT INTO prmis.person (role, sx, age, nations, children)
VALUES ('V', 'F', 30, 'VE;TT', ''), ('V', '-', 130, 'VE', 'two'), ('S', '-', 130, 'q', 'two'), ('V', 'M', 20, 'VE, VE', '2');
SELECT record, rule, severity, outcome, columns FROM attach_data.finding ORDER BY record, rule;
SELECT sex, age_at_identification, citizenship, children_count, recorded_on, tip_record, tip_unreadable
FROM attach_data.person_as_victim ORDER BY tip_record;
-- the audit sees the old rows, too
SELECT record, rule, outcome, columns, message FROM tip.check_table('prmis.person') WHERE severity = 'error' ORDER BY record, rule;
SELECT count(*) FROM tip.check_table('attach_data.person_as_victim') WHERE severity = 'error';

-- enforce: new rows, and of old ones what changes
SELECT tip.attach('prmis.person', 'victim', mode => 'enforce', since => '2020-01-01');
\set VERBOSITY default
INSERT INTO prmis.person (role, sx, age) VALUES ('V', 'X', 300);
\set VERBOSITY terse
INSERT INTO prmis.person (role, sx, age) VALUES ('S', 'X', 300);
UPDATE prmis.person SET phone = '555' WHERE id = 4;
UPDATE prmis.person SET age = 131 WHERE id = 4;
UPDATE prmis.person SET age = 31 WHERE id = 4;
UPDATE prmis.person SET children = 'three' WHERE id = 4;
UPDATE prmis.person SET age = 302 WHERE id = 1;
UPDATE prmis.person SET role = 'V' WHERE id = 5;
SELECT record, rule, outcome, columns FROM attach_data.finding WHERE severity = 'error' ORDER BY record, rule;

-- renamed, and nothing is lost
ALTER TABLE prmis.person RENAME COLUMN sx TO sex_letter;
ALTER TABLE prmis.person RENAME TO people;
INSERT INTO prmis.people (role, sex_letter) VALUES ('V', 'X');
ALTER TABLE prmis.people DROP COLUMN age;
ALTER TABLE prmis.people DROP COLUMN phone;
INSERT INTO prmis.people (role, sex_letter, age) VALUES ('V', 'F', 300);
SELECT tbl, mapping -> 'sex' AS sex FROM tip.attachment;

-- an excuse, of one row
SELECT tip.excuse_attached('A03_VICTIM', 'person_as_victim/1', 'the certificate says so', schema => 'attach_data');
SELECT record, rule, outcome FROM attach_data.finding WHERE rule = 'A03_VICTIM';
SELECT record, rule, outcome FROM tip.check_table('prmis.people') WHERE rule = 'A03_VICTIM';

-- a translation more: sessions learn of it
INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, code, relation)
VALUES ('PRMIS', '1', 'person.sex', 'X', 'sex', 'unknown', 'exact');
INSERT INTO prmis.people (role, sex_letter) VALUES ('V', 'X');

-- warn: stored, and said; not said a thousand times
SELECT tip.attach('prmis.people', 'victim', mode => 'warn');
SELECT tbl, mode, since FROM tip.attachment;
INSERT INTO prmis.people (role, sex_letter) SELECT 'V', 'Q' FROM generate_series(1, 100);
DELETE FROM prmis.people WHERE sex_letter = 'Q';
SELECT count(*) FROM attach_data.finding WHERE columns = '{sex_letter}';

-- two entities in one table, a trigger that comes after, no key
CREATE TABLE prmis.pair (kind text, sx text, years int);
CREATE FUNCTION prmis.late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "~~late" BEFORE INSERT ON prmis.pair FOR EACH ROW EXECUTE FUNCTION prmis.late();
SELECT tip.attach('prmis.pair', 'victim', '{"sex": "sx"}', 'enforce', only_where => 'kind = ''v''', schema => 'attach_data');
SELECT tip.attach('prmis.pair', 'perpetrator', '{"age": "years"}', 'enforce', only_where => 'kind = ''p''', schema => 'attach_data');
INSERT INTO prmis.pair VALUES ('v', 'femal', 300);
INSERT INTO prmis.pair VALUES ('p', 'femal', 300);
INSERT INTO prmis.pair VALUES ('x', 'femal', 300);
SELECT tip.detach('prmis.pair', 'perpetrator');
INSERT INTO prmis.pair VALUES ('p', 'femal', 300);
SELECT tip.detach('prmis.pair');
INSERT INTO prmis.pair VALUES ('v', 'femal', 300);

SELECT tip.detach('prmis.people');
TABLE tip.attachment;
SELECT count(*) FROM attach_data.finding;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'prmis.people'::regclass;
DELETE FROM tip.code_map WHERE scheme = 'PRMIS';
SET client_min_messages = warning;
DROP SCHEMA prmis, attach_data CASCADE;
