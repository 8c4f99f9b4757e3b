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
			counts::int8[], '{3}', '{1000,100,10,1}', 5, 2, false, 0,
			NULL, false) AS p, unnest(p.node) WITH ORDINALITY AS k(place, i)
		WHERE p.is_small;
	END IF;
	CREATE TEMP TABLE fate ON COMMIT DROP AS
	SELECT * FROM tip_impl.protect_cells('{3,4}', '{0,0,0,0,0,0,0}', places,
		counts::int8[], '{3}', '{1000,100,10,1}', 5, 2, false, 0,
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
		'{1000,100,10,1}', 5, 1, false, insiders::int, NULL, false)
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
		5, 2, true, 1, NULL, true)$$,
	$$SELECT * FROM tip_impl.protect_cells('{3,4}', '{0,0,0,0,0,0,0}',
		'{2,3,2,2,2,1,1,3,1,2,1,1}', '{9,2,6,3,7,1}', '{3}', '{8,4,2,1}',
		5, 2, true, 1, NULL, true)$$,
	'the order of the input changes nothing');

-- However often a table is named, it is one: nobody keeps a server busy so.
SELECT performs_ok($$SELECT count(*) FROM tip_impl.protect_cells('{81,81}',
	array_fill(0, ARRAY[162]), '{}', '{}', array_fill(3, ARRAY[2000000]),
	'{8,4,2,1}', 5, 2, false, 1, NULL, false)$$, 4000,
	'a plan that names one table two million times');
CREATE FUNCTION pg_temp.is_cancelled() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(*) FROM tip_impl.protect_cells('{9,9,9}',
		array_fill(0, ARRAY[27]),
		(SELECT array_agg(1 + get_byte(sha256(('a' || i || d)::bytea), 0) % 8
			ORDER BY i, d)
		 FROM generate_series(1, 512) AS i, generate_series(1, 3) AS d),
		(SELECT array_agg((get_byte(sha256(('b' || i)::bytea), 0) % 6)::int8
			ORDER BY i) FROM generate_series(1, 512) AS i),
		'{7}', '{1000,100,10,1}', 5, 2, false, 1, NULL, true);
	RETURN false;
EXCEPTION WHEN query_canceled THEN
	RETURN true;
END $$;
SET LOCAL statement_timeout = 300;
SELECT ok(pg_temp.is_cancelled(), 'a hard table can be cancelled');
SET LOCAL statement_timeout = 0;

-- A tabulation, protected.
CREATE TEMP TABLE counted AS
SELECT tip.tabulate(tip.cell(sex, age), 1) AS t
FROM (VALUES ('male'::tip.sex, 'minor'::tip.age_status, 2), ('male', 'adult', 9),
	('female', 'minor', 8), ('female', 'adult', 11)) AS v(sex, age, n),
	generate_series(1, n);
SELECT results_eq($$
	SELECT p.cell::text, p.codes, p.is_total, p.value, p.shown, p.obs_status,
		p.conf_status
	FROM counted, tip.protect(t, 'public_exact') AS p
	WHERE p.codes[1] IN ('male', '_T')$$, $$VALUES
	('()', '{_T,_T}'::text[], true, 30::int8, '30', 'A', 'F'),
	('(*,age_status:2)', '{_T,adult}', true, 20, '20', 'A', 'F'),
	('(*,age_status:1)', '{_T,minor}', true, 10, '10', 'A', 'F'),
	('(sex:1)', '{male,_T}', true, 11, '11', 'A', 'F'),
	('(sex:1,age_status:2)', '{male,adult}', false, NULL, '*', 'Q', 'C'),
	('(sex:1,age_status:1)', '{male,minor}', false, NULL, '*', 'Q', 'C')$$,
	'boys are hidden, and what would give them away');
SELECT set_eq($$
	SELECT p.cell::text, p.value FROM counted,
		tip.protect(t, 'public_exact') AS p WHERE p.value IS NOT NULL$$, $$
	SELECT m.cell::text, m.n FROM counted, tip.margins(t) AS m
	WHERE m.cell::text IN ('()', '(*,age_status:1)', '(*,age_status:2)',
		'(sex:1)', '(sex:2)')$$, 'what is shown are the margins as they are');
