-- Rules at commit: each accepts and rejects what it should, about real tables;
-- the views of facts never raise and read no table as a whole for one case.
\set ON_ERROR_STOP on
\set QUIET 1
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA tap_facts;
SET search_path = public, tap_facts;
SELECT tip.create_model('tap_facts_data') > 0 AS made \gset
CREATE TEMP TABLE example (number int GENERATED ALWAYS AS IDENTITY, rule text, verdict text, records jsonb);
\copy example (rule, verdict, records) FROM 'test/fixtures/case_examples.csv' (FORMAT csv, HEADER)
\ir ../fixtures/store_case.sql
SELECT * FROM no_plan();

-- ---- the catalogue ----
SELECT is_empty($$
	SELECT r.id, v.verdict FROM tip.rule AS r
	CROSS JOIN (VALUES ('accept'), ('reject')) AS v(verdict)
	WHERE r.timing = 'tx' AND NOT r.is_local AND NOT EXISTS (
		SELECT FROM example AS c WHERE c.rule = r.id AND c.verdict = v.verdict)$$,
	'every shipped rule at commit has an accepting and a rejecting example');
SELECT is_empty($$SELECT rule FROM example EXCEPT SELECT id FROM tip.rule WHERE timing = 'tx'$$,
	'every example is of a rule at commit');
SELECT is_empty($$
	SELECT c.* FROM (SELECT DISTINCT entity FROM tip.rule WHERE timing = 'tx') AS e
	CROSS JOIN LATERAL tip.check_rules(e.entity, 'tap_facts_data') AS c WHERE c.state <> 'total'$$,
	'every rule at commit is total');
CREATE VIEW tap_facts.fact_column AS
	SELECT c.relname, c.oid, c.reloptions, a.attname, a.attnum, a.atttypid
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relnamespace = 'tap_facts_data'::regnamespace AND c.relkind = 'v'
	  AND c.relname IN (SELECT entity FROM tip.rule WHERE timing = 'tx');
SELECT set_eq($$SELECT DISTINCT relname::text FROM fact_column$$,
	$$SELECT DISTINCT entity FROM tip.rule WHERE timing = 'tx'$$, 'the views that rules need are there');
SELECT is_empty($$SELECT relname, attname FROM fact_column
	WHERE col_description(oid, attnum) IS NULL OR obj_description(oid, 'pg_class') IS NULL$$,
	'each view of facts and each of its columns is explained');
SELECT is_empty($$SELECT relname, attname FROM fact_column
	WHERE (atttypid = 'bool'::regtype) <> (attname ~ '^(is|has)_')$$,
	'what is true or false is named is_ or has_');
SELECT is_empty($$SELECT DISTINCT relname FROM fact_column
	WHERE NOT coalesce(reloptions @> '{security_invoker=true}', false)$$,
	'no view shows a reader more than its tables do');
SELECT is_empty($$SELECT f.relname FROM fact_column AS f GROUP BY f.relname
	HAVING NOT bool_or(attname = 'event_id' AND atttypid = 'uuid'::regtype)
	    OR NOT bool_or(attname = 'recorded_on' AND atttypid = 'date'::regtype)$$,
	'each has the event, and its day of recording, from which rules are valid');

-- ---- what COMMIT says ----
-- Rules that refuse the case, if it is stored and then judged; always undone.
CREATE FUNCTION tap_facts.refusing(name text, records jsonb) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
	d text;
BEGIN
	PERFORM pg_temp.store_case('tap_facts_data', name, records);
	SET CONSTRAINTS ALL IMMEDIATE;
	RAISE sqlstate 'TF000';
EXCEPTION WHEN sqlstate 'TF000' THEN
	RETURN '{}';
WHEN check_violation THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RETURN ARRAY(SELECT f ->> 'rule' FROM jsonb_array_elements(d::jsonb) AS f
	             WHERE f ->> 'severity' = 'error' AND f ->> 'outcome' = 'failed');
END $$;
CREATE TEMP TABLE committed AS
	SELECT e.*, r.severity, r.entity, tap_facts.refusing('commit ' || e.number, e.records) AS refusing
	FROM example AS e JOIN tip.rule AS r ON r.id = e.rule;
