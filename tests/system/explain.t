#!/usr/bin/perl
# explain.t - a score is the same wherever it is told: on the mail, in the event, by the inbound hook, by
# leadctl, and before the mail is ever received; each is the sum of its contributions.  With several
# scorecards, caps that cut, touches of half a year and a history long enough to be summed up.
# And it is the same after a restart; a changed scorecard counts, a wrong one changes nothing.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Tiny;
use JSON::PP;
use List::Util qw(sum0);
use MilterClient;
use POSIX qw(strftime);
use Site;
use Test::More;
use Time::Local qw(timegm);

use constant NOW => timegm(0, 0, 10, 23, 10, 2026);    # Monday, 23 November 2026, 10:00 UTC
use constant DAY => 86400;

my $json    = JSON::PP->new->utf8->canonical;
my $TOKEN   = 'explain-0123456789abcdef0123';
my $ANNA    = 'anna.weber@weber-pumps.test';
my $port    = Site::free_port();
my @POINTS  = qw(total fit engagement quality);
my $TIGHT   = qq(applies = "true"\nhalf_life = 11.0\nmql = 7.0\ngroup "all" { floor = -3.0  cap = 9.0 }\n)
    . qq(touch "pricing_page" { points = 1.5  importance = 0.25 }\ntouch "visit" { points = 0.3 }\n)
    . qq(rule "asks" {\n\twhen = "content.questions >= 1"\n\tpoints = 7.0\n\tgroup = "all"\n}\n)
    . qq(rule "words" {\n\twhen = "text.words > 2"\n\tpoints = 0.13  value = "text.words"\n\tgroup = "all"\n}\n);

my $site = Site->new(
	clock         => 1,
	receiver_port => Site::free_port(),    # nobody listens: the outbox keeps what there is to tell
	config        => <<"END",
hook_listen = "127.0.0.1:$port"
client "site" {
	tokens = {"$TOKEN"}
	scopes = {"touches", "read"}
	rate = 0
}
END
);

sub write_card { Site::spew("$site->{dir}/tight.conf", qq(name = "tight"\n$_[0])) }

sub configure {
	$site->write_config;
	my $config = Site::slurp($site->config_path);
	$config =~ s{^(scorecards = \{.*)\}}{$1, "$site->{dir}/tight.conf"\}}m or die 'no scorecards';
	Site::spew($site->config_path, $config);
}

sub start {
	$site->set_clock(NOW, 1);
	$site->start_daemon(keep_config => 1);
}

sub ask {
	my ($path, $body) = @_;
	my %how = (headers => { Authorization => "Bearer $TOKEN" }, defined $body ? (content => $body) : ());
	my $answer = HTTP::Tiny->new->request(defined $body ? 'POST' : 'GET', "http://127.0.0.1:$port$path", \%how);
	return $json->decode($answer->{content});
}

my $serial = 0;

# A mail of hers; what the milter added to it.
sub write_mail {
	my ($body) = @_;
	my $id      = 'mail' . ++$serial . '@weber-pumps.test';
	my @headers = (
		[ 'From', "Anna Weber <$ANNA>" ], [ 'To', 'sales@example.test' ], [ 'Subject', 'Pumps' ],
		[ 'Message-ID', "<$id>" ], [ 'Date', strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime NOW) ],
	);
	my $client = MilterClient->new($site->socket_spec) or die "no milter: $!";
	$client->negotiate;
	$client->connect_as;
	my $result = $client->message(from => $ANNA, to => 'sales@example.test', headers => \@headers,
		body => $body =~ s/\n/\r\n/gr);
	$client->quit;
	Site::spew("$site->{dir}/$id.eml", join('', map { "$_->[0]: $_->[1]\n" } @headers) . "\n$body");
	return ($result->{added}, "$site->{dir}/$id.eml");
}

sub last_event {
	my ($row) = @{ $site->leadctl_json('outbox', 'list', '--most', 1) };
	return $site->leadctl_json('outbox', 'show', $row->{id})->[0]{body};
}

