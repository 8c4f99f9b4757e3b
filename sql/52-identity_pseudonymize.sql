-- Identity: identifiers become pseudonyms.

CREATE FUNCTION tip_impl.canonical(kind text, value text) RETURNS text
AS 'MODULE_PATHNAME', 'tip_canonical'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.canonical(text, text) IS
'spelling of an identifier that its pseudonym is made from; needs no key';

CREATE FUNCTION tip.pseudonymize(kind text, value text, domain text)
RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonymize'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.pseudonymize(text, text, text) IS
'pseudonym of an identifier in a domain, under the newest key; refused without a key';
CREATE FUNCTION tip.pseudonymize_document(kind text, value text, domain text,
	document text)
RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonymize'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.pseudonymize_document(text, text, text, text) IS
'pseudonym of an identifier that holds in one document, for domains with that policy';
CREATE FUNCTION tip.pseudonyms_all(kind text, value text, domain text)
RETURNS SETOF tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonyms_all'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED ROWS 2;
COMMENT ON FUNCTION tip.pseudonyms_all(text, text, text) IS
'pseudonyms of an identifier under every key that may be read, newest first: join with = to look a person up';
CREATE FUNCTION tip_impl.pseudonymize_with(kind text, value text, domain text, version int4)
RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonymize_with'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip_impl.pseudonymize_with(text, text, text, int4) IS
'pseudonym of an identifier under one version of the key';
CREATE FUNCTION tip.pseudonymize_row() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_pseudonymize_row'
LANGUAGE C VOLATILE;
COMMENT ON FUNCTION tip.pseudonymize_row() IS
'trigger that fills a column with pseudonyms: kind, source column, target column, domain, and clear if the source is not kept';

-- Whoever may call these can try names: nobody may until the DBA says so.
REVOKE EXECUTE ON FUNCTION tip.pseudonymize(text, text, text),
	tip.pseudonymize_document(text, text, text, text),
	tip.pseudonyms_all(text, text, text), tip.pseudonymize_row(),
	tip_impl.pseudonymize_with(text, text, text, int4) FROM PUBLIC;