SELECT is_empty($$SELECT rule, records, refusing FROM committed
	WHERE (rule = ANY (refusing)) <> (severity = 'error' AND verdict = 'reject')$$,
	'COMMIT is refused by the errors of the rejecting examples and by nothing else');
SELECT is_empty($$SELECT DISTINCT entity FROM tip.rule WHERE timing = 'tx' AND severity = 'error' AND id NOT IN (
	SELECT rule FROM committed WHERE rule = ANY (refusing))$$, 'every error has refused a case');
SELECT is((SELECT count(*) FROM tap_facts_data.event), 0::bigint, 'and nothing of it stayed');
CREATE FUNCTION tap_facts.as_draft(records jsonb) RETURNS jsonb LANGUAGE sql
RETURN records || CASE WHEN records ? 'victimization' THEN jsonb_build_object('victimization', (
	SELECT jsonb_agg(v || '{"victim_stage": "draft"}') FROM jsonb_array_elements(records -> 'victimization') AS v))
	ELSE '{}' END;
SELECT is_empty($$SELECT rule, records FROM (
		SELECT *, tap_facts.refusing('draft ' || number, tap_facts.as_draft(records)) AS now_refusing
		FROM committed WHERE entity <> 'prosecution' AND rule = ANY (refusing)) AS c
	WHERE now_refusing <> '{}'$$,
	'a case is never refused because of a victim in stage draft');

-- ---- the examples ----
CREATE TEMP TABLE stored AS
	SELECT c.number, s.entity, s.number AS record, s.id, s.findings
	FROM example AS c, pg_temp.store_case('tap_facts_data', c.number::text, c.records) AS s;
SELECT is_empty($$SELECT e.rule, e.records, s.entity, s.record, s.findings
	FROM stored AS s JOIN example AS e USING (number) WHERE s.id IS NULL$$,
	'no rule about a row refuses a record of the examples');
SELECT is_empty($$SELECT e.rule, e.records FROM example AS e
	WHERE (SELECT count(*) FROM stored AS s WHERE s.number = e.number)
	   <> (SELECT sum(jsonb_array_length(r.value)) FROM jsonb_each(e.records) AS r)$$,
	'every record of the examples is of an entity, and stored');
CREATE TEMP TABLE judged AS
	SELECT e.number, f.rule, f.severity, f.outcome, f.columns, f.message
	FROM example AS e, tip.check_case(pg_temp.case_key(e.number::text, 'e1')::uuid, 'tap_facts_data') AS f;
SELECT is(EXISTS (SELECT FROM judged AS j WHERE j.number = e.number AND j.rule = e.rule AND j.outcome = 'failed'),
	e.verdict = 'reject', format('%s %ss %s', e.rule, e.verdict, e.records)) FROM example AS e ORDER BY e.number;
-- what an accepting example is meant to show is not spoilt by another error
SELECT is_empty($$SELECT e.rule, e.records, j.rule FROM example AS e JOIN judged AS j USING (number)
	WHERE e.verdict = 'accept' AND j.rule = e.rule AND j.outcome NOT IN ('failed', 'not_evaluable')$$,
	'an example passes or is not evaluable');
SELECT bag_eq($$SELECT DISTINCT j.number, j.rule, j.outcome FROM judged AS j$$,
	$$SELECT DISTINCT e.number, f.rule, f.outcome FROM example AS e
	JOIN (SELECT 'prosecution' AS view, * FROM tip.check_table('tap_facts_data.prosecution')
	      UNION ALL SELECT 'victim_path', * FROM tip.check_table('tap_facts_data.victim_path')
	      UNION ALL SELECT 'victim_route', * FROM tip.check_table('tap_facts_data.victim_route')
	      UNION ALL SELECT 'case_unit', * FROM tip.check_table('tap_facts_data.case_unit')) AS f
	ON f.record = pg_temp.case_key(e.number::text, 'e1')$$,
	'check_table() of the views finds what check_case() finds');

-- ---- hostile rows: no view and no rule raises ----
SET session_replication_role = replica;
SELECT setseed(0.17);
CREATE TEMP TABLE code_of AS
	SELECT 'tip.' || list AS type, array_agg(code ORDER BY number) || '{#1000}'::text[] AS codes,
	       array_agg(code ORDER BY number) FILTER (WHERE number <= 54) AS members
	FROM tip.code_list GROUP BY list;
