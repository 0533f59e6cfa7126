#!/usr/bin/perl
# hook.t - the inbound hook over real HTTP: what it takes, what it shows, whom it refuses, and what
# it does when it is attacked.

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;
use MilterClient;
use Site;
use Test::More;
use Time::HiRes qw(time);

my $json   = JSON::PP->new->utf8->canonical;
my $SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
my $TOKEN  = 'reader-0123456789abcdef0123';
my $port   = Site::free_port();

my $site = Site->new;
Site::spew("$site->{dir}/own_webhook.lua", <<'END');
return { name = "own_webhook", receive = function(request, hook)
	if request.body == "boom" then error("no idea") end
	if request.body == "deny" then hook.deny("not today") end
	if request.body == "wrong" then return { touches = { { touch = 7 } } } end
	if request.body == "more" then return { customers = { { email = "a@b.test" } } } end
	return { touches = { { touch = "visit", email = request.form.email, id = request.form.id } } }
end }
END
symlink $_, "$site->{dir}/" . s{.*/}{}r for glob "$Site::ROOT/hooks/adapters/*.lua";
$site->{config} = <<"END";
adapter_directory = "$site->{dir}"
hook_listen = "127.0.0.1:$port"
hook_max_body = "65536"
hook_max_connections = 1200
hook_request_seconds = 2
max_sessions = 1500
client "website" {
	secrets = {"$SECRET"}
	scopes = {"touches", "outcomes", "customers", "leads"}
	rate = 0
}
client "reader" {
	tokens = {"$TOKEN"}
	scopes = {"read"}
	rate = 0
}
client "slow" {
	tokens = {"slow-0123456789abcdef012345"}
	scopes = {"read"}
	rate = 1
}
client "hub" {
	adapter = "hubspot_webhook"
	settings = {"client_secret=hub-secret", "url=https://hook.example.test/v1/in/hub",
		"lifecyclestage.evangelist=won"}
	scopes = {"outcomes"}
	endpoint = "crm"
}
client "odoo" {
	adapter = "odoo_webhook"
	settings = {"token=odoo-token", "stage.4=won", "stage.Lost for good=lost"}
	scopes = {"outcomes"}
}
client "bitrix" {
	adapter = "bitrix24_webhook"
	settings = {"token=bx-token", "event.ONCRMLEADDELETE=rejected"}
	scopes = {"outcomes"}
	endpoint = "crm"
}
client "own" {
	adapter = "own_webhook"
	scopes = {"touches"}
}
client "elsewhere" {
	tokens = {"away-0123456789abcdef012345"}
	scopes = {"read"}
	networks = {"192.0.2.0/24"}
}
END
$site->start_daemon;

my @records; # of every answer, for the description's own test

