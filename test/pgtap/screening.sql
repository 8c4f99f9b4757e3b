-- Screening, compared with an independent formulation on random answers.
BEGIN;
SELECT * FROM no_plan();

-- chance that is the same on every server
CREATE FUNCTION pg_temp.h(topic text, n int, code text DEFAULT '') RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
SELECT ('x' || substr(md5('screening ' || topic || '/' || n || '/' || code), 1, 7))::bit(28)::int
       / 268435456.0::float8
$$;

-- Answers to every code of the list, also to those that are in no set: some
-- screenings find little, some much; in every other one all was asked.
CREATE TEMPORARY TABLE answer AS
SELECT n, p.profile, c.code::tip.indicator AS indicator,
       CASE WHEN pg_temp.h('present', n, c.code) < 0.6 * pg_temp.h('density', n)
                 * (2 * pg_temp.h('dimension', n, left(c.code, 2)) - 0.7) THEN 'present'
            WHEN n % 2 = 0 OR pg_temp.h('absent', n, c.code) < pg_temp.h('asked', n)
            THEN 'absent' END AS answer
FROM generate_series(1, 600) AS n,
	unnest('{adult_labour,child_labour}'::tip.screening_profile[]) AS p(profile),
	tip.code_list AS c
WHERE c.list = 'indicator' AND c.number <= 85;
CREATE TEMPORARY TABLE screening AS
SELECT n, profile,
       coalesce(array_agg(indicator) FILTER (WHERE answer = 'present'), '{}') AS present,
       coalesce(array_agg(indicator) FILTER (WHERE answer = 'absent'), '{}') AS absent,
       CASE n % 3 WHEN 0 THEN true WHEN 1 THEN false END AS act
FROM answer GROUP BY n, profile;

-- one dimension: two signs and one of them strong, or two medium ones and a
-- third sign
CREATE TEMPORARY TABLE dimension AS
SELECT a.n, a.profile, w.dimension,
       count(*) FILTER (WHERE weight = 'strong' AND answer = 'present') AS strong,
       count(*) FILTER (WHERE weight = 'medium' AND answer = 'present') AS medium,
       count(*) FILTER (WHERE weight = 'weak' AND answer = 'present') AS weak,
       count(*) FILTER (WHERE answer IS NULL) AS unanswered,
       coalesce(array_agg(a.indicator ORDER BY a.indicator)
                FILTER (WHERE answer = 'present'), '{}') AS counted
FROM answer AS a JOIN tip.indicator_weight AS w USING (profile, indicator)
GROUP BY a.n, a.profile, w.dimension;
ALTER TABLE dimension ADD COLUMN is_positive boolean;
UPDATE dimension SET is_positive =
	strong > 0 AND strong + medium + weak > 1 OR medium > 1 AND medium + weak > 2;
SELECT set_eq(
	$$SELECT s.n, s.profile, d.dimension::text, d.strong, d.medium, d.weak, d.is_positive,
	         d.counted, d.unanswered
	  FROM screening AS s, tip.screen_dimensions(s.present, s.profile, s.absent) AS d$$,
	$$SELECT n, profile, 'D' || dimension, strong::int, medium::int, weak::int,
	         is_positive, counted, unanswered::int FROM dimension$$,
	'dimensions are what the weights say');
SELECT is((SELECT count(DISTINCT (dimension, is_positive)) FROM dimension), 12::bigint,
	'each dimension was positive in some and not in others');

-- the result, from the dimensions
CREATE TEMPORARY TABLE verdict AS
SELECT n, profile, bool_or(strong + medium + weak > 0 AND dimension <= 3) AS recruited,
       bool_or(is_positive AND dimension = 1) AS d1, bool_or(is_positive AND dimension = 2) AS d2,
       bool_or(is_positive AND dimension = 3) AS d3, bool_or(is_positive AND dimension = 4) AS d4,
       bool_or(is_positive AND dimension = 5) AS d5, bool_or(is_positive AND dimension = 6) AS d6
