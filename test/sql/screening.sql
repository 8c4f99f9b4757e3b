-- Screening: dimensions by weight, results by dimension, stored answers.

\pset null '(null)'

-- One dimension: each of the four ways to become positive, and just not.
-- D5 of adults has strong (01-04), medium (05-14) and one weak (15) sign.
SELECT why, strong, medium, weak, is_positive
FROM (VALUES
	(1, 'nothing', '{}'),
	(2, 'one strong', '{D5.01}'),
	(3, 'two strong', '{D5.01,D5.02}'),
	(4, 'strong and medium', '{D5.01,D5.05}'),
	(5, 'strong and weak', '{D5.01,D5.15}'),
	(6, 'two medium', '{D5.05,D5.06}'),
	(7, 'three medium', '{D5.05,D5.06,D5.07}'),
	(8, 'two medium, one weak', '{D5.05,D5.06,D5.15}'),
	(9, 'one medium, one weak', '{D5.05,D5.15}'),
	(10, 'one weak', '{D5.15}')) AS t(n, why, present),
	tip.screen_dimensions(present::tip.indicator[], 'adult_labour')
WHERE dimension = 'D5'
ORDER BY n;

-- Two weak signs, which only D3 and D6 have, need two medium ones.
SELECT present, dimension, medium, weak, is_positive
FROM unnest('{"{D3.15,D3.16}","{D3.01,D3.15,D3.16}","{D3.01,D3.02,D3.15}","{D6.06,D6.07}","{D6.01,D6.06,D6.07}","{D6.01,D6.02,D6.06}"}'::text[]) AS present,
	tip.screen_dimensions(present::tip.indicator[], 'adult_labour')
WHERE medium + weak > 0;

-- The same signs weigh more for a child.
SELECT profile, dimension, strong, medium, weak, is_positive
FROM unnest('{adult_labour,child_labour}'::tip.screening_profile[]) AS profile,
	tip.screen_dimensions('{D1.10,D1.02,D2.02,D2.03,D4.09}', profile)
WHERE strong + medium + weak > 0;

-- The six dimensions of one screening.
SELECT *, tip.label(dimension)
FROM tip.screen_dimensions('{D1.01,D1.02,D4.01,D4.03,D4.02,D5.01}',
	'adult_labour', '{D4.04,D4.05,D4.06,D4.07,D4.08,D4.09,D5.02}');

-- Enough signs to make one dimension positive, for the tables below.
CREATE FUNCTION pg_temp.signs(dimensions text) RETURNS tip.indicator[]
LANGUAGE sql AS $$
SELECT coalesce(array_agg(('D' || d || '.0' || i)::tip.indicator), '{}')
FROM regexp_split_to_table(dimensions, '') AS d, generate_series(1, 3) AS i
WHERE d <> ''
$$;
CREATE FUNCTION pg_temp.subset(mask int) RETURNS text
LANGUAGE sql AS $$
SELECT coalesce(string_agg(d::text, '' ORDER BY d), '')
FROM unnest('{1,2,3,5,6}'::int[]) WITH ORDINALITY AS x(d, n)
WHERE mask & (1 << (n - 1)::int) <> 0
$$;

-- Adults: the whole truth table where exploitation is positive.
SELECT positive, result, by_vulnerability
FROM generate_series(0, 31) AS mask,
	tip.screen(pg_temp.signs('4' || pg_temp.subset(mask)), 'adult_labour')
ORDER BY tip.rank(result), by_vulnerability, positive;

-- Where it is not, nothing else indicates trafficking.
SELECT result, by_vulnerability, count(*)
FROM generate_series(0, 31) AS mask,
	tip.screen(pg_temp.signs(pg_temp.subset(mask)), 'adult_labour')
GROUP BY result, by_vulnerability;

-- Children: act and exploitation.  A sign in D1 to D3 shows the act, even one
-- that does not make its dimension positive; means are not asked for.
SELECT present, act, result, positive, act_shown, by_vulnerability
FROM (VALUES
	(1, '{}', true), (2, '{D4.01,D4.02}', true), (3, '{D4.01,D4.02}', false),
	(4, '{D4.01,D4.02}', NULL), (5, '{D4.01,D4.02,D1.02}', NULL),
	(6, '{D4.01,D4.02,D3.16}', false), (7, '{D4.01,D4.02,D5.01,D5.02}', NULL),
	(8, '{D4.01,D4.02,D5.01,D5.02}', true), (9, '{D4.01}', true),
	(10, '{D1.01,D1.02,D5.01,D5.02}', true),
	(11, '{D4.01,D4.02,D6.01,D6.02,D6.03}', NULL),
	(12, '{D4.01,D4.02,D3.08}', NULL)) AS t(n, present, act),
	tip.screen(present::tip.indicator[], 'child_labour', act => act)
