# What exact matching of pseudonyms finds: the baseline that linkage has to beat.
# Of FEBRL where TIP_SHARED_DATA has it, of generated names always.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $shared = ($ENV{TIP_SHARED_DATA} // '') . '/linkage';

my $node = PostgreSQL::Test::Cluster->new('linkage');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
my $key = $node->basedir . '/linkage.key';
system_or_bail('sh', '-c', "umask 077; sh '$test/make_key.sh' > '$key'");
$node->append_conf('postgresql.conf', "tip_module.key_file = '$key'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION tip_module;
	CREATE TABLE febrl (rec_id text, given_name text, surname text, street_number text,
		address_1 text, address_2 text, suburb text, postcode text, state text,
		date_of_birth text, soc_sec_id text);
	CREATE TABLE generated (rec_id text, origin text, person_name text, given text,
		surname text, birth_date text, sex text, passport text, national_id text, phone text);
	CREATE TABLE person (rec_id text, person text, name text, birth_date text);
});

# A day that the calendar has not is no birth date.
my $day = q{CASE WHEN d ~ '^[0-9]{8}$' AND substr(d, 5, 2) BETWEEN '01' AND '12'
	AND substr(d, 7)::int BETWEEN 1 AND extract(day FROM make_date(substr(d, 1, 4)::int,
		substr(d, 5, 2)::int, 1) + interval '1 month - 1 day')
	THEN concat_ws('-', substr(d, 1, 4), substr(d, 5, 2), substr(d, 7)) END};

# Compares every pair of table person, whose truth is the column person.
sub measure
{
	my ($what, $token, @expected) = @_;
	my ($true, $found, $right) = split /\|/, $node->safe_psql(
		'postgres', qq{
		CREATE TEMP TABLE token AS SELECT rec_id, person, $token AS p FROM person;
		SELECT (SELECT count(*) FROM person AS a JOIN person AS b USING (person)
				WHERE a.rec_id < b.rec_id),
			count(*), count(*) FILTER (WHERE a.person = b.person)
		FROM token AS a JOIN token AS b USING (p) WHERE a.rec_id < b.rec_id});
	note(sprintf '%s: %d true pairs, %d found, %d right; precision %.3f, recall %.3f, F1 %.3f',
		$what, $true, $found, $right, $right / $found, $right / $true,
		2 * $right / ($found + $true));
	is("$true $found $right", "@expected", "$what: pairs that there are, found, right");
	return;
}

my $composite = q{CASE WHEN name <> '' AND birth_date <> '' THEN
	tip.pseudonymize('composite', jsonb_build_object('person_name', name,
		'birth_date', birth_date)::text, 'police') END};
my $name = q{CASE WHEN name <> '' THEN tip.pseudonymize('person_name', name, 'police') END};

$node->safe_psql('postgres', qq{COPY generated FROM '$test/fixtures/names.csv' (FORMAT csv, HEADER);
	INSERT INTO person SELECT rec_id, split_part(rec_id, '-', 2), person_name, birth_date
	FROM generated});
measure('generated, name and birth date', $composite, 312, 124, 124);
measure('generated, name', $name, 312, 209, 204);

SKIP:
{
	skip 'no FEBRL here', 3 unless -e "$shared/febrl_dataset1.csv";
	my @expected = ([ 500, 245, 245 ], [ 1934, 706, 706 ], [ 6538, 2208, 2208 ]);
	foreach my $n (1 .. 3)
	{
		# blanks behind the commas belong to no field
		my $rows = slurp_file("$shared/febrl_dataset$n.csv") =~ s/, /,/gr;
		my $file = $node->basedir . "/febrl$n.csv";
		append_to_file($file, $rows);
		$node->safe_psql('postgres', qq{TRUNCATE febrl, person;
			COPY febrl FROM '$file' (FORMAT csv, HEADER);
			INSERT INTO person SELECT rec_id, split_part(rec_id, '-', 2),
				concat_ws(' ', given_name, surname), $day
			FROM febrl, btrim(date_of_birth) AS d});
		measure("FEBRL$n, name and birth date", $composite, @{ $expected[ $n - 1 ] });
	}
}

$node->stop;
done_testing();
