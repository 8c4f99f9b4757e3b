# An attached table is dumped with its mapping, its trigger and its findings,
# and comes back in a server that has never seen it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('attached');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION tip_module;
	SELECT tip.create_model();
	INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, code, relation)
	VALUES ('PRMIS', '1', 'sex', 'F', 'sex', 'female', 'exact');
	CREATE SCHEMA "Old PRMIS";
	CREATE TABLE "Old PRMIS"."Person's" (gone int, "Id" int PRIMARY KEY, "Sex?" text, age text, at timestamp);
	ALTER TABLE "Old PRMIS"."Person's" DROP COLUMN gone;
	INSERT INTO "Old PRMIS"."Person's" VALUES (1, 'Q', '500', '2019-01-01');
	SELECT tip.attach('"Old PRMIS"."Person''s"', 'victim', '{"sex": {"column": "Sex?", "scheme": "PRMIS", "variable": "sex"},
		"age_at_identification": "age", "recorded_on": "at"}', 'enforce', since => '2020-01-01');
	INSERT INTO "Old PRMIS"."Person's" VALUES (2, 'Q', '500', '2019-02-02');
});
my $state = q{SELECT record, rule, columns FROM tip_data.finding ORDER BY 1, 2;
	SELECT tbl, view, entity, mode, since, mapping, is_enabled FROM tip.attachment;
	SELECT record, rule, outcome, columns FROM tip.check_table('"Old PRMIS"."Person''s"') ORDER BY 1, 2};
my $before = $node->safe_psql('postgres', $state);
like($before, qr/Person's_as_victim\/2\|TYPE\|\{Sex\?\}/, 'findings name the columns of the table');

foreach my $format ('plain', 'custom')
{
	my $file = $node->basedir . "/dump.$format";
	$node->command_ok([ 'pg_dump', "--format=$format", '-f', $file, 'postgres' ], "$format: dumped");
	$node->safe_psql('postgres', "CREATE DATABASE restored_$format");
	if ($format eq 'plain')
	{
		$node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $file, "restored_$format" ], 'plain: restored');
	}
	else
	{
		$node->command_ok([ 'pg_restore', '-e', '-j', '2', '-d', "restored_$format", $file ], 'custom: restored');
	}
	is($node->safe_psql("restored_$format", $state), $before, "$format: attachment, findings and audit are what they were");
	my ($ret, $out, $err) = $node->psql("restored_$format",
		q{INSERT INTO "Old PRMIS"."Person's" VALUES (3, 'F', '300', '2021-01-01')});
	like($err, qr/record of "victim" violates 1 rule/, "$format: and the trigger refuses");
	$node->safe_psql("restored_$format", q{
		ALTER TABLE "Old PRMIS"."Person's" RENAME COLUMN age TO years;
		ALTER TABLE "Old PRMIS"."Person's" SET SCHEMA public;
		INSERT INTO "Person's" VALUES (3, 'F', '30', '2021-01-01');});
	is($node->safe_psql("restored_$format", q{SELECT tip.detach('"Person''s"'); SELECT count(*) FROM tip.attachment}), "1\n0", "$format: detached");
}

# a name that slipped into the wrong column is in no message of ours
my $planted = 'Plantedname';
foreach my $sql (
	qq{INSERT INTO "Old PRMIS"."Person's" VALUES (9, '$planted', '30', '2024-01-01')},
	qq{INSERT INTO "Old PRMIS"."Person's" VALUES (9, 'F', '$planted', '2024-01-01')},
	qq{UPDATE "Old PRMIS"."Person's" SET "Sex?" = '$planted', at = '2024-01-01' WHERE "Id" = 1},
	qq{PREPARE p(text) AS INSERT INTO "Old PRMIS"."Person's" VALUES (9, \$1, '30', '2024-01-01'); EXECUTE p('$planted')},
	qq{DO \$\$ BEGIN INSERT INTO "Old PRMIS"."Person's" VALUES (9, '$planted', '30', '2024-01-01'); END \$\$})
{
	my $from = -s $node->logfile;
	my ($ret, $out, $err) = $node->psql('postgres', $sql);
	like($err, qr/violates \d+ rule/, 'refused');
	unlike($err, qr/$planted/, 'the client reads no name');
	unlike(slurp_file($node->logfile, $from), qr/$planted/, 'nor is it in the log');
}
$node->safe_psql('postgres', q{SELECT tip.attach('"Old PRMIS"."Person''s"', 'victim', mode => 'warn')});
my $from = -s $node->logfile;
my ($ret, $out, $err) = $node->psql('postgres', qq{COPY "Old PRMIS"."Person's" FROM stdin;\n10\t$planted\t30\t2024-01-01\n\\.\n});
like($err, qr/WARNING:  record of "victim" violates 1 rule/, 'a warning');
unlike($err . slurp_file($node->logfile, $from), qr/$planted/, 'without a name');

$node->stop;
done_testing();
