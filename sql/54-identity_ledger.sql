-- Budget and ledger: what is asked about people is counted and written down.

CREATE TABLE tip.purpose (
	name     text NOT NULL CONSTRAINT purpose_pkey PRIMARY KEY
		CONSTRAINT purpose_name CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
	title    text NOT NULL,
	is_local bool NOT NULL DEFAULT true
);
SELECT pg_catalog.pg_extension_config_dump('tip.purpose', 'WHERE is_local');
COMMENT ON TABLE tip.purpose IS
'purposes for which a person may be looked for, translated or re-identified';
COMMENT ON COLUMN tip.purpose.name IS 'purpose';
COMMENT ON COLUMN tip.purpose.title IS 'what it covers, in a sentence';
COMMENT ON COLUMN tip.purpose.is_local IS 'added here; false for shipped rows';
GRANT SELECT ON tip.purpose TO PUBLIC;
INSERT INTO tip.purpose (name, title, is_local) VALUES
	('victim_protection', 'To protect or assist the victim herself', false),
	('tracing', 'To find a missing person, or her family', false),
	('court_order', 'A court or a prosecutor has ordered it', false),
	('data_subject_request', 'The person has asked for her own data', false),
	('linkage_review', 'To decide whether two records are one person', false);

-- ---- budget ----

CREATE TABLE tip.budget (
	role_name name NOT NULL,
	action    text NOT NULL,
	per_hour  int8 NOT NULL CONSTRAINT budget_per_hour CHECK (per_hour >= 0),
	is_local  bool NOT NULL DEFAULT true,
	CONSTRAINT budget_pkey PRIMARY KEY (role_name, action, is_local)
);
SELECT pg_catalog.pg_extension_config_dump('tip.budget', 'WHERE is_local');
COMMENT ON TABLE tip.budget IS
'how often a login may do something about people in an hour; see tip.set_budget()';
COMMENT ON COLUMN tip.budget.role_name IS 'login, or public for everybody who has no row of her own';
COMMENT ON COLUMN tip.budget.action IS 'what is counted';
COMMENT ON COLUMN tip.budget.per_hour IS 'how many in each hour of the clock, UTC';
COMMENT ON COLUMN tip.budget.is_local IS 'set here, and then it counts; false for shipped rows';
-- A desk looks for some people an hour and records some hundred identifiers;
-- lists of guessed names take thousands.
INSERT INTO tip.budget (role_name, action, per_hour, is_local) VALUES
	('public', 'find_person', 20, false),
	('public', 'translate', 20, false),
	('public', 'pseudonymize', 1000, false);

CREATE TABLE tip_impl.budget_use (
	role_name name NOT NULL,
	action    text NOT NULL,
	hour      timestamptz NOT NULL,
	used      int8 NOT NULL,
	CONSTRAINT budget_use_pkey PRIMARY KEY (role_name, action, hour)
);
COMMENT ON TABLE tip_impl.budget_use IS 'what logins have drawn of their budgets';

CREATE FUNCTION tip_impl.budget_hour() RETURNS timestamptz
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN date_trunc('hour', clock_timestamp(), 'UTC');

CREATE FUNCTION tip_impl.budget_of(login name, wanted text) RETURNS int8
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT b.per_hour FROM tip.budget AS b
	WHERE b.action = wanted AND b.role_name IN (login, 'public')
	ORDER BY b.role_name = login DESC, b.is_local DESC LIMIT 1);

-- What is granted, at least what is needed; NULL if that is no longer there.
-- No draw takes more than a tenth of the budget beyond what is needed, so that
-- sessions of one login leave something to each other.
CREATE FUNCTION tip_impl.budget_draw(login text, wanted text, need int8, want int8)
RETURNS int8
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	this_hour timestamptz := budget_hour();
	budget int8 := coalesce(budget_of(login::name, wanted), 0);
	rest int8;
	granted int8;
BEGIN
	INSERT INTO tip_impl.budget_use AS u (role_name, action, hour, used)
	VALUES (login, wanted, this_hour, 0) ON CONFLICT DO NOTHING;
	IF FOUND THEN
		DELETE FROM tip_impl.budget_use AS u WHERE u.hour < this_hour - interval '2 days';
	END IF;
	SELECT budget - u.used INTO rest FROM tip_impl.budget_use AS u
	WHERE u.role_name = login AND u.action = wanted AND u.hour = this_hour FOR UPDATE;
	IF rest < need THEN
		RETURN NULL;
	END IF;
	granted := least(rest, greatest(need, least(want, budget / 10)));
	UPDATE tip_impl.budget_use AS u SET used = u.used + granted
	WHERE u.role_name = login AND u.action = wanted AND u.hour = this_hour;
	RETURN granted;
