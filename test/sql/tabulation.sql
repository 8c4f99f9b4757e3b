-- A cell is a value of up to eight codes.

\pset null '(null)'

SELECT tip.cell('male'::tip.sex, 'child'::text = 'child', 12, NULL::tip.country);
SELECT tip.cell('male'::tip.sex, 3) = '(sex:1,3)'::tip.cell AS same,
       '()'::tip.cell < '(*,1)' AS less;
SELECT c, count(*) FROM (VALUES (tip.cell(1)), (tip.cell(2)), (tip.cell(1))) AS t(c)
GROUP BY c ORDER BY c;

-- refused
SELECT tip.cell('x'::text);
SELECT tip.cell(0);
SELECT tip.cell(1019);
SELECT tip.cell(1, 2, 3, 4, 5, 6, 7, 8, 9);
SELECT tip.cell(VARIADIC ARRAY[1, 2]);
SELECT '(sex:1'::tip.cell;
SELECT '(1,)'::tip.cell;
SELECT '(nolist:1)'::tip.cell;
SELECT '(1)x'::tip.cell;
SELECT '(99999)'::tip.cell;
SELECT '(1,2,3,4,5,6,7,8,9)'::tip.cell;

-- a tabulation is a table of counts that merges
CREATE TABLE seen AS
SELECT g AS id, (CASE WHEN g % 3 = 0 THEN 'male' ELSE 'female' END)::tip.sex AS sex,
       nullif(g % 4, 0) AS district
FROM generate_series(1, 1000) AS g;
SELECT tip.name_dimensions(tip.tabulate(tip.cell(sex, district), id, 2), '{sex,district}') AS t
FROM seen \gset
SELECT * FROM tip.dimensions(:'t');
SELECT tip.codes(cell), level, n, key_sum, measure_sum FROM tip.cells(:'t');
SELECT tip.codes(cell, 2), level, n FROM tip.margins(:'t') ORDER BY level, cell;
SELECT tip.codes(cell), n FROM tip.cells(tip.rollup(:'t', ARRAY['district']));
SELECT tip.codes(cell), n FROM tip.cells(tip.rollup(:'t', ARRAY[2, 1]));
SELECT tip.codes(cell), n FROM tip.cells(tip.rollup(:'t', '{}'::int[]));
SELECT tip.codes(cell), n FROM tip.cells(:'t'::tip.tabulation + :'t'::tip.tabulation) LIMIT 2;
-- shards, workers and files make the same value
WITH shard AS (SELECT tip.tabulate(tip.cell(sex, district), id) AS t FROM seen GROUP BY id % 4),
     whole AS (SELECT tip.tabulate(tip.cell(sex, district), id) AS t FROM seen)
SELECT tip.merge(shard.t) = (SELECT t FROM whole) AS merged,
       tip.merge(shard.t)::text::tip.tabulation = (SELECT t FROM whole) AS round_trip FROM shard;
SELECT tip.tabulate(tip.cell(1), 1) IS NULL AS no_rows_is_null FROM seen WHERE false;

-- what does not go together is refused
SELECT tip.tabulate(CASE WHEN id = 1 THEN tip.cell(sex) ELSE tip.cell(sex, district) END, id) FROM seen;
SELECT tip.tabulate(CASE WHEN id = 1 THEN '(*,2)'::tip.cell ELSE tip.cell(sex, district) END, id) FROM seen;
SELECT tip.tabulate(tip.cell(sex), id) + tip.tabulate(tip.cell(district), id) FROM seen;
SELECT tip.name_dimensions(:'t', '{sex,place}') + :'t';
SELECT tip.name_dimensions(:'t', '{sex}');
SELECT tip.name_dimensions(:'t', '{sex,sex}');
SELECT tip.name_dimensions(:'t', '{sex,NULL}');
SELECT tip.rollup(:'t', ARRAY[3]);
SELECT tip.rollup(:'t', ARRAY[1, 1]);
SELECT tip.rollup(:'t', ARRAY['age']);
SELECT tip.tabulate(tip.cell(1), 1, 9223372036854775807) FROM generate_series(1, 2);
SELECT '\x00000001ffffffff'::tip.tabulation;
SELECT 'x'::tip.tabulation;
DROP TABLE seen;
