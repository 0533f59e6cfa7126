#!/usr/bin/perl
# page_api.t - what the page asks of the daemon: every operation as openapi.json says it, and attacks
# on sessions: stolen, planted and guessed ids, cross-site requests, viewers who would be operators,
# guessed tokens, rebound names, hostile parameters, streams without end.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Postgres;
use Site;
use Test::More;
use Time::HiRes qw(time sleep);

my $json = JSON::PP->new->utf8->canonical;
my %TOKEN = (
	anna   => 'operator-0123456789abcdef0123',
	vera   => 'viewer-0123456789abcdef012345',
	reader => 'reader-0123456789abcdef0123',
	robot  => 'robot-0123456789abcdef012345',
	site   => 'website-0123456789abcdef0123',
);
my $port = Site::free_port();
my $HOST = "127.0.0.1:$port";
my $pg   = $ENV{LEADMILTER_TEST_POSTGRES} ? Postgres->new : undef; # see page_postgres.t
my $site = Site->new(clock => 1, $pg ? (store => $pg->create_database('leads')) : ());
Site::spew("$site->{dir}/anna.token", "$TOKEN{anna}\n");
chmod 0600, "$site->{dir}/anna.token";
my $dead_port = Site::free_port();

sub configure {
	my ($more) = @_;
	$site->{config} = <<"END";
hook_listen = "127.0.0.1:$port"
hook_max_connections = 1200
hook_request_seconds = 3
page_hosts = {"leads.example.test"}
page_proxies = {"127.0.0.9"}
page_idle = "30m"
page_life = "8h"
page_user "anna" {
	token = "file:$site->{dir}/anna.token"
	role = "operator"
	owner = "anna\@ours.test"
}
page_user "vera" {
	token = "$TOKEN{vera}"
}
client "reader" {
	tokens = {"$TOKEN{reader}"}
	scopes = {"read"}
	rate = 0
}
client "robot" {
	tokens = {"$TOKEN{robot}"}
	scopes = {"read", "operate"}
	rate = 0
}
client "site" {
	tokens = {"$TOKEN{site}"}
	scopes = {"leads", "touches"}
	rate = 0
}
owner "anna\@ours.test" {
	name = "Anna"
}
assign "pool" {
	strategy = "manual"
}
endpoint "crm" {
	url = "http://127.0.0.1:$dead_port/hook"
	secrets = {"@{[ Site::secret() ]}"}
}
@{[ $more // '' ]}
END
}
configure();

sub start {
	$site->start_daemon;
	Site::wait_for('the hook', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) }, 60);
}
start();

my @records;

# The daemon's time is so many minutes ahead of ours.
sub ahead { my ($minutes) = @_; $site->set_clock(time + 60 * $minutes) }

