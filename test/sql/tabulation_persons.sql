-- Persons: who is in several cells counts once in every margin of them.

\pset null '(null)'
CREATE TABLE victim (id uuid, sex tip.sex, forms tip.exploitation_form_set);
INSERT INTO victim VALUES
	('00000000-0000-0000-0000-000000000001', 'female', '{sex}'),
	('00000000-0000-0000-0000-000000000002', 'female', '{sex,labour}'),
	('00000000-0000-0000-0000-000000000003', 'male', '{labour,other}'),
	('00000000-0000-0000-0000-000000000004', NULL, '{unknown}'),
	('00000000-0000-0000-0000-000000000005', 'male', NULL);
-- a set enters through tip.each, a row for each code; who has none keeps a row
SELECT tip.name_dimensions(tip.count_persons(tip.tabulate_persons(tip.cell(sex, form), id)), '{sex,form}') AS t
FROM victim LEFT JOIN LATERAL tip.each(forms) AS form ON true \gset
SELECT dimension, name, is_multi FROM tip.dimensions(:'t');
SELECT tip.is_additive(:'t');
-- the margins over form are stored, those over sex are sums
SELECT tip.codes(cell, 2), level, n FROM tip.cells(:'t');
SELECT tip.codes(cell, 2), level, n FROM tip.margins(:'t') ORDER BY level, cell;
SELECT tip.codes(cell), n FROM tip.margins(tip.rollup(:'t', '{form}'::text[]));
SELECT tip.codes(cell), n, tip.is_additive(tip.rollup(:'t', '{sex}'::text[]))
FROM tip.margins(tip.rollup(:'t', '{sex}'::text[])) ORDER BY level, cell;
SELECT tip.merge(t) FROM (VALUES (:'t'::tip.tabulation), (:'t')) AS v(t);
SELECT :'t'::tip.tabulation + :'t';
-- parts are merged before they are counted
SELECT tip.codes(cell, 1), n FROM tip.margins((SELECT tip.count_persons(tip.merge(p))
	FROM (SELECT tip.tabulate_persons(tip.cell(form), id) AS p FROM victim, tip.each(forms) AS form GROUP BY form) AS f))
ORDER BY level, cell;
-- who is unknown is not left out in silence
SELECT tip.tabulate_persons(tip.cell(sex), NULL::tip.pseudonym) FROM victim;
SELECT tip.tabulate_persons(tip.cell(sex), nullif(id, '00000000-0000-0000-0000-000000000004')) FROM victim;
SELECT n FROM tip.cells((SELECT tip.count_persons(tip.tabulate_persons(tip.cell(1), NULL::tip.pseudonym, id)) FROM victim));
SELECT tip.count_persons(tip.tabulate_persons(tip.cell(sex), id), '{2}') FROM victim;

-- it is of use in its own transaction, and has no form outside
SELECT tip.tabulate_persons(tip.cell(sex), id) FROM victim;
COPY (SELECT tip.tabulate_persons(tip.cell(sex), id) FROM victim) TO STDOUT;
COPY (SELECT tip.tabulate_persons(tip.cell(sex), id) FROM victim) TO STDOUT (FORMAT binary);
SELECT '\x00'::tip.person_tabulation;
CREATE TABLE kept AS SELECT tip.tabulate_persons(tip.cell(sex), id) AS t FROM victim;
SELECT tip.count_persons(t) FROM kept;
BEGIN;
CREATE TABLE kept_here AS SELECT tip.tabulate_persons(tip.cell(sex), id) AS t FROM victim;
SELECT sum(n) FROM kept_here, tip.cells(tip.count_persons(t));
COMMIT;
SELECT tip.count_persons(t) FROM kept_here;
-- a variable that outlives its transaction
CREATE PROCEDURE count_late() LANGUAGE plpgsql AS $$
DECLARE
	t tip.person_tabulation;
BEGIN
	SELECT tip.tabulate_persons(tip.cell(sex), id) INTO t FROM victim;
	COMMIT;
	PERFORM tip.count_persons(t);
END
$$;
CALL count_late();
DROP PROCEDURE count_late;
DROP TABLE victim, kept, kept_here;
