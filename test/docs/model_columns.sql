SELECT t.name AS "table", c.name AS "column", c.type AS "type", c.comment AS "meaning"
FROM tip_impl.model_table AS t JOIN tip_impl.model_column AS c ON c.table_name = t.name
ORDER BY t.ordinal, c.ordinal;
