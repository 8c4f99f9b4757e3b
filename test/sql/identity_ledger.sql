-- Budgets, the ledger, and the questions that both are for.

CREATE FUNCTION pg_temp.has_key() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN tip.pseudonymize('passport', 'probe', 'police') IS NOT NULL;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN false;
END
$$;
SELECT pg_temp.has_key() AS has_key \gset
\if :has_key
\else
\echo skipped: this server has no key ring
\quit
\endif
-- budgets are of the hour of the clock: do not begin just before it strikes
SELECT pg_sleep(CASE WHEN extract(epoch FROM now())::int8 % 3600 > 3540
	THEN 3601 - extract(epoch FROM now())::int8 % 3600 ELSE 0 END);
DELETE FROM tip_impl.budget_use WHERE role_name LIKE 'regress_tip_%';
SELECT coalesce(max(seq), 0) AS base FROM tip.ledger \gset

-- the ledger outlives what the caller does, and has no gap
BEGIN;
SELECT tip_impl.ledger_append_apart('test', NULL, NULL, 'tracing', 'kept', 7) - :base AS number;
ROLLBACK;
DO $$
BEGIN
	PERFORM tip_impl.ledger_append_apart('test', NULL, NULL, 'tracing', 'kept', 8);
	RAISE EXCEPTION 'caught below';
EXCEPTION WHEN raise_exception THEN
	NULL;
END
$$;
BEGIN;
SELECT tip_impl.ledger_append('test', NULL, NULL, 'tracing', 'lost', NULL) - :base AS number;
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 1 AS snapshot;
SAVEPOINT s;
SELECT tip_impl.ledger_append_apart('test', NULL, NULL, 'tracing', 'kept', 9) - :base AS number;
ROLLBACK TO s;
SET LOCAL tip_module.actor = 'officer 12';
SELECT tip_impl.ledger_append('test', tip.pseudonymize('passport', '1', 'police'),
	'00000000-0000-0000-0000-000000000001', 'tracing', 'own', 10) - :base AS number,
	tip_impl.ledger_append('test', NULL, NULL, NULL, NULL, NULL) - :base AS next;
COMMIT;
SELECT seq - :base AS number, action, login = session_user AS own, claimed_actor,
	pseudonym IS NOT NULL AS pseudonym, victim_id, purpose, case_ref, request
FROM tip.ledger WHERE seq > :base ORDER BY seq;
SELECT checked >= 4 AS checked, first_bad, problem FROM tip.verify_ledger();
SELECT checked, first_bad, problem FROM tip.verify_ledger(:base + 2);
SELECT seq - :base AS number, length(mac) FROM tip.ledger_head();

-- nobody changes it
UPDATE tip.ledger SET purpose = 'none';
DELETE FROM tip.ledger;
TRUNCATE tip.ledger;
SET session_replication_role = replica;
DELETE FROM tip.ledger;
RESET session_replication_role;

-- who does is found
SELECT seq AS head_seq, mac AS head_mac FROM tip.ledger_head() \gset
BEGIN;
ALTER TABLE tip.ledger DISABLE TRIGGER ALL;
CREATE FUNCTION pg_temp.verdict(statement text, OUT first_bad text, OUT problem text) LANGUAGE plpgsql AS $$
DECLARE
	base int8 := (SELECT max(seq) FROM tip.ledger);
BEGIN
	EXECUTE statement;
	SELECT (v.first_bad - base)::text, v.problem INTO first_bad, problem FROM tip.verify_ledger() AS v;
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
	NULL;
END $$;
SELECT s, (pg_temp.verdict(s)).* FROM (VALUES
	($$UPDATE tip.ledger SET login = 'other' WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$UPDATE tip.ledger SET at = at + '1 us' WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$UPDATE tip.ledger SET xact = '1' WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$UPDATE tip.ledger SET purpose = NULL WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$UPDATE tip.ledger SET purpose = 'trac', case_ref = 'ingown' WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$UPDATE tip.ledger SET victim_id = NULL WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$UPDATE tip.ledger SET request = 11 WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$UPDATE tip.ledger SET mac = sha256('x') WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$UPDATE tip.ledger SET mac = '' WHERE seq = (SELECT max(seq) FROM tip.ledger)$$),
	($$DELETE FROM tip.ledger WHERE seq = (SELECT max(seq) - 1 FROM tip.ledger)$$),
	($$INSERT INTO tip.ledger SELECT seq + 1, at, xact, 'forged', login, claimed_actor, pseudonym, victim_id,
		purpose, case_ref, request, key_version, mac, sha256(mac) FROM tip.ledger ORDER BY seq DESC LIMIT 1$$),
	($$UPDATE tip.ledger SET key_version = 65000 WHERE seq = (SELECT max(seq) FROM tip.ledger)$$)) AS t(s);
