SELECT list AS "list", title AS "title", count(*) FILTER (WHERE number <= 1018) AS "codes",
       CASE WHEN is_settable THEN 'yes' ELSE '' END AS "set", l.source AS "source"
FROM tip.list AS l JOIN tip.code_list USING (list)
GROUP BY list, list_number, title, is_settable, l.source
ORDER BY list_number;
