SELECT scheme AS "scheme", string_agg(DISTINCT scheme_version, ', ') AS "versions",
       variable AS "variable", string_agg(DISTINCT list, ', ') AS "our list",
       count(DISTINCT scheme_code) AS "codes",
       count(*) FILTER (WHERE relation = 'unmapped') AS "unmapped"
FROM (SELECT scheme, scheme_version, list, scheme_code, relation,
             regexp_replace(variable, '^(meansOfControl|typeOfLabour|typeOfSex|recruiterRelation)[A-Z].*', '\1...') AS variable
      FROM tip.code_map WHERE NOT is_local) AS m
GROUP BY scheme, variable
ORDER BY scheme, variable COLLATE "C";
