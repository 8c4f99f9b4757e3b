-- Persons and records in several cells: every margin is count(DISTINCT), in
-- whatever way it was made; the state is of no use outside its transaction.
\set ON_ERROR_STOP on
BEGIN;
SET client_min_messages = warning;
SELECT setseed(0.2);
CREATE TABLE tap_seen AS
SELECT md5(p::text)::uuid AS victim, i::int8 AS id,
       (ARRAY['male', 'female', NULL])[1 + p % 3]::tip.sex AS sex,
       (ARRAY['sex', 'labour', 'other', 'unknown'])[1 + floor(4 * random() ^ 2)::int]::tip.exploitation_form AS form,
       (ARRAY['TT', 'BB', 'LC', 'AG', 'ZZ'])[1 + floor(5 * random() ^ 2)::int]::tip.country AS country,
       (1 + floor(5 * random()))::int AS year
FROM (SELECT i, floor(1500 * random() ^ 3)::int AS p FROM generate_series(1, 12000) AS i) AS x;
SELECT * FROM no_plan();

-- ---- margins are count(DISTINCT) ----
CREATE FUNCTION tap_text(anyelement, g int, which int) RETURNS text LANGUAGE sql AS
$$SELECT CASE WHEN g & which > 0 THEN '*' ELSE coalesce($1::text, 'not_recorded') END$$;
CREATE TEMP TABLE expected AS
SELECT ARRAY[tap_text(sex, g, 8), tap_text(form, g, 4), tap_text(country, g, 2), tap_text(year, g, 1)] AS codes,
       persons, records
FROM (SELECT sex, form, country, year, grouping(sex, form, country, year) AS g,
             count(DISTINCT victim) AS persons, count(*) AS records
      FROM tap_seen GROUP BY CUBE (sex, form, country, year)) AS c;
CREATE FUNCTION tap_count() RETURNS tip.tabulation LANGUAGE sql AS
$$SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, form, country, year), victim)) FROM tap_seen$$;
CREATE FUNCTION tap_margins(tip.tabulation) RETURNS TABLE (codes text[], n int8) LANGUAGE sql AS
$$SELECT tip.codes(cell, 4), n FROM tip.margins($1)$$;
SELECT bag_eq('SELECT * FROM tap_margins(tap_count())', 'SELECT codes, persons FROM expected',
	'every margin counts each person once');
SELECT is((SELECT max(n) FROM (SELECT count(DISTINCT (sex, form, country, year)) AS n
	FROM tap_seen GROUP BY victim) AS x) > 64, true, 'some are in more cells than are compared two by two');
SELECT bag_eq($$SELECT dimension, is_multi FROM tip.dimensions(tap_count())$$,
	$$VALUES (1, false), (2, true), (3, true), (4, true)$$, 'everybody has one sex, and the rest is multi');
SELECT is_empty($$SELECT m.codes FROM expected AS m JOIN expected AS c
	ON c.codes[1] = m.codes[1] AND c.codes[3:4] = m.codes[3:4] AND c.codes[2] <> '*' AND m.codes[2] = '*'
	JOIN tap_margins(tap_count()) AS mine ON mine.codes = m.codes
	JOIN tap_margins(tap_count()) AS theirs ON theirs.codes = c.codes
	GROUP BY m.codes, mine.n HAVING mine.n < max(theirs.n) OR mine.n > sum(theirs.n)$$,
	'a margin is at least the largest of its cells and at most their sum');

-- small random tables of every number of dimensions, beside plain SQL
CREATE TEMP TABLE tap_small (t int, victim uuid, a int, b int, c int, d int, e int);
INSERT INTO tap_small
SELECT t, md5(floor(random() * (3 + t))::text)::uuid, 1 + floor(random() * 2), 1 + floor(random() * 3),
       1 + floor(random() * 2), 1 + floor(random() * (1 + t % 3)), 1 + floor(random() * 2)
FROM generate_series(1, 60) AS t, generate_series(1, 40);
SELECT set_eq($$SELECT t.t, m.cell, m.n FROM (SELECT t, tip.count_persons(
		tip.tabulate_persons(tip.cell(a, b, c, d, e), victim)) AS counts FROM tap_small GROUP BY t) AS t,
		tip.margins(t.counts) AS m$$,
	$$SELECT t, format('(%s)', trim(TRAILING ',*' FROM concat_ws(',', coalesce(a::text, '*'), coalesce(b::text, '*'),
		coalesce(c::text, '*'), coalesce(d::text, '*'), coalesce(e::text, '*'))))::tip.cell, count(DISTINCT victim)
	FROM tap_small GROUP BY t, CUBE (a, b, c, d, e)$$, 'sixty small tables');

-- ---- one value, whatever way ----
CREATE TEMP TABLE serial AS SELECT tap_count() AS t;
SELECT ok((SELECT tip.count_persons(tip.merge(p)) FROM (SELECT tip.tabulate_persons(
	tip.cell(sex, form, country, year), victim) AS p FROM tap_seen GROUP BY year) AS y) = t,
	'parts of one transaction are merged, and who is in two counts once') FROM serial;
