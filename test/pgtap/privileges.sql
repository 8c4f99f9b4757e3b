-- The list in docs/privileges.md is what the catalogue says.
BEGIN;
SELECT * FROM no_plan();

SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE p.pronamespace = 'tip'::regnamespace
	  AND has_function_privilege('public', p.oid, 'EXECUTE')
	  AND NOT ((p.provolatile = 'i' OR p.prokind = 'a' OR p.proname IN
		('today', 'to_scheme', 'from_scheme', 'scheme_codes', 'label', 'current_ruleset'))
	  AND p.prorettype <> 'tip.person_tabulation'::regtype)$$,
	'PUBLIC executes in tip only what the page lists');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE p.pronamespace = 'tip'::regnamespace AND NOT p.prosecdef
	  AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
	  AND (p.provolatile = 'i' OR p.prokind = 'a' OR p.proname IN
		('today', 'to_scheme', 'from_scheme', 'scheme_codes', 'label', 'current_ruleset'))
	  AND p.prorettype <> 'tip.person_tabulation'::regtype$$,
	'and all that it lists');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE p.pronamespace IN ('tip'::regnamespace, 'tip_impl'::regnamespace)
	  AND p.prosecdef AND (has_function_privilege('public', p.oid, 'EXECUTE')
	      AND p.prorettype <> 'trigger'::regtype
	      OR NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c
		             WHERE c LIKE 'search\_path=%'))$$,
	'a security definer function is not for PUBLIC and pins search_path');
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class AS c
	WHERE c.relnamespace = 'tip'::regnamespace
	  AND c.relname IN ('release', 'release_cell', 'release_certificate',
		'release_log', 'policy', 'measure')
	  AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE')$$,
	'PUBLIC reads and writes no table of releases');

-- who may what with identities, as the page says
SELECT tip.create_model('tip_rights');
CREATE ROLE pgtap_tip_recorder;
CREATE ROLE pgtap_tip_analyst;
CREATE ROLE pgtap_tip_asker;
CREATE ROLE pgtap_tip_judge;
GRANT ALL ON tip_rights.identity, tip_rights.victim_pseudonym TO pgtap_tip_recorder;
SELECT tip.grant_recorder('pgtap_tip_recorder', 'tip_rights');
SELECT tip.grant_analyst('pgtap_tip_analyst');
SELECT tip.grant_reidentifier('pgtap_tip_asker');
SELECT tip.grant_approver('pgtap_tip_judge');
CREATE TEMP TABLE guarded AS SELECT p.oid, p.proname
FROM pg_proc AS p WHERE p.pronamespace = 'tip'::regnamespace
 AND p.proname IN ('identify', 'correct_identity', 'forget_identity', 'find_person', 'budget_state',
	'translate_pseudonym', 'new_victim_code', 'pseudonymize', 'pseudonymize_document', 'pseudonyms_all',
	'pseudonymize_row', 'seal', 'unseal', 'set_agency', 'set_budget', 'verify_ledger', 'ledger_head',
	'check_domains', 'request_reidentification', 'approve', 'reidentify', 'grant_reidentifier',
	'grant_approver', 'rotate_pseudonyms', 'reseal', 'retire_pseudonyms', 'rotation_state',
	'key_status', 'selfcheck', 'shift_date', 'k_anonymity', 'k_anonymity_groups');
SELECT is((SELECT count(DISTINCT proname) FROM guarded), 32::bigint, 'all that is guarded is there');
SELECT is(ARRAY(SELECT DISTINCT proname::text COLLATE "C" FROM guarded
	WHERE has_function_privilege(r.role, oid, 'EXECUTE') ORDER BY 1), r.may, r.role || ' may call')
FROM (VALUES ('public', '{}'::text[]), ('pgtap_tip_analyst', '{}'),
	('pgtap_tip_recorder', '{budget_state,correct_identity,find_person,identify,new_victim_code}'),
	('pgtap_tip_asker', '{reidentify,request_reidentification}'),
	('pgtap_tip_judge', '{approve}'), ('pg_monitor', '{key_status,selfcheck}')) AS r(role, may);
SELECT ok(NOT has_any_column_privilege(role, t, 'SELECT, INSERT, UPDATE, REFERENCES')
	AND NOT has_table_privilege(role, t, 'DELETE, TRUNCATE, TRIGGER'), role || ' has no right on ' || t)
FROM unnest('{public,pgtap_tip_recorder,pgtap_tip_analyst,pgtap_tip_asker,pgtap_tip_judge}'::text[]) AS role,
	unnest('{tip_rights.identity,tip_rights.victim_pseudonym,tip.ledger,tip.budget,tip.agency_member}'::text[]) AS t;
SELECT is(ARRAY(SELECT role FROM unnest('{public,pgtap_tip_recorder,pgtap_tip_analyst,pgtap_tip_asker,pgtap_tip_judge}'::text[]) AS role
	WHERE has_any_column_privilege(role, 'tip.reidentification_request', 'SELECT, INSERT, UPDATE')),
	'{pgtap_tip_judge}', 'requests are read by the approver');

-- every public object says what it is
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE p.pronamespace = 'tip'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL$$,
	'every function and aggregate in tip has a comment');
SELECT is_empty($$
	SELECT t.oid::regtype FROM pg_type AS t
	WHERE t.typnamespace = 'tip'::regnamespace AND t.typtype IN ('b', 'd', 'e', 'r')
	  AND t.typelem = 0 AND obj_description(t.oid, 'pg_type') IS NULL$$,
	'every type');
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class AS c
	WHERE c.relnamespace = 'tip'::regnamespace AND c.relkind IN ('r', 'v', 'p', 'm')
	  AND obj_description(c.oid, 'pg_class') IS NULL$$,
	'every table and view');
SELECT is_empty($$
	SELECT c.oid::regclass, a.attname FROM pg_class AS c
	JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE c.relnamespace = 'tip'::regnamespace AND c.relkind IN ('r', 'v', 'p', 'm')
	  AND col_description(c.oid, a.attnum) IS NULL$$,
	'and every column');
SELECT is_empty($$
	SELECT o.oid::regoperator FROM pg_operator AS o
	JOIN pg_depend AS d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'tip_module'
	WHERE o.oprcode = 0$$, 'no operator is a shell');

SELECT * FROM finish();
ROLLBACK;
