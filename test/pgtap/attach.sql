-- Properties of attached tables: what is read, which rules hold, where.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SET client_min_messages = warning;
SET search_path = public;
SELECT * FROM no_plan();
SELECT tip.create_model('tap_attach');
CREATE SCHEMA tap_prmis;

-- ---- reading ----
CREATE FUNCTION tap_prmis.unread(value text, kind anyelement) RETURNS bool LANGUAGE sql STABLE
AS 'SELECT tip_impl.is_unreadable(value, NULL::text, NULL::text, kind)';
SELECT is(tip_impl.read_as('female'::text, NULL, NULL, NULL::tip.sex)::text, 'female', 'a code');
SELECT is(tip_impl.read_as(' female '::varchar, NULL, NULL, NULL::tip.sex)::text, 'female', 'between blanks');
SELECT is(tip_impl.read_as('1'::int, 'ISO 5218', 'sex', NULL::tip.sex)::text,
	'male', 'a number through the crosswalk');
SELECT is(tip_impl.read_as('recruit; receipt'::text, NULL, NULL, NULL::tip.act_set)::text, '{recruit,receipt}', 'a set of members between semicolons');
SELECT is(tip_impl.read_as('{"recruit",receipt}'::text, NULL, NULL, NULL::tip.act_set)::text, '{recruit,receipt}', 'or in braces');
SELECT is(tip_impl.read_as('{VE,TT}'::text[], NULL, NULL, NULL::tip.country[])::text, '{VE,TT}', 'an array');
SELECT is(tip_impl.read_as('2024-05'::text, NULL, NULL, NULL::tip.partial_date)::text, '2024-05', 'a partial date');
SELECT is(tip_impl.read_as('2024-05-17'::date, NULL, NULL, NULL::tip.partial_date)::text, '2024-05-17', 'a date');
SET timezone = 'America/Port_of_Spain';
SELECT is(tip_impl.read_as('2024-05-17 01:00+00'::timestamptz, NULL, NULL, NULL::date), '2024-05-16', 'a time, in the zone of the session');
RESET timezone;
SET datestyle = 'German';
SELECT is(tip_impl.read_as('2024-05-17'::date, NULL, NULL, NULL::tip.partial_date)::text, '2024-05-17', 'whatever the date style');
RESET datestyle;
SELECT is(tip_impl.read_as('2024-05-17'::text, NULL, NULL, NULL::date), '2024-05-17', 'a text as a date');
SELECT is(tip_impl.read_as('yes'::text, NULL, NULL, NULL::bool), true, 'a yes');
SELECT is(tip_impl.read_as(0, NULL, NULL, NULL::bool), false, 'a zero');
SELECT is(tip_impl.read_as('17'::text, NULL, NULL, NULL::int2), 17::int2, 'an age');
SELECT is(tip_impl.read_as(17::int8, NULL, NULL, NULL::int2), 17::int2, 'a wider number');
SELECT is(tip_impl.read_as('-1.50'::text, NULL, NULL, NULL::numeric), -1.50, 'an amount');
SELECT is(tip_impl.read_as('00000000-0000-0000-0000-00000000000a'::text, NULL, NULL, NULL::uuid)::text,
	'00000000-0000-0000-0000-00000000000a', 'a key');
SELECT is(tip_impl.read_as(12, NULL, NULL, NULL::text), '12', 'a number as text');
SELECT ok(NOT tap_prmis.unread(NULL, NULL::tip.sex) AND NOT tap_prmis.unread('', NULL::tip.sex) AND NOT tap_prmis.unread('  ', NULL::int2),
	'NULL, empty and blank say nothing');
SELECT ok(tap_prmis.unread(v, NULL::int2), format('%L is no int2', v))
	FROM unnest('{40000,1.5,abc,0x10,1e3,"1 2",--1}'::text[]) AS v;
SELECT ok(tap_prmis.unread(v, NULL::date), format('%L is no date', v))
	FROM unnest('{2024-13-01,2024-02-30,2024,yesterday,2024-5-1,infinity}'::text[]) AS v;
SELECT ok(tap_prmis.unread(v, NULL::numeric), format('%L is no amount', left(v, 8)))
	FROM unnest(ARRAY['NaN', '1e99999', '1,000', '.', repeat('9', 1000)]) AS v;