INSERT INTO tip.statute (statute_id, country, act, title, victim_class, min_months, max_months,
	fine_alone, fine_alone_to, in_force_from, in_force_to) VALUES
	('TT-X1', 'TT', 'Act', 'hostile', 'minor', 2147483647, 2147483647, false, 'infinity', '-infinity', 'infinity'),
	('TT-X2', 'TT', 'Act', 'hostile', 'adult', 0, 0, false, '-infinity', 'infinity', 'infinity');
CREATE FUNCTION tap_facts.one_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE
RETURN choices[1 + floor(random() * cardinality(choices))::int];
-- keys are of few rows, so that they meet; statutes and references, too
CREATE FUNCTION tap_facts.key(tbl text, n int) RETURNS text LANGUAGE sql IMMUTABLE
RETURN md5(tbl || n)::uuid::text;
CREATE FUNCTION tap_facts.hostile(name text, type text, refers_to text) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c code_of;
BEGIN
	IF refers_to IS NOT NULL THEN
		RETURN CASE WHEN random() < 0.95 THEN tap_facts.key(refers_to, floor(random() * 60)::int) END;
	ELSIF random() < 0.2 THEN
		RETURN NULL;
	ELSIF name = 'statute_id' THEN
		RETURN tap_facts.one_of('TT-16', 'TT-18', 'LC-ADULT', 'BB-4', 'TT-X1', 'TT-X2', '', 'none', repeat('%', 500));
	ELSIF name ~ 'ref$' THEN
		RETURN tap_facts.one_of('P1', 'P2', '', ' ', repeat('x', 500));
	END IF;
	SELECT * INTO c FROM code_of AS k WHERE k.type = regexp_replace(hostile.type, '_set$', '');
	RETURN CASE
		WHEN type = 'tip.country[]' THEN tap_facts.one_of('{}', '{ZZ,VE}', '{NULL}', '{unknown}', '{#999}')
		WHEN type LIKE 'tip.%\_set' THEN tap_facts.one_of('{}', '{unknown}', '{withheld,not_stated}',
			'{' || tap_facts.one_of(VARIADIC c.members) || ',' || tap_facts.one_of(VARIADIC c.members) || '}')
		WHEN c.codes IS NOT NULL THEN tap_facts.one_of(VARIADIC c.codes)
		WHEN type = 'tip.partial_date' THEN tap_facts.one_of('0001', '0001-01-01', '9999-12-31', '9999', '1998?', '2020-02-29~', '2021', '2021-05', '2022-01-01')
		WHEN type = 'int2' THEN tap_facts.one_of('-32768', '-1', '0', '17', '18', '32767')
		WHEN type LIKE 'int%' THEN tap_facts.one_of('-2147483648', '-1', '0', '1', '2', '3', '2147483647')
		WHEN type LIKE 'bigint%' THEN tap_facts.one_of('-9223372036854775808', '0', '9223372036854775807')
		WHEN type = 'numeric' THEN tap_facts.one_of('NaN', 'Infinity', '-Infinity', '1e1000', '0')
		WHEN type = 'boolean' THEN tap_facts.one_of('true', 'false')
		WHEN type = 'date' THEN tap_facts.one_of('-infinity', 'infinity', '4713-01-01 BC', '5874897-12-31', '2020-02-29')
		WHEN type = 'uuid' THEN gen_random_uuid()::text
		ELSE tap_facts.one_of('', ' ', repeat('x', 2000)) END;
