-- Rules: every shipped rule accepts and rejects what it should, never raises,
-- and says the same from check_record() as from the trigger.
\set ON_ERROR_STOP on
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA tap_rules;
SET search_path = public, tap_rules;
SELECT tip.create_model('tap_rules_data') > 0 AS made \gset
CREATE TEMP TABLE rule_case (rule text, verdict text, record jsonb);
\copy rule_case FROM 'test/fixtures/rule_cases.csv' (FORMAT csv, HEADER)
SELECT * FROM no_plan();

-- ---- the catalogue ----
SELECT is_empty($$
	SELECT r.id, v.verdict FROM tip.rule AS r
	CROSS JOIN (VALUES ('accept'), ('reject')) AS v(verdict)
	WHERE r.timing = 'row' AND NOT r.is_local AND NOT EXISTS (
		SELECT FROM rule_case AS c WHERE c.rule = r.id AND c.verdict = v.verdict)$$,
	'every shipped rule has an accepting and a rejecting example');
SELECT is_empty($$SELECT id FROM tip.rule WHERE message_es IS NULL OR message_fr IS NULL OR standard IS NULL$$,
	'every shipped rule has messages in three languages and a source');
SELECT is_empty($$
	SELECT c.* FROM (SELECT DISTINCT entity FROM tip.rule) AS e
	CROSS JOIN LATERAL tip.check_rules(e.entity, 'tap_rules_data') AS c WHERE c.state <> 'total'$$,
	'every shipped rule is total');
SELECT is_empty($$
	SELECT r.id, c FROM tip.rule AS r, unnest(r.columns) AS c
	WHERE r.timing = 'row' AND NOT EXISTS (
		SELECT FROM tip.model_element AS m WHERE m.table_name = r.entity AND m.column_name = c)$$,
	'every rule names columns of its entity');
SELECT ok((SELECT array_agg(id) @> '{P01,P02,P03,P04,P05,A03,X09,D10,E01,E02,S02,J01}' FROM tip.rule),
	'the first twelve are there');

-- ---- the examples ----
CREATE FUNCTION tap_rules.judged(c rule_case) RETURNS boolean LANGUAGE sql AS $$
	SELECT EXISTS (SELECT FROM tip.check_record((SELECT entity FROM tip.rule WHERE id = c.rule),
			c.record, 'tap_rules_data') AS f
		WHERE f.rule = c.rule AND f.outcome = 'failed')
$$;
SELECT is(tap_rules.judged(c), c.verdict = 'reject',
	format('%s %ss %s', c.rule, c.verdict, c.record)) FROM rule_case AS c;
SELECT is_empty($$
	SELECT c.record, f.message FROM rule_case AS c JOIN tip.rule AS r ON r.id = c.rule,
		tip.check_record(r.entity, c.record, 'tap_rules_data') AS f
	WHERE f.rule IN ('TYPE', 'KEY')$$, 'the examples are records');

-- ---- trigger and dry run agree ----
CREATE FUNCTION tap_rules.by_trigger(entity text, record jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	d text;
BEGIN
	EXECUTE format('INSERT INTO tap_rules_data.%I (%s) SELECT %s FROM jsonb_populate_record(NULL::tap_rules_data.%I, $1)',
		entity, (SELECT string_agg(quote_ident(k), ',') FROM jsonb_object_keys(record) AS k),
		(SELECT string_agg(quote_ident(k), ',') FROM jsonb_object_keys(record) AS k), entity)
		USING record;
	RETURN '[]';
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RETURN d::jsonb;
WHEN foreign_key_violation THEN
	-- judged before its keys are looked up
	RETURN '[]';
END $$;
CREATE FUNCTION tap_rules.by_check(entity text, record jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('rule', rule, 'severity', severity,
		'outcome', outcome, 'columns', columns, 'message', message)), '[]')
	FROM tip.check_record(entity, record, 'tap_rules_data')
$$;
-- a set is written as text, because jsonb_populate_record knows no sets
CREATE FUNCTION tap_rules.as_text(record jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_object_agg(key, CASE jsonb_typeof(value) WHEN 'array'
		THEN to_jsonb('{' || (SELECT coalesce(string_agg(e, ','), '') FROM jsonb_array_elements_text(value) AS e) || '}')
		ELSE value END), '{}') FROM jsonb_each(record)
$$;
SELECT is_empty($$
	WITH said AS (
		SELECT c.*, tap_rules.by_trigger(r.entity, tap_rules.as_text(c.record)) AS by_trigger,
			tap_rules.by_check(r.entity, c.record) AS by_check
		FROM rule_case AS c JOIN tip.rule AS r ON r.id = c.rule WHERE c.record <> '{}')
	SELECT record, by_trigger, by_check FROM said
	WHERE by_trigger <> by_check AND (by_trigger <> '[]'
		OR by_check @? '$[*] ? (@.severity == "error" && @.outcome == "failed")')$$,
	'the trigger says what check_record() says');