SELECT ok(tap_prmis.unread(v, NULL::uuid), format('%L is no key', v))
	FROM unnest('{abc,00000000-0000-0000-0000-00000000000g}'::text[]) AS v;
SELECT ok(tap_prmis.unread(v, NULL::tip.act_set), format('%L is no set', left(v, 20)))
	FROM unnest(ARRAY['{recruit,unknown}', 'recruit;nothing', repeat('recruit;', 2000) || 'x']) AS v;
SELECT ok(tip_impl.is_unreadable('infinity'::date, NULL::text, NULL::text, NULL::tip.partial_date), 'infinity is no day');
SELECT throws_ok($$SELECT tip_impl.read_as('(1,2)'::point, NULL, NULL, NULL::tip.sex)$$, '42846', NULL, 'a point is nothing');
SELECT throws_ok($$SELECT tip_impl.read_as('x'::text, v, v, NULL::tip.sex) FROM (SELECT relname::text AS v FROM pg_class LIMIT 1) AS x$$, '0A000', NULL,
	'schemes do not come with the row');
SELECT is_empty($$SELECT m.scheme_code, tip.from_scheme('ISO 5218', m.variable, m.scheme_code)
	FROM tip.code_map AS m WHERE m.scheme = 'ISO 5218'
	AND tip_impl.read_as(m.scheme_code, 'ISO 5218', 'sex', NULL::tip.sex)::text IS DISTINCT FROM tip.from_scheme('ISO 5218', 'sex', m.scheme_code)
	AND m.variable = 'sex'$$, 'the same translations as from_scheme()');

-- ---- sessions learn of the crosswalk, also by logical apply ----
SELECT results_eq($$SELECT g.tgtype & 1, g.tgenabled FROM pg_trigger AS g
		WHERE g.tgrelid = 'tip.code_map'::regclass AND g.tgname = '~tip_rules_changed'$$,
	$$VALUES (1, 'A'::"char")$$, 'a row trigger, which apply fires, tells of changes');
SELECT is((SELECT attstattarget FROM pg_attribute WHERE attrelid = 'tap_attach.quarantine'::regclass AND attname = 'record')::int, 0,
	'no statistics of what is in quarantine');

-- ---- only what is mapped is demanded ----
CREATE TABLE tap_prmis.half (id int PRIMARY KEY, age1 int, stage text, seen date);
SELECT tip.attach('tap_prmis.half', 'victimization', '{"age_at_entry": "age1", "victim_stage": "stage", "identified_on": "seen"}',
	'enforce', schema => 'tap_attach');
SELECT lives_ok($$INSERT INTO tap_prmis.half VALUES (1, 30, 'identified', '2024-01-01')$$,
	'identified, with all that can be known: acts, forms and decider are not mapped');
SELECT throws_like($$INSERT INTO tap_prmis.half VALUES (2, 121, 'screened', NULL)$$, '%violates 1 rule%', 'one arm of a rule holds');
SELECT throws_like($$INSERT INTO tap_prmis.half VALUES (2, 30, 'identified', NULL)$$, '%violates 1 rule%', 'a half of another, too');
SELECT ok((SELECT bool_and(c.state = 'unmapped') FROM tip.check_rules('half_as_victimization', 'tap_attach') AS c WHERE c.rule IN ('P01', 'P04', 'E01'))
	AND (SELECT bool_and(c.state = 'total') FROM tip.check_rules('half_as_victimization', 'tap_attach') AS c WHERE c.rule IN ('A03', 'S02')),
	'check_rules() says which');
SELECT lives_ok($$INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
	VALUES ('LOCAL_LATER', 'victimization', '{sector}', 'error', 'sector IS NOT NULL', 'x')$$, 'a rule about what is not mapped');
SELECT lives_ok($$INSERT INTO tap_prmis.half VALUES (3, 30, 'screened', NULL)$$, 'does not stop the table');
DELETE FROM tip.rule WHERE id = 'LOCAL_LATER';
INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
	VALUES ('LOCAL_EVEN', 'victimization', '{age_at_entry}', 'error', '(age_at_entry % 2) = 0', 'odd');
SELECT throws_ok($$INSERT INTO tap_prmis.half VALUES (4, 31, 'screened', NULL)$$, '23514', NULL, 'a guarded local rule holds here, too');
DELETE FROM tip.rule WHERE id = 'LOCAL_EVEN';
SELECT lives_ok($$INSERT INTO tap_prmis.half VALUES (4, 310, 'draft', NULL)$$, 'a draft is refused by no rule');
SELECT throws_ok($$UPDATE tap_prmis.half SET stage = 'screened' WHERE id = 4$$, '23514', NULL, 'until its stage changes, which has all judged');

