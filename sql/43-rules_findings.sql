-- Findings, excuses and the numbers of rule sets: what is kept of a judgement.

-- RAISE would have the log print the statement, and the reason of an excuse.
CREATE FUNCTION tip_impl.refuse(sqlstate text, message text, hint text DEFAULT '')
RETURNS void
AS 'MODULE_PATHNAME', 'tip_refuse'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

CREATE TABLE tip.ruleset (
	number     int NOT NULL CONSTRAINT ruleset_pkey PRIMARY KEY,
	changed_on timestamptz,
	changed_by text NOT NULL,
	rules      int NOT NULL,
	overrides  int NOT NULL,
	digest     text NOT NULL
);
COMMENT ON TABLE tip.ruleset IS
'every state that the catalogue of rules has had here; a record says by which it was judged';
COMMENT ON COLUMN tip.ruleset.number IS 'number, rising';
COMMENT ON COLUMN tip.ruleset.changed_on IS 'when the catalogue came to this state; empty: as shipped';
COMMENT ON COLUMN tip.ruleset.changed_by IS 'who changed it';
COMMENT ON COLUMN tip.ruleset.rules IS 'number of rules';
COMMENT ON COLUMN tip.ruleset.overrides IS 'number of overrides';
COMMENT ON COLUMN tip.ruleset.digest IS
'SHA-256 of rules, overrides and stages; equal digests are equal catalogues';
SELECT pg_catalog.pg_extension_config_dump('tip.ruleset', 'WHERE number > 1');

CREATE FUNCTION tip_impl.ruleset_digest() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
RETURN (SELECT encode(sha256(convert_to(coalesce(string_agg(x.line, E'\n' ORDER BY x.line COLLATE "C"), ''), 'UTF8')), 'hex')
	FROM (SELECT to_jsonb(r)::text AS line FROM tip.rule AS r
	      UNION ALL SELECT to_jsonb(o)::text FROM tip.rule_override AS o
	      UNION ALL SELECT to_jsonb(s)::text FROM tip_impl.rule_stage AS s) AS x);

-- One number a transaction: a rule and its override come together.
CREATE FUNCTION tip_impl.number_ruleset() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	last tip.ruleset;
	digest text;
BEGIN
	LOCK TABLE tip.ruleset IN SHARE ROW EXCLUSIVE MODE;
	digest := tip_impl.ruleset_digest();
	SELECT * INTO last FROM tip.ruleset AS s ORDER BY s.number DESC LIMIT 1;
	IF last.digest = digest THEN
		RETURN NULL;
	END IF;
	IF last.changed_on = transaction_timestamp() AND last.number > 1 THEN
		DELETE FROM tip.ruleset AS s WHERE s.number = last.number;
		last.number := last.number - 1;
	END IF;
	INSERT INTO tip.ruleset
	VALUES (coalesce(last.number, 0) + 1, transaction_timestamp(), session_user,
		(SELECT count(*) FROM tip.rule), (SELECT count(*) FROM tip.rule_override), digest);
	RETURN NULL;
END
$$;

-- A restore brings the rules first, which are numbered anew, and then the
-- numbers that they had: those count.
CREATE FUNCTION tip_impl.replace_ruleset() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	DELETE FROM tip.ruleset AS s
	WHERE s.number > 1 AND s.number >= NEW.number
	  AND (s.changed_on = transaction_timestamp() OR s.xmin <> pg_current_xact_id()::xid);
	RETURN NEW;
END
$$;
CREATE TRIGGER "~tip_replace_ruleset" BEFORE INSERT ON tip.ruleset
	FOR EACH ROW EXECUTE FUNCTION tip_impl.replace_ruleset();
CREATE TRIGGER "~tip_rules_changed" AFTER INSERT OR UPDATE OR DELETE ON tip.ruleset
	FOR EACH ROW EXECUTE FUNCTION tip_impl.rules_changed();
CREATE TRIGGER "~tip_rules_emptied" AFTER TRUNCATE ON tip.ruleset
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.rules_changed();
ALTER TABLE tip.ruleset ENABLE ALWAYS TRIGGER "~tip_rules_changed";
ALTER TABLE tip.ruleset ENABLE ALWAYS TRIGGER "~tip_rules_emptied";

-- No key: a restore may bring an override before its rule.
CREATE FUNCTION tip_impl.check_override() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tip.rule AS r WHERE r.id = NEW.rule) THEN
		RAISE NOTICE USING
			MESSAGE = format('there is no rule "%s" to override', NEW.rule),
			HINT = 'The rules are in tip.rule.';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER "~tip_check_override" BEFORE INSERT OR UPDATE ON tip.rule_override
	FOR EACH ROW EXECUTE FUNCTION tip_impl.check_override();

CREATE TRIGGER "~tip_ruleset"
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tip.rule
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.number_ruleset();
CREATE TRIGGER "~tip_ruleset"
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tip.rule_override
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.number_ruleset();

