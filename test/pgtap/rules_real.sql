-- Rules: what real life looks like is stored.  No rule of severity error, of a
-- record or of the whole case, refuses any of these cases; warnings are right.
\set ON_ERROR_STOP on
BEGIN;
SET client_min_messages = warning;
\ir ../fixtures/store_case.sql
SELECT tip.create_model('tap_real_data') > 0 AS made \gset
CREATE TEMP TABLE real_case (name text, kind text, records jsonb);
\copy real_case FROM 'test/fixtures/real_cases.csv' (FORMAT csv, HEADER)
SELECT * FROM no_plan();

-- ---- the cases are cases ----
SELECT cmp_ok(count(*), '>=', 60::bigint, 'sixty cases at least') FROM real_case;
SELECT is(count(DISTINCT name), count(*), 'each has a name') FROM real_case;
SELECT is_empty($$SELECT name FROM real_case WHERE NOT coalesce(kind ~ '\S', false)$$, 'and a kind');
SELECT is_empty($$
	SELECT c.name FROM real_case AS c, jsonb_each(c.records) AS e(entity, records)
	GROUP BY c.name HAVING count(*) < 3 OR sum(jsonb_array_length(e.records)) < 4$$,
	'none is trivial: a case has three entities and four records at least');
SELECT is_empty($$
	SELECT t.name FROM tip_impl.model_table AS t WHERE (
		SELECT count(*) FROM real_case AS c WHERE jsonb_array_length(c.records -> t.name) > 0) < 3$$,
	'every table of the model is in three cases at least');
SELECT is_empty($$
	SELECT m.table_name, m.column_name FROM tip.model_element AS m
	WHERE m.column_name NOT IN ('check_serial', 'checked_ruleset', 'prmis_ref') AND NOT EXISTS (
		SELECT FROM real_case AS c, jsonb_array_elements(c.records -> m.table_name) AS r
		WHERE r ? m.column_name::text)$$,
	'every column is filled by some case');

-- ---- and are stored ----
CREATE TEMP TABLE kept AS
	SELECT c.name, s.* FROM real_case AS c
	CROSS JOIN LATERAL pg_temp.store_case('tap_real_data', c.name, c.records) AS s;
SELECT is(k.kept, k.records, format('%s: every record is stored', k.name))
FROM (SELECT name, count(id) AS kept, count(*) AS records FROM kept GROUP BY name) AS k ORDER BY name;
SELECT is((SELECT count(*) FROM kept), (SELECT sum(jsonb_array_length(e.value))::bigint
	FROM real_case AS c, jsonb_each(c.records) AS e), 'none is left out');
SELECT is_empty($$
	SELECT k.name, k.entity, k.number, f ->> 'rule', f ->> 'outcome', f -> 'columns', f ->> 'message'
	FROM kept AS k, jsonb_array_elements(k.findings) AS f
	WHERE f ->> 'severity' = 'error' AND f ->> 'outcome' = 'failed'$$,
	'no rule refuses any of them');
SELECT is_empty($$
	SELECT k.name, f ->> 'rule' FROM kept AS k, jsonb_array_elements(k.findings) AS f
	WHERE f ->> 'rule' IN ('TYPE', 'KEY')$$, 'every value is one of its type');

-- ---- whole cases ----
SELECT is_empty($$
	SELECT c.name, e.record ->> 'event_id', f.rule, f.message
	FROM real_case AS c
	CROSS JOIN LATERAL jsonb_array_elements(c.records -> 'event') AS e(record)
	CROSS JOIN LATERAL tip.check_case(pg_temp.case_key(c.name, e.record ->> 'event_id')::uuid, 'tap_real_data') AS f
	WHERE f.severity = 'error' AND f.outcome = 'failed'$$,
	'nor any of the cases as a whole');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'and they would be committed');

-- ---- what they show ----
CREATE FUNCTION pg_temp.rules_of(name text) RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(DISTINCT f ->> 'rule') FROM kept AS k, jsonb_array_elements(k.findings) AS f
	WHERE k.name = $1 AND f ->> 'outcome' = 'failed'
$$;
-- P09: no border is needed for trafficking, nor asked about by any rule of victims
SELECT is((SELECT victim_status::text FROM tap_real_data.victimization
	WHERE victimization_id = pg_temp.case_key('domestic', 'z1')::uuid), 'identified', 'P09: identified without a border');
SELECT is_empty($$SELECT id FROM tip.rule WHERE severity = 'error' AND timing = 'row'
	AND predicate ~ 'is_cross_border'$$, 'P09: and no rule of a record asks for one');
