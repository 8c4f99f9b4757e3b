-- Rules at commit: many cases in one transaction against the same tables, with
-- the same keys and foreign keys, but no trigger of ours; and memory.
-- CASES says how many cases (100000), MEMORY_CASES for how many memory is
-- measured (1000000).
\if :{?cases} \else \set cases 100000 \endif
\if :{?memory_cases} \else \set memory_cases 1000000 \endif
SELECT :cases / 10 AS tenth \gset
\echo
\echo == Cases: :tenth and :cases cases changed in one transaction ==
SET client_min_messages = warning;
SELECT tip.create_model('judged') > 0, tip.create_model('row_rules') > 0, tip.create_model('plain') > 0 \g /dev/null
SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger
WHERE NOT tgisinternal AND (tgname LIKE '~tip%' AND tgrelid::regclass::text LIKE 'plain.%'
	OR tgname LIKE '~tip\_case%' AND tgrelid::regclass::text LIKE 'row\_rules.%')
\gexec

-- Stand-ins for more views of facts: one row a victim, one a case.
CREATE VIEW judged.bench_path WITH (security_invoker = true) AS
	SELECT v.event_id, v.victimization_id, v.victim_stage, v.identified_on, v.age_at_entry, p.birth_year, p.sex,
		e.recorded_on, e.jurisdiction, v.exploitation_country,
		EXISTS (SELECT FROM judged.screening AS s WHERE s.victimization_id = v.victimization_id) AS is_screened,
		EXISTS (SELECT FROM judged.referral AS r WHERE r.victimization_id = v.victimization_id) AS is_referred,
		(SELECT min(tip.earliest(d.decided_on)) FROM judged.status_decision AS d
		 WHERE d.victimization_id = v.victimization_id) AS first_decided,
		(SELECT max(tip.latest(x.ended_on)) FROM judged.exploitation AS x
		 WHERE x.victimization_id = v.victimization_id) AS last_exploited
	FROM judged.victimization AS v JOIN judged.event AS e USING (event_id)
	LEFT JOIN judged.victim AS p USING (victim_id);
CREATE VIEW judged.bench_unit WITH (security_invoker = true) AS
	SELECT e.event_id, e.case_stage, e.closed_on,
		(SELECT count(*) FROM judged.victimization AS v WHERE v.event_id = e.event_id) AS victims,
		(SELECT count(*) FROM judged.involvement AS i WHERE i.event_id = e.event_id) AS involved,
		(SELECT count(*) FROM judged.justice_step AS j WHERE j.event_id = e.event_id) AS steps
	FROM judged.event AS e;
SET session_replication_role = replica;
INSERT INTO tip.rule (id, entity, severity, timing, predicate, message_en)
SELECT 'BENCH_P' || n, 'bench_path', 'error', 'tx', p, 'bench' FROM unnest(ARRAY[
	'victim_stage <> ''referred'' OR is_referred', 'victim_stage <> ''exited'' OR is_screened',
	'first_decided <= last_exploited + 100000', 'birth_year <= 2100', 'recorded_on >= ''1900-01-01''',
	'age_at_entry BETWEEN 0 AND 120', 'sex <> ''not_applicable''', 'jurisdiction IS NOT NULL',
	'NOT (victim_stage = ''exited'' AND first_decided IS NULL)', 'last_exploited < ''2199-01-01''']) WITH ORDINALITY AS u(p, n);
INSERT INTO tip.rule (id, entity, severity, timing, predicate, message_en)
SELECT 'BENCH_U' || n, 'bench_unit', 'error', 'tx', p, 'bench' FROM unnest(ARRAY[
	'case_stage <> ''charged'' OR steps > 0', 'case_stage <> ''closed'' OR closed_on IS NOT NULL',
	'victims >= 0', 'involved >= 0', 'steps < 1000']) WITH ORDINALITY AS u(p, n);
RESET session_replication_role;

-- What is stored: an event, a victim, a perpetrator and two steps each.
CREATE FUNCTION bench.key(n int, t text) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(t || n)::uuid;
CREATE UNLOGGED TABLE bench.event AS
	SELECT bench.key(n, 'e') AS event_id, 'TT'::tip.country AS jurisdiction, date '2024-01-01' AS recorded_on,
		'recorded'::tip.case_stage AS case_stage, 'live'::tip.provenance AS provenance
	FROM generate_series(1, :cases) AS n;
CREATE UNLOGGED TABLE bench.victim AS
	SELECT bench.key(n, 'v') AS victim_id, 'female'::tip.sex AS sex, 1990::int2 AS birth_year,
		'{VE}'::tip.country[] AS citizenship
	FROM generate_series(1, :cases) AS n;
CREATE UNLOGGED TABLE bench.victimization AS
	SELECT bench.key(n, 'z') AS victimization_id, bench.key(n, 'e') AS event_id, bench.key(n, 'v') AS victim_id,
		'screened'::tip.victim_stage AS victim_stage, date '2024-01-01' AS recorded_on
	FROM generate_series(1, :cases) AS n;
CREATE UNLOGGED TABLE bench.involvement AS
	SELECT bench.key(n, 'i') AS involvement_id, bench.key(n, 'e') AS event_id, '{recruiter}'::tip.perpetrator_role_set AS roles
	FROM generate_series(1, :cases) AS n;
CREATE UNLOGGED TABLE bench.justice_step AS
	SELECT gen_random_uuid() AS justice_step_id, bench.key(n, 'e') AS event_id, bench.key(n, 'i') AS involvement_id, s AS sequence,
		(ARRAY['arrested', 'charged'])[s]::tip.justice_step_kind AS step, ('2024-0' || s)::tip.partial_date AS stepped_on,
		CASE s WHEN 2 THEN 'TT-16' END AS statute_id, CASE s WHEN 2 THEN 1 END AS charge_count,
		'live'::tip.provenance AS provenance, tip.current_ruleset() AS checked_ruleset
	FROM generate_series(1, :cases) AS n, generate_series(1, 2) AS s ORDER BY n, s;
