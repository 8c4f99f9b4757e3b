-- Rules: hostile authors, hostile tables, hostile sessions.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SELECT tip.create_model('hostile') > 0 AS made;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN small AS int CHECK (value < 10);
CREATE FUNCTION shout(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN $1;
END $$;
ALTER TABLE hostile.victim ADD c text COLLATE "C", ADD p text COLLATE "POSIX",
    ADD ints int[], ADD more int[], ADD j json[], ADD points point[], ADD moods mood[], ADD m mood,
    ADD source int, ADD narrow small, ADD n numeric, ADD noted timestamptz,
    ADD doubled int GENERATED ALWAYS AS (source * 2) STORED,
    ADD capped small GENERATED ALWAYS AS (source) STORED,
    ADD loud int GENERATED ALWAYS AS (shout(source)) STORED;

-- ---- an author is told at once, and where ----
\set rule 'INSERT INTO tip.rule (id, entity, severity, message_en, predicate) VALUES (''LX'', ''victim'', ''error'', ''no'','
:rule 'birth_year >');
:rule 'birth_year > nosuch');
:rule 'birth_year > (SELECT 1)');
:rule 'birth_year > random()');
:rule 'birth_year + 1');
:rule 'sum(birth_year) > 1');
:rule 'generate_series(1, birth_year) > 1');
:rule 'row_number() OVER () > 1');
:rule 'birth_year > 1, sex = ''male''');
:rule 'birth_year > 1; SELECT 1');
:rule 'birth_year > 1 AS x');
:rule 'birth_year::small > 1');
:rule 'birth_year::public.small > 1');
:rule 'birth_year::text = ''1''');
:rule 'xmlserialize(CONTENT prmis_ref::xml AS text) = ''x''');
:rule 'ROW(birth_year, 1) < ROW(1, 2)');
:rule 'current_user = ''ann''');
:rule 'prmis_ref::regclass IS NULL');
:rule '''nosuch''::regproc IS NULL');
:rule 'birth_year OPERATOR(public.>) 1');
:rule 'c = p COLLATE public.nosuch');
:rule 'substring(c FROM p) = ''x''');
:rule 'c ~ ANY (ARRAY[p])');
:rule 'c SIMILAR TO p');
:rule 'xpath(''/a'', prmis_ref::xml) IS NULL');
:rule 'victim IS NULL');
:rule 'victim.birth_year > 1');
:rule 'tableoid > 1');
:rule 'num_nulls(VARIADIC ints) > 1');
:rule 'birth_year > $1');
:rule '(loud) > 1');
:rule 'capped > 1');
:rule 'tip_impl.today() > recorded_on');
:rule '''12:00 today''::timestamp > recorded_on');
:rule 'recorded_on <@ ''[2020-01-01,ToDay]''::daterange');
:rule 'recorded_on = ANY (U&''{\0079esterday}'')');
:rule 'prmis_ref <> ''now''');
-- long texts come to an end
CREATE FUNCTION state_of(predicate text, OUT state text, OUT reason text) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tip.rule (id, entity, severity, message_en, predicate)
    VALUES ('LX', 'victim', 'error', 'no', $1);
    SELECT c.state, c.reason INTO state, reason FROM tip.check_rules('victim', 'hostile') AS c WHERE c.rule = 'LX';
    DELETE FROM tip.rule WHERE id = 'LX';
EXCEPTION WHEN OTHERS THEN
    state := SQLSTATE;
    reason := left(SQLERRM, 60);
