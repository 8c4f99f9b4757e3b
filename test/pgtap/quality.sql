-- Properties of the figures of data quality.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SET client_min_messages = warning;
SET search_path = public;
SELECT * FROM no_plan();

CREATE SCHEMA tap_qf;
CREATE FUNCTION tap_qf.h(topic text, i int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN ('x' || substr(md5(topic || i), 1, 6))::bit(24)::int;
CREATE FUNCTION tap_qf.key(topic text, i int) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN md5(topic || i)::uuid;

-- Records as they come: some wrong, some drafts, some of nobody, some undated.
CREATE PROCEDURE tap_qf.fill(schema name) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('search_path', format('%I, tap_qf, public', schema), true);
	SET LOCAL session_replication_role = replica;
	INSERT INTO reporting_entity (reporting_entity_id, name, organization_type)
	SELECT key('agency', i), 'Agency ' || i, 'law_enforcement' FROM generate_series(0, 3) AS i;
	INSERT INTO event (event_id, reporting_entity_id, jurisdiction, recorded_on, reported_on, prmis_ref, local_ref)
	SELECT key('event', i), CASE WHEN h('agency', i) % 5 < 4 THEN key('agency', h('agency', i) % 5) END, 'TT',
	       CASE WHEN h('day', i) % 11 > 0 THEN date '2021-01-01' + h('day', i) % 1400 END,
	       (CASE h('reported', i) % 3 WHEN 0 THEN NULL WHEN 1 THEN '2022' ELSE '2023-05-06' END)::tip.partial_date,
	       CASE WHEN h('ref', i) % 2 = 0 THEN 'PLANTED ' || h('ref', i) % 50 END, 'PLANTED'
	FROM generate_series(1, 200) AS i;
	INSERT INTO victim (victim_id, sex, birth_year, children_count)
	SELECT key('victim', i), (CASE WHEN h('sex', i) % 3 > 0 THEN 'female' END)::tip.sex, 1980, h('children', i) % 28
	FROM generate_series(1, 240) AS i;
	INSERT INTO victimization (victimization_id, event_id, victim_id, victim_stage, age_at_entry, identified_on, recorded_on)
	SELECT key('victimization', i), CASE WHEN h('e', i) % 9 > 0 THEN key('event', 1 + h('e', i) % 200) END,
	       key('victim', 1 + h('v', i) % 220),
	       (CASE h('stage', i) % 4 WHEN 0 THEN 'draft' WHEN 1 THEN 'identified' ELSE 'screened' END)::tip.victim_stage,
	       h('age', i) % 140, '2022-03', CASE WHEN h('own', i) % 3 = 0 THEN date '2023-01-01' + h('own', i) % 300 END
	FROM generate_series(1, 300) AS i;
	INSERT INTO screening (screening_id, victimization_id)
	SELECT key('screening', i), key('victimization', 1 + h('s', i) % 320) FROM generate_series(1, 100) AS i;
	INSERT INTO screening_answer (screening_answer_id, screening_id)
	SELECT key('answer', i), key('screening', 1 + h('a', i) % 100) FROM generate_series(1, 150) AS i;
	INSERT INTO justice_step (justice_step_id, event_id, sequence, step)
	SELECT key('step', i), key('event', 1 + h('j', i) % 200), 1, (CASE h('step', i) % 2 WHEN 0 THEN 'sentenced' ELSE 'charged' END)::tip.justice_step_kind
	FROM generate_series(1, 150) AS i;
	INSERT INTO sentence (sentence_id, justice_step_id, kind)
	SELECT key('sentence', i), key('step', i), 'fine' FROM generate_series(1, 40) AS i;
	INSERT INTO referral (referral_id, victimization_id, referred_on)
	SELECT key('referral', i), key('victimization', i), '2022-05' FROM generate_series(1, 50) AS i;
	INSERT INTO perpetrator (perpetrator_id) SELECT key('perpetrator', i) FROM generate_series(1, 30) AS i;
	INSERT INTO involvement (involvement_id, event_id, perpetrator_id)
	SELECT key('involvement', i), key('event', 1 + i % 20), key('perpetrator', 1 + i % 20) FROM generate_series(1, 50) AS i;
END
$$;

SELECT tip.create_model('tap_quality');
SELECT is_empty('SELECT * FROM tip.data_quality(''tap_quality'')', 'an empty model has no figures');
SELECT is_empty('SELECT * FROM tip.data_quality_summary(''tap_quality'')', 'nor a summary');
CALL tap_qf.fill('tap_quality');
SELECT tip.excuse('A03', victimization_id, 'seen', NULL, 'tap_quality')
FROM tap_quality.victimization WHERE age_at_entry > 130;

CREATE VIEW tap_qf.q AS SELECT * FROM tip.data_quality('tap_quality');
CREATE TABLE tap_qf.was AS TABLE tap_qf.q;

-- ---- every record is in one group of its entity ----
CREATE FUNCTION tap_qf.rows_of(tbl name) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT nullif(count(*), 0) FROM tap_quality.%I', tbl) INTO n;
	RETURN n;
END $$;
SELECT is((SELECT sum(records + drafts)::bigint FROM tap_qf.was
		WHERE entity = t.name AND dimension = 'validity' AND element IS NULL),
	tap_qf.rows_of(t.name), t.name || ': the groups add up to the table')
FROM tip_impl.model_table AS t;
SELECT is((SELECT sum(cases)::bigint FROM tip.data_quality_summary('tap_quality')), 200::bigint,
	'every event is one case');
SELECT is((SELECT count(*) FROM tap_qf.was WHERE drafts > 0 AND entity NOT IN ('victimization', 'victim_path', 'victim_route')), 0::bigint,
	'only victimizations are drafts, and the facts about them');
SELECT is((SELECT sum(drafts)::bigint FROM tap_qf.was WHERE entity = 'victimization'),
	(SELECT count(*) FROM tap_quality.victimization WHERE victim_stage = 'draft'), 'and all drafts are counted as such');
SELECT is((SELECT count(*) FROM (SELECT DISTINCT agency, period, entity, dimension, element FROM tap_qf.was) AS x),
	(SELECT count(*) FROM tap_qf.was), 'no group comes twice');
SELECT cmp_ok((SELECT sum(records) FROM tap_qf.was WHERE entity = 'event' AND element IS NULL AND agency IS NULL), '>', 0::numeric,
	'events of nobody are a group');
SELECT cmp_ok((SELECT sum(records) FROM tap_qf.was WHERE entity = 'event' AND element IS NULL AND period IS NULL), '>', 0::numeric,
	'so are undated ones');
SELECT is((SELECT count(*) FROM tap_qf.was WHERE failing + coalesce(excused, 0) + coalesce(not_evaluable, 0) > records), 0::bigint,
	'a record has one class');

-- ---- against what one would count by hand ----
SELECT bag_eq($$SELECT agency, period, failing, excused FROM tap_qf.was
		WHERE entity = 'victimization' AND dimension = 'validity' AND element IS NULL AND failing + excused > 0$$,
	$$SELECT reporting_entity_id, extract(year FROM day)::text, count(*) FILTER (WHERE bad) AS b, count(*) FILTER (WHERE NOT bad) AS c
	  FROM (SELECT v.record, bool_or(v.outcome = 'failed') AS bad FROM tip.check_table('tap_quality.victimization') AS v
	        WHERE v.severity = 'error' AND v.outcome IN ('failed', 'excused') GROUP BY 1) AS f
	  JOIN (SELECT victimization_id::text AS record, victim_stage, e.reporting_entity_id, coalesce(x.recorded_on, e.recorded_on) AS day
	        FROM tap_quality.victimization AS x LEFT JOIN tap_quality.event AS e USING (event_id)) AS r USING (record)
	  WHERE victim_stage <> 'draft' GROUP BY 1, 2$$,
	'validity is what check_table() finds, drafts apart');
SELECT bag_eq($$SELECT agency, period, records, failing FROM tap_qf.was WHERE entity = 'victim' AND element = 'sex'$$,
	$$SELECT reporting_entity_id, extract(year FROM recorded_on)::text, count(*) AS b, count(*) FILTER (WHERE sex IS NULL) AS c
	  FROM (SELECT DISTINCT ON (v.victim_id) v.victim_id, v.sex, e.reporting_entity_id, e.recorded_on
	        FROM tap_quality.victim AS v LEFT JOIN tap_quality.victimization AS z USING (victim_id)
	        LEFT JOIN tap_quality.event AS e USING (event_id)
	        ORDER BY v.victim_id, e.recorded_on, e.event_id) AS x GROUP BY 1, 2$$,
	'a victim belongs to the first of her events');
SELECT is((SELECT sum(failing)::bigint FROM tap_qf.was WHERE entity = 'event' AND dimension = 'uniqueness'),
	(SELECT count(*) FROM tap_quality.event WHERE prmis_ref IN (SELECT prmis_ref FROM tap_quality.event GROUP BY 1 HAVING count(*) > 1)),
	'records that share a reference, across agencies and years');
SELECT is((SELECT sum(failing)::bigint FROM tap_qf.was WHERE entity = 'involvement' AND dimension = 'uniqueness'), 50::bigint,
	'a perpetrator twice in an event');
SELECT is((SELECT sum(records)::bigint FROM tap_qf.was WHERE entity = 'prosecution' AND element IS NULL),
	(SELECT count(DISTINCT event_id) FROM tap_quality.prosecution), 'the facts of an event are one record');
SELECT is((SELECT count(*) FROM tap_qf.was WHERE dimension IN ('validity', 'completeness')
		AND rate IS DISTINCT FROM round((failing + coalesce(excused, 0))::numeric / nullif(records, 0), 4)), 0::bigint,
	'the rate counts what is excused');
SELECT is((SELECT sum(failing)::bigint FROM tap_qf.was WHERE entity = 'case' AND element IS NULL),
	(SELECT count(*) FROM tap_quality.event AS e WHERE EXISTS (
		SELECT FROM tip.check_table('tap_quality.victimization') AS f JOIN tap_quality.victimization AS z ON z.victimization_id::text = f.record
		WHERE f.severity = 'error' AND f.outcome = 'failed' AND z.event_id = e.event_id AND z.victim_stage <> 'draft')
	OR EXISTS (SELECT FROM tip.check_table('tap_quality.event') AS f
		WHERE f.severity = 'error' AND f.outcome = 'failed' AND f.record = e.event_id::text)
	OR EXISTS (SELECT FROM tip.check_table('tap_quality.prosecution') AS f
		WHERE f.severity = 'error' AND f.outcome = 'failed' AND f.record = e.event_id::text)
	OR EXISTS (SELECT FROM tip.check_table('tap_quality.victim') AS f
		JOIN (SELECT DISTINCT ON (z.victim_id) z.victim_id, z.event_id FROM tap_quality.victimization AS z
		      LEFT JOIN tap_quality.event AS o USING (event_id) ORDER BY z.victim_id, o.recorded_on, z.event_id) AS z
		ON z.victim_id::text = f.record WHERE f.severity = 'error' AND f.outcome = 'failed' AND z.event_id = e.event_id)
	OR EXISTS (SELECT FROM tap_quality.screening_answer JOIN tap_quality.screening USING (screening_id)
		JOIN tap_quality.victimization AS z USING (victimization_id) WHERE z.event_id = e.event_id)),
	'a case fails with any of its records');

-- ---- an excuse moves a record, not the rate ----
SELECT tip.excuse('A03', victimization_id, 'seen', NULL, 'tap_quality')
FROM tap_quality.victimization WHERE age_at_entry > 120;
SELECT set_eq('SELECT agency, period, entity, dimension, element, records, rate, verdict FROM tap_qf.q',
	'SELECT agency, period, entity, dimension, element, records, rate, verdict FROM tap_qf.was',
	'no rate and no verdict changes when records are excused');
SELECT is((SELECT sum(failing)::bigint FROM tap_qf.q WHERE element = 'A03'), 0::bigint, 'though none of them fails any more');

-- ---- periods ----
SELECT set_eq($$SELECT agency, left(period, 4), entity, dimension, element, sum(records) FILTER (WHERE dimension <> 'validity' OR element IS NULL) AS r, sum(failing) AS f, sum(excused) AS e, sum(not_evaluable) AS n
		FROM tip.data_quality('tap_quality', by => '$$ || x || $$') GROUP BY 1, 2, 3, 4, 5$$,
	$$SELECT agency, period, entity, dimension, element, CASE WHEN dimension <> 'validity' OR element IS NULL THEN records END::numeric AS r,
		failing::numeric AS f, excused::numeric AS e, not_evaluable::numeric AS n FROM tap_qf.q$$,
	'figures by ' || x || ' add up to those of the year')
FROM unnest('{quarter,month}'::text[]) AS x;
SELECT set_eq($$SELECT * FROM tip.data_quality('tap_quality', '[2022-01-01,2022-12-31]')$$,
	$$SELECT * FROM tap_qf.q WHERE period = '2022' OR period IS NULL$$,
	'a range leaves out other days, and nothing that is undated');

-- ---- exactly four per cent ----
SELECT tip.create_model('tap_four');
INSERT INTO tap_four.event (recorded_on, jurisdiction) SELECT '2024-01-01', 'TT' FROM generate_series(1, 24);
SET session_replication_role = replica;
INSERT INTO tap_four.event (recorded_on, retention_until) VALUES ('2024-01-01', '2023-02-01');
RESET session_replication_role;
SELECT results_eq('SELECT cases, failing, error_rate, verdict FROM tip.data_quality_summary(''tap_four'')',
	$$VALUES (25::bigint, 1::bigint, 0.0400, 'publishable')$$, 'one in 25 may be published');
SELECT results_eq('SELECT verdict FROM tip.data_quality_summary(''tap_four'', threshold => 0.0399)',
	$$VALUES ('not publishable')$$, 'not at a threshold just below');
DELETE FROM tap_four.event WHERE ctid = (SELECT min(ctid) FROM tap_four.event);
SELECT results_eq('SELECT cases, verdict FROM tip.data_quality_summary(''tap_four'')',
	$$VALUES (24::bigint, 'not publishable')$$, 'one in 24 may not');
DELETE FROM tap_four.event WHERE retention_until IS NOT NULL;
SELECT results_eq('SELECT verdict FROM tip.data_quality_summary(''tap_four'', threshold => 0)',
	$$VALUES ('publishable')$$, 'no error passes any threshold');

-- ---- dates that no calendar should hold ----
DELETE FROM tap_four.event;
SET session_replication_role = replica;
INSERT INTO tap_four.event (event_id, recorded_on, reported_on)
SELECT gen_random_uuid(), d::date, r::tip.partial_date
FROM unnest('{infinity,-infinity,5874897-12-31,4714-11-24 BC,0001-01-01,9999-12-31,NULL}'::text[]) AS d,
     unnest('{0001,9999,9999-12-31,2024-02~,NULL}'::text[]) AS r;
INSERT INTO tap_four.victimization (victimization_id, event_id, victim_stage, identified_on)
SELECT md5(event_id || coalesce(i, ''))::uuid, event_id, 'referred', i::tip.partial_date
FROM tap_four.event, unnest('{0001,9999-12-31,NULL}'::text[]) AS i;
INSERT INTO tap_four.referral (victimization_id, referred_on)
SELECT victimization_id, r::tip.partial_date FROM tap_four.victimization, unnest('{0001-01-01,9999}'::text[]) AS r;
RESET session_replication_role;
SELECT lives_ok(format('SELECT * FROM tip.data_quality(''tap_four'', by => %L)', x), 'hostile dates raise nothing by ' || x)
FROM unnest('{year,quarter,month}'::text[]) AS x;
SELECT bag_eq($$SELECT period, sum(records)::bigint FROM tip.data_quality('tap_four')
		WHERE entity = 'case' AND element IS NULL GROUP BY 1$$,
	$$VALUES (NULL, 25::bigint), ('0001', 5), ('9999', 5)$$, 'and belong to no period outside the years 1 to 9999');
SELECT is((SELECT sum(records)::bigint FROM tip.data_quality('tap_four') WHERE element = 'reported_to_recorded'), 35::bigint,
	'none is left out of the timeliness');
SELECT is((SELECT sum(not_evaluable)::bigint FROM tip.data_quality('tap_four') WHERE element = 'reported_to_recorded'), 28::bigint,
	'where a day is missing, or the limit lies between the days that it may be, it is not evaluable');
SELECT is((SELECT sum(failing)::bigint FROM tip.data_quality('tap_four') WHERE element = 'reported_to_recorded: negative'), 3::bigint,
	'what certainly comes before what it should follow is counted');

-- ---- a rule that cannot be asked ----
INSERT INTO tip.rule (id, entity, severity, predicate, message_en)
VALUES ('TAP_GUARDED', 'event', 'error', '1 / (check_serial - 7) < 1', 'no');
DELETE FROM tap_four.referral;
DELETE FROM tap_four.victimization;
DELETE FROM tap_four.event;
SET session_replication_role = replica;
INSERT INTO tap_four.event (recorded_on, check_serial) VALUES ('2024-01-01', 7), ('2024-01-01', 8), ('2024-01-01', 9);
RESET session_replication_role;
SELECT results_eq($$SELECT records, failing, not_evaluable FROM tip.data_quality('tap_four') WHERE element = 'TAP_GUARDED'$$,
	'VALUES (3::bigint, 1::bigint, 1::bigint)', 'is not evaluable, and the others are judged');
DELETE FROM tip.rule WHERE id = 'TAP_GUARDED';

-- ---- partitions make no difference ----
SELECT tip.create_model('tap_parts', partition_by => 'year');
DO $$ DECLARE t text; BEGIN
	FOR t IN SELECT name FROM tip_impl.model_table WHERE in_case LOOP
		EXECUTE format('ALTER TABLE tap_parts.%I ALTER case_year SET DEFAULT 2024', t);
	END LOOP;
END $$;
CALL tap_qf.fill('tap_parts');
SELECT tip.excuse('A03', victimization_id, 'seen', NULL, 'tap_parts')
FROM tap_parts.victimization WHERE age_at_entry > 120;
SELECT set_eq('SELECT * FROM tip.data_quality(''tap_parts'')', 'SELECT * FROM tap_qf.q', 'a model partitioned by year has the same figures');
SET session_replication_role = replica;
INSERT INTO tap_parts.event (event_id, case_year, recorded_on)
SELECT event_id, 1999, recorded_on FROM tap_parts.event;
RESET session_replication_role;
SELECT is((SELECT sum(records)::bigint FROM tip.data_quality('tap_parts') WHERE entity = 'victimization' AND element IS NULL AND dimension = 'validity'),
	(SELECT sum(records)::bigint FROM tap_qf.q WHERE entity = 'victimization' AND element IS NULL AND dimension = 'validity'),
	'a key that is in two partitions counts no record twice');

-- ---- nothing of a record, and nothing that the caller may not read ----
SELECT is((SELECT count(*) FROM tap_qf.q WHERE q::text LIKE '%PLANTED%'), 0::bigint, 'no value of a record comes out');
CREATE ROLE tap_q_reader;
GRANT USAGE ON SCHEMA tap_quality TO tap_q_reader;
SET ROLE tap_q_reader;
SELECT throws_ok('SELECT * FROM tip.data_quality(''tap_quality'')', '42501', NULL, 'who was not granted it cannot ask');
RESET ROLE;
GRANT EXECUTE ON FUNCTION tip.data_quality, tip.data_quality_summary, tip.check_table TO tap_q_reader;
GRANT SELECT ON tip.rule TO tap_q_reader;
SET ROLE tap_q_reader;
SELECT throws_ok('SELECT * FROM tip.data_quality(''tap_quality'')', '42501', NULL, 'nor who may not read the records');
RESET ROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA tap_quality TO tap_q_reader;
REVOKE SELECT ON tap_quality.quarantine FROM tap_q_reader;
SET ROLE tap_q_reader;
SELECT is((SELECT sum(cases)::bigint FROM tip.data_quality_summary('tap_quality')), 200::bigint, 'reading is enough');
RESET ROLE;
ALTER TABLE tap_quality.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON tap_quality.event FOR SELECT TO tap_q_reader USING (reporting_entity_id = tap_qf.key('agency', 1));
GRANT USAGE ON SCHEMA tap_qf TO tap_q_reader;
SET ROLE tap_q_reader;
SELECT is((SELECT sum(cases)::bigint FROM tip.data_quality_summary('tap_quality')),
	(SELECT count(*) FROM tap_quality.event), 'a policy hides cases from the figures, too');
RESET ROLE;

DROP OWNED BY tap_q_reader;
DROP ROLE tap_q_reader;
DROP SCHEMA tap_quality, tap_four, tap_parts, tap_qf CASCADE;
SELECT * FROM finish();
