# The key ring from a command, preloaded or not: what hangs is killed, what is
# cancelled leaves nothing, and no role brings a key of its own.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $root = '5eed' . '0123456789abcdef' x 3 . 'c0ffee000000';
my $newer = 'a1' x 32;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $naps = 98765;    # seconds that nobody else sleeps
my $query = "SELECT tip.pseudonymize('person_name', 'Plantedname', 'police')";
my $slow = "tip_module.key_command_timeout = '1min'\n";

sub write_file
{
	my ($name, $text, $mode) = @_;
	unlink "$dir/$name";
	append_to_file("$dir/$name", $text);
	chmod $mode // 0600, "$dir/$name";
	return "$dir/$name";
}

# What new sessions answer once the postmaster has read the settings.
my $node;
my $turn = 0;

sub configure
{
	my ($file, $command, $more) = @_;
	$turn++;
	s/'/''/g foreach $file, $command;
	$node->append_conf('postgresql.conf',
		"tip_module.key_command_timeout = 400\n"
		  . ($more // '')
		  . "tip_module.key_file = '$file'\n"
		  . "tip_module.key_command = '$command'\n"
		  . "test.turn = '$turn'\n");
	$node->reload;
	for (1 .. 100)
	{
		last if $node->safe_psql('postgres', "SELECT current_setting('test.turn', true)") eq $turn;
		usleep(50_000);
	}
	return;
}

sub ask
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', "\\set VERBOSITY verbose\n" . ($sql // $query),
		on_error_stop => 0, stdout => \$out, stderr => \$err);
	return ($out, $err);
}

# Is a process that a key command began still there?
sub lingers
{
	for (1 .. 40)
	{
		my $found = 0;
		foreach my $file (glob '/proc/[0-9]*/cmdline')
		{
			open my $in, '<', $file or next;
			my $line = <$in> // '';
			$found = 1 if $line =~ /$naps/;
			close $in;
		}
		return 0 if !$found;
		usleep(50_000);
	}
	return 1;
}

