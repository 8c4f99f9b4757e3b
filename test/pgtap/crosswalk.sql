-- Crosswalk: every value of HTCDS and CTDC has a place, and round trips agree.
\set ON_ERROR_STOP on
BEGIN;
SET client_min_messages = warning;
CREATE TEMP TABLE theirs (scheme text DEFAULT 'HTCDS', variable text, value text);
\copy theirs (variable, value) FROM 'test/fixtures/htcds_2_0.csv' (FORMAT csv, HEADER)
ALTER TABLE theirs ALTER scheme SET DEFAULT 'CTDC';
\copy theirs (variable, value) FROM 'test/fixtures/ctdc_v6.csv' (FORMAT csv, HEADER)
SELECT * FROM no_plan();

SELECT cmp_ok((SELECT count(*) FROM theirs WHERE scheme = 'HTCDS'), '>=', 260::bigint, 'the options of HTCDS are listed');
SELECT is((SELECT count(DISTINCT variable) FROM theirs WHERE scheme = 'CTDC'), 63::bigint,
	'and the 63 variables of CTDC');
SELECT is_empty($$SELECT * FROM theirs AS t WHERE NOT EXISTS (
	SELECT FROM tip.code_map AS m WHERE m.scheme = t.scheme AND m.variable = t.variable
	AND m.scheme_code = t.value AND m.relation <> 'narrower' AND NOT m.is_local)$$,
	'each maps, or is deliberately unmapped');
SELECT is_empty($$SELECT scheme, variable, scheme_code FROM tip.code_map
	WHERE relation = 'unmapped' AND coalesce(note, '') = ''$$, 'with a reason');
SELECT is_empty($$SELECT * FROM tip.code_map AS m WHERE scheme IN ('HTCDS', 'CTDC') AND NOT EXISTS (
	SELECT FROM theirs AS t WHERE m.scheme = t.scheme AND m.variable = t.variable
	AND m.scheme_code = t.value)
	AND variable NOT IN ('citizenship', 'CountryOfExploitation', 'yearOfRegistration',
		'prs_Citizenship', 'prs_PrimaryLanguage')$$, 'and no shipped row is about another value');
SELECT is_empty($$SELECT m.* FROM tip.code_map AS m WHERE code IS NOT NULL AND NOT EXISTS (
	SELECT FROM tip.code_list AS c WHERE c.list = m.list AND c.code = m.code)$$,
	'every code of ours exists');
SELECT is_empty($$SELECT scheme, scheme_version, variable, list, scheme_code FROM tip.code_map
	WHERE relation IN ('exact', 'close', 'broader') GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1$$,
	'one of theirs has one translation');
SELECT is_empty($$SELECT scheme, scheme_version, variable, list, code FROM tip.code_map
	WHERE relation IN ('exact', 'close', 'narrower') GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1$$,
	'and one of ours, in a variable');
SELECT is_empty($$
	SELECT scheme, variable, list, scheme_code, code, t.back FROM tip.code_map AS m
	CROSS JOIN LATERAL (SELECT tip.from_scheme(scheme, variable,
		tip.to_scheme(list, code, scheme, variable), list) AS back) AS t
	WHERE relation IN ('exact', 'close') AND t.back IS DISTINCT FROM code$$,
	'there and back again is the same code');
SELECT is_empty($$
	SELECT scheme, variable, scheme_code, code, t.forth FROM tip.code_map AS m
	CROSS JOIN LATERAL (SELECT tip.to_scheme(list,
		tip.from_scheme(scheme, variable, scheme_code, list), scheme, variable) AS forth) AS t
	WHERE relation IN ('exact', 'close') AND t.forth <> scheme_code
	  AND (scheme, scheme_version) <> ('CTDC', '2017')$$,
	'and back and there, in the newest version');
SELECT is_empty($$SELECT code FROM tip.code_list WHERE list = 'exploitation_form' AND number < 1019
	AND (tip.to_scheme('exploitation_form', code, 'ICCS') IS NULL
	  OR tip.to_scheme('exploitation_form', code, 'SDG') IS NULL)$$,
	'every form of exploitation has a class of ICCS and a series of the SDG');
SELECT results_eq($$SELECT DISTINCT tip.to_scheme('exploitation_form', code, 'ICCS'),
		tip.to_scheme('exploitation_form', code, 'SDG')
	FROM tip.code_list WHERE list = 'exploitation_form' AND number < 1019 ORDER BY 1$$,
	$$VALUES ('02041', 'VC_HTF_DETVSX'), ('02042', 'VC_HTF_DETVFL'),
		('02043', 'VC_HTF_DETVOG'), ('02044', 'VC_HTF_DETVOP')$$, 'which agree');

-- NA is Namibia; what is unknown is NULL, what is misspelled a mistake
SELECT is(tip.from_scheme('CTDC', 'citizenship', 'NA'), 'NA', 'NA is Namibia');
SELECT is(tip.from_scheme('CTDC', 'citizenship', v), w, format('citizenship %L', v))
FROM (VALUES ('0', 'unknown'), ('00', 'ZZ'), ('-99', 'not_stated'), ('', NULL), ('Doe', NULL)) AS c(v, w);
SELECT is(tip.from_scheme('NIBRS', 'offense', '64B'), 'labour', 'the close one, not one of the narrower');
SELECT is(tip.from_scheme('GLOTIP', 'form', 'other/unknown'), NULL, 'never a guess');
SELECT throws_ok($$SELECT tip.from_scheme('CTDC', 'gender', 'Male')$$, '42P08', NULL, 'two lists');
SELECT throws_ok($$SELECT tip.to_scheme('platform', 'facebook', 'HTCDS')$$, '42P08', NULL, 'two variables');
SELECT throws_ok($$SELECT tip.from_scheme('CTDC', 'nosuch', 'Male')$$, '22023', NULL, 'no such variable');
SELECT throws_ok($$SELECT tip.to_scheme('sex', 'male', 'CTC')$$, '22023', NULL, 'no such scheme');

-- a local row wins and is checked
SELECT throws_ok($$INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, code, relation)
	VALUES ('OURS', '1', 'sx', 'M', 'sex', 'mail', 'exact')$$, '22023', NULL, 'a code that does not exist');
SELECT lives_ok($$INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, code, relation)
	VALUES ('SDG', '16.2.2', 'series', 'VC_HTF_DETVOP', 'exploitation_form', 'begging', 'narrower')$$,
	'a country counts begging among other purposes');
SELECT is(tip.to_scheme('exploitation_form', 'begging', 'SDG'), 'VC_HTF_DETVOP', 'and it does');
SET ROLE pg_monitor;
SELECT is(tip.from_scheme('ISO 5218', 'sex', '2'), 'female', 'anybody may translate');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