-- ---- codes by the record's own date ----
SELECT is_empty($$
	SELECT m.table_name, m.column_name FROM tip.model_element AS m
	WHERE m.type LIKE 'tip.%' AND m.type <> 'tip.partial_date' AND NOT EXISTS (
		SELECT FROM tip.rule AS r WHERE (r.id = 'X08' OR r.id LIKE 'X08\_%') AND NOT r.is_local
		AND r.entity = m.table_name AND m.column_name = ANY (r.columns)
		AND r.predicate ~ ('are_current.*\m' || m.column_name || '\M'))$$,
	'every coded column is judged by date, and named when it is at fault');
SELECT is_empty($$
	SELECT r.id, c FROM tip.rule AS r, unnest(r.columns) AS c
	WHERE (r.id = 'X08' OR r.id LIKE 'X08\_%') AND NOT EXISTS (
		SELECT FROM tip.model_element AS m WHERE m.table_name = r.entity AND m.column_name = c
		AND m.type LIKE 'tip.%' AND m.type <> 'tip.partial_date')$$, 'and nothing else');
SELECT results_eq($$
	SELECT rule, columns FROM tip.check_record('victim',
		'{"citizenship": ["VE", "AN"], "sex": "female", "recorded_on": "2024-05-01"}', 'tap_rules_data')
	WHERE severity = 'error'$$, $$VALUES ('X08_VICTIM', '{citizenship}'::text[])$$,
	'the column at fault is named, of many');
SELECT lives_ok($$INSERT INTO tap_rules_data.victim (victim_id, citizenship, recorded_on)
	VALUES ('00000000-0000-4000-8000-00000000a0a0', '{AN}', '2009-05-01')$$, 'an old record has a retired code');
SELECT lives_ok($$UPDATE tap_rules_data.victim SET has_disability = true
	WHERE victim_id = '00000000-0000-4000-8000-00000000a0a0'$$, 'and may be changed');
SELECT throws_ok($$UPDATE tap_rules_data.victim SET recorded_on = '2011-01-01'
	WHERE victim_id = '00000000-0000-4000-8000-00000000a0a0'$$, '23514', NULL, 'but not become a new one');
SELECT throws_ok($$INSERT INTO tap_rules_data.victim (citizenship, recorded_on) VALUES ('{AN}', tip.today())$$,
	'23514', NULL, 'a new record has none');
