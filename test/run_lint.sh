#!/bin/sh
# make lint: cheap checks of the tree, then warnings of two compilers.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/test/lib.sh"
cd "$ROOT"

choose_major
make_work
need_packages $(build_packages) clang cppcheck pmccabe
private_postgres
copy_tree

# Each check stands at the end of a pipe, so it counts in a file.
RESULTS=$WORK/results

# check NAME: standard input is what is wrong; nothing means passed
check() {
	found=$(cat)
	if [ -z "$found" ]; then
		echo passed >>"$RESULTS"
		echo "ok - $1"
	else
		echo failed >>"$RESULTS"
		echo "not ok - $1"
		printf '%s\n' "$found" | head -40 | sed 's/^/    /'
	fi
}

make_tree() {
	make -s -C "$WORK/tree" with_llvm=no PG_CONFIG="$BINDIR/pg_config" "$@"
}

# the reverse as well: lines that are in one of two lists only
differ() {
	sort -u "$1" >"$1.sorted"
	sort -u "$2" >"$2.sorted"
	comm -3 "$1.sorted" "$2.sorted"
}

compile_with() {
	make_tree clean >/dev/null 2>&1 || true
	make_tree CC="$1" >"$WORK/cc.log" 2>&1 || tail -40 "$WORK/cc.log"
}

make_tree print-regress | tr ' ' '\n' >"$WORK/regress"
ls test/sql | sed -n 's/\.sql$//p' >"$WORK/files"
ls expected | sed -n 's/\.out$//p' | sed 's/_[0-9]$//' >"$WORK/expected"
differ "$WORK/regress" "$WORK/files" | check "test/sql is in REGRESS and back"
differ "$WORK/regress" "$WORK/expected" | check "expected is in REGRESS and back"

perl -0777 -ne 'while (/\bereport\(ERROR\b(.*?)\)\s*;/sg) {
	my ($body, $line) = ($1, 1 + (substr($_, 0, $-[0]) =~ tr/\n//));
	print "$ARGV:$line\n" if $body !~ /errcode/ }' src/*.c |
	check "every ereport(ERROR) has an errcode"

compile_with gcc | check "gcc has no warning"
cat src/*.c | grep -q PG_FUNCTION_INFO_V1 && nm -D --defined-only \
	"$WORK/tree/tip_module.so" | sed -n 's/.* pg_finfo_//p' >"$WORK/in_c"
perl -0777 -ne 'while (/(?:MODULE_PATHNAME|libdir\/tip_module)\x27\s*,\s*\x27(\w+)\x27/g)
	{ print "$1\n" }' "$WORK"/tree/sql/tip_module--*.sql >"$WORK/in_sql"
differ "$WORK/in_c" "$WORK/in_sql" | check "every C function is in SQL and back"
# gcc flags of the packaged server that clang does not know are no warning
compile_with "clang -Wno-ignored-attributes -Wno-ignored-optimization-argument -Wno-unknown-warning-option" | check "clang has no warning"

meta=$(sed -n 's/^\t"version": "\(.*\)",/\1/p' META.json)
control=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" tip_module.control)
{ [ "$meta" = "$control" ] || echo "$meta, $control"; } |
	check "META.json has the version of the control file"

# A message stays on one line, as in core, so that it can be searched for.
for file in src/*.c src/*.h; do
	expand -t4 "$file" | awk -v f="$file" \
		'length > 80 && !/(errmsg|errhint|errdetail)(_plural)?\(.*"/ && !/^ *"/ { print f ":" NR }'
done | check "no line of src is longer than 80"
pmccabe src/*.c | awk '$5 > 60 { print $6, $7, $5 " lines" }' |
	check "no function is longer than 60 lines"
grep -InE '[ 	]+$' Makefile README.md CHANGELOG.md src/* sql/*.in sql/*.awk \
	sql/[0-9]*.sql test/*.sh docs/*.md | check "no white space at line ends"
# It does not know that ereport(ERROR) does not return.
cppcheck --quiet --error-exitcode=0 --enable=warning,portability \
	--inline-suppr --suppress=missingInclude --suppress=unknownMacro --suppress=nullPointerRedundantCheck \
	--suppress=arrayIndexOutOfBoundsCond \
	src 2>&1 | check "cppcheck finds nothing"

PASSED=$(grep -c passed "$RESULTS" || true)
FAILED=$(grep -c failed "$RESULTS" || true)
echo
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" = 0 ]
