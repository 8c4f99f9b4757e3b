CREATE TEMP TABLE codebook (id text, asks text, became text, note text, also text);
\copy codebook FROM 'test/fixtures/codebook.csv' (FORMAT csv, HEADER)
SELECT c.asks AS "asks for", coalesce(c.note, '') AS "note",
       (SELECT string_agg(r.id || ' ' || r.severity, ', ' ORDER BY r.id) FROM tip.rule AS r
        WHERE NOT r.is_local AND r.id = ANY (string_to_array(c.also, ' '))) AS "rules"
FROM codebook AS c WHERE c.id LIKE 'N%' ORDER BY c.id;
