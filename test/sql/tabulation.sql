-- A cell is a value of up to eight codes.

\pset null '(null)'

SELECT tip.cell('male'::tip.sex, 'child'::text = 'child', 12, NULL::tip.country);
SELECT tip.cell('male'::tip.sex, 3) = '(sex:1,3)'::tip.cell AS same,
       '()'::tip.cell < '(*,1)' AS less;
SELECT c, count(*) FROM (VALUES (tip.cell(1)), (tip.cell(2)), (tip.cell(1))) AS t(c)
GROUP BY c ORDER BY c;

-- refused
SELECT tip.cell('x'::text);
SELECT tip.cell(0);
SELECT tip.cell(1019);
SELECT tip.cell(1, 2, 3, 4, 5, 6, 7, 8, 9);
SELECT tip.cell(VARIADIC ARRAY[1, 2]);
SELECT '(sex:1'::tip.cell;
SELECT '(1,)'::tip.cell;
SELECT '(nolist:1)'::tip.cell;
SELECT '(1)x'::tip.cell;
SELECT '(99999)'::tip.cell;
SELECT '(1,2,3,4,5,6,7,8,9)'::tip.cell;
