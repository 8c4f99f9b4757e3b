-- Rules: each of the 101 rules of the codebook is in the catalogue or has a
-- reason, as docs/rules-codebook.md prints it.
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMP TABLE codebook (id text, asks text, became text, note text, also text);
\copy codebook FROM 'test/fixtures/codebook.csv' (FORMAT csv, HEADER)
CREATE TEMP VIEW shipped AS SELECT id, severity FROM tip.rule WHERE NOT is_local;
SELECT * FROM no_plan();

SELECT set_eq($$SELECT id FROM codebook WHERE id NOT LIKE 'N%'$$,
	$$SELECT t.topic || lpad(n::text, 2, '0') FROM (VALUES ('P', 10), ('A', 9), ('X', 9), ('L', 7),
		('E', 14), ('M', 4), ('D', 11), ('S', 7), ('J', 18), ('R', 12)) AS t(topic, count),
		generate_series(1, t.count) AS n$$, 'the rules of the codebook are accounted for');
SELECT is((SELECT count(*) FROM codebook WHERE id NOT LIKE 'N%'), 101::bigint, 'all 101, each once');
SELECT cmp_ok(count(*), '>=', 18::bigint, 'and those that the review missed')
FROM codebook WHERE id LIKE 'N%';
SELECT is_empty($$SELECT id, became FROM codebook
	WHERE became IS NULL OR NOT became = ANY ('{rule,corrected,elsewhere,none}') OR NOT coalesce(asks ~ '\S', false)$$,
	'each says what it asks for and what became of it');
SELECT is_empty($$SELECT c.id FROM codebook AS c
	WHERE c.became IN ('rule', 'corrected') AND c.id NOT LIKE 'N%'
	  AND NOT EXISTS (SELECT FROM shipped AS r WHERE r.id = c.id OR starts_with(r.id, c.id || '_'))$$,
	'a rule that stands or is corrected is in the catalogue by its id');
SELECT is_empty($$SELECT c.id FROM codebook AS c
	WHERE c.became <> 'rule' AND NOT coalesce(length(c.note) > 5, false)$$,
	'what is not as it stands has a reason');
SELECT is_empty($$SELECT c.id FROM codebook AS c
	WHERE c.became = 'none' AND EXISTS (SELECT FROM shipped AS r WHERE r.id = c.id)$$,
	'no rule means no rule');
SELECT is_empty($$SELECT c.id, a FROM codebook AS c, unnest(string_to_array(c.also, ' ')) AS a
	WHERE a NOT IN (SELECT id FROM shipped)$$, 'every rule that is named is there');
SELECT is_empty($$SELECT c.id FROM codebook AS c WHERE c.id LIKE 'N%' AND c.became IN ('rule', 'corrected')
	AND c.also IS NULL$$, 'what was missing names its rules');
SELECT is_empty($$SELECT entity, array_agg(id) FROM tip.rule WHERE NOT is_local
	GROUP BY entity, predicate, track, stage HAVING count(*) > 1$$,
	'no two rules ask the same');

SELECT * FROM finish();
ROLLBACK;
