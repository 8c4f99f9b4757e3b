-- Re-identification: asked by one login, approved by another, written down first.

CREATE FUNCTION pg_temp.has_test_key() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN tip.unseal(tip.seal('probe', 'police', 'r', 'c'), 'r', 'c') = 'probe';
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN false;
END
$$;
SELECT pg_temp.has_test_key() AS has_test_key \gset
\if :has_test_key
\else
\echo skipped: this server has not the key ring of the tests
\quit
\endif

CREATE ROLE regress_tip_asker LOGIN;
CREATE ROLE regress_tip_judge LOGIN;
CREATE ROLE regress_tip_unit;
CREATE ROLE regress_tip_guest LOGIN;
SELECT tip.grant_reidentifier('regress_tip_asker');
SELECT tip.grant_approver('regress_tip_judge');
SELECT tip.create_model('tip_again') > 0 AS made;
INSERT INTO tip_again.victim (victim_id) VALUES ('00000000-0000-0000-0000-000000000001');
SELECT tip.identify('00000000-0000-0000-0000-000000000001', k, v, t, 'tip_again') IS NOT NULL AS kept
FROM (VALUES ('person_name', 'Ana María Pérez', 'legal'), ('person_name', 'La Flaca', 'street'),
	('birth_date', '1998-05-17', NULL)) AS r(k, v, t);
\pset format unaligned
SELECT tip.pseudonymize('person_name', 'Ana María Pérez', 'police') AS person,
       tip.pseudonymize('person_name', 'Nobody', 'police') AS nobody \gset
