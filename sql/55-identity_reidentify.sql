-- Re-identification: one login asks, another approves, and the ledger is
-- committed before a seal opens.

CREATE TABLE tip.reidentification_request (
	id bigint GENERATED ALWAYS AS IDENTITY
		CONSTRAINT reidentification_request_pkey PRIMARY KEY,
	pseudonym tip.pseudonym NOT NULL,
	schema_name name NOT NULL,
	purpose text NOT NULL,
	case_ref text NOT NULL,
	requested_by name NOT NULL,
	requester oid NOT NULL,
	claimed_actor text,
	requested_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	approved_by name,
	approved_at timestamptz,
	victims uuid[],
	reidentified_at timestamptz,
	xact xid8,
	session_mark text,
	opened_at timestamptz
);
ALTER TABLE tip.reidentification_request ALTER pseudonym SET STATISTICS 0,
	ALTER case_ref SET STATISTICS 0, ALTER claimed_actor SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('tip.reidentification_request', '');
SELECT pg_catalog.pg_extension_config_dump('tip.reidentification_request_id_seq', '');
COMMENT ON TABLE tip.reidentification_request IS
'who asked to name a person, and who approved it; written by the functions alone';
COMMENT ON COLUMN tip.reidentification_request.id IS 'number of the request';
COMMENT ON COLUMN tip.reidentification_request.pseudonym IS 'pseudonym of the person';
COMMENT ON COLUMN tip.reidentification_request.schema_name IS 'schema of the model that holds the seals';
COMMENT ON COLUMN tip.reidentification_request.purpose IS 'purpose, as in tip.purpose';
COMMENT ON COLUMN tip.reidentification_request.case_ref IS 'case or order that it is for';
COMMENT ON COLUMN tip.reidentification_request.requested_by IS 'login that asked (session_user)';
COMMENT ON COLUMN tip.reidentification_request.requester IS
'OID of the login that asked, since another may come to have its name; of no login where it was restored';
COMMENT ON COLUMN tip.reidentification_request.claimed_actor IS
'whom the application says it asked for (setting tip_module.actor): a claim';
COMMENT ON COLUMN tip.reidentification_request.requested_at IS 'when it was asked';
COMMENT ON COLUMN tip.reidentification_request.expires_at IS 'until when it can be approved and used';
COMMENT ON COLUMN tip.reidentification_request.approved_by IS 'login that approved (session_user)';
COMMENT ON COLUMN tip.reidentification_request.approved_at IS 'when it was approved';
COMMENT ON COLUMN tip.reidentification_request.victims IS
'who had the pseudonym when it was approved: nobody else is named';
COMMENT ON COLUMN tip.reidentification_request.reidentified_at IS 'when it was used; it is used once';
COMMENT ON COLUMN tip.reidentification_request.xact IS 'transaction that it was used in';
COMMENT ON COLUMN tip.reidentification_request.session_mark IS 'session that it was used in';
COMMENT ON COLUMN tip.reidentification_request.opened_at IS 'when the seals were opened';

CREATE FUNCTION tip_impl.refuse_transaction() RETURNS void
AS 'MODULE_PATHNAME', 'tip_refuse_transaction'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
CREATE FUNCTION tip_impl.session_mark() RETURNS text
AS 'MODULE_PATHNAME', 'tip_session_mark'
LANGUAGE C STABLE PARALLEL UNSAFE;
CREATE FUNCTION tip_impl.expect_opening(request bigint) RETURNS void
AS 'MODULE_PATHNAME', 'tip_expect_opening'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
CREATE FUNCTION tip_impl.take_opening(request bigint) RETURNS boolean
AS 'MODULE_PATHNAME', 'tip_take_opening'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

CREATE FUNCTION tip_impl.login_oid() RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = session_user);

CREATE FUNCTION tip.request_reidentification(pseudonym tip.pseudonym, purpose text,
	case_ref text, schema name DEFAULT 'tip_data') RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	request bigint;
	now timestamptz := clock_timestamp();
