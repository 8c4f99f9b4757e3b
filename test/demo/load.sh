# A file of records is loaded; part of run.sh.  Its names are of nobody: they are
# made by test/names/generate.pl --seed 2 --persons 90 --duplicates 12.
title "3. A file of records arrives"

tell <<-'TEXT'
	Sixty rows exported from a records system, names and mistakes included; all
	of them are made up. The names are sealed in the end; the rest is loaded
	as text.
TEXT
printf '\n  $ head -3 incoming.csv | cut -c1-76\n'
head -3 "$FIXTURES/incoming.csv" | cut -c1-76 | sed 's/^/    /'

columns=$(head -1 "$FIXTURES/incoming.csv" | sed 's/,/ text, /g; s/$/ text/')
cat >"$PLACE/stage.sql" <<-SQL
	CREATE SCHEMA arrival AUTHORIZATION recorder;
	SET ROLE recorder;
	CREATE TABLE arrival.file ($columns);
	\\copy arrival.file FROM '$FIXTURES/incoming.csv' (FORMAT csv, HEADER)
	ALTER TABLE arrival.file ADD victim_id uuid DEFAULT gen_random_uuid();
	CREATE TABLE arrival.event AS
	SELECT gen_random_uuid() AS event_id, case_no AS local_ref,
	       'BB' AS jurisdiction, '2026-01-31' AS recorded_on
	FROM arrival.file GROUP BY case_no;
SQL
quiet -f "$PLACE/stage.sql"
show recorder <<-'SQL'
	CREATE TABLE arrival.name AS
	SELECT victim_id, person_name FROM arrival.file;
	CREATE TABLE arrival.victim AS
	SELECT victim_id, sex, birth_year, citizenship
	FROM arrival.file ORDER BY line::int;
	CREATE TABLE arrival.victimization AS
	SELECT event_id, victim_id, victim_stage, victim_status, status_decider,
	       identified_on, acts, means, forms, main_form, sex_types, sector,
	       age_at_entry, age_at_identification, age_status_at_entry,
	       age_status_at_identification, recruitment_country,
	       exploitation_country, exploited_from, exploited_to, f.recorded_on
	FROM arrival.file AS f JOIN arrival.event ON local_ref = case_no
	ORDER BY line::int;
	DROP TABLE arrival.file;
SQL
tell <<-'TEXT'
	A rule is a row. The DBA adds one of this country; it holds from the next
	statement on, in every session, and is dumped with the database.
TEXT
run <<-'SQL'
	INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
	VALUES ('LOCAL_PERIOD', 'victimization', '{exploited_to,exploited_from}', 'error',
	        'NOT tip.certainly_before(exploited_to, exploited_from)',
	        'exploitation ends before it begins');
SQL
show recorder <<-'SQL'
	SELECT entity, read, stored, quarantined
	FROM unnest('{event,victim,victimization}'::text[]) AS entity,
	     LATERAL tip.load(('arrival.' || entity)::regclass, entity)
	     WITH ORDINALITY AS l(batch, read, stored, quarantined, unknown);
SQL

tell <<-'TEXT'
	Good rows are in. The others wait in quarantine as they came, each with all
	of its reasons, and none of its values in them.
TEXT
show recorder <<-'SQL'
	SELECT q.entity, q.line, f ->> 'rule' AS rule, left(f ->> 'message', 66) AS reason
	FROM tip_data.quarantine AS q, jsonb_array_elements(q.findings) AS f
	WHERE f ->> 'severity' = 'error'
	ORDER BY q.entity, q.line, rule;
SQL
tell <<-'TEXT'
	The name of each victim who is in is sealed, and becomes a pseudonym: the
	recorder writes it and can read neither.
TEXT
show recorder <<-'SQL'
	SELECT count(tip.identify(victim_id, 'person_name', person_name)) AS names
	FROM arrival.name JOIN tip_data.victim USING (victim_id);
SQL
show <<-'SQL'
	SELECT domain, key_version, count(*),
	       left(min(pseudonym::text COLLATE "C"), 12) || '...' AS one_of_them
	FROM tip_data.victim_pseudonym GROUP BY domain, key_version;
	SELECT kind, count(*), left(min(value::text COLLATE "C"), 12) || '...' AS one_of_them
	FROM tip_data.identity GROUP BY kind;
SQL
refuse recorder <<-'SQL'
	SELECT value FROM tip_data.identity;
SQL
quiet -c 'SET client_min_messages = warning' -c 'DROP SCHEMA arrival CASCADE'