ORDER BY n;
SELECT result, count(*)
FROM generate_series(0, 31) AS mask,
	tip.screen(pg_temp.signs('4' || pg_temp.subset(mask)), 'child_labour')
GROUP BY result ORDER BY tip.rank(result);
-- An adult's result does not depend on whether the act was said.
SELECT act, result, act_shown
FROM unnest('{true,false,NULL}'::boolean[]) AS act,
	tip.screen(pg_temp.signs('245'), 'adult_labour', act => act);

-- Settled: could an answer that is missing still change the result?
SELECT why, result, is_settled
FROM (VALUES
	(1, 'indicated already', '{D1.01,D1.02,D4.01,D4.02,D5.01,D5.02}', '{}'),
	(2, 'not indicated, most not asked', '{D4.02}', '{}'),
	(3, 'not indicated, D4 asked', '{D4.02}', '{D4.01,D4.03,D4.04,D4.05,D4.06,D4.07,D4.08,D4.09}'),
	(4, 'not indicated, one of D4 open', '{D4.02}', '{D4.01,D4.03,D4.04,D4.05,D4.06,D4.07,D4.08}'),
	(5, 'not indicated, two of D4 open', '{D4.02}', '{D4.01,D4.03,D4.04,D4.05,D4.06,D4.07}'),
	(6, 'exploited, rest not asked', '{D4.01,D4.02}', '{}')) AS t(n, why, present, absent),
	tip.screen(present::tip.indicator[], 'adult_labour', absent::tip.indicator[])
ORDER BY n;
SELECT array_agg(indicator) AS not_d4 FROM tip.indicator_weight
WHERE profile = 'child_labour' AND dimension IN (1, 2, 3, 5) \gset
-- A child of whom only the act is not known.
SELECT act, result, is_settled
FROM unnest('{true,false,NULL}'::boolean[]) AS act,
	tip.screen('{D4.01,D4.02}', 'child_labour', :'not_d4', act);

-- What has no weight in the set is named and not scored: another instrument's
-- indicator, a dimension, a missing code, a number of a newer library.
SELECT result, positive, not_scored
FROM tip.screen('{D4.08,D3.08,D4.01,D4.02,ILO11-1,D5,unknown,withheld,#999}',
	'child_labour', '{ILO11-2,D4.08}', true);
SELECT result, positive, not_scored
FROM tip.screen('{D4.08,D3.08,D4.01}', 'adult_labour');
-- A dimension is computed; naming it does nothing.
SELECT result, is_settled, not_scored
FROM tip.screen('{D1,D4,D5}', 'adult_labour');

-- Duplicates count once; what is present and absent is present, and named.
SELECT dimension, strong, medium, is_positive, counted
FROM tip.screen_dimensions('{D5.01,D5.01,D5.01,D4.02,D4.02,D4.02}', 'adult_labour')
WHERE strong + medium > 0;
SELECT result, positive, contradictory
FROM tip.screen('{D4.01,D4.02,D1}', 'adult_labour', '{D4.02,D1,D4.03}');

-- Arrays of any shape; nulls; nothing.
SELECT positive FROM tip.screen('{{D4.01,D4.02},{D5.01,D5.02}}', 'adult_labour');
SELECT positive FROM tip.screen('[7:8]={D4.01,D4.02}', 'adult_labour');
SELECT * FROM tip.screen('{}', 'adult_labour');
SELECT * FROM tip.screen(NULL, 'adult_labour');
SELECT * FROM tip.screen('{D4.01}', NULL);
SELECT count(*) FROM tip.screen_dimensions(NULL, 'adult_labour');
SELECT count(*) FROM tip.screen_dimensions('{D4.01}', NULL);
SELECT result, is_settled FROM tip.screen('{D4.01,D4.02}', 'adult_labour', NULL, NULL);
SELECT unanswered FROM tip.screen_dimensions('{D4.01}', 'adult_labour', NULL)
WHERE dimension = 'D4';
SELECT cardinality(not_scored), positive
FROM tip.screen(array_cat(array_fill('D4.01'::tip.indicator, '{200000}'), '{ILO11-3,D4.02}'),
	'adult_labour');

SELECT * FROM tip.screen('{D4.01,NULL}', 'adult_labour');
SELECT * FROM tip.screen('{D4.01}', 'adult_labour', '{NULL}');
SELECT * FROM tip.screen_dimensions('{NULL}', 'adult_labour');
SELECT * FROM tip.screen('{D4.01}', 'adult_sexual');
SELECT * FROM tip.screen_dimensions('{D4.01}', 'child_sexual');
SELECT * FROM tip.screen('{ILO11-1}', 'ilo11');
SELECT * FROM tip.screen('{D4.01}', 'unknown');
SELECT * FROM tip.screen('{D4.01}', '#9');
SELECT * FROM tip.screen('{D7.01}', 'adult_labour');
\set VERBOSITY sqlstate
SELECT * FROM tip.screen('{NULL}', 'adult_labour');
SELECT * FROM tip.screen('{D4.01}', 'adult_sexual');
\set VERBOSITY default

