-- Attach: rules on tables that somebody else has made.
--
-- A view in the shape of an entity shows the rows of the table; its definition
-- is the mapping, and a trigger on the table names it.  Both are dumped, and
-- follow renamed tables and columns, without a catalogue of ours.

CREATE FUNCTION tip_impl.read_as(value "any", scheme text, variable text, kind anyelement)
RETURNS anyelement
AS 'MODULE_PATHNAME', 'tip_read_as'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.read_as("any", text, text, anyelement) IS
'the value as one of the type of kind, perhaps translated by tip.code_map; NULL if it cannot be read';
CREATE FUNCTION tip_impl.is_unreadable(value "any", scheme text, variable text, kind anyelement)
RETURNS bool
AS 'MODULE_PATHNAME', 'tip_is_unreadable'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip_impl.is_unreadable("any", text, text, anyelement) IS
'true if there is a value, and read_as() gives NULL for it';
CREATE FUNCTION tip_impl.can_read(of_type regtype, as_type regtype) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_can_read'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.attached_columns(view regclass)
RETURNS TABLE (entity_column text, table_column text, scheme text, variable text)
AS 'MODULE_PATHNAME', 'tip_attached_columns'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.attached_table(view regclass) RETURNS regclass
AS 'MODULE_PATHNAME', 'tip_attached_table'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.require_attachable(view regclass) RETURNS void
AS 'MODULE_PATHNAME', 'tip_require_attachable'
LANGUAGE C STABLE STRICT;
CREATE FUNCTION tip_impl.trigger_arguments(args bytea) RETURNS text[]
AS 'MODULE_PATHNAME', 'tip_trigger_arguments'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION tip_impl.check_attached() RETURNS trigger
AS 'MODULE_PATHNAME', 'tip_check_attached'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

-- The crosswalk is kept in sessions.
-- Logical apply fires no statement triggers.
CREATE TRIGGER "~tip_rules_changed"
	AFTER INSERT OR UPDATE OR DELETE ON tip.code_map
	FOR EACH ROW EXECUTE FUNCTION tip_impl.rules_changed();
CREATE TRIGGER "~tip_rules_emptied"
	AFTER TRUNCATE ON tip.code_map
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.rules_changed();
ALTER TABLE tip.code_map ENABLE ALWAYS TRIGGER "~tip_rules_changed";
ALTER TABLE tip.code_map ENABLE ALWAYS TRIGGER "~tip_rules_emptied";

-- As to_regclass(), for whoever has no right on the schema, too.
CREATE FUNCTION tip_impl.attached_relation(schema text, name text) RETURNS regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT c.oid::regclass FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE n.nspname = schema AND c.relname = name);

CREATE VIEW tip.attachment AS
SELECT t.tgrelid::regclass AS tbl, w.view, t.args[3] AS entity, t.args[4] AS mode,
       nullif(t.args[5], '')::date AS since, t.args[1] AS schema, m.mapping,
       t.tgenabled <> 'D' AS is_enabled
FROM (SELECT g.tgrelid, g.tgenabled, tip_impl.trigger_arguments(g.tgargs) AS args
      FROM pg_catalog.pg_trigger AS g
      WHERE g.tgfoid = 'tip_impl.check_attached'::regproc AND g.tgparentid = 0) AS t
CROSS JOIN LATERAL (SELECT tip_impl.attached_relation(t.args[1], t.args[2]) AS view) AS w
LEFT JOIN LATERAL (
	SELECT jsonb_object_agg(c.entity_column,
		CASE WHEN c.scheme IS NULL THEN to_jsonb(c.table_column)
		ELSE jsonb_build_object('column', c.table_column, 'scheme', c.scheme, 'variable', c.variable) END) AS mapping
	FROM tip_impl.attached_columns(w.view) AS c) AS m ON true