SET session_replication_role = replica;
COPY tap_rules_data.victim (victim_id, citizenship, sex) FROM stdin;
00000000-0000-4000-8000-00000000a0a1	{AN,#900}	#900
\.
RESET session_replication_role;
SELECT is((SELECT citizenship::text || sex FROM tap_rules_data.victim
	WHERE victim_id = '00000000-0000-4000-8000-00000000a0a1'), '{AN,#900}#900',
	'a restore and a replica keep what there is');
SELECT set_eq($$SELECT rule FROM tip.check_table('tap_rules_data.victim') WHERE severity = 'error'$$,
	$$VALUES ('X08_VICTIM')$$, 'and the audit says so');
SELECT throws_ok($$INSERT INTO tip.rule (id, entity, severity, predicate, message_en)
	VALUES ('LOCAL_DAY', 'victim', 'error', 'tip.are_current(recorded_on, birth_year)', 'x')$$, '42804', NULL,
	'a rule asks about codes only, or is refused when it is written');
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;

-- ---- free text ----
SELECT is(tip.may_identify(t), says, format('%L', t)) FROM (VALUES
	('', false), ('no name here', false), ('s. 16 (1) of 2011-06-09', false), ('31/5/2021', false),
	('Ch. 12:10', false), ('unit 123456', false), ('five of 2016', false), ('@', false), ('a @ b', false),
	('868 555-0123', true), ('+1 (868) 555.0123', true), ('5550123', true), ('TB123456', true), ('TB12345', false),
	('someone@example.org', true), ('é@é', false), ('tel:5550123', true), (repeat('x', 100000) || '5550123', true),
	(repeat('9', 100000), true), (repeat('1-', 100000), true), ('2021-05-31', false), ('2021-05-311', true)) AS v(t, says);
SELECT is(tip.may_identify(NULL), NULL, 'nothing is nothing');

-- ---- hostile rows: no shipped rule raises ----
SELECT setseed(0.42);
CREATE TEMP TABLE code AS SELECT list, number, code FROM tip.code_list;
CREATE INDEX ON code (list);
CREATE FUNCTION tap_rules.hostile(type text) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN random() < 0.3 THEN 'null'::jsonb ELSE CASE
		WHEN type IN ('int2') THEN to_jsonb((ARRAY[-32768, -1, 0, 17, 18, 32767])[1 + floor(random() * 6)::int])
		WHEN type LIKE 'int %' OR type = 'int' THEN to_jsonb((ARRAY[-2147483648, -1, 0, 1, 2147483647])[1 + floor(random() * 5)::int])
		WHEN type LIKE 'bigint%' THEN to_jsonb((ARRAY[-9223372036854775808, 0, 9223372036854775807])[1 + floor(random() * 3)::int])
		WHEN type = 'numeric' THEN to_jsonb((ARRAY['NaN', 'Infinity', '-Infinity', '1e1000', '0'])[1 + floor(random() * 5)::int])
		WHEN type = 'boolean' THEN to_jsonb(random() < 0.5)
		WHEN type = 'uuid' THEN to_jsonb(gen_random_uuid())
		WHEN type = 'date' THEN to_jsonb((ARRAY['-infinity', 'infinity', '4713-01-01 BC', '5874897-12-31', '2020-02-29'])[1 + floor(random() * 5)::int])
		WHEN type = 'tip.partial_date' THEN to_jsonb((ARRAY['0001', '9999-12-31', '1998?', '2020-02-29~', '2199-01'])[1 + floor(random() * 5)::int])
		WHEN type = 'tip.country[]' THEN (ARRAY['[]', '["ZZ", "VE"]', '["unknown"]', '[null]', '["#999"]', '["TT","TT"]'])[1 + floor(random() * 6)::int]::jsonb
		WHEN type LIKE 'tip.%\_set' THEN coalesce((SELECT jsonb_agg(code) FROM code AS l
			WHERE l.list = substring(type FROM 'tip\.(.*)_set') AND number <= 1018 AND random() < 0.3), (ARRAY['["unknown"]', '["withheld","not_stated"]', '[]'])[1 + floor(random() * 3)::int]::jsonb)
		WHEN type LIKE 'tip.%' THEN (SELECT to_jsonb(code) FROM code AS l
			WHERE l.list = substring(type FROM 'tip\.(.*)') ORDER BY random() LIMIT 1)
		ELSE to_jsonb(repeat('x', 1000)) END END
$$;
CREATE TEMP TABLE hostile_finding AS
	SELECT e.entity, n, f.rule, f.outcome, f.columns
	FROM (SELECT DISTINCT table_name::text FROM tip.model_element) AS e(entity)
	CROSS JOIN generate_series(1, 150) AS n
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(m.column_name, tap_rules.hostile(m.type)) AS record
		FROM tip.model_element AS m WHERE m.table_name = e.entity AND n > 0) AS r
	CROSS JOIN LATERAL tip.check_record(e.entity, r.record, 'tap_rules_data') AS f;
SELECT is_empty($$SELECT DISTINCT rule, columns FROM hostile_finding WHERE rule IN ('TYPE', 'KEY')$$,
	'hostile rows are rows: every value is one of its type');
SELECT cmp_ok((SELECT count(*) FROM hostile_finding), '>', 500::bigint, 'hostile rows are found out');
SELECT cmp_ok((SELECT count(DISTINCT rule) FROM hostile_finding), '>=', 12::bigint, 'by nearly every rule');

-- ---- a rule is code: who may do what ----
CREATE ROLE tap_rules_recorder;
GRANT USAGE ON SCHEMA tap_rules_data TO tap_rules_recorder;
GRANT INSERT ON tap_rules_data.victim TO tap_rules_recorder;
SET ROLE tap_rules_recorder;
SELECT throws_ok($$INSERT INTO tap_rules_data.victim (birth_year) VALUES (90)$$, '23514', NULL,
	'rules hold for a role that may not read them');
SELECT lives_ok($$INSERT INTO tap_rules_data.victim (birth_year) VALUES (1990)$$,
	'and let it insert');
SELECT throws_ok($$INSERT INTO tip.rule (id, entity, severity, predicate, message_en)
	VALUES ('LOCAL', 'victim', 'error', 'true', '')$$, '42501', NULL, 'nobody adds a rule unasked');
SELECT throws_ok($$SELECT * FROM tip.check_record('victim', '{}', 'tap_rules_data')$$, '42501', NULL,
	'nor asks without the grant');
RESET ROLE;

