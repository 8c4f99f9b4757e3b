-- Domains of pseudonyms: text form, declared columns, refused comparisons.
-- No key is needed: pseudonyms are made from their bytes.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.p(domain int, i int, version int DEFAULT 1, policy int DEFAULT 1)
RETURNS tip.pseudonym LANGUAGE plpgsql AS $$
DECLARE
	path text := format('%s/tip_p_%s', current_setting('data_directory'), pg_backend_pid());
	-- lib: what COPY BINARY would read, in text form
	result tip.pseudonym;
BEGIN
	RETURN result;
END $$;
DROP FUNCTION pg_temp.p(int, int, int, int);
