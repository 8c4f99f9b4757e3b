-- Release: small cells are hidden, and an attacker cannot get them back.

\pset null '(null)'

-- sex by age: 2 boys, 9 men, 8 girls, 11 women.  Hiding only the boys leaves
-- them to be found by subtraction; the attacker's bounds meet at 2
SELECT node, n, is_small, is_hidden, low, high
FROM tip_impl.protect_cells('{3,3}', '{0,0,0,0,0,0}', '{1,1,1,2,2,1,2,2}',
    '{2,9,8,11}', '{3}', '{1000,100,10,1}', 5, 2, false, 1,
    '{1,1}', true);

-- what is chosen instead: three more cells, and the bounds are apart
SELECT node, n, is_small, is_hidden, low, high
FROM tip_impl.protect_cells('{3,3}', '{0,0,0,0,0,0}', '{1,1,1,2,2,1,2,2}',
    '{2,9,8,11}', '{3}', '{1000,100,10,1}', 5, 2, false, 1,
    NULL, true);

-- an empty table is all zeros and hides nothing
SELECT count(*), sum(n), count(*) FILTER (WHERE is_hidden) AS hidden
FROM tip_impl.protect_cells('{3,3}', '{0,0,0,0,0,0}', '{}', '{}', '{3}',
    '{1000,100,10,1}', 5, 2, false, 1, NULL, true);

-- refusals name what is wrong, by SQLSTATE
\set VERBOSITY sqlstate
SELECT count(*) FROM tip_impl.protect_cells('{3}', '{0,0}', '{}', '{}', '{1}',
    '{8,4,2,1}', 5, 2, false, 1, NULL, true);
SELECT count(*) FROM tip_impl.protect_cells('{3}', '{0,2,0}', '{}', '{}', '{1}',
    '{8,4,2,1}', 5, 2, false, 1, NULL, true);
SELECT count(*) FROM tip_impl.protect_cells('{3}', '{0,0,0}', '{9}', '{1}', '{1}',
    '{8,4,2,1}', 5, 2, false, 1, NULL, true);
SELECT count(*) FROM tip_impl.protect_cells('{3}', '{0,0,0}', '{1}', '{-1}', '{1}',
    '{8,4,2,1}', 5, 2, false, 1, NULL, true);
SELECT count(*) FROM tip_impl.protect_cells('{3}', '{0,0,0}', '{1}', '{NULL}', '{1}',
    '{8,4,2,1}', 5, 2, false, 1, NULL, true);
SELECT count(*) FROM tip_impl.protect_cells('{2000,2000}',
    array_fill(0, ARRAY[4000]), '{}', '{}', '{3}',
    '{8,4,2,1}', 5, 2, false, 1, NULL, true);
SELECT count(*) FROM tip_impl.protect_cells('{3}', '{0,0,0}', '{}', '{}', '{1}',
    '{8,4,2,1}', 5, 2, NULL, 1, NULL, true);
\set VERBOSITY default

-- a plan over invented records
CREATE SCHEMA invented;
CREATE TABLE invented.person (year int, sex text, age_status text, form text);
INSERT INTO invented.person
SELECT 2020 + i % 3, (ARRAY['female', 'female', 'male'])[1 + i % 3],
       CASE WHEN i % 5 = 0 THEN 'minor' ELSE 'adult' END,
       (ARRAY['sexual', 'labour', NULL])[1 + (i * i) % 3]
FROM generate_series(1, 34) AS i;
INSERT INTO tip.measure VALUES ('invented', 'invented persons', 'person',
    'year', 'stated', '{sex,age_status,form}', 'SELECT * FROM %1$I.person');
INSERT INTO tip.release_plan VALUES ('invented', 'for the test', 'invented',
    'public_exact', 3);
INSERT INTO tip.release_plan_table VALUES
    ('invented_by_year', 'invented', 1, 'Persons by year', '{year}'),
    ('invented_by_sex_and_age', 'invented', 2, 'Persons by sex and age',
     '{sex,age_status}');

SELECT * FROM tip.preview('invented', 2020, 2022, 'invented');
SELECT * FROM tip.preview_loss('invented', 2020, 2022, 'invented');
SELECT tip.publish('invented', 2020, 2022, 'invented');
SELECT sex, age_status, is_total, value, shown, obs_status, conf_status
FROM tip_public.invented_by_sex_and_age ORDER BY sex, age_status;
SELECT tip.verify_release(1);
SELECT action, plan, first_year, last_year, release FROM tip.release_log
ORDER BY logged_at;

-- what is published stays; what overlaps it, has not ended or does not exist
-- is refused
\set VERBOSITY terse
SELECT tip.publish('invented', 2022, 2024, 'invented');
SELECT tip.publish('invented', 2021, 2022, 'invented');
SELECT tip.publish('invented', 2140, 2142, 'invented');
SELECT tip.preview('nothing', 2020);
UPDATE tip.release_cell SET value = 0;
DELETE FROM tip.release;
TRUNCATE tip.release_log;

-- no true count of a hidden cell is kept
SELECT count(*) FROM tip.release_cell
WHERE shown = '*' AND value IS NOT NULL;
