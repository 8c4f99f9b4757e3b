# The key ring: what is accepted, what is refused, and that a planted key and
# a planted name are found nowhere.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('identity');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');

my $dir = PostgreSQL::Test::Utils::tempdir();
my $root = '5eed' . '0123456789abcdef' x 3 . 'c0ffee000000';
my $newer = 'a1' x 32;

# Answer of a new session in which the key file is the one named.
sub with_file
{
	my ($path, $domain) = @_;
	$domain ||= 'police';
	$node->append_conf('postgresql.conf', "tip_module.key_file = '$path'");
	$node->reload;
	# The new value reaches new sessions once the postmaster has read it.
	my $now = "SELECT current_setting('tip_module.key_file', true)";
	for (1 .. 50)
	{
		last if ($node->safe_psql('postgres', $now) // '') eq $path;
		usleep(50_000);
	}
	my ($out, $err) = ('', '');
	$node->psql('postgres',
		"\\set VERBOSITY verbose\nSELECT tip.pseudonymize('person_name', 'Plantedname', '$domain');",
		stdout => \$out, stderr => \$err);
	return ($out, $err);
}

sub key_file
{
	my ($name, $text, $mode) = @_;
	unlink "$dir/$name";
	append_to_file("$dir/$name", $text);
	chmod $mode, "$dir/$name";
	return "$dir/$name";
}

sub refused
{
	my ($path, $state, $message, $what) = @_;
	my ($out, $err) = with_file($path);
	ok($out eq '' && $err =~ /$state: $message/ && $err =~ /HINT/, $what)
	  or diag("$out$err");
	unlike($err, qr/$root|5eed0123|Plantedname'/, "$what: nothing repeated");
	return;
}

# A product in GF(32) of x^5 + x^2 + 1.
sub gf_product
{
	my ($x, $y) = @_;
	my $product = 0;
	for my $bit (reverse 0 .. 4)
	{
		$product <<= 1;
		$product ^= 0x25 if $product & 32;
		$product ^= $x if $y >> $bit & 1;
	}
	return $product;
}

# 23 symbols of a digest and two that check it, its domain and version.
sub symbols
{
	my ($number, $version, $mac) = @_;
	my @values = map { oct("0b$_") } unpack('(A5)*', unpack('B112', $mac) . '000');
	my @word = ($number >> 10, $number >> 5 & 31, $number & 31,
		$version >> 10 & 31, $version >> 5 & 31, $version & 31, @values);
	$word[-1] |= 1 << 1 | $version >> 15;
	my ($high, $low) = (0, 0);
	foreach my $value (@word)
	{
		my $out = $high ^ $value;
		($high, $low) = ($low ^ gf_product(6, $out), gf_product(8, $out));
	}
	return join('', map { substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', $_, 1) }
		@values, $high, $low);
}

# What HKDF (RFC 5869) and HMAC (RFC 2104) say, written again from the RFCs.
sub expected
{
	my ($hex, $version, $domain, $number, $kind, $value) = @_;
	my $info = pack('C/a*C/a*C/a*C/a*', 'tip/v1', 'pseudonym', $domain,
		pack('n', $version));
	my $prk = hmac_sha256(pack('H*', $hex), "\0" x 32);
	my $leaf = hmac_sha256($info . "\1", $prk);
	my $mac = hmac_sha256("\1\1" . pack('N/a*N/a*', $kind, $value), $leaf);
	return "p1.$number.$version." . symbols($number, $version, substr($mac, 0, 14));
}

# RFC 5869, test case 3, guards the functions that the oracle is made of
is( unpack(
		'H*',
		hmac_sha256("\1", hmac_sha256("\x0b" x 22, "\0" x 32))),
	'8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
	'RFC 5869 test case 3');

my $line = "1:active:2026-11-24:$root\n";
refused('', '55000', 'pseudonym key is not configured', 'no key');
refused("$dir/absent", '55000', 'could not open key file', 'no file');
refused('key', 'F0000', 'key file is not named by an absolute path',
	'relative path');
refused($dir, '42809', 'key file is not a regular file', 'directory');
foreach my $mode (0644, 0640, 0604, 0660, 0700)
{
	refused(key_file('open', $line, $mode),
		'42501', 'key file has group or world access',
		sprintf('mode %04o', $mode));
}
my $good = key_file('good', $line, 0600);
symlink($good, "$dir/symbolic");
refused("$dir/symbolic", '55000', 'could not open key file', 'symbolic link');
link($good, "$dir/hard");
refused($good, '42809', 'key file has more than one hard link', 'hard link');
unlink "$dir/hard";

system_or_bail('mkfifo', '-m', '600', "$dir/pipe");
refused("$dir/pipe", '42809', 'key file is not a regular file', 'pipe');
refused('/dev/null', '42809', 'key file is not a regular file', 'device');

my $inside = $node->data_dir . '/key';
append_to_file($inside, $line);
chmod 0600, $inside;
refused($inside, '42501', 'key file is inside the data directory',
	'in the data directory');
unlink $inside;

my $two = "2:pending:2026-11-25:$newer\n";
my %malformed = (
	'empty' => ['', 'key ring has no key'],
	'comment only' => ["# nothing\n", 'key ring has no key'],
	'short key' => ['1:active:2026-11-24:' . substr($root, 2), 'key ring has a key that is too short'],
	'no hex' => ['1:active:2026-11-24:', 'key ring has a key that is too short'],
	'long key' => ["1:active:2026-11-24:${root}00\n", 'key ring has a key that is too long'],
	'space behind' => ["1:active:2026-11-24:$root \n", 'key ring has a key that is too long'],
	'no hexadecimal' =>
	  [ '1:active:2026-11-24:' . 'zz' x 32, 'key ring has a key that is not hexadecimal' ],
	'destroyed with a key' =>
	  [ "1:destroyed:2026-11-24:$root\n", 'key ring has a destroyed version with a key' ],
	(map { ("version $_" => ["$_:active:2026-11-24:$root\n", 'key ring has a bad version']) }
	  ('0', '-1', '+1', '65536', '9' x 40, '', ' 1')),
	(map { ("status $_" => ["1:$_:2026-11-24:$root\n", 'key ring has an unknown status']) }
	  ('', 'ACTIVE', 'new')),
	(map { ("date $_" => ["1:active:$_:$root\n", 'key ring has a bad date']) }
	  ('', 'today', '2026-02-30', '2026-13-01', '0000-01-01', '24.11.2026', '2026-1-001')),
	'old format' => ["version 1 $root\n", 'key ring is malformed'],
	'key alone' => ["$root\n", 'key ring is malformed'],
	'five fields' => ["1:active:2026-11-24:$root:\n", 'key ring is malformed'],
	'version twice' =>
	  [ "${line}1:retired:2026-11-24:$newer\n", 'key ring has a version twice' ],
	'two active' => [ "${line}2:active:2026-11-24:$newer\n", 'key ring has two active versions' ],
	'one key twice' =>
	  [ "${line}2:pending:2026-11-24:$root\n", 'key ring has one key under two versions' ],
	'none active' => [ $two, 'key ring has no active version' ],
	'all destroyed' => [ "1:destroyed:2026-11-24:\n", 'key ring has no active version' ],
	'zero byte' => ["$line\0$two", 'key ring is not text'],
	'too many' => [
		join('', map { "$_:destroyed:2026-11-24:\n" } 1 .. 65),
		'key ring has too many versions'
	],
	'too large' => ['#' x 9000 . "\n", 'key ring is too large']);
foreach my $what (sort keys %malformed)
{
	my ($text, $message) = @{ $malformed{$what} };
	refused(key_file('bad', $text, 0600), '(F0000|54000|55000)', $message, $what);
}

# What is accepted, and the value it gives
my $want = expected($root, 1, 'police', 1, 'person_name', 'plantedname');
foreach my $mode (0600, 0400)
{
	my ($out, $err) = with_file(key_file('good', $line, $mode));
	is($out, $want, sprintf('mode %04o gives the value of the RFCs', $mode))
	  or diag($err);
}
is((with_file($good, 'ngo'))[0],
	expected($root, 1, 'ngo', 2, 'person_name', 'plantedname'),
	'another domain, another key');
is((with_file(key_file('two', "1:retired:2026-11-24:$root\n7:active:2026-11-25:$newer\r\n# end", 0600)))[0],
	expected($newer, 7, 'police', 1, 'person_name', 'plantedname'),
	'the active version makes new pseudonyms');

# A role can take the key away from its own session, never bring another.
with_file($good);
my $evil = key_file('evil', "1:active:2026-11-24:$newer\n", 0600);
$node->safe_psql('postgres',
	'CREATE ROLE recorder LOGIN; GRANT EXECUTE ON FUNCTION tip.pseudonymize TO recorder');
my $as = $node->connstr('postgres') . ' user=recorder';
my $query = "SELECT tip.pseudonymize('person_name', 'Plantedname', 'police')";
my ($out, $err) = run_command([ 'psql', '-XAtqd', $as, '-c', $query ]);
is($out, $want, 'a role that was granted execution may use the key');
foreach my $trick (
	[ "SET tip_module.key_file = '$evil'", '' ],
	[ '', "-c tip_module.key_file=$evil" ])
{
	local $ENV{PGOPTIONS} = $trick->[1];
	($out, $err) =
	  run_command([ 'psql', '-XAtqd', $as, '-c', $trick->[0], '-c', $query ]);
	ok($out eq $want || $out eq '', "no other key: @$trick")
	  or diag("$out$err");
}

# Leak search: the key in three spellings, the name where we might print it
my $dump = $node->basedir . '/dump.sql';
$node->safe_psql('postgres', 'SELECT tip.create_model()');
$node->safe_psql('postgres', <<"SQL");
WITH v AS (INSERT INTO tip_data.victim DEFAULT VALUES RETURNING victim_id)
INSERT INTO tip_data.victim_pseudonym (victim_id, pseudonym)
SELECT victim_id, tip.pseudonymize('person_name', 'Plantedname', 'police') FROM v;
ANALYZE;
INSERT INTO tip.domain (id, name, title) VALUES (100, 'court', 'Courts');
SQL
$node->command_ok([ 'pg_dumpall', '-f', $dump, '-d', $node->connstr('postgres') ],
	'dump');
like(slurp_file($dump), qr/\Q$want\E/, 'the pseudonym is in the dump');
like(slurp_file($dump), qr/^100\tcourt/m, 'so is the local domain');
$node->stop;

# Hits of a pattern in every file below a directory.
sub hits
{
	my ($where, @patterns) = @_;
	my $n = 0;
	foreach my $file (split /\n/, qx(find '$where' -type f))
	{
		my $text = slurp_file($file);
		$n += () = $text =~ /\Q$_\E/gi foreach @patterns;
	}
	return $n;
}

my $raw = pack('H*', $root);
my @secret = ($root, $raw, substr($root, 0, 24));
is(hits($dir, @secret) > 0, 1, 'the search finds the key where it is');
is(hits($node->data_dir, @secret), 0, 'key in the data directory: 0 hits');
is(hits($dump, @secret, 'Plantedname'), 0, 'key and name in a dump: 0 hits');
my $log = slurp_file($node->logfile);
is(scalar(() = $log =~ /\Q$root\E|\Q$raw\E/g), 0, 'key in the log: 0 hits');
is( scalar(
		grep { /Plantedname/i && !/STATEMENT:|^\t/ } split /\n/,
		$log),
	0,
	'name in our own messages of the log: 0 hits');

done_testing();
