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
SELECT is(length(hex), 2 * (24 + 2 * 16 + 16 + 2 * 48), 'the layout is what the tests below patch') FROM good;
CREATE FUNCTION tap_patched(at int, bytes text) RETURNS text LANGUAGE sql AS
$$SELECT '\x' || overlay(hex PLACING bytes FROM 1 + 2 * at) FROM good$$;
SELECT lives_ok(format('SELECT %L::tip.tabulation', tap_patched(0, '')), 'unpatched');
SELECT throws_ok(format('SELECT %L::tip.tabulation', tap_patched(at, bytes)), '22P03', NULL, what)
FROM (VALUES (0, '0003', 'a later version'), (0, '0000', 'no version'), (0, '0001', 'the version before'),
	(2, '01', 'a dimension less'), (2, '07', 'a dimension more'),
	(3, '02', 'an unknown flag'), (3, '01', 'stored margins of nothing'), (4, '00000003', 'a cell more'),
	(4, '7fffffff', 'too many cells'), (4, 'ffffffff', 'a negative number of cells'),
	(8, '3f', 'no such list'), (8, '00', 'another list'), (15, '01', 'a list of no dimension'),
	(16, '04', 'several of a dimension that is not there'), (17, '01', 'a byte that has no meaning'),
	(20, '00000028', 'names too short'), (20, '7ffffff8', 'names too long'), (20, '00000000', 'no names'),
	(24, '00000001', 'a base of a list'), (28, '0001', 'the last number of no dictionary'),
	(30, '0001', 'a hierarchy that is not there'), (32, '0000000000000001', 'a checksum of no dictionary'),
	(56, '00', 'an empty name'), (56, 'ff', 'a name that is not UTF8'), (60, '61', 'a dictionary of a list'),
	(67, '01', 'padding'),
	(72, 'ffff', 'no such code'), (72, '0400', 'a list without a number'), (72, '0000', 'all beside detail'),
	(88, '0000000000000000', 'a count of none'), (88, 'ffffffffffffffff', 'a negative count'),
	(112, '7fffffffffffffff', 'more contributors than rows'), (112, 'ffffffffffffffff', 'fewer than none'),
	(74, '0003', 'cells out of order'), (74, '0002', 'a cell twice')) AS v(at, bytes, what);
SELECT throws_ok(format('SELECT %L::tip.tabulation', '\x' || left(hex, n)), '22P03', NULL, 'cut at ' || n / 2)
FROM good, (VALUES (48), (110), (144), (300)) AS v(n);
SELECT throws_ok(format('SELECT %L::tip.tabulation', '\x' || left(hex, n)), '08P01', NULL, 'cut in the header at ' || n / 2)
FROM good, (VALUES (0), (2), (14), (30), (40)) AS v(n);

-- what version 1 wrote, as text and on disk; bytes on disk are not believed
SELECT results_eq($$SELECT d.name, d.list, c.cell::text, c.n, c.key_sum, c.measure_sum, c.contributors
	FROM (SELECT '\x00010300000000010100000000000000000000107365780079656172000000000000000004010001000000000000000000000000000000000000000500000000000000070000000000000009'::tip.tabulation AS t) AS x,
	tip.dimensions(t) AS d, tip.cells(t) AS c$$,
	$$VALUES ('sex', 'sex', '(sex:1,1)', 5::int8, 7::int8, 9::int8, 0::int8), ('year', NULL, '(sex:1,1)', 5, 7, 9, 0)$$,
	'version 1 is read; who contributed was not known to it');
