-- Revisions: what changed is published only where it tells of nobody.

\pset null '(null)'
SELECT coalesce(max(release), 0) AS base FROM tip.release \gset
CREATE SCHEMA revised_data;
CREATE TABLE revised_data.person (year int, sex text, age text);
INSERT INTO revised_data.person
SELECT 2020 + i % 3, CASE WHEN i % 4 = 0 THEN 'male' ELSE 'female' END,
       CASE WHEN i % 5 = 0 THEN 'child' ELSE 'adult' END
FROM generate_series(1, 99) AS i;
INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions, source)
VALUES ('revised', 'invented persons', 'person', 'year', 'stated', '{sex,age}',
        'SELECT * FROM %1$I.person');
INSERT INTO tip.release_plan (id, title, measure, policy, years)
VALUES ('revised_year', 'one year', 'revised', 'public_exact', 1),
       ('revised_pool', 'three years', 'revised', 'public_exact', 3);
INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions)
VALUES ('revised_by_sex_and_age', 'revised_year', 1, 'by sex and age', '{sex,age}'),
       ('revised_by_year_and_sex', 'revised_pool', 1, 'by year and sex', '{year,sex}');
CREATE VIEW revised_data.shown AS
SELECT sex, age, string_agg(shown || ' ' || obs_status, ' | ' ORDER BY release) AS releases
FROM tip_impl.published_tables('revised') AS p
JOIN LATERAL (SELECT codes[1] AS sex, codes[2] AS age, shown, obs_status
              FROM tip.release_cell AS c
              WHERE c.release = p.release AND c.table_name = p.table_name) AS c ON true
WHERE p.first_year = 2020 AND p.table_name = 'revised_by_sex_and_age'
GROUP BY sex, age;

-- one girl more: every cell is pending
SELECT tip.publish('revised_year', 2020, 2020, 'revised_data') - :base AS release;
INSERT INTO revised_data.person VALUES (2020, 'female', 'child');
SELECT tip.revise('revised_year', 2020, 2020, 'revised_data') - :base AS release;
SELECT * FROM revised_data.shown ORDER BY sex COLLATE "C", age COLLATE "C";
-- nine women and seven girls more
INSERT INTO revised_data.person
SELECT 2020, 'female', CASE WHEN i < 10 THEN 'adult' ELSE 'child' END FROM generate_series(1, 16) AS i;
SELECT tip.revise('revised_year', 2020, 2020, 'revised_data') - :base AS release;
SELECT * FROM revised_data.shown ORDER BY sex COLLATE "C", age COLLATE "C";
SELECT test, passed FROM tip.verify_release_report(:base + 3);
SELECT release - :base AS release, earlier - :base AS earlier, relation
FROM tip.release_link WHERE release > :base ORDER BY 1, 2;

-- a pool of three years, beside the newest release of one of them
SELECT tip.publish('revised_pool', 2020, 2022, 'revised_data') - :base AS release;
SELECT year, sex, shown, obs_status FROM tip_public.revised_by_year_and_sex
ORDER BY year COLLATE "C", sex COLLATE "C";
SELECT test, passed FROM tip.verify_release_report(:base + 4);
-- and one of the other years
SELECT tip.publish('revised_year', 2022, 2022, 'revised_data') - :base AS release;
SELECT sex, age, shown FROM tip_public.revised_by_sex_and_age WHERE first_year = 2022
ORDER BY sex COLLATE "C", age COLLATE "C";
SELECT test, passed FROM tip.verify_release_report(:base + 5);

-- refusals
\set VERBOSITY sqlstate
SELECT tip.publish('revised_year', 2020, 2020, 'revised_data');
SELECT tip.publish('revised_pool', 2021, 2023, 'revised_data');
SELECT tip.revise('revised_year', 2022, 2022, 'revised_data');
SELECT tip.revise('revised_year', 2019, 2019, 'revised_data');
SELECT tip.revise('revised_pool', 2020, 2022, 'revised_data');
SELECT tip.revise('revised_year', NULL, NULL, 'revised_data');
SELECT tip.revise('nothing', 2020);
INSERT INTO revised_data.person VALUES (2021, 'male', 'child');
SELECT tip.publish('revised_year', 2021, 2021, 'revised_data');
\set VERBOSITY default

DROP SCHEMA revised_data CASCADE;
