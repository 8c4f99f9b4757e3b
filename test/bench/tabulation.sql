-- Tabulation against GROUP BY and CUBE: five dimensions, no and two workers.
\if :{?cases} \else \set cases 2000000 \endif
\echo
\echo == Tabulation: :cases rows, five dimensions ==

-- skewed as victims are: few codes are most of the rows
SELECT setseed(0.2026) \g /dev/null
CREATE TABLE bench.case AS
SELECT i::int8 AS id,
       (ARRAY['female', 'female', 'female', 'male']::tip.sex[])[1 + floor(random() * 4)::int] AS sex,
       tip.age_band(floor(60 * random() * random())::int, 'CTDC') AS age,
       (SELECT array_agg(code::tip.exploitation_form ORDER BY number) FROM tip.code_list
        WHERE list = 'exploitation_form' AND number <= 14)[1 + floor(14 * random() ^ 2)::int] AS form,
       (SELECT array_agg(code::tip.country ORDER BY number) FROM tip.code_list
        WHERE list = 'country' AND number BETWEEN 220 AND 227)[1 + floor(8 * random() ^ 2)::int] AS country,
       (1 + floor(8 * random()))::int2 AS year
FROM generate_series(1, :cases) AS i;
VACUUM (ANALYZE) bench.case;
SELECT count(*) AS cells FROM (SELECT DISTINCT sex, age, form, country, year FROM bench.case) AS d;

SELECT ARRAY['count(*)', 'GROUP BY', 'tabulate', 'tabulate + cells', 'tabulate + margins', 'CUBE'] AS variants,
ARRAY[
	'SELECT count(*) FROM bench.case',
	'SELECT count(n) FROM (SELECT sex, age, form, country, year, count(*) AS n, sum(id) FROM bench.case GROUP BY 1, 2, 3, 4, 5) AS g',
	'SELECT pg_column_size(tip.tabulate(tip.cell(sex, age, form, country, year), id)) FROM bench.case',
	'SELECT count(n) FROM tip.cells((SELECT tip.tabulate(tip.cell(sex, age, form, country, year), id) FROM bench.case))',
	'SELECT count(n) FROM tip.margins((SELECT tip.tabulate(tip.cell(sex, age, form, country, year), id) FROM bench.case))',
	'SELECT count(n) FROM (SELECT sex, age, form, country, year, count(*) AS n, sum(id) FROM bench.case GROUP BY CUBE (1, 2, 3, 4, 5)) AS g']
	AS statements \gset
SET max_parallel_workers_per_gather = 0;
CALL bench.compare('serial', :'variants'::text[], :'statements'::text[], 3);
\echo no workers (GROUP BY = 1)
SELECT * FROM bench.report('serial', 'GROUP BY');
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
CALL bench.compare('parallel', :'variants'::text[], :'statements'::text[], 3);
\echo two workers (GROUP BY = 1)
SELECT * FROM bench.report('parallel', 'GROUP BY');
\echo The aims, as ratios
SELECT s AS workers,
       round((bench.median(s, 'GROUP BY') / bench.median(s, 'tabulate'))::numeric, 2) AS group_by_times_tabulate,
       round((bench.median(s, 'CUBE') / bench.median(s, 'tabulate + margins'))::numeric, 2) AS cube_times_margins,
       round((bench.median(s, 'tabulate + margins') / bench.median(s, 'count(*)'))::numeric, 2) AS margins_times_count
FROM unnest(ARRAY['serial', 'parallel']) AS s;