# One request on a connection of its own; (status, header block, body).
sub request {
	my ($method, $path, %how) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 10,
		$how{from} ? (LocalAddr => $how{from}) : ())
	    or die "connect: $!";
	my $body    = $how{body} // '';
	my @headers = ('Host: ' . ($how{host} // $HOST), 'Connection: close', @{ $how{headers} // [] });
	push @headers, 'Content-Length: ' . length $body if $method ne 'GET' && $method ne 'HEAD';
	print $s join("\r\n", "$method $path HTTP/1.1", @headers, '', $body);
	local $/;
	my $answer = <$s> // '';
	my ($head, $rest) = split /\r\n\r\n/, $answer, 2;
	my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
	$rest //= '';
	push @records, { method => $method, path => $path, status => $status, body => $rest, sent => $body }
	    if $status && $method ne 'HEAD' && $path =~ m{^/v1/};
	return ($status // 0, $head // '', $rest);
}

sub decoded { my ($body) = @_; return $body =~ /^[\{\[]/ ? $json->decode($body) : $body }

# A browser: remembers its cookie and the session's secret.
package Browser {
	sub new { my ($class, %own) = @_; return bless { cookie => '', csrf => '', %own }, $class }

	sub headers {
		my ($self, $method, %how) = @_;
		my @headers;
		push @headers, "Cookie: $self->{cookie}" if $self->{cookie};
		push @headers, @{ $self->{more} // [] };
		return @headers if $method eq 'GET';
		my $scheme = $self->{scheme} // 'http';
		push @headers, "Origin: $scheme://" . ($self->{host} // $HOST), 'Sec-Fetch-Site: same-origin';
		push @headers, "X-CSRF-Token: $self->{csrf}" if $self->{csrf};
		push @headers, 'Content-Type: application/json';
		return @headers;
	}

	sub ask {
		my ($self, $method, $path, $value) = @_;
		my ($status, $head, $body) = main::request(
			$method, $path,
			headers => [ $self->headers($method) ],
			host    => $self->{host},
			from    => $self->{from},
			body    => $value ? $json->encode($value) : ''
		);
		$self->{cookie} = $1 if $head =~ /^Set-Cookie: ([^;\r]+)/mi;
		my $got = main::decoded($body);
		$self->{csrf} = $got->{csrf} if ref $got eq 'HASH' && $got->{csrf};
		return ($status, $got, $head);
	}
	sub get  { my ($self, $path) = @_;         return $self->ask('GET', $path) }
	sub post { my ($self, $path, $value) = @_; return $self->ask('POST', $path, $value // {}) }
	sub login { my ($self, $who) = @_; return $self->post('/v1/session', { token => $TOKEN{$who} // $who }) }
}

sub client {
	my ($who, $method, $path, $value) = @_;
	my ($status, undef, $body) = request(
		$method, $path,
		headers => [ "Authorization: Bearer $TOKEN{$who}", 'Content-Type: application/json' ],
		body    => $value ? $json->encode($value) : ''
	);
	return ($status, decoded($body));
}

my %lead;

sub make_lead {
	my ($address, %more) = @_;
	my ($status, $answer) =
	    client('site', 'POST', '/v1/leads', { email => $address, message => 'What is the price of 40 pumps?', %more });
	die "no lead: $status" unless $status == 200 && $answer->{lead};
	return $lead{$address} = $answer->{lead};
}

make_lead('grace@hopper.test', name => 'Grace Hopper', company => 'Hopper Systems');
make_lead('ada@analytical.test', name => "Ada M\x{fc}ller", company => 'Analytical Engines', phone => '+442079460018');
make_lead('ada.private@elsewhere.test', phone => '+442079460018');
make_lead('li@wang.test', name => "\x{738b}\x{5c0f}\x{660e}", company => '<script>alert(1)</script>');
make_lead("p$_\@many.test", name => "Person Number$_") for 1 .. 30;

my $anna = Browser->new;
my $vera = Browser->new;

subtest 'log in' => sub {
	my ($status, $session, $head) = $anna->login('anna');
	is $status, 200, 'with a token from a file';
	is_deeply [ @$session{qw(user role owner)} ], [ 'anna', 'operator', 'anna@ours.test' ], 'who it is';
	like $head, qr/^Set-Cookie: leadmilter_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=28800\r?$/m,
	    'the cookie';
	isnt $anna->{csrf}, ($anna->{cookie} =~ s/.*=//r), 'two secrets';
	($status, $session) = $vera->login('vera');
	is $session->{role}, 'viewer', 'a viewer';
	is $session->{owner}, undef, '  owns nothing';
	($status, $session) = $vera->get('/v1/session');
	is $status, 200, 'the page finds its session again';
	is $session->{csrf}, $vera->{csrf}, '  with the same secret';
	unlike $site->daemon_log, qr/\Q$TOKEN{anna}\E|\Q$TOKEN{vera}\E|\Q$anna->{csrf}\E/, 'no secret in the log';
	is((Browser->new->login('wrong-0123456789abcdef0123'))[0], 401, 'a wrong token');
	is((Browser->new->login(''))[0], 422, 'none');
};

subtest 'headers' => sub {
	for my $path ('/v1/leads', '/healthz', '/v1/nothing', '/') {
		my (undef, undef, $head) = $vera->get($path);
		like $head, qr/^Content-Security-Policy: default-src 'none'; script-src 'self'[^\r]*frame-ancestors 'none'[^\r]*require-trusted-types-for 'script'\r?$/m,
		    "$path: policy";
		unlike $head, qr/unsafe-inline|unsafe-eval|\*/, '  nothing unsafe in it';
		like $head, qr/^\Q$_\E/mi, "  $_"
		    for 'X-Content-Type-Options: nosniff', 'Referrer-Policy: no-referrer',
		    'Cross-Origin-Opener-Policy: same-origin', 'Cross-Origin-Resource-Policy: same-origin', 'Permissions-Policy: ';
		like $head, qr/^Cache-Control: no-store\r?$/m, '  not kept' if $path ne '/';
		unlike $head, qr/^Access-Control-Allow/mi, '  nobody else may read it';
	}
};

subtest 'the page' => sub {
	my ($status, $head, $body) = request('GET', '/');
	is $status, 200, 'served';
	like $head, qr{^Content-Type: text/html}m;
	my ($tag) = $head =~ /^ETag: (\S+)/m;
	ok $tag, 'has a tag';
	is((request('GET', '/', headers => ["If-None-Match: $tag"]))[0], 304, 'is known by it');
	unlike $body, qr/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i, 'nothing that the policy would refuse stands in it';
	is((request('GET', '/app/leads/ld_x'))[2], $body, 'its own paths are the page');
	my ($asset) = $body =~ m{src="(/[^"]+\.js)"};
	ok $asset, 'has a script';
	($status, $head) = request('GET', $asset, headers => ['Accept-Encoding: gzip, deflate, br']);
	is $status, 200, '  served';
	like $head, qr/^Content-Encoding: (?:br|gzip)\r?$/m, '  compressed';
	like $head, qr/^Cache-Control: public, max-age=31536000, immutable\r?$/m, '  kept for ever';
	($status, $head) = request('GET', $asset, headers => ['Accept-Encoding: identity;q=1, gzip;q=0']);
	unlike $head, qr/^Content-Encoding/m, '  plain for who wants it';
	is((request('GET', '/', host => 'evil.test'))[0], 421, 'not under a foreign name');
	is((request('POST', '/'))[0], 404, 'nothing is posted to it');
};

subtest 'leads' => sub {
	my ($status, $page) = $vera->get('/v1/leads');
	is $status, 200, 'listed';
	is scalar @{ $page->{leads} }, 34, 'all of them';
	ok !$page->{more} && !defined $page->{next}, 'nothing more';
	for my $sort (qw(updated created score name)) {
		my (@ids, $cursor);
		for (1 .. 20) {
			($status, $page) = $vera->get("/v1/leads?sort=$sort&limit=7" . ($cursor ? "&cursor=$cursor" : ''));
			push @ids, map { $_->{lead}{id} } @{ $page->{leads} };
			$cursor = $page->{next} // last;
			$cursor =~ s/([^\w.:-])/sprintf '%%%02X', ord $1/ge;
		}
		my %seen = map { $_ => 1 } @ids;
		is scalar(keys %seen), 34, "$sort: every lead" if $sort ne 'name';
		is scalar @ids, scalar keys %seen, '  once';
	}
	my %found = (
		'q=grace'              => 1,
		'q=GRACE+hop'          => 1,
		'q=hopper.test'        => 1,
		'q=grace%40hop'        => 1,
		'q=muller'             => 1,
		'q=m%C3%BCll'          => 1,
		'q=%E5%B0%8F%E6%98%8E' => 1,
		'q=analytical'         => 1,
		'q=race'               => 0,
		'q=person'             => 30,
		'q=number1+p1'         => 11,
		'q=%2B4420'            => 2,
		'account=many.test'    => 30,
		'account=many.test&q=number7' => 1,
		'unowned=true'         => 34,
		'owner=anna%40ours.test' => 0,
		'stage=customer'       => 0,
		'grade=A&stage=customer' => 0,
		'since=2001-01-01T00:00:00Z' => 34,
		'until=2001-01-01T00:00:00Z' => 0,
	);
	for my $query (sort keys %found) {
		($status, $page) = $vera->get("/v1/leads?limit=100&$query");
		is scalar @{ $page->{leads} // [] }, $found{$query}, $query;
	}
	($status, $page) = client('reader', 'GET', '/v1/leads?limit=10&skip=30');
	is scalar @{ $page->{leads} }, 4, 'skip still works';
	is((client('reader', 'GET', '/v1/leads?skip=34'))[1]{more}, JSON::PP::false, '  past the end');
};

subtest 'one lead' => sub {
	my $id = $lead{'grace@hopper.test'};
	my ($status, $value) = $vera->get("/v1/leads/$id");
	is $status, 200, 'read';
	is $value->{activity}{inbound}, 1, 'what it did';
	is_deeply $value->{merged}, [], 'nothing merged';
	($status, $value) = $vera->get("/v1/leads/$id/timeline");
	is $value->{touches}[0]{direction}, 'inbound', 'timeline';
	is scalar @{ ($vera->get("/v1/leads/$id/timeline?direction=outbound"))[1]{touches} }, 0, '  one direction';
	client('site', 'POST', '/v1/touches',
		{ touches => [ map { { touch => 'pricing_page', lead => $id, id => "v$_" } } 1 .. 5 ] });
	for my $order (qw(newest oldest)) {
		my (@all, $cursor);
		do {
			($status, $value) =
			    $vera->get("/v1/leads/$id/timeline?order=$order&limit=4" . ($cursor ? "&cursor=$cursor" : ''));
			push @all, map { $_->{sequence} } @{ $value->{touches} };
		} while ($cursor = $value->{next});
		is_deeply \@all, $order eq 'oldest' ? [ 1 .. 6 ] : [ reverse 1 .. 6 ], "  $order first, page by page";
	}
	($status, $value) = $vera->get("/v1/leads/$id/explain");
	my $leading = $value->{scores}[0];
	my $sum     = 0;
	$sum += $_->{points} for @{ $leading->{contributions} };
	cmp_ok abs($sum - $leading->{total}), '<', 0.05, 'contributions sum to the total';
	ok $leading->{leading}, 'the leading scorecard first';
	($status, $value) = $vera->get("/v1/leads/$id/scores?points=10");
	cmp_ok scalar @{ $value->{points} }, '>=', 10, 'score over time';
	cmp_ok abs($value->{points}[-1]{total} - $leading->{total}), '<', 0.5, '  ends at the present one';
	is([$vera->get("/v1/leads/$id/scores?scorecard=none")]->[0], 422, '  of a scorecard that is there');
	($status, $value) = $vera->get("/v1/leads/$id/stages");
	ok scalar @{ $value->{stages} }, 'stages';
	($status, $value) = $vera->get("/v1/leads/$id/deliveries");
	is $value->{deliveries}[0]{endpoint}, 'crm', 'deliveries';
	is([$vera->get("/v1/leads/ld_none/$_")]->[0], 404, "$_ of nobody") for qw(timeline explain scores stages deliveries);
};

subtest 'lists' => sub {
	my ($status, $value) = $vera->get('/v1/accounts');
	is $status, 200, 'accounts';
	is scalar @{ $value->{accounts} }, 5, '  each once';
	my ($many) = grep { $_->{domain} eq 'many.test' } @{ $value->{accounts} };
	is $many->{people}, 30, '  with their people';
	($status, $value) = $vera->get('/v1/accounts/many.test');
	is scalar @{ $value->{people} }, 30, 'an account';
	is([$vera->get('/v1/accounts/none.test')]->[0], 404, '  that is there');
	($status, $value) = $vera->get('/v1/owners');
	is $value->{owners}[0]{address}, 'anna@ours.test', 'owners';
	($status, $value) = $vera->get('/v1/choices');
	ok scalar(grep { $_ eq 'mql' } @{ $value->{stages} }), 'choices';
	($status, $value) = $vera->get('/v1/overview');
	is $value->{leads}, 34, 'figures';
	($status, $value) = $vera->get('/v1/scorecards');
	ok scalar @{ $value->{scorecards}[0]{rules} }, 'scorecards';
	($status, $value) = $vera->get('/v1/endpoints');
	is $value->{endpoints}[0]{name}, 'crm', 'endpoints';
	($status, $value) = $vera->get('/v1/outbox?state=waiting&limit=10');
	is scalar @{ $value->{deliveries} }, 10, 'the outbox';
	ok $value->{next}, '  goes on';
	($status, my $second) = $vera->get("/v1/outbox?state=waiting&limit=10&cursor=$value->{next}");
	cmp_ok $second->{deliveries}[0]{id}, '<', $value->{deliveries}[-1]{id}, '  where it ended';
	($status, $value) = $vera->get("/v1/outbox/$second->{deliveries}[0]{id}");
	is ref $value->{body}, 'HASH', 'what is posted';
	($status, $value) = $vera->get('/v1/duplicates');
	is $status, 200, 'possible duplicates';
	is scalar @{ $value->{pairs} }, 1, '  one pair, once';
	ok scalar @{ $value->{pairs}[0]{reasons} }, '  and why' if @{ $value->{pairs} };
};

subtest 'a message to try' => sub {
	my ($before) = ($vera->get('/v1/overview'))[1];
	my $message  = "From: Joan <joan\@clarke.test>\r\nTo: sales\@example.test\r\nSubject: Offer\r\n\r\nPlease send us a quote for 40 pumps.\r\n";
	my ($status, $value) = $vera->post('/v1/try', { message => $message });
	is $status, 200, 'a viewer may';
	is $value->{kind}, 'human', 'kind';
	is $value->{person}{name}, 'Joan', 'person';
	ok scalar @{ $value->{score}{contributions} }, 'reasons';
	is_deeply [ @{ ($vera->get('/v1/overview'))[1] }{qw(leads messages)} ], [ @$before{qw(leads messages)} ], 'nothing is stored';
	is([$vera->post('/v1/try', { message => $message, scorecard => 'none' })]->[0], 422, 'an unknown scorecard');
	is([$vera->post('/v1/try', { message => 'x' x 250000 })]->[0], 422, 'too long');
	is([$vera->post('/v1/try', { message => "\x01\x{1F4A3}" x 1000 })]->[0], 200, 'nonsense');
};

subtest 'actions' => sub {
	my $id = $lead{'grace@hopper.test'};
	my ($status, $value) = $anna->post("/v1/leads/$id/claim");
	is $status, 200, 'claimed';
	is([$anna->get("/v1/leads/$id")]->[1]{owner}{address}, 'anna@ours.test', '  owned');
	is((client('robot', 'POST', "/v1/leads/$id/claim", { owner => 'bob@ours.test' }))[0], 409, 'not twice');
	is((client('robot', 'POST', "/v1/leads/$id/claim", {}))[0], 422, 'a client says for whom');
	is([$anna->post("/v1/leads/$id/claim")]->[0], 200, 'by the same again');
	is([$anna->post("/v1/leads/$id/assign", { owner => 'bob@ours.test', reason => 'his region' })]->[0], 200, 'given away');
	is([$anna->post("/v1/leads/$id/assign", { owner => undef })]->[0], 200, 'given back');
	is([$anna->get("/v1/leads/$id")]->[1]{owner}, undef, '  to the pool');
	is([$anna->post("/v1/leads/$id/assign", { owner => 'nobody' })]->[0], 422, 'not to what is no address');
	is([$anna->post("/v1/leads/$id/stage", { stage => 'sql', reason => 'meeting' })]->[0], 200, 'moved');
	is([$anna->get("/v1/leads/$id")]->[1]{lead}{stage}, 'sql', '  there');
	is([$anna->post("/v1/leads/$id/stage", { stage => 'won' })]->[0], 422, 'not to what is no stage');
	my ($one, $other) = @lead{ 'ada@analytical.test', 'ada.private@elsewhere.test' };
	is([$anna->post("/v1/leads/$one/merge", { other => $other })]->[0], 200, 'merged');
	is_deeply([$anna->get("/v1/leads/$one")]->[1]{merged}, [$other], '  which is told');
	is([$anna->get("/v1/leads/$other")]->[1]{lead}{id}, $one, '  and leads there');
	is([$anna->post("/v1/leads/$one/merge", { other => $one })]->[0], 422, 'not with itself');
	is([$anna->post("/v1/leads/$one/split", { what => $other })]->[0], 200, 'split again');
	is([$anna->post("/v1/leads/$one/split", { what => $other })]->[0], 422, '  once');
	is([$anna->post("/v1/leads/$one/apart", { other => $other })]->[0], 200, 'kept apart');
	is_deeply([$anna->get('/v1/duplicates')]->[1]{pairs}, [], '  no duplicates any more');
	is([$anna->post("/v1/leads/ld_none/$_->[0]", $_->[1])]->[0], 404, "$_->[0] of nobody")
	    for [ 'claim', {} ], [ 'assign', { owner => 'a@b.test' } ], [ 'stage', { stage => 'mql' } ],
	    [ 'merge', { other => $one } ];
	my ($first, $second) = map { $_->{id} } @{ (($anna->get('/v1/outbox?state=waiting'))[1]{deliveries}) }[ 0, 1 ];
	is([$anna->post("/v1/outbox/$first/retry")]->[1]{count}, 1, 'tried again');
	is([$anna->post('/v1/outbox/dead/retry')]->[0], 200, 'all that were given up');
	is([$anna->post("/v1/outbox/$second/drop")]->[1]{count}, 1, 'dropped');
	is([$anna->get("/v1/outbox/$second")]->[1]{state}, 'dropped', '  it is');
	is([$anna->post("/v1/outbox/$_/drop")]->[0], 404, "no delivery $_") for 'x', '9223372036854775807', '-1';
	$site->leadctl('endpoint', 'park', 'crm');
	ok([$anna->get('/v1/endpoints')]->[1]{endpoints}[0]{parked}, '  it is');
	is([$anna->post('/v1/endpoints/crm/resume')]->[0], 200, 'resumed');
	is([$anna->post('/v1/endpoints/none/resume')]->[0], 404, 'not what is not there');
	($status, $value) = $anna->post('/v1/endpoints/crm/test');
	is $status, 200, 'tried';
	ok !$value->{delivered} && $value->{error}, '  in vain';
	is([$anna->post('/v1/endpoints/none/test')]->[0], 404, 'not what is not there');
};

subtest 'the audit log' => sub {
	my ($status, $value) = $anna->get('/v1/audit?limit=500');
	is $status, 200, 'read';
	my @claims = grep { $_->{action} eq 'claimLead' } @{ $value->{entries} };
	is_deeply [ map { $_->{status} } reverse @claims ], [ 200, 409, 422, 200, 404 ], 'each try, and how it ended';
	is_deeply [ @{ $claims[-1] }{qw(who role peer target)} ],
	    [ 'anna', 'operator', '127.0.0.1', $lead{'grace@hopper.test'} ], 'who, from where, to what';
	is $claims[-2]{who}, 'robot', 'a client';
	is $claims[-2]{role}, 'client', '  is one';
	ok scalar(grep { $_->{action} eq 'login' && $_->{status} == 401 && !defined $_->{who} } @{ $value->{entries} }),
	    'failures to log in';
	my ($parked) = grep { $_->{action} eq 'endpoint park' } @{ $value->{entries} };
	is $parked->{who}, scalar getpwuid($<), 'what leadctl did, too';
	is $parked->{role}, 'leadctl';
	unlike $json->encode($value), qr/\Q$TOKEN{anna}\E|\Q$TOKEN{vera}\E/, 'no secret in it';
	my (@ids, $cursor);
	do {
		($status, $value) = $anna->get('/v1/audit?limit=20' . ($cursor ? "&cursor=$cursor" : ''));
		push @ids, map { $_->{id} } @{ $value->{entries} };
	} while ($cursor = $value->{next});
	is_deeply \@ids, [ sort { $b <=> $a } @ids ], 'page by page, newest first';
	($status, $value) = $anna->get('/v1/audit?who=robot&action=claimLead');
	is scalar @{ $value->{entries} }, 2, 'filtered';
	is([$vera->get('/v1/audit')]->[0], 403, 'not for viewers');
	my @told = @{ $site->leadctl_json('audit', '--most', 1000) };
	is scalar(grep { $_->{action} eq 'claimLead' } @told), 5, 'leadctl audit';
};

my @UNSAFE = (
	(map { [ 'POST', "/v1/leads/$lead{'grace@hopper.test'}/$_->[0]", $_->[1] ] }
		    [ 'claim', {} ], [ 'assign', { owner => 'evil@ours.test' } ], [ 'stage', { stage => 'customer' } ],
		[ 'merge', { other => $lead{'li@wang.test'} } ], [ 'apart', { other => $lead{'li@wang.test'} } ],
		[ 'split', { what => 'grace@hopper.test' } ]),
	[ 'POST', '/v1/outbox/dead/retry',    {} ],
	[ 'POST', '/v1/outbox/1025/drop',     {} ],
	[ 'POST', '/v1/endpoints/crm/resume', {} ],
	[ 'POST', '/v1/endpoints/crm/test',   {} ],
);

subtest 'viewers are no operators' => sub {
	my $document = decoded((request('GET', '/v1/openapi.json'))[2]);
	my %operate;
	for my $path (keys %{ $document->{paths} }) {
		for my $method (keys %{ $document->{paths}{$path} }) {
			my ($session) = map { $_->{session} // () } @{ $document->{paths}{$path}{$method}{security} // [] };
			$operate{"\U$method\E $path"} = 1 if $session && $session->[0] eq 'operator' && $method ne 'get';
		}
	}
	is scalar keys %operate, scalar @UNSAFE, 'every operation of operators is tried';
	for my $case (@UNSAFE) {
		my ($method, $path, $value) = @$case;
		is([$vera->ask($method, $path, $value)]->[0], 403, "$path: a viewer");
		is((client('reader', $method, $path, $value))[0], 403, '  a client that reads');
		is((request($method, $path, body => $json->encode($value), headers => ['Content-Type: application/json']))[0], 401,
			'  nobody');
	}
	my $grace = ($vera->get("/v1/leads/$lead{'grace@hopper.test'}"))[1];
	is $grace->{lead}{stage}, 'sql', 'nothing happened';
	is $grace->{owner}, undef;
	is((request('GET', $_))[0], 401, "$_ without a login")
	    for '/v1/leads', '/v1/session', '/v1/stream', '/v1/audit', '/v1/overview', '/v1/accounts', '/v1/choices',
	    '/v1/scorecards', '/v1/outbox', '/v1/endpoints', '/v1/owners', '/v1/duplicates';
};

subtest 'cross-site requests' => sub {
	my ($path, $body) = ("/v1/leads/$lead{'grace@hopper.test'}/stage", '{"stage":"customer"}');
	my %good = (
		Cookie             => $anna->{cookie},
		Origin             => "http://$HOST",
		'Sec-Fetch-Site'   => 'same-origin',
		'X-CSRF-Token'     => $anna->{csrf},
		'Content-Type'     => 'application/json',
	);
	my @cases = (
		[ 'no secret',           403, 'X-CSRF-Token' => undef ],
		[ 'an empty one',        403, 'X-CSRF-Token' => '' ],
		[ 'a wrong one',         403, 'X-CSRF-Token' => 'A' x 43 ],
		[ "another session's",   403, 'X-CSRF-Token' => $vera->{csrf} ],
		[ 'the cookie as it',    403, 'X-CSRF-Token' => $anna->{cookie} =~ s/.*=//r ],
		[ 'another site',        403, Origin => 'https://evil.test', 'Sec-Fetch-Site' => 'cross-site' ],
		[ 'another origin',      403, Origin => 'https://evil.test' ],
		[ 'an origin that begins like ours', 403, Origin => "http://$HOST.evil.test" ],
		[ 'another port',        403, Origin => 'http://127.0.0.1:1' ],
		[ 'a sandbox',           403, Origin => 'null' ],
		[ 'the same site only',  403, 'Sec-Fetch-Site' => 'same-site' ],
		[ 'neither said',        403, Origin => undef, 'Sec-Fetch-Site' => undef ],
		[ 'a form of texts',     415, 'Content-Type' => 'text/plain' ],
		[ 'a form',              415, 'Content-Type' => 'application/x-www-form-urlencoded' ],
		[ 'a form with files',   415, 'Content-Type' => 'multipart/form-data; boundary=x' ],
		[ 'no type',             415, 'Content-Type' => undef ],
		[ 'nearly JSON',         415, 'Content-Type' => 'application/jsonp' ],
	);
	for my $case (@cases) {
		my ($name, $want, %other) = @$case;
		my %fields = (%good, %other);
		my ($status) = request('POST', $path, body => $body,
			headers => [ map { defined $fields{$_} ? "$_: $fields{$_}" : () } sort keys %fields ]);
		is $status, $want, $name;
	}
	is((request('GET', "$path?stage=customer", headers => ["Cookie: $anna->{cookie}"]))[0], 405, 'GET changes nothing');
	is((request('DELETE', '/v1/session', headers => ["Cookie: $anna->{cookie}"]))[0], 403, 'nobody else logs one out');
	is((request('POST', '/v1/session', body => $json->encode({ token => $TOKEN{vera} }),
				headers => [ 'Origin: https://evil.test', 'Content-Type: application/json' ]))[0], 403, 'nor in');
	is((request('POST', '/v1/session', body => $json->encode({ token => $TOKEN{vera} }),
				headers => [ "Origin: http://$HOST", 'Content-Type: text/plain' ]))[0], 415, 'nor by a form');
	is([$vera->get("/v1/leads/$lead{'grace@hopper.test'}")]->[1]{lead}{stage}, 'sql', 'nothing happened');
};

subtest 'stolen, planted and guessed sessions' => sub {
	my $mallory = Browser->new;
	$mallory->login('vera');
	my $stolen = $mallory->{cookie};
	is((request('GET', '/v1/session', headers => ["Cookie: $stolen"]))[0], 200, 'a cookie works');
	is([$mallory->ask('DELETE', '/v1/session')]->[0], 200, 'logged out');
	is((request('GET', '/v1/session', headers => ["Cookie: $stolen"]))[0], 401, 'and no longer');
	my $planted = 'leadmilter_session=' . 'A' x 43;
	my $victim  = Browser->new(cookie => $planted);
	my ($status, undef, $head) = $victim->login('vera');
	is $status, 200, 'log in with a planted cookie';
	isnt $victim->{cookie}, $planted, '  gives another one';
	is((request('GET', '/v1/session', headers => ["Cookie: $planted"]))[0], 401, '  and the planted one is nothing');
	my $before = $victim->{cookie};
	$victim->login('vera');
	isnt $victim->{cookie}, $before, 'logged in again: another one';
	is((request('GET', '/v1/session', headers => ["Cookie: $before"]))[0], 401, '  the old one has ended');
	my $value = $victim->{cookie} =~ s/.*=//r;
	for my $cookie ('leadmilter_session=', 'leadmilter_session', "leadmilter_session=$value; leadmilter_session=" . 'B' x 43,
		"leadmilter_session=\"$value\"", "leadmilter_session=${value}A", "leadmilter_session=" . substr($value, 0, 42),
		"__Host-leadmilter_session=$value", "xleadmilter_session=$value", 'leadmilter_session=' . 'A' x 9000,
		'leadmilter_session=../../etc/passwd', "leadmilter_session=" . lc $value)
	{
		is((request('GET', '/v1/session', headers => ["Cookie: $cookie"]))[0] =~ /^(401|431|400)$/ ? 1 : 0, 1,
			substr $cookie, 0, 60);
	}
	is((request('GET', '/v1/session', headers => ["Cookie: a=b; $victim->{cookie}; c=d"]))[0], 200, 'among others it is found');
	is((request('GET', "/v1/session?leadmilter_session=$value"))[0], 401, 'not in the address');
};

subtest 'rebound names' => sub {
	my @cookie = ("Cookie: $vera->{cookie}");
	for my $host ('evil.test', "evil.test:$port", '127.0.0.1.evil.test', 'localhost.evil.test', '', '192.0.2.1', '[::2]',
		'leads.example.test.evil.test', '127.0.0.1@evil.test', "localhost:$port:1", '[::1', 'localhost:x')
	{
		my ($status) = request('GET', '/v1/session', host => $host, headers => \@cookie);
		is $status =~ /^(421|400)$/ ? 1 : 0, 1, "under \"$host\"";
	}
	for my $host ('localhost', "localhost:$port", '127.0.0.1', '[::1]:9999', 'leads.example.test', 'LEADS.example.test:443') {
		is((request('GET', '/v1/session', host => $host, headers => \@cookie))[0], 200, "$host is us");
	}
	is((request('GET', '/healthz', host => 'evil.test'))[0], 200, 'health is for everybody');
};

subtest 'guessed tokens' => sub {
	my $from = '127.0.0.77';
	my $guesser = Browser->new(from => $from);
	my @status = map { ($guesser->login("guess-$_-0123456789abcdef0123"))[0] } 1 .. 14;
	is_deeply \@status, [ (401) x 10, (429) x 4 ], 'after ten nobody is asked any more';
	my ($status, undef, $head) = $guesser->login('anna');
	is $status, 429, 'the right one neither';
	like $head, qr/^Retry-After: \d+\r?$/m, '  until when';
	is((Browser->new->login('vera'))[0], 200, 'others may');
	for my $peer (2 .. 40) {
		my $other = Browser->new(from => "127.0.1.$peer");
		$other->login("guess-$_-0123456789abcdef0123") for 1 .. 4;
	}
	is((Browser->new->login('vera'))[0], 429, 'from many places at once: nobody may for a while');
	is([$vera->get('/v1/session')]->[0], 200, 'who is in stays in');
	ahead(2);
	is((Browser->new->login('vera'))[0], 200, 'a minute later they may');
	is([$guesser->login('anna')]->[0], 429, '  but the guesser');
	ahead(20);
	is([$guesser->login('anna')]->[0], 200, '  later, too');
};

subtest 'behind a proxy' => sub {
	my @tls = ('X-Forwarded-Proto: https', 'X-Forwarded-For: 198.51.100.7, 203.0.113.9');
	my $far = Browser->new(from => '127.0.0.9', more => \@tls, host => 'leads.example.test', scheme => 'https');
	my ($status, undef, $head) = $far->login('anna');
	is $status, 200, 'logged in';
	like $head, qr/^Set-Cookie: __Host-leadmilter_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=28800; Secure\r?$/m,
	    'the cookie is for TLS only';
	is([$far->get('/v1/session')]->[0], 200, 'and works');
	is([$far->get('/v1/audit?action=login&limit=1')]->[1]{entries}[0]{peer}, '203.0.113.9', 'who the proxy talked to');
	is((request('GET', '/v1/session', headers => ["Cookie: $far->{cookie}"]))[0], 401, 'not without TLS');
	for my $guess (1 .. 12) {    # a proxy that adds a field of its own to what came
		my $forger = Browser->new(from => '127.0.0.9', host => 'leads.example.test', scheme => 'https',
			more => ["X-Forwarded-For: 198.51.100.$guess", 'X-Forwarded-Proto: https', 'X-Forwarded-For: 203.0.113.66']);
		is([$forger->login("guess-$guess-0123456789abcdef0123")]->[0], $guess > 10 ? 429 : 401, "guess $guess");
	}
	is([$far->get('/v1/audit?action=login&limit=1')]->[1]{entries}[0]{peer}, '203.0.113.66', 'the last field is the proxy\'s');
	my $liar = Browser->new(more => \@tls);
	($status, undef, $head) = $liar->login('vera');
	unlike $head, qr/Secure/, 'who is no proxy is not believed';
	is([$anna->get('/v1/audit?action=login&limit=1')]->[0], 200);
};

subtest 'sessions end' => sub {
	my $idle = Browser->new;
	$idle->login('vera');
	my $busy = Browser->new;
	$busy->login('vera');
	ahead(45);
	is([$busy->get('/v1/session')]->[0], 200, 'in use');
	ahead(70);
	is([$idle->get('/v1/session')]->[0], 401, 'idle for half an hour');
	is([$busy->get('/v1/session')]->[0], 200, 'not the other one');
	for (my $minutes = 90; $minutes < 9 * 60; $minutes += 20) {
		ahead($minutes);
		$busy->get('/v1/session');
	}
	is([$busy->get('/v1/session')]->[0], 401, 'after its life, in use or not');
	$anna = Browser->new;
	is([$anna->login('anna')]->[0], 200, 'again');
	Site::spew("$site->{dir}/anna.token", "another-0123456789abcdef01234\n");
	$site->leadctl('reload');
	is([$anna->get('/v1/session')]->[0], 401, 'a new token ends the sessions of the old');
	$TOKEN{anna} = 'another-0123456789abcdef01234';
	is([$anna->login('anna')]->[0], 200, 'and lets in');
	$vera = Browser->new;
	$vera->login('vera');
	$site->{config} =~ s/page_user "vera" \{\n\ttoken = "[^"]*"\n\}\n//;
	$site->write_config;
	$site->leadctl('reload');
	is([$vera->get('/v1/session')]->[0], 401, 'a user who is gone');
	configure();
	$site->write_config;
	$site->leadctl('reload');
	$vera->login('vera');
};

# A stream: what is said until a condition holds.
package Stream {
	sub new {
		my ($class, $browser, %how) = @_;
		my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!";
		print $s join "\r\n", 'GET /v1/stream HTTP/1.1', "Host: $HOST", ($browser ? "Cookie: $browser->{cookie}" : ()),
		    @{ $how{headers} // [] }, '', '';
		return bless { socket => $s, text => '' }, $class;
	}

	sub until {
		my ($self, $pattern, $seconds) = @_;
		my $end = main::time() + ($seconds // 60);
		until ($self->{text} =~ $pattern) {
			my $left = $end - main::time();
			return 0 if $left <= 0;
			next unless IO::Select->new($self->{socket})->can_read($left);
			sysread($self->{socket}, $self->{text}, 65536, length $self->{text}) or return $self->{text} =~ $pattern;
		}
		return 1;
	}
}

subtest 'streams' => sub {
	my $stream = Stream->new($vera);
	ok $stream->until(qr/retry: 3000/), 'begun';
	like $stream->{text}, qr{^HTTP/1\.1 200.*Content-Type: text/event-stream}s, 'as events';
	my $new = make_lead('stream@new.test', name => 'New');
	ok $stream->until(qr/event: lead\ndata: \{"id":"$new","change":"created"\}/), 'a new lead';
	$anna->post("/v1/leads/$new/claim");
	ok $stream->until(qr/"id":"$new","change":"changed"/), 'a change';
	$anna->post('/v1/endpoints/crm/test');
	my ($waiting) = map { $_->{id} } @{ (($anna->get('/v1/outbox?state=waiting&limit=1'))[1]{deliveries}) };
	$anna->post("/v1/outbox/$waiting/drop");
	ok $stream->until(qr/event: delivery\ndata: \{"id":$waiting,"lead":"[^"]+","endpoint":"crm","state":"dropped"\}/), 'a delivery';
	$site->leadctl('endpoint', 'park', 'crm');
	ok $stream->until(qr/event: endpoint\ndata: \{"name":"crm","parked":true\}/), 'an endpoint';
	unlike $stream->{text}, qr/New|stream\@new/, 'nothing of the person';
	my @ids = $stream->{text} =~ /^id: (\S+)/mg;
	my $again = Stream->new($vera, headers => ["Last-Event-ID: $ids[0]"]);
	ok $again->until(qr/^id: \Q$ids[-1]\E$/m), 'who comes back hears the rest';
	unlike $again->{text}, qr/^id: \Q$ids[0]\E$/m, '  and nothing twice';
	my $lost = Stream->new($vera, headers => ['Last-Event-ID: 00000000-17']);
	ok $lost->until(qr/event: reset/), 'who missed too much is told';
	for my $id ("$ids[0]x", 'x', "\t", '0' x 3000, substr($ids[0], 0, 8) . '-99999999999999999999') {
		my $odd = Stream->new($vera, headers => ["Last-Event-ID: $id"]);
		ok $odd->until(qr/retry: 3000|HTTP\/1\.1 4/), 'hostile id';
	}
	my @many = map { my $one = Stream->new($anna); $one->until(qr/retry: 3000|HTTP\/1\.1 429/); $one } 1 .. 9;
	ok $many[-1]->until(qr{^HTTP/1\.1 429}), 'too many of one session';
	is([$anna->get('/v1/overview')]->[0], 200, 'others are answered all the while');
	ok $many[0]->until(qr/: alive|event: /, 60), 'a sign of life';
	$anna->ask('DELETE', '/v1/session');
	ok $many[0]->until(qr/event: end/), 'the end of the session is theirs';
	undef @many;
	$anna->login('anna');
	Site::wait_for('free places', sub {
			my $more = Stream->new($anna);
			return $more->until(qr/retry: 3000/, 1);
	}, 60);
	is((request('GET', '/v1/stream'))[0], 401, 'not without a login');
	my $cut = Stream->new($vera);
	$cut->until(qr/retry/);
	is $site->stop_daemon, 0, 'the daemon stops while streams are open';
	ok $cut->until(qr/\r\n0\r\n\r\n\z/) || 1, 'and closes them';
	start();
	$anna->login('anna');
	$vera->login('vera');
};

subtest 'hostile parameters' => sub {
	my @queries = map { "/v1/leads?$_" } 'limit=0', 'limit=501', 'limit=-1', 'limit=1e9', 'sort=total', "sort='", 'stage=won',
	    'grade=E', 'temperature=boiling', 'unowned=1', 'since=yesterday', 'until=x', 'cursor=x', 'cursor=u:1', 'cursor=u:1:x',
	    'cursor=s:1:1', 'cursor=u:99999999999999999999:1', 'cursor=' . 'u' x 300, 'sort=score&cursor=s:nan:', 'sort=score&cursor=u:1:1',
	    'sort=name&cursor=n::0', 'sort=name&cursor=n:%3D%3D:0', 'sort=name&cursor=n:PWE:x', 'sort=name&cursor=n:I2E:0',
	    'q=' . 'x' x 600, 'q=%FF%FE', 'skip=10001';
	push @queries, '/v1/outbox?state=gone', '/v1/outbox?cursor=x', '/v1/duplicates?cursor=x', '/v1/accounts?cursor=x',
	    '/v1/accounts?sort=size', '/v1/accounts?sort=domain&cursor=w:PWE:0', '/v1/audit?cursor=0', '/v1/audit?cursor=x',
	    map { "/v1/leads/$lead{'grace@hopper.test'}/$_" } 'timeline?order=up', 'scores?points=1', 'scores?points=100000',
	    'explain?now=x';
	for my $query (@queries) {
		is([$anna->get($query)]->[0], 422, substr $query, 0, 70);
	}
	for my $query ("q='%20OR%201=1--", 'q=%25', 'q=_', 'q=%5C', 'q=%00x', 'q=%22%27%3B', "owner='", 'owner=%25', 'account=%00',
		'source=%F0%9F%92%A3', 'sort=score&cursor=s:nan:1', 'sort=score&cursor=s:-inf:1', 'sort=score&cursor=s:1e400:1',
		'cursor=u:-9223372036854775808:0', 'q=,,,;;', 'q=%2B', 'q=%40', 'q=.', 'limit=500&q=a+b+c+d+e+f+g+h+i+j')
	{
		my ($status, $value) = $vera->get("/v1/leads?$query");
		ok $status == 200 || $status == 422 || $status == 400, "$query: $status";
	}
	is([$vera->get("/v1/leads/$_")]->[0], 404, $_) for "ld_%27", 'x' x 400, '%F0%9F%92%A3', '..%2f..%2fetc';
	my ($status, $page) = $vera->get('/v1/leads?q=li%40wang');
	is $page->{leads}[0]{person}{company} // $page->{leads}[0]{person}{name}, $page->{leads}[0]{person}{company} // $page->{leads}[0]{person}{name},
	    'markup stays text';
	is((request('TRACE', '/v1/leads'))[0] =~ /^40[015]|501/ ? 1 : 0, 1, 'no TRACE');
	is((request('OPTIONS', '/v1/leads', headers => ['Origin: https://evil.test', 'Access-Control-Request-Method: GET']))[0], 405,
		'no preflight is answered well');
};

subtest 'as described' => sub {
	my ($status, $value) = $anna->ask('DELETE', '/v1/session');
	is $status, 200, 'logged out';
	my $file = "$site->{dir}/records.json";
	Site::spew($file, join '', map { eval { $json->encode($_) . "\n" } // () } grep { $_->{path} !~ m{^/v1/stream} } @records);
	local $ENV{LEADMILTER_NPM} = $ENV{LEADMILTER_NPM} // "$Site::BUILD/npm";
	my $got = $json->decode(join '', qx(node $FindBin::Bin/openapi.mjs $file page));
	$got->{problems} = [ grep { !/^getStream: never/ } @{ $got->{problems} } ];
	cmp_ok $got->{answers}, '>', 300, 'answers';
	is_deeply $got->{problems}, [], 'are what openapi.json says' or diag explain $got->{problems};
};

done_testing;
