#!/bin/sh
# The demonstration: three users, one invented small state.  test/run_demo.sh
# has started a cluster and calls this in the copied tree; the server, the
# database and everything made here are thrown away afterwards.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
FIXTURES=$HERE/../fixtures
PLACE=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/demo.XXXXXX")
trap 'rm -rf "$PLACE"' EXIT

title() {
	printf '\n\n%s\n' "$1"
	printf '%s\n' "$1" | sed 's/./=/g'
}

# The words between the examples, as wide as a page.
tell() { printf '\n'; fold -s -w 76 | sed 's/^/  /; s/ *$//'; }

DBA=${PGUSER:-$(id -un)}
login() { [ "$1" = dba ] && echo "$DBA" || echo "$1"; }
quiet() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }

# read the SQL on stdin and print it as typed by somebody
typed() {
	cat >"$PLACE/statement.sql"
	printf '\n'
	sed "s/^/  $1> /; s/ *\$//" "$PLACE/statement.sql"
}

# show [ROLE]: print the SQL on stdin, then its answer
show() {
	typed "${1:-dba}"
	quiet -U "$(login "${1:-dba}")" -P border=1 -P footer=off -P null=- \
		-f "$PLACE/statement.sql" >"$PLACE/answer"
	# without the line that psql leaves below each table
	sed -e '$d' -e 's/^/    /; s/ *$//' "$PLACE/answer"
}

# the same for SQL whose answers say nothing
run() {
	typed dba
	quiet -o /dev/null -f "$PLACE/statement.sql"
}

# refuse ROLE: the same for SQL that must fail; all that was wrong, as a table
refuse() {
	typed "$1"
	if quiet -U "$(login "$1")" -f "$PLACE/statement.sql" >/dev/null 2>"$PLACE/error"; then
		echo "this should have been refused" >&2
		exit 1
	fi
	sed -n 's/^psql:[^ ]* \(ERROR:.*\)/    \1/p; s/^HINT:/    HINT:/p' "$PLACE/error"
	sed -n 's/^DETAIL:  \(\[{.*\)/\1/p' "$PLACE/error" >"$PLACE/detail"
	[ ! -s "$PLACE/detail" ] || findings
}

# The DETAIL of an error is JSON, for a program; here for the eye.
findings() {
	printf '    DETAIL (JSON for a program, here as a table):\n'
	quiet -P border=1 -P footer=off -v detail="$(cat "$PLACE/detail")" <<-'SQL' |
		SELECT f.rule, f.severity, f.columns, f.message
		FROM jsonb_to_recordset(:'detail')
		     AS f(rule text, severity text, columns text[], message text)
		ORDER BY f.severity, f.rule;
	SQL
		sed -e '$d' -e 's/^/    /; s/ *$//'
}

for part in install record load identify publish report restore; do
	. "$HERE/$part.sh"
done
printf '\n'
