# What demo, test, bench and lint share: packages, a private PostgreSQL, an
# unprivileged user, and a place that is removed afterwards.  Sourced by sh.

say() { printf '%s\n' "== $*"; }
die() { printf '%s\n' "error: $*" >&2; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "need root or sudo to run: $*"
	fi
}

is_installed() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# The PostgreSQL to use: what is asked for, else the newest one with headers,
# else the newest that this Debian offers.
choose_major() {
	[ -n "${PG_MAJOR:-}" ] && return
	for dir in $(ls -d /usr/lib/postgresql/*/ 2>/dev/null | sort -rV); do
		if [ -x "$dir/bin/postgres" ] && [ -e "$dir/lib/pgxs/src/makefiles/pgxs.mk" ]; then
			PG_MAJOR=$(basename "$dir")
			return
		fi
	done
	[ -n "$(apt-cache search --names-only '^postgresql-server-dev-[0-9]+$')" ] ||
		as_root apt-get -q update
	PG_MAJOR=$(apt-cache search --names-only '^postgresql-server-dev-[0-9]+$' |
		sed 's/^postgresql-server-dev-\([0-9]*\).*/\1/' | sort -n | tail -1)
	[ -n "$PG_MAJOR" ] || die "no PostgreSQL packages found; is this Debian or Ubuntu?"
}

# Install what is missing of the packages named; name them first.
need_packages() {
	missing=
	for package in "$@"; do
		is_installed "$package" || missing="$missing $package"
	done
	[ -z "$missing" ] && return
	say "installing missing packages:$missing"
	# Debian would make and start a cluster "main"; nobody asked for one.
	conf=/etc/postgresql-common/createcluster.d/zz-tip_module.conf
	as_root mkdir -p "$(dirname $conf)"
	echo 'create_main_cluster = false' | as_root tee $conf >/dev/null
	if ! as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install -y --no-install-recommends $missing >"$WORK/apt.log" 2>&1; then
		as_root apt-get -q update >>"$WORK/apt.log" 2>&1
		as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get -qq install -y --no-install-recommends $missing >>"$WORK/apt.log" 2>&1 || {
			as_root rm -f $conf
			tail -20 "$WORK/apt.log" >&2
			die "could not install:$missing"
		}
	fi
	as_root rm -f $conf
}

build_packages() {
	echo gcc make libc6-dev libssl-dev libpq-dev postgresql-$PG_MAJOR \
		postgresql-server-dev-$PG_MAJOR
}

# A place of our own, removed whatever happens.
make_work() {
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/tip_module.XXXXXX")
	chmod 755 "$WORK"
	trap 'clean_work' EXIT
	trap 'exit 130' INT TERM HUP
}

clean_work() {
	status=$?
	trap - EXIT INT TERM HUP
	[ -n "${KEEP_WORK:-}" ] && say "kept $WORK" && exit $status
	for pid in "$WORK"/*/postmaster.pid "$WORK"/*/*/postmaster.pid; do
		[ -e "$pid" ] && kill -INT "$(head -1 "$pid")" 2>/dev/null
	done
	rm -rf "$WORK" 2>/dev/null || { sleep 1; rm -rf "$WORK"; }
	exit $status
}

# PostgreSQL as packaged is relocatable: a copy takes our files, the system's
# own installation stays as it is.
private_postgres() {
	PREFIX=$WORK/pg
	if [ -n "${PG_TREE:-}" ]; then
		# a server built from source, with pgTAP's files from the package
		cp -a "$PG_TREE" "$PREFIX"
		BINDIR=$PREFIX/bin
		cp -a "/usr/share/postgresql/$PG_MAJOR/extension/"pgtap* \
			"$("$BINDIR/pg_config" --sharedir)/extension/"
		return
	fi
	mkdir -p "$PREFIX/lib/postgresql" "$PREFIX/share/postgresql" "$PREFIX/include"
	cp -a "/usr/lib/postgresql/$PG_MAJOR" "$PREFIX/lib/postgresql/"
	cp -a "/usr/share/postgresql/$PG_MAJOR" "$PREFIX/share/postgresql/"
	ln -s /usr/include/postgresql "$PREFIX/include/postgresql"
	BINDIR=$PREFIX/lib/postgresql/$PG_MAJOR/bin
}

# A copy of the sources without anything built.
copy_tree() {
	mkdir -p "$WORK/tree"
	for entry in src sql expected test docs Makefile tip_module.control \
		META.json README.md CHANGELOG.md LICENSE; do
		[ -e "$ROOT/$entry" ] && cp -a "$ROOT/$entry" "$WORK/tree/"
	done
	find "$WORK/tree" \( -name '*.o' -o -name '*.so' -o -name '*.bc' \) -delete
	rm -f "$WORK"/tree/sql/tip_module--*.sql.tmp "$WORK/tree/sql/11-code_types.sql"
	built=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$ROOT/tip_module.control")
	git -C "$ROOT" ls-files --error-unmatch "sql/tip_module--$built.sql" \
		>/dev/null 2>&1 || rm -f "$WORK/tree/sql/tip_module--$built.sql"
}

# Servers refuse to run as root: the rest is run as another user then.
unprivileged() {
	if [ "$(id -u)" = 0 ]; then
		chown -R postgres: "$WORK"
		runuser -u postgres -- env HOME="$WORK" "$@"
	else
		"$@"
	fi
}

prepare() {
	make_work
	choose_major
	need_packages $(build_packages) "$@"
	private_postgres
	copy_tree
	shared=$(cd "$ROOT/../shared/data" 2>/dev/null && pwd || true)
	export TIP_SHARED_DATA="${TIP_SHARED_DATA:-$shared}"
	export WORK BINDIR PREFIX PG_MAJOR
}

# The rest runs inside, as the unprivileged user.

build_and_install() {
	make -s -C "$WORK/tree" with_llvm=no PG_CONFIG="$BINDIR/pg_config" \
		${BUILD_FLAGS:+COPT="$BUILD_FLAGS"} install >"$WORK/build.log" 2>&1 || {
		cat "$WORK/build.log" >&2
		die "the build failed"
	}
}

# start_cluster NAME: a server on a Unix socket, with a key ring for tests
start_cluster() {
	SOCKETS=$WORK/s
	mkdir -p "$SOCKETS"
	"$BINDIR/initdb" -D "$WORK/$1" -U postgres -A trust -N -E UTF8 \
		--locale=C.UTF-8 >"$WORK/initdb.log" 2>&1 || {
		cat "$WORK/initdb.log" >&2
		die "initdb failed"
	}
	cat >>"$WORK/$1/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$SOCKETS'
		port = 5432
		fsync = off
		max_connections = 40
		# as many locks as 100 connections have: DROP EXTENSION takes thousands
		max_locks_per_transaction = 160
		max_prepared_transactions = 4
		autovacuum = off
		${CONF_EXTRA:-}
	CONF
	if [ -e "$WORK/tree/test/make_key.sh" ]; then
		(umask 077; sh "$WORK/tree/test/make_key.sh" >"$WORK/test.key")
		echo "tip_module.key_file = '$WORK/test.key'" >>"$WORK/$1/postgresql.conf"
	fi
	if [ -n "${VALGRIND:-}" ]; then
		start_under_valgrind "$WORK/$1"
	else
		"$BINDIR/pg_ctl" -D "$WORK/$1" -w -s -l "$WORK/$1.log" start ||
			{ tail -20 "$WORK/$1.log" >&2; die "the server did not start"; }
	fi
	export PGHOST="$SOCKETS" PGPORT=5432 PGUSER=postgres
	export PATH="$BINDIR:$PATH"
}

# Every backend writes what valgrind finds into a file of its own.
start_under_valgrind() {
	mkdir -p "$WORK/valgrind"
	valgrind --quiet --trace-children=yes --leak-check=no --time-stamp=no \
		--suppressions="$PREFIX/valgrind.supp" --error-limit=no \
		--log-file="$WORK/valgrind/%p.log" \
		"$BINDIR/postgres" -D "$1" >"$1.log" 2>&1 &
	for i in $(seq 120); do
		"$BINDIR/pg_isready" -q -h "$SOCKETS" && return
		sleep 1
	done
	tail -20 "$1.log" >&2
	die "the server did not start under valgrind"
}

stop_cluster() {
	"$BINDIR/pg_ctl" -D "$WORK/$1" -s -m fast stop
}
