-- Revisions and overlapping periods, attacked by listing every possibility.
BEGIN;
SELECT * FROM no_plan();

CREATE SCHEMA tap_history;
CREATE TABLE tap_history.person (year int, a text, b text);
INSERT INTO tip.measure VALUES ('tap_h', 'invented persons', 'person', 'year',
	'stated', '{a,b}', 'SELECT * FROM %1$I.person');
INSERT INTO tip.policy (id, title, threshold, min_totals)
VALUES ('tap_any', 'the public one for any total', 5, '{}');
INSERT INTO tip.release_plan VALUES
	('tap_year', 'one year', 'tap_h', 'tap_any', 1),
	('tap_pool', 'three years', 'tap_h', 'tap_any', 3);
INSERT INTO tip.release_plan_table VALUES
	('tap_h_both', 'tap_year', 1, 'both', '{a,b}'),
	('tap_h_pool', 'tap_pool', 1, 'pooled', '{a}');

-- fill(year, counts): two rows by two columns
CREATE FUNCTION pg_temp.fill(y int, counts int[]) RETURNS void
LANGUAGE sql AS $$
DELETE FROM tap_history.person WHERE year = y;
INSERT INTO tap_history.person
SELECT y, CASE WHEN i <= 2 THEN 'p' ELSE 'q' END,
	CASE WHEN i % 2 = 1 THEN 'r' ELSE 's' END
FROM unnest(counts) WITH ORDINALITY AS u(n, i), generate_series(1, n)
$$;
CREATE FUNCTION pg_temp.cells(r int, status text DEFAULT NULL)
RETURNS TABLE (codes text, shown text, obs_status text) LANGUAGE sql AS $$
SELECT array_to_string(c.codes, ','), c.shown, c.obs_status FROM tip.release_cell AS c
WHERE c.release = r AND (status IS NULL OR c.obs_status = status)
ORDER BY c.codes COLLATE "C"
$$;

-- a revision that nothing forbids: all is shown, the change is large everywhere
SELECT pg_temp.fill(2001, '{20,30,40,50}');
SELECT tip.publish('tap_year', 2001, 2001, 'tap_history') AS first \gset
SELECT throws_ok($$SELECT tip.publish('tap_year', 2001, 2001, 'tap_history')$$,
	'55000', NULL, 'a period is published once');
SELECT throws_ok($$SELECT tip.revise('tap_year', 2001, 2001, 'tap_history')$$,
	'55000', NULL, 'and revised when something has changed');
SELECT throws_ok($$SELECT tip.revise('tap_year', 2002, 2002, 'tap_history')$$,
	'55000', 'there is no release to revise');
SELECT pg_temp.fill(2001, '{27,38,40,50}');
SELECT tip.revise('tap_year', 2001, 2001, 'tap_history') AS second \gset
SELECT results_eq(format('SELECT * FROM pg_temp.cells(%s) WHERE codes !~ ''unknown''', :second), $$VALUES
	('_T,_T', '155', 'A'), ('_T,r', '67', 'A'), ('_T,s', '88', 'A'),
	('p,_T', '65', 'A'), ('p,r', '27', 'A'), ('p,s', '38', 'A'),
	('q,_T', '90', 'A'), ('q,r', '40', 'A'), ('q,s', '50', 'A')$$,
	'changes of 7 and 8 are seen');
SELECT ok(tip.verify_release(:second), 'and the revision is as it was certified');
SELECT results_eq(format('SELECT earlier, relation FROM tip.release_link WHERE release = %s', :second),
	format($$VALUES (%s, 'revises')$$, :first), 'it names what it revises');

-- one more person: nothing is seen of her
INSERT INTO tap_history.person VALUES (2001, 'q', 's');
SELECT tip.revise('tap_year', 2001, 2001, 'tap_history') AS third \gset
SELECT results_eq(format('SELECT codes, shown FROM pg_temp.cells(%s, ''P'')', :third),
	format('SELECT codes, shown FROM pg_temp.cells(%s)', :second),
	'one new case changes no cell');
SELECT ok(tip.verify_release(:third), 'which is verified');
SELECT is((SELECT detail FROM tip.verify_release_report(:third) WHERE test ~ '^a pending'),
	'16 pending', 'and said');

