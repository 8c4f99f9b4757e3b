-- Release: what an analyst may ask, what is known outside, what goes to a
-- recipient by law.

CREATE FUNCTION tip_impl.parse_period(period text, OUT first_year int4,
    OUT last_year int4)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF period !~ '^[0-9]{4}(-[0-9]{4})?$' OR period IS NULL THEN
        RAISE EXCEPTION 'period is not understood'
            USING ERRCODE = '22023', HINT = 'Write 2023 or 2021-2023.';
    END IF;
    first_year := left(period, 4);
    last_year := right(period, 4);
    IF last_year < first_year THEN
        RAISE EXCEPTION 'period ends before it begins'
            USING ERRCODE = '22023', HINT = 'Write 2023 or 2021-2023.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.parse_period(text) IS
'the years of a period such as 2023 or 2021-2023';

-- A question finds the frozen table that answers it, or the one nearest to it.
-- What a table's dimensions are is what its view was made with.

CREATE FUNCTION tip_impl.published_tables(measure text,
    OUT release int4, OUT first_year int4, OUT last_year int4,
    OUT table_name text, OUT dimensions text[], OUT audience text,
    OUT method text)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT r.release, r.first_year, r.last_year, t.table_name, v.dimensions,
       r.policy ->> 'audience', r.policy ->> 'method'
  FROM tip.release AS r,
       LATERAL (SELECT DISTINCT c.table_name, cardinality(c.codes) AS width
                  FROM tip.published_cell AS c
                 WHERE c.release = r.release) AS t,
       LATERAL (SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum)
                                FILTER (WHERE a.attnum BETWEEN 4 AND 3 + t.width),
                                '{}') AS dimensions
                  FROM pg_class AS k
                  JOIN pg_namespace AS n ON n.oid = k.relnamespace
                  JOIN pg_attribute AS a ON a.attrelid = k.oid
                 WHERE n.nspname = 'tip_public' AND k.relname = t.table_name
                ) AS v
 WHERE r.measure = published_tables.measure
$$;
COMMENT ON FUNCTION tip_impl.published_tables(text) IS
'the frozen tables of a measure that the user may read, with their periods and dimensions';

