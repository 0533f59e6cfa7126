#!/usr/bin/perl
# delivery.t - the CRM misbehaves; mail flows as before, and events arrive, in order, when it is back.

use strict;
use warnings;
use Encode ();
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Tiny;
use JSON::PP;
use Site;
use Test::More;
use Time::HiRes qw(time);

my $site = Site->new(endpoint_options => "\ttimeout_seconds = 2\n\tconcurrency = 4\n");
$site->start_receiver;
$site->start_daemon;
$site->start_postfix;

sub answers {
	my ($list) = @_;
	my $r = HTTP::Tiny->new->request('PUT', "http://127.0.0.1:$site->{receiver_port}/.answers", { content => $list });
	die "receiver: $r->{status} $r->{content}" unless $r->{success};
}

sub mail {
	my ($person, $n) = @_;
	my $refs = $n > 1 ? "In-Reply-To: <$person.1\@buyers.test>\n" : '';
	return <<"END";
From: Person $person <$person\@$person.buyers.test>
To: sales\@example.test
Subject: Machines for $person
Message-ID: <$person.$n\@buyers.test>
${refs}Date: Sat, 21 Nov 2026 10:00:00 +0000

Message $n: please send me an offer for $n machines.
END
}

# Three mails of each of three people; the slowest of them in seconds.
sub send_all {
	my ($scenario) = @_;
	my $slowest = 0;
	for my $n (1 .. 3) {
		for my $person (map { "$scenario$_" } 'a' .. 'c') {
			my $began = time;
			is $site->send_mail("$person\@$person.buyers.test", 'sales@example.test', mail($person, $n)), 250,
			    "mail $n of $person"
			    or return 999;
			my $took = time - $began;
			$slowest = $took if $took > $slowest;
		}
	}
	return $slowest;
}

# The Message-IDs that came for a scenario's people with an answer of 200, per person in order.
sub arrived {
	my ($scenario) = @_;
	my (%order, %seen);
	for my $request (@{ $site->requests }) {
		my $event = decode_json(Encode::encode('UTF-8', $request->{body}));
		my $id    = $event->{data}{message}{message_id} // next;
		next unless $event->{type} =~ /^lead\.(created|updated)$/ && $request->{answer} eq '200';
		my ($person) = $id =~ /^(\Q$scenario\E[a-c])\./ or next;
		push @{ $order{$person} }, $id unless $seen{ $request->{headers}{'webhook-id'} }++;
	}
	return \%order;
}

sub wanted {
	my ($scenario) = @_;
	return { map { my $p = "$scenario$_"; $p => [ map { "$p.$_\@buyers.test" } 1 .. 3 ] } 'a' .. 'c' };
}

sub attempts { return scalar @{ $site->requests } }

for (
	[ normal   => '200',       0 ],
	[ error    => '500',       1 ],
	[ throttle => '429+1',     1 ],
	[ moved    => '302',       1 ],
	[ garbage  => 'garbage',   1 ],
	[ cut      => 'truncated', 1 ],
	[ slow     => 'slow:30000', 1 ],
	[ closing  => 'close',     1 ],
    )
{
	my ($scenario, $answer, $bad) = @$_;
	subtest "a receiver that answers $answer" => sub {
		answers($answer);
		my $before = attempts();
		cmp_ok send_all($scenario), '<', 1.5, 'mail flows as before';
		if ($bad) {
			Site::wait_for('a try', sub { attempts() > $before });
			is_deeply arrived($scenario), {}, 'nothing counts as delivered';
			answers('200');
		}
		Site::wait_for('the events', sub {
			my $got = arrived($scenario);
			3 == grep { @$_ == 3 } values %$got;
		}, 90);
		is_deeply arrived($scenario), wanted($scenario), 'all events, in order of each lead';
	};
}

subtest 'a receiver that is down' => sub {
	$site->stop_receiver('KILL');
	cmp_ok send_all('down'), '<', 1.5, 'mail flows as before';
	Site::wait_for('a try', sub {
		grep { $_->{error} } @{ $site->leadctl_json('outbox', 'list', '--state', 'waiting') };
	});
	$site->start_receiver;
	Site::wait_for('the events', sub { my $got = arrived('down'); 3 == grep { @$_ == 3 } values %$got }, 90);
	is_deeply arrived('down'), wanted('down'), 'all events, in order of each lead';
};

subtest '410 parks the endpoint until it is resumed' => sub {
	answers('410');
	cmp_ok send_all('gone'), '<', 1.5, 'mail flows as before';
	my $status = Site::wait_for('parking', sub {
		my ($e) = @{ $site->leadctl_json('endpoint', 'status') };
		$e->{parked} && $e;
	});
	like $status->{reason}, qr/410/, 'and says why';
	$site->leadctl('endpoint', 'status');
	is $site->{status}, 1, 'leadctl endpoint status exits 1';
	answers('200');
	my $before = attempts();
	$site->leadctl('outbox', 'list');
	is attempts(), $before, 'nothing is posted to it';
	$site->leadctl('endpoint', 'resume', 'crm');
	is $site->{status}, 0, 'resume';
	Site::wait_for('the events', sub { my $got = arrived('gone'); 3 == grep { @$_ == 3 } values %$got }, 60);
	is_deeply arrived('gone'), wanted('gone'), 'all events, in order of each lead';
};

subtest 'every signature verifies, ids are kept over attempts' => sub {
	my $checked = $site->verify_requests;
	is_deeply $checked->{problems}, [], "$checked->{verified} of $checked->{requests} requests";
	my (%ids, %times);
	for (@{ $site->requests }) {
		$ids{ $_->{body} }{ $_->{headers}{'webhook-id'} } = 1;
		like $_->{headers}{'content-type'}, qr{^application/json}, 'content type' if !%times;
		$times{ $_->{headers}{'webhook-timestamp'} } = 1;
	}
	is scalar(grep { keys %$_ > 1 } values %ids), 0, 'one id for each event';
};

subtest 'outbox list, show, drop, retry' => sub {
	answers('500');
	$site->send_mail('o@o.buyers.test', 'sales@example.test', mail('o', 1));
	my ($waiting) = @{ Site::wait_for('the delivery', sub {
		my $l = $site->leadctl_json('outbox', 'list', '--state', 'waiting');
		@$l && $l->[0]{attempts} && $l;
	}) };
	my ($shown) = @{ $site->leadctl_json('outbox', 'show', $waiting->{id}) };
	is $shown->{body}{type}, 'lead.created', 'show gives the body';
	is $shown->{status},     500,            'and the last answer';
	$site->leadctl('outbox', 'drop', $waiting->{id});
	is $site->{status}, 0, 'drop';
	is $site->leadctl_json('outbox', 'show', $waiting->{id})->[0]{state}, 'dropped', 'is dropped';
	$site->leadctl('outbox', 'drop', 999_999);
	is $site->{status}, 1, 'dropping nothing is a negative answer';
	answers('200');
	$site->leadctl('outbox', 'retry', $waiting->{id});
	Site::wait_for('the retried delivery', sub {
		$site->leadctl_json('outbox', 'show', $waiting->{id})->[0]{state} eq 'delivered';
	});
	pass 'a dropped one can be retried';
};

done_testing;
