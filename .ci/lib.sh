# How .ci/run makes and uses its chroots and its assert-enabled server.

MIRROR=${TIP_CI_MIRROR:-http://deb.debian.org/debian}
# A mirror may lag behind the date that its Release file is valid until.
APT="apt-get -q -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3"
export DEBIAN_FRONTEND=noninteractive

if [ "$(id -u)" = 0 ]; then SUDO=; else SUDO=sudo; fi

chroot_packages() {
	echo gcc make libc6-dev libssl-dev libpq-dev git perl \
		"postgresql-$1" "postgresql-server-dev-$1" "postgresql-$1-pgtap" \
		libtap-parser-sourcehandler-pgtap-perl libipc-run-perl
}

# make_chroot SUITE MAJOR: once; a half-made one is thrown away
make_chroot() {
	local dir=$CACHE/$1-$2
	[ -e "$dir/.ready" ] && return
	command -v debootstrap >/dev/null || $SUDO $APT install -y debootstrap ||
		{ $SUDO $APT update && $SUDO $APT install -y debootstrap; } || return
	unmount_chroot "$dir"
	$SUDO rm -rf "$dir"
	$SUDO debootstrap --variant=minbase "$1" "$dir" "$MIRROR" || return
	mount_chroot "$dir"
	$SUDO mkdir -p "$dir/etc/postgresql-common/createcluster.d"
	echo 'create_main_cluster = false' |
		$SUDO tee "$dir/etc/postgresql-common/createcluster.d/ci.conf"
	$SUDO chroot "$dir" env DEBIAN_FRONTEND=noninteractive sh -ec "
		$APT update
		$APT install -y --no-install-recommends $(chroot_packages "$2")
		apt-get clean" && $SUDO touch "$dir/.ready"
	unmount_chroot "$dir"
}

mount_chroot() {
	$SUDO mount --bind /proc "$1/proc"
	$SUDO mkdir -p "$1/dev/shm"
	$SUDO mount -t tmpfs tmpfs "$1/dev/shm"
}

unmount_chroot() {
	for at in dev/shm proc; do
		mountpoint -q "$1/$at" && $SUDO umount -l "$1/$at"
	done
	return 0
}

# test_in_chroot SUITE MAJOR: the suite, on a copy of this tree
test_in_chroot() {
	local dir=$CACHE/$1-$2 status=0
	if [ ! -e "$dir/.ready" ]; then
		tail -30 "$LOGS/make-$2"
		echo "no chroot with PostgreSQL $2"
		return 1
	fi
	$SUDO rm -rf "$dir/src/tip_module"
	$SUDO mkdir -p "$dir/src/tip_module"
	tar -c --exclude=.git -C "$ROOT" . | $SUDO tar -x -C "$dir/src/tip_module"
	unmount_chroot "$dir"
	mount_chroot "$dir"
	$SUDO chroot "$dir" env -i PATH="$PATH" HOME=/root LC_ALL=C.UTF-8 \
		NO_DRIVERS=1 PG_MAJOR="$2" make -s -C /src/tip_module test || status=$?
	unmount_chroot "$dir"
	return $status
}

# PostgreSQL 15 from Debian's source package, with assertions, memory context
# checking and valgrind's client requests.
make_assert_postgres() {
	local dir=$CACHE/assert-15 build status
	[ -e "$dir/.ready" ] && return
	$SUDO $APT install -y gcc make perl dpkg-dev valgrind bzip2 ||
		{ $SUDO $APT update &&
			$SUDO $APT install -y gcc make perl dpkg-dev valgrind bzip2; } || return
	build=$(mktemp -d)
	fetch_source "$build" && (
		cd "$build/source" &&
			./configure --prefix="$dir" --enable-cassert --enable-debug \
				--without-readline --without-zlib --without-icu \
				CFLAGS='-O1 -fno-omit-frame-pointer' CPPFLAGS=-DUSE_VALGRIND &&
			make -s -j2 && $SUDO make -s install &&
			$SUDO cp src/tools/valgrind.supp "$dir/"
	) && $SUDO touch "$dir/.ready"
	status=$?
	rm -rf "$build"
	return $status
}

# The source package, through package lists of its own, so that the machine's
# lists are left alone.
fetch_source() {
	local apt=$1/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	for suite in bookworm bookworm-updates; do
		echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $MIRROR $suite main"
	done >"$apt/sources.list"
	local options="-o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/dev/null
		-o Dir::State::lists=$apt/lists -o Dir::Cache=$apt/cache -o APT::Sandbox::User=root"
	# As released: Debian's patches would install into the system's directories.
	(cd "$1" && $APT $options update &&
		$APT $options source --download-only postgresql-15 &&
		dpkg-source --skip-patches -x postgresql-15_*.dsc source)
}

# the suite without TAP, which needs a server built for it
test_assert() {
	[ -e "$CACHE/assert-15/.ready" ] || { tail -30 "$LOGS/make-assert"; return 1; }
	PG_MAJOR=15 PG_TREE=$CACHE/assert-15 SUITES="regress pgtap isolation" \
		NO_DRIVERS=1 make -s test
}

# test_valgrind SUITE: types, rules, seals and tabulation once more, with the
# server under valgrind
test_valgrind() {
	[ -e "$CACHE/assert-15/.ready" ] || { tail -30 "$LOGS/make-assert"; return 1; }
	PG_MAJOR=15 PG_TREE=$CACHE/assert-15 SUITES="$1" TOPICS="codes dates rules attach screening identity identity_codes identity_seal tabulation" \
		PGTAP_TOPICS="codes dates rules attach tabulation" \
		VALGRIND=1 NO_DRIVERS=1 make -s test
}
