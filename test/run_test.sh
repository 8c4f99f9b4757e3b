#!/bin/sh
# make test: build, test on a throw-away cluster, count, leave nothing behind.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/test/lib.sh"

test_packages() {
	echo postgresql-$PG_MAJOR-pgtap libtap-parser-sourcehandler-pgtap-perl \
		libipc-run-perl
	# The drivers are run where the machine's own PostgreSQL is the one tested.
	[ -n "${NO_DRIVERS:-}" ] ||
		echo python3-psycopg2 libpostgresql-jdbc-java default-jdk-headless \
			python3-scipy
}

if [ "${1:-}" != inside ]; then
	choose_major
	prepare $(test_packages)
	status=0
	unprivileged sh "$WORK/tree/test/run_test.sh" inside || status=$?
	exit $status
fi

PASSED=0
FAILED=0
SKIPPED=0

add() {
	PASSED=$((PASSED + $1))
	FAILED=$((FAILED + $2))
	SKIPPED=$((SKIPPED + $3))
}

count() { grep -cE "$1" "$2" || true; }

# pg_regress prints "test x ... ok" up to 15 and TAP from 16
count_regress() {
	ok=$(count '^(test +[^ ]+ +\.\.\. ok|ok [0-9]+ )' "$1")
	bad=$(count '^(test +[^ ]+ +\.\.\. FAILED|not ok [0-9]+ )' "$1")
	[ "$2" = 0 ] || [ "$bad" -gt 0 ] || bad=1
	add "$ok" "$bad" 0
	grep -E '^(test |ok |not ok )' "$1" || true
}

run_regress() {
	say "pg_regress"
	out=$WORK/regress
	mkdir -p "$out"
	names=${TOPICS:-$(make -s -C "$WORK/tree" PG_CONFIG="$BINDIR/pg_config" print-regress)}
	status=0
	"$PGXS/src/test/regress/pg_regress" --inputdir="$WORK/tree/test" \
		--outputdir="$out" --bindir="$BINDIR" --dbname=regress_tip_module \
		--load-extension=tip_module $names >"$out.log" 2>&1 || status=1
	count_regress "$out.log" $status
	[ $status = 0 ] || { cat "$out.log"; head -300 "$out/regression.diffs" 2>/dev/null; } >&2
}

run_isolation() {
	specs=$(cd "$WORK/tree/test/isolation/specs" 2>/dev/null && ls *.spec 2>/dev/null |
		sed 's/\.spec$//') || true
	[ -n "$specs" ] || return 0
	say "isolation"
	out=$WORK/isolation
	mkdir -p "$out"
	status=0
	"$PGXS/src/test/isolation/pg_isolation_regress" \
		--inputdir="$WORK/tree/test/isolation" --outputdir="$out" \
		--bindir="$BINDIR" --dbname=isolation_tip_module \
		--load-extension=tip_module $specs >"$out.log" 2>&1 || status=1
	count_regress "$out.log" $status
	[ $status = 0 ] || { cat "$out.log"; head -200 "$out/regression.diffs" 2>/dev/null; } >&2
}

# run_prove LABEL COMMAND...: count the top-level lines of verbose TAP
run_prove() {
	label=$1
	shift
	say "$label"
	log=$WORK/$(echo "$label" | tr -c 'a-z0-9\n' _).log
	status=0
	"$@" >"$log" 2>&1 || status=1
	skip=$(count '^ok [0-9]+.*# (skip|SKIP)' "$log")
	skip=$((skip + $(count 'skipped: ' "$log")))
	ok=$(count '^ok [0-9]' "$log")
	bad=$(count '^not ok [0-9]' "$log")
	[ $status = 0 ] || [ "$bad" -gt 0 ] || bad=1
	add $((ok - $(count '^ok [0-9]+.*# (skip|SKIP)' "$log"))) "$bad" "$skip"
	grep -E '^[^ ]+ \.\.+ *$|skipped:|^(not ok|Result|Files)' "$log" |
		sed "s|$WORK/tree/||" || true
	[ $status = 0 ] || grep -vE '^ok ' "$log" | head -300 >&2
}