BEGIN
	IF pseudonym IS NULL OR schema IS NULL OR coalesce(case_ref, '') !~ '\S'
	   OR length(case_ref) > 200 THEN
		PERFORM tip_impl.refuse('22023', 'a request names a pseudonym, a purpose and a case',
			'The reference of the case has 1 to 200 characters.');
	ELSIF NOT EXISTS (SELECT FROM tip.purpose AS p WHERE p.name = request_reidentification.purpose) THEN
		PERFORM tip_impl.refuse('22023', 'unknown purpose', 'See the table tip.purpose.');
	END IF;
	-- Whether anybody has the pseudonym is not told.
	INSERT INTO tip.reidentification_request AS r
		(pseudonym, schema_name, purpose, case_ref, requested_by, requester, claimed_actor,
		 requested_at, expires_at)
	VALUES (request_reidentification.pseudonym, request_reidentification.schema,
		request_reidentification.purpose, request_reidentification.case_ref, session_user, tip_impl.login_oid(),
		left(nullif(current_setting('tip_module.actor', true), ''), 200),
		now, now + interval '24 hours')
	RETURNING r.id INTO request;
	-- Apart, so that nobody holds up the ledger until a transaction ends.
	PERFORM tip_impl.ledger_append_apart('request', pseudonym, NULL, purpose, case_ref, request);
	RETURN request;
END
$$;
COMMENT ON FUNCTION tip.request_reidentification(tip.pseudonym, text, text, name) IS
'ask for the name behind a pseudonym; number of the request, which another login approves within a day';

-- Locked, so that of two sessions one comes first.
CREATE FUNCTION tip_impl.open_request(request bigint)
RETURNS tip.reidentification_request
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	r tip.reidentification_request;
BEGIN
	SELECT * INTO r FROM tip.reidentification_request AS q WHERE q.id = request FOR UPDATE;
	IF r.id IS NULL THEN
		PERFORM tip_impl.refuse('22023', 'there is no such request',
			'Give what tip.request_reidentification() returned.');
	ELSIF r.expires_at <= clock_timestamp() THEN
		PERFORM tip_impl.refuse('55000', 'the request has expired', 'Ask again.');
	END IF;
	RETURN r;
END
$$;

CREATE FUNCTION tip.approve(request bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	r tip.reidentification_request := tip_impl.open_request(request);
BEGIN
	IF NOT has_function_privilege(session_user, 'tip.approve(bigint)', 'EXECUTE') THEN
		PERFORM tip_impl.refuse('42501', 'this login may not approve',
			'tip.grant_approver() lets it.');
	ELSIF r.requested_by = session_user OR r.requester = tip_impl.login_oid() THEN
		PERFORM tip_impl.refuse('42501', 'a request is approved by another login than asked',
			'Let a colleague with the grant of an approver log in.');
	ELSIF NOT EXISTS (SELECT FROM pg_roles AS o
	                  WHERE o.oid = r.requester AND o.rolname = r.requested_by)
	      OR pg_has_role(session_user, r.requester, 'MEMBER')
	      OR pg_has_role(r.requester, session_user, 'MEMBER') THEN
		PERFORM tip_impl.refuse('42501',
			'a request is approved by a login that is not of the role that asked, nor it of its own',
			'A superuser is a member of every role, and neither asks nor approves.');
	ELSIF r.approved_at IS NOT NULL THEN
		PERFORM tip_impl.refuse('55000', 'the request is approved already',
			'The login that asked may use it once.');
	END IF;
	-- A victim who is given the approved name afterwards is not opened with it.
	UPDATE tip.reidentification_request AS q
	SET approved_by = session_user, approved_at = clock_timestamp(),
	    victims = tip_impl.identity_victims(r.pseudonym, r.schema_name)
	WHERE q.id = request;
	PERFORM tip_impl.ledger_append_apart('approve', r.pseudonym, NULL, r.purpose, r.case_ref, request);
END
$$;
COMMENT ON FUNCTION tip.approve(bigint) IS
'approve a request for re-identification, as another login than the one that asked';

-- Whether the ledger says so, in a row that nobody has edited: what stands in
-- the request alone may be written by whoever may write all tables.
CREATE FUNCTION tip_impl.is_in_ledger(request bigint, wanted text, by_login name, since timestamptz)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM tip.ledger AS l
	WHERE l.request = is_in_ledger.request AND l.action = wanted AND l.login = by_login
	AND l.at >= since AND tip_impl.ledger_check(l) IS NULL);

