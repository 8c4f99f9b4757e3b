# A column that has slipped puts a name where a code belongs: neither the
# client nor the log may see it in what we say.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('confidential');
$node->init;
# What a careful server logs: errors with their statements, not every statement.
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION tip_module;
	SELECT tip.create_model();
	CREATE TABLE report (id int, sex tip.sex, acts tip.act_set, at tip.partial_date);
});
my $planted = 'Plantedname';
my $file = $node->basedir . '/slipped.csv';

# refused SQL: what the client sees and what the log keeps
sub refused
{
	my ($what, $sql, $like) = @_;
	my $from = -s $node->logfile;
	my ($ret, $out, $err) = $node->psql('postgres', $sql);
	isnt($ret, 0, "$what is refused");
	like($err, $like, "$what: the message helps");
	unlike($err, qr/$planted/, "$what: the client reads no name")
	  unless $sql =~ /$planted/;
	my $log = slurp_file($node->logfile, $from);
	like($log, $like, "$what: the log has the message");
	unlike($log, qr/$planted/, "$what: the log has no name");
	return;
}

foreach my $case (
	[ 'a name as a code', "1,$planted,,", qr/list "sex"/ ],
	[ 'a name as a set', "1,,$planted,", qr/list "act"/ ],
	[ 'a name in a set', qq|1,,"{recruit,$planted}",|, qr/list "act"/ ],
	[ 'a malformed set', qq|1,,"{$planted",|, qr/set of codes/ ],
	[ 'a name as a date', "1,,,$planted", qr/partial date/ ],
	[ 'a mixed set', qq|1,,"{recruit,unknown}",$planted|, qr/missing code/ ])
{
	my ($what, $line, $like) = @$case;
	unlink $file;
	append_to_file($file, "1,male,,\n$line\n");
	refused("COPY, $what", "COPY report FROM '$file' (FORMAT csv)", $like);
}
my ($ret, $out, $err) =
  $node->psql('postgres', "COPY report FROM '$file' (FORMAT csv)");
like($err, qr/COPY report, line 2, column acts/, 'COPY still names the place');

refused('a literal', "INSERT INTO report VALUES (1, '$planted')", qr/list "sex"/);
refused('a parameter', "PREPARE p(text) AS INSERT INTO report VALUES (1, \$1); EXECUTE p('$planted')",
	qr/list "sex"/);
refused('a cast', "SELECT '$planted'::text::tip.partial_date", qr/partial date/);
refused('a comparison', "SELECT count(*) FROM report WHERE sex = '$planted'::text", qr/list "sex"/);

# a record that violates rules holds a name in a column of text
my $event = "'$planted', '2100-01-01'";
refused('a violated rule', "INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES ($event)",
	qr/violates 1 rule/);
unlink $file;
append_to_file($file, "$planted,2100-01-01\n");
refused('COPY, a violated rule',
	"COPY tip_data.event (prmis_ref, recorded_on) FROM '$file' (FORMAT csv)", qr/violates 1 rule/);
refused('a violated rule in PL/pgSQL', qq~DO \$\$ BEGIN
	EXECUTE 'INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES (''$planted'', ''2100-01-01'')';
	END \$\$~, qr/violates 1 rule/);
refused('an update', "INSERT INTO tip_data.event (prmis_ref, local_ref) VALUES ('$planted', 'x');
	UPDATE tip_data.event SET recorded_on = '2100-01-01' WHERE prmis_ref = '$planted'",
	qr/violates 1 rule/);

# soft errors, where core has them, leave the session as it was
if ($node->pg_version->{num}->[0] >= 16)
{
	is( $node->safe_psql('postgres', qq~
		SELECT pg_input_is_valid('male', 'tip.sex'), pg_input_is_valid('$planted', 'tip.sex'),
		       pg_input_is_valid('{recruit,unknown}', 'tip.act_set'),
		       pg_input_is_valid('{', 'tip.act_set'), pg_input_is_valid('1998-13', 'tip.partial_date')~),
		't|f|f|f|f', 'soft errors');
}

$node->stop;
done_testing();
