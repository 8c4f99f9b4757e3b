-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION tip_module" to load this file. \quit

-- labels in five languages and the spelling of names need Unicode
DO $$
BEGIN
	IF current_setting('server_encoding') <> 'UTF8' THEN
		RAISE feature_not_supported USING
			MESSAGE = 'tip_module needs a database with encoding UTF8',
			HINT = 'Create the database with ENCODING ''UTF8''.';
	END IF;
END
$$;

CREATE SCHEMA tip_impl;
COMMENT ON SCHEMA tip_impl IS
'tip_module: input, output, operator and support functions; nothing to call by hand';
GRANT USAGE ON SCHEMA tip_impl TO PUBLIC;
GRANT USAGE ON SCHEMA tip TO PUBLIC;
COMMENT ON SCHEMA tip IS
'tip_module: codes, validation, pseudonyms and safe statistics on trafficking in persons';