# One request on a connection of its own; (status, header block, body).
sub request {
	my ($method, $path, %how) = @_;
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 10) or die "connect: $!";
	my $body = $how{body} // '';
	my @headers = ("Host: localhost", "Connection: close", @{ $how{headers} // [] });
	push @headers, 'Content-Length: ' . length $body if $method eq 'POST' && !$how{raw};
	print $s join("\r\n", "$method $path HTTP/1.1", @headers, '', $body);
	local $/;
	my $answer = <$s> // '';
	my ($head, $rest) = split /\r\n\r\n/, $answer, 2;
	my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
	push @records, { method => $method, path => $path, status => $status, body => $rest, sent => $body }
	    if $status && $method ne 'HEAD';
	return ($status // 0, $head // '', $rest // '');
}

my $serial = 0;

sub signed {
	my ($body, %how) = @_;
	my $id   = $how{id}   // 'msg_' . ++$serial;
	my $when = $how{time} // int time;
	my $key  = decode_base64(substr $how{secret} // $SECRET, 6);
	my $mac  = encode_base64(hmac_sha256("$id.$when." . ($how{signed_body} // $body), $key), '');
	return headers => [
		"webhook-id: $id",
		"webhook-timestamp: $when",
		"webhook-signature: v1,$mac",
		'Content-Type: application/json'
	], body => $body;
}

sub post {
	my ($path, $value, %how) = @_;
	my ($status, $head, $body) = request('POST', $path, signed($json->encode($value), %how));
	return ($status, $body =~ /^\{/ ? $json->decode($body) : undef, $head);
}

sub get {
	my ($path, $token) = @_;
	my ($status, $head, $body) =
	    request('GET', $path, headers => [ defined $token ? "Authorization: Bearer $token" : () ]);
	return ($status, $body =~ /^[\{\[]/ ? $json->decode($body) : $body, $head);
}

subtest 'health and description' => sub {
	my ($status, $value) = get('/healthz');
	is $status, 200, 'healthz';
	is $value->{status}, 'ok';
	($status, $value) = get('/readyz');
	is $status, 200, 'readyz';
	($status, $value) = get('/v1/openapi.json');
	is $status, 200, 'description';
	is $value->{openapi}, '3.1.0';
	for my $path (sort keys %{ $value->{paths} }) {
		next unless grep { $_->{tags}[0] eq 'hook' } values %{ $value->{paths}{$path} };
		my ($got) = request('DELETE', $path =~ s/\{.*\}/x/r);
		is $got, 405, "$path is there, not by DELETE";
	}
	is((request('GET', '/v2/nothing'))[0], 404, 'nothing else is');
	like((request('DELETE', '/v1/leads'))[1], qr/^Allow: POST, GET\r$/m, 'Allow');
	is length((request('HEAD', '/healthz'))[2]), 0, 'HEAD has no body';
};

subtest 'who may' => sub {
	my $touch = { touches => [ { touch => 'visit', email => 'nobody@nowhere.test' } ] };
	my $body  = $json->encode($touch);
	my @cases = (
		[ 'unsigned',          401, headers => [], body => $body ],
		[ 'signed by another', 401, signed($body, secret => 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA') ],
		[ 'another body',      401, signed($body, signed_body => '{}') ],
		[ 'old',               401, signed($body, time => time - 3600) ],
		[ 'of the future',     401, signed($body, time => time + 3600) ],
		[ 'without scope',     403, headers => ["Authorization: Bearer $TOKEN"], body => $body ],
	);
	for my $case (@cases) {
		my ($name, $want, @how) = @$case;
		my ($status, $head, $answer) = request('POST', '/v1/touches', @how);
		is $status, $want, $name;
		ok $json->decode($answer)->{error}{code}, '  says so as JSON';
	}
	is((get('/v1/leads'))[0], 401, 'reading needs a token');
	is((get('/v1/leads', 'away-0123456789abcdef012345'))[0], 401, 'from its networks only');
	unlike $site->daemon_log, qr/\Q$TOKEN\E|away-0123/, 'no token in the log';
	my @answers = map { [ get('/v1/leads', 'slow-0123456789abcdef012345') ] } 1 .. 5;
	my ($limited) = grep { $_->[0] == 429 } @answers;
	ok $limited, 'too many are told to wait';
	like $limited->[2], qr/^Retry-After: \d+\r$/m, 'how long';
};

subtest 'what is wrong is named' => sub {
	my @cases = (
		[ 'no JSON',       400, 'not json' ],
		[ 'nothing',       400, '' ],
		[ 'two values',    400, '{} {}' ],
		[ 'no UTF-8',      400, "{\"touches\":\"\xff\"}" ],
		[ 'a NUL',         400, "{\"touches\":\"\0\"}" ],
		[ 'deep',          400, '[' x 5000 . ']' x 5000 ],
		[ 'no object',     422, '[]', '', qr/expected an object/ ],
		[ 'missing',       422, '{}', '/touches', qr/is missing/ ],
		[ 'none',          422, '{"touches":[]}', '/touches', qr/at least 1/ ],
		[ 'wrong address', 422, '{"touches":[{"touch":"visit","email":"x"}]}', '/touches/0/email', qr/e-mail/ ],
		[ 'wrong time', 422, '{"touches":[{"touch":"visit","email":"a@b.test"},{"touch":"visit","time":"soon"}]}',
			'/touches/1/time', qr/2026-01-31/ ],
		[ 'unknown key', 422, '{"touches":[{"touch":"visit","e-mail":"a@b.test"}]}', '/touches/0/e-mail', qr/not known/ ],
	);
	for my $case (@cases) {
		my ($name, $want, $body, $pointer, $says) = @$case;
		my ($status, undef, $answer) = request('POST', '/v1/touches', signed($body));
		is $status, $want, $name;
		next unless $says;
		my $detail = $json->decode($answer)->{error}{details}[0];
		is $detail->{pointer}, $pointer, '  where';
		like $detail->{message}, $says, '  what';
	}
};

my $lead;

subtest 'a lead from a web form' => sub {
	my $form = {
		email   => 'grace@hopper-systems.test',
		name    => "Gra\x{e7}e Hopper",
		phone   => '020 7946 0018',
		company => 'Hopper Systems',
		title   => 'Head of Purchasing',
		message => "We need 40 compilers.\nEmail: evil\@example.net\n\nWhat is the price?",
		form    => 'contact',
		utm     => { source => 'news', campaign => 'spring' },
		referrer => 'https://search.example/?q=pumps',
		fields  => { "Number of\nusers" => "40\nEmail: evil\@example.net" },
		id      => 'form-1',
	};
	my ($status, $answer) = post('/v1/leads', $form);
	is $status, 200, 'taken';
	is $answer->{status}, 'created';
	$lead = $answer->{lead};
	($status, $answer) = post('/v1/leads', $form);
	is $answer->{status}, 'duplicate', 'sent again it changes nothing';
	is $answer->{lead}, $lead;

	($status, my $value) = get("/v1/leads/$lead", $TOKEN);
	is $status, 200, 'it can be read';
	is $value->{person}{name}, "Gra\x{e7}e Hopper", 'name';
	is $value->{person}{address}, 'grace@hopper-systems.test', 'address: no value becomes another field';
	is $value->{person}{phone}, '+442079460018', 'phone';
	is $value->{person}{company}, 'Hopper Systems', 'company';
	is $value->{source}{form}, 'contact', 'form';
	is $value->{source}{campaign}, 'spring', 'campaign';
	is $value->{source}{referrer}, 'https://search.example/?q=pumps', 'referrer';
	is scalar @{ $value->{touches} }, 1, 'one touch';
	ok scalar @{ $value->{stages} }, 'its stages';
	my $sum = 0;
	$sum += $_->{points} for @{ $value->{score}{contributions} };
	cmp_ok abs($sum - $value->{score}{total}), '<', 0.01, 'contributions sum to the score';
	is((get('/v1/leads/ld_none', $TOKEN))[0], 404, 'unknown lead');
	is((get('/v1/leads/grace%40hopper-systems.test', $TOKEN))[1]{lead}{id}, $lead, 'by address');
};

subtest 'touches' => sub {
	my $touches = {
		touches => [
			{ touch => 'pricing_page', email => 'grace@hopper-systems.test', id => 't1' },
			{ touch => 'pricing_pag', email => 'grace@hopper-systems.test' },
			{ touch => 'visit', email => 'unknown@elsewhere.test' },
			{ touch => 'webinar', email => 'new@elsewhere.test', name => 'New Person', create => JSON::PP::true },
			{ touch => 'call', phone => 'nonsense' },
			{ touch => 'demo_video', lead => $lead, time => '2026-01-05T10:00:00Z', note => 'all of it' },
		]
	};
	my ($status, $answer) = post('/v1/touches', $touches, id => 'msg_touches');
	is $status, 200, 'answered';
	my @got = map { $_->{status} } @{ $answer->{results} };
	is_deeply \@got, [qw(recorded refused refused created refused recorded)], 'one result each';
	like $answer->{results}[1]{error}, qr/pricing_page/, 'the nearest touch is named';
	like $answer->{results}[4]{error}, qr/telephone/, 'no number';
	($status, $answer) = post('/v1/touches', $touches, id => 'msg_touches');
	@got = map { $_->{status} } @{ $answer->{results} };
	is_deeply [ @got[ 0, 3, 5 ] ], [qw(duplicate duplicate duplicate)], 'nothing counts twice';
	my $value = (get("/v1/leads/$lead", $TOKEN))[1];
	is scalar(grep { $_->{touch} eq 'pricing_page' } @{ $value->{touches} }), 1, 'in the ledger once';
};

subtest 'outcomes' => sub {
	my ($status, $answer) = post('/v1/outcomes', {
		outcomes => [
			{ outcome => 'accepted', lead => $lead, id => 'o1' },
			{ outcome => 'owner', email => 'grace@hopper-systems.test', value => 'maria@example.test' },
			{ outcome => 'rejected', lead => 'ld_none', reason => 'x' },
			{ outcome => 'stage', lead => $lead, value => 'nonsense' },
			{ outcome => 'won' },
		]
	});
	is $status, 200, 'answered';
	my @got = map { $_->{status} } @{ $answer->{results} };
	is_deeply \@got, [qw(recorded recorded refused refused refused)], 'one result each';
	my $value = (get("/v1/leads/$lead", $TOKEN))[1];
	is $value->{lead}{stage}, 'sal', 'the stage moved';
	is $value->{owner}{address}, 'maria@example.test', 'the owner too';
	is((request('POST', '/v1/outcomes', signed('{"outcomes":[{"outcome":"sold"}]}')))[0], 422, 'unknown outcome');
};

subtest 'customers' => sub {
	my $customers = { customers => [
		{ email => 'old@customer.test', name => 'Old Customer', company => 'Customer Ltd', id => 'C-1',
			since => '2020-05-01T00:00:00Z', owner => 'maria@example.test' },
		{ email => 'phone@customer.test', phone => '020 7946 0999' },
	] };
	my ($status, $answer) = post('/v1/customers', $customers);
	is $status, 200, 'taken';
	is_deeply [ map { $_->{status} } @{ $answer->{results} } ], [qw(created created)];
	is_deeply [ map { $_->{status} } @{ (post('/v1/customers', $customers))[1]{results} } ],
	    [qw(unchanged unchanged)], 'again: nothing';
	my $value = (get('/v1/leads/old@customer.test', $TOKEN))[1];
	is $value->{lead}{stage}, 'customer', 'has a card';
	is $value->{owner}{address}, 'maria@example.test', 'and an owner';
	($status, $answer) = post('/v1/leads', { email => 'old@customer.test', message => 'May I order two more?' });
	is $answer->{lead}, $value->{lead}{id}, 'who writes is the customer';
	is_deeply [ post('/v1/customers', { customers => [ { name => 'x' } ] }) ]->[0], 422, 'without address';
};

subtest 'merged in the CRM' => sub {
	my ($status, $answer) = post('/v1/leads', { email => 'g.hopper@private.test', name => 'G. H.', message => 'It is me again.' });
	my $other = $answer->{lead};
	isnt $other, $lead, 'two cards';
	($status, $answer) = post('/v1/outcomes', { outcomes => [ { outcome => 'merged', lead => $other, value => $lead } ] });
	is $answer->{results}[0]{status}, 'recorded', 'are one';
	is((get("/v1/leads/$other", $TOKEN))[1]{lead}{id}, $lead, 'both ids lead there');
	($status, $answer) = post('/v1/outcomes', { outcomes => [ { outcome => 'merged', lead => $other } ] });
	is $answer->{results}[0]{status}, 'refused', 'into what must be said';
};

# What an adapter would have remembered of the lead, had one made its record.
sub remember {
	my ($endpoint, $record) = @_;
	my $sql = qq(INSERT OR IGNORE INTO endpoint(name) VALUES('$endpoint');
		INSERT INTO remembered SELECT l.number, p.number, 'id', '"$record"' FROM lead l, endpoint p
		WHERE l.id='$lead' AND p.name='$endpoint');
	$site->stop_daemon;
	is system('python3', '-c', 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2])',
		"$site->{dir}/leads.db", $sql), 0, 'remembered';
	$site->start_daemon;
}

sub vendor {
	my ($path, $body, @headers) = @_;
	my ($status, undef, $answer) = request('POST', "/v1/in/$path", body => $body, headers => \@headers);
	return ($status, $answer =~ /^\{/ ? $json->decode($answer) : undef);
}

subtest 'webhooks of vendors' => sub {
	remember('crm', '77');
	my $change = [ { eventId => 1, subscriptionType => 'contact.propertyChange', objectId => 77,
		propertyName => 'lifecyclestage', propertyValue => 'salesqualifiedlead', occurredAt => int(time * 1000) } ];
	my $hub = sub {
		my ($value, %how) = @_;
		my $body = $json->encode($value);
		my $when = int(1000 * ($how{time} // time));
		my $mac  = encode_base64(hmac_sha256("POSThttps://hook.example.test/v1/in/hub$body$when", $how{secret} // 'hub-secret'), '');
		return vendor('hub', $body, "X-HubSpot-Signature-v3: $mac", "X-HubSpot-Request-Timestamp: $when");
	};
	my ($status, $answer) = $hub->($change);
	is $status, 200, 'HubSpot: taken';
	is $answer->{outcomes}[0]{status}, 'recorded';
	is $answer->{outcomes}[0]{lead}, $lead, '  for the lead whose record it is';
	is((get("/v1/leads/$lead", $TOKEN))[1]{lead}{stage}, 'sql', '  the stage moved');
	is +($hub->($change))[1]{outcomes}[0]{status}, 'duplicate', '  again: nothing';
	is +($hub->($change, secret => 'other'))[0], 401, '  signed by another';
	is +($hub->($change, time => time - 400))[0], 401, '  old';
	$change->[0]{objectId} = 78;
	$change->[0]{eventId}  = 2;
	is +($hub->($change))[1]{outcomes}[0]{status}, 'refused', '  of nobody we know';
	is_deeply +($hub->([ { subscriptionType => 'contact.creation', objectId => 1 } ]))[1], {}, '  nothing for us';

	my $odoo = { _model => 'crm.lead', _id => 12, _action => 'x', stage_id => 4,
		email_from => '"Grace" <grace@hopper-systems.test>', write_date => '2026-11-22 08:00:00' };
	is +(vendor('odoo?token=wrong', $json->encode($odoo)))[0], 401, 'Odoo: wrong token';
	($status, $answer) = vendor('odoo?token=odoo-token', $json->encode($odoo));
	is $answer->{outcomes}[0]{status}, 'recorded', 'Odoo: won, by address';
	is((get("/v1/leads/$lead", $TOKEN))[1]{lead}{stage}, 'customer', '  a customer');
	is +(vendor('odoo?token=odoo-token', $json->encode($odoo)))[1]{outcomes}[0]{status}, 'duplicate', '  again: nothing';

	is +(vendor('bitrix', 'event=ONCRMLEADDELETE&data[FIELDS][ID]=77&ts=1795000000&auth[application_token]=no'))[0], 401,
	    'Bitrix24: wrong token';
	($status, $answer) = vendor('bitrix?outcome=accepted&token=bx-token', 'document_id%5B2%5D=LEAD_77');
	is $status, 200, 'Bitrix24: an automation rule';
	is $answer->{outcomes}[0]{lead}, $lead;
	is_deeply +(vendor('bitrix?token=bx-token', 'event=ONCRMLEADUPDATE&data[FIELDS][ID]=77'))[1], {}, '  an event nobody named';

	($status, $answer) = vendor('own', 'email=grace%40hopper-systems.test&id=o1');
	is $answer->{touches}[0]{status}, 'recorded', 'a file of our own';
	is +(vendor('own', 'deny'))[0], 401, '  it refuses';
	is +(vendor('own', 'boom'))[0], 422, '  it fails';
	like $site->daemon_log, qr/own_webhook\.lua:2: no idea/, '  the log says where';
	($status, $answer) = vendor('own', 'wrong');
	is $status, 422, '  it says what the schema does not allow';
	is $answer->{error}{details}[0]{pointer}, '/touches/0/touch';
	is +(vendor('own', 'more'))[0], 403, '  it says what the client may not';
	is +(vendor('website', '{}'))[0], 404, 'a client without adapter';
	is +(vendor('nobody', '{}'))[0], 404, 'no client';
};

subtest 'adapters that can not be used' => sub {
	my @cases = (
		[ 'adapter = "none"',             qr/none/ ],
		[ 'adapter = "tryton"',           qr/no function receive/ ],
		[ 'adapter = "odoo_webhook"',     qr/needs the setting "token"/ ],
		[ 'scopes = {"read"}',            qr/expected secrets/ ],
		[ 'tokens = {"short"}',           qr/24 characters/ ],
		[ qq(tokens = {"$TOKEN"}\nscopes = {"write"}), qr/scope "write"/ ],
	);
	for my $case (@cases) {
		my $wrong = Site->new(config => qq(adapter_directory = "$site->{dir}"\nclient "x" {\n$case->[0]\n}\n));
		$wrong->write_config;
		my $out = qx($Site::BUILD/leadmilter -t -c @{[ $wrong->config_path ]} 2>&1);
		is $? >> 8, 78, $case->[0];
		like $out, qr/leadmilter\.conf:\d+: client "x".*$case->[1]/, '  says where and what';
	}
};

subtest 'reading many' => sub {
	my ($status, $value) = get('/v1/leads?limit=1', $TOKEN);
	is $status, 200;
	is scalar @{ $value->{leads} }, 1, 'as many as asked for';
	ok $value->{more}, 'and there is more';
	is((get('/v1/leads?stage=customer', $TOKEN))[1]{leads}[0]{lead}{id}, $lead, 'by stage');
	is((get('/v1/leads?q=hopper', $TOKEN))[1]{leads}[0]{lead}{id}, $lead, 'by text');
	is scalar @{ (get('/v1/leads?owner=nobody@example.test', $TOKEN))[1]{leads} }, 0, 'none';
	is((get("/v1/leads?$_", $TOKEN))[0], 422, $_) for qw(limit=0 limit=x stage=x since=x skip=-1);
};

subtest 'metrics' => sub {
	is +(post('/v1/leads', { email => 'ann@metric.test', message => 'please call me back' }))[0], 200;
	my ($status, $text, $head) = get('/metrics');
	is $status, 200;
	like $head, qr{^Content-Type: text/plain; version=0\.0\.4}m, 'type';
	my %seen;
	for (split /\n/, $text) {
		if (/^# TYPE (\S+) (?:counter|gauge|histogram)$/) {
			ok !$seen{$1}++, "$1 once";
		} elsif (!/^# HELP /) {
			like $_, qr/^(?:leadmilter|process)_[a-z0-9_]+(?:\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+$/, $_
			    or last;
		}
	}
	like $text, qr/^leadmilter_leads\{stage="customer"\} 3$/m, 'leads by stage';
	like $text, qr/^leadmilter_message_seconds_bucket\{le="\+Inf"\} [1-9]/m, 'latencies';
	like $text, qr/^leadmilter_hook_unauthorised_total [1-9]/m, 'refusals are counted';
};

sub resident {
	my ($kb) = Site::slurp("/proc/$site->{daemon}/status") =~ /^VmRSS:\s+(\d+)/m;
	return $kb;
}

subtest 'attacks' => sub {
	my ($status) = request('POST', '/v1/touches', raw => 1,
		headers => [ 'Content-Length: 104857600', 'webhook-id: x' ], body => 'x' x 1000);
	is $status, 413, '100 MB announced';
	my $before = resident();

	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die;
	local $SIG{PIPE} = 'IGNORE';
	print $s "POST /v1/touches HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
	my ($sent, $chunk) = (0, sprintf("%x\r\n", 65536) . 'x' x 65536 . "\r\n");
	$s->blocking(1);
	while ($sent < 100 << 20 && print $s $chunk) { $sent += 65536 }
	print $s "0\r\n\r\n";
	my $line = <$s> // '';
	ok $line eq '' || $line =~ / 413 /, '100 MB in chunks: refused or cut off';
	is((request('GET', '/healthz', headers => [ 'X-Long: ' . 'x' x 60000 ]))[0], 431, 'a header field of 60 KB');

	my @slow = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) } 1 .. 1000;
	is scalar(grep { defined } @slow), 1000, '1,000 connections';
	print $_ "POST /v1/touches HTTP/1.1\r\nHost: x\r\n" for @slow;
	my $begun = time;
	is((get('/healthz'))[0], 200, 'others are served meanwhile');
	cmp_ok time - $begun, '<', 2, '  at once';
	my %open = map { fileno($_) => $_ } @slow;
	my $select = IO::Select->new(@slow);
	while (%open && time < $begun + 20) {
		for my $ready ($select->can_read(0.2)) {
			$select->remove($ready);
			delete $open{ fileno $ready };
		}
		syswrite $_, "X: y\r\n" for values %open;
	}
	is scalar(keys %open), 0, 'all that drip are cut off';
	cmp_ok time - $begun, '<', 10, '  in time';
	my ($text) = (get('/metrics'))[1];
	like $text, qr/^leadmilter_hook_refused_total\{reason="too_slow"\} [1-9]\d\d/m, 'and counted';
	like $text, qr/^leadmilter_hook_refused_total\{reason="too_large"\} [1-9]/m, 'large ones too';
	cmp_ok resident() - $before, '<', 40_000, 'memory did not grow';

	my $id = 'msg_replay';
	my @answers = map {
		(post('/v1/touches', { touches => [ { touch => 'visit', lead => $lead } ] }, id => $id))[1]{results}[0]{status}
	} 1 .. 3;
	is_deeply \@answers, [qw(recorded duplicate duplicate)], 'a replay changes nothing';
};

is $site->stop_daemon, 0, 'ends cleanly';

subtest 'unix socket, and what is wrong with an address' => sub {
	my $other = Site->new(config => qq(hook_listen = "unix:$site->{dir}/run/hook.sock"\n));
	$other->start_daemon;
	my $s = IO::Socket::UNIX->new(Peer => "$site->{dir}/run/hook.sock") or die;
	print $s "GET /healthz HTTP/1.0\r\n\r\n";
	like join('', <$s>), qr/^HTTP\/1\.[01] 200 /, 'served';
	is sprintf('%o', (stat "$site->{dir}/run/hook.sock")[2] & 07777), '660', 'mode';
	is $other->stop_daemon, 0;
	ok !-e "$site->{dir}/run/hook.sock", 'the socket is removed';
	for my $address ('8025', 'localhost', '::1:80', '127.0.0.1:99999', 'unix:relative') {
		my $wrong = Site->new(config => qq(hook_listen = "$address"\n));
		$wrong->write_config;
		my $out = qx($Site::BUILD/leadmilter -t -c @{[ $wrong->config_path ]} 2>&1);
		is $? >> 8, 78, "$address is refused";
		like $out, qr/leadmilter\.conf:\d+: hook_listen/, '  with its place';
	}
	my $taken = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die;
	my $busy = Site->new(config => sprintf qq(hook_listen = "127.0.0.1:%d"\n), $taken->sockport);
	ok !eval { $busy->start_daemon; 1 }, 'a port in use ends the start';
	like $@, qr/hook_listen/, '  and is named';
};

subtest 'as described' => sub {
	my $file = "$site->{dir}/records.json";
	Site::spew($file, join '', map { eval { $json->encode($_) . "\n" } // () } @records);
	local $ENV{LEADMILTER_NPM} = $ENV{LEADMILTER_NPM} // "$Site::BUILD/npm";
	my $got = $json->decode(join '', qx(node $FindBin::Bin/openapi.mjs $file hook));
	cmp_ok $got->{answers}, '>', 80, 'answers';
	is_deeply $got->{problems}, [], 'are what openapi.json says' or diag explain $got->{problems};
};

done_testing;
