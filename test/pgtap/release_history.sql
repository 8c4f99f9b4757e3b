-- Revisions and overlapping periods, attacked by listing every possibility.
BEGIN;
SELECT * FROM no_plan();

CREATE SCHEMA tap_history;
CREATE TABLE tap_history.person (year int, a text, b text);
INSERT INTO tip.measure VALUES ('tap_h', 'invented persons', 'person', 'year',
	'stated', '{a,b}', 'SELECT * FROM %1$I.person');
INSERT INTO tip.release_plan VALUES
	('tap_year', 'one year', 'tap_h', 'public_exact', 1),
	('tap_pool', 'three years', 'tap_h', 'public_exact', 3);
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

SELECT * FROM finish();
ROLLBACK;