run_pgtap() {
	psql -qX -d postgres -c 'CREATE DATABASE pgtap_tip_module'
	psql -qX -d pgtap_tip_module -c 'CREATE EXTENSION pgtap' \
		-c 'CREATE EXTENSION tip_module'
	files=
	for topic in ${PGTAP_TOPICS:-${TOPICS:-$(cd "$WORK/tree/test/pgtap" && ls *.sql | sed 's/\.sql$//')}}; do
		files="$files test/pgtap/$topic.sql"
	done
	(cd "$WORK/tree" && run_prove pgtap pg_prove -v -d pgtap_tip_module $files
	echo "$PASSED $FAILED $SKIPPED" >"$WORK/counts")
	read PASSED FAILED SKIPPED <"$WORK/counts"
}

run_tap() {
	ls "$WORK/tree"/test/t/*.pl >/dev/null 2>&1 || return 0
	export PERL5LIB="$PGXS/src/test/perl"
	export PG_REGRESS="$PGXS/src/test/regress/pg_regress"
	export TESTDATADIR=$WORK/tap TESTLOGDIR=$WORK/taplog TESTDIR=$WORK/tree
	mkdir -p "$TESTDATADIR" "$TESTLOGDIR"
	unset PGHOST PGPORT PGUSER
	# what initdb goes by, since the test library takes LC_ALL away
	export LANG=C.UTF-8
	(cd "$WORK/tree" && run_prove tap prove -v ${TAP_TESTS:-test/t/*.pl}
	# in one of two places, by version
	[ $status = 0 ] || tail -n 15 "$WORK"/tree/tmp_check/log/regress_log_* \
		"$TESTLOGDIR"/regress_log_* >&2 2>/dev/null || true
	echo "$PASSED $FAILED $SKIPPED" >"$WORK/counts")
	read PASSED FAILED SKIPPED <"$WORK/counts"
}

# Anything that valgrind wrote counts as one failure.
check_valgrind() {
	say "valgrind"
	found=$(cat "$WORK"/valgrind/*.log | grep -cE '^==[0-9]+== ' || true)
	if [ "$found" -gt 0 ]; then
		cat "$WORK"/valgrind/*.log | head -100 >&2
		add 0 1 0
	else
		echo "nothing found in $(ls "$WORK/valgrind" | wc -l) processes"
		add 1 0 0
	fi
}

# Tables in docs that are printed from catalogues have not drifted.
run_docs() {
	say "docs"
	status=0
	(cd "$WORK/tree" && sh test/print_docs.sh check) >"$WORK/docs.log" 2>&1 || status=1
	cat "$WORK/docs.log"
	bad=$(count '^not ok ' "$WORK/docs.log")
	[ $status = 0 ] || [ "$bad" -gt 0 ] || bad=1
	add "$(count '^ok ' "$WORK/docs.log")" "$bad" 0
}

SUITES=${SUITES:-regress pgtap isolation docs tap}
wants() { case " $SUITES " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

PGXS=$("$BINDIR/pg_config" --pkglibdir)/pgxs
say "PostgreSQL $("$BINDIR/pg_config" --version | cut -d' ' -f2)"
build_and_install
start_cluster main
if wants regress; then run_regress; fi
if wants pgtap; then run_pgtap; fi
if wants isolation; then run_isolation; fi
if wants docs; then run_docs; fi
stop_cluster main
[ -z "${VALGRIND:-}" ] || check_valgrind
if wants tap; then run_tap; fi
echo
if [ "$SKIPPED" -gt 0 ]; then
	echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
else
	echo "$PASSED passed, $FAILED failed"
fi
[ "$FAILED" = 0 ]