CREATE TYPE tap_raw;
CREATE FUNCTION tap_raw_in(cstring) RETURNS tap_raw LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION tap_raw_out(tap_raw) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE TYPE tap_raw (INPUT = tap_raw_in, OUTPUT = tap_raw_out, INTERNALLENGTH = VARIABLE, ALIGNMENT = double);
CREATE CAST (tap_raw AS tip.tabulation) WITHOUT FUNCTION;
CREATE FUNCTION tap_stored(hex text) RETURNS tip.tabulation LANGUAGE sql AS
$$SELECT ('\x' || hex)::tap_raw::tip.tabulation$$;
SELECT results_eq($$SELECT d.name, c.cell::text, c.n, c.key_sum, c.measure_sum FROM
	tap_stored('010003000100000010000000010000000000000073657800796561720000000000000000' ||
		'04010001000000000000000000000000' || '0500000000000000' || '0700000000000000' || '0900000000000000') AS t,
	tip.dimensions(t) AS d, tip.cells(t) AS c$$,
	$$VALUES ('sex', '(sex:1,1)', 5::int8, 7::int8, 9::int8), ('year', '(sex:1,1)', 5, 7, 9)$$,
	'and where a table has it');
SELECT throws_ok(format('SELECT tip.cells(tap_stored(%L))', bytes), 'XX001', NULL, what) FROM (VALUES
	('', 'nothing'), ('0100', 'no header'), ('0200', 'a short one'),
	('010003000200000010000000010000000000000073657800796561720000000000000000', 'two cells that are not there'),
	('0100030001000000080000000100000000000000736578007965617204010001000000000000000000000000050000000000000007000000000000000900000000000000', 'names that do not end'),
	('02000000ffffffff00000000000000000000000000000000' || '00000000', 'cells without end'),
	('0200000000000000080000000300000001000000000000000000000000000000ffffffffffffffff', 'names of nothing')) AS v(bytes, what);
SELECT throws_ok(format('SELECT %L::tip.tabulation', v), '22P02', NULL, 'text that is no tabulation')
FROM unnest('{"","x","\\x0","\\xzz","\\X00"}'::text[]) AS v;
-- damage from a seeded generator is refused or read, never more
CREATE TEMP TABLE rich AS
SELECT substr(tip.use_hierarchy(tip.name_dimensions(tip.tabulate(tip.cell(age, tip.bucket(year, -3)), id, months), '{age,year}', '{0,-3}'),
	'age', tip.hierarchy('age_band'))::text, 3) AS hex FROM tap_case;
