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
CREATE TRIGGER "~tip_rules_changed"
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tip.rule
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.rules_changed();
CREATE TRIGGER "~tip_rules_changed"
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tip.rule_override
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.rules_changed();
CREATE TRIGGER "~tip_rules_changed"
	AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON tip_impl.rule_stage
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.rules_changed();
ALTER TABLE tip.rule ENABLE ALWAYS TRIGGER "~tip_rules_changed";
ALTER TABLE tip.rule_override ENABLE ALWAYS TRIGGER "~tip_rules_changed";
ALTER TABLE tip_impl.rule_stage ENABLE ALWAYS TRIGGER "~tip_rules_changed";

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

CREATE FUNCTION tip.load(
	staging regclass, entity text, schema name DEFAULT 'tip_data',
	OUT batch uuid, OUT read int8, OUT stored int8, OUT quarantined int8,
	OUT unknown_columns text[])
RETURNS record
AS 'MODULE_PATHNAME', 'tip_load'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.load(regclass, text, name) IS
'store the good rows of a staging table and keep the bad ones in quarantine, with reasons';

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

-- Rules of the codebook, as corrected by the review of real records.
INSERT INTO tip.rule (id, entity, columns, severity, timing, track, stage,
	standard, predicate, null_passes, message_en, message_es, message_fr,
	hint, is_local) VALUES
	('P01', 'victimization', '{acts}', 'error', 'row', 'victim', 'identified',
	 'Palermo Protocol, art. 3(a)',
	 $$acts IS NOT NULL AND tip.cardinality(acts) > 0$$, false,
	 'an identified victim needs at least one act',
	 'una víctima identificada necesita al menos un acto',
	 'une victime identifiée exige au moins un acte',
	 'Record recruit, transport, transfer, harbour or receipt in {columns}.', false),
	('P02', 'victimization', '{means}', 'error', 'row', 'victim', 'identified',
	 'Palermo Protocol, art. 3(a)',
	 $$(age_status_at_entry = 'adult' OR age_at_entry >= 18) IS NOT TRUE
	   OR (means IS NOT NULL AND tip.cardinality(means - '{none_child}') > 0)$$, false,
	 'an identified adult victim needs at least one means',
	 'una víctima adulta identificada necesita al menos un medio',
	 'une victime adulte identifiée exige au moins un moyen',
	 'Record the means, or correct the age at entry.', false),
	('P03', 'victimization', '{means,age_at_entry,age_status_at_entry}', 'error', 'row', 'victim', 'identified',
	 'Palermo Protocol, art. 3(c), (d)',
	 $$means IS NULL OR NOT means @> '{none_child}'
	   OR (age_status_at_entry = 'minor' OR age_at_entry < 18) IS TRUE$$, false,
	 'no means are needed only where the victim was a child at entry',
	 'solo si la víctima era menor al inicio no se necesitan medios',
	 'seule une victime mineure au début ne demande aucun moyen',
	 'Record the age at entry, or the means.', false),
	('P04', 'victimization', '{forms}', 'error', 'row', 'victim', 'identified',
	 'Palermo Protocol, art. 3(a)',
	 $$forms IS NOT NULL AND tip.cardinality(forms) > 0$$, false,
	 'an identified victim needs at least one form of exploitation, intended or realised',
	 'una víctima identificada necesita al menos una forma de explotación, prevista o realizada',
	 'une victime identifiée exige au moins une forme d''exploitation, prévue ou réalisée',
	 'Record the purpose in {columns}; is_intended_only says that it did not come to it.', false),
	('P05', 'victimization', '{means,age_at_entry,age_status_at_entry}', 'warning', 'row', 'victim', 'identified',
	 'Palermo Protocol, art. 3(c)',
	 $$age_at_entry IS NOT NULL
	   OR COALESCE(NOT tip.is_missing(age_status_at_entry), false)
	   OR COALESCE(tip.cardinality(means) > 0, false)$$, false,
	 'neither age nor means are known: whether this is trafficking depends on the age',
	 'no se conocen ni la edad ni los medios: que sea trata depende de la edad',
	 'ni l''âge ni les moyens ne sont connus : la qualification dépend de l''âge',
	 'Presume a child until the age is known.', false),
	('A03', 'victimization', '{age_at_entry,age_at_exploitation,age_at_identification}', 'error', 'row', NULL, NULL,
	 'UNODC GLOTIP, age at detection',
	 $$(age_at_entry IS NULL OR age_at_entry BETWEEN 0 AND 120)
	   AND (age_at_exploitation IS NULL OR age_at_exploitation BETWEEN 0 AND 120)
	   AND (age_at_identification IS NULL OR age_at_identification BETWEEN 0 AND 120)
	   AND COALESCE(age_at_entry <= age_at_identification, true)
	   AND COALESCE(age_at_entry <= age_at_exploitation, true)
	   AND COALESCE(age_at_exploitation <= age_at_identification, true)$$, false,
	 'ages must be between 0 and 120 and must not fall over time: {columns}',
	 'las edades deben estar entre 0 y 120 y no disminuir con el tiempo: {columns}',
	 'les âges doivent être entre 0 et 120 et ne pas diminuer avec le temps : {columns}',
	 NULL, false),
	('A03_VICTIM', 'victim', '{age_at_identification,birth_year}', 'error', 'row', NULL, NULL,
	 'UNODC GLOTIP, age at detection',
	 $$(age_at_identification IS NULL OR age_at_identification BETWEEN 0 AND 120)
	   AND (birth_year IS NULL OR birth_year BETWEEN 1880 AND 2149)$$, false,
	 'ages must be between 0 and 120: {columns}',
	 'las edades deben estar entre 0 y 120: {columns}',
	 'les âges doivent être entre 0 et 120 : {columns}',
	 NULL, false),
	('X09', 'victim', '{citizenship}', 'error', 'row', NULL, NULL,
	 'CTDC codebook, missing values',
	 $$citizenship IS NULL OR NOT tip.is_mixed(citizenship)$$, false,
	 'a missing code, or ZZ, stands beside a country: {columns}',
	 'un código de valor ausente, o ZZ, junto a un país: {columns}',
	 'un code de valeur manquante, ou ZZ, à côté d''un pays : {columns}',
	 'Leave out the missing code, or store it alone.', false),
	('D10', 'victimization', '{recorded_on,identified_on,recruited_on,moved_on,exploited_from,exploited_to}', 'error', 'row', NULL, NULL,
	 'logic; planned dates are exempt',
	 $$(recorded_on IS NULL OR recorded_on <= tip.today())
	   AND (identified_on IS NULL OR NOT tip.certainly_before(tip.today(), identified_on))
	   AND (recruited_on IS NULL OR NOT tip.certainly_before(tip.today(), recruited_on))
	   AND (moved_on IS NULL OR NOT tip.certainly_before(tip.today(), moved_on))
	   AND (exploited_from IS NULL OR NOT tip.certainly_before(tip.today(), exploited_from))
	   AND (exploited_to IS NULL OR NOT tip.certainly_before(tip.today(), exploited_to))$$, false,
	 'what has been observed cannot lie in the future: {columns}',
	 'lo observado no puede estar en el futuro: {columns}',
	 'ce qui a été observé ne peut être dans le futur : {columns}',
	 'A date known to the year or month is refused only if all of it lies ahead.', false),
	('D10_EVENT', 'event', '{recorded_on,reported_on,closed_on}', 'error', 'row', NULL, NULL,
	 'logic; planned dates are exempt',
	 $$(recorded_on IS NULL OR recorded_on <= tip.today())
	   AND (reported_on IS NULL OR NOT tip.certainly_before(tip.today(), reported_on))
	   AND (closed_on IS NULL OR closed_on <= tip.today())$$, false,
	 'what has been observed cannot lie in the future: {columns}',
	 'lo observado no puede estar en el futuro: {columns}',
	 'ce qui a été observé ne peut être dans le futur : {columns}',
	 'A date known to the year or month is refused only if all of it lies ahead.', false),
	('E01', 'victimization', '{sex_types,forms}', 'error', 'row', NULL, NULL,
	 'HTCDS 2.0, vic_TypeOfSexExploitation; CTDC',
	 $$sex_types IS NULL OR tip.cardinality(sex_types) = 0 OR forms @> '{sex}'$$, false,
	 'types of sexual exploitation need the form sex',
	 'los tipos de explotación sexual requieren la forma sex',
	 'les types d''exploitation sexuelle exigent la forme sex',
	 'Add sex to forms, or clear sex_types.', false),
	('E02', 'victimization', '{sector,forms}', 'warning', 'row', NULL, NULL,
	 'HTCDS 2.0, vic_ForcedLabourIndustry',
	 $$sector IS NULL OR tip.is_missing(sector) OR tip.cardinality(forms) = 0
	   OR tip.cardinality(forms - '{military,adoption}') > 0$$, false,
	 'a sector says little where the only forms are military or adoption',
	 'un sector dice poco si las únicas formas son military o adoption',
	 'un secteur dit peu si les seules formes sont military ou adoption',
	 NULL, false),
	('S02', 'victimization', '{status_decider,identified_on}', 'error', 'row', 'victim', 'identified',
	 'HTCDS 2.0, vic_TraffickingStatusDecisionMakingOrg',
	 $$status_decider IS NOT NULL AND identified_on IS NOT NULL
	   AND (provenance = 'archive' OR NOT tip.is_missing(status_decider)) IS NOT FALSE$$, false,
	 'an identified victim needs who decided it and when: {columns}',
	 'una víctima identificada necesita quién lo decidió y cuándo: {columns}',
	 'une victime identifiée exige qui l''a décidé et quand : {columns}',
	 'A record from an archive may say unknown.', false),
	('J01', 'prosecution', '{step}', 'error', 'tx', NULL, NULL,
	 'UNODC GLOTIP, persons prosecuted and convicted',
	 $$CASE WHEN NOT has_conviction OR has_charge THEN true
	        WHEN NOT has_archive THEN false END$$, false,
	 'a conviction needs a charge or an indictment of the same perpetrator in the same event',
	 'una condena requiere una acusación del mismo autor en el mismo caso',
	 'une condamnation exige une mise en accusation du même auteur dans la même affaire',
	 'Record the charge in the same transaction, or mark a step that comes from an archive.', false);

