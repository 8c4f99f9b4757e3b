# What the extension computes, written once more from the standards: Perl's own
# SHA, big numbers, and the openssl command for AES.  Slow, and meant to be.
package Independent;
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use Exporter 'import';
use File::Temp;
use Math::BigInt;

our @EXPORT_OK =
  qw(hkdf hmac leaf ff1 siv message pseudonym pseudonym_text victim_code openssl);

my @symbols = split //, '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
my $version_of_canonical_form = 1;

sub hex_of { return unpack 'H*', $_[0] }

# Output of the openssl command for an input.
sub openssl
{
	my ($input, @arguments) = @_;
	my $file = File::Temp->new;
	binmode $file;
	print $file $input;
	close $file;
	my $output = qx(openssl @arguments <$file);
	die 'the openssl command failed' if $?;
	return $output;
}

sub hmac { return hmac_sha256($_[1], $_[0]) }

# RFC 5869
sub hkdf
{
	my ($key, $salt, $info, $len) = @_;
	my $prk = hmac_sha256($key, $salt eq '' ? "\0" x 32 : $salt);
	my ($out, $t, $i) = ('', '', 1);
	while (length $out < $len)
	{
		$t = hmac_sha256($t . $info . chr $i++, $prk);
		$out .= $t;
	}
	return substr $out, 0, $len;
}

sub leaf
{
	my ($root, $purpose, $domain, $version, $len) = @_;
	return hkdf($root, '',
		pack('C/a*C/a*C/a*C/a*', 'tip/v1', $purpose, $domain, pack('n', $version)),
		$len || 32);
}

sub aes
{
	my ($key, $mode, $iv, $input) = @_;
	my $bits = 8 * length $key;
	return openssl($input, 'enc', "-aes-$bits-$mode", '-nopad', '-K',
		hex_of($key), $mode eq 'ecb' ? () : ('-iv', hex_of($iv)));
}

sub number_of
{
	my ($radix, @digits) = @_;
	my $number = Math::BigInt->new(0);
	$number->bmul($radix)->badd($_) foreach @digits;
	return $number;
}

sub digits_of
{
	my ($number, $radix, $m) = @_;
	my $rest = $number->copy;
	my @digits;
	for (1 .. $m)
	{
		my ($quotient, $digit) = $rest->copy->bdiv($radix);
		unshift @digits, $digit->numify;
		$rest = $quotient;
	}
	return @digits;
}

# NIST SP 800-38G, algorithm 7, step by step
sub ff1
{
	my ($key, $radix, $tweak, @text) = @_;
	my $n = @text;
	my $t = length $tweak;
	my $u = int($n / 2);
	my $v = $n - $u;
	my @a = @text[ 0 .. $u - 1 ];
	my @b = @text[ $u .. $n - 1 ];
	my $most = Math::BigInt->new($radix)->bpow($v)->bdec;
	my $b = int((length($most->as_bin) - 2 + 7) / 8);
	my $d = 4 * int(($b + 3) / 4) + 4;
	my $p = pack('C3', 1, 2, 1) . substr(pack('N', $radix), 1)
	  . pack('CCNN', 10, $u % 256, $n, $t);
	foreach my $i (0 .. 9)
	{
		my $hex = number_of($radix, @b)->as_hex;
		$hex =~ s/^0x//;
		my $q = $tweak . "\0" x ((-$t - $b - 1) % 16) . chr($i)
		  . pack('H*', '0' x (2 * $b - length $hex) . $hex);
		my $r = substr aes($key, 'cbc', "\0" x 16, $p . $q), -16;
		my $s = $r;
		for (my $j = 1; length $s < $d; $j++)
		{
			$s .= aes($key, 'ecb', '', $r ^ pack('x12N', $j));
		}
		my $y = Math::BigInt->from_hex(hex_of(substr $s, 0, $d));
		my $m = $i % 2 == 0 ? $u : $v;
		my $c = number_of($radix, @a)->badd($y)
		  ->bmod(Math::BigInt->new($radix)->bpow($m));
		@a = @b;
		@b = digits_of($c, $radix, $m);
	}
	return (@a, @b);
}

