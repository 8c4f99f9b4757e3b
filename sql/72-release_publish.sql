-- Release: preview and publish.

-- What a plan may not be is decided by public facts: policy, period and
-- dimensions.  Only the last check, of the total, looks at the records.

CREATE FUNCTION tip_impl.plan_policy(plan_id text) RETURNS tip.policy
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT p FROM tip.policy AS p JOIN tip.release_plan AS r ON r.policy = p.id
 WHERE r.id = plan_id
$$;
COMMENT ON FUNCTION tip_impl.plan_policy(text) IS 'the policy of a plan';

CREATE FUNCTION tip_impl.check_method(p tip.policy) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    IF p.method = 'exact' THEN
        RAISE EXCEPTION 'policy "%" is for transmission and publishes nothing', p.id
            USING ERRCODE = '0A000',
                  HINT = 'Use tip.transmit() for a recipient that the law names.';
    ELSIF p.method = 'microdata' THEN
        RAISE EXCEPTION 'policy "%" is for rows, not for tables', p.id
            USING ERRCODE = '0A000', HINT = 'Judge an extract with tip.k_anonymity().';
    ELSIF p.method NOT IN ('suppress', 'round') THEN
        RAISE EXCEPTION 'method "%" of policy "%" is not implemented', p.method, p.id
            USING ERRCODE = '0A000', HINT = 'Use the method suppress or round.';
    ELSIF p.method = 'suppress' AND p.zero_rule = 'hidden' THEN
        RAISE EXCEPTION 'suppression cannot hide zeros'
            USING ERRCODE = '0A000',
                  HINT = 'Use the method round, whose zero may be a small count.';
    END IF;
    PERFORM tip_impl.check_sensitive(p.sensitive);
END
$$;
COMMENT ON FUNCTION tip_impl.check_method(tip.policy) IS
'complain unless tables can be published by the method of a policy';

CREATE FUNCTION tip_impl.check_measure(plan_id text, p tip.policy)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    m       tip.measure;
    other   text;
BEGIN
    SELECT x.* INTO m FROM tip.measure AS x JOIN tip.release_plan AS r
        ON r.measure = x.id WHERE r.id = plan_id;
    IF NOT m.is_additive THEN
        RAISE EXCEPTION 'measure "%" is not additive', m.id
            USING ERRCODE = '0A000',
                  HINT = 'Count a derived scalar, such as main_form with mixed, or a yes/no dimension for each code.';
    END IF;
    SELECT t.name INTO other FROM tip.release_plan_table AS t
     WHERE t.plan = plan_id AND t.measure <> m.id ORDER BY t.ordinal LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table "%" has another measure than its plan', other
            USING ERRCODE = '0A000',
                  HINT = 'Different measures are not protected together: make a plan for each.';
    END IF;
    SELECT r.policy ->> 'id' INTO other FROM tip.release AS r
     WHERE r.measure = m.id AND r.policy ->> 'audience' = 'public'
       AND p.audience = 'public' AND r.policy ->> 'method' <> p.method
     ORDER BY r.release LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'measure "%" is published with policy "%"', m.id, other
            USING ERRCODE = '55000',
                  HINT = 'Suppressed and rounded tables of the same persons would give each other away; the choice is made once.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_measure(text, tip.policy) IS
'complain unless the measure of a plan is additive and has no other public product';

CREATE FUNCTION tip_impl.check_tables(plan_id text, p tip.policy)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    t   tip.release_plan_table;
BEGIN
    FOR t IN SELECT x.* FROM tip.release_plan_table AS x
              WHERE x.plan = plan_id ORDER BY x.ordinal
    LOOP
        IF (SELECT count(DISTINCT d) FROM unnest(t.dimensions) AS d)
           < cardinality(t.dimensions) THEN
            RAISE EXCEPTION 'table "%" names a dimension twice', t.name
                USING ERRCODE = '42701';
        END IF;
        IF cardinality(t.dimensions) > p.max_ways THEN
            RAISE EXCEPTION 'table "%" has % dimensions, and policy "%" allows %',
                t.name, cardinality(t.dimensions), p.id, p.max_ways
                USING ERRCODE = '0A000',
                      HINT = 'Leave out a dimension, or plan two tables.';
        END IF;
    END LOOP;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'release plan "%" has no table', plan_id
            USING ERRCODE = '55000',
                  HINT = 'Add rows to tip.release_plan_table.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_tables(text, tip.policy) IS
'complain unless a policy allows the tables of a plan';

CREATE FUNCTION tip_impl.check_period(plan_id text, first_year int4,
    last_year int4)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    p       tip.release_plan;
    policy  tip.policy;
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
    policy := tip_impl.plan_policy(plan_id);
    PERFORM tip_impl.check_method(policy);
    PERFORM tip_impl.check_tables(plan_id, policy);
    IF last_year::int8 - first_year + 1 <> p.years
       OR first_year NOT BETWEEN 1900 AND 2149 THEN
        RAISE EXCEPTION 'a period of release plan "%" has % year(s)',
            plan_id, p.years
            USING ERRCODE = '22023';
    END IF;
    IF p.years <> ALL (policy.periods) THEN
        RAISE EXCEPTION 'policy "%" does not allow periods of % year(s)',
            policy.id, p.years
            USING ERRCODE = '0A000',
                  HINT = format('Lengths allowed: %s.',
                                array_to_string(policy.periods, ', '));
    END IF;
    IF last_year >= extract(year FROM current_date) THEN
        RAISE EXCEPTION 'period has not ended'
            USING ERRCODE = '55000',
                  HINT = 'Publish a year when it is over and its records are in.';
    END IF;
    PERFORM tip_impl.check_measure(plan_id, policy);