SELECT setseed(0.7);
CREATE FUNCTION tap_damage(h text, times int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE b text; t tip.tabulation; refused int := 0;
BEGIN
	FOR i IN 1 .. times LOOP
		b := h;
		FOR j IN 0 .. i % 3 LOOP
			b := overlay(b PLACING lpad(to_hex(floor(random() * 256)::int), 2, '0')
				FROM 1 + 2 * floor(random() ^ 2 * length(b) / 2)::int);
		END LOOP;
		IF i % 5 = 0 THEN
			b := left(b, 2 * floor(random() * length(b) / 2)::int);
		END IF;
		BEGIN
			t := ('\x' || b)::tip.tabulation;
			IF t::text <> '\x' || b THEN RAISE 'another value'; END IF;
			PERFORM tip.codes(t, cell) FROM tip.margins(t);
			PERFORM tip.codes(cell) FROM tip.cells(t);
			PERFORM * FROM tip.dimensions(tip.rollup(t, ARRAY[1]));
		EXCEPTION WHEN invalid_binary_representation OR protocol_violation
			OR numeric_value_out_of_range OR feature_not_supported OR invalid_parameter_value THEN
			refused := refused + 1;
		END;
	END LOOP;
	RETURN refused;
END $$;
SELECT cmp_ok(tap_damage(hex, 2000), '>', 1000, 'random damage') FROM good;
SELECT cmp_ok(tap_damage(hex, 1000), '>', 500, 'random damage with a hierarchy') FROM rich;

-- ---- what a tabulation knows of its dimensions ----
CREATE TEMP TABLE place AS
SELECT i::int8 AS id, (ARRAY['BB-01', 'BB-02', 'TT-POS', 'unknown', NULL])[1 + i % 5]::tip.subdivision AS place,
	2019 + i % 6 AS year, 1 + i % 3 AS agency, nullif(i % 7, 0)::int8 AS days FROM generate_series(1, 2000) AS i;
INSERT INTO tip.dictionary VALUES ('tap_agency', 1, 'POL', 'Police'), ('tap_agency', 2, 'IMM', 'Immigration'),
	('tap_agency', 3, 'NGO', 'A home');
CREATE TEMP TABLE plain AS
SELECT tip.name_dimensions(tip.tabulate(tip.cell(place, tip.bucket(year, 2000), agency), id, days),
	'{place,year,agency}', '{0,2000,0}') AS t FROM place;
CREATE TEMP TABLE rolled AS
SELECT tip.use_dictionary(tip.use_hierarchy(tip.use_hierarchy(t, 'place', tip.hierarchy('subdivision')), 'year',
	ARRAY(SELECT tip.cell(y - 2000, 1001 + (y - 2019) / 3) FROM generate_series(2019, 2024) AS y)),
	'agency', 'tap_agency') AS t FROM plain;
CREATE TEMP TABLE inner_cube AS SELECT tip.codes(t, cell) AS c, n, measure_sum, contributors FROM rolled, tip.margins(t);
SELECT bag_eq('SELECT * FROM inner_cube', $$
	SELECT ARRAY[CASE WHEN g & 12 = 12 THEN '*' WHEN g & 4 > 0 THEN country ELSE coalesce(place::text, 'not_recorded') END,
		CASE WHEN g & 3 = 3 THEN '*' WHEN g & 1 > 0 THEN period ELSE year::text END, a], n, m, c
	FROM (SELECT grouping(country, place, period, year) AS g, country, place, period, year, '*' AS a,
		count(*) AS n, sum(days)::int8 AS m, count(days) AS c
		FROM (SELECT *, CASE WHEN place IN ('BB-01', 'BB-02', 'TT-POS') THEN left(place::text, 2) END AS country,
			CASE WHEN year < 2022 THEN '2019-2021' ELSE '2022-2024' END AS period FROM place) AS p
		GROUP BY ROLLUP (country, place), ROLLUP (period, year)
		UNION ALL
		SELECT grouping(country, place, period, year), country, place, period, year, agency::text,
		count(*), sum(days)::int8, count(days)
		FROM (SELECT *, CASE WHEN place IN ('BB-01', 'BB-02', 'TT-POS') THEN left(place::text, 2) END AS country,
			CASE WHEN year < 2022 THEN '2019-2021' ELSE '2022-2024' END AS period FROM place) AS p
		GROUP BY ROLLUP (country, place), ROLLUP (period, year), agency) AS r
	WHERE NOT (g & 12 = 4 AND country IS NULL)$$,
	'margins have the inner nodes of hierarchies, and contributors');
SELECT results_eq($$SELECT c, n FROM (SELECT tip.coarsen(tip.coarsen(t, 'place'), 'year') AS t FROM rolled) AS x,
	LATERAL (SELECT tip.codes(t, cell) AS c, n FROM tip.cells(t)) AS y ORDER BY c COLLATE "C"$$,
	$$SELECT c, n FROM inner_cube WHERE c[1] !~ '-' AND c[1] <> '*' AND c[2] ~ '-' AND c[3] <> '*' ORDER BY c COLLATE "C"$$,
	'coarsen() keeps the inner nodes alone, and what is missing');
SELECT ok(t::text::tip.tabulation = t AND tip.rollup(t, '{place,year,agency}'::text[]) = t, 'and all is part of the value') FROM rolled;
SELECT throws_ok('SELECT (SELECT t FROM plain) + (SELECT t FROM rolled)', '22023', NULL, 'two that say different things of a dimension');
SELECT ok(tip.merge(x.t) = (SELECT t FROM rolled), 'shards that say the same are merged')
FROM (SELECT tip.use_dictionary(tip.use_hierarchy(tip.use_hierarchy(tip.name_dimensions(
	tip.tabulate(tip.cell(place, tip.bucket(year, 2000), agency), id, days), '{place,year,agency}', '{0,2000,0}'),
	'place', tip.hierarchy('subdivision')), 'year',
	ARRAY(SELECT tip.cell(y - 2000, 1001 + (y - 2019) / 3) FROM generate_series(2019, 2024) AS y)),
	'agency', 'tap_agency') AS t FROM place GROUP BY id % 3) AS x;
INSERT INTO tip.dictionary VALUES ('tap_agency', 4, 'EMB', 'An embassy');
CREATE TEMP TABLE later AS SELECT tip.use_dictionary(t, 'agency', 'tap_agency') AS t FROM rolled;
SELECT throws_ok('SELECT (SELECT t FROM rolled) + (SELECT t FROM later)', '22023', NULL, 'a dictionary that has grown');
SELECT is((SELECT high FROM later, tip.dimensions(t) WHERE name = 'agency'), 4, 'is brought up to date');
UPDATE tip.dictionary SET code = 'EMB2' WHERE dictionary = 'tap_agency' AND number = 4;
SELECT throws_ok($$SELECT tip.use_dictionary(t, 'agency', 'tap_agency') FROM later$$, '22023', NULL, 'unless one of its numbers got another code');
SELECT lives_ok($$SELECT tip.use_dictionary(t, 'agency', 'tap_agency') FROM rolled$$, 'that the tabulation knew');
DELETE FROM tip.dictionary WHERE dictionary = 'tap_agency' AND number = 3;
SELECT throws_ok($$SELECT tip.use_dictionary(t, 'agency', 'tap_agency') FROM plain$$, '22023', NULL, 'a number without an entry');
SELECT throws_ok($$SELECT tip.use_dictionary(t, 'agency', 'tap_nothing') FROM plain$$, '22023', NULL, 'no such dictionary');
SELECT throws_ok($$SELECT tip.use_dictionary(t, 'nothing', 'tap_agency') FROM plain$$, '22023', NULL, 'no such dimension');
SELECT throws_ok(format('SELECT tip.use_hierarchy(t, %L, %s) FROM plain', d, h), '22023', NULL, what) FROM (VALUES
	('year', 'ARRAY[tip.cell(19, 901), tip.cell(19, 902)]', 'a code below two'),
	('year', 'ARRAY[tip.cell(19, 901), tip.cell(901, 902), tip.cell(902, 901)]', 'a cycle'),
	('year', 'ARRAY[tip.cell(19, 19)]', 'a code below itself'),
	('year', 'ARRAY(SELECT tip.cell(i, i + 1) FROM generate_series(100, 120) AS i)', 'too deep'),
	('year', 'ARRAY[tip.cell(19, 20)]', 'a number that is counted itself'),
	('place', $x$ARRAY[tip.cell('male'::tip.sex, 'BB'::tip.country)]$x$, 'a code of another list'),
	('place', $x$ARRAY['(subdivision:999,country:1)'::tip.cell]$x$, 'an unknown code'),
	('place', $x$ARRAY[tip.cell('unknown'::tip.subdivision, 'BB'::tip.country)]$x$, 'a missing value'),
	('place', $x$ARRAY[tip.cell('BB-01'::tip.subdivision)]$x$, 'half a step'),
	('place', $x$ARRAY[tip.cell(1, 2, 3)]$x$, 'a step and a half'), ('place', 'ARRAY[NULL::tip.cell]', 'no step'),
	('nothing', 'ARRAY[tip.cell(1, 2)]', 'no such dimension'),
	('year', 'ARRAY(SELECT tip.cell(1 + i % 900, 1000) FROM generate_series(1, 2048) AS i)', 'too many steps')) AS v(d, h, what);
SELECT throws_ok($$SELECT tip.coarsen(t, 'place') FROM plain$$, '22023', NULL, 'no hierarchy to go up in');
SELECT throws_ok($$SELECT tip.coarsen(tip.use_hierarchy(t, 'place', ARRAY['(subdivision:9,country:20)'::tip.cell]), 'place') FROM plain$$,
	'22023', NULL, 'a code with nothing above it');
SELECT throws_ok($$SELECT tip.name_dimensions(t, '{a,b,c}', '{1,0,0}') FROM plain$$, '22023', NULL, 'a base of a list');
SELECT throws_ok($$SELECT tip.name_dimensions(t, '{a,b,c}', '{0,0}') FROM plain$$, '22023', NULL, 'a base too few');
SELECT throws_ok($$SELECT tip.name_dimensions(t, '{a,b,c}', '{0,NULL,0}') FROM plain$$, '22023', NULL, 'a null base');
SELECT throws_ok('SELECT tip.bucket(2026, 1000)', '22003', NULL, 'a bucket that is too far');
SELECT throws_ok('SELECT tip.bucket(2000, 2000)', '22003', NULL, 'or not above its base');
SELECT throws_ok('SELECT tip.bucket(2147483647, -2147483648)', '22003', NULL, 'by far');
SELECT throws_ok($$SELECT tip.hierarchy('nothing')$$, '22023', NULL, 'no such list');

-- ---- one row in several cells: margins are stored, not added up ----
CREATE TEMP TABLE multi AS
SELECT ('\x0002' || '03' || '01' || '00000005' || '0100000000000000' || '02000000' || '00000000' ||
	string_agg(c || repeat('0', 24) || lpad(to_hex(n), 16, '0') || repeat('0', 48), '' ORDER BY c))::tip.tabulation AS t
FROM (VALUES ('04010000', 4), ('04010001', 3), ('04010002', 2), ('04020000', 1), ('04020002', 1)) AS v(c, n);
SELECT ok(NOT tip.is_additive(m.t) AND tip.is_additive(p.t), 'is_additive()') FROM multi AS m, plain AS p;
SELECT results_eq($$SELECT cell::text, n FROM multi, tip.margins(t) ORDER BY cell$$,
	$$VALUES ('()', 5::int8), ('(*,1)', 3), ('(*,2)', 3), ('(sex:1)', 4), ('(sex:1,1)', 3), ('(sex:1,2)', 2),
	('(sex:2)', 1), ('(sex:2,2)', 1)$$, 'margins add up over the other dimensions only');
SELECT results_eq($$SELECT cell::text, n FROM multi, tip.cells(tip.rollup(t, ARRAY[1]))$$,
	$$VALUES ('(sex:1)', 4::int8), ('(sex:2)', 1)$$, 'a rollup takes the stored margin');
SELECT results_eq($$SELECT cell::text, n FROM multi, tip.cells(tip.rollup(t, ARRAY[2]))$$,
	$$VALUES ('()', 5::int8), ('(1)', 3), ('(2)', 3)$$, 'and keeps it');
SELECT ok(tip.is_additive(tip.rollup(t, ARRAY[1])) AND NOT tip.is_additive(tip.rollup(t, ARRAY[2]))
	AND t::text::tip.tabulation = t, 'what is left of it is additive or says so') FROM multi;
SELECT throws_ok('SELECT t + t FROM multi', '0A000', NULL, 'it is not added');
SELECT throws_ok('SELECT tip.merge(t) FROM multi', '0A000', NULL, 'nor merged');
SELECT throws_ok($$SELECT tip.use_hierarchy(tip.name_dimensions(t, '{a,b}'), 'b', ARRAY[tip.cell(1, 9)]) FROM multi$$,
	'0A000', NULL, 'nor rolled up in a hierarchy');
-- the same without its margins
CREATE TEMP TABLE flat AS SELECT ('\x0002' || '03' || '00' || '00000001' || '0100000000000000' || '02000000' || '00000000' ||
	'04010001' || repeat('0', 24) || lpad('1', 16, '0') || repeat('0', 48))::tip.tabulation AS t;
SELECT throws_ok('SELECT tip.margins(t) FROM flat', '0A000', NULL, 'without stored margins there are none');
SELECT throws_ok('SELECT tip.rollup(t, ARRAY[1]) FROM flat', '0A000', NULL, 'nor a rollup');
SELECT lives_ok('SELECT tip.rollup(t, ARRAY[2]) FROM flat', 'but over what is additive');

-- ---- a cell alone ----
SELECT bag_eq($$SELECT sex, tip.n(c), tip.key_sum(c), tip.measure_sum(c), tip.contributors(c)
	FROM (SELECT sex, tip.count_cells(id, nullif(months, 7)) AS c FROM tap_case GROUP BY sex) AS g$$,
	$$SELECT t.sex, n, key_sum, measure_sum, contributors FROM (SELECT tip.tabulate(tip.cell(sex), id, nullif(months, 7)) AS t FROM tap_case) AS x,
		tip.cells(t) AS c JOIN (SELECT DISTINCT sex FROM tap_case) AS t ON tip.cell(t.sex) = c.cell$$,
	'count_cells() counts what tabulate() counts');
SELECT ok(tip.merge(c) = (SELECT tip.count_cells(id, months) FROM tap_case), 'merged')
FROM (SELECT tip.count_cells(id, months) AS c FROM tap_case GROUP BY id % 7) AS g;
SELECT ok(c::text::tip.count_state = c AND pg_column_size(c) = 40 AND tip.n(c + c) = 2 * tip.n(c) AND c + c <> c, 'text, size and +')
FROM (SELECT tip.count_cells(id, months) AS c FROM tap_case) AS g;
SELECT is((SELECT tip.count_cells(id) FROM tap_case WHERE false), NULL, 'no rows');
SELECT is((SELECT tip.merge(NULL::tip.count_state) FROM tap_case), NULL, 'no counts');
SELECT is((SELECT tip.count_cells(NULL, NULL)::text FROM tap_case), '(1,20000,0,0,0)', 'NULL counts, and does not contribute');
SELECT throws_ok($$SELECT tip.count_cells(1, 9223372036854775807) FROM generate_series(1, 2)$$, '22003', NULL, 'an overflow is an error');
SELECT throws_ok($$SELECT '(1,9223372036854775807,0,0,0)'::tip.count_state + '(1,1,0,0,0)'$$, '22003', NULL, 'of a count as well');
SELECT throws_ok($$SELECT tip_impl.count_add(NULL, 1)$$, '22023', NULL, 'only in an aggregate');
SELECT throws_ok(format('SELECT %L::tip.count_state', v), '22P02', NULL, 'no state: ' || v)
FROM unnest('{"","(1,2,3,4)","(2,1,0,0,0)","(1,-1,0,0,0)","(1,1,0,0,2)","(1,1,0,0,-1)","(1,1,0,0,0)x","(1, 1,0,0,0)","(1,99999999999999999999,0,0,0)","(1,,0,0,0)"}'::text[]) AS v;

-- ---- counts past 2^63 ----
CREATE TEMP TABLE full_cell AS SELECT ('\x0002' || '01' || '00' || '00000002' || repeat('0', 16) || '00000000' || '00000000' ||
	'0001' || repeat('0', 28) || '7fffffffffffffff' || repeat('0', 48) ||
	'0002' || repeat('0', 28) || '0000000000000001' || repeat('0', 48))::tip.tabulation AS t;
SELECT throws_ok('SELECT t + t FROM full_cell', '22003', NULL, 'a count that is too large');
SELECT throws_ok('SELECT tip.margins(t) FROM full_cell', '22003', NULL, 'in a margin as well');
SELECT throws_ok($$SELECT tip.rollup(t, '{}'::int4[]) FROM full_cell$$, '22003', NULL, 'or a rollup');
SELECT throws_ok($$SELECT tip.coarsen(tip.use_hierarchy(tip.name_dimensions(t, '{a}'), 'a', ARRAY[tip.cell(1, 9), tip.cell(2, 9)]), 'a')
	FROM full_cell$$, '22003', NULL, 'or one step up');

-- ---- memory ----
SET tip_module.tabulation_memory = '64kB';
SELECT throws_ok($$SELECT tip.tabulate(tip.cell(1 + i % 1000, 1 + i / 1000), i) FROM generate_series(1, 20000) AS i$$,
	'53400', NULL, 'a tabulation that is too large');
SELECT throws_ok('SELECT tip.margins(tap_all())', '53400', NULL, 'or its margins');
RESET tip_module.tabulation_memory;
SELECT is((SELECT count(*) FROM tip.cells((SELECT tip.tabulate(tip.cell(1 + i % 1000, 1 + i / 1000), i)
	FROM generate_series(1, 20000) AS i))), 20000::int8, 'or not');

-- ---- any split, any plan ----
CREATE TABLE tap_part (LIKE tap_case) PARTITION BY HASH (id);
CREATE TABLE tap_part_0 PARTITION OF tap_part FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE tap_part_1 PARTITION OF tap_part FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE tap_part_2 PARTITION OF tap_part FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO tap_part SELECT * FROM tap_case;
CREATE FUNCTION tap_plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE l text; p text := ''; BEGIN
	FOR l IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP p := p || l || E'\n'; END LOOP; RETURN p;
END $$;
SET enable_partitionwise_aggregate = on;
SET max_parallel_workers_per_gather = 0;
SELECT alike(tap_plan('SELECT tip.tabulate(tip.cell(sex, age, country, year), id, months) FROM tap_part'), '%Append%Partial Aggregate%Partial Aggregate%', 'it runs by partition');
SELECT ok((SELECT tip.tabulate(tip.cell(sex, age, country, year), id, months) FROM tap_part) = tap_all(), 'and makes the same');
SELECT ok((SELECT tip.count_cells(id, months) FROM tap_part) = (SELECT tip.count_cells(id, months) FROM tap_case), 'of counts as well');
SET max_parallel_workers_per_gather = 3;
SELECT alike(tap_plan('SELECT tip.tabulate(tip.cell(sex, age, country, year), id, months) FROM tap_part'), '%Gather%', 'with workers');
SELECT ok((SELECT tip.tabulate(tip.cell(sex, age, country, year), id, months) FROM tap_part) = tap_all(), 'makes the same too');
SELECT bag_eq('SELECT sex, tip.count_cells(id, months)::text FROM tap_part GROUP BY sex',
	'SELECT sex, tip.count_cells(id, months)::text FROM tap_case GROUP BY sex', 'by group');
RESET enable_partitionwise_aggregate;
RESET max_parallel_workers_per_gather;
CREATE FUNCTION tap_split(parts int) RETURNS bool LANGUAGE sql AS $$
	WITH part AS (SELECT floor(random() ^ 2 * parts) AS s, c.* FROM tap_case AS c),
	shard AS (SELECT tip.tabulate(tip.cell(sex, age, country, year), id, months) AS t, random() AS r FROM part GROUP BY s),
	half AS (SELECT tip.merge(t ORDER BY r) AS t FROM shard GROUP BY r < 0.5)
	SELECT tip_impl.tabulation_send(tip.merge(t)) = tip_impl.tabulation_send(tap_all()) FROM half$$;
SELECT ok(bool_and(tap_split(2 + i * i)), 'twelve random splits make the same bytes') FROM generate_series(1, 12) AS i;
SELECT * FROM finish();
ROLLBACK;