-- what is pending is shown when enough has changed since every version
SELECT pg_temp.fill(2001, '{27,38,52,63}');
SELECT tip.revise('tap_year', 2001, 2001, 'tap_history') AS fourth \gset
SELECT is_empty(format('SELECT * FROM pg_temp.cells(%s, ''P'')', :fourth), 'then nothing is pending');

-- a new category waits until it is large; a hidden cell stays hidden
SELECT pg_temp.fill(2002, '{2,30,40,50}');
SELECT tip.publish('tap_year', 2002, 2002, 'tap_history') AS hid \gset
SELECT pg_temp.fill(2002, '{20,50,60,70}');
INSERT INTO tap_history.person VALUES (2002, 'new', 's');
SELECT tip.revise('tap_year', 2002, 2002, 'tap_history') AS rev \gset
SELECT set_eq(format('SELECT codes FROM pg_temp.cells(%s, ''Q'')', :hid),
	format('SELECT codes FROM pg_temp.cells(%s, ''Q'')', :rev), 'the same cells are hidden');
SELECT is_empty(format('SELECT * FROM pg_temp.cells(%s) WHERE codes ~ ''new''', :rev),
	'a new small category is not named');
SELECT ok(tip.verify_release(:rev), 'the revision is verified');

-- Both releases together: every table of persons before (x) and after (y) that
-- fits what is published is listed.  The attacker may know that persons only
-- came and none went, and be one of the new ones.
CREATE FUNCTION pg_temp.sums(c int[]) RETURNS int[] LANGUAGE sql IMMUTABLE AS $$
SELECT ARRAY[c[1], c[2], c[3], c[4], c[1] + c[2], c[3] + c[4], c[1] + c[3],
	c[2] + c[4], c[1] + c[2] + c[3] + c[4]]
$$;
-- what a release says of the nine cells: NULL is not said, -1 is hidden
CREATE FUNCTION pg_temp.said(r int) RETURNS int[] LANGUAGE sql AS $$
SELECT array_agg(CASE c.obs_status WHEN 'A' THEN c.value WHEN 'Q' THEN -1 END::int ORDER BY k.i)
FROM unnest('{p;r,p;s,q;r,q;s,p;_T,q;_T,_T;r,_T;s,_T;_T}'::text[]) WITH ORDINALITY AS k(code, i)
LEFT JOIN tip.release_cell AS c ON c.release = r AND c.codes = string_to_array(k.code, ';')
$$;
-- Tables near the true one: what is not determined among them is not at all.
CREATE FUNCTION pg_temp.every(said int[], truth int[], lowest int) RETURNS SETOF int[]
LANGUAGE sql AS $$
WITH own AS (
	SELECT i, generate_series(greatest(lowest, truth[i] - 4), truth[i] + 4) AS n
	FROM generate_series(1, 4) AS i
), may AS MATERIALIZED (
	SELECT i, n FROM own WHERE said[i] IS NULL OR said[i] IN (-1, n)
), near AS (
	SELECT pg_temp.sums(ARRAY[a.n, b.n, c.n, d.n]) AS c
	FROM may AS a, may AS b, may AS c, may AS d
	WHERE a.i = 1 AND b.i = 2 AND c.i = 3 AND d.i = 4
	  AND coalesce(said[5] IN (-1, a.n + b.n), true) AND coalesce(said[6] IN (-1, c.n + d.n), true)
	  AND coalesce(said[7] IN (-1, a.n + c.n), true) AND coalesce(said[8] IN (-1, b.n + d.n), true)
	  AND coalesce(said[9] IN (-1, a.n + b.n + c.n + d.n), true)
)
SELECT c FROM near
$$;
-- how many small counts, of those before, after, and between, are determined
CREATE FUNCTION pg_temp.determined(r1 int, r2 int, x int[], y int[]) RETURNS bigint
LANGUAGE sql AS $$
WITH was AS MATERIALIZED (
	SELECT e AS c FROM pg_temp.every(pg_temp.said(r1), x,
		CASE WHEN 0 = ANY (x) THEN 0 ELSE 1 END) AS e
), now_is AS MATERIALIZED (
	SELECT e AS c FROM pg_temp.every(pg_temp.said(r2), y, 0) AS e
), truth AS (
	SELECT pg_temp.sums(x) AS x, pg_temp.sums(y) AS y
), pair AS MATERIALIZED (
	SELECT w.c AS x, n.c AS y
	FROM was AS w JOIN now_is AS n ON n.c[1] >= w.c[1] AND n.c[2] >= w.c[2]
		AND n.c[3] >= w.c[3] AND n.c[4] >= w.c[4]
), world AS (
	SELECT 0 AS insider, x, y FROM pair
	UNION ALL
	SELECT i, p.x, p.y FROM pair AS p, truth AS t, generate_series(1, 4) AS i
	WHERE t.y[i] - t.x[i] = 1 AND p.y[i] - p.x[i] = 1
), spread AS (
	SELECT w.insider, k.i, min(w.x[k.i]) AS x0, max(w.x[k.i]) AS x1, min(w.y[k.i]) AS y0,
		max(w.y[k.i]) AS y1, min(w.y[k.i] - w.x[k.i]) AS d0, max(w.y[k.i] - w.x[k.i]) AS d1
	FROM world AS w, generate_series(1, 8) AS k(i) GROUP BY w.insider, k.i
)
-- what an insider learns of the cells where there is nobody but her is no news
SELECT count(*) FILTER (WHERE t.x[i] BETWEEN 1 AND 4 AND x0 = x1)
	+ count(*) FILTER (WHERE t.y[i] BETWEEN 1 AND 4 AND y0 = y1 AND NOT (hers AND t.y[i] = 1))
	+ count(*) FILTER (WHERE t.y[i] - t.x[i] BETWEEN 1 AND 4 AND d0 = d1
		AND NOT (hers AND t.y[i] - t.x[i] = 1))
	+ CASE WHEN count(*) FILTER (WHERE insider = 0) = 8 THEN 0 ELSE 1000 END
