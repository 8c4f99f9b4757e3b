#!/usr/bin/perl
# Make records of people who do not exist, with names as the Caribbean has them,
# and duplicates of them with the mistakes that records of people have.  The
# same options make the same bytes on every machine.
#
#	perl test/names/generate.pl [--seed 1] [--persons 200] [--duplicates 200]
#		[--error-rate 1.5] [--kinds typing,hyphen] [--truth FILE] > FILE
#
# The records are CSV, named as FEBRL names its own: rec-7-org is a person,
# rec-7-dup-0 the same person recorded once more.  --error-rate is the mean
# number of mistakes in a duplicate, at least one; --kinds restricts them to
# some kinds.  --truth FILE gets one line for each duplicate: the record that it
# repeats and the kinds of mistake in it, in the order in which they were made.
# --list-kinds prints every kind and what it is a mistake in; "spelling" is a
# name written another way, which canonicalisation must see through.
#
# The fixture test/fixtures/names.csv is made by
#	perl test/names/generate.pl --truth test/fixtures/names_truth.csv \
#		> test/fixtures/names.csv
use strict;
use warnings;
use utf8;
use integer;
use File::Basename;
use Getopt::Long;

my %option = (
	'seed' => 1,
	'persons' => 200,
	'duplicates' => 200,
	'error-rate' => '1.5',
	'kinds' => '');
GetOptions(\%option, 'seed=i', 'persons=i', 'duplicates=i', 'error-rate=s',
	'kinds=s', 'truth=s', 'list-kinds')
  or die "usage: see the head of $0\n";
my $most = 4;    # duplicates of one person
die "at most $most duplicates a person\n"
  if $option{duplicates} > $most * $option{persons};
my ($whole, $fraction) = $option{'error-rate'} =~ /^(\d{1,3})(?:\.(\d{1,2}))?$/
  or die "--error-rate has at most two decimals\n";
