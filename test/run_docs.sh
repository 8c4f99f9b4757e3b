#!/bin/sh
# make docs, make docs-check: print the tables in docs/*.md from the catalogues,
# or say which have drifted.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/test/lib.sh"

if [ "${1:-}" != inside ]; then
	prepare
	status=0
	unprivileged sh "$WORK/tree/test/run_docs.sh" inside "${1:-check}" || status=$?
	if [ "${1:-check}" = print ] && [ $status = 0 ]; then
		for page in $(grep -l '^<!-- printed: ' "$ROOT"/docs/*.md); do
			cmp -s "$WORK/tree/docs/$(basename "$page")" "$page" ||
				cat "$WORK/tree/docs/$(basename "$page")" >"$page"
		done
	fi
	exit $status
fi

build_and_install
start_cluster main
status=0
(cd "$WORK/tree" && sh test/print_docs.sh "$2") || status=$?
stop_cluster main
exit $status