FROM truth AS t, spread, LATERAL (SELECT i = insider OR insider = ANY (CASE i WHEN 5 THEN '{1,2}'
	WHEN 6 THEN '{3,4}' WHEN 7 THEN '{1,3}' WHEN 8 THEN '{2,4}' END::int[]) AS hers) AS h
$$;

CREATE TEMP TABLE batch AS
SELECT s, ARRAY[h[0] % 12, h[1] % 12, h[2] % 12, h[3] % 12] AS x,
	ARRAY[h[4] % 9, h[5] % 4 * (h[6] % 3), h[7] % 3, h[8] % 13 * (h[9] % 2)] AS d,
	NULL::int AS r1, NULL::int AS r2
FROM generate_series(1, 40) AS s, LATERAL (
	SELECT array_agg(get_byte(sha256(('batch ' || s)::bytea), i) ORDER BY i) AS b
	FROM generate_series(0, 9) AS i) AS t,
	LATERAL (SELECT ('[0:9]=' || b::text)::int[] AS h) AS u;
CREATE FUNCTION pg_temp.add(a int[], b int[]) RETURNS int[] LANGUAGE sql IMMUTABLE AS $$
SELECT array_agg(u.a + u.b ORDER BY u.i) FROM unnest(a, b) WITH ORDINALITY AS u(a, b, i)
$$;
CREATE FUNCTION pg_temp.two_releases() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	t	batch;
BEGIN
	DELETE FROM batch WHERE d = '{0,0,0,0}';
	FOR t IN SELECT * FROM batch ORDER BY s LOOP
		PERFORM pg_temp.fill(1910 + t.s, t.x);
		UPDATE batch SET r1 = tip.publish('tap_year', 1910 + t.s, NULL, 'tap_history')
		WHERE s = t.s;
		PERFORM pg_temp.fill(1910 + t.s, pg_temp.add(t.x, t.d));
		UPDATE batch SET r2 = tip.revise('tap_year', 1910 + t.s, NULL, 'tap_history')
		WHERE s = t.s;
	END LOOP;
END $$;
SELECT pg_temp.two_releases();
SELECT cmp_ok((SELECT count(*) FROM batch WHERE 'A' = ANY (SELECT obs_status FROM tip.release_cell
	WHERE release = r2 AND value > 0)), '>', 5::bigint, 'some batches are seen');
SELECT cmp_ok((SELECT count(DISTINCT r2) FROM batch JOIN tip.release_cell AS c ON c.release = r2
	WHERE c.obs_status = 'P' AND 'A' = ANY (SELECT obs_status FROM tip.release_cell
	WHERE release = r2 AND value > 0)), '>', 2::bigint, 'some in part');
