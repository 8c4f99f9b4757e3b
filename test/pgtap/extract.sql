-- Properties of extracts: no shift and no band moves a child over 18.
BEGIN;
SELECT * FROM no_plan();

-- Shifted dates.  A birth stays in its year from 1 March to the end of
-- February, and in such a year every birth is as many days from each birthday.
-- The two together are the proof for all births and all offsets.
CREATE TEMP TABLE born AS
SELECT day::date AS day, extract(year FROM day)::int - (extract(month FROM day) < 3)::int AS year
FROM generate_series('1895-03-01'::date, '2010-02-28', '1 day') AS day;
CREATE FUNCTION pg_temp.is_child(born date, at date) RETURNS bool LANGUAGE sql IMMUTABLE RETURN
	tip.is_child(born::tip.partial_date, at::tip.partial_date);
CREATE FUNCTION pg_temp.birthday(born date, age int) RETURNS date LANGUAGE sql IMMUTABLE RETURN
	CASE WHEN to_char(born, 'MM-DD') = '02-29' AND to_char((born + make_interval(years => age))::date, 'MM-DD') = '02-28'
	THEN (born + make_interval(years => age))::date + 1 ELSE (born + make_interval(years => age))::date END;
SELECT is_empty($$SELECT year, age FROM born, unnest('{1,2,9,15,18,21,24,27,30,39,48,100}'::int[]) AS age
	GROUP BY 1, 2 HAVING count(DISTINCT pg_temp.birthday(day, age) - day) > 1$$,
	'births of a year from March to February are equally far from every birthday');
SELECT is_empty($$SELECT day FROM born WHERE NOT pg_temp.is_child(day, pg_temp.birthday(day, 18) - 1)
	OR pg_temp.is_child(day, pg_temp.birthday(day, 18))$$, 'and is_child() counts so');

CREATE TEMP TABLE shifted AS
SELECT b.day, b.year, weeks, moved, moved - b.day AS days,
       s.day + 18 * 365 AS at, tip.shift_date(s.day + 18 * 365, s.subject, 'observatory', b.day, 182, weeks) AS moved_at
FROM born AS b, LATERAL (SELECT b.day, md5(b.day::text)::uuid AS subject) AS s,
     unnest('{f,t}'::bool[]) AS weeks,
     LATERAL (SELECT tip.shift_date(b.day, s.subject, 'observatory', b.day, 182, weeks) AS moved) AS m;
SELECT is_empty($$SELECT day FROM shifted WHERE days NOT BETWEEN -182 AND 182$$,
	'shifts stay in the window');
SELECT is_empty($$SELECT day FROM shifted
	WHERE extract(year FROM moved)::int - (extract(month FROM moved) < 3)::int <> year$$,
	'no birth leaves its year from March to February');
SELECT is_empty($$SELECT day FROM shifted WHERE moved_at - moved <> at - day$$,
	'all dates of a subject move alike');
SELECT is_empty($$SELECT day FROM shifted WHERE weeks AND days % 7 <> 0$$, 'whole weeks keep the weekday');
SELECT is_empty($$SELECT day FROM shifted AS s, generate_series(-1, 1) AS i,
	LATERAL (SELECT pg_temp.birthday(day, 18) + i AS at) AS a
	WHERE pg_temp.is_child(s.day, a.at) <> pg_temp.is_child(s.moved, a.at + s.days)$$,
	'around the 18th birthday no child becomes an adult, and no adult a child');
SELECT is((SELECT count(DISTINCT days) FROM shifted WHERE NOT weeks), 365::bigint,
	'every offset of the window is used');
SELECT cmp_ok((SELECT sum((n - e) ^ 2 / e) FROM (SELECT count(*) AS n, 40.0 AS e
		FROM (SELECT tip.shift_date('2020-01-01'::date, md5(i::text)::uuid, 'police', NULL) AS d
		      FROM generate_series(1, 14600) AS i) AS x GROUP BY d) AS y), '<', 480::numeric,
	'offsets are uniform: chi-square with 364 degrees of freedom');