END
$$;
COMMENT ON FUNCTION tip_impl.check_period(text, int4, int4) IS
'complain unless policy, measure and tables of a plan allow these years';

-- A plan over a period: its one joint cube.

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

-- Facts known outside: those of a year or of the whole period fit the cube.
CREATE FUNCTION tip_impl.plan_disclosures(plan_id text, first_year int4,
    last_year int4)
RETURNS TABLE (id int4, source text, dims jsonb, value int8, is_used boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT d.id, d.source,
       CASE WHEN d.first_year = plan_disclosures.first_year
             AND d.last_year = plan_disclosures.last_year THEN d.dims
            ELSE d.dims || jsonb_build_object('year', d.first_year::text) END,
       d.value,
       d.first_year = plan_disclosures.first_year
       AND d.last_year = plan_disclosures.last_year
       OR d.first_year = d.last_year
       AND d.first_year BETWEEN plan_disclosures.first_year
                            AND plan_disclosures.last_year
  FROM tip.disclosure AS d JOIN tip.release_plan AS p ON p.measure = d.measure
 WHERE p.id = plan_id
   AND d.first_year <= plan_disclosures.last_year
   AND d.last_year >= plan_disclosures.first_year
 ORDER BY d.id
$$;
COMMENT ON FUNCTION tip_impl.plan_disclosures(text, int4, int4) IS
'numbers made public elsewhere that touch a plan and period; those that cover part of it and more cannot be used';

CREATE FUNCTION tip_impl.cube_dimensions(plan_id text, first_year int4,
    last_year int4)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce(array_agg(k.name ORDER BY k.place), '{year}')
  FROM tip.release_plan AS p
  JOIN tip.measure AS m ON m.id = p.measure,
       unnest(array_prepend('year', m.dimensions)) WITH ORDINALITY
           AS k(name, place)
 WHERE p.id = plan_id
   AND (k.name = ANY (tip_impl.plan_dimensions(plan_id))
        OR EXISTS (SELECT FROM tip_impl.plan_disclosures(plan_id, first_year,
                                                         last_year) AS d
                    WHERE d.is_used AND d.dims ? k.name))
$$;
COMMENT ON FUNCTION tip_impl.cube_dimensions(text, int4, int4) IS
'dimensions of the joint cube: those of the tables, and those of numbers known outside';

CREATE FUNCTION tip_impl.own_dimensions(plan_id text) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
RETURN coalesce(nullif(tip_impl.plan_dimensions(plan_id), '{}'), '{year}');
COMMENT ON FUNCTION tip_impl.own_dimensions(text) IS
'the dimensions of the tables of a plan; the year where all are headlines';

CREATE FUNCTION tip_impl.unknown_code(plan_id text, dimension text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT CASE WHEN p.unknown_rule = 'merge' AND m.unknown_with ? dimension
            THEN (m.unknown_with ->> dimension) || '_or_unknown'
            ELSE 'unknown' END
  FROM tip.release_plan AS r
  JOIN tip.policy AS p ON p.id = r.policy
  JOIN tip.measure AS m ON m.id = r.measure
 WHERE r.id = plan_id
$$;
COMMENT ON FUNCTION tip_impl.unknown_code(text, text) IS
'how a plan calls what is not known: unknown, or merged as in other_or_unknown';

-- Which category unknown is merged with is a public choice, not the smallest
-- of the data: that would tell which is the smallest.
CREATE FUNCTION tip_impl.dimension_column(plan_id text, dimension text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT format($q$CASE WHEN coalesce(s.%1$I::text, 'not_stated') = ANY (%2$L)
                 THEN %3$L ELSE s.%1$I::text END$q$, dimension,
              '{unknown,not_stated,withheld,not_recorded}'::text[]
              || CASE WHEN u.code <> 'unknown'
                      THEN left(u.code, -length('_or_unknown')) END,
              u.code)
  FROM tip_impl.unknown_code(plan_id, dimension) AS u(code)
$$;
COMMENT ON FUNCTION tip_impl.dimension_column(text, text) IS
'the expression that makes a dimension of a measure''s row; what is not known is a category';

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
    SELECT string_agg(tip_impl.dimension_column(plan_id, d), ', ' ORDER BY o)
      INTO columns
      FROM unnest(dimensions) WITH ORDINALITY AS x(d, o);
    EXECUTE format(
        $q$SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'codes', c.codes, 'n', c.n) ORDER BY c.codes), '[]')
             FROM (SELECT ARRAY[%s]::text[] AS codes, count(*) AS n
                     FROM (%s) AS s
                    WHERE s.year BETWEEN $1 AND $2
                    GROUP BY 1) AS c$q$,
        columns, format(source, data_schema))
       INTO cells USING first_year, last_year;
    IF cells @? '$[*].codes[*] ? (@ == "_T")' THEN
        RAISE EXCEPTION 'measure has the code _T, which is the total'
            USING ERRCODE = '22023',
                  HINT = 'Correct the query of the measure.';
    END IF;
    RETURN cells;
END
$$;
COMMENT ON FUNCTION tip_impl.measure_cells(text, text[], int4, int4, name) IS
'the finest counts of a plan''s measure over a period';

CREATE FUNCTION tip_impl.check_partition(plan_id text, first_year int4,
    last_year int4, data_schema name)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    m       tip.measure;
    is_fine boolean;
BEGIN
    SELECT x.* INTO m FROM tip.measure AS x JOIN tip.release_plan AS r
        ON r.measure = x.id WHERE r.id = plan_id;
    IF m.unit_column IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        $q$SELECT count(*) = count(DISTINCT (s.year, s.%1$I))
                             FILTER (WHERE s.%1$I IS NOT NULL)
             FROM (%2$s) AS s WHERE s.year BETWEEN $1 AND $2$q$,
        m.unit_column, format(m.source, data_schema))
       INTO is_fine USING first_year, last_year;
    IF NOT is_fine THEN
        RAISE EXCEPTION 'measure "%" counts a unit more than once in a year', m.id
            USING ERRCODE = '0A000',
                  HINT = 'Count a derived scalar, such as main_form with mixed, or a yes/no dimension for each code.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_partition(text, int4, int4, name) IS
