-- Statutes: sections a justice step may name.

SELECT statute_id, section, title, victim_class, min_months, max_months, allows_life
FROM tip.statute WHERE country = 'TT' ORDER BY statute_id COLLATE "C";
SELECT country, count(*) FROM tip.statute GROUP BY country ORDER BY country::text;
\set VERBOSITY terse
INSERT INTO tip.statute (statute_id, country, act, title) VALUES ('jm 4', 'JM', 'Act', 'offence');
INSERT INTO tip.statute (statute_id, country, act, title, min_months, max_months)
VALUES ('JM-4', 'JM', 'Act', 'offence', 20, 10);
\set VERBOSITY default
BEGIN;
INSERT INTO tip.statute (statute_id, country, act, title) VALUES ('JM-4', 'JM', 'Act', 'offence');
SELECT is_local FROM tip.statute WHERE statute_id = 'JM-4';
ROLLBACK;
