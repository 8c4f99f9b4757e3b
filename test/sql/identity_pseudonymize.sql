-- Making pseudonyms: documents, lookup, and a trigger that fills a column.

-- Another server may have no key: nothing here shows a pseudonym.
CREATE FUNCTION pg_temp.has_key() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN tip.pseudonymize('passport', 'probe', 'police') IS NOT NULL;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN false;
END
$$;
SELECT pg_temp.has_key() AS has_key \gset
\if :has_key
\else
\echo skipped: this server has no key
\quit
\endif

-- one person
SELECT tip.pseudonymize('person_name', a, 'police') = tip.pseudonymize('person_name', b, 'police') AS same, what
FROM (VALUES (1, 'Jean-Baptiste PIERRE', 'Pierre, Jn Bte', 'order, abbreviations'),
	(2, 'Jean St-Pierre', 'Pierre St-Jean', 'what a saint goes with'),
	(3, 'McDonald', 'Mc Donald', 'Mc'),
	(4, 'Jozef', 'Joseph', 'Kreyol')) AS t(n, a, b, what) ORDER BY n;
SELECT tip.pseudonymize('composite', '{"person_name": "Ana", "birth_date": "1998-01-01"}', 'police')
     = tip.pseudonymize('composite', '{"birth_date": "1998", "person_name": "ANA"}', 'police') AS parts_in_any_order,
       tip.pseudonymize('composite', '{"passport": "ab", "phone": "12"}', 'police')
     = tip.pseudonymize('composite', '{"passport": "ab1", "phone": "2"}', 'police') AS parts_run_together,
       tip.pseudonymize('composite', '{"passport": "ab", "phone": "12"}', 'police')
     = tip.pseudonymize('composite', '{"national_id": "ab", "phone": "12"}', 'police') AS other_parts;
SELECT tip.pseudonymize('composite', '{"person_name": "Planted"}', 'police');
SELECT tip.pseudonymize('composite', '{"person_name": Planted}', 'police');
SELECT tip.pseudonymize('birth_date', '1998-99', 'police');
SELECT tip.pseudonymize('phone', 'Planted', 'police');
SELECT tip.pseudonymize('person_name', repeat('Planted', 150000), 'police');
SELECT tip.pseudonymize('person_name', 'Ana', repeat('police', 20));

-- lookup, and one version of the key
SELECT count(*) > 0 AS found, count(*) = count(DISTINCT tip.pseudonym_version(p)) AS one_each,
       bool_or(p = tip.pseudonymize('passport', 'x1', 'police')) AS newest_among_them
FROM tip.pseudonyms_all('passport', 'X-1', 'police') AS p;
SELECT count(*) FROM tip.pseudonyms_all('passport', NULL, 'police');
SELECT bool_and(tip_impl.pseudonymize_with('passport', 'x1', 'police', tip.pseudonym_version(p)) = p) AS same
FROM tip.pseudonyms_all('passport', 'X-1', 'police') AS p;
SELECT tip_impl.pseudonymize_with('passport', 'x1', 'police', 0);
SELECT tip_impl.pseudonymize_with('passport', 'x1', 'police', 65536);
SELECT tip.pseudonymize_document('passport', 'x1', 'police', 'extract 1');

-- domains whose pseudonyms stand for less than a person
INSERT INTO tip.domain (id, name, title, policy) VALUES
	(190, 'extracts', 'Readers of an extract', 'document'), (191, 'tally', 'Counters', 'event');
SELECT tip.pseudonymize_document('passport', 'x1', 'extracts', 'a') = tip.pseudonymize_document('passport', 'X-1', 'extracts', 'a') AS in_a_document,
       tip.pseudonymize_document('passport', 'x1', 'extracts', 'a') = tip.pseudonymize_document('passport', 'x1', 'extracts', 'b') AS across_documents,
       tip.pseudonymize('passport', 'x1', 'tally') = tip.pseudonymize('passport', 'x1', 'tally') AS across_events,
       tip.pseudonym_domain(tip.pseudonymize('passport', 'x1', 'tally')) AS domain;
SELECT tip.pseudonymize('passport', 'x1', 'extracts');
SELECT tip.pseudonymize_document('passport', 'x1', 'extracts', '');
SELECT tip.pseudonymize('passport', '--', 'tally');
SELECT tip.pseudonyms_all('passport', 'x1', 'tally');
SELECT tip_impl.pseudonymize_with('passport', 'x1', 'extracts', 1);
DELETE FROM tip.domain WHERE id IN (190, 191);

-- a table whose names become pseudonyms on the way in
CREATE ROLE regress_tip_clerk;
CREATE TABLE arrival (id int, name text, birth tip.partial_date, person tip.pseudonym,
	born tip.pseudonym) PARTITION BY RANGE (id);
CREATE TABLE arrival_1 (born tip.pseudonym, person tip.pseudonym, id int, birth tip.partial_date, name text);
ALTER TABLE arrival ATTACH PARTITION arrival_1 FOR VALUES FROM (0) TO (100);
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON arrival FOR EACH ROW
	EXECUTE FUNCTION tip.pseudonymize_row('person_name', 'name', 'person', 'police', 'clear');
