-- Policies, plans, the analyst's question, numbers known outside.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END $$;

-- ---- policies ----

SELECT set_eq($$SELECT id, method, audience, threshold, base FROM tip.policy
	WHERE NOT is_local$$, $$VALUES
	('public_exact', 'suppress', 'public', 5, NULL::int),
	('public_rounded', 'round', 'public', 5, 5),
	('observatory', 'round', 'observatory', 3, 3),
	('regional', 'suppress', 'regional', 5, NULL),
	('transmission', 'exact', 'transmission', 5, NULL),
	('microdata_k11', 'microdata', 'observatory', 11, NULL)$$, 'policies are shipped');
SELECT is_empty($$SELECT p.id FROM tip.policy AS p
	WHERE tip_impl.weaker_settings(p, p) <> '{}'$$, 'none is weaker than itself');
SELECT is(tip_impl.weaker_settings(jsonb_populate_record(p, w.change::jsonb), p),
	w.found::text[], w.change)
FROM tip.policy AS p, (VALUES
	('{"threshold": 4}', '{threshold}'), ('{"threshold": 6}', '{}'),
	('{"min_width": 1}', '{min_width}'), ('{"insiders": "none"}', '{insiders}'),
	('{"insiders": "pairs"}', '{}'), ('{"max_ways": 3}', '{max_ways}'),
	('{"max_ways": 1}', '{}'), ('{"min_totals": [0]}', '{min_totals}'),
	('{"min_totals": [10, 30]}', '{}'), ('{"sensitive": []}', '{sensitive}'),
	('{"periods": [3]}', '{}'), ('{"periods": [1, 2]}', '{periods}'),
	('{"history_depth": 3}', '{history_depth}'), ('{"show_bounds": true}', '{show_bounds}'),
	('{"reach_threshold": true}', '{}'), ('{"cost_leaf": 2}', '{}'),
	('{"method": "round", "base": 5}', '{method}')) AS w(change, found)
WHERE p.id = 'public_exact';
SELECT is(tip_impl.weaker_settings(jsonb_populate_record(p, '{"base": 3}'), p),
	'{base}', 'a smaller base') FROM tip.policy AS p WHERE p.id = 'public_rounded';

SELECT lives_ok($$SELECT tip.set_policy('tap_strict', '{"threshold": 10, "max_ways": 1}')$$,
	'a stricter policy');
SELECT is((SELECT (threshold, max_ways, periods, is_local)::text FROM tip.policy
	WHERE id = 'tap_strict'), '(10,1,"{1,3,5}",t)', 'begins as the shipped one');
SELECT throws_ok($$SELECT tip.set_policy('tap_lax', '{"threshold": 4}')$$, '42501',
	'policy "tap_lax" would be weaker than the shipped "public_exact"');
SELECT lives_ok($$SELECT tip.set_policy('tap_obs', '{"audience": "observatory"}')$$,
	'as strict as the public one, for fewer readers');
SELECT throws_ok($$SELECT tip.set_policy('tap_dp', '{"method": "dp"}')$$, '42501',
	'policy "tap_dp" would be weaker than the shipped "public_exact"');
SELECT throws_ok($$SELECT tip.set_policy('public_exact', '{"threshold": 9}')$$, '42501',
	'policy "public_exact" is shipped and stays as it is');
SELECT throws_ok($$SELECT tip.set_policy('x', '{"colour": 9}')$$, '42703');
SELECT throws_ok($$SELECT tip.set_policy('x', '{"is_local": false}')$$, '42703');
SELECT throws_ok($$SELECT tip.set_policy('x', '[]')$$, '22004');
SELECT throws_ok($$SELECT tip.set_policy(NULL, '{}')$$, '22004');
SELECT throws_ok(format($$SELECT tip.set_policy('x', '{"sensitive": %s}')$$, s), '22023',
	NULL, s)
FROM (VALUES ('[7]'), ('{"codes": {"sex": "male"}, "minimum": 3}'),
	('[{"codes": {"sex": 1}, "minimum": 3}]'),
	('[{"codes": {"sex": "male"}, "minimum": "many"}]'),
	('[{"codes": {"sex": "male"}, "minimum": 0}]'),
	('[{"codes": {}, "minimum": 3}]'), ('[{"minimum": 3}]')) AS v(s);
