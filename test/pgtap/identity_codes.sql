-- Victim codes: every one and every two wrong characters are refused.
BEGIN;
SELECT plan(12);

-- One of test/vectors/victim_codes.csv and two new ones
CREATE TEMP TABLE code (text text PRIMARY KEY);
INSERT INTO code VALUES ('BB-1DJ31-4TTJ2-SF');
INSERT INTO code SELECT tip.new_victim_code(c)::text
FROM unnest('{HT,ZZ}'::tip.country[]) AS c;

CREATE TEMP TABLE plain AS SELECT translate(text, '-', '') AS text FROM code;
CREATE TEMP TABLE many AS SELECT translate(tip.new_victim_code(
	(ARRAY['BB','TT','HT','SR','DO','CU'])[1 + i % 6]::tip.country)::text, '-', '') AS text
FROM generate_series(1, 2000) AS i;

-- Every symbol that may stand at a place: letters for the country's two
CREATE TEMP TABLE symbol AS
SELECT p AS place, s FROM generate_series(1, 14) AS p,
	regexp_split_to_table(CASE WHEN p <= 2 THEN 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
		ELSE '0123456789ABCDEFGHJKMNPQRSTVWXYZ' END, '') AS s;

CREATE TEMP TABLE single AS
SELECT t.text, overlay(t.text PLACING s.s FROM s.place FOR 1) AS wrong
FROM (TABLE plain UNION (SELECT * FROM many LIMIT 100)) AS t, symbol AS s
WHERE substr(t.text, s.place, 1) <> s.s;
SELECT cmp_ok((SELECT count(*) FROM single), '>=', 40000::bigint, 'all single errors of a hundred codes');
SELECT is((SELECT count(*) FROM single WHERE tip.check_victim_code(wrong)), 0::bigint,
	'no single error is taken for a code');
SELECT is((SELECT count(*) FROM single
	WHERE tip.suggest_victim_code(wrong) IS DISTINCT FROM text::tip.victim_code), 0::bigint,
	'every single error is corrected by the suggestion');
SELECT is((SELECT count(*) FROM many, generate_series(1, 14) AS place
	WHERE tip.suggest_victim_code(overlay(text PLACING '*' FROM place FOR 1))
		IS DISTINCT FROM text::tip.victim_code), 0::bigint,
	'so is one that is no symbol at all');

-- All two-symbol errors at all pairs of places
CREATE TEMP TABLE two AS
SELECT overlay(overlay(t.text PLACING a.s FROM a.place FOR 1) PLACING b.s FROM b.place FOR 1) AS wrong
FROM plain AS t, symbol AS a JOIN symbol AS b ON a.place < b.place
WHERE substr(t.text, a.place, 1) <> a.s AND substr(t.text, b.place, 1) <> b.s;
SELECT is((SELECT count(*) FROM two), 3 * (25 * 25 + 24 * 25 * 31 + 66 * 31 * 31)::bigint,
	'all errors in two symbols of three codes');
SELECT is((SELECT count(*) FROM two WHERE tip.check_victim_code(wrong)), 0::bigint,
	'none is taken for a code');
SELECT cmp_ok((SELECT avg((tip.suggest_victim_code(wrong) IS NOT NULL)::int) FROM two),
	'<', 0.36, 'about three in ten have a suggestion, which is wrong');

-- What people do most, on two thousand codes
CREATE FUNCTION pg_temp.refused(wrong text, was text) RETURNS boolean LANGUAGE sql
AS 'SELECT wrong = was OR NOT tip.check_victim_code(wrong)';
SELECT is((SELECT count(*) FROM many, generate_series(1, 13) AS i WHERE NOT pg_temp.refused(
	overlay(text PLACING substr(text, i + 1, 1) || substr(text, i, 1) FROM i FOR 2), text)),
	0::bigint, 'neighbours swapped');
SELECT is((SELECT count(*) FROM many, generate_series(1, 12) AS i WHERE NOT pg_temp.refused(
	overlay(text PLACING reverse(substr(text, i, 3)) FROM i FOR 3), text)),
	0::bigint, 'swapped over one between');
SELECT is((SELECT count(*) FROM many, generate_series(1, 13) AS i, symbol AS s
	WHERE s.place = 3 AND substr(text, i, 1) = substr(text, i + 1, 1)
	  AND NOT pg_temp.refused(overlay(text PLACING s.s || s.s FROM i FOR 2), text)),
	0::bigint, 'twins replaced');
SELECT is((SELECT count(*) FROM many, generate_series(1, 14) AS i WHERE
	tip.check_victim_code(overlay(text PLACING '' FROM i FOR 1))
	OR tip.check_victim_code(overlay(text PLACING repeat(substr(text, i, 1), 2) FROM i FOR 1))),
	0::bigint, 'one left out or written twice');
SELECT is((SELECT count(*) FROM many, symbol AS s WHERE s.place = 1 AND s.s <> substr(text, 1, 1)
	AND tip.check_victim_code(s.s || substr(text, 2))), 0::bigint, 'under another country');

SELECT * FROM finish();
ROLLBACK;
