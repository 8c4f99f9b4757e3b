-- Dates that are not known to the day, and what follows from them.

\pset null '(null)'

CREATE TABLE happened (id int, at tip.partial_date);
INSERT INTO happened VALUES (1, '1998'), (2, '1998-05'), (3, '1998-05-17'),
	(4, '1998?'), (5, '1998-05~'), (6, '1998-05-17%'), (7, NULL),
	(8, date '2021-02-28');
INSERT INTO happened SELECT 9, '2000-02-29'::text;
SELECT id, at, tip.earliest(at), tip.latest(at), tip.date_precision(at) AS precision,
       tip.date_qualifier(at) AS qualifier, tip.calendar_year(at) AS year
FROM happened ORDER BY at, id;

-- the earlier of two, where it is certain
SELECT a, b, tip.certainly_before(a, b) AS before
FROM (VALUES ('1998'::tip.partial_date, '1999'::tip.partial_date),
	('1998', '1998-05'), ('1998-05', '1998'), ('1998-05', '1998-06-01'),
	('1998-06-01', '1998-05'), ('1998-05-17', '1998-05-17'),
	('1998', '1998')) AS t(a, b);
SELECT tip.certainly_before('1998'::tip.partial_date, date '1999-01-01') AS to_date,
       tip.certainly_before(date '1998-12-31', '1999'::tip.partial_date) AS from_date,
       tip.certainly_before('1998'::tip.partial_date, date 'infinity') AS to_infinity;

-- ages, child or adult
SELECT birth, at, tip.age_at(birth, at), tip.is_child(birth, at)
FROM (VALUES ('2000-02-29'::tip.partial_date, '2018-02-28'::tip.partial_date),
	('2000-02-29', '2018-03-01'), ('2000', '2018'), ('2000', '2017-06'),
	('2000', '2019'), ('2000-05', '2018-05'), ('2020', '2018'),
	('2018', '2018')) AS t(birth, at);

-- bands, by scheme
SELECT age, tip.age_band(age, 'SDG') AS sdg, tip.age_band(age, 'CTDC') AS ctdc,
       tip.age_band(age, 'CTU_TT') AS ctu_tt, tip.age_band(age, 'IP') AS ip,
       tip.age_band(age, 'YOUTH') AS youth
FROM unnest('{0,8,9,14,15,17,18,29,30,47,48,120,-1,NULL}'::int[]) AS age;
SELECT tip.age_band(17, 'sdg');

-- what is no partial date is refused, without being repeated
SELECT '1998-5'::tip.partial_date;
SELECT '1998-02-30'::tip.partial_date;
SELECT '1998-13'::tip.partial_date;
SELECT '98'::tip.partial_date;
SELECT ''::tip.partial_date;
SELECT '0000'::tip.partial_date;
SELECT '1998-05-17T12:00'::tip.partial_date;
SELECT '1998/1999'::tip.partial_date;
SELECT '199x'::text::tip.partial_date;
SELECT date 'infinity'::tip.partial_date;
SELECT date '0044-03-15 BC'::tip.partial_date;

DROP TABLE happened;
