CREATE TEMP TABLE codebook (id text, asks text, became text, note text, also text);
\copy codebook FROM 'test/fixtures/codebook.csv' (FORMAT csv, HEADER)
SELECT c.id, c.asks AS "asks for",
       CASE c.became WHEN 'rule' THEN 'as it stands' WHEN 'corrected' THEN 'corrected'
            WHEN 'elsewhere' THEN 'met elsewhere' ELSE 'no rule' END
         || coalesce(': ' || c.note, '') AS "what became of it",
       (SELECT string_agg(r.id || ' ' || r.severity, ', ' ORDER BY r.id) FROM tip.rule AS r
        WHERE NOT r.is_local AND (r.id = c.id OR starts_with(r.id, c.id || '_')
           OR r.id = ANY (string_to_array(c.also, ' ')))) AS "rules"
FROM codebook AS c WHERE c.id NOT LIKE 'N%';