-- ---- the audit says what the trigger found ----
SELECT tip.attach('tap_prmis.half', 'victimization', mode => 'observe');
SELECT setseed(0.5);
INSERT INTO tap_prmis.half SELECT 100 + i, 130 * random() - 5, (ARRAY['draft', 'screened', 'identified', 'nonsense', ''])[1 + floor(5 * random())::int],
	CASE WHEN random() < 0.5 THEN '2020-01-01'::date + (4000 * random())::int END FROM generate_series(1, 500) AS i;
SELECT bag_eq($$SELECT f.record, f.rule, f.outcome, f.columns FROM tap_attach.finding AS f WHERE f.entity = 'half_as_victimization' AND f.record > 'half_as_victimization/100'$$,
	$$SELECT c.record, c.rule, c.outcome, c.columns FROM tip.check_table('tap_prmis.half') AS c WHERE c.record > 'half_as_victimization/100'$$,
	'check_table() finds what the trigger found, in 500 rows');
SELECT cmp_ok((SELECT count(*) FROM tap_attach.finding), '>', 100::bigint, 'and there was much to find');
UPDATE tap_prmis.half SET age1 = 30, stage = 'screened' WHERE id > 99;
SELECT is((SELECT count(*) FROM tap_attach.finding WHERE rule IN ('A03', 'TYPE') AND record ~ '/[0-9]{3}$'), 0::bigint, 'corrected');
UPDATE tap_prmis.half SET id = id + 1000, age1 = 300 WHERE id = 101;
SELECT is((SELECT array_agg(record) FROM tap_attach.finding WHERE rule = 'A03' AND record ~ '/(101|1101)$'), '{half_as_victimization/1101}', 'a changed key');
INSERT INTO tap_prmis.half VALUES (1101, 400, 'screened', NULL) ON CONFLICT DO NOTHING;
INSERT INTO tap_prmis.half VALUES (1101, 400, 'screened', NULL) ON CONFLICT (id) DO UPDATE SET age1 = 30;
SELECT is((SELECT count(*) FROM tap_attach.finding WHERE rule = 'A03' AND record ~ '/1101$'), 0::bigint, 'ON CONFLICT');
TRUNCATE tap_prmis.half;
SELECT is((SELECT count(*) FROM tap_attach.finding), 0::bigint, 'TRUNCATE');

-- ---- rights: nobody needs any on the model ----
CREATE ROLE tap_attach_clerk;
GRANT USAGE ON SCHEMA tap_prmis TO tap_attach_clerk;
GRANT INSERT, UPDATE, SELECT ON tap_prmis.half TO tap_attach_clerk;
SET ROLE tap_attach_clerk;
SELECT lives_ok($$INSERT INTO tap_prmis.half VALUES (1, 300, 'screened', NULL)$$, 'a clerk inserts');
SELECT throws_ok('TABLE tap_attach.finding', '42501', NULL, 'and reads no findings');
SELECT throws_ok($$SELECT tip.attach('tap_prmis.half', 'victim', '{"age_at_identification": "age1"}', schema => 'tap_attach')$$, '42501', NULL,
	'nor attaches anything');
RESET ROLE;
SELECT is((SELECT count(*) FROM tap_attach.finding WHERE rule = 'A03'), 1::bigint, 'it was found');
-- a view that was replaced by one that does something is not run
CREATE FUNCTION tap_prmis.steal(int) RETURNS int2 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM set_config('tap.stolen', current_user, false); RETURN $1; END $$;
SELECT lives_ok(format('CREATE OR REPLACE VIEW tap_attach.half_as_victimization AS %s',
	regexp_replace(rtrim(pg_get_viewdef('tap_attach.half_as_victimization'::regclass), ';'),
		'tip_impl.read_as\((t\.)?age1, [^)]*\) AS age_at_entry', 'tap_prmis.steal(age1) AS age_at_entry')), 'a replaced view');
