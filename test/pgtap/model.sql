-- Properties of the tables that tip.create_model() makes.
BEGIN;
SELECT * FROM no_plan();

SELECT is(tip.create_model('plain_model'), 15, 'fifteen tables');
SELECT is(tip.create_model('odd "Näme''%s $$', partition_by => 'country'), 15,
	'in a schema with an odd name, by country');
SELECT is(tip.create_model('by_year', partition_by => 'year'), 15, 'by year');

CREATE TEMPORARY VIEW part AS
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.reloptions
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('plain_model', 'by_year', 'odd "Näme''%s $$')
  AND c.relkind IN ('r', 'p', 'v');

-- whatever else may have gone wrong, the checks below see something
SELECT cmp_ok((SELECT count(*) FROM part WHERE relkind = 'r' AND NOT relispartition
	AND nspname = 'plain_model'), '>=', 15::bigint, 'tables are found');
SELECT set_eq($q$SELECT nspname || ' ' || count(*) FILTER (WHERE relname LIKE '%\_text')
	FROM part GROUP BY nspname$q$,
	ARRAY['plain_model 15', 'by_year 15', 'odd "Näme''%s $$ 15'],
	'each has a text view per table');

SELECT is_empty($$SELECT nspname, relname FROM part
	WHERE obj_description(oid, 'pg_class') IS NULL$$,
	'every table and view has a comment');
SELECT is_empty($$SELECT p.relname, a.attname FROM part AS p
	JOIN pg_attribute AS a ON a.attrelid = p.oid
	WHERE p.relkind IN ('r', 'p') AND NOT p.relispartition AND a.attnum > 0
	  AND col_description(p.oid, a.attnum) IS NULL$$,
	'every column of a table has a comment');
SELECT is_empty($$SELECT p.relname, a.attname FROM part AS p
	JOIN pg_attribute AS a ON a.attrelid = p.oid AND a.attnum > 0
	JOIN pg_get_keywords() AS k ON k.word IN (p.relname, a.attname)
	WHERE k.catcode IN ('R', 'T')$$,
	'no table or column is a reserved word');
SELECT is_empty($$SELECT p.relname, f.conname FROM part AS p
	JOIN pg_constraint AS f ON f.conrelid = p.oid AND f.contype = 'f'
	WHERE NOT p.relispartition AND NOT EXISTS (
		SELECT FROM pg_index AS i WHERE i.indrelid = f.conrelid
		  AND (i.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey)$$,
	'every foreign key has an index');
SELECT is_empty($$SELECT p.relname, f.confrelid::regclass FROM part AS p
	JOIN pg_constraint AS f ON f.conrelid = p.oid AND f.contype = 'f'
	JOIN pg_class AS t ON t.oid = f.confrelid
	JOIN pg_namespace AS n ON n.oid = t.relnamespace
	WHERE n.nspname <> p.nspname$$,
	'no key leaves its model');
SELECT is_empty($$SELECT p.relname, c.conname FROM part AS p
	JOIN pg_constraint AS c ON c.conrelid = p.oid
	WHERE c.contype IN ('c', 'u', 'x')$$,
	'no check or unique constraint whose error would print a row');
SELECT is_empty($$SELECT p.relname, a.attname FROM part AS p
	JOIN pg_attribute AS a ON a.attrelid = p.oid AND a.attnum > 0 AND a.attnotnull
	WHERE p.relkind IN ('r', 'p') AND p.relname !~ '^victim_pseudonym'
	  AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = p.oid
		AND i.indisprimary AND a.attnum = ANY (i.indkey))$$,
	'no column but those of the key is NOT NULL');
SELECT is_empty($$SELECT p.relname, a.attname, a.atttypid::regtype FROM part AS p
	JOIN pg_attribute AS a ON a.attrelid = p.oid AND a.attnum > 0
	WHERE p.relname LIKE '%\_text' AND a.atttypid NOT IN ('text'::regtype, 'int2'::regtype,
		'int4'::regtype, 'int8'::regtype, 'boolean'::regtype, 'date'::regtype,
		'numeric'::regtype)$$,
	'text views have plain types only');
