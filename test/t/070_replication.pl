# A standby and a subscriber read what the primary wrote; a crash loses nothing
# that was committed, and prepared transactions are judged when prepared.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical', extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
$primary->append_conf('postgresql.conf', "max_prepared_transactions = 5\nmax_locks_per_transaction = 160\n");
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

# rules, too, may come by logical replication: an open session hears of them
$primary->safe_psql('postgres', 'ALTER TABLE tip.rule REPLICA IDENTITY FULL;
	CREATE PUBLICATION rules FOR TABLE tip.rule WHERE (is_local), tip.rule_override');
$subscriber->safe_psql('postgres',
	"DELETE FROM tip.rule WHERE is_local; CREATE SUBSCRIPTION rules CONNECTION '$connstr' PUBLICATION rules");
$primary->wait_for_catchup('rules');
$subscriber->wait_for_subscription_sync;
my $ask_again = q{SELECT 'found ' || count(*) FROM tip.check_record('event', '{"jurisdiction": "TT"}') WHERE outcome = 'failed';};
my $wait = q{DO $$ BEGIN FOR i IN 1 .. 600 LOOP EXIT WHEN EXISTS (SELECT FROM tip.%s WHERE %s);
	PERFORM pg_sleep(0.05); COMMIT; END LOOP; END $$;};
my $on_primary = sub { return qq{\\! psql -XqAt -d "$connstr" -c "$_[0]"\n} };
is( $subscriber->safe_psql('postgres', "$ask_again\n"
	. $on_primary->("INSERT INTO tip.rule (id, entity, severity, predicate, message_en) VALUES ('BY_LOG', 'event', 'warning', 'jurisdiction IS NULL', 'no')")
	. sprintf($wait, 'rule', "id = 'BY_LOG'") . $ask_again
	. $on_primary->("UPDATE tip.rule SET predicate = 'true' WHERE id = 'BY_LOG'")
	. sprintf($wait, 'rule', "predicate = 'true'") . $ask_again),
	"found 0\nfound 1\nfound 0", 'a rule that was replicated holds in a session that was open');

# the rows that are applied fire no trigger: ask for what slipped through
$subscriber->safe_psql('postgres', q{INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
	VALUES ('HERE', 'event', '{jurisdiction}', 'error', 'jurisdiction IS NOT NULL', 'whose case?')});
my $second = q{INSERT INTO tip_data.event (event_id, prmis_ref) VALUES ('00000000-0000-4000-8000-0000000000e%s', 'Plantedname')};
$primary->safe_psql('postgres', sprintf($second, 2));
$primary->wait_for_catchup('cases');
is($primary->safe_psql('postgres', q{SELECT count(*) FROM tip.check_table('tip_data.event') WHERE severity = 'error'}), '0',
	'the publisher has nothing to say about its rows');
is($subscriber->safe_psql('postgres', q{SELECT right(record, 2), rule, outcome FROM tip.check_table('tip_data.event')}),
	'e2|HERE|failed', 'the subscriber, with a rule more, finds one that came in');

# or have the triggers fire: what is a finding is stored, what is refused stops the subscription
$subscriber->safe_psql('postgres', q{ALTER SUBSCRIPTION cases SET (disable_on_error = true);
	ALTER TABLE tip_data.event ENABLE ALWAYS TRIGGER "~tip_rules";
	ALTER TABLE tip_data.victimization ENABLE ALWAYS TRIGGER "~tip_rules";
	UPDATE tip.rule SET severity = 'warning' WHERE id = 'HERE'});
$primary->safe_psql('postgres', sprintf($second, 3));
$primary->wait_for_catchup('cases');
is($subscriber->safe_psql('postgres', q{SELECT right(record, 2), rule, outcome FROM tip_data.finding WHERE entity = 'event'}),
	'e3|HERE|failed', 'with the trigger enabled always a warning is stored as a finding');
$subscriber->safe_psql('postgres', q{UPDATE tip.rule SET severity = 'error' WHERE id = 'HERE'});
my $from = -s $subscriber->logfile;
$primary->safe_psql('postgres', sprintf($second, 4));
$subscriber->poll_query_until('postgres', q{SELECT NOT subenabled FROM pg_subscription WHERE subname = 'cases'})
  or die 'the subscription goes on';
my $log = slurp_file($subscriber->logfile, $from);
like($log, qr/record of "event" violates 1 rule/, 'and an error disables the subscription');
unlike($log, qr/Plantedname/, 'without a name in the log');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM tip_data.event}), '3', 'the row is not there');
$subscriber->safe_psql('postgres', q{DELETE FROM tip.rule WHERE id = 'HERE'; ALTER SUBSCRIPTION cases ENABLE});
$subscriber->poll_query_until('postgres', 'SELECT count(*) = 4 FROM tip_data.event') or die 'timed out';
pass('it is as soon as the rule is gone and the subscription enabled');

$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION cases; DROP SUBSCRIPTION rules');
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
# what was found is prepared with it
is($primary->safe_psql('postgres', q{SELECT count(*) FROM tip_data.finding WHERE entity IN ('justice_step', 'prosecution')}),
	'0', 'findings of a prepared transaction are not there yet');

# a crash: prepared and committed work is there, the rest is not
$primary->stop('immediate');
$primary->start;
$primary->safe_psql('postgres', "COMMIT PREPARED 'good'");
is($primary->safe_psql('postgres', 'SELECT has_conviction, has_charge FROM tip_data.prosecution'),
	't|t', 'what was prepared before a crash commits after it');
is($primary->safe_psql('postgres', q{SELECT string_agg(DISTINCT entity, ' ' ORDER BY entity) FROM tip_data.finding WHERE rule LIKE 'J%' AND entity <> 'involvement'}),
	'justice_step prosecution', 'with its findings, in another session');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM tip_data.victimization'), '60', 'what was committed is there');
($ret, $out, $err) = $primary->psql('postgres', "DELETE FROM tip_data.justice_step WHERE step = 'charged'");
like($err, qr/violates 1 rule/, 'and the rules hold');

$standby->stop;
$primary->stop;
done_testing();