SELECT throws_ok($$SELECT tip.relax_policy('tap_lax', '{"threshold": 4}', ' ')$$, '22004',
	'a weaker policy needs a reason');
SELECT tip.relax_policy('tap_lax', '{"threshold": 4, "max_ways": 3}', 'act 12') AS seq \gset
SELECT is((SELECT (l.action, l.purpose, l.case_ref)::text FROM tip.ledger AS l
	WHERE l.seq = :seq), '(relax_policy,tap_lax,"act 12")', 'which goes to the ledger');
SELECT throws_ok($$SELECT tip.relax_policy('tap_lax2', '{"method": "magic"}', 'r')$$, '23514');

-- ---- plans ----

CREATE SCHEMA tap_p;
CREATE TABLE tap_p.person (id int, year int, sex text, age_status text, form text,
	country text);
INSERT INTO tap_p.person
SELECT i, 2010 + i % 3, (ARRAY['female', 'female', 'male'])[1 + i / 2 % 3],
	CASE WHEN i % 5 = 0 THEN 'minor' ELSE 'adult' END,
	(ARRAY['sexual', 'labour', NULL])[1 + i / 3 % 3],
	(ARRAY['TT', 'BB', 'VE', 'CO', 'TT', 'TT', 'VE'])[1 + i % 7]
FROM generate_series(1, 120) AS i;
CREATE FUNCTION pg_temp.plan(id text, policy text, years int, VARIADIC tables text[])
RETURNS void LANGUAGE sql AS $$
INSERT INTO tip.release_plan (id, title, measure, policy, years)
VALUES (id, 'for the test', 'tap_p', policy, years);
INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions)
SELECT id || '_' || o, id, o, 'for the test', t::text[]
FROM unnest(tables) WITH ORDINALITY AS u(t, o)
$$;
INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions, source,
	unit_column, unknown_with)
VALUES ('tap_p', 'invented persons', 'person', 'year', 'stated',
	'{sex,age_status,form,country}', 'SELECT * FROM %1$I.person', 'id', '{"form": "labour"}');

SELECT pg_temp.plan('tp_ways', 'public_exact', 1, '{sex,age_status,form}');
SELECT throws_ok($$SELECT tip.publish('tp_ways', 2010, 2010, 'tap_p')$$, '0A000',
	'table "tp_ways_1" has 3 dimensions, and policy "public_exact" allows 2');
SELECT pg_temp.plan('tp_twice', 'public_exact', 1, '{sex,sex}');
SELECT throws_ok($$SELECT tip.publish('tp_twice', 2010, 2010, 'tap_p')$$, '42701',
	'table "tp_twice_1" names a dimension twice');
SELECT pg_temp.plan('tp_other', 'public_exact', 1, '{hair}');
SELECT throws_ok($$SELECT tip.publish('tp_other', 2010, 2010, 'tap_p')$$, '42703');
SELECT pg_temp.plan('tp_long', 'public_exact', 2, '{sex}');
SELECT throws_ok($$SELECT tip.publish('tp_long', 2010, 2011, 'tap_p')$$, '0A000',
	'policy "public_exact" does not allow periods of 2 year(s)');
SELECT is(pg_temp.hint($$SELECT tip.publish('tp_long', 2010, 2011, 'tap_p')$$),
	'Lengths allowed: 1, 3, 5.', 'and says which');
SELECT throws_ok($$INSERT INTO tip.release_plan_table VALUES
	('tp_null', 'tp_long', 9, 't', '{sex,NULL}')$$, '23514');
SELECT pg_temp.plan('tp_exact', 'transmission', 1, '{sex}');
SELECT throws_ok($$SELECT tip.publish('tp_exact', 2010, 2010, 'tap_p')$$, '0A000',
	'policy "transmission" is for transmission and publishes nothing');
SELECT pg_temp.plan('tp_micro', 'microdata_k11', 1, '{}');
SELECT throws_ok($$SELECT tip.publish('tp_micro', 2010, 2010, 'tap_p')$$, '0A000',
	'policy "microdata_k11" is for rows, not for tables');
SELECT tip.relax_policy('tap_' || m, format('{"method": "%s"}', m)::jsonb, 'for the test'),
	pg_temp.plan('tp_' || m, 'tap_' || m, 1, '{sex}')
