#!/usr/bin/perl
# webhook.t - what an endpoint may ask for, end to end: signatures and CloudEvents as independent
# libraries read them, conditions, secrets that stand elsewhere, refused credentials, trials, and a
# real Node-RED as the receiver.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use HTTP::Tiny;
use JSON::PP;
use MilterClient;
use Site;
use Test::More;

# RFC 8032 section 7.1, test 1.
my $private = 'whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=';
my $public  = 'whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
my $json    = JSON::PP->new->utf8;
my $number  = 0;

sub endpoint {
	my ($name, $url, $more) = @_;
	my $secrets = $more && $more =~ /secrets =/ ? '' : sprintf qq(\tsecrets = {"%s"}\n), Site::secret();
	return qq(endpoint "$name" {\n\turl = "$url"\n$secrets) . ($more // '') . "}\n";
}

# The receiver's base URL; its record is $site->requests.
sub receive {
	my ($site, @arguments) = @_;
	$site->start_receiver(@arguments);
	return 'http://127.0.0.1:' . delete $site->{receiver_port};
}

sub send_mail {
	my ($site, $person, $subject) = @_;
	$number++;
	my $client = MilterClient->new($site->socket_spec);
	$client->negotiate;
	$client->connect_as('192.0.2.7');
	$client->message(
		from    => "$person\@buyers.test",
		to      => 'sales@example.test',
		headers => [
			[ 'From',       "$person Smith <$person\@buyers.test>" ],
			[ 'To',         'sales@example.test' ],
			[ 'Subject',    $subject // 'Offer, please' ],
			[ 'Message-ID', "<$person.$number\@buyers.test>" ],
			[ 'Date',       'Sat, 21 Nov 2026 10:00:00 +0000' ],
		],
		body   => "Hello, please send me an offer for $number machines.\r\n",
		macros => { E => { i => "Q$number" } },
	);
	$client->quit;
}

sub status {
	my ($site) = @_;
	return { map { $_->{endpoint} => $_ } @{ $site->leadctl_json('endpoint', 'status') } };
}

sub wait_delivered {
	my ($site, $name, $least) = @_;
	Site::wait_for("deliveries to $name", sub {
		my $s = status($site)->{$name};
		$s->{delivered} >= ($least // 1) && !$s->{waiting};
	}, 60);
}

subtest 'signatures and CloudEvents as others read them' => sub {
	my $site = Site->new;
	my $base = receive($site, '--path', '/batch=503+1,200');
	my $both = sprintf qq(\tsecrets = {"%s", "%s"}\n), Site::secret(), $private;
	$site->{config} = endpoint('off', "$base/off", $both) . join '',
	    map { endpoint($_, "$base/$_", qq(\tcloudevents = "$_"\n)) } qw(binary structured batch);
	$site->start_daemon;
	send_mail($site, $_, "Gr\xc3\xbc\xc3\x9fe \"\xe2\x82\xac\" 100%") for qw(ann bob cleo ann dora bob ann);
	wait_delivered($site, $_, 7) for qw(off binary structured batch);
	my $key = $site->leadctl('endpoint', 'key', 'off');
	is $key, "$public\n", 'leadctl endpoint key gives the public key';
	$site->leadctl('endpoint', 'key', 'binary');
	is $site->{status}, 1, 'and says when there is none';
	local $ENV{LEADMILTER_NPM} = "$Site::BUILD/npm";
	open my $pipe, '-|', 'node', "$Site::ROOT/tests/system/cloudevents.mjs", '--secret', Site::secret(), '--key',
	    $public, "$site->{dir}/requests.jsonl"
	    or die "node: $!";
	my $checked = $json->decode(do { local $/; <$pipe> } || '{}');
	is_deeply $checked->{problems}, [], 'no problem' or diag explain $checked;
	my $events = status($site)->{off}{delivered};
	is $checked->{verified}{ed25519}, $events, 'every v1a signature verifies';
	is $checked->{verified}{$_}, $checked->{verified}{svix}, "$_ verifies every request" for 'standardwebhooks';
	is $checked->{events}{$_}, $events, "every event as $_" for qw(binary structured);
	cmp_ok $checked->{events}{batch}, '>=', $events, 'and in batches';
	cmp_ok $checked->{requests}{batch}, '<', $events, "$checked->{requests}{batch} of them";
};

subtest 'only what an endpoint wants is written' => sub {
	my $site = Site->new;
	my $base = receive($site);
	$site->{config} = endpoint('all', "$base/all")
	    . endpoint('new',   "$base/new",   qq(\twhen = "event.type == 'lead.created'"\n))
	    . endpoint('sales', "$base/sales", qq(\twhen = "lead.mailbox matches 'sales\@*' and event.mailbox != ''"\n))
	    . endpoint('none',  "$base/none",  qq(\twhen = "lead.scorecard == 'no such card'"\n));
	$site->start_daemon;
	send_mail($site, $_) for qw(ann bob ann);
	wait_delivered($site, 'all', 3);
	wait_delivered($site, 'new', 2);
	my $s = status($site);
	is $s->{new}{delivered},   2,                     'by type';
	is $s->{sales}{delivered}, $s->{all}{delivered}, 'by mailbox';
	is $s->{none}{delivered} + $s->{none}{waiting}, 0, 'what is not wanted is not there';
	is scalar(grep { $_->{url} eq '/none' } @{ $site->requests }), 0, 'and was not sent';
	my $broken = $site->config_text . endpoint('x', "$base/x", qq(\twhen = "sender.freemail"\n));
	Site::spew("$site->{dir}/broken.conf", $broken);
	my $said = qx{$Site::BUILD/leadmilter -t -c $site->{dir}/broken.conf 2>&1};
	is $? >> 8, 78, 'a condition over the mail is refused';
	like $said, qr/broken\.conf:\d+: when: sender\.freemail is not known of an event/, 'with its place';
};

subtest 'secrets elsewhere, refused credentials' => sub {
	my $site = Site->new;
	my $base = receive($site, '--path', '/crm=401');
	Site::spew("$site->{dir}/secret", Site::secret() . "\n");
	Site::spew("$site->{dir}/token",  "hunter2-wrong\n");
	Site::spew("$site->{dir}/url",    "$base/crm?key=hunter2\n");
	chmod 0600, "$site->{dir}/secret", "$site->{dir}/url";
	chmod 0644, "$site->{dir}/token";
	$site->{config} = endpoint('crm', "file:$site->{dir}/url",
		qq(\tsecrets = {"credential:secret"}\n\tbearer = "file:token"\n\theaders = {"X-Api-Key: env:API_KEY"}\n));
	local $ENV{CREDENTIALS_DIRECTORY} = $site->{dir};
	local $ENV{API_KEY}               = 'hunter2-key';
	$site->start_daemon;
	chmod 0600, "$site->{dir}/token"; # or leadctl warns, too
	send_mail($site, 'ann');
	my $status = Site::wait_for('parking', sub { my $s = status($site)->{crm}; $s->{parked} && $s }, 30);
	like $status->{reason}, qr/^credentials refused: HTTP 401/, 'parked, and why';
	my @tries = @{ $site->requests };
	is scalar @tries, 2, 'after two tries';
	is $tries[0]{url}, '/crm?key=hunter2', 'URL from a file';
	is $tries[0]{headers}{authorization}, 'Bearer hunter2-wrong', 'token from a file beside the configuration';
	is $tries[0]{headers}{'x-api-key'}, 'hunter2-key', 'field from the environment';
	HTTP::Tiny->new->put("$base/.answers", { content => '200' });
	send_mail($site, 'bob');
	$site->leadctl('reload');
	is scalar @{ $site->requests }, 2, 'a reload that changes nothing sends nothing';
	Site::spew("$site->{dir}/token", "hunter2-right\n");
	$site->leadctl('reload');
	is $site->{status}, 0, 'reload';
	wait_delivered($site, 'crm', 2);
	is $site->requests->[-1]{headers}{authorization}, 'Bearer hunter2-right', 'another token ends the parking';
	unlike $site->daemon_log, qr/hunter2|bGVhZG1pbHRlc/, 'the log names no secret';
	like $site->daemon_log, qr{/token: mode 0644 lets others at this secret}, 'but the file that others may read';
	unlike $site->daemon_log, qr{/secret: mode}, 'and no other';
};

subtest 'dead letters' => sub {
	my $site = Site->new;
	my $base = receive($site, '--path', '/crm=413,200');
	$site->{config} = endpoint('crm', "$base/crm");
	$site->start_daemon;
	send_mail($site, $_) for qw(ann bob ann);
	wait_delivered($site, 'crm', 2);
	is status($site)->{crm}{dead}, 1, 'what is too large is given up at once, the others go on';
	my ($dead) = @{ $site->leadctl_json('outbox', 'list', '--state', 'dead') };
	is $dead->{error}, 'HTTP 413', 'with the reason';
	is $site->leadctl_json('outbox', 'show', $dead->{id})->[0]{body}{type}, 'lead.created', 'and its body';
	like $site->daemon_log, qr/event \Q$dead->{event}\E: HTTP 413; given up/, 'the log says so';
	$site->leadctl('outbox', 'retry', 'dead');
	is $site->{status}, 0, 'retry';
	Site::wait_for('it', sub { my $s = status($site)->{crm}; !$s->{dead} && $s->{delivered} == 3 });
	my @ids = map { $_->{headers}{'webhook-id'} } grep { $_->{body} =~ /lead\.created/ } @{ $site->requests };
	is scalar(grep { $_ eq $dead->{event} } @ids), 2, 'under the same id';
};

subtest 'leadctl endpoint test' => sub {
	my $site = Site->new;
	my $base = receive($site);
	$site->{config} = endpoint('crm', "$base/crm?key=hunter2", qq(\tbearer = "hunter2"\n));
	$site->write_config;
	for my $daemon (0, 1) {
		my $how    = $daemon ? 'by the daemon' : 'without a daemon';
		my $before = @{ $site->requests };
		$site->start_daemon if $daemon;
		my $said = $site->leadctl('endpoint', 'test', '--dry-run', 'crm');
		is $site->{status}, 0, "a dry run $how";
		like $said, qr/^POST http:\S+\nContent-Type.*"type":"leadmilter\.test"/s, 'shows the request';
		unlike $said, qr/hunter2/, 'without credentials';
		is scalar @{ $site->requests }, $before, 'and sends nothing';
		like $site->leadctl('endpoint', 'test', 'crm'), qr/^crm: taken after .*\(HTTP 200\)/, "a test $how";
		is $site->{status}, 0, 'which is taken';
		HTTP::Tiny->new->put("$base/.answers", { content => '500' });
		like $site->leadctl('endpoint', 'test', 'crm'), qr/^crm: not taken after .*HTTP 500/, 'one that is not';
		is $site->{status}, 1, 'exits 1';
		HTTP::Tiny->new->put("$base/.answers", { content => '200' });
		is scalar @{ $site->requests }, $before + 2, 'one request each';
		$site->leadctl('endpoint', 'test', 'none');
		isnt $site->{status}, 0, 'there must be such an endpoint';
	}
	is $site->verify_requests->{problems}[0] // '', '', 'signed as any other';
};

# --- Node-RED ---

my $flow = <<'END';
const crypto = global.get('crypto');
const secret = Buffer.from(env.get('WHSEC').replace('whsec_', ''), 'base64');
const h = msg.req.headers;
const signed = `${h['webhook-id']}.${h['webhook-timestamp']}.${JSON.stringify(msg.payload)}`;
const want = 'v1,' + crypto.createHmac('sha256', secret).update(signed).digest('base64');
const seen = flow.get('seen') || [];
const good = h['webhook-signature'].split(' ').includes(want);
if (good && !seen.some((event) => event.id === h['ce-id']))
	seen.push({ id: h['ce-id'], type: msg.payload.type, lead: msg.payload.data.lead.id, ce: h['ce-type'],
		subject: msg.payload.data.message.subject });
flow.set('seen', seen);
msg.statusCode = good ? 201 : 401;
msg.payload = good ? { stored: seen.length } : { error: 'signature' };
return msg;
END

sub start_node_red {
	my ($site) = @_;
	my $port = Site::free_port();
	my $dir  = "$site->{dir}/node-red";
	mkdir $dir;
	my @tab = (z => 'tab');
	my @nodes = (
		{ id => 'tab', type => 'tab', label => 'leads' },
		{ id => 'in', type => 'http in', @tab, url => '/leads', method => 'post', wires => [ ['check'] ] },
		{ id => 'check', type => 'function', @tab, func => $flow, outputs => 1, wires => [ ['out'] ] },
		{ id => 'out', type => 'http response', @tab, statusCode => '', wires => [] },
		{ id => 'ask', type => 'http in', @tab, url => '/seen', method => 'get', wires => [ ['show'] ] },
		{ id => 'show', type => 'function', @tab, func => q(msg.payload = flow.get('seen') || []; return msg;),
			outputs => 1, wires => [ ['out'] ] },
	);
	Site::spew("$dir/flows.json", $json->encode(\@nodes));
	Site::spew("$dir/settings.js", <<'END');
module.exports = {
	uiHost: '127.0.0.1', httpAdminRoot: false, flowFile: 'flows.json', functionExternalModules: false,
	functionGlobalContext: { crypto: require('crypto') },
	telemetry: { enabled: false, updateNotification: false },
};
END
	$site->start_process(
		'node-red',
		command => [
			'node', "$Site::BUILD/npm/node_modules/node-red/red.js", '--userDir', $dir, '--settings',
			"$dir/settings.js", '--port', $port
		],
		env => { WHSEC => Site::secret(), NODE_PATH => "$Site::BUILD/npm/node_modules" }
	);
	return "http://127.0.0.1:$port";
}

subtest 'a real Node-RED' => sub {
	my $site = Site->new;
	my $base = start_node_red($site);
	$site->{config} = endpoint('node-red', "$base/leads", qq(\tcloudevents = "binary"\n\twhen = "event.mailbox != ''"\n));
	$site->start_daemon;
	my $subject = "Gr\xc3\xbc\xc3\x9fe \"\xe2\x82\xac\" \xf0\x9f\x98\x80";
	send_mail($site, $_, $subject) for qw(ann bob ann cleo ann bob);
	wait_delivered($site, 'node-red', 6); # it may have come up after the first tries
	my $seen   = $json->decode(HTTP::Tiny->new->get("$base/seen")->{content});
	my $events = status($site)->{'node-red'}{delivered};
	is scalar @$seen, $events, "$events events, each accepted once, signatures verified in the flow";
	my (%order, @late);
	for (@$seen) {
		push @late, $_->{type} if $_->{type} eq 'lead.created' && $order{ $_->{lead} };
		$order{ $_->{lead} }++;
	}
	is_deeply \@late, [], 'lead.created comes first';
	is scalar keys %order, 3, 'three leads';
	is scalar(grep { $_->{ce} ne $_->{type} } @$seen), 0, 'CloudEvents fields';
	is $seen->[0]{subject}, $json->decode(qq(["$subject"]) =~ s/"(\xe2.*?)"/\\"$1\\"/r)->[0], 'every character arrives';
};

done_testing;