-- a removed tail is found by the anchor alone
DELETE FROM tip.ledger WHERE seq = :head_seq;
SELECT first_bad, problem FROM tip.verify_ledger();
SELECT first_bad - :head_seq AS first_bad, problem FROM tip.verify_ledger(anchor_seq => :head_seq, anchor_mac => :'head_mac');
ROLLBACK;
SELECT first_bad, problem FROM tip.verify_ledger(anchor_seq => :head_seq, anchor_mac => :'head_mac');
SELECT first_bad - :head_seq AS first_bad, problem FROM tip.verify_ledger(anchor_seq => :head_seq, anchor_mac => 'abc');
SELECT first_bad FROM tip.verify_ledger(anchor_seq => 1);

-- what the ledger does not take
SELECT tip_impl.ledger_append(NULL, NULL, NULL, NULL, NULL, NULL);
SELECT tip_impl.ledger_append_apart('test', NULL, NULL, NULL, repeat('x', 201), NULL);
SET tip_module.actor = E'a\nb';
SELECT set_config('tip_module.actor', repeat('x', 65), false);
-- the writer of this transaction waits for itself, and not for ever
BEGIN;
SELECT tip_impl.ledger_append('test', NULL, NULL, NULL, NULL, NULL) - :base AS number;
SELECT tip_impl.ledger_append_apart('test', NULL, NULL, NULL, NULL, NULL);
ROLLBACK;

-- two agencies and a model
CREATE SCHEMA regress_find;
CREATE TABLE regress_find.event (event_id uuid PRIMARY KEY, reporting_entity_id uuid);
CREATE TABLE regress_find.victimization (victim_id uuid, event_id uuid);
CREATE TABLE regress_find.victim_pseudonym (victim_id uuid NOT NULL, identity_id uuid,
	domain int2 GENERATED ALWAYS AS (tip.pseudonym_domain(pseudonym)) STORED,
	key_version int4 GENERATED ALWAYS AS (tip.pseudonym_version(pseudonym)) STORED,
	pseudonym tip.pseudonym NOT NULL);
CREATE TABLE regress_find.victim (victim_id uuid PRIMARY KEY);
CREATE TABLE regress_find.identity (identity_id uuid PRIMARY KEY, victim_id uuid, kind text, value tip.sealed);
INSERT INTO regress_find.identity
SELECT i, 'f0000000-0000-0000-0000-000000000001', 'passport', tip.seal('AB1', 'police', 'regress_find.identity', 'value', i)
FROM (VALUES (uuid '10000000-0000-0000-0000-000000000001')) AS t(i);
INSERT INTO regress_find.event VALUES
	('e0000000-0000-0000-0000-000000000001', 'a0000000-0000-0000-0000-000000000001'),
	('e0000000-0000-0000-0000-000000000002', 'a0000000-0000-0000-0000-000000000002');
INSERT INTO regress_find.victimization VALUES
	('f0000000-0000-0000-0000-000000000001', 'e0000000-0000-0000-0000-000000000001'),
	('f0000000-0000-0000-0000-000000000002', 'e0000000-0000-0000-0000-000000000002');
INSERT INTO regress_find.victim_pseudonym (victim_id, identity_id, pseudonym)
SELECT v::uuid, i::uuid, tip.pseudonymize('passport', p, d) FROM (VALUES
	('f0000000-0000-0000-0000-000000000001', '10000000-0000-0000-0000-000000000001', 'AB1', 'police'),
	('f0000000-0000-0000-0000-000000000001', '10000000-0000-0000-0000-000000000001', 'AB1', 'ngo'),
	('f0000000-0000-0000-0000-000000000001', '10000000-0000-0000-0000-000000000002', 'AB9', 'ngo'),
	('f0000000-0000-0000-0000-000000000002', NULL, 'AB2', 'police'),
	('f0000000-0000-0000-0000-000000000002', NULL, 'AB3', 'police'),
	('f0000000-0000-0000-0000-000000000001', NULL, 'AB3', 'police'),
	('f0000000-0000-0000-0000-000000000003', NULL, 'AB4', 'police')) AS t(v, i, p, d);
