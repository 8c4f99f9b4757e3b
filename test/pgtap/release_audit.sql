-- tip.audit() against lists of every table that fits what is published: people
-- are dealt to cells in all ways, cells are added up, nothing else is known.
BEGIN;
SELECT * FROM no_plan();

-- A space: its cells in one order, and every table of at most so many people.
CREATE TEMP TABLE space (name text, dims text[], cells jsonb, people int,
	parents jsonb, multi text[]);
CREATE TEMP TABLE possible (name text, v int[], total int);
-- Which kinds of people does a cell count?  A kind is a place in the deal.
CREATE TEMP TABLE counts (name text, cell int, kinds int[]);

INSERT INTO space VALUES
('two by three', '{r,a}',
 '[["n","x"],["n","y"],["n","z"],["n","_T"],["s","x"],["s","y"],["s","z"],["s","_T"],
   ["_T","x"],["_T","y"],["_T","z"],["_T","_T"]]', 11, '{}', '{}'),
-- kinds: f only, g only, both; for each sex
('two sexes, overlapping forms', '{s,f}',
 '[["m","f"],["m","g"],["m","_T"],["w","f"],["w","g"],["w","_T"],
   ["_T","f"],["_T","g"],["_T","_T"]]', 8, '{}', '{f}'),
-- kinds: f, g, h, fg, fh, gh, fgh; f and g are one group
('groups of overlapping forms', '{f}',
 '[["f"],["g"],["h"],["fg"],["_T"]]', 7, '{"f": {"f":"fg","g":"fg","h":"_T"}}', '{f}'),
('overlapping hierarchies', '{p}',
 '[["a"],["b"],["c"],["d"],["ab"],["cd"],["ac"],["bd"],["_T"]]', 11,
 '{"p": {"a":["ab","ac"],"b":["ab","bd"],"c":["cd","ac"],"d":["cd","bd"]}}', '{}');
INSERT INTO counts
SELECT 'two by three', i, k::int[] FROM unnest('{"{1}","{2}","{3}","{1,2,3}","{4}","{5}","{6}","{4,5,6}",
	"{1,4}","{2,5}","{3,6}","{1,2,3,4,5,6}"}'::text[]) WITH ORDINALITY AS u(k, i)
UNION ALL SELECT 'two sexes, overlapping forms', i, k::int[] FROM unnest('{"{1,3}","{2,3}","{1,2,3}",
	"{4,6}","{5,6}","{4,5,6}","{1,3,4,6}","{2,3,5,6}","{1,2,3,4,5,6}"}'::text[]) WITH ORDINALITY AS u(k, i)
UNION ALL SELECT 'groups of overlapping forms', i, k::int[] FROM unnest('{"{1,4,5,7}","{2,4,6,7}","{3,5,6,7}",
	"{1,2,4,5,6,7}","{1,2,3,4,5,6,7}"}'::text[]) WITH ORDINALITY AS u(k, i)
UNION ALL SELECT 'overlapping hierarchies', i, k::int[] FROM unnest('{"{1}","{2}","{3}","{4}",
	"{1,2}","{3,4}","{1,3}","{2,4}","{1,2,3,4}"}'::text[]) WITH ORDINALITY AS u(k, i);