FROM unnest('{cellkey,dp,magnitude}'::text[]) AS m;
SELECT throws_ok(format('SELECT tip.preview(%L, 2010, 2010, ''tap_p'')', 'tp_' || m), '0A000',
	format('method "%s" of policy "tap_%s" is not implemented', m, m))
FROM unnest('{cellkey,dp,magnitude}'::text[]) AS m;

-- a measure that is no partition
INSERT INTO tap_p.person VALUES (1, 2011, 'female', 'adult', 'labour', 'TT');
SELECT pg_temp.plan('tp_part', 'public_exact', 1, '{sex}');
SELECT throws_ok($$SELECT tip.publish('tp_part', 2011, 2011, 'tap_p')$$, '0A000',
	'measure "tap_p" counts a unit more than once in a year');
SELECT lives_ok($$SELECT tip.preview('tp_part', 2010, 2010, 'tap_p')$$, 'in that year alone');
DELETE FROM tap_p.person WHERE id = 1 AND form = 'labour' AND year = 2011;
UPDATE tap_p.person SET id = NULL WHERE id = 3;
SELECT throws_ok($$SELECT tip.preview('tp_part', 2010, 2010, 'tap_p')$$, '0A000',
	'measure "tap_p" counts a unit more than once in a year');
UPDATE tap_p.person SET id = 3 WHERE id IS NULL;
UPDATE tip.measure SET is_additive = false WHERE id = 'tap_p';
SELECT throws_ok($$SELECT tip.publish('tp_part', 2010, 2010, 'tap_p')$$, '0A000',
	'measure "tap_p" is not additive');
SELECT alike(pg_temp.hint($$SELECT tip.publish('tp_part', 2010, 2010, 'tap_p')$$),
	'Count a derived scalar, such as main_form with mixed%', 'with the remedy');
UPDATE tip.measure SET is_additive = true WHERE id = 'tap_p';
UPDATE tap_p.person SET form = '_T' WHERE id = 5;
SELECT pg_temp.plan('tp_form', 'public_exact', 3, '{form}');
SELECT throws_ok($$SELECT tip.preview('tp_form', 2010, 2012, 'tap_p')$$, '22023',
	'measure has the code _T, which is the total');
UPDATE tap_p.person SET form = NULL WHERE id = 5;

-- too few units
INSERT INTO tap_p.person SELECT 1000 + i, 2001, 'female', 'adult', 'labour', 'TT'
FROM generate_series(1, 19) AS i;
SELECT pg_temp.plan('tp_two', 'public_exact', 1, '{sex}', '{sex,age_status}');
SELECT throws_ok($$SELECT tip.publish('tp_two', 2001, 2001, 'tap_p')$$, '55000',
	'the period has too few units for a table of 2 dimension(s)');
INSERT INTO tap_p.person VALUES (1020, 2001, 'female', 'adult', 'labour', 'TT');
SELECT lives_ok($$SELECT tip.preview('tp_two', 2001, 2001, 'tap_p')$$, 'one more is enough');

-- a sensitive combination raises the threshold of the cube
SELECT tip.set_policy('tap_sens', '{"sensitive": [
	{"codes": {"age_status": "minor", "form": "sexual", "citizenship": "*"}, "minimum": 10},
	{"codes": {"age_status": "minor", "citizenship": "*"}, "minimum": 10},
	{"codes": {"form": "sexual", "country": "*"}, "minimum": 12}]}');
SELECT pg_temp.plan('tp_sens', 'tap_sens', 3, '{form,country}');
SELECT pg_temp.plan('tp_not', 'tap_sens', 3, '{form}', '{country}');
SELECT is(tip_impl.plan_threshold(r.id, p), CASE r.id WHEN 'tp_sens' THEN 12 ELSE 5 END, r.id)
FROM tip.release_plan AS r JOIN tip.policy AS p ON p.id = r.policy
WHERE r.id IN ('tp_sens', 'tp_not');
SELECT is_empty($$SELECT * FROM tip.preview('tp_sens', 2010, 2012, 'tap_p')
	WHERE value BETWEEN 1 AND 11$$, 'no count below it is shown');
SELECT isnt_empty($$SELECT * FROM tip.preview('tp_not', 2010, 2012, 'tap_p')
	WHERE value BETWEEN 5 AND 40$$, 'elsewhere it stays');