-- X05: NA is a country
SELECT is((SELECT tip.label(citizenship[1]) FROM tap_real_data.victim
	WHERE victim_id = pg_temp.case_key('namibian', 'v1')::uuid), 'Namibia', 'X05: NA is Namibia');
-- E13: control is not purpose
SELECT is((SELECT forms::text FROM tap_real_data.victimization
	WHERE victimization_id = pg_temp.case_key('domestic_with_sexual_control', 'z1')::uuid),
	'{servitude_domestic}', 'E13: sexual control adds no form');
SELECT ok(NOT pg_temp.rules_of('domestic_with_sexual_control') && '{E01,E03,E13}', 'E13: and asks for none');
-- warnings go on the right records
SELECT ok('S17' = ANY (pg_temp.rules_of('unknown_everything')) IS NOT TRUE, 'nothing known is not smuggling');
SELECT ok(pg_temp.rules_of('sex_not_stated') IS NULL OR NOT 'X02' = ANY (pg_temp.rules_of('sex_not_stated')),
	'X02: sex not stated stands beside gender');
SELECT ok('D12' = ANY (pg_temp.rules_of('recorded_before_report')), 'D12 warns of a record before its report');
SELECT ok('R18' = ANY (pg_temp.rules_of('child_drug_courier')), 'R18 warns of a victim penalised');

-- ---- and what is refused all the same ----
CREATE TEMP TABLE wrong_case (rule text, kind text, steps jsonb);
INSERT INTO wrong_case VALUES
	('J01', 'convicted, never charged', '[{"sequence": 1, "step": "arrested"}, {"sequence": 2, "step": "convicted"}]'),
	('J03', 'charged before the arrest that came first',
	 '[{"sequence": 1, "step": "arrested", "stepped_on": "2020-05"}, {"sequence": 2, "step": "charged", "stepped_on": "2020-04"}]'),
	('J04', 'sentenced after a charge', '[{"sequence": 1, "step": "charged"}, {"sequence": 2, "step": "sentenced"}]'),
	('J05', 'convicted and acquitted of one charge',
	 '[{"sequence": 1, "step": "charged", "charge_count": 1}, {"sequence": 2, "step": "convicted"}, {"sequence": 3, "step": "acquitted"}]'),
	('J05', 'three verdicts, one appeal, one charge',
	 '[{"sequence": 1, "step": "charged", "charge_count": 1}, {"sequence": 2, "step": "convicted"}, {"sequence": 3, "step": "appeal_filed"},
	   {"sequence": 4, "step": "convicted"}, {"sequence": 5, "step": "acquitted"}]'),
	('J06', 'tried after death', '[{"sequence": 1, "step": "abated_death"}, {"sequence": 2, "step": "trial"}]'),
	('J37', 'convicted of more than charged',
	 '[{"sequence": 1, "step": "charged", "charge_count": 2}, {"sequence": 2, "step": "convicted", "charge_count": 3}]'),
	('J37', 'convicted of more than charged, twice',
	 '[{"sequence": 1, "step": "charged", "charge_count": 2}, {"sequence": 2, "step": "convicted", "charge_count": 3},
	   {"sequence": 3, "step": "appeal_filed"}, {"sequence": 4, "step": "convicted", "charge_count": 3}]'),
	('J38', 'acquitted and sentenced',
	 '[{"sequence": 1, "step": "charged"}, {"sequence": 2, "step": "acquitted"}, {"sequence": 3, "step": "sentenced"}]');
SET CONSTRAINTS ALL DEFERRED;
SELECT count(id) AS stored FROM wrong_case AS w CROSS JOIN LATERAL pg_temp.store_case('tap_real_data', w.kind,
	jsonb_build_object('event', '[{"event_id": "e"}]'::jsonb, 'involvement', '[{"involvement_id": "i", "event_id": "e"}]'::jsonb,
		'justice_step', (SELECT jsonb_agg(s || '{"event_id": "e", "involvement_id": "i"}') FROM jsonb_array_elements(w.steps) AS s))) AS s \gset
SELECT ok(w.rule = ANY (ARRAY(SELECT f.rule FROM tip.check_case(pg_temp.case_key(w.kind, 'e')::uuid, 'tap_real_data') AS f
	WHERE f.outcome = 'failed')), format('%s: %s', w.rule, w.kind)) FROM wrong_case AS w;
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23514', NULL, 'and they would not be committed');

SELECT * FROM finish();
ROLLBACK;
