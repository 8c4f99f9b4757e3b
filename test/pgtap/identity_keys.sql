-- Properties of what is said about the key ring.
BEGIN;
SELECT * FROM no_plan();

SELECT is(count(*), 1::bigint, 'one version is active') FROM tip.key_status() WHERE status = 'active';
SELECT is_empty($$SELECT version FROM tip.key_status()
	WHERE (status = 'destroyed') <> (fingerprint IS NULL)$$,
	'all but destroyed versions have a fingerprint');
SELECT is_empty($$SELECT version FROM tip.key_status() WHERE fingerprint !~ '^[0-9a-f]{8}$'$$,
	'a fingerprint is four bytes');
SELECT is(count(DISTINCT fingerprint), count(fingerprint), 'no two fingerprints are equal')
FROM tip.key_status();
SELECT is_empty($$SELECT s.version FROM tip.key_status() AS s WHERE s::text ~ '000102|040506'$$,
	'no byte of the key is shown');
SELECT is_empty($$SELECT s.check_name FROM tip.selfcheck() AS s WHERE s::text ~ '000102|040506|/'$$, 'selfcheck shows neither a key nor a path');

CREATE TEMP TABLE before AS SELECT uses FROM tip.key_status() WHERE status = 'active';
SELECT ok(count(tip.pseudonymize('passport', i::text, 'ngo')) = 50, 'fifty values')
FROM generate_series(1, 50) AS i;
SELECT is(k.uses, b.uses + 50, 'are fifty uses of the active version')
FROM tip.key_status() AS k, before AS b WHERE k.status = 'active';
SELECT ok(count(tip.unseal(tip.seal(i::text, 'ngo', 't', 'c'), 't', 'c')) = 50
	AND count(tip.new_victim_code('BB')) = 50, 'fifty seals, made and opened, and fifty codes')
FROM generate_series(1, 50) AS i;
SELECT is(k.uses, b.uses + 200, 'are a hundred and fifty more')
FROM tip.key_status() AS k, before AS b WHERE k.status = 'active';

SELECT is_empty($$SELECT check_name FROM tip.selfcheck() GROUP BY 1 HAVING count(*) > 1$$,
	'a check has one row');
SELECT is_empty($$SELECT check_name FROM tip.selfcheck()
	WHERE status NOT IN ('ok', 'warning', 'failed') OR (status = 'ok' AND detail IS NOT NULL
		AND check_name <> 'key ring') OR (status <> 'ok' AND detail IS NULL)$$,
	'what is not ok has a reason');
SELECT is_empty($$SELECT check_name FROM tip.selfcheck() WHERE status = 'failed'$$,
	'nothing fails here');
SELECT is(count(*), 6::bigint, 'known answers of HMAC, HKDF, AES-SIV and FF1')
FROM tip.selfcheck() WHERE check_name ~ 'RFC|FF1';

SELECT throws_ok(format('SET %s = %L', s, '/x'), '55P02', NULL, s || ' is for postgresql.conf')
FROM unnest('{tip_module.key_file,tip_module.key_command}'::text[]) AS s;
SELECT throws_ok('SET tip_module.key_command_timeout = 500', '55P02', NULL, 'so is the limit of time');
SELECT throws_ok($$ALTER SYSTEM SET tip_module.key_command = '/x'$$, NULL, NULL,
	'ALTER SYSTEM sets no key command');
SELECT is_empty($$SELECT name FROM pg_settings WHERE name ~ '^tip_module\.key'$$,
	'the settings of the key are not listed');

CREATE ROLE pgtap_tip_nobody;
SELECT ok(NOT has_function_privilege('pgtap_tip_nobody', f, 'EXECUTE'), f::text)
FROM unnest('{tip.key_status(),tip.selfcheck()}'::regprocedure[]) AS f;
GRANT EXECUTE ON FUNCTION tip.key_status(), tip.selfcheck() TO pgtap_tip_nobody;
SET ROLE pgtap_tip_nobody;
SELECT isnt_empty('SELECT FROM tip.key_status()', 'whoever was granted it sees the ring');
SELECT isnt_empty('SELECT FROM tip.selfcheck()', 'and the checks');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
