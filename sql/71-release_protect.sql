-- Release: which cells are hidden, and the attacker that says so.

CREATE FUNCTION tip_impl.protect_cells(sizes int4[], parents int4[],
    nodes int4[], counts int8[], tables int4[], costs int8[], threshold int4,
    width int4, reach boolean, insiders int4, pattern int4[],
    bounds boolean, known int4[] DEFAULT '{}', kept int4[] DEFAULT '{}',
    OUT node int4[], OUT n int8, OUT level int4, OUT is_planned boolean,
    OUT is_small boolean, OUT is_hidden boolean, OUT low int8, OUT high int8)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_protect_cells'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 400 COST 100000;
COMMENT ON FUNCTION tip_impl.protect_cells(int4[], int4[], int4[], int8[],
    int4[], int8[], int4, int4, boolean, int4, int4[], boolean, int4[],
    int4[]) IS
'every cell of a cube of counts with its fate; given a pattern of hidden cells, the attacker''s bounds under it; insiders 0 none, 1 each singleton, 2 pairs of them; the choice depends on the key ring; known cells are public already, kept ones stay hidden';

-- Under the key of the choice nobody is to try tables of their own.
REVOKE EXECUTE ON FUNCTION tip_impl.protect_cells(int4[], int4[], int4[],
    int8[], int4[], int8[], int4, int4, boolean, int4, int4[], boolean,
    int4[], int4[]) FROM PUBLIC;

CREATE FUNCTION tip_impl.certify_cells(sizes int4[], parents int4[],
    nodes int4[], counts int8[], tables int4[], costs int8[], threshold int4,
    width int4, reach boolean, insiders int4, pattern int4[],
    bounds boolean, known int4[] DEFAULT '{}', kept int4[] DEFAULT '{}',
    OUT kind text, OUT witness int4, OUT node int4[], OUT n int8,
    OUT low_witness int4, OUT high_witness int4, OUT insider int4[])
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_certify_cells'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 4000 COST 100000;
COMMENT ON FUNCTION tip_impl.certify_cells(int4[], int4[], int4[], int8[],
    int4[], int8[], int4, int4, boolean, int4, int4[], boolean, int4[],
    int4[]) IS
'tables that agree with all that a pattern publishes (kind table) and, for each hidden cell and insider, two of them that differ there (kind target); raises 54000 where the pattern gives a cell away';

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
    ELSIF p.method <> 'suppress' THEN
        RAISE EXCEPTION 'policy "%" does not hide cells', policy_id
            USING ERRCODE = '0A000',
                  HINT = 'Use a policy of the method suppress; others work on release plans.';
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
               p.threshold, p.min_width, p.reach_threshold,
               tip_impl.insider_level(p.insiders), NULL, false) AS x;
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
    IF NOT tip.is_additive(tabulation) THEN
        RAISE EXCEPTION 'tabulation is not additive: its margins are no sums'
            USING ERRCODE = '0A000',
                  HINT = 'Count a derived scalar such as main_form with mixed, or one yes/no dimension for each form.';
    END IF;
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