'complain where a unit of the measure is not in exactly one cell of a year';

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

-- One dimension with its groups: parents come before their children.
CREATE FUNCTION tip_impl.dimension_tree(measure text, dimension text,
    codes jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    tree    jsonb;
    depth   int4;
    is_both boolean;
BEGIN
    WITH RECURSIVE up AS (
        SELECT k.code, h.parent, 0 AS height
          FROM jsonb_array_elements_text(codes) AS k(code)
          LEFT JOIN tip.measure_hierarchy AS h
            ON h.measure = dimension_tree.measure AND h.code = k.code
           AND h.dimension = dimension_tree.dimension
        UNION
        SELECT u.parent, h.parent, u.height + 1
          FROM up AS u
          LEFT JOIN tip.measure_hierarchy AS h
            ON h.measure = dimension_tree.measure AND h.code = u.parent
           AND h.dimension = dimension_tree.dimension
         WHERE u.parent IS NOT NULL AND u.height < 9
    ), node AS (
        SELECT u.code, u.parent, max(u.height) AS height, min(u.height) AS lowest
          FROM up AS u GROUP BY u.code, u.parent
    ), placed AS (
        SELECT n.*, row_number() OVER (ORDER BY n.height DESC,
                   n.code = 'unknown', n.code) AS place
          FROM node AS n
    )
    SELECT jsonb_agg(jsonb_build_object('code', p.code, 'parent',
                         coalesce(q.place, 0), 'group', p.height > 0)
                     ORDER BY p.place),
           max(p.height), bool_or(p.height > 0 AND p.lowest = 0)
      INTO tree, depth, is_both
      FROM placed AS p LEFT JOIN placed AS q ON q.code = p.parent;
    IF depth > 8 THEN
        RAISE EXCEPTION 'groups of dimension "%" are cyclic or too deep', dimension
            USING ERRCODE = '22023',
                  HINT = 'Correct tip.measure_hierarchy; eight levels are allowed.';
    ELSIF is_both THEN
        RAISE EXCEPTION 'a code of dimension "%" is a group and is counted as well',
            dimension
            USING ERRCODE = '22023',
                  HINT = 'Give what is only known by its group a code of its own.';
    END IF;
    RETURN tree;
END
$$;
COMMENT ON FUNCTION tip_impl.dimension_tree(text, text, jsonb) IS
'codes of a dimension and the groups above them: code, place of the parent (0 total), whether it is a group';

CREATE FUNCTION tip_impl.plan_trees(plan_id text, dimensions text[],
    cells jsonb, first_year int4, last_year int4)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT jsonb_agg(tip_impl.dimension_tree(r.measure, d.name,
                     CASE WHEN u.code = 'unknown' OR d.name = 'year' THEN c.value
                          ELSE (c.value - 'unknown' - u.code)
                               || jsonb_build_array(u.code) END)
                 ORDER BY d.place)
  FROM tip.release_plan AS r,
       unnest(dimensions) WITH ORDINALITY AS d(name, place)
  JOIN jsonb_array_elements(tip_impl.plan_categories(dimensions, cells,
           first_year, last_year)) WITH ORDINALITY AS c(value, place)
    ON c.place = d.place,
       LATERAL tip_impl.unknown_code(plan_id, d.name) AS u(code)
 WHERE r.id = plan_id
$$;
COMMENT ON FUNCTION tip_impl.plan_trees(text, text[], jsonb, int4, int4) IS
'the tree of codes of each dimension of a plan';

CREATE FUNCTION tip_impl.plan_groups(plan_id text)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce(jsonb_object_agg(g.dimension, g.codes), '{}')
  FROM (SELECT h.dimension, jsonb_agg(DISTINCT h.parent) AS codes
          FROM tip.measure_hierarchy AS h
          JOIN tip.release_plan AS p ON p.measure = h.measure
         WHERE p.id = plan_id
           AND h.dimension = ANY (tip_impl.plan_dimensions(plan_id))
         GROUP BY h.dimension) AS g
$$;
COMMENT ON FUNCTION tip_impl.plan_groups(text) IS
'codes that are groups, by dimension';

CREATE FUNCTION tip_impl.is_margin(dimensions text[], codes text[],
    groups jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN '_T' = ANY (codes) OR EXISTS (
    SELECT FROM unnest(dimensions, codes) AS u(name, code)
     WHERE groups -> u.name ? u.code);
COMMENT ON FUNCTION tip_impl.is_margin(text[], text[], jsonb) IS
'whether a cell is a sum of others: a total, or a group';

CREATE FUNCTION tip_impl.plan_masks(plan_id text, dimensions text[])
RETURNS int4[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT array_agg(coalesce((
           SELECT sum(1 << (array_position(plan_masks.dimensions, d) - 1))
             FROM unnest(t.dimensions) AS d), 0)::int4 ORDER BY t.ordinal)
  FROM tip.release_plan_table AS t WHERE t.plan = plan_id
$$;
COMMENT ON FUNCTION tip_impl.plan_masks(text, text[]) IS
'the tables of a plan as bit masks of the dimensions of its cube';

-- The fate of the cells of a cube.

CREATE TYPE tip_impl.fate AS (codes text[], n int8, level int4,
    is_planned boolean, is_small boolean, is_hidden boolean, low int8,
    high int8, rounded int8);
COMMENT ON TYPE tip_impl.fate IS 'a cell of a cube: true count, and what becomes of it';

CREATE FUNCTION tip_impl.tree_nodes(trees jsonb, list jsonb) RETURNS int4[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce(array_agg(CASE WHEN u.code = '_T' THEN 0 ELSE p.node END
                          ORDER BY c.ordinality, u.dim), '{}')::int4[]
  FROM jsonb_array_elements(list) WITH ORDINALITY AS c
 CROSS JOIN LATERAL jsonb_array_elements_text(c.value) WITH ORDINALITY
            AS u(code, dim)
  LEFT JOIN (SELECT d.ordinality AS dim, k.value ->> 'code' AS code,
                    k.ordinality AS node
               FROM jsonb_array_elements(trees) WITH ORDINALITY AS d,
                    jsonb_array_elements(d.value) WITH ORDINALITY AS k) AS p
    ON p.dim = u.dim AND p.code = u.code
$$;
COMMENT ON FUNCTION tip_impl.tree_nodes(jsonb, jsonb) IS
'lists of codes as places in the trees of the dimensions, 0 for the total';

CREATE FUNCTION tip_impl.tree_arrays(trees jsonb, cells jsonb,
    OUT sizes int4[], OUT parents int4[], OUT nodes int4[], OUT counts int8[],
    OUT names text[], OUT starts int4[])
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    SELECT array_agg(1 + jsonb_array_length(t.value) ORDER BY t.ordinality)
      INTO sizes FROM jsonb_array_elements(trees) WITH ORDINALITY AS t;
    SELECT array_agg(coalesce((k.node ->> 'parent')::int, 0)
                     ORDER BY t.ordinality, k.place),
           array_agg(coalesce(k.node ->> 'code', '_T')
                     ORDER BY t.ordinality, k.place)
      INTO parents, names
      FROM jsonb_array_elements(trees) WITH ORDINALITY AS t,
           LATERAL (SELECT NULL::jsonb AS node, 0 AS place
                    UNION ALL SELECT value, ordinality
                      FROM jsonb_array_elements(t.value) WITH ORDINALITY) AS k;
    SELECT array_agg(x.start ORDER BY x.dim) INTO starts
      FROM (SELECT s.dim, (sum(s.size) OVER (ORDER BY s.dim) - s.size)::int
              FROM unnest(sizes) WITH ORDINALITY AS s(size, dim)) AS x(dim, start);
    nodes := tip_impl.tree_nodes(trees, jsonb_path_query_array(cells, '$[*].codes'));
    counts := ARRAY(SELECT (c.value ->> 'n')::int8
                      FROM jsonb_array_elements(cells) WITH ORDINALITY AS c
                     ORDER BY c.ordinality);
END
$$;
COMMENT ON FUNCTION tip_impl.tree_arrays(jsonb, jsonb) IS
'trees and counts as the functions in C want them, and the names of the nodes';

-- Where no witness is found the pattern gives something away, or is too large
-- to be judged: neither is certified.
CREATE FUNCTION tip_impl.is_certified(trees jsonb, cells jsonb, tables int4[],
    p tip.policy, small_below int4, pattern jsonb, known jsonb)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    a   record := tip_impl.tree_arrays(trees, cells);
BEGIN
    PERFORM FROM tip_impl.certify_cells(a.sizes, a.parents, a.nodes, a.counts,
        tables, ARRAY[p.cost_total, p.cost_one_way, p.cost_two_way, p.cost_leaf],
        small_below, p.min_width, p.reach_threshold,
        tip_impl.insider_level(p.insiders),
        tip_impl.tree_nodes(trees, pattern), true,
        tip_impl.tree_nodes(trees, known)) LIMIT 1;
    RETURN true;
EXCEPTION WHEN program_limit_exceeded THEN
    RETURN false;
END
$$;
COMMENT ON FUNCTION tip_impl.is_certified(jsonb, jsonb, int4[], tip.policy, int4, jsonb, jsonb) IS
'whether a pattern of hidden cells holds against the attackers of a policy';

CREATE FUNCTION tip_impl.code_path(measure text, dimension text, code text)
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
WITH RECURSIVE up AS (
    SELECT code_path.code AS code
    UNION
    SELECT h.parent FROM up AS u JOIN tip.measure_hierarchy AS h
        ON h.measure = code_path.measure AND h.code = u.code
       AND h.dimension = code_path.dimension
)
SELECT array_agg(u.code) FROM up AS u
$$;
COMMENT ON FUNCTION tip_impl.code_path(text, text, text) IS
'a code and the groups that it belongs to';

-- @> would take lists for sets.
CREATE FUNCTION tip_impl.is_listed(list jsonb, item jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM jsonb_array_elements(list) AS l WHERE l.value = item);
COMMENT ON FUNCTION tip_impl.is_listed(jsonb, jsonb) IS
'whether something is an element of a list';

CREATE FUNCTION tip_impl.true_count(problem jsonb, dims jsonb) RETURNS int8
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT coalesce(sum((c.value ->> 'n')::int8), 0)::int8
  FROM tip.release_plan AS r,
       jsonb_array_elements(problem -> 'cells') AS c,
       LATERAL (SELECT jsonb_object_agg(d.name,
                           c.value -> 'codes' ->> (d.place - 1)::int) AS codes
                  FROM jsonb_array_elements_text(problem -> 'dims')
                       WITH ORDINALITY AS d(name, place)) AS own
 WHERE r.id = problem ->> 'plan'
   AND (NOT own.codes ? 'year' OR (own.codes ->> 'year')::int4
        BETWEEN (problem ->> 'first')::int4 AND (problem ->> 'last')::int4)
   AND NOT EXISTS (
       SELECT FROM jsonb_each_text(true_count.dims) AS f
        WHERE f.value <> ALL (tip_impl.code_path(r.measure, f.key,
                                                 own.codes ->> f.key)))
$$;
COMMENT ON FUNCTION tip_impl.true_count(jsonb, jsonb) IS
'the count of a cell of a problem''s period by code per dimension';

-- The threshold of a plan: a table that shows a sensitive combination raises it
-- for the whole cube, whatever the counts are.
CREATE FUNCTION tip_impl.plan_threshold(plan_id text, p tip.policy)
RETURNS int4
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT greatest(p.threshold, (
    SELECT max((s.value ->> 'minimum')::int)
      FROM jsonb_array_elements(p.sensitive) AS s, tip.release_plan_table AS t
     WHERE t.plan = plan_id
       AND t.dimensions @> ARRAY(SELECT jsonb_object_keys(s.value -> 'codes'))))
$$;
COMMENT ON FUNCTION tip_impl.plan_threshold(text, tip.policy) IS
'the least count that is not small in any table of a plan';

-- Whoever can have counts rounded at will could try until they are rounded like
-- a published table: only a publisher may, who knows the counts.
CREATE FUNCTION tip_impl.round_plan(plan_id text, trees jsonb, cells jsonb,
    tables int4[], p tip.policy, label text)
RETURNS SETOF tip_impl.fate
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    IF trees @? '$[*][*] ? (@.group == true)' THEN
        RAISE EXCEPTION 'rounding of groups of codes is not implemented'
            USING ERRCODE = '0A000',
                  HINT = 'Make the group a dimension of its own, in a table of its own.';
    END IF;
    IF p.base < tip_impl.plan_threshold(plan_id, p) THEN
        RAISE EXCEPTION 'a table of plan "%" has a sensitive combination, and the base of policy "%" is below its minimum',
            plan_id, p.id
            USING ERRCODE = '0A000',
                  HINT = 'Leave out a dimension, or use a policy of a larger base.';
    END IF;
    RETURN QUERY
    SELECT x.codes, x.n, x.level, x.is_planned, false, false,
           greatest(x.rounded - (x.steps + 1) * p.base + 1, 0),
           x.rounded + (x.steps + 1) * p.base - 1, x.rounded
      FROM tip_impl.round_counts(
               (SELECT jsonb_agg(jsonb_path_query_array(t.value, '$[*].code')
                                 ORDER BY t.ordinality)
                  FROM jsonb_array_elements(trees) WITH ORDINALITY AS t),
               cells, tables, p.id, label) AS x;
END
$$;
COMMENT ON FUNCTION tip_impl.round_plan(text, jsonb, jsonb, int4[], tip.policy, text) IS
'every cell of a cube, rounded';
REVOKE EXECUTE ON FUNCTION
    tip_impl.round_plan(text, jsonb, jsonb, int4[], tip.policy, text) FROM PUBLIC;

CREATE FUNCTION tip_impl.check_total(plan_id text, p tip.policy, total numeric)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    ways    int4;
BEGIN
    SELECT min(cardinality(t.dimensions)) INTO ways
      FROM tip.release_plan_table AS t
     WHERE t.plan = plan_id
       AND total < tip_impl.min_total(p.min_totals, cardinality(t.dimensions));
    IF ways IS NOT NULL THEN
        RAISE EXCEPTION 'the period has too few units for a table of % dimension(s)',
            ways
            USING ERRCODE = '55000',
                  HINT = 'Publish fewer dimensions, or a longer period; see min_totals of the policy.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_total(text, tip.policy, numeric) IS
'complain where the total is too small for a table of a plan';

-- Long work says where it is; short work would only be noise.
CREATE FUNCTION tip_impl.tell_stage(stage text, trees jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    size    numeric := 1;
    tree    jsonb;
BEGIN
    FOR tree IN SELECT * FROM jsonb_array_elements(trees) LOOP
        size := size * (1 + jsonb_array_length(tree));
    END LOOP;
    IF size >= 1000 THEN
        RAISE NOTICE 'release: %, cube of % cells', stage, size;
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.tell_stage(text, jsonb) IS
'tell the client how far a large release is';

-- Fates by place in a table: what the two methods have in common.
CREATE FUNCTION tip_impl.rounded_cells(problem jsonb,
    OUT table_name text, OUT ordinal int4, OUT codes text[],
    OUT is_total boolean, OUT f tip_impl.fate)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    dims    text[] := tip_impl.texts(problem -> 'dims');
    plan_id text := problem ->> 'plan';
BEGIN
    RETURN QUERY
    SELECT t.name, t.ordinal, own.codes,
           tip_impl.is_margin(t.dimensions, own.codes, '{}'), x
      FROM tip_impl.round_plan(plan_id, problem -> 'trees', problem -> 'cells',
               tip_impl.plan_masks(plan_id, dims), tip_impl.plan_policy(plan_id),
               format('%s|%s|%s', (SELECT r.measure FROM tip.release_plan AS r
                                    WHERE r.id = plan_id),
                      problem ->> 'first', problem ->> 'last')) AS x
      JOIN tip.release_plan_table AS t
        ON t.plan = plan_id
       AND NOT EXISTS (
               SELECT FROM unnest(dims, x.codes) AS c(dim, code)
                WHERE c.code <> '_T' AND c.dim <> ALL (t.dimensions)),
           LATERAL (
               SELECT coalesce(array_agg(
                          x.codes[array_position(dims, d.name)]
                          ORDER BY d.place), '{}') AS codes
                 FROM unnest(t.dimensions) WITH ORDINALITY
                      AS d(name, place)) AS own
     WHERE x.is_planned;
END
$$;
COMMENT ON FUNCTION tip_impl.rounded_cells(jsonb) IS
'every cell of every table of a problem, rounded';

CREATE FUNCTION tip_impl.suppressed_cells(problem jsonb,
    OUT table_name text, OUT ordinal int4, OUT codes text[],
    OUT is_total boolean, OUT f tip_impl.fate)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT c.table_name, c.ordinal, c.codes, c.is_total,
       ROW (c.codes, c.n, c.level, true, c.is_small, c.is_hidden, c.low, c.high,
            NULL)::tip_impl.fate
  FROM tip_impl.problem_cells(problem) AS c
$$;
COMMENT ON FUNCTION tip_impl.suppressed_cells(jsonb) IS
'every cell of every table of a problem, with its fate by suppression';

CREATE FUNCTION tip_impl.plan_problem(plan_id text, first_year int4,
    last_year int4, counts jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    problem jsonb;
BEGIN
    PERFORM tip_impl.check_history(plan_id, first_year, last_year);
    -- The records were read once: all else follows from what was read.
    problem := tip_impl.release_problem(plan_id, first_year, last_year, false,
                                        counts);
    PERFORM tip_impl.check_total(plan_id, tip_impl.plan_policy(plan_id),
                                 tip_impl.true_count(problem, '{}'));
    PERFORM tip_impl.tell_stage('protecting the counts', problem -> 'trees');
    RETURN problem;
END
$$;
COMMENT ON FUNCTION tip_impl.plan_problem(text, int4, int4, jsonb) IS
'what is to be protected when a plan is published, or a complaint';

-- What is printed for a cell.  "1-4" says that a count is small: only where the
-- total is all that a suppressed plan shows, or beside rounded cells, which
-- hold against whoever knows the exact total.
CREATE FUNCTION tip_impl.show_cell(p tip.policy, f tip_impl.fate,
    is_headline boolean, only_headline boolean, OUT value int8,
    OUT shown text, OUT is_hidden boolean)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    IF p.method = 'round' AND is_headline AND p.headline = 'exact' THEN
        is_hidden := f.n BETWEEN 1 AND p.threshold - 1;
        value := f.n;
    ELSIF p.method = 'round' THEN
        is_hidden := false;
        value := f.rounded;
    ELSE
        -- A small count that others have made public is not confirmed.
        is_hidden := f.is_hidden OR f.is_small;
        value := f.n;
    END IF;
    IF is_hidden THEN
        value := NULL;
    END IF;
    shown := CASE WHEN NOT is_hidden THEN value::text
                  WHEN is_headline AND p.headline = 'exact'
                       AND (only_headline OR p.method = 'round')
                  THEN format('1-%s', p.threshold - 1)
                  ELSE '*' END;
END
$$;
COMMENT ON FUNCTION tip_impl.show_cell(tip.policy, tip_impl.fate, boolean, boolean) IS
'the published value and text of a cell';

CREATE FUNCTION tip_impl.shown_cells(problem jsonb,
    OUT table_name text, OUT ordinal int4, OUT codes text[], OUT n int8,
    OUT level int4, OUT is_total boolean, OUT is_small boolean,
    OUT is_hidden boolean, OUT low int8, OUT high int8, OUT value int8,
    OUT shown text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    p       tip.policy := tip_impl.plan_policy(problem ->> 'plan');
    is_bare boolean := tip_impl.plan_dimensions(problem ->> 'plan') = '{}';
BEGIN
    RETURN QUERY
    SELECT c.table_name, c.ordinal, c.codes, (c.f).n,
           (SELECT count(*) FROM unnest(c.codes) AS k WHERE k <> '_T')::int4,
           c.is_total, (c.f).is_small, s.is_hidden, (c.f).low, (c.f).high,
           s.value, s.shown
      FROM (SELECT * FROM tip_impl.suppressed_cells(problem)
             WHERE p.method = 'suppress'
            UNION ALL
            SELECT * FROM tip_impl.rounded_cells(problem)
             WHERE p.method = 'round') AS c,
           LATERAL tip_impl.show_cell(p, c.f, c.codes = '{}', is_bare) AS s;
    PERFORM tip_impl.tell_stage('counts are protected', problem -> 'trees');
END
$$;
COMMENT ON FUNCTION tip_impl.shown_cells(jsonb) IS
'every cell of every table of a problem, with its true count and what is published';

-- Runs as the owner, for earlier releases and rounding: only what it is told.
CREATE FUNCTION tip_impl.judge_counts(plan_id text, first_year int4,
    last_year int4, counts jsonb,
    OUT table_name text, OUT ordinal int4, OUT codes text[], OUT n int8,
    OUT level int4, OUT is_total boolean, OUT is_small boolean,
    OUT is_hidden boolean, OUT low int8, OUT high int8, OUT value int8,
    OUT shown text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT * FROM tip_impl.shown_cells(
        tip_impl.plan_problem(plan_id, first_year, last_year, counts));
END
$$;
COMMENT ON FUNCTION tip_impl.judge_counts(text, int4, int4, jsonb) IS
'every cell of every table of a plan, of counts that were read';
REVOKE EXECUTE ON FUNCTION tip_impl.judge_counts(text, int4, int4, jsonb)
FROM PUBLIC;

CREATE FUNCTION tip_impl.plan_cells(plan_id text, first_year int4,
    last_year int4, data_schema name,
    OUT table_name text, OUT ordinal int4, OUT codes text[], OUT n int8,
    OUT level int4, OUT is_total boolean, OUT is_small boolean,
    OUT is_hidden boolean, OUT low int8, OUT high int8, OUT value int8,
    OUT shown text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    PERFORM tip_impl.check_history(plan_id, first_year, last_year);
    RETURN QUERY SELECT * FROM tip_impl.judge_counts(plan_id, first_year,
        last_year, tip_impl.read_counts(plan_id, first_year, last_year, false,
                                        data_schema));
END
$$;
COMMENT ON FUNCTION tip_impl.plan_cells(text, int4, int4, name) IS
'every cell of every table of a plan, with its true count and what is published';

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
    SELECT c.table_name, c.codes, c.is_total, c.value, c.shown,
           CASE WHEN c.is_hidden THEN 'Q' ELSE 'A' END,
           CASE WHEN c.is_hidden THEN 'C' ELSE 'F' END
      FROM tip_impl.plan_cells(plan, first_year, final_year, data_schema) AS c
     ORDER BY c.ordinal, c.codes;
    PERFORM tip_impl.log_look('preview', plan, first_year, final_year, NULL);
END
$$;
COMMENT ON FUNCTION tip.preview(text, int4, int4, name) IS
'what a plan would publish for a period; logged, and spends nothing';

CREATE FUNCTION tip.preview_loss(plan text, first_year int4,
    last_year int4 DEFAULT NULL, data_schema name DEFAULT 'tip_data',
    OUT table_name text, OUT level int4, OUT cells int8, OUT nonzero int8,
    OUT hidden int8, OUT shown_percent numeric, OUT value_percent numeric)
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
                                     FILTER (WHERE c.n > 0), 0), 1),
           round(100.0 * coalesce(sum(c.n) FILTER (WHERE NOT c.is_hidden), 0)
                 / nullif(sum(c.n), 0), 1)
      FROM tip_impl.plan_cells(plan, first_year, final_year, data_schema) AS c
     GROUP BY c.ordinal, c.table_name, c.level
     ORDER BY c.ordinal, c.level;
    PERFORM tip_impl.log_look('preview', plan, first_year, final_year, NULL);
END
$$;
COMMENT ON FUNCTION tip.preview_loss(text, int4, int4, name) IS
'how much a plan would hide, in cells and in value: level 0 is the total, 1 one-way cells, and so on';

-- Publication.

CREATE FUNCTION tip_impl.grant_view(table_name text, audience text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    reader  regrole;
BEGIN
    IF audience = 'public' THEN
        GRANT USAGE ON SCHEMA tip_public TO PUBLIC;
        EXECUTE format('GRANT SELECT ON tip_public.%I TO PUBLIC', table_name);
        RETURN;
    END IF;
    FOR reader IN
        SELECT a.grantee FROM pg_proc AS p, aclexplode(p.proacl) AS a
         WHERE p.pronamespace = 'tip_impl'::regnamespace
           AND p.proname = 'is_' || audience
           AND a.grantee NOT IN (0, p.proowner)
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA tip_public TO %s', reader);
        EXECUTE format('GRANT SELECT ON tip_public.%I TO %s', table_name, reader);
    END LOOP;
END
$$;
COMMENT ON FUNCTION tip_impl.grant_view(text, text) IS
'let an audience read the view of a published table';

CREATE FUNCTION tip_impl.create_public_view(table_name text,
    dimensions text[], title text, audience text,
    shows_bounds boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    bounds  text[] := CASE WHEN shows_bounds THEN '{low,high}' ELSE '{}' END;
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
    -- Whoever could make it first would speak for us.
    IF EXISTS (SELECT FROM pg_class AS c JOIN pg_roles AS o ON o.oid = c.relowner
                WHERE c.oid = to_regclass(format('tip_public.%I', table_name))
                  AND o.rolname <> current_user AND NOT o.rolsuper) THEN
        RAISE EXCEPTION 'view "%" belongs to somebody else', table_name
            USING ERRCODE = '42501',
                  HINT = 'Drop it, or give the table of the plan another name.';
    END IF;
    IF columns <> '{release,first_year,last_year}'::text[] || dimensions
                  || '{is_total,value,shown,obs_status,conf_status}'::text[]
                  || bounds THEN
        RAISE EXCEPTION 'view "%" was made for other dimensions', table_name
            USING ERRCODE = '55000',
                  HINT = 'Give the changed table of the plan a new name.';
    END IF;
    IF columns IS NULL THEN
        EXECUTE format(
            'CREATE VIEW tip_public.%I WITH (security_barrier) AS '
            'SELECT r.release, r.first_year, '
            'r.last_year, %s c.is_total, c.value, c.shown, c.obs_status, '
            'c.conf_status %s FROM tip.release_cell AS c '
            'JOIN tip.release AS r ON r.release = c.release '
            'WHERE c.table_name = %L AND r.policy ->> ''audience'' = %L',
            table_name,
            (SELECT string_agg(format('c.codes[%s] AS %I,', d.place, d.name), ' '
                               ORDER BY d.place)
               FROM unnest(dimensions) WITH ORDINALITY AS d(name, place)),
            CASE WHEN shows_bounds THEN ', c.low, c.high' END,
            table_name, audience);
        EXECUTE format('COMMENT ON VIEW tip_public.%I IS %L', table_name,
            title || '. Leave out rows with is_total before summing; a NULL value is hidden, not zero.');
    END IF;
    PERFORM tip_impl.grant_view(table_name, audience);
END
$$;
COMMENT ON FUNCTION tip_impl.create_public_view(text, text[], text, text, boolean) IS
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

-- Numbers known outside that the attacker was given, and those that cover
-- other years too and so could not be used.
CREATE FUNCTION tip_impl.release_facts(plan_id text, first_year int4,
    last_year int4)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT jsonb_build_object('disclosures', coalesce(jsonb_agg(
           jsonb_build_object('id', d.id, 'source', d.source, 'dims', d.dims,
                              'value', d.value, 'is_used', d.is_used)
           ORDER BY d.id), '[]'))
  FROM tip_impl.plan_disclosures(plan_id, first_year, last_year) AS d
$$;
COMMENT ON FUNCTION tip_impl.release_facts(text, int4, int4) IS
'what a certificate names besides the cells: numbers that were public before';

CREATE FUNCTION tip_impl.next_release() RETURNS int4
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    -- One publication at a time: numbers without gaps, no period twice.
    LOCK TABLE tip.release IN SHARE ROW EXCLUSIVE MODE;
    RETURN (SELECT coalesce(max(r.release), 0) + 1 FROM tip.release AS r);
END
$$;
COMMENT ON FUNCTION tip_impl.next_release() IS
'number of the next release; others who publish wait';

-- Runs as the owner: whoever publishes writes no table of releases herself.
-- A shown cell's n is what is published, a hidden cell has none.
CREATE FUNCTION tip_impl.freeze_release(release int4, plan_id text, first_year int4,
    last_year int4, cells jsonb, facts jsonb DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    proof   jsonb;
    applied tip.policy := tip_impl.plan_policy(plan_id);
BEGIN
    -- Its digest is public: without chance in it, whoever guesses the counts
    -- could make their certificate and compare.
    proof := tip_impl.certificate(freeze_release.release, cells,
        facts || jsonb_build_object('nonce',
            gen_random_uuid()::text || gen_random_uuid()::text));
    BEGIN
        INSERT INTO tip.release (release, plan, measure, first_year, last_year,
                                 policy, certificate_digest, groups)
        SELECT freeze_release.release, p.id, p.measure,
               freeze_release.first_year, freeze_release.last_year,
               to_jsonb(applied), sha256(convert_to(proof::text, 'UTF8')),
               tip_impl.plan_groups(p.id)
          FROM tip.release_plan AS p WHERE p.id = plan_id;
    EXCEPTION WHEN unique_violation THEN
        -- A snapshot older than the lock cannot see what was published.
        RAISE EXCEPTION 'another release was published meanwhile'
            USING ERRCODE = '40001', HINT = 'Try again.';
    END;
    INSERT INTO tip.release_cell (release, table_name, codes, is_total, value,
                                  shown, obs_status, conf_status, low, high)
    SELECT freeze_release.release, c.table_name, c.codes, c.is_total,
           c.n, c.shown,
           CASE WHEN c.is_hidden THEN 'Q' WHEN c.is_pending THEN 'P' ELSE 'A' END,
           CASE WHEN c.is_hidden THEN 'C' ELSE 'F' END,
           CASE WHEN applied.show_bounds THEN c.low END,
           CASE WHEN applied.show_bounds THEN c.high END
      FROM jsonb_to_recordset(cells) AS c(table_name text, codes text[],
               is_total boolean, n int8, shown text, is_hidden boolean,
               is_pending boolean, low int8, high int8);
    INSERT INTO tip.release_certificate VALUES (freeze_release.release, proof);
    PERFORM tip_impl.create_public_view(t.name, t.dimensions, t.title,
                                        applied.audience, applied.show_bounds)
       FROM tip.release_plan_table AS t
      WHERE t.plan = plan_id ORDER BY t.ordinal;
    PERFORM tip_impl.log_release('publish', plan_id, first_year, last_year,
                                 release);
END
$$;
COMMENT ON FUNCTION tip_impl.freeze_release(int4, text, int4, int4, jsonb, jsonb) IS
'store the cells of a release as they are published';
REVOKE EXECUTE ON FUNCTION tip_impl.next_release(),
    tip_impl.freeze_release(int4, text, int4, int4, jsonb, jsonb) FROM PUBLIC;

-- Runs as the owner: whoever publishes gives counts, and nothing else.
CREATE FUNCTION tip_impl.freeze_publication(plan_id text, first_year int4,
    last_year int4, counts jsonb)
RETURNS int4
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    number      int4 := tip_impl.next_release();
    problem     jsonb;
    cells       jsonb;
BEGIN
    problem := tip_impl.plan_problem(plan_id, first_year, last_year, counts);
    SELECT jsonb_agg(jsonb_build_object('table_name', c.table_name,
               'codes', c.codes, 'is_total', c.is_total, 'n', c.value,
               'shown', c.shown, 'is_hidden', c.is_hidden,
               'low', c.low, 'high', c.high))
      INTO cells FROM tip_impl.shown_cells(problem) AS c;
    PERFORM tip_impl.freeze_release(number, plan_id, first_year, last_year, cells,
        CASE WHEN (tip_impl.plan_policy(plan_id)).method = 'suppress'
             THEN tip_impl.evidence(problem, cells) ELSE '{}' END
        || tip_impl.release_facts(plan_id, first_year, last_year));
    PERFORM tip_impl.keep_history(number, problem, 'beside');
    RETURN number;
END
$$;
COMMENT ON FUNCTION tip_impl.freeze_publication(text, int4, int4, jsonb) IS
'certify and store a release of counts that were read';
REVOKE EXECUTE ON FUNCTION
    tip_impl.freeze_publication(text, int4, int4, jsonb) FROM PUBLIC;

CREATE FUNCTION tip.publish(plan text, first_year int4,
    last_year int4 DEFAULT NULL, data_schema name DEFAULT 'tip_data')
RETURNS int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    final_year  int4 := coalesce(last_year, first_year);
BEGIN
    PERFORM tip_impl.next_release();
    PERFORM tip_impl.check_history(publish.plan, publish.first_year, final_year);
    RETURN tip_impl.freeze_publication(publish.plan, publish.first_year, final_year,
        tip_impl.read_counts(publish.plan, publish.first_year, final_year, false,
                             data_schema));
END
$$;
COMMENT ON FUNCTION tip.publish(text, int4, int4, name) IS
'freeze the tables of a plan for a period as one certified release and make their views; returns its number';
