-- Suppression against an attacker who shares no code with it: on random small
-- tables every table of whole numbers that fits what is published is listed.
BEGIN;
SELECT * FROM no_plan();

-- Two rows by three columns with margins; a hidden inner cell is at lowest 1.
CREATE FUNCTION pg_temp.every_table(cells int[], shown boolean[],
	rows int[], rows_shown boolean[], cols int[], cols_shown boolean[],
	total int, total_shown boolean, cap int)
RETURNS SETOF int[] LANGUAGE sql AS $$
WITH a AS (
	SELECT ARRAY[a1, a2, a3] AS a
	FROM generate_series(0, cap) AS a1, generate_series(0, cap) AS a2,
	     generate_series(0, cap) AS a3
	WHERE CASE WHEN shown[1] THEN a1 = cells[1] ELSE a1 >= 1 END
	  AND CASE WHEN shown[2] THEN a2 = cells[2] ELSE a2 >= 1 END
	  AND CASE WHEN shown[3] THEN a3 = cells[3] ELSE a3 >= 1 END
	  AND (NOT rows_shown[1] OR a1 + a2 + a3 = rows[1])
), b AS (
	SELECT ARRAY[b1, b2, b3] AS b
	FROM generate_series(0, cap) AS b1, generate_series(0, cap) AS b2,
	     generate_series(0, cap) AS b3
	WHERE CASE WHEN shown[4] THEN b1 = cells[4] ELSE b1 >= 1 END
	  AND CASE WHEN shown[5] THEN b2 = cells[5] ELSE b2 >= 1 END
	  AND CASE WHEN shown[6] THEN b3 = cells[6] ELSE b3 >= 1 END
	  AND (NOT rows_shown[2] OR b1 + b2 + b3 = rows[2])
)
SELECT a.a || b.b FROM a, b
WHERE (NOT cols_shown[1] OR a.a[1] + b.b[1] = cols[1])
  AND (NOT cols_shown[2] OR a.a[2] + b.b[2] = cols[2])
  AND (NOT cols_shown[3] OR a.a[3] + b.b[3] = cols[3])
  AND (NOT total_shown OR
       a.a[1] + a.a[2] + a.a[3] + b.b[1] + b.b[2] + b.b[3] = total)
$$;

-- Bounds of the small inner cells under a pattern, by enumeration and ours.
CREATE FUNCTION pg_temp.judge(counts int[], primary_only boolean,
	OUT node int[], OUT n int8, OUT low int8, OUT high int8,
	OUT lowest int, OUT highest int)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	pattern int[];
	places	int[] := '{1,1,1,2,1,3,2,1,2,2,2,3}';
BEGIN
	IF primary_only THEN
		SELECT coalesce(array_agg(k.place ORDER BY p.node, k.i), '{}')
		INTO pattern
		FROM tip_impl.protect_cells('{3,4}', '{0,0,0,0,0,0,0}', places,
			counts::int8[], '{3}', '{1000,100,10,1}', 5, 2, false, false,
			NULL, false) AS p, unnest(p.node) WITH ORDINALITY AS k(place, i)
		WHERE p.is_small;
	END IF;
	CREATE TEMP TABLE fate ON COMMIT DROP AS
	SELECT * FROM tip_impl.protect_cells('{3,4}', '{0,0,0,0,0,0,0}', places,
		counts::int8[], '{3}', '{1000,100,10,1}', 5, 2, false, false,
		pattern, true);
	RETURN QUERY
	WITH t AS MATERIALIZED (
		SELECT y FROM pg_temp.every_table(counts,
			(SELECT array_agg(NOT f.is_hidden ORDER BY f.node) FROM fate AS f
			 WHERE f.level = 2),
			(SELECT array_agg(f.n::int ORDER BY f.node) FROM fate AS f
			 WHERE f.node[1] > 0 AND f.node[2] = 0),
			(SELECT array_agg(NOT f.is_hidden ORDER BY f.node) FROM fate AS f
			 WHERE f.node[1] > 0 AND f.node[2] = 0),
			(SELECT array_agg(f.n::int ORDER BY f.node) FROM fate AS f
			 WHERE f.node[1] = 0 AND f.node[2] > 0),
			(SELECT array_agg(NOT f.is_hidden ORDER BY f.node) FROM fate AS f
			 WHERE f.node[1] = 0 AND f.node[2] > 0),
			(SELECT f.n::int FROM fate AS f WHERE f.level = 0),
			(SELECT NOT f.is_hidden FROM fate AS f WHERE f.level = 0),
			14) AS y
	)
	SELECT f.node, f.n, f.low, f.high,
		(SELECT min(t.y[(f.node[1] - 1) * 3 + f.node[2]]) FROM t),
		(SELECT max(t.y[(f.node[1] - 1) * 3 + f.node[2]]) FROM t)
	FROM fate AS f WHERE f.level = 2 AND f.is_small;
	DROP TABLE fate;
END
$$;

