-- Rules: a rule is a row.

CREATE TABLE tip.rule (
	id          text NOT NULL CONSTRAINT rule_pkey PRIMARY KEY
	            CONSTRAINT rule_id_spelling CHECK (id ~ '^[A-Z][A-Z0-9_-]{1,30}$'),
	entity      text NOT NULL,
	columns     text[] NOT NULL DEFAULT '{}',
	severity    text NOT NULL CONSTRAINT rule_severity CHECK (severity IN ('error', 'warning')),
	timing      text NOT NULL DEFAULT 'row' CONSTRAINT rule_timing CHECK (timing IN ('row', 'tx')),
	track       text CONSTRAINT rule_track CHECK (track IN ('victim', 'case')),
	stage       text,
	valid_from  date,
	valid_to    date,
	legal_basis text,
	standard    text,
	predicate   text NOT NULL,
	null_passes bool NOT NULL DEFAULT true,
	message_en  text NOT NULL,
	message_es  text,
	message_fr  text,
	hint        text,
	is_local    bool NOT NULL DEFAULT true,
	CONSTRAINT rule_stage_needs_track CHECK ((track IS NULL) = (stage IS NULL)),
	CONSTRAINT rule_validity CHECK (valid_from <= valid_to)
);
COMMENT ON TABLE tip.rule IS
'every rule: what must be true of a record, when, how severe, and why';
COMMENT ON COLUMN tip.rule.id IS 'stable name, for programs; shipped rules have the ids of the codebook';
COMMENT ON COLUMN tip.rule.entity IS 'table of the model, or view of facts for a rule at commit';
COMMENT ON COLUMN tip.rule.columns IS 'columns that the rule is about, the one to correct first';
COMMENT ON COLUMN tip.rule.severity IS 'error refuses the record, warning is a finding';
COMMENT ON COLUMN tip.rule.timing IS 'row: before the record is stored; tx: at commit, for the whole case';
COMMENT ON COLUMN tip.rule.track IS 'track of the stage: victim or case';
COMMENT ON COLUMN tip.rule.stage IS 'stage from which on the rule applies; empty: always';
COMMENT ON COLUMN tip.rule.valid_from IS 'first day of recording to which the rule applies';
COMMENT ON COLUMN tip.rule.valid_to IS 'last day of recording to which the rule applies';
COMMENT ON COLUMN tip.rule.legal_basis IS 'article or section that the rule rests on';
COMMENT ON COLUMN tip.rule.standard IS 'statistical standard that the rule rests on';
COMMENT ON COLUMN tip.rule.predicate IS 'SQL expression over the columns: true is fine, false is a violation';
COMMENT ON COLUMN tip.rule.null_passes IS 'true: NULL is fine; false: NULL is reported as not evaluable';
COMMENT ON COLUMN tip.rule.message_en IS 'English message; may say {columns} and {entity}';
COMMENT ON COLUMN tip.rule.message_es IS 'Spanish message';
COMMENT ON COLUMN tip.rule.message_fr IS 'French message';
COMMENT ON COLUMN tip.rule.hint IS 'what to do about it';
COMMENT ON COLUMN tip.rule.is_local IS 'true for a rule of this installation, which is dumped';

CREATE TABLE tip.rule_override (
	rule       text NOT NULL,
	who        text NOT NULL DEFAULT current_user,
	why        text NOT NULL CONSTRAINT rule_override_has_reason CHECK (why ~ '\S'),
	until      date,
	decided_on timestamptz NOT NULL DEFAULT current_timestamp,
	CONSTRAINT rule_override_pkey PRIMARY KEY (rule, decided_on)
);
COMMENT ON TABLE tip.rule_override IS
'rules that are excused here for a while: their violations are findings and refuse nothing';
COMMENT ON COLUMN tip.rule_override.rule IS 'the rule';
COMMENT ON COLUMN tip.rule_override.who IS 'who decided it';
COMMENT ON COLUMN tip.rule_override.why IS 'the reason';
COMMENT ON COLUMN tip.rule_override.until IS 'last day of the excuse; empty: until the row is deleted';
COMMENT ON COLUMN tip.rule_override.decided_on IS 'when it was decided';

SELECT pg_catalog.pg_extension_config_dump('tip.rule', 'WHERE is_local');
SELECT pg_catalog.pg_extension_config_dump('tip.rule_override', '');

