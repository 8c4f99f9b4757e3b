-- Tabulation: margins are those of CUBE, and the state is one value whatever
-- way it was made; bytes from elsewhere are not believed.
\set ON_ERROR_STOP on
BEGIN;
SET client_min_messages = warning;
SELECT setseed(0.1);
CREATE TABLE tap_case AS
SELECT i::int8 AS id,
       (ARRAY['male', 'female', 'unknown', NULL])[1 + floor(4 * random())::int]::tip.sex AS sex,
       tip.age_band(floor(90 * random())::int, 'CTDC') AS age,
       (ARRAY['TT', 'BB', 'LC', 'AG', 'ZZ'])[1 + floor(5 * random() ^ 2)::int]::tip.country AS country,
       (1 + floor(5 * random()))::int AS year,
       floor(random() * 1000 - 500)::int8 AS months
FROM generate_series(1, 20000) AS i;
-- large keys: their sum wraps
UPDATE tap_case SET id = id * 461168601842738;
CREATE FUNCTION tap_all() RETURNS tip.tabulation LANGUAGE sql AS
$$SELECT tip.tabulate(tip.cell(sex, age, country, year), id, months) FROM tap_case$$;
SELECT * FROM no_plan();

-- ---- margins are CUBE ----
CREATE TEMP TABLE cube AS
SELECT tip.codes(tip.cell(sex), 1) AS s, sex, age, country, year, grouping(sex, age, country, year) AS g,
       count(*) AS n, sum(id) AS k, sum(months) AS m
FROM tap_case GROUP BY CUBE (sex, age, country, year);
CREATE TEMP TABLE expected AS
SELECT ARRAY[CASE WHEN g & 8 > 0 THEN '*' ELSE coalesce(sex::text, 'not_recorded') END,
	CASE WHEN g & 4 > 0 THEN '*' ELSE age::text END,
	CASE WHEN g & 2 > 0 THEN '*' ELSE country::text END,
	CASE WHEN g & 1 > 0 THEN '*' ELSE year::text END] AS codes, n,
	mod(mod(k, 18446744073709551616) + 18446744073709551616, 18446744073709551616) AS k, m
FROM cube;
CREATE TEMP TABLE got AS
SELECT tip.codes(cell, 4) AS codes, n,
	mod(key_sum::numeric + 18446744073709551616, 18446744073709551616) AS k,
	measure_sum::numeric AS m, level
FROM tip.margins(tap_all());
SELECT bag_eq('SELECT codes, n, k, m FROM got', 'SELECT codes, n, k, m FROM expected',
	'every margin has the count and the sums of CUBE');
SELECT is_empty($$SELECT * FROM got WHERE level <> (SELECT count(*) FROM unnest(codes) AS c WHERE c <> '*')$$,
	'level counts the dimensions that are detailed');
SELECT set_eq($$SELECT tip.codes(cell, 4), n FROM tip.cells(tap_all())$$,
	$$SELECT codes, n FROM got WHERE level = 4$$, 'the cells are the finest of them');

-- ---- one value ----
CREATE TEMP TABLE shard AS
SELECT floor(random() * 7) AS s, tip.tabulate(tip.cell(sex, age, country, year), id, months) AS t
FROM (SELECT * FROM tap_case ORDER BY random()) AS c GROUP BY 1;
SELECT ok((SELECT tip.merge(t ORDER BY s) FROM shard) = tap_all(), 'merged shards');
SELECT ok((SELECT tip.merge(t ORDER BY s DESC) FROM shard) = tap_all(), 'in the other order');
SELECT ok((SELECT (a.t + b.t) + c.t = a.t + (b.t + c.t) AND a.t + b.t = b.t + a.t
	FROM shard AS a, shard AS b, shard AS c WHERE a.s = 0 AND b.s = 1 AND c.s = 2),
	'+ is associative and commutative');
SELECT ok(tip_impl.tabulation_send((SELECT tip.merge(t) FROM shard)) = tip_impl.tabulation_send(tap_all()),
	'byte for byte');
SELECT ok(tap_all()::text::tip.tabulation = tap_all(), 'through text');
SET max_parallel_workers_per_gather = 4;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE tap_case SET (parallel_workers = 4);
CREATE TEMP TABLE plan (line text);
DO $$ DECLARE l text; BEGIN
	FOR l IN EXPLAIN SELECT tip.tabulate(tip.cell(sex, age, country, year), id, months) FROM tap_case
	LOOP INSERT INTO plan VALUES (l); END LOOP; END $$;
SELECT ok(EXISTS (SELECT FROM plan WHERE line ~ 'Partial Aggregate'), 'it runs in parallel');
CREATE TEMP TABLE by_workers AS
SELECT tip.tabulate(tip.cell(sex, age, country, year), id, months) AS t FROM tap_case;
RESET max_parallel_workers_per_gather;
SELECT ok((SELECT t FROM by_workers) = tap_all(), 'and makes the same');
SELECT ok(tip.rollup(tap_all(), ARRAY[3, 1]) =
	(SELECT tip.tabulate(tip.cell(country, sex), id, months) FROM tap_case),
	'a rollup is the tabulation of fewer dimensions');
SELECT ok(tip.rollup(tip.name_dimensions(tap_all(), '{a,b,c,d}'), '{c,a}'::text[]) =
	tip.name_dimensions(tip.rollup(tap_all(), ARRAY[3, 1]), '{c,a}'), 'by name as well');