SELECT is_empty($$SELECT * FROM tip.protect(
	(SELECT tip.tabulate(tip.cell(1), 1) WHERE false), 'public_exact')$$,
	'no tabulation has no cells');
SELECT set_eq($$SELECT codes FROM tip.protect((SELECT tip.tabulate(
	tip.cell(s, 7), 1) FROM unnest('{male,NULL,unknown}'::tip.sex[]) AS s),
	'public_exact') AS p WHERE NOT is_total$$,
	$$VALUES ('{male,7}'::text[]), ('{not_recorded,7}'), ('{unknown,7}')$$,
	'what is not recorded is a category; numbers stay numbers');
SELECT throws_ok($$SELECT * FROM tip.protect((SELECT tip.tabulate(c::tip.cell, 1)
	FROM (VALUES ('(*,sex:2)')) AS v(c)), 'public_exact')$$,
	'22023', 'tabulation counts margins as cells');
SELECT throws_ok($$SELECT * FROM tip.protect((SELECT tip.tabulate('()'::tip.cell, 1)),
	'public_exact')$$, '22023', 'tabulation counts margins as cells');
SELECT throws_ok($$SELECT * FROM counted, tip.protect(t, 'lax')$$, '42704');
SELECT throws_ok($$SELECT tip.protect((SELECT tip.tabulate(tip.cell(i % 8 + 1,
	i / 8 + 1), 1) FROM generate_series(1, 5000) AS i), 'public_exact')$$,
	'54000');
SELECT is((SELECT count(*) FROM tip.release_log WHERE action = 'protect'
	AND plan = 'public_exact' AND first_year IS NULL AND release IS NULL
	AND actor = session_user), 3::bigint, 'each look at a table is logged');

-- The analyst may, and no object of hers comes in between.
CREATE ROLE tap_analyst;
SELECT tip.grant_analyst('tap_analyst');
GRANT SELECT ON counted TO tap_analyst;
CREATE SCHEMA tap_trap AUTHORIZATION tap_analyst;
SET LOCAL ROLE tap_analyst;
CREATE FUNCTION tap_trap.btrim(text, text) RETURNS text LANGUAGE plpgsql AS
$$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE FUNCTION tap_trap.string_to_array(text, text) RETURNS text[]
LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE FUNCTION tap_trap.jsonb_array_length(jsonb) RETURNS int
LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped as %', current_user; END$$;
CREATE TEMP TABLE policy (id text, threshold int);
CREATE TEMP TABLE release_log (action text, plan text);
SET LOCAL search_path = tap_trap, pg_temp, pg_catalog, public;
SELECT public.is((SELECT pg_catalog.count(*) FROM counted,
	tip.protect(t, 'public_exact') AS p), 9::bigint, 'her own functions are not called');
SELECT public.is((SELECT pg_catalog.count(*) FROM release_log), 0::bigint,
	'nor her tables used');
SELECT public.throws_ok('INSERT INTO tip.release_log (action, plan) VALUES (''x'', ''y'')',
	'42501', NULL, 'nor may she write the log herself');
RESET search_path;
RESET ROLE;

-- A plan over nothing, and over NULLs.
CREATE SCHEMA tap_invented;
CREATE TABLE tap_invented.person (year int, sex text, age_status text);
INSERT INTO tip.measure VALUES ('tap', 'invented persons', 'person', 'year',
	'stated', '{sex,age_status}', 'SELECT * FROM %1$I.person');
INSERT INTO tip.release_plan VALUES ('tap', 'for the test', 'tap', 'public_exact', 1);
INSERT INTO tip.release_plan_table VALUES
	('tap_by_sex', 'tap', 1, 'Persons by sex', '{sex}');
SELECT isnt(tip.publish('tap', 2010, 2010, 'tap_invented'), NULL,
	'a year without anybody can be published');
SELECT results_eq('SELECT sex, value, shown FROM tip_public.tap_by_sex ORDER BY sex',
	$$VALUES ('_T', 0::int8, '0'), ('unknown', 0, '0')$$, 'as zeros');
