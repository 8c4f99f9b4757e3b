-- Release: controlled rounding, drawn under a key.

CREATE FUNCTION tip_impl.round_cells(sizes int4[], parents int4[],
    nodes int4[], counts int8[], tables int4[], base int4, threshold int4,
    label text, earlier_counts int8[] DEFAULT '{}',
    earlier_rounded int8[] DEFAULT '{}', earlier_steps int4[] DEFAULT '{}',
    OUT node int4[], OUT n int8, OUT level int4, OUT is_planned boolean,
    OUT rounded int8, OUT steps int4)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_round_cells'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 400 COST 100000;
COMMENT ON FUNCTION tip_impl.round_cells(int4[], int4[], int4[], int8[],
    int4[], int4, int4, text, int8[], int8[], int4[]) IS
'every cell of a cube of counts, the planned ones rounded so that all adds up and nobody is found, earlier versions at hand';

CREATE FUNCTION tip_impl.rounding_is_safe(sizes int4[], parents int4[],
    nodes int4[], counts int8[], tables int4[], base int4, threshold int4,
    rounded int8[], steps int4[], is_strict boolean DEFAULT true)
RETURNS boolean
AS 'MODULE_PATHNAME', 'tip_rounding_is_safe'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION tip_impl.rounding_is_safe(int4[], int4[], int4[], int8[],
    int4[], int4, int4, int8[], int4[], boolean) IS
'is no small count, nor difference of two versions, fixed by these rounded versions of a table?';

-- Whoever may round counts of their own choosing could try tables until one
-- is rounded like the published one.
REVOKE EXECUTE ON FUNCTION tip_impl.round_cells(int4[], int4[], int4[], int8[],
    int4[], int4, int4, text, int8[], int8[], int4[]) FROM PUBLIC;

