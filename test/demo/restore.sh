# The DBA dumps and restores; part of run.sh.
title "7. The DBA moves everything to another database"

printf '\n  $ pg_dump demo > demo.sql && createdb copy && psql -d copy -f demo.sql\n'
pg_dump -f "$PLACE/demo.sql"
createdb demo_copy
PGDATABASE=demo_copy quiet -o /dev/null -f "$PLACE/demo.sql"
ls -l "$PLACE/demo.sql" | awk '{ printf "    %d kB\n", $5 / 1024 }'

# One line for each table: rows and a digest of their text.
compare() {
	quiet -d "$1" -At <<-'SQL'
		SELECT format($q$SELECT %L, count(*), md5(string_agg(r::text, E'\n'
		              ORDER BY r::text COLLATE "C")) FROM %s AS r$q$, c.oid::regclass,
		              c.oid::regclass)
		FROM pg_class AS c
		WHERE c.relkind = 'r' AND (c.relnamespace = 'tip_data'::regnamespace
		      OR c.oid::regclass::text ~ '^tip\.(release|policy|population|rule)')
		ORDER BY c.oid::regclass::text COLLATE "C"
		\gexec
	SQL
}
compare demo >"$PLACE/here"
compare demo_copy >"$PLACE/there"
cmp "$PLACE/here" "$PLACE/there"

tell <<-'TEXT'
	Every table of cases, rules, releases and policies, row for row:
TEXT
printf '\n'
awk -F'|' '{ printf "    %-30s %6d rows  %s  same\n", $1, $2, substr($3, 1, 8) }' \
	"$PLACE/here"
tell <<-'TEXT'
	The rules, the pseudonyms under the same key, and what was published hold
	there as they do here.
TEXT
printf '\n  (in the copy)\n'
PGDATABASE=demo_copy
export PGDATABASE
refuse recorder <<-'SQL'
	INSERT INTO tip_data.victimization (victim_stage, age_at_entry)
	VALUES ('identified', 130);
SQL
show <<-'SQL'
	SELECT tip.verify_release(1) AS as_published,
	       (SELECT shown FROM tip_public.victims_by_sex_age_form
	        WHERE (sex, age_status, form) = ('_T', '_T', '_T')) AS victims;
SQL
PGDATABASE=demo
dropdb demo_copy
