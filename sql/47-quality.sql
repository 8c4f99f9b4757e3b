-- Data quality: how far records can be relied on, by agency, entity and period.
-- Everything is judged when it is asked, by the rules as they are: what a
-- restore or a subscription brought in past the triggers counts like the rest.

CREATE TABLE tip.minimum_element (
	entity       text NOT NULL,
	column_name  text NOT NULL,
	alternatives text[] NOT NULL DEFAULT '{}',
	standard     text NOT NULL,
	track        text CONSTRAINT minimum_element_track CHECK (track IN ('victim', 'case')),
	stage        text,
	only_where   text,
	only_values  text[],
	is_local     bool NOT NULL DEFAULT true,
	CONSTRAINT minimum_element_pkey PRIMARY KEY (entity, column_name),
	CONSTRAINT minimum_element_stage_needs_track
		CHECK ((track IS NULL) = (stage IS NULL)),
	CONSTRAINT minimum_element_values_need_column
		CHECK ((only_where IS NULL) = (only_values IS NULL))
);
COMMENT ON TABLE tip.minimum_element IS
'the minimum set: what every record should say, from which stage on';
COMMENT ON COLUMN tip.minimum_element.entity IS 'table of the model';
COMMENT ON COLUMN tip.minimum_element.column_name IS 'column';
COMMENT ON COLUMN tip.minimum_element.alternatives IS 'columns that do as well';
COMMENT ON COLUMN tip.minimum_element.standard IS 'who asks for it';
COMMENT ON COLUMN tip.minimum_element.track IS 'track of the stage: victim or case';
COMMENT ON COLUMN tip.minimum_element.stage IS 'stage from which on it is expected; empty: always';
COMMENT ON COLUMN tip.minimum_element.only_where IS
'column that says whether it is expected; empty: of every record';
COMMENT ON COLUMN tip.minimum_element.only_values IS
'codes of that column with which it is expected';
COMMENT ON COLUMN tip.minimum_element.is_local IS 'added here; false for shipped rows';
SELECT pg_catalog.pg_extension_config_dump('tip.minimum_element', 'WHERE is_local');
GRANT SELECT ON tip.minimum_element TO PUBLIC;
GRANT SELECT ON tip_impl.rule_stage TO PUBLIC;

