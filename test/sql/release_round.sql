-- Controlled rounding: additive, adjacent, the same whenever it is asked.  What
-- is drawn depends on the key, and is not printed.

-- sex by age: 2 boys, 9 men, 7 girls, 13 women
CREATE TEMP TABLE question AS SELECT '{3,3}'::int4[] AS sizes,
	'{0,0,0,0,0,0}'::int4[] AS parents, '{1,1,1,2,2,1,2,2}'::int4[] AS nodes,
	'{2,9,7,13}'::int8[] AS counts, '{3}'::int4[] AS tables;
CREATE TEMP TABLE answer AS
SELECT r.* FROM question AS q, tip_impl.round_cells(q.sizes, q.parents,
	q.nodes, q.counts, q.tables, 5, 5, 'victims 2024') AS r;
SELECT node, n, level, is_planned, rounded % 5 = 0 AS multiple,
	abs(rounded - n) < 5 AS adjacent, steps
FROM answer ORDER BY node;
SELECT sum(rounded) FILTER (WHERE level = 2) = max(rounded) FILTER (WHERE level = 0) AS adds_up
FROM answer;

-- same question, same answer; 40 other labels do not all agree
SELECT count(*) AS same FROM answer AS a JOIN (
	SELECT r.* FROM question AS q, tip_impl.round_cells(q.sizes, q.parents,
		q.nodes, q.counts, q.tables, 5, 5, 'victims 2024') AS r) AS b USING (node, rounded);
SELECT count(DISTINCT shown) > 1 AS differs FROM (
	SELECT i, array_agg(r.rounded ORDER BY r.node) AS shown
	FROM question AS q, generate_series(1, 40) AS i, tip_impl.round_cells(q.sizes, q.parents,
		q.nodes, q.counts, q.tables, 5, 5, 'victims ' || i) AS r GROUP BY i) AS s;

-- one-way tables: the cells of the two-way table are not planned
SELECT r.node, r.n, r.is_planned, r.rounded IS NULL AS no_number
FROM question AS q, tip_impl.round_cells(q.sizes, q.parents, q.nodes, q.counts,
	'{1,2}', 5, 5, 'victims 2024') AS r WHERE level = 2 ORDER BY r.node;

-- multiples stay; an empty table is all zeros
SELECT count(*), bool_and(rounded = n) AS stays FROM question AS q,
	tip_impl.round_cells(q.sizes, q.parents, q.nodes, '{5,10,15,20}', q.tables, 5, 5, 'x');
SELECT count(*), bool_and(rounded = 0) AS zeros FROM question AS q,
	tip_impl.round_cells(q.sizes, q.parents, '{}', '{}', q.tables, 5, 5, 'x');

-- the exact total 1 is known: a 5 anywhere would say where
SELECT count(DISTINCT r.rounded) AS values, max(r.rounded) AS highest
FROM question AS q, generate_series(1, 20) AS i, tip_impl.round_cells(q.sizes, q.parents,
	q.nodes, '{1,0,0,0}', q.tables, 5, 5, 'one ' || i) AS r;
SELECT tip_impl.rounding_is_safe(q.sizes, q.parents, q.nodes, '{1,0,0,0}', q.tables, 5, 5,
	'{5,5,0,5,5,0,0,0,0}', '{0}', false) AS five,
	tip_impl.rounding_is_safe(q.sizes, q.parents, q.nodes, '{1,0,0,0}', q.tables, 5, 5,
	array_fill(0, ARRAY[9])::int8[], '{0}', false) AS zeros,
	-- she knows the total, and so that she is alone
	tip_impl.rounding_is_safe(q.sizes, q.parents, q.nodes, '{1,0,0,0}', q.tables, 5, 5,
	array_fill(0, ARRAY[9])::int8[], '{0}') AS strictly
FROM question AS q;

-- 4 and 4, then 5 and 4: each version is safe, both together tell where the
-- new case is
SELECT tip_impl.rounding_is_safe('{3}', '{0,0,0}', '{1,2}', '{4,4}', '{1}', 5, 5,
	'{5,0,5}', '{0}') AS first,
	tip_impl.rounding_is_safe('{3}', '{0,0,0}', '{1,2}', '{5,4}', '{1}', 5, 5,
	'{5,5,0}', '{0}') AS second,
	tip_impl.rounding_is_safe('{3}', '{0,0,0}', '{1,2}', '{4,4,5,4}', '{1}', 5, 5,
	'{5,0,5,5,5,0}', '{0,0}') AS both;