-- the headline: 0, 1-4 or exact, where the total is all there is
INSERT INTO tap_p.person VALUES (2001, 1990, 'female', 'adult', 'labour', 'TT'),
	(2002, 1990, 'female', 'adult', 'labour', 'TT');
SELECT pg_temp.plan('tp_head', 'public_exact', 1, '{}');
SELECT results_eq(format($$SELECT codes, value, shown, obs_status, conf_status
	FROM tip.preview('tp_head', %s, %s, 'tap_p')$$, y, y),
	format($$VALUES ('{}'::text[], %s::int8, %L, %L, %L)$$, v, s, o, c), 'headline ' || y)
FROM (VALUES (1989, '0', '0', 'A', 'F'), (1990, 'NULL', '1-4', 'Q', 'C'),
	(2010, '40', '40', 'A', 'F')) AS h(y, v, s, o, c);
SELECT pg_temp.plan('tp_head_sex', 'public_exact', 1, '{}', '{sex}');
SELECT is((SELECT shown FROM tip.preview('tp_head_sex', 1990, 1990, 'tap_p')
	WHERE codes = '{}'), '*', 'beside other cells it has their mark');

-- unknown, merged with what the measure names
SELECT tip.set_policy('tap_merge', '{"unknown_rule": "merge"}');
SELECT pg_temp.plan('tp_merge', 'tap_merge', 3, '{form}', '{sex}');
SELECT set_eq($$SELECT codes[1], value FROM tip.preview('tp_merge', 2010, 2012, 'tap_p')
	WHERE table_name = 'tp_merge_1'$$,
	$$SELECT CASE WHEN form = 'sexual' THEN form ELSE 'labour_or_unknown' END, count(*)
	FROM tap_p.person WHERE year BETWEEN 2010 AND 2012 GROUP BY 1
	UNION ALL SELECT '_T', 120$$, 'unknown and labour are one category');
SELECT ok('{unknown}' IN (SELECT codes::text FROM tip.preview('tp_merge', 2010, 2012, 'tap_p')
	WHERE table_name = 'tp_merge_2'), 'where nothing is named it stays a row');

-- groups of codes
INSERT INTO tip.measure_hierarchy (measure, dimension, code, parent) VALUES
	('tap_p', 'country', 'TT', 'Caribbean'), ('tap_p', 'country', 'BB', 'Caribbean'),
	('tap_p', 'country', 'VE', 'South America'), ('tap_p', 'country', 'CO', 'South America'),
	('tap_p', 'country', 'South America', 'America'), ('tap_p', 'country', 'Caribbean', 'America'),
	('tap_p', 'country', 'JM', 'Caribbean');
SELECT pg_temp.plan('tp_tree', 'public_exact', 3, '{country}', '{sex}');
SELECT set_eq($$SELECT codes[1], value, is_total
	FROM tip.preview('tp_tree', 2010, 2012, 'tap_p') WHERE table_name = 'tp_tree_1'$$,
	$$SELECT country, count(*), false FROM tap_p.person WHERE year BETWEEN 2010 AND 2012 GROUP BY 1
	UNION ALL SELECT CASE WHEN country IN ('TT', 'BB') THEN 'Caribbean' ELSE 'South America' END,
		count(*), true FROM tap_p.person WHERE year BETWEEN 2010 AND 2012 GROUP BY 1
	UNION ALL VALUES ('_T', 120, true), ('America', 120, true), ('unknown', 0, false)$$,
	'each group is a margin');
INSERT INTO tap_p.person VALUES (3001, 2010, 'female', 'adult', 'labour', 'Caribbean');
SELECT throws_ok($$SELECT tip.preview('tp_tree', 2010, 2012, 'tap_p')$$, '22023',
	'a code of dimension "country" is a group and is counted as well');
DELETE FROM tap_p.person WHERE id = 3001;
INSERT INTO tip.measure_hierarchy (measure, dimension, code, parent)
VALUES ('tap_p', 'country', 'America', 'TT');
SELECT throws_ok($$SELECT tip.preview('tp_tree', 2010, 2012, 'tap_p')$$, '22023',
	'groups of dimension "country" are cyclic or too deep');