SELECT isnt((SELECT array_agg(tip.shift_date('2020-01-01'::date, md5(i::text)::uuid, 'police', NULL) ORDER BY i)
	FROM generate_series(1, 20) AS i),
	(SELECT array_agg(tip.shift_date('2020-01-01'::date, md5(i::text)::uuid, 'ngo', NULL) ORDER BY i)
	FROM generate_series(1, 20) AS i), 'domains shift differently');
SELECT is_empty($$SELECT i FROM generate_series(0, 2000) AS i, (SELECT md5('x')::uuid AS s) AS u,
	LATERAL (SELECT '1990-01-01'::date + i AS d) AS x
	WHERE tip.shift_date(d, s, 'ngo', '1980-05-05') IS DISTINCT FROM
	tip.earliest(tip.shift_date(d::tip.partial_date, s, 'ngo', '1980-05-05'))$$,
	'dates and partial dates move alike');
SELECT is(right(tip.shift_date(('2020-01-01' || q)::tip.partial_date, md5('x')::uuid, 'ngo', NULL)::text, 1), q,
	'the qualifier stays') FROM unnest('{?,~,%}'::text[]) AS q;
SELECT is(tip.shift_date('2020-01-01'::date, md5('x')::uuid, 'ngo', NULL,
	key_version => tip.pseudonym_version(tip.pseudonymize('passport', 'A1', 'ngo'))),
	tip.shift_date('2020-01-01'::date, md5('x')::uuid, 'ngo', NULL), 'the key version can be named');
SELECT is(tip.shift_date('infinity'::date, md5('x')::uuid, 'ngo', NULL), 'infinity', 'infinity stays');
SELECT is(tip.shift_date(NULL::date, md5('x')::uuid, 'ngo', NULL), NULL, 'nothing stays nothing');
SELECT is(tip.shift_date('2020-01-01'::tip.partial_date, md5('x')::uuid, 'ngo', '1990'),
	tip.shift_date('2020-01-01'::tip.partial_date, md5('x')::uuid, 'ngo', NULL),
	'a birth that is not known to the day narrows nothing');