-- The node of each dimension that a list of codes names; _T is the total.
CREATE FUNCTION tip_impl.cell_nodes(categories jsonb, codes jsonb)
RETURNS int4[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT array_agg(CASE WHEN codes ->> d.place = '_T' THEN 0 ELSE (
                     SELECT k.ordinality::int4
                       FROM jsonb_array_elements_text(categories -> d.place)
                            WITH ORDINALITY AS k
                      WHERE k.value = codes ->> d.place) END ORDER BY d.place)
  FROM generate_series(0, jsonb_array_length(categories) - 1) AS d(place)
$$;
COMMENT ON FUNCTION tip_impl.cell_nodes(jsonb, jsonb) IS
'places of codes in the categories of each dimension, 0 for a total, NULL for what is not there';

-- Each version is an object: cells as above, and of an earlier one also what
-- was published (rounded) and its steps.  Oldest first; the last is drawn.
CREATE FUNCTION tip_impl.version_counts(categories jsonb, versions jsonb,
    OUT nodes int4[], OUT counts int8[])
RETURNS record
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    WITH given AS (
        SELECT v.ordinality AS version,
               tip_impl.cell_nodes(categories, c.value -> 'codes') AS node,
               (c.value ->> 'n')::int8 AS n
          FROM jsonb_array_elements(versions) WITH ORDINALITY AS v,
               jsonb_array_elements(v.value -> 'cells') AS c
    ), cell AS (
        SELECT DISTINCT node FROM given
    ), counted AS (
        SELECT v, cell.node, (SELECT coalesce(sum(g.n), 0) FROM given AS g
                               WHERE g.version = v AND g.node = cell.node) AS n
          FROM cell, generate_series(1, jsonb_array_length(versions)) AS v
    )
    SELECT (SELECT array_agg(u.place ORDER BY cell.node, u.ordinality)
              FROM cell, unnest(cell.node) WITH ORDINALITY
                         AS u(place, ordinality)),
           (SELECT array_agg(counted.n::int8 ORDER BY counted.v, counted.node)
              FROM counted)
      INTO nodes, counts;
    IF array_position(nodes, NULL) > 0 THEN
        RAISE EXCEPTION 'a cell has a code that is not among the categories'
            USING ERRCODE = '22023';
    END IF;
    nodes := coalesce(nodes, '{}');
    counts := coalesce(counts, '{}');
END
$$;
COMMENT ON FUNCTION tip_impl.version_counts(jsonb, jsonb) IS
'finest counts of several versions of a table, for the cells of all of them';

CREATE FUNCTION tip_impl.version_rounded(categories jsonb, versions jsonb)
RETURNS int8[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
WITH RECURSIVE grid(node, place) AS (
    SELECT '{}'::int4[], 0
    UNION ALL
    SELECT g.node || k, g.place + 1
      FROM grid AS g,
           generate_series(0, jsonb_array_length(categories -> g.place)) AS k
     WHERE g.place < jsonb_array_length(categories)
), shown AS (
    SELECT v.ordinality AS version,
           tip_impl.cell_nodes(categories, c.value -> 'codes') AS node,
           (c.value ->> 'rounded')::int8 AS rounded
      FROM jsonb_array_elements(versions) WITH ORDINALITY AS v,
           jsonb_array_elements(v.value -> 'rounded') AS c
)
SELECT coalesce(array_agg(coalesce(s.rounded, -1) ORDER BY v, g.node), '{}')
  FROM generate_series(1, jsonb_array_length(versions)) AS v
 CROSS JOIN grid AS g
  LEFT JOIN shown AS s ON s.version = v AND s.node = g.node
 WHERE g.place = jsonb_array_length(categories)
$$;
COMMENT ON FUNCTION tip_impl.version_rounded(jsonb, jsonb) IS
'what versions of a table published of every cell, -1 for nothing';

-- The base is the policy's; where it has none, its threshold.
CREATE FUNCTION tip_impl.round_counts(categories jsonb, cells jsonb,
    tables int4[], policy_id text, label text, earlier jsonb DEFAULT '[]',
    OUT codes text[], OUT n int8, OUT level int4, OUT is_planned boolean,
    OUT rounded int8, OUT steps int4)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    p       tip.policy;
    sizes   int4[];
    given   record;
    width   int4;
BEGIN
    SELECT * INTO p FROM tip.policy WHERE id = policy_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" does not exist', policy_id
            USING ERRCODE = '42704', HINT = 'See tip.policy.';
    END IF;
    SELECT array_agg(1 + jsonb_array_length(c.value) ORDER BY c.ordinality)
      INTO sizes
      FROM jsonb_array_elements(categories) WITH ORDINALITY AS c;
    given := tip_impl.version_counts(categories,
                 earlier || jsonb_build_object('cells', cells));
    width := cardinality(given.counts) / (jsonb_array_length(earlier) + 1);

    -- The last counts are those to be rounded.
    RETURN QUERY
    SELECT (SELECT array_agg(CASE WHEN u.place = 0 THEN '_T'
                                  ELSE categories -> (u.ordinality - 1)::int
                                       ->> (u.place - 1) END
                             ORDER BY u.ordinality)
              FROM unnest(x.node) WITH ORDINALITY AS u(place, ordinality)),
           x.n, x.level, x.is_planned, x.rounded, x.steps
      FROM tip_impl.round_cells(sizes,
               array_fill(0, ARRAY[(SELECT sum(s) FROM unnest(sizes) AS s)::int]),
               given.nodes,
               given.counts[cardinality(given.counts) - width + 1:],
               tables,
               coalesce((to_jsonb(p) ->> 'base')::int4, p.threshold),
               p.threshold, 'table ' || label,
               given.counts[:cardinality(given.counts) - width],
               tip_impl.version_rounded(categories, earlier),
               ARRAY(SELECT coalesce((v.value ->> 'steps')::int4, 0)
                       FROM jsonb_array_elements(earlier) WITH ORDINALITY AS v
                      ORDER BY v.ordinality)) AS x;
END
$$;
COMMENT ON FUNCTION tip_impl.round_counts(jsonb, jsonb, int4[], text, text, jsonb) IS
'every cell of a table of counts by its codes, the planned ones rounded under a policy; earlier versions as objects with cells, rounded and steps, oldest first';
REVOKE EXECUTE ON FUNCTION tip_impl.round_counts(jsonb, jsonb, int4[], text,
    text, jsonb) FROM PUBLIC;