-- The first half of tip.reidentify(): evidence.
CREATE FUNCTION tip_impl.begin_reidentification(request bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	r tip.reidentification_request;
BEGIN
	PERFORM tip_impl.refuse_transaction();
	r := tip_impl.open_request(request);
	IF r.requested_by <> session_user OR r.requester <> tip_impl.login_oid()
	   OR NOT has_function_privilege(session_user, 'tip.request_reidentification(tip.pseudonym,text,text,name)', 'EXECUTE') THEN
		PERFORM tip_impl.refuse('42501', 'a request is used by the login that asked',
			'Ask with tip.request_reidentification().');
	ELSIF r.approved_at IS NULL OR r.approved_by = session_user OR NOT
	      tip_impl.is_in_ledger(request, 'approve', r.approved_by, r.requested_at) THEN
		PERFORM tip_impl.refuse('55000', 'the request is not approved',
			'Another login approves it with tip.approve().');
	ELSIF r.reidentified_at IS NOT NULL THEN
		PERFORM tip_impl.refuse('55000', 'the request is used already', 'Ask again.');
	END IF;
	UPDATE tip.reidentification_request AS q
	SET reidentified_at = clock_timestamp(), xact = pg_current_xact_id(),
	    session_mark = tip_impl.session_mark()
	WHERE q.id = request;
	-- Apart: the statement that calls this may go on for hours.
	PERFORM tip_impl.ledger_append_apart('reidentify', r.pseudonym, NULL, r.purpose, r.case_ref, request);
	PERFORM tip_impl.expect_opening(request);
END
$$;

-- The second half: only in the session that has committed the first one.  A
-- row that this transaction wrote is in progress until it ends.
CREATE FUNCTION tip_impl.open_identity(request bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	r tip.reidentification_request;
BEGIN
	SELECT * INTO r FROM tip.reidentification_request AS q WHERE q.id = request FOR UPDATE;
	IF r.requested_by IS DISTINCT FROM session_user
	   OR r.requester IS DISTINCT FROM tip_impl.login_oid() OR r.approved_at IS NULL
	   OR r.opened_at IS NOT NULL OR r.xact IS NULL
	   OR r.session_mark IS DISTINCT FROM tip_impl.session_mark()
	   OR pg_xact_status(r.xact) IS DISTINCT FROM 'committed'
	   OR r.xact = pg_current_xact_id()
	   OR NOT tip_impl.is_in_ledger(request, 'reidentify', session_user, r.approved_at)
	   OR NOT tip_impl.take_opening(request) THEN
		PERFORM tip_impl.refuse('55000', 'a seal opens only after its ledger row is committed',
			'CALL tip.reidentify().');
	END IF;
	UPDATE tip.reidentification_request AS q
	SET opened_at = clock_timestamp() WHERE q.id = request;
	RETURN tip_impl.identity_open(r.pseudonym, r.schema_name, r.victims);
END
$$;

-- Neither a definer nor a procedure with settings could commit; hence it is
-- its caller who runs this, and no operator is looked up.
CREATE PROCEDURE tip.reidentify(request bigint, INOUT identity jsonb DEFAULT NULL)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM tip_impl.refuse_transaction();
	PERFORM tip_impl.begin_reidentification(request);
	COMMIT;
	identity := tip_impl.open_identity(request);
END
$$;
COMMENT ON PROCEDURE tip.reidentify(bigint, jsonb) IS
'write an approved request into the ledger, commit, and open what is sealed of the person';

CREATE FUNCTION tip.grant_reidentifier(grantee regrole) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
BEGIN
	EXECUTE format('GRANT EXECUTE ON ROUTINE '
		'tip.request_reidentification(tip.pseudonym, text, text, name), '
		'tip.reidentify(bigint, jsonb), tip_impl.begin_reidentification(bigint), '
		'tip_impl.open_identity(bigint) TO %s', grantee);
END
$$;
COMMENT ON FUNCTION tip.grant_reidentifier(regrole) IS
'let a login ask for the names behind pseudonyms, and see them when another has approved';

CREATE FUNCTION tip.grant_approver(grantee regrole) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
BEGIN
	EXECUTE format('GRANT SELECT ON tip.reidentification_request TO %s', grantee);
	EXECUTE format('GRANT EXECUTE ON FUNCTION tip.approve(bigint) TO %s', grantee);
END
$$;
COMMENT ON FUNCTION tip.grant_approver(regrole) IS
'let a login read and approve requests for re-identification of others';

REVOKE EXECUTE ON FUNCTION tip_impl.session_mark(), tip_impl.expect_opening(bigint), tip_impl.take_opening(bigint),
	tip_impl.login_oid(), tip_impl.is_in_ledger(bigint, text, name, timestamptz), tip_impl.open_request(bigint), tip_impl.begin_reidentification(bigint),
	tip_impl.open_identity(bigint) FROM PUBLIC;