END
$$;

CREATE FUNCTION tip_impl.spend(action text, n int8) RETURNS void
AS 'MODULE_PATHNAME', 'tip_spend'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip_impl.spend(text, int8) IS
'charge the login''s budget of this hour, whatever becomes of the transaction';

CREATE FUNCTION tip.budget_state(OUT action text, OUT per_hour int8, OUT used int8)
RETURNS SETOF record
LANGUAGE sql VOLATILE SECURITY DEFINER PARALLEL RESTRICTED ROWS 3
SET search_path = pg_catalog, tip, tip_impl, pg_temp
BEGIN ATOMIC
	SELECT a.action, tip_impl.budget_of(session_user, a.action), coalesce(u.used, 0)
	FROM (SELECT DISTINCT b.action FROM tip.budget AS b) AS a
	LEFT JOIN tip_impl.budget_use AS u ON u.role_name = session_user
		AND u.action = a.action AND u.hour = tip_impl.budget_hour()
	ORDER BY a.action;
END;
COMMENT ON FUNCTION tip.budget_state() IS
'budgets of the login, and what its sessions have drawn of them in this hour';

CREATE FUNCTION tip.set_budget(grantee regrole, action text, per_hour int8) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	login name := coalesce(pg_get_userbyid(grantee), 'public');
BEGIN
	IF NOT EXISTS (SELECT FROM tip.budget AS b
	               WHERE b.action = set_budget.action AND NOT b.is_local) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'unknown action of a budget',
			HINT = 'See the table tip.budget.';
	END IF;
	DELETE FROM tip.budget AS b
	WHERE b.role_name = login AND b.action = set_budget.action AND b.is_local;
	INSERT INTO tip.budget (role_name, action, per_hour)
	SELECT login, set_budget.action, set_budget.per_hour
	WHERE set_budget.per_hour IS NOT NULL;
END
$$;
COMMENT ON FUNCTION tip.set_budget(regrole, text, int8) IS
'set the hourly budget of a login, or with NULL as grantee of everybody; NULL as budget takes it back';

-- ---- ledger ----

CREATE TABLE tip.ledger (
	seq           int8 NOT NULL CONSTRAINT ledger_pkey PRIMARY KEY,
	at            timestamptz NOT NULL,
	xact          xid8 NOT NULL,
	action        text NOT NULL,
	login         text NOT NULL,
	claimed_actor text,
	pseudonym     tip.pseudonym,
	victim_id     uuid,
	purpose       text,
	case_ref      text,
	request       int8,
	key_version   int4 NOT NULL,
	previous      bytea NOT NULL,
	mac           bytea NOT NULL
);
ALTER TABLE tip.ledger ALTER pseudonym SET STATISTICS 0, ALTER victim_id SET STATISTICS 0,
	ALTER case_ref SET STATISTICS 0, ALTER claimed_actor SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('tip.ledger', '');
COMMENT ON TABLE tip.ledger IS
'what was asked about people, and by whom; rows are appended, and each MAC covers the row before';
COMMENT ON COLUMN tip.ledger.seq IS 'number of the row, without a gap';
COMMENT ON COLUMN tip.ledger.at IS 'when it was written';
COMMENT ON COLUMN tip.ledger.xact IS
'transaction that wrote it; means nothing on a server to which the row was restored';
COMMENT ON COLUMN tip.ledger.action IS 'what was asked';
COMMENT ON COLUMN tip.ledger.login IS 'login that asked (session_user)';
COMMENT ON COLUMN tip.ledger.claimed_actor IS
'whom the application says it asked for (setting tip_module.actor): a claim';
COMMENT ON COLUMN tip.ledger.pseudonym IS 'pseudonym that it was about';
COMMENT ON COLUMN tip.ledger.victim_id IS 'victim that it was about';
COMMENT ON COLUMN tip.ledger.purpose IS 'purpose, as in tip.purpose';
COMMENT ON COLUMN tip.ledger.case_ref IS 'case or order that it was asked for';
COMMENT ON COLUMN tip.ledger.request IS 'request for re-identification that it belongs to';
COMMENT ON COLUMN tip.ledger.key_version IS 'version of the key of the MAC';
COMMENT ON COLUMN tip.ledger.previous IS 'MAC of the row before; zeros in the first';
COMMENT ON COLUMN tip.ledger.mac IS 'HMAC-SHA-256 over the row and the MAC before';