WHERE w.view IS NULL OR tip_impl.attached_table(w.view) = t.tgrelid;
COMMENT ON VIEW tip.attachment IS
'tables that rules are attached to: what there is, read from triggers and views';
COMMENT ON COLUMN tip.attachment.tbl IS 'the table';
COMMENT ON COLUMN tip.attachment.view IS
'view of its rows in the shape of the entity, for tip.check_table(); empty if it was dropped';
COMMENT ON COLUMN tip.attachment.entity IS 'entity whose rules are asked';
COMMENT ON COLUMN tip.attachment.mode IS 'observe, warn or enforce';
COMMENT ON COLUMN tip.attachment.since IS 'rows recorded before are never refused';
COMMENT ON COLUMN tip.attachment.schema IS 'schema of the model that keeps findings and excuses';
COMMENT ON COLUMN tip.attachment.mapping IS 'columns of the entity, and what of the table they are';
COMMENT ON COLUMN tip.attachment.is_enabled IS 'false where the trigger is disabled';
GRANT SELECT ON tip.attachment TO PUBLIC;

-- One column of the view: an expression over "t", and whether it is unreadable.
CREATE FUNCTION tip_impl.attached_expression(tbl regclass, entity_column name, type regtype,
	typmod int, item jsonb, OUT expression text, OUT unreadable text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted name := CASE jsonb_typeof(item) WHEN 'string' THEN item #>> '{}' WHEN 'object' THEN item ->> 'column' END;
	translates bool := jsonb_typeof(item) = 'object' AND (item ? 'scheme' OR item ? 'variable');
	target text := format_type(type, typmod);
	source pg_attribute;
	arguments text;
BEGIN
	IF jsonb_typeof(item) = 'object' AND item ? 'value' AND NOT item ? 'column' THEN
		expression := format('%L::%s', item ->> 'value', target);
		RETURN;
	END IF;
	IF wanted IS NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('mapping of "%s" names no column', entity_column),
			HINT = 'Write the name of a column, or {"column": ..., "scheme": ..., "variable": ...}, or {"value": ...}.';
	END IF;
	SELECT a.* INTO source FROM pg_attribute AS a
	WHERE a.attrelid = tbl AND a.attname = wanted AND a.attnum > 0 AND NOT a.attisdropped;
	IF NOT FOUND THEN
		RAISE undefined_column USING
			MESSAGE = format('column "%s" of relation "%s" does not exist', wanted, tbl),
			DETAIL = format('Column "%s" of the entity is mapped to it.', entity_column);
	END IF;
	IF source.atttypid = type AND NOT translates THEN
		expression := format('t.%I', wanted);
		RETURN;
	END IF;
	IF NOT tip_impl.can_read(source.atttypid, type) THEN
		RAISE cannot_coerce USING
			MESSAGE = format('column "%s" of type %s cannot be read as type %s', wanted,
				format_type(source.atttypid, source.atttypmod), target),
			HINT = 'Map a column of text, number, date or boolean, or leave it out.';
	END IF;
	arguments := format('(t.%I, NULL::text, NULL::text, NULL::%s)', wanted, target);
	IF translates THEN
		IF item ->> 'scheme' IS NULL OR item ->> 'variable' IS NULL THEN
			RAISE invalid_parameter_value USING
				MESSAGE = format('mapping of "%s" needs both scheme and variable', entity_column),
				HINT = 'They are those of tip.code_map.';
		END IF;
		PERFORM tip_impl.require_scheme(item ->> 'scheme', item ->> 'variable');
		arguments := format('(t.%I, %L::text, %L::text, NULL::%s)', wanted,
			item ->> 'scheme', item ->> 'variable', target);
	END IF;
	expression := 'tip_impl.read_as' || arguments;
	unreadable := format('CASE WHEN tip_impl.is_unreadable%s THEN %L::text END', arguments, entity_column);
END
$$;

-- The key of a row as text, after the name of the view.  Of several columns,
-- commas within one are not those between them.
CREATE FUNCTION tip_impl.attached_key(tbl regclass, view name) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN coalesce((
	SELECT format('%L::text || ', view || '/') || CASE count(*) WHEN 1 THEN format('t.%I::text', min(a.attname::text))
		ELSE format('concat_ws('','', %s)', string_agg(format(CASE
			WHEN a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype, 'date'::regtype) THEN 't.%I'
			ELSE $f$replace(replace(t.%I::text, '\', '\\'), ',', '\,')$f$ END, a.attname), ', ' ORDER BY k.n)) END
	FROM pg_index AS i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
	JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
	WHERE i.indrelid = tbl AND i.indisprimary HAVING count(*) > 0), 'NULL::text');

-- The columns that the entity has, and its day of recording in any case.
CREATE FUNCTION tip_impl.attached_shape(entity text, schema name)
RETURNS TABLE (ordinal int, name name, type regtype, typmod int)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT a.attnum, a.attname, a.atttypid::regtype, a.atttypmod
	FROM pg_attribute AS a
	WHERE a.attrelid = to_regclass(format('%I.%I', schema, entity)) AND a.attnum > 0 AND NOT a.attisdropped
	  AND a.attname NOT IN ('checked_ruleset', 'check_serial')
	UNION ALL
	SELECT 1601, 'recorded_on', 'date'::regtype, -1
	WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
		WHERE a.attrelid = to_regclass(format('%I.%I', schema, entity)) AND a.attname = 'recorded_on');
END;

CREATE FUNCTION tip_impl.attached_view(tbl regclass, entity text, mapping jsonb, only_where text,
	schema name, view name)
RETURNS text LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
	x record;
	columns text[] := '{}';
	unreadable text[] := '{}';
BEGIN
	FOR c IN SELECT * FROM tip_impl.attached_shape(entity, schema) AS s ORDER BY s.ordinal LOOP
		IF mapping ? c.name THEN
			x := tip_impl.attached_expression(tbl, c.name, c.type, c.typmod, mapping -> c.name);
			columns := columns || format('%s AS %I', x.expression, c.name);
			unreadable := unreadable || x.unreadable;
		ELSE
			columns := columns || format('NULL::%s AS %I', format_type(c.type, c.typmod), c.name);
		END IF;
	END LOOP;
	unreadable := array_remove(unreadable, NULL);
	RETURN format('CREATE VIEW %I.%I WITH (security_invoker = true) AS SELECT %s, %L::text AS tip_entity, %s AS tip_record, %s AS tip_unreadable FROM %s AS t%s',
		schema, view, array_to_string(columns, ', '), entity, tip_impl.attached_key(tbl, view),
		CASE WHEN unreadable = '{}' THEN '''{}''::text[]'
		ELSE format('array_remove(ARRAY[%s]::text[], NULL)', array_to_string(unreadable, ', ')) END,
		tbl, CASE WHEN only_where IS NULL THEN '' ELSE format(' WHERE (%s)', only_where) END);
END
$$;

CREATE FUNCTION tip_impl.attach_check(tbl regclass, entity text, mapping jsonb, mode text,
	since date, schema name)
RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wrong text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = tbl AND c.relkind IN ('r', 'p')) THEN
		RAISE wrong_object_type USING
			MESSAGE = 'rules are attached to tables',
			HINT = 'Attach the tables of a view, each for itself.';
	END IF;
	IF to_regclass(format('%I.finding', schema)) IS NULL THEN
		RAISE undefined_table USING
			MESSAGE = format('schema "%s" has no model', schema),
			HINT = 'Use tip.create_model() first: findings and excuses are kept there.';
	END IF;
	IF NOT EXISTS (SELECT FROM tip_impl.model_table AS m WHERE m.name = entity) THEN
		RAISE undefined_object USING
			MESSAGE = format('there is no entity "%s"', entity),
			HINT = 'Entities are listed in tip.model_element.';
	END IF;
	IF mode IS NULL OR mode NOT IN ('observe', 'warn', 'enforce') THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'mode must be observe, warn or enforce';
	END IF;
	IF jsonb_typeof(mapping) <> 'object' OR mapping = '{}' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'mapping must be a JSON object with a key for each column of the entity that the table has';
	END IF;
	SELECT min(k) INTO wrong FROM jsonb_object_keys(mapping) AS k
	WHERE NOT EXISTS (SELECT FROM tip_impl.attached_shape(entity, schema) AS s WHERE s.name = k);
	IF wrong IS NOT NULL THEN
		RAISE undefined_column USING
			MESSAGE = format('entity "%s" has no column "%s"', entity, wrong),
			HINT = 'Its columns are listed in tip.model_element.';
	END IF;
	IF since IS NOT NULL AND NOT mapping ? 'recorded_on' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'since needs a mapping of "recorded_on"',
			HINT = 'Map it to the column that says when a row was made.';
	END IF;
END
$$;

-- Children of table inheritance have triggers of their own; partitions do not.
CREATE FUNCTION tip_impl.attached_family(tbl regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH RECURSIVE family AS (
		SELECT tbl AS member
		UNION
		SELECT i.inhrelid::regclass FROM pg_inherits AS i
		JOIN family AS f ON f.member = i.inhparent
		JOIN pg_class AS c ON c.oid = i.inhrelid AND NOT c.relispartition AND c.relkind = 'r')
	SELECT f.member FROM family AS f;
END;

-- Triggers of one attachment, on the table and its children.
CREATE FUNCTION tip_impl.attached_triggers(tbl regclass, schema text, view text)
RETURNS TABLE (name name, rel regclass)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT g.tgname, g.tgrelid::regclass FROM pg_trigger AS g
	WHERE g.tgrelid IN (SELECT m FROM tip_impl.attached_family(tbl) AS m) AND g.tgparentid = 0
	  AND g.tgfoid IN ('tip_impl.check_attached'::regproc, 'tip_impl.findings_begin'::regproc,
		'tip_impl.findings_end'::regproc)
	  AND (tip_impl.trigger_arguments(g.tgargs))[1:2] = ARRAY[schema, view];
END;

-- Of a table: arguments of the triggers that judge its rows.  Those of a child
-- of table inheritance belong to its parent.
CREATE FUNCTION tip_impl.attached_as(tbl regclass, entity text)
RETURNS TABLE (schema text, view text, of_entity text, mode text, since text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT t.args[1], t.args[2], t.args[3], t.args[4], t.args[5]
	FROM (SELECT tip_impl.trigger_arguments(g.tgargs) AS args FROM pg_trigger AS g
	      WHERE g.tgrelid = tbl AND g.tgfoid = 'tip_impl.check_attached'::regproc AND g.tgparentid = 0) AS t
	CROSS JOIN LATERAL (SELECT tip_impl.attached_relation(t.args[1], t.args[2]) AS view) AS w
	WHERE t.args[3] = coalesce(entity, t.args[3])
	  AND (w.view IS NULL OR tip_impl.attached_table(w.view) = tbl);
END;

CREATE FUNCTION tip_impl.drop_attachment(tbl regclass, schema text, view text, with_view bool)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	g record;
BEGIN
	FOR g IN SELECT * FROM tip_impl.attached_triggers(tbl, schema, view) LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', g.name, g.rel);
	END LOOP;
	IF with_view AND to_regclass(format('%I.%I', schema, view)) IS NOT NULL THEN
		EXECUTE format('DROP VIEW %I.%I', schema, view);
	END IF;
END
$$;

CREATE FUNCTION tip.detach(tbl regclass, entity text DEFAULT NULL)
RETURNS int LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	a record;
	gone int := 0;
BEGIN
	FOR a IN SELECT * FROM tip_impl.attached_as(tbl, entity) LOOP
		PERFORM tip_impl.drop_attachment(tbl, a.schema, a.view, true);
		IF has_table_privilege(to_regclass(format('%I.finding', a.schema)), 'DELETE') THEN
			EXECUTE format('DELETE FROM %I.finding AS f WHERE f.entity = %L', a.schema, a.view);
		ELSIF to_regclass(format('%I.finding', a.schema)) IS NOT NULL THEN
			RAISE NOTICE USING
				MESSAGE = format('findings about "%s" stay: permission denied to delete them', tbl);
		END IF;
		gone := gone + 1;
	END LOOP;
	RETURN gone;
END
$$;
COMMENT ON FUNCTION tip.detach(regclass, text) IS
'take the rules off a table again, with their view and findings; number of attachments';

CREATE FUNCTION tip_impl.create_attached_triggers(tbl regclass, schema text, view text,
	entity text, mode text, since text)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	member regclass;
BEGIN
	FOR member IN SELECT m FROM tip_impl.attached_family(tbl) AS m LOOP
		EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE ON %s
			FOR EACH ROW EXECUTE FUNCTION tip_impl.check_attached(%L, %L, %L, %L, %L)',
			tip_impl.clip('~tip_rules ' || view, 63), member, schema, view, entity, mode, since);
		EXECUTE format('CREATE TRIGGER %I BEFORE INSERT OR UPDATE OR DELETE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.findings_begin(%L, %L)',
			tip_impl.clip('~tip_begin ' || view, 63), member, schema, view);
		EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.findings_end(%L, %L)',
			tip_impl.clip('~tip_end ' || view, 63), member, schema, view);
	END LOOP;
END
$$;

CREATE FUNCTION tip_impl.warn_of_attachment(tbl regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	later text := (SELECT string_agg(format('"%s"', g.tgname), ', ' ORDER BY g.tgname) FROM pg_trigger AS g
		WHERE g.tgrelid = tbl AND NOT g.tgisinternal AND g.tgtype & 3 = 3
		  AND g.tgname > '~tip_rules' AND g.tgname NOT LIKE '~tip\_%');
BEGIN
	IF later IS NOT NULL THEN
		RAISE WARNING USING
			MESSAGE = format('triggers of "%s" run after the rules: %s', tbl, later),
			HINT = 'What they change is not judged. Rename them.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = tbl AND i.indisprimary) THEN
		RAISE NOTICE USING
			MESSAGE = format('findings about "%s" are not kept, since it has no primary key', tbl);
	END IF;
END
$$;

-- The beginning of a name that has no more than so many bytes.
CREATE FUNCTION tip_impl.clip(name text, bytes int) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT left(name, max(n)) FROM generate_series(0, bytes) AS n WHERE octet_length(left(name, n)) <= bytes);

-- A name that no other relation of the schema has, and that is short enough
-- for those of triggers, in which it stands after '~tip_begin '.
CREATE FUNCTION tip_impl.attached_name(tbl regclass, entity text, schema name) RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN tip_impl.attached_relation(schema, n.name) IS NULL THEN n.name
	ELSE tip_impl.clip(n.relname, 20) || '_' || tbl::oid || '_as_' || entity END::name
	FROM (SELECT c.relname, tip_impl.clip(c.relname, 32) || '_as_' || entity AS name FROM pg_class AS c WHERE c.oid = tbl) AS n);

-- Of a table that was dropped without tip.detach() findings are left, and
-- excuses are left in any case.
CREATE FUNCTION tip_impl.forget_namesake(schema name, view name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	excused bool := false;
BEGIN
	IF has_table_privilege(format('%I.finding', schema), 'DELETE') THEN
		EXECUTE format('DELETE FROM %I.finding AS f WHERE f.entity = $1', schema) USING view::text;
	END IF;
	IF has_table_privilege(format('%I.excuse', schema), 'SELECT') THEN
		EXECUTE format('SELECT EXISTS (SELECT FROM %I.excuse AS x WHERE starts_with(x.record, $1))', schema)
			INTO excused USING view || '/';
	END IF;
	IF excused THEN
		RAISE WARNING USING
			MESSAGE = format('excuses of an earlier attachment hold for "%s", too', view),
			HINT = 'If they are about another table, end each with tip.excuse_attached() and a day that is past.';
	END IF;
END
$$;

CREATE FUNCTION tip.attach(tbl regclass, entity text, mapping jsonb DEFAULT NULL,
	mode text DEFAULT 'observe', since date DEFAULT NULL, only_where text DEFAULT NULL,
	schema name DEFAULT 'tip_data')
RETURNS regclass LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	old record;
	view name;
BEGIN
	SELECT * INTO old FROM tip_impl.attached_as(tbl, entity);
	IF mapping IS NULL AND old.view IS NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('entity "%s" is not attached to "%s" yet: a mapping is needed', entity, tbl);
	END IF;
	IF mapping IS NULL AND only_where IS NOT NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'a new condition needs the mapping, too';
	END IF;
	schema := coalesce(old.schema, schema);
	PERFORM tip_impl.attach_check(tbl, entity, coalesce(mapping,
		(SELECT a.mapping FROM tip.attachment AS a WHERE a.tbl = attach.tbl AND a.entity = attach.entity)),
		mode, since, schema);
	IF old.view IS NOT NULL THEN
		PERFORM tip_impl.drop_attachment(tbl, old.schema, old.view, mapping IS NOT NULL);
	END IF;
	view := coalesce(old.view, tip_impl.attached_name(tbl, entity, schema));
	IF mapping IS NOT NULL THEN
		EXECUTE tip_impl.attached_view(tbl, entity, mapping, only_where, schema, view);
		EXECUTE format('COMMENT ON VIEW %I.%I IS %L', schema, view,
			format('rows of an attached table in the shape of entity %s; made by tip.attach()', entity));
		PERFORM tip_impl.require_attachable(tip_impl.attached_relation(schema, view));
	END IF;
	PERFORM tip_impl.create_attached_triggers(tbl, schema, view, entity, mode,
		coalesce(CASE WHEN isfinite(since) THEN to_char(since, 'YYYY-MM-DD') ELSE since::text END,
			CASE WHEN mapping IS NULL THEN old.since END, ''));
	PERFORM tip_impl.warn_of_attachment(tbl);
	IF old.view IS NULL THEN
		PERFORM tip_impl.forget_namesake(schema, view);
	END IF;
	RETURN format('%I.%I', schema, view)::regclass;
END
$$;
COMMENT ON FUNCTION tip.attach(regclass, text, jsonb, text, date, text, name) IS
'judge the rows of a table by the rules of an entity, its columns mapped by name, or change the mode; the view that shows them so';

CREATE FUNCTION tip.excuse_attached(rule text, record text, reason text, until date DEFAULT NULL,
	schema name DEFAULT 'tip_data')
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM tip_impl.excuse(rule, record, reason, until, schema);
END
$$;
COMMENT ON FUNCTION tip.excuse_attached(text, text, text, date, name) IS
'excuse a row of an attached table from a rule, named as tip.check_table() names it';

-- What is asked about a table: itself, or the views of what is attached to it.
CREATE FUNCTION tip_impl.judged_as(tbl regclass, entity text)
RETURNS TABLE (relation regclass, of_entity text, schema text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT a.view, a.entity, a.schema FROM tip.attachment AS a
		WHERE judged_as.tbl IN (a.tbl, a.view) AND a.entity = coalesce(judged_as.entity, a.entity)
		ORDER BY a.entity;
	IF NOT FOUND THEN
		RETURN QUERY SELECT tbl, coalesce(judged_as.entity, c.relname::text), n.nspname::text
			FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
			WHERE c.oid = tbl;
	END IF;
END
$$;

CREATE FUNCTION tip.check_table(tbl regclass, entity text DEFAULT NULL,
	with_values bool DEFAULT false)
RETURNS TABLE (record text, rule text, severity text, outcome text, columns text[],
               message text, hint text, found jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	j record;
	suffix text;
	excused text;
	found_values text;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = tbl) THEN
		RAISE undefined_table USING MESSAGE = 'table to check does not exist';
	END IF;
	FOR j IN SELECT * FROM tip_impl.judged_as(tbl, entity) LOOP
		suffix := CASE WHEN tip_impl.is_total(j.relation, j.of_entity) THEN '' ELSE '_guarded' END;
		excused := 'false';
		IF has_table_privilege(to_regclass(format('%I.excuse', j.schema)), 'SELECT') THEN
			excused := format('(SELECT x.until IS NULL OR x.until >= current_date FROM %I.excuse AS x
				WHERE x.record = %s AND x.rule = f.rule ORDER BY x.decided_on DESC LIMIT 1)',
				j.schema, tip_impl.record_key(j.relation, j.of_entity));
		END IF;
		found_values := 'NULL::jsonb';
		IF with_values AND has_table_privilege(tbl, 'SELECT') AND has_table_privilege(j.relation, 'SELECT') THEN
			found_values := '(SELECT jsonb_object_agg(c, to_jsonb(t) -> c) FROM unnest(f.columns) AS c WHERE to_jsonb(t) ? c)';
		END IF;
		RETURN QUERY EXECUTE format(
			'SELECT %1$s, f.rule, f.severity,
				CASE WHEN f.outcome = ''failed'' AND %5$s THEN ''excused'' ELSE f.outcome END,
				f.columns, f.message, f.hint, %6$s
			 FROM %2$s AS t CROSS JOIN LATERAL tip_impl.findings_of%3$s(t, %4$L) AS f
			 WHERE tip_impl.has_findings%3$s(t, %4$L)',
			tip_impl.record_key(j.relation, j.of_entity), j.relation, suffix, j.of_entity, excused, found_values);
	END LOOP;
END
$$;
COMMENT ON FUNCTION tip.check_table(regclass, text, bool) IS
'all findings about the rows of a table, of what is attached to it, or of a view of facts, by key; values only if asked for by one who may read them; nothing is stored';
