#!/usr/bin/perl
# report.t - reports of what really went through: by leadctl, with and without a daemon, and over
# HTTP, which must be the same; as the schemas and the description say.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use JSON::PP;
use Site;
use Test::More;
use Time::HiRes qw(time);

my $json    = JSON::PP->new->utf8->canonical;
my $TOKEN   = 'reader-0123456789abcdef0123';
my $port    = Site::free_port();
my @REPORTS = qw(funnel sources owners response kinds);
$ENV{LEADMILTER_NPM} //= "$Site::BUILD/npm";

my $site = Site->new(
	mailboxes => join('', map { qq(mailbox "$_\@example.test" {\n}\n) } qw(sales info)),
	config    => <<"END");
hook_listen = "127.0.0.1:$port"
time_zone = "Europe/Bucharest"
working_hours = "Mon-Fri 09:00-18:00"
client "reader" {
	tokens = {"$TOKEN"}
	scopes = {"read"}
	rate = 0
}
client "writer" {
	tokens = {"writer-0123456789abcdef0123"}
	scopes = {"touches"}
}
END
my $dir = $site->{dir};

sub mail {
	my ($id, $date, %how) = @_;
	my $from = $how{from} // "$id\@$id-machines.test";
	my $to   = $how{to} // 'sales@example.test';
	my $more = $how{more} // '';
	my $name = $how{name} // ucfirst($id) . ' Person';
	Site::spew("$dir/$id.eml", <<"END");
Return-Path: <$from>
From: $name <$from>
To: $to
Subject: @{[ $how{subject} // "An offer for $id" ]}
Message-ID: <$id\@mail.test>
Date: $date
$more
Hello,

@{[ $how{text} // 'we need ten machines by June. Could you send us an offer? What is the price?' ]}

Regards,
$name
END
	return "$dir/$id.eml";
}

my $LETTER = "List-Unsubscribe: <https://news.test/off>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n";
my @mails  = (
	mail('ada',   'Mon, 02 Nov 2026 08:00:00 +0000'),
	mail('ben',   'Tue, 03 Nov 2026 22:30:00 +0000'), # the fourth, in Bucharest
	mail('carla', 'Mon, 16 Nov 2026 08:00:00 +0000', to => 'info@example.test', name => '=SUM(A1) <b>Carla</b>'),
	mail('news1', 'Mon, 16 Nov 2026 09:00:00 +0000', from => 'letter@news.test', more => $LETTER,
		subject => 'Our newsletter', text => 'Buy now. Unsubscribe here: https://news.test/off'),
	mail('news2', 'Tue, 17 Nov 2026 09:00:00 +0000', from => 'letter@news.test', more => $LETTER,
		subject => 'Our newsletter', text => 'Buy again. Unsubscribe here: https://news.test/off'),
);
my $answer = mail('answer', 'Mon, 02 Nov 2026 09:30:00 +0000', from => 'anna@example.test', to => 'ada@ada-machines.test',
	name => 'Anna Sales', subject => 'Re: An offer for ada', text => 'Here is our offer.',
	more => "In-Reply-To: <ada\@mail.test>\nReferences: <ada\@mail.test>\n");

$site->start_daemon;
$site->leadctl('replay', '--shadow', @mails);
is $site->{status}, 0, 'mails are taken' or BAIL_OUT($site->daemon_log);
$site->leadctl('replay', '--shadow', '--submitted', $answer);
is $site->{status}, 0, 'an answer, too';
$site->leadctl('stage', 'ada@ada-machines.test', 'customer', '--reason', 'signed');
is $site->{status}, 0, 'and what became of it';

my @NOVEMBER = ('--since', '2026-11-01', '--until', '2026-12-01');
my @ALL      = ('--since', '2026-01', '--until', '2030-01');

sub report {
	my ($name, @options) = @_;
	my $text = $site->leadctl('report', $name, '--format', 'json', @options);
	return eval { $json->decode($text) } // { text => $text };
}

# Newsletters are counted with a delay.
sub kinds {
	my ($report) = @_;
	my %kinds;
	for my $kind (@{ $report->{total}{kinds} // [] }) {
		$kind->{$_} and $kinds{"$kind->{kind} $_"} = $kind->{$_} for qw(inbound outbound internal);
	}
	return \%kinds;
}

subtest 'what went through is what is reported' => sub {
	Site::wait_for('the newsletters to be counted',
		sub { (kinds(report('kinds', @NOVEMBER))->{'newsletter inbound'} // 0) == 2 }, 60);
	is_deeply kinds(report('kinds', @NOVEMBER)),
	    { 'human inbound' => 3, 'human_reply outbound' => 1, 'newsletter inbound' => 2 }, 'kinds';
	is_deeply kinds(report('kinds', @NOVEMBER, '--mailbox', 'info@example.test')), { 'human inbound' => 1 },
	    '  of one address';
	my $days = report('kinds', @NOVEMBER, '--period', 'day');
	is_deeply { map { $_->{mails} ? ($_->{period} => $_->{mails}) : () } @{ $days->{rows} } },
	    { '2026-11-02' => 2, '2026-11-04' => 1, '2026-11-16' => 2, '2026-11-17' => 1 }, '  by days of the time zone';

	my $funnel = report('funnel', @NOVEMBER, '--period', 'week');
	is $funnel->{total}{captured}, 3, 'funnel: captured';
	my %stage = map { $_->{stage} => $_ } @{ $funnel->{total}{stages} };
	is $stage{customer}{reached}, 1, '  customers';
	is_deeply [ map { $_->{captured} ? "$_->{period} $_->{captured}" : () } @{ $funnel->{rows} } ],
	    [ '2026-W45 2', '2026-W47 1' ], '  by week';
	is report('funnel', @NOVEMBER, '--mailbox', 'info@example.test')->{total}{captured}, 1, '  of one address';
	is report('funnel', @NOVEMBER, '--scorecard', 'nobody')->{total}{captured},         0, '  of another card';

	my $response = report('response', @NOVEMBER);
	is $response->{total}{answered}, 1, 'response: answered';
	is_deeply $response->{total}{first_response}, { count => 1, median_seconds => 5400, p90_seconds => 5400 }, '  in';
	is_deeply [ grep { $_->{answered} } @{ $response->{hours} } ],
	    [ { weekday => 1, hour => 10, leads => 2, answered => 1, median_seconds => 5400 } ], '  by hour';

	my $owners = report('owners', @ALL);
	is_deeply [ map { "$_->{owner} $_->{taken} $_->{won}" } @{ $owners->{rows} } ], ['anna@example.test 1 1'], 'owners';
	my %source = map { $_->{source} => $_ } @{ report('sources', @NOVEMBER, '--by', 'mailbox')->{rows} };
	is $source{'sales@example.test'}{leads},     2, 'sources';
	is $source{'sales@example.test'}{customers}, 1, '  customers';
};

# --- the same over HTTP ---

my @records;

sub get {
	my ($path, $token) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 10) or die "connect: $!";
	print $s join "\r\n", "GET $path HTTP/1.1", 'Host: localhost', 'Connection: close',
	    ($token ? "Authorization: Bearer $token" : ()), '', '';
	local $/;
	my ($head, $body) = split /\r\n\r\n/, (<$s> // ''), 2;
	my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
	push @records, { method => 'GET', path => $path, status => $status, body => $body, sent => '' }
	    if ($head // '') =~ m{Content-Type: application/json};
	return ($status // 0, $head // '', $body // '');
}

my %QUERIES = (
	funnel   => [ '', 'period=month', 'period=week&mailbox=sales@example.test', 'since=30d' ],
	sources  => [ '', 'by=mailbox&period=month', 'by=campaign', 'limit=1', 'scorecard=default' ],
	owners   => [ '', 'period=day' ],
	response => [ '', 'period=week' ],
	kinds    => [ '', 'by=mailbox&period=day' ],
);

sub timeless { my ($text) = @_; return $text =~ s/"generated":"[^"]*"//r }

subtest 'leadctl and the hook say the same' => sub {
	for my $name (@REPORTS) {
		for my $query (@{ $QUERIES{$name} }) {
			$query .= ($query ? '&' : '') . 'since=2026-01&until=2030-01' if $query !~ /since/ && $query !~ /day/;
			$query .= '&during=2026-11' if $query =~ /day/;
			my @options = map { my ($k, $v) = split /=/; ("--$k", $v) } split /&/, $query;
			for my $format (qw(json csv svg)) {
				my ($status, $head, $body) = get("/v1/reports/$name?$query&format=$format", $TOKEN);
				my $printed = $site->leadctl('report', $name, '--format', $format, @options);
				is $status, 200, "$name $query $format";
				is timeless($body), timeless($printed), '  is alike';
			}
		}
	}
};

subtest 'as described' => sub {
	for my $name (@REPORTS) {
		my $text = join '', map { $site->leadctl('report', $name, '--format', 'json', @$_) . "\n" } [], \@ALL,
		    [ @NOVEMBER, '--period', 'day' ], [ '--during', '2026', '--period', 'month' ];
		Site::spew("$dir/$name.jsonl", $text);
		my $got = $json->decode(join '', qx(node $FindBin::Bin/schema.mjs report-$name $dir/$name.jsonl));
		is_deeply $got, { documents => 4, problems => [] }, "$name: its schema" or diag explain $got;
	}
	Site::spew("$dir/records.json", join '', map { $json->encode($_) . "\n" } @records);
	my $got = $json->decode(join '', qx(node $FindBin::Bin/openapi.mjs $dir/records.json report));
	cmp_ok $got->{answers}, '>', 10, 'answers';
	is_deeply $got->{problems}, [], '  are what openapi.json says' or diag explain $got->{problems};
};

subtest 'what is wrong is refused' => sub {
	for my $case (
		[ '/v1/reports/funnel',                      undef, 401 ],
		[ '/v1/reports/funnel',                      'writer-0123456789abcdef0123', 403 ],
		[ '/v1/reports/weather',                     $TOKEN, 404 ],
		[ '/v1/reports/',                            $TOKEN, 404 ],
		[ '/v1/reports/funnel?period=hour',          $TOKEN, 422 ],
		[ '/v1/reports/funnel?since=never',          $TOKEN, 422 ],
		[ '/v1/reports/funnel?since=2026&until=2025', $TOKEN, 422 ],
		[ '/v1/reports/funnel?format=table',         $TOKEN, 422 ],
		[ '/v1/reports/funnel?format=xml',           $TOKEN, 422 ],
		[ '/v1/reports/funnel?by=source',            $TOKEN, 422 ],
		[ '/v1/reports/sources?limit=0',             $TOKEN, 422 ],
		[ '/v1/reports/kinds?scorecard=default',     $TOKEN, 422 ],
	) {
		my ($path, $token, $expected) = @$case;
		my ($status, undef, $body) = get($path, $token);
		is $status, $expected, $path;
		ok $json->decode($body)->{error}{message}, '  with a reason';
	}
	for my $wrong ([], ['weather'], [ 'funnel', 'x' ], [ 'funnel', '--period', 'hour' ], [ 'funnel', '--format', 'xml' ],
		[ 'funnel', '--nonsense' ], [ 'kinds', '--scorecard', 'x' ]) {
		my $said = qx($Site::BUILD/leadctl -c @{[ $site->config_path ]} report @$wrong 2>&1);
		my $code = $? >> 8;
		is $code, 2, "report @$wrong";
		isnt $said, '', '  with a word';
	}
};

subtest 'a chart carries nothing that runs' => sub {
	my ($status, $head, $body) = get('/v1/reports/funnel?format=svg', $TOKEN);
	like $head, qr{Content-Type: image/svg\+xml},                      'its type';
	like $head, qr{Content-Security-Policy: default-src 'none'},       'its policy';
	like $head, qr{X-Content-Type-Options: nosniff},                   'taken for nothing else';
	like $body, qr{<title id="funnel-title">Lead funnel</title>},      'a title';
	unlike $body, qr{<script|href|\bon\w+=|url\(},                     'no script, no link';
	($status, $head, $body) = get('/v1/reports/sources?format=csv', $TOKEN);
	like $head, qr{Content-Type: text/csv},                            'CSV: its type';
	like $head, qr{Content-Disposition: attachment; filename="leadmilter-sources.csv"}, '  its name';
};

subtest 'to a file, and without a daemon' => sub {
	my $with = $site->leadctl('report', 'sources', @ALL);
	$site->leadctl('report', 'sources', @ALL, '--output', "$dir/sources.txt");
	is $site->{status}, 0, 'written';
	is Site::slurp("$dir/sources.txt"), $with, '  the same';
	$site->leadctl('report', 'sources', '-o', "$dir/nowhere/sources.txt");
	is $site->{status}, 70, 'nowhere to write to';
	my $kinds = kinds(report('kinds', @ALL));
	$site->stop_daemon;
	is $site->leadctl('report', 'sources', @ALL), $with, 'without a daemon';
	is_deeply kinds(report('kinds', @ALL)), $kinds, '  nothing is lost';
	my @lines = split /\n/, $site->leadctl('report', 'funnel', @ALL);
	like $lines[0], qr/^period +stage +reached/, 'a table';
	is scalar(@lines), 9, '  a line for each stage';
};

done_testing;
