-- The planner's guesses for sets of codes, on the invented cases.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT tip.create_model() > 0 AS made \gset
\o /dev/null
\i test/fixtures/cases.sql
\o
ANALYZE tip_data.victimization;
SELECT * FROM no_plan();

CREATE FUNCTION guess(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan #>> '{0,Plan,Plan Rows}';
END $$;
CREATE FUNCTION actual(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM (%s) AS q', query) INTO n;
	RETURN n;
END $$;
CREATE TEMP TABLE asked AS
SELECT format('SELECT 1 FROM tip_data.victimization WHERE %I %s %L', col, op, set) AS query
FROM (SELECT 'forms' AS col, string_to_array('{sex};{labour};{servitude_domestic};{sex,labour};{begging,sex}', ';') AS sets
	UNION ALL SELECT 'acts', string_to_array('{recruit};{transport};{harbour};{recruit,transport};{transfer,receipt}', ';')
	UNION ALL SELECT 'means', string_to_array('{deception};{abuse_vuln};{force_threat};{deception,fraud}', ';')
	UNION ALL SELECT 'control_methods', string_to_array('{debt};{documents};{threat,documents};{movement}', ';')) AS s,
	unnest(sets) AS set, unnest('{@>,&&}'::text[]) AS op;
CREATE TEMP TABLE answer AS SELECT query, guess(query), actual(query) FROM asked;
SELECT cmp_ok((SELECT count(*) FROM answer WHERE actual >= 10), '>=', 20::bigint,
	'enough of the questions have an answer of some size');
SELECT ok(guess <= 2 * actual AND actual <= 2 * guess,
	format('%s: %s rows, estimated %s', substring(query FROM 'WHERE (.*)'), actual, guess))
FROM answer WHERE actual >= 10 ORDER BY query;
SELECT is_empty($$SELECT query, guess, actual FROM answer WHERE actual < 10 AND guess > 40$$,
	'what is rare is not thought frequent');
SELECT * FROM finish();
-- the cases were committed by their script
DROP SCHEMA tip_data CASCADE;
DELETE FROM tip.population WHERE is_local;
DROP FUNCTION guess, actual;