-- where no adjacent multiples add up, cells go a step further and it is said
SET client_min_messages = error;
SELECT bool_or(steps > 0) AS widened, max(abs(rounded - n)) <= 3 AS within
FROM generate_series(1, 20) AS i, tip_impl.round_cells('{4,4,4}', array_fill(0, ARRAY[12]), (
	SELECT array_agg(v ORDER BY a, b, c, o) FROM generate_series(1, 3) AS a,
		generate_series(1, 3) AS b, generate_series(1, 3) AS c,
		unnest(ARRAY[a, b, c]) WITH ORDINALITY AS u(v, o)),
	'{0,0,0,0,1,1,1,0,0,1,1,1,0,0,0,0,0,0,1,1,0,1,0,0,0,1,0}', '{7}', 2, 1, 'wide ' || i);
RESET client_min_messages;

-- by codes, under a policy, and a revision of it
CREATE TEMP TABLE version AS
SELECT '[["female","male"],["child","adult"]]'::jsonb AS categories,
	'[{"codes":["male","adult"],"n":4},{"codes":["female","child"],"n":8},
	  {"codes":["female","adult"],"n":11}]'::jsonb AS cells;
CREATE TEMP TABLE first AS SELECT r.* FROM version AS v,
	tip_impl.round_counts(v.categories, v.cells, '{3}', 'public_exact', 'by code') AS r;
SELECT codes, n, rounded % 5 = 0 AS multiple FROM first ORDER BY codes;
SELECT count(*), max(r.n) AS total, bool_and(r.rounded % 5 = 0) AS multiples
FROM version AS v, tip_impl.round_counts(v.categories,
	v.cells || '{"codes":["male","child"],"n":1}', '{3}', 'public_exact', 'by code',
	jsonb_build_array(jsonb_build_object('cells', v.cells, 'steps', 0, 'rounded',
		(SELECT jsonb_agg(jsonb_build_object('codes', codes, 'rounded', rounded)) FROM first)))) AS r;

-- nobody but the owner draws: who could try tables would find the true one
SELECT has_function_privilege('public', p.oid, 'EXECUTE') AS for_all, p.proname
FROM pg_proc AS p WHERE p.pronamespace = 'tip_impl'::regnamespace
	AND p.proname IN ('round_cells', 'round_counts') ORDER BY 2;

-- refusals, by SQLSTATE
\set VERBOSITY sqlstate
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 1, 5, 'x');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 1001, 5, 'x');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 0, 'x');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, '');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, repeat('x', 1025));
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, NULL);
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, 'x', '{1}', '{0,0}', '{0}');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, 'x', '{1}', '{0,10,0}', '{0}');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, 'x', '{1}', '{0,3,0}', '{0}');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, 'x', '{-1}', '{0,0,0}', '{0}');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, 'x', '{1}', '{0,0,0}', '{9}');
SELECT tip_impl.round_cells('{3}', '{0,0,0}', '{1}', '{1}', '{1}', 5, 5, 'x',
	array_fill(1, ARRAY[8])::int8[], array_fill(0, ARRAY[24])::int8[], array_fill(0, ARRAY[8]));
SELECT tip_impl.rounding_is_safe('{3}', '{0,0,0}', '{1}', '{}', '{1}', 5, 5, '{}', '{}');
SELECT tip_impl.rounding_is_safe('{3}', '{0,0,0}', '{0}', '{1}', '{1}', 5, 5, '{0,0,0}', '{0}');
SELECT tip_impl.round_cells('{2000}', array_fill(0, ARRAY[2000]), '{}', '{}', '{1}', 5, 5, 'x') LIMIT 1;
SELECT tip_impl.round_counts('[["a"]]', '[{"codes":["b"],"n":1}]', '{1}', 'public_exact', 'x');
SELECT tip_impl.round_counts('[["a"]]', '[]', '{1}', 'nobody', 'x');
\set VERBOSITY default

-- two people alone, one of whom is told of the other however it is drawn
SELECT tip_impl.round_cells('{4}', '{0,0,0,0}', '{1,2}', '{1,1}', '{1}', 2, 2, 'x');
