-- Properties of pseudonyms that need no key to be known.
BEGIN;
SELECT * FROM no_plan();

SELECT is_empty($$SELECT p FROM (SELECT tip.pseudonymize('passport', i::text, d.name) AS p
	FROM generate_series(1, 50) AS i, tip.domain AS d) AS t
	WHERE p::text::tip.pseudonym <> p$$, 'text is read back');
SELECT is_empty($$SELECT d.id FROM tip.domain AS d
	WHERE tip.pseudonym_domain(tip.pseudonymize('passport', '1', d.name)) <> d.id$$,
	'a pseudonym carries its domain');
SELECT is_empty($$SELECT a.name, b.name FROM tip.domain AS a, tip.domain AS b
	WHERE a.id <> b.id AND substr(split_part(tip.pseudonymize('passport', '1', a.name)::text, '.', 4), 1, 22)
	= substr(split_part(tip.pseudonymize('passport', '1', b.name)::text, '.', 4), 1, 22)$$,
	'domains share no digest');
SELECT throws_ok($$SELECT tip.pseudonymize('passport', '1', 'nobody')$$, '22023',
	'unknown domain of pseudonyms', 'no such domain');
SELECT throws_ok($$SELECT tip.pseudonymize('nickname', '1', 'police')$$, '22023',
	'unknown kind of identifier', 'no such kind');
SELECT throws_ok($$SET tip_module.key_file = '/x'$$, '55P02',
	NULL, 'nobody sets a key file in a session');
SELECT is_empty($$SELECT name FROM pg_settings WHERE name ~ '^tip_module\.key'$$,
	'the key file is not listed');

CREATE ROLE pgtap_tip_nobody;
SELECT ok(NOT has_function_privilege('pgtap_tip_nobody', f, 'EXECUTE'), f::text)
FROM unnest('{"tip.pseudonymize(text,text,text)",
	"tip.pseudonymize_document(text,text,text,text)",
	"tip.pseudonyms_all(text,text,text)", "tip.pseudonymize_row()",
	"tip_impl.pseudonymize_with(text,text,text,integer)"}'::regprocedure[]) AS f;

SELECT * FROM finish();
ROLLBACK;
