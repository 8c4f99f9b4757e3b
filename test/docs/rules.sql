SELECT id AS "rule", entity AS "entity",
       severity || CASE timing WHEN 'tx' THEN ', at commit' ELSE '' END AS "severity",
       coalesce(stage, 'any') AS "from stage", array_to_string(columns, ', ') AS "columns",
       message_en AS "message", standard AS "source"
FROM tip.rule WHERE NOT is_local
ORDER BY id;