my $rate = 100 * $whole + substr(($fraction // '') . '00', 0, 2);

# Two multiplicative congruential generators combined (L'Ecuyer 1988): perl's
# own rand() differs from machine to machine.
my ($s1, $s2);

sub draw
{
	my ($n) = @_;
	$s1 = $s1 * 40014 % 2147483563;
	$s2 = $s2 * 40692 % 2147483399;
	return (($s1 - $s2 + 2147483562) % 2147483562) % $n;
}

# Every person and every duplicate has a stream of its own, so that more of them
# leave the first ones as they are.
sub start_stream
{
	my ($what, $n) = @_;
	$s1 = 1 + ($option{seed} * 7919 + $what * 104729 + $n * 15485863) % 2147483561;
	$s2 = 1 + ($option{seed} * 6101 + $what * 224737 + $n * 32452843) % 2147483397;
	draw(2) for 1 .. 12;
	return;
}

sub chance { return draw(100) < $_[0] }
sub one_of { return $_[ draw(scalar @_) ] }

my (%list, %weight);

sub read_lists
{
	my $section;
	open my $in, '<:encoding(UTF-8)', dirname(__FILE__) . '/lists.txt' or die "lists.txt: $!\n";
	while (<$in>)
	{
		next if /^\s*(?:#|$)/;
		if (/^\[(.*)\]$/) { $section = $1; next }
		my ($name, $weight) = /^(.+) (\d+)$/ or die "lists.txt:$.: no weight\n";
		push @{ $list{$section} }, [ $name, $weight ];
		$weight{$section} += $weight;
	}
	close $in;
	return;
}

sub from_list
{
	my ($section) = @_;
	my $at = draw($weight{$section});
	foreach my $entry (@{ $list{$section} })
	{
		$at -= $entry->[1];
		return $entry->[0] if $at < 0;
	}
	die "unreachable\n";
}

# People.  A name is kept in parts until it is written: given names, surname,
# second surname.

my %areas = (
	english => [ 246, 876, 868, 268 ], spanish => [ 809, 829 ], kreyol => [ 758, 767 ],
	indian => [868], chinese => [ 868, 876 ], dutch => [721], garifuna => [784]);

sub make_given
{
	my ($origin, $sex) = @_;
	my $given = from_list("$origin given $sex");
	if ($origin eq 'spanish' && $given !~ / / && chance(30))
	{
		my $more = from_list("$origin given $sex");
		$given .= " $more" if $more !~ / / && $more ne $given;
	}
	elsif ($origin eq 'chinese' && chance(30))
	{
		$given = from_list("english given $sex") . " $given";
	}
	elsif ($list{"$origin middle $sex"} && chance(40))
	{
		my $more = from_list("$origin middle $sex");
		$given .= " $more" if $more ne $given;
	}
	return $given;
}

sub make_surnames
{
	my ($origin) = @_;
	my $surname = from_list("$origin surname");
	my $other = from_list("$origin surname");
	return ($surname, $other) if $origin eq 'spanish' && chance(85);
	return ("$surname-$other", '')
	  if $origin eq 'english' && "$surname$other" !~ /[ -]/ && $surname ne $other && chance(6);
	return ($surname, '');
}

sub passport { return 'ZZ' . (1000000 + draw(9000000)) }

# 555-01xx is kept free for numbers that nobody has.
sub phone
{
	my ($origin) = @_;
	return sprintf '+1 %d 555 01%02d', one_of(@{ $areas{$origin} }), draw(100);
}

sub make_person
{
	my ($n) = @_;
	start_stream(1, $n);
	my $origin = from_list('origin');
	my $sex = chance(60) ? 'female' : 'male';
	my $given = make_given($origin, $sex);
	my ($surname, $second) = make_surnames($origin);
	my $year = 1960 + (draw(50) + draw(50)) / 2;
	my %person = (
		rec_id => "rec-$n-org", origin => $origin, sex => $sex,
		given => $given, surname => $surname, second => $second,
		layout => 'plain', letters => 'as is', pad => '',
		year => $year, month => 1 + draw(12), day => 1 + draw(28), precision => 'day',
		passport => '', national_id => '', phone => '');
	$person{precision} = one_of(qw(year none)) if chance(8);
	$person{passport} = passport() if chance(70);
	$person{national_id} = 100000 + draw(900000) . '-' . (1000 + draw(9000)) if chance(60);
	$person{phone} = phone($origin) if chance(60);
	return \%person;
}

# Writing.

my %base = ('áàâä' => 'a', 'éèêë' => 'e', 'íìîï' => 'i', 'óòôö' => 'o', 'úùûü' => 'u',
	'ñ' => 'n', 'ç' => 'c', 'ÁÀÂÄ' => 'A', 'ÉÈÊË' => 'E', 'ÍÌÎÏ' => 'I',
	'ÓÒÔÖ' => 'O', 'ÚÙÛÜ' => 'U', 'Ñ' => 'N', 'Ç' => 'C');
my %sign = (0 => "\x{301}", 1 => "\x{300}", 2 => "\x{302}", 3 => "\x{308}");
my (%plain, %apart);

foreach my $letters (keys %base)
{
	my @letters = split //, $letters;
	foreach my $i (0 .. $#letters)
	{
		my $sign = $letters =~ /ñ/i ? "\x{303}" : $letters =~ /ç/i ? "\x{327}" : $sign{$i};
		$plain{ $letters[$i] } = $base{$letters};
		$apart{ $letters[$i] } = $base{$letters} . $sign;
	}
}
my $marked = '[' . join('', sort keys %plain) . ']';

sub surnames
{
	my ($r) = @_;
	return join ' ', grep { $_ ne '' } $r->{surname}, $r->{second};
}

sub person_name
{
	my ($r) = @_;
	my $surnames = surnames($r);
	my ($first, $last) = $r->{layout} eq 'plain' ? ($r->{given}, $surnames) : ($surnames, $r->{given});
	my $between = $r->{layout} eq 'comma' ? ', ' : $r->{pad} eq 'double' ? '  ' : ' ';
	my $name = join $between, grep { $_ ne '' } $first, $last;
	return $r->{pad} eq 'outer' ? " $name " : $name;
}

sub letters
{
	my ($r, $text) = @_;
	$text = uc $text if $r->{letters} eq 'upper';
	$text = lc $text if $r->{letters} eq 'lower';
	$text =~ s/($marked)/$apart{$1}/g if $r->{apart};
	return $text;
}

sub birth_date
{
	my ($r) = @_;
	return '' if $r->{precision} eq 'none';
	return $r->{year} if $r->{precision} eq 'year';
	return "$r->{year}~" if $r->{precision} eq 'estimated';
	return sprintf '%d-%02d-%02d', @$r{qw(year month day)};
}

sub line
{
	my ($r) = @_;
	my @fields = (
		$r->{rec_id}, $r->{origin}, letters($r, person_name($r)), letters($r, $r->{given}),
		letters($r, surnames($r)), birth_date($r), @$r{qw(sex passport national_id phone)});
	return join(',', map { /[", ]/ ? '"' . s/"/""/gr . '"' : $_ } @fields) . "\n";
}

# Mistakes.  Each changes the record, or returns false where there is nothing to
# make it in.

sub in_names
{
	my ($r, $change) = @_;
	my $changed = 0;
	foreach my $part (qw(given surname second))
	{
		local $_ = $r->{$part};
		$change->();
		$changed ||= $_ ne $r->{$part};
		$r->{$part} = $_;
	}
	return $changed;
}

sub other_of
{
	my ($was, @forms) = @_;
	return one_of(grep { $_ ne $was } @forms);
}

sub set_letters
{
	my ($r, $how) = @_;
	$r->{letters} = $how;
	return 1;
}

sub hyphen
{
	my ($r) = @_;
	return in_names($r, sub { s/-/ /g }) if "$r->{given}$r->{surname}$r->{second}" =~ /-/;
	return in_names($r, sub { s/ /-/ });
}

sub kreyol
{
	my ($r) = @_;
	return 0 if $r->{origin} ne 'kreyol';
	return in_names($r, sub {
		s/Jean/Jan/g; s/ph/f/g; s/qu(?=[eè])/k/g; s/oi/wa/g; s/C(?=[oa])/K/g;
		s/c(?=[oa])/k/g; s/ie\b/i/g; s/Pierre/Pyè/g; s/Ro/Wo/g; s/ç/s/g;
		s/se\b/z/g; });
}

sub drop_particle
{
	my ($r) = @_;
	return in_names($r, sub { s/\b(?:de la|de los|del|de|van der|van den|van 't|van) (?=\p{Lu})// });
}

sub middle
{
	my ($r) = @_;
	$r->{given} =~ / / or return 0;
	my $short = chance(50);
	$r->{given} =~ s/^(\S+) (?:del |de )?(\S)\S*.*/$short ? "$1 $2." : $1/e;
	return 1;
}

my %abbreviation = (María => 'Ma.', Francisco => 'Fco.', William => 'Wm.', Charles => 'Chas.',
	José => 'J.', Joseph => 'Jos.', Elizabeth => 'Eliz.');

sub abbreviate
{
	my ($r) = @_;
	$r->{given} =~ s{^(\w+)}{$abbreviation{$1} // $1}e;
	return $r->{given} =~ /^\w+\./;
}

sub mohammed
{
	my ($r) = @_;
	return in_names($r, sub {
		s/\b(M[ou]hamm?[ae]d)\b/other_of($1, qw(Mohammed Mohamed Muhammad Mohamad))/e });
}

sub persad
{
	my ($r) = @_;
	return in_names($r, sub { s/\b(Pers[a]u?d|Prasad)\b/other_of($1, qw(Persad Persaud Prasad))/e });
}

# One key wrong: left out, another one, one too many, or two the wrong way round.
sub typing
{
	my ($r) = @_;
	my $part = chance(50) ? 'given' : 'surname';
	my $was = $r->{$part};
	length $was >= 4 or return 0;
	my $at = 1 + draw(length($was) - 2);
	my $two = substr $was, $at, 2;
	$two =~ /^\p{Ll}\p{Ll}$/ or return 0;
	my ($a, $b) = split //, $two;
	my $new = one_of("$b", "$b$a", "$a$a$b", chr(97 + draw(26)) . $b);
	substr $r->{$part}, $at, 2, $new;
	return $r->{$part} ne $was;
}

sub married
{
	my ($r) = @_;
	return 0 if $r->{sex} ne 'female';
	my $husband = from_list("$r->{origin} surname");
	return 0 if $husband eq $r->{surname};
	if ($r->{origin} eq 'spanish') { $r->{second} = $husband =~ /^de/ ? $husband : "de $husband" }
	elsif ($husband !~ /[ -]/ && $r->{surname} !~ /[ -]/ && chance(40)) { $r->{surname} .= "-$husband" }
	else { $r->{surname} = $husband }
	return 1;
}

sub alias
{
	my ($r) = @_;
	@$r{qw(given surname second)} = (from_list('alias'), '', '');
	return 1;
}

sub truncated
{
	my ($r) = @_;
	my $part = $r->{second} ne '' ? 'second' : 'surname';
	length $r->{$part} > 5 or return 0;
	$r->{$part} = substr $r->{$part}, 0, 3 + draw(2);
	return 1;
}

sub swap_day
{
	my ($r) = @_;
	return 0 if $r->{precision} ne 'day' || $r->{day} > 12 || $r->{day} == $r->{month};
	@$r{qw(day month)} = @$r{qw(month day)};
	return 1;
}

sub birth_to
{
	my ($r, $precision) = @_;
	return 0 if $r->{precision} ne 'day';
	$r->{precision} = $precision;
	return 1;
}

sub default_day
{
	my ($r) = @_;
	return 0 if $r->{precision} ne 'day' || $r->{day} == 1 && $r->{month} == 1;
	@$r{qw(month day)} = (1, 1);
	return 1;
}

sub estimate
{
	my ($r) = @_;
	birth_to($r, 'estimated') or return 0;
	$r->{year} += draw(7) - 3;
	return 1;
}

sub replace
{
	my ($r, $field, $value) = @_;
	return 0 if $r->{$field} eq '' || $r->{$field} eq $value;
	$r->{$field} = $value;
	return 1;
}

sub set_layout { $_[0]{layout} = $_[1]; return 1 }

# kind, what it is a mistake in, weight, at most one of this group, how
my @kinds = (
	[ 'marks', 'spelling', 8, 'marks', sub {
		my ($r) = @_; in_names($r, sub { s/($marked)/$plain{$1}/g }) } ],
	[ 'decomposed', 'spelling', 3, 'marks', sub {
		my ($r) = @_; $r->{apart} = 1; person_name($r) =~ /$marked/ } ],
	[ 'upper', 'spelling', 6, 'case', sub { set_letters($_[0], 'upper') } ],
	[ 'lower', 'spelling', 3, 'case', sub { set_letters($_[0], 'lower') } ],
	[ 'hyphen', 'spelling', 6, 'joint', \&hyphen ],
	[ 'apostrophe', 'spelling', 30, 'apostrophe', sub {
		my ($r) = @_; my $new = one_of('', "\x{2019}"); in_names($r, sub { s/'/$new/g }) } ],
	[ 'saint', 'spelling', 40, 'saint', sub { my ($r) = @_; in_names($r, sub {
		s/\b(Saint|St\.|St)(?=[ -])/other_of($1, 'Saint', 'St.', 'St')/ge;
		s/\b(Sainte|Ste\.|Ste)(?=[ -])/other_of($1, 'Sainte', 'Ste.', 'Ste')/ge }) } ],
	[ 'jean', 'spelling', 30, 'jean', sub {
		my ($r) = @_; return 0 if $r->{origin} ne 'kreyol';
		in_names($r, sub { s/\b(Jean|Jn)(?=[ -])/$1 eq 'Jn' ? 'Jean' : 'Jn'/ge }) } ],
	[ 'spaces', 'spelling', 2, 'spaces', sub { $_[0]{pad} = one_of('outer', 'double') } ],
	[ 'order', 'spelling', 4, 'layout', sub { set_layout($_[0], 'swapped') } ],
	[ 'comma', 'spelling', 6, 'layout', sub { set_layout($_[0], 'comma') } ],
	[ 'second_dropped', 'name', 16, 'second', sub { replace($_[0], 'second', '') } ],
	[ 'first_dropped', 'name', 4, 'second', sub {
		my ($r) = @_; return 0 if $r->{second} eq '' || $r->{second} eq $r->{surname};
		@$r{qw(surname second)} = ($r->{second}, ''); 1 } ],
	[ 'particle', 'name', 20, 'particle', \&drop_particle ],
	[ 'middle', 'name', 5, 'given', \&middle ],
	[ 'abbreviated', 'name', 8, 'given', \&abbreviate ],
	[ 'joined', 'name', 2, 'joint', sub {
		in_names($_[0], sub { s/(?<=\w)[ -]([[:upper:]])(?=[[:lower:]]{2})/lc $1/e }) } ],
	[ 'kreyol', 'name', 20, 'kreyol', \&kreyol ],
	[ 'mohammed', 'name', 30, 'mohammed', \&mohammed ],
	[ 'persad', 'name', 30, 'persad', \&persad ],
	[ 'mac', 'name', 30, 'mac', sub { in_names($_[0], sub {
		s/\b(Mac|Mc)(?=\p{Lu})/other_of($1, 'Mac', 'Mc', 'Mc ')/e }) } ],
	[ 'typing', 'name', 10, 'typing', \&typing ],
	[ 'married', 'name', 3, 'second', \&married ],
	[ 'alias', 'name', 2, 'alias', \&alias ],
	[ 'truncated', 'name', 2, 'truncated', \&truncated ],
	[ 'birth_unknown', 'birth', 3, 'birth', sub { birth_to($_[0], 'none') } ],
	[ 'birth_year', 'birth', 5, 'birth', sub { birth_to($_[0], 'year') } ],
	[ 'birth_default', 'birth', 4, 'birth', \&default_day ],
	[ 'birth_swapped', 'birth', 5, 'birth', \&swap_day ],
	[ 'birth_estimated', 'birth', 4, 'birth', \&estimate ],
	[ 'passport_renewed', 'document', 5, 'passport', sub { replace($_[0], 'passport', passport()) } ],
	[ 'passport_missing', 'document', 3, 'passport', sub { replace($_[0], 'passport', '') } ],
	[ 'passport_spaced', 'number', 2, 'passport', sub {
		$_[0]{passport} =~ s/^(ZZ)(\d{3})(\d{4})$/lc($1) . " $2-$3"/e } ],
	[ 'id_missing', 'document', 3, 'id', sub { replace($_[0], 'national_id', '') } ],
	[ 'id_spaced', 'number', 2, 'id', sub { $_[0]{national_id} =~ s/-/ / } ],
	[ 'phone_changed', 'document', 3, 'phone', sub { replace($_[0], 'phone', phone($_[0]{origin})) } ],
	[ 'phone_spaced', 'number', 2, 'phone', sub {
		$_[0]{phone} =~ s/^\+1 (\d+) (\d+) (\d+)$/+1 ($1) $2-$3/ } ],
	[ 'sex_unknown', 'sex', 3, 'sex', sub { replace($_[0], 'sex', 'unknown') } ],
	[ 'sex_wrong', 'sex', 1, 'sex', sub {
		replace($_[0], 'sex', $_[0]{sex} eq 'male' ? 'female' : 'male') } ]);

if ($option{'list-kinds'})
{
	print map { "$_->[0] $_->[1]\n" } @kinds;
	exit 0;
}
if ($option{kinds} ne '')
{
	my %wanted = map { $_ => 1 } split /,/, $option{kinds};
	@kinds = grep { delete $wanted{ $_->[0] } } @kinds;
	die 'no such kind: ' . join(', ', sort keys %wanted) . "\n" if %wanted;
}
my $all_kinds = 0;
$all_kinds += $_->[2] for @kinds;

sub draw_kind
{
	my $at = draw($all_kinds);
	foreach my $kind (@kinds)
	{
		$at -= $kind->[2];
		return $kind if $at < 0;
	}
	die "unreachable\n";
}

sub is_of_name { return $_[0] eq 'spelling' || $_[0] eq 'name' }

# An alias has nothing of the name, so no other mistake can be made in it.
sub fits
{
	my ($kind, $done) = @_;
	my ($name, $area, undef, $group) = @$kind;
	return 0 if $done->{$group};
	return !$done->{name} if $name eq 'alias';
	return !($done->{alias} && is_of_name($area));
}

# Make a mistake of some kind in a copy; the kind, or nothing where none fits.
sub one_mistake
{
	my ($r, $done) = @_;
	foreach (1 .. 200)
	{
		my $kind = draw_kind();
		fits($kind, $done) or next;
		my %copy = %$r;
		$kind->[4]->(\%copy) && line(\%copy) ne line($r) or next;
		%$r = %copy;
		$done->{ $kind->[3] } = 1;
		$done->{name} = 1 if is_of_name($kind->[1]);
		return $kind->[0];
	}
	return;
}

sub make_duplicate
{
	my ($person, $k, $stream) = @_;
	my %r = %$person;
	start_stream(2, $stream);
	my $wanted = $rate / 100;
	$wanted++ if chance($rate % 100);
	$wanted ||= 1;
	$r{rec_id} =~ s/-org$/-dup-$k/;
	my (%done, @made);
	while (@made < $wanted)
	{
		my $kind = one_mistake(\%r, \%done) or last;
		push @made, $kind;
	}
	return (\%r, @made);
}

# The person that each duplicate is of.
sub spread
{
	my %times;
	foreach my $d (1 .. $option{duplicates})
	{
		start_stream(3, $d);
		my $n = draw($option{persons});
		$n = ($n + 1) % $option{persons} while ($times{$n} // 0) >= $most;
		$times{$n}++;
	}
	return \%times;
}

read_lists();
binmode STDOUT, ':encoding(UTF-8)';
my $truth;
if (defined $option{truth})
{
	open $truth, '>:encoding(UTF-8)', $option{truth} or die "$option{truth}: $!\n";
	print $truth "rec_id,original,mistakes\n";
}
print "rec_id,origin,person_name,given,surname,birth_date,sex,passport,national_id,phone\n";
my $times = spread();
foreach my $n (0 .. $option{persons} - 1)
{
	my $person = make_person($n);
	print line($person);
	foreach my $k (0 .. ($times->{$n} // 0) - 1)
	{
		my ($r, @made) = make_duplicate($person, $k, $n * $most + $k);
		# with few kinds there may be nothing to make a mistake in
		next if !@made;
		print line($r);
		print $truth "$r->{rec_id},$person->{rec_id},@made\n" if $truth;
	}
}
close $truth if $truth;
