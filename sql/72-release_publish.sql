-- Release: preview, publish, and what an analyst may ask.

-- A plan over a period: its one joint cube, protected.

CREATE FUNCTION tip_impl.check_period(plan_id text, first_year int4,
    last_year int4)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    p       tip.release_plan;
BEGIN
    IF num_nulls(plan_id, first_year, last_year) > 0 THEN
        RAISE EXCEPTION 'plan and years must not be null'
            USING ERRCODE = '22004';
    END IF;
    SELECT * INTO p FROM tip.release_plan WHERE id = plan_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'release plan "%" does not exist', plan_id
            USING ERRCODE = '42704', HINT = 'See tip.release_plan.';
    END IF;
    IF NOT EXISTS (SELECT FROM tip.release_plan_table AS t
                    WHERE t.plan = plan_id) THEN
        RAISE EXCEPTION 'release plan "%" has no table', plan_id
            USING ERRCODE = '55000',
                  HINT = 'Add rows to tip.release_plan_table.';
    END IF;
    IF last_year::int8 - first_year + 1 <> p.years
       OR first_year NOT BETWEEN 1900 AND 2149 THEN
        RAISE EXCEPTION 'a period of release plan "%" has % year(s)',
            plan_id, p.years
            USING ERRCODE = '22023';
    END IF;
    IF last_year >= extract(year FROM current_date) THEN
        RAISE EXCEPTION 'period has not ended'
            USING ERRCODE = '55000',
                  HINT = 'Publish a year when it is over and its records are in.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_period(text, int4, int4) IS
'complain unless the plan may be published for these years';

CREATE FUNCTION tip_impl.plan_dimensions(plan_id text) RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    known text[];
    wrong text;
BEGIN
    SELECT array_prepend('year', m.dimensions) INTO known
      FROM tip.release_plan AS p JOIN tip.measure AS m ON m.id = p.measure
     WHERE p.id = plan_id;
    SELECT d INTO wrong
      FROM tip.release_plan_table AS t, unnest(t.dimensions) AS d
     WHERE t.plan = plan_id AND d <> ALL (known)
     ORDER BY d LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'dimension "%" does not belong to the measure of plan "%"',
            wrong, plan_id
            USING ERRCODE = '42703',
                  HINT = format('Dimensions are: %s.',
                                array_to_string(known, ', '));
    END IF;
    RETURN ARRAY(
        SELECT k.name FROM unnest(known) WITH ORDINALITY AS k(name, place)
         WHERE k.name IN (SELECT unnest(t.dimensions)
                            FROM tip.release_plan_table AS t
                           WHERE t.plan = plan_id)
         ORDER BY k.place);
END
$$;
COMMENT ON FUNCTION tip_impl.plan_dimensions(text) IS
'the dimensions that the tables of a plan use together';

-- The measure's query names its tables by schema: the path is pinned.
CREATE FUNCTION tip_impl.measure_cells(plan_id text, dimensions text[],
    first_year int4, last_year int4, data_schema name)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    columns text;
    source  text;
    cells   jsonb;
BEGIN
    SELECT m.source INTO source
      FROM tip.release_plan AS p JOIN tip.measure AS m ON m.id = p.measure
     WHERE p.id = plan_id;
    -- What is not known is a category, or the total would give it away.
    SELECT string_agg(format(
               $q$CASE WHEN coalesce(s.%1$I::text, 'not_stated')
                  IN ('unknown', 'not_stated', 'withheld')
                  THEN 'unknown' ELSE s.%1$I::text END$q$, d), ', ')
      INTO columns
      FROM unnest(dimensions) AS d;
    EXECUTE format(
        $q$SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'codes', c.codes, 'n', c.n) ORDER BY c.codes), '[]')
             FROM (SELECT ARRAY[%s]::text[] AS codes, count(*) AS n
                     FROM (%s) AS s
                    WHERE s.year BETWEEN $1 AND $2
                    GROUP BY 1) AS c$q$,
        columns, format(source, data_schema))
       INTO cells USING first_year, last_year;
    RETURN cells;
END
$$;
COMMENT ON FUNCTION tip_impl.measure_cells(text, text[], int4, int4, name) IS
'the finest counts of a plan''s measure over a period';

CREATE FUNCTION tip_impl.plan_categories(dimensions text[], cells jsonb,
    first_year int4, last_year int4)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT jsonb_agg(
           CASE WHEN d.name = 'year'
                THEN (SELECT jsonb_agg(y::text ORDER BY y)
                        FROM generate_series(first_year, last_year) AS y)
                ELSE (SELECT jsonb_agg(k.code ORDER BY k.code = 'unknown', k.code)
                        FROM (SELECT c.value -> 'codes' ->> (d.place - 1)::int
                                FROM jsonb_array_elements(cells) AS c
                              UNION SELECT 'unknown') AS k(code))
           END
           ORDER BY d.place)
  FROM unnest(dimensions) WITH ORDINALITY AS d(name, place)