CREATE ROLE regress_tip_desk LOGIN;
CREATE ROLE regress_tip_none LOGIN;
CREATE ROLE regress_tip_more;
GRANT regress_tip_more TO regress_tip_desk;
GRANT EXECUTE ON FUNCTION tip.find_person(text, text, text, name),
	tip.translate_pseudonym(tip.pseudonym, text, text, text, name), tip.budget_state()
TO regress_tip_desk, regress_tip_none, regress_tip_more;
GRANT USAGE ON SCHEMA tip, regress_find TO regress_tip_desk, regress_tip_none, regress_tip_more;
SELECT tip.set_agency('regress_tip_desk', 'a0000000-0000-0000-0000-000000000001');
SELECT tip.set_budget('regress_tip_desk', 'find_person', 9);
SELECT tip.set_budget('regress_tip_desk', 'translate', 3);
SELECT tip.set_budget('regress_tip_desk', 'find_persons', 9);

SET SESSION AUTHORIZATION regress_tip_desk;
SET tip_module.actor = 'officer 13';
SELECT * FROM tip.find_person('passport', 'ab-1', 'tracing', 'regress_find');
SELECT * FROM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
SELECT * FROM tip.find_person('passport', 'AB3', 'tracing', 'regress_find');
-- without an event nobody knows whose she is
SELECT * FROM tip.find_person('passport', 'AB4', 'tracing', 'regress_find');
SELECT * FROM tip.find_person('passport', 'AB5', 'tracing', 'regress_find');
SELECT * FROM tip.budget_state() WHERE action = 'find_person';
-- neither ROLLBACK, nor an EXCEPTION block, nor another role gives anything back
BEGIN;
SELECT * FROM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
ROLLBACK;
DO $$
BEGIN
	PERFORM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
	RAISE EXCEPTION 'caught below';
EXCEPTION WHEN raise_exception THEN
	NULL;
END
$$;
SET ROLE regress_tip_more;
SELECT * FROM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
SELECT count(*) AS found FROM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
SELECT * FROM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
SELECT * FROM tip.budget_state() WHERE action = 'find_person';
RESET ROLE;
SET SESSION AUTHORIZATION regress_tip_none;
-- what is refused costs nothing and repeats nothing
SELECT * FROM tip.find_person('passport', 'AB2', 'curiosity', 'regress_find');
SELECT * FROM tip.find_person('passport', NULL, 'tracing', 'regress_find');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_tip_none;
SELECT * FROM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
SELECT * FROM tip.find_person('passport', 'AB2', 'tracing', 'no_such_schema');
SELECT tip_impl.ledger_append('test', NULL, NULL, NULL, NULL, NULL);
SELECT tip_impl.ledger_append_apart('test', NULL, NULL, NULL, NULL, NULL);
SELECT tip_impl.budget_draw('regress_tip_none', 'find_person', 1, 1);
SELECT * FROM tip.ledger;
INSERT INTO tip.ledger (seq) VALUES (1);
SELECT * FROM tip.verify_ledger();
SELECT tip.set_budget('regress_tip_none', 'find_person', 1000);
SELECT * FROM tip.budget_state() WHERE action = 'find_person';
RESET SESSION AUTHORIZATION;
SELECT action, login, claimed_actor, purpose, count(*), count(pseudonym)
FROM tip.ledger WHERE login LIKE 'regress%' GROUP BY 1, 2, 3, 4;

