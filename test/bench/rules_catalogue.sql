-- The shipped rules on the widest entity: in the engine, as CHECK constraints,
-- in a PL/pgSQL trigger; an audit of the table.
\if :{?rule_rows} \else \set rule_rows 200000 \endif
SELECT count(*) AS nrules FROM tip.rule WHERE entity = 'victimization' AND timing = 'row' \gset
\echo
\echo == Rules: all :nrules row rules of victimization on :rule_rows rows ==
SET client_min_messages = warning;
SELECT tip.create_model() > 0 AS made \gset
RESET client_min_messages;

-- each rule with the stage from which on it applies, as one condition
CREATE TEMP TABLE predicate AS
SELECT r.id, format('(%s) IS NOT TRUE OR (%s)', coalesce(s.condition, 'true'), r.predicate) AS p
FROM tip.rule AS r LEFT JOIN tip_impl.rule_stage AS s
	ON s.entity = r.entity AND s.track = r.track AND s.stage = r.stage
WHERE r.entity = 'victimization' AND r.timing = 'row';

CREATE SCHEMA engine;
CREATE SCHEMA empty;
CREATE SCHEMA guarded;
CREATE TABLE bench.victimization (LIKE tip_data.victimization INCLUDING DEFAULTS, PRIMARY KEY (victimization_id));
CREATE TABLE bench.checked (LIKE tip_data.victimization INCLUDING DEFAULTS, PRIMARY KEY (victimization_id));
CREATE TABLE bench.scripted (LIKE tip_data.victimization INCLUDING DEFAULTS, PRIMARY KEY (victimization_id));
CREATE TABLE engine.victimization (LIKE tip_data.victimization INCLUDING DEFAULTS, PRIMARY KEY (victimization_id));
CREATE TABLE empty.nothing (LIKE tip_data.victimization INCLUDING DEFAULTS, PRIMARY KEY (victimization_id));
CREATE TABLE guarded.nothing (LIKE tip_data.victimization INCLUDING DEFAULTS, PRIMARY KEY (victimization_id));
CREATE TABLE guarded.victimization (LIKE tip_data.victimization INCLUDING DEFAULTS, PRIMARY KEY (victimization_id));
CREATE TABLE bench.noop (LIKE tip_data.victimization INCLUDING DEFAULTS, PRIMARY KEY (victimization_id));
CREATE TABLE engine.finding (LIKE tip_data.finding INCLUDING ALL);
CREATE TABLE engine.excuse (LIKE tip_data.excuse INCLUDING ALL);

SET search_path = public, tip, tip_impl;
SELECT format('ALTER TABLE bench.checked ADD CONSTRAINT %s CHECK (%s)', lower(id), p)
FROM predicate
\gexec
SELECT format($f$CREATE FUNCTION bench.scripted() RETURNS trigger LANGUAGE plpgsql AS $b$
BEGIN
%s	RETURN NEW;
END $b$ $f$, string_agg(format(E'\tIF (%s) IS FALSE THEN RAISE check_violation USING MESSAGE = %L; END IF;\n',
	regexp_replace(p, format('\m(%s)\M(?!'')', (SELECT string_agg(attname, '|') FROM pg_attribute
		WHERE attrelid = 'tip_data.victimization'::regclass AND attnum > 0)), 'NEW.\1', 'g'), id), '' ORDER BY id))
FROM predicate
\gexec
RESET search_path;
CREATE TRIGGER scripted BEFORE INSERT ON bench.scripted
FOR EACH ROW EXECUTE FUNCTION bench.scripted();
ALTER FUNCTION bench.scripted() SET search_path = pg_catalog, tip, tip_impl;

