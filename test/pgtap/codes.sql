-- Properties that hold for every code of every list.
BEGIN;
SELECT * FROM no_plan();

-- every list is a type, every settable one has a set type, and no more
SELECT set_eq(
	$$SELECT list FROM tip.list UNION ALL
	  SELECT list || '_set' FROM tip.list WHERE is_settable$$,
	$$SELECT typname::text FROM pg_type AS t
	  WHERE typnamespace = 'tip'::regnamespace AND typtype = 'b'
	    AND typlen IN (2, 8) AND typinput::regproc::text LIKE 'tip\_impl.%'
	    AND typname NOT IN ('partial_date', 'victim_code')
	    AND typelem = 0$$,
	'lists and code types are the same');

-- what a type prints it reads, and the number is the one that is stored
CREATE FUNCTION pg_temp.failed_round_trips(OUT list text, OUT code text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	c record;
	ok boolean;
BEGIN
	FOR c IN SELECT * FROM tip.code_list LOOP
		EXECUTE format(
			'SELECT v::text = %1$L AND v::int = %2$s AND v = %1$L
			        AND v = %1$L::text AND %1$L::text = v
			        AND NOT v <> %1$L::varchar
			        AND tip.is_missing(v) = %3$L
			        AND tip.label(v) = %5$L
			 FROM (SELECT %1$L::text::tip.%4$I) AS x(v)',
			c.code, c.number, c.number > 1018, c.list, c.label) INTO ok;
		IF ok IS NOT TRUE THEN
			list := c.list;
			code := c.code;
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
SELECT is_empty('SELECT * FROM pg_temp.failed_round_trips()',
	'every code is read, printed, numbered, compared and labelled');

-- a set of every single code round-trips, as text, array and members
CREATE FUNCTION pg_temp.failed_sets(OUT list text, OUT code text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	c record;
	ok boolean;
BEGIN
	FOR c IN SELECT cl.* FROM tip.code_list AS cl
	         JOIN tip.list AS l USING (list) WHERE l.is_settable LOOP
		EXECUTE format(
			'SELECT s::text = %1$L AND s = %2$L AND s @> %2$L::tip.%3$I
			        AND s::text[] = ARRAY[%2$L]
			        AND s::tip.%3$I[] = ARRAY[%2$L::tip.%3$I]
			        AND (SELECT array_agg(m::text) FROM tip.each(s) AS m) = ARRAY[%2$L]
			        AND ARRAY[%2$L]::text[]::tip.%4$I = s
			        AND tip.cardinality(s) = CASE WHEN %5$L THEN 0 ELSE 1 END
			 FROM (SELECT %1$L::tip.%4$I) AS x(s)',
			'{' || c.code || '}', c.code, c.list, c.list || '_set',
			c.number > 1018) INTO ok;
		IF ok IS NOT TRUE THEN
			list := c.list;
			code := c.code;
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
SELECT is_empty('SELECT * FROM pg_temp.failed_sets()',
	'every code can be alone in a set');

-- no missing code ever stands beside a substantive one
CREATE FUNCTION pg_temp.mixed_sets_accepted(OUT list text)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	l record;
BEGIN
	FOR l IN SELECT cl.list, min(cl.code) AS code FROM tip.code_list AS cl
	         JOIN tip.list USING (list)
	         WHERE is_settable AND number <= 1018 GROUP BY 1 LOOP
		BEGIN
			EXECUTE format('SELECT %L::tip.%I',
				'{unknown,' || l.code || '}', l.list || '_set');
			list := l.list;
			RETURN NEXT;
		EXCEPTION WHEN invalid_text_representation THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT is_empty('SELECT * FROM pg_temp.mixed_sets_accepted()',
	'a mixed set is refused in every list');

-- a type refuses the codes of other lists, whoever calls its input function
SELECT throws_ok(
	$$SELECT tip_impl.sex_in('recruit')$$, '22P02', NULL,
	'input refuses a code of another list');
SELECT throws_ok(
	$$SELECT 'male'::text::tip.act$$, '22P02', NULL,
	'a cast refuses a code of another list');
SELECT throws_ok(
	format('SELECT %L::tip.sex', bad), '22P02', NULL,
	format('%L is no sex', bad))
FROM (VALUES (''), (' male'), ('MALE'), ('#1'), ('#0'), ('#1019'), ('#1024'),
	('#99999999999999999999'), ('#-1'), ('# 5'), (repeat('x', 10000)),
	('é')) AS t(bad);
SELECT is('#900'::tip.sex::text, '#900',
	'a number above the highest known one is kept');

-- the order of codes is that of their numbers, of labels that of ranks
SELECT is_empty(
	$$SELECT list FROM tip.code_list GROUP BY list
	  HAVING count(DISTINCT rank) < count(*)$$,
	'ranks are unique in each list');

-- operators of the family agree with each other
SELECT ok('male'::tip.sex < 'female'::tip.sex, 'codes sort by number');
SELECT ok('male'::tip.sex < 'female'::text, 'also against a text');
SELECT ok('male'::text < 'female'::tip.sex, 'also from a text');
SELECT is('{recruit}'::tip.act_set | '{unknown}', '{recruit}'::tip.act_set,
	'a union never mixes');
SELECT is('{recruit,harbour}'::tip.act_set - '{recruit}',
	'{harbour}'::tip.act_set, 'difference');
SELECT is('{recruit,harbour}'::tip.act_set & '{recruit,transport}',
	'{recruit}'::tip.act_set, 'intersection');

-- index, sequential scan and text parameters give the same answer
CREATE TABLE coded AS
SELECT i, (ARRAY['male', 'female', 'unknown', NULL])[1 + i % 4]::tip.sex AS sex,
       (ARRAY['{recruit}', '{recruit,transport}', '{transport,harbour}',
              '{unknown}', '{}', NULL, '{receipt}',
              '{recruit,transport,transfer,harbour,receipt}'])
       [1 + (i * 7919 + i / 8) % 8]::tip.act_set AS acts
FROM generate_series(1, 8000) AS i;
CREATE INDEX coded_sex ON coded (sex);
CREATE INDEX coded_hash ON coded USING hash (sex);
CREATE INDEX coded_acts ON coded USING gin (acts);
ANALYZE coded;
CREATE FUNCTION pg_temp.count_both(condition text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	seq bigint;
	idx bigint;
BEGIN
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_bitmapscan = off;
	SET LOCAL enable_indexonlyscan = off;
	EXECUTE 'SELECT count(*) FROM coded WHERE ' || condition INTO seq;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_bitmapscan = on;
	SET LOCAL enable_indexonlyscan = on;
	SET LOCAL enable_seqscan = off;
	EXECUTE 'SELECT count(*) FROM coded WHERE ' || condition INTO idx;
	SET LOCAL enable_seqscan = on;
	RETURN CASE WHEN seq = idx AND seq > 0 THEN 'same'
	       ELSE format('%s by scan, %s by index', seq, idx) END;
END
$$;
SELECT is(pg_temp.count_both(c), 'same', c)
FROM (VALUES ($$sex = 'male'$$), ($$sex = 'male'::text$$),
	($$sex = 'male'::varchar$$), ($$'male'::text = sex$$),
	($$sex = ANY ('{male,female}')$$),
	($$sex = ANY ('{male,female}'::text[])$$),
	($$sex = ANY ('{female,male,female,unknown}'::varchar[])$$),
	($$sex > 'male'::text$$), ($$sex <= 'female'::text$$),
	($$sex <> 'male'::text$$),
	($$acts @> 'recruit'$$), ($$acts @> '{recruit,transport}'$$),
	($$acts @> 'recruit'::text$$), ($$acts @> ARRAY['recruit']$$),
	($$acts @> '{}'$$), ($$acts <@ '{recruit,transport}'$$),
	($$acts && '{transport,receipt}'$$),
	($$acts && ARRAY['transport', 'receipt']$$),
	($$acts @> 'unknown'::tip.act$$), ($$acts = '{recruit}'::text$$),
	($$acts <@ '{}'$$)) AS t(c);

-- estimates of set operators are within a factor 2
CREATE FUNCTION pg_temp.estimate_ratio(condition text) RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
	n bigint;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) SELECT * FROM coded WHERE ' || condition INTO plan;
	EXECUTE 'SELECT count(*) FROM coded WHERE ' || condition INTO n;
	RETURN (plan->0->'Plan'->>'Plan Rows')::numeric / greatest(n, 1);
END
$$;
SELECT ok(pg_temp.estimate_ratio(c) BETWEEN 0.5 AND 2, 'estimate of ' || c)
FROM (VALUES ($$acts @> 'recruit'$$), ($$acts @> '{recruit,transport}'$$),
	($$acts && '{transport,receipt}'$$), ($$acts <@ '{recruit,transport}'$$),
	($$acts @> 'receipt'::text$$)) AS t(c);
SELECT ok((SELECT most_common_elems IS NOT NULL FROM pg_stats
	WHERE tablename = 'coded' AND attname = 'acts'),
	'ANALYZE keeps the frequency of each code');

-- the labels of all five languages are there, and only those
SELECT is(tip.label('male'::tip.sex, lang) <> '', true, 'label in ' || lang)
FROM unnest('{en,es,fr,nl,ht}'::text[]) AS lang;
SELECT throws_ok($$SELECT tip.label('male'::tip.sex, 'de')$$, '22023', NULL,
	'another language is refused');

-- hierarchies
SELECT ok(tip.in_branch('TT-POS'::tip.subdivision, 'TT'::tip.country),
	'a subdivision belongs to its country');
SELECT ok(NOT tip.in_branch('TT-POS'::tip.subdivision, 'VE'::tip.country),
	'and to no other');

-- the ILO/EC indicators and their weights
SELECT is((SELECT array_agg(n ORDER BY dimension) FROM (SELECT dimension, count(*) AS n
	FROM tip.indicator_weight WHERE profile = 'adult_labour' GROUP BY 1) AS d),
	'{10,10,16,9,15,7}'::bigint[], 'the six dimensions of the adult labour set');
SELECT set_eq($$SELECT indicator::text FROM tip.indicator_weight$$,
	$$SELECT code FROM tip.code_list WHERE list = 'indicator' AND parent LIKE 'D_'$$,
	'weights are for the indicators of the list, all of them');
SELECT is_empty($$SELECT indicator FROM tip.indicator_weight
	WHERE indicator::text NOT LIKE 'D' || dimension || '.%'$$, 'in their dimension');
SELECT is((SELECT count(*) FROM tip.indicator_weight WHERE indicator = 'D4.08'), 1::bigint,
	'what is not in the set of children has no weight there');

-- retired codes: known, labelled, refused from their day on, in every shape
SELECT cmp_ok(count(*), '>=', 6::bigint, 'some codes are retired') FROM tip.code_list
WHERE retired_on IS NOT NULL;
SELECT is_empty($$SELECT code FROM tip.code_list WHERE (retired_on IS NULL) <> (retired_note IS NULL)$$,
	'each with a day and what to use instead');
SELECT is_empty($$
	SELECT c.code, d FROM tip.code_list AS c, generate_series(-2, 2) AS d
	WHERE c.list = 'country' AND c.retired_on IS NOT NULL
	  AND (tip.are_current(c.retired_on + d, c.code::tip.country) <> (d < 0)
	    OR tip.are_current(c.retired_on + d, ARRAY[NULL, 'TT', c.code]::tip.country[]) <> (d < 0)
	    OR tip.are_current(c.retired_on + d, '{recruit}'::tip.act_set, NULL::tip.sex, c.code::tip.country) <> (d < 0))$$,
	'are_current() is true until that day');
CREATE FUNCTION pg_temp.not_current(OUT list text, OUT code text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	c record;
	ok boolean;
BEGIN
	FOR c IN SELECT cl.*, l.is_settable FROM tip.code_list AS cl JOIN tip.list AS l USING (list)
	         WHERE retired_on IS NULL LOOP
		EXECUTE format('SELECT tip.are_current(''infinity'', %1$L::tip.%2$I, ARRAY[%1$L]::tip.%2$I[]%3$s)',
			c.code, c.list, CASE WHEN c.is_settable
				THEN format(', %L::tip.%I', '{' || c.code || '}', c.list || '_set') ELSE '' END) INTO ok;
		IF ok IS NOT TRUE THEN
			list := c.list;
			code := c.code;
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
SELECT is_empty('SELECT * FROM pg_temp.not_current()', 'every other code is current for ever');
SELECT is(tip.are_current('-infinity', '#900'::tip.sex), false, 'a number that is not known never is');
SELECT is(tip.are_current('-infinity', '{#54}'::tip.act_set), false, 'nor in a set');
SELECT is(tip.are_current('-infinity', '{TT,#900}'::tip.country[]), false, 'nor in an array');
SELECT is(tip.are_current(NULL, '#900'::tip.sex), NULL, 'no day, no answer');
CREATE DOMAIN pg_temp.home AS tip.country;
SELECT ok(tip.are_current('2020-01-01', 'TT'::pg_temp.home), 'a domain over a code is a code');
SELECT throws_ok(format('SELECT tip.are_current(''2020-01-01'', %s)', bad), '42804', NULL, bad || ' is no code')
FROM (VALUES ('1'), ($$'AN'$$), ('now()'), ('ARRAY[1]'), ('ROW(1)'), ($$'1998'::tip.partial_date$$),
	($$'{recruit}'::tip.act_set, 'x'::text$$)) AS t(bad);

SELECT * FROM finish();
ROLLBACK;
