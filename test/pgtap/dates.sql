-- Properties of dates that are not known to the day.
BEGIN;
SELECT * FROM no_plan();

CREATE TEMPORARY TABLE d AS
SELECT (to_char(y, 'FM0000') || m || q)::tip.partial_date AS d
FROM unnest('{1,1900,1998,2000,2024,9999}'::int[]) AS y,
	unnest('{"",-01,-12,-01-01,-02-28,-12-31}'::text[]) AS m,
	unnest('{"",?,~,%}'::text[]) AS q;

SELECT is_empty($$SELECT d FROM d WHERE d::text::tip.partial_date <> d$$,
	'text is read back');
SELECT is_empty($$SELECT d FROM d WHERE tip.earliest(d) > tip.latest(d)$$,
	'the first day is not behind the last');
SELECT is_empty($$SELECT d FROM d WHERE (tip.earliest(d) = tip.latest(d))
	<> (tip.date_precision(d) = 'day')$$, 'one day is precision day');
SELECT is_empty($$SELECT a.d, b.d FROM d AS a, d AS b
	WHERE a.d < b.d AND tip.earliest(a.d) > tip.earliest(b.d)$$,
	'order is by the first day');
SELECT is_empty($$SELECT a.d, b.d FROM d AS a, d AS b
	WHERE tip.certainly_before(a.d, b.d) AND tip.certainly_before(b.d, a.d)$$,
	'not both are before each other');
SELECT is_empty($$SELECT a.d, b.d FROM d AS a, d AS b
	WHERE tip.certainly_before(a.d, b.d) IS DISTINCT FROM
	CASE WHEN tip.latest(a.d) < tip.earliest(b.d) THEN true
	WHEN tip.earliest(a.d) >= tip.latest(b.d) THEN false END$$,
	'certainly_before is what its page says');
SELECT is_empty($$SELECT a.d, b.d FROM d AS a, d AS b
	WHERE tip.is_child(a.d, b.d) IS DISTINCT FROM
	CASE WHEN isempty(tip.age_at(a.d, b.d)) THEN true
	WHEN lower(tip.age_at(a.d, b.d)) >= 18 THEN false
	WHEN upper(tip.age_at(a.d, b.d)) <= 18 THEN true END$$,
	'is_child agrees with age_at');
SELECT throws_ok($$SELECT '1998-02-30'::tip.partial_date$$, '22007',
	'invalid partial date', 'no such day');
SELECT throws_ok($$SELECT tip.age_band(1, 'x')$$, '22023',
	'unknown scheme of age bands', 'no such scheme');
SELECT is(tip.calendar_year(date 'infinity')::text, 'not_applicable', 'no year');
SELECT is(tip.certainly_before(date '-infinity', '1998'), true, 'minus infinity');

-- the fewest days: from the last day that a date may mean
SELECT is(tip.least_days_between(a::tip.partial_date, day::date), days, format('%s to %s', a, day))
FROM (VALUES ('2023-01', '2023-05-01', 90), ('2023-05-01', '2023-05-01', 0), ('2023', '2023-05-01', -244),
	('9999-12-31', '0001-01-01', -3652058), ('2023', 'infinity', NULL), ('2023', '-infinity', NULL)) AS t(a, day, days);
SELECT ok(tip.least_days_between('0001-01-01', '5874897-12-31') > 0, 'no overflow');

SELECT * FROM finish();
ROLLBACK;
