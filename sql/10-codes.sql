-- Codes: what the types of 11-code_types.sql, stamped out of the row file,
-- have in common.

CREATE FUNCTION tip_impl.code_lists(
	OUT list text, OUT list_number int4, OUT is_settable bool,
	OUT number int4, OUT code text, OUT parent text, OUT rank int4,
	OUT en text, OUT es text, OUT fr text, OUT nl text, OUT ht text,
	OUT source text, OUT retired_on date, OUT retired_note text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_code_lists'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 2000;

CREATE FUNCTION tip_impl.list_titles(
	OUT list text, OUT list_number int4, OUT is_settable bool,
	OUT title text, OUT source text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_list_titles'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 50;

CREATE FUNCTION tip_impl.text_operator_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'tip_text_operator_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION tip_impl.set_typanalyze(internal) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_set_typanalyze'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.set_sel(internal, oid, internal, int4) RETURNS float8
AS 'MODULE_PATHNAME', 'tip_set_sel'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.set_joinsel(internal, oid, internal, int2, internal)
RETURNS float8
AS 'MODULE_PATHNAME', 'tip_set_joinsel'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