-- What SDG 16.2.2, GLOTIP and the US TIP report count by, the core of HTCDS
-- 2.0 as far as the model holds it (names are sealed elsewhere), and what
-- makes a row one of the four units of IC-TIP.
INSERT INTO tip.minimum_element
	(entity, column_name, alternatives, standard, track, stage, only_where, only_values, is_local) VALUES
	('reporting_entity', 'name', '{}', 'HTCDS org_Name', NULL, NULL, NULL, NULL, false),
	('reporting_entity', 'organization_type', '{}', 'IC-TIP unit; HTCDS org_Type', NULL, NULL, NULL, NULL, false),
	('reporting_entity', 'country', '{}', 'IC-TIP unit', NULL, NULL, NULL, NULL, false),
	('event', 'jurisdiction', '{}', 'SDG 16.2.2; GLOTIP', NULL, NULL, NULL, NULL, false),
	('event', 'reporting_entity_id', '{}', 'IC-TIP unit', NULL, NULL, NULL, NULL, false),
	('event', 'recorded_on', '{}', 'SDG 16.2.2; GLOTIP', NULL, NULL, NULL, NULL, false),
	('event', 'report_sources', '{}', 'US TIP report', NULL, NULL, NULL, NULL, false),
	('event', 'case_stage', '{}', 'US TIP report', NULL, NULL, NULL, NULL, false),
	('event', 'case_status', '{}', 'HTCDS core: cas_Status', NULL, NULL, NULL, NULL, false),
	('event', 'completion', '{}', 'ICCS At/C', 'case', 'investigated', NULL, NULL, false),
	('event', 'is_cross_border', '{}', 'GLOTIP', 'case', 'investigated', NULL, NULL, false),
	('event', 'closure_reason', '{}', 'HTCDS core: cas_ReasonForCaseClosure', 'case', 'closed', NULL, NULL, false),
	('victim', 'sex', '{}', 'SDG 16.2.2; GLOTIP', NULL, NULL, NULL, NULL, false),
	('victim', 'age_at_identification', '{birth_year}', 'SDG 16.2.2; HTCDS core: prs_Birthdate', NULL, NULL, NULL, NULL, false),
	('victim', 'age_status_at_identification', '{}', 'GLOTIP; CTDC majorityStatus', NULL, NULL, NULL, NULL, false),
	('victim', 'citizenship', '{}', 'GLOTIP; HTCDS core: prs_Citizenship', NULL, NULL, NULL, NULL, false),
	('victim', 'gender', '{}', 'HTCDS core: prs_Gender', NULL, NULL, NULL, NULL, false),
	('victimization', 'event_id', '{}', 'IC-TIP unit', NULL, NULL, NULL, NULL, false),
	('victimization', 'victim_id', '{}', 'IC-TIP unit', NULL, NULL, NULL, NULL, false),
	('victimization', 'victim_status', '{}', 'SDG 16.2.2; HTCDS core: vic_TraffickingStatus', 'victim', 'screened', NULL, NULL, false),
	('victimization', 'status_decider', '{}', 'HTCDS core: vic_TraffickingStatusDecisionMakingOrg', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'identified_on', '{}', 'SDG 16.2.2; US TIP report', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'acts', '{}', 'Palermo Protocol, art. 3(a)', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'means', '{}', 'Palermo Protocol, art. 3(a); none_child for a child', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'forms', '{}', 'SDG 16.2.2; HTCDS core: vic_TypeOfExploitation', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'sex_types', '{}', 'HTCDS core: vic_TypeOfSexExploitation', 'victim', 'identified', 'forms', '{sex}', false),
	('victimization', 'sector', '{}', 'US TIP report; HTCDS core: vic_ForcedLabourIndustry', 'victim', 'identified', 'forms',
	 '{labour,servitude_domestic,slavery_like,debt_bondage,child_labour}', false),
	('victimization', 'age_status_at_entry', '{age_at_entry}', 'Palermo Protocol, art. 3(c); CTDC majorityEntry', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'exploitation_country', '{}', 'GLOTIP; HTCDS core: vic_LocationOfExploitation', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'recruitment_country', '{}', 'HTCDS core: vic_LocationOfRecruitment', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'recruiter_relationship', '{exploiter_relationship}', 'CTDC recruiterRelation', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'recruitment_channels', '{}', 'HTCDS core: vic_MethodOfRecruitment', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'control_methods', '{}', 'HTCDS core: vic_MethodsOfControl', 'victim', 'identified', NULL, NULL, false),
	('victimization', 'consent_to_share', '{}', 'HTCDS core: con_Consent', 'victim', 'presumed', NULL, NULL, false),
	('perpetrator', 'person_kind', '{}', 'ICCS LS', NULL, NULL, NULL, NULL, false),
	('perpetrator', 'sex', '{}', 'GLOTIP', NULL, NULL, 'person_kind', '{natural}', false),
	('perpetrator', 'age_status', '{age}', 'GLOTIP', NULL, NULL, 'person_kind', '{natural}', false),
	('perpetrator', 'citizenship', '{}', 'GLOTIP', NULL, NULL, 'person_kind', '{natural}', false),
	('involvement', 'event_id', '{}', 'IC-TIP unit', NULL, NULL, NULL, NULL, false),
	('involvement', 'perpetrator_id', '{}', 'IC-TIP unit', NULL, NULL, NULL, NULL, false),
	('involvement', 'roles', '{}', 'HTCDS per_RoleInProcess', NULL, NULL, NULL, NULL, false),
	('referral', 'from_entity_id', '{}', 'HTCDS core: cas_ReferringOrganisation', NULL, NULL, NULL, NULL, false),
	('referral', 'to_entity_id', '{}', 'HTCDS core: cas_ReferredOrganisation', NULL, NULL, NULL, NULL, false),
	('referral', 'referred_on', '{}', 'US TIP report; HTCDS core: cas_OutgoingReferralDate', NULL, NULL, NULL, NULL, false),
	('referral', 'reason', '{}', 'HTCDS core: cas_ReasonForOutgoingReferral', NULL, NULL, NULL, NULL, false),
	('assistance', 'service', '{}', 'US TIP report', NULL, NULL, NULL, NULL, false),
	('assistance', 'started_on', '{}', 'US TIP report', NULL, NULL, NULL, NULL, false),
	('assistance', 'is_accepted', '{}', 'US TIP report', NULL, NULL, NULL, NULL, false),
	('assistance', 'provider_entity_id', '{}', 'US TIP report', NULL, NULL, NULL, NULL, false),
	('justice_step', 'step', '{}', 'GLOTIP: criminal justice', NULL, NULL, NULL, NULL, false),
	('justice_step', 'stepped_on', '{}', 'US TIP report', NULL, NULL, NULL, NULL, false),
	('justice_step', 'statute_id', '{}', 'GLOTIP table 1: article of law', NULL, NULL, 'step', '{charged,indicted,convicted}', false),
	('justice_step', 'charge_count', '{}', 'US TIP report', NULL, NULL, 'step', '{charged,indicted,convicted}', false);