sub refused
{
	my ($command, $state, $message, $what) = @_;
	configure('', $command);
	my ($out, $err) = ask();
	ok($out eq '' && $err =~ /$state: $message/ && $err =~ /HINT/, $what)
	  or diag("$out$err");
	unlike($err, qr/$root|Plantedname'/, "$what: nothing repeated");
	ok(!lingers(), "$what: nothing lingers");
	return;
}

my $good = write_file('good', "# ring\n1:active:2026-11-24:$root\n");
my $other = write_file('other', "1:retired:2026-11-24:$root\n2:active:2026-11-25:$newer\n");
my $evil = write_file('evil', "1:active:2026-11-24:$newer\n");

$node = PostgreSQL::Test::Cluster->new('command');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');

# The same ring gives the same value, whoever brings it.
configure($good, '');
my ($want) = ask();
like($want, qr/^p1\./, 'a value by the file');
configure($evil, '');
my ($forged) = ask();
isnt($forged, $want, 'another key, another value');

my $script = write_file('script', "#!/bin/sh\ncat $good\n", 0700);
my %fine = (
	'a program with an argument' => "/bin/cat $good",
	'a script of the server user' => $script,
	'a pipe' => "/bin/cat $good | cat",
	'a child that keeps the pipe open' => "/bin/sh -c 'sleep $naps & cat $good'",
	'a child that has left the group' => "/bin/sh -c 'setsid sleep 2 & cat $good'",
	'a quarrel on standard error' => "/bin/sh -c 'cat $good; yes quarrel | head -100000 >&2'",
	'a slow one' => "/bin/sh -c 'cat $good; sleep 0.2; echo \"# end\"'");
foreach my $what (sort keys %fine)
{
	configure('', $fine{$what});
	my ($out, $err) = ask();
	is($out, $want, $what) or diag($err);
	ok(!lingers(), "$what: nothing lingers");
}

# What a command inherits
SKIP:
{
	skip 'no /proc', 4 if !-e '/proc/self/status';
	configure('', "/bin/ls -l /proc/self/fd > $dir/fds; grep Sig /proc/self/status > $dir/signals; cat $good");
	is((ask())[0], $want, 'a command looks around');
	my $fds = slurp_file("$dir/fds");
	is(scalar(() = $fds =~ / -> /g), 4, 'no descriptor of the server')
	  or diag($fds);
	like($fds, qr{ 0 -> /dev/null.* 2 -> /dev/null}s, 'input and errors go nowhere');
	# 32 and 33 belong to the C library
	like(slurp_file("$dir/signals"), qr/SigBlk:\s*0+\nSigIgn:\s*0+(18)?0+\n/,
		'no signal is blocked or ignored');
}

refused("/bin/sleep $naps", '55000', 'key command took too long', 'one that never ends');
refused("/bin/sh -c 'trap \"\" TERM INT HUP; sleep $naps; sleep $naps'",
	'55000', 'key command took too long', 'one that ignores signals');
refused("/bin/sh -c 'cat $good; exec >&-; sleep $naps'",
	'55000', 'key command took too long', 'one that closes its output and stays');
refused("/usr/bin/yes $naps", '54000', 'key ring is too large', 'one that prints for ever');
refused("/bin/sh -c 'cat $good; exit 1'", '55000', 'key command failed', 'exit 1');
refused("/bin/sh -c 'cat $good; kill -9 \$\$'", '55000', 'key command failed', 'killed');
refused("/bin/cat $dir/absent", '55000', 'key command failed', 'a file that is not there');
write_file('bare', $root);
refused("/bin/cat $dir/bare", 'F0000', 'key ring is malformed', 'garbage');
refused("/bin/cat $good >&2", 'F0000', 'key ring has no key', 'a key on standard error');
refused('/bin/cat', 'F0000', 'key ring has no key', 'one that reads its input');
refused('/bin/true', 'F0000', 'key ring has no key', 'silence');
refused("/usr/bin/head -c 100 /dev/zero", 'F0000', 'key ring is not text', 'zero bytes');
refused("cat $good", 'F0000', 'key command does not begin with an absolute path',
	'a relative path');
refused("$dir/absent", 'F0000', 'key command does not begin with a program', 'no such program');
refused($dir, 'F0000', 'key command does not begin with a program', 'a directory');
chmod 0600, $script;
refused($script, 'F0000', 'key command does not begin with a program', 'not executable');
foreach my $mode (0720, 0702)
{
	chmod $mode, $script;
	refused($script, '42501', 'others may change the program', sprintf('mode %04o', $mode));
}
my $inside = $node->data_dir . '/script';
append_to_file($inside, "#!/bin/sh\ncat $good\n");
chmod 0700, $inside;
refused($inside, '42501', 'key command is inside the data directory', 'a program in the data directory');
unlink $inside;

configure($good, "/bin/cat $good");
like((ask())[1], qr/F0000: both a key file and a key command are configured/, 'both');

# A tablespace is copied by a base backup as the data directory is.
mkdir "$dir/space";
$node->safe_psql('postgres', "CREATE TABLESPACE space LOCATION '$dir/space'");
append_to_file("$dir/space/key", "1:active:2026-11-24:$root\n");
chmod 0600, "$dir/space/key";
configure("$dir/space/key", '');
like((ask())[1], qr/42501: key file is inside the data directory/, 'a key in a tablespace');
unlink "$dir/space/key";

# Whoever gives up waiting leaves nothing; a session may do so many times.
configure('', "/bin/sleep $naps", $slow);
my ($out, $err) = ask("SET statement_timeout = '50ms';\n" . "$query;\n" x 8);
is(scalar(() = $err =~ /57014: canceling statement due to statement timeout/g),
	8, 'cancelled eight times in one session')
  or diag($err);
ok(!lingers(), 'cancelled: nothing lingers');
$node->append_conf('postgresql.conf', "tip_module.key_command = '/bin/cat $good'");
($out, $err) = ask("SET statement_timeout = '50ms';\n" . "$query;\n" x 8
	  . "RESET statement_timeout; DO 'BEGIN PERFORM pg_reload_conf(), pg_sleep(0.5); END';\n$query;");
is($out, $want, 'and then the session gets its key') or diag($err);

configure('', "/bin/sleep $naps", $slow);
my ($hout, $herr) = ('', '');
my $hanging = IPC::Run::start(
	[ 'psql', '-XAtqd', $node->connstr('postgres'), '-c', $query ],
	'>', \$hout, '2>', \$herr);
ok( $node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'SELECT tip.pseudonymize%'"
		  . " AND state = 'active' AND query_start < now() - interval '0.3 s'"),
	'a session hangs');