-- What tip.create_model() adds to a model for all this.

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl)
SELECT 100 + t.ordinal, 'rules', t.name || ' ~tip_rules', 'trigger',
	pg_catalog.format('CREATE TRIGGER "~tip_rules" BEFORE INSERT OR UPDATE ON %%1$I.%1$I
		FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row(%1$L)', t.name)
FROM tip_impl.model_table AS t;

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl) VALUES
	(150, 'rules', 'justice_step ~tip_case_note', 'trigger',
	 'CREATE TRIGGER "~tip_case_note" BEFORE INSERT OR UPDATE OR DELETE ON %1$I.justice_step
		FOR EACH ROW EXECUTE FUNCTION tip_impl.note_case(''event_id'')'),
	(151, 'rules', 'justice_step ~tip_case', 'trigger',
	 'CREATE CONSTRAINT TRIGGER "~tip_case" AFTER INSERT OR UPDATE OR DELETE ON %1$I.justice_step
		DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION tip_impl.check_case(''event_id'')'),
	(160, 'rules', 'prosecution', 'other',
	 'CREATE VIEW %1$I.prosecution WITH (security_invoker = true) AS
		SELECT event_id, involvement_id,
		       bool_or(step = ''convicted'') AS has_conviction,
		       bool_or(step = ANY (''{charged,indicted}'')) AS has_charge,
		       coalesce(bool_or(provenance = ''archive''), false) AS has_archive
		FROM %1$I.justice_step GROUP BY event_id, involvement_id;
	  COMMENT ON VIEW %1$I.prosecution IS
		''what became of one perpetrator in one event; rules at commit are about these facts'';
	  COMMENT ON COLUMN %1$I.prosecution.event_id IS ''event'';
	  COMMENT ON COLUMN %1$I.prosecution.involvement_id IS ''perpetrator in the event'';
	  COMMENT ON COLUMN %1$I.prosecution.has_conviction IS ''some step is a conviction'';
	  COMMENT ON COLUMN %1$I.prosecution.has_charge IS ''some step is a charge or an indictment'';
	  COMMENT ON COLUMN %1$I.prosecution.has_archive IS ''some step comes from an archive'''),
	(170, 'rules', 'quarantine', 'table',
	 'CREATE TABLE %1$I.quarantine (
		batch uuid NOT NULL, line int8 NOT NULL,
		loaded_on timestamptz DEFAULT current_timestamp,
		entity text, record jsonb, findings jsonb,
		PRIMARY KEY (batch, line));
	  COMMENT ON TABLE %1$I.quarantine IS
		''rows that tip.load() did not store, as they came, with the reasons; as confidential as the records'';
	  COMMENT ON COLUMN %1$I.quarantine.batch IS ''call of tip.load()'';
	  COMMENT ON COLUMN %1$I.quarantine.line IS ''number of the row in the batch'';
	  COMMENT ON COLUMN %1$I.quarantine.loaded_on IS ''when'';
	  COMMENT ON COLUMN %1$I.quarantine.entity IS ''table the row was meant for'';
	  COMMENT ON COLUMN %1$I.quarantine.record IS ''the row as it came'';
	  COMMENT ON COLUMN %1$I.quarantine.findings IS ''what was wrong with it, as in the DETAIL of an error''');