DELETE FROM tip.measure_hierarchy WHERE measure = 'tap_p' AND code = 'America';

-- ---- publish, ask, explain ----

SELECT pg_temp.plan('tp_main', 'public_exact', 3, '{country}', '{sex,year}', '{}');
SELECT tip.publish('tp_main', 2010, 2012, 'tap_p') AS main \gset
SELECT ok(tip.verify_release(:main), 'a release with groups can be verified');
SELECT throws_ok($$SELECT tip.publish('tp_main', 2010, 2012, 'tap_p')$$, '55000');
SELECT pg_temp.plan('tp_round', 'public_rounded', 1, '{}', '{sex,age_status}');
SELECT throws_ok($$SELECT tip.publish('tp_round', 1995, 1995, 'tap_p')$$, '55000',
	'measure "tap_p" is published with policy "public_exact"');

SELECT set_eq($$SELECT dims, is_total, value, method FROM
	tip.disaggregate('tap_p', '{sex}', '{"year": "2011"}', '2010-2012')$$,
	$$SELECT jsonb_build_object('sex', sex) AS d, sex = '_T' AS t, value, 'suppress' AS m
	FROM tip_public.tp_main_2 WHERE year = '2011'$$, 'a filter fixes a dimension');
SELECT set_eq($$SELECT dims, is_total, value FROM
	tip.disaggregate('tap_p', '{sex}', '{"year": "_T"}', '2010-2012')$$,
	$$SELECT jsonb_build_object('sex', sex) AS d, sex = '_T' AS t, value
	FROM tip_public.tp_main_2 WHERE year = '_T'$$, 'to the total, too');
SELECT results_eq($$SELECT dims, shown, conf_status FROM
	tip.disaggregate('tap_p', '{}', '{"year": "2012", "sex": "male"}', '2010-2012')$$,
	$$SELECT '{}'::jsonb AS d, shown, conf_status FROM tip_public.tp_main_2
	WHERE year = '2012' AND sex = 'male'$$, 'one that isolates a cell shows what is published');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap_p', '{}',
	'{"year": "2012", "sex": "Maria"}', '2010-2012')$$, '22023',
	'the table has no such code of dimension "sex"');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap_p', '{sex}',
	'{"form": "sexual"}', '2010-2012')$$, '0A000', NULL, 'a filter needs a table that has it');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap_p', '{sex,year}',
	'{"sex": "male"}', '2010-2012')$$, '42701', 'a dimension is named twice');
SELECT throws_ok(format($$SELECT * FROM tip.disaggregate('tap_p', '{sex}', %L, '2010-2012')$$, f),
	'22023', NULL, 'filter ' || f)
FROM unnest(ARRAY['[]', '7', '{"year": 2011}', '{"year": ["2011"]}', '{"year": null}']) AS f;
SELECT throws_ok(format($$SELECT * FROM tip.disaggregate('tap_p', '{sex}', period => %L)$$, f),
	'22023', NULL, 'period ' || coalesce(f, 'NULL'))
FROM unnest(ARRAY['', '20', '2012-2010', '2010-2012-2014', '2010 - 2012', NULL]) AS f;
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap_p', '{sex}', period => '2010',
	audience => 'transmission')$$, '22023');

SELECT is((SELECT (cells, zeros, hidden, value_shown, value_percent)::text
	FROM tip.explain_release(:main) WHERE table_name = 'tp_main_1' AND level = 0),
	'(1,0,0,120,100.0)', 'what a release shows');
SELECT set_eq($$SELECT level, dimension, cells, zeros + hidden <= cells AS fits
	FROM tip.explain_release((SELECT max(release) FROM tip.release))
	WHERE table_name = 'tp_main_2'$$,
	$$VALUES (0, NULL, 1::int8, true), (1, NULL, 6, true), (2, NULL, 9, true),
		(NULL, 'sex', 12, true), (NULL, 'year', 12, true)$$, 'by level and by dimension');

-- ---- numbers known outside ----

INSERT INTO tap_p.person SELECT 5000 + i, 1980, 'female', 'adult',
	CASE WHEN i <= 30 THEN 'a' WHEN i <= 33 THEN 'b' WHEN i <= 35 THEN 'c' ELSE 'd' END, 'TT'
