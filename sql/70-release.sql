-- Release: what may be said aloud, decided once, with proof.

CREATE FUNCTION tip_impl.protect_cells(sizes int4[], parents int4[],
    nodes int4[], counts int8[], tables int4[], costs int8[], threshold int4,
    width int4, reach boolean, insiders boolean, pattern int4[],
    bounds boolean,
    OUT node int4[], OUT n int8, OUT level int4, OUT is_planned boolean,
    OUT is_small boolean, OUT is_hidden boolean, OUT low int8, OUT high int8)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_protect_cells'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 400 COST 100000;
COMMENT ON FUNCTION tip_impl.protect_cells(int4[], int4[], int4[], int8[],
    int4[], int8[], int4, int4, boolean, boolean, int4[], boolean) IS
'every cell of a cube of counts with its fate; given a pattern of hidden cells, the attacker''s bounds under it';

-- Catalogues. A policy says how, a measure what, a plan which tables.

CREATE TABLE tip.policy (
    id              text PRIMARY KEY,
    title           text NOT NULL,
    method          text NOT NULL DEFAULT 'suppress'
                    CHECK (method = 'suppress'),
    threshold       int4 NOT NULL CHECK (threshold BETWEEN 2 AND 1000),
    min_width       int4 NOT NULL DEFAULT 2 CHECK (min_width BETWEEN 1 AND 1000),
    reach_threshold boolean NOT NULL DEFAULT false,
    insiders        boolean NOT NULL DEFAULT true,
    cost_total      int8 NOT NULL DEFAULT 1000,
    cost_one_way    int8 NOT NULL DEFAULT 100,
    cost_two_way    int8 NOT NULL DEFAULT 10,
    cost_leaf       int8 NOT NULL DEFAULT 1,
    zero_rule       text NOT NULL DEFAULT 'shown' CHECK (zero_rule = 'shown'),
    unknown_rule    text NOT NULL DEFAULT 'row' CHECK (unknown_rule = 'row'),
    audience        text NOT NULL DEFAULT 'public'
                    CHECK (audience IN ('public', 'observatory')),
    is_local        boolean NOT NULL DEFAULT true,
    CONSTRAINT policy_costs_fall CHECK (cost_total > cost_one_way
        AND cost_one_way > cost_two_way AND cost_two_way > cost_leaf
        AND cost_leaf >= 1 AND cost_total <= 1000000)
);
SELECT pg_catalog.pg_extension_config_dump('tip.policy', 'WHERE is_local');
COMMENT ON TABLE tip.policy IS
'how counts are protected before anyone outside sees them';
COMMENT ON COLUMN tip.policy.id IS 'name of the policy';
COMMENT ON COLUMN tip.policy.title IS 'what it is for, in a sentence';
COMMENT ON COLUMN tip.policy.method IS 'suppress: small cells and the cells that would give them away are hidden';
COMMENT ON COLUMN tip.policy.threshold IS 'a count above 0 and below this is hidden';
COMMENT ON COLUMN tip.policy.min_width IS 'an attacker''s bounds of a small cell lie at least this far apart';
COMMENT ON COLUMN tip.policy.reach_threshold IS 'true: an attacker cannot even prove that a hidden cell is small';
COMMENT ON COLUMN tip.policy.insiders IS 'true: a person alone in a cell cannot work out anyone else''s either';
COMMENT ON COLUMN tip.policy.cost_total IS 'price of hiding a total';
COMMENT ON COLUMN tip.policy.cost_one_way IS 'price of hiding a one-way cell';
COMMENT ON COLUMN tip.policy.cost_two_way IS 'price of hiding a two-way cell';
COMMENT ON COLUMN tip.policy.cost_leaf IS 'price of hiding a cell of three and more dimensions';
COMMENT ON COLUMN tip.policy.zero_rule IS 'shown: a zero is published as zero';
COMMENT ON COLUMN tip.policy.unknown_rule IS 'row: unknown is a category of its own in every dimension';
COMMENT ON COLUMN tip.policy.audience IS 'public: everybody may read the views; observatory: only whom the DBA grants';
COMMENT ON COLUMN tip.policy.is_local IS 'false for shipped rows';

