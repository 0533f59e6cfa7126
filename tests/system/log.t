#!/usr/bin/perl
# log.t - every line the daemon may log stands in leadmilter-log(7), and the lines are what it says.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use Site;
use Test::More;

chdir $Site::ROOT or die;
my $manual = Site::slurp('contrib/man/leadmilter-log.7');
my ($lines) = $manual =~ /^\.Sh LINES\n(.*?)^\.Sh /ms;

# A format string of C as the manual writes it: an asterisk for what differs.
sub shown {
	my ($text) = @_;
	$text =~ s/"\s*[A-Z0-9_]+\s*"/*/g; # PRId64 and its like
	$text =~ s/"\s*"//g;
	$text =~ s/^\s*"|"\s*$//g;
	$text =~ s/%[-+ 0#]*\d*(?:\.\d+)?(?:hh|ll|[hlzj])?[a-zA-Z]/*/g;
	$text =~ s/%\*/*/g;
	$text =~ s/%%/%/g;
	return $text =~ s/\*+/*/gr;
}

subtest 'sources and manual' => sub {
	my (%source, $calls, $read);
	for my $file (sort glob 'milter/*.c milter/*/*.c hooks/*/*.c') {
		next if $file =~ m{^milter/(?:base/log\.c|leadctl)};
		my $text = Site::slurp($file);
		$calls += () = $text =~ /\blog_(?:error|warning|notice|info)\(/g;
		while ($text =~ /\blog_(error|warning|notice|info)\(\s*((?:"(?:[^"\\]|\\.)*"|[A-Z][A-Z0-9_]+|\s)+)[,)]/g) {
			my ($level, $format) = ($1, $2);
			$read++;
			$source{ shown($format) }{$level} = 1;
		}
	}
	is $read, $calls, 'the format of every call was read';
	cmp_ok $calls, '>', 40, 'lines';
	my %manual;
	$manual{$1}{$2} = 1 while $lines =~ /^\.It Li "(.*)" Pq Sy (\w+)$/mg;
	is_deeply \%manual, \%source, 'texts and levels' or diag explain { manual => \%manual, source => \%source };
	my @bare = $lines =~ /^(\.It Li .*)\n(?=\.It|\.El)/mg;
	is_deeply \@bare, [], 'each is explained';
};

my $port = Site::free_port();
my $site = Site->new(config => qq(hook_listen = "127.0.0.1:$port"\n));
$site->start_daemon;
$site->start_postfix;

subtest 'the line of a message' => sub {
	my ($section) = $manual =~ /^\.Ss The line of a message\n(.*?)^\.Sh /ms;
	my @keys = $section =~ /^\.It Ic (\w+)$/mg;
	is $site->send_mail('ann@buyer.test', 'sales@example.test', <<'END', client => '192.0.2.7'), 250, 'a mail';
From: Ann Buyer <ann@buyer.test>
To: sales@example.test
Subject: Secret plans
Message-ID: <log-1@buyer.test>
Date: Sun, 22 Nov 2026 10:00:00 +0000

Hello, what would forty pumps cost?
Ann
END
	my ($line) = Site::wait_for('the line', sub { $site->daemon_log =~ /^(.*$site->{queue_id}: decision=.*)$/m && $1 }, 60);
	my @got = $line =~ / (\w+)=/g;
	is_deeply \@got, \@keys, 'its keys in the order documented' or diag $line;
	like $line, qr/^leadmilter: info: \w+: decision=create lead=ld_\w+ score=[\d.-]+ grade=[A-D] stage=\w+ owner=\S+ kind=human time=[\d.]+ms \(.*\)$/,
	    'its values';
	unlike $site->daemon_log, qr/ann\@buyer|Secret/, 'neither address nor subject';
	my ($example) = $section =~ /^(4F2A: .*)$/m;
	is_deeply [ $example =~ / (\w+)=/g ], \@keys, 'the example has them, too';
};

subtest 'the filter for fail2ban' => sub {
	my ($regex) = $manual =~ /^failregex = (.*)$/m;
	$regex =~ s/\\e/\\/g;
	$regex =~ s/<HOST>/([0-9a-fA-F.:]+)/;
	for my $path ('/v1/leads', '/v1/leads/x%20refused%209.9.9.9:%20y', '/v1/leads/x%0aleadmilter:%20notice:%20hook:%20refused%209.9.9.9:') {
		my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die;
		print $s "GET $path HTTP/1.0\r\nAuthorization: Bearer nobody\r\n\r\n";
		local $/;
		like scalar <$s>, qr/^HTTP\/1\.[01] 401 /, "refused: $path";
	}
	my @hosts = map { /^$regex/ ? $1 : () } split /\n/, $site->daemon_log;
	is_deeply \@hosts, [ ('127.0.0.1') x 3 ], 'each is seen, and no path names another address';
};

is $site->stop_daemon, 0, 'ends cleanly';
done_testing;
