# A standby and a subscriber read what the primary wrote; a crash loses nothing
# that was committed, and prepared transactions are judged when prepared.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical', extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
$primary->append_conf('postgresql.conf', "max_prepared_transactions = 5\n");
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION tip_module; SELECT tip.create_model()');
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my $case = q{
	INSERT INTO tip_data.event (event_id, jurisdiction, report_sources)
	VALUES ('00000000-0000-4000-8000-0000000000e1', 'TT', '{hotline,ngo}');
	INSERT INTO tip_data.involvement (involvement_id, event_id)
	VALUES ('00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-0000000000e1');
	INSERT INTO tip_data.victimization (acts, forms, identified_on, age_at_identification)
	SELECT '{recruit}', CASE WHEN i % 3 = 0 THEN '{sex}' ELSE '{labour}' END::tip.exploitation_form_set,
		'2024-05', i FROM generate_series(1, 60) AS i;
	CREATE TABLE counted AS SELECT tip.tabulate(tip.cell(tip.age_band(age_at_identification, 'CTDC')), 1) AS t
	FROM tip_data.victimization;
};
$primary->safe_psql('postgres', $case);
$primary->wait_for_catchup($standby);
my $read = q{SELECT string_agg(tip.codes(cell)::text || n, ' ' ORDER BY cell) FROM counted, tip.margins(t);
	SELECT jurisdiction, report_sources FROM tip_data.event;
	SELECT count(*) FROM tip_data.victimization WHERE forms @> 'sex' AND identified_on = '2024-05'};
is($standby->safe_psql('postgres', $read), $primary->safe_psql('postgres', $read),
	'a standby reads the same');
is( $standby->safe_psql('postgres', q{SELECT rule FROM tip.check_record('victimization', '{"age_at_entry": 300}')}),
	'A03', 'and judges records');
my $quality = 'SELECT * FROM tip.data_quality()';
is($standby->safe_psql('postgres', $quality), $primary->safe_psql('postgres', $quality),
	'and has the same figures of their quality');
my ($ret, $out, $err) = $standby->psql('postgres', q{SELECT tip.pseudonymize('passport', 'x', 'police')});
isnt($ret, 0, 'a standby without a key makes no pseudonym');

# a rule made on the primary holds on the standby in a session that was open
my $session = $standby->background_psql('postgres', on_error_stop => 0)
  if $standby->can('background_psql');
SKIP:
{
	skip 'needs a session in the background', 1
	  unless $session && ref($session) && $session->can('query');
	my $ask = q{SELECT count(*) FROM tip.check_record('victim', '{"children_count": 25}')};
	my $before = $session->query($ask);
	$primary->safe_psql('postgres', q{INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
		VALUES ('LOCAL', 'victim', '{children_count}', 'error', 'children_count < 20', 'too many')});
	$primary->wait_for_catchup($standby);
	is($before . $session->query($ask), '01', 'a rule reaches an open session of the standby');
	$session->quit;
}

# logical: the subscriber has its own extension, and the same codes
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
$subscriber->start;
$subscriber->safe_psql('postgres', 'CREATE EXTENSION tip_module; SELECT tip.create_model()');
$primary->safe_psql('postgres', 'CREATE PUBLICATION cases FOR TABLE tip_data.victimization, tip_data.event');
my $connstr = $primary->connstr . " dbname=postgres";
$subscriber->safe_psql('postgres',
	"CREATE SUBSCRIPTION cases CONNECTION '$connstr' PUBLICATION cases WITH (binary = true)");
$primary->wait_for_catchup('cases');
$subscriber->poll_query_until('postgres', q{SELECT count(*) = 60 FROM tip_data.victimization})
  or die 'timed out';
my $hash = q{SELECT md5(string_agg(v::text, '' ORDER BY victimization_id)) FROM tip_data.victimization AS v};
is($subscriber->safe_psql('postgres', $hash), $primary->safe_psql('postgres', $hash),
	'a subscriber has the same rows, in binary');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION cases');
$subscriber->stop;

# two-phase commit: judged at PREPARE, and the decision stands
my $steps = sub {
	my ($gid, @steps) = @_;
	return "BEGIN;" . join('', map { qq{INSERT INTO tip_data.justice_step (event_id, involvement_id, step)
		VALUES ('00000000-0000-4000-8000-0000000000e1', '00000000-0000-4000-8000-0000000000b1', '$_');} } @steps)
	  . "PREPARE TRANSACTION '$gid'";
};
($ret, $out, $err) = $primary->psql('postgres', $steps->('bad', 'convicted'));
like($err, qr/violates 1 rule/, 'a conviction without a charge cannot be prepared');
($ret, $out, $err) = $primary->psql('postgres', $steps->('good', 'convicted', 'charged'));
is($ret, 0, 'with a charge it can');

# a crash: prepared and committed work is there, the rest is not
$primary->stop('immediate');
$primary->start;
$primary->safe_psql('postgres', "COMMIT PREPARED 'good'");
is($primary->safe_psql('postgres', 'SELECT has_conviction, has_charge FROM tip_data.prosecution'),
	't|t', 'what was prepared before a crash commits after it');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM tip_data.victimization'), '60', 'what was committed is there');
($ret, $out, $err) = $primary->psql('postgres', "DELETE FROM tip_data.justice_step WHERE step = 'charged'");
like($err, qr/violates 1 rule/, 'and the rules hold');

$standby->stop;
$primary->stop;
done_testing();
