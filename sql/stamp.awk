# Stamp the SQL of every code type out of its template.
# Usage: awk -f stamp.awk code_type.sql.in code_set.sql.in code_lists.def

function stamp(template, id, name, title) {
	gsub(/@ID@/, id, template)
	gsub(/@name@/, name, template)
	gsub(/@title@/, title, template)
	printf "%s", template
}

FILENAME ~ /code_type/ { scalar = scalar $0 "\n"; next }
FILENAME ~ /code_set/ { set = set $0 "\n"; next }

/^TIP_LIST\(/ {
	split($0, part, "\"")			# 2 = name, 4 = title
	sub(/^TIP_LIST\(/, "", part[1])
	split(part[1], head, ",")
	title = part[4]
	gsub(/'/, "''", title)
	gsub(/&/, "\\\\&", title)
	stamp(scalar, head[1], part[2], title)
	if (part[3] ~ /SETTABLE/)
		stamp(set, head[1], part[2], title)
}