-- From here on rules are written by users, and looked at when they are.
CREATE FUNCTION tip_impl.author_rule() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_author_rule'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
CREATE TRIGGER "~tip_author" BEFORE INSERT OR UPDATE OR DELETE ON tip.rule
	FOR EACH ROW EXECUTE FUNCTION tip_impl.author_rule();
CREATE TRIGGER "~tip_author_all" BEFORE TRUNCATE ON tip.rule
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.author_rule();

INSERT INTO tip.ruleset
SELECT 1, NULL, 'tip_module 1.0.0', (SELECT count(*) FROM tip.rule),
	(SELECT count(*) FROM tip.rule_override), tip_impl.ruleset_digest();

CREATE FUNCTION tip.current_ruleset() RETURNS int
AS 'MODULE_PATHNAME', 'tip_current_ruleset'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip.current_ruleset() IS
'number of the rule set that applies now, see tip.ruleset';

-- The stamp of the last judgement, in every table that has rules.
INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment)
SELECT t.name, 90, 'checked_ruleset', 'int DEFAULT tip.current_ruleset()', NULL, NULL,
	'Rule set by which the record was last judged (tip.ruleset); not for applications'
FROM tip_impl.model_table AS t;

CREATE FUNCTION tip_impl.findings_begin() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_findings_begin'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
CREATE FUNCTION tip_impl.findings_end() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_findings_end'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- Whoever excuses cannot say that somebody else did, nor take it back.
CREATE FUNCTION tip_impl.stamp_excuse() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN
		PERFORM tip_impl.refuse('42501', 'excuses are only added',
			'A later excuse for the same rule and record replaces the earlier one; let it end yesterday to end it.');
	END IF;
	NEW.who := session_user;
	NEW.acting_as := current_user;
	NEW.decided_on := clock_timestamp();
	RETURN NEW;
END
$$;

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl)
SELECT 120 + t.ordinal, 'rules', t.name || ' ~tip_findings', 'trigger',
	pg_catalog.format('CREATE TRIGGER "~tip_findings_begin" BEFORE INSERT OR UPDATE OR DELETE ON %%1$I.%1$I
		FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.findings_begin();
	  CREATE TRIGGER "~tip_findings_end" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %%1$I.%1$I
		FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.findings_end()', t.name)
FROM tip_impl.model_table AS t;

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl) VALUES
	(171, 'rules', 'finding', 'table',
	 'CREATE TABLE %1$I.finding (
		entity text, record text, rule text,
		severity text, outcome text, columns text[],
		ruleset int, found_on timestamptz DEFAULT current_timestamp,
		PRIMARY KEY (record, entity, rule));
	  CREATE INDEX finding_rule_idx ON %1$I.finding (rule);
	  COMMENT ON TABLE %1$I.finding IS
		''what rules found about records that are stored: warnings, drafts, excused, not evaluable; no values'';
	  COMMENT ON COLUMN %1$I.finding.entity IS ''table of the record, or view of facts of a case'';
	  COMMENT ON COLUMN %1$I.finding.record IS ''surrogate key of the record, or of the event'';
	  COMMENT ON COLUMN %1$I.finding.rule IS ''rule (tip.rule)'';
	  COMMENT ON COLUMN %1$I.finding.severity IS ''error or warning'';
	  COMMENT ON COLUMN %1$I.finding.outcome IS ''failed, not_evaluable or excused'';
	  COMMENT ON COLUMN %1$I.finding.columns IS ''columns at fault'';
	  COMMENT ON COLUMN %1$I.finding.ruleset IS ''rule set that found it (tip.ruleset)'';
	  COMMENT ON COLUMN %1$I.finding.found_on IS ''when'''),
	(172, 'rules', 'excuse', 'table',
	 'CREATE TABLE %1$I.excuse (
		rule text, record text, reason text,
		until date, who text, acting_as text,
		decided_on timestamptz,
		PRIMARY KEY (record, rule, decided_on));
	  CREATE TRIGGER "~tip_stamp_excuse" BEFORE INSERT OR UPDATE OR DELETE ON %1$I.excuse
		FOR EACH ROW EXECUTE FUNCTION tip_impl.stamp_excuse();
	  COMMENT ON TABLE %1$I.excuse IS
		''records that are excused from a rule: who decided it, why, until when; rows are only added'';
	  COMMENT ON COLUMN %1$I.excuse.rule IS ''rule (tip.rule)'';
	  COMMENT ON COLUMN %1$I.excuse.record IS ''surrogate key of the record, or of the event for a rule about a case'';
	  COMMENT ON COLUMN %1$I.excuse.reason IS ''why; no names'';
	  COMMENT ON COLUMN %1$I.excuse.until IS ''last day; empty: for good'';
	  COMMENT ON COLUMN %1$I.excuse.who IS ''login that decided it'';
	  COMMENT ON COLUMN %1$I.excuse.acting_as IS ''role it acted as'';
	  COMMENT ON COLUMN %1$I.excuse.decided_on IS ''when; the latest decision counts''');