SELECT ok(pg_get_viewdef('tap_attach.half_as_victimization'::regclass) LIKE '%steal%', 'that does something');
SET ROLE tap_attach_clerk;
SELECT throws_ok($$INSERT INTO tap_prmis.half VALUES (2, 30, 'screened', NULL)$$, '42P16', NULL, 'is refused');
RESET ROLE;
SELECT is(current_setting('tap.stolen', true), NULL, 'and not run');
DROP VIEW tap_attach.half_as_victimization;
SELECT throws_ok($$INSERT INTO tap_prmis.half VALUES (2, 30, 'screened', NULL)$$, '42P01', NULL, 'without its view the table says so');
SELECT is(tip.detach('tap_prmis.half'), 1, 'detach cures it');
SELECT lives_ok($$INSERT INTO tap_prmis.half VALUES (2, 30, 'screened', NULL)$$, 'the table goes on');

-- ---- partitions and children ----
CREATE TABLE tap_prmis.part (id int, yr int, age int, PRIMARY KEY (id, yr)) PARTITION BY LIST (yr);
CREATE TABLE tap_prmis.part_1 (junk text, age int, yr int NOT NULL, id int NOT NULL);
ALTER TABLE tap_prmis.part_1 DROP COLUMN junk;
ALTER TABLE tap_prmis.part ATTACH PARTITION tap_prmis.part_1 FOR VALUES IN (1);
SELECT tip.attach('tap_prmis.part', 'victim', '{"age_at_identification": "age"}', 'enforce', schema => 'tap_attach');
CREATE TABLE tap_prmis.part_2 PARTITION OF tap_prmis.part FOR VALUES IN (2);
SELECT throws_ok($$INSERT INTO tap_prmis.part VALUES (1, 1, 300)$$, '23514', NULL, 'a partition whose columns lie elsewhere');
SELECT throws_ok($$INSERT INTO tap_prmis.part_1 (id, yr, age) VALUES (1, 1, 300)$$, '23514', NULL, 'straight into it');
SELECT throws_ok($$INSERT INTO tap_prmis.part VALUES (1, 2, 300)$$, '23514', NULL, 'a partition made later');
SELECT lives_ok($$INSERT INTO tap_prmis.part VALUES (1, 1, 30), (2, 2, 30)$$, 'good rows');
SELECT throws_ok($$UPDATE tap_prmis.part SET yr = 2, age = 130 WHERE id = 1$$, '23514', NULL, 'a row that moves');
SELECT is((SELECT count(*) FROM tip.attachment WHERE tbl = 'tap_prmis.part'::regclass), 1::bigint, 'is one attachment');
SELECT tip.attach('tap_prmis.part', 'victim', mode => 'observe');
INSERT INTO tap_prmis.part VALUES (3, 1, 130);
SELECT is(ARRAY(SELECT record FROM tap_attach.finding WHERE rule = 'A03_VICTIM'), '{"part_as_victim/3,1"}', 'a key of two columns');
CREATE TABLE tap_prmis.parent (id int PRIMARY KEY, age int);
CREATE TABLE tap_prmis.child (extra text, PRIMARY KEY (id)) INHERITS (tap_prmis.parent);
SELECT tip.attach('tap_prmis.parent', 'victim', '{"age_at_identification": "age"}', 'enforce', schema => 'tap_attach');
SELECT throws_ok($$INSERT INTO tap_prmis.child VALUES (1, 300, 'x')$$, '23514', NULL, 'a child of table inheritance');
SELECT is((SELECT count(*) FROM tip.attachment WHERE entity = 'victim'), 2::bigint, 'is no attachment of its own');
SELECT is(tip.detach('tap_prmis.parent'), 1, 'detached');
SELECT lives_ok($$INSERT INTO tap_prmis.child VALUES (1, 300, 'x')$$, 'with its children');

-- ---- generated columns ----
CREATE TABLE tap_prmis.made (id int PRIMARY KEY, months int, age int GENERATED ALWAYS AS (months / 12) STORED);
SELECT tip.attach('tap_prmis.made', 'victim', '{"age_at_identification": "age"}', 'enforce', schema => 'tap_attach');
SELECT throws_ok('INSERT INTO tap_prmis.made VALUES (1, 3600)', '23514', NULL, 'a generated column is judged by what it will be');
SELECT lives_ok('INSERT INTO tap_prmis.made VALUES (1, 360)', 'whatever that is');
CREATE FUNCTION tap_prmis.twelfth(int) RETURNS int LANGUAGE sql IMMUTABLE RETURN $1 / 12;
CREATE TABLE tap_prmis.odd (id int PRIMARY KEY, months int, age int GENERATED ALWAYS AS (tap_prmis.twelfth(months)) STORED);
-- what could not be judged later is refused now
SELECT throws_ok($$SELECT tip.attach('tap_prmis.odd', 'victim', '{"age_at_identification": "age"}', 'enforce', schema => 'tap_attach')$$, '0A000', NULL,
	'by a function of somebody else it is not');