CREATE TABLE tip_impl.rule_stage (
	entity    text NOT NULL,
	track     text NOT NULL,
	stage     text NOT NULL,
	condition text NOT NULL,
	CONSTRAINT rule_stage_pkey PRIMARY KEY (entity, track, stage)
);
COMMENT ON TABLE tip_impl.rule_stage IS
'when a record of an entity has reached a stage; a record in stage draft is refused by no rule';
COMMENT ON COLUMN tip_impl.rule_stage.entity IS 'table of the model';
COMMENT ON COLUMN tip_impl.rule_stage.track IS 'victim or case';
COMMENT ON COLUMN tip_impl.rule_stage.stage IS 'the stage';
COMMENT ON COLUMN tip_impl.rule_stage.condition IS 'SQL expression over the columns of the entity';

CREATE FUNCTION tip_impl.rules_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_rules_changed'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
-- For each row: logical replication fires no trigger of a statement.
CREATE TRIGGER "~tip_rules_changed" AFTER INSERT OR UPDATE OR DELETE ON tip.rule
	FOR EACH ROW EXECUTE FUNCTION tip_impl.rules_changed();
CREATE TRIGGER "~tip_rules_emptied" AFTER TRUNCATE ON tip.rule
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.rules_changed();
ALTER TABLE tip.rule ENABLE ALWAYS TRIGGER "~tip_rules_changed";
ALTER TABLE tip.rule ENABLE ALWAYS TRIGGER "~tip_rules_emptied";
CREATE TRIGGER "~tip_rules_changed" AFTER INSERT OR UPDATE OR DELETE ON tip.rule_override
	FOR EACH ROW EXECUTE FUNCTION tip_impl.rules_changed();
CREATE TRIGGER "~tip_rules_emptied" AFTER TRUNCATE ON tip.rule_override
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.rules_changed();
ALTER TABLE tip.rule_override ENABLE ALWAYS TRIGGER "~tip_rules_changed";
ALTER TABLE tip.rule_override ENABLE ALWAYS TRIGGER "~tip_rules_emptied";
CREATE TRIGGER "~tip_rules_changed" AFTER INSERT OR UPDATE OR DELETE ON tip_impl.rule_stage
	FOR EACH ROW EXECUTE FUNCTION tip_impl.rules_changed();
CREATE TRIGGER "~tip_rules_emptied" AFTER TRUNCATE ON tip_impl.rule_stage
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.rules_changed();
ALTER TABLE tip_impl.rule_stage ENABLE ALWAYS TRIGGER "~tip_rules_changed";
ALTER TABLE tip_impl.rule_stage ENABLE ALWAYS TRIGGER "~tip_rules_emptied";

CREATE FUNCTION tip_impl.check_row() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_check_row'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
CREATE FUNCTION tip_impl.note_case() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_note_case'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
CREATE FUNCTION tip_impl.check_case() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_check_case'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION tip.check_record(
	entity text, record jsonb, schema name DEFAULT 'tip_data')
RETURNS TABLE (rule text, severity text, outcome text, columns text[],
               message text, hint text)
AS 'MODULE_PATHNAME', 'tip_check_record'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.check_record(text, jsonb, name) IS
'all findings about a record that is not stored: what its trigger would say';

CREATE FUNCTION tip.check_rules(
	entity text, schema name DEFAULT 'tip_data')
RETURNS TABLE (rule text, state text, reason text)
AS 'MODULE_PATHNAME', 'tip_check_rules'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.check_rules(text, name) IS
'how each rule of an entity compiles: total, guarded or refused, and why';

CREATE FUNCTION tip.check_case(
	event_id uuid, schema name DEFAULT 'tip_data')
RETURNS TABLE (rule text, severity text, outcome text, columns text[],
               message text, hint text)
AS 'MODULE_PATHNAME', 'tip_check_case_now'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.check_case(uuid, name) IS
'all findings of cross-record rules about one event, as its rows are now';

CREATE FUNCTION tip.may_identify(value text) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_may_identify'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.may_identify(text) IS
'true where a text holds an e-mail address, a telephone number or the number of a document; false does not say that no name is in it';