$$;
COMMENT ON FUNCTION tip_impl.plan_categories(text[], jsonb, int4, int4) IS
'categories of each dimension: every year, every code seen, and unknown';

CREATE FUNCTION tip_impl.plan_cells(plan_id text, first_year int4,
    last_year int4, data_schema name,
    OUT table_name text, OUT ordinal int4, OUT codes text[], OUT n int8,
    OUT level int4, OUT is_total boolean, OUT is_small boolean,
    OUT is_hidden boolean, OUT low int8, OUT high int8)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    PERFORM tip_impl.check_history(plan_id, first_year, last_year);
    RETURN QUERY SELECT * FROM tip_impl.problem_cells(
        tip_impl.release_problem(plan_id, first_year, last_year, data_schema));
END
$$;
COMMENT ON FUNCTION tip_impl.plan_cells(text, int4, int4, name) IS
'every cell of every table of a plan, with its true count and its fate';

CREATE FUNCTION tip.preview(plan text, first_year int4,
    last_year int4 DEFAULT NULL, data_schema name DEFAULT 'tip_data',
    OUT table_name text, OUT codes text[], OUT is_total boolean,
    OUT value int8, OUT shown text, OUT obs_status text, OUT conf_status text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    final_year int4 := coalesce(last_year, first_year);
BEGIN
    RETURN QUERY
    SELECT c.table_name, c.codes, c.is_total,
           CASE WHEN NOT c.is_hidden THEN c.n END,
           CASE WHEN c.is_hidden THEN '*' ELSE c.n::text END,
           CASE WHEN c.is_hidden THEN 'Q' ELSE 'A' END,
           CASE WHEN c.is_hidden THEN 'C' ELSE 'F' END
      FROM tip_impl.plan_cells(plan, first_year, final_year, data_schema) AS c
     ORDER BY c.ordinal, c.codes;
    PERFORM tip_impl.log_release('preview', plan, first_year, final_year, NULL);
END
$$;
COMMENT ON FUNCTION tip.preview(text, int4, int4, name) IS
'what a plan would publish for a period; logged, and spends nothing';

CREATE FUNCTION tip.preview_loss(plan text, first_year int4,
    last_year int4 DEFAULT NULL, data_schema name DEFAULT 'tip_data',
    OUT table_name text, OUT level int4, OUT cells int8, OUT nonzero int8,
    OUT hidden int8, OUT shown_percent numeric)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    final_year int4 := coalesce(last_year, first_year);
BEGIN
    RETURN QUERY
    SELECT c.table_name, c.level, count(*),
           count(*) FILTER (WHERE c.n > 0),
           count(*) FILTER (WHERE c.is_hidden),
           round(100.0 * count(*)
                            FILTER (WHERE c.n > 0 AND NOT c.is_hidden)
                            / nullif(count(*)
                                     FILTER (WHERE c.n > 0), 0), 1)
      FROM tip_impl.plan_cells(plan, first_year, final_year, data_schema) AS c
     GROUP BY c.ordinal, c.table_name, c.level
     ORDER BY c.ordinal, c.level;
    PERFORM tip_impl.log_release('preview', plan, first_year, final_year, NULL);
END
$$;
COMMENT ON FUNCTION tip.preview_loss(text, int4, int4, name) IS
'how much a plan would hide: level 0 is the total, 1 one-way cells, and so on';

-- Publication.

CREATE FUNCTION tip_impl.create_public_view(table_name text,
    dimensions text[], title text, audience text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    columns text[];
BEGIN
    IF to_regnamespace('tip_public') IS NULL THEN
        CREATE SCHEMA tip_public;
        COMMENT ON SCHEMA tip_public IS
            'published tables on trafficking in persons, one view each';
    END IF;
    -- The view of an earlier release names its columns for good.
    SELECT array_agg(a.attname::text ORDER BY a.attnum) INTO columns
      FROM pg_attribute AS a
     WHERE a.attrelid = to_regclass(format('tip_public.%I', table_name))
       AND a.attnum > 0;
    IF columns <> '{release,first_year,last_year}'::text[] || dimensions
                  || '{is_total,value,shown,obs_status,conf_status}'::text[] THEN
        RAISE EXCEPTION 'view "%" was made for other dimensions', table_name
            USING ERRCODE = '55000',
                  HINT = 'Give the changed table of the plan a new name.';
    END IF;
    IF columns IS NULL THEN
        EXECUTE format(
            'CREATE VIEW tip_public.%I WITH (security_barrier) AS '
            'SELECT r.release, r.first_year, '
            'r.last_year, %s, c.is_total, c.value, c.shown, c.obs_status, '
            'c.conf_status FROM tip.release_cell AS c '
            'JOIN tip.release AS r ON r.release = c.release '
            'WHERE c.table_name = %L',
            table_name,
            (SELECT string_agg(format('c.codes[%s] AS %I', d.place, d.name), ', '
                               ORDER BY d.place)
               FROM unnest(dimensions) WITH ORDINALITY AS d(name, place)),
            table_name);
        EXECUTE format('COMMENT ON VIEW tip_public.%I IS %L', table_name,
            title || '. Leave out rows with is_total before summing; a NULL value is hidden, not zero.');
    END IF;
    IF audience = 'public' THEN
        GRANT USAGE ON SCHEMA tip_public TO PUBLIC;
        EXECUTE format('GRANT SELECT ON tip_public.%I TO PUBLIC', table_name);
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.create_public_view(text, text[], text, text) IS
'make the view of a published table, once';

CREATE FUNCTION tip_impl.cells_digest(table_names text[], codes text[],
    shown text[])
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT encode(sha256(convert_to(coalesce(string_agg(
           concat_ws('|', c.name, c.code, c.text), E'\n'
           ORDER BY c.name COLLATE "C", c.code COLLATE "C"), ''),
           'UTF8')), 'hex')
  FROM unnest(table_names, codes, shown) AS c(name, code, text)
$$;
COMMENT ON FUNCTION tip_impl.cells_digest(text[], text[], text[]) IS
'SHA-256 of the cells of a release as they are shown';

CREATE FUNCTION tip_impl.freeze_release(release int4, plan_id text, first_year int4,
    last_year int4, cells jsonb,
    facts jsonb DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    proof   jsonb;
    applied tip.policy;
BEGIN
    SELECT p.* INTO applied
      FROM tip.policy AS p JOIN tip.release_plan AS r ON r.policy = p.id
     WHERE r.id = plan_id;
    proof := tip_impl.certificate(freeze_release.release, cells, facts);
    BEGIN
        INSERT INTO tip.release (release, plan, measure, first_year, last_year,
                                 policy, certificate_digest)
        SELECT freeze_release.release, p.id, p.measure,
               freeze_release.first_year, freeze_release.last_year,
               to_jsonb(applied), sha256(convert_to(proof::text, 'UTF8'))
          FROM tip.release_plan AS p WHERE p.id = plan_id;
    EXCEPTION WHEN unique_violation THEN
        -- A snapshot older than the lock cannot see what was published.
        RAISE EXCEPTION 'another release was published meanwhile'
            USING ERRCODE = '40001', HINT = 'Try again.';
    END;
    INSERT INTO tip.release_cell
    SELECT freeze_release.release, c.table_name, c.codes, c.is_total,
           CASE WHEN NOT c.is_hidden THEN c.n END,
           CASE WHEN c.is_hidden THEN '*' ELSE c.n::text END,
           CASE WHEN c.is_hidden THEN 'Q' WHEN c.is_pending THEN 'P'
                ELSE 'A' END,
           CASE WHEN c.is_hidden THEN 'C' ELSE 'F' END
      FROM jsonb_to_recordset(cells) AS c(table_name text, codes text[],
               is_total boolean, n int8, is_hidden boolean,
               is_pending boolean);
    INSERT INTO tip.release_certificate VALUES (freeze_release.release, proof);
    PERFORM tip_impl.create_public_view(t.name, t.dimensions, t.title,
                                        applied.audience)
       FROM tip.release_plan_table AS t
      WHERE t.plan = plan_id ORDER BY t.ordinal;
    PERFORM tip_impl.log_release('publish', plan_id, first_year, last_year,
                                 release);
END
$$;
COMMENT ON FUNCTION tip_impl.freeze_release(int4, text, int4, int4, jsonb, jsonb) IS
'store the cells of a release as they are published';

CREATE FUNCTION tip.publish(plan text, first_year int4,
    last_year int4 DEFAULT NULL, data_schema name DEFAULT 'tip_data')
RETURNS int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    final_year  int4 := coalesce(last_year, first_year);
    number      int4;
    problem     jsonb;
    cells       jsonb;
BEGIN
    -- One publication at a time: numbers without gaps, no period twice.
    LOCK TABLE tip.release IN SHARE ROW EXCLUSIVE MODE;
    SELECT coalesce(max(r.release), 0) + 1 INTO number
      FROM tip.release AS r;
    PERFORM tip_impl.check_history(publish.plan, publish.first_year, final_year);
    -- The records are read once: all else follows from what was read.
    problem := tip_impl.release_problem(publish.plan, publish.first_year,
                                        final_year, data_schema);
    SELECT jsonb_agg(to_jsonb(c)) INTO cells
      FROM tip_impl.problem_cells(problem) AS c;
    PERFORM tip_impl.freeze_release(number, publish.plan, publish.first_year,
                            final_year, cells,
                            tip_impl.evidence(problem, cells));
    PERFORM tip_impl.keep_history(number, problem, 'beside');
    RETURN number;
END
$$;
COMMENT ON FUNCTION tip.publish(text, int4, int4, name) IS
'freeze the tables of a plan for a period as one certified release and make their views; returns its number';

-- A question finds the frozen table that answers it, or the one nearest to it.
-- What a table's dimensions are is what its view was made with.

CREATE FUNCTION tip_impl.published_tables(measure text,
    OUT release int4, OUT first_year int4, OUT last_year int4,
    OUT table_name text, OUT dimensions text[])
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT r.release, r.first_year, r.last_year, t.table_name, v.dimensions
  FROM tip.release AS r,
       LATERAL (SELECT DISTINCT c.table_name, cardinality(c.codes) AS width
                  FROM tip.release_cell AS c
                 WHERE c.release = r.release) AS t,
       LATERAL (SELECT array_agg(a.attname::text ORDER BY a.attnum) AS dimensions
                  FROM pg_class AS k
                  JOIN pg_namespace AS n ON n.oid = k.relnamespace
                  JOIN pg_attribute AS a ON a.attrelid = k.oid
                 WHERE n.nspname = 'tip_public' AND k.relname = t.table_name
                   AND a.attnum BETWEEN 4 AND 3 + t.width) AS v
 WHERE r.measure = published_tables.measure
$$;
COMMENT ON FUNCTION tip_impl.published_tables(text) IS
'the frozen tables of a measure with their periods and dimensions';

CREATE FUNCTION tip_impl.nearest_table(measure text, by text[],
    first_year int4, last_year int4)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce((
    SELECT format('The nearest is "%s" by %s, %s to %s.', p.table_name,
                  array_to_string(p.dimensions, ', '), p.first_year, p.last_year)
      FROM tip_impl.published_tables(nearest_table.measure) AS p,
           LATERAL (SELECT count(*) AS shared FROM unnest(p.dimensions) AS d
                     WHERE d = ANY (nearest_table.by)) AS s
     ORDER BY s.shared DESC,
              cardinality(p.dimensions) + cardinality(nearest_table.by)
              - 2 * s.shared,
              abs(p.first_year::int8 - nearest_table.first_year)
              + abs(p.last_year::int8 - nearest_table.last_year),
              p.release DESC, p.table_name
     LIMIT 1),
    'Nothing of this measure is published yet; see tip.release_plan.')
$$;
COMMENT ON FUNCTION tip_impl.nearest_table(text, text[], int4, int4) IS
'a hint: the frozen table nearest to a question';

CREATE FUNCTION tip.disaggregate(measure text, by text[], first_year int4,
    last_year int4 DEFAULT NULL,
    OUT codes text[], OUT is_total boolean, OUT value int8, OUT shown text,
    OUT obs_status text, OUT conf_status text, OUT release int4)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    final_year  int4 := coalesce(last_year, first_year);
    found_table record;
BEGIN
    IF num_nulls(measure, by, first_year) > 0 OR array_position(by, NULL) > 0 THEN
        RAISE EXCEPTION 'measure, dimensions and years must not be null'
            USING ERRCODE = '22004';
    END IF;
    SELECT p.* INTO found_table
      FROM tip_impl.published_tables(disaggregate.measure) AS p
     WHERE p.first_year = disaggregate.first_year AND p.last_year = final_year
       AND p.dimensions @> by AND p.dimensions <@ by
     ORDER BY p.release DESC, p.table_name LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no table of this measure, period and dimensions is published'
            USING ERRCODE = '0A000',
                  HINT = tip_impl.nearest_table(measure, by, first_year,
                                                final_year);
    END IF;
    RETURN QUERY
    SELECT (SELECT array_agg(c.codes[array_position(found_table.dimensions, d.name)]
                             ORDER BY d.place)
              FROM unnest(by) WITH ORDINALITY AS d(name, place)) AS codes,
           c.is_total, c.value, c.shown, c.obs_status, c.conf_status, c.release
      FROM tip.release_cell AS c
     WHERE c.release = found_table.release
       AND c.table_name = found_table.table_name
     ORDER BY 1;
END
$$;
COMMENT ON FUNCTION tip.disaggregate(text, text[], int4, int4) IS
'the published table of a measure by these dimensions, or a hint at the nearest one; reads nothing but releases';