FROM dimension GROUP BY n, profile;
CREATE TEMPORARY TABLE expected AS
SELECT n, profile,
       CASE WHEN NOT d4 THEN 'not_indicated'
            WHEN profile = 'child_labour' AND (recruited OR act IS TRUE) THEN 'trafficking_indicated'
            WHEN profile = 'adult_labour' AND d5 AND d1 THEN 'trafficking_indicated'
            WHEN profile = 'adult_labour' AND d5 AND d2 THEN 'trafficking_indicated'
            WHEN profile = 'adult_labour' AND d5 AND d3 THEN 'trafficking_indicated'
            WHEN profile = 'adult_labour' AND d6 AND d1 THEN 'trafficking_indicated'
            WHEN profile = 'adult_labour' AND d6 AND d2 THEN 'trafficking_indicated'
            WHEN profile = 'adult_labour' AND d6 AND d3 THEN 'trafficking_indicated'
            WHEN d2 OR d5 THEN 'coerced_and_exploited'
            WHEN d1 THEN 'deceived_and_exploited'
            ELSE 'exploited_worker' END AS result,
       recruited OR act IS TRUE AS act_shown
FROM verdict JOIN screening USING (n, profile);
SELECT set_eq(
	$$SELECT s.n, s.profile, r.result::text, r.act_shown
	  FROM screening AS s, tip.screen(s.present, s.profile, s.absent, s.act) AS r$$,
	'SELECT * FROM expected', 'results are what the dimensions say');
SELECT set_eq('SELECT profile::text, result FROM expected',
	$$VALUES ('adult_labour', 'trafficking_indicated'), ('adult_labour', 'coerced_and_exploited'),
	         ('adult_labour', 'deceived_and_exploited'), ('adult_labour', 'exploited_worker'),
	         ('adult_labour', 'not_indicated'), ('child_labour', 'trafficking_indicated'),
	         ('child_labour', 'coerced_and_exploited'), ('child_labour', 'exploited_worker'),
	         ('child_labour', 'not_indicated')$$,
	'every result that a profile can have was among them');
SELECT is_empty($$
	SELECT s.n FROM screening AS s JOIN verdict USING (n, profile),
		tip.screen(s.present, s.profile) AS r
	WHERE r.by_vulnerability IS DISTINCT FROM
		(coalesce(r.result = 'trafficking_indicated', false) AND s.profile = 'adult_labour'
		 AND NOT (d4 AND d5 AND (d1 OR d2)))$$,
	'by vulnerability is what the rule for adults alone does not indicate');
SELECT is_empty($$
	SELECT s.n FROM screening AS s, tip.screen(s.present, s.profile, s.absent) AS r
	WHERE NOT r.not_scored <@ (s.present || s.absent) OR r.contradictory <> '{}'
	   OR EXISTS (SELECT FROM unnest(s.present || s.absent) AS i
	              WHERE (i = ANY (r.not_scored)) = EXISTS (
	                  SELECT FROM tip.indicator_weight AS w
	                  WHERE w.profile = s.profile AND w.indicator = i))$$,
	'an answer is scored or named, never both');

-- order and repetition mean nothing
SELECT is_empty($$
	SELECT s.n FROM screening AS s,
		LATERAL (SELECT coalesce(array_agg(i ORDER BY pg_temp.h('order', s.n, i::text || k)), '{}') AS shuffled
		         FROM unnest(s.present) AS i, generate_series(1, 3) AS k) AS x
	WHERE tip.screen(s.present, s.profile, s.absent, s.act)
		IS DISTINCT FROM tip.screen(x.shuffled, s.profile, s.absent || s.absent, s.act)$$,
	'an array may be in any order and repeat itself');

-- Settled: all but five questions are answered; with every possible answer to
-- these, and to whether there was an act, the result is one, or it is not.
CREATE TEMPORARY TABLE partial AS
SELECT n, profile, CASE n % 3 WHEN 0 THEN true WHEN 1 THEN false END AS act,
       coalesce(array_agg(indicator) FILTER (WHERE place > 5 AND is_present), '{}') AS present,
       coalesce(array_agg(indicator) FILTER (WHERE place > 5 AND NOT is_present), '{}') AS absent,
       array_agg(indicator) FILTER (WHERE place <= 5) AS open
FROM (SELECT n, w.profile, w.indicator,
             row_number() OVER (PARTITION BY n, w.profile
                 ORDER BY pg_temp.h('open', n, w.indicator::text)) AS place,
             pg_temp.h('there', n, w.indicator::text)
                 < 0.35 * pg_temp.h('thick', n, w.dimension::text) AS is_present
      FROM tip.indicator_weight AS w, generate_series(1, 300) AS n) AS x
