-- Release: an attack on any published table, given as rows.

CREATE FUNCTION tip_impl.audit_cells(sizes int4[], multi boolean[],
    links int4[], labels text[], nodes int4[], lows int8[], highs int8[],
    truths int8[], singles int4[], certain boolean, insiders int4, bounds boolean,
    unlisted boolean,
    OUT cell int4, OUT node int4[], OUT low int8, OUT high int8,
    OUT status text, OUT insider int4[])
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_audit_cells'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 400 COST 100000;
COMMENT ON FUNCTION tip_impl.audit_cells(int4[], boolean[], int4[], text[],
    int4[], int8[], int8[], int8[], int4[], boolean, int4, boolean, boolean) IS
'what an attacker learns of each cell of a table: cells as nodes of dimensions with what is said of them, links as (dimension, child, parent), nodes from 0 for the total, parents first';

-- Codes in an order in which parents come first; place 0 is the total.
CREATE FUNCTION tip_impl.audit_nodes(dimension text, codes text[],
    links jsonb, total text, OUT code text, OUT node int4)
RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    waiting text[] := codes;
    placed  text[] := ARRAY[total];
    ready   text[];
BEGIN
    IF EXISTS (SELECT FROM jsonb_array_elements(links) AS l
                WHERE l.value ->> 0 = total) THEN
        PERFORM refuse('22023', format('total of dimension "%s" has a parent', dimension),
            'The total stands above all other codes.');
    END IF;
    WHILE waiting <> '{}' LOOP
        SELECT coalesce(array_agg(w.code ORDER BY w.code COLLATE "C"), '{}')
          INTO ready
          FROM unnest(waiting) AS w(code)
         WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(links) AS l
                            WHERE l.value ->> 0 = w.code
                              AND l.value ->> 1 <> ALL (placed));
        IF ready = '{}' THEN
            PERFORM refuse('22023', format('hierarchy of dimension "%s" is cyclic', dimension),
                'No code may be above itself.');
        END IF;
        placed := placed || ready;
        waiting := ARRAY(SELECT w.code FROM unnest(waiting) AS w(code)
                          WHERE w.code <> ALL (ready));
    END LOOP;
    RETURN QUERY
    SELECT p.code, p.place::int4 - 1
      FROM unnest(placed) WITH ORDINALITY AS p(code, place);
END
$$;
COMMENT ON FUNCTION tip_impl.audit_nodes(text, text[], jsonb, text) IS
'number the codes of a dimension so that parents come before their children';

-- Pairs [child, parent] out of {"child": "parent" or ["parent", ...]}.
CREATE FUNCTION tip_impl.audit_links(dimension text, parents jsonb)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    pairs jsonb;
BEGIN
    IF parents IS NULL THEN
        RETURN '[]';
    END IF;
    IF jsonb_typeof(parents) <> 'object'
       OR parents @? 'strict $.* ? (@.type() != "string" && @.type() != "array")'
       OR parents @? 'strict $.* ? (@.type() == "array") [*] ? (@.type() != "string")' THEN
        PERFORM refuse('22023', format('parents of dimension "%s" are malformed', dimension),
            'Write {"child": "parent"}, or a list of parents where hierarchies overlap.');
    END IF;
    SELECT jsonb_agg(DISTINCT jsonb_build_array(c.key, p.value)) INTO pairs
      FROM jsonb_each(parents) AS c,
           jsonb_array_elements(CASE WHEN jsonb_typeof(c.value) = 'array'
                                     THEN c.value
                                     ELSE jsonb_build_array(c.value) END) AS p;
    RETURN coalesce(pairs, '[]');
END
$$;
COMMENT ON FUNCTION tip_impl.audit_links(text, jsonb) IS
'pairs of child and parent out of a hierarchy as the caller wrote it';

-- What a published value says: [least, most], most null where it has no limit.
CREATE FUNCTION tip_impl.audit_value(shown text, marks jsonb, lowest int8,
    threshold int4, rounded_base int4)
