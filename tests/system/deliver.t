#!/usr/bin/perl
# deliver.t - from mail to the CRM: whatever the receiver does, mail flows as before, and events arrive
# in order, once it is well, signed as an independent verifier wants them.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use HTTP::Tiny;
use JSON::PP;
use MilterClient;
use Site;
use Test::More;
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->utf8;

# A receiver of its own: (port, pid) of it; its record is $site->{dir}/requests.jsonl.
sub start_receiver {
	my ($site, @arguments) = @_;
	my $port = $site->{port} //= Site::free_port();
	$site->{receiver} = $site->start_process(
		'receiver',
		command => [
			'node', "$Site::ROOT/tests/system/receiver.mjs", '--port', $port,
			'--log', "$site->{dir}/requests.jsonl", @arguments
		]
	);
	Site::wait_for('the receiver', sub { IO::Socket::INET->new("127.0.0.1:$port") });
	return $port;
}

sub endpoint {
	my ($name, $url, %options) = @_;
	my @secrets = @{ $options{secrets} // [ Site::secret() ] };
	my $secrets = join ', ', map { qq("$_") } @secrets;
	return qq(endpoint "$name" {\n\turl = "$url"\n\tsecrets = {$secrets}\n\ttimeout_seconds = 1\n)
	    . ($options{more} // '') . "}\n";
}

my $number = 0;

# One mail; the verdict and the seconds it took.
sub send_mail {
	my ($site, $person, $thread) = @_;
	$number++;
	my $client = MilterClient->new($site->socket_spec);
	$client->negotiate;
	$client->connect_as('192.0.2.7');
	my $began  = time;
	my $result = $client->message(
		from    => "$person\@buyers.test",
		to      => 'sales@example.test',
		headers => [
			[ 'From',       "$person Smith <$person\@buyers.test>" ],
			[ 'To',         'sales@example.test' ],
			[ 'Subject',    $thread // 'Offer, please' ],
			[ 'Message-ID', "<$person.$number\@buyers.test>" ],
			[ 'Date',       'Sat, 21 Nov 2026 10:00:00 +0000' ],
		],
		body   => "Hello, please send me an offer for $number machines.\r\n",
		macros => { E => { i => "Q$number" } },
	);
	my $took = time - $began;
	$client->quit;
	return ($result, $took);
}

sub record {
	my ($site) = @_;
	return map { $json->decode($_) } grep { length } split /\n/, Site::slurp("$site->{dir}/requests.jsonl");
}

sub status {
	my ($site) = @_;
	my %status = map { $_->{endpoint} => $_ } @{ $site->leadctl_json('endpoint', 'status') };
	return \%status;
}

sub answers {
	my ($site, $list, $path) = @_;
	my $got = HTTP::Tiny->new->put("http://127.0.0.1:$site->{port}/.answers" . ($path // ''), { content => $list });
	die "receiver: $got->{status}\n" unless $got->{success};
}

sub verify {
	my ($site, @secrets) = @_;
	local $ENV{LEADMILTER_NPM} = "$Site::BUILD/npm";
	open my $pipe, '-|', 'node', "$Site::ROOT/tests/system/verify.mjs", (map { ('--secret', $_) } @secrets),
	    "$site->{dir}/requests.jsonl"
	    or die "node: $!";
	local $/;
	return $json->decode(scalar <$pipe> || '{}');
}

# For each path: which of each lead's events were accepted, in the order of arrival.
sub check_order {
	my ($site, $name) = @_;
	my (%accepted, @wrong, %created);
	for my $request (record($site)) {
		next unless $request->{answer} eq '200';
		my $body = $json->decode($request->{body});
		my $lead = $body->{data}{lead}{id};
		my $path = $request->{url};
		push @wrong, "$path: $body->{type} before lead.created"
		    if $body->{type} eq 'lead.created' ? $created{$path}{$lead}++ : !$created{$path}{$lead};
		my $before = $accepted{$path}{$lead} // '';
		push @wrong, "$path: $body->{timestamp} after $before" if $body->{timestamp} lt $before;
		$accepted{$path}{$lead} = $body->{timestamp};
	}
	is_deeply \@wrong, [], $name;
	return \%accepted;
}

subtest 'a receiver that fails in every way' => sub {
	my %ways = (
		500       => '500', 429 => '429+2', date => '503@2', 302 => '302', 404 => '404', 401 => '401',
		garbage   => 'garbage', slow => 'slow:30000', hang => 'hang', close => 'close', reset => 'reset',
		truncated => 'truncated', gone => '410'
	);
	my $site = Site->new;
	my $port = start_receiver($site, map { ('--path', "/$_=$ways{$_}") } sort keys %ways);
	$site->{config} = join '', map { endpoint($_, "http://127.0.0.1:$port/$_?token=hunter2") } sort keys %ways;
	$site->{config} .= endpoint('nobody', 'http://127.0.0.1:' . Site::free_port() . '/x')
	    . endpoint('well', "http://127.0.0.1:$port/well");
	$site->start_daemon;
	my $slowest = 0;
	for my $person (qw(ann bob ann cleo ann bob dora)) {
		my ($result, $took) = send_mail($site, $person);
		ok $result->{added}{'X-Lead-Id'}, "mail of $person is stamped";
		$slowest = $took if $took > $slowest;
	}
	cmp_ok $slowest, '<', 1, 'no mail waited for a receiver';
	Site::wait_for('the well one', sub { my $s = status($site)->{well}; $s->{delivered} && !$s->{waiting} });
	my $events = status($site)->{well}{delivered};
	cmp_ok $events, '>=', 7, "$events events";
	for my $way (sort keys %ways) {
		Site::wait_for("a request to $way", sub { grep { $_->{url} =~ m{^/$way\?} } record($site) });
	}
	Site::wait_for('parking', sub { status($site)->{gone}{parked} });
	ok !grep({ $_->{delivered} && $_->{endpoint} ne 'well' } values %{ status($site) }), 'nothing counts as delivered';
	is scalar(grep { $_->{url} eq '/redirected' } record($site)), 0, 'no redirect was followed';

	answers($site, '200');
	$site->leadctl('endpoint', 'resume', 'gone');
	is $site->{status}, 0, 'resume';
	Site::wait_for('all events everywhere', sub {
		my $s = status($site);
		!grep { $_->{endpoint} ne 'nobody' && ($_->{waiting} || $_->{delivered} != $events) } values %$s;
	}, 90);
	my $accepted = check_order($site, 'in order everywhere');
	is scalar(keys %{ $accepted->{$_} }), 4, "four leads at $_" for sort keys %$accepted;
	is status($site)->{nobody}{waiting}, $events, 'what nobody takes is kept';

	my $checked = verify($site, Site::secret());
	is_deeply $checked->{problems}, [], "the reference library verifies $checked->{requests} requests";
	is $checked->{ids}, $events, 'one id for all attempts and endpoints';
	unlike $site->daemon_log, qr/hunter2|bGVhZG1pbHRlc/, 'the log names no token and no secret';
};

subtest 'TLS, HTTP/2, rotation of secrets' => sub {
	my $site = Site->new;
	my $port = start_receiver($site, '--tls', "$site->{dir}/tls");
	my @secrets = (Site::secret(), 'another secret in plain text');
	$site->{config} =
	    endpoint('trusted', "https://localhost:$port/trusted", secrets => \@secrets,
		more => qq(\tca_file = "$site->{dir}/tls/ca.pem"\n))
	    . endpoint('stranger', "https://localhost:$port/stranger");
	$site->start_daemon;
	send_mail($site, $_) for qw(ann bob cleo);
	Site::wait_for('delivery', sub { my $s = status($site)->{trusted}; $s->{delivered} && !$s->{waiting} });
	my @requests = record($site);
	is scalar(grep { $_->{url} ne '/trusted' } @requests), 0, 'nothing to an unknown certificate';
	is scalar(grep { $_->{http} ne '2.0' } @requests), 0, 'HTTP/2 where it is offered';
	is $requests[-1]{connection}, $requests[0]{connection}, 'over one connection';
	is_deeply verify($site, @secrets)->{problems}, [], 'verifies under the old and the new secret';
	like $site->daemon_log, qr/endpoint stranger: .*certificate/, 'the log says why';
};

subtest 'killed while the receiver thinks' => sub {
	my $site = Site->new;
	my $port = start_receiver($site, '--answers', 'hang');
	$site->{config} = endpoint('crm', "http://127.0.0.1:$port/crm");
	$site->start_daemon;
	send_mail($site, $_) for qw(ann bob ann);
	Site::wait_for('a request', sub { record($site) });
	$site->stop_daemon('KILL');
	answers($site, '200');
	$site->start_daemon;
	Site::wait_for('all events', sub { my $s = status($site)->{crm}; $s->{delivered} && !$s->{waiting} }, 60);
	check_order($site, 'in order');
	my $checked = verify($site, Site::secret());
	is_deeply $checked->{problems}, [], 'same id, same body, new signature';
	my @twice = grep { grep({ $_ eq '200' } @{ $_->{answers} }) > 1 } @{ $checked->{events} };
	is_deeply \@twice, [], 'nothing accepted twice';
};

done_testing;