CREATE FUNCTION tip_impl.ledger_refuse() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM tip_impl.refuse('55000', 'the ledger is appended to, never changed',
		'Write another row that corrects it.');
	RETURN NULL;
END
$$;
CREATE TRIGGER "~tip_ledger_rows" BEFORE UPDATE OR DELETE ON tip.ledger
	FOR EACH ROW EXECUTE FUNCTION tip_impl.ledger_refuse();
CREATE TRIGGER "~tip_ledger_all" BEFORE TRUNCATE ON tip.ledger
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.ledger_refuse();
ALTER TABLE tip.ledger ENABLE ALWAYS TRIGGER "~tip_ledger_rows";
ALTER TABLE tip.ledger ENABLE ALWAYS TRIGGER "~tip_ledger_all";

CREATE FUNCTION tip_impl.ledger_write(login text, actor text, action text,
	pseudonym tip.pseudonym, victim uuid, purpose text, case_ref text, request int8)
RETURNS int8
AS 'MODULE_PATHNAME', 'tip_ledger_write'
LANGUAGE C VOLATILE;
CREATE FUNCTION tip_impl.ledger_append(action text,
	pseudonym tip.pseudonym, victim uuid, purpose text, case_ref text, request int8)
RETURNS int8
AS 'MODULE_PATHNAME', 'tip_ledger_append'
LANGUAGE C VOLATILE;
COMMENT ON FUNCTION tip_impl.ledger_append(text, tip.pseudonym, uuid, text, text, int8) IS
'append to the ledger in this transaction; its number';
CREATE FUNCTION tip_impl.ledger_append_apart(action text,
	pseudonym tip.pseudonym, victim uuid, purpose text, case_ref text, request int8)
RETURNS int8
AS 'MODULE_PATHNAME', 'tip_ledger_append_apart'
LANGUAGE C VOLATILE;
COMMENT ON FUNCTION tip_impl.ledger_append_apart(text, tip.pseudonym, uuid, text, text, int8) IS
'append to the ledger in a transaction of its own, committed when this returns; its number';

-- Nothing is written of what the budget refuses.
CREATE FUNCTION tip_impl.charge_and_note(login text, actor text, action text,
	pseudonym tip.pseudonym, victim uuid, purpose text, case_ref text, request int8)
RETURNS int8
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
BEGIN
	IF budget_draw(login, action, 1, 1) IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN ledger_write(login, actor, action, pseudonym, victim, purpose, case_ref, request);
END
$$;

CREATE FUNCTION tip_impl.ledger_check(l tip.ledger) RETURNS text
AS 'MODULE_PATHNAME', 'tip_ledger_check'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

