-- Identity: names, birth dates and numbers are kept sealed, in one table.

CREATE TYPE tip.sealed;
CREATE FUNCTION tip_impl.sealed_in(cstring) RETURNS tip.sealed
AS 'MODULE_PATHNAME', 'tip_sealed_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.sealed_out(tip.sealed) RETURNS cstring
AS 'MODULE_PATHNAME', 'tip_sealed_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.sealed_recv(internal) RETURNS tip.sealed
AS 'MODULE_PATHNAME', 'tip_sealed_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.sealed_send(tip.sealed) RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_sealed_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
-- No operator: equality of two seals would tell that two values are equal, and
-- without one ANALYZE keeps no value.  Ciphertext does not compress.
CREATE TYPE tip.sealed (
	INPUT = tip_impl.sealed_in,
	OUTPUT = tip_impl.sealed_out,
	RECEIVE = tip_impl.sealed_recv,
	SEND = tip_impl.sealed_send,
	INTERNALLENGTH = variable,
	STORAGE = external
);
COMMENT ON TYPE tip.sealed IS
'value that opens only with the key, and only in the table, column and row that it was sealed for';

CREATE FUNCTION tip.sealed_version(value tip.sealed) RETURNS int4
AS 'MODULE_PATHNAME', 'tip_sealed_version'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.sealed_version(tip.sealed) IS
'version of the key that a value was sealed with';

CREATE FUNCTION tip.seal(value text, domain text, relation text, column_name text,
	record uuid DEFAULT NULL) RETURNS tip.sealed
AS 'MODULE_PATHNAME', 'tip_seal'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.seal(text, text, text, text, uuid) IS
'seal a value for one place, under the newest key of a domain';
CREATE FUNCTION tip.unseal(sealed tip.sealed, relation text, column_name text,
	record uuid DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'tip_unseal'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.unseal(tip.sealed, text, text, uuid) IS
'open a sealed value; refused where it was moved or edited';

-- Who may call these reads names or tries them: nobody, but for the functions
-- that keep a ledger.
REVOKE EXECUTE ON FUNCTION tip.seal(text, text, text, text, uuid),
	tip.unseal(tip.sealed, text, text, uuid) FROM PUBLIC;

-- With the caller's rights as far as victims go: whoever may change the record
-- of a victim may say who that is.
CREATE FUNCTION tip.identify(victim uuid, kind text, value text,
	name_type text DEFAULT NULL, schema name DEFAULT 'tip_data',
	domains text[] DEFAULT '{police}') RETURNS uuid
AS 'MODULE_PATHNAME', 'tip_identify'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.identify(uuid, text, text, text, name, text[]) IS
'keep a name, birth date or number of a victim sealed, with its pseudonyms in some domains; key of the identity';
CREATE FUNCTION tip.correct_identity(identity uuid, value text,
	name_type text DEFAULT NULL, schema name DEFAULT 'tip_data',
	domains text[] DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'tip_correct_identity'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.correct_identity(uuid, text, text, name, text[]) IS
'replace what is sealed, and its pseudonyms, in the domains that it has them in; no key changes';
CREATE FUNCTION tip.forget_identity(identity uuid, schema name DEFAULT 'tip_data')
RETURNS void
AS 'MODULE_PATHNAME', 'tip_forget_identity'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.forget_identity(uuid, name) IS
'erase what is sealed, and its pseudonyms';
REVOKE EXECUTE ON FUNCTION tip.identify(uuid, text, text, text, name, text[]),
	tip.correct_identity(uuid, text, text, name, text[]),
	tip.forget_identity(uuid, name) FROM PUBLIC;

CREATE FUNCTION tip_impl.identity_victims(pseudonym tip.pseudonym, schema name)
RETURNS uuid[]
AS 'MODULE_PATHNAME', 'tip_identity_victims'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
-- Of these victims the ones who have a pseudonym, with what is sealed of them.
CREATE FUNCTION tip_impl.identity_open(pseudonym tip.pseudonym, schema name, victims uuid[])
RETURNS jsonb
AS 'MODULE_PATHNAME', 'tip_identity_open'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE EXECUTE ON FUNCTION tip_impl.identity_victims(tip.pseudonym, name),
	tip_impl.identity_open(tip.pseudonym, name, uuid[]) FROM PUBLIC;

-- Before victim_pseudonym, which refers to it.
INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl) VALUES
(499, 'identity', 'identity', 'table', $ddl$
CREATE TABLE %1$I.identity (
	identity_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	victim_id uuid REFERENCES %1$I.victim ON DELETE CASCADE,
	kind text,
	name_type text,
	value tip.sealed,
	recorded_on date DEFAULT current_date
);
ALTER TABLE %1$I.identity ALTER value SET STATISTICS 0, ALTER victim_id SET STATISTICS 0;
CREATE INDEX ON %1$I.identity (victim_id);
COMMENT ON TABLE %1$I.identity IS
'Names, birth dates and numbers of victims, sealed; written by tip.identify()';
COMMENT ON COLUMN %1$I.identity.identity_id IS 'Key; part of what the value is sealed for';
COMMENT ON COLUMN %1$I.identity.victim_id IS 'Victim';
COMMENT ON COLUMN %1$I.identity.kind IS 'person_name, passport, national_id, phone or birth_date';
COMMENT ON COLUMN %1$I.identity.name_type IS
'Of a name: legal, birth, married, alias, street, stage, religious, on_false_document or other';
COMMENT ON COLUMN %1$I.identity.value IS 'What is sealed; opened by tip.reidentify() alone';
COMMENT ON COLUMN %1$I.identity.recorded_on IS 'Day on which it was recorded';
$ddl$);