END $$;
SELECT what, r.*
FROM (VALUES (1, 'parentheses', repeat('(', 12000) || 'true' || repeat(')', 12000)),
             (2, 'NOT', repeat('NOT ', 20000) || 'true'),
             (3, 'a sum', 'birth_year > 0' || repeat('+1', 1000000)),
             (4, 'OR', 'true' || repeat(' OR birth_year > 1', 20000)),
             (5, 'a list', 'birth_year IN (0' || repeat(',1', 100000) || ')'),
             (6, 'an array', 'birth_year = ANY (''{0' || repeat(',1', 100000) || '}'')'),
             (7, 'a literal', 'prmis_ref <> ''' || repeat('x', 1000000) || ''''),
             (8, 'IS NULL', 'birth_year > 1' || repeat(' OR c IS NULL OR p IS NULL', 1000))) AS v(n, what, p)
CROSS JOIN LATERAL state_of(p) AS r ORDER BY n;

-- ids, shipped rules, timing
\set id 'INSERT INTO tip.rule (entity, severity, message_en, predicate, id, timing) VALUES ('
:id 'victim', 'error', 'no', 'true', 'A03', 'row');
:id 'victim', 'error', 'no', 'true', 'A03_VICTIM', 'row');
:id 'victim', 'error', 'no', 'true', 'Z77', 'row');
:id 'victim', 'error', 'no', 'true', 'lower', 'row');
:id 'victim', 'error', 'no', 'true', 'LX', 'tx');
:id 'prosecution', 'error', 'no', 'true', 'LX', 'row');
:id 'finding', 'error', 'no', 'true', 'LX', 'tx');
UPDATE tip.rule SET predicate = 'true' WHERE id = 'A03_VICTIM';
UPDATE tip.rule SET id = 'LX' WHERE id = 'A03_VICTIM';
DELETE FROM tip.rule WHERE id = 'A03_VICTIM';
TRUNCATE tip.rule;
-- an author needs the right to execute what a rule calls
CREATE ROLE regress_author;
GRANT INSERT, SELECT, DELETE ON tip.rule TO regress_author;
GRANT USAGE ON SCHEMA hostile TO regress_author;
REVOKE EXECUTE ON FUNCTION tip.certainly_before(tip.partial_date, tip.partial_date) FROM PUBLIC;
SET ROLE regress_author;
INSERT INTO tip.rule (id, entity, severity, message_en, predicate)
VALUES ('LX', 'victimization', 'error', 'no', 'NOT tip.certainly_before(identified_on, recruited_on)');
RESET ROLE;
GRANT EXECUTE ON FUNCTION tip.certainly_before(tip.partial_date, tip.partial_date) TO PUBLIC;

-- ---- total is a promise ----
SELECT p AS predicate, r.*
FROM unnest(ARRAY[
    'c = p', 'c = p COLLATE "C"', 'c < prmis_ref', 'c IN (''a'', ''b'')', 'c IS DISTINCT FROM p', 'NULLIF(c, p) IS NULL',
    'ints = more', 'ints && more', 'j = j', 'points = points', 'moods && moods', 'm = ''good''', 'm < ''bad''',
    'cardinality(ARRAY[ints, more]) > 1', 'cardinality(ARRAY[birth_year, source]) > 1',
    'ints[birth_year] = 1', 'ints[1:2] = more', 'greatest(birth_year, source) > 1',
    'n > ''NaN''', 'n + 1 > 0', 'narrow > 1', 'doubled > 1', 'birth_year > 1',
    'substring(c FROM ''a(.)'') = ''x''', 'substring(c FROM 1 FOR birth_year) = ''x''', 'c ~ ''^a''', 'c LIKE p',
    'noted > ''2020-01-01''', '''pg_authid''::regclass IS NOT NULL',
    'tip.today() > recorded_on', 'today() > recorded_on',
    'CASE WHEN birth_year > 1 THEN source > 1 ELSE c > ''a'' END'])
    WITH ORDINALITY AS v(p, n)
CROSS JOIN LATERAL state_of(p) AS r ORDER BY n;
-- and what is guarded may raise; nothing is lost, nothing gets through
INSERT INTO tip.rule (id, entity, columns, severity, message_en, predicate) VALUES
    ('L1', 'victim', '{c,p}', 'warning', 'the same', 'c <> p'),
    ('L2', 'victim', '{j}', 'warning', 'the same', 'j <> ''{"2"}''::json[]'),
    ('L3', 'victim', '{ints,more}', 'warning', 'the same', 'cardinality(ARRAY[ints, more]) > 0'),
    ('L4', 'victim', '{n}', 'error', 'too small', 'n > 10'),
    ('L5', 'victim', '{source}', 'error', 'no part', '100 / source > 1');
INSERT INTO hostile.victim (victim_id, sex, birth_year, c, p, j, ints, more, n, source)
VALUES ('00000000-0000-0000-0000-000000000001', 'female', 1990, 'a', 'a', ARRAY['{}'::json], '{1,2}', '{1}', 11, 5);
SELECT rule, outcome, columns FROM hostile.finding WHERE rule LIKE 'L%' AND record LIKE '0000%1' ORDER BY rule;
\set SHOW_CONTEXT always
INSERT INTO hostile.victim (sex, c, p, j, ints, more, n, source)
VALUES ('female', 'a', 'a', ARRAY['{}'::json], '{1,2}', '{1}', 9, 0);
\set SHOW_CONTEXT never
-- what is wrong with the server or the query is no finding
UPDATE tip.rule SET predicate = 'pg_catalog.int4_avg_accum(''{1}''::int8[], source) IS NOT NULL' WHERE id = 'L5';
INSERT INTO hostile.victim (sex, n, source) VALUES ('female', 11, 1);
UPDATE tip.rule SET predicate = 'prmis_ref !~ ''(.+)(.+)(.+)\3x?\2\1c?d?e?\1\1\1\1\1$''' WHERE id = 'L5';
SET statement_timeout = '100ms';
INSERT INTO hostile.victim (sex, n, prmis_ref) SELECT 'female', 11, repeat('ab', 1000);
RESET statement_timeout;
INSERT INTO hostile.victim (sex, n, prmis_ref) VALUES ('female', 11, 'aab');
-- guarded, and a draft
INSERT INTO tip.rule (id, entity, severity, message_en, predicate)
VALUES ('L6', 'victimization', 'error', 'no', '10 / age_at_entry > 0');
INSERT INTO hostile.victimization (victimization_id, victim_stage, age_at_entry)
VALUES ('00000000-0000-0000-0000-000000000002', 'draft', 0);
SELECT rule, outcome FROM hostile.finding WHERE rule = 'L6';
UPDATE hostile.victimization SET victim_stage = 'screened' WHERE age_at_entry = 0;
DELETE FROM tip.rule WHERE is_local;

-- ---- a rule means the same in every session ----
INSERT INTO tip.rule (id, entity, severity, message_en, predicate) VALUES
    ('L1', 'victim', 'error', 'backslash', 'prmis_ref <> ''a\\b'''),
    ('L2', 'victim', 'error', 'null', '(birth_year = NULL) IS NULL'),
    ('L3', 'victim', 'error', 'array', '(''{NULL}''::text[])[1] IS NULL'),
    ('L4', 'victim', 'error', 'zone', 'noted > ''2020-01-01 00:00'''),
    ('L5', 'victim', 'error', 'style', 'recorded_on IS NULL OR recorded_on > ''2020-02-01''');
SET standard_conforming_strings = off; SET escape_string_warning = off;
SET transform_null_equals = on; SET array_nulls = off; SET timezone = 'Asia/Tokyo'; SET datestyle = 'SQL, DMY';
SET search_path = public;
ALTER TABLE hostile.victim ADD compiled_anew int;
INSERT INTO hostile.victim (sex, prmis_ref, noted, recorded_on) VALUES ('female', E'a\\b', '2020-01-01 08:00 Asia/Tokyo', '20-01-2020');
INSERT INTO hostile.victim (sex, prmis_ref, noted, recorded_on) VALUES ('female', E'a\\\\b', '2020-01-01 10:00 Asia/Tokyo', '20-02-2020');
RESET ALL;
SET client_min_messages = warning;
DELETE FROM tip.rule WHERE is_local;

-- ---- a rule that came by another road, where no author was told ----
CREATE FUNCTION smuggle(predicate text, severity text DEFAULT 'error', OUT state text, OUT reason text)
LANGUAGE plpgsql SET session_replication_role = replica AS $$
BEGIN
    DELETE FROM tip.rule WHERE id = 'LX';
    INSERT INTO tip.rule (id, entity, columns, severity, message_en, predicate)
    VALUES ('LX', 'victim', '{loud,NULL}', severity, 'no', predicate);
    SELECT c.state, c.reason INTO state, reason FROM tip.check_rules('victim', 'hostile') AS c WHERE c.rule = 'LX';
END $$;
SELECT left(p, 30) AS predicate, r.*
FROM unnest(ARRAY['loud > 1', 'capped > 1', 'birth_year::small > 1', 'substring(c FROM p) = ''x''',
    'public.shout(birth_year) > 1', '''{today}''::date[] = ''{}''', 'true; SELECT 1', 'count(*) > 1',
    'birth_year > 0' || repeat('+1', 1000000), repeat('(', 12000)]) WITH ORDINALITY AS v(p, n)
CROSS JOIN LATERAL smuggle(p) AS r ORDER BY n;
SELECT smuggle('loud > 1');
INSERT INTO hostile.victim (sex) VALUES ('female');
SELECT smuggle('loud > 1', 'warning');
INSERT INTO hostile.victim (victim_id, sex) VALUES ('00000000-0000-0000-0000-000000000003', 'female');
SELECT rule, outcome, columns FROM hostile.finding WHERE record LIKE '0000%3';
SELECT rule, outcome, message FROM tip.check_record('victim', '{"sex": "female"}', 'hostile') WHERE rule = 'LX';
DELETE FROM tip.rule WHERE is_local;

-- ---- whoever owns a table runs nothing with our rights ----
CREATE ROLE regress_mallory;
CREATE SCHEMA mallory AUTHORIZATION regress_mallory;
SET SESSION AUTHORIZATION regress_mallory;
SET client_min_messages = warning;
CREATE FUNCTION mallory.shout(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_user <> 'regress_mallory' THEN
        RAISE WARNING 'mallory is %', current_user;
    END IF;
    RETURN $1;
END $$;
CREATE TABLE mallory.mine (a int, children_count int GENERATED ALWAYS AS (mallory.shout(1)) STORED);
CREATE TRIGGER mine BEFORE INSERT ON mallory.mine FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row('victim');
\set VERBOSITY sqlstate
INSERT INTO mallory.mine VALUES (1);
\set VERBOSITY default
-- and what it puts into its search_path is not looked at
CREATE FUNCTION mallory.certainly_before(tip.partial_date, tip.partial_date) RETURNS bool LANGUAGE sql AS 'SELECT NULL::bool';
CREATE FUNCTION mallory.lt(int2, int4) RETURNS bool LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR mallory.< (LEFTARG = int2, RIGHTARG = int4, FUNCTION = mallory.lt);
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
-- a role without any right on the rules
CREATE ROLE regress_writer;
GRANT USAGE ON SCHEMA hostile, mallory TO regress_writer;
GRANT INSERT ON hostile.victim TO regress_writer;
DISCARD ALL;
SET client_min_messages = warning;
ALTER TABLE hostile.victim DROP compiled_anew;
SET ROLE regress_writer;
SET search_path = mallory, pg_catalog;
TABLE tip.rule;
INSERT INTO hostile.victim (sex, birth_year, children_count) VALUES ('female', 1990, -1);
INSERT INTO hostile.victim (sex, birth_year, citizenship) VALUES ('female', 1990, '{TT,TT}');
TABLE hostile.finding;
RESET ROLE;
INSERT INTO hostile.victim (sex, birth_year, children_count) VALUES ('female', 1990, -1);
RESET search_path;

-- ---- INSERT ... ON CONFLICT: the proposed row is judged ----
\set key '''00000000-0000-0000-0000-000000000004'''
INSERT INTO hostile.victimization (victimization_id, victim_stage, acts, means, forms, status_decider, identified_on)
VALUES (:key, 'identified', '{recruit}', '{fraud}', '{labour}', 'police', '2024');
INSERT INTO hostile.victimization (victimization_id, victim_stage, sector) VALUES (:key, 'identified', 'A')
ON CONFLICT (victimization_id) DO UPDATE SET sector = EXCLUDED.sector;
UPDATE hostile.victimization SET sector = 'A' WHERE victimization_id = :key;
MERGE INTO hostile.victimization AS v USING (VALUES (:key::uuid, 'B')) AS s(id, sector) ON v.victimization_id = s.id
WHEN MATCHED THEN UPDATE SET sector = s.sector
WHEN NOT MATCHED THEN INSERT (victimization_id) VALUES (s.id);
SELECT sector FROM hostile.victimization WHERE victimization_id = :key;
-- what was proposed and not stored leaves nothing
INSERT INTO hostile.victim (victim_id, sex) VALUES (:key, 'female');
INSERT INTO hostile.victim (victim_id, sex, citizenship) VALUES (:key, 'female', '{TT,TT}') ON CONFLICT DO NOTHING;
SELECT rule FROM hostile.finding WHERE entity = 'victim' AND record LIKE '0000%4';
INSERT INTO hostile.victim (victim_id, sex, citizenship) VALUES (:key, 'female', '{TT,TT}')
ON CONFLICT (victim_id) DO UPDATE SET citizenship = EXCLUDED.citizenship;
SELECT rule FROM hostile.finding WHERE entity = 'victim' AND record LIKE '0000%4';

-- ---- who comes later: another trigger, the replica role, a child table ----
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.children_count := 99;
    RETURN NEW;
END $$;
CREATE TRIGGER a_early BEFORE INSERT ON hostile.victim FOR EACH ROW EXECUTE FUNCTION late();
INSERT INTO hostile.victim (sex) VALUES ('female');
ALTER TRIGGER a_early ON hostile.victim RENAME TO "~zz_late";
INSERT INTO hostile.victim (victim_id, sex) VALUES ('00000000-0000-0000-0000-000000000005', 'female');
DROP TRIGGER "~zz_late" ON hostile.victim;
SET session_replication_role = replica;
INSERT INTO hostile.victim (victim_id, sex, children_count) VALUES ('00000000-0000-0000-0000-000000000006', 'female', 99);
RESET session_replication_role;
CREATE TABLE hostile.victim_child () INHERITS (hostile.victim);
INSERT INTO hostile.victim_child (victim_id, sex, children_count) VALUES ('00000000-0000-0000-0000-000000000007', 'female', 99);
SELECT right(record, 1) AS victim, rule, outcome FROM tip.check_table('hostile.victim') WHERE rule = 'R17' AND record LIKE '0000%' ORDER BY 1;
SELECT right(record, 1) AS victim, rule, outcome FROM tip.check_table('hostile.victim_child', 'victim') WHERE rule = 'R17' AND record LIKE '0000%' ORDER BY 1;
CREATE TRIGGER rules BEFORE INSERT OR UPDATE OR DELETE ON hostile.victim_child
    FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row('victim');
INSERT INTO hostile.victim_child (sex, children_count) VALUES ('female', 99);

-- generated columns: the value that will be stored is judged
INSERT INTO tip.rule (id, entity, columns, severity, message_en, predicate)
VALUES ('L1', 'victim', '{doubled}', 'error', 'too many', 'doubled < 10');
INSERT INTO hostile.victim (sex, source) VALUES ('female', 5);
INSERT INTO hostile.victim (victim_id, sex, source) VALUES ('00000000-0000-0000-0000-000000000008', 'female', 4);
UPDATE hostile.victim SET source = 5 WHERE source = 4;
DELETE FROM tip.rule WHERE is_local;

-- a partition with its columns in another order, some of them dropped
SELECT tip.create_model('hostile_parts', partition_by => 'country') > 0 AS made;
SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attname DESC) AS columns
FROM pg_attribute WHERE attrelid = 'hostile_parts.victimization'::regclass AND attnum > 0 \gset
CREATE TABLE hostile_parts.odd (gone1 text, :columns, gone2 int);
ALTER TABLE hostile_parts.odd DROP gone1, DROP gone2, ALTER victimization_id SET NOT NULL, ALTER jurisdiction SET NOT NULL;
ALTER TABLE hostile_parts.victimization ATTACH PARTITION hostile_parts.odd FOR VALUES IN ('GY');
INSERT INTO hostile_parts.victimization (jurisdiction, victim_stage, age_at_entry, age_at_exploitation)
VALUES ('GY', 'screened', 20, 19);
INSERT INTO hostile_parts.odd (jurisdiction, victim_stage, age_at_entry, age_at_exploitation)
VALUES ('GY', 'screened', 20, 19);
INSERT INTO hostile_parts.victimization (victimization_id, jurisdiction, victim_stage, age_at_entry)
VALUES ('00000000-0000-0000-0000-000000000009', 'GY', 'screened', 20),
       ('00000000-0000-0000-0000-00000000000a', 'TT', 'screened', 20);
UPDATE hostile_parts.victimization SET age_at_exploitation = 19;
UPDATE hostile_parts.victimization SET jurisdiction = 'GY', sector = 'A', forms = '{military}' WHERE jurisdiction = 'TT';
SELECT right(record, 1) AS record, rule, outcome FROM hostile_parts.finding ORDER BY 1, 2;
SELECT right(record, 1) AS record, rule, outcome FROM tip.check_table('hostile_parts.victimization') ORDER BY 1, 2;
SELECT right(record, 1) AS record, rule, outcome FROM tip.check_table('hostile_parts.odd', 'victimization') ORDER BY 1, 2;

-- ---- a table that changes under its rules ----
INSERT INTO tip.rule (id, entity, columns, severity, message_en, predicate)
VALUES ('L1', 'victim', '{m}', 'error', 'no', 'm <> ''bad''');
INSERT INTO hostile.victim (sex, m) VALUES ('female', 'bad');
ALTER TYPE mood RENAME VALUE 'bad' TO 'worse';
INSERT INTO hostile.victim (sex, m) VALUES ('female', 'worse');
ALTER TYPE mood RENAME VALUE 'worse' TO 'bad';
ALTER TABLE hostile.victim ALTER m TYPE text;
INSERT INTO hostile.victim (sex, m) VALUES ('female', 'bad');
ALTER TABLE hostile.victim RENAME m TO k;
INSERT INTO hostile.victim (sex, k) VALUES ('female', 'good');
ALTER TABLE hostile.victim DROP k;
INSERT INTO hostile.victim (sex) VALUES ('female');
DELETE FROM tip.rule WHERE is_local;
INSERT INTO hostile.victim (victim_id, sex) VALUES ('00000000-0000-0000-0000-00000000000b', 'female');

DROP FUNCTION state_of, smuggle, late CASCADE;
\set VERBOSITY terse
SET client_min_messages = error;
DROP SCHEMA hostile, hostile_parts, mallory CASCADE;
DROP TYPE mood;
DROP DOMAIN small;
DROP FUNCTION shout;
REVOKE ALL ON tip.rule FROM regress_author;
DROP ROLE regress_author, regress_mallory, regress_writer;
