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

-- Functions here run with the rights of a superuser and look names up in this
-- schema: whoever owns it, or has put something into it, could take them over.
-- A dump makes it empty before it makes the extension.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace AS n
		JOIN pg_catalog.pg_roles AS r ON r.oid = n.nspowner
		WHERE n.nspname = 'tip' AND (NOT (r.rolsuper OR r.rolname = current_user)
			OR EXISTS (SELECT FROM pg_catalog.pg_depend AS d
				WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
				AND d.refobjid = n.oid
				AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass)
			OR EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) AS a
				WHERE a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner))) THEN
		RAISE duplicate_schema USING
			MESSAGE = 'schema "tip" exists and is not safe for the extension',
			HINT = 'Drop it, or have a superuser own it, empty, where nobody else may create.';
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
