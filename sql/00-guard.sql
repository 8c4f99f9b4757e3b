-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION tip_module" to load this file. \quit

CREATE SCHEMA tip_impl;
COMMENT ON SCHEMA tip_impl IS
'tip_module: input, output, operator and support functions; nothing to call by hand';
GRANT USAGE ON SCHEMA tip_impl TO PUBLIC;
GRANT USAGE ON SCHEMA tip TO PUBLIC;
COMMENT ON SCHEMA tip IS
'tip_module: codes, validation, pseudonyms and safe statistics on trafficking in persons';