SELECT throws_ok(format('SELECT tip.shift_date(%s, md5(''x'')::uuid, %L, %s)', v, d, b), s, NULL, v || ' ' || d || ' ' || b)
FROM (VALUES
	('''2020''::tip.partial_date', 'ngo', 'NULL', '22023'),
	('''2020-05?''::tip.partial_date', 'ngo', 'NULL', '22023'),
	('''2020-05-01''::date', 'nobody', 'NULL', '22023'),
	('''2020-05-01''::date', 'ngo', 'NULL, 0', '22023'),
	('''2020-05-01''::date', 'ngo', 'NULL, -2147483648', '22023'),
	('''2020-05-01''::date', 'ngo', 'NULL, 2147483647', '22023'),
	('''2020-05-01''::date', 'ngo', 'NULL, 6, true', '22023'),
	('''2020-05-01''::date', 'ngo', 'NULL, 182, false, 0', '22023'),
	('''2020-05-01''::date', 'ngo', 'NULL, 182, false, 65536', '22023')
) AS t(v, d, b, s);
SELECT throws_ok(format('SELECT tip.shift_date(%s, md5(i::text)::uuid, ''ngo'', NULL) FROM generate_series(1, 40) AS i', v),
	'22008', NULL, v || ' is not moved out of the calendar')
FROM unnest(ARRAY['''5874898-06-02''::date', '''4714-11-24 BC''::date', '''9999-12-31''::tip.partial_date',
	'''0001-01-01''::tip.partial_date']) AS v;
SELECT throws_ok($$SELECT tip.shift_date('2020-05-01'::date, md5('x')::uuid, 'ngo', NULL, key_version => 60000)$$,
	NULL, NULL, 'a key that is not there');
SELECT lives_ok(format('SELECT tip.shift_date(%L::date, md5(''x'')::uuid, ''ngo'', %L::date)', d, d), d || ' is shifted')
FROM unnest('{0001-01-01,4713-01-01 BC,5874000-12-31,-infinity}'::text[]) AS d;

-- The lattice.
SELECT lives_ok(format('SELECT tip_impl.check_ages(%s)', version), 'the shipped bands are what they say')
FROM (SELECT DISTINCT version FROM tip.generalisation WHERE dimension = 'age') AS v;
CREATE TEMP TABLE lattices AS
SELECT dimension, version, max(level) AS top FROM tip.generalisation GROUP BY 1, 2;
SELECT is_empty($$SELECT * FROM tip.generalisation AS g WHERE target <> 'all' AND NOT EXISTS
	(SELECT FROM tip.generalisation AS h WHERE (h.dimension, h.version, h.level, h.source)
		= (g.dimension, g.version, g.level + 1, g.target))$$, 'each value has a row at the next level');
CREATE TEMP TABLE generalised AS
SELECT 'age' AS dimension, version, level, coalesce(age::text, '-') AS value,
       tip.generalise_age(age, level, version) AS label
FROM lattices, generate_series(0, top) AS level,
     (SELECT generate_series(-1, 140) UNION ALL SELECT NULL) AS a(age) WHERE dimension = 'age'
UNION ALL
SELECT 'age', version, level, birth || ' ' || at, tip.generalise_age(birth::tip.partial_date, at::tip.partial_date, level, version)
FROM lattices, generate_series(0, top) AS level,
     unnest('{1969,1990,1998,1998-03,1998-03-01,1998-02,2007,2019-05,2030}'::text[]) AS birth,
     unnest('{2016,2016-03,2016-03-01,2016-02-29?,2019,2025-05-05}'::text[]) AS at WHERE dimension = 'age'
UNION ALL
SELECT 'place', version, level, code, CASE list WHEN 'country' THEN tip.generalise_place(code::tip.country, level, version)
       ELSE tip.generalise_place(code::tip.subdivision, level, version) END
FROM lattices, generate_series(0, top) AS level, tip.code_list
WHERE dimension = 'place' AND list IN ('country', 'subdivision')
UNION ALL
SELECT 'time', version, level, day::text, tip.generalise_time(day::text::tip.partial_date, level, version)
FROM lattices, generate_series(0, top) AS level,
     (SELECT day::date::text FROM generate_series('2015-01-01'::date, '2026-12-31', '13 days') AS day
      UNION ALL SELECT to_char(day, 'YYYY-MM') FROM generate_series('2015-01-01'::date, '2026-12-31', '1 month') AS day
      UNION ALL SELECT to_char(day, 'YYYY~') FROM generate_series('2015-01-01'::date, '2026-12-31', '1 year') AS day) AS t(day)
WHERE dimension = 'time';
SELECT is_empty($$SELECT * FROM generalised WHERE label IS NULL$$, 'unknown is a value, never NULL');
SELECT is_empty($$SELECT a.dimension, a.version, a.level, a.label FROM generalised AS a JOIN generalised AS b
	ON (b.dimension, b.version, b.value) = (a.dimension, a.version, a.value) AND b.level = a.level + 1
	GROUP BY 1, 2, 3, 4 HAVING count(DISTINCT b.label) > 1$$, 'a coarser level is a function of the finer one');
SELECT is_empty($$SELECT g.* FROM generalised AS g JOIN lattices AS l USING (dimension, version)
	WHERE (g.level = l.top) <> (g.label = 'all')$$, 'the top says nothing, and only the top');
SELECT is_empty($$SELECT g.version, g.level, g.label FROM generalised AS g JOIN lattices AS l USING (dimension, version)
	WHERE dimension = 'age' AND g.level < l.top AND g.value ~ '^[0-9]+$' AND g.label <> 'unknown'
	GROUP BY 1, 2, 3 HAVING bool_or(g.value::int < 18) AND bool_or(g.value::int >= 18)$$, 'no band straddles 18');
SELECT is_empty($$SELECT age FROM generate_series(0, 130) AS age
	WHERE tip.generalise_age(age, 1, 1) <> tip.age_band(age, 'CTDC')::text
	   OR tip.generalise_age(age, 3, 1) <> tip.age_band(age, 'SDG')::text$$, 'levels 1 and 3 are the bands of CTDC and SDG');
SELECT is_empty($$SELECT birth, at FROM unnest('{1997,1998,1998-03,1998-03-01,2001}'::text[]) AS birth,
	unnest('{2016,2016-03,2016-02,2016-03-01,2015}'::text[]) AS at, generate_series(1, 3) AS level,
	LATERAL (SELECT tip.is_child(birth::tip.partial_date, at::tip.partial_date) AS is_child,
	tip.generalise_age(birth::tip.partial_date, at::tip.partial_date, level, 1) AS band) AS x
	WHERE is_child IS DISTINCT FROM CASE WHEN band = 'unknown' THEN NULL ELSE tip_impl.age_range(band) <@ '[0,17]'::int4range END$$,
	'a band says child or adult exactly where is_child() does');
SELECT is(array_agg(DISTINCT tip.generalise_place(code::tip.subdivision, 1, 1)), '{AG}', 'Barbuda is not told apart')
FROM tip.code_list WHERE list = 'subdivision' AND parent = 'AG';
SELECT is_empty($$SELECT g.value FROM generalised AS g JOIN tip.code_list AS c ON c.code = g.value AND c.list = 'subdivision'
	WHERE g.dimension = 'place' AND g.level = 2 AND g.version = 1 AND c.parent <> '' AND g.label <> c.parent$$, 'level 2 is the country');

SELECT throws_ok(format('INSERT INTO tip.generalisation VALUES %s', v), '23514', NULL, v) FROM unnest(ARRAY[
	$$('age', 100, 1, '15-20', '15-20')$$, $$('age', 100, 1, '15-17', 'young'), ('age', 100, 1, '18-24', 'young')$$,
	$$('age', 100, 1, '15-17', '18-24')$$, $$('age', 100, 1, '0-9', 'a'), ('age', 100, 1, '9-17', 'b')$$,
	$$('age', 100, 1, 'young', 'b')$$, $$('age', 100, 1, '17-9', 'b')$$,
	$$('age', 100, 1, '0-17', 'a'), ('age', 100, 1, '18+', 'b'), ('age', 100, 2, 'a', 'c'), ('age', 100, 2, 'b', 'c')$$,
	$$('time', 100, 1, 'day', 'week')$$, $$('time', 100, 2, '3 years', '5 years')$$, $$('time', 100, 2, 'all', 'year')$$,
	$$('time', 100, 2, 'quarter', 'month')$$, $$('place', 100, 1, 'Barbuda', 'AG')$$, $$('age', 1, 1, '140', 'old')$$,
	$$('sex', 100, 1, 'a', 'b')$$, $$('age', 100, 0, 'a', 'b')$$,
	$$('age', 99, 1, '0-17', '0-17', false), ('age', 100, 1, '0-17', '0-17', false)$$]) AS v;
SELECT throws_ok($$UPDATE tip.generalisation SET target = 'x'$$, '55000', NULL, 'no row is changed');
SELECT throws_ok($$DELETE FROM tip.generalisation$$, '55000', NULL, 'no shipped row is removed');
SELECT throws_ok($$TRUNCATE tip.generalisation$$, '55000', NULL, 'nor all at once');
-- as a dump restores them, one at a time and the last first
SELECT lives_ok(format('INSERT INTO tip.generalisation VALUES %s', v), v) FROM unnest(ARRAY[
	$$('age', 100, 2, 'minor', 'all')$$, $$('age', 100, 2, 'adult', 'all')$$, $$('age', 100, 1, '18+', 'adult')$$,
	$$('age', 100, 1, '0-17', 'minor')$$]) AS v;
SELECT is(tip.generalise_age(17, 1), 'minor', 'the latest version is taken');
SELECT is(tip.generalise_age(17, 1, 1), '9-17', 'unless one is named');
SELECT throws_ok($$SELECT tip.generalise_age(NULL, 1)$$, '22023', 'a value has no row in the generalisation lattice', 'a lattice with a gap');
SELECT throws_ok($$SELECT tip.generalise_age(17, 3)$$, '22023', NULL, 'no such level');
SELECT throws_ok($$SELECT tip.generalise_age(17, 1, 7)$$, '22023', NULL, 'no such version');
SELECT throws_ok($$SELECT tip.generalise_age(17, NULL)$$, '22023', NULL, 'no level');
SELECT lives_ok($$DELETE FROM tip.generalisation WHERE is_local$$, 'local rows can be removed');

-- k-anonymity, against figures counted another way.
CREATE TABLE sample AS
SELECT CASE WHEN i % 11 > 0 THEN i % 4 END AS a, (i * 7 % 13 > 5)::text AS "b ""x"";--",
       CASE WHEN i % 5 > 0 THEN i % 3 END AS s, '{sex,labour}'::tip.exploitation_form_set AS forms,
       ('20' || 10 + i % 3)::tip.partial_date AS day
FROM generate_series(1, 700) AS i;
CREATE TEMP TABLE classes AS
SELECT a, "b ""x"";--" AS b, count(*) AS n, cardinality(array_agg(DISTINCT s)) AS l FROM sample GROUP BY 1, 2;
SELECT results_eq($$SELECT records, groups, k, (l ->> 's')::int, offending_groups, offending_records
	FROM tip.k_anonymity('sample'::regclass, ARRAY['a', 'b "x";--'], '{s}', 30, 4)$$,
	$$SELECT sum(n)::int8, count(*), min(n), min(l), count(*) FILTER (WHERE n < 30 OR l < 4),
	coalesce(sum(n) FILTER (WHERE n < 30 OR l < 4), 0)::int8 FROM classes$$, 'the measures are those of the groups');
SELECT results_eq($$SELECT (cell ->> 'a')::int, cell ->> 'b "x";--', records, (l ->> 's')::int
	FROM tip.k_anonymity_groups('TABLE sample', ARRAY['a', 'b "x";--'], '{s}', 40) ORDER BY 3, 1, 2$$,
	$$SELECT a, b, n, l FROM classes WHERE n < 40 ORDER BY 3, 1, 2$$, 'and so are the groups');
SELECT is((SELECT array_agg(records) FROM tip.k_anonymity_groups('TABLE sample', ARRAY['a', 'b "x";--'], '{}', 1000, 1, 3)),
	(SELECT array_agg(n) FROM (SELECT n FROM classes ORDER BY n LIMIT 3) AS x), 'smallest first, and no more than asked');
SELECT is((tip.k_anonymity('TABLE sample', '{forms,day}')).groups, 3::int8, 'sets and partial dates are quasi-identifiers');
SELECT is((SELECT array_agg(v ORDER BY i) FROM json_each_text(row_to_json(tip.k_anonymity('SELECT 1 AS a WHERE false', q))) WITH ORDINALITY AS j(c, v, i)),
	'{0,0,NULL,"{}",0,0}', 'nothing is measured of nothing') FROM (VALUES ('{a}'::text[]), ('{}')) AS v(q);
SELECT is((tip.k_anonymity('sample'::regclass, '{}')).k, 700::int8, 'without quasi-identifiers there is one group');
SELECT is((SELECT count(*) FROM tip.k_anonymity_groups('sample'::regclass, '{}', at_least => 701)), 1::int8, 'which may be too small');
SELECT is((tip.k_anonymity(q, '{a}')).records, 1::int8, q) FROM unnest(ARRAY['SELECT 1 AS a;', 'SELECT 1 AS a -- c', 'SELECT 1 AS a; -- c',
	'/* ; */ VALUES (1) AS', '(SELECT 1 AS a)', 'WITH x AS (SELECT 1 AS a) TABLE x;;', 'SELECT 1 AS a UNION SELECT 1',
	'SELECT 1 AS a ORDER BY 1 LIMIT 1', $$SELECT ') q; DROP TABLE sample; --' AS a$$]) AS q WHERE q !~ 'AS$';

SELECT throws_ok(format('SELECT tip.k_anonymity(%L, ''{a}'')', q), NULL, NULL, q) FROM unnest(ARRAY[
	'SELECT a FROM sample; DROP TABLE sample', 'SELECT a FROM sample) AS q; DROP TABLE sample; --',
	'SELECT a FROM sample) UNION (SELECT 1', 'SELECT a FROM sample /*', 'DROP TABLE sample', 'DELETE FROM sample RETURNING a',
	'WITH d AS (DELETE FROM sample RETURNING a) SELECT a FROM d', 'SELECT a INTO stolen FROM sample',
	'SELECT a FROM sample FOR UPDATE', 'SELECT a FROM (SELECT a FROM sample) AS x FOR SHARE', 'EXPLAIN SELECT 1 AS a',
	'COPY sample TO STDOUT', '', ';', '--', 'SELECT $1 AS a', 'sample', 'SELECT 1 AS a, 2 AS a', 'SELECT', 'SET a = 1',
	'DO $x$BEGIN END$x$', 'EXECUTE a', 'SHOW work_mem', 'CALL a()', 'SELECT 1/0 AS a']) AS q;
SELECT throws_ok(format('SELECT tip.k_anonymity(''SELECT 1 AS a'', %L)', c), s, NULL, c) FROM (VALUES
	('{A}', '42703'), ('{row_to_json}', '42703'), ('{q}', '42703'), ('{ctid}', '42703'), ('{a,NULL}', '22004'), (NULL, '22004'),
	('{"a, (SELECT 1)"}', '42703'), ('{""}', '42703')) AS v(c, s);
SELECT throws_ok($$SELECT tip.k_anonymity('SELECT nextval(''q'')', '{nextval}')$$, '42P01', NULL, 'the query is the caller''s');
SELECT is((SELECT count(*) FROM sample), 700::int8, 'nothing was changed');
SELECT is((SELECT groups FROM tip.k_anonymity((SELECT 'SELECT ' || string_agg(format('i %% %s AS c%s', 2 + j % 3, j), ',')
	FROM generate_series(1, 1600) AS j) || ' FROM generate_series(1, 12) AS i',
	(SELECT array_agg('c' || j) FROM generate_series(1, 1600) AS j))), 12::int8, '1600 columns');
SELECT throws_ok($$SELECT tip.k_anonymity('SELECT 1 AS a', array_fill('a'::text, '{5000}'))$$, NULL, NULL, '5000 columns');

-- Objects of the caller's search_path do not get in between.
CREATE SCHEMA trap;
CREATE FUNCTION trap.boom(anyelement, anyelement) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE FUNCTION trap.boom(text, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE OPERATOR trap.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.boom);
CREATE OPERATOR trap.< (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = trap.boom);
CREATE OPERATOR trap.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = trap.boom);
CREATE FUNCTION trap.count(anyelement) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE FUNCTION trap.format(text, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE DOMAIN trap.text AS pg_catalog.text CHECK (VALUE <> VALUE);
CREATE TABLE pg_temp.caught (k int8, offenders int8, band pg_catalog.text);
SET LOCAL search_path = trap, pg_catalog;
INSERT INTO pg_temp.caught SELECT (tip.k_anonymity('SELECT 1::pg_catalog.int4 AS a', '{a}', '{a}')).k,
	(SELECT pg_catalog.count(*) FROM tip.k_anonymity_groups('SELECT 1::pg_catalog.int4 AS a', '{a}', '{a}')),
	tip.generalise_age(17, 2, 1);
SET LOCAL search_path = public;
SELECT results_eq('TABLE pg_temp.caught', $$VALUES (1::int8, 1::int8, '0-17')$$, 'a hostile search_path');

-- What a role may do that was granted nothing else.
CREATE ROLE pgtap_tip_extract;
GRANT EXECUTE ON FUNCTION tip.k_anonymity(text, text[], text[], int4, int4),
	tip.generalise_age(int4, int4, int4), tip.generalise_age(tip.partial_date, tip.partial_date, int4, int4),
	tip.generalise_place(tip.country, int4, int4), tip.generalise_time(date, int4, int4) TO pgtap_tip_extract;
SELECT ok(NOT has_function_privilege('pgtap_tip_extract', p.oid, 'EXECUTE'), p.oid::regprocedure::text)
FROM pg_proc AS p WHERE p.proname = 'shift_date' AND p.pronamespace = 'tip'::regnamespace;
SET ROLE pgtap_tip_extract;
SELECT is((SELECT groups FROM tip.k_anonymity('SELECT tip.generalise_age(17, 1) AS a, tip.generalise_place(''TT''::tip.country, 3) AS b,
	tip.generalise_time(''2020-01-01''::date, 3) AS c', '{a,b,c}')), 1::int8, 'an analyst measures');
SELECT throws_ok($$SELECT tip.k_anonymity('TABLE sample', '{a}')$$, '42501', NULL, 'with rights of her own');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