FROM generate_series(1, 60) AS i;
INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions, source)
SELECT 'tap_k', title, unit, date_basis, age_basis, dimensions, source
FROM tip.measure WHERE id = 'tap_p';
SELECT pg_temp.plan('tp_known', 'public_exact', 1, '{form}');
UPDATE tip.release_plan SET measure = 'tap_k' WHERE id = 'tp_known';
SELECT set_eq($$SELECT codes[1] FROM tip.preview('tp_known', 1980, 1980, 'tap_p')
	WHERE shown = '*'$$, $$VALUES ('b'), ('c')$$, 'two small counts hide each other');
SAVEPOINT before_known;
SELECT tip.register_disclosure('a newspaper', 'tap_k', '1980', '{"form": "b"}', 3);
SELECT is((SELECT count(*) FROM tip.preview('tp_known', 1980, 1980, 'tap_p')
	WHERE shown = '*'), 3::bigint, 'one that is known hides nothing: another cell must');
SELECT ok('*' = (SELECT shown FROM tip.preview('tp_known', 1980, 1980, 'tap_p')
	WHERE codes = '{b}'), 'and it is not confirmed');
SELECT tip.publish('tp_known', 1980, 1980, 'tap_p') AS known \gset
SELECT is((SELECT body -> 'disclosures' -> 0 -> 'source' FROM tip.release_certificate
	WHERE release = :known), '"a newspaper"', 'the certificate names it');
SELECT ok(tip.recheck(:known, 'tap_p'), 'the release holds against it');
ROLLBACK TO before_known;
SELECT tip.register_disclosure('a newspaper', 'tap_k', '1980', '{"form": "b"}', 4);
SELECT is((SELECT count(*) FROM tip.preview('tp_known', 1980, 1980, 'tap_p')
	WHERE shown = '*'), 2::bigint, 'a wrong number misleads');
ROLLBACK TO before_known;
SELECT tip.publish('tp_known', 1980, 1980, 'tap_p') AS known \gset
SELECT ok(tip.recheck(:known, 'tap_p'), 'a release holds by itself');
SELECT tip.register_disclosure('a report', 'tap_k', '1980', '{"form": "d"}', 25);
SELECT ok(tip.recheck(:known, 'tap_p'), 'and against what it shows');
SELECT tip.register_disclosure('a newspaper', 'tap_k', '1980', '{"form": "b"}', 3);
SELECT ok(NOT tip.recheck(:known, 'tap_p'), 'not against one of two hidden counts');
DELETE FROM tap_p.person WHERE id = 5001;
SELECT throws_ok(format('SELECT tip.recheck(%s, ''tap_p'')', :known), '55000',
	'the records are not those that were published');
SELECT throws_ok('SELECT tip.recheck(0)', '42704');
SELECT throws_ok($$SELECT tip.register_disclosure('s', 'tap_k', '1980', '{"hair": "b"}', 3)$$, '42703');
SELECT throws_ok($$SELECT tip.register_disclosure('s', 'nothing', '1980', '{}', 3)$$, '42704');
SELECT throws_ok($$SELECT tip.register_disclosure('s', 'tap_k', '1980', '{}', -3)$$, '22004');
SELECT throws_ok($$SELECT tip.register_disclosure(' ', 'tap_k', '1980', '{}', 3)$$, '22004');
SELECT throws_ok($$SELECT tip.register_disclosure('s', 'tap_k', '1980', '[]', 3)$$, '22023');
SELECT throws_ok($$UPDATE tip.disclosure SET value = 1$$, '55000');
SELECT tip.register_disclosure('a report', 'tap_k', '1979-1980', '{}', 61);
SELECT is((SELECT array_agg(is_used) FROM tip_impl.plan_disclosures('tp_known', 1980, 1980)),
	'{t,t,f}', 'a number that covers other years too cannot be used');

-- ---- rights ----