-- what is counted by the thousand is drawn in portions
SELECT tip.set_budget('regress_tip_desk', 'pseudonymize', 1000);
GRANT USAGE ON SCHEMA tip_impl TO regress_tip_desk;
GRANT EXECUTE ON FUNCTION tip_impl.spend(text, int8) TO regress_tip_desk;
SET SESSION AUTHORIZATION regress_tip_desk;
BEGIN;
SELECT count(tip_impl.spend('pseudonymize', 1)) FROM generate_series(1, 700);
SELECT used FROM tip.budget_state() WHERE action = 'pseudonymize';
ROLLBACK;
SELECT count(tip_impl.spend('pseudonymize', 1)) FROM generate_series(1, 300);
SELECT used FROM tip.budget_state() WHERE action = 'pseudonymize';
SELECT tip_impl.spend('pseudonymize', 1);
SELECT tip_impl.spend('unknown', 1);
RESET SESSION AUTHORIZATION;
SELECT count(tip_impl.spend('pseudonymize', 1)) AS exempt FROM generate_series(1, 2000);
SELECT tip.set_budget('regress_tip_desk', 'pseudonymize', NULL);

-- translation: the same identifier, not just the same victim
SELECT tip.pseudonymize('passport', 'AB1', 'police') AS p, tip.pseudonymize('passport', 'AB1', 'ngo') AS n,
	tip.pseudonymize('passport', 'AB9', 'ngo') AS n9, tip.pseudonymize('passport', 'AB5', 'police') AS p5 \gset
SET SESSION AUTHORIZATION regress_tip_desk;
SELECT tip.translate_pseudonym(:'p', 'ngo', 'court_order', 'case 1', 'regress_find') = :'n'::tip.pseudonym AS same;
SELECT tip.translate_pseudonym(:'n9', 'police', 'court_order', 'case 1', 'regress_find') IS NULL AS unknown;
SELECT tip.translate_pseudonym(:'p', 'ngo', 'court_order', NULL, 'regress_find');
SELECT tip.translate_pseudonym(:'p', 'nobody', 'court_order', 'case 1', 'regress_find');
SELECT tip.translate_pseudonym(:'p', 'ngo', 'court_order', repeat('x', 201), 'regress_find');
SELECT tip.translate_pseudonym(:'p5', 'ngo', 'court_order', 'case 1', 'regress_find') IS NULL AS unknown;
SELECT tip.translate_pseudonym(:'p5', 'ngo', 'court_order', 'case 1', 'regress_find');
RESET SESSION AUTHORIZATION;
-- no pseudonym of that domain is stored: the seal is opened
SELECT tip.translate_pseudonym(:'p', 'observatory', 'linkage_review', 'case 2', 'regress_find')
	= tip.pseudonymize('passport', 'AB1', 'observatory') AS made_anew;
SELECT action, login, case_ref, count(*), count(pseudonym)
FROM tip.ledger WHERE action = 'translate' AND login LIKE 'regress%' GROUP BY 1, 2, 3;

-- a schema that only looks like a model
ALTER TABLE regress_find.event RENAME TO event_table;
CREATE VIEW regress_find.event AS SELECT * FROM regress_find.event_table;
SELECT tip.set_agency('regress_tip_none', 'a0000000-0000-0000-0000-000000000002');
SET SESSION AUTHORIZATION regress_tip_none;
SELECT * FROM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
RESET SESSION AUTHORIZATION;
-- tables of a user are read with the rights of that user
DROP VIEW regress_find.event;
ALTER TABLE regress_find.event_table RENAME TO event;
ALTER TABLE regress_find.victim_pseudonym OWNER TO regress_tip_more;
SET SESSION AUTHORIZATION regress_tip_none;
SELECT * FROM tip.find_person('passport', 'AB2', 'tracing', 'regress_find');
RESET SESSION AUTHORIZATION;
SELECT first_bad, problem FROM tip.verify_ledger();

SELECT tip.set_agency('regress_tip_desk', NULL), tip.set_agency('regress_tip_none', NULL),
	tip.set_budget('regress_tip_desk', 'find_person', NULL), tip.set_budget('regress_tip_desk', 'translate', NULL);
SELECT count(*) AS left FROM tip.budget WHERE is_local;
SET client_min_messages = warning;
DROP SCHEMA regress_find CASCADE;
DELETE FROM tip_impl.budget_use WHERE role_name LIKE 'regress_tip_%';
DROP OWNED BY regress_tip_desk, regress_tip_none, regress_tip_more;
DROP ROLE regress_tip_desk, regress_tip_none, regress_tip_more;