GROUP BY n, profile;
CREATE TEMPORARY TABLE completed AS
SELECT p.n, p.profile, count(DISTINCT r.result) AS results
FROM partial AS p, generate_series(0, 31) AS mask,
	unnest('{true,false}'::boolean[]) AS later,
	LATERAL (SELECT coalesce(array_agg(o) FILTER (WHERE mask & (1 << (k - 1)::int) <> 0), '{}') AS yes,
	                coalesce(array_agg(o) FILTER (WHERE mask & (1 << (k - 1)::int) = 0), '{}') AS no
	         FROM unnest(p.open) WITH ORDINALITY AS x(o, k)) AS c,
	tip.screen(p.present || c.yes, p.profile, p.absent || c.no, coalesce(p.act, later)) AS r
GROUP BY p.n, p.profile;
SELECT is_empty($$
	SELECT p.n, p.profile FROM partial AS p JOIN completed AS c USING (n, profile),
		tip.screen(p.present, p.profile, p.absent, p.act) AS r
	WHERE r.is_settled IS DISTINCT FROM (c.results = 1)$$,
	'a result is settled where no missing answer can change it');
SELECT ok(bool_and(settled > 20 AND unsettled > 20), 'and both were tried for both profiles')
FROM (SELECT count(*) FILTER (WHERE results = 1) AS settled,
             count(*) FILTER (WHERE results > 1) AS unsettled
      FROM completed GROUP BY profile) AS x;

-- stored answers come to the same as the same answers given
SELECT lives_ok($$SELECT tip.create_model('screened')$$, 'a model');
INSERT INTO screened.event (event_id, jurisdiction, recorded_on)
VALUES ('00000000-0000-4000-8000-000000000001', 'TT', '2023-05-20');
INSERT INTO screened.victim (victim_id)
VALUES ('00000000-0000-4000-8000-000000000001');
INSERT INTO screened.victimization (victimization_id, event_id, victim_id, acts)
SELECT ('00000000-0000-4000-8000-00000000000' || k)::uuid,
       '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', acts
FROM (VALUES (0, '{transport}'::tip.act_set), (1, NULL), (2, '{unknown}')) AS t(k, acts);
INSERT INTO screened.screening (screening_id, victimization_id, screened_on, profile, result)
SELECT md5(n || '/' || profile)::uuid, ('00000000-0000-4000-8000-00000000000' || n % 3)::uuid,
       '2023-05', profile, 'not_indicated'
FROM screening WHERE n <= 60;
INSERT INTO screened.screening_answer (screening_id, indicator, answer)
SELECT md5(n || '/' || profile)::uuid, indicator, coalesce(answer, 'unknown')::tip.indicator_answer
FROM answer WHERE n <= 60;
SELECT set_eq(
	$$SELECT screening_id, result, positive, by_vulnerability, act_shown, is_settled,
	         not_scored, is_consistent
	  FROM tip.screen_records('screened')$$,
	$$SELECT md5(s.n || '/' || s.profile)::uuid, r.result, r.positive, r.by_vulnerability,
	         r.act_shown, r.is_settled, r.not_scored, r.result = 'not_indicated'
	  FROM screening AS s,
		tip.screen(s.present, s.profile, s.absent, CASE s.n % 3 WHEN 0 THEN true END) AS r
	  WHERE s.n <= 60$$, 'stored answers come to the same');
SELECT set_eq(
	$$SELECT * FROM tip.screen_records('screened')$$,
	$$SELECT s.screening_id, r.* FROM screened.screening AS s,
		tip.screen_record(s.screening_id, 'screened') AS r$$,
	'one by one as well');

-- a model that is partitioned has keys of two columns
SELECT lives_ok($$SELECT tip.create_model('screened_parts', partition_by => 'country')$$,
	'a partitioned model');
SELECT is((SELECT count(*) FROM tip.screen_records('screened_parts')), 0::bigint,
	'is read as well');

-- refusals
SELECT throws_ok(format($$SELECT tip.screen('{D4.01}', %L)$$, profile), '22023',
	'there are no weights for this screening profile', profile || ' has no weights')
FROM unnest('{adult_sexual,child_sexual,ilo11,unknown,not_stated,not_applicable,withheld,#1000}'::text[]) AS profile;
SELECT throws_ok($$SELECT * FROM tip.screen_dimensions('{D1.01,NULL}', 'child_labour')$$,
	'22004', NULL, 'a null is no indicator');

SELECT is((SELECT count(*) FROM pg_proc WHERE pronamespace = 'tip'::regnamespace
	AND proname IN ('screen', 'screen_dimensions') AND provolatile = 'i' AND proparallel = 's'),
	2::bigint, 'scoring is immutable and parallel safe');

SELECT * FROM finish();
ROLLBACK;
