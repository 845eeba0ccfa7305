#!/usr/bin/perl
# Runs all tests at once and says at the end how many checks passed.
#
# usage: harness.pl [-j JOBS] [--output FOLDER] KIND:FILE...
#
#   unit:PROGRAM      a cmocka program
#   replay:PROGRAM    a fuzz target that is fed its corpus
#   release:SCRIPT    a scenario against build/release/reeved
#   asan:SCRIPT       the same against build/asan/reeved
#   tsan:SCRIPT       the same against build/tsan/reeved
#   cover:SCRIPT      the same against build/cover/reeved
#   memcheck:FILE     a cmocka program, or the provider of a scenario,
#                     under valgrind
#   script:FILE,ARG,...  a program in Python, with arguments
#   sql:FILE          a pgTAP file, in a database of its own
#   lint:SCRIPT       a lint
#
# Each test has its own time limit, five minutes (TEST_TIMEOUT, seconds).
# What it printed lies in FOLDER (build/test-output); of a failed one the
# harness repeats what matters.  Nothing is skipped: a skip counts as a
# failure.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use File::Path qw(make_path remove_tree);
use Getopt::Long;
use TAP::Harness;
use TAP::Parser::Aggregator;

use constant WORDS => 60;	# lines repeated of one failed test
use constant WIDTH => 300;	# characters repeated of one line

my $root = abs_path(dirname(abs_path($0)) . '/../..');
chdir $root or die "cannot enter $root: $!\n";
my $jobs = 2;
my $output = 'build/test-output';
GetOptions('jobs|j=i' => \$jobs, 'output=s' => \$output) or exit 2;

my $limit = $ENV{TEST_TIMEOUT} // 300;
# Nothing of the caller's environment: a test must not depend on it.
my @env = ('env', '-i', 'HOME=/nonexistent', 'LANG=C.UTF-8', 'TZ=UTC',
	'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
	'PYTHONDONTWRITEBYTECODE=1', 'CMOCKA_MESSAGE_OUTPUT=TAP',
	'ASAN_OPTIONS=exitcode=99:detect_leaks=1:abort_on_error=0:'
	    . 'detect_stack_use_after_return=1',
	'UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99');
# Only for programs of their own: a provider has a copy of the suppressions.
my $suppressions = 'tests/suppressions';
# io_sync=0: that two threads used one descriptor orders nothing, so that it
# hides no race.  Only for programs of their own: see lab/provider.py.
my $tsan = 'TSAN_OPTIONS=exitcode=99:io_sync=0:'
    . "suppressions=$suppressions/tsan.txt";
# What is still reachable at the end was no leak.
my @valgrind = ('valgrind', '--error-exitcode=99', '--leak-check=full',
	'--errors-for-leak-kinds=definite,possible',
	'--show-leak-kinds=definite,possible', '--num-callers=30',
	'--error-markers=VALGRIND-ERROR,VALGRIND-END', '--vgdb=no',
	'--fair-sched=yes', '--trace-children=yes');

sub is_scenario {
	my ($kind, $file) = @_;
	return $kind =~ /^(release|asan|tsan|cover)$/
	    || ($kind eq 'memcheck' && $file =~ /\.py$/);
}

sub program {
	my ($kind, $file) = @_;
	my @python = ('/usr/bin/python3', '-B');
	return ("./$file") if $kind eq 'unit';
	return ("./$file", 'tests/fuzz/corpus/' . basename($file))
	    if $kind eq 'replay';
	return (@python, $file) if is_scenario($kind, $file);
	return (@valgrind, "--suppressions=$suppressions/valgrind.txt",
	    "./$file") if $kind eq 'memcheck';
	return ('tests/lab/pgtap', $file) if $kind eq 'sql';
	return (@python, $file) if $kind eq 'lint';
	return (@python, split /,/, $file) if $kind eq 'script';
	die "harness: unknown kind of test '$kind'\n";
}

# Standard error goes into a file: it is no TAP, and two tests run at once.
sub command {
	my ($kind, $file, $log) = @_;
	my @more = ($tsan);
	if (is_scenario($kind, $file)) {
		my $mode = $kind eq 'memcheck' ? 'release' : $kind;
		@more = ("REEVED=$root/build/$mode/reeved");
	}
	push @more, 'REEVE_WRAPPER='
	    . "@valgrind --suppressions={suppressions}/valgrind.txt"
	    if $kind eq 'memcheck';
	return ['sh', '-c', 'log=$1; shift; exec "$@" 2>"$log"', 'sh', $log,
	    @env, @more, 'timeout', '-k', '10', $limit,
	    program($kind, $file)];
}

sub lines_of {
	my ($path) = @_;
	open my $f, '<', $path or return ();
	return <$f>;
}

# The failed checks with their comments, then the end of standard error.
sub repeat_failure {
	my ($name, $why) = @_;
	my (@said, $in_failure);
	for (lines_of("$output/$name")) {
		$in_failure = 1 if /^not ok/;
		$in_failure = 0 if /^ok/;
		push @said, $_ if $in_failure;
	}
	splice @said, WORDS, @said - WORDS, "...\n" if @said > WORDS;
	my @errors = lines_of("$output/$name.stderr");
	@errors = @errors[-WORDS .. -1] if @errors > WORDS;
	print "\n---- failed: $name ($why)\n";
	for (@said, @errors) {
		chomp;
		print length > WIDTH ? substr($_, 0, WIDTH) . ' ...' : $_, "\n";
	}
}

my (@tests, %command);
remove_tree($output);
for my $arg (@ARGV) {
	my ($kind, $file) = $arg =~ /^(\w+):(.+)$/
	    or die "harness: '$arg' is not KIND:FILE\n";
	make_path(dirname("$output/$arg"));
	$command{$arg} = command($kind, $file, "$output/$arg.stderr");
	push @tests, [$arg, $arg];
}
if (!@tests) {
	print "no tests\n0 passed, 0 failed\n";
	exit 0;
}

$ENV{PERL_TEST_HARNESS_DUMP_TAP} = $output;
my $harness = TAP::Harness->new({
	jobs => $jobs, timer => 1, merge => 0, failures => 0, comments => 0,
	verbosity => -1, color => 0,
	exec => sub { my ($h, $arg) = @_; return $command{$arg}; },
});
# Not runtests(): its summary repeats less than ours, at greater length.
my $result = TAP::Parser::Aggregator->new;
$result->start;
$harness->aggregate_tests($result, @tests);
$result->stop;

my ($passed, $failed) = (0, 0);
for my $name ($result->descriptions) {
	my ($parser) = $result->parsers($name);
	my $skipped = () = $parser->skipped;
	my %bad = map { $_ => 1 } $parser->failed, $parser->skipped;
	my $bad = keys %bad;
	my $good = grep { !$bad{$_} } $parser->passed;
	my @broken = $parser->parse_errors;
	splice @broken, 2, @broken - 2, '...' if @broken > 2;
	push @broken, 'exit status ' . $parser->exit if $parser->exit;
	push @broken, 'timeout' if $parser->wait == 124 << 8;
	push @broken, 'skipped checks' if $skipped;
	push @broken, 'no checks' if !$parser->tests_run;
	# One that died failed, even if each check that it made passed.
	$bad ||= 1 if @broken;
	repeat_failure($name, join('; ', @broken)) if $bad;
	print grep { /^# warning/ } lines_of("$output/$name");
	$passed += $good;
	$failed += $bad;
}
printf "\n%d tests in %s\n", scalar @tests, $result->elapsed_timestr;
printf "%d passed, %d failed\n", $passed, $failed;
exit($failed ? 1 : 0);
