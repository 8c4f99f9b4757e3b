-- The list in docs/privileges.md is what the catalogue says.
BEGIN;
SELECT * FROM no_plan();

SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE p.pronamespace = 'tip'::regnamespace
	  AND has_function_privilege('public', p.oid, 'EXECUTE')
	  AND NOT (p.provolatile = 'i' OR p.prokind = 'a' OR p.proname IN
		('today', 'to_scheme', 'from_scheme', 'label'))$$,
	'PUBLIC executes in tip only what the page lists');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE p.pronamespace = 'tip'::regnamespace AND NOT p.prosecdef
	  AND NOT has_function_privilege('public', p.oid, 'EXECUTE')
	  AND (p.provolatile = 'i' OR p.prokind = 'a' OR p.proname IN
		('today', 'to_scheme', 'from_scheme', 'label'))$$,
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

SELECT * FROM finish();
ROLLBACK;
