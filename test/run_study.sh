#!/bin/sh
# make study: attack what the extension publishes, on a throw-away cluster, and
# print what was measured.  STUDY names topics of test/attack/study.py (default
# all), SEEDS the number of invented tables of a kind, TIMEOUT the seconds that
# the extension may take for one.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/test/lib.sh"

if [ "${1:-}" != inside ]; then
	prepare python3-scipy python3-psycopg2
	status=0
	unprivileged sh "$WORK/tree/test/run_study.sh" inside || status=$?
	exit $status
fi

build_and_install
start_cluster main
export PGDATABASE=study PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
psql -qX -d postgres -c 'CREATE DATABASE study'
psql -qX -c 'CREATE EXTENSION tip_module'
say "PostgreSQL $(psql -qXAt -c 'SHOW server_version'), $(nproc) processors, $(uname -m)"
status=0
/usr/bin/python3 -u "$WORK/tree/test/attack/study.py" ${STUDY:-} || status=$?
stop_cluster main
exit $status
