SELECT t.name AS "table", t.comment AS "one row is", count(c.*) AS "columns",
       string_agg(c.refers_to, ', ' ORDER BY c.ordinal) FILTER (WHERE c.refers_to IS NOT NULL) AS "refers to"
FROM tip_impl.model_table AS t JOIN tip_impl.model_column AS c ON c.table_name = t.name
GROUP BY t.name, t.comment, t.ordinal ORDER BY t.ordinal;
