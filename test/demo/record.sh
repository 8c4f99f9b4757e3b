# The developer stores a case; part of run.sh.
title "2. The developer stores a case"

tell <<-'TEXT'
	A wrong code is refused with the list it should come from. What was typed
	is not repeated: in a shifted column it is a name.
TEXT
refuse recorder <<-'SQL'
	INSERT INTO tip_data.victim (sex, citizenship) VALUES ('Venezuelan', '{VE}');
SQL

tell <<-'TEXT'
	A record that is wrong in five ways gets five answers at once, and what
	else is worth a look.
TEXT
refuse recorder <<-'SQL'
	INSERT INTO tip_data.victimization
	    (victim_stage, victim_status, acts, forms, sex_types,
	     age_at_entry, age_at_identification)
	VALUES ('identified', 'identified', '{}', '{labour}', '{prostitution}', 31, 24);
SQL

tell <<-'TEXT'
	A form can ask before it stores. A child needs no means (Palermo Protocol,
	article 3(c)); an adult does.
TEXT
show recorder <<-'SQL'
	SELECT age, f.rule, f.severity, f.message
	FROM (VALUES (16), (31)) AS x(age)
	LEFT JOIN LATERAL tip.check_record('victimization', jsonb_build_object(
	    'victim_stage', 'identified', 'status_decider', 'police',
	    'identified_on', '2025-03', 'acts', '{recruit}', 'forms', '{sex}',
	    'age_at_entry', age)) AS f ON f.severity = 'error';
SQL

tell <<-'TEXT'
	Whatever is known is stored: a date to the month, an age about right. A rule
	about dates is violated only when it certainly is.
TEXT
show recorder <<-'SQL'
	INSERT INTO tip_data.victimization (victim_stage, victim_status,
	    status_decider, identified_on, acts, means, forms, age_at_entry,
	    exploited_from)
	VALUES ('identified', 'identified', 'police', '2025-03', '{recruit,harbour}',
	    '{deception}', '{labour}', 31, '2024~')
	RETURNING identified_on, tip.earliest(identified_on), tip.latest(identified_on),
	          acts, exploited_from;
SQL
quiet -c "DELETE FROM tip_data.victimization WHERE event_id IS NULL"

tell <<-'TEXT'
	Rules about a whole case are judged at COMMIT. A sentence is no conviction
	out of nowhere:
TEXT
refuse recorder <<-'SQL'
	BEGIN;
	INSERT INTO tip_data.justice_step (event_id, involvement_id, sequence, step, stepped_on)
	SELECT event_id, involvement_id, 9, 'convicted', '2025-11-03'
	FROM tip_data.justice_step GROUP BY event_id, involvement_id
	HAVING NOT bool_or(step = ANY ('{charged,indicted}'))
	   AND NOT bool_or(provenance = 'archive')
	ORDER BY involvement_id LIMIT 1;
	COMMIT;
SQL

tell <<-'TEXT'
	A records system has tables of its own. They stay as they are: their rows
	are judged through a view, observed first and refused when the time comes.
TEXT
quiet <<-'SQL'
	CREATE SCHEMA prmis;
	CREATE TABLE prmis.person (id int PRIMARY KEY, sex_letter char(1), age int,
	    nations text, entered date);
	INSERT INTO prmis.person VALUES (1, 'F', 30, 'VE; TT', '2019-03-01'),
	    (2, 'X', 300, 'VE', '2019-03-01');
	INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, code, relation)
	VALUES ('PRMIS', '1', 'sex_letter', 'M', 'sex', 'male', 'exact'),
	       ('PRMIS', '1', 'sex_letter', 'F', 'sex', 'female', 'exact');
SQL
show <<-'SQL'
	SELECT tip.attach('prmis.person', 'victim', '{
	    "sex": {"column": "sex_letter", "scheme": "PRMIS", "variable": "sex_letter"},
	    "age_at_identification": "age", "citizenship": "nations",
	    "recorded_on": "entered"}', mode => 'enforce', since => '2026-01-01');
	SELECT record, rule, columns, message FROM tip.check_table('prmis.person')
	WHERE severity = 'error' ORDER BY rule;
SQL
refuse dba <<-'SQL'
	INSERT INTO prmis.person VALUES (3, 'X', 300, 'Venezuela', '2026-02-01');
SQL
quiet <<-'SQL'
	SET client_min_messages = warning;
	DO $$BEGIN PERFORM tip.detach('prmis.person'); END$$;
	DROP SCHEMA prmis CASCADE;
	DELETE FROM tip.code_map WHERE scheme = 'PRMIS';
SQL
