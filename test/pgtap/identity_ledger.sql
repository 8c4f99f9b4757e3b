-- Properties of budgets and of the ledger that need no login of their own.
BEGIN;
SELECT * FROM no_plan();

SELECT set_eq('SELECT name FROM tip.purpose WHERE NOT is_local',
	'{victim_protection,tracing,court_order,data_subject_request,linkage_review}'::text[],
	'the purposes that are shipped');
SELECT set_eq($$SELECT action FROM tip.budget WHERE NOT is_local$$,
	'{find_person,pseudonymize,translate}'::text[], 'the actions that have a budget');

-- the chain holds whatever is in the fields
SELECT tip_impl.ledger_append(a, p, v, u, c, r)
FROM (VALUES ('a', NULL), (repeat('x', 63), 'tracing')) AS a(a, u),
	(VALUES (NULL::tip.pseudonym), (tip.pseudonymize('passport', '1', 'police'))) AS p(p),
	(VALUES (NULL::uuid), ('00000000-0000-0000-0000-000000000001')) AS v(v),
	(VALUES (NULL), (''), (U&'n\00BA 1'), (repeat('y', 200))) AS c(c),
	(VALUES (NULL::int8), (0), (-9223372036854775808), (9223372036854775807)) AS r(r);
SELECT results_eq('SELECT checked = (SELECT count(*) FROM tip.ledger), first_bad, problem FROM tip.verify_ledger()',
	'SELECT true, NULL::int8, NULL', 'every combination is verified');
SELECT is_empty($$SELECT seq FROM (SELECT seq, lag(seq) OVER (ORDER BY seq) AS before FROM tip.ledger) AS s
	WHERE seq <> before + 1$$, 'no number is left out');
SELECT is((SELECT count(DISTINCT mac) FROM tip.ledger), (SELECT count(*) FROM tip.ledger), 'no two MACs are equal');
SELECT is((SELECT encode(l.mac, 'hex') FROM tip.ledger AS l ORDER BY seq DESC LIMIT 1),
	(SELECT mac FROM tip.ledger_head()), 'the head is the newest row');
SELECT ok((SELECT xact = pg_current_xact_id() FROM tip.ledger ORDER BY seq DESC LIMIT 1),
	'a row names its transaction');

-- each field is under the MAC
ALTER TABLE tip.ledger DISABLE TRIGGER ALL;
CREATE FUNCTION pg_temp.found(edit text) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
	result int8;
BEGIN
	EXECUTE format('UPDATE tip.ledger SET %s WHERE seq = (SELECT max(seq) - 3 FROM tip.ledger)', edit);
	result := (SELECT v.first_bad FROM tip.verify_ledger() AS v);
	RAISE EXCEPTION USING ERRCODE = 'P0001', MESSAGE = coalesce(result::text, 'none');
EXCEPTION WHEN raise_exception THEN
	RETURN nullif(SQLERRM, 'none');
END $$;
SELECT is(pg_temp.found(e), (SELECT max(seq) - 3 FROM tip.ledger), e)
FROM unnest(ARRAY['at = at - interval ''1 us''', 'xact = ''3''', 'action = ''b''', 'login = ''b''',
	'claimed_actor = ''b''', 'pseudonym = NULL', 'victim_id = NULL', 'purpose = ''b''', 'case_ref = ''b''',
	'case_ref = NULL', 'request = 1', 'previous = sha256(mac)', 'mac = previous']) AS e;
SELECT is((SELECT coalesce(pg_temp.found('login = login'), 0)), 0::int8, 'nothing edited, nothing found');

-- budgets
SELECT tip.set_budget(NULL, 'find_person', 5);
SELECT is(tip_impl.budget_of('nobody', 'find_person'), 5::int8, 'public, set here');
CREATE ROLE pgtap_tip_desk;
SELECT tip.set_budget('pgtap_tip_desk', 'find_person', 0);
SELECT is(tip_impl.budget_of('pgtap_tip_desk', 'find_person'), 0::int8, 'a login of its own');
SELECT is(tip_impl.budget_draw('pgtap_tip_desk', 'find_person', 1, 1), NULL, 'nothing is granted of nothing');
SELECT tip.set_budget('pgtap_tip_desk', 'find_person', 1000);
SELECT is(tip_impl.budget_draw('pgtap_tip_desk', 'find_person', 1, 1), 1::int8, 'one');
SELECT is(tip_impl.budget_draw('pgtap_tip_desk', 'find_person', 1, 500), 100::int8, 'at most a tenth beyond need');
SELECT is(tip_impl.budget_draw('pgtap_tip_desk', 'find_person', 850, 900), 850::int8, 'what is needed');
SELECT is(tip_impl.budget_draw('pgtap_tip_desk', 'find_person', 1, 100), 49::int8, 'what is left');
SELECT is(tip_impl.budget_draw('pgtap_tip_desk', 'find_person', 1, 1), NULL, 'nothing more');
SELECT is(tip_impl.budget_draw('pgtap_tip_desk', 'unknown', 1, 1), NULL, 'nothing of what has no budget');
SELECT tip.set_budget('pgtap_tip_desk', 'find_person', NULL);
SELECT is(tip_impl.budget_of('pgtap_tip_desk', 'find_person'), 5::int8, 'taken back');
SELECT throws_ok($$SELECT tip.set_budget(NULL, 'find_person', -1)$$, '23514', NULL, 'no budget below nothing');
INSERT INTO tip_impl.budget_use VALUES ('pgtap_tip_desk', 'find_person', now() - interval '3 days', 1);
SELECT tip_impl.budget_draw('pgtap_tip_other', 'find_person', 1, 1);
SELECT is_empty($$SELECT FROM tip_impl.budget_use WHERE hour < now() - interval '2 days 2 hours'$$, 'old hours are forgotten');

-- who may what
SELECT ok(NOT has_function_privilege('pgtap_tip_desk', p.oid, 'EXECUTE'), p.oid::regprocedure::text)
FROM pg_proc AS p
WHERE p.oid::regprocedure::text ~ 'ledger|budget|charge|find_person|translate_pseudonym|set_agency'
	AND p.pronamespace IN ('tip'::regnamespace, 'tip_impl'::regnamespace);
SELECT ok(NOT has_table_privilege('pgtap_tip_desk', t, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'), t)
FROM unnest('{tip.ledger,tip.budget,tip_impl.budget_use,tip.agency_member}'::text[]) AS t;
SELECT throws_ok($$SELECT * FROM tip.find_person('passport', 'x', 'tracing', 'tip')$$, '42501',
	'the login belongs to no agency', 'not even a superuser asks for no agency');
SELECT throws_ok(format('SELECT tip.find_person(%s)', a), '22004', NULL, a)
FROM unnest(ARRAY['NULL, ''x'', ''tracing''', '''passport'', NULL, ''tracing''',
	'''passport'', ''x'', NULL', '''passport'', ''x'', ''tracing'', NULL']) AS a;

SELECT * FROM finish();
ROLLBACK;
