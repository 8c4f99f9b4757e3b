-- What is said of the key ring, and what is not.

SELECT version, status, created, fingerprint, uses >= 0 AS uses FROM tip.key_status();
SELECT check_name, status, detail FROM tip.selfcheck() WHERE check_name LIKE '%SHA-256%';

-- settings that give names away, one by one
CREATE FUNCTION pg_temp.risk(name text, value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config(name, value, true);
	RETURN (SELECT status || coalesce(': ' || detail, '') FROM tip.selfcheck() WHERE check_name = name);
END $$;
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT name, value, pg_temp.risk(name, value)
FROM (VALUES ('log_statement', 'all'), ('log_statement', 'none'),
	('log_min_duration_statement', '0'), ('log_min_duration_statement', '-1'),
	('log_min_duration_sample', '5'), ('log_transaction_sample_rate', '0.5'),
	('log_min_error_statement', 'error'), ('log_min_error_statement', 'fatal'),
	('log_min_error_statement', 'panic'),
	('log_parameter_max_length', '-1'), ('log_parameter_max_length', '0'),
	('log_parameter_max_length_on_error', '64'), ('log_parameter_max_length_on_error', '0'),
	('track_activities', 'off')) AS t (name, value);
ROLLBACK;

-- nobody else reads them
CREATE ROLE regress_tip_nobody;
SET ROLE regress_tip_nobody;
SELECT * FROM tip.key_status();
SELECT * FROM tip.selfcheck();
SET tip_module.key_command = '/bin/cat /etc/passwd';
\set VERBOSITY sqlstate
SHOW tip_module.key_command;
\set VERBOSITY default
RESET ROLE;
SET tip_module.key_command = '/bin/cat /etc/passwd';
SET tip_module.key_command_timeout = '1s';
SHOW tip_module.key_command_timeout;
SELECT count(*) AS shown FROM pg_settings WHERE name IN ('tip_module.key_file', 'tip_module.key_command');
DROP ROLE regress_tip_nobody;
