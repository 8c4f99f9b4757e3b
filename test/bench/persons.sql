-- Distinct persons in all margins of five dimensions, against count(DISTINCT).
\if :{?cases} \else \set cases 2000000 \endif
\echo
\echo == Persons: :cases rows, five dimensions, all margins ==

-- A third of the persons is in several rows; skewed as victims are.
SELECT setseed(0.2026) \g /dev/null
CREATE TABLE bench.seen AS
SELECT md5(p::text)::uuid AS victim,
       (ARRAY['female', 'male']::tip.sex[])[1 + (p % 4 = 0)::int] AS sex,
       tip.age_band(floor(60 * random() * random())::int, 'CTDC') AS age,
       (SELECT array_agg(code::tip.exploitation_form ORDER BY number) FROM tip.code_list
        WHERE list = 'exploitation_form' AND number <= 14)[1 + floor(14 * random() ^ 2)::int] AS form,
       (SELECT array_agg(code::tip.country ORDER BY number) FROM tip.code_list
        WHERE list = 'country' AND number BETWEEN 220 AND 227)[1 + p % 8] AS country,
       (1 + floor(8 * random()))::int2 AS year
FROM (SELECT floor(:cases * 0.75 * random())::int AS p FROM generate_series(1, :cases)) AS x;
CREATE TABLE bench.named AS
SELECT p AS victim, tip.pseudonymize('passport', p::text, 'police') AS person
FROM (SELECT DISTINCT victim AS p FROM bench.seen) AS v;
CREATE TABLE bench.case AS
SELECT s.*, person FROM bench.seen AS s JOIN bench.named USING (victim) ORDER BY random();
DROP TABLE bench.seen, bench.named;
VACUUM (ANALYZE) bench.case;
SELECT count(DISTINCT victim) AS persons, count(DISTINCT (sex, age, form, country, year)) AS cells,
       (SELECT count(*) FROM (SELECT FROM bench.case GROUP BY victim HAVING count(*) > 1) AS x) AS in_several_rows
FROM bench.case;

SELECT ARRAY['count(*)', 'tabulate + margins', 'tabulate_persons', 'count_persons', 'count_persons + margins',
	'the same by pseudonym', 'GROUP BY, count(DISTINCT)'] AS variants,
ARRAY[
	'SELECT count(*) FROM bench.case',
	'SELECT count(n) FROM tip.margins((SELECT tip.tabulate(tip.cell(sex, age, form, country, year), 1) FROM bench.case))',
	'SELECT tip.tabulate_persons(tip.cell(sex, age, form, country, year), victim) IS NULL FROM bench.case',
	'SELECT pg_column_size(tip.count_persons(tip.tabulate_persons(tip.cell(sex, age, form, country, year), victim))) FROM bench.case',
	'SELECT count(n) FROM tip.margins((SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, age, form, country, year), victim)) FROM bench.case))',
	'SELECT count(n) FROM tip.margins((SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, age, form, country, year), person)) FROM bench.case))',
	'SELECT count(n) FROM (SELECT sex, age, form, country, year, count(DISTINCT victim) AS n FROM bench.case GROUP BY 1, 2, 3, 4, 5) AS g']
	AS statements \gset
SET max_parallel_workers_per_gather = 0;
CALL bench.compare('serial', :'variants'::text[], :'statements'::text[], 3);
\echo no workers, 32 margins (count(*) = 1); the GROUP BY has the finest cells only
SELECT * FROM bench.report('serial', 'count(*)');
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
CALL bench.compare('parallel', :'variants'::text[], :'statements'::text[], 3);
\echo two workers (count(*) = 1)
SELECT * FROM bench.report('parallel', 'count(*)');

-- all margins in plain SQL, on a tenth of the rows
SET max_parallel_workers_per_gather = 0;
CREATE TABLE bench.tenth AS SELECT * FROM bench.case LIMIT :cases / 10;
VACUUM (ANALYZE) bench.tenth;
CALL bench.compare('tenth', ARRAY['count(*)', 'count_persons + margins', 'CUBE, count(DISTINCT)'], ARRAY[
	'SELECT count(*) FROM bench.tenth',
	'SELECT count(n) FROM tip.margins((SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, age, form, country, year), victim)) FROM bench.tenth))',
	'SELECT count(n) FROM (SELECT sex, age, form, country, year, count(DISTINCT victim) AS n FROM bench.tenth GROUP BY CUBE (1, 2, 3, 4, 5)) AS g'], 1);
\echo no workers, a tenth of the rows (count(*) = 1)
SELECT * FROM bench.report('tenth', 'count(*)');
\echo The aim, as a ratio
SELECT bench.bar(s || ', ' || v || ' to count(*)', bench.median(s, v) / bench.median(s, 'count(*)'), 'at most', 12)
FROM unnest(ARRAY['serial', 'parallel']) AS s,
     unnest(ARRAY['count_persons + margins', 'the same by pseudonym']) AS v;
