# The DBA installs; part of run.sh.
title "1. The DBA installs"

tell <<-'TEXT'
	The extension brings types, rules and functions. The tables about people
	are made by a call and stay ordinary tables: DROP EXTENSION cannot delete
	a case, and a dump carries what you add to them.
TEXT
show <<-'SQL'
	CREATE EXTENSION tip_module;
	SELECT tip.create_model() AS tables_of_the_model;
SQL

tell <<-'TEXT'
	The key for pseudonyms is in a file that postgresql.conf names, outside
	the data directory and readable by the server alone. It never enters SQL.
TEXT
printf '\n  $ ls -l $KEY_FILE\n'
key=$(psql -XAtqc 'SHOW tip_module.key_file')
ls -l "$key" | awk '{ print "    " $1, $3, $5 " bytes" }'

tell <<-'TEXT'
	Two logins, two grants. (And, for this demonstration, ten years of invented
	cases.)
TEXT
run <<-'SQL'
	CREATE ROLE recorder LOGIN;
	CREATE ROLE analyst LOGIN;
	SELECT tip.grant_recorder('recorder');
	SELECT tip.grant_analyst('analyst');
SQL
quiet -f "$FIXTURES/cases.sql"
show <<-'SQL'
	SELECT count(DISTINCT list) AS code_lists, count(*) AS codes,
	       (SELECT count(*) FROM tip.rule) AS rules,
	       (SELECT count(*) FROM tip_data.event) AS events,
	       (SELECT count(*) FROM tip_data.victim) AS victims,
	       (SELECT count(*) FROM tip_data.justice_step) AS justice_steps
	FROM tip.code_list;
	SELECT tip.label('debt_bondage'::tip.exploitation_form) AS english,
	       tip.label('debt_bondage'::tip.exploitation_form, 'es') AS spanish,
	       tip.label('debt_bondage'::tip.exploitation_form, 'fr') AS french,
	       tip.label('debt_bondage'::tip.exploitation_form, 'nl') AS dutch;
SQL