CREATE FUNCTION tip.ledger_head(OUT seq int8, OUT mac text, OUT at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, tip, tip_impl, pg_temp
BEGIN ATOMIC
	SELECT l.seq, encode(l.mac, 'hex'), l.at FROM tip.ledger AS l ORDER BY l.seq DESC LIMIT 1;
END;
COMMENT ON FUNCTION tip.ledger_head() IS
'newest row of the ledger, to be kept where nobody of this server can change it';

CREATE FUNCTION tip_impl.ledger_anchor(anchor_seq int8, anchor_mac text,
	OUT first_bad int8, OUT problem text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found_mac text := (SELECT encode(l.mac, 'hex') FROM tip.ledger AS l WHERE l.seq = anchor_seq);
BEGIN
	IF found_mac IS NULL THEN
		first_bad := (SELECT coalesce(max(l.seq), 0) + 1 FROM tip.ledger AS l);
		problem := 'rows that the anchor knows are missing';
	ELSIF found_mac <> lower(anchor_mac) THEN
		first_bad := anchor_seq;
		problem := 'the row is not the one that was anchored';
	END IF;
END
$$;

CREATE FUNCTION tip.verify_ledger(since int8 DEFAULT NULL, anchor_seq int8 DEFAULT NULL,
	anchor_mac text DEFAULT NULL, OUT checked int8, OUT first_bad int8, OUT problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	l tip.ledger;
	expected int8 := greatest(coalesce(since, 1), 1);
	before bytea := decode(repeat('00', 32), 'hex');
	unreadable int8;
	verdict text;
BEGIN
	checked := 0;
	IF (anchor_seq IS NULL) <> (anchor_mac IS NULL) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'an anchor is a number and a MAC',
			HINT = 'Give both, as tip.ledger_head() has told them.';
	END IF;
	IF expected > 1 THEN
		before := (SELECT p.mac FROM tip.ledger AS p WHERE p.seq = expected - 1);
	END IF;
	FOR l IN SELECT t.* FROM tip.ledger AS t WHERE t.seq >= coalesce(since, t.seq) ORDER BY t.seq LOOP
		verdict := tip_impl.ledger_check(l);
		problem := CASE
			WHEN l.seq > expected THEN 'rows are missing'
			WHEN l.seq < expected THEN 'row is numbered below the first'
			WHEN l.previous IS DISTINCT FROM before THEN 'row does not follow the one before'
			WHEN verdict = 'edited' THEN 'row was changed, or not written by the ledger' END;
		IF problem IS NOT NULL THEN
			first_bad := least(l.seq, expected);
			RETURN;
		END IF;
		IF verdict = 'not_verifiable' THEN
			unreadable := coalesce(unreadable, l.seq);
		ELSE
			checked := checked + 1;
		END IF;
		before := l.mac;
		expected := l.seq + 1;
	END LOOP;
	IF anchor_seq IS NOT NULL THEN
		SELECT a.first_bad, a.problem INTO first_bad, problem
		FROM tip_impl.ledger_anchor(anchor_seq, anchor_mac) AS a;
	END IF;
	IF problem IS NULL AND unreadable IS NOT NULL THEN
		problem := format('not_verifiable from row %s on: the key ring lacks the version of its key', unreadable);
	END IF;
END
$$;
COMMENT ON FUNCTION tip.verify_ledger(int8, int8, text) IS
'recompute the chain of the ledger: rows that are right, and the first that is not; not_verifiable where a key is lacking';

-- ---- who asks for which agency ----

CREATE TABLE tip.agency_member (
	role_name name NOT NULL CONSTRAINT agency_member_pkey PRIMARY KEY,
	agency    uuid NOT NULL,
	is_local  bool NOT NULL DEFAULT true
);
SELECT pg_catalog.pg_extension_config_dump('tip.agency_member', 'WHERE is_local');
COMMENT ON TABLE tip.agency_member IS
'agency that a login asks for; see tip.set_agency()';
COMMENT ON COLUMN tip.agency_member.role_name IS 'login (session_user)';
COMMENT ON COLUMN tip.agency_member.agency IS 'its reporting_entity_id';
COMMENT ON COLUMN tip.agency_member.is_local IS 'true: no row is shipped';

CREATE FUNCTION tip.set_agency(role regrole, agency uuid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
BEGIN
	DELETE FROM tip.agency_member AS a WHERE a.role_name = pg_get_userbyid(role);
	INSERT INTO tip.agency_member (role_name, agency)
	SELECT pg_get_userbyid(role), set_agency.agency
	WHERE set_agency.agency IS NOT NULL AND role IS NOT NULL;
END
$$;
COMMENT ON FUNCTION tip.set_agency(regrole, uuid) IS
'say for which agency (reporting_entity_id) a login asks; NULL for none';

-- ---- questions ----

CREATE FUNCTION tip.find_person(kind text, value text, purpose text,
	schema name DEFAULT 'tip_data', OUT victim_id uuid, OUT answer text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_find_person'
LANGUAGE C VOLATILE SECURITY DEFINER PARALLEL UNSAFE ROWS 1
SET search_path = pg_catalog, tip, tip_impl, pg_temp;
COMMENT ON FUNCTION tip.find_person(text, text, text, name) IS
'victims of the login''s agency with this identifier, and whether another unit knows one; budgeted and in the ledger';

CREATE FUNCTION tip.translate_pseudonym(p tip.pseudonym, to_domain text, purpose text,
	case_ref text, schema name DEFAULT 'tip_data')
RETURNS tip.pseudonym
AS 'MODULE_PATHNAME', 'tip_translate_pseudonym'
LANGUAGE C VOLATILE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp;
COMMENT ON FUNCTION tip.translate_pseudonym(tip.pseudonym, text, text, text, name) IS
'pseudonym of the same identifier in another domain, or NULL; budgeted and in the ledger';

REVOKE EXECUTE ON FUNCTION
	tip_impl.budget_hour(), tip_impl.budget_of(name, text),
	tip_impl.budget_draw(text, text, int8, int8), tip_impl.spend(text, int8),
	tip_impl.charge_and_note(text, text, text, tip.pseudonym, uuid, text, text, int8),
	tip_impl.ledger_write(text, text, text, tip.pseudonym, uuid, text, text, int8),
	tip_impl.ledger_append(text, tip.pseudonym, uuid, text, text, int8),
	tip_impl.ledger_append_apart(text, tip.pseudonym, uuid, text, text, int8),
	tip_impl.ledger_check(tip.ledger), tip_impl.ledger_anchor(int8, text),
	tip_impl.ledger_refuse()
FROM PUBLIC;