CREATE FUNCTION tip_impl.nearest_table(measure text, by text[],
    first_year int4, last_year int4)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce((
    SELECT format('The nearest is "%s"%s, %s to %s.', p.table_name,
                  CASE WHEN p.dimensions <> '{}' THEN ' by '
                       || array_to_string(p.dimensions, ', ') END,
                  p.first_year, p.last_year)
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

CREATE FUNCTION tip_impl.find_table(measure text, by text[], first_year int4,
    last_year int4, audience text,
    OUT release int4, OUT table_name text, OUT dimensions text[],
    OUT method text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    IF num_nulls(measure, by, first_year, last_year) > 0
       OR array_position(by, NULL) > 0 THEN
        RAISE EXCEPTION 'measure, dimensions and years must not be null'
            USING ERRCODE = '22004';
    END IF;
    IF (SELECT count(DISTINCT d) FROM unnest(by) AS d) < cardinality(by) THEN
        RAISE EXCEPTION 'a dimension is named twice'
            USING ERRCODE = '42701',
                  HINT = 'A dimension that is fixed by the filter is not asked for as well.';
    END IF;
    -- A revision takes the place of what it revises.
    SELECT p.release, p.table_name, p.dimensions, p.method
      INTO find_table.release, find_table.table_name, find_table.dimensions,
           find_table.method
      FROM tip_impl.published_tables(find_table.measure) AS p
     WHERE p.first_year = find_table.first_year
       AND p.last_year = find_table.last_year
       AND p.dimensions @> by AND p.dimensions <@ by
       AND p.audience = coalesce(find_table.audience, p.audience)
     ORDER BY p.audience = 'public' DESC, p.release DESC, p.table_name LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no table of this measure, period and dimensions is published'
            USING ERRCODE = '0A000',
                  HINT = tip_impl.nearest_table(measure, by, first_year,
                                                last_year);
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.find_table(text, text[], int4, int4, text) IS
'the newest frozen table with exactly these dimensions and years, or a refusal that names the nearest';

CREATE FUNCTION tip_impl.check_question(filter jsonb, audience text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    IF jsonb_typeof(filter) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'filter is not an object'
            USING ERRCODE = '22023',
                  HINT = 'Write one code for a dimension, as in {"sex": "female"}.';
    END IF;
    IF EXISTS (SELECT FROM jsonb_each(filter) AS f
                WHERE jsonb_typeof(f.value) <> 'string') THEN
        RAISE EXCEPTION 'filter has something else than a code'
            USING ERRCODE = '22023',
                  HINT = 'Write one code for a dimension, as in {"sex": "female"}.';
    END IF;
    IF audience IS NULL OR audience NOT IN ('public', 'observatory', 'regional') THEN
        RAISE EXCEPTION 'no tables are published for such an audience'
            USING ERRCODE = '22023',
                  HINT = 'Audiences are public, observatory and regional.';
    END IF;
    IF NOT tip_impl.is_in_audience(audience) THEN
        RAISE EXCEPTION 'permission denied for releases of audience "%"', audience
            USING ERRCODE = '42501',
                  HINT = 'The DBA grants an audience with tip.grant_analyst().';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_question(jsonb, text) IS
'complain about a filter that is no code per dimension, and an audience that is not the user''s';

-- The filter chooses among published cells: it can isolate no case that the
-- table does not show already.
CREATE FUNCTION tip.disaggregate(measure text, by text[],
    filter jsonb DEFAULT '{}', period text DEFAULT NULL,
    audience text DEFAULT 'public',
    OUT dims jsonb, OUT is_total boolean, OUT value int8, OUT shown text,
    OUT obs_status text, OUT conf_status text, OUT low int8, OUT high int8,
    OUT method text, OUT release int4)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    found_table record;
    years       record;
    wrong       text;
BEGIN
    PERFORM tip_impl.check_question(filter, audience);
    years := tip_impl.parse_period(period);
    found_table := tip_impl.find_table(measure,
        CASE WHEN by IS NOT NULL
             THEN by || ARRAY(SELECT jsonb_object_keys(filter)) END,
        years.first_year, years.last_year, audience);
    SELECT f.key INTO wrong FROM jsonb_each_text(filter) AS f
     WHERE NOT EXISTS (
        SELECT FROM tip.published_cell AS c
         WHERE c.release = found_table.release
           AND c.table_name = found_table.table_name
           AND c.codes[array_position(found_table.dimensions, f.key)] = f.value)
     ORDER BY f.key LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the table has no such code of dimension "%"', wrong
            USING ERRCODE = '22023',
                  HINT = format('See tip_public.%I.', found_table.table_name);
    END IF;
    RETURN QUERY
    SELECT y.dims, tip_impl.is_margin(
               ARRAY(SELECT k FROM jsonb_object_keys(y.dims) AS k ORDER BY k),
               ARRAY(SELECT e.value FROM jsonb_each_text(y.dims) AS e
                      ORDER BY e.key), r.groups),
           c.value, c.shown, c.obs_status, c.conf_status, c.low, c.high,
           found_table.method, c.release
      FROM tip.published_cell AS c
      JOIN tip.release AS r ON r.release = c.release,
           LATERAL (SELECT coalesce(jsonb_object_agg(u.name, u.code), '{}') AS dims
                      FROM unnest(found_table.dimensions, c.codes)
                           AS u(name, code)) AS x,
           LATERAL (SELECT x.dims - ARRAY(SELECT jsonb_object_keys(filter))
                           AS dims) AS y
     WHERE c.release = found_table.release
       AND c.table_name = found_table.table_name
       AND x.dims @> filter
     ORDER BY c.codes;
END
$$;
COMMENT ON FUNCTION tip.disaggregate(text, text[], jsonb, text, text) IS
'published cells of a measure by these dimensions, others fixed to a code by the filter, for a period such as 2021-2023; reads nothing but releases';

-- Loss is computed from what was published, so it can give nothing away: zeros
-- are shown, so that what is hidden is not zero.
CREATE FUNCTION tip.explain_release(release int4,
    OUT table_name text, OUT level int4, OUT dimension text, OUT cells int8,
    OUT zeros int8, OUT hidden int8, OUT shown_percent numeric,
    OUT value_shown numeric, OUT value_percent numeric)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
WITH cell AS (
    SELECT c.table_name, c.codes, c.value, p.dimensions,
           NOT EXISTS (SELECT FROM unnest(p.dimensions, c.codes) AS u(name, code)
                        WHERE r.groups -> u.name ? u.code) AS is_leaf,
           (SELECT count(*) FROM unnest(c.codes) AS k WHERE k <> '_T')::int AS ways,
           (SELECT coalesce(array_agg(k = '_T'), '{}')
              FROM unnest(c.codes) AS k) AS margin,
           max(c.value) FILTER (WHERE '_T' = ALL (c.codes))
               OVER (PARTITION BY c.table_name) AS total
      FROM tip.release AS r
      JOIN tip.published_cell AS c ON c.release = r.release
      JOIN tip_impl.published_tables(r.measure) AS p
        ON p.release = r.release AND p.table_name = c.table_name
     WHERE r.release = explain_release.release
), asked AS (
    SELECT c.*, c.ways AS level, NULL::text AS dimension FROM cell AS c
    UNION ALL
    SELECT c.*, NULL, u.name
      FROM cell AS c, unnest(c.dimensions, c.codes) AS u(name, code)
     WHERE u.code <> '_T'
)
SELECT a.table_name, a.level, a.dimension, count(*),
       count(*) FILTER (WHERE a.value = 0), count(*) - count(a.value),
       round(100.0 * count(*) FILTER (WHERE a.value > 0)
             / nullif(count(*) - count(*) FILTER (WHERE a.value = 0), 0), 1),
       coalesce(sum(a.value) FILTER (WHERE a.is_leaf), 0),
       round(100.0 * coalesce(sum(a.value) FILTER (WHERE a.is_leaf), 0)
             / nullif(max(a.total) * count(DISTINCT a.margin), 0), 1)
  FROM asked AS a
 GROUP BY a.table_name, a.level, a.dimension
 ORDER BY a.table_name, a.level, a.dimension
$$;
COMMENT ON FUNCTION tip.explain_release(int4) IS
'what a release shows and hides, by table and level, then by table and dimension: cells, and the share of the total that the shown ones add up to';

-- Numbers that others have published.

CREATE FUNCTION tip.register_disclosure(source text, measure text, period text,
    dims jsonb, value int8)
RETURNS int4
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    years   record := tip_impl.parse_period(period);
    known   text[];
    wrong   text;
    number  int4;
BEGIN
    IF num_nulls(source, measure, dims, value) > 0 OR btrim(source) = ''
       OR value < 0 THEN
        RAISE EXCEPTION 'a disclosure has a source, a measure, dimensions and a count'
            USING ERRCODE = '22004';
    END IF;
    PERFORM tip_impl.check_question(dims, 'public');
    SELECT array_prepend('year', m.dimensions) INTO known
      FROM tip.measure AS m WHERE m.id = register_disclosure.measure;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'measure "%" does not exist', measure
            USING ERRCODE = '42704', HINT = 'See tip.measure.';
    END IF;
    SELECT k INTO wrong FROM jsonb_object_keys(dims) AS k
     WHERE k = 'year' OR k <> ALL (known) ORDER BY k LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'dimension "%" does not belong to measure "%"', wrong,
            measure
            USING ERRCODE = '42703',
                  HINT = format('Dimensions are: %s; years are in the period.',
                                array_to_string(known[2:], ', '));
    END IF;
    LOCK TABLE tip.disclosure IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO tip.disclosure (id, source, measure, first_year, last_year,
                                dims, value)
    SELECT coalesce(max(d.id), 0) + 1, register_disclosure.source,
           register_disclosure.measure, years.first_year, years.last_year,
           register_disclosure.dims, register_disclosure.value
      FROM tip.disclosure AS d
    RETURNING id INTO number;
    RETURN number;
END
$$;
COMMENT ON FUNCTION tip.register_disclosure(text, text, text, jsonb, int8) IS
'register a count that others have made public: later releases are certified beside it; returns its number';

-- Which cells of the joint cube a release shows, which it hides.
CREATE FUNCTION tip_impl.frozen_cells(release int4, dimensions text[],
    OUT codes text[], OUT value int8, OUT is_hidden boolean)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT DISTINCT j.codes, c.value, c.value IS NULL
  FROM tip.release AS r
  JOIN tip_impl.published_tables(r.measure) AS p ON p.release = r.release
  JOIN tip.published_cell AS c
    ON c.release = r.release AND c.table_name = p.table_name,
       LATERAL (SELECT array_agg(coalesce(
                    c.codes[array_position(p.dimensions, d.name)], '_T')
                    ORDER BY d.place) AS codes
                  FROM unnest(frozen_cells.dimensions) WITH ORDINALITY
                       AS d(name, place)) AS j
 WHERE r.release = frozen_cells.release
$$;
COMMENT ON FUNCTION tip_impl.frozen_cells(int4, text[]) IS
'cells of a release as cells of a cube of these dimensions';

CREATE FUNCTION tip_impl.check_recheck(r tip.release, wanted int4)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    IF r.release IS NULL THEN
        RAISE EXCEPTION 'release % does not exist', wanted
            USING ERRCODE = '42704', HINT = 'See tip.release.';
    END IF;
    IF r.policy ->> 'method' <> 'suppress' THEN
        RAISE EXCEPTION 'only a suppressed release can be rechecked'
            USING ERRCODE = '0A000',
                  HINT = 'A rounded release holds against whoever knows the total.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_recheck(tip.release, int4) IS
'complain unless a release can be rechecked';

CREATE FUNCTION tip_impl.disclosed_codes(plan_id text, dimensions text[],
    first_year int4, last_year int4, cells jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce(jsonb_agg(ARRAY(
           SELECT coalesce(d.dims ->> u.name, '_T')
             FROM unnest(dimensions) WITH ORDINALITY AS u(name, place)
            ORDER BY u.place)), '[]')
  FROM tip_impl.plan_disclosures(plan_id, first_year, last_year) AS d
 WHERE d.is_used AND d.value > 0
   AND d.value = tip_impl.true_count(jsonb_build_object('plan', plan_id,
           'dims', dimensions, 'cells', cells, 'first', first_year,
           'last', last_year), d.dims)
$$;
COMMENT ON FUNCTION tip_impl.disclosed_codes(text, text[], int4, int4, jsonb) IS
'cells whose true counts have been disclosed, by their codes';

CREATE FUNCTION tip_impl.true_cells(trees jsonb, cells jsonb, tables int4[],
    OUT codes text[], OUT n int8)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    a   record := tip_impl.tree_arrays(trees, cells);
BEGIN
    -- A pattern that hides nothing only adds up.
    RETURN QUERY
    SELECT (SELECT array_agg(a.names[1 + a.starts[u.dim] + u.place] ORDER BY u.dim)
              FROM unnest(x.node) WITH ORDINALITY AS u(place, dim)), x.n
      FROM tip_impl.protect_cells(a.sizes, a.parents, a.nodes, a.counts, tables,
               '{4,3,2,1}', 1, 1, false, 0, '{}', false) AS x;
END
$$;
COMMENT ON FUNCTION tip_impl.true_cells(jsonb, jsonb, int4[]) IS
'every cell of a cube with its true count';

CREATE FUNCTION tip.recheck(release int4, data_schema name DEFAULT 'tip_data')
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    r       tip.release;
    p       tip.policy;
    joint   text[];
    masks   int4[];
    cells   jsonb;
    trees   jsonb;
    known   jsonb;
BEGIN
    SELECT x.* INTO r FROM tip.release AS x WHERE x.release = recheck.release;
    PERFORM tip_impl.check_recheck(r, recheck.release);
    p := jsonb_populate_record(NULL::tip.policy, r.policy);
    joint := tip_impl.cube_dimensions(r.plan, r.first_year, r.last_year);
    masks := tip_impl.plan_masks(r.plan, joint);
    cells := tip_impl.measure_cells(r.plan, joint, r.first_year, r.last_year,
                                    data_schema);
    trees := tip_impl.plan_trees(r.plan, joint, cells, r.first_year, r.last_year);
    known := tip_impl.disclosed_codes(r.plan, joint, r.first_year, r.last_year,
                                      cells);
    IF EXISTS (SELECT FROM tip_impl.frozen_cells(recheck.release, joint) AS c
                 LEFT JOIN tip_impl.true_cells(trees, cells, masks) AS f
                        ON f.codes = c.codes
                WHERE f.n IS NULL OR c.is_hidden AND f.n = 0
                   OR NOT c.is_hidden AND f.n <> c.value) THEN
        RAISE EXCEPTION 'the records are not those that were published'
            USING ERRCODE = '55000', HINT = 'Revise the release first.';
    END IF;
    PERFORM tip_impl.log_look('recheck', r.plan, r.first_year, r.last_year,
                              r.release);
    RETURN tip_impl.is_certified(trees, cells, masks, p,
        tip_impl.plan_threshold(r.plan, p),
        (SELECT coalesce(jsonb_agg(c.codes), '[]')
           FROM tip_impl.frozen_cells(recheck.release, joint) AS c
          WHERE c.is_hidden AND NOT tip_impl.is_listed(known, to_jsonb(c.codes))),
        known);
END
$$;
COMMENT ON FUNCTION tip.recheck(int4, name) IS
'whether what a release hides is still hidden from whoever has read all registered disclosures; logged';

-- Exact figures for a recipient that the law names: no release.

CREATE FUNCTION tip_impl.note_transmission(plan text, first_year int4,
    last_year int4, recipient text, legal_basis text)
RETURNS int8
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    PERFORM tip_impl.log_release('transmit', plan, first_year, last_year, NULL);
    RETURN tip_impl.ledger_append_apart('transmit', NULL, NULL,
        format('%s %s-%s to %s', plan, first_year, last_year, recipient),
        legal_basis, NULL);
END
$$;
COMMENT ON FUNCTION tip_impl.note_transmission(text, int4, int4, text, text) IS
'write a transmission to the ledger, for good, before a figure is shown';
REVOKE EXECUTE ON FUNCTION
    tip_impl.note_transmission(text, int4, int4, text, text) FROM PUBLIC;

CREATE FUNCTION tip_impl.exact_table(measure text, dimensions text[],
    first_year int4, last_year int4, data_schema name,
    OUT codes text[], OUT is_total boolean, OUT value int8)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    source  text := (SELECT m.source FROM tip.measure AS m
                      WHERE m.id = exact_table.measure);
    columns text;
    names   text;
BEGIN
    SELECT string_agg(format($q$CASE WHEN coalesce(s.%I::text, 'not_stated')
               IN ('unknown', 'not_stated', 'withheld', 'not_recorded')
               THEN 'unknown' ELSE s.%I::text END AS d%s$q$, d, d, place), ', '),
           string_agg('c.d' || place, ', ' ORDER BY place)
      INTO columns, names
      FROM unnest(dimensions) WITH ORDINALITY AS x(d, place);
    IF names IS NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT ''{}''::text[], false, count(*) FROM (%s) AS s
              WHERE s.year BETWEEN $1 AND $2', format(source, data_schema))
            USING first_year, last_year;
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        $q$SELECT array_replace(ARRAY[%1$s], NULL, '_T'), grouping(%1$s) > 0,
                  count(*)
             FROM (SELECT %2$s FROM (%3$s) AS s
                    WHERE s.year BETWEEN $1 AND $2) AS c
            GROUP BY CUBE (%1$s) ORDER BY 1$q$,
        names, columns, format(source, data_schema))
        USING first_year, last_year;
END
$$;
COMMENT ON FUNCTION tip_impl.exact_table(text, text[], int4, int4, name) IS
'true counts of a measure with all margins';

CREATE FUNCTION tip.transmit(plan text, period text, recipient text,
    legal_basis text, data_schema name DEFAULT 'tip_data',
    OUT table_name text, OUT measure text, OUT codes text[],
    OUT is_total boolean, OUT value int8)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    years   record := tip_impl.parse_period(period);
    p       tip.policy := tip_impl.plan_policy(plan);
BEGIN
    IF p.id IS NULL THEN
        RAISE EXCEPTION 'release plan "%" does not exist', plan
            USING ERRCODE = '42704', HINT = 'See tip.release_plan.';
    ELSIF p.method <> 'exact' THEN
        RAISE EXCEPTION 'release plan "%" is not for transmission', plan
            USING ERRCODE = '0A000',
                  HINT = 'Use a plan whose policy has the method exact.';
    ELSIF coalesce(btrim(recipient), '') = ''
          OR coalesce(btrim(legal_basis), '') = '' THEN
        RAISE EXCEPTION 'a transmission has a recipient and a legal basis'
            USING ERRCODE = '22004';
    ELSIF years.last_year >= extract(year FROM current_date) THEN
        RAISE EXCEPTION 'period has not ended'
            USING ERRCODE = '55000',
                  HINT = 'Transmit a year when it is over and its records are in.';
    END IF;
    PERFORM tip_impl.check_tables(plan, p);
    PERFORM tip_impl.note_transmission(plan, years.first_year, years.last_year,
                                       recipient, legal_basis);
    RETURN QUERY
    SELECT t.name, m.id, x.codes, x.is_total, x.value
      FROM tip.release_plan_table AS t
      JOIN tip.release_plan AS r ON r.id = t.plan
      JOIN tip.measure AS m ON m.id = coalesce(t.measure, r.measure),
           LATERAL tip_impl.exact_table(m.id, t.dimensions, years.first_year,
                                        years.last_year, data_schema) AS x
     WHERE t.plan = transmit.plan
     ORDER BY t.ordinal, x.codes;
END
$$;
COMMENT ON FUNCTION tip.transmit(text, text, text, text, name) IS
'exact tables of a plan for a recipient that the law names: written to the ledger first, and no release; register what the recipient publishes';
