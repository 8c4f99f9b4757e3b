-- Attack a table that somebody published.

\pset null '(null)'
\set VERBOSITY default
CREATE TABLE old_table (region text, age text, n text);

-- only small cells are hidden: subtraction gives all of them back
INSERT INTO old_table VALUES
    ('North', 'child', '*'), ('North', 'adult', '12'), ('North', '_T', '15'),
    ('South', 'child', '6'), ('South', 'adult', '*'), ('South', '_T', '8'),
    ('_T', 'child', '9'), ('_T', 'adult', '14'), ('_T', '_T', '23');
SELECT * FROM tip.audit((SELECT jsonb_agg(t) FROM old_table AS t), '{region,age}');

-- a square of hidden cells, margins shown: four unknowns, one degree of freedom
UPDATE old_table SET n = '*' WHERE region <> '_T' AND age <> '_T';
SELECT codes, shown, low, high, status
FROM tip.audit((SELECT jsonb_agg(t) FROM old_table AS t), '{region,age}');
-- published zeros and whole numbers: a hidden cell is at least 1, which a
-- bound of 0 would not show
SELECT codes, low, high, is_exact FROM tip.audit(
    '[{"a":"x","n":null},{"a":"y","n":null},{"a":"z","n":null},{"a":"_T","n":3}]', '{a}');
SELECT codes, low, high, is_exact FROM tip.audit(
    '[{"a":"x","n":null},{"a":"y","n":null},{"a":"z","n":null},{"a":"_T","n":3}]', '{a}',
    zeros_published => false);
-- half persons do not exist: a linear bound would leave y between 0 and 1/2
SELECT codes, low, high, status FROM tip.audit(
    '[{"a":"x","n":null},{"a":"y","n":null},{"a":"z","n":null},
      {"a":"xy","n":1},{"a":"yz","n":1},{"a":"xz","n":"1-2"}]',
    '{a}', parents => '{"a": {"x":["xy","xz"],"y":["xy","yz"],"z":["yz","xz"]}}',
    zeros_published => false);

-- two marks tell which cells are small
CREATE TABLE two_marks (LIKE old_table);
INSERT INTO two_marks VALUES
    ('North', 'child', 'p'), ('North', 'adult', 's'), ('North', '_T', '9'),
    ('South', 'child', 's'), ('South', 'adult', 's'), ('South', '_T', '10'),
    ('_T', 'child', '9'), ('_T', 'adult', '10'), ('_T', '_T', '19');
SELECT codes, low, high, is_exact
FROM tip.audit((SELECT jsonb_agg(t) FROM two_marks AS t), '{region,age}',
    marks => '{"p":[1,null],"s":[1,null]}');
SELECT codes, low, high, is_exact
FROM tip.audit((SELECT jsonb_agg(t) FROM two_marks AS t), '{region,age}',
    marks => '{"p":[1,4],"s":[5,null]}');

-- insiders: nobody outside fixes a cell, the one person of (a, x) fixes all
CREATE TABLE inside (r text, c text, n text, truth int);
INSERT INTO inside VALUES
    ('a', 'x', '*', 1), ('a', 'y', '*', 2), ('a', 'z', '*', 2), ('a', '_T', '5', 5),
    ('b', 'x', '*', 2), ('b', 'y', '*', 1), ('b', 'z', '*', 1), ('b', '_T', '4', 4),
    ('_T', 'x', '3', 3), ('_T', 'y', '3', 3), ('_T', 'z', '3', 3), ('_T', '_T', '9', 9);
SELECT codes, low, high, status, insider
FROM tip.audit((SELECT jsonb_agg(i) FROM inside AS i), '{r,c}',
    insiders => 'singletons', true_column => 'truth');
SELECT insider, count(*)
FROM tip.audit((SELECT jsonb_agg(i) FROM inside AS i), '{r,c}',
    insiders => 'singletons') WHERE insider IS NOT NULL GROUP BY insider ORDER BY insider;
SELECT insider, count(*)
FROM tip.audit((SELECT jsonb_agg(i) FROM inside AS i), '{r,c}', bounds => false,
    insiders => 'pairs', true_column => 'truth') WHERE insider IS NOT NULL
GROUP BY insider ORDER BY insider;

-- a rounded table: additivity narrows some cells; the exact total narrows more
SELECT codes, shown, low, high FROM tip.audit(
    '[{"a":"x","n":0},{"a":"y","n":5},{"a":"z","n":10},{"a":"_T","n":15}]', '{a}',
    rounded_base => 5);
SELECT codes, shown, low, high FROM tip.audit(
    '[{"a":"x","n":0},{"a":"y","n":0},{"a":"z","n":10},{"a":"_T","n":"=22"}]', '{a}',
    rounded_base => 5);

-- several forms of one person: parts do not add up, but the whole bounds them
SELECT codes, low, high FROM tip.audit(
    '[{"f":"sexual","n":null},{"f":"labour","n":7},{"f":"_T","n":9}]', '{f}');
SELECT codes, low, high FROM tip.audit(
    '[{"f":"sexual","n":null},{"f":"labour","n":7},{"f":"_T","n":9}]', '{f}', multi => '{f}');

-- linked tables: two margins of a cube that nobody published; its finest cells
SELECT codes, shown, low, high, status FROM tip.audit(
    '[{"r":"a","s":"m","n":2},{"r":"a","s":"w","n":0},{"r":"b","s":"m","n":1},{"r":"b","s":"w","n":6},
      {"s":"m","f":"x","n":3},{"s":"m","f":"y","n":0},{"s":"w","f":"x","n":2},{"s":"w","f":"y","n":4}]',
    '{r,s,f}', unlisted => true);