CREATE TEMP TABLE sample AS
SELECT s, ARRAY[c[1] % 8, c[2] % 8, c[3] % 8, c[4] % 8, c[5] % 8, c[6] % 8]
	AS counts
FROM generate_series(1, 12) AS s,
	LATERAL (SELECT array_agg(get_byte(sha256(('table ' || s)::bytea), i))
			 FROM generate_series(0, 5) AS i) AS x(c);

CREATE TEMP TABLE broken AS
SELECT s, j.* FROM sample, pg_temp.judge(counts, true) AS j;
CREATE TEMP TABLE safe AS
SELECT s, j.* FROM sample, pg_temp.judge(counts, false) AS j;

SELECT cmp_ok((SELECT count(*) FROM safe), '>', 12::bigint,
	'the sample has small cells');
SELECT is_empty('SELECT * FROM safe WHERE highest - lowest < 2',
	'no small cell is pinned down, by enumeration');
SELECT is_empty('SELECT * FROM safe WHERE high - low < 2',
	'no small cell is pinned down, by our own attacker');
SELECT is_empty('SELECT * FROM safe WHERE low <> lowest',
	'lower bounds agree with the enumeration');
SELECT is_empty('SELECT * FROM safe WHERE high <> highest AND highest < 10
	AND high < 10', 'upper bounds agree with the enumeration');
SELECT cmp_ok((SELECT count(*) FROM broken WHERE lowest = highest), '>',
	0::bigint, 'hiding only small cells is broken, by enumeration');
SELECT is_empty('SELECT * FROM broken WHERE (lowest = highest) <> (low = high)',
	'and our attacker finds the same cells');

-- A person alone in a cell knows that cell: how many small cells of others
-- does one of them fix?
CREATE FUNCTION pg_temp.insider_leaks(counts int[], insiders boolean)
RETURNS int8 LANGUAGE sql AS $$
WITH fate AS MATERIALIZED (
	SELECT * FROM tip_impl.protect_cells('{3,4}', '{0,0,0,0,0,0,0}',
		'{1,1,1,2,1,3,2,1,2,2,2,3}', counts::int8[], '{3}',
		'{1000,100,10,1}', 5, 1, false, insiders, NULL, false)
), t AS MATERIALIZED (
	SELECT y FROM pg_temp.every_table(counts,
		(SELECT array_agg(NOT f.is_hidden ORDER BY f.node) FROM fate AS f
		 WHERE f.level = 2),
		(SELECT array_agg(f.n::int ORDER BY f.node) FROM fate AS f
		 WHERE f.node[1] > 0 AND f.node[2] = 0),
		(SELECT array_agg(NOT f.is_hidden ORDER BY f.node) FROM fate AS f
		 WHERE f.node[1] > 0 AND f.node[2] = 0),
		(SELECT array_agg(f.n::int ORDER BY f.node) FROM fate AS f
		 WHERE f.node[1] = 0 AND f.node[2] > 0),
		(SELECT array_agg(NOT f.is_hidden ORDER BY f.node) FROM fate AS f
		 WHERE f.node[1] = 0 AND f.node[2] > 0),
		(SELECT f.n::int FROM fate AS f WHERE f.level = 0),
		(SELECT NOT f.is_hidden FROM fate AS f WHERE f.level = 0), 14) AS y
)
SELECT count(*)
FROM generate_series(1, 6) AS own, generate_series(1, 6) AS other
WHERE counts[own] = 1 AND other <> own AND counts[other] BETWEEN 1 AND 4
  AND (SELECT count(DISTINCT t.y[other]) FROM t WHERE t.y[own] = 1) = 1
$$;

CREATE TEMP TABLE tables AS
SELECT c FROM (VALUES ('{1,7,9,3,8,9}'::int[]), ('{1,3,8,6,7,9}'),
	('{1,2,7,8,6,9}'), ('{9,1,6,7,2,8}'), ('{1,6,7,8,1,9}'),
	('{2,1,9,8,7,6}')) AS t(c);

SELECT cmp_ok((SELECT sum(pg_temp.insider_leaks(c, false)) FROM tables),
	'>', 0::numeric, 'without insiders in the audit one person fixes another');
SELECT is((SELECT sum(pg_temp.insider_leaks(c, true)) FROM tables),
	0::numeric, 'with them nobody does');

-- The same question has the same answer.
SELECT results_eq(
	$$SELECT * FROM tip_impl.protect_cells('{3,4}', '{0,0,0,0,0,0,0}',
		'{1,1,1,2,1,3,2,1,2,2,2,3}', '{1,7,3,6,2,9}', '{3}', '{8,4,2,1}',
		5, 2, true, true, NULL, true)$$,
	$$SELECT * FROM tip_impl.protect_cells('{3,4}', '{0,0,0,0,0,0,0}',
		'{2,3,2,2,2,1,1,3,1,2,1,1}', '{9,2,6,3,7,1}', '{3}', '{8,4,2,1}',
		5, 2, true, true, NULL, true)$$,
	'the order of the input changes nothing');

SELECT * FROM finish();
ROLLBACK;
