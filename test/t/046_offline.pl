# A partner without this database computes the same pseudonyms from a leaf key,
# with the openssl command; the published values are those of the server.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib dirname(__FILE__) . '/../vectors';
use Independent qw(openssl leaf message pseudonym pseudonym_text victim_code);

my $vectors = abs_path(dirname(__FILE__) . '/../vectors');
my $root_hex = join '', map { sprintf '%02x', $_ } 0 .. 31;
my $root = pack 'H*', $root_hex;
my $dir = PostgreSQL::Test::Utils::tempdir();

# Rows of a CSV file without quotes, as hashes
sub rows
{
	my ($header, @lines) = split /\n/, slurp_file("$vectors/$_[0].csv");
	my @names = split /,/, $header;
	return map { my %row; @row{@names} = split /,/, $_, -1; \%row } @lines;
}

# The files are what the generator prints.
foreach my $name (qw(hmac_sha256 hkdf_sha256 ff1 aes_siv pseudonyms victim_codes))
{
	my ($out) = run_command([ 'perl', "$vectors/generate.pl", $name ]);
	ok("$out\n" eq slurp_file("$vectors/$name.csv"), "$name.csv is as generated");
}

# What the page tells a key holder and a partner to run
sub leaf_by_command
{
	my ($domain, $version) = @_;
	my $info = unpack 'H*', pack 'C/a*C/a*C/a*C/a*', 'tip/v1', 'pseudonym',
	  $domain, pack 'n', $version;
	return unpack 'H*',
	  openssl('', qw(kdf -binary -keylen 32 -kdfopt digest:SHA256 -kdfopt),
		"hexkey:$root_hex", '-kdfopt', "hexinfo:$info", 'HKDF');
}

sub mac_by_command
{
	my ($leaf_hex, $message) = @_;
	return unpack 'H28',
	  openssl($message, qw(mac -binary -digest SHA256 -macopt), "hexkey:$leaf_hex", 'HMAC');
}

my @pseudonyms = rows('pseudonyms');
foreach my $row (@pseudonyms)
{
	my $what = "$row->{domain} $row->{key_version} $row->{kind}";
	my $message = message($row->{kind}, $row->{canonical});
	my $mac = mac_by_command($row->{leaf_hex}, $message);
	is(leaf_by_command($row->{domain}, $row->{key_version}),
		$row->{leaf_hex}, "$what: leaf");
	is(unpack('H*', $message), $row->{message_hex}, "$what: message");
	is( sprintf('0101%04x%04x%s', $row->{domain_number}, $row->{key_version}, $mac),
		$row->{pseudonym_hex}, "$what: pseudonym");
	is(pseudonym_text(pack 'H*', $row->{pseudonym_hex}),
		$row->{pseudonym}, "$what: text");
}

# The commands of the page, one after the other, print what it says.
SKIP:
{
	my $page = "$vectors/../../docs/identity_offline.md";
	skip 'no docs here', 2 unless -e $page;
	my $script = join '', slurp_file($page) =~ /^```sh\n(.*?)^```$/msg;
	unlink "$dir/page.sh";
	append_to_file("$dir/page.sh", "set -eu\ncd '$dir'\n$script");
	my ($printed, $complaint) = run_command([ 'sh', "$dir/page.sh" ]);
	my ($row) = grep { $_->{domain} eq 'ngo' && $_->{key_version} == 1 && $_->{kind} eq 'person_name' } @pseudonyms;
	is($printed, $row->{pseudonym}, 'the commands of the page') or diag($complaint);
	like(slurp_file($page), qr/This prints `\Q$printed\E`/, 'the page says so');
}

# The server gives the same.
my $node = PostgreSQL::Test::Cluster->new('offline');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "tip_module.key_file = '$dir/key'");

# A key ring reads as that of the other tests does.
my ($example) = run_command([ 'sh', "$vectors/../make_key.sh" ]);
my $key_line = $example =~ /^1:active:/m
  ? sub { return "$_[0]:active:2026-01-01:$root_hex\n" }
  : sub { return "version $_[0] $root_hex\n" };

sub use_version
{
	my ($version) = @_;
	unlink "$dir/key";
	append_to_file("$dir/key", $key_line->($version));
	chmod 0600, "$dir/key";
	return;
}

use_version(1);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');

# The text of the type in this tree: check symbols, or hexadecimal digits
my $has_symbols = $node->safe_psql('postgres', q{SELECT tip.pseudonymize('passport', '1', 'ngo')}) =~ /\.[0-9A-Z]{25}$/;