CREATE TABLE tap_parts (LIKE tap_seen) PARTITION BY LIST (year);
SELECT format('CREATE TABLE tap_part_%s PARTITION OF tap_parts FOR VALUES IN (%s)', y, y)
FROM generate_series(1, 5) AS y \gexec
INSERT INTO tap_parts SELECT * FROM tap_seen;
SET enable_partitionwise_aggregate = on;
SELECT ok((SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, form, country, year), victim))
	FROM tap_parts) = t, 'partitions') FROM serial;
SET max_parallel_workers_per_gather = 4;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE tap_seen SET (parallel_workers = 4);
CREATE TEMP TABLE plan (line text);
DO $$ DECLARE l text; BEGIN
	FOR l IN EXPLAIN SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, form, country, year), victim)) FROM tap_seen
	LOOP INSERT INTO plan VALUES (l); END LOOP; END $$;
SELECT ok(EXISTS (SELECT FROM plan WHERE line ~ 'Partial Aggregate'), 'it runs in parallel');
CREATE TEMP TABLE by_workers AS
SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, form, country, year), victim)) AS t FROM tap_seen;
SET parallel_leader_participation = off;
CREATE TEMP TABLE by_workers_alone AS
SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, form, country, year), victim)) AS t FROM tap_seen;
RESET parallel_leader_participation;
RESET max_parallel_workers_per_gather;
SELECT ok(w.t = s.t AND a.t = s.t, 'and makes the same') FROM by_workers AS w, by_workers_alone AS a, serial AS s;
SELECT ok(t::text::tip.tabulation = t, 'the counts go through text') FROM serial;
SET tip_module.tabulation_memory = '700kB';
SELECT ok((SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex, form, country, year), victim))
	FROM tap_seen, generate_series(1, 5)) = t, 'rows that say the same take no memory') FROM serial;
SET tip_module.tabulation_memory = '64kB';
SELECT throws_ok('SELECT tap_count()', '53400', NULL, 'no more memory than the setting allows');
RESET tip_module.tabulation_memory;

-- ---- who is counted ----
CREATE TEMP TABLE tap_known AS
SELECT p, md5(p::text)::uuid AS victim, CASE WHEN p > 3 THEN tip.pseudonymize('passport', p::text, 'police') END AS person,
       tip.pseudonymize('passport', p::text, 'ngo') AS other
FROM generate_series(1, 9) AS p;
CREATE FUNCTION tap_total(tip.person_tabulation) RETURNS int8 LANGUAGE sql AS
$$SELECT n FROM tip.margins(tip.count_persons($1)) WHERE level = 0$$;
SELECT is(tap_total(tip.tabulate_persons(tip.cell(f), person)), 6::int8, 'pseudonyms')
FROM tap_known, generate_series(1, 3) AS f WHERE person IS NOT NULL;
SELECT is(tap_total(tip.tabulate_persons(tip.cell(f), person, victim)), 9::int8, 'the unnamed by their id')
FROM tap_known, generate_series(1, 3) AS f;
SELECT is(tap_total(tip.tabulate_persons(tip.cell(f), person, victim ORDER BY p DESC)), 9::int8, 'in the other order')
FROM tap_known, generate_series(1, 3) AS f;
SELECT throws_ok('SELECT tip.tabulate_persons(tip.cell(1), person) FROM tap_known', '22004', NULL, 'nobody is left out unnoticed');
SELECT throws_ok('SELECT tip.tabulate_persons(tip.cell(1), NULL::uuid)', '22004', NULL, 'nor by id');
SELECT throws_ok('SELECT tip.tabulate_persons(tip.cell(1), NULL::tip.pseudonym, NULL::uuid)', '22004', NULL, 'nor by either');
SELECT throws_ok('SELECT tip.tabulate_records(tip.cell(1), NULL::int8)', '22004', NULL, 'nor a record');
SELECT throws_ok('SELECT tip.tabulate_records(tip.cell(1), NULL::uuid)', '22004', NULL, 'by whatever id');
SELECT throws_ok($$SELECT tip.tabulate_persons(tip.cell(1), CASE WHEN p < 5 THEN other ELSE person END) FROM tap_known$$,
	'22023', NULL, 'two domains would count one person twice');
SELECT throws_ok($$SELECT tip.merge(t) FROM (SELECT tip.tabulate_persons(tip.cell(1), other) AS t FROM tap_known
	UNION ALL SELECT tip.tabulate_persons(tip.cell(1), person) FROM tap_known WHERE p > 3) AS x$$, '22023', NULL, 'merged as well');
SELECT throws_ok($$SELECT tip.merge(t) FROM (SELECT tip.tabulate_persons(tip.cell(1), victim) AS t FROM tap_known
	UNION ALL SELECT tip.tabulate_records(tip.cell(1), victim) FROM tap_known) AS x$$, '22023', NULL, 'persons are no records');
SELECT throws_ok($$SELECT tip.tabulate_persons(CASE WHEN p < 5 THEN tip.cell(1) ELSE tip.cell(1, 1) END, victim) FROM tap_known$$,
	'22023', NULL, 'one shape');
