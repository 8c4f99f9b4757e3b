-- Identity: identifiers become pseudonyms.

-- Part of the cryptography: changing it changes every pseudonym, so that the
-- C side puts a version of it under the digest.  Everything runs under
-- collation C, so that servers with other locales agree: letters are
-- decomposed, marks dropped, ASCII and a fixed list of letters folded.
CREATE FUNCTION tip_impl.canonical(kind text, value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on AS $$
	SELECT CASE
		WHEN kind = 'person_name' THEN btrim(regexp_replace(
			regexp_replace(folded, U&'[''`\2019\2018\02BC]', '', 'g') COLLATE "C",
			U&'[[:space:]\2010-\2015-]+', ' ', 'g'))
		WHEN kind = 'birth_date' THEN btrim(folded)
		ELSE regexp_replace(folded, '[[:space:][:punct:]]+', '', 'g')
		END
	FROM (SELECT lower(translate(regexp_replace(
			normalize(value, NFKD) COLLATE "C", U&'[\0300-\036F]', '', 'g'),
			U&'\00D8\0110\0141\00C6\0152\00DE\00D0',
			U&'\00F8\0111\0142\00E6\0153\00FE\00F0') COLLATE "C")
			COLLATE "C" AS folded) AS f;
$$;

CREATE FUNCTION tip_impl.pseudonym_make(kind text, value text, domain text, number int2)
RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_pseudonym_make'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

CREATE FUNCTION tip.pseudonymize(kind text, value text, domain text)
RETURNS tip.pseudonym
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	number int2;
	canonical text;
BEGIN
	IF kind NOT IN ('person_name', 'passport', 'national_id', 'phone', 'birth_date') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'unknown kind of identifier',
			HINT = 'Kinds are person_name, passport, national_id, phone and birth_date.';
	END IF;
	SELECT d.id INTO number FROM tip.domain AS d WHERE d.name = pseudonymize.domain;
	IF number IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'unknown domain of pseudonyms',
			HINT = 'See the table tip.domain.';
	END IF;
	canonical := tip_impl.canonical(kind, value);
	IF canonical = '' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'nothing is left of the identifier to make a pseudonym from',
			HINT = 'Store NULL where an identifier is not known.';
	END IF;
	RETURN tip_impl.pseudonym_make(kind, canonical, domain, number);
END $$;
COMMENT ON FUNCTION tip.pseudonymize(text, text, text) IS
'pseudonym of an identifier in a domain, under the newest key; refused without a key';

-- Whoever may call these can try names: nobody may until the DBA says so.
REVOKE EXECUTE ON FUNCTION tip.pseudonymize(text, text, text),
	tip_impl.pseudonym_make(text, text, text, int2) FROM PUBLIC;
