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
SELECT tip.bucket(2026, 1000);
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
SELECT dimension, name, list, codes FROM tip.dimensions(:'t');
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

-- a dimension may be a year, a number of a dictionary, or have a hierarchy
CREATE TABLE placed AS
SELECT g AS id, (ARRAY['BB-01', 'BB-02', 'TT-POS', NULL])[1 + g % 4]::tip.subdivision AS place,
       2019 + g / 4 % 4 AS year, 1 + g % 2 AS agency, nullif(g % 5, 0)::int8 AS months
FROM generate_series(1, 100) AS g;
INSERT INTO tip.dictionary VALUES ('tab_agency', 1, 'POL', 'Police'), ('tab_agency', 2, 'NGO', 'A home');
SELECT tip.name_dimensions(tip.tabulate(tip.cell(place, tip.bucket(year, 2000), agency), id, months),
       '{place,year,agency}', '{0,2000,0}') AS p FROM placed \gset
SELECT tip.use_dictionary(:'p', 'agency', 'tab_agency') AS p \gset
SELECT tip.use_hierarchy(:'p', 'place', tip.hierarchy('subdivision')) AS p \gset
SELECT tip.use_hierarchy(:'p', 'year', ARRAY[tip.cell(19, 901), tip.cell(20, 901), tip.cell(21, 902), tip.cell(22, 902)]) AS p \gset
SELECT dimension, name, list, codes, base, dictionary, high, edges, is_multi FROM tip.dimensions(:'p');
SELECT tip.codes(:'p', cell), n, measure_sum, contributors FROM tip.margins(:'p') WHERE level < 2 ORDER BY level, cell;
SELECT tip.codes(t, cell), n
FROM tip.rollup(tip.coarsen(tip.coarsen(:'p', 'place'), 'year'), '{place,year}'::text[]) AS t, tip.cells(t);
SELECT tip.is_additive(:'p');
-- one cell alone
SELECT agency, tip.count_cells(id, months) FROM placed GROUP BY agency ORDER BY agency;
SELECT tip.n(c), tip.key_sum(c), tip.measure_sum(c), tip.contributors(c)
FROM (SELECT tip.merge(c) AS c FROM (SELECT tip.count_cells(id, months) AS c FROM placed GROUP BY agency) AS g) AS m;

-- refused as well
SELECT tip.use_hierarchy(:'p', 'year', ARRAY[tip.cell(19, 901), tip.cell(19, 902)]);
SELECT tip.use_hierarchy(:'p', 'year', ARRAY[tip.cell(19, 901), tip.cell(901, 19)]);
SELECT tip.use_hierarchy(:'p', 'year', ARRAY[tip.cell(19, 20)]);
SELECT tip.use_hierarchy(:'p', 'place', ARRAY[tip.cell('male'::tip.sex, 'BB'::tip.country)]);
SELECT tip.use_hierarchy(:'p', 'place', ARRAY[tip.cell('unknown'::tip.subdivision, 'BB'::tip.country)]);
SELECT tip.coarsen(:'p', 'agency');
UPDATE tip.dictionary SET code = 'HOME' WHERE dictionary = 'tab_agency' AND number = 2;
SELECT tip.use_dictionary(:'p', 'agency', 'tab_agency');
SELECT tip.use_dictionary(:'p', 'agency', 'tab_station');
DELETE FROM tip.dictionary WHERE dictionary = 'tab_agency';
SELECT '(1,-1,0,0,0)'::tip.count_state;
SET tip_module.tabulation_memory = '64kB';
SELECT tip.tabulate(tip.cell(1 + g % 1000, 1 + g / 1000), 1) FROM generate_series(1, 9999) AS g;
RESET tip_module.tabulation_memory;
DROP TABLE placed;

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
