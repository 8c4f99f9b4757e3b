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
CREATE TABLE seen AS SELECT g AS id, 1 + g % 3 AS a, 1 + g % 7 AS b FROM generate_series(1, 5000) AS g;
SELECT c.* FROM (SELECT tip.tabulate(tip.cell(a, b), id, 2) AS t FROM seen) AS s,
     tip.margins(t) AS c WHERE c.cell::text ~ '[*]|^.1?.$' ORDER BY c.cell;
-- as SQL counts
SELECT count(*) AS differing FROM (
	SELECT coalesce(tip.cell(a, b)::text, '') AS cell, count(*) AS n, sum(id) AS k FROM seen GROUP BY a, b
	EXCEPT
	SELECT c.cell::text, c.n, c.key_sum FROM (SELECT tip.tabulate(tip.cell(a, b), id) AS t FROM seen) AS s, tip.cells(t) AS c) AS x;
-- merged shards are the whole, byte for byte; both forms round-trip
WITH shard AS (SELECT tip.tabulate(tip.cell(a, b), id) AS t FROM seen GROUP BY id % 4),
     whole AS (SELECT tip.tabulate(tip.cell(a, b), id) AS t FROM seen)
SELECT tip_impl.tabulation_send(tip.merge(shard.t)) = tip_impl.tabulation_send((SELECT t FROM whole)) AS merged,
       tip.merge(shard.t)::text::tip.tabulation = (SELECT t FROM whole) AS round_trip FROM shard;
SELECT tip.tabulate(tip.cell(1), 1) IS NULL AS no_rows_is_null FROM seen WHERE false;
SELECT '\x00000001ffffffff'::tip.tabulation;
SELECT 'x'::tip.tabulation;
SELECT tip.tabulate(tip.cell(1), 1, 9223372036854775807) FROM generate_series(1, 2);
DROP TABLE seen;