SELECT is_empty($$SELECT relname FROM part WHERE relkind = 'v'
	AND NOT 'security_invoker=true' = ANY (coalesce(reloptions, '{}'))$$,
	'text views have the rights of their reader');
SELECT is_empty($$SELECT p.relname FROM part AS p
	JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = p.oid
	WHERE d.deptype = 'e'$$,
	'nothing of a model is a member of the extension');
SELECT is_empty($$SELECT m.table_name, m.column_name FROM tip.model_element AS m
	WHERE NOT EXISTS (SELECT FROM part AS p
		JOIN pg_attribute AS a ON a.attrelid = p.oid
		WHERE p.nspname = 'plain_model' AND p.relname = m.table_name
		  AND a.attname = m.column_name)$$,
	'every documented column is there');

-- partitions: a default one takes rows, and a user's own takes its own
CREATE TABLE "odd ""Näme'%s $$".event_bb
	PARTITION OF "odd ""Näme'%s $$".event FOR VALUES IN ('BB');
INSERT INTO "odd ""Näme'%s $$".event (event_id, jurisdiction)
VALUES ('00000000-0000-4000-8000-000000000001', 'BB'),
	('00000000-0000-4000-8000-000000000002', 'TT');
INSERT INTO "odd ""Näme'%s $$".victimization (event_id, jurisdiction)
SELECT event_id, jurisdiction FROM "odd ""Näme'%s $$".event;
SELECT is((SELECT count(*) FROM "odd ""Näme'%s $$".event_bb), 1::bigint,
	'a country goes into its partition');
SELECT is((SELECT count(*) FROM "odd ""Näme'%s $$".event_default), 1::bigint,
	'another into the default one');
SELECT throws_ok($q$INSERT INTO "odd ""Näme'%s $$".victimization (event_id, jurisdiction)
	VALUES ('00000000-0000-4000-8000-000000000001', 'TT')$q$, '23503', NULL,
	'a victim cannot be in another country than the event');
CREATE TABLE by_year.event_2024 PARTITION OF by_year.event FOR VALUES FROM (2024) TO (2025);
INSERT INTO by_year.event (case_year) VALUES (2024), (2025);
SELECT is((SELECT array_agg(tableoid::regclass::text ORDER BY case_year) FROM by_year.event),
	'{by_year.event_2024,by_year.event_default}', 'years likewise');
SELECT set_has($$SELECT object, name FROM tip.upgrade_model('by_year')$$,
	$$VALUES ('partition', 'event_2024 of event')$$, 'added partitions are listed');

-- someone who is no superuser, in a schema where others have a table
CREATE ROLE model_maker;
CREATE ROLE model_owner;
GRANT model_owner TO model_maker;
GRANT EXECUTE ON FUNCTION tip.create_model(name, regrole, text) TO model_maker;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO model_maker, model_owner',
	current_database()); END $$;
SET ROLE model_maker;
SELECT lives_ok($$SELECT tip.create_model('made', 'model_owner')$$,
	'CREATE on the database is enough');
RESET ROLE;
SELECT is_empty($$SELECT c.relname, pg_get_userbyid(c.relowner) FROM pg_class AS c
	WHERE c.relnamespace = 'made'::regnamespace
	  AND c.relowner <> 'model_owner'::regrole$$, 'all belongs to the named owner');
CREATE SCHEMA shared;
CREATE TABLE shared.ours (a int);
SELECT lives_ok($$SELECT tip.create_model('shared', 'model_owner')$$,
	'a schema may exist');
SELECT table_owner_is('shared', 'ours', current_user, 'what was there keeps its owner');

-- row rights hold behind a text view
CREATE ROLE model_reader;
GRANT USAGE ON SCHEMA plain_model TO model_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA plain_model TO model_reader;
INSERT INTO plain_model.event (jurisdiction) VALUES ('BB'), ('TT');
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE plain_model.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON plain_model.event TO model_reader USING (jurisdiction = 'BB');
SET ROLE model_reader;
SELECT is((SELECT array_agg(jurisdiction) FROM plain_model.event_text), '{BB}'::text[],
	'a text view shows a reader no more rows than the table');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