CREATE TRIGGER "~tip_rules" BEFORE INSERT OR UPDATE OR DELETE ON engine.victimization
FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row('victimization');
CREATE TRIGGER "~tip_findings_begin" BEFORE INSERT OR UPDATE OR DELETE ON engine.victimization
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.findings_begin();
CREATE TRIGGER "~tip_findings_end" AFTER INSERT OR UPDATE OR DELETE ON engine.victimization
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.findings_end();
CREATE TRIGGER "~tip_rules" BEFORE INSERT OR UPDATE OR DELETE ON empty.nothing
FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row('no_such_rules');
CREATE TRIGGER "~tip_rules" BEFORE INSERT OR UPDATE OR DELETE ON guarded.nothing
FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row('bench_guarded');
-- a trigger of core in C that has nothing to do for an INSERT
CREATE EXTENSION lo;
CREATE TRIGGER noop BEFORE INSERT OR UPDATE OR DELETE ON bench.noop
FOR EACH ROW EXECUTE FUNCTION lo_manage('victimization_id');
CREATE TRIGGER "~tip_rules" BEFORE INSERT OR UPDATE OR DELETE ON guarded.victimization
FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row('bench_all');
SET session_replication_role = replica;
INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
SELECT 'BENCH_GUARDED' || n, e, '{}', 'error', '1000 / weekly_hours > 1', 'bench'
FROM unnest('{bench_guarded,bench_all}'::text[]) WITH ORDINALITY AS u(e, n);
INSERT INTO tip.rule (id, entity, columns, severity, track, stage, predicate, null_passes, message_en)
SELECT 'B_' || id, 'bench_all', columns, severity, track, stage, predicate, null_passes, 'bench'
FROM tip.rule WHERE entity = 'victimization' AND timing = 'row';
INSERT INTO tip_impl.rule_stage (entity, track, stage, condition)
SELECT 'bench_all', track, stage, condition FROM tip_impl.rule_stage WHERE entity = 'victimization';
RESET session_replication_role;

CREATE TABLE bench.source AS
SELECT v.* FROM generate_series(1, :rule_rows) AS i
CROSS JOIN LATERAL jsonb_populate_record(NULL::tip_data.victimization, jsonb_build_object(
	'victimization_id', gen_random_uuid(), 'event_id', gen_random_uuid(), 'victim_id', gen_random_uuid(),
	'victim_stage', 'identified', 'victim_status', 'identified', 'status_decider', 'police',
	'identified_on', '2024-03-01', 'acts', '{recruit,transport}', 'means', '{deception}', 'forms', '{labour}',
	'main_form', 'labour', 'sector', 'A', 'control_methods', '{threat}', 'recruitment_channels', '{friends_event}',
	'age_at_entry', 20 + i % 20, 'age_at_exploitation', 20 + i % 20, 'age_at_identification', 40 + i % 20,
	'age_status_at_entry', 'adult', 'age_status_at_exploitation', 'adult', 'age_status_at_identification', 'adult',
	'recruitment_country', 'VE', 'exploitation_country', 'TT', 'exploitation_subdivision', 'TT-POS',
	'recruited_on', '2023-01', 'moved_on', '2023-02', 'exploited_from', '2023-03', 'exploited_to', '2024-02',
	'is_intended_only', false, 'weekly_hours', 40 + i % 40, 'consent_to_share', 'given',
	'debt_amount', i % 1000, 'debt_currency', 'TTD',
	'recorded_on', '2024-03-02', 'provenance', 'live', 'checked_ruleset', tip.current_ruleset())) AS v;
\echo Rules that a row of the source violates (none)
SELECT DISTINCT f.rule, f.outcome FROM (SELECT * FROM bench.source LIMIT 100) AS s
CROSS JOIN LATERAL tip.check_record('victimization', to_jsonb(s)) AS f;
\set copy_file `mktemp -u /tmp/tip_bench_XXXXXX`
COPY bench.source TO :'copy_file';
CALL bench.compare('insert', ARRAY['plain', 'no-op', 'empty', 'check', 'engine', 'plpgsql', 'one guarded', 'engine, guarded'], ARRAY[
	'TRUNCATE bench.victimization; INSERT INTO bench.victimization SELECT * FROM bench.source',
	'TRUNCATE bench.noop; INSERT INTO bench.noop SELECT * FROM bench.source',
	'TRUNCATE empty.nothing; INSERT INTO empty.nothing SELECT * FROM bench.source',
	'TRUNCATE bench.checked; INSERT INTO bench.checked SELECT * FROM bench.source',
	'TRUNCATE engine.victimization; INSERT INTO engine.victimization SELECT * FROM bench.source',
	'TRUNCATE bench.scripted; INSERT INTO bench.scripted SELECT * FROM bench.source',
	'TRUNCATE guarded.nothing; INSERT INTO guarded.nothing SELECT * FROM bench.source',
	'TRUNCATE guarded.victimization; INSERT INTO guarded.victimization SELECT * FROM bench.source']);