-- When a record has reached a stage.  A presumed victim may be referred and
-- assisted: where the status is recorded it decides who is identified.
INSERT INTO tip_impl.rule_stage (entity, track, stage, condition) VALUES
	('victimization', 'victim', 'draft',
	 $$victim_stage = 'draft'$$),
	('victimization', 'victim', 'screened',
	 $$victim_stage <> 'draft'$$),
	('victimization', 'victim', 'presumed',
	 $$victim_stage = ANY ('{presumed,identified,referred,assisted,exited}')$$),
	('victimization', 'victim', 'identified',
	 $$victim_stage IS DISTINCT FROM 'draft' AND (victim_status = 'identified'
	   OR (victim_status IS NULL OR tip.is_missing(victim_status))
	      AND victim_stage = ANY ('{identified,referred,assisted,exited}'))$$),
	('victimization', 'victim', 'not_victim',
	 $$victim_stage = 'not_victim'$$),
	('victimization', 'victim', 'referred',
	 $$victim_stage = ANY ('{referred,assisted,exited}')$$),
	('victimization', 'victim', 'assisted',
	 $$victim_stage = ANY ('{assisted,exited}')$$),
	('victimization', 'victim', 'exited',
	 $$victim_stage = 'exited'$$),
	('event', 'case', 'investigated',
	 $$case_stage = ANY ('{investigated,charged,trial,closed}')$$),
	('event', 'case', 'charged',
	 $$case_stage = ANY ('{charged,trial,closed}')$$),
	('event', 'case', 'trial',
	 $$case_stage = ANY ('{trial,closed}')$$),
	('event', 'case', 'closed',
	 $$case_stage = 'closed'$$);

-- What tip.create_model() adds to a model for all this.

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl)
SELECT 100 + t.ordinal, 'rules', t.name || ' ~tip_rules', 'trigger',
	pg_catalog.format('CREATE TRIGGER "~tip_rules" BEFORE INSERT OR UPDATE OR DELETE ON %%1$I.%1$I
		FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row(%1$L)', t.name)
FROM tip_impl.model_table AS t;

-- A change of any row that belongs to a case has the case judged at commit.
INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl)
SELECT 140 + c.ordinal, 'rules', c.name || ' ~tip_case', 'trigger',
	pg_catalog.format('CREATE TRIGGER "~tip_case_note" BEFORE %2$s ON %%1$I.%1$I
		FOR EACH ROW EXECUTE FUNCTION tip_impl.note_case(%3$s);
	  CREATE CONSTRAINT TRIGGER "~tip_case" AFTER %2$s ON %%1$I.%1$I
		DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION tip_impl.check_case(%3$s)',
		c.name, c.events, c.arguments)
FROM (VALUES
	(0, 'event', 'INSERT OR UPDATE', '''event_id'''),
	(1, 'victimization', 'INSERT OR UPDATE OR DELETE', '''event_id'''),
	(2, 'involvement', 'INSERT OR UPDATE OR DELETE', '''event_id'''),
	(3, 'justice_step', 'INSERT OR UPDATE OR DELETE', '''event_id'''),
	(4, 'exploitation', 'INSERT OR UPDATE OR DELETE', '''victimization_id'', ''victimization'''),
	(5, 'screening', 'INSERT OR UPDATE OR DELETE', '''victimization_id'', ''victimization'''),
	(6, 'status_decision', 'INSERT OR UPDATE OR DELETE', '''victimization_id'', ''victimization'''),
	(7, 'referral', 'INSERT OR UPDATE OR DELETE', '''victimization_id'', ''victimization'''),
	(8, 'assistance', 'INSERT OR UPDATE OR DELETE', '''victimization_id'', ''victimization'''),
	(9, 'movement', 'INSERT OR UPDATE OR DELETE', '''victimization_id'', ''victimization'''),
	(10, 'screening_answer', 'INSERT OR UPDATE OR DELETE', '''screening_id'', ''screening'''),
	(11, 'sentence', 'INSERT OR UPDATE OR DELETE', '''justice_step_id'', ''justice_step'''),
	(12, 'victim', 'UPDATE', '''victim_id'', ''victim'''),
	(13, 'perpetrator', 'UPDATE', '''perpetrator_id'', ''perpetrator'''))
	AS c(ordinal, name, events, arguments);
