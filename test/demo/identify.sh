# Who a victim is; part of run.sh.
title "4. Who is she?"

quiet <<-'SQL'
	CREATE ROLE investigator LOGIN;
	CREATE ROLE supervisor LOGIN;
	INSERT INTO tip_data.reporting_entity (reporting_entity_id, name, organization_type, country)
	VALUES ('00000000-0000-4000-8000-00000000a001', 'Immigration desk', 'immigration_service', 'BB');
	INSERT INTO tip_data.event (event_id, jurisdiction, recorded_on, reporting_entity_id)
	VALUES ('00000000-0000-4000-8000-00000000e001', 'BB', '2026-02-01',
	        '00000000-0000-4000-8000-00000000a001');
	INSERT INTO tip_data.victim (victim_id, sex)
	VALUES ('00000000-0000-4000-8000-00000000b001', 'female');
	INSERT INTO tip_data.victimization (event_id, victim_id, victim_stage)
	VALUES ('00000000-0000-4000-8000-00000000e001',
	        '00000000-0000-4000-8000-00000000b001', 'draft');
SQL
tell <<-'TEXT'
	A victim is recorded without a name. Who she is, is said once: it is sealed
	with a key that is not in the database, and whoever said it cannot read it.
TEXT
typed recorder <<-'SQL'
	SELECT tip.identify('00000000-0000-4000-8000-00000000b001', 'person_name',
	                    'Zulmira de la Xample');
SQL
quiet -U recorder -o /dev/null -f "$PLACE/statement.sql"
refuse recorder <<-'SQL'
	SELECT value FROM tip_data.identity;
SQL
show <<-'SQL'
	SELECT kind, left(value::text, 24) || '...' AS value FROM tip_data.identity
	WHERE victim_id = '00000000-0000-4000-8000-00000000b001';
SQL
tell <<-'TEXT'
	Another day an officer has somebody before him and asks whether she is
	known. He is told of his own unit's victims only. The question is in the
	ledger before it is answered, and an hour has twenty of them: nobody tries a
	telephone book.
TEXT
run <<-'SQL'
	SELECT tip.set_agency('recorder', reporting_entity_id)
	FROM tip_data.reporting_entity WHERE name = 'Immigration desk';
SQL
show recorder <<-'SQL'
	SELECT answer FROM tip.find_person('person_name', 'DE LA XAMPLE, Zulmira', 'victim_protection');
	SELECT * FROM tip.budget_state() WHERE action = 'find_person';
SQL

tell <<-'TEXT'
	Two domains have two keys. A query that compares them is refused, for it
	would find nobody and be believed.
TEXT
refuse dba <<-'SQL'
	SELECT count(*) FROM tip_data.victim_pseudonym
	WHERE tip.pseudonymize('passport', 'AB123456', 'police')
	    = tip.pseudonymize('passport', 'AB123456', 'ngo');
SQL

tell <<-'TEXT'
	A court wants the name. One login asks, another approves, and what was asked
	is written and committed before the seal is opened.
TEXT
run <<-'SQL'
	SELECT tip.grant_reidentifier('investigator');
	SELECT tip.grant_approver('supervisor');
SQL
quiet -At -o "$PLACE/pseudonym" -c "SELECT pseudonym FROM tip_data.victim_pseudonym
	WHERE victim_id = '00000000-0000-4000-8000-00000000b001'"
typed investigator <<-'SQL'
	SELECT tip.request_reidentification('p1.1.1...', 'court_order', 'HC-2026-17');
SQL
quiet -At -U investigator -o "$PLACE/request" -c \
	"SELECT tip.request_reidentification('$(cat "$PLACE/pseudonym")', 'court_order', 'HC-2026-17')"
refuse investigator <<-SQL
	SELECT tip.approve($(cat "$PLACE/request"));
SQL
typed supervisor <<-SQL
	SELECT tip.approve($(cat "$PLACE/request"));
SQL
quiet -U supervisor -o /dev/null -f "$PLACE/statement.sql"
show investigator <<-SQL
	CALL tip.reidentify($(cat "$PLACE/request"));
SQL
show <<-'SQL'
	SELECT seq, action, login, purpose, case_ref FROM tip.ledger ORDER BY seq;
	SELECT * FROM tip.verify_ledger();
SQL

tell <<-'TEXT'
	On paper and over a radio she has a code. A slip of the tongue is refused,
	and what was meant is suggested, never assumed.
TEXT
show recorder <<-'SQL'
	SELECT tip.new_victim_code('BB') AS code \gset
	SELECT tip.check_victim_code(:'code') AS as_it_is,
	       tip.check_victim_code(overlay(:'code' PLACING '7' FROM 6)) AS misheard,
	       tip.suggest_victim_code(overlay(:'code' PLACING '7' FROM 6)) = :'code' AS suggested;
SQL
