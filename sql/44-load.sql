-- Loads: from a staging table into the model, with every row accounted for.

CREATE FUNCTION tip.load(
	staging regclass, entity text, schema name DEFAULT 'tip_data',
	judge_cases bool DEFAULT true,
	OUT batch uuid, OUT read int8, OUT stored int8, OUT quarantined int8,
	OUT unknown_columns text[])
RETURNS record
AS 'MODULE_PATHNAME', 'tip_load'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tip.load(regclass, text, name, bool) IS
'store the good rows of a staging table and keep the bad ones in quarantine, with reasons; part of the transaction that calls it';

CREATE PROCEDURE tip.load_batches(
	staging regclass, entity text, batch_size int DEFAULT 10000,
	schema name DEFAULT 'tip_data', load uuid DEFAULT gen_random_uuid())
AS 'MODULE_PATHNAME', 'tip_load_batches'
LANGUAGE C;
COMMENT ON PROCEDURE tip.load_batches(regclass, text, int, name, uuid) IS
'move rows out of a staging table, the good ones into an entity, the bad ones into quarantine; commits every batch, and goes on where it was broken off when called again';

-- The numbers are those of src/load_progress.c, counted from 1.
CREATE VIEW tip.load_progress AS
SELECT p.pid, d.datname,
       CASE WHEN d.datname = current_database() THEN p.relid::regclass END AS staging,
       CASE WHEN d.datname = current_database() THEN p.param18::oid::regclass END AS entity,
       timestamptz '2000-01-01 00:00:00+00' + p.param14 * interval '1 microsecond' AS batch_started,
       p.param15::int AS batch,
       CASE WHEN p.param17 >= 0 THEN p.param17 END AS rows_total,
       p.param16 AS read, p.param3 AS stored, p.param4 AS quarantined
FROM pg_catalog.pg_stat_get_progress_info('COPY') AS p
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = p.datid
WHERE p.param20 = x'7469706c6f6164'::int8;
COMMENT ON VIEW tip.load_progress IS
'loads that are running; one''s own, or all with pg_read_all_stats';
COMMENT ON COLUMN tip.load_progress.pid IS 'process of the load, for pg_cancel_backend()';
COMMENT ON COLUMN tip.load_progress.datname IS 'database';
COMMENT ON COLUMN tip.load_progress.staging IS 'staging relation; empty for another database';
COMMENT ON COLUMN tip.load_progress.entity IS 'table that is loaded; empty for another database';
COMMENT ON COLUMN tip.load_progress.batch_started IS 'when its batch began';
COMMENT ON COLUMN tip.load_progress.batch IS 'number of its batch in the load';
COMMENT ON COLUMN tip.load_progress.rows_total IS
'rows in staging when the load began, an estimate; empty for a view or a foreign table';
COMMENT ON COLUMN tip.load_progress.read IS 'rows read by this call, those of the open batch included';
COMMENT ON COLUMN tip.load_progress.stored IS 'rows stored';
COMMENT ON COLUMN tip.load_progress.quarantined IS 'rows in quarantine';
GRANT SELECT ON tip.load_progress TO PUBLIC;

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl) VALUES
	(180, 'load', 'quarantine', 'table',
	 'CREATE TABLE %1$I.quarantine (
		batch uuid NOT NULL, line int8 NOT NULL,
		loaded_on timestamptz DEFAULT current_timestamp,
		entity text, record jsonb, findings jsonb,
		PRIMARY KEY (batch, line));
	  ALTER TABLE %1$I.quarantine ALTER record SET STATISTICS 0;
	  COMMENT ON TABLE %1$I.quarantine IS
		''rows that a load did not store, as they came, with the reasons; as confidential as the records'';
	  COMMENT ON COLUMN %1$I.quarantine.batch IS ''batch of the load (load_batch)'';
	  COMMENT ON COLUMN %1$I.quarantine.line IS ''number of the row in the batch'';
	  COMMENT ON COLUMN %1$I.quarantine.loaded_on IS ''when'';
	  COMMENT ON COLUMN %1$I.quarantine.entity IS ''table the row was meant for'';
	  COMMENT ON COLUMN %1$I.quarantine.record IS ''the row as it came'';
	  COMMENT ON COLUMN %1$I.quarantine.findings IS ''what was wrong with it, as in the DETAIL of an error'''),
	(181, 'load', 'load_batch', 'table',
	 'CREATE TABLE %1$I.load_batch (
		batch uuid PRIMARY KEY, load uuid, number int,
		staging text, entity text,
		who text DEFAULT session_user, acting_as text DEFAULT current_user,
		started timestamptz, finished timestamptz DEFAULT clock_timestamp(),
		read int8, stored int8, quarantined int8,
		ruleset int, unknown_columns text[]);
	  CREATE INDEX load_batch_load_idx ON %1$I.load_batch (load, number);
	  COMMENT ON TABLE %1$I.load_batch IS
		''report of every batch that was loaded: rows read = stored + quarantined'';
	  COMMENT ON COLUMN %1$I.load_batch.batch IS ''the batch'';
	  COMMENT ON COLUMN %1$I.load_batch.load IS ''load it is part of: one call of tip.load(), or calls of tip.load_batches()'';
	  COMMENT ON COLUMN %1$I.load_batch.number IS ''number of the batch in the load'';
	  COMMENT ON COLUMN %1$I.load_batch.staging IS ''staging relation'';
	  COMMENT ON COLUMN %1$I.load_batch.entity IS ''table that was loaded'';
	  COMMENT ON COLUMN %1$I.load_batch.who IS ''login that loaded it'';
	  COMMENT ON COLUMN %1$I.load_batch.acting_as IS ''role it acted as'';
	  COMMENT ON COLUMN %1$I.load_batch.started IS ''when its first row was looked for'';
	  COMMENT ON COLUMN %1$I.load_batch.finished IS ''when its last row was stored'';
	  COMMENT ON COLUMN %1$I.load_batch.read IS ''rows read; those that left staging, for tip.load_batches()'';
	  COMMENT ON COLUMN %1$I.load_batch.stored IS ''rows stored'';
	  COMMENT ON COLUMN %1$I.load_batch.quarantined IS ''rows in quarantine'';
	  COMMENT ON COLUMN %1$I.load_batch.ruleset IS ''rule set by which they were judged (tip.ruleset)'';
	  COMMENT ON COLUMN %1$I.load_batch.unknown_columns IS ''columns of staging that the entity does not have''');
