#!/bin/sh
# make demo: build, show on a throw-away cluster, leave nothing behind.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/test/lib.sh"

if [ "${1:-}" != inside ]; then
	choose_major
	prepare
	status=0
	unprivileged sh "$WORK/tree/test/run_demo.sh" inside || status=$?
	exit $status
fi

say "PostgreSQL $("$BINDIR/pg_config" --version | cut -d' ' -f2)"
build_and_install
start_cluster main
psql -qX -d postgres -c 'CREATE DATABASE demo'
export PGDATABASE=demo
if [ -e "$WORK/tree/test/demo/run.sh" ]; then
	(cd "$WORK/tree" && sh test/demo/run.sh)
else
	psql -X -v ON_ERROR_STOP=1 <<-'SQL'
		CREATE EXTENSION tip_module;
		SELECT tip.create_model() AS parts_of_the_model;
		SELECT list, count(*) AS codes, min(label) AS first_label
		FROM tip.code_list GROUP BY list ORDER BY list;
	SQL
fi
stop_cluster main
