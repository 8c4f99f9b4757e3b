-- Codes: what a developer sees when storing them, and when storing them wrongly.

\pset null '(null)'

CREATE TABLE report (id int, sex tip.sex, acts tip.act_set, citizenship tip.country[]);

-- a code is written by its name, a set between braces, an array as any array
INSERT INTO report VALUES
	(1, 'female', '{recruit,transport}', '{VE}'),
	(2, 'male', 'unknown', '{TT,GY}'),
	(3, 'not_stated', '{}', '{}'),
	(4, NULL, NULL, NULL);
SELECT * FROM report ORDER BY id;

-- parameters need no cast, whatever type the driver gives them
PREPARE as_unknown AS SELECT id FROM report WHERE sex = $1;
EXECUTE as_unknown('female');
PREPARE as_text(text) AS SELECT id FROM report WHERE sex = $1;
EXECUTE as_text('female');
PREPARE as_varchar(varchar) AS SELECT id FROM report WHERE sex = $1;
EXECUTE as_varchar('female');
PREPARE as_array(text[]) AS SELECT id FROM report WHERE sex = ANY ($1) ORDER BY id;
EXECUTE as_array('{male,female}');
PREPARE store(int, varchar, text[]) AS INSERT INTO report VALUES ($1, $2, $3);
EXECUTE store(5, 'female', '{harbour,receipt}');
PREPARE change(text) AS UPDATE report SET acts = $1 WHERE id = 5;
EXECUTE change('{harbour}');
SELECT * FROM report WHERE id = 5;

-- sets are searched by what they contain
SELECT id FROM report WHERE acts @> 'recruit' ORDER BY id;
SELECT id FROM report WHERE acts && '{transport,harbour}' ORDER BY id;
SELECT id, act FROM report, tip.each(acts) AS act ORDER BY id, act;

-- labels, in five languages, in reading order
SELECT code, tip.label(code, 'es') AS es, tip.label(code, 'ht') AS ht
FROM unnest('{female,male,unknown}'::tip.sex[]) AS code
ORDER BY tip.rank(code);

-- a wrong code is refused with the nearest right ones, without being repeated
INSERT INTO report VALUES (6, 'femal', NULL);
-- a code of another list
INSERT INTO report VALUES (6, 'recruit', NULL);
-- a missing code beside a substantive one
INSERT INTO report VALUES (6, 'female', '{recruit,unknown}');
INSERT INTO report VALUES (6, 'female', ARRAY['recruit', 'unknown']);
INSERT INTO report VALUES (6, 'female', ARRAY['recruit', NULL]);
-- malformed sets
INSERT INTO report VALUES (6, 'female', '{recruit');
INSERT INTO report VALUES (6, 'female', '{recruit,}');
INSERT INTO report VALUES (6, 'female', '{{recruit}}');
-- a wrong parameter is an error too, never a silent "no row"
EXECUTE as_text('woman');
EXECUTE as_array('{male,woman}');
-- a language that has no labels
SELECT tip.label('male'::tip.sex, 'de');

-- binary COPY carries codes; forged numbers and lists are refused
CREATE TABLE wire (n int2);
CREATE TABLE coded (sex tip.sex);
CREATE TABLE set_wire (n int8);
CREATE TABLE coded_set (acts tip.act_set);
CREATE FUNCTION copy_as(source text, number text, target text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	path text := current_setting('data_directory') || '/copy_as.bin';
	hint text;
	message text;
	state text;
	result text;
BEGIN
	EXECUTE format('TRUNCATE %I, %I', source, target);
	EXECUTE format('INSERT INTO %I VALUES (%s)', source, number);
	EXECUTE format('COPY %I TO %L (FORMAT binary)', source, path);
	EXECUTE format('COPY %I FROM %L (FORMAT binary)', target, path);
	EXECUTE format('SELECT t.*::text FROM %I AS t', target) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT,
		state = RETURNED_SQLSTATE;
	RETURN format('%s: %s (%s)', state, message, hint);
END
$$;
SELECT list_number * 1024 AS sex FROM tip.list WHERE list = 'sex' \gset
SELECT list_number * 1024 AS act FROM tip.list WHERE list = 'act' \gset
SELECT copy_as('wire', (:sex + 1)::text, 'coded') AS right_code,
       copy_as('wire', (:sex + 1020)::text, 'coded') AS missing_code;
SELECT copy_as('wire', (:sex + 900)::text, 'coded') AS number_not_in_list;
SELECT copy_as('wire', (:act + 1)::text, 'coded') AS code_of_another_list;
SELECT copy_as('wire', (:sex)::text, 'coded') AS zero;
SELECT (list_number::int8 << 58)::text AS acts FROM tip.list WHERE list = 'act' \gset
SELECT copy_as('set_wire', (:acts + 1)::text, 'coded_set') AS right_set;
SELECT copy_as('set_wire', (:acts + (1::int8 << 50))::text, 'coded_set') AS bit_without_code;
SELECT copy_as('set_wire', (:acts + 1 + (1::int8 << 54))::text, 'coded_set') AS mixed;
SELECT copy_as('set_wire', '1', 'coded_set') AS no_list;

-- the catalogue of lists
SELECT list, list_number, is_settable, title, count(*) AS codes
FROM tip.list JOIN tip.code_list USING (list)
GROUP BY 1, 2, 3, 4 ORDER BY list_number;

-- every code of the thematic lists: a change here is a change of the standard
SELECT list, number, code, parent, label
FROM tip.code_list
WHERE number <= 1018
  AND list NOT IN ('country', 'subdivision', 'language', 'calendar_year', 'sector', 'indicator')
ORDER BY list, number;

-- codes that their standard has given up stay, with the day and what to use now
SELECT list, number, code, label, retired_on, retired_note
FROM tip.code_list WHERE retired_on IS NOT NULL ORDER BY list, number;
SELECT tip.are_current('2010-12-14', 'AN'::tip.country) AS last_day,
       tip.are_current('2010-12-15', 'AN'::tip.country) AS next_day,
       tip.are_current('2024-05-01', 'TT'::tip.country, '{recruit}'::tip.act_set,
                       '{VE,ZZ}'::tip.country[], 'unknown'::tip.sex) AS several,
       tip.are_current('-infinity', '#900'::tip.country) AS not_known,
       tip.are_current(NULL, 'TT'::tip.country) AS no_day;
-- what are no codes of ours is refused, with and without a record
SELECT tip.are_current('2024-05-01', 'AN');
SELECT tip.are_current('2024-05-01', 7);

DROP TABLE report, wire, coded, set_wire, coded_set;
DROP FUNCTION copy_as;