SELECT is_empty($$SELECT s, x, d, n
	FROM batch, pg_temp.determined(r1, r2, x, pg_temp.add(x, d)) AS n WHERE n <> 0$$,
	'two releases together determine no small count, before, after or between');
SELECT is_empty('SELECT s FROM batch WHERE NOT tip.verify_release(r2)', 'all revisions are verified');

-- The same tables without holding back: the attack finds persons.
CREATE FUNCTION pg_temp.naive() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	t		batch;
	second	int;
	found	bigint := 0;
BEGIN
	FOR t IN SELECT * FROM batch WHERE s <= 20 ORDER BY s LOOP
		PERFORM pg_temp.fill(1960 + t.s, pg_temp.add(t.x, t.d));
		second := tip.publish('tap_year', 1960 + t.s, NULL, 'tap_history');
		found := found + pg_temp.determined(t.r1, second, t.x, pg_temp.add(t.x, t.d));
	END LOOP;
	RETURN found;
END $$;
SELECT cmp_ok(pg_temp.naive(), '>', 5::bigint, 'each release safe by itself is not enough');

-- A pool of years after the years, a year after its pool.
SELECT pg_temp.fill(y, c) FROM (VALUES (1990, '{20,30,40,50}'::int[]), (1991, '{20,30,40,5}'),
	(1992, '{2,9,8,11}'), (1993, '{2,9,8,11}'), (1994, '{1,3,8,9}'), (1995, '{6,3,8,1}')) AS v(y, c);
SELECT tip.publish('tap_year', y, NULL, 'tap_history') FROM generate_series(1990, 1992) AS y;
SELECT tip.publish('tap_pool', 1990, 1992, 'tap_history') AS pool \gset
SELECT set_eq(format('SELECT codes, shown FROM pg_temp.cells(%s)', :pool), $$VALUES
	('_T', '265'), ('p', '111'), ('q', '154'), ('unknown', '0')$$, 'three years after each of them');