INSERT INTO tap_invented.person
SELECT CASE WHEN i <= 9 THEN 2011 END, CASE WHEN i % 2 = 0 THEN 'male' END, NULL
FROM generate_series(1, 20) AS i;
SELECT isnt(tip.publish('tap', 2011, 2011, 'tap_invented'), NULL,
	'so can NULLs');
SELECT results_eq('SELECT sex, shown FROM tip_public.tap_by_sex
	WHERE first_year = 2011 ORDER BY sex',
	$$VALUES ('_T', '9'), ('male', '*'), ('unknown', '*')$$,
	'no sex is unknown; no year is in no year');

SELECT throws_ok($$SELECT tip.preview('tap', NULL, NULL, 'tap_invented')$$,
	'22004', 'plan and years must not be null');
SELECT throws_ok($$SELECT tip.publish(NULL, 2012, 2012, 'tap_invented')$$,
	'22004', 'plan and years must not be null');
SELECT throws_ok($$SELECT tip.publish('tap', 2012, 2012, NULL)$$, '22004');
SELECT throws_ok($$SELECT tip.publish('tap', -2147483648, 2147483647,
	'tap_invented')$$, '22023');
SELECT throws_ok($$SELECT tip.publish('tap', 2012, 2012,
	'x".y; DROP TABLE tip.rule; --')$$, '42P01');
SELECT is((SELECT count(*) FROM tip.release_log WHERE first_year = 2012),
	0::bigint, 'what was refused is no look');

-- A table of a plan keeps its columns once it has been published.
UPDATE tip.release_plan_table SET dimensions = '{age_status}'
WHERE name = 'tap_by_sex';
SELECT throws_ok($$SELECT tip.publish('tap', 2012, 2012, 'tap_invented')$$,
	'55000', 'view "tap_by_sex" was made for other dimensions');

-- A question finds the table that answers it.
SELECT tip.relax_policy('tap_pairs', '{"periods": [2]}', 'for the test');
INSERT INTO tip.release_plan VALUES ('tap2', 'for the test', 'tap', 'tap_pairs', 2);
INSERT INTO tip.release_plan_table VALUES
	('tap_by_both', 'tap2', 1, 'Persons by age and sex', '{age_status,sex}');
INSERT INTO tap_invented.person
SELECT 2013 + i % 2, CASE WHEN i % 3 = 0 THEN 'male' ELSE 'female' END,
	CASE WHEN i % 4 = 0 THEN 'minor' ELSE 'adult' END
FROM generate_series(1, 90) AS i;
SELECT tip.publish('tap2', 2013, 2014, 'tap_invented') AS number \gset
SET LOCAL ROLE tap_analyst;
SELECT set_eq($$SELECT dims ->> 'sex' AS s, dims ->> 'age_status' AS a, value, shown, release
	FROM tip.disaggregate('tap', '{sex,age_status}', period => '2013-2014')$$,
	$$SELECT c.codes[2] AS s, c.codes[1] AS a, c.value, c.shown, c.release
	FROM tip.published_cell AS c WHERE c.table_name = 'tap_by_both'$$,
	'the analyst reads a frozen table');
SELECT is((SELECT value FROM tip.disaggregate('tap', '{sex,age_status}', period => '2013-2014')
	WHERE dims = '{"sex": "male", "age_status": "_T"}'), 30::int8,
	'with the count under its code');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap', '{sex}', period => '2013-2014')$$,
	'0A000', 'no table of this measure, period and dimensions is published');
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN feature_not_supported THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END $$;
SELECT is(pg_temp.hint($$SELECT * FROM tip.disaggregate('tap', '{sex}', period => '2009')$$),
	'The nearest is "tap_by_sex" by sex, 2010 to 2010.', 'nearest in time');
SELECT is(pg_temp.hint($$SELECT * FROM
	tip.disaggregate('tap', '{age_status,form}', period => '2014')$$),
	'The nearest is "tap_by_both" by age_status, sex, 2013 to 2014.',
	'nearest in dimensions');
