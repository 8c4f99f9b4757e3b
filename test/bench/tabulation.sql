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

SELECT ARRAY['count(*)', 'GROUP BY', 'tabulate', 'tabulate + cells', 'tabulate + margins', 'GROUP BY, then CUBE', 'CUBE'] AS variants,
ARRAY[
	'SELECT count(*) FROM bench.case',
	'SELECT count(n) FROM (SELECT sex, age, form, country, year, count(*) AS n, sum(id) FROM bench.case GROUP BY 1, 2, 3, 4, 5) AS g',
	'SELECT pg_column_size(tip.tabulate(tip.cell(sex, age, form, country, year), id)) FROM bench.case',
	'SELECT count(n) FROM tip.cells((SELECT tip.tabulate(tip.cell(sex, age, form, country, year), id) FROM bench.case))',
	'SELECT count(n) FROM tip.margins((SELECT tip.tabulate(tip.cell(sex, age, form, country, year), id) FROM bench.case))',
	'SELECT count(n) FROM (SELECT sex, age, form, country, year, sum(n) AS n, sum(k) FROM
		(SELECT sex, age, form, country, year, count(*) AS n, sum(id) AS k FROM bench.case GROUP BY 1, 2, 3, 4, 5) AS g
		GROUP BY CUBE (1, 2, 3, 4, 5)) AS c',
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
-- The best round of each: whatever else the machine does only adds.
CREATE FUNCTION bench.best(subject text, variant text) RETURNS float8
LANGUAGE sql AS $$
	SELECT min(ms) FROM bench.timing AS t
	WHERE t.subject = best.subject AND t.variant = best.variant
$$;
\echo The aims, without workers
SELECT bench.bar('tabulate / count(*)',
	bench.best('serial', 'tabulate') / bench.best('serial', 'count(*)'), 'at most', 3.5) AS aim
UNION ALL SELECT bench.bar('tabulate + margins / count(*)',
	bench.best('serial', 'tabulate + margins') / bench.best('serial', 'count(*)'), 'at most', 5)
UNION ALL SELECT bench.bar('CUBE / tabulate + margins',
	bench.best('serial', 'CUBE') / bench.best('serial', 'tabulate + margins'), 'at least', 20)
UNION ALL SELECT bench.bar('GROUP BY, then CUBE / tabulate + margins',
	bench.best('serial', 'GROUP BY, then CUBE') / bench.best('serial', 'tabulate + margins'), 'at least', 2)
UNION ALL SELECT bench.bar('GROUP BY / tabulate',
	bench.best('serial', 'GROUP BY') / bench.best('serial', 'tabulate'), 'at least', 1.6);