CREATE FUNCTION tip_again.try(request bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE identity jsonb;
BEGIN CALL tip.reidentify(request, identity); RETURN identity; END $$;
GRANT USAGE ON SCHEMA tip_again TO regress_tip_asker;

-- who has no grant
SET SESSION AUTHORIZATION regress_tip_guest;
SELECT tip.request_reidentification(:'person', 'tracing', 'C-1', 'tip_again');
SELECT tip.approve(1);
CALL tip.reidentify(1);
SELECT tip_impl.begin_reidentification(1);
SELECT tip_impl.open_identity(1);
SELECT tip_impl.identity_open(:'person', 'tip_again', '{}');
SELECT count(*) FROM tip.reidentification_request;

-- asking
SET SESSION AUTHORIZATION regress_tip_asker;
SELECT tip.request_reidentification(:'person', 'curiosity', 'C-1', 'tip_again');
SELECT tip.request_reidentification(:'person', 'tracing', ' ', 'tip_again');
SELECT tip.request_reidentification(NULL, 'tracing', 'C-1', 'tip_again');
SELECT tip.request_reidentification(:'person', 'tracing', 'C-1', 'tip_again') AS request \gset
CALL tip.reidentify(:request);
SELECT tip.approve(:request);
SELECT tip_impl.open_identity(:request);
CALL tip.reidentify(NULL);

-- approving
RESET SESSION AUTHORIZATION;
SELECT tip.approve(:request);
GRANT EXECUTE ON FUNCTION tip.approve TO regress_tip_asker;
SET SESSION AUTHORIZATION regress_tip_asker;
SELECT tip.approve(:request);
RESET SESSION AUTHORIZATION;
REVOKE EXECUTE ON FUNCTION tip.approve FROM regress_tip_asker;
GRANT regress_tip_asker TO regress_tip_judge;
SET SESSION AUTHORIZATION regress_tip_judge;
SELECT tip.approve(:request);
RESET SESSION AUTHORIZATION;
REVOKE regress_tip_asker FROM regress_tip_judge;
GRANT regress_tip_judge TO regress_tip_asker;
SET SESSION AUTHORIZATION regress_tip_judge;
SELECT tip.approve(:request);
-- one who may act as the approver is none
SET SESSION AUTHORIZATION regress_tip_asker;
SET ROLE regress_tip_judge;
SELECT tip.approve(:request);
RESET SESSION AUTHORIZATION;
REVOKE regress_tip_judge FROM regress_tip_asker;
CREATE FUNCTION public.lend(request bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
AS 'SELECT tip.approve(request)';
ALTER FUNCTION public.lend(bigint) OWNER TO regress_tip_judge;
SET SESSION AUTHORIZATION regress_tip_guest;
SELECT public.lend(:request);
SET SESSION AUTHORIZATION regress_tip_judge;
SELECT tip.approve(1000000);
SELECT purpose, case_ref, requested_by FROM tip.reidentification_request;
SELECT tip.approve(:request);
SELECT tip.approve(:request);

-- neither half opens anything in one transaction, nor the CALL in a block
SET SESSION AUTHORIZATION regress_tip_asker;
BEGIN;
CALL tip.reidentify(:request);
ROLLBACK;
BEGIN;
SELECT tip_impl.begin_reidentification(:request);
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT tip_impl.open_identity(:request);
ROLLBACK TO s;
SAVEPOINT t;
SELECT tip_impl.begin_reidentification(:request);
ROLLBACK;
SELECT tip_impl.begin_reidentification(:request), tip_impl.open_identity(:request);
CALL tip.reidentify(:request) \; SELECT 1 AS after;
SELECT 1 AS before \; CALL tip.reidentify(:request);
DO $$ BEGIN PERFORM tip_impl.begin_reidentification(1); PERFORM tip_impl.open_identity(1); END $$;
SELECT tip_again.try(:request);
RESET SESSION AUTHORIZATION;
SELECT reidentified_at IS NULL AS unused FROM tip.reidentification_request WHERE id = :request;

-- who comes to have the name after the approval is not opened with it
INSERT INTO tip_again.victim (victim_id) VALUES ('00000000-0000-0000-0000-000000000002');
SELECT tip.identify('00000000-0000-0000-0000-000000000002', k, v, NULL, 'tip_again') IS NOT NULL AS kept
FROM (VALUES ('person_name', 'Ana María Pérez'), ('passport', 'X1234567')) AS r(k, v);

-- using it, once, by the one who asked
SET SESSION AUTHORIZATION regress_tip_judge;
CALL tip.reidentify(:request);
SET SESSION AUTHORIZATION regress_tip_asker;
CALL tip.reidentify(:request);
CALL tip.reidentify(:request);
SELECT tip_impl.open_identity(:request);
RESET SESSION AUTHORIZATION;
SELECT login, action, purpose, case_ref, pseudonym = :'person' AS of_the_person
FROM tip.ledger WHERE request = :request ORDER BY seq;
SELECT v.first_bad, v.problem
FROM (SELECT min(seq) AS first FROM tip.ledger WHERE request = :request) AS l,
	tip.verify_ledger(l.first) AS v;

-- a DO block may call it where nothing surrounds it
SET SESSION AUTHORIZATION regress_tip_asker;
SELECT tip.request_reidentification(:'person', 'tracing', 'C-2', 'tip_again') AS request \gset
SELECT tip.request_reidentification(:'person', 'tracing', 'C-3', 'tip_again') AS late \gset
SET SESSION AUTHORIZATION regress_tip_judge;
SELECT tip.approve(:request);
RESET SESSION AUTHORIZATION;
SELECT set_config('regress.request', :'request', false) IS NOT NULL AS set;
SET SESSION AUTHORIZATION regress_tip_asker;
DO $$
DECLARE
	identity jsonb;
BEGIN
	CALL tip.reidentify(current_setting('regress.request')::bigint, identity);
	RAISE NOTICE '% opened', jsonb_array_length(identity);
	ROLLBACK;
END $$;
-- a rollback takes nothing back
SELECT tip_impl.open_identity(:request);
RESET SESSION AUTHORIZATION;
SELECT action FROM tip.ledger WHERE request = :request ORDER BY seq;

-- too late
UPDATE tip.reidentification_request SET expires_at = now() - interval '1 second' WHERE id = :late;
SET SESSION AUTHORIZATION regress_tip_judge;
SELECT tip.approve(:late);

-- an edited seal hides no other one
RESET SESSION AUTHORIZATION;
UPDATE tip_again.identity AS i SET value = o.value FROM tip_again.identity AS o
WHERE i.kind = 'birth_date' AND o.name_type = 'street';
SET SESSION AUTHORIZATION regress_tip_asker;
SELECT tip.request_reidentification(:'person', 'court_order', 'C-4', 'tip_again') AS request \gset
SET SESSION AUTHORIZATION regress_tip_judge;
SELECT tip.approve(:request);
SET SESSION AUTHORIZATION regress_tip_asker;
CALL tip.reidentify(:request);
-- nobody has the pseudonym
SELECT tip.request_reidentification(:'nobody', 'court_order', 'C-5', 'tip_again') AS request \gset
SET SESSION AUTHORIZATION regress_tip_judge;
SELECT tip.approve(:request);
SET SESSION AUTHORIZATION regress_tip_asker;
CALL tip.reidentify(:request);

RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP FUNCTION public.lend(bigint);
DROP SCHEMA tip_again CASCADE;
DROP OWNED BY regress_tip_asker, regress_tip_judge, regress_tip_unit, regress_tip_guest;
DROP ROLE regress_tip_asker, regress_tip_judge, regress_tip_unit, regress_tip_guest;