-- a function or operator that a user puts first in the path is not taken
CREATE FUNCTION public.cardinality(tip.act_set) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 7';
CREATE FUNCTION public.today() RETURNS date LANGUAGE sql AS $$SELECT '2999-01-01'::date$$;
CREATE FUNCTION public.ge_anything(smallint, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR public.>= (LEFTARG = smallint, RIGHTARG = int, FUNCTION = public.ge_anything);
SET search_path = public, pg_catalog, tap_rules;
SET session_replication_role = replica;
UPDATE tip.rule SET hint = hint WHERE id = 'P01';
RESET session_replication_role;
SELECT throws_ok($$INSERT INTO tap_rules_data.victimization (victim_stage, acts) VALUES ('identified', '{}')$$,
	'23514', NULL, 'names in a rule do not follow the search_path of the session');
SELECT throws_ok($$INSERT INTO tap_rules_data.victim (birth_year) VALUES (-5)$$, '23514', NULL,
	'nor do its operators');
SET search_path = public, tap_rules;

-- a row that came by replication, where no trigger looked
SET session_replication_role = replica;
INSERT INTO tip.rule (id, entity, severity, predicate, message_en)
VALUES ('EVIL', 'victim', 'error', 'pg_catalog.set_config(''tip.evil'', ''1'', false) IS NULL', 'evil');
RESET session_replication_role;
SELECT throws_like($$INSERT INTO tap_rules_data.victim (birth_year) VALUES (1990)$$,
	'%violates 1 rule%', 'a hostile row fails closed');
SELECT is(current_setting('tip.evil', true), NULL, 'and is not run');
SET session_replication_role = replica;
UPDATE tip.rule SET severity = 'warning' WHERE id = 'EVIL';
RESET session_replication_role;
SELECT lives_ok($$INSERT INTO tap_rules_data.victim (birth_year) VALUES (1990)$$,
	'as a warning it stops nobody');
DELETE FROM tip.rule WHERE id = 'EVIL';

-- ---- the engine follows the table ----
SELECT lives_ok($$
	ALTER TABLE tap_rules_data.victim ADD COLUMN glove_size int, ADD COLUMN shoe_size int;
	INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
	VALUES ('SHOE', 'victim', '{shoe_size}', 'error', 'shoe_size < 60', 'too big')$$, 'a local column, a local rule');
SELECT throws_ok($$INSERT INTO tap_rules_data.victim (shoe_size) VALUES (60)$$, '23514', NULL, 'is enforced');
ALTER TABLE tap_rules_data.victim RENAME COLUMN shoe_size TO boot_size;
SELECT throws_like($$INSERT INTO tap_rules_data.victim (boot_size) VALUES (6)$$, '%violates 1 rule%',
	'a rule about a column that is gone fails closed');
UPDATE tip.rule SET predicate = 'boot_size < 60', columns = '{boot_size}' WHERE id = 'SHOE';
SELECT lives_ok($$INSERT INTO tap_rules_data.victim (boot_size) VALUES (6)$$, 'until it is corrected');
ALTER TABLE tap_rules_data.victim DROP COLUMN glove_size;
SELECT throws_ok($$INSERT INTO tap_rules_data.victim (boot_size) VALUES (60)$$, '23514', NULL,
	'a dropped column shifts nothing');
-- validity: judged by the rules of the record's own day
UPDATE tip.rule SET valid_from = '2020-01-01', valid_to = '2020-12-31' WHERE id = 'SHOE';
SELECT throws_ok($$INSERT INTO tap_rules_data.victim (boot_size, recorded_on) VALUES (60, '2020-06-01')$$,
	'23514', NULL, 'a record of the year of the rule');
SELECT lives_ok($$INSERT INTO tap_rules_data.victim (boot_size, recorded_on) VALUES (60, '2021-01-01')$$,
	'a record of a later year');
DELETE FROM tip.rule WHERE id = 'SHOE';

-- ---- partitions ----
SELECT tip.create_model('tap_rules_parts', partition_by => 'country') > 0 AS made \gset
SELECT throws_ok($$INSERT INTO tap_rules_parts.victimization (jurisdiction, victim_stage, age_at_entry)
	VALUES ('TT', 'screened', 300)$$, '23514', NULL, 'rules hold in partitions');
SELECT lives_ok($$
	INSERT INTO tap_rules_parts.event (event_id, jurisdiction) VALUES ('00000000-0000-0000-0000-0000000000e1', 'TT');
	INSERT INTO tap_rules_parts.involvement (involvement_id, event_id, jurisdiction)
	VALUES ('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-0000000000e1', 'TT');
	INSERT INTO tap_rules_parts.justice_step (event_id, involvement_id, jurisdiction, step) VALUES
	('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000b1', 'TT', 'convicted')$$,
	'a conviction, with the charge still to come');
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23514', NULL, 'cases are judged in partitions');

SELECT * FROM finish();
ROLLBACK;
