#!/bin/sh
# make bench: build, time on a throw-away cluster, print ratios measured in one
# run.  BENCH names topics (default all); ROWS, RULE_ROWS, CASES and
# MEMORY_CASES set sizes.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/test/lib.sh"

if [ "${1:-}" != inside ]; then
	prepare
	status=0
	unprivileged sh "$WORK/tree/test/run_bench.sh" inside || status=$?
	exit $status
fi

build_and_install
# primitives in a loop, to measure against
cc -O2 -shared -fPIC -I"$("$BINDIR/pg_config" --includedir-server)" \
	-o "$("$BINDIR/pg_config" --pkglibdir)/tip_bench.so" \
	"$WORK/tree/test/bench/bare.c" -lcrypto
CONF_EXTRA="shared_buffers = 1GB
max_wal_size = 8GB
work_mem = 64MB
jit = off"
start_cluster main
say "PostgreSQL $(psql -qXAt -d postgres -c 'SHOW server_version'), $(nproc) processors, $(uname -m)"
psql -qX -d postgres -c "SELECT name, setting, unit FROM pg_settings WHERE name IN
	('shared_buffers', 'work_mem', 'jit', 'fsync')"
status=0
for topic in ${BENCH:-$(cd "$WORK/tree/test/bench" && ls *.sql | sed 's/\.sql$//' | grep -vx lib)}; do
	psql -qX -d postgres -c 'DROP DATABASE IF EXISTS bench' -c 'CREATE DATABASE bench' 2>/dev/null
	psql -qX -d bench -c 'CREATE EXTENSION tip_module'
	psql -qX -v ON_ERROR_STOP=1 ${ROWS:+-v rows=$ROWS} ${RULE_ROWS:+-v rule_rows=$RULE_ROWS} \
		${CASES:+-v cases=$CASES} ${MEMORY_CASES:+-v memory_cases=$MEMORY_CASES} -d bench \
		-f "$WORK/tree/test/bench/lib.sql" -f "$WORK/tree/test/bench/$topic.sql" || status=1
done
stop_cluster main
exit $status