sub at { return strftime '%Y-%m-%dT%H:%M:%SZ', gmtime(NOW + ($_[0] // 0)) }

# Differences are of rounding to two digits.
sub near { my ($one, $other) = @_; return defined $one && defined $other && abs($one - $other) < 0.011 }

# A score as {card => {total, …}}.
sub cards { return { map { $_->{scorecard} => $_ } @{ $_[0] } } }

sub same_cards {
	my ($got, $want, $what) = @_;
	is_deeply [ sort keys %$got ], [ sort keys %$want ], "$what: the same scorecards";
	for my $card (sort keys %$want) {
		my @differ = grep { !near($got->{$card}{$_}, $want->{$card}{$_}) } grep { defined $want->{$card}{$_} } @POINTS;
		push @differ, grep { $got->{$card}{$_} ne $want->{$card}{$_} } qw(grade temperature);
		is "@differ", '', "$what: $card" or diag explain { map { $_ => [ $got->{$card}{$_}, $want->{$card}{$_} ] } @POINTS, "grade", "temperature" };
	}
}

sub is_sum {
	my ($score, $what) = @_;
	my $sum = sum0 map { $_->{points} } @{ $score->{contributions} };
	ok near($sum, $score->{total}), "$what: the sum of its contributions" or diag "$sum, total $score->{total}";
}

# What `leadctl explain` says: scores by card, each the sum of what it lists.
sub explained {
	my ($what, $after) = @_;
	my $said = $site->leadctl_json('--now', at($after), 'explain', $ANNA)->[0];
	is_sum($_, "$what: $_->{scorecard}") for @{ $said->{scores} };
	ok near($said->{score}, $said->{scores}[0]{total}), "$what: the leading one first";
	return cards($said->{scores});
}

# All that can be asked say what `explain` says.
sub same_everywhere {
	my ($what, $after) = @_;
	my $want = explained($what, $after);
	my $now  = at($after);
	my $api  = ask("/v1/leads/$ANNA?now=$now");
	same_cards(cards($api->{scores}), $want, "$what: GET /v1/leads/{lead}");
	is_sum($api->{score}, "$what: GET /v1/leads/{lead}");
	same_cards(cards($site->leadctl_json('--now', $now, 'show', $ANNA)->[0]{scores}), $want, "$what: show");
	return $want;
}

write_card($TIGHT);
configure();
start();

my $LONG = "Hello,\n\nwe need 40 pumps before 15 December, our budget is 80,000 EUR. What do they cost? Could you\n"
    . "send a price list and show us a demo?\n\nRegards,\nAnna Weber\nHead of Purchasing\nWeber Pumps Ltd\n"
    . "Tel +44 20 7946 0958\nwww.weber-pumps.test\n";

subtest 'a first mail' => sub {
	my ($added, $file) = write_mail($LONG);
	my $event = last_event();
	my $want  = same_everywhere('now');
	is_deeply [ map { $_->{type} } @{ $site->leadctl_json('outbox', 'list') } ], [qw(lead.qualified lead.created)], 'events';
	same_cards(cards($event->{data}{scores}), $want, 'event');
	is_sum($event->{data}{score}, 'event');
	is $added->{'X-Lead-Score'}, sprintf('%.1f', $event->{data}{score}{total}), 'X-Lead-Score';
	my $before = $site->leadctl_json('score', '--mail-from', $ANNA, '--rcpt', 'sales@example.test', '--client',
		'192.0.2.7', $file)->[0];
	same_cards(cards($before->{scores}), $want, 'leadctl score');
	is_sum($_, "leadctl score: $_->{scorecard}") for @{ $before->{scores} };
	my ($raw) = map { sum0 map { $_->{decayed} } grep { ($_->{group} // '') eq 'all' } @{ $_->{contributions} } }
	    grep { $_->{scorecard} eq 'tight' } @{ $before->{scores} };
	cmp_ok $raw, '>', 9, 'a cap had something to cut';
	ok near($want->{tight}{total}, 9), 'and cut it';
};

subtest 'half a year of touches' => sub {
	my @touches = map {
		{ touch => $_ % 7 ? 'visit' : 'pricing_page', email => $ANNA, id => "t$_", time => at(-$_ * DAY - $_ * 60) }
	} 1 .. 180;
	while (my @part = splice @touches, 0, 60) {
		my $answer = ask('/v1/touches', $json->encode({ touches => \@part }));
		is scalar(grep { $_->{status} eq 'recorded' } @{ $answer->{results} }), 60, 'recorded';
	}
	same_everywhere('with touches');
	my ($added) = write_mail("Hello,\n\nwhen could you visit us?\n\nAnna\n");
	my $event = last_event();
	my $want  = same_everywhere('after one more mail');
	is $event->{type}, 'lead.updated', 'an event';
	same_cards(cards($event->{data}{scores}), $want, 'event');
	is_sum($event->{data}{score}, 'event');
	is $added->{'X-Lead-Score'}, sprintf('%.1f', $event->{data}{score}{total}), 'X-Lead-Score';
	my $listed = $site->leadctl_json('leads')->[0];
	my $lead   = $want->{ $listed->{scorecard} };
	ok near($listed->{score}, $lead->{total}), 'leadctl leads';
	my $api = ask('/v1/leads')->{leads}[0];
	same_cards(cards($api->{scores}), $want, 'GET /v1/leads');
	my @times = $site->leadctl('show', $ANNA) =~ /^    (\d{4}-\d\d-\d\d \d\d:\d\d) \S+  \w/mg;
	is_deeply \@times, [ sort @times ], 'show: told as it happened';
	cmp_ok scalar @times, '>', 182, 'all of it';
	my $later = same_everywhere('in 40 days', 40 * DAY);
	cmp_ok $later->{default}{engagement}, '<', $want->{default}{engagement}, 'less by then';
	is $later->{default}{fit}, $want->{default}{fit}, 'but not fit';
};

subtest 'reload is as restart; a wrong scorecard changes nothing' => sub {
	my $before = same_everywhere('before');
	write_card($TIGHT =~ s/cap = 9\.0/cap = 5.5/r =~ s/half_life = 11\.0/half_life = 23.0/r =~ s/points = 0\.3/points = 0.9/r);
	$site->leadctl('reload');
	is $site->{status}, 0, 'reloaded';
	my $after = same_everywhere('reloaded');
	ok !near($after->{tight}{total}, $before->{tight}{total}), 'the changed card counts at once';
	same_cards({ default => $after->{default} }, { default => $before->{default} }, 'the other card');
	$site->stop_daemon;
	start();
	same_cards(same_everywhere('restarted'), $after, 'restarted');

	my $path  = $site->config_path;
	my $right = Site::slurp("$site->{dir}/tight.conf");
	for (
		[ $right =~ s/content\.questions/content.question/r, qr/tight\.conf:9:\d+: unknown signal "content\.question".*"content\.questions"/ ],
		[ $right =~ s/\n\tpoints = 7\.0/\n\tpoints = many/r,  qr/tight\.conf:10/ ],
		[ $right =~ s/group = "all"/group = "gone"/r,          qr/tight\.conf.*gone/ ],
	    )
	{
		my ($wrong, $said) = @$_;
		Site::spew("$site->{dir}/tight.conf", $wrong);
		my $answer = qx($Site::BUILD/leadctl -c $path reload 2>&1);
		is $? >> 8, 70, 'a wrong scorecard is refused';
		like $answer, $said, 'and why, where';
		my $api = ask("/v1/leads/$ANNA");
		same_cards(cards($api->{scores}), $after, 'the daemon goes on with the old one');
	}
	like $site->daemon_log, qr/error: the old configuration stays: \S+tight\.conf:9:/, 'the log tells, too';
	my ($added) = write_mail("Hello,\n\nplease call me about the pumps. When can you?\n\nAnna\n");
	ok $added->{'X-Lead-Score'}, 'mail is still scored';
	Site::spew("$site->{dir}/tight.conf", $right);
	my %told = %{ cards(last_event()->{data}{scores}) };
	same_cards(\%told, same_everywhere('right again'), 'as if nothing had been');
};

done_testing;