SELECT ok(tip.name_dimensions(tap_all(), '{a,b,c,d}') <> tap_all(), 'names are part of it');
SELECT ok(tip.name_dimensions(tap_all(), '{a,b,c,d}') + tap_all() =
	tip.name_dimensions(tap_all() + tap_all(), '{a,b,c,d}'), 'one side may be unnamed');

-- ---- nothing, NULL and too much ----
SELECT is((SELECT tip.tabulate(tip.cell(sex), id) FROM tap_case WHERE false), NULL, 'no rows');
SELECT is((SELECT tip.merge(t) FROM shard WHERE false), NULL, 'no states');
SELECT is((SELECT sum(n) FROM tip.cells((SELECT tip.tabulate(tip.cell(NULL::tip.sex), NULL) FROM tap_case))),
	20000::numeric, 'NULL is counted, as not recorded');
SELECT is((SELECT count(*) FROM tip.cells((SELECT tip.tabulate(NULL, 1) FROM tap_case))), 0::bigint, 'a NULL cell is no row');
SELECT throws_ok($$SELECT tip.tabulate(tip.cell(1), 1, 9223372036854775807) FROM generate_series(1, 2)$$,
	'22003', NULL, 'an overflow is an error');
SELECT throws_ok($$SELECT tip.tabulate(tip.cell(1), 1, -9223372036854775808) FROM generate_series(1, 2)$$,
	'22003', NULL, 'downwards as well');
SELECT throws_ok($$SELECT tip.merge(t) FROM (SELECT tip.tabulate(tip.cell(1), 1) AS t
	UNION ALL SELECT tip.tabulate(tip.cell(1, 1), 1)) AS x$$, '22023', NULL, 'other dimensions');
SELECT throws_ok($$SELECT tip_impl.tabulate_add(NULL, tip.cell(1), 1)$$, '22023', NULL, 'only in an aggregate');

-- ---- bytes from elsewhere ----
CREATE TEMP TABLE good AS
SELECT substr(tip.name_dimensions(tip.tabulate(tip.cell(sex, year), id), '{sex,year}')::text, 3) AS hex
FROM tap_case WHERE sex = 'male' AND year IN (1, 2);
SELECT is(length(hex), 2 * (20 + 16 + 2 * 40), 'the layout is what the tests below patch') FROM good;
CREATE FUNCTION tap_patched(at int, bytes text) RETURNS text LANGUAGE sql AS
$$SELECT '\x' || overlay(hex PLACING bytes FROM 1 + 2 * at) FROM good$$;
SELECT lives_ok(format('SELECT %L::tip.tabulation', tap_patched(0, '')), 'unpatched');
SELECT throws_ok(format('SELECT %L::tip.tabulation', tap_patched(at, bytes)), '22P03', NULL, what)
FROM (VALUES (0, '0002', 'a later version'), (2, '01', 'a dimension less'), (2, '07', 'a dimension more'),
	(3, '01', 'an unknown flag'), (4, '00000003', 'a cell more'), (4, '7fffffff', 'too many cells'),
	(4, 'ffffffff', 'a negative number of cells'),
	(8, '3f', 'no such list'), (8, '00', 'another list'), (15, '01', 'a list of no dimension'),
	(16, '00000008', 'names too short'), (16, '7ffffff8', 'names too long'), (16, '00000000', 'no names'),
	(20, '00', 'an empty name'), (20, 'ff', 'a name that is not UTF8'), (29, '01', 'padding'),
	(36, 'ffff', 'no such code'), (36, '0400', 'a list without a number'), (36, '0000', 'all beside detail'),
	(52, '0000000000000000', 'a count of none'), (52, 'ffffffffffffffff', 'a negative count'),
	(38, '0003', 'cells out of order'), (38, '0002', 'a cell twice')) AS v(at, bytes, what);
SELECT throws_ok(format('SELECT %L::tip.tabulation', '\x' || left(hex, n)), '22P03', NULL, 'cut at ' || n / 2)
FROM good, (VALUES (40), (72), (200), (230)) AS v(n);
SELECT throws_ok(format('SELECT %L::tip.tabulation', '\x' || left(hex, n)), '08P01', NULL, 'cut in the header at ' || n / 2)
FROM good, (VALUES (0), (2), (14), (30)) AS v(n);
SELECT throws_ok(format('SELECT %L::tip.tabulation', v), '22P02', NULL, 'text that is no tabulation')
FROM unnest('{"","x","\\x0","\\xzz","\\X00"}'::text[]) AS v;
-- random damage is refused or read, never more
DO $$
DECLARE h text := (SELECT hex FROM good); b text; t tip.tabulation;
BEGIN
	FOR i IN 1 .. 2000 LOOP
		b := overlay(h PLACING lpad(to_hex(floor(random() * 256)::int), 2, '0')
			FROM 1 + 2 * floor(random() * length(h) / 2)::int);
		BEGIN
			t := ('\x' || b)::tip.tabulation;
			PERFORM count(*) FROM tip.margins(t);
			PERFORM tip.codes(cell) FROM tip.cells(t);
		EXCEPTION WHEN invalid_binary_representation OR protocol_violation
			OR numeric_value_out_of_range THEN NULL;
		END;
	END LOOP;
END $$;
SELECT pass('random damage');
SELECT * FROM finish();
ROLLBACK;