CREATE FUNCTION tip_impl.quality_period(since date, by text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_char(since::timestamp, CASE by WHEN 'quarter' THEN 'YYYY-"Q"Q' WHEN 'month' THEN 'YYYY-MM' ELSE 'YYYY' END);
COMMENT ON FUNCTION tip_impl.quality_period(date, text) IS
'name of the year, quarter or month that begins on a day';

-- The years of partial dates: what lies outside is no day that was ever lived.
CREATE FUNCTION tip_impl.quality_day(day date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN day BETWEEN '0001-01-01' AND '9999-12-31' THEN day END;
COMMENT ON FUNCTION tip_impl.quality_day(date) IS
'the day, or none if it is infinite or outside the years 1 to 9999';

CREATE FUNCTION tip_impl.quality_since(day date, by text) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc(by, day::timestamp)::date;
COMMENT ON FUNCTION tip_impl.quality_since(date, text) IS
'first day of the year, quarter or month of a day';

-- Tables of the model, and whatever else rules or the minimum set speak of:
-- views of facts, tables of an installation.
CREATE FUNCTION tip_impl.quality_entities(schema name)
RETURNS TABLE (entity text, tbl regclass, has_rules bool)
LANGUAGE sql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.entity, to_regclass(format('%I.%I', schema, x.entity)), bool_or(x.has_rules)
	FROM (SELECT t.name::text AS entity, false AS has_rules FROM tip_impl.model_table AS t
	      UNION ALL SELECT r.entity, true FROM tip.rule AS r
	      UNION ALL SELECT m.entity, false FROM tip.minimum_element AS m) AS x
	GROUP BY x.entity
$$;
COMMENT ON FUNCTION tip_impl.quality_entities(name) IS
'what there is to be judged in a model; no table where the model lacks it';

CREATE FUNCTION tip_impl.quality_has(tbl regclass, column_name name, type regtype DEFAULT NULL)
RETURNS bool
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_attribute AS a
	WHERE a.attrelid = tbl AND a.attname = column_name AND a.attnum > 0
	  AND NOT a.attisdropped AND (type IS NULL OR a.atttypid = type));

-- ---- where a record belongs ----

-- A key of a partitioned table is unique with its partition column only.
CREATE FUNCTION tip_impl.quality_map(tbl regclass, key name, columns text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (SELECT c.relkind FROM pg_class AS c WHERE c.oid = tbl) = 'p'
	THEN format('(SELECT DISTINCT ON (m.%1$I) m.%1$I AS "~key", %2$s FROM %3$s AS m ORDER BY 1, 2)', key, columns, tbl)
	ELSE format('(SELECT m.%1$I AS "~key", %2$s FROM %3$s AS m)', key, columns, tbl) END;
COMMENT ON FUNCTION tip_impl.quality_map(regclass, name, text) IS
'subquery with one row for each key of a table';

CREATE FUNCTION tip_impl.quality_events(schema name) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN tip_impl.quality_map(to_regclass(format('%I.event', schema)), 'event_id',
	'm.reporting_entity_id AS "~agency", tip_impl.quality_day(m.recorded_on) AS "~day"');
COMMENT ON FUNCTION tip_impl.quality_events(name) IS
'subquery with agency and day of each event';

-- Of a person in several events it is the one recorded first.
CREATE FUNCTION tip_impl.quality_way(schema name, tbl regclass, entity text,
	OUT key text, OUT way text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	bridge text := CASE entity WHEN 'victim' THEN 'victimization' WHEN 'perpetrator' THEN 'involvement' END;
	event text := 'm.event_id AS "~event"';
BEGIN
	IF tip_impl.quality_has(tbl, 'event_id', 'uuid') THEN
		RETURN;
	ELSIF bridge IS NOT NULL THEN
		key := entity || '_id';
		way := format('(SELECT DISTINCT ON (b.%1$I) b.%1$I AS "~key", b.event_id AS "~event"
			FROM %2$I.%3$I AS b LEFT JOIN %4$s AS e ON e."~key" = b.event_id
			ORDER BY b.%1$I, e."~day", b.event_id)', key, schema, bridge, tip_impl.quality_events(schema));
	ELSIF tip_impl.quality_has(tbl, 'victimization_id', 'uuid') THEN
		key := 'victimization_id';
		way := tip_impl.quality_map(to_regclass(format('%I.victimization', schema)), key, event);
	ELSIF tip_impl.quality_has(tbl, 'screening_id', 'uuid') THEN
		key := 'screening_id';
		way := format('(SELECT s."~key", v."~event" FROM %s AS s JOIN %s AS v ON v."~key" = s."~up")',
			tip_impl.quality_map(to_regclass(format('%I.screening', schema)), key, 'm.victimization_id AS "~up"'),
			tip_impl.quality_map(to_regclass(format('%I.victimization', schema)), 'victimization_id', event));
	ELSIF tip_impl.quality_has(tbl, 'justice_step_id', 'uuid') THEN
		key := 'justice_step_id';
		way := tip_impl.quality_map(to_regclass(format('%I.justice_step', schema)), key, event);
	END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.quality_way(name, regclass, text) IS
'column and subquery that lead from a record to its event; none where it names the event itself, or has none';

CREATE FUNCTION tip_impl.quality_base(schema name, tbl regclass, entity text,
	extra text DEFAULT '')
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	w record := tip_impl.quality_way(schema, tbl, entity);
	event text := CASE WHEN w.key IS NOT NULL THEN 'h."~event"'
		WHEN tip_impl.quality_has(tbl, 'event_id', 'uuid') THEN 't.event_id' ELSE 'NULL::uuid' END;
BEGIN
	RETURN format('SELECT %s AS record, %s AS event_id, %s AS agency, %s AS day, %s AS is_draft%s
		FROM %s AS t %s LEFT JOIN %s AS e ON e."~key" = %s',
		tip_impl.record_key(tbl, entity), event,
		CASE WHEN entity = 'reporting_entity' THEN 't.reporting_entity_id' ELSE 'e."~agency"' END,
		CASE WHEN tip_impl.quality_has(tbl, 'recorded_on', 'date')
			THEN 'coalesce(tip_impl.quality_day(t.recorded_on), e."~day")' ELSE 'e."~day"' END,
		coalesce((SELECT format('coalesce(%s, false)', s.condition) FROM tip_impl.rule_stage AS s
			WHERE s.entity = quality_base.entity AND s.stage = 'draft'), 'false'),
		extra, tbl, CASE WHEN w.key IS NULL THEN ''
			ELSE format('LEFT JOIN %s AS h ON h."~key" = t.%I', w.way, w.key) END,
		tip_impl.quality_events(schema), event);
END
$$;
COMMENT ON FUNCTION tip_impl.quality_base(name, regclass, text, text) IS
'query with one row for each record: key, event, agency, day, whether it is a draft, and what else is wanted of row t';

-- ---- validity ----

CREATE FUNCTION tip_impl.quality_findings(tbl regclass, entity text)
RETURNS TABLE (record text, failed text[], excused text[], not_evaluable text[])
LANGUAGE sql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(f.record, ''), array_agg(DISTINCT f.rule) FILTER (WHERE f.outcome = 'failed'),
	       array_agg(DISTINCT f.rule) FILTER (WHERE f.outcome = 'excused'),
	       array_agg(DISTINCT f.rule) FILTER (WHERE f.outcome = 'not_evaluable')
	FROM tip.check_table(tbl, entity) AS f
	WHERE f.severity = 'error' GROUP BY 1
$$;
COMMENT ON FUNCTION tip_impl.quality_findings(regclass, text) IS
'error rules by outcome, one row for each record that has any';

-- Several facts of one event are one record, since its findings are the
-- event's.  Only events, and records with findings, need to be told apart.
CREATE FUNCTION tip_impl.quality_records(schema name, entity text, tbl regclass, has_rules bool,
	recorded daterange, by text)
RETURNS TABLE (event_id uuid, agency uuid, since date, is_wanted bool, is_draft bool,
               failed text[], excused text[], not_evaluable text[], records int8)
LANGUAGE plpgsql STABLE ROWS 10000
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	base text := tip_impl.quality_base(schema, tbl, entity);
BEGIN
	IF NOT tip_impl.quality_has(tbl, entity || '_id') THEN
		base := format('SELECT g.record, g.event_id, g.agency, min(g.day) AS day, g.is_draft
			FROM (%s) AS g GROUP BY 1, 2, 3, 5', base);
	END IF;
	RETURN QUERY EXECUTE format('
		SELECT CASE WHEN f.record IS NOT NULL OR %L THEN b.event_id END, b.agency,
		       tip_impl.quality_since(b.day, $1), b.day IS NULL OR $2 IS NULL OR $2 @> b.day, b.is_draft,
		       f.failed, f.excused, f.not_evaluable, count(*)
		FROM (%s) AS b LEFT JOIN %s AS f ON f.record = coalesce(b.record, '''')
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8', entity = 'event', base,
		CASE WHEN has_rules THEN 'tip_impl.quality_findings($3, $4)'
			ELSE '(SELECT NULL::text AS record, NULL::text[] AS failed, NULL::text[] AS excused, NULL::text[] AS not_evaluable)' END)
	USING by, recorded, tbl, entity;
END
$$;
COMMENT ON FUNCTION tip_impl.quality_records(name, text, regclass, bool, daterange, text) IS
'number of records, by where they belong and by the error rules that they fail, are excused from, or cannot be judged by';

-- ---- completeness ----

-- f filled, e empty, u a code that says why it is not known.  What is no text,
-- code, set or list cannot say more than that it is there.
CREATE FUNCTION tip_impl.quality_state(tbl regclass, columns text[]) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('CASE WHEN %s THEN ''f'' WHEN %s THEN ''u'' ELSE ''e'' END',
		string_agg(CASE WHEN c.is_plain THEN format('t.%I IS NOT NULL', c.name) ELSE
			format('coalesce(btrim(t.%I::text, '' {}'') <> ALL (''{"",unknown,not_stated,withheld,ZZ}''), false)', c.name) END, ' OR '),
		string_agg(CASE WHEN c.is_plain THEN format('t.%I IS NOT NULL', c.name) ELSE
			format('coalesce(btrim(t.%I::text, '' {}'') <> '''', false)', c.name) END, ' OR '))
	FROM (SELECT a.attname AS name, a.atttypid = ANY ('{uuid,int2,int4,int8,numeric,bool,date,tip.partial_date}'::regtype[]) AS is_plain
	      FROM pg_attribute AS a
	      WHERE a.attrelid = tbl AND NOT a.attisdropped AND a.attname = ANY (columns)) AS c);
COMMENT ON FUNCTION tip_impl.quality_state(regclass, text[]) IS
'expression: whether one of these columns of row t is filled';

-- A hyphen where the element is not expected of the record.
CREATE FUNCTION tip_impl.quality_element(m tip.minimum_element, tbl regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN format('CASE WHEN %s AND %s THEN %s ELSE ''-'' END',
	coalesce((SELECT format('(%s)', s.condition) FROM tip_impl.rule_stage AS s
		WHERE s.entity = (m).entity AND s.track = (m).track AND s.stage = (m).stage), 'true'),
	CASE WHEN (m).only_where IS NULL THEN 'true'
		ELSE format('string_to_array(btrim(t.%I::text, ''{}''), '','') && %L::text[]', (m).only_where, (m).only_values) END,
	tip_impl.quality_state(tbl, (m).column_name || (m).alternatives));
COMMENT ON FUNCTION tip_impl.quality_element(tip.minimum_element, regclass) IS
'expression: whether an element of the minimum set is filled in row t';

-- Rows of the minimum set are data, also of other versions and installations.
CREATE FUNCTION tip_impl.quality_flaw(m tip.minimum_element, tbl regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN tbl IS NULL THEN 'no such table'
	WHEN EXISTS (SELECT FROM unnest((m).column_name || (m).alternatives || coalesce((m).only_where, (m).column_name)) AS c
		WHERE NOT tip_impl.quality_has(tbl, c)) THEN 'no such column'
	WHEN (m).stage IS NOT NULL AND NOT EXISTS (SELECT FROM tip_impl.rule_stage AS s
		WHERE s.entity = (m).entity AND s.track = (m).track AND s.stage = (m).stage) THEN 'no such stage' END;
COMMENT ON FUNCTION tip_impl.quality_flaw(tip.minimum_element, regclass) IS
'why an element of the minimum set cannot be looked for in a model, if so';

CREATE FUNCTION tip_impl.quality_completeness(schema name, of_entity text, tbl regclass,
	recorded daterange, by text)
RETURNS TABLE (agency uuid, since date, element text, records int8, failing int8, not_evaluable int8)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	names text[];
	states text;
BEGIN
	SELECT array_agg(m.column_name ORDER BY m.column_name),
	       string_agg(tip_impl.quality_element(m, tbl), ' || ' ORDER BY m.column_name)
	INTO names, states
	FROM tip.minimum_element AS m
	WHERE m.entity = of_entity AND tip_impl.quality_flaw(m, tbl) IS NULL;
	IF names IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE format('
		SELECT g.agency, g.since, ($3)[n], sum(g.records)::int8,
		       coalesce(sum(g.records) FILTER (WHERE x.state = ''e''), 0)::int8,
		       coalesce(sum(g.records) FILTER (WHERE x.state = ''u''), 0)::int8
		FROM (SELECT b.agency, tip_impl.quality_since(b.day, $2) AS since, b.states COLLATE "C" AS states, count(*) AS records
		      FROM (%s) AS b
		      WHERE NOT b.is_draft AND (b.day IS NULL OR $1 IS NULL OR $1 @> b.day)
		      GROUP BY 1, 2, 3) AS g
		CROSS JOIN generate_series(1, cardinality($3)) AS n
		CROSS JOIN LATERAL substr(g.states, n, 1) AS x(state)
		WHERE x.state <> ''-'' GROUP BY 1, 2, 3',
		tip_impl.quality_base(schema, tbl, of_entity, format(', %s AS states', states)))
	USING recorded, by, names;
END
$$;
COMMENT ON FUNCTION tip_impl.quality_completeness(name, text, regclass, daterange, text) IS
'how many records lack each element of the minimum set that is expected of them';

-- ---- uniqueness ----

-- There are no names to compare.  A reference to the police records system is
-- one record's, and a person is in an event once.
CREATE FUNCTION tip_impl.quality_duplicates(schema name, of_entity text, tbl regclass,
	recorded daterange, by text)
RETURNS TABLE (agency uuid, since date, element text, records int8, failing int8)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	columns text[] := CASE of_entity WHEN 'victimization' THEN '{event_id,victim_id}'
		WHEN 'involvement' THEN '{event_id,perpetrator_id}' ELSE '{prmis_ref}' END::text[];
	keys text := (SELECT string_agg(format('t.%I AS k%s', c, n), ', ') FROM unnest(columns) WITH ORDINALITY AS u(c, n));
	same text := (SELECT string_agg(format('d.k%1$s = b.k%1$s', n), ' AND ') FROM unnest(columns) WITH ORDINALITY AS u(c, n));
	filled text := (SELECT string_agg(format('t.%I::text ~ ''\S''', c), ' AND ') FROM unnest(columns) AS c);
BEGIN
	IF EXISTS (SELECT FROM unnest(columns) AS c WHERE NOT tip_impl.quality_has(tbl, c)) THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE format('
		SELECT b.agency, tip_impl.quality_since(b.day, $2), $3, count(*), count(d.k1)
		FROM (%1$s WHERE %2$s) AS b
		LEFT JOIN (SELECT %3$s FROM %4$s AS t WHERE %2$s GROUP BY %5$s HAVING count(*) > 1) AS d ON %6$s
		WHERE NOT b.is_draft AND (b.day IS NULL OR $1 IS NULL OR $1 @> b.day)
		GROUP BY 1, 2',
		tip_impl.quality_base(schema, tbl, of_entity, ', ' || keys), filled, keys, tbl,
		(SELECT string_agg(n::text, ', ') FROM generate_subscripts(columns, 1) AS n), same)
	USING recorded, by, array_to_string(columns, ', ');
END
$$;
COMMENT ON FUNCTION tip_impl.quality_duplicates(name, text, regclass, daterange, text) IS
'how many records share with another, of whatever agency and period, what only one should have';

-- ---- timeliness ----

-- Pairs of dates: between them lie so many days, at the shortest and at the longest.
CREATE FUNCTION tip_impl.quality_spans(schema name)
RETURNS TABLE (entity text, element text, agency uuid, day date, shortest int4, longest int4)
LANGUAGE plpgsql STABLE ROWS 100000
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	identified text := (SELECT s.condition FROM tip_impl.rule_stage AS s
		WHERE (s.entity, s.track, s.stage) = ('victimization', 'victim', 'identified'));
	referred text := (SELECT s.condition FROM tip_impl.rule_stage AS s
		WHERE (s.entity, s.track, s.stage) = ('victimization', 'victim', 'referred'));
BEGIN
	RETURN QUERY EXECUTE format('
		SELECT ''event'', ''reported_to_recorded'', b.agency, b.day,
		       b.recorded_on - tip.latest(b.reported_on), b.recorded_on - tip.earliest(b.reported_on)
		FROM (%s) AS b WHERE NOT b.is_draft',
		tip_impl.quality_base(schema, to_regclass(format('%I.event', schema)), 'event',
			', t.reported_on, tip_impl.quality_day(t.recorded_on) AS recorded_on'));
	RETURN QUERY EXECUTE format('
		SELECT ''victimization'', x.element, b.agency, b.day, x.shortest, x.longest
		FROM (%1$s) AS b
		LEFT JOIN (SELECT r.victimization_id AS key,
		                  CASE WHEN count(*) = count(r.referred_on) THEN min(tip.earliest(r.referred_on)) END AS earliest,
		                  CASE WHEN count(*) = count(r.referred_on) THEN min(tip.latest(r.referred_on)) END AS latest
		           FROM %2$I.referral AS r GROUP BY 1) AS r ON r.key = b.key
		CROSS JOIN LATERAL (VALUES
			(b.is_identified, ''recorded_to_identified'',
			 tip.earliest(b.identified_on) - b.event_day, tip.latest(b.identified_on) - b.event_day),
			(b.is_identified AND (b.is_referred OR r.key IS NOT NULL), ''identified_to_referred'',
			 r.earliest - tip.latest(b.identified_on), r.latest - tip.earliest(b.identified_on)))
			AS x(is_expected, element, shortest, longest)
		WHERE NOT b.is_draft AND x.is_expected',
		tip_impl.quality_base(schema, to_regclass(format('%I.victimization', schema)), 'victimization',
			format(', t.victimization_id AS key, t.identified_on, e."~day" AS event_day,
				coalesce(%s, false) AS is_identified, coalesce(%s, false) AS is_referred', identified, referred)), schema);
END
$$;
COMMENT ON FUNCTION tip_impl.quality_spans(name) IS
'days from report to record, record to identification, identification to first referral; no days where a date is not known';

CREATE FUNCTION tip_impl.quality_timeliness(schema name, recorded daterange, by text, within_days int)
RETURNS TABLE (agency uuid, since date, entity text, element text, records int8,
               failing int8, not_evaluable int8, median_shortest numeric, median_longest numeric)
LANGUAGE sql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp AS $$
	WITH s AS (
		SELECT x.agency, tip_impl.quality_since(x.day, by) AS since, x.entity, x.element, count(*) AS records,
		       count(*) FILTER (WHERE x.shortest > within_days) AS late,
		       count(*) FILTER (WHERE (x.shortest > within_days OR x.longest <= within_days) IS NOT TRUE) AS late_unknown,
		       count(*) FILTER (WHERE x.longest < 0) AS negative,
		       count(*) FILTER (WHERE (x.longest < 0 OR x.shortest >= 0) IS NOT TRUE) AS negative_unknown,
		       (percentile_cont(0.5) WITHIN GROUP (ORDER BY x.shortest))::numeric AS median_shortest,
		       (percentile_cont(0.5) WITHIN GROUP (ORDER BY x.longest))::numeric AS median_longest
		FROM tip_impl.quality_spans(schema) AS x
		WHERE x.day IS NULL OR recorded IS NULL OR recorded @> x.day
		GROUP BY 1, 2, 3, 4)
	SELECT s.agency, s.since, s.entity, s.element, s.records, s.late, s.late_unknown, s.median_shortest, s.median_longest FROM s
	UNION ALL
	SELECT s.agency, s.since, s.entity, s.element || ': negative', s.records, s.negative, s.negative_unknown, NULL, NULL FROM s
$$;
COMMENT ON FUNCTION tip_impl.quality_timeliness(name, daterange, text, int) IS
'how many steps came later than so many days, or before the step that they should follow; median of the days';

-- ---- all of it ----

CREATE FUNCTION tip_impl.quality_agencies(schema name)
RETURNS TABLE (agency uuid, name text)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT r.reporting_entity_id, r.name FROM %I.reporting_entity AS r', schema);
END
$$;

-- Records by what the rules say of them: one class each, and a case has that
-- of its worst record.
CREATE FUNCTION tip_impl.quality_validity(schema name, recorded daterange, by text)
RETURNS TABLE (agency uuid, since date, entity text, element text, records int8, drafts int8,
               failing int8, excused int8, not_evaluable int8)
LANGUAGE sql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp AS $$
	WITH r AS MATERIALIZED (
		SELECT n.entity, q.*, CASE WHEN q.failed IS NOT NULL THEN 1 WHEN q.excused IS NOT NULL THEN 2
		                           WHEN q.not_evaluable IS NOT NULL THEN 3 END AS class
		FROM tip_impl.quality_entities(schema) AS n
		CROSS JOIN LATERAL tip_impl.quality_records(schema, n.entity, n.tbl, n.has_rules, recorded, by) AS q
		WHERE n.tbl IS NOT NULL),
	worst AS (
		SELECT r.event_id, min(r.class) AS class FROM r
		WHERE r.class IS NOT NULL AND r.event_id IS NOT NULL AND NOT r.is_draft GROUP BY 1),
	classed AS (
		SELECT r.entity, r.agency, r.since, r.is_draft, r.class, r.records FROM r WHERE r.is_wanted
		UNION ALL
		SELECT 'case', r.agency, r.since, false, w.class, r.records
		FROM r LEFT JOIN worst AS w ON w.event_id = r.event_id
		WHERE r.entity = 'event' AND r.is_wanted)
	SELECT c.agency, c.since, c.entity, NULL, coalesce(sum(c.records) FILTER (WHERE NOT c.is_draft), 0)::int8,
	       coalesce(sum(c.records) FILTER (WHERE c.is_draft), 0)::int8,
	       coalesce(sum(c.records) FILTER (WHERE NOT c.is_draft AND c.class = 1), 0)::int8,
	       coalesce(sum(c.records) FILTER (WHERE NOT c.is_draft AND c.class = 2), 0)::int8,
	       coalesce(sum(c.records) FILTER (WHERE NOT c.is_draft AND c.class = 3), 0)::int8
	FROM classed AS c GROUP BY 1, 2, 3
	UNION ALL
	SELECT r.agency, r.since, r.entity, f.rule, NULL, NULL,
	       coalesce(sum(r.records) FILTER (WHERE f.class = 1), 0)::int8,
	       coalesce(sum(r.records) FILTER (WHERE f.class = 2), 0)::int8,
	       coalesce(sum(r.records) FILTER (WHERE f.class = 3), 0)::int8
	FROM r CROSS JOIN LATERAL (
		SELECT u.rule, min(u.class) AS class FROM (
			SELECT unnest(r.failed) AS rule, 1 AS class UNION ALL SELECT unnest(r.excused), 2
			UNION ALL SELECT unnest(r.not_evaluable), 3) AS u GROUP BY 1) AS f
	WHERE r.class IS NOT NULL AND r.is_wanted AND NOT r.is_draft
	GROUP BY 1, 2, 3, 4
$$;
COMMENT ON FUNCTION tip_impl.quality_validity(name, daterange, text) IS
'records by what the error rules say of them: in all, and for each rule that says something';

CREATE FUNCTION tip_impl.quality_check_arguments(schema name, by text, threshold numeric, within_days int)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regclass(format('%I.victimization', schema)) IS NULL THEN
		RAISE undefined_table USING
			MESSAGE = format('schema "%s" has no model', schema),
			HINT = 'Use tip.create_model() to make one.';
	ELSIF by IS NULL OR by NOT IN ('year', 'quarter', 'month') THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'data quality is reported by year, quarter or month';
	ELSIF threshold IS NULL OR NOT threshold BETWEEN 0 AND 1 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'threshold of the error rate must be between 0 and 1',
			HINT = 'Four per cent is 0.04.';
	ELSIF within_days IS NULL OR within_days < 0 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'number of days must not be negative';
	END IF;
END
$$;

-- All figures of one dimension have one form.  An excused record counts like
-- one that fails; what cannot be judged does not count as right.
CREATE FUNCTION tip_impl.quality_figures(schema name, recorded daterange, by text, within_days int)
RETURNS TABLE (agency uuid, since date, entity text, dimension text, element text,
	records int8, drafts int8, failing int8, excused int8, not_evaluable int8,
	of_records int8, median_shortest numeric, median_longest numeric, flaw text)
LANGUAGE sql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp AS $$
	SELECT v.agency, v.since, v.entity, 'validity', v.element, v.records, v.drafts, v.failing,
	       v.excused, v.not_evaluable, v.records, NULL::numeric, NULL::numeric, NULL
	FROM (SELECT q.agency, q.since, q.entity, q.element, q.drafts, q.failing, q.excused, q.not_evaluable,
	             max(q.records) OVER (PARTITION BY q.agency, q.since, q.entity) AS records
	      FROM tip_impl.quality_validity(schema, recorded, by) AS q) AS v
	UNION ALL
	SELECT q.agency, q.since, n.entity, 'completeness', q.element, q.records, NULL, q.failing,
	       NULL, q.not_evaluable, q.records, NULL, NULL, NULL
	FROM tip_impl.quality_entities(schema) AS n
	CROSS JOIN LATERAL tip_impl.quality_completeness(schema, n.entity, n.tbl, recorded, by) AS q
	WHERE n.tbl IS NOT NULL
	UNION ALL
	SELECT q.agency, q.since, n.entity, 'uniqueness', q.element, q.records, NULL, q.failing,
	       NULL, NULL, q.records, NULL, NULL, NULL
	FROM tip_impl.quality_entities(schema) AS n
	CROSS JOIN LATERAL tip_impl.quality_duplicates(schema, n.entity, n.tbl, recorded, by) AS q
	WHERE n.tbl IS NOT NULL
	UNION ALL
	SELECT q.agency, q.since, q.entity, 'timeliness', q.element, q.records, NULL, q.failing,
	       NULL, q.not_evaluable, q.records - q.not_evaluable, q.median_shortest, q.median_longest, NULL
	FROM tip_impl.quality_timeliness(schema, recorded, by, within_days) AS q
	UNION ALL
	SELECT NULL, NULL, m.entity, 'completeness', m.column_name, NULL, NULL, NULL,
	       NULL, NULL, NULL, NULL, NULL, tip_impl.quality_flaw(m, n.tbl)
	FROM tip.minimum_element AS m JOIN tip_impl.quality_entities(schema) AS n ON n.entity = m.entity
	WHERE tip_impl.quality_flaw(m, n.tbl) IS NOT NULL
	UNION ALL
	SELECT NULL, NULL, n.entity, 'validity', NULL, NULL, NULL, NULL,
	       NULL, NULL, NULL, NULL, NULL, 'no such table'
	FROM tip_impl.quality_entities(schema) AS n WHERE n.has_rules AND n.tbl IS NULL
$$;

CREATE FUNCTION tip.data_quality(schema name DEFAULT 'tip_data', recorded daterange DEFAULT NULL,
	by text DEFAULT 'year', threshold numeric DEFAULT 0.04, within_days int DEFAULT 90)
RETURNS TABLE (agency uuid, agency_name text, period text, entity text, dimension text, element text,
	records int8, drafts int8, failing int8, excused int8, not_evaluable int8, rate numeric,
	median_shortest numeric, median_longest numeric, verdict text)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	PERFORM tip_impl.quality_check_arguments(schema, by, threshold, within_days);
	RETURN QUERY
	SELECT q.agency, a.name, tip_impl.quality_period(q.since, by), q.entity, q.dimension, q.element, q.records, q.drafts,
	       q.failing, q.excused, q.not_evaluable,
	       round((q.failing + coalesce(q.excused, 0))::numeric / nullif(q.of_records, 0), 4),
	       q.median_shortest, q.median_longest,
	       CASE WHEN q.flaw IS NOT NULL THEN q.flaw
	            WHEN q.dimension <> 'validity' OR q.element IS NOT NULL OR q.records = 0 THEN NULL
	            WHEN q.failing + q.excused <= threshold * q.records THEN 'publishable'
	            ELSE 'not publishable' END
	FROM tip_impl.quality_figures(schema, recorded, by, within_days) AS q
	LEFT JOIN tip_impl.quality_agencies(schema) AS a ON a.agency = q.agency
	ORDER BY a.name COLLATE "C", q.agency, q.since, q.entity COLLATE "C",
	         array_position('{validity,completeness,timeliness,uniqueness}', q.dimension),
	         q.element COLLATE "C" NULLS FIRST;
END
$$;
COMMENT ON FUNCTION tip.data_quality(name, daterange, text, numeric, int) IS
'validity, completeness, timeliness and uniqueness of the records of a model, by agency, period and entity; counts only';

CREATE FUNCTION tip.data_quality_summary(schema name DEFAULT 'tip_data', recorded daterange DEFAULT NULL,
	by text DEFAULT 'year', threshold numeric DEFAULT 0.04, within_days int DEFAULT 90)
RETURNS TABLE (agency uuid, agency_name text, period text, cases int8, failing int8, excused int8,
	not_evaluable int8, drafts int8, error_rate numeric, unexcused_rate numeric,
	missing_rate numeric, late_rate numeric, duplicates int8, verdict text)
LANGUAGE sql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp AS $$
	SELECT x.agency, x.agency_name, x.period, coalesce(x.cases, 0), x.failing, x.excused, x.not_evaluable,
	       x.drafts, x.error_rate, round(x.failing::numeric / nullif(x.cases, 0), 4),
	       x.missing_rate, x.late_rate, x.duplicates, x.verdict
	FROM (SELECT q.agency, q.agency_name, q.period,
	             sum(q.records) FILTER (WHERE q.is_case)::int8 AS cases,
	             sum(q.failing) FILTER (WHERE q.is_case)::int8 AS failing,
	             sum(q.excused) FILTER (WHERE q.is_case)::int8 AS excused,
	             sum(q.not_evaluable) FILTER (WHERE q.is_case)::int8 AS not_evaluable,
	             coalesce(sum(q.drafts), 0)::int8 AS drafts,
	             max(q.rate) FILTER (WHERE q.is_case) AS error_rate,
	             round(sum(q.failing) FILTER (WHERE q.dimension = 'completeness')
	                   / nullif(sum(q.records) FILTER (WHERE q.dimension = 'completeness'), 0), 4) AS missing_rate,
	             round(sum(q.failing) FILTER (WHERE q.dimension = 'timeliness' AND q.element NOT LIKE '%: negative')
	                   / nullif(sum(q.records - q.not_evaluable) FILTER (WHERE q.dimension = 'timeliness'
	                            AND q.element NOT LIKE '%: negative'), 0), 4) AS late_rate,
	             coalesce(sum(q.failing) FILTER (WHERE q.dimension = 'uniqueness'), 0)::int8 AS duplicates,
	             max(q.verdict) FILTER (WHERE q.is_case) AS verdict
	      FROM (SELECT d.*, d.entity = 'case' AND d.element IS NULL AS is_case
	            FROM tip.data_quality(schema, recorded, by, threshold, within_days) AS d
	            WHERE d.records IS NOT NULL AND d.entity <> 'reporting_entity') AS q
	      GROUP BY q.agency, q.agency_name, q.period) AS x
	ORDER BY x.agency_name COLLATE "C", x.agency, x.period COLLATE "C"
$$;
COMMENT ON FUNCTION tip.data_quality_summary(name, daterange, text, numeric, int) IS
'one row for each agency and period: error rate of its cases against a threshold, what is missing, late, or there twice';
