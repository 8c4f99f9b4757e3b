-- The quick answer (does the record pass?) is what the rules say one by one,
-- and what core's executor says: every shipped rule alone and all together,
-- every kind of test and every polarity, on seeded hostile rows.
\set ON_ERROR_STOP on
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA tap_fast;
SELECT tip.create_model('tap_fast_data') > 0 AS made \gset
CREATE TEMP TABLE rule_case (rule text, verdict text, record jsonb);
\copy rule_case FROM 'test/fixtures/rule_cases.csv' (FORMAT csv, HEADER)
SELECT * FROM no_plan();
SELECT setseed(0.37);

-- ---- hostile values of every type, as text ----
CREATE FUNCTION tap_fast.one_of(VARIADIC texts text[]) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT texts[1 + floor(random() * cardinality(texts))::int]
$$;
CREATE TEMP TABLE code AS
	SELECT list, array_agg(code ORDER BY number) AS codes FROM tip.code_list GROUP BY list;
CREATE FUNCTION tap_fast.codes_of(of_list text) RETURNS text[] LANGUAGE sql STABLE AS $$
	SELECT codes FROM code WHERE list = of_list
$$;
CREATE FUNCTION tap_fast.hostile(type text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	codes text[] := tap_fast.codes_of(substring(type FROM '^tip\.(\w+?)(?:_set)?$'));
BEGIN
	RETURN CASE
	WHEN type = 'smallint' THEN tap_fast.one_of('-32768', '-1', '0', '1', '5', '11', '17', '18', '40', '120', '168', '32767')
	WHEN type = 'integer' THEN tap_fast.one_of('-2147483648', '-1', '0', '1', '18', '32768', '2147483647')
	WHEN type = 'bigint' THEN tap_fast.one_of('-9223372036854775808', '-1', '0', '1', '18', '2147483648', '9223372036854775807')
	WHEN type = 'numeric' THEN tap_fast.one_of('NaN', 'Infinity', '-Infinity', '1e1000', '0', '-0.1', '12')
	WHEN type = 'boolean' THEN tap_fast.one_of('true', 'false')
	WHEN type = 'uuid' THEN tap_fast.one_of('00000000-0000-0000-0000-000000000000', gen_random_uuid()::text)
	WHEN type = 'date' THEN tap_fast.one_of('-infinity', 'infinity', '4713-01-01 BC', '5874897-12-31', '2020-02-29', '2020-03-01', '0001-01-01', '9999-12-31', current_date::text)
	WHEN type LIKE 'timestamp%' THEN tap_fast.one_of('-infinity', 'infinity', '2020-02-29 12:00', '2020-02-29', '294276-12-31')
	WHEN type = 'tip.partial_date' THEN tap_fast.one_of('0001', '9999-12-31', '1998?', '2020-02-29~', '2020-02', '2020', '2020-02-29', '2020-03-01%', '2199-01', current_date::text)
	WHEN type LIKE 'tip.%[]' OR type = 'text[]' THEN tap_fast.one_of('{}', '{ZZ,VE}', '{unknown}', '{NULL}', '{XS}', '{TT,TT}', '{XS,NULL}')
	WHEN type LIKE 'tip.%\_set' THEN coalesce(
		'{' || (SELECT string_agg(c, ',') FROM unnest(codes) AS c
			WHERE c NOT IN ('unknown', 'not_stated', 'not_applicable', 'withheld', '_Z', '_T', 'not_recorded')
			  AND random() < 0.2 AND random() < 0.8) || '}',
		tap_fast.one_of('{unknown}', '{withheld,not_stated}', '{}'))
	WHEN codes IS NOT NULL THEN tap_fast.one_of(VARIADIC codes || ARRAY['unknown', 'not_stated'])
	ELSE tap_fast.one_of('', 'x', 'TTD', repeat('x', 3000)) END;
END $$;
-- the columns that a row has anew; the others stay as they are in "base"
CREATE FUNCTION tap_fast.row_of(tbl regclass, base jsonb, share float8, nulls float8) RETURNS jsonb
LANGUAGE sql VOLATILE AS $$
	SELECT coalesce(base, '{}') || coalesce(jsonb_object_agg(a.attname,
		CASE WHEN random() < nulls THEN NULL ELSE tap_fast.hostile(format_type(a.atttypid, NULL)) END), '{}')
	FROM pg_attribute AS a
	WHERE a.attrelid = tbl AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
	  AND random() < share
$$;
-- a set is written as text, because jsonb_populate_record knows no sets
CREATE FUNCTION tap_fast.as_text(record jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_object_agg(key, CASE jsonb_typeof(value) WHEN 'array'
		THEN to_jsonb('{' || (SELECT coalesce(string_agg(coalesce(e, 'NULL'), ','), '')
			FROM jsonb_array_elements_text(value) AS e) || '}')
		ELSE value END), '{}') FROM jsonb_each(record)
$$;

-- ---- the rows ----
CREATE TABLE tap_fast.hostile_row (entity text, n int, record jsonb);
CREATE FUNCTION tap_fast.relation_of(entity text) RETURNS regclass LANGUAGE sql STABLE AS $$
	SELECT to_regclass(format('tap_fast_data.%I', entity))
$$;
INSERT INTO tap_fast.hostile_row
	SELECT e.entity, n, tap_fast.row_of(tap_fast.relation_of(e.entity), NULL, s.share, s.nulls)
	FROM (SELECT DISTINCT entity FROM tip.rule WHERE tap_fast.relation_of(entity) IS NOT NULL) AS e
	CROSS JOIN (VALUES (1.0, 0.3), (1.0, 0.05), (0.2, 0.1), (0.03, 0)) AS s(share, nulls)
	CROSS JOIN generate_series(1, 60) AS n;
-- the examples, as they are and with a few columns changed
INSERT INTO tap_fast.hostile_row
	SELECT r.entity, n, tap_fast.row_of(tap_fast.relation_of(r.entity), tap_fast.as_text(c.record),
		CASE WHEN n > 1 THEN 0.03 ELSE 0 END, 0.2)
	FROM rule_case AS c JOIN tip.rule AS r ON r.id = c.rule CROSS JOIN generate_series(1, 4) AS n
	WHERE tap_fast.relation_of(r.entity) IS NOT NULL;
SELECT cmp_ok((SELECT count(DISTINCT entity) FROM tap_fast.hostile_row), '>=',
	(SELECT count(DISTINCT entity) FROM tip.rule WHERE timing = 'row'), 'rows of every entity that has rules');

-- ---- each shipped rule alone, as an entity of its own ----
CREATE FUNCTION tap_fast.alone(rule text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN 'alone_' || lower(rule);
SET session_replication_role = replica;
INSERT INTO tip_impl.rule_stage (entity, track, stage, condition)
	SELECT tap_fast.alone(r.id), s.track, s.stage, s.condition
	FROM tip.rule AS r JOIN tip_impl.rule_stage AS s USING (entity, track, stage);
INSERT INTO tip.rule (id, entity, columns, severity, track, stage, valid_from, valid_to,
		predicate, null_passes, message_en)
	SELECT 'Q_' || left(r.id, 29), tap_fast.alone(r.id), r.columns, r.severity, r.track, r.stage,
		r.valid_from, r.valid_to, r.predicate, r.null_passes, ''
	FROM tip.rule AS r WHERE tap_fast.relation_of(r.entity) IS NOT NULL;
RESET session_replication_role;

CREATE TABLE tap_fast.verdict (judged text, entity text, n int, quick bool, slow bool);
CREATE PROCEDURE tap_fast.judge(of_entity text, by_entity text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO tap_fast.verdict
		SELECT %1$L, %2$L, n, NOT tip_impl.has_findings(r, %1$L),
			NOT EXISTS (SELECT FROM tip_impl.findings_of(r, %1$L))
		FROM (SELECT n, jsonb_populate_record(NULL::%3$s, record) AS r
			FROM tap_fast.hostile_row WHERE entity = %2$L OFFSET 0) AS x',
		by_entity, of_entity, tap_fast.relation_of(of_entity));
END $$;
DO $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT DISTINCT entity, entity AS judged FROM tap_fast.hostile_row
		UNION SELECT entity, tap_fast.alone(id) FROM tip.rule
		WHERE NOT is_local AND tap_fast.relation_of(entity) IS NOT NULL LOOP
		CALL tap_fast.judge(r.entity, r.judged);
	END LOOP;
END $$;
SELECT is_empty('SELECT * FROM tap_fast.verdict WHERE quick IS DISTINCT FROM slow',
	'the quick answer is that of the rules one by one');
SELECT cmp_ok((SELECT count(*) FROM tap_fast.verdict), '>', 20000::bigint, 'asked of many rows');
SELECT is_empty($$
	SELECT judged FROM tap_fast.verdict WHERE judged LIKE 'alone%'
	GROUP BY judged HAVING NOT bool_or(slow) OR bool_and(slow)$$,
	'every shipped rule passes some of them and not all');

-- ---- how the answer is got ----
SELECT is_empty($$
	SELECT r.id, r.predicate FROM tip.rule AS r
	CROSS JOIN LATERAL tip_impl.quick_answer(tap_fast.relation_of(r.entity), tap_fast.alone(r.id)) AS q
	WHERE r.entity = 'victimization' AND NOT r.is_local AND q.expressions IS DISTINCT FROM 0$$,
	'no shipped rule of the widest table needs the executor');
SELECT cmp_ok((SELECT tests FROM tip_impl.quick_answer('tap_fast_data.victimization', 'victimization')), '>',
	(SELECT count(*)::int FROM tip.rule WHERE entity = 'victimization' AND timing = 'row'), 'its program has tests for each');

-- ---- every kind of test, against core's executor ----
CREATE TABLE tap_fast.t (
	n int, f1 bool, f2 bool, a2 int2, b2 int2, a4 int4, b4 int4, a8 int8, b8 int8,
	d1 date, d2 date, t1 timestamp, t2 timestamp, p1 tip.partial_date, p2 tip.partial_date,
	c1 tip.exploitation_form, c2 tip.exploitation_form, v tip.victim_status, k tip.country,
	s1 tip.exploitation_form_set, s2 tip.exploitation_form_set, m tip.means_set,
	ks tip.country[], x text, u1 uuid, u2 uuid, q numeric, i4 int4[],
	g int4 GENERATED ALWAYS AS (a4) STORED, dropped int, z2 int2);
ALTER TABLE tap_fast.t DROP COLUMN dropped;
INSERT INTO tap_fast.t (n, f1, f2, a2, b2, a4, b4, a8, b8, d1, d2, t1, t2, p1, p2, c1, c2, v, k, s1, s2, m, ks, x, u1, u2, q, i4, z2)
	SELECT (jsonb_populate_record(NULL::tap_fast.t, h.r)).n, f1, f2, a2, b2, a4, b4, a8, b8, d1, d2, t1, t2, p1, p2,
		c1, c2, v, k, s1, s2, m, ks, x, u1, u2, q, i4, z2
	FROM (SELECT tap_fast.row_of('tap_fast.t', NULL, 1.0, s.nulls) || jsonb_build_object('i4',
			tap_fast.one_of('{}', '{1,NULL}', '{NULL}', '{1,18}')) AS r
		FROM generate_series(1, 100) AS n CROSS JOIN (VALUES (0.0), (0.3)) AS s(nulls) OFFSET 0) AS h
	CROSS JOIN LATERAL jsonb_populate_record(NULL::tap_fast.t, h.r);

CREATE TABLE tap_fast.leaf (n serial, text text);
-- comparisons: two columns, a column and a constant, either first
INSERT INTO tap_fast.leaf (text)
	SELECT DISTINCT text FROM (
		SELECT unnest(ARRAY[format('%s %s %s', a, o, b), format('%s %s %s', b, o, a)]) AS text
		FROM unnest('{=,<>,<,<=,>,>=}'::text[]) AS o CROSS JOIN (VALUES
			('a2', 'b2'), ('a2', 'a4'), ('a2', 'a8'), ('a4', 'b4'), ('a4', 'a8'), ('a8', 'b8'), ('a2', 'a2'),
			('a2', '18'), ('a2', $$'-32768'::int2$$), ('a2', '32767'), ('a2', '32768'), ('a2', '2147483648'),
			('a4', '-2147483648'), ('a4', '2147483647'), ('a4', '18::int2'), ('a4', '-9223372036854775808'),
			('a8', '-9223372036854775808'), ('a8', '9223372036854775807'), ('a8', '0'), ('a8', '18::int2'),
			('g', 'b4'), ('g', '18'), ('z2', '1'),
			('d1', 'd2'), ('d1', $$'-infinity'$$), ('d1', $$'infinity'$$), ('d1', 'tip.today()'),
			('t1', 't2'), ('t1', $$'infinity'$$), ('p1', 'p2'), ('p1', $$'2020-02'$$),
			('f1', 'f2'), ('f1', 'true'), ('c1', 'c2'), ('c1', $$'labour'$$), ('v', $$'identified'$$),
			('u1', 'u2'), ('u1', $$'00000000-0000-0000-0000-000000000000'$$),
			('q', '0'), ('q', $$'NaN'$$), ('x', $$'TTD'$$), ('length(x)', '3'), ('length(x)', 'a4'),
			('tip.cardinality(s1)', '0'), ('tip.cardinality(s1)', '1'), ('tip.cardinality(s1)', '-1'),
			('tip.cardinality(s1)', '64'), ('tip.cardinality(s1)', '100'), ('tip.cardinality(s1)', '54'),
			('tip.cardinality(s1)', 'a4'), ('tip.cardinality(s1 - ''{sex}'')', '0'),
			('tip.cardinality(s1 - ''{sex,labour}'')', '2'), ('tip.cardinality(s1 - ''{unknown}'')', '0'),
			('tip.cardinality(''{sex,labour}'' - s1)', '1'), ('tip.cardinality(s1 & ''{sex,labour}'')', '0'),
			('tip.cardinality(s1 & ''{sex,labour}'')', '1'), ('tip.cardinality(''{sex,labour}'' & s1)', '2'),
			('tip.cardinality(s1 | s2)', '3'), ('tip.cardinality(s1 - s2)', '0'), ('tip.cardinality(s1 & s2)', '1'),
			('tip.days_between(p1, p2)', '90'), ('tip.earliest(p1)', 'd1'), ('tip.earliest(p1)', 'tip.latest(p2)'),
			('a2::int4', '18'), ('a2::int8', 'a4::int8'), ('a4::int8', '18'), ('cardinality(ks)', '1')
			) AS v(a, b)) AS x
	WHERE text !~ 'f1 (<|>)';
INSERT INTO tap_fast.leaf (text)
	SELECT format('%s IS DISTINCT FROM %s', a, b) FROM (VALUES
		('a2', 'b2'), ('a2', '18'), ('18', 'a4'), ('a2', 'a8'), ('c1', $$'sex'$$), ('c1', 'c2'), ('d1', 'd2'),
		('p1', 'p2'), ('x', $$'TTD'$$), ('u1', 'u2'), ('q', '0'), ('s1', 's2'), ('f1', 'f2'), ('length(x)', '3')) AS v(a, b);
INSERT INTO tap_fast.leaf (text)
	SELECT unnest(ARRAY[format('%s %s ANY (%s)', a, '=', l), format('%s %s ALL (%s)', a, '<>', l),
		format('%s %s ALL (%s)', a, '=', l), format('%s %s ANY (%s)', a, '<>', l), format('%s < ANY (%s)', a, l)])
	FROM (VALUES
		('a2', $$'{}'::int2[]$$), ('a2', $$'{18}'::int2[]$$), ('a2', $$'{18,NULL}'::int2[]$$), ('a2', $$'{NULL}'::int2[]$$),
		('a2', $$'{-32768,32767,0}'::int2[]$$), ('a4', $$'{1,18,2147483647}'::int4[]$$), ('a4', $$'{-1,0,1}'::int2[]$$),
		('a4', $$'{-2147483648,-2147483647}'$$), ('a8', $$'{9223372036854775807,9223372036854775806}'::int8[]$$),
		('a8', $$'{-9223372036854775808,9223372036854775807}'::int8[]$$), ('a8', $$'{9223372036854775807,NULL}'::int8[]$$),
		('a4', 'NULL::int4[]'), ('a4', 'i4'), ('c1', $$'{sex,labour,unknown}'$$), ('c1', $$'{}'$$), ('c1', $$'{organ,NULL}'$$),
		('v', $$'{identified}'$$), ('k', $$'{TT,VE,not_stated}'$$), ('k', 'ks'), ('d1', $$'{infinity,-infinity}'::date[]$$),
		('d1', $$'{2020-02-29,2020-03-01}'::date[]$$), ('x', $$'{TTD,NULL}'$$), ('u1', $$'{00000000-0000-0000-0000-000000000000}'$$),
		('p1', $$'{2020-02,2020}'$$)) AS v(a, l);
INSERT INTO tap_fast.leaf (text)
	SELECT unnest(ARRAY[format('%s %s %s', a, o, b), format('%s %s %s', b, o, a)])
	FROM unnest('{@>,<@,&&,=,<>}'::text[]) AS o CROSS JOIN (VALUES
		('s1', 's2'), ('s1', $$'{sex}'$$), ('s1', $$'{sex,labour}'$$), ('s1', $$'{}'$$), ('s1', $$'{unknown}'$$),
		('m', $$'{none_child}'$$)) AS v(a, b);
INSERT INTO tap_fast.leaf (text) VALUES
	('f1'), ('NOT f1'), ('true'), ('false'), ('NULL::bool'), ('s1 @> c1'), ($$s1 @> 'sex'::tip.exploitation_form$$),
	($$s1 @> 'unknown'::tip.exploitation_form$$), ($$c1 <@ s1$$), ($$c1 <@ '{sex,labour}'::tip.exploitation_form_set$$),
	('tip.is_missing(c1)'), ('tip.is_missing(s1)'), ('tip.is_missing(k)'), ('tip.is_mixed(ks)'), ('tip.is_unique(ks)'),
	('tip.certainly_before(p1, p2)'), ('tip.certainly_before(p1, p1)'), ('tip.certainly_before(d1, p1)'),
	('tip.certainly_before(p1, d1)'), ('tip.certainly_before(p1, tip.today())'), ('tip.certainly_before(tip.today(), p1)'),
	($$tip.certainly_before(p1, '2020-02-29'::date)$$), ($$tip.certainly_before('2020-02-29'::date, p1)$$),
	($$tip.certainly_before(p1, 'infinity'::date)$$), ($$tip.certainly_before('-infinity'::date, p1)$$),
	($$tip.certainly_before(p1, '2020-02'::tip.partial_date)$$), ($$tip.certainly_before('2020'::tip.partial_date, p1)$$),
	($$tip.certainly_before(d1, '2020-02'::tip.partial_date)$$),
	('tip.is_child(p1, p2)'), ('i4 && ARRAY[1]'), ('ks @> ''{XS}'''), ('ARRAY[a4, b4] && i4'),
	('nullif(f1, f2)'), ('(CASE a2 WHEN 18 THEN f1 WHEN 0 THEN true ELSE f2 END)'),
	('(CASE WHEN f1 THEN a2 < 18 WHEN a4 > 0 THEN f2 END)'), ('(CASE WHEN f1 IS NULL THEN NULL ELSE a2 = b2 END)'),
	('coalesce(f1, f2)'), ('coalesce(f1, a2 < 18, f2)'), ('coalesce(a2, b2) > 17'), ('coalesce(f1 AND f2, a2 < b2)'),
	('a2 IS NULL'), ('a2 IS NOT NULL'), ('s1 IS NULL'), ('x IS NULL'), ('(a2 < 18) IS NULL'), ('(f1 OR f2) IS NOT NULL'),
	('tip.earliest(p1) IS NULL'), ('a2 BETWEEN 0 AND 120'), ('a2 NOT BETWEEN 0 AND 120'), ('a2 BETWEEN 120 AND 0'),
	('(a2 IS NULL OR a2 BETWEEN 0 AND 120)'), ('(a2 IS NULL OR b2 IS NULL OR a2 <= b2)'), ('(a2 IS NULL OR a2 <= b2)'),
	('(a2 IS NOT NULL AND a2 > 17)'), ('(a2 IS NOT NULL AND b2 IS NOT NULL AND a2 < b2 AND f1)'),
	('(p1 IS NULL OR p2 IS NULL OR NOT tip.certainly_before(p1, p2))'),
	('(p1 IS NOT NULL AND p2 IS NOT NULL AND tip.certainly_before(p1, p2))'),
	('(x IS NULL OR length(x) = 3)'), ('(k IS NULL OR k = ANY (ks))'), ('(a4 IS NULL OR a4 = ANY (''{}''::int4[]))'),
	('(i4 IS NULL OR i4 && ARRAY[a4])'), ('(a8 IS NULL OR a8 = ANY (''{1,9223372036854775807}''::int8[]) OR f1)'),
	('(c1 IS NULL OR s1 IS NULL OR s1 @> c1)'), ('(a2 > 5 AND a2 < 121 AND b2 >= 0)');

-- what is made of a leaf; {b} is another leaf, {c} a third one
CREATE TABLE tap_fast.wrapper (n serial, text text);
INSERT INTO tap_fast.wrapper (text) VALUES
	('{a}'), ('NOT ({a})'), ('({a}) IS TRUE'), ('({a}) IS NOT TRUE'), ('({a}) IS FALSE'), ('({a}) IS NOT FALSE'),
	('({a}) IS UNKNOWN'), ('({a}) IS NOT UNKNOWN'), ('coalesce({a}, true)'), ('coalesce({a}, false)'),
	('({a}) AND ({b})'), ('({a}) OR ({b})'), ('NOT (({a}) AND ({b}))'), ('NOT (({a}) OR NOT ({b}))'),
	('(({a}) AND ({b})) IS UNKNOWN'), ('(({a}) OR ({b})) IS NOT UNKNOWN'), ('(({a}) AND ({b})) IS TRUE'),
	('coalesce(({a}) OR ({b}), {c})'), ('coalesce({a}, {b}, {c})'), ('CASE WHEN {a} THEN {b} ELSE {c} END'),
	('CASE WHEN {a} THEN {b} END IS NOT FALSE'), ('({a}) AND (({b}) IS TRUE OR NOT ({c}))'),
	('(({a}) OR ({b}) AND NOT ({c})) IS FALSE'), ('NOT (({a}) IS NOT TRUE) OR coalesce(({b}) AND ({c}), false)');
CREATE TABLE tap_fast.predicate (n serial, text text, null_passes bool);
INSERT INTO tap_fast.predicate (text, null_passes)
	SELECT l.text, l.n % 2 = 0 FROM tap_fast.leaf AS l;
INSERT INTO tap_fast.predicate (text, null_passes)
	SELECT replace(replace(replace(w.text, '{a}', a.text), '{b}', b.text), '{c}', c.text), random() < 0.5
	FROM (SELECT count(*)::int AS leaves FROM tap_fast.leaf) AS x
	CROSS JOIN tap_fast.leaf AS a
	JOIN tap_fast.wrapper AS w ON w.n > 1 AND (w.n + a.n) % 23 = 0
	JOIN tap_fast.leaf AS b ON b.n = 1 + (a.n * 131 + w.n * 17) % x.leaves
	JOIN tap_fast.leaf AS c ON c.n = 1 + (a.n * 37 + w.n * 101 + 50) % x.leaves;
SET session_replication_role = replica;
INSERT INTO tip.rule (id, entity, columns, severity, predicate, null_passes, message_en)
	SELECT 'F' || n, 'fast_' || n, '{}', 'error', text, null_passes, '' FROM tap_fast.predicate;
RESET session_replication_role;

CREATE TABLE tap_fast.compared (n int, is_total bool, wrong bigint, passed bigint, rows bigint, expressions int);
CREATE PROCEDURE tap_fast.compare(p tap_fast.predicate) LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl AS $$
BEGIN
	EXECUTE format('INSERT INTO tap_fast.compared
		SELECT %1$s, tip_impl.is_total(''tap_fast.t'', %2$L),
			count(*) FILTER (WHERE tip_impl.has_findings(t, %2$L) = ((%3$s) %4$s)),
			count(*) FILTER (WHERE (%3$s) %4$s), count(*),
			(SELECT q.expressions FROM tip_impl.quick_answer(''tap_fast.t'', %2$L) AS q)
		FROM tap_fast.t', p.n, 'fast_' || p.n, p.text, CASE WHEN p.null_passes THEN 'IS NOT FALSE' ELSE 'IS TRUE' END);
END $$;
DO $$
DECLARE
	p tap_fast.predicate;
BEGIN
	FOR p IN SELECT * FROM tap_fast.predicate ORDER BY n LOOP
		CALL tap_fast.compare(p);
	END LOOP;
END $$;
SELECT is_empty($$SELECT p.text, p.null_passes, c.* FROM tap_fast.compared AS c JOIN tap_fast.predicate AS p USING (n)
	WHERE c.wrong > 0 ORDER BY length(p.text) LIMIT 20$$, 'each predicate is answered as core answers it');
SELECT is_empty('SELECT p.text FROM tap_fast.compared AS c JOIN tap_fast.predicate AS p USING (n) WHERE NOT c.is_total',
	'each of them is total');
SELECT cmp_ok((SELECT count(*) FROM tap_fast.compared WHERE passed BETWEEN 1 AND rows - 1), '>', 1000::bigint,
	'most of them tell rows apart');
SELECT cmp_ok((SELECT count(*) FILTER (WHERE expressions > 0) * 5 FROM tap_fast.compared), '<',
	(SELECT count(*) FROM tap_fast.compared), 'few of them need the executor');

-- ---- all of them together, under conditions ----
SET session_replication_role = replica;
INSERT INTO tip_impl.rule_stage (entity, track, stage, condition) VALUES
	('together', 'victim', 'one', 'f1'), ('together', 'victim', 'two', 'NOT (f1 AND a2 > 17)'),
	('together', 'victim', 'three', 'coalesce(s1 @> ''{sex}'', f2)');
INSERT INTO tip.rule (id, entity, columns, severity, track, stage, predicate, null_passes, message_en)
	SELECT 'T' || p.n, 'together', '{}', CASE WHEN p.n % 3 = 0 THEN 'warning' ELSE 'error' END,
		CASE WHEN s.stage IS NOT NULL THEN 'victim' END, s.stage, format('(%s) IS NOT FALSE OR n %% 5 = 5', p.text), p.null_passes, ''
	FROM tap_fast.predicate AS p JOIN tap_fast.compared AS c USING (n)
	CROSS JOIN LATERAL (SELECT (ARRAY['one', 'two', 'three', NULL])[1 + p.n % 4] AS stage) AS s
	WHERE c.passed > c.rows * 0.97 AND p.text !~ '%';
UPDATE tip.rule SET predicate = replace(predicate, ' OR n % 5 = 5', '') WHERE entity = 'together';
RESET session_replication_role;
SELECT cmp_ok((SELECT count(*) FROM tip.rule WHERE entity = 'together'), '>', 100::bigint, 'many rules for one row');
SELECT is_empty($$SELECT t.n FROM tap_fast.t WHERE tip_impl.has_findings(t, 'together')
	IS DISTINCT FROM EXISTS (SELECT FROM tip_impl.findings_of(t, 'together'))$$, 'they are answered together as one by one');
SELECT is((SELECT count(DISTINCT tip_impl.has_findings(t, 'together')) FROM tap_fast.t AS t), 2::bigint, 'both ways');

-- ---- what has no quick answer ----
SET session_replication_role = replica;
INSERT INTO tip.rule (id, entity, columns, severity, predicate, null_passes, message_en) VALUES
	('GUARDED1', 'fast_guarded', '{}', 'error', 'f1 IS NULL OR f1', true, ''),
	('GUARDED2', 'fast_guarded', '{}', 'error', '1 / a2 IS NOT NULL', true, ''),
	('BROKEN1', 'fast_broken', '{}', 'error', 'f1 IS NULL OR f1', true, ''),
	('BROKEN2', 'fast_broken', '{}', 'error', 'no_such_column', true, ''),
	('NESTED', 'fast_nested', '{}', 'error', 'SELF', true, '');
WITH RECURSIVE nest(level, text) AS (
	SELECT 0, 'f1' UNION ALL
	SELECT level + 1, format('(CASE WHEN a4 = %s THEN f2 ELSE coalesce(%s AND f2, a2 < %s) END)', level, text, level)
	FROM nest WHERE level < 18)
UPDATE tip.rule SET predicate = (SELECT text FROM nest ORDER BY level DESC LIMIT 1) WHERE id = 'NESTED';
RESET session_replication_role;
SELECT ok(bool_and(tip_impl.has_findings(t, 'fast_guarded')), 'a guarded rule is always asked') FROM tap_fast.t AS t;
SELECT ok(bool_and(tip_impl.has_findings(t, 'fast_broken')), 'a broken rule is always reported') FROM tap_fast.t AS t;
SELECT results_eq($$SELECT DISTINCT outcome FROM tap_fast.t, tip_impl.findings_of_guarded(t, 'fast_guarded') WHERE a2 = 0$$,
	$$VALUES ('failed'), ('not_evaluable')$$, 'and says what it has to say');
SELECT is((SELECT tests FROM tip_impl.quick_answer('tap_fast.t', 'fast_nested')), NULL, 'a program that would be too large is not made');
SELECT is_empty($$SELECT t.n FROM tap_fast.t WHERE tip_impl.has_findings(t, 'fast_nested')
	IS DISTINCT FROM EXISTS (SELECT FROM tip_impl.findings_of(t, 'fast_nested'))$$, 'the answer is the same');

-- ---- the table changes ----
SET session_replication_role = replica;
INSERT INTO tip.rule (id, entity, columns, severity, predicate, null_passes, message_en)
VALUES ('CHANGES', 'fast_changes', '{}', 'error', 'z2 = 1', false, '');
RESET session_replication_role;
SELECT is((SELECT count(*) FROM tap_fast.t WHERE NOT tip_impl.has_findings(t, 'fast_changes')),
	(SELECT count(*) FROM tap_fast.t WHERE z2 = 1), 'a column at the end');
ALTER TABLE tap_fast.t ALTER COLUMN z2 TYPE int8 USING CASE z2 WHEN 1 THEN 65537 ELSE 1 END;
SELECT is((SELECT count(*) FROM tap_fast.t WHERE NOT tip_impl.has_findings(t, 'fast_changes')),
	(SELECT count(*) FROM tap_fast.t WHERE z2 = 1), 'of another type');
ALTER TABLE tap_fast.t DROP COLUMN z2;
ALTER TABLE tap_fast.t ADD COLUMN z2 int2 DEFAULT 1;
SELECT is((SELECT count(*) FROM tap_fast.t WHERE NOT tip_impl.has_findings(t, 'fast_changes')),
	(SELECT count(*) FROM tap_fast.t), 'and one that old rows do not have');

SELECT * FROM finish();
ROLLBACK;