RETURNS int8[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    part text[];
    n    numeric;
BEGIN
    IF shown IS NOT NULL AND marks ? shown THEN
        RETURN ARRAY[(marks -> shown ->> 0)::int8, (marks -> shown ->> 1)::int8];
    END IF;
    IF shown IS NULL
       OR btrim(shown) IN ('', '*', '**', 'c', 'C', 'x', 'X', ':', '..', '...', 'Q') THEN
        RETURN ARRAY[lowest, threshold - 1];
    END IF;

    part := regexp_match(shown, '^\s*(=?)(\d{1,18})(?:\.0*)?\s*$');
    IF part IS NOT NULL THEN
        n := part[2]::numeric;
        IF n > 1000000000 THEN
            RETURN NULL;
        END IF;
        IF part[1] = '=' OR rounded_base IS NULL THEN
            RETURN ARRAY[n, n];
        END IF;
        IF n % rounded_base = 0 THEN
            RETURN ARRAY[greatest(n - rounded_base + 1, 0), n + rounded_base - 1];
        END IF;
        RETURN NULL;
    END IF;

    part := regexp_match(shown, '^\s*<\s*(\d{1,9})\s*$');
    IF part IS NOT NULL AND part[1]::int8 > lowest THEN
        RETURN ARRAY[lowest, part[1]::int8 - 1];
    END IF;
    part := regexp_match(shown, '^\s*(\d{1,9})\s*[-–]\s*(\d{1,9})\s*$');
    IF part IS NOT NULL AND part[1]::int8 <= part[2]::int8 THEN
        RETURN part::int8[];
    END IF;
    part := regexp_match(shown, '^\s*(\d{1,9})\s*\+\s*$');
    IF part IS NOT NULL THEN
        RETURN ARRAY[part[1]::int8, NULL];
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION tip_impl.audit_value(text, jsonb, int8, int4, int4) IS
'least and most that a published value stands for; NULL if it is no value';

CREATE FUNCTION tip_impl.audit_check(published jsonb, dimensions text[],
    value_column text, parents jsonb, totals jsonb, marks jsonb,
    threshold int4, rounded_base int4, multi text[], insiders text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    missing text;
BEGIN
    IF published IS NULL OR jsonb_typeof(published) <> 'array'
       OR published @? 'strict $[*] ? (@.type() != "object")' THEN
        PERFORM refuse('22023', 'published table is not a list of rows',
            'Pass (SELECT jsonb_agg(t) FROM my_table AS t).');
    END IF;
    IF coalesce(cardinality(dimensions), 0) NOT BETWEEN 1 AND 8
       OR array_position(dimensions, NULL) IS NOT NULL
       OR (SELECT count(DISTINCT d) < cardinality(dimensions)
             FROM unnest(dimensions) AS d) THEN
        PERFORM refuse('22023', 'dimensions must be one to eight different columns',
            'Name the columns that hold codes.');
    END IF;
    SELECT d INTO missing FROM unnest(dimensions || value_column) AS d
     WHERE NOT published @? format('$[*] ? (exists(@.%s))', to_json(d))::jsonpath;
    IF missing IS NOT NULL THEN
        PERFORM refuse('22023', format('no row has a column "%s"', missing),
            'Name the columns of the table as they are.');
    END IF;
    IF jsonb_typeof(parents) <> 'object' OR jsonb_typeof(totals) <> 'object'
       OR jsonb_typeof(marks) <> 'object' THEN
        PERFORM refuse('22023', 'parents, totals and marks must be JSON objects',
            'See the comment of the function.');
    END IF;
    SELECT d INTO missing
      FROM (SELECT jsonb_object_keys(parents || totals) UNION ALL
            SELECT unnest(multi)) AS k(d)
     WHERE d <> ALL (dimensions);
    IF missing IS NOT NULL THEN
        PERFORM refuse('22023', format('"%s" is not a dimension', missing),
            'parents, totals and multi name columns of argument dimensions.');
    END IF;
    IF marks @? 'strict $.* ? (@.type() != "array" || @.size() != 2)'
       OR marks @? 'strict $.*[0] ? (!(@.type() == "number" && @ >= 0 && @ <= 1000000000))'
       OR marks @? 'strict $.*[1] ? (!(@.type() == "null" || @.type() == "number" && @ >= 0 && @ <= 1000000000))'
       OR marks @? 'strict $.*[*] ? (@.type() == "number") ? (@.floor() < @)'
       OR EXISTS (SELECT FROM jsonb_each(marks) AS m
                   WHERE (m.value ->> 0)::numeric > (m.value ->> 1)::numeric) THEN
        PERFORM refuse('22023', 'marks are malformed',
            'Write {"mark": [least, most]}, with null for no limit.');
    END IF;
    IF threshold NOT BETWEEN 2 AND 1000000
       OR rounded_base NOT BETWEEN 2 AND 1000000 THEN
        PERFORM refuse('22023', 'threshold and rounded_base must be between 2 and 1000000',
            'Leave them out if they do not apply.');
    END IF;
    IF insiders NOT IN ('none', 'singletons', 'pairs') THEN
        PERFORM refuse('22023', 'insiders must be none, singletons or pairs',
            'A singleton is a person who is alone in a finest cell.');
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.audit_check(jsonb, text[], text, jsonb, jsonb,
    jsonb, int4, int4, text[], text) IS
'refuse arguments of tip.audit() that make no sense';

CREATE FUNCTION tip.audit(published jsonb, dimensions text[],
    value_column text DEFAULT 'n', parents jsonb DEFAULT '{}',
    totals jsonb DEFAULT '{}', marks jsonb DEFAULT '{}',
    threshold int4 DEFAULT NULL, zeros_published boolean DEFAULT true,
    rounded_base int4 DEFAULT NULL, multi text[] DEFAULT '{}',
    insiders text DEFAULT 'none', true_column text DEFAULT NULL,
    bounds boolean DEFAULT true, unlisted boolean DEFAULT false,
    OUT codes text[], OUT shown text, OUT low int8, OUT high int8,
    OUT is_exact boolean, OUT insider text[], OUT status text)
RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 400 COST 100000
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    names   text[] := '{}';
    sizes   int4[] := '{}';
    links   int4[] := '{}';
    places  jsonb := '[]';
    pairs   jsonb;
    lookup  jsonb;
    total   text;
    cells   text[];
    nodes   int4[];
    seen    text[];
    lows    int8[];
    highs   int8[];
    truths  int8[] := '{}';
    singles int4[] := '{}';
    wrong   int8;
BEGIN
    IF num_nulls(value_column, parents, totals, marks, zeros_published, multi,
                 insiders, bounds, unlisted) > 0 THEN
        PERFORM refuse('22023', 'argument must not be null',
            'Only threshold, rounded_base and true_column may be.');
    END IF;
    PERFORM audit_check(published, dimensions, value_column, parents, totals,
                        marks, threshold, rounded_base, multi, insiders);

    FOR d IN 1 .. cardinality(dimensions) LOOP
        total := coalesce(totals ->> dimensions[d], '_T');
        pairs := audit_links(dimensions[d], parents -> dimensions[d]);
        SELECT jsonb_object_agg(n.code, n.node),
               names || array_agg(n.code ORDER BY n.node),
               sizes || count(*)::int4
          INTO lookup, names, sizes
          FROM audit_nodes(dimensions[d],
                   ARRAY(SELECT r.value ->> dimensions[d]
                           FROM jsonb_array_elements(published) AS r
                         UNION SELECT jsonb_array_elements_text(l.value)
                           FROM jsonb_array_elements(pairs) AS l
                         EXCEPT SELECT total EXCEPT SELECT NULL),
                   pairs, total) AS n;
        SELECT links || coalesce(array_agg(v.link ORDER BY c.node, v.link_order), '{}')
          INTO links
          FROM (SELECT (lookup -> (l.value ->> 0))::int4,
                       (lookup -> (l.value ->> 1))::int4
                  FROM jsonb_array_elements(pairs) AS l
                -- what has no parent stands under the total
                UNION
                SELECT e.value::int4, 0 FROM jsonb_each(lookup) AS e
                 WHERE e.value::int4 > 0
                   AND NOT EXISTS (SELECT FROM jsonb_array_elements(pairs) AS l
                                    WHERE l.value ->> 0 = e.key)) AS c(node, parent),
               LATERAL (VALUES (3 * c.parent, d - 1), (3 * c.parent + 1, c.node),
                               (3 * c.parent + 2, c.parent)) AS v(link_order, link);
        places := places || jsonb_build_array(lookup);
    END LOOP;

    -- A column that a row lacks, or is null as in GROUPING SETS, is a total.
    SELECT array_agg(r.value ->> value_column ORDER BY r.ordinality) INTO cells
      FROM jsonb_array_elements(published) WITH ORDINALITY AS r;
    SELECT array_agg(coalesce((places -> (d.place - 1)::int4
                                     -> (r.value ->> d.name))::int4, 0)
                     ORDER BY r.ordinality, d.place) INTO nodes
      FROM jsonb_array_elements(published) WITH ORDINALITY AS r,
           unnest(dimensions) WITH ORDINALITY AS d(name, place);
    SELECT array_agg(s.node ORDER BY s.cell) INTO seen
      FROM (SELECT (u.i - 1) / cardinality(dimensions) AS cell,
                   string_agg(u.n::text, ',' ORDER BY u.i) AS node
              FROM unnest(nodes) WITH ORDINALITY AS u(n, i) GROUP BY 1) AS s;
    SELECT min(s.i) INTO wrong
      FROM (SELECT s.i, row_number() OVER (PARTITION BY s.node ORDER BY s.i) AS nth
              FROM unnest(seen) WITH ORDINALITY AS s(node, i)) AS s
     WHERE s.nth > 1;
    IF wrong IS NOT NULL THEN
        PERFORM refuse('22023', format('row %s is of the same cell as a row before it', wrong),
            'Every cell stands once; of linked tables keep one of their common margins.');
    END IF;

    SELECT array_agg(v.said[1] ORDER BY c.i),
           array_agg(coalesce(v.said[2], -1) ORDER BY c.i),
           min(c.i) FILTER (WHERE v.said IS NULL)
      INTO lows, highs, wrong
      FROM unnest(cells) WITH ORDINALITY AS c(shown, i),
           LATERAL (SELECT audit_value(c.shown, marks, zeros_published::int4,
                                       threshold, rounded_base) OFFSET 0) AS v(said);
    IF wrong IS NOT NULL THEN
        PERFORM refuse('22023', CASE
            WHEN cells[wrong] ~ '^\s*-\s*\d' THEN format('count of row %s is negative', wrong)
            WHEN cells[wrong] ~ '^\s*\d+\.\d' THEN format('count of row %s is not a whole number', wrong)
            WHEN cells[wrong] ~ '^\s*=?\d{10}' THEN format('count of row %s is too large', wrong)
            WHEN cells[wrong] ~ '^\s*\d+\s*$' THEN format('count of row %s is not a multiple of the base', wrong)
            ELSE format('value of row %s is neither a count nor a mark', wrong) END,
            'Say what other marks mean in argument marks; an exact count in a rounded table is written "=41".');
    END IF;

    IF true_column IS NOT NULL THEN
        SELECT array_agg(coalesce(substring(r.value ->> true_column
                             FROM '^\s*(\d{1,9})(?:\.0*)?\s*$')::int8, -1)
                         ORDER BY r.ordinality) INTO truths
          FROM jsonb_array_elements(published) WITH ORDINALITY AS r;
    END IF;
    IF insiders <> 'none' THEN
        SELECT coalesce(array_agg(c.i::int4 - 1 ORDER BY c.i), '{}') INTO singles
          FROM unnest(cells) WITH ORDINALITY AS c(shown, i)
         WHERE lows[c.i] <= 1 AND (highs[c.i] = -1 OR highs[c.i] >= 1)
           AND lows[c.i] <> highs[c.i]
           AND (true_column IS NULL OR truths[c.i] = 1)
           AND NOT EXISTS (
                   SELECT FROM generate_series(0, cardinality(dimensions) - 1) AS k(d),
                          generate_series(0, cardinality(links) / 3 - 1) AS l(i)
                    WHERE links[3 * l.i + 1] = k.d
                      AND links[3 * l.i + 3] = nodes[(c.i - 1) * cardinality(dimensions) + k.d + 1]);
    END IF;

    RETURN QUERY
    WITH label AS MATERIALIZED (
        SELECT d.i - 1 AS dim, array_agg(l.code ORDER BY l.i) AS code
          FROM unnest(sizes) WITH ORDINALITY AS d(n, i)
          JOIN unnest(names) WITH ORDINALITY AS l(code, i)
            ON l.i > (SELECT coalesce(sum(s), 0) FROM unnest(sizes[:d.i - 1]) AS s)
           AND l.i <= (SELECT sum(s) FROM unnest(sizes[:d.i]) AS s)
         GROUP BY d.i
    ), answer AS MATERIALIZED (
        SELECT x.*, row_number() OVER () AS place
          FROM audit_cells(sizes,
                   ARRAY(SELECT d = ANY (multi) FROM unnest(dimensions)
                         WITH ORDINALITY AS d(d, i) ORDER BY d.i),
                   links, names, coalesce(nodes, '{}'), coalesce(lows, '{}'),
                   coalesce(highs, '{}'), coalesce(truths, '{}'), singles, true_column IS NOT NULL,
                   array_position('{none,singletons,pairs}'::text[], insiders) - 1,
                   bounds, unlisted) AS x
    )
    SELECT (SELECT array_agg(l.code[x.node[l.dim + 1] + 1] ORDER BY l.dim)
              FROM label AS l),
           cells[x.cell + 1], x.low, x.high, x.status = 'exact',
           CASE cardinality(x.insider)
           WHEN 1 THEN (SELECT array_agg(l.code[nodes[x.insider[1] * cardinality(dimensions) + l.dim + 1] + 1]
                                         ORDER BY l.dim) FROM label AS l)
           WHEN 2 THEN (SELECT array_agg(p.own ORDER BY p.i)
                          FROM (SELECT u.i, array_agg(l.code[nodes[u.cell * cardinality(dimensions) + l.dim + 1] + 1]
                                                      ORDER BY l.dim) AS own
                                  FROM unnest(x.insider) WITH ORDINALITY AS u(cell, i), label AS l
                                 GROUP BY u.i) AS p)
           END,
           x.status
      FROM answer AS x ORDER BY x.place;
END
$$;
COMMENT ON FUNCTION tip.audit(jsonb, text[], text, jsonb, jsonb, jsonb, int4,
    boolean, int4, text[], text, text, boolean, boolean) IS
'attack a published table given as rows: what is each cell that it does not show exactly, for a reader who can add up? Nothing is kept of the table';