-- Stored screenings.
SELECT tip.create_model('screened') > 0 AS made;
BEGIN;
INSERT INTO screened.event (event_id, jurisdiction, recorded_on)
VALUES ('00000000-0000-4000-8000-0000000000e1', 'TT', '2023-05-20');
INSERT INTO screened.victim (victim_id, sex)
VALUES ('00000000-0000-4000-8000-0000000000f1', 'male'), ('00000000-0000-4000-8000-0000000000f2', 'male');
INSERT INTO screened.victimization (victimization_id, event_id, victim_id, acts)
VALUES ('00000000-0000-4000-8000-0000000000a1', '00000000-0000-4000-8000-0000000000e1',
	'00000000-0000-4000-8000-0000000000f1', '{harbour}'),
	('00000000-0000-4000-8000-0000000000a2', '00000000-0000-4000-8000-0000000000e1',
	'00000000-0000-4000-8000-0000000000f2', NULL);
INSERT INTO screened.screening (screening_id, victimization_id, screened_on, profile, result)
SELECT ('00000000-0000-4000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid,
       ('00000000-0000-4000-8000-0000000000' || v)::uuid, '2023-05',
       profile::tip.screening_profile, result::tip.screening_result
FROM (VALUES
	(1, 'a2', 'adult_labour', 'trafficking_indicated'),
	(2, 'a2', 'adult_labour', 'trafficking_indicated'),
	(3, 'a1', 'child_labour', 'trafficking_indicated'),
	(4, 'a2', 'child_labour', 'trafficking_indicated'),
	(5, 'a2', 'adult_sexual', 'not_indicated'),
	(6, 'a2', 'adult_labour', 'not_indicated'),
	(7, 'a2', 'adult_labour', 'unknown'),
	(8, 'a2', NULL, NULL)) AS t(n, v, profile, result);
INSERT INTO screened.screening_answer (screening_id, indicator, answer)
SELECT ('00000000-0000-4000-8000-0000000000' || lpad(n::text, 2, '0'))::uuid,
       indicator, answer::tip.indicator_answer
FROM (VALUES
	(1, '{D1.01,D1.02,D4.01,D4.02,D5.01,D5.02}', 'present'),
	(1, '{D5.02,D6.01}', 'absent'),
	(2, '{D4.01,D4.02,D5.01}', 'present'),
	(2, '{D5.02}', 'unknown'),
	(3, '{D4.01,D4.02}', 'present'),
	(4, '{D4.01,D4.02}', 'present'),
	(5, '{D4.01,D4.02}', 'present'),
	(7, '{D4.01,D4.02,ILO11-1}', 'present')) AS t(n, indicators, answer),
	unnest(indicators::tip.indicator[]) AS indicator;
-- a sign that the instrument does not score would be refused at commit (S06)
SELECT tip.excuse('S06', '00000000-0000-4000-8000-0000000000e1', 'a form of two instruments', schema => 'screened');
COMMIT;
SELECT right(screening_id::text, 1) AS id, profile, stored_result, result,
       is_consistent AS ok, positive, act_shown, is_settled, not_scored, contradictory
FROM tip.screen_records('screened') ORDER BY screening_id;
SELECT * FROM tip.screen_record('00000000-0000-4000-8000-000000000002', 'screened');
SELECT count(*) FROM tip.screen_record('00000000-0000-4000-8000-000000000099', 'screened');
SELECT count(*) FROM tip.screen_record(NULL, 'screened');
SELECT * FROM tip.screen_records('no_such_schema');

-- with the rights of the caller
CREATE ROLE regress_tip_screener;
CREATE ROLE regress_tip_nobody;
SELECT tip.grant_recorder('regress_tip_screener', 'screened');
SET ROLE regress_tip_screener;
SELECT count(*) FROM tip.screen_records('screened');
SET ROLE regress_tip_nobody;
SELECT result FROM tip.screen('{D4.01,D4.02}', 'adult_labour');
SELECT count(*) FROM tip.screen_records('screened');
SELECT count(*) FROM tip_impl.screen_stored('screened', NULL);
RESET ROLE;
ALTER TABLE screened.screening ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON screened.screening USING (profile = 'child_labour');
SET ROLE regress_tip_screener;
SELECT count(*) FROM tip.screen_records('screened');
RESET ROLE;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA screened CASCADE;
DROP OWNED BY regress_tip_screener;
DROP ROLE regress_tip_screener, regress_tip_nobody;