CREATE ROLE tap_public;
CREATE ROLE tap_observer;
CREATE ROLE tap_publisher;
SELECT tip.create_model('tap_rights');
SELECT tip.grant_analyst('tap_public', 'public');
SELECT tip.grant_publisher('tap_publisher', 'tap_rights');
SELECT pg_temp.plan('tp_obs', 'tap_obs', 1, '{sex}');
SELECT tip.publish('tp_obs', 2001, 2001, 'tap_p') AS obs \gset
SELECT tip.grant_analyst('tap_observer');
SELECT throws_ok($$SELECT tip.grant_analyst('tap_observer', 'everybody')$$, '22023');
SET LOCAL ROLE tap_observer;
SELECT isnt_empty('SELECT * FROM tip_public.tp_obs_1', 'an observer reads what is for her');
SELECT isnt_empty($$SELECT * FROM tip.disaggregate('tap_p', '{sex}', period => '2001',
	audience => 'observatory')$$, 'by question as well');
SELECT throws_ok($$SELECT tip.publish('tp_obs', 2002, 2002, 'tap_p')$$, '42501');
SELECT throws_ok($$SELECT tip.explain_release(1) FROM tip.release_cell$$, '42501');
SET LOCAL ROLE tap_public;
SELECT throws_ok('SELECT * FROM tip_public.tp_obs_1', '42501');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap_p', '{sex}', period => '2001',
	audience => 'observatory')$$, '42501',
	'permission denied for releases of audience "observatory"');
SELECT throws_ok($$SELECT * FROM tip.disaggregate('tap_p', '{sex}', period => '2001')$$, '0A000');
SELECT is_empty(format('SELECT * FROM tip.published_cell WHERE release = %s', :obs),
	'nor does she find it elsewhere');
SELECT is_empty(format('SELECT * FROM tip.explain_release(%s)', :obs), 'nor its loss');
SET LOCAL ROLE tap_publisher;
SELECT lives_ok($$SELECT tip.preview('annual', 2020, 2020, 'tap_rights')$$, 'a publisher looks');
SELECT lives_ok($$SELECT tip.publish('annual', 2020, 2020, 'tap_rights')$$, 'and publishes');
SELECT lives_ok($$SELECT tip.set_policy('tap_mine', '{"threshold": 7}')$$, 'sets a stricter policy');
SELECT lives_ok($$SELECT pg_temp.plan('tp_mine', 'tap_mine', 1, '{sex}')$$, 'makes a plan');
SELECT throws_ok($$SELECT tip.relax_policy('tap_mine2', '{"threshold": 2}', 'r')$$, '42501');
SELECT throws_ok($$INSERT INTO tip.policy (id, title, threshold) VALUES ('x', 'x', 2)$$, '42501');
SELECT throws_ok($$UPDATE tip.policy SET threshold = 2$$, '42501');
SELECT throws_ok($$INSERT INTO tip.release_cell VALUES (1, 'x', '{}', false, 1, '1', 'A', 'F')$$, '42501');
SELECT throws_ok($$INSERT INTO tip.disclosure VALUES (9, 's', 'm', 1, 1, '{}', 1)$$, '42501');
SELECT throws_ok($$DELETE FROM tip.release_log$$, '42501');
SELECT throws_ok($$SELECT * FROM tap_rights.identity$$, '42501');
RESET ROLE;
SELECT throws_ok($$SELECT tip.set_policy('tap_mine', '{"threshold": 8}')$$, '55006',
	'a release plan uses policy "tap_mine"');

-- the view of a release made later is for those who were granted before
SELECT pg_temp.plan('tp_obs2', 'tap_obs', 1, '{country}');
DELETE FROM tip.measure_hierarchy WHERE measure = 'tap_p';
SELECT lives_ok($$SELECT tip.publish('tp_obs2', 1990, 1990, 'tap_p')$$, 'another release');
SET LOCAL ROLE tap_observer;
SELECT isnt_empty('SELECT * FROM tip_public.tp_obs2_1', 'which the observer reads at once');
RESET ROLE;

-- ---- bounds ----

SELECT tip.relax_policy('tap_bounds', '{"show_bounds": true}', 'for the test');
SELECT pg_temp.plan('tp_bounds', 'tap_bounds', 1, '{form}');
SELECT tip.publish('tp_bounds', 1980, 1980, 'tap_p') AS bounds \gset
SELECT results_eq('SELECT form, shown, low, high FROM tip_public.tp_bounds_1
	WHERE value IS NULL ORDER BY form',
	$$VALUES ('b', '*', 1::int8, 4::int8), ('c', '*', 1, 4)$$, 'bounds where the policy shows them');
