-- Release: what was published before is known to whoever attacks what comes.

-- What a release was computed from, sealed: its revision needs it.

CREATE TABLE tip.release_secret (
    release     int4 PRIMARY KEY REFERENCES tip.release,
    sealed      bytea NOT NULL
);
ALTER TABLE tip.release_secret ALTER sealed SET STORAGE EXTERNAL;
ALTER TABLE tip.release_secret ALTER sealed SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('tip.release_secret', '');
REVOKE ALL ON tip.release_secret FROM PUBLIC;
COMMENT ON TABLE tip.release_secret IS
'the finest true counts of each release, sealed: opened for a revision only';
COMMENT ON COLUMN tip.release_secret.release IS 'release that was made of them';
COMMENT ON COLUMN tip.release_secret.sealed IS 'AES-256-SIV; opens with its release and its certificate only';

CREATE TABLE tip.release_link (
    release     int4 NOT NULL REFERENCES tip.release,
    earlier     int4 NOT NULL REFERENCES tip.release,
    relation    text NOT NULL CHECK (relation IN ('revises', 'beside')),
    PRIMARY KEY (release, earlier),
    CHECK (earlier < release)
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_link', '');
COMMENT ON TABLE tip.release_link IS
'earlier releases that a release was certified together with';
COMMENT ON COLUMN tip.release_link.release IS 'the later release';
COMMENT ON COLUMN tip.release_link.earlier IS 'a release that the attacker already has';
COMMENT ON COLUMN tip.release_link.relation IS 'revises: the same tables and period; beside: other tables or periods of the same records';

CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release_secret
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release_link
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();

CREATE FUNCTION tip_impl.seal_release(body text, release int4, digest bytea)
RETURNS bytea
AS 'MODULE_PATHNAME', 'tip_seal_release'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip_impl.seal_release(text, int4, bytea) IS
'seal the counts behind a release; NULL where no key is configured';
CREATE FUNCTION tip_impl.open_release(sealed bytea, release int4, digest bytea)
RETURNS text
AS 'MODULE_PATHNAME', 'tip_open_release'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip_impl.open_release(bytea, int4, bytea) IS
'open the sealed counts behind a release';

CREATE FUNCTION tip_impl.open_base(release int4) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    body text;
BEGIN
    SELECT tip_impl.open_release(s.sealed, r.release, r.certificate_digest)
      INTO body
      FROM tip.release AS r JOIN tip.release_secret AS s USING (release)
     WHERE r.release = open_base.release;
    IF body IS NULL THEN
        RAISE EXCEPTION 'the counts behind release % were not kept', release
            USING ERRCODE = '55000',
                  HINT = 'It was published without a key. See tip_module.key_file.';
    END IF;
    RETURN body::jsonb;
END
$$;
COMMENT ON FUNCTION tip_impl.open_base(int4) IS
'the true counts behind a release: for the functions that revise it';
REVOKE EXECUTE ON FUNCTION tip_impl.seal_release(text, int4, bytea),
    tip_impl.open_release(bytea, int4, bytea), tip_impl.open_base(int4)
    FROM PUBLIC;

-- Which earlier releases count.  Only public facts are asked here: measure,
-- plan, period, policy.  A refusal tells nothing about a person.

CREATE FUNCTION tip_impl.history_depth(plan_id text) RETURNS int4
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce((to_jsonb(p) ->> 'history_depth')::int4, 12)
  FROM tip.release_plan AS r JOIN tip.policy AS p ON p.id = r.policy
 WHERE r.id = plan_id
$$;
COMMENT ON FUNCTION tip_impl.history_depth(text) IS
'with how many earlier releases one may be certified together';

CREATE FUNCTION tip_impl.releases_beside(plan_id text, first_year int4,
    last_year int4)
RETURNS SETOF tip.release
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
-- A pool of years ties its years together: one that shares a year with one
-- that shares a year counts too.
WITH RECURSIVE newest AS MATERIALIZED (
    SELECT DISTINCT ON (r.plan, r.first_year, r.last_year) r.*
      FROM tip.release AS r JOIN tip.release_plan AS p ON p.measure = r.measure
     WHERE p.id = plan_id
       AND (r.plan, r.first_year, r.last_year)
           <> (plan_id, releases_beside.first_year, releases_beside.last_year)
     ORDER BY r.plan, r.first_year, r.last_year, r.release DESC
), tied AS (
    SELECT NULL::int4 AS release, releases_beside.first_year AS f,
           releases_beside.last_year AS l
    UNION
    SELECT n.release, n.first_year, n.last_year
      FROM tied AS t JOIN newest AS n ON n.first_year <= t.l AND n.last_year >= t.f
)
SELECT n.* FROM newest AS n JOIN tied AS t USING (release)
$$;
COMMENT ON FUNCTION tip_impl.releases_beside(text, int4, int4) IS
'newest release of each other plan and period that years tie to this one';

CREATE FUNCTION tip_impl.versions(plan_id text, first_year int4,
    last_year int4)
RETURNS int4[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce(array_agg(r.release ORDER BY r.release), '{}')
  FROM tip.release AS r
 WHERE (r.plan, r.first_year, r.last_year)
       = (plan_id, versions.first_year, versions.last_year)
$$;
COMMENT ON FUNCTION tip_impl.versions(text, int4, int4) IS
'releases of a plan and period, oldest first';

CREATE FUNCTION tip_impl.check_beside(plan_id text, first_year int4,
    last_year int4)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    earlier tip.release;
    near    tip.release[];
    depth   int4 := tip_impl.history_depth(plan_id);
BEGIN
    SELECT array_agg(b) INTO near
      FROM tip_impl.releases_beside(plan_id, first_year, last_year) AS b;
    IF cardinality(near) > depth THEN
        RAISE EXCEPTION 'years % to % are in more than % releases', first_year,
            last_year, depth
            USING ERRCODE = '54000',
                  HINT = 'Publish periods that do not overlap, or plan their tables together.';
    END IF;
    -- Every pair lies apart or one in the other, and one holds them all.
    SELECT b.* INTO earlier
      FROM unnest(near) AS b,
           LATERAL (SELECT c.first_year AS f, c.last_year AS l
                      FROM unnest(near) AS c
                    UNION ALL SELECT check_beside.first_year,
                                     check_beside.last_year) AS o,
           LATERAL (SELECT min(c.first_year) AS f, max(c.last_year) AS l
                      FROM unnest(near) AS c) AS hull
     WHERE NOT (b.last_year < o.f OR b.first_year > o.l
                OR b.first_year >= o.f AND b.last_year <= o.l
                OR b.first_year <= o.f AND b.last_year >= o.l)
        OR (check_beside.first_year > hull.f OR check_beside.last_year < hull.l)
           AND NOT EXISTS (SELECT FROM unnest(near) AS c
                            WHERE c.first_year <= least(hull.f, check_beside.first_year)
                              AND c.last_year >= greatest(hull.l, check_beside.last_year))
     ORDER BY (b.first_year >= check_beside.first_year
               AND b.last_year <= check_beside.last_year
               OR b.first_year <= check_beside.first_year
               AND b.last_year >= check_beside.last_year
               OR b.last_year < check_beside.first_year
               OR b.first_year > check_beside.last_year), b.release LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'years % to % cross those of release %, % to %',
            first_year, last_year, earlier.release, earlier.first_year,
            earlier.last_year
            USING ERRCODE = '55000',
                  HINT = 'Periods lie apart, or one within the other.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_beside(text, int4, int4) IS
'complain where a period crosses one that is published';

-- A rounded number is no count that the joint cube could be made of.
CREATE FUNCTION tip_impl.check_rounded(plan_id text, first_year int4,
    last_year int4)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    other   int4;
BEGIN
    SELECT b.release INTO other
      FROM tip_impl.releases_beside(plan_id, first_year, last_year) AS b
     WHERE 'round' IN (b.policy ->> 'method',
                       (tip_impl.plan_policy(plan_id)).method)
     ORDER BY b.release LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'release % has years of the period, and is rounded or would be beside rounded tables',
            other
            USING ERRCODE = '55000',
                  HINT = 'Round all tables of a period in one plan.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_rounded(text, int4, int4) IS
'complain where rounded tables would overlap others';

CREATE FUNCTION tip_impl.check_history(plan_id text, first_year int4,
    last_year int4)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    earlier int4[];
BEGIN
    PERFORM tip_impl.check_period(plan_id, first_year, last_year);
    earlier := tip_impl.versions(plan_id, first_year, last_year);
    IF cardinality(earlier) > 0 THEN
        RAISE EXCEPTION 'years % to % of plan "%" are published as release %',
            first_year, last_year, plan_id, earlier[cardinality(earlier)]
            USING ERRCODE = '55000',
                  HINT = 'Records that changed since are published by tip.revise().';
    END IF;
    PERFORM tip_impl.check_beside(plan_id, first_year, last_year);
    PERFORM tip_impl.check_rounded(plan_id, first_year, last_year);
END
$$;
COMMENT ON FUNCTION tip_impl.check_history(text, int4, int4) IS
'complain unless a plan may be published for these years beside what is published';

-- A problem: the counts, read once, the trees that add them up, the tables
-- that are wanted of them, and what the attacker has already.

CREATE FUNCTION tip_impl.problem_trees(plan_id text, dims text[], cells jsonb,
    first_year int4, last_year int4, periods text[])
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT jsonb_agg(
           CASE WHEN d.name = 'year' THEN (
               -- The longer of two periods comes first, and holds the shorter.
               WITH p AS (
                   SELECT u.period, u.place::int AS place,
                          split_part(u.period, '-', 1)::int4 AS f,
                          split_part(u.period, '-', 2)::int4 AS l
                     FROM unnest(periods) WITH ORDINALITY AS u(period, place)
               ), n AS (
                   SELECT p.place, p.period AS code, p.f, p.l FROM p
                   UNION ALL
                   SELECT cardinality(periods) + y - problem_trees.first_year + 1,
                          y::text, y, y
                     FROM generate_series(problem_trees.first_year,
                                          problem_trees.last_year) AS y
               )
               SELECT jsonb_agg(jsonb_build_object('code', n.code,
                          'parent', coalesce((
                              SELECT max(p.place) FROM p
                               WHERE p.place < n.place AND p.f <= n.f
                                 AND p.l >= n.l), 0)) ORDER BY n.place)
                 FROM n)
           ELSE tip_impl.dimension_tree(r.measure, d.name, (
               SELECT jsonb_agg(k.code)
                 FROM (SELECT c.value -> 'codes' ->> (d.place - 1)::int
                         FROM jsonb_array_elements(cells) AS c
                       UNION SELECT tip_impl.unknown_code(r.id, d.name))
                      AS k(code)))
           END ORDER BY d.place)
  FROM unnest(dims) WITH ORDINALITY AS d(name, place)
  JOIN tip.release_plan AS r ON r.id = plan_id
$$;
COMMENT ON FUNCTION tip_impl.problem_trees(text, text[], jsonb, int4, int4, text[]) IS
'the nodes of each dimension, code and place of the parent; 0 is the total';

CREATE FUNCTION tip_impl.period_code(first_year int4, last_year int4,
    root_first int4, root_last int4)
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT CASE WHEN (first_year, last_year) = (root_first, root_last) THEN '_T'
            WHEN first_year = last_year THEN first_year::text
            ELSE first_year || '-' || last_year END
$$;
COMMENT ON FUNCTION tip_impl.period_code(int4, int4, int4, int4) IS
'what a period is called in the tree of years';

CREATE FUNCTION tip_impl.cell_node(problem jsonb, dims text[], codes text[],
    period text)
RETURNS int4[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT array_agg(CASE WHEN want.code = '_T' THEN 0 ELSE (
               SELECT k.place::int4
                 FROM jsonb_array_elements(problem -> 'trees'
                                           -> (d.place - 1)::int)
                      WITH ORDINALITY AS k(node, place)
                WHERE k.node ->> 'code' = want.code LIMIT 1) END
           ORDER BY d.place)
  FROM jsonb_array_elements_text(problem -> 'dims')
       WITH ORDINALITY AS d(name, place),
       LATERAL (SELECT nullif(codes[array_position(dims, d.name)], '_T') AS code)
           AS own,
       LATERAL (SELECT CASE WHEN own.code IS NOT NULL THEN own.code
                            WHEN d.name = 'year' THEN period
                            ELSE '_T' END AS code) AS want
$$;
COMMENT ON FUNCTION tip_impl.cell_node(jsonb, text[], text[], text) IS
'the nodes of a cell of a table; NULL for a code that is in no tree';

CREATE FUNCTION tip_impl.plan_tables(plan_id text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT jsonb_agg(jsonb_build_object('name', t.name, 'dims', t.dimensions)
                 ORDER BY t.ordinal)
  FROM tip.release_plan_table AS t WHERE t.plan = plan_id
$$;
COMMENT ON FUNCTION tip_impl.plan_tables(text) IS
'the tables of a plan and their dimensions';

-- Counts of a finer cube, added up to the dimensions and years of another.
CREATE FUNCTION tip_impl.add_up(cells jsonb, from_dims text[], dims text[],
    first_year int4, last_year int4)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce(jsonb_agg(jsonb_build_object('codes', s.codes, 'n', s.n)
                          ORDER BY s.codes), '[]')
  FROM (SELECT k.codes, sum((c.value ->> 'n')::int8)::int8 AS n
          FROM jsonb_array_elements(cells) AS c,
               LATERAL (SELECT array_agg(
                            c.value -> 'codes'
                            ->> (array_position(from_dims, d.name) - 1)
                            ORDER BY d.place) AS codes
                          FROM unnest(dims) WITH ORDINALITY AS d(name, place))
                   AS k
         WHERE array_position(from_dims, 'year') IS NULL
            OR (c.value -> 'codes'
                ->> (array_position(from_dims, 'year') - 1))::int4
               BETWEEN first_year AND last_year
         GROUP BY k.codes) AS s
$$;
COMMENT ON FUNCTION tip_impl.add_up(jsonb, text[], text[], int4, int4) IS
'the counts of some dimensions and years of a cube';

CREATE FUNCTION tip_impl.texts(list jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT ARRAY(SELECT t.value FROM jsonb_array_elements_text(list)
                    WITH ORDINALITY AS t(value, place) ORDER BY t.place)
$$;
COMMENT ON FUNCTION tip_impl.texts(jsonb) IS 'a list of strings as an array';

-- What is known outside joins the attacker's knowledge where it is true; a
-- number that is wrong misleads her.
CREATE FUNCTION tip_impl.add_disclosed(problem jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT problem || jsonb_build_object('known', problem -> 'known' || coalesce((
    SELECT jsonb_agg(to_jsonb(k.node))
      FROM tip_impl.plan_disclosures(problem ->> 'plan',
               (problem ->> 'first')::int4, (problem ->> 'last')::int4) AS d,
           LATERAL (SELECT tip_impl.cell_node(problem,
                        ARRAY(SELECT f.key FROM jsonb_each_text(d.dims) AS f
                               ORDER BY f.key),
                        ARRAY(SELECT f.value FROM jsonb_each_text(d.dims) AS f
                               ORDER BY f.key),
                        problem ->> 'period') AS node) AS k
     WHERE d.is_used AND array_position(k.node, NULL) IS NULL
       AND tip_impl.texts(problem -> 'dims')
           @> ARRAY(SELECT jsonb_object_keys(d.dims))
       AND d.value = tip_impl.true_count(problem, d.dims)), '[]'))
$$;
COMMENT ON FUNCTION tip_impl.add_disclosed(jsonb) IS
'join the numbers that others have made public to what the attacker has';

CREATE FUNCTION tip_impl.plain_problem(plan_id text, dims text[],
    first_year int4, last_year int4, cells jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    RETURN tip_impl.add_disclosed(jsonb_build_object(
        'plan', plan_id, 'first', first_year, 'last', last_year,
        'period', '_T', 'dims', dims, 'cells', cells,
        'trees', tip_impl.problem_trees(plan_id, dims, cells, first_year,
                                        last_year, '{}'),
        'tables', tip_impl.plan_tables(plan_id),
        'known', '[]'::jsonb, 'kept', '[]'::jsonb, 'earlier', '[]'::jsonb));
END
$$;
COMMENT ON FUNCTION tip_impl.plain_problem(text, text[], int4, int4, jsonb) IS
'the counts and tables of a plan by themselves';

-- What stands in an earlier release, as cells of the joint cube.
CREATE FUNCTION tip_impl.add_earlier(problem jsonb, earlier tip.release)
RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    base        jsonb := tip_impl.open_base(earlier.release);
    now_counted jsonb := tip_impl.add_up(problem -> 'cells',
        tip_impl.texts(problem -> 'dims'), tip_impl.texts(base -> 'dims'),
        earlier.first_year, earlier.last_year);
    period      text := tip_impl.period_code(earlier.first_year,
        earlier.last_year, (problem ->> 'root_first')::int4,
        (problem ->> 'root_last')::int4);
    known       jsonb;
    kept        jsonb;
BEGIN
    IF tip_impl.difference(base -> 'cells', now_counted) <> '[]'
       OR EXISTS (SELECT FROM tip.release_cell AS c
                   WHERE c.release = earlier.release AND c.obs_status = 'P') THEN
        RAISE EXCEPTION 'records have changed since release %', earlier.release
            USING ERRCODE = '55000',
                  HINT = 'Revise that release first, until none of its cells is pending.';
    END IF;
    SELECT coalesce(jsonb_agg(to_jsonb(n.node)) FILTER (WHERE c.value IS NOT NULL), '[]'),
           coalesce(jsonb_agg(to_jsonb(n.node)) FILTER (WHERE c.value IS NULL), '[]')
      INTO known, kept
      FROM tip.release_cell AS c
      JOIN jsonb_array_elements(base -> 'tables') AS t
        ON t.value ->> 'name' = c.table_name,
           LATERAL (SELECT tip_impl.cell_node(problem,
                               tip_impl.texts(t.value -> 'dims'), c.codes,
                               period) AS node) AS n
     WHERE c.release = earlier.release
       AND array_position(n.node, NULL) IS NULL;
    RETURN problem || jsonb_build_object(
        'known', problem -> 'known' || known,
        'kept', problem -> 'kept' || kept,
        'earlier', problem -> 'earlier' || to_jsonb(earlier.release));
END
$$;
COMMENT ON FUNCTION tip_impl.add_earlier(jsonb, tip.release) IS
'join a release to what the attacker has; refused where its records changed';

CREATE FUNCTION tip_impl.release_dimensions(release int4) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT DISTINCT d.value
  FROM tip.release_certificate AS c,
       jsonb_array_elements(c.body -> 'tables') AS t,
       jsonb_array_elements_text(t.value -> 'dims') AS d
 WHERE c.release = release_dimensions.release
$$;
COMMENT ON FUNCTION tip_impl.release_dimensions(int4) IS
'the dimensions that the tables of a release have';

-- Public facts decide which counts are needed.
CREATE FUNCTION tip_impl.problem_frame(plan_id text, first_year int4,
    last_year int4, alone boolean, OUT near tip.release[],
    OUT root_first int4, OUT root_last int4, OUT dims text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    root_first := problem_frame.first_year;
    root_last := problem_frame.last_year;
    IF (tip_impl.plan_policy(plan_id)).method = 'round' THEN
        dims := tip_impl.own_dimensions(plan_id);
        RETURN;
    END IF;
    dims := tip_impl.cube_dimensions(plan_id, first_year, last_year);
    IF alone THEN
        RETURN;
    END IF;
    SELECT array_agg(b ORDER BY b.release),
           least(problem_frame.first_year, min(b.first_year)),
           greatest(problem_frame.last_year, max(b.last_year))
      INTO near, root_first, root_last
      FROM tip_impl.releases_beside(plan_id, problem_frame.first_year,
                                    problem_frame.last_year) AS b;
    IF near IS NULL THEN
        RETURN;
    END IF;
    dims := ARRAY(
        SELECT k.name
          FROM tip.release_plan AS p JOIN tip.measure AS m ON m.id = p.measure,
               LATERAL unnest(array_prepend('year', m.dimensions))
                   WITH ORDINALITY AS k(name, place)
         WHERE p.id = plan_id
           AND (k.name = ANY (tip_impl.plan_dimensions(plan_id)
                              || problem_frame.dims)
                OR k.name = 'year'
                OR k.name IN (SELECT tip_impl.release_dimensions(b.release)
                                FROM unnest(problem_frame.near) AS b))
         ORDER BY k.place);
END
$$;
COMMENT ON FUNCTION tip_impl.problem_frame(text, int4, int4, boolean) IS
'years and dimensions of the counts that a plan needs, and the releases beside it; alone leaves those out';

-- With the rights of who previews or publishes: the only step that reads records.
CREATE FUNCTION tip_impl.read_counts(plan_id text, first_year int4,
    last_year int4, alone boolean, data_schema name)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    f   record;
BEGIN
    PERFORM tip_impl.check_partition(plan_id, first_year, last_year, data_schema);
    f := tip_impl.problem_frame(plan_id, first_year, last_year, alone);
    RETURN jsonb_build_object('dims', f.dims, 'root_first', f.root_first,
        'root_last', f.root_last,
        'cells', tip_impl.measure_cells(plan_id, f.dims, f.root_first,
                                        f.root_last, data_schema));
END
$$;
COMMENT ON FUNCTION tip_impl.read_counts(text, int4, int4, boolean, name) IS
'the counts that a plan needs, and which they are';

CREATE FUNCTION tip_impl.joint_problem(plan_id text, first_year int4,
    last_year int4, near tip.release[], counts jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    root_first  int4 := counts -> 'root_first';
    root_last   int4 := counts -> 'root_last';
    periods     text[];
    problem     jsonb;
BEGIN
    SELECT coalesce(array_agg(p.f || '-' || p.l ORDER BY p.l - p.f DESC, p.f), '{}')
      INTO periods
      FROM (SELECT b.first_year, b.last_year FROM unnest(near) AS b
            UNION SELECT joint_problem.first_year, joint_problem.last_year)
               AS p(f, l)
     WHERE p.f < p.l AND (p.f, p.l) <> (root_first, root_last);
    problem := jsonb_build_object(
        'plan', plan_id, 'first', first_year, 'last', last_year,
        'root_first', root_first, 'root_last', root_last,
        'period', tip_impl.period_code(first_year, last_year, root_first,
                                       root_last),
        'dims', counts -> 'dims', 'cells', counts -> 'cells',
        'trees', tip_impl.problem_trees(plan_id,
                     tip_impl.texts(counts -> 'dims'), counts -> 'cells',
                     root_first, root_last, periods),
        'tables', tip_impl.plan_tables(plan_id),
        'known', '[]'::jsonb, 'kept', '[]'::jsonb, 'earlier', '[]'::jsonb);
    FOR i IN 1 .. cardinality(near) LOOP
        problem := tip_impl.add_earlier(problem, near[i]);
    END LOOP;
    RETURN tip_impl.add_disclosed(problem);
END
$$;
COMMENT ON FUNCTION tip_impl.joint_problem(text, int4, int4, tip.release[], jsonb) IS
'the counts of a plan and of every release that shares a year with it';

-- Counts may come from anybody who publishes.
CREATE FUNCTION tip_impl.check_cells(cells jsonb, dims int4) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF jsonb_typeof(cells) IS DISTINCT FROM 'array' OR EXISTS (
        SELECT FROM jsonb_array_elements(cells) AS c
         WHERE NOT coalesce(jsonb_typeof(c.value -> 'codes') = 'array'
                   AND jsonb_array_length(c.value -> 'codes') = dims
                   AND c.value ->> 'n' ~ '^[0-9]{1,18}$', false))
       OR cells @? '$[*].codes[*] ? (@.type() != "string" || @ == "_T")'
       OR (SELECT count(DISTINCT c.value -> 'codes') < count(*)
             FROM jsonb_array_elements(cells) AS c) THEN
        RAISE EXCEPTION 'counts of a measure are malformed'
            USING ERRCODE = '22023',
                  HINT = 'A code must not be _T, which is the total; see the query of the measure.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_cells(jsonb, int4) IS
'complain unless counts are whole numbers of different cells';

CREATE FUNCTION tip_impl.release_problem(plan_id text, first_year int4,
    last_year int4, alone boolean, counts jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    f   record := tip_impl.problem_frame(plan_id, first_year, last_year, alone);
BEGIN
    IF counts - 'cells' IS DISTINCT FROM jsonb_build_object('dims', f.dims,
           'root_first', f.root_first, 'root_last', f.root_last) THEN
        RAISE EXCEPTION 'what is public has changed meanwhile'
            USING ERRCODE = '40001', HINT = 'Try again.';
    END IF;
    PERFORM tip_impl.check_cells(counts -> 'cells', cardinality(f.dims));
    IF f.near IS NOT NULL THEN
        RETURN tip_impl.joint_problem(plan_id, first_year, last_year, f.near,
                                      counts);
    END IF;
    RETURN tip_impl.plain_problem(plan_id, f.dims, first_year, last_year,
                                  counts -> 'cells');
END
$$;
COMMENT ON FUNCTION tip_impl.release_problem(text, int4, int4, boolean, jsonb) IS
'what is to be protected when a plan is published, of counts that were read';

-- The problem, protected.

CREATE FUNCTION tip_impl.problem_arrays(problem jsonb, OUT sizes int4[],
    OUT parents int4[], OUT nodes int4[], OUT counts int8[],
    OUT tables int4[], OUT known int4[], OUT kept int4[])
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    dims text[] := tip_impl.texts(problem -> 'dims');
BEGIN
    SELECT array_agg(1 + jsonb_array_length(t.value) ORDER BY t.ordinality)
      INTO sizes
      FROM jsonb_array_elements(problem -> 'trees') WITH ORDINALITY AS t;
    SELECT array_agg(p.parent ORDER BY p.dim, p.place) INTO parents
      FROM (SELECT t.ordinality AS dim, 0::int8 AS place, 0 AS parent
              FROM jsonb_array_elements(problem -> 'trees') WITH ORDINALITY AS t
            UNION ALL
            SELECT t.ordinality, n.ordinality, (n.value ->> 'parent')::int4
              FROM jsonb_array_elements(problem -> 'trees') WITH ORDINALITY AS t,
                   jsonb_array_elements(t.value) WITH ORDINALITY AS n) AS p;
    SELECT coalesce(array_agg(k.place ORDER BY c.ordinality, k.dim), '{}')
      INTO nodes
      FROM jsonb_array_elements(problem -> 'cells') WITH ORDINALITY AS c,
           jsonb_array_elements_text(c.value -> 'codes')
               WITH ORDINALITY AS u(code, dim)
      JOIN (SELECT t.ordinality AS dim, n.value ->> 'code' AS code,
                   n.ordinality::int4 AS place
              FROM jsonb_array_elements(problem -> 'trees') WITH ORDINALITY AS t,
                   jsonb_array_elements(t.value) WITH ORDINALITY AS n) AS k
        USING (dim, code);
    SELECT coalesce(array_agg((c.value ->> 'n')::int8 ORDER BY c.ordinality), '{}')
      INTO counts
      FROM jsonb_array_elements(problem -> 'cells') WITH ORDINALITY AS c;
    SELECT array_agg(m.mask ORDER BY t.ordinality) INTO tables
      FROM jsonb_array_elements(problem -> 'tables') WITH ORDINALITY AS t,
           LATERAL (SELECT coalesce(sum(1 << (d.place - 1)::int), 0)::int4 AS mask
                      FROM unnest(dims) WITH ORDINALITY AS d(name, place)
                     WHERE t.value -> 'dims' ? d.name
                        OR d.name = 'year' AND problem ->> 'period' <> '_T')
               AS m;
    SELECT coalesce(array_agg(u.value::int4 ORDER BY k.ordinality, u.ordinality), '{}')
      INTO known
      FROM jsonb_array_elements(problem -> 'known') WITH ORDINALITY AS k,
           jsonb_array_elements_text(k.value) WITH ORDINALITY AS u;
    SELECT coalesce(array_agg(u.value::int4 ORDER BY k.ordinality, u.ordinality), '{}')
      INTO kept
      FROM jsonb_array_elements(problem -> 'kept') WITH ORDINALITY AS k,
           jsonb_array_elements_text(k.value) WITH ORDINALITY AS u;
END
$$;
COMMENT ON FUNCTION tip_impl.problem_arrays(jsonb) IS
'a problem as the arguments of the functions in C';

CREATE FUNCTION tip_impl.problem_policy(problem jsonb) RETURNS tip.policy
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT y FROM tip.release_plan AS r JOIN tip.policy AS y ON y.id = r.policy
 WHERE r.id = problem ->> 'plan'
$$;
COMMENT ON FUNCTION tip_impl.problem_policy(jsonb) IS
'the policy that a problem is solved by';

-- What is out is out: a known cell cannot be hidden, a kept one not be shown.
CREATE FUNCTION tip_impl.protect_problem(problem jsonb,
    OUT node int4[], OUT n int8, OUT level int4, OUT is_planned boolean,
    OUT is_small boolean, OUT is_hidden boolean, OUT low int8, OUT high int8)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    a   record;
    p   tip.policy;
BEGIN
    p := tip_impl.problem_policy(problem);
    SELECT * INTO a FROM tip_impl.problem_arrays(problem);
    RETURN QUERY
    SELECT x.* FROM tip_impl.protect_cells(a.sizes, a.parents, a.nodes,
               a.counts, a.tables,
               ARRAY[p.cost_total, p.cost_one_way, p.cost_two_way, p.cost_leaf],
               tip_impl.plan_threshold(problem ->> 'plan', p), p.min_width,
               p.reach_threshold, tip_impl.insider_level(p.insiders), NULL, true,
               a.known,
               a.kept) AS x;
END
$$;
COMMENT ON FUNCTION tip_impl.protect_problem(jsonb) IS
'every cell of the cube of a problem with its fate, beside what is published';

CREATE FUNCTION tip_impl.problem_cells(problem jsonb,
    OUT table_name text, OUT ordinal int4, OUT codes text[], OUT n int8,
    OUT level int4, OUT is_total boolean, OUT is_small boolean,
    OUT is_hidden boolean, OUT low int8, OUT high int8)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
SET jit = off
AS $$
-- A cell of the joint cube belongs to each table that has its dimensions, and
-- that of its period, as its total, to the tables by year.
WITH code AS MATERIALIZED (
    SELECT t.ordinality::int4 AS dim, n.ordinality::int4 AS node,
           n.value ->> 'code' AS code
      FROM jsonb_array_elements(problem -> 'trees') WITH ORDINALITY AS t,
           jsonb_array_elements(t.value) WITH ORDINALITY AS n
), place AS MATERIALIZED (
    -- What a node is called in a table that has the dimension, or has not.
    SELECT d.place::int4 AS dim, c.node, c.code, true AS inside
      FROM jsonb_array_elements_text(problem -> 'dims')
           WITH ORDINALITY AS d(name, place)
      JOIN code AS c ON c.dim = d.place
     WHERE d.name <> 'year'
        OR c.code ~ '^[0-9]+$' AND c.code::int4 BETWEEN
           (problem ->> 'first')::int4 AND (problem ->> 'last')::int4
    UNION ALL
    SELECT d.place::int4, coalesce(c.node, 0), '_T', within.inside
      FROM jsonb_array_elements_text(problem -> 'dims')
           WITH ORDINALITY AS d(name, place)
      LEFT JOIN code AS c ON c.dim = d.place AND d.name = 'year'
                         AND c.code = problem ->> 'period',
           (VALUES (true), (false)) AS within(inside)
), cube AS MATERIALIZED (
    SELECT x.* FROM tip_impl.protect_problem(problem) AS x WHERE x.is_planned
)
SELECT t.value ->> 'name', t.ordinality::int4, own.codes, x.n,
       (SELECT count(*) FROM unnest(own.codes) AS c WHERE c <> '_T')::int4,
       tip_impl.is_margin(tip_impl.texts(t.value -> 'dims'), own.codes, g.groups),
       x.is_small, x.is_hidden, x.low, x.high
  FROM tip_impl.plan_groups(problem ->> 'plan') AS g(groups),
       jsonb_array_elements(problem -> 'tables') WITH ORDINALITY AS t,
       cube AS x,
       LATERAL (
           SELECT count(*) AS found,
                  coalesce(array_agg(p.code ORDER BY array_position(
                      tip_impl.texts(t.value -> 'dims'), d.name))
                  FILTER (WHERE t.value -> 'dims' ? d.name), '{}') AS codes
             FROM jsonb_array_elements_text(problem -> 'dims')
                  WITH ORDINALITY AS d(name, place)
             JOIN place AS p
               ON p.dim = d.place AND p.node = x.node[d.place]
              AND p.inside = (t.value -> 'dims' ? d.name)
       ) AS own
 WHERE own.found = cardinality(x.node)
$$;
COMMENT ON FUNCTION tip_impl.problem_cells(jsonb) IS
'every cell of every table of a problem, with its true count and its fate';

-- What goes with a release: evidence, links, the sealed counts.

CREATE FUNCTION tip_impl.table_nodes(problem jsonb, cells jsonb,
    OUT table_name text, OUT codes text[], OUT node int4[])
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT c.table_name, c.codes,
       tip_impl.cell_node(problem, tip_impl.texts(t.value -> 'dims'), c.codes,
                          problem ->> 'period')
  FROM jsonb_to_recordset(cells) AS c(table_name text, codes text[])
  JOIN jsonb_array_elements(problem -> 'tables') AS t
    ON t.value ->> 'name' = c.table_name
$$;
COMMENT ON FUNCTION tip_impl.table_nodes(jsonb, jsonb) IS
'cells of tables as cells of the cube of a problem';

-- Tables of whole numbers that agree with what is told, and for each cell that
-- is not, two of them that differ there.  What the cube has and no table of the
-- release shows is not told either.
CREATE FUNCTION tip_impl.evidence(problem jsonb, cells jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
SET jit = off
AS $$
DECLARE
    p       tip.policy := tip_impl.problem_policy(problem);
    a       record;
    costs   int8[];
    small   int4 := tip_impl.plan_threshold(problem ->> 'plan', p);
    pattern int4[];
    empty   jsonb;
    proof   jsonb;
BEGIN
    SELECT * INTO a FROM tip_impl.problem_arrays(problem);
    costs := ARRAY[p.cost_total, p.cost_one_way, p.cost_two_way, p.cost_leaf];
    WITH cube AS MATERIALIZED (
        SELECT x.node, x.n
          FROM tip_impl.protect_cells(a.sizes, a.parents, a.nodes, a.counts,
                   a.tables, costs, small, p.min_width, p.reach_threshold,
                   0, '{}', false, a.known, a.kept) AS x
         WHERE x.is_planned
    ), fate AS MATERIALIZED (
        SELECT t.node, bool_or(c.is_hidden) AS is_hidden,
               bool_or(c.is_hidden OR c.is_pending IS TRUE) AS is_untold
          FROM jsonb_to_recordset(cells) AS c(table_name text, codes text[],
                   is_hidden boolean, is_pending boolean)
          JOIN tip_impl.table_nodes(problem, cells) AS t
            USING (table_name, codes)
         GROUP BY t.node
    ), untold AS (
        SELECT c.node FROM cube AS c LEFT JOIN fate AS f USING (node)
         WHERE c.n > 0 AND f.is_untold IS NOT FALSE
           AND NOT (f.is_hidden IS TRUE AND tip_impl.is_listed(
                        problem -> 'known', to_jsonb(c.node)))
    )
    SELECT coalesce((SELECT array_agg(u.node ORDER BY h.node, u.place)
                       FROM untold AS h, unnest(h.node)
                            WITH ORDINALITY AS u(node, place)), '{}'),
           -- Hidden once and empty now, or told by others: nothing is claimed.
           coalesce((SELECT jsonb_agg(to_jsonb(f.node) ORDER BY f.node)
                       FROM fate AS f LEFT JOIN cube AS c USING (node)
                      WHERE f.is_hidden AND (coalesce(c.n, 0) = 0
                            OR tip_impl.is_listed(problem -> 'known',
                                                  to_jsonb(f.node)))), '[]')
      INTO pattern, empty;

    WITH found AS MATERIALIZED (
        SELECT c.* FROM tip_impl.certify_cells(a.sizes, a.parents, a.nodes,
                   a.counts, a.tables, costs, small, p.min_width,
                   p.reach_threshold, tip_impl.insider_level(p.insiders), pattern, true,
                   a.known, a.kept) AS c
    )
    SELECT jsonb_build_object(
               'witnesses', (
                   SELECT coalesce(jsonb_agg(w.cells ORDER BY w.witness), '[]')
                     FROM (SELECT q.witness, jsonb_agg(jsonb_build_object(
                                      'node', q.node, 'n', q.n)
                                      ORDER BY q.node) AS cells
                             FROM found AS q WHERE q.kind = 'table'
                            GROUP BY q.witness) AS w),
               'targets', (
                   SELECT coalesce(jsonb_agg(jsonb_build_object(
                              'node', q.node, 'low', q.low_witness,
                              'high', q.high_witness, 'insider', q.insider)
                              ORDER BY q.node, q.insider), '[]')
                     FROM found AS q WHERE q.kind = 'target'))
      INTO proof;
    RETURN jsonb_build_object('dims', problem -> 'dims',
               'trees', problem -> 'trees', 'period', problem -> 'period',
               'root_first', problem -> 'root_first',
               'root_last', problem -> 'root_last',
               'tables', problem -> 'tables',
               'earlier', problem -> 'earlier', 'unbounded', empty) || proof;
END
$$;
COMMENT ON FUNCTION tip_impl.evidence(jsonb, jsonb) IS
'how cells add up, with which releases they were certified, and the proof that what is not told cannot be told';

-- The bounds of hidden cells and the digest of what is shown: no true count.
CREATE FUNCTION tip_impl.certificate(release int4, cells jsonb, facts jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT facts || jsonb_build_object(
           'release', certificate.release,
           'cells_sha256', tip_impl.cells_digest(
               array_agg(c.table_name),
               array_agg(array_to_string(c.codes, ',')),
               array_agg(c.shown)),
           'hidden', coalesce(jsonb_agg(
               jsonb_build_object('table', c.table_name, 'codes', c.codes,
                                  'low', c.low, 'high', c.high)
               ORDER BY c.table_name COLLATE "C", c.codes COLLATE "C")
               FILTER (WHERE c.is_hidden), '[]'))
  FROM jsonb_to_recordset(cells) AS c(table_name text, codes text[],
           shown text, is_hidden boolean, low int8, high int8)
$$;
COMMENT ON FUNCTION tip_impl.certificate(int4, jsonb, jsonb) IS
'what the auditor gets: bounds and evidence of each hidden cell, digest of the shown ones';

CREATE FUNCTION tip_impl.problem_base(problem jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT jsonb_build_object('dims', to_jsonb(own.dims),
           'tables', problem -> 'tables',
           'cells', tip_impl.add_up(problem -> 'cells',
               tip_impl.texts(problem -> 'dims'), own.dims,
               (problem ->> 'first')::int4, (problem ->> 'last')::int4))
  FROM (SELECT tip_impl.own_dimensions(problem ->> 'plan') AS dims) AS own
$$;
COMMENT ON FUNCTION tip_impl.problem_base(jsonb) IS
'the finest counts of a plan''s own dimensions and years';

CREATE FUNCTION tip_impl.keep_history(release int4, problem jsonb,
    relation text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    INSERT INTO tip.release_link
    SELECT keep_history.release, e.value::int4, keep_history.relation
      FROM jsonb_array_elements_text(problem -> 'earlier') AS e;
    INSERT INTO tip.release_secret
    SELECT r.release, s.sealed
      FROM tip.release AS r,
           LATERAL (SELECT tip_impl.seal_release(
                        tip_impl.problem_base(problem)::text, r.release,
                        r.certificate_digest) AS sealed) AS s
     WHERE r.release = keep_history.release AND s.sealed IS NOT NULL;
END
$$;
COMMENT ON FUNCTION tip_impl.keep_history(int4, jsonb, text) IS
'link a release to earlier ones and seal what it was made of, where there is a key';

-- A revision: the old release and the difference, each safe by itself.

CREATE FUNCTION tip_impl.difference(old_cells jsonb, new_cells jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce(jsonb_agg(jsonb_build_object('codes', d.codes, 'n', d.n)
                          ORDER BY d.codes), '[]')
  FROM (SELECT codes, abs(coalesce((y.value ->> 'n')::int8, 0)
                          - coalesce((x.value ->> 'n')::int8, 0)) AS n
          FROM (SELECT o.value -> 'codes' AS codes, o.value
                  FROM jsonb_array_elements(old_cells) AS o) AS x
          FULL JOIN (SELECT o.value -> 'codes' AS codes, o.value
                       FROM jsonb_array_elements(new_cells) AS o) AS y
          USING (codes)) AS d
 WHERE d.n > 0
$$;
COMMENT ON FUNCTION tip_impl.difference(jsonb, jsonb) IS
'by how much each finest count has changed, either way';

-- Every change of a cell counts as a person who came or went.  Their number is
-- taken to be known, and one that is small tells too much to show anything.
CREATE FUNCTION tip_impl.held_back(problem jsonb, version int4,
    OUT everything boolean, OUT cells jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    base    jsonb := tip_impl.open_base(version);
    dims    text[] := tip_impl.texts(base -> 'dims');
    changes jsonb := tip_impl.difference(base -> 'cells',
                         tip_impl.problem_base(problem) -> 'cells');
    total   int8;
BEGIN
    SELECT coalesce(sum((c.value ->> 'n')::int8), 0) INTO total
      FROM jsonb_array_elements(changes) AS c;
    everything := false;
    cells := '[]';
    IF total = 0 THEN
        RETURN;
    END IF;
    IF total < tip_impl.plan_threshold(problem ->> 'plan',
                                       tip_impl.problem_policy(problem)) THEN
        everything := true;
        RETURN;
    END IF;
    BEGIN
        SELECT coalesce(jsonb_agg(jsonb_build_object('table', x.table_name,
                                                     'codes', x.codes)), '[]')
          INTO cells
          FROM tip_impl.problem_cells(problem || jsonb_build_object(
                   'cells', changes, 'dims', dims,
                   'trees', tip_impl.problem_trees(problem ->> 'plan', dims, changes,
                                (problem ->> 'first')::int4,
                                (problem ->> 'last')::int4, '{}'),
                   'known', jsonb_build_array(
                                array_fill(0, ARRAY[cardinality(dims)])),
                   'kept', '[]'::jsonb)) AS x
         WHERE x.is_hidden;
    EXCEPTION WHEN program_limit_exceeded THEN
        everything := true;
    END;
END
$$;
COMMENT ON FUNCTION tip_impl.held_back(jsonb, int4) IS
'the cells whose change since a release must not be seen';

CREATE FUNCTION tip_impl.revised_cells(problem jsonb, versions int4[],
    found jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
SET jit = off
AS $$
WITH held AS MATERIALIZED (
    SELECT h.everything, h.cells
      FROM unnest(versions) AS v,
           LATERAL tip_impl.held_back(problem, v) AS h
), moved AS MATERIALIZED (
    SELECT DISTINCT c.table_name, c.codes
      FROM held, jsonb_to_recordset(held.cells)
                 AS r("table" text, codes text[]),
           LATERAL (SELECT r."table" AS table_name, r.codes) AS c
), fresh AS MATERIALIZED (
    SELECT x.*, m.codes IS NOT NULL
                OR (SELECT bool_or(held.everything) FROM held) AS is_held
      FROM jsonb_to_recordset(found) AS x(table_name text, codes text[],
               n int8, is_total boolean, is_hidden boolean, low int8, high int8)
      LEFT JOIN moved AS m USING (table_name, codes)
), old AS (
    SELECT c.table_name, c.codes, c.is_total, c.value,
           m.codes IS NOT NULL
           OR (SELECT bool_or(held.everything) FROM held) AS is_held
      FROM tip.release_cell AS c LEFT JOIN moved AS m USING (table_name, codes)
     WHERE c.release = (SELECT max(v) FROM unnest(versions) AS v)
), joined AS MATERIALIZED (
    SELECT table_name, codes, coalesce(o.is_total, f.is_total) AS is_total,
           o.codes IS NOT NULL AS was_there, o.value, coalesce(f.n, 0) AS n,
           coalesce(o.is_held, f.is_held) AS is_held,
           coalesce(f.is_hidden, false) AS is_hidden, f.low, f.high
      FROM old AS o FULL JOIN fresh AS f USING (table_name, codes)
), fate AS (
    -- Hidden stays hidden; shown stays shown, with its old value if need be;
    -- categories that nobody has seen yet wait until all of them may be.
    SELECT j.table_name, j.codes, j.is_total,
           j.was_there AND j.value IS NULL AS is_hidden,
           j.was_there AND j.value IS NOT NULL
           AND (j.is_held OR j.is_hidden) AS is_pending,
           j.value, j.n, j.low, j.high
      FROM joined AS j
     WHERE j.was_there
        OR NOT (SELECT bool_or(k.is_held OR k.is_hidden) FROM joined AS k
                 WHERE NOT k.was_there)
)
SELECT jsonb_agg(jsonb_build_object('table_name', table_name, 'codes', codes,
           'is_total', is_total, 'is_hidden', is_hidden,
           'is_pending', is_pending,
           'n', CASE WHEN is_pending THEN value WHEN NOT is_hidden THEN n END,
           'shown', CASE WHEN is_hidden THEN '*' WHEN is_pending THEN value::text
                         ELSE n::text END,
           'low', CASE WHEN is_hidden THEN low END,
           'high', CASE WHEN is_hidden THEN high END))
  FROM fate
$$;
COMMENT ON FUNCTION tip_impl.revised_cells(jsonb, int4[], jsonb) IS
'the cells of a revision: new value, hidden, or pending with the old value';

-- Hidden cells of the earlier release that hold somebody now.
CREATE FUNCTION tip_impl.keep_hidden(problem jsonb, earlier int4)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
SET jit = off
AS $$
SELECT problem || jsonb_build_object('kept',
           coalesce(jsonb_agg(DISTINCT to_jsonb(k.node)), '[]'))
  FROM tip.release_cell AS c
  JOIN jsonb_array_elements(problem -> 'tables') AS t
    ON t.value ->> 'name' = c.table_name
 CROSS JOIN LATERAL (SELECT tip_impl.cell_node(problem,
                                tip_impl.texts(t.value -> 'dims'), c.codes,
                                problem ->> 'period') AS node) AS k
  JOIN (SELECT x.node
          FROM tip_impl.problem_arrays(problem) AS a,
               LATERAL tip_impl.protect_cells(a.sizes, a.parents, a.nodes,
                   a.counts, a.tables, '{1,1,1,1}', 2, 1, false, 0, '{}', false)
                   AS x
         WHERE x.n > 0) AS cube USING (node)
 WHERE c.release = keep_hidden.earlier AND c.value IS NULL
$$;
COMMENT ON FUNCTION tip_impl.keep_hidden(jsonb, int4) IS
'a problem whose solution hides what an earlier release hides';

CREATE FUNCTION tip_impl.check_revision(plan_id text, first_year int4,
    last_year int4)
RETURNS int4[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    earlier int4[];
    other   int4;
BEGIN
    PERFORM tip_impl.check_period(plan_id, first_year, last_year);
    IF (tip_impl.plan_policy(plan_id)).method <> 'suppress' THEN
        RAISE EXCEPTION 'revision of a rounded release is not implemented'
            USING ERRCODE = '0A000', HINT = 'Publish the next period.';
    END IF;
    earlier := tip_impl.versions(plan_id, first_year, last_year);
    IF earlier = '{}' THEN
        RAISE EXCEPTION 'there is no release to revise'
            USING ERRCODE = '55000',
                  HINT = 'Publish the plan for these years with tip.publish().';
    END IF;
    IF cardinality(earlier) > tip_impl.history_depth(plan_id) THEN
        RAISE EXCEPTION 'release % was revised too often', earlier[1]
            USING ERRCODE = '54000',
                  HINT = 'Collect changes for longer before a revision.';
    END IF;
    -- Two differences of the same records could be put together.
    SELECT b.release INTO other
      FROM tip_impl.releases_beside(plan_id, first_year, last_year) AS b
      JOIN tip.release_link AS l ON l.release = b.release
                                AND l.relation = 'revises'
     WHERE b.first_year <= check_revision.last_year
       AND b.last_year >= check_revision.first_year
     ORDER BY b.release LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'release % already revises the same records', other
            USING ERRCODE = '55000',
                  HINT = 'Only one plan of a period is revised.';
    END IF;
    RETURN earlier;
END
$$;
COMMENT ON FUNCTION tip_impl.check_revision(text, int4, int4) IS
'the versions of a release that may be revised, or a complaint';

-- Runs as the owner: whoever publishes gives counts, and nothing else.
CREATE FUNCTION tip_impl.freeze_revision(plan_id text, first_year int4,
    last_year int4, counts jsonb)
RETURNS int4
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    number      int4 := tip_impl.next_release();
    earlier     int4[] := tip_impl.check_revision(plan_id, first_year, last_year);
    problem     jsonb;
    found       jsonb;
    cells       jsonb;
BEGIN
    problem := tip_impl.release_problem(plan_id, first_year, last_year, true,
                                        counts)
        || jsonb_build_object('earlier', earlier);
    PERFORM tip_impl.check_changed(problem, earlier);
    problem := tip_impl.keep_hidden(problem, earlier[cardinality(earlier)]);
    SELECT jsonb_agg(to_jsonb(c)) INTO found
      FROM tip_impl.shown_cells(problem) AS c;
    cells := tip_impl.revised_cells(problem, earlier, found);
    PERFORM tip_impl.freeze_release(number, plan_id, first_year, last_year, cells,
        tip_impl.release_facts(plan_id, first_year, last_year)
        || tip_impl.evidence(problem, cells));
    PERFORM tip_impl.keep_history(number, problem, 'revises');
    RETURN number;
END
$$;
COMMENT ON FUNCTION tip_impl.freeze_revision(text, int4, int4, jsonb) IS
'certify and store a revision of counts that were read';

CREATE FUNCTION tip.revise(plan text, first_year int4,
    last_year int4 DEFAULT NULL, data_schema name DEFAULT 'tip_data')
RETURNS int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    final_year  int4 := coalesce(last_year, first_year);
BEGIN
    PERFORM tip_impl.next_release();
    PERFORM tip_impl.check_revision(revise.plan, revise.first_year, final_year);
    RETURN tip_impl.freeze_revision(revise.plan, revise.first_year, final_year,
        tip_impl.read_counts(revise.plan, revise.first_year, final_year, true,
                             data_schema));
END
$$;
COMMENT ON FUNCTION tip.revise(text, int4, int4, name) IS
'publish a released period again with what its records say now; a cell whose change would tell too much keeps its value and is pending; returns the number of the release';

CREATE FUNCTION tip_impl.check_changed(problem jsonb, versions int4[])
RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    newest  int4 := versions[cardinality(versions)];
    now_is  jsonb := tip_impl.problem_base(problem);
    base    jsonb;
BEGIN
    FOR i IN 1 .. cardinality(versions) LOOP
        base := tip_impl.open_base(versions[i]);
        IF (base - 'cells') <> (now_is - 'cells') THEN
            RAISE EXCEPTION 'plan has changed since release %', versions[i]
                USING ERRCODE = '55000',
                      HINT = 'A revision has the tables of what it revises: make a new plan.';
        END IF;
    END LOOP;
    IF tip_impl.difference(base -> 'cells', now_is -> 'cells') = '[]' THEN
        RAISE EXCEPTION 'nothing has changed since release %', newest
            USING ERRCODE = '55000',
                  HINT = 'Revise a release when its records have changed.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_changed(jsonb, int4[]) IS
'complain where a revision has other tables or the same counts';
REVOKE EXECUTE ON FUNCTION tip_impl.keep_history(int4, jsonb, text),
    tip_impl.add_earlier(jsonb, tip.release),
    tip_impl.release_dimensions(int4), tip_impl.held_back(jsonb, int4),
    tip_impl.check_changed(jsonb, int4[]),
    tip_impl.freeze_revision(text, int4, int4, jsonb) FROM PUBLIC;