END $$;
-- steps and reversals that occur seldom among all codes
UPDATE code_of SET codes = '{charged,convicted,acquitted,sentenced,indicted,arrested,abated_death,guilty_other_offence,appeal_filed,reported,unknown,#1000}'
WHERE type = 'tip.justice_step_kind';
UPDATE code_of SET codes = '{TT,VE,BB,LC,ZZ,unknown,#1000}' WHERE type = 'tip.country';
UPDATE code_of SET codes = '{D1.01,D3.08,D4.01,D6.01,D1,ILO11-1,unknown,#1000}' WHERE type = 'tip.indicator';
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT table_name, array_agg(column_name) AS names, array_agg(type) AS types,
	                array_agg(refers_to::text) AS targets
	         FROM tip.model_element GROUP BY table_name LOOP
		EXECUTE format('INSERT INTO tap_facts_data.%I SELECT (jsonb_populate_record(NULL::tap_facts_data.%1$I, r.record)).*
			FROM generate_series(0, CASE WHEN %1$L = ANY (''{event,victim,perpetrator,reporting_entity,victimization,involvement,screening}'') THEN 59 ELSE 299 END) AS n
			CROSS JOIN LATERAL (SELECT jsonb_object_agg(c.name, tap_facts.hostile(c.name, c.type, c.target))
				|| jsonb_build_object(%1$L || ''_id'', tap_facts.key(%1$L, n)) AS record
				FROM unnest($1, $2, $3) AS c(name, type, target) WHERE n >= 0) AS r', t.table_name)
		USING t.names, t.types, t.targets;
	END LOOP;
END $$;
RESET session_replication_role;
CREATE TEMP TABLE hostile_finding (view text, record text, rule text, severity text, outcome text, columns text[], message text, hint text);
SELECT lives_ok(format($$INSERT INTO hostile_finding
	SELECT %1$L, record, rule, severity, outcome, columns, message, hint FROM tip.check_table('tap_facts_data.%1$I')$$, v.relname),
	format('hostile rows do not make %s raise', v.relname))
FROM (SELECT DISTINCT relname FROM fact_column) AS v ORDER BY v.relname;
SELECT cmp_ok((SELECT count(DISTINCT h.rule) FROM hostile_finding AS h JOIN example AS e ON e.rule = h.rule
	WHERE h.record IN (SELECT tap_facts.key('event', n) FROM generate_series(0, 59) AS n)), '>=', 40::bigint,
	'and most rules find something in them');
SELECT is_empty(format($$
	SELECT v::text FROM tap_facts_data.%1$I AS v WHERE v.event_id = ANY (ARRAY(SELECT tap_facts.key('event', n)::uuid FROM generate_series(0, 29) AS n))
	EXCEPT ALL
	SELECT v::text FROM (SELECT * FROM tap_facts_data.%1$I OFFSET 0) AS v WHERE v.event_id = ANY (ARRAY(SELECT tap_facts.key('event', n)::uuid FROM generate_series(0, 29) AS n))$$, f.relname),
	format('%s says the same of some events as of all', f.relname))
FROM (SELECT DISTINCT relname FROM fact_column) AS f ORDER BY f.relname;

-- ---- one case among many: no table is read as a whole ----
SET session_replication_role = replica;
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT m.table_name, string_agg(', ' || quote_ident(m.column_name), '' ORDER BY m.ordinal) FILTER (WHERE m.refers_to IS NOT NULL) AS names,
	                string_agg(format(', md5(%L || n)::uuid', m.refers_to), '' ORDER BY m.ordinal) FILTER (WHERE m.refers_to IS NOT NULL) AS keys
	         FROM tip.model_element AS m GROUP BY m.table_name LOOP
		EXECUTE format('INSERT INTO tap_facts_data.%1$I (%1$s_id%2$s) SELECT md5(%1$L || n)::uuid%3$s FROM generate_series(1000, 7000) AS n; ANALYZE tap_facts_data.%1$I',
			t.table_name, t.names, t.keys);
	END LOOP;
END $$;
RESET session_replication_role;
CREATE FUNCTION tap_facts.whole_scans(view text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT JSON) SELECT * FROM tap_facts_data.%I WHERE event_id = ANY (''{%s}'')',
		view, tap_facts.key('event', 1234)) INTO plan;
	RETURN QUERY SELECT p ->> 'Relation Name'
		FROM jsonb_path_query(plan::jsonb, 'strict $.**{1 to last} ? (@."Node Type" == "Seq Scan")') AS p
		WHERE p ->> 'Relation Name' IN (SELECT table_name FROM tip.model_element);
END $$;
SELECT is_empty(format('SELECT * FROM tap_facts.whole_scans(%L)', f.relname),
	format('%s of one event reads no table as a whole', f.relname))
FROM (SELECT DISTINCT relname FROM fact_column) AS f ORDER BY f.relname;
CREATE VIEW tap_facts_data.whole AS SELECT e.event_id FROM tap_facts_data.event AS e
	WHERE (SELECT count(*) FROM tap_facts_data.involvement) > 0;
SELECT bag_eq($$SELECT tap_facts.whole_scans('whole')$$, ARRAY['involvement'], 'which would be noticed');
SELECT * FROM finish();
ROLLBACK;
