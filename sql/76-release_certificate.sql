-- Release: what a frozen release can be held to, by addition alone.

-- A certificate lists tables of whole numbers ("witnesses").  Each adds up to
-- every published number; for each hidden cell two of them differ there.  So
-- nobody can tell which one is true, and no solver has to be believed.

CREATE FUNCTION tip_impl.node_of(list jsonb) RETURNS int4[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT ARRAY(SELECT u.value::int4 FROM jsonb_array_elements_text(list)
                    WITH ORDINALITY AS u ORDER BY u.ordinality)
$$;
COMMENT ON FUNCTION tip_impl.node_of(jsonb) IS 'a list of numbers as an array';

CREATE FUNCTION tip_impl.certificate_spans(certificate jsonb,
    OUT leaf int4[], OUT node int4[])
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
WITH RECURSIVE tree AS MATERIALIZED (
    SELECT t.ordinality::int4 AS dim, n.ordinality::int4 AS node,
           (n.value ->> 'parent')::int4 AS parent
      FROM jsonb_array_elements(certificate -> 'trees') WITH ORDINALITY AS t,
           jsonb_array_elements(t.value) WITH ORDINALITY AS n
), above AS (
    SELECT dim, node AS leaf, node FROM tree
    UNION
    SELECT a.dim, a.leaf, t.parent
      FROM above AS a JOIN tree AS t ON t.dim = a.dim AND t.node = a.node
), finest AS (
    SELECT DISTINCT tip_impl.node_of(c.value -> 'node') AS leaf
      FROM jsonb_array_elements(certificate -> 'witnesses') AS w,
           jsonb_array_elements(w.value) AS c
), span AS (
    SELECT f.leaf, 0 AS dim, '{}'::int4[] AS node FROM finest AS f
    UNION ALL
    SELECT s.leaf, s.dim + 1, s.node || a.node
      FROM span AS s
      JOIN above AS a ON a.dim = s.dim + 1 AND a.leaf = s.leaf[s.dim + 1]
)
SELECT s.leaf, s.node FROM span AS s
 WHERE s.dim = jsonb_array_length(certificate -> 'dims')
$$;
COMMENT ON FUNCTION tip_impl.certificate_spans(jsonb) IS
'each finest cell of the witnesses with every cell that it is counted in';

CREATE FUNCTION tip_impl.witness_sums(certificate jsonb, OUT witness int4,
    OUT node int4[], OUT n int8)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
SET jit = off
AS $$
WITH counted AS MATERIALIZED (
    SELECT w.ordinality::int4 AS witness, (c.value ->> 'n')::int8 AS n,
           tip_impl.node_of(c.value -> 'node') AS leaf
      FROM jsonb_array_elements(certificate -> 'witnesses') WITH ORDINALITY AS w,
           jsonb_array_elements(w.value) AS c
)
SELECT c.witness, s.node, sum(c.n)::int8
  FROM counted AS c
  JOIN tip_impl.certificate_spans(certificate) AS s USING (leaf)
 GROUP BY c.witness, s.node
$$;
COMMENT ON FUNCTION tip_impl.witness_sums(jsonb) IS
'every cell of every witness, added up';

-- The cells that are public, as nodes: of the release, and of each earlier
-- one that it was certified beside.
CREATE FUNCTION tip_impl.public_cells(release int4, certificate jsonb,
    OUT source int4, OUT node int4[], OUT value int8, OUT obs_status text)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT r.release, tip_impl.cell_node(certificate,
                      tip_impl.texts(t.value -> 'dims'), c.codes, p.code),
       c.value, c.obs_status
  FROM tip.release AS r
  JOIN tip.release_certificate AS own USING (release)
  JOIN tip.release_cell AS c USING (release)
  JOIN jsonb_array_elements(own.body -> 'tables') AS t
    ON t.value ->> 'name' = c.table_name,
       LATERAL (SELECT CASE WHEN r.release = public_cells.release
                            THEN certificate ->> 'period'
                            ELSE tip_impl.period_code(r.first_year, r.last_year,
                                     (certificate ->> 'root_first')::int4,
                                     (certificate ->> 'root_last')::int4) END
                       AS code) AS p
 WHERE r.release = public_cells.release
    OR r.release IN (SELECT l.earlier FROM tip.release_link AS l
                      WHERE l.release = public_cells.release
                        AND l.relation = 'beside')
$$;
COMMENT ON FUNCTION tip_impl.public_cells(int4, jsonb) IS
'what the attacker of a release reads, as cells of its cube';

CREATE FUNCTION tip_impl.node_lists(flat int4[], dims int4)
RETURNS SETOF int4[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT array_agg(u.node ORDER BY u.place)
  FROM unnest(flat) WITH ORDINALITY AS u(node, place)
 GROUP BY (u.place - 1) / dims
$$;
COMMENT ON FUNCTION tip_impl.node_lists(int4[], int4) IS
'a flat list of cells, one row each';

CREATE FUNCTION tip_impl.verify_witnesses(release int4, certificate jsonb,
    OUT test text, OUT passed boolean, OUT detail text)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
SET jit = off
AS $$
WITH sums AS MATERIALIZED (
    SELECT * FROM tip_impl.witness_sums(certificate)
), told AS MATERIALIZED (
    SELECT * FROM tip_impl.public_cells(verify_witnesses.release, certificate)
), gone AS MATERIALIZED (
    SELECT tip_impl.node_of(t.value) AS node
      FROM jsonb_array_elements(certificate -> 'unbounded') AS t
), numbers AS (
    SELECT generate_series(1, jsonb_array_length(certificate -> 'witnesses'))
           AS witness
), aims AS MATERIALIZED (
    SELECT (t.value ->> 'low')::int4 AS low, (t.value ->> 'high')::int4 AS high,
           tip_impl.node_of(t.value -> 'node') AS node,
           tip_impl.node_of(nullif(t.value -> 'insider', 'null')) AS insider
      FROM jsonb_array_elements(certificate -> 'targets') AS t
), wrong AS (
    SELECT count(*) AS n
      FROM told AS c CROSS JOIN numbers AS w
      LEFT JOIN sums AS s USING (witness, node)
     WHERE c.obs_status = 'A' AND c.value IS NOT NULL
       AND coalesce(s.n, 0) <> c.value
), empty AS (
    SELECT count(*) AS n
      FROM told AS c CROSS JOIN numbers AS w
      LEFT JOIN sums AS s USING (witness, node)
     WHERE c.value IS NULL AND coalesce(s.n, 0) < 1
       AND c.node NOT IN (SELECT node FROM gone)
), negative AS (
    SELECT count(*) AS n FROM sums AS s WHERE s.n < 0
), fixed AS (
    SELECT count(*) AS n
      FROM (SELECT DISTINCT c.node FROM told AS c
             WHERE c.source = verify_witnesses.release AND c.value IS NULL
               AND c.node NOT IN (SELECT node FROM gone)) AS c
     WHERE NOT EXISTS (SELECT FROM aims AS a
                        WHERE a.node = c.node AND a.insider = '{}')
), equal AS (
    SELECT count(*) AS n
      FROM aims AS a
      LEFT JOIN sums AS l ON l.witness = a.low AND l.node = a.node
      LEFT JOIN sums AS h ON h.witness = a.high AND h.node = a.node
     WHERE coalesce(l.n, 0) >= coalesce(h.n, 0)
        OR a.low NOT IN (SELECT witness FROM numbers)
        OR a.high NOT IN (SELECT witness FROM numbers)
), inside AS (
    SELECT count(*) AS n
      FROM aims AS a
     CROSS JOIN LATERAL tip_impl.node_lists(a.insider, cardinality(a.node))
           AS own(node)
     CROSS JOIN LATERAL (VALUES (a.low), (a.high)) AS w(witness)
      LEFT JOIN sums AS s ON s.witness = w.witness AND s.node = own.node
     WHERE coalesce(s.n, 0) <> 1
)
SELECT 'each witness adds up to every published number', n = 0,
       format('%s witnesses', jsonb_array_length(certificate -> 'witnesses'))
  FROM wrong
UNION ALL
SELECT 'no witness has a negative count', n = 0, NULL FROM negative
UNION ALL
SELECT 'each hidden cell holds somebody in each witness', n = 0, NULL FROM empty
UNION ALL
SELECT 'each hidden cell has two witnesses', n = 0, NULL FROM fixed
UNION ALL
SELECT 'the two witnesses of a cell differ there', equal.n = 0,
       (SELECT format('%s pairs', count(*)) FROM aims) FROM equal
UNION ALL
SELECT 'a person alone in a cell finds herself in both', n = 0, NULL
  FROM inside
$$;
COMMENT ON FUNCTION tip_impl.verify_witnesses(int4, jsonb) IS
'add up the witnesses of a certificate';

CREATE FUNCTION tip_impl.verify_revision(release int4,
    OUT test text, OUT passed boolean, OUT detail text)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
SET jit = off
AS $$
WITH before AS (
    SELECT max(l.earlier) AS release FROM tip.release_link AS l
     WHERE l.release = verify_revision.release AND l.relation = 'revises'
), pair AS (
    SELECT o.value AS old_value, c.value, c.obs_status,
           c.codes IS NULL AS is_gone, o.codes IS NULL AS is_new
      FROM (SELECT x.* FROM tip.release_cell AS x
             WHERE x.release = verify_revision.release) AS c
      FULL JOIN (SELECT x.* FROM tip.release_cell AS x, before
                  WHERE x.release = before.release) AS o
      USING (table_name, codes)
)
SELECT 'what was hidden in the earlier release stays hidden',
       NOT EXISTS (SELECT FROM pair WHERE old_value IS NULL AND NOT is_new
                                      AND (is_gone OR value IS NOT NULL)),
       format('release %s', before.release)
  FROM before WHERE before.release IS NOT NULL
UNION ALL
SELECT 'a pending cell has its earlier value',
       NOT EXISTS (SELECT FROM pair
                    WHERE obs_status = 'P' AND value IS DISTINCT FROM old_value
                       OR is_gone),
       format('%s pending', (SELECT count(*) FROM pair WHERE obs_status = 'P'))
  FROM before WHERE before.release IS NOT NULL
$$;
COMMENT ON FUNCTION tip_impl.verify_revision(int4) IS
'what a revision must have in common with what it revises';

CREATE FUNCTION tip.verify_release_report(release int4,
    OUT test text, OUT passed boolean, OUT detail text)
RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
SET jit = off
AS $$
WITH held AS MATERIALIZED (
    SELECT r.release, r.certificate_digest, r.measure, r.groups,
           r.policy ->> 'method' AS method, p.body
      FROM tip.release AS r JOIN tip.release_certificate AS p USING (release)
     WHERE r.release = verify_release_report.release
)
SELECT 'certificate has the published digest',
       h.certificate_digest = sha256(convert_to(h.body::text, 'UTF8')), NULL
  FROM held AS h
UNION ALL
SELECT 'cells are those that were certified',
       coalesce(h.body ->> 'cells_sha256' = (
           SELECT tip_impl.cells_digest(array_agg(c.table_name),
                      array_agg(array_to_string(c.codes, ',')),
                      array_agg(c.shown))
             FROM tip.release_cell AS c WHERE c.release = h.release), false),
       NULL
  FROM held AS h
UNION ALL
-- The digest is of what is shown: the rest of a cell follows from it.
SELECT 'value, text and status of each cell agree',
       NOT EXISTS (
           SELECT FROM tip.release_cell AS c
            WHERE c.release = h.release
              AND (c.value::text IS DISTINCT FROM
                   CASE WHEN c.shown ~ '^[0-9]+$' THEN c.shown END
                   OR c.is_total IS DISTINCT FROM tip_impl.is_margin((
                          SELECT t.dimensions
                            FROM tip_impl.published_tables(h.measure) AS t
                           WHERE t.release = c.release
                             AND t.table_name = c.table_name), c.codes, h.groups)
                   OR (c.value IS NULL) <> (c.obs_status = 'Q')
                   OR c.obs_status NOT IN ('A', 'P', 'Q')
                   OR c.conf_status <> CASE WHEN c.value IS NULL THEN 'C' ELSE 'F' END)),
       NULL
  FROM held AS h
UNION ALL
SELECT 'certificate names the earlier releases',
       coalesce(h.body -> 'earlier', '[]')
       = (SELECT coalesce(jsonb_agg(l.earlier ORDER BY l.earlier), '[]')
            FROM tip.release_link AS l WHERE l.release = h.release),
       (SELECT string_agg(e.value, ', ')
          FROM jsonb_array_elements_text(h.body -> 'earlier') AS e)
  FROM held AS h
UNION ALL
SELECT v.test, v.passed, v.detail
  FROM held AS h, tip_impl.verify_revision(h.release) AS v
UNION ALL
SELECT 'certificate has witnesses', h.body ? 'witnesses', NULL
  FROM held AS h WHERE h.method = 'suppress'
UNION ALL
SELECT v.test, v.passed, v.detail
  FROM held AS h, tip_impl.verify_witnesses(h.release, h.body) AS v
 WHERE h.method = 'suppress'
$$;
COMMENT ON FUNCTION tip.verify_release_report(int4) IS
'each thing that a release and its certificate are held to, checked by addition';

CREATE FUNCTION tip.verify_release(release int4) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT bool_and(v.passed)
  FROM tip.verify_release_report(verify_release.release) AS v
$$;
COMMENT ON FUNCTION tip.verify_release(int4) IS
'true where a frozen release is what its certificate says, and nothing hidden in it is determined';
