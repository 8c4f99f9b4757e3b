-- Properties of sealed values, and who may do what.
BEGIN;
SELECT * FROM no_plan();

SELECT is_empty($$SELECT n FROM generate_series(1, 1000) AS n
	WHERE tip.unseal(tip.seal(repeat('ñ', (n + 1) / 2), 'police', 't', 'c'), 't', 'c')
		<> repeat('ñ', (n + 1) / 2)$$, 'every length opens');
SELECT is_empty($$SELECT n FROM generate_series(1, 200) AS n,
	LATERAL (SELECT tip.seal(repeat('x', n), 'ngo', 't', 'c') AS s OFFSET 0) AS t
	WHERE s::text::tip.sealed::text <> s::text$$, 'text is read back');
SELECT is((SELECT count(DISTINCT tip.seal('Ana', d.name, t, c, r)::text)
	FROM (VALUES ('police'), ('ngo')) AS d(name), unnest('{t,u}'::text[]) AS t,
		unnest('{c,d}'::text[]) AS c,
		unnest('{NULL,00000000-0000-0000-0000-000000000001}'::uuid[]) AS r), 16::bigint,
	'every place has a seal of its own');

-- every bit of a seal counts
CREATE FUNCTION pg_temp.opens(s text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN tip.unseal(s::tip.sealed, 't', 'c');
EXCEPTION WHEN invalid_parameter_value OR invalid_text_representation THEN
	RETURN NULL;
END $$;
SELECT is((SELECT count(pg_temp.opens('s1.1.1.' || encode(set_bit(b, i, 1 - get_bit(b, i)), 'base64')))
	FROM (SELECT decode(substr(tip.seal('Ana', 'police', 't', 'c')::text, 8), 'base64') AS b) AS s,
	generate_series(0, 8 * 48 - 1) AS i), 0::bigint, 'no edited seal opens');
SELECT is(pg_temp.opens(tip.seal('Ana', 'police', 't', 'c')::text), 'Ana', 'and the whole one does');

SELECT is_empty($$SELECT oprname FROM pg_operator
	WHERE 'tip.sealed'::regtype IN (oprleft, oprright)$$, 'seals are not compared');

CREATE ROLE pgtap_tip_nobody;
SELECT ok(NOT has_function_privilege('pgtap_tip_nobody', f, 'EXECUTE'), f::text)
FROM unnest('{"tip.seal(text,text,text,text,uuid)", "tip.unseal(tip.sealed,text,text,uuid)",
	"tip.identify(uuid,text,text,text,name,text[])",
	"tip.correct_identity(uuid,text,text,name,text[])", "tip.forget_identity(uuid,name)",
	"tip.request_reidentification(tip.pseudonym,text,text,name)", "tip.approve(bigint)",
	"tip.reidentify(bigint,jsonb)", "tip.grant_reidentifier(regrole)", "tip.grant_approver(regrole)",
	"tip_impl.identity_open(tip.pseudonym,name,uuid[])", "tip_impl.identity_victims(tip.pseudonym,name)", "tip_impl.begin_reidentification(bigint)",
	"tip_impl.open_identity(bigint)", "tip_impl.expect_opening(bigint)",
	"tip_impl.take_opening(bigint)"}'::regprocedure[]) AS f;
SELECT is(proconfig IS NULL AND NOT prosecdef, true, 'the procedure can commit')
FROM pg_proc WHERE oid = 'tip.reidentify(bigint,jsonb)'::regprocedure;

-- the table
SELECT tip.create_model('tip_seal');
SELECT is_empty($$SELECT attname FROM pg_attribute
	WHERE attrelid = 'tip_seal.identity'::regclass AND attname = 'value'
	  AND attstattarget IS DISTINCT FROM 0$$, 'no statistics of what is sealed');
SELECT is_empty($$SELECT attname FROM pg_attribute
	WHERE attrelid IN ('tip_seal.identity'::regclass, 'tip_seal.victim_pseudonym'::regclass)
	  AND attnum > 0 AND col_description(attrelid, attnum) IS NULL$$, 'every column is described');

-- The table of domains may change, and be read again, while one is at work.
INSERT INTO tip.domain (id, name, title) VALUES (901, 'tap_first', '1'), (902, 'tap_second', '2');
CREATE FUNCTION pg_temp.change() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	UPDATE tip.domain SET title = '3' WHERE name = 'tap_first';
	RETURN tip.pseudonymize('passport', '1', 'police') IS NOT NULL;
END $$;
GRANT USAGE ON SCHEMA tip_seal TO pgtap_tip_nobody;
GRANT SELECT, INSERT, UPDATE ON tip_seal.victim TO pgtap_tip_nobody;
GRANT EXECUTE ON FUNCTION tip.identify(uuid, text, text, text, name, text[]) TO pgtap_tip_nobody;
ALTER TABLE tip_seal.victim ENABLE ROW LEVEL SECURITY;
CREATE POLICY change ON tip_seal.victim TO pgtap_tip_nobody USING (pg_temp.change());
INSERT INTO tip_seal.victim (victim_id) VALUES ('00000000-0000-0000-0000-0000000000aa');
SET ROLE pgtap_tip_nobody;
SELECT ok(tip.identify('00000000-0000-0000-0000-0000000000aa', 'passport', 'A123', NULL,
	'tip_seal', '{tap_second}') IS NOT NULL, 'an identity is recorded meanwhile');
RESET ROLE;
SELECT is((SELECT tip.pseudonym_domain(pseudonym) FROM tip_seal.victim_pseudonym), 902::int2,
	'with a pseudonym of its own domain');

-- tables of these names that somebody has made of other types are not read
CREATE SCHEMA tip_odd;
CREATE TYPE tip_odd.odd AS ENUM ('a');
CREATE FUNCTION tip_odd.key(tip_odd.odd) RETURNS uuid LANGUAGE sql IMMUTABLE
	AS $$SELECT '00000000-0000-0000-0000-000000000009'::uuid$$;
CREATE CAST (tip_odd.odd AS uuid) WITH FUNCTION tip_odd.key(tip_odd.odd) AS IMPLICIT;
CREATE TABLE tip_odd.victim (victim_id uuid);
INSERT INTO tip_odd.victim VALUES ('00000000-0000-0000-0000-000000000009');
CREATE TABLE tip_odd.identity (identity_id uuid, victim_id bigint, kind text, name_type text,
	value tip.sealed, recorded_on date);
INSERT INTO tip_odd.identity SELECT victim_id, 4242, 'person_name', NULL,
	tip.seal('Ana', 'police', 'tip_odd.identity', 'value', victim_id) FROM tip_odd.victim;
CREATE TABLE tip_odd.victim_pseudonym (victim_pseudonym_id uuid, victim_id uuid, identity_id uuid,
	domain bigint, key_version bigint, pseudonym tip.pseudonym);
INSERT INTO tip_odd.victim_pseudonym SELECT victim_id, victim_id, victim_id, 1, 7,
	tip.pseudonymize('person_name', 'Ana', 'police') FROM tip_odd.victim;
PREPARE odd_correct AS SELECT tip.correct_identity('00000000-0000-0000-0000-000000000009', 'Ana',
	schema => 'tip_odd');
PREPARE odd_open AS SELECT tip_impl.identity_open(pseudonym, 'tip_odd', ARRAY[victim_id]) FROM tip_odd.victim_pseudonym;
PREPARE odd_rotate AS SELECT tip_impl.rotate_batch('police', 1, 'tip_odd', NULL, 10, false);
SELECT throws_ok('odd_correct', '42809', 'columns of schema tip_odd are not those of the model',
	'a victim who is a number');
SELECT throws_ok('odd_rotate', '42809', NULL, 'nor does a rotation read her');
SELECT throws_ok($$SELECT tip.rotation_state('police', 'tip_odd')$$, '42809', NULL, 'nor its state');
ALTER TABLE tip_odd.identity ALTER victim_id TYPE uuid USING '00000000-0000-0000-0000-000000000009';
SELECT throws_ok('odd_correct', '42809', NULL, 'a domain that is another number');
ALTER TABLE tip_odd.identity ALTER identity_id TYPE tip_odd.odd USING 'a';
SELECT throws_ok('odd_open', '42809', NULL, 'a key that is a word is not opened');
SELECT throws_ok($$SELECT tip.translate_pseudonym(pseudonym, 'ngo', 'tracing', 'C', 'tip_odd')
	FROM tip_odd.victim_pseudonym$$, '42809', NULL, 'nor translated');
SELECT throws_ok('odd_rotate', '42809', NULL, 'nor rotated');
-- the cast is code of whoever made the type
ALTER TABLE tip_odd.victim ALTER victim_id TYPE tip_odd.odd USING 'a';
SELECT throws_ok($$SELECT tip.identify('00000000-0000-0000-0000-000000000009', 'person_name', 'Ana',
	schema => 'tip_odd')$$, '42809', 'table "victim" of schema "tip_odd" is not that of the model',
	'a victim whose key is of a hostile type is not compared as the caller');

-- a policy that its owner has forced on herself hides nobody
CREATE ROLE pgtap_tip_owner;
SELECT tip.create_model('tip_forced', 'pgtap_tip_owner');
ALTER TABLE tip_forced.identity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tip_forced.victim_pseudonym ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
INSERT INTO tip_forced.victim (victim_id) VALUES ('00000000-0000-0000-0000-0000000000bb');
SELECT lives_ok($$SELECT tip.identify('00000000-0000-0000-0000-0000000000bb', 'passport', 'A124',
	schema => 'tip_forced')$$, 'a name is recorded under a forced policy');
SELECT is(tip_impl.identity_open(pseudonym, 'tip_forced', ARRAY[victim_id]) -> 0 ->> 'value', 'A124',
	'and opened') FROM tip_forced.victim_pseudonym;

SELECT * FROM finish();
ROLLBACK;