\echo INSERT ... SELECT
SELECT * FROM bench.report('insert', 'plain');
\pset tuples_only on
\pset format unaligned
SELECT bench.bar('engine / CHECK, INSERT', bench.median('insert', 'engine') / bench.median('insert', 'check'), 'at most', 1.00);
SELECT bench.bar('PL/pgSQL trigger / engine, both net of plain',
	bench.net('insert', 'plpgsql', 'plain') / bench.net('insert', 'engine', 'plain'), 'at least', 4.00);
SELECT bench.bar('empty rule set / plain', bench.median('insert', 'empty') / bench.median('insert', 'plain'), 'at most', 1.15);
SELECT bench.bar('empty rule set / no-op C trigger', bench.median('insert', 'empty') / bench.median('insert', 'no-op'), 'at most', 1.15);
SELECT bench.bar('what one guarded rule adds / plain',
	bench.net('insert', 'one guarded', 'plain') / bench.median('insert', 'plain'), 'at most', 2.50);
\pset tuples_only off
\pset format aligned

SELECT format($f$CALL bench.compare('copy', ARRAY['plain', 'check', 'engine'], ARRAY[
	$$TRUNCATE bench.victimization; COPY bench.victimization FROM %1$L$$,
	$$TRUNCATE bench.checked; COPY bench.checked FROM %1$L$$,
	$$TRUNCATE engine.victimization; COPY engine.victimization FROM %1$L$$])$f$, :'copy_file')
\gexec
\echo COPY
SELECT * FROM bench.report('copy', 'plain');
\pset tuples_only on
\pset format unaligned
SELECT bench.bar('engine / CHECK, COPY', bench.median('copy', 'engine') / bench.median('copy', 'check'), 'at most', 1.00);
\pset tuples_only off
\pset format aligned
\setenv COPY_FILE :copy_file
\! rm -f "$COPY_FILE"

\echo
\echo == Audit: tip.check_table() against the same predicates in WHERE ==
ALTER TABLE engine.victimization DROP CONSTRAINT victimization_pkey;
INSERT INTO engine.victimization SELECT s.* FROM bench.source AS s CROSS JOIN generate_series(2, 5);
VACUUM (ANALYZE) engine.victimization;
SELECT count(*) AS audited FROM engine.victimization;
SET search_path = public, tip, tip_impl;
SELECT format('SELECT count(*) FROM engine.victimization WHERE %s',
	string_agg(format('((%s) IS FALSE)', p), ' OR ' ORDER BY id)) AS where_query FROM predicate \gset
SELECT format('CREATE FUNCTION bench.in_where() RETURNS SETOF bigint LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl AS $b$ BEGIN RETURN QUERY EXECUTE %L; END $b$', :'where_query')
\gexec
RESET search_path;
CALL bench.compare('audit', ARRAY['where', 'check_table'], ARRAY[
	'SELECT * FROM bench.in_where()',
	$$SELECT count(*) FROM tip.check_table('engine.victimization')$$]);
SELECT * FROM bench.report('audit', 'where');
\pset tuples_only on
\pset format unaligned
SELECT bench.bar('check_table / WHERE', bench.median('audit', 'check_table') / bench.median('audit', 'where'), 'at most', 1.50);
\pset tuples_only off
\pset format aligned

