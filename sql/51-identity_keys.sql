-- Identity: what the DBA may know of the keys.

CREATE FUNCTION tip.key_status(OUT version int4, OUT status text, OUT created date,
	OUT fingerprint text, OUT uses int8, OUT counted text, OUT is_locked bool)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_key_status'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 4;
COMMENT ON FUNCTION tip.key_status() IS
'versions of the key ring, newest first, with fingerprints and use counts; no key';

CREATE FUNCTION tip.selfcheck(OUT check_name text, OUT status text, OUT detail text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_selfcheck'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 20;
COMMENT ON FUNCTION tip.selfcheck() IS
'known answers of the cryptography, and settings that may give names away: ok, warning or failed';

-- Who reads them is told which keys there are: nobody until the DBA says so.
REVOKE EXECUTE ON FUNCTION tip.key_status(), tip.selfcheck() FROM PUBLIC;