-- a total that is null, as GROUPING SETS make it; another total code
SELECT codes, low FROM tip.audit(
    '[{"r":"a","n":"<5"},{"r":"b","n":4},{"r":null,"n":6}]', '{r}');
SELECT codes, low FROM tip.audit(
    '[{"r":"a","n":"<5"},{"r":"b","n":4},{"r":"all","n":6}]', '{r}', totals => '{"r":"all"}');
-- nothing bounds a hidden total; a category that the table leaves out
SELECT codes, low, high FROM tip.audit('[{"r":"a","n":4},{"r":"b","n":"*"},{"n":"*"}]', '{r}');
SELECT codes, low, high FROM tip.audit('[{"r":"a","n":4},{"r":"b","n":"*"},{"n":9}]', '{r}',
    parents => '{"r":{"unknown":"_T"}}');
SELECT count(*) FROM tip.audit('[{"r":"a","n":4}]', '{r}');

-- a table that contradicts itself: which relation fails
SELECT * FROM tip.audit('[{"r":"a","n":4},{"r":"b","n":"*"},{"n":4}]', '{r}');
SELECT * FROM tip.audit('[{"r":"a","n":4},{"r":"b","n":5},{"n":10}]', '{r}');
SELECT * FROM tip.audit('[{"f":"a","n":4},{"f":"b","n":5},{"n":10}]', '{f}', multi => '{f}');
SELECT * FROM tip.audit('[{"f":"a","n":4},{"f":"b","n":5},{"n":4}]', '{f}', multi => '{f}');
-- each relation holds, whole numbers for all of them do not exist
SELECT * FROM tip.audit(
    '[{"a":"xy","n":1},{"a":"yz","n":1},{"a":"xz","n":1}]', '{a}',
    parents => '{"a": {"x":["xy","xz"],"y":["xy","yz"],"z":["yz","xz"]}}');

-- values and arguments that make no sense
SELECT * FROM tip.audit('[{"r":"a","n":-1}]', '{r}');
SELECT * FROM tip.audit('[{"r":"a","n":1.5}]', '{r}');
SELECT * FROM tip.audit('[{"r":"a","n":"many"}]', '{r}');
SELECT * FROM tip.audit('[{"r":"a","n":12345678901}]', '{r}');
SELECT * FROM tip.audit('[{"r":"a","n":7}]', '{r}', rounded_base => 5);
SELECT * FROM tip.audit('[{"r":"a","n":1},{"r":"a","n":1}]', '{r}');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r,s}');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r,r}');
SELECT * FROM tip.audit('{"r":"a","n":1}', '{r}');
SELECT * FROM tip.audit(NULL, '{r}');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r}', parents => '{"r":{"a":"b","b":"a"}}');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r}', parents => '{"r":{"_T":"a"}}');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r}', parents => '{"r":["a"]}');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r}', parents => '{"q":{}}');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r}', marks => '{"c":[5,1]}');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r}', threshold => 1);
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r}', insiders => 'all');
SELECT * FROM tip.audit('[{"r":"a","n":1}]', '{r}', multi => NULL);
-- two who are alone; true counts that cannot be
SELECT * FROM tip.audit('[{"r":"a","n":"*","t":1},{"r":"b","n":"*","t":1},{"r":"c","n":"*","t":3},{"n":5}]',
    '{r}', insiders => 'pairs', true_column => 't') WHERE insider IS NOT NULL;
SELECT * FROM tip.audit('[{"r":"a","n":"*","t":1},{"r":"b","n":"*","t":1},{"n":5}]',
    '{r}', insiders => 'pairs', true_column => 't') WHERE insider IS NOT NULL;
-- too many finest cells
\set VERBOSITY sqlstate
SELECT count(*) FROM tip.audit((SELECT jsonb_agg(jsonb_build_object('a', i, 'b', i, 'n', 1))
    FROM generate_series(1, 400) AS i), '{a,b}');
-- the function underneath trusts nothing
SELECT count(*) FROM tip_impl.audit_cells('{2}', '{f}', '{0,1,0}', '{_T,a}', '{2}', '{1}', '{1}', '{}', '{}', false, 0, true, false);
SELECT count(*) FROM tip_impl.audit_cells('{2}', '{f}', '{0,1,1}', '{_T,a}', '{1}', '{1}', '{1}', '{}', '{}', false, 0, true, false);
SELECT count(*) FROM tip_impl.audit_cells('{2}', '{f}', '{0,2,0}', '{_T,a}', '{1}', '{1}', '{1}', '{}', '{}', false, 0, true, false);
SELECT count(*) FROM tip_impl.audit_cells('{2}', '{f}', '{0,1,0}', '{_T}', '{1}', '{1}', '{1}', '{}', '{}', false, 0, true, false);
SELECT count(*) FROM tip_impl.audit_cells('{2}', '{f}', '{0,1,0}', '{_T,a}', '{1}', '{2}', '{1}', '{}', '{}', false, 0, true, false);
SELECT count(*) FROM tip_impl.audit_cells('{2}', '{f}', '{0,1,0}', '{_T,a}', '{1}', '{1}', '{1}', '{}', '{7}', false, 0, true, false);
SELECT count(*) FROM tip_impl.audit_cells('{2}', '{f}', '{0,1,0}', '{_T,a}', '{0}', '{1}', '{9}', '{}', '{0}', false, 3, true, false);
SELECT count(*) FROM tip_impl.audit_cells('{2,2}', '{f}', '{0,1,0}', '{_T,a}', '{1}', '{1}', '{1}', '{}', '{}', false, 0, true, false);
SELECT count(*) FROM tip_impl.audit_cells('{NULL}', '{f}', '{0,1,0}', '{_T,a}', '{1}', '{1}', '{1}', '{}', '{}', false, 0, true, false);
\set VERBOSITY default

DROP TABLE old_table, two_marks, inside;