CREATE TABLE tip.measure (
    id          text PRIMARY KEY,
    title       text NOT NULL,
    unit        text NOT NULL,
    date_basis  text NOT NULL,
    age_basis   text NOT NULL,
    dimensions  text[] NOT NULL CHECK (cardinality(dimensions) BETWEEN 1 AND 7),
    source      text NOT NULL,
    is_local    boolean NOT NULL DEFAULT true
);
SELECT pg_catalog.pg_extension_config_dump('tip.measure', 'WHERE is_local');
COMMENT ON TABLE tip.measure IS
'what is counted: one row of the source is one unit in one year and one cell';
COMMENT ON COLUMN tip.measure.id IS 'name of the measure';
COMMENT ON COLUMN tip.measure.title IS 'what it counts, in a sentence';
COMMENT ON COLUMN tip.measure.unit IS 'what one count is';
COMMENT ON COLUMN tip.measure.date_basis IS 'which date puts a unit into a year';
COMMENT ON COLUMN tip.measure.age_basis IS 'which age is meant';
COMMENT ON COLUMN tip.measure.dimensions IS 'columns of the source that tables may use, besides year';
COMMENT ON COLUMN tip.measure.source IS 'query with year and the dimensions; %1$I stands for the data schema; run with the rights of who previews or publishes';
COMMENT ON COLUMN tip.measure.is_local IS 'false for shipped rows';

