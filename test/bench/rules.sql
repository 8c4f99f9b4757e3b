-- 20 predicates: in the engine, as CHECK constraints, in a PL/pgSQL trigger.
\if :{?rule_rows} \else \set rule_rows 200000 \endif
\echo
\echo == Rules: the same 20 predicates on INSERT of :rule_rows rows ==

CREATE TEMP TABLE predicate AS
SELECT n, p FROM unnest(ARRAY[
	'age_at_entry BETWEEN 0 AND 120', 'age_at_exploitation BETWEEN 0 AND 120',
	'age_at_identification BETWEEN 0 AND 120',
	'age_at_entry <= age_at_exploitation',
	'age_at_exploitation <= age_at_identification',
	'age_at_entry <= age_at_identification',
	'weekly_hours BETWEEN 0 AND 168', 'debt_amount >= 0',
	'acts IS NOT NULL', 'means IS NOT NULL', 'forms IS NOT NULL',
	$$acts && '{recruit,transport,transfer,harbour,receipt}'$$,
	$$NOT (means @> 'none_child' AND means @> 'abduction')$$,
	$$forms @> 'sex' OR sex_types IS NULL$$,
	$$NOT forms @> 'military' OR sector IS NULL$$,
	$$victim_status <> 'identified' OR status_decider IS NOT NULL$$,
	$$NOT (is_intended_only AND weekly_hours > 0)$$,
	$$debt_currency IS NOT NULL OR debt_amount IS NULL$$,
	$$exploitation_country <> 'XS'$$, $$recruitment_country <> 'XS'$$])
	WITH ORDINALITY AS u(p, n);

CREATE TABLE bench.victim_case (
	id int, age_at_entry int2, age_at_exploitation int2,
	age_at_identification int2, weekly_hours int2, debt_amount numeric,
	debt_currency text, acts tip.act_set, means tip.means_set,
	forms tip.exploitation_form_set, sex_types tip.sex_exploitation_type_set,
	sector tip.sector, victim_status tip.victim_status,
	status_decider tip.status_decider, is_intended_only bool,
	exploitation_country tip.country, recruitment_country tip.country);
CREATE UNLOGGED TABLE bench.plain (LIKE bench.victim_case);
CREATE UNLOGGED TABLE bench.checked (LIKE bench.victim_case);
CREATE UNLOGGED TABLE bench.scripted (LIKE bench.victim_case);
CREATE UNLOGGED TABLE bench.engine (LIKE bench.victim_case);
CREATE TABLE bench.source AS
SELECT i AS id, (i % 20)::int2 AS age_at_entry, (20 + i % 20)::int2 AS age_at_exploitation,
       (40 + i % 20)::int2 AS age_at_identification, (i % 100)::int2 AS weekly_hours,
       (i % 1000)::numeric AS debt_amount, 'TTD' AS debt_currency,
       '{recruit,transport}'::tip.act_set AS acts, '{deception}'::tip.means_set AS means,
       '{sex}'::tip.exploitation_form_set AS forms, NULL::tip.sex_exploitation_type_set AS sex_types,
       NULL::tip.sector AS sector, 'identified'::tip.victim_status AS victim_status,
       'police'::tip.status_decider AS status_decider, false AS is_intended_only,
       'TT'::tip.country AS exploitation_country, 'VE'::tip.country AS recruitment_country
FROM generate_series(1, :rule_rows) AS i;

SELECT format('ALTER TABLE bench.checked ADD CONSTRAINT p%s CHECK (%s)', n, p)
FROM predicate
\gexec
SELECT format($f$CREATE FUNCTION bench.scripted() RETURNS trigger LANGUAGE plpgsql AS $b$
BEGIN
%s	RETURN NEW;
END $b$ $f$, string_agg(format(E'\tIF (%s) IS FALSE THEN RAISE check_violation USING MESSAGE = ''p%s''; END IF;\n',
	regexp_replace(p, '\m(age_at_\w+|weekly_hours|debt_\w+|acts|means|forms|sex_types|sector|victim_status|status_decider|is_intended_only|exploitation_country|recruitment_country)\M', 'NEW.\1', 'g'), n), '' ORDER BY n))
FROM predicate
\gexec
CREATE TRIGGER scripted BEFORE INSERT ON bench.scripted
FOR EACH ROW EXECUTE FUNCTION bench.scripted();

-- the same texts as rules of an entity of their own
INSERT INTO tip.rule (id, entity, columns, severity, timing, predicate, message_en)
SELECT 'BENCH' || n, 'bench', '{}', 'error', 'row', p, 'bench' FROM predicate;
CREATE TRIGGER "~tip_rules" BEFORE INSERT ON bench.engine
FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row('bench');

CALL bench.compare('rules', ARRAY['plain', 'check', 'engine', 'plpgsql'], ARRAY[
	'TRUNCATE bench.plain; INSERT INTO bench.plain SELECT * FROM bench.source',
	'TRUNCATE bench.checked; INSERT INTO bench.checked SELECT * FROM bench.source',
	'TRUNCATE bench.engine; INSERT INTO bench.engine SELECT * FROM bench.source',
	'TRUNCATE bench.scripted; INSERT INTO bench.scripted SELECT * FROM bench.source']);
SELECT * FROM bench.report('rules', 'check');
\echo Cost of the predicates alone (that of plain subtracted)
SELECT round(((bench.median('rules', 'engine') - bench.median('rules', 'plain')) /
              (bench.median('rules', 'check') - bench.median('rules', 'plain')))::numeric, 2)
       AS engine_times_check_net,
       round(((bench.median('rules', 'plpgsql') - bench.median('rules', 'plain')) /
              (bench.median('rules', 'engine') - bench.median('rules', 'plain')))::numeric, 2)
       AS plpgsql_times_engine_net;
DELETE FROM tip.rule WHERE entity = 'bench';