CREATE TRIGGER b BEFORE INSERT OR UPDATE ON arrival FOR EACH ROW
	EXECUTE FUNCTION tip.pseudonymize_row('birth_date', 'birth', 'born', 'ngo');
GRANT SELECT, INSERT, UPDATE ON arrival TO regress_tip_clerk;
SET ROLE regress_tip_clerk;
INSERT INTO arrival (id, name, birth) VALUES (1, 'Ana Perez', '1998-01-01'), (2, NULL, NULL);
COPY arrival (id, name, birth) FROM stdin;
3	PÉREZ, Ana	1998?
\.
INSERT INTO arrival (id, name) VALUES (4, ' - ');
COPY arrival (id, name, birth) FROM stdin;
5	Planted, - 	1998-01
6	''	\N
\.
RESET ROLE;
SELECT id, name, birth, person IS NOT NULL AS has_person, born IS NOT NULL AS has_born
FROM arrival ORDER BY id;
SELECT count(DISTINCT person) AS persons, count(DISTINCT born) AS births,
       bool_and(person = tip.pseudonymize('person_name', 'Ana Perez', 'police')) AS as_made
FROM arrival;
-- a cleared source keeps the pseudonym, one that is kept leads it
CREATE TEMP TABLE before AS SELECT * FROM arrival;
UPDATE arrival SET id = id + 10;
SELECT bool_and(a.person IS NOT DISTINCT FROM b.person AND a.born IS NOT DISTINCT FROM b.born) AS kept
FROM arrival AS a JOIN before AS b ON a.id = b.id + 10;
UPDATE arrival SET birth = NULL WHERE id = 11;
UPDATE arrival SET name = 'Another' WHERE id = 13;
SELECT a.id, a.born IS NULL AS no_birth, a.person = b.person AS same_person, a.name
FROM arrival AS a JOIN before AS b ON a.id = b.id + 10 WHERE a.id IN (11, 13) ORDER BY 1;

-- dates do not follow a setting
CREATE TABLE dated (d date, p tip.pseudonym, g text GENERATED ALWAYS AS ('x') STORED);
CREATE TRIGGER a BEFORE INSERT ON dated FOR EACH ROW
	EXECUTE FUNCTION tip.pseudonymize_row('birth_date', 'd', 'p', 'police');
SET datestyle = 'SQL, DMY';
INSERT INTO dated VALUES ('17/05/1998');
RESET datestyle;
SELECT p = tip.pseudonymize('birth_date', '1998-05-17', 'police') AS same FROM dated;

-- what a trigger cannot do
CREATE FUNCTION pg_temp.attempt(arguments text, moment text DEFAULT 'BEFORE INSERT') RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE OR REPLACE TRIGGER a %s ON dated FOR EACH ROW
		EXECUTE FUNCTION tip.pseudonymize_row(%s)', moment, arguments);
	INSERT INTO dated VALUES ('1998-05-17');
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SELECT pg_temp.attempt(a) FROM unnest(ARRAY[
	$$'birth_date', 'd', 'p'$$,
	$$'birth_date', 'd', 'p', 'police', 'keep'$$,
	$$'birth_date', 'x', 'p', 'police'$$,
	$$'birth_date', 'ctid', 'p', 'police'$$,
	$$'birth_date', 'g', 'p', 'police'$$,
	$$'birth_date', 'd', 'd', 'police'$$,
	$$'birth_date', 'p', 'p', 'police'$$,
	$$'birth_date', 'd', 'p', 'nobody'$$,
	$$'nickname', 'd', 'p', 'police'$$]) AS a;
SELECT pg_temp.attempt($$'birth_date', 'd', 'p', 'police'$$, 'AFTER INSERT');
SELECT tip.pseudonymize_row();

CREATE TABLE declared (v text, p tip.pseudonym('ngo'));
CREATE TRIGGER a BEFORE INSERT ON declared FOR EACH ROW
	EXECUTE FUNCTION tip.pseudonymize_row('person_name', 'v', 'p', 'police');
INSERT INTO declared VALUES ('Planted');
CREATE OR REPLACE TRIGGER a BEFORE INSERT ON declared FOR EACH ROW
	EXECUTE FUNCTION tip.pseudonymize_row('person_name', 'v', 'p', 'ngo');
INSERT INTO declared VALUES ('Ana');
SELECT count(p) FROM declared;
DROP TABLE declared;

-- nobody makes such a trigger but who may
GRANT CREATE ON SCHEMA public TO regress_tip_clerk;
SET ROLE regress_tip_clerk;
CREATE TABLE own (v text, p tip.pseudonym);
CREATE TRIGGER a BEFORE INSERT ON own FOR EACH ROW
	EXECUTE FUNCTION tip.pseudonymize_row('person_name', 'v', 'p', 'police');
SELECT tip.pseudonyms_all('passport', 'x', 'police');
SELECT tip.pseudonymize_document('passport', 'x', 'police', 'y');
RESET ROLE;
DROP TABLE own, arrival, dated, before;
REVOKE CREATE ON SCHEMA public FROM regress_tip_clerk;
DROP ROLE regress_tip_clerk;
