-- Extracts: what an analyst reads, and what is refused.
\set VERBOSITY terse
\pset null -

SELECT level, tip.generalise_age(17, level, 1) AS child, tip.generalise_age(18, level, 1) AS adult,
	tip.generalise_age('1998', '2016-03-01'::tip.partial_date, level, 1) AS either,
	tip.generalise_age('1995', '2016-03-01'::tip.partial_date, level, 1) AS about_20,
	tip.generalise_age(NULL, level, 1) AS nobody_knows
FROM generate_series(0, 4) AS level;
SELECT level, tip.generalise_place('AG-10'::tip.subdivision, level, 1) AS barbuda,
	tip.generalise_place('TT-TOB'::tip.subdivision, level, 1) AS tobago,
	tip.generalise_place('KN-04'::tip.subdivision, level, 1) AS gingerland,
	tip.generalise_place('VE'::tip.country, level, 1) AS venezuela,
	tip.generalise_place('XS'::tip.country, level, 1) AS stateless,
	tip.generalise_place('not_stated'::tip.country, level, 1) AS not_stated
FROM generate_series(0, 4) AS level;
SELECT version, level, tip.generalise_time('2024-05-17'::date, level, version) AS day,
	tip.generalise_time('2024-05~'::tip.partial_date, level, version) AS month,
	tip.generalise_time('2024'::tip.partial_date, level, version) AS year,
	tip.generalise_time('infinity'::date, level, version) AS infinity
FROM generate_series(1, 2) AS version, generate_series(0, 5) AS level ORDER BY 1, 2;

-- what is refused
INSERT INTO tip.generalisation VALUES ('age', 100, 1, '15-24', 'youth');
INSERT INTO tip.generalisation VALUES ('age', 100, 1, '0-9', 'a'), ('age', 100, 1, '9-17', 'b');
INSERT INTO tip.generalisation VALUES ('age', 100, 1, 'child', 'a');
INSERT INTO tip.generalisation VALUES ('time', 100, 2, '3 years', '5 years');
INSERT INTO tip.generalisation VALUES ('place', 100, 1, 'Codrington', 'AG');
UPDATE tip.generalisation SET target = 'all';
DELETE FROM tip.generalisation;
SELECT tip.generalise_age(17, 9);
SELECT tip.shift_date('1998'::tip.partial_date, '00000000-0000-0000-0000-000000000001'::uuid, 'ngo', NULL);
SELECT tip.shift_date('1998-05-17'::date, '00000000-0000-0000-0000-000000000001'::uuid, 'nobody', NULL);
SELECT tip.shift_date('1998-05-17'::date, '00000000-0000-0000-0000-000000000001'::uuid, 'ngo', NULL, 0);

-- the measure, of records that can be counted by hand
CREATE TABLE persons (sex text, age text, place text, form text);
INSERT INTO persons SELECT 'female', '18-20', 'TT', CASE WHEN i > 9 THEN 'labour' ELSE 'sex' END FROM generate_series(1, 12) AS i;
INSERT INTO persons SELECT 'female', '9-17', NULL, 'sex' FROM generate_series(1, 3) AS i;
INSERT INTO persons SELECT 'female', '9-17', 'TT', NULL FROM generate_series(1, 2) AS i;
INSERT INTO persons SELECT 'male', '18-20', 'TT', 'labour' FROM generate_series(1, 20) AS i;
SELECT * FROM tip.k_anonymity('persons'::regclass, '{sex,age,place}', '{form}');
SELECT * FROM tip.k_anonymity('persons'::regclass, '{sex,age,place}', '{form}', at_least => 3, l_at_least => 2);
SELECT * FROM tip.k_anonymity_groups('persons'::regclass, '{sex,age,place}', '{form}', at_least => 3, l_at_least => 2);
SELECT * FROM tip.k_anonymity('SELECT sex, age FROM persons WHERE place = ''TT'';', '{sex,age}');
SELECT * FROM tip.k_anonymity('SELECT sex FROM persons WHERE false', '{sex}');
SELECT * FROM tip.k_anonymity('persons'::regclass, '{}');

SELECT * FROM tip.k_anonymity('persons', '{sex}');
SELECT * FROM tip.k_anonymity('TABLE persons', '{name}');
SELECT * FROM tip.k_anonymity('SELECT sex, sex FROM persons', '{sex}');
SELECT * FROM tip.k_anonymity('TABLE persons; DROP TABLE persons', '{sex}');
SELECT * FROM tip.k_anonymity('SELECT sex FROM persons) AS q; DROP TABLE persons; --', '{sex}');
SELECT * FROM tip.k_anonymity('WITH d AS (DELETE FROM persons RETURNING sex) TABLE d', '{sex}');
SELECT * FROM tip.k_anonymity('SELECT sex FROM persons FOR UPDATE', '{sex}');
SELECT * FROM tip.k_anonymity('SELECT sex INTO other FROM persons', '{sex}');
SELECT * FROM tip.k_anonymity('TABLE persons', NULL);
SELECT count(*) FROM persons;
DROP TABLE persons;