-- The findings about the record change with the excuse.
CREATE FUNCTION tip_impl.excuse(rule text, record text, reason text, until date DEFAULT NULL,
	schema name DEFAULT 'tip_data')
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	active bool := excuse.until IS NULL OR excuse.until >= current_date;
	excuses regclass := to_regclass(format('%I.excuse', schema));
BEGIN
	IF excuses IS NULL THEN
		PERFORM tip_impl.refuse('42P01', format('schema "%s" has no table "excuse"', schema));
	ELSIF NOT has_table_privilege(excuses, 'INSERT') THEN
		PERFORM tip_impl.refuse('42501', 'permission denied to excuse a record');
	ELSIF excuse.rule IS NULL OR excuse.record IS NULL OR coalesce(excuse.reason, '') !~ '\S' THEN
		PERFORM tip_impl.refuse('22023', 'an excuse names a rule, a record and a reason');
	END IF;
	IF excuse.rule <> 'TYPE' AND NOT EXISTS (SELECT FROM tip.rule AS r WHERE r.id = excuse.rule) THEN
		PERFORM tip_impl.refuse('42704', format('there is no rule "%s"', excuse.rule),
			'The rules are in tip.rule.');
	END IF;
	EXECUTE format('INSERT INTO %I.excuse (rule, record, reason, until) VALUES ($1, $2, $3, $4)',
		schema) USING excuse.rule, excuse.record, excuse.reason, excuse.until;
	EXECUTE format('UPDATE %I.finding AS f SET outcome = CASE WHEN $3 THEN ''excused'' ELSE ''failed'' END
		WHERE f.rule = $1 AND f.record = $2 AND f.outcome = CASE WHEN $3 THEN ''failed'' ELSE ''excused'' END',
		schema) USING excuse.rule, excuse.record, active;
END
$$;
CREATE FUNCTION tip.excuse(rule text, record uuid, reason text, until date DEFAULT NULL,
	schema name DEFAULT 'tip_data')
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM tip_impl.excuse(rule, record::text, reason, until, schema);
END
$$;
COMMENT ON FUNCTION tip.excuse(text, uuid, text, date, name) IS
'excuse one record, or for a rule at commit one event, from a rule; recorded with who and when';

CREATE FUNCTION tip.save(
	entity text, record jsonb, schema name DEFAULT 'tip_data',
	OUT id uuid, OUT findings jsonb)
RETURNS record
AS 'MODULE_PATHNAME', 'tip_save'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.save(text, jsonb, name) IS
'insert a record, or change what is given of a stored one; its key, or none if the rules refuse it, and all findings';

-- Judging a row: in workers if no rule can raise, else here.
CREATE FUNCTION tip_impl.has_findings(tuple record, entity text) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_has_findings'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 50;
CREATE FUNCTION tip_impl.has_findings_guarded(tuple record, entity text) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_has_findings'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;
CREATE FUNCTION tip_impl.findings_of(tuple record, entity text)
RETURNS TABLE (rule text, severity text, outcome text, columns text[],
               message text, hint text)
AS 'MODULE_PATHNAME', 'tip_findings_of'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 4;
CREATE FUNCTION tip_impl.findings_of_guarded(tuple record, entity text)
RETURNS TABLE (rule text, severity text, outcome text, columns text[],
               message text, hint text)
AS 'MODULE_PATHNAME', 'tip_findings_of'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 5000 ROWS 4;
CREATE FUNCTION tip_impl.is_total(tbl regclass, entity text) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_is_total'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- How the quick answer is got: tests, those of them that call a function, and
-- those that are left to core's executor; NULL if it answers all of them.
CREATE FUNCTION tip_impl.quick_answer(
	tbl regclass, entity text,
	OUT tests int, OUT calls int, OUT expressions int)
AS 'MODULE_PATHNAME', 'tip_quick_answer'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

-- How a row is told apart: by the model's key, else by its primary key.
CREATE FUNCTION tip_impl.record_key(tbl regclass, entity text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN coalesce(
	(SELECT format('t.%I::text', a.attname) FROM pg_attribute AS a
	 WHERE a.attrelid = tbl AND NOT a.attisdropped AND a.attname IN ('tip_record', entity || '_id', 'event_id')
	 ORDER BY array_position(ARRAY['tip_record', entity || '_id', 'event_id'], a.attname::text) LIMIT 1),
	(SELECT CASE count(*) WHEN 1 THEN format('t.%I::text', min(a.attname::text))
	        ELSE format('concat_ws('','', %s)', string_agg(format('t.%I', a.attname), ', ' ORDER BY k.n)) END
	 FROM pg_index AS i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
	 JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
	 WHERE i.indrelid = tbl AND i.indisprimary HAVING count(*) > 0),
	'NULL::text');
