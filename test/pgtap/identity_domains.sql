-- Properties of domains of pseudonyms; no key is needed.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.is_accepted(t text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	PERFORM t::tip.pseudonym;
	RETURN true;
EXCEPTION WHEN invalid_text_representation THEN
	RETURN false;
END $$;
CREATE FUNCTION pg_temp.put(t text, place int, value int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT overlay(t PLACING substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', value + 1, 1)
		FROM length(t) - 25 + place FOR 1)
$$;
CREATE TEMP TABLE sample AS SELECT t FROM unnest('{p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF,
	p1.2.1.ZZQDVK5VNACRGXV6AN2368G4Q,p1.32767.65535.008J4CT4ANK7F24SNAXWSQ81H,
	e1.1.1.008J4CT4ANK7F24SNAXWSQ8JA}'::text[]) AS t;

SELECT is_empty($$SELECT t FROM sample WHERE t::tip.pseudonym::text <> t$$, 'text is read back');
SELECT is((SELECT count(*) FROM sample, generate_series(1, 25) AS i, generate_series(0, 31) AS v
	WHERE pg_temp.put(t, i, v) <> t), 4 * 25 * 31::bigint, 'all single errors are made');
SELECT is_empty($$SELECT t FROM sample, generate_series(1, 25) AS i, generate_series(0, 31) AS v
	WHERE pg_temp.put(t, i, v) <> t AND pg_temp.is_accepted(pg_temp.put(t, i, v))$$,
	'any wrong symbol is refused');
SELECT is_empty($$SELECT t FROM sample, generate_series(1, 25) AS i, generate_series(i + 1, 25) AS j,
	LATERAL (SELECT overlay(overlay(t PLACING substr(right(t, 25), j, 1) FROM length(t) - 25 + i FOR 1)
		PLACING substr(right(t, 25), i, 1) FROM length(t) - 25 + j FOR 1) AS swapped) AS s
	WHERE swapped <> t AND pg_temp.is_accepted(swapped)$$, 'any two symbols swapped are refused');
SELECT is_empty($$SELECT t FROM (SELECT t FROM sample LIMIT 1) AS s,
	generate_series(1, 25) AS i, generate_series(i + 1, 25) AS j,
	generate_series(0, 31) AS v, generate_series(0, 31) AS w
	WHERE pg_temp.put(t, i, v) <> t AND pg_temp.put(t, j, w) <> t
	AND pg_temp.is_accepted(pg_temp.put(pg_temp.put(t, i, v), j, w))$$,
	'any two wrong symbols are refused, all 288,300 of them');
SELECT is_empty($$SELECT d, v FROM generate_series(1, 31) AS d, generate_series(1, 31) AS v
	WHERE (d, v) <> (1, 1)
	AND pg_temp.is_accepted(format('p1.%s.%s.008J4CT4ANK7F24SNAXWSQ8AF', d, v))$$,
	'no other small domain and version fit the symbols');
SELECT is_empty($$SELECT d, i, v FROM generate_series(2, 31) AS d, generate_series(1, 25) AS i,
	generate_series(0, 31) AS v
	WHERE pg_temp.is_accepted(pg_temp.put(format('p1.%s.1.008J4CT4ANK7F24SNAXWSQ8AF', d), i, v))$$,
	'nor with one symbol wrong as well');

-- the binary form: COPY reads what nobody has made
CREATE FUNCTION pg_temp.received(hex text, declared text DEFAULT '') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	path text := current_setting('data_directory') || '/tip_forged';
	lob oid := lo_from_bytea(0, '\x5047434f50590aff0d0a0000000000000000000001'::bytea
		|| set_byte('\x00000000', 3, length(hex) / 2) || decode(hex, 'hex') || '\xffff'::bytea);
	result text;
BEGIN
	PERFORM lo_export(lob, path);
	EXECUTE format('CREATE TEMP TABLE received (p tip.pseudonym%s) ON COMMIT DROP', declared);
	EXECUTE format('COPY received FROM %L (FORMAT binary)', path);
	EXECUTE 'SELECT p::text FROM received' INTO result;
	DROP TABLE received;
	RETURN result;
END $$;
SELECT is(pg_temp.received('01010001000100112233445566778899aabbccdd'),
	'p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF', 'binary form');
SELECT is(pg_temp.received('01030001000100112233445566778899aabbccdd', '(1)'),
	'e1.1.1.008J4CT4ANK7F24SNAXWSQ8JA', 'binary form into a declared column');
SELECT throws_ok(format('SELECT pg_temp.received(%L)', b), '22P03', NULL, 'forged: ' || why)
FROM (VALUES ('02010001000100112233445566778899aabbccdd', 'format'),
	('01000001000100112233445566778899aabbccdd', 'policy 0'),
	('01040001000100112233445566778899aabbccdd', 'policy 4'),
	('01010000000100112233445566778899aabbccdd', 'domain 0'),
	('01018000000100112233445566778899aabbccdd', 'domain 32768'),
	('01010001000000112233445566778899aabbccdd', 'version 0'),
	('01010001000100112233445566778899aabbccddee', 'a byte too many')) AS t(b, why);
SELECT throws_ok($$SELECT pg_temp.received('010100010001001122')$$, '08P01', NULL, 'too few bytes');
SELECT throws_ok($$SELECT pg_temp.received('01010002000100112233445566778899aabbccdd', '(1)')$$,
	'22000', 'pseudonym belongs to domain ngo, not to domain police', 'of another domain');

-- estimates where there are no statistics
CREATE TABLE known (p tip.pseudonym, q tip.pseudonym, u tip.pseudonym UNIQUE);
CREATE FUNCTION pg_temp.made(i int, domain int) RETURNS tip.pseudonym LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	-- two check symbols are found by trying: 32 * 32
	FOR k IN 0..1023 LOOP
		result := pg_temp.put(pg_temp.put(pg_temp.put(pg_temp.put(
			format('p1.%s.1.0000000000000000000000000', domain), 1, i / 32), 2, i % 32), 24, k / 32), 25, k % 32);
		IF pg_temp.is_accepted(result) THEN
			RETURN result;
		END IF;
	END LOOP;
END $$;
CREATE TEMP TABLE a_few AS SELECT pg_temp.made(i, 1) AS p FROM generate_series(1, 20) AS i;
SELECT is((SELECT count(DISTINCT p) FROM a_few), 20::bigint, 'check symbols can be found');
INSERT INTO known (p, q) SELECT a.p, b.p FROM a_few AS a, a_few AS b, generate_series(1, 25);
ALTER TABLE known ALTER p SET STATISTICS 0, ALTER q SET STATISTICS 0, ALTER u SET STATISTICS 0;
ANALYZE known;
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
SELECT is(pg_temp.rows_of($$SELECT FROM known WHERE p = 'p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'$$), 2,
	'a pseudonym is thought to have two rows');
SELECT is(pg_temp.rows_of($$SELECT FROM known WHERE tip.in_domain(p, 'p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF')$$), 2,
	'in_domain, too');
SELECT is(pg_temp.rows_of($$SELECT FROM known WHERE p <> 'p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'$$), 9998,
	'the others have the rest');
SELECT is(pg_temp.rows_of($$SELECT FROM known WHERE u = 'p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF'$$), 1,
	'a unique column has one');
SELECT is(pg_temp.rows_of($$SELECT FROM known AS a JOIN known AS b ON a.u = b.p$$), 10000,
	'a join is thought to find a row for each');
ALTER TABLE known ALTER p SET STATISTICS 100;
ANALYZE known;
SELECT is(pg_temp.rows_of(format('SELECT FROM known WHERE p = %L', (SELECT p FROM a_few LIMIT 1))), 500,
	'statistics are used where there are some');

-- who may do what
CREATE ROLE pgtap_tip_domains;
SELECT ok(has_function_privilege('pgtap_tip_domains', 'tip.in_domain(tip.pseudonym,tip.pseudonym)', 'EXECUTE'),
	'anybody may compare');
SELECT ok(NOT has_function_privilege('pgtap_tip_domains', 'tip.check_domains()', 'EXECUTE'),
	'the audit is granted');

SELECT * FROM finish();
ROLLBACK;