CREATE INDEX ON bench.victimization (event_id);
ANALYZE;

-- Store the first so many cases, or what belongs to them, in one transaction.
CREATE PROCEDURE bench.fill(schema text, tables text[], cases int) LANGUAGE plpgsql AS $$
DECLARE
	t text;
	columns text;
BEGIN
	FOREACH t IN ARRAY tables LOOP
		SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
		FROM pg_attribute WHERE attrelid = format('bench.%I', t)::regclass AND attnum > 0;
		EXECUTE format('INSERT INTO %I.%I (%3$s) SELECT %3$s FROM bench.%2$I LIMIT %4$s', schema, t, columns,
			CASE t WHEN 'justice_step' THEN 2 ELSE 1 END * cases);
	END LOOP;
	SET CONSTRAINTS ALL IMMEDIATE;
END $$;

-- As bench.compare(), with the tables emptied and filled before the clock runs.
CREATE PROCEDURE bench.compare_cases(subject text, before text[], tables text[], cases int, rounds int)
LANGUAGE plpgsql AS $$
DECLARE
	s text;
	started timestamptz;
BEGIN
	FOR round IN 0 .. rounds LOOP
		FOREACH s IN ARRAY '{plain,row_rules,judged}'::text[] LOOP
			EXECUTE format('TRUNCATE %1$I.event, %1$I.victim, %1$I.finding CASCADE', s);
			SET session_replication_role = replica;
			CALL bench.fill(s, before, cases);
			RESET session_replication_role;
			COMMIT;
			started := clock_timestamp();
			CALL bench.fill(s, tables, cases);
			COMMIT;
			IF round > 0 THEN
				INSERT INTO bench.timing VALUES (subject, s, round,
					1000 * extract(epoch FROM clock_timestamp() - started));
				COMMIT;
			END IF;
		END LOOP;
	END LOOP;
END $$;

CALL bench.compare_cases('steps, a tenth', '{event,victim,victimization,involvement}', '{justice_step}', :tenth, 3);
CALL bench.compare_cases('steps', '{event,victim,victimization,involvement}', '{justice_step}', :cases, 3);
CALL bench.compare_cases('new cases, a tenth', '{}', '{event,victim,victimization,involvement,justice_step}', :tenth, 3);
CALL bench.compare_cases('new cases', '{}', '{event,victim,victimization,involvement,justice_step}', :cases, 3);
SELECT s.subject, r.variant, r.median_ms, r.times_base, CASE r.variant WHEN 'judged' THEN 'under 3' END AS bar
FROM (VALUES (1, 'steps, a tenth'), (2, 'steps'), (3, 'new cases, a tenth'), (4, 'new cases')) AS s(n, subject)
CROSS JOIN LATERAL bench.report(s.subject, 'plain') WITH ORDINALITY AS r ORDER BY s.n, r.ordinality;
\echo Time for ten times the cases (linear: 10)
SELECT s AS subject, round((bench.median(s, 'plain') / bench.median(s || ', a tenth', 'plain'))::numeric, 1) AS plain_times,
	round((bench.median(s, 'judged') / bench.median(s || ', a tenth', 'judged'))::numeric, 1) AS judged_times
FROM unnest('{steps,new cases}'::text[]) AS s;

\echo
\echo == Cases: memory of the commit check, :memory_cases cases, each with a finding ==
-- peak is that of the process since it was reset, less what it shares
CREATE FUNCTION bench.kb(field text) RETURNS int LANGUAGE sql VOLATILE
RETURN substring(pg_read_file('/proc/self/status') FROM field || ':\s+(\d+)')::int;
CREATE FUNCTION bench.memory(OUT peak int, OUT own int) LANGUAGE sql AS $$
	SELECT (bench.kb('VmHWM') - bench.kb('RssShmem')) / 1024, bench.kb('RssAnon') / 1024
$$;
TRUNCATE judged.event, judged.finding CASCADE;
SET session_replication_role = replica;
INSERT INTO judged.event (event_id, jurisdiction) SELECT gen_random_uuid(), 'TT' FROM generate_series(1, :memory_cases);
RESET session_replication_role;
BEGIN;
INSERT INTO judged.justice_step (event_id, sequence, step, provenance, stepped_on, statute_id, charge_count)
SELECT event_id, 1, 'charged', 'live', '2024', 'TT-16', 1 FROM judged.event;
SELECT own AS before FROM bench.memory() \gset
SELECT round(sum(total_bytes) FILTER (WHERE name = 'tip_module noted cases') / 1048576) AS noted,
	round(sum(total_bytes) FILTER (WHERE name = 'AfterTriggerEvents') / 1048576) AS core FROM pg_backend_memory_contexts \gset
COPY (SELECT 5) TO '/proc/self/clear_refs';
SELECT clock_timestamp() AS started \gset
SET CONSTRAINTS ALL IMMEDIATE;
SELECT round(extract(epoch FROM clock_timestamp() - :'started')::numeric, 1) AS seconds \gset
SELECT peak FROM bench.memory() \gset
COMMIT;
SELECT :noted AS noted_cases_mb, :core AS queue_of_core_mb, :before AS process_before_mb, :peak AS process_peak_mb,
	:peak - :before AS memory_of_the_commit_check_mb, :seconds AS seconds,
	(SELECT count(*) FROM judged.finding WHERE entity = 'prosecution') AS findings;
