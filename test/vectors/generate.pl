# Print one of the vector files of this directory: perl generate.pl NAME.
# What it prints never changes: the values to compute from are digests of their
# names.  CSV columns are those of Project Wycheproof where it has them.
use strict;
use warnings;
use Digest::SHA qw(sha256);
use FindBin qw($Bin);
use lib $Bin;
use Independent qw(hkdf hmac leaf ff1 siv message pseudonym pseudonym_text victim_code);

my $root = pack 'H*', join '', map { sprintf '%02x', $_ } 0 .. 31;

# Bytes that stand for a name
sub bytes
{
	my ($name, $len) = @_;
	my $all = '';
	for (my $i = 0; length $all < $len; $i++) { $all .= sha256("$name $i") }
	return substr $all, 0, $len;
}

sub row { print join(',', @_), "\n"; return }
sub hexes { return map { unpack 'H*', $_ } @_ }

# The same row with one bit of the tag flipped must be refused.
sub flipped
{
	my ($tag, $bit) = @_;
	vec($tag, $bit, 1) ^= 1;
	return $tag;
}

my %files = (
	hmac_sha256 => sub {
		row(qw(tc_id result key_hex msg_hex tag_hex));
		foreach my $i (1 .. 24)
		{
			my ($key, $message) = (bytes("key $i", 6 * $i), bytes("message $i", 5 * ($i - 1)));
			my $tag = hmac($key, $message);
			row($i, 'valid', hexes($key, $message, $tag));
			row(100 + $i, 'invalid', hexes($key, $message, flipped($tag, 10 * $i)));
		}
	},
	hkdf_sha256 => sub {
		row(qw(tc_id result ikm_hex salt_hex info_hex size okm_hex));
		foreach my $i (1 .. 24)
		{
			my @input = (bytes("ikm $i", 32), bytes("salt $i", 4 * ($i % 5)), bytes("info $i", 3 * $i));
			row($i, 'valid', hexes(@input), 7 * $i, hexes(hkdf(@input, 7 * $i)));
		}
		row(100, 'invalid', hexes($root, '', ''), 255 * 32 + 1, '');
	},
	ff1 => sub {
		row(qw(tc_id result key_bits radix alphabet key_hex tweak_hex plaintext ciphertext));
		my @all = ('0' .. '9', 'a' .. 'z');
		my @base32 = split //, '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
		my $id = 0;
		foreach my $case ([ 10, 6, 0 ], [ 10, 56, 8 ], [ 2, 20, 0 ], [ 2, 41, 3 ],
			[ 36, 19, 11 ], [ 26, 31, 16 ], [ 7, 9, 1 ], [ 32, 4, 0 ], [ 32, 5, 0 ],
			[ 32, 9, 0 ], [ 32, 10, 0 ], [ 32, 10, 5 ], [ 32, 11, 0 ])
		{
			my ($radix, $len, $tweak_len) = @$case;
			my @alphabet = $radix == 32 ? @base32 : @all[ 0 .. $radix - 1 ];
			foreach my $key_len (16, 24, 32)
			{
				$id++;
				my ($key, $tweak) = (bytes("key $id", $key_len), bytes("tweak $id", $tweak_len));
				my @text = map { $_ % $radix } unpack 'C*', bytes("text $id", $len);
				row($id, 'valid', 8 * $key_len, $radix, join('', @alphabet),
					hexes($key, $tweak), join('', @alphabet[@text]),
					join('', @alphabet[ ff1($key, $radix, $tweak, @text) ]));
			}
		}
		my @bad = (128, 10, '0123456789', hexes(bytes('key', 16), ''));
		row(100, 'invalid', @bad, '01234567a9', '');
		row(101, 'invalid', @bad, '1', '');
		row(102, 'invalid', @bad, '', '');
		row(103, 'invalid', 120, 10, '0123456789', hexes(bytes('key', 15), ''), '0123456789', '');
		row(104, 'invalid', @bad, '12345', '');
	},
	aes_siv => sub {
		row(qw(name result key_hex aad_hex_list tag_hex ct_hex msg_hex));
		foreach my $i (1 .. 18)
		{
			my $key = bytes("key $i", (32, 48, 64)[ $i % 3 ]);
			my $plain = bytes("plain $i", 1 + 3 * ($i - 1));
			my @ad = map { bytes("ad $i $_", 4 * $_ + $i) } 1 .. $i % 4;
			my ($tag, $text) = unpack 'a16a*', siv($key, $plain, @ad);
			my $list = join '|', hexes(@ad);
			row($i, 'valid', hexes($key), $list, hexes($tag, $text, $plain));
			row(100 + $i, 'invalid', hexes($key), $list, hexes(flipped($tag, 7 * $i), $text, $plain));
		}
	},
	pseudonyms => sub {
		row(qw(domain domain_number key_version leaf_hex kind canonical message_hex pseudonym_hex pseudonym));
		my %number = (police => 1, ngo => 2, observatory => 3);
		foreach my $domain (sort keys %number)
		{
			foreach my $version (1, 2, 40000)
			{
				my $leaf = leaf($root, 'pseudonym', $domain, $version);
				foreach my $case ([ 'person_name', 'ana maria' ], [ 'passport', 'ab123456' ],
					[ 'national_id', '19800101' ], [ 'phone', '+12465550100' ])
				{
					my $p = pseudonym($leaf, $number{$domain}, $version, @$case);
					row($domain, $number{$domain}, $version, hexes($leaf), @$case,
						hexes(message(@$case), $p), pseudonym_text($p));
				}
			}
		}
	},
	victim_codes => sub {
		row(qw(country key_version leaf_hex serial code));
		foreach my $country (qw(BB TT HT ZZ))
		{
			foreach my $case ([ 1, 1 ], [ 1, 2 ], [ 1, 1000000 ], [ 1, 35184372088831 ],
				[ 2, 1 ], [ 31, 1 ])
			{
				my ($version, $serial) = @$case;
				my $leaf = leaf($root, 'victim_code', lc $country, $version);
				row($country, $version, hexes($leaf), $serial,
					victim_code($leaf, $country, $version, $serial));
			}
		}
	});

my $print = $files{ $ARGV[0] // '' }
  or die 'usage: generate.pl ' . join('|', sort keys %files) . "\n";
$print->();
