-- Pseudonyms against pgcrypto's hmac and against the primitive in a loop.
\if :{?rows} \else \set rows 1000000 \endif

\echo
\echo == Identity: pseudonyms of :rows short strings, one core ==

CREATE EXTENSION pgcrypto;
CREATE FUNCTION bench.bare_mac(n int) RETURNS float8
AS '$libdir/tip_bench', 'bare_mac' LANGUAGE C;

CREATE UNLOGGED TABLE bench.name (t text);
INSERT INTO bench.name
SELECT 'Ana ' || substr(md5(i::text), 1, 9) FROM generate_series(1, :rows) AS i;
CREATE UNLOGGED TABLE bench.long_name (t text);
INSERT INTO bench.long_name
SELECT U&'Mar\00EDa del Carmen RODR\00CDGUEZ-' || substr(md5(i::text), 1, 9)
FROM generate_series(1, :rows) AS i;
VACUUM (ANALYZE) bench.name;
VACUUM (ANALYZE) bench.long_name;
SELECT pg_size_pretty(pg_table_size('bench.name')) AS short_names,
       pg_size_pretty(pg_table_size('bench.long_name')) AS long_names;

-- The least of the rounds: what else the machine does only ever adds.
CREATE FUNCTION bench.least_ms(variant text) RETURNS float8 LANGUAGE sql AS $$
	SELECT min(ms) FROM bench.timing AS t
	WHERE t.subject = 'pseudonym' AND t.variant = least_ms.variant
$$;
CREATE FUNCTION bench.net_ms(variant text, base text DEFAULT 'scan') RETURNS float8
LANGUAGE sql AS $$ SELECT bench.least_ms(variant) - bench.least_ms(base) $$;

SET max_parallel_workers_per_gather = 0;
SELECT format($$
CALL bench.compare('pseudonym',
	ARRAY['scan', 'pgcrypto hmac', 'pseudonymize', 'canonical', 'long scan', 'long'], ARRAY[
	'SELECT count(t) FROM bench.name',
	'SELECT count(hmac(t, ''key'', ''sha256'')) FROM bench.name',
	'SELECT count(tip.pseudonymize(''person_name'', t, ''police'')) FROM bench.name',
	'SELECT count(tip_impl.canonical(''person_name'', t)) FROM bench.name',
	'SELECT count(t) FROM bench.long_name',
	'SELECT count(tip.pseudonymize(''person_name'', t, ''police'')) FROM bench.long_name'], 1)$$),
	format('INSERT INTO bench.timing SELECT ''pseudonym'', ''bare mac'', %s, bench.bare_mac(%s)',
		round, :rows)
FROM generate_series(1, 7) AS round
\gexec

-- A superuser has no budget: the same as a login that is charged.
CREATE ROLE bench_clerk LOGIN;
SELECT tip.set_budget('bench_clerk', 'pseudonymize', 20000000);
GRANT USAGE ON SCHEMA bench TO bench_clerk;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA bench TO bench_clerk;
GRANT EXECUTE ON FUNCTION tip.pseudonymize TO bench_clerk;
SET SESSION AUTHORIZATION bench_clerk;
SET max_parallel_workers_per_gather = 0;
SELECT format($$
CALL bench.compare('pseudonym', ARRAY['clerk scan', 'clerk hmac', 'clerk'], ARRAY[
	'SELECT count(t) FROM bench.name',
	'SELECT count(hmac(t, ''key'', ''sha256'')) FROM bench.name',
	'SELECT count(tip.pseudonymize(''person_name'', t, ''police'')) FROM bench.name'], 1)$$)
FROM generate_series(1, 5) AS round
\gexec
RESET SESSION AUTHORIZATION;
RESET max_parallel_workers_per_gather;

SELECT variant, round(min(ms)::numeric, 1) AS least_ms,
       round(1000 * min(ms)::numeric / :rows, 3) AS microseconds_each
FROM bench.timing WHERE subject = 'pseudonym' GROUP BY variant ORDER BY min(ms);
SELECT bench.bar('pseudonymize, net of the scan, times pgcrypto hmac',
	bench.net_ms('pseudonymize') / bench.net_ms('pgcrypto hmac'), 'at most', 0.5);
SELECT bench.bar('pseudonymize, net, microseconds each',
	1000 * bench.net_ms('pseudonymize') / :rows, 'at most', 1.0);
SELECT bench.bar('pseudonymize, net, times the bare HMAC loop',
	bench.net_ms('pseudonymize') / bench.least_ms('bare mac'), 'at most', 2.5);
SELECT bench.bar('with a budget: pseudonymize, net of the scan, times pgcrypto hmac',
	bench.net_ms('clerk', 'clerk scan') / bench.net_ms('clerk hmac', 'clerk scan'), 'at most', 0.5);
SELECT bench.bar('with a budget: pseudonymize, net, microseconds each',
	1000 * bench.net_ms('clerk', 'clerk scan') / :rows, 'at most', 1.0);
DROP TABLE bench.name, bench.long_name;
DROP OWNED BY bench_clerk;
DROP ROLE bench_clerk;