SELECT is(tap_total(tip.tabulate_persons(CASE WHEN p > 4 THEN tip.cell(p) END, victim)), 5::int8, 'a NULL cell is no row') FROM tap_known;
SELECT is(tip.tabulate_persons(tip.cell(1), victim) IS NULL, true, 'no rows') FROM tap_known WHERE false;
SELECT is_empty($$SELECT tip.margins(tip.count_persons(tip.tabulate_persons(NULL, victim))) FROM tap_known$$, 'no cells');
-- a record in two cells counts once above them
SELECT set_eq($$SELECT tip.codes(cell, 1), n FROM tip.margins((SELECT tip.count_persons(tip.tabulate_records(tip.cell(f), id))
	FROM tap_seen, tip.each('{labour,sex}'::tip.exploitation_form_set) AS f))$$,
	$$VALUES ('{*}'::text[], 12000::int8), ('{sex}', 12000), ('{labour}', 12000)$$, 'records');
SELECT set_eq($$SELECT tip.codes(cell, 1), n FROM tip.margins((SELECT tip.count_persons(tip.tabulate_records(tip.cell(sex), victim)) FROM tap_seen))$$,
	$$SELECT codes[1:1], persons FROM expected WHERE codes[2:4] = '{*,*,*}'$$, 'records with an id of this kind');

-- ---- declared multi ----
CREATE TEMP TABLE declared AS
SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex), victim)) AS one,
       tip.count_persons(tip.tabulate_persons(tip.cell(sex), victim), '{1}') AS multi FROM tap_seen;
SELECT ok(tip.is_additive(one) AND NOT tip.is_additive(multi) AND one <> multi, 'one code each, unless it is declared') FROM declared;
SELECT set_eq('SELECT m.cell, m.n FROM declared, tip.margins(multi) AS m',
	'SELECT m.cell, m.n FROM declared, tip.margins(one) AS m', 'with the same margins');
SELECT throws_ok(format('SELECT tip.count_persons(tip.tabulate_persons(tip.cell(1), victim), %L) FROM tap_known', v), '22023', NULL, 'no such dimension: ' || v)
FROM unnest('{"{0}","{2}","{NULL}"}'::text[]) AS v;
SELECT throws_ok('SELECT multi + multi FROM declared', '0A000', NULL, 'not additive: +');
SELECT throws_ok('SELECT tip.merge(multi) FROM declared', '0A000', NULL, 'nor merge');

-- ---- it does not get out ----
CREATE TEMP TABLE kept AS SELECT tip.tabulate_persons(tip.cell(f), victim) AS t FROM tap_known, generate_series(1, 3) AS f;
SELECT is(tap_total(t), 9::int8, 'a table of the same transaction') FROM kept;
SELECT throws_ok(q, '0A000', NULL, q) FROM unnest(ARRAY['SELECT t::text FROM kept', 'SELECT format(''%s'', t) FROM kept',
	'SELECT to_json(t) FROM kept', 'SELECT record_send(k) FROM kept AS k', 'SELECT ''x''::tip.person_tabulation',
	'SELECT tip_impl.persons_send(t) FROM kept']) AS q;
SELECT throws_ok('SELECT min(t::bytea) FROM kept', '42846', NULL, 'no cast to bytes');
SELECT throws_ok('SELECT * FROM kept ORDER BY t', '42883', NULL, 'no order');
SELECT throws_ok('SELECT DISTINCT t FROM kept', '42883', NULL, 'no equality');
SELECT throws_ok('SELECT tip_impl.persons_add(NULL, tip.cell(1), victim) FROM tap_known', '22023', NULL, 'only in an aggregate');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE ('tip.person_tabulation'::regtype = p.prorettype OR 'tip.person_tabulation'::regtype = ANY (p.proargtypes))
	  AND p.proname !~ '^persons_(in|out|recv|send)$' AND p.proname NOT LIKE 'tap%'
	  AND has_function_privilege('public', p.oid, 'EXECUTE')$$, 'PUBLIC may do nothing with it');
SELECT bag_eq($$SELECT p.proname::text FROM pg_proc AS p WHERE p.prorettype = 'tip.person_tabulation'::regtype
	AND p.pronamespace = 'tip'::regnamespace AND p.prokind = 'a'$$,
	$$SELECT unnest('{tabulate_persons,tabulate_persons,tabulate_persons,tabulate_records,tabulate_records,merge}'::text[])$$, 'what makes one');
CREATE ROLE pgtap_tip_counter;
SELECT tip.grant_analyst('pgtap_tip_counter');
GRANT SELECT ON tap_seen TO pgtap_tip_counter;
GRANT CREATE ON SCHEMA public TO pgtap_tip_counter;
SET ROLE pgtap_tip_counter;
SELECT throws_ok('SELECT tip.tabulate_persons(tip.cell(sex), victim) FROM tap_seen', '42501', NULL, 'nor an analyst');
SELECT throws_ok($$CREATE AGGREGATE public.tap_mine(tip.cell, uuid) (SFUNC = tip_impl.persons_add, STYPE = tip.person_tabulation)$$,
	'42501', NULL, 'nor make an aggregate of her own');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