-- Deals of at most so many people to kinds, and the cells they make.
CREATE FUNCTION pg_temp.deal(of text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	kinds	int := (SELECT max(k) FROM counts, unnest(counts.kinds) AS k WHERE name = of);
	people	int := (SELECT s.people FROM space AS s WHERE s.name = of);
	sums	text := (SELECT string_agg((SELECT string_agg('d[' || k || ']', '+') FROM unnest(c.kinds) AS k),
						',' ORDER BY c.cell) FROM counts AS c WHERE name = of);
BEGIN
	EXECUTE format($q$
		INSERT INTO possible
		WITH RECURSIVE r(d, n) AS (
			SELECT '{}'::int[], 0
			UNION ALL
			SELECT d || k, n + k FROM r, generate_series(0, %s - n) AS k WHERE cardinality(d) < %s
		) SELECT DISTINCT %L, ARRAY[%s], n FROM r WHERE cardinality(d) = %s$q$,
		people, kinds, of, sums, kinds);
END
$$;
SELECT count(pg_temp.deal(name)) FROM space \g /dev/null
CREATE INDEX ON possible (name, total);
ANALYZE possible;

CREATE FUNCTION pg_temp.dice(seed text, sides int) RETURNS int LANGUAGE sql AS
$$ SELECT (('x' || substr(md5(seed), 1, 7))::bit(28)::int) % sides $$;

-- A true table, and what is published of it: for each cell text, least, most.
-- A cell may be missing (it has no text and is not passed on).
CREATE TEMP TABLE published (id int, name text, mode text, cell int, truth int,
	shown text, least int, most int, listed boolean);
CREATE FUNCTION pg_temp.publish(id int, space text, mode text, truth int[] DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
	WITH t AS (
		SELECT v FROM possible WHERE possible.name = space
		  AND total BETWEEN 4 AND (SELECT people - 2 FROM space AS s WHERE s.name = publish.space)
		  AND (mode <> 'inner hidden' OR 0 <> ALL (v))
		  AND (truth IS NULL OR v = truth)
		ORDER BY md5(id || v::text) LIMIT 1
	), c AS (
		SELECT u.i, u.n, pg_temp.dice(format('%s %s', id, u.i), 100) AS d,
			u.i = (SELECT max(cell) FROM counts WHERE name = space) AS is_total
		FROM t, unnest(t.v) WITH ORDINALITY AS u(n, i)
	), s AS (
		SELECT *, CASE
			WHEN mode = 'rounded' THEN ((n + CASE WHEN n % 3 = 0 THEN 0 ELSE d % 3 END) / 3 * 3)::text
			WHEN is_total AND d < 80 THEN n::text
			WHEN mode = 'zeros hidden' THEN CASE WHEN d < 55 THEN '*' ELSE n::text END
			WHEN n = 0 THEN n::text
			WHEN mode = 'inner hidden' THEN CASE WHEN i IN (1, 2, 3, 5, 6, 7) AND (d < 90 OR id = 1000) THEN '*' ELSE n::text END
			WHEN n < 3 AND d < 20 THEN '<3'
			WHEN d < 60 THEN '*'
			ELSE n::text END AS shown
		FROM c
	)
	INSERT INTO published
	SELECT id, space, mode, i, n, shown,
		CASE WHEN mode = 'rounded' THEN greatest(shown::int - 2, 0)
		     WHEN missing THEN 0
		     WHEN shown ~ '^[<*]' THEN CASE WHEN mode = 'zeros hidden' THEN 0 ELSE 1 END
		     ELSE shown::int END,
		CASE WHEN mode = 'rounded' THEN shown::int + 2
		     WHEN missing OR shown = '*' THEN NULL
		     WHEN shown = '<3' THEN 2
		     ELSE shown::int END,
		NOT missing
	FROM s, LATERAL (SELECT mode NOT IN ('rounded', 'inner hidden') AND d % 10 = 3 AND NOT is_total AS missing) AS m
$$;

-- Every table that fits: extremes of each cell; with some cells known to be 1;
-- or of how far each cell is from others together.
CREATE FUNCTION pg_temp.every_table(of int, own int[] DEFAULT '{}', base int[] DEFAULT '{}',
	OUT cell int, OUT low int, OUT high int, OUT touches boolean)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	fits	text := (SELECT string_agg(format('v[%s] >= %s', p.cell, least)
		|| coalesce(' AND v[' || p.cell || '] <= ' || most, ''), ' AND ')
		FROM published AS p WHERE id = of);
BEGIN
	fits := fits || coalesce((SELECT string_agg(' AND v[' || o || '] = 1', '') FROM unnest(own) AS o), '');
	RETURN QUERY EXECUTE format($q$
		SELECT u.i::int, min(u.n - %3$s), max(u.n - %3$s),
			bool_or(total = (SELECT people FROM space WHERE space.name = %1$L))
		FROM possible, unnest(v) WITH ORDINALITY AS u(n, i)
		WHERE name = %1$L AND %2$s GROUP BY u.i$q$,
		(SELECT min(name) FROM published WHERE id = of), fits,
		coalesce((SELECT string_agg('v[' || b || ']', ' - ') FROM unnest(base) AS b), '0'));
END
$$;

CREATE FUNCTION pg_temp.rows_of(of int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg((SELECT jsonb_object_agg(d.name, s.cells -> (p.cell - 1) ->> (d.i - 1)::int)
			FROM unnest(s.dims) WITH ORDINALITY AS d(name, i))
		|| jsonb_build_object('n', p.shown, 'true', p.truth) ORDER BY p.cell)
	FROM published AS p JOIN space AS s USING (name) WHERE p.id = of AND p.listed
$$;
CREATE FUNCTION pg_temp.ours(of int, insiders text DEFAULT 'none', bounds boolean DEFAULT true,
	OUT cell int, OUT low int8, OUT high int8, OUT own int[], OUT status text)
RETURNS SETOF record LANGUAGE sql AS $$
	SELECT c.i::int, a.low, a.high, o.own, a.status
	FROM (SELECT DISTINCT p.name, p.mode FROM published AS p WHERE id = of) AS p
	JOIN space AS s USING (name),
	LATERAL tip.audit(pg_temp.rows_of(of), s.dims, parents => s.parents, multi => s.multi,
		zeros_published => p.mode <> 'zeros hidden',
		rounded_base => CASE WHEN p.mode = 'rounded' THEN 3 END,
		insiders => ours.insiders, bounds => ours.bounds,
		true_column => CASE WHEN insiders <> 'none' OR NOT bounds THEN 'true' END) AS a
	JOIN LATERAL jsonb_array_elements(s.cells) WITH ORDINALITY AS c(codes, i)
		ON c.codes = to_jsonb(a.codes)
	CROSS JOIN LATERAL (SELECT array_agg(o.i::int ORDER BY o.i)
		FROM jsonb_array_elements(s.cells) WITH ORDINALITY AS o(codes, i)
		WHERE o.codes = to_jsonb(a.insider) OR to_jsonb(a.insider) @> jsonb_build_array(o.codes)) AS o(own)
$$;

SELECT count(pg_temp.publish(id::int, name, mode)) FROM (
	SELECT row_number() OVER (ORDER BY s.name, m.mode) AS id, s.name, m.mode
	FROM space AS s, unnest('{hidden,zeros hidden,rounded,inner hidden}'::text[]) AS m(mode),
		generate_series(1, 10)
	WHERE s.name = 'two by three' OR m.mode <> 'inner hidden') AS t \g /dev/null
-- here two who are alone know together what neither knows
SELECT pg_temp.publish(1000, 'two by three', 'inner hidden', '{1,1,2,4,2,2,1,5,3,3,3,9}') \g /dev/null
CREATE TEMP TABLE listed AS
SELECT t.id, e.* FROM (SELECT DISTINCT id FROM published) AS t, pg_temp.every_table(t.id) AS e;
CREATE TEMP TABLE audited AS
SELECT t.id, o.* FROM (SELECT DISTINCT id FROM published) AS t, pg_temp.ours(t.id) AS o;

SELECT is_empty($$
	SELECT p.name, p.mode, p.id, p.cell, p.shown, l.low, l.high, a.low, a.high
	FROM published AS p JOIN listed AS l USING (id, cell) LEFT JOIN audited AS a USING (id, cell)
	WHERE p.listed AND p.least IS DISTINCT FROM p.most AND NOT l.touches
	  AND (a.low IS DISTINCT FROM l.low OR a.high IS DISTINCT FROM l.high)$$,
	'bounds are those of the tables that fit');
SELECT is_empty($$
	SELECT p.name, p.mode, p.id, p.cell, p.shown, l.low, l.high, a.low, a.high
	FROM published AS p JOIN listed AS l USING (id, cell) LEFT JOIN audited AS a USING (id, cell)
	WHERE p.listed AND p.least IS DISTINCT FROM p.most AND l.touches
	  AND (a.low IS NULL OR a.low > l.low OR a.high < l.high)$$,
	'nor narrower where more people could be in them than were dealt');
SELECT is_empty('SELECT * FROM audited WHERE (low = high) IS DISTINCT FROM (status = ''exact'')
	AND high IS NOT NULL OR status = ''not proven''', 'the status says whether they meet');
SELECT is_empty($$SELECT t.id, o.cell, o.status, CASE o.status WHEN 'exact' THEN o.low END
	FROM (SELECT DISTINCT id FROM published) AS t, pg_temp.ours(t.id, bounds => false) AS o
	EXCEPT SELECT id, cell, status, CASE status WHEN 'exact' THEN low END FROM audited$$,
	'which cells are exact does not need their bounds');
SELECT cmp_ok(count(*), '>', 12::bigint, 'cells of ' || name || ', ' || mode || ' are compared')
FROM published JOIN listed USING (id, cell)
WHERE listed AND least IS DISTINCT FROM most AND NOT touches GROUP BY name, mode;
SELECT cmp_ok(count(*), '>', 10::bigint, 'and some of them are exact')
FROM audited WHERE status = 'exact';

-- Each person alone in a cell, and each two: what more do they know?  A cell
-- that differs from theirs by a number that everybody knows is no news of others.
CREATE TEMP TABLE single AS
SELECT id, cell FROM published
WHERE name = 'two by three' AND mode = 'inner hidden' AND truth = 1
  AND cell IN (1, 2, 3, 5, 6, 7) AND least IS DISTINCT FROM most;
CREATE TEMP TABLE inside AS
SELECT t.id, t.own, e.*
FROM (SELECT id, ARRAY[cell] AS own FROM single UNION ALL
	SELECT a.id, ARRAY[a.cell, b.cell] FROM single AS a JOIN single AS b ON a.id = b.id AND a.cell < b.cell) AS t,
	LATERAL pg_temp.every_table(t.id, t.own) AS e;
CREATE TEMP TABLE told AS
SELECT t.id, o.* FROM (SELECT DISTINCT id FROM single) AS t, pg_temp.ours(t.id, 'pairs') AS o
WHERE o.own IS NOT NULL;
CREATE TEMP TABLE news AS
SELECT i.id, i.own, i.cell, i.low AS value
FROM inside AS i JOIN listed AS l USING (id, cell)
WHERE i.low = i.high AND l.low < l.high AND i.cell <> ALL (i.own);
SELECT is_empty('SELECT id, own, cell, low FROM told EXCEPT SELECT id, own, cell, value FROM news',
	'what an insider is told is so');
CREATE TEMP TABLE tied AS
SELECT t.id, t.base, e.cell
FROM (SELECT id, own AS base FROM news UNION SELECT id, ARRAY[o] FROM news, unnest(own) AS o) AS t,
	pg_temp.every_table(t.id, '{}', t.base) AS e
WHERE e.low = e.high;
SELECT is_empty($$SELECT id, own, cell, value FROM news AS n
	WHERE NOT EXISTS (SELECT FROM told AS t WHERE t.id = n.id AND t.cell = n.cell
			AND t.own <@ n.own AND t.low = n.value)
	  AND NOT EXISTS (SELECT FROM tied AS t WHERE t.id = n.id AND t.cell = n.cell AND t.base <@ n.own)$$,
	'and nothing is kept from her');
SELECT cmp_ok((SELECT count(*) FROM told WHERE cardinality(own) = n), '>', 1::bigint, n || ' of them learn something')
FROM generate_series(1, 2) AS n;

SELECT * FROM finish();
ROLLBACK;
