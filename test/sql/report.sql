-- Report: SDG 16.2.2 over invented records, with rates where population is.

SELECT tip.create_model('report_data') > 0 AS made;
-- old records, from before there were rules
ALTER TABLE report_data.victimization DISABLE TRIGGER "~tip_rules";
INSERT INTO report_data.event (event_id, jurisdiction)
VALUES ('00000000-0000-0000-0000-000000000001', 'TT'),
       ('00000000-0000-0000-0000-000000000002', 'TT');
INSERT INTO report_data.victim (victim_id, sex)
SELECT ('00000000-0000-0000-0000-0000000001' || lpad(i::text, 2, '0'))::uuid,
       (CASE WHEN i % 3 = 0 THEN 'male' ELSE 'female' END)::tip.sex
FROM generate_series(1, 8) AS i;
INSERT INTO report_data.victimization (event_id, victim_id, victim_stage,
    identified_on, forms, age_status_at_identification)
SELECT '00000000-0000-0000-0000-000000000001', v.victim_id, 'identified',
       '2023-05'::tip.partial_date,
       (ARRAY['{sex}', '{labour}', '{debt_bondage}', '{organ}',
              '{begging}', '{sex,labour}', NULL, '{sex}']::text[])[n]
           ::tip.exploitation_form_set,
       (CASE WHEN n = 1 THEN 'minor' ELSE 'adult' END)::tip.age_status
FROM (SELECT victim_id, row_number() OVER (ORDER BY victim_id) AS n
      FROM report_data.victim) AS v;
-- the same victim again in the same year is one victim, with two forms;
-- a presumed one is none
INSERT INTO report_data.victimization (event_id, victim_id, victim_stage,
    identified_on, forms)
VALUES ('00000000-0000-0000-0000-000000000002',
        '00000000-0000-0000-0000-000000000108', 'assisted', '2023-11',
        '{organ}'),
       ('00000000-0000-0000-0000-000000000002',
        '00000000-0000-0000-0000-000000000102', 'presumed', '2022', '{sex}');
BEGIN;
INSERT INTO tip.population (country, year, sex, persons, source)
VALUES ('TT', 2023, NULL, 1400000, 'invented'),
       ('TT', 2023, 'female', 700000, 'invented');

SELECT year, country, series, sex, age, form, n, population, rate
FROM tip.sdg_16_2_2('report_data') WHERE age = '_T';

-- the forms add up to the total
SELECT sum(n) FILTER (WHERE series = 'VC_HTF_DETV') AS total,
       sum(n) FILTER (WHERE form <> '_T') AS by_form
FROM tip.sdg_16_2_2('report_data') WHERE sex = '_T' AND age = '_T';
SELECT DISTINCT unit, status, period FROM tip.sdg_16_2_2('report_data');
ROLLBACK;

-- a schema that is not there
\set VERBOSITY sqlstate
SELECT count(*) FROM tip.sdg_16_2_2('no_such_schema');
SET client_min_messages = warning;
DROP SCHEMA report_data CASCADE;
