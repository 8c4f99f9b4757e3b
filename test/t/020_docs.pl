# Every example in the documentation is executed.
#
# A block that starts with ```sql must run; one that starts with ```sql fails
# must be refused.  Each page has a database of its own, with the extension,
# the model and the invented cases in it.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $docs = abs_path("$test/../docs");
plan skip_all => 'no docs here' unless $docs && -d $docs;

# The SQL of one page, with a check behind each block that must fail.
sub page_script
{
	my ($page) = @_;
	my ($script, $block, $fails) = ("\\set ON_ERROR_STOP on\n", undef, 0);
	my $blocks = 0;
	foreach my $line (split /\n/, slurp_file($page))
	{
		if (!defined $block && $line =~ /^```sql(\s+fails)?\s*$/)
		{
			($block, $fails) = ('', $1 ? 1 : 0);
		}
		elsif (defined $block && $line =~ /^```\s*$/)
		{
			$blocks++;
			$block = "\\set ON_ERROR_STOP off\n$block\n\\if :ERROR\n"
			  . "\\else\n\\echo block $blocks should have failed\n"
			  . "DO 'BEGIN RAISE ''block $blocks should have failed''; END';\n"
			  . "\\quit 3\n\\endif\n\\set ON_ERROR_STOP on\n"
			  if $fails;
			$script .= $block;
			undef $block;
		}
		elsif (defined $block)
		{
			$block .= "$line\n";
		}
	}
	return ($script, $blocks);
}

my $node = PostgreSQL::Test::Cluster->new('docs');
$node->init;
if (-x "$test/make_key.sh" || -e "$test/make_key.sh")
{
	my $key = $node->basedir . '/docs.key';
	system_or_bail('sh', '-c', "umask 077; sh '$test/make_key.sh' > '$key'");
	$node->append_conf('postgresql.conf', "tip_module.key_file = '$key'");
}
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE docs_template');
$node->safe_psql('docs_template', 'CREATE EXTENSION tip_module');
$node->safe_psql('docs_template', "SELECT tip.create_model()");
$node->command_ok(
	[
		'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d',
		$node->connstr('docs_template'), '-f', "$test/fixtures/cases.sql"
	],
	'the invented cases load')
  if -e "$test/fixtures/cases.sql";

foreach my $page (sort(glob("$docs/*.md"), glob("$docs/../README.md")))
{
	my ($script, $blocks) = page_script($page);
	my $name = basename($page);
	next if $blocks == 0;
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS docs_page');
	# The first page a reader meets starts from nothing.
	my $template = $name eq 'README.md' && $page =~ m{/\.\./} ?
	  'template0' : 'docs_template';
	$node->safe_psql('postgres',
		"CREATE DATABASE docs_page TEMPLATE $template");
	# A page about a script shows what comes after it.
	if ($name eq 'importing-ctdc.md')
	{
		my $load = 'psql -X -q -d ' . "'" . $node->connstr('docs_page') . "'"
		  . " -f $docs/importing-ctdc.sql < $test/fixtures/ctdc_generated.csv";
		system_or_bail('sh', '-c', "$load > /dev/null");
	}
	my $file = $node->basedir . "/$name.sql";
	append_to_file($file, $script);
	my ($out, $err) = run_command(
		[
			'psql', '-X', '-q', '-d', $node->connstr('docs_page'), '-f', $file
		]);
	my $status = $? >> 8;
	ok($status == 0 && $out !~ /should have failed/,
		"$name: $blocks examples do what the page says")
	  or diag("$out\n$err");
}

$node->stop;
done_testing();