SELECT results_eq(format('SELECT relation, count(*) FROM tip.release_link
	WHERE release = %s GROUP BY 1', :pool), $$VALUES ('beside', 3::bigint)$$, 'names all three');
SELECT tip.publish('tap_pool', 1993, 1995, 'tap_history') AS before \gset
SELECT tip.publish('tap_year', 1994, NULL, 'tap_history') AS inside \gset
-- two of the three years and the pool give away the third
SELECT tip.publish('tap_year', 1995, NULL, 'tap_history') AS tied \gset
SELECT set_eq(format('SELECT earlier FROM tip.release_link WHERE release = %s', :tied),
	format('VALUES (%s), (%s)', :before, :inside), 'a pool ties its years together');
SELECT ok(tip.verify_release(:tied), 'and they agree');
SELECT ok(tip.verify_release(:pool) AND tip.verify_release(:inside),
	'both agree with the earlier ones, by addition');
SELECT throws_ok($$SELECT tip.publish('tap_pool', 1991, 1993, 'tap_history')$$, '55000',
	format('years 1991 to 1993 cross those of release %s, 1990 to 1992', :pool), 'periods do not cross');
SELECT throws_ok($$SELECT tip.preview('tap_pool', 1991, 1993, 'tap_history')$$, '55000', NULL,
	'not even in a preview');
DELETE FROM tap_history.person WHERE ctid = (SELECT min(ctid) FROM tap_history.person WHERE year = 1994);
SELECT throws_ok($$SELECT tip.publish('tap_year', 1993, NULL, 'tap_history')$$, '55000',
	format('records have changed since release %s', :before), 'nor are changes published through another plan');
UPDATE tip.release_plan SET years = 2 WHERE id = 'tap_pool';
INSERT INTO tip.release_plan_table VALUES ('tap_h_more', 'tap_year', 2, 'more', '{b}');
SELECT throws_ok($$SELECT tip.revise('tap_year', 1994, NULL, 'tap_history')$$, '55000',
	format('plan has changed since release %s', :inside), 'a revision has the tables of what it revises');
DELETE FROM tip.release_plan_table WHERE name = 'tap_h_more';

-- Hands of others.
ALTER TABLE tip.release_certificate DISABLE TRIGGER frozen;
CREATE FUNCTION pg_temp.failed(body jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
	UPDATE tip.release_certificate AS c SET body = failed.body
	WHERE release = (SELECT max(release) FROM tip.release_certificate);
	RETURN ARRAY(SELECT test FROM tip.verify_release_report(
		(SELECT max(release) FROM tip.release_certificate)) WHERE NOT passed ORDER BY 1);
END $$;
SELECT body AS good FROM tip.release_certificate WHERE release = :tied \gset
SELECT is(pg_temp.failed(:'good'), '{}', 'the certificate as it was made');
SELECT ok('each witness adds up to every published number' = ANY (pg_temp.failed(jsonb_set(:'good',
	'{witnesses,0,0,n}', '77'))), 'a witness that does not add up');
SELECT ok('the two witnesses of a cell differ there' = ANY (pg_temp.failed(jsonb_set(:'good',
	'{targets,0,low}', :'good'::jsonb #> '{targets,0,high}'))), 'one witness twice');
SELECT ok('each hidden cell has two witnesses' = ANY (pg_temp.failed(jsonb_set(:'good',
	'{targets}', '[]'))), 'no targets');
SELECT ok('the two witnesses of a cell differ there' = ANY (pg_temp.failed(jsonb_set(:'good',
	'{witnesses}', '[]'))), 'no witnesses');
SELECT ok('certificate names the earlier releases' = ANY (pg_temp.failed(jsonb_set(:'good',
	'{earlier}', '[]'))), 'an earlier release left out');
SELECT is(pg_temp.failed(:'good'), '{}', 'and back');

-- The sealed counts open for their release only, and for nobody who asks.
SELECT throws_ok($$SELECT tip_impl.open_release(s.sealed, s.release + 1, r.certificate_digest)
	FROM tip.release_secret AS s JOIN tip.release AS r USING (release)$$, '22023',
	'sealed counts do not open with this release');
SELECT throws_ok($$SELECT tip_impl.open_release('\x00', 1, '')$$, 'XX001',
	'sealed counts of a release are malformed');
SELECT throws_ok($$SELECT tip_impl.open_release(decode(repeat('01', 19 + 4096), 'hex'), 1, '')$$,
	NULL, NULL, 'nor do any others');
SELECT is((SELECT count(DISTINCT length(sealed)) FROM tip.release_secret), 1::bigint,
	'their length tells nothing');
SELECT throws_ok('UPDATE tip.release_secret SET sealed = sealed', '55000', 'a release cannot be changed');
CREATE ROLE tap_history_analyst;
SELECT tip.grant_analyst('tap_history_analyst');
SELECT ok(NOT has_any_column_privilege('tap_history_analyst', 'tip.release_secret', 'SELECT'),
	'an analyst does not read them');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE pronamespace = 'tip_impl'::regnamespace AND proname IN ('open_release', 'seal_release',
	'open_base', 'keep_history', 'held_back', 'add_earlier', 'check_changed', 'release_dimensions',
	'freeze_publication', 'freeze_revision', 'freeze_release', 'judge_counts', 'log_look')
	AND has_function_privilege('public', oid, 'EXECUTE')$$, 'nor open them');

-- The digest is public: it must not be what anybody can compute from a guess.
SELECT is_empty($$SELECT release FROM tip.release_certificate
	WHERE length(body ->> 'nonce') < 72 OR NOT body ? 'nonce'$$, 'each certificate has chance in it');
SELECT is((SELECT count(DISTINCT body ->> 'nonce') FROM tip.release_certificate),
	(SELECT count(*) FROM tip.release), 'its own');

-- Somebody else's view does not become ours.
CREATE ROLE tap_history_forger;
INSERT INTO tip.release_plan (id, title, measure, policy, years)
	SELECT 'tap_forged', title, measure, policy, years FROM tip.release_plan WHERE id = 'tap_year';
INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions)
	VALUES ('tap_h_forged', 'tap_forged', 1, 'both', '{a,b}');
CREATE VIEW tip_public.tap_h_forged AS SELECT * FROM tip_public.tap_h_both;
ALTER VIEW tip_public.tap_h_forged OWNER TO tap_history_forger;
SELECT pg_temp.fill(2009, '{20,30,40,50}');
SELECT throws_ok($$SELECT tip.publish('tap_forged', 2009, 2009, 'tap_history')$$, '42501',
	'view "tap_h_forged" belongs to somebody else');
DROP VIEW tip_public.tap_h_forged;

-- Whoever publishes may revise, and opens no count of an earlier release.
CREATE ROLE tap_history_publisher;
SELECT tip.create_model('tap_history_model');
SELECT tip.grant_publisher('tap_history_publisher', 'tap_history_model');
GRANT USAGE ON SCHEMA tap_history TO tap_history_publisher;
GRANT SELECT ON tap_history.person TO tap_history_publisher;
SELECT pg_temp.fill(2010, '{20,30,40,50}');
SET LOCAL ROLE tap_history_publisher;
SELECT isnt(tip.publish('tap_year', 2010, NULL, 'tap_history'), NULL, 'a publisher publishes');
RESET ROLE;
INSERT INTO tap_history.person VALUES (2010, 'p', 'r');
SET LOCAL ROLE tap_history_publisher;
SELECT isnt(tip.revise('tap_year', 2010, NULL, 'tap_history'), NULL, 'and revises');
SELECT ok(tip.verify_release((SELECT max(release) FROM tip.release)), 'and verifies');
SELECT is((SELECT string_agg(DISTINCT obs_status, '') FROM tip_public.tap_h_both
	WHERE first_year = 2010 AND release = (SELECT max(release) FROM tip.release)), 'P', 'as the owner does');
SELECT throws_ok('SELECT tip_impl.open_base(1)', '42501', NULL, 'but opens nothing');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE pronamespace = 'tip_impl'::regnamespace AND proname IN ('freeze_release', 'keep_history',
	'log_release', 'round_plan', 'round_cells', 'round_counts', 'seal_release', 'held_back',
	'check_changed', 'add_earlier', 'store_policy') AND has_function_privilege(oid, 'EXECUTE')$$,
	'nor stores cells, history or a log of her own making, nor has counts rounded');
SELECT throws_ok($$SELECT tip_impl.log_look('publish', 'tap_year', 2010, 2010, 1)$$, '42501',
	'only looks are logged this way');
SELECT throws_ok($$SELECT tip_impl.freeze_publication('tap_year', 2011, 2011, counts) FROM (VALUES
	(NULL::jsonb), ('{}'), ('{"dims": [], "root_first": 2011, "root_last": 2011, "cells": []}')) AS c(counts)$$,
	'40001', 'what is public has changed meanwhile', 'counts that nobody asked for are refused');
SELECT throws_ok(format($$SELECT tip_impl.freeze_publication('tap_year', 2011, 2011,
	jsonb_build_object('dims', f.dims, 'root_first', 2011, 'root_last', 2011, 'cells', %L::jsonb))
	FROM tip_impl.problem_frame('tap_year', 2011, 2011, false) AS f$$, c.cells), '22023',
	'counts of a measure are malformed', 'such as ' || c.cells)
FROM (VALUES ('7'), ('[7]'), ('[{"codes": [], "n": 9}]'), ('[{"codes": ["a", "_T"], "n": 9}]'),
	('[{"codes": ["p", null], "n": 9}]'), ('[{"codes": ["p", "r"], "n": -9}]'), ('[{"codes": ["p", "r"]}]'),
	('[{"codes": ["p", "r"], "n": 9}, {"codes": ["p", "r"], "n": 9}]')) AS c(cells);
SELECT throws_ok($$INSERT INTO tip.release_plan (id, title, measure, policy, years, is_local)
	SELECT 'tap_shipped', title, measure, policy, years, false FROM tip.release_plan LIMIT 1$$, '42501',
	NULL, 'nor is a plan of hers a shipped one');
RESET ROLE;

-- A number that others tell between two releases is named by the second.
SELECT tip.register_disclosure('ministry', 'tap_h', '2010', '{"a": "p"}', 60);
INSERT INTO tap_history.person SELECT 2010, 'p', 'r' FROM generate_series(1, 9);
SELECT tip.revise('tap_year', 2010, NULL, 'tap_history') AS told \gset
SELECT is((SELECT body #>> '{disclosures,0,source}' FROM tip.release_certificate WHERE release = :told),
	'ministry', 'a revision names what others have told');
SELECT ok(tip.verify_release(:told), 'and is verified');

SELECT * FROM finish();
ROLLBACK;