$node->safe_psql('postgres',
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT tip.pseudonymize%'");
$hanging->finish;
like($herr, qr/terminating connection due to administrator command/, 'it is terminated');
ok(!lingers(), 'terminated: nothing lingers');

# No role brings a key: by SET, by its own or its database's settings, by
# options of the connection, before the library is loaded or after.
$node->safe_psql('postgres',
	'CREATE ROLE recorder LOGIN; GRANT EXECUTE ON FUNCTION tip.pseudonymize TO recorder;'
	  . 'CREATE DATABASE theirs OWNER recorder');
$node->safe_psql('theirs',
	'CREATE EXTENSION tip_module; GRANT EXECUTE ON FUNCTION tip.pseudonymize TO recorder');

sub no_other_key
{
	my ($label, $right) = @_;
	my @settings = ("tip_module.key_file = '$evil'", "tip_module.key_command = '/bin/cat $evil'");
	foreach my $setting (@settings)
	{
		(my $option = $setting) =~ s/ = '(.*)'/=$1/;
		$option =~ s/ /\\ /g;
		foreach my $trick (
			[ 'SET', "SET $setting", '', '' ],
			[ 'SET after load', "SELECT tip.label('female'::tip.sex) IS NULL; SET $setting", '', '' ],
			[ 'ALTER ROLE', '', "ALTER ROLE recorder SET $setting", '' ],
			[ 'ALTER DATABASE', '', "ALTER DATABASE theirs SET $setting", '' ],
			[ 'ALTER ROLE, preload', '', "ALTER ROLE recorder SET $setting", '-c session_preload_libraries=tip_module' ],
			[ 'options', '', '', "-c $option" ],
			[ 'options, local', '', '', "-c $option -c local_preload_libraries=tip_module" ],
			[ 'empty', '', '', '-c tip_module.key_file= -c tip_module.key_command=' ])
		{
			my ($name, $sql, $altered, $options) = @$trick;
			my $as = $node->connstr('theirs') . ' user=recorder';
			run_command([ 'psql', '-XAtqd', $as, '-c', $altered ]) if $altered;
			my ($o, $e);
			{
				local $ENV{PGOPTIONS} = $options;
				($o, $e) = run_command([ 'psql', '-XAtqd', $as, '-c', $sql || 'SELECT', '-c', $query ]);
			}
			$o =~ s/^f\n//;
			ok($o eq $right || ($o eq '' && $e ne ''), "$label: no other key by $name of $setting")
			  or diag("$o$e");
			$node->safe_psql('postgres', 'ALTER ROLE recorder RESET ALL; ALTER DATABASE theirs RESET ALL');
		}
	}
	return;
}
configure($good, '');
no_other_key('a file', $want);
configure('', "/bin/cat $good");
no_other_key('a command', $want);
$node->stop;
my @logs = ($node->logfile);

# The key command runs once where the library is preloaded.
$node = PostgreSQL::Test::Cluster->new('preload');
$node->init;
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'tip_module'
tip_module.key_command = '/bin/sh -c "echo x >> $dir/runs; cat $good"'
CONF
$node->start;
push @logs, $node->logfile;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');
is((ask())[0], $want, 'preloaded: the same value') for 1 .. 3;
is(slurp_file("$dir/runs"), "x\n", 'preloaded: the command ran once');
is($node->safe_psql('postgres', 'SELECT version, status, created, uses, counted FROM tip.key_status()'),
	'1|active|2026-11-24|3|server', 'uses are counted for the server');
is($node->safe_psql('postgres', "SELECT status, detail FROM tip.selfcheck() WHERE check_name = 'key ring'"),
	'ok|read at server start', 'selfcheck says where the ring is from');
$node->safe_psql('postgres',
	'CREATE ROLE recorder LOGIN; GRANT EXECUTE ON FUNCTION tip.pseudonymize TO recorder;'
	  . 'CREATE DATABASE theirs OWNER recorder');
$node->safe_psql('theirs',
	'CREATE EXTENSION tip_module; GRANT EXECUTE ON FUNCTION tip.pseudonymize TO recorder');
no_other_key('preloaded', $want);

# The memory of a backend that has used its key: the root key is in pages
# that are locked and not dumped, and nowhere else.
sub look_at_memory
{
	my ($pid) = @_;
	my (@maps, %hits, $range);
	foreach my $line (split /\n/, slurp_file("/proc/$pid/smaps"))
	{
		$range = [ hex $1, hex $2, $3 ] if $line =~ /^([0-9a-f]+)-([0-9a-f]+) (\S+)/;
		push @maps, [ @$range, $1 ] if $line =~ /^VmFlags: (.*)/;
	}
	open my $mem, '<:raw', "/proc/$pid/mem" or return;
	foreach my $map (@maps)
	{
		my ($from, $to, $rights, $flags) = @$map;
		next if $rights !~ /^rw.p/;
		sysseek($mem, $from, 0) or next;
		sysread($mem, my $bytes, $to - $from) or next;
		$hits{$flags} += () = $bytes =~ /\Q$_\E/g foreach pack('H*', $root), $root;
	}
	return \%hits;
}

SKIP:
{
	skip 'no /proc', 4 if !-e '/proc/self/smaps';
	my ($bin, $bout) = ("SELECT pg_backend_pid();\n$query;\n", '');
	my $session = IPC::Run::start([ 'psql', '-XAtqd', $node->connstr('postgres') ],
		'<', \$bin, '>', \$bout, IPC::Run::timeout(60));
	$session->pump until $bout =~ /p1\.\S+\n/;
	my ($pid) = $bout =~ /^(\d+)$/m;
	my $hits = look_at_memory($pid);
  SKIP:
	{
		skip 'memory of other processes is not readable here', 3 if !$hits;
		my @safe = grep { /\bdd\b/ && $hits->{$_} } keys %$hits;
		my @open = grep { !/\bdd\b/ && $hits->{$_} } keys %$hits;
		is(scalar(@safe), 1, 'the root key is in memory that is not dumped');
		is(scalar(@open), 0, 'and nowhere else') or diag(join "\n", @open);
	  SKIP:
		{
			skip 'no memory may be locked here', 1
			  if $node->safe_psql('postgres', 'SELECT is_locked FROM tip.key_status()') eq 'f';
			like($safe[0], qr/\blo\b/, 'and locked again after fork');
		}
	}
	$bin = "\\q\n";
	$session->finish;
}

# Settings and files that change reach sessions with a reload.
my $reload = "DO 'BEGIN PERFORM pg_reload_conf(), pg_sleep(0.5); END'";
$node->append_conf('postgresql.conf', "tip_module.key_command = '/bin/cat $other'");
is((ask("SELECT tip.pseudonym_version(tip.pseudonymize('passport', '1', 'police'));$reload;"
			  . "SELECT tip.pseudonym_version(tip.pseudonymize('passport', '1', 'police'))"))[0],
	"1\n2", 'a changed command holds after a reload');
is((ask("SELECT tip.pseudonym_version(tip.pseudonymize('passport', '1', 'police'))"))[0],
	2, 'for new sessions, too');
my $moving = write_file('moving', slurp_file($good));
$node->append_conf('postgresql.conf', "tip_module.key_command = ''\ntip_module.key_file = '$moving'");
$node->restart;
is((ask("SELECT tip.pseudonym_version(tip.pseudonymize('passport', '1', 'police'));\n"
			  . "\\! cat $other > $moving\n"
			  . "SELECT tip.pseudonym_version(tip.pseudonymize('passport', '1', 'police'));$reload;"
			  . "SELECT tip.pseudonym_version(tip.pseudonymize('passport', '1', 'police'))"))[0],
	"1\n1\n2", 'a changed file holds after a reload');
is((ask("SELECT tip.pseudonym_version(tip.pseudonymize('passport', '1', 'police'))"))[0],
	2, 'for new sessions, too');

# A seal does not open in a session that has opened it before.
$moving = write_file('moving', slurp_file($good));
my $sealed = $node->safe_psql('postgres', "SELECT tip.seal('Ana', 'police', 't', 'c')");
my ($opened, $refusal) = ask("SELECT tip.unseal('$sealed', 't', 'c');\n"
	  . "\\! echo 1:destroyed:2026-11-24: > $moving; grep -v '^1:' $other >> $moving\n"
	  . "$reload;SELECT tip.unseal('$sealed', 't', 'c')");
is($opened, 'Ana', 'a seal opens until its key is destroyed');
like($refusal, qr/55000: key version 1 has been destroyed/, 'and not once more in the same session');

# A version's life: what was made under version 1 can be read until it is
# destroyed, and then says so.
unlink $moving;
append_to_file($moving, "1:destroyed:2026-11-24:\n2:active:2026-11-25:$newer\n3:pending:2026-11-26:" . 'b2' x 32 . "\n");
chmod 0600, $moving;
$node->reload;
usleep(300_000);
is($node->safe_psql('postgres', 'SELECT version, status, fingerprint IS NULL FROM tip.key_status()'),
	"3|pending|f\n2|active|f\n1|destroyed|t", 'a destroyed version has no fingerprint');

# A command that never ends delays the start, and does not prevent it.
$node->append_conf('postgresql.conf',
	"tip_module.key_command_timeout = 400\ntip_module.key_file = ''\n"
	  . "tip_module.key_command = '/bin/sleep $naps'");
$node->restart;
like((ask())[1], qr/55000: key command took too long/, 'a hanging command at start');
ok(!lingers(), 'hanging at start: nothing lingers');

# No key at start: the server starts, and sessions try again.
$node->append_conf('postgresql.conf',
	"tip_module.key_file = ''\ntip_module.key_command = '/bin/cat $dir/later'");
$node->restart;
like((ask())[1], qr/55000: key command failed/, 'no key yet');
is($node->safe_psql('postgres', "SELECT status, detail FROM tip.selfcheck() WHERE check_name = 'key ring'"),
	'failed|key command failed', 'selfcheck says so');
is($node->safe_psql('postgres', "SELECT tip.label('female'::tip.sex) <> ''"), 't', 'the rest works');
write_file('later', slurp_file($good));
is((ask())[0], $want, 'a session reads the key by itself');
$node->append_conf('postgresql.conf', "tip_module.key_command = ''");
$node->restart;
is($node->safe_psql('postgres', "SELECT status FROM tip.selfcheck() WHERE check_name = 'key ring'"),
	'warning', 'no key is named');
$node->stop;
like(slurp_file($node->logfile), qr/WARNING: .*tip_module has no keys: key command failed/, 'the log says so');

# What the limits of the service allow
sub with_limits
{
	my ($limits, $sql) = @_;
	system_or_bail('prlimit', '--pid', $$, @$limits);
	$node->append_conf('postgresql.conf', "tip_module.key_command = '/bin/cat $good'");
	$node->start;
	my $answer = $node->safe_psql('postgres', $sql);
	$node->stop;
	return $answer;
}

SKIP:
{
	skip 'no prlimit', 1 if system('prlimit >/dev/null 2>&1') != 0;
	my $limits = "SELECT string_agg(status, ',' ORDER BY check_name) FROM tip.selfcheck()"
	  . " WHERE check_name IN ('core limit', 'locked memory')";
	my ($core, $memory) = map { /^(\S+)/ } split /\n/,
	  qx(prlimit --pid $$ --noheadings --raw --core --memlock --output SOFT);
	is(with_limits([ '--memlock=0:', '--core=0:' ], "$limits; SELECT is_locked FROM tip.key_status()"),
		"ok,warning\nf", 'without locked memory: a warning');
	system_or_bail('prlimit', '--pid', $$, "--memlock=$memory:", "--core=$core:");
}

# A library that starts no new message when asked to is found out.
SKIP:
{
	write_file('shim.c', <<'C');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
int EVP_MAC_init(void *mac, const unsigned char *key, size_t len, const void *params);
int EVP_MAC_init(void *mac, const unsigned char *key, size_t len, const void *params)
{
	int (*real)(void *, const unsigned char *, size_t, const void *) =
		(int (*)(void *, const unsigned char *, size_t, const void *)) dlsym(RTLD_NEXT, "EVP_MAC_init");
	return key == NULL ? 1 : real(mac, key, len, params);
}
C
	skip 'no compiler', 3
	  if system("cc -shared -fPIC -o $dir/shim.so $dir/shim.c -ldl 2>/dev/null") != 0;
	$node->append_conf('postgresql.conf', "tip_module.key_command = '/bin/cat $good'");
	{
		local $ENV{LD_PRELOAD} = "$dir/shim.so";
		$node->start;
	}
	($out, $err) = ask();
	is($out, '', 'no value by a broken library');
	like($err, qr/38000: HMAC-SHA-256 of this server gives wrong values/, 'it is found out');
	is($node->safe_psql('postgres', "SELECT count(*) FROM tip.selfcheck() WHERE status = 'failed'"),
		4, 'selfcheck says so');
	$node->stop;
}

foreach my $log (@logs)
{
	my $text = slurp_file($log);
	is(scalar(() = $text =~ /\Q$root\E|$newer/g), 0, 'no key in the log');
}

done_testing();
