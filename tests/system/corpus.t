#!/usr/bin/perl
# corpus.t - hostile, odd and real messages of an evaluation corpus ($CORPUS, by default
# ../shared/corpus beside the checkout) through leadctl inspect and through the milter: nothing
# crashes, nothing takes a second, memory stays flat.  Where there is a build with AddressSanitizer
# below the build directory, with that, too.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Find;
use JSON::PP;
use MilterClient;
use Site;
use Test::More;
use Time::HiRes qw(time);

my $corpus = $ENV{CORPUS} // "$Site::ROOT/../shared/corpus";
plan skip_all => "no corpus at $corpus" unless -e "$corpus/mime/index.jsonl";

my $json    = JSON::PP->new->utf8;
my $scratch = Site->new;
$ENV{LEADMILTER_CONF_DIR} = "$Site::ROOT/conf";
$ENV{LSAN_OPTIONS} //= "suppressions=$Site::ROOT/tests/lsan.supp:print_suppressions=0";

my @mime = map { "$corpus/mime/" . $json->decode($_)->{file} } split /\n/, Site::slurp("$corpus/mime/index.jsonl");
my @mailbox;
if (-e "$corpus/mailbox/ham-spam.tar.xz") {
	mkdir "$scratch->{dir}/mailbox";
	system('tar', '-xJf', "$corpus/mailbox/ham-spam.tar.xz", '-C', "$scratch->{dir}/mailbox") == 0 or die 'tar';
	find({ no_chdir => 1, wanted => sub { push @mailbox, $_ if -f } }, "$scratch->{dir}/mailbox");
	@mailbox = sort @mailbox;
}

# Every file through one run; [slowest seconds, its file], with the documents counted and checked.
sub inspect {
	my ($build, $label, @files) = @_;
	my $began = time;
	# stdbuf preloads a library, which AddressSanitizer refuses: then only blocks of lines are timed
	my @by_line = $build =~ m{/asan$} ? () : ('stdbuf', '-oL');
	open my $pipe, '-|', @by_line, "$build/leadctl", '--json', 'inspect', @files or die "leadctl: $!";
	my ($count, $broken, $last, @slowest) = (0, 0, undef, 0, '');
	while (my $line = <$pipe>) {
		my $now = time;
		# what comes first waits for the program's start
		@slowest = ($now - $last, $line =~ /^\{"file":"([^"]*)"/) if defined $last && $now - $last > $slowest[0];
		$last = $now;
		$count++;
		my $document = $count % 4 ? ($line =~ /^\{.*\}$/) : eval { $json->decode($line) };
		$broken++ unless $document;
		$last = time;
	}
	close $pipe;
	is $?, 0, "$label: leadctl inspect ends well";
	cmp_ok $count, '>=', scalar @files, sprintf '  %d files, %d messages, %.1f s', scalar @files, $count, time - $began;
	is $broken, 0, '  each a document';
	cmp_ok $slowest[0], '<', 1, sprintf '  none over a second (%.0f ms: %s)', $slowest[0] * 1000, $slowest[1] // '';
}

# A file as an MTA would hand it on: fields with their values, and the body with CRLF.
sub as_message {
	my ($path) = @_;
	my $text = Site::slurp($path);
	$text =~ s/\AFrom [^\n]*\n//;
	$text =~ s/\r?\n/\n/g;
	my @fields;
	while ($text =~ s/\A([!-9;-~]+)[ \t]*:[ \t]?((?:[^\n]*)(?:\n[ \t][^\n]*)*)(?:\n|\z)//) {
		push @fields, [ $1, $2 =~ s/\0/ /gr ];
	}
	$text =~ s/\A\n//;
	$text =~ s/\n/\r\n/g;
	@fields = ([ 'Received', 'from client.test by mx.example.test; Sat, 21 Nov 2026 10:00:00 +0000' ]) unless @fields;
	return (headers => \@fields, body => $text);
}

sub resident {
	my ($pid) = @_;
	my ($kilobytes) = Site::slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m;
	return $kilobytes;
}

# An answer that doesn't come is a failure, not a wait.
local $SIG{ALRM} = sub { die "the milter gave no answer\n" };

# All files through the milter, on one connection after another. Returns the slowest.
sub send_all {
	my ($site, $round, $messages) = @_;
	my ($client, @slowest, $answered) = (undef, 0, '');
	for my $n (0 .. $#$messages) {
		if ($n % 50 == 0) {
			$client->quit if $client;
			$client = MilterClient->new($site->socket_spec) or die 'no milter';
			$client->negotiate;
			$client->connect_as('192.0.2.7');
		}
		my $began = time;
		alarm 10;
		my $result = eval { $client->message(from => "s$n.$round\@buyers.test", to => 'sales@example.test', %{ $messages->[$n][1] },
			macros => { E => { i => "Q$round.$n" } }) };
		my $took = time - $began;
		alarm 0;
		@slowest = ($took, $messages->[$n][0]) if $took > $slowest[0];
		if (!$result || $result->{verdict} !~ /[ac]/) {
			fail "round $round: $messages->[$n][0]";
			return @slowest;
		}
		$answered++;
	}
	$client->quit if $client;
	is $answered, scalar @$messages, "round $round: every message is let through";
	return @slowest;
}

sub milter {
	my ($label, $rounds, @files) = @_;
	my @messages = map { [ $_, { as_message($_) } ] } @files;
	my $site = Site->new(config => "retention_days = 0\nlog_level = \"warning\"\n");
	my $pid  = $site->start_daemon;
	my (@slowest, @resident);
	for my $round (1 .. $rounds) {
		@slowest = send_all($site, $round, \@messages);
		cmp_ok $slowest[0], '<', 1, sprintf '  none over a second (%.0f ms: %s)', $slowest[0] * 1000, $slowest[1];
		push @resident, resident($pid);
	}
	my $stats = $site->leadctl_json('stats')->[0];
	is $stats->{daemon}{messages}, $rounds * @files, "$label: the store took them all";
	is $stats->{daemon}{spooled} + $stats->{daemon}{unprocessed}, 0, '  none was spooled';
	is $site->stop_daemon, 0, '  the daemon ends well';
	unlike $site->daemon_log, qr/Sanitizer|runtime error/, '  and says nothing of errors';
	return @resident;
}

subtest 'leadctl inspect' => sub {
	inspect($Site::BUILD, 'odd messages',  @mime);
	inspect($Site::BUILD, 'real messages', @mailbox) if @mailbox;
};

subtest 'the milter' => sub {
	my @resident = milter('all', 3, @mime, @mailbox);
	cmp_ok $resident[0], '<', 64 * 1024, "resident: @resident kB, below 64 MB";
	cmp_ok $resident[2] - $resident[1], '<', 2048, '  and flat';
};

SKIP: {
	skip 'no build with AddressSanitizer', 1 unless -x "$Site::BUILD/asan/leadctl";
	local $Site::BUILD = "$Site::BUILD/asan";
	subtest 'under AddressSanitizer' => sub {
		inspect($Site::BUILD, 'odd messages', @mime);
		inspect($Site::BUILD, 'real messages', @mailbox[ grep { $_ % 4 == 0 } 0 .. $#mailbox ]) if @mailbox;
		milter('odd messages', 1, @mime) if -x "$Site::BUILD/leadmilter";
	};
}

done_testing;
