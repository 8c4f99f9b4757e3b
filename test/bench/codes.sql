-- Codes against enums and against text with lookup tables: 8 coded columns.
\if :{?rows} \else \set rows 1000000 \endif

\echo
\echo == Codes: COPY of :rows rows into 8 coded columns, size, GROUP BY 4 columns ==

CREATE TEMP TABLE picked AS
SELECT row_number() OVER () AS col, list, array_agg(code ORDER BY number) AS codes
FROM tip.code_list
WHERE number <= 1018 AND list IN ('sex', 'age_status', 'exploitation_form',
	'victim_status', 'status_decider', 'relationship', 'country', 'marital_status')
GROUP BY list;

-- the three tables and the rows
SELECT string_agg(format('CREATE TYPE bench.%I AS ENUM (%s)', 'e_' || list,
	(SELECT string_agg(quote_literal(c), ', ') FROM unnest(codes) AS c)), '; ')
FROM picked
\gexec
SELECT format('CREATE UNLOGGED TABLE bench.as_code (id int, %s)',
	string_agg(format('c%s tip.%I', col, list), ', ' ORDER BY col)),
       format('CREATE UNLOGGED TABLE bench.as_enum (id int, %s)',
	string_agg(format('c%s bench.%I', col, 'e_' || list), ', ' ORDER BY col)),
       format('CREATE UNLOGGED TABLE bench.as_int2 (id int, %s)',
	string_agg(format('c%s int2', col), ', ' ORDER BY col))
FROM picked
\gexec
SELECT format('CREATE UNLOGGED TABLE bench.l_%s (code text PRIMARY KEY)', list),
       format('INSERT INTO bench.l_%s SELECT unnest(codes) FROM picked WHERE list = %L', list, list)
FROM picked ORDER BY col
\gexec
SELECT format('CREATE UNLOGGED TABLE bench.as_text (id int, %s)',
	string_agg(format('c%s text REFERENCES bench.l_%s', col, list), ', ' ORDER BY col))
FROM picked
\gexec
SELECT format($$COPY (SELECT i, %s FROM generate_series(1, %s) AS i) TO %L$$,
	string_agg(format('(%L::text[])[1 + abs(hashint8(i * 8 + %s) %% %s)]', codes, col,
		array_length(codes, 1)), ', ' ORDER BY col),
	:rows, current_setting('data_directory') || '/bench_codes.txt')
FROM picked
\gexec

SELECT current_setting('data_directory') || '/bench_codes.txt' AS file \gset
CALL bench.compare('copy', ARRAY['enum', 'code', 'text'], ARRAY[
	format('TRUNCATE bench.as_enum; COPY bench.as_enum FROM %L', :'file'),
	format('TRUNCATE bench.as_code; COPY bench.as_code FROM %L', :'file'),
	format('TRUNCATE bench.as_text; COPY bench.as_text FROM %L', :'file')], 3);
\echo COPY, 8 coded columns (enum = 1)
SELECT * FROM bench.report('copy', 'enum');

INSERT INTO bench.as_int2
SELECT id, c1::int, c2::int, c3::int, c4::int, c5::int, c6::int, c7::int, c8::int
FROM bench.as_code;
VACUUM (ANALYZE) bench.as_code;
VACUUM (ANALYZE) bench.as_enum;
VACUUM (ANALYZE) bench.as_text;
VACUUM (ANALYZE) bench.as_int2;
\echo Size: whole table, and the eight columns alone (enum = 1)
WITH size AS (
	SELECT t, pg_table_size(('bench.as_' || t)::regclass) AS bytes
	FROM unnest(ARRAY['enum', 'code', 'text']) AS t
), width AS (
	SELECT 'enum' AS t, sum(avg_width) AS w FROM pg_stats
	WHERE schemaname = 'bench' AND tablename = 'as_enum' AND attname <> 'id'
	UNION ALL
	SELECT 'code', sum(avg_width) FROM pg_stats
	WHERE schemaname = 'bench' AND tablename = 'as_code' AND attname <> 'id'
	UNION ALL
	SELECT 'text', sum(avg_width) FROM pg_stats
	WHERE schemaname = 'bench' AND tablename = 'as_text' AND attname <> 'id'
)
SELECT t AS variant, pg_size_pretty(bytes) AS table_size,
       round(bytes::numeric / first_value(bytes) OVER (ORDER BY t <> 'enum'), 2) AS table_times_enum,
       w AS column_bytes,
       round(w::numeric / first_value(w) OVER (ORDER BY t <> 'enum'), 2) AS columns_times_enum
FROM size JOIN width USING (t) ORDER BY t <> 'enum', t;

SET max_parallel_workers_per_gather = 0;
CALL bench.compare('group', ARRAY['int2', 'code', 'enum', 'text'], ARRAY[
	'SELECT count(*) FROM (SELECT c1, c2, c3, c4, count(*) FROM bench.as_int2 GROUP BY 1, 2, 3, 4) AS g',
	'SELECT count(*) FROM (SELECT c1, c2, c3, c4, count(*) FROM bench.as_code GROUP BY 1, 2, 3, 4) AS g',
	'SELECT count(*) FROM (SELECT c1, c2, c3, c4, count(*) FROM bench.as_enum GROUP BY 1, 2, 3, 4) AS g',
	'SELECT count(*) FROM (SELECT c1, c2, c3, c4, count(*) FROM bench.as_text GROUP BY 1, 2, 3, 4) AS g']);
\echo GROUP BY 4 coded columns (int2 = 1)
SELECT * FROM bench.report('group', 'int2');
RESET max_parallel_workers_per_gather;
DROP TABLE bench.as_code, bench.as_enum, bench.as_text, bench.as_int2;
