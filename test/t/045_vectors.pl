# Published vectors: a program linked from the extension's own files computes
# every row.  Ours are always there, others where TIP_SHARED_DATA has them.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $src = "$test/../src";
my $dir = PostgreSQL::Test::Utils::tempdir();
my $program = "$dir/vectors";
my $siv = -e "$src/identity_siv.c";

my @sources = map { "$src/identity_$_.c" } qw(crypto ff1), $siv ? 'siv' : ();
command_ok(
	[   $ENV{CC} || 'cc', '-std=gnu99', '-O1', '-Wall', '-Wextra', '-Werror',
		"-I$src", $siv ? '-DHAVE_SIV' : (), '-o', $program,
		"$test/vectors/vectors.c", @sources, '-lcrypto' ],
	'the program compiles without PostgreSQL');

# Rows of a file that agree, are refused, are set apart, and fail
sub rows
{
	my ($kind, $file) = @_;
	my ($out, $err) = run_command([ $program, $kind, $file ]);
	return $out =~ /: (\d+) valid agree, (\d+) invalid refused, (\d+) apart, (\d+) failed$/
	  ? ($out, $1, $2, $3, $4)
	  : ("$out$err", 0, 0, 0, 1);
}

# How many rows of each outcome a file has to have
sub check
{
	my ($kind, $file, $valid, $invalid, $apart) = @_;
  SKIP:
	{
		skip 'no sealing in this tree', 1 if $kind eq 'siv' && !$siv;
		my ($out, @found) = rows($kind, $file);
		is("@found", join(' ', $valid, $invalid, $apart // 0, 0), basename($file) . ": $found[0] + $found[1] rows")
		  or diag($out);
	}
	return;
}

my $ours = "$test/vectors";
check('hmac', "$ours/hmac_sha256.csv", 24, 24);
check('hkdf', "$ours/hkdf_sha256.csv", 24, 1);
check('ff1', "$ours/ff1.csv", 39, 5);
check('siv', "$ours/aes_siv.csv", 18, 18);
command_ok([ $program, 'fast', '50000' ],
	'FF1: the fast path gives what the general one gives for 50000 texts');
command_ok([ $program, 'known' ], 'FF1: its known answer');

# The check can fail: a valid row that is wrong, a right one that is "invalid"
my $text = slurp_file("$ours/ff1.csv");
foreach my $spoilt ([ qr/,([0-9])(?=[0-9]*\n)/, ',9$1', 'a wrong ciphertext' ],
	[ qr/^1,valid/m, '1,invalid', 'a right row marked invalid' ])
{
	my ($from, $to, $what) = @$spoilt;
	(my $changed = $text) =~ s/$from/eval qq{"$to"}/e;
	my $file = "$dir/spoilt.csv";
	unlink $file;
	append_to_file($file, $changed);
	my ($out, @found) = rows('ff1', $file);
	is($found[3], 1, "$what is noticed") or diag($out);
}

# What others have published
my $shared = ($ENV{TIP_SHARED_DATA} || '') . '/crypto';
SKIP:
{
	skip 'no published vectors here', 1 unless -d $shared;
	check('hmac', "$shared/rfc4231_hmac_sha256_sha512.csv", 7, 0);
	check('hmac', "$shared/wycheproof_hmac_sha256.csv", 66, 108);
	check('hkdf', "$shared/rfc5869_hkdf_sha256.csv", 3, 0);
	check('hkdf', "$shared/wycheproof_hkdf_sha256.csv", 83, 3);
	check('ff1', "$shared/nist_ff1_samples.csv", 9, 0);
	# Apart: two or three digits, fewer than a million texts, now refused.
	check('ff1', "$shared/wycheproof_aes_ff1_base32.csv", 2455, 407, 6);
	check('siv', "$shared/rfc5297_aes_siv.csv", 9, 0);
	check('siv', "$shared/wycheproof_aes_siv_cmac.csv", 118, 324);
	my %known = map { $_ => 1 } qw(rfc4231_hmac_sha256_sha512 wycheproof_hmac_sha256
	  rfc5869_hkdf_sha256 wycheproof_hkdf_sha256 nist_ff1_samples
	  wycheproof_aes_ff1_base32 rfc5297_aes_siv wycheproof_aes_siv_cmac);
	is(join(' ', grep { !$known{$_} } map { basename($_, '.csv') } glob "$shared/*.csv"),
		'', 'no file of vectors is left out');
}

done_testing();
