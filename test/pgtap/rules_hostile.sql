-- What is called total never raises; what is judged at commit is judged
-- whatever the transaction went through; and memory is bounded.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public;
SELECT * FROM no_plan();
CREATE SCHEMA tap_h;
SELECT tip.create_model('tap_h_data') > 0 AS made \gset

-- ---- total: every operator and function of core and ours, on hostile rows ----
SELECT setseed(0.3);
CREATE TYPE tap_h.mood AS ENUM ('good', 'bad');
CREATE TEMP TABLE pool (type regtype, name text GENERATED ALWAYS AS (NULL) STORED, vals text[]);
ALTER TABLE pool DROP name, ADD name text;
INSERT INTO pool (type, vals) VALUES
	('bool', '{t,f}'), ('int2', '{-32768,-1,0,32767}'), ('int4', '{-2147483648,-1,0,2147483647}'),
	('int8', '{-9223372036854775808,-1,0,9223372036854775807}'),
	('numeric', '{NaN,Infinity,-Infinity,0,1e130000,-1e-16000}'), ('float8', '{NaN,Infinity,-0,1e308}'),
	('text', ARRAY['', 'a', 'A ', E'\u00e9', E'e\u0301', repeat('x', 5000), '%\', '(']),
	('bpchar', ARRAY['', 'a  ', repeat('x', 300)]), ('name', '{a,""}'), ('"char"', '{a,\\000}'),
	('date', '{-infinity,infinity,4713-01-01 BC,5874897-12-31}'),
	('timestamp', '{-infinity,infinity,4713-01-01 BC,294276-12-31}'),
	('timestamptz', '{-infinity,infinity,4713-02-01 BC,294276-12-30}'), ('interval', '{-178000000 years,0,178000000 years}'),
	('uuid', '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff}'),
	('bytea', '{"",\\x00}'), ('jsonb', '{null,"{}","[1]","\"x\""}'), ('oid', '{0,4294967295}'),
	('int4[]', '{"{}","{1,NULL}","{{1,2},{3,4}}","[5:6]={1,2}"}'), ('text[]', '{"{}","{NULL}","{a,b}","{{a},{b}}"}'),
	('json[]', '{"{}","{1}","{1,2}"}'), ('point[]', ARRAY['{}', '{"(1,2)"}']), ('tap_h.mood', '{good,bad}'),
	('tap_h.mood[]', '{"{}","{good,bad}"}'), ('jsonb[]', '{"{}","{1}"}'),
	('int4range', '{empty,"(,)","[1,1]","[-2147483648,5)"}'), ('daterange', '{empty,"(,)","[infinity,)","[2020-01-01,2020-02-01)"}'),
	('numrange', '{empty,"(,)","[NaN,NaN]"}'), ('int4multirange', '{"{}","{(,)}"}'),
	('tip.sex', '{male,unknown}'), ('tip.country', '{TT,unknown,ZZ}'), ('tip.subdivision', '{TT-POS,unknown}'),
	('tip.country[]', '{"{}","{ZZ,TT}","{unknown}","{NULL}","{TT,TT}"}'), ('tip.act', '{recruit,withheld}'),
	('tip.act_set', '{"{}","{recruit,transport}","{unknown}","{withheld,not_stated}"}'),
	('tip.exploitation_form', '{sex,labour}'), ('tip.exploitation_form_set', '{"{}","{sex,labour}","{not_applicable}"}'),
	('tip.age_status', '{minor,adult,unknown}'), ('tip.justice_step_kind', '{charged,unknown}'),
	('tip.partial_date', '{0001,9999-12-31,1998?,2020-02-29~,2199-01}');
UPDATE pool SET name = 'c' || type::oid;
SELECT 'CREATE TABLE tap_h.hostile (' || string_agg(format('%1$s %2$s, d%1$s %2$s', name, type), ', ') ||
	', pos text COLLATE "POSIX", gen int GENERATED ALWAYS AS (c23) STORED)' FROM pool \gexec
SELECT 'INSERT INTO tap_h.hostile (pos, ' || string_agg(format('%1$s, d%1$s', name), ', ') || ') SELECT ''x'', ' ||
	string_agg(format('CASE WHEN random() < 0.85 THEN (%1$L::text[])[1 + floor(random() * %2$s)]::%3$s END,
		CASE WHEN random() < 0.85 THEN (%1$L::text[])[1 + floor(random() * %2$s)]::%3$s END', vals, cardinality(vals), type), ', ')
	|| ' FROM generate_series(1, 40)' FROM pool \gexec
CREATE TEMP TABLE predicate AS SELECT row_number() OVER () AS n, p FROM (
	SELECT format('%s OPERATOR(%s.%s) d%s', l.name, o.oprnamespace::regnamespace, o.oprname, r.name) AS p
	FROM pg_operator AS o JOIN pool AS l ON l.type = o.oprleft JOIN pool AS r ON r.type = o.oprright
	WHERE o.oprnamespace::regnamespace::text IN ('pg_catalog', 'tip') AND o.oprresult = 'bool'::regtype
	UNION
	SELECT format('%s %s d%s', t.name, o.oprname, t.name)
	FROM pool AS t CROSS JOIN (SELECT DISTINCT oprname FROM pg_operator WHERE oprresult = 'bool'::regtype
		AND oprleft IN ('anyarray'::regtype, 'anyrange'::regtype, 'anyenum'::regtype)) AS o
	UNION
	SELECT format('%s = ANY (d%s)', t.name, a.name) FROM pool AS t JOIN pg_type AS y ON y.oid = t.type JOIN pool AS a ON a.type = y.typarray
	UNION
	SELECT format('%s.%I(%s) IS NOT NULL', f.pronamespace::regnamespace, f.proname,
		(SELECT string_agg(CASE WHEN k.n > 1 THEN 'd' ELSE '' END || q.name, ', ' ORDER BY k.n)
		 FROM unnest(f.proargtypes) WITH ORDINALITY AS k(type, n) JOIN pool AS q ON q.type = k.type))
	FROM pg_proc AS f WHERE f.pronamespace::regnamespace::text IN ('pg_catalog', 'tip', 'tip_impl')
	  AND f.provolatile = 'i' AND f.prokind = 'f' AND NOT f.proretset AND f.pronargs BETWEEN 1 AND 3
	  AND NOT EXISTS (SELECT FROM unnest(f.proargtypes) AS k(type) WHERE k.type NOT IN (SELECT type FROM pool))
	UNION SELECT unnest(ARRAY['cardinality(c1007) > 1', 'array_length(c1007, c23) > 1', 'lower(c3904) > 1', 'upper(c3904) < 1', 'isempty(c3904)',
		'c3904 @> c23', 'c23 <@ c3904', 'cardinality(ARRAY[c1007, dc1007]) > 1', 'c1007[c23] = 1', 'c1007[c23:dc23] = c1007', 'c25 = pos', 'c25 < pos',
		'c25 IN (pos, dc25)', 'NULLIF(c25, pos) IS NULL', 'CASE c25 WHEN pos THEN true END', 'c25 = pos COLLATE "C"', 'length(c25) > 1', 'c21::int8 > c20',
		'gen > 1', 'COALESCE(c25, pos) = dc25', 'c3802[''a''] IS NULL', 'c1009 = ARRAY[c25, dc25]'])) AS all_of(p);
SET session_replication_role = replica;
INSERT INTO tip.rule (id, entity, severity, message_en, predicate) SELECT 'T' || n, 'hostile', 'warning', 'no', p FROM predicate;
RESET session_replication_role;
CREATE TEMP TABLE judged AS
	SELECT p.p, c.state, c.reason FROM tip.check_rules('hostile', 'tap_h') AS c JOIN predicate AS p ON 'T' || p.n = c.rule;
DELETE FROM tip.rule WHERE entity = 'hostile';
CREATE FUNCTION tap_h.error_of(p text) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, tip, tip_impl AS $$
BEGIN
	EXECUTE 'SELECT count(*) FROM tap_h.hostile WHERE ' || p;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT cmp_ok((SELECT count(*) FROM judged WHERE state = 'total'), '>', 200::bigint, 'many predicates are total');
SELECT cmp_ok((SELECT count(*) FROM judged WHERE state = 'guarded'), '>', 200::bigint, 'many are guarded');
SELECT is_empty($$SELECT p, e FROM (SELECT p, tap_h.error_of(p) AS e FROM judged WHERE state = 'total') AS x WHERE e IS NOT NULL$$,
	'no total predicate raises on any row');
SELECT isnt_empty($$SELECT p FROM judged WHERE state = 'guarded' AND p ~ 'c199|c1017|pos' AND tap_h.error_of(p) IS NOT NULL$$,
	'guarded ones do');

-- ---- at commit, whatever the transaction went through ----
INSERT INTO tap_h_data.event (event_id) SELECT ('00000000-0000-0000-0000-0000000000e' || i)::uuid FROM generate_series(1, 3) AS i;
INSERT INTO tap_h_data.involvement (involvement_id, event_id)
SELECT ('00000000-0000-0000-0000-0000000000b' || i)::uuid, ('00000000-0000-0000-0000-0000000000e' || i)::uuid FROM generate_series(1, 3) AS i;
CREATE FUNCTION tap_h.step(step tip.justice_step_kind, n int DEFAULT 1) RETURNS void LANGUAGE sql AS $$
	INSERT INTO tap_h_data.justice_step (event_id, involvement_id, step) VALUES
	(('00000000-0000-0000-0000-0000000000e' || n)::uuid, ('00000000-0000-0000-0000-0000000000b' || n)::uuid, step)
$$;
CREATE FUNCTION tap_h.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
-- what is found out in a transaction is said after it, which pgTAP outlives
\set settle 'SELECT tap_h.attempt(''SET CONSTRAINTS ALL IMMEDIATE'') AS '

-- 5,000 subtransactions, those that convict are rolled back
BEGIN;
DO $$
BEGIN
	FOR i IN 1 .. 5000 LOOP
		BEGIN
			IF i % 10 = 0 THEN
				PERFORM tap_h.step('trial');
			ELSIF i % 10 = 5 THEN
				PERFORM tap_h.step('convicted');
				RAISE EXCEPTION 'undo';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
END $$;
:settle a, (SELECT count(*) FROM tap_h_data.justice_step) AS n \gset
ROLLBACK;
SELECT is(:'a'::text, 'done', 'what 500 exceptions rolled back is not judged');
SELECT is(:'n'::text, '500', 'and not there');
-- nested: each savepoint inside of the one before it
BEGIN;
SELECT string_agg(format('SAVEPOINT s%s; %s', i, CASE WHEN i % 100 = 0 THEN 'SELECT tap_h.step(''trial'');' ELSE '' END), ' ') AS nested
FROM generate_series(1, 5000) AS i \gset
\o /dev/null
:nested
SELECT tap_h.step('convicted');
\o
:settle a \gset
ROLLBACK TO s2500;
:settle b, (SELECT count(*) FROM tap_h_data.justice_step) AS n \gset
ROLLBACK;
SELECT is(:'a'::text, '23514', 'a conviction under 5,000 savepoints is judged');
SELECT is(:'b'::text, 'done', 'rolled back to the middle it is not');
SELECT is(:'n'::text, '24', 'half of the rows are there');

-- SET CONSTRAINTS IMMEDIATE, then more changes
BEGIN;
SELECT tap_h.step('charged'), tap_h.step('convicted') \gset
SET CONSTRAINTS ALL IMMEDIATE;
SELECT tap_h.attempt($$DELETE FROM tap_h_data.justice_step WHERE step = 'charged'$$) AS a,
	tap_h.attempt($$DELETE FROM tap_h_data.justice_step WHERE step = 'convicted'$$) AS b \gset
SET CONSTRAINTS ALL DEFERRED;
SELECT tap_h.step('convicted') \gset
DELETE FROM tap_h_data.justice_step WHERE step = 'charged';
:settle c \gset
ROLLBACK;
SELECT is(:'a'::text, '23514', 'at once, after SET CONSTRAINTS');
SELECT is(:'b'::text, 'done', 'the right order is accepted at once');
SELECT is(:'c'::text, '23514', 'and judged again when deferred again');

-- deferred triggers of a user that change the case after it was judged
CREATE FUNCTION tap_h.later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.step = 'convicted' THEN
		DELETE FROM tap_h_data.justice_step WHERE step = 'charged' AND event_id = NEW.event_id;
	ELSIF NEW.step = 'arrested' THEN
		PERFORM tap_h.step('charged', 2);
	END IF;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "~z_later" AFTER INSERT ON tap_h_data.justice_step
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tap_h.later();
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
BEGIN;
SELECT tap_h.step('charged'), tap_h.step('convicted') \gset
COMMIT;
\set a :LAST_ERROR_SQLSTATE
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT tap_h.step('charged'), tap_h.step('convicted') \gset
COMMIT;
\set b :LAST_ERROR_SQLSTATE
\set ON_ERROR_STOP on
SELECT is(:'a'::text, '23514', 'a deferred trigger took the charge away: judged again at commit');
SELECT is(:'b'::text, '23514', 'and at SERIALIZABLE');
SELECT is((SELECT count(*) FROM tap_h_data.justice_step), 0::bigint, 'nothing of it is stored');
ALTER TABLE tap_h_data.justice_step DISABLE TRIGGER "~z_later";
BEGIN;
SELECT tap_h.step('convicted', 2), tap_h.step('charged', 2) \gset
COMMIT;
ALTER TABLE tap_h_data.justice_step ENABLE TRIGGER "~z_later";
SELECT is((SELECT has_charge FROM tap_h_data.prosecution), true, 'a case in order');

-- ---- memory: as much for many rows as for some ----
CREATE FUNCTION tap_h.memory() RETURNS bigint LANGUAGE sql AS 'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts';
CREATE FUNCTION tap_h.grows(statement text, n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	before bigint;
BEGIN
	EXECUTE statement USING 1000;
	before := tap_h.memory();
	EXECUTE statement USING n;
	RETURN tap_h.memory() - before;
END $$;
INSERT INTO tip.rule (id, entity, columns, severity, message_en, predicate)
VALUES ('LOCAL_HOSTILE', 'event', '{jurisdiction}', 'warning', 'where?', 'jurisdiction IS NOT NULL'),
	('LOCAL_GUARDED', 'event', '{check_serial}', 'warning', 'raises', '1 / (check_serial - check_serial) = 1');
BEGIN;
SELECT tap_h.grows($$INSERT INTO tap_h_data.victim (sex) SELECT 'female' FROM generate_series(1, $1)$$, 80000) AS a,
	tap_h.grows($$INSERT INTO tap_h_data.victim (sex, citizenship) SELECT 'female', '{TT,TT}' FROM generate_series(1, $1)$$, 12000) AS b,
	tap_h.grows($$WITH e AS (INSERT INTO tap_h_data.event SELECT FROM generate_series(1, $1) RETURNING 1) SELECT count(*) FROM e$$, 2000) AS c \gset
ROLLBACK;
SELECT cmp_ok(:a, '<', 200000, 'clean rows leave nothing in memory');
SELECT cmp_ok(:b, '<', 500000, 'nor do rows with findings');
SELECT cmp_ok(:c, '<', 2000000, 'nor do guarded rules that raise, but for the cases noted');
-- a statement inside of another: each writes its own findings, none is lost
DELETE FROM tip.rule WHERE id = 'LOCAL_GUARDED';
CREATE FUNCTION tap_h.nest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO tap_h_data.event DEFAULT VALUES;
	RETURN NEW;
END $$;
CREATE TRIGGER a_nest BEFORE INSERT ON tap_h_data.victim FOR EACH ROW EXECUTE FUNCTION tap_h.nest();
CREATE FUNCTION tap_h.peak() RETURNS bigint LANGUAGE sql AS
	$$SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmHWM:\s+(\d+)'))[1]::bigint$$;
BEGIN;
INSERT INTO tap_h_data.victim (sex, citizenship) SELECT 'female', '{TT,TT}' FROM generate_series(1, 10);
SELECT tap_h.peak() AS before \gset
INSERT INTO tap_h_data.victim (sex, citizenship) SELECT 'female', '{TT,TT}' FROM generate_series(1, 2000);
SELECT tap_h.peak() - :before AS grown, (SELECT string_agg(entity || ' ' || n, ', ' ORDER BY entity)
	FROM (SELECT entity, count(*) AS n FROM tap_h_data.finding WHERE rule IN ('X06', 'LOCAL_HOSTILE') GROUP BY 1) AS f) AS written \gset
ROLLBACK;
SELECT cmp_ok(:grown, '<', 8000, 'findings of nested statements: less than 8 MB at the peak');
SELECT is(:'written'::text, 'event 2010, victim 2010', 'and all of them are written');

DELETE FROM tip.rule WHERE is_local;
SET client_min_messages = error;
DROP SCHEMA tap_h, tap_h_data CASCADE;
SELECT * FROM finish();
