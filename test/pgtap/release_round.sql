-- Rounding against an attacker who shares no code with it: on random tables of
-- two by two every table of whole numbers that fits what is shown is listed.
BEGIN;
SELECT * FROM no_plan();
SET LOCAL jit = off;	-- it would compile every call anew
SELECT setseed(0.15);

-- Leaves in the order 11, 12, 21, 22; all nine cells in the order of the grid
CREATE FUNCTION pg_temp.margins(x int[]) RETURNS int[] LANGUAGE sql IMMUTABLE AS $$
SELECT ARRAY[x[1] + x[2] + x[3] + x[4], x[1] + x[3], x[2] + x[4],
	x[1] + x[2], x[1], x[2], x[3] + x[4], x[3], x[4]]
$$;
CREATE FUNCTION pg_temp.leaf_cell(leaf int) RETURNS int LANGUAGE sql IMMUTABLE AS
'SELECT (ARRAY[5, 6, 8, 9])[leaf]';

CREATE FUNCTION pg_temp.fits(shown int[], x int[], reach int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT abs(shown[1] - x[1] - x[2] - x[3] - x[4]) <= reach
	AND abs(shown[2] - x[1] - x[3]) <= reach AND abs(shown[3] - x[2] - x[4]) <= reach
	AND abs(shown[4] - x[1] - x[2]) <= reach AND abs(shown[7] - x[3] - x[4]) <= reach
	AND abs(shown[5] - x[1]) <= reach AND abs(shown[6] - x[2]) <= reach
	AND abs(shown[8] - x[3]) <= reach AND abs(shown[9] - x[4]) <= reach
$$;

-- Is all of a cell the one person of a leaf, who learns that she is alone?
CREATE FUNCTION pg_temp.is_own(x int[], leaf int, cell bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT leaf > 0 AND x[leaf] = (pg_temp.margins(x))[cell::int]
	AND cell = ANY (CASE leaf WHEN 1 THEN '{1,2,4,5}' WHEN 2 THEN '{1,3,4,6}'
		WHEN 3 THEN '{1,2,7,8}' WHEN 4 THEN '{1,3,7,9}' END::int[])
$$;

-- Every table that is let through; reach is the base less 1
CREATE FUNCTION pg_temp.every_table(shown int[], reach int) RETURNS SETOF int[] LANGUAGE sql IMMUTABLE AS $$
SELECT t.t
FROM generate_series(greatest(shown[5] - reach, 0), shown[5] + reach) AS a,
	generate_series(greatest(shown[6] - reach, 0), shown[6] + reach) AS b,
	generate_series(greatest(shown[8] - reach, 0), shown[8] + reach) AS c,
	generate_series(greatest(shown[9] - reach, 0), shown[9] + reach) AS d,
	LATERAL (SELECT ARRAY[a, b, c, d] OFFSET 0) AS t(t)
WHERE pg_temp.fits(shown, t.t, reach)
$$;

-- One version: the total is not known (-1), is known (0), or known to the lone
-- person of a leaf.  Cells are numbered as in the margins.
CREATE FUNCTION pg_temp.finds(x int[], shown int[], reach int, strict boolean) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
WITH fits AS (
	SELECT leaf, c.cell, min(c.n) AS low, max(c.n) AS high
	FROM generate_series(-1, 4) AS leaf,
		pg_temp.every_table(shown, reach) AS t,
		LATERAL unnest(pg_temp.margins(t)) WITH ORDINALITY AS c(n, cell)
	WHERE (leaf <= 0 OR x[leaf] = 1 AND t[leaf] = 1)
	  AND (leaf = -1 OR t[1] + t[2] + t[3] + t[4] = x[1] + x[2] + x[3] + x[4])
	GROUP BY leaf, c.cell
)
SELECT EXISTS (SELECT FROM fits WHERE low = high AND low BETWEEN 1 AND reach
	AND (cell <> 1 OR leaf = -1) AND cell IS DISTINCT FROM pg_temp.leaf_cell(leaf)
	AND (strict OR NOT pg_temp.is_own(x, leaf, cell)))
$$;

-- Two versions, the second with one person more: she may be in any leaf
CREATE FUNCTION pg_temp.finds_two(x int[], y int[], shown int[], later int[], reach int, strict boolean)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
WITH who AS (
	SELECT leaf, CASE WHEN x[leaf] <= 1 THEN x[leaf] END AS before,
		CASE WHEN y[leaf] <= 1 THEN y[leaf] END AS after
	FROM generate_series(0, 4) AS leaf WHERE leaf = 0 OR x[leaf] = 1 OR y[leaf] = 1
), pair AS (
	SELECT leaf, t, ARRAY[t[1] + (k = 1)::int, t[2] + (k = 2)::int, t[3] + (k = 3)::int, t[4] + (k = 4)::int] AS u, after
	FROM who, generate_series(1, 4) AS k, pg_temp.every_table(shown, reach) AS t
	WHERE t[1] + t[2] + t[3] + t[4] = x[1] + x[2] + x[3] + x[4]
	  AND (before IS NULL OR t[leaf] = before)
), fits AS (
	SELECT leaf, c.cell, min(c.m) AS low, max(c.m) AS high, min(c.m2) AS low2, max(c.m2) AS high2,
		min(c.m2 - c.m) AS least, max(c.m2 - c.m) AS most
	FROM pair, unnest(pg_temp.margins(pair.t), pg_temp.margins(pair.u)) WITH ORDINALITY AS c(m, m2, cell)
	WHERE (after IS NULL OR pair.u[leaf] = after)
	  AND pg_temp.fits(later, pair.u, reach)
	GROUP BY leaf, c.cell
)
SELECT EXISTS (SELECT FROM fits WHERE cell > 1 AND (
	cell IS DISTINCT FROM pg_temp.leaf_cell(leaf)
		AND (low = high AND low BETWEEN 1 AND reach AND (strict OR NOT pg_temp.is_own(x, leaf, cell))
			OR low2 = high2 AND low2 BETWEEN 1 AND reach AND (strict OR NOT pg_temp.is_own(y, leaf, cell)))
	OR least = most AND least = 1 AND (leaf = 0 OR x[leaf] = y[leaf])))
$$;

-- Each cell up or down by chance, whether it adds up or not: of both kinds
CREATE TEMP TABLE thrown AS
SELECT i, x, y, pg_temp.margins(x) AS m, pg_temp.margins(y) AS m2
FROM (SELECT i, x, (SELECT array_agg(n + (o = 1 + i % 4)::int ORDER BY o) FROM unnest(x) WITH ORDINALITY AS u(n, o)) AS y
	FROM (SELECT i, array_agg(floor(random() * 4)::int) AS x
		FROM generate_series(1, 300) AS i, generate_series(1, 4) GROUP BY i) AS z) AS z;
ALTER TABLE thrown ADD shown int[], ADD later int[];
UPDATE thrown AS t SET
	shown = (SELECT array_agg((n + CASE WHEN n % 2 = 0 THEN 0 WHEN random() < 0.4 THEN 1 ELSE -1 END) ORDER BY o)
		FROM unnest(t.m) WITH ORDINALITY AS u(n, o)),
	later = (SELECT array_agg((n + CASE WHEN n % 2 = 0 THEN 0 WHEN random() < 0.4 THEN 1 ELSE -1 END) ORDER BY o)
		FROM unnest(t.m2) WITH ORDINALITY AS u(n, o));

CREATE FUNCTION pg_temp.is_safe(counts int[], shown int[]) RETURNS boolean LANGUAGE sql AS $$
SELECT tip_impl.rounding_is_safe('{3,3}', '{0,0,0,0,0,0}', '{1,1,1,2,2,1,2,2}',
	counts::int8[], '{3}', 2, 2, shown::int8[], array_fill(0, ARRAY[cardinality(counts) / 4]))
$$;
CREATE TEMP TABLE judged AS
SELECT i, pg_temp.finds(x, shown, 1, true) AS finds, NOT pg_temp.is_safe(x, shown) AS says,
	pg_temp.finds_two(x, y, shown, later, 1, true) AS finds_two,
	NOT pg_temp.is_safe(x || y, shown || later) AS says_two
FROM thrown;
SELECT is_empty('SELECT i FROM judged WHERE finds IS DISTINCT FROM says',
	'of one version our attacker finds whom the list of all tables gives away, and no others');
SELECT cmp_ok((SELECT least(count(*) FILTER (WHERE finds), count(*) FILTER (WHERE NOT finds)) FROM judged),
	'>=', 5::bigint, 'which happens, and does not');
SELECT is_empty('SELECT i FROM judged WHERE (finds_two OR finds) IS DISTINCT FROM says_two',
	'nor of two versions, the difference of which may give somebody away');
SELECT cmp_ok((SELECT least(count(*) FILTER (WHERE NOT finds AND finds_two), count(*) FILTER (WHERE NOT says_two)) FROM judged),
	'>=', 5::bigint, 'and a revision gives some away that one version does not');

-- What is drawn: additive, adjacent, and nobody is found; or it is refused
CREATE FUNCTION pg_temp.draw(x int[], label text, earlier int[], shown int[]) RETURNS int[]
LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT array_agg(c.rounded ORDER BY c.node)
		FROM tip_impl.round_cells('{3,3}', '{0,0,0,0,0,0}', '{1,1,1,2,2,1,2,2}', x::int8[], '{3}', 3, 3,
			label, earlier::int8[], shown::int8[], array_fill(0, ARRAY[cardinality(shown) / 9])) AS c);
EXCEPTION WHEN program_limit_exceeded THEN
	RETURN NULL;
END
$$;
CREATE TEMP TABLE drawn AS
SELECT i, x, y, m || m2 AS n, shown, pg_temp.draw(y, 'pgtap ' || i, x, shown) AS later
FROM (SELECT i, x, y, m, m2, pg_temp.draw(x, 'pgtap ' || i, '{}', '{}') AS shown FROM thrown WHERE i <= 60 OFFSET 0) AS t
WHERE shown IS NOT NULL;
SELECT cmp_ok((SELECT count(later) FROM drawn), '>=', 30::bigint, 'most tables are drawn, and their revisions');
SELECT is_empty('SELECT i FROM drawn WHERE shown <> pg_temp.margins(ARRAY[shown[5], shown[6], shown[8], shown[9]])
	OR later <> pg_temp.margins(ARRAY[later[5], later[6], later[8], later[9]])', 'rounded cells add up');
SELECT is_empty('SELECT i FROM drawn, unnest(n, shown || later) AS u(n, shown)
	WHERE later IS NOT NULL AND u.shown NOT IN (u.n / 3 * 3, (u.n + 2) / 3 * 3)', 'to an adjacent multiple');
SELECT is_empty('SELECT i FROM drawn WHERE pg_temp.finds(x, shown, 2, false)', 'nobody is found');
SELECT is_empty('SELECT i FROM drawn WHERE pg_temp.finds_two(x, y, shown, later, 2, false)', 'nor by a revision with one person more');

-- The yearly series: 20 to 50 victims by sex, age and form, base 5
CREATE TEMP TABLE yearly AS
SELECT t.i, p.way, c.node, c.n, c.rounded FROM (
	SELECT i, array_agg(n ORDER BY leaf) AS counts FROM (
		SELECT i, leaf, count(*) FILTER (WHERE leaf = 1 + 6 * sex + 3 * child + form) AS n
		FROM (SELECT i, (random() >= 0.8)::int AS sex, (random() < 0.32)::int AS child,
				CASE WHEN r < 0.68 THEN 0 WHEN r < 0.93 THEN 1 ELSE 2 END AS form
			FROM (SELECT i, random() AS r FROM generate_series(1, 30) AS i,
				generate_series(1, 20 + i) OFFSET 0) AS s OFFSET 0) AS s, generate_series(1, 12) AS leaf
		GROUP BY i, leaf) AS s GROUP BY i) AS t,
	(VALUES (1, '{1,2,4}'::int[]), (2, '{3,5,6}'), (3, '{7}')) AS p(way, tables),
	LATERAL tip_impl.round_cells('{3,3,4}', array_fill(0, ARRAY[10]), (
			SELECT array_agg(v ORDER BY a, b, f, o) FROM generate_series(1, 2) AS a, generate_series(1, 2) AS b,
				generate_series(1, 3) AS f, unnest(ARRAY[a, b, f]) WITH ORDINALITY AS u(v, o)),
		t.counts, p.tables, 5, 5, format('yearly %s %s', t.i, p.way)) AS c;
SELECT is((SELECT count(*) FROM yearly WHERE rounded IS NOT NULL), 30::bigint * (8 + 24 + 36), 'all planned cells are shown');
SELECT cmp_ok((SELECT max(e) FROM (SELECT avg(abs(rounded - n)) AS e FROM yearly GROUP BY way) AS s),
	'<=', 1.7, 'mean error of the yearly series');
SELECT is((SELECT max(abs(rounded - n)) FROM yearly), 4::bigint, 'no error above 4');
SELECT is_empty('SELECT w.i, w.way FROM yearly AS w JOIN yearly AS p USING (i, way)
	WHERE w.node[3] = 0 AND p.node[3] <> 0 AND p.node[1] = w.node[1] AND p.node[2] = w.node[2]
	GROUP BY w.i, w.way, w.node, w.rounded HAVING bool_and(p.rounded IS NOT NULL) AND sum(p.rounded) <> w.rounded',
	'margins of forms add up in all of them');

-- No cell leans to one side: 300 draws of four cells, of 1, 2, 3 and 4 in 10
SELECT cmp_ok((SELECT max(abs(up - fraction)) FROM (
		SELECT avg((c.rounded > c.n)::int) AS up, max(c.n) / 5.0 AS fraction
		FROM generate_series(1, 300) AS i, tip_impl.round_cells('{5}', '{0,0,0,0,0}', '{1,2,3,4}', '{1,2,3,4}',
			'{1}', 5, 5, 'lean ' || i) AS c WHERE c.level = 1 GROUP BY c.node) AS s),
	'<', 0.13, 'a cell goes up as often as its fraction says');

SELECT * FROM finish();
ROLLBACK;
