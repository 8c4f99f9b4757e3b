-- Rotation of sealed identities while others look people up: nobody is missed.
-- The key ring of the server gets a second version, and loses it at the end.
\if :{?rows} \else \set rows 1000000 \endif

\echo
\echo == Rotation: :rows identities, with lookups meanwhile ==

SELECT current_setting('tip_module.key_file') AS ring \gset
\setenv RING :ring
\! cp -p "$RING" "$RING.kept"

SELECT tip.create_model() > 0 AS made;
SET synchronous_commit = off;
CREATE UNLOGGED TABLE bench.person AS
SELECT gen_random_uuid() AS victim_id, gen_random_uuid() AS identity_id,
       'Ana ' || substr(md5(i::text), 1, 12) AS name
FROM generate_series(1, :rows) AS i;
INSERT INTO tip_data.victim (victim_id) SELECT victim_id FROM bench.person;
INSERT INTO tip_data.identity (identity_id, victim_id, kind, value)
SELECT identity_id, victim_id, 'person_name',
       tip.seal(name, 'police', 'tip_data.identity', 'value', identity_id)
FROM bench.person;
INSERT INTO tip_data.victim_pseudonym (victim_id, identity_id, pseudonym)
SELECT victim_id, identity_id, tip.pseudonymize('person_name', name, 'police')
FROM bench.person;
VACUUM (ANALYZE) tip_data.identity;
VACUUM (ANALYZE) tip_data.victim_pseudonym;
CREATE TABLE bench.probe AS
SELECT victim_id, name FROM bench.person ORDER BY identity_id LIMIT 100000;
ALTER TABLE bench.probe ADD n serial PRIMARY KEY;
CREATE TABLE bench.stop ();
CREATE TABLE bench.seen (looked_up int8, misses int8);
CREATE PROCEDURE bench.watch() LANGUAGE plpgsql AS $$
DECLARE
	at int := 0;
BEGIN
	WHILE NOT EXISTS (SELECT FROM bench.stop) LOOP
		INSERT INTO bench.seen
		SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (SELECT
			FROM tip.pseudonyms_all('person_name', q.name, 'police') AS a (p)
			JOIN tip_data.victim_pseudonym AS v ON v.pseudonym = a.p
			WHERE v.victim_id = q.victim_id))
		FROM bench.probe AS q WHERE q.n > at AND q.n <= at + 100;
		at := (at + 100) % (SELECT max(n) FROM bench.probe);
		COMMIT;
	END LOOP;
END
$$;

-- for the comparison, before anybody looks
CREATE UNLOGGED TABLE bench.took (step text, seconds float8);
SELECT clock_timestamp() AS began \gset
UPDATE tip_data.identity SET recorded_on = recorded_on + 1;
INSERT INTO bench.took VALUES ('plain UPDATE', extract(epoch FROM clock_timestamp() - :'began'));
VACUUM tip_data.identity;

\! (umask 077; sed 's/^1:active/1:retired/' "$RING.kept" > "$RING"; echo "2:active:2026-06-01:$(printf '2b%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)" >> "$RING")
SELECT pg_reload_conf() AS reloaded;
SELECT pg_sleep(1);
\c
SET synchronous_commit = off;
\! psql -qX -d bench -c 'CALL bench.watch()' &
SELECT active, remaining, versions, seals_remaining FROM tip.rotation_state();
SELECT clock_timestamp() AS began \gset
CALL tip.rotate_pseudonyms('police', 10000);
INSERT INTO bench.took VALUES ('rotate_pseudonyms', extract(epoch FROM clock_timestamp() - :'began'));
SELECT clock_timestamp() AS began \gset
CALL tip.reseal(10000);
INSERT INTO bench.took VALUES ('reseal', extract(epoch FROM clock_timestamp() - :'began'));
SELECT clock_timestamp() AS began \gset
CALL tip.retire_pseudonyms('police', 1, 10000);
INSERT INTO bench.took VALUES ('retire_pseudonyms', extract(epoch FROM clock_timestamp() - :'began'));
INSERT INTO bench.stop DEFAULT VALUES;
SELECT pg_sleep(1);
SELECT active, remaining, versions, seals_remaining FROM tip.rotation_state();

SELECT step, round(seconds::numeric, 1) AS seconds, round(:rows / seconds) AS rows_a_second,
       round((seconds / (SELECT seconds FROM bench.took WHERE step = 'plain UPDATE'))::numeric, 2)
       AS times_plain_update
FROM bench.took;
SELECT sum(looked_up) AS lookups_meanwhile FROM bench.seen;
SELECT bench.bar('people missed by a lookup during rotation', sum(misses)::float8, 'at most', 0)
FROM bench.seen;

\! mv "$RING.kept" "$RING"
SELECT pg_reload_conf() AS reloaded;
DROP TABLE bench.person, bench.probe, bench.stop, bench.seen, bench.took;
