-- SDG 16.2.2: who is counted, once, in which year, and that it adds up.
BEGIN;
SELECT * FROM no_plan();
SELECT tip.create_model('tap_report');

SELECT is_empty($$SELECT * FROM tip.sdg_16_2_2('tap_report')$$,
	'an empty model has no figures');

INSERT INTO tap_report.event (event_id, jurisdiction) VALUES
	('00000000-0000-4000-8000-00000000000a', 'LC'),
	('00000000-0000-4000-8000-00000000000b', 'LC');
INSERT INTO tap_report.victim (victim_id, sex)
SELECT ('00000000-0000-4000-8000-0000000001' || lpad(i::text, 2, '0'))::uuid,
	(CASE WHEN i <= 6 THEN 'female' WHEN i <= 9 THEN 'male' END)::tip.sex
FROM generate_series(1, 12) AS i;

CREATE FUNCTION pg_temp.identify(victim int, event text, day text, form text,
	stage text DEFAULT 'identified', status text DEFAULT NULL, age int DEFAULT 30)
RETURNS void LANGUAGE sql AS $$
INSERT INTO tap_report.victimization (event_id, victim_id, victim_stage,
	victim_status, status_decider, identified_on, acts, means, forms,
	age_at_entry, age_status_at_identification)
VALUES (('00000000-0000-4000-8000-00000000000' || event)::uuid,
	('00000000-0000-4000-8000-0000000001' || lpad(victim::text, 2, '0'))::uuid,
	stage::tip.victim_stage, status::tip.victim_status, 'police',
	day::tip.partial_date, '{recruit}', '{deception}',
	form::tip.exploitation_form_set, age,
	(CASE WHEN age < 18 THEN 'minor' ELSE 'adult' END)::tip.age_status)
$$;
SELECT pg_temp.identify(i, 'a', '2021-03-0' || i, '{sex}') FROM generate_series(1, 4) AS i;
SELECT pg_temp.identify(5, 'a', '2021-05', '{sex}', age => 15);
SELECT pg_temp.identify(6, 'a', '2021', '{labour}');
SELECT pg_temp.identify(7, 'a', '2021-06-01', '{labour,debt_bondage}', 'assisted');
SELECT pg_temp.identify(8, 'a', '2021-06-01', '{sex,labour}', 'exited');
SELECT pg_temp.identify(9, 'a', '2021-06-01', '{organ}');
SELECT pg_temp.identify(10, 'a', '2021-06-01', '{surrogacy}');
-- the same person in another case: once in a year, again in another year
SELECT pg_temp.identify(1, 'b', '2021-09-09', '{sex}');
SELECT pg_temp.identify(2, 'b', '2022-01-09', '{sex}');
-- none of these is an identified victim with a date
SELECT pg_temp.identify(11, 'a', '2021-06-01', '{sex}', 'draft');
SELECT pg_temp.identify(11, 'a', '2021-06-01', '{sex}', 'presumed', 'presumed');
SELECT pg_temp.identify(11, 'a', '2021-06-01', '{sex}', 'assisted', 'presumed');
SELECT pg_temp.identify(11, 'a', '2021-06-01', '{sex}', 'not_victim', 'not_victim');
SELECT pg_temp.identify(12, 'a', NULL, '{sex}', 'screened', 'possible');

CREATE VIEW pg_temp.figure AS
SELECT * FROM tip.sdg_16_2_2('tap_report') WHERE country = 'LC';

SELECT results_eq(
	$$SELECT year, n FROM pg_temp.figure WHERE series = 'VC_HTF_DETV'
	  AND sex = '_T' AND age = '_T' ORDER BY year$$,
	$$VALUES (2021, 10::int8), (2022, 1)$$,
	'a victim counts once a year, and only when identified with a date');
SELECT results_eq(
	$$SELECT form, n FROM pg_temp.figure WHERE year = 2021 AND sex = '_T'
	  AND age = '_T' AND form <> '_T' ORDER BY form COLLATE "C"$$,
	$$VALUES ('forced_labour', 2::int8), ('mixed', 1), ('organ_removal', 1),
	         ('other', 1), ('sexual', 5)$$,
	'forms go into their series, several forms into mixed');
SELECT results_eq(
	$$SELECT sex, n FROM pg_temp.figure WHERE year = 2021 AND age = '_T'
	  AND form = '_T' ORDER BY sex COLLATE "C"$$,
	$$VALUES ('_T', 10::int8), ('female', 6), ('male', 3), ('unknown', 1)$$,
	'a sex that is not recorded is unknown, not left out');
SELECT is_empty($$
	SELECT f.year, f.sex, f.age, f.form FROM pg_temp.figure AS f
	WHERE f.form = '_T' AND f.n <> (SELECT sum(g.n) FROM pg_temp.figure AS g
		WHERE (g.year, g.sex, g.age) = (f.year, f.sex, f.age) AND g.form <> '_T')
	UNION ALL
	SELECT f.year, f.sex, f.age, f.form FROM pg_temp.figure AS f
	WHERE f.sex = '_T' AND f.n <> (SELECT sum(g.n) FROM pg_temp.figure AS g
		WHERE (g.year, g.form, g.age) = (f.year, f.form, f.age) AND g.sex <> '_T')
	UNION ALL
	SELECT f.year, f.sex, f.age, f.form FROM pg_temp.figure AS f
	WHERE f.age = '_T' AND f.n <> (SELECT sum(g.n) FROM pg_temp.figure AS g
		WHERE (g.year, g.form, g.sex) = (f.year, f.form, f.sex) AND g.age <> '_T')$$,
	'every margin is the sum of its parts');
SELECT is((SELECT n FROM pg_temp.figure WHERE year = 2021 AND age = 'minor'
	AND sex = '_T' AND form = 'sexual'), 1::int8, 'the child is counted as one');

-- rates
SELECT ok((SELECT bool_and(rate IS NULL AND population IS NULL)
	FROM pg_temp.figure), 'no rate without a population');
INSERT INTO tip.population (country, year, sex, age_status, persons, source)
VALUES ('LC', 2021, NULL, NULL, 180000, 'invented'),
       ('LC', 2021, 'female', 'adult', 70000, 'invented'),
       ('LC', 2022, 'female', NULL, 90000, 'invented');
SELECT is((SELECT rate FROM pg_temp.figure WHERE year = 2021 AND sex = '_T'
	AND age = '_T' AND form = '_T'), 5.56, 'per 100,000 of all');
SELECT is((SELECT rate FROM pg_temp.figure WHERE year = 2021 AND sex = 'female'
	AND age = 'adult' AND form = 'sexual'), 5.71, 'per 100,000 of the same sex and age');
SELECT is((SELECT count(*) FROM pg_temp.figure WHERE year = 2022
	AND rate IS NOT NULL AND sex <> 'female'), 0::bigint,
	'a rate only where that year, sex and age has a population');
SELECT is((SELECT count(*) FROM pg_temp.figure
	WHERE unit IS NULL OR status IS NULL OR period IS NULL), 0::bigint,
	'each count states its unit, status and period');

-- a schema is a name and nothing else
SELECT throws_ok($$SELECT * FROM tip.sdg_16_2_2('no_such_schema')$$, '42P01');
SELECT throws_ok($$SELECT * FROM tip.sdg_16_2_2('x".y; DROP TABLE tip.rule; --')$$,
	'42P01');
SELECT ok(to_regclass('tip.rule') IS NOT NULL, 'and nothing was dropped');

SELECT * FROM finish();
ROLLBACK;