sub cmac
{
	my ($key, $input) = @_;
	my $bits = 8 * length $key;
	my $out = openssl($input, 'mac', '-cipher', "AES-$bits-CBC", '-macopt',
		'hexkey:' . hex_of($key), 'CMAC');
	return pack 'H*', $out =~ /^([0-9A-F]{32})$/m;
}

sub double
{
	my $bits = unpack 'B128', $_[0];
	my $shifted = pack 'B128', substr($bits, 1) . '0';
	return substr($bits, 0, 1) ? $shifted ^ pack('x15C', 0x87) : $shifted;
}

# RFC 5297: the tag, then the text
sub siv
{
	my ($key, $plain, @ad) = @_;
	my $half = length($key) / 2;
	my $mac = substr $key, 0, $half;
	my $d = cmac($mac, "\0" x 16);
	$d = double($d) ^ cmac($mac, $_) foreach @ad;
	my $t = length $plain >= 16
	  ? substr($plain, 0, -16) . (substr($plain, -16) ^ $d)
	  : double($d) ^ pack('a16', $plain . "\x80");
	my $tag = cmac($mac, $t);
	my $count = $tag & pack('H*', 'ffffffffffffffff7fffffff7fffffff');
	return $tag . ($plain eq '' ? '' : aes(substr($key, $half), 'ctr', $count, $plain));
}

# Two symbols, so that the word as a polynomial is zero at 2 and at 4, found by
# trying all.  Powers of 2 in GF(32) under x^5 + x^2 + 1:
my @power = (1);
for (1 .. 30)
{
	my $next = $power[-1] << 1;
	push @power, $next & 32 ? $next ^ 0x25 : $next;
}
my %log = map { $power[$_] => $_ } 0 .. 30;

sub value_at
{
	my ($log, @word) = @_;
	my $sum = 0;
	$sum = ($sum ? $power[ ($log{$sum} + $log) % 31 ] : 0) ^ $_ foreach @word;
	return $sum;
}

sub checked
{
	my @word = @_;
	foreach my $high (0 .. 31)
	{
		foreach my $low (0 .. 31)
		{
			my @all = (@word, $high, $low);
			return ($high, $low) if !value_at(1, @all) && !value_at(2, @all);
		}
	}
	die;
}

# What is authenticated: format, version of the canonical form, fields
sub message
{
	return pack 'CC(N/a*)*', 1, $version_of_canonical_form, @_;
}

# Policy 1, a person's: domain and version by number, 14 bytes of the digest
sub pseudonym
{
	my ($leaf, $domain, $version, @fields) = @_;
	return pack('CCnn', 1, 1, $domain, $version)
	  . substr hmac($leaf, message(@fields)), 0, 14;
}

sub pseudonym_text
{
	my ($format, $policy, $domain, $version, $mac) = unpack 'CCnna14', $_[0];
	my $bits = unpack('B112', $mac) . '000';
	my @mac = map { oct '0b' . substr $bits, 5 * $_, 5 } 0 .. 22;
	my @bound = ($domain >> 10, $domain >> 5 & 31, $domain & 31,
		$version >> 10 & 31, $version >> 5 & 31, $version & 31);
	my @check = checked(@bound, @mac[ 0 .. 21 ],
		$mac[22] | $policy << 1 | $version >> 15);
	return sprintf '%s%d.%d.%d.%s', substr(' pde', $policy, 1), $format,
	  $domain, $version, join '', @symbols[ @mac, @check ];
}

# First symbol: the version of the key; nine more: FF1 of the serial number
sub victim_code
{
	my ($leaf, $country, $version, $serial) = @_;
	my @payload = ($version,
		ff1($leaf, 32, '', digits_of(Math::BigInt->new($serial), 32, 9)));
	my @check = checked((map { ord($_) - ord 'A' } split //, $country), @payload);
	my $text = join '', @symbols[ @payload, @check ];
	return join '-', $country, unpack 'A5A5A2', $text;
}

1;
