-- Seals against OpenSSL's AES-SIV in a loop.
\if :{?rows} \else \set rows 1000000 \endif

\echo
\echo == Seal: :rows short names, one core ==

CREATE FUNCTION bench.bare_siv(n int) RETURNS float8
AS '$libdir/tip_bench', 'bare_siv' LANGUAGE C;
CREATE UNLOGGED TABLE bench.name (id uuid, t text);
INSERT INTO bench.name
SELECT md5(i::text)::uuid, 'Ana ' || substr(md5(i::text), 1, 9)
FROM generate_series(1, :rows) AS i;
CREATE UNLOGGED TABLE bench.sealed AS
SELECT id, tip.seal(t, 'police', 'tip_data.identity', 'value', id) AS s FROM bench.name;
VACUUM (ANALYZE) bench.name;
VACUUM (ANALYZE) bench.sealed;

-- The least of the rounds: what else the machine does only ever adds.
CREATE FUNCTION bench.least_ms(variant text) RETURNS float8 LANGUAGE sql AS $$
	SELECT min(ms) FROM bench.timing AS t
	WHERE t.subject = 'seal' AND t.variant = least_ms.variant
$$;
SET max_parallel_workers_per_gather = 0;
SELECT format($$
CALL bench.compare('seal', ARRAY['scan', 'seal', 'scan of seals', 'unseal'], ARRAY[
	'SELECT count(t), count(id) FROM bench.name',
	'SELECT count(tip.seal(t, ''police'', ''tip_data.identity'', ''value'', id)) FROM bench.name',
	'SELECT count(s), count(id) FROM bench.sealed',
	'SELECT count(tip.unseal(s, ''tip_data.identity'', ''value'', id)) FROM bench.sealed'], 1)$$),
	format('INSERT INTO bench.timing SELECT ''seal'', ''bare siv'', %s, bench.bare_siv(%s)',
		round, :rows)
FROM generate_series(1, 5) AS round
\gexec
RESET max_parallel_workers_per_gather;

SELECT variant, round(min(ms)::numeric, 1) AS least_ms,
       round(1000 * min(ms)::numeric / :rows, 3) AS microseconds_each
FROM bench.timing WHERE subject = 'seal' GROUP BY variant ORDER BY min(ms);
SELECT bench.bar('seal, net of the scan, times the bare AES-SIV loop',
	(bench.least_ms('seal') - bench.least_ms('scan')) / bench.least_ms('bare siv'), 'at most', 2);
SELECT bench.bar('unseal, net of the scan, times the bare AES-SIV loop',
	(bench.least_ms('unseal') - bench.least_ms('scan of seals')) / bench.least_ms('bare siv'),
	'at most', 2);
DROP TABLE bench.name, bench.sealed;