sub text_of
{
	my ($row) = @_;
	return $row->{pseudonym} if $has_symbols;
	return "p1.$row->{domain_number}.$row->{key_version}." . substr $row->{pseudonym_hex}, 12;
}

# Canonical telephone numbers begin with +, where the tree has that form.
my $has_plus = $node->safe_psql('postgres', q{SELECT tip_impl.canonical('phone', '+12465550100')}) =~ /^\+/;

foreach my $row (grep { $has_plus || $_->{kind} ne 'phone' } @pseudonyms)
{
	use_version($row->{key_version});
	my $made = $node->safe_psql('postgres',
		"SELECT encode(tip_impl.pseudonym_send(p), 'hex'), p"
		  . " FROM tip.pseudonymize('$row->{kind}', '$row->{canonical}', '$row->{domain}') AS p");
	is($made, "$row->{pseudonym_hex}|" . text_of($row),
		"$row->{domain} $row->{key_version} $row->{kind}: what the server gives");
}

# Anything else that the server makes, recomputed here
use_version(3);
foreach my $case ([ 'passport', 'x', 'ngo', 2 ], [ 'person_name', 'b' x 300, 'police', 1 ],
	[ 'national_id', '18095550123', 'observatory', 3 ])
{
	my ($kind, $value, $domain, $number) = @$case;
	my $p = pseudonym(leaf($root, 'pseudonym', $domain, 3), $number, 3, $kind, $value);
	is( $node->safe_psql('postgres',
			"SELECT encode(tip_impl.pseudonym_send(tip.pseudonymize('$kind', '$value', '$domain')), 'hex')"),
		unpack('H*', $p), "$domain: another $kind");
}

# Victim codes: what the server makes of a serial number
foreach my $row (rows('victim_codes'))
{
	use_version($row->{key_version});
	is( $node->safe_psql('postgres', <<"SQL"),
SELECT setval('tip_impl.victim_code_serial', $row->{serial}, false) \\g /dev/null
SELECT tip.new_victim_code('$row->{country}');
SQL
		$row->{code}, "$row->{code} is number $row->{serial}");
}
my ($out, $err) = ('', '');
$node->psql('postgres', <<'SQL', stdout => \$out, stderr => \$err);
SELECT setval('tip_impl.victim_code_serial', 35184372088831) \g /dev/null
SELECT tip.new_victim_code('BB');
SQL
like($err, qr/reached maximum value of sequence/, 'after the last serial number there is none');
use_version(32);
$node->psql('postgres', q{SELECT tip.new_victim_code('BB')}, stdout => \$out, stderr => \$err);
like($err, qr/key version 32 is too high for victim codes/, 'no code without room for its version');

# The binary form is checked as the text is.
$node->safe_psql('postgres', 'CREATE TABLE sent (code tip.victim_code)');
foreach my $case ([ '00842d90c24d6a42', 'BB-1DJ31-4TTJ2-SF' ], [ '10842d90c24d6a42', 'a bit too many' ],
	[ '0f842d90c24d6a42', 'no letter' ], [ '08402d90c24d6a42', 'no country' ], [ '842d90c24d6a42', 'too short' ])
{
	my ($hex, $what) = @$case;
	unlink "$dir/binary";
	append_to_file("$dir/binary",
		pack('a11NNnN/a*n', "PGCOPY\n\xff\r\n\0", 0, 0, 1, pack('H*', $hex), 0xffff));
	my ($shown, $complaint) = ('', '');
	$node->psql('postgres', "\\copy sent from '$dir/binary' (format binary)\nTABLE sent; TRUNCATE sent",
		stdout => \$shown, stderr => \$complaint);
	$what =~ /^BB/
	  ? is($shown, $what, 'binary form')
	  : like($complaint, qr/invalid binary victim code|insufficient data/, "binary form: $what");
}

# A dump carries the number of the last code.
use_version(1);
$node->safe_psql('postgres', "SELECT setval('tip_impl.victim_code_serial', 4711)");
command_ok([ 'pg_dump', '-f', "$dir/dump.sql", '-d', $node->connstr('postgres') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/dump.sql", '-d', $node->connstr('restored') ], 'restore');
is( $node->safe_psql('restored', q{SELECT tip.new_victim_code('TT')}),
	victim_code(leaf($root, 'victim_code', 'tt', 1), 'TT', 1, 4712),
	'the first code after a restore is the next one');
$node->stop('immediate');
$node->start;
ok( $node->safe_psql('restored', q{SELECT last_value FROM tip_impl.victim_code_serial}) >= 4712,
	'nor is one given again after a crash');
$node->stop;

done_testing();