CREATE TABLE tip.release_plan (
    id          text PRIMARY KEY,
    title       text NOT NULL,
    measure     text NOT NULL REFERENCES tip.measure,
    policy      text NOT NULL REFERENCES tip.policy,
    years       int4 NOT NULL CHECK (years BETWEEN 1 AND 20),
    is_local    boolean NOT NULL DEFAULT true
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_plan', 'WHERE is_local');
COMMENT ON TABLE tip.release_plan IS
'the tables of a period that are protected and published together';
COMMENT ON COLUMN tip.release_plan.id IS 'name of the plan';
COMMENT ON COLUMN tip.release_plan.title IS 'what it is for';
COMMENT ON COLUMN tip.release_plan.measure IS 'what is counted';
COMMENT ON COLUMN tip.release_plan.policy IS 'how it is protected';
COMMENT ON COLUMN tip.release_plan.years IS 'length of a period in years';
COMMENT ON COLUMN tip.release_plan.is_local IS 'false for shipped rows';

CREATE TABLE tip.release_plan_table (
    name        text PRIMARY KEY
                CHECK (name ~ '^[a-z][a-z0-9_]{0,57}$'),
    plan        text NOT NULL REFERENCES tip.release_plan,
    ordinal     int4 NOT NULL,
    title       text NOT NULL,
    dimensions  text[] NOT NULL CHECK (cardinality(dimensions) BETWEEN 1 AND 4),
    is_local    boolean NOT NULL DEFAULT true,
    UNIQUE (plan, ordinal)
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_plan_table', 'WHERE is_local');
COMMENT ON TABLE tip.release_plan_table IS
'one table of a plan: a view of this name in schema tip_public once published';
COMMENT ON COLUMN tip.release_plan_table.name IS 'name of the table and of its view';
COMMENT ON COLUMN tip.release_plan_table.plan IS 'plan that it belongs to';
COMMENT ON COLUMN tip.release_plan_table.ordinal IS 'place in the plan';
COMMENT ON COLUMN tip.release_plan_table.title IS 'heading';
COMMENT ON COLUMN tip.release_plan_table.dimensions IS 'year or dimensions of the measure, in the order of the columns';
COMMENT ON COLUMN tip.release_plan_table.is_local IS 'false for shipped rows';

-- What was published, for ever: public numbers only, no true count.

CREATE TABLE tip.release (
    release     int4 PRIMARY KEY,
    plan        text NOT NULL,
    measure     text NOT NULL,
    first_year  int4 NOT NULL,
    last_year   int4 NOT NULL CHECK (last_year >= first_year),
    policy      jsonb NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    published_by name NOT NULL DEFAULT session_user,
    certificate_digest bytea NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tip.release', '');
COMMENT ON TABLE tip.release IS 'published releases, numbered, never changed';
COMMENT ON COLUMN tip.release.release IS 'number of the release, without gaps';
COMMENT ON COLUMN tip.release.plan IS 'plan that was published';
COMMENT ON COLUMN tip.release.measure IS 'measure of the plan';
COMMENT ON COLUMN tip.release.first_year IS 'first year of the period';
COMMENT ON COLUMN tip.release.last_year IS 'last year of the period';
COMMENT ON COLUMN tip.release.policy IS 'the policy as it was applied';
COMMENT ON COLUMN tip.release.published_at IS 'when';
COMMENT ON COLUMN tip.release.published_by IS 'by which login';
COMMENT ON COLUMN tip.release.certificate_digest IS 'SHA-256 of the certificate, which goes with the public file';

CREATE TABLE tip.release_cell (
    release     int4 NOT NULL REFERENCES tip.release,
    table_name  text NOT NULL,
    codes       text[] NOT NULL,
    is_total    boolean NOT NULL,
    value       int8,
    shown       text NOT NULL,
    obs_status  text NOT NULL,
    conf_status text NOT NULL,
    PRIMARY KEY (release, table_name, codes)
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_cell', '');
COMMENT ON TABLE tip.release_cell IS 'cells of the published tables, as published';
COMMENT ON COLUMN tip.release_cell.release IS 'release that it belongs to';
COMMENT ON COLUMN tip.release_cell.table_name IS 'table of the release';
COMMENT ON COLUMN tip.release_cell.codes IS 'one code per dimension of the table; _T is the total';
COMMENT ON COLUMN tip.release_cell.is_total IS 'true where any code is _T: leave these out of sums';
COMMENT ON COLUMN tip.release_cell.value IS 'the count; NULL where it is hidden';
COMMENT ON COLUMN tip.release_cell.shown IS 'the count as text; * where it is hidden';
COMMENT ON COLUMN tip.release_cell.obs_status IS 'SDMX OBS_STATUS: A normal, Q suppressed';
COMMENT ON COLUMN tip.release_cell.conf_status IS 'SDMX CONF_STATUS: F free, C confidential';

CREATE TABLE tip.release_certificate (
    release     int4 PRIMARY KEY REFERENCES tip.release,
    body        jsonb NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_certificate', '');
COMMENT ON TABLE tip.release_certificate IS
'for the auditor: what the attacker could find out; holds bounds, no true count';
COMMENT ON COLUMN tip.release_certificate.release IS 'release that it certifies';
COMMENT ON COLUMN tip.release_certificate.body IS 'policy, attackers, bounds of each hidden cell, digest of the published cells';

CREATE TABLE tip.release_log (
    logged_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       name NOT NULL DEFAULT session_user,
    action      text NOT NULL,
    plan        text NOT NULL,
    first_year  int4,
    last_year   int4,
    release     int4
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_log', '');
COMMENT ON TABLE tip.release_log IS 'who previewed or published what';
COMMENT ON COLUMN tip.release_log.logged_at IS 'when';
COMMENT ON COLUMN tip.release_log.actor IS 'login';
COMMENT ON COLUMN tip.release_log.action IS 'preview, publish or protect';
COMMENT ON COLUMN tip.release_log.plan IS 'plan; for protect the policy';
COMMENT ON COLUMN tip.release_log.first_year IS 'first year of the period';
COMMENT ON COLUMN tip.release_log.last_year IS 'last year of the period';
COMMENT ON COLUMN tip.release_log.release IS 'number of the release, if one was made';

-- A look that is rolled back takes its row with it; the server's log stays.
CREATE FUNCTION tip_impl.log_release(action text, plan text, first_year int4,
    last_year int4, release int4)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    INSERT INTO tip.release_log (action, plan, first_year, last_year, release)
    VALUES (log_release.action, log_release.plan, log_release.first_year,
            log_release.last_year, log_release.release);
    RAISE LOG 'release: % of "%", years % to %, by "%"', action, plan,
        first_year, last_year, session_user;
END
$$;
COMMENT ON FUNCTION tip_impl.log_release(text, text, int4, int4, int4) IS
'log a look or a release in tip.release_log and in the log of the server';

CREATE FUNCTION tip_impl.refuse_release_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'a release cannot be changed'
        USING ERRCODE = '55000',
              HINT = 'Publish another period instead.';
END
$$;
COMMENT ON FUNCTION tip_impl.refuse_release_change() IS
'trigger: what has been published stays as it was published';

CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release_cell
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release_certificate
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release_log
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();

-- Protection of a finished table of counts.

CREATE FUNCTION tip_impl.protect_counts(categories jsonb, cells jsonb,
    tables int4[], policy_id text,
    OUT codes text[], OUT n int8, OUT level int4, OUT is_planned boolean,
    OUT is_small boolean, OUT is_hidden boolean, OUT low int8, OUT high int8)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    p       tip.policy;
    sizes   int4[];
    parents int4[];
    nodes   int4[];
    counts  int8[];
BEGIN
    SELECT * INTO p FROM tip.policy WHERE id = policy_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" does not exist', policy_id
            USING ERRCODE = '42704', HINT = 'See tip.policy.';
    END IF;

    SELECT array_agg(1 + jsonb_array_length(c.value) ORDER BY c.ordinality)
      INTO sizes
      FROM jsonb_array_elements(categories) WITH ORDINALITY AS c;
    parents := array_fill(0, ARRAY[(SELECT sum(s) FROM unnest(sizes) AS s)::int]);

    -- Each cell is a list of codes and a count; a code becomes its place.
    SELECT array_agg(place.node ORDER BY cell.ordinality, place.dim)
      INTO nodes
      FROM jsonb_array_elements(cells) WITH ORDINALITY AS cell,
           LATERAL (
               SELECT d.ordinality AS dim, k.ordinality::int AS node
                 FROM jsonb_array_elements(categories) WITH ORDINALITY AS d
                 JOIN LATERAL jsonb_array_elements_text(d.value)
                      WITH ORDINALITY AS k ON true
                WHERE k.value = cell.value -> 'codes' ->> (d.ordinality - 1)::int
           ) AS place;
    SELECT coalesce(array_agg((c.value ->> 'n')::int8 ORDER BY c.ordinality), '{}')
      INTO counts
      FROM jsonb_array_elements(cells) WITH ORDINALITY AS c;

    RETURN QUERY
    SELECT (SELECT array_agg(CASE WHEN u.place = 0 THEN '_T'
                                  ELSE categories -> (u.ordinality - 1)::int
                                       ->> (u.place - 1) END
                             ORDER BY u.ordinality)
              FROM unnest(x.node) WITH ORDINALITY AS u(place, ordinality)),
           x.n, x.level, x.is_planned, x.is_small, x.is_hidden, x.low, x.high
      FROM tip_impl.protect_cells(sizes, parents, coalesce(nodes, '{}'),
               counts, tables,
               ARRAY[p.cost_total, p.cost_one_way, p.cost_two_way, p.cost_leaf],
               p.threshold, p.min_width, p.reach_threshold, p.insiders,
               NULL, true) AS x;
END
$$;
COMMENT ON FUNCTION tip_impl.protect_counts(jsonb, jsonb, int4[], text) IS
'every cell of a table of counts by its codes, with its fate under a policy';

-- Runs as the owner, to write the log: it reads nothing but the policy.
CREATE FUNCTION tip.protect(tabulation tip.tabulation, policy text,
    OUT cell tip.cell, OUT codes text[], OUT is_total boolean,
    OUT value int8, OUT shown text, OUT obs_status text, OUT conf_status text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    cells       jsonb;
    categories  jsonb;
    code_names  jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object(
               'codes', string_to_array(btrim(c.cell::text, '()'), ','),
               'n', c.n))
      INTO cells FROM tip.cells(tabulation) AS c;
    IF cells IS NULL THEN
        RETURN;
    END IF;

    SELECT jsonb_agg(d.keys ORDER BY d.place) INTO categories
      FROM (SELECT k.place, jsonb_agg(DISTINCT k.key) AS keys
              FROM jsonb_array_elements(cells) AS c,
                   jsonb_array_elements_text(c.value -> 'codes')
                   WITH ORDINALITY AS k(key, place)
             GROUP BY k.place) AS d;
    -- Trailing places that are * are not printed.
    IF categories @? '$[*][*] ? (@ == "*")'
       OR (SELECT count(DISTINCT jsonb_array_length(c.value -> 'codes')) > 1
             FROM jsonb_array_elements(cells) AS c)
       OR categories IS NULL THEN
        RAISE EXCEPTION 'tabulation counts margins as cells'
            USING ERRCODE = '22023',
                  HINT = 'Tabulate the finest cells; margins are added up from them.';
    END IF;
    SELECT jsonb_object_agg(k.key, k.code) INTO code_names
      FROM tip.cells(tabulation) AS c,
           unnest(string_to_array(btrim(c.cell::text, '()'), ','),
                  tip.codes(c.cell)) AS k(key, code);

    RETURN QUERY
    SELECT format('(%s)', array_to_string(array_replace(x.codes, '_T', '*'),
                                          ','))::tip.cell,
           own.names, '_T' = ANY (x.codes),
           CASE WHEN NOT x.is_hidden THEN x.n END,
           CASE WHEN x.is_hidden THEN '*' ELSE x.n::text END,
           CASE WHEN x.is_hidden THEN 'Q' ELSE 'A' END,
           CASE WHEN x.is_hidden THEN 'C' ELSE 'F' END
      FROM tip_impl.protect_counts(categories, cells,
               ARRAY[(1 << jsonb_array_length(categories)) - 1],
               protect.policy) AS x,
           LATERAL (SELECT array_agg(coalesce(code_names ->> u.key, u.key)
                                     ORDER BY u.place) AS names
                      FROM unnest(x.codes) WITH ORDINALITY AS u(key, place))
               AS own
     ORDER BY own.names;
    PERFORM tip_impl.log_release('protect', policy, NULL, NULL, NULL);
END
$$;
COMMENT ON FUNCTION tip.protect(tip.tabulation, text) IS
'a tabulation with all its margins as a policy would show it; logged, and spends nothing';

-- A plan over a period: its one joint cube, protected.

CREATE FUNCTION tip_impl.check_period(plan_id text, first_year int4,
    last_year int4)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    p       tip.release_plan;
    earlier tip.release;
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
    SELECT r.* INTO earlier FROM tip.release AS r
     WHERE r.measure = p.measure
       AND r.first_year <= check_period.last_year
       AND r.last_year >= check_period.first_year
     ORDER BY r.release LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'years % to % of measure "%" are published as release %',
            earlier.first_year, earlier.last_year, p.measure, earlier.release
            USING ERRCODE = '55000',
                  HINT = 'Two releases of the same records could be subtracted; plan all tables of a period together.';
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
DECLARE
    dims    text[];
    cells   jsonb;
    masks   int4[];
BEGIN
    PERFORM tip_impl.check_period(plan_id, first_year, last_year);
    dims := tip_impl.plan_dimensions(plan_id);
    cells := tip_impl.measure_cells(plan_id, dims, first_year, last_year,
                                    data_schema);
    SELECT array_agg((
               SELECT sum(1 << (array_position(dims, d) - 1))
                 FROM unnest(t.dimensions) AS d)::int4
               ORDER BY t.ordinal)
      INTO masks
      FROM tip.release_plan_table AS t WHERE t.plan = plan_id;

    -- A cell of the joint cube belongs to each table that has its dimensions.
    RETURN QUERY
    SELECT t.name, t.ordinal, own.codes, x.n, x.level, '_T' = ANY (own.codes),
           x.is_small, x.is_hidden, x.low, x.high
      FROM tip_impl.protect_counts(
               tip_impl.plan_categories(dims, cells, first_year, last_year),
               cells, masks,
               (SELECT p.policy FROM tip.release_plan AS p
                 WHERE p.id = plan_id)) AS x
      JOIN tip.release_plan_table AS t
        ON t.plan = plan_id
       AND NOT EXISTS (
               SELECT FROM unnest(dims, x.codes) AS c(dim, code)
                WHERE c.code <> '_T' AND c.dim <> ALL (t.dimensions)),
           LATERAL (
               SELECT array_agg(
                          x.codes[array_position(dims, d.name)]
                          ORDER BY d.place) AS codes
                 FROM unnest(t.dimensions) WITH ORDINALITY
                      AS d(name, place)) AS own
     WHERE x.is_planned;
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

-- The bounds of hidden cells and the digest of what is shown: no true count.
CREATE FUNCTION tip_impl.certificate(release int4, cells jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT jsonb_build_object(
           'release', certificate.release,
           'cells_sha256', tip_impl.cells_digest(
               array_agg(c.table_name),
               array_agg(array_to_string(c.codes, ',')),
               array_agg(CASE WHEN c.is_hidden THEN '*' ELSE c.n::text END)),
           'hidden', coalesce(jsonb_agg(
               jsonb_build_object('table', c.table_name, 'codes', c.codes,
                                  'low', c.low, 'high', c.high)
               ORDER BY c.table_name COLLATE "C", c.codes COLLATE "C")
               FILTER (WHERE c.is_hidden), '[]'))
  FROM jsonb_to_recordset(cells) AS c(table_name text, codes text[], n int8,
           is_hidden boolean, low int8, high int8)
$$;
COMMENT ON FUNCTION tip_impl.certificate(int4, jsonb) IS
'what the auditor gets: bounds of each hidden cell, digest of the shown ones';

CREATE FUNCTION tip_impl.freeze_release(release int4, plan_id text, first_year int4,
    last_year int4, cells jsonb)
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
    proof := tip_impl.certificate(freeze_release.release, cells);
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
           CASE WHEN c.is_hidden THEN 'Q' ELSE 'A' END,
           CASE WHEN c.is_hidden THEN 'C' ELSE 'F' END
      FROM jsonb_to_recordset(cells) AS c(table_name text, codes text[],
               is_total boolean, n int8, is_hidden boolean);
    INSERT INTO tip.release_certificate VALUES (freeze_release.release, proof);
    PERFORM tip_impl.create_public_view(t.name, t.dimensions, t.title,
                                        applied.audience)
       FROM tip.release_plan_table AS t
      WHERE t.plan = plan_id ORDER BY t.ordinal;
    PERFORM tip_impl.log_release('publish', plan_id, first_year, last_year,
                                 release);
END
$$;
COMMENT ON FUNCTION tip_impl.freeze_release(int4, text, int4, int4, jsonb) IS
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
    cells       jsonb;
BEGIN
    -- One publication at a time: numbers without gaps, no period twice.
    LOCK TABLE tip.release IN SHARE ROW EXCLUSIVE MODE;
    SELECT coalesce(max(r.release), 0) + 1 INTO number
      FROM tip.release AS r;
    SELECT jsonb_agg(to_jsonb(c)) INTO cells
      FROM tip_impl.plan_cells(publish.plan, publish.first_year, final_year,
                               data_schema) AS c;
    PERFORM tip_impl.freeze_release(number, publish.plan, publish.first_year,
                            final_year, cells);
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
     ORDER BY p.release, p.table_name LIMIT 1;
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

CREATE FUNCTION tip.verify_release(release int4) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT r.certificate_digest = sha256(convert_to(p.body::text, 'UTF8'))
       AND p.body ->> 'cells_sha256' = (
           SELECT tip_impl.cells_digest(array_agg(c.table_name),
                      array_agg(array_to_string(c.codes, ',')),
                      array_agg(c.shown))
             FROM tip.release_cell AS c WHERE c.release = r.release)
       -- The digest is of what is shown: the rest of a cell follows from it.
       AND NOT EXISTS (
           SELECT FROM tip.release_cell AS c
            WHERE c.release = r.release
              AND (c.value::text IS DISTINCT FROM nullif(c.shown, '*')
                   OR c.is_total <> ('_T' = ANY (c.codes))
                   OR c.obs_status <> CASE c.shown WHEN '*' THEN 'Q' ELSE 'A' END
                   OR c.conf_status <> CASE c.shown WHEN '*' THEN 'C' ELSE 'F' END))
  FROM tip.release AS r JOIN tip.release_certificate AS p USING (release)
 WHERE r.release = verify_release.release
$$;
COMMENT ON FUNCTION tip.verify_release(int4) IS
'true where the frozen cells are those that the certificate was made for';

-- Shipped: two policies that hold, and room for the country's own.

INSERT INTO tip.policy (id, title, threshold, audience, is_local) VALUES
('public_exact', 'exact counts for everybody; counts of 1 to 4 and what gives them away are hidden', 5, 'public', false),
('observatory_exact', 'the same for trusted analysts, from a count of 3', 3, 'observatory', false);

-- What SDG 16.2.2 and the shipped plans count.

CREATE FUNCTION tip_impl.form_group(forms tip.exploitation_form_set,
    main_form tip.exploitation_form)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT CASE count(DISTINCT g.name)
       WHEN 0 THEN 'unknown' WHEN 1 THEN min(g.name) ELSE 'mixed' END
  FROM (SELECT CASE tip.to_scheme('exploitation_form', f.code, 'SDG', 'series')
               WHEN 'VC_HTF_DETVSX' THEN 'sexual'
               WHEN 'VC_HTF_DETVFL' THEN 'forced_labour'
               WHEN 'VC_HTF_DETVOG' THEN 'organ_removal'
               WHEN 'VC_HTF_DETVOP' THEN 'other' END
          FROM (SELECT e::text FROM tip.each(forms) AS e
                 WHERE tip.is_missing(main_form) IS NOT FALSE
                UNION SELECT main_form::text) AS f(code)) AS g(name)
$$;
COMMENT ON FUNCTION tip_impl.form_group(tip.exploitation_form_set, tip.exploitation_form) IS
'one SDG group for a case, by the crosswalk: that of main_form or, without it, of all forms; mixed where they differ, unknown where there is none';

INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions,
                         source, is_local)
VALUES ('victims_identified',
'victims identified, each once a year', 'victim in a year',
'first identified in the year', 'at identification',
'{sex,age_status,form,country}', $q$
SELECT y.year, coalesce(v.sex::text, 'unknown') AS sex, y.age_status, y.form,
       y.country
  FROM (SELECT r.victim_id, r.year,
               coalesce((array_agg(r.age_status ORDER BY r.day)
                         FILTER (WHERE r.age_status IS NOT NULL))[1],
                        'unknown') AS age_status,
               CASE count(DISTINCT nullif(r.form, 'unknown'))
               WHEN 0 THEN 'unknown' WHEN 1 THEN min(nullif(r.form, 'unknown'))
               ELSE 'mixed' END AS form,
               (array_agg(r.country ORDER BY r.day, r.country))[1] AS country
          FROM (SELECT z.victim_id, tip.earliest(z.identified_on) AS day,
                       extract(year FROM tip.earliest(z.identified_on))::int
                           AS year,
                       coalesce(z.age_status_at_identification,
                                w.age_status_at_identification)::text
                           AS age_status,
                       tip_impl.form_group(z.forms, z.main_form) AS form,
                       e.jurisdiction::text AS country
                  FROM %1$I.victimization AS z
                  JOIN %1$I.victim AS w USING (victim_id)
                  JOIN %1$I.event AS e USING (event_id)
                 WHERE z.victim_stage IS DISTINCT FROM 'draft'
                   AND (z.victim_status = 'identified'
                        OR (z.victim_status IS NULL
                            OR tip.is_missing(z.victim_status))
                           AND z.victim_stage = ANY (
                               '{identified,referred,assisted,exited}'))
                   AND z.identified_on IS NOT NULL) AS r
         GROUP BY r.victim_id, r.year) AS y
  JOIN %1$I.victim AS v USING (victim_id)
$q$, false);

INSERT INTO tip.release_plan (id, title, measure, policy, years, is_local)
VALUES
('annual', 'one year, one-way', 'victims_identified', 'public_exact', 1, false),
('closed_period', 'three closed years with annual totals', 'victims_identified',
 'public_exact', 3, false);
INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions,
                                    is_local)
VALUES
('victims_of_year_by_sex', 'annual', 1, 'Victims identified by sex', '{sex}', false),
('victims_of_year_by_age', 'annual', 2, 'Victims identified by age', '{age_status}', false),
('victims_of_year_by_form', 'annual', 3, 'Victims identified by form of exploitation', '{form}', false),
('victims_by_year', 'closed_period', 1, 'Victims identified by year', '{year}', false),
('victims_by_form', 'closed_period', 2, 'Victims identified by form of exploitation', '{form}', false),
('victims_by_sex_and_age', 'closed_period', 3, 'Victims identified by sex and age', '{sex,age_status}', false);