SELECT throws_ok(format($$SELECT tip.attach('tap_prmis.made', 'perpetrator', '{"age": "age"}', only_where => %L, schema => 'tap_attach')$$, w), '42P16', NULL,
	'nor is a row wanted by ' || w)
	FROM unnest('{tap_prmis.twelfth(id) > 0,EXISTS (SELECT FROM tap_prmis.part),random() > 0.5}'::text[]) AS w;
SELECT lives_ok('INSERT INTO tap_prmis.odd VALUES (1, 360)', 'and the table goes on');

-- nor by one of core that runs what somebody else wrote: a cast, a domain's check, a view
CREATE FUNCTION tap_prmis.evil(text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('tap.stolen', current_user, false); RETURN true; END $$;
CREATE TYPE tap_prmis.letter AS ENUM ('a', 'b');
CREATE FUNCTION tap_prmis.evil_json(tap_prmis.letter) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('tap.stolen', current_user, false); RETURN '{}'; END $$;
CREATE CAST (tap_prmis.letter AS json) WITH FUNCTION tap_prmis.evil_json;
CREATE DOMAIN tap_prmis.evil_text AS text CHECK (tap_prmis.evil(value));
CREATE TYPE tap_prmis.evil_row AS (a tap_prmis.evil_text);
CREATE TABLE tap_prmis.lured (id int PRIMARY KEY, age int, letter tap_prmis.letter, word text);
SELECT throws_ok(format($$SELECT tip.attach('tap_prmis.lured', 'victim', '{"age_at_identification": "age"}', only_where => %L, schema => 'tap_attach')$$, w), '42P16', NULL, w)
	FROM unnest(ARRAY['to_json(letter)::text > ''''', '(''{"'' || word || ''"}'')::tap_prmis.evil_text[] IS NOT NULL',
		'(''('' || word || '')'')::tap_prmis.evil_row IS NOT NULL', 'word::tap_prmis.evil_text IS NOT NULL',
		'jsonb_populate_record(NULL::tap_prmis.evil_row, jsonb_build_object(''a'', word)) IS NOT NULL',
		'table_to_xml(''tap_prmis.made'', true, true, '''')::text > ''''']) AS w;
SELECT lives_ok(format($$SELECT tip.attach('tap_prmis.lured', 'victim', '{"age_at_identification": "age", "sex": "letter"}', only_where => %L, schema => 'tap_attach')$$, w), w)
	FROM unnest(ARRAY['letter = ''a''', 'letter::text IN (''a'', ''b'') AND upper(word) ~ ''^V''', 'word = ANY (''{a,b}'') OR word LIKE ''V%''',
		'word::date < current_date', 'now() > ''2020-01-01'' AND to_char(now(), ''YYYY'') = word', 'coalesce(word || 1, concat(word, id)) <> ''x''']) AS w;

-- ---- the findings of others ----
CREATE ROLE tap_attach_stranger;
CREATE SCHEMA tap_strange AUTHORIZATION tap_attach_stranger;
CREATE TABLE tap_prmis.prey (id int PRIMARY KEY, age int);
SELECT tip.attach('tap_prmis.prey', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach');
INSERT INTO tap_prmis.prey VALUES (1, 300);
SET ROLE tap_attach_stranger;
CREATE TABLE tap_strange.mine (id int, age int);
CREATE TRIGGER a AFTER TRUNCATE ON tap_strange.mine FOR EACH STATEMENT
	EXECUTE FUNCTION tip_impl.findings_end('tap_attach', 'prey_as_victim');
SELECT lives_ok('TRUNCATE tap_strange.mine', 'TRUNCATE of a table whose trigger names another''s view');
CREATE TRIGGER b BEFORE INSERT OR DELETE ON tap_strange.mine FOR EACH ROW
	EXECUTE FUNCTION tip_impl.check_attached('tap_attach', 'prey_as_victim', 'victim', 'observe', '');
SELECT throws_ok('INSERT INTO tap_strange.mine VALUES (1, 30)', '42809', NULL, 'nor are its rows judged so');
SELECT lives_ok('SELECT count(*) FROM tip.attachment', 'everybody sees what is attached');
RESET ROLE;
SELECT is((SELECT count(*) FROM tap_attach.finding WHERE record = 'prey_as_victim/1' AND rule = 'A03_VICTIM'), 1::bigint, 'the finding is still there');
DROP SCHEMA tap_strange CASCADE;
DROP ROLE tap_attach_stranger;

-- ---- a child is not its parent ----
SELECT tip.attach('tap_prmis.parent', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach');
INSERT INTO tap_prmis.parent VALUES (10, 300);
SELECT is(tip.detach('tap_prmis.child'), 0, 'what is attached to the parent is not detached from the child');
SELECT lives_ok('INSERT INTO tap_prmis.parent VALUES (11, 30)', 'and goes on');
SELECT throws_ok($$SELECT tip.attach('tap_prmis.child', 'victim', mode => 'enforce')$$, '22023', NULL, 'nor is its mode changed there');
TRUNCATE tap_prmis.child;
SELECT is((SELECT count(*) FROM tap_attach.finding WHERE record = 'parent_as_victim/10' AND rule = 'A03_VICTIM'), 1::bigint, 'TRUNCATE of a child');

-- ---- keys ----
CREATE TABLE tap_prmis.key_char (id char(5) PRIMARY KEY, age int);
CREATE TABLE tap_prmis.key_bit (id bit(3) PRIMARY KEY, age int);
CREATE TABLE tap_prmis."key_niños" (id int PRIMARY KEY, age int);
CREATE TABLE tap_prmis.key_two (a text, b text, age int, PRIMARY KEY (a, b));
CREATE FUNCTION tap_prmis.spy(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
	PERFORM set_config('tap.spies', current_setting('tap.spies', true) || current_user || ' ', false); RETURN true; END $$;
CREATE DOMAIN tap_prmis.key AS int CHECK (tap_prmis.spy(value));
CREATE TABLE tap_prmis.key_domain (id tap_prmis.key PRIMARY KEY, age int);
CREATE FUNCTION tap_prmis.kept(tbl text) RETURNS text[] LANGUAGE sql
AS 'SELECT array_agg(record ORDER BY record) FROM tap_attach.finding WHERE entity = tbl || ''_as_victim'' AND rule = ''A03_VICTIM''';
SELECT tip.attach(c.oid, 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach') FROM pg_class AS c
	WHERE c.relnamespace = 'tap_prmis'::regnamespace AND c.relname LIKE 'key%' AND c.relkind = 'r';
INSERT INTO tap_prmis.key_char VALUES ('abc', 300);
INSERT INTO tap_prmis.key_bit VALUES ('101', 300);
SELECT is(tap_prmis.kept('key_char'), '{key_char_as_victim/abc}', 'a key of blank-padded text');
SELECT is(tap_prmis.kept('key_bit'), '{key_bit_as_victim/101}', 'of bits');
SELECT lives_ok('INSERT INTO tap_prmis."key_niños" VALUES (17, 300)', 'a name of more bytes than letters');
SELECT is(tap_prmis.kept('key_niños'), '{key_niños_as_victim/17}', 'and its findings');
INSERT INTO tap_prmis.key_two VALUES ('x,y', 'z', 300), ('x', 'y,z', 300), ('x\', 'y', 300);
SELECT is(tap_prmis.kept('key_two'), ARRAY['key_two_as_victim/x,y\,z', 'key_two_as_victim/x\,y,z', 'key_two_as_victim/x\\,y'], 'keys of texts with commas are told apart');
CREATE ROLE tap_attach_typist;
GRANT USAGE ON SCHEMA tap_prmis TO tap_attach_typist;
GRANT INSERT ON tap_prmis.key_domain TO tap_attach_typist;
SELECT set_config('tap.spies', '', false);
SET ROLE tap_attach_typist;
INSERT INTO tap_prmis.key_domain VALUES (1, 300);
RESET ROLE;
SELECT is(current_setting('tap.spies'), 'tap_attach_typist ', 'the check of a domain runs as who writes, and nobody else');
SELECT is(tap_prmis.kept('key_domain'), '{key_domain_as_victim/1}', 'of a domain');
DROP OWNED BY tap_attach_typist;
DROP ROLE tap_attach_typist;
SELECT lives_ok(format($$CREATE TABLE tap_prmis.%1$I (id int PRIMARY KEY, age int);
	SELECT tip.attach('tap_prmis.%1$I', 'screening', '{"recorded_on": {"value": "2020-01-01"}}', schema => 'tap_attach');
	SELECT tip.attach('tap_prmis.%1$I', 'screening_answer', '{"recorded_on": {"value": "2020-01-01"}}', schema => 'tap_attach');
	SELECT tip.attach('tap_prmis.%1$I', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach')$$, n), 'attached thrice: ' || n)
	FROM unnest(ARRAY[repeat('n', 63), repeat('ñ', 31)]) AS n;
CREATE SCHEMA tap_prmis2;
SELECT lives_ok(format($$CREATE TABLE tap_prmis2.%1$I (id int PRIMARY KEY, age int);
	SELECT tip.attach('tap_prmis2.%1$I', 'victimization', '{"age_at_entry": "age"}', schema => 'tap_attach');
	SELECT tip.attach('tap_prmis2.%1$I', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach')$$, n), 'the same name in another schema')
	FROM unnest(ARRAY[repeat('n', 63), repeat('ñ', 31)]) AS n;
DROP SCHEMA tap_prmis2 CASCADE;

CREATE TABLE tap_prmis.rekeyed (id int PRIMARY KEY, age int, code uuid);
SELECT tip.attach('tap_prmis.rekeyed', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach');
ALTER TABLE tap_prmis.rekeyed DROP CONSTRAINT rekeyed_pkey;
ALTER TABLE tap_prmis.rekeyed ADD PRIMARY KEY (code);
SELECT lives_ok('INSERT INTO tap_prmis.rekeyed VALUES (1, 300, gen_random_uuid())', 'another primary key than when it was attached');
SELECT is(tap_prmis.kept('rekeyed'), '{rekeyed_as_victim/1}', 'and the findings have the key of the view');
DROP TABLE tap_prmis.rekeyed CASCADE;
CREATE TABLE tap_prmis.rekeyed (id int PRIMARY KEY, age int, code uuid);
SELECT tip.attach('tap_prmis.rekeyed', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach');
SELECT is(tap_prmis.kept('rekeyed'), NULL, 'a new table of the same name has no findings');
CREATE VIEW tap_attach.broken AS SELECT ''::text AS tip_record, '{}'::text[] AS tip_unreadable UNION ALL SELECT 'x', NULL;
CREATE TRIGGER c BEFORE INSERT ON tap_prmis.rekeyed FOR EACH ROW
	EXECUTE FUNCTION tip_impl.check_attached('tap_attach', 'broken', 'victim', 'observe', '');
SELECT lives_ok('SELECT count(*) FROM tip.attachment', 'a view that is none of ours stops nobody from looking');
DROP TRIGGER c ON tap_prmis.rekeyed;

-- ---- since ----
CREATE TABLE tap_prmis.old (id int PRIMARY KEY, age int, day date);
SELECT tip.attach('tap_prmis.old', 'victim', '{"age_at_identification": "age", "recorded_on": "day"}', 'enforce', since => 'infinity', schema => 'tap_attach');
SELECT is((SELECT since FROM tip.attachment WHERE tbl = 'tap_prmis.old'::regclass), 'infinity', 'since for ever');
SELECT lives_ok($$INSERT INTO tap_prmis.old VALUES (1, 300, '2020-01-01')$$, 'refuses nothing');
SELECT tip.attach('tap_prmis.old', 'victim', mode => 'enforce', since => '2020-01-01');
ALTER VIEW tap_attach.old_as_victim RENAME COLUMN recorded_on TO something;
SELECT throws_ok($$INSERT INTO tap_prmis.old VALUES (2, 300, '2010-01-01')$$, '23514', NULL, 'without a day in the view every new row is new');

-- ---- a condition that fails repeats nothing ----
CREATE TABLE tap_prmis.fails (id int PRIMARY KEY, age int, k text);
SELECT tip.attach('tap_prmis.fails', 'victim', '{"age_at_identification": "age"}', only_where => 't.k::int > 3', schema => 'tap_attach');
SELECT throws_ok($$INSERT INTO tap_prmis.fails VALUES (1, 30, 'Plantedname')$$, '22P02',
	'condition of view "fails_as_victim" of an attached table fails for a row', 'no value is in the message');

-- ---- a statement within a statement, undone ----
CREATE TABLE tap_prmis.nest (id int PRIMARY KEY, age int);
CREATE FUNCTION tap_prmis.undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF NEW.id = 2 THEN
		BEGIN
			INSERT INTO tap_prmis.nest VALUES (100, 300);
			RAISE EXCEPTION 'undone';
		EXCEPTION WHEN raise_exception THEN NULL;
		END;
	END IF;
	RETURN NEW; END $$;
CREATE TRIGGER a BEFORE INSERT ON tap_prmis.nest FOR EACH ROW EXECUTE FUNCTION tap_prmis.undo();
SELECT tip.attach('tap_prmis.nest', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach');
INSERT INTO tap_prmis.nest VALUES (1, 300), (2, 300);
SELECT is(tap_prmis.kept('nest'), '{nest_as_victim/1,nest_as_victim/2}', 'takes no finding of the outer one with it');

-- ---- a trigger on the findings writes to the table ----
CREATE TABLE tap_prmis.echo (id int PRIMARY KEY, age int);
CREATE TABLE tap_prmis.echo_child (PRIMARY KEY (id)) INHERITS (tap_prmis.echo);
CREATE FUNCTION tap_prmis.echo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF NEW.entity = 'echo_as_victim' AND NEW.record NOT LIKE '%/9%' THEN
		INSERT INTO tap_prmis.echo_child VALUES (90000 + nextval('tap_prmis.echo_seq'), 30);
	END IF;
	RETURN NULL; END $$;
CREATE SEQUENCE tap_prmis.echo_seq;
CREATE TRIGGER echo AFTER INSERT ON tap_attach.finding FOR EACH ROW EXECUTE FUNCTION tap_prmis.echo();
SELECT tip.attach('tap_prmis.echo', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach');
INSERT INTO tap_prmis.echo_child SELECT i, 300 FROM generate_series(1, 20) AS i;
SELECT lives_ok('UPDATE tap_prmis.echo_child SET id = id + 100 WHERE id < 90', 'rows within rows, with changed keys');
SELECT is((SELECT count(*) FROM tap_attach.finding WHERE rule = 'A03_VICTIM' AND record ~ 'echo_as_victim/1..$'), 20::bigint, 'have the findings of their own');
SELECT is((SELECT count(*) FROM tap_attach.finding WHERE rule = 'A03_VICTIM' AND record ~ 'echo_as_victim/.?.$'), 0::bigint, 'and none of what they were');
DROP TRIGGER echo ON tap_attach.finding;

-- ---- whoever owns the table, and not the model ----
CREATE ROLE tap_attach_owner;
GRANT USAGE, CREATE ON SCHEMA tap_attach TO tap_attach_owner;
GRANT EXECUTE ON FUNCTION tip.attach, tip.detach TO tap_attach_owner;
CREATE SCHEMA tap_owned AUTHORIZATION tap_attach_owner;
SET ROLE tap_attach_owner;
CREATE TABLE tap_owned.t (id int PRIMARY KEY, age int);
SELECT lives_ok($$SELECT tip.attach('tap_owned.t', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach')$$, 'attaches it');
SELECT lives_ok($$SELECT tip.detach('tap_owned.t')$$, 'and takes it off again');
RESET ROLE;
DROP SCHEMA tap_owned CASCADE;
DROP OWNED BY tap_attach_owner;
DROP ROLE tap_attach_owner;

-- ---- two attachments, more findings than wait ----
CREATE TABLE tap_prmis.many (id int PRIMARY KEY, age int);
SELECT tip.attach('tap_prmis.many', 'victim', '{"age_at_identification": "age"}', schema => 'tap_attach');
SELECT tip.attach('tap_prmis.many', 'perpetrator', '{"age": "age"}', only_where => 'id > 1', schema => 'tap_attach');
INSERT INTO tap_prmis.many SELECT i, 300 FROM generate_series(1, 11000) AS i;
SELECT is((SELECT array_agg(n) FROM (SELECT count(DISTINCT record) AS n FROM tap_attach.finding WHERE entity LIKE 'many\_as\_%' GROUP BY entity) AS x),
	'{10999,11000}', 'of none a finding is lost');

DROP SCHEMA tap_prmis, tap_attach CASCADE;
DROP ROLE tap_attach_clerk;
SELECT * FROM finish();
