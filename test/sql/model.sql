-- Model: what somebody sees who makes it, looks at it and fills it.
\set SHOW_CONTEXT never

SELECT tip.create_model();
\d tip_data.screening
\d tip_data.screening_text
SELECT obj_description('tip_data.victim'::regclass);
SELECT table_name, count(*) AS columns, count(refers_to) AS keys
FROM tip.model_element GROUP BY table_name ORDER BY table_name;
SELECT column_name, type, comment FROM tip.model_element
WHERE table_name = 'referral' ORDER BY ordinal;

-- a record, and the same in plain text
INSERT INTO tip_data.event (event_id, jurisdiction, report_sources, reported_on)
VALUES ('00000000-0000-4000-8000-000000000001', 'TT', '{hotline}', '2024-05');
INSERT INTO tip_data.victim (victim_id, sex, citizenship)
VALUES ('00000000-0000-4000-8000-000000000002', 'female', '{VE,CO}');
INSERT INTO tip_data.victimization (event_id, victim_id, acts, identified_on)
VALUES ('00000000-0000-4000-8000-000000000001',
        '00000000-0000-4000-8000-000000000002', '{recruit,harbour}', '2024-06-03');
SELECT jurisdiction, report_sources, reported_on, pg_typeof(report_sources)
FROM tip_data.event_text;
SELECT sex, citizenship FROM tip_data.victim_text;
SELECT acts, identified_on FROM tip_data.victimization_text;

-- a key says which row is missing, and nothing about it
\set VERBOSITY terse
INSERT INTO tip_data.victimization (event_id)
VALUES ('00000000-0000-4000-8000-00000000000f');
\set VERBOSITY default

-- what a user adds is kept, listed, and shown in text on request
ALTER TABLE tip_data.event ADD unit_note text, ADD unit_country tip.country;
CREATE INDEX event_note ON tip_data.event (unit_note);
CREATE POLICY all_rows ON tip_data.event USING (true);
SELECT * FROM tip.upgrade_model();
SELECT tip.create_text_views();
SELECT count(unit_note), count(unit_country) FROM tip_data.event_text;

-- mistakes
SELECT tip.create_model();
SELECT tip.create_model('by_moon', partition_by => 'moon');
SELECT tip.upgrade_model('nowhere');
SELECT tip.create_text_views('nowhere');

-- the extension does not go while there are records
\set VERBOSITY terse
DROP EXTENSION tip_module;
\set VERBOSITY default
SELECT count(*) FROM tip_data.victim;

-- catalogues for the country's own rows
INSERT INTO tip.population (country, year, sex, persons, source)
VALUES ('TT', 2024, 'female', 700000, 'invented');
INSERT INTO tip.population (country, year, sex, persons, source)
VALUES ('TT', 2024, 'female', 700001, 'invented again');
INSERT INTO tip.dictionary VALUES ('agency', 1, 'ctu', 'Counter-trafficking unit');
INSERT INTO tip.dictionary VALUES ('agency', 1019, 'x', 'Out of range');
DELETE FROM tip.population;
DELETE FROM tip.dictionary WHERE is_local;

\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA tip_data CASCADE;