SELECT is(pg_temp.hint($$SELECT * FROM tip.disaggregate('other', '{sex}', period => '2014')$$),
	'Nothing of this measure is published yet; see tip.release_plan.',
	'nothing is nearest');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap', '{sex,NULL}', period => '2013')$$,
	'22004');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap', NULL, period => '2013')$$, '22004');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap', '{}', period => '2013-2014')$$,
	'0A000');
RESET ROLE;

-- A frozen cell that somebody changed all the same is noticed.
SELECT ok(tip.verify_release(:number), 'a release is as it was certified');
ALTER TABLE tip.release_cell DISABLE TRIGGER frozen;
UPDATE tip.release_cell SET shown = '31', value = 31
WHERE release = :number AND codes = '{_T,male}';
SELECT ok(NOT tip.verify_release(:number), 'a changed cell is not');
UPDATE tip.release_cell SET shown = '30', value = 30
WHERE release = :number AND codes = '{_T,male}';
SELECT ok(tip.verify_release(:number), 'changed back, it is');
UPDATE tip.release_cell SET value = 31
WHERE release = :number AND codes = '{_T,male}';
SELECT ok(NOT tip.verify_release(:number), 'nor if the value is not what is shown');
UPDATE tip.release_cell SET value = 30
WHERE release = :number AND codes = '{_T,male}';
UPDATE tip.release_cell SET is_total = NOT is_total
WHERE release = :number AND codes = '{_T,male}';
SELECT ok(NOT tip.verify_release(:number), 'nor if a total is called none');
UPDATE tip.release_cell SET is_total = NOT is_total
WHERE release = :number AND codes = '{_T,male}';
DELETE FROM tip.release_cell WHERE release = :number AND codes = '{_T,male}';
SELECT ok(NOT tip.verify_release(:number), 'a missing cell is noticed too');
ALTER TABLE tip.release_cell ENABLE TRIGGER frozen;

-- Whoever may read one published table reads no other through it.
CREATE ROLE tap_public;
SET LOCAL ROLE tap_public;
CREATE TEMP TABLE spied (shown text);
CREATE FUNCTION pg_temp.spy(shown text) RETURNS boolean LANGUAGE plpgsql
COST 0.0001 AS $$
BEGIN
	INSERT INTO spied VALUES (shown);
	RETURN true;
END $$;
CREATE TEMP TABLE seen AS
SELECT count(*) AS n FROM tip_public.tap_by_sex WHERE pg_temp.spy(shown);
SELECT is((SELECT count(*) FROM spied), (SELECT n FROM seen), 'a function in a condition sees the rows of the view');
RESET ROLE;

SELECT throws_ok($$SELECT * FROM counted, tip.protect(t, 'transmission')$$, '0A000',
	'policy "transmission" does not hide cells');

-- Whoever is in two cells cannot be protected as two.
SELECT throws_ok($$SELECT * FROM tip.protect((SELECT tip.count_persons(
	tip.tabulate_persons(tip.cell(c), p)) FROM (VALUES
	(1, '00000000-0000-0000-0000-000000000001'::uuid),
	(2, '00000000-0000-0000-0000-000000000001'),
	(2, '00000000-0000-0000-0000-000000000002')) AS v(c, p)), 'public_exact')$$,
	'0A000');

-- Bounds are made of what is published: a hidden total is in none of them.
SELECT is((SELECT array_agg(ROW (node, low, high)::text ORDER BY node)
	FROM tip_impl.protect_cells('{3}', '{0,0,0}', '{1,2}', '{1,2}', '{1}',
	'{8,4,2,1}', 5, 2, false, 1, NULL, true) WHERE is_hidden),
	(SELECT array_agg(ROW (node, low, high)::text ORDER BY node)
	FROM tip_impl.protect_cells('{3}', '{0,0,0}', '{1,2}', '{2,2}', '{1}',
	'{8,4,2,1}', 5, 2, false, 1, NULL, true) WHERE is_hidden),
	'two tables with one release have the same bounds');
SELECT is((SELECT high FROM tip_impl.protect_cells('{3}', '{0,0,0}', '{1,2}',
	'{1,2}', '{1}', '{8,4,2,1}', 5, 2, false, 1, NULL, true)
	WHERE node = '{0}'), NULL, 'what nothing bounds has no upper bound');

SELECT * FROM finish();
ROLLBACK;
