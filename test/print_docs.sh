#!/bin/sh
# print_docs.sh print|check: the tables in docs/*.md that come from catalogues,
# between <!-- printed: NAME --> and <!-- end -->, by test/docs/NAME.sql.
# Runs in the tree, against a server; check says which pages have drifted.
set -eu

# A query's rows as a Markdown table.
table() {
	psql -qXAt -F ' | ' -P tuples_only=off -P footer=off -v ON_ERROR_STOP=1 \
		-d docs_tip_module -f "$1" |
		awk 'NR == 1 { print "| " $0 " |"; gsub(/[^|]+/, "---"); print "|" $0 "|"; next }
			{ print "| " $0 " |" }'
}

print_page() {
	while IFS= read -r line; do
		case $line in
		'<!-- end -->') inside= ;;
		esac
		[ -n "${inside:-}" ] || printf '%s\n' "$line"
		case $line in
		'<!-- printed: '*)
			name=${line#<!-- printed: }
			name=${name% -->}
			echo
			table "test/docs/$name.sql"
			echo
			inside=1
			;;
		esac
	done <"$1"
}

psql -qX -d postgres -c 'CREATE DATABASE docs_tip_module'
psql -qX -d docs_tip_module -c 'CREATE EXTENSION tip_module'
drifted=0
for page in $(grep -l '^<!-- printed: ' docs/*.md); do
	print_page "$page" >"$page.new"
	if cmp -s "$page" "$page.new"; then
		echo "ok - $page"
	elif [ "$1" = print ]; then
		echo "printed - $page"
	else
		echo "not ok - $page has drifted from the catalogue; run make docs"
		diff "$page" "$page.new" | head -20 >&2 || true
		drifted=1
	fi
	if [ "$1" = print ]; then
		mv "$page.new" "$page"
	else
		rm -f "$page.new"
	fi
done
psql -qX -d postgres -c 'DROP DATABASE docs_tip_module'
exit $drifted