SELECT is_empty('SELECT * FROM tip.published_cell WHERE low IS NOT NULL AND release <> '
	|| :bounds, 'and nowhere else');

-- ---- the rounded product ----

INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions, source)
SELECT 'tap_r', title, unit, date_basis, age_basis, dimensions, source
FROM tip.measure WHERE id = 'tap_p';
INSERT INTO tip.release_plan VALUES ('tp_rounded', 'for the test', 'tap_r', 'public_rounded', 1),
	('tp_rounded3', 'for the test', 'tap_r', 'public_rounded', 3),
	('tp_exact_too', 'for the test', 'tap_r', 'public_exact', 1);
INSERT INTO tip.release_plan_table VALUES ('tp_rounded_head', 'tp_rounded', 1, 't', '{}'),
	('tp_rounded_cube', 'tp_rounded', 2, 't', '{form,sex,age_status}'),
	('tp_rounded3_sex', 'tp_rounded3', 1, 't', '{sex}'),
	('tp_exact_sex', 'tp_exact_too', 1, 't', '{sex}');
SELECT tip.publish('tp_rounded', 2010, 2010, 'tap_p') AS rounded,
	tip.publish('tp_rounded', 1990, 1990, 'tap_p') AS tiny \gset
SELECT is_empty($$SELECT * FROM tip_public.tp_rounded_cube
	WHERE value IS NULL OR value % 5 <> 0 OR conf_status <> 'F'$$,
	'every cell is shown, a multiple of 5');
SELECT is((SELECT sum(value) FROM tip_public.tp_rounded_cube
	WHERE release = :rounded AND NOT is_total), (SELECT value::numeric
	FROM tip_public.tp_rounded_cube WHERE release = :rounded
	AND (form, sex, age_status) = ('_T', '_T', '_T')), 'they add up');
SELECT results_eq('SELECT first_year, value, shown FROM tip_public.tp_rounded_head ORDER BY 1',
	$$VALUES (1990, NULL::int8, '1-4'), (2010, 40, '40')$$, 'the headline is exact, or small');
SELECT ok(tip.verify_release(:rounded) AND tip.verify_release(:tiny), 'both are as certified');
SELECT is((SELECT min(method) FROM tip.disaggregate('tap_r', '{}', period => '2010')), 'round',
	'a question says how the answer was made');
SELECT throws_ok($$SELECT tip.publish('tp_rounded3', 2010, 2012, 'tap_p')$$, '55000', NULL,
	'rounded tables of overlapping periods');
SELECT throws_ok($$SELECT tip.publish('tp_exact_too', 2011, 2011, 'tap_p')$$, '55000',
	'measure "tap_r" is published with policy "public_rounded"');
SELECT throws_ok($$SELECT tip.revise('tp_rounded', 2010, 2010, 'tap_p')$$, '0A000');
SELECT throws_ok(format('SELECT tip.recheck(%s, ''tap_p'')', :rounded), '0A000');
UPDATE tip.policy SET sensitive = '[{"codes": {"age_status": "minor", "form": "*"}, "minimum": 10}]'
WHERE id = 'public_rounded';
SELECT throws_ok($$SELECT tip.preview('tp_rounded', 2011, 2011, 'tap_p')$$, '0A000', NULL,
	'a base below the minimum of a sensitive combination');

-- ---- transmission ----

SELECT throws_ok($$SELECT tip.transmit('annual', '2023', 'UNODC', 'act 1', 'tap_rights')$$, '0A000',
	'release plan "annual" is not for transmission');
SELECT throws_ok($$SELECT tip.transmit('us_tip', '2023', ' ', 'act 1', 'tap_rights')$$, '22004',
	'a transmission has a recipient and a legal basis');
SELECT throws_ok($$SELECT tip.transmit('us_tip', '2023', 'office', NULL, 'tap_rights')$$, '22004');
SELECT throws_ok($$SELECT tip.transmit('us_tip', '2149', 'office', 'act 1', 'tap_rights')$$, '55000',
	'period has not ended');
SELECT throws_ok($$SELECT tip.transmit('nothing', '2023', 'office', 'act 1')$$, '42704');
SELECT is_empty($$SELECT * FROM tip.ledger WHERE action = 'transmit'$$, 'nothing was transmitted');

SELECT * FROM finish();
ROLLBACK;
